"""When somebody leaves a school for good: the day that their school reports, and all that ends with it. What else
schools change of a participant's place is in participants.py.
"""

import calendar
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

from clock import LONDON, display, today
from database import among
from database.rows import from_json
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
from domain.reports import completed_on, has_completed
from models import Event, Mentorship, Participant, TrainingPeriod

MOST_MONTHS_AHEAD = 4


def months_later(on: date, months: int) -> date:
    """The same day so many calendar months later, or the last of that month where it is shorter."""
    year, month = divmod(on.month - 1 + months, 12)
    year, month = on.year + year, month + 1
    return date(year, month, min(on.day, calendar.monthrange(year, month)[1]))


def can_report_leaving(participant: Participant) -> bool:
    """Whoever is still to come hasn't left."""
    return participant.started_on <= today() and not participant.has_left


def check_leaving_on(participant: Participant, leaving_on: date) -> None:
    """The rules for a leaving date, in their order: the earliest is the day after placement and training began.
    Training that began today doesn't count: it is taken back if need be."""
    latest = months_later(today(), MOST_MONTHS_AHEAD)
    started = [period.started_on for period in participant.training_periods if period.has_started]
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
    """The day that this report makes their last."""
    return earliest(leaving_on, last_free_day(participant))


def last_free_day(participant: Participant) -> date | None:
    """How long somebody could stay whatever their school reports: to the last day that was known before, or to the day
    before an ECT's first one at the next school."""
    known = participant.finished_on
    if participant.leaving_is_reported:
        told = _as_it_was(participant).get("last_day")
        known = date.fromisoformat(told) if told else None
    return earliest(known, day_before(next_school_from(participant)))


def next_school_from(participant: Participant) -> date | None:
    """An ECT's first day at the school that registered them next. Mentors may be at two schools at once."""
    others = participant.teacher.participants if participant.is_ect else []
    starts = [other.started_on for other in others if other.is_ect and other.started_on > participant.started_on]
    return min(starts, default=None)


def report_leaving(participant: Participant, author: Author, *, leaving_on: date) -> Event:
    """The school says which day is or was the participant's last, or changes the day it said before. What would go on
    longer ends then; what ended on the day said before moves with it."""
    with moving_last_day(participant, author) as (participant, move):
        if not can_report_leaving(participant):
            raise RuleBroken({"participant": "not_started"})
        check_leaving_on(participant, leaving_on)
        old, new, was_leaving = participant.finished_on, last_day(participant, leaving_on), participant.is_leaving
        trained_by, period = lead_provider_name(participant), participant.training_period
        move.leave(new, leaving_on)
        ended = {other: min(day or new, new) for other, day in move.save().items()}
        return write_event(
            participant,
            author,
            LEFT[0] if participant.is_ect else LEFT[1],
            f"{who(author)} changed {participant.name}’s last day from {display(old)} to {display(new)}"
            if was_leaving
            else leaving_heading(participant.name, new, author),
            [_told_of_mentorship(other, author, "finishes", participant, day) for other, day in ended.items()],
            happened_at=datetime.combine(new, time(12), LONDON),
            modifications=[f"finished_on: {old} → {new}"],
            leaving_on=new.isoformat(),
            reported_on=leaving_on.isoformat(),
            lead_provider=trained_by,
            training_status=participant.training_status,
            is_confirmed=period is not None and period.is_confirmed,
            is_seen=_is_seen(participant, new),
            has_training=any(each.finished_on == new for each in move.training if each not in move.never),
            mentor_in_training=_goes_on_in_training(ended, move.mentorships) if participant.is_ect else None,
            ects=_without_mentor(ended, move.everybody, new) if not participant.is_ect else [],
            **move.details,
        )


LEFT = ("teacher_left_school_as_ect", "teacher_left_school_as_mentor")
STAYS = "teacher_stays_at_school"


def departures_reported_at(participant_ids: Iterable[int]) -> dict[int, datetime]:
    """Participant → when the departure that holds was first reported, where a report of the school's holds."""
    found: dict[int, datetime] = {}
    events = Event.select(Event.participant, Event.event_type, Event.created_at).where(
        among(Event.participant, participant_ids), Event.event_type << (*LEFT, STAYS)
    )
    for participant_id, event_type, at in events.order_by(Event.version).tuples():
        if event_type == STAYS:
            found.pop(participant_id, None)
        else:
            found.setdefault(participant_id, at)
    return found


