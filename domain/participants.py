"""What schools change of a participant's place with them: when they leave, who mentors them, how they are reached. The
acts on training are in training.py, what lead providers report is in reports.py, what all have in common in changes.py.
"""

import calendar
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from email_validator import EmailNotValidError, validate_email
from peewee import Value, fn

from clock import LONDON, display, today
from domain.changes import (
    Author,
    ChangedSince,
    RuleBroken,
    System,
    changing,
    changing_with,
    end_period,
    next_event,
    updated_at,
    who,
    write_event,
)
from domain.queries import mentors_at_school_of
from models import Event, Mentorship, Participant, School, SchoolUser, Teacher, TrainingPeriod
from vocabulary import WORKING_PATTERNS, folded, isolated, visible

MOST_MONTHS_AHEAD = 4


def months_later(on: date, months: int) -> date:
    """The same day so many calendar months later, or the last of that month where it is shorter."""
    year, month = divmod(on.month - 1 + months, 12)
    year, month = on.year + year, month + 1
    return date(year, month, min(on.day, calendar.monthrange(year, month)[1]))


# --- leaving for good --------------------------------------------------------------------------------------


def check_leaving_on(participant: Participant, leaving_on: date) -> None:
    """The rules for a leaving date, in their order: the earliest is the day after placement and training began."""
    latest = months_later(today(), MOST_MONTHS_AHEAD)
    started = [period.started_on for period in participant.training_periods if period.started_on <= today()]
    training_started_on = max(started, default=date.min)
    if leaving_on > latest:
        raise RuleBroken({"leaving_on": "too_far_ahead"}, latest=latest)
    if leaving_on <= participant.started_on:
        raise RuleBroken({"leaving_on": "before_start"}, started_on=participant.started_on)
    if leaving_on <= training_started_on:
        raise RuleBroken({"leaving_on": "before_training"}, started_on=training_started_on)
    if participant.is_leaving and last_day(participant, leaving_on) == participant.finished_on:
        raise RuleBroken({"leaving_on": "already"}, leaving_on=participant.finished_on)


def last_day(participant: Participant, leaving_on: date) -> date:
    """The day that this report makes their last: the day reported, or an earlier one that another school's registration
    has set or leaves free."""
    ends = [leaving_on]
    if participant.finished_on and not participant.is_leaving:
        ends.append(participant.finished_on)
    if participant.is_ect:
        starts = [other.started_on for other in participant.teacher.participants if other.is_ect]
        ends += [start - timedelta(days=1) for start in starts if start > participant.started_on]
    return min(ends)


def report_leaving(
    participant: Participant, author: Author, *, leaving_on: date, seen_version: int | None = None
) -> Event:
    """The school says which day is or was the participant's last, or changes the day it said before. What would go on
    longer ends then; what ended on the day said before moves with it."""
    touched = {other.id for other in _partners(participant)}
    with changing_with(participant.id, author, seen_version, touched) as (participant, everybody):
        check_leaving_on(participant, leaving_on)
        mentorships = _mentorships(participant)
        if not {other.id for other in _partners(participant)} <= touched:
            raise ChangedSince
        old, new, trained_by = (
            participant.finished_on,
            last_day(participant, leaving_on),
            lead_provider_name(participant),
        )
        was_leaving, period = participant.is_leaving, participant.training_period
        participant.finished_on = new
        participant.reported_leaving_by_school = participant.school_id
        participant.save()
        moved_from = old if was_leaving else None
        trained, in_role = participant.training_periods, _training_in_role(participant)
        for each in trained:
            free_until = _day_before_next(each, in_role)
            moves_from = moved_from if each.training_status == "active" else None
            _end_with(each, new, leaving_on, moves_from, free_until)
        _save_ends(TrainingPeriod, trained, leaving_on)
        if any(each.started_on >= leaving_on for each in trained):
            # A lead provider may have been wanted for it.
            School.update(api_updated_at=updated_at()).where(School.id == participant.school_id).execute()
        ended: dict[Participant, date] = {}
        for mentorship in mentorships:
            other = mentorship.mentor if participant.is_ect else mentorship.ect
            before = mentorship.finished_on
            free_until = _day_before_next(mentorship, everybody[mentorship.ect_id].mentorships)
            _end_with(mentorship, new, leaving_on, moved_from, other.finished_on, free_until)
            if mentorship.started_on >= leaving_on or mentorship.finished_on != before:
                ended[other] = max(ended.get(other, date.min), min(mentorship.finished_on or new, new))
        _save_ends(Mentorship, mentorships, leaving_on)
        return write_event(
            participant,
            author,
            "teacher_left_school_as_ect" if participant.is_ect else "teacher_left_school_as_mentor",
            f"{who(author)} changed {participant.name}’s last day from {display(old)} to {display(new)}"
            if was_leaving
            else leaving_heading(participant.name, new, author),
            [
                next_event(everybody[other.id], author, **end_of_mentorship(participant, other, day))
                for other, day in ended.items()
            ],
            happened_at=datetime.combine(new, time(12), LONDON),
            modifications=[f"finished_on: {old} → {new}"],
            leaving_on=new.isoformat(),
            reported_on=leaving_on.isoformat(),
            lead_provider=trained_by,
            training_status=participant.training_status,
            is_confirmed=period is not None and period.is_confirmed,
            mentor_in_training=_goes_on_in_training(everybody, mentorships) if participant.is_ect else None,
            ects=_without_mentor(ended, everybody, new) if not participant.is_ect else [],
        )


