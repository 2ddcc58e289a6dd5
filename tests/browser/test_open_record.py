"""A lead provider acts while a school user has the record open: the page says so by itself, moves nothing else, and
asks only while somebody looks at it. Without script, what is confirmed after a change is refused (test_journeys.py)."""

import re

import pytest
from playwright.sync_api import Page, expect

from database import db
from models import SignIn
from tests.browser.looks import check_fits, check_look
from tests.browser.pages import arrived, follow, hold, link
from tests.browser.test_keyboard import FOCUS, reach

NAME = "Hannah Clarke"
NEWS = re.compile("/news")
AN_HOUR = 60 * 60 * 1000


@pytest.fixture
def record(naomi) -> Page:
    """Her record, with the clock in the test's hands."""
    naomi.clock.install()
    follow(naomi, NAME)
    return naomi


def notice(page: Page):
    return page.locator("#news[role=status]")


def look(page: Page):
    """Half a minute passes. Gives the answer to what the page asks then."""
    with page.expect_response(NEWS) as answer:
        page.clock.run_for(30_000)
    answer.value.finished()
    return answer.value


def questions(window) -> int:
    return sum("/news" in request.url for request in window.requests)


FAILURES = [
    {"status": 502, "body": "<h1>Bad gateway</h1>"},
    {"status": 500, "body": "<div id='page'><main id='main-content'></main></div>"},
    None,
]


def test_it_says_what_was_reported_and_moves_nothing_else(record, window, report):
    # Whoever gets no answer goes on reading.
    window.expected += ["502", "500 (Internal", "net::ERR_", "Failed to fetch"]
    for failure in FAILURES:
        record.route(NEWS, lambda route, *, failure=failure: route.fulfill(**failure) if failure else route.abort())
        for _ in range(2):  # it asks again
            with record.expect_request(NEWS):
                record.clock.run_for(30_000)
        expect(notice(record)).to_have_text("")
        arrived(record, NAME)
        record.unroute(NEWS)
    last_link = link(record, f"Tell us that {NAME} is leaving permanently")
    last_link.focus()
    assert look(record).status == 204
    expect(notice(record)).to_have_text("")
    report("defer", NAME, reason="bereavement")
    entries = record.evaluate("history.length")
    top = last_link.bounding_box()["y"]
    look(record)
    expect(notice(record)).to_contain_text(f"{NAME}’s record has changed since you opened it.")
    expect(notice(record)).to_contain_text(f"Ambition Institute told us they had paused {NAME}’s training.")
    expect(last_link).to_be_focused()
    assert abs(last_link.bounding_box()["y"] - top) < 1
    expect(record.locator(".app-waiting")).to_have_text("")
    expect(record).to_have_title(re.compile(f"^{NAME}, "))
    check_look(record, "news")
    asked = questions(window)
    record.clock.fast_forward(AN_HOUR)
    assert questions(window) == asked, "it has been said, and is not read out again"

    follow(record, "Show the record as it is now", NAME)
    expect(record.locator("main")).to_contain_text("Training paused")
    expect(notice(record)).to_have_text("")
    assert record.evaluate("history.length") == entries
    assert look(record).status == 204
    address = record.url
    with db.connection_context():
        SignIn.delete().execute()
    assert look(record).status == 204, "nor is anybody sent away who is not signed in any more"
    expect(notice(record)).to_have_text("")
    assert record.url == address
    with db.connection_context():
        assert not SignIn.select().exists()
    assert window.loads() == 1


LINKS_AND_BUTTONS = """() => [...document.querySelectorAll('a[href], button')].filter(each => !each.closest('#news'))
    .map(each => [each.innerText, JSON.stringify(each.getBoundingClientRect())])"""
UNDER_THE_NEWS = """() => {
    const news = document.querySelector('.app-news').getBoundingClientRect()
    return [...document.querySelectorAll('a[href], button')].filter(each => {
        const { width, left, right, top, bottom } = each.getBoundingClientRect()
        const isOver = left < news.right && right > news.left && top < news.bottom && bottom > news.top
        return width && isOver && !each.closest('#news')
    }).map(each => each.innerText)
}"""


def test_news_move_nothing_from_under_a_finger(record, report):
    """At the top of the page too, where no browser holds anything in its place. They aren't over what has the focus."""
    daniel = "Daniel Cooper"
    for width, height, top, name, act, reason in (
        (320, 720, 0, NAME, "defer", "bereavement"),
        (800, 720, 600, NAME, "withdraw", "other"),
        (1280, 256, 0, daniel, "defer", "bereavement"),
    ):
        if name == daniel:
            record.goto("/school/ects")
            follow(record, daniel)
        record.set_viewport_size({"width": width, "height": height})
        record.evaluate("document.activeElement.blur()")
        # What is measured is the page that is there: after its last change, and as wide as it is now.
        expect(notice(record)).not_to_contain_text("has changed")
        expect(record.get_by_role("button", name="Menu")).to_be_visible(visible=width < 641)
        record.evaluate("top => scrollTo(0, top)", top)
        before = record.evaluate(LINKS_AND_BUTTONS)
        report(act, name, reason=reason)
        look(record)
        expect(notice(record)).to_contain_text("has changed")
        assert record.evaluate(LINKS_AND_BUTTONS) == before
        expect(link(record, "Show the record as it is now")).to_be_in_viewport(ratio=1)
        if width > 768 and height > 480:
            assert record.evaluate(UNDER_THE_NEWS) == []
        check_fits(record, "news")
        follow(record, "Show the record as it is now", name)

    record.set_viewport_size({"width": 320, "height": 500})
    report("withdraw", daniel, reason="other")
    change = link(record, "Change working pattern")
    change.evaluate("link => scrollTo(0, link.getBoundingClientRect().bottom + scrollY - innerHeight + 5)")
    change.evaluate("link => link.focus({ preventScroll: true })")
    look(record)
    expect(notice(record)).to_contain_text("has changed")
    expect(change).to_be_focused()
    assert record.evaluate(FOCUS)["isOnTop"]
    reach(record, f"Tell us that {daniel} is leaving permanently")
    for _ in range(5):
        record.keyboard.press("Shift+Tab")
        assert record.evaluate(FOCUS)["isOnTop"]


def test_it_asks_while_somebody_looks_and_overtakes_no_click(record, window, report):
    hide(record, True)
    report("defer", NAME, reason="bereavement")
    record.clock.run_for(5 * 60 * 1000)
    assert questions(window) == 0
    with record.expect_response(NEWS):
        hide(record, False)
    expect(notice(record)).to_contain_text("had paused")
    follow(record, "Show the record as it is now", NAME)

    held = hold(record, "**/change-name/name**")
    link(record, "Change name").click()
    look(record)
    held[0].continue_()
    arrived(record, f"Change {NAME}’s name")
    record.clock.run_for(60_000)
    record.go_back()
    arrived(record, NAME)
    report("withdraw", NAME, reason="other")
    look(record)
    expect(notice(record)).to_contain_text("had stopped training")


def hide(page: Page, is_hidden: bool) -> None:
    page.evaluate(
        """isHidden => {
            Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden })
            document.dispatchEvent(new Event('visibilitychange'))
        }""",
        is_hidden,
    )
