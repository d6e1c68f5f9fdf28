"""Breaks the erasing one way after another, and sees that its tests notice each."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.deep

PROJECT = Path(__file__).resolve().parents[2]
STEPS, TEXTS, SEARCH, LINES = (
    f"tests/erasing/test_erasing_{name}.py" for name in ("steps", "texts", "search", "raw_lines")
)


class Break(NamedTuple):
    """A text of a module of scripts/erasing that is replaced, and the tests that must fail."""

    breaks: str
    module: str
    text: str
    replacement: str
    tests: str


BREAKS = [
    Break("customer lines go first, and nothing is noted of their devices", "vault",
          "json.dumps(kept)", "json.dumps({})", STEPS),
    Break("an erasure has ended before anything was searched", "erasure",
          "            self.vault.erase(email)\n",
          "            self.vault.erase(email)\n        self.vault.end(emails)\n", STEPS),
    Break("nobody is kept from coming back", "erasure", "self.vault.erase(email)", "pass", STEPS),
    Break("a nightly build need not wait", "erasure",
          "        self.say(\"Noting who may come back\")\n", "        return\n", STEPS),
    Break("old versions of landed files stay", "places",
          "        self.bucket.delete_old_versions(file.name)\n", "", STEPS),
    Break("old versions of tables and results of queries stay", "places",
          "return removed + self.bucket.empty_below(f\"{RESULTS}/\")", "return removed", STEPS),
    Break("a line that is no record is nobody's", "survey",
          "return named if owner is None else", "return set() if owner is None else", TEXTS),
    Break("a line of another person that names them goes", "survey",
          "{owner} & self.emails", "named", STEPS),
    Break("a device that others have claimed counts as theirs", "survey",
          "found.devices -= found.shared", "pass", TEXTS),
    Break("escapes are not read", "texts", "{text, unescaped(text)}", "{text}", TEXTS),
    Break("case matters", "texts", ".replace(\"İ\", \"i\").lower()", "", TEXTS),
    Break("another's longer email is taken for theirs", "identifiers",
          r'(r"(?<![\w.+-])", r"(?![\w-]|\.\w)")', '("", "")', TEXTS),
    Break("a CR and an LF meet", "raw_lines", 'yield b"\\n"', "pass", LINES),
    Break("a file is written in its place", "places",
          "os.replace(unfinished, path)", "path.write_bytes(unfinished.read_bytes())", STEPS),
    Break("nothing is unpacked", "decoding", "if magic.startswith(_GZIP):", "if False:", SEARCH),
    Break("columns of Parquet are not read", "decoding",
          "elif magic == _PARQUET:", "elif False:", SEARCH),
    Break("manifests are not unpacked", "decoding", "elif magic == _AVRO:", "elif False:", SEARCH),
    Break("what lies across two blocks is missed", "search",
          "part[-overlap:] if len(part) > overlap else part", 'b""', SEARCH),
    Break("an identifier is told", "search",
          "for kind, _ in wanted.hits_in(part)", "for _, kind in wanted.hits_in(part)", SEARCH),
]  # fmt: skip


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.breaks)
def test_the_break_is_noticed(broken: Break, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "scripts", tmp_path / "scripts")
    path = tmp_path / "scripts" / "erasing" / f"{broken.module}.py"
    before = path.read_text()
    assert before.count(broken.text) == 1, "the break is another one than it says"
    path.write_text(before.replace(broken.text, broken.replacement))
    paths = f"{tmp_path / 'scripts'} tests tests/lakehouse tests/scripts"
    options = ("-q", "-x", "-p", "no:cacheprovider", "-o", f"pythonpath={paths}")
    command = [sys.executable, "-m", "pytest", *options, broken.tests]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert ran.returncode == 1, ran.stdout
