"""Landing roots with two people, of whom one is erased: in a folder, and in a bucket on moto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from stedi.erasure.landing_root import WHOLE_BUCKET, WHOLE_FOLDER, LandingRoot
from stedi.restricted.store import RestrictedStore
from stedi.storage.bucket import Bucket
from stedi.storage.folder import FolderStorage
from support.landed_people import ANN, BUCKET, LANDED, Files, Root

NewFolder = Callable[[str], Root]  # a landing root in a folder of that name


@pytest.fixture(autouse=True)
def environment(clean_environment: None) -> None:
    """No settings of whoever runs the tests."""


@pytest.fixture
def folder(tmp_path: Path) -> Root:
    return _in_folder(tmp_path)


@pytest.fixture
def new_folder(tmp_path: Path) -> NewFolder:
    """Makes landing roots in folders, by a name for each."""
    return lambda name: _in_folder(tmp_path / name)


def _in_folder(folder: Path) -> Root:
    root = folder / "landing"
    for name, content in LANDED.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)

    def files() -> Files:
        return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}

    restricted = FolderStorage(folder / "restricted", is_private=True)
    return Root(LandingRoot(FolderStorage(root), WHOLE_FOLDER), RestrictedStore(restricted), files)


@pytest.fixture
def bucket() -> Iterator[Root]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for name, content in LANDED.items():
            client.put_object(Bucket=BUCKET, Key=name, Body=content)
        client.put_object(Bucket=BUCKET, Key="results/stedi/1.csv", Body=ANN.email.encode())
        made = Bucket(client, BUCKET)

        def files() -> Files:
            """Every version; the old ones and those of deleted objects by another name."""
            return {
                v.key if v.is_latest else f"{v.key} {v.id}": made.read(v.key, v.id)
                for v in made.versions()
                if not v.is_marker and not v.key.startswith("restricted/")
            }

        yield Root(LandingRoot(made, WHOLE_BUCKET), RestrictedStore(made, "restricted/"), files)


@pytest.fixture(params=["folder", "bucket"])
def root(request: pytest.FixtureRequest) -> Root:
    return request.getfixturevalue(request.param)
