"""The sandbox of the lead providers' API, in the demo only: a provider begins with people of its own, as often as it
likes, and touches nobody else's. That a request may say on which day it happens is the API's own (sandbox_day.py)."""

from collections.abc import Callable
from datetime import date, timedelta

import click
from flask import Blueprint, Flask, g
from peewee import fn

from clock import today
from database import db, tried_again
from domain import departures
from domain.changes import RuleBroken, System, updated_at
from models import (
    ActiveLeadProvider,
    ContractPeriod,
    DeliveryPartner,
    DeliveryPartnership,
    Enrolment,
    LeadProvider,
    Participant,
    School,
    SchoolPartnership,
    Teacher,
)
from scenarios import load_school
from views.lead_provider_api import answer, done, problem, require_token, say_what_is_left
from views.lead_provider_api.participants import participants_json
from views.lead_provider_api.sandbox_day import move_day

blueprint = Blueprint("sandbox", __name__, url_prefix="/api/v3/sandbox")
blueprint.before_request(require_token)
blueprint.before_request(move_day)
blueprint.after_request(say_what_is_left)

URNS, TRNS = 990_000, 9_900_000
"""Below those of sandboxes' schools and people."""


class NoContract(Exception):
    """The provider holds no contract now, so nobody can be in training with it."""


def add_to(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.cli.add_command(sandbox)


@blueprint.post("/reset")
def reset_by_request():
    try:
        schools = tried_again(lambda: reset(g.lead_provider))
    except NoContract:
        return answer({"errors": [problem("Unprocessable Entity", "you have no contract now", "no_contract")]}, 422)
    with done():
        return answer({"data": list(participants_json(seen_at(schools, g.lead_provider)))})


def seen_at(schools: list[School], lead_provider: LeadProvider) -> list[int]:
    """The people (their ids) at these schools whom the provider sees."""
    query = Enrolment.select(Enrolment.teacher).join(Participant).where(Enrolment.lead_provider == lead_provider)
    query = query.where(Participant.school << schools).order_by(Enrolment.teacher)
    return [teacher_id for (teacher_id,) in query.tuples()]


@click.group()
def sandbox():
    """People for lead providers to try things out with."""


@sandbox.command("reset")
@click.option("--lead-provider", required=True, help="The lead provider's name, in full.")
def reset_by_command(lead_provider):
    """Give this lead provider people of its own, afresh."""
    with db.connection_context():
        provider = LeadProvider.get_or_none(LeadProvider.name == lead_provider)
        if not provider:
            raise click.ClickException(f"There is no lead provider “{lead_provider}”.")
        try:
            schools = reset(provider)
        except NoContract:
            raise click.ClickException(f"{lead_provider} has no contract now.") from None
        for told in participants_of(schools):
            click.echo(f"{told.teacher.api_id}  {told.teacher.name}, {told.role}")


def participants_of(schools: list[School]):
    return Participant.select(Participant, Teacher).join(Teacher).where(Participant.school << schools)


# --- what is there afresh ----------------------------------------------------------------------------------


def reset(lead_provider: LeadProvider) -> list[School]:
    """Two schools that are new, with people for this provider. Those of the last time leave their schools, so the API
    tells of them as it tells of everybody who leaves."""
    with db.atomic():
        updated_at()
        active = contract_of(lead_provider)
        leave_schools_of(lead_provider)
        return [load(row) for row in schools_for(active)]


def contract_of(lead_provider: LeadProvider) -> ActiveLeadProvider:
    """The provider's contract of today."""
    query = ActiveLeadProvider.select(ActiveLeadProvider, ContractPeriod, LeadProvider).join(ContractPeriod)
    query = (
        query.switch(ActiveLeadProvider)
        .join(LeadProvider)
        .where(
            ActiveLeadProvider.lead_provider == lead_provider,
            ContractPeriod.started_on <= today(),
            ContractPeriod.finished_on >= today(),
        )
    )
    if not (active := query.first()):
        raise NoContract
    return active


def leave_schools_of(lead_provider: LeadProvider) -> None:
    theirs = (
        SchoolPartnership.select(SchoolPartnership.school)
        .join(ActiveLeadProvider)
        .where(ActiveLeadProvider.lead_provider == lead_provider)
    )
    query = Participant.select(Participant, School).join(School)
    query = query.where(School.urn > str(URNS), Participant.school << theirs, Participant.finished_on.is_null())
    for participant in list(query):
        try:
            departures.report_leaving(participant, System(), leaving_on=today() - timedelta(1))
        except RuleBroken:
            continue  # who is yet to come, or has only just begun, stays


def load(row: dict) -> School:
    load_school(row)
    return School.get(urn=row["urn"])


def schools_for(active: ActiveLeadProvider) -> list[dict]:
    """As a scenario's file would have them (scenarios/world.toml)."""
    provider, year = active.lead_provider.name, active.contract_period_id
    paired = DeliveryPartnership.select(DeliveryPartner.name).join(DeliveryPartner)
    (partner,) = paired.where(DeliveryPartnership.active_lead_provider == active).tuples().first() or ("Sandbox Hub",)
    works_with = {"lead_provider": provider, "delivery_partner": partner, "years": [year]}
    urn = 1 + int(School.select(fn.MAX(School.urn)).where(School.urn > str(URNS)).scalar() or URNS)
    person = people(provider, year)
    return [
        school(
            urn,
            f"Sandbox School {urn} of {provider}",
            [works_with],
            mentors=[person("Mo Mentor"), person("Una Unfunded", training=None)],
            ects=[
                person("Ava Active", mentor="Mo Mentor"),
                person("Uma Underwood", mentor="Una Unfunded"),
                person("Dev Deferred", deferred={"on": ago(30), "reason": "career-break"}),
                person("Wil Withdrawn", withdrawn={"on": ago(30), "reason": "other"}),
                person("Lea Leaving", leaving_on="today + 30"),
                person("Joy Joining", started_on=ago(-14)),
            ],
        ),
        school(urn + 1, f"Sandbox School {urn + 1}, which waits for {provider}", [], ects=[person("Wes Waiting")]),
    ]


def school(urn: int, name: str, partnerships: list[dict], *, ects: list[dict], mentors: list[dict] = []) -> dict:  # noqa: B006 - it is not changed
    """One at which nobody signs in: the demo's page has personas enough."""
    tutor = {"name": f"Tutor of Sandbox School {urn}", "email": f"tutor@sandbox{urn}.example.org"}
    people = {"ects": ects, "mentors": mentors}
    return {"urn": str(urn), "name": name, "tutor": tutor, "users": [], "partnerships": partnerships} | people


def people(lead_provider: str, year: int) -> Callable[..., dict]:
    """Makes the next person, in training with this provider unless it is said otherwise."""
    number = int(Teacher.select(fn.MAX(Teacher.trn)).where(Teacher.trn > str(TRNS)).scalar() or TRNS)

    def person(name: str, **different) -> dict:
        nonlocal number
        number += 1
        email = f"{name.lower().replace(' ', '.')}.{number}@example.org"
        usual = {"started_on": ago(150), "training": {"lead_provider": lead_provider, "year": year}}
        row = {"name": name, "trn": str(number), "email": email} | usual | different
        return {key: value for key, value in row.items() if value is not None}

    return person


def ago(days: int) -> date:
    return today() - timedelta(days)
