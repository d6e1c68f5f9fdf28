"""An erasure step by step, in a folder and in a bucket: what goes, what stays, and after a kill."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from stedi.erasure.landing_root import LandingRoot
from stedi.errors import StediError
from stedi.restricted.pseudonym_key import hmac_sha256
from stedi.restricted.receipts import Receipts
from stedi.search.search import Stored, files_below, versions_below
from stedi.storage.atomic import UNFINISHED
from stedi.storage.bucket import NotDeleted
from stedi.storage.storage import Changed
from stedi.synthetic.personas import START
from support.landed_people import (
    ANN,
    BEN,
    BUCKET,
    DAY,
    LANDED,
    Files,
    NoTables,
    Root,
    unpacked,
    without_ann,
)

FORK = multiprocessing.get_context("fork")
NewFolder = Callable[[str], Root]  # a landing root in a folder of that name


class Killed(BaseException):
    """What ends a run at a step of it."""


def landed(root: Root) -> Files:
    """What landed, but for the notes of erasures."""
    return {n: c for n, c in unpacked(root.files()).items() if not n.startswith("backfill/")}


def is_erased(root: Root) -> None:
    assert landed(root) == without_ann()
    assert root.store.names("pending_erasures") == []
    assert len(root.store.names("erasures")) == 1


def test_their_lines_go_and_every_other_byte_stays(root: Root) -> None:
    before = root.files()
    receipt = root.erase()
    is_erased(root)
    assert root.files()[f"customer/{DAY}/c.json"] == before[f"customer/{DAY}/c.json"]
    assert (receipt["lines"], receipt["files"], receipt["runs"]) == (LINES, FILES, 1)
    assert (receipt["build"], receipt["ledger"]) == ("a build", "a digest")
    for name in root.store.names("erasure_receipts") + root.store.names("erasures"):
        kept = f"{name} {root.store.read(name)}"
        assert not [t for t in (ANN.email, ANN.phone, ANN.serial_number) if t in kept]


FILES = {"customer": 2, "accelerometer": 2, "step_trainer": 1}
LINES = {"customer": 3, "accelerometer": 2, "step_trainer": 2}


def test_a_second_erasure_finds_nothing_more(root: Root) -> None:
    root.erase()
    assert sum(root.erase()["lines"].values()) == 0
    is_erased(root)


def killed_before(number: int, told: list[str]) -> Callable[[str], None]:
    """Takes the sentences of an erasure's steps, and ends the run before one of them."""

    def say(step: str) -> None:
        if len(told) == number:
            raise Killed
        told.append(step)

    return say


def test_a_kill_before_any_step_is_put_right_by_running_it_again(root: Root) -> None:
    """Each step of one erasure is where the run before it was killed."""
    for number in count():
        told: list[str] = []
        with suppress(Killed):
            receipt = root.erase(killed_before(number, told))
            break
    assert number == len(told) > 12
    is_erased(root)
    # Of those who were killed after the receipt was written there is one too.
    assert [(r["lines"], r["files"]) for r in receipts_of(root)] == [(LINES, FILES)] * 2
    assert receipt["runs"] == number


def receipts_of(root: Root) -> list[dict]:
    """The receipts, of which none is missing."""
    assert Receipts(root.store).problems() == []
    return [json.loads(root.store.read(name)) for name in root.store.names("erasure_receipts")]


def test_a_kill_at_each_step_is_put_right_by_one_more_run(new_folder: NewFolder) -> None:
    def erase(folder: Root, number: int) -> None:
        told: list[str] = []

        def say(step: str) -> None:
            if len(told) == number:
                os._exit(KILLED)
            told.append(step)

        folder.erase(say)

    assert _killed_at_each(erase, new_folder) > 12


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_kill_while_a_file_is_written_is_put_right(call: str, new_folder: NewFolder) -> None:
    def erase(folder: Root, number: int) -> None:
        real, calls = getattr(os, call), count()

        def kill(*args: object) -> object:
            return real(*args) if next(calls) < number else os._exit(KILLED)

        setattr(os, call, kill)
        folder.erase()

    assert _killed_at_each(erase, new_folder) > 4


KILLED = 9


def _killed_at_each(erase: Callable[[Root, int], None], new_folder: NewFolder) -> int:
    """Kills an erasure at its first moment, another at its second, and so on to the end; each is
    put right by one more run. Returns how many moments there are."""
    for number in range(100):
        folder = new_folder(str(number))
        process = FORK.Process(target=erase, args=(folder, number))
        process.start()
        process.join()
        if process.exitcode == 0:
            is_erased(folder)
            return number
        assert process.exitcode == KILLED
        folder.erase()
        first = receipts_of(folder)[0]  # there are two if it was killed after that was written
        assert (first["lines"], first["files"]) == (LINES, FILES)
        assert first["runs"] <= 2
        is_erased(folder)
    raise AssertionError("killed a hundred times, and never at its end")


