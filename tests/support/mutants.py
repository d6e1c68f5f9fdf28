"""Small mistakes that may be made in SQL, Jinja and Python: mutants of a file's text.

A mutant replaces one span of a file. Which there are depends on the text alone, so that a sample of
them is the same each time.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Mutant(NamedTuple):
    """A file, relative to the project, and what replaces the text between two offsets."""

    file: str
    start: int
    end: int
    replacement: str
    kind: str

    def apply(self, text: str) -> str:
        return text[: self.start] + self.replacement + text[self.end :]

    def line(self, text: str) -> int:
        """The number of its first line, from 1."""
        return text.count("\n", 0, self.start) + 1

    def lines(self, text: str) -> tuple[str, str]:
        """The lines that it changes, before and after, with single blanks."""
        first = text.rfind("\n", 0, self.start) + 1
        last = text.find("\n", self.end)
        last = len(text) if last < 0 else last
        after = text[first : self.start] + self.replacement + text[self.end : last]
        return " ".join(text[first:last].split()), " ".join(after.split())


# SQL and Jinja

# What is no code, and what is Athena's alone or only told to people.
_NOT_SQL = re.compile(
    r"--[^\n]*|\{%-? set [\w.]+ =|\{#.*?#\}|/\*.*?\*/|'[^'\n]*'"
    r"|\{% macro athena__.*?\{%-? endmacro -?%\}|\{% macro _athena_.*?\{%-? endmacro -?%\}"
    r"|raise_compiler_error\(.*?\) ?\}\}|\blog\(.*?\) ?\}\}"
    r"|[^\n]*\b(?:partitioned_by|s3_data_dir|nightly_scan)\b[^\n]*",
    re.DOTALL,
)
_SWAPS = (
    ("comparison", r"(?<![<>=!|:%\-{])<=(?!=)", "<"),
    ("comparison", r"(?<![<>=!|:%\-{])>=(?!=)", ">"),
    ("comparison", r"(?<= )<(?= )", "<="),
    ("comparison", r"(?<= )>(?= )", ">="),
    ("comparison", r"(?<= )!=(?= )", "="),
    ("comparison", r"(?<= )==(?= )", "!="),
    ("comparison", r"(?<= )=(?= )", "!="),
    ("and, or", r"\band\b", "or"),
    ("and, or", r"\bor\b", "and"),
    ("+, -", r"(?<= )\+(?= )", "-"),
    ("+, -", r"(?<=\w )-(?= \w)", "+"),
    ("null", r"\bis not null\b", "is null"),
    ("null", r"\bis null\b", "is not null"),
    ("null", r"\bis not none\b", "is none"),
    ("null", r"\bis none\b", "is not none"),
    ("null", r"\bis distinct from\b", "is not distinct from"),
    ("null", r"\bis not distinct from\b", "is distinct from"),
    ("null", r"\bnulls first\b", "nulls last"),
    ("null", r"\bnulls last\b", "nulls first"),
    ("not", r"\bnot (?!null\b|none\b|distinct\b|in\b)", ""),
    ("not", r"\bnot in\b", "in"),
    ("not", r"(?<!not )\bin (?=\()", "not in "),
    ("order", r"\basc\b", "desc"),
    ("order", r"\bdesc\b", "asc"),
    ("function", r"\bmin(?=\()", "max"),
    ("function", r"\bmax(?=\()", "min"),
    ("function", r"\bleast(?=\()", "greatest"),
    ("function", r"\bgreatest(?=\()", "least"),
    ("function", r"\blead(?=\()", "lag"),
    ("function", r"\blag(?=\()", "lead"),
    ("function", r"\bbool_or(?=\()", "bool_and"),
    ("function", r"\bdistinct (?!from)", ""),
    ("function", r"\bcount\(\*\)", "1"),
    ("join", r"\binner join\b", "left join"),
    ("join", r"\bleft join\b", "inner join"),
    ("union", r"\bunion all\b", "union"),
    ("union", r"\bunion\b(?! all)", "union all"),
    ("true, false", r"\btrue\b", "false"),
    ("true, false", r"\bfalse\b", "true"),
    ("where", r"(?<=\bwhere )(?![\n ])[^\n]+(?=\n)", "true"),
    ("a line of a condition", r"(?<=\n)[ \t]+(?:and|or) [^\n]+\n", ""),
    ("a line of a case", r"(?<=\n)[ \t]+(?:when|else) [^\n]+\n", ""),
    ("if", r"(?<=\{%- if )[^%\n]+?(?= -?%\})", "not ({})"),
    ("if", r"(?<=\{% if )[^%\n]+?(?= -?%\})", "not ({})"),
)  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.\"'])\d+(?![\w.\"'])")


def sql_mutants(file: str, text: str) -> Iterator[Mutant]:
    """Mutants of a file of SQL and Jinja."""
    code = _NOT_SQL.sub(lambda found: re.sub(r"[^\n]", "\x00", found[0]), text)
    for kind, pattern, replacement in _SWAPS:
        for found in re.finditer(pattern, code):
            start, end = found.span()
            yield Mutant(file, start, end, replacement.replace("{}", text[start:end]), kind)
    for found in _NUMBER.finditer(code):
        yield Mutant(file, *found.span(), str(int(found[0]) + 1), "constant")


# Python

_COMPARED: dict[type[ast.AST], str] = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}


def python_mutants(file: str, text: str) -> Iterator[Mutant]:
    """Mutants of a file of Python."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)

    def offset(line: int, column: int) -> int:
        row = text[starts[line - 1] : starts[line] - 1]
        return starts[line - 1] + len(row.encode()[:column].decode())

    def span(node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return (
            offset(node.lineno, node.col_offset), offset(node.end_lineno, node.end_col_offset),
        )  # fmt: skip

    def shown(node: ast.expr) -> str:
        start, end = span(node)
        return text[start:end]

    def replaced(node: ast.expr | ast.stmt, by: str, kind: str) -> Mutant:
        return Mutant(file, *span(node), by, kind)

    tree = ast.parse(text)
    for node in _code_of(tree):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right = span(node.left)[1], span(node.comparators[0])[0]
            between = text[left:right]
            if between.strip("() \n") and "(" not in between and ")" not in between:
                sign = f" {_COMPARED[type(node.ops[0])]} "
                yield Mutant(file, left, right, sign, "comparison")
        elif isinstance(node, ast.BoolOp):
            for one, other in zip(node.values, node.values[1:], strict=False):
                start, end = span(one)[1], span(other)[0]
                was, becomes = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                between = text[start:end]
                if between.count(was) == 1:
                    yield Mutant(file, start, end, between.replace(was, becomes), "and, or")
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            start, end = span(node.left)[1], span(node.right)[0]
            was, becomes = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
            if text[start:end].count(was) == 1 and not _is_text(node):
                between = text[start:end].replace(was, becomes)
                yield Mutant(file, start, end, between, "+, -")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield replaced(node, f"bool({shown(node.operand)})", "not")
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield replaced(node, str(not node.value), "constant")
        elif isinstance(node, ast.Constant) and isinstance(node.value, int):
            yield replaced(node, str(node.value + 1), "constant")
        elif isinstance(node, ast.Return) and node.value is not None:
            yield replaced(node, "return None", "return None")
        elif isinstance(node, ast.If | ast.IfExp | ast.While):
            condition = shown(node.test)
            yield replaced(node.test, f"not ({condition})", "if")
        elif isinstance(node, ast.Name) and node.id in _NAMES:
            yield replaced(node, _NAMES[node.id], "function")
        elif isinstance(node, ast.Raise | ast.AugAssign) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        ):
            yield replaced(node, "pass", "a statement left out")
        elif isinstance(node, ast.Continue):
            yield replaced(node, "break", "continue")
        elif isinstance(node, ast.Break):
            yield replaced(node, "continue", "break")


