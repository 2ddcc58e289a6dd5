"""A round in a real Chromium: the moderator, the participant and an observer in a window each. Every state of the
console is looked at as the service's pages are."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from clock import now
from research import log, sessions
from research.console import NO_MODERATOR
from research.models import ModeratorSignIn, research_db, store_folder
from tests.browser.looks import check_accessible, check_fits
from tests.browser.pages import arrived, button, follow, link, press
from tests.browser.test_every_state import check_errors
from tests.research.conftest import again, entries, task_of
from views.sign_in import OUTCOMES
from web import wordings

LIST = "Early career teachers (ECTs)"


def sign_in(page: Page) -> None:
    page.goto("/research")
    page.get_by_label("Ruth Allen").check()
    press(page, "Sign in", "Rounds")


def fed(page: Page, words: str) -> None:
    """Wait until the feed shows this."""
    expect(page.locator("#feed")).to_contain_text(words)


def test_a_round_with_three_windows(open_window, monkeypatch):
    monkeypatch.setattr("research.console.running.check", lambda *_: [])
    windows = [open_window() for _ in range(3)]
    moderator, participant, observer = (window.page for window in windows)

    moderator.goto("/research")
    press_error(moderator, "Sign in")
    sign_in(moderator)
    look(moderator, "rounds")
    moderator.get_by_role("button", name="Plan a round").click()
    arrived(moderator, "Plan a round")
    press_error(moderator, "Plan the round")
    look(moderator, "plan, with errors")
    moderator.get_by_label("What is it called?").fill("Spring round")
    for name in ("S01", "S13"):
        moderator.get_by_label(name).check()
    moderator.get_by_label("The same for everybody").check()
    moderator.get_by_label("How many participants?").fill("1")
    press(moderator, "Plan the round", "Spring round")
    look(moderator, "round")
    follow(moderator, "P1")
    look(moderator, "session, planned")
    press(moderator, "Prepare", "P1")
    moderator.get_by_label("Yes: log the pages").check()
    press(moderator, "Record", "P1")
    press(moderator, "Make a code for another device", "P1")
    moderator.get_by_text("Show the participant’s link as a QR code").click()
    moderator.get_by_text("Show the participant’s own school").click()
    look(moderator, "session, ready")

    participant.goto(moderator.locator("a[href*='/visit/']").get_attribute("href"))
    arrived(participant, "Wait for the first task")
    look(participant, "waiting")
    press(moderator, "Open task 1", "P1")
    arrived(participant, LIST)
    fed(moderator, "ects")

    observer.goto(moderator.locator("a[href*='/watch/']").get_attribute("href"))
    arrived(observer, "Watch a session")
    press_error(observer, "Watch")
    look(observer, "watch, name")
    observer.get_by_label("Your name").fill("Dev Patel")
    press(observer, "Watch", "Watching P1")
    fed(moderator, "Watching: Dev Patel")

    follow(participant, "Steven Taylor")
    link(participant, "select a lead provider").click()
    button(participant, "Continue").click()
    expect(participant.locator(".govuk-error-summary")).to_be_visible()
    for page in (moderator, observer):
        fed(page, "Select the lead provider who will train …")
    participant.get_by_label("Teach First", exact=True).check()
    press(participant, "Continue", "Check and confirm: change lead provider for Steven Taylor")
    press(participant, "Confirm change", "You have chosen Teach First to train Steven Taylor")
    for page in (moderator, observer):
        fed(page, "Changed lead provider")
    observer.get_by_label("What did you notice?").fill("Went straight to the link")
    press(observer, "Save note", "Watching P1")
    fed(moderator, "Went straight to the link")
    look(observer, "watching")

    moderator.get_by_label("What did you notice?").press_sequentially("Hesitated over “induction”")
    expect(moderator.locator("#note-saved")).to_have_text("Saved")
    look(moderator, "session, running")
    press(moderator, "Close task 1", "P1")
    expect(moderator.locator("main")).to_contain_text("Hesitated over “induction”")
    expect(moderator.get_by_label("Success, directly")).to_be_checked()
    moderator.get_by_label("Gave up").check()
    press_error(moderator, "Confirm the outcome of task 1")
    look(moderator, "outcome, with an error")
    moderator.goto(moderator.url)
    arrived(moderator, "P1")
    moderator.get_by_label("Gave up").check()
    moderator.get_by_label("Success, directly").check()
    press(moderator, "Confirm the outcome of task 1", "P1")
    press(moderator, "6", "P1")

    expect(observer.locator("#sheet .app-task--now")).to_contain_text("Closed")
    arrived(participant, "Wait for the next task")
    button_next(moderator, "Next: task 2")
    press(moderator, "Open task 2", "P1")
    expect(observer.locator("#sheet .app-task--now")).to_contain_text("S13")
    look(observer, "watching, the second task")
    arrived(participant, LIST)
    follow(participant, "Gustav Brown")
    press(moderator, "Resume", "P1")
    expect(moderator.get_by_label("The lead provider, now, of").locator("option:checked")).to_have_text("Gustav Brown")
    participant.reload()
    expect(participant.locator("main")).to_contain_text("Registered")
    fed(moderator, "Lead provider: resume")
    press(moderator, "Close task 2", "P1")
    moderator.get_by_text("End this session").click()
    press(moderator, "End the session", "P1")
    look(moderator, "session, ended")
    arrived(participant, "This session has finished")
    look(participant, "finished")

    follow(moderator, "Spring round")
    expect(moderator.locator("main")).to_contain_text("1 of 1")
    look(moderator, "results")
    with moderator.expect_download() as download:
        button(moderator, "Export").click()
    assert download.value.suggested_filename.startswith("round-1-")
    moderator.reload()
    press(moderator, "Close the round", "Spring round")
    follow(moderator, "Delete everything of this round", "Delete everything of the round “Spring round”?")
    look(moderator, "delete")
    press(moderator, "Delete everything of this round", "Rounds")
    look(moderator, "rounds, deleted")


def test_the_feed_is_at_most_two_seconds_behind(open_window, held):
    """Two seconds of the page's own clock, which stands still otherwise: what has happened by then is shown."""
    session = held("S01")
    moderator, participant = open_window().page, open_window().page
    sign_in(moderator)
    moderator.clock.install(time=datetime(2026, 4, 28, 12, tzinfo=UTC))
    moderator.goto(f"/research/sessions/{session.id}")
    moderator.clock.pause_at(datetime(2026, 4, 28, 13, tzinfo=UTC))
    fed(moderator, "S01: open")
    participant.goto(f"/visit/{session.token}")
    for name, page in (("Steven Taylor", "ect"), ("John Doe", "other-mentor")):
        follow(participant, name)
        moderator.clock.run_for(2000)
        expect(moderator.locator("#feed li").first).to_contain_text(page)


