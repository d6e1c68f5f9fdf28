"""The register of erasures: who must not come back, without their emails."""

from __future__ import annotations

from pathlib import Path

import pytest

from stedi.errors import StediError
from stedi.restricted.erasures import ErasureRegister, Tombstone
from stedi.restricted.pseudonym_key import hmac_sha256
from stedi.restricted.store import RestrictedStore
from stedi.storage.folder import FolderStorage

ANN, BEN = "ann@example.com", "ben@example.com"


@pytest.fixture
def register(tmp_path: Path) -> ErasureRegister:
    register = ErasureRegister(RestrictedStore(FolderStorage(tmp_path / "restricted")))
    register.make_key()
    return register


def test_the_key_is_made_once(tmp_path: Path, register: ErasureRegister) -> None:
    assert ErasureRegister(RestrictedStore(FolderStorage(tmp_path / "new"))).key() is None
    key = register.key()
    register.make_key()
    assert register.key() == key
    assert len(key or "") == 64


def test_people_are_noted_under_the_hmac_of_their_email(register: ErasureRegister) -> None:
    register.erase(ANN)
    register.erase(ANN)
    assert register.erasures() == [hmac_sha256(ANN, register.key() or "")]


def test_a_reinstated_person_may_come_back(register: ErasureRegister) -> None:
    register.erase(ANN)
    register.erase(BEN)
    register.reinstate(ANN)
    assert register.erasures() == [register.erasure_of(BEN)]


def test_claims_are_kept_under_hmacs_and_written_once(register: ErasureRegister) -> None:
    ann, device = register.erasure_of(ANN), register.hash()("serial 1")
    claims = [Tombstone(ann, device, 1_000, 2_000), Tombstone(ann, device, 3_000, None)]
    register.keep_claims(claims)
    register.keep_claims(claims[1:])
    assert sorted(register.claims()) == claims
    contents = [register.store.read(name) for name in register.store.names("device_claims")]
    assert contents == [f"{ann},{device},1000,2000\n".encode(), f"{ann},{device},3000,\n".encode()]


def test_claims_stay_after_a_reinstatement(register: ErasureRegister) -> None:
    claim = Tombstone(register.erasure_of(ANN), register.hash()("serial 1"), 1_000, None)
    register.keep_claims([claim])
    register.erase(ANN)
    register.reinstate(ANN)
    register.end([ANN])
    assert register.claims() == [claim]


def test_a_file_that_is_no_claim_is_told(register: ErasureRegister) -> None:
    register.store.create("device_claims/1", b"1")
    with pytest.raises(StediError, match=r"device_claims/1: not a claim of a device; move it away"):
        register.claims()


def test_what_an_erasure_must_know_is_kept_until_it_ends(register: ErasureRegister) -> None:
    register.begin([ANN, BEN], {"devices": ["1"]})
    register.begin([ANN], {"devices": []})
    assert sorted(register.begun(ANN), key=str) == [{"devices": ["1"]}, {"devices": []}]
    assert register.others_begun([ANN]) == 1
    assert register.others_begun([ANN, BEN]) == 0
    register.end([ANN])
    assert register.begun(ANN) == []
    assert register.begun(BEN) == [{"devices": ["1"]}]


def test_no_file_holds_an_email(register: ErasureRegister, tmp_path: Path) -> None:
    register.begin([ANN], {"devices": ["1"]})
    register.erase(ANN)
    register.count([ANN], f"{ANN}.json", {"lines": 1})
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 4
    assert not [path for path in files if ANN in f"{path}{path.read_text()}"]


def test_what_was_removed_is_counted_once_over_all_runs(register: ErasureRegister) -> None:
    register.begin([ANN, BEN], {})
    register.count([ANN, BEN], "a file", {"lines": 2})
    register.count([BEN, ANN], "a file", {"lines": 3})  # the run before was killed before removing
    register.count([ANN], "another file", {"lines": 4})
    register.count([ANN], "a file that has changed", {"lines": 5})
    register.uncount([ANN], "a file that has changed")
    assert sorted(n["lines"] for n in register.counted([ANN, BEN])) == [3, 4]
    assert register.begun(ANN) == [{}]
    register.end([ANN, BEN])
    assert register.counted([ANN, BEN]) == []


def test_a_rewritten_file_is_known_until_one_of_its_people_is_back(
    register: ErasureRegister,
) -> None:
    for email in (ANN, BEN):
        register.erase(email)
    register.keep_rewritten([ANN, BEN], "a digest")
    register.keep_rewritten([ANN], "another")
    assert [register.is_rewritten(d) for d in ("a digest", "another", "none")] == [
        True,
        True,
        False,
    ]
    register.reinstate(BEN)
    assert [register.is_rewritten(d) for d in ("a digest", "another")] == [False, True]
    names = register.store.names("rewritten_files")
    assert len(names) == 3 and "digest" not in str(names)


def test_before_the_first_erasure_no_file_is_rewritten(tmp_path: Path) -> None:
    store = RestrictedStore(FolderStorage(tmp_path / "new"))
    assert not ErasureRegister(store).is_rewritten("a digest")
