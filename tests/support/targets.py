"""Targets for tests: the environment that names a lakehouse, and the `stedi` command run on it."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import duckdb
import pytest
from botocore.loaders import JSONFileLoader
from click.testing import CliRunner, Result

from stedi.cli import main
from stedi.restricted.pseudonym_key import hmac_sha256
from stedi.target import CONFIG

PROJECT = Path(__file__).resolve().parents[2]
_load = cache(JSONFileLoader().load_file)
KEY = "a pseudonym key for the tests, which is no secret"


def clear_environment(patch: pytest.MonkeyPatch) -> None:
    """Removes the settings and credentials of whoever runs the tests; false ones for AWS."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "STEDI_", "DBT_"))]:
        patch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        patch.setenv(name, os.devnull)
    patch.setenv("AWS_ACCESS_KEY_ID", "testing")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_MAX_ATTEMPTS", "1")
    patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")


def read_descriptions_once(patch: pytest.MonkeyPatch) -> None:
    """Keeps botocore's descriptions of services in memory.

    Every command makes its own clients, and reading these again would take half of its time.
    """
    patch.setattr(JSONFileLoader, "load_file", lambda _, path: _load(path))


def set_duckdb_target(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Makes `folder` the lakehouse of the duckdb target: landing/, lakehouse.duckdb and key.

    The project is the repository; its profile is profiles.yml.example.
    """
    _set_project(patch, folder)
    (folder / "key").write_text(KEY + "\n")
    patch.setenv("STEDI_LANDING", str(folder / "landing"))
    patch.setenv("STEDI_DUCKDB", str(folder / "lakehouse.duckdb"))
    patch.setenv("STEDI_PSEUDONYM_KEY_FILE", str(folder / "key"))


def note_build(database: Path, rules: str = "since_consent", key: str = KEY) -> None:
    """Has a database file hold the ledger of one completed build, and no other table.

    rules: as macro release_rules writes them. key: the pseudonym key of the build.
    """
    with duckdb.connect(database) as connection:
        connection.execute("create schema stedi_audit")
        connection.execute(
            "create table stedi_audit.builds as select 'a build' as build_id, 'completed' as "
            "status, timestamp '2024-01-31' as happened_at, ? as consent_scope, ? as key_id",
            [rules, hmac_sha256("", key)],
        )


def set_athena_target(patch: pytest.MonkeyPatch, folder: Path, bucket: str) -> Path:
    """Makes `bucket` the lakehouse of the athena target; returns a file for `--config`."""
    _set_project(patch, folder)
    read_descriptions_once(patch)
    patch.setenv("STEDI_DATA", f"s3://{bucket}/")
    patch.setenv("STEDI_RESULTS", f"s3://{bucket}/results/stedi/")
    text = (PROJECT / CONFIG).read_text()
    config = folder / "config.toml"
    config.write_text(re.sub(r'(?m)^bucket = ".*"$', f'bucket = "{bucket}"', text))
    return config


def stedi(*arguments: object, input: str | bytes | None = None) -> Result:
    """Runs the `stedi` command in this process; it must not end with a traceback."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], input)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def _set_project(patch: pytest.MonkeyPatch, folder: Path) -> None:
    profiles = folder / "profiles"
    profiles.mkdir(parents=True, exist_ok=True)
    (profiles / "profiles.yml").write_text((PROJECT / "profiles.yml.example").read_text())
    patch.setenv("DBT_PROJECT_DIR", str(PROJECT))
    patch.setenv("DBT_PROFILES_DIR", str(profiles))
    patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
    patch.setenv("DBT_LOG_PATH", str(folder / "logs"))
