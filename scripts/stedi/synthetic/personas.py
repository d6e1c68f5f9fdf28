"""Who the synthetic people are: what each tells STEDI and when, and how their devices behave.

A life is planned before a single reading is written. Names say that they are made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from stedi.synthetic.lines import Fields, customer_fields, plain
from stedi.synthetic.records import Customer

DAY = 86_400_000
FIRST_DATE = datetime(2024, 1, 1, tzinfo=UTC)
START = int(FIRST_DATE.timestamp() * 1000)
EARLIEST = 1_262_304_000_000  # 2010-01-01, the first millisecond that is a time
LAST_MOMENT = 4_102_444_799_999  # the last millisecond before the year 2100

MORNING = DAY // 4
STEP = 3_533  # ms from one instant to the next, as in the real data
INSTANTS, READINGS = 30, 85  # the real data's ratio of distance to accelerometer readings


@dataclass(frozen=True)
class Settings:
    """What to generate; the output is a function of this alone. people include strangers.

    ordinary: no PERSONAS, only people who consent or do not, each line delivered once and plainly.
    """

    people: int = 60
    days: int = 5
    readings_per_person: int = 100
    seed: int = 0
    bad_share: float = 0.01
    ordinary: bool = False

    def __post_init__(self) -> None:
        if min(self.people, self.days, self.readings_per_person) < 1:
            raise ValueError("people, days and readings_per_person must be 1 or more")
        if not 0 <= self.bad_share < 1:
            raise ValueError("bad_share must be 0 or more, and less than 1")

    @property
    def instants(self) -> int:
        """How many instants a person is measured at."""
        return max(1, round(self.readings_per_person * INSTANTS / READINGS))

    @property
    def dates(self) -> list[str]:
        """The ingest date of each day."""
        return [(FIRST_DATE + timedelta(days=d)).date().isoformat() for d in range(self.days)]

    def motions_at(self, instant: int) -> int:
        """How many accelerometer readings the instant has."""
        each, more = divmod(self.readings_per_person, self.instants)
        return each + (instant < more)

    def instants_of(self, day: int) -> range:
        """The instants that fall on the day."""
        return range(self._first_of(day), self._first_of(day + 1))

    def day_of(self, instant: int) -> int:
        """The day that the instant falls on."""
        return instant * self.days // self.instants

    def time_of(self, number: int, instant: int) -> int:
        """When the instant of person `number` is planned, in ms; no two neighbours share one."""
        day = self.day_of(instant)
        since_morning = (instant - self._first_of(day)) * STEP
        return START + day * DAY + MORNING + number * 17 % STEP + since_morning

    def _first_of(self, day: int) -> int:
        return -(-day * self.instants // self.days)


@dataclass(frozen=True)
class Life:
    """A person, in full.

    records: (day of delivery, record) in the order delivered; none for a stranger.
    devices: (from ms on, serial number) of the device that measures.
    style: how lines are written (lines.STYLES), repeated_style: those delivered again.
    again_after: after how many days everything is delivered again; None: never.
    held_back: everything arrives on the last day.
    motion, distances: accelerometer readings or not, and how many distances an instant has.
    lag: ms by which distances come later than motion.
    other_times: instant -> the time that its readings say, in ms, where not the planned one.
    unreadable: (day of delivery, customer line that no record can be read from).
    """

    number: int
    records: tuple[tuple[int, Customer], ...]
    devices: tuple[tuple[int, str], ...]
    style: str = "plain"
    repeated_style: str = "plain"
    again_after: int | None = None
    held_back: bool = False
    motion: bool = True
    distances: int = 1
    lag: int = 0
    other_times: dict[int, int] = field(default_factory=dict)
    unreadable: tuple[tuple[int, str], ...] = ()

    @property
    def email(self) -> str:
        """The person's email."""
        return self.latest.email if self.records else email_of(self.number)

    @property
    def latest(self) -> Customer:
        """The record last planned."""
        return self.records[-1][1]

    def device_at(self, time: int) -> str:
        """The serial number of the device in use at `time`."""
        return next(serial for since, serial in reversed(self.devices) if since <= time)

    def deliveries(self, day: int, last_day: int) -> Iterator[tuple[int, str]]:
        """When, and in which style, that which is ready on `day` is delivered."""
        first = last_day if self.held_back else day
        yield first, self.style
        if self.again_after is not None:
            yield min(first + self.again_after, last_day), self.repeated_style


