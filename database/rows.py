"""Queries whose SQL is written once. Rows as JSON objects inside JSON objects, made by the database, and the instances
of models that are made of them: which rows belong together is in domain/queries.py."""

import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

from peewee import (
    SQL,
    BooleanField,
    Case,
    DateField,
    ForeignKeyField,
    JSONField,
    ModelAlias,
    Query,
    UUIDField,
    Value,
    fn,
)

from database import MomentField, Table, db, is_postgresql


@dataclass(frozen=True)
class Parameter:
    """Stands in a query for the value that will be passed with this number."""

    number: int


class PreparedQuery:
    """A query whose SQL is compiled once for each engine: compiling takes Peewee longer than the database takes to
    answer. `build` takes the parameters and returns the query; calling this with values returns the rows, their JSON
    parsed."""

    def __init__(self, build: Callable[..., Query]):
        self.build = build
        self.compiled: dict[bool, tuple[str, list]] = {}

    def __call__(self, *values) -> list[tuple]:
        return [tuple(map(parsed_json, row)) for row in self.raw(*values)]

    def raw(self, *values) -> list[tuple]:
        """The rows as the engine gives them."""
        key = is_postgresql()
        if key not in self.compiled:
            self.compiled[key] = self.build(
                *(Value(Parameter(number), converter=False) for number in range(len(values)))
            ).sql()
        sql, params = self.compiled[key]
        values = [values[each.number] if isinstance(each, Parameter) else each for each in params]
        return db.execute_sql(sql, values).fetchall()


def insert(*rows: Table, unique: Iterable[str] = ()) -> None:
    """Insert these rows of one table, which get their ids. Where there is one with the same in these `unique` fields,
    that becomes like it."""
    _, *fields = rows[0]._meta.sorted_fields
    values = [(field, row.__data__.get(field.name)) for row in rows for field in fields]
    written = [json.dumps(value) if isinstance(field, JSONField) else field.db_value(value) for field, value in values]
    ids = inserting(type(rows[0]), tuple(unique), len(rows)).raw(*written)
    for row, (id_,) in zip(rows, sorted(ids), strict=True):  # numbered in their order, and returned in any
        row.id = id_


@cache
def inserting(table: type[Table], unique: tuple[str, ...], _count: int) -> PreparedQuery:
    """Inserts so many rows of these values, and returns their ids."""
    id_field, *fields = table._meta.sorted_fields

    def build(*values):
        starts = range(0, len(values), len(fields))
        query = table.insert_many([dict(zip(fields, values[start:], strict=False)) for start in starts])
        key, others = [getattr(table, name) for name in unique], [each for each in fields if each.name not in unique]
        query = query.on_conflict(conflict_target=key, preserve=others) if key else query
        return query.returning(id_field)

    return PreparedQuery(build)


def parsed_json(value):
    """SQLite returns JSON as text; PostgreSQL's driver has parsed it already."""
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value


def json_object(table: type[Table] | ModelAlias, *, only: Iterable[str] = (), **inside):
    """A row as a JSON object: field → value, with `inside` instead of or besides its own."""
    model = getattr(table, "model", table)
    names = only or [field.name for field in model._meta.sorted_fields if field.name not in inside]
    pairs = {name: getattr(table, name) for name in names} | inside
    if not is_postgresql():
        # SQLite doesn't promise that JSON out of a subquery or a CASE is still known for JSON; since 3.54 some isn't.
        pairs = {name: fn.json(value) if isinstance(value, Query | Case) else value for name, value in pairs.items()}
    make = fn.json_build_object if is_postgresql() else fn.json_object
    return make(*(part for name, value in pairs.items() for part in (SQL(f"'{name}'"), value)))


def json_array(query: Query, each) -> Query:
    """The rows of this query as a JSON list."""
    if is_postgresql():
        return query.select(fn.COALESCE(fn.json_agg(each), SQL("'[]'::json")))
    return query.select(fn.json_group_array(each))


def json_or_null(key, row):
    """This JSON object, or null where an outer join found no row; `key` is the row's primary key."""
    return Case(None, [(key.is_null(False), row)])


def from_json(model: type[Table], row: dict) -> Table:
    """A model instance made from a JSON object, with the instances nested in it. Lists become back references; any
    other key becomes a plain attribute with the JSON value."""
    instance = model(__no_default__=1)
    data, fields, set_value = instance.__data__, model._meta.fields, setters(model)
    for name, value in row.items():
        if name in set_value and value is not None:
            set_value[name](instance, value)
        elif name in fields:
            data[name] = value
        else:
            instance.__dict__[name] = value
    return instance


@cache
def setters(model: type[Table]) -> dict[str, Callable]:
    """Field or back reference → the function that sets it on an instance. Fields that need no conversion aren't in
    it."""
    fields = {name: setter(field) for name, field in model._meta.fields.items() if type(field) in CONVERTERS}
    lists = {field.backref: back_reference_setter(field) for field in model._meta.backrefs if field.backref != "+"}
    return fields | lists


def setter(field) -> Callable:
    name, convert = field.name, CONVERTERS[type(field)]

    def set_value(instance, value):
        instance.__data__[name] = convert(value)

    def set_related(instance, value):
        if isinstance(value, dict):
            value = instance.__rel__[name] = from_json(field.rel_model, value)
            value = value.__data__[field.rel_field.name]
        instance.__data__[name] = value

    return set_related if isinstance(field, ForeignKeyField) else set_value


def back_reference_setter(field) -> Callable:
    def set_list(instance, value):
        others = [from_json(field.model, each) for each in value]
        for other in others:
            other.__rel__[field.name] = instance
            other.__data__[field.name] = instance.__data__[field.rel_field.name]
        instance.__dict__[field.backref] = others

    return set_list


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


CONVERTERS = {
    MomentField: moment,
    DateField: date.fromisoformat,
    UUIDField: uuid.UUID,
    BooleanField: bool,
    JSONField: parsed_json,
    ForeignKeyField: lambda value: value,
}
