"""What a scenario may say about its end: a closed set of predicates over what is stored, over its pages,
and over what happened on the way there."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from database import db
from models import Event, Participant, Teacher

if TYPE_CHECKING:  # brings a reader of HTML along, which nobody needs who only serves
    from scenarios.pages import Page


@dataclass(frozen=True)
class EndState:
    """How a scenario's world was left. Its database is open."""

    fetch: "Callable[[str], Page]"
    """The page at this address, as the school user is shown it."""
    report_shown_at_first: Callable[[str], str]
    """What the pages said of the lead provider's report about this person, when the scenario began."""
    happened: list[tuple[str, str]]
    """(kind, what) in order: ("page", its id), ("error", its code), ("provider", its act), ("change", attribute)."""
    shown_names: dict[str, str] = field(default_factory=dict)
    """Names of the base world's organisations → what they are called in this world, where that differs."""

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

    def list_page(self, who: str) -> "Page":
        return self.fetch(f"/school/{self.person(who).role}s")

    def record_address(self, who: str) -> str:
        participant = self.person(who)
        return f"/school/{participant.role}s/{participant.id}"


def status(end_state: EndState, who: str, status: str) -> bool:
    """`who` has this `status`, as `Participant.status` names it"""
    return end_state.person(who).status == status


def trained_by(end_state: EndState, who: str, lead_provider: str, confirmed: bool) -> bool:
    """`lead_provider` trains `who`, and has `confirmed` it (true) or has not yet (false)"""
    period = end_state.person(who).training_period
    is_running = period and period.is_provider_led and period.training_status == "active" and not period.has_finished
    wanted = end_state.shown_names.get(lead_provider, lead_provider), confirmed
    return bool(is_running) and (period.lead_provider.name, period.is_confirmed) == wanted


def school_led(end_state: EndState, who: str) -> bool:
    """The school itself trains `who`"""
    period = end_state.person(who).training_period
    return period is not None and not period.is_provider_led and not period.has_finished


def leaves(end_state: EndState, who: str, on: date) -> bool:
    """The school reported that the last day of `who` is or was `on`"""
    participant = end_state.person(who)
    return participant.finished_on == on and participant.reported_leaving_by_school_id == participant.school_id


def stays(end_state: EndState, who: str) -> bool:
    """`who` has no last day"""
    return end_state.person(who).finished_on is None


def mentored_by(end_state: EndState, who: str, mentor: str) -> bool:
    """`mentor` mentors `who`"""
    return end_state.person(who).mentor == end_state.person(mentor)


def without_mentor(end_state: EndState, who: str) -> bool:
    """Nobody mentors `who`"""
    return end_state.person(who).mentor is None


def changed(end_state: EndState) -> bool:
    """The school has changed something about anybody"""
    return bool(end_state.changed_by_school())


def only_changed(end_state: EndState, who: list[str]) -> bool:
    """The school has changed something about each of `who`, and about nobody else"""
    return end_state.changed_by_school() == {end_state.person(name).id for name in who}


def listed(end_state: EndState, who: str) -> bool:
    """`who` is on the list of ECTs or mentors"""
    leads_to = {address.partition("?")[0] for address in end_state.list_page(who).links}
    return end_state.record_address(who) in leads_to


def still_shown(end_state: EndState, who: str) -> bool:
    """The record or the list still says what it said at first: that a lead provider withdrew or deferred `who`"""
    pages = end_state.fetch(end_state.record_address(who)), end_state.list_page(who)
    return any(end_state.report_shown_at_first(who) in page.text for page in pages)


def visited(end_state: EndState, page: str, after: str) -> bool:
    """`page` was shown after the lead provider did `after` (`withdraw`, `defer` or `resume`)"""
    acts = [place for place, what in enumerate(end_state.happened) if what == ("provider", after)]
    return bool(acts) and ("page", page) in end_state.happened[acts[-1] :]


def refused(end_state: EndState, code: str) -> bool:
    """An answer was refused with this error `code`"""
    return ("error", code) in end_state.happened


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
        still_shown,
        visited,
        refused,
    )
}


def parameters(predicate: Callable) -> dict[str, type]:
    """What a scenario must say beside `holds`: name → type."""
    return {name: p.annotation for name, p in inspect.signature(predicate).parameters.items() if name != "end_state"}


@dataclass(frozen=True)
class Claim:
    """One line of a scenario's `success` or `wrong_if`."""

    holds: str
    arguments: dict
    is_denied: bool = False

    def is_true(self, end_state: EndState) -> bool:
        return PREDICATES[self.holds](end_state, **self.arguments) != self.is_denied

    def __str__(self):
        arguments = ", ".join(f"{name} = {value}" for name, value in self.arguments.items())
        return f"{'not ' * self.is_denied}{self.holds}({arguments})"
