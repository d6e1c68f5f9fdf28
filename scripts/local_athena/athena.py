"""moto's Athena with queries that really run, on Trino."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.athena.responses import AthenaResponse
from moto.glue.models import glue_backends

from local_athena.statements import Rejected, Statement, translate
from local_athena.trino import ICEBERG, Answer, QueryFailed, Trino

PAGE = 1000  # rows of a page of results, the header among them
PATIENCE = 1.0  # seconds that an answer about a running query waits for its end: less polling
DAYS_KEPT = 432_000  # seconds: what VACUUM leaves alone unless a table's property says otherwise

Reply = str | tuple[str, dict[str, int]]


@dataclass
class Execution:
    """A query, from its start on."""

    sql: str
    context: dict[str, str]
    workgroup: str
    location: str | None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "RUNNING"
    reason: str | None = None
    statement: Statement | None = None
    answer: Answer = field(default_factory=Answer)
    started: float = field(default_factory=time.time)
    ended: float | None = None
    next_uri: str | None = None
    has_ended: threading.Event = field(default_factory=threading.Event)


class Engine:
    """Runs Athena's statements on a Trino server, each in a thread of its own."""

    def __init__(self, trino: Trino, account: str, region: str) -> None:
        self._trino = trino
        self._glue: Callable[[], Any] = lambda: glue_backends[account][region]
        self.executions: dict[str, Execution] = {}
        # Athena's own properties of a table, by its location; in Glue, Trino's commits remove them.
        self._properties: dict[str, dict[str, str]] = {}

    def start(self, execution: Execution) -> None:
        self.executions[execution.id] = execution
        threading.Thread(target=self._run, args=(execution,), daemon=True).start()

    def stop(self, execution: Execution) -> None:
        if execution.state == "RUNNING":
            execution.state = "CANCELLED"
            execution.has_ended.set()
            if execution.next_uri:
                self._trino.cancel(execution.next_uri)

    def _run(self, execution: Execution) -> None:
        try:
            execution.statement = statement = translate(execution.sql)
            self._check_types(execution, statement)
            self._run_statement(execution, statement)
            ended = "SUCCEEDED"
        except (Rejected, QueryFailed) as error:
            execution.reason, ended = str(error), "FAILED"
        except Exception as error:  # must not leave a query running for ever
            execution.reason, ended = f"GENERIC_INTERNAL_ERROR: {error!r}", "FAILED"
        execution.ended = time.time()
        if execution.state == "RUNNING":
            execution.state = ended
        execution.has_ended.set()

    def _run_statement(self, execution: Execution, statement: Statement) -> None:
        schema = execution.context.get("Database", "default")
        for sql in statement.trino:
            for next_uri in self._trino.pages(sql, execution.answer, schema):
                execution.next_uri = next_uri
        if statement.vacuum is not None:
            self._vacuum(execution, *statement.vacuum)
        if statement.properties:
            known = self._properties.setdefault(self._location(*statement.table), {})
            known.update(statement.properties)

    def _check_types(self, execution: Execution, statement: Statement) -> None:
        """Athena refuses any time in Iceberg but timestamp(6), where Trino would convert it."""
        if statement.iceberg_query is None:
            return
        schema = execution.context.get("Database", "default")
        probe = f"select * from (\n{statement.iceberg_query}\n) where false"
        for _, column_type in self._trino.query(probe, schema).columns:
            found = re.search(r"(timestamp|time)\((\d+)\)", column_type)
            if found and found[2] != "6":
                raise Rejected(
                    f"NOT_SUPPORTED: Timestamp precision ({found[2]}) not supported for Iceberg. "
                    'Use "timestamp(6)" instead.'
                )

    def _vacuum(self, execution: Execution, schema: str, table: str) -> None:
        """Snapshots and files beyond the age that the table's own property allows."""
        properties = self._properties.get(self._location(schema, table), {})
        age = properties.get("vacuum_max_snapshot_age_seconds", DAYS_KEPT)
        for procedure in ("expire_snapshots", "remove_orphan_files"):
            call = f"{procedure}(retention_threshold => '{age}s')"
            self._trino.query(f'alter table {ICEBERG}."{schema}"."{table}" execute {call}')

    def _location(self, schema: str, table: str) -> str:
        """What stays the same when a table is renamed."""
        found = self._glue().get_table(schema, table)
        current = found.get_version(str(found._current_version))
        return str(current["StorageDescriptor"]["Location"])


