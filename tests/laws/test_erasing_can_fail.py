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
ERASURE, LANDING_ROOT, PEOPLE = (
    f"tests/unit/erasure/test_{name}.py" for name in ("erasure", "landing_root", "people")
)
IDENTIFIERS, SEARCH = (f"tests/unit/search/test_{name}.py" for name in ("identifiers", "search"))


class Break(NamedTuple):
    """A text of a module of scripts/stedi that is replaced, and the tests that must fail."""

    breaks: str
    module: str
    text: str
    replacement: str
    tests: str


BREAKS = [
    Break("nothing is noted of devices before customer lines go", "restricted/erasures",
          "json.dumps(kept)", "json.dumps({})", ERASURE),
    Break("an erasure has ended before anything was searched", "erasure/erasure",
          "            self.register.erase(email)\n",
          "            self.register.erase(email)\n        self.register.end(emails)\n", ERASURE),
    Break("nobody is kept from coming back", "erasure/erasure",
          "self.register.erase(email)", "pass", ERASURE),
    Break("a person who is reinstated stays erased", "erasure/erasure",
          "        self.say(\"Noting who may come back\")\n", "        return\n", ERASURE),
    Break("old versions of landed files stay", "storage/bucket",
          "self.delete_markers_last([version for version in old if version.id != new])", "pass",
          ERASURE),
    Break("old versions of tables and results of queries stay", "erasure/landing_root",
          "(self.storage.delete_all(results) if results in self.prefixes else 0)",
          "0", ERASURE),
    Break("a line that is no record is nobody's", "erasure/people",
          "return named if owner is None else", "return set() if owner is None else", PEOPLE),
    Break("a line of another person that names them goes", "erasure/people",
          "{owner} & self.emails", "named", ERASURE),
    Break("a device that others have claimed counts as theirs", "erasure/people",
          "subjects.devices -= subjects.shared_devices", "pass", PEOPLE),
    Break("escapes are not read", "search/identifiers",
          "{text, unescaped(text)}", "{text}", IDENTIFIERS),
    Break("case matters", "landing/records",
          "        .replace(\"İ\", \"i\")\n        .lower()\n", "", IDENTIFIERS),
    Break("another's longer email is taken for theirs", "search/identifiers",
          r'(r"(?<![\w.+-])", r"(?![\w-]|\.\w)")', '("", "")', IDENTIFIERS),
    Break("a CR and an LF meet", "landing/raw_lines", 'yield b"\\n"', "pass", LANDING_ROOT),
    Break("a file is written in its place", "storage/atomic",
          "        check()\n        unfinished.replace(path)\n",
          "        check()\n        path.write_bytes(unfinished.read_bytes())\n", ERASURE),
    Break("gzip is not unpacked", "search/decode",
          "yield from _within(_blocks(unpacked))", "pass", SEARCH),
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
          "for kind, _ in wanted.hits_in(part)", "for _, kind in wanted.hits_in(part)", SEARCH),
]  # fmt: skip


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.breaks)
def test_the_break_is_noticed(broken: Break, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "scripts", tmp_path / "scripts")
    path = tmp_path / "scripts" / "stedi" / f"{broken.module}.py"
    before = path.read_text()
    assert before.count(broken.text) == 1, "the break is another one than it says"
    path.write_text(before.replace(broken.text, broken.replacement))
    options = ("-q", "-x", "-p", "no:cacheprovider", "-o", f"pythonpath={tmp_path}/scripts tests")
    command = [sys.executable, "-m", "pytest", *options, broken.tests]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert ran.returncode == 1, ran.stdout
