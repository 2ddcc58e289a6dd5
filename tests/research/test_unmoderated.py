"""A session without a moderator: the participant's link, their consent on the page, the tasks one after the other, and
what the console makes of it."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from clock import World, clock_at, entered, now
from research import sandboxes, sessions, unmoderated
from research.export import export
from research.models import Entry, Session, research_db, store_folder
from tests.research.conftest import YES, Window, again, all_of, begin, change_lead_provider, entries, left, task_of
from tests.research.test_participant import follow, place_of
from tests.research.test_results import opened, rows
from tests.words import check_words

NO = "No, I do not want to take part"
LIST = "Early career teachers (ECTs)"
EASE = "How did you find this task?"


def link_of(session: Session) -> str:
    return f"/visit/{again(session).link}"


def say_so(window: Window, ease: str = "", button: str = "I have done it") -> Window:
    """End the task, and answer how easy it was."""
    window.submit(button)
    assert window.heading == EASE
    return window.submit("Continue", **({"choose": ease} if ease else {}))


# --- a whole session ---------------------------------------------------------------------------------------------


def test_a_whole_session_by_the_pages(moderator, research, look_at):
    """From planning to the results."""
    moderator.get("/research").click("Plan a round")
    said = {"title": "On their own", "scenarios": ["S01", "S02"], "wordings": "", "order": "same", "sessions": "1"}
    moderator.post("/research/rounds/new", said | {"retention_days": "30", "is_unmoderated": "y"})
    assert "Without a moderator" in moderator.text
    look_at(moderator.click("P1").submit("Prepare"))
    assert "Does the participant consent" not in moderator.text
    assert "Make a code for another device" not in moderator.buttons
    assert "Open task 1" not in moderator.buttons
    page, link = moderator.path, moderator.main.css_first("a[href*='/visit/']").attrs["href"]

    window = Window(research).get(urlsplit(link).path)
    check_words(window)
    assert window.heading == "Before you start"
    assert "30 days" in window.text
    window.submit("Continue", 422)
    assert window.errors == ["Select whether you agree"]
    look_at(window)
    look_at(window.choose(YES))
    check_words(window)
    assert window.heading == "Task 1 of 2"
    assert "You are Naomi Fletcher" in window.text
    window.submit("Begin")
    assert window.heading == LIST
    look_at(window)
    assert "Teach First" in above(window)
    change_lead_provider(window)
    look_at(moderator.get(page))
    look_at(window.submit("I have done it"))
    assert window.heading == EASE
    window.submit("Continue", choose="6")
    assert window.heading == "Task 2 of 2"
    look_at(window.submit("Begin").get("/school/ects/5"))
    look_at(window.get("/task"))
    look_at(window.submit("I cannot do it").submit("Continue"))
    check_words(window)
    assert (window.path, window.heading) == ("/task", "Thank you for taking part")

    first, second = task_of(all_of(Session)[0]), task_of(all_of(Session)[0], 1)
    assert (first.said_done, first.proposed, first.outcome, first.is_assisted, first.ease) == (
        True, "direct", "direct", False, 6,
    )  # fmt: skip
    assert (second.said_done, second.proposed, second.outcome, second.ease) == (False, "gave_up", "gave_up", None)
    assert first.elapsed_ms > 0
    moderator.get(page)
    assert "The participant said: “I cannot do it”" in moderator.click("S02 ECT withdrawn, switched to school-led").text
    look_at(moderator)
    look_at(moderator.submit("It is written up").click("On their own"))
    assert "1 of 1" in moderator.text
    assert "1 of them without a moderator" in moderator.text


@pytest.mark.parametrize(("minutes", "done", "counted"), [((1, 181, 183), 184, 4), ((1,), 181, 1)])
def test_the_clock_stands_still_while_nobody_is_there(begun, minutes, done, counted):
    """A participant who goes on three hours later has not taken three hours, nor has one who only says so then."""
    session, window = begun("S01")
    start = task_of(session).running_since
    for minute in minutes:
        with clock_at(start + timedelta(minutes=minute)):
            window.get("/school/ects/5")
    with clock_at(start + timedelta(minutes=done)):
        window.submit("I have done it")
    assert task_of(session).elapsed_ms == counted * 60_000


def above(window: Window) -> str:
    """What stands above the service's page."""
    return " ".join(window.page.css_first(".app-own-task").text().split())


# --- consent -----------------------------------------------------------------------------------------------------


