"""An AWS account on moto, in which the lakehouse's own template is deployed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache, partial

import pytest
from botocore.loaders import JSONFileLoader
from moto import mock_aws

import stedi.provisioning.stack as stack
from local_athena.cloudformation import extend_moto
from stedi.aws.config import load_config
from stedi.aws.names import Lakehouse
from support.aws_commands import ACCOUNT, CONFIG, run
from support.lakehouse import PROJECT


@pytest.fixture(scope="package", autouse=True)
def environment() -> Iterator[None]:
    """Dummy credentials, instead of those of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "STEDI_", "DBT_"))]:
            patch.delenv(name)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(name, os.devnull)
        patch.setenv("DBT_PROJECT_DIR", str(PROJECT))
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_MAX_ATTEMPTS", "1")
        # moto is done at once; what is not done then, never will be.
        patch.setattr(stack, "_SECONDS_BETWEEN_POLLS", 0)
        patch.setattr(stack, "_MOST_POLLS", 3)
        # Every command makes its own clients, which would spend half their time on reading these.
        read = cache(partial(JSONFileLoader.load_file, JSONFileLoader()))
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
        yield


@pytest.fixture(scope="package")
def lake() -> Lakehouse:
    """The lakehouse of the project's own configuration."""
    return Lakehouse(load_config(CONFIG), ACCOUNT)


@pytest.fixture
def account(environment: None) -> Iterator[None]:
    """An AWS account with a default VPC in every region, and nothing else."""
    extend_moto()
    with mock_aws():
        yield


@pytest.fixture(scope="module")
def applied(environment: None) -> Iterator[None]:
    """An account in which `stedi aws apply` has run, for tests that only look."""
    extend_moto()
    with mock_aws():
        assert run("apply").exit_code == 0
        yield
