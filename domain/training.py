"""What schools change of somebody's training. Each act is one transaction that locks the participant, asks again
whether it is allowed, and writes one event (changes.py). What lead providers report is in reports.py, the other acts
of schools are in participants.py, tables and derived facts in models.py.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from clock import now, today
from domain.changes import (
    Author,
    ChangedSince,
    RuleBroken,
    changing,
    changing_with,
    end_period,
    next_event,
    who,
    write_event,
)
from domain.queries import contract_periods, earliest_partnerships, participants_for_rules, partnerships_at_school_of
from models import ActiveLeadProvider, ContractPeriod, Event, LeadProvider, Participant, TrainingPeriod
from vocabulary import folded


def day_training_starts(participant: Participant) -> date:
    """When training that the school chooses now would start: today, or the later day for which it is planned."""
    period = participant.training_period
    planned = period.started_on if period and not period.is_history else participant.started_on
    return max(today(), planned)


def last_provider_led(participant: Participant, by: date) -> TrainingPeriod | None:
    """The latest provider-led training in this role that had started `by` that day: at this school if there was any,
    otherwise at any."""
    in_role = [each for each in participant.teacher.participants if each.role == participant.role]
    here = [each for each in in_role if each.school_id == participant.school_id]
    for placements in (here, in_role):
        periods = [period for each in placements for period in each.training_periods]
        if trained := [period for period in periods if period.is_provider_led and period.started_on <= by]:
            return max(trained, key=lambda period: period.started_on)
    return None


def contract_period_for(participant: Participant, starts_on: date | None = None) -> ContractPeriod | None:
    """The contract period of the person's next provider-led training: their last one's; when that is closed, the
    earliest that has begun; without any, the one that the first day falls into. Never one that is closed by then."""
    starts_on = starts_on or day_training_starts(participant)
    last = last_provider_led(participant, starts_on)
    if last and not last.contract_period.is_closed(starts_on):
        return last.contract_period
    by_year = sorted(contract_periods(participant), key=lambda period: period.year)
    fitting = [each for each in by_year if (each.started_on <= starts_on if last else each.finished_on >= starts_on)]
    return next((period for period in fitting if not period.is_closed(starts_on)), None)


def offered_lead_providers(participant: Participant) -> list[LeadProvider]:
    """Whom the school may choose for the person's next training: alphabetical, without the present one."""
    contract_period = contract_period_for(participant)
    providers = [active.lead_provider for active in _active_in(participant, contract_period)]
    present = _present_lead_provider(participant)
    return sorted((each for each in providers if each != present), key=lambda provider: folded(provider.name))


def works_with_school_already(participant: Participant) -> set[int]:
    """The lead providers (ids) that would be confirmed at once, if they were chosen for the person's next training."""
    active = _active_in(participant, contract_period_for(participant))
    return {each.lead_provider.id for each in active if each.id in partnerships_at_school_of(participant)}


def _active_in(participant: Participant, contract_period: ContractPeriod | None) -> list[ActiveLeadProvider]:
    return next((each.active_lead_providers for each in contract_periods(participant) if each == contract_period), [])


def _present_lead_provider(participant: Participant) -> LeadProvider | None:
    period = participant.training_period
    return period.lead_provider if period else None


def can_change_lead_provider(participant: Participant) -> bool:
    period = participant.training_period
    is_provider_led = period is not None and period.is_provider_led
    return is_provider_led and not participant.has_left and not participant.mentor_training_is_over


def check_lead_provider(
    participant: Participant, lead_provider_id: int, offered: Iterable[LeadProvider]
) -> LeadProvider:
    """The lead provider that was chosen, if the rules allow it for this person."""
    present = _present_lead_provider(participant)
    if present and lead_provider_id == present.id:
        raise RuleBroken({"lead_provider_id": "already"}, lead_provider=present.name)
    chosen = next((provider for provider in offered if provider.id == lead_provider_id), None)
    if not chosen:
        raise RuleBroken({"lead_provider_id": "unknown"})
    if is_trained_later(participant):
        raise RuleBroken({"lead_provider_id": "trained_later"})
    if is_trained_elsewhere(participant, day_training_starts(participant)):
        raise RuleBroken({"lead_provider_id": "trained_elsewhere"})
    return chosen


def is_trained_later(participant: Participant) -> bool:
    """More training is planned after the one that pages speak of."""
    shown = participant.training_period
    return any(period.started_on > today() and period != shown for period in participant.training_periods)


