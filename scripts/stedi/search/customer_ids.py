"""customer_ids as something to search for, after the pseudonym key was replaced."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from stedi.search.identifiers import BOUND, readings_of

KIND = "customer_id"
LENGTH = 64  # characters of a customer_id, in hex
_HEX = re.compile(rf"[0-9a-f]{{{LENGTH},}}")
_START = re.compile(rb"[0-9a-f]{%d}." % BOUND, re.DOTALL)


class _Ids:
    longest = LENGTH

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = frozenset(ids)
        self._starts = frozenset(each[:BOUND] for each in self._ids)


class TheseIds(_Ids):
    """Finds ids out of a set, even where one stands right behind another."""

    looks_into_packed = True

    def hits_in(self, data: bytes) -> set[tuple[str, str]]:
        return {
            (KIND, text)
            for run in _runs(data)
            for at in range(len(run) - LENGTH + 1)
            if (text := run[at : at + LENGTH]) in self._ids
        }

    def hits_in_bound(self, bound: bytes) -> set[tuple[str, str]]:
        return {(KIND, start) for start in _start(bound) if start in self._starts}


class OtherIds(_Ids):
    """Finds every id that is not in a set."""

    looks_into_packed = False  # where bytes behind an id could look like more of it

    def hits_in(self, data: bytes) -> set[tuple[str, str]]:
        return {(KIND, run) for run in _runs(data) if run not in self._ids}

    def hits_in_bound(self, bound: bytes) -> set[tuple[str, str]]:
        return {(KIND, start) for start in _start(bound) if start not in self._starts}


def _runs(data: bytes) -> Iterator[str]:
    """Texts of hex digits that are at least as long as an id."""
    texts = readings_of(data) if b"\\" in data else [data.decode("latin-1")]
    for text in texts:
        yield from _HEX.findall(text)


def _start(bound: bytes) -> Iterator[str]:
    """The first characters of an id of which Iceberg keeps no more."""
    if _START.fullmatch(bound):
        yield bound[:BOUND].decode()
