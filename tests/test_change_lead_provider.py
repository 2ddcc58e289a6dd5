"""The main job, through its pages: a new lead provider for somebody withdrawn; and what each journey says by status."""

import pytest

from domain import reports
from domain.participants import change_mentor
from domain.training import contract_period_for
from forms.journeys import JOURNEYS
from models import (
    ActiveLeadProvider,
    DeliveryPartnership,
    Enrolment,
    LeadProvider,
    Participant,
    SchoolPartnership,
    Teacher,
    TrainingPeriod,
)
from tests.conftest import TODAY, person
from tests.reports import tutor_of
from tests.visitor import words
from tests.walks import WALKS


def test_the_school_selects_a_new_lead_provider_for_a_withdrawn_ect(naomi):
    naomi.get("/school/ects").click("Steven Taylor")
    assert naomi.row("Status").startswith("Action required Ambition Institute has told us they no longer train Steven")
    naomi.click("select a lead provider")
    assert naomi.heading == "Change lead provider for Steven Taylor"
    naomi.choose("Teach First")
    assert naomi.heading == "Check and confirm: change lead provider for Steven Taylor"
    assert naomi.rows == {
        "Early career teacher": "Steven Taylor",
        "Current lead provider": "Ambition Institute Training has already stopped",
        "New lead provider": "Teach First Needs to confirm first that they will work with your school",
    }
    naomi.submit("Confirm change")
    assert naomi.heading == "You have chosen Teach First to train Steven Taylor"
    naomi.click("Back to Steven Taylor’s details")
    assert naomi.row("Status") == "Registered"
    assert naomi.row("Lead provider") == "Teach First Awaiting confirmation by Teach First"
    assert naomi.row("Delivery partner") == "Teach First has not told us the delivery partner yet"


# --- what the pages say, by what the provider has told us ------------------------------------------------------

