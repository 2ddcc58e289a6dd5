"""A real Chromium before a real server. Each test has the demo world for itself, and must leave no word in the
browser’s console and nothing in its storage. How the tests move about is in pages.py."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
)

from database import db
from models import LeadProvider
from scenarios import demo
from tests.browser.pages import sign_in
from tests.conftest import TIMEOUT, listening, needs, person

PAGE_REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (404|409|422|500|503) ")
"""What Chromium itself notes in the console of a page with one of these statuses."""


@pytest.fixture(scope="session")
def firefox(playwright) -> Browser:
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    needs(path, "Firefox is missing: apt-get install firefox-esr")
    prefs = {"dom.ipc.processPrelaunch.enabled": False}  # no process for pages that nobody opens
    browser = playwright.firefox.launch(channel="moz-firefox", executable_path=path, firefox_user_prefs=prefs)
    yield browser
    browser.close()


@pytest.fixture
def browser(request) -> Browser:
    """Chromium, or the browser that a module asks for (test_firefox.py), or that BROWSER says."""
    return request.getfixturevalue(getattr(request, "param", os.environ.get("BROWSER", "chromium")))


class Window:
    """A window of Chromium that remembers what its console said and which pages it asked for."""

    def __init__(self, context: BrowserContext):
        self.context = context
        self.said: list[str] = []
        self.expected: list[str] = []
        self.requests: list[Request] = []
        context.on("console", self.heard)
        context.on("weberror", self.failed)
        context.on("request", self.asked)
        context.set_default_timeout(TIMEOUT)
        self.page: Page = context.new_page()

    def heard(self, message: ConsoleMessage) -> None:
        if "font-family" in message.text:  # Firefox reads the typeface more strictly than it needs to
            return
        is_page = urlsplit(message.location["url"]).path.startswith(("/school", "/sign-in"))
        if not (is_page and PAGE_REFUSED.match(message.text)):
            self.said.append(message.text)

    def failed(self, error: WebError) -> None:
        if "font-family" not in str(error.error):
            self.said.append(str(error.error))

    def asked(self, request: Request) -> None:
        if request.resource_type in ("document", "fetch"):
            self.requests.append(request)

    def loads(self) -> int:
        """How many whole pages were asked for."""
        return sum(request.resource_type == "document" for request in self.requests)

    def posts(self) -> int:
        return sum(request.method == "POST" for request in self.requests)

    def check(self) -> None:
        unexpected = [text for text in self.said if not any(words in text for words in self.expected)]
        assert not unexpected, f"the console says: {unexpected}"
        for page in self.context.pages:
            if page.url.startswith("http"):
                assert page.evaluate("localStorage.length + sessionStorage.length") == 0


@contextmanager
def windows(browser: Browser, app) -> Iterator[Callable[..., Window]]:
    """Opens windows of browsers of their own before this app."""
    opened = []

    def open_window(**settings) -> Window:
        settings = {"viewport": {"width": 1280, "height": 900}} | settings
        opened.append(Window(browser.new_context(base_url=address, **settings)))
        # What Chromium notes of pages with an error, and of those after the end.
        opened[-1].expected += [f"the server responded with a status of {status}" for status in (404, 409, 410, 422)]
        return opened[-1]

    with listening(app) as address:
        yield open_window
        for window in opened:
            window.check()
            window.context.close()


@pytest.fixture
def window(browser, address, request) -> Window:
    """A new browser's window; a test's `window` parameter is more of its settings."""
    settings = {"viewport": {"width": 1280, "height": 720}, **getattr(request, "param", {})}
    with browser.new_context(base_url=address, **settings) as context:
        window = Window(context)
        yield window
        window.check()


@pytest.fixture
def naomi(window) -> Page:
    """The list of ECTs as the induction tutor of St John’s sees it."""
    sign_in(window.page)
    window.page.goto("/school/ects")
    return window.page


@pytest.fixture
def report(app, naomi):
    """What a lead provider's software does: `report("withdraw", "Daniel Cooper", reason="other")`."""

    def put(action: str, name: str, role: str = "ect", **attributes: str) -> None:
        with app.app_context(), db.connection_context():
            participant = person(name, role)
            period = max(participant.training_periods, key=lambda period: period.started_on)
            token = demo.token_of(LeadProvider.get_by_id(period.lead_provider.id))
            url = f"/api/v3/participants/{participant.teacher.api_id}/{action}"
        course = {"ect": "ecf-induction", "mentor": "ecf-mentor"}[role]
        body = {"data": {"type": f"participant-{action}", "attributes": {"course_identifier": course, **attributes}}}
        answer = naomi.request.put(url, headers={"Authorization": f"Bearer {token}"}, data=body)
        assert answer.ok, answer.text()

    return put
