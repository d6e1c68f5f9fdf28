"""The one base class of errors that a person should see as a sentence, not as a traceback."""

from __future__ import annotations


class StediError(Exception):
    """Something went wrong. The message says what happened and what to do about it."""

    exit_code = 1


class UsageError(StediError):
    """The command cannot start: a wrong option, configuration or place. Nothing was changed."""

    exit_code = 2
