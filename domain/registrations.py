"""How people come to be at a school, and what the national record and appropriate bodies say of them: acts of nobody
but the service itself, for which files are brought in (filling/). Many are written at once, in the transaction of
whoever calls. What schools change later is in participants.py and training.py.
"""

from collections.abc import Iterable
from contextlib import contextmanager
from datetime import date, datetime, time

from clock import LONDON, display
from database import among, db, is_postgresql
from domain.changes import Author, RuleBroken, next_event, updated_at, who, write_event
from domain.queries import earliest_partnerships, locked_participants
from domain.training import is_trained_elsewhere
from models import (
    ActiveLeadProvider,
    AppropriateBody,
    Event,
    InductionPeriod,
    LeadProvider,
    Mentorship,
    Participant,
    School,
    Teacher,
    TrainingPeriod,
)
from vocabulary import folded


def lock_everybody() -> None:
    """Until this transaction ends nobody else changes any participant, at whatever school: neither those who are
    registered in it, nor, by agreeing with a school, the training that they wait for. Everybody can go on looking. On
    SQLite that is true of every transaction anyway."""
    if is_postgresql():
        db.execute_sql("LOCK TABLE participant IN EXCLUSIVE MODE")


def overlap(one, other) -> bool:
    """Whether two periods have a day in common."""
    return one.started_on <= (other.finished_on or date.max) and other.started_on <= (one.finished_on or date.max)


def check_placement(participant: Participant, others: Iterable[Participant]) -> None:
    """Whether this person may be at this school in this role in that time, beside what else is known of where they are
    or were. An ECT is at one school at a time; a mentor may be at several, at each of them once."""
    for other in others:
        if other.registered_in_error_at:
            continue
        is_same = other.role == participant.role and (participant.is_ect or other.school_id == participant.school_id)
        if is_same and overlap(participant, other):
            raise RuleBroken({"started_on": "placed"}, school=other.school.name, urn=other.school.urn, other=other)
        if other.role != participant.role:
            continue
        for theirs in other.training_periods:
            if any(overlap(ours, theirs) for ours in participant.training_periods):
                raise RuleBroken({"training_started_on": "trained_elsewhere"}, school=other.school.name, other=theirs)


def confirm_known(periods: Iterable[TrainingPeriod]) -> None:
    """Provider-led training with a provider that works with the school already is confirmed. Saves nothing."""
    waiting = [period for period in periods if period.expression_of_interest_id]
    known = earliest_partnerships(
        (period.participant.school_id, period.expression_of_interest_id) for period in waiting
    )
    for period in waiting:
        key = period.participant.school_id, period.expression_of_interest_id
        if key in known:
            period.school_partnership, period.expression_of_interest = known[key], None


# --- people who are new ----------------------------------------------------------------------------------------


def register(participants: list[Participant], author: Author) -> None:
    """Write these new participants: each with its `teacher`, who may be known or new, its `training_periods` (whose
    interest in a provider becomes a confirmed one where there is a partnership) and the teacher's new
    `induction_periods`. Whether they may be there, check_placement says; lock_everybody comes first."""
    periods = [period for each in participants for period in each.training_periods]
    with db.atomic():
        confirm_known(periods)
        _save_teachers(participants)
        _insert(participants, Participant.teacher, Participant.role, Participant.school, Participant.started_on)
        for each in participants:
            for period in each.training_periods:
                period.participant = each
        _insert(periods)
        teachers = {each.teacher_id: each.teacher for each in participants}.values()
        inductions = [period for teacher in teachers for period in teacher.induction_periods if not period.id]
        _insert(inductions, InductionPeriod.teacher, InductionPeriod.started_on)
        moment = updated_at()
        events = [
            next_event(each, author, f"teacher_registered_as_{each.role}", _registered(each, author))
            for each in participants
        ]
        for event in events:
            event.created_at = moment
        _insert(events)
        interested = {each.school_id for each in participants if each.training_periods}
        School.update(api_updated_at=moment).where(among(School.id, interested)).execute()


