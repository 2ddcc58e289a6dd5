"""What support puts right when nobody else can: leaving that was reported wrongly, what a lead provider reported in
error, of the wrong training or on the wrong day, and registrations that should not have been. Each act keeps the reason
in its event and deletes no event; what schools and lead providers read of it is that support put the record right.

A name, an address and a TRN are put right in identities.py, what is arranged for training in arrangements.py.
Everything else about acts is as in changes.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from clock import LONDON, display, now, today
from domain.changes import ChangedSince, RuleBroken, Support, changing, changing_with, next_event, write_event
from domain.departures import (
    MOST_MONTHS_AHEAD,
    Move,
    as_row,
    as_text,
    day_before,
    earliest,
    in_pair,
    mentorships_of,
    months_later,
    moving_last_day,
    partners_of,
    training_could_last_until,
)
from models import Event, Mentorship, Participant, TrainingPeriod


def heading(participant: Participant, what: str) -> str:
    return f"Support put right {participant.name}’s record: {what}"


# --- last days -------------------------------------------------------------------------------------------------


def could_stay_until(participant: Participant) -> date | None:
    """The day before the next place that rules this one out: for an ECT any, for a mentor one at the same school."""
    others = [
        other.started_on
        for other in participant.teacher.participants
        if other.role == participant.role
        and other.started_on > participant.started_on
        and (participant.is_ect or other.school_id == participant.school_id)
    ]
    return day_before(min(others, default=None))


def can_put_right_last_day(participant: Participant) -> bool:
    return participant.started_on < today()


def check_last_day(participant: Participant, last_day: date) -> None:
    """Unlike its school, support may name a day before training that has begun: that training never was."""
    latest, limit = months_later(today(), MOST_MONTHS_AHEAD), could_stay_until(participant)
    if last_day > latest:
        raise RuleBroken({"last_day": "too_far_ahead"}, latest=latest)
    if last_day <= participant.started_on:
        raise RuleBroken({"last_day": "before_start"}, started_on=participant.started_on)
    if limit and last_day > limit:
        raise RuleBroken({"last_day": "placed_later"}, limit=limit)
    if last_day == participant.finished_on:
        raise RuleBroken({"last_day": "already"}, last_day=last_day)


def put_right_last_day(participant: Participant, author: Support, *, last_day: date, reason: str) -> Event:
    """They left, or will leave, on another day than is recorded, past or not."""
    with moving_last_day(participant, author, could_stay_until) as (participant, move):
        check_offered(can_put_right_last_day(participant))
        check_last_day(participant, last_day)
        old = participant.finished_on
        move.leave(last_day, last_day)
        event_type = f"teacher_left_school_as_{participant.role}"
        told = f"their last day is {display(last_day)}" + (f", not {display(old)}" if old else "")
        return write_moved(
            participant,
            author,
            move,
            event_type,
            told,
            reason,
            happened_at=datetime.combine(last_day, time(12), LONDON),
            modifications=[f"finished_on: {old} → {last_day}"],
            leaving_on=last_day.isoformat(),
        )


def can_put_right_not_left(participant: Participant) -> bool:
    """There is a last day, and nothing that follows makes it the last."""
    return participant.finished_on is not None and could_stay_until(participant) != participant.finished_on


def put_right_not_left(participant: Participant, author: Support, *, reason: str) -> Event:
    """They have not left, and are not leaving. Everything goes on as if nobody had said so."""
    with moving_last_day(participant, author, could_stay_until) as (participant, move):
        check_offered(can_put_right_not_left(participant))
        old, new = participant.finished_on, could_stay_until(participant)
        move.stay(new)
        return write_moved(
            participant,
            author,
            move,
            "teacher_stays_at_school",
            f"they did not leave on {display(old)}" if old < today() else f"they are not leaving on {display(old)}",
            reason,
            modifications=[f"finished_on: {old} → {new}"],
            last_day=as_text(new),
        )


def write_moved(
    participant: Participant, author: Support, move: Move, event_type: str, told: str, reason: str, **details
) -> Event:
    """Save what moves with a last day, and tell of it: also to whom they mentored, or by whom they were."""
    beside = [
        next_event(other, author, "teacher_mentorship_put_right", heading(other, mentoring_until(move, other)))
        for other in move.save()
    ]
    return write_event(
        participant, author, event_type, heading(participant, told), beside, reason=reason, **details, **move.details
    )


def mentoring_until(move: Move, other: Participant) -> str:
    """How long the two mentor or are mentored now, to be told of the `other` one."""
    mentor, ect = in_pair(move.participant, other)
    left = [each for each in move.mentorships if each not in move.never and move.partner(each) == other]
    if not left:
        return f"{mentor} did not mentor {ect}"
    last = max(left, key=lambda each: each.started_on).finished_on
    if not last:
        return f"{mentor} goes on mentoring {ect}"
    return f"{mentor}’s last day mentoring {ect} is {display(last)}"


def check_offered(is_offered: bool) -> None:
    if not is_offered:
        raise RuleBroken({"participant": "not_offered"})


# --- what a lead provider reported in error --------------------------------------------------------------------


@dataclass(frozen=True)
class Mark:
    """A lead provider's word that it stopped or paused this training."""

    period: TrainingPeriod
    kind: str
    """`withdrawal` or `deferral`."""

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.period.id}"

    @property
    def at(self) -> datetime:
        return getattr(self.period, MOMENTS[self.kind])

    @property
    def on(self) -> date:
        return self.at.astimezone(LONDON).date()

    @property
    def reason(self) -> str:
        return getattr(self.period, REASONS[self.kind])

    def set(self, at: datetime | None, reason: str | None) -> None:
        setattr(self.period, MOMENTS[self.kind], at)
        setattr(self.period, REASONS[self.kind], reason)


