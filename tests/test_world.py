"""One world for each request: database, moment, wording, who acts and whether it is logged are entered together, and
what is meant for one world lands in no other."""

import os
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from peewee import InterfaceError, OperationalError

import scenarios
from app import create_app
from clock import OWN, World, clock_at, current_world, entered, in_utc, today
from database import db
from models import School
from scenarios.scenario import scenario
from tests.conftest import TODAY, both_engines, person


@pytest.fixture
def s01(sqlite_template, tmp_path) -> World:
    file = tmp_path / "s01.sqlite3"
    scenarios.fresh_copy(sqlite_template, file)
    return scenario("S01").world_in(file)


def asked(app, address: str = "/school/ects"):
    db.close()
    return app.test_client().get(address)


def test_a_request_is_answered_in_the_world_that_it_is_asked_in(app, world, s01, caplog):
    """Its own database, its day, and its persona, who never signed in; and no line in the service's log."""
    assert asked(app).status_code == 303, "in the service's own world one signs in first"
    caplog.clear()
    with entered(s01):
        db.close()
        with db.connection_context():
            School.update(name="Another School").execute()
        page = asked(app)
    assert page.status_code == 200
    assert "Another School" in page.text
    assert not [record for record in caplog.records if record.name == "service.requests"]
    with db.connection_context():
        assert not School.select().where(School.name == "Another School").exists()


def test_its_wording_too(app, world, s01):
    db.close()
    with entered(s01), db.connection_context():
        steven = person("Steven Taylor")
    address = f"/school/ects/{steven.id}/report-teacher-leaving/leaving-date"
    pages = set()
    for wording in ("", "as-a-question", ""):
        with entered(replace(s01, wording=wording)):
            pages.add(asked(app, address).text.partition("<h1")[2].partition("</h1>")[0].strip())
    assert len(pages) == 2


def test_a_request_leaves_its_world(app, world):
    """Whether it ends well, or there is no such page, or the service has failed."""
    before = current_world()
    for address in ("/school/ects", "/nowhere", "/sign-in", "/static/nothing"):
        asked(app, address)
        assert current_world() is before


def test_the_demos_day(app, world, monkeypatch):
    """TODAY holds for whoever comes from outside; a world that is entered has its own day."""
    seen = []
    monkeypatch.setitem(app.config, "TODAY", "2026-12-24")
    monkeypatch.setattr("views.about.render_template", lambda *_, **__: seen.append(today()) or "")
    with entered(World(OWN)):
        asked(app, "/privacy")
    with clock_at(TODAY):
        asked(app, "/privacy")
    assert seen == [date(2026, 12, 24), TODAY]


@both_engines
def test_another_world_never_falls_back_to_the_services_own(world, engine, tmp_path):
    other = World(tmp_path / "other.sqlite3")
    with entered(other), pytest.raises(InterfaceError, match="another world's"):
        School.select().first()
    assert School.select().exists()
    db.close()
    for without in (World(), replace(World(), moment=in_utc(TODAY))):
        with entered(without), pytest.raises(InterfaceError, match="this world has no database"):
            db.connect()
    refusal = OperationalError if engine == "sqlite" else InterfaceError
    with entered(other), pytest.raises(refusal):
        db.connect()
    assert not (tmp_path / "other.sqlite3").exists()
    db.connect()


def test_a_thread_begins_in_no_world():
    worlds = []
    thread = threading.Thread(target=lambda: worlds.append(current_world()))
    thread.start()
    thread.join()
    assert worlds == [World()]


def test_a_command_is_about_the_services_own_data(tmp_path):
    with entered(World()):
        app = create_app(DATABASE_URL=f"sqlite:///{tmp_path}/own.sqlite3", SECRET_KEY="only for tests " * 3, DEMO=True)
        with app.app_context():
            done = app.test_cli_runner().invoke(args=["migrate"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "own.sqlite3").exists()


# --- the service without research -----------------------------------------------------------------------------

ROOT = Path(__file__).parent.parent


def test_the_core_knows_no_research():
    """It knows that there is a world, and never which kind. It may know the setting, which rules out real people. The
    sandbox of the API is another thing."""
    files = [ROOT / name for name in ("clock.py", "commands.py", "models.py", "vocabulary.py")]
    folders = ("database", "domain", "forms", "web", "views")
    files += [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    files += [path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "research"]
    for path in files:
        # Of the setting's name they know, and of the sandbox of the lead providers' API, which is not a study's.
        text = path.read_text().replace("RESEARCH", "")
        assert not re.search("research|sandboxes|moderator", text, re.IGNORECASE), path
    switches = [line for line in (ROOT / "app.py").read_text().splitlines() if "research" in line.lower()]
    assert len(switches) == 3, "the setting is asked, the console imported, its errors shown as its own: nothing else"


def test_deleting_research_leaves_a_service_whose_tests_pass(tmp_path):
    """In a copy, and a few of its tests: everything is imported, every address and every migration is looked at, and
    somebody goes through a journey and a world."""
    unneeded = shutil.ignore_patterns(".*", "node_modules", "instance", "bench", "drills", "browser")
    copy = shutil.copytree(ROOT, tmp_path / "copy", ignore=unneeded)
    for name in ("research", "templates/research", "tests/research"):
        shutil.rmtree(copy / name)
    for path in [*(copy / "static").glob("research.*"), copy / "static" / "follow.js", copy / "static" / "task.css"]:
        path.unlink()
    tests = ("tests/test_house.py", "tests/test_world.py", "tests/test_journeys.py")
    kinds = "every_address or looking or migrated_database or a_request or test_walk and lead-provider"
    which = f"({kinds}) and not postgresql"  # which would be a second server
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", which, *tests]
    done = subprocess.run(command, cwd=copy, env=ours, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert not re.search("skipped|failed|error", done.stdout.splitlines()[-1])
