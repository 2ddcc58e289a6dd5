"""Each session is in a database of its own, on its own day and in its own wording, whatever else goes on."""

import itertools
import random
import re
import threading
from dataclasses import replace
from datetime import date

import pytest
from peewee import InterfaceError, OperationalError

import scenarios
from clock import World, clock_at, entered, now, today
from database import db
from models import Event, Participant, School, Teacher
from research import sandboxes, sessions
from research.models import Task, research_db
from tests.research.conftest import Window, again, begin, change_lead_provider, entries, open_second_task, task_of

STEVEN = (Teacher.trs_first_name == "Steven") & (Teacher.trs_last_name == "Taylor")


def status_of_steven(task: Task) -> str:
    """As he is in this task's sandbox."""
    with sandboxes.inside(task), db.connection_context():
        return Participant.select(Participant, Teacher).join(Teacher).where(STEVEN).get().status


def told(task: Task) -> list[str]:
    """What the school did in this task's sandbox."""
    with sandboxes.inside(task), db.connection_context():
        is_new = Event.id > db.obj.pragma("user_version")
        return [event.heading for event in Event.select().where(is_new).order_by(Event.id)]


def test_nothing_is_opened_in_no_world(research, tmp_path):
    with pytest.raises(InterfaceError, match="this world has no database"):
        db.connect()
    refused = []

    def elsewhere():
        try:
            db.connect()
        except InterfaceError as problem:
            refused.append(str(problem))

    with entered(World(tmp_path / "own.sqlite3")):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        db.connect()
        db.close()
    assert refused == ["this world has no database"]


def test_a_sandbox_that_is_gone_does_not_come_back_empty(research, tmp_path):
    with entered(World(tmp_path / "gone.sqlite3")), pytest.raises(OperationalError):
        db.connect()
    assert not (tmp_path / "gone.sqlite3").exists()


