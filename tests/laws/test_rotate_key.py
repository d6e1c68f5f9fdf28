"""After a rotation every customer_id is new and no old one is left, whatever interrupted it."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

import pytest
from click.testing import Result

import stedi.maintenance.rotation as rotation
from stedi.restricted.key_change import (
    Stage,
    destroy_old_key,
    next_key,
    old_key,
    replace_key,
    stage,
)
from stedi.restricted.pseudonym_key import read_key
from support.duckdb_tables import file_of, unpack
from support.lakehouse import KEY, PROJECT, Lakehouse
from support.targets import set_duckdb_target, stedi
from support.withdrawal import ANN, BEN, TRUSTED_AND_CURATED


@pytest.fixture
def lakehouse(tmp_path: Path) -> Lakehouse:
    """One in whose file nothing is packed."""
    lakehouse = Lakehouse(tmp_path)
    unpack(lakehouse)
    return lakehouse


@pytest.fixture
def here(measured: Lakehouse, monkeypatch: pytest.MonkeyPatch) -> Lakehouse:
    """The environment in which people would run the command for this lakehouse."""
    folder = measured.folder
    for name, value in {
        "STEDI_LANDING": measured.landing,
        "STEDI_DUCKDB": measured.database,
        "STEDI_PSEUDONYM_KEY_FILE": measured.key_file,
        "DBT_PROFILES_DIR": folder,
        "DBT_PROJECT_DIR": measured.project,
        "DBT_TARGET_PATH": folder / "target",
        "DBT_LOG_PATH": folder / "logs",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(PROJECT)
    file_of(measured)  # its rows are then in the file, where they could stay
    return measured


def rotate(*arguments: str) -> Result:
    return stedi("key", "rotate", *arguments)


def ids(lakehouse: Lakehouse) -> dict[str, set[str]]:
    return {
        table: {i for (i,) in lakehouse.query(f"select distinct customer_id from {table}")}
        for table in TRUSTED_AND_CURATED
    }


def releases(lakehouse: Lakehouse) -> set[tuple[object, ...]]:
    """What each build released, and whose it is."""
    columns = "build_id, readable_from, source, readings, covered_from, customer_id"
    return {*lakehouse.query(f"select {columns} from stedi_audit.readable_releases")}


def assert_kept(before: set[tuple[object, ...]], after: set[tuple[object, ...]], key: str) -> None:
    """What was released of people is known to be theirs still, under a new key."""
    for email in (ANN.email, BEN.email):
        (was,), (now,) = under(KEY, email), under(key, email)
        assert {(*row, now) for *row, who in before if who == was} <= after


def under(key: str, *emails: str) -> set[str]:
    return {hmac.new(key.encode(), email.encode(), hashlib.sha256).hexdigest() for email in emails}


def test_every_id_is_new_and_no_old_one_is_left(here: Lakehouse) -> None:
    people = (ANN.email, BEN.email)
    old = under(KEY, *people)
    assert ids(here) == dict.fromkeys(TRUSTED_AND_CURATED, old)
    before = here.tables()
    released = releases(here)
    assert {who for *_, who in released} == old

    dry = rotate("--dry-run")
    assert dry.exit_code == 0 and "not begun" in dry.output
    assert read_key(here.key_file) == KEY and here.tables() == before

    done = rotate()

    assert done.exit_code == 0, done.output
    new = read_key(here.key_file)
    assert new != KEY and len(new) == 64
    assert ids(here) == dict.fromkeys(TRUSTED_AND_CURATED, under(new, *people))
    assert_kept(released, releases(here), new)
    content = here.database.read_bytes()
    assert not any(each.encode() in content for each in old)
    assert [p.name for p in here.folder.glob(f"{here.key_file.name}*")] == [here.key_file.name]
    assert new not in done.output and KEY not in done.output
    here.build()  # a normal night
    last = "where status = 'completed' order by happened_at desc limit 1"
    assert here.query(f"select is_whole from stedi_audit.builds {last}") == [(False,)]


@pytest.mark.deep
def test_an_interrupted_rotation_resumes_and_until_then_builds_are_refused(here: Lakehouse) -> None:
    """Interrupted when some tables are rebuilt; then when all are, and old ids are in the file."""
    released = releases(here)
    replace_key(here.key_file)
    assert here.dbt("build", "--full-refresh", kill_at=60).changes is None
    assert "not the one that the tables were made with" in here.dbt("build").errors
    new = read_key(here.key_file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rotation, "maintain", lambda *_: None)
        failed = rotate()
    assert failed.exit_code == 1
    assert "hold an old customer_id" in failed.stderr
    assert "Run this again" in failed.stderr
    assert read_key(old_key(here.key_file)) == KEY  # as long as it tells what to look for

    done = rotate()
    assert done.exit_code == 0, done.output
    assert read_key(here.key_file) == new  # no third one
    assert ids(here) == dict.fromkeys(TRUSTED_AND_CURATED, under(new, ANN.email, BEN.email))
    assert_kept(released, releases(here), new)
    assert stage(here.key_file) is Stage.NOT_BEGUN


def test_the_replacing_of_a_key_resumes_wherever_it_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(100):
        path = tmp_path / str(step) / "key"
        path.parent.mkdir()
        path.write_text("the old key\n")
        if not interrupted(step, path, monkeypatch):
            break
        made = read_key(next_key(path))
        assert path.exists()  # at every moment there is one
        replace_key(path)
        is_replaced(path)
        assert made in (None, read_key(path))
    assert 3 < step < 99
    is_replaced(path)


def interrupted(step: int, path: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Replaces a key, and is interrupted before a change of a file; whether there was such."""
    left = [step]

    def breaking(name: str) -> None:
        done = getattr(os, name)

        def call(*arguments: object, **named: object) -> object:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            return done(*arguments, **named)

        monkeypatch.setattr(os, name, call)

    breaking("link")
    breaking("replace")
    breaking("fsync")
    try:
        replace_key(path)
    except KeyboardInterrupt:
        return True
    finally:
        monkeypatch.undo()
    return False


def is_replaced(path: Path) -> None:
    assert stage(path) is Stage.REPLACED
    assert read_key(old_key(path)) == "the old key"
    assert read_key(path) not in (None, "the old key")
    replace_key(path)  # changes nothing more
    assert read_key(old_key(path)) == "the old key"
    destroy_old_key(path)
    destroy_old_key(path)
    assert stage(path) is Stage.NOT_BEGUN and list(path.parent.iterdir()) == [path]


def test_a_rotation_without_a_key_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_duckdb_target(monkeypatch, tmp_path)
    (tmp_path / "key").unlink()
    result = rotate()
    assert result.exit_code == 1
    assert "there is no key to replace" in result.stderr
    assert list(tmp_path.glob("key*")) == []