def is_trained_elsewhere(participant: Participant, starts_on: date) -> bool:
    """Another school has this person in training in the same role on a day on which training that starts here then
    would go on too. Only mentors can be at two schools at once."""
    last_day = participant.finished_on or date.max
    return any(
        period.started_on <= last_day and (period.finished_on or date.max) >= starts_on
        for placement in participant.teacher.participants
        if placement.role == participant.role and placement != participant
        for period in placement.training_periods
    )


def change_lead_provider(participant: Participant, author: Author, *, lead_provider_id: int) -> Event:
    """The school chooses another lead provider for an ECT or a mentor, from today."""
    with changing(participant.id, author) as participant:
        if not can_change_lead_provider(participant):
            raise RuleBroken({"participant": "not_offered"})
        lead_provider = check_lead_provider(participant, lead_provider_id, offered_lead_providers(participant))
        was = _as_it_was(participant)
        old = was["old_lead_provider"]
        period = _train(participant, _provider_led(participant, lead_provider, day_training_starts(participant)))
        return write_event(
            participant,
            author,
            "teacher_training_lead_provider_updated",
            words={"old": old, "new": lead_provider.name},
            period=period,
            modifications=[f"lead_provider: {old} → {lead_provider.name}"],
            new_lead_provider=lead_provider.name,
            is_confirmed=period.is_confirmed,
            **was,
        )


def _as_it_was(participant: Participant) -> dict[str, str | bool | None]:
    """What the confirmation has to know of the training that makes way."""
    period = participant.training_period
    return {
        "old_lead_provider": period.lead_provider.name if period.lead_provider else None,
        "old_was_confirmed": period.is_confirmed,
        "old_is_history": period.is_history,
        "old_has_finished": period.has_finished,
        "training_status": participant.training_status,
    }


def can_change_training_programme(participant: Participant) -> bool:
    return participant.is_ect and participant.training_period is not None and not participant.has_left


def other_training_programme(participant: Participant) -> str:
    """The programme that the school may change to: the one that the person isn't on."""
    return "school_led" if participant.training_period.is_provider_led else "provider_led"


def programme_in_words(period: TrainingPeriod) -> str:
    """Such as “school-led”, or “provider-led with Teach First”."""
    return f"provider-led with {period.lead_provider.name}" if period.is_provider_led else "school-led"


def check_training_programme(participant: Participant, training_programme: str) -> None:
    if training_programme != other_training_programme(participant):
        raise RuleBroken({"training_programme": "changed"})
    if is_trained_later(participant):
        raise RuleBroken({"training_programme": "trained_later"})


def change_training_programme(
    participant: Participant,
    author: Author,
    *,
    training_programme: str,
    lead_provider_id: int | None = None,
) -> Event:
    """The school takes over an ECT's training, or gives it to a lead provider, from today."""
    mentor = participant.mentor if training_programme == "provider_led" else None
    others = [mentor.id] if mentor else []
    with changing_with(participant.id, author, others) as (participant, everybody):
        if not can_change_training_programme(participant):
            raise RuleBroken({"participant": "not_offered"})
        check_training_programme(participant, training_programme)
        if mentor and participant.mentor != mentor:
            raise ChangedSince
        was, new, mentors_events = _as_it_was(participant), None, []
        old_programme = programme_in_words(participant.training_period)
        if training_programme == "provider_led":
            new = check_lead_provider(participant, lead_provider_id, offered_lead_providers(participant))
            columns = _provider_led(participant, new, day_training_starts(participant))
            if mentor:
                mentors_events = _train_mentor_too(everybody[mentor.id], author, participant, new)
        else:
            columns = {"school_partnership": None, "expression_of_interest": None, "schedule": None}
        period = _train(participant, columns | {"training_programme": training_programme})
        words = {"old": old_programme, "new": programme_in_words(period)}
        return write_event(
            participant,
            author,
            "teacher_training_programme_updated",
            beside=mentors_events,
            words=words,
            period=period,
            modifications=["training_programme: {old} → {new}".format(**words)],
            training_programme=training_programme,
            new_lead_provider=new.name if new else None,
            is_confirmed=period.is_confirmed,
            mentor_in_training=mentor.name if mentors_events else None,
            mentor_is_confirmed=bool(mentors_events) and mentors_events[0].details["is_confirmed"],
            **was,
        )


def can_end_mentor_training(participant: Participant) -> bool:
    """A lead provider withdrew this mentor, and nothing was said since of how it goes on."""
    is_over = participant.mentor_training_is_over or participant.is_not_continuing
    return not participant.is_ect and participant.training_status == "withdrawn" and not is_over


