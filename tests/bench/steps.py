"""What a step costs somebody on a slow line with a slow computer: milliseconds from the click to the new heading on the
screen, requests and bytes, partial beside whole page. `python -m tests.bench.steps`.

The whole pages are the same service's, with GOV.UK Frontend's script and without ours. Both kinds take turns in one
run; each figure is the median, each ratio the median of the pairs.
"""

import argparse
import statistics
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, CDPSession, Page, Request, sync_playwright

from scenarios import chromium
from tests.bench.place import place
from tests.bench.service import served
from tests.browser.pages import arrived, button, follow, link, refused, sign_in

NAME = "Hannah Clarke"

# From the click, perhaps on the page before, to the frame after the one that has the new heading.
STOPWATCH = """() => {
    const now = () => performance.timeOrigin + performance.now()
    const shown = () => `${document.title} ${document.querySelector('h1')?.textContent}`
    window.start = () => { window.took = null; sessionStorage.click = JSON.stringify({ at: now(), before: shown() }) }
    addEventListener('click', () => start(), true)
    addEventListener('pagehide', () => { window.took = null })
    const look = () => {
        const { at, before } = JSON.parse(sessionStorage.click ?? '{}')
        const isNew = at && document.querySelector('h1') && shown() !== before
        if (isNew) requestAnimationFrame(() => { window.took = now() - at; delete sessionStorage.click })
        requestAnimationFrame(look)
    }
    look()
}"""


@dataclass
class Step:
    took: list[float]
    requests: int = 0
    bytes: int = 0


class Visit:
    """One of the two ways to use the service, and what its steps cost. Its stopwatch is read through the browser's
    debugger, which also finds pages that the browser itself had kept."""

    def __init__(self, page: Page, debugger: CDPSession):
        self.page, self.debugger = page, debugger
        self.steps: dict[str, Step] = defaultdict(lambda: Step([]))
        self.answered: list[Request] = []
        page.on("requestfinished", lambda request: self.answered.append(request))

    @contextmanager
    def measured(self, name: str) -> Iterator[None]:
        self.answered.clear()
        yield
        while (took := self.run("window.took")) is None:
            self.page.wait_for_timeout(20)
        pages = [each for each in self.answered if each.resource_type in ("document", "fetch")]
        step = self.steps[name]
        step.took.append(took)
        step.requests, step.bytes = len(pages), sum(each.sizes()["responseBodySize"] for each in pages)

    def run(self, script: str):
        return self.debugger.send("Runtime.evaluate", {"expression": script})["result"].get("value")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--latency", type=int, default=150, help="milliseconds, of each request")
    parser.add_argument("--mbit", type=float, default=1.6, help="a second")
    parser.add_argument("--cpu", type=float, default=4, help="times slower")
    arguments = parser.parse_args()
    with sync_playwright() as playwright, ExitStack() as stack:
        browser = chromium.launch(playwright, ignore_default_args=["--disable-back-forward-cache"])
        visits = []
        for app in ("app:create_app()", "tests.bench.plain:app"):
            where = stack.enter_context(place())
            service = stack.enter_context(served(app, **where.environment))
            visits.append(on_a_slow_line(browser, service.port, arguments))
        for run in range(arguments.runs + 1):
            for visit in visits if run % 2 else reversed(visits):
                walk(visit)
            if run == 0:  # to warm up
                for visit in visits:
                    visit.steps.clear()
        browser.close()
    report(*(visit.steps for visit in visits))


def on_a_slow_line(browser: Browser, port: int, arguments: argparse.Namespace) -> Visit:
    """Signed in, and from then on with a slow line and a slow computer."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{port}", viewport={"width": 1280, "height": 720})
    context.add_init_script(f"({STOPWATCH})()")
    page = context.new_page()
    sign_in(page)
    page.goto("/school/ects")
    slow = context.new_cdp_session(page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": arguments.cpu})
    speed = arguments.mbit * 1_000_000 / 8
    conditions = {"latency": arguments.latency, "downloadThroughput": speed, "uploadThroughput": speed}
    slow.send("Network.emulateNetworkConditions", {"offline": False} | conditions)
    return Visit(page, slow)


def walk(visit: Visit) -> None:
    """One journey, which leaves things as the next one finds them."""
    page, question = visit.page, f"Change {NAME}’s working pattern"
    page.goto("/school/ects")
    arrived(page, "Early career teachers (ECTs)")
    with visit.measured("link: the record"):
        link(page, NAME).click()
    arrived(page, NAME)
    with visit.measured("link: the question"):
        link(page, "Change working pattern").click()
    arrived(page, question)
    with visit.measured("Back: the record"):
        visit.run("start(); history.back()")
    arrived(page, NAME)
    follow(page, "Change working pattern", question)
    with visit.measured("POST: refused"):
        button(page, "Continue").click()
    refused(page)
    page.locator("main [type=radio]:not(:checked)").check()
    with visit.measured("POST: an answer"):
        button(page, "Continue").click()
    arrived(page, f"Check and confirm: change working pattern for {NAME}")
    with visit.measured("POST: confirm"):
        button(page, "Confirm change").click()
    arrived(page, f"You have changed {NAME}’s working pattern")


def report(partials: dict[str, Step], pages: dict[str, Step]) -> None:
    print(f"{'':20}{'partial':>10}{'page':>10}{'ratio':>8}{'requests':>12}{'bytes':>16}")
    for name, partial in partials.items():
        page = pages[name]
        ratio = statistics.median(a / b for a, b in zip(partial.took, page.took, strict=True))
        print(
            f"{name:20}{statistics.median(partial.took):>7.0f} ms{statistics.median(page.took):>7.0f} ms{ratio:>8.2f}"
            f"{f'{partial.requests} : {page.requests}':>12}{f'{partial.bytes:,} : {page.bytes:,}':>16}"
        )


if __name__ == "__main__":
    main()
