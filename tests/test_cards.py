"""The cards of a list are kept, and never out of date."""

from datetime import date

import pytest

from clock import clock_at
from domain.queries import participants_by_ids
from models import AppropriateBody, DeliveryPartner, LeadProvider, Participant, School, Teacher
from tests.conftest import TODAY, both_engines, person
from tests.given import deferred, ect, mentored, withdrawn
from tests.reports import leaving
from views import cards
from vocabulary import ROLES

LISTS = ("/school/ects", "/school/mentors", "/school/ects?q=a")


def renamed(name: str, role: str):
    teacher = Teacher.id == person(name, role).teacher_id
    Teacher.update(corrected_name="Somebody Else").where(teacher).execute()


CHANGES = {
    "deferred": lambda: deferred(person("Hannah Clarke")),
    "withdrawn": lambda: withdrawn(person("Hannah Clarke")),
    "leaving": lambda: leaving(date(2026, 7, 17))(person("Oliver Bennett")),
    "the ECT's name": lambda: renamed("Hannah Clarke", "ect"),
    "the mentor's name": lambda: renamed("John Doe", "mentor"),
    "a mentor": lambda: mentored("Peter Marsh", date(2026, 6, 1))(person("Priya Shah")),
    "a provider's address": lambda: LeadProvider.update(contact_email="new@example.org").execute(),
    "a delivery partner": lambda: DeliveryPartner.update(name=DeliveryPartner.name + " Ltd").execute(),
    "an appropriate body": lambda: AppropriateBody.update(name=AppropriateBody.name + " Ltd").execute(),
    "the national record": lambda: Teacher.update(trs_induction_status="Exempt").execute(),
    "a last day": lambda: Participant.update(finished_on=date(2026, 4, 21)).execute(),
}
"""What may happen to people at a school, one after the other."""


def shown(visitor) -> list[str]:
    """All cards of all lists, as they are in the pages."""
    return [visitor.get(address).response.text.partition('id="results"')[2] for address in LISTS]


def test_a_card_that_was_kept_is_as_one_made_now(naomi):
    after = shown(naomi)
    for change, happens in CHANGES.items():
        before = after
        happens()
        after = shown(naomi)
        assert after != before, change
        cards._kept.clear()
        assert shown(naomi) == after, change


@pytest.mark.parametrize("day", [date(2026, 4, 21), date(2027, 9, 1)])
def test_a_card_and_a_place_on_the_list_are_of_their_day(naomi, day):
    ect((TODAY, mentored("John Doe", date(2026, 4, 1), TODAY)), name="Mentored Today", mentor=None)
    before = shown(naomi)
    with clock_at(day):
        after = shown(naomi)
        cards._kept.clear()
        assert shown(naomi) == after != before


@both_engines
def test_the_few_facts_that_are_read_of_everybody_tell_their_status(world):
    for change, happens in CHANGES.items():
        happens()
        for role in ROLES:
            everybody = [each for school in School.select() for each in cards.listed(school, role)]
            assert everybody
            found = participants_by_ids([each.id for each in everybody])
            assert [each.status for each in everybody] == [participant.status for participant in found], change
            assert {each.folded_name for each in everybody} == {each.teacher.folded_name for each in found}, change


def test_only_so_many_are_kept(naomi, monkeypatch):
    monkeypatch.setattr(cards, "MOST_KEPT", 5)
    whole = [shown(naomi) for _ in range(2)]
    assert whole[0] == whole[1]
    assert 0 < len(cards._kept) <= 5