def _registered(participant: Participant, author: Author) -> str:
    role = "an ECT" if participant.is_ect else "a mentor"
    return f"{who(author)} registered {participant.name} as {role} at your school"


def _save_teachers(participants: list[Participant]) -> None:
    """New ones, and since when each is eligible for training: it is set once."""
    teachers = {id(each.teacher): each.teacher for each in participants}
    for each in participants:
        since = f"{each.role}_first_became_eligible_for_training_at"
        led = [period.started_on for period in each.training_periods if period.is_provider_led]
        if led and not getattr(each.teacher, since):
            setattr(each.teacher, since, datetime.combine(min(led), time(9), LONDON))
            if each.teacher.id:
                each.teacher.save()
    new = [teacher for teacher in teachers.values() if not teacher.id]
    for teacher in new:
        teacher.folded_name = folded(teacher.name)[: Teacher.folded_name.max_length]
    _insert(new, Teacher.trn)
    for each in participants:
        each.teacher = each.teacher  # by its id, now that there is one
        for period in each.teacher.induction_periods:
            period.teacher = each.teacher


def _insert(rows: list, *keys) -> None:
    """Write these new rows by one query. With `keys`, columns by which each row is known, each gets its id."""
    if not rows:
        return
    table = type(rows[0])
    # Each with all columns: Peewee takes those of the first row for all.
    names = [name for name in table._meta.fields if name != "id"]
    query = table.insert_many([{name: row.__data__.get(name) for name in names} for row in rows])
    if not keys:
        query.execute()
        return
    ids = {row[1:]: row[0] for row in query.returning(table.id, *keys).tuples().execute()}
    for row in rows:
        row.id = ids[tuple(row.__data__[key.name] for key in keys)]


def assign_mentors(pairs: list[tuple[Participant, Participant]], author: Author) -> None:
    """Each ECT, new and without a mentor so far, is mentored by this mentor for as long as both are there."""
    mentorships = [
        Mentorship(
            ect=ect,
            mentor=mentor,
            started_on=max(ect.started_on, mentor.started_on),
            finished_on=min(filter(None, (ect.finished_on, mentor.finished_on)), default=None),
        )
        for ect, mentor in pairs
    ]
    moment = updated_at()
    events = []
    for ect, mentor in pairs:
        heading = f"{who(author)} assigned {mentor.name} to mentor {ect.name}"
        event = next_event(mentor, author, "teacher_starts_mentoring", heading)
        event.created_at = moment
        events.append(event)
    _insert(mentorships)
    _insert(events)


# --- what is known of people who are there -------------------------------------------------------------------


@contextmanager
def recording(participant: Participant, *, unless_left: bool = False):
    """One transaction for one thing that is recorded. Gives the participant as they are now, locked."""
    with db.atomic():
        locked = locked_participants([participant.id])[participant.id]
        if unless_left and locked.has_left:
            raise RuleBroken({"participant": "has_left"})
        yield locked


def begin_training(participant: Participant, author: Author, period: TrainingPeriod) -> None:
    """Training of somebody who has had none here."""
    with recording(participant, unless_left=True) as locked:
        if is_trained_elsewhere(locked, period.started_on):
            raise RuleBroken({"lead_provider_id": "trained_elsewhere"})
        confirm_known([period])
        period.save()
        name = f"with {period.lead_provider.name} " if period.is_provider_led else ""
        heading = f"{who(author)} recorded that training {name}began for {participant.name}"
        write_event(locked, author, "teacher_starts_training_period", heading, period=period)


def change_recorded_name(participant: Participant, author: Author, *, first_name: str, last_name: str) -> None:
    """The name in the national record. A name that the school has put in its place goes on being shown."""
    with recording(participant) as locked:
        teacher, before = participant.teacher, participant.name
        recorded = f"{teacher.trs_first_name} {teacher.trs_last_name}"
        teacher.trs_first_name, teacher.trs_last_name = first_name, last_name
        teacher.save(only=[Teacher.trs_first_name, Teacher.trs_last_name, Teacher.folded_name])
        after = participant.name
        heading = (
            f"{who(author)} changed the name from {before} to {after}"
            if before != after
            else f"{who(author)} changed {after}’s name in the national record"
        )
        told = [f"name: {recorded} → {first_name} {last_name}"]
        write_event(locked, author, "teacher_recorded_name_updated", heading, modifications=told)


