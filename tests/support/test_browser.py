"""Support's pages in a real Chromium: every page and state, wide and narrow, and by keyboard; the
four corrections that the live service needs most; and a telephone call."""

import re
from datetime import date

import pytest
from playwright.sync_api import Page

from database import db
from models import Participant, Teacher
from tests.browser.conftest import windows
from tests.browser.looks import check_look
from tests.browser.pages import arrived, press
from tests.browser.test_every_state import check_errors
from tests.browser.test_keyboard import choose, go, reach
from tests.conftest import TODAY
from tests.given import AWAITING, ect
from tests.reports import AMBITION, NORTHBROOK, leaving
from tests.support.test_corrections import WHY, at_two_schools, march
from tests.support.test_details_put_right import trainee
from views.sign_in import OUTCOMES


@pytest.fixture
def open_window(chromium, served, monkeypatch):
    """Opens a window before the app with support switched on, on 20 April 2026."""
    monkeypatch.setitem(served.config, "TODAY", TODAY.isoformat())
    db.close()
    with windows(chromium, served) as open_window:
        yield lambda **settings: open_window(**settings).page
    db.connect(reuse_if_open=True)


def given(make):
    """Somebody to whom this has happened, made while no window asks."""
    with db.connection_context():
        return make()


def sign_in(page: Page) -> Page:
    page.goto("/support/sign-in")
    page.get_by_label("Grace Obi").check()
    press(page, "Sign in", "Find somebody")
    return page


def follow(page: Page, words: str) -> None:
    before = page.url
    page.locator("main").get_by_role("link", name=words).first.click()
    page.wait_for_url(lambda url: url != before)
    page.wait_for_load_state()


def press_on(page: Page, words: str) -> None:
    before = page.url
    page.get_by_role("button", name=words).click()
    page.wait_for_url(lambda url: url != before)
    page.wait_for_load_state()


def test_every_page(open_window):
    page = open_window()
    page.goto("/support/sign-in")
    check_look(page, "sign-in")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".govuk-error-summary").wait_for()
    check_look(page, "sign-in-refused")
    sign_in(page)
    check_look(page, "home")
    for search in ("taylor", "st johns", "nobody at all"):
        page.goto(f"/support?q={search}")
        check_look(page, f"found-{search.replace(' ', '-')}")
    for name in ("Steven Taylor", "John Doe"):
        page.goto(f"/support?q={name}")
        follow(page, name)
        page.locator("details").first.click()
        check_look(page, f"person-{name.split()[0]}")
        follow(page, "As St John’s C of E Primary School sees it")
        check_look(page, f"as-school-{name.split()[0]}")
    page.goto("/support?q=900001")
    follow(page, "St John’s C of E Primary School")
    check_look(page, "school")
    page.goto("/contact-support")
    check_look(page, "ask")
    page.get_by_role("button", name="Send to support").click()
    page.locator(".govuk-error-summary").wait_for()
    check_look(page, "ask-refused")
    told = {"Your name": "Ann Reed", "Email address or telephone number": "01632 960000", "What is wrong?": "All of it"}
    for label, words in told.items():
        page.get_by_label(label).fill(words)
    press_on(page, "Send to support")
    check_look(page, "asked")
    page.goto("/support/queries")
    check_look(page, "queries")
    page.get_by_role("button", name=re.compile("Mark query")).click()
    page.get_by_text("No query is open.").wait_for()
    check_look(page, "queries-done")


def other_record() -> Participant:
    there = trainee(NORTHBROOK, "Ada Moss", date(2024, 9, 2), AMBITION, date(2025, 8, 31))
    Teacher.update(trn="1234567").where(Teacher.id == there.teacher_id).execute()
    return ect()


MEANT = "Meant: their training as an ECT at Northbrook Academy"
CORRECTIONS = {
    "withdrawal-of-other-training": (at_two_schools, "They were withdrawn or deferred from other training", MEANT),
    "registration-in-error": (ect, "They should not have been registered here", None),
    "contract-year": (lambda: ect(training=AWAITING), "Their training is in another contract year", "2024 to 2025"),
    "two-records": (other_record, "Another record is of the same person", "1234567"),
}
"""Those that the live service’s own people make by hand: given, the link, and what is answered."""


def test_the_corrections_that_are_needed_most(open_window):
    page = sign_in(open_window())
    for name, (make, title, answer) in CORRECTIONS.items():
        page.goto(f"/support/people/{given(make).teacher_id}")
        follow(page, title)
        if answer:
            check_look(page, f"{name}-1-question")
            box = page.get_by_label(re.compile(re.escape(answer)))
            box.check() if box.count() else page.get_by_role("textbox").fill(answer)
            press_on(page, "Continue")
        page.get_by_role("textbox").fill(WHY)
        press_on(page, "Continue")
        check_look(page, f"{name}-2-check")
        sure = page.get_by_role("checkbox")
        if sure.count():
            page.get_by_role("button", name="Put it right").click()
            page.locator(".govuk-error-summary").wait_for()
            page.get_by_role("checkbox").check()
        press_on(page, "Put it right")
        arrived(page, "You have put Ada Moss’s record right")
        check_look(page, f"{name}-3-confirmation")


def test_she_never_left(open_window):
    """Somebody telephones: by the keyboard alone, from signing in to the school’s record as it was."""
    ada = given(lambda: ect((march(2), leaving(march(27)))))
    page = open_window()
    page.goto("/support/sign-in")
    choose(page, "Grace Obi")
    go(page, "Sign in")
    reach(page, "Who or what")
    page.keyboard.type("ada moss")
    go(page, "Search")
    go(page, "Ada Moss")
    place = "ECT at St John’s C of E Primary School, 1 September 2025 to 27 March 2026"
    go(page, f"They have not left and are not leaving : {place}")
    reach(page, "Why are you putting this right?")
    page.keyboard.type("Naomi Fletcher telephoned: she never left")
    go(page, "Continue")
    reach(page, "Yes, I have checked this with Ambition Institute")
    page.keyboard.press("Space")
    go(page, "Put it right")
    page.goto("/school/ects")
    page.get_by_label("Naomi Fletcher").check()
    page.get_by_role("button", name="Sign in").click()
    page.locator("main").get_by_role("link", name="Ada Moss").click()
    page.get_by_text("Support put right Ada Moss’s record: they did not leave on 27 March 2026").wait_for()
    with db.connection_context():
        assert Participant.get_by_id(ada.id).finished_on is None


def test_every_error(open_window, served, monkeypatch):
    page = sign_in(open_window())
    assert check_errors(page, served, monkeypatch, "support.home") == {"/support"}
    page.context.clear_cookies()
    page.goto("/support/sign-in")
    assert check_errors(page, served, monkeypatch, "support.sign_in", outcomes=OUTCOMES) == {"/support/sign-in"}