def test_the_participants_page_is_at_most_two_seconds_behind(open_window, held):
    """Two seconds of the page's own clock, which stands still otherwise."""
    session = held("S01", "S08")
    participant = open_window().page
    participant.clock.install(time=datetime(2026, 4, 28, 12, tzinfo=UTC))
    participant.goto(f"/visit/{session.token}")
    participant.clock.pause_at(datetime(2026, 4, 28, 13, tzinfo=UTC))
    arrived(participant, LIST)
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


def look(page: Page, name: str) -> None:
    check_accessible(page, name)
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 720})
    check_fits(page, name)
    page.set_viewport_size(size)


def press_error(page: Page, text: str) -> None:
    button(page, text).click()
    summary = page.locator(".govuk-error-summary")
    expect(summary).to_be_focused()
    assert page.title().startswith("Error: ")
    assert page.locator(".govuk-error-summary ~ * h1").count() == 1, "the summary comes before the heading"
    for line in summary.locator("li a").all():
        line.click()
        expect(page.locator(line.get_attribute("href"))).to_be_focused()


def test_without_script(open_window, held):
    """Everything but the feed's refreshing, for which there is a link."""
    session = held("S01")
    moderator = open_window(java_script_enabled=False).page
    participant = open_window(java_script_enabled=False).page
    sign_in(moderator)
    moderator.goto(f"/research/sessions/{session.id}")
    participant.goto(f"/visit/{session.token}")
    follow(participant, "Steven Taylor")
    moderator.get_by_role("link", name="Refresh").click()
    expect(moderator.locator("#feed")).to_contain_text("ect")
    expect(moderator.locator("#text-hint")).to_contain_text("Select “Save note” before anything else")
    moderator.get_by_label("What did you notice?").fill("Read everything twice")
    button(moderator, "Save note").click()
    expect(moderator.locator("main li", has_text="Read everything twice")).to_be_visible()
    button(moderator, "Close task 1").click()
    expect(moderator.get_by_label("Gave up")).to_be_checked()