def _goes_on_in_training(everybody: dict[int, Participant], mentorships: list[Mentorship]) -> str | None:
    """The name of an ECT's latest mentor, if a lead provider goes on training that person here."""
    mentor_id = max(mentorships, key=lambda each: each.started_on).mentor_id if mentorships else None
    mentor = everybody.get(mentor_id)
    if not mentor or mentor.finished_on or mentor.training_status != "active" or not lead_provider_name(mentor):
        return None
    return mentor.name if mentor.training_period.is_confirmed else None


def _without_mentor(ended: dict[Participant, date], everybody: dict[int, Participant], last_day: date) -> list[list]:
    """[id, name] of each ECT who stays longer than their mentor, and whom nobody else is to mentor then."""
    ects = [everybody[ect.id] for ect, day in ended.items() if day == last_day]
    left = [
        ect
        for ect in ects
        if (ect.finished_on is None or ect.finished_on > last_day)
        and not any(mentorship.started_on > last_day for mentorship in ect.mentorships)
    ]
    return [[ect.id, ect.name] for ect in sorted(left, key=lambda ect: ect.teacher.folded_name)]


def lead_provider_name(participant: Participant) -> str | None:
    """Of the lead provider that trains the participant or told us that it stopped; None when none has a part in it."""
    period = participant.training_period
    if not period or not period.is_provider_led or participant.mentor_training_is_over:
        return None
    has_ended = period.has_finished and period.training_status == "active"
    return None if has_ended else period.lead_provider.name


def leaving_heading(name: str, last_day: date, author: Author) -> str:
    told_us = "We were told" if isinstance(author, System) else "Your school told us"
    return f"{told_us} that {name}’s last day {'was' if last_day < today() else 'is'} {display(last_day)}"


def _mentorships(participant: Participant) -> list[Mentorship]:
    return list(participant.mentorships if participant.is_ect else participant.ect_mentorships)


def _partners(participant: Participant) -> list[Participant]:
    """The mentors that an ECT has or had, or the ECTs of a mentor."""
    return [mentorship.mentor if participant.is_ect else mentorship.ect for mentorship in _mentorships(participant)]


def _training_in_role(participant: Participant) -> list[TrainingPeriod]:
    """All training of this person in this role, at whatever school."""
    placements = [each for each in participant.teacher.participants if each.role == participant.role]
    return [period for placement in placements for period in placement.training_periods]


def _day_before_next(period: TrainingPeriod | Mentorship, others: Iterable) -> date | None:
    """The last day that is free for this period, if another one begins after it."""
    starts = [other.started_on for other in others if other.started_on > period.started_on]
    return min(starts) - timedelta(days=1) if starts else None


def _end_with(
    period: TrainingPeriod | Mentorship, on: date, leaving_on: date, moved_from: date | None, *limits: date | None
) -> None:
    """End the period with the participant's last day; `_save_ends` saves it. One that would begin on the day reported
    (`leaving_on`) or later never happens; one that ended on the day said before (`moved_from`) moves with it, up to
    its own `limits`."""
    has_moved = moved_from and period.finished_on == moved_from
    goes_on = period.finished_on is None or period.finished_on > on
    if period.started_on < leaving_on and (has_moved or goes_on):
        period.finished_on = min(filter(None, (on, *limits)))


def _save_ends(table: type[TrainingPeriod] | type[Mentorship], periods: list, leaving_on: date) -> None:
    """What never happens goes first: what ends now may have to reach up to there."""
    never = [period.id for period in periods if period.started_on >= leaving_on]
    ended = [period for period in periods if period.started_on < leaving_on]
    if never:
        table.delete().where(table.id.in_(never)).execute()
    if ended:
        table.bulk_update(ended, [table.finished_on])


