"""Journeys by keyboard alone, with script and without: each link, button, answer and error is reached by Tab and the
arrow keys, and what has the focus can be seen."""

import pytest
from playwright.sync_api import Page, expect

from database import db
from tests.browser.pages import arrived, refused
from tests.browser.test_story import with_and_without_script
from tests.conftest import IS_NIGHTLY
from tests.walks import WALKS, Walk

FOCUS = """() => {
    const place = document.activeElement
    const box = place.getBoundingClientRect()
    const at = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, 20) / 2)
    const label = place.labels?.[0]
    return {
        words: (label ?? place).innerText.trim().replace(/\\s+/g, ' '),
        type: place.type,
        isChecked: place.checked,
        isOnTop: place.contains(at) || at?.contains(place) || label?.contains(at) || label?.parentElement.contains(at),
        isOutlined: place.matches(':focus-visible'),
    }
}"""


def journeys() -> list[Walk]:
    """One, or at night one of each. (Steven Taylor cannot have left before what the others change.)"""
    walks = {}
    for walk in WALKS:
        if (walk.journey, walk.name) != ("report-teacher-leaving", "Steven Taylor"):
            walks.setdefault(walk.journey, walk)
    return [walk for name, walk in walks.items() if IS_NIGHTLY or name == "report-teacher-leaving"]


@with_and_without_script
def test_journeys_by_keyboard(naomi):
    refused_and_answered_by_keyboard(naomi)
    for walk in journeys():
        with db.connection_context():
            walk.begin()
        naomi.goto(f"/school/{walk.role}s")
        reach(naomi, walk.name)
        naomi.keyboard.press("Enter")
        arrived(naomi, walk.name)
        first = naomi.locator(f"main a[href*='/{walk.journey}/']").first.inner_text()
        go(naomi, " ".join(first.split()))
        for _, button, answers in walk.questions():
            for label, answer in answers.items():
                if label == "choose":
                    choose(naomi, answer)
                else:
                    reach(naomi, label.replace("_", " "))
                    naomi.keyboard.press("Control+A")
                    naomi.keyboard.type(answer)
            go(naomi, button)
        go(naomi, walk.confirm)
        expect(naomi.locator(".govuk-panel")).to_be_visible()


def refused_and_answered_by_keyboard(page: Page) -> None:
    page.locator("main").get_by_role("link", name="Hannah Clarke").focus()
    page.keyboard.press("Enter")
    arrived(page, "Hannah Clarke")
    go(page, "Change lead provider")
    reach(page, "Continue")
    page.keyboard.press("Enter")
    refused(page)
    reach(page, "Select the lead provider who will train Hannah Clarke")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Best Practice Network")).to_be_focused()
    assert reach(page, "Teach First", "ArrowDown")["isChecked"]
    go(page, "Continue")


def reach(page: Page, words: str, key: str = "Tab") -> dict:
    """Press the key until what has these words, or this label, has the focus, and can be seen to have it."""
    for _ in range(60):
        page.keyboard.press(key)
        place = page.evaluate(FOCUS)
        assert place["isOnTop"], f"{place} is under something else"
        assert place["isOutlined"], f"{place} does not show that it has the focus"
        if place["words"] == words:
            return place
    return pytest.fail(f"{key} does not lead to “{words}”")


def go(page: Page, words: str) -> None:
    reach(page, words)
    before = page.url
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(before)
    page.wait_for_load_state()


def choose(page: Page, words: str) -> None:
    """Tab into the radios, then the arrow keys."""
    for _ in range(20):
        page.keyboard.press("Tab")
        place = page.evaluate(FOCUS)
        if place["type"] == "radio":
            break
    if place["words"] == words:
        page.keyboard.press("Space")
    else:
        assert reach(page, words, "ArrowDown")["isChecked"]
