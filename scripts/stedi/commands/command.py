"""What all commands share: how they name a lakehouse, and how errors become exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from stedi.commands.errors import explain
from stedi.errors import StediError
from stedi.target import CONFIG, AthenaTarget, DuckDbTarget, Target, resolve

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Failure(click.ClickException):
    """A StediError on its way to the terminal, with its exit code."""

    def __init__(self, error: StediError) -> None:
        super().__init__(str(error))
        self.exit_code = error.exit_code


class Command(click.Command):
    """A command whose errors are sentences.

    access: what to do where AWS denies it something. retry: what to do after it broke off.
    """

    def __init__(self, *args: Any, access: str = "", retry: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._access, self._retry = access, retry

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command. Raises Failure in place of every error that has an explanation."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if explained := explain(error, self._access, self._retry):
                raise Failure(explained) from error
            raise


def target_options(command: Decorated) -> Decorated:
    """Adds `--target` and `--config`, which together name a lakehouse, as one argument `target`."""

    def resolved(context: click.Context, _: click.Parameter, name: str) -> Target:
        try:
            return resolve(name, context.params.pop("config", None))
        except StediError as error:
            raise Failure(error) from error

    command = click.option(
        "--target",
        type=click.Choice(["duckdb", "athena"]),
        envvar="DBT_TARGET",
        default="duckdb",
        show_default="$DBT_TARGET or duckdb",
        callback=resolved,
        help="The lakehouse to work on: a target of dbt's profile.",
    )(command)
    return config_option(command)


def config_option(command: Decorated) -> Decorated:
    """Adds `--config`: names of everything on AWS."""
    return click.option(
        "--config",
        is_eager=True,  # its value is needed when --target is resolved
        type=click.Path(dir_okay=False, path_type=Path),
        show_default=CONFIG,
        help="Names of everything on AWS.",
    )(command)


__all__ = [
    "AthenaTarget",
    "Command",
    "DuckDbTarget",
    "Failure",
    "Target",
    "config_option",
    "target_options",
]
