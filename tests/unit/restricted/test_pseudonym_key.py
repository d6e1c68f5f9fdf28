"""The pseudonym key is made once, for its owner's eyes, and never shown or replaced."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result

from stedi.errors import StediError
from stedi.restricted.pseudonym_key import key_file, make_key, read_key
from support.targets import stedi


@pytest.fixture
def path(duckdb_lakehouse: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The key's file in a lakehouse, in a folder that does not exist yet."""
    path = duckdb_lakehouse / "secrets" / "key"
    monkeypatch.setenv("STEDI_PSEUDONYM_KEY_FILE", str(path))
    return path


def run() -> Result:
    return stedi("key", "make")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_key_is_made_of_256_bits(path: Path) -> None:
    assert run().output == f"{path}: made\n"
    assert len(bytes.fromhex(read_key(path))) == 32
    assert path.read_text() == read_key(path) + "\n"


def test_only_its_owner_may_read_it(path: Path) -> None:
    before = os.umask(0)  # the most generous one
    try:
        assert run().exit_code == 0
    finally:
        os.umask(before)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_nothing_else_stays_beside_it(path: Path) -> None:
    assert run().exit_code == 0
    assert run().exit_code == 0
    assert list(path.parent.iterdir()) == [path]


def test_a_key_is_never_overwritten(path: Path) -> None:
    assert run().exit_code == 0
    key = path.read_bytes()
    again = run()
    assert (again.exit_code, again.output) == (0, f"{path}: exists, left alone\n")
    assert path.read_bytes() == key


@pytest.mark.parametrize("content", [b"", b"short", b"\xff"])
def test_not_even_a_useless_one(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert not make_key(path)
    assert path.read_bytes() == content


def test_two_keys_differ(tmp_path: Path) -> None:
    make_key(tmp_path / "one")
    make_key(tmp_path / "two")
    assert read_key(tmp_path / "one") != read_key(tmp_path / "two")


def test_many_at_once_make_one(path: Path) -> None:
    """Exactly one of them says that it made the key."""
    command = [Path(sys.executable).with_name("stedi"), "key", "make"]
    makers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    said = sorted(maker.communicate()[0] for maker in makers)
    assert said == [f"{path}: exists, left alone\n"] * 7 + [f"{path}: made\n"]
    assert [maker.returncode for maker in makers] == [0] * 8
    assert list(path.parent.iterdir()) == [path]


def test_it_lies_in_the_project_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, ""):
        monkeypatch.delenv("STEDI_PSEUDONYM_KEY_FILE", raising=False)
        if value is not None:
            monkeypatch.setenv("STEDI_PSEUDONYM_KEY_FILE", value)
        assert key_file() == Path(".secrets/pseudonym_key")


def test_a_place_that_cannot_be_written_to(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("STEDI_PSEUDONYM_KEY_FILE", str(tmp_path / "file" / "key"))
    result = run()
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {tmp_path}/file/key: ")
    assert "set STEDI_PSEUDONYM_KEY_FILE" in result.output


def test_blanks_around_a_key_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" \té key \r\n\n")
    assert read_key(tmp_path / "key") == "é key"


def test_no_key_is_none(tmp_path: Path) -> None:
    assert read_key(tmp_path / "key") is None


def test_an_unreadable_key_is_named_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"secret\xff")
    for path in (tmp_path, tmp_path / "binary"):
        with pytest.raises(StediError, match=f"^{path}: the pseudonym key") as error:
            read_key(path)
        assert "secret" not in str(error.value)
        assert error.value.__suppress_context__  # the cause would show the bytes
