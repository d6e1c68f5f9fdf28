"""What the output columns of a query are made of, worked out from its SQL alone.

A value flows into a column through any expression that holds it, whatever the function: a part of
an email is an email. What is excepted is listed here, once:

- `hmac_sha256(x, pseudonym_key)` under the very key is a pseudonym, and x ends there;
- `count(...)` is a number of rows, and `x is null` says whether something is there;
- conditions of joins, `where`, `group by`, `having`, and of a window's partition and order choose
  rows. They are no part of a column. A condition of a `case` is, for its branches can spell out
  what it asks for; but not where it asks the landed line as a whole, which is how a query finds out
  whether the line is JSON;
- a field that is taken out of a landed line by its name is that field, not the whole line.

SQL that cannot be followed for certain is refused, never passed over.
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
# Each makes columns or rows in a way that the walk does not know.
_REFUSED = (exp.Pivot, exp.Columns, exp.PositionalColumn, exp.Command)


class Unclear(StediError):
    """SQL that cannot be followed for certain. Its text says what and where."""


class Origin(NamedTuple):
    """Where a value comes from, and its level: a column of a source or seed, a field of a landed
    line, or the pseudonym of one of those."""

    table: str
    column: str
    level: str
    field: str | None = None
    is_pseudonym: bool = False

    def __str__(self) -> str:
        where = f"{self.table}.{self.column}"
        what = f"field {self.field} of {where}" if self.field else where
        return f"pseudonym of {what}" if self.is_pseudonym else what


Path = tuple[str, ...]  # columns of models, from the one asked about towards the origin
Origins = dict[Origin, Path]  # what something is made of, and one way in which it got there


class Table(NamedTuple):
    """What a query may read: columns with their origins; of a landing table, its fields' levels."""

    columns: Mapping[str, Origins]
    field_levels: Mapping[str, str] = {}


Tables = Mapping[tuple[str, str], Table]  # (schema, name) -> table


def output_origins(sql: str, dialect: str, tables: Tables) -> dict[str, Origins]:
    """The output columns of a query with their origins, in order. Raises Unclear."""
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for (database, name), table in tables.items():
        schema.setdefault(database, {})[name] = dict.fromkeys(table.columns, "varchar")
    try:
        # A quoted catalog would be one more level than the schema has.
        tree = parse_one(sql, dialect=dialect).transform(_without_catalog)
        # It cannot find the columns of a row taken whole, so that is left to the walk.
        tree = qualify(tree, dialect=dialect, schema=schema, validate_qualify_columns=False)
    except SqlglotError as error:
        raise Unclear(str(error)) from error
    if refused := tree.find(*_REFUSED):
        raise Unclear(f"cannot follow {refused.sql(dialect)}")
    if any(part.args.get("recursive") for part in tree.find_all(exp.With)):
        raise Unclear("cannot follow a recursive query")
    root = build_scope(tree)
    if root is None:
        raise Unclear("no query")
    walk = _Walk(tables, dialect)
    names = root.expression.named_selects
    if len(set(names)) < len(names):
        raise Unclear(f"two columns of one name among {', '.join(names)}")
    return {name: walk.output(root, index) for index, name in enumerate(names)}


def _without_catalog(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Table):
        node.set("catalog", None)
    return node


def _table_of(node: exp.Expr) -> str:
    """The table that a column is said to be of; none where a table's name stands for its rows."""
    return node.table if isinstance(node, exp.Column) else ""


