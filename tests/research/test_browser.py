"""What the console and participants' pages do by script, in a real Chromium: the moderator, the participant and an
observer in a window each. Other pages are looked at where a test without a browser comes to them, with `look_at`."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from clock import now
from research import log, sessions
from research.console import NO_MODERATOR
from research.models import ModeratorSignIn, research_db, store_folder
from scenarios.pages import Html, filled_in
from tests.browser.looks import check_accessible, check_fits
from tests.browser.pages import arrived, button, follow, link, press
from tests.browser.test_every_state import check_errors
from tests.research.conftest import again, entries, make_ready, task_of
from views.sign_in import OUTCOMES
from web import wordings

LIST = "Early career teachers (ECTs)"
NOON = datetime(2026, 4, 28, 12, tzinfo=UTC)


def sign_in(page: Page) -> None:
    """Without looking at the page: the browser gets the cookie, and stays where it is."""
    form = Html(page.request.get("/research/sign-in").text()).css_first("main form")
    answer = page.request.post("/research/sign-in", form=filled_in(form, {"choose": "Ruth Allen"}), max_redirects=0)
    assert answer.status == 303


def fed(page: Page, words: str) -> None:
    """Wait until the feed shows this."""
    expect(page.locator("#feed")).to_contain_text(words)


def look(page: Page, name: str) -> None:
    check_accessible(page, name)
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 720})
    check_fits(page, name)
    page.set_viewport_size(size)


def confirm_nothing(page: Page) -> None:
    """The error has the focus, and leads to the field."""
    button(page, "Confirm the outcome of task 1").click()
    summary = page.locator(".govuk-error-summary")
    expect(summary).to_be_focused()
    assert page.title().startswith("Error: ")
    summary.locator("li a").click()
    expect(page.locator(summary.locator("li a").get_attribute("href"))).to_be_focused()


def test_a_session_in_three_windows(open_window, plan):
    """Each sees within moments what the others do."""
    session = make_ready(*plan("S01", "S13", is_rotated=False), "given")
    moderator, participant, observer = (open_window().page for _ in range(3))
    sign_in(moderator)
    moderator.goto(f"/research/sessions/{session.id}")
    participant.goto(f"/visit/{session.token}")
    arrived(participant, "Wait for the first task")
    press(moderator, "Open task 1", "P1")
    arrived(participant, LIST)
    fed(moderator, "ects")
    observer.goto(f"/research/watch/{session.watch_token}")
    observer.get_by_label("Your name").fill("Dev Patel")
    press(observer, "Watch", "Watching P1")
    fed(moderator, "Watching: Dev Patel")

    follow(participant, "Steven Taylor")
    participant.go_back()
    arrived(participant, LIST)
    participant.go_forward()
    arrived(participant, "Steven Taylor")
    link(participant, "select a lead provider").click()
    button(participant, "Continue").click()
    for page in (moderator, observer):
        fed(page, "Select the lead provider who will train …")
    observer.get_by_label("What did you notice?").fill("Went straight to the link")
    press(observer, "Save note", "Watching P1")
    fed(moderator, "Went straight to the link")
    moderator.get_by_label("What did you notice?").press_sequentially("Hesitated over “induction”")
    expect(moderator.locator("#note-saved")).to_have_text("Saved")
    press(moderator, "Close task 1", "P1")
    expect(moderator.locator("main")).to_contain_text("Hesitated over “induction”")
    moderator.get_by_label("Success, directly").check()
    confirm_nothing(moderator)
    expect(observer.locator("#sheet .app-task--now")).to_contain_text("Closed")
    arrived(participant, "Wait for the next task")

    follow(moderator, "Next: task 2", "P1")
    press(moderator, "Open task 2", "P1")
    expect(observer.locator("#sheet .app-task--now")).to_contain_text("S13")
    arrived(participant, LIST)
    follow(participant, "Gustav Brown")
    press(moderator, "Resume", "P1")
    fed(moderator, "Lead provider: resume")
    moderator.get_by_text("End this session").click()
    press(moderator, "End the session", "P1")
    arrived(participant, "This session has finished")
    participant.go_back()
    for page in (participant, observer):
        arrived(page, "This session has finished")
    first = [page for _, page, _, _ in entries(session)][:5]
    assert first == ["ects", "ect", "ects", "ect", "ect/change-lead-provider/lead-provider"], "going back is in the log"


def test_two_seconds_behind_at_most(open_window, held):
    """Two seconds of the pages' own clocks, which stand still otherwise: what has happened by then is shown."""
    session = held("S01", "S08")
    moderator, participant = open_window().page, open_window().page
    sign_in(moderator)
    for page, path in ((moderator, f"/research/sessions/{session.id}"), (participant, f"/visit/{session.token}")):
        page.clock.install(time=NOON)
        page.goto(path)
        page.clock.pause_at(NOON + timedelta(hours=1))
    arrived(participant, LIST)
    for name in ("ect", "other-mentor"):
        with research_db.connection_context():
            log.write_shown(task_of(session), now(), name, {})
        moderator.clock.run_for(2000)
        expect(moderator.locator("#feed li").first).to_contain_text(name)
    for step, heading in (
        (lambda: sessions.close(task_of(session), lambda _: None), "Wait for the next task"),
        (lambda: sessions.open_task(task_of(session, 1)), "Mentors"),
        (lambda: sessions.reset(task_of(session, 1)), "Wait for the next task"),
        (lambda: sessions.end(session), "This session has finished"),
    ):
        with research_db.connection_context():
            step()
        participant.clock.run_for(2000)
        arrived(participant, heading)


