"""A pilot: one password for moderators, links for participants, and nothing else."""

import logging
import re
import runpy
import subprocess
import sys
from contextlib import closing
from contextvars import copy_context
from datetime import timedelta

import pytest

from app import create_app
from clock import clock_at, now
from database import db
from models import digest
from research import sandboxes
from research.console import commands
from research.models import ModeratorSignIn, research_db, store_folder
from scenarios.check import check
from scenarios.scenario import scenario
from tests.research.conftest import YES, Window, again, change_lead_provider, task_of
from tests.test_house import ROOT

PASSWORD = "ABCD-EFGH-2345-MNOP"


@pytest.fixture
def pilot(research):
    """The service as `python3 run.py pilot` starts it, on this test's data."""
    settings = {"DATABASE_URL": f"sqlite:///{db.obj.database}", "RESEARCH": str(store_folder()), "TESTING": True}
    settings |= {
        "SECRET_KEY": "only for tests, and long enough",
        "DEMO": True,
        "TRUSTED_HOSTS": ("localhost", "127.0.0.1"),
    }
    app = copy_context().run(create_app, PILOT=digest(PASSWORD.replace("-", "")), **settings)
    with app.app_context():
        commands.start_up()
    return app


def sign_in(pilot, status: int = 200, **said) -> Window:
    return Window(pilot).get("/research").submit("Sign in", status, **({"Password": PASSWORD} | said))


def test_a_moderator_signs_in_with_the_password(pilot):
    for typed in (PASSWORD, " abcd efgh 2345mnop "):
        window = sign_in(pilot, Password=typed)
        assert (window.heading, "Moderator" in window.text) == ("Rounds", True)
        assert window.submit("Sign out").heading == "Sign in to the research console"


def test_another_password_is_refused_and_never_shown_again(pilot, caplog, look_at):
    caplog.set_level(logging.INFO)
    window = sign_in(pilot, 422, Password="")
    assert window.errors == ["Enter the password"]
    look_at(window)
    for typed in ("ABCD-EFGH-2345-MNOQ", "x" * 5000, "ᴀbcd"):
        window.submit("Sign in", 422, Password=typed)
        assert window.errors == ["This is not the password. It is on the screen on which the pilot was started"]
        assert not window.main.css_first("[name=password]").attributes.get("value")
        assert typed not in caplog.text
        assert not window.client.get_cookie("moderator")


def test_nobody_signs_in_as_a_persona_or_through_a_provider(pilot):
    window = Window(pilot).get("/research")
    assert not window.choices
    window.post("/research/sign-in", {"person_id": "1"}, 422)
    assert not window.client.get_cookie("moderator")
    window.get("/research/sign-in/provider", 404)


def test_guesses_are_counted(pilot):
    guesser = Window(pilot).get("/research")
    with clock_at(now().replace(second=1)):
        for _ in range(30):
            guesser.submit("Sign in", 422, Password="WRONG")
        guesser.submit("Sign in", 429, Password=PASSWORD)


def test_there_is_nothing_else(pilot):
    """Not the demo's sign-in, its emails, its API, nor any other page; nor by a cookie that is no participant's."""
    window = Window(pilot)
    window.client.set_cookie("visit", "made-up")
    for visitor in (Window(pilot), window):
        for rule in pilot.url_map.iter_rules():
            if rule.endpoint.split(".")[0] not in ("research", "assets", "health", "about"):
                address = re.sub("<[^>]+>", "1", rule.rule)
                for method in rule.methods - {"HEAD", "OPTIONS"}:
                    answer = visitor.send(method.lower(), address, follow_redirects=False)
                    assert answer.status_code in (404, 410), (method, address)
    assert "the demonstration tells us" not in Window(pilot).get("/privacy").text


def test_a_participant_comes_in_by_a_link(pilot, held, alone):
    session = held("S01")
    window = Window(pilot).get(f"/visit/{session.token}")
    change_lead_provider(window)
    assert window.heading == "You have chosen Teach First to train Steven Taylor"
    window.get("/outbox", 404)
    session = alone("S01")
    window = Window(pilot).get(f"/visit/{session.token}").choose(YES).submit("Begin")
    change_lead_provider(window).submit("I have done it").submit("Continue")
    assert task_of(session).outcome == "direct"
    assert window.get("/research").heading == "Sign in to the research console"


def test_scenarios_are_checked_there_too(pilot):
    with closing(db):
        assert check(pilot, scenario("S07")) == []


def test_what_is_due_is_deleted_when_a_moderator_signs_in(pilot, held):
    session = held("S01")
    with clock_at(now() + timedelta(hours=25)):
        sign_in(pilot)
    assert not sandboxes.folder_of(session).exists()
    assert again(session).state == "ended"


def test_a_new_start_ends_all_sign_ins(pilot):
    window = sign_in(pilot)
    with pilot.app_context():
        commands.start_up()
    with research_db.connection_context():
        assert not ModeratorSignIn.select().exists()
    assert window.get("/research").heading == "Sign in to the research console"


# --- the command -------------------------------------------------------------------------------------------------


def run_pilot(*options: str, **environment: str) -> str:
    """What `python3 run.py pilot` says where it does not start."""
    command = [sys.executable, "run.py", "pilot", *options]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode, done.stdout
    return done.stderr.strip()


@pytest.mark.parametrize("setting", ["DATABASE_URL=postgresql://host/register", "OIDC_ISSUER=https://x"])
def test_it_does_not_start_where_settings_speak_of_other_data(setting):
    name, _, value = setting.partition("=")
    assert run_pilot(**{name: value}) == (
        f"A pilot has data and a way in of its own. It does not start with {name} set: unset it first."
    )


@pytest.mark.parametrize("options", ["--address", "--address 0.0.0.0", "--address ::1", "--adress 127.0.0.1"])
def test_it_wants_one_address(options):
    assert run_pilot(*options.split()).startswith("Say at which of this machine's addresses others reach it")


def test_an_address_that_is_not_this_machines():
    assert run_pilot("--address", "192.0.2.10").startswith("192.0.2.10, port 8000, can't be used")


def test_what_it_starts(monkeypatch, tmp_path, capsys):
    """All but the last step, which serves."""
    started = runpy.run_path(str(ROOT / "run.py"), run_name="tried")
    pilot, told = started["pilot"], {}
    for name in ("DATABASE_URL", "RESEARCH", "OIDC_ISSUER", "PORT"):
        monkeypatch.delenv(name, raising=False)
    names = pilot.__globals__
    monkeypatch.setitem(names, "PILOT", tmp_path / "pilot")
    monkeypatch.setitem(names, "start_up", lambda *_, **_options: None)
    monkeypatch.setitem(names, "become", lambda *command: told.update(names["os"].environ, command=command))
    monkeypatch.setitem(names, "free_port", lambda *_: 8000)
    with monkeypatch.context() as environment:
        environment.setattr("os.environ", dict(names["os"].environ))
        pilot("--address", "127.0.0.2")
    said = capsys.readouterr().out
    password = re.search(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", said)[0]
    assert told["PILOT"] == digest(password.replace("-", ""))
    assert (told["BIND"], told["TRUSTED_HOSTS"], told["DEMO"]) == ("127.0.0.2:8000", "127.0.0.2", "1")
    assert told["RESEARCH"] == str(tmp_path / "pilot")
    assert told["DATABASE_URL"] == f"sqlite:///{tmp_path}/pilot/register.sqlite3"
    assert "http://127.0.0.2:8000/research" in said
    assert "Before real participants" in said
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and password.encode() in path.read_bytes()]