def test_nothing_is_kept_before_consent(alone, participant):
    session = alone("S01")
    window = participant(session)
    for path in ("/task", "/task/delete"):
        assert window.get(path, 410).heading == "This session has finished"
    assert not window.client.get_cookie("visit")
    participant(session).post(f"/visit/{session.token}", {"consent": "perhaps"}, 422)
    now_ = again(session)
    assert (now_.consent, now_.used_link, now_.held_on, entries(session)) == (None, None, None, [])
    # Nor by whoever puts the link where a browser's own token is.
    window.client.set_cookie("visit", session.token)
    for path in ("/school/ects", "/task"):
        window.send("get", path)
    window.send("post", "/task", data={"press": "begin"})
    assert (again(session).state, entries(session)) == ("ready", [])


def test_who_refuses_is_thanked_and_nothing_is_kept(alone, participant, moderator):
    session = alone("S01")
    window = participant(session)
    path, _form, data = window.filled_in("Continue", choose=NO)
    window._open(window.send("post", path, data=data), 410)
    assert window.heading == "Thank you for telling us"
    check_words(window)
    assert not window.client.get_cookie("visit")
    assert left() == {"Session": 1, "Task": 1}
    now_ = again(session)
    assert (now_.state, now_.consent, now_.held_on) == ("ended", "refused", None)
    assert participant(session, 410).heading == "Thank you for telling us"
    assert "refused" in moderator.get(f"/research/rounds/{session.round_id}").text
    assert "Nobody yet" in moderator.text


@pytest.mark.parametrize("at", ["prompt", "page", "end"])
def test_consent_is_taken_back_at_any_time_and_everything_goes(alone, participant, look_at, at):
    session = alone("S01")
    window = participant(session).choose(YES)
    if at != "prompt":
        window.submit("Begin").click("Steven Taylor").click("Stop and delete everything").click("Go back")
        assert (window.heading, again(session).state) == (LIST, "running"), "it asks first"
    if at == "end":
        window.submit("I have done it").submit("Continue")
    window.click("have it deleted" if at == "end" else "Stop and delete everything")
    check_words(window)
    look_at(window)
    path, _form, data = window.filled_in("Delete everything")
    cookies = {cookie.key: cookie.value for cookie in window.client._cookies.values()}
    window.submit("Delete everything")
    assert window.heading == "Everything about you is deleted"
    check_words(window)
    look_at(window)
    assert left() == {}
    kept = b"".join(each.read_bytes() for each in store_folder().glob("research.sqlite3*"))
    for trace in (session.token, "other-ect", session.folder):
        assert trace.encode() not in kept
    assert not window.client.get_cookie("visit")
    assert participant(session, 404).heading == "This link does not work"
    for key, value in cookies.items():  # a double click's second press
        window.client.set_cookie(key, value)
    window.post(path, data, token=False)
    assert window.heading == "Everything about you is deleted"
    assert window.get("/school/ects", 200).heading == "Sign in to the demonstration"


def test_the_services_log_has_no_line_of_them(begun, caplog):
    session, window = begun("S01", "S02")
    caplog.clear()
    say_so(window.click("Steven Taylor"), "3").get(link_of(session)).get("/nowhere-typed")
    window.submit("Begin").get("/nowhere-typed", 404).click("Stop and delete everything").submit("Delete everything")
    assert not [record for record in caplog.records if record.name.startswith("service")]


# --- the link ----------------------------------------------------------------------------------------------------


def test_the_link_belongs_to_the_browser_that_answered(begun, participant, look_at):
    session, window = begun("S01")
    elsewhere = participant(session, 403)
    assert elsewhere.heading == "This link is in use already"
    check_words(elsewhere)
    look_at(elsewhere)
    elsewhere.post(f"/visit/{session.token}", {"consent": "given"}, 403, token=False)
    elsewhere.client.set_cookie("visit", session.token)
    assert elsewhere.get("/school/ects", 410).heading == "This session has finished"
    assert window.click("Steven Taylor").get(link_of(session)).heading == LIST, "it leads on here"
    assert entries(session)[-1] == ("page", "ects", "", "")


def test_looking_at_the_link_does_not_use_it(alone, participant):
    """Somebody opens it on a phone, and goes on on a laptop."""
    session = alone("S01")
    phone = participant(session)
    assert participant(session).choose(YES).heading == "Task 1 of 1"
    assert phone.choose(YES, status=403).heading == "This link is in use already"


