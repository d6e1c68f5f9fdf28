"""Histories that are replayed in every run: some failed once, others random ones hardly come by."""

from __future__ import annotations

from stedi.synthetic.records import SOURCES
from support.deeds import BAD, Again, Bad, Deed, Measured, Moved, Record
from support.histories import Build, Deliver, Erase, History, Maintain
from support.killing import Before


def bad_line(reason: str, who: int = 0) -> Bad:
    """A customer line that is rejected for the reason."""
    return Bad("customer", next(n for n, (r, _) in enumerate(BAD["customer"]) if r == reason), who)


# Readings at the first and last milliseconds of what records say; see deeds.MOMENTS.
MOVED = tuple(Moved(0, moment) for moment in (*range(11, 17), 0))
MEASURED = tuple(Measured(0, moment) for moment in (*range(11, 17), 0))
TWO, ALL_THREE = (tuple(Record(who, consent=9) for who in range(n)) for n in (2, 3))

# Lives that random ones are not as likely to come by: what each does in the first, the second and
# the third night. They share the builds of one history.
NIGHTS: dict[str, tuple[tuple[Deed, ...], tuple[Deed, ...], tuple[Deed, ...]]] = {
    "a device is claimed by two, and by one again": (
        (Record(0, consent=9), Moved(0), Measured(0)),
        (Record(1, device=0),),
        (Record(1, device=None),),
    ),
    "two people exchange their devices": (
        (Record(0, consent=9), Record(1, consent=9), Moved(0), Moved(1), Measured(0),
         Measured(1, value=1)),
        (Record(0, device=1), Record(1, device=0)),
        (),
    ),
    "a device is handed on to somebody unknown until then": (
        (Record(0, consent=9), Moved(0), Moved(1), Measured(0)),
        (Record(0, device=2), Record(1, consent=9, device=0)),
        (Record(0, age=-1, device=0),),
    ),
    "readings come again, alone, written otherwise; then somebody knows them": (
        (Moved(0), Measured(0), Bad("accelerometer", 0)),
        (Again("accelerometer", 0, 1), Again("step_trainer", 0, 1)),
        (Record(0, consent=9),),
    ),
    "the nearer distance comes later, then its owner withdraws": (
        (Record(0, consent=9), Moved(0), Measured(0, value=2)),
        (Measured(0, value=1),),
        (Measured(0, value=2), Record(0, consent=None)),
    ),
    "an older refusal comes late, then one of the same moment": (
        (Record(0, consent=9), Moved(0), Measured(0)),
        (Record(0, age=-1, consent=None),),
        (Record(0, age=0, consent=None),),
    ),
    "consent moves on, past a reading, and back": (
        (Record(0, consent=0), Moved(0), Moved(0, 1), Measured(0), Measured(0, 1)),
        (Record(0, consent=1),),
        (Record(0, consent=0),),
    ),
    "the last reading of a kind is withheld, others stay": (
        (Record(0, consent=9), Moved(0), Moved(0, 4), Measured(0)),
        (Record(0, device=1),),
        (Record(0, device=0), Measured(0, 4)),
    ),
    "motion comes after its distance, on a day of its own": (
        (Record(0, consent=9), Measured(0, 6)),
        (Moved(0, 6),),
        (),
    ),
    "who has distances alone gives the device up, and takes it back": (
        (Record(0, consent=9), Measured(0)),
        (Record(0, device=None),),
        (Record(0, device=0),),
    ),
    "who had refused consents, when all readings had come": (
        (Record(0, consent=None), Moved(0), Measured(0)),
        (Record(0, consent=9),),
        (Again("accelerometer", 0),),
    ),
    "a phone, and nothing else": (
        (Record(0, consent=9), Moved(0), Measured(0)),
        (Record(0, phone=7),),
        (Record(0, phone=0, consent=None), Record(0, consent=9)),
    ),
    "a device is lent, and taken back": (
        (*TWO, *MOVED, *MEASURED),
        (Record(0, device=None), Record(1, device=0)),
        (Record(0, device=0), Record(1, device=1)),
    ),
    "a device has three owners, with a gap": (
        (*ALL_THREE, *MOVED, *MEASURED),
        (Record(0, device=None), Record(1, device=0)),
        (Record(1, device=None), Record(2, age=3, device=0)),
    ),
    "a device is named by another before it is given up": (
        (*TWO, *MOVED, *MEASURED),
        (Record(1, device=0),),
        (Record(0, age=2, device=None),),
    ),
    "a withdrawal cannot be read, and a later record can": (
        (*TWO, *MOVED, *MEASURED),
        (bad_line("invalid_serialNumber"),),
        (Record(0, age=2),),
    ),
    "a withdrawal cannot be read; then it is known when it was": (
        (*TWO, *MOVED, *MEASURED),
        (bad_line("not_json"), bad_line("invalid_lastUpdateDate", 1)),
        (Record(0, consent=None), Record(1, age=60)),
    ),
    "a clock was decades ahead, then consent is withdrawn": (
        (Record(0, consent=9, ahead=24_107), *MOVED, *MEASURED),
        (Record(0, age=30, consent=None),),
        (Record(0, age=0, consent=9, ahead=3),),
    ),
    "the first consent is repeated after a refusal": (
        (*TWO, *MOVED, *MEASURED),
        (Record(0, consent=None),),
        (Record(0, consent=9),),
    ),
}  # fmt: skip


