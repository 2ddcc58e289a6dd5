"""One wrong figure in a TRN must make neither a second person nor one person of two."""

import pytest

from domain import participants
from models import Participant, Teacher
from tests.filling.test_people import MENTOR, NORTHBROOK, WITHOUT_MENTOR, found, naomi, people
from tests.reports import stored

WITHOUT_ADDRESS = WITHOUT_MENTOR | {"email": ""}
BY_DAY = "9000002, if this is Theo Hale, who is here from 2025-09-01 already. If it is somebody else, give each an"
BY_ADDRESS = (
    "9000002, if this is Theo Hale, who is reached at that address at this school. If it is somebody else, give"
)
DOUBLES = {
    "all the same": (WITHOUT_MENTOR, {}, BY_ADDRESS),
    "another day": (WITHOUT_MENTOR, {"started_on": "2025-09-08", "induction_started_on": ""}, BY_ADDRESS),
    "another name": (WITHOUT_MENTOR, {"first_name": "Thea", "email": "THEO.hale@example.org"}, BY_ADDRESS),
    "without an address": (WITHOUT_ADDRESS, {}, BY_DAY),
    "with one address": (WITHOUT_ADDRESS, {"email": "theo.hale@example.org"}, BY_DAY),
    "the name in other letters": (WITHOUT_ADDRESS, {"first_name": "THÉO"}, BY_DAY),
}


@pytest.mark.parametrize("what", DOUBLES)
@pytest.mark.parametrize("is_in_one_file", [True, False])
def test_somebody_who_is_there_is_no_second_person(world, bring, what, is_in_one_file):
    there, changes, words = DOUBLES[what]
    second = there | changes | {"trn": "9000020"}
    if not is_in_one_file:
        bring("people", people(there))
    said = bring("people", people(there, second), fails=True)
    (line,) = [line for line in said.splitlines() if line.startswith("3 ")]
    assert words in line
    assert f"{2 if is_in_one_file else 1} line" in said, "whichever of two new ones is wrong, nobody knows"


OTHERS = {
    "twins": {"first_name": "Thea", "email": "thea.hale@example.org"},
    "twins without addresses": {"first_name": "Thea", "email": ""},
    "another name at an address that two share": {"first_name": "Iris", "last_name": "Vane"},
    "the same name with another address": {"email": "t.hale@example.org"},
    "the same name from another day": {"email": "", "started_on": "2025-09-08", "induction_started_on": ""},
    "the same name at another school": {"urn": NORTHBROOK},
    "the same name in the other role": MENTOR | {"first_name": "Theo", "last_name": "Hale", "started_on": "2025-09-01"},
}


@pytest.mark.parametrize("what", OTHERS)
def test_somebody_else_comes_in(world, bring, what):
    other = OTHERS[what]
    row = other if other.get("role") else WITHOUT_MENTOR | other
    assert "2 new" in bring("people", people(WITHOUT_MENTOR, row | {"trn": "9000020"}))


def test_two_of_one_name_without_addresses_come_in_once_each_has_one(world, bring):
    """As the refusal says."""
    bring("people", people(WITHOUT_ADDRESS))
    other = WITHOUT_MENTOR | {"trn": "9000020", "email": "other@example.org"}
    bring("people", people(WITHOUT_ADDRESS, other), fails=True)
    assert "1 new, 1 changed" in bring("people", people(WITHOUT_MENTOR, other))


def test_a_name_that_the_school_has_changed_and_the_one_before_are_both_known(world, bring):
    bring("people", people(WITHOUT_ADDRESS))
    participants.change_name(found("9000002"), naomi(), name="Theo Ames")
    for name in ("Hale", "Ames"):
        said = bring("people", people(WITHOUT_ADDRESS | {"trn": "9000020", "last_name": name}), fails=True)
        assert "9000002, if this is Theo Ames, who is here from" in said


def test_whoever_is_here_without_a_trn_is_put_right_by_support(world, bring):
    bring("people", people(WITHOUT_ADDRESS))
    Teacher.update(trn=None, is_trnless=True).where(Teacher.trn == "9000002").execute()
    said = bring("people", people(WITHOUT_ADDRESS | {"trn": "9000020"}), fails=True)
    assert "a TRN that support records, if this is Theo Hale" in said


def test_who_was_registered_in_error_is_nobody(world, bring):
    bring("people", people(WITHOUT_MENTOR))
    moment = Participant.select().limit(1).get().created_at
    Participant.update(registered_in_error_at=moment).where(Participant.id == found("9000002").id).execute()
    assert "1 new" in bring("people", people(WITHOUT_MENTOR | {"trn": "9000020"}))


STRANGERS = {
    "there": {},
    "at another school": {"urn": NORTHBROOK, "started_on": "2026-04-13", "induction_started_on": ""},
    "in the other role": MENTOR,
}


@pytest.mark.parametrize("what", STRANGERS)
def test_a_trn_is_not_given_to_another_person(world, bring, what):
    bring("people", people(WITHOUT_MENTOR | {"last_day": "2026-03-31"}))
    row = STRANGERS[what] if "role" in STRANGERS[what] else WITHOUT_MENTOR | STRANGERS[what]
    row = row | {"trn": "9000002", "first_name": "Iris", "last_name": "Vane", "email": ""}
    said = bring("people", people(row), fails=True)
    assert "a name of Theo Hale, who has that TRN. If this is somebody else, put their own TRN in" in said


def test_a_trn_stays_the_persons_whose_name_the_school_has_changed(world, bring):
    bring("people", people(WITHOUT_MENTOR))
    participants.change_name(found("9000002"), naomi(), name="Theo Ames")
    before = stored()
    assert "1 as they were" in bring("people", people(WITHOUT_MENTOR))
    assert stored() == before
    assert "1 changed" in bring("people", people(WITHOUT_MENTOR | {"first_name": "T", "last_name": "Ames"}))


IRIS = WITHOUT_MENTOR | {"trn": "9000020", "first_name": "Iris", "last_name": "Vane", "email": "iris.vane@example.org"}
THEIRS = "an address of their own: Iris Vane has this one at this school. If they share it, change it on the record"


@pytest.mark.parametrize("changes_iris", [False, True])
def test_nobody_is_given_the_address_of_somebody_else(world, bring, changes_iris):
    """Whether they had it before or by the same file. Two may change theirs for each other's."""
    bring("people", people(WITHOUT_MENTOR, IRIS | ({"email": ""} if changes_iris else {})))
    theo = WITHOUT_MENTOR | {"email": "IRIS.vane@example.org"}
    assert THEIRS in bring("people", people(theo, IRIS) if changes_iris else people(theo), fails=True)
    with_the_others = people(theo, IRIS | {"email": WITHOUT_MENTOR["email"]})
    assert "2 changed" in bring("people", with_the_others)
    assert "2 as they were" in bring("people", with_the_others)