def test_answering_twice_and_in_two_tabs(alone, participant):
    session = alone("S01")
    window = participant(session)
    tab = window.page
    path, _form, data = window.filled_in("Continue", choose=YES)
    cookie = window.client.get_cookie("session").value
    window.submit("Continue", choose=YES)
    window.client.delete_cookie("visit")  # the second press of a double click: no answer had come yet
    window.client.set_cookie("session", cookie)
    assert window.post(path, data).heading == "Task 1 of 1"
    window.page = tab
    assert window.choose(NO).heading == "Task 1 of 1", "what was said first is so"
    assert again(session).consent == "given"


def test_two_browsers_that_answer_at_the_same_moment(alone):
    """One has the link, the other one is told so."""
    session, ready = alone("S01"), threading.Barrier(4)

    def answer(browser: str) -> bool:
        with entered(World()), research_db.connection_context():
            ready.wait()
            with suppress(sessions.NotNow):
                unmoderated.begin(session, browser, "given")
                return True
        return False

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(answer, "abcd")) == [False, False, False, True]
    now_ = again(session)
    assert (now_.used_link, len(now_.token)) == (session.token, 1)


def test_links_that_lead_nowhere_yet_or_any_more(plan, alone, participant, moderator):
    (planned,) = plan("S01", is_moderated=False)
    assert participant(planned, 404).heading == "This link does not work yet"
    ready, page = alone("S01"), "/research/sessions/2"
    moderator.get(page).submit("Make a new link")
    assert participant(ready, 404).heading == "This link does not work"
    moderator.get(page).submit("End the session")
    assert participant(again(ready), 410).heading == "This session has finished"


def test_a_round_is_closed_when_nobody_can_begin_any_more(alone, moderator):
    session = alone("S01")
    moderator.get(f"/research/rounds/{session.round_id}").submit("Close the round")
    assert moderator.errors == ["End every session first, or delete those that will not be held."]
    moderator.get(f"/research/sessions/{session.id}").submit("End the session")
    moderator.get(f"/research/rounds/{session.round_id}").submit("Close the round")
    assert "Closed on" in moderator.text


def test_a_link_that_is_in_use_is_not_replaced(begun, moderator):
    session, _ = begun("S01")
    moderator.get(f"/research/sessions/{session.id}")
    assert "Make a new link" not in moderator.buttons
    for act in ("links", "code"):
        moderator.post(f"/research/sessions/{session.id}/{act}")
        assert moderator.errors
    assert again(session).code is None


# --- the tasks ---------------------------------------------------------------------------------------------------


def test_what_is_pressed_twice_or_on_an_old_page_does_nothing(alone, participant):
    session = alone("S01", "S02", "S03")
    window = participant(session).choose(YES)
    begin = window.page
    window.submit("Begin")
    first = window.page
    for button in ("I have done it", "I cannot do it", "I have done it"):
        window.page = first
        window.submit(button)
    ease = window.page
    assert task_of(session).said_done is True
    window.submit("Continue", choose="5")
    window.page = ease
    window.submit("Continue", choose="1")
    assert (window.heading, task_of(session).ease, task_of(session, 1).state) == ("Task 2 of 3", 5, "planned")
    for old in (begin, first):
        window.page = old
        window.submit("Begin" if old is begin else "I have done it")
    assert (window.heading, task_of(session, 1).state) == ("Task 2 of 3", "planned")
    window.post("/task", {"press": "done", "place": f"{task_of(session, 1).id}.1.planned"})
    assert (window.heading, task_of(session, 1).said_done) == ("Task 2 of 3", None), "it was not begun"


def test_going_back_to_a_task_that_was_closed_too_soon(begun):
    session, window = begun("S01", "S02")
    window.submit("I cannot do it").submit("Go back to this task")
    assert (window.heading, task_of(session).said_done, task_of(session).outcome) == (LIST, None, None)
    change_lead_provider(window)
    say_so(window)
    assert task_of(session).outcome == "direct"


def test_between_two_tasks_the_services_pages_lead_to_the_task(begun, research):
    session, window = begun("S01", "S08")
    record, place = window.click("Steven Taylor").page, place_of(session)
    window.submit("I have done it")
    assert window.send("get", f"/follow?place={place}").json == {"place": "", "to": "/school/ects"}, (
        "an open tab follows"
    )
    for path in ("/school/ects", "/school/ects/5", "/", "/nowhere"):
        assert window.get(path).path == "/task"
    window.submit("Continue").submit("Begin")
    assert window.heading == "Mentors"
    window.page = record  # a tab of the first task
    assert window.click("select a lead provider").path == "/school/ects/5/change-lead-provider/lead-provider"
    assert place_of(session) == follow(window)["place"]


