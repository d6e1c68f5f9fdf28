"""What all commands share: how they name a lakehouse, and how errors become exit codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from stedi.commands.errors import Failure, explain
from stedi.target import CONFIG, AthenaTarget, DuckDbTarget, Target, resolve

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Command(click.Command):
    """A command whose errors are sentences.

    access: what to do where AWS denies it something. retry: what to do after it broke off.
    """

    def __init__(self, *args: Any, access: str = "", retry: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._access, self._retry = access, retry

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads the options, which finds the lakehouse. Raises Failure."""
        with self._explained():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command. Raises Failure in place of every error that has an explanation."""
        with self._explained():
            return super().invoke(ctx)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            explained = explain(error, self._access, self._retry)
            if explained is None:
                raise
            raise Failure(explained) from error


def target_options(command: Decorated) -> Decorated:
    """Adds `--target` and `--config`, which together name a lakehouse, as one argument `target`."""

    def resolved(context: click.Context, _: click.Parameter, name: str | None) -> Target:
        return resolve(name, context.params.pop("config", None))

    command = click.option(
        "--target",
        type=click.Choice(["duckdb", "athena"]),
        envvar="DBT_TARGET",
        show_default="$DBT_TARGET, else as in profiles.yml",
        callback=resolved,
        help="The lakehouse to work on, as dbt's option of this name.",
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
