"""Every page and state: what a swap puts in place is what a whole page would have shown, nothing in it is a barrier,
and it fits a narrow screen."""

import re

import pytest

from database import db
from models import LeadProvider, Participant, School, Teacher
from tests.browser.looks import WIDTHS, check_fits, check_look
from tests.browser.pages import TOURS, journey
from tests.conftest import IS_NIGHTLY
from tests.visitor import Html, check_page, words
from tests.walks import EACH_JOURNEY, Walk, choose, leaving
from vocabulary import isolated

MADE_BY_SCRIPT = re.compile("data-htmx-powered|data-govuk-.*-init|tabindex")


# That a journey's pages are the same by htmx and whole is tried of each in tests/test_round_trip.py: by day the browser
# puts in place those of every kind.
KINDS = EACH_JOURNEY if IS_NIGHTLY else ("change-lead-provider", "change-training-programme", "report-teacher-leaving")


@pytest.mark.parametrize(
    "tour", [*TOURS.values(), *(journey(EACH_JOURNEY[name]) for name in KINDS)], ids=[*TOURS, *KINDS]
)
def test_every_page(naomi, window, report, tour):
    # Narrow pages of the school's, and so those of journeys, are gone over by test_every_state.py.
    widths = WIDTHS if IS_NIGHTLY else WIDTHS[1:] if tour in TOURS.values() else ()
    for name in tour(naomi, report):
        shown = Html(naomi.content())
        check_page(shown, name)
        request = window.requests[-1]
        answer = naomi.request.fetch(
            request.url,
            method=request.method,
            data=request.post_data,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        whole = Html(answer.text())
        assert request.response().status == answer.status, name
        assert words(shown.css_first("title")) == words(whole.css_first("title")), name
        assert content(shown) == content(whole), name
        check_look(naomi, name, widths)


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
        names = [*NAMES, *(f"Second {name}" for name in NAMES)]
        for name, teacher in zip(names, list(Teacher.select().order_by(Teacher.trn)), strict=False):
            Teacher.update(corrected_name=name).where(Teacher.id == teacher.id).execute()
        steven, hannah, priya, peter = (
            isolated(Teacher.get(trn=trn).name) for trn in ("3200001", "3200002", "3200004", "3100002")
        )
        ours = [f"{ours.role}s/{ours.id}" for ours in Participant.select().join(School).where(School.urn == "900001")]
    for address in ["ects", "mentors", *ours]:
        naomi.goto(f"/school/{address}")
        check_fits(naomi, address)
    for walk in (
        Walk("change-lead-provider", steven, choose("lead-provider", "Teach First"), {}),
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
