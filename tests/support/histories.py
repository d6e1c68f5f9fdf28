"""Random histories of a lakehouse: deliveries and builds, day after day, drawn by hypothesis.

A history is plain data, and its repr is Python that makes it again: a counterexample is pasted
into a test as it was printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from stedi.synthetic.records import SOURCES
from support.deeds import (
    AHEAD,
    BAD,
    FORMS,
    KEPT,
    MOMENTS,
    PEOPLE,
    Again,
    Bad,
    Deed,
    Measured,
    Moved,
    Record,
    person_name,
)
from support.killing import Before
from support.lakehouse import PROJECT, WITHOUT_TESTS

FIRST_DAY = date(2024, 1, 1)
LIVES = 20  # of a lakehouse
WHOLE_LIVES = 40  # the same, where builds are few
MODELS = sorted(path.stem for path in (PROJECT / "models").rglob("*.sql"))
PER_MILLE = 1000


class Deliver(NamedTuple):
    """Files of one day, by any number of lives.

    deeds: (life, what it does). later: days since the delivery before; days never go back.
    files: how many files of each source. empty: the sources without lines deliver an empty file.
    linked: the day's folder, if it is new, is a link to one elsewhere.
    """

    deeds: tuple[tuple[int, Deed], ...]
    later: int = 1
    files: int = 1
    empty: bool = False
    linked: bool = False


class Build(NamedTuple):
    """A build. killed: before which of its changes of the database, in thousandths of them all or
    by its statement; one in which no such statement comes ends as any other."""

    scope: str = "since_consent"
    select: str | None = None
    full_refresh: bool = False
    killed: int | Before | None = None

    @property
    def whole(self) -> bool:
        """Whether everything must be right after it."""
        return self.select is None and self.killed is None

    @property
    def arguments(self) -> tuple[str, ...]:
        """dbt's. In one thread it is faster, and killed at the same change each time; tests of the
        laws are not the point here."""
        return (
            *("--quiet", "--no-write-json", "build", "--threads", "1"),
            *WITHOUT_TESTS,
            *(("--vars", f"consent_scope: {self.scope}") if self.scope != "since_consent" else ()),
            *(("--select", self.select) if self.select else ()),
            *(("--full-refresh",) if self.full_refresh else ()),
        )

    def __str__(self) -> str:
        words = ["full refresh" if self.full_refresh else "build"]
        words += [f"of {self.select} only"] if self.select else []
        words += [f"with consent_scope {self.scope}"] if self.scope != "since_consent" else []
        if isinstance(self.killed, Before):
            words.append(f"killed {self.killed}")
        elif self.killed is not None:
            words.append(f"killed after {self.killed / 10:g} % of it")
        return " ".join(words)


class Maintain(NamedTuple):
    """Maintenance: every table stays, and no file beyond staging has who is in none."""

    def __str__(self) -> str:
        return "maintenance"


class Erase(NamedTuple):
    """People, as (life, which of it), are erased at once, and every table is rebuilt.

    back: they may come back instead. killed: the erasure is killed before this of its steps, and
    run again.
    """

    people: tuple[tuple[int, int], ...]
    back: bool = False
    killed: int | None = None

    def __str__(self) -> str:
        names = (f"{person_name(who)} of life {life}" for life, who in self.people)
        killed = f", killed before step {self.killed} at first" * (self.killed is not None)
        return f"{', '.join(names)}: {'may come back' if self.back else 'erased' + killed}"


Step = Deliver | Build | Maintain | Erase


@dataclass(frozen=True)
class History:
    """What happens to a lakehouse, step by step."""

    steps: tuple[Step, ...]

    def days(self) -> list[int]:
        """The day of each step, in days since FIRST_DAY."""
        days, day = [], -1
        for step in self.steps:
            day += step.later if isinstance(step, Deliver) else 0
            day = max(day, 0)
            days.append(day)
        return days

    def dates(self) -> list[str]:
        """The ingest date of each day from the first on."""
        last = max(self.days(), default=0)
        return [(FIRST_DAY + timedelta(days=day)).isoformat() for day in range(last + 1)]

    def told(self) -> Iterator[str]:
        """The history in words, a line for each build, file and deed."""
        dates = self.dates()
        for number, (day, step) in enumerate(zip(self.days(), self.steps, strict=True)):
            if not isinstance(step, Deliver):
                yield f"step {number}: {step}"
                continue
            with_empty = ", empty ones where there is nothing" if step.empty else ""
            with_empty += ", in linked folders" if step.linked else ""
            yield f"step {number}: delivery of {dates[day]}, {step.files} files each{with_empty}"
            for life, deed in step.deeds:
                yield f"    life {life}: {deed}"

    def as_code(self) -> str:
        """Python that makes the history."""
        steps = "".join(f"    {step!r},\n" for step in self.steps)
        return f"History((\n{steps}))"


def _mostly(usual: object, *others: object, times: int) -> st.SearchStrategy:
    """The usual value `times` as often as all the others together."""
    return st.sampled_from((usual,) * (times * len(others)) + others)


def _made(kind: type, **fields: st.SearchStrategy) -> st.SearchStrategy:
    """Of a kind, with these fields drawn and no others, as st.builds would."""
    return st.fixed_dictionaries(fields).map(lambda drawn_fields: kind(**drawn_fields))


def _handover(giver: int, taker: int, device: int, late: int) -> tuple[Deed, ...]:
    """A device changes hands: at once, after a gap, or before the other has given it up."""
    return (Record(giver, device=None), Record(taker, age=1 + late, device=device))


def _meeting(who: int, moment: int, value: int) -> tuple[Deed, ...]:
    """Motion, and a distance of the person's first device, at one moment and at the first."""
    more = (Moved(who), Measured(who)) if moment else ()
    return (Moved(who, moment), Measured(who, moment, value), *more)


