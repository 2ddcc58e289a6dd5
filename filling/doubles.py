"""Whoever is new in a file and may be here already under another TRN: a wrong figure must make no second person."""

from peewee import Select

from domain.participants import others_reached_at, share_a_word
from filling.imports import Import
from filling.person import PersonRow
from models import Participant, School, Teacher
from vocabulary import folded


def refuse_doubles(rows: list[PersonRow], report: Import) -> None:
    """Once everybody is there: new people with the name and the first day, or the email address and a word of the name,
    of somebody else in that role at that school."""
    new = [row for row in rows if report.is_new(row)]
    there: dict[tuple, list] = {}
    for each in people_at(list({row.urn for row in new})) if new else ():
        recorded = folded(f"{each.trs_first_name} {each.trs_last_name}") if each.corrected_name else each.folded_name
        for key in {*keys_of(each, each.folded_name), *keys_of(each, recorded)}:
            there.setdefault(key, []).append(each)
    for row in new:
        keys = keys_of(row, folded(f"{row.first_name} {row.last_name}"))
        likely = (each for key in keys for each in there.get(key, ()) if each.trn != row.trn)
        if other := next((each for each in likely if not is_somebody_else(row, each)), None):
            report.refuse(row, "trn", words_of(row, other))


def refuse_addresses_of_others(rows: list[PersonRow], report: Import) -> None:
    """Once everybody has theirs: who is given an address at which somebody else at the school is reached. A page asks
    whether they share it, and a file can't be asked."""
    for row in rows:
        if report.has_changed(row, "email"):
            there = Participant.select().join(Teacher).switch(Participant).join(School)
            whose = (Teacher.trn == row.trn, School.urn == row.urn, Participant.role == row.role)
            participant = there.where(*whose, Participant.started_on == row.started_on).get()
            if others := others_reached_at(participant, row.email or ""):
                has = f"{' and '.join(others)} {'has' if len(others) == 1 else 'have'} this one"
                words = f"an address of their own: {has} at this school. If they share it, change it on the record"
                report.refuse(row, "email", words)


def people_at(urns: list[str]) -> Select:
    person = (Teacher.id, Teacher.trn, Teacher.folded_name, Teacher.corrected_name, Teacher.trs_first_name)
    placement = (School.urn, Participant.role, Participant.email, Participant.started_on)
    query = (
        Participant.select(*placement, *person, Teacher.trs_last_name).join(Teacher).switch(Participant).join(School)
    )
    return query.where(School.urn << urns, Participant.registered_in_error_at.is_null()).namedtuples()


def keys_of(each, name: str) -> list[tuple]:
    """By what two may be one: the email address, if there is any; the name and the first day."""
    by_email = [(each.urn, each.role, each.email.casefold())] if each.email else []
    return [*by_email, (each.urn, each.role, name, each.started_on)]


def is_somebody_else(row: PersonRow, other) -> bool:
    """Each reached at an address of their own; or at one that they share, with no word of their names alike."""
    if row.email and other.email and row.email.casefold() != other.email.casefold():
        return True
    known = f"{other.corrected_name or ''} {other.trs_first_name} {other.trs_last_name}"
    return not share_a_word(known, f"{row.first_name} {row.last_name}")


def words_of(row: PersonRow, other) -> str:
    name = Teacher.get_by_id(other.id).name
    trn = other.trn or "a TRN that support records"
    if row.email and other.email:
        who, or_none = "is reached at that address at this school", ", or none" * (row.started_on != other.started_on)
        return (
            f"{trn}, if this is {name}, who {who}. If it is somebody else, give them an address of their own{or_none}"
        )
    who = f"is here from {other.started_on} already"
    return f"{trn}, if this is {name}, who {who}. If it is somebody else, give each an email address of their own"
