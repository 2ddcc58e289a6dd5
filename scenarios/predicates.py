"""What a scenario may say about its end: a closed set of predicates over what is stored in a sandbox, over its pages,
and over what happened on the way there."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from database import db
from models import Event, Participant, Teacher
from scenarios.pages import Page


@dataclass(frozen=True)
class End:
    """How a sandbox was left. Its database is open."""

    fetch: Callable[[str], Page]
    """The page at this address, as the school user is shown it."""
    told_at_first: Callable[[str], str]
    """What the pages said of the lead provider's report about this person, when the scenario began."""
    happened: list[tuple[str, str]]
    """(kind, what) in order: ("page", its id), ("error", its code), ("provider", its act), ("change", attribute)."""
    shown_names: dict[str, str] = field(default_factory=dict)
    """Names of the base world's organisations → what they are called in this sandbox, where that differs."""

    def person(self, name: str) -> Participant:
        """The one participant whose name this was when the scenario began."""
        first_name, _, last_name = name.partition(" ")
        return (
            Participant.select(Participant, Teacher)
            .join(Teacher)
            .where(Teacher.trs_first_name == first_name, Teacher.trs_last_name == last_name)
            .get()
        )

    def changed_by_school(self) -> set[int]:
        """Whom the school has changed, by id."""
        started_with = db.obj.pragma("user_version")
        events = Event.select().where(Event.id > started_with, Event.author_type == "school_user")
        return {event.participant_id for event in events}

    def list_page(self, who: str) -> Page:
        return self.fetch(f"/school/{self.person(who).role}s")

    def record_address(self, who: str) -> str:
        participant = self.person(who)
        return f"/school/{participant.role}s/{participant.id}"


def status(end: End, who: str, status: str) -> bool:
    """`who` has this `status`, as `Participant.status` names it"""
    return end.person(who).status == status


def trained_by(end: End, who: str, lead_provider: str, confirmed: bool) -> bool:
    """`lead_provider` trains `who`, and has `confirmed` it (true) or has not yet (false)"""
    period = end.person(who).training_period
    is_running = period and period.is_provider_led and period.training_status == "active" and not period.has_finished
    wanted = end.shown_names.get(lead_provider, lead_provider), confirmed
    return bool(is_running) and (period.lead_provider.name, period.is_confirmed) == wanted


def school_led(end: End, who: str) -> bool:
    """The school itself trains `who`"""
    period = end.person(who).training_period
    return period is not None and not period.is_provider_led and not period.has_finished


def leaves(end: End, who: str, on: date) -> bool:
    """The school reported that the last day of `who` is or was `on`"""
    participant = end.person(who)
    return participant.finished_on == on and participant.reported_leaving_by_school_id == participant.school_id


def stays(end: End, who: str) -> bool:
    """`who` has no last day"""
    return end.person(who).finished_on is None


def mentored_by(end: End, who: str, mentor: str) -> bool:
    """`mentor` mentors `who`"""
    return end.person(who).mentor == end.person(mentor)


def without_mentor(end: End, who: str) -> bool:
    """Nobody mentors `who`"""
    return end.person(who).mentor is None


def changed(end: End) -> bool:
    """The school has changed something about anybody"""
    return bool(end.changed_by_school())


def only_changed(end: End, who: list[str]) -> bool:
    """The school has changed something about each of `who`, and about nobody else"""
    return end.changed_by_school() == {end.person(name).id for name in who}


def listed(end: End, who: str) -> bool:
    """`who` is on the list of ECTs or mentors"""
    return end.record_address(who) in end.list_page(who).links


def told(end: End, who: str) -> bool:
    """The record or the list still says what it said at first: that a lead provider withdrew or deferred `who`"""
    pages = end.fetch(end.record_address(who)), end.list_page(who)
    return any(end.told_at_first(who) in page.text for page in pages)


def visited(end: End, page: str, after: str) -> bool:
    """`page` was shown after the lead provider did `after` (`withdraw`, `defer` or `resume`)"""
    acts = [place for place, what in enumerate(end.happened) if what == ("provider", after)]
    return bool(acts) and ("page", page) in end.happened[acts[-1] :]


def refused(end: End, code: str) -> bool:
    """An answer was refused with this error `code`"""
    return ("error", code) in end.happened


PREDICATES = {
    predicate.__name__.replace("_", "-"): predicate
    for predicate in (
        status,
        trained_by,
        school_led,
        leaves,
        stays,
        mentored_by,
        without_mentor,
        changed,
        only_changed,
        listed,
        told,
        visited,
        refused,
    )
}


def parameters(predicate: Callable) -> dict[str, type]:
    """What a scenario must say beside `holds`: name → type."""
    return {name: p.annotation for name, p in inspect.signature(predicate).parameters.items() if name != "end"}


@dataclass(frozen=True)
class Claim:
    """One line of a scenario's `success` or `wrong_if`."""

    holds: str
    arguments: dict
    is_denied: bool = False

    def is_true(self, end: End) -> bool:
        return PREDICATES[self.holds](end, **self.arguments) != self.is_denied

    def __str__(self):
        arguments = ", ".join(f"{name} = {value}" for name, value in self.arguments.items())
        return f"{'not ' * self.is_denied}{self.holds}({arguments})"
