"""The service with research switched on, and those who meet in a session: a moderator, participants, observers. Each is
a browser of their own, without script."""

import os
import re
import shutil
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

import scenarios
from app import create_app
from clock import World, entered
from database import db, open_database
from models import digest
from research import sessions
from research.console import MODERATOR, commands
from research.models import (
    TABLES,
    Entry,
    Moderator,
    ModeratorSignIn,
    Note,
    Round,
    Session,
    Task,
    Watcher,
    open_store,
    research_db,
    store_folder,
)
from tests.browser.conftest import windows
from tests.browser.looks import check_look
from tests.visitor import Visitor


@pytest.fixture(scope="session")
def kept(research_app, tmp_path_factory) -> Path:
    """What stays the same from test to test, and in all processes of a run: templates, which scenarios were checked;
    and in this one a store with the demo's moderators and no round."""
    folder, base = tmp_path_factory.mktemp("kept"), tmp_path_factory.getbasetemp()
    for name in ("templates", "checked"):
        shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"research-{name}"
        shared.mkdir(exist_ok=True)
        (folder / name).symlink_to(shared)
    open_store(folder)
    with research_app.app_context():
        commands.start_up()
    return folder


@pytest.fixture(scope="session")
def research_app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("research-app")
    return create_app(
        DATABASE_URL=f"sqlite:///{folder}/own.sqlite3",
        SECRET_KEY="only for tests, and long enough",
        DEMO=True,
        RESEARCH=str(folder),
        TESTING=True,
        PROPAGATE_EXCEPTIONS=False,
    )


@pytest.fixture
def research(research_app, sqlite_template, kept, tmp_path):
    """The app with research switched on and nothing researched yet. Its own data are the demo's."""
    own, home = tmp_path / "own.sqlite3", tmp_path / "research"
    scenarios.fresh_copy(sqlite_template, own)
    db.initialize(open_database(f"sqlite:///{own}"))
    home.mkdir()
    for name in ("templates", "checked"):
        (home / name).symlink_to(kept / name)
    shutil.copyfile(kept / "research.sqlite3", home / "research.sqlite3")
    open_store(home)
    with entered(World(own)), db.connection_context(), research_db.connection_context():
        for database in (db.obj, research_db):
            database.pragma("synchronous", "off", permanent=True)
    # As a thread that answers requests: in no world of its own.
    with entered(World()):
        yield research_app
    research_db.close()
    db.obj.close_all()


YES = "Yes, I agree"
"""What a participant says to whom no moderator speaks."""


class Window(Visitor):
    """A browser before the app with research switched on, whose connections are nobody else's."""

    def send(self, method: str, path: str, *, follow_redirects: bool = True, **kwargs):
        research_db.close()
        return getattr(self.client, method)(path, follow_redirects=follow_redirects, **kwargs)


@pytest.fixture(scope="session")
def glass(chromium, research_app):
    """A page of Chromium in which what any window was shown can be put, with its stylesheets."""
    with windows(chromium, research_app) as open_window:
        page = open_window().page
        page.goto("/healthz")
        yield page


@pytest.fixture
def look_at(glass):
    """Looks at what a window was shown, with all that unfolds unfolded: axe finds no barrier, and a phone has room."""

    def look(window: Window) -> None:
        html = re.sub("<script.*?</script>", "", window.response.text, flags=re.DOTALL)
        glass.set_content(html.replace("<details", "<details open").replace("<iframe", "<iframe srcdoc='' "))
        check_look(glass, f"{window.heading} at {window.path}", widths=(1280,))

    return look


@pytest.fixture
def pictures(chromium, playwright, monkeypatch):
    """Commands take their pictures with the browser that is there already."""
    pages = []

    def new_page(**settings):
        pages.append(chromium.new_page(**settings))
        return pages[-1]

    browser = SimpleNamespace(new_page=new_page, close=lambda: pages.pop().close())
    monkeypatch.setattr("playwright.sync_api.sync_playwright", lambda: nullcontext(playwright))
    monkeypatch.setattr("scenarios.chromium.launch", lambda _playwright: browser)


@pytest.fixture
def moderator(research) -> Window:
    """Ruth Allen, signed in to the console without a page."""
    window = Window(research)
    with research_db.connection_context():
        ModeratorSignIn.create(digest=digest("ruth"), moderator=Moderator.get(name="Ruth Allen"))
    window.client.set_cookie(MODERATOR, "ruth")
    return window


