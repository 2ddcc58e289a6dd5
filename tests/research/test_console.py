"""Who may use the console, what observers see, and that none of it is there where research is switched off."""

import io
import os
import re
import subprocess
import sys
import zipfile
from datetime import timedelta

import pytest
from peewee import SqliteDatabase
from playhouse.migrations import Runner

from app import create_app
from clock import OWN, World, clock_at, entered, now
from database import db
from models import School
from research import export, sessions
from research.console import OPEN
from research.console.watching import NOTES
from research.models import MIGRATIONS, TABLES, research_db
from tests.research.conftest import Window, again, change_lead_provider, stored
from tests.test_house import ROOT
from views import own_database

SWITCHED_OFF = """
import os, sys
from app import create_app
for setting in ({}, {"RESEARCH": ""}, {"RESEARCH": "0"}):
    os.environ.update(setting)
    app = create_app(SECRET_KEY="x", DATABASE_URL="sqlite:///:memory:", DEMO=True)
    print([name for name in sys.modules if name.split(".")[0] in ("research", "segno") or "views.research" in name])
    print([rule.rule for rule in app.url_map.iter_rules() if "research" in rule.endpoint])
"""


def test_switched_off_it_is_not_even_imported():
    environment = {name: value for name, value in os.environ.items() if name != "RESEARCH"}
    command = [sys.executable, "-c", SWITCHED_OFF]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]"] * 3


def test_switched_off_every_address_is_404(visitor, research_rules):
    for _endpoint, address, methods in research_rules:
        for method in methods:
            assert visitor.send(method.lower(), address).status_code == 404, address


@pytest.fixture
def research_rules(research_app) -> list[tuple]:
    """Endpoint, an address and the methods of everything that research adds."""
    values = {"row_id": "1", "token": "made-up", "name": "S01", "act": "end", "scenario_id": "S01", "number": "1"}
    found = []
    for rule in research_app.url_map.iter_rules():
        if rule.endpoint.startswith("research."):
            act = re.search(r"<any\((\w+)", rule.rule)
            filled = values | ({"act": act[1]} if act else {})
            address = re.sub(r"<(?:[^:>]*:)?([^>]+)>", lambda match, filled=filled: filled[match[1]], rule.rule)
            found.append((rule.endpoint, address, rule.methods - {"HEAD", "OPTIONS"}))
    return found


def test_every_address_of_the_console_asks_to_sign_in(research, research_rules, held):
    held("S01")
    window = Window(research)
    asked = 0
    for endpoint, address, methods in research_rules:
        for method in methods:
            response = window.send(method.lower(), address, follow_redirects=False)
            if endpoint in OPEN:
                assert response.status_code in (200, 404, 410, 422), address
                continue
            asked += 1
            assert (response.status_code, response.location.partition("?")[0]) == (303, "/research/sign-in"), address
            partial = window.send(method.lower(), address, headers={"HX-Request": "true"})
            if endpoint in ("research.feed", "research.note"):
                assert "signed out" in partial.text, "the page stays as it is"
                continue
            assert (partial.status_code, partial.headers["HX-Redirect"]) == (204, response.location)
    assert asked > 20


def test_looking_changes_nothing(moderator, research_rules, held):
    held("S01")
    before = stored()
    for endpoint, address, methods in research_rules:
        if "GET" in methods and endpoint != "research.feed":
            moderator.send("get", address, follow_redirects=False)
    assert stored() == before


def test_every_button_needs_the_pages_token(moderator, research_rules, held):
    held("S01", "S02")
    before = stored()
    sent = {"csrf_token": "forged", "consent": "refused", "text": "x", "key": "k"}
    for endpoint, address, methods in research_rules:
        if "POST" in methods and endpoint not in OPEN:
            moderator.send("post", address, data=sent)
    assert stored() == before


