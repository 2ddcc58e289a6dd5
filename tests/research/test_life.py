"""The life of a round and of its sessions: what the moderator may do when, and what is left of it afterwards."""

from datetime import UTC, date, datetime, timedelta

import pytest

from clock import clock_at, now, today
from research import log, sandboxes, sessions
from research.models import Entry, Note, Session, Task, Watcher, research_db, store_folder
from tests.research.conftest import (
    Window,
    again,
    all_of,
    begin,
    change_lead_provider,
    entries,
    left,
    make_ready,
    task_of,
)
from tests.visitor import words

NOON = datetime(2026, 4, 28, 12, tzinfo=UTC)


def test_a_whole_session(moderator, participant, research, look_at):
    """From planning to the last trace, by the console's own pages."""
    look_at(moderator.get("/research"))
    moderator.click("Plan a round").submit("Plan the round", 422)
    look_at(moderator)
    assert moderator.errors == [
        "Enter what the round is called",
        "Select one or more scenarios",
        "Enter how many participants there will be",
    ]
    moderator.post(
        "/research/rounds/new",
        {"title": "Spring", "scenarios": ["S01", "S06"], "wordings": "", "order": "same", "sessions": "1"}
        | {"retention_days": "30", "planned_on-day": "28", "planned_on-month": "4", "planned_on-year": "2026"},
    )
    assert moderator.heading == "Spring"
    look_at(moderator)
    moderator.click("P1")
    look_at(moderator)
    assert "28 April 2026" in moderator.text
    page = moderator.path
    (session,) = all_of(Session)

    assert "Open task 1" not in moderator.buttons
    assert "Prepare this session first." in moderator.links
    moderator.submit("Prepare")
    assert "Ready" in moderator.text
    assert "Open task 1" not in moderator.buttons
    assert "Record first whether the participant consents." in moderator.links
    moderator.post(f"/research/tasks/{task_of(session).id}/open")
    assert moderator.errors == ["Record first whether the participant consents."]
    moderator.submit("Record", 422)
    assert moderator.errors == ["Select whether the participant consents"]
    look_at(moderator)
    moderator.choose("Yes: log the pages, errors and changes of this session", "Record")

    moderator.submit("Open task 1")
    window = participant(session)
    change_lead_provider(window)
    moderator.get(page).submit("Pause task 1")
    green = [words(each) for each in moderator.main.css(".govuk-button--primary")]
    assert green == ["Go on task 1"], "one way forward"
    window.get("/school/mentors")
    moderator.submit("Go on task 1")
    assert entries(session)[-1] == ("page", "ect/change-lead-provider/confirmation", "", ""), "nothing of the pause"
    moderator.submit("Close task 1")
    assert task_of(session).proposed == "direct"
    moderator.choose("Success, by a detour", "Confirm the outcome of task 1", 422)
    assert moderator.errors == ["Say why the outcome is not “Success, directly”"]
    look_at(moderator)
    moderator.submit(
        "Confirm the outcome of task 1",
        choose="Success, by a detour",
        **{"Why,_if_it_is_not_the_proposed_one": "Asked me"},
    )
    moderator.post(f"/research/tasks/{task_of(session).id}/ease", {"ease": "5"})
    task = task_of(session)
    assert (task.outcome, task.is_assisted, task.reason, task.ease) == ("indirect", False, "Asked me", 5)

    moderator.click("Next: task 2").submit("Open task 2")
    window.get("/school/ects").click("Go to the first page of the task")
    moderator.get(page).submit("Close task 2")
    assert task_of(session, 1).proposed == "direct"
    moderator.choose("Success, directly", "Confirm the outcome of task 2", 422)
    assert moderator.errors == ["It is only a success if all of this was so"]
    data = {"outcome": "direct", "judged": "0", "is_assisted": "y", "reason": ""}
    moderator.post(f"/research/tasks/{task_of(session, 1).id}/outcome", data)
    task = task_of(session, 1)
    assert (task.outcome, task.is_assisted, task.judged) == ("direct", True, [True])

    moderator.submit("End the session")
    look_at(moderator)
    look_at(window.get("/school/ects", 410))
    moderator.submit("It is written up")
    look_at(moderator.click("Spring"))
    assert "1 of 1" in moderator.text
    moderator.response = moderator.send("post", moderator.path + "/export", data={"csrf_token": token(moderator)})
    assert moderator.response.mimetype == "application/zip"
    assert again(session).state == "exported"
    assert not sandboxes.folder_of(again(session)).exists()
    moderator.get(f"/research/rounds/{session.round_id}").submit("Close the round")
    assert "Closed on" in moderator.text
    with clock_at(today() + timedelta(days=30)):
        assert purge() == []
    with clock_at(today() + timedelta(days=31)):
        assert purge() == [f"deleted P1 of round {session.round_id}"]
    assert left() == {}


