"""`stedi land`, to a folder and to S3: whole files, byte for byte, once; or one sentence."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError
from click.testing import Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from stedi.errors import StediError
from stedi.landing.files import landed_files
from stedi.landing.plan import land_all
from stedi.landing.zones import Delivery, NotLanded, Zone
from stedi.target import resolve
from support.targets import set_athena_target, stedi

BUCKET = "stedi-test"
GOOD = b'{"a":1}\r\n\xff\n'
JAN_31 = "customer/landing/ingest_date=2024-01-31"
Files = dict[str, bytes]  # path below the root -> content


class Lakehouse(NamedTuple):
    """An empty lakehouse: its landing zone, how commands name it, and a look at all its files."""

    address: str  # of the landing root, as commands print it
    options: tuple[str, ...]
    zone: Zone
    files: Callable[[], Files]


def folder_files(folder: Path) -> Files:
    """Hidden files too."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def bucket_files() -> Files:
    objects = boto3.resource("s3").Bucket(BUCKET).objects.all()
    return {found.key: found.get()["Body"].read() for found in objects}


pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
def local_lakehouse(duckdb_lakehouse: Path) -> Lakehouse:
    landing = duckdb_lakehouse / "landing"
    zone = Zone(resolve("duckdb").storage)
    return Lakehouse(str(landing), (), zone, lambda: folder_files(landing))


@pytest.fixture
def s3_lakehouse(
    clean_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lakehouse]:
    config = set_athena_target(monkeypatch, tmp_path, BUCKET)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        zone = Zone(resolve("athena", config).storage)
        options = ("--target", "athena", "--config", str(config))
        yield Lakehouse(f"s3://{BUCKET}", options, zone, bucket_files)


@pytest.fixture(params=["local_lakehouse", "s3_lakehouse"])
def lakehouse(request: pytest.FixtureRequest) -> Lakehouse:
    found: Lakehouse = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[..., str]:
    """Writes a file that is to be landed; returns its path."""

    def write(name: str, content: bytes = GOOD, folder: str = "inbox") -> str:
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    return write


def run(lakehouse: Lakehouse, *arguments: str, date: str = "2024-01-31") -> Result:
    return stedi("land", "customer", *arguments, "--ingest-date", date, *lakehouse.options)


def land(lakehouse: Lakehouse, *arguments: str, date: str = "2024-01-31") -> None:
    """Lands where a test takes for granted that it succeeds."""
    result = run(lakehouse, *arguments, date=date)
    assert result.exit_code == 0, result.output


def check_refused(result: Result, *parts: str) -> None:
    """Exit code 1, nothing done, and one error, which says all of this."""
    text = result.stderr
    assert (result.exit_code, result.stdout, text.count("Error: ")) == (1, "", 1)
    assert [part for part in parts if part not in text] == [], text


# What lands.


def test_files_land_byte_for_byte(lakehouse: Lakehouse, deliver: Callable) -> None:
    packed = gzip.compress(GOOD)
    files = [deliver("a.json"), deliver("b.jsonl.gz", packed), deliver("empty.json", b"")]
    result = run(lakehouse, *files)
    expected = {f"{JAN_31}/a.json": GOOD, f"{JAN_31}/b.jsonl.gz": packed}
    expected[f"{JAN_31}/empty.json"] = b""
    assert lakehouse.files() == expected
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"landed {lakehouse.address}/{path}" for path in expected]
    assert "Landing" in result.stderr  # the progress bar


@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=100), st.sampled_from(["a[1]*.json", "é 'b'.jsonl", "%.json"]))
def test_any_bytes_land_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, local_lakehouse: Lakehouse, content: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / name).write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEDI_LANDING", str(folder / "landing"))
        assert run(local_lakehouse, str(folder / name)).exit_code == 0
    assert folder_files(folder / "landing") == {f"{JAN_31}/{name}": content}


def test_a_large_file_lands_and_its_progress_adds_up(
    lakehouse: Lakehouse, deliver: Callable
) -> None:
    """Larger than what S3 takes in one part."""
    content = os.urandom(1 << 20) * 9 + b"\n"
    delivery = Delivery.of(Path(deliver("a.json", content)))
    done: list[int] = []
    lakehouse.zone.put("customer", "2024-01-31", delivery, done.append)
    assert lakehouse.files() == {f"{JAN_31}/a.json": content}
    assert sum(done) == len(content)
    assert run(lakehouse, str(delivery.path)).exit_code == 0


