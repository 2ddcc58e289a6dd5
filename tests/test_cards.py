"""The cards of a list are kept, and never out of date."""

from datetime import date

import pytest

from clock import clock_at
from domain.queries import participants_by_ids
from models import AppropriateBody, DeliveryPartner, LeadProvider, Participant, School, Teacher
from tests.conftest import both_engines, mostly_sqlite, person
from tests.given import deferred, mentored, withdrawn
from tests.reports import leaving
from views import cards

LISTS = ("/school/ects", "/school/mentors", "/school/ects?page=all", "/school/ects?q=a", "/school/mentors?q=a")


def renamed(name: str, role: str):
    teacher = Teacher.id == person(name, role).teacher_id
    Teacher.update(corrected_name="Somebody Else").where(teacher).execute()


CHANGES = {
    "withdrawn": lambda: withdrawn(person("Hannah Clarke")),
    "deferred": lambda: deferred(person("Hannah Clarke")),
    "leaving": lambda: leaving(date(2026, 7, 17))(person("Hannah Clarke")),
    "the ECT's name": lambda: renamed("Hannah Clarke", "ect"),
    "the mentor's name": lambda: renamed("John Doe", "mentor"),
    "a mentor": lambda: mentored("Peter Marsh", date(2026, 6, 1))(person("Priya Shah")),
    "a provider's address": lambda: LeadProvider.update(contact_email="new@example.org").execute(),
    "a delivery partner": lambda: DeliveryPartner.update(name=DeliveryPartner.name + " Ltd").execute(),
    "an appropriate body": lambda: AppropriateBody.update(name=AppropriateBody.name + " Ltd").execute(),
    "the national record": lambda: Teacher.update(trs_induction_status="Exempt").execute(),
    "a last day": lambda: Participant.update(finished_on=date(2026, 4, 21)).execute(),
}


def shown(visitor) -> list[str]:
    """All cards of all lists, as they are in the pages."""
    return [visitor.get(address).response.text.partition('id="results"')[2] for address in LISTS]


@mostly_sqlite
@pytest.mark.parametrize("change", CHANGES)
def test_a_card_that_was_kept_is_as_one_made_now(naomi, change):
    before = shown(naomi)
    CHANGES[change]()
    after = shown(naomi)
    assert after != before
    cards._kept.clear()
    assert shown(naomi) == after


@pytest.mark.parametrize("day", [date(2026, 4, 21), date(2026, 7, 18), date(2027, 9, 1)])
def test_a_card_is_of_its_day(naomi, day):
    shown(naomi)
    with clock_at(day):
        after = shown(naomi)
        cards._kept.clear()
        assert shown(naomi) == after


@both_engines
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", ["ect", "mentor"])
def test_the_few_facts_that_are_read_of_everybody_tell_their_status(world, change, role):
    CHANGES[change]()
    everybody = [each for school in School.select() for each in cards.listed(school, role)]
    assert everybody
    found = participants_by_ids([each.id for each in everybody])
    assert [each.status for each in everybody] == [participant.status for participant in found]
    assert {each.folded_name for each in everybody} == {participant.teacher.folded_name for participant in found}


def test_only_so_many_are_kept(naomi, monkeypatch):
    monkeypatch.setattr(cards, "MOST_KEPT", 5)
    whole = [shown(naomi) for _ in range(2)]
    assert whole[0] == whole[1]
    assert 0 < len(cards._kept) <= 5
