"""An erasure takes the lines that the oracle takes, which reads the same laws by itself."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stedi.erasure.people import Known, find_subjects
from stedi.landing.claims import Claim
from stedi.landing.raw_lines import judged, pieces_of, records_of
from stedi.restricted.pseudonym_key import hmac_sha256
from support import oracle

PEOPLE = ["ann@example.com", "zoë@example.com", "cy@example.com", "o'cy@example.com"]
SPELLED = [
    *PEOPLE,
    " ANN@Example.com",
    "ZOE\u0308@example.com",
    "ann@example\u200b.com",
    "ann\uff20example.com",
    "ann",
    None,
]
NAMES = ["Ann Example", "Zo\u00eb Cy", None]
PHONES = ["1", 8015551212, "8015551212", "(801) 555-1212", "8015550000", None]
DEVICES = ["device-D-1", "device-E-2", "device-F-3"]
DAYS = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
HOUR = 3_600_000
START = 1_704_067_200_000
TIMES = [*range(START, START + 96 * HOUR, 8 * HOUR)]
ODD_TIMES = [0, START // 1000, START * 1000, -1, 1.5, True, str(START), None, 4_102_444_800_000]

times = st.sampled_from(TIMES)
any_times = times | times.map(float) | st.sampled_from(ODD_TIMES)
devices = st.sampled_from([*DEVICES, None, " ", 7])


def hashed(text: str) -> str:
    return hmac_sha256(text, "key")


def written(fields: dict[str, Any], escaped: bool, comma: bool) -> str:
    return json.dumps(fields, ensure_ascii=escaped) + ("," if comma else "")


def lines_of(source: str, texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[oracle.Line]]:
    made = st.builds(oracle.Line, st.just(source), st.sampled_from(DAYS), st.just("a.json"), texts)
    return st.lists(made, max_size=10)


def json_lines(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    return st.builds(written, st.fixed_dictionaries(fields), st.booleans(), st.booleans())


broken = st.builds(
    "no JSON {}{} {} {} {}".format,
    st.sampled_from(["", "'", "user='", "x'", "x.", '"email": "', "<"]),
    st.sampled_from([*PEOPLE, "-"]),
    st.sampled_from([*DEVICES, "-"]),
    st.sampled_from(NAMES),
    st.sampled_from(PHONES),
)
customers = lines_of(
    "customer",
    json_lines(
        email=st.sampled_from(PEOPLE) | st.sampled_from(SPELLED),
        lastUpdateDate=times | any_times,
        serialNumber=st.sampled_from(DEVICES) | devices,
        shareWithResearchAsOfDate=st.none() | times | any_times,
        customerName=st.sampled_from(NAMES),
        phone=st.sampled_from(PHONES),
        birthDay=st.sampled_from(["2000-02-29", "2001-02-29", None]),
    )
    | broken,
)
motions = lines_of("accelerometer", json_lines(user=st.sampled_from(SPELLED)) | broken)
distances = lines_of(
    "step_trainer",
    json_lines(sensorReadingTime=times | any_times, serialNumber=devices)
    | json_lines(sensorReadingTime=times, serialNumber=st.sampled_from(DEVICES))
    | broken,
)
claims = st.builds(
    oracle.Claim, st.sampled_from(PEOPLE), st.sampled_from(DEVICES), times, st.none() | times
).filter(lambda claim: claim.until is None or claim.since < claim.until)


def landed_again(
    found: tuple[list[oracle.Line], ...], again: list[tuple[int, str]]
) -> list[oracle.Line]:
    """All lines, and some of them once more, on other days."""
    lines = [line for each in found for line in each]
    repeated = [lines[at]._replace(ingest_date=day) for at, day in again if at < len(lines)]
    return lines + repeated


@settings(deadline=None)  # the machine may be busy
@given(
    landed=st.builds(
        landed_again,
        st.tuples(customers, motions, distances),
        st.lists(st.tuples(st.integers(0, 9), st.sampled_from(DAYS)), max_size=4),
    ),
    erased=st.sets(st.sampled_from(PEOPLE), min_size=1),
    tombstones=st.sets(claims, max_size=3),
)
def test_the_lines_and_claims_are_those_of_the_oracle(
    landed: list[oracle.Line], erased: set[str], tombstones: set[oracle.Claim]
) -> None:
    known = Known(
        hash=hashed,
        tombstones=[Claim(hashed(t[0]), hashed(t[1]), *t[2:]) for t in tombstones],
    )
    subjects = find_subjects(
        erased,
        lambda entity: (
            (x.ingest_date, record)
            for x in landed
            if x.source == entity
            for record in records_of([x.text.encode()])
        ),
        known,
    )
    theirs = {claim for claim in oracle.claims(landed) if claim.email in erased}
    assert {*map(tuple, subjects.claims())} == {*map(tuple, theirs)}

    # of a device that no landed record names, a line that is no record cannot be known to be theirs
    named = {claim.serial_number for claim in theirs}
    former = {t.serial_number for t in tombstones if t.email in erased} - named
    kept = oracle.remaining(landed, erased, tombstones)
    for line in landed:
        if not (line.source == "step_trainer" and any(f" {each}" in line.text for each in former)):
            owns = subjects.owns(line.source, line.ingest_date)
            pieces = judged(pieces_of([line.text.encode()]), owns)
            assert any(is_out for _, is_out in pieces) is (line not in kept), line
