"""An erasure on the local Athena: nothing of the person in any version of any object afterwards."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from pathlib import Path

import duckdb
import pytest
from athena_local.local import PROJECT, AthenaLocal
from athena_local.on_athena import OnAthena
from deeds import Life
from erased_life import BACK, DATES, HISTORY, WHO, known_of, pattern_of, without
from expected_tables import expected_tables
from histories import Build, Deliver
from replay import beside_python, files


@pytest.fixture
def lives() -> dict[int, Life]:
    return {}


def land(engine: OnAthena, lives: dict[int, Life], day: int, step: Deliver) -> None:
    for file in files(step, day, day, lives):
        engine.land(*file, DATES[day])


def erase(local: AthenaLocal, folder: Path, emails: str, *options: str) -> tuple[int, str]:
    """Runs scripts/erase.py as people do."""
    places = {"target": folder / "target", "log": folder / "logs"}
    profiles = folder / "profiles"
    profiles.mkdir(exist_ok=True)
    (profiles / "profiles.yml").write_text((PROJECT / "profiles.yml.example").read_text())
    root = f"s3://{local.lake.config.bucket}"
    ran = subprocess.run(
        [sys.executable, "scripts/erase.py", "--root", root, *options],
        cwd=PROJECT,
        env=local.environment
        | {f"DBT_{name.upper()}_PATH": str(path) for name, path in places.items()}
        | {"DBT_PROFILES_DIR": str(profiles), "STEDI_PSEUDONYM_KEY_FILE": "/nowhere"},
        input=emails,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return ran.returncode, ran.stdout


def versions(local: AthenaLocal) -> Iterator[tuple[str, bytes]]:
    """Every version of every object but the restricted ones."""
    s3, bucket = local.client("s3"), local.lake.config.bucket
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for entry in page.get("Versions", ()):
            which = {"Key": entry["Key"], "VersionId": entry["VersionId"]}
            if not entry["Key"].startswith("restricted/"):
                yield entry["Key"], s3.get_object(Bucket=bucket, **which)["Body"].read()


def held(local: AthenaLocal, texts: dict[str, str]) -> dict[str, set[str]]:
    """Under which folders of the bucket each of the texts is found, as far as any is."""
    patterns = {kind: pattern_of(text) for kind, text in texts.items()}
    found: dict[str, set[str]] = {}
    for key, data in versions(local):
        says = data
        if data[:2] == b"\x1f\x8b":
            says = gzip.decompress(data)
        elif data[:4] == b"PAR1":
            with tempfile.NamedTemporaryFile() as file:
                file.write(data)
                file.flush()
                rows = duckdb.execute(f"from read_parquet('{file.name}')").fetchall()
            says = data + str(rows).encode()
        for kind, pattern in patterns.items():
            if pattern.search(says.decode("utf-8", "replace").lower()):
                found.setdefault(kind, set()).add(key.split("/")[0])
    return found


def wrong(engine: OnAthena, lives: list[Life], erased: tuple[str, ...] = ()) -> list[str]:
    expected = expected_tables(lives, DATES, "since_consent", {*erased})
    return [line for d in beside_python(engine.tables(), expected) for line in d.told()]


def test_who_is_erased_is_in_no_version_of_any_object(
    local: AthenaLocal,
    tmp_path: Path,
    lives: dict[int, Life],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lakehouse.KEY", local.key_file.read_text().strip())
    engine = OnAthena(local, tmp_path, date.fromisoformat(DATES[-1]))
    for day, step in enumerate(HISTORY.steps):
        land(engine, lives, day, step)
        built = engine.build(Build())
        assert built.success, built.errors
    email, known = lives[0].email(WHO), known_of(lives[0], WHO)
    before = held(local, known)
    assert before.keys() == known.keys()
    assert {"customer", "accelerometer", "staging"} <= before["email"]
    assert "step_trainer" in before["customer_id"]

    code, output = erase(local, tmp_path, f"  {email.upper()}\n")
    assert code == 0, output
    assert email not in output and known["customer_id"] not in output
    assert held(local, known) == {}
    left = {0: without(lives[0], WHO), 1: lives[1]}
    assert wrong(engine, list(left.values())) == []

    again = deepcopy(left)
    land(engine, again, 2, Deliver(tuple((0, deed) for deed in BACK)))
    night = engine.build(Build())
    assert night.success, night.errors
    assert wrong(engine, list(again.values()), (email,)) == []

    code, output = erase(local, tmp_path, email, "--reinstate")
    assert code == 0, output
    assert wrong(engine, list(again.values())) == []