def take_back_leaving(participant: Participant, author: Author) -> Event:
    """Somebody whose last day the school reported, and who is still here, is staying after all. Everything goes on as
    if it had not been reported."""
    with moving_last_day(participant, author) as (participant, move):
        if not participant.is_leaving:
            raise RuleBroken({"participant": "not_leaving"})
        old, new = participant.finished_on, last_free_day(participant)
        move.stay(new)
        going_on = move.save()
        return write_event(
            participant,
            author,
            STAYS,
            f"{who(author)} told us that {participant.name} was staying, and not leaving on {display(old)}",
            [_told_of_mentorship(other, author, "goes_on", participant, day) for other, day in going_on.items()],
            modifications=[f"finished_on: {old} → {new}"],
            last_day=as_text(new),
            lead_provider=_who_sees_that_training_goes_on(participant),
            others=sorted(other.name for other, day in going_on.items() if _goes_on(participant, other, day)),
            **move.details,
        )


def _goes_on(participant: Participant, other: Participant, until: date | None) -> bool:
    """Whether one of the two goes on mentoring the other, who needs it."""
    ect = participant if participant.is_ect else other
    return not (other.has_left or ect.needs_no_induction or (until and until <= today()))


def _who_sees_that_training_goes_on(participant: Participant) -> str | None:
    """The lead provider that has confirmed that it trains somebody who is staying, and has not stopped or paused it."""
    period = participant.training_period
    is_running = period is not None and period.is_confirmed and not period.has_finished
    is_running = is_running and _is_seen(participant, period.finished_on or date.max)
    return lead_provider_name(participant) if is_running and period.training_status == "active" else None


@contextmanager
def moving_last_day(
    participant: Participant,
    author: Author,
    could_stay_until: Callable[[Participant], date | None] = last_free_day,
):
    """One transaction in which a last day moves or goes, with all that depends on it. Gives the participant and the
    Move. `could_stay_until`: how long somebody could stay if nobody reported that they leave."""
    touched = _touched(participant)
    with changing_with(participant.id, author, touched) as (participant, everybody):
        if not _touched(participant) <= touched:
            raise ChangedSince
        yield participant, Move(participant, everybody, could_stay_until(participant))


def _touched(participant: Participant) -> set[int]:
    """The mentors that an ECT has or had, or the ECTs of a mentor; and those who would be, but for the report."""
    dropped = _as_it_was(participant).get("mentorships", [])
    return {other.id for other in partners_of(participant)} | {row[_partner(participant)] for row in dropped}


def _as_it_was(participant: Participant) -> dict:
    """What the report of somebody who is leaving wrote down of how it was before: see Move.details."""
    if "as_it_was" not in participant.__dict__:
        reports = participant.events.where(Event.event_type << LEFT)
        event = reports.order_by(Event.version.desc()).first() if participant.leaving_is_reported else None
        participant.as_it_was = event.details.get("as_it_was", {}) if event else {}
    return participant.as_it_was


