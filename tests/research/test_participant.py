"""What a participant is shown: the service, and nothing of the research."""

from contextvars import copy_context
from datetime import timedelta

import pytest

from app import create_app
from clock import clock_at, now
from database import db
from models import Teacher
from research import sandboxes, sessions
from research.models import research_db, store_folder
from scenarios.check import NOT_OF_THE_SERVICE
from tests.research.conftest import Window, again, change_lead_provider, entries, make_ready, open_second_task, task_of

LIST = "Early career teachers (ECTs)"


@pytest.fixture
def session(held):
    return held("S01")


def test_nothing_but_the_service(session, participant):
    window = participant(session)
    assert window.response.headers["Cache-Control"] == "no-store"
    for path in ("/school/ects", "/school/ects/5", "/school/mentors", "/school/nowhere", "/nowhere"):
        window.send("get", path)
        html = window.send("get", path).text.replace("HTMLScriptElement.prototype", "")
        assert not NOT_OF_THE_SERVICE.findall(html), path
    cookies = " ".join(f"{cookie.key}={cookie.value}" for cookie in window.client._cookies.values())
    assert not NOT_OF_THE_SERVICE.findall(cookies)


def test_the_privacy_page_says_only_what_is_so(session, participant, research):
    window = participant(session).click("Privacy")
    assert window.heading == "Privacy"
    assert not NOT_OF_THE_SERVICE.findall(window.text)
    for untrue in ("draft", "Whoever runs", "when you signed in", "one cookie", "do not measure", "When you sign in"):
        assert untrue not in window.text
    assert entries(session)[-1] == ("page", "privacy", "", "")
    assert "the demonstration tells us your name" in Window(research).get("/privacy").text


def test_the_cookie_keeps_the_link_over_a_restart(session, research):
    response = Window(research).send("get", f"/visit/{session.token}", follow_redirects=False)
    (cookie,) = [value for value in response.headers.getlist("Set-Cookie") if value.startswith("visit=")]
    for part in ("HttpOnly", "SameSite=Lax", "Max-Age=86400", "Path=/"):
        assert part in cookie
    assert "/visit/" not in response.location


def test_a_browser_that_was_killed_goes_on_where_it_was(session, participant, research):
    window = participant(session)
    window.click("Steven Taylor").click("select a lead provider").choose("Teach First")
    where = window.path
    # The server starts anew, too.
    settings = {name: research.config[name] for name in ("SECRET_KEY", "DEMO", "TESTING")}
    folders = {"DATABASE_URL": f"sqlite:///{db.obj.database}", "RESEARCH": str(store_folder())}
    restarted = Window(copy_context().run(create_app, **settings, **folders))
    restarted.client.set_cookie("visit", session.token)  # the only cookie that a browser keeps when it is killed
    restarted.get(where)
    assert restarted.row("New lead provider").startswith("Teach First")
    restarted.submit("Confirm change")
    assert restarted.heading == "You have chosen Teach First to train Steven Taylor"


def test_signing_out_and_in(session, participant):
    window = participant(session)
    window.submit("Sign out")
    assert window.heading == "You have signed out"
    window.get("/school/ects/5")
    assert window.heading == "You have signed out"
    window.click("Sign in")
    assert window.heading == LIST


def test_no_way_leads_to_the_demonstration(session, participant):
    window = participant(session)
    for path in ("/", "/sign-in", "/sign-in?next=/school/mentors"):
        assert window.get(path).heading == LIST


