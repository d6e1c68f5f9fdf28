"""Whose readings an erasure removes when a device passes from one person to another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from stedi.erasure.erasure import Counts
from stedi.erasure.landing_root import WHOLE_FOLDER, LandingRoot
from stedi.landing.records import end_of_day, start_of_day
from stedi.restricted.erasures import Tombstone
from stedi.restricted.store import RestrictedStore
from stedi.storage.folder import FolderStorage
from support.landed_people import Root

ANN, BEN, CY = (f"{name}@example.com" for name in ("ann", "ben", "cy"))
D, E = "device-D-1", "device-E-2"
LATE = "2024-01-31"  # the day on which lines land unless a test says otherwise


def day(number: int) -> int:
    """The beginning of a day of January."""
    return start_of_day(f"2024-01-{number:02}")


def record(email: str, at: int, device: str | None, **fields: object) -> str:
    return json.dumps({"email": email, "lastUpdateDate": at, "serialNumber": device} | fields)


def readings(device: str, *days: int) -> list[str]:
    return [
        json.dumps({"sensorReadingTime": day(number), "serialNumber": device, "distance": 1})
        for number in days
    ]


class Landing:
    """A landing root in a folder, to land lines in and to erase people of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "landing"
        storage = LandingRoot(FolderStorage(self._folder), WHOLE_FOLDER)
        restricted = FolderStorage(folder / "restricted", is_private=True)
        self._root = Root(storage, RestrictedStore(restricted), dict)
        self.register = self._root.erasure().register

    def land(self, entity: str, lines: Iterable[str], on: str = LATE, name: str = "a") -> None:
        path = self._folder / f"{entity}/landing/ingest_date={on}/{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines))

    def left(self, entity: str = "step_trainer") -> list[str]:
        """The lines of all files."""
        found = self._folder.glob(f"{entity}/landing/*/*.json")
        return [line for path in sorted(found) for line in path.read_text().splitlines()]

    def erase(self, *emails: str, say: Callable[[str], object] = lambda _: None) -> dict:
        erasure = self._root.erasure(say)
        subjects = erasure.find([*emails])
        counted = erasure.count(subjects).lines
        before = Counts.noted(self.register.counted(emails)).lines  # by runs that were interrupted
        receipt, _ = erasure.erase([*emails], subjects, "a test")
        assert receipt["lines"] == {name: counted[name] + before[name] for name in counted}
        return receipt

    def tombstone(self, email: str, device: str, since: int, until: int | None) -> Tombstone:
        hash = self.register.hash()
        return Tombstone(hash(email), hash(device), since, until)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path)


def test_a_device_that_was_handed_over_keeps_the_next_persons_readings(landing: Landing) -> None:
    """Ann has D until the 10th; Ben has it from the 12th on."""
    moved = record(ANN, day(10), E)
    landing.land("customer", [record(ANN, day(3), D), moved, record(BEN, day(12), D)])
    landing.land("step_trainer", readings(D, 1, 3, 9, 10, 11, 12, 20) + readings(E, 1, 20))
    receipt = landing.erase(ANN)
    assert landing.left() == readings(D, 10, 11, 12, 20)
    assert receipt["devices_shared_and_kept"] == 1
    assert {*landing.register.claims()} == {
        landing.tombstone(ANN, D, day(3), day(10)),
        landing.tombstone(ANN, E, day(10), None),
    }


def test_the_readings_of_a_time_at_which_two_people_claim_a_device_stay(landing: Landing) -> None:
    landing.land("customer", [record(ANN, day(3), D), record(BEN, day(12), D)])
    landing.land("step_trainer", readings(D, 1, 11, 12, 20))
    landing.erase(ANN)
    assert landing.left() == readings(D, 12, 20)


def test_everything_of_a_device_goes_that_nobody_else_ever_claimed(landing: Landing) -> None:
    landing.land("customer", [record(ANN, day(3), D), record(ANN, day(10), None)])
    odd = [f"no JSON {D}", json.dumps({"sensorReadingTime": 0, "serialNumber": D})]
    landing.land("step_trainer", readings(D, 1, 5, 20) + odd + readings(E, 5))
    landing.erase(ANN)
    assert landing.left() == readings(E, 5)


def test_lines_of_a_shared_device_whose_time_is_not_plausible_stay(landing: Landing) -> None:
    landing.land("customer", [record(ANN, day(3), D), record(BEN, day(12), D)])
    odd = [
        json.dumps({"sensorReadingTime": time, "serialNumber": D})
        for time in (0, 1_704_067_200, "1704067200000", None, 1_704_067_200_000.5)
    ]
    written = [f'{{"sensorReadingTime": {day(4)}.0, "serialNumber": "{D}"}}']
    landing.land("step_trainer", [*odd, *written, f"no JSON {D}"])
    landing.land("step_trainer", readings(D, 4), on="2024-01-03")  # a clock that runs ahead
    landing.erase(ANN)
    assert landing.left() == [*readings(D, 4), *odd, f"no JSON {D}"]


def test_of_two_people_who_are_erased_at_once_everything_goes(landing: Landing) -> None:
    landing.land("customer", [record(ANN, day(3), D), record(BEN, day(12), D)])
    landing.land("step_trainer", readings(D, 1, 11, 12, 20))
    landing.erase(ANN, BEN)
    assert landing.left() == []
    assert {*landing.register.claims()} == {
        landing.tombstone(ANN, D, day(3), None),
        landing.tombstone(BEN, D, day(12), None),
    }