def test_signing_in_and_out(research, look_at):
    moderator = Window(research).get("/research/sign-in").choose("Ruth Allen", "Sign in")
    cookie = moderator.client.get_cookie("moderator")
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert not Window(research).get("/school/ects").client.get_cookie("moderator")
    window = Window(research).get("/research/sign-in")
    window.submit("Sign in", 422)
    assert window.errors == ["Select who you want to sign in as"]
    look_at(window)
    window.post("/research/sign-in", {"person_id": "99"}, 422)
    assert window.errors == ["Select a person from the list"]
    moderator.submit("Sign out")
    moderator.client.set_cookie("moderator", cookie.value)
    assert moderator.get("/research").heading == "Sign in to the research console"


def test_signing_in_again_leads_back(research, held):
    session = held("S01")
    page = f"/research/sessions/{session.id}"
    window = Window(research)
    for address in (page, f"{page}/feed"):
        assert window.get(address).choose("Ruth Allen", "Sign in").path == page
        window.submit("Sign out")
    for elsewhere in ("https://example.org/research", "//example.org", "/school/ects", "/research/../school"):
        window.get(f"/research/sign-in?next={elsewhere}").choose("Ruth Allen", "Sign in")
        assert window.heading == "Rounds"
        window.submit("Sign out")


def test_the_feed_of_who_is_signed_out_says_so_and_comes_back(held, moderator):
    feed = f"/research/sessions/{held('S01').id}/feed"
    partial = {"HX-Request": "true"}
    cookie = moderator.client.get_cookie("moderator").value
    moderator.client.delete_cookie("moderator")
    answer = moderator.send("get", f"{feed}?seen=1", headers=partial)
    assert "You are signed out" in answer.text
    assert moderator.send("get", f"{feed}?seen=signed-out", headers=partial).status_code == 204
    moderator.client.set_cookie("moderator", cookie)
    assert "feed-entries" in moderator.send("get", f"{feed}?seen=signed-out", headers=partial).text


@pytest.mark.parametrize("address", ["sessions/1/notes", "tasks/1/pause"])
def test_a_note_sent_when_signed_out_is_not_lost(held, moderator, look_at, address):
    session = held("S01")
    page = f"/research/sessions/{session.id}"
    cookie = moderator.client.get_cookie("moderator").value
    moderator.get(page).client.delete_cookie("moderator")
    names = ("key", "text") if "notes" in address else ("note_key", "note_text")
    sent = dict(zip(names, ("k", "Hesitated <twice>"), strict=True))
    moderator.post(f"/research/{address}", sent, 422)
    assert moderator.heading == "Your note is not saved yet"
    look_at(moderator)
    moderator.client.set_cookie("moderator", cookie)
    assert moderator.main.css_first("textarea").text() == "Hesitated <twice>"
    path, form, data = moderator.filled_in("Save note")
    moderator.post(path, data | {"text": form.css_first("textarea").text()})
    assert moderator.path == page
    assert "Hesitated <twice>" in moderator.text


def test_the_address_of_a_page_with_an_error_leads_to_the_page_itself(held, moderator):
    held("S01")
    for act in ("sessions/1/consent", "tasks/1/outcome", "rounds/1/sessions"):
        assert moderator.get(f"/research/{act}").path == f"/research/{'rounds' if 'rounds' in act else 'sessions'}/1"


def test_a_sign_in_lasts_twelve_hours(moderator):
    began = now()
    for hour in range(12):
        with clock_at(began + timedelta(hours=hour)):
            assert moderator.get("/research").heading == "Rounds"
    with clock_at(began + timedelta(hours=12)):
        assert moderator.get("/research").heading == "Sign in to the research console"


def test_an_open_page_is_told_what_is_left_of_a_sign_in(research, moderator):
    def left(window: Window, method: str = "get", *, after: int) -> str | None:
        with clock_at(began + timedelta(minutes=after)):
            return window.send(method, "/research/time-left").get_json()["message"]

    began = now()
    assert left(moderator, after=117) is None
    assert left(moderator, after=119) == left(moderator, after=119) == "still-there", "to ask is not to be there"
    assert left(moderator, "post", after=119) is None
    assert left(moderator, after=238) == "still-there"
    assert left(moderator, after=240) == left(Window(research), after=0) == "signed-out"


