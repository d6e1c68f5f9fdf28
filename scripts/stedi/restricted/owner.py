"""Which lakehouse a restricted folder belongs to.

Keys and erasures are those of one lakehouse. If two shared them, an erasure in one would look done
in the other; and a command that names the landing root of one and the database of the other would
erase from neither. So the folder notes where its lakehouse is, relative to itself, and a command or
build that names another one is refused.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from stedi.errors import StediError, UsageError
from stedi.storage import atomic

FILE = "lakehouse.json"


def check_owner(restricted: Path, **places: Path) -> None:
    """Raises UsageError if a restricted folder belongs to a lakehouse in other places.

    places: `landing`, `database` or both. A folder that belongs to none yet passes.
    """
    noted = _noted(restricted)
    for what, path in places.items():
        if what in noted and (restricted / noted[what]).resolve() != path.resolve():
            raise UsageError(
                f"{path}: the keys and erasures in {restricted} are of the lakehouse with the "
                f"{what} {(restricted / noted[what]).resolve()}. Set STEDI_LANDING, STEDI_DUCKDB "
                "and STEDI_PSEUDONYM_KEY_FILE to the same lakehouse; each needs a folder of its "
                f"own for its key. If the lakehouse was moved, delete {restricted / FILE}"
            )


def note_owner(restricted: Path, landing: Path, database: Path) -> None:
    """Notes whose a restricted folder is, once; it must exist. Raises OSError."""
    folder = restricted.resolve()
    places = {"landing": landing, "database": database}
    noted = {what: os.path.relpath(path.resolve(), folder) for what, path in places.items()}
    atomic.create(restricted / FILE, [(json.dumps(noted) + "\n").encode()], mode=0o600)


def _noted(restricted: Path) -> dict[str, str]:
    path = restricted / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {what: str(found[what]) for what in ("landing", "database")}
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}  # who may not read the folder, such as one who only lands files, erases nothing
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StediError(
            f"{path}: cannot be read ({error!r}), so it is not known whose erasures these are; "
            "restore it, or delete it if the folder is this lakehouse's"
        ) from error
