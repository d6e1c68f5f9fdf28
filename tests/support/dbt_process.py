"""Runs dbt commands in forks of this process, which has imported dbt and parsed the project once.

Starting dbt takes seconds: imports, parsing, and compiling the Jinja of every macro. A fork
inherits all of that. Each command has a process of its own, as dbt's connections last as long as
it, and as a test may kill it.
"""

from __future__ import annotations

import gc
import marshal
import multiprocessing
import os
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import CodeType
from typing import Any, TextIO

# Imported by dbt when a command needs them. Imported here, no fork has to.
import jinja2
import numpy  # noqa: F401  # DuckDB does, for functions in Python
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from support.killing import EXIT_CODE, Before, Changes

FORK = multiprocessing.get_context("fork")
Parsed = tuple[str, ...]  # a project's folder, and its vars
TemplateKey = tuple[str, ...]

_UNPARSED: Parsed = ()
_MANIFESTS: dict[Parsed, Manifest | None] = {_UNPARSED: None}
_PARSED_FILES: list[bytes] = []  # dbt's cache of the first project that was parsed
_TEMPLATES: dict[TemplateKey, CodeType] = {}


@dataclass
class Result:
    """What a dbt command came to. errors, warnings: everything that dbt printed of them."""

    success: bool
    errors: str
    failed: set[str]  # names of the tests and models that failed
    changes: int | None  # how many statements changed the database; None: it was killed
    warnings: str = ""


def parse(project: Path, target: Path, arguments: tuple[str, ...], options: list[str]) -> Parsed:
    """Parses a project, once for each set of vars in a command's arguments; returns its key.

    target: the folder of dbt's artifacts. options: where dbt finds the project, its profile and
    that folder. For another target than DuckDB the fork parses itself, as this process can have one
    adapter only.
    """
    variables = [*arguments][arguments.index("--vars") :][:2] if "--vars" in arguments else []
    key = (str(project), *variables)
    if "--target" in arguments:
        return _UNPARSED
    if key not in _MANIFESTS:
        cache = target / "partial_parse.msgpack"
        if _PARSED_FILES and not cache.exists():  # most files are the same in a copied project
            cache.parent.mkdir(exist_ok=True)
            cache.write_bytes(_PARSED_FILES[0])
        parsed = dbtRunner().invoke(["--quiet", "parse", *variables, *options])
        _MANIFESTS[key] = parsed.result if parsed.success else None
        if not _PARSED_FILES:
            _PARSED_FILES.append(cache.read_bytes())
    return key


def forget(project: Path) -> None:
    """Has the next command parse a project again."""
    for key in [key for key in _MANIFESTS if key[:1] == (str(project),)]:
        del _MANIFESTS[key]


def run(parsed: Parsed, command: list[str], kill_at: int | Before | None = None) -> Result:
    """Runs a dbt command to its end, or until it is killed there (see Changes)."""
    ours, its = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_invoke, args=(its, parsed, command, kill_at))
    process.start()
    its.close()
    try:
        result, templates = ours.recv()
    except EOFError:
        result, templates = None, b""
    process.join()
    if result is None and process.exitcode != EXIT_CODE:
        raise RuntimeError(f"dbt {' '.join(command)} ended with {process.exitcode}")
    _TEMPLATES.update(marshal.loads(templates) if templates else {})
    return result or Result(False, "killed", set(), None)


def start(parsed: Parsed, command: list[str]) -> tuple[ForkProcess, TextIO]:
    """Starts a dbt command; returns its process, and what it prints to read as it comes."""
    reading, writing = os.pipe()
    process = FORK.Process(target=_print, args=(writing, parsed, command))
    process.start()
    os.close(writing)
    return process, os.fdopen(reading)


def _print(writing: int, parsed: Parsed, command: list[str]) -> None:
    sys.stdout = os.fdopen(writing, "w", buffering=1)
    _prepare(parsed)
    dbtRunner(_MANIFESTS[parsed]).invoke(command)


def _invoke(
    answer: Connection, parsed: Parsed, command: list[str], kill_at: int | Before | None
) -> None:
    """Runs dbt in this process, and answers what it came to and which templates it compiled."""
    messages: dict[str, list[str]] = {"error": [], "warn": []}
    changes = Changes(kill_at)
    changes.watch()
    compiled = _prepare(parsed)

    def note(event: Any) -> None:
        if event.info.level in messages:
            messages[event.info.level].append(event.info.msg)

    outcome = dbtRunner(_MANIFESTS[parsed], [note]).invoke(command)
    if outcome.exception:
        messages["error"].append(str(outcome.exception))
    found = getattr(outcome.result, "results", None) or []
    results = [r for r in found if hasattr(r, "node")]  # the result of an operation has none
    failed = {r.node.name for r in results if r.status in ("error", "fail", "runtime error")}
    errors, warnings = map("\n".join, messages.values())
    result = Result(outcome.success, errors, failed, changes.made, warnings)
    answer.send((result, marshal.dumps(compiled)))


def _prepare(parsed: Parsed) -> dict[TemplateKey, CodeType]:
    """Spares this process what its parent has done; returns what it will compile itself."""
    if _MANIFESTS[parsed] is None:
        # This process will parse, and dbt's static parser would wait for ever for threads that a
        # fork does not inherit.
        os.environ["DBT_STATIC_PARSER"] = "false"
    # The process is gone before its garbage matters, and looking through all that it inherited
    # would copy the memory.
    gc.freeze()
    gc.disable()
    compiled: dict[TemplateKey, CodeType] = {}
    compile_template = jinja2.Environment.compile

    def from_memory(
        environment: jinja2.Environment, source: Any, name: str | None = None, *args: Any, **kw: Any
    ) -> Any:
        if args or kw or not isinstance(source, str):
            return compile_template(environment, source, name, *args, **kw)
        key = (type(environment).__name__, *sorted(environment.extensions), name or "", source)
        if key not in _TEMPLATES:
            _TEMPLATES[key] = compiled[key] = compile_template(environment, source, name)
        return _TEMPLATES[key]

    jinja2.Environment.compile = from_memory
    return compiled
