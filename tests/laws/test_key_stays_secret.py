"""The key makes every customer_id, and without a proper one nothing is made.

That nothing shows it is tested in test_nothing_is_shown.py.
"""

from __future__ import annotations

import pytest

from support.lakehouse import Lakehouse


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "There is no pseudonym key"),
        ("", "There is no pseudonym key"),
        ("\n", "There is no pseudonym key"),
        ("k" * 31, "The pseudonym key has 31 characters"),
    ],
)
def test_without_a_proper_key_no_table_changes(
    content: str | None, complaint: str, measured: Lakehouse
) -> None:
    before = measured.tables()

    measured.key_file.unlink()
    if content is not None:
        measured.key_file.write_text(content)
    result = measured.dbt("build")

    assert not result.success
    assert complaint in result.errors
    assert "stedi key make" in result.errors
    assert measured.tables() == before


def test_a_key_of_32_characters_is_enough(lakehouse: Lakehouse) -> None:
    lakehouse.key_file.write_text("k" * 32)
    lakehouse.build()