def test_without_script(open_window, held):
    """Everything but the feed's refreshing, for which there is a link."""
    session = held("S01")
    moderator, participant = (open_window(java_script_enabled=False).page for _ in range(2))
    sign_in(moderator)
    moderator.goto(f"/research/sessions/{session.id}")
    participant.goto(f"/visit/{session.token}")
    follow(participant, "Steven Taylor")
    participant.go_back()
    arrived(participant, LIST)
    assert [page for _, page, _, _ in entries(session)] == ["ects", "ect", "ects"], "going back is in the log"
    link(moderator, "Refresh").click()
    expect(moderator.locator("#feed")).to_contain_text("ect")
    expect(moderator.locator("#text-hint")).to_contain_text("Select “Save note” before anything else")
    moderator.get_by_label("What did you notice?").fill("Read everything twice")
    button(moderator, "Save note").click()
    expect(moderator.locator("main li", has_text="Read everything twice")).to_be_visible()
    button(moderator, "Close task 1").click()
    expect(moderator.get_by_label("Gave up")).to_be_checked()


def test_an_open_page_by_its_own_clock(open_window, held):
    """Which stands still, so that no note is saved by itself: each goes along with whatever is pressed. The task's
    clock goes on until the task is paused, and who does nothing is asked before the sign-in is over."""
    page = open_window().page
    sign_in(page)
    page.clock.install(time=NOON)
    page.goto(f"/research/sessions/{held('S01').id}")
    page.clock.pause_at(NOON + timedelta(hours=1))
    note, clock = page.get_by_label("What did you notice?"), page.locator(".app-clock")
    expect(page.locator("#text-hint")).to_contain_text("Saved as you type")
    was = clock.inner_text()
    page.clock.run_for(1000)
    expect(clock).not_to_have_text(was)
    for press_, words in (("Pause task 1", "Stopped"), ("Close task 1", "Went back")):
        note.fill(words)
        button(page, press_).click()
        expect(page.locator("main li", has_text=words)).to_be_visible()
        stopped = clock.inner_text()
        page.clock.run_for(3000)
        expect(clock).to_have_text(stopped)
    note.fill("Looked for the mentor")
    follow(page, "Autumn round")
    follow(page, "P1")
    expect(page.locator("main li", has_text="Looked for the mentor")).to_be_visible()
    with research_db.connection_context():
        ModeratorSignIn.update(seen_at=now() - timedelta(minutes=119)).execute()
    page.clock.run_for(10_000)
    stay = page.get_by_role("alertdialog").get_by_role("button", name="Stay signed in")
    expect(stay).to_be_focused()
    page.clock.resume()  # axe waits by it
    look(page, "still there?")
    with page.expect_response("**/research/time-left"):
        page.keyboard.press("Enter")
    expect(stay).to_be_hidden()
    with research_db.connection_context():
        assert now() - ModeratorSignIn.get().seen_at < timedelta(minutes=1)

    # A note outlives the sign-in.
    (cookie,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "moderator"]
    page.context.clear_cookies(name="moderator")
    fed(page, "You are signed out")
    note.press_sequentially("Hesitated")
    expect(page.locator("#note-saved")).to_contain_text("Not saved: you are signed out")
    look(page, "session, signed out")
    button(page, "Save note").click()
    expect(page.locator("h1")).to_have_text("Your note is not saved yet")
    page.context.add_cookies([cookie])
    press(page, "Save note", "P1")
    expect(page.locator("main li", has_text="Hesitated")).to_be_visible()


