"""Schools, delivery partners and partnerships: where a lead provider is wanted, with whom it may work, where it trains.
What a partnership does is in the project's own partnerships.py."""

from collections.abc import Iterator
from functools import partial

from flask import abort, g
from peewee import fn

from clock import today
from database import among, tried_again
from domain import partnerships as acts
from models import (
    ActiveLeadProvider,
    ContractPeriod,
    DeliveryPartner,
    DeliveryPartnership,
    Participant,
    School,
    SchoolPartnership,
    TrainingPeriod,
)
from views.lead_provider_api import api, done, moment, one, schemas, updated
from views.lead_provider_api.operations import (
    DeliveryPartnersQuery,
    NewPartnership,
    OtherDeliveryPartner,
    PartnershipsQuery,
    Query,
    SchoolQuery,
    SchoolsQuery,
    operation,
)
from views.lead_provider_api.pages import in_order, listing
from views.lead_provider_api.participants import as_id


def page_of(rows, query: Query, table: type) -> list[tuple]:
    """A page of rows, as far as they were updated since, in the order asked for: their ids, the value that they are
    sorted by and when they were updated."""
    columns = {"created_at": table.created_at, "updated_at": table.api_updated_at}
    if query.filter.updated_since:
        rows = rows.where(table.api_updated_at >= query.filter.updated_since)
    rows = rows.select(table.id, columns[query.sort.removeprefix("-")], columns["updated_at"])
    page = in_order(rows, query, columns, table.id).limit(query.page.limit).offset(query.page.offset)
    return list(page.tuples())


# --- schools -----------------------------------------------------------------------------------------------


@api.get("/schools")
@operation("Find schools", query=SchoolsQuery, answers=schemas.Many[schemas.School])
def schools(query: SchoolsQuery):
    contract_period = contract_period_in(query.filter.cohort)
    rows = School.select() if contract_period else School.select().where(False)
    if query.filter.urn:
        rows = rows.where(School.urn == query.filter.urn)
    return listing(query, page_of(rows, query, School), partial(schools_json, contract_period))


@api.get("/schools/<school_id>")
@operation("See one school", query=SchoolQuery, answers=schemas.One[schemas.School])
def school(school_id: str, query: SchoolQuery):
    contract_period = contract_period_in(query.filter.cohort)
    found = contract_period and School.get_or_none(School.api_id == (as_id(school_id) or abort(404)))
    if not found:
        abort(404)
    return one((found.id, found.api_updated_at), partial(schools_json, contract_period))


def contract_period_in(years: list[int] | None) -> ContractPeriod | None:
    """The one asked for, if it is one."""
    return ContractPeriod.get_or_none(ContractPeriod.year == years[0]) if years and len(years) == 1 else None


def schools_json(contract_period: ContractPeriod, school_ids: list[int]) -> Iterator[dict]:
    """What this provider is told of these schools, in their order, by five queries however many they are."""
    found = {school.id: school for school in School.select().where(among(School.id, school_ids))}
    of_period = ActiveLeadProvider.contract_period == contract_period
    partnerships = (
        SchoolPartnership.select(SchoolPartnership.school, ActiveLeadProvider.lead_provider)
        .join(ActiveLeadProvider)
        .where(among(SchoolPartnership.school, school_ids), of_period)
    )
    partners: dict[int, set[int]] = {}
    for school_id, lead_provider_id in partnerships.tuples():
        partners.setdefault(school_id, set()).add(lead_provider_id)
    interest = (
        TrainingPeriod.select(Participant.school)
        .join(Participant)
        .switch(TrainingPeriod)
        .join(ActiveLeadProvider, on=TrainingPeriod.expression_of_interest)
        .where(
            among(Participant.school, school_ids),
            of_period,
            ActiveLeadProvider.lead_provider == g.lead_provider,
            TrainingPeriod.not_finished(),
        )
    )
    interested = {school_id for (school_id,) in interest.distinct().tuples()}
    choices = acts.programme_choices(contract_period, school_ids)
    for school_id in school_ids:
        school = found[school_id]
        wants_us = school_id in interested or g.lead_provider.id in partners.get(school_id, ())
        yield {
            "id": str(school.api_id),
            "type": "school",
            "attributes": {
                "name": school.name,
                "urn": school.urn,
                "cohort": str(contract_period.year),
                "in_partnership": school_id in partners,
                "induction_programme_choice": choices.get(school_id, "not_yet_known"),
                "expression_of_interest": wants_us,
                "induction_tutor_name": school.induction_tutor_name if wants_us else None,
                "induction_tutor_email": school.induction_tutor_email if wants_us else None,
                "created_at": moment(school.created_at),
                "updated_at": updated(school.api_updated_at),
            },
        }