def test_what_lands_is_what_readers_find(local_lakehouse: Lakehouse, deliver: Callable) -> None:
    land(local_lakehouse, deliver("a.json"))
    found = landed_files(Path(local_lakehouse.address), "customer")
    assert found == [("2024-01-31", Path(local_lakehouse.address) / JAN_31 / "a.json")]


def test_the_date_is_today_in_utc_by_default(lakehouse: Lakehouse, deliver: Callable) -> None:
    before = datetime.now(UTC).date()
    result = stedi("land", "customer", deliver("a.json"), *lakehouse.options)
    after = datetime.now(UTC).date()
    assert result.exit_code == 0
    [path] = lakehouse.files()
    assert path in [f"customer/landing/ingest_date={day}/a.json" for day in (before, after)]


# What has landed already.


@pytest.mark.parametrize("date", ["2024-01-31", "2024-02-01"])
def test_the_same_content_again_is_a_no_op_that_says_so(
    date: str, lakehouse: Lakehouse, deliver: Callable
) -> None:
    path = deliver("a.json")
    land(lakehouse, path)
    before = lakehouse.files()
    again = run(lakehouse, path, date=date)
    assert again.exit_code == 0
    assert again.stdout == (
        f"{path}: the same content landed already as {lakehouse.address}/{JAN_31}/a.json\n"
    )
    assert lakehouse.files() == before


def test_what_was_put_on_s3_by_other_means_is_known(
    s3_lakehouse: Lakehouse, deliver: Callable
) -> None:
    """It has no SHA-256 in its metadata."""
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"{JAN_31}/a.json", Body=GOOD)
    assert "same content landed already" in run(s3_lakehouse, deliver("a.json")).stdout
    other = GOOD[::-1]  # of the same size
    check_refused(run(s3_lakehouse, deliver("a.json", other)), "has other content")


def test_other_content_under_the_name_is_refused_and_nothing_lands(
    lakehouse: Lakehouse, deliver: Callable
) -> None:
    land(lakehouse, deliver("a.json"))
    before = lakehouse.files()
    for other in (GOOD + b"\n", GOOD[::-1]):
        path = deliver("a.json", other, "other")
        result = run(lakehouse, deliver("new.json"), path)
        check_refused(
            result, path, f"{lakehouse.address}/{JAN_31}/a.json has other content", "rename"
        )
        assert lakehouse.files() == before


def test_a_name_may_be_used_again_on_another_date(lakehouse: Lakehouse, deliver: Callable) -> None:
    land(lakehouse, deliver("daily.json", b"1\n"))
    assert run(lakehouse, deliver("daily.json", b"2\n"), date="2024-02-01").exit_code == 0
    assert sorted(lakehouse.files().values()) == [b"1\n", b"2\n"]


def test_the_date_asked_for_decides_where_both_contents_have_landed(
    lakehouse: Lakehouse, deliver: Callable
) -> None:
    first = deliver("daily.json", b"1\n", "first")
    land(lakehouse, first)
    land(lakehouse, deliver("daily.json", b"2\n"), date="2024-02-01")
    check_refused(
        run(lakehouse, first, date="2024-02-01"), "2024-02-01/daily.json has other content"
    )
    assert "same content landed already" in run(lakehouse, first).stdout


def test_a_broken_off_landing_is_completed_by_the_next(
    lakehouse: Lakehouse, deliver: Callable
) -> None:
    first, second = deliver("a.json", b"1\n"), deliver("b.json", b"2\n")
    land(lakehouse, first)
    result = run(lakehouse, first, second)
    assert result.exit_code == 0
    assert "a.json: the same content landed already" in result.stdout
    assert f"landed {lakehouse.address}/{JAN_31}/b.json" in result.stdout


