"""What schools are told by email: which events, whom, when and in which words. A notice is written down with its event
(`write_notice`, in the act's own transaction); what is due at a school becomes one message to each address (`gather`),
whose words are made when it is sent, of what is still so (`compose`). How messages are sent is in messages.py."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from peewee import fn

from clock import display, now
from database import among, db, is_postgresql
from domain.messages import GIVEN_UP_AFTER, KEPT, by_day, is_night, send_due
from domain.queries import participants_by_ids
from models import Event, Message, Notice, Participant, School, SchoolUser
from vocabulary import isolated
from web.emails import Means

QUARTER = timedelta(minutes=15)
"""From the first event that a school is to be told of until it is told of all that there were."""
ACTIVE_WITHIN = timedelta(days=365)
"""Users of a school who have signed in this recently are told, beside its induction tutor."""
MOST_NAMES = 5
MOST_LINKS = 20
"""As many people as one paragraph of a message names, and leads to."""


@dataclass(frozen=True)
class Kind:
    """What a school is told of some types of event, in words where {provider}, {whom}, {day} and {mentor} (the word, if
    they are one) stand for what they are. `next_step`: by role. `statuses`: what the school sees of the person as long
    as it is so. `undoes`: kinds that need no telling, nor this one, where both happened before anything was told."""

    event_types: tuple[str, ...]
    statuses: tuple[str, ...]
    subject: str
    told: str
    next_step: dict[str, str]
    after: timedelta = QUARTER
    asks_for_action: bool = False
    undoes: tuple[str, ...] = ()

    @property
    def training_status(self) -> str:
        return self.statuses[0] if self.statuses[0] in ("withdrawn", "deferred") else "active"


NOTHING_TO_DO = dict.fromkeys(("ect", "mentor"), "You do not need to do anything.")
AFTER_WITHDRAWAL = {
    "ect": "Select a new lead provider, change to school-led training, or tell us they have left or are leaving.",
    "mentor": "Select a new lead provider, or tell us they are not continuing mentor training or have left.",
}
IN_TRAINING = ("registered", "mentor-needed", "leaving")
# A lead provider may have meant other training than its software said: support moves what it reported.
WITHDRAWN = (
    "teacher_withdraws_training_period",
    "teacher_withdrawal_moved_here",
    "teacher_withdrawal_moved_to_other_training",
)
DEFERRED = ("teacher_defers_training_period", "teacher_deferral_moved_here", "teacher_deferral_moved_to_other_training")

KINDS = {
    "withdrawn": Kind(
        WITHDRAWN,
        ("withdrawn",),
        "Action required: {provider} no longer trains {whom}",
        "{provider} has told us they no longer train {whom}{as_a_mentor}.",
        AFTER_WITHDRAWAL,
        asks_for_action=True,
    ),
    "reminder": Kind(
        WITHDRAWN,
        ("withdrawn",),
        "Reminder: {provider} no longer trains {whom}",
        "{provider} stopped training {whom}{as_a_mentor} on {day}. Your school has not told us what happens next.",
        AFTER_WITHDRAWAL,
        after=timedelta(days=14),
        asks_for_action=True,
    ),
    "deferred": Kind(
        DEFERRED,
        ("deferred",),
        "{provider} has paused {mentor}training for {whom}",
        "{provider} has told us {mentor}training is paused for {whom}.",
        dict.fromkeys(
            ("ect", "mentor"),
            "If they are coming back to this training, you do not need to do anything. If they are not, tell us they "
            "have left or are leaving.",
        ),
    ),
    "resumed": Kind(
        ("teacher_resumes_training_period",),
        IN_TRAINING,
        "{provider} has started training {whom} again",
        "{provider} has told us they have started training {whom}{as_a_mentor} again.",
        NOTHING_TO_DO,
        undoes=("withdrawn", "deferred"),
    ),
    "confirmed": Kind(
        ("teacher_training_period_confirmed",),
        IN_TRAINING,
        "{provider} will train {whom}",
        "{provider} has confirmed they will train {whom}{as_a_mentor}.",
        NOTHING_TO_DO,
    ),
}
"""In the order in which a message tells them. One more is a row here."""


def write_notices(events: Iterable[Event]) -> None:
    """Write down what schools are to be told of these, in their own transaction."""
    rows = [
        {"event": event.id, "school": event.school_id, "kind": name, "due_at": now() + kind.after, "settled_at": None}
        for event in events
        for name, kind in KINDS.items()
        if event.event_type in kind.event_types
    ]
    if rows:
        Notice.insert_many(rows).execute()


def send(means: Means, config: Mapping) -> Counter:
    """Send what schools are to be told now, and all other messages that are due. Gives how many were `sent`, and how
    many not, by their problem."""
    gather()
    return send_due(means, lambda message: compose(message, config))


# --- what is due ---------------------------------------------------------------------------------------------


def unsettled():
    """A query of notices that are in no message yet."""
    return Notice.select().where(Notice.settled_at.is_null())


def gather() -> int:
    """Make one message for each address at each school that has something to be told, and settle its notices. Gives
    how many messages. At night none: what is due then is due in the morning."""
    made = 0
    while not is_night() and unsettled().where(Notice.due_at <= now()).exists():
        with db.atomic():
            school = next_school()
            if not school:
                break
            made += tell(school)
    return made


def next_school() -> School | None:
    """A school with something due, for this transaction alone."""
    due = Notice.select(Notice.school).where(Notice.settled_at.is_null(), Notice.due_at <= now())
    query = School.select().where(School.id << due).order_by(School.id).limit(1)
    # Not as strong as an update of the school's own key: acts there go on meanwhile.
    return (query.for_update("FOR NO KEY UPDATE SKIP LOCKED") if is_postgresql() else query).first()


def tell(school: School) -> int:
    """Settle what this school is to be told now, in one message to each address; none if nothing of it is still so."""
    notices = pending(school)
    to = addresses(school) if still_so(notices) else []
    for address in to:
        Message.create(address=address, school=school, notices=[notice.id for notice in notices])
    soon = (Notice.school == school) & (Notice.due_at <= now() + QUARTER)
    Notice.update(settled_at=now()).where(soon, Notice.settled_at.is_null()).execute()
    return len(to)


def pending(school: School) -> list[Notice]:
    """What goes into the next message to this school: what is due then, what happened since, and nothing that nobody
    could be told of for days."""
    soon = Notice.due_at.between(now() - GIVEN_UP_AFTER, now() + QUARTER)
    return list(unsettled().where(Notice.school == school, soon).order_by(Notice.id))


def upcoming(config: Mapping) -> list[Message]:
    """The messages that would be sent if nothing more happened, with their words and when; not saved, and none for days
    to come."""
    soon = Notice.select(Notice.school).where(Notice.settled_at.is_null(), Notice.due_at <= now() + QUARTER)
    found = []
    for school in School.select().where(School.id << soon).order_by(School.id):
        notices = pending(school)
        if told := still_so(notices):
            subject, body = text(school, told, config)
            at = by_day(max(now(), min(notice.due_at for notice in notices)))
            row = {"school": school, "subject": subject, "body": body, "next_try_at": at}
            found += [Message(address=address, **row) for address in addresses(school)]
    return found


def addresses(school: School) -> list[str]:
    """Who is told at this school: its induction tutor and those who use the service, without who switched that off."""
    users = list(SchoolUser.select().where(SchoolUser.school == school).order_by(SchoolUser.id))
    active = [user.email for user in users if user.signed_in_at and user.signed_in_at > now() - ACTIVE_WITHIN]
    stopped = {user.email.lower() for user in users if user.stopped_emails_at}
    found = {each.lower(): each for each in [*reversed(active), school.induction_tutor_email] if each}
    return [address for key, address in reversed(found.items()) if key not in stopped]


def prune() -> int:
    """Delete notices that were settled long ago, or that nobody could be told of, and say how many."""
    long_ago = now() - KEPT
    old = (Notice.settled_at < long_ago) | (Notice.settled_at.is_null() & (Notice.due_at < long_ago))
    return Notice.delete().where(old).execute()


# --- what it says --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """One thing that is still so: its kind, of whom, by which event."""

    kind: str
    participant: Participant
    event: Event

    @property
    def provider(self) -> str:
        return self.participant.training_period.lead_provider.name

    @property
    def day(self) -> str:
        """On which the lead provider stopped, where that is told."""
        return display(self.participant.training_period.withdrawn_at) if "{day}" in KINDS[self.kind].told else ""


def still_so(notices: Iterable[Notice]) -> list[Told]:
    """What of these notices is still so, in the order of KINDS."""
    events = {event.id: event for event in Event.select().where(Event.id << [each.event_id for each in notices])}
    people = {each.id: each for each in participants_by_ids([event.participant_id for event in events.values()])}
    training = (Event.participant, Event.training_period_id, Event.event_type)
    latest = Event.select(fn.MAX(Event.id)).where(among(Event.participant, people)).group_by(*training)
    # What support took back and a lead provider reported again is told once, and reminded of once.
    told_last = {id for (id,) in latest.tuples()}
    latest_events = [(each.kind, event) for each in notices if (event := events[each.event_id]).id in told_last]
    told = [Told(kind, people[event.participant_id], event) for kind, event in latest_events]
    order = list(KINDS)
    return sorted((each for each in told if is_so(each, told)), key=lambda each: order.index(each.kind))


def is_so(told: Told, together: Iterable[Told]) -> bool:
    """Whether the school sees of this person what the event said, they are still there, and it isn't only the end of
    something that would be told `together` with it."""
    kind, period = KINDS.get(told.kind), told.participant.training_period
    if not kind or not period or told.participant.has_left:
        return False
    details = told.event.details
    its_period = details.get("new_training_period_id") or details.get("moved_to") or told.event.training_period_id
    is_its = period.id == its_period and period.training_status == kind.training_status
    undone = {each.event.training_period_id for each in together if each.kind in kind.undoes}
    return is_its and told.participant.status in kind.statuses and told.event.training_period_id not in undone


def compose(message: Message, config: Mapping) -> tuple[str, str] | None:
    """The subject and the body of a message to a school; None if nothing that it was to tell is still so, or if this
    address is not told any more: who switched that off, or was the induction tutor."""
    if message.address.lower() not in map(str.lower, addresses(message.school)):
        return None
    told = still_so(Notice.select().where(Notice.id << message.notices).order_by(Notice.id))
    return text(message.school, told, config) if told else None


def text(school: School, told: list[Told], config: Mapping) -> tuple[str, str]:
    """What is told together (same kind, provider, role, and day if that is told) stands together, under one subject."""
    groups: dict[tuple, list[Told]] = {}
    for each in told:
        groups.setdefault((each.kind, each.provider, each.participant.role, each.day), []).append(each)
    paragraphs = [paragraph(group, config) for group in groups.values()]
    subject = words(KINDS[told[0].kind].subject, told, config) if len(groups) == 1 else subject_of_many(told)
    body = [f"For the induction tutor at {school.name}", *paragraphs, *footer(config)]
    return " ".join(subject.split())[:255], "\n\n".join(body) + "\n"


def subject_of_many(told: list[Told]) -> str:
    people = len({each.participant.teacher_id for each in told})
    kinds = {each.kind for each in told}
    asks_for_action = any(KINDS[kind].asks_for_action for kind in kinds)
    begin = "Reminder: what" if kinds == {"reminder"} else "Action required: what" if asks_for_action else "What"
    whom = f"{people} people" if people > 1 else "somebody"
    return f"{begin} lead providers told us about {whom} at your school"


def paragraph(group: list[Told], config: Mapping) -> str:
    """What happened, what can be done, and where."""
    kind, role = KINDS[group[0].kind], group[0].participant.role
    people = config["SERVICE_URL"] + f"/school/{role}s"
    links = [f"{people}/{each.participant.id}" for each in group] if len(group) <= MOST_LINKS else [people]
    where = f"Sign in to see the record{'s' if len(group) > 1 else ''}:"
    return "\n\n".join([words(kind.told, group, config), kind.next_step[role], "\n".join([where, *links])])


def words(pattern: str, group: list[Told], config: Mapping) -> str:
    """This sentence about these people: by name only where that is switched on, for many people read these emails."""
    is_ect = group[0].participant.is_ect
    people = list({each.participant.id: each.participant for each in group}.values())
    role = "early career teacher" if is_ect else "mentor"
    if config["EMAIL_NAMES"] and len(people) <= MOST_NAMES:
        *others, last = [person.name for person in people]
        whom = f"{', '.join(others)} and {last}" if others else last
    else:
        whom = f"{len(people) if len(people) > 1 else 'one'} of your {role}s"
    return pattern.format(
        provider=isolated(group[0].provider),
        whom=whom,
        day=group[0].day,
        mentor="" if is_ect else "mentor ",
        as_a_mentor="" if is_ect or not config["EMAIL_NAMES"] else " as a mentor",
    )


def footer(config: Mapping) -> list[str]:
    page = config["SERVICE_URL"] + "/school/induction-tutor"
    return [
        "We send these emails to your school’s induction tutor. Everybody who has signed in for your school in the "
        "last year gets them too.",
        f"To stop these emails, or tell us who the induction tutor is now:\n{page}",
        "Register early career teachers",
    ]
