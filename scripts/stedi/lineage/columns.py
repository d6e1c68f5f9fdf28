"""Column lineage: what the output columns of a query are made of, from its SQL alone.

A value flows into a column through every expression that contains it, whatever the function: a part
of an email is an email. These are all the exceptions:

- `hmac_sha256(x, pseudonym_key)` under that very key is a pseudonym; x ends there.
- `count(...)` is a number of rows, and `x is null` tells only whether there is a value.
- Conditions of joins, `where`, `group by`, `having`, and a window's partition and order choose
  rows and are no part of a column. The condition of a `case` is a part, because its branches can
  spell out what it tests; except where it tests a landed line as a whole, which is how a query
  finds out whether the line is JSON.
- A field that is extracted from a landed line by its name is that field, not the whole line.

SQL that cannot be followed with certainty is refused, never skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from stedi.errors import StediError

LINE = "line"  # the column of a landing table that holds the whole line
PSEUDONYM = "hmac_sha256"
PSEUDONYM_KEY = ("restricted.pseudonym_key", "pseudonym_key")
_FIELD = re.compile(r"\$\.(\w+)")
_JSON = (exp.JSONExtract, exp.JSONExtractScalar)
# Each makes columns or rows in a way that the walk cannot follow.
_REFUSED = (exp.Pivot, exp.Columns, exp.PositionalColumn, exp.Command)


class LineageError(StediError):
    """SQL that cannot be followed with certainty. Its text says what and where."""


class Origin(NamedTuple):
    """Where a value comes from: a column of a source or seed, or a field of a landed line.

    level: how much it reveals about a person, one of levels.LEVELS. is_pseudonym: whether only the
    pseudonym of it arrives.
    """

    table: str
    column: str
    level: str
    field: str | None = None
    is_pseudonym: bool = False

    def __str__(self) -> str:
        where = f"{self.table}.{self.column}"
        what = f"field {self.field} of {where}" if self.field else where
        return f"pseudonym of {what}" if self.is_pseudonym else what


Path = tuple[str, ...]  # columns of models, from the column in question towards the origin
Origins = dict[Origin, Path]  # everything that a value is made of, each with one path to it


class Table(NamedTuple):
    """A table that a query may read, with the origins of its columns.

    field_levels: of a landing table, the level of each field of its lines.
    """

    columns: Mapping[str, Origins]
    field_levels: Mapping[str, str] = {}


Tables = Mapping[tuple[str, str], Table]  # (schema, name) -> table


def output_origins(sql: str, dialect: str, tables: Tables) -> dict[str, Origins]:
    """The output columns of a query with their origins, in order. Raises LineageError."""
    columns: dict[str, dict[str, dict[str, str]]] = {}
    for (database, name), table in tables.items():
        columns.setdefault(database, {})[name] = dict.fromkeys(table.columns, "varchar")
    schema: dict[str, object] = {**columns}
    try:
        # With a quoted catalog, names would have one more level than the schema.
        tree = parse_one(sql, dialect=dialect).transform(_without_catalog)
        # sqlglot cannot find the columns of a whole row, so validation is left to the walk.
        tree = qualify(tree, dialect=dialect, schema=schema, validate_qualify_columns=False)
    except SqlglotError as error:
        raise LineageError(str(error)) from error
    if refused := tree.find(*_REFUSED):
        raise LineageError(f"cannot follow {refused.sql(dialect)}")
    if any(part.args.get("recursive") for part in tree.find_all(exp.With)):
        raise LineageError("cannot follow a recursive query")
    root = build_scope(tree)
    if root is None:
        raise LineageError("not a query")
    walk = _Walk(tables, dialect)
    names = _column_names(root)
    if len(set(names)) < len(names):
        raise LineageError(f"two columns with the same name among {', '.join(names)}")
    return {name: walk.output(root, index) for index, name in enumerate(names)}


def _without_catalog(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Table):
        node.set("catalog", None)
    return node


def _column_names(scope: Scope) -> list[str]:
    query = scope.expression
    assert isinstance(query, exp.Query)
    return query.named_selects


def _table_of(node: exp.Expr) -> str:
    """The table that a column is qualified with; "" where a table's name stands for its rows."""
    return node.table if isinstance(node, exp.Column) else ""


def _is_variable(node: exp.Identifier) -> bool:
    """Whether an enclosing lambda or list comprehension has a variable of this name."""
    around: exp.Expr | None = node.find_ancestor(exp.Lambda, exp.Comprehension)
    while around is not None:
        is_lambda = isinstance(around, exp.Lambda)
        variables = around.expressions if is_lambda else [around.expression]
        if node.name in [variable.name for variable in variables]:
            return True
        around = around.find_ancestor(exp.Lambda, exp.Comprehension)
    return False


