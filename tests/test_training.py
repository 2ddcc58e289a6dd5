"""What becomes of training when the school changes lead provider or programme, through the acts."""

from datetime import date, timedelta
from functools import partial

import pytest

from clock import clock_at, now
from domain import participants, reports, training
from domain.changes import RuleBroken
from domain.queries import training_with_providers
from models import (
    ActiveLeadProvider,
    ContractPeriod,
    DeliveryPartner,
    Event,
    LeadProvider,
    Participant,
    SchoolPartnership,
    SchoolUser,
    TrainingPeriod,
)
from tests.conftest import TODAY, person
from tests.reports import ST_JOHNS, person_at, stored, train

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
LONG_AGO = date(2025, 9, 1)


def provider(name: str) -> LeadProvider:
    return LeadProvider.select().where(LeadProvider.name.startswith(name)).get()


def naomi() -> SchoolUser:
    return SchoolUser.get(name="Naomi Fletcher")


def periods(participant: Participant) -> list[TrainingPeriod]:
    found = training_with_providers().where(TrainingPeriod.participant == participant)
    return list(found.order_by(TrainingPeriod.started_on, TrainingPeriod.id))


def described(participant: Participant) -> list[str]:
    """The participant's training as lines: provider or programme, `?` when unconfirmed, its days, its mark."""
    return [
        f"{(period.lead_provider.name if period.lead_provider else period.training_programme)}"
        f"{'' if period.is_confirmed or not period.is_provider_led else '?'} "
        f"{period.started_on:%d.%m.%y}–{period.finished_on or 'open':{'%d.%m.%y' if period.finished_on else ''}}"
        f"{'' if period.training_status == 'active' else ' ' + period.training_status}"
        for period in periods(participant)
    ]


def change(participant: Participant, name: str) -> Event:
    return training.change_lead_provider(participant, naomi(), lead_provider_id=provider(name).id)


def to_school_led(participant: Participant) -> Event:
    return training.change_training_programme(participant, naomi(), training_programme="school_led")


def to_provider_led(participant: Participant, name: str) -> Event:
    return training.change_training_programme(
        participant, naomi(), training_programme="provider_led", lead_provider_id=provider(name).id
    )


BEFORE = [
    # When training with Ambition Institute begins and ends, and whether it is confirmed: what stays of it, and from
    # when what the school chooses today goes on.
    (LONG_AGO, None, True, ["Ambition Institute 01.09.25–19.04.26"], "20.04.26"),
    (YESTERDAY, None, True, ["Ambition Institute 19.04.26–19.04.26"], "20.04.26"),
    (LONG_AGO, None, False, [], "20.04.26"),
    (TODAY, None, True, [], "20.04.26"),
    (TODAY, None, False, [], "20.04.26"),
    (TOMORROW, None, True, [], "21.04.26"),
    (LONG_AGO, YESTERDAY, True, ["Ambition Institute 01.09.25–19.04.26"], "20.04.26"),
    (LONG_AGO, date(2026, 2, 1), True, ["Ambition Institute 01.09.25–01.02.26"], "20.04.26"),
    (LONG_AGO, date(2026, 2, 1), False, ["Ambition Institute? 01.09.25–01.02.26"], "20.04.26"),
]


def test_another_lead_provider_or_school_led_training(world):
    for started_on, finished_on, is_confirmed, stays, begins in BEFORE:
        days = {"started_on": started_on, "finished_on": finished_on}
        for choose, chosen in ((partial(change, name="Teach First"), "Teach First?"), (to_school_led, "school_led")):
            train(ada := person_at(ST_JOHNS), is_confirmed=is_confirmed, **days)
            choose(ada)
            assert (days, described(ada)) == (days, [*stays, f"{chosen} {begins}–open"])
        assert periods(ada)[-1].schedule is None


def test_provider_led_training_after_school_led(world):
    school_led = dict.fromkeys(("school_partnership", "expression_of_interest", "schedule"))
    for started_on, stays, begins in (
        (LONG_AGO, ["school_led 01.09.25–19.04.26"], "20.04.26"),
        (TODAY, [], "20.04.26"),
        (TOMORROW, [], "21.04.26"),
    ):
        train(ada := person_at(ST_JOHNS), training_programme="school_led", started_on=started_on, **school_led)
        to_provider_led(ada, "Teach First")
        assert described(ada) == [*stays, f"Teach First? {begins}–open"]


