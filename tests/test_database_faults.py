"""A database that is busy, or that can only be read: looking works, writing gets 503, and nothing is lost."""

import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest
from peewee import DatabaseError, OperationalError

from clock import OWN, World, current_world, entered, now
from database import MAX_LOG, WriteQueue, db, open_database
from database.faults import kind_of
from models import LatestUpdate, Participant
from tests.conftest import both_engines, person
from tests.reports import AMBITION, address, attributes_of, body, dump, token_of
from tests.visitor import Visitor


def make_writable(name: str, *, is_writable: bool) -> None:
    with db.connection_context():
        db.execute_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        db.execute_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {"off" if is_writable else "on"}')
    db.obj.close_all()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_server_that_can_only_be_read_lets_people_look_and_says_so_where_they_write(naomi, engine):
    name = db.execute_sql("SELECT current_database()").fetchone()[0]
    record = f"/school/ects/{person('Steven Taylor').id}"
    before = dump()
    db.close()
    make_writable(name, is_writable=False)
    for path in (record, "/school/ects", "/school/mentors?q=doe", f"{record}/change-name/name"):
        assert naomi.send("get", path).status_code == 200, path
    answer = naomi.get(f"{record}/change-name/name").submit("Continue", 503, Full_name="Steven Other Taylor")
    assert answer.response.headers["Retry-After"]
    ready = naomi.send("get", "/readyz")
    assert (ready.status_code, ready.json["writing"]) == (200, "read-only")
    with db.connection_context():
        assert dump() == before
    make_writable(name, is_writable=True)
    naomi.get(f"{record}/change-name/name").submit("Continue", Full_name="Steven Other Taylor")
    assert naomi.heading.startswith("Check and confirm")
    db.connect(reuse_if_open=True)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("who", ["school", "lead provider"])
def test_who_is_taken_back_for_waiting_for_each_other_is_tried_again(naomi, engine, who):
    """Somebody by hand locks a person first and the latest update then; an act does it the other way round."""
    hannah = person("Hannah Clarke")
    if who == "school":
        naomi.get(f"/school/ects/{hannah.id}/change-lead-provider/lead-provider").choose("Teach First")
        path, _, data = naomi.filled_in("Confirm change")
        request = {"method": "post", "path": path, "data": data}
    else:
        token = {"Authorization": f"Bearer {token_of(naomi, AMBITION)}"}
        said = body("withdraw", attributes_of("withdraw", hannah))
        request = {"method": "put", "path": address(hannah, "withdraw"), "json": said, "headers": token}
    db.connect(reuse_if_open=True)
    db.execute_sql("SET deadlock_timeout = '60s'")  # so that it is the other one who is taken back
    before, deadlocks = hannah.version, number_of_deadlocks()
    with ThreadPoolExecutor(1) as threads, db.atomic():
        list(Participant.select().where(Participant.id == hannah.id).for_update())
        answer = threads.submit(copy_context().run, lambda: naomi.client.open(**request))
        while db.execute_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (0,):
            assert not answer.done(), answer.result()
        LatestUpdate.update(microseconds=LatestUpdate.microseconds).execute()
    assert answer.result().status_code in (200, 303)
    assert number_of_deadlocks() > deadlocks
    assert Participant.get_by_id(hannah.id).version == before + 1, "once"


def number_of_deadlocks() -> int:
    db.execute_sql("SELECT pg_stat_force_next_flush()")
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    return db.execute_sql(query).fetchone()[0]


def test_nobody_waits_for_a_connection_that_somebody_else_waits_for():
    """A server that takes connections and says nothing: all four are on their way at once."""
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(4) as threads:
        database = open_database(f"postgresql://nobody@127.0.0.1:{server.getsockname()[1]}/nothing")
        answers = [threads.submit(copy_context().run, database.connect) for _ in range(4)]
        server.settimeout(2)  # less than one of them waits
        there = [server.accept()[0] for _ in range(4)]
        for each in there:
            each.close()
        assert {kind_of(answer.exception()) for answer in answers} == {"away"}