def test_somebody_nobody_knows_is_refused_before_anything_changes(root: Root) -> None:
    before = root.files()
    with pytest.raises(StediError, match="email number 2: no landed line names it") as error:
        root.erasure().find([ANN.email, "cy@example.com"])
    assert "cy@" not in str(error.value)
    assert root.files() == before
    assert root.store.names("erasure_key") == []


def test_others_whose_erasure_broke_off_are_counted(root: Root) -> None:
    with pytest.raises(Killed):
        root.erase(_kill_at("Making nightly"))
    erasure = root.erasure()
    assert erasure.register.others_begun([BEN.email]) == 1
    assert erasure.register.others_begun([ANN.email]) == 0


def _kill_at(text: str):
    def say(step: str) -> None:
        if re.search(text, step):
            raise Killed

    return say


def test_what_the_first_run_knew_is_searched_for_by_the_second(folder: Root) -> None:
    with pytest.raises(Killed):
        folder.erase(_kill_at("Deleting copies"))
    noted = folder.landing.storage.root / "notes.txt"
    noted.write_text(f"ring {ANN.customer_name}: {ANN.phone}")
    told: list[str] = []
    assert folder.erase(told.append)["likely_findings"] == 1
    assert any(line.endswith("notes.txt: name with phone") for line in told)


def test_a_name_in_another_persons_line_is_told_and_the_line_stays(folder: Root) -> None:
    path = folder.landing.storage.root / "customer" / DAY / "c.json"
    line = path.read_text().replace("{", f'{{"recommendedBy":"{ANN.email}",', 1)
    path.write_text(line)
    with pytest.raises(StediError, match=r"c\.json: email"):
        folder.erase()
    assert path.read_text() == line


def test_reinstated_is_as_if_never_erased(root: Root) -> None:
    root.erase()
    erasure = root.erasure()
    receipt, key = erasure.reinstate([ANN.email], "a test")
    assert receipt["people"] == [hmac_sha256(ANN.email, key)]
    assert [r["what"] for r in receipts_of(root)] == ["erasure", "reinstatement"]
    assert erasure.tables.built == 1
    assert root.store.names("erasures") == []
    notes = [name for name in root.files() if name.startswith("backfill/")]
    assert len(notes) == 2  # a nightly build waits for a full refresh


def test_the_sha256_of_a_rewritten_object_is_that_of_its_bytes(bucket: Root) -> None:
    bucket.erase()
    head = bucket.landing.storage.client.head_object(Bucket=BUCKET, Key=f"customer/{DAY}/a.json")
    content = bucket.files()[f"customer/{DAY}/a.json"]
    assert head["Metadata"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_results_of_queries_go_and_old_versions_too(bucket: Root) -> None:
    bucket.landing.storage.client.put_object(
        Bucket=BUCKET, Key="staging/a", Body=ANN.email.encode()
    )
    bucket.landing.storage.client.delete_object(Bucket=BUCKET, Key="staging/a")
    assert any(name.startswith("staging/a ") for name in bucket.files())
    assert bucket.erase()["old_versions_and_results"] == 3  # and the marker that it was deleted
    assert set(landed(bucket)) == set(without_ann())


def test_versions_that_s3_keeps_are_told(bucket: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "no"}]}
    call = bucket.landing.storage.client._make_api_call

    def answer(operation: str, *args: object) -> object:
        return refused if operation == "DeleteObjects" else call(operation, *args)

    monkeypatch.setattr(bucket.landing.storage.client, "_make_api_call", answer)
    with pytest.raises(NotDeleted, match="have s3:DeleteObjectVersion allowed"):
        bucket.erase()
    monkeypatch.undo()
    bucket.erase()
    is_erased(bucket)


