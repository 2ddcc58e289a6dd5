"""A session without a moderator in a real Chromium, as the participant and as the console see it."""

from playwright.sync_api import Page, expect

from tests.browser.pages import arrived, button, follow, link, press, refused
from tests.research.conftest import task_of
from tests.research.test_browser import LIST, look, sign_in


def test_a_session_without_a_moderator(open_window, alone):
    session = alone("S01", "S06")
    windows = [open_window() for _ in range(2)]
    windows[1].expected.append("the server responded with a status of 403")
    page, elsewhere = (window.page for window in windows)
    above = page.locator(".app-own-task")

    def see(name: str, where: Page = page) -> None:
        look(where, name)

    elsewhere.goto(f"/visit/{session.token}")
    page.goto(f"/visit/{session.token}")
    arrived(page, "Before you start")
    see("consent")
    button(page, "Continue").click()
    refused(page, "Select whether you agree")
    see("consent, with an error")
    page.get_by_label("Yes, I agree").check()
    press(page, "Continue", "Task 1 of 2")
    see("the task before")
    elsewhere.get_by_label("Yes, I agree").check()
    press(elsewhere, "Continue", "This link is in use already")
    see("elsewhere", elsewhere)
    press(page, "Begin", LIST)
    see("the list below the task")
    tab = page.context.new_page()
    tab.goto(f"/visit/{session.token}")
    arrived(tab, LIST)
    follow(page, "Steven Taylor", "Steven Taylor")
    see("a record below the task")
    link(page, "select a lead provider").click()
    page.get_by_label("Teach First", exact=True).check()
    press(page, "Continue", "Check and confirm: change lead provider for Steven Taylor")
    press(page, "Confirm change", "You have chosen Teach First to train Steven Taylor")
    above.get_by_role("button", name="I have done it").dblclick()
    arrived(page, "How did you find this task?")
    see("how it was")
    arrived(tab, "How did you find this task?")
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
    see("the task unfolded")
    page.goto("/task")
    arrived(page, "Task 2 of 2")
    see("the task meanwhile")
    press(page, "I cannot do it", "How did you find this task?")
    press(page, "Continue", "Thank you for taking part")
    see("the end")
    follow(page, "have it deleted", "Do you want to stop and have everything deleted?")
    see("deleting")
    press(page, "Delete everything", "Everything about you is deleted")
    see("deleted")


def test_the_console_of_sessions_without_a_moderator(open_window, begun, alone):
    session, window = begun("S01", "S06")
    window.submit("I have done it").submit("Continue")
    page = open_window().page
    sign_in(page)
    for path, name in (
        ("rounds/new", "plan"),
        (f"sessions/{alone('S01').id}", "a link that waits"),
        (f"sessions/{session.id}", "running alone"),
        (f"sessions/{session.id}?task={task_of(session).id}", "said, and to be confirmed"),
        (f"rounds/{session.round_id}", "round"),
    ):
        page.goto(f"/research/{path}")
        look(page, name)
