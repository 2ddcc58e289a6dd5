"""A real Chromium before a real server. Each test has the demo world for itself, and must leave no word in the browser's
console and nothing in its storage."""

import re
import shutil
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

import commands
from database import db
from models import LeadProvider
from tests.browser.walk import sign_in
from tests.conftest import TODAY, person, required

VENDOR = Path(__file__).parents[2] / "static" / "vendor"

FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync""".split()

PAGE_REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (404|409|422|500|503) ")
"""What Chromium itself notes in the console of a page with one of these statuses."""


@pytest.fixture(scope="session")
def chromium() -> Browser:
    path = shutil.which("chromium")
    for is_here, message in (
        (path, "Chromium is missing: apt-get install chromium"),
        (VENDOR.exists(), "GOV.UK Frontend and htmx are missing: python3 run.py test"),
    ):
        if not is_here:
            (pytest.fail if required("BROWSER") else pytest.skip)(message)
    expect.set_options(timeout=10_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Handler(WSGIRequestHandler):
    timeout = 5  # for connections that Chromium opens in advance and never uses

    def log_request(self, *args):
        """The tests say what went wrong; a line for each stylesheet doesn't."""


@pytest.fixture
def address(app, world, monkeypatch) -> str:
    """Where the service answers, on 20 April 2026."""
    monkeypatch.setitem(app.config, "TODAY", TODAY.isoformat())
    db.close()
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    server.daemon_threads = False  # so that closing waits for what is still being answered
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


class Window:
    """One window of Chromium that remembers what its console said."""

    def __init__(self, context: BrowserContext):
        self.context = context
        self.said: list[str] = []
        self.expected: list[str] = []
        context.on("console", self.note)
        context.on("weberror", lambda error: self.said.append(str(error.error)))
        self.page: Page = context.new_page()

    def note(self, message: ConsoleMessage) -> None:
        is_page = urlsplit(message.location["url"]).path.startswith(("/school", "/sign-in"))
        if not (is_page and PAGE_REFUSED.match(message.text)):
            self.said.append(message.text)

    def check(self) -> None:
        unexpected = [text for text in self.said if not any(words in text for words in self.expected)]
        assert not unexpected, f"the console says: {unexpected}"
        for page in self.context.pages:
            assert page.evaluate("() => localStorage.length + sessionStorage.length") == 0
        assert {cookie["name"] for cookie in self.context.cookies()} <= {"session"}


@pytest.fixture
def window(chromium, address, request):
    """A new browser, wide or, with `@narrow`, of a telephone's width; with `@without_script`, without script."""
    settings = {"viewport": {"width": 1280, "height": 720}} | getattr(request, "param", {})
    context = chromium.new_context(base_url=address, **settings)
    window = Window(context)
    yield window
    window.check()
    context.close()


@pytest.fixture
def expect_console(window):
    """Says that the console will hold these words, and that they are no fault."""
    return window.expected.append


@pytest.fixture
def page(window) -> Page:
    """The window's page, not signed in."""
    return window.page


@pytest.fixture
def naomi(page) -> Page:
    """The list of ECTs as the induction tutor of St John's sees it."""
    sign_in(page)
    page.goto("/school/ects")
    return page


@pytest.fixture
def report(app, naomi):
    """What a lead provider's software does: `report("withdraw", "Daniel Cooper", reason="other")`."""

    def put(action: str, name: str, role: str = "ect", **attributes: str) -> None:
        with app.app_context(), db.connection_context():
            participant = person(name, role)
            period = max(participant.training_periods, key=lambda period: period.started_on)
            token = commands.demo_token(LeadProvider.get_by_id(period.lead_provider.id))
            url = f"/api/v3/participants/{participant.teacher.api_id}/{action}"
        course = {"ect": "ecf-induction", "mentor": "ecf-mentor"}[role]
        body = {"data": {"type": f"participant-{action}", "attributes": {"course_identifier": course, **attributes}}}
        answer = naomi.request.put(url, headers={"Authorization": f"Bearer {token}"}, data=body)
        assert answer.ok, answer.text()

    return put
