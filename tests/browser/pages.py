"""How the browser tests move about, and TOURS: the ways to every kind of page."""

import re
from collections.abc import Iterator

from playwright.sync_api import Page, Route, expect

from database import db
from tests.visitor import Html, words
from tests.walks import EACH_JOURNEY, WALKS, Walk

SERVICE = "Register early career teachers – GOV.UK"


def sign_in(page: Page, name: str = "Naomi Fletcher") -> None:
    """Sign in without looking at the page: the browser gets the cookie, and stays where it is."""
    form = Html(page.request.get("/sign-in").text()).css_first("main form")
    label = next(label for label in form.css("label") if words(label) == name)
    answers = {
        "csrf_token": form.css_first("[name=csrf_token]").attrs["value"],
        "person_id": form.css_first(f"#{label.attrs['for']}").attrs["value"],
    }
    assert page.request.post("/sign-in", form=answers, max_redirects=0).status == 303


def arrived(page: Page, heading: str) -> None:
    """Wait until the page with this heading, and no error on it, is shown."""
    expect(page.locator("h1")).to_have_text(heading)
    expect(page).to_have_title(re.compile(f"^{re.escape(heading)}(, .+)? – {SERVICE}$"))


def refused(page: Page, error: str | re.Pattern = re.compile(".")) -> None:
    """Wait until the page shows this error."""
    expect(page.locator(".govuk-error-summary__list li").first).to_have_text(error)
    expect(page).to_have_title(f"Error: {page.locator('h1').inner_text()} – {SERVICE}")


def link(page: Page, text: str):
    return page.locator("#page").get_by_role("link", name=text, exact=True)


def button(page: Page, text: str):
    return page.locator("main").get_by_role("button", name=text, exact=True)


def follow(page: Page, text: str, heading: str | None = None) -> None:
    """Select the link with these words, and arrive at the page with this heading: the same words if it isn't given."""
    link(page, text).click()
    arrived(page, heading or text)


def press(page: Page, text: str, heading: str) -> None:
    button(page, text).click()
    arrived(page, heading)


def to_question(page: Page, name: str) -> None:
    """From the list to "change lead provider", by the link that this person's record has for it."""
    follow(page, name)
    page.locator("main a[href*='/change-lead-provider/lead-provider']").last.click()
    arrived(page, f"Change lead provider for {name}")


def to_check_answers(page: Page, name: str, lead_provider: str = "Teach First") -> None:
    to_question(page, name)
    page.get_by_label(lead_provider, exact=True).check()
    press(page, "Continue", f"Check and confirm: change lead provider for {name}")


def hold(page: Page, address: str | re.Pattern, method: str = "GET") -> list[Route]:
    """Hold back requests like these: they come into the list instead."""
    held = []
    page.route(address, lambda route: held.append(route) if route.request.method == method else route.continue_())
    return held


def let_late_answer_in(page: Page, held: list[Route]) -> None:
    """Let the one held request go, and wait until the page has dealt with the answer."""
    page.evaluate(
        """() => {
            document.body.title = ''
            document.addEventListener('htmx:finally:request', () => { document.body.title = 'dealt with' })
        }"""
    )
    held.pop().continue_()
    expect(page.locator("body")).to_have_attribute("title", "dealt with")


# --- tours: each begins on the list of ECTs, and yields the name of every page that it comes to ------------


def lists(page: Page, report) -> Iterator[str]:
    yield "ects"
    for search, name in (("taylor", "ects-found"), ("nobody at all", "ects-none-found")):
        page.get_by_role("searchbox").fill(search)
        button(page, "Search").click()
        expect(page.locator("main")).to_contain_text(f"“{search}”")
        yield name
    for name in ("mentors", "induction-tutor"):
        page.goto(f"/school/{name}")
        yield name
    link(page, "Tell us who the induction tutor is now").click()
    page.get_by_label("Full name").fill("")
    button(page, "Continue").click()
    refused(page)
    yield "induction-tutor-error"
    page.get_by_label("Full name").fill("Ola Berg")
    page.get_by_label("Email address").fill("ola.berg@example.org")
    button(page, "Continue").click()
    expect(page.locator("main")).to_contain_text("Ola Berg")
    yield "induction-tutor-check"
    button(page, "Confirm change").click()
    expect(page.locator("h1")).to_contain_text("Ola Berg")
    yield "induction-tutor-confirmation"
    page.goto("/school/induction-tutor")
    button(page, "Stop my emails").click()
    expect(page.locator("main")).to_contain_text("You stopped your emails")
    yield "induction-tutor-stopped"
    page.goto("/outbox")
    yield "outbox"
    page.goto("/sign-in")
    yield "sign-in"
    button(page, "Sign in").click()
    refused(page)
    yield "sign-in-error"


def records(page: Page, report) -> Iterator[str]:
    for state, name in {"withdrawn": "Steven Taylor", "mentor-needed": "Priya Shah"}.items():
        follow(page, name)
        yield f"ect-{state}"
        follow(page, "Back", "Early career teachers (ECTs)")
    report("withdraw", "John Doe", "mentor", reason="other")
    page.goto("/school/mentors")
    yield "mentors-withdrawn"
    follow(page, "John Doe")
    yield "mentor-withdrawn"


def refusals(page: Page, report) -> Iterator[str]:
    link(page, "Steven Taylor").evaluate("link => link.href = '/school/ects/999999'")
    follow(page, "Steven Taylor", "Page not found")
    yield "not-found"
    page.goto("/school/ects")
    to_check_answers(page, "Steven Taylor")
    report("resume", "Steven Taylor")
    press(page, "Confirm change", "Steven Taylor’s record has changed")
    yield "changed"


def gone(page: Page, report) -> Iterator[str]:
    """Somebody is reported as gone, and their record is opened once more."""
    walk = next(walk for walk in WALKS if walk.journey == "report-teacher-leaving" and walk.name == "Steven Taylor")
    record = link(page, walk.name).get_attribute("href")
    yield from journey(walk)(page, report)
    page.goto(record)
    arrived(page, f"You can no longer see {walk.name}’s record")
    yield "gone"


def journey(walk: Walk):
    """Every page of a journey, with the errors of those that must be answered."""
    who = f"{walk.role}-{walk.name.replace(' ', '-').lower()}"

    def tour(page: Page, report) -> Iterator[str]:
        with db.connection_context():
            walk.begin()
        if walk.role == "mentor":
            page.goto("/school/mentors")
        follow(page, walk.name)
        move(page, page.locator(f"main a[href*='/{walk.journey}/']").first)
        for _, text, answers in walk.questions():
            name = f"{walk.journey}-{page.url.partition('?')[0].rpartition('/')[2]}-{who}"
            yield name
            if walk.is_refused_empty:
                page.locator("main input:visible").evaluate_all(
                    "all => all.forEach(each => each.type === 'radio' ? each.checked = false : each.value = '')"
                )
                button(page, text).click()
                refused(page)
                yield f"{name}-error"
            for label, answer in answers.items():
                if label == "choose":
                    page.get_by_label(answer, exact=True).check()
                else:
                    page.get_by_label(label.replace("_", " "), exact=True).fill(answer)
            move(page, button(page, text))
        yield f"{walk.journey}-check-answers-{who}"
        move(page, button(page, walk.confirm))
        yield f"{walk.journey}-confirmation-{who}"

    return tour


def move(page: Page, link_or_button) -> None:
    """Select it, and wait until the address is another."""
    before = page.url
    link_or_button.click()
    expect(page).not_to_have_url(before)


TOURS = (lists, records, refusals, journey(EACH_JOURNEY["change-lead-provider"]), gone)
