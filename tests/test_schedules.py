"""A lead provider changes somebody's schedule, and with it, if it says so, the contract period."""

from datetime import UTC, date, datetime, timedelta

import pytest

from clock import clock_at
from models import (
    ActiveLeadProvider,
    DeliveryPartner,
    InductionPeriod,
    Participant,
    SchoolPartnership,
    Teacher,
    TrainingPeriod,
)
from tests.conftest import TODAY, both_engines, person
from tests.invariants import check_always
from tests.reports import (
    AMBITION,
    NORTHBROOK,
    ST_JOHNS,
    TEACH_FIRST,
    address,
    april,
    ask,
    body,
    deferred,
    given_to_teach_first,
    leaving,
    live_through,
    periods_of,
    person_at,
    said,
    stored,
    train,
    withdrawn,
)
from tests.test_reports import plan_other_training

LATER = datetime(2026, 4, 20, 14, tzinfo=UTC)
NOBODYS = dict.fromkeys(("school_partnership", "expression_of_interest", "schedule"))
NOBODYS |= {"training_programme": "school_led"}
EXTENDED, STANDARD = "ecf-extended-september", "ecf-standard-september"


def trained(*history) -> Participant:
    train(ect := person_at(ST_JOHNS))
    return live_through(ect, history)


def ask_for(visitor, participant: Participant, by: str = AMBITION, **instead):
    course = "ecf-induction" if participant.is_ect else "ecf-mentor"
    attributes = {"course_identifier": course, "schedule_identifier": EXTENDED} | instead
    sent = {name: value for name, value in attributes.items() if value is not None}
    with clock_at(LATER):
        path = address(participant, "change-schedule")
        return ask(visitor, "put", path, by, json=body("change-schedule", sent))


def enrolment(response) -> dict:
    assert response.status_code == 200, response.text
    [told] = response.json["data"]["attributes"]["ecf_enrolments"]
    return told


def test_a_schedule_changes_in_place(visitor):
    """Nothing that the school sees or may do depends on it, but its history tells it."""
    ect = trained()
    [before] = periods_of(ect)
    told = enrolment(ask_for(visitor, ect))
    assert (told["schedule_identifier"], told["cohort"], told["training_status"]) == (EXTENDED, "2025", "active")
    [after] = periods_of(ect)
    assert (after.id, after.started_on, after.finished_on) == (before.id, before.started_on, before.finished_on)
    naomi = visitor.sign_in("Naomi Fletcher").get(f"/school/ects/{ect.id}")
    assert "Ambition Institute changed the schedule of Ada’s training" in naomi.text
    check_always()


@pytest.mark.parametrize("role", ["ect", "mentor"])
def test_the_contract_period_changes_with_it(visitor, role):
    participant = person_at(ST_JOHNS, role, started_on=date(2024, 9, 2), finished_on=date(2026, 7, 17))
    train(participant, year=2024)
    told = enrolment(ask_for(visitor, participant, cohort="2025", schedule_identifier=STANDARD))
    assert (told["cohort"], told["schedule_identifier"]) == ("2025", STANDARD)
    assert told["cohort_changed_after_payments_frozen"] is False
    [period] = periods_of(participant)
    assert period.contract_period.year == 2025
    assert period.finished_on == date(2026, 7, 17)
    check_always()


@both_engines
def test_whoever_leaves_a_closed_contract_period_may_go_back_to_it(visitor):
    gone = person_at(ST_JOHNS, started_on=date(2022, 9, 5))
    train(gone, year=2022)
    assert enrolment(ask_for(visitor, gone, cohort=2025))["cohort_changed_after_payments_frozen"] is True
    told = enrolment(ask_for(visitor, gone, cohort="2022", schedule_identifier=STANDARD))
    assert (told["cohort"], told["cohort_changed_after_payments_frozen"]) == ("2022", False)
    check_always()


def completed(participant: Participant) -> None:
    InductionPeriod.create(
        teacher=participant.teacher,
        appropriate_body=1,
        started_on=date(2025, 9, 1),
        finished_on=april(10),
        outcome="pass",
    )


