"""The acts: what lead providers report and what schools change. Each is one transaction that locks the participant,
asks again whether it is allowed, and writes one event. Tables and derived facts are in models.py.

An act refuses by raising RuleBroken, whose errors are keyed by the act's own parameters: they are also the names of the
form's fields and of the API's attributes, so whoever called can put each sentence where it belongs.
"""

from contextlib import contextmanager
from datetime import date, timedelta

from database import db, is_postgresql
from models import (
    DEFERRAL_REASONS,
    WITHDRAWAL_REASONS,
    ActiveLeadProvider,
    ContractPeriod,
    Event,
    LeadProvider,
    Participant,
    SchoolPartnership,
    SchoolUser,
    Teacher,
    TrainingPeriod,
    now,
    today,
)

COURSES = {"ecf-induction": "ect", "ecf-mentor": "mentor"}
"""The API's course identifiers and the roles they stand for."""


class RuleBroken(Exception):
    """The rules refuse this act; nothing was changed. `errors`: parameter → sentence, in the order of the rules."""

    def __init__(self, **errors: str):
        self.errors = errors
        super().__init__("; ".join(errors.values()))


class ChangedSince(Exception):
    """Somebody changed the participant after the version that whoever acts had seen; nothing was changed."""


@contextmanager
def changing(participant_id: int, author: SchoolUser | LeadProvider, seen_version: int | None = None):
    """One transaction for one change: gives the participant as it is now, which nobody else can change meanwhile."""
    with db.atomic():
        query = Participant.select().where(Participant.id == participant_id)
        # SQLite's transactions (see open_database) keep every other writer out by themselves.
        participant = (query.for_update() if is_postgresql() else query).get()
        if seen_version not in (None, participant.version):
            raise ChangedSince
        if isinstance(author, SchoolUser) and author.school_id != participant.school_id:
            raise PermissionError(f"participant {participant_id} is not at the school of user {author.id}")
        participant.training_periods = list(
            TrainingPeriod.with_providers().where(TrainingPeriod.participant == participant)
        )
        yield participant


def record(
    participant: Participant,
    author: SchoolUser | LeadProvider,
    event_type: str,
    heading: str,
    *,
    period: TrainingPeriod | None = None,
    modifications: list[str] = (),
    **details,
) -> Event:
    """Write down the one thing that was done to this participant, and make it their next version."""
    is_school = isinstance(author, SchoolUser)
    participant.version += 1
    participant.save(only=[Participant.version])
    Teacher.update(api_updated_at=now()).where(Teacher.id == participant.teacher_id).execute()
    return Event.create(
        event_type=event_type,
        heading=heading,
        author_type="school_user" if is_school else "lead_provider_api",
        author_name=author.name,
        teacher=participant.teacher_id,
        school=participant.school_id,
        participant=participant,
        version=participant.version,
        lead_provider=period.lead_provider if period else None,
        training_period_id=period.id if period else None,
        modifications=list(modifications),
        details=details,
    )


# --- what lead providers report ----------------------------------------------------------------------------


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
        .order_by(TrainingPeriod.started_on.desc())
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
        refused_when={"withdrawn": "has been withdrawn already"},
        event_type="teacher_withdraws_training_period",
        heading="{provider} told us that {name} is no longer training with them",
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
        refused_when={"deferred": "has been deferred already", "withdrawn": "has been withdrawn already"},
        event_type="teacher_defers_training_period",
        heading="{provider} told us that {name}’s training is paused",
    )


