"""The page: gathers everything that it says, and renders its template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from stedi.errors import StediError
from stedi.evidence import charts
from stedi.evidence.consent import ConsentHistory, consent_history
from stedi.evidence.erasures import Erasures, read_erasures
from stedi.evidence.fields import Lineage, read_lineage
from stedi.evidence.flow import Source, row_counts, sources
from stedi.evidence.lakehouse import LakehouseReader
from stedi.evidence.laws import Law, Results, dbt_results, pytest_results, read_laws
from stedi.evidence.people import LIMIT, Build, WithheldPeople, last_build, withheld_people
from stedi.evidence.sizes import Sizes, read_sizes
from stedi.lineage.project import LAST

TEMPLATE = "page.html.j2"


@dataclass(frozen=True)
class Files:
    """The files that the page is made from, apart from the tables.

    nights: the benchmark's results.
    """

    laws: Path
    manifest: Path
    dbt_results: Path
    pytest_results: tuple[Path, ...]
    nights: Path


@dataclass(frozen=True)
class Evidence:
    """Everything that the page says. results: by runner of tests."""

    now: datetime
    lakehouse: str
    build: Build
    laws: list[Law]
    results: dict[str, Results]
    sources: list[Source]
    rows: list[tuple[str, str, int]]
    consent: ConsentHistory
    withheld: WithheldPeople
    erasures: Erasures
    lineage: Lineage
    k: list[tuple[Any, ...]]
    exposures: list[tuple[Any, ...]]
    sizes: Sizes

    @property
    def unproven(self) -> list[Law]:
        """The laws that are not proven, or only in part."""
        return [law for law in self.laws if law.state != "proven"]


def gather(lakehouse: LakehouseReader, files: Files, limit: int = LIMIT) -> Evidence:
    """Queries the tables and reads the files. limit: how many people to list.

    Raises StediError if no build was ever completed or docs/laws.yml cannot be read.
    """
    query = lakehouse.query
    build = last_build(query)
    if build is None:
        raise StediError(f"{lakehouse.name}: no build was ever completed; run `dbt build`")
    results = {
        "dbt": dbt_results(files.dbt_results),
        "pytest": pytest_results(*files.pytest_results),
    }
    return Evidence(
        now=datetime.now(UTC),
        lakehouse=lakehouse.name,
        build=build,
        laws=read_laws(files.laws, *results.values()),
        results=results,
        sources=sources(query),
        rows=row_counts(query),
        consent=consent_history(query),
        withheld=withheld_people(query, build, limit),
        erasures=read_erasures(lakehouse.restricted, query),
        lineage=read_lineage(files.manifest),
        k=query("""
            select curated_table, what_is_known, smallest_group, groups_of_people,
                groups_below_threshold, threshold
            from stedi_audit.k_anonymity order by curated_table, what_is_known
        """),
        exposures=query("""
            select exposure, derived_at, people, people_who_withdrew, is_stale
            from stedi_audit.stale_exposures order by exposure
        """),
        sizes=read_sizes(lakehouse.file_sizes, files.nights),
    )


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
