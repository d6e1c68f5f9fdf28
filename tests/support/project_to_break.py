"""A copy of the dbt project that a test breaks on purpose."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.lakehouse import PROJECT, Lakehouse
from support.mutations import Mutation

PARTS = ("macros", "models", "seeds", "tests", "analyses", "scripts", "dbt_project.yml")


def copy_to_break(project: Path) -> None:
    """Copies what dbt reads to a new folder."""
    project.mkdir()
    for part in PARTS:
        source, target = PROJECT / part, project / part
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)


def breakable(folder: Path) -> Lakehouse:
    """A lakehouse in a folder, whose project is a copy beside it that a test may break."""
    copy_to_break(folder / "project")
    return Lakehouse(folder / "lakehouse", folder / "project")


def replace_once(path: Path, text: str, replacement: str) -> str:
    """Replaces a text in a file, and returns what the file held before.

    Fails the test at hand where the text is not there exactly once, for then the break is another
    one than it says.
    """
    before = path.read_text()
    assert before.count(text) == 1, f"{path.name} has this {before.count(text)} times: {text}"
    path.write_text(before.replace(text, replacement))
    return before


def drop_tables(lakehouse: Lakehouse) -> None:
    """Removes all that was built."""
    for file in lakehouse.folder.glob(f"{lakehouse.database.name}*"):
        file.unlink()


@contextmanager
def broken(lakehouse: Lakehouse, *mutations: Mutation) -> Iterator[None]:
    """Breaks the project of a lakehouse without tables in one way, or some, of different files, as
    long as the context lasts; dbt parses only what was changed. See replace_once."""
    drop_tables(lakehouse)
    before: dict[Path, str] = {}
    try:
        for mutation in mutations:
            file = lakehouse.project / mutation.file
            before[file] = replace_once(file, mutation.text, mutation.replacement)
        lakehouse.parse_again()
        yield
    finally:
        for file, text in before.items():
            file.write_text(text)
        lakehouse.parse_again()
