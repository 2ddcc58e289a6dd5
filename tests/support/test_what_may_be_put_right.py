"""The rules of what support puts right, by the acts themselves: what may be put right of whom, and to what."""

from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.changes import RuleBroken
from domain.corrections import (
    could_stay_until,
    marks_of,
    moves_of_marks,
    put_right_day_of_mark,
    put_right_last_day,
    put_right_mark,
    put_right_not_left,
    put_right_training_of_mark,
)
from domain.data_checks import broken
from domain.queries import participants_for_rules
from domain.training import can_end_mentor_training
from models import Event, Participant, TrainingPeriod
from tests.conftest import TODAY, person
from tests.given import ect, mentor, mentored
from tests.reports import (
    AMBITION,
    NORTHBROOK,
    ST_JOHNS,
    TEACH_FIRST,
    april,
    deferred,
    leaving,
    live_through,
    not_continuing,
    person_at,
    report,
    train,
    withdrawn,
)
from tests.support.test_corrections import WHY, at_two_schools, march


def test_a_last_day_goes_up_to_the_next_place(author):
    here = at_two_schools()
    there = here.teacher.participants.where(Participant.id != here.id).get()
    put_right_last_day(there, author, last_day=date(2025, 8, 29), reason=WHY)
    put_right_last_day(there, author, last_day=date(2025, 8, 31), reason=WHY)
    with pytest.raises(RuleBroken) as refused:
        put_right_last_day(there, author, last_day=here.started_on, reason=WHY)
    assert refused.value.errors == {"last_day": "placed_later"}


@pytest.mark.parametrize(
    ("role", "other_role", "other_school", "until"),
    [
        ("ect", "ect", NORTHBROOK, april(30)),
        ("ect", "mentor", ST_JOHNS, None),
        ("mentor", "mentor", ST_JOHNS, april(30)),
        ("mentor", "mentor", NORTHBROOK, None),
        ("mentor", "ect", ST_JOHNS, None),
    ],
)
def test_what_rules_out_that_they_stay(world, role, other_role, other_school, until):
    here = person_at(ST_JOHNS, role, finished_on=april(10))
    person_at(other_school, other_role, here.teacher, date(2026, 5, 1))
    (here,) = participants_for_rules([here.id])
    assert could_stay_until(here) == until


@pytest.mark.parametrize(
    ("on", "says"), [(april(19), "they did not leave on 19"), (TODAY, "they are not leaving on 20")]
)
def test_whoever_leaves_today_has_not_left(author, on, says):
    assert says in put_right_not_left(ect((march(2), leaving(on))), author, reason=WHY).heading


EARLIER, NOON = date(2025, 1, 6), datetime(2026, 2, 2, 12, tzinfo=UTC)
PAUSED = {"deferred_at": NOON, "deferral_reason": "other", "finished_on": NOON.date()}
STOPPED = {"withdrawn_at": NOON, "withdrawal_reason": "other", "finished_on": NOON.date()}
MEANT = [
    (withdrawn, AMBITION, {}, True),
    (withdrawn, AMBITION, {"is_confirmed": False}, False),
    (withdrawn, TEACH_FIRST, {}, False),
    (withdrawn, AMBITION, {"started_on": march(1)}, True),
    (withdrawn, AMBITION, {"started_on": march(2)}, False),
    (withdrawn, AMBITION, PAUSED, True),
    (withdrawn, AMBITION, PAUSED | {"deferred_at": NOON + timedelta(30), "finished_on": march(4)}, False),
    (withdrawn, AMBITION, STOPPED, False),
    (deferred, AMBITION, {}, True),
    (deferred, AMBITION, PAUSED, False),
    (deferred, AMBITION, STOPPED, False),
]
"""What the lead provider reported here; who trains the same person as a mentor at another school, how; and whether it
may have meant that."""


def test_which_training_a_lead_provider_may_have_meant(world):
    for reported, by, columns, is_meant in MEANT:
        ada = ect((march(2), reported))
        there = person_at(NORTHBROOK, "mentor", ada.teacher, EARLIER)
        train(there, by, **{"started_on": EARLIER} | columns)
        moves = moves_of_marks(*participants_for_rules([ada.id]))
        assert [place for _, place, _ in moves.values()] == ([there] if is_meant else []), (by, columns)


