"""What is true of every page as Chromium shows it, wide and narrow: for assistive technology, and for its layout."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

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


def check_look(page: Page, name: str, widths: tuple[int, ...] = WIDTHS) -> None:
    """At every width it fits; `widths` are those at which axe, which takes most of a look's time, goes over it."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 720})
        check_fits(page, name)
        if width in widths:
            check_accessible(page, f"{name} at {width}")


def check_fits(page: Page, name: str) -> None:
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways at {width}"


def check_accessible(page: Page, name: str) -> None:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    violations = page.evaluate("options => axe.run(options).then(results => results.violations)", AXE)
    found = [f"{rule['id']}: {node['html']}" for rule in violations for node in rule["nodes"]]
    assert not found, f"{name}: {found}"
