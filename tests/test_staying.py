"""Somebody of whom the school reported a last day is staying after all: a journey without a question, after which
everything goes on as if nothing had been reported."""

from datetime import date, timedelta
from itertools import product

import pytest

from clock import clock_at, display
from domain import departures, participants
from domain.changes import RuleBroken
from models import Mentorship, Participant, TrainingPeriod
from tests.conftest import TODAY, person
from tests.given import (
    ADA,
    AWAITING,
    SCHOOL_LED,
    deferred,
    ect,
    known_of,
    mentor,
    registered_elsewhere,
    training,
    withdrawn,
)
from tests.invariants import check_always, check_between
from tests.reports import (
    AMBITION,
    NORTHBROOK,
    april,
    given_to_teach_first,
    leaving,
    live_through,
    person_at,
    stored,
    train,
    tutor_of,
)

MAY, JUNE, JULY = date(2026, 5, 15), date(2026, 6, 1), date(2026, 7, 17)
LEAVES = (april(9), leaving(MAY))


def stay(participant: Participant):
    return departures.take_back_leaving(participant, tutor_of(participant))


def state(participant: Participant) -> tuple:
    """The last day, and from when to when what is trained and mentored."""
    now = Participant.get_by_id(participant.id)
    mentorships = Mentorship.select().where((Mentorship.ect == now) | (Mentorship.mentor == now))
    return (
        now.finished_on,
        now.reported_leaving_by_school_id,
        now.reported_leaving_on,
        [(p.started_on, p.finished_on) for p in now.training_periods.order_by(TrainingPeriod.started_on)],
        [(m.ect_id, m.mentor_id, m.started_on, m.finished_on) for m in mentorships.order_by(Mentorship.started_on)],
    )


def next_mentor(participant: Participant) -> None:
    """Somebody who is to come mentors the ECT from June, or the mentor’s ECT is mentored by them from then."""
    coming = mentor(name="Coming Soon", started_on=JUNE, training=None)
    taught = participant if participant.is_ect else person("Steven Taylor")
    participants.change_mentor(taught, tutor_of(participant), mentor_id=coming.id)


ONCE, AGAIN = [LEAVES], [LEAVES, (april(10), leaving(JULY)), (april(11), leaving(MAY))]
REPORTED = {
    "once": ([], ONCE),
    "for today": ([], [(TODAY, leaving(TODAY))]),
    "earlier": ([], [(april(9), leaving(JULY)), (april(10), leaving(MAY))]),
    "there and back": ([], AGAIN),
    "another mentor from June": ([(april(2), next_mentor)], ONCE),
    "another mentor from June, there and back": ([(april(2), next_mentor)], AGAIN),
    "withdrawn": ([(april(2), withdrawn)], ONCE),
}
"""What there was, and the reports of a last day."""


@pytest.mark.parametrize(
    ("engine", "given", "case"),
    [*product(["sqlite"], [ect, mentor], REPORTED), ("postgresql", ect, "another mentor from June, there and back")],
    indirect=["engine"],
)
def test_everything_is_as_if_it_had_not_been_reported(world, given, case):
    past, reports = REPORTED[case]
    ada = given(*past)
    before = state(ada)
    ada = live_through(ada, reports)
    assert state(ada) != before
    stored_before = stored()
    with clock_at(TODAY):
        event = stay(ada)
    assert state(ada) == before
    last_day = display(ada.finished_on)
    assert event.heading.endswith(f" told us that {ADA} was staying, and not leaving on {last_day}")
    check_between(stored_before, stored())
    check_always()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (lambda: ect(LEAVES), AMBITION),
        (lambda: mentor(LEAVES), AMBITION),
        (lambda: ect(LEAVES, training=AWAITING), None),
        (lambda: ect(LEAVES, training=SCHOOL_LED), None),
        (lambda: ect(LEAVES, training=None), None),
        (lambda: ect((april(2), deferred), LEAVES), None),
        (lambda: ect((april(2), withdrawn), LEAVES), None),
        (lambda: mentor((april(2), training(finished_on=april(3))), LEAVES), None),
        (lambda: ect(LEAVES, (april(10), known_of(trs_induction_completed_date=april(10)))), None),
    ],
)
def test_which_lead_provider_sees_that_they_stay(world, given, told):
    """The one that has confirmed that it trains them, and goes on doing so."""
    assert stay(given()).details["lead_provider"] == told


def test_whose_mentor_somebody_goes_on_being(world):
    peter = person("Peter Marsh", "mentor")
    named = (
        ect(name="Ann Stays"),
        ect(name="Bea Passed", induction="Passed"),
        ect((TODAY, leaving(TODAY)), name="Cy Today"),
    )
    ours = {each.name for each in named}
    live_through(peter, [LEAVES])
    assert ours & {*stay(peter).details["others"]} == {"Ann Stays"}