def test_a_file_beside_the_dates_is_no_landed_one(lakehouse: Lakehouse, deliver: Callable) -> None:
    for place in ("ingest_date=2024-99-99", "ingest_date=2024-01-31/deeper", "2024-01-31"):
        run_place = f"customer/landing/{place}/a.json"
        if lakehouse.address.startswith("s3:"):
            boto3.client("s3").put_object(Bucket=BUCKET, Key=run_place, Body=GOOD)
        else:
            path = Path(lakehouse.address) / run_place
            path.parent.mkdir(parents=True)
            path.write_bytes(GOOD)
    assert "landed " in run(lakehouse, deliver("a.json"), date="2024-02-01").stdout


# What is refused: all of it, and before anything lands.


def test_a_dry_run_tells_and_writes_nothing(lakehouse: Lakehouse, deliver: Callable) -> None:
    result = run(lakehouse, deliver("a.json"), "--dry-run")
    assert (result.exit_code, lakehouse.files()) == (0, {})
    assert result.stdout == f"would land {lakehouse.address}/{JAN_31}/a.json\n"
    assert not Path(lakehouse.address).exists()


def test_a_dry_run_refuses_too(lakehouse: Lakehouse, deliver: Callable) -> None:
    check_refused(run(lakehouse, deliver("a.csv"), "--dry-run"), "a.csv")


CUT = gzip.compress(GOOD * 100, mtime=0)[:-9]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.json.gz", CUT, "cannot be read"),
        ("a.json.gz", gzip.compress(GOOD, mtime=0) + CUT, "cannot be read"),
        ("a.jsonl.gz", GOOD, "cannot be read"),
        ("a.csv", GOOD, "must end in .json, .jsonl, .json.gz, .jsonl.gz"),
        ("a.JSON", GOOD, "must end in"),
        ("a.json.zip", GOOD, "must end in"),
        ("json", GOOD, "must end in"),
        (".a.json", GOOD, "leading . or _"),
        ("_a.json", GOOD, "leading . or _"),
    ],
)
def test_one_bad_file_and_nothing_lands(
    name: str, content: bytes, why: str, lakehouse: Lakehouse, deliver: Callable
) -> None:
    path = deliver(name, content)
    check_refused(run(lakehouse, deliver("good.json"), path), "nothing has landed", path, why)
    assert lakehouse.files() == {}


def test_every_bad_file_is_named(lakehouse: Lakehouse, deliver: Callable) -> None:
    paths = [deliver("a.json.gz", CUT), deliver("b.json.gz", CUT)]
    check_refused(run(lakehouse, *paths), *paths)


def test_a_file_that_cannot_be_opened(
    lakehouse: Lakehouse, deliver: Callable, tmp_path: Path
) -> None:
    dangling, folder, absent = (tmp_path / name for name in ("a.json", "b.json", "c.json"))
    dangling.symlink_to(tmp_path / "nothing")
    folder.mkdir()
    for path in map(str, (dangling, folder, absent)):
        check_refused(run(lakehouse, deliver("good.json"), path), f"{path}: cannot be read (")
    assert lakehouse.files() == {}


def test_a_name_that_is_not_utf8(lakehouse: Lakehouse, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xe9.json")
    path.write_bytes(GOOD)
    check_refused(run(lakehouse, str(path)), "a name must be in UTF-8", r"\udce9.json")
    assert lakehouse.files() == {}


def test_two_files_of_one_name(lakehouse: Lakehouse, deliver: Callable) -> None:
    paths = [deliver("a.json", b"1\n", "one"), deliver("a.json", b"2\n", "two")]
    check_refused(run(lakehouse, *paths), *paths, "2 files of one name")
    assert lakehouse.files() == {}


def in_days(number: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=number)).isoformat()


def test_a_day_that_lies_ahead_is_refused(lakehouse: Lakehouse, deliver: Callable) -> None:
    """It would be the newest one, and every real day before it would be refused."""
    for date in (in_days(2), "2206-11-28", "9999-12-31"):
        result = run(lakehouse, deliver("a.json"), date=date)
        assert result.exit_code == 2
        assert f"{date} lies more than a day ahead of today, {in_days(0)} (UTC)" in result.stderr
    assert lakehouse.files() == {}
    assert run(lakehouse, deliver("a.json"), date=in_days(1)).exit_code == 0


