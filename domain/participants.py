"""What schools change of a participant's place with them: who mentors them, how they are reached. When they leave is in
departures.py, the acts on training are in training.py, what lead providers report is in reports.py, what all have in
common in changes.py.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta

from email_validator import EmailNotValidError, validate_email
from peewee import Value, fn

from clock import today
from domain.changes import (
    Author,
    ChangedSince,
    RuleBroken,
    changing,
    changing_with,
    end_period,
    last_day_mentoring,
    next_event,
    who,
    write_event,
)
from domain.queries import mentors_at_school_of
from models import Event, Mentorship, Participant, SchoolUser, Teacher
from vocabulary import WORKING_PATTERNS, folded, isolated, visible

# --- mentors -----------------------------------------------------------------------------------------------


def offered_mentors(ect: Participant) -> list[Participant]:
    """Who may mentor this ECT from now on: this school's mentors with no last day, without the present one."""
    mentors = [each for each in mentors_at_school_of(ect) if _may_mentor(each, ect)]
    return sorted(mentors, key=lambda mentor: mentor.teacher.folded_name)


def _may_mentor(mentor: Participant, ect: Participant) -> bool:
    is_here = mentor.role == "mentor" and mentor.school_id == ect.school_id and mentor.finished_on is None
    return is_here and mentor.teacher_id != ect.teacher_id and mentor != ect.mentor


def check_mentor(ect: Participant, mentor_id: int, mentors: Iterable[Participant]) -> Participant:
    """The mentor that was chosen among these, if the rules allow it."""
    present = ect.mentor
    if present and present.id == mentor_id:
        raise RuleBroken({"mentor_id": "already"}, mentor=present.name)
    mentor = next((each for each in mentors if each.id == mentor_id and _may_mentor(each, ect)), None)
    if not mentor:
        raise RuleBroken({"mentor_id": "unknown"})
    if ect.finished_on and mentor.started_on > ect.finished_on:
        raise RuleBroken({"mentor_id": "starts_too_late"}, mentor=mentor.name)
    return mentor


def change_mentor(ect: Participant, author: Author, *, mentor_id: int) -> Event:
    """The school assigns a mentor to an ECT, or another one, from today or from the day that both are here."""
    touched = {mentorship.mentor_id for mentorship in ect.current_mentorships}
    with changing_with(ect.id, author, [*touched, mentor_id]) as (ect, everybody):
        if not ect.is_ect:
            raise RuleBroken({"participant": "not_an_ect"})
        old, current = ect.mentor, ect.current_mentorships
        if not {mentorship.mentor_id for mentorship in current} <= touched:
            raise ChangedSince
        mentor = check_mentor(ect, mentor_id, everybody.values())
        starts_on = max(today(), ect.started_on, mentor.started_on)
        goes_on_until = _end_mentorships(current, starts_on)
        Mentorship.create(ect=ect, mentor=mentor, started_on=starts_on, finished_on=ect.finished_on)
        mentors_events = [
            next_event(
                everybody[replaced.id],
                author,
                "teacher_finishes_mentoring",
                last_day_mentoring(replaced.name, ect.name, goes_on_until[replaced.id])
                if replaced.id in goes_on_until
                else f"{who(author)} assigned {mentor.name} to mentor {ect.name} in place of {replaced.name}",
            )
            for replaced in {mentorship.mentor for mentorship in current} - {mentor}
        ]
        heading = f"{who(author)} assigned {mentor.name} to mentor {ect.name}"
        mentors_events.append(next_event(mentor, author, "teacher_starts_mentoring", heading))
        return write_event(
            ect,
            author,
            "teacher_mentor_changed",
            f"{who(author)} changed {ect.name}’s mentor from {old.name} to {mentor.name}" if old else heading,
            mentors_events,
            modifications=[f"mentor: {old and old.id} → {mentor.id}"],
            old_mentor=old.name if old else None,
            new_mentor=mentor.name,
            starts_on=starts_on.isoformat(),
            old_mentor_until=goes_on_until[old.id].isoformat() if old and old.id in goes_on_until else None,
        )


def _end_mentorships(current: Iterable[Mentorship], starts_on: date) -> dict[int, date]:
    """These make way for another one that starts on this day. One that hasn't begun by then never happens; any other
    ends the day before. Gives mentor (id) → last day, of those that go on until then."""
    goes_on_until = {}
    for mentorship in current:
        if mentorship.started_on >= starts_on:
            mentorship.delete_instance()
        else:
            end_period(mentorship, starts_on - timedelta(days=1))
            if mentorship.finished_on >= today():
                goes_on_until[mentorship.mentor_id] = mentorship.finished_on
    return goes_on_until


# --- name, email address, working pattern ------------------------------------------------------------------


