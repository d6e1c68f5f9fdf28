"""The chart of a measured year, as an SVG that a light page and a dark one can both show."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from measure import MIB
from nights import Year

# Of middle lightness, so that they stand out on white as on black.
INK = "#757e88"
INKED = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
NIGHT, REFRESH, COURSE, DAY = "#2f81f7", "#d9730d", "#a371f7", "#757e88"
SIZE = (11, 3.9)  # inches

Line = Mapping[int, float]  # days of history -> figure


def chart(year: Year) -> str:
    """The SVG's text: bytes on Athena, seconds and memory on DuckDB, by days of history."""
    athena, duckdb = year.athena, {days: t for days, t in year.duckdb.items() if t.refresh}
    settings = {
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "nights",  # the same figures make the same file
        "font.family": "sans-serif",
        "font.size": 10,
        **dict.fromkeys(INKED, INK),
    }
    with matplotlib.rc_context(settings):
        figure = Figure(SIZE, layout="constrained")
        bytes_, seconds, memory = figure.subplots(1, 3)
        draw(
            bytes_,
            "Athena: MB scanned",
            {
                ("the course's way", COURSE): {d: s.course / 1e6 for d, s in athena.items()},
                ("full refresh", REFRESH): {d: s.refresh.all / 1e6 for d, s in athena.items()},
                ("night", NIGHT): {d: s.night.all / 1e6 for d, s in athena.items()},
                ("the day's files", DAY): {d: s.delivered / 1e6 for d, s in athena.items()},
            },
            logarithmic=True,
        )
        draw(
            seconds,
            "DuckDB: seconds",
            {
                ("full refresh", REFRESH): {d: t.refresh.seconds for d, t in duckdb.items()},
                ("night", NIGHT): {d: t.night.seconds for d, t in duckdb.items()},
            },
        )
        draw(
            memory,
            "DuckDB: peak memory, MiB",
            {
                ("full refresh", REFRESH): {d: t.refresh.peak / MIB for d, t in duckdb.items()},
                ("night", NIGHT): {d: t.night.peak / MIB for d, t in duckdb.items()},
            },
        )
        text = StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return text.getvalue()


def draw(
    axes: Axes, title: str, lines: Mapping[tuple[str, str], Line], logarithmic: bool = False
) -> None:
    """Draws lines, by their names and colours."""
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set_xlabel("days of history")
    axes.set_xscale("log")
    for (name, colour), line in lines.items():
        axes.plot([*line], [*line.values()], color=colour, marker="o", linewidth=2, label=name)
    days = sorted({day for line in lines.values() for day in line})
    axes.set_xticks(days, [f"{day}" for day in days])
    axes.xaxis.set_minor_locator(NullLocator())
    if logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.grid(axis="y", color=INK, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if days:
        axes.legend(frameon=False, fontsize=9)
