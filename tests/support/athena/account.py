"""What a local account holds: tables in Glue, objects in the bucket."""

from __future__ import annotations

import re
from typing import Any

from support.athena.local import LocalLakehouse
from support.athena.parity import Rows, of_trino

LAYERS = ("staging", "trusted", "curated", "audit")


def names(local: LocalLakehouse) -> list[str]:
    return [f"{t['DatabaseName']}.{t['Name']}" for t in entries(local)]


def entries(local: LocalLakehouse) -> list[dict[str, Any]]:
    catalog = local.client("glue")
    return [
        table
        for layer in LAYERS
        for table in catalog.get_tables(DatabaseName=f"stedi_{layer}")["TableList"]
    ]


def tables(local: LocalLakehouse) -> dict[str, Rows]:
    """All but the one that says when there was a build."""
    return {n: of_trino(local, n) for n in names(local) if n != "stedi_audit.builds"}


def objects(local: LocalLakehouse) -> list[dict[str, Any]]:
    pages = local.client("s3").get_paginator("list_object_versions")
    found = pages.paginate(Bucket=local.lake.config.bucket)
    kinds = ("Versions", "DeleteMarkers")
    return [item for page in found for kind in kinds for item in page.get(kind, [])]


def landed(local: LocalLakehouse) -> set[tuple[str, str, str]]:
    """Each version of each delivery, with its content's digest."""
    return {
        (found["Key"], found["VersionId"], found.get("ETag", "deleted"))
        for found in objects(local)
        if "/landing/" in found["Key"]
    }


def keys(local: LocalLakehouse) -> list[str]:
    found = local.client("s3").get_paginator("list_objects_v2")
    pages = found.paginate(Bucket=local.lake.config.bucket)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def unreferenced(local: LocalLakehouse) -> set[str]:
    """Folders of tables in the bucket that no table lies in."""
    zones = ("staging/", "audit/", "/trusted/", "/curated/")
    bucket = f"s3://{local.lake.config.bucket}/"
    known = [table["StorageDescriptor"].get("Location", "") for table in entries(local)]
    places = [place.removeprefix(bucket).rstrip("/") + "/" for place in known if place]
    return {
        re.split("/(?:data|metadata)/", key)[0]
        for key in keys(local)
        if any(zone in key for zone in zones) and not key.startswith(tuple(places))
    }
