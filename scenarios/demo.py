"""The demo: its data made those of a scenario, its tokens for the API, and what is said when it starts."""

import hashlib
import hmac
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from flask import current_app

import scenarios
from clock import today
from database import elsewhere, is_postgresql, overwrite_with
from domain import maintenance
from domain.queries import training_with_providers
from models import ApiToken, LeadProvider, Participant, School, SchoolUser, TrainingPeriod, digest


def refuse_real_people() -> None:
    """Nothing is invented among them."""
    if maintenance.people() == "real":
        raise click.ClickException(maintenance.OTHER_PEOPLE["invented"])


def fill_demo(name: str, on: date) -> None:
    """Make the demo's data those of the base world or of a scenario, as they are on that day. On SQLite by a copy of
    the template, even while the database is used: all that was in it is gone. The database is open."""
    if is_postgresql():
        scenarios.load_world(name)
    else:
        with TemporaryDirectory() as folder:
            with elsewhere(None):
                file = scenarios.template(name, Path(folder), on)
            overwrite_with(file)
    maintenance.say_whose_data_these_are("invented")
    save_tokens()


def welcome(address: str, also: list[str]) -> str:
    users = SchoolUser.select(SchoolUser, School).join(School).order_by(SchoolUser.id).limit(2)
    providers = LeadProvider.select().order_by(LeadProvider.name)
    lines = [
        "",
        f"Register early career teachers: {address}",
        "",
        "Sign in as",
        *(f"  {user.name}, {user.school.name}" for user in users),
        *(line.format(address=address) for line in also),
        "",
        f"Emails to schools: {address}/outbox",
        "",
        "Tokens for the lead providers’ API",
        *(f"  {token_of(provider)}  {provider.name}" for provider in providers if has_its_token(provider)),
    ]
    if (period := somebody_to_withdraw()) and period.lead_provider:
        teacher = period.participant.teacher
        lines += [
            "",
            f"See what a school sees when {period.lead_provider.name} withdraws {teacher.name}",
            f"  curl -X PUT {address}/api/v3/participants/{teacher.api_id}/withdraw \\",
            f"    -H 'Authorization: Bearer {token_of(period.lead_provider)}' -H 'Content-Type: application/json' \\",
            """    -d '{"data": {"type": "participant-withdraw", "attributes": """
            """{"reason": "other", "course_identifier": "ecf-induction"}}}'""",
        ]
    return "\n".join([*lines, "", "Ctrl+C stops the service."])


def somebody_to_withdraw() -> TrainingPeriod | None:
    """The training of an ECT at the first persona's school that its lead provider can withdraw now."""
    return (
        training_with_providers()
        .switch(TrainingPeriod)
        .join(Participant)
        .where(
            Participant.role == "ect",
            Participant.school == School.select(School.id).order_by(School.id).limit(1),
            TrainingPeriod.school_partnership.is_null(False),
            TrainingPeriod.started_on < today(),
            TrainingPeriod.finished_on.is_null(),
        )
        .order_by(TrainingPeriod.id)
        .first()
    )


def token_of(provider: LeadProvider) -> str:
    """The same token at every start, though the database keeps only its digest. The secret key makes it."""
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, f"demo token of {provider.name}".encode(), hashlib.sha256).hexdigest()[:32]


def save_tokens() -> None:
    for provider in LeadProvider.select():
        ApiToken.create(digest=digest(token_of(provider)), lead_provider=provider, description="demo")


def has_its_token(provider: LeadProvider) -> bool:
    return ApiToken.select().where(ApiToken.digest == digest(token_of(provider))).exists()
