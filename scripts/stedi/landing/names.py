"""Names in the landing zone: which files and folders readers look at."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

SUFFIXES = (".json", ".jsonl", ".json.gz", ".jsonl.gz")

_PARTITION = re.compile(r"ingest_date=([0-9]{4}-[0-9]{2}-[0-9]{2})")


def ingest_date_of(folder: str) -> str | None:
    """The day in the name `ingest_date=YYYY-MM-DD` of a folder; None for any other name.

    So it is for a name such as ingest_date=2024-02-30, which no engine could cast to a date.
    """
    partition = _PARTITION.fullmatch(folder)
    try:
        return partition and date.fromisoformat(partition[1]).isoformat()
    except ValueError:
        return None


def is_landed(key: str) -> bool:
    """Whether a key `entity/landing/ingest_date=…/name` is that of a file that readers look at."""
    _, _, folder, *below = key.split("/")
    path = Path(*below)
    named = len(below) == 1 and path.name.endswith(SUFFIXES) and not is_hidden(path)
    return named and ingest_date_of(folder) is not None


def day_of(key: str) -> str:
    """The ingest date in the key of a landed file."""
    return key.split("/")[2].removeprefix("ingest_date=")


def is_hidden(path: Path) -> bool:
    """Whether readers ignore the file: names that begin with a dot or an underscore."""
    return path.name.startswith((".", "_"))


def for_people(path: Path) -> str:
    """The path as text for any terminal or log, with escapes for what is not UTF-8."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def is_utf8_name(path: Path) -> bool:
    """Whether the file's name is UTF-8, as engines and S3 require (Linux takes any bytes)."""
    return for_people(path) == str(path)
