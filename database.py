"""Which database, how it is opened and migrated, and the guards that a table's columns can't express.

Everything here works on SQLite and on PostgreSQL; nothing here knows what an ECT is (that is models.py).
"""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from peewee import (
    SQL,
    CharField,
    Check,
    DatabaseProxy,
    DateTimeField,
    InterfaceError,
    Model,
    PostgresqlDatabase,
    Value,
    fn,
)
from playhouse.db_url import parse
from playhouse.migrations import Runner
from playhouse.pool import PooledPostgresqlDatabase, PooledSqliteDatabase

MIGRATIONS = Path(__file__).parent / "migrations"

db = DatabaseProxy()
_sandbox: ContextVar[Path | None] = ContextVar("sandbox", default=None)


class Table(Model):
    class Meta:
        database = db
        legacy_table_names = False


class WordsField(CharField):
    """Text whose greatest length, and whose choices where it has any, the database enforces on every engine."""

    def __init__(self, *choices: str, max_length: int = 255, **kwargs):
        self.allowed = choices
        super().__init__(max_length=max_length, **kwargs)

    def bind(self, model, name, set_attribute=True):
        super().bind(model, name, set_attribute)
        if self.allowed:
            rule = f'"{self.column_name}" IN ({", ".join(map(repr, self.allowed))})'
        else:
            rule = f'length("{self.column_name}") <= {self.max_length}'
        self.constraints = [Check(rule)]


class MomentField(DateTimeField):
    """A timezone-aware moment, stored in UTC."""

    def db_value(self, value):
        return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value

    def python_value(self, value):
        value = super().python_value(value)
        return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


class SandboxConnection(sqlite3.Connection):
    """To a file that the context has chosen. Kept for nobody else."""


class SqliteFile(PooledSqliteDatabase):
    """SQLite in the file that the context has chosen (see `in_sandbox`), otherwise in its own. With `only_sandboxes` it
    refuses to open without a choice: what is meant for a sandbox must never land anywhere else."""

    only_sandboxes = False

    def _connect(self):
        chosen = _sandbox.get()
        if not chosen and self.only_sandboxes:
            raise InterfaceError("no sandbox was chosen")
        if not chosen or str(chosen) == self.database:
            return super()._connect()
        # A sandbox that is gone must not come back as an empty file.
        address = f"file:{quote(str(chosen))}?mode=rw"
        connection = sqlite3.connect(
            address, timeout=self._timeout, isolation_level=None, uri=True, factory=SandboxConnection
        )
        try:
            self._add_conn_hooks(connection)
        except Exception:
            connection.close()
            raise
        return connection

    def _close(self, conn, close_conn=False):
        if isinstance(conn, SandboxConnection):
            conn.close()
        else:
            super()._close(conn, close_conn)


def choose(path: Path) -> None:
    """Connections that are opened from now on are to this SQLite file, in this thread and nowhere else."""
    _sandbox.set(path)


def is_chosen() -> bool:
    return _sandbox.get() is not None


@contextmanager
def in_sandbox(path: Path):
    """The same for what is done inside."""
    token = _sandbox.set(path)
    try:
        yield
    finally:
        _sandbox.reset(token)


def open_database(url: str):
    """The database at `sqlite:///path` or `postgresql://…`. Not connected yet."""
    settings = parse(url)
    if url.startswith("sqlite:"):
        return SqliteFile(
            settings["database"],
            # A pool hands a thread's connection to another thread later.
            check_same_thread=False,
            timeout=5,
            # Every transaction here writes. Starting it as a reader would have it refused at once when somebody
            # else is writing, instead of waiting for its turn.
            lock_type="IMMEDIATE",
            autoconnect=False,
            pragmas={**_journal(), "foreign_keys": 1, "recursive_triggers": 1},
        )
    return PooledPostgresqlDatabase(
        settings.pop("database"),
        **settings,
        prefer_psycopg3=True,
        autoconnect=False,
        max_connections=20,
        timeout=5,
        stale_timeout=300,
        connect_timeout=3,
        target_session_attrs="read-write",
        options="-c lock_timeout=3000 -c statement_timeout=10000 -c idle_in_transaction_session_timeout=15000",
    )


def _journal() -> dict[str, str]:
    """The fastest settings that lose nothing on this SQLite: write-ahead logging has a bug in older releases."""
    version = sqlite3.sqlite_version_info
    is_fixed = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return (
        {"journal_mode": "wal", "synchronous": "full"}
        if is_fixed
        else {
            "journal_mode": "delete",
            "synchronous": "extra",
        }
    )


