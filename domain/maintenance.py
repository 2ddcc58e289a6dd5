"""What whoever runs the service asks of it: is it well, is the data right, a copy of it, and the copy back."""

import gzip
import os
import re
import shutil
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import apsw
from peewee import DatabaseError, InterfaceError, OperationalError

import settings
from clock import now
from database import (
    db,
    elsewhere,
    has_unknown_migrations,
    is_postgresql,
    is_up_to_date,
    migrate,
    overwrite_with,
    snapshot,
)
from database.faults import kind_of, what_to_do
from domain import changes, data_checks
from models import TABLES, ApiToken, LeadProvider, Purpose, SignIn, SupportUser

LEAST_FREE = 200 * 1024 * 1024
"""Bytes of disk. What a year of the whole country takes is less."""

OTHER_PEOPLE = {
    "real": "The database is a demo’s or a study’s, with invented people. Use another, or say what it is: flask people",
    "invented": "The database has real people in it, so neither DEMO nor RESEARCH may be on. Use another.",
}
"""What is said where whose data these must be isn't whose they are."""


class NotPossible(Exception):
    """What was asked for can't be done; nothing was changed. The message says why."""


# --- is it well? -------------------------------------------------------------------------------------------


WRITING = {"clock": "the clock is behind the latest change"}
"""A kind of fault → what is said of writing, where it isn't the kind itself."""


def database_state() -> dict[str, str]:
    """Of the database, by reading every table: what it says of itself, and whether it could be written to."""
    for table in TABLES:
        table.select().limit(1).execute()
    return {
        "database": "answers",
        "migrations": "applied" if is_up_to_date() else "missing",
        "writing": write_obstacle() or "possible",
    }


def write_obstacle() -> str | None:
    """What keeps the database from being written to: found by trying, which changes nothing, or soon to come."""
    try:
        with db.atomic() as transaction:
            changes.updated_at()
            transaction.rollback()
    except (OperationalError, InterfaceError) as error:
        return WRITING.get(kind := kind_of(error), kind)
    folder = None if is_postgresql() else Path(db.obj.database).parent
    return "disk nearly full" if folder and shutil.disk_usage(folder).free < LEAST_FREE else None


def reasons_not_to_start(config: Mapping) -> list[str]:
    """Why the service must not be started on this database. A database that doesn't answer is no reason: it may."""
    if not is_postgresql() and not Path(db.obj.database).exists():
        return ["The database’s file is missing. Put it back, or make an empty one: flask migrate"]
    try:
        with db.connection_context():
            if has_unknown_migrations():
                return ["The database was made by a later release of this service. Run that one."]
            if not is_up_to_date():
                return ["The database is not up to date. Run: flask migrate"]
            if people() not in (None, wanted := people_wanted(config)):
                return [OTHER_PEOPLE[wanted]]
    except (OperationalError, InterfaceError):
        pass
    except DatabaseError as error:
        return [what_to_do(error)]
    finally:
        db.obj.close_idle()  # who asks may be about to fork
    return []


def people() -> str | None:
    """Whose data these are: `real` people's or `invented` ones. None where nobody has said it yet."""
    return Purpose.select(Purpose.people).scalar()


def say_whose_data_these_are(people: str) -> None:
    with db.atomic():
        Purpose.delete().execute()
        Purpose.create(people=people)


def people_wanted(config: Mapping) -> str:
    """With whose data this deployment is for."""
    return "invented" if config["DEMO"] or config["RESEARCH"] else "real"


