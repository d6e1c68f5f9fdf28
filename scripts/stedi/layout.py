"""Names of entities, zones of the bucket, layers of tables, and roles."""

from __future__ import annotations

import re
from pathlib import Path

ENTITIES = ("customer", "accelerometer", "step_trainer")
BACKFILL = "backfill"  # notes of deliveries on days before the newest
LANDED = (*ENTITIES, BACKFILL)

# Zones: prefixes of the bucket. A table's files are below `<entity>/<zone>/`, or below its layer's
# name if it belongs to no single entity.
LANDING = tuple(f"{name}/landing" for name in LANDED)
TRUSTED = tuple(f"{entity}/trusted" for entity in ENTITIES)
CURATED = ("customer/curated", "step_trainer/curated")
STAGING = "staging"
AUDIT = "audit"
RESULTS = "results"
RESTRICTED = "restricted"
BUILT = (STAGING, *TRUSTED, *CURATED, AUDIT)  # written by dbt
ZONES = (*LANDING, *BUILT, RESULTS, RESTRICTED)

PSEUDONYM_KEY_FOLDER = f"{RESTRICTED}/pseudonym_key"
PSEUDONYM_KEY_OBJECT = f"{PSEUDONYM_KEY_FOLDER}/pseudonym_key"
# Erasures: their key, who is erased, the devices of those people, those that have begun and not
# ended, and receipts.
ERASURE_KEY_FOLDER = f"{RESTRICTED}/erasure_key"
ERASURES_FOLDER = f"{RESTRICTED}/erasures"
DEVICE_CLAIMS_FOLDER = f"{RESTRICTED}/device_claims"
PENDING_ERASURES_FOLDER = f"{RESTRICTED}/pending_erasures"
RECEIPTS_FOLDER = f"{RESTRICTED}/erasure_receipts"
RECEIPT_HASHES_FOLDER = f"{RESTRICTED}/receipt_hashes"
REWRITTEN_FILES_FOLDER = f"{RESTRICTED}/rewritten_files"
ERASURE_FOLDERS = (
    ERASURE_KEY_FOLDER, ERASURES_FOLDER, DEVICE_CLAIMS_FOLDER, PENDING_ERASURES_FOLDER,
    RECEIPTS_FOLDER, RECEIPT_HASHES_FOLDER, REWRITTEN_FILES_FOLDER,
)  # fmt: skip

BUILT_LAYERS = ("staging", "trusted", "curated", "audit")
LAYERS = ("landing", *BUILT_LAYERS, "restricted")

# Roles that run queries, each in its own workgroup: who may read the results of one query of a
# workgroup may read them all.
QUERYING_ROLES = ("dbt", "analyst", "privacy-officer")
ROLES = (*QUERYING_ROLES, "glue")

# DuckDB names a database after its file. These names already mean something else in it.
_DUCKDB_NAMES = ("main", "memory", "temp", "system", "information_schema", "pg_catalog", "landing")


def database_name_problem(path: Path) -> str | None:
    """Why DuckDB or dbt cannot use a database file of this name, and what to do, or None."""
    name = path.name.lstrip(".").partition(".")[0]
    advice = "name it otherwise, as lakehouse.duckdb"
    if not re.fullmatch(r"[\w $-]+", name):
        allowed = "letters, digits, spaces, _, - and $"
        return f"{path}: a database file's name may hold only {allowed} before its dot; {advice}"
    if name.lower() in _DUCKDB_NAMES or name.lower().startswith("stedi_"):
        return f"{path}: DuckDB would take {name} for the database and for a part of it; {advice}"
    return None
