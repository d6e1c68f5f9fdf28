"""A versioned bucket on moto that is the lakehouse of the athena target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from click.testing import Result
from moto import mock_aws

from stedi.storage.bucket import Bucket
from support.targets import set_athena_target, stedi

BUCKET = "stedi-test"


@pytest.fixture
def bucket(clean_environment: None) -> Iterator[Bucket]:
    """An empty bucket that keeps versions."""
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield Bucket(client, BUCKET)


@pytest.fixture
def run(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command on that lakehouse."""
    config = set_athena_target(monkeypatch, tmp_path, bucket.name)
    return lambda command, *options: stedi(
        command, "--target", "athena", "--config", config, *options
    )
