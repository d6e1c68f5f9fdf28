"""dbt on DuckDB starts without AWS's libraries, or ends with one sentence that says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from support.lakehouse import Lakehouse, Result

NO_AWS = """
import sys
from dbt.cli.main import dbtRunner
result = dbtRunner().invoke(sys.argv[1:])
loaded = {module.partition(".")[0] for module in sys.modules}
sys.exit(f"{result.exception}" if not result.success else loaded & {"boto3", "botocore"} or None)
"""
CUSTOMER = b'{"email":"ann@example.com","lastUpdateDate":1704067200000}\n'


@pytest.fixture
def lakehouse(tmp_path: Path) -> Lakehouse:
    found = Lakehouse(tmp_path)
    found.land("customer", "a.json", CUSTOMER)
    return found


def start(lakehouse: Lakehouse) -> Result:
    return lakehouse.dbt("run", "--select", "customer_lines")


def refused(lakehouse: Lakehouse) -> str:
    """What a start says that fails; it must be words of ours, not an error of DuckDB alone."""
    result = start(lakehouse)
    assert not result.success
    assert "Traceback" not in result.errors
    return result.errors


def test_a_build_imports_no_aws_library(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The build runs in a process of its own, since tests import boto3."""
    monkeypatch.setenv("STEDI_LANDING", str(lakehouse.landing))
    monkeypatch.setenv("STEDI_DUCKDB", str(lakehouse.database))
    monkeypatch.setenv("STEDI_PSEUDONYM_KEY_FILE", str(lakehouse.key_file))
    monkeypatch.setenv("DBT_TARGET_PATH", str(lakehouse.folder / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(lakehouse.folder / "logs"))
    places = ["--project-dir", lakehouse.project, "--profiles-dir", lakehouse.folder]
    command = [sys.executable, "-c", NO_AWS, "--quiet", "build", *map(str, places)]
    done = subprocess.run(command, cwd=lakehouse.project, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0, done.stdout
    assert lakehouse.query("select count(*) from stedi_staging.customer_lines") == [(1,)]


def test_the_plugin_imports_no_aws_library() -> None:
    script = (
        "import stedi.duckdb_target.plugin, sys; "
        "sys.exit(any(m.split('.')[0] in ('boto3', 'botocore') for m in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("name", ["landing", "main", "stedi_trusted", "l'ake"])
def test_a_database_of_a_name_that_duckdb_confuses_is_refused(
    name: str, lakehouse: Lakehouse
) -> None:
    lakehouse.database = lakehouse.folder / f"{name}.duckdb"
    assert f"{lakehouse.database}: " in (text := refused(lakehouse))
    assert "name it otherwise, as lakehouse.duckdb" in text
    assert not lakehouse.database.exists()


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    lakehouse = Lakehouse(tmp_path / 'it\'s a $1 "folder" [1]')
    lakehouse.database = lakehouse.folder / "a $1 lake.duckdb"
    lakehouse.land("customer", "a.json", CUSTOMER)
    result = start(lakehouse)
    assert result.success, result.errors
    assert lakehouse.query("select count(*) from stedi_staging.customer_lines") == [(1,)]


def test_a_database_that_another_process_has_open(lakehouse: Lakehouse) -> None:
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    command = [sys.executable, "-c", hold, str(lakehouse.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        text = refused(lakehouse)
        process.communicate(b"\n")
    assert f"{lakehouse.database}: another process has it open" in text


def test_a_memory_limit_that_is_not_a_size(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEDI_DUCKDB_MEMORY", "lots")
    text = refused(lakehouse)
    assert "DuckDB's memory_limit cannot be 'lots'" in text
    assert "correct it in profiles.yml or STEDI_DUCKDB_MEMORY" in text
    assert duckdb.connect(lakehouse.database).execute("show tables").fetchall() == []