def nights(number: int) -> tuple[tuple[int, Deed], ...]:
    """What all of those lives do in a night."""
    lives = NIGHTS.values()
    return tuple((life, deed) for life, does in enumerate(lives) for deed in does[number])


# Histories that failed once, and some whose builds matter more than what is delivered.
COUNTEREXAMPLES: dict[str, History] = {
    "nothing ever lands": History((Build(), Build())),
    "three nights": History((
        Deliver(nights(0)), Build(), Deliver(nights(1)), Build(), Deliver(nights(2), later=0),
        Build(),
    )),
    "three nights, the last two broken off": History((
        Deliver(nights(0)), Build(), Deliver(nights(1)),
        Build(killed=Before("insert", "accelerometer_trusted")),
        Build(killed=Before("delete", "accelerometer_trusted", nth=1)),
        Build(killed=Before("insert", "decisions_by_month")),
        Deliver(nights(2), later=0), Build(killed=500), Build(),
    )),
    "consent, withdrawal, consent again, without a new reading": History((
        Deliver(((0, Record(0)), (0, Moved(0)), (0, Measured(0)))),
        Build(),
        Deliver(((0, Record(0, consent=0)),)),
        Build(),
        Deliver(((0, Record(0, consent=None)),)),
        Build(),
        Deliver(((0, Record(0, consent=9)),), later=0),
        Build(),
    )),
    "another consent_scope, and back": History((
        Deliver(((0, Record(0, consent=1)), (0, Moved(0)), (0, Measured(0)))),
        Build(),
        Build(scope="any_time"),
        Build(),
    )),
    "counts are added up from what a build that broke off has left of them": History((
        Deliver(((0, Record(0, consent=None)), (0, Moved(0)), (0, Measured(0)))),
        Build(),
        Deliver(((0, Record(0, consent=9)),)),
        Build(killed=Before("insert", "decisions_by_month")),
        Build(select="decisions_by_identifier"),
        Build(),
    )),
    "parts of a build, then the whole": History((
        Deliver(((0, Record(0)), (0, Moved(0)), (0, Measured(0)))),
        Build(),
        Deliver(((0, Record(0, consent=9)), (0, Moved(0, 1)))),
        Build(select="+stg_accelerometer"),
        Build(select="stg_customers"),
        Build(select="+landing_reconciliation builds"),
        Build(),
        Build(scope="any_time", select="trusted"),
        Build(),
    )),
    "one kind of readings comes alone, on a day of its own": History((
        Deliver(((0, Record(0, consent=9)), (0, Measured(0)), (1, Record(0, consent=9)),
                 (1, Moved(0, 9)), (1, Measured(0, 9, value=2)))),
        Build(),
        Deliver(((0, Moved(0)), (1, Measured(0, 9, value=1)))),
        Build(),
    )),
    "readings come again, and nothing else": History((
        Deliver(((0, Record(0, consent=9)), (0, Moved(0)), (0, Measured(0)))),
        Build(),
        Deliver(((0, Again("accelerometer", 0, 1)), (0, Again("step_trainer", 0, 1)))),
        Build(),
    )),
    "a consent comes late, between a refusal and the next consent": History((
        Deliver(((0, Record(0, consent=9)), (0, Record(0, age=2, consent=None)),
                 (0, Record(0, age=6, consent=9)), (0, Moved(0)), (0, Measured(0)))),
        Build(),
        Deliver(((0, Record(0, age=-3)),)),
        Build(),
    )),
}  # fmt: skip


# Somebody's whole life with STEDI, beside another of the same course who is never erased.
WHO = 1


def _both(*deeds: Deed) -> Deliver:
    return Deliver(tuple((life, deed) for life in (0, 1) for deed in deeds), files=2)


A_WHOLE_LIFE = History((
    # refuses, and has readings, written in several ways; somebody else consents from the beginning
    _both(Record(WHO, consent=None, form=15), Moved(WHO), Moved(WHO, 1, form=15), Measured(WHO),
          Measured(WHO, 1, form=15), Record(0, consent=9, form=6), Moved(0, form=8), Measured(0),
          *(Bad(source, way, 2) for source in SOURCES[1:] for way in (0, 3, 5)),
          bad_line("not_json", 2), bad_line("invalid_lastUpdateDate", 2)),
    Build(),
    # consents late, before the readings
    _both(Record(WHO, consent=9)),
    Build(),
    # withdraws, and is in no file when maintenance has run
    _both(Record(WHO, consent=None)),
    Build(),
    Maintain(),
    Build(),
    # consents again, from a later date on
    _both(Record(WHO, consent=1), Moved(WHO, 4), Measured(WHO, 4)),
    Build(),
    # takes a new device
    _both(Record(WHO, device=2), Measured(2, 4, value=1)),
    Build(),
    # is erased, comes back with a delivery, and is let in again
    Erase(((0, WHO),)),
    _both(Record(WHO, phone=5), Moved(WHO, 4, value=1), Measured(WHO, 4, value=1)),
    Build(),
    Erase(((0, WHO),), back=True),
    Build(),
))  # fmt: skip
