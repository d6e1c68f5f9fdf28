"""Breaks the erasure one way after another; its tests notice each."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.deep

PROJECT = Path(__file__).resolve().parents[2]
ERASURE, LANDING_ROOT, PEOPLE, DEVICES = (
    f"tests/unit/erasure/test_{name}.py"
    for name in ("erasure", "landing_root", "people", "devices_over_time")
)
RECORDS, CLAIMS = (f"tests/unit/landing/test_{name}.py" for name in ("records", "claims"))
REGISTER, RECEIPTS = (f"tests/unit/restricted/test_{name}.py" for name in ("erasures", "receipts"))
IDENTIFIERS, SEARCH, FORMS = (
    f"tests/unit/search/test_{name}.py" for name in ("identifiers", "search", "forms")
)


class Break(NamedTuple):
    """A text of a module of scripts/stedi that is replaced, and the tests that must fail."""

    breaks: str
    module: str
    text: str
    replacement: str
    tests: str


BREAKS = [
    Break("nothing is noted of people before customer lines go", "restricted/erasures",
          "json.dumps(kept)", "json.dumps({})", ERASURE),
    Break("records that are gone already are not known again", "erasure/people",
          "self.records.found.add(CustomerRecord(email, *fields))", "pass", DEVICES),
    Break("the first landing of what is gone already is not known again", "erasure/people",
          "self.records.add_landing(email, updated_at, ingest_date)",
          "self.records.landed.setdefault((email, updated_at), \"2090-01-01\")", DEVICES),
    Break("claims of an erased person are not kept", "restricted/erasures",
          "self.store.create(f\"{CLAIMS}/", "(f\"{CLAIMS}/", DEVICES),
    Break("claims go when a person is reinstated", "restricted/erasures",
          "        self.store.delete(f\"{ERASURES}/{self.erasure_of(email)}\")\n",
          "        self.store.delete(f\"{ERASURES}/{self.erasure_of(email)}\")\n"
          "        [self.store.delete(name) for name in self.store.names(CLAIMS)]\n", REGISTER),
    Break("claims of people who were erased before do not count", "erasure/people",
          "[*hashed, *self.known.tombstones]", "hashed", DEVICES),
    Break("a device that others name in lines that cannot be read is theirs alone",
          "erasure/people", "map(hash, shared)", "()", PEOPLE),
    Break("a device that others claim too is theirs for ever", "landing/claims",
          "(claim.until is None or time < claim.until)", "True", DEVICES),
    Break("a claim lasts one millisecond longer", "landing/claims",
          "time < claim.until", "time <= claim.until", DEVICES),
    Break("the first claim does not reach back", "landing/claims",
          "claim._replace(since=0)", "claim", DEVICES),
    Break("every claim reaches back", "landing/claims",
          "if claim.since == first else claim", "", DEVICES),
    Break("a clock that runs ahead outranks every later record", "landing/claims",
          "min(record.updated_at, end_of_day(landed))", "record.updated_at", DEVICES),
    Break("a record counts from its last landing", "landing/claims",
          "= min(before, ingest_date)", "= max(before, ingest_date)", DEVICES),
    Break("what could not be read when it landed first has not landed", "landing/claims",
          "if email is not None and updated_at is not None",
          "if customer_of(fields, ingest_date, earliest)", CLAIMS),
    Break("a refusal does not outrank consents of its moment", "landing/claims",
          "(consent is not None, -(consent or 0)", "(consent is None, -(consent or 0)", CLAIMS),
    Break("a time that is not plausible is the time of a reading", "landing/records",
          "return time if is_plausible else None", "return time", DEVICES),
    Break("the readings of a time at which two people claim a device go", "landing/claims",
          "return bool(found) and found <= people", "return bool(found & people)", DEVICES),
    Break("composed letters make another email", "landing/records",
          'unicodedata.normalize("NFC", lower(unicodedata.normalize("NFC", text)))', "lower(text)",
          PEOPLE),
    Break("an email with a character that nobody sees is somebody's", "landing/records",
          " and not _UNSEEN.search(email)", "", RECORDS),
    Break("an erasure has ended before anything was searched", "erasure/erasure",
          "            self.register.erase(email)\n",
          "            self.register.erase(email)\n        self.register.end(emails)\n", ERASURE),
    Break("nobody is kept from coming back", "erasure/erasure",
          "self.register.erase(email)", "pass", ERASURE),
    Break("a person who is reinstated stays erased", "erasure/erasure",
          "        self.say(\"Noting who may come back\")\n", "        return\n", ERASURE),
    Break("lines that a killed run has removed are not counted", "erasure/erasure",
          "        self.register.count(emails, what, noted)\n", "", ERASURE),
    Break("a removal is counted once for each person", "restricted/erasures",
          "name.partition(\"-\")[2]: name", "name: name", REGISTER),
    Break("a receipt does not follow the one before", "restricted/receipts",
          "self._hash_to_follow(last, receipts, hashes)", "\"\"", RECEIPTS),
    Break("the last receipt is not missed", "restricted/receipts",
          "self.store.create(f\"{HASHES}/{number}\", digest.encode())", "pass", RECEIPTS),
    Break("old versions of landed files stay", "storage/bucket",
          "self.delete_markers_last([version for version in old if version.id != new])", "pass",
          ERASURE),
    Break("old versions of tables and results of queries stay", "erasure/landing_root",
          "(self.storage.delete_all(results) if results in self.prefixes else 0)",
          "0", ERASURE),
    Break("a line that is no record is nobody's", "erasure/people",
          "return self._describes(line, fields)", "return False", PEOPLE),
    Break("a line of another person that names them goes", "erasure/people",
          "return owner in self._subjects.emails",
          "return bool(self._subjects.emails_in(line))", ERASURE),
    Break("a device that others have claimed counts as theirs", "erasure/people",
          "(self.devices if is_alone else self.shared_devices)", "self.devices", PEOPLE),
    Break("escapes are not read", "search/identifiers",
          "meant = unescaped(meant)", "pass", IDENTIFIERS),
    Break("case matters", "landing/records",
          "        .replace(\"İ\", \"i\")\n        .lower()\n", "", IDENTIFIERS),
    Break("another's longer email is taken for theirs", "search/identifiers",
          "return None if between <= _JOINING else False", "return True", IDENTIFIERS),
    Break("an email that somebody else has is taken for theirs", "search/identifiers",
          "text[begin - before : end + behind] in self.others", "False", FORMS),
    Break("a phone may be a serial number", "search/identifiers",
          "(MAYBE_SERIAL, hit[0])", "(SERIAL, hit[0])", ERASURE),
    Break("a text of the project's files is a finding", "erasure/erasure",
          "wanted.without(examples)", "wanted", ERASURE),
    Break("landed files need not be searched", "erasure/erasure",
          "self.landing.built_from() - found.landed", "set[str]()", ERASURE),
    Break("what is nobody's keeps names and phones", "erasure/people",
          "({owner} if owner else emails_named_in(line)) - subjects.emails",
          "owner not in subjects.emails", PEOPLE),
    Break("a line that suspends somebody else's consent goes", "erasure/people",
          "emails_named_in(line) - self._subjects.emails", "False", PEOPLE),
    Break("nobody's record of their device stays", "erasure/people",
          "serial in self._serials or ", "", PEOPLE),
    Break("a line stands for a record", "landing/raw_lines",
          "if size := self._object(glue)", "if size := 0", LANDING_ROOT),
    Break("a comma stays without its record", "landing/raw_lines",
          "if has_comma and (rest", "if False and (rest", LANDING_ROOT),
    Break("UTF-16 is not decoded", "landing/raw_lines",
          "    sample = start[:_SAMPLE]\n", "    return None\n", LANDING_ROOT),
    Break("hidden copies stay", "erasure/landing_root",
          "self.storage.delete(file.key)", "pass", ERASURE),
    Break("a CR and an LF meet", "landing/raw_lines", 'yield b"\\n"', "pass", LANDING_ROOT),
    Break("a file is written in its place", "storage/atomic",
          "        check()\n        unfinished.replace(path)\n",
          "        check()\n        path.write_bytes(unfinished.read_bytes())\n", ERASURE),
    Break("gzip is not unpacked", "search/decode",
          "yield from _within(_blocks(unpacked), layer)", "pass", SEARCH),
    Break("columns of Parquet are not read", "search/decode",
          "elif magic == _PARQUET:", "elif False:", SEARCH),
    Break("Avro is not read", "search/decode",
          "        yield from _avro(stream)\n", "        pass\n", SEARCH),
    Break("Iceberg's bounds are not read", "search/decode",
          "yield Decoded(Form.BOUND, value)", "pass", SEARCH),
    Break("what cannot be read is passed over", "search/search",
          "found.findings.add((name, str(error)))", "pass", SEARCH),
    Break("what lies across two blocks is missed", "search/search",
          "part[-overlap:] if len(part) > overlap else part", 'b""', SEARCH),
    Break("an identifier is shown", "search/search",
          "(name, kind + where)", "(name, str(hits) + where)", SEARCH),
]  # fmt: skip


TESTS = sorted({each.tests for each in BREAKS})


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.breaks)
def test_the_break_is_noticed(broken: Break, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "scripts", tmp_path / "scripts")
    path = tmp_path / "scripts" / "stedi" / f"{broken.module}.py"
    before = path.read_text()
    assert before.count(broken.text) == 1, "the break is another one than it says"
    path.write_text(before.replace(broken.text, broken.replacement))
    ran = run(broken.tests, tmp_path)
    assert ran.returncode == 1, ran.stdout


@pytest.mark.parametrize("tests", TESTS)
def test_without_a_break_the_tests_pass(tests: str, tmp_path: Path) -> None:
    """Without this, each break might be noticed because the tests fail in a copy anyway."""
    shutil.copytree(PROJECT / "scripts", tmp_path / "scripts")
    ran = run(tests, tmp_path)
    assert ran.returncode == 0, ran.stdout


def run(tests: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs tests on the scripts in a folder."""
    options = ("-q", "-x", "-p", "no:cacheprovider", "-o", f"pythonpath={folder}/scripts tests")
    command = [sys.executable, "-m", "pytest", *options, tests]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