def test_the_task_stands_above_every_page_and_only_there(begun, research, held, participant):
    _, window = begun("S01")
    for path, status in (("/school/ects", 200), ("/school/ects/5", 200), ("/nowhere", 404), ("/privacy", 200)):
        assert "Task 1 of 1" in above(window.get(path, status)), path
    part = window.send("get", "/school/ects", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert "app-own-task" not in part.text
    for other in (participant(held("S01")), Window(research).sign_in("Naomi Fletcher").get("/school/ects")):
        assert not other.page.css(".app-own-task")
        assert other.get("/task", 410)


def test_reloading_and_coming_back_later(begun, participant):
    _, window = begun("S01")
    window.get("/school/ects/5")
    window.client.delete_cookie("session")  # the browser was closed: only the visit's own cookie is left
    assert window.get("/school/ects").heading == LIST
    assert window.get("/task").heading == "Task 1 of 1"
    window.click("Go on with this task")
    assert window.heading == LIST


@pytest.mark.parametrize(
    ("does", "button", "proposed", "outcome"),
    [
        ("wrong", "I cannot do it", "wrong", "wrong"),
        ("nothing", "I have done it", "gave_up", None),
        ("right", "I cannot do it", "direct", None),
    ],
)
def test_how_a_task_ended(begun, moderator, does, button, proposed, outcome):
    """As the machine says, unless the participant says otherwise: then a person must look."""
    session, window = begun("S01")
    if does != "nothing":
        change_lead_provider(window, "Teach First" if does == "right" else "UCL Institute of Education")
    window.submit(button)
    task = task_of(session)
    assert (task.proposed, task.outcome) == (proposed, outcome)
    assert task.is_assisted is (None if outcome is None else False)
    window.submit("Continue")
    moderator.get(f"/research/sessions/{session.id}").submit("It is written up")
    assert bool(moderator.errors) is (outcome is None)


def test_what_only_a_person_can_judge_is_left_to_be_judged(begun, moderator):
    session, window = begun("S06")
    window.click("Steven Taylor").submit("I have done it")
    window.submit("Continue")
    assert (task_of(session).proposed, task_of(session).outcome) == ("direct", None)
    moderator.get(f"/research/rounds/{session.round_id}")
    assert "1 is not confirmed" in moderator.text
    moderator.get(f"/research/sessions/{session.id}")
    data = {"outcome": "direct", "judged": "0", "reason": ""}
    moderator.post(f"/research/tasks/{task_of(session).id}/outcome", data)
    assert task_of(session).outcome == "direct"


def test_a_scenario_in_which_somebody_must_be_there_is_refused(moderator, plan, research):
    moderator.get("/research/rounds/new")
    said = {"title": "x", "scenarios": ["S01", "S13", "S15"], "wordings": "", "order": "same", "sessions": "1"}
    moderator.post("/research/rounds/new", said | {"retention_days": "30", "is_unmoderated": "y"}, 422)
    assert moderator.errors == [
        "S13 and S15 cannot be taken without a moderator: "
        "somebody must say something or be the lead provider in the middle of it"
    ]
    (session,) = plan("S13")
    page = f"/research/rounds/{session.round_id}"
    moderator.get(page).post(f"{page}/sessions", {"is_unmoderated": "y"})
    assert moderator.errors == ["S13 cannot be taken without a moderator."]
    page = f"/research/rounds/{plan('S01')[0].round_id}"
    moderator.get(page).post(f"{page}/sessions", {"is_unmoderated": "y"})
    assert [each.is_moderated for each in all_of(Session)] == [True, True, False]


def test_all_sessions_of_a_round_are_prepared_at_once(plan, moderator, monkeypatch):
    monkeypatch.setattr("research.console.running.check", lambda _app, said, *_: [] if said.id == "S01" else ["Untrue"])
    (store_folder() / "checked").unlink()  # of all tests: what another one found to be fine
    for name, state, errors in (("S01", "ready", []), ("S02", "planned", ["P1: Untrue"])):
        round_id = plan(name, sessions_=3, is_moderated=False)[0].round_id
        moderator.get(f"/research/rounds/{round_id}").submit("Prepare all sessions")
        held_in = [session for session in all_of(Session) if session.round_id == round_id]
        assert [session.state for session in held_in] == [state] * 3
        assert moderator.errors == errors, "it stops at the first"
        assert all((session.link in moderator.text) is (state == "ready") for session in held_in)


def test_the_console_leaves_the_participant_alone(begun, moderator):
    session, _ = begun("S01")
    moderator.get(f"/research/sessions/{session.id}")
    assert not {"Close task 1", "Pause task 1", "Withdraw"} & set(moderator.buttons)
    for act in ("open", "pause", "close", "reset", "reopen"):
        moderator.post(f"/research/tasks/{task_of(session).id}/{act}")
        assert moderator.errors == ["Without a moderator the participants take the tasks on their own."]
    moderator.post(f"/research/sessions/{session.id}/consent", {"consent": "given"})
    assert moderator.errors == ["Without a moderator the participants say so themselves."]
    assert task_of(session).state == "open"
    assert "task 1" in moderator.get(f"/research/rounds/{session.round_id}").text


def test_the_moderator_ends_it_and_the_participant_is_told(begun, moderator):
    session, window = begun("S01")
    moderator.get(f"/research/sessions/{session.id}").submit("End the session")
    window.submit("I have done it")
    assert window.heading == "Thank you for taking part"
    assert "have it deleted" in window.links
    assert "Max-Age=86400" in window.response.headers["Set-Cookie"], "for a day from the end, not from their consent"


# --- what is reported --------------------------------------------------------------------------------------------


def test_the_export_and_the_post_say_which_sessions_had_no_moderator(plan, begun, moderator):
    session, window = begun("S01")
    say_so(change_lead_provider(window), "6")
    with research_db.connection_context():
        round_ = Session.get_by_id(session.id).round
        other = sessions.add_session(round_)
    begin(other)
    with research_db.connection_context():
        sessions.end(again(other))
        files = opened(export(round_, with_research_data=True))
    assert [row["moderated"] for row in rows(files["research-data/sessions.csv"])] == ["False", "True"]
    alone, _led = rows(files["research-data/tasks.csv"])
    assert (alone["said_done"], alone["outcome"], alone["ease"]) == ("True", "direct", "6")
    assert int(alone["open_ms"]) > 0
    manifest = json.loads(files["manifest.json"])
    assert (manifest["participants"], manifest["unmoderated"]) == (2, 1)
    one = "2 people took part, on 1 day. 1 of them took the tasks on their own, without a moderator."
    assert one in files["aggregate/post.md"]
    result = rows(files["aggregate/results.csv"])[0]
    assert (result["reached"], result["direct"], result["unconfirmed"], result["ease_6"]) == ("2", "1", "1", "1")
    assert "1 of 1" in moderator.get(f"/research/rounds/{round_.id}").text
    assert "Journey map of S01" in moderator.response.text
    for secret in (session.token, again(session).token, session.folder):
        assert not any(secret in text for text in files.values())


# --- cleaning up -------------------------------------------------------------------------------------------------


def purge_in(**later) -> list[str]:
    with research_db.connection_context(), clock_at(now() + timedelta(**later)):
        return sessions.purge_what_is_due()


def test_a_link_waits_to_be_opened_for_as_long_as_it_takes(alone, participant):
    session = alone("S01")
    assert purge_in(hours=25) == [f"deleted the sandboxes of P1 of round {session.round_id}"]
    assert again(session).state == "ready"
    window = participant(session).choose(YES).submit("Begin")
    assert window.heading == LIST


def test_who_agreed_and_never_began_can_use_the_link_again(alone, participant):
    session = alone("S01")
    participant(session).choose(YES)
    purge_in(hours=25)
    now_ = again(session)
    assert (now_.token, now_.used_link, now_.consent, now_.state) == (session.token, None, None, "ready")
    assert participant(session).choose(YES).heading == "Task 1 of 1"


def test_a_session_that_was_left_ends_with_the_time_of_its_last_page(begun, participant):
    session, window = begun("S01")
    window.click("Steven Taylor")
    purge_in(hours=25)
    task = task_of(session)
    with research_db.connection_context():
        last = max(entry.at_ms for entry in Entry.select())
    assert (again(session).state, task.state, task.elapsed_ms) == ("ended", "closed", last)
    assert not sandboxes.folder_of(session).exists()
    assert window.get("/school/ects", 410).heading == "Thank you for taking part"
