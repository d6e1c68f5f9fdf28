"""TODO."""

from __future__ import annotations

from collections.abc import Iterator

Rows = list[tuple]


def aligned(rows: Rows) -> Iterator[str]:
    """Rows as lines: texts to the left, numbers with thousands to the right, columns aligned."""
    cells = [[f"{v:,}" if isinstance(v, int) else str(v) for v in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    for row, texts in zip(rows, cells):
        padded = (
            text.rjust(width) if isinstance(value, int) else text.ljust(width)
            for value, text, width in zip(row, texts, widths)
        )
        yield "  ".join(padded).rstrip()


def section(title: str, rows: Rows) -> Iterator[str]:
    """A title, and the rows under it; where there are none it says so."""
    yield ""
    yield title if rows else f"{title}: none"
    yield from (f"  {line}" for line in aligned(rows))
