"""The first signal stops the program; it can be delayed, and later ones do not disturb it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from local_athena.stopping import STOPPING, Stopped, not_stopped, stoppable


@pytest.fixture(autouse=True)
def no_signal_is_ignored() -> Iterator[None]:
    """A shell has what it starts in the background ignore SIGINT, the tests too."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in STOPPING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Work:
    """Is interrupted by a signal, and by two more while it cleans up."""

    is_clean = False

    def run(self, number: signal.Signals) -> None:
        with stoppable():
            try:
                signal.raise_signal(number)
            finally:
                signal.raise_signal(signal.SIGTERM)
                signal.raise_signal(signal.SIGHUP)
                self.is_clean = True


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_stops_what_runs_once(number: signal.Signals) -> None:
    work = Work()
    with pytest.raises(Stopped):
        work.run(number)
    assert work.is_clean


def test_a_signal_waits_for_what_must_not_be_stopped() -> None:
    reached = []

    def run() -> None:
        with stoppable():
            with not_stopped():
                signal.raise_signal(signal.SIGTERM)
                reached.append("the end of it")
            reached.append("more")

    with pytest.raises(Stopped):
        run()
    assert reached == ["the end of it"]


def test_an_ignored_signal_stays_ignored() -> None:
    """As SIGHUP under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_afterwards_signals_do_what_they_did() -> None:
    before = [signal.getsignal(number) for number in STOPPING]
    with stoppable():
        pass
    assert [signal.getsignal(number) for number in STOPPING] == before
