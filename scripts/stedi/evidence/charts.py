"""The page's charts, as SVG elements for HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from io import StringIO

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from stedi.evidence.consent import Month
from stedi.evidence.flow import Source

INK, QUIET = "#24292f", "#d0d7de"
GOOD, TWICE, BAD = "#2f6f4f", "#9fb3c8", "#b3261e"
# Reasons to withhold. They differ in lightness too, for print without colours.
REASONS = ("#b35900", "#e0a458", "#6e4a9e", "#b9a3d6", "#5a6470", "#f0d9b5")
WIDTH = 9.2  # inches

Parts = Sequence[tuple[str, int]]


def flow_of_lines(sources: Iterable[Source]) -> str:
    """What happened to each source's lines, as shares of them."""
    colours = {"accepted": GOOD, "duplicate": TWICE, "rejected": BAD}
    bars = {
        f"{s.name}\n{s.landed:,} lines": [
            ("accepted", s.accepted), ("duplicate", s.duplicate), ("rejected", s.lines_rejected),
        ] for s in sources
    }  # fmt: skip
    return _shares("lines", bars, colours)


def flow_of_readings(sources: Iterable[Source]) -> str:
    """What happened to each source's readings, with every reason, as shares of them."""
    measured = [s for s in sources if s.released is not None]
    reasons = sorted({part.reason for source in measured for part in source.withheld})
    colours = {"released": GOOD} | {
        reason: REASONS[number % len(REASONS)] for number, reason in enumerate(reasons)
    }
    bars = {
        f"{s.name}\n{s.accepted:,} readings": [
            ("released", s.released or 0),
            *((reason, sum(p.readings for p in s.withheld if p.reason == reason))
              for reason in reasons),
        ] for s in measured
    }  # fmt: skip
    return _shares("readings", bars, colours)


def consent(months: Sequence[Month]) -> str:
    """How many people share at the end of each month, and what changed in it."""
    with _style("consent"):
        figure = Figure((WIDTH, 2.7), layout="constrained")
        people, changes = figure.subplots(1, 2)
        places = range(len(months))
        people.bar(places, [month.sharing for month in months], color=GOOD, width=0.6)
        _titled(people, "People who share at the end of the month")
        changes.bar(
            places, [month.consents_begun for month in months], color=GOOD, width=0.6,
            label="consents that began",
        )  # fmt: skip
        changes.bar(
            places, [-month.consents_ended for month in months], color=BAD, width=0.6,
            label="consents that ended",
        )  # fmt: skip
        changes.axhline(0, color=INK, linewidth=0.8)
        changes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")
        _titled(changes, "Consents that began and ended")
        changes.legend(frameon=False, fontsize=8, ncols=2, loc="upper right")
        low, high = changes.get_ylim()
        changes.set_ylim(low, high + 0.18 * (high - low))  # room for the legend
        each = max(1, -(-len(months) // 6))
        for axes in (people, changes):
            axes.set_xticks([*places][::each], [f"{m.month:%Y-%m}" for m in months][::each])
            axes.set_xlim(-0.8, max(len(months), 4) - 0.2)
            axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        return _svg(figure, "Consent to research over time")


def _shares(what: str, bars: Mapping[str, Parts], colours: Mapping[str, str]) -> str:
    with _style(what):
        figure = Figure((WIDTH, 0.85 + 0.42 * len(bars)), layout="constrained")
        axes = figure.subplots()
        for row, (_, parts) in enumerate(bars.items()):
            total = sum(n for _, n in parts) or 1
            left = 0.0
            for name, n in parts:
                axes.barh(row, n / total, left=left, color=colours[name], height=0.62)
                left += n / total
        axes.set_yticks(range(len(bars)), [*bars])
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        handles = [matplotlib.patches.Patch(color=colour) for colour in colours.values()]
        axes.legend(
            handles, [*colours], frameon=False, fontsize=8, ncols=6,
            loc="lower left", bbox_to_anchor=(-0.02, 1.0),
        )  # fmt: skip
        return _svg(figure, f"What happened to the {what} of each source")


def _titled(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=9, fontweight="bold")
    axes.grid(axis="y", color=QUIET)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _style(salt: str) -> AbstractContextManager[None]:
    """Keeps text as text, makes equal figures equal SVG, and gives no two charts the same ids."""
    return matplotlib.rc_context(
        {
            "svg.fonttype": "none", "svg.hashsalt": salt,
            "font.family": "sans-serif", "font.size": 9,
            **dict.fromkeys(
                ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"),
                INK,
            ),
        }
    )  # fmt: skip


def _svg(figure: Figure, label: str) -> str:
    """The svg element alone, with a label for those who cannot see it."""
    text = StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    svg = text.getvalue()
    return svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
