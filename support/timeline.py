"""All that is known of one person, at all schools, on one time line: where they were, who trained and mentored them,
and what was done, by whom, with reasons. For support's eyes only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from peewee import JOIN

from clock import LONDON, display
from domain import identities
from models import Event, Participant, School, SchoolUser, SupportUser, Teacher

OUTER = JOIN.LEFT_OUTER
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00:00")
DAY = re.compile(r"(?<![-\w])\d{4}-\d\d-\d\d(?![-\w])")
NOTHING = re.compile(r"(?<![-\w])None(?![-\w])")


@dataclass(frozen=True)
class Entry:
    """Something that was so from or until a day, or that was done at a moment."""

    on: date
    words: str
    school: str
    at: datetime | None = None
    """When it was written down, if it is something that was done."""
    by: str = ""
    changes: tuple[str, ...] = ()
    """What it changed, as “what: before → after”."""
    reason: str = ""
    """Why support did it."""

    @property
    def place(self) -> tuple:
        """The order on the line. Of what is of one day, what was so comes before what was done."""
        return (self.on, self.at or datetime.combine(self.on, time(), LONDON))


def places_of(teacher: Teacher) -> list[Participant]:
    """The person in every role at every school, the latest first, with all that corrections ask."""
    return sorted(identities.places_of(teacher), key=lambda place: (place.started_on, place.id), reverse=True)


def timeline(teacher: Teacher, places: list[Participant]) -> list[Entry]:
    """The latest first."""
    entries = [entry for place in places for entry in facts(place)]
    return sorted([*entries, *done(teacher)], key=lambda entry: entry.place)[::-1]


def facts(place: Participant) -> Iterator[Entry]:
    role, school = "an ECT" if place.is_ect else "a mentor", place.school.name
    if place.registered_in_error_at:
        return
    yield Entry(place.started_on, f"First day as {role}", school)
    if place.finished_on:
        yield Entry(place.finished_on, f"Last day as {role}", school)
    for period in place.training_periods:
        training = training_in_words(period)
        yield Entry(period.started_on, f"First day of {training}", school)
        if period.finished_on:
            yield Entry(period.finished_on, f"Last day of {training}", school)
    pairs = [(each, each.mentor, "mentored by") for each in place.mentorships]
    pairs += [(each, each.ect, "mentoring") for each in place.ect_mentorships]
    for mentorship, other, words in pairs:
        yield Entry(mentorship.started_on, f"First day {words} {other.name}", school)
        if mentorship.finished_on:
            yield Entry(mentorship.finished_on, f"Last day {words} {other.name}", school)


def training_in_words(period) -> str:
    if not period.is_provider_led:
        return "school-led training"
    confirmed = "" if period.is_confirmed else ", not confirmed"
    return f"training with {period.lead_provider.name} ({period.contract_period.year}, {period.schedule}{confirmed})"


def marks(period) -> list[str]:
    """When a lead provider withdrew or deferred this training, and why."""
    found = [("Withdrawn", period.withdrawn_at, period.withdrawal_reason)]
    found.append(("Deferred", period.deferred_at, period.deferral_reason))
    return [f"{mark} on {display(at)}: {in_words(reason)}" for mark, at, reason in found if at]


def in_words(reason: str) -> str:
    return reason.replace("_", " ")


def readable(modification: str) -> str:
    """Such as “finished on: nothing → 20 April 2026”."""
    what, _, change = modification.partition(": ")
    change = DAY.sub(lambda day: display(date.fromisoformat(day[0])), MOMENT.sub(in_london, change))
    return f"{in_words(what)}: {NOTHING.sub('nothing', change)}"


def in_london(moment: re.Match) -> str:
    at = datetime.fromisoformat(moment[0]).astimezone(LONDON)
    return f"{display(at)}, {at:%H:%M}"


def is_change(modification: str) -> bool:
    before, _, after = modification.partition(": ")[2].partition(" → ")
    return before != after


def done(teacher: Teacher) -> Iterator[Entry]:
    events = Event.select(Event, SupportUser, SchoolUser, School).join(School).join_from(Event, SupportUser, OUTER)
    events = events.join_from(Event, SchoolUser, OUTER)
    theirs = Participant.select(Participant.id).where(Participant.teacher == teacher)
    for event in events.where(Event.participant << theirs).order_by(Event.id):
        by = event.author_name
        if event.support_user_id:
            by = f"{event.support_user.name or event.support_user.email}, support"
        elif event.school_user_id:
            by = f"{event.author_name} ({event.school_user.email})"
        yield Entry(
            event.created_at.astimezone(LONDON).date(),
            event.heading,
            event.school.name,
            at=event.created_at,
            by=by,
            changes=tuple(map(readable, filter(is_change, event.modifications))),
            reason=event.details.get("reason", ""),
        )
