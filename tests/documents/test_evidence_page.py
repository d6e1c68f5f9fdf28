"""The evidence page shows the numbers that Python expects of the deliveries, and names nobody."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest

from stedi.evidence.attestation import attest, read_attestation
from stedi.evidence.fields import read_lineage
from stedi.synthetic.lines import customer_line, distance_line, motion_line
from stedi.synthetic.personas import DAY, START
from stedi.synthetic.records import Customer
from support.evidence_page import Written, page, page_of, run
from support.lakehouse import KEY, PROJECT, Lakehouse, customer_id
from support.page_tables import Row, number, tables
from support.shown import SECRETS, secrets_in

ON_PAGE = re.compile(r"(passed|in part|failed|not run) (\S+)")
IDENTIFYING = {"email", "user", "customername", "phone", "birthday", "serialnumber"}


@pytest.fixture(scope="module")
def said(written: Written) -> dict[str, list[Row]]:
    return tables(written.page)


def test_laws_hold_as_dbts_tests_of_the_tables_say(written: Written) -> None:
    """The other tests are pytest's, which tell nothing of these tables."""
    page = tables(written.page)
    states = {r.attributes["data-law"]: r.attributes["data-state"] for r in page["laws-table"]}
    assert states == dict.fromkeys("1236", "holds") | dict.fromkeys("4578", "")
    for row in page["tests-table"]:
        found = ON_PAGE.findall(row.cells[1])
        assert [state for state, _ in found] == ["passed"] * len(found)
        assert bool(found) == (row.attributes["data-law"] in "1236")
    assert "and of nobody else: all 12 checks passed." in flat(written.page)
    assert "on everything." in flat(written.page)


@pytest.fixture
def copy(written: Written, tmp_path: Path) -> Lakehouse:
    """A lakehouse that a test may change."""
    shutil.copytree(written.lakehouse.folder, tmp_path, dirs_exist_ok=True)
    return Lakehouse(tmp_path)


def test_failed_check_is_what_the_page_begins_with(copy: Lakehouse) -> None:
    results = copy.folder / "target" / "tests" / "run_results.json"
    content = json.loads(results.read_text())
    name = "assert_motion_is_trusted_by_consent"
    (result,) = [r for r in content["results"] if r["unique_id"].endswith(f".{name}")]
    result |= {"status": "fail", "failures": 7}
    results.write_text(json.dumps(content))
    text = page(copy)
    assert "1 of 12 checks of the tables failed" in flat(text)
    assert f"Failed: <code>{name.replace('_', '_<wbr>')}</code>." in flat(text)
    (law,) = [row for row in tables(text)["laws-table"] if row.attributes["data-law"] == "1"]
    assert (law.attributes["data-state"], law.attributes["class"]) == ("broken", "red")


def test_tables_that_were_built_after_they_were_checked_are_not_known(copy: Lakehouse) -> None:
    with duckdb.connect(copy.database) as connection:
        connection.execute("""
            insert into stedi_audit.builds by name
            select * replace ('later' as build_id, now()::timestamp + interval 1 day as happened_at)
            from stedi_audit.builds where status = 'completed' order by happened_at desc limit 1
        """)
    text = flat(page(copy))
    assert "The tables were not checked after they were last built" in text
    assert "Check the tables: run <code>make evidence</code>" in text


def test_without_results_of_tests_nothing_is_claimed(copy: Lakehouse) -> None:
    shutil.rmtree(copy.folder / "target" / "tests")
    (copy.folder / "target" / "run_results.json").unlink()
    text = page(copy)
    assert "The tables were not checked" in flat(text)
    assert {r.attributes["data-state"] for r in tables(text)["laws-table"]} == {"not checked", ""}


def test_what_has_landed_since_waits_and_breaks_no_law(copy: Lakehouse) -> None:
    """One person of three in it is in customer_trusted and withdraws."""
    sharing = copy.query("select email from stedi_trusted.customer_trusted order by email")
    gone, stays = (email for (email,) in sharing[:2])
    withdrawal = {"email": gone, "serialNumber": "s", "lastUpdateDate": START + DAY}
    later = {"email": stays, "lastUpdateDate": START, "shareWithResearchAsOfDate": START}
    new = {"email": "nobody.yet@example.com", "lastUpdateDate": START}
    lines = "".join(json.dumps(record) + "\n" for record in (withdrawal, later, new))
    copy.land("customer", "later.json", lines.encode(), "2024-02-01")
    motion = motion_line((stays, START, 1.0, 0.0, 0.0))
    copy.land("accelerometer", "later.json", motion.encode(), "2024-01-03")  # the newest day
    text = flat(page(copy))
    assert "waiting for the next one: 4 lines. Among them are withdrawals of 1 people" in text
    assert copy.dbt("test", "--select", "assert_lines_are_conserved").success
    lost = copy.landing / "accelerometer" / "landing" / "ingest_date=2024-01-03" / "later.json"
    lost.write_text("")
    for path in lost.parent.glob("*.json"):
        path.write_text("")  # lines that were built are gone: that is no waiting
    assert not copy.dbt("test", "--select", "assert_lines_are_conserved").success