def cleaned(text: str) -> str:
    """What somebody typed or pasted, without the space around it and what nobody sees, each letter in its one Unicode
    form."""
    return " ".join(unicodedata.normalize("NFC", visible(text)).split())


def check_name(participant: Participant, name: str) -> None:
    if name == participant.teacher.name:
        raise RuleBroken({"name": "already"})


def shares_a_word(participant: Participant, name: str) -> bool:
    """Whether a new name has a word of the name shown now, or of the one in the national record."""
    teacher = participant.teacher
    return share_a_word(f"{teacher.name} {teacher.trs_first_name} {teacher.trs_last_name}", name)


def share_a_word(names: str, others: str) -> bool:
    return not set(folded(names).split()).isdisjoint(folded(others).split())


def change_name(participant: Participant, author: Author, *, name: str) -> Event:
    """The name that everybody is shown. The national record keeps its own."""
    with changing(participant.id, author) as participant:
        check_name(participant, name)
        old = participant.name
        participant.teacher.corrected_name = name
        participant.teacher.save()
        return write_event(
            participant,
            author,
            "teacher_name_updated",
            f"{who(author)} changed the name from {old} to {participant.name}",
            modifications=[f"name: {old} → {name}"],
            old_name=old,
        )


ODD_LETTER = re.compile(r"[^A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-](?=.*@)|\s")
"""What GOV.UK Notify, which has to deliver, takes in no address: everything else before the @, and spaces."""


def letter_that_no_address_has(text: str) -> str | None:
    found = ODD_LETTER.search(text)
    return found and found[0]


def is_email_address(text: str) -> bool:
    """Whether GOV.UK Notify takes this address. Whether it reaches anybody, no rule can tell."""
    try:
        domain = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True).ascii_domain
    except EmailNotValidError:
        return False
    is_top_level = re.fullmatch(r"[a-z]{2,63}|xn--[a-z0-9-]*[a-z0-9]", domain.rpartition(".")[2])
    return is_top_level is not None and not letter_that_no_address_has(text)


def others_reached_at(participant: Participant, email: str) -> list[str]:
    """The names of everybody else at the school who has this address, its school users included."""
    names = (Teacher.trs_first_name, Teacher.trs_last_name, Teacher.corrected_name)
    people = (
        Participant.select(*names)
        .join(Teacher)
        .where(
            Participant.school == participant.school_id,
            fn.lower(Participant.email) == email.lower(),
            Participant.has_not_left(),
            Participant.teacher != participant.teacher_id,
        )
    )
    users = SchoolUser.select(Value(""), Value(""), SchoolUser.name).where(
        SchoolUser.school == participant.school_id, fn.lower(SchoolUser.email) == email.lower()
    )
    parts = [field.name for field in names]
    found = {Teacher(**dict(zip(parts, row, strict=True))).name for row in (people | users).tuples()}
    # Who signs in for the school may be a mentor too.
    return [isolated(name) for name in sorted(found, key=folded) if folded(name) != participant.teacher.folded_name]


def check_email(participant: Participant, email: str) -> None:
    if email.lower() == (participant.email or "").lower():
        raise RuleBroken({"email": "already"}, email=participant.email)


def change_email_address(participant: Participant, author: Author, *, email: str) -> Event:
    with changing(participant.id, author) as participant:
        check_email(participant, email)
        old, participant.email = participant.email, email
        participant.save(only=[Participant.email])
        return write_event(
            participant,
            author,
            "teacher_email_address_updated",
            f"{who(author)} changed {participant.name}’s email address",
            modifications=[f"email: {old} → {email}"],
        )


def check_working_pattern(participant: Participant, working_pattern: str) -> None:
    if working_pattern not in WORKING_PATTERNS:
        raise RuleBroken({"working_pattern": "unknown"})
    if working_pattern == participant.working_pattern:
        (other,) = set(WORKING_PATTERNS) - {working_pattern}
        facts = {"present": in_words(working_pattern).capitalize(), "other": in_words(other)}
        raise RuleBroken({"working_pattern": "already"}, **facts)


def in_words(working_pattern: str) -> str:
    return working_pattern.replace("_", " ")


def change_working_pattern(participant: Participant, author: Author, *, working_pattern: str) -> Event:
    with changing(participant.id, author) as participant:
        if not participant.is_ect:
            raise RuleBroken({"participant": "not_an_ect"})
        check_working_pattern(participant, working_pattern)
        old, participant.working_pattern = participant.working_pattern, working_pattern
        participant.save(only=[Participant.working_pattern])
        words = in_words(working_pattern)
        return write_event(
            participant,
            author,
            "teacher_working_pattern_updated",
            f"{who(author)} changed {participant.name}’s working pattern to {words}",
            modifications=[f"working_pattern: {old} → {working_pattern}"],
        )