def test_an_object_that_may_not_be_written_is_told(
    bucket: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = bucket.landing.storage.client._make_api_call

    def answer(operation: str, *args: object) -> object:
        if operation == "PutObject" and "/a.json" in str(args):
            raise ClientError({"Error": {"Code": "AccessDenied"}}, operation)
        return call(operation, *args)

    monkeypatch.setattr(bucket.landing.storage.client, "_make_api_call", answer)
    with pytest.raises(ClientError):
        bucket.erase()
    monkeypatch.undo()
    bucket.erase()
    is_erased(bucket)


def test_only_landed_files_are_rewritten(bucket: Root) -> None:
    client = bucket.landing.storage.client
    for key in ("customer/landing/stray.json", f"customer/{DAY}/.hidden.json"):
        client.put_object(Bucket=BUCKET, Key=key, Body=b"nobody\n")
    names = [file.key for file in bucket.landing.files("customer")]
    assert names == [f"customer/{DAY}/{name}" for name in ("a.json", "b.json.gz", "c.json")]


def test_a_file_that_is_written_to_beside_an_erasure_is_left_as_it_is(root: Root) -> None:
    """It landed again by other means, after the erasure had listed it; the next run erases it."""
    key = f"customer/{DAY}/a.json"
    storage = root.landing.storage
    theirs = LANDED[key] + b"a later line\n"

    def write(step: str) -> None:
        if step.endswith(f"Checking {key}"):
            (found,) = [each for each in storage.objects(key) if each.key == key]
            storage.replace(found, [theirs])

    with pytest.raises(Changed, match=r"a\.json: another process wrote to it"):
        root.erase(write)
    assert storage.read(key) == theirs
    receipt = root.erase()
    assert (receipt["lines"], receipt["files"]) == (LINES, FILES)
    expected = without_ann()
    assert landed(root) == expected | {key: expected[key] + b"a later line\n"}


def test_an_erasure_deletes_what_an_interrupted_landing_left(folder: Root) -> None:
    for name in (f"{UNFINISHED}1", ".a.json.Xy12Zz", ".copies/a.json"):
        left = folder.landing.storage.root / "customer" / DAY / name
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(LANDED[f"customer/{DAY}/a.json"])
    folder.erase()
    is_erased(folder)


def landed_file(folder: Root, name: str, *records: dict[str, object] | str) -> Path:
    path = folder.landing.storage.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [each if isinstance(each, str) else json.dumps(each) for each in records]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


ORDINARY = {
    "an email that ends another one": {"email": f"o'{ANN.email}"},
    "a serial number that is a phone": {"email": "cy@example.com", "phone": ANN.serial_number},
    "a serial number in a note": {"email": "cy@example.com", "note": ANN.serial_number},
    "a device in a record that cannot be read": {
        "email": "cy@example.com", "serialNumber": ANN.serial_number, "lastUpdateDate": "now",
    },
    "a device within a record": {
        "email": "cy@example.com", "devices": [{"serialNumber": ANN.serial_number}],
    },
    "a name with a phone": {
        "email": "cy@example.com", "note": f"{ANN.customer_name} {ANN.phone}",
    },
}  # fmt: skip


@pytest.mark.parametrize("what", ORDINARY)
def test_what_others_say_by_chance_keeps_no_erasure_from_its_end(what: str, folder: Root) -> None:
    path = landed_file(
        folder, f"customer/{DAY}/other.json", {"lastUpdateDate": START} | ORDINARY[what]
    )
    before = path.read_bytes()
    folder.erase()
    assert path.read_bytes() == before


def test_a_linked_folder_is_erased_and_searched(folder: Root, tmp_path: Path) -> None:
    root = folder.landing.storage.root
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.json").write_bytes(LANDED[f"customer/{DAY}/a.json"])
    (root / "customer/landing/ingest_date=2024-01-02").symlink_to(elsewhere)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "noted.txt").write_text(ANN.email)
    (root / "linked").symlink_to(tmp_path / "notes")
    with pytest.raises(StediError, match=r"noted\.txt: email"):
        folder.erase()
    assert (elsewhere / "a.json").read_bytes() == without_ann()[f"customer/{DAY}/a.json"]


def test_a_link_to_a_landed_file_is_refused(folder: Root, tmp_path: Path) -> None:
    path = folder.landing.storage.root / "customer" / DAY / "a.json"
    path.rename(tmp_path / "a.json")
    path.symlink_to(tmp_path / "a.json")
    with pytest.raises(StediError, match=r"a\.json: a link to a file"):
        folder.erase()
    assert folder.store.names("erasure_key") == []


def test_no_receipt_where_a_landed_file_was_not_searched(
    folder: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored(self: LandingRoot, *_: str) -> Iterator[Stored]:
        return (s for s in versions_below(self.storage, ("",)) if not s.name.endswith("c.json"))

    monkeypatch.setattr(LandingRoot, "stored", stored)
    with pytest.raises(StediError, match=r"c\.json: the build reads it, but it was not searched"):
        folder.erase()


def test_a_text_of_the_projects_own_files_is_no_finding_in_an_artifact(
    folder: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.sql").write_text(f"-- such as {ANN.email}")
    (tmp_path / "manifest.json").write_text(json.dumps({"raw_code": f"-- such as {ANN.email}"}))
    (tmp_path / "run_results.json").write_text(f"{ANN.serial_number}, {ANN.customer_name}")
    for name, paths in (
        ("project_files", ["model.sql"]), ("artifacts", ["manifest.json", "run_results.json"]),
    ):  # fmt: skip
        found = [each for path in paths for each in files_below(tmp_path / path)]
        monkeypatch.setattr(NoTables, name, lambda self, found=found: iter(found))
    told: list[str] = []
    folder.erase(told.append)
    assert any("model.sql: one of the project's own files" in line for line in told)
    assert not any("manifest.json" in line for line in told)
