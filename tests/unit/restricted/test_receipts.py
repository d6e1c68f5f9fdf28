"""The chain of receipts: what is removed or changed is told, what an interruption leaves is not."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from stedi.restricted.receipts import Receipts
from stedi.restricted.store import RestrictedStore
from stedi.storage.folder import FolderStorage


@pytest.fixture
def receipts(tmp_path: Path) -> Receipts:
    return Receipts(RestrictedStore(FolderStorage(tmp_path, is_private=True)))


@pytest.fixture
def three(receipts: Receipts) -> Receipts:
    """A chain of three, after a receipt of an earlier version."""
    receipts.store.create("erasure_receipts/20260131T090000-1.json", b"{}")
    for number in range(3):
        receipts.add({"what": "erasure", "people": [str(number)]})
    assert receipts.problems() == []
    return receipts


def test_a_receipt_says_where_and_by_what_it_was_made(receipts: Receipts, tmp_path: Path) -> None:
    number, digest = receipts.add({"by": "ann"})
    data = (tmp_path / f"erasure_receipts/{number}.json").read_bytes()
    assert hashlib.sha256(data).hexdigest() == digest
    content = json.loads(data)
    assert content["host"] == platform.node() and content["version"] and content["by"] == "ann"
    assert receipts.problems() == []


def change(path: Path) -> None:
    path.write_text(path.read_text().replace("people", "persons") + " ")


REMOVE, CHANGE = Path.unlink, change


@pytest.mark.parametrize(
    ("file", "tamper", "told"),
    [
        ("erasure_receipts/000001.json", REMOVE, "receipt 1 is missing"),
        ("erasure_receipts/000002.json", REMOVE, "receipt 2 is missing"),
        ("erasure_receipts/000003.json", REMOVE, "receipt 3 is missing"),
        ("erasure_receipts/000001.json", CHANGE, "receipt 1 was changed, or its hash was"),
        ("erasure_receipts/000003.json", CHANGE, "receipt 3 was changed, or its hash was"),
        ("receipt_hashes/000002", REMOVE, "receipt 2 was changed, or its hash was"),
        ("receipt_hashes/000003", CHANGE, "receipt 3 was changed, or its hash was"),
        ("erasure_receipts/20260131T090000-1.json", REMOVE, "20260131T090000-1.json is missing"),
        ("erasure_receipts/20260131T090000-1.json", CHANGE, "20260131T090000-1.json was changed"),
    ],
)
def test_what_is_missing_or_changed_is_told(
    file: str, tamper: Callable[[Path], None], told: str, three: Receipts, tmp_path: Path
) -> None:
    tamper(tmp_path / file)
    assert told in three.problems()
    three.add({})  # a later receipt does not heal it
    assert told in three.problems()


def test_a_removed_pair_in_the_middle_is_told(three: Receipts, tmp_path: Path) -> None:
    (tmp_path / "erasure_receipts/000002.json").unlink()
    (tmp_path / "receipt_hashes/000002").unlink()
    assert three.problems() == ["receipt 2 is missing"]


def test_a_receipt_with_a_forged_hash_does_not_follow(three: Receipts, tmp_path: Path) -> None:
    path = tmp_path / "erasure_receipts/000002.json"
    change(path)
    (tmp_path / "receipt_hashes/000002").write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    assert three.problems() == ["receipt 3 does not follow receipt 2"]


def test_one_that_is_added_by_hand_is_told(three: Receipts) -> None:
    three.store.create("erasure_receipts/20270131T090000-1.json", b"{}")
    assert three.problems() == ["20270131T090000-1.json was added later, and is not in the chain"]


def test_a_kill_between_receipt_and_hash_is_put_right(three: Receipts, tmp_path: Path) -> None:
    (tmp_path / "receipt_hashes/000003").unlink()
    assert three.problems() == []
    three.add({})
    assert (tmp_path / "receipt_hashes/000003").exists()
    assert three.problems() == []
