"""docs/aws.md: from an empty account to the end, every command as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.sts.models import sts_backends

from local_athena import aws_cli
from stedi.layout import ENTITIES
from stedi.synthetic.generator import generate
from stedi.synthetic.personas import Settings
from support.athena.local import ACCOUNT, PROJECT, LocalLakehouse
from support.athena.page import Lines, steps
from support.page_tables import tables
from support.project_copy import copy_project

PAGE = (PROJECT / "docs" / "aws.md").read_text()
VENV = Path(sys.prefix)
BUCKET = "the-page"
LAYERS = ("staging", "trusted", "curated", "audit")

# Not run, as installing takes minutes; they must be what make does.
INSTALLING = (
    "python3 -m venv .venv",
    ".venv/bin/pip install --require-hashes -r requirements.txt",
    ".venv/bin/pip install --no-deps --editable .",
)
# moto does not answer these; that they get that far shows that operation and parameters are AWS's.
UNANSWERED = ("aws cloudformation detect-stack-drift", "aws iam simulate-principal-policy")


class Reader:
    """Somebody who does what the page says, in a copy of the project and with an empty account."""

    def __init__(self, local: LocalLakehouse, folder: Path) -> None:
        self.local, self.folder, self.project = local, folder, folder / "project"
        self.values = {"YOUR-BUCKET": BUCKET, "YOUR-ACCOUNT": ACCOUNT}
        told = ("AWS_ENDPOINT_URL", "DBT_SEND_ANONYMOUS_USAGE_STATS", "STEDI_POLL_SECONDS")
        self.environment = {
            name: value
            for name, value in local.environment.items()
            if not name.startswith(("AWS_", "DBT_", "STEDI_")) or name in told
        }
        programs = folder / "bin"
        path = f"{programs}:{os.environ['PATH']}"
        self.environment |= {"HOME": str(folder), "PATH": path}
        self._has_account()
        self._has_project()
        self._has_deliveries()
        programs.mkdir()
        (programs / "aws").write_text(f'#!/bin/sh\nexec {sys.executable} {aws_cli.__file__} "$@"\n')
        (programs / "aws").chmod(0o755)

    def _has_account(self) -> None:
        self.local.empty()
        (self.folder / ".aws").mkdir()
        (self.folder / ".aws" / "credentials").write_text(
            "[your-profile]\naws_access_key_id = none\naws_secret_access_key = none\n"
        )
        region = self.local.lake.config.region
        (self.folder / ".aws" / "config").write_text(f"[profile your-profile]\nregion = {region}\n")
        vpc = self.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        (tables,) = self.client("ec2").describe_route_tables(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}]
        )["RouteTables"]
        self.values["vpc-0123456789abcdef0"] = vpc
        self.values["rtb-0123456789abcdef0"] = tables["RouteTableId"]

    def _has_project(self) -> None:
        copy_project(self.project)
        (self.project / ".venv").symlink_to(VENV)
        # From the page's own date on, every query would look into a thousand folders of days.
        first = (datetime.now(UTC) - timedelta(days=1)).date()
        config = self.project / "infrastructure" / "config.toml"
        Lines("", f"landing_start = {first}").write(config)

    def _has_deliveries(self) -> None:
        generate(Settings(people=20, readings_per_person=40), self.folder / "generated")
        for entity in ENTITIES:
            (self.project / "DELIVERIES" / entity).mkdir(parents=True)
            for path in self.folder.glob(f"generated/{entity}/landing/*/*.json"):
                path.rename(self.project / "DELIVERIES" / entity / path.name)
        key = self.project / ".secrets" / "pseudonym_key"  # of a lakehouse on DuckDB
        key.parent.mkdir()
        key.write_text("a-key-from-elsewhere-which-is-no-secret\n")

    def client(self, service: str) -> Any:
        return self.local.client(service)

    def substituted(self, text: str) -> str:
        """A text of the page with the reader's own values."""
        for placeholder, value in self.values.items():
            text = text.replace(placeholder, value)
        return text

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command in the shell that ran the ones before; it is told yes if it asks."""
        after = self.folder / "environment"
        ran = subprocess.run(
            ["bash", "-c", f"{command}\nstatus=$?; env -0 > {after}; exit $status"],
            cwd=self.project, env=self.environment, input="y\n", text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        exported = filter(None, after.read_text().split("\0"))
        self.environment = dict(variable.split("=", 1) for variable in exported)
        return ran

    def write(self, lines: Lines) -> None:
        """Writes lines to a file of the project or, behind ~/, of the reader."""
        home, inside = lines.path.removeprefix("~/"), lines.path.startswith("~/")
        path = self.folder / home if inside else self.project / lines.path
        Lines(lines.path, self.substituted(lines.text)).write(path)

    def objects(self) -> set[str]:
        """Keys of the bucket's objects."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return {found["Key"] for page in pages for found in page.get("Contents", ())}

    def names(self, kind: str) -> set[str]:
        """Names of the databases, roles or workgroups that the lakehouse has."""
        listed = {
            "databases": lambda: self.client("glue").get_databases()["DatabaseList"],
            "roles": lambda: [
                {"Name": role["RoleName"]} for role in self.client("iam").list_roles()["Roles"]
            ],
            "workgroups": lambda: self.client("athena").list_work_groups()["WorkGroups"],
        }[kind]()
        return {found["Name"] for found in listed if found["Name"].startswith("stedi")}


