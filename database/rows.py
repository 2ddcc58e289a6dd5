"""Rows as JSON: queries whose SQL is written once and whose rows are JSON objects inside JSON objects, made by the
database; and the instances of models that are made of them. Which rows belong together is in domain/queries.py."""

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
class Place:
    """Where the value with this number goes in a query that is written once."""

    number: int


class PreparedQuery:
    """A query whose SQL is written once for each kind of database. Writing it takes peewee longer than the database
    takes to answer. `build` makes it from the places of its values; calling this gives the rows, their JSON read."""

    def __init__(self, build: Callable[..., Query]):
        self.build = build
        self.written: dict[bool, tuple[str, list]] = {}

    def __call__(self, *values) -> list[tuple]:
        key = is_postgresql()
        if key not in self.written:
            self.written[key] = self.build(
                *(Value(Place(number), converter=False) for number in range(len(values)))
            ).sql()
        sql, params = self.written[key]
        cursor = db.execute_sql(sql, [values[each.number] if isinstance(each, Place) else each for each in params])
        return [tuple(map(read, row)) for row in cursor.fetchall()]


def read(value):
    """JSON that SQLite gives as text, PostgreSQL's driver has read already."""
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value


def as_json(table: type[Table] | ModelAlias, *, only: Iterable[str] = (), **inside):
    """A row as a JSON object: field → value, with `inside` instead of or besides its own."""
    model = getattr(table, "model", table)
    names = only or [field.name for field in model._meta.sorted_fields if field.name not in inside]
    pairs = {name: getattr(table, name) for name in names} | inside
    make = fn.json_build_object if is_postgresql() else fn.json_object
    return make(*(part for name, value in pairs.items() for part in (SQL(f"'{name}'"), value)))


def as_list(query: Query, each) -> Query:
    """The rows of this query as a JSON list."""
    if is_postgresql():
        return query.select(fn.COALESCE(fn.json_agg(each), SQL("'[]'::json")))
    return query.select(fn.json_group_array(each))


def if_any(key, row):
    """This JSON object of a row that a join may not have found; `key` is its key."""
    return Case(None, [(key.is_null(False), row)])


def from_json(model: type[Table], told: dict) -> Table:
    """The instance that this JSON object tells of, with the instances inside it. Lists of them are back references;
    what is neither a field nor a back reference stays an attribute, as JSON has it."""
    instance = model(__no_default__=1)
    data, fields, ways = instance.__data__, model._meta.fields, readers(model)
    for name, value in told.items():
        if name in ways and value is not None:
            ways[name](instance, value)
        elif name in fields:
            data[name] = value
        else:
            instance.__dict__[name] = value
    return instance


@cache
def readers(model: type[Table]) -> dict[str, Callable]:
    """Field or back reference → what puts its value into an instance. Values that are as JSON has them aren't in it."""
    fields = {name: reader(field) for name, field in model._meta.fields.items() if type(field) in READERS}
    lists = {field.backref: back_reader(field) for field in model._meta.backrefs if field.backref != "+"}
    return fields | lists


def reader(field) -> Callable:
    name, read = field.name, READERS[type(field)]

    def put(instance, value):
        instance.__data__[name] = read(value)

    def put_related(instance, value):
        if isinstance(value, dict):
            value = instance.__rel__[name] = from_json(field.rel_model, value)
            value = value.__data__[field.rel_field.name]
        instance.__data__[name] = value

    return put_related if isinstance(field, ForeignKeyField) else put


def back_reader(field) -> Callable:
    def put(instance, value):
        others = [from_json(field.model, each) for each in value]
        for other in others:
            other.__rel__[field.name] = instance
            other.__data__[field.name] = instance.__data__[field.rel_field.name]
        instance.__dict__[field.backref] = others

    return put


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


READERS = {
    MomentField: moment,
    DateField: date.fromisoformat,
    UUIDField: uuid.UUID,
    BooleanField: bool,
    JSONField: read,
    ForeignKeyField: None,
}
