"""Law 5 on the bucket's files: who withdraws is in none beyond staging once maintenance has run.

A build deletes rows, and their files stay: as former snapshots, as a failed query's folder, as old
versions of objects. Each file is read here as it lies in the bucket, in all of its versions.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from local_athena.faults import Call
from stedi.restricted.pseudonym_key import read_key
from stedi.storage.bucket import Bucket
from stedi.synthetic.lines import customer_line, distance_line, motion_line
from stedi.synthetic.personas import DAY, START, newcomer
from stedi.synthetic.records import Customer
from support.athena.account import keys, landed, names, tables, unreferenced
from support.athena.local import LocalLakehouse
from support.athena.parity import WITHOUT_TESTS, Rows
from support.athena.stored import Found, beyond_staging
from support.lakehouse import EXEMPT

FIRST = date(2024, 1, 1)
ANN, BEN = (newcomer(n).latest._replace(research=START) for n in (1, 2))
# Of a text Iceberg keeps the first characters, in which the generator's serial numbers are alike.
ANN = ANN._replace(serial_number=f"9{ANN.serial_number[1:]}")
WITHDRAWN = ANN._replace(research=None, last_update=START + DAY)
TABLE = "accelerometer_trusted"
BUILD = ("build", *WITHOUT_TESTS)

pytestmark = pytest.mark.deep


@dataclass
class Lake:
    """A lakehouse on the local Athena."""

    local: LocalLakehouse
    landing: Path

    @property
    def bucket(self) -> Bucket:
        return Bucket(self.local.client("s3"), self.local.lake.config.bucket)

    def deliver(self, day: int, source: str, lines: Iterable[str]) -> None:
        folder = self.landing / source / "landing" / f"ingest_date={FIRST + timedelta(days=day)}"
        folder.mkdir(parents=True)
        (folder / f"{source}.json").write_text("".join(lines))
        self.local.put(self.landing)
        self.local.end_landing(FIRST, FIRST + timedelta(days=day + 1))

    def build(self) -> None:
        result = self.local.dbt(*BUILD)
        assert result.success, result.output

    def stedi(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Runs a command on this lakehouse as people do."""
        return self.local.stedi(*arguments, *self.local.target, **settings)

    def maintain(self, *arguments: str) -> str:
        done = self.stedi("maintain", *arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def purge(self) -> str:
        done = self.stedi("purge", "--results")
        assert done.returncode == 0, done.stdout
        return done.stdout

    def held(self, person: Customer) -> Found:
        """What stands of a person in all versions of all objects beyond staging and the ledger."""
        values = {"customer_id": self.id_of(person), "email": person.email}
        values["serial number"] = person.serial_number
        return beyond_staging(self.bucket, values)

    def id_of(self, person: Customer) -> str:
        """Worked out by Python's own hmac."""
        key = read_key(self.local.key_file)
        return hmac.new(key.encode(), person.email.encode(), hashlib.sha256).hexdigest()

    def tables(self) -> dict[str, Rows]:
        """All but those that tell of the builds themselves."""
        found = tables(self.local)
        return {n: rows for n, rows in found.items() if n.rpartition(".")[2] not in EXEMPT}

    def query(self, sql: str) -> list[list[Any]]:
        return self.local.trino.query(sql).rows


@pytest.fixture(scope="module")
def measured(local: LocalLakehouse, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two people consent and have readings; the next day one withdraws."""
    local.provision(FIRST)
    lake = Lake(local, tmp_path_factory.mktemp("maintenance") / "landing")
    people = (ANN, BEN)
    lake.deliver(0, "customer", map(customer_line, people))
    moments = [START + n * DAY // 2 for n in range(2)]
    motions = [(p.email, at, 1.0, 0.0, 0.0) for p in people for at in moments]
    lake.deliver(0, "accelerometer", map(motion_line, motions))
    distances = [(p.serial_number, at, 200) for p in people for at in moments]
    lake.deliver(0, "step_trainer", map(distance_line, distances))
    lake.build()
    assert sum(tables(local)[f"stedi_trusted.{TABLE}"].values()) == 4
    leave_a_folder(lake)
    lake.deliver(1, "customer", [customer_line(WITHDRAWN)])
    lake.build()
    assert sum(tables(local)[f"stedi_trusted.{TABLE}"].values()) == 2
    return lake


def leave_a_folder(lake: Lake) -> None:
    """Copies a table's files to a folder of its zone that no table knows, as of a failed query."""
    s3, bucket = lake.bucket.client, lake.bucket.name
    for each in list(lake.bucket.objects(f"accelerometer/trusted/{TABLE}/")):
        _, _, rest = each.key.partition("/data/")
        if rest:
            s3.copy_object(
                Bucket=bucket,
                Key=f"accelerometer/trusted/{TABLE}/left/data/{rest}",
                CopySource={"Bucket": bucket, "Key": each.key},
            )


def test_who_withdrew_is_in_no_file_beyond_staging(measured: Lake) -> None:
    before, landing = measured.tables(), landed(measured.local)
    found = measured.held(ANN)
    folders = {key.split("/data/")[0].rpartition("/")[0] for key in found.hits if "/data/" in key}
    assert folders >= {
        f"accelerometer/trusted/{TABLE}",
        "step_trainer/trusted/step_trainer_trusted",
        "step_trainer/curated/machine_learning_curated",
        "customer/trusted/customer_trusted",
    }
    assert any("metadata" in key for key in found.hits)  # Iceberg's own bounds of columns
    assert unreferenced(measured.local) == {f"accelerometer/trusted/{TABLE}/left"}

    told = measured.maintain()

    assert f"{TABLE}: rewritten" in told
    assert f"accelerometer/trusted/{TABLE}/left/, in which no table lies" in told
    size = sum(each.size for each in measured.bucket.objects() if is_built(each.key))
    (total,) = [line for line in told.splitlines() if re.match(r"all\s", line)]
    assert f"{size:,} after" in re.sub(r"\s+", " ", total)
    assert int(re.search(r"([\d,]+) reclaimed", total)[1].replace(",", "")) > 0
    assert measured.tables() == before
    assert "deleted" in measured.purge()

    found = measured.held(ANN)
    print(f"{found.size:,} bytes of {found.files} files searched")
    assert found.hits == {}
    assert measured.held(BEN).hits and found.files > 20
    assert unreferenced(measured.local) == set()
    assert landed(measured.local) == landing
    assert measured.tables() == before
    normal_night(measured, before)


def is_built(key: str) -> bool:
    return re.match(r"staging/|audit/|\w+/(trusted|curated)/", key) is not None


def normal_night(lake: Lake, before: dict[str, Rows]) -> None:
    """A build after maintenance finds nothing new and takes nothing for half-done."""
    lake.build()
    (row,) = lake.query(
        "select is_whole from iceberg.stedi_audit.builds where status = 'completed' "
        "order by happened_at desc limit 1"
    )
    assert row == [False]
    assert lake.tables() == before


def test_killed_it_is_put_right_and_beside_a_build_it_is_refused(measured: Lake) -> None:
    lease = {"STEDI_BUILD_LEASE_MINUTES": "60"}
    add_a_day(measured)
    before, landing = measured.tables(), landed(measured.local)
    for step in (  # each further than the one before
        lambda call: call.action == "UpdateTable" and f'"Name": "{TABLE}"' in call.body,
        query("create external table .*customer_trusted__bkp"),
        query("create table .*machine_learning_curated__ha"),
    ):
        broken = measured.local.kill_dbt(step, "run-operation", "maintain", done=True)
        assert broken.at is not None, broken.output
    assert [name for name in names(measured.local) if "__" in name] != []
    refused = measured.local.dbt("build", **lease)
    assert not refused.success and "Maintenance" in refused.output, refused.output
    measured.maintain()
    assert [name for name in names(measured.local) if "__" in name] == []
    assert unreferenced(measured.local) == set()
    assert measured.tables() == before

    begun = query("stg_accelerometer")
    broken = measured.local.kill_dbt(begun, "build", *WITHOUT_TESTS, "--full-refresh")
    assert broken.at is not None, broken.output
    there = set(keys(measured.local))
    beside = measured.stedi("maintain", **lease)
    assert beside.returncode == 1 and "has not ended" in beside.stdout, beside.stdout
    assert there <= set(keys(measured.local))
    measured.build()
    assert measured.tables() == before
    assert landed(measured.local) == landing


def add_a_day(lake: Lake) -> None:
    """Has the one who stays deliver again, so that tables have former states."""
    at = START + 2 * DAY
    lake.deliver(2, "customer", [customer_line(BEN._replace(last_update=at))])
    lake.deliver(2, "accelerometer", [motion_line((BEN.email, at, 2.0, 0.0, 0.0))])
    lake.deliver(2, "step_trainer", [distance_line((BEN.serial_number, at, 300))])
    lake.build()


def query(text: str) -> Callable[[Call], bool]:
    """The start of a query in which there is such a text."""
    found = re.compile(rf"\b{text}\b").search
    in_one_line = lambda call: call.body.replace("\\n", " ")  # noqa: E731
    return lambda call: call.action == "StartQueryExecution" and bool(found(in_one_line(call)))


def test_a_new_key_leaves_no_old_id_in_any_file(measured: Lake) -> None:
    old = measured.id_of(BEN)
    assert measured.held(BEN).hits
    key = "restricted/pseudonym_key/pseudonym_key"
    (first,) = measured.bucket.versions(key)

    done = measured.stedi("key", "rotate")

    assert done.returncode == 0, done.stdout
    assert "No old customer_id in" in done.stdout
    (second,) = measured.bucket.versions(key)
    assert second.id != first.id and second.is_latest
    new = measured.bucket.read(key).decode().strip()
    assert new not in done.stdout
    assert old not in str(tables(measured.local))
    assert measured.held(BEN).hits == {
        name: what for name, what in measured.held(BEN).hits.items() if "customer_id" not in what
    }
    measured.local.key_file.write_text(new)
    ids = measured.query(f"select distinct customer_id from iceberg.stedi_trusted.{TABLE}")
    assert ids == [[measured.id_of(BEN)]]
