"""Every kind of page: what a swap puts in place is what a whole page would have shown, nothing in it is a barrier,
and it fits a narrow screen and paper."""

import re

import pytest
from playwright.sync_api import Page

from database import db
from models import LeadProvider, Participant, School, Teacher
from tests.browser.looks import check_fits, check_look
from tests.browser.pages import TOURS, journey
from tests.conftest import IS_NIGHTLY
from tests.visitor import Html, check_page, words
from tests.walks import EACH_JOURNEY, Walk, choose, leaving
from views.lead_provider_api.documentation import RESOURCES
from views.lead_provider_api.guide import SUBJECTS
from vocabulary import isolated

MADE_BY_SCRIPT = re.compile("data-htmx-powered|data-govuk-.*-init|tabindex")


WIDE = {"ects", "induction-tutor-error", "ect-withdrawn", "ect-mentor-needed", "mentor-withdrawn", "changed"}
WIDE |= {f"change-lead-provider-{page}-ect-steven-taylor" for page in ("lead-provider", "confirmation")}
"""One of each kind of page, which axe goes over when they are wide: narrow, it goes over all in test_every_state.py."""

A4 = {"width": 718, "height": 1047}
"""Between the margins that browsers leave, in CSS pixels."""

TOOLS = """() => [...document.querySelectorAll(
    '.app-search, .app-account__button, .app-waiting, .govuk-back-link, .govuk-summary-list__actions, .govuk-button'
)].filter(tool => tool.checkVisibility()).map(tool => tool.outerHTML)"""

BROKEN_WORDS = """() => {
    const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT), broken = []
    while (walker.nextNode()) {
        for (const word of walker.currentNode.data.matchAll(/[^\\s-]+/g)) {
            const range = new Range()
            range.setStart(walker.currentNode, word.index)
            range.setEnd(walker.currentNode, word.index + word[0].length)
            if (new Set([...range.getClientRects()].map(box => box.top)).size > 1) broken.push(word[0])
        }
    }
    return broken
}"""

HIGHEST_CARD = """() => Math.max(0,
    ...[...document.querySelectorAll('.govuk-summary-card')].map(card => card.getBoundingClientRect().height))"""

PRINTED_AFTER_LINKS = """() => [...document.querySelectorAll('main a')].filter(link => link.checkVisibility())
    .map(link => getComputedStyle(link, '::after').content).filter(content => /\\/school|mailto|#/.test(content))"""


# That each journey's pages are the same by htmx and whole is tried without a browser in tests/test_round_trip.py.
@pytest.mark.parametrize("tours", [TOURS, *([journey(walk)] for walk in EACH_JOURNEY.values() if IS_NIGHTLY)])
def test_every_page(naomi, window, report, tours):
    seen = set()
    for tour in tours:
        naomi.goto("/school/ects")
        for name in tour(naomi, report):
            seen.add(name)
            check_same_as_whole(naomi, window, name)
            check_look(naomi, name, widths=(1280,) if name in WIDE else ())
            if tour.__name__ != "lists" and not name.endswith("-error"):
                check_paper(naomi, name)
    assert tours != TOURS or seen > WIDE


def check_same_as_whole(page: Page, window, name: str) -> None:
    shown = Html(page.content())
    check_page(shown, name)
    request = window.requests[-1]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = page.request.fetch(request.url, method=request.method, data=request.post_data, headers=form)
    whole = Html(answer.text())
    assert request.response().status == answer.status, name
    assert words(shown.css_first("title")) == words(whole.css_first("title")), name
    assert content(shown) == content(whole), name


def check_paper(page: Page, name: str) -> None:
    """It has whole words and no addresses of pages, and not what one works with."""
    page.set_viewport_size(A4)
    assert page.evaluate(TOOLS)
    page.emulate_media(media="print")
    assert page.evaluate(TOOLS) == [], name
    assert page.evaluate("document.querySelector('h1').checkVisibility()"), name
    assert page.evaluate(BROKEN_WORDS) == [], name
    assert page.evaluate(PRINTED_AFTER_LINKS) == [], name
    assert page.evaluate(HIGHEST_CARD) < A4["height"] * 0.4, f"{name}: more than that may stay empty on a sheet"
    check_fits(page, name)
    page.emulate_media(media="screen")


def test_the_providers_guide(window):
    page = window.page
    for name in (*SUBJECTS, *RESOURCES) if IS_NIGHTLY else ("partnerships", "changes", "release-notes", "people"):
        page.goto(f"/api/docs/{name}".rstrip("/"))
        check_look(page, f"api-{name or 'start'}", widths=(1280,))


NAMES = [
    "Wolfeschlegelsteinhausenbergerdorff" * 3,
    "Anne-Marie Featherstonehaugh-Cholmondeley-Marjoribanks-Warner",
    "Cher",
    "Siobhán O’Brien-D'Arcy",
    "أمينة بنت عبد الرحمن بن علي الأنصاري",
    "יוסף בן־דוד",
    "Z" + "\u0351\u0362\u0489" * 15 + "oe Å" + "\u0308" * 20 + "ngström",
    "Nguye\u0302\u0303n Thi\u0323 A\u0301nh",
]


@pytest.mark.parametrize("window", [{"viewport": {"width": 320, "height": 720}}], ids=["narrow"], indirect=True)
def test_names_of_every_kind_fit_a_narrow_page(naomi, report):
    long = NAMES[0]
    with db.connection_context():
        LeadProvider.update(name=f"Ambition{long}").where(LeadProvider.name == "Ambition Institute").execute()
        School.update(name=f"Saint{long}").execute()
        ours = list(Participant.select().join(School).where(School.urn == "900001").order_by(Participant.id))
        for name, participant in zip([*NAMES, *(f"Second {name}" for name in NAMES)], ours, strict=False):
            Teacher.update(corrected_name=name).where(Teacher.id == participant.teacher_id).execute()
        hannah, priya, peter = (isolated(Teacher.get(trn=trn).name) for trn in ("3200002", "3200004", "3100002"))
    for address in ["ects", "mentors", *(f"{each.role}s/{each.id}" for each in ours[: len(NAMES)])]:
        naomi.goto(f"/school/{address}")
        check_fits(naomi, address)
    for walk in (
        Walk("report-teacher-leaving", hannah, leaving(17, 7), {}, confirm="Confirm and continue"),
        Walk("change-mentor", priya, choose("mentor", peter), {}),
    ):
        naomi.goto("/school/ects")
        for page in journey(walk)(naomi, report):
            check_fits(naomi, page)


def content(page: Html) -> list[str]:
    """The back link and <main>, without what script adds to them, what is new in each answer, and what was typed into
    the search: a search leaves its box alone."""
    for element in page.css("#page *"):
        for attribute in filter(MADE_BY_SCRIPT.fullmatch, list(element.attrs)):
            del element.attrs[attribute]
        if element.attributes.get("name") in ("csrf_token", "q"):
            del element.attrs["value"]
    return [element.html.split() for element in page.css("#page > *")]