def _mark(
    lead_provider, teacher, course_identifier, reason, *, reasons, mark, refused_when, event_type, heading
) -> Event:
    with _reported(lead_provider, teacher, course_identifier) as (participant, period, errors):
        stored_reason = {reason.replace("_", "-"): reason for reason in reasons}.get(reason)
        if not reason:
            errors["reason"] = "'#/reason' must be given"
        elif not stored_reason:
            errors["reason"] = "'#/reason' is not recognised"
        if period:
            if period.training_status in refused_when:
                errors["participant_id"] = f"'#/participant_id' {refused_when[period.training_status]}"
            elif period.started_on > today():
                errors["participant_id"] = "'#/participant_id' has not yet trained with you for a day"
            elif period.started_on == today():
                errors["participant_id"] = "'#/participant_id' changed only today. Try again tomorrow"
            elif not errors and participant.is_ect and stored_reason == "mentor_no_longer_being_mentor":
                errors["reason"] = "'#/reason' is not for an ECT"
        if errors:
            raise RuleBroken(**errors)
        before = period.finished_on
        setattr(period, f"{mark}_at", now())
        setattr(period, {"withdrawn": "withdrawal_reason", "deferred": "deferral_reason"}[mark], stored_reason)
        period.finished_on = min(before or today(), today())
        period.save()
        return record(
            participant,
            lead_provider,
            event_type,
            heading.format(provider=lead_provider.name, name=participant.name),
            period=period,
            modifications=[
                f"{mark}_at: {now().isoformat()}",
                f"reason: {stored_reason}",
                f"finished_on: {before} → {period.finished_on}",
            ],
        )


def resume(lead_provider: LeadProvider, teacher: Teacher, *, course_identifier=None) -> Event:
    """The provider trains this person again: a new training period from today; the old one keeps its mark."""
    with _reported(lead_provider, teacher, course_identifier) as (participant, period, errors):
        if period and (refusal := _refusal_to_resume(participant, period)):
            errors["participant_id"] = f"'#/participant_id' {refusal}"
        if errors:
            raise RuleBroken(**errors)
        resumed = TrainingPeriod.create(
            participant=participant,
            training_programme="provider_led",
            school_partnership=period.school_partnership,
            schedule=period.schedule,
            started_on=today(),
            finished_on=participant.finished_on,
        )
        return record(
            participant,
            lead_provider,
            "teacher_resumes_training_period",
            f"{lead_provider.name} told us that {participant.name} is training with them again",
            period=period,
            new_training_period_id=resumed.id,
        )


def _refusal_to_resume(participant: Participant, period: TrainingPeriod) -> str | None:
    others = [other for other in participant.training_periods if other.id != period.id]
    if period.training_status == "active":
        return "is active already"
    if any(other.started_on <= today() and not other.has_finished for other in others):
        return "is in training elsewhere now"
    if period.finished_on == today():
        return "was withdrawn or deferred only today. Try again tomorrow"
    if participant.finished_on and participant.finished_on <= today():
        return "has gone from that school. Settle it with its induction tutor"
    if any(other.started_on > today() for other in others):
        return "has other training planned already"
    return None


@contextmanager
def _reported(lead_provider: LeadProvider, teacher: Teacher, course_identifier: str | None):
    """What a provider's report is about: the locked participant, the training period and the errors found so far.
    There is no participant and no period when the course identifier doesn't lead to one."""
    errors: dict[str, str] = {}
    period = None
    if not course_identifier:
        errors["course_identifier"] = "'#/course_identifier' must be given"
    else:
        period = latest_confirmed_period(lead_provider, teacher, COURSES.get(course_identifier, ""))
        if not period:
            errors["course_identifier"] = "'#/course_identifier' is not recognised for this participant"
    if not period:
        yield None, None, errors
        return
    with changing(period.participant_id, lead_provider) as participant:
        # Looked up again now that nobody else can change it.
        latest = latest_confirmed_period(lead_provider, teacher, participant.role)
        yield participant, next(p for p in participant.training_periods if p.id == latest.id), errors


# --- what schools change -----------------------------------------------------------------------------------


def contract_period_for(participant: Participant) -> ContractPeriod | None:
    """The contract period of the person's next provider-led training (Q2, Q3): their last one's; when that is closed,
    or there is none, the earliest that has begun and is open on the day the training starts."""
    last = participant.last_provider_led_period
    starts_on = max(today(), participant.started_on)
    if last and not last.active_lead_provider.contract_period.is_closed():
        return last.active_lead_provider.contract_period
    begun = ContractPeriod.select().where(ContractPeriod.started_on <= starts_on).order_by(ContractPeriod.year)
    return next((period for period in begun if not period.is_closed(starts_on)), None)


def offered_lead_providers(participant: Participant) -> list[LeadProvider]:
    """Whom the school may choose for the person's next training: alphabetical, without the present one (D8, Q4)."""
    return list(
        LeadProvider.select()
        .join(ActiveLeadProvider)
        .where(
            ActiveLeadProvider.contract_period == contract_period_for(participant),
            LeadProvider.id != _present_lead_provider_id(participant),
        )
        .order_by(LeadProvider.name)
    )