MOMENTS = {"withdrawal": "withdrawn_at", "deferral": "deferred_at"}
REASONS = {"withdrawal": "withdrawal_reason", "deferral": "deferral_reason"}
TOLD = {"withdrawal": "stopped training them", "deferral": "paused their training"}
"""What a lead provider did, as its school reads it."""


def marks_of(periods: Iterable[TrainingPeriod]) -> list[Mark]:
    """All of them, the latest first."""
    found = [Mark(period, kind) for period in periods for kind in MOMENTS if getattr(period, MOMENTS[kind])]
    return sorted(found, key=lambda mark: mark.at, reverse=True)


def has_marks(participant: Participant) -> bool:
    return bool(marks_of(participant.training_periods))


def check_mark(participant: Participant, mark: str) -> Mark:
    """The one that is meant."""
    marks = marks_of(participant.training_periods)
    check_offered(bool(marks))
    found = next((each for each in marks if each.key == mark), None)
    if not found:
        raise RuleBroken({"mark": "unknown"})
    return found


def end_with(participant: Participant, period: TrainingPeriod, days: Iterable[date]) -> date | None:
    """When this training ends if it is marked on these days instead: what had ended before it was marked stays so."""
    if period.finished_on < min(mark.on for mark in marks_of([period])):
        return earliest(period.finished_on, *days)
    return earliest(training_could_last_until(participant, period), *days)


def days_without(mark: Mark) -> list[date]:
    return [each.on for each in marks_of([mark.period]) if each != mark]


def take_back(participant: Participant, mark: Mark) -> list[str]:
    """Without this mark, training goes on until something else ends it. Gives what was modified."""
    period, old = mark.period, mark.period.finished_on
    end = end_with(participant, period, days_without(mark))
    modified = [f"{MOMENTS[mark.kind]}: {mark.at} → None", f"{REASONS[mark.kind]}: {mark.reason} → None"]
    modified.append(f"finished_on: {old} → {end}")
    mark.set(None, None)
    period.finished_on = end
    if mark.kind == "withdrawal":
        # What the school said of it was said because of it.
        period.not_continued_at = None
    period.save()
    return modified


def put_right_mark(participant: Participant, author: Support, *, mark: str, reason: str) -> Event:
    """The lead provider had not stopped, or paused, this training."""
    with changing(participant.id, author) as participant:
        taken = check_mark(participant, mark)
        period = taken.period
        return write_event(
            participant,
            author,
            f"teacher_{taken.kind}_taken_back",
            heading(participant, f"{period.lead_provider.name} had not {TOLD[taken.kind]}"),
            period=period,
            modifications=take_back(participant, taken),
            reason=reason,
        )


def check_marked_on(mark: Mark, marked_on: date) -> None:
    other = next((each for each in marks_of([mark.period]) if each != mark), None)
    if marked_on > today():
        raise RuleBroken({"marked_on": "in_future"}, today=today())
    if marked_on <= mark.period.started_on:
        raise RuleBroken({"marked_on": "before_training"}, started_on=mark.period.started_on)
    if marked_on == mark.on:
        raise RuleBroken({"marked_on": "already"}, marked_on=marked_on)
    if other and mark.kind == "withdrawal" and marked_on <= other.on:
        raise RuleBroken({"marked_on": "before_deferral"}, other=other.on)
    if other and mark.kind == "deferral" and marked_on >= other.on:
        raise RuleBroken({"marked_on": "after_withdrawal"}, other=other.on)


def put_right_day_of_mark(
    participant: Participant, author: Support, *, mark: str, marked_on: date, reason: str
) -> Event:
    """The lead provider stopped, or paused, this training on another day."""
    with changing(participant.id, author) as participant:
        moved = check_mark(participant, mark)
        check_marked_on(moved, marked_on)
        period, old, at = moved.period, moved.on, moved.at
        end, was = end_with(participant, period, [marked_on, *days_without(moved)]), period.finished_on
        moved.set(min(datetime.combine(marked_on, time(12), LONDON), now()), moved.reason)
        period.finished_on = end
        period.save()
        told = f"{period.lead_provider.name} {TOLD[moved.kind]} on {display(marked_on)}, not {display(old)}"
        return write_event(
            participant,
            author,
            f"teacher_{moved.kind}_moved_to_another_day",
            heading(participant, told),
            period=period,
            modifications=[f"{MOMENTS[moved.kind]}: {at} → {moved.at}", f"finished_on: {was} → {end}"],
            reason=reason,
        )


