"""`flask support …`: who may find everybody and put things right."""

import click
from flask import current_app

from database import db
from domain.participants import is_email_address
from models import SupportUser
from support import users

PERSONAS = {"grace.obi@example.org": "Grace Obi", "daniel.hughes@example.org": "Daniel Hughes"}
"""The demo's people of support. Invented."""


@click.group("support")
def commands():
    """Who is let in at /support."""


@commands.command("allow")
@click.argument("email")
def allow(email):
    """Let whoever has this EMAIL in: they find everybody, and put right what is wrong."""
    if not is_email_address(email):
        raise click.ClickException(f"“{email}” is no email address.")
    with db.connection_context():
        users.allow(email)
    click.echo(f"{email.lower()} is let in at /support.")


@commands.command("disallow")
@click.argument("email")
def disallow(email):
    """Let whoever has this EMAIL in no more, and sign them out."""
    with db.connection_context():
        if not users.disallow(email):
            raise click.ClickException(f"{email} is not let in.")
    click.echo(f"{email.lower()} is let in no more.")


@commands.command("list")
def list_users():
    """Who is let in, and whether they have signed in."""
    with db.connection_context():
        for user in SupportUser.select().where(SupportUser.is_allowed).order_by(SupportUser.email):
            click.echo(f"{user.email}: {'has signed in' if user.subject else 'has not signed in yet'}")


def start_up() -> list[str]:
    """Let the demo's people of support in, and say where that is."""
    if not current_app.config["DEMO"]:
        return []
    with db.connection_context():
        for email, name in PERSONAS.items():
            users.allow(email, name)
    return ["", "Support: {address}/support. Sign in as", *(f"  {name}" for name in PERSONAS.values())]
