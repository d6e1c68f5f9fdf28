"""Nothing that dbt writes or prints beside the tables shows a person or the key, nor do failures.

What is let through by design: an unreadable file is named, and `dbt show` shows rows.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from stedi.synthetic.generator import generate
from stedi.synthetic.personas import PERSONAS, Settings
from support.lakehouse import KEY, Lakehouse
from support.mutations import MUTATIONS
from support.project_to_break import breakable, replace_once
from support.shown import SECRETS, left_files, secrets_in, shown, stored_failures

DEBUG = ("--debug", "--log-level-file", "debug")
# With all of these every law is broken at once. Others would hide one another, or stop the run.
BREAKS = (
    "who refuses is released",
    "everybody is trusted",
    "motion and distance join on time alone",
    "who has one kind of readings is curated",
    "readings of unknown people vanish",
    "a device that two people claim is each one's",
    "rejected lines vanish",
    "a person is an email beyond customer_trusted",
    "a clock that runs ahead outranks what comes later",
    "the history ends with what was said first",
)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliveries with every persona, in which each of the secrets can be recognised."""
    root = tmp_path_factory.mktemp("landing")
    generate(Settings(people=len(PERSONAS) + 10, days=2, readings_per_person=6), root)
    landed = b"".join(path.read_bytes() for path in root.rglob("*.json"))
    assert secrets_in(landed) == SECRETS.keys() - {"the key"}
    return root


@pytest.fixture(scope="module")
def copied(landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Lakehouse:
    """A lakehouse whose project may be broken."""
    lakehouse = breakable(tmp_path_factory.mktemp("copied"))
    lakehouse.landing = landing
    return lakehouse


def test_a_sound_build_shows_nothing(
    landing: Path, lakehouse: Lakehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    lakehouse.landing = landing
    assert lakehouse.dbt("build", *DEBUG, "--store-failures").success
    assert lakehouse.dbt("docs", "generate", "--static", *DEBUG).success
    printed = "".join(capfd.readouterr())

    assert {
        "manifest.json", "run_results.json", "catalog.json", "static_index.html", "dbt.log",
        "customer_trusted.sql",
    } <= {path.name for path in left_files(lakehouse)}  # fmt: skip
    assert "customer_trusted" in printed
    assert shown(lakehouse, printed) == {}
    # People are in the tables; the key is not, nor in the file that has them.
    assert secrets_in(str(lakehouse.tables()).encode()) == SECRETS.keys() - {"the key"}
    assert "the key" not in secrets_in(lakehouse.database.read_bytes())


def test_what_fails_shows_nothing(copied: Lakehouse, capfd: pytest.CaptureFixture[str]) -> None:
    breaks = {mutation.breaks: mutation for mutation in MUTATIONS}
    before = {}
    for name in BREAKS:
        path = copied.project / breaks[name].file
        text = replace_once(path, breaks[name].text, breaks[name].replacement)
        before.setdefault(path, text)
    seed = copied.project / "seeds" / "withholding_reasons.csv"
    before[seed] = replace_once(seed, "unknown_device,", "another_reason,")
    copied.parse_again()
    assert copied.dbt("seed", *DEBUG).success
    assert copied.dbt("run", "--full-refresh", *DEBUG).success
    failed = copied.dbt("test", "--store-failures", *DEBUG).failed
    printed = "".join(capfd.readouterr())
    for path, text in before.items():
        path.write_text(text)

    of_laws = {path.stem for path in (copied.project / "tests").glob("assert_*.sql")}
    # Where a person is an email nobody is curated, which is as this one has it.
    assert of_laws - failed <= {"assert_curated_customers_have_both_readings"}
    kinds = ("assert", "one_row_per")
    data_tests = [
        name for name in failed if name.startswith((*kinds, "never_null", "relationships"))
    ]
    assert all(any(name.startswith(kind) for name in data_tests) for kind in kinds)
    stored = [rows for rows in stored_failures(copied).values() if rows]
    assert len(stored) >= len(data_tests)
    assert shown(copied, printed) == {}


KEY_IN_SQL = KEY.replace("'", "''")
IN_SQL = ("dbt.log", "manifest.json", "run_results.json", "printed")
# What somebody could write, by its file, and where it then shows whom.
LEAKS = {
    "a test that returns people": (
        "tests/broken_test.sql",
        "select email, customer_name from {{ ref('customer_trusted') }}",
        {"dbt_test__audit.broken_test": {"an email", "a name"}},
    ),
    "a query that fails over a value": (
        "models/audit/broken_cast.sql",
        "select cast(email as bigint) as number from {{ ref('stg_customers') }}",
        {place: {"an email"} for place in ("dbt.log", "run_results.json", "printed")},
    ),
    "a person in SQL": (
        "models/audit/broken_where.sql",
        "select count(*) as n from {{ ref('stg_customers') }} where phone = '5550000001'",
        {place: {"a phone number"} for place in (*IN_SQL, "broken_where.sql")},
    ),
    "the key in SQL": (
        "models/audit/broken_key.sql",
        f"select md5(email || '{KEY_IN_SQL}') as id from {{{{ ref('stg_customers') }}}}",
        {place: {"the key"} for place in (*IN_SQL, "broken_key.sql")},
    ),
    "what a query answered in SQL": (
        "models/audit/broken_answer.sql",
        "{% set query = 'select min(serial_number) from ' ~ ref('device_owners') %}"
        "select '{{ run_query(query).rows[0][0] if execute }}' as n",
        {place: {"a serial number"} for place in (*IN_SQL, "broken_answer.sql")},
    ),
    "a person in a description": (
        "models/broken.md",
        "{% docs broken %} Person 7, person000007@example.com {% enddocs %}",
        {"manifest.json": {"an email", "a name"}},
    ),
}


@pytest.fixture(scope="module")
def shown_by_leaks(copied: Lakehouse) -> dict[str, set[str]]:
    """What is shown where, after all of the leaks were built at once."""
    copied.parse_again()
    assert copied.dbt("run", "--full-refresh").success
    for path in left_files(copied):
        if path.suffix in (".log", ".sql"):
            path.unlink()
    leaks = {copied.project / file: content for file, content, _ in LEAKS.values()}
    for path, content in leaks.items():
        path.write_text(content + "\n")
    copied.parse_again()
    arguments = ("build", "--select", "broken_*", "--store-failures", *DEBUG)
    with copied.start(*arguments) as (_, output):
        printed = output.read()
    for path in leaks:
        path.unlink()
    return shown(copied, printed)


@pytest.mark.parametrize("leak", LEAKS)
def test_what_shows_somebody_is_found(leak: str, shown_by_leaks: dict[str, set[str]]) -> None:
    _, _, places = LEAKS[leak]
    assert places
    assert [place for place, what in places.items() if not what <= shown_by_leaks[place]] == []