def test_when_the_session_has_ended(session, participant):
    window = participant(session)
    with research_db.connection_context():
        sessions.end(session)
    for path in ("/school/ects", "/school/ects/5", "/", "/sign-in", "/nowhere"):
        window.get(path, 410)
        assert window.heading == "This session has finished"
        assert not window.page.css("header nav a, .app-account")
        partial = window.send("get", path, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
        assert (partial.status_code, partial.headers["HX-Redirect"].rstrip("?")) == (204, path)
    assert participant(session, 410).heading == "This session has finished"


def test_a_link_that_nobody_was_given(research):
    window = Window(research).get("/visit/made-up", 404)
    assert window.heading == "This link does not work"
    assert "all of it" in window.text
    assert not NOT_OF_THE_SERVICE.findall(window.text)
    window.get("/school/ects")
    assert window.heading == "Sign in to the demonstration", "no cookie was set"


WAITING = "Wait for the next task"


def follow(window: Window, place: str | None = None) -> dict:
    """What an open page is told of where it should be."""
    return window.send("get", "/follow" if place is None else f"/follow?place={place}").json


def place_of(session) -> str:
    with research_db.connection_context():
        return again(session).place


def test_waiting_for_the_first_task(plan, participant, moderator, research, look_at):
    (session,) = plan("S01")
    window = participant(session)
    look_at(window)
    assert window.heading == "Wait for the first task"
    make_ready(session, "given")
    window.get("/school/ects/5")
    assert window.heading == "Wait for the first task"
    assert follow(window) == follow(window, "") == {"place": ""}
    with research_db.connection_context():
        sessions.open_task(session.in_order[0])
    assert follow(window) == follow(window, "") == {"place": place_of(session), "to": "/school/ects"}
    window.click("go to the task")
    assert window.heading == LIST
    assert entries(session) == [("page", "ects", "", "")], "the start is the first entry"


def test_wherever_one_presses_a_task_begins_at_its_start(held, participant, moderator):
    session = held("S01", "S08")
    window = participant(session).click("Steven Taylor")
    record = window.page
    page = f"/research/sessions/{session.id}"
    moderator.get(page).submit("Close task 1")
    window.click("select a lead provider")
    assert window.heading == WAITING
    moderator.get(page).click("Next: task 2").submit("Open task 2")
    window.page = record
    window.click("select a lead provider")
    assert (window.heading, window.path) == ("Mentors", "/school/mentors")
    assert [name for _, name, _, _ in entries(session)] == ["ects", "ect", "mentors"]


def test_what_is_pressed_on_a_page_of_the_task_before_changes_nothing(held, participant):
    """And is answered with a sentence, for there the page did not go on by itself."""
    session = held("S01", "S02")
    window = participant(session).click("Steven Taylor").click("select a lead provider").choose("Teach First")
    check = window.page
    open_second_task(session)
    window.submit("Confirm change")
    assert window.heading == "The task has begun"
    assert "what you selected last has changed nothing" in window.text
    window.page = check
    window.submit("Confirm change")
    assert window.heading == "The task has begun"
    assert task_of(session, 1).state == "open"
    assert [kind for kind, *_ in entries(session) if kind == "change"] == []
    window.get("/school/ects")
    assert window.heading == LIST


def test_a_page_follows(held, participant, moderator, research):
    session = held("S01", "S08")
    first, page = place_of(session), f"/research/sessions/{session.id}"
    window = participant(session)
    assert follow(window) == follow(window, first) == {"place": first}
    moderator.get(page).submit("Pause task 1")
    assert follow(window, first) == {"place": first}, "in a pause the page stays"
    moderator.submit("Close task 1")
    assert follow(window, first) == {"place": "", "to": "/school/ects"}
    assert window.get("/school/ects").heading == WAITING
    moderator.click("Next: task 2").submit("Open task 2")
    second = place_of(session)
    assert follow(window) == follow(window, "") == {"place": second, "to": "/school/mentors"}
    assert window.get("/school/mentors").heading == "Mentors"
    moderator.submit("Reset task 2")
    assert follow(window, second)["to"] == "/school/mentors"
    moderator.submit("End the session")
    assert follow(window, second) == {"place": "over", "to": "/"}
    assert follow(Window(research)) == {"place": "over", "to": "/"}
    assert entries(session)[-1][1] == "mentors", "what is asked by itself is not in the log"


def test_pages_about_the_service_are_there_at_any_time(held, participant, moderator, caplog):
    session = held("S01")
    page = f"/research/sessions/{session.id}"
    moderator.get(page)
    window = participant(session)
    caplog.clear()
    for press in ("Close task 1", "End the session", None):
        for path, heading in (("/privacy", "Privacy"), ("/accessibility", "Accessibility statement")):
            assert window.get(path).heading.startswith(heading)
            assert "when you signed in" not in window.text
        assert not [record for record in caplog.records if record.name == "service.requests"], "nor are they logged"
        if press:
            moderator.get(page).submit(press)
            caplog.clear()


def test_moderator_and_participant_in_one_browser(session, moderator):
    console = f"/research/sessions/{session.id}"
    moderator.get(f"/visit/{session.token}")
    assert moderator.heading == LIST
    change_lead_provider(moderator)
    moderator.get(console)
    assert moderator.heading == "P1"
    moderator.get("/school/ects").submit("Sign out")
    moderator.get(console)
    assert moderator.heading == "P1"
    moderator.get("/research").submit("Stop using P1’s link here")
    moderator.get("/school/ects")
    assert moderator.heading == "Sign in to the demonstration"
    moderator.get(console)
    assert moderator.heading == "P1"


def test_the_demonstration_goes_on_beside_it(session, participant, research):
    assert "follow.js" in participant(session).response.text
    naomi = Window(research).sign_in("Naomi Fletcher").get("/school/ects")
    assert "follow.js" not in naomi.response.text
    assert "Steven Taylor" in naomi.cards
    assert naomi.send("get", "/readyz").json["migrations"] == "applied"
    change_lead_provider(naomi, "UCL Institute of Education")
    assert [line for line in entries(session) if line[0] == "change"] == []
    assert naomi.get("/research").heading == "Sign in to the research console", "a school user is no moderator"


def test_a_code_for_another_device(session, moderator, research, look_at):
    page = f"/research/sessions/{session.id}"
    look_at(moderator.get(page).submit("Make a code for another device"))
    code = " ".join(moderator.main.css_first(".app-code").text().split())
    phone = Window(research).get("/code")
    phone.submit("Continue", 422)
    assert phone.errors == ["Enter the code"]
    look_at(phone)
    phone.submit("Continue", 422, Code="AAAA AAAA")
    assert phone.errors == ["This code is wrong, was used already, or is too old. Ask for a new one"]
    with clock_at(now() + timedelta(minutes=11)):
        phone.submit("Continue", 422, Code=code)
    phone.submit("Continue", Code=code.lower().replace(" ", "-"))
    assert phone.heading == LIST
    Window(research).get("/code").submit("Continue", 422, Code=code)
    change_lead_provider(phone)
    laptop = Window(research).get(f"/visit/{session.token}").click("Steven Taylor")
    assert "Teach First" in laptop.row("Lead provider"), "both devices are in the same sandbox"


def test_guesses_at_codes_are_counted_and_logged(session, research, caplog):
    with research_db.connection_context():
        sessions.make_code(session)
    guesser = Window(research).get("/code")
    with clock_at(now().replace(second=1)):
        for _ in range(30):
            guesser.submit("Continue", 422, Code="ABCD2345")
        guesser.submit("Continue", 429, Code=again(session).code)
    assert [record.message for record in caplog.records if record.name == "service.sign_ins"] == [
        "a code was wrong"
    ] * 30
    assert "ABCD2345" not in caplog.text


def test_new_links_make_the_old_ones_dead(session, moderator, participant, research):
    window = participant(session)
    moderator.get(f"/research/sessions/{session.id}").submit("Make new links")
    window.get("/school/ects", 410)
    assert participant(session, 404).heading == "This link does not work", "who has the old link is not told to leave"
    assert participant(again(session)).heading == LIST


def test_a_part_of_a_page_is_not_asked_for_in_another_task(held, participant):
    session = held("S01", "S08")
    window = participant(session).click("Steven Taylor")
    open_second_task(session)
    partial = {"HX-Request": "true", "HX-Request-Type": "partial"}
    response = window.send("get", "/school/ects/5", headers=partial)
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, "/school/mentors")
    window.get("/school/mentors")
    assert window.card("Peter Marsh").css_first(".govuk-tag").text() == "Action required"