def is_postgresql() -> bool:
    return isinstance(db.obj, PostgresqlDatabase)


def hold(what: str, *, shared: bool = False) -> None:
    """Until this transaction ends nobody else holds `what`, or only others who hold it shared too. On SQLite that is
    true of every transaction anyway."""
    if is_postgresql():
        db.execute_sql(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(hashtext(%s))", (what,))


def among(column, ids: Iterable[int] | Value):
    """The condition that a column is one of many numbers, sent as one value: writing them all out takes longer than
    looking them up. `ids` may be the place of what numbers() makes."""
    value = ids.value if isinstance(ids, Value) else numbers(ids)
    if is_postgresql():
        return column == fn.ANY(Value(value, converter=False, unpack=False))
    return column << SQL("(SELECT value FROM json_each(?))", [value])


def numbers(ids: Iterable[int]) -> list[int] | str:
    """Many numbers as one value for the database."""
    return list(ids) if is_postgresql() else json.dumps(list(ids))


def migrate(database=db, migrations: Path = MIGRATIONS) -> list[str]:
    """Bring the database up to date. Returns the names of the migrations that it ran, safe to call from anywhere.

    On PostgreSQL an advisory lock, and on SQLite the database's own write lock, keeps a second runner waiting.
    """
    if database is db and is_postgresql():
        with db.connection_context():
            db.execute_sql("SELECT pg_advisory_lock(20260420)")
            try:
                return Runner(db.obj, str(MIGRATIONS)).up()
            finally:
                db.execute_sql("SELECT pg_advisory_unlock(20260420)")
    with database.connection_context(), database.atomic():
        return Runner(getattr(database, "obj", database), str(migrations)).up()


def is_up_to_date() -> bool:
    return all(migration.applied for migration in Runner(db.obj, str(MIGRATIONS)).status())


# --- guards: SQL for both engines, used by the migrations and by guards.py ---------------------------------


def no_overlap(table: str, *keys: str, where: str = "TRUE", name: str | None = None) -> list[str]:
    """No two rows with the same `keys`, among those `where`, have a day in common. `where` prefixes columns
    with `{row}`."""
    name = name or f"{table}_no_overlap"
    if is_postgresql():
        # A one-number range stands for the number: it needs no extension, as "=" in a GiST index would.
        same = "".join(f"int8range({key}, {key}, '[]') WITH &&, " for key in keys)
        return [
            f'ALTER TABLE "{table}" ADD CONSTRAINT {name} EXCLUDE USING gist '
            f"({same}daterange(started_on, finished_on, '[]') WITH &&) WHERE ({where.replace('{row}.', '')})"
        ]
    same = "".join(f"other.{key} = NEW.{key} AND " for key in keys)
    rule = (
        f"SELECT RAISE(ABORT, '{name}') WHERE {where.replace('{row}', 'NEW')} AND EXISTS (SELECT 1 FROM \"{table}\" "
        f"other WHERE {same}{where.replace('{row}', 'other')} "
        "AND other.started_on <= coalesce(NEW.finished_on, '9999-12-31') "
        "AND coalesce(other.finished_on, '9999-12-31') >= NEW.started_on"
    )
    return [
        f'CREATE TRIGGER {name}_insert BEFORE INSERT ON "{table}" BEGIN {rule}); END',
        f'CREATE TRIGGER {name}_update BEFORE UPDATE ON "{table}" BEGIN {rule} AND other.rowid <> NEW.rowid); END',
    ]


def one_of(table: str, *columns: str, where: str, name: str) -> list[str]:
    """At most one row with the same `columns` among those `where`."""
    return [f'CREATE UNIQUE INDEX {name} ON "{table}" ({", ".join(columns)}) WHERE {where}']


def append_only(table: str) -> list[str]:
    """Rows may be added to `table`, never changed or deleted."""
    if not is_postgresql():
        return [
            f'CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON "{table}" '
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for act in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'check_violation'; END $$",
        f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON "{table}" '
        f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()",
    ]


def after(name: str, change: str, table: str, body: str) -> list[str]:
    """Does `body` after each row's `change` (INSERT, UPDATE OF …, DELETE), which it knows as NEW or OLD."""
    if not is_postgresql():
        return [f'CREATE TRIGGER {name} AFTER {change} ON "{table}" BEGIN {body} END']
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$",
        f'CREATE TRIGGER {name} AFTER {change} ON "{table}" FOR EACH ROW EXECUTE FUNCTION {name}()',
    ]
