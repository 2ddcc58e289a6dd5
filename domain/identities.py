"""Who somebody is, as only support puts it right: their name, TRN and email address, and two records that are of one
person."""

import re
import uuid
from collections.abc import Iterable
from itertools import product

from domain.changes import ChangedSince, RuleBroken, Support, changing, changing_with, next_event, write_event
from domain.corrections import heading
from domain.participants import check_email, check_name
from domain.queries import participants_for_rules
from domain.registrations import overlap
from models import Event, InductionPeriod, Mentorship, Participant, ParticipantIdChange, Teacher


def put_right_name(participant: Participant, author: Support, *, name: str, reason: str) -> Event:
    """The name that everybody is shown, in whatever role at whatever school."""
    with changing(participant.id, author) as participant:
        check_name(participant, name)
        old, told = participant.name, heading(participant, f"their name is {name}")
        participant.teacher.corrected_name = name
        participant.teacher.save()
        modified = [f"name: {old} → {name}"]
        return write_event(participant, author, "teacher_name_updated", told, modifications=modified, reason=reason)


def put_right_email_address(participant: Participant, author: Support, *, email: str, reason: str) -> Event:
    with changing(participant.id, author) as participant:
        check_email(participant, email)
        old, participant.email = participant.email, email
        participant.save(only=[Participant.email])
        told = heading(participant, "their email address")
        modified = [f"email: {old} → {email}"]
        return write_event(
            participant, author, "teacher_email_address_updated", told, modifications=modified, reason=reason
        )


def check_trn(participant: Participant, trn: str) -> None:
    if not re.fullmatch(r"[0-9]{7}", trn):
        raise RuleBroken({"trn": "not_a_trn"})
    if trn == participant.teacher.trn:
        raise RuleBroken({"trn": "already"}, trn=trn)
    other = Teacher.get_or_none(Teacher.trn == trn)
    if other and other not in records_united_with(participant.teacher):
        raise RuleBroken({"trn": "taken"}, other=other.name)


def records_united_with(teacher: Teacher) -> list[Teacher]:
    """The empty records of this person, by which lead providers knew them before."""
    return list(
        Teacher.select().where(Teacher.api_id << teacher.id_changes.select(ParticipantIdChange.from_participant_id))
    )


def put_right_trn(participant: Participant, author: Support, *, trn: str, reason: str) -> Event:
    with changing(participant.id, author) as participant:
        check_trn(participant, trn)
        teacher, old = participant.teacher, participant.teacher.trn
        empty = Teacher.get_or_none(Teacher.trn == trn)
        if empty:  # the two change places, so that the person is known by both for good
            Teacher.update(trn=None, is_trnless=True).where(Teacher.id == empty).execute()
        teacher.trn, teacher.is_trnless = trn, False
        teacher.save()
        if empty:
            Teacher.update(trn=old, is_trnless=old is None).where(Teacher.id == empty).execute()
        told = heading(participant, f"their TRN is {trn}")
        modified = [f"trn: {old} → {trn}"]
        return write_event(participant, author, "teacher_trn_updated", told, modifications=modified, reason=reason)


# --- two records of one person -----------------------------------------------------------------------------------


def other_record(text: str) -> Teacher | None:
    """The person with this TRN, or whom the API knows by this id."""
    try:
        return Teacher.get_or_none(Teacher.api_id == uuid.UUID(text))
    except ValueError:
        return Teacher.get_or_none(Teacher.trn == text)


def places_of(teacher: Teacher) -> list[Participant]:
    ids = [row.id for row in Participant.select(Participant.id).where(Participant.teacher == teacher)]
    return participants_for_rules(ids)


def check_record(participant: Participant, record: str) -> Teacher:
    """The other record, if nothing in it contradicts that both are of one person."""
    other = other_record(record)
    if not other:
        raise RuleBroken({"record": "unknown"})
    if other == participant.teacher:
        raise RuleBroken({"record": "same"})
    theirs = places_of(other)
    if not theirs:
        raise RuleBroken({"record": "merged"}, other=other.name)
    for ours, their in product(places_of(participant.teacher), theirs):
        check_pair(ours, their)
    periods = list(InductionPeriod.select().where(InductionPeriod.teacher << [participant.teacher, other]))
    pairs = [(one, two) for one in periods for two in periods if one.id < two.id]
    if any(overlap(*pair) for pair in pairs) or sum(bool(period.outcome) for period in periods) > 1:
        raise RuleBroken({"record": "inductions"}, other=other.name)
    return other