def _is_variable(node: exp.Identifier) -> bool:
    """Whether a lambda or a list comprehension around it has a variable of this name."""
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
    """A walk through the expressions of one query."""

    def __init__(self, tables: Tables, dialect: str) -> None:
        self.tables, self.dialect = tables, dialect
        self._done: dict[tuple[int, int], Origins] = {}

    def output(self, scope: Scope, index: int) -> Origins:
        """The origins of a scope's output column, by its place."""
        key = (id(scope), index)
        if key not in self._done:
            self._done[key] = _merged(
                self.value(column, inner) for column, inner in self._projections(scope, index)
            )
        return self._done[key]

    def _projections(self, scope: Scope, index: int) -> list[tuple[exp.Expr, Scope]]:
        """The expressions that make an output column: one, or one of each part of a union."""
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            if expression.args.get("by_name"):
                raise Unclear("cannot follow a union by name")
            parts = scope.set_operation_scopes
            return [made for part in parts for made in self._projections(part, index)]
        if isinstance(expression, exp.Subquery) and scope.subquery_scopes:
            return self._projections(scope.subquery_scopes[0], index)
        if not isinstance(expression, exp.Select):
            raise self._unclear(expression)
        return [(expression.selects[index], scope)]

    def value(self, node: exp.Expr, scope: Scope) -> Origins:
        """The origins of an expression."""
        match node:
            case exp.Column() | exp.TableColumn():
                return self._column(node, scope)
            case exp.Star():
                raise self._unclear(node.parent or node)
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
            case exp.Bracket(expressions=[exp.Literal(is_string=False) as place]):
                return self._element(node.this, int(place.name), scope)
            case exp.JSONExtract() | exp.JSONExtractScalar():
                return _merged(self._fields(node, scope))
            case exp.Anonymous() if node.name.lower() == PSEUDONYM and self._is_keyed(node, scope):
                named = self.value(node.expressions[0], scope)
                return {
                    origin._replace(level="indirect", is_pseudonym=True): path
                    for origin, path in named.items()
                }
            case exp.PropertyEQ(this=exp.Identifier()):  # an entry of a struct
                return self.value(node.expression, scope)
            case exp.Dot(expression=exp.Identifier()):
                return self.value(node.this, scope)
            case exp.Identifier():
                # A variable's values are those of the list, which is walked too.
                if not _is_variable(node):
                    raise self._unclear(node.parent or node)
                return {}
            case _:
                return self._parts(node, scope)

    def _parts(self, node: exp.Expr, scope: Scope) -> Origins:
        parts = [child for child in node.iter_expressions() if child.arg_key != "alias"]
        return _merged(self.value(part, scope) for part in parts)

    def _cases(self, node: exp.Case | exp.If, scope: Scope) -> Origins:
        """A case's values, and what its conditions ask for."""
        if isinstance(node, exp.If):
            conditions = [node.this]
            values = [node.args.get("true"), node.args.get("false")]
        else:
            conditions = [node.this]
            values = [*node.args["ifs"], node.args.get("default")]
        asked = _merged(self.value(part, scope) for part in conditions if part is not None)
        about = {o: path for o, path in asked.items() if not self._is_line(o, path)}
        return _merged([about, *(self.value(part, scope) for part in values if part is not None)])

    def _column(self, node: exp.Column | exp.TableColumn, scope: Scope) -> Origins:
        """A column's origins; those of the whole row where a table's name stands for its rows."""
        source = self._source(node, scope)
        name = node.name if _table_of(node) else None
        if isinstance(source, exp.Table):
            columns = self._table(source).columns
            if name is None:
                return _merged(columns.values())
            if name not in columns:
                raise Unclear(f"{source.name} has no column {name}")
            return columns[name]
        if not isinstance(source.expression, exp.Query):  # unnest and the like
            return self._parts(source.expression, source)
        if name is None:
            return self._row(source)
        return self.output(source, self._place(source, name))

    def _row(self, scope: Scope) -> Origins:
        places = range(len(scope.expression.named_selects))
        return _merged(self.output(scope, place) for place in places)

    def _place(self, scope: Scope, name: str) -> int:
        names = scope.expression.named_selects
        if names.count(name) != 1:
            raise Unclear(f"{name} is not one of the columns {', '.join(names)}")
        return names.index(name)

    def _source(self, node: exp.Expr, scope: Scope) -> exp.Table | Scope:
        """What a column is read from, here or in the query around."""
        around: Scope | None = scope
        while around is not None:
            if (source := around.sources.get(_table_of(node) or node.name)) is not None:
                return source
            around = around.parent
        raise self._unclear(node)

    def _table(self, node: exp.Table) -> Table:
        key = (node.db, node.name)
        if key not in self.tables:
            raise Unclear(f"{node.sql(self.dialect)} is no model, seed or source")
        return self.tables[key]

    def _scope_of(self, node: exp.Expr, scope: Scope) -> Scope:
        query = node.unnest()
        for inner in scope.subquery_scopes:
            if inner.expression is query:
                return inner
        raise self._unclear(node)

    def _fields(self, node: exp.Expr, scope: Scope) -> list[Origins]:
        """The origins of JSON values: one for each path that is asked for."""
        document = self.value(node.this, scope)
        asked = node.expression
        paths = asked.expressions if isinstance(asked, exp.Array) else [asked]
        return [self._field(document, path) for path in paths]

    def _field(self, document: Origins, asked: exp.Expr) -> Origins:
        text = asked.name if isinstance(asked, exp.Literal) else asked.sql(self.dialect).strip("'")
        field = _FIELD.match(text)
        if field is None:
            return document
        return {
            self._field_of(origin, field[1]) if self._is_line(origin, path) else origin: path
            for origin, path in document.items()
        }

    def _field_of(self, line: Origin, field: str) -> Origin:
        """A field that no level is given for is direct."""
        (levels,) = [
            table.field_levels for table in self.tables.values()
            if line in table.columns.get(LINE, {}) and table.field_levels
        ]  # fmt: skip
        return line._replace(field=field, level=levels.get(field, "direct"))

    def _is_line(self, origin: Origin, path: Path) -> bool:
        """Whether it is a landed line as a whole, read in this very query."""
        return path == () and origin.field is None and any(
            origin in table.columns.get(LINE, {}) for table in self.tables.values()
            if table.field_levels
        )  # fmt: skip

    def _element(self, node: exp.Expr, place: int, scope: Scope) -> Origins:
        """The origins of an element of a list; a list of JSON values is looked into."""
        match node:
            case exp.Column(table=table) if table:
                source = self._source(node, scope)
                if isinstance(source, Scope) and isinstance(source.expression, exp.Query):
                    made = self._projections(source, self._place(source, node.name))
                    return _merged(self._element(part, place, inner) for part, inner in made)
            case exp.Alias() | exp.Paren():
                return self._element(node.this, place, scope)
            case exp.Case(this=None):
                branches = [(part.this, part.args["true"]) for part in node.args["ifs"]]
                default = node.args.get("default")
                conditions = [
                    self._cases(exp.If(this=condition), scope) for condition, _ in branches
                ]
                values = [value for _, value in branches] + ([default] if default else [])
                return _merged(
                    [*conditions, *(self._element(value, place, scope) for value in values)]
                )
            case exp.JSONExtract(expression=exp.Array()):
                return self._fields(node, scope)[place]
        return self.value(node, scope)

    def _is_keyed(self, node: exp.Anonymous, scope: Scope) -> bool:
        return len(node.expressions) == 2 and self._is_the_key(node.expressions[1], scope)

    def _is_the_key(self, node: exp.Expr, scope: Scope) -> bool:
        """Whether it is the pseudonym key's column as it stands, at most as bytes."""
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
        made = self._projections(source, self._place(source, node.name))
        return all(self._is_the_key(part, inner) for part, inner in made)

    def _unclear(self, node: exp.Expr) -> Unclear:
        return Unclear(f"cannot follow {node.sql(self.dialect)}")
