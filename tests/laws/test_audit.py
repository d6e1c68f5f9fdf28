"""What audit keeps of people's consent: what was used on a day, and what must be derived again.

The ledger itself is compared with Python's after every build of the random histories (replay.py).
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from stedi.synthetic.lines import distance_line, motion_line
from stedi.synthetic.personas import DAY, START, newcomer
from stedi.synthetic.records import Customer
from support.lakehouse import WITHOUT_TESTS, Lakehouse, customer_id
from support.oracle import time_of
from support.project_to_break import copy_to_break, replace_once
from support.withdrawal import deliver

ANN = newcomer(1).latest._replace(research=START)
BEN = newcomer(2).latest._replace(research=START, registration=ANN.registration)
CY = newcomer(3).latest._replace(research=None)


@pytest.fixture
def measured(lakehouse: Lakehouse) -> Lakehouse:
    """Two people consent and one refuses; each has two motions and a distance."""
    motions = [(p.email, START + d * DAY, 1.0, 0.0, 0.0) for p in (ANN, BEN, CY) for d in (0, 1)]
    distances = [(p.serial_number, START, 200) for p in (ANN, BEN, CY)]
    moved = "".join(map(motion_line, motions)).encode()
    lakehouse.land("accelerometer", "a.json", moved, "2024-01-02")
    lakehouse.land("step_trainer", "s.json", "".join(map(distance_line, distances)).encode())
    deliver(lakehouse, 1, ANN, BEN, CY)
    return lakehouse


def used(lakehouse: Lakehouse, before: datetime) -> Counter:
    """What analyses/used_on.sql answers, for a moment where it takes a day."""
    result = lakehouse.dbt("compile", "--select", "used_on", "--vars", "day: 2024-01-31")
    assert result.success, result.errors
    found = lakehouse.folder.glob("target/compiled/*/analyses/used_on.sql")
    sql = next(found).read_text().replace("2024-01-31 00:00:00", str(before))
    return Counter((who, source, n) for who, source, _, n, *_ in lakehouse.query(sql))


def last_noted(lakehouse: Lakehouse) -> datetime:
    """After the last build, and before the next."""
    return lakehouse.query("select max(happened_at) from stedi_audit.builds")[0][0]


def released(*people: Customer) -> Counter:
    return Counter(
        (customer_id(person.email), source, n)
        for person in people
        for source, n in (("accelerometer", 2), ("step_trainer", 1))
    )


@pytest.mark.deep
def test_what_was_used_on_a_day_is_known_after_a_withdrawal(measured: Lakehouse) -> None:
    first = last_noted(measured)
    deliver(measured, 2, ANN._replace(research=None, last_update=START + DAY))
    second = last_noted(measured)
    assert measured.dbt("build", "--full-refresh", *WITHOUT_TESTS).success
    assert used(measured, first) == released(ANN, BEN)
    assert used(measured, second) == released(BEN)
    assert used(measured, datetime(2024, 1, 31)) == Counter()


def test_of_who_was_erased_only_counts_are_left(measured: Lakehouse) -> None:
    """Removes all lines of theirs from landing, as `stedi erase` does."""
    counts = "select count(*), sum(readings) from stedi_audit.releases"
    before = measured.query(counts)
    for path in measured.landing.glob("*/landing/*/*.json"):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text(
            "".join(n for n in lines if ANN.email not in n and ANN.serial_number not in n)
        )
    assert measured.dbt("build", "--full-refresh", *WITHOUT_TESTS).success
    ids = {who for (who,) in measured.query("select customer_id from stedi_audit.releases")}
    assert ids == {None, customer_id(BEN.email), customer_id(CY.email)}
    now = measured.query(
        counts + " where noted_at < (select max(noted_at) from stedi_audit.releases)"
    )
    assert now == before


def test_the_ledger_has_pseudonyms_and_counts_alone(measured: Lakehouse) -> None:
    known = {customer_id(person.email) for person in (ANN, BEN, CY)}
    ids = {who for (who,) in measured.query("select customer_id from stedi_audit.releases")}
    assert ids == known
    text = str(measured.table("stedi_audit.releases")).lower()
    assert not re.search("@|" + ANN.serial_number.lower(), text)


def test_states_of_consent_follow_on_each_other(measured: Lakehouse) -> None:
    """Whatever order the records came in; one that says the same again begins no state."""
    refused = ANN._replace(research=None, last_update=START + DAY)
    same = ANN._replace(phone="5550000000", last_update=START + DAY // 2)
    deliver(measured, 2, refused)
    deliver(measured, 3, same)
    states = measured.query(f"""
        select epoch_ms(valid_from), epoch_ms(valid_to), epoch_ms(research_consent_at),
            cast(landed_on as varchar)
        from stedi_audit.consent_history where customer_id = '{customer_id(ANN.email)}'
        order by valid_from
    """)
    assert states == [
        (ANN.last_update, START + DAY, START, "2024-01-01"),
        (START + DAY, None, None, "2024-01-02"),
    ]


def test_k_is_the_size_of_the_smallest_group(measured: Lakehouse) -> None:
    """Ann and Ben signed up and consented at one moment, and practised at the same."""
    k = dict(measured.query(
        "select curated_table || ' ' || what_is_known, smallest_group from stedi_audit.k_anonymity"
    ))  # fmt: skip
    assert k["customers_curated to the day"] == 2
    deliver(measured, 2, BEN._replace(research=START - 1, last_update=BEN.last_update + DAY))
    rows = measured.query("""
        select what_is_known, smallest_group, groups_of_people, groups_below_threshold, threshold
        from stedi_audit.k_anonymity where curated_table = 'customers_curated'
        order by what_is_known
    """)
    months = len({time_of(START - 1).month, time_of(START).month})
    assert rows == [
        ("to the day", 1, 2, 2, 5),
        ("to the month", 3 - months, months, months, 5),
    ]


def test_what_was_derived_is_stale_after_a_withdrawal(measured: Lakehouse, tmp_path: Path) -> None:
    project = tmp_path / "project"
    copy_to_break(project)
    derived = last_noted(measured)
    replace_once(
        project / "models/curated/exposures.yml", "derived_at: null", f"derived_at: '{derived}'"
    )
    other = Lakehouse(measured.folder, project)
    state = "select people, people_who_withdrew, is_stale from stedi_audit.stale_exposures"
    other.build(tests=False)
    assert other.query(state) == [(2, 0, False)]
    deliver(other, 2, ANN._replace(research=None, last_update=START + DAY))
    assert other.query(state) == [(2, 1, True)]
    deliver(other, 3, BEN._replace(research=START + DAY, last_update=START + 2 * DAY))
    assert other.query(state) == [(2, 2, True)]


def test_nothing_is_stale_that_was_never_derived(measured: Lakehouse) -> None:
    state = "select exposure, derived_at, people, is_stale from stedi_audit.stale_exposures"
    assert measured.query(state) == [("step_detector", None, 0, False)]
