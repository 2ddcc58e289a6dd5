"""`flask import` and `flask export`: what somebody who runs the service types, and what they read."""

import csv
import io
import shutil
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile

import click
from flask import Flask
from peewee import DatabaseError, InterfaceError

from clock import today
from database import db
from filling.cells import allowed
from filling.export import people_at
from filling.files import Unreadable
from filling.imports import CHANGED, LEFT_OUT, NEW, UNCHANGED, Import, safe
from filling.kind import Kind, Row
from filling.kinds import KINDS
from filling.person import PersonRow
from filling.schools import Schools
from models import School

STANDARD = Path("-")
"""Standard input, or standard output."""
MOST_SHOWN = 200
"""Lines of a table on the screen."""
MOST_CHANGES_SHOWN = 20


def add_to(app: Flask) -> None:
    app.cli.add_command(import_command)
    app.cli.add_command(export_group)


@click.command("import")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--check", is_flag=True, help="Say what it would do, and change nothing.")
@click.option("--errors", type=click.Path(path_type=Path), help="Where to save what is wrong, as CSV; - prints it.")
@click.option("--example", is_flag=True, help="Print a file of this kind that works.")
@click.option("--columns", is_flag=True, help="Print the columns and what may stand in them, as in docs/filling.md.")
@click.option(
    "--types", multiple=True, help="For schools: only this type of establishment. May be given several times."
)
def import_command(kind, file, check, errors, example, columns, types):
    """Bring in what is in FILE, a CSV file of this KIND: all of it, or nothing. The same file twice changes nothing.

    FILE may be - for what comes in by standard input, as in: flask import people - < people.csv
    """
    if types and kind != "schools":
        raise click.UsageError("--types is for schools.")
    wanted = Schools(types) if types else KINDS[kind]()
    if example:
        click.echo(example_of(KINDS[kind]), nl=False)
        return
    if columns:
        click.echo(columns_table(KINDS[kind]))
        return
    if not file:
        raise click.UsageError("Say which FILE, or --example to see what one looks like.")
    with told_plainly(file), on_disk(file) as path, closing(Import(wanted, path)) as done, db.connection_context():
        bring_in(done, is_check=check)
        tell(done, file, errors, is_check=check)


@contextmanager
def on_disk(file: Path) -> Generator[Path]:
    """The file, or what came by standard input: it is read more than once."""
    if file != STANDARD:
        yield file
        return
    with NamedTemporaryFile() as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        yield Path(copy.name)


@click.group("export")
def export_group():
    """Print what is known as a file that can be brought in again."""


@export_group.command("people")
@click.option("--school", required=True, help="The school’s URN.")
def export_people(school):
    """The ECTs and mentors who are, were or will be at a school. Why a lead provider stopped is not in it."""
    with db.connection_context():
        found = School.get_or_none(School.urn == school)
        if not found:
            raise click.ClickException(f"There is no school with the URN {school}.")
        rows, left_out = people_at(found)
        click.echo(as_csv(PersonRow, rows), nl=False)
        if left_out:
            click.echo(f"{left_out} without a TRN left out: a file knows people by it.", err=True)


def example_of(kind: type[Kind]) -> str:
    """Its example, in the contract periods and the school year of today."""
    this, year = today().year - (today().month < 6), today().year - (today() <= date(today().year, 9, 1))
    days = {"september": date(year, 9, 1), "long_ago": date(year - 3, 9, 1)}
    return kind.example.format(last=this - 1, this=this, next=this + 1, **days)


def columns_table(kind: type[Kind]) -> str:
    """Its columns and what may stand in them, as a Markdown table."""
    lines = ["| Column | Meaning | What may stand there | Needed |", "|---|---|---|---|"]
    for name, field in kind.row.model_fields.items():
        needed = "yes" if field.is_required() else ""
        lines.append(f"| `{kind.row.title(name)}` | {field.description} | {allowed(field)} | {needed} |")
    return "\n".join(lines)


def as_csv(row: type[Row], rows: list[dict[str, str]]) -> str:
    """With the columns that are needed, and those that are filled in anywhere."""
    text = io.StringIO()
    is_used = {name for each in rows for name, cell in each.items() if cell}
    columns = [name for name, field in row.model_fields.items() if field.is_required() or name in is_used]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([row.title(name) for name in columns])
    writer.writerows([[safe(each.get(name, "")) for name in columns] for each in rows])
    return text.getvalue()


