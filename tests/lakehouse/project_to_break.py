"""A copy of the dbt project that a test breaks on purpose."""

from __future__ import annotations

import shutil
from pathlib import Path

from lakehouse import PROJECT

PARTS = ("macros", "models", "seeds", "tests", "analyses", "scripts", "dbt_project.yml")


def copy_to_break(project: Path) -> None:
    """Copies what dbt reads to a new folder."""
    project.mkdir()
    for part in PARTS:
        source, target = PROJECT / part, project / part
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)


def replace_once(path: Path, text: str, replacement: str) -> str:
    """Replaces a text in a file, and returns what the file held before.

    Fails the test at hand where the text is not there exactly once, for then the break is another
    one than it says.
    """
    before = path.read_text()
    assert before.count(text) == 1, f"{path.name} has this {before.count(text)} times: {text}"
    path.write_text(before.replace(text, replacement))
    return before
