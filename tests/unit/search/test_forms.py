"""In which forms a text gives somebody away, and which of them the search knows."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import quopri
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from stedi.search.identifiers import Identifiers
from stedi.search.search import Searched, files_below, search

EMAIL, NAME, PHONE = "ann.o@example.com", "Ann Maria Olsen", "(801) 555-1212"
SERIAL = "SN-4711-A"
WANTED = Identifiers.of(
    email=[EMAIL],
    name=[NAME],
    phone=[PHONE],
    serial_number=[SERIAL],
    others=["x'ann.o@example.com"],
)
LINE = f'{{"email": "{EMAIL}"}}'
CERTAIN, LIKELY, CHANCE, NOT_FOUND = "certain", "likely", "by chance", "not found"


class Form(NamedTuple):
    """How a text is written, and as what it is found."""

    text: str | bytes | Callable[[], bytes]
    found: str


def zipped() -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.json", LINE)
        return file.getvalue()


FORMS = {
    "an email as it stands, in any case": Form(LINE.upper(), CERTAIN),
    "an email with decomposed letters": Form("Zoe\u0308 ann.o@example.com", CERTAIN),
    "JSON with escapes": Form(LINE.replace("@", "\\u0040"), CERTAIN),
    "JSON in JSON": Form(json.dumps({"was": LINE.replace("@", "\\u0040")}), CERTAIN),
    "JSON in JSON in JSON": Form(
        json.dumps(json.dumps({"was": LINE.replace("@", "\\u0040")})), CERTAIN
    ),
    "percent encoding": Form(f"/people?email={quote(EMAIL, safe='')}&x", CERTAIN),
    "percent encoding, twice": Form(f"?next={quote(quote(EMAIL, safe=''), safe='')}", NOT_FOUND),
    "HTML entities": Form(EMAIL.replace("@", "&#64;").replace(".", "&period;"), CERTAIN),
    "HTML entities in hex": Form(EMAIL.replace("@", "&#x40;"), CERTAIN),
    "quoted-printable": Form(
        quopri.encodestring(f"é=@ {EMAIL}".encode()).replace(b"@", b"=40"), CERTAIN
    ),
    "quoted-printable, broken within the email": Form(EMAIL.replace("@", "=\n@"), LIKELY),
    "Base64": Form(base64.b64encode(f"to {EMAIL}, please".encode()), CERTAIN),
    "Base64 in URLs": Form(base64.urlsafe_b64encode(f"??>{EMAIL}>>??".encode()), CERTAIN),
    "Base64 of capitals": Form(base64.b64encode(EMAIL.upper().encode()), NOT_FOUND),
    "Base64, broken within the email": Form(
        base64.b64encode(EMAIL.encode())[:9] + b"\n" + base64.b64encode(EMAIL.encode())[9:],
        NOT_FOUND,
    ),
    "hexadecimal": Form(EMAIL.encode().hex(), NOT_FOUND),
    "UTF-16": Form(LINE.encode("utf-16"), CERTAIN),
    "UTF-16 without a mark": Form(LINE.encode("utf-16-le"), CERTAIN),
    "UTF-16 within other bytes": Form(b"\x07" + EMAIL.encode("utf-16-be") + b"\xff", CERTAIN),
    "Latin-1": Form(f"Zoë {EMAIL}".encode("latin-1"), CERTAIN),
    "gzip": Form(gzip.compress(LINE.encode()), CERTAIN),
    "bzip2": Form(bz2.compress(LINE.encode()), CERTAIN),
    "xz": Form(lzma.compress(LINE.encode()), CERTAIN),
    "zip": Form(zipped, CERTAIN),
    "7z, RAR, LZ4": Form(b"7z\xbc\xaf\x27\x1c and so on", CERTAIN),
    "encrypted": Form(bytes(letter ^ 42 for letter in LINE.encode()), NOT_FOUND),
    "an email in a URL, a setting, SQL": Form(f"?to={EMAIL}#", CERTAIN),
    "an email behind a sign that may be a part of one": Form(f"x#{EMAIL}", LIKELY),
    "the end of an email that another person has": Form(f"x'{EMAIL}", NOT_FOUND),
    "the end of an email with more letters": Form(f"jo.{EMAIL}", NOT_FOUND),
    "the beginning of a longer email": Form(f"{EMAIL}.au", NOT_FOUND),
    "a serial number where it is called one": Form(f'{{"serialNumber": "{SERIAL}"}}', CERTAIN),
    "a serial number anywhere else": Form(f"device {SERIAL} is back", LIKELY),
    "a serial number in another case": Form(f"serial number: {SERIAL.lower()}", NOT_FOUND),
    "a name with a phone in a line": Form(f"{NAME}, {PHONE}", LIKELY),
    "a name, last name first, with a phone written otherwise": Form(
        "Olsen, Ann Maria: +1 801-555.1212", LIKELY
    ),
    "a name alone": Form(f"dear {NAME},", CHANCE),
    "a phone alone": Form(f"call {PHONE}", CHANCE),
    "a phone alone, written otherwise": Form("call 801.555.1212", NOT_FOUND),
    "a name with initials": Form("A. M. Olsen", NOT_FOUND),
}


def found_as(text: str | bytes | Callable[[], bytes], folder: Path) -> str:
    data = text if isinstance(text, (str, bytes)) else text()
    (folder / "object").write_bytes(data.encode() if isinstance(data, str) else data)
    found = Searched()
    search(files_below(folder), WANTED, found)
    for name, findings in (
        (CERTAIN, found.findings), (LIKELY, found.likely), (CHANCE, found.by_chance),
    ):  # fmt: skip
        if findings:
            return name
    return NOT_FOUND


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_found_as_the_docs_say(form: str, tmp_path: Path) -> None:
    assert found_as(FORMS[form].text, tmp_path) == FORMS[form].found


def test_the_docs_have_the_same_table() -> None:
    page = Path(__file__).parents[3] / "docs" / "explanation" / "privacy.md"
    table = page.read_text().partition("| how it is written | found as |\n|---|---|\n")[2]
    rows = [row.strip("|").split("|") for row in table.partition("\n\n")[0].splitlines()]
    told = {form.strip(): found.strip() for form, found in rows}
    assert told == {form: expected.found for form, expected in FORMS.items()}