def token(window: Window) -> str:
    return window.value("csrf_token")


def purge() -> list[str]:
    with research_db.connection_context():
        return sessions.purge_what_is_due()


def test_a_session_that_was_never_begun_can_be_ended(plan, moderator):
    session = make_ready(*plan("S01"), "given")
    moderator.get(f"/research/sessions/{session.id}").submit("End the session")
    assert (moderator.errors, again(session).state) == ([], "ended")


# --- consent -------------------------------------------------------------------------------------------------


def test_withdrawn_consent_leaves_no_row_and_no_file(held, participant, moderator, research, look_at):
    session = held("S01")
    window = participant(session).get("/accessibility")
    change_lead_provider(window)
    page = f"/research/sessions/{session.id}"
    moderator.get(page)
    moderator.post(f"{page}/notes", {"key": "k", "text": "Hesitated over the word induction"})
    Window(research).get(f"/research/watch/{session.watch_token}").submit("Watch", Your_name="Dev")
    with research_db.connection_context():
        sessions.save_profile(session, {"school": "Our Own Primary"})
    assert set(left()) == {"Session", "Task", "Entry", "Note", "Watcher", "sandboxes"}
    moderator.click("Consent is withdrawn: delete everything")
    assert moderator.heading == "Delete everything of P1?"
    look_at(moderator)
    moderator.submit("Delete everything of P1")
    assert left() == {}
    window.get("/school/ects", 410)
    assert left() == {}, "a browser that still has the link makes nothing come back"
    kept = b"".join(
        path.read_bytes()
        for path in store_folder().rglob("*")
        if path.is_file() and not {"templates", "scenarios"} & set(path.parts)
    )
    for trace in (b"Hesitated", b"accessibility", b"Our Own Primary", b"Dev", session.token.encode()):
        assert trace not in kept, "not even in the file's free pages"
    moderator.get(page, 404)


def test_without_consent_nothing_is_logged_and_everything_works(held, participant, moderator):
    session = held("S01", consent="refused")
    change_lead_provider(participant(session))
    page = f"/research/sessions/{session.id}"
    moderator.get(page)
    assert "Nothing is logged: the participant has not consented" in moderator.text
    assert "What did you notice?" not in moderator.text
    moderator.post(f"{page}/notes", {"key": "k", "text": "Hesitated"})
    moderator.get(page).submit("Close task 1")
    assert entries(session) == []
    assert all_of(Note) == []
    task = task_of(session)
    assert (task.state, task.proposed, task.outcome) == ("closed", None, None)
    assert "Confirm the outcome" not in moderator.text


def test_before_consent_is_recorded_nothing_is_logged_and_it_cannot_be_turned_into_a_refusal(
    plan, participant, moderator
):
    session = make_ready(*plan("S01"))
    participant(session)
    assert entries(session) == []
    moderator.get(f"/research/sessions/{session.id}")
    assert "Nothing is logged" in moderator.text
    begin(session)
    moderator.get(moderator.path).choose("No: log nothing. The session can be held all the same", "Record")
    assert moderator.errors == ["To take consent back, withdraw it: that deletes everything of this session."]


def test_a_page_asked_for_before_the_purge_writes_nothing_after_it(held):
    """The request was being answered while everything was deleted."""
    session = held("S01")
    task = task_of(session)
    with research_db.connection_context():
        sessions.purge(session)
        log.write_shown(task, now(), "ects", {})
    assert left() == {}


# --- tasks ---------------------------------------------------------------------------------------------------


def test_the_clock_of_a_task(held, participant):
    with clock_at(NOON):
        session = held("S01")
    with clock_at(NOON + timedelta(seconds=5)):
        participant(session)
    with clock_at(NOON + timedelta(seconds=10)), research_db.connection_context():
        sessions.pause(Task.get())
    with clock_at(NOON + timedelta(minutes=10)), research_db.connection_context():
        sessions.open_task(Task.get())
    with clock_at(NOON + timedelta(minutes=10, milliseconds=250)):
        participant(session)
    assert [entry.at_ms for entry in all_of(Entry)] == [5000, 10250]
    assert again(session).held_on == NOON.date()


def test_a_moment_is_kept_only_while_it_is_needed(held):
    session = held("S01", "S02")
    with research_db.connection_context():
        sessions.make_code(session)
        sessions.watch(session, "key", "Dev")
        sessions.end(session)
        moments = [list(research_db.execute_sql(f"SELECT * FROM {table}").fetchall()) for table in ("session", "task")]
        assert Watcher.select().count() == 0
    assert not any(isinstance(value, str) and ":" in value for rows in moments for row in rows for value in row)


