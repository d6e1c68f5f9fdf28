"""Opens what an erasure works on."""

from __future__ import annotations

import getpass
from collections.abc import Callable

from stedi.erasure.erasure import Erasing, Refused
from stedi.erasure.landing_root import Folder, S3Place
from stedi.erasure.tables import AthenaTables, DuckDbTables
from stedi.landing.zones import open_zone
from stedi.restricted.bucket_store import S3Store
from stedi.restricted.erasures import Vault
from stedi.restricted.pseudonym_key import read_key
from stedi.restricted.store import LocalStore
from stedi.target import AthenaTarget, Target


def open_lakehouse(
    target: Target, build_profile: str | None, say: Callable[[str], object]
) -> Erasing:
    """What an erasure in a lakehouse works on.

    build_profile: AWS_PROFILE for dbt. say: takes a sentence before each step.
    Raises Refused and UnreadableKey.
    """
    dbt = target.dbt({"AWS_PROFILE": build_profile} if build_profile else {})
    zone = open_zone(target)
    if isinstance(target, AthenaTarget):
        place = S3Place(target.bucket)
        tables = AthenaTables(dbt, place)
        return Erasing(place, zone, tables, Vault(S3Store(target.bucket)), say)
    if not (key := read_key(target.key_file)):
        raise Refused(
            f"{target.key_file}: there is no pseudonym key, so a person's customer_id is not known; "
            "restore it"
        )
    return Erasing(
        Folder(target.landing),
        zone,
        DuckDbTables(dbt, target.database, key),
        Vault(LocalStore(target.key_file.parent)),
        say,
    )


def operator(target: Target) -> str:
    """Who runs this: the caller's ARN, or the user of this machine."""
    if isinstance(target, AthenaTarget):
        return str(target.clients.sts.get_caller_identity()["Arn"])
    return getpass.getuser()
