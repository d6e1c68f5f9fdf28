"""Everything that the page says, as JSON for programs; evidence.schema.json describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from stedi.evidence.evidence import Evidence
from stedi.evidence.laws import FAILED, NOT_RUN, PASSED, Law
from stedi.evidence.people import Person

SCHEMA = "evidence.schema.json"


def as_json(e: Evidence) -> str:
    """What is known of a lakehouse. Times are UTC."""
    content = {
        "written_at": e.now,
        "verdict": e.verdict,
        "alarms": e.alarms,
        "lakehouse": e.lakehouse,
        "build": asdict(e.build),
        "waiting": asdict(e.waiting),
        "checks": {
            "when": e.results.when,
            "looked_at_everything": e.looked_at_everything,
            "is_current": e.is_current,
            "problem": e.results.problem,
            **{
                state.replace(" ", "_"): e.checks[state] for state in (PASSED, FAILED, NOT_RUN)
            },
        },
        "laws": [_law(law) for law in e.laws],
        "attestation": asdict(e.attestation) | {"laws": [_law(law) for law in e.attestation.laws]},
        "sources": [asdict(source) for source in e.sources],
        "rows": _records(("layer", "table", "rows"), e.rows),
        "consent": {"months": [month._asdict() for month in e.consent.months],
                    "total": e.consent.total},
        "withheld": {
            "people": [_person(person) for person in e.withheld.listed],
            "total": e.withheld.total,
            "unassigned": _records(("source", "reason", "readings"), e.withheld.unassigned),
        },
        "erasures": asdict(e.erasures),
        "lineage": asdict(e.lineage) | {"beyond": e.lineage.beyond},
        "k": _records(
            ("table", "what_is_known", "smallest_group", "groups", "groups_below_threshold",
             "threshold"), e.k,
        ),
        "exposures": _records(
            ("exposure", "derived_at", "people", "people_who_withdrew", "is_stale"), e.exposures
        ),
        "sizes": {
            "files": _records(("stored", "bytes"), e.sizes.files),
            "nights": [asdict(night) for night in e.sizes.nights],
            "problem": e.sizes.problem,
        },
    }  # fmt: skip
    return json.dumps(content, indent=2, default=str) + "\n"


def _law(law: Law) -> dict[str, Any]:
    return asdict(law) | {"state": law.state}


def _person(person: Person) -> dict[str, Any]:
    withheld = [(*why, readings) for why, readings in person.withheld.items()]
    return asdict(person) | {"withheld": _records(("source", "reason", "readings"), withheld)}


def _records(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in rows]