def names_in(session):
    with research_db.connection_context():
        task = again(session).task
        with sandboxes.inside(task), db.connection_context():
            return {teacher.name for teacher in Teacher.select()}


@pytest.mark.parametrize(
    ("page", "way_in", "is_htmx"),
    [
        ("change-name/name", "link", True),
        ("change-name/check-answers", "link", False),
        ("change-name/check-answers", "code", True),
    ],
)
def test_an_open_page_never_acts_in_another_participants_sandbox(held, participant, page, way_in, is_htmx):
    """Of the same scenario: the same people are under the same numbers."""
    one, another = held("S01"), held("S01")
    window = participant(one)
    if page.endswith("check-answers"):
        window.get("/school/ects/5/change-name/name").submit("Continue", **{"Full name": "Steven Oak"})
    where = window.get(f"/school/ects/5/{page}").path
    form, drawn_for = window.values, window.page.css_first("[data-drawn-for]").attrs["data-drawn-for"]
    if way_in == "link":
        window.get(f"/visit/{another.token}")
    else:
        with research_db.connection_context():
            sessions.make_code(another)
        window.get("/code").submit("Continue", Code=again(another).code)
    partial = {"HX-Request": "true", "HX-Request-Type": "partial", "Drawn-For": drawn_for}
    response = window.send("post", where, data=form | {"name": "Steven Oak"}, headers=partial if is_htmx else {})
    if is_htmx:
        assert response.headers["HX-Redirect"] == "/school/ects"
    else:
        assert "what you selected last has changed nothing" in response.text
    assert "Steven Oak" not in response.text
    assert [page for _, page, *_ in entries(another)] == ["ects"], "nor is it in the log"
    for session in (one, another):
        assert "Steven Oak" not in names_in(session)


def test_nobody_else_is_signed_in_where_a_participant_was(session, research):
    """The demonstration's own sign-in, of whoever used this browser before, is over; and so is its open form."""
    window = Window(research).sign_in("Naomi Fletcher").get("/school/ects/5/change-name/name")
    form = window.values | {"name": "Steven Oak"}
    window.get(f"/visit/{session.token}")
    assert "Steven Oak" not in window.send("post", "/school/ects/5/change-name/name", data=form).text
    window.client.delete_cookie("visit")
    assert window.get("/school/ects").heading == "Sign in to the demonstration"


def test_the_same_link_again_leaves_an_open_form_as_it_is(session, participant):
    window = participant(session).get("/school/ects/5/change-name/name")
    form = window.values | {"name": "Steven Oak"}
    window.get(f"/visit/{session.token}")
    assert window.send("post", "/school/ects/5/change-name/name", data=form, follow_redirects=False).status_code == 303


def test_the_lead_providers_api_is_not_in_any_sandbox(session, participant, research):
    window = participant(session)
    assert window.send("get", "/api/v3/participants").status_code == 401
    assert window.send("get", "/healthz").json == {"service": "answers"}