def end_mentor_training(participant: Participant, author: Author) -> Event:
    """The school says that a mentor whom a lead provider withdrew is not going on with mentor training. Whenever there
    is new training, that counts."""
    with changing(participant.id, author) as participant:
        if not can_end_mentor_training(participant):
            raise RuleBroken({"participant": "not_offered"})
        period = participant.training_period
        period.not_continued_at = now()
        period.save(only=[TrainingPeriod.not_continued_at])
        return write_event(
            participant,
            author,
            "teacher_ends_mentor_training",
            f"{who(author)} told us that {participant.name} was not continuing mentor training",
            period=period,
            lead_provider=period.lead_provider.name,
        )


def begins_training_with(ect: Participant, mentor: Participant, lead_providers: Iterable[int]) -> bool:
    """An ECT who becomes provider-led brings their mentor into training with the same lead provider, unless the mentor
    has been in such training here, is in it elsewhere, or can't be funded; or the provider has no contract for the
    mentor's contract period. True if that holds whichever of these lead providers (ids) is chosen."""
    starts_on = _mentor_starts_on(ect, mentor)
    has_gone = mentor.finished_on is not None and mentor.finished_on < starts_on
    is_over = has_gone or mentor.mentor_training_is_over
    if is_over or mentor.last_provider_led_period or is_trained_elsewhere(mentor, starts_on):
        return False
    active = _active_in(mentor, contract_period_for(mentor, starts_on))
    return {each.lead_provider.id for each in active} >= set(lead_providers)


def _mentor_starts_on(ect: Participant, mentor: Participant) -> date:
    return max(day_training_starts(ect), mentor.started_on)


def mentor_who_begins(ect: Participant, lead_providers: Iterable[int]) -> Participant | None:
    """The mentor whom this ECT would bring into training now, whichever of these lead providers (ids) is chosen."""
    mentors = participants_for_rules([ect.mentor.id]) if ect.mentor else []
    return next((mentor for mentor in mentors if begins_training_with(ect, mentor, lead_providers)), None)


def _train_mentor_too(
    mentor: Participant, author: Author, ect: Participant, lead_provider: LeadProvider
) -> list[Event]:
    """Gives what happened to the mentor, to be recorded."""
    if not begins_training_with(ect, mentor, [lead_provider.id]):
        return []
    starts_on = _mentor_starts_on(ect, mentor)
    columns = _provider_led(mentor, lead_provider, starts_on)
    period = TrainingPeriod.create(participant=mentor, started_on=starts_on, finished_on=mentor.finished_on, **columns)
    heading = f"{mentor.name} began mentor training with {lead_provider.name}, who were to train {ect.name} too"
    told = {"period": period, "new_lead_provider": lead_provider.name, "is_confirmed": period.is_confirmed}
    return [next_event(mentor, author, "teacher_starts_training_period", heading, **told)]


def _train(participant: Participant, columns: dict) -> TrainingPeriod:
    """Put training with these columns in place of the present one, from the day that it starts. What is history ends
    yesterday, or stays as it ended; anything else is replaced in place.
    """
    period, starts_on = participant.training_period, day_training_starts(participant)
    if period.is_history:
        end_period(period, today() - timedelta(days=1))
        period = TrainingPeriod(participant=participant, finished_on=participant.finished_on)
    period.started_on = starts_on
    for name, value in columns.items():
        setattr(period, name, value)
    period.save()
    return period


def _provider_led(participant: Participant, lead_provider: LeadProvider, starts_on: date) -> dict:
    """The columns of provider-led training with this provider from that day: confirmed at once where it already has a
    partnership with the school, an expression of interest otherwise. Remembers the year of a contract period that
    closed."""
    last, contract_period = last_provider_led(participant, starts_on), contract_period_for(participant, starts_on)
    schedule = last.schedule if last else standard_schedule(starts_on)
    if last and last.contract_period != contract_period:
        schedule = "ecf-extended-september"
        setattr(participant.teacher, f"{participant.role}_payments_frozen_year", last.contract_period.year)
        participant.teacher.save()
    offers = _active_in(participant, contract_period)
    active = next(active for active in offers if active.lead_provider == lead_provider)
    between = participant.school_id, active.id
    if partnership := earliest_partnerships([between]).get(between):
        partnership.active_lead_provider = active
    return {
        "training_programme": "provider_led",
        "school_partnership": partnership,
        "expression_of_interest": None if partnership else active,
        "schedule": schedule,
    }


def standard_schedule(starts_on: date) -> str:
    """The schedule of training that starts on this day, where no earlier one is kept."""
    month = starts_on.month
    return "ecf-standard-" + ("september" if 6 <= month <= 10 else "april" if 3 <= month <= 5 else "january")
