"""What lands behind the newest day that is built: no nightly build would see it, so none runs until
a full refresh has read it. By `stedi land` and dbt, from the refusal to the next night."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.deeds import Again
from support.histories import Build, Deliver, History
from support.known_histories import NIGHTS, nights
from support.lakehouse import Lakehouse
from support.on_duckdb import OnDuckDB
from support.replay import Course
from support.targets import stedi

# Its motion came in the second night. That it came on an earlier day too makes it that day's.
KNOWN_LATER = [*NIGHTS].index("motion comes after its distance, on a day of its own")
BEHIND = Deliver((*nights(2), (KNOWN_LATER, Again("accelerometer", 0))))
DATES = History((Deliver(()), Deliver((), later=3))).dates()
RIGHT = ("", [])


class LandedByPeople(OnDuckDB):
    """A lakehouse whose files land by `stedi land`, with the given options."""

    options: tuple[str, ...] = ()

    def land(self, source: str, name: str, content: bytes, date: str) -> None:
        file = self._folder / "delivered" / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        with self._lakehouse.environment():
            result = stedi("land", source, file, "--ingest-date", date, *self.options)
        if result.exit_code:
            raise PermissionError(result.output)


@pytest.fixture
def lakehouse(tmp_path: Path) -> Lakehouse:
    return Lakehouse(tmp_path / "lakehouse")


@pytest.fixture
def engine(tmp_path: Path, lakehouse: Lakehouse) -> LandedByPeople:
    return LandedByPeople(tmp_path, lakehouse)


def test_a_backfill_stops_nightly_builds_until_a_full_refresh(
    engine: LandedByPeople, lakehouse: Lakehouse
) -> None:
    course = Course(engine, DATES)
    for day, delivery in ((0, nights(0)), (2, nights(1))):
        course.deliver(Deliver(delivery), day)
        assert course.build(Build(), refresh=False) == RIGHT

    landed = sorted(lakehouse.landing.rglob("*.json*"))
    with pytest.raises(PermissionError, match=f"{DATES[2]} is the newest day landed.*--backfill"):
        Course(engine, DATES).deliver(BEHIND, 1)
    assert sorted(lakehouse.landing.rglob("*.json*")) == landed

    engine.options = ("--backfill",)
    course.deliver(BEHIND, 1)
    before = engine.tables()
    for refused in (Build(), Build(select="customer_trusted"), Build()):
        errors, _ = course.build(refused, refresh=False)
        assert "Days that are built already have changed, by `stedi land --backfill`" in errors
        assert "No table has been changed. Run `dbt build --full-refresh` once." in errors
        assert engine.tables() == before  # that of the builds is among them

    assert course.build(Build(full_refresh=True), refresh=False) == RIGHT

    engine.options = ()
    course.deliver(Deliver(((KNOWN_LATER, Again("step_trainer", 0)), *nights(1))), 3)
    assert course.build(Build(), refresh=True) == RIGHT
    completed = "from stedi_audit.builds where status = 'completed' order by happened_at"
    wholes = [whole for (whole,) in lakehouse.query(f"select is_whole {completed}")]
    assert wholes == [True, False, True, False]  # the last is a night again
