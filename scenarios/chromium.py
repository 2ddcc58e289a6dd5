"""Pictures of pages that come out the same, byte for byte, whenever they are taken; and the browser that takes them.
For tests and commands, with what requirements-dev.txt and apt-get install chromium bring; the service itself needs
nothing of it. Which pages of a scenario there are is in scenarios/screenshots.py."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # not there where the service is deployed
    from playwright.sync_api import Browser, Page, Playwright

WIDTHS = (1280, 640, 320)
"""A desktop's, a tablet's, and a phone's, which is also a desktop's at 400 % zoom. In CSS pixels."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Letters and colours that don't depend on the machine's screen.
    "--disable-lcd-text",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
]


def chromium() -> str | None:
    """Where Debian's Chromium is: without its windows, which is quicker, or whole."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


def launch(playwright: "Playwright", **options) -> "Browser":
    """Debian's Chromium, with more of Playwright's options. Raises FileNotFoundError where it is missing."""
    path = chromium()
    if not path:
        raise FileNotFoundError("Chromium is missing: apt-get install chromium")
    return playwright.chromium.launch(executable_path=path, args=FLAGS, **options)


def take(page: "Page", path: Path | None = None, *, width: int, height: int = 0) -> bytes:
    """The whole page as a PNG, `width` wide, or as much as a window of this `height` shows of it: at rest, with nothing
    in focus and nothing under the pointer."""
    page.set_viewport_size({"width": width, "height": height or 720})
    page.mouse.move(0, 0)
    page.evaluate(
        """async (isWhole) => {
            document.activeElement.blur()
            if (isWhole) scrollTo(0, 0)
            await document.fonts.ready
            await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
        }""",
        not height,
    )
    return page.screenshot(path=path, full_page=not height, animations="disabled", caret="hide", scale="css")
