"""In which contract year, and by which schedule, a lead provider is told that it trains somebody: a table of what there
was before, for both roles; and where training at another school is in the way."""

from datetime import date, timedelta

import pytest

from clock import now
from domain import training
from domain.changes import RuleBroken
from models import ActiveLeadProvider, ContractPeriod, LeadProvider, Mentorship, Participant, SchoolUser
from tests.conftest import TODAY
from tests.reports import NORTHBROOK, ST_JOHNS, person_at, train

AUTUMN = date(2026, 9, 1)
HERE, THERE = ST_JOHNS, NORTHBROOK
STANDARD = "ecf-standard-september"

BEFORE = {
    # Each year at a school with its training: (school, from July of, contract year, schedule). Then what is told now:
    # contract year, schedule, and the closed year that the person came from.
    "nothing": ([], (2025, "ecf-standard-april", None)),
    "here in 2024": ([(HERE, 2024, 2024, "ecf-standard-january")], (2024, "ecf-standard-january", None)),
    "elsewhere in 2025": ([(THERE, 2024, 2025, "ecf-extended-january")], (2025, "ecf-extended-january", None)),
    "elsewhere in 2024": ([(THERE, 2024, 2024, STANDARD)], (2024, STANDARD, None)),
    "here, then elsewhere": (
        [(HERE, 2023, 2023, "ecf-standard-april"), (THERE, 2024, 2024, STANDARD)],
        (2023, "ecf-standard-april", None),
    ),
    "twice elsewhere": (
        [(THERE, 2023, 2023, "ecf-standard-april"), (THERE, 2024, 2024, STANDARD)],
        (2024, STANDARD, None),
    ),
    "elsewhere, and planned there": (
        [(THERE, 2024, 2024, "ecf-standard-april"), (THERE, 2027, 2026, STANDARD)],
        (2024, "ecf-standard-april", None),
    ),
    "elsewhere, closed since": ([(THERE, 2023, 2022, "ecf-standard-april")], (2023, "ecf-extended-september", 2022)),
    "here, closed since": ([(HERE, 2023, 2022, "ecf-standard-april")], (2023, "ecf-extended-september", 2022)),
}

SCHOOL_LED = dict.fromkeys(("school_partnership", "expression_of_interest", "schedule")) | {
    "training_programme": "school_led"
}


def given(role: str, before: list[tuple] = (), started_on: date = date(2025, 9, 1)) -> Participant:
    """Somebody at St John's, in school-led training as an ECT or in none as a mentor, after years with Ambition
    Institute."""
    here = person_at(HERE, role, started_on=started_on, finished_on=date(2026, 12, 31))
    for school, year, contract_year, schedule in before:
        days = {"started_on": date(year, 7, 1), "finished_on": date(year + 1, 6, 30)}
        train(person_at(school, role, here.teacher, **days), year=contract_year, schedule=schedule)
    if role == "ect":
        train(here, is_confirmed=True, **SCHOOL_LED)
    return Participant.get_by_id(here.id)


def with_mentor(ect: Participant, mentor: Participant) -> Participant:
    days = {"started_on": max(ect.started_on, mentor.started_on), "finished_on": ect.finished_on}
    Mentorship.create(ect=ect, mentor=mentor, **days)
    return Participant.get_by_id(ect.id)


def made_provider_led(ect: Participant, provider: str = "UCL Institute of Education") -> None:
    user, chosen = SchoolUser.get(school=ect.school_id), LeadProvider.get(name=provider)
    training.change_training_programme(ect, user, training_programme="provider_led", lead_provider_id=chosen.id)


def told(participant: Participant) -> tuple[int, str, int | None]:
    """The year and schedule of the latest training here, and the closed year that the person came from."""
    now_ = Participant.get_by_id(participant.id)
    period = max(now_.training_periods, key=lambda period: period.started_on)
    came_from = getattr(now_.teacher, f"{now_.role}_payments_frozen_year")
    return period.contract_period.year, period.schedule, came_from


def freeze(*years: int) -> None:
    ContractPeriod.update(payments_frozen_at=now()).where(ContractPeriod.year << years).execute()


def test_a_school_led_ect_becomes_provider_led(world):
    for past, (before, expected) in BEFORE.items():
        ada = given("ect", before)
        made_provider_led(ada)
        assert told(ada) == expected, past


