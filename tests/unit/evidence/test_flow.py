"""What of landed lines and readings nothing accounts for."""

from __future__ import annotations

import pytest

from stedi.evidence.flow import Source, Withheld

ALL_KEPT = Source(
    "accelerometer", landed=10, accepted=6, duplicate=3, rejected={"not_json": 1},
    released=4, withheld=(Withheld("no_consent", "", 2),),
)  # fmt: skip


def changed(**values: object) -> Source:
    return Source(**(vars(ALL_KEPT) | values))


@pytest.mark.parametrize(
    ("source", "unaccounted"),
    [
        (ALL_KEPT, 0),
        (changed(landed=12), 2),
        (changed(duplicate=5), 2),
        (changed(rejected={}), 1),
        (changed(released=1), 3),
        (changed(withheld=()), 2),
        (changed(landed=11, released=5), 2),
        (changed(released=None, withheld=()), 0),  # customer records are no readings
        (changed(released=None, withheld=(), landed=11), 1),
    ],
)
def test_lines_and_readings_that_nothing_accounts_for_are_counted(
    source: Source, unaccounted: int
) -> None:
    assert source.unaccounted == unaccounted
