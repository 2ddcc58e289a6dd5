"""A database that is busy, or that can only be read: looking works, writing gets 503, and nothing is lost."""

import subprocess
import sys
import threading

import pytest
from peewee import OperationalError

from database import WriteQueue, db
from tests.conftest import person
from tests.test_journeys import dump


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
            with pytest.raises(OperationalError, match="locked"):
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
