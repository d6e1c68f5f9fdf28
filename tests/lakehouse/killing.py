"""Counts the statements by which dbt changes a database, and kills dbt at one of them."""

from __future__ import annotations

import os
import re
from typing import Any

from dbt.adapters.sql import SQLConnectionManager

EXIT_CODE = 97  # of a process that was killed here
_CHANGE = re.compile(
    r"\s*(/\*.*?\*/\s*)*"
    r"(begin|commit|create|drop|alter|insert|update|delete|merge|truncate|copy|with\b.*\binsert)",
    re.IGNORECASE | re.DOTALL,
)


class Changes:
    """How many statements of this process have changed, or would have changed, a database."""

    def __init__(self, kill_at: int | None) -> None:
        """kill_at: the number, counted from 0, of the change before which the process ends, with
        nothing cleaned up or closed, as by SIGKILL; None: never."""
        self.made = 0
        self._kill_at = kill_at

    def watch(self) -> None:
        """Has every statement of dbt pass here; for the rest of this process's life."""
        add_query = SQLConnectionManager.add_query

        def counted(manager: SQLConnectionManager, sql: str, *args: Any, **kwargs: Any) -> Any:
            if _CHANGE.match(sql):
                if self.made == self._kill_at:
                    os._exit(EXIT_CODE)
                self.made += 1
            return add_query(manager, sql, *args, **kwargs)

        SQLConnectionManager.add_query = counted
