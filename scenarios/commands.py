"""`flask scenario …` and `flask demo-data`: which world there is to see."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click
from flask import Flask, current_app

from clock import display
from database import db, elsewhere, is_postgresql
from models import Participant, School
from scenarios import large
from scenarios.demo import fill_demo, refuse_real_people
from scenarios.scenario import Scenario, scenarios_there


def add_to(app: Flask) -> None:
    app.cli.add_command(demo_data)
    app.cli.add_command(scenario_group)


@click.group("scenario")
def scenario_group():
    """Named situations to start from: for developers, for tests, and for studies with school users."""


@scenario_group.command("list")
def list_scenarios():
    """Which scenarios there are."""
    known, wrong = scenarios_there()
    for each in known:
        variants = f" (wordings: {', '.join(each.variants)})" if each.variants else ""
        click.echo(f"{each.id}  {each.title}{variants}")
    click.echo("\n".join(wrong), nl=bool(wrong))


@scenario_group.command("check")
@click.argument("names", nargs=-1)
def check_scenarios(names):
    """Walk the scenarios of these NAMES, or all, through the service's own pages, and say what doesn't come true."""
    from scenarios.check import check  # brings a reader of HTML along, as predicates.py says

    known, wrong = scenarios_there(names)
    faults = len(wrong)
    click.echo("\n".join(wrong), nl=bool(wrong))
    with elsewhere(None):
        for each in known:
            for wording in ["", *each.variants]:
                found = check(current_app._get_current_object(), each, wording)
                faults += len(found)
                name = f"{each.id} {wording}".strip()
                click.echo("\n".join(found) or f"{name}: comes true")
    if faults:
        raise click.ClickException(f"{faults} {'thing does' if faults == 1 else 'things do'} not come true.")


@scenario_group.command("load")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def load_scenario(name, yes):
    """Make the demo's data those of a scenario, such as S01. What was in it before is gone."""
    (wanted,) = named_scenarios([name])
    if not current_app.config["DEMO"] or is_postgresql():
        raise click.ClickException("Only a demo on SQLite can be made a scenario: its data are replaced.")
    yes or click.confirm("All that is in the demo's database will be replaced. Go ahead?", abort=True)
    with db.connection_context():
        refuse_real_people()
        fill_demo(name, wanted.today)
    click.echo(f"{wanted.title}. It is {display(wanted.today)} in it: TODAY={wanted.today} python3 run.py")
    click.echo(f"Sign in as {wanted.persona}. The task: {wanted.task}")


@scenario_group.command("screenshots")
@click.argument("names", nargs=-1)
@click.option("--folder", default="screenshots", show_default=True, type=click.Path(path_type=Path))
def take_screenshots(names, folder):
    """Take a picture of every page of the scenarios of these NAMES, or all, at three widths."""
    from scenarios import screenshots  # brings Playwright along, which only developers have

    with elsewhere(None):
        for file in screenshots.take(current_app._get_current_object(), named_scenarios(names), folder):
            click.echo(file)


@scenario_group.command("words")
def print_words():
    """Print what every page says in every state, to be read aloud."""
    from scenarios import words

    with elsewhere(None), TemporaryDirectory() as folder:
        reader = words.Reader(current_app._get_current_object(), words.build(Path(folder)), Path(folder))
        for who, shown in reader.everything():
            click.echo(f"\n=== {who}: {shown.page}, {shown.status}\n{words.as_text(shown)}")


def named_scenarios(names) -> list[Scenario]:
    known, wrong = scenarios_there(names)
    if wrong:
        raise click.ClickException("\n".join(wrong))
    return known


@click.command("demo-data")
@click.option("--schools", default=300, show_default=True, type=click.IntRange(min=1), help="How many to add.")
@click.option("--ects", default=2, show_default=True, type=click.IntRange(1, 20), help="ECTs at each, on average.")
@click.option("--seed", default=1, show_default=True, help="Another number makes other people.")
def demo_data(schools, ects, seed):
    """Add a large invented world, for measurements. There are about as many mentors as ECTs."""
    with db.connection_context():
        refuse_real_people()
        with click.progressbar(length=schools, label=f"Adding {schools:,} schools", show_pos=True) as bar:
            for added in large.add_schools(schools, seed, ects):
                bar.update(added)
        click.echo(f"There are {School.select().count():,} schools and {Participant.select().count():,} participants.")
