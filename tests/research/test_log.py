"""What the log may hold, and that nothing else ever gets into it."""

import re
from contextlib import closing

import apsw
import pytest
from peewee import IntegrityError

from database import db
from forms.journeys import JOURNEYS
from models import Participant, School, Teacher
from research import sandboxes, sessions
from research.models import Entry, Note, research_db, store_folder
from scenarios.pages import page_id
from tests.conftest import person
from tests.research.conftest import YES, change_lead_provider, entries, open_second_task, task_of
from tests.walks import WALKS

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def test_whoever_writes_waits_for_others_who_do(research):
    with research_db.connection_context():
        assert research_db.pragma("busy_timeout") == 20_000


def test_pages_errors_and_changes_in_order(held, participant):
    session = held("S03")
    window = participant(session).click("Steven Taylor")
    page = window.path + "/report-teacher-leaving/leaving-date"
    window.get(page).submit("Continue", 422, Day="31", Month="2", Year="2026")
    window.submit("Continue", Day="27", Month="3", Year="2026").submit("Confirm and continue")
    journey = "ect/report-teacher-leaving"
    assert entries(session) == [
        ("page", "ects", "", ""),
        ("page", "ect", "", ""),
        ("page", f"{journey}/leaving-date", "", ""),
        ("page", f"{journey}/leaving-date", "", ""),
        ("error", f"{journey}/leaving-date", "leaving_on", "not_a_date"),
        ("page", f"{journey}/check-answers", "", ""),
        ("change", "", "", "finished_on"),
        ("page", f"{journey}/confirmation", "", ""),
    ]


def test_parts_of_pages_are_pages(held, participant):
    session = held("S01")
    window = participant(session)
    window.send("get", "/school/ects/5", headers=PARTIAL)
    window.send("get", "/static/x/app.css")
    window.send("get", "/school/", headers=PARTIAL, follow_redirects=False)
    assert [page for _, page, _, _ in entries(session)] == ["ects", "ect"]


def test_whom_a_page_is_about_only_as_the_tasks_or_another(held, participant):
    session = held("S09")
    window = participant(session)
    for who in ("John Doe", "Peter Marsh"):
        window.get("/school/mentors").click(who)
    window.get("/school/ects/999", 404)
    shown = [page for _, page, _, _ in entries(session)]
    assert shown == ["mentors", "mentors", "mentor", "mentors", "other-mentor", "not-found"]


def test_the_answer_to_a_form_may_be_the_next_page(held, participant):
    """Where script is on, a form is answered with the page that it leads to."""
    session = held("S01")
    window = participant(session).click("Steven Taylor").click("select a lead provider")
    path, _form, data = window.filled_in("Continue", choose="Teach First")
    answer = window.send("post", path, data=data, headers=PARTIAL)
    assert answer.headers["HX-Push-Url"].partition("?")[0].endswith("/check-answers")
    journey = "ect/change-lead-provider"
    shown = [page for _, page, _, _ in entries(session)]
    assert shown == ["ects", "ect", f"{journey}/lead-provider", f"{journey}/check-answers"]


def test_what_an_open_page_asks_for_by_itself_is_nothing_that_anybody_did(held, participant, moderator):
    """Nor does it lead anywhere: where a page is to go is asked for by itself."""
    session = held("S01", "S03")
    window = participant(session).click("Steven Taylor")
    before, news = entries(session), window.main.css_first("[hx-get*='/news']").attrs["hx-get"]
    assert window.send("get", news, headers=PARTIAL).status_code in (200, 204)
    assert entries(session) == before
    open_second_task(session)
    assert window.send("get", news, headers=PARTIAL).status_code == 204
    window.get("/school/mentors")
    assert window.heading == "The task has begun"
    with research_db.connection_context():
        sessions.end(session)
    answer = window.send("get", news, headers=PARTIAL)
    assert (answer.status_code, answer.headers.get("HX-Redirect")) == (204, None)


def test_nothing_that_was_typed_and_nobody_s_name(alone, participant):
    """Everything that can be done in the service, in one session; then its log and its database, searched."""
    session = alone("S01")
    window = participant(session)
    window.client.environ_base |= {"REMOTE_ADDR": "203.0.113.77", "HTTP_USER_AGENT": "Telltale/1.0"}
    window.choose(YES).submit("Begin")
    task = task_of(session)
    with sandboxes.inside(task), db.connection_context():
        ids = {(walk.name, walk.role): person(walk.name, walk.role).id for walk in WALKS}
        names = {each.name for each in Teacher.select()} | {school.name for school in School.select()}
        emails = {each.email for each in Participant.select()}
    for walk in {(walk.journey, walk.role): walk for walk in WALKS}.values():
        record = f"/school/{walk.role}s/{ids[walk.name, walk.role]}"
        for name, button, answers in walk.questions():
            page = f"{record}/{walk.journey}/{name}"
            if window.send("get", page, follow_redirects=False).status_code == 200:
                window.get(page)
                if walk.is_refused_empty:
                    data = {"csrf_token": window.value("csrf_token")}
                    window.send("post", page, data=data | {"name": "‮", "email": "typed at all"})
                window.submit(button, **answers)
    window.send("get", "/school/ects?q=Somebody+Searched")
    window.send("get", "/school/ects/5/steven-taylor/leaving")
    path, _form, data = window.get("/task?q=Somebody").filled_in("I cannot do it")
    window.post(path, data | {"name": "typed at all"})
    path, _form, data = window.filled_in("Continue")
    window.post(path, data | {"ease": "typed at all"})
    log = entries(session)
    assert len(log) > 50
    pages = {
        page_id("school.step", {"people": f"{role}s", "journey_name": name, "page": page})
        for name, journey in JOURNEYS.items()
        for page in journey.pages
        for role in ("ect", "mentor")
    }
    questions = [question for journey in JOURNEYS.values() for question in journey.questions.values()]
    fields = {field for question in questions for field in question.fields()}
    codes = {code for question in questions for code in question.messages}
    codes |= {"lead_provider", "training_programme", "finished_on", "mentor", "name", "email", "working_pattern"}
    for kind, page, field, code in log:
        assert kind in ("page", "error")
        assert page.removeprefix("other-") in pages | {"ects", "ect", "mentors", "mentor", "not-found", "gone"}
        assert field in fields | {""}
        assert code in codes | {""}
    with closing(apsw.Connection(str(store_folder() / "research.sqlite3"))) as database:
        schema = dict(database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))
        kept = "\n".join(str(row) for name in schema for row in database.execute(f'SELECT * FROM "{name}"'))
    typed = {
        "Priya Patel",
        "s.taylor@example.org",
        "Somebody",
        "typed at all",
        "steven-taylor",
        "203.0.113",
        "Telltale",
    }
    for secret in names | emails | typed | {"John’s", "Ambition"}:
        assert secret not in kept
    columns = set(re.findall(r'"(\w+)"', schema["entry"]))
    assert columns == {"entry", "task", "id", "task_id", "attempt", "at_ms", "kind", "page", "field", "code"}


