"""Which database, and how it is opened, locked and migrated: SQLite or PostgreSQL. Nothing here knows an ECT."""

import fcntl
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import apsw
from peewee import (
    SQL,
    CharField,
    Check,
    DatabaseProxy,
    DateTimeField,
    Field,
    InterfaceError,
    InternalError,
    Model,
    OperationalError,
    PostgresqlDatabase,
    SqliteDatabase,
    Value,
    fn,
)
from playhouse.apsw_ext import APSWDatabase, __exception_wrapper__
from playhouse.db_url import parse
from playhouse.migrations import Runner
from playhouse.pool import PooledDatabase, PooledPostgresqlDatabase

from clock import OWN, current_world, entered
from database.faults import PASSING, Fault, kind_of

TRIES = 5
PATIENCE = 3
"""Seconds that somebody waits for others who are writing, or for a server that is away."""
MAX_LOG = 16 * 1024 * 1024
"""Bytes of SQLite's write-ahead log that stay on the disk, however long it was."""
MIGRATIONS = Path(__file__).parent / "migrations"

db = DatabaseProxy()
log = logging.getLogger("service.database")

on_query: Callable[[str, float], None] | None = None
"""Is told of each query and how many seconds it took, if it is set."""


class Table(Model):
    class Meta:
        database = db
        legacy_table_names = False


DATES_IN_ORDER = Check('"finished_on" IS NULL OR "finished_on" >= "started_on"')


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


def world_database() -> Path:
    """OWN, or the SQLite file that this world is in. Raises InterfaceError where a world has none: what is meant for
    one must never land in another."""
    if file := current_world().database:
        return file
    raise InterfaceError("this world has no database")


class Watched:
    """Whose queries are timed, and refused where the connection was opened in another world."""

    def connect(self, reuse_if_open=False):
        if self.is_closed():
            self._state.opened_in = world_database()
        return super().connect(reuse_if_open)

    def execute_sql(self, sql, params=None):
        if not self.is_closed() and self._state.opened_in != current_world().database:
            raise InterfaceError("the connection is another world's")
        started = time.perf_counter()
        try:
            return super().execute_sql(sql, params)
        finally:
            if on_query:
                on_query(sql, time.perf_counter() - started)


class SqliteConnection(apsw.Connection):
    """A connection that knows which file it opened: the path may lead to another file by now."""

    def __init__(self, path: str, flags: int):
        # A plan is kept until so many queries were asked after it, and isn't made anew for each value asked with.
        super().__init__(path, flags=flags, statementcachesize=250)
        self.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        self.file = file_at(path)
        self.convert_binding = as_text


def as_text(_cursor, _number: int, value) -> str:
    """A day or a moment as SQLite is told it."""
    if isinstance(value, date):
        return str(value)
    raise TypeError(f"SQLite can't keep a {type(value).__name__}")


