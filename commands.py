"""The service's commands: `flask --app app …`, or `python3 run.py flask …`."""

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import closing, contextmanager, suppress
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, ScriptInfo, with_appcontext
from peewee import DatabaseError, InterfaceError, OperationalError

import filling.commands
import scenarios.commands
import settings
from clock import OWN, World, current_world, entered, today
from database import db, migrate
from database.faults import what_to_do
from domain import data_checks, maintenance, messages, notices, sign_ins
from forms.journeys import CHECK_ANSWERS, CONFIRMATION, JOURNEYS
from models import ApiToken, LeadProvider, School, digest
from scenarios import demo
from views import openid, sign_in_timeouts
from web import emails


class PlainCommands(AppGroup):
    """Commands that, where their database is in the way, end in a line that says what to do."""

    def get_command(self, ctx, cmd_name):
        if command := copy(super().get_command(ctx, cmd_name)):
            command.invoke = partial(told_plainly, command.invoke)  # ty: ignore[invalid-assignment]
        return command


def told_plainly(invoke: Callable, context: click.Context):
    try:
        return invoke(context)
    except (DatabaseError, InterfaceError) as error:
        reasons = maintenance.reasons_not_to_start(context.ensure_object(ScriptInfo).load_app().config)
        told = " ".join(reasons) or what_to_do(error)
        raise click.ClickException("\n".join([told, *getattr(error, "__notes__", [])])) from error


def add_to(app: Flask) -> None:
    app.cli.__class__ = PlainCommands
    maintenance_commands = (check, verify, backup, restore, prune, migrate_command, people, settings_command)
    others = (notices_commands, tokens, sign_ins_commands, start_up, journeys)
    for command in maintenance_commands + others:
        app.cli.add_command(command)
    filling.commands.add_to(app)
    scenarios.commands.add_to(app)


@click.command("migrate")
@with_appcontext
def migrate_command():
    """Bring the database up to date."""
    done = [name for bring_up_to_date in current_app.migrations for name in bring_up_to_date()]
    with db.connection_context():
        if not maintenance.people():
            maintenance.say_whose_data_these_are(maintenance.people_wanted(current_app.config))
    click.echo("\n".join(f"Applied {name}" for name in done) or "The database is up to date.")


@click.command("people")
@click.argument("whose", type=click.Choice(["real", "invented"]), required=False)
@click.option("--yes", is_flag=True, help="Don’t ask.")
def people(whose, yes):
    """Say whether the people in the database are real or invented; with a word, that they are. Neither a demo nor a
    study is served on real people."""
    with db.connection_context():
        if whose and not yes:
            click.confirm(f"Are you sure that everybody in this database is {whose}?", abort=True)
        if whose:
            maintenance.say_whose_data_these_are(whose)
        click.echo(f"The people in the database are {maintenance.people() or 'neither called real nor invented yet'}.")


@click.command("settings")
def settings_command():
    """Every setting, what it means, and what holds without it."""
    click.echo(settings.as_table())


@click.command("start-up")
@click.option("--port", default=8000, help="Where the service is going to be served.")
@with_appcontext
def start_up(port):
    """Migrate, load the demo world when the database is empty, and say what there is to see."""
    migrate()
    also = [line for start in current_app.start_ups for line in start()]
    if not current_app.config["DEMO"]:
        return
    with entered(replace(current_world(), moment=current_app.moment)), db.connection_context():
        demo.refuse_real_people()
        if not School.select().exists():
            demo.fill_demo(scenarios.WORLD, today())
        click.echo(demo.welcome(f"http://127.0.0.1:{port}", also))


@click.command("check")
@with_appcontext
def check():
    """Say what is wrong with this deployment, and fail if anything is."""
    config = current_app.config
    reasons = maintenance.reasons_not_to_start(config)
    found = reasons or maintenance.warnings(config)
    if config["OIDC_ISSUER"]:
        try:
            with openid.provider_errors():
                openid.discovered_provider()
        except openid.NotSignedIn as problem:
            found.append(f"The provider at OIDC_ISSUER can’t be asked: {problem.__cause__}")
    if not config["DEMO"] and not reasons and (means := emails.means(config)):
        # A database that doesn't answer is said already.
        with suppress(OperationalError, InterfaceError), closing(means), db.connection_context():
            found += messages.faults(means)
    if found:
        raise click.ClickException("\n".join(found))
    click.echo("Nothing is wrong.")


@click.command("verify")
def verify():
    """Say what is wrong with the data, and fail if anything is. For every hour."""
    with db.connection_context(), not_possible_as_click_error():
        if found := maintenance.data_faults():
            raise click.ClickException("\n".join(found))
        click.echo(f"The data is right by {len(data_checks.RULES)} rules.")


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
def backup(target):
    """Copy the database while it is used, to TARGET, and check the copy. TARGET is a file, or a folder that is there,
    which keeps copies, compressed: the latest 96, and the last one of each of 31 days."""
    with db.connection_context(), not_possible_as_click_error():
        click.echo(f"Copied to {maintenance.back_up(target)}, and the copy is right.")


