"""Counts the statements by which dbt changes a database, and kills dbt at one of them."""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple

from dbt.adapters.sql import SQLConnectionManager

EXIT_CODE = 97  # of a process that was killed here
_CHANGE = re.compile(
    r"\s*(/\*.*?\*/\s*)*"
    r"(begin|commit|create|drop|alter|insert|update|delete|merge|truncate|copy|with\b.*\binsert)",
    re.IGNORECASE | re.DOTALL,
)


class Before(NamedTuple):
    """A moment of a build: before a table's insert or delete is made, the `nth` of them from 0.

    All that was changed until then stays, as it does on Athena, which has no transactions.
    """

    verb: str
    table: str
    nth: int = 0

    def is_meant(self, text: str) -> bool:
        """Whether a text has such a statement in it."""
        return re.search(rf"\b{self.verb} (into|from) \S*\b{self.table}\b", text) is not None

    def __str__(self) -> str:
        return f"before {self.verb} number {self.nth} of {self.table}"


class Changes:
    """How many statements of this process have changed, or would have changed, a database."""

    def __init__(self, kill_at: int | Before | None) -> None:
        """kill_at: the number, counted from 0, of the change before which the process ends, with
        nothing cleaned up or closed, as by SIGKILL, or which change that is; None: never."""
        self.made = 0
        self._meant = 0
        self._kill_at = kill_at

    def watch(self) -> None:
        """Has every statement of dbt pass here; for the rest of this process's life."""
        add_query = SQLConnectionManager.add_query

        def counted(manager: SQLConnectionManager, sql: str, *args: Any, **kwargs: Any) -> Any:
            if _CHANGE.match(sql):
                if self._is_the_last(sql):
                    if isinstance(self._kill_at, Before):
                        _commit(manager)
                    os._exit(EXIT_CODE)
                self.made += 1
            return add_query(manager, sql, *args, **kwargs)

        SQLConnectionManager.add_query = counted

    def _is_the_last(self, sql: str) -> bool:
        if not isinstance(self._kill_at, Before):
            return self.made == self._kill_at
        self._meant += self._kill_at.is_meant(sql)
        return self._meant > self._kill_at.nth


def _commit(manager: SQLConnectionManager) -> None:
    connection = manager.get_thread_connection()
    if connection.transaction_open:
        connection.handle.cursor().execute("commit")
