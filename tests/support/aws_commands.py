"""Runs `stedi aws` in the tests' account, and looks at what it printed and made."""

from __future__ import annotations

from typing import Any

import boto3
from click.testing import CliRunner, Result

from stedi.commands.aws import main
from support.targets import PROJECT

ACCOUNT = "123456789012"
REGION = "us-east-1"
CONFIG = PROJECT / "infrastructure" / "config.toml"


def run(*arguments: object) -> Result:
    """Runs `stedi aws` with some arguments."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def done(*arguments: object) -> Result:
    """Runs it where a test takes for granted that it succeeds."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result


def aws(service: str) -> Any:
    """A client for a service of the test's account."""
    return boto3.client(service, region_name=REGION)


def message(result: Result, exit_code: int = 1) -> str:
    """The one sentence that a command fails with. Fails where it printed a traceback or more."""
    assert result.exit_code == exit_code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    lines = result.stderr.strip().splitlines()
    assert lines[-1].startswith("Error: "), lines
    return lines[-1].removeprefix("Error: ")