def nothing_is_made(reader: Reader, output: str) -> None:
    assert "Add" in output
    assert reader.client("s3").list_buckets()["Buckets"] == []


def the_lakehouse_is_made(reader: Reader, output: str) -> None:
    assert len(reader.names("databases")) == 6
    assert len(reader.names("roles")) == 4
    assert len(reader.names("workgroups")) == 3
    assert [key for key in reader.objects() if key.startswith("restricted/")]


def the_endpoint_is_there(reader: Reader, output: str) -> None:
    (endpoint,) = reader.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    assert endpoint["VpcId"] == reader.values["vpc-0123456789abcdef0"]
    assert endpoint["RouteTableIds"] == [reader.values["rtb-0123456789abcdef0"]]


def all_tables_have_rows_by_the_dbt_role(reader: Reader, output: str) -> None:
    assert "ERROR=0" in output
    glue = reader.client("glue")
    for layer in LAYERS:
        tables = glue.get_tables(DatabaseName=f"stedi_{layer}")["TableList"]
        assert tables
        for table in tables:
            counting = f"select count(*) from stedi_{layer}.{table['Name']}"
            # A second build finds that nothing changed.
            least = [[-1]] if table["Name"] == "changed_identifiers" else [[0]]
            assert reader.local.trino.query(counting).rows > least, table["Name"]
            if table["TableType"] != "VIRTUAL_VIEW":
                assert table["StorageDescriptor"]["Location"].startswith(f"s3://{BUCKET}/")
    roles = {role.role_arn for role in sts_backends[ACCOUNT]["aws"].assumed_roles}
    assert roles == {reader.local.lake.role_arn("dbt")}


def the_training_table_is_listed(reader: Reader, output: str) -> None:
    assert '"machine_learning_curated"' in output


def a_query_has_an_id(reader: Reader, output: str) -> None:
    (found,) = re.findall(r'"QueryExecutionId": "(\S+)"', output)
    reader.values["QUERY-ID"] = found
    while reader.local.engine.executions[found].state == "RUNNING":
        time.sleep(0.05)


def the_rows_are_counted(reader: Reader, output: str) -> None:
    counting = "select count(*) from stedi_curated.machine_learning_curated"
    ((rows,),) = reader.local.trino.query(counting).rows
    assert f'"VarCharValue": "{rows}"' in output