def check_pair(ours: Participant, theirs: Participant) -> None:
    """Whether one person can have had both places."""
    if ours.registered_in_error_at or theirs.registered_in_error_at:
        return
    facts = {"other": theirs.name, "school": theirs.school.name, "started_on": max(ours.started_on, theirs.started_on)}
    pairs = Mentorship.select().where(
        ((Mentorship.ect == ours) & (Mentorship.mentor == theirs))
        | ((Mentorship.ect == theirs) & (Mentorship.mentor == ours))
    )
    if pairs.exists():
        raise RuleBroken({"record": "mentors"}, **facts)
    if ours.role != theirs.role:
        return
    if (ours.is_ect or ours.school_id == theirs.school_id) and overlap(ours, theirs):
        raise RuleBroken({"record": "placed_at_once"}, **facts)
    if any(overlap(*pair) for pair in product(ours.training_periods, theirs.training_periods)):
        raise RuleBroken({"record": "trained_at_once"}, **facts)


def ects_of(places: Iterable[Participant]) -> set[int]:
    """Whom these mentors mentor or mentored."""
    return {mentorship.ect_id for place in places for mentorship in place.ect_mentorships}


def put_right_two_records(participant: Participant, author: Support, *, record: str, reason: str) -> Event:
    """Another record is of this person too. All that is in it becomes theirs; lead providers are told by which id they
    knew the person before, and by which those whom they mentored had that mentor. The other record stays, empty,
    because events are about it."""
    found = other_record(record)
    places = places_of(found) if found else []
    touched, mentored = {place.id for place in places}, ects_of(places)
    with changing_with(participant.id, author, touched | mentored) as (participant, everybody):
        other, teacher = check_record(participant, record), participant.teacher
        moved = places_of(other)
        if {place.id for place in moved} != touched or ects_of(moved) != mentored:
            raise ChangedSince
        ParticipantIdChange.update(teacher=teacher).where(ParticipantIdChange.teacher == other).execute()
        ParticipantIdChange.create(teacher=teacher, from_participant_id=other.api_id)
        unite(teacher, other)
        InductionPeriod.update(teacher=teacher).where(InductionPeriod.teacher == other).execute()
        Participant.update(teacher=teacher).where(Participant.teacher == other).execute()
        beside, modified = [], [f"participant: {other.api_id} → {teacher.api_id}"]
        for place in map(everybody.get, sorted(touched)):
            place.teacher = teacher
            told = heading(place, "they have one record now")
            beside.append(next_event(place, author, "teacher_records_united", told, modifications=modified))
        for ect in map(everybody.get, sorted(mentored)):
            told = heading(ect, f"{teacher.name}, their mentor, has one record now")
            beside.append(next_event(ect, author, "teacher_mentors_records_united", told))
        return write_event(
            participant,
            author,
            "teacher_records_united",
            heading(participant, "they have one record now"),
            beside,
            modifications=[f"other_record: {other.api_id} → {teacher.api_id}"],
            reason=reason,
        )


EARLIEST = ("ect_first_became_eligible_for_training_at", "mentor_first_became_eligible_for_training_at")
EITHER = (
    *("trs_induction_status", "trs_induction_start_date", "trs_induction_completed_date"),
    *("mentor_became_ineligible_for_funding_on", "mentor_became_ineligible_for_funding_reason"),
    *("ect_became_ineligible_for_funding_on", "ect_payments_frozen_year", "mentor_payments_frozen_year"),
)


def unite(teacher: Teacher, other: Teacher) -> None:
    """What the other record knows and this one doesn't: a TRN, since when they are eligible, how induction went."""
    for name in EARLIEST:
        setattr(teacher, name, min(filter(None, (getattr(teacher, name), getattr(other, name))), default=None))
    for name in EITHER:
        if getattr(teacher, name) is None:
            setattr(teacher, name, getattr(other, name))
    if not teacher.trn:
        teacher.trn, teacher.is_trnless = other.trn, other.is_trnless
        other.trn, other.is_trnless = None, True
        other.save()
    teacher.save()
