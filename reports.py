"""What lead providers report of somebody's training. Each act is one transaction that locks the participant, asks again
whether it is allowed, and writes one event (changes.py). What schools change is in training.py and participants.py,
tables and derived facts are in models.py.
"""

from contextlib import contextmanager

from changes import HEADINGS, RuleBroken, changing, record
from clock import now, today
from models import (
    DEFERRAL_REASONS,
    WITHDRAWAL_REASONS,
    ActiveLeadProvider,
    Event,
    LeadProvider,
    Participant,
    SchoolPartnership,
    Teacher,
    TrainingPeriod,
)
from training import is_trained_elsewhere

COURSES = {"ecf-induction": "ect", "ecf-mentor": "mentor"}
"""The API's course identifiers and the roles they stand for."""


def latest_confirmed_period(lead_provider: LeadProvider, teacher: Teacher, role: str) -> TrainingPeriod | None:
    """The training period that this provider's word about this person in this role is about, open or closed."""
    return (
        TrainingPeriod.select()
        .join(Participant)
        .switch(TrainingPeriod)
        .join(SchoolPartnership)
        .join(ActiveLeadProvider)
        .where(
            Participant.teacher == teacher,
            Participant.role == role,
            ActiveLeadProvider.lead_provider == lead_provider,
        )
        .order_by(TrainingPeriod.started_on.desc(), TrainingPeriod.id.desc())
        .first()
    )


def withdraw(lead_provider: LeadProvider, teacher: Teacher, *, course_identifier=None, reason=None) -> Event:
    """The provider no longer trains this person. `reason` as the API spells it, with dashes."""
    return _mark(
        lead_provider,
        teacher,
        course_identifier,
        reason,
        reasons=WITHDRAWAL_REASONS,
        mark="withdrawn",
        unless_already=("withdrawn",),
        event_type="teacher_withdraws_training_period",
    )


def defer(lead_provider: LeadProvider, teacher: Teacher, *, course_identifier=None, reason=None) -> Event:
    """The provider has paused this person's training. `reason` as the API spells it, with dashes."""
    return _mark(
        lead_provider,
        teacher,
        course_identifier,
        reason,
        reasons=DEFERRAL_REASONS,
        mark="deferred",
        unless_already=("deferred", "withdrawn"),
        event_type="teacher_defers_training_period",
    )


def _mark(lead_provider, teacher, course_identifier, reason, *, reasons, mark, unless_already, event_type) -> Event:
    with _reported(lead_provider, teacher, course_identifier) as (participant, period, errors):
        stored_reason = {reason.replace("_", "-"): reason for reason in reasons}.get(reason)
        if is_blank(reason):
            errors["reason"] = "missing"
        elif not stored_reason:
            errors["reason"] = "unknown"
        if period:
            if period.training_status in unless_already:
                errors["participant_id"] = f"already_{period.training_status}"
            elif period.started_on > today():
                errors["participant_id"] = "not_started"
            elif period.started_on == today():
                errors["participant_id"] = "started_today"
            elif participant.is_ect and stored_reason == "mentor_no_longer_being_mentor":
                errors["reason"] = "not_for_an_ect"
        if errors:
            raise RuleBroken(errors)
        columns = {
            f"{mark}_at": now(),
            {"withdrawn": "withdrawal_reason", "deferred": "deferral_reason"}[mark]: stored_reason,
            "finished_on": min(period.finished_on or today(), today()),
        }
        modifications = [f"{name}: {getattr(period, name)} → {value}" for name, value in columns.items()]
        for name, value in columns.items():
            setattr(period, name, value)
        period.save()
        return record(
            participant,
            lead_provider,
            event_type,
            HEADINGS[event_type].format(provider=lead_provider.name, name=participant.name),
            period=period,
            modifications=modifications,
        )


def resume(lead_provider: LeadProvider, teacher: Teacher, *, course_identifier=None) -> Event:
    """The provider trains this person again: a new training period from today; the old one keeps its mark."""
    with _reported(lead_provider, teacher, course_identifier) as (participant, period, errors):
        if period and (refusal := _refusal_to_resume(participant, period)):
            errors["participant_id"] = refusal
        if errors:
            raise RuleBroken(errors)
        resumed = TrainingPeriod.create(
            participant=participant,
            training_programme="provider_led",
            school_partnership=period.school_partnership,
            schedule=period.schedule,
            started_on=today(),
            finished_on=participant.finished_on,
        )
        event_type = "teacher_resumes_training_period"
        return record(
            participant,
            lead_provider,
            event_type,
            HEADINGS[event_type].format(provider=lead_provider.name, name=participant.name),
            period=period,
            modifications=[f"training_period_id: {period.id} → {resumed.id}"],
            new_training_period_id=resumed.id,
        )


def _refusal_to_resume(participant: Participant, period: TrainingPeriod) -> str | None:
    others = [other for other in participant.training_periods if other.id != period.id]
    if period.training_status == "active":
        return "already_active"
    if any(other.started_on <= today() and not other.has_finished for other in others):
        return "trained_elsewhere"
    if period.finished_on == today():
        return "stopped_today"
    if participant.finished_on and participant.finished_on <= today():
        return "has_gone"
    if any(other.started_on > today() for other in others):
        return "trained_later"
    if is_trained_elsewhere(participant):
        return "trained_elsewhere"
    return None


@contextmanager
def _reported(lead_provider: LeadProvider, teacher: Teacher, course_identifier: str | None):
    """What a provider's report is about: the locked participant, the training period and the errors found so far.
    There is no participant and no period when the course identifier doesn't lead to one."""
    errors: dict[str, str] = {}
    period = None
    if is_blank(course_identifier):
        errors["course_identifier"] = "missing"
    else:
        period = latest_confirmed_period(lead_provider, teacher, COURSES.get(course_identifier, ""))
        if not period:
            errors["course_identifier"] = "not_theirs"
    if not period:
        yield None, None, errors
        return
    with changing(period.participant_id, lead_provider) as participant:
        # Looked up again now that nobody else can change it: its school may just have chosen another provider.
        latest = latest_confirmed_period(lead_provider, teacher, participant.role)
        period = next((period for period in participant.training_periods if period == latest), None)
        if not period:
            raise RuleBroken({"participant_id": "being_changed"})
        yield participant, period, errors


def is_blank(text: str | None) -> bool:
    return not text or text.isspace()
