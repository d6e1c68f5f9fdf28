"""TODO."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path


def is_landed(key: str) -> bool:
    _, _, folder, *below = key.split("/")
    path = Path(*below)
    named = len(below) == 1 and path.name.endswith(SUFFIXES) and not is_hidden(path)
    return named and ingest_date_of(folder) is not None


SUFFIXES = (".json", ".jsonl", ".json.gz", ".jsonl.gz")

_PARTITION = re.compile(r"ingest_date=([0-9]{4}-[0-9]{2}-[0-9]{2})")


def ingest_date_of(folder: str) -> str | None:
    """The day that a folder `ingest_date=YYYY-MM-DD` is named for; None for any other name.

    A name such as ingest_date=2024-02-30 is none either: no engine could cast it to a date.
    """
    partition = _PARTITION.fullmatch(folder)
    try:
        return partition and date.fromisoformat(partition[1]).isoformat()
    except ValueError:
        return None


def is_hidden(path: Path) -> bool:
    """Whether engines pass the file over: names that begin with a dot or an underscore."""
    return path.name.startswith((".", "_"))


def for_people(path: Path) -> str:
    """The path as text that every terminal and log takes: what is not UTF-8 as escapes."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def is_utf8_name(path: Path) -> bool:
    """Whether the file's name is text, which engines and S3 need (Linux takes any bytes)."""
    return for_people(path) == str(path)