def test_a_note_goes_along_with_whatever_is_pressed(open_window, held):
    """The page's own clock stands still, so that nothing is saved by itself."""
    page = open_window().page
    sign_in(page)
    page.clock.install(time=datetime(2026, 4, 28, 12, tzinfo=UTC))
    page.goto(f"/research/sessions/{held('S01').id}")
    page.clock.pause_at(datetime(2026, 4, 28, 13, tzinfo=UTC))
    note = page.get_by_label("What did you notice?")
    expect(page.locator("#text-hint")).to_contain_text("Saved as you type")
    for press_, words in (("Pause task 1", "Stopped"), ("Close task 1", "Went back")):
        note.fill(words)
        button(page, press_).click()
        expect(page.locator("main li", has_text=words)).to_be_visible()
    note.fill("Looked for the mentor")
    follow(page, "Autumn round")
    follow(page, "P1")
    expect(page.locator("main li", has_text="Looked for the mentor")).to_be_visible()


def test_a_note_outlives_the_sign_in(open_window, held):
    window = open_window()
    page = window.page
    sign_in(page)
    page.goto(f"/research/sessions/{held('S01').id}")
    (cookie,) = [cookie for cookie in window.context.cookies() if cookie["name"] == "moderator"]
    window.context.clear_cookies(name="moderator")
    fed(page, "You are signed out")
    note = page.get_by_label("What did you notice?")
    note.press_sequentially("Hesitated")
    expect(page.locator("#note-saved")).to_contain_text("Not saved: you are signed out")
    look(page, "session, signed out")
    button(page, "Save note").click()
    expect(page.locator("h1")).to_have_text("Your note is not saved yet")
    look(page, "note, signed out")
    window.context.add_cookies([cookie])
    press(page, "Save note", "P1")
    expect(page.locator("main li", has_text="Hesitated")).to_be_visible()


def test_who_does_nothing_is_asked_before_the_sign_in_is_over(open_window, held):
    page = open_window().page
    sign_in(page)
    page.clock.install()
    page.goto(f"/research/sessions/{held('S01').id}")
    with research_db.connection_context():
        ModeratorSignIn.update(seen_at=now() - timedelta(minutes=119)).execute()
    page.clock.run_for(10_000)
    stay = page.get_by_role("alertdialog").get_by_role("button", name="Stay signed in")
    expect(stay).to_be_focused()
    look(page, "still there?")
    with page.expect_response("**/research/time-left"):
        page.keyboard.press("Enter")
    expect(stay).to_be_hidden()
    with research_db.connection_context():
        assert now() - ModeratorSignIn.get().seen_at < timedelta(minutes=1)


def test_the_console_by_keyboard(open_window, held):
    session = held("S01")
    page = open_window().page
    sign_in(page)
    page.goto(f"/research/sessions/{session.id}")
    reach(page, "Pause task 1")
    page.keyboard.press("Enter")
    expect(button(page, "Go on task 1")).to_be_visible()
    reach(page, "Close task 1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Confirm the outcome of task 1").first).to_be_visible()


def test_a_key_each_for_the_next_step_the_end_and_a_note(open_window, held):
    """With Alt, also while a note is being typed, which goes along."""
    page = open_window().page
    sign_in(page)
    page.goto(f"/research/sessions/{held('S01', 'S06').id}")
    note = page.get_by_label("What did you notice?")
    page.keyboard.press("Alt+m")
    expect(note).to_be_focused()
    page.keyboard.type("Came at once")
    page.keyboard.press("Alt+c")
    expect(page.get_by_text("Confirm the outcome of task 1").first).to_be_visible()
    expect(page.locator("main li", has_text="Came at once")).to_be_visible()
    for step in ("2. ECT withdrawn in error (S06) Not opened", "2. ECT withdrawn in error (S06) Open"):
        page.keyboard.press("Alt+n")
        expect(page.locator("#task-title")).to_contain_text(step)
    page.keyboard.press("n")
    expect(page.locator("#task-title")).to_contain_text("Open")


EIGHT = ("S01", "S03", "S06", "S07", "S08", "S11", "S13", "S15")


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["laptop", "phone"])
def test_everything_that_a_moderator_needs_is_on_one_screen(open_window, held, size):
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
    page = open_window(viewport={"width": size[0], "height": size[1]}).page
    sign_in(page)
    page.goto(f"/research/sessions/{session.id}")
    task = [page.locator(".app-task blockquote").last, page.locator(".app-clock"), button(page, "Close task 8")]
    feed, notes, provider = (
        [page.locator("#feed li").first],
        [page.locator("#text"), button(page, "Save note"), page.locator(".app-notes li").first],
        [page.get_by_label("The lead provider, now, of"), button(page, "Resume")],
    )
    for name, parts in (("Task", task), ("Pages", feed), ("Notes", notes), ("Provider", provider)):
        if size[0] < 1000:
            page.locator(".app-jump").get_by_role("link", name=name).click()
        for part in parts:
            expect(part).to_be_in_viewport(ratio=1)
    button(page, "Withdraw").click()
    refusal = page.locator(".app-aside .govuk-error-summary")
    expect(refusal).to_contain_text("The lead provider could not do that")
    expect(refusal).to_be_in_viewport(ratio=1)


