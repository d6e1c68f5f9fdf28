"""plan, apply and destroy over a lakehouse's life: what they change and what they keep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import BotocoreStubber
from moto.kms.models import KmsBackend

import stedi.storage.bucket as storage
from stedi.layout import ROLES
from support.aws_commands import CONFIG, aws, done, run

pytestmark = pytest.mark.usefixtures("account")
BUCKET = "stedi-data-lakehouse"
KEY = "restricted/pseudonym_key/pseudonym_key"
DATA = "audit/receipts/1.parquet"
Configure = Callable[..., Path]


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """Writes a configuration with one changed entry; returns its path."""

    def write(old: str, new: str) -> Path:
        text = CONFIG.read_text()
        assert old in text
        path = tmp_path / "config.toml"
        path.write_text(text.replace(old, new))
        return path

    return write


def changed(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.split()[0] in ("Add", "Modify", "Remove")]


def stacks() -> list[str]:
    return [stack["StackName"] for stack in aws("cloudformation").describe_stacks()["Stacks"]]


def keys() -> list[str]:
    versions = aws("s3").list_object_versions(Bucket=BUCKET)
    return [found["Key"] for found in versions.get("Versions", [])]


def buckets() -> list[str]:
    return [bucket["Name"] for bucket in aws("s3").list_buckets()["Buckets"]]


def roles() -> set[str]:
    return {role["RoleName"] for role in aws("iam").list_roles()["Roles"]}


def put_data() -> None:
    aws("s3").put_object(Bucket=BUCKET, Key=DATA, Body=b"1")


def test_plan_shows_everything_and_creates_nothing() -> None:
    result = run("plan")
    assert result.exit_code == 0
    assert len(changed(result.output)) == 26
    assert "Add    AWS::S3::Bucket Bucket" in result.output
    assert stacks() == []
    assert buckets() == []


def test_plan_shows_what_a_changed_configuration_changes(configure: Configure) -> None:
    done("apply")
    config = configure("scan_limit_gb = 100", "scan_limit_gb = 5")
    planned = run("plan", "--config", config)
    assert changed(planned.output) == [
        "Modify AWS::Athena::WorkGroup DbtWorkGroup",
        "Modify AWS::Athena::WorkGroup AnalystWorkGroup",
        "Modify AWS::Athena::WorkGroup PrivacyOfficerWorkGroup",
    ]
    assert scan_limit() == 100 * 10**9
    assert run("apply", "--config", config).exit_code == 0
    assert scan_limit() == 5 * 10**9
    assert run("plan", "--config", config).output == "Nothing to change.\n"


def scan_limit() -> int:
    group = aws("athena").get_work_group(WorkGroup="stedi")["WorkGroup"]
    return group["Configuration"]["BytesScannedCutoffPerQuery"]


def test_applying_twice_changes_nothing() -> None:
    done("apply")
    before = everything()
    again = run("apply")
    assert again.output.startswith("Nothing to change.\nPseudonym key ")
    assert everything() == before
    assert run("plan").output == "Nothing to change.\n"


def everything() -> list[Any]:
    """What can be seen of the lakehouse, with the versions of what is in the bucket."""
    versions = aws("s3").list_object_versions(Bucket=BUCKET)["Versions"]
    events = aws("cloudformation").describe_stack_events(StackName="stedi-lakehouse")
    return [
        [(found["Key"], found["VersionId"]) for found in versions],
        events["StackEvents"],
        sorted(roles()),
        [key["KeyId"] for key in aws("kms").list_keys()["Keys"]],
        [
            endpoint["VpcEndpointId"]
            for endpoint in aws("ec2").describe_vpc_endpoints()["VpcEndpoints"]
        ],
    ]


def test_apply_after_an_interrupted_plan() -> None:
    aws("cloudformation").create_change_set(
        StackName="stedi-lakehouse",
        ChangeSetName="left-behind",
        ChangeSetType="CREATE",
        TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}',
    )
    assert run("apply").exit_code == 0
    assert run("plan").output == "Nothing to change.\n"


def test_destroy_asks_first() -> None:
    done("apply")
    result = run("destroy")  # nobody answers
    assert result.exit_code == 1
    assert "stedi-dbt" in roles()


def test_destroy_keeps_data_key_and_databases() -> None:
    done("apply")
    put_data()
    result = run("destroy", "--yes")
    assert result.exit_code == 0, result.output
    assert result.output.endswith(f"Kept {BUCKET} with its data and its KMS key.\n")
    assert sorted(keys()) == [DATA, KEY]
    assert roles().isdisjoint(f"stedi-{role}" for role in ROLES)
    assert len(aws("glue").get_databases()["DatabaseList"]) == 6
    assert aws("glue").get_tables(DatabaseName="stedi_landing")["TableList"] == []
    assert aws("s3").get_bucket_policy(Bucket=BUCKET)["Policy"]
    assert states_of_kms_keys() == ["Enabled"]


def test_apply_takes_over_what_destroy_kept() -> None:
    done("apply")
    put_data()
    before = aws("s3").list_object_versions(Bucket=BUCKET)["Versions"]
    done("destroy", "--yes")
    assert run("apply").exit_code == 0
    assert aws("s3").list_object_versions(Bucket=BUCKET)["Versions"] == before
    assert "stedi-dbt" in roles()
    assert aws("glue").get_table(DatabaseName="stedi_landing", Name="customer")
    assert run("plan").output == "Nothing to change.\n"


def test_destroy_with_data_still_keeps_the_pseudonym_key() -> None:
    done("apply")
    put_data()
    aws("s3").delete_object(Bucket=BUCKET, Key=DATA)  # leaves a version and a marker
    before = aws("s3").list_object_versions(Bucket=BUCKET, Prefix=KEY)["Versions"]
    result = run("destroy", "--yes", "--delete-data")
    assert f"Deleted 2 objects and old versions from {BUCKET}." in result.output
    assert aws("s3").list_object_versions(Bucket=BUCKET)["Versions"] == before
    assert "DeleteMarkers" not in aws("s3").list_object_versions(Bucket=BUCKET)
    assert aws("glue").get_databases()["DatabaseList"] == []


def test_destroy_of_everything_leaves_only_a_kms_key_that_can_be_restored() -> None:
    done("apply")
    put_data()
    result = run("destroy", "--yes", "--delete-data", "--delete-key")
    assert result.exit_code == 0, result.output
    assert buckets() == []
    assert stacks() == []
    assert states_of_kms_keys() == ["PendingDeletion"]
    assert run("destroy").output == "There is nothing to destroy.\n"
    assert run("apply").exit_code == 0


def states_of_kms_keys() -> list[str]:
    kms = aws("kms")
    ids = [key["KeyId"] for key in kms.list_keys()["Keys"]]
    return [kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] for key in ids]


def test_delete_key_alone_is_refused() -> None:
    done("apply")
    result = run("destroy", "--yes", "--delete-key")
    assert result.exit_code == 2
    assert "--delete-key also needs --delete-data" in result.output
    assert keys() == [KEY]


def test_more_objects_than_one_request_can_delete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_MOST_AT_ONCE", 2)
    done("apply")
    for number in range(5):
        aws("s3").put_object(Bucket=BUCKET, Key=f"staging/{number}", Body=b"")
    result = run("destroy", "--yes", "--delete-data")
    assert f"Deleted 5 objects and old versions from {BUCKET}." in result.output
    assert keys() == [KEY]


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Stops the command before its first call of an operation, as if the machine went down."""

    def before(operation: str) -> None:
        process = BotocoreStubber.__call__

        def call(self: Any, event_name: str, request: Any, **more: Any) -> Any:
            if event_name.endswith(f".{operation}"):
                monkeypatch.undo()
                raise KeyboardInterrupt
            return process(self, event_name, request, **more)

        monkeypatch.setattr(BotocoreStubber, "__call__", call)

    return before