def _present_lead_provider_id(participant: Participant) -> int:
    period = participant.training_period
    return period.lead_provider.id if period and period.lead_provider else 0


def check_lead_provider(participant: Participant, lead_provider_id: int) -> LeadProvider:
    """The lead provider that was chosen, if the rules allow it for this person."""
    offered = {provider.id: provider for provider in offered_lead_providers(participant)}
    if lead_provider_id == _present_lead_provider_id(participant):
        present = participant.training_period.lead_provider.name
        raise RuleBroken(lead_provider_id=f"Select a lead provider other than {present}")
    if lead_provider_id not in offered:
        raise RuleBroken(lead_provider_id="Select a lead provider from the list")
    shown = participant.training_period
    if any(period.started_on > today() and period != shown for period in participant.training_periods):
        raise RuleBroken(lead_provider_id=f"{participant.name} has more training planned. Contact support to change it")
    return offered[lead_provider_id]


def change_lead_provider(
    participant: Participant, author: SchoolUser, *, lead_provider_id: int, seen_version: int | None = None
) -> Event:
    """The school chooses another lead provider for an ECT or a mentor, from today (`domain.md` 6.1, 6.2)."""
    with changing(participant.id, author, seen_version) as participant:
        if not participant.can_change_lead_provider:
            raise RuleBroken(lead_provider_id=f"You cannot change the lead provider for {participant.name} now")
        lead_provider = check_lead_provider(participant, lead_provider_id)
        period = participant.training_period
        before, status = period.lead_provider, period.training_status
        provider_led = _provider_led(participant, lead_provider)
        if period.has_finished or (period.has_started and (period.is_confirmed or status != "active")):
            _finish(period, today() - timedelta(days=1))
            period = TrainingPeriod(
                participant=participant,
                started_on=max(today(), participant.started_on),
                finished_on=participant.finished_on,
            )
        elif period.has_started:
            # The former provider never confirmed, so never saw this person: nothing of that training is kept.
            period.started_on = today()
        for name, value in provider_led.items():
            setattr(period, name, value)
        period.save()
        return record(
            participant,
            author,
            "teacher_training_lead_provider_updated",
            f"Your school changed {participant.name}’s lead provider from {before.name} to {lead_provider.name}",
            period=period,
            modifications=[f"lead_provider: {before.name} → {lead_provider.name}"],
            old_lead_provider=before.name,
            new_lead_provider=lead_provider.name,
            training_status=status,
            is_confirmed=period.is_confirmed,
        )


def _provider_led(participant: Participant, lead_provider: LeadProvider) -> dict:
    """The columns of provider-led training with this provider: confirmed at once where it already has a partnership
    with the school, an expression of interest otherwise. Remembers the year that a closed contract period had."""
    contract_period = contract_period_for(participant)
    last = participant.last_provider_led_period
    keeps_contract_period = last and last.active_lead_provider.contract_period == contract_period
    if last and not keeps_contract_period:
        year = last.active_lead_provider.contract_period_id
        setattr(participant.teacher, f"{participant.role}_payments_frozen_year", year)
        participant.teacher.save()
    active = ActiveLeadProvider.get(lead_provider=lead_provider, contract_period=contract_period)
    partnership = (
        SchoolPartnership.select()
        .where(SchoolPartnership.school == participant.school_id, SchoolPartnership.active_lead_provider == active)
        .order_by(SchoolPartnership.created_at, SchoolPartnership.id)
        .first()
    )
    return {
        "training_programme": "provider_led",
        "school_partnership": partnership,
        "expression_of_interest": None if partnership else active,
        "schedule": last.schedule if keeps_contract_period else standard_schedule(max(today(), participant.started_on)),
    }


def standard_schedule(starts_on: date) -> str:
    month = starts_on.month
    return "ecf-standard-" + ("september" if 6 <= month <= 10 else "april" if 3 <= month <= 5 else "january")


def _finish(period: TrainingPeriod, on: date) -> None:
    """End the period on this day. One that ended earlier keeps its end (Q1)."""
    if period.finished_on is None or period.finished_on > on:
        period.finished_on = on
        period.save()
