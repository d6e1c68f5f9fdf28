"""An AWS account on moto, in which the lakehouse's own template is deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from moto import mock_aws

import stedi.provisioning.stack as stack
from local_athena.cloudformation import extend_moto
from stedi.aws.config import load_config
from stedi.aws.names import Lakehouse
from support.aws_commands import ACCOUNT, CONFIG, run
from support.targets import PROJECT, clear_environment, read_descriptions_once


@pytest.fixture(scope="package", autouse=True)
def environment() -> Iterator[None]:
    """Dummy credentials, instead of those of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        clear_environment(patch)
        read_descriptions_once(patch)
        patch.setenv("DBT_PROJECT_DIR", str(PROJECT))
        # moto is done at once; what is not done then, never will be.
        patch.setattr(stack, "_SECONDS_BETWEEN_POLLS", 0)
        patch.setattr(stack, "_MOST_POLLS", 3)
        # moto would spend most of its time on machine images, and on reading templates as YAML,
        # although they are JSON.
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        load_yaml = yaml.load

        def load(text: Any, *loader: Any, **named: Any) -> Any:
            is_json = isinstance(text, str) and text.startswith("{")
            return json.loads(text) if is_json else load_yaml(text, *loader, **named)

        patch.setattr(yaml, "load", load)
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
