"""Lists that show only those for whom something is to be done."""

from datetime import date

import scenarios
from models import School
from tests.visitor import words


def test_who_needs_action_can_be_shown_alone(naomi):
    naomi.get("/school/ects")
    narrow = naomi.main.css_first("#narrow")
    assert words(narrow) == "Action required (2) Everybody (8)"
    assert narrow.css_first("[aria-current]").text() == "Everybody (8)"
    naomi.click("Action required (2)")
    assert naomi.cards == ["Steven Taylor", "Priya Shah"], "withdrawn before without a mentor"
    assert "action required" in naomi.title
    naomi.submit("Search", **{"Search by name or teacher reference number (TRN)": "shah"})
    assert naomi.cards == ["Priya Shah"]
    assert words(naomi.main.css_first("#narrow")) == "Action required (1) Everybody (1)"
    assert naomi.click("Show everybody").path == "/school/ects"


def test_where_nobody_needs_action_nothing_is_narrowed(naomi):
    naomi.get("/school/mentors")
    assert not words(naomi.main.css_first("#narrow"))
    naomi.get("/school/mentors?status=action-required")
    assert not naomi.cards
    assert "Nobody needs action at the moment." in naomi.text
    naomi.click("Everybody (4)")
    assert len(naomi.cards) == 4


def test_pages_of_who_needs_action_keep_to_them(naomi):
    for number in range(25):
        row = {"name": f"Ada {number:02}", "trn": str(3500000 + number), "email": "a@example.org"}
        scenarios.load_participant(School.get(urn="900001"), "ect", row | {"started_on": date(2025, 9, 1)})
    naomi.get("/school/ects?status=action-required")
    naomi.click("Next page")
    assert len(naomi.cards) == 7
    assert {words(tag) for tag in naomi.main.css(".govuk-tag")} == {"Action required"}
    assert "action required, page 2 of 2" in naomi.title