def _merged(parts: Iterable[Origins]) -> Origins:
    merged: Origins = {}
    for part in parts:
        for origin, path in part.items():
            if origin not in merged or len(path) < len(merged[origin]):
                merged[origin] = path
    return merged


class _Walk:
    """Walks through the expressions of one query."""

    def __init__(self, tables: Tables, dialect: str) -> None:
        self.tables, self.dialect = tables, dialect
        self._done: dict[tuple[int, int], Origins] = {}

    def output(self, scope: Scope, index: int) -> Origins:
        """The origins of a scope's output column, by its index."""
        key = (id(scope), index)
        if key not in self._done:
            self._done[key] = _merged(
                self.value(column, inner) for column, inner in self._projections(scope, index)
            )
        return self._done[key]

    def _projections(self, scope: Scope, index: int) -> list[tuple[exp.Expr, Scope]]:
        """The expressions of an output column: one, or one for each part of a union."""
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            if expression.args.get("by_name"):
                raise LineageError("cannot follow a union by name")
            parts = scope.set_operation_scopes
            return [made for part in parts for made in self._projections(part, index)]
        if isinstance(expression, exp.Subquery) and scope.subquery_scopes:
            return self._projections(scope.subquery_scopes[0], index)
        if not isinstance(expression, exp.Select):
            raise self._error(expression)
        return [(expression.selects[index], scope)]

    def value(self, node: exp.Expr, scope: Scope) -> Origins:
        """The origins of an expression."""
        match node:
            case exp.Column() | exp.TableColumn():
                return self._column(node, scope)
            case exp.Star():
                raise self._error(node.parent or node)
            case exp.Query():
                inner = self._scope_of(node, scope)
                return self._row(inner)
            case exp.Count() | exp.Is(expression=exp.Null()):
                return {}
            case exp.Filter(this=exp.Count()):
                return {}
            case exp.Window():
                return self.value(node.this, scope)
            case exp.Case() | exp.If():
                return self._cases(node, scope)
            case exp.Bracket(expressions=[exp.Literal(is_string=False) as index]):
                return self._element(node.this, int(index.name), scope)
            case exp.JSONExtract() | exp.JSONExtractScalar():
                return _merged(self._fields(node, scope))
            case exp.Anonymous() if node.name.lower() == PSEUDONYM and self._is_keyed(node, scope):
                hashed = self.value(node.expressions[0], scope)
                return {
                    origin._replace(level="indirect", is_pseudonym=True): path
                    for origin, path in hashed.items()
                }
            case exp.PropertyEQ(this=exp.Identifier()):  # an entry of a struct
                return self.value(node.expression, scope)
            case exp.Dot(expression=exp.Identifier()):
                return self.value(node.this, scope)
            case exp.Identifier():
                # A variable's values are those of its list, which the walk visits too.
                if not _is_variable(node):
                    raise self._error(node.parent or node)
                return {}
            case _:
                return self._parts(node, scope)

    def _parts(self, node: exp.Expr, scope: Scope) -> Origins:
        parts = [child for child in node.iter_expressions() if child.arg_key != "alias"]
        return _merged(self.value(part, scope) for part in parts)

    def _cases(self, node: exp.Case | exp.If, scope: Scope) -> Origins:
        """The origins of a case's values, and of what its conditions test."""
        if isinstance(node, exp.If):
            conditions = [node.this]
            values = [node.args.get("true"), node.args.get("false")]
        else:
            conditions = [node.this]
            values = [*node.args["ifs"], node.args.get("default")]
        tested = _merged(self.value(part, scope) for part in conditions if part is not None)
        fields = {o: path for o, path in tested.items() if not self._is_line(o, path)}
        return _merged([fields, *(self.value(part, scope) for part in values if part is not None)])

    def _column(self, node: exp.Column | exp.TableColumn, scope: Scope) -> Origins:
        """A column's origins, or the whole row's where a table's name stands for its rows."""
        source = self._source(node, scope)
        name = node.name if _table_of(node) else None
        if isinstance(source, exp.Table):
            columns = self._table(source).columns
            if name is None:
                return _merged(columns.values())
            if name not in columns:
                raise LineageError(f"{source.name} has no column {name}")
            return columns[name]
        if not isinstance(source.expression, exp.Query):  # unnest and the like
            return self._parts(source.expression, source)
        if name is None:
            return self._row(source)
        return self.output(source, self._index(source, name))

    def _row(self, scope: Scope) -> Origins:
        return _merged(self.output(scope, index) for index in range(len(_column_names(scope))))

    def _index(self, scope: Scope, name: str) -> int:
        names = _column_names(scope)
        if names.count(name) != 1:
            raise LineageError(f"{name} is not one of the columns {', '.join(names)}")
        return names.index(name)

    def _source(self, node: exp.Expr, scope: Scope) -> exp.Table | Scope:
        """What a column is read from, in this query or in an enclosing one."""
        enclosing: Scope | None = scope
        while enclosing is not None:
            if (source := enclosing.sources.get(_table_of(node) or node.name)) is not None:
                return source
            enclosing = enclosing.parent
        raise self._error(node)

    def _table(self, node: exp.Table) -> Table:
        key = (node.db, node.name)
        if key not in self.tables:
            raise LineageError(f"{node.sql(self.dialect)} is not a model, seed or source")
        return self.tables[key]

    def _scope_of(self, node: exp.Expr, scope: Scope) -> Scope:
        query = node.unnest()
        for inner in scope.subquery_scopes:
            if inner.expression is query:
                return inner
        raise self._error(node)

    def _fields(self, node: exp.Expr, scope: Scope) -> list[Origins]:
        """The origins of extracted JSON values, one for each path that is extracted."""
        document = self.value(node.this, scope)
        extracted = node.expression
        paths = extracted.expressions if isinstance(extracted, exp.Array) else [extracted]
        return [self._field(document, path) for path in paths]

    def _field(self, document: Origins, path: exp.Expr) -> Origins:
        text = path.name if isinstance(path, exp.Literal) else path.sql(self.dialect).strip("'")
        field = _FIELD.match(text)
        if field is None:
            return document
        return {
            self._field_of(origin, field[1]) if self._is_line(origin, way) else origin: way
            for origin, way in document.items()
        }

    def _field_of(self, line: Origin, field: str) -> Origin:
        """The origin of a line's field. A field without a level counts as direct."""
        (levels,) = [
            table.field_levels for table in self.tables.values()
            if line in table.columns.get(LINE, {}) and table.field_levels
        ]  # fmt: skip
        return line._replace(field=field, level=levels.get(field, "direct"))

    def _is_line(self, origin: Origin, path: Path) -> bool:
        """Whether this is a whole landed line that this very query reads."""
        return path == () and origin.field is None and any(
            origin in table.columns.get(LINE, {}) for table in self.tables.values()
            if table.field_levels
        )  # fmt: skip

    def _element(self, node: exp.Expr, index: int, scope: Scope) -> Origins:
        """The origins of a list's element; of a list of JSON values, those of that value alone."""
        match node:
            case exp.Column(table=table) if table:
                source = self._source(node, scope)
                if isinstance(source, Scope) and isinstance(source.expression, exp.Query):
                    made = self._projections(source, self._index(source, node.name))
                    return _merged(self._element(part, index, inner) for part, inner in made)
            case exp.Alias() | exp.Paren():
                return self._element(node.this, index, scope)
            case exp.Case(this=None):
                branches = [(part.this, part.args["true"]) for part in node.args["ifs"]]
                default = node.args.get("default")
                conditions = [
                    self._cases(exp.If(this=condition), scope) for condition, _ in branches
                ]
                values = [value for _, value in branches] + ([default] if default else [])
                return _merged(
                    [*conditions, *(self._element(value, index, scope) for value in values)]
                )
            case exp.JSONExtract(expression=exp.Array()):
                return self._fields(node, scope)[index]
        return self.value(node, scope)

    def _is_keyed(self, node: exp.Anonymous, scope: Scope) -> bool:
        return len(node.expressions) == 2 and self._is_the_key(node.expressions[1], scope)

    def _is_the_key(self, node: exp.Expr, scope: Scope) -> bool:
        """Whether this is the pseudonym key's column itself, at most encoded as bytes."""
        while isinstance(node, exp.Encode | exp.Alias | exp.Paren):
            node = node.this
        if not isinstance(node, exp.Column) or not node.table:
            return False
        source = self._source(node, scope)
        if isinstance(source, exp.Table):
            origins = self._column(node, scope)
            return [(origin.table, origin.column) for origin in origins] == [PSEUDONYM_KEY]
        if not isinstance(source.expression, exp.Query):
            return False
        made = self._projections(source, self._index(source, node.name))
        return all(self._is_the_key(part, inner) for part, inner in made)

    def _error(self, node: exp.Expr) -> LineageError:
        return LineageError(f"cannot follow {node.sql(self.dialect)}")
