"""`make athena` does what it says: it can be asked from elsewhere, and nothing of it stays."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from athena_local import aws_cli, trino, up
from athena_local.local import PROJECT
from generate_landing import generate
from personas import Settings

PATIENCE = 300  # seconds


@pytest.fixture
def started(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The command that `make athena` runs, with a place for temporary files of its own."""
    if reason := trino.missing():
        pytest.skip(reason)
    (tmp_path / "temporary").mkdir()
    generate(Settings(people=10, readings_per_person=20), tmp_path / "landing")
    process = subprocess.Popen(
        [sys.executable, "-m", "athena_local.up", "--from", tmp_path / "landing"],
        cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {
            "PYTHONPATH": "scripts:tests",
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(tmp_path / "temporary"),
        },
    )  # fmt: skip
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def test_it_answers_until_it_is_stopped(
    started: subprocess.Popen[str], tmp_path: Path
) -> None:
    printed = ""
    while "Ctrl-C" not in printed:
        line = started.stdout.readline()
        assert line, printed
        printed += line
    assert re.search(r"customer_trusted +\d", printed)

    exports = dict(re.findall(r"export (\w+)=(\S+)", printed))
    assert up.EXAMPLE in printed
    asked = subprocess.run(
        up.EXAMPLE.replace("aws", f"{sys.executable} {aws_cli.__file__}", 1),
        shell=True, text=True, capture_output=True,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]} | exports,
    )  # fmt: skip
    assert '"machine_learning_curated"' in asked.stdout, asked.stderr
    temporary = tmp_path / "temporary"
    assert list(temporary.iterdir()) and str(temporary) in processes()

    started.send_signal(signal.SIGINT)
    rest, _ = started.communicate(timeout=PATIENCE)
    assert rest.strip() == "Stopped."
    assert started.returncode == 0
    assert list(temporary.iterdir()) == [] and str(temporary) not in processes()


def processes() -> str:
    """The command lines of all that runs; Trino's names its folder."""
    return subprocess.run(
        ["ps", "-A", "-ww", "-o", "args"], check=True, text=True, capture_output=True
    ).stdout
