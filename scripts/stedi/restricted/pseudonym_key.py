"""The pseudonym key: `stedi key make` makes one, once.

customer_id is HMAC-SHA256 of a person's email under this key. Whoever has the key can link ids to
emails, so it is kept out of the project, of SQL, of logs and of the DuckDB file.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from stedi.errors import StediError
from stedi.storage import atomic

KEY_FILE_VARIABLE = "STEDI_PSEUDONYM_KEY_FILE"
DEFAULT_KEY_FILE = ".secrets/pseudonym_key"
SHORTEST_KEY = 32  # characters; the build refuses a shorter one too


def hmac_sha256(message: str, key: str) -> str:
    """HMAC-SHA256 (RFC 2104) of a text under a key, both as UTF-8, in lower-case hex."""
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()


def key_file() -> Path:
    """Where the key is for dbt, which works in the project's folder; others ask the target.

    It is $STEDI_PSEUDONYM_KEY_FILE, or `.secrets/pseudonym_key`.
    """
    return Path(os.environ.get(KEY_FILE_VARIABLE) or DEFAULT_KEY_FILE)


def read_key(path: Path) -> str | None:
    """The key as text, without blanks around it; None if there is no file.

    Raises StediError, whose message names the file and never shows the key.
    """
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = error.strerror
        raise StediError(f"{path}: the pseudonym key cannot be read ({reason})") from None
    except UnicodeDecodeError:  # its text would show a part of the key
        raise StediError(f"{path}: the pseudonym key is not text in UTF-8") from None


def new_key() -> str:
    """A new key: 256 random bits in hex."""
    # RFC 2104, section 3: a key shorter than the hash's output (32 bytes) is discouraged.
    return secrets.token_hex(32)


def make_key(path: Path) -> bool:
    """Writes a new key, readable by its owner alone.

    Returns False, and leaves the file alone, if there is one: a new key would change every id.
    Raises StediError if it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return atomic.create(path, [f"{new_key()}\n".encode()], mode=0o600)
    except OSError as error:
        raise StediError(
            f"{path}: the pseudonym key cannot be written ({error.strerror}); set "
            f"{KEY_FILE_VARIABLE} to a file that can be"
        ) from error
