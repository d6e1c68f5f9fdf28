"""Whatever has landed, an erasure ends, takes the person's records whole, and nothing of others."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stedi.erasure.landing_root import WHOLE_FOLDER, LandingRoot
from stedi.restricted.store import RestrictedStore
from stedi.storage.folder import FolderStorage
from support.landed_people import DAY, Root
from support.oracle_lines import email_of

INPUTS = int(os.environ.get("STEDI_ERASED_INPUTS", "100"))
MANY = 10_000
START = 1_704_067_200_000

SIGNS = "!#$%&'*+/=?^`{|}~.-"
NAMES = ["Ann Lee", "Zo\u00eb O'Neil", "Customer", "Athena", "serialNumber", "Lee", "\u674e\u56db"]
SERIALS = [
    "8015551212",
    "SN-ann-0001",
    "sn-ann-0001",
    "SN-ann-0001 ",
    "customer",
    "email",
    "7",
    "a.b",
]
PHONES = ["8015551212", 8015551212, "(801) 555-1212", "+1 801 555 1212", "8015550000", "1", None]

local_parts = st.one_of(
    st.sampled_from(
        ["neil", "o'neil", "=neil", "x.neil", "neil+a", "NEIL", "n\u00e9il", "ne\u0301il"]
    ),
    st.text(f'ne{SIGNS}\u00e9" (<', min_size=1, max_size=4),
)
emails = st.builds(
    "{}@{}".format, local_parts, st.sampled_from(["x.org", "x.org.au", "x.or"])
).filter(lambda email: email_of(email) is not None)


class Person(NamedTuple):
    """Somebody, by what their records say."""

    email: str
    name: str
    phone: object
    serial: str

    def record(self, entity: str) -> dict[str, object]:
        """One of their records, or a reading of their device."""
        if entity == "customer":
            return {
                "customerName": self.name, "email": self.email, "phone": self.phone,
                "serialNumber": self.serial, "lastUpdateDate": START,
            }  # fmt: skip
        if entity == "accelerometer":
            return {"user": self.email, "timestamp": START, "x": 0.5}
        return {"sensorReadingTime": START, "serialNumber": self.serial, "distance": 1}


people = st.builds(
    Person, emails, st.sampled_from(NAMES), st.sampled_from(PHONES), st.sampled_from(SERIALS)
)


def composed(email: str) -> str:
    return unicodedata.normalize("NFC", email)


def decomposed(email: str) -> str:
    return unicodedata.normalize("NFD", email)


LAYOUTS: dict[str, Callable[[list[str]], str]] = {
    "a line each": lambda records: "".join(f"{each}\n" for each in records),
    "no end of the last line": "\n".join,
    "with commas": lambda records: "".join(f"{each},\r\n" for each in records),
    "concatenated": "".join,
    "an array": lambda records: f"[{', '.join(records)}]\n",
    "an array over lines": lambda records: "[\n" + ",\n".join(records) + "\n]\n",
    "a message over all": lambda records: f'{{"n": {{}}, "all": [{", ".join(records)}]}}\r\n',
    "two arrays": lambda records: f"[{','.join(records)}]\n[{','.join(records[::-1])}]",
}
ENCODINGS = ["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"]


class Delivery(NamedTuple):
    """A file: whose records it has, and how it is written."""

    entity: str
    whose: list[int]
    layout: str
    encoding: str
    spelling: Callable[[str], str]
    is_escaped: bool
    indent: int | None
    is_packed: bool
    more: list[str]  # lines that are nobody's, behind the records

    def content(self, everybody: list[Person]) -> bytes:
        text = LAYOUTS[self.layout](self.records(everybody))
        text += "".join(f"\n{line}" for line in self.more)
        data = text.encode(self.encoding)
        return gzip.compress(data, 1) if self.is_packed else data

    def people(self, everybody: list[Person]) -> list[Person]:
        """Whose its records are, in order."""
        return [everybody[at % len(everybody)] for at in self.whose]

    def record(self, person: Person) -> str:
        """A person's record as it is written here."""
        spelled = self.spelling(person.email)
        record = person._replace(email=spelled).record(self.entity)
        return json.dumps(record, ensure_ascii=self.is_escaped, indent=self.indent)

    def records(self, everybody: list[Person]) -> list[str]:
        return [self.record(person) for person in self.people(everybody)]

    @property
    def key(self) -> str:
        return f"{self.entity}/{DAY}"


names, phones = st.sampled_from(NAMES), st.sampled_from(PHONES)
serials = st.sampled_from([*SERIALS, None])


