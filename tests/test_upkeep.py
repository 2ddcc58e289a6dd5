"""What whoever runs the service asks of it: check, verify, backup, restore, and an upgrade from the first release."""

import gzip
import os
import resource
import shutil
import subprocess
import sys
import threading
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import apsw
import pytest
from peewee import fn

from database import MIGRATIONS, Runner, db, migrate
from domain import data_checks, maintenance
from domain.participants import change_name
from models import ApiToken, LeadProvider, Participant, SignIn, SupportUser, Teacher
from tests.conftest import both_engines, person
from tests.given import ect
from tests.identity import outside_the_demo
from tests.reports import dump, tutor_of


@pytest.fixture
def run(app, world):
    """Runs a command of the service, on the database that is open."""

    def invoke(*command: str, app=app, **keywords):
        db.close()
        try:
            return app.test_cli_runner().invoke(args=command, **keywords)
        finally:
            db.connect()

    return invoke


# --- check ---------------------------------------------------------------------------------------------------


def test_nothing_is_wrong_with_the_demo(run, world):
    Path(world.removeprefix("sqlite:///")).chmod(0o600)
    answer = run("check")
    assert (answer.exit_code, answer.output) == (0, "Nothing is wrong.\n")


LATER_RELEASE = "INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')"
WRONG = {
    "The database is not up to date. Run: flask migrate": lambda: db.execute_sql("DELETE FROM schema_migration"),
    "made by a later release": lambda: db.execute_sql(LATER_RELEASE),
    "The database is a demo’s or a study’s": lambda: maintenance.say_whose_data_these_are("invented"),
    "Nothing can be written to the database: read-only": lambda: (
        Path(f"{db.obj.database}-turn").unlink(),
        Path(f"{db.obj.database}-turn").mkdir(),
    ),
    "Others on this machine may read the database": lambda: Path(db.obj.database).chmod(0o644),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_is_wrong_with_a_deployment(run, world, issuer, said):
    app = outside_the_demo(issuer, SUPPORT_EMAIL="help@example.org")
    Path(world.removeprefix("sqlite:///")).chmod(0o600)
    assert said not in run("check", app=app).output
    WRONG[said]()
    answer = run("check", app=app)
    assert answer.exit_code == 1
    assert said in answer.output


def test_a_provider_that_cannot_be_asked_and_a_support_address_that_is_an_example(run, world):
    output = run("check", app=outside_the_demo("http://localhost:1")).output
    assert "The provider at OIDC_ISSUER can’t be asked" in output
    assert "SUPPORT_EMAIL is an example’s address" in output


@both_engines
def test_support_to_which_nobody_is_let_in(run, engine):
    """Whoever was let in and isn’t any more doesn’t count."""
    told = "SUPPORT is on, and nobody is let in. Let somebody in: flask support allow EMAIL"
    user = SupportUser.create(email="grace.obi@example.org", is_allowed=False)
    assert told in run("check", app=outside_the_demo("http://localhost:1", SUPPORT=True)).output
    assert told not in run("check", app=outside_the_demo("http://localhost:1")).output
    user.is_allowed = True
    user.save()
    assert told not in run("check", app=outside_the_demo("http://localhost:1", SUPPORT=True)).output


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_what_is_wrong_with_a_database_of_postgresql(run, app, monkeypatch):
    for workers in (2, 1000):
        monkeypatch.setitem(app.config, "WORKERS", workers)
        said = run("check").output
        assert ("WORKERS times THREADS may open 8000 connections" in said) is (workers == 1000)
        assert "The service’s database role could change tables" in said
    for address, is_safe in {
        "postgresql://register@db.example.org/register": False,
        "postgresql://register@db.example.org/register?sslmode=require": False,
        "postgresql://register@db.example.org/register?sslmode=verify-full": True,
        "postgresql:///register?host=/run/postgresql": True,
        "postgresql://register@localhost/register": True,
    }.items():
        advice = maintenance._postgresql_warnings({"DATABASE_URL": address, "WORKERS": 2, "THREADS": 8})
        assert any("sslmode=verify-full" in line for line in advice) is not is_safe, address
    for command in (("backup", "x"), ("restore", "x", "--yes")):
        answer = run(*command)
        assert answer.exit_code == 1
        assert "For PostgreSQL: pg_" in answer.output


# --- verify --------------------------------------------------------------------------------------------------


@both_engines
def test_what_is_not_right_is_named_by_its_rule_and_ids(run):
    answer = run("verify")
    assert answer.output.startswith("The data is right by ")
    assert answer.exit_code == 0
    Participant.update(version=7).where(Participant.id == 5).execute()
    answer = run("verify")
    assert answer.exit_code == 1
    assert "versions_count_the_events: [(5, 7)]" in answer.output


@pytest.mark.parametrize(("begin", "end", "is_cut"), [(0, 100, False), (100, 4096, True), (40960, 409600, False)])
def test_a_damaged_file_and_the_way_back(app, run, world, tmp_path, begin, end, is_cut):
    path, copy = Path(world.removeprefix("sqlite:///")), tmp_path / "copy.sqlite3"
    assert run("backup", str(copy)).exit_code == 0
    db.obj.close_all()
    whole = path.read_bytes()
    path.write_bytes(whole[:begin] + b"\xff" * (end - begin) + (b"" if is_cut else whole[end:]))
    command = app.test_cli_runner().invoke
    said = command(args=["verify"]).output
    assert said.startswith(("Error: The database’s file is damaged", "Error: The database can’t be read"))
    maintenance._remove(path)
    assert [command(args=step).exit_code for step in (["migrate"], ["restore", "--yes", str(copy)], ["verify"])] == [
        0
    ] * 3
    db.connect()


@pytest.mark.parametrize("command", [("verify",), ("backup", "copy")], ids=" ".join)
def test_nobody_waits_while_the_rules_are_asked(run, world, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    written = []

    def somebody_writes():
        with closing(apsw.Connection(world.removeprefix("sqlite:///"))) as connection:
            connection.execute("UPDATE teacher SET trs_last_name = trs_last_name")
            written.append(True)
        # A rule is asked of the copy, and may take its time.
        return data_checks.rows("SELECT id FROM teacher WHERE trs_last_name IS NULL")

    monkeypatch.setattr(data_checks, "RULES", [somebody_writes])
    answer = run(*command)
    assert (answer.exit_code, written) == (0, [True]), answer.output
    assert not list(tmp_path.glob(".*")), "nothing is left beside it"


# --- backup and restore --------------------------------------------------------------------------------------


def test_a_backup_while_others_write_is_whole(world, tmp_path):
    stop, written = threading.Event(), []

    def write():
        path = world.removeprefix("sqlite:///")
        with closing(apsw.Connection(path)) as connection:
            connection.set_busy_timeout(60_000)
            while not stop.is_set():
                row = (f"Partner {len(written)}", str(uuid.uuid4()))
                connection.execute("INSERT INTO delivery_partner VALUES (NULL, ?, ?, '2026-04-20', '2026-04-20')", row)
                written.append(row)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(2):
            before = len(written)
            copy = maintenance.back_up(tmp_path / str(number))
            assert partners_in(copy) >= before, "what was acknowledged before it began is in it"
    finally:
        stop.set()
        writer.join()


def partners_in(copy: Path) -> int:
    with closing(apsw.Connection(str(copy))) as connection:
        return connection.execute("SELECT count(*) FROM delivery_partner WHERE name LIKE 'Partner %'").fetchone()[0]


def test_a_backup_is_for_its_owner_alone_and_named_by_its_moment(run, tmp_path):
    (tmp_path / "copies").mkdir()
    assert run("backup", str(tmp_path / "copies")).exit_code == 0
    (copy,) = (tmp_path / "copies").iterdir()
    assert copy.name == "register-20260420T110000Z.sqlite3.gz"
    assert copy.stat().st_mode & 0o777 == 0o600


def names(first: datetime, many: int, **apart) -> list[str]:
    """Of copies that began then, so far apart."""
    moments = (first + number * timedelta(**apart) for number in range(many))
    return [f"register-{moment:%Y%m%dT%H%M%SZ}.sqlite3.gz" for moment in moments]


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MONTHS = names(NOON, 60 * 96, minutes=15)
"""Two months of copies."""
LATER = "register-20991231T000000Z.sqlite3.gz"


@pytest.mark.parametrize(
    ("there", "kept"),
    [
        ([], []),
        (MONTHS[:96], MONTHS[:96]),
        # A later one of its day is there.
        (MONTHS[:97], MONTHS[1:97]),
        (MONTHS, [*MONTHS[47:-96:96][-29:], *MONTHS[-96:]]),
        # Each day the last one, when they are thinned after each copy.
        (names(NOON, 31, days=1), names(NOON, 31, days=1)),
        (names(NOON, 131, days=1), names(NOON, 131, days=1)[-96:]),
        # A clock that was ahead for one copy.
        (
            [*MONTHS[:96], "register-20991231T000000Z.sqlite3.gz"],
            [*MONTHS[1:96], "register-20991231T000000Z.sqlite3.gz"],
        ),
        (["notes.txt", *MONTHS[:97], "register-1.sqlite3.gz"], ["notes.txt", *MONTHS[1:97], "register-1.sqlite3.gz"]),
        (["register-20250101T000000Z.sqlite3", *MONTHS[:97]], ["register-20250101T000000Z.sqlite3", *MONTHS[1:97]]),
    ],
)
def test_which_copies_are_kept(there, kept):
    assert set(there) - maintenance.too_old(reversed(there)) == set(kept)


def test_a_folder_of_copies_is_thinned_once_a_new_one_is_right(run, tmp_path):
    for name in MONTHS[:200]:
        (tmp_path / name).touch()
    assert run("backup", str(tmp_path)).exit_code == 0
    copies = {path.name for path in tmp_path.iterdir() if path.name.startswith("register-")}
    assert copies == {*MONTHS[:200], "register-20260420T110000Z.sqlite3.gz"} - maintenance.too_old(MONTHS[:200])


@pytest.mark.parametrize("name", ["copy", "copy.gz"])
def test_what_was_there_comes_back_and_everybody_is_signed_out(run, naomi, tmp_path, name):
    before, path = dump(), tmp_path / name
    run("backup", str(path))
    assert path.read_bytes().startswith(b"\x1f\x8b" if name.endswith(".gz") else b"SQLite format 3")
    steven = person("Steven Taylor")
    change_name(steven, tutor_of(steven), name="Steve Taylor")
    changed = dump()
    assert run("restore", str(path), input="n\n").exit_code == 1
    assert dump() == changed
    answer = run("restore", str(path), "--yes")
    assert answer.exit_code == 0, answer.output
    assert {**dump(), "sign_in": []} == {**before, "sign_in": []}
    assert not SignIn.select().exists()
    run("restore", answer.output.split()[-1], "--yes")
    assert {**dump(), "sign_in": []} == {**changed, "sign_in": []}, "what was there before the restore was kept"
    assert naomi.get("/school/ects").path == "/sign-in"


def test_a_restore_while_somebody_writes_changes_nothing_and_says_so(run, world, tmp_path):
    run("backup", str(tmp_path / "copy"))
    before = dump()
    db.obj._timeout = 0
    with closing(apsw.Connection(world.removeprefix("sqlite:///"))) as other:
        other.execute("BEGIN IMMEDIATE")
        db.obj.close_all()
        answer = run("restore", str(tmp_path / "copy"), "--yes")
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: Somebody else is writing to the database"), answer.output
    assert dump() == before
    assert not list(tmp_path.glob("*before*"))


def test_copies_leave_nothing_beside_them(run, world, tmp_path):
    """A log that is left beside a copy would be applied to the next one of that name."""
    (tmp_path / "copies").mkdir()
    for number in range(2):
        copy = tmp_path / "copies" / str(number)
        assert run("backup", str(copy)).exit_code == 0
        answer = run("restore", str(copy), "--yes")
        assert answer.exit_code == 0, answer.output
    assert sorted(path.name for path in (tmp_path / "copies").iterdir()) == ["0", "1"]
    assert not list(tmp_path.glob("*.restoring*"))


def test_tokens_that_a_restore_brings_back_are_named(run, tmp_path):
    run("backup", str(tmp_path / "copy"))
    token = ApiToken.select().order_by(ApiToken.id).first()
    assert "may use the API again" not in run("restore", str(tmp_path / "copy"), "--yes").output
    run("tokens", "revoke", str(token.id))
    answer = run("restore", str(tmp_path / "copy"), "--yes")
    assert f"{token.lead_provider.name} may use the API again" in answer.output
    assert f"flask tokens revoke {token.id}" in answer.output


def test_a_copy_for_which_there_is_no_room_says_so_and_is_not_left_behind(world, tmp_path):
    """A file may not grow beyond 400,000 bytes, as on a disk that is full near the end of the copy."""
    environment = os.environ | {"DATABASE_URL": world, "DEMO": "1", "SECRET_KEY": "x"}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "backup", str(tmp_path / "copy")],
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "could not be written" in done.stderr
    assert not list(tmp_path.glob("*copy*"))
    assert not list(tmp_path.glob(".*copy*"))


@pytest.mark.parametrize(
    ("engine", "state"), [("sqlite", "empty"), ("sqlite", "missing"), ("postgresql", "empty")], indirect=["engine"]
)
def test_a_database_that_is_not_ready_is_said_in_a_line(app, empty_database, state):
    for command in ("check", "verify", "tokens list", "people", "prune", "export people --school 1"):
        if state == "missing":
            Path(db.obj.database).unlink(missing_ok=True)
        db.close()
        done = app.test_cli_runner().invoke(args=command.split())
        assert done.exit_code == 1, command
        assert "flask migrate" in done.output or command == "verify", done.output
        assert done.output.startswith("Error: The database")
        assert "Traceback" not in done.output
        assert not done.exception or isinstance(done.exception, SystemExit)


# --- whose data these are ------------------------------------------------------------------------------------


@both_engines
def test_real_people_are_never_in_a_demo(run, engine):
    assert "neither called real nor invented" in run("people").output
    assert run("people", "real", input="n\n").exit_code == 1
    assert "are real" in run("people", "real", "--yes").output
    for command in (["start-up"], ["demo-data", "--schools", "1"]):
        before = dump()
        answer = run(*command)
        assert answer.exit_code == 1, command
        assert "The database has real people in it" in answer.output
        assert dump() == before


def test_which_database_is_served_as_what(world):
    for whose in (None, "real", "invented"):
        db.connect(reuse_if_open=True)
        if whose:
            maintenance.say_whose_data_these_are(whose)
        for switches in product((0, 1), repeat=2):
            config = dict(zip(("DEMO", "RESEARCH"), switches, strict=True))
            is_wrong = whose == ("real" if any(switches) else "invented")
            assert bool(maintenance.reasons_not_to_start(config)) is is_wrong, (whose, switches)


@pytest.mark.parametrize(
    ("settings", "whose"), [({}, "real"), ({"RESEARCH": "x"}, "invented"), ({"DEMO": 1}, "invented")]
)
def test_the_first_migrate_says_it(run, app, monkeypatch, settings, whose):
    for name in ("DEMO", "RESEARCH"):
        monkeypatch.setitem(app.config, name, settings.get(name))
    for _ in range(2):
        assert run("migrate").exit_code == 0
        assert f"are {whose}" in run("people").output
        monkeypatch.setitem(app.config, "DEMO", not settings.get("DEMO"))


def test_a_copy_of_real_people_does_not_come_into_a_demo(run, tmp_path):
    maintenance.say_whose_data_these_are("real")
    run("backup", str(tmp_path / "copy"))
    maintenance.say_whose_data_these_are("invented")
    before = dump()
    answer = run("restore", str(tmp_path / "copy"), "--yes")
    assert answer.exit_code == 1
    assert "has real people in it, and the database has invented ones" in answer.output
    assert dump() == before


def written_to(copy: Path, *statements: str) -> None:
    with closing(apsw.Connection(str(copy))) as connection:
        for statement in statements:
            connection.execute(statement)


COPIES = {
    "missing": lambda copy: copy.unlink(),
    "no database": lambda copy: copy.write_bytes(b"nothing" * 10000),
    "cut short": lambda copy: copy.write_bytes(copy.read_bytes()[:100_000]),
    "packed, cut short": lambda copy: copy.write_bytes(gzip.compress(copy.read_bytes())[:-100]),
    "packed, a byte wrong": lambda copy: copy.write_bytes(
        (packed := gzip.compress(copy.read_bytes()))[:1000] + b"?" + packed[1001:]
    ),
    "packed, no database": lambda copy: copy.write_bytes(gzip.compress(b"nothing" * 10000)),
    "another database": lambda copy: written_to(copy, "PRAGMA foreign_keys = 0", "DROP TABLE event"),
    "later": lambda copy: written_to(copy, LATER_RELEASE),
    "wrong": lambda copy: written_to(copy, "UPDATE participant SET version = 7"),
}


def test_a_copy_that_is_not_right_is_refused_and_nothing_is_changed(run, tmp_path):
    run("backup", str(tmp_path / "right"))
    before = dump()
    for case, spoil in COPIES.items():
        spoil(shutil.copy(tmp_path / "right", tmp_path / "copy"))
        answer = run("restore", str(tmp_path / "copy"), "--yes")
        assert (case, answer.exit_code) == (case, 1)
        assert answer.output.startswith("Error: ")
        assert "Traceback" not in answer.output
        assert dump() == before, case
        assert not list(tmp_path.glob("*.restoring*")), case


# --- upgrade -------------------------------------------------------------------------------------------------


def everything(columns: dict[str, list[str]]) -> dict[str, list]:
    """Every row of these tables, as these columns have it."""
    queries = {
        table: f"SELECT {', '.join(map(quoted, names))} FROM {quoted(table)}" for table, names in columns.items()
    }
    return {table: sorted(map(str, db.execute_sql(query).fetchall())) for table, query in queries.items()}


def quoted(name: str) -> str:
    return f'"{name}"'


@both_engines
def test_an_upgrade_from_the_first_release_keeps_every_row(world, engine):
    """All but when what is told was updated: 0014 tells some of it again."""
    with db.atomic():
        Runner(db.obj, str(MIGRATIONS)).down("0002_lead_providers_api")
    columns = {
        table: [column.name for column in db.get_columns(table) if not column.name.endswith("updated_at")]
        for table in db.get_tables()
        if table != "schema_migration"
    }
    first_release = everything(columns)
    db.close()
    assert migrate()[0] == "0002_lead_providers_api"
    db.connect()
    assert maintenance.data_faults() == []
    assert everything(columns) == first_release
    assert Teacher.select().exists()
    assert LeadProvider.select().exists()


@both_engines
def test_an_upgrade_folds_the_names_that_there_are(world, engine):
    before = dict.fromkeys(["Łukasz Nowak", "Þóra O´Brien", "Ann-Marie Lee"], "")
    for name in before:
        participant = ect(name=name)
        before[name] = participant.teacher.folded_name
    moved = Teacher.select(fn.max(Teacher.api_updated_at)).scalar()
    with db.atomic():
        Runner(db.obj, str(MIGRATIONS)).down("0006_folded_names")
    assert Teacher.get(trs_last_name="Nowak").folded_name == " łukasz nowak"
    with db.atomic():
        assert Runner(db.obj, str(MIGRATIONS)).up("0006_folded_names") == ["0006_folded_names"]
    assert {teacher.name: teacher.folded_name for teacher in Teacher.select() if teacher.name in before} == before
    assert Teacher.select(fn.max(Teacher.api_updated_at)).scalar() == moved, "providers are told nothing"
