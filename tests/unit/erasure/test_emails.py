"""A file of emails is read whatever wrote it, or is refused by the number of a line."""

from __future__ import annotations

import codecs

import pytest

from stedi.erasure.emails import emails_in
from stedi.errors import StediError

TWO = ["ann@x.com", "ben@x.com"]


@pytest.mark.parametrize(
    "text",
    [
        "ann@x.com\nben@x.com\n",
        " Ann@x.com\r\n\r\nben@x.com\r\nANN@X.COM",
        "ann@x.com\rben@x.com",
        "ann@x.com;ben@x.com",
        "ann@x.com, ben@x.com,\n",
        '"ann@x.com";"ben@x.com"\n',
        "'ann@x.com'\n'ben@x.com'\n",
        "Ann Lee <ann@x.com>\nBen Lee <ben@x.com>\n",
        '"Lee, Ann" <ann@x.com>; "Lee; Ben" <ben@x.com>\n',
        '"Ann Lee <ann@x.com>","Ben Lee <ben@x.com>"\n',
        "<ann@x.com>\n<ben@x.com>\n",
        "Zoë <ann@x.com>\nÖzlem <ben@x.com>\n",
    ],
)
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (b"", "latin-1"),
    ],
)
def test_emails_are_read_in_every_encoding_and_with_every_separator(
    text: str, mark: bytes, encoding: str
) -> None:
    assert emails_in(mark + text.encode(encoding)) == TWO


def test_an_email_of_unusual_letters_is_read_as_it_is_written() -> None:
    assert emails_in("zoë@x.com\n日本@x.com".encode()) == ["zoë@x.com", "日本@x.com"]
    assert emails_in(b'"a,b@x.com"\n"c d;e@x.com"\n"f""g@x.com"') == [
        "a,b@x.com",
        "c d;e@x.com",
        'f"g@x.com',
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"ann",
        b"ann@",
        b"Ann ann@x.com",
        b"Ann,ann@x.com",  # two columns, or an email with a comma
        b"ann@x.com ben@x.com",
        b"ann@x.com\tben@x.com",
        b"Ann <ann@x.com> (home)",
        b"Ann <ann@x.com",
        b"ann@@x.com",
        b'"ann@x.com',
        "zoë@x.com".encode("latin-1"),
        "“ann@x.com”".encode(),
        "ann@x.com\u00a0".encode(),
        b"a\0n\0n\0@\0x\0",
    ],
)
def test_a_line_that_is_not_certain_is_refused_by_its_number_and_not_shown(line: bytes) -> None:
    with pytest.raises(StediError, match=r"^line 3: not an email address\. Write") as error:
        emails_in(b"ben@x.com\n\n" + line + b"\n")
    said = str(error.value).replace("name@example.com", "")
    assert "ann" not in said.lower()
    assert "@" not in said


@pytest.mark.parametrize(
    "content", [b"", b"\n \r\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b" ; , "]
)
def test_no_email_at_all_is_refused(content: bytes) -> None:
    with pytest.raises(StediError, match=r"no emails were given\. Write one a line"):
        emails_in(content)


def test_half_a_letter_of_utf16_is_refused() -> None:
    with pytest.raises(StediError, match="line 2: not an email"):
        emails_in("ann@x.com\nben@x.com".encode("utf-16")[:-1])
