"""A lead provider and somebody else act on one participant at the same moment: one after the other, by the rules."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from clock import OWN, World, entered, in_utc
from database import db
from domain.changes import RuleBroken
from models import Participant
from tests.conftest import TODAY, both_engines
from tests.reports import (
    ST_JOHNS,
    STARTED_ON,
    april,
    deferred,
    given_to_teach_first,
    live_through,
    periods_of,
    person_at,
    resumed,
    train,
    withdrawn,
)

pytestmark = both_engines

TIMES = 8


def at_once(participant: Participant, acts: list[Callable]) -> list[bool]:
    """Which of these acts are done, the others refused, when each is tried on a connection of its own."""
    ready = threading.Barrier(len(acts), timeout=10)

    def is_done(act):
        with entered(World(OWN, in_utc(TODAY))), db.connection_context():
            seen = Participant.get_by_id(participant.id)
            ready.wait()
            try:
                act(seen)
            except RuleBroken:
                return False
            return True

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(is_done, acts))


CASES = {
    "withdraw, defer": (
        [],
        [withdrawn, deferred],
        [([True, True], ["withdrawn"]), ([True, False], ["withdrawn"])],
    ),
    "withdraw, withdraw": (
        [],
        [withdrawn, withdrawn],
        [([True, False], ["withdrawn"]), ([False, True], ["withdrawn"])],
    ),
    "defer, defer": (
        [],
        [deferred, deferred],
        [([True, False], ["deferred"]), ([False, True], ["deferred"])],
    ),
    "resume, resume": (
        [(april(13), withdrawn)],
        [resumed, resumed],
        [([True, False], ["withdrawn", "active"]), ([False, True], ["withdrawn", "active"])],
    ),
    "withdraw what is paused, resume": (
        [(april(13), deferred)],
        [withdrawn, resumed],
        [([True, True], ["withdrawn", "active"]), ([False, True], ["deferred", "active"])],
    ),
    "withdraw, change lead provider": (
        [],
        [withdrawn, given_to_teach_first],
        [([True, True], ["withdrawn", "active"])],
    ),
    "resume, change lead provider": (
        [(april(13), withdrawn)],
        [resumed, given_to_teach_first],
        # What was resumed today is replaced in place.
        [([True, True], ["withdrawn", "active"]), ([False, True], ["withdrawn", "active"])],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_two_acts_at_the_same_moment(world, case):
    history, acts, outcomes = CASES[case]
    for _ in range(TIMES):
        ect = person_at(ST_JOHNS)
        train(ect, started_on=STARTED_ON)
        live_through(ect, history)
        done = at_once(ect, acts)
        assert (done, [period.training_status for period in periods_of(ect)]) in outcomes
        after = Participant.get_by_id(ect.id)
        assert after.version == after.events.count() == len(history) + sum(done)


def test_a_withdrawal_while_the_school_replaces_the_training_on_its_first_day(world):
    for _ in range(TIMES):
        ect = person_at(ST_JOHNS, started_on=TODAY)
        train(ect)
        assert at_once(ect, [withdrawn, given_to_teach_first]) == [False, True]
        [period] = periods_of(ect)
        assert (period.training_status, period.is_confirmed) == ("active", False)