def test_the_clock_goes_on_by_itself(open_window, held):
    page = open_window().page
    sign_in(page)
    page.clock.install(time=datetime(2026, 4, 28, 12, tzinfo=UTC))
    page.goto(f"/research/sessions/{held('S01').id}")
    page.clock.run_for(65_000)
    expect(page.locator(".app-clock")).to_have_text(re.compile("1:0[5-9]"))
    button(page, "Pause task 1").click()
    expect(button(page, "Go on task 1")).to_be_visible()
    stopped = page.locator(".app-clock").inner_text()
    page.clock.run_for(10_000)
    expect(page.locator(".app-clock")).to_have_text(stopped)


def button_next(page: Page, words: str) -> None:
    page.get_by_role("link", name=words, exact=True).click()
    expect(page.locator("#task-title")).to_contain_text("Not opened")


def reach(page: Page, words: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText").split() == words.split():
            return
    pytest.fail(f"Tab does not lead to “{words}”")


@pytest.mark.parametrize("has_script", [True, False])
def test_the_log_knows_of_going_back(open_window, held, has_script):
    session = held("S01")
    participant = open_window(java_script_enabled=has_script).page
    participant.goto(f"/visit/{session.token}")
    follow(participant, "Steven Taylor")
    participant.go_back()
    arrived(participant, LIST)
    participant.go_forward()
    arrived(participant, "Steven Taylor")
    assert [page for _, page, _, _ in entries(session)] == ["ects", "ect", "ects", "ect"]


def test_back_after_the_end_shows_nothing(open_window, held):
    session = held("S01")
    participant, moderator = open_window().page, open_window().page
    participant.goto(f"/visit/{session.token}")
    follow(participant, "Steven Taylor")
    sign_in(moderator)
    moderator.goto(f"/research/sessions/{session.id}")
    moderator.get_by_text("End this session").click()
    press(moderator, "End the session", "P1")
    arrived(participant, "This session has finished")
    participant.go_back()
    arrived(participant, "This session has finished")


def test_a_wording_is_made_beside_its_pages(open_window, research, monkeypatch):
    """Whatever a template has in it, the preview runs no script, sends nothing, and looks as the page does."""
    monkeypatch.setitem(research.config, "DESIGN", True)
    monkeypatch.setattr(wordings, "MORE", [store_folder() / "wordings"])
    monkeypatch.setattr("research.console.designing.check", lambda *_: [])
    window = open_window()
    page = window.page
    window.expected += ["Blocked", "sandboxed", "Content Security Policy", "violates"]
    sign_in(page)
    page.goto("/research/wordings")
    look(page, "wordings")
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
    look(page, "wording, a template changed")
    source.fill("{% if %}")
    button(page, "Save").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Not saved. Line 1")
    expect(source).to_have_value("{% if %}")
    look(page, "wording, with an error")
    page.goto("/research/wordings?wording=shorter&scenario=S03&page=report-teacher-leaving/leaving-date")
    page.get_by_text("Add a question", exact=True).click()
    button(page, "Add the question").click()
    expect(page.locator("#called-error")).to_contain_text("Enter a name for the question")
    look(page, "wording, a question with errors")
    page.get_by_label("Question", exact=True).fill("Why is {name} leaving?")
    page.get_by_label("Its name").fill("reason")
    page.get_by_label("Answers to choose from").fill("Another school\nSomething else")
    button(page, "Add the question").click()
    expect(shown.get_by_role("heading", level=1)).to_contain_text("Why is Steven Taylor leaving?")
    button(page, "Move up reason").click()
    expect(page.locator("#state option:checked")).to_contain_text("Why is Steven Taylor leaving?")
    look(page, "wording, another order")


def test_every_error(open_window, research, monkeypatch):
    page = open_window().page
    sign_in(page)
    assert check_errors(page, research, monkeypatch, "research.home") == {"/research"}
    page.context.clear_cookies()
    page.goto("/research/sign-in")
    outcomes = OUTCOMES | {"not_let_in": NO_MODERATOR}
    assert check_errors(page, research, monkeypatch, "research.sign_in", outcomes=outcomes) == {"/research/sign-in"}