@pytest.mark.parametrize(
    "date", ["2024-1-1", "2024-02-30", "2023-02-29", "20240131", "2024-01-31 ", "", "today",
             "0000-01-01", "\uff12\uff10\uff12\uff14-01-31", "2024-01-31T00:00"]
)  # fmt: skip
def test_a_bad_date_is_a_usage_error(date: str, lakehouse: Lakehouse, deliver: Callable) -> None:
    result = run(lakehouse, deliver("a.json"), date=date)
    assert result.exit_code == 2
    assert "is not a date; write it as 2024-01-31" in result.stderr
    assert lakehouse.files() == {}


@pytest.mark.parametrize("arguments", [["dogs", "a.json"], ["customer"], []])
def test_a_bad_call_is_a_usage_error(arguments: list[str]) -> None:
    assert stedi("land", *arguments).exit_code == 2


# What comes behind what has landed: a nightly build would not see it.


def notes(files: Files) -> list[str]:
    return [path for path in files if path.startswith("backfill/")]


def day(ahead: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=ahead)).isoformat()


@pytest.fixture
def landed_on(lakehouse: Lakehouse, deliver: Callable) -> Callable[[str, str], None]:
    """Lands a file of an entity on a date, after which that is the newest."""

    def land_one(entity: str, date: str) -> None:
        path = Path(deliver(f"{entity}-{date}.json", folder="before"))
        lakehouse.zone.put(entity, date, Delivery.of(path), lambda done: None)

    return land_one


@pytest.mark.parametrize("entity", ["customer", "accelerometer", "step_trainer"])
def test_a_day_before_the_newest_of_any_entity_is_refused(
    entity: str, lakehouse: Lakehouse, deliver: Callable, landed_on: Callable
) -> None:
    landed_on("step_trainer", "2023-12-31")
    landed_on(entity, "2024-02-01")
    before = lakehouse.files()
    for options in ((), ("--dry-run",)):
        check_refused(
            run(lakehouse, deliver("a.json"), *options),
            "nothing has landed",
            "2024-02-01 is the newest day landed",
            f"land under {day(0)}, or use `stedi land --backfill`",
            "`dbt build --full-refresh`",
        )
    assert lakehouse.files() == before
    assert run(lakehouse, deliver("a.json"), date="2024-02-01").exit_code == 0
    assert notes(lakehouse.files()) == []


def test_what_to_do_where_the_newest_day_lies_ahead(
    lakehouse: Lakehouse, deliver: Callable, landed_on: Callable
) -> None:
    landed_on("customer", day(9))
    check_refused(run(lakehouse, deliver("a.json"), date=day(0)), f"land under {day(9)}, or")


def test_a_backfill_lands_and_leaves_a_note(
    lakehouse: Lakehouse, deliver: Callable, landed_on: Callable
) -> None:
    landed_on("accelerometer", "2024-02-01")
    before = lakehouse.files()
    first_day, result = day(0), run(lakehouse, deliver("a.json"), deliver("b.json"), "--backfill")
    new = {path: content for path, content in lakehouse.files().items() if path not in before}
    [note] = notes(new)
    content = new.pop(note)
    assert new == {f"{JAN_31}/a.json": GOOD, f"{JAN_31}/b.json": GOOD}
    assert note.rpartition("/")[0] in [
        f"backfill/landing/ingest_date={today}" for today in (first_day, day(0))
    ]
    assert content.endswith(b"\n")
    assert content.count(b"\n") == 1
    said = json.loads(content)
    assert datetime.fromisoformat(said.pop("when")).date().isoformat() in note
    assert said == {
        "entity": "customer", "ingest_date": "2024-01-31", "files": ["a.json", "b.json"]
    }  # fmt: skip
    assert result.exit_code == 0
    told = result.stdout.splitlines()[0]
    assert told.startswith(f"noted the backfill in {lakehouse.address}/{note}: ")
    assert "--full-refresh" in told


def test_each_backfill_has_a_note_of_its_own(
    lakehouse: Lakehouse, deliver: Callable, landed_on: Callable
) -> None:
    landed_on("customer", "2024-02-01")
    for name in ("a.json", "b.json"):
        land(lakehouse, deliver(name), "--backfill")
    assert len(notes(lakehouse.files())) == 2


