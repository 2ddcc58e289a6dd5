"""What lead providers agree with schools: where they train in a contract period, and with which delivery partner. Each
act is one transaction; whoever's training changes by it gets an event (changes.py). What they report of people is in
reports.py.
"""

import uuid
from functools import partial

from clock import today
from database import among, db
from domain.changes import RuleBroken, updated_at, write_event
from domain.queries import locked_participants
from domain.reports import contract_period_of, is_blank
from models import (
    ActiveLeadProvider,
    ContractPeriod,
    DeliveryPartner,
    DeliveryPartnership,
    LeadProvider,
    Participant,
    School,
    SchoolPartnership,
    TrainingPeriod,
)


def create_partnership(
    lead_provider: LeadProvider, *, cohort=None, school_id=None, delivery_partner_id=None
) -> SchoolPartnership:
    """The provider trains at this school in the contract period of this year (`cohort`). That confirms all training
    there that waits for it. The ids are those of the API, as text."""
    with db.atomic():
        updated_at()
        return _create_partnership(lead_provider, cohort, school_id, delivery_partner_id)


def _create_partnership(lead_provider, cohort, school_id, delivery_partner_id) -> SchoolPartnership:
    errors: dict[str, str] = {}
    contract_period = _found(errors, "cohort", cohort, contract_period_of)
    active = contract_period and ActiveLeadProvider.get_or_none(
        lead_provider=lead_provider, contract_period=contract_period
    )
    if contract_period and not active:
        errors["cohort"] = "no_contract"
    elif contract_period and contract_period.started_on > today():
        errors["cohort"] = "not_open"
    school = _found(errors, "school_id", school_id, partial(by_api_id, School))
    people, already = {}, {}
    if school and active:
        people = locked_participants({period.participant_id for period in _waiting(active, school)})
        if present := SchoolPartnership.get_or_none(school=school, active_lead_provider=active):
            errors["school_id"] = "already_partners"
            already = {"id": present.api_id, "date": present.created_at}
        elif programme_choices(contract_period, [school.id]).get(school.id) == "school_led":
            errors["school_id"] = "school_led_only"
    partner = _found(errors, "delivery_partner_id", delivery_partner_id, partial(by_api_id, DeliveryPartner))
    if active and partner and not may_work_together(active, partner):
        errors["delivery_partner_id"] = "not_paired"
    if errors:
        raise RuleBroken(errors, already=already)
    partnership = SchoolPartnership.create(school=school, active_lead_provider=active, delivery_partner=partner)
    for period in _waiting(active, school):
        period.school_partnership = partnership
        period.save()
        _tell(people[period.participant_id], partnership, period, "teacher_training_period_confirmed")
    return SchoolPartnership.get_by_id(partnership.id)


def change_delivery_partner(
    lead_provider: LeadProvider, partnership: SchoolPartnership, *, delivery_partner_id=None
) -> SchoolPartnership:
    """The provider works with another delivery partner at this school. The id is the API's, as text."""
    if partnership.active_lead_provider.lead_provider != lead_provider:
        raise PermissionError(f"partnership {partnership.id} is not lead provider {lead_provider.id}'s")
    with db.atomic():
        updated_at()
        errors: dict[str, str] = {}
        partner = _found(errors, "delivery_partner_id", delivery_partner_id, partial(by_api_id, DeliveryPartner))
        if partner and not may_work_together(partnership.active_lead_provider, partner):
            errors["delivery_partner_id"] = "not_paired"
        others = SchoolPartnership.select().where(
            SchoolPartnership.school == partnership.school_id,
            SchoolPartnership.active_lead_provider == partnership.active_lead_provider,
            SchoolPartnership.delivery_partner == partner,
        )
        if partner and others.exists():
            errors["delivery_partner_id"] = "already_this_partner"
        if errors:
            raise RuleBroken(errors)
        in_training = TrainingPeriod.select().where(
            TrainingPeriod.school_partnership == partnership, TrainingPeriod.not_finished()
        )
        people = locked_participants({period.participant_id for period in in_training})
        partnership.delivery_partner = partner
        partnership.save(only=[SchoolPartnership.delivery_partner])
        for period in in_training:
            _tell(people[period.participant_id], partnership, period, "teacher_delivery_partner_updated")
        return SchoolPartnership.get_by_id(partnership.id)


def _tell(participant: Participant, partnership: SchoolPartnership, period: TrainingPeriod, event_type: str) -> None:
    provider, partner = partnership.active_lead_provider.lead_provider, partnership.delivery_partner
    words, modified = {"delivery_partner": partner.name}, [f"delivery_partner: → {partner.name}"]
    write_event(participant, provider, event_type, words=words, period=period, modifications=modified)


def _found(errors: dict[str, str], name: str, text: str | None, find):
    """What `find` finds for what was sent as `name`; if nothing, says in `errors` what is wrong."""
    found = None if is_blank(text) else find(text)
    if not found:
        errors[name] = "missing" if is_blank(text) else "unknown"
    return found


def by_api_id(table: type, api_id: str):
    """The row that the API knows by this id, if there is one."""
    try:
        return table.get_or_none(table.api_id == uuid.UUID(api_id))
    except ValueError:
        return None


def may_work_together(active: ActiveLeadProvider, partner: DeliveryPartner) -> bool:
    return DeliveryPartnership.get_or_none(active_lead_provider=active, delivery_partner=partner) is not None


def _waiting(active: ActiveLeadProvider, school: School):
    """The training at the school that waits for this provider to confirm."""
    return (
        TrainingPeriod.select()
        .join(Participant)
        .where(
            Participant.school == school,
            TrainingPeriod.expression_of_interest == active,
            TrainingPeriod.school_partnership.is_null(),
        )
        .order_by(TrainingPeriod.id)
    )


def programme_choices(contract_period: ContractPeriod, school_ids: list[int]) -> dict[int, str]:
    """School → `provider_led` if anybody there is or was in such training of this contract period; `school_led` if
    training that began in it was the school's own and nothing else. A school without either isn't in it."""
    interest, confirmed = ActiveLeadProvider.alias(), ActiveLeadProvider.alias()
    provider_led = (
        TrainingPeriod.select(Participant.school)
        .join(Participant)
        .switch(TrainingPeriod)
        .left_outer_join(SchoolPartnership)
        .left_outer_join(confirmed, on=(SchoolPartnership.active_lead_provider == confirmed.id))
        .switch(TrainingPeriod)
        .left_outer_join(interest, on=(TrainingPeriod.expression_of_interest == interest.id))
        .where(
            among(Participant.school, school_ids),
            (confirmed.contract_period == contract_period) | (interest.contract_period == contract_period),
        )
    )
    school_led = (
        TrainingPeriod.select(Participant.school)
        .join(Participant)
        .where(
            among(Participant.school, school_ids),
            TrainingPeriod.training_programme == "school_led",
            TrainingPeriod.started_on.between(contract_period.started_on, contract_period.finished_on),
        )
    )
    choices = {school_id: "school_led" for (school_id,) in school_led.distinct().tuples()}
    return choices | {school_id: "provider_led" for (school_id,) in provider_led.distinct().tuples()}
