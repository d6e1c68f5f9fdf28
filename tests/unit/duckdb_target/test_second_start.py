"""What dbt's later starts read of landed files: what is new. And what they keep, erasure clears."""

from __future__ import annotations

import gzip
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from dbt_common.exceptions import DbtRuntimeError

import stedi.landing.files as landing_files
from stedi.duckdb_target.copies import Copies
from stedi.duckdb_target.readers import FILE_NAME, READER, Stamp
from support.landing_views import Landed, connected, expected_rows, land, rows
from support.users import nobody

pytestmark = pytest.mark.usefixtures("key")

# One of each kind: for DuckDB, for Python by its bytes, by its name, and both kinds packed.
LANDED: Landed = {
    ("2024-01-01", "plain.json"): b"one\ntwo\n",
    ("2024-01-01", "crlf.json"): b"three\r\nfour\r\n",
    ("2024-01-01", "[1].json"): b"five\n",
    ("2024-01-02", "plain.json.gz"): b"six\n",
    ("2024-01-02", "cr.json.gz"): b"seven\reight",
    ("2024-01-02", "empty.json"): b"",
    ("2024-01-02", "it's a bom.json"): b"\xef\xbb\xbf",
}
SECRET = "somebody@example.com"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the landed files that Python opens from now on."""
    names: list[str] = []

    def watched(function: Callable[[Path], object]) -> Callable[[Path], object]:
        def watch(path: Path) -> object:
            names.append(path.name)
            return function(path)

        return watch

    for name in ("read_blocks", "_is_plain_gzip"):
        monkeypatch.setattr(landing_files, name, watched(getattr(landing_files, name)))
    return names


def place(root: Path, date: str, name: str) -> Path:
    return root / "accelerometer" / "landing" / f"ingest_date={date}" / name


def kept(root: Path) -> list[Path]:
    """Files that starts have left in an entity's folder."""
    return [path for path in root.glob("*/.duckdb/**/*") if path.is_file()]


def copies(root: Path) -> list[Path]:
    return sorted((root / "accelerometer" / ".duckdb" / "lines").iterdir())


def test_a_second_start_reads_no_file(tmp_path: Path, read: list[str]) -> None:
    land(tmp_path, LANDED)
    first = rows(connected(tmp_path))
    assert set(read) == {name for _, name in LANDED}
    read.clear()
    assert rows(connected(tmp_path)) == first == expected_rows(LANDED)
    assert read == []


def test_a_start_reads_what_has_come_and_what_is_not_as_it_was(
    tmp_path: Path, read: list[str]
) -> None:
    land(tmp_path, LANDED)
    connected(tmp_path)
    read.clear()
    changed: Landed = {
        ("2024-01-01", "plain.json"): b"longer than before\n",
        ("2024-01-01", "crlf.json"): b"longer than before\r\n",
        ("2024-01-02", "plain.json"): b"new, of a name there was\n",
        ("2024-01-03", "crlf.json"): b"the same\r\n",
    }
    land(tmp_path, changed)
    os.utime(place(tmp_path, "2024-01-01", "[1].json"), (1, 1))
    assert rows(connected(tmp_path)) == expected_rows(LANDED | changed)
    assert set(read) == {"plain.json", "crlf.json", "[1].json"}
    read.clear()
    connected(tmp_path)
    assert read == []


def test_a_change_of_a_kind_is_noticed(tmp_path: Path) -> None:
    for content in (b"a\r\n", b"plain\n", b"\n\n\n\n"):
        landed = {("2024-01-01", "a.json"): content}
        land(tmp_path, landed)
        assert rows(connected(tmp_path)) == expected_rows(landed)