def change_appropriate_body(participant: Participant, author: Author, *, appropriate_body: AppropriateBody) -> None:
    """The appropriate body that the school has named."""
    with recording(participant, unless_left=True) as locked:
        old = locked.school_reported_appropriate_body
        locked.school_reported_appropriate_body = appropriate_body
        locked.save(only=[Participant.school_reported_appropriate_body])
        heading = f"{who(author)} changed {locked.name}’s appropriate body to {appropriate_body.name}"
        told = [f"appropriate_body: {old and old.name} → {appropriate_body.name}"]
        write_event(locked, author, "teacher_appropriate_body_updated", heading, modifications=told)


def record_induction(
    participant: Participant, author: Author, period: InductionPeriod, *, others: Iterable[InductionPeriod] = ()
) -> None:
    """What an appropriate body says of an induction: a new period of it, or one that has changed."""
    if meets := next((other for other in others if other is not period and overlap(other, period)), None):
        raise RuleBroken({"induction_started_on": "overlaps"}, other=meets)
    if period.outcome and any(other.outcome for other in others if other is not period):
        raise RuleBroken({"induction_outcome": "known"})
    with recording(participant) as locked:
        period.save()
        until = f" to {display(period.finished_on)}" if period.finished_on else ""
        heading = (
            f"{period.appropriate_body.name} recorded {locked.name}’s induction from "
            f"{display(period.started_on)}{until}"
        )
        told = [f"{name}: → {getattr(period, name)}" for name in ("started_on", "finished_on", "outcome")]
        write_event(locked, author, "teacher_induction_updated", heading, modifications=told)


def change_induction_status(participant: Participant, author: Author, *, status: str) -> None:
    """What the national record says of the induction."""
    with recording(participant) as locked:
        old, participant.teacher.trs_induction_status = participant.teacher.trs_induction_status, status
        participant.teacher.save(only=[Teacher.trs_induction_status])
        heading = f"The national record of {locked.name}’s induction changed"
        told = [f"trs_induction_status: {old} → {status}"]
        write_event(locked, author, "teacher_induction_status_updated", heading, modifications=told)


def end_funding(participant: Participant, author: Author, *, on: date, reason: str) -> None:
    """From this day a mentor is not funded any more: training that would go on ends then."""
    with recording(participant) as locked:
        teacher = participant.teacher
        teacher.mentor_became_ineligible_for_funding_on = on
        teacher.mentor_became_ineligible_for_funding_reason = reason
        teacher.save()
        for period in locked.training_periods:
            if period.started_on <= on and (period.finished_on is None or period.finished_on > on):
                period.finished_on = on
                period.save(only=[TrainingPeriod.finished_on])
        heading = f"{locked.name}’s funded mentor training ended on {display(on)}"
        told = [f"mentor_became_ineligible_for_funding_on: → {on}", f"reason: → {reason}"]
        write_event(locked, author, "teacher_funding_ended", heading, modifications=told)


def active_lead_providers() -> dict[str, dict[int, ActiveLeadProvider]]:
    """Lead provider's name, without capitals → year → its contract."""
    found: dict[str, dict[int, ActiveLeadProvider]] = {}
    for active in ActiveLeadProvider.select(ActiveLeadProvider, LeadProvider).join(LeadProvider):
        found.setdefault(active.lead_provider.name.casefold(), {})[active.contract_period_id] = active
    return found


def last_event(participant: Participant, *event_types: str) -> Event | None:
    """The latest of these events of the participant."""
    events = Event.select().where(Event.participant == participant.id, Event.event_type << event_types)
    return events.order_by(Event.version.desc()).first()
