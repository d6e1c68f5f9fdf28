"""The page: everything that it says, gathered, and put into its template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from stedi.errors import StediError
from stedi.evidence import charts, consent, fields, flow, laws, people, sizes
from stedi.evidence import erasures as receipts
from stedi.evidence.lakehouse import Lakehouse

TEMPLATE = "page.html.j2"


class NeverBuilt(StediError):
    """Tables of which no build was completed. Its text says what to do."""


@dataclass(frozen=True)
class Places:
    """Where everything lies that the page is made of beside the tables."""

    manifest: Path
    dbt_results: Path
    pytest_results: tuple[Path, ...]
    measured: Path
    readme: Path


@dataclass(frozen=True)
class Evidence:
    """All that the page says."""

    now: datetime
    tables: str
    build: people.Build
    laws: list[laws.Law]
    results: dict[str, laws.Results]  # of which runner
    sources: list[flow.Source]
    rows: list[tuple[str, str, int]]
    over_time: consent.OverTime
    everybody: people.Everybody
    erasures: receipts.Erasures
    lineage: fields.Lineage
    k: list[tuple[Any, ...]]
    exposures: list[tuple[Any, ...]]
    sizes: sizes.Sizes

    @property
    def unproven(self) -> list[laws.Law]:
        """The laws of which not every test has passed."""
        return [law for law in self.laws if law.state != "proven"]


def gather(lakehouse: Lakehouse, places: Places, limit: int = people.LIMIT) -> Evidence:
    """Asks the tables and reads the artifacts. Raises NeverBuilt, NoLaws, and what asking does."""
    query = lakehouse.query
    build = people.last_build(query)
    if build is None:
        raise NeverBuilt(f"{lakehouse.tables}: no build was ever completed; run `dbt build`")
    results = {
        "dbt": laws.dbt_results(places.dbt_results),
        "pytest": laws.pytest_results(*places.pytest_results),
    }
    return Evidence(
        now=datetime.now(timezone.utc),
        tables=lakehouse.tables,
        build=build,
        laws=laws.laws(places.readme.read_text(encoding="utf-8"), *results.values()),
        results=results,
        sources=flow.sources(query),
        rows=flow.rows(query),
        over_time=consent.over_time(query),
        everybody=people.withheld(query, build, limit),
        erasures=receipts.erasures(lakehouse.kept),
        lineage=fields.lineage(places.manifest),
        k=query("""
            select curated_table, what_is_known, smallest_group, groups_of_people,
                groups_below_threshold, threshold
            from stedi_audit.k_anonymity order by curated_table, what_is_known
        """),
        exposures=query("""
            select exposure, derived_at, people, people_who_withdrew, is_stale
            from stedi_audit.stale_exposures order by exposure
        """),
        sizes=sizes.sizes(lakehouse.stored, places.measured),
    )


def page(evidence: Evidence) -> str:
    """The page's HTML, which needs nothing beside it."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "time": moment, "size": size}
    environment.filters |= {"code": code, "breaking": breaking}
    drawn = {
        "lines": Markup(charts.flow_of_lines(evidence.sources)),
        "readings": Markup(charts.flow_of_readings(evidence.sources)),
        "consent": Markup(charts.consent(evidence.over_time.months)),
    }
    return environment.get_template(TEMPLATE).render(e=evidence, charts=drawn, fields=fields)


def number(value: int) -> str:
    """With thousands."""
    return f"{value:,}"


def moment(value: datetime) -> str:
    """To the second, in UTC, as every time of the tables is."""
    return f"{value:%Y-%m-%d %H:%M:%S}"


def size(value: int | None) -> str:
    """Bytes to the last one; None: not known."""
    return "not known" if value is None else f"{value:,}"


def code(text: str) -> Markup:
    """A text whose `parts` in backticks are code; names may break behind an underscore."""
    parts = enumerate(text.split("`"))
    return Markup("").join(
        Markup("<code>{}</code>").format(breaking(part)) if place % 2 else part
        for place, part in parts
    )


def breaking(name: str) -> Markup:
    """A name that may break behind an underscore."""
    return Markup("_<wbr>").join(escape(name).split("_"))