HOLD = """
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_process_that_keeps_the_turn_holds_up_nobody_for_longer_than_they_wait(tmp_path):
    queue = WriteQueue(str(tmp_path / "register.sqlite3"))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", HOLD, queue.path], **pipes) as other:
        assert other.stdout.readline() == "held\n"
        for _ in range(2):
            with pytest.raises(OperationalError, match="another process is writing"):
                queue.enter(0.2)
        other.stdin.close()
        other.wait()
    queue.enter(30)
    queue.leave()


def test_those_who_wait_write_one_after_the_other(tmp_path):
    """Two processes' threads stand in the queue of a file; what one of them reads and writes back no other spoils."""
    path, counter = tmp_path / "register.sqlite3", tmp_path / "counter"
    counter.write_text("0")
    queues = [WriteQueue(str(path)) for _ in range(2)]

    def count(queue):
        for _ in range(50):
            queue.enter(60)
            counter.write_text(str(int(counter.read_text()) + 1))
            queue.leave()

    threads = [threading.Thread(target=count, args=(queue,)) for queue in queues for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.read_text() == "400"


def test_a_file_that_no_lock_can_be_had_of_is_said_so(tmp_path):
    queue = WriteQueue(str(tmp_path / "nowhere" / "register.sqlite3"))
    with pytest.raises(OperationalError, match="no turn to write"):
        queue.enter(1)
    assert not queue.here.locked()


# --- a clock that is behind ----------------------------------------------------------------------------------


@both_engines
@pytest.mark.parametrize(("seconds", "is_refused"), [(30, False), (90, True)])
def test_a_clock_behind_the_latest_change_changes_nothing_and_says_so(world, app, seconds, is_refused):
    """As on a machine whose clock was set back. Whoever is asked for a day may be on any."""
    with entered(replace(current_world(), moment=None)):
        present = (now() - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
        LatestUpdate.update(microseconds=present + seconds * 1_000_000).execute()
        naomi = Visitor(app).sign_in("Naomi Fletcher")
        steven, before = person("Steven Taylor"), dump()
        record = f"/school/ects/{steven.id}"
        naomi.get(f"{record}/change-name/name").submit("Continue", Full_name="Steven Other Taylor")
        naomi.submit("Confirm change", 503 if is_refused else 200)
        assert naomi.send("get", "/readyz").json["writing"] == (
            "the clock is behind the latest change" if is_refused else "possible"
        )
        token = {"Authorization": f"Bearer {token_of(naomi, AMBITION)}"}
        said = body("withdraw", attributes_of("withdraw", steven))
        answer = naomi.send("put", address(steven, "withdraw"), json=said, headers=token)
        assert (answer.status_code == 503) is is_refused
        assert ("Retry-After" in answer.headers) is is_refused
        assert naomi.get(record).heading
        if is_refused:
            assert {**dump(), "answers": []} == {**before, "answers": []}
            LatestUpdate.update(microseconds=present).execute()
            naomi.get(f"{record}/change-name/check-answers").submit("Confirm change")
            assert Participant.get_by_id(steven.id).teacher.name == "Steven Other Taylor"


# --- sorted once ---------------------------------------------------------------------------------------------

STATES = {
    "busy": ("55P03", "53300"),
    "full": ("53100",),
    "read-only": ("25006",),
    "away": ("57P01", "08006"),
    "deadlock": ("40P01", "40001"),
    "cancelled": ("57014", "25P03"),
    "wrong": ("42P01",),
}


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_what_an_error_of_postgresql_means(empty_database):
    for kind, state in [(kind, state) for kind, states in STATES.items() for state in states]:
        with pytest.raises(DatabaseError) as raised, db.atomic():
            db.execute_sql(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$")
        assert kind_of(raised.value) == kind
        assert isinstance(raised.value, OperationalError) is (kind != "wrong")


SQLITE_FAULTS = {
    "wrong": ["SELECT * FROM nowhere"],
    "away": ["ATTACH '/nowhere/at/all' AS other"],
    "full": ["CREATE TABLE big (x)", "PRAGMA max_page_count = 1", "INSERT INTO big VALUES (zeroblob(10000000))"],
    "read-only": ["PRAGMA query_only = 1", "DELETE FROM event"],
}


def test_what_an_error_of_sqlite_means(world, other):
    for kind, (*before, last) in SQLITE_FAULTS.items():
        for sql in before:
            db.execute_sql(sql)
        with pytest.raises(OperationalError) as raised:
            db.execute_sql(last)
        assert kind_of(raised.value) == kind
    db.execute_sql("PRAGMA query_only = 0")
    db.execute_sql("PRAGMA busy_timeout = 100")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError) as raised, db.atomic():
        pass
    assert kind_of(raised.value) == "busy"


# --- SQLite’s write-ahead log --------------------------------------------------------------------------------


@pytest.fixture
def other(world):
    """Another program with the same file."""
    with closing(apsw.Connection(db.obj.database)) as connection:
        yield connection


def test_what_a_full_disk_took_back_is_not_said_to_be_done(world):
    """SQLite then ends the transaction by itself, whatever becomes of the error."""
    *full, too_much = SQLITE_FAULTS["full"]
    for sql in full:
        db.execute_sql(sql)
    before = dump()

    @db.atomic()
    def act():
        LatestUpdate.update(microseconds=0).execute()
        with suppress(OperationalError):
            db.execute_sql(too_much)

    with pytest.raises(OperationalError):
        act()
    assert dump() == before


def test_a_file_of_the_release_before_gets_a_log_whoever_comes_first(world, other):
    db.obj.close_all()
    assert other.pragma("journal_mode", "delete") == "delete"
    other.close()
    together = threading.Barrier(8)

    def opened(_):
        together.wait()
        with entered(World(OWN)), db.connection_context():
            return db.obj.journal_mode

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(opened, range(8))) == {"wal"}


def test_while_the_release_before_reads_its_file_it_stays_as_it_is(world, other):
    db.obj.close_all()
    other.pragma("journal_mode", "delete")
    other.execute("BEGIN; SELECT count(*) FROM latest_update").fetchall()
    with db.connection_context():
        assert LatestUpdate.get()
        assert db.obj.journal_mode == "delete"
    other.close()
    db.obj.close_all()
    with db.connection_context():
        assert db.obj.journal_mode == "wal"


def test_who_reads_holds_up_nobody_who_writes_and_the_log_does_not_stay_long(world, other):
    db.execute_sql("PRAGMA busy_timeout = 1")
    log = Path(f"{db.obj.database}-wal")
    before = other.execute("BEGIN; SELECT count(*) FROM latest_update").fetchall()
    db.execute_sql("CREATE TABLE much (x)")
    while log.stat().st_size <= MAX_LOG:
        db.execute_sql("INSERT INTO much VALUES (zeroblob(1000000))")
    assert other.execute("SELECT count(*) FROM latest_update").fetchall() == before
    other.execute("COMMIT")
    for _ in range(2):
        db.execute_sql("INSERT INTO much VALUES (1)")
    assert log.stat().st_size <= MAX_LOG


@pytest.mark.parametrize("hold", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_who_writes_holds_up_nobody_who_reads(naomi, other, hold):
    other.execute(hold)
    other.execute("UPDATE teacher SET trs_last_name = 'Smith'")
    assert "Steven Taylor" in naomi.get("/school/ects").text
