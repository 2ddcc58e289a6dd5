"""What becomes of training when the school changes lead provider or programme, through the acts."""

from datetime import date, timedelta

import pytest

from clock import clock_at, now
from domain import participants, reports, training
from domain.changes import ChangedSince, RuleBroken, act_as_seen
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
from tests.reports import stored

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


def given(name: str, **columns) -> Participant:
    """Hannah's or another's one training period, made otherwise than the demo world has it."""
    participant = person(name)
    (period,) = periods(participant)
    TrainingPeriod.update(**columns).where(TrainingPeriod.id == period.id).execute()
    return person(name)


def change(participant: Participant, name: str) -> Event:
    return training.change_lead_provider(participant, naomi(), lead_provider_id=provider(name).id)


def unconfirmed(participant: Participant) -> None:
    period = periods(participant)[-1]
    period.expression_of_interest, period.school_partnership = period.active_lead_provider, None
    period.save()


# --- another lead provider -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("started_on", "finished_on", "is_confirmed", "expected"),
    [
        (LONG_AGO, None, True, ["Ambition Institute 01.09.25–19.04.26", "Teach First? 20.04.26–open"]),
        (YESTERDAY, None, True, ["Ambition Institute 19.04.26–19.04.26", "Teach First? 20.04.26–open"]),
        (LONG_AGO, None, False, ["Teach First? 20.04.26–open"]),
        (TODAY, None, True, ["Teach First? 20.04.26–open"]),
        (TODAY, None, False, ["Teach First? 20.04.26–open"]),
        (TOMORROW, None, True, ["Teach First? 21.04.26–open"]),
        (LONG_AGO, YESTERDAY, True, ["Ambition Institute 01.09.25–19.04.26", "Teach First? 20.04.26–open"]),
        (LONG_AGO, date(2026, 2, 1), True, ["Ambition Institute 01.09.25–01.02.26", "Teach First? 20.04.26–open"]),
        (LONG_AGO, date(2026, 2, 1), False, ["Ambition Institute? 01.09.25–01.02.26", "Teach First? 20.04.26–open"]),
    ],
)
def test_change_lead_provider(world, started_on, finished_on, is_confirmed, expected):
    hannah = given("Hannah Clarke", started_on=started_on, finished_on=finished_on)
    if not is_confirmed:
        unconfirmed(hannah)
    change(hannah, "Teach First")
    assert described(hannah) == expected


@pytest.mark.parametrize(("act", "mark"), [(reports.withdraw, "withdrawn"), (reports.defer, "deferred")])
@pytest.mark.parametrize("days_ago", [0, 1])
def test_a_mark_and_its_day_stay(world, act, mark, days_ago):
    """Withdrawn or deferred today: the period's end moves to yesterday. Earlier: nothing of it moves."""
    hannah = person("Hannah Clarke")
    marked_on = TODAY - timedelta(days=days_ago)
    with clock_at(marked_on):
        act(provider("Ambition"), hannah.teacher, course_identifier="ecf-induction", reason="other")
        marked_at = now()
    change(hannah, "Teach First")
    last_day = min(marked_on, YESTERDAY)
    assert described(hannah) == [
        f"Ambition Institute 01.09.25–{last_day:%d.%m.%y} {mark}",
        "Teach First? 20.04.26–open",
    ]
    assert getattr(periods(hannah)[0], f"{mark}_at") == marked_at
    assert person("Hannah Clarke").status == "registered"


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
    hannah = given("Hannah Clarke", started_on=TOMORROW)
    Participant.update(started_on=TOMORROW).where(Participant.id == hannah.id).execute()
    change(person("Hannah Clarke"), "UCL")
    assert described(hannah) == ["UCL Institute of Education 21.04.26–open"]


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


def test_somebody_elses_school_may_not(world):
    david = SchoolUser.get(name="David Lowe")
    with pytest.raises(PermissionError):
        training.change_lead_provider(person("Hannah Clarke"), david, lead_provider_id=provider("Teach First").id)


def test_a_version_seen_before_a_change_is_refused(world):
    hannah = person("Hannah Clarke")
    to_ucl = training.change_lead_provider, hannah, naomi(), hannah.version
    change(hannah, "Teach First")
    before = stored()
    with pytest.raises(ChangedSince):
        act_as_seen(*to_ucl, lead_provider_id=provider("UCL").id)
    assert stored() == before


def test_a_mentor_in_training_at_another_school_is_refused(world):
    peter, there = person("Peter Marsh", "mentor"), person("Catherine Price", "mentor").school
    elsewhere = Participant.create(teacher=peter.teacher, role="mentor", school=there, started_on=LONG_AGO)
    TrainingPeriod.update(finished_on=YESTERDAY).where(TrainingPeriod.participant == peter).execute()
    TrainingPeriod.create(
        participant=elsewhere,
        training_programme="provider_led",
        expression_of_interest=ActiveLeadProvider.get(lead_provider=provider("Teach First"), contract_period=2025),
        schedule="ecf-standard-april",
        started_on=TODAY,
    )
    with pytest.raises(RuleBroken, match="trained_elsewhere"):
        change(peter, "Teach First")