def warnings(config: Mapping) -> list[str]:
    """What is wrong with this deployment though the service would start with it. Each line says what to do."""
    try:
        with db.connection_context():
            found = [f"Nothing can be written to the database: {problem}."] if (problem := write_obstacle()) else []
            found += _postgresql_warnings(config) if is_postgresql() else _sqlite_warnings()
            is_for_real = config["SUPPORT"] and not config["DEMO"]
            if is_for_real and not SupportUser.select().where(SupportUser.is_allowed).exists():
                found.append("SUPPORT is on, and nobody is let in. Let somebody in: flask support allow EMAIL")
    except (OperationalError, InterfaceError) as error:
        found = [f"The database does not answer: {error}"]
    if not (Path(__file__).parent.parent / "static" / "vendor" / "htmx.esm.min.js").exists():
        found.append("static/vendor is empty, so pages are unstyled. Run: python3 run.py set-up")
    if not config["DEMO"] and config["SUPPORT_EMAIL"] == settings.DEFAULTS["SUPPORT_EMAIL"]:
        found.append("SUPPORT_EMAIL is an example’s address: “contact support” leads nowhere.")
    return found


def _sqlite_warnings() -> list[str]:
    path = Path(db.obj.database)
    if path.exists() and path.stat().st_mode & 0o077:
        return [f"Others on this machine may read the database. Run: chmod 600 {path}"]
    return []


def _postgresql_warnings(config: Mapping) -> list[str]:
    found, address = [], urlsplit(config["DATABASE_URL"])
    options = dict(parse_qsl(address.query))
    host = options.get("host") or address.hostname or "/"
    is_near = host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")
    if not is_near and options.get("sslmode") != "verify-full":
        found.append("Add ?sslmode=verify-full to DATABASE_URL, so that nobody can listen to the database or be it.")
    wanted, most = config["WORKERS"] * config["THREADS"], int(db.execute_sql("SHOW max_connections").fetchone()[0])
    if wanted > most:
        found.append(
            f"WORKERS times THREADS may open {wanted} connections, and the database takes {most} from everybody."
        )
    role = "SELECT rolsuper, EXISTS (SELECT 1 FROM pg_tables WHERE tablename = 'event' AND tableowner = rolname) "
    is_superuser, is_owner = db.execute_sql(role + "FROM pg_roles WHERE rolname = current_user").fetchone()
    if is_superuser or is_owner:
        found.append("The service’s database role could change tables. Give it another, as docs/operations.md says.")
    return found


# --- is the data right? ------------------------------------------------------------------------------------


def data_faults() -> list[str]:
    """What is wrong with the data as they are at this moment: what the engine finds, then each rule of data_checks.py
    that is broken."""
    found = []
    try:
        with snapshot():
            if not is_postgresql():
                found += [row[0] for row in db.execute_sql("PRAGMA integrity_check") if row[0] != "ok"]
                found += [f"{row[0]} {row[1]} refers to nothing" for row in db.execute_sql("PRAGMA foreign_key_check")]
            return found or [f"{rule}: {offenders[:10]}" for rule, offenders in data_checks.broken().items()]
    except apsw.Error as error:
        return [f"The database can’t be read: {error}"]


# --- a copy, and back --------------------------------------------------------------------------------------

COPY = re.compile(r"register-(\d{8})T\d{6}Z\.sqlite3(\.gz)?")
"""A copy's name: its day and moment, in UTC."""

LATEST, DAYS = 96, 31
"""How many copies a folder keeps: a day of one each quarter of an hour, and of so many days the last one."""


def back_up(target: Path) -> Path:
    """Copy the database while it is used, to this file or into this folder, and check the copy. Compressed in a folder,
    where too old copies then go, and where the file's name ends with .gz. Gives the file.

    Raises NotPossible where it isn't SQLite, or when the copy isn't right.
    """
    _only_sqlite('pg_dump --format=custom --file=register.dump "$DATABASE_URL"')
    folder = target if target.is_dir() else None
    if folder:
        target /= f"register-{now().astimezone(UTC):%Y%m%dT%H%M%SZ}.sqlite3.gz"
    unfinished, packed = (target.with_name(f".{target.name}.{state}") for state in ("unfinished", "packed"))
    try:
        _copy_to(unfinished)
        _check_copy(unfinished)
        if target.suffix == ".gz":
            with unfinished.open("rb") as whole, gzip.open(_private(packed), "wb", compresslevel=1) as small:
                shutil.copyfileobj(whole, small)
            packed.replace(unfinished)
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(target)
    except (OSError, DatabaseError) as error:
        raise NotPossible(f"{target} could not be written: {error}. Nothing of it was left behind.") from error
    finally:
        _remove(unfinished)
        _remove(packed)
    if folder:
        for copy in too_old(path.name for path in folder.iterdir() if path != target):
            (folder / copy).unlink()
    return target