def email_of(number: int) -> str:
    """The email of person `number`."""
    return f"person{number:06d}@example.com"


def serial_of(number: int, device: int = 1) -> str:
    """The serial number of the person's first (second, ...) device."""
    return f"00000000-0000-4000-800{device}-{number:012d}"


def newcomer(number: int) -> Life:
    """A person who registered a month before the first day and consented to nothing."""
    registered = START - 30 * DAY + number
    record = Customer(
        email=email_of(number),
        customer_name=f"Person {number}",
        phone=f"555{number % 10_000_000:07d}",
        birth_day=f"{1940 + number % 60}-01-01",
        serial_number=serial_of(number),
        registration=registered,
        last_update=registered,
        research=None,
        public=registered if number % 2 else None,
        friends=registered if number % 3 else None,
    )
    return Life(number, ((0, record),), ((0, serial_of(number)),))


def first_recorded(life: Life, **changes: Any) -> Life:
    """The life with another first record."""
    day, record = life.records[0]
    return replace(life, records=((day, record._replace(**changes)), *life.records[1:]))


def bystander(number: int) -> Customer:
    """A customer of whom nothing else is known, to make a bad line from."""
    record = newcomer(number).latest
    return record._replace(
        email=f"bystander{number:06d}@example.com", serial_number=serial_of(number, 9)
    )


def consenting(life: Life) -> Life:
    """Consents at registration."""
    return first_recorded(life, research=life.latest.registration)


def then(life: Life, day: int, time: int, **changes: Any) -> Life:
    """The life with one more record, an update at `time` (ms) delivered on `day`."""
    record = life.latest._replace(**({"last_update": time} | changes))
    return replace(life, records=(*life.records, (day, record)))


def says_unreadably(life: Life, day: int, fields: Fields) -> Life:
    """The life with one more customer line, which no record can be read from: the latest record
    with some fields others; null: without the field."""
    said = customer_fields(life.latest) | fields
    line = plain({name: value for name, value in said.items() if value != "null"})
    return replace(life, unreadable=(*life.unreadable, (day, line)))


def _at(number: int, plan: Settings, part: float) -> tuple[int, int]:
    """The day and time of an instant of the person's: 0.5 is half-way through the readings."""
    instant = int(plan.instants * part)
    return plan.day_of(instant), plan.time_of(number, instant)


def _middle(life: Life, plan: Settings) -> tuple[int, int]:
    return _at(life.number, plan, 0.5)


def never_consents(life: Life, plan: Settings) -> Life:
    """Shares with nobody."""
    return first_recorded(life, public=None, friends=None)


def consents(life: Life, plan: Settings) -> Life:
    """Consents at registration, to all."""
    registered = life.latest.registration
    return first_recorded(life, research=registered, public=registered, friends=registered)


def shares_with_others_only(life: Life, plan: Settings) -> Life:
    """Shares with the public and with friends, which is not consent to research."""
    registered = life.latest.registration
    return first_recorded(life, public=registered, friends=registered)


def consents_late(life: Life, plan: Settings) -> Life:
    """Consents at the very millisecond of a reading, which counts."""
    day, time = _middle(life, plan)
    return then(life, day, time, research=time)


def consents_a_moment_late(life: Life, plan: Settings) -> Life:
    """Consents a millisecond after a reading, which does not count."""
    day, time = _middle(life, plan)
    return then(life, day, time + 1, research=time + 1)


def consents_after_all(life: Life, plan: Settings) -> Life:
    """Consents when everything has been measured."""
    end = START + plan.days * DAY - 1
    return then(life, plan.days - 1, end, research=end)


def withdraws(life: Life, plan: Settings) -> Life:
    """Withdraws in a record that has other details wrong; it must not be lost for that."""
    day, time = _middle(life, plan)
    life = replace(consenting(life), style="wrong_details")
    return then(life, day, time, research=None, phone=None, birth_day=None, registration=None)


def withdraws_before_consent_arrives(life: Life, plan: Settings) -> Life:
    """The withdrawal is delivered first, the older consent days later."""
    day, time = _middle(life, plan)
    life = replace(life, records=((day, life.latest._replace(last_update=time)),))
    return then(life, plan.days - 1, time - DAY, research=time - DAY)


