"""Names of entities, zones of the bucket, layers of tables, and roles."""

from __future__ import annotations

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
# Erasures: their key, who is erased, those that have begun and not ended, and receipts.
ERASURE_KEY_FOLDER = f"{RESTRICTED}/erasure_key"
ERASURES_FOLDER = f"{RESTRICTED}/erasures"
PENDING_ERASURES_FOLDER = f"{RESTRICTED}/pending_erasures"
RECEIPTS_FOLDER = f"{RESTRICTED}/erasure_receipts"
ERASURE_FOLDERS = (
    ERASURE_KEY_FOLDER, ERASURES_FOLDER, PENDING_ERASURES_FOLDER, RECEIPTS_FOLDER,
)  # fmt: skip

BUILT_LAYERS = ("staging", "trusted", "curated", "audit")
LAYERS = ("landing", *BUILT_LAYERS, "restricted")

# Roles that run queries, each in its own workgroup: who may read the results of one query of a
# workgroup may read them all.
QUERYING_ROLES = ("dbt", "analyst", "privacy-officer")
ROLES = (*QUERYING_ROLES, "glue")
