"""What `make athena` promises: it can be asked from another shell, and Ctrl-C leaves nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_athena import aws_cli, trino
from support.athena import up
from support.athena.local import PROJECT

# The command itself, less the build, which takes minutes and has a test of its own.
UP = """
from athena_local.local import running
from athena_local.up import stay
with running("the-key-of-a-test-which-is-no-secret") as local:
    local.provision()
    stay(local)
"""


def test_it_answers_until_ctrl_c(tmp_path: Path) -> None:
    if reason := trino.missing():
        pytest.skip(reason)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    started = subprocess.Popen(
        [sys.executable, "-u", "-c", UP],
        cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": "scripts:tests", "TMPDIR": str(temporary)},
    )  # fmt: skip
    try:
        printed = ""
        while "Ctrl-C" not in printed:
            line = started.stdout.readline()
            assert line, printed
            printed += line
        assert '"accelerometer"' in answer(printed, tmp_path)
        assert str(temporary) in processes()
    finally:
        started.send_signal(signal.SIGINT)
        rest, _ = started.communicate(timeout=60)
    assert (rest, started.returncode) == ("Stopped.\n", 0)
    assert list(temporary.iterdir()) == []
    assert str(temporary) not in processes()


def answer(printed: str, home: Path) -> str:
    """What the printed example prints in a shell with the printed exports alone."""
    assert up.EXAMPLE in printed
    example = up.EXAMPLE.replace("stedi_curated", "stedi_landing")  # nothing was built
    return subprocess.run(
        example.replace("aws", f"{sys.executable} {aws_cli.__file__}", 1),
        shell=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"HOME": str(home), "PATH": os.environ["PATH"]}
        | dict(re.findall(r"export (\w+)=(\S+)", printed)),
    ).stdout  # fmt: skip


def processes() -> str:
    """The command lines of all that runs; Trino's names its folder."""
    return subprocess.run(
        ["ps", "-A", "-ww", "-o", "args"], check=True, text=True, capture_output=True
    ).stdout
