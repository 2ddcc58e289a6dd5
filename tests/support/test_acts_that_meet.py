"""What support puts right, met by what was put right before, by what schools do and by emails that are on their way."""

from datetime import date, datetime

import pytest

from clock import clock_at, today
from domain import corrections, departures, identities
from domain.changes import RuleBroken, Support
from domain.data_checks import broken
from models import Event, Mentorship, Participant, Teacher
from tests.conftest import both_engines, person
from tests.given import ADA
from tests.given import ect as an_ect
from tests.given import mentor as a_mentor
from tests.reports import AMBITION, NORTHBROOK, ST_JOHNS, ask, person_at, train, tutor_of
from tests.support.test_corrections import WHY
from tests.support.test_details_put_right import two_records
from tests.test_notices import DAY, MINUTE, MONDAY, QUARTER, all_told, happens, send  # noqa: F401 - a fixture
from tests.visitor import Visitor

# --- with one another --------------------------------------------------------------------------------------------


@both_engines
def test_the_trn_of_the_other_record_is_the_right_one(author):
    here, there = two_records()
    wrong, right = here.teacher.trn, there.teacher.trn
    identities.put_right_two_records(here, author, record=right, reason=WHY)
    identities.put_right_trn(Participant.get_by_id(here.id), author, trn=right, reason=WHY)
    assert [Teacher.get_by_id(each).trn for each in (here.teacher_id, there.teacher_id)] == [right, wrong]
    assert not broken()
    with pytest.raises(RuleBroken):
        identities.put_right_trn(person("Steven Taylor"), author, trn=wrong, reason=WHY)


def test_three_records_become_one(author):
    here, there = two_records()
    third = person_at(NORTHBROOK, "mentor", started_on=date(2024, 9, 2), email="m@example.org")
    other = there.teacher.trn
    identities.put_right_two_records(here, author, record=other, reason=WHY)
    identities.put_right_two_records(third, author, record=here.teacher.trn, reason=WHY)
    assert {Participant.get_by_id(each.id).teacher_id for each in (here, there)} == {third.teacher_id}
    with pytest.raises(RuleBroken):
        identities.put_right_two_records(Participant.get_by_id(here.id), author, record=other, reason=WHY)
    assert not broken()


def test_whoever_is_mentored_by_two_records_has_one_mentor_whom_lead_providers_hear_of(served, author):
    """Their `mentor_id` is another one, so their `updated_at` moves."""
    ada, peter = an_ect(), person("Peter Marsh", "mentor")
    before = told_of(served, ada)
    longer_here = person_at(NORTHBROOK, "mentor", started_on=date(2024, 9, 2), email="m@example.org")
    with clock_at(MONDAY + DAY):
        identities.put_right_two_records(longer_here, author, record=peter.teacher.trn, reason=WHY)
        after = told_of(served, ada)
    assert after["ecf_enrolments"][0]["mentor_id"] == str(longer_here.teacher.api_id)
    assert after["updated_at"] > before["updated_at"]
    last = person(ADA).events.order_by(Event.version.desc()).first()
    assert last.heading == "Support put right Ada Moss’s record: Ada, their mentor, has one record now"
    assert not broken()


def told_of(app, participant: Participant) -> dict:
    address = f"/api/v3/participants/{participant.teacher.api_id}"
    return ask(Visitor(app), "get", address, AMBITION).json["data"]["attributes"]


# --- with what schools do ----------------------------------------------------------------------------------------


def test_staying_brings_back_no_mentor_who_was_registered_in_error(author):
    """She was to be mentored from the day on which he was to come, which her leaving made void."""
    ada, comes_on = an_ect(), today() + 60 * DAY
    newcomer = person_at(ST_JOHNS, "mentor", started_on=comes_on, email="m@example.org")
    Mentorship.update(finished_on=comes_on - DAY).where(Mentorship.ect == ada).execute()
    Mentorship.create(ect=ada, mentor=newcomer, started_on=comes_on)
    departures.report_leaving(person(ADA), tutor_of(ada), leaving_on=today() + 30 * DAY)
    corrections.put_right_registration(Participant.get_by_id(newcomer.id), author, reason=WHY)
    departures.take_back_leaving(person(ADA), tutor_of(ada))
    assert [each.mentor.name for each in person(ADA).mentorships] == ["Peter Marsh"]
    assert not broken()