def could_be_meant(participant: Participant, mark: Mark) -> list[tuple[Participant, TrainingPeriod]]:
    """Other training of this person by the same lead provider that it may have meant, in whatever role, at whatever
    school, the latest first: it had begun by then, and the mark can follow those that are there."""
    found = []
    for place in [participant, *(each for each in participant.teacher.participants if each != participant)]:
        for period in place.training_periods:
            is_theirs = period.is_confirmed and period.lead_provider == mark.period.lead_provider
            if not is_theirs or period.started_on >= mark.on:
                continue
            is_fitting = not (place.is_ect and mark.reason == "mentor_no_longer_being_mentor")
            if mark.kind == "withdrawal":
                is_fitting &= period.withdrawn_at is None and (not period.deferred_at or period.deferred_at <= mark.at)
            else:
                is_fitting &= period.deferred_at is None and period.withdrawn_at is None
            if is_fitting:
                found.append((place, period))
    return sorted(found, key=lambda pair: pair[1].started_on, reverse=True)


def moves_of_marks(participant: Participant) -> dict[str, tuple[Mark, Participant, TrainingPeriod]]:
    """What may be done: a key for each → the mark, and where and which training may be meant instead."""
    marks = marks_of(participant.training_periods)
    pairs = [(mark, *meant) for mark in marks for meant in could_be_meant(participant, mark)]
    return {f"{mark.key}-to-{period.id}": (mark, place, period) for mark, place, period in pairs}


def check_move(participant: Participant, move: str) -> tuple[Mark, Participant, TrainingPeriod]:
    moves = moves_of_marks(participant)
    check_offered(bool(moves))
    if move not in moves:
        raise RuleBroken({"move": "unknown"})
    return moves[move]


def put_right_training_of_mark(participant: Participant, author: Support, *, move: str, reason: str) -> Event:
    """The lead provider meant other training that it gave this person."""
    places = [place.id for place in participant.teacher.participants]
    with changing_with(participant.id, author, places) as (participant, everybody):
        moved, place, meant = check_move(participant, move)
        place = everybody.get(place.id, place)
        meant = next(period for period in place.training_periods if period.id == meant.id)
        at, why, provider = moved.at, moved.reason, moved.period.lead_provider.name
        target, was = Mark(meant, moved.kind), meant.finished_on
        end = earliest(was, moved.on)
        target.set(at, why)
        meant.finished_on = end
        meant.save()
        modified = take_back(participant, moved)
        modified_there = [f"{MOMENTS[moved.kind]}: None → {at}", f"{REASONS[moved.kind]}: None → {why}"]
        modified_there.append(f"finished_on: {was} → {end}")
        beside = []
        told = f"{provider} had not {TOLD[moved.kind]}"
        if place == participant:
            told += f" as recorded, but in the training that began on {display(meant.started_on)}"
        else:
            told_there = f"{provider} {TOLD[moved.kind]} on {display(target.on)}"
            event_type = f"teacher_{moved.kind}_moved_here"
            told_there = heading(place, told_there)
            beside = [next_event(place, author, event_type, told_there, period=meant, modifications=modified_there)]
        return write_event(
            participant,
            author,
            f"teacher_{moved.kind}_moved_to_other_training",
            heading(participant, told),
            beside,
            period=moved.period,
            modifications=[*modified, *(modified_there if place == participant else [])],
            moved_to=meant.id,
            reason=reason,
        )


# --- a registration that should not have been ------------------------------------------------------------------


def put_right_registration(participant: Participant, author: Support, *, reason: str) -> Event:
    """They should not have been registered in this role at this school. Nothing of it counts any more; a lead provider
    that was told of it goes on being told of them, as somebody who has left."""
    touched = {other.id for other in partners_of(participant)}
    with changing_with(participant.id, author, touched) as (participant, everybody):
        training, mentorships = list(participant.training_periods), mentorships_of(participant)
        if not {other.id for other in partners_of(participant)} <= touched:
            raise ChangedSince
        others = [everybody[other] for other in sorted({other.id for other in partners_of(participant)})]
        for table, rows in ((TrainingPeriod, training), (Mentorship, mentorships)):
            if rows:
                table.delete().where(table.id << [row.id for row in rows]).execute()
        was = participant.finished_on
        participant.finished_on, participant.registered_in_error_at = participant.started_on, now()
        participant.reported_leaving_by_school = participant.reported_leaving_on = None
        participant.save()
        role = "an ECT" if participant.is_ect else "a mentor"
        never = [(other, "{} did not mentor {}".format(*in_pair(participant, other))) for other in others]
        beside = [next_event(one, author, "teacher_mentorship_put_right", heading(one, told)) for one, told in never]
        return write_event(
            participant,
            author,
            "teacher_registered_in_error",
            heading(participant, f"they should not have been registered as {role} at your school"),
            beside,
            modifications=["registered_in_error: no → yes", f"finished_on: {was} → {participant.finished_on}"],
            reason=reason,
            last_day=as_text(was),
            training=[as_row(row) for row in training],
            mentorships=[as_row(row) for row in mentorships],
        )
