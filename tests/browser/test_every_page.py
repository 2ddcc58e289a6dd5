"""Every page and state: what a swap puts in place is what a whole page would have shown, nothing in it is a barrier,
and it fits a narrow screen."""

import re

import pytest
from bs4 import BeautifulSoup

from database import db
from models import LeadProvider, School, Teacher
from tests.browser.looks import check_fits, check_look
from tests.browser.pages import EACH_JOURNEY, TOURS, follow, journey
from tests.visitor import check_page, words
from tests.walks import Walk, choose

MADE_BY_SCRIPT = re.compile("data-htmx-powered|data-govuk-.*-init|tabindex")


@pytest.mark.parametrize("tour", (TOURS | EACH_JOURNEY).values(), ids=TOURS | EACH_JOURNEY)
def test_every_page(naomi, window, report, tour):
    for name in tour(naomi, report):
        shown = BeautifulSoup(naomi.content(), "html.parser")
        check_page(shown, name)
        request = window.requests[-1]
        answer = naomi.request.fetch(
            request.url,
            method=request.method,
            data=request.post_data,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        whole = BeautifulSoup(answer.text(), "html.parser")
        assert request.response().status == answer.status, name
        assert words(shown.title) == words(whole.title), name
        assert content(shown) == content(whole), name
        check_look(naomi, name)


@pytest.mark.parametrize("window", [{"viewport": {"width": 320, "height": 720}}], ids=["narrow"], indirect=True)
def test_names_of_any_length_fit(naomi, report):
    long = "Wolfeschlegelsteinhausenbergerdorff" * 3
    with db.connection_context():
        LeadProvider.update(name=f"Ambition{long}").where(LeadProvider.name == "Ambition Institute").execute()
        School.update(name=f"Saint{long}").execute()
        Teacher.update(corrected_name=long, trn=None, is_trnless=True).where(Teacher.trn == "3200001").execute()
    naomi.reload()
    check_fits(naomi, "list")
    for name in journey(Walk("change-lead-provider", long, choose("Teach First"), []))(naomi, report):
        check_fits(naomi, name)
    follow(naomi, f"Back to {long}’s details", long)
    check_fits(naomi, "record")


def content(page: BeautifulSoup) -> list[str]:
    """The back link and <main>, without what script adds to them, what is new in each answer, and what was typed into
    the search: a search leaves its box alone."""
    for element in page.select("#page *"):
        for attribute in filter(MADE_BY_SCRIPT.fullmatch, list(element.attrs)):
            del element[attribute]
        if element.get("name") in ("csrf_token", "q"):
            del element["value"]
    return [str(element) for element in page.select("#page > *")]
