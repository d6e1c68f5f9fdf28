"""The page: everything that is known of a lakehouse, rendered by its template."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from stedi.evidence import charts
from stedi.evidence.evidence import Evidence
from stedi.lineage.project import LAST

TEMPLATE = "page.html.j2"


def render(evidence: Evidence) -> str:
    """The page as one HTML document that loads nothing."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "zip": lambda keys, values: zip(keys, values, strict=True),
        "number": _number,
        "time": _time,
        "size": _size,
        "code": _code,
        "breaking": _breaking,
    }
    drawn = {
        "lines": Markup(charts.flow_of_lines(evidence.sources)),
        "readings": Markup(charts.flow_of_readings(evidence.sources)),
        "consent": Markup(charts.consent(evidence.consent.months)),
    }
    return environment.get_template(TEMPLATE).render(e=evidence, charts=drawn, last_table=LAST)


def _number(value: int) -> str:
    """A number with thousands separators."""
    return f"{value:,}"


def _time(value: datetime) -> str:
    """A time to the second. All times of the tables are UTC."""
    return f"{value:%Y-%m-%d %H:%M:%S}"


def _size(value: int | None) -> str:
    """Bytes, or that they are not known."""
    return "not known" if value is None else f"{value:,}"


def _code(text: str) -> Markup:
    """A text in which `parts` in backticks become code."""
    parts = enumerate(text.split("`"))
    return Markup("").join(
        Markup("<code>{}</code>").format(_breaking(part)) if index % 2 else part
        for index, part in parts
    )


def _breaking(name: str) -> Markup:
    """A name in which the line may break after an underscore."""
    return Markup("_<wbr>").join(escape(name).split("_"))
