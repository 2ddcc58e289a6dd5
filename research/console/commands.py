"""`flask research …`: who moderates, and what is due to be deleted."""

from pathlib import Path

import click
from flask import current_app

from domain.participants import is_email_address
from research.console import guide
from research.console.pilot import PILOTING
from research.export import pictures_folder
from research.models import Moderator, ModeratorSignIn, Round, migrate_store, research_db, store_folder
from research.post import chosen, telling
from research.results import results_of
from research.sessions import purge_what_is_due
from scenarios import screenshots

PERSONAS = {"ruth.allen@example.org": "Ruth Allen", "omar.said@example.org": "Omar Said"}
"""The demo's moderators. Invented."""


@click.group("research")
def commands():
    """Rounds of research with school users."""


@commands.command("add-moderator")
@click.argument("name")
@click.argument("email")
def add_moderator(name, email):
    """Let the person with this NAME and EMAIL use the console."""
    if not is_email_address(email):
        raise click.ClickException(f"“{email}” is no email address.")
    with store():
        Moderator.insert(name=name, email=email.lower()).on_conflict(
            conflict_target=[Moderator.email], update={Moderator.name: name}
        ).execute()
    click.echo(f"{name} may use the console as {email.lower()}.")


@commands.command("remove-moderator")
@click.argument("email")
def remove_moderator(email):
    """Let the person with this EMAIL in no more, and sign them out."""
    with store():
        if not Moderator.delete().where(Moderator.email == email.lower()).execute():
            raise click.ClickException(f"There is no moderator {email}.")
    click.echo(f"{email.lower()} is let in no more.")


@commands.command("purge")
def purge():
    """Delete what has been kept for long enough. To be run every hour."""
    with store():
        click.echo("\n".join(purge_what_is_due()) or "Nothing is due to be deleted.")


@commands.command("screenshots")
@click.argument("round_id", type=int)
@click.argument("names", nargs=-1)
@click.option("--list", "is_list", is_flag=True, help="Say which there could be, those first that tell most.")
def take_screenshots(round_id, names, is_list):
    """Take the pictures for the export of the round with this ROUND_ID: those that tell most of what its sessions that
    are over have shown, or those with these NAMES. The id is in the page's address."""
    with store():
        found = Round.get_or_none(Round.id == round_id)
        if not found:
            raise click.ClickException(f"There is no round {round_id}.")
        results = [result for result in results_of(found) if result.paths]
    app, folder, pages = current_app._get_current_object(), pictures_folder(round_id), {}
    for result in results:
        how = {"is_whole": False, "templates": store_folder() / "templates"}
        pages |= screenshots.named(app, result.scenario, result.wording, folder, **how)
    known = {each.name: each for each in telling(results, folder)}
    if is_list:
        click.echo("\n".join(f"{name}: {each.heading}" for name, each in known.items()))
        return
    if unknown := [name for name in names if name not in known]:
        raise click.ClickException(f"There is no page {unknown[0]}. --list says which there are.")
    for file in folder.glob("*.png"):
        file.unlink()
    with screenshots.camera(app.test_client()) as picture:
        for each in [known[name] for name in names] or chosen(results, folder):
            click.echo(picture(pages[each.name].path, pages[each.name].html, each.file, width=1280))


@commands.command("guide-screenshots")
@click.option("--folder", default="docs/pictures", show_default=True, type=click.Path(path_type=Path))
def take_guide_screenshots(folder):
    """Take the pictures of the console that docs/research.md shows."""
    for file in guide.take(current_app._get_current_object(), folder):
        click.echo(file)


def start_up() -> list[str]:
    """Make the store and the demo's moderators, and say where the console is."""
    with store():
        if current_app.config["PILOT"]:
            purge_what_is_due()
            ModeratorSignIn.delete().execute()  # of another password
        if current_app.config["DEMO"]:
            for email, name in (PILOTING if current_app.config["PILOT"] else PERSONAS).items():
                Moderator.insert(name=name, email=email).on_conflict_ignore().execute()
        names = [moderator.name for moderator in Moderator.select().order_by(Moderator.id)]
    return ["", "Research console: {address}/research. Sign in as", *(f"  {name}" for name in names)]


def store():
    """The store, open and up to date."""
    migrate_store()
    return research_db.connection_context()
