"""`stedi purge` deletes old versions for good, and neither current objects nor landed files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from botocore.client import BaseClient
from click.testing import Result

from stedi.maintenance.versions import outdated
from stedi.storage.bucket import Bucket, Version

BUCKET = "stedi-test"
NOW = datetime(2024, 5, 10, tzinfo=UTC)


@pytest.fixture
def s3(bucket: Bucket) -> Any:
    """A client for the bucket, in which objects were replaced and deleted."""
    s3 = bucket.client
    for key in (
        "customer/landing/ingest_date=2024-01-01/a.json",
        "customer/trusted/t/data/replaced",
        "staging/t/data/deleted",
        "results/stedi/a.csv",
        "restricted/pseudonym_key/other",
    ):
        s3.put_object(Bucket=bucket.name, Key=key, Body=b"old")
        s3.put_object(Bucket=bucket.name, Key=key, Body=b"newer")
    s3.delete_object(Bucket=bucket.name, Key="staging/t/data/deleted")
    return s3


@pytest.fixture
def purge(s3: Any, run: Callable[..., Result]) -> Callable[..., Result]:
    """Runs `stedi purge`."""
    return partial(run, "purge")


def versions(s3: Any) -> dict[str, list[str]]:
    """Of each key, what there is: the current object or marker, and how many others."""
    found: dict[str, list[str]] = {}
    answer = s3.list_object_versions(Bucket=BUCKET)
    for kind in ("Versions", "DeleteMarkers"):
        for entry in answer.get(kind, ()):
            what = "current" if entry["IsLatest"] else "old"
            found.setdefault(entry["Key"], []).append(f"{what} {kind}")
    return {key: sorted(kinds) for key, kinds in found.items()}


CURRENT, OLD = "current Versions", "old Versions"


def test_what_is_not_current_goes_where_tables_and_results_lie(
    s3: Any, purge: Callable[..., Result]
) -> None:
    before = versions(s3)
    dry = purge("--dry-run")
    assert dry.output == "5 versions would be deleted, 14 bytes\n"
    assert versions(s3) == before

    done = purge()

    assert done.exit_code == 0
    assert done.output == "5 versions deleted, 14 bytes\n"
    untouched = ("customer/landing/ingest_date=2024-01-01/a.json", "restricted/pseudonym_key/other")
    assert versions(s3) == {
        key: kinds if key in untouched or key.startswith("restricted") else [CURRENT]
        for key, kinds in before.items()
        if not key.startswith("staging")
    }
    assert before[untouched[0]] == [CURRENT, OLD]
    read = s3.get_object(Bucket=BUCKET, Key="customer/trusted/t/data/replaced")["Body"].read()
    assert read == b"newer"
    assert purge().output == "0 versions deleted, 0 bytes\n"


def test_of_landing_only_when_told_to_and_of_restricted_never(
    s3: Any, purge: Callable[..., Result]
) -> None:
    assert purge("--landing").exit_code == 0
    found = versions(s3)
    assert found["customer/landing/ingest_date=2024-01-01/a.json"] == [CURRENT]
    assert found["restricted/pseudonym_key/other"] == [CURRENT, OLD]


def test_current_results_only_when_told_to(s3: Any, purge: Callable[..., Result]) -> None:
    assert purge("--results").exit_code == 0
    assert "results/stedi/a.csv" not in versions(s3)


def test_what_went_lately_stays(s3: Any, purge: Callable[..., Result]) -> None:
    assert purge("--days", "1").output == "0 versions deleted, 0 bytes\n"


def test_more_than_one_request_can_name(s3: Any, purge: Callable[..., Result]) -> None:
    for _ in range(1100):
        s3.put_object(Bucket=BUCKET, Key="audit/t/data/often", Body=b"")
    assert purge().output.startswith("1,104 versions deleted")


def test_a_missing_permission_is_said(
    s3: Any, purge: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 answers 200 and lists what it would not delete."""
    made = BaseClient._make_api_call

    def refused(self: BaseClient, name: str, arguments: dict[str, Any]) -> Any:
        if name != "DeleteObjects":
            return made(self, name, arguments)
        key = arguments["Delete"]["Objects"][0]["Key"]
        return {"Errors": [{"Key": key, "Code": "AccessDenied", "Message": "Access Denied"}]}

    monkeypatch.setattr(BaseClient, "_make_api_call", refused)
    assert "have s3:DeleteObjectVersion allowed, then run it again" in purge().stderr


def version(hours: float, is_latest: bool = False, is_marker: bool = False) -> Version:
    """Of an object, put some hours ago."""
    since = NOW - timedelta(hours=hours)
    return Version("a", str(hours), is_latest, is_marker, since, 1)


@pytest.mark.parametrize(
    ("versions", "gone"),
    [
        # What counts is when another took its place, not when it was put.
        ([version(1, is_latest=True), version(50)], []),
        ([version(25, is_latest=True), version(50)], [1]),
        ([version(1, is_latest=True), version(25), version(50)], [2]),
        ([version(50, is_latest=True)], []),
        # A marker goes with the last that it hides.
        ([version(25, True, True), version(50)], [1, 0]),
        ([version(1, True, True), version(50)], []),
        ([version(25, True, True)], [0]),
        ([version(1, is_latest=True), version(25, is_marker=True), version(50)], [2]),
        ([version(25, is_latest=True), version(26, is_marker=True)], [1]),
    ],
)
def test_which_versions_are_old_after_a_day(versions: list[Version], gone: list[int]) -> None:
    found = list(outdated(versions, NOW - timedelta(days=1)))
    assert found == [versions[index] for index in gone]


def test_a_marker_goes_after_what_it_hides(
    s3: Any, purge: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in between, the deleted object must not be there again."""
    deleted: list[list[bool]] = []
    delete = Bucket.delete_versions

    def noted(self: Any, found: Any) -> int:
        found = list(found)
        deleted.append([each.is_marker for each in found])
        return delete(self, found)

    monkeypatch.setattr(Bucket, "delete_versions", noted)
    assert purge().exit_code == 0
    assert deleted == [[False] * 4, [True]]
