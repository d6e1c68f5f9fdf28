"""Aligned columns of text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Rows = Sequence[tuple[object, ...]]


def aligned(rows: Rows) -> Iterator[str]:
    """Rows as lines with aligned columns: text on the left, whole numbers on the right."""
    cells = [[f"{v:,}" if isinstance(v, int) else str(v) for v in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row, texts in zip(rows, cells, strict=True):
        padded = (
            text.rjust(width) if isinstance(value, int) else text.ljust(width)
            for value, text, width in zip(row, texts, widths, strict=True)
        )
        yield "  ".join(padded).rstrip()


def section(title: str, rows: Rows) -> Iterator[str]:
    """A title with the rows below it, or `title: none`."""
    yield ""
    yield title if rows else f"{title}: none"
    yield from (f"  {line}" for line in aligned(rows))
