"""What a person is known by, and where a text has it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from stedi.landing.records import normal

SHORTEST = 6  # letters: what is shorter stands in many texts by chance
# What an ASCII character may be hidden in: a code, an escaped slash, a Kelvin sign, a dotted I or
# an I with a dot, and signs that NFC replaces by a semicolon or a grave accent.
_DISGUISED = re.compile(
    rb"\\u[0-9a-fA-F]{4}|\\/|\xe2\x84\xaa|\xc4\xb0|\xcc\x87|\xcd\xbe|\xe1\xbf\xaf"
)

# What may stand beside an identifier without making another of it: joann@example.com is not
# ann@example.com, nor is ann@example.com.au.
_AROUND_EMAIL = (r"(?<![\w.+-])", r"(?![\w-]|\.\w)")
_AROUND_OTHER = (r"(?<![\w-])", r"(?![\w-])")
_AROUND = ("{}(?:{{}}){}".format(*_AROUND_OTHER), "{}(?:{{}}){}".format(*_AROUND_EMAIL))

BOUND = 15  # characters of a text that both its bounds in Iceberg begin with
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_MEANT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True)
class Identifiers:
    """Texts by their kind, in normal form; those too short to be searched for are left out."""

    by_kind: dict[str, frozenset[str]] = field(default_factory=dict)

    looks_into_packed = True

    @classmethod
    def of(cls, **texts: Iterable[str]) -> Identifiers:
        """texts: those of each kind, with `_` for the blank in its name."""
        return cls(
            {
                kind: frozenset(_as_found(kind, text) for text in found if _is_telling(kind, text))
                for name, found in texts.items()
                if (kind := name.replace("_", " ").replace("customer id", "customer_id"))
            }
        )

    def __or__(self, other: Identifiers) -> Identifiers:
        kinds = {*self.by_kind, *other.by_kind}
        none: frozenset[str] = frozenset()
        return Identifiers(
            {k: self.by_kind.get(k, none) | other.by_kind.get(k, none) for k in kinds}
        )

    def without(self, texts: Iterable[str]) -> Identifiers:
        """The same without some texts."""
        left_out = frozenset(texts)
        return Identifiers({kind: found - left_out for kind, found in self.by_kind.items()})

    @property
    def texts(self) -> frozenset[str]:
        return frozenset().union(*self.by_kind.values())

    @cached_property
    def longest(self) -> int:
        """The length of the longest as bytes."""
        return max((len(text.encode()) for text in self.texts), default=0)

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        return {
            kind: re.compile(_AROUND[kind == "email"].format("|".join(map(re.escape, found))))
            for kind, found in self.by_kind.items()
            if found
        }

    @cached_property
    def _hint(self) -> re.Pattern[bytes]:
        texts = sorted(self.texts) or ["\0nothing"]
        return re.compile(b"|".join(re.escape(text.encode()) for text in texts))

    def may_be_in(self, data: bytes) -> bool:
        """Whether bytes have to be looked at closely: a quick look, that misses nothing."""
        if self._hint.search(data.lower()):
            return True
        if self._is_plain:
            return _DISGUISED.search(data) is not None
        return b"\\" in data or not data.isascii()

    @cached_property
    def _is_plain(self) -> bool:
        """Whether all are letters that are written otherwise only by a code, or as another letter
        that has the same lower case."""
        return all(text.isascii() and not set(text) & {'"', "\\"} for text in self.texts)

    def found_in(self, data: bytes) -> set[str]:
        """The identifiers that stand in bytes, however they are encoded or escaped there."""
        return {text for _, text in self.hits_in(data)}

    def hits_in(self, data: bytes) -> set[tuple[str, str]]:
        """The same with the kind of each."""
        if not self.may_be_in(data):
            return set()
        return {hit for text in readings_of(data) for hit in self.hits_in_text(text)}

    def hits_in_text(self, text: str) -> set[tuple[str, str]]:
        """The same of a text in lower case."""
        return {
            (kind, hit[0])
            for kind, pattern in self._patterns.items()
            for hit in pattern.finditer(text)
        }

    def hits_in_bound(self, bound: bytes) -> set[tuple[str, str]]:
        """The customer_ids that begin as one bound of a column in Iceberg does, which has the first
        16 characters of a value, the last one possibly raised.

        Not so the other kinds: what they begin with, other people's may begin with too.
        """
        start = bound[:BOUND].decode("latin-1")
        ids = self.by_kind.get("customer_id", frozenset())
        return {("customer_id", text) for text in ids if text[:BOUND] == start}


def _is_telling(kind: str, text: str) -> bool:
    return kind in ("email", "customer_id") or len(text.strip()) >= SHORTEST


def _as_found(kind: str, text: str) -> str:
    return normal(text if kind == "email" else text.strip())


def unescaped(text: str) -> str:
    """A text with JSON's escapes as what they mean, wherever they stand, in broken JSON too."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_character, text)
    # an escape beyond the first 65,536 letters is two, which are one only together
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _character(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) == 5 else _MEANT.get(code, code)


def readings_of(data: bytes) -> set[str]:
    """All that bytes may say, in lower case and with composed letters: as UTF-8 or Latin-1, escaped
    or as meant."""
    try:
        texts = {data.decode()}
    except UnicodeDecodeError:
        texts = {data.decode("utf-8", "replace"), data.decode("latin-1")}
    return {normal(meant) for text in texts for meant in {text, unescaped(text)}}