@pytest.mark.parametrize(
    "operation",
    ["ExecuteChangeSet", "DeleteObjects", "DeleteBucket", "ScheduleKeyDeletion", "DeleteStack"],
)
def test_interrupted_destroy_is_finished_by_the_next(
    operation: str, interrupt: Callable[[str], None]
) -> None:
    done("apply")
    put_data()
    interrupt(operation)
    assert "Aborted!" in run("destroy", "--yes", "--delete-data", "--delete-key").output
    result = run("destroy", "--yes", "--delete-data", "--delete-key")
    assert result.exit_code == 0, result.output
    assert (buckets(), stacks(), states_of_kms_keys()) == ([], [], ["PendingDeletion"])


def test_kms_key_that_is_being_deleted_is_not_deleted_again(
    interrupt: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """KMS refuses that, unlike moto."""
    done("apply")
    interrupt("DeleteStack")
    assert "Aborted!" in run("destroy", "--yes", "--delete-data", "--delete-key").output
    assert states_of_kms_keys() == ["PendingDeletion"]
    monkeypatch.delattr(KmsBackend, "schedule_key_deletion")
    assert run("destroy", "--yes", "--delete-data", "--delete-key").exit_code == 0


def test_template_is_printed() -> None:
    assert '"AWS::Athena::WorkGroup"' in run("template").output


def test_roles_are_gone_after_destroy() -> None:
    done("apply")
    done("destroy", "--yes")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        aws("iam").get_role(RoleName="stedi-dbt")