# --- contract period and schedule --------------------------------------------------------------


def freeze(*years: int, at=None) -> None:
    ContractPeriod.update(payments_frozen_at=at or now()).where(ContractPeriod.year << years).execute()


@pytest.mark.parametrize(
    ("frozen", "year", "schedule", "came_from"),
    [
        ([], 2024, "ecf-standard-september", None),
        ([2024], 2023, "ecf-extended-september", 2024),
        ([2023, 2024], 2025, "ecf-extended-september", 2024),
    ],
)
def test_contract_period_is_kept_until_it_closes(world, frozen, year, schedule, came_from):
    freeze(*frozen)
    steven = person("Steven Taylor")
    change(steven, "Teach First")
    period = periods(steven)[-1]
    assert (period.contract_period.year, period.schedule) == (year, schedule)
    assert person("Steven Taylor").teacher.ect_payments_frozen_year == came_from


def test_a_contract_period_that_closes_tomorrow_is_open_today(world):
    freeze(2024, at=now() + timedelta(days=1))
    assert training.contract_period_for(person("Steven Taylor")).year == 2024


def test_no_contract_period_is_open_so_nobody_is_offered(world):
    freeze(*range(2021, 2028))
    assert training.offered_lead_providers(person("Steven Taylor")) == []


def test_a_mentor_moves_out_of_a_closed_contract_period_too(world):
    freeze(2023)
    john = person("John Doe", "mentor")
    change(john, "Teach First")
    assert periods(john)[-1].contract_period.year == 2024
    assert person("John Doe", "mentor").teacher.mentor_payments_frozen_year == 2023


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


def to_school_led(participant: Participant) -> Event:
    return training.change_training_programme(participant, naomi(), training_programme="school_led")


def to_provider_led(participant: Participant, name: str) -> Event:
    return training.change_training_programme(
        participant, naomi(), training_programme="provider_led", lead_provider_id=provider(name).id
    )


@pytest.mark.parametrize(
    ("started_on", "finished_on", "is_confirmed", "expected"),
    [
        (LONG_AGO, None, True, ["Ambition Institute 01.09.25–19.04.26", "school_led 20.04.26–open"]),
        (LONG_AGO, None, False, ["school_led 20.04.26–open"]),
        (TODAY, None, True, ["school_led 20.04.26–open"]),
        (TOMORROW, None, True, ["school_led 21.04.26–open"]),
        (LONG_AGO, date(2026, 2, 1), True, ["Ambition Institute 01.09.25–01.02.26", "school_led 20.04.26–open"]),
        (LONG_AGO, date(2026, 2, 1), False, ["Ambition Institute? 01.09.25–01.02.26", "school_led 20.04.26–open"]),
    ],
)
def test_change_to_school_led(world, started_on, finished_on, is_confirmed, expected):
    hannah = given("Hannah Clarke", started_on=started_on, finished_on=finished_on)
    if not is_confirmed:
        unconfirmed(hannah)
    to_school_led(hannah)
    assert described(hannah) == expected
    assert periods(hannah)[-1].schedule is None


def test_the_mentors_own_training_is_left_alone(world):
    before = described(person("Peter Marsh", "mentor"))
    to_school_led(person("Hannah Clarke"))
    assert described(person("Peter Marsh", "mentor")) == before


@pytest.mark.parametrize(
    ("started_on", "expected"),
    [
        (LONG_AGO, ["school_led 01.09.25–19.04.26", "Teach First? 20.04.26–open"]),
        (TODAY, ["Teach First? 20.04.26–open"]),
        (TOMORROW, ["Teach First? 21.04.26–open"]),
    ],
)
def test_change_to_provider_led(world, started_on, expected):
    thomas = given("Thomas Walker", started_on=started_on)
    to_provider_led(thomas, "Teach First")
    assert described(thomas) == expected


def test_the_former_provider_can_be_chosen_again_after_school_led(world):
    steven = person("Steven Taylor")
    to_school_led(steven)
    to_provider_led(person("Steven Taylor"), "Ambition")
    assert described(steven) == ["Ambition Institute 08.09.24–13.04.26 withdrawn", "Ambition Institute 20.04.26–open"]


@pytest.mark.parametrize(
    ("mentor", "begins"),
    [
        ("Margaret Evans", True),  # never trained
        ("Peter Marsh", False),  # in training here
        ("Alison Hughes", False),  # can't be funded any more
    ],
)
def test_the_mentor_of_a_new_provider_led_ect(world, mentor, begins):
    thomas, new = person("Thomas Walker"), person(mentor, "mentor")
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