def test_pressing_twice_does_it_once(held, moderator):
    session = held("S01")
    address = f"/research/tasks/{task_of(session).id}"
    moderator.get(f"/research/sessions/{session.id}")
    for act, state in (("open", "open"), ("pause", "paused"), ("close", "closed")):
        for _ in range(2):
            moderator.post(f"{address}/{act}")
            assert task_of(session).state == state
    moderator.post(f"{address}/open")
    assert moderator.errors == ["This task is closed. Reopen it to go on, or reset it to begin anew."]


def test_a_reset_begins_anew(held, participant, moderator):
    session = held("S01")
    change_lead_provider(participant(session))
    moderator.get(f"/research/sessions/{session.id}").submit("Close task 1")
    moderator.submit("Reset task 1")
    task = task_of(session)
    assert (task.state, task.attempt, task.proposed, task.elapsed_ms) == ("planned", 2, None, 0)
    assert "confirmation" not in moderator.main.css_first("#feed").text()
    moderator.submit("Open task 1")
    window = participant(session).click("Steven Taylor")
    assert window.row("Status").startswith("Action required")
    moderator.submit("Close task 1")
    assert task_of(session).proposed == "gave_up"


def test_a_task_that_was_closed_too_soon_goes_on(held, participant, moderator):
    """In the same sandbox, on the same clock, and its end is proposed and confirmed again."""
    session = held("S01", "S06")
    window = participant(session).click("Steven Taylor").click("select a lead provider").choose("Teach First")
    moderator.get(f"/research/sessions/{session.id}").submit("Close task 1")
    moderator.submit(
        "Confirm the outcome of task 1", choose="Gave up", **{"Why,_if_it_is_not_the_proposed_one": "Stopped"}
    )
    moderator.click("Next: task 2").submit("Open task 2").click("S01 ECT withdrawn, changed lead provider")
    assert "Reopen task 1" not in moderator.buttons, "one at a time"
    moderator.get(f"/research/sessions/{session.id}").submit("Close task 2")
    moderator.click("S01 ECT withdrawn, changed lead provider").submit("Reopen task 1")
    task = task_of(session)
    assert (task.state, task.attempt, task.proposed, task.outcome, task.reason) == ("open", 1, None, None, "")
    assert again(session).task_now == 0
    window.get("/school/ects").click("Steven Taylor").click("select a lead provider").submit("Continue")
    window.submit("Confirm change")
    moderator.submit("Close task 1")
    assert task_of(session).proposed == "direct"
    moderator.submit("End the session")
    moderator.get(f"/research/sessions/{session.id}")
    assert "Reopen task 1" not in moderator.buttons
    moderator.post(f"/research/tasks/{task.id}/reopen")
    assert moderator.errors == ["This session is over."]


def test_a_task_that_is_open_is_closed_before_another_one_is_opened(held, participant, moderator):
    session = held("S01", "S06")
    change_lead_provider(participant(session))
    moderator.get(f"/research/sessions/{session.id}")
    assert "Open task 2" not in [words(button) for button in moderator.main.css("button")]
    moderator.post(f"/research/tasks/{task_of(session, 1).id}/open")
    assert moderator.errors == ["Close task 1 first."]
    assert [task_of(session, place).state for place in (0, 1)] == ["open", "planned"]


def test_the_end_of_a_session_closes_its_task_and_proposes(held, participant, moderator):
    session = held("S01")
    change_lead_provider(participant(session))
    moderator.get(f"/research/sessions/{session.id}").submit("End the session")
    assert (task_of(session).state, task_of(session).proposed) == ("closed", "direct")