def consents_again(life: Life, plan: Settings) -> Life:
    """Consents, withdraws, and consents again from a later date on."""
    day, time = _middle(life, plan)
    life = then(consenting(life), 0, START, research=None)
    return then(life, day, time, research=time)


def consents_again_with_the_old_date(life: Life, plan: Settings) -> Life:
    """Withdraws, and consents again in a record that repeats the first date: consent starts again
    with that record."""
    day, time = _middle(life, plan)
    life = then(consenting(life), 0, START, research=None)
    return then(life, day, time, research=life.records[0][1].research)


def withdraws_with_a_time_in_text(life: Life, plan: Settings) -> Life:
    """Withdraws in a line whose lastUpdateDate is a text; it must not be lost for that."""
    return _withdraws_unreadably(life, plan, lastUpdateDate='"2024-01-31T00:00:00Z"')


def withdraws_without_a_time(life: Life, plan: Settings) -> Life:
    """Withdraws in a line without a lastUpdateDate."""
    return _withdraws_unreadably(life, plan, lastUpdateDate="null")


def withdraws_with_zero(life: Life, plan: Settings) -> Life:
    """Writes a withdrawal as a consent of 0."""
    _, time = _middle(life, plan)
    zero = {"lastUpdateDate": f"{time}", "shareWithResearchAsOfDate": "0"}
    return _withdraws_unreadably(life, plan, **zero)


def _withdraws_unreadably(life: Life, plan: Settings, **fields: str) -> Life:
    day, _ = _middle(life, plan)
    return says_unreadably(consenting(life), day, {"shareWithResearchAsOfDate": "null"} | fields)


def consents_in_seconds(life: Life, plan: Settings) -> Life:
    """Gives the consent in seconds, and nothing else: what was meant is unclear."""
    return says_unreadably(life, 0, {"shareWithResearchAsOfDate": f"{START // 1000}"})


def is_unclear_for_a_while(life: Life, plan: Settings) -> Life:
    """A line with a bad serial number suspends the consent; half-way a later record ends that."""
    bad = {"lastUpdateDate": f"{START}", "serialNumber": "7"}
    life = says_unreadably(consenting(life), 0, bad)
    return then(life, *_middle(life, plan))


def withdraws_after_a_clock_was_days_ahead(life: Life, plan: Settings) -> Life:
    """Consents in a record dated weeks ahead; the withdrawal has an earlier date, and counts."""
    return _withdraws_after(START + 30 * DAY, life, plan)


def withdraws_after_a_clock_was_decades_ahead(life: Life, plan: Settings) -> Life:
    """Consents in a record dated 2090; the withdrawal has the right date, and counts."""
    return _withdraws_after(START + 24_107 * DAY, life, plan)


def _withdraws_after(updated: int, life: Life, plan: Settings) -> Life:
    life = first_recorded(consenting(life), last_update=updated)
    return then(life, *_at(life.number, plan, 0.7), research=None)


def updates_arrive_out_of_order(life: Life, plan: Settings) -> Life:
    """The latest record arrives first; the older one names another device and another consent."""
    registered = life.latest.last_update
    life = first_recorded(consenting(life), last_update=START)
    second = serial_of(life.number, 2)
    return then(life, plan.days - 1, registered, research=START, serial_number=second)


def refuses_in_a_tie(life: Life, plan: Settings) -> Life:
    """Two records of the same moment, one consents, one refuses: refused."""
    return then(consenting(life), 0, life.latest.last_update, research=None)


def consents_twice_in_a_tie(life: Life, plan: Settings) -> Life:
    """Two records of the same moment with two consents: the later consent."""
    day, time = _middle(life, plan)
    first = life.latest._replace(last_update=time, research=time)
    return then(replace(life, records=((day, first),)), day, time, research=START - DAY)


def changes_device(life: Life, plan: Settings) -> Life:
    """What the old device measured until then stays the person's, as what the new one measures."""
    return _takes(consenting(life), *_middle(life, plan), serial_of(life.number, 2))


def gives_device_up(life: Life, plan: Settings) -> Life:
    """Gives the device up half-way; it measures on."""
    day, time = _middle(life, plan)
    return then(consenting(life), day, time, serial_number=None)


def takes_device_after_a_gap(life: Life, plan: Settings) -> Life:
    """Takes the device of the one before some time after that one gave it up: what it measures
    meanwhile is nobody's."""
    day, time = _at(life.number, plan, 0.75)
    return _takes(consenting(life), day, time, serial_of(life.number - 1))