def test_moderators_are_made_and_removed_by_command(research):
    def run(*arguments: str):
        with research.app_context():
            return research.test_cli_runner().invoke(args=["research", *arguments])

    assert "no email address" in run("add-moderator", "Ada Moss", "nobody").output
    assert run("add-moderator", "Ada Moss", "Ada@example.org").exit_code == 0
    window = Window(research).get("/research/sign-in").choose("Ada Moss", "Sign in")
    assert window.heading == "Rounds"
    assert run("remove-moderator", "ada@example.org").exit_code == 0
    assert window.get("/research").heading == "Sign in to the research console"
    assert "There is no moderator" in run("remove-moderator", "ada@example.org").output
    assert run("purge").output == "Nothing is due to be deleted.\n"


def test_research_needs_sqlite():
    with pytest.raises(SystemExit, match="RESEARCH needs"):
        create_app(SECRET_KEY="x" * 40, DATABASE_URL="postgresql://nobody@localhost/none", RESEARCH="somewhere")


def test_a_migrated_store_equals_a_created_one(research):
    def schema(database) -> set:
        rows = database.execute_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {row for row in rows.fetchall() if "schema_migration" not in row[0]}

    with research_db.connection_context():
        migrated = schema(research_db)
    created = SqliteDatabase(":memory:")
    with created.bind_ctx(TABLES):
        created.create_tables(TABLES)
        assert schema(created) == migrated
    created.close()
    with research_db.connection_context(), research_db.atomic():
        Runner(research_db, str(MIGRATIONS)).down("0001_first_release")
        assert [name for name in research_db.get_tables() if "sqlite" not in name] == ["schema_migration"]


# --- observers -----------------------------------------------------------------------------------------------


def test_an_observer_sees_the_feed_and_can_press_nothing_but_what_saves_a_note(
    held, participant, moderator, research, look_at
):
    session = held("S01")
    observer = Window(research).get(f"/research/watch/{session.watch_token}")
    observer.submit("Watch", 422)
    assert observer.errors == ["Enter your name"]
    look_at(observer)
    observer.submit("Watch", Your_name="Dev Patel")
    assert observer.heading == "Watching P1"
    assert "from now on Teach First does" in observer.text
    assert observer.buttons == ["Save note"]
    change_lead_provider(participant(session))
    feed = observer.send("get", f"/research/watch/{session.watch_token}/feed")
    assert "Changed</strong> lead provider" in feed.text
    assert "from now on Teach First does" in feed.text, "the run sheet comes with it"
    seen = re.search(r"seen=(\w+)", feed.text)[1]
    assert observer.send("get", f"/research/watch/{session.watch_token}/feed?seen={seen}").status_code == 204
    moderator.get(f"/research/sessions/{session.id}")
    assert "Watching: Dev Patel." in moderator.text
    with clock_at(now() + timedelta(minutes=1)):
        assert "Dev Patel" not in moderator.get(f"/research/sessions/{session.id}").text
    assert Window(research).send("get", f"/research/watch/{session.watch_token}/feed").status_code == 404
    moderator.submit("End the session")
    answer = observer.send("get", f"/research/watch/{session.watch_token}/feed", headers={"HX-Request": "true"})
    observer.get(answer.headers["HX-Redirect"], 410)
    assert observer.heading == "This session has finished"


def watching(research, session, name: str = "Dev Patel") -> Window:
    return Window(research).get(f"/research/watch/{session.watch_token}").submit("Watch", Your_name=name)


