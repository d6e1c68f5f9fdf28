"""Reads the project's documents: their links, headings, sections and commands."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.project_copy import PROJECT

_FENCE = re.compile(r"^```(\w*)$")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Document:
    """A Markdown file of the project."""

    path: Path

    @property
    def name(self) -> str:
        """The path within the project."""
        return self.path.relative_to(PROJECT).as_posix()

    @property
    def lines(self) -> list[str]:
        """All lines, without their ends."""
        return self.path.read_text(encoding="utf-8").splitlines()

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return "\n".join(line for fence, line in self._by_fence() if fence is None)

    @property
    def links(self) -> list[str]:
        """Targets of links, as written."""
        return _LINK.findall(_SPAN.sub("", self.prose))

    @property
    def anchors(self) -> set[str]:
        """What a link to a heading says after its #, as GitHub makes it."""
        headings = re.findall(r"^#+ (.+)$", self.prose, flags=re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}

    def section(self, heading: str) -> str:
        """The prose below a heading, to the next one. Raises KeyError where there is none."""
        parts = re.split(r"^#+ (.+)$", self.prose, flags=re.MULTILINE)
        return dict(zip(parts[1::2], parts[2::2], strict=True))[heading]

    def commands(self) -> Iterator[str]:
        """What a reader is told to type: lines of shell blocks and indented blocks, and code spans.

        A line that ends in a backslash is joined with the next one.
        """
        for fence, line in _joined(self._by_fence()):
            if fence in ("bash", "sh") or (fence is None and line.startswith("    ")):
                yield line.strip()
        for span in _SPAN.findall(self.prose):
            yield span.replace("\\|", "|")  # as a table writes it

    def _by_fence(self) -> Iterator[tuple[str | None, str]]:
        """Each line with the language of the fenced block that it is in; None outside of any."""
        fence: str | None = None
        for line in self.lines:
            if found := _FENCE.match(line):
                fence = found[1] if fence is None else None
            else:
                yield fence, line


def _joined(lines: Iterator[tuple[str | None, str]]) -> Iterator[tuple[str | None, str]]:
    begun = ""
    for fence, line in lines:
        if line.endswith("\\"):
            begun += line.removesuffix("\\")
        else:
            yield fence, begun + line
            begun = ""


def documents() -> list[Document]:
    """Every Markdown file that git holds or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=PROJECT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return [Document(PROJECT / name) for name in listed.splitlines() if (PROJECT / name).exists()]