def takes_device_early(life: Life, plan: Settings) -> Life:
    """Names the device of the one before some time before that one gives it up: what it measures
    meanwhile is ambiguous."""
    day, time = _at(life.number, plan, 0.25)
    return _takes(consenting(life), day, time, serial_of(life.number - 1))


def takes_over_device(life: Life, plan: Settings) -> Life:
    """Names, from registration on, the device that the one before changes for another half-way: it
    is ambiguous until then. Consents only then."""
    day, time = _middle(life, plan)
    old = serial_of(life.number - 1)
    life = replace(first_recorded(life, serial_number=old), devices=((0, old),))
    return then(life, day, time, research=time)


def lends_device(life: Life, plan: Settings) -> Life:
    """Is without the device while another has it, and takes it back."""
    (lent, lent_at), (back, back_at) = (_at(life.number, plan, part) for part in (0.25, 0.75))
    serial = life.latest.serial_number
    life = then(consenting(life), lent, lent_at, serial_number=None)
    return then(life, back, back_at, serial_number=serial)


def borrows_device(life: Life, plan: Settings) -> Life:
    """Has the device of the one before from the very moment that it is lent, until it is taken
    back."""
    lender, own = life.number - 1, life.latest.serial_number
    (lent, lent_at), (back, back_at) = (_at(lender, plan, part) for part in (0.25, 0.75))
    life = _takes(consenting(life), lent, lent_at, serial_of(lender))
    return _takes(life, back, back_at, own)


def second_owner(life: Life, plan: Settings) -> Life:
    """Has the device that the one before gave up half-way, and gives it up too."""
    first = life.number - 1
    life = _takes(consenting(life), *_at(first, plan, 0.5), serial_of(first))
    return then(life, *_at(first, plan, 0.75), serial_number=None)


def third_owner(life: Life, plan: Settings) -> Life:
    """Has the device that two had before."""
    first = life.number - 2
    return _takes(consenting(life), *_at(first, plan, 0.75), serial_of(first))


def _takes(life: Life, day: int, time: int, serial: str | None) -> Life:
    """The life with another device from then on, measuring with it."""
    assert serial is not None
    life = replace(life, devices=(*life.devices, (time, serial)))
    return then(life, day, time, serial_number=serial)


def claims_device_of_the_one_before(life: Life, plan: Settings) -> Life:
    """Consents too, and names the device and the phone that the one before names."""
    other = newcomer(life.number - 1).latest
    return first_recorded(consenting(life), serial_number=other.serial_number, phone=other.phone)


def claims_device_without_consent(life: Life, plan: Settings) -> Life:
    """Names the device of the one before: ambiguous, though only one of the two consents."""
    return first_recorded(life, serial_number=serial_of(life.number - 1))


def delivered_twice_at_once(life: Life, plan: Settings) -> Life:
    """Records and readings are delivered twice on the same day."""
    return replace(consenting(life), again_after=0)


def delivered_again_later(life: Life, plan: Settings) -> Life:
    """Records and readings are delivered again on a later day, written in the older forms."""
    return replace(consenting(life), again_after=1, repeated_style="older_app")


def writes_email_otherwise(life: Life, plan: Settings) -> Life:
    """The email comes in other case and among blanks; delivered again, it is a duplicate."""
    life = replace(consenting(life), again_after=2, repeated_style="other_case")
    return replace(then(life, *_middle(life, plan)), style="other_case")


def writes_email_decomposed(life: Life, plan: Settings) -> Life:
    """The email has an accent of its own character; delivered again in one character, it is a
    duplicate."""
    life = replace(consenting(life), style="decomposed", again_after=1)
    return first_recorded(life, email=f"zo\u00e9.{life.email}")


def uses_older_app(life: Life, plan: Settings) -> Life:
    """Everything is written in the older forms."""
    return replace(consenting(life), style="older_app")


def has_wrong_details(life: Life, plan: Settings) -> Life:
    """Details of a wrong type are null and reject nothing."""
    details = dict.fromkeys(("customer_name", "phone", "registration", "public", "friends"))
    return first_recorded(replace(consenting(life), style="wrong_details"), **details)


