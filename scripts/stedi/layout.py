"""Names of entities, zones of the bucket, layers and roles. Imports nothing of this package."""

from __future__ import annotations

ENTITIES = ("customer", "accelerometer", "step_trainer")
BACKFILL = "backfill"  # notes of what landed behind other deliveries
LANDED = (*ENTITIES, BACKFILL)

# Prefixes of the bucket. A table lies under `<entity>/<zone>/`, one of no single entity under its
# layer.
LANDING = tuple(f"{name}/landing" for name in LANDED)
TRUSTED = tuple(f"{entity}/trusted" for entity in ENTITIES)
CURATED = ("customer/curated", "step_trainer/curated")
STAGING = "staging"
AUDIT = "audit"
RESULTS = "results"
RESTRICTED = "restricted"
BUILT = (STAGING, *TRUSTED, *CURATED, AUDIT)  # what dbt writes
ZONES = (*LANDING, *BUILT, RESULTS, RESTRICTED)

PSEUDONYM_KEY_FOLDER = f"{RESTRICTED}/pseudonym_key"
PSEUDONYM_KEY_OBJECT = f"{PSEUDONYM_KEY_FOLDER}/pseudonym_key"
# Of erasures: the key they are kept under, who is erased, erasures that have begun, their receipts.
ERASURE_KEY_FOLDER = f"{RESTRICTED}/erasure_key"
ERASURES_FOLDER = f"{RESTRICTED}/erasures"
PENDING_ERASURES_FOLDER = f"{RESTRICTED}/pending_erasures"
RECEIPTS_FOLDER = f"{RESTRICTED}/erasure_receipts"
ERASURE_FOLDERS = (
    ERASURE_KEY_FOLDER, ERASURES_FOLDER, PENDING_ERASURES_FOLDER, RECEIPTS_FOLDER,
)  # fmt: skip

BUILT_LAYERS = ("staging", "trusted", "curated", "audit")
LAYERS = ("landing", *BUILT_LAYERS, "restricted")

# Who asks queries, each in a workgroup of their own: whoever may read one query's results of a
# workgroup may read those of all.
QUERYING_ROLES = ("dbt", "analyst", "privacy-officer")
ROLES = (*QUERYING_ROLES, "glue")