WHO = st.integers(0, PEOPLE - 1)
HOURS = range(11, 17)  # the moments at which records change what holds
MOMENT = st.sampled_from((*(0,) * 12, *(1,) * 6, *HOURS, *range(len(MOMENTS))))
VALUE = st.integers(0, 2)
FORM = _mostly(0, *range(1, len(FORMS)), times=2)
COPIES = _mostly(1, 2, times=6)
EARLY = 9  # the moment before most others
# Deeds that come together, by the source that they write to.
CUSTOMERS = (
    _made(
        Record,
        who=WHO,
        age=st.sampled_from((1, 1, 1, 1, 0, -1, -2, 30)),
        consent=st.sampled_from(
            (*(KEPT,) * 12, *(None,) * 6, *(EARLY,) * 12, 0, *range(len(MOMENTS)))
        ),
        device=_mostly(KEPT, None, *range(PEOPLE), times=2),
        phone=_mostly(None, 0, 1, 2, times=2),
        form=FORM,
        ahead=_mostly(*AHEAD, times=5),
        name=_mostly(None, *range(PEOPLE), times=3),
    ),
    _made(Record, who=WHO, phone=st.integers(1, 9)),  # and nothing else changes
    _made(Record, who=WHO, consent=_mostly(EARLY, 0, None, times=1)),
    _made(Record, who=WHO, consent=_mostly(EARLY, 0, times=3)),
)
MOTION = _made(Moved, who=WHO, moment=MOMENT, value=VALUE, copies=COPIES, form=FORM)
DISTANCE = _made(Measured, device=WHO, moment=MOMENT, value=VALUE, copies=COPIES, form=FORM)
MEETING = st.builds(_meeting, WHO, MOMENT, VALUE)
HANDOVER = st.builds(_handover, WHO, WHO, WHO, st.integers(-1, 2))
# A day's delivery may lack a source, as others have nothing new where one has.
TOGETHER = (*[SOURCES] * 3, SOURCES[:1], SOURCES[1:], SOURCES[:2], SOURCES[2:])


def deeds(sources: tuple[str, ...]) -> st.SearchStrategy[tuple[Deed, ...]]:
    """Deeds that write to these sources alone; half of them readings that meet, if they may."""
    ways = max(len(BAD[source]) for source in sources)
    one = [
        *(CUSTOMERS * 2 if "customer" in sources else ()),
        *((MOTION,) if "accelerometer" in sources else ()),
        *((DISTANCE,) if "step_trainer" in sources else ()),
        _made(Again, source=st.sampled_from(sources), nth=st.integers(0, 9), form=FORM),
        _made(Bad, source=st.sampled_from(sources), way=st.integers(0, ways - 1), who=WHO),
    ]
    some = [deed.map(lambda made: (made,)) for deed in one]
    some += [HANDOVER] if "customer" in sources else []
    some += [MEETING] * 4 if set(SOURCES[1:]) <= set(sources) else []
    # st.one_of would take the same strategy three times for one
    return st.sampled_from(some).flatmap(lambda chosen: chosen)


