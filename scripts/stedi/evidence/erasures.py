"""What the restricted folder tells about erasures: receipts, and what has not been completed.

A receipt names nobody: its people are HMACs under a key that is stored nowhere. Receipts form a
chain, which is verified, and each says which builds there were.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from stedi.builds import digest_of_ledger
from stedi.errors import StediError
from stedi.evidence.lakehouse import Query
from stedi.restricted.erasures import ERASURES, PENDING
from stedi.restricted.receipts import RECEIPTS, Receipts
from stedi.restricted.store import RestrictedStore


@dataclass(frozen=True)
class Receipt:
    """A completed erasure. lines, files: how many were rewritten in landing, by entity.

    build, ledger: the last build, and the digest of the ledger up to it; "" in an old receipt.
    """

    when: str
    by: str
    build: str
    ledger: str
    people: int
    lines: dict[str, int]
    files: dict[str, int]
    shared_devices: int
    searched_objects: int
    searched_bytes: int


@dataclass(frozen=True)
class Erasures:
    """Everything that is noted of erasures.

    receipts: newest first. unreadable: names of receipts that cannot be read. broken: what is
    missing or was changed. reinstatements: when people were let back, by whom, and how many; newest
    first. pending: erasures that have begun but not ended. people: how many must not come back.
    problem: why nothing is known, or "".
    """

    receipts: list[Receipt] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    reinstatements: list[tuple[str, str, int]] = field(default_factory=list)
    pending: int = 0
    people: int = 0
    problem: str = ""


def read_erasures(store: RestrictedStore, query: Query) -> Erasures:
    """The erasures that a restricted folder notes. query: of the tables, for the builds."""
    receipts, unreadable, reinstatements = [], [], []
    try:
        broken = Receipts(store).problems()
        for name in store.names(RECEIPTS):
            try:
                content = json.loads(store.read(name) or b"")
                if content.get("what") == "reinstatement":
                    people = len(content["people"])
                    reinstatements.append((str(content["when"]), str(content["by"]), people))
                else:
                    receipts.append(_receipt(content))
            except (AttributeError, KeyError, TypeError, ValueError):
                unreadable.append(_file_name(name))
        pending = {_file_name(name).partition("-")[0] for name in store.names(PENDING)}
        people = len(store.names(ERASURES))
    except StediError as error:
        return Erasures(problem=str(error))
    if people and not (receipts or unreadable or pending):
        broken.append("all receipts are missing, though people were erased")
    receipts.sort(key=lambda receipt: receipt.when, reverse=True)
    broken += _changed_ledger(receipts, query)
    reinstatements.sort(reverse=True)
    return Erasures(receipts, unreadable, broken, reinstatements, len(pending), people)


def _changed_ledger(receipts: list[Receipt], query: Query) -> Iterator[str]:
    """Receipts since which the ledger of builds is no longer what it was.

    A ledger that began later, as the database was deleted, says nothing of earlier ones.
    """
    rows = [
        (str(build), str(status), at)
        for build, status, at in query(
            "select build_id, status, happened_at from stedi_audit.builds"
        )
    ]
    began = min((f"{at:%Y-%m-%dT%H:%M:%S}" for _, _, at in rows), default="")
    for receipt in receipts:
        is_older = not began or receipt.when[: len(began)] < began
        if not receipt.build or is_older:
            continue
        if digest_of_ledger(rows, receipt.build) != receipt.ledger:
            yield f"the ledger of builds was changed since the receipt of {receipt.when}"


def _file_name(name: str) -> str:
    return name.rpartition("/")[2]


def _receipt(content: dict[str, Any]) -> Receipt:
    return Receipt(
        when=str(content["when"]),
        by=str(content["by"]),
        build=str(content.get("build", "")),
        ledger=str(content.get("ledger", "")),
        people=len(content["people"]),
        lines={str(entity): int(n) for entity, n in content["lines"].items()},
        files={str(entity): int(n) for entity, n in content["files"].items()},
        shared_devices=int(content["devices_shared_and_kept"]),
        searched_objects=int(content["searched_objects"]),
        searched_bytes=int(content["searched_bytes"]),
    )
