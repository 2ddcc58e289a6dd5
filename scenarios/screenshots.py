"""A picture of every page of a scenario: on the direct path, on the wrong ones, and with the errors met there. The
browser asks the app from inside and nothing else. How a screenshot is taken is in chromium.py."""

import hashlib
import json
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import click
from flask import Flask
from flask.testing import FlaskClient

from scenarios import chromium
from scenarios.check import CheckRun, ShownPage, Walker
from scenarios.pages import ASKED, HIDDEN, sent
from scenarios.scenario import Scenario, Step

HOST = "https://service.example"
NOT_SEEN = re.compile(r'<input[^>]*type="hidden"[^>]*>|data-drawn-for="[^"]*"')
"""What nobody sees, and is another each time that a page is shown, or in each wording."""


class NoBrowser(click.ClickException):
    """What is missing to take pictures, in a sentence, which ends the command."""


@contextmanager
def camera(client: FlaskClient) -> Generator[Callable]:
    """A browser for pictures, which has the files that pages need from the app's `client`: calling what this gives with
    a page's path and HTML, a file and a width (see chromium.take) takes one. Raises NoBrowser where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise NoBrowser("Pictures need Playwright: .venv/bin/pip install -r requirements-dev.txt") from None
    shown = {}

    @cache
    def file(path: str) -> dict:
        with client.get(path) as response:
            return {"status": response.status_code, "body": response.data, "content_type": response.content_type}

    def answer(route):
        if route.request.is_navigation_request():
            route.fulfill(body=shown["html"], content_type="text/html; charset=utf-8")
        else:
            route.fulfill(**file(urlsplit(route.request.url).path))

    def take(path: str, html: str, to: Path, **size: int) -> Path:
        if shown != {"html": html, "path": path}:
            shown.update(html=html, path=path)
            page.set_viewport_size({"width": size["width"], "height": size.get("height", 720)})
            page.goto("about:blank")
            page.goto(path)
        chromium.take(page, to, **size)
        return to

    with sync_playwright() as playwright:
        try:
            browser = chromium.launch(playwright)
        except FileNotFoundError as problem:
            raise NoBrowser(str(problem)) from None
        page = browser.new_page(base_url=HOST, reduced_motion="reduce")
        page.route("**/*", answer)
        yield take
        browser.close()


def take(app: Flask, scenarios: list[Scenario], folder: Path) -> Iterator[Path]:
    """Gives each picture's file as soon as it is there. Raises NoBrowser if there is nothing to take them with."""
    with camera(app.test_client()) as picture:
        for scenario in scenarios:
            for words in ["", *scenario.variants]:
                for name, shown in named(app, scenario, words, folder).items():
                    for width in chromium.WIDTHS:
                        yield picture(shown.path, shown.html, folder / f"{name}-{width}.png", width=width)


def named(app: Flask, scenario: Scenario, words: str, folder: Path, **how) -> dict[str, ShownPage]:
    """Every state by the name of its picture. A file beside the pictures has each one's heading, and a hash of its
    page."""
    folder.mkdir(parents=True, exist_ok=True)
    series = "-".join(filter(None, (scenario.id, words)))
    found = {
        f"{series}-{number:02}-{shown.page.replace('/', '-')}{'-error' * bool(shown.codes)}": shown
        for number, shown in enumerate(states(app, scenario, words, **how), 1)
    }
    about = {name: (shown.read.heading, hash_of(shown.html)) for name, shown in found.items()}
    (folder / f"{series}.json").write_text(json.dumps(about, indent=2, ensure_ascii=False))
    return found


def hash_of(html: str) -> str:
    """The same for pages of which the same picture would be taken."""
    return hashlib.sha256(NOT_SEEN.sub("", html).encode()).hexdigest()[:16]


def states(
    app: Flask, scenario: Scenario, words: str, *, is_whole: bool = True, templates: Path | None = None
) -> Iterator[ShownPage]:
    """Every page and state of the scenario once: the paths, or unless `is_whole` the direct one alone, what is refused
    on them, and list and record at their ends. `templates` is a folder that keeps templates for the next time."""
    seen = set()
    with TemporaryDirectory() as temporary:
        run = CheckRun(app, scenario, Path(temporary), words, templates)
        for path in (scenario.direct_path, *(scenario.wrong_paths if is_whole else [])):
            for state in along(run.walker(), path):
                key = (state.page, state.about, tuple(state.codes.items()), state.read.text)
                if key not in seen:
                    seen.add(key)
                    yield state


def along(walker: Walker, path: list[Step]) -> Iterator[ShownPage]:
    for _step, shown in walker.walk(path):
        yield shown
        yield from refusals(walker, shown)
    yield walker.ask(f"/school/{walker.scenario.start}")
    with walker.data():
        records = [walker.end_state().record_address(who) for who in walker.scenario.about]
    yield from map(walker.ask, records)


def refusals(walker: Walker, shown: ShownPage) -> list[ShownPage]:
    """The question when it is sent empty."""
    question = shown.read.question
    return [walker.ask(shown.path, sent(question, HIDDEN))] if sent(question, ASKED) else []