class Move:
    """Training and mentorships of somebody whose last day moves: changed in memory, until `save`."""

    def __init__(self, participant: Participant, everybody: dict[int, Participant], could_stay_until: date | None):
        self.participant, self.everybody, self.could_stay_until = participant, everybody, could_stay_until
        self.was, self.as_it_was = participant.finished_on, _as_it_was(participant)
        self.last_day_known = self.as_it_was.get("last_day") if participant.leaving_is_reported else as_text(self.was)
        self.training, self.mentorships = list(participant.training_periods), mentorships_of(participant)
        self.stored = {period: period.finished_on for period in self.periods}
        self.never: list[TrainingPeriod | Mentorship] = []
        self.again: list[TrainingPeriod | Mentorship] = []

    @property
    def periods(self) -> list[TrainingPeriod | Mentorship]:
        return [*self.training, *self.mentorships]

    def beside(self, period: TrainingPeriod | Mentorship) -> list:
        """What it may not overlap: training of this person in this role, at any school; mentorships of the ECT."""
        if isinstance(period, TrainingPeriod):
            return [*_training_in_role(self.participant), *self.training]
        of_ect = [each for each in self.mentorships if each.ect_id == period.ect_id]
        return [*self.everybody[period.ect_id].mentorships, *of_ect]

    def partner(self, mentorship: Mentorship) -> Participant:
        return self.everybody[mentorship.__data__[_partner(self.participant)]]

    def limit(self, period: TrainingPeriod | Mentorship) -> date | None:
        """How long it goes on if nobody ends it."""
        later = [each.started_on for each in self.beside(period) if each.started_on > period.started_on]
        by_others = day_before(min(later, default=None))
        if isinstance(period, Mentorship):
            return earliest(self.could_stay_until, by_others, self.partner(period).finished_on)
        return earliest(
            self.could_stay_until, by_others, day_funding_ends(self.participant, period), *marked_on(period)
        )

    def stay(self, last_day: date | None) -> None:
        """Nobody reports that they leave: at most, this is their last day."""
        self._let_everything_go_on()
        self.participant.finished_on = last_day
        self.participant.reported_leaving_by_school = self.participant.reported_leaving_on = None

    def leave(self, last_day: date, leaving_on: date) -> None:
        """This is their last day, because somebody reports the day `leaving_on`. What would begin on that day or later
        never happens, nor what began today after it."""
        self._let_everything_go_on()
        self.never = [
            period
            for period in self.periods
            if period.started_on > leaving_on or period.started_on == leaving_on > today()
        ]
        for period in self.periods:
            if period not in self.never:
                period.finished_on = earliest(period.finished_on, last_day)
        self.participant.finished_on, self.participant.reported_leaving_on = last_day, leaving_on
        self.participant.reported_leaving_by_school = self.participant.school_id

    def _let_everything_go_on(self) -> None:
        """As if no last day had been reported: what never happened because of it happens, and what ended with it goes
        on to its own limits."""
        rows = [(TrainingPeriod, row) for row in self.as_it_was.get("training", [])]
        rows += [(Mentorship, row) for row in self.as_it_was.get("mentorships", [])]
        for table, row in rows:
            period = from_json(table, row)
            if self.is_free(period, row["beside"]):
                self.again.append(period)
                (self.training if table is TrainingPeriod else self.mentorships).append(period)
        for period in self.periods:
            if period in self.again or period.finished_on == self.was:
                period.finished_on = self.limit(period)

    def is_free(self, period: TrainingPeriod | Mentorship, beside: list[int]) -> bool:
        """Nothing has taken the place of this one, which never happened. `beside`: ids of what there was besides."""
        if isinstance(period, Mentorship) and self.partner(period).registered_in_error_at:
            return False
        limit = self.limit(period)
        taken = any(
            each.id not in beside
            and each.started_on <= (period.finished_on or date.max)
            and (each.finished_on in (None, self.was) or each.finished_on >= period.started_on)
            for each in self.beside(period)
        )
        return not taken and (limit is None or period.started_on <= limit)

    def save(self) -> dict[Participant, date | None]:
        """What never happens goes first: what ends now may have to reach up to there. Gives whose mentorships have
        changed, and when the last of those ends."""
        self.participant.save()
        self.again = [period for period in self.again if period not in self.never]
        never = [period for period in self.never if period in self.stored]
        moved = [each for each, end in self.stored.items() if each not in never and each.finished_on != end]
        for table in (TrainingPeriod, Mentorship):
            if gone := [period.id for period in never if isinstance(period, table)]:
                table.delete().where(table.id << gone).execute()
        _save_ends(moved)
        for period in self.again:
            period.save()
        changed = [each for each in (*never, *moved, *self.again) if isinstance(each, Mentorship)]
        until: dict[Participant, date] = {}
        for mentorship in changed:
            other = self.partner(mentorship)
            until[other] = max(until.get(other, date.min), mentorship.finished_on or date.max)
        return {other: None if day == date.max else day for other, day in until.items()}

    @property
    def details(self) -> dict:
        """What an event has to say so that all of it can be taken back: the last day known before, and what never
        happens, with the ids of what is beside it."""
        never = {TrainingPeriod: [], Mentorship: []}
        for period in self.never:
            beside = [each.id for each in self.beside(period) if each not in self.never and each.id]
            never[type(period)].append(as_row(period) | {"beside": sorted(set(beside))})
        was = {"last_day": self.last_day_known, "training": never[TrainingPeriod], "mentorships": never[Mentorship]}
        trained_again = [period.id for period in self.again if isinstance(period, TrainingPeriod)]
        told = {"as_it_was": was} if any(was.values()) else {}
        return told | ({"training_again": trained_again} if trained_again else {})


def _save_ends(periods: Iterable[TrainingPeriod | Mentorship]) -> None:
    """By one query for each day, however many ECTs a mentor has."""
    ids: dict[tuple, list[int]] = {}
    for period in periods:
        ids.setdefault((type(period), period.finished_on), []).append(period.id)
    for (table, day), of_table in ids.items():
        table.update(finished_on=day).where(table.id << of_table).execute()


def training_could_last_until(participant: Participant, period: TrainingPeriod) -> date | None:
    """How long training would go on if no lead provider had stopped or paused it."""
    in_role = _training_in_role(participant)
    later = [each.started_on for each in in_role if each.started_on > period.started_on]
    by_others = day_before(min(later, default=None))
    return earliest(participant.finished_on, by_others, day_funding_ends(participant, period))