def end_of_mentorship(leaver: Participant, other: Participant, on: date) -> dict:
    """What is recorded of the other one of the two, when a mentor or an ECT leaves."""
    mentor, ect = (other.name, leaver.name) if leaver.is_ect else (leaver.name, other.name)
    mentors, leaves = ("mentored", "left") if on < today() else ("mentors", "leaves")
    return {
        "event_type": "teacher_finishes_mentoring" if leaver.is_ect else "teacher_finishes_being_mentored",
        "heading": f"{mentor} {mentors} {ect} until {display(on)}, because {leaver.name} {leaves} then",
        "with_participant": leaver.id,
        "finished_on": on.isoformat(),
    }


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


def change_mentor(ect: Participant, author: Author, *, mentor_id: int, seen_version: int | None = None) -> Event:
    """The school assigns a mentor to an ECT, or another one, from today or from the day that both are here."""
    touched = {mentorship.mentor_id for mentorship in ect.current_mentorships}
    with changing_with(ect.id, author, seen_version, [*touched, mentor_id]) as (ect, everybody):
        if not ect.is_ect:
            raise RuleBroken({"participant": "not_an_ect"})
        old, current = ect.mentor, ect.current_mentorships
        if not {mentorship.mentor_id for mentorship in current} <= touched:
            raise ChangedSince
        mentor = check_mentor(ect, mentor_id, everybody.values())
        starts_on = max(today(), ect.started_on, mentor.started_on)
        goes_on_until = {}
        for mentorship in current:
            # A mentorship that hasn't begun never happens; the one of now ends the day before.
            if mentorship.started_on >= starts_on:
                mentorship.delete_instance()
            else:
                end_period(mentorship, starts_on - timedelta(days=1))
                if mentorship.finished_on >= today():
                    goes_on_until[mentorship.mentor_id] = mentorship.finished_on
        Mentorship.create(ect=ect, mentor=mentor, started_on=starts_on, finished_on=ect.finished_on)
        mentors_events = [
            next_event(
                everybody[replaced.id],
                author,
                "teacher_finishes_mentoring",
                f"{replaced.name} mentors {ect.name} until {display(goes_on_until[replaced.id])}"
                if replaced.id in goes_on_until
                else f"{replaced.name} no longer mentors {ect.name}",
            )
            for replaced in {mentorship.mentor for mentorship in current} - {mentor}
        ]
        heading = f"{mentor.name} mentors {ect.name}"
        mentors_events.append(next_event(mentor, author, "teacher_starts_mentoring", heading))
        return write_event(
            ect,
            author,
            "teacher_mentor_changed",
            f"{who(author)} changed {ect.name}’s mentor from {old.name} to {mentor.name}"
            if old
            else f"{who(author)} assigned {mentor.name} to {ect.name} as mentor",
            mentors_events,
            modifications=[f"mentor: {old and old.id} → {mentor.id}"],
            old_mentor=old.name if old else None,
            new_mentor=mentor.name,
            starts_on=starts_on.isoformat(),
            old_mentor_until=goes_on_until[old.id].isoformat() if old and old.id in goes_on_until else None,
        )


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
    known = f"{teacher.name} {teacher.trs_first_name} {teacher.trs_last_name}"
    return not set(folded(known).split()).isdisjoint(folded(name).split())


def change_name(participant: Participant, author: Author, *, name: str, seen_version: int | None = None) -> Event:
    """The name that everybody is shown. The national record keeps its own."""
    with changing(participant.id, author, seen_version) as participant:
        check_name(participant, name)
        old = participant.name
        participant.teacher.corrected_name = name
        participant.teacher.save()
        return write_event(
            participant,
            author,
            "teacher_name_updated",
            f"{who(author)} changed the name {old} to {participant.name}",
            modifications=[f"name: {old} → {name}"],
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
    is_here = Participant.finished_on.is_null() | (Participant.finished_on >= today())
    people = (
        Participant.select(*names)
        .join(Teacher)
        .where(
            Participant.school == participant.school_id,
            fn.lower(Participant.email) == email.lower(),
            is_here,
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


def change_email_address(
    participant: Participant, author: Author, *, email: str, seen_version: int | None = None
) -> Event:
    with changing(participant.id, author, seen_version) as participant:
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
        raise RuleBroken({"working_pattern": "already"})


def change_working_pattern(
    participant: Participant, author: Author, *, working_pattern: str, seen_version: int | None = None
) -> Event:
    with changing(participant.id, author, seen_version) as participant:
        if not participant.is_ect:
            raise RuleBroken({"participant": "not_an_ect"})
        check_working_pattern(participant, working_pattern)
        old, participant.working_pattern = participant.working_pattern, working_pattern
        participant.save(only=[Participant.working_pattern])
        words = working_pattern.replace("_", " ")
        return write_event(
            participant,
            author,
            "teacher_working_pattern_updated",
            f"{who(author)} changed {participant.name}’s working pattern to {words}",
            modifications=[f"working_pattern: {old} → {working_pattern}"],
        )
