"""Whoever is new in a file and may be here already under another TRN: a wrong figure must make no second person."""

from peewee import Select

from filling.kind import Report
from filling.person import PersonRow
from models import Participant, School, Teacher
from vocabulary import folded


def refuse_doubles(rows: list[PersonRow], report: Report) -> None:
    """Once everybody is there: new people with the name and the first day, or the email address, of somebody else in
    that role at that school."""
    new = [row for row in rows if report.is_new(row)]
    there: dict[tuple[str, str], list] = {}
    for each in people_at(list({row.urn for row in new})) if new else ():
        there.setdefault((each.urn, each.role), []).append(each)
    for row in new:
        others = [each for each in there[row.urn, row.role] if each.trn != row.trn]
        for other in others:
            if has_same_email(row, other) or has_same_name(row, other):
                report.refuse(row, "trn", words_of(row, other))
                break


def people_at(urns: list[str]) -> Select:
    person = (Teacher.id, Teacher.trn, Teacher.folded_name, Teacher.corrected_name, Teacher.trs_first_name)
    placement = (School.urn, Participant.role, Participant.email, Participant.started_on)
    query = (
        Participant.select(*placement, *person, Teacher.trs_last_name).join(Teacher).switch(Participant).join(School)
    )
    return query.where(School.urn << urns, Participant.registered_in_error_at.is_null()).namedtuples()


def has_same_email(row: PersonRow, other) -> bool:
    return bool(row.email and other.email) and row.email.casefold() == other.email.casefold()


def has_same_name(row: PersonRow, other) -> bool:
    """With the same first day, unless each is reached at an address of their own."""
    if row.started_on != other.started_on or (row.email and other.email):
        return False
    names = {other.folded_name}
    if other.corrected_name:
        names.add(folded(f"{other.trs_first_name} {other.trs_last_name}"))
    return folded(f"{row.first_name} {row.last_name}") in names


def words_of(row: PersonRow, other) -> str:
    name = Teacher.get_by_id(other.id).name
    trn = other.trn or "a TRN that support records"
    if has_same_email(row, other):
        who, way = "is reached at that address at this school", "an email address of their own, or none"
        return f"{trn}, if this is {name}, who {who}. If it is somebody else, give them {way}"
    who = f"is here from {other.started_on} already"
    return f"{trn}, if this is {name}, who {who}. If it is somebody else, give each an email address of their own"