def _code_of(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes, but for those of annotations, docstrings and decorators."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "format_spec"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST) and not _is_typing(node):
                yield node
                yield from _code_of(node)


def _is_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def _is_text(node: ast.BinOp) -> bool:
    parts = (node.left, node.right)
    return any(isinstance(p, ast.JoinedStr | ast.List | ast.Tuple) or (
        isinstance(p, ast.Constant) and isinstance(p.value, str | bytes)
    ) for p in parts)  # fmt: skip


# Of the project

SQL = ("models", "macros")
PYTHON = ("scripts/stedi",)
# What a build on DuckDB does not run, the tests' own opinion of the laws, and how charts look.
LEFT_OUT = (
    "scripts/stedi/evidence/charts.py",
    "macros/testing/", "macros/maintenance/", "macros/engines/compact_", "macros/engines/remove_",
    "macros/engines/drop_relation_glue", "macros/engines/rename_relation",
    "macros/engines/resolve_table_type", "macros/engines/get_partitioned_by",
    "macros/engines/builds_may_overlap",
)  # fmt: skip


@cache
def mutants_of(project: Path, folders: tuple[str, ...]) -> list[Mutant]:
    """All mutants of the files in some folders."""
    found: list[Mutant] = []
    for folder in folders:
        suffix, make = _HOW[folder]
        for path in sorted((project / folder).rglob(f"*{suffix}")):
            file = path.relative_to(project).as_posix()
            if not file.startswith(LEFT_OUT):
                text = path.read_text()
                found += [m for m in make(file, text) if m.apply(text) != text]
    return sorted(set(found))


Make = Callable[[str, str], Iterator[Mutant]]
_HOW: dict[str, tuple[str, Make]] = {
    **dict.fromkeys(SQL, (".sql", sql_mutants)),
    **dict.fromkeys(PYTHON, (".py", python_mutants)),
}