def test_training_that_the_other_school_took_over_has_ended_though_it_should_not_have_registered_them(author):
    there = person_at(NORTHBROOK, "mentor", started_on=date(2024, 9, 2), email="m@example.org")
    train(there, year=2024, started_on=date(2024, 9, 2), finished_on=date(2025, 8, 31))
    here = person_at(ST_JOHNS, "mentor", there.teacher, started_on=date(2025, 9, 1))
    train(here, started_on=date(2025, 9, 1))
    assert not broken()
    corrections.put_right_registration(Participant.get_by_id(here.id), author, reason=WHY)
    assert not broken()


# --- with the end of a sign-in -----------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["the last day", "why"])
def test_what_was_sent_after_the_sign_in_was_over_is_there_again_and_nothing_is_done(grace, where):
    first = f"/support/placements/{an_ect().id}/last-day/last-day"
    answers = {f"last_day-{part}": value for part, value in zip(("day", "month", "year"), "633", strict=True)}
    grace.get(first)
    if where == "why":
        grace.submit("Continue", **answers | {"last_day-year": "2026"})
        answers = {"reason": WHY}
    page, events = grace.path, Event.select().count()
    with clock_at(MONDAY + DAY):
        grace.submit("Continue", **answers)
        assert grace.heading == "Sign in to support"
        grace.choose("Grace Obi", "Sign in")
        assert grace.path == page
        assert grace.values.items() >= answers.items()
    assert Event.select().count() == events


# --- with emails -------------------------------------------------------------------------------------------------


def support_takes_back(author: Support, at: datetime):
    """What its lead provider reported of Ada Moss."""
    ada = person(ADA)
    with clock_at(at):
        mark = corrections.marks_of(ada.training_periods)[0].key
        corrections.put_right_mark(ada, author, mark=mark, reason="A slip")


@pytest.mark.usefixtures("all_told")
def test_what_support_took_back_and_was_reported_again_has_one_reminder(author):
    happens(MONDAY, "withdraw", an_ect())
    assert len(send(MONDAY + QUARTER)) == 1
    support_takes_back(author, MONDAY + DAY)
    happens(MONDAY + 2 * DAY, "withdraw", person(ADA))
    assert len(send(MONDAY + 2 * DAY + QUARTER)) == 1
    assert send(MONDAY + 14 * DAY) == []
    (reminder,) = send(MONDAY + 16 * DAY)
    assert "stopped training one of your early career teachers on 22 April 2026" in reminder.body


@pytest.mark.usefixtures("all_told")
def test_what_support_took_back_and_was_reported_again_at_once_is_told_once(author):
    happens(MONDAY, "withdraw", an_ect())
    support_takes_back(author, MONDAY + MINUTE)
    happens(MONDAY + 2 * MINUTE, "withdraw", person(ADA))
    (message,) = send(MONDAY + QUARTER)
    assert message.body.count("/school/ects/") == 1


@pytest.mark.usefixtures("all_told")
def test_what_support_took_back_is_not_told(author):
    happens(MONDAY, "withdraw", an_ect())
    support_takes_back(author, MONDAY + MINUTE)
    assert send(MONDAY + QUARTER) == send(MONDAY + 14 * DAY) == []


@both_engines
@pytest.mark.usefixtures("all_told")
@pytest.mark.parametrize(
    ("act", "subjects"),
    [
        (
            "withdraw",
            ["Action required: Ambition Institute no", "Reminder: Ambition Institute no"],
        ),
        ("defer", ["Ambition Institute has paused mentor training"]),
    ],
)
def test_the_school_that_a_report_is_moved_to_is_told_of_it_and_no_other(author, act, subjects):
    here = a_mentor(training=None)
    there = person_at(NORTHBROOK, "mentor", here.teacher, email="there@example.org")
    train(here, finished_on=date(2026, 1, 31))
    train(there, started_on=date(2026, 2, 1))
    happens(MONDAY, act, there)
    with clock_at(MONDAY + MINUTE):
        (move,) = corrections.moves_of_marks(there)
        corrections.put_right_training_of_mark(there, author, move=move, reason="The other training was meant")
    sent = [*send(MONDAY + 2 * QUARTER), *send(MONDAY + 15 * DAY)]
    assert {message.school for message in sent} == {here.school}
    for message, subject in zip(sent, subjects, strict=True):
        assert message.subject.startswith(subject)
