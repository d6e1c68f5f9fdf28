"""The key makes every customer_id, and nothing that dbt writes or prints shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from generate_landing import generate
from lakehouse import KEY, Lakehouse
from personas import Settings

LITTLE = Settings(people=40, days=2, readings_per_person=6)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_key_is_in_nothing_that_dbt_leaves(
    lakehouse: Lakehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    generate(LITTLE, lakehouse.landing)
    lakehouse.build()
    lakehouse.dbt("docs", "generate", "--static")
    lakehouse.dbt("build", "--debug", "--log-level-file", "debug", "--store-failures")
    printed = "".join(capfd.readouterr())

    left = [path for path in files(lakehouse.folder) if path != lakehouse.key_file]
    assert {"lakehouse.duckdb", "manifest.json", "run_results.json", "static_index.html"} <= {
        path.name for path in left
    }
    assert any(path.suffix == ".log" for path in left)
    assert [path for path in left if KEY.encode() in path.read_bytes()] == []
    assert KEY not in printed and "OK" in printed


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "There is no pseudonym key"),
        ("", "There is no pseudonym key"),
        ("\n", "There is no pseudonym key"),
        ("k" * 31, "The pseudonym key is 31 characters long"),
    ],
)
def test_without_a_proper_key_no_table_changes(
    content: str | None, complaint: str, lakehouse: Lakehouse
) -> None:
    generate(LITTLE, lakehouse.landing)
    lakehouse.build()
    before = lakehouse.tables()

    lakehouse.key_file.unlink()
    if content is not None:
        lakehouse.key_file.write_text(content)
    result = lakehouse.dbt("build")

    assert not result.success
    assert complaint in result.errors
    assert "python scripts/pseudonym_key.py" in result.errors
    assert lakehouse.tables() == before


def test_a_key_of_32_characters_is_enough(lakehouse: Lakehouse) -> None:
    lakehouse.key_file.write_text("k" * 32)
    lakehouse.build()
