"""Small mistakes in SQL and Python: which are made, and that none is made in what is no code."""

from __future__ import annotations

import ast

import pytest

from support.mutants import PYTHON, SQL, mutants_of, python_mutants, sql_mutants
from support.random_mutants import PROJECT, equivalent, key_of, sample


def made(mutants: object, text: str) -> set[str]:
    """The changed lines of a text's mutants."""
    return {mutant.lines(text)[1] for mutant in mutants("a file", text)}


@pytest.mark.parametrize(
    ("line", "mutants"),
    [
        ("where a < 3 and b is not null", {
            "where a <= 3 and b is not null", "where a < 4 and b is not null",
            "where a < 3 or b is not null", "where a < 3 and b is null", "where true",
        }),
        ("select min(x) from a union all", {"select max(x) from a union all",
                                            "select min(x) from a union"}),
        ("left join b on a.x = b.x", {"inner join b on a.x = b.x", "left join b on a.x != b.x"}),
        ("    when a >= b then 'a + 1'", {"when a > b then 'a + 1'", ""}),
        ("order by a desc nulls first", {"order by a asc nulls first",
                                         "order by a desc nulls last"}),
        ("{%- if is_whole -%}", {"{%- if not (is_whole) -%}"}),
        ("-- min(a) < 3 and true", set()),
        ("{# where a is null #}", set()),
        ("    partitioned_by=['bucket(email, 32)'],", set()),
        ("{% macro athena__a() %}\nwhere a < 3\n{% endmacro %}", set()),
    ],
)  # fmt: skip
def test_mutants_of_sql(line: str, mutants: set[str]) -> None:
    assert made(sql_mutants, f"select\n{line}\n") == mutants


@pytest.mark.parametrize(
    ("code", "mutants"),
    [
        ("x = a < b and c", {"x = a <= b and c", "x = a < b or c"}),
        ("def f() -> int:\n    return a - 1", {"return None", "return a + 1", "return a - 2"}),
        ("if not x:\n    do(é, 2)", {"if bool(x):", "if not (not x):", "pass", "do(é, 3)"}),
        ("x: Literal[2] = True", {"x: Literal[2] = False"}),
        ("x = 'a' + b", set()),
        ("if TYPE_CHECKING:\n    from a import b", set()),
    ],
)
def test_mutants_of_python(code: str, mutants: set[str]) -> None:
    assert made(python_mutants, f"{code}\n") == mutants


def test_mutants_of_the_project_are_python_where_they_must_be() -> None:
    for mutant in sample(0, 200, seed=1):
        ast.parse(mutant.apply((PROJECT / mutant.file).read_text()))


def test_a_seed_draws_the_same_mutants_each_time() -> None:
    drawn = sample(30, 30, seed=1)
    assert len(drawn) == len(set(drawn)) == 60
    assert drawn == sample(30, 30, seed=1) != sample(30, 30, seed=2)


def test_every_mutant_that_is_known_to_change_nothing_is_still_one() -> None:
    there = {key_of(mutant) for mutant in mutants_of(PROJECT, SQL + PYTHON)}
    known = equivalent()
    assert [key for key in known if key not in there] == []
    assert all(len(reason) > 20 for reason in known.values())
