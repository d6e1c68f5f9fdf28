"""dbt on DuckDB starts without AWS's libraries, or ends with one sentence that says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.lakehouse import Lakehouse

DBT = str(Path(sys.executable).with_name("dbt"))
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


def run(
    lakehouse: Lakehouse, *arguments: str, program: tuple[str, ...] = (DBT,), **settings: str
) -> subprocess.CompletedProcess[str]:
    """Runs dbt as people do, in a process of its own.

    The tests' own processes have parsed the project already, and imported boto3.
    """
    environment = {
        "STEDI_LANDING": str(lakehouse.landing),
        "STEDI_DUCKDB": str(lakehouse.database),
        "STEDI_PSEUDONYM_KEY_FILE": str(lakehouse.key_file),
        "DBT_PROFILES_DIR": str(lakehouse.folder),
        "DBT_TARGET_PATH": str(lakehouse.folder / "target"),
        "DBT_LOG_PATH": str(lakehouse.folder / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    return subprocess.run(
        [*program, "--quiet", *arguments],
        cwd=lakehouse.project,
        env=os.environ | environment | settings,
        capture_output=True,
        text=True,
    )


def refused(lakehouse: Lakehouse, **settings: str) -> str:
    """What dbt prints when it does not start: no traceback."""
    result = run(lakehouse, "run", "--select", "customer_lines", **settings)
    assert result.returncode, result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    return result.stdout


def test_a_build_imports_no_aws_library(lakehouse: Lakehouse) -> None:
    result = run(lakehouse, "build", program=(sys.executable, "-c", NO_AWS))
    assert result.returncode == 0, result.stdout + result.stderr
    assert lakehouse.query("select count(*) from stedi_staging.customer_lines") == [(1,)]


def test_the_plugin_imports_no_aws_library() -> None:
    script = (
        "import stedi.duckdb_target.plugin, sys; "
        "sys.exit(any(m.split('.')[0] in ('boto3', 'botocore') for m in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("name", ["stedi_trusted", "l'ake"])
def test_a_database_of_a_name_that_duckdb_confuses_is_refused(
    name: str, lakehouse: Lakehouse
) -> None:
    lakehouse.database = lakehouse.folder / f"{name}.duckdb"
    assert f"{lakehouse.database}: " in (text := refused(lakehouse))
    assert "name it otherwise, as lakehouse.duckdb" in text
    assert not lakehouse.database.exists()


@pytest.mark.deep
def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    lakehouse = Lakehouse(tmp_path / 'it\'s a $1 "folder" [1]')
    lakehouse.database = lakehouse.folder / "a $1 lake.duckdb"
    lakehouse.land("customer", "a.json", CUSTOMER)
    result = run(lakehouse, "run", "--select", "customer_lines")
    assert result.returncode == 0, result.stdout
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


@pytest.mark.deep
def test_a_memory_limit_that_is_not_a_size(lakehouse: Lakehouse) -> None:
    text = refused(lakehouse, STEDI_DUCKDB_MEMORY="lots")
    assert "DuckDB's memory_limit cannot be 'lots'" in text
    assert "correct it in profiles.yml or STEDI_DUCKDB_MEMORY" in text
