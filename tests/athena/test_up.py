"""`python -m local_athena` and `make athena`: usable from another shell, and gone when stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_athena import aws_cli, trino
from support.athena import up
from support.athena.local import PROJECT

pytestmark = pytest.mark.skipif(trino.missing() is not None, reason=str(trino.missing()))

OTHERS = (signal.SIGINT, signal.SIGHUP)
# `make athena` without its build, which takes minutes and has tests of its own.
MAKE_ATHENA = (
    "-c",
    "from support.athena import up; up.build = lambda local, folder: local.provision(); up.main()",
)
GENERIC = ("-m", "local_athena", "--bucket", "a-lake", "--workgroup", "people")

# A dbt-athena project as local_athena's README has it.
PROFILE = """
a_project:
  target: local
  outputs:
    local:
      type: athena
      region_name: us-east-1
      s3_staging_dir: s3://a-lake/results/
      s3_data_dir: s3://a-lake/tables/
      database: awsdatacatalog
      schema: a_schema
      work_group: people
      poll_interval: 0.1
"""
MODELS = {
    "one.sql": "select 1 as n, cast(current_timestamp as timestamp(6)) as at",
    "two.sql": "{{ config(materialized='table', table_type='iceberg') }} "
    "select n + 1 as n, at from {{ ref('one') }}",
    "schema.yml": "models: [{name: two, columns: [{name: n, data_tests: [unique, not_null]}]}]",
}


@contextmanager
def started(*arguments: str, temporary: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that starts a local Athena, and has this folder for temporary files."""
    process = subprocess.Popen(
        [sys.executable, "-u", *arguments],
        cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": "scripts:tests", "TMPDIR": str(temporary)},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What a program prints up to a line with these words."""
    assert process.stdout is not None
    printed = ""
    while words not in printed:
        line = process.stdout.readline()
        assert line, printed
        printed += line
    return printed


def stop(process: subprocess.Popen[str], number: int, temporary: Path) -> None:
    """Sends a signal, and checks that nothing of the program is left."""
    process.send_signal(number)
    rest, _ = process.communicate(timeout=60)
    assert rest.splitlines()[-1:] == ["Stopped"], rest
    assert process.returncode == 0
    assert list(temporary.iterdir()) == []
    assert str(temporary) not in processes()


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """A folder for the program's temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, *(pytest.param(n, marks=pytest.mark.deep) for n in OTHERS)]
)
def test_stopped_while_it_starts_it_leaves_nothing(number: int, temporary: Path) -> None:
    with started(*GENERIC, temporary=temporary) as process:
        read_until(process, "Starting Trino")
        wait_for(lambda: str(temporary) in processes())
        stop(process, number, temporary)


@pytest.mark.deep
def test_make_athena_answers_until_ctrl_c(temporary: Path, tmp_path: Path) -> None:
    with started(*MAKE_ATHENA, temporary=temporary) as process:
        printed = read_until(process, "stops it")
        assert '"accelerometer"' in answer(printed, tmp_path)
        assert str(temporary) in processes()
        stop(process, signal.SIGINT, temporary)


@pytest.mark.deep
def test_any_dbt_athena_project_builds_on_it(temporary: Path, tmp_path: Path) -> None:
    """And a command's exit code is that of the whole; that it ends stops the rest."""
    (tmp_path / "profiles.yml").write_text(PROFILE)
    project = "{name: a_project, profile: a_project, model-paths: [models]}"
    (tmp_path / "dbt_project.yml").write_text(project)
    for name, content in MODELS.items():
        path = tmp_path / "models" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    dbt = str(Path(sys.executable).with_name("dbt"))
    places = ("--project-dir", str(tmp_path), "--profiles-dir", str(tmp_path))
    command = f'"$0" build "$@" && aws_says=$({sys.executable} -m local_athena.aws_cli glue '
    command += 'get-table --database-name a_schema --name two) && echo "$aws_says"; exit 7'
    shell = ("bash", "-c", command, dbt, *places)
    with started(*GENERIC, "--", *shell, temporary=temporary) as process:
        output, _ = process.communicate(timeout=180)
    assert "ERROR=0" in output, output
    assert '"table_type": "ICEBERG"' in output, output
    assert process.returncode == 7
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


def wait_for(condition: Callable[[], bool]) -> None:
    """Returns when the condition holds."""
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def processes() -> str:
    """The command lines of all that runs; Trino's names its folder."""
    return subprocess.run(
        ["ps", "-A", "-ww", "-o", "args"], check=True, text=True, capture_output=True
    ).stdout