def test_the_console_by_keyboard(open_window, held):
    """All of it by Tab; the next step, the end and a note by a key each: with Alt, also while a note is being typed."""
    page = open_window().page
    sign_in(page)
    page.goto(f"/research/sessions/{held('S01', 'S06').id}")
    reach(page, "Pause task 1")
    page.keyboard.press("Enter")
    expect(button(page, "Go on task 1")).to_be_visible()
    page.keyboard.press("Alt+m")
    expect(page.get_by_label("What did you notice?")).to_be_focused()
    page.keyboard.type("Came at once")
    page.keyboard.press("Alt+c")
    expect(page.get_by_text("Confirm the outcome of task 1").first).to_be_visible()
    expect(page.locator("main li", has_text="Came at once")).to_be_visible()
    for step in ("2. ECT withdrawn in error (S06) Not opened", "2. ECT withdrawn in error (S06) Open"):
        page.keyboard.press("Alt+n")
        expect(page.locator("#task-title")).to_contain_text(step)
    page.keyboard.press("n")
    expect(page.locator("#task-title")).to_contain_text("Open")


def reach(page: Page, words: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText").split() == words.split():
            return
    pytest.fail(f"Tab does not lead to “{words}”")


EIGHT = ("S01", "S03", "S06", "S07", "S08", "S11", "S13", "S15")


def test_everything_that_a_moderator_needs_is_on_one_screen(open_window, held):
    """At the last task of eight, with a long feed and many notes: on a phone each part is one press away."""
    session = held(*EIGHT)
    with research_db.connection_context():
        for position in range(8):
            sessions.open_task(task_of(session, position))
            if position < 7:
                sessions.close(task_of(session, position), lambda _: "gave_up")
        for number in range(60):
            log.write_shown(task_of(session, 7), now(), "ects", {})
            log.save_note(again(session), str(number), f"What I saw, number {number}")
    page = open_window().page
    sign_in(page)
    page.goto(f"/research/sessions/{session.id}")
    task = [page.locator(".app-task blockquote").last, page.locator(".app-clock"), button(page, "Close task 8")]
    feed, notes, provider = (
        [page.locator("#feed li").first],
        [page.locator("#text"), button(page, "Save note"), page.locator(".app-notes li").first],
        [page.get_by_label("The lead provider, now, of"), button(page, "Resume")],
    )
    for width, height in ((1280, 800), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        for name, parts in (("Task", task), ("Pages", feed), ("Notes", notes), ("Provider", provider)):
            if width < 1000:
                page.locator(".app-jump").get_by_role("link", name=name).click()
            for part in parts:
                expect(part).to_be_in_viewport(ratio=1)
        page.evaluate("scrollTo(0, 0)")
    button(page, "Withdraw").click()
    refusal = page.locator(".app-aside .govuk-error-summary")
    expect(refusal).to_contain_text("The lead provider could not do that")
    expect(refusal).to_be_in_viewport(ratio=1)


def test_a_wording_is_made_beside_its_pages(open_window, research, monkeypatch):
    """Whatever a template has in it, the preview runs no script, sends nothing, and looks as the page does."""
    monkeypatch.setitem(research.config, "DESIGN", True)
    monkeypatch.setattr(wordings, "MORE", [store_folder() / "wordings"])
    monkeypatch.setattr("research.console.designing.check", lambda *_: [])
    window = open_window()
    page = window.page
    window.expected += ["Blocked", "sandboxed", "Content Security Policy", "violates"]
    sign_in(page)
    page.goto("/research/wordings?scenario=S07")
    page.get_by_label("A new wording").fill("shorter")
    button(page, "Make it").click()
    source = page.get_by_label("records/ects.html in this wording")
    trap = "<script>top.document.title = 'no'</script><form action=/research method=post><button>Trap</button></form>"
    source.fill(f"{{% extends 'ordinary/records/ects.html' %}}{{% block heading %}}Your people{trap}{{% endblock %}}")
    button(page, "Save").click()
    shown = page.frame_locator(".app-preview")
    expect(shown.get_by_role("heading", level=1)).to_contain_text("Your people")
    expect(shown.get_by_role("heading", level=1)).to_have_css("font-weight", "700")
    expect(page).to_have_title(re.compile("Wordings"))
    shown.get_by_role("button", name="Trap").click()
    expect(shown.get_by_role("heading", level=1)).to_contain_text("Your people")
    source.fill("{% if %}")
    button(page, "Save").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Not saved. Line 1")
    expect(source).to_have_value("{% if %}")
    look(page, "wording, with an error")


def test_every_error(open_window, research, monkeypatch):
    page = open_window().page
    sign_in(page)
    page.goto("/research")
    assert check_errors(page, research, monkeypatch, "research.home") == {"/research"}
    page.context.clear_cookies()
    page.goto("/research/sign-in")
    outcomes = OUTCOMES | {"not_let_in": NO_MODERATOR}
    assert check_errors(page, research, monkeypatch, "research.sign_in", outcomes=outcomes) == {"/research/sign-in"}


def test_a_session_without_a_moderator(open_window, alone):
    session = alone("S01", "S06")
    page = open_window().page
    above = page.locator(".app-own-task")
    page.goto(f"/visit/{session.token}")
    page.get_by_label("Yes, I agree").check()
    press(page, "Continue", "Task 1 of 2")
    press(page, "Begin", LIST)
    tab = page.context.new_page()
    tab.goto(f"/visit/{session.token}")
    arrived(tab, LIST)
    follow(page, "Steven Taylor")
    link(page, "select a lead provider").click()
    page.get_by_label("Teach First", exact=True).check()
    press(page, "Continue", "Check and confirm: change lead provider for Steven Taylor")
    press(page, "Confirm change", "You have chosen Teach First to train Steven Taylor")
    above.get_by_role("button", name="I have done it").dblclick()
    for each in (page, tab):
        arrived(each, "How did you find this task?")
    page.go_back()
    arrived(page, "How did you find this task?")
    page.get_by_label("6", exact=True).check()
    button(page, "Continue").dblclick()
    arrived(page, "Task 2 of 2")
    assert (task_of(session).outcome, task_of(session).ease) == ("direct", 6)
    press(page, "Begin", LIST)
    page.set_viewport_size({"width": 320, "height": 720})
    above.get_by_text("Read the task again").click()
    expect(above.locator(".govuk-details__text")).to_be_visible()
    look(page, "the task unfolded")