def test_a_note_is_no_delivery_and_makes_no_day_the_newest(
    lakehouse: Lakehouse, deliver: Callable, landed_on: Callable
) -> None:
    landed_on("customer", "2024-02-01")
    land(lakehouse, deliver("a.json"), "--backfill")
    assert lakehouse.zone.newest_date() == "2024-02-01"


def test_a_landing_that_is_broken_off_has_left_its_note(
    lakehouse: Lakehouse, deliver: Callable, landed_on: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed_on("customer", "2024-02-01")
    put = type(lakehouse.zone).put

    def break_off(zone: Zone, entity: str, *rest: object) -> None:
        if entity == "customer":
            raise NotLanded("broken off")
        put(zone, entity, *rest)

    before = lakehouse.files()
    monkeypatch.setattr(type(lakehouse.zone), "put", break_off)
    result = run(lakehouse, deliver("a.json"), "--backfill")
    assert result.exit_code == 1
    assert "--full-refresh" in result.stdout
    assert lakehouse.files().keys() - before.keys() == {*notes(lakehouse.files())} != set()


@pytest.mark.parametrize("date", ["2024-02-01", "2024-02-02"])
def test_backfill_changes_nothing_where_nothing_newer_has_landed(
    date: str, lakehouse: Lakehouse, deliver: Callable, landed_on: Callable
) -> None:
    assert run(lakehouse, deliver("first.json"), "--backfill").exit_code == 0  # the first of all
    landed_on("customer", "2024-02-01")
    result = run(lakehouse, deliver("a.json"), "--backfill", date=date)
    assert result.stdout == f"landed {lakehouse.address}/{JAN_31[:-10]}{date}/a.json\n"
    assert notes(lakehouse.files()) == []


@pytest.mark.parametrize("options", [(), ("--backfill",)])
def test_what_lies_there_already_needs_no_backfill(
    options: tuple[str, ...], lakehouse: Lakehouse, deliver: Callable, landed_on: Callable
) -> None:
    path = deliver("a.json")
    land(lakehouse, path)
    landed_on("customer", "2024-02-01")
    before = lakehouse.files()
    for date in ("2024-01-31", "2024-01-30"):
        result = run(lakehouse, path, *options, date=date)
        assert result.exit_code == 0
        assert "the same content landed already" in result.stdout
    assert lakehouse.files() == before


def test_a_backfill_may_be_tried_dry(
    lakehouse: Lakehouse, deliver: Callable, landed_on: Callable
) -> None:
    landed_on("customer", "2024-02-01")
    before = lakehouse.files()
    result = run(lakehouse, deliver("a.json"), "--backfill", "--dry-run")
    assert f"would land {lakehouse.address}/{JAN_31}/a.json\n" in result.stdout
    assert "would leave a note of the backfill" in result.stdout
    assert "--full-refresh" in result.stdout
    assert lakehouse.files() == before


def test_a_backfill_that_is_refused_leaves_no_note(
    lakehouse: Lakehouse, deliver: Callable, landed_on: Callable
) -> None:
    landed_on("customer", "2024-02-01")
    check_refused(run(lakehouse, deliver("a.json"), deliver("b.csv"), "--backfill"), "b.csv")
    assert notes(lakehouse.files()) == []


def test_a_day_without_deliveries_is_not_the_newest(
    lakehouse: Lakehouse, deliver: Callable
) -> None:
    """A folder that is empty, or holds what readers pass over."""
    for place in ("2024-02-01/.unfinished", "2024-02-02/_SUCCESS", "2024-02-03/"):
        key = f"customer/landing/ingest_date={place}"
        if lakehouse.address.startswith("s3:"):
            boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"")
        else:
            path = Path(lakehouse.address) / key
            (path if place.endswith("/") else path.parent).mkdir(parents=True)
            if not place.endswith("/"):
                path.touch()
    assert lakehouse.zone.newest_date() is None
    assert run(lakehouse, deliver("a.json")).exit_code == 0
    assert lakehouse.zone.newest_date() == "2024-01-31"


