"""What whoever types `flask import` sees when something comes between: an interruption, a busy database, a rule that
only the database knows; and the bar on a terminal."""

import os
import pty
import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import apsw
import click
import psycopg
import pytest

from database import db, is_postgresql
from database.faults import PASSING, WHAT_TO_DO, Fault
from filling import imports
from filling.commands import bring_in, told_plainly
from filling.imports import Import
from filling.organisations import AppropriateBodies
from models import AppropriateBody
from tests.conftest import both_engines
from tests.reports import stored

BODIES = "name,body_type\n" + "".join(f"Body {number},national\n" for number in range(12))


@pytest.fixture(autouse=True)
def several_parts(monkeypatch):
    """That file is written in three."""
    monkeypatch.setattr(imports, "ROWS_AT_ONCE", 5)


class Careless(AppropriateBodies):
    """Doesn't look at what is there."""

    def bring_in(self, rows, report):
        for row in rows:
            AppropriateBody.create(name=row.name, body_type=row.body_type)
            report.done(row, is_new=True)


class Interrupted(AppropriateBodies):
    """Somebody presses Ctrl+C in the second part."""

    def bring_in(self, rows, report):
        if AppropriateBody.select().exists():
            raise KeyboardInterrupt
        super().bring_in(rows, report)


@contextmanager
def brought(kind: AppropriateBodies, path: Path) -> Iterator[Import]:
    path.write_text(BODIES)
    with closing(Import(kind, path)) as done:
        done.read(lambda: None)
        done.write(lambda rows: None, is_check=False)
        yield done


@both_engines
def test_what_only_the_database_knows_is_told_of_the_rows_that_it_is_about(migrated, tmp_path):
    AppropriateBody.create(name="Body 7", body_type="national")
    before = stored()
    with brought(Careless(), tmp_path / "bodies.csv") as done:
        ((line, title, _, words),) = done.faults()
        assert (line, title) == (9, "")
        assert words.startswith("The database refuses it: ")
    assert stored() == before


@both_engines
def test_an_interruption_leaves_nothing_and_is_told_plainly(migrated, tmp_path):
    before = stored()
    stopped = pytest.raises(click.ClickException, match="Stopped")
    with stopped, told_plainly(Path("bodies.csv")), brought(Interrupted(), tmp_path / "bodies.csv"):
        pass
    assert stored() == before


@both_engines
def test_a_busy_database_is_told_plainly(flask, empty_database):
    """Another file is being brought in, for longer than this one waits."""
    if is_postgresql():
        db.obj.close_all()
        db.obj.connect_params["options"] = "-c lock_timeout=20ms"
        other = psycopg.connect(empty_database)
        other.execute("SELECT pg_advisory_xact_lock(hashtext('filling'))")
    else:
        db.obj.timeout = 0.02
        other = apsw.Connection(empty_database.removeprefix("sqlite:///"))
        other.execute("BEGIN IMMEDIATE")
    with closing(other):
        said = flask("import", "appropriate-bodies", "-", typed=BODIES, fails=True)
        other.execute("ROLLBACK")
    assert "Somebody else is writing to the database, perhaps a file" in said
    assert "Nothing was changed." in said
    assert not AppropriateBody.select().exists()
    assert "12 new" in flask("import", "appropriate-bodies", "-", typed=BODIES)


def test_a_terminal_shows_how_far_it_is(migrated, tmp_path, monkeypatch, capsys):
    path = tmp_path / "bodies.csv"
    path.write_text(BODIES)
    terminal, screen = pty.openpty()
    with os.fdopen(screen, "w") as stderr, closing(Import(AppropriateBodies(), path)) as done:
        monkeypatch.setattr(sys, "stderr", stderr)
        bring_in(done, is_check=False)
    said = b""
    with os.fdopen(terminal, "rb", buffering=0) as other_side, suppress(OSError):  # its end, on Linux
        while part := other_side.read(4096):
            said += part
    assert re.search(rb"Reading.*100%", said, re.DOTALL)
    assert re.search(rb"Writing.*100%", said, re.DOTALL)
    assert capsys.readouterr().out == ""


def test_a_file_comes_in_by_standard_input_and_what_is_wrong_goes_out_by_standard_output(flask):
    bodies = ("import", "appropriate-bodies", "-")
    said = flask(*bodies, typed="name,body_type\nBeacon,national\n")
    assert said.startswith("standard input (UTF-8, separated by commas): 1 appropriate bodies read.\n1 new")
    said = flask(*bodies, "--errors", "-", typed="name,body_type\nAlpha,hub\n", fails=True).replace("\r", "")
    assert 'line,column,what is there,what is allowed\n2,body_type,hub,"one of local_authority' in said
    assert "What is wrong" not in said
    said = flask(*bodies, typed="", fails=True)
    assert "What came on standard input can’t be brought in. It is empty." in said


def test_what_the_database_cannot_do_is_told_with_what_to_do(deployed, flask):
    @deployed.cli.command("unlucky")
    def unlucky():
        with told_plainly(Path("bodies.csv")):
            raise Fault("full", "what the driver says")

    assert flask("unlucky", fails=True) == f"Error: {WHAT_TO_DO['full']}\nNothing was changed.\n"
    assert WHAT_TO_DO.keys() > PASSING
    db.execute_sql("DROP TABLE appropriate_body")
    said = flask("import", "appropriate-bodies", "-", typed="name,body_type\nBeacon,national\n", fails=True)
    assert "Try flask migrate, then flask check" in said


def test_what_is_typed_wrongly(flask, tmp_path):
    assert "Say which FILE, or --example" in flask("import", "people", fails=True)
    assert "'pupils' is not one of 'contract-periods', 'lead-" in flask("import", "pupils", "x.csv", fails=True)
    assert "--types is for schools." in flask("import", "people", "x.csv", "--types", "Free schools", fails=True)
    target = tmp_path / "nowhere" / "errors.csv"
    bodies = ("import", "appropriate-bodies", "-", "--errors", target)
    said = flask(*bodies, typed="name,body_type\nAlpha,hub\n", fails=True)
    assert f"{target} can’t be written: No such file or directory. Nothing was changed." in said
