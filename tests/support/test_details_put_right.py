"""What support puts right of who somebody is, in which contract year they are, and what is arranged for them."""

from datetime import date

import pytest
from peewee import IntegrityError

from database import db
from domain import identities
from domain.data_checks import broken
from models import (
    ActiveLeadProvider,
    AppropriateBody,
    Enrolment,
    Event,
    LeadProvider,
    Participant,
    ParticipantIdChange,
    Teacher,
    TrainingPeriod,
)
from tests.conftest import both_engines, person
from tests.given import AWAITING, ect
from tests.reports import (
    AMBITION,
    NORTHBROOK,
    ST_JOHNS,
    STARTED_ON,
    TEACH_FIRST,
    ask,
    leaving,
    partnership_with,
    person_at,
    train,
    withdrawn,
)
from tests.support.test_corrections import WHY, march, put_right
from tests.visitor import Visitor, words

# --- who somebody is -------------------------------------------------------------------------------------------


def trainee(school: str, name: str, started_on: date, by: str = AMBITION, finished_on: date | None = None, **columns):
    """An ECT with a record of their own, trained for as long as they are there."""
    place = person_at(school, started_on=started_on, finished_on=finished_on, email="a@example.org", **columns)
    first, last = name.split()
    teacher = Teacher.get_by_id(place.teacher_id)
    teacher.trs_first_name, teacher.trs_last_name = first, last
    teacher.save()
    train(place, by, year=2024 if started_on < date(2025, 6, 1) else 2025)
    return place


def two_records() -> tuple[Participant, Participant]:
    """Ada Moss was at Northbrook with Teach First, and is at St John's, under another TRN, with Ambition Institute."""
    there = trainee(NORTHBROOK, "Ada Moss", date(2024, 9, 2), TEACH_FIRST, date(2025, 8, 31))
    return trainee(ST_JOHNS, "Ada Moss", date(2025, 9, 1)), there


@both_engines
def test_two_records_become_one(served, grace):
    here, there = two_records()
    old, kept = Teacher.get_by_id(there.teacher_id), Teacher.get_by_id(here.teacher_id)
    put_right(grace, here, "two-records", record=old.trn, is_asked_twice=False)
    there = Participant.get_by_id(there.id)
    assert there.teacher == kept
    assert not broken()
    titles = grace.get(f"/support/people/{kept.id}").main.css("h2.govuk-summary-card__title")
    assert [words(title) for title in titles] == [
        "ECT at St John’s C of E Primary School, from 1 September 2025",
        "ECT at Northbrook Academy, 2 September 2024 to 31 August 2025",
    ]
    assert grace.row("Known to lead providers before as") == str(old.api_id)
    assert grace.get(f"/support/people/{old.id}").click("the record of Ada Moss").path.endswith(f"/{kept.id}")
    # Who trained them under the other id is told of them under this one, and from which it came.
    told = ask(Visitor(served), "get", f"/api/v3/participants/{kept.api_id}", TEACH_FIRST).json["data"]["attributes"]
    assert [each["participant_type"] for each in told["ecf_enrolments"]] == ["ect"]
    (change,) = told["participant_id_changes"]
    assert (change["from_participant_id"], change["to_participant_id"]) == (str(old.api_id), str(kept.api_id))
    query = {"filter[from_participant_id]": str(old.api_id)}
    listed = ask(Visitor(served), "get", "/api/v3/participants", TEACH_FIRST, query_string=query).json["data"]
    assert [each["id"] for each in listed] == [str(kept.api_id)]
    assert ask(Visitor(served), "get", f"/api/v3/participants/{old.api_id}", TEACH_FIRST).status_code == 404
    headings = [event.heading for event in there.events]
    assert "Support put right Ada Moss’s record: they have one record now" in headings
    # What goes on is about the one record: the provider that trains them now acts on it.
    withdrawn(Participant.get_by_id(here.id))
    assert not broken()


def test_the_same_provider_sees_one_person(world, author):
    """It trained both; and what the other record alone knows comes along."""
    there = trainee(NORTHBROOK, "Ada Moss", date(2024, 9, 2), finished_on=date(2025, 8, 31))
    here = trainee(ST_JOHNS, "Ada Moss", date(2025, 9, 1))
    trn = there.teacher.trn
    Teacher.update(trn=None, is_trnless=True).where(Teacher.id == here.teacher_id).execute()
    identities.put_right_two_records(here, author, record=trn, reason=WHY)
    assert Teacher.get_by_id(here.teacher_id).trn == trn
    assert Enrolment.select().where(Enrolment.teacher << [here.teacher_id, there.teacher_id]).count() == 1
    assert not broken()


def test_two_people_do_not_become_one(grace):
    here, there = trainee(ST_JOHNS, "Ada Moss", STARTED_ON), trainee(NORTHBROOK, "Ada Moss", date(2025, 9, 8))
    hannah, peter = person("Hannah Clarke"), person("Peter Marsh", "mentor")
    contradictions = [
        (here, there, "Ada Moss is registered at Northbrook Academy in the same role on days when Ada Moss is"),
        (hannah, peter, "Peter Marsh mentors Hannah Clarke at St John’s C of E Primary School"),
        (here, here, "This is Ada Moss’s own record"),
    ]
    for one, other, says in contradictions:
        grace.get(f"/support/placements/{one.id}/two-records/other-record")
        for said in (other.teacher.trn, str(other.teacher.api_id)):
            assert grace.submit("Continue", 422, record=said).errors[0].startswith(says)
    assert grace.submit("Continue", 422, record="9999999").errors == ["Nobody has this TRN or API id"]


