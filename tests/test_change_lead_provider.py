"""The main job, through its pages: a new lead provider for somebody withdrawn; and what each journey says by status."""

import pytest

from acts import reports
from forms.journeys import JOURNEYS
from models import LeadProvider
from tests.conftest import both_engines
from tests.walks import WALKS


@both_engines
def test_the_school_selects_a_new_lead_provider_for_a_withdrawn_ect(naomi):
    naomi.get("/school/ects").click("Steven Taylor")
    assert naomi.row("Status").startswith("Action required Ambition Institute told us that it no longer trains Steven")
    naomi.click("select a lead provider")
    assert naomi.heading == "Change lead provider for Steven Taylor"
    naomi.choose("Teach First")
    assert naomi.heading == "Check and confirm change"
    assert naomi.rows == {
        "Early career teacher": "Steven Taylor",
        "Current lead provider": "Ambition Institute Training has already stopped",
        "New lead provider": "Teach First",
    }
    naomi.submit("Confirm change")
    assert naomi.heading == "Teach First chosen for Steven Taylor"
    naomi.click("Back to Steven Taylor’s details")
    assert naomi.row("Status") == "Registered"
    assert naomi.row("Lead provider") == "Teach First Awaiting confirmation by Teach First"
    assert naomi.row("Delivery partner") == "Teach First has not told us the delivery partner yet"


# --- what the pages say, by what the provider has told us ------------------------------------------------------

SAYS = {
    "active": ("will stop", ("no longer trains", "can continue training", "can continue mentor training")),
    "withdrawn": ("has already stopped", ("had already stopped",)),
    "deferred": ("is paused", ("The pause has ended", "was paused. It will not start again")),
}


@pytest.mark.parametrize("status", SAYS)
@pytest.mark.parametrize(
    ("role", "journey"),
    [
        ("ect", "change-lead-provider"),
        ("mentor", "change-lead-provider"),
        ("ect", "change-training-programme"),
        ("ect", "report-teacher-leaving"),
        ("mentor", "report-teacher-leaving"),
    ],
)
def test_first_page_and_confirmation_follow_the_training_status(naomi, role, journey, status):
    name = {"ect": "Hannah Clarke", "mentor": "John Doe"}[role]
    walk = next(walk for walk in WALKS if walk.journey == journey and walk.name == name)
    act = {"withdrawn": reports.withdraw, "deferred": reports.defer}.get(status)
    if act:
        ambition, course = LeadProvider.get(name="Ambition Institute"), {"ect": "ecf-induction", "mentor": "ecf-mentor"}
        act(ambition, walk.participant.teacher, course_identifier=course[role], reason="other")
    first, confirmed = SAYS[status]
    naomi.get(walk.page(next(iter(JOURNEYS[journey].questions))))
    assert first in naomi.text
    assert role == "ect" or "mentor training" in naomi.text
    assert status == "active" or "will stop" not in naomi.text
    walk.answer(naomi).submit(walk.confirm)
    assert any(words in naomi.text for words in confirmed), naomi.text
    assert role == "ect" or status == "active" or "mentor training" in naomi.text
    assert not any(words in naomi.text for other in SAYS if other != status for words in SAYS[other][1]), naomi.text
