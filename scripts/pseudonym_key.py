"""The pseudonym key: `python scripts/pseudonym_key.py` makes one, once.

customer_id is HMAC-SHA256 of a person's email under this key. Who has the key can link ids to
emails, so it is kept out of the project, of SQL, of logs and of the DuckDB file.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

# RFC 2104, section 3: a key shorter than the hash's output (32 bytes) is discouraged.
MINIMUM_LENGTH = 32


def key_file() -> Path:
    """Where the key lies: $STEDI_PSEUDONYM_KEY_FILE, or `.secrets/pseudonym_key`."""
    return Path(os.environ.get("STEDI_PSEUDONYM_KEY_FILE", ".secrets/pseudonym_key"))


def read_key(path: Path) -> str | None:
    """The key as text, without blanks around it; None where there is no file."""
    return path.read_text().strip() if path.exists() else None


def make_key(path: Path) -> bool:
    """Write a new key of 256 random bits in hex, readable by its owner alone.

    Returns False, and leaves the file alone, where there is one: a new key would change every id.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    return True


@click.command(help="Make the pseudonym key, once. An existing key is never overwritten or shown.")
def main() -> None:
    path = key_file()
    click.echo(f"{path}: {'made' if make_key(path) else 'exists, left alone'}")


if __name__ == "__main__":
    main()