def test_what_observers_note_is_in_the_feed_and_among_the_notes(held, moderator, research, look_at):
    session = held("S01")
    observer, other = watching(research, session), watching(research, session, "Mina Rao")
    observer.submit("Save note", 422)
    assert observer.errors == ["Enter what you noticed"]
    observer.submit("Save note", 422, text="x" * 5001)
    assert observer.errors == ["Use 5,000 characters or fewer"]
    assert len(observer.main.css_first("#text").text().strip()) == 5001, "nothing is lost"
    observer.submit("Save note", text="Read the tag aloud")
    for window in (observer, other.get(other.path), moderator.get(f"/research/sessions/{session.id}")):
        assert re.search(r"0:\d\d Observer Read the tag aloud", window.text)
    look_at(observer)
    look_at(moderator)
    assert "Dev" not in moderator.main.css_first("#feed-entries").text(), "not by whom"
    moderator.click("Change note 1").submit("Save note", text="Read a tag aloud")
    with research_db.connection_context():
        (note,) = session.notes
        assert (note.text, note.is_observers, note.attempt, note.task.scenario) == ("Read a tag aloud", True, 1, "S01")
        zipped = zipfile.ZipFile(io.BytesIO(export.export(session.round, with_research_data=True)))
        assert zipped.read("research-data/notes.csv").decode().splitlines()[1:] == []
        sessions.end(again(session))
        zipped = zipfile.ZipFile(io.BytesIO(export.export(session.round, with_research_data=True)))
    (line,) = zipped.read("research-data/notes.csv").decode().splitlines()[1:]
    assert line == f"P1,S01,1,{note.at_ms},observer,Read a tag aloud"
    assert observer.send("post", f"{observer.path}/notes", data={"text": "x"}).status_code == 410
    assert [note.text for note in again_all(session)] == ["Read a tag aloud"]


def test_an_observer_changes_nobodys_note_and_none_is_kept_without_consent(held, moderator, research):
    session = held("S01")
    moderator.get(f"/research/sessions/{session.id}").submit("Save note", text="Mine")
    (mine,) = again_all(session)
    observer = watching(research, session)
    observer.submit("Save note", key=mine.key, text="Theirs")
    assert [note.text for note in again_all(session)] == ["Mine"]
    nobody = Window(research).get(f"/research/watch/{session.watch_token}")
    token = nobody.value("csrf_token")
    nobody.post(f"/research/watch/{session.watch_token}/notes", {"csrf_token": token, "key": "k", "text": "x"})
    assert nobody.heading == "Watch a session", "who watches says so first"
    refused = held("S01", consent="refused")
    observer = Window(research).get(f"/research/watch/{refused.watch_token}")
    token = observer.value("csrf_token")
    observer.submit("Watch", Your_name="Dev Patel")
    assert observer.buttons == []
    observer.post(f"{observer.path}/notes", {"csrf_token": token, "key": "k", "text": "x"}, 422, token=False)
    assert observer.errors == ["This note is not saved, because the participant has not consented"]
    assert not again_all(refused)


def test_observers_can_not_fill_the_log(held, research, monkeypatch):
    monkeypatch.setattr(NOTES, "counted", {})
    session = held("S01")
    observer = watching(research, session)
    with own_database():
        while not NOTES.seconds_to_wait("observers’ notes"):
            pass
    observer.submit("Save note", 422, text="One more")
    assert observer.errors[0].startswith("There were too many notes in the last minute.")
    assert observer.main.css_first("#text").text().strip() == "One more"
    assert not again_all(session)


def again_all(session) -> list:
    with research_db.connection_context():
        return list(session.notes)


def test_the_feed_is_sent_only_when_there_is_news(held, participant, moderator):
    session = held("S01")
    address = f"/research/sessions/{session.id}/feed"
    first = moderator.send("get", address)
    seen = re.search(r"seen=(\w+)", first.text)[1]
    assert moderator.send("get", f"{address}?seen={seen}").status_code == 204
    participant(session)
    news = moderator.send("get", f"{address}?seen={seen}")
    assert news.status_code == 200
    assert "ects" in news.text
    with research_db.connection_context():
        sessions.end(session)
    assert "hx-get" not in moderator.send("get", address).text, "nothing more is coming"


def test_the_services_own_data_are_kept_as_ever(research, tmp_path):
    """Commands are about them, and about no sandbox."""

    def run(*arguments: str) -> str:
        with entered(World(OWN)):  # as where a command is given
            done = research.test_cli_runner().invoke(args=arguments)
        assert done.exit_code == 0, done.output
        return done.output

    copy = tmp_path / "copy.sqlite3"
    assert "the copy is right" in run("backup", str(copy))
    with entered(World(OWN)), db.connection_context():
        School.update(name="Another").where(School.urn == "900001").execute()
    assert "Restored" in run("restore", str(copy), "--yes")
    with entered(World(OWN)), db.connection_context():
        assert School.get(School.urn == "900001").name == "St John’s C of E Primary School"
    assert "The data is right" in run("verify")