def file_at(path: str) -> tuple[int, int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


class WriteQueue:
    """Who may write to a SQLite database next. SQLite lets one write at a time; whoever must wait looks now and then
    whether they may, and among many somebody may have no luck for seconds. So the threads of a process queue, and so do
    the first ones of all processes, at a file beside the database's: the system wakes them."""

    def __init__(self, database: str):
        self.path = None if database == ":memory:" else f"{database}-turn"
        self.here = threading.Lock()
        self.file = None

    def enter(self, seconds: float) -> None:
        """Raises OperationalError after so many seconds behind others."""
        deadline = time.monotonic() + seconds
        if not self.here.acquire(timeout=seconds):
            raise Fault("busy", "others are writing")
        if self.path:
            try:
                self.file = Path(self.path).open("a")  # noqa: SIM115 - open for as long as it is this thread's turn
                self._lock(self.file.fileno(), deadline - time.monotonic())
            except OSError as error:
                self.leave()
                raise Fault("read-only", f"no turn to write: {error}") from error
            except OperationalError:
                self.leave()
                raise

    def _lock(self, file: int, seconds: float) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # A process that dies gives its lock back, and one that is stopped keeps it. So somebody else waits for it,
            # and this thread for them; a lock that comes too late ends with the file, which is closed by then.
            waiting = threading.Thread(target=fcntl.flock, args=(file, fcntl.LOCK_EX), daemon=True)
            waiting.start()
            waiting.join(max(seconds, 0))
            if waiting.is_alive():
                raise Fault("busy", "another process is writing") from None

    def leave(self) -> None:
        if self.file:
            self.file = self.file.close()
        self.here.release()


class _OpenedBesideOthers:
    """Opening a connection keeps nobody from one that is there: a server that is away takes seconds to be found out."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # What Peewee keeps by it is each thread's own.
        self._lock = nullcontext()

    def _connect(self):
        self._pool_lock.release()
        try:
            return super()._connect()
        finally:
            self._pool_lock.acquire()


class SqliteFile(APSWDatabase):
    """SQLite in a file of its own, by the release of it that APSW brings."""

    must_exist = False
    """Whether a file that is missing is an error. Otherwise SQLite makes an empty one."""

    def _connect(self) -> SqliteConnection:
        return self.connection_to(self.database, must_exist=self.must_exist)

    def connection_to(self, file: Path | str, *, must_exist: bool) -> SqliteConnection:
        flags = apsw.SQLITE_OPEN_READWRITE | (0 if must_exist else apsw.SQLITE_OPEN_CREATE)
        connection = SqliteConnection(str(file), flags)
        try:
            connection.set_busy_timeout(int(self._timeout * 1000))
            self._add_conn_hooks(connection)
        except Exception:
            connection.close()
            raise
        return connection

    def commit(self):
        # APSWDatabase's says nothing where SQLite has taken the transaction back by itself, as on a full disk.
        return SqliteDatabase.commit(self)


class _Sqlite(_OpenedBesideOthers, SqliteFile):
    pass


class _Postgresql(_OpenedBesideOthers, PostgresqlDatabase):
    pass


class Sqlite(Watched, PooledDatabase, _Sqlite):  # ty: ignore[incompatible-method-override] - Peewee's own bases
    """SQLite in its own file, or in the one that the present world is in. Connections to those are not kept."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.write_queue = WriteQueue(self.database)

    def _connect(self):
        file = world_database()
        # One that is gone must not come back as an empty file.
        return super()._connect() if file == OWN else self.connection_to(file, must_exist=True)

    def _add_conn_hooks(self, conn):
        super()._add_conn_hooks(conn)
        if world_database() == OWN:
            # Whoever reads holds up nobody who commits. Other worlds' files, which are copied, have no log beside them.
            with suppress(apsw.BusyError):  # the release before is still serving: the next connection tries again
                conn.execute("PRAGMA journal_mode = wal")

    def _close(self, conn, close_conn=False):
        if self.conn_key(conn) in self._in_use:
            super()._close(conn, close_conn)
        else:
            conn.close()

    def _is_closed(self, conn):
        return conn.file != file_at(self.database)

    def _can_reuse(self, conn):
        return not conn.in_transaction

    def begin(self, lock_type=None):
        self._state.has_turn = world_database() == OWN  # to other files hardly anybody writes at once
        if self._state.has_turn:
            self.write_queue.enter(self._timeout)
        try:
            super().begin(lock_type)
        except Exception:
            self._leave_queue()
            raise

    def commit(self):
        super().commit()  # where this fails, rollback() follows
        self._leave_queue()

    def rollback(self):
        try:
            super().rollback()
        finally:
            self._leave_queue()

    def _leave_queue(self) -> None:
        if self._state.has_turn:
            self.write_queue.leave()


class Postgresql(Watched, PooledPostgresqlDatabase, _Postgresql):  # ty: ignore[incompatible-method-override]
    replica: "Postgresql | None" = None
    """A server that follows this one, for reads that may be a moment late."""
    reading: "Postgresql | None" = None
    """The same servers, whether they can be written to or not: for looking, while none can."""

    def read_from_replica(self) -> None:
        """Whatever this thread asks until its connection is closed, the replica answers, if there is one and it is
        there."""
        if not self.replica:
            return
        self.close()
        self._state.from_replica = True
        try:
            self.connect()
            self.execute_sql("SELECT 1")  # a connection that was kept doesn't know that the server has gone
            return
        except OperationalError as error:
            log.warning("the replica does not answer: %s", type(error).__name__)
            self.close()
        finally:
            self._state.from_replica = False
        self.connect()

    def execute_sql(self, sql, params=None):
        try:
            return super().execute_sql(sql, params)
        except InternalError as error:
            # Among errors of the server's own, the driver counts some that pass: all others know them as such.
            if kind_of(error) in PASSING:
                raise OperationalError(error.orig) from error
            raise

    def _connect(self):
        if world_database() != OWN:
            raise InterfaceError("only SQLite has other worlds")
        if self.replica and getattr(self._state, "from_replica", False):
            return self.replica._connect()
        try:
            return super()._connect()
        except Exception as error:
            if not self.reading or "session is read-only" not in str(error):
                raise
            log.warning("no server can be written to")
            return self.reading._connect()

    def _close(self, conn, close_conn=False):
        if self.replica and self.replica.conn_key(conn) in self.replica._in_use:
            return self.replica._close(conn, close_conn)
        if self.reading and self.reading.conn_key(conn) in self.reading._in_use:
            # Not kept: the next one may be writable again.
            return self.reading._close(conn, close_conn=True)
        return super()._close(conn, close_conn)


def read_from_replica() -> None:
    if is_postgresql():
        db.obj.read_from_replica()


def open_database(url: str, replica_url: str | None = None):
    """The database at `sqlite:///path` or `postgresql://…`, and the server that follows it. Not connected yet."""
    database = _open(url, "read-write")
    if not url.startswith("sqlite:"):
        database.reading = _open(url, "any")
    if replica_url:
        database.replica = _open(replica_url, "any")
    return database


def _open(url: str, target: str):
    settings = parse(url)
    if url.startswith("sqlite:"):
        database = Sqlite(
            settings["database"],
            # Every transaction writes: begun as a reader's it would be refused at once while somebody else is writing.
            lock_type="IMMEDIATE",
            autoconnect=False,
            pragmas={"synchronous": "extra", "journal_size_limit": MAX_LOG, "foreign_keys": 1, "recursive_triggers": 1},
        )
        database.timeout = PATIENCE  # the pool takes the argument of this name for another one
        return database
    return Postgresql(
        settings.pop("database"),
        **settings,
        prefer_psycopg3=True,
        autoconnect=False,
        # No most: each thread has one.
        stale_timeout=300,
        connect_timeout=PATIENCE,
        target_session_attrs=target,
        options=f"-c lock_timeout={PATIENCE}s -c statement_timeout=10s -c idle_in_transaction_session_timeout=15s",
    )


@contextmanager
def elsewhere(file: Path | None):
    """Inside, the database is this SQLite file, and the service's own can't be opened. None: no database is, until
    another world is entered."""
    own = db.obj
    db.initialize(open_database("sqlite:///:memory:"))
    try:
        with entered(replace(current_world(), database=file)):
            yield
    finally:
        db.initialize(own)


def overwrite_with(file: Path) -> None:
    """The database, which is SQLite, becomes what is in this file, all at once and while it is used. Not by putting the
    file in its place: the log that is left beside it would be applied to the wrong database."""
    db.obj.write_queue.enter(PATIENCE)
    try:
        with (
            __exception_wrapper__,
            closing(apsw.Connection(str(file))) as source,
            db.connection().backup("main", source, "main") as copy,
        ):
            copy.step()
    finally:
        db.obj.write_queue.leave()


def is_postgresql() -> bool:
    return isinstance(db.obj, PostgresqlDatabase)


@contextmanager
def snapshot():
    """What is read inside is of one moment, however many queries that takes. Nothing can be written."""
    db.execute_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if is_postgresql() else "BEGIN")
    try:
        yield
    finally:
        db.execute_sql("ROLLBACK")