@contextmanager
def told_plainly(file: Path) -> Generator[None]:
    try:
        yield
    except Unreadable as problem:
        name = "What came on standard input" if file == STANDARD else file
        raise click.ClickException(f"{name} can’t be brought in. {problem}\nNothing was changed.") from None
    except (DatabaseError, InterfaceError) as error:
        error.add_note("Nothing was changed.")  # what else there is to say is the same for all commands
        raise
    except OSError as error:
        raise click.ClickException(
            f"{error.filename} can’t be written: {error.strerror}. Nothing was changed."
        ) from None
    except KeyboardInterrupt:
        raise click.ClickException("Stopped. Nothing was changed.") from None


def bring_in(done: Import, *, is_check: bool) -> None:
    with progress("Reading", done.file.size) as bar:
        done.read(lambda: bar.update(done.file.done - bar.pos))
        bar.update(done.file.size - bar.pos)
    with progress("Checking" if is_check or done.is_faulty else "Writing", done.rows * len(done.kind.steps)) as bar:
        done.write(bar.update, is_check=is_check)


def progress(label: str, length: int):
    """A bar where there is a terminal, nothing elsewhere."""
    return click.progressbar(length=length, label=label, file=sys.stderr if sys.stderr.isatty() else io.StringIO())


def tell(done: Import, file: Path, errors: Path | None, *, is_check: bool) -> None:
    counts = {outcome: done.counts.get(outcome, 0) for outcome in (NEW, CHANGED, UNCHANGED, LEFT_OUT)}
    is_csv = done.is_faulty and errors == STANDARD
    name = "standard input" if file == STANDARD else file
    click.echo(f"{name} ({done.file.description}): {done.read_rows:,} {done.kind.title} read.", err=is_csv)
    if not is_csv:
        show("Left as it is", ("Line", "Column", "There is", "Why"), done.kept())
    if done.is_faulty:
        lines = done.faulty_lines
        if errors == STANDARD:
            done.save_faults(sys.stdout)
        else:
            if errors:
                with errors.open("w", encoding="utf-8-sig", newline="") as saved:
                    done.save_faults(saved)
            where = f"All are in {errors}" if errors else "To have them all: --errors FILE"
            show("What is wrong", ("Line", "Column", "There is", "Allowed"), done.faults(), where)
            if sum(done.faults_by_column.values()) > MOST_SHOWN:
                many = (f"{title or 'whole lines'} {count:,}" for title, count in done.faults_by_column.items())
                click.echo(f"By column: {', '.join(many)}.\n")
        wrong = f"{lines:,} line{'s are' if lines != 1 else ' is'} not right, so nothing was changed."
        raise click.ClickException(f"{wrong} Put the file right, then bring it in again: all of it.")
    would = "would be " if is_check else ""
    left_out = f", {counts[LEFT_OUT]:,} left out" if counts[LEFT_OUT] else ""
    told = f"{counts[NEW]:,} {would}new, {counts[CHANGED]:,} {would}changed, {counts[UNCHANGED]:,} as they were"
    click.echo(f"{told}{left_out}.")
    heading = "What would change" if is_check else "What changed"
    show(heading, ("Line", "Whose", "Column", "From", "To"), done.changes(), most=MOST_CHANGES_SHOWN)
    if is_check:
        click.echo("This was a check: nothing was changed.")


def show(
    heading: str, titles: tuple[str, ...], rows: Iterator[tuple], where: str = "", *, most: int = MOST_SHOWN
) -> None:
    """A table on the screen, and how many more there are than it shows."""
    shown = [[str(cell) for cell in row] for row in islice(rows, most)]
    if not shown:
        return
    widths = [min(max(map(len, cells)), 40) for cells in zip(titles, *shown, strict=True)][:-1]
    click.echo(f"\n{heading}:\n")
    for row in (titles, *shown):
        cells = [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]
        click.echo("  ".join(cells).rstrip())
    if more := sum(1 for _ in rows):
        click.echo(f"… and {more:,} more. {where}".rstrip())
    click.echo()
