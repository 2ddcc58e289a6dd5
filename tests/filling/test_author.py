"""What files change is changed by the acts of domain/, whose author is then the service itself."""

from datetime import date

import pytest

from domain import departures, participants, training
from domain.changes import RuleBroken, System
from models import Event, LeadProvider
from tests.conftest import person
from tests.invariants import check_always
from tests.reports import AMBITION

SYSTEM = System()
ACTS = {
    "We changed Hannah Clarke’s email address": lambda hannah: participants.change_email_address(
        hannah, SYSTEM, email="h.clarke@example.org"
    ),
    "We changed Hannah Clarke’s working pattern to part time": lambda hannah: participants.change_working_pattern(
        hannah, SYSTEM, working_pattern="part_time"
    ),
    "We changed Hannah Clarke’s mentor from Peter Marsh to John Doe": lambda hannah: participants.change_mentor(
        hannah, SYSTEM, mentor_id=person("John Doe", "mentor").id
    ),
    "We changed Hannah Clarke’s lead provider from Ambition Institute to Teach First": lambda hannah: (
        training.change_lead_provider(hannah, SYSTEM, lead_provider_id=LeadProvider.get(name="Teach First").id)
    ),
    f"We changed Hannah Clarke’s training programme from provider-led with {AMBITION} to school-led": lambda hannah: (
        training.change_training_programme(hannah, SYSTEM, training_programme="school_led")
    ),
    "We were told that Hannah Clarke’s last day would be 17 July 2026": lambda hannah: departures.report_leaving(
        hannah, SYSTEM, leaving_on=date(2026, 7, 17)
    ),
}


@pytest.mark.parametrize("heading", ACTS)
def test_acts_of_the_service_itself_say_so(world, heading):
    ACTS[heading](person("Hannah Clarke"))
    event = Event.select().order_by(Event.id.desc()).where(Event.participant == person("Hannah Clarke")).first()
    assert event.heading == heading
    assert (event.author_type, event.school_user) == ("system", None)
    check_always()


def test_whoever_has_left_is_not_changed_by_it_either(world):
    gone = person("Hannah Clarke")
    departures.report_leaving(gone, SYSTEM, leaving_on=date(2026, 4, 17))
    with pytest.raises(RuleBroken) as refused:
        participants.change_email_address(person("Hannah Clarke"), SYSTEM, email="h.clarke@example.org")
    assert refused.value.errors == {"participant": "has_left"}
