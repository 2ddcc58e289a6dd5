"""Support’s pages in a real Chromium: every page and state as a phone shows it; the four corrections that the live
service needs most; and a telephone call, by keyboard."""

from datetime import date

import pytest
from playwright.sync_api import Page

from database import db
from models import Participant, Teacher
from support.corrections import CORRECTIONS
from tests.browser.conftest import windows
from tests.browser.pages import press
from tests.browser.test_every_state import check, check_errors
from tests.browser.test_keyboard import choose, go, reach
from tests.conftest import TODAY
from tests.given import AWAITING, ect
from tests.reports import AMBITION, NORTHBROOK, leaving
from tests.support.test_corrections import WHY, at_two_schools, march
from tests.support.test_details_put_right import trainee
from tests.visitor import Html, Visitor
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


@pytest.fixture
def look(open_window):
    """Looks at what a visitor was shown, on a phone, with all that unfolds unfolded."""
    page = open_window(viewport={"width": 320, "height": 720})
    page.goto("/support/sign-in")
    styles = [each.html for each in Html(page.content()).css("[rel=stylesheet]")]

    def looked(visitor: Visitor) -> None:
        assert [each.html for each in visitor.page.css("[rel=stylesheet]")] == styles
        page.evaluate(
            "([title, html]) => { document.title = title; document.body.innerHTML = html }",
            [visitor.title, visitor.page.body.inner_html.replace("<details", "<details open")],
        )
        check(page, f"{visitor.heading} at {visitor.path}")

    return looked


def test_every_page(look, served, grace):
    visitor = Visitor(served)
    look(visitor.get("/support/sign-in"))
    look(visitor.submit("Sign in", 422))
    look(grace)
    for search in ("taylor", "st johns", "nobody at all"):
        look(grace.get(f"/support?q={search}"))
    for name in ("Steven Taylor", "John Doe"):
        look(grace.get(f"/support?q={name}").click(name))
        look(grace.click("As St John’s C of E Primary School sees it"))
    look(grace.get("/support?q=900001").click("St John’s C of E Primary School"))
    look(visitor.get("/contact-support"))
    look(visitor.submit("Send to support", 422))
    look(visitor.submit("Send to support", name="Ann Reed", reach="01632 960000", words="All of it"))
    look(grace.get("/support/queries"))
    look(grace.submit(grace.buttons[-1]))
    assert "No query is open." in grace.text


def other_record() -> Participant:
    there = trainee(NORTHBROOK, "Ada Moss", date(2024, 9, 2), AMBITION, date(2025, 8, 31))
    Teacher.update(trn="1234567").where(Teacher.id == there.teacher_id).execute()
    return ect()


MEANT = (
    "Withdrawn by Ambition Institute on 20 April 2026: other. "
    "Meant: their training as an ECT at Northbrook Academy from 6 January 2025 to 31 August 2025"
)
MOST_NEEDED = {
    "mark-on-other-training": (at_two_schools, {"choose": MEANT}),
    "registration": (ect, {}),
    "contract-year": (lambda: ect(training=AWAITING), {"choose": "2024 to 2025"}),
    "two-records": (other_record, {"record": "1234567"}),
}
"""Those that the live service’s own people make by hand: given, and what is answered."""


def test_the_corrections_that_are_needed_most(look, grace):
    for name, (make, answers) in MOST_NEEDED.items():
        look(grace.get(f"/support/placements/{make().id}/{name}/{CORRECTIONS[name].pages[0]}"))
        if answers:
            look(grace.submit("Continue", **answers))
        look(grace.submit("Continue", reason=WHY))
        sure = {"is_sure": "yes"} if grace.main.css("[name=is_sure]") else {}
        if sure:
            look(grace.submit("Put it right", 422))
        look(grace.submit("Put it right", **sure))
        assert grace.heading == "You have put Ada Moss’s record right"


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