@st.composite
def deliveries(draw: st.DrawFn, lives: int) -> Deliver:
    """A day's delivery, of many lives or, on a quiet day, of hardly any."""
    sources = draw(st.sampled_from(TOGETHER))
    quiet = draw(_mostly(False, True, times=3))
    few, many = (0, 3) if quiet else (2 * lives, 6 * lives)
    by_one = st.tuples(st.integers(0, lives - 1), deeds(sources))
    found = draw(st.lists(by_one, min_size=few, max_size=many))
    return Deliver(
        deeds=tuple((life, deed) for life, together in found for deed in together),
        later=draw(st.sampled_from((1, 0, 1, 0, 2, 30))),
        files=draw(st.sampled_from((1, 2, 3))),
        empty=draw(_mostly(False, True, times=4)),
        linked=draw(_mostly(False, True, times=3)),
    )


# Mostly not; after some part of all changes; or between a slice's two statements.
KILLED = _mostly(
    st.none(),
    st.sampled_from(range(0, PER_MILLE, 7)),
    _made(
        Before,
        verb=st.sampled_from(("insert", "delete")),
        table=st.sampled_from(MODELS),
        nth=st.sampled_from((0, 1)),
    ),
    times=2,
).flatmap(lambda chosen: chosen)
BUILDS = _made(
    Build,
    scope=_mostly("since_consent", "any_time", times=7),
    select=_mostly(None, *MODELS, *(f"{m}+" for m in MODELS), *(f"+{m}" for m in MODELS), times=4),
    full_refresh=_mostly(False, True, times=9),
    killed=KILLED,
)


@st.composite
def whole_lives(draw: st.DrawFn, lives: int = WHOLE_LIVES, turns: int = 4) -> History:
    """Deliveries and builds; between them maintenance, erasures, and people who may come back."""
    steps: list[Step] = []
    erased: list[Erase] = []
    for _ in range(turns):
        steps += [draw(deliveries(lives)), draw(_mostly(Build(), Build(killed=500), times=3))]
        kinds = draw(st.lists(st.sampled_from(("erase", "maintain", "back")), max_size=2))
        steps += [Build()] if kinds and steps[-1].killed else []
        for kind in kinds:
            if kind == "maintain":
                steps.append(Maintain())
            elif kind == "erase":
                one = st.tuples(st.integers(0, lives - 1), WHO)
                some = draw(st.lists(one, min_size=1, max_size=5, unique=True))
                killed = draw(_mostly(None, *range(0, 45, 4), times=1))
                erased.append(Erase(tuple(some), killed=killed))
                steps.append(erased[-1])
            elif erased:
                steps.append(erased.pop(0)._replace(back=True, killed=None))
    return History((*steps, Build(), Maintain(), Build()))


@st.composite
def histories(draw: st.DrawFn, lives: int = LIVES, turns: int = 5) -> History:
    """Deliveries and builds by turns, sometimes several of one kind; the last build is whole."""
    steps: list[Step] = []
    for _ in range(turns):
        steps += draw(st.lists(deliveries(lives), min_size=1, max_size=2))
        steps += draw(st.lists(BUILDS, min_size=1, max_size=2))
    if draw(st.booleans()) or not (isinstance(steps[-1], Build) and steps[-1].whole):
        steps.append(Build())
    return History(tuple(steps))


def drawn(number: int, from_seed: int, strategy: st.SearchStrategy[History]) -> list[History]:
    """So many histories, always the same ones for a seed.

    Hypothesis only draws: a build takes too long for its way of making an example smaller (see
    narrowing.py), and begins with the example that is the dullest of all.
    """
    found: list[History] = []

    @seed(from_seed)
    @settings(
        max_examples=number + 1,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def keep(history: History) -> None:
        found.append(history)

    with _no_constants_of_modules():
        keep()
    return found[1:]


@contextmanager
def _no_constants_of_modules() -> Iterator[None]:
    """Keeps hypothesis from drawing numbers that it read in the modules that happen to be loaded:
    a seed would draw other histories in a test run by itself than in all of them."""
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        with patch.object(providers, "_get_local_constants", providers.Constants):
            yield
    finally:
        providers.CONSTANTS_CACHE.cache.clear()
