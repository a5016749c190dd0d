"""
Decider: statements as a driver takes them, each compiled once for each kind of database.

Statements are written in SQLAlchemy Core, and the types of their columns turn values into what the
driver takes and back. What is left out is what SQLAlchemy does anew for each execution, which is
most of what a small statement costs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from core.jobs.store.tables import (
    Instant,
    PlainText,
    instant_from_text,
    instant_to_text,
    text_to_keep,
)

Values = Mapping[str, Any]
Statement = sa.Select[*tuple[Any, ...]] | sa.Insert | sa.Update
_Processor = Callable[[Any], Any]

_VALUES = re.compile(r"(?P<head>.+ VALUES )(?P<row>\(.+\))(?P<tail>[^()]*)", re.DOTALL)
_EMPTY_JSON: Mapping[type, str] = {list: "[]", dict: "{}"}
_FORMS: dict[tuple[Statement, str], Form] = {}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Form:
    """A statement in the words of one kind of database; its values go by position."""

    text: str
    names: tuple[str, ...]
    """Which value goes to each position."""
    fixed: Values
    """Values that are part of the statement itself."""
    to_driver: tuple[tuple[int, _Processor], ...]
    """What turns a value into the driver's, for the positions that need it."""
    columns: tuple[str, ...]
    """What the statement gives."""
    from_driver: tuple[tuple[int, _Processor], ...]
    texts_for_many: dict[int, str] = field(default_factory=dict)

    def parameters(self, values: Values) -> list[Any]:
        """Return what the driver takes for `values`; each name of the statement is among them."""
        given = {**self.fixed, **values} if self.fixed else values
        found = [given[name] for name in self.names]
        for position, process in self.to_driver:
            found[position] = process(found[position])
        return found

    def row(self, found: Sequence[Any]) -> dict[str, Any]:
        """Return a row of the driver's by the names of its columns."""
        values = list(found)
        for position, process in self.from_driver:
            values[position] = process(values[position])
        return dict(zip(self.columns, values, strict=True))

    def text_for(self, rows: int) -> str:
        """Return the text of an INSERT of so many rows."""
        if rows not in self.texts_for_many:
            parts = _VALUES.fullmatch(self.text)
            assert parts, "only an INSERT of values takes many rows"
            listed = ", ".join([parts["row"]] * rows)
            self.texts_for_many[rows] = parts["head"] + listed + parts["tail"]
        return self.texts_for_many[rows]


def form_for(statement: Statement, dialect: Dialect) -> Form:
    """Return the form of a statement, which is kept: so only for statements that are made once."""
    form = _FORMS.get((statement, dialect.name))
    if form is None:
        form = _FORMS[statement, dialect.name] = _formed(statement, dialect)
    return form


def _formed(statement: Statement, dialect: Dialect) -> Form:
    kind: Callable[..., Dialect] = type(dialect)
    style = "qmark" if dialect.paramstyle == "qmark" else "format"
    compiled = statement.compile(dialect=kind(paramstyle=style))
    assert isinstance(compiled, SQLCompiler)
    names = tuple(compiled.positiontup or ())
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    columns = {str(name): column for name, column in statement.exported_columns.items()}
    return Form(
        text=str(compiled),
        names=names,
        fixed={name: binds[name].value for name in names if not binds[name].required},
        to_driver=_needed(_to_driver(binds[name].type, dialect) for name in names),
        columns=tuple(columns),
        from_driver=_needed(_from_driver(each.type, dialect) for each in columns.values()),
    )


def _to_driver(kind: sa.types.TypeEngine[Any], dialect: Dialect) -> _Processor | None:
    """Return what SQLAlchemy would use; for our own types the same without its layers."""
    if isinstance(kind, PlainText):
        return text_to_keep
    if isinstance(kind, Instant) and dialect.name == "sqlite":
        return instant_to_text
    process = kind.dialect_impl(dialect).bind_processor(dialect)
    if process is not None and isinstance(kind, sa.JSON) and dialect.name == "sqlite":
        return _json_to_text(process)
    return process


def _json_to_text(process: _Processor) -> _Processor:
    """Return a processor of JSON that knows how an empty list reads: five columns of a new job."""

    def text(value: object) -> object:
        return (None if value else _EMPTY_JSON.get(type(value))) or process(value)

    return text


def _from_driver(kind: sa.types.TypeEngine[Any], dialect: Dialect) -> _Processor | None:
    if isinstance(kind, Instant) and dialect.name == "sqlite":
        return instant_from_text
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _needed(processors: Iterable[_Processor | None]) -> tuple[tuple[int, _Processor], ...]:
    return tuple((position, each) for position, each in enumerate(processors) if each)