# --- delivery partners -------------------------------------------------------------------------------------


@api.get("/delivery-partners")
@operation("Find delivery partners", query=DeliveryPartnersQuery, answers=schemas.Many[schemas.DeliveryPartner])
def delivery_partners(query: DeliveryPartnersQuery):
    paired = our_delivery_partnerships().select(DeliveryPartnership.delivery_partner)
    if query.filter.cohort is not None:
        paired = paired.where(ActiveLeadProvider.contract_period << query.filter.cohort)
    rows = DeliveryPartner.select().where(DeliveryPartner.id << paired)
    return listing(query, page_of(rows, query, DeliveryPartner), delivery_partners_json)


@api.get("/delivery-partners/<delivery_partner_id>")
@operation("See one delivery partner", answers=schemas.One[schemas.DeliveryPartner])
def delivery_partner(delivery_partner_id: str):
    paired = our_delivery_partnerships().select(DeliveryPartnership.delivery_partner)
    found = DeliveryPartner.get_or_none(
        DeliveryPartner.api_id == (as_id(delivery_partner_id) or abort(404)), DeliveryPartner.id << paired
    )
    if not found:
        abort(404)
    return one((found.id, found.api_updated_at), delivery_partners_json)


def our_delivery_partnerships():
    return (
        DeliveryPartnership.select().join(ActiveLeadProvider).where(ActiveLeadProvider.lead_provider == g.lead_provider)
    )


def delivery_partners_json(ids: list[int]) -> Iterator[dict]:
    found = {partner.id: partner for partner in DeliveryPartner.select().where(among(DeliveryPartner.id, ids))}
    years: dict[int, list[str]] = {}
    paired = our_delivery_partnerships().select(
        DeliveryPartnership.delivery_partner, ActiveLeadProvider.contract_period
    )
    for partner_id, year in paired.order_by(ActiveLeadProvider.contract_period).tuples():
        years.setdefault(partner_id, []).append(str(year))
    for partner_id in ids:
        partner = found[partner_id]
        yield {
            "id": str(partner.api_id),
            "type": "delivery-partner",
            "attributes": {
                "name": partner.name,
                "created_at": moment(partner.created_at),
                "updated_at": updated(partner.api_updated_at),
                "cohort": years[partner_id],
            },
        }


# --- partnerships ------------------------------------------------------------------------------------------


@api.get("/partnerships")
@operation("Find your partnerships", query=PartnershipsQuery, answers=schemas.Many[schemas.Partnership])
def partnerships(query: PartnershipsQuery):
    rows, wanted = our_partnerships(), query.filter
    if wanted.cohort is not None:
        rows = rows.where(ActiveLeadProvider.contract_period << wanted.cohort)
    if wanted.delivery_partner_id is not None:
        api_ids = [known for known in map(as_id, wanted.delivery_partner_id) if known]
        rows = rows.join_from(SchoolPartnership, DeliveryPartner).where(DeliveryPartner.api_id << api_ids)
    return listing(query, page_of(rows, query, SchoolPartnership), partnerships_json)


@api.get("/partnerships/<partnership_id>")
@operation("See one partnership", answers=schemas.One[schemas.Partnership])
def partnership(partnership_id: str):
    return told_of(partnership_of(partnership_id))