@click.command("restore")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Don’t ask.")
def restore(source, yes):
    """Put the copy SOURCE in the database’s place, and sign everybody out. The service may be running."""
    yes or click.confirm("Everything since that copy was made will be gone from the service. Go on?", abort=True)
    with db.connection_context(), not_possible_as_click_error():
        before, came_back = maintenance.restore(source)
        for token in came_back:
            click.echo(f"{token.lead_provider.name} may use the API again by a token that was gone from the database.")
            click.echo(f"  If it was revoked: flask tokens revoke {token.id}")
        click.echo(f"Restored. What was there before is in {before}")


@contextmanager
def not_possible_as_click_error():
    try:
        yield
    except maintenance.NotPossible as problem:
        raise click.ClickException(str(problem)) from problem


@click.command("journeys")
@click.option("--mermaid", is_flag=True, help="As a diagram, for Markdown.")
def journeys(mermaid):
    """The journeys, their pages, fields and errors, from the table in forms/journeys.py."""
    click.echo(journeys_as_mermaid() if mermaid else journeys_as_text())


def journeys_as_text() -> str:
    lines = []
    for name, journey in JOURNEYS.items():
        lines += [name, f"  does {journey.act.__module__}.{journey.act.__name__}"]
        for page, question in journey.questions.items():
            lines.append(f"  {page}: {question.__doc__}")
            lines.append(f"    field {', '.join(question.fields())}")
            lines += [f"    {code}: {words}" for code, words in question.messages.items()]
        lines += [f"  {page}" for page in (CHECK_ANSWERS, CONFIRMATION)]
    return "\n".join(lines)


def journeys_as_mermaid() -> str:
    lines = ["flowchart LR"]
    for number, (name, journey) in enumerate(JOURNEYS.items(), 1):
        boxes = [f"j{number}_{place}[{page}]" for place, page in enumerate(journey.pages, 1)]
        lines.append(f"  record([record]) -->|{name}| {' --> '.join(boxes)}")
    return "\n".join(lines)


@click.group("sign-ins")
def sign_ins_commands():
    """Who is signed in."""


@sign_ins_commands.command("end")
@click.option("--email", help="Whose.")
@click.option("--everybody", is_flag=True, help="All of them.")
def end_sign_ins(email, everybody):
    """Sign somebody out everywhere, or everybody."""
    if bool(email) == everybody:
        raise click.UsageError("Say whose sign-ins to end: --email ADDRESS, or --everybody.")
    with db.connection_context():
        click.echo(f"{sign_ins.end_all(email)} ended.")


@click.command("prune")
@with_appcontext
def prune():
    """Delete what is left of sign-ins and requests of a day ago, and answers that nobody confirmed. For every night."""
    with db.connection_context():
        gone, forgotten = sign_ins.prune(sign_in_timeouts())
        click.echo(f"{gone} sign-ins and the answers to {forgotten} unfinished journeys deleted.")
        click.echo(f"{messages.prune()} messages and {notices.prune()} notices of long ago deleted.")


@click.group("notices")
def notices_commands():
    """What schools are told by email."""


@notices_commands.command("send")
@with_appcontext
def send_notices():
    """Send the emails that are due. For every minute; safe to run from several places at once."""
    if not (means := emails.means(current_app.config)):
        click.echo("No emails are sent here: neither NOTIFY_API_KEY nor SMTP_URL is set.")
        return
    with db.connection_context(), closing(means):
        outcomes = notices.send(means, current_app.config)
    for outcome, count in outcomes.items():
        click.echo(f"{count} {'sent' if outcome == 'sent' else 'not sent: ' + emails.PROBLEMS[outcome].words}")


def keep_sending_notices(app: Flask) -> None:
    """Send the emails that are due every minute, beside the requests, until the process ends."""

    def send():
        while True:
            try:
                with entered(World(OWN, app.moment)), db.connection_context():
                    notices.send(emails.Outbox(), app.config)
            except (OperationalError, InterfaceError) as error:
                app.logger.warning("no emails were sent: %s", type(error).__name__)
            time.sleep(60)

    threading.Thread(target=send, daemon=True).start()


@click.group()
def tokens():
    """The tokens that let lead providers' software in."""


@tokens.command("list")
def list_tokens():
    """Whose tokens there are, and when each was last used."""
    with db.connection_context():
        for token in (
            ApiToken.select(ApiToken, LeadProvider).join(LeadProvider).order_by(LeadProvider.name, ApiToken.id)
        ):
            used = f"last used {token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "never used"
            click.echo(f"{token.id:>6}  {token.lead_provider.name}: {token.description}, {used}")


@tokens.command("revoke")
@click.argument("number", type=int)
def revoke_token(number):
    """Let nobody in any more by the token with this NUMBER in the list."""
    with db.connection_context():
        if not ApiToken.delete().where(ApiToken.id == number).execute():
            raise click.ClickException(f"There is no token {number}. To see which there are: flask tokens list")
        click.echo(f"Token {number} lets nobody in any more.")


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
        token = secrets.token_hex(16)
        ApiToken.create(digest=digest(token), lead_provider=provider, description=description)
        click.echo(token)