def tried_again(act: Callable):
    """What `act`, one transaction, returns. Where two of them waited for each other, the database has taken one back:
    it is tried again."""
    for _ in range(TRIES - 1):
        try:
            return act()
        except OperationalError as error:
            if kind_of(error) != "deadlock":
                raise
            log.warning("tried again after a deadlock")
    return act()


def save_if_possible(row: Model, column: Field) -> None:
    """Save this column, of what is only noted: a database that can't be written to keeps nobody from looking."""
    try:
        row.save(only=[column])
    except OperationalError as error:
        log.warning("not noted: %s, %s", column.name, type(error).__name__)


def advisory_lock(name: str) -> None:
    """Until this transaction ends nobody else holds a lock of this name. On SQLite that is true of every transaction
    anyway."""
    if is_postgresql():
        db.execute_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (name,))


def skip_locked(query):
    """The rows of this query that nobody else holds, for this transaction alone. On SQLite nobody else can hold any."""
    return query.for_update("FOR UPDATE SKIP LOCKED") if is_postgresql() else query


def among(column, ids: Iterable[int] | Value):
    """The condition that a column is one of many numbers, sent as one value: writing them all out takes longer than
    looking them up. `ids` may be a prepared query's parameter."""
    value = ids.value if isinstance(ids, Value) else ids_parameter(ids)
    if is_postgresql():
        return column == fn.ANY(Value(value, converter=False, unpack=False))
    return column << SQL("(SELECT value FROM json_each(?))", [value])


def ids_parameter(ids: Iterable[int]) -> list[int] | str:
    """Many ids as one parameter of a query: an array on PostgreSQL, JSON on SQLite."""
    return list(ids) if is_postgresql() else json.dumps(list(ids))


def migrate(database=db, migrations: Path = MIGRATIONS) -> list[str]:
    """Bring the database up to date. Returns the names of the migrations that it ran, safe to call from anywhere.

    On PostgreSQL an advisory lock, and on SQLite the database's own write lock, keeps a second runner waiting.
    """
    if database is db and current_world().database == OWN:
        db.obj.must_exist = False
    if database is db and is_postgresql():
        with db.connection_context():
            db.execute_sql("SELECT pg_advisory_lock(20260420)")
            try:
                # A role that may not change tables can find that there is nothing to change.
                return [] if is_up_to_date() else Runner(db.obj, str(MIGRATIONS)).up()
            finally:
                db.execute_sql("SELECT pg_advisory_unlock(20260420)")
    with database.connection_context(), database.atomic():
        return Runner(getattr(database, "obj", database), str(migrations)).up()


def is_up_to_date() -> bool:
    return all(migration.applied for migration in Runner(db.obj, str(MIGRATIONS)).status())


def has_unknown_migrations() -> bool:
    """Whether a later release has migrated this database."""
    return any(migration.path is None for migration in Runner(db.obj, str(MIGRATIONS)).status())