@pytest.mark.parametrize(("role", "is_meant"), [("mentor", True), ("ect", False)])
def test_that_somebody_no_longer_mentors_is_not_said_of_an_ect(world, role, is_meant):
    here = mentor((march(2), lambda ada: report("withdraw", ada, reason="mentor-no-longer-being-mentor")))
    train(person_at(NORTHBROOK, role, here.teacher, EARLIER, finished_on=date(2025, 8, 31)), year=2024)
    assert bool(moves_of_marks(*participants_for_rules([here.id]))) == is_meant


DAYS_OF_TWO_MARKS = [
    ("withdrawal", march(2), "before_deferral"),
    ("withdrawal", march(3), None),
    ("withdrawal", TODAY, None),
    ("deferral", TODAY, "after_withdrawal"),
    ("deferral", april(19), None),
    ("deferral", date(2025, 9, 2), None),
]


def test_training_is_paused_before_it_is_stopped(author):
    ada = ect((march(2), deferred), (march(20), withdrawn))
    for kind, on, code in DAYS_OF_TWO_MARKS:
        (mark,) = (each for each in marks_of(ada.training_periods) if each.kind == kind)
        with pytest.raises(RuleBroken) if code else nullcontext() as refused:
            put_right_day_of_mark(ada, author, mark=mark.key, marked_on=on, reason=WHY)
        assert not code or refused.value.errors == {"marked_on": code}
        assert not broken()


def test_a_mark_moves_to_another_day_or_to_earlier_training_at_the_same_school(author):
    train(ada := person_at(ST_JOHNS), finished_on=march(2))
    train(ada, started_on=march(10))
    live_through(ada, [(march(20), deferred)])
    (mark,) = marks_of(ada.training_periods)
    put_right_day_of_mark(ada, author, mark=mark.key, marked_on=march(23), reason=WHY)
    (move,) = moves_of_marks(*participants_for_rules([ada.id]))
    event = put_right_training_of_mark(ada, author, move=move, reason=WHY)
    assert [each.partition(":")[0] for each in event.modifications] == 2 * [
        "deferred_at",
        "deferral_reason",
        "finished_on",
    ]
    assert [each.deferred_at is not None for each in ada.training_periods.order_by(TrainingPeriod.started_on)] == [
        True,
        False,
    ]


def test_a_school_is_asked_again_about_a_mentor_who_is_withdrawn_again(author):
    margaret = mentor((march(2), withdrawn), (march(3), not_continuing))
    (mark,) = marks_of(margaret.training_periods)
    put_right_mark(margaret, author, mark=mark.key, reason=WHY)
    withdrawn(margaret)
    (margaret,) = participants_for_rules([margaret.id])
    assert can_end_mentor_training(margaret)


def test_how_long_their_mentor_mentored_them_is_told(author):
    mentored_from = mentored("Peter Marsh", march(10))
    ada, told = ect((march(10), mentored_from), (march(11), leaving(march(27))), mentor=None), []
    for act, answers in (
        (put_right_last_day, {"last_day": march(30)}),
        (put_right_not_left, {}),
        (put_right_last_day, {"last_day": march(9)}),
    ):
        version = act(ada, author, **answers, reason=WHY).id
        told += [event.heading.partition(": ")[2] for event in Event.select().where(Event.id > version)]
    assert told == [
        "Peter Marsh’s last day mentoring Ada Moss is 30 March 2026",
        "Peter Marsh goes on mentoring Ada Moss",
        "Peter Marsh did not mentor Ada Moss",
    ]


def test_of_two_ects_each_is_told_of_their_own_time_with_the_mentor(author):
    peter = person("Peter Marsh", "mentor")
    ect((march(2), leaving(march(20))))
    stays = ect()
    live_through(peter, [(march(21), leaving(march(27)))])
    event = put_right_last_day(peter, author, last_day=march(30), reason=WHY)
    told = {each.participant_id: each.heading for each in Event.select().where(Event.id > event.id)}
    assert told[stays.id].endswith("last day mentoring Ada Moss is 30 March 2026")
