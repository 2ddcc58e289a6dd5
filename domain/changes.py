"""What every change of a participant has in common: who can't be changed meanwhile, how a rule refuses, and the event
that is written. The acts themselves are in training.py, participants.py and reports.py.

An act refuses by raising RuleBroken, whose errors are keyed by the act's own parameters: they are also the names of the
form's fields and of the API's attributes, so whoever called can put a sentence where it belongs.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

from peewee import SQL, OperationalError, fn

from clock import LONDON, current_world, display, now, today
from database import db, is_postgresql
from database.faults import Fault
from database.rows import insert
from domain.notices import write_notices
from domain.queries import locked_participants
from models import Event, LatestUpdate, LeadProvider, Mentorship, Participant, SchoolUser, SupportUser, TrainingPeriod
from vocabulary import isolated

log = logging.getLogger("service.database")


@dataclass(frozen=True)
class System:
    """The service itself, as the author of what neither a school nor a lead provider does: what files bring."""

    name: str = "Register early career teachers"


@dataclass(frozen=True)
class Support:
    """Somebody of support, as the author of what only support can put right. Schools and providers read that support
    did it; who it was, the event says by its `support_user`."""

    user: SupportUser
    name: str = "Support"


Author = SchoolUser | LeadProvider | System | Support
AUTHOR_TYPES = {
    SchoolUser: "school_user",
    LeadProvider: "lead_provider_api",
    System: "system",
    Support: "dfe_staff_user",
}

HEADINGS = {
    "teacher_withdraws_training_period": "{provider} told us they had stopped training {name}{as_a_mentor}",
    "teacher_defers_training_period": "{provider} told us they had paused {name}’s {mentor}training",
    "teacher_resumes_training_period": "{provider} told us they had started training {name}{as_a_mentor} again",
    "teacher_changes_schedule": "{provider} changed the schedule of {name}’s {mentor}training",
    "teacher_training_period_confirmed": "{provider} confirmed they would train {name}, with {delivery_partner}",
    "teacher_delivery_partner_updated": "{provider} changed {name}’s delivery partner to {delivery_partner}",
    "teacher_training_lead_provider_updated": "{who} changed {name}’s lead provider from {old} to {new}",
    "teacher_training_programme_updated": "{who} changed {name}’s training programme from {old} to {new}",
}
"""How events are told, by their type, to the school."""


def heading_of(event_type: str, participant: Participant, author: Author, words: Mapping[str, str]) -> str:
    as_a_mentor, mentor = ("", "") if participant.is_ect else (" as a mentor", "mentor ")
    told = {"name": participant.name, "as_a_mentor": as_a_mentor, "mentor": mentor}
    return HEADINGS[event_type].format(who=who(author), provider=author.name, **told, **words)


def who(author: Author) -> str:
    """How a sentence for the school begins that says what this author did. Whoever did it reads “You” instead: see
    Event.told_to."""
    return "We" if isinstance(author, System) else isolated(author.name)


def was(on: date) -> str:
    """What a sentence says of a day that is told in the past, whether it has come or not."""
    return "was" if on < today() else "would be"


def last_day_mentoring(mentor: str, ect: str, on: date) -> str:
    return f"{mentor}’s last day mentoring {ect} {was(on)} {display(on)}"


class RuleBroken(Exception):
    """The rules refuse this act; nothing was changed. `errors`: parameter → code of the rule, in the order of the
    rules; `facts`: what a sentence about it needs. The words are the caller's."""

    def __init__(self, errors: dict[str, str], **facts):
        self.errors, self.facts = errors, facts
        super().__init__(", ".join(f"{name}: {code}" for name, code in errors.items()))


class ChangedSince(Exception):
    """Somebody changed the participant after the version that whoever acts had seen; nothing was changed."""


def act_as_seen(act: Callable, participant: Participant, author: Author, seen_version: int | None, **answers) -> Event:
    """Do this act, if nobody has changed the participant after the version that whoever acts had seen. Raises
    ChangedSince."""
    with db.atomic():
        event = act(participant, author, **answers)
        if event.version - 1 != seen_version:
            raise ChangedSince
        return event


@contextmanager
def changing(participant_id: int, author: Author):
    """One transaction for one change: gives the participant as they are now. Nobody else can change that person
    meanwhile, at whatever school."""
    with changing_with(participant_id, author, ()) as (participant, _):
        yield participant