def test_a_mentor_is_brought_into_training_with_their_ect(world):
    """Whatever the ECT's own year is: it is looked up for each of the two."""
    for past, (before, expected) in BEFORE.items():
        if not past.startswith("here"):
            mentor = given("mentor", before)
            ect = with_mentor(given("ect", [(THERE, 2024, 2024, "ecf-reduced-january")]), mentor)
            made_provider_led(ect)
            assert told(ect) == (2024, "ecf-reduced-january", None)
            assert told(mentor) == expected, past


def test_a_mentor_for_whose_year_the_provider_has_no_contract_does_not_begin(naomi):
    """It is neither done nor promised."""
    teach_first = LeadProvider.get(name="Teach First")
    ActiveLeadProvider.get(lead_provider=teach_first, contract_period=2023).delete_instance(recursive=True)
    mentor = given("mentor", [(THERE, 2023, 2023, STANDARD)])
    ect = with_mentor(given("ect"), mentor)
    steps = f"/school/ects/{ect.id}/change-training-programme"
    naomi.get(f"{steps}/training-programme").submit("Change training programme")
    assert "start mentor training" not in naomi.text, "which depends on the lead provider"
    naomi.submit("Continue", choose="UCL Institute of Education")
    assert "start mentor training" in naomi.text
    naomi.get(f"{steps}/lead-provider").submit("Continue", choose="Teach First")
    assert "mentor training" not in naomi.text
    naomi.submit("Confirm change")
    assert "mentor training" not in naomi.text
    assert not list(mentor.training_periods)


def test_the_first_training_goes_by_its_first_day(world):
    for starts_on, frozen, expected in (
        (date(2025, 9, 1), [], (2025, "ecf-standard-april", None)),
        (date(2026, 5, 31), [], (2025, "ecf-standard-april", None)),
        (date(2026, 6, 1), [], (2026, "ecf-standard-september", None)),
        (date(2025, 9, 1), [2023, 2024], (2025, "ecf-standard-april", None)),
        (date(2025, 9, 1), [2025], (2026, "ecf-standard-april", None)),
        (AUTUMN, [2026], (2027, "ecf-standard-september", None)),
    ):
        freeze(*frozen)
        ada = given("ect", started_on=starts_on)
        made_provider_led(ada)
        assert told(ada) == expected


def test_no_year_is_open_any_more(world):
    freeze(*range(2021, 2028))
    assert training.contract_period_for(given("ect")) is None


# --- trained elsewhere -----------------------------------------------------------------------------------------


SEPTEMBER = date(2025, 9, 1)
DAYS = [
    # There from and until, here from and until → whether training here is refused.
    (SEPTEMBER, None, SEPTEMBER, None, True),
    (SEPTEMBER, TODAY, SEPTEMBER, None, True),
    (SEPTEMBER, TODAY - timedelta(1), SEPTEMBER, None, False),
    (SEPTEMBER, date(2026, 7, 31), AUTUMN, None, False),
    (SEPTEMBER, AUTUMN, AUTUMN, None, True),
    (AUTUMN, None, SEPTEMBER, date(2026, 8, 31), False),
    (AUTUMN, None, SEPTEMBER, AUTUMN, True),
    (AUTUMN, None, SEPTEMBER, None, True),
]


def test_training_elsewhere_is_in_the_way_where_the_days_overlap(world):
    for there_from, there_until, here_from, here_until, is_refused in DAYS:
        here = person_at(HERE, "mentor", started_on=here_from, finished_on=here_until)
        there = person_at(THERE, "mentor", here.teacher, started_on=there_from, finished_on=there_until)
        train(there, "Teach First")
        assert training.is_trained_elsewhere(here, training.day_training_starts(here)) is is_refused
        ect = person_at(HERE, "ect", finished_on=here_until)
        train(ect, is_confirmed=True, **SCHOOL_LED)
        made_provider_led(with_mentor(ect, here))
        assert bool(list(here.training_periods)) is not is_refused


@pytest.mark.parametrize(("until", "is_refused"), [(date(2026, 7, 31), False), (AUTUMN, True)])
def test_a_mentor_who_comes_from_training_elsewhere(world, until, is_refused):
    """There until 31 July, here from 1 September: nothing overlaps."""
    here = person_at(HERE, "mentor", started_on=AUTUMN)
    train(here, "UCL Institute of Education", is_confirmed=False)
    train(person_at(THERE, "mentor", here.teacher, finished_on=until), "Teach First")
    chosen = LeadProvider.get(name="Ambition Institute").id
    if is_refused:
        with pytest.raises(RuleBroken, match="trained_elsewhere"):
            training.check_lead_provider(here, chosen, training.offered_lead_providers(here))
    else:
        training.change_lead_provider(here, SchoolUser.get(school=here.school_id), lead_provider_id=chosen)
