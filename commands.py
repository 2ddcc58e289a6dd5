"""The service's commands: `flask --app app …`, or `python3 run.py flask …`."""

import hashlib
import hmac
import secrets

import click
from flask import Flask, current_app

import scenarios
from database import db, migrate
from models import ApiToken, LeadProvider, Participant, School, SchoolUser, TrainingPeriod, digest, today

TOKEN_LENGTH = 32


def add_to(app: Flask) -> None:
    for command in (migrate_command, start_up, tokens):
        app.cli.add_command(command)


@click.command("migrate")
def migrate_command():
    """Bring the database up to date."""
    done = migrate()
    click.echo("\n".join(f"Applied {name}" for name in done) or "The database is up to date.")


@click.command("start-up")
@click.option("--port", default=8000, help="Where the service is going to be served.")
def start_up(port):
    """Migrate, load the demo world when the database is empty, and say what there is to see."""
    migrate()
    if not current_app.config["DEMO"]:
        return
    with db.connection_context():
        if not School.select().exists():
            scenarios.load_world()
            for provider in LeadProvider.select():
                save_token(provider, demo_token(provider), "demo")
        click.echo(welcome(f"http://127.0.0.1:{port}"))


def welcome(address: str) -> str:
    users = SchoolUser.select(SchoolUser, School).join(School).order_by(SchoolUser.id).limit(2)
    providers = LeadProvider.select().order_by(LeadProvider.name)
    lines = [
        "",
        f"Register early career teachers: {address}",
        "",
        "Sign in as",
        *(f"  {user.name}, {user.school.name}" for user in users),
        "",
        "Tokens for the lead providers’ API",
        *(f"  {demo_token(provider)}  {provider.name}" for provider in providers if is_demo(provider)),
    ]
    if period := somebody_to_withdraw():
        teacher = period.participant.teacher
        lines += [
            "",
            f"See what a school sees when {period.lead_provider.name} withdraws {teacher.name}",
            f"  curl -X PUT {address}/api/v3/participants/{teacher.api_id}/withdraw \\",
            f"    -H 'Authorization: Bearer {demo_token(period.lead_provider)}' -H 'Content-Type: application/json' \\",
            """    -d '{"data": {"type": "participant-withdraw", "attributes": """
            """{"reason": "other", "course_identifier": "ecf-induction"}}}'""",
        ]
    return "\n".join([*lines, "", "Ctrl+C stops the service."])


def somebody_to_withdraw() -> TrainingPeriod | None:
    """The training of an ECT at the first persona's school that its lead provider can withdraw now."""
    return (
        TrainingPeriod.with_providers()
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


def demo_token(provider: LeadProvider) -> str:
    """The same token at every start, though the database keeps only its digest. The secret key makes it."""
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, f"demo token of {provider.name}".encode(), hashlib.sha256).hexdigest()[:TOKEN_LENGTH]


def is_demo(provider: LeadProvider) -> bool:
    return ApiToken.select().where(ApiToken.digest == digest(demo_token(provider))).exists()


def save_token(provider: LeadProvider, token: str, description: str) -> None:
    ApiToken.create(digest=digest(token), lead_provider=provider, description=description)


@click.group()
def tokens():
    """The tokens that let lead providers' software in."""


@tokens.command("create")
@click.option("--lead-provider", required=True, help="The lead provider's name, in full.")
@click.option("--description", default="made on the command line", help="Whose software it is for.")
def create_token(lead_provider, description):
    """Make a token and show it once: only its digest is kept."""
    with db.connection_context():
        provider = LeadProvider.get_or_none(LeadProvider.name == lead_provider)
        if not provider:
            names = ", ".join(provider.name for provider in LeadProvider.select().order_by(LeadProvider.name))
            raise click.ClickException(f"There is no lead provider “{lead_provider}”. There are: {names}")
        token = secrets.token_hex(TOKEN_LENGTH // 2)
        save_token(provider, token, description)
        click.echo(token)
