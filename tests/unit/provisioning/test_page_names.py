"""docs/aws.md: its `stedi aws` commands are sound, and it names everything that they create.

tests/athena/test_aws_page.py follows the whole page on the local Athena.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from stedi.aws.names import Lakehouse
from stedi.layout import LAYERS, QUERYING_ROLES, ROLES
from support.aws_commands import run
from support.targets import PROJECT

PAGE = (PROJECT / "docs" / "aws.md").read_text()
COMMAND = "    stedi aws "
COMMANDS = [line.removeprefix(COMMAND) for line in PAGE.splitlines() if line.startswith(COMMAND)]


def test_the_commands_are_found() -> None:
    assert {shlex.split(command)[0] for command in COMMANDS} >= {"plan", "apply", "destroy"}


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("command", [command for command in COMMANDS if "vpc-" not in command])
def test_command_as_it_stands_there(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    key = Path(".secrets/pseudonym_key")  # of a lakehouse on DuckDB
    key.parent.mkdir()
    key.write_text("a-key-from-elsewhere-which-is-no-secret\n")
    assert run(*shlex.split(command)).exit_code == 0


@pytest.mark.parametrize("command", [command for command in COMMANDS if "vpc-" in command])
def test_options_as_they_stand_there(command: str) -> None:
    assert run(*shlex.split(command), "--help").exit_code == 0


def test_everything_that_is_made_is_named(lake: Lakehouse) -> None:
    made = [
        lake.config.bucket,
        *(lake.database(layer) for layer in LAYERS),
        *(lake.workgroup(role) for role in QUERYING_ROLES),
        *(lake.role_name(role) for role in ROLES),
    ]
    assert [name for name in made if f"`{name}`" not in PAGE] == []
