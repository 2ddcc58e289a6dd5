"""What is true of every page as Chromium shows it, wide and narrow: for assistive technology, and for its layout."""

import re
from collections import defaultdict

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.conftest import IS_NIGHTLY
from tests.visitor import Element, Html

AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # The Design System's own pages have the back link outside any landmark.
    "rules": {"region": {"enabled": False}},
    "resultTypes": ["violations"],
    # It would fetch every stylesheet again, only to see whether one asks for a phone to be held upright or on its side:
    # tests/test_assets.py says that none does.
    "preload": False,
}

WIDTHS = (320, 1280)

FINE: dict[tuple, set[tuple]] = defaultdict(set)
"""Width and stylesheets → the places of all pages, of whatever test, that axe has gone over and found nothing on."""


def check_look(page: Page, name: str, widths: tuple[int, ...] = WIDTHS[:1]) -> None:
    """At every width it fits; by day axe, which takes most of a look's time, goes over it at these `widths`."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 720})
        check_fits(page, name)
        if width in widths or IS_NIGHTLY:
            check_accessible(page, f"{name} at {width}")


def check_fits(page: Page, name: str) -> None:
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways at {width}"


def check_accessible(page: Page, name: str, *, known: set[tuple] | None = None) -> None:
    """Where something stands in a place that is not `known`: anywhere on this page with nothing against it before, at
    this width and by these stylesheets, unless given. At night everywhere."""
    html = Html(page.content())
    if known is None:
        styles = (link.attrs["href"] for link in html.css("link[rel=stylesheet]"))
        known = FINE[page.viewport_size["width"], *styles]
    here = places(html.body)
    if here <= known and not IS_NIGHTLY:
        return
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    violations = page.evaluate("options => axe.run(options).then(results => results.violations)", AXE)
    found = [f"{rule['id']}: {node['html']}" for rule in violations for node in rule["nodes"]]
    assert not found, f"{name}: {found}"
    known |= here


def places(root: Element) -> set[tuple]:
    """What axe goes by, without words: each element below what it is in and after what it follows, and each heading
    after the one before it."""
    found, heading = set(), ""

    def look(within: Element, looks: tuple) -> None:
        nonlocal heading
        before = ()
        for element in within.iter():
            told = element.attributes
            now = element.tag, *sorted(told), *(told.get(name) for name in ("class", "role", "style", "type"))
            found.add((looks, before, now))
            if re.fullmatch("h[1-6]", element.tag):
                found.add((heading, element.tag))
                heading = element.tag
            look(element, (*looks, now))
            before = now

    look(root, ())
    return found
