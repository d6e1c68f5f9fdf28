"""Prepares an erasure in the lakehouse of a target."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable

from stedi.builds import Build
from stedi.erasure.erasure import Erasure
from stedi.erasure.landing_root import WHOLE_BUCKET, WHOLE_FOLDER, LandingRoot
from stedi.erasure.tables import AthenaTables, DuckDbTables, Tables
from stedi.errors import StediError
from stedi.landing.files import landed_files
from stedi.landing.zones import Zone
from stedi.layout import ENTITIES
from stedi.restricted.erasures import ErasureRegister
from stedi.restricted.pseudonym_key import hmac_sha256, read_key
from stedi.target import AthenaTarget, DuckDbTarget, Target


def prepare_erasure(
    target: Target, build_profile: str | None, say: Callable[[str], object]
) -> Erasure:
    """An erasure in a lakehouse, before anything has changed.

    build_profile: AWS_PROFILE for dbt. say: takes a sentence before each step.
    Raises StediError if it is known already that the erasure could not be completed.
    """
    dbt = target.dbt({"AWS_PROFILE": build_profile} if build_profile else {})
    # The tables are rebuilt as they were built: other vars could release what these withhold.
    build = target.last_build()
    variables = build.variables
    if isinstance(target, AthenaTarget):
        landing = LandingRoot(target.storage, WHOLE_BUCKET)
        tables: Tables = AthenaTables(dbt, landing, target.bucket, variables)
    else:
        landing = LandingRoot(target.storage, WHOLE_FOLDER)
        for entity in ENTITIES:
            landed_files(target.landing, entity)  # raises where the build would
        key = _key_of(target, build)
        tables = DuckDbTables(dbt, target.landing, target.database, key, variables)
    register = ErasureRegister(target.restricted)
    return Erasure(
        landing, Zone(target.storage), tables, register, say, str(variables["earliest_time"])
    )


def _key_of(target: DuckDbTarget, build: Build) -> str:
    """The pseudonym key, by which the search knows a person's customer_id. Raises StediError."""
    if not (key := read_key(target.key_file)):
        raise StediError(
            f"{target.key_file}: no pseudonym key, so a person's customer_id is unknown; restore it"
        )
    if hmac_sha256("", key) != build.key_id:
        raise StediError(
            f"{target.key_file}: not the key that the tables in {target.database} were built with. "
            "Restore that key, set STEDI_PSEUDONYM_KEY_FILE to it, or finish the rotation that "
            "`stedi key rotate` began"
        )
    return key


def operator(target: Target) -> str:
    """Who runs this: the caller's ARN, or the user of this machine as the system knows them."""
    if isinstance(target, AthenaTarget):
        return str(target.clients.sts.get_caller_identity()["Arn"])
    # Not getpass.getuser(), which believes $LOGNAME.
    user = os.getuid()
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
