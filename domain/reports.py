"""What lead providers report of somebody's training. Each act is one transaction that locks the participant, asks again
whether it is allowed, and writes one event (changes.py). What schools change is in training.py and participants.py,
tables and derived facts are in models.py.
"""

from collections.abc import Iterable
from contextlib import contextmanager
from datetime import date

from clock import now, today
from domain.changes import RuleBroken, changing, write_event
from domain.training import is_trained_elsewhere
from models import (
    ActiveLeadProvider,
    ContractPeriod,
    Enrolment,
    Event,
    LeadProvider,
    Participant,
    SchoolPartnership,
    Teacher,
    TrainingPeriod,
)
from vocabulary import DEFERRAL_REASONS, SCHEDULES, WITHDRAWAL_REASONS

COURSES = {"ecf-induction": "ect", "ecf-mentor": "mentor"}
"""The API's course identifiers and the roles they stand for."""


def latest_confirmed_period(lead_provider: LeadProvider, teacher: Teacher, role: str) -> TrainingPeriod | None:
    """The training period that this provider's word about this person in this role is about, open or closed."""
    seen = (Enrolment.lead_provider == lead_provider, Enrolment.teacher == teacher, Enrolment.role == role)
    return TrainingPeriod.select().join(Enrolment).where(*seen).first()


def withdraw(lead_provider: LeadProvider, teacher: Teacher, *, course_identifier=None, reason=None) -> Event:
    """The provider no longer trains this person. `reason` as the API spells it, with dashes."""
    return _mark("withdrawn", lead_provider, teacher, course_identifier, reason)


def defer(lead_provider: LeadProvider, teacher: Teacher, *, course_identifier=None, reason=None) -> Event:
    """The provider has paused this person's training. `reason` as the API spells it, with dashes."""
    return _mark("deferred", lead_provider, teacher, course_identifier, reason)


MARKS = {
    "withdrawn": ("withdrawal_reason", WITHDRAWAL_REASONS, "teacher_withdraws_training_period"),
    "deferred": ("deferral_reason", DEFERRAL_REASONS, "teacher_defers_training_period"),
}
"""Mark → the column of its reason, the reasons that there are, and the event."""


def _mark(mark: str, lead_provider, teacher, course_identifier, reason) -> Event:
    reason_column, reasons, event_type = MARKS[mark]
    with _reported(lead_provider, teacher, course_identifier) as (participant, period, errors):
        stored_reason = {reason.replace("_", "-"): reason for reason in reasons}.get(reason)
        if is_blank(reason):
            errors["reason"] = "missing"
        elif not stored_reason:
            errors["reason"] = "unknown"
        if period and (refusal := _refusal_to_mark(period, {mark, "withdrawn"})):
            errors["participant_id"] = refusal
        elif period and participant.is_ect and stored_reason == "mentor_no_longer_being_mentor":
            errors["reason"] = "not_for_an_ect"
        if errors:
            raise RuleBroken(errors, already=_present_mark(period))
        columns = {
            f"{mark}_at": now(),
            reason_column: stored_reason,
            "finished_on": min(period.finished_on or today(), today()),
        }
        modifications = [f"{name}: {getattr(period, name)} → {value}" for name, value in columns.items()]
        for name, value in columns.items():
            setattr(period, name, value)
        period.save()
        return write_event(participant, lead_provider, event_type, period=period, modifications=modifications)


def _refusal_to_mark(period: TrainingPeriod, unless_already: Iterable[str]) -> str | None:
    if period.training_status in unless_already:
        return f"already_{period.training_status}"
    if period.started_on > today():
        return "not_started"
    return "started_today" if period.started_on == today() else None


def _present_mark(period: TrainingPeriod | None) -> dict:
    """The mark that holds: when it was made, and why."""
    if not period or period.training_status == "active":
        return {}
    reason = getattr(period, MARKS[period.training_status][0])
    return {"date": getattr(period, f"{period.training_status}_at"), "reason": reason.replace("_", "-")}


