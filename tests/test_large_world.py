"""The large invented world: it is the same again, the rules hold of all its rows, and the service takes it for its
own."""

import re
from collections import Counter
from datetime import date, timedelta
from itertools import chain
from uuid import UUID

import pytest

from clock import clock_at, now, today
from database import db
from domain import departures, queries, training
from models import (
    STATUSES,
    TABLES,
    ContractPeriod,
    Event,
    LatestUpdate,
    LeadProvider,
    Participant,
    School,
    SchoolPartnership,
    SchoolUser,
    Teacher,
    TrainingPeriod,
)
from scenarios.large import add_schools
from scenarios.names import FEATURES, KINDS, PLACES, school_name
from tests.conftest import TODAY, both_engines
from tests.invariants import check_always
from tests.visitor import Visitor
from views import participants_of
from vocabulary import INDUCTION_IS_OVER, ROLES


def add(schools: int, seed: int = 1, ects: int = 2) -> None:
    assert sum(add_schools(schools, seed, ects)) == schools


def everybody() -> list[Participant]:
    return queries.participants_by_ids([each.id for each in Participant.select().order_by(Participant.id)])


def rows_of(*worlds: tuple[int, int]) -> dict:
    """Every row of a world of so many schools by this seed, or of several after one another; they are taken back."""
    with db.atomic() as transaction:
        for schools, seed in worlds:
            add(schools, seed)
        rows = {
            table: list(table.select().order_by(table._meta.primary_key).dicts())
            for table in TABLES
            if table != LatestUpdate
        }
        transaction.rollback()
    return rows


def test_the_same_seed_makes_the_same_people_and_another_one_others(migrated):
    def told(rows: dict) -> list[dict]:
        every_row = chain(*rows.values())
        return [{key: value for key, value in row.items() if not isinstance(value, UUID)} for row in every_row]

    first, again, other = (rows_of((2, seed)) for seed in (1, 1, 2))
    assert told(first) == told(again)
    assert told({Teacher: first[Teacher]}) != told({Teacher: other[Teacher]})


# --- what the rules promise --------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [date(2025, 9, 1), date(2027, 5, 31)])
def test_the_rules_hold_on_any_day(migrated, day):
    with clock_at(day):
        add(5)
        check_always()
        assert_training_follows_the_contracts(everybody())


def test_the_rules_hold_beside_the_base_world(world):
    before = rows_of()
    add(3)
    check_always()
    after = rows_of()
    for table in (School, Teacher, Participant, TrainingPeriod, Event):
        assert after[table][: len(before[table])] == before[table]
    assert after[ContractPeriod] == before[ContractPeriod]
    assert after[LeadProvider] == before[LeadProvider]


def test_everything_has_happened_to_somebody_in_an_order_that_may_be(migrated):
    add(10, ects=12)
    check_always()
    people = everybody()
    for participant in people:
        moments = [event.created_at for event in participant.events.order_by(Event.version)]
        assert moments == sorted(moments)
        assert all(participant.created_at < moment < now() for moment in moments)
        assert participant.teacher.api_updated_at == (moments or [participant.created_at])[-1]
    assert_training_follows_the_contracts(people)
    assert_marks_are_made_on_the_last_day_of_training(people)
    ects, mentors = ([each for each in people if each.role == role] for role in ROLES)
    assert {ect.status for ect in ects} == set(STATUSES)
    assert {mentor.status for mentor in mentors} == {"leaving", "withdrawn", "deferred", "registered"}
    for group in (ects, mentors):
        assert any(participant.has_left for participant in group)
        shown = [participant.training_period for participant in group if participant.training_period]
        assert {period.is_confirmed for period in shown if period.is_provider_led} == {True, False}
    assert any(mentor.mentor_training_is_over for mentor in mentors)
    assert any(not mentor.training_period for mentor in mentors)
    assert any(ect.started_on > today() for ect in ects)
    assert any(period.withdrawn_at and period.deferred_at for ect in ects for period in ect.training_periods)
    assert {event_type for (event_type,) in Event.select(Event.event_type).distinct().tuples()} == {
        "teacher_withdraws_training_period",
        "teacher_defers_training_period",
        "teacher_resumes_training_period",
        "teacher_training_lead_provider_updated",
        "teacher_training_programme_updated",
        "teacher_ends_mentor_training",
        "teacher_left_school_as_ect",
        "teacher_left_school_as_mentor",
        "teacher_finishes_mentoring",
        "teacher_finishes_being_mentored",
    }
    starts = [ect.started_on for ect in ects]
    assert date(2023, 9, 1) <= min(starts) < date(2024, 9, 1)
    assert max(starts) < TODAY + timedelta(days=70)
    names = {participant.name for participant in people}
    assert len(names) > len(people) * 0.9
    assert all(any(mark in name for name in names) for mark in "-’'éë")


