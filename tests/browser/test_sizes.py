"""What comes over the line: so many requests and bytes, and no file that the browser has already."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.pages import arrived, follow, press, sign_in

MOST_AT_FIRST, REQUESTS_AT_FIRST = 150_000, 8
MOST_LINES = {"app.js": 98, "time-left.js": 38}
"""Of the whole file, blank lines and comments too: what a newcomer has to read."""
MOST_OF_A_STEP, MOST_OF_A_JOURNEY = 2_000, 14_000
NAME = "Hannah Clarke"


class Line:
    """What came since it was last asked: (address, bytes with headers)."""

    def __init__(self, page: Page):
        self.page, self.came = page, []
        page.on("requestfinished", lambda request: self.came.append(request))

    def since(self) -> list[tuple[str, int]]:
        self.page.wait_for_load_state("networkidle")
        came, self.came = self.came, []
        sizes = [(each.url, each.sizes()) for each in came if not each.url.startswith("data:")]
        return [
            (url, sizes["responseBodySize"] + sizes["responseHeadersSize"])
            for url, sizes in sizes
            if sizes["responseBodySize"] >= 0
        ]


@pytest.fixture
def line(window) -> Line:
    return Line(window.page)


def test_a_first_visit_and_a_journey_are_small_and_no_file_is_asked_for_again(window, line):
    page = window.page
    page.goto("/sign-in")
    arrived(page, "Sign in to the demonstration")
    first = line.since()
    assert len(first) <= REQUESTS_AT_FIRST, first
    assert sum(size for _, size in first) <= MOST_AT_FIRST, first
    sign_in(page)
    for address in ("/school/mentors", "/school/ects"):
        page.goto(address)
        assert [url.partition("?")[0] for url, size in line.since() if size] == [page.url]
    sizes = []
    for text, heading in ((NAME, NAME), ("Change working pattern", f"Change {NAME}’s working pattern")):
        follow(page, text, heading)
        sizes.append(line.since())
    page.locator("main [type=radio]:not(:checked)").check()
    press(page, "Continue", f"Check and confirm: change working pattern for {NAME}")
    sizes.append(line.since())
    press(page, "Confirm change", f"You have changed {NAME}’s working pattern")
    sizes.append(line.since())
    assert all(len(came) == 1 for came in sizes), sizes
    assert max(size for ((_, size),) in sizes) <= MOST_OF_A_STEP + 1_000, sizes  # a thousand for the headers
    assert sum(size for ((_, size),) in sizes) <= MOST_OF_A_JOURNEY


@pytest.mark.parametrize("file", MOST_LINES)
def test_our_own_script_is_short(file):
    assert len((Path(__file__).parents[2] / "static" / file).read_text().splitlines()) <= MOST_LINES[file]