def mistyped(name: str, phone: object, serial: str | None) -> str:
    fields = {"customerName": name, "phone": phone, "serialNumber": serial}
    return json.dumps({"email": "neil\uff20x.org"} | fields)


nobodys = st.one_of(
    st.text(f'{SIGNS}{{}}[]",: \\\r\n\u00e9\u0000ne@x.org', max_size=30),
    st.builds(
        "{}{}{}".format, st.text(f"{SIGNS}no \"'", max_size=3), emails, st.sampled_from(SIGNS)
    ),
    st.builds(mistyped, names, phones, serials),
    st.builds("{} {} {}".format, names, phones, serials),
)
deliveries = st.builds(
    Delivery,
    st.sampled_from(["customer", "customer", "accelerometer", "step_trainer"]),
    st.lists(st.integers(0, 3), min_size=1, max_size=5),
    st.sampled_from([*LAYOUTS]),
    st.sampled_from(ENCODINGS),
    st.sampled_from([composed, decomposed, str.upper, " {}\t".format]),
    st.booleans(),
    st.sampled_from([None, None, 2]),
    st.booleans(),
    st.lists(nobodys, max_size=2),
)


lakes = st.lists(people, min_size=2, max_size=4, unique_by=lambda each: email_of(each.email))


def land(folder: Path, landed: list[Delivery], everybody: list[Person]) -> list[Path]:
    found = []
    for number, delivery in enumerate(landed):
        path = folder / "landing" / delivery.key / f"{number}.json{'.gz' * delivery.is_packed}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(delivery.content(everybody))
        found.append(path)
    return found


def said(path: Path, delivery: Delivery) -> str:
    """What a file says."""
    data = path.read_bytes()
    return (gzip.decompress(data) if delivery.is_packed else data).decode(delivery.encoding)


def check(folder: Path, everybody: list[Person], landed: list[Delivery]) -> None:
    """Erases the first person; fails where that does not end, or not with the right records."""
    ann = everybody[0]
    hers = email_of(ann.email)
    first = Delivery("customer", [0], "a line each", "utf-8", composed, False, None, False, [])
    paths = land(folder, [first, *landed], everybody)[1:]
    storage = FolderStorage(folder / "landing")
    restricted = FolderStorage(folder / "restricted", is_private=True)
    root = Root(LandingRoot(storage, WHOLE_FOLDER), RestrictedStore(restricted), dict)
    erasure = root.erasure()
    subjects = erasure.find([hers])
    counted = erasure.count(subjects)
    receipt, _ = erasure.erase([hers], subjects, "a test")  # it ends
    assert receipt["lines"] == counted.lines

    of_customers = [each for each in landed if each.entity == "customer"]
    claimed = {p.serial for each in of_customers for p in each.people(everybody) if p is not ann}
    for path, delivery in zip(paths, landed, strict=True):
        left = said(path, delivery)
        times = 2 if delivery.layout == "two arrays" else 1
        for person in everybody:
            record = delivery.record(person)
            count = times * delivery.records(everybody).count(record)
            if delivery.entity == "step_trainer":
                is_hers = person.serial == ann.serial and ann.serial not in claimed
            else:
                is_hers = person is ann
            if is_hers:
                assert record not in left, "something of hers is left"
            else:
                assert left.count(record) == count, "something of others was changed"
        if delivery.layout.startswith("an array") and not delivery.more:
            assert isinstance(json.loads(left), list)
    again = root.erasure()
    assert sum(again.count(again.find([hers])).lines.values()) == 0


def any_input(inputs: int) -> Callable[[Path], None]:
    """A test of so many random inputs, in a folder."""

    def test(folder: Path) -> None:
        @settings(
            max_examples=inputs, deadline=None, database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        )  # fmt: skip
        @given(lakes, st.lists(deliveries, min_size=1, max_size=3))
        def ends(everybody: list[Person], landed: list[Delivery]) -> None:
            shutil.rmtree(folder / "lake", ignore_errors=True)
            check(folder / "lake", everybody, landed)

        ends()

    return test


def test_any_input_is_erased_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stedi.storage.atomic.os.fsync", lambda _: None)
    any_input(INPUTS)(tmp_path)


@pytest.mark.deep
def test_ten_thousand_inputs_are_erased_to_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stedi.storage.atomic.os.fsync", lambda _: None)
    any_input(int(os.environ.get("STEDI_ERASED_INPUTS", MANY)))(tmp_path)
