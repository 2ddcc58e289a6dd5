"""Schools, delivery partners and partnerships: where a lead provider is wanted, with whom it may work, where it trains.
What a partnership does is in the project's own partnerships.py."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from functools import partial

from flask import abort, g
from peewee import JOIN, SQL, Node, fn

from clock import today
from database import MomentField, among, is_postgresql, tried_again
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
from views.lead_provider_api.pages import in_order, listing, moment_value
from views.lead_provider_api.participants import as_id


def page_of(rows, query: Query, table: type, updated_at: Node | None = None) -> list[tuple]:
    """A page of rows in the order asked for: their ids, the value that they are sorted by and when they were updated,
    which is the column `api_updated_at` unless it is said otherwise."""
    columns = {"created_at": table.created_at, "updated_at": updated_at or table.api_updated_at}
    rows = rows.select(table.id, columns[query.sort.removeprefix("-")], columns["updated_at"])
    page = in_order(rows, query, columns, table.id).limit(query.page.limit).offset(query.page.offset)
    return list(page.tuples())


# --- schools -----------------------------------------------------------------------------------------------


@api.get("/schools")
@operation("Find schools", query=SchoolsQuery, answers=schemas.Many[schemas.School])
def schools(query: SchoolsQuery):
    contract_period = contract_period_in(query.filter.cohort)
    if is_of_today(query.filter.updated_since):
        rows, updated_at = School.select(), School.api_updated_at
    else:
        rows, updated_at = schools_by_days()
    if not contract_period:
        rows = rows.where(False)
    if query.filter.urn:
        rows = rows.where(School.urn == query.filter.urn)
    if query.filter.updated_since:
        rows = rows.where(updated_at >= moment_value(query.filter.updated_since))
    page = page_of(rows, query, School, updated_at)
    times = {school_id: at for school_id, _, at in page}
    return listing(query, page, partial(schools_json, contract_period, times))


@api.get("/schools/<school_id>")
@operation("See one school", query=SchoolQuery, answers=schemas.One[schemas.School])
def school(school_id: str, query: SchoolQuery):
    contract_period = contract_period_in(query.filter.cohort)
    found = contract_period and School.get_or_none(School.api_id == (as_id(school_id) or abort(404)))
    if not found:
        abort(404)
    rows, updated_at = schools_by_days()
    ((at,),) = rows.select(updated_at).where(School.id == found.id).tuples()
    return one((found.id, at), partial(schools_json, contract_period, {found.id: at}))


def contract_period_in(years: list[int] | None) -> ContractPeriod | None:
    """The one asked for, if it is one."""
    return ContractPeriod.get_or_none(ContractPeriod.year == years[0]) if years and len(years) == 1 else None


def schools_by_days():
    """All schools, and when something that is told of one last changed, as SQL: that somebody there waits for this
    provider ends with their last day, too. Those are looked up once, and not for each school."""
    waited = (
        TrainingPeriod.select(Participant.school, day_after_the_last().alias("day"))
        .join(Participant)
        .join_from(TrainingPeriod, ActiveLeadProvider, on=TrainingPeriod.expression_of_interest)
        .where(
            TrainingPeriod.school_partnership.is_null(),
            ActiveLeadProvider.lead_provider == g.lead_provider,
            TrainingPeriod.finished_on < today(),
        )
        .group_by(Participant.school)
        .alias("waited")
    )
    rows = School.select().join(waited, JOIN.LEFT_OUTER, on=(School.id == waited.c.school_id))
    return rows, moved_by_days(School.api_updated_at, waited.c.day)


def schools_json(contract_period: ContractPeriod, times: dict[int, datetime], school_ids: list[int]) -> Iterator[dict]:
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
                "updated_at": updated(times[school_id]),
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
    if query.filter.updated_since:
        rows = rows.where(DeliveryPartner.api_updated_at >= query.filter.updated_since)
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
    since_today = is_of_today(wanted.updated_since)
    updated_at = SchoolPartnership.api_updated_at if since_today else partnership_updated_at()
    if wanted.updated_since:
        rows = rows.where(updated_at >= moment_value(wanted.updated_since))
    if wanted.delivery_partner_id is not None:
        api_ids = [known for known in map(as_id, wanted.delivery_partner_id) if known]
        rows = rows.join_from(SchoolPartnership, DeliveryPartner).where(DeliveryPartner.api_id << api_ids)
    page = page_of(rows, query, SchoolPartnership, updated_at)
    counts = in_training_by([partnership_id for partnership_id, *_ in page])
    times = {partnership_id: at for partnership_id, _, at in page}
    return listing(query, page, partial(partnerships_json, counts, times), known_by=counts.get)


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
    counts = in_training_by([partnership.id])
    its = SchoolPartnership.select(partnership_updated_at()).where(SchoolPartnership.id == partnership.id)
    ((at,),) = its.tuples()
    return one((partnership.id, at, counts), partial(partnerships_json, counts, {partnership.id: at}))


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


def partnership_updated_at() -> Node:
    """When something that is told of a partnership last changed, as SQL. Who is in training by it changes with the day,
    too. Such a day begins at midnight UTC: never before it does in London, so nobody who asked on the day before has
    come past it; and told later than now it never is, anyway."""
    of_it = (
        TrainingPeriod.school_partnership == SchoolPartnership.id,
        TrainingPeriod.withdrawn_at.is_null(),
        TrainingPeriod.deferred_at.is_null(),
    )
    began = fn.MAX(TrainingPeriod.started_on)
    first_day = began if is_postgresql() else fn.DATETIME(began)
    first_days = TrainingPeriod.select(first_day).where(*of_it, TrainingPeriod.started_on <= today())
    days_after = TrainingPeriod.select(day_after_the_last()).where(*of_it, TrainingPeriod.finished_on < today())
    return moved_by_days(SchoolPartnership.api_updated_at, first_days, days_after)


def day_after_the_last() -> Node:
    """On which none of the training goes on any more, as SQL."""
    ended = fn.MAX(TrainingPeriod.finished_on)
    return ended + SQL("interval '1 day'") if is_postgresql() else fn.DATETIME(ended, "+1 day")


def is_of_today(moment: datetime | None) -> bool:
    """Whether no day has begun since. What has moved since then has done so in its column, which an index has."""
    return moment is not None and moment > datetime.combine(today(), time(), UTC)


def moved_by_days(column: MomentField, *days: Node) -> Node:
    """The latest of the moment that the column has and of these days, as far as there are any, as SQL."""
    given = days if is_postgresql() else [fn.COALESCE(day, "") for day in days]
    latest = (fn.GREATEST if is_postgresql() else fn.MAX)(column, *given)
    return latest.converter(column.python_value)


def partnerships_json(in_training: dict[int, int], times: dict[int, datetime], ids: list[int]) -> Iterator[dict]:
    """What this provider is told of these partnerships, in their order, by one query however many they are."""
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
                "updated_at": updated(times[partnership_id]),
            },
        }