def the_officers_page_is_made(reader: Reader, output: str) -> None:
    page = (reader.project / "target" / "evidence.html").read_text()
    assert f"Athena, over <code>s3://{BUCKET}</code>" in page
    for row in tables(page)["rows"]:
        layer, table, rows = row.cells
        counting = f"select count(*) from stedi_{layer}.{table}"
        assert rows == f"{reader.local.trino.query(counting).rows[0][0]:,}"
    roles = {role.role_arn for role in sts_backends[ACCOUNT]["aws"].assumed_roles}
    assert roles == {reader.local.lake.role_arn(role) for role in ("dbt", "privacy-officer")}


def the_data_stays(reader: Reader, output: str) -> None:
    assert reader.names("roles") == reader.names("workgroups") == set()
    assert len(reader.names("databases")) == 6
    tops = {key.split("/")[0] for key in reader.objects()}
    assert tops >= {*ENTITIES, "staging", "audit", "restricted"}


def the_pseudonym_key_stays(reader: Reader, output: str) -> None:
    assert {key.split("/")[0] for key in reader.objects()} == {"restricted"}
    assert reader.names("databases") == set()


def nothing_stays(reader: Reader, output: str) -> None:
    assert reader.client("s3").list_buckets()["Buckets"] == []
    with pytest.raises(ClientError, match="does not exist"):
        reader.client("cloudformation").describe_stacks(StackName="stedi-lakehouse")
    (reader.values["KEY-ID"],) = re.findall(r"KMS key (\S+) in 30 days", output)


def the_kms_key_stays(reader: Reader, output: str) -> None:
    key = reader.client("kms").describe_key(KeyId=reader.values["KEY-ID"])
    assert key["KeyMetadata"]["KeyState"] == "Disabled"


# What must be true after the command that begins so.
AFTER: dict[str, Callable[[Reader, str], None]] = {
    "stedi aws plan": nothing_is_made,
    "stedi aws apply": the_lakehouse_is_made,
    "stedi aws apply --vpc-id": the_endpoint_is_there,
    "AWS_PROFILE=stedi-dbt dbt build --target athena": all_tables_have_rows_by_the_dbt_role,
    "aws glue get-tables": the_training_table_is_listed,
    "aws athena start-query-execution": a_query_has_an_id,
    "aws athena get-query-results": the_rows_are_counted,
    "AWS_PROFILE=stedi-privacy-officer stedi evidence": the_officers_page_is_made,
    "stedi aws destroy": the_data_stays,
    "stedi aws destroy --delete-data": the_pseudonym_key_stays,
    "stedi aws destroy --delete-data --delete-key": nothing_stays,
    "aws kms cancel-key-deletion": the_kms_key_stays,
}


@pytest.mark.deep
def test_the_page_works_from_its_beginning_to_its_end(
    local: LocalLakehouse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reader = Reader(local, tmp_path)
    checked = set()
    for step in steps(PAGE):
        if isinstance(step, Lines):
            reader.write(step)
        elif step.text in INSTALLING:
            continue
        elif step.text.startswith(UNANSWERED):
            caplog.clear()
            ran = reader.run("AWS_MAX_ATTEMPTS=1 " + reader.substituted(step.text))
            assert "action has not been implemented" in caplog.text, (step.text, ran.stdout)
        else:
            ran = reader.run(reader.substituted(step.text))
            assert ran.returncode == 0, (step.text, ran.stdout)
            if begins := [begin for begin in AFTER if step.text.startswith(begin)]:
                check = max(begins, key=len)
                AFTER[check](reader, ran.stdout)
                checked.add(check)
    assert checked == AFTER.keys()


def test_what_is_installed_is_what_make_installs() -> None:
    shown = subprocess.run(
        ["make", "--dry-run", "--always-make", ".venv/.runtime", "PYTHON=python3", "VENV=.venv"],
        cwd=PROJECT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    quiet = ("--quiet", "--no-compile", "--disable-pip-version-check")
    made = [
        " ".join(word for word in shlex.split(line) if word not in quiet)
        for line in shown.splitlines()
    ]
    assert [command for command in INSTALLING if command not in made] == []