@pytest.fixture
def plan(research):
    """Plans a round and gives its sessions: `plan("S01", "S03", sessions=2)`."""

    def planned(*names: str, sessions_: int = 1, **settings) -> list[Session]:
        with research_db.connection_context():
            round_ = sessions.plan_round("Autumn round", list(names), sessions=sessions_, **settings)
            return list(round_.sessions.order_by(Session.number))

    return planned


@pytest.fixture
def held(plan, research):
    """A session that runs: prepared, with consent, its first task open. `held("S01", consent="refused")`."""

    def begun(*names: str, consent: str = "given", is_rotated: bool = False, **settings) -> Session:
        (session,) = plan(*names, is_rotated=is_rotated, **settings)
        return begin(session, consent)

    return begun


@pytest.fixture
def participant(research):
    """Opens a session's participant link in a new browser."""

    def opened(session: Session, status: int = 200) -> Window:
        return Window(research).get(f"/visit/{session.token}", status)

    return opened


@pytest.fixture
def alone(plan):
    """A session without a moderator whose link waits to be opened. `alone("S01", "S06")`"""

    def prepared(*names: str, **settings) -> Session:
        (session,) = plan(*names, is_rotated=False, is_moderated=False, **settings)
        return make_ready(session)

    return prepared


@pytest.fixture
def begun(alone, participant):
    """Such a session and the window in which its participant has begun the first task."""

    def opened(*names: str) -> tuple[Session, Window]:
        session = alone(*names)
        return session, participant(session).choose(YES).submit("Begin")

    return opened


@pytest.fixture
def open_window(chromium, research):
    """Opens a window of a browser of its own before the app with research switched on."""
    with windows(chromium, research) as open_window:
        yield open_window


def make_ready(session: Session, consent: str = "") -> Session:
    """Prepared, and if given with consent recorded."""
    with research_db.connection_context():
        assert sessions.prepare(again(session), lambda *_: []) == []
        if consent:
            sessions.record_consent(session, consent)
        return again(session)


def begin(session: Session, consent: str = "given") -> Session:
    """With its first task open."""
    make_ready(session, consent)
    with research_db.connection_context():
        sessions.open_task(session.in_order[0])
        return again(session)


def open_second_task(session: Session) -> None:
    """The first is closed."""
    with research_db.connection_context():
        sessions.close(task_of(session), lambda _: None)
        sessions.open_task(task_of(session, 1))


def again(row):
    """The row as it is now."""
    with research_db.connection_context():
        return type(row).get_by_id(row.id)


def entries(session: Session) -> list[tuple]:
    """The log of all tasks: (kind, page, field, code)."""
    with research_db.connection_context():
        return [
            (entry.kind, entry.page, entry.field, entry.code)
            for task in Session.get_by_id(session.id).in_order
            for entry in task.entries.order_by(task.entries.model.id)
        ]


def task_of(session: Session, position: int = 0) -> Task:
    with research_db.connection_context():
        whole = Task.select(Task, Session, Round).join(Session).join(Round)
        tasks = whole.where(Session.id == session.id).order_by(Task.position)
        return tasks[position]


def change_lead_provider(window: Window, to: str = "Teach First", name: str = "Steven Taylor") -> Window:
    """From the list to the confirmation."""
    window.get("/school/ects").click(name)
    link = next(a for a in window.main.css("a[href*='/change-lead-provider/']"))
    window.get(link.attrs["href"]).choose(to)
    return window.submit("Confirm change")


def stored() -> list:
    """Everything that research keeps in its database."""
    with research_db.connection_context():
        return [list(table.select().tuples()) for table in TABLES]


def all_of(table: type) -> list:
    with research_db.connection_context():
        return list(table.select())


def left() -> dict:
    """What there is of sessions: table or folder → how much."""
    counts = {table.__name__: len(all_of(table)) for table in (Session, Task, Entry, Note, Watcher)}
    counts["sandboxes"] = (
        len(list((store_folder() / "sandboxes").glob("*"))) if (store_folder() / "sandboxes").exists() else 0
    )
    return {name: count for name, count in counts.items() if count}