def has_unusual_name(life: Life, plan: Settings) -> Life:
    """A name of letters beyond ASCII, among them line separators that end no line here."""
    name = f'Pérson "{life.number}" \\ 试 😀 \u2028 \u0085 \x1c'
    return first_recorded(consenting(life), customer_name=name)


def stranger(life: Life, plan: Settings) -> Life:
    """No customer record at all."""
    return replace(life, records=())


def device_reports_other_serial(life: Life, plan: Settings) -> Life:
    """The device says its serial number with a blank after it, which makes it another one."""
    return replace(consenting(life), devices=((0, serial_of(life.number) + " "),))


def has_no_device(life: Life, plan: Settings) -> Life:
    """Motion only, and no device named."""
    return replace(first_recorded(consenting(life), serial_number=None), distances=0)


def has_no_motion(life: Life, plan: Settings) -> Life:
    """Distance only."""
    return replace(consenting(life), motion=False)


def never_practises(life: Life, plan: Settings) -> Life:
    """Consents, and has no readings."""
    return replace(consenting(life), motion=False, distances=0)


def measured_apart(life: Life, plan: Settings) -> Life:
    """Motion and distance never at the same millisecond."""
    return replace(consenting(life), lag=1)


def measured_twice(life: Life, plan: Settings) -> Life:
    """Two distances at every instant."""
    return replace(consenting(life), distances=2)


def clock_is_wrong(life: Life, plan: Settings) -> Life:
    """The first reading is of 1970, the last of the day after it landed: both are rejected."""
    last = plan.instants - 1
    times = {0: 0, last: START + (plan.day_of(last) + 1) * DAY}
    return replace(consenting(life), other_times=times)


def clock_is_at_its_bounds(life: Life, plan: Settings) -> Life:
    """The first and the last millisecond that a reading may have: both are accepted."""
    last = plan.instants - 1
    times = {0: EARLIEST, last: START + (plan.day_of(last) + 1) * DAY - 1}
    return replace(consenting(life), other_times=times)


def was_offline(life: Life, plan: Settings) -> Life:
    """Everything arrives on the last day, the registration too."""
    return replace(consenting(life), held_back=True)


def practises_beside_the_one_before(life: Life, plan: Settings) -> Life:
    """Is measured at the very milliseconds of the one before, who consents too."""
    times = {i: plan.time_of(life.number - 1, i) for i in range(plan.instants)}
    return replace(consenting(life), other_times=times)


Persona = Callable[[Life, Settings], Life]

# In this order at the head of every group: some concern the one before.
PERSONAS: tuple[Persona, ...] = (
    consents,
    never_consents,
    shares_with_others_only,
    consents_late,
    withdraws,
    consents_again,
    consents_again_with_the_old_date,
    withdraws_with_a_time_in_text,
    withdraws_without_a_time,
    withdraws_with_zero,
    withdraws_after_a_clock_was_days_ahead,
    withdraws_after_a_clock_was_decades_ahead,
    consents_in_seconds,
    is_unclear_for_a_while,
    changes_device,
    consents,
    claims_device_of_the_one_before,
    delivered_twice_at_once,
    delivered_again_later,
    writes_email_otherwise,
    writes_email_decomposed,
    uses_older_app,
    stranger,
    measured_apart,
    measured_twice,
    updates_arrive_out_of_order,
    changes_device,
    takes_over_device,
    gives_device_up,
    takes_device_after_a_gap,
    gives_device_up,
    takes_device_early,
    lends_device,
    borrows_device,
    gives_device_up,
    second_owner,
    third_owner,
    consents,
    claims_device_without_consent,
    consents_a_moment_late,
    consents_after_all,
    withdraws_before_consent_arrives,
    refuses_in_a_tie,
    consents_twice_in_a_tie,
    has_wrong_details,
    has_unusual_name,
    device_reports_other_serial,
    has_no_device,
    has_no_motion,
    never_practises,
    clock_is_wrong,
    clock_is_at_its_bounds,
    was_offline,
    consents,
    practises_beside_the_one_before,
)
GROUP = 240  # people, of whom the first are the special ones and most are ordinary


def lives(plan: Settings) -> Iterator[Life]:
    """Everybody, group by group: the special ones first, then those who consent, or do not."""
    for number in range(plan.people):
        life = newcomer(number)
        if number % GROUP < len(PERSONAS) and not plan.ordinary:
            yield PERSONAS[number % GROUP](life, plan)
        else:
            yield consenting(life) if number % 2 else life