def test_the_claim_of_a_person_who_was_erased_before_still_counts(landing: Landing) -> None:
    """Cy had D before Ann, so that Ann's claim does not reach back, and D is not hers alone."""
    landing.land("customer", [record(CY, day(3), D), record(CY, day(10), None)])
    landing.erase(CY)
    landing.land("customer", [record(ANN, day(12), D)])
    landing.land("step_trainer", readings(D, 1, 5, 11, 12, 20))
    landing.erase(ANN)
    assert landing.left() == readings(D, 1, 5, 11)


def test_late_readings_of_an_erased_person_go_when_they_are_erased_again(landing: Landing) -> None:
    """No landed line names the devices any more, only the tombstones do."""
    landing.land("customer", [record(ANN, day(3), D), record(ANN, day(10), E)])
    landing.erase(ANN)
    landing.land("customer", [record(BEN, day(12), D)])
    landing.land("step_trainer", readings(D, 1, 9, 10, 12) + readings(E, 1, 20))
    landing.erase(ANN)
    assert landing.left() == readings(D, 10, 12)


def test_a_record_of_a_clock_ahead_claims_from_the_day_on_which_it_landed(landing: Landing) -> None:
    """Ann's first record says 2090. Her next one, of the 12th, is later than its landing."""
    ahead = record(ANN, start_of_day("2090-01-01"), D)
    landing.land("customer", [ahead], on="2024-01-03")
    landing.land("customer", [record(ANN, day(12), E), ahead])
    landing.erase(ANN)
    assert {*landing.register.claims()} == {
        landing.tombstone(ANN, D, end_of_day("2024-01-03"), day(12)),
        landing.tombstone(ANN, E, day(12), None),
    }


def test_claims_stay_after_a_reinstatement_and_new_ones_are_added(landing: Landing) -> None:
    landing.land("customer", [record(ANN, day(3), D)])
    landing.erase(ANN)
    landing._root.erasure().reinstate([ANN], "a test")
    landing.land("customer", [record(ANN, day(20), E)])
    assert {*landing.register.claims()} == {landing.tombstone(ANN, D, day(3), None)}
    landing.erase(ANN)
    assert {*landing.register.claims()} == {
        landing.tombstone(ANN, D, day(3), None),
        landing.tombstone(ANN, E, day(20), None),
    }


class Killed(BaseException):
    """What ends a run at a step of it."""


def interrupted(landing: Landing, number: int) -> int:
    """Erases Ann until a step of this number. Returns how many steps there were."""
    told: list[str] = []

    def say(step: str) -> None:
        if len(told) == number:
            raise Killed
        told.append(step)

    with suppress(Killed):
        landing.erase(ANN, say=say)
    return len(told)


def test_an_interrupted_erasure_writes_the_same_claims(tmp_path: Path) -> None:
    """Each of Ann's records is in a file of its own, so that any of them may be gone already. The
    record of a clock ahead landed twice: without its first landing it would claim later."""

    def landed(folder: str) -> Landing:
        landing = Landing(tmp_path / folder)
        ahead = record(ANN, start_of_day("2090-01-01"), D)
        for on, line in (
            ("2024-01-03", ahead), ("2024-01-12", record(ANN, day(12), E)), ("2024-01-15", ahead),
            ("2024-01-20", record(ANN, day(20), D)), ("2024-01-25", record(ANN, day(25), None)),
        ):  # fmt: skip
            landing.land("customer", [line], on=on)
        landing.land("customer", [record(BEN, day(12), D)], name="ben")
        landing.land("step_trainer", readings(D, 1, 4, 12, 21, 26) + readings(E, 13))
        return landing

    whole = landed("whole")
    whole.erase(ANN)
    expected = {each[2:] for each in whole.register.claims()}
    assert len(expected) == 3
    for number in count():
        landing = landed(f"at-{number}")
        steps = interrupted(landing, number)
        landing.erase(ANN)
        assert {each[2:] for each in landing.register.claims()} == expected
        assert len(landing.register.claims()) == 3
        assert landing.left() == whole.left()
        assert landing.register.begun(ANN) == []
        if steps < number:
            break
    assert number > 15


def test_what_landed_after_an_interruption_counts_too(landing: Landing) -> None:
    """Ann's first record is gone already when her next one lands."""
    landing.land("customer", [record(ANN, day(3), D)])

    def say(step: str) -> None:
        if step.startswith("Rebuilding"):
            raise Killed

    with suppress(Killed):
        landing.erase(ANN, say=say)
    assert landing.left("customer") == []
    landing.land("customer", [record(ANN, day(9), E)])
    landing.erase(ANN)
    assert {*landing.register.claims()} == {
        landing.tombstone(ANN, D, day(3), None),
        landing.tombstone(ANN, D, day(3), day(9)),
        landing.tombstone(ANN, E, day(9), None),
    }


def test_nothing_that_is_noted_holds_an_email_or_a_serial_number(landing: Landing) -> None:
    landing.land("customer", [record(ANN, day(3), D)])
    landing.erase(ANN)
    for name in landing.register.store.names("device_claims"):
        kept = f"{name} {landing.register.store.read(name)!r}"
        assert ANN not in kept and D not in kept


def test_claims_are_noted_before_any_line_goes(landing: Landing) -> None:
    lines = [record(ANN, day(3), D)]
    landing.land("customer", lines)
    landing.land("step_trainer", readings(D, 5))

    def say(step: str) -> None:
        if step.startswith("Checking"):
            raise Killed

    with suppress(Killed):
        landing.erase(ANN, say=say)
    assert landing.left() == readings(D, 5)
    assert {*landing.register.claims()} == {landing.tombstone(ANN, D, day(3), None)}
