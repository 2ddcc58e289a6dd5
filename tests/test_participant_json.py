"""What the API tells of a participant: every field, in its order, and the tables of statuses."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from clock import LONDON, clock_at
from models import (
    ActiveLeadProvider,
    AppropriateBody,
    InductionPeriod,
    LeadProvider,
    Mentorship,
    Participant,
    School,
    SchoolPartnership,
    Teacher,
)
from tests.conftest import TODAY, both_engines, person
from tests.reports import (
    AMBITION,
    NORTHBROOK,
    ST_JOHNS,
    STARTED_ON,
    TEACH_FIRST,
    address,
    april,
    ask,
    deferred,
    live_through,
    person_at,
    tell,
    train,
    withdrawn,
)

both_roles = pytest.mark.parametrize("role", ["ect", "mentor"])

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
CREATED_AT = "2026-04-20T11:00:00Z"
"""When the demo world was made: noon in London, on the day that it is in every test."""


def told(visitor, participant: Participant, by: str = AMBITION) -> list[dict]:
    """The enrolments that the API tells this provider of."""
    response = ask(visitor, "get", address(participant), by)
    assert response.status_code == 200
    return response.json["data"]["attributes"]["ecf_enrolments"]


def update(row, **columns) -> None:
    type(row).update(**columns).where(type(row).id == row.id).execute()


def delivery_partner_id(school: str, by: str = AMBITION, year: int = 2025) -> str:
    active = ActiveLeadProvider.get(lead_provider=LeadProvider.get(name=by), contract_period=year)
    partnership = SchoolPartnership.get(school=School.get(name=school), active_lead_provider=active)
    return str(partnership.delivery_partner.api_id)


# --- every field, in its order -----------------------------------------------------------------------------


@both_engines
def test_a_withdrawn_ect(visitor):
    steven = person("Steven Taylor")
    expected = {
        "data": {
            "id": str(steven.teacher.api_id),
            "type": "participant",
            "attributes": {
                "full_name": "Steven Taylor",
                "teacher_reference_number": "3200001",
                "updated_at": "2026-04-20T11:00:00Z",
                "ecf_enrolments": [
                    {
                        "training_record_id": str(steven.teacher.api_ect_training_record_id),
                        "email": "steven.taylor@example.org",
                        "mentor_id": str(person("John Doe", "mentor").teacher.api_id),
                        "school_urn": "900001",
                        "participant_type": "ect",
                        "cohort": "2024",
                        "training_status": "withdrawn",
                        "participant_status": "left",
                        "eligible_for_funding": True,
                        "pupil_premium_uplift": False,
                        "sparsity_uplift": False,
                        "schedule_identifier": "ecf-standard-september",
                        "delivery_partner_id": delivery_partner_id(ST_JOHNS, year=2024),
                        "withdrawal": {"reason": "changed-lead-provider", "date": "2026-04-13T11:00:00Z"},
                        "deferral": None,
                        "created_at": CREATED_AT,
                        "induction_end_date": None,
                        "most_recent_induction_period_end_date": None,
                        "overall_induction_start_date": "2024-09-08",
                        "mentor_funding_end_date": None,
                        "cohort_changed_after_payments_frozen": False,
                        "mentor_ineligible_for_funding_reason": None,
                        "working_pattern": "full_time",
                    }
                ],
                "participant_id_changes": [],
            },
        }
    }
    # As text, so that the order of the fields is compared too.
    assert ask(visitor, "get", address(steven)).text == json.dumps(expected)


def test_a_mentor(visitor):
    alison, steven = person("Alison Hughes", "mentor"), person("Steven Taylor")
    [enrolment], [ects] = told(visitor, alison), told(visitor, steven)
    assert list(enrolment) == list(ects)
    assert enrolment == {
        "training_record_id": str(alison.teacher.api_mentor_training_record_id),
        "email": "alison.hughes@example.org",
        "school_urn": "900001",
        "participant_type": "mentor",
        "cohort": "2022",
        "training_status": "active",
        "participant_status": "active",
        "eligible_for_funding": True,
        "pupil_premium_uplift": False,
        "sparsity_uplift": False,
        "schedule_identifier": "ecf-standard-september",
        "delivery_partner_id": delivery_partner_id(ST_JOHNS, year=2022),
        "created_at": CREATED_AT,
        "mentor_funding_end_date": "2024-07-19",
        "cohort_changed_after_payments_frozen": False,
        "mentor_ineligible_for_funding_reason": "completed_declaration_received",
    } | dict.fromkeys(
        [
            "mentor_id",
            "withdrawal",
            "deferral",
            "induction_end_date",
            "most_recent_induction_period_end_date",
            "overall_induction_start_date",
            "working_pattern",
        ]
    )


def test_somebody_who_is_both_is_told_of_as_an_ect_first(visitor):
    mentor = person_at(ST_JOHNS, "mentor", email="mentor@example.org", started_on=date(2024, 9, 2))
    train(mentor, year=2024)
    ect = person_at(ST_JOHNS, "ect", mentor.teacher, email="ect@example.org", working_pattern="part_time")
    train(ect)
    assert tell(visitor, "defer", ect, reason="career-break").status_code == 200
    as_ect, as_mentor = told(visitor, ect)
    names = ("participant_type", "email", "cohort", "training_status")
    assert [as_ect[name] for name in names] == ["ect", "ect@example.org", "2025", "deferred"]
    assert [as_mentor[name] for name in names] == ["mentor", "mentor@example.org", "2024", "active"]
    assert as_ect["working_pattern"] == "part_time"
    assert as_ect["training_record_id"] != as_mentor["training_record_id"]


def test_each_provider_is_told_of_its_own_training_only(visitor):
    teacher = person_at(ST_JOHNS, "mentor").teacher
    train(teacher.participants.get())
    ect = person_at(NORTHBROOK, "ect", teacher)
    train(ect, TEACH_FIRST)
    assert [enrolment["participant_type"] for enrolment in told(visitor, ect)] == ["mentor"]
    assert [enrolment["participant_type"] for enrolment in told(visitor, ect, TEACH_FIRST)] == ["ect"]


def test_a_name_is_the_one_that_everybody_is_shown(visitor):
    hannah = person("Hannah Clarke")
    update(hannah.teacher, corrected_name="Hannah O’Brien-Clarkë", trn=None, is_trnless=True)
    attributes = ask(visitor, "get", address(hannah)).json["data"]["attributes"]
    assert attributes["full_name"] == "Hannah O’Brien-Clarkë"
    assert attributes["teacher_reference_number"] is None


def test_moments_are_whole_seconds_in_utc(visitor):
    hannah = person("Hannah Clarke")
    with clock_at(datetime(2026, 4, 20, 0, 30, 5, 987_654, LONDON)):
        answered = tell(visitor, "withdraw", hannah).json["data"]["attributes"]
    assert answered["updated_at"] == "2026-04-19T23:30:05Z"
    assert answered["ecf_enrolments"][0]["withdrawal"]["date"] == "2026-04-19T23:30:05Z"
    assert hannah.training_periods.get().finished_on == TODAY, "the day it was in London"


# --- training status: the winning mark, and only that ------------------------------------------------------


def withdrawn_before(participant: Participant) -> None:
    """What no provider can report in this order; it may come with older records."""
    marked_at = datetime(2026, 4, 10, tzinfo=UTC)
    update(participant.training_periods.get(), withdrawn_at=marked_at, withdrawal_reason="moved_school")


STATUS = {
    "no mark": ([], "active"),
    "withdrawn": ([(april(13), withdrawn)], "withdrawn"),
    "deferred": ([(april(13), deferred)], "deferred"),
    "deferred, then withdrawn": ([(april(10), deferred), (april(13), withdrawn)], "withdrawn"),
    "withdrawn, then deferred": ([(april(13), deferred), (april(13), withdrawn_before)], "deferred"),
    "deferred and withdrawn at the same moment": ([(april(13), deferred), (april(13), withdrawn)], "withdrawn"),
}


@both_roles
def test_training_status(visitor, role):
    marked = {"reason": "other", "date": "2026-04-13T11:00:00Z"}
    for case, (history, status) in STATUS.items():
        train(participant := person_at(ST_JOHNS, role))
        live_through(participant, history)
        [enrolment] = told(visitor, participant)
        assert (case, enrolment["training_status"]) == (case, status)
        assert enrolment["withdrawal"] == (marked if status == "withdrawn" else None)
        assert enrolment["deferral"] == (marked if status == "deferred" else None)


# --- participant status ------------------------------------------------------------------------------------

FAR = date(2026, 8, 31)

WITHDRAWN = {"withdrawn_at": datetime(2026, 4, 13, tzinfo=UTC), "withdrawal_reason": "other"}
DEFERRED = {"deferred_at": datetime(2026, 4, 13, tzinfo=UTC), "deferral_reason": "other"}

LONG_AGO = date(2026, 1, 31)

PARTICIPANT_STATUS = [
    # started on, finished on, mark, completed on, status
    (STARTED_ON, None, {}, None, "active"),
    (TODAY, None, {}, None, "active"),
    (TOMORROW, None, {}, None, "joining"),
    (TOMORROW, FAR, {}, None, "leaving"),
    (STARTED_ON, TOMORROW, {}, None, "leaving"),
    (STARTED_ON, TODAY, {}, None, "left"),
    (STARTED_ON, YESTERDAY, {}, None, "left"),
    (STARTED_ON, YESTERDAY, WITHDRAWN, None, "left"),
    (STARTED_ON, TODAY, DEFERRED, None, "left"),
    (STARTED_ON, TOMORROW, WITHDRAWN, None, "leaving"),
    (STARTED_ON, YESTERDAY, DEFERRED, LONG_AGO, "left"),
    (STARTED_ON, TOMORROW, WITHDRAWN, LONG_AGO, "leaving"),
    (STARTED_ON, None, {}, LONG_AGO, "active"),
    (STARTED_ON, None, {}, FAR, "active"),
    (TOMORROW, None, {}, LONG_AGO, "active"),
    (STARTED_ON, YESTERDAY, {}, YESTERDAY, "active"),
    (STARTED_ON, TODAY, {}, TODAY, "active"),
    (STARTED_ON, TOMORROW, {}, TODAY, "active"),
    (STARTED_ON, YESTERDAY, {}, TODAY, "left"),
    (STARTED_ON, TODAY, {}, TOMORROW, "left"),
    (STARTED_ON, TOMORROW, {}, FAR, "leaving"),
]


@both_roles
def test_participant_status(visitor, role):
    for case in PARTICIPANT_STATUS:
        started_on, finished_on, mark, completed_on, status = case
        participant = person_at(ST_JOHNS, role, started_on=started_on)
        train(participant, finished_on=finished_on, **mark)
        if completed_on and role == "ect":
            InductionPeriod.create(
                teacher=participant.teacher,
                appropriate_body=AppropriateBody.get(),
                started_on=date(2023, 9, 1),
                finished_on=completed_on,
                outcome="pass",
            )
        elif completed_on:
            update(
                participant.teacher,
                mentor_became_ineligible_for_funding_on=completed_on,
                mentor_became_ineligible_for_funding_reason="completed_declaration_received",
            )
        assert (case, told(visitor, participant)[0]["participant_status"]) == (case, status)


# --- single fields -----------------------------------------------------------------------------------------


def noon(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 12, tzinfo=UTC)


ELIGIBLE = [
    (None, None, None),
    (noon(april(1)), None, True),
    (None, april(1), False),
    (noon(april(1)), april(2), True),
    (noon(april(2)), april(2), True),
    (noon(april(3)), april(2), False),
    (noon(FAR), None, True),
    # 00:30 on 1 July in London.
    (datetime(2025, 6, 30, 23, 30, tzinfo=UTC), date(2025, 6, 30), False),
    (datetime(2025, 6, 30, 22, 30, tzinfo=UTC), date(2025, 6, 30), True),
]


@both_roles
def test_eligible_for_funding(visitor, role):
    for eligible_at, ineligible_on, is_eligible in ELIGIBLE:
        train(participant := person_at(ST_JOHNS, role))
        columns = {
            f"{role}_first_became_eligible_for_training_at": eligible_at,
            f"{role}_became_ineligible_for_funding_on": ineligible_on,
        }
        if role == "mentor" and ineligible_on:
            columns["mentor_became_ineligible_for_funding_reason"] = "started_not_completed"
        update(participant.teacher, **columns)
        assert told(visitor, participant)[0]["eligible_for_funding"] is is_eligible, (eligible_at, ineligible_on)


MENTORED = [
    ([], None),
    ([("John Doe", STARTED_ON, YESTERDAY)], None),
    ([("John Doe", STARTED_ON, TODAY)], "John Doe"),
    ([("John Doe", TOMORROW, None)], "John Doe"),
    ([("Peter Marsh", TOMORROW, None), ("John Doe", STARTED_ON, TODAY)], "John Doe"),
    ([("Peter Marsh", TODAY, None), ("John Doe", STARTED_ON, YESTERDAY)], "Peter Marsh"),
    ([("Peter Marsh", FAR, None), ("John Doe", TOMORROW, april(30))], "John Doe"),
]


def test_the_mentor_is_the_one_of_now_or_the_next(visitor):
    for mentorships, mentor in MENTORED:
        train(ect := person_at(ST_JOHNS))
        for name, started_on, finished_on in mentorships:
            Mentorship.create(ect=ect, mentor=person(name, "mentor"), started_on=started_on, finished_on=finished_on)
        expected = str(person(mentor, "mentor").teacher.api_id) if mentor else None
        assert (mentorships, told(visitor, ect)[0]["mentor_id"]) == (mentorships, expected)


def test_some_fields_are_of_the_training_and_some_of_the_person_at_any_school(visitor):
    """Ambition trained them at their first school; their second one has named nobody yet."""
    with clock_at(datetime(2024, 9, 2, 9, 30, tzinfo=UTC)):
        former = person_at(
            ST_JOHNS,
            started_on=date(2024, 9, 1),
            finished_on=date(2025, 7, 18),
            email="former@example.org",
            working_pattern="full_time",
        )
    train(former, year=2024)
    present = person_at(NORTHBROOK, "ect", former.teacher, email="present@example.org", working_pattern="part_time")
    Mentorship.create(ect=present, mentor=person("Catherine Price", "mentor"), started_on=present.started_on)
    [enrolment] = told(visitor, former)
    assert enrolment["school_urn"] == "900001"
    assert enrolment["email"] == "former@example.org"
    assert enrolment["mentor_id"] is None, "nobody mentors them at the school of the training"
    assert enrolment["working_pattern"] == "part_time", "the latest"
    assert enrolment["created_at"] == "2024-09-02T09:30:00Z", "the first"
    train(present)
    [enrolment] = told(visitor, present)
    assert (enrolment["school_urn"], enrolment["email"], enrolment["cohort"]) == (
        "900002",
        "present@example.org",
        "2025",
    )
    assert enrolment["mentor_id"] == str(person("Catherine Price", "mentor").teacher.api_id)
    assert enrolment["created_at"] == "2024-09-02T09:30:00Z"


def test_the_first_period_is_the_one_that_started_first_in_that_role(visitor):
    """Even if it was entered later: a former school may have been slow."""
    present = person_at(ST_JOHNS)
    train(present)
    with clock_at(TOMORROW):
        person_at(NORTHBROOK, "ect", present.teacher, date(2024, 9, 1), finished_on=date(2025, 7, 18))
    with clock_at(YESTERDAY):
        person_at(NORTHBROOK, "mentor", present.teacher, date(2020, 9, 1))
    assert told(visitor, present)[0]["created_at"] == "2026-04-21T11:00:00Z"


INDUCTION = {
    # what: (induction periods, TRS dates) → (start, end, end of the most recent)
    "nothing": ([], (None, None), (None, None, None)),
    "only the national record": ([], (april(1), april(2)), ("2026-04-01", "2026-04-02", None)),
    "going on": ([(april(5), None, None)], (april(1), None), ("2026-04-05", None, None)),
    "moved": ([(april(9), None, None), (april(3), april(8), None)], (None, None), ("2026-04-03", None, None)),
    "between two": (
        [(april(3), april(5), None), (april(6), april(8), None)],
        (None, None),
        ("2026-04-03", None, "2026-04-08"),
    ),
    "passed": (
        [(april(3), april(5), None), (april(6), april(8), "pass")],
        (april(1), april(2)),
        ("2026-04-03", "2026-04-08", "2026-04-08"),
    ),
    "ended, the national record knows more": (
        [(april(3), april(5), None)],
        (april(1), april(9)),
        ("2026-04-03", "2026-04-09", "2026-04-05"),
    ),
}


def test_induction_dates(visitor):
    names = ("overall_induction_start_date", "induction_end_date", "most_recent_induction_period_end_date")
    for case, (periods, (trs_started_on, trs_completed_on), expected) in INDUCTION.items():
        train(ect := person_at(ST_JOHNS))
        train(person_at(ST_JOHNS, "mentor", ect.teacher))
        for started_on, finished_on, outcome in periods:
            InductionPeriod.create(
                teacher=ect.teacher,
                appropriate_body=AppropriateBody.get(),
                started_on=started_on,
                finished_on=finished_on,
                outcome=outcome,
            )
        update(ect.teacher, trs_induction_start_date=trs_started_on, trs_induction_completed_date=trs_completed_on)
        as_ect, as_mentor = told(visitor, ect)
        assert (case, *(as_ect[name] for name in names)) == (case, *expected)
        assert [as_mentor[name] for name in names] == [None, None, None], "these are an ECT's"


def test_what_a_closed_contract_period_leaves_behind(visitor):
    ect = person_at(ST_JOHNS)
    train(ect)
    train(person_at(ST_JOHNS, "mentor", ect.teacher))
    for role, expected in (("ect", [True, False]), ("mentor", [True, True])):
        Teacher.update(**{f"{role}_payments_frozen_year": 2022}).where(Teacher.id == ect.teacher_id).execute()
        assert [enrolment["cohort_changed_after_payments_frozen"] for enrolment in told(visitor, ect)] == expected


def test_the_latest_training_is_told_of_whatever_came_of_it(visitor):
    ect = person_at(ST_JOHNS, started_on=date(2024, 9, 1))
    train(ect, year=2024, finished_on=date(2025, 1, 31), schedule="ecf-standard-january")
    train(ect, TEACH_FIRST, started_on=date(2025, 2, 1), finished_on=date(2025, 8, 31))
    train(ect, started_on=date(2025, 9, 1), finished_on=date(2026, 2, 28), schedule="ecf-extended-april")
    train(ect, is_confirmed=False, started_on=date(2026, 3, 1))
    [enrolment] = told(visitor, ect)
    assert (enrolment["cohort"], enrolment["schedule_identifier"]) == ("2025", "ecf-extended-april")
    assert (enrolment["training_status"], enrolment["participant_status"]) == ("active", "left")
