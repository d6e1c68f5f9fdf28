"""A page of documentation as what its reader does: commands to run, and lines for files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("aws", "dbt", "make", "pip", "python", "python3", "stedi")
BLOCK = "    "


@dataclass(frozen=True)
class Command:
    """What is typed into a shell; a backslash at a line's end goes on on the next."""

    text: str


@dataclass(frozen=True)
class Lines:
    """What is written to a file: a section to its end, entries in the place of those there."""

    path: str
    text: str

    def write(self, path: Path) -> None:
        """Raises ValueError where an entry is not in the file."""
        found = path.read_text()
        if self.text.startswith("["):
            path.write_text(f"{found}\n{self.text}\n")
            return
        for line in self.text.splitlines():
            name = line.partition(" = ")[0]
            literally = line.replace("\\", r"\\")
            found, times = re.subn(rf"(?m)^{re.escape(name)} = .*$", literally, found)
            if times != 1:
                raise ValueError(f"{self.path}: {name} is there {times} times")
        path.write_text(found)


def steps(markdown: str) -> Iterator[Command | Lines]:
    """What a page says to do, in its order: in its indented blocks, and within its sentences.

    A block behind a sentence that ends in "In `path`:" is for that file, any other has commands.
    Raises ValueError for what looks like a command and would be missed.
    """
    file = None
    for is_code, text in _parts(markdown):
        if not is_code:
            yield from map(Command, _commands_in_sentences(text))
            file = re.search(r"\bIn \[?`([^`]+)`(?:\]\(\S+\))?:$", text)
        elif file:
            yield Lines(file[1], text)
        else:
            yield from map(Command, re.split(r"(?<!\\)\n", text))


def _parts(markdown: str) -> Iterator[tuple[bool, str]]:
    """Blocks of code, each whether it is one, and paragraphs without their line breaks."""
    lines: list[str] = []
    was_code = False
    for line in [*markdown.splitlines(), ""]:
        if line.startswith(("```", "~~~")):
            raise ValueError("a fenced block would be missed; indent it")
        # An indented line within a paragraph belongs to that.
        is_code = line.startswith(BLOCK) and (was_code or not lines)
        is_heading = line.startswith("#")
        if lines and (is_code != was_code or is_heading or not line.strip()):
            yield was_code, ("\n" if was_code else " ").join(lines)
            lines = []
        if line.strip() and not is_heading:
            lines.append(line.removeprefix(BLOCK) if is_code else line.strip())
        was_code = is_code


def _commands_in_sentences(paragraph: str) -> Iterator[str]:
    for span in re.findall(r"`([^`]+)`", paragraph):
        program, _, arguments = span.partition(" ")
        if arguments and program in PROGRAMS:
            yield span
        elif " --" in span:
            raise ValueError(f"`{span}` would be missed; write the whole command")
