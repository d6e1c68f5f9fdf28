"""The way of the course that the data comes from, beside ours: what each scans for the same.

The course lays JSON tables over the landing zone and makes each curated table by one query of it;
that table is JSON in S3 too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from local_athena.athena import Execution
from stedi.commands.text import section
from support.athena.local import LocalLakehouse
from support.athena.scanned import ask, by_node, total, upstream

DATABASE = BUCKET = "stedi-course"
# All of them strings, so that a line that is wrong stops no query; it reads the same bytes.
COLUMNS = {
    "customer": ("customername", "email", "phone", "birthday", "serialnumber", "registrationdate",
                 "lastupdatedate", "sharewithresearchasofdate", "sharewithpublicasofdate",
                 "sharewithfriendsasofdate"),
    "accelerometer": ("user", "timestamp", "x", "y", "z"),
    "step_trainer": ("sensorreadingtime", "serialnumber", "distancefromobject"),
    "machine_learning_curated": ("user", "timestamp", "x", "y", "z", "distancefromobject"),
}  # fmt: skip
QUERIES = {
    "customers_curated": """
        select distinct customer.*
        from "stedi-course".customer
        where sharewithresearchasofdate is not null
            and email in (select "user" from "stedi-course".accelerometer)
            and serialnumber in (select serialnumber from "stedi-course".step_trainer)
    """,
    "machine_learning_curated": """
        select motion."user", motion."timestamp", motion.x, motion.y, motion.z,
            distances.distancefromobject
        from "stedi-course".accelerometer as motion
        inner join "stedi-course".step_trainer as distances
            on motion."timestamp" = distances.sensorreadingtime
        inner join (
            select distinct email from "stedi-course".customer
            where sharewithresearchasofdate is not null
        ) as walkers on motion."user" = walkers.email
        inner join (
            select distinct serialnumber from "stedi-course".customer
            where sharewithresearchasofdate is not null
        ) as devices on distances.serialnumber = devices.serialnumber
    """,
}
LANDED = ("customer", "accelerometer", "step_trainer")
CURATED = tuple(QUERIES)
OURS = "stedi_curated.machine_learning_curated"
THEIRS = '"stedi-course".machine_learning_curated'


@dataclass(frozen=True)
class Beside:
    """Bytes scanned for the same thing in both ways."""

    what: str
    ours: int
    course: int

    @property
    def ratio(self) -> float:
        """How many times as much the course's way scans."""
        return self.course / self.ours if self.ours else float("inf")


def reads(local: LocalLakehouse) -> int:
    """Bytes that its queries scan of what has landed; they are run."""
    _lay_tables(local)
    return sum(ask(local, sql)[1] for sql in QUERIES.values())


def would_read(landed: dict[str, int]) -> int:
    """The same without running them, by the bytes landed of each entity: JSON is read whole."""
    named = re.findall(rf'"{DATABASE}"\.(\w+)', " ".join(QUERIES.values()))
    return sum(landed[name] for name in named)


def compare(local: LocalLakehouse, build: list[Execution]) -> list[Beside]:
    """Measures both ways on the landing zone that was built by the queries of `build`."""
    _lay_tables(local)
    scans = by_node(build)
    by_name = {node.split(".")[2]: found for node, found in scans.items() if node}
    ours = {name: by_name[name].scanned for name in CURATED}
    course = {}
    for name, sql in QUERIES.items():
        execution, course[name] = ask(local, sql)
    _put_training_table(local, execution)
    everything = total(scans[node] for node in upstream(local, *CURATED) if node in scans)
    return [
        *(Beside(f"making {name}", ours[name], course[name]) for name in CURATED),
        Beside("making both", sum(ours.values()), sum(course.values())),
        Beside("making both and all that it takes", everything.scanned, sum(course.values())),
        Beside(
            "reading all training data",
            ask(local, f"select * from {OURS}")[1],
            ask(local, f"select * from {THEIRS}")[1],
        ),
        Beside(
            "reading x, y, z, distance of a person",
            ask(local, _of_one_person(local, "x, y, z, distance", OURS, "customer_id"))[1],
            ask(local, _of_one_person(local, "x, y, z, distancefromobject", THEIRS, '"user"'))[1],
        ),
    ]


def report(compared: list[Beside]) -> Iterator[str]:
    """A line for each, in bytes."""
    yield from section(
        "Bytes scanned, here and by the course's way (JSON tables, one query each)",
        [(c.what, c.ours, "here", c.course, "course", f"{c.ratio:.2f} times") for c in compared],
    )


def _of_one_person(local: LocalLakehouse, columns: str, table: str, person: str) -> str:
    ((one,),) = local.trino.query(f"select max({person}) from {table}").rows
    return f"select {columns} from {table} where {person} = '{one}'"


def _lay_tables(local: LocalLakehouse) -> None:
    glue, bucket = local.client("glue"), local.lake.config.bucket
    local.client("s3").create_bucket(Bucket=BUCKET)
    glue.create_database(DatabaseInput={"Name": DATABASE})
    for name, columns in COLUMNS.items():
        place = f"s3://{bucket}/{name}/landing/" if name in LANDED else f"s3://{BUCKET}/{name}/"
        glue.create_table(DatabaseName=DATABASE, TableInput=_json_table(name, columns, place))


def _json_table(name: str, columns: tuple[str, ...], location: str) -> dict:
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE"},
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": "string"} for column in columns],
            "Location": location,
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            "SerdeInfo": {
                "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
                "Parameters": {"ignore.malformed.json": "true"},
            },
        },
    }


def _put_training_table(local: LocalLakehouse, made: Execution) -> None:
    names = COLUMNS["machine_learning_curated"]
    lines = (
        json.dumps(dict(zip(names, map(_number_or_text, row), strict=True)))
        for row in made.answer.rows
    )
    local.client("s3").put_object(
        Bucket=BUCKET, Key="machine_learning_curated/run-1.json", Body="\n".join(lines).encode()
    )


def _number_or_text(value: str | None) -> object:
    """A value as JSON had it, before it was read as a string."""
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value