def too_old(names: Iterable[str]) -> set[str]:
    """Of these files in a folder of copies, those that needn't be kept. It goes by the copies that there are, so a
    clock that is wrong, or a cron that stood still, takes none away."""
    copies = sorted(name for name in names if COPY.fullmatch(name))
    last_of_day = {COPY.fullmatch(name)[1]: name for name in copies}
    return {*copies} - {*copies[-LATEST:]} - {*list(last_of_day.values())[-DAYS:]}


def _private(path: Path) -> Path:
    """An empty file that only its owner may read, whatever was there."""
    _remove(path)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    return path


def _copy_to(path: Path) -> None:
    """The database as it is now, in one file."""
    db.execute_sql("VACUUM INTO ?", (str(_private(path)),))


def restore(source: Path) -> tuple[Path, list[ApiToken]]:
    """Put a copy, of this release or an earlier one, in the database's place, whether or not the service is running. It
    signs everybody out: who had signed out since would be in again. Gives the copy of what was there before, and the
    API tokens that came back though the database no longer had them.

    Raises NotPossible when the copy isn't right; nothing is changed then.
    """
    _only_sqlite('pg_restore --clean --if-exists --dbname="$DATABASE_URL" register.dump')
    if not source.is_file():
        raise NotPossible(f"{source} is not there.")
    path = Path(db.obj.database)
    staged = path.with_name(f".{path.name}.restoring")
    before = path.with_name(f"{path.stem}-before-restore-{now().astimezone(UTC):%Y%m%dT%H%M%SZ}{path.suffix}")
    expected = people() if Purpose.table_exists() else None
    known = {token.digest for token in ApiToken.select()} if ApiToken.table_exists() else None
    _remove(staged)
    try:
        _unpack(source, staged)
        _check_copy(staged, bring_up_to_date=True, expected=expected)
        with elsewhere(staged), db.connection_context():
            SignIn.delete().execute()
        _copy_to(before)
        try:
            overwrite_with(staged)
        except DatabaseError:
            before.unlink()
            raise
    finally:
        _remove(staged)
    tokens = ApiToken.select(ApiToken, LeadProvider).join(LeadProvider)
    return before, [token for token in tokens if known is not None and token.digest not in known]


def _remove(path: Path) -> None:
    """This database with all that may lie beside it."""
    for suffix in "", "-turn", "-journal", "-wal", "-shm":
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _unpack(source: Path, to: Path) -> None:
    """The same file, which nobody else may read, whether or not `source` is compressed."""
    with source.open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(source) if is_packed else source.open("rb") as whole, _private(to).open("wb") as file:
            shutil.copyfileobj(whole, file)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise NotPossible(f"{source} is not whole: {error}") from error


def _check_copy(path: Path, *, bring_up_to_date: bool = False, expected: str | None = None) -> None:
    try:
        with elsewhere(path):
            if bring_up_to_date:
                with db.connection_context():
                    if has_unknown_migrations():
                        raise NotPossible(f"{path} was made by a later release of this service.")
                migrate()
            with db.connection_context():
                if found := data_faults():
                    raise NotPossible(f"{path} is not right: {'; '.join(found[:5])}")
                if expected and people() not in (None, expected):
                    raise NotPossible(f"{path} has {people()} people in it, and the database has {expected} ones.")
    except DatabaseError as error:
        raise NotPossible(f"{path} is not a database of this service: {error}") from error


def _only_sqlite(instead: str) -> None:
    if is_postgresql():
        raise NotPossible(f"This is for SQLite. For PostgreSQL: {instead}")
