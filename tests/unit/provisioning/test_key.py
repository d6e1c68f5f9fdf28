"""The pseudonym key on S3 is stored once, and neither shown nor replaced."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from support.aws_commands import aws, done, message, run

pytestmark = pytest.mark.usefixtures("account")
WHERE = {"Bucket": "stedi-data-lakehouse", "Key": "restricted/pseudonym_key/pseudonym_key"}


def key() -> str:
    return aws("s3").get_object(**WHERE)["Body"].read().decode()


def test_key_is_never_overwritten() -> None:
    done("apply")
    before = key()
    result = run("apply")
    assert (
        "Pseudonym key in s3://stedi-data-lakehouse/restricted/: exists already, not changed"
        in (result.output)
    )
    done("destroy", "--yes")
    done("apply")
    done("destroy", "--yes", "--delete-data")
    done("apply")
    assert key() == before
    assert len(aws("s3").list_object_versions(Bucket=WHERE["Bucket"])["Versions"]) == 1


def test_two_at_once_store_one_key() -> None:
    """S3 itself refuses the second one. A question asked beforehand could be out of date."""
    done("apply")
    before = key()
    with pytest.raises(aws("s3").exceptions.ClientError, match="PreconditionFailed"):
        aws("s3").put_object(**WHERE, Body=b"another", IfNoneMatch="*")
    assert key() == before


def test_key_is_never_shown(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    given = "0123456789abcdef" * 4
    path = tmp_path / "key"
    path.write_text(given)
    caplog.set_level(logging.INFO)
    shown = [run("apply", "--key-file", path).output, run("plan").output, run("template").output]
    shown.append(run("apply", "--key-file", path).output)
    events = aws("cloudformation").describe_stack_events(StackName="stedi-lakehouse")
    shown.append(json.dumps(events, default=str))
    shown.append(caplog.text)
    shown.append(run("destroy", "--yes").output)
    assert key().strip() == given
    assert not any(given in text for text in shown)


def test_given_key_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("k" * 32 + "\n")
    assert run("apply", "--key-file", path).exit_code == 0
    assert key() == "k" * 32 + "\n"


@pytest.mark.parametrize("text", ["", "k" * 31, "k" * 20 + "\n" + "k" * 20])
def test_unusable_key_stops_apply_before_it_creates_anything(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    expected = (
        f"{path}: not a pseudonym key; expected at least 32 characters on one line "
        "(`stedi key make` makes one)"
    )
    assert message(run("apply", "--key-file", path), exit_code=2) == expected
    assert aws("s3").list_buckets()["Buckets"] == []


def test_missing_key_file(tmp_path: Path) -> None:
    result = run("apply", "--key-file", tmp_path / "key")
    assert "not a pseudonym key" in message(result, exit_code=2)


def test_unreadable_key_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff" * 40)
    text = message(run("apply", "--key-file", tmp_path / "key"))
    assert text.endswith("the pseudonym key is not text in UTF-8")
