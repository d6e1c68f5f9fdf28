"""Prepares an erasure in the lakehouse of a target."""

from __future__ import annotations

import getpass
from collections.abc import Callable

from stedi.erasure.erasure import Erasure
from stedi.erasure.landing_root import WHOLE_BUCKET, WHOLE_FOLDER, LandingRoot
from stedi.erasure.tables import AthenaTables, DuckDbTables, Tables
from stedi.errors import StediError
from stedi.landing.files import landed_files
from stedi.landing.records import EARLIEST
from stedi.landing.zones import Zone
from stedi.layout import ENTITIES
from stedi.restricted.erasures import ErasureRegister
from stedi.restricted.pseudonym_key import read_key
from stedi.target import AthenaTarget, DuckDbTarget, Target


def prepare_erasure(
    target: Target, build_profile: str | None, say: Callable[[str], object]
) -> Erasure:
    """An erasure in a lakehouse, before anything has changed.

    build_profile: AWS_PROFILE for dbt. say: takes a sentence before each step.
    Raises StediError if it is known already that the erasure could not be completed.
    """
    dbt = target.dbt({"AWS_PROFILE": build_profile} if build_profile else {})
    if isinstance(target, AthenaTarget):
        landing = LandingRoot(target.storage, WHOLE_BUCKET)
        tables: Tables = AthenaTables(dbt, landing)
    else:
        landing = LandingRoot(target.storage, WHOLE_FOLDER)
        key = _key_of(target)
        for entity in ENTITIES:
            landed_files(target.landing, entity)  # raises where the build would
        tables = DuckDbTables(dbt, target.landing, target.database, key)
    register = ErasureRegister(target.restricted)
    earliest = dbt.project.settings.get("vars", {}).get("earliest_time", EARLIEST)
    return Erasure(landing, Zone(target.storage), tables, register, say, str(earliest))


def _key_of(target: DuckDbTarget) -> str:
    if not (key := read_key(target.key_file)):
        raise StediError(
            f"{target.key_file}: no pseudonym key, so a person's customer_id is unknown; restore it"
        )
    return key


def operator(target: Target) -> str:
    """Who runs this: the caller's ARN, or the user of this machine."""
    if isinstance(target, AthenaTarget):
        return str(target.clients.sts.get_caller_identity()["Arn"])
    return getpass.getuser()
