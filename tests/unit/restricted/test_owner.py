"""A restricted folder belongs to one lakehouse."""

from __future__ import annotations

from pathlib import Path

import pytest

from stedi.errors import StediError, UsageError
from stedi.restricted.owner import FILE, check_owner, note_owner


@pytest.fixture
def restricted(tmp_path: Path) -> Path:
    folder = tmp_path / ".secrets"
    folder.mkdir()
    return folder


def test_a_folder_of_nobody_passes(restricted: Path, tmp_path: Path) -> None:
    check_owner(restricted, landing=tmp_path / "landing")
    check_owner(tmp_path / "none", landing=tmp_path / "landing")
    (tmp_path / "file").touch()
    check_owner(tmp_path / "file", landing=tmp_path / "landing")


def test_the_first_lakehouse_keeps_it(restricted: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "landing", tmp_path / "other"
    note_owner(restricted, first, tmp_path / "a.duckdb")
    note_owner(restricted, second, tmp_path / "b.duckdb")
    check_owner(restricted, landing=first, database=tmp_path / "a.duckdb")
    with pytest.raises(UsageError, match=f"{second}: the keys and erasures in {restricted} are"):
        check_owner(restricted, landing=second)
    with pytest.raises(UsageError, match=f"of the lakehouse with the database {tmp_path}/a.duck"):
        check_owner(restricted, landing=first, database=tmp_path / "b.duckdb")


def test_links_and_detours_are_the_same_place(restricted: Path, tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "landing")
    note_owner(restricted, tmp_path / "link", tmp_path / "a.duckdb")
    check_owner(restricted, landing=tmp_path / "landing")
    check_owner(restricted, landing=tmp_path / "x" / ".." / "landing")


@pytest.mark.parametrize("content", ["", "[]", "{}", "\ufeff"])
def test_a_note_that_cannot_be_read_is_told(content: str, restricted: Path) -> None:
    (restricted / FILE).write_text(content)
    with pytest.raises(StediError, match=r"lakehouse\.json: cannot be read"):
        check_owner(restricted, landing=restricted)
