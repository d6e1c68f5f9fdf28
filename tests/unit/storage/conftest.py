"""Storages to test: an empty folder, and empty buckets on moto, with and without versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from stedi.storage.bucket import Bucket
from stedi.storage.folder import FolderStorage
from stedi.storage.storage import Storage

NAME = "stedi-test"


@pytest.fixture
def folder(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "root")


@pytest.fixture
def plain_bucket(clean_environment: None) -> Iterator[Bucket]:
    with mock_aws():
        bucket = Bucket(boto3.client("s3"), NAME)
        bucket.client.create_bucket(Bucket=NAME)
        yield bucket


@pytest.fixture
def bucket(plain_bucket: Bucket) -> Bucket:
    """A bucket that keeps versions, as the lakehouse's does."""
    enabled = {"Status": "Enabled"}
    plain_bucket.client.put_bucket_versioning(Bucket=NAME, VersioningConfiguration=enabled)
    return plain_bucket


@pytest.fixture(params=["folder", "plain_bucket", "bucket"])
def storage(request: pytest.FixtureRequest) -> Storage:
    found: Storage = request.getfixturevalue(request.param)
    return found