def resume(lead_provider: LeadProvider, teacher: Teacher, *, course_identifier=None) -> Event:
    """The provider trains this person again: a new training period from today; the old one keeps its mark."""
    with _reported(lead_provider, teacher, course_identifier) as (participant, period, errors):
        if period and (refusal := _refusal_to_resume(participant, period)):
            errors["participant_id"] = refusal
        if errors:
            raise RuleBroken(errors, already={"date": period.created_at} if period else {})
        resumed = TrainingPeriod.create(
            participant=participant,
            training_programme="provider_led",
            school_partnership=period.school_partnership,
            schedule=period.schedule,
            started_on=today(),
            finished_on=participant.finished_on,
        )
        return write_event(
            participant,
            lead_provider,
            "teacher_resumes_training_period",
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
    if period.finished_on >= today():  # later only where a clock was set back
        return "stopped_today"
    if participant.finished_on and participant.finished_on <= today():
        return "has_gone"
    if any(other.started_on > today() for other in others):
        return "trained_later"
    if is_trained_elsewhere(participant, today()):
        return "trained_elsewhere"
    return None


def change_schedule(
    lead_provider: LeadProvider, teacher: Teacher, *, course_identifier=None, schedule_identifier=None, cohort=None
) -> Event:
    """The provider trains this person by another schedule, and in another contract period if `cohort` is its year."""
    with _reported(lead_provider, teacher, course_identifier) as (participant, period, errors):
        if is_blank(schedule_identifier):
            errors["schedule_identifier"] = "missing"
        elif schedule_identifier not in SCHEDULES:
            errors["schedule_identifier"] = "unknown"
        contract_period = period and period.contract_period
        if not is_blank(cohort) and not (contract_period := contract_period_of(cohort)):
            errors["cohort"] = "unknown"
        if period and (refusal := _refusal_to_change_schedule(participant, period, schedule_identifier or "")):
            errors["participant_id"] = refusal
        if not errors:
            partnership = _partnership_in(contract_period, participant, period)
            errors |= _refused_schedule(participant, period, contract_period, schedule_identifier, partnership)
        if errors:
            raise RuleBroken(errors)
        modifications = [f"schedule: {period.schedule} → {schedule_identifier}"]
        if contract_period != period.contract_period:
            modifications.append(f"cohort: {period.contract_period.year} → {contract_period.year}")
            _remember_closed_year(participant, period.contract_period, contract_period)
            if period.expression_of_interest:
                period.expression_of_interest = partnership.active_lead_provider
        period.schedule, period.school_partnership = schedule_identifier, partnership
        period.save()
        event_type = "teacher_changes_schedule"
        return write_event(participant, lead_provider, event_type, period=period, modifications=modifications)


def _refusal_to_change_schedule(participant: Participant, period: TrainingPeriod, schedule: str) -> str | None:
    if period.training_status != "active":
        return f"is_{period.training_status}"
    completed = completed_on(participant.teacher, participant.role)
    if participant_status(period.training_status, period.started_on, period.finished_on, completed) == "left":
        return "has_left"
    may_still_change = participant.is_ect and schedule.startswith("ecf-reduced-")
    if has_completed(period.finished_on, completed) and not may_still_change:
        return "has_completed"
    is_planned = any(other.started_on > period.started_on for other in participant.training_periods)
    return "trained_later" if is_planned or _is_due_elsewhere(participant, period.lead_provider) else None


def _is_due_elsewhere(participant: Participant, lead_provider: LeadProvider) -> bool:
    """Training with another lead provider is to begin at another school."""
    return any(
        period.started_on > today() and period.lead_provider not in (None, lead_provider)
        for placement in participant.teacher.participants
        if placement.role == participant.role and placement != participant
        for period in placement.training_periods
    )


def _refused_schedule(participant, period, contract_period, schedule, partnership) -> dict[str, str]:
    """What is wrong with this schedule and contract period for this person: attribute → code."""
    kind, role = schedule.split("-")[1], participant.role
    moves = contract_period != period.contract_period
    if not moves and schedule == period.schedule:
        return {"schedule_identifier": "same_schedule"}
    if kind == {"ect": "replacement", "mentor": "reduced"}[role]:
        return {"schedule_identifier": {"ect": "not_for_an_ect", "mentor": "not_for_a_mentor"}[role]}
    if not partnership:
        return {"cohort": "no_partnership"}
    came_from = getattr(participant.teacher, f"{role}_payments_frozen_year")
    if moves and contract_period.is_closed() and came_from != contract_period.year:
        return {"cohort": "closed"}
    return {}


def _partnership_in(contract_period, participant, period) -> SchoolPartnership | None:
    """The provider's partnership with the person's school in this contract period: the present one; in another period
    the one with the same delivery partner, or else the latest."""
    if contract_period == period.contract_period:
        return period.school_partnership
    return (
        SchoolPartnership.select()
        .join(ActiveLeadProvider)
        .where(
            SchoolPartnership.school == participant.school_id,
            ActiveLeadProvider.lead_provider == period.lead_provider,
            ActiveLeadProvider.contract_period == contract_period,
        )
        .order_by(
            (SchoolPartnership.delivery_partner == period.school_partnership.delivery_partner_id).desc(),
            SchoolPartnership.created_at.desc(),
            SchoolPartnership.id.desc(),
        )
        .first()
    )


def _remember_closed_year(participant: Participant, old: ContractPeriod, new: ContractPeriod) -> None:
    """Who leaves a closed contract period keeps its year, and may go back to it."""
    if old.is_closed() or new.is_closed():
        year = old.year if old.is_closed() else None
        setattr(participant.teacher, f"{participant.role}_payments_frozen_year", year)
        participant.teacher.save()


@contextmanager
def _reported(lead_provider: LeadProvider, teacher: Teacher, course_identifier: str | None):
    """What a provider's report is about: the locked participant, the training period and the errors found so far.
    There is no participant and no period when the course identifier doesn't lead to one."""
    errors: dict[str, str] = {}
    period = None
    if is_blank(course_identifier):
        errors["course_identifier"] = "missing"
    else:
        role = COURSES.get(course_identifier, "")
        period = latest_confirmed_period(lead_provider, teacher, role)
        if not period and Enrolment.get_or_none(lead_provider=lead_provider, teacher=teacher, role=role):
            errors["participant_id"] = "given_away"
        elif not period:
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


def contract_period_of(cohort: str) -> ContractPeriod | None:
    """The contract period that a provider calls by its year, such as "2025"."""
    is_year = cohort.isascii() and cohort.isdigit() and len(cohort) == 4
    return ContractPeriod.get_or_none(ContractPeriod.year == int(cohort)) if is_year else None


# --- what providers are told of where somebody is in their training ------------------------------------------


def completed_on(teacher: Teacher, role: str) -> date | None:
    """The day on which an ECT's induction ended, by the appropriate body or else by the national record; or on which a
    mentor's training did."""
    if role == "mentor":
        return teacher.mentor_became_ineligible_for_funding_on
    outcomes = (period.finished_on for period in teacher.induction_periods if period.outcome)
    return next(outcomes, teacher.trs_induction_completed_date)


def has_completed(finished_on: date | None, completed_on: date | None) -> bool:
    """Whether this was done before the training period finished."""
    return completed_on is not None and (finished_on is None or completed_on <= finished_on)


def participant_status(
    training_status: str, started_on: date, finished_on: date | None, completed_on: date | None
) -> str:
    """`joining`, `active`, `leaving` or `left`: by the dates alone."""
    ended = finished_on and ("leaving" if finished_on > today() else "left")
    if training_status != "active":
        return ended
    if has_completed(finished_on, completed_on):
        return "active"
    return ended or ("joining" if started_on > today() else "active")
