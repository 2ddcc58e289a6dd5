"""What is arranged for somebody, as only support puts it right: the contract year and the schedule of training that
nobody has confirmed, training that is planned, and the appropriate body that the school has named."""

from clock import display, today
from domain.changes import RuleBroken, Support, changing, write_event
from domain.corrections import check_offered, heading
from domain.departures import as_row, day_before, marked_on, training_could_last_until
from domain.queries import contract_periods, earliest_partnerships
from models import ActiveLeadProvider, AppropriateBody, Event, Participant, TrainingPeriod
from vocabulary import SCHEDULES, folded


def unconfirmed_training(participant: Participant) -> TrainingPeriod | None:
    """What a lead provider has been named for and hasn't confirmed. Whatever it has confirmed, it changes itself."""
    period = participant.training_period
    is_open = period is not None and period.is_provider_led and not period.is_confirmed and not period.has_finished
    return period if is_open else None


def contracts_of(participant: Participant, period: TrainingPeriod) -> dict[int, ActiveLeadProvider]:
    """Year → the contract of this training's lead provider in it, unless that year is closed by then."""
    return {
        year.year: active
        for year in sorted(contract_periods(participant), key=lambda each: each.year)
        for active in year.active_lead_providers
        if active.lead_provider == period.lead_provider and not year.is_closed(max(period.started_on, today()))
    }


def schedules_for(participant: Participant) -> list[str]:
    return [each for each in SCHEDULES if f"-{'replacement' if participant.is_ect else 'reduced'}-" not in each]


def check_contract_period(participant: Participant, year: int, schedule: str) -> ActiveLeadProvider:
    period = unconfirmed_training(participant)
    check_offered(period is not None)
    contracts = contracts_of(participant, period)
    if year not in contracts:
        raise RuleBroken({"year": "unknown"})
    if schedule not in schedules_for(participant):
        raise RuleBroken({"schedule": "unknown"})
    if (year, schedule) == (period.contract_period.year, period.schedule):
        raise RuleBroken({"schedule": "already"})
    return contracts[year]


def put_right_contract_period(
    participant: Participant, author: Support, *, year: int, schedule: str, reason: str
) -> Event:
    """Training that a lead provider has still to confirm belongs to another contract year, or has another schedule."""
    with changing(participant.id, author) as participant:
        contract = check_contract_period(participant, year, schedule)
        period = unconfirmed_training(participant)
        was, had = period.contract_period.year, period.schedule
        between = participant.school_id, contract.id
        known = earliest_partnerships([between]).get(between)
        period.school_partnership, period.expression_of_interest = known, None if known else contract
        period.schedule = schedule
        period.save()
        name = period.lead_provider.name if not known else contract.lead_provider.name
        return write_event(
            participant,
            author,
            "teacher_contract_period_put_right",
            heading(participant, f"their training with {name} is in the contract year {year}"),
            modifications=[f"cohort: {was} → {year}", f"schedule: {had} → {schedule}"],
            reason=reason,
        )


# --- training that is planned ------------------------------------------------------------------------------------


def planned_training(participant: Participant) -> list[TrainingPeriod]:
    """What has not begun and comes after other training: that which a school can’t change by itself."""
    periods = sorted(participant.training_periods, key=lambda period: period.started_on)
    return [period for period in periods[1:] if period.started_on > today()]


def check_planned(participant: Participant, training_period_id: int) -> TrainingPeriod:
    planned = planned_training(participant)
    check_offered(bool(planned))
    found = next((period for period in planned if period.id == training_period_id), None)
    if not found:
        raise RuleBroken({"training_period_id": "unknown"})
    return found


def put_right_planned_training(
    participant: Participant, author: Support, *, training_period_id: int, reason: str
) -> Event:
    """This training is not going to begin. What was to end because of it goes on."""
    with changing(participant.id, author) as participant:
        planned = check_planned(participant, training_period_id)
        before = [each for each in participant.training_periods if each.finished_on == day_before(planned.started_on)]
        planned.delete_instance()
        participant.training_periods.remove(planned)
        participant.teacher.participants = [
            each for each in participant.teacher.participants if each.id != participant.id
        ] + [participant]
        for period in before:
            if not marked_on(period):
                period.finished_on = training_could_last_until(participant, period)
                period.save()
        name = f" with {planned.lead_provider.name}" if planned.is_provider_led else ""
        return write_event(
            participant,
            author,
            "teacher_planned_training_put_right",
            heading(participant, f"their training{name} does not begin on {display(planned.started_on)}"),
            period=planned,
            modifications=[f"training_period: {planned.started_on} → None"],
            reason=reason,
            training=[as_row(planned)],
        )


# --- the appropriate body ----------------------------------------------------------------------------------------


def check_appropriate_body(participant: Participant, appropriate_body: str) -> AppropriateBody:
    """The one with this name, however it is typed."""
    bodies = {folded(body.name): body for body in AppropriateBody.select()}
    found = bodies.get(folded(appropriate_body))
    if not found:
        raise RuleBroken({"appropriate_body": "unknown"})
    if found == participant.school_reported_appropriate_body:
        raise RuleBroken({"appropriate_body": "already"}, body=found.name)
    return found


def put_right_appropriate_body(
    participant: Participant, author: Support, *, appropriate_body: str, reason: str
) -> Event:
    """The appropriate body that the school names. What a body itself has recorded stays."""
    with changing(participant.id, author) as participant:
        check_offered(participant.is_ect)
        body, old = check_appropriate_body(participant, appropriate_body), participant.school_reported_appropriate_body
        participant.school_reported_appropriate_body = body
        participant.save(only=[Participant.school_reported_appropriate_body])
        return write_event(
            participant,
            author,
            "teacher_appropriate_body_updated",
            heading(participant, f"their appropriate body is {body.name}"),
            modifications=[f"appropriate_body: {old and old.name} → {body.name}"],
            reason=reason,
        )
