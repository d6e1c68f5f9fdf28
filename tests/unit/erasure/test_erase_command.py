"""`stedi erase`: what it reads, refuses and says; other tests look at the erasure itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import Result

from support.landed_people import ANN, BEN, DAY, Root
from support.targets import set_duckdb_target, stedi


@pytest.fixture
def run(folder: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `stedi erase` on the folder, with a dbt that does nothing."""
    set_duckdb_target(monkeypatch, tmp_path)
    monkeypatch.setattr("stedi.project.Dbt.run", lambda *_: None)
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
    duckdb.connect(tmp_path / "lakehouse.duckdb").close()

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