def test_a_mentor_was_replaced_meanwhile(world):
    """The school’s choice holds, not the mentor who was to come before."""
    ada = ect((april(2), next_mentor), LEAVES, (april(10), assigned("Margaret Evans")))
    stay(ada)
    latest = max(Participant.get_by_id(ada.id).mentorships, key=lambda each: each.started_on)
    assert (latest.mentor.name, latest.finished_on) == ("Margaret Evans", None)


def assigned(name: str):
    return lambda ada: participants.change_mentor(ada, tutor_of(ada), mentor_id=person(name, "mentor").id)


@pytest.mark.parametrize("act", [given_to_teach_first, withdrawn], ids=["another provider", "withdrawn"])
def test_what_was_done_meanwhile_stays(world, act):
    ada = ect(LEAVES, (april(15), act))
    stay(ada)
    period = Participant.get_by_id(ada.id).training_period
    assert period.finished_on == (None if act is given_to_teach_first else april(15))


def test_both_were_leaving_on_the_same_day(world):
    """The mentorship goes on when both stay, whoever stays first."""
    ada = ect(LEAVES)
    peter = person("Peter Marsh", "mentor")
    leaving(MAY)(peter)
    stay(Participant.get_by_id(ada.id))
    assert [m.finished_on for m in Participant.get_by_id(ada.id).mentorships] == [MAY]
    stay(person("Peter Marsh", "mentor"))
    assert [m.finished_on for m in Participant.get_by_id(ada.id).mentorships] == [None]


def next_school(from_day: date):
    def step(ada: Participant) -> None:
        registered_elsewhere(from_day - timedelta(days=1))(ada)
        TrainingPeriod.update(finished_on=from_day - timedelta(days=1)).where(
            TrainingPeriod.participant == ada
        ).execute()
        Mentorship.update(finished_on=from_day - timedelta(days=1)).where(Mentorship.ect == ada).execute()
        person_at(NORTHBROOK, "ect", ada.teacher, from_day)

    return step


def test_another_school_has_registered_them(naomi):
    """Then the last day stays the day before, and nobody says that this school told it."""
    ada = ect((april(9), leaving(JULY)), (april(10), next_school(JUNE)))
    naomi.get(f"/school/ects/{ada.id}")
    assert "Your school told us their last day is 17 July 2026." in naomi.text
    assert (
        f"Another school has registered {ADA} from 1 June 2026. Their last day at your school stays 31 May"
        in naomi.text
    )
    naomi.click(f"Tell us that {ADA} is staying")
    naomi.submit("Confirm and continue")
    assert "Their last day at your school is still 31 May 2026" in naomi.text
    now = Participant.get_by_id(ada.id)
    assert (now.finished_on, now.is_leaving) == (date(2026, 5, 31), False)


def test_a_mentor_whose_end_somebody_else_set(naomi):
    """No other school has a part in it, and it comes back."""
    ada = mentor((april(8), registered_elsewhere(JULY)))
    page = f"/school/mentors/{ada.id}/report-teacher-leaving/leaving-date"
    naomi.get(page).submit("Continue", Day="1", Month="8", Year="2026")
    assert "Another school" not in naomi.text
    assert "An earlier last day was recorded before. Their last day at your school stays 17 July 2026." in naomi.text
    leaving(MAY)(ada)
    stay(Participant.get_by_id(ada.id))
    assert Participant.get_by_id(ada.id).finished_on == JULY


def test_a_mentor_in_training_elsewhere_since_is_not_trained_twice(world):
    ada = mentor(LEAVES)
    train(person_at(NORTHBROOK, "mentor", ada.teacher), "Teach First", started_on=JUNE)
    stay(ada)
    assert [p.finished_on for p in Participant.get_by_id(ada.id).training_periods] == [date(2026, 5, 31)]
    check_always()


def test_only_of_somebody_who_is_leaving(world):
    for participant in (ect(), mentor(name="Grace Page"), ect((TODAY, registered_elsewhere(MAY)), name="Going There")):
        with pytest.raises(RuleBroken, match="not_leaving"):
            stay(participant)
    ada = ect(LEAVES, (april(10), leaving(JULY)), name="Gone Then")
    with clock_at(JULY + timedelta(days=1)), pytest.raises(RuleBroken, match="has_left"):
        stay(ada)


def test_leaving_can_be_reported_and_taken_back_again(naomi):
    ada = ect(LEAVES)
    for _ in range(2):
        naomi.get(f"/school/ects/{ada.id}").click(f"Tell us that {ADA} is staying")
        naomi.submit("Confirm and continue")
        assert naomi.heading == f"You have told us that {ADA} is staying"
        assert f"Peter Marsh continues to mentor {ADA}." in naomi.text
        assert "Ambition Institute can now see" in naomi.text
        naomi.click(f"Back to {ADA}’s details")
        assert naomi.row("Status") == "Registered"
        leaving(MAY)(Participant.get_by_id(ada.id))
    assert ada.events.count() == 5
