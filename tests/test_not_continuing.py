"""A mentor whom a lead provider withdrew, of whom the school says that mentor training does not go on: a journey
without a question."""

from datetime import date, timedelta

import pytest

from clock import clock_at, today
from domain import training
from domain.changes import RuleBroken
from models import Enrolment, Event
from tests.conftest import TODAY, both_engines
from tests.given import ADA, deferred, ect, mentor, withdrawn
from tests.reports import april, given_to_teach_first, leaving, live_through, not_continuing, resumed, tutor_of

COMPLETED = {"on": april(1), "reason": "completed_declaration_received"}
ENDED = {"funding_ended": COMPLETED, "training": {"lead_provider": "Ambition Institute", "year": 2025}}
LINK = "not continuing mentor training"


WITHDRAWN, GIVEN_UP = (april(8), withdrawn), (april(9), not_continuing)

RESUMED = (april(10), resumed)
CASES = [
    # What there was: (who, history, what is otherwise) → status, whether the journey is offered.
    (mentor, [], {}, "registered", False),
    (mentor, [(april(8), deferred)], {}, "deferred", False),
    (mentor, [WITHDRAWN], {}, "withdrawn", True),
    (mentor, [(april(7), deferred), WITHDRAWN], {}, "withdrawn", True),
    (mentor, [WITHDRAWN, (april(9), leaving(date(2026, 7, 17)))], {}, "leaving", True),
    (mentor, [WITHDRAWN], ENDED, "registered", False),
    (mentor, [], {"training": None}, "registered", False),
    (ect, [WITHDRAWN], {}, "withdrawn", False),
    (mentor, [WITHDRAWN, GIVEN_UP], {}, "registered", False),
    (mentor, [WITHDRAWN, GIVEN_UP, RESUMED], {}, "registered", False),
    (mentor, [WITHDRAWN, GIVEN_UP, RESUMED, (april(14), withdrawn)], {}, "withdrawn", True),
    (mentor, [WITHDRAWN, GIVEN_UP, (april(10), given_to_teach_first)], {}, "registered", False),
]


def test_of_whom_it_is_said(world):
    for make, history, row, status, is_offered in CASES:
        ada = make(*history, **row)
        assert (history, ada.status, training.can_end_mentor_training(ada)) == (history, status, is_offered)
        if is_offered:
            event = training.end_mentor_training(ada, tutor_of(ada))
            assert event.heading.endswith(f" told us that {ADA} was not continuing mentor training")
            assert ada.events.count() == event.version
        else:
            count = Event.select().count()
            with pytest.raises(RuleBroken, match="not_offered"):
                training.end_mentor_training(ada, tutor_of(ada))
            assert Event.select().count() == count


def test_the_pages_say_so_and_lead_on(naomi):
    mentor(WITHDRAWN)
    card = naomi.get("/school/mentors").card(ADA)
    assert "not continuing mentor training" in card.text()
    naomi.click(f"tell us on {ADA}’s record")
    naomi.click(LINK)
    naomi.submit("Confirm and continue")
    assert naomi.heading == f"You have told us that {ADA} is not continuing mentor training"
    naomi.click(f"Back to {ADA}’s details")
    assert naomi.row("Status") == "Registered"
    assert f"{ADA} is not in mentor training." in naomi.text
    assert LINK not in naomi.links
    card = naomi.get("/school/mentors").card(ADA).text()
    assert f"{ADA} is not in mentor training." in card
    assert "they no longer train" not in card
    naomi.click(ADA).click("select a lead provider")
    naomi.choose("Teach First").submit("Confirm change")
    naomi.click(f"Back to {ADA}’s details")
    assert naomi.row("Lead provider").startswith("Teach First")
    assert "is not in mentor training" not in naomi.text


def test_it_can_be_said_again_after_a_second_withdrawal(naomi):
    """What was confirmed the first time isn’t taken for it."""
    ada = mentor(WITHDRAWN)
    check = f"/school/mentors/{ada.id}/not-continuing-mentor-training/check-answers"
    naomi.get(check).submit("Confirm and continue")
    naomi.get(check)
    assert naomi.path.endswith("/confirmation"), "it is done, and the browser’s Back shows it"
    live_through(ada, [(TODAY, resumed)])
    with clock_at(TODAY + timedelta(days=1)):
        live_through(ada, [(today(), withdrawn)])
        naomi.get(check)
        assert naomi.path == check
        naomi.submit("Confirm and continue")
        assert naomi.path.endswith("/confirmation")
    assert [event.event_type for event in ada.events].count("teacher_ends_mentor_training") == 2


@both_engines
def test_lead_providers_are_told_the_same_as_before(world):
    ada = mentor(WITHDRAWN, GIVEN_UP)
    (seen,) = Enrolment.select().where(Enrolment.teacher == ada.teacher)
    assert seen.training_status == "withdrawn"
    assert ada.training_period.finished_on == april(8) < TODAY
