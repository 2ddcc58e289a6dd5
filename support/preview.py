"""What follows from a correction, before it is made: it is done and undone again, and what schools see and lead
providers are told is compared. So a preview is always true, whatever a correction does."""

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

from peewee import fn

from clock import display, today
from database import db
from domain.changes import ChangedSince, RuleBroken
from domain.departures import marked_on
from domain.queries import participants_by_ids
from forms import Doubt
from models import Event, Participant, School, Teacher
from support.seen import told_to_providers
from support.timeline import places_of

NOTHING = "–"


@dataclass(frozen=True)
class Change:
    """What somebody sees otherwise afterwards."""

    who: str
    what: str
    before: str
    after: str


@dataclass
class Preview:
    """`changes` of what others see, what is `written` in whose history, and the `past` training that changes."""

    changes: list[Change] = field(default_factory=list)
    written: list[Event] = field(default_factory=list)
    past: list[str] = field(default_factory=list)
    refusal: str = ""
    """Why it can't be done, as a code."""

    @property
    def doubt(self) -> Doubt | None:
        """Training that a lead provider has confirmed for a day that is past is asked about twice."""
        if not self.past:
            return None
        providers = " and ".join(sorted(set(self.past)))
        return Doubt(
            question="Is this agreed with the lead provider?",
            because=f"{providers} confirmed this training, and days that are past change.",
            yes=f"Yes, I have checked this with {providers}",
            error=f"Confirm that you have checked this with {providers}",
        )


class Undone(Exception):
    """What was done is to be undone."""


def preview(participant: Participant, do: Callable[[], Event]) -> Preview:
    """Does it to find out whom it touches, undoes it, and does and undoes it once more to compare what is seen of
    them."""
    found, touched = Preview(), []
    try:
        with undone():
            last = Event.select(fn.MAX(Event.id)).scalar() or 0
            do()
            found.written = list(Event.select(Event, School).join(School).where(Event.id > last).order_by(Event.id))
            touched = [event.participant_id for event in found.written]
        before, past_before = views_of(participant, touched), confirmed_past(touched)
        with undone():
            do()
            found.changes = differences(before, views_of(participant, touched))
            found.past = [who for who, *_ in past_before ^ confirmed_past(touched)]
    except (RuleBroken, ChangedSince) as refusal:
        found.refusal = str(refusal) or "changed"
    return found


@contextmanager
def undone():
    """What is done inside comes to nothing."""
    try:
        with db.atomic():
            yield
            raise Undone
    except Undone:
        pass


Views = dict[str, dict[str, str]]
"""Who sees → what → how it is."""


def views_of(participant: Participant, touched: Iterable[int]) -> Views:
    """What every school sees and every lead provider is told of this person, and of the others who are touched, whose
    names stand in brackets."""
    views = {}
    people = {place.teacher_id: place.teacher for place in Participant.select().where(Participant.id << list(touched))}
    for teacher in ({participant.teacher_id: Teacher.get_by_id(participant.teacher_id)} | people).values():
        whom = "" if teacher == participant.teacher else f" ({teacher.name}, {teacher.trn or 'no TRN'})"
        views |= {f"{seer(place)}{whom}": seen_by_school(place) for place in places_of(teacher)}
        views |= {f"{name}{whom}": told(document) for name, document in told_to_providers(teacher).items()}
    return views


def seer(place: Participant) -> str:
    return f"{place.school.name}, {'ECT' if place.is_ect else 'mentor'} from {display(place.started_on)}"


def seen_by_school(place: Participant) -> dict[str, str]:
    """Of a place of this person, what the school’s pages say."""
    if place.has_left:
        return {"record": "not shown any more"}
    period = place.training_period
    training = "none"
    if period:
        training = "school-led"
        if period.is_provider_led:
            confirmed = "confirmed" if period.is_confirmed else "awaiting confirmation"
            training = f"{period.lead_provider.name}, {confirmed}, {period.contract_period.year}"
    return {
        "record": "shown",
        "status": place.status.replace("-", " "),
        "name": place.name,
        "email address": place.email or NOTHING,
        "TRN": place.teacher.trn or NOTHING,
        "last day": display(place.finished_on) if place.finished_on else NOTHING,
        "training": training,
        "mentor": (place.mentor.name if place.mentor else NOTHING) if place.is_ect else NOTHING,
        "assigned ECTs": ", ".join(ect.name for ect in place.assigned_ects) or NOTHING,
    }


def told(document: dict) -> dict[str, str]:
    """What the API tells of a person, one line for each attribute. That it was updated is no news: it always is."""
    attributes = dict(document["attributes"], id=document["id"])
    del attributes["updated_at"]
    lines = {}
    for enrolment in attributes.pop("ecf_enrolments"):
        role = {"ect": "ECT", "mentor": "mentor"}[enrolment["participant_type"]]
        lines |= {f"{role} {name}": shown(value) for name, value in enrolment.items()}
    return lines | {name: shown(value) for name, value in attributes.items()}


def shown(value) -> str:
    if isinstance(value, dict):
        return ", ".join(shown(each) for each in value.values())
    if isinstance(value, list):
        return "; ".join(map(shown, value)) or NOTHING
    return NOTHING if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def differences(before: Views, after: Views) -> list[Change]:
    found = []
    for who in before | after:
        if who not in after or who not in before:
            is_new = who not in before
            found.append(Change(who, "this record", NOTHING if is_new else "shown", "shown" if is_new else NOTHING))
            continue
        for what in before[who] | after[who]:
            old, new = before[who].get(what, NOTHING), after[who].get(what, NOTHING)
            if old != new:
                found.append(Change(who, what.replace("_", " "), old, new))
    return found


def confirmed_past(touched: Iterable[int]) -> set[tuple]:
    """(lead provider, what was so until yesterday) of all training of these participants that a provider has
    confirmed."""
    yesterday = today() - timedelta(days=1)
    found = set()
    for place in participants_by_ids(list(touched)):
        for period in place.training_periods:
            if period.is_confirmed and period.started_on <= yesterday:
                marks = [on for on in marked_on(period) if on <= yesterday]
                until = min(period.finished_on or date.max, yesterday)
                found.add((period.lead_provider.name, period.id, period.started_on, until, *marks))
    return found