def test_nothing_is_written_where_nothing_is_new(tmp_path: Path) -> None:
    land(tmp_path, LANDED)
    connected(tmp_path)
    before = {path: path.stat() for path in tmp_path.rglob("*")}
    connected(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == {
        path: found.st_mtime_ns for path, found in before.items()
    }


def test_what_is_kept_is_no_landed_file(tmp_path: Path) -> None:
    land(tmp_path, LANDED)
    before = landing_files.landed_files(tmp_path, "accelerometer")
    connected(tmp_path)
    assert landing_files.landed_files(tmp_path, "accelerometer") == before
    assert {path.name for path in (tmp_path / "accelerometer").iterdir()} == {"landing", ".duckdb"}


def test_an_absent_zone_gets_no_folder(tmp_path: Path) -> None:
    connected(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()


def test_a_query_for_a_date_opens_the_copies_of_that_date(tmp_path: Path) -> None:
    """And of the first, in which DuckDB looks for the columns: not one of each day."""
    landed = {(f"2024-01-{day:02}", "a.json"): b"a\r\n" for day in range(1, 31)}
    land(tmp_path, landed)
    plan = connected(tmp_path).execute(
        "explain analyze select * from landing.stedi_landing.accelerometer"
        " where ingest_date >= '2024-01-29'"
    )
    assert "Total Files Read: 2 " in plan.fetchall()[0][1]


@pytest.mark.parametrize(
    "notes",
    [b"", b"\xff", b"{", b"[]", b"7", b"[" * 100_000, b'{"reader": "READER"}',
     b'{"reader": "READER", "files": []}',
     b'{"reader": "READER", "files": {"2024-01-01/crlf.json": true}}',
     b'{"reader": "READER", "files": {"2024-01-01/crlf.json": [14, 0, true]}}'],
)  # fmt: skip
def test_broken_notes_count_for_nothing(notes: bytes, tmp_path: Path) -> None:
    land(tmp_path, LANDED)
    connected(tmp_path)
    path = tmp_path / "accelerometer" / ".duckdb" / FILE_NAME
    path.write_bytes(notes.replace(b"READER", READER.encode()))
    assert rows(connected(tmp_path)) == expected_rows(LANDED)
    assert len(json.loads(path.read_bytes())["files"]) == len(LANDED)


def test_notes_of_other_code_count_for_nothing(tmp_path: Path, read: list[str]) -> None:
    land(tmp_path, LANDED)
    connected(tmp_path)
    path = tmp_path / "accelerometer" / ".duckdb" / FILE_NAME
    path.write_text(path.read_text().replace(READER, "0123456789abcdef"))
    read.clear()
    connected(tmp_path)
    assert set(read) == {name for _, name in LANDED}


@pytest.mark.parametrize("obstacle", [".duckdb", ".duckdb/lines"])
def test_where_nothing_can_be_kept_all_is_read_again(obstacle: str, tmp_path: Path) -> None:
    land(tmp_path, LANDED)
    path = tmp_path / "accelerometer" / obstacle
    path.parent.mkdir(exist_ok=True)
    path.write_text("a file where a folder is wanted")
    for _ in range(2):
        assert rows(connected(tmp_path)) == expected_rows(LANDED)


def test_a_root_that_is_a_pattern_gives_no_copies_of_another(tmp_path: Path) -> None:
    landed: dict[str, Landed] = {
        root: {("2024-01-01", "a.json"): f"of {root:3}\r\n".encode()} for root in ("a", "[a]")
    }
    for root in landed:
        land(tmp_path / root, landed[root])
        os.utime(place(tmp_path / root, "2024-01-01", "a.json"), (1, 1))
        assert rows(connected(tmp_path / root)) == expected_rows(landed[root])


def test_a_root_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be read, not written to; what its owner's starts keep is used if it can be read."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        land(root, LANDED)
        monkeypatch.setenv("STEDI_PSEUDONYM_KEY_FILE", str(root / "none"))
        with nobody():
            assert rows(connected(root)) == expected_rows(LANDED)
        assert kept(root) == []
        connected(root)
        with nobody():
            assert rows(connected(root)) == expected_rows(LANDED)
        for copy in copies(root):
            copy.chmod(0)
        with nobody():
            assert rows(connected(root)) == expected_rows(LANDED)


def test_a_known_file_that_may_no_longer_be_read_stops_dbt_by_name() -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        land(root, LANDED)
        connected(root)
        path = place(root, "2024-01-01", "plain.json")
        path.chmod(0)
        with nobody(), pytest.raises(DbtRuntimeError, match=f"{path}: cannot be read"):
            connected(root)


def test_an_unreadable_file_is_not_noted(tmp_path: Path, read: list[str]) -> None:
    cut = gzip.compress(b"a\r\n" * 1000)[:-9]
    path = place(tmp_path, "2024-01-01", "a.json.gz")
    path.parent.mkdir(parents=True)
    path.write_bytes(cut)
    for _ in range(2):
        read.clear()
        with pytest.raises(DbtRuntimeError, match=f"{path}: cannot be read"):
            connected(tmp_path)
        assert "a.json.gz" in read
    assert kept(tmp_path) == []


# Erasure: what is kept goes with what it is of.


def holds_secret(root: Path) -> list[Path]:
    found = []
    for path in kept(root):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += str(copied_lines(path)).encode()
        if SECRET.encode() in content:
            found.append(path)
    return found


def copied_lines(path: Path) -> list:
    return duckdb.sql(f"from read_parquet('{path}')").fetchall()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with a person's line, of which there is a copy."""
    land(tmp_path, LANDED | {("2024-01-01", "secret.json"): f"a\r\n{SECRET}\r\n".encode()})
    connected(tmp_path)
    assert holds_secret(tmp_path) != []
    return place(tmp_path, "2024-01-01", "secret.json")


def test_the_copy_of_a_file_that_is_gone_goes(secret: Path, tmp_path: Path) -> None:
    others = len(copies(tmp_path)) - 1
    secret.unlink()
    assert rows(connected(tmp_path)) == expected_rows(LANDED)
    assert holds_secret(tmp_path) == []
    assert len(copies(tmp_path)) == others


@pytest.mark.parametrize("content", [b"a\r\n", b"a\n"], ids=["still not plain", "plain now"])
def test_the_copy_of_a_file_that_has_changed_goes(
    content: bytes, secret: Path, tmp_path: Path
) -> None:
    secret.write_bytes(content)
    expected = expected_rows(LANDED | {("2024-01-01", "secret.json"): b"a\n"})
    assert rows(connected(tmp_path)) == expected
    assert holds_secret(tmp_path) == []


def test_all_copies_go_with_the_zone(secret: Path, tmp_path: Path) -> None:
    (tmp_path / "accelerometer" / "landing").rename(tmp_path.with_name("away"))
    assert rows(connected(tmp_path)).total() == 0
    assert copies(tmp_path) == []


def test_what_a_killed_start_has_left_goes(secret: Path, tmp_path: Path) -> None:
    left = copies(tmp_path)[0].with_name("unfinished-0")
    left.write_text(SECRET)
    connected(tmp_path)
    assert not left.exists()


def test_a_copy_may_be_read_by_whom_its_original_may(tmp_path: Path) -> None:
    land(tmp_path, {("2024-01-01", "a.json"): b"a\r\n"})
    place(tmp_path, "2024-01-01", "a.json").chmod(0o640)
    connected(tmp_path)
    [copy] = copies(tmp_path)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640


def test_a_copy_that_another_start_makes_meanwhile_stays(tmp_path: Path) -> None:
    land(tmp_path, {("2024-01-01", "a.json"): b"a\r\n"})
    folder, path = tmp_path / "accelerometer" / ".duckdb", place(tmp_path, "2024-01-01", "a.json")
    one, other = Copies(folder), Copies(folder)
    copy = other.of("2024-01-01", path, Stamp.of(path))
    one.delete_others()  # one has listed the landed files before this one came
    assert copy
    assert copy.exists()
