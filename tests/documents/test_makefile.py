"""What make hands on to the programs that it runs, here scripts that note what they were given."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.project_copy import PROJECT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is needed")

PROGRAM = """#!/bin/sh
for argument; do printf '%s\\0' "$argument"; done >> "$SEEN/$(basename "$0")"
printf '%s\\0' "$STEDI_LANDING" "$STEDI_DUCKDB" "$STEDI_PSEUDONYM_KEY_FILE" > "$SEEN/places"
umask > "$SEEN/umask of $(basename "$0")"
mkdir -p target && touch target/run_results.json
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml", "profiles.yml"):
        (folder / name).touch()
    shutil.copy(PROJECT / "Makefile", folder)
    shutil.copy(PROJECT / "profiles.yml.example", folder)
    for name in ("stedi", "dbt", "python"):
        (programs / name).write_text(PROGRAM)
        (programs / name).chmod(0o755)
    for name in (".venv/.runtime", ".venv/.dev", "profiles.yml"):
        (folder / name).touch()
    return folder


def make(project: Path, *arguments: str, **environment: str) -> dict[str, list[str]]:
    """Runs make; what each program was given, and the places in its environment."""
    seen = project.parent / "seen"
    shutil.rmtree(seen, ignore_errors=True)
    seen.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STEDI_", "MAKE"))}
    ran = subprocess.run(
        ["make", *arguments], cwd=project, env=kept | {"SEEN": str(seen)} | environment,
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return {p.name: p.read_text().removesuffix("\0").split("\0") for p in seen.iterdir()}


HOSTILE = [
    "it's; touch pwned",
    "it's",
    "a'; touch pwned; '",
    "a'\ntouch pwned #",
    "a\ntouch pwned",
    'a"; touch pwned; "',
    "a`touch pwned`",
    "a$(touch pwned)",
    "a$$(touch pwned)",
    "a$(shell touch pwned)",
    "a$HOME",
    "a\\'; touch pwned",
    "a&touch pwned&",
    "(a),b#c",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("is_given_by", ["argument", "environment"])
def test_what_is_given_is_handed_on_as_it_is(text: str, is_given_by: str, project: Path) -> None:
    if is_given_by == "argument":
        seen = make(project, "run", f"FROM={text}", f"VARS={text}")
    else:
        seen = make(project, "run", FROM=text, VARS=text)
    assert seen["stedi"][:3] == ["demo", "--from", text]
    assert seen["dbt"][:4] == ["--quiet", "build", "--vars", text]
    assert seen["umask of dbt"] == ["0077\n"]
    for target in ("athena", "parity"):
        assert text in make(project, target, f"FROM={text}", f"VARS={text}")["python"]
    assert "$" in text or make(project, "lives", f"N={text}")
    assert not [*project.rglob("pwned*")]


def test_each_folder_of_deliveries_has_a_lakehouse_of_its_own(project: Path) -> None:
    """With keys and erasures of its own; the default one keeps its places."""
    for name in ("it's one", "it_s one"):
        (project / name).mkdir()
    assert make(project, "run")["places"] == ["", "", ""]
    one, other = (make(project, "run", f"FROM={n}")["places"] for n in ("it's one", "it_s one"))
    assert {*one}.isdisjoint(other)
    for landing, database, key in (one, other):
        place = Path(landing).parent
        assert place.parent == Path("deliveries")
        assert (Path(database), Path(key)) == (
            place / "lakehouse.duckdb",
            place / ".secrets" / "pseudonym_key",
        )
    assert make(project, "evidence", "FROM=it's one", STEDI_DUCKDB="Makefile")["places"] == [
        one[0], "Makefile", one[2],
    ]  # fmt: skip


def test_a_lakehouse_from_before_gets_a_copy_of_the_keys_it_was_built_with(project: Path) -> None:
    (project / "one").mkdir()
    (project / ".secrets").mkdir()
    (project / ".secrets" / "pseudonym_key").write_text("key")
    place = project / Path(make(project, "run", "FROM=one")["places"][0]).parent
    assert not place.exists()  # a new one makes its own
    place.mkdir(parents=True)
    (place / "lakehouse.duckdb").touch()
    for content in ("key", "another"):
        make(project, "run", "FROM=one")
        assert (place / ".secrets" / "pseudonym_key").read_text() == content
        (place / ".secrets" / "pseudonym_key").write_text("another")