def test_a_folder_of_deliveries_lands_today_or_not_at_all(
    lakehouse: Lakehouse, deliver: Callable, landed_on: Callable, tmp_path: Path
) -> None:
    """As `make run FROM=` lands them."""
    for entity in ("customer", "accelerometer"):
        deliver("a.json", folder=f"from/{entity}")
    landed_on("step_trainer", day(-1))
    assert land_all(lakehouse.zone, tmp_path / "from", day(0)) == 2
    deliver("b.json", folder="from/customer")
    landed_on("step_trainer", day(1))
    with pytest.raises(StediError, match=f"nothing has landed.\n{day(0)}: {day(1)} is the new"):
        land_all(lakehouse.zone, tmp_path / "from", day(0))


# What goes wrong while a file is landed.


def test_a_file_that_is_written_to_meanwhile(lakehouse: Lakehouse, deliver: Callable) -> None:
    path = Path(deliver("a.json", GOOD))
    delivery = Delivery.of(path)
    path.write_bytes(GOOD + b"more\n")  # after it was checked
    with pytest.raises(NotLanded, match=f"^{path}: was written to while it was landed"):
        lakehouse.zone.put("customer", "2024-01-31", delivery, lambda done: None)
    assert lakehouse.files() == {}


def test_an_upload_holds_what_was_checked_whatever_becomes_of_the_file(
    s3_lakehouse: Lakehouse, deliver: Callable
) -> None:
    """Nothing needs to be taken back."""
    path = Path(deliver("a.json"))
    delivery = Delivery.of(path)
    s3_lakehouse.zone.put("customer", "2024-01-31", delivery, lambda done: path.write_bytes(b"!"))
    assert s3_lakehouse.files() == {f"{JAN_31}/a.json": GOOD}


@pytest.mark.parametrize("size", [1, 9 << 20])  # S3 clients split what is larger than 8 MiB
def test_a_delivery_that_lands_meanwhile_is_not_overwritten(
    lakehouse: Lakehouse, deliver: Callable, size: int
) -> None:
    delivery = Delivery.of(Path(deliver("a.json", b"a" * size)))
    theirs = Delivery.of(Path(deliver("a.json", b"theirs\n", folder="theirs")))
    begun: list[int] = []

    def land_theirs(done: int) -> None:
        if not begun:
            begun.append(done)
            lakehouse.zone.put("customer", "2024-01-31", theirs, lambda done: None)

    with pytest.raises(NotLanded, match="Land the file again"):
        lakehouse.zone.put("customer", "2024-01-31", delivery, land_theirs)
    assert lakehouse.files() == {f"{JAN_31}/a.json": b"theirs\n"}


def test_a_file_that_changes_and_one_that_lands_meanwhile(
    lakehouse: Lakehouse, deliver: Callable
) -> None:
    """The one that is not landed takes nothing of the other back."""
    delivery = Delivery.of(Path(deliver("a.json")))
    theirs = Delivery.of(Path(deliver("a.json", b"theirs\n", folder="theirs")))
    delivery.path.write_bytes(GOOD + b"more\n")
    lakehouse.zone.put("customer", "2024-01-31", theirs, lambda done: None)
    with pytest.raises(NotLanded):
        lakehouse.zone.put("customer", "2024-01-31", delivery, lambda done: None)
    assert lakehouse.files() == {f"{JAN_31}/a.json": b"theirs\n"}


def test_a_change_while_landing_is_told_as_it_is(
    local_lakehouse: Lakehouse, deliver: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = deliver("a.json")
    stale = Delivery(Path(path), len(GOOD), "0" * 64)
    monkeypatch.setattr(Delivery, "of", lambda path: stale)
    result = run(local_lakehouse, path)
    assert result.exit_code == 1
    assert f"Error: {path}: was written to while it was landed. Land it once" in result.stderr


def test_breaking_off_leaves_nothing(local_lakehouse: Lakehouse, deliver: Callable) -> None:
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    delivery = Delivery.of(Path(deliver("a.json", b"a" * (3 << 20))))
    with pytest.raises(KeyboardInterrupt):
        local_lakehouse.zone.put("customer", "2024-01-31", delivery, interrupt)
    assert local_lakehouse.files() == {}


KILLED = """
import os, signal, sys
from pathlib import Path
from stedi.landing.zones import Delivery, Zone
from stedi.storage.folder import FolderStorage
root, path = map(Path, sys.argv[1:])
kill = lambda done: os.kill(os.getpid(), signal.SIGKILL)
Zone(FolderStorage(root)).put("customer", "2024-01-31", Delivery.of(path), kill)
"""


def test_being_killed_leaves_nothing_that_readers_see(
    local_lakehouse: Lakehouse, deliver: Callable
) -> None:
    path = deliver("a.json", b"a" * (3 << 20))
    killed = subprocess.run([sys.executable, "-c", KILLED, local_lakehouse.address, path])
    assert killed.returncode == -signal.SIGKILL
    assert local_lakehouse.files()  # it was in the midst of it
    assert landed_files(Path(local_lakehouse.address), "customer") == []
    assert run(local_lakehouse, path).exit_code == 0


@pytest.fixture
def s3_answers(
    s3_lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], None]:
    """Makes S3 answer an operation with an error code."""

    def answer(operation: str, code: str) -> None:
        call = botocore.client.BaseClient._make_api_call

        def fail(client, name, arguments):
            if name == operation:
                error = {"Code": code, "Message": "the service's own words"}
                raise ClientError({"Error": error}, name)
            return call(client, name, arguments)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", fail)

    return answer