def trained_as_a_mentor_enough(participant: Participant) -> None:
    Teacher.update(
        mentor_became_ineligible_for_funding_on=april(10),
        mentor_became_ineligible_for_funding_reason="completed_declaration_received",
    ).where(Teacher.id == participant.teacher_id).execute()


HAS_LEFT = {"participant_id": "has left, so you do not train this person now"}
WITHDRAWN = {"participant_id": "is withdrawn. Resume first, then change the schedule"}
UNKNOWN = "is not recognised"
REFUSED = [
    ([], {"course_identifier": None}, {"course_identifier": "must be given"}),
    ([], {"course_identifier": "ecf-mentor"}, {"course_identifier": "is not recognised for this participant"}),
    ([], {"schedule_identifier": None}, {"schedule_identifier": "must be given"}),
    ([], {"schedule_identifier": "ecf_extended_april"}, {"schedule_identifier": UNKNOWN}),
    (
        [],
        {"schedule_identifier": STANDARD, "cohort": "2025"},
        {"schedule_identifier": "is the schedule that this participant has already"},
    ),
    ([], {"schedule_identifier": "ecf-replacement-april"}, {"schedule_identifier": "is not for an ECT"}),
    *(([], {"cohort": cohort}, {"cohort": UNKNOWN}) for cohort in ("1999", "next", "02025", "٢٠٢٥")),
    ([], {"cohort": "2026"}, {"cohort": "is a year in which you have no partnership with this participant’s school"}),
    ([], {"cohort": "2022"}, {"cohort": "is closed, and this participant was not moved out of it"}),
    ([(april(13), deferred)], {}, {"participant_id": "is deferred. Resume first, then change the schedule"}),
    ([(april(13), leaving(TODAY))], {}, HAS_LEFT),
    ([(april(13), given_to_teach_first)], {}, HAS_LEFT),
    (
        [(april(13), completed)],
        {},
        {"participant_id": "has completed induction or mentor training. An ECT may only go over to a reduced schedule"},
    ),
    ([(april(13), plan_other_training)], {}, {"participant_id": "has other training planned already"}),
    (
        [(april(13), withdrawn)],
        {"schedule_identifier": "x", "cohort": "x"},
        {"schedule_identifier": UNKNOWN, "cohort": UNKNOWN} | WITHDRAWN,
    ),
]


def test_a_change_that_cannot_be(visitor):
    for history, attributes, refused in REFUSED:
        ect = trained(*history)
        before = stored()
        response = ask_for(visitor, ect, **attributes)
        assert (refused, response.status_code) == (refused, 422)
        assert said(response) == [(name, f"'#/{name}' {words}") for name, words in refused.items()]
        assert stored() == before


def test_what_is_for_mentors_and_what_is_not(visitor):
    mentor = person_at(ST_JOHNS, "mentor")
    train(mentor)
    response = ask_for(visitor, mentor, schedule_identifier="ecf-reduced-april")
    assert response.json["errors"][0]["detail"] == "'#/schedule_identifier' is not for a mentor"
    assert enrolment(ask_for(visitor, mentor, schedule_identifier="ecf-replacement-april"))
    trained_as_a_mentor_enough(mentor)
    for schedule in (EXTENDED, "ecf-reduced-april"):
        response = ask_for(visitor, mentor, schedule_identifier=schedule)
        assert "has_completed" in {each["code"] for each in response.json["errors"]}


def test_a_schedule_changes_within_a_year_that_is_closed(visitor):
    train(ect := person_at(ST_JOHNS, started_on=date(2022, 9, 5)), year=2022)
    assert enrolment(ask_for(visitor, ect))["schedule_identifier"] == EXTENDED


def test_an_ect_who_has_completed_induction_may_go_over_to_a_reduced_schedule_alone(visitor):
    ect = trained((april(13), completed))
    for schedule in (EXTENDED, STANDARD):
        response = ask_for(visitor, ect, schedule_identifier=schedule, cohort="2024")
        assert "participant_id" in {each["title"] for each in response.json["errors"]}
    for month in ("january", "april", "september"):
        response = ask_for(visitor, ect, schedule_identifier=f"ecf-reduced-{month}")
        assert enrolment(response)["schedule_identifier"] == f"ecf-reduced-{month}"
    check_always()


