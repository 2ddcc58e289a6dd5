"""When somebody leaves a school for good: the day that their school reports, and all that ends with it. What else
schools change of a participant's place is in participants.py.
"""

import calendar
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from clock import LONDON, display, today
from domain.changes import (
    Author,
    ChangedSince,
    RuleBroken,
    System,
    changing_with,
    last_day_mentoring,
    next_event,
    was,
    who,
    write_event,
)
from models import Event, Mentorship, Participant, TrainingPeriod

MOST_MONTHS_AHEAD = 4


def months_later(on: date, months: int) -> date:
    """The same day so many calendar months later, or the last of that month where it is shorter."""
    year, month = divmod(on.month - 1 + months, 12)
    year, month = on.year + year, month + 1
    return date(year, month, min(on.day, calendar.monthrange(year, month)[1]))


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
    told_us = "We were told" if isinstance(author, System) else f"{who(author)} told us"
    return f"{told_us} that {name}’s last day {was(last_day)} {display(last_day)}"


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
    return {
        "event_type": "teacher_finishes_mentoring" if leaver.is_ect else "teacher_finishes_being_mentored",
        "heading": last_day_mentoring(mentor, ect, on),
        "with_participant": leaver.id,
        "finished_on": on.isoformat(),
    }
