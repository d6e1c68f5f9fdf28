"""How a typed record is written as a line: plainly, or in the ways that older apps had.

Every form here means the same record; none may be rejected.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable

from stedi.synthetic.records import Customer, Distance, Motion

Fields = dict[str, str]  # field name -> its value as JSON text, in the order written

TIMES = (
    "registrationDate", "lastUpdateDate", "shareWithResearchAsOfDate", "shareWithPublicAsOfDate",
    "shareWithFriendsAsOfDate", "timestamp", "sensorReadingTime",
)  # fmt: skip

# Raw line separators that are no line end here, an escaped backslash before "ud800" (no surrogate),
# a surrogate pair, and a long run of brackets: all of it strict JSON.
EXTRA = (
    '"note":"a\u2028b\u0085c\x7f {,} \\\\ud800 \\ud83d\\ude00","user ":[{"timestamp":null}],'
    '"Email":1,"long":[' + ",".join(["[]"] * 400) + "]"
)


def motion_line(motion: Motion) -> str:
    """An accelerometer reading as the present app writes it."""
    email, time, x, y, z = motion
    return f'{{"user":"{email}","timestamp":{time},"x":{x},"y":{y},"z":{z}}}\n'


def distance_line(distance: Distance) -> str:
    """A step trainer reading as the present device writes it."""
    serial, time, value = distance
    return (
        f'{{"sensorReadingTime":{time},"serialNumber":"{serial}","distanceFromObject":{value}}}\n'
    )


def customer_line(customer: Customer) -> str:
    """A customer record as the present site writes it."""
    return plain(customer_fields(customer))


def motion_fields(motion: Motion) -> Fields:
    """The fields of an accelerometer reading."""
    email, time, x, y, z = motion
    return {"user": f'"{email}"', "timestamp": f"{time}", "x": f"{x}", "y": f"{y}", "z": f"{z}"}


def distance_fields(distance: Distance) -> Fields:
    """The fields of a step trainer reading."""
    serial, time, value = distance
    return {
        "sensorReadingTime": f"{time}",
        "serialNumber": f'"{serial}"',
        "distanceFromObject": f"{value}",
    }


def customer_fields(customer: Customer) -> Fields:
    """The fields of a customer record; what it does not have is left out."""
    fields = {
        "customerName": customer.customer_name,
        "email": customer.email,
        "phone": customer.phone,
        "birthDay": customer.birth_day,
        "serialNumber": customer.serial_number,
        "registrationDate": customer.registration,
        "lastUpdateDate": customer.last_update,
        "shareWithResearchAsOfDate": customer.research,
        "shareWithPublicAsOfDate": customer.public,
        "shareWithFriendsAsOfDate": customer.friends,
    }
    return {
        name: json.dumps(value, ensure_ascii=False)
        for name, value in fields.items()
        if value is not None
    }


def object_text(fields: Fields) -> str:
    """The fields as one JSON object."""
    return "{" + ",".join([f'"{name}":{value}' for name, value in fields.items()]) + "}"


def plain(fields: Fields) -> str:
    """The fields as a line."""
    return object_text(fields) + "\n"


def _spaced(fields: Fields) -> str:
    return "{ " + " ,\t".join([f'"{name}" : {value}' for name, value in fields.items()]) + " }\n"


def _repeated(fields: Fields) -> str:
    """Every field twice: the first wins."""
    again = ",".join([f'"{name}":null' for name in fields])
    return object_text(fields)[:-1] + f",{again}}}\n"


def _escaped(fields: Fields) -> str:
    """The first letter of every name and text as an escape."""
    return plain({_escape(name): _escape(value, '"') for name, value in fields.items()})


def _escape(text: str, opening: str = "") -> str:
    if not text.startswith(opening) or len(text) < 3:
        return text
    at = len(opening)
    return f"{opening}\\u{ord(text[at]):04x}{text[at + 1 :]}"


def _other_numbers(fields: Fields) -> str:
    """Other ways to write the same double; -0.0 is 0.0."""
    respelled = {
        name: "-0.0" if float(fields[name]) == 0 else f"{float(fields[name]) * 10}e-1"
        for name in ("x", "y", "z", "distanceFromObject")
        if name in fields
    }
    return plain(fields | respelled)


def _whole_numbers(fields: Fields) -> str:
    return plain({name: value.removesuffix(".0") for name, value in fields.items()})


def _numbers_as_doubles(fields: Fields) -> str:
    """Times and phone as pandas writes them where some are missing."""
    return plain({n: f"{v}.0" if n in TIMES else _bare(n, v) for n, v in fields.items()})


def _numbers_with_exponent(fields: Fields) -> str:
    return plain({n: f"{v}0e-1" if n in TIMES else _bare(n, v) for n, v in fields.items()})


def _bare(name: str, value: str) -> str:
    """A phone as a number, if its digits are one."""
    digits = value.strip('"')
    is_number = digits.isdecimal() and not digits.startswith("0")
    return digits if name == "phone" and is_number else value


def _old_time(fields: Fields) -> str:
    return object_text(fields).replace('"timestamp"', '"timeStamp"') + ",\n"


def _old_time_beside_null(fields: Fields) -> str:
    return object_text(fields).replace('"timestamp":', '"timestamp":null,"timeStamp":') + "\n"


def _old_time_overruled(fields: Fields) -> str:
    return '{"timeStamp":7,' + plain(fields)[1:]


def _without(fields: Fields) -> str:
    """Null where the plain form leaves a field out."""
    consents = ("shareWithResearchAsOfDate", "serialNumber", "phone", "shareWithPublicAsOfDate")
    if "email" not in fields:
        return plain(fields)
    return plain({name: "null" for name in consents if name not in fields} | fields)


OLDER_APP: tuple[Callable[[Fields], str], ...] = (
    _old_time,
    lambda fields: object_text(fields) + ",\n",
    lambda fields: object_text(fields) + " ,\t\n",
    lambda fields: "\t  " + object_text(fields) + " \n",
    lambda fields: object_text(fields) + "\r\n",
    lambda fields: object_text(fields) + "\r",
    lambda fields: object_text(fields) + ",\r\n",
    lambda fields: "\ufeff" + plain(fields),
    lambda fields: plain(dict(reversed(fields.items()))),
    lambda fields: object_text(fields)[:-1] + f",{EXTRA}}}\n",
    _old_time_beside_null,
    _old_time_overruled,
    _spaced,
    _repeated,
    _escaped,
    _other_numbers,
    _whole_numbers,
    _without,
    _numbers_as_doubles,
    _numbers_with_exponent,
)

OTHER_CASE: tuple[Callable[[str], str], ...] = (
    str.upper,
    str.title,
    lambda email: f"  {email} ",
    lambda email: f"\t{email.capitalize()}\r\n",
    lambda email: unicodedata.normalize("NFD", email),
)

DETAILS = (
    "customerName", "phone", "birthDay", "registrationDate",
    "shareWithPublicAsOfDate", "shareWithFriendsAsOfDate",
)  # fmt: skip
WRONG_TYPES = ("-5.5", "true", "[]", '{"a":1}', "-1e400")


def older_app_line(fields: Fields, turn: int) -> str:
    """The line in one of the older forms, another one each turn."""
    return OLDER_APP[turn % len(OLDER_APP)](fields)


def other_case_line(fields: Fields, turn: int) -> str:
    """The line with its email in another case, among blanks or with combining characters, another
    way each turn."""
    respell = OTHER_CASE[turn % len(OTHER_CASE)]
    emails = {"user", "email"} & fields.keys()
    respelled = {f: respell(json.loads(fields[f])) for f in emails}
    return plain(fields | {f: json.dumps(e, ensure_ascii=False) for f, e in respelled.items()})


def wrong_details_line(fields: Fields, turn: int) -> str:
    """A customer's line where details that the record lacks stand as values of a wrong type."""
    if "email" not in fields:
        return plain(fields)
    wrong = {d: WRONG_TYPES[(turn + i) % len(WRONG_TYPES)] for i, d in enumerate(DETAILS)}
    return plain(wrong | fields)


STYLES: dict[str, Callable[[Fields, int], str]] = {
    "older_app": older_app_line,
    "other_case": other_case_line,
    "decomposed": lambda fields, _: other_case_line(fields, len(OTHER_CASE) - 1),
    "wrong_details": wrong_details_line,
}
