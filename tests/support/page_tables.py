"""Reads the tables of a page from its HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple


class Row(NamedTuple):
    """A row of a table's body: its attributes, and the text of each cell."""

    attributes: dict[str, str]
    cells: list[str]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[Row]] = {}
        self._rows: list[Row] | None = None
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "table":
            self._rows = self.tables.setdefault(given.get("id", ""), [])
        elif tag == "tr" and self._rows is not None:
            self._rows.append(Row(given, []))
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].cells.append("")
            self._in_cell = True
        elif tag == "li":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False
        elif tag == "thead" and self._rows is not None:
            self._rows.clear()

    def handle_data(self, data: str) -> None:
        if self._in_cell and self._rows:
            self._rows[-1].cells[-1] += data


def tables(page: str) -> dict[str, list[Row]]:
    """The rows of each table, by its id. Runs of blanks in a cell become one."""
    reader = _Reader()
    reader.feed(page)
    return {
        name: [Row(row.attributes, [" ".join(cell.split()) for cell in row.cells]) for row in rows]
        for name, rows in reader.tables.items()
    }


def number(text: str) -> int:
    """A number written with thousands separators."""
    return int(text.replace(",", ""))
