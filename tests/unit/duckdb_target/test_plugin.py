"""The duckdb target: its landing tables hold every line of every file; hmac_sha256 is right."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from dbt_common.exceptions import DbtRuntimeError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stedi.duckdb_target.plugin import Plugin
from stedi.restricted.erasures import ErasureRegister, Tombstone
from stedi.restricted.pseudonym_key import hmac_sha256
from stedi.restricted.store import RestrictedStore
from stedi.storage.folder import FolderStorage
from support.landing_views import Landed, connected, expected_rows, land, rows
from support.nasty import BOM, contents

pytestmark = pytest.mark.usefixtures("key")

# Patterns (* ? [ ]), quotes, SQL, partitions, addresses and escapes to some reader or other.
NAMES = [
    "a.json", "b.jsonl", "*.json", "**.json", "a?.json", "[a].json", "[!a].json", "a[1].json",
    "a1.json", "ab.json", "a'b.json", 'a"b.json', "a''; drop table x; --.json", "a b.json",
    " .json", "{}.json", "{files}.json", "a,b.json", "a=b.json", "ingest_date=2020-02-02.json",
    "line=x.json", "a\\b.json", "\\*.json", "a[\\].json", "é😀\u2028.json", "a\nb.json", "%41.json",
    "A.json", "~.json", "$HOME.json", "a.json?x=y.json", "#a.json", "a.csv.json", "a.json.gz",
    "*.json.gz", "é'[1].jsonl.gz", "a.gz.json", "s3:a.json", "NULL.json", "-.json",
]  # fmt: skip
DATES = ["2024-01-01", "2024-02-29", "1999-12-31"]

DEVICE_CLAIMS = "from landing.stedi_restricted.device_claims order by all"

zones = st.dictionaries(
    st.tuples(st.sampled_from(DATES), st.sampled_from(NAMES)), contents, max_size=12
)


@pytest.mark.parametrize("folder", ["landing", "[no copies]"])
@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@example(landed={("2024-01-01", name): f"{name!r}".encode() for name in NAMES})
@example(landed={("2024-01-01", name): f"{name!r}".encode() + BOM for name in NAMES})
@example(landed={("2024-01-01", name): b"\r" + f"{name!r}".encode() for name in NAMES})
@given(landed=zones)
def test_every_line_with_its_file_and_date(
    landed: Landed, folder: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("zone") / folder
    land(root, landed)
    for _ in ("read for the first time", "known from before"):
        with connected(root) as connection:
            assert rows(connection) == expected_rows(landed)


@pytest.mark.parametrize(
    "root",
    ["line=x", "filename=x", "ingest_date=2020-02-02", "INGEST_DATE=1", "[a]*", "it's", "a\\b",
     "a b", "é\n"],
)  # fmt: skip
def test_the_landing_root_may_have_any_name(root: str, tmp_path: Path) -> None:
    landed = {("2024-01-01", "a.json"): b"a\n", ("2024-01-02", "b.json"): b"b\r\n"}
    land(tmp_path / root, landed)
    land(tmp_path / "a", {("2024-01-01", "a.json"): b"of another zone"})
    assert rows(connected(tmp_path / root)) == expected_rows(landed)


def test_entities_are_apart_and_absent_ones_have_no_rows(tmp_path: Path) -> None:
    land(tmp_path, {("2024-01-01", "a.json"): b"one\ntwo"}, "customer")
    (tmp_path / "step_trainer" / "landing" / "ingest_date=2024-01-01").mkdir(parents=True)
    connection = connected(tmp_path)
    assert rows(connection, "customer").total() == 2
    assert rows(connection, "step_trainer").total() == 0
    assert rows(connection, "accelerometer").total() == 0


def test_a_root_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert rows(connected(tmp_path / "absent")).total() == 0


@pytest.mark.parametrize("content", [b"", b"\n"], ids=["empty", "blank line"])
def test_a_zone_of_one_small_file(content: bytes, tmp_path: Path) -> None:
    landed = {("2024-01-01", "a.json"): content}
    land(tmp_path, landed)
    assert rows(connected(tmp_path)) == expected_rows(landed)


def test_more_lines_than_are_handed_over_at_once(tmp_path: Path) -> None:
    landed = {("2024-01-01", "a.json"): b"".join(b"%d\r\n" % n for n in range(25_000))}
    land(tmp_path, landed)
    assert rows(connected(tmp_path)) == expected_rows(landed)


def test_a_query_for_a_date_opens_the_files_of_that_date(tmp_path: Path) -> None:
    land(tmp_path, {(date, "a.json"): b"a\n" for date in DATES})
    plan = connected(tmp_path).execute(
        "explain analyze select * from landing.stedi_landing.accelerometer"
        " where ingest_date = '2024-02-29'"
    )
    assert "Total Files Read: 1 " in plan.fetchall()[0][1]


# What stops dbt.


def tables(connection: duckdb.DuckDBPyConnection) -> list:
    return connection.execute("select database_name, table_name from duckdb_tables()").fetchall()


def unreadable_zones() -> Iterator[tuple[str, bytes]]:
    cut = gzip.compress(b"a\n" * 1000)[:-9]
    yield "cut.json.gz", cut
    # The first bytes show that DuckDB will not be asked to read it; the cut comes much later.
    yield "cut-after-cr.json.gz", gzip.compress(b"a\r\n") + gzip.compress(b"b\r\n" * 1000)[:-9]
    yield "cut-after-blank.jsonl.gz", gzip.compress(b"\n\n") + cut
    yield "no-suffix", b"a\n"


@pytest.mark.parametrize("folder", ["landing", "[no copies]"])
@pytest.mark.parametrize(
    ("name", "content"), [pytest.param(*zone, id=zone[0]) for zone in unreadable_zones()]
)
def test_an_unreadable_file_stops_dbt_by_name_each_time(
    name: str, content: bytes, folder: str, tmp_path: Path
) -> None:
    root = tmp_path / folder
    land(root, {("2024-01-01", "good.json"): b"a\n"})
    path = root / "step_trainer" / "landing" / "ingest_date=2024-01-01" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    connection = duckdb.connect()
    plugin = Plugin("landing", {"landing": str(root)})
    for _ in range(2):  # dbt asks again to roll back
        told = f"{re.escape(str(path))}: .*No table has been changed"
        with pytest.raises(DbtRuntimeError, match=told):
            plugin.configure_connection(connection)
    assert tables(connection) == []


def test_a_folder_named_for_no_day_stops_dbt_by_name(tmp_path: Path) -> None:
    land(tmp_path, {("2024-99-99", "a.json"): b"a\n"})
    with pytest.raises(DbtRuntimeError, match=f"{tmp_path}.*/ingest_date=2024-99-99: "):
        connected(tmp_path)


# The key.


def test_the_key_is_one_row(key: Path, tmp_path: Path) -> None:
    found = connected(tmp_path).execute("from landing.stedi_restricted.pseudonym_key").fetchall()
    assert found == [(key.read_text().strip(),)]


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_without_a_key_there_is_no_row(key: Path, tmp_path: Path, content: str | None) -> None:
    key.unlink() if content is None else key.write_text(content)
    found = connected(tmp_path).execute("from landing.stedi_restricted.pseudonym_key").fetchall()
    assert found == []


def test_claims_of_erased_people_are_rows(key: Path, tmp_path: Path) -> None:
    assert connected(tmp_path).execute(DEVICE_CLAIMS).fetchall() == []
    register = ErasureRegister(RestrictedStore(FolderStorage(key.parent)))
    claims = [Tombstone("a" * 64, "d" * 64, 1, 2), Tombstone("b" * 64, "d" * 64, 2, None)]
    register.keep_claims(claims)
    assert connected(tmp_path).execute(DEVICE_CLAIMS).fetchall() == claims


def test_a_key_that_is_no_text_stops_dbt_and_is_not_shown(key: Path, tmp_path: Path) -> None:
    key.write_bytes(b"secret\xff")
    with pytest.raises(DbtRuntimeError, match=f"{key}: the pseudonym key is not text") as error:
        connected(tmp_path)
    assert "secret" not in str(error.value)
    assert "xff" not in str(error.value)
    assert error.value.__suppress_context__


# RFC 4231, the test cases whose key and data are text: 1 and 2.
RFC_4231 = [
    (
        "\x0b" * 20,
        "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ),
    (
        "Jefe",
        "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
]


@pytest.mark.parametrize(("key", "message", "digest"), RFC_4231)
def test_hmac_in_sql_is_that_of_rfc_4231(
    key: str, message: str, digest: str, tmp_path: Path
) -> None:
    answer = connected(tmp_path).execute("select hmac_sha256(?, ?)", [message, key])
    assert answer.fetchall() == [(digest,)]


def hmac_by_rfc_2104(key: bytes, message: bytes) -> str:
    """H(K XOR opad, H(K XOR ipad, text)), as section 2 has it."""
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


utf8 = st.text(st.characters(exclude_categories=["Cs"]), max_size=150)


@example(message="", key="")
@example(message="é", key="k" * 64)
@example(message="é", key="k" * 65)
@given(message=utf8, key=utf8)
def test_hmac_is_that_of_rfc_2104(message: str, key: str) -> None:
    assert hmac_sha256(message, key) == hmac_by_rfc_2104(key.encode(), message.encode())


def test_hmac_of_many_rows_and_of_null(tmp_path: Path) -> None:
    answer = connected(tmp_path).execute(
        "select distinct hmac_sha256(message, 'Jefe') from (select 'what do ya want for nothing?'"
        " as message from range(10_000) union all select null)"
    )
    assert sorted(answer.fetchall(), key=str) == [(RFC_4231[1][2],), (None,)]


# dbt's connections.


def test_cursors_see_the_landing_tables(tmp_path: Path) -> None:
    land(tmp_path, {("2024-01-01", "a.json"): b"a\n"})
    connection = connected(tmp_path)
    assert rows(connection.cursor()) == rows(connection)
    assert connection.cursor().execute("select length(hmac_sha256('a', 'b'))").fetchall() == [(64,)]


def test_the_next_connection_sees_what_has_landed_since(tmp_path: Path) -> None:
    plugin = Plugin("landing", {"landing": str(tmp_path)})
    database = tmp_path / "lakehouse.duckdb"
    for content in (b"a\n", b"b\r\n"):
        land(tmp_path, {("2024-01-01", "a.json"): content})
        with duckdb.connect(database) as connection:
            plugin.configure_connection(connection)
            assert rows(connection) == {("2024-01-01", "a.json", chr(content[0])): 1}


def test_connections_are_apart(tmp_path: Path) -> None:
    for zone in ("one", "two"):
        land(tmp_path / zone, {("2024-01-01", "a.json"): zone.encode()})
    one, two = connected(tmp_path / "one"), connected(tmp_path / "two")
    assert rows(one) == {("2024-01-01", "a.json", "one"): 1}
    assert rows(two) == {("2024-01-01", "a.json", "two"): 1}


def test_nothing_of_landing_or_key_stays_in_the_database_file(key: Path, tmp_path: Path) -> None:
    land(tmp_path, {("2024-01-01", "a.json"): b"a\r\n"})
    database = tmp_path / "lakehouse.duckdb"
    with duckdb.connect(database) as connection:
        Plugin("landing", {"landing": str(tmp_path)}).configure_connection(connection)
    with duckdb.connect(database) as connection:
        assert tables(connection) == []
    assert key.read_bytes().strip() not in database.read_bytes()