def test_page_shows_what_was_proven_of_the_version(copy: Lakehouse, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "docs").mkdir(parents=True)
    shutil.copytree(copy.folder / "target" / "tests", project / "target" / "tests")
    shutil.copy(PROJECT / "docs" / "laws.yml", project / "docs")
    (project / "target" / "tests.xml").write_text(
        """<testsuites><testsuite timestamp="2026-01-31T10:00:00+01:00">
        <testcase classname="tests.laws.test_one_sql" name="a" />
        <testcase classname="tests.athena.test_budget" name="b"><skipped /></testcase>
        </testsuite></testsuites>"""
    )
    path = project / "docs" / "attestation.json"
    path.write_text(json.dumps(attest(project, project / "target")))
    found = read_attestation(path, project)
    assert found.is_this_code
    assert (found.tested_at, [law.number for law in found.proven]) == (
        "2026-01-31T09:00:00+00:00", [3, 7],
    )  # fmt: skip
    (project / "models").mkdir()
    (project / "models" / "more.sql").write_text("select 1")
    assert not read_attestation(path, project).is_this_code


def test_figures_are_those_of_the_page(written: Written) -> None:
    """Every number that the page shows is in its JSON, which follows the schema."""
    content = json.loads(page_of(written.lakehouse).with_suffix(".json").read_text())
    schema = json.loads((PROJECT / "scripts/stedi/evidence/evidence.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(content)
    figures = {text for value in leaves(content) for text in re.findall(r"\d+", str(value))}
    body = re.sub(r"<(svg|style).*?</\1>", " ", written.page, flags=re.DOTALL)
    shown = re.findall(r"[\d,]*\d", re.sub(r"<[^>]*>", " ", body))
    assert {number.replace(",", "") for number in shown} - figures == set()
    assert len(shown) > 300


def leaves(value: Any) -> Iterator[Any]:
    """All keys and values within a JSON document, and how long its lists are."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from leaves(each)
    elif isinstance(value, list):
        yield len(value)
        for each in value:
            yield from leaves(each)
    else:
        yield value


def flat(text: str) -> str:
    """A text with single blanks."""
    return " ".join(text.split())


def test_lines(written: Written, said: dict[str, list[Row]]) -> None:
    found = {row.attributes["data-source"]: row.cells[1:] for row in said["lines"]}
    days, rejected = (
        written.rows(table)
        for table in ("stedi_audit.landing_reconciliation", "stedi_staging.rejected_lines")
    )
    for source in FIELDS_OF:
        *counts, reasons, conserved = found.pop(source)
        names = ("landed", "accepted", "duplicate", "rejected")
        expected = [sum(day[name] for day in days if day["source"] == source) for name in names]
        assert [*map(number, counts)] == expected
        assert conserved == "kept"
        each = (part.split(" ") for part in reasons.split(", ") if part != "none")
        assert {reason: number(n) for reason, n in each} == Counter(
            line["reason"] for line in rejected if line["source"] == source
        )
    assert found == {}


def test_readings(written: Written, said: dict[str, list[Row]]) -> None:
    found = {
        (row.attributes["data-source"], row.attributes["data-reason"]): number(row.cells[2])
        for row in said["readings"]
    }
    assert found == {
        (row["source"], row["reason"]): row["readings"]
        for row in written.rows("stedi_audit.consent_funnel")
    }


@pytest.mark.parametrize(
    ("source", "change", "cell"),
    [
        ("customer", "update stedi_audit.landing_reconciliation set landed = landed + 1000 where "
         "source = 'customer' and ingest_date = '2024-01-01'", "broken 1,000"),
        ("step_trainer", "update stedi_audit.landing_reconciliation set landed = landed + 7, "
         "accepted = accepted + 7 where source = 'step_trainer' and ingest_date = '2024-01-01'",
         "broken 7"),
    ],
)  # fmt: skip
def test_line_or_reading_that_nothing_accounts_for_is_an_alarm(
    source: str, change: str, cell: str, copy: Lakehouse
) -> None:
    with duckdb.connect(copy.database) as connection:
        assert connection.execute(change).fetchall() == [(1,)]
    rows = {row.attributes["data-source"]: row for row in tables(page(copy))["lines"]}
    assert (rows[source].cells[-1], rows[source].attributes.get("class")) == (cell, "red")
    assert {row.cells[-1] for name, row in rows.items() if name != source} == {"kept"}


def test_rows_of_tables(written: Written, said: dict[str, list[Row]]) -> None:
    found = {row.attributes["data-table"]: number(row.cells[2]) for row in said["rows"]}
    assert found.keys() > {"stg_customers", "customer_trusted", "machine_learning_curated"}
    expected = {name.partition(".")[2]: rows.total() for name, rows in written.expected.items()}
    assert found == {table: expected[table] for table in found}


def test_who_is_withheld_and_why(written: Written, said: dict[str, list[Row]]) -> None:
    withheld: dict[str | None, Counter] = defaultdict(Counter)
    for row in written.rows("stedi_audit.releases"):
        if row["reason"] != "released":
            withheld[row["customer_id"]][row["source"], row["reason"]] += row["readings"]
    expected = {
        person["customer_id"]: (
            "unclear" if person["is_unclear"]
            else "does not share" if person["covered_from"] is None
            else f"shares readings from {person['covered_from']:%Y-%m-%d %H:%M:%S} on",
            {f"{source}: {n:,} {why}"
             for (source, why), n in withheld[person["customer_id"]].items()},
        )
        for person in written.rows("stedi_staging.stg_customers")
        if person["covered_from"] is None or withheld[person["customer_id"]]
    }  # fmt: skip
    found = {
        row.attributes["data-person"]: (row.cells[1], reasons(row.cells[3]))
        for row in said["people"]
    }
    assert found == expected
    assert all(row.cells[4] == "nothing" for row in said["people"])  # there was no earlier build
    unassigned = {(row.cells[0], row.cells[1]): number(row.cells[2]) for row in said["unassigned"]}
    assert unassigned == dict(withheld[None])


def test_people_who_share_at_the_end(written: Written, said: dict[str, list[Row]]) -> None:
    sharing = len(written.rows("stedi_trusted.customer_trusted"))
    assert number(said["months"][-1].cells[1]) == sharing
    assert f"<strong>{sharing}</strong> people share" in flat(written.page)


def test_k(written: Written, said: dict[str, list[Row]]) -> None:
    readings = written.rows("stedi_curated.machine_learning_curated")
    expected = {
        "customers_curated to the day": {
            (p["customer_id"], (p["registered_on"], p["covered_from_day"]))
            for p in written.rows("stedi_curated.customers_curated")
        },
        "machine_learning_curated to the microsecond": {
            (r["customer_id"], r["read_at"]) for r in readings
        },
        "machine_learning_curated to the day": {
            (r["customer_id"], r["read_at"].date()) for r in readings
        },
        "machine_learning_curated whole readings": {
            (r["customer_id"], tuple(r[c] for c in ("read_at", "x", "y", "z", "distance")))
            for r in readings
        },
    }
    found = {row.attributes["data-k"]: [*map(number, row.cells[2:])] for row in said["k-table"]}
    for name, members in expected.items():
        groups = Counter(attributes for _, attributes in members)
        below = sum(people < 5 for people in groups.values())
        assert found[name] == [min(groups.values()), len(groups), below, 5], name
    assert found.keys() - expected.keys() == {"customers_curated to the month"}


def test_where_fields_stop(said: dict[str, list[Row]], written: Written) -> None:
    found = {row.attributes["data-field"]: row.cells[2:] for row in said["fields"]}
    for field in ("customerName", "email", "phone", "birthDay", "serialNumber"):
        level, stops_at, _, trusted, *_ = found[f"customer.{field}"]
        assert (level, stops_at) == ("direct", "customer_trusted")
        assert trusted.split(" ")[0] == "customer_trusted"
    assert found["accelerometer.user"][:2] == ["direct", "staging"]
    assert found["step_trainer.serialNumber"][:2] == ["direct", "staging"]
    assert found["accelerometer.x"][:2] == ["indirect", "curated"]
    assert "as pseudonym: " in found["customer.email"][4]
    sources = written.lakehouse.manifest()["sources"].values()
    landing = [source for source in sources if source["name"] in FIELDS_OF]
    fields = {f"{s['name']}.{f}" for s in landing for f in s["config"]["meta"]["pii_of_fields"]}
    assert fields == {name for name in found if "whole line" not in name}
    assert "No direct identifier is shown beyond it." in written.page


FIELDS_OF = ("customer", "accelerometer", "step_trainer")


@pytest.fixture
def manifest(written: Written, tmp_path: Path) -> Path:
    """A copy of the manifest that a test may change."""
    copy = shutil.copy(written.lakehouse.folder / "target" / "manifest.json", tmp_path)
    return Path(copy)


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    manifest = json.loads(path.read_text())
    change(manifest["nodes"]["model.stedi_lakehouse.customers_curated"])
    path.write_text(json.dumps(manifest))
    return path


@pytest.mark.parametrize(
    ("leak", "fields"),
    [
        # where a line is no JSON, the email is found in its text
        ("people.email", ["email", "whole line, or its file's name"]),
        ("md5(people.phone)", ["phone"]),
    ],
)
def test_leak_is_found(leak: str, fields: list[str], manifest: Path) -> None:
    """A hash without the key is a leak too."""

    def add(model: dict[str, Any]) -> None:
        sql, end = model["compiled_code"].rsplit("select * from final", 1)
        model["compiled_code"] = (
            f"{sql} select final.*, {leak} as note from final "
            "inner join stedi_trusted.customer_trusted as people "
            f"on final.customer_id = people.customer_id{end}"
        )

    assert read_lineage(manifest).beyond == []
    found = read_lineage(changed(manifest, add)).beyond
    assert found == [f"{field} in customers_curated" for field in fields]


def test_unusable_manifest_is_named(manifest: Path, tmp_path: Path) -> None:
    without = read_lineage(changed(manifest, lambda model: model.pop("compiled_code")))
    assert "customers_curated: it has no compiled SQL" in without.problem
    (tmp_path / "broken.json").write_text("{")
    assert "run `dbt docs generate` to rewrite it" in read_lineage(tmp_path / "broken.json").problem
    assert "no such file" in read_lineage(tmp_path / "none.json").problem


def test_bytes_are_those_of_the_files(written: Written, said: dict[str, list[Row]]) -> None:
    found = {row.cells[0]: number(row.cells[1]) for row in said["sizes"]}
    for entity in FIELDS_OF:
        files = (written.lakehouse.landing / entity / "landing").rglob("*.json")
        assert found[f"landed files: {entity}"] == sum(path.stat().st_size for path in files)
    assert found["tables: lakehouse.duckdb"] == written.lakehouse.database.stat().st_size


def test_page_names_nobody(written: Written) -> None:
    named = {*identifiers(written.lakehouse.landing)}
    assert len(named) > 150
    page = written.page.lower()
    assert [text for text in named if text.lower() in page] == []
    assert secrets_in(written.page.encode()) == set()
    assert KEY not in written.page


def test_named_person_is_noticed(written: Written, tmp_path: Path) -> None:
    """Without this, the test before might find nobody because it looks for nothing."""
    text = written.page.replace("</body>", "person000007@example.com Person 7 5550000007 " + KEY)
    named = {*identifiers(written.lakehouse.landing)}
    assert {"person000007@example.com", "Person 7", "5550000007"} <= {t for t in named if t in text}
    assert secrets_in(text.encode()) == SECRETS.keys() - {"a serial number"}


def identifiers(landing: Path) -> Iterator[str]:
    """The direct identifiers in all JSON lines, as written and without surrounding blanks."""
    for path in landing.rglob("ingest_date=*/*.json"):
        for line in path.read_bytes().splitlines():
            try:
                record = json.loads(line.strip().rstrip(b","))
            except ValueError:
                continue
            fields = record.items() if isinstance(record, dict) else ()
            for name, value in fields:
                if name.lower() in IDENTIFYING and isinstance(value, str) and len(value) > 3:
                    yield from {value, value.strip()}


def reasons(cell: str) -> set[str]:
    """The cell's parts, each `source: n reason`."""
    words = [] if cell == "none" else cell.split(" ")
    return {" ".join(words[place : place + 3]) for place in range(0, len(words), 3)}


def person(name: str, **changes: Any) -> Customer:
    record = Customer(
        f"{name}@example.com", name.title(), None, None, f"serial of {name}", START, START, START,
        None, None,
    )  # fmt: skip
    return record._replace(**changes)


ANN, BEN = person("ann"), person("ben")
MONTH = 31 * DAY


@pytest.fixture(scope="module")
def withdrawn(tmp_path_factory: pytest.TempPathFactory) -> Lakehouse:
    """Ann and Ben consent in January and have two motions and a distance each.

    Ann withdraws in February, after a build.
    """
    lakehouse = Lakehouse(tmp_path_factory.mktemp("withdrawn"))
    both = (ANN, BEN)
    motions = [motion_line((p.email, START + d * DAY, 1.0, 0.0, 0.0)) for p in both for d in (0, 1)]
    distances = [distance_line((p.serial_number, START, 200)) for p in both]
    lakehouse.land("accelerometer", "a.json", "".join(motions).encode(), "2024-01-02")
    lakehouse.land("step_trainer", "s.json", "".join(distances).encode())
    lakehouse.land("customer", "c.json", "".join(map(customer_line, both)).encode())
    lakehouse.build()
    refusal = ANN._replace(research=None, last_update=START + MONTH)
    lakehouse.land("customer", "d.json", customer_line(refusal).encode(), "2024-02-01")
    lakehouse.build()
    return lakehouse


def test_withdrawal_is_shown_with_what_was_released_before(withdrawn: Lakehouse) -> None:
    said = tables(page(withdrawn))
    (ann,) = said["people"]
    first = withdrawn.query("select min(noted_at) from stedi_audit.releases")[0][0]
    assert ann.attributes["data-person"] == customer_id(ANN.email)
    assert ann.cells[1:] == [
        "does not share",
        "2024-02-01 00:00:00",
        "accelerometer: 2 no_consent step_trainer: 1 no_consent",
        f"3 readings, {first:%Y-%m-%d %H:%M:%S}",
    ]
    # month, people who share at its end, consents begun and ended, refusals begun and ended
    assert [row.cells for row in said["months"]] == [
        ["2024-01", "2", "2", "0", "0", "0"],
        ["2024-02", "1", "0", "1", "1", "0"],
    ]


def test_page_says_how_many_people_it_does_not_list(withdrawn: Lakehouse) -> None:
    text = page(withdrawn, "--people", "0")
    assert "people" not in tables(text)
    assert "0 of 1 people are listed" in " ".join(text.split())


RECEIPT = {
    "when": "2026-01-31T09:00:00+00:00",
    "by": "an <officer>",
    "people": ["ab" * 32, "cd" * 32],
    "lines": {"customer": 2, "accelerometer": 1234},
    "files": {"customer": 1, "accelerometer": 3},
    "devices_shared_and_kept": 1,
    "searched_objects": 99,
    "searched_bytes": 1_234_567,
}


def test_receipts_of_erasures(withdrawn: Lakehouse) -> None:
    assert "There are no receipts." in page(withdrawn)
    folder = withdrawn.key_file.parent
    kept = {
        "erasure_receipts/20260131T090000-1.json": json.dumps(RECEIPT),
        "erasure_receipts/broken.json": "{",
        "pending_erasures/abc-1.json": "{}",
        "pending_erasures/abc-2.json": "{}",
        "erasures/abc": "abc",
    }
    for name, text in kept.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    text = page(withdrawn)
    (receipt,) = tables(text)["receipts"]
    assert receipt.cells == [
        "2026-01-31 09:00:00+00:00", "an <officer>", "2", "customer 2 accelerometer 1,234",
        "customer 1 accelerometer 3", "1", "99", "1,234,567",
    ]  # fmt: skip
    flat = " ".join(text.split())
    assert "Unfinished erasures: 1." in flat
    assert "Receipts that cannot be read: broken.json." in flat


def test_incomplete_build_is_an_alarm(withdrawn: Lakehouse) -> None:
    assert "were not completed" not in page(withdrawn)
    assert withdrawn.dbt("run", "--select", "device_owners").success
    assert "Later builds that were not completed: 1." in page(withdrawn)


def test_unreadable_database_says_what_to_do(lakehouse: Lakehouse) -> None:
    assert said_of(lakehouse) == "no such database; run `dbt build`, which creates it"
    lakehouse.database.write_text("no database")
    assert said_of(lakehouse) == "not a DuckDB database; delete it, then run `dbt build`"
    lakehouse.database.unlink()
    with duckdb.connect(lakehouse.database):
        pass
    assert said_of(lakehouse) == "some tables are missing; run `dbt build`"


def test_database_in_use_says_what_to_do(lakehouse: Lakehouse) -> None:
    keep = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", keep, str(lakehouse.database)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        other.stdout.readline()
        assert said_of(lakehouse).startswith("another process has it open")
        other.communicate(b"\n")


def said_of(lakehouse: Lakehouse) -> str:
    """The error that the command ends with, after the database's name."""
    result = run(lakehouse)
    assert result.exit_code == 1
    return result.output.partition(f"{lakehouse.database}: ")[2].strip()
