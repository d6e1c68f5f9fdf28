"""What a person is known by, and where a text has it."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from stedi.landing.records import normal

SHORTEST = 6  # letters: what is shorter stands in many texts by chance
# What an ASCII character may be hidden in: a code (of JSON, a URL, HTML or a mail), an escaped
# slash, a Kelvin sign, a dotted I or an I with a dot, and signs that NFC replaces by a semicolon or
# a grave accent.
_DISGUISED = re.compile(
    rb"\\u[0-9a-fA-F]{4}|\\/|\xe2\x84\xaa|\xc4\xb0|\xcc\x87|\xcd\xbe|\xe1\xbf\xaf"
    rb"|[%=][2-7][0-9a-fA-F]|=\r?\n|&(?:#[0-9xX]|[a-zA-Z]{1,31};)"
)
_DISGUISING = (b"\\", b"%", b"=", b"&")  # what any disguise in ASCII has
_MANY = 24  # texts: more of them are found faster by one pattern than one after the other

# Behind an email, what makes another of it: ann@example.com is not ann@example.com.au.
_BEHIND_EMAIL = re.compile(r"(?![\w-]|\.\w)")
_OTHER = r"(?<![\w-])(?:{})(?![\w-])"
# All of these may be a part of an email before its @, like any letter. A text that has one of
# _SEPARATING before an email is taken for a URL, a setting or a template, as such emails are rare.
_SPECIAL = frozenset("!#$%&'*+/=?^`{|}~.-")
_SEPARATING = frozenset("=/?&|{}")
_JOINING = frozenset(".+-")

BOUND = 15  # characters of a text that both its bounds in Iceberg begin with
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_MEANT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_TIMES = 3  # that JSON within JSON is read
_IN_URL = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_IN_MAIL = re.compile(r"(?:=[0-9a-fA-F]{2})+")
_SOFT_BREAK = re.compile(rb"=\r?\n")
_IN_HTML = re.compile(r"&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,31};)")
_LEAST_BASE64 = 8  # bytes of an email; a shorter one is in too many other texts
_RUN = 80  # characters of Base64 that are read before and behind an email in it
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/_-]")
_NOT_DIGITS = re.compile(r"[^0-9]")
_DIGITS = 9  # of a phone, the last ones: what stands before them depends on where one calls from
# A serial number where it is called one, in JSON, in a table or in an export.
_SERIAL_FIELD = r"(?i:serial[ _]?number)\\*[\"']?[ \t]*[:=][ \t]*\\*([\"']?)({})(?![\w-])(?=\\*\1)"


class Grade(Enum):
    """How certainly what was found is a person's.

    LIKELY: it is, unless two people are alike in it. CHANCE: it may be a word, or another's number.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    CHANCE = "chance"


EMAIL, CUSTOMER_ID, SERIAL = "email", "customer_id", "serial number"
MAYBE_EMAIL = "email, or the end of another one"
MAYBE_SERIAL = "serial number, or the same in another meaning"
NAME, PHONE, TOGETHER = "name", "phone", "name with phone"
IN_PROJECT = "one of the project's own files, with a text like theirs"
_LIKELY = (MAYBE_EMAIL, MAYBE_SERIAL, TOGETHER, IN_PROJECT)
_GRADES = dict.fromkeys(_LIKELY, Grade.LIKELY) | dict.fromkeys((NAME, PHONE), Grade.CHANCE)


def grade_of(kind: str) -> Grade:
    """How certain a finding of a kind is; whatever is not known here is certain."""
    return _GRADES.get(kind, Grade.CERTAIN)