def day_funding_ends(participant: Participant, period: TrainingPeriod) -> date | None:
    """The day on which a mentor's training ends because it isn't funded any more."""
    ends_on = None if participant.is_ect else participant.teacher.mentor_became_ineligible_for_funding_on
    return ends_on if ends_on and ends_on >= period.started_on else None


def marked_on(period: TrainingPeriod) -> list[date]:
    """The days on which its lead provider stopped or paused it."""
    return [at.astimezone(LONDON).date() for at in (period.withdrawn_at, period.deferred_at) if at]


def _is_seen(participant: Participant, last_day: date) -> bool:
    """Whether lead providers see by the last day that somebody leaves: not of an ECT who had completed induction."""
    return not has_completed(last_day, completed_on(participant.teacher, participant.role))


def _goes_on_in_training(ended: dict[Participant, date], mentorships: list[Mentorship]) -> str | None:
    """The name of an ECT's mentor until now, if a lead provider goes on training that person here."""
    mentor_id = max(mentorships, key=lambda each: each.started_on).mentor_id if mentorships else None
    mentor = next((each for each in ended if each.id == mentor_id), None)
    if not mentor or mentor.finished_on or mentor.training_status != "active" or not lead_provider_name(mentor):
        return None
    return mentor.name if mentor.training_period.is_confirmed else None


def _without_mentor(ended: dict[Participant, date], everybody: dict[int, Participant], last_day: date) -> list[list]:
    """[id, name] of each ECT who stays longer than their mentor and needs one, and whom nobody else is to mentor
    then."""
    ects = [everybody[ect.id] for ect, day in ended.items() if day == last_day]
    left = [
        ect
        for ect in ects
        if not ect.has_left
        and not ect.needs_no_induction
        and (ect.finished_on is None or ect.finished_on > last_day)
        and not any(mentorship.started_on > last_day for mentorship in ect.mentorships)
    ]
    return [[ect.id, ect.name] for ect in sorted(left, key=lambda ect: ect.teacher.folded_name)]


def ects_until(mentor: Participant, last_day: date) -> list[str]:
    """The names of the ECTs whom the mentor is to mentor up to this last day, and who need one then: not of those who
    go before, or whose mentor somebody else is by then."""
    ends = (None, mentor.finished_on)
    found = [
        each.ect
        for each in mentor.ect_mentorships
        if not each.has_finished
        and each.started_on <= last_day
        and (each.finished_on in ends or each.finished_on > last_day)
        and not each.ect.needs_no_induction
        and (each.ect.finished_on is None or each.ect.finished_on > last_day)
    ]
    return [ect.name for ect in sorted(found, key=lambda ect: ect.teacher.folded_name)]


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


def mentorships_of(participant: Participant) -> list[Mentorship]:
    return list(participant.mentorships if participant.is_ect else participant.ect_mentorships)


def partners_of(participant: Participant) -> list[Participant]:
    """The mentors that an ECT has or had, or the ECTs of a mentor."""
    return [mentorship.mentor if participant.is_ect else mentorship.ect for mentorship in mentorships_of(participant)]


def _partner(participant: Participant) -> str:
    return "mentor" if participant.is_ect else "ect"


def _training_in_role(participant: Participant) -> list[TrainingPeriod]:
    """All training of this person in this role, at whatever school."""
    placements = [each for each in participant.teacher.participants if each.role == participant.role]
    return [period for placement in placements for period in placement.training_periods]


def earliest(*days: date | None) -> date | None:
    return min(filter(None, days), default=None)


def day_before(day: date | None) -> date | None:
    return day and day - timedelta(days=1)


def as_text(day: date | None) -> str | None:
    return day and day.isoformat()


def as_row(period: TrainingPeriod | Mentorship) -> dict:
    """The row, as JSON has it, without its id."""
    values = {name: value for name, value in period.__data__.items() if name != "id"}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def in_pair(one: Participant, other: Participant) -> tuple[str, str]:
    """The names of the mentor and of the ECT, of these two."""
    return (other.name, one.name) if one.is_ect else (one.name, other.name)


def _told_of_mentorship(other: Participant, author: Author, what: str, mover: Participant, until: date | None) -> Event:
    """The event of the other one of the two, when a mentor or an ECT leaves (the mentorship `finishes`), or is staying
    after all (it `goes_on`)."""
    mentor, ect = in_pair(mover, other)
    going_on = f"{mentor} went on mentoring {ect}, because {mover.name} was staying"
    heading = last_day_mentoring(mentor, ect, until) if what == "finishes" else going_on
    event_type = f"teacher_{what}_{'mentoring' if mover.is_ect else 'being_mentored'}"
    return next_event(other, author, event_type, heading, with_participant=mover.id, finished_on=as_text(until))