@both_engines
def test_the_database_lets_nobody_become_somebody_else(world, engine):
    steven, hannah = person("Steven Taylor"), person("Hannah Clarke")
    with pytest.raises(IntegrityError), db.atomic():
        Participant.update(teacher=hannah.teacher).where(Participant.id == steven.id).execute()
    ParticipantIdChange.create(teacher=person("Priya Shah").teacher, from_participant_id=steven.teacher.api_id)
    with pytest.raises(IntegrityError), db.atomic():
        Participant.update(teacher=hannah.teacher).where(Participant.id == steven.id).execute()


def test_the_details_of_whoever_has_left(served, grace):
    ada = ect((march(2), leaving(march(27))))
    put_right(grace, ada, "name", name="Ada Lane")
    put_right(grace, ada, "trn", trn="7654321")
    put_right(grace, ada, "email-address", email="ada.lane@example.org")
    told = ask(Visitor(served), "get", f"/api/v3/participants/{ada.teacher.api_id}").json["data"]["attributes"]
    assert (told["full_name"], told["teacher_reference_number"]) == ("Ada Lane", "7654321")
    assert told["ecf_enrolments"][0]["email"] == "ada.lane@example.org"
    assert not broken()


def test_a_trn_that_cannot_be(grace):
    ada, steven = ect(), person("Steven Taylor")
    grace.get(f"/support/placements/{ada.id}/trn/trn")
    for trn in ("123", "12345678", "３２０００００"):
        assert grace.submit("Continue", 422, trn=trn).errors == ["A TRN is 7 digits"]
    taken = "Steven Taylor has that TRN. If they are the same person, make one record of both"
    assert grace.submit("Continue", 422, trn=steven.teacher.trn).errors == [taken]


# --- the contract year -----------------------------------------------------------------------------------------


@both_engines
@pytest.mark.parametrize("is_known", [False, True])
def test_a_contract_year(served, engine, grace, is_known):
    ada = ect(training=AWAITING)
    if is_known:
        teach_first = ActiveLeadProvider.get(lead_provider=LeadProvider.get(name=TEACH_FIRST), contract_period=2024)
        partnership_with(teach_first, ada)
    put_right(grace, ada, "contract-year", is_asked_twice=is_known, year="2024", schedule="ecf-extended-april")
    (period,) = Participant.get_by_id(ada.id).training_periods
    assert (period.contract_period.year, period.schedule, period.is_confirmed) == (2024, "ecf-extended-april", is_known)
    assert not broken()


def test_a_contract_year_that_is_so(grace):
    ada = ect(training=AWAITING)
    grace.get(f"/support/placements/{ada.id}/contract-year/contract-year")
    grace.submit("Continue", 422)
    assert grace.errors == ["This contract year and schedule are already recorded. Select another"]
    grace.get(f"/support/placements/{person('Hannah Clarke').id}/contract-year/contract-year", 404)


# --- what is arranged --------------------------------------------------------------------------------------------


@both_engines
def test_training_that_is_planned_does_not_begin(served, grace):
    """The school is told to contact support when more training is planned than it can change."""
    ada = ect()
    (now,) = ada.training_periods
    now.finished_on = date(2026, 8, 31)
    now.save()
    train(ada, TEACH_FIRST, is_confirmed=False, started_on=date(2026, 9, 1))
    planned = Participant.get_by_id(ada.id).training_periods.order_by(TrainingPeriod.id.desc()).get()
    planned_from = "From 1 September 2026, provider-led with Teach First"
    put_right(grace, ada, "planned-training", is_asked_twice=False, choose=planned_from)
    (period,) = Participant.get_by_id(ada.id).training_periods
    assert (period.id, period.finished_on) == (now.id, None)
    event = Event.select().order_by(Event.id.desc()).first()
    told = "their training with Teach First does not begin on 1 September 2026"
    assert event.heading == f"Support put right Ada Moss’s record: {told}"
    assert event.training_period_id == planned.id
    assert not broken()
    grace.get(f"/support/placements/{ada.id}/planned-training/training", 404)


def test_an_appropriate_body_that_the_school_names(served, grace):
    ada = ect(induction_started_on=None)
    first = f"/support/placements/{ada.id}/appropriate-body/appropriate-body"
    grace.get(first).submit("Continue", 422, appropriate_body="Nobody’s Hub")
    assert grace.errors == ["No appropriate body has this name. Check how they write it"]
    grace.submit("Continue", 422, appropriate_body="alpha teaching school hub")
    assert grace.errors[0].startswith("Alpha Teaching School Hub is already recorded.")
    body = AppropriateBody.get(AppropriateBody.name != "Alpha Teaching School Hub")
    put_right(grace, ada, "appropriate-body", is_asked_twice=False, appropriate_body=body.name.upper())
    naomi = Visitor(served).sign_in("Naomi Fletcher").get(f"/school/ects/{ada.id}")
    assert naomi.row("Appropriate body").startswith(body.name)
