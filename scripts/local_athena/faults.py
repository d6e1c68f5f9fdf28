"""Injects faults into the local Athena: calls refused, queries that fail, dbt killed at a call.

Every call of dbt and of Trino can be met here, as both find AWS at the same address.
"""

from __future__ import annotations

import io
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from local_athena.server import LocalAthena

Environ = dict[str, Any]
Body = Iterable[bytes]
Answer = Callable[[], Body]  # what AWS would do and say


@dataclass(frozen=True)
class Call:
    """A call to one of AWS's APIs.

    client: dbt, trino or other. action: the service's own name for it; for S3, the HTTP method.
    body: the parameters as JSON; for S3, the path.
    """

    client: str
    service: str
    action: str
    body: str

    def __str__(self) -> str:
        return f"{self.service} {self.action} {' '.join(self.body.split())[:200]}"


Matches = Callable[[Call], bool]


@dataclass
class Fault:
    """What happens instead of the first `times` calls that match; `struck` are those calls."""

    matches: Matches
    effect: Callable[[Call, Answer, Callable[..., Any]], Body]
    times: float = 1
    struck: list[Call] = field(default_factory=list)


class Faults:
    """A WSGI application in front of moto: records every call, and applies the first fault that
    matches it."""

    def __init__(self, aws: Callable[..., Body], faults: Iterable[Fault]) -> None:
        self._aws, self.faults = aws, list(faults)
        self.calls: list[Call] = []
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Body:
        call = _read(environ)
        fault = self._strikes(call)
        if fault is None:
            return self._aws(environ, start_response)
        return fault.effect(call, lambda: self._aws(environ, start_response), start_response)

    def of(self, client: str) -> list[Call]:
        """All calls of a client so far."""
        return [call for call in self.calls if call.client == client]

    def _strikes(self, call: Call) -> Fault | None:
        with self._lock:
            self.calls.append(call)
            for fault in self.faults:
                if len(fault.struck) < fault.times and fault.matches(call):
                    fault.struck.append(call)
                    return fault
        return None


@contextmanager
def injected(local: LocalAthena, *faults: Fault) -> Iterator[Faults]:
    """Applies faults to the account's calls within the context."""
    server: Any = local.server._server  # moto has no other way to its application
    aws = server.app
    server.app = faulty = Faults(aws, faults)
    try:
        yield faulty
    finally:
        server.app = aws


def refused(code: str, status: int = 400) -> Callable[..., Body]:
    """The effect of a call that AWS refuses with an error, in the words of its protocol."""

    def refuse(call: Call, _: Answer, start_response: Callable[..., Any]) -> Body:
        if call.service == "s3":
            text = f"<Error><Code>{code}</Code><Message>refused</Message></Error>"
            kind = "application/xml"
        else:
            text = json.dumps({"__type": code, "message": "refused"})
            kind = "application/x-amz-json-1.1"
        body = text.encode()
        head = [("Content-Type", kind), ("Content-Length", str(len(body)))]
        start_response(f"{status} Refused", head)
        return [body]

    return refuse


def each_once(client: str = "dbt") -> Matches:
    """Matches every call of a client when it first comes, so that a repeat succeeds."""
    seen: set[tuple[str, ...]] = set()

    def first(call: Call) -> bool:
        if call.client != client:
            return False
        new = (call.service, call.action, call.body) not in seen
        seen.add((call.service, call.action, call.body))
        return new

    return first


@dataclass
class Killed:
    """A dbt command that was to be killed at a call; `at` is None if it ended before, and
    `success` tells whether it then succeeded."""

    at: Call | None
    output: str
    success: bool


def killed(
    local: LocalAthena, start: Callable[[], subprocess.Popen[str]], matches: Matches, done: bool
) -> Killed:
    """Starts dbt and kills it (SIGKILL) at its first call that matches.

    start: starts dbt, with a pipe for its output. done: whether AWS answers the call before, for a
    query runs it to its end; dbt never hears the answer.
    """
    dbt: list[subprocess.Popen[str]] = []

    def kill(call: Call, answer: Answer, start_response: Callable[..., Any]) -> Body:
        body: Body = []
        if done:
            body = list(answer())
            if call.action == "StartQueryExecution":
                _await(local, json.loads(b"".join(body))["QueryExecutionId"])
        dbt[0].kill()
        dbt[0].wait()
        if not done:
            refused("InternalServerException", 500)(call, answer, start_response)
        return body

    fault = Fault(lambda call: call.client == "dbt" and matches(call), kill)
    with injected(local, fault):
        dbt.append(start())
        output, _ = dbt[0].communicate()
        await_queries(local)
    return Killed(fault.struck[0] if fault.struck else None, output, dbt[0].returncode == 0)


def await_queries(local: LocalAthena) -> None:
    """Returns when no query runs any more; those of a killed dbt go on running."""
    for execution in list(local.engine.executions):
        _await(local, execution)


def _await(local: LocalAthena, execution: str) -> None:
    while local.engine.executions[execution].ended is None:
        time.sleep(0.02)


def _read(environ: Environ) -> Call:
    agent = environ.get("HTTP_USER_AGENT", "")
    client = "dbt" if "dbt-athena" in agent else "trino" if "java" in agent else "other"
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:  # JSON: the service and the action are in a header
        service, _, action = target.partition(".")
        text = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(text)
        service = service.removeprefix("Amazon").removeprefix("AWS").lower()
        return Call(client, service, action, _without_token(text.decode()))
    action = environ["REQUEST_METHOD"]
    query = environ.get("QUERY_STRING", "")
    body = environ["PATH_INFO"] + "?" + query
    if query in ("delete", "delete="):  # many objects at once, named in XML
        action += " ?delete"
        text = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(text)
        body += text.decode()
    elif "list-type" in query or "prefix=" in query:
        action += " ?list"
    service = "s3" if "s3" in environ.get("HTTP_AUTHORIZATION", "") else "other"
    return Call(client, service, action, body)


def _without_token(text: str) -> str:
    """A call's parameters without the token by which AWS tells a repeat from a new call."""
    parameters = json.loads(text or "{}")
    parameters.pop("ClientRequestToken", None)
    return json.dumps(parameters)