def assert_training_follows_the_contracts(people: list[Participant]) -> None:
    """The first training is in the contract period of its first day, what follows stays in it, and nobody awaits the
    word of a lead provider that has given it to the school."""
    confirmed = set(SchoolPartnership.select(SchoolPartnership.school, SchoolPartnership.active_lead_provider).tuples())
    for participant in people:
        provider_led = [period for period in participant.training_periods if period.is_provider_led]
        first = min(provider_led, key=lambda period: period.started_on, default=None)
        for period in provider_led:
            assert first.contract_period.started_on <= first.started_on <= first.contract_period.finished_on
            assert period.contract_period == first.contract_period
            assert period.schedule == training.standard_schedule(first.started_on)
            if not period.is_confirmed:
                assert (participant.school_id, period.expression_of_interest_id) not in confirmed


def assert_marks_are_made_on_the_last_day_of_training(people: list[Participant]) -> None:
    marked = [period for participant in people for period in participant.training_periods if period.withdrawn_at]
    assert marked
    for period in marked:
        assert period.started_on < period.finished_on < today()
        if not period.deferred_at:
            assert period.withdrawn_at.date() == period.finished_on


def test_a_school_has_few_ects_and_about_as_many_mentors(migrated):
    add(20)
    role_of = Counter((participant.role, participant.school_id) for participant in everybody())
    ects, mentors = ({school: n for (of, school), n in role_of.items() if of == role} for role in ROLES)
    assert 1.5 < sum(ects.values()) / 20 < 2.5
    assert max(ects.values()) <= 8
    assert 0.8 < sum(mentors.values()) / sum(ects.values()) < 1.3
    assert ects.keys() <= mentors.keys()


def test_no_two_schools_of_a_large_country_have_the_same_name():
    number = 30_000
    assert number < len(PLACES) * len(FEATURES) * len(KINDS)
    assert len({school_name(n) for n in range(number)}) == number


# --- the service takes it for its own ----------------------------------------------------------------------


@both_engines
def test_a_copy_says_of_its_own_people_what_was_said_of_those_it_is_a_copy_of(migrated, monkeypatch):
    """More schools go on after the last, and the next act is written after all that was invented."""
    monkeypatch.setattr("scenarios.large.ECTS_FILLED", 20)
    add(4, ects=10)
    add(1)
    schools = list(School.select().order_by(School.id))
    assert [school.urn for school in schools] == [str(100_000 + n) for n in range(5)]
    assert len({school.name for school in schools}) == 5
    check_always()
    people = {participant.id: participant for participant in everybody()}
    assert all(re.fullmatch(r"[a-z.'-]*[a-z]@\d{6}\.example\.org", each.email) for each in people.values())
    tutors = {user.school_id: user for user in SchoolUser.select()}
    copied = list(Event.select().where(Event.school << schools[2:4]).order_by(Event.id))
    assert copied
    for event in copied:
        about, other = people[event.participant_id], people.get(event.details.get("with_participant"))
        assert about.name in event.heading
        if event.author_type == "school_user":
            assert (event.author_name, event.school_user) == (tutors[event.school_id].name, tutors[event.school_id])
        if other:
            assert other.school_id == event.school_id
            assert other.name in event.heading
        for ect_id, name in event.details.get("ects", []):
            assert people[ect_id].name == name
        if resumed := event.details.get("new_training_period_id"):
            assert event.modifications == [f"training_period_id: {event.training_period_id} → {resumed}"]
            assert {event.training_period_id, resumed} <= {period.id for period in about.training_periods}
    last = Event.select().order_by(Event.id.desc()).get()
    ect = next(each for each in people.values() if each.role == "ect" and each.status == "registered")
    event = departures.report_leaving(ect, tutors[ect.school_id], leaving_on=today())
    assert event.id > last.id
    assert event.version == ect.version + 1
    check_always()


def test_school_users_see_their_own(app, migrated):
    db.close()
    output = app.test_cli_runner().invoke(args=["demo-data", "--schools", "3", "--seed", "1"]).output
    db.connect()
    told = f"There are 3 schools and {Participant.select().count()} participants."
    assert output.splitlines() == ["Adding 3 schools", told]
    visitor = Visitor(app)
    for user in list(SchoolUser.select()):
        visitor.sign_in(user.name)
        for role in ROLES:
            ours = queries.participants_by_ids([each.id for each in participants_of(user.school, role)])
            names = [
                participant.name
                for participant in ours
                if not participant.has_left and participant.teacher.trs_induction_status not in INDUCTION_IS_OVER
            ]
            assert names
            assert sorted(visitor.get(f"/school/{role}s").cards) == sorted(names)
        assert visitor.click(names[0]).heading == names[0]
        visitor.submit("Sign out")
