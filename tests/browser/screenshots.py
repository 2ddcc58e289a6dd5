"""Takes a picture of every page and state, wide and narrow, into screenshots/:

.venv/bin/python -m tests.browser.screenshots [part of a tour's name]
"""

import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scenarios import chromium
from tests.browser.pages import JOURNEYS, TOURS, button, follow, refused, to_question

FOLDER = Path(__file__).parents[2] / "screenshots"


@pytest.mark.parametrize("tour", (TOURS | JOURNEYS).values(), ids=TOURS | JOURNEYS)
def test_pictures(naomi, report, tour):
    for name in tour(naomi, report):
        take(naomi, name)


def test_pictures_of_waiting(naomi, window):
    window.expected.append("htmx:error: timeout")
    naomi.clock.install()
    to_question(naomi, "Steven Taylor")
    naomi.route("**/lead-provider**", lambda route: None)
    button(naomi, "Continue").click()
    naomi.clock.run_for(1000)
    take(naomi, "waiting")
    naomi.clock.run_for(60_000)
    refused(naomi)
    take(naomi, "no-answer")


def test_pictures_of_what_was_reported_meanwhile(naomi, report):
    naomi.clock.install()
    follow(naomi, "Hannah Clarke")
    report("withdraw", "Hannah Clarke", reason="other")
    naomi.clock.run_for(30_000)
    expect(naomi.locator("#news")).to_contain_text("has changed")
    take(naomi, "ect-news")


def take(page: Page, name: str) -> None:
    for width in chromium.WIDTHS:
        chromium.take(page, FOLDER / f"{name}-{width}.png", width=width)


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", "-k", " ".join(sys.argv[1:])]))
