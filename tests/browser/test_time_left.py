"""Before somebody is signed out because they did nothing, the open page asks whether they are still there (WCAG 2.2.1).
What each message depends on is in tests/test_sign_in.py."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from clock import now
from database import db
from models import SignIn
from settings import DEFAULTS
from tests.browser.looks import check_look
from tests.browser.pages import arrived, button, follow, sign_in
from tests.conftest import person
from web.page_shell import shell_pieces

NAME = "Priya Shah"
TYPED = "Priya Zoë Patel"
MINUTE, TICK = 60_000, 10_000
TIME_LEFT = "**/sign-in/time-left"


@pytest.fixture(autouse=True)
def limits(app, monkeypatch):
    for name in ("IDLE_MINUTES", "SIGN_IN_HOURS"):
        monkeypatch.setitem(app.config, name, DEFAULTS[name])
    shell_pieces.cache_clear()  # they say how long
    yield
    shell_pieces.cache_clear()


@pytest.fixture
def question(window) -> Page:
    """A question with an answer that is typed but not sent, with the clock in the test's hands."""
    sign_in(window.page)
    window.page.clock.install(time="2026-04-20T11:00:00Z")
    return to_name(window.page)


def to_name(page: Page) -> Page:
    with db.connection_context():
        page.goto(f"/school/ects/{person(NAME).id}/change-name/name")
    page.get_by_label("Full name").fill(TYPED)
    return page


def wait(page: Page, minutes: float, seen: float | None = None, started: float | None = None) -> None:
    """So many minutes pass for the page; for the service, somebody was last seen, and signed in, so many ago."""
    set_times(minutes if seen is None else seen, minutes if started is None else started)
    with page.expect_response(TIME_LEFT):
        page.clock.fast_forward(int(minutes * MINUTE) + TICK)


def set_times(seen: float, started: float) -> None:
    with db.connection_context():
        moments = {"seen_at": now() - timedelta(minutes=seen), "started_at": now() - timedelta(minutes=started)}
        SignIn.update(moments).execute()


def seen_at():
    with db.connection_context():
        return SignIn.get().seen_at


def asked(window) -> int:
    return sum(request.url.endswith("/time-left") for request in window.requests)


def dialog(page: Page, heading: str):
    return page.get_by_role("alertdialog", name=heading)


def stay(page: Page):
    return page.get_by_role("button", name="Stay signed in")


@pytest.mark.parametrize("window", [{"timezone_id": "Europe/London"}], ids=["in London"], indirect=True)
def test_who_is_still_there_says_so_by_one_key_for_twelve_hours(question, window):
    wait(question, 118)
    asking = dialog(question, "We will sign you out at 2:00pm")
    expect(asking).to_have_accessible_description(
        "You have not been active for a while. What you have entered stays on this page."
    )
    expect(stay(question)).to_be_focused()
    check_look(question, "still there?")
    question.evaluate(
        """() => {
            window.changes = 0
            const watcher = new MutationObserver(all => { window.changes += all.length })
            watcher.observe(document.querySelector('#time-left'), { subtree: true, childList: true, attributes: true })
            document.addEventListener('focusin', () => { window.changes += 1 })
        }"""
    )
    wait(question, 1, seen=119, started=119)
    expect(stay(question)).to_be_focused()
    assert question.evaluate("window.changes") == 0, "it is said once"
    for key in ("Enter", "Escape"):
        with question.expect_response(TIME_LEFT) as answer:
            question.keyboard.press(key)
        assert answer.value.request.method == "POST"
        expect(asking).to_be_hidden()
        expect(question.get_by_label("Full name")).to_be_focused()
        expect(question.get_by_label("Full name")).to_have_value(TYPED)
        with db.connection_context():
            assert SignIn.get().seen_at == now()
        before = asked(window)
        question.clock.fast_forward(117 * MINUTE)
        assert asked(window) == before, "nobody is asked for as long again"
        wait(question, 1, seen=118, started=237)
        expect(stay(question)).to_be_focused()

    # Twelve hours after signing in nobody can stay, and is told why.
    to_name(question)
    wait(question, 118, seen=0, started=718)
    told = dialog(question, "We will sign you out at")
    expect(told).to_contain_text("Nobody can stay signed in for longer than this.")
    expect(told.get_by_role("button", name="Continue")).to_be_focused()
    check_look(question, "for too long")
    question.keyboard.press("Enter")
    expect(told).to_be_hidden()
    wait(question, 0.5, seen=0, started=718.5)
    expect(told).to_be_hidden()
    wait(question, 1.5, seen=0, started=720)
    expect(question.get_by_role("button", name="Close this message")).to_be_focused()