def test_the_database_refuses_what_is_not_for_it(held):
    task = task_of(held("S01"))
    lines = [{"page": page} for page in ("Steven Taylor", "ects/5", "x" * 101)]
    lines += [{"field": "naomi.fletcher@example.org"}, {"code": "31 2 2026"}, {"code": "UPPER"}]
    for line in (*lines, {"kind": "typed"}, {"at_ms": -1}):
        with research_db.connection_context(), pytest.raises(IntegrityError):
            Entry.create(**{"task": task, "attempt": 1, "at_ms": 0, "kind": "page"} | line)


def test_a_log_that_cannot_be_written_disturbs_nobody(held, participant, monkeypatch, caplog):
    session = held("S01")
    window = participant(session)

    def full(*_args):
        raise IntegrityError("disk full")

    monkeypatch.setattr("research.log.write", full)
    window.click("Steven Taylor")
    assert window.heading == "Steven Taylor"
    assert "could not be written" in caplog.text
    monkeypatch.undo()
    window.get("/school/ects")
    assert [page for _, page, _, _ in entries(session)] == ["ects", "ects"]


def test_what_is_done_in_a_pause_is_not_told_later(held, participant):
    session = held("S01")
    window = participant(session)
    with research_db.connection_context():
        sessions.pause(task_of(session))
    change_lead_provider(window)
    with research_db.connection_context():
        sessions.open_task(task_of(session))
    window.get("/school/ects/6/change-name/name").submit("Continue", Full_name="Gustav B").submit("Confirm change")
    assert [code for kind, _, _, code in entries(session) if kind == "change"] == ["name"]


def test_notes_are_kept_as_they_are_typed(held, moderator):
    session = held("S01")
    page = f"/research/sessions/{session.id}"
    moderator.get(page)
    token = moderator.value("csrf_token")
    for text in ("Hes", "Hesitates", "Hesitates over “induction”"):
        data = {"csrf_token": token, "key": "one", "text": text}
        answer = moderator.send("post", f"{page}/notes", data=data, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.text) == (200, "Saved")
    moderator.get(page)
    assert "S01 0:0" in moderator.text
    assert "Hesitates over “induction”" in moderator.text
    moderator.click("Change note 1")
    assert moderator.main.css_first("textarea").text() == "Hesitates over “induction”"
    moderator.post(f"{page}/notes", {"key": "one", "text": " "})
    assert "Hesitates" not in moderator.text


def test_whatever_is_pressed_takes_the_note_along(held, moderator):
    session = held("S01")
    moderator.get(f"/research/sessions/{session.id}")
    for press in ("Pause task 1", "Close task 1", "6", "End the session"):
        path, _form, data = moderator.filled_in(press)
        moderator.post(path, data | {"note_key": press, "note_text": f"Hesitates at {press}"})
        assert f"Hesitates at {press}" in moderator.text


def test_a_note_is_of_the_attempt_at_which_it_was_written(held, moderator):
    session = held("S01")
    moderator.get(f"/research/sessions/{session.id}")
    moderator.post(f"/research/sessions/{session.id}/notes", {"key": "one", "text": "Hesitates"})
    moderator.submit("Reset task 1")
    moderator.submit("Open task 1")
    for key, text in (("one", "Hesitates, and goes back"), ("two", "Knows the way")):
        moderator.post(f"/research/sessions/{session.id}/notes", {"key": key, "text": text})
    with research_db.connection_context():
        notes = [(note.attempt, note.text) for note in session.notes.order_by(Note.id)]
    assert notes == [(1, "Hesitates, and goes back"), (2, "Knows the way")]


def test_a_note_cannot_be_written_over_from_another_session(held, moderator):
    first, second = held("S01"), held("S01")
    moderator.get(f"/research/sessions/{first.id}")
    moderator.post(f"/research/sessions/{first.id}/notes", {"key": "one", "text": "Mine"})
    moderator.post(f"/research/sessions/{second.id}/notes", {"key": "one", "text": "Yours"})
    moderator.get(f"/research/sessions/{first.id}")
    assert "Mine" in moderator.text
    assert "Yours" not in moderator.text
