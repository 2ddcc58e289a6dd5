"""One wrong figure in a TRN must make neither a second person nor one person of two."""

from domain import participants
from models import Participant, Teacher
from tests.conftest import both_engines
from tests.filling.test_people import (
    MENTOR,
    NO_INDUCTION,
    NORTHBROOK,
    WITHOUT_MENTOR,
    another,
    comes_in,
    found,
    listed,
    naomi,
    people,
)

NO_ADDRESS = {"email": ""}
WITHOUT_ADDRESS = WITHOUT_MENTOR | NO_ADDRESS
BY_DAY = "who is here from 2025-09-01 already. If it is somebody else, give each an"
BY_ADDRESS = "who is reached at that address at this school. If it is somebody else, give"
DOUBLES = [
    ({}, {}, BY_ADDRESS),
    ({}, {"started_on": "2025-09-08"} | NO_INDUCTION, BY_ADDRESS),
    ({}, {"first_name": "Thea", "email": "THEO.hale.2@example.org"}, BY_ADDRESS),
    (NO_ADDRESS, {}, BY_DAY),
    (NO_ADDRESS, {"email": "theo.hale@example.org"}, BY_DAY),
    (NO_ADDRESS, {"first_name": "THÉO"}, BY_DAY),
]
"""What is said of somebody, what of them again under another TRN, and by what they may be one person."""


@both_engines
def test_somebody_who_is_there_is_no_second_person(world, bring):
    """Whether they were there or come in by the same file. Whichever of two new ones is wrong, nobody knows."""
    there, again, told = [], [], []
    for number, (first, second, words) in enumerate(DOUBLES):
        row = another(WITHOUT_MENTOR, number) | {"last_name": f"Hale{'abcdef'[number]}"} | first
        there.append(row)
        again.append(row | {"trn": str(9_000_800 + number)} | second)
        told.append(f"{row['trn']}, if this is Theo {row['last_name']}, {words}")

    def refused() -> list[str]:
        return [row[-1] for row in listed(bring("people", people(*there, *again), fails=True), "What is wrong")[1:]]

    in_one_file = refused()
    assert len(in_one_file) == 2 * len(DOUBLES)
    bring("people", people(*there))
    for said in (in_one_file[len(DOUBLES) :], refused()):
        assert all(words in line for line, words in zip(said, told, strict=True))


OTHERS = [
    # Twins, with and without addresses.
    {"first_name": "Thea", "email": "thea.hale@example.org"},
    {"first_name": "Thea", "email": ""},
    # Two who share an address.
    {"first_name": "Iris", "last_name": "Vane"},
    # The same name: with another address, from another day, at another school, in the other role.
    {"email": "t.hale@example.org"},
    {"email": "", "started_on": "2025-09-08"} | NO_INDUCTION,
    {"urn": NORTHBROOK},
]


def test_somebody_else_comes_in(world, bring):
    rows = []
    for number, other in enumerate(OTHERS):
        row = another(WITHOUT_MENTOR, number) | {"last_name": f"Hale{'abcdef'[number]}"}
        rows += [row, row | {"trn": str(9_000_800 + number)} | other]
    mentor = MENTOR | {"first_name": "Theo", "last_name": "Halea", "started_on": "2025-09-01"}
    assert f"{len(rows) + 1} new" in bring("people", people(*rows, mentor))


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
    # And the TRN stays theirs by either.
    comes_in(bring, WITHOUT_ADDRESS, says="1 as they were")
    assert "1 changed" in bring("people", people(WITHOUT_ADDRESS | {"first_name": "T", "last_name": "Ames"}))


def test_whoever_is_here_without_a_trn_is_put_right_by_support_and_who_was_registered_in_error_is_nobody(world, bring):
    bring("people", people(WITHOUT_ADDRESS))
    Teacher.update(trn=None, is_trnless=True).where(Teacher.trn == "9000002").execute()
    second = people(WITHOUT_ADDRESS | {"trn": "9000020"})
    assert "a TRN that support records, if this is Theo Hale" in bring("people", second, fails=True)
    moment = Participant.select().limit(1).get().created_at
    theo = Teacher.get(trs_first_name="Theo", trs_last_name="Hale")
    Participant.update(registered_in_error_at=moment).where(Participant.teacher == theo).execute()
    assert "1 new" in bring("people", second)


def test_a_trn_is_not_given_to_another_person(world, bring):
    """There, at another school and in the other role."""
    bring("people", people(WITHOUT_MENTOR | {"last_day": "2026-03-31"}))
    elsewhere = {"urn": NORTHBROOK, "started_on": "2026-04-13"} | NO_INDUCTION
    for row in (WITHOUT_MENTOR, WITHOUT_MENTOR | elsewhere, MENTOR):
        iris = row | {"trn": "9000002", "first_name": "Iris", "last_name": "Vane", "email": ""}
        said = bring("people", people(iris), fails=True)
        assert "a name of Theo Hale, who has that TRN. If this is somebody else, put their own TRN in" in said


IRIS = WITHOUT_MENTOR | {"trn": "9000020", "first_name": "Iris", "last_name": "Vane", "email": "iris.vane@example.org"}


@both_engines
def test_nobody_is_given_the_address_of_somebody_else(world, bring):
    """Whether they have it or get it by the same file. Two may change theirs for each other's."""
    theo = WITHOUT_MENTOR | {"email": "IRIS.vane@example.org"}
    theirs = "an address of their own: Iris Vane has this one at this school. If they share it, change it on the record"
    bring("people", people(WITHOUT_MENTOR, IRIS | NO_ADDRESS))
    assert theirs in bring("people", people(theo, IRIS), fails=True)
    bring("people", people(IRIS))
    assert theirs in bring("people", people(theo), fails=True)
    comes_in(bring, theo, IRIS | {"email": WITHOUT_MENTOR["email"]}, says="2 changed")
