"""What the tests of provisioning share: the command, clients of the account, and its messages."""

from __future__ import annotations

from typing import Any

import boto3
from click.testing import CliRunner, Result

import stedi.provisioning.provisioner as provision

ACCOUNT = "123456789012"
REGION = "us-east-1"


def run(*arguments: object) -> Result:
    """`provision.py` in the test's account."""
    return CliRunner().invoke(provision.main, [str(argument) for argument in arguments])


def aws(service: str) -> Any:
    """A client for a service of the test's account."""
    return boto3.client(service, region_name=REGION)


def message(result: Result) -> str:
    """The one sentence that a command fails with; neither a traceback nor more lines."""
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    lines = result.stderr.strip().splitlines()
    assert lines[-1].startswith("Error: "), lines
    return lines[-1].removeprefix("Error: ")