def install(engine: Engine) -> None:
    """Has this process's moto answer Athena's calls for queries with `engine`."""

    def start_query_execution(self: AthenaResponse) -> Reply:
        workgroup = self._get_param("WorkGroup") or "primary"
        found = self.athena_backend.get_work_group(workgroup)
        if not found:
            return _invalid(f"WorkGroup {workgroup} is not found.")
        settings = found["Configuration"]
        location = (self._get_param("ResultConfiguration") or {}).get("OutputLocation")
        if settings.get("EnforceWorkGroupConfiguration"):
            location = settings.get("ResultConfiguration", {}).get("OutputLocation", location)
        if location is None:
            return _invalid("No output location provided.")
        context = self._get_param("QueryExecutionContext") or {}
        execution = Execution(self._get_param("QueryString"), context, workgroup, location)
        engine.start(execution)
        return json.dumps({"QueryExecutionId": execution.id})

    def get_query_execution(self: AthenaResponse) -> Reply:
        execution = engine.executions.get(self._get_param("QueryExecutionId"))
        if execution is None:
            return _invalid("QueryExecution was not found")
        execution.has_ended.wait(PATIENCE)
        return _query_execution(execution)

    def batch_get_query_execution(self: AthenaResponse) -> Reply:
        asked = self._get_param("QueryExecutionIds")
        found = [engine.executions[each] for each in asked if each in engine.executions]
        return json.dumps({"QueryExecutions": [_execution(each) for each in found]})

    def list_query_executions(self: AthenaResponse) -> Reply:
        workgroup = self._get_param("WorkGroup") or "primary"
        all_ids = [e.id for e in engine.executions.values() if e.workgroup == workgroup][::-1]
        start = int(self._get_param("NextToken") or 0)
        size = int(self._get_param("MaxResults") or 50)
        body: dict[str, Any] = {"QueryExecutionIds": all_ids[start : start + size]}
        if start + size < len(all_ids):
            body["NextToken"] = str(start + size)
        return json.dumps(body)

    def get_query_results(self: AthenaResponse) -> Reply:
        execution = engine.executions.get(self._get_param("QueryExecutionId"))
        if execution is None or execution.state != "SUCCEEDED":
            return _invalid("Query has not yet finished or did not succeed.")
        start = int(self._get_param("NextToken") or 0)
        return json.dumps(results(execution, start, int(self._get_param("MaxResults") or PAGE)))

    def stop_query_execution(self: AthenaResponse) -> Reply:
        engine.stop(engine.executions[self._get_param("QueryExecutionId")])
        return "{}"

    for answer in (
        start_query_execution,
        get_query_execution,
        batch_get_query_execution,
        list_query_executions,
        get_query_results,
        stop_query_execution,
    ):
        setattr(AthenaResponse, answer.__name__, answer)


def _invalid(message: str) -> tuple[str, dict[str, int]]:
    body = {"__type": "InvalidRequestException", "Message": message}
    return json.dumps(body), {"status": 400}


def _query_execution(execution: Execution) -> str:
    """What GetQueryExecution answers."""
    return json.dumps({"QueryExecution": _execution(execution)})


def _execution(execution: Execution) -> dict[str, Any]:
    """An execution as Athena tells of it."""
    status = {"State": execution.state, "SubmissionDateTime": execution.started}
    if execution.ended:
        status["CompletionDateTime"] = execution.ended
    if execution.state == "FAILED":
        status["StateChangeReason"] = execution.reason
        status["AthenaError"] = {
            "ErrorCategory": 2,
            "ErrorType": 233 if "ICEBERG_COMMIT_ERROR" in (execution.reason or "") else 1000,
            "Retryable": False,
            "ErrorMessage": execution.reason,
        }
    took = int(1000 * ((execution.ended or time.time()) - execution.started))
    return {
        "QueryExecutionId": execution.id,
        "Query": execution.sql,
        "StatementType": execution.statement.kind if execution.statement else "DML",
        "ResultConfiguration": {"OutputLocation": f"{execution.location}{execution.id}.csv"},
        "QueryExecutionContext": execution.context,
        "Status": status,
        "Statistics": {
            "EngineExecutionTimeInMillis": took,
            "TotalExecutionTimeInMillis": took,
            "DataScannedInBytes": execution.answer.bytes_read,
        },
        "WorkGroup": execution.workgroup,
        "EngineVersion": {"EffectiveEngineVersion": "Athena engine version 3"},
    }


def results(execution: Execution, start: int, size: int) -> dict[str, Any]:
    """A page of results, from row `start` on; the first row of all is the header of a query."""
    answer = execution.answer
    columns, rows = answer.columns, answer.rows
    if answer.update_type is not None:  # one column and no rows, whatever Trino says of it
        columns, rows = [("rows", "bigint")], []
    data = [
        [datum(cell, kind) for cell, (_, kind) in zip(row, columns, strict=True)] for row in rows
    ]
    is_query = execution.statement is not None and execution.statement.kind == "DML"
    if is_query and answer.update_type is None:
        data.insert(0, [{"VarCharValue": name} for name, _ in columns])
    body: dict[str, Any] = {
        "ResultSet": {
            "Rows": [{"Data": row} for row in data[start : start + size]],
            "ResultSetMetadata": {
                "ColumnInfo": [{"Name": name, "Type": athena_type(kind)} for name, kind in columns]
            },
        }
    }
    if answer.update_count is not None:
        body["UpdateCount"] = answer.update_count
    if start + size < len(data):
        body["NextToken"] = str(start + size)
    return body


def athena_type(trino_type: str) -> str:
    """A type as Athena names it, which is without its precision: timestamp(6) is timestamp."""
    return re.sub(r"^(timestamp|varchar|char|time|decimal|array|row|map)\(.*\)", r"\1", trino_type)


def datum(cell: Any, trino_type: str) -> dict[str, str]:
    """A cell as GetQueryResults has it: always a text, and null is nothing."""
    if cell is None:
        return {}
    if isinstance(cell, bool):
        return {"VarCharValue": str(cell).lower()}
    if trino_type == "varbinary":
        return {"VarCharValue": base64.b64decode(cell).hex(" ")}
    if isinstance(cell, (list, dict)):
        return {"VarCharValue": json.dumps(cell)}
    return {"VarCharValue": str(cell)}
