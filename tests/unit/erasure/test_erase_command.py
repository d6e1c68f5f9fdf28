"""`stedi erase`: what it reads, refuses and says; other tests look at the erasure itself."""

from __future__ import annotations

import json
import os
import platform
import pwd
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import Result

from stedi.restricted.owner import note_owner
from support.landed_people import ANN, BEN, DAY, LANDED, Root
from support.targets import PROJECT, note_build, set_duckdb_target, stedi


@pytest.fixture
def run(folder: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `stedi erase` on the folder, with a dbt that does nothing."""
    set_duckdb_target(monkeypatch, tmp_path)
    note_build(tmp_path / "lakehouse.duckdb")
    monkeypatch.setattr("stedi.project.Dbt.run", lambda *_, **__: None)
    return lambda given, *options: stedi("erase", *options, input=given)


def files(folder: Root) -> dict[str, bytes]:
    return folder.files()


def test_a_dry_run_tells_and_changes_nothing(run: Callable[..., Result], folder: Root) -> None:
    before = files(folder)
    result = run(f"{ANN.email.upper()}\n", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "customer: 3 records in 2 files would be removed" in result.output
    assert "step_trainer: 2 records in 1 files would be removed" in result.output
    assert files(folder) == before
    assert ANN.email not in result.output


def test_the_receipt_is_printed_with_a_key_that_is_kept_nowhere(
    run: Callable[..., Result], folder: Root, tmp_path: Path
) -> None:
    result = run(f"{ANN.email}\n")
    assert result.exit_code == 0, result.output
    key = result.output.rpartition(": ")[2].strip()
    assert len(key) == 64
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [content for content in kept if key.encode() in content]
    assert ANN.email not in result.output


def test_emails_may_come_from_a_file(run: Callable[..., Result], tmp_path: Path) -> None:
    text = f"\ufeffAnn <{ANN.email}>;\r\n{BEN.email}\r\n"
    (tmp_path / "who").write_bytes(text.encode("utf-16-le"))
    result = run("", "--file", str(tmp_path / "who"), "--dry-run")
    assert "customer: 8 records" in result.output


def test_a_line_that_is_no_email_is_refused_before_anything_changes(
    run: Callable[..., Result], folder: Root
) -> None:
    before = files(folder)
    result = run(f"{ANN.email}\n{ANN.customer_name}\n")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: line 2: not an email address. Write one email a line")
    assert files(folder) == before
    assert ANN.customer_name not in result.output


def test_a_shared_device_is_told(run: Callable[..., Result], folder: Root) -> None:
    path = folder.landing.storage.root / "customer" / DAY / "c.json"
    path.write_text(path.read_text().replace(BEN.serial_number, ANN.serial_number))
    result = run(f"{ANN.email}\n", "--dry-run")
    assert "1 of their devices were claimed by another person too" in result.output
    assert "step_trainer: 0 records" in result.output


def test_somebody_unknown_is_refused(run: Callable[..., Result], folder: Root) -> None:
    before = files(folder)
    result = run("cy@example.com\n")
    assert result.exit_code == 1
    assert "email number 1: no landed line names it" in result.output
    assert files(folder) == before
    assert "cy@" not in result.output


def test_a_running_build_is_refused(
    run: Callable[..., Result], folder: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise duckdb.IOException("Could not set lock on file")

    monkeypatch.setattr("stedi.duckdb_target.compaction.duckdb.connect", locked)
    before = files(folder)
    result = run(f"{ANN.email}\n")
    assert result.exit_code == 1
    assert "another process has it open" in result.output
    assert files(folder) == before


def test_a_folder_that_may_not_be_written_to_is_refused(
    run: Callable[..., Result], folder: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, dir: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr("stedi.storage.folder.tempfile.TemporaryFile", denied)
    before = files(folder)
    result = run(f"{ANN.email}\n")
    assert result.exit_code == 1
    assert f"{DAY}: Permission denied. If the erasure had begun" in result.output
    assert files(folder) == before


def test_without_a_pseudonym_key_it_says_so(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "key").unlink()
    result = run(f"{ANN.email}\n")
    assert result.exit_code == 1
    assert "no pseudonym key" in result.output


def test_a_broken_file_is_named_and_nothing_changes(
    run: Callable[..., Result], folder: Root
) -> None:
    path = folder.landing.storage.root / "customer" / DAY / "b.json.gz"
    path.write_bytes(path.read_bytes()[:-9])
    before = files(folder)
    result = run(f"{ANN.email}\n")
    assert result.exit_code == 1
    assert "b.json.gz: cannot be read" in result.output
    assert files(folder) == before


def test_what_is_found_afterwards_fails(run: Callable[..., Result], folder: Root) -> None:
    (folder.landing.storage.root / "left.txt").write_text(f"to {ANN.email}")
    result = run(f"{ANN.email}\n")
    assert result.exit_code == 1
    assert "left.txt: email" in result.output
    assert ANN.email not in result.output


def test_what_may_be_somebody_elses_is_told_and_does_not_fail(
    run: Callable[..., Result], folder: Root
) -> None:
    root = folder.landing.storage.root
    (root / "likely.txt").write_text(f"ring {ANN.customer_name} at {ANN.phone}")
    (root / "chance.txt").write_text(ANN.phone)
    result = run(f"{ANN.email}\n")
    assert result.exit_code == 0, result.output
    assert "likely.txt: name with phone" in result.stderr
    assert "chance.txt" not in result.output
    assert '"likely_findings": 1' in result.output and '"findings_by_chance": 1' in result.output
    assert ANN.phone not in result.output


def test_who_may_come_back(run: Callable[..., Result], folder: Root, tmp_path: Path) -> None:
    assert run(f"{ANN.email}\n").exit_code == 0
    dry = run(f"{ANN.email}\n{BEN.email}\n", "--reinstate", "--dry-run")
    assert "1 of 2 people were erased" in dry.output
    assert len([*(tmp_path / "erasures").iterdir()]) == 1
    assert run(f"{ANN.email}\n", "--reinstate").exit_code == 0
    assert [*(tmp_path / "erasures").iterdir()] == []


# Landing root, database and key are those of one lakehouse.


def refused(result: Result, folder: Root, before: dict[str, bytes], exit_code: int = 2) -> str:
    """The message of a command that was refused before anything changed."""
    assert result.exit_code == exit_code, result.output
    assert folder.files() == before
    assert folder.store.names("erasures") == []
    return result.stderr


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another lakehouse, that holds the same lines."""
    shutil.copytree(tmp_path / "landing", tmp_path / "other" / "landing")
    note_build(tmp_path / "other" / "lakehouse.duckdb")
    return tmp_path / "other"


@pytest.mark.parametrize("option", ["--dry-run", ""])
def test_an_absent_database_is_an_error_and_not_clean(
    option: str, run: Callable[..., Result], folder: Root, tmp_path: Path
) -> None:
    (tmp_path / "lakehouse.duckdb").unlink()
    text = refused(run(f"{ANN.email}\n", *filter(None, [option])), folder, files(folder))
    assert "lakehouse.duckdb: no such database; run `dbt build` first, or set" in text
    assert not (tmp_path / "lakehouse.duckdb").exists()


def test_a_database_that_was_never_built_is_an_error(
    run: Callable[..., Result], folder: Root, tmp_path: Path
) -> None:
    with duckdb.connect(tmp_path / "lakehouse.duckdb") as connection:
        connection.execute("delete from stedi_audit.builds")
    text = refused(run(f"{ANN.email}\n"), folder, files(folder))
    assert "no build was ever completed" in text


@pytest.mark.parametrize("variable", ["STEDI_LANDING", "STEDI_DUCKDB"])
def test_the_landing_root_of_one_lakehouse_and_the_tables_of_another_are_refused(
    variable: str,
    run: Callable[..., Result],
    folder: Root,
    other: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    note_owner(tmp_path, tmp_path / "landing", tmp_path / "lakehouse.duckdb")
    name = "landing" if variable == "STEDI_LANDING" else "lakehouse.duckdb"
    before, others = files(folder), [path.read_bytes() for path in other.rglob("*.json*")]
    monkeypatch.setenv(variable, str(other / name))
    text = refused(run(f"{ANN.email}\n"), folder, before)
    assert f"{other / name}: the keys and erasures in {tmp_path} are of the lakehouse" in text
    assert [path.read_bytes() for path in other.rglob("*.json*")] == others


def test_a_lakehouse_that_was_moved_as_a_whole_is_the_same(
    run: Callable[..., Result], folder: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "moved"
    note_owner(tmp_path, tmp_path / "landing", tmp_path / "lakehouse.duckdb")
    moved.mkdir()
    for name in ("landing", "lakehouse.duckdb", "lakehouse.json", "key"):
        (tmp_path / name).rename(moved / name)
    for variable, name in (("LANDING", "landing"), ("DUCKDB", "lakehouse.duckdb")):
        monkeypatch.setenv(f"STEDI_{variable}", str(moved / name))
    monkeypatch.setenv("STEDI_PSEUDONYM_KEY_FILE", str(moved / "key"))
    assert run(f"{ANN.email}\n", "--dry-run").exit_code == 0


def test_a_key_that_is_not_that_of_the_tables_is_refused(
    run: Callable[..., Result], folder: Root, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("another key, which is no secret either\n")
    text = refused(run(f"{ANN.email}\n"), folder, files(folder), 1)
    assert f"{tmp_path}/key: not the key that the tables in {tmp_path}/lakehouse" in text


def test_dbt_rebuilds_the_same_lakehouse_from_any_folder(
    run: Callable[..., Result], folder: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative to the project's folder, as dbt takes them, whatever folder it is started in."""
    seen: list[dict[str, str]] = []
    monkeypatch.setattr(
        "stedi.project.Dbt.run", lambda self, *_, **__: seen.append(dict(self.environment))
    )
    away = tmp_path / "elsewhere"
    away.mkdir()
    monkeypatch.chdir(away)
    for name, place in (
        ("STEDI_LANDING", "landing"),
        ("STEDI_DUCKDB", "lakehouse.duckdb"),
        ("STEDI_PSEUDONYM_KEY_FILE", "key"),
    ):
        monkeypatch.setenv(name, os.path.relpath(tmp_path / place, PROJECT))
    assert run(f"{ANN.email}\n").exit_code == 0
    assert [Path(seen[0]["STEDI_DUCKDB"]).resolve()] == [tmp_path / "lakehouse.duckdb"]
    assert Path(seen[0]["STEDI_LANDING"]).resolve() == tmp_path / "landing"
    assert [*away.iterdir()] == []


@pytest.mark.parametrize(
    ("rules", "given"),
    [
        ("since_consent", '"consent_scope": "since_consent", "minimum_age": 0'),
        (
            "any_time",
            '"consent_scope": "any_time", "minimum_age": 0, "earliest_time": "2010-01-01"',
        ),
        (
            "any_time, minimum_age 18, earliest_time 2011-02-03",
            '"consent_scope": "any_time", "minimum_age": 18, "earliest_time": "2011-02-03"',
        ),
    ],
)
@pytest.mark.parametrize("reinstate", [False, True])
def test_tables_are_rebuilt_with_the_vars_that_they_were_built_with(
    reinstate: bool,
    rules: str,
    given: str,
    run: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []

    def note(_: object, *arguments: str, variables: str = "") -> None:
        seen.append(variables)

    monkeypatch.setattr("stedi.project.Dbt.run", note)
    (tmp_path / "lakehouse.duckdb").unlink()
    note_build(tmp_path / "lakehouse.duckdb", rules)
    assert run(f"{ANN.email}\n").exit_code == 0
    if reinstate:
        assert run(f"{ANN.email}\n", "--reinstate").exit_code == 0
    assert len(seen) == 1 + reinstate
    assert all(given in each for each in seen)


def test_a_dry_run_tells_all_that_would_go(
    run: Callable[..., Result], folder: Root, tmp_path: Path
) -> None:
    for name in (
        "landing/customer/.duckdb/lines/a.parquet",
        "landing/customer/landing/ingest_date=2024-01-01/.unfinished-1",
        "lakehouse.duckdb.compacting",
        "target/manifest.json",
        "logs/dbt.log",
        "logs/syslog",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    before = [*tmp_path.rglob("*")]
    told = run(f"{ANN.email}\n", "--dry-run").output
    assert f"{tmp_path}/landing/customer/.duckdb: 1 hidden copies of landed lines" in told
    assert f"{tmp_path}/landing/customer/landing: 1 files of interrupted writes" in told
    assert f"{tmp_path}/lakehouse.duckdb.compacting: an interrupted compaction's file" in told
    assert f"{tmp_path}/target/manifest.json: dbt's own, would be deleted" in told
    assert f"{tmp_path}/logs/dbt.log: dbt's own, would be deleted" in told
    assert "consent_scope: since_consent" in told
    assert "syslog" not in told
    assert [*tmp_path.rglob("*")] == before


def test_the_operator_is_whom_the_system_knows(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody else")
    assert run(f"{ANN.email}\n").exit_code == 0
    assert run(f"{ANN.email}\n", "--reinstate").exit_code == 0
    for name in ("000001", "000002"):
        receipt = json.loads((tmp_path / f"erasure_receipts/{name}.json").read_text())
        assert receipt["by"] == pwd.getpwuid(os.getuid()).pw_name
        assert receipt["host"] == platform.node()
        assert receipt["version"]


# The same deliveries again, as `make run FROM=DIR` lands them.


@pytest.fixture
def deliveries(folder: Root, tmp_path: Path) -> Path:
    """A folder with what has landed, but not landed yet."""
    source = tmp_path / "deliveries"
    for name, content in LANDED.items():
        entity, _, _, file = name.split("/")
        (source / entity).mkdir(parents=True, exist_ok=True)
        (source / entity / file).write_bytes(content)
    shutil.rmtree(tmp_path / "landing")
    return source


@pytest.mark.parametrize("day", ["the same", "another"])
def test_deliveries_do_not_land_again_after_an_erasure(
    day: str,
    run: Callable[..., Result],
    folder: Root,
    deliveries: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def landed() -> str:
        result = stedi("demo", "--from", deliveries)
        assert result.exit_code == 0, result.output
        assert "rename" not in result.output
        return result.output

    assert "6 files landed" in landed()
    assert run(f"{ANN.email}\n").exit_code == 0
    before = files(folder)
    if day == "another":
        monkeypatch.setattr("stedi.commands.demo.today", lambda: "2999-01-01")
    assert "0 files landed" in landed()
    assert files(folder) == before
    assert not [name for name in before if "2999" in name]
    again = stedi("land", "customer", deliveries / "customer" / "a.json")
    assert "an erasure has removed lines from it, so it does not land again" in again.output
    assert again.exit_code == 0


def test_deliveries_land_again_once_one_of_their_people_is_back(
    run: Callable[..., Result], deliveries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of the others are then withheld, as any that lands of an erased person."""
    assert stedi("demo", "--from", deliveries).exit_code == 0
    assert run(f"{ANN.email}\n{BEN.email}\n").exit_code == 0
    monkeypatch.setattr("stedi.commands.demo.today", lambda: "2999-01-01")
    assert "0 files landed" in stedi("demo", "--from", deliveries).output
    assert run(f"{BEN.email}\n", "--reinstate").exit_code == 0
    assert "6 files landed" in stedi("demo", "--from", deliveries).output
