"""A picture of every page of a scenario: on the direct path, on the wrong ones, and with the errors met there. The same
bytes each time. Real Chromium, which asks the app from inside and nothing else."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from flask import Flask

from scenarios.check import Ground, Shown, Walker
from scenarios.scenario import Scenario, Step

WIDTHS = (1280, 640, 320)

# Fonts and edges drawn in the same way whatever the screen.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--font-render-hinting=none",
    "--disable-lcd-text",
    "--force-color-profile=srgb",
]

HOST = "https://service.example"


class NoBrowser(Exception):
    """What is missing to take pictures, in a sentence."""


@contextmanager
def chromium():
    """A browser for pictures. Raises NoBrowser where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise NoBrowser("Pictures need Playwright: .venv/bin/pip install -r requirements-dev.txt") from None
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        raise NoBrowser("Pictures need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def take(app: Flask, scenarios: list[Scenario], folder: Path) -> Iterator[Path]:
    """Gives each picture's file as soon as it is there. Beside the pictures is a file with each one's heading. Raises
    NoBrowser if there is nothing to take them with."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for scenario in scenarios:
            for words in ["", *scenario.variants]:
                series, headings = "-".join(filter(None, (scenario.id, words))), {}
                for number, shown in enumerate(states(app, scenario, words), 1):
                    name = f"{series}-{number:02}-{shown.page.replace('/', '-')}{'-error' * bool(shown.codes)}"
                    headings[name] = shown.read.heading
                    for width in WIDTHS:
                        file = folder / f"{name}-{width}.png"
                        file.write_bytes(picture(browser, app.test_client(), shown.path, shown.html, width))
                        yield file
                (folder / f"{series}.json").write_text(json.dumps(headings, indent=2, ensure_ascii=False))


def picture(browser, client, path: str, html: str, width: int, height: int | None = None) -> bytes:
    """What a window of this width shows of this page, all of it or down to a height. The app's `client` gets the files
    that it needs."""

    def answer(route):
        if route.request.is_navigation_request():
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
            return
        with client.get(urlsplit(route.request.url).path) as response:
            route.fulfill(status=response.status_code, body=response.data, content_type=response.content_type)

    # A window for each, because what script does when a window gets narrower comes in its own time.
    size = {"width": width, "height": height or 800}
    with browser.new_page(base_url=HOST, reduced_motion="reduce", viewport=size) as window:
        window.route("**/*", answer)
        window.goto(path)
        window.evaluate("() => document.fonts.ready.then(() => document.activeElement.blur())")
        return window.screenshot(full_page=not height, animations="disabled", caret="hide")


def states(app: Flask, scenario: Scenario, words: str) -> Iterator[Shown]:
    """Every page and state of the scenario once: the paths, what is refused on them, and list and record at their
    ends."""
    seen = set()
    with TemporaryDirectory() as temporary:
        ground = Ground(app, scenario, Path(temporary), words)
        for path in (scenario.direct_path, *scenario.wrong_paths):
            for state in along(ground.walker(), path):
                key = (state.page, state.about, tuple(state.codes.items()), state.read.text)
                if key not in seen:
                    seen.add(key)
                    yield state


def along(walker: Walker, path: list[Step]) -> Iterator[Shown]:
    for _step, shown in walker.walk(path):
        yield shown
        yield from refusals(walker, shown)
    yield walker.ask(f"/school/{walker.scenario.start}")
    with walker.data():
        records = [walker.end().record_address(who) for who in walker.scenario.about]
    yield from map(walker.ask, records)


def refusals(walker: Walker, shown: Shown) -> list[Shown]:
    """The question when it is sent empty."""
    form = shown.read.question or {"fields": []}
    hidden = {field["name"]: field["value"] for field in form["fields"] if field.get("type") == "hidden"}
    is_asked = len(hidden) < len(form["fields"])
    return [walker.ask(shown.path, hidden)] if is_asked else []
