"""Two days of deliveries in which everything happens once, and what the oracle expects of them.

The second day changes what the first has told: consents are withdrawn, given and moved, devices are
handed over, records come late, and old readings come with new ones. Everybody of the first day has
a double besides, whose readings land on the first day and whose records on the second. So a nightly
build after it has to look at old rows too, and each rule decides over some of them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from support import oracle
from support.lakehouse import Lakehouse
from support.oracle import Claim, Line, Rows
from support.short_lives import distance, motion, ms, says

FIRST, SECOND = "03-01", "03-02"  # the days on which lines land
# Who was erased: one of whom nothing has landed since, one who has come back with a delivery, and
# one who was reinstated; and the claims of them that are remembered. Who was erased has a double.
GONE, ERASED, BACK = "gone@example.com", "erased@example.com", "back@example.com"
ALL_ERASED = {name.replace(".com", end) for name in (GONE, ERASED) for end in (".com", ".org")}
TOMBSTONES = [
    Claim(GONE, "D-gone", ms("01-03"), ms("02-20")),
    Claim(BACK, "D-back", ms("01-03"), ms("01-15")),
    Claim("gone@example.org", "E-gone", ms("01-03"), ms("02-20")),
]
# Before, at and after what mostly happens in January and February.
MOMENTS = ("01-02 06:00", "01-05", "01-10 06:00", "01-15", "01-20 06:00", "02-01", "02-10 06:00")


def email(name: str) -> str:
    return f"{name}@example.com"


def practises(
    name: str, landed: str = FIRST, moments: Iterable[str] = MOMENTS, x: float = 0.5
) -> Iterator[Line]:
    """Motion and distance of somebody and their device, with a second, nearer distance once."""
    own = sum(map(ord, name)) / 1000  # no two devices measure the same
    for number, moment in enumerate(moments):
        yield motion(email(name), moment, x + number, landed)
        yield distance(f"D-{name}", moment, 9.0 + number + own, landed)
        if number == 2:
            yield distance(f"D-{name}", moment, 4.0 + own, landed)
            yield motion(email(name), moment, -x, landed)


def record(
    name: str, updated: str | int, consent: str | int | None, landed: str = FIRST, **others: Any
) -> Line:
    """A record of somebody, of their own device unless the others say more."""
    device = others.pop("device", f"D-{name}")
    birth_day = others.pop("birthDay", f"19{60 + len(name)}-0{1 + len(name) % 9}-17")
    details = {"customerName": name.title(), "phone": f"555{len(name):07d}", "birthDay": birth_day}
    return says(
        email(name), updated, consent, device, landed,
        **details | {"registrationDate": ms("01-01")} | others,
    )  # fmt: skip


def raw(source: str, landed: str, text: str) -> Line:
    """A line as it is written here."""
    return Line(source, f"2024-{landed}", "a.json", text)


def unreadable(name: str, updated: str | None, landed: str = FIRST) -> Line:
    """A record that names somebody, with a consent that is none."""
    fields = {"email": email(name), "shareWithResearchAsOfDate": "yes"}
    if updated:
        fields["lastUpdateDate"] = ms(updated)
    return raw("customer", landed, json.dumps(fields))


def first_day() -> Iterator[Line]:
    """What lands before the first build."""
    for name in (
        "shares", "refuses", "public", "withdrew", "returned", "doubtful", "cleared", "tied",
        "moved", "heir", "late", "ahead", "swaps", "swapped", "gives", "takes", "withdraws",
        "consents", "silent", "again", "phones", "parent", "both", "back", "gone", "erased",
        "young", "rereads", "unsaid",
    ):  # fmt: skip
        yield from practises(name)
    yield record("shares", "01-05", "01-05")
    yield record("shares", "01-05", "01-05")  # the same again
    yield record("refuses", "01-05", None)
    yield record("public", "01-05", None, shareWithPublicAsOfDate=ms("01-05"))
    yield record("friends", "01-05", "01-12", shareWithFriendsAsOfDate=ms("01-06"))
    yield from practises("friends")
    yield record("withdrew", "01-05", "01-05")
    yield record("withdrew", "01-15", None)
    yield record("returned", "01-05", "01-05")
    yield record("returned", "01-15", None)
    yield record("returned", "02-01", "01-05")
    yield record("doubtful", "01-05", "01-05")
    yield unreadable("doubtful", "02-01")
    yield record("cleared", "01-05", "01-05")
    yield unreadable("cleared", "01-15")
    yield record("cleared", "02-01", "01-20")
    yield record("twice", "01-05", "01-05")
    yield record("twice", "01-08", None)
    yield record("twice", "01-15", "01-05")
    yield record("twice", "01-18", None)
    yield record("twice", "02-01", "01-05")
    yield from practises("twice")
    yield record("unheard", "01-05", None)  # a refusal before the first consent withdraws nothing
    yield record("unheard", "01-12", "01-11")
    yield from practises("unheard")
    for name in ("ed", "flo"):  # until one line names both
        yield record(name, "01-05", "01-05")
        yield from practises(name)
    yield record("tied", "01-05", "01-05")
    yield record("tied", "01-05", None, device="D-tie")
    yield record("both", "01-05", "01-04", device="D-both")
    yield record("both", "01-05", "01-05", phone=None, device="D-bot")
    yield record("both", "01-05", "01-05", device=None, birthDay=None)
    yield record("half", "01-05", "01-05")  # with a line of the moment that cannot be read
    yield unreadable("half", "01-05")
    yield from practises("half")
    yield record("pair", "01-05", "01-05")  # two devices at once, the first of which counts
    yield record("pair", "01-05", "01-05", device="D-pairs")
    yield from practises("pair")
    yield from practises("pairs")
    yield record("nought", "02-01", "01-05")  # two at once, the first of which counts for nothing
    yield record("nought", "02-01", "01-06", device="D-noughts")
    yield from practises("nought")
    yield from ties()
    # devices that are handed over, claimed by two, or exchanged
    yield record("moved", "01-05", "01-05", device="D-heir")
    yield record("moved", "01-15", "01-05", device="D-moved")
    yield record("heir", "01-15", "01-15")
    yield record("gives", "01-05", "01-05", device="D-takes")
    yield record("takes", "01-10", "01-05")
    yield record("swaps", "01-05", "01-05")
    yield record("swapped", "01-05", "01-05")
    # what the second day adds to
    yield record("late", "02-01", "01-05")
    yield record("ahead", 1_900_000_000_000, "01-05")
    yield record("withdraws", "01-05", "01-05")
    yield record("consents", "01-05", None)
    yield record("again", "01-05", "01-10")
    yield record("phones", "01-05", "01-05")
    yield record("parent", "01-05", "01-05")
    yield record("rereads", "01-05", "01-05")
    yield record("young", "01-05", "01-05", birthDay="2006-01-06")
    yield record("old", "01-05", "01-05", birthDay="2006-01-05")
    yield from practises("old")
    yield record("ageless", "01-05", "01-05", birthDay="soon")
    yield from practises("ageless")
    yield record("unsaid", "01-05", "01-05")
    # who were erased
    yield record("erased", "02-01", "01-05")
    yield record("heiress", "01-20", "01-05", device="D-gone")
    yield record("back", "01-03", "01-05", device="D-back")
    yield record("next", "02-01", "01-05", device="D-back")
    yield from practises("next", moments=MOMENTS[2:])
    yield from odd_lines()


def ties() -> Iterator[Line]:
    """People with two records of one moment that differ in one field, of which one counts."""
    for number, (field, *values) in enumerate((
        ("birthDay", "1990-03-01", "1991-02-01"), ("customerName", "Bo", "Al"),
        ("phone", "5550000002", "5550000001"), ("registrationDate", ms("01-02"), ms("01-03")),
        ("shareWithPublicAsOfDate", ms("01-04"), ms("01-02")),
        ("shareWithFriendsAsOfDate", ms("01-02"), ms("01-04")),
        ("lastUpdateDate", 1_900_000_000_000, 1_800_000_000_000),
    )):  # fmt: skip
        others = values if field == "lastUpdateDate" else [*values, None]
        for one, other in itertools.combinations(others, 2):
            name = f"tie{number}{others.index(one)}{others.index(other)}"
            yield record(name, "01-05", "01-05", **{field: one})
            yield record(name, "01-05", "01-05", **{field: other})


def odd_lines() -> Iterator[Line]:
    """Lines in other spellings, and lines that are rejected, one for each reason and more."""
    spelled = json.loads(record("spelled", "01-05", "01-05", customerName=7).text)
    spelled |= {"email": "\t SPELLED@Example.com ", "phone": 8015551212, "birthDay": "2001-02-29"}
    yield raw("customer", FIRST, json.dumps(spelled) + ",")
    yield from practises("spelled")
    yield record("zoe\u0308", "01-05", "01-05", device=" D-zoe ")
    yield motion("ZO\u00cb@example.com", "01-20 06:00", landed=FIRST)
    yield distance(" D-zoe ", "01-20 06:00", landed=FIRST)
    yield distance("D-zoe", "01-20 06:00", landed=FIRST)
    good = {"email": email("unsaid"), "lastUpdateDate": ms("01-05"), "serialNumber": "D-u"}
    for changes in (
        {"email": None}, {"email": "nobody"}, {"email": "a@b@c"}, {"email": "a\u200b@b.com"},
        {"email": 7}, {"lastUpdateDate": None}, {"lastUpdateDate": "2024-01-05"},
        {"lastUpdateDate": 1_262_303_999_999}, {"lastUpdateDate": 1.5}, {"serialNumber": 12},
        {"serialNumber": " \t"}, {"shareWithResearchAsOfDate": True},
        {"shareWithResearchAsOfDate": ms("03-05")}, {"shareWithResearchAsOfDate": 1},
    ):  # fmt: skip
        if "email" not in changes:
            changes["email"] = email(f"odd{len(str(changes))}")
        yield raw("customer", FIRST, json.dumps(good | changes))
    yield raw("customer", FIRST, "no JSON")
    yield raw("customer", FIRST, '{"email": "unsaid@example.com", "phone": broken, "email":"x@y.z"')
    yield raw("customer", FIRST, '{"email": "only@example.com"')
    yield from practises("only")
    reading = json.loads(motion(email("shares"), "01-10 06:00", landed=FIRST).text)
    for changes in (
        {"user": None}, {"user": "shares"}, {"user": 1}, {"timestamp": None}, {"timestamp": "1"},
        {"timestamp": 1_262_303_999_999}, {"timestamp": ms("03-02")}, {"timestamp": 1.5},
        {"x": None}, {"y": "1"}, {"z": True}, {"x": [1]},
    ):  # fmt: skip
        yield raw("accelerometer", FIRST, json.dumps(reading | changes))
    yield raw("accelerometer", FIRST, json.dumps(reading | {"timestamp": ms("03-02") - 1}))
    yield raw("accelerometer", FIRST, json.dumps(reading).replace("timestamp", "timeStamp"))
    yield raw("accelerometer", FIRST, json.dumps(reading | {"x": 7.0}).replace("7.0", "1e400"))
    yield raw("accelerometer", FIRST, json.dumps(reading | {"z": -0.0, "more": {"a": [1]}}))
    yield raw("accelerometer", FIRST, "[1]")
    yield motion(email("nobody"), "01-10 06:00", landed=FIRST)
    measured = json.loads(distance("D-shares", "01-10 06:00", landed=FIRST).text)
    for changes in (
        {"serialNumber": None}, {"serialNumber": 4}, {"serialNumber": " "},
        {"sensorReadingTime": None}, {"sensorReadingTime": "x"}, {"sensorReadingTime": 12},
        {"distanceFromObject": None}, {"distanceFromObject": "9"},
    ):  # fmt: skip
        yield raw("step_trainer", FIRST, json.dumps(measured | changes))
    yield raw("step_trainer", FIRST, "")
    yield distance("D-nobody", "01-10 06:00", landed=FIRST)


def second_day() -> Iterator[Line]:
    """What lands in the night after the first build."""
    yield record("withdraws", "03-01 12:00", None, SECOND)
    yield record("consents", "03-01 12:00", "01-10", SECOND)
    yield record("again", "03-01 12:00", "01-20", SECOND)  # consents from a later time on
    yield record("late", "01-15", None, SECOND)  # a refusal that was over when it came
    yield record("ahead", "03-02", None, SECOND)
    yield record("ahead", 1_900_000_000_000, "01-05", SECOND)  # once more: it counts from the first
    yield record("phones", "03-01 12:00", "01-05", SECOND, phone="5559999999")
    yield unreadable("parent", None, SECOND)
    yield unreadable("doubtful", "02-10", SECOND)
    yield record("refuses", "01-05", None, SECOND)  # the same again
    yield record("silent", "01-05", "01-05", SECOND)  # of whom readings had come
    yield record("unsaid", "03-02 06:00", "01-05", SECOND)  # it is clear again
    yield raw("customer", SECOND, '"email":"withdrew@example.com"')
    yield raw("customer", SECOND, '{"email":"ed@example.com"}{"email":"flo@example.com"}')
    yield record("swaps", "02-01", "01-05", SECOND, device="D-swapped")
    yield record("swapped", "02-01", "01-05", SECOND, device="D-swaps")
    yield record("gives", "02-01", "01-05", SECOND, device=None)
    yield record("newcomer", "03-01 12:00", "02-01", SECOND)
    yield from practises("newcomer", SECOND)
    yield record("heiress", "03-01 12:00", "01-05", SECOND, device=None)
    yield from practises("rereads", SECOND)  # all of them again, and one more
    yield from practises("rereads", SECOND, ["03-02 06:00"])
    for name in ("shares", "refuses", "returned", "withdraws", "consents", "nobody"):
        yield from practises(name, SECOND, ["01-25 06:00", "02-10 06:00", "03-01 06:00"], x=1.5)
    yield distance("D-shares", "01-20 06:00", 1.0, SECOND)  # nearer
    yield motion(email("friends"), "01-20 06:00", 7.5, SECOND)  # its distance had come
    yield distance("D-heir", "01-16 06:00", 3.0, SECOND)
    yield motion(email("heir"), "01-16 06:00", 3.0, SECOND)
    downwards = motion(email("shares"), "02-10 06:00", 9.0, SECOND)
    yield downwards._replace(text=downwards.text.replace('"z": 1.0', '"z": -1.0'))
    yield raw("accelerometer", SECOND, "no JSON")
    yield raw("step_trainer", SECOND, "no JSON")


def doubles(day: str) -> Iterator[Line]:
    """What lands on a day of the doubles, who have other emails and devices."""
    for line in first_day():
        landed = SECOND if line.source == "customer" else FIRST
        text = line.text.replace("xample.com", "xample.org").replace("D-", "E-")
        if landed == day and text != line.text:
            yield line._replace(ingest_date=f"2024-{day}", text=text)


def lines(*days: str) -> list[Line]:
    """The lines that land on the days."""
    told = {FIRST: first_day, SECOND: second_day}
    return [line for day in days for line in (*told[day](), *doubles(day))]


def land(lakehouse: Lakehouse, *days: str) -> None:
    """Lands the days' lines, a file for each source and day."""
    files: dict[tuple[str, str, str], list[str]] = {}
    for line in lines(*days):
        files.setdefault((line.source, line.file_name, line.ingest_date), []).append(line.text)
    for (source, name, day), texts in files.items():
        lakehouse.land(source, name, "".join(f"{text}\n" for text in texts).encode(), day)


def note_erasures(lakehouse: Lakehouse) -> None:
    """Notes who was erased, and their claims."""
    for person in ALL_ERASED:
        lakehouse.withhold(person)
    for claim in TOMBSTONES:
        lakehouse.remember_claim(*claim)


def expected(*days: str, scope: str = "since_consent", minimum_age: int = 0) -> dict[str, Rows]:
    """The rows of every table after a build of the days."""
    return oracle.tables(lines(*days), scope, ALL_ERASED, TOMBSTONES, minimum_age)


def build_of(folder: Path, project: Path) -> Lakehouse:
    """A lakehouse in a folder whose project is in another; the first day has landed."""
    lakehouse = Lakehouse(folder, project)
    note_erasures(lakehouse)
    land(lakehouse, FIRST)
    return lakehouse