@pytest.mark.parametrize(
    ("operation", "code", "advice"),
    [
        ("ListObjectsV2", "AccessDenied", "ask for s3:ListBucket, s3:GetObject and s3:PutObject"),
        ("PutObject", "AccessDenied", "ask for s3:ListBucket, s3:GetObject and s3:PutObject"),
        ("ListObjectsV2", "ExpiredToken", "renew the credentials"),
        ("ListObjectsV2", "InvalidAccessKeyId", "renew the credentials"),
        ("ListObjectsV2", "SignatureDoesNotMatch", "renew the credentials"),
        ("PutObject", "SlowDown", "documentation of the AWS service"),
    ],
)
def test_an_error_of_s3_is_one_sentence(
    operation: str,
    code: str,
    advice: str,
    s3_lakehouse: Lakehouse,
    s3_answers: Callable,
    deliver: Callable,
) -> None:
    s3_answers(operation, code)
    result = run(s3_lakehouse, deliver("a.json"))
    check_refused(result, f"{operation}: {code} (the service's own words): ", advice)


def test_comparing_without_permission(
    s3_lakehouse: Lakehouse, s3_answers: Callable, deliver: Callable
) -> None:
    path = deliver("a.json")
    land(s3_lakehouse, path)
    s3_answers("HeadObject", "403")
    check_refused(run(s3_lakehouse, path), "403", "s3:GetObject")


def test_a_missing_bucket(
    s3_lakehouse: Lakehouse, deliver: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_athena_target(monkeypatch, tmp_path, "not-there")
    result = run(s3_lakehouse, deliver("a.json"))
    check_refused(result, "NoSuchBucket", "infrastructure/config.toml", "`stedi aws apply`")


@pytest.fixture
def unreached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Lands a file in a bucket that no call reaches."""
    config = set_athena_target(monkeypatch, tmp_path, BUCKET)

    def land(path: str) -> Result:
        return stedi("land", "customer", path, "--target", "athena", "--config", config)

    return land


def test_missing_credentials(
    unreached: Callable, monkeypatch: pytest.MonkeyPatch, deliver: Callable
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    check_refused(unreached(deliver("a.json")), "credentials", "set AWS_PROFILE")


def test_half_of_the_credentials(
    unreached: Callable, monkeypatch: pytest.MonkeyPatch, deliver: Callable
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    check_refused(unreached(deliver("a.json")), "credentials", "set AWS_PROFILE")


def test_an_unknown_profile(
    unreached: Callable, monkeypatch: pytest.MonkeyPatch, deliver: Callable
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    check_refused(unreached(deliver("a.json")), "profile (nobody)")


def test_no_connection(
    unreached: Callable, monkeypatch: pytest.MonkeyPatch, deliver: Callable
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # nobody listens to discard
    result = unreached(deliver("a.json"))
    check_refused(result, "127.0.0.1:9", "check the network and AWS_ENDPOINT_URL")


def test_a_landing_zone_that_cannot_be_written_to(
    local_lakehouse: Lakehouse, deliver: Callable
) -> None:
    landing = Path(local_lakehouse.address)
    landing.touch()
    check_refused(run(local_lakehouse, deliver("a.json")), f"{landing}", "Not a directory")