SAYS = {
    "active": (
        "will stop",
        ("they no longer train", "They can continue training", "They can continue mentor training"),
    ),
    "withdrawn": ("has already stopped", ()),
    "deferred": ("is paused", ("The pause has ended", "will not start again at your school")),
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
    assert not confirmed or any(said in naomi.text for said in confirmed)
    assert role == "ect" or status != "deferred" or "mentor training" in naomi.text
    assert not any(said in naomi.text for other in SAYS if other != status for said in SAYS[other][1])


ALREADY = "Already works with your school"
OF_2025, OF_2024, OF_2023 = (
    next(walk for walk in WALKS if walk.name == name and "Teach First" in str(walk.answers))
    for name in ("Thomas Walker", "Steven Taylor", "John Doe")
)


@pytest.mark.parametrize(
    ("walk", "years", "is_so"),
    [
        (OF_2025, [2025], True),
        (OF_2025, [2023, 2024], False),
        (OF_2024, [2024], True),
        (OF_2024, [2023, 2025], False),
        (OF_2023, [2023], True),
        (OF_2023, [2024, 2025], False),
    ],
    ids=str,
)
def test_who_works_with_the_school_already_is_said_before_choosing_and_after(naomi, walk, years, is_so):
    """In the contract year in which the person is going to be trained."""
    ucl = ActiveLeadProvider.select().where(
        ActiveLeadProvider.lead_provider == LeadProvider.get(name="UCL Institute of Education"),
        ActiveLeadProvider.contract_period.not_in(years),
    )
    gone = SchoolPartnership.select().where(SchoolPartnership.active_lead_provider << ucl)
    TrainingPeriod.delete().where(TrainingPeriod.school_partnership << gone).execute()
    Enrolment.delete().where(Enrolment.school_partnership << gone).execute()
    SchoolPartnership.delete().where(SchoolPartnership.active_lead_provider << ucl).execute()
    walk.answer(naomi, walk.other)
    assert (ALREADY in naomi.text) is is_so
    assert ("Needs to confirm first" in naomi.text) is not is_so
    question = naomi.get(walk.page("lead-provider")).main
    hinted = [words(item.css_first("label")) for item in question.css(".govuk-radios__item") if ALREADY in words(item)]
    assert ("UCL Institute of Education" in hinted) is is_so
    assert "Teach First" not in hinted
    assert ("Training starts straight away if they already work with you" in naomi.text) is (
        is_so and walk is not OF_2025
    )
    naomi.get(walk.page("check-answers")).submit(walk.confirm)
    assert ("already works with your school" in naomi.text) is is_so
    period = Participant.get_by_id(walk.participant.id).training_period
    assert (period.lead_provider.name, period.is_confirmed) == ("UCL Institute of Education", is_so)


# --- whose training starts with it -----------------------------------------------------------------------------


def test_a_mentor_who_starts_training_with_their_ect_is_named(naomi):
    thomas = person("Thomas Walker")
    mentor = Participant.create(
        teacher=Teacher.create(trn="3999999", trs_first_name="Grace", trs_last_name="Page"),
        role="mentor",
        school=thomas.school,
        started_on=TODAY,
    )
    change_mentor(thomas, tutor_of(thomas), mentor_id=mentor.id)
    page = f"/school/ects/{thomas.id}/change-training-programme"
    naomi.get(f"{page}/training-programme").submit("Change training programme")
    starts = "will start mentor training with the same lead provider"
    assert f"Grace Page, who mentors Thomas Walker, {starts}" in naomi.text
    naomi.choose("Ambition Institute")
    assert naomi.row("Mentor training") == f"Grace Page {starts}"
    naomi.submit("Confirm change")
    assert "Grace Page will start mentor training with Ambition Institute too." in naomi.text


def test_a_mentor_who_has_been_in_training_is_not_said_to_start(naomi):
    thomas, john = person("Thomas Walker"), person("John Doe", "mentor")
    change_mentor(thomas, tutor_of(thomas), mentor_id=john.id)
    page = f"/school/ects/{thomas.id}/change-training-programme"
    naomi.get(f"{page}/training-programme").submit("Change training programme")
    assert "mentor training" not in naomi.text
    naomi.choose("Ambition Institute")
    assert "Mentor training" not in naomi.text
    naomi.submit("Confirm change")
    assert "mentor training" not in naomi.text


@pytest.mark.parametrize("page", ["change-lead-provider/lead-provider", "change-training-programme/training-programme"])
def test_somebody_who_is_leaving_is_not_advised_to_wait(naomi, page):
    naomi.get(f"/school/ects/{person('Hannah Clarke').id}/{page}")
    assert "The best time to change" in naomi.text
    naomi.get(f"/school/ects/{person('Emily Roberts').id}/{page}")
    assert "Emily Roberts is leaving. Their last day is 30 May 2026." in naomi.text
    assert "The best time to change" not in naomi.text


@pytest.mark.parametrize("walk", [OF_2024, OF_2023], ids=str)
def test_where_there_is_no_other_lead_provider_the_page_says_so_and_where_to_get_help(naomi, walk):
    walk.begin()
    present = walk.participant.training_period.active_lead_provider
    year = contract_period_for(walk.participant)
    others = ActiveLeadProvider.select().where(
        ActiveLeadProvider.contract_period == year, ActiveLeadProvider.lead_provider != present.lead_provider
    )
    partnerships = SchoolPartnership.select().where(SchoolPartnership.active_lead_provider << others)
    periods = TrainingPeriod.school_partnership << partnerships, TrainingPeriod.expression_of_interest << others
    TrainingPeriod.delete().where(periods[0] | periods[1]).execute()
    Enrolment.delete().where(Enrolment.school_partnership << partnerships).execute()
    SchoolPartnership.delete().where(SchoolPartnership.active_lead_provider << others).execute()
    DeliveryPartnership.delete().where(DeliveryPartnership.active_lead_provider << others).execute()
    ActiveLeadProvider.delete().where(ActiveLeadProvider.id << others).execute()
    naomi.get(walk.page("lead-provider"))
    assert f"There is no other lead provider to choose for {walk.participant.name} at the moment." in naomi.text
    assert "Contact support" in naomi.text
    assert "Continue" not in naomi.buttons
    naomi.post(walk.page("lead-provider"), {"lead_provider_id": str(present.lead_provider_id)}, 422)
