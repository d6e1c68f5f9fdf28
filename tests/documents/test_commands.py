"""The README's commands, in a copy of what git holds, as a newcomer runs them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from support.project_copy import PROJECT, copy_project

VENV = Path(sys.executable).parents[1]
README = (PROJECT / "README.md").read_text()

pytestmark = pytest.mark.skipif(
    shutil.which("make") is None or not (VENV / ".dev").exists(),
    reason="make is needed, and an environment that `make` installed: run `make test`",
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that git holds or would take, alone."""
    folder = tmp_path_factory.mktemp("clone")
    copy_project(folder)
    return folder


def make(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs make with the environment that is installed already, and an empty home."""
    home = clone / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STEDI_")}
    for mark in (".runtime", ".dev"):
        os.utime(VENV / mark)  # newer than the locks of the copy
    return subprocess.run(
        ["make", *arguments, f"VENV={VENV}"], cwd=clone, capture_output=True, text=True,
        env=kept | {"HOME": str(home)},
    )  # fmt: skip


def tables(database: Path) -> dict[str, Counter]:
    """All but those that tell of the builds themselves."""
    with duckdb.connect(database, read_only=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_name not in "
            "('builds', 'changed_identifiers', 'releases', 'readable_releases')"
        ).fetchall()
        return {n: Counter(connection.execute(f"select * from {n}").fetchall()) for (n,) in names}


def transcript() -> list[str]:
    """The lines that README shows of `make run`, apart from those that only a first run prints."""
    block = README.partition("```text\n$ make run\n")[2].partition("```")[0]
    lines = [x for x in block.splitlines() if x != "…" and not x.startswith("Installing")]
    assert len(lines) >= 8
    return lines


def told_of_the_person() -> dict[str, int]:
    """How many rows README says that each table has of its person after the consent."""
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| (\d+)[^|]* \|", README, flags=re.MULTILINE)
    assert len(rows) == 6
    return {table: int(count) for table, count in rows}


def counts_of_the_person(database: Path) -> dict[str, int]:
    """The same, as the tables have it."""
    email = "person000003@example.com"
    with duckdb.connect(database, read_only=True) as connection:

        def count(table: str, condition: str) -> int:
            sql = f"select count(*) from {table} where {condition}"
            return connection.execute(sql, [email]).fetchall()[0][0]

        by_id = (
            "customer_id = (select customer_id from stedi_staging.stg_customers where email = ?)"
        )
        withheld = "email = ? and withholding_reason = 'before_consent'"
        return {
            "stg_accelerometer": count("stedi_staging.stg_accelerometer", "email = ?"),
            "accelerometer_decisions": count("stedi_staging.accelerometer_decisions", withheld),
            "customer_trusted": count("stedi_trusted.customer_trusted", by_id),
            "accelerometer_trusted": count("stedi_trusted.accelerometer_trusted", by_id),
            "step_trainer_trusted": count("stedi_trusted.step_trainer_trusted", by_id),
            "machine_learning_curated": count("stedi_curated.machine_learning_curated", by_id),
        }


def test_make_run_twice(clone: Path) -> None:
    first = make(clone, "run")
    assert first.returncode == 0, first.stdout + first.stderr
    for part in ("machine_learning_curated", "no_consent", "not_json", "lakehouse.duckdb",
                 "target/static_index.html"):  # fmt: skip
        assert part in first.stdout
    assert (clone / "target/static_index.html").exists()
    assert [line for line in transcript() if line not in first.stdout.splitlines()] == []
    assert counts_of_the_person(clone / "lakehouse.duckdb") == told_of_the_person()
    key = (clone / ".secrets/pseudonym_key").read_text()
    before = tables(clone / "lakehouse.duckdb")
    assert all(before.values())

    second = make(clone, "run")
    assert second.returncode == 0, second.stdout + second.stderr
    assert tables(clone / "lakehouse.duckdb") == before
    assert (clone / ".secrets/pseudonym_key").read_text() == key
    assert key.strip() not in first.stdout + first.stderr + second.stdout + second.stderr


@pytest.mark.deep
def test_make_run_from_a_folder_of_deliveries(clone: Path, tmp_path: Path) -> None:
    folder = tmp_path / "it's; touch pwned; ' my $deliveries"
    (folder / "customer").mkdir(parents=True)
    line = '{"email":"anouk@example.net","lastUpdateDate":1}\n'
    (folder / "customer" / "a b.json").write_text(line)
    for _ in range(2):
        done = make(clone, "run", f"FROM={folder}")
        assert done.returncode == 0, done.stdout + done.stderr
    assert not (clone / "pwned").exists()
    (database,) = (clone / "deliveries").glob("*/lakehouse.duckdb")
    assert sum(tables(database)["stedi_staging.stg_customers"].values()) == 1

    erase_anouk(clone, database.parent)
    for _ in range(2):
        again = make(clone, "run", f"FROM={folder}")
        assert again.returncode == 0, again.stdout + again.stderr
        assert "0 files landed" in again.stdout
        assert "rename" not in again.stdout + again.stderr
    assert not tables(database)["stedi_staging.stg_customers"]
    held = [p for p in database.parent.rglob("*") if p.is_file() and b"anouk@" in p.read_bytes()]
    assert held == []
    assert not (clone / ".secrets" / "erasures").exists()  # of another lakehouse


def erase_anouk(clone: Path, place: Path) -> None:
    """Erases a person of the lakehouse in a place."""
    environment = {
        "STEDI_LANDING": str(place / "landing"),
        "STEDI_DUCKDB": str(place / "lakehouse.duckdb"),
        "STEDI_PSEUDONYM_KEY_FILE": str(place / ".secrets" / "pseudonym_key"),
    }
    ran = subprocess.run(
        [str(VENV / "bin" / "stedi"), "erase"], input="anouk@example.net\n", cwd=clone,
        env=os.environ | environment, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("place", ["nowhere", "macros"])
def test_make_run_from_a_folder_without_deliveries_says_so(clone: Path, place: str) -> None:
    done = make(clone, "run", f"FROM={place}")
    assert done.returncode != 0
    assert place in done.stderr
    assert "Traceback" not in done.stderr


def test_make_docs(clone: Path) -> None:
    (clone / "target/static_index.html").unlink(missing_ok=True)
    done = make(clone, "docs")
    assert done.returncode == 0, done.stdout + done.stderr
    page = (clone / "target/static_index.html").read_text()
    assert "machine_learning_curated" in page


@pytest.fixture
def built(clone: Path) -> Iterator[Path]:
    """The clone with its tables, which are as they were afterwards."""
    database = clone / "lakehouse.duckdb"
    if not database.exists():
        assert make(clone, "run").returncode == 0
    kept = shutil.copy(database, clone / "kept")
    yield clone
    shutil.move(kept, database)


def test_make_evidence(built: Path) -> None:
    done = make(built, "evidence")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "target/evidence.html" in done.stdout
    page = (built / "target/evidence.html").read_text()
    key = (built / ".secrets/pseudonym_key").read_text().strip()
    assert key not in page + done.stdout + done.stderr
    assert 'data-law="3" data-state="holds"' in page


@pytest.mark.deep
def test_make_evidence_of_a_broken_law_is_red(built: Path) -> None:
    with duckdb.connect(built / "lakehouse.duckdb") as connection:
        connection.execute("delete from stedi_trusted.accelerometer_trusted")
    done = make(built, "evidence")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "assert_readings_are_conserved" in done.stderr
    page = (built / "target/evidence.html").read_text()
    assert 'class="red" data-law="3" data-state="broken"' in page


def test_make_evidence_without_tables_says_so(clone: Path) -> None:
    done = make(clone, "evidence", "STEDI_DUCKDB=none.duckdb")
    assert done.returncode != 0
    assert "No tables yet: run make run, or dbt build" in done.stderr
    assert not (clone / "none.duckdb").exists()