def test_whoever_does_not_answer_is_told_and_loses_nothing(question):
    wait(question, 118)
    expect(stay(question)).to_be_focused()
    wait(question, 2, seen=120, started=120)
    told = dialog(question, "We have signed you out")
    expect(told.get_by_role("button", name="Close this message")).to_be_focused()
    expect(stay(question)).to_be_hidden()
    check_look(question, "signed out")
    question.keyboard.press("Enter")
    expect(question.get_by_label("Full name")).to_be_focused()
    button(question, "Continue").click()
    arrived(question, "Sign in to the demonstration")
    check_look(question, "expired")
    question.get_by_label("Naomi Fletcher").check()
    button(question, "Sign in").click()
    arrived(question, f"Change {NAME}’s name")
    expect(question.get_by_label("Full name")).to_have_value(TYPED)


def test_a_machine_that_was_asleep_tells_when_it_wakes_and_either_of_its_clocks_may_stand_still(question):
    set_times(180, 180)
    question.clock.fast_forward(180 * MINUTE)
    expect(question.get_by_role("button", name="Close this message")).to_be_focused()
    wait(question, 1, seen=0, started=0)  # another tab has signed in
    expect(question.get_by_role("alertdialog")).to_have_count(0)
    for clock in ("Date", "performance"):  # as while it sleeps, or when it is set back
        to_name(question).evaluate(f"{clock}.now = () => 0")
        wait(question, 118)
        expect(stay(question)).to_be_focused()


def test_what_is_done_in_another_tab_counts_and_an_answer_that_did_not_come_is_asked_for_again(question, window):
    wait(question, 118, seen=60)
    expect(question.get_by_role("alertdialog")).to_have_count(0)
    wait(question, 60, seen=118.5, started=300)
    expect(stay(question)).to_be_focused()
    other = window.context.new_page()
    other.goto("/school/ects")
    follow(other, "Steven Taylor")
    with question.expect_response(TIME_LEFT):
        question.clock.run_for(TICK)
    expect(question.get_by_role("alertdialog")).to_have_count(0)
    expect(question.get_by_label("Full name")).to_be_focused()

    # Without an answer it is asked again, and nobody twice.
    to_name(question)
    window.expected += ["net::ERR_", "Failed to fetch"]
    question.route(TIME_LEFT, lambda route: route.abort())
    set_times(118, 118)
    with question.expect_event("requestfailed"):
        question.clock.fast_forward(118 * MINUTE)
    expect(question.get_by_role("alertdialog")).to_have_count(0)
    question.unroute(TIME_LEFT)
    wait(question, 0.5, seen=118.5, started=118.5)
    expect(stay(question)).to_be_focused()
    with db.connection_context():  # the database takes no writes
        db.execute_sql("CREATE TRIGGER full BEFORE UPDATE ON sign_in BEGIN SELECT * FROM nowhere; END")
    with question.expect_response(TIME_LEFT):
        question.keyboard.press("Enter")
    with question.expect_response(TIME_LEFT):
        question.clock.run_for(TICK)
    expect(question.get_by_role("alertdialog")).to_have_count(0)