@contextmanager
def changing_with(participant_id: int, author: Author, others: Iterable[int]):
    """The same for a change that touches others, too: gives the participant and the others by their ids."""
    with db.atomic():
        updated_at()
        everybody = locked_participants([participant_id, *others])
        participant = everybody[participant_id]
        if isinstance(author, SchoolUser) and author.school_id != participant.school_id:
            raise PermissionError(f"participant {participant_id} is not at the school of user {author.id}")
        # Support puts right what is recorded of somebody who has left, but not a registration that was an error itself.
        is_gone = participant.registered_in_error_at if isinstance(author, Support) else participant.has_left
        if is_gone and not isinstance(author, LeadProvider):
            raise RuleBroken({"participant": "has_left"})
        yield participant, everybody


MOST_AHEAD = 60_000_000
"""Microseconds that the latest change may be ahead of the clock. Beyond that the clock is wrong, and whatever is done
would be done on a wrong day. A day that somebody has set is as they want it."""


def updated_at() -> datetime:
    """The moment of this change, for the API: now, and in any case later than every change before it. Until the
    transaction ends, nobody else changes anything of which the API tells. So changes are written in the order of these
    moments, and whoever asks for what came after the latest one that they know of misses none."""
    moment = fn.GREATEST if is_postgresql() else fn.MAX
    present = present_microseconds()
    latest = moment(LatestUpdate.microseconds + 1, present)
    ahead = (LatestUpdate.microseconds - present).alias("ahead")
    (row,) = LatestUpdate.update(microseconds=latest).returning(LatestUpdate.microseconds, ahead).execute()
    if row.ahead > MOST_AHEAD and not current_world().moment:
        raise Fault("clock", f"the latest change was {row.ahead // 1_000_000} seconds from now")
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=row.microseconds)


def begin_day(told: date) -> None:
    """See to it that the API tells of today, if the day by which it tells is another: whoever asks it first on a day
    has the database move what that changes (database/updates.py). Where nothing can be written, it goes on telling of
    the day before. Of two servers at midnight one may be behind; a day that somebody has set they may also set back."""
    day = today()
    if told < day or (told != day and current_world().moment):
        try:
            with db.atomic():
                if is_postgresql():  # on 1 September it is half of all people
                    db.execute_sql("SET LOCAL statement_timeout = '5min'")
                updated_at()
                LatestUpdate.update(day=day).execute()
        except OperationalError as error:
            log.warning("the day has not begun: %s", type(error).__name__)


def moment_told(day: date) -> datetime:
    """The present, on the day by which the API tells. While another server has begun the next day, or nobody could
    begin this one, it is the nearest to the present: so what is told changes only when `updated_at` moves, too."""
    if moment := current_world().moment:
        return moment
    first, end = (datetime.combine(each, time(), LONDON) for each in (day, day + timedelta(1)))
    return min(max(now(), first), end - timedelta(microseconds=1)).astimezone(UTC)


def present_microseconds():
    """Now, in microseconds since 1970, by the clock that all servers have in common: the database's, where it has one
    and nobody has set ours."""
    world = current_world()
    if is_postgresql() and not world.moment:
        return SQL("(extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
    return ((world.stamped_at or now()) - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)


def write_event(
    participant: Participant,
    author: Author,
    event_type: str,
    heading: str = "",
    beside: Iterable[Event] = (),
    *,
    words: Mapping[str, str] = MappingProxyType({}),
    **details,
) -> Event:
    """Write down the one thing that was done to this participant, and what it did to others `beside` them (each made
    by next_event). That makes it everybody's next version, and tells it to the API: the database sees to both
    (database/triggers.py). What schools are told of by email is written down with it. Without a `heading` of its own it
    is told as HEADINGS has it, with these `words`."""
    heading = heading or heading_of(event_type, participant, author, words)
    event = next_event(participant, author, event_type, heading, **details)
    events = [event, *beside]
    insert(*events)
    write_notices(events)
    return event


def next_event(
    participant: Participant,
    author: Author,
    event_type: str,
    heading: str,
    *,
    period: TrainingPeriod | None = None,
    happened_at: datetime | None = None,
    modifications: Sequence[str] = (),
    **details,
) -> Event:
    """The event that makes the participant's next version. Saves nothing: `write_event` does."""
    is_school = isinstance(author, SchoolUser)
    participant.version += 1
    return Event(
        event_type=event_type,
        heading=heading,
        happened_at=happened_at or now(),
        author_type=AUTHOR_TYPES[type(author)],
        author_name=author.name,
        school_user=author if is_school else None,
        support_user=author.user if isinstance(author, Support) else None,
        teacher=participant.teacher_id,
        school=participant.school_id,
        participant=participant,
        version=participant.version,
        lead_provider=period.lead_provider if period else None,
        training_period_id=period.id if period else None,
        modifications=list(modifications),
        details=details,
    )


def end_period(period: TrainingPeriod | Mentorship, on: date) -> None:
    """End the period on this day. One that ended earlier keeps its end."""
    if period.finished_on is None or period.finished_on > on:
        period.finished_on = on
        period.save()