def test_outcomes_that_are_not_confirmed_are_asked_for_until_they_are(held, participant, moderator):
    session = held("S01", "S06", "S07")
    change_lead_provider(participant(session))
    moderator.get(f"/research/sessions/{session.id}").submit("Close task 1")
    moderator.click("Next: task 2").submit("Open task 2").submit("Reset task 2").submit("End the session")
    feed = words(moderator.main.css_first("#feed"))
    assert feed.startswith("S01: closed."), "to confirm its outcome by"
    assert "ect/change-lead-provider/confirmation" in feed
    assert "Confirm the outcome of task 1" in moderator.text, "the first one that waits for it"
    moderator.click("Next to confirm: task 2")
    assert words(moderator.main.css_first("#feed")) == "S06: closed, attempt 2."
    moderator.submit("It is written up")
    assert moderator.errors == ["Confirm the outcomes of task 1 and task 2 first."]
    round_page = moderator.click("Autumn round").path
    assert "1 is not confirmed" in moderator.text
    assert "2 outcomes are not confirmed, so they are not counted. You can confirm them after exporting too." in (
        moderator.text
    )
    moderator.send("post", f"{round_page}/export", data={"csrf_token": token(moderator)})
    moderator.get(f"/research/sessions/{session.id}")
    moderator.choose("Success, directly", "Confirm the outcome of task 1")
    assert (moderator.errors, task_of(session).outcome) == ([], "direct")
    moderator.post(f"/research/tasks/{task_of(session).id}/ease", {"ease": "5"})
    assert task_of(session).ease == 5
    moderator.get(round_page)
    assert "1 of 1" in moderator.text
    assert "1 outcome is not confirmed" in moderator.text


@pytest.mark.parametrize(
    ("name", "walked", "proposed"),
    [
        ("S01", lambda window: change_lead_provider(window.get("/school/mentors")), "indirect"),
        ("S01", lambda window: change_lead_provider(window, "UCL Institute of Education"), "wrong"),
        ("S01", lambda window: window.click("Hannah Clarke"), "gave_up"),
        ("S01", None, "not_reached"),
        ("S06", lambda window: change_lead_provider(window), "wrong"),
        ("S07", lambda window: window.click("Steven Taylor"), None),
    ],
)
def test_the_proposed_outcome(held, participant, moderator, name, walked, proposed):
    session = held(name)
    if walked:
        walked(participant(session))
    moderator.get(f"/research/sessions/{session.id}").submit("Close task 1")
    assert task_of(session).proposed == proposed


def test_the_provider_acts_now(held, participant, moderator):
    session = held("S13")
    page = f"/research/sessions/{session.id}"
    window = participant(session)
    moderator.get(page)
    assert moderator.main.css_first("#participant option").text() == "Gustav Brown", (
        "whom the task is about comes first"
    )
    gustav = moderator.main.css_first("#participant option").attrs["value"]
    address = f"/research/tasks/{task_of(session).id}/provider"
    moderator.post(address, {"participant_id": gustav, "act": "defer"})
    assert moderator.errors == ["The lead provider could not do that: Gustav Brown has been deferred already."]
    assert moderator.main.css("section[aria-labelledby=provider] .govuk-error-summary"), "beside the button"
    assert moderator.main.css_first("#participant option[selected]").text() == "Gustav Brown"
    moderator.post(address, {"participant_id": gustav, "act": "resume"})
    assert "Lead provider: resume" in moderator.text
    window.get("/school/ects").click("Gustav Brown")
    assert window.row("Status") == "Registered"
    moderator.get(page).submit("Close task 1")
    assert task_of(session).proposed == "direct"
    assert [line for line in entries(session) if line[0] == "change"] == [], "the school changed nothing"
    moderator.post(address, {"participant_id": "999", "act": "resume"}, 400)


# --- what is due to be deleted -------------------------------------------------------------------------------


def test_sandboxes_go_a_day_after_their_last_use(held, plan):
    running = held("S01")
    ready = make_ready(*plan("S01"))
    with clock_at(now() + timedelta(hours=23)):
        assert purge() == []
    with clock_at(now() + timedelta(hours=25)):
        assert len(purge()) == 2
    assert left() == {"Session": 2, "Task": 2}
    assert (again(running).state, again(ready).state) == ("ended", "planned")


def test_two_years_are_the_ceiling(held):
    session = held("S01")
    with research_db.connection_context():
        sessions.end(session)
        Session.update(held_on=date(2024, 4, 28)).execute()
    with clock_at(date(2026, 4, 28)):
        assert [line for line in purge() if line.startswith("deleted P1")] == []
    with clock_at(date(2026, 4, 29)):
        purge()
    assert "Session" not in left()


def test_a_purge_that_was_cut_short_is_finished(held, monkeypatch):
    session = held("S01")
    monkeypatch.setattr("research.sandboxes.remove", lambda folder: 1 / 0)
    with research_db.connection_context(), pytest.raises(ZeroDivisionError):
        sessions.purge(session)
    assert again(session).state == "purging"
    assert again(session).token != session.token, "the link is dead already"
    monkeypatch.undo()
    assert purge() == [f"deleted P1 of round {session.round_id}"]
    assert left() == {}


def test_a_folder_of_no_session_is_removed(research):
    (store_folder() / "sandboxes" / "left-behind").mkdir(parents=True)
    assert purge() == ["deleted a sandbox of no session"]
    assert left() == {}
