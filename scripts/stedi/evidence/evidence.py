"""Everything that the page says, and its verdict: gathered from the tables and from files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stedi.errors import StediError
from stedi.evidence.attestation import Attestation, read_attestation
from stedi.evidence.consent import ConsentHistory, consent_history
from stedi.evidence.erasures import Erasures, read_erasures
from stedi.evidence.fields import Lineage, read_lineage
from stedi.evidence.flow import Source, row_counts, sources
from stedi.evidence.lakehouse import LakehouseReader
from stedi.evidence.laws import (
    FAILED,
    NOT_RUN,
    Law,
    Results,
    latest_dbt_results,
    read_laws,
)
from stedi.evidence.people import LIMIT, Build, WithheldPeople, last_build, withheld_people
from stedi.evidence.sizes import Sizes, read_sizes
from stedi.evidence.waiting import Waiting, read_waiting
from stedi.lineage.project import LAST


@dataclass(frozen=True)
class Files:
    """The files that the page is made from, apart from the tables.

    dbt_results: the latest of them counts. nights: the benchmark's results.
    """

    project: Path
    manifest: Path
    dbt_results: tuple[Path, ...]

    @property
    def laws(self) -> Path:
        return self.project / "docs" / "laws.yml"

    @property
    def attestation(self) -> Path:
        return self.project / "docs" / "attestation.json"

    @property
    def nights(self) -> Path:
        return self.project / "docs" / "nightly.json"


@dataclass(frozen=True)
class Evidence:
    """Everything that the page says.

    laws: with the data tests of each, which look at the tables; results: how these tests ended.
    attestation: what was proven of the code, on deliveries of its own.
    """

    now: datetime
    lakehouse: str
    build: Build
    waiting: Waiting
    laws: list[Law]
    results: Results
    attestation: Attestation
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
    def people(self) -> int:
        """How many people share their readings for research."""
        return next(rows for _, table, rows in self.rows if table == LAST)

    @property
    def checks(self) -> Counter[str]:
        """How many of dbt's tests of the tables are in each state."""
        return Counter({t.name: t.state for law in self.laws for t in law.tests}.values())

    @property
    def looked_at_everything(self) -> bool:
        """Whether the tests looked at everything, not only at what a nightly build had changed."""
        build = self.build
        return not self.results.build_id or (
            build.is_whole and self.results.build_id == build.build_id
        )

    @property
    def is_current(self) -> bool:
        """Whether the tests ran on what the last build made."""
        when = self.results.when
        return when is not None and (
            self.results.build_id == self.build.build_id
            or when.replace(tzinfo=None) >= self.build.completed_at
        )

    @property
    def alarms(self) -> list[str]:
        """What a privacy officer has to act on, each a sentence that says what to do."""
        return [*_alarms(self)]

    @property
    def verdict(self) -> str:
        """The whole page in a sentence."""
        checked = sum(self.checks.values()) - self.checks[NOT_RUN]
        if failed := self.checks[FAILED]:
            return (
                f"{failed} of {checked} checks of the tables failed: until that is put right, it "
                "is not known that consent covers what they hold."
            )
        if not checked or not self.is_current:
            return (
                "The tables were not checked after they were last built, so it is not known that "
                "consent covers what they hold."
            )
        return (
            f"The trusted and curated tables hold data of {self.people:,} people who agreed to "
            f"share it for research, and of nobody else: all {checked} checks passed."
        )


def _alarms(e: Evidence) -> Iterator[str]:
    failed = sorted({t.name for law in e.laws for t in law.tests if t.state == FAILED})
    if failed:
        yield f"Failed: {', '.join(f'`{name}`' for name in failed)}. Let nobody use these tables."
    if e.results.problem or not e.is_current:
        yield (
            "Check the tables: run `make evidence`, or on Athena `dbt test` and then `stedi "
            "evidence`."
        )
    if any(source.unaccounted for source in e.sources):
        yield "Lines or readings are unaccounted for, see Flow. Run `dbt build --full-refresh`."
    if e.lineage.beyond:
        yield f"Shown beyond `{LAST}`: {'; '.join(e.lineage.beyond)}. Take it out of the model."
    if e.erasures.pending:
        yield f"Unfinished erasures: {e.erasures.pending:,}. Run them again with the same emails."
    for broken in e.erasures.broken:
        yield f"The chain of receipts is broken: {broken}."
    if e.erasures.unreadable:
        yield (
            f"Receipts that cannot be read: {', '.join(e.erasures.unreadable)}. Restore them from "
            "a backup."
        )
    if e.build.unfinished_since:
        yield (
            f"Later builds that were not completed: {e.build.unfinished_since:,}. Some tables may "
            "come from them. Run `dbt build`, then write this page again."
        )
    if stale := [name for name, *_, is_stale in e.exposures if is_stale]:
        yield f"Derived from data of people who have withdrawn since: {', '.join(stale)}."


def gather(lakehouse: LakehouseReader, files: Files, limit: int = LIMIT) -> Evidence:
    """Queries the tables and reads the files. limit: how many people to list.

    Raises StediError if no build was ever completed or docs/laws.yml cannot be read.
    """
    query = lakehouse.query
    build = last_build(query)
    if build is None:
        raise StediError(f"{lakehouse.name}: no build was ever completed; run `dbt build`")
    results = latest_dbt_results(*files.dbt_results)
    return Evidence(
        now=datetime.now(UTC),
        lakehouse=lakehouse.name,
        build=build,
        waiting=read_waiting(lakehouse, build),
        laws=[law.on_tables for law in read_laws(files.laws, results)],
        results=results,
        attestation=read_attestation(files.attestation, files.project),
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