@api.post("/partnerships")
@operation(
    "Confirm that you work with a school",
    sends=NewPartnership,
    answers=schemas.One[schemas.Partnership],
    refusals={
        "cohort": ("missing", "unknown", "no_contract", "not_open"),
        "school_id": ("missing", "unknown", "already_partners", "school_led_only"),
        "delivery_partner_id": ("missing", "unknown", "not_paired"),
    },
)
def create_partnership(attributes: dict):
    partnership = tried_again(lambda: acts.create_partnership(g.lead_provider, **attributes))
    with done():
        return told_of(SchoolPartnership.get_by_id(partnership.id))


@api.put("/partnerships/<partnership_id>")
@operation(
    "Change the delivery partner of a partnership",
    sends=OtherDeliveryPartner,
    answers=schemas.One[schemas.Partnership],
    refusals={"delivery_partner_id": ("missing", "unknown", "not_paired", "already_this_partner")},
)
def change_delivery_partner(partnership_id: str, attributes: dict):
    partnership = partnership_of(partnership_id)
    tried_again(lambda: acts.change_delivery_partner(g.lead_provider, partnership, **attributes))
    with done():
        return told_of(SchoolPartnership.get_by_id(partnership.id))


def told_of(partnership: SchoolPartnership):
    return one((partnership.id, partnership.api_updated_at), partnerships_json)


def our_partnerships():
    return (
        SchoolPartnership.select().join(ActiveLeadProvider).where(ActiveLeadProvider.lead_provider == g.lead_provider)
    )


def partnership_of(partnership_id: str) -> SchoolPartnership:
    """This provider's partnership that the API knows by this id; 404 for anybody else's."""
    known = SchoolPartnership.api_id == (as_id(partnership_id) or abort(404))
    return our_partnerships().where(known).first() or abort(404)


def in_training_by(partnership_ids: list[int]) -> dict[int, int]:
    """Partnership → how many people are in training by it today. One by which nobody is isn't in it."""
    query = (
        TrainingPeriod.select(TrainingPeriod.school_partnership, fn.COUNT(TrainingPeriod.id))
        .where(
            among(TrainingPeriod.school_partnership, partnership_ids),
            TrainingPeriod.started_on <= today(),
            TrainingPeriod.not_finished(),
            TrainingPeriod.withdrawn_at.is_null(),
            TrainingPeriod.deferred_at.is_null(),
        )
        .group_by(TrainingPeriod.school_partnership)
    )
    return dict(query.tuples())


def partnerships_json(ids: list[int]) -> Iterator[dict]:
    """What this provider is told of these partnerships, in their order, by two queries however many they are."""
    in_training = in_training_by(ids)
    rows = (
        SchoolPartnership.select(SchoolPartnership, School, DeliveryPartner, ActiveLeadProvider)
        .join(School)
        .switch(SchoolPartnership)
        .join(DeliveryPartner)
        .switch(SchoolPartnership)
        .join(ActiveLeadProvider)
        .where(among(SchoolPartnership.id, ids))
    )
    found = {partnership.id: partnership for partnership in rows}
    for partnership_id in ids:
        partnership = found[partnership_id]
        yield {
            "id": str(partnership.api_id),
            "type": "partnership",
            "attributes": {
                "cohort": str(partnership.active_lead_provider.contract_period_id),
                "urn": partnership.school.urn,
                "school_id": str(partnership.school.api_id),
                "delivery_partner_id": str(partnership.delivery_partner.api_id),
                "delivery_partner_name": partnership.delivery_partner.name,
                "induction_tutor_name": partnership.school.induction_tutor_name,
                "induction_tutor_email": partnership.school.induction_tutor_email,
                "participants_currently_training": in_training.get(partnership_id, 0),
                "created_at": moment(partnership.created_at),
                "updated_at": updated(partnership.api_updated_at),
            },
        }