def test_threads_read_only_what_is_theirs(research, tmp_path, kept):
    """Each of four threads has a file in which the school has another name, and reads it again and again."""
    template = scenarios.template("S01", kept / "templates")
    wrong = []

    def read(name: str) -> None:
        file = tmp_path / f"{name}.sqlite3"
        scenarios.fresh_copy(template, file)
        with entered(World(file)), db.connection_context():
            School.update(name=name).execute()
        for _ in range(30):
            with entered(World(file)), db.connection_context():
                wrong.extend({school.name for school in School.select()} - {name})

    threads = [threading.Thread(target=read, args=(f"School {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_sandbox_waits_for_nobody_who_writes_elsewhere(held):
    session = held("S01")
    db.obj.write_queue.enter(1)
    try:
        with sandboxes.inside(task_of(session)), db.connection_context(), db.atomic():
            assert Teacher.update(trs_last_name="Smith").where(Teacher.id == 1).execute() == 1
    finally:
        db.obj.write_queue.leave()


def test_interleaved_actions_in_two_browsers(held, participant):
    """Two participants of the same scenario, now this one and now that one. Each gives an ECT one new name after
    another, which only they see."""
    held_now = [held("S01"), held("S01")]
    names = ("Abigail Brown", "Beatrice Brown")
    actions = [actions_of(participant(session), name) for session, name in zip(held_now, names, strict=True)]
    turns = [0] * 8 + [1] * 8
    random.Random(7).shuffle(turns)  # noqa: S311 - the same mixture each time
    for turn in turns:
        shown = next(actions[turn])
        assert names[turn] in shown
        assert names[1 - turn] not in shown
    for session, own, other in zip(held_now, names, reversed(names), strict=True):
        headings = " ".join(told(task_of(session)))
        assert own in headings
        assert other not in headings


def actions_of(window: Window, own: str):
    """One after another, with the page that each is answered with."""
    who, token = "/school/ects/6", re.search('name="csrf_token" value="([^"]+)"', window.response.text)[1]
    for number in itertools.count():
        name = f"{own} {number}"
        page = window.send("post", f"{who}/change-name/name", data={"csrf_token": token, "name": name}).text
        yield page
        seen = re.search('name="seen"[^>]* value="([^"]+)"', page)[1]
        yield window.send("post", f"{who}/change-name/check-answers", data={"csrf_token": token, "seen": seen}).text
        for address in (who, f"/school/ects?q={own}"):
            yield window.send("get", address, headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text


def test_what_was_begun_before_a_reset_is_not_done_after_it(held, participant, moderator):
    """Data cleared in mid-journey, then confirmed: neither this browser nor a new one sees any of it."""
    session = held("S01")
    window = participant(session)
    window.click("Steven Taylor").click("select a lead provider").choose("Teach First")
    page = window.page
    moderator.get(f"/research/sessions/{session.id}").submit("Reset task 1")
    window.page = page
    window.post(window.path, {"seen": page.css_first("[name=seen]").attrs["value"]})
    assert window.heading == "Wait for the next task"
    assert told(task_of(session)) == []
    assert status_of_steven(task_of(session)) == "withdrawn"
    moderator.submit("Open task 1")
    newcomer = participant(again(session))
    newcomer.click("Steven Taylor")
    assert "Teach First" not in newcomer.text
    assert task_of(session).attempt == 2
    assert not (sandboxes.folder_of(again(session)) / "0-1.sqlite3").exists()


def test_each_session_has_its_own_day_and_the_service_its_own(held, participant, monkeypatch, research, moderator):
    monkeypatch.setitem(research.config, "TODAY", "2026-06-01")
    session = held("S01", "S02")
    moderator.get(f"/research/sessions/{session.id}").submit("Close task 1").click("Next: task 2").submit("Open task 2")
    assert task_of(session, 1).running_since.date() == now().date(), "the console goes by the real clock"
    window = participant(held("S05"))
    window.click("Steven Taylor").get(window.path + "/report-teacher-leaving/leaving-date")
    window.submit("Continue", Day="20", Month="4", Year="2026")
    assert "today, 20 April 2026" in window.text
    visitor = Window(research).sign_in("Naomi Fletcher").get("/school/ects").click("Steven Taylor")
    visitor.get(visitor.path + "/report-teacher-leaving/leaving-date")
    visitor.submit("Continue", Day="20", Month="4", Year="2026")
    assert "left your school on 20 April 2026" in visitor.text
    with clock_at(date(2026, 1, 1)), sandboxes.inside(task_of(held("S05"))):
        assert today() == date(2026, 4, 20)


def test_an_answer_of_one_task_is_not_there_in_the_next(held, participant):
    session = held("S03", "S04")
    window = participant(session).click("Steven Taylor")
    page = window.path + "/report-teacher-leaving/leaving-date"
    window.get(page).submit("Continue", Day="27", Month="3", Year="2026")
    open_second_task(session)
    window.get(page)
    assert window.heading == "The task has begun", "whatever was open leads to the start of the new task"
    window.click("Go to the first page of the task")
    assert window.path == "/school/ects"
    window.get(page)
    assert [window.values[f"leaving_on-{part}"] for part in ("day", "month", "year")] == ["", "", ""]


def test_however_often_a_page_is_loaded_its_wording_is_one(held, participant):
    ordinary, other = participant(held("S03")), participant(held("S03", wordings=["as-a-question"]))
    page = "/school/ects/5/report-teacher-leaving/leaving-date"
    headings = [ordinary.get(page).heading, other.get(page).heading]
    assert headings[1] == "Has Steven Taylor left your school permanently, or are they going to?"
    assert headings[0] != headings[1]
    for _ in range(5):
        assert [window.get(page).heading for window in (ordinary, other)] == headings
    other.get("/school/ects/5")
    assert other.row("Status").startswith("Action required"), "what it leaves out is as in the ordinary one"


def test_the_participants_own_school(plan, research, participant):
    (session,) = plan("S01")
    said = {"school": "Our <Own> Primary", "appropriate_body": "Our Body", "lead_provider": "Teach First"}
    with research_db.connection_context():
        sessions.save_profile(session, said)
    begin(session)
    with research_db.connection_context():
        session = again(session)
        assert "from now on Ambition Institute does" in sandboxes.in_their_words(session.task.said.task, session)
    window = participant(session)
    assert "Our <Own> Primary" in window.text
    assert "Our &lt;Own&gt; Primary" in window.response.text
    window.click("Steven Taylor")
    assert "Teach First has told us they no longer train Steven Taylor" in window.text
    assert window.row("Appropriate body").startswith("Our Body")
    assert "St John" not in window.response.text
    window.get("/school/ects/5/change-lead-provider/lead-provider")
    assert "Ambition Institute" in window.choices
    assert "Teach First" not in window.choices
    change_lead_provider(window, "Ambition Institute")
    kinds = {value for line in entries(session) for value in line}
    assert not any("Own" in value or "Body" in value for value in kinds)


def test_the_school_is_forgotten_first(held):
    session = held("S01")
    with research_db.connection_context():
        sessions.save_profile(session, {"school": "Our Own Primary"})
        profile, folder = sandboxes.profile_file(session), sandboxes.folder_of(session)
        assert profile.exists()
        sessions.end(session)
    assert not profile.exists()
    assert folder.exists()


def test_names_change_places_in_prompts_short_ones_too(plan, research):
    (session,) = plan("S01")
    for prompt, own, said in (
        ("UCL used to prepare him", "UCL Institute of Education", "Ambition Institute used to prepare him"),
        ("Ambition Institute does", "UCL Institute of Education", "UCL Institute of Education does"),
        ("with Ambition Institute and UCL", "Teach First", "with Teach First and UCL"),
    ):
        with research_db.connection_context():
            sessions.save_profile(session, {"lead_provider": own})
            assert sandboxes.in_their_words(prompt, session) == said
            assert sandboxes.names_left(prompt, session) == []


def test_a_session_whose_prompt_cannot_have_the_participants_names_is_not_prepared(plan, research, monkeypatch):
    (session,) = plan("S01")
    with research_db.connection_context():
        sessions.save_profile(session, {"lead_provider": "UCL Institute of Education"})
        assert sessions.prepare(session, lambda *_: []) == []
        said = session.in_order[0].said
        monkeypatch.setattr(Task, "said", replace(said, task="Ambition is no longer there."))
        (problem,) = sessions.prepare(session, lambda *_: [])
        assert "S01: the participant’s own names can’t be put into the prompt, which has “Ambition”" in problem