def test_a_reduced_schedule_after_induction_asks_for_all_else_as_ever(visitor):
    gone, paused = person_at(ST_JOHNS), person_at(ST_JOHNS)
    for participant, history in ((gone, leaving(april(9))), (paused, deferred)):
        train(participant)
        live_through(participant, [(april(8), history)])
        completed(participant)
    told = {"has left, so you do not train this person now", "is deferred. Resume first, then change the schedule"}
    responses = [ask_for(visitor, each, schedule_identifier="ecf-reduced-april") for each in (gone, paused)]
    assert {said(response)[0][1].removeprefix("'#/participant_id' ") for response in responses} == told


DUE_ELSEWHERE = [
    (TEACH_FIRST, {}, 422),
    (TEACH_FIRST, {"is_confirmed": False}, 422),
    (AMBITION, {}, 200),
    (AMBITION, {"is_confirmed": False}, 200),
    (AMBITION, NOBODYS, 200),
]
"""With which provider from September on, and what comes of it."""


@pytest.mark.parametrize("role", ["ect", "mentor"])
def test_somebody_who_is_due_at_another_school(visitor, role):
    for by, columns, status in DUE_ELSEWHERE:
        if role == "mentor" and columns is NOBODYS:
            continue
        train(here := person_at(ST_JOHNS, role))
        live_through(here, [(april(13), leaving(april(30)))])
        train(person_at(NORTHBROOK, role, here.teacher, started_on=date(2026, 9, 1)), by, **columns)
        before = stored()
        response = ask_for(visitor, here)
        assert response.status_code == status, (by, columns, response.text)
        if status == 422:
            assert said(response) == [("participant_id", "'#/participant_id' has other training planned already")]
            assert stored() == before


def test_a_mentor_who_begins_at_another_school_today_is_no_longer_due_there(visitor):
    for started_on, status in ((TODAY, 200), (TODAY + timedelta(1), 422)):
        train(here := person_at(ST_JOHNS, "mentor"))
        train(person_at(NORTHBROOK, "mentor", here.teacher, started_on=started_on), TEACH_FIRST)
        assert ask_for(visitor, here).status_code == status, started_on


def test_what_another_role_is_due_to_is_another_matter(visitor):
    ect = trained()
    train(person_at(NORTHBROOK, "mentor", ect.teacher, started_on=date(2026, 9, 1)), TEACH_FIRST)
    assert ask_for(visitor, ect).status_code == 200


def test_training_that_is_still_to_begin_or_has_an_end_can_change(visitor):
    coming = person_at(ST_JOHNS, started_on=date(2026, 9, 1))
    train(coming)
    going = person_at(ST_JOHNS)
    train(going)
    live_through(going, [(april(13), leaving(april(21)))])
    for participant in (coming, going):
        assert enrolment(ask_for(visitor, participant))["schedule_identifier"] == EXTENDED


def test_another_providers_participant_is_nobodys(visitor):
    assert ask_for(visitor, person("Hannah Clarke"), TEACH_FIRST).status_code == 404
    assert TrainingPeriod.get(TrainingPeriod.participant == person("Hannah Clarke")).schedule == STANDARD


@pytest.mark.parametrize("is_kept", [True, False])
def test_another_cohort_keeps_the_delivery_partner_or_else_takes_the_latest_partnership(visitor, is_kept):
    ect = trained()
    [period] = ect.training_periods
    active = period.school_partnership.active_lead_provider
    contract = ActiveLeadProvider.get(lead_provider=active.lead_provider, contract_period=2024)
    own = DeliveryPartner.create(name="Own Hub")
    here = SchoolPartnership.id == period.school_partnership_id
    SchoolPartnership.update(delivery_partner=own).where(here).execute()
    ours = [own] if is_kept else []
    others = [DeliveryPartner.create(name=name) for name in ("Oldest Hub", "Latest Hub")]
    for day, partner in enumerate([others[0], *ours, others[1]], 1):
        at = datetime(2027, 1, day, tzinfo=UTC)
        SchoolPartnership.get_or_create(
            school=ect.school, active_lead_provider=contract, delivery_partner=partner, defaults={"created_at": at}
        )
    told = enrolment(ask_for(visitor, ect, cohort="2024"))
    assert told["delivery_partner_id"] == str((ours or others[1:])[0].api_id)
