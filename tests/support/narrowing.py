"""Makes a history that fails smaller, for as long as there is time.

Hypothesis would take hundreds of builds for it. Lives share nothing, so that one of them alone is
tried first: what is left then is mostly a handful of deeds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from support.deeds import Deed
from support.histories import Build, Deliver, History, Step
from support.replay import Failure

Fails = Callable[[History], Failure | None]


def narrowed(history: History, failure: Failure, fails: Fails, seconds: float) -> History:
    """The smallest history found that fails, maybe in another way.

    fails: replays a history in a new lakehouse. seconds: after which no more is tried.
    """
    end = time.monotonic() + seconds
    smallest = History(history.steps[: failure.step + 1])
    suspects = [life for life, _ in failure.lives().most_common(3)]
    for ways in (lambda h: _of_few_lives(h, suspects), _plainly, _without_deeds, _without_steps,
                 _without_deeds, _alone):  # fmt: skip
        smallest = _smaller(smallest, ways, fails, end)
    return smallest


def _smaller(
    history: History, ways: Callable[[History], Iterator[History]], fails: Fails, end: float
) -> History:
    """Takes the first of the ways that still fails, and looks for the next one from there on."""
    tried: set[History] = {history}
    found = True
    while found:
        found = False
        for candidate in ways(history):
            if candidate in tried:
                continue
            if time.monotonic() > end:
                return history
            tried.add(candidate)
            if (failure := fails(candidate)) is not None:
                history = History(candidate.steps[: failure.step + 1])
                found = True
                break
    return history


def _of_few_lives(history: History, suspects: list[int]) -> Iterator[History]:
    lives = sorted({life for step in _delivered(history) for life, _ in step.deeds})
    if len(lives) < 2:
        return
    halves = [set(lives[: len(lives) // 2]), set(lives[len(lives) // 2 :])]
    for kept in [*({life} for life in suspects if life in lives), *halves]:
        yield _with_deeds(history, lambda place, life, deed, k=kept: life in k)


def _plainly(history: History) -> Iterator[History]:
    """One file of each source, every line in the plain form, no empty files."""

    def plain(deed: Deed) -> Deed:
        return deed._replace(form=0) if hasattr(deed, "form") else deed

    yield History(
        tuple(
            step._replace(
                files=1, empty=False, deeds=tuple((life, plain(d)) for life, d in step.deeds)
            )
            if isinstance(step, Deliver)
            else step
            for step in history.steps
        )
    )


def _without_deeds(history: History) -> Iterator[History]:
    """Without half of the deeds, a quarter of them, and so on."""
    deeds = sum(len(step.deeds) for step in _delivered(history))
    size = deeds // 2
    while size:
        for start in range(0, deeds, size):
            gone = range(start, start + size)
            yield _with_deeds(history, lambda place, life, deed, g=gone: place not in g)
        size //= 2


def _without_steps(history: History) -> Iterator[History]:
    """Without one step; with a whole build in the place of another one."""
    for number in range(len(history.steps) - 1):
        yield History((*history.steps[:number], *history.steps[number + 1 :]))
    for number, step in enumerate(history.steps):
        if isinstance(step, Build):
            yield History((*history.steps[:number], Build(), *history.steps[number + 1 :]))


def _alone(history: History) -> Iterator[History]:
    """The last deeds one by one, and the steps again, as fewer deeds may need fewer builds."""
    yield from _without_steps(history)
    yield from _without_deeds(history)


def _delivered(history: History) -> list[Deliver]:
    return [step for step in history.steps if isinstance(step, Deliver)]


def _with_deeds(history: History, kept: Callable[[int, int, Deed], bool]) -> History:
    """Only those deeds of which `kept` (their place among all, life, deed) is true."""
    steps: list[Step] = []
    place = 0
    for step in history.steps:
        if isinstance(step, Deliver):
            numbered = list(enumerate(step.deeds, place))
            place += len(numbered)
            step = step._replace(
                deeds=tuple((life, deed) for n, (life, deed) in numbered if kept(n, life, deed))
            )
        steps.append(step)
    return History(tuple(steps))
