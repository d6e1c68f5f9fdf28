"""Ctrl-C, SIGTERM and SIGHUP: whichever comes first stops the program, and lets it clean up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """The program was told to stop. Not an Exception, so that no handler of errors swallows it."""


_is_stopping = False  # a signal has come
_postponed = False  # within `not_stopped`


@contextmanager
def stoppable() -> Iterator[None]:
    """Raises Stopped at the first of the signals; later ones do not disturb the cleaning up.

    A signal that is ignored already stays ignored, as SIGHUP under nohup.
    """
    global _is_stopping
    _is_stopping = False
    before = {number: signal.getsignal(number) for number in STOPPING}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        yield
    finally:
        _is_stopping = True
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def not_stopped() -> Iterator[None]:
    """Delays Stopped to the end of the context, which creates something and notes its removal."""
    global _postponed
    was_stopping, _postponed = _is_stopping, True
    try:
        yield
    finally:
        _postponed = False
    if _is_stopping and not was_stopping:
        raise Stopped


def _stop(number: int, frame: FrameType | None) -> None:
    global _is_stopping
    if not _is_stopping:
        _is_stopping = True
        if not _postponed:
            raise Stopped