def test_a_mark_and_its_day_stay(world):
    """Withdrawn or deferred today: the period's end moves to yesterday. Earlier: nothing of it moves."""
    for act, mark in ((reports.withdraw, "withdrawn"), (reports.defer, "deferred")):
        for marked_on in (TODAY, YESTERDAY):
            train(ada := person_at(ST_JOHNS))
            with clock_at(marked_on):
                act(provider("Ambition"), ada.teacher, course_identifier="ecf-induction", reason="other")
                marked_at = now()
            change(ada, "Teach First")
            assert described(ada) == [f"Ambition Institute 01.09.25–19.04.26 {mark}", "Teach First? 20.04.26–open"]
            assert getattr(periods(ada)[0], f"{mark}_at") == marked_at
            assert Participant.get_by_id(ada.id).training_status == "active"


def test_a_provider_that_works_with_the_school_confirms_at_once(world):
    hannah = person("Hannah Clarke")
    event = change(hannah, "UCL")
    assert described(hannah)[-1] == "UCL Institute of Education 20.04.26–open"
    assert event.details["is_confirmed"] is True
    assert periods(hannah)[-1].expression_of_interest is None


def test_of_several_partnerships_the_oldest_counts(world):
    steven = person("Steven Taylor")
    active = ActiveLeadProvider.get(lead_provider=provider("Teach First"), contract_period=2024)
    partners = [DeliveryPartner.create(name=name) for name in ("Second", "First")]
    for partner, days_ago in zip(partners, (1, 2), strict=True):
        SchoolPartnership.create(
            school=steven.school,
            active_lead_provider=active,
            delivery_partner=partner,
            created_at=now() - timedelta(days=days_ago),
        )
    change(steven, "Teach First")
    assert periods(steven)[-1].delivery_partner.name == "First"


def test_changing_twice_on_one_day_leaves_one_change(world):
    steven = person("Steven Taylor")
    change(steven, "Teach First")
    change(person("Steven Taylor"), "UCL")
    assert described(steven) == [
        "Ambition Institute 08.09.24–13.04.26 withdrawn",
        "UCL Institute of Education 20.04.26–open",
    ]
    assert [event.details.get("old_lead_provider") for event in steven.events.order_by(Event.version)][1:] == [
        "Ambition Institute",
        "Teach First",
    ]


def test_new_training_ends_when_the_person_leaves(world):
    emily = person("Emily Roberts")
    change(emily, "Teach First")
    assert periods(emily)[-1].finished_on == emily.finished_on


def test_somebody_who_starts_later_is_trained_from_that_day(world):
    train(ada := person_at(ST_JOHNS, started_on=TOMORROW))
    change(ada, "UCL")
    assert described(ada) == ["UCL Institute of Education 21.04.26–open"]


def test_one_event_one_version_and_the_api_notices(world):
    hannah = person("Hannah Clarke")
    before = hannah.teacher.api_updated_at
    with clock_at(TODAY + timedelta(days=1)):
        event = change(hannah, "Teach First")
    after = person("Hannah Clarke")
    assert (after.version, after.events.count()) == (hannah.version + 1, hannah.events.count())
    assert after.teacher.api_updated_at > before
    assert (
        event.heading == "Naomi Fletcher changed Hannah Clarke’s lead provider from Ambition Institute to Teach First"
    )
    assert (event.author_type, event.author_name) == ("school_user", "Naomi Fletcher")


def test_refused_lead_providers(world):
    for name, chosen, errors in (
        ("Hannah Clarke", "Ambition", {"lead_provider_id": "already"}),
        ("Steven Taylor", "Ambition", {"lead_provider_id": "already"}),
        ("Hannah Clarke", "Capita", {"lead_provider_id": "unknown"}),
        ("Thomas Walker", "Teach First", {"participant": "not_offered"}),
    ):
        participant, before = person(name), stored()
        with pytest.raises(RuleBroken) as refusal:
            change(participant, chosen)
        assert refusal.value.errors == errors
        assert stored() == before