@dataclass(frozen=True)
class Identifiers:
    """Texts by their kind; those too short to be searched for are left out.

    by_kind: in normal form, but for serial numbers, which stay as they are. others: emails of other
    people that contain one of these, in normal form: where they stand, these do not.
    """

    by_kind: dict[str, frozenset[str]] = field(default_factory=dict)
    others: frozenset[str] = frozenset()

    looks_into_packed = True

    @classmethod
    def of(cls, others: Iterable[str] = (), **texts: Iterable[str]) -> Identifiers:
        """texts: those of each kind, with `_` for the blank in its name."""
        return cls(
            {
                kind: frozenset(_as_found(kind, text) for text in found if _is_telling(kind, text))
                for name, found in texts.items()
                if (kind := name.replace("_", " ").replace("customer id", CUSTOMER_ID))
            },
            frozenset(others),
        )

    def __or__(self, other: Identifiers) -> Identifiers:
        kinds = {*self.by_kind, *other.by_kind}
        none: frozenset[str] = frozenset()
        return Identifiers(
            {k: self.by_kind.get(k, none) | other.by_kind.get(k, none) for k in kinds},
            self.others | other.others,
        )

    def without(self, texts: Iterable[str]) -> Identifiers:
        """The same without some texts."""
        left_out = frozenset(texts)
        kinds = {kind: found - left_out for kind, found in self.by_kind.items()}
        return Identifiers(kinds, self.others)

    @property
    def texts(self) -> frozenset[str]:
        return frozenset().union(*self.by_kind.values())

    @cached_property
    def longest(self) -> int:
        """The length of the longest as bytes."""
        return max((len(text.encode()) for text in self.texts | self.others), default=0)

    def _all(self, kind: str) -> frozenset[str]:
        return self.by_kind.get(kind, frozenset())

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        """A pattern for each kind, but for emails."""
        spelled = self.by_kind | {NAME: {s for n in self._all(NAME) for s in spellings(n)}}
        return {
            kind: re.compile(_OTHER.format(_any_of(found)))
            for kind, found in spelled.items()
            if found and kind != EMAIL
        }

    @cached_property
    def _email(self) -> re.Pattern[str] | None:
        found = self._all(EMAIL)
        return re.compile(_any_of(found)) if found else None

    @cached_property
    def _around(self) -> dict[str, set[tuple[int, int]]]:
        """By email, how many letters other people's emails have before it and behind it."""
        found: dict[str, set[tuple[int, int]]] = {email: set() for email in self._all(EMAIL)}
        for other in self.others:
            for email in found:
                for at in _places(email, other):
                    found[email].add((at, len(other) - at - len(email)))
        return found

    @cached_property
    def _serial_field(self) -> re.Pattern[str]:
        return re.compile(_SERIAL_FIELD.format(_any_of(self._all(SERIAL))))

    @cached_property
    def _phone(self) -> re.Pattern[str]:
        """The phones however they are written: by their last digits."""
        found = {digits for phone in self._all(PHONE) if (digits := digits_of(phone))}
        ways = [
            ("" if len(digits) == _DIGITS else "(?<![0-9])") + "[ ()./-]{0,3}".join(digits)
            for digits in sorted(found)
        ]
        return re.compile(f"(?:{'|'.join(ways)})(?![0-9])" if ways else "(?!)")

    @cached_property
    def _hints(self) -> tuple[bytes, ...]:
        texts = {normal(text) for text in self.texts}
        texts |= {spelled for name in self._all(NAME) for spelled in spellings(name)}
        return tuple(sorted(text.encode("utf-8", "surrogatepass") for text in texts))

    @cached_property
    def _hint(self) -> re.Pattern[bytes] | None:
        """One pattern for many hints."""
        long = len(self._hints) > _MANY
        return re.compile(b"|".join(map(re.escape, self._hints))) if long else None

    @cached_property
    def _in_base64(self) -> dict[bytes, int]:
        """What of an email in Base64 does not depend on the bytes around it, and how many letters
        that is behind the last of which the position is a multiple of 4."""
        found = {}
        for email in self._all(EMAIL):
            data = email.encode()
            for shift in range(3 if len(data) >= _LEAST_BASE64 else 0):
                whole = base64.b64encode(b"\0" * shift + data)
                first, last = -(-8 * shift // 6), 8 * (shift + len(data)) // 6
                for text in (whole, whole.replace(b"+", b"-").replace(b"/", b"_")):
                    found[text[first:last]] = first
        return found

    def may_be_in(self, data: bytes) -> bool:
        """Whether bytes have to be looked at closely: a quick look, that misses nothing."""
        lowered = data.lower()
        if self._has_hint(lowered) or any(text in data for text in self._in_base64):
            return True
        if b"\0" in data and self._has_hint(lowered.replace(b"\0", b"")):
            return True
        is_ascii = data.isascii()
        if not self._is_plain and (not is_ascii or b"\\" in data):
            return True
        may_be_disguised = not is_ascii or any(sign in data for sign in _DISGUISING)
        return may_be_disguised and _DISGUISED.search(data) is not None

    def _has_hint(self, lowered: bytes) -> bool:
        if self._hint:
            return self._hint.search(lowered) is not None
        return any(hint in lowered for hint in self._hints)

    @cached_property
    def _is_plain(self) -> bool:
        """Whether all are letters that are written otherwise only by a code, or as another letter
        that has the same lower case."""
        return all(text.isascii() and not set(text) & {'"', "\\"} for text in self.texts)

    def found_in(self, data: bytes) -> set[str]:
        """The identifiers that stand in bytes, however they are encoded or escaped there, and are
        not parts of others."""
        return {text for kind, text in self.hits_in(data) if kind != MAYBE_EMAIL}

    def hits_in(self, data: bytes) -> set[tuple[str, str]]:
        """The same with the kind of each, by which its grade is known."""
        if not self.may_be_in(data):
            return set()
        hits = {hit for text in meanings_of(data) for hit in self._hits_in_text(text)}
        if _SOFT_BREAK.search(data):  # two lines, or one of a mail: they may be two people's
            whole = _SOFT_BREAK.sub(b"", data)
            found = {
                text for each in meanings_of(whole) for text, _ in self._emails_in(normal(each))
            }
            hits |= {(MAYBE_EMAIL, email) for email in found if (EMAIL, email) not in hits}
        return hits | self._hits_in_base64(data)

    def _hits_in_text(self, text: str) -> Iterator[tuple[str, str]]:
        lowered = normal(text)
        for email, is_whole in self._emails_in(lowered):
            yield EMAIL if is_whole else MAYBE_EMAIL, email
        for kind, pattern in self._patterns.items():
            if kind == SERIAL:
                yield from self._serials_in(text, pattern)
            else:
                yield from ((kind, hit[0]) for hit in pattern.finditer(lowered))
        names = self._patterns.get(NAME)
        if names and self._all(PHONE) and names.search(lowered) and self._phone.search(lowered):
            yield from self._together_in(lowered, names)

    def _emails_in(self, text: str) -> Iterator[tuple[str, bool]]:
        """The emails in a text in normal form, and whether each is one for certain: what stands
        before it may make it the end of another."""
        for found in self._email.finditer(text) if self._email else ():
            begin, end = found.span()
            if any(
                text[begin - before : end + behind] in self.others
                for before, behind in self._around[found[0]]
                if before <= begin
            ):
                continue
            is_whole = _is_begin(text, begin) if _BEHIND_EMAIL.match(text, end) else None
            if is_whole is not None:
                yield found[0], is_whole

    def _serials_in(self, text: str, anywhere: re.Pattern[str]) -> Iterator[tuple[str, str]]:
        found = {(MAYBE_SERIAL, hit[0]) for hit in anywhere.finditer(text)}
        yield from found
        if found:
            yield from ((SERIAL, hit[2]) for hit in self._serial_field.finditer(text))

    def _together_in(self, text: str, names: re.Pattern[str]) -> Iterator[tuple[str, str]]:
        """The names that stand in one line with a phone, however that is written."""
        for line in re.split(r"[\r\n]+", text):
            if (found := names.search(line)) and self._phone.search(line):
                yield TOGETHER, found[0]

    def _hits_in_base64(self, data: bytes) -> set[tuple[str, str]]:
        hits: set[tuple[str, str]] = set()
        for text, first in self._in_base64.items():
            at = data.find(text)
            while at >= 0:
                said = normal(_from_base64(data, at - first, at + len(text)))
                hits |= {(EMAIL, email) for email, is_whole in self._emails_in(said) if is_whole}
                at = data.find(text, at + len(text))
        return hits

    def hits_in_bound(self, bound: bytes) -> set[tuple[str, str]]:
        """The customer_ids that begin as one bound of a column in Iceberg does, which has the first
        16 characters of a value, the last one possibly raised.

        Not so the other kinds: what they begin with, other people's may begin with too.
        """
        start = bound[:BOUND].decode("latin-1")
        ids = self._all(CUSTOMER_ID)
        return {(CUSTOMER_ID, text) for text in ids if text[:BOUND] == start}


def _is_telling(kind: str, text: str) -> bool:
    return kind in (EMAIL, CUSTOMER_ID) or len(text.strip()) >= SHORTEST


def _as_found(kind: str, text: str) -> str:
    if kind == SERIAL:
        return text
    return normal(text if kind == EMAIL else text.strip())


def _places(part: str, text: str) -> Iterator[int]:
    """Where a part stands in a text."""
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _any_of(texts: Iterable[str]) -> str:
    """A pattern for any of some texts, the longest that there is."""
    return "|".join(map(re.escape, sorted(texts, key=lambda text: (-len(text), text))))


def digits_of(phone: str) -> str:
    """The digits by which a phone is known however it is written; none if they are too few."""
    digits = _NOT_DIGITS.sub("", phone)[-_DIGITS:]
    return digits if len(digits) >= SHORTEST else ""


def spellings(name: str) -> set[str]:
    """A name as it stands, and as lists have it, with the last word first."""
    words = name.split()
    if len(words) < 2:
        return {name}
    first, last = " ".join(words[:-1]), words[-1]
    return {name, f"{last}, {first}", f"{last},{first}", f"{last} {first}"}


def _is_begin(text: str, at: int) -> bool | None:
    """Whether an email begins where it was found in a text: True where that is certain, None where
    it is certain that a longer one does."""
    begin = at
    while begin and text[begin - 1] in _SPECIAL:
        begin -= 1
    before, between = text[begin - 1 : begin], set(text[begin:at])
    if not (before.isalnum() or before == "_") or between & _SEPARATING:
        return True
    return None if between <= _JOINING else False


def _from_base64(data: bytes, begin: int, end: int) -> str:
    """What Base64 says from before a position up to behind another; the first is one at which four
    of its letters begin."""
    if begin < 0:
        return ""
    while begin >= 4 and end - begin < _RUN and not _NOT_BASE64.search(data[begin - 4 : begin]):
        begin -= 4
    found = _NOT_BASE64.search(data, end, end + _RUN)
    text = data[begin : found.start() if found else end + _RUN]
    text = text[: len(text) // 4 * 4 + (len(text) % 4 if len(text) % 4 > 1 else 0)]
    try:
        said = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=_altchars(text))
    except binascii.Error:
        return ""
    return said.decode("utf-8", "replace")


def _altchars(text: bytes) -> bytes | None:
    return b"-_" if b"-" in text or b"_" in text else None


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


def meanings_of(data: bytes) -> set[str]:
    """All that bytes may say: as UTF-8, Latin-1 or UTF-16, as they stand or as meant by the escapes
    of JSON (also within JSON), of URLs, of mails and of HTML."""
    try:
        texts = {data.decode()}
    except UnicodeDecodeError:
        texts = {data.decode("utf-8", "replace"), data.decode("latin-1")}
    if b"\0" in data:
        texts.add(data.replace(b"\0", b"").decode("utf-8", "replace"))
    found = set()
    for text in texts:
        found.add(text)
        meant = text
        for _ in range(_TIMES):
            meant = unescaped(meant)
            found.add(meant)
        for each in (text, meant):
            found |= {_of_url(each), _of_mail(each), _of_html(each)}
    return found


def readings_of(data: bytes) -> set[str]:
    """The same in lower case and with composed letters."""
    return {normal(text) for text in meanings_of(data)}


def _of_url(text: str) -> str:
    return _IN_URL.sub(lambda codes: _of_hex(codes[0].replace("%", "")), text)


def _of_mail(text: str) -> str:
    """What quoted-printable means by a text, but for its line breaks."""
    return _IN_MAIL.sub(lambda codes: _of_hex(codes[0].replace("=", "")), text)


def _of_html(text: str) -> str:
    return _IN_HTML.sub(lambda code: html.unescape(code[0]), text)


def _of_hex(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-8", "replace")
