"""Every way to withdraw that people, apps and broken files were seen or feared to have.

Each is used by a person of its own, who consented the day before and has a motion and a distance of
that day. Another group consents, too, and says nothing that withdraws it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stedi.synthetic.lines import (
    Fields,
    customer_fields,
    customer_line,
    distance_line,
    motion_line,
    object_text,
    plain,
)
from stedi.synthetic.personas import DAY, START, newcomer
from stedi.synthetic.records import Customer
from support.histories import Build, Deliver, History
from support.lakehouse import customer_id
from support.replay import Engine
from support.withdrawal import TRUSTED_AND_CURATED

NO_CONSENT, UNCLEAR, RELEASED = "no_consent", "consent_unclear", "released"
T = START + DAY + DAY // 2  # when they withdraw, in whole seconds: noon of the second day
READ_AT = START + DAY // 4
DAYS = ("2024-01-01", "2024-01-02")
HISTORY = History((Deliver(()), Deliver(())))  # of so many days
MISSING = "missing"  # in place of a value: the field is not there

Write = Callable[[Fields], str]


class Form(NamedTuple):
    """reason: why the person's readings are withheld then. write: a line of the fields of a record
    that refuses. first: in what the consenting record is another one. again: that comes again.
    accent: the email has one."""

    reason: str
    write: Write = plain
    first: dict[str, int] = {}  # noqa: RUF012
    again: bool = False
    accent: bool = False


def having(**values: str) -> Write:
    """The line with other values, as JSON text."""

    def write(fields: Fields) -> str:
        said = fields | values
        return plain({name: value for name, value in said.items() if value != MISSING})

    return write


def updated(value: str) -> Write:
    return having(lastUpdateDate=value)


def consent(value: str) -> Write:
    return having(shareWithResearchAsOfDate=value)


def email(respell: Callable[[str], str]) -> Write:
    return lambda fields: plain(fields | {"email": respell(fields["email"])})


def text(change: Callable[[str], str]) -> Write:
    """The line with its JSON changed."""
    return lambda fields: change(object_text(fields)) + "\n"


def _decomposed(quoted: str) -> str:
    return unicodedata.normalize("NFD", quoted)


FORMS: dict[str, Form] = {
    # Read as a record, which refuses.
    "consent is null": Form(NO_CONSENT, consent("null")),
    "consent is missing": Form(NO_CONSENT),
    "consent is in another case": Form(NO_CONSENT, having(ShareWithResearchAsOfDate=f"{START}")),
    "of two consents the first is null": Form(
        NO_CONSENT, text(lambda t: t.replace("{", '{"shareWithResearchAsOfDate":null,'
                                                  f'"shareWithResearchAsOfDate":{START},', 1)),
    ),
    **{
        f"updated at {value}": Form(NO_CONSENT, updated(value))
        for value in (
            f"{T}.0", f"{T}.000", f"{T}e0", f"{T // 1000}e3", f"{T // 1000}E+3", f"{T}0e-1",
            f"{T / 1e12}e12", f"{START + DAY}", f"{START + 2 * DAY - 1}",
            # clocks ahead: by a millisecond, a day, 66 years; microseconds; no time at all
            f"{START + 2 * DAY}", f"{T + DAY}", "3786912000000", "4102444800000", f"{T}000",
            f"{T}000.0", "99999999999999999999", "1e300",
        )
    },
    **{
        f"updated at {days} days after the clock was ahead": Form(
            NO_CONSENT, first={"last_update": START + days * DAY}
        )
        for days in (1, 2, 30, 24_107, 40_000)
    },
    "updated after a clock in microseconds": Form(NO_CONSENT, first={"last_update": START * 1000}),
    "of the very moment of the consent": Form(
        NO_CONSENT, updated(f"{START}"), first={"last_update": START}
    ),
    "the consent comes again": Form(NO_CONSENT, again=True),
    "the withdrawal comes twice": Form(NO_CONSENT, lambda fields: plain(fields) * 2),
    "the withdrawal and a blank line": Form(NO_CONSENT, lambda fields: f"\n{plain(fields)}\n"),
    "without a device": Form(NO_CONSENT, having(serialNumber="null")),
    "with another device": Form(NO_CONSENT, having(serialNumber='"another one"')),
    "with wrong details": Form(
        NO_CONSENT, having(phone="true", birthDay="5", registrationDate='"x"', customerName="[]")
    ),
    "email in capitals": Form(NO_CONSENT, email(str.upper)),
    "email among blanks": Form(NO_CONSENT, email(lambda q: f'" \\t{q[1:-1]}\\r\\n "')),
    "email with escapes": Form(NO_CONSENT, email(lambda q: q.replace("@", "\\u0040"))),
    "email with the accent apart": Form(NO_CONSENT, email(_decomposed), accent=True),
    "email with the accent apart, in escapes": Form(
        NO_CONSENT, email(lambda q: _decomposed(q).replace("\u0301", "\\u0301")), accent=True
    ),
    "email with a capital accent": Form(NO_CONSENT, email(str.upper), accent=True),
    "a comma behind": Form(NO_CONSENT, text(lambda t: f"{t},")),
    "a byte order mark": Form(NO_CONSENT, text(lambda t: f"\ufeff{t}")),
    "ends with CR LF": Form(NO_CONSENT, text(lambda t: f"{t}\r")),
    # Not read: what they want is unclear.
    **{
        f"updated at {value}": Form(UNCLEAR, updated(value))
        for value in (
            MISSING, "null", '"2024-01-02T12:00:00Z"', '"2024-01-02"', f'"{T}"', '""', '"now"',
            "true", "false", f"[{T}]", f'{{"at":{T}}}', f"{T}.5", f"{T // 1000}", "0", "-0.0",
            "1.0", "-1", f"-{T}", "1262303999999", "1e400", "-1e400", "NaN", "Infinity", "None",
        )
    },
    **{
        f"consent of {value}": Form(UNCLEAR, consent(value))
        for value in (
            "0", "0.0", "-0", "-1", "false", "true", '""', '"0"', '"null"', '"no"', '"2024-01-01"',
            f'"{START}"', "[]", "{}", f"{START}.5", f"{START // 1000}", f"{START * 1000}",
            f"{START + 2 * DAY}", "1262303999999", "4102444800000", "1e400", "NaN", "None",
            "undefined", f"0{START}",
        )
    },
    **{
        f"serial number {value}": Form(UNCLEAR, having(serialNumber=value))
        for value in ("7", '""', '" "', "true", "[]", "{}")
    },
    "no time and no consent": Form(
        UNCLEAR, having(lastUpdateDate="null", shareWithResearchAsOfDate="0", serialNumber="0")
    ),
    "cut off": Form(UNCLEAR, text(lambda t: t[:-1])),
    "cut off in the next field": Form(UNCLEAR, text(lambda t: t[: t.index('"phone"') + 3])),
    "two objects in a line": Form(UNCLEAR, text(lambda t: t + t)),
    "an object too many": Form(UNCLEAR, text(lambda t: f"{t} {{}}")),
    "in an array": Form(UNCLEAR, text(lambda t: f"[{t}]")),
    "a line of an indented file": Form(
        UNCLEAR, lambda fields: f'{{\n  "email" :\t{fields["email"]},\n}}\n'
    ),
    "a comma too many": Form(UNCLEAR, text(lambda t: t.replace(",", ",,", 1))),
    "no comma": Form(UNCLEAR, text(lambda t: t.replace(",", " ", 1))),
    "a bare word": Form(UNCLEAR, consent("withdrawn")),
    "a NUL": Form(UNCLEAR, text(lambda t: f"\x00{t}")),
    "not UTF-8": Form(UNCLEAR, text(lambda t: t.replace("Person", "P\udcffrson"))),
    "half a surrogate pair": Form(UNCLEAR, text(lambda t: t.replace("Person", "\\ud800"))),
    "too deep": Form(UNCLEAR, having(note="[" * 600 + "]" * 600)),
    "broken, with the email in capitals": Form(
        UNCLEAR, lambda fields: email(str.upper)(fields).replace("{", "", 1)
    ),
    "broken, with the accent apart": Form(
        UNCLEAR, lambda fields: email(_decomposed)(fields).replace("{", "", 1), accent=True
    ),
    "broken, with blanks around the email": Form(
        UNCLEAR, lambda fields: email(lambda q: f'" {q[1:-1]} "')(fields).replace("{", "", 1)
    ),
    "broken, with another's email before": Form(
        UNCLEAR, text(lambda t: f'{{"email":"nobody@example.com"}}{t}')
    ),
    # The control group.
    "says nothing": Form(RELEASED, lambda _: ""),
    "says the same again": Form(RELEASED, lambda _: "", again=True),
    "has another phone": Form(RELEASED, having(phone="5", shareWithResearchAsOfDate=f"{START}")),
    "shares with research alone": Form(
        RELEASED,
        having(shareWithPublicAsOfDate="null", shareWithFriendsAsOfDate="0",
               shareWithResearchAsOfDate=f"{START}.0"),
    ),
    "has the consent as a double": Form(RELEASED, consent(f"{START / 1e12}e12")),
    "a clock is ahead, and no consent goes": Form(
        RELEASED, having(lastUpdateDate="3786912000000", shareWithResearchAsOfDate=f"{START}")
    ),
    "another email is broken": Form(
        RELEASED, text(lambda t: t.replace("@", "@not.")[:-1])
    ),
    "another email has a character that nobody sees": Form(
        RELEASED, email(lambda q: q.replace("@", "\u200b@"))
    ),
}  # fmt: skip


def people() -> Iterator[tuple[str, Form, Customer]]:
    """The name of each form, the form, and the consenting record of its person."""
    for number, (name, form) in enumerate(FORMS.items(), 1):
        record = newcomer(number).latest
        record = record._replace(
            email=("zo\u00e9." if form.accent else "") + record.email,
            research=record.registration,
        )
        yield name, form, record._replace(**form.first)


def first_day() -> Iterator[tuple[str, str]]:
    """Lines of the first day, by source."""
    for _, _, record in people():
        yield "customer", customer_line(record)
        yield "accelerometer", motion_line((record.email, READ_AT, 1.0, 0.0, 0.0))
        yield "step_trainer", distance_line((str(record.serial_number), READ_AT, 200))


def second_day() -> Iterator[tuple[str, str]]:
    """Lines of the second day, by source."""
    for _, form, record in people():
        refusal = record._replace(last_update=T, research=None)
        yield "customer", form.write(customer_fields(refusal))
        if form.again:
            yield "customer", customer_line(record)


def land(engine: Engine, lines: Iterator[tuple[str, str]], day: str) -> None:
    """Lands lines as a file of each source."""
    files: dict[str, list[str]] = {}
    for source, line in lines:
        files.setdefault(source, []).append(line)
    for source, found in files.items():
        content = "".join(found).encode("utf-8", "surrogateescape")
        engine.land(source, f"{source}.json", content, day)


def check(engine: Engine) -> None:
    """Everybody is in all tables after the first day; after the second, the control group alone."""
    emails = {record.email: name for name, _, record in people()}
    ids = {customer_id(email): name for email, name in emails.items()}
    controls = {name for name, form in FORMS.items() if form.reason == RELEASED}
    for lines, day, left in (
        (first_day(), DAYS[0], set(FORMS)), (second_day(), DAYS[1], controls),
    ):  # fmt: skip
        land(engine, lines, day)
        outcome = engine.build(Build())
        assert outcome.success, outcome.errors
        tables = engine.tables()
        for table in TRUSTED_AND_CURATED:
            found = {ids[value] for row in tables[table] for name, value in row
                     if name == "customer_id"}  # fmt: skip
            assert found == left, table
    reasons: dict[str, set[str]] = {}
    for row in map(dict, tables["stedi_staging.decisions_by_identifier"]):
        reasons.setdefault(emails[row["email"]], set()).add(row["reason"])
    assert reasons == {name: {form.reason} for name, form in FORMS.items()}