# --- contract period and schedule --------------------------------------------------------------


def freeze(*years: int, at=None) -> None:
    ContractPeriod.update(payments_frozen_at=at or now()).where(ContractPeriod.year << years).execute()


def test_a_closed_contract_period_is_left_for_one_that_is_open_and_remembered(world):
    freeze(2023, 2024)
    steven = person("Steven Taylor")
    change(steven, "Teach First")
    period = periods(steven)[-1]
    assert (period.contract_period.year, period.schedule) == (2025, "ecf-extended-september")
    assert person("Steven Taylor").teacher.ect_payments_frozen_year == 2024


def test_a_contract_period_that_closes_tomorrow_is_open_today(world):
    freeze(2024, at=now() + timedelta(days=1))
    assert training.contract_period_for(person("Steven Taylor")).year == 2024


def test_only_those_with_a_contract_are_offered_alphabetically(world):
    ActiveLeadProvider.get(lead_provider=provider("National"), contract_period=2024).delete_instance(recursive=True)
    assert [each.name for each in training.offered_lead_providers(person("Steven Taylor"))] == [
        "Best Practice Network (home of Outstanding Leaders Partnership)",
        "Education Development Trust",
        "Teach First",
        "UCL Institute of Education",
    ]


def test_standard_schedule():
    standard = {1: "january", 2: "january", 3: "april", 5: "april", 6: "september", 10: "september", 11: "january"}
    for month, schedule in standard.items():
        assert training.standard_schedule(date(2026, month, 1)) == f"ecf-standard-{schedule}"


# --- another programme -----------------------------------------------------------------------------------------


def test_the_mentors_own_training_is_left_alone(world):
    before = described(person("Peter Marsh", "mentor"))
    to_school_led(person("Hannah Clarke"))
    assert described(person("Peter Marsh", "mentor")) == before


def test_the_former_provider_can_be_chosen_again_after_school_led(world):
    steven = person("Steven Taylor")
    to_school_led(steven)
    to_provider_led(person("Steven Taylor"), "Ambition")
    assert described(steven) == ["Ambition Institute 08.09.24–13.04.26 withdrawn", "Ambition Institute 20.04.26–open"]


@pytest.mark.parametrize(
    ("mentor", "is_funded", "begins"),
    [
        ("Margaret Evans", True, True),  # never trained
        ("Margaret Evans", False, False),
        ("Peter Marsh", True, False),  # in training here
    ],
)
def test_the_mentor_of_a_new_provider_led_ect(world, mentor, is_funded, begins):
    thomas, new = person("Thomas Walker"), person(mentor, "mentor")
    if not is_funded:
        new.teacher.mentor_became_ineligible_for_funding_on = YESTERDAY
        new.teacher.mentor_became_ineligible_for_funding_reason = "started_not_completed"
        new.teacher.save()
    if thomas.mentor != new:
        participants.change_mentor(thomas, naomi(), mentor_id=new.id)
    before = described(person(mentor, "mentor"))
    to_provider_led(person("Thomas Walker"), "Teach First")
    after = person(mentor, "mentor")
    assert described(after) == before + (["Teach First? 20.04.26–open"] if begins else [])
    begun = [event for event in after.events if event.event_type == "teacher_starts_training_period"]
    assert bool(begun) is begins
    assert after.version == after.events.count()


def test_an_ect_without_a_mentor_becomes_provider_led(world):
    for mentorship in person("Thomas Walker").mentorships:
        mentorship.delete_instance()
    to_provider_led(person("Thomas Walker"), "Teach First")
    assert described(person("Thomas Walker"))[-1] == "Teach First? 20.04.26–open"


def test_a_programme_that_is_none_or_that_the_person_is_on_already(world):
    for name, programme in (("Hannah Clarke", "provider_led"), ("Thomas Walker", "school_led"), ("Thomas Walker", "x")):
        with pytest.raises(RuleBroken):
            training.change_training_programme(person(name), naomi(), training_programme=programme)
    with pytest.raises(RuleBroken):
        to_school_led(person("John Doe", "mentor"))
