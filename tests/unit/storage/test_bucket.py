"""What only a bucket has: versions, and properties of objects beside their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stedi.errors import StediError
from stedi.storage.bucket import Bucket
from stedi.storage.storage import Changed

KEY = "customer/landing/ingest_date=2024-01-31/a.json"


def put(bucket: Bucket, content: bytes, key: str = KEY, **properties: Any) -> str:
    """Puts an object by other means; the id of its version."""
    answer = bucket.client.put_object(Bucket=bucket.name, Key=key, Body=content, **properties)
    return str(answer.get("VersionId", ""))


def contents(bucket: Bucket, prefix: str = "") -> list[bytes]:
    """Of every version, by key, the newest first."""
    return [
        bucket.read(version.key, version.id)
        for version in bucket.versions(prefix)
        if not version.is_marker
    ]


def test_replacing_leaves_no_old_version(bucket: Bucket) -> None:
    put(bucket, b"oldest")
    put(bucket, b"before")
    (found,) = bucket.objects(KEY)
    bucket.replace(found, [b"after"])
    assert contents(bucket) == [b"after"]


def test_replacing_leaves_the_versions_of_keys_that_begin_alike(bucket: Bucket) -> None:
    for content in (b"1", b"2"):
        put(bucket, content)
        put(bucket, content, f"{KEY}.gz")
    found = next(bucket.objects(KEY))
    bucket.replace(found, [b"3"])
    assert contents(bucket, f"{KEY}.gz") == [b"2", b"1"]


def test_a_version_that_is_written_while_content_is_read_stays(bucket: Bucket) -> None:
    put(bucket, b"before")
    (found,) = bucket.objects(KEY)

    def content() -> Iterator[bytes]:
        put(bucket, b"theirs")
        yield b"after"

    with pytest.raises(Changed):
        bucket.replace(found, content())
    assert contents(bucket) == [b"theirs", b"before"]


@pytest.mark.parametrize("operation", ["ListObjectVersions", "HeadObject", "PutObject"])
def test_a_version_that_is_written_just_before_a_request_stays(
    operation: str, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, b"before")
    (found,) = bucket.objects(KEY)
    call = bucket.client._make_api_call

    def write_first(name: str, arguments: Any) -> Any:
        if name == operation:
            monkeypatch.undo()
            put(bucket, b"theirs")
        return call(name, arguments)

    monkeypatch.setattr(bucket.client, "_make_api_call", write_first)
    with pytest.raises(Changed):
        bucket.replace(found, [b"after"])
    assert contents(bucket) == [b"theirs", b"before"]


def test_a_version_that_is_written_after_a_replacement_replaces_it(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, b"before")
    (found,) = bucket.objects(KEY)
    call = bucket.client._make_api_call

    def write_afterwards(name: str, arguments: Any) -> Any:
        answer = call(name, arguments)
        if name == "PutObject":
            monkeypatch.undo()
            put(bucket, b"theirs")
        return answer

    monkeypatch.setattr(bucket.client, "_make_api_call", write_afterwards)
    bucket.replace(found, [b"after"])
    assert contents(bucket) == [b"theirs", b"after"]


def test_replacing_keeps_content_type_metadata_and_tags(bucket: Bucket) -> None:
    put(
        bucket,
        b"before",
        ContentType="application/json",
        ContentEncoding="identity",
        CacheControl="no-store",
        StorageClass="STANDARD_IA",
        Metadata={"source": "app", "sha256": "of the old content"},
        Tagging="owner=team+a&kind=a%3Db",
    )
    (found,) = bucket.objects(KEY)
    bucket.replace(found, [b"after"])
    head = bucket.client.head_object(Bucket=bucket.name, Key=KEY)
    assert head["ContentType"] == "application/json"
    assert head["ContentEncoding"] == "identity"
    assert head["CacheControl"] == "no-store"
    assert head["StorageClass"] == "STANDARD_IA"
    digest = hashlib.sha256(b"after").hexdigest()
    assert head["Metadata"] == {"source": "app", "sha256": digest}
    tags = bucket.client.get_object_tagging(Bucket=bucket.name, Key=KEY)["TagSet"]
    assert tags == [{"Key": "owner", "Value": "team a"}, {"Key": "kind", "Value": "a=b"}]


def test_content_that_was_put_by_other_means_is_read_to_compare_it(bucket: Bucket) -> None:
    put(bucket, b"content")
    assert bucket.has_content(KEY, 7, hashlib.sha256(b"content").hexdigest())
    assert not bucket.has_content(KEY, 7, hashlib.sha256(b"CONTENT").hexdigest())


def test_an_old_version_can_be_opened(bucket: Bucket) -> None:
    old = put(bucket, b"old")
    put(bucket, b"new")
    with bucket.open(KEY, old) as file:
        assert file.read() == b"old"


@pytest.fixture
def s3_refuses_to_put(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes S3 answer PutObject with an error code."""
    call = bucket.client._make_api_call

    def refuse(code: str) -> None:
        def answer(operation: str, arguments: Any) -> Any:
            if operation == "PutObject":
                raise ClientError({"Error": {"Code": code}}, operation)
            return call(operation, arguments)

        monkeypatch.setattr(bucket.client, "_make_api_call", answer)

    return refuse


def test_two_that_write_one_key_at_once_are_told_to_try_again(
    bucket: Bucket, s3_refuses_to_put: Callable[[str], None]
) -> None:
    """S3 has not decided then which of them wins."""
    put(bucket, b"before")
    (found,) = bucket.objects(KEY)
    s3_refuses_to_put("ConditionalRequestConflict")
    with pytest.raises(Changed, match="run this again"):
        bucket.create(f"{KEY}.gz", [b"new"])
    with pytest.raises(Changed, match="run this again"):
        bucket.replace(found, [b"after"])
    assert contents(bucket) == [b"before"]


def test_other_errors_of_s3_are_raised_as_they_are(
    bucket: Bucket, s3_refuses_to_put: Callable[[str], None]
) -> None:
    put(bucket, b"before")
    (found,) = bucket.objects(KEY)
    s3_refuses_to_put("AccessDenied")
    with pytest.raises(ClientError):
        bucket.create(f"{KEY}.gz", [b"new"])
    with pytest.raises(ClientError):
        bucket.replace(found, [b"after"])
    assert contents(bucket) == [b"before"]


def test_content_that_s3_does_not_take_in_one_request_is_refused(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stedi.storage.bucket._LARGEST", 3)
    assert bucket.create(KEY, [b"abc"])
    with pytest.raises(StediError, match=r"a\.json\.gz: larger than 5 GB; split the file"):
        bucket.create(f"{KEY}.gz", [b"abc", b"d"])
    assert contents(bucket) == [b"abc"]
