"""The database is locked, read-only, full, missing, or restarted while people and lead providers' software use the
service, by each door. Whoever can't be served is told so in its own form within seconds; what was answered is kept;
nothing is done twice; and when the fault is over the service goes on by itself, without a restart."""

import argparse
import fcntl
import http.client
import json
import os
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from models import Event, Participant
from tests.bench.place import Place, at, signed_in
from tests.bench.postgresql import Cluster
from tests.bench.service import Service
from tests.bench.visitor import Visitor

SORRY = "Sorry, the service is not available for the moment"


class Person:
    """Somebody on "check answers" of one ECT's journey, who goes on trying to confirm."""

    def __init__(self, service: Service, participant_id: int, email: str):
        self.journey = f"/school/ects/{participant_id}/change-email-address"
        self.record = f"/school/ects/{participant_id}"
        self.visitor = signed_in(service.port)
        self.visitor.get(f"{self.journey}/email-address")
        self.visitor.post(f"{self.journey}/email-address", self.visitor.form | {"email": email})
        self.visitor.expect("Confirm change", email)
        self.form = self.visitor.form

    def confirm(self) -> int:
        """The status of the answer, whose page must be ours whatever it says."""
        return self._judged(self.visitor.post(f"{self.journey}/check-answers", self.form))

    def look(self) -> int:
        return self._judged(self.visitor.get(self.record))

    def list(self) -> int:
        return self._judged(self.visitor.get("/school/ects"))

    def _judged(self, visitor: Visitor) -> int:
        assert visitor.status in (200, 503), visitor.text
        assert "govuk-header" in visitor.text
        assert visitor.status == 200 or SORRY in visitor.text
        return visitor.status


class Software:
    """Of a lead provider, which defers one participant and goes on trying to."""

    def __init__(self, service: Service, token: str, api_id: str):
        self.port, self.address = service.port, f"/api/v3/participants/{api_id}"
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self) -> int:
        return self._judged("GET", "/api/v3/participants?page[per_page]=100")

    def defer(self) -> int:
        """200 also where an answer before this one never came: it is the same mark."""
        attributes = {"reason": "other", "course_identifier": "ecf-induction"}
        said = {"data": {"type": "participant-defer", "attributes": attributes}}
        status = self._judged("PUT", f"{self.address}/defer", json.dumps(said))
        return 200 if status == 422 else status

    def ready(self) -> int:
        return self._judged("GET", "/readyz")

    def _judged(self, method: str, address: str, body: str | None = None) -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, address, body, self.headers)
            answer = connection.getresponse()
            text = answer.read()
        assert answer.status in (200, 422, 503), text
        assert answer.status != 503 or answer.headers["Retry-After"], text
        # That the service can't be asked is told to the balancer in words of its own.
        assert address == "/readyz" or json.loads(text)
        return answer.status


def drill_of(fault, where: Place, service: Service, tries: int) -> str:
    """Looks and confirms before, during and after the fault."""
    with where.looked_at():
        ids = [str(Participant.get_by_id(each).teacher.api_id) for each in where.ects]
    people = [Person(service, each, f"ada{each}@example.org") for each in where.ects[: tries + 1]]
    software = [Software(service, where.tokens[0], api_id) for api_id in ids[: tries + 1]]
    assert (people[0].confirm(), software[0].defer()) == (200, 200)
    answers, longest = {}, 0.0
    with fault():
        for person, program in zip(people[1:], software[1:], strict=True):
            # Nobody confirms what has changed since they looked, so the person is first.
            doors = (person.list, person.look, person.confirm, program.ask, program.defer, program.ready)
            for door in doors:
                begun = time.monotonic()
                answers.setdefault(door.__name__, Counter())[door()] += 1
                longest = max(longest, time.monotonic() - begun)
    begun = time.monotonic()
    for person, program in zip(people[1:], software[1:], strict=True):
        until(lambda: person.confirm() == 200)  # noqa: B023
        until(lambda: program.defer() == 200)  # noqa: B023
    recovered = time.monotonic() - begun
    with where.looked_at():
        for kind in ("teacher_email_address_updated", "teacher_defers_training_period"):
            events = Event.select().where(Event.event_type == kind, Event.participant << where.ects).count()
            assert events == tries + 1, f"{kind}: {events} instead of {tries + 1}"
    assert not (found := where.faults()), found
    by_door = "; ".join(f"{door} {shown(statuses)}" for door, statuses in answers.items())
    return (
        f"{fault.__name__}: {by_door}; longest {longest:.1f} s; then all {tries} answers were still there and "
        f"confirmed, and all were deferred, once, after {recovered:.1f} s"
    )


def shown(answers: Counter) -> str:
    return " and ".join(f"{status} ×{times}" for status, times in sorted(answers.items()))


def until(is_so, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it does not recover"
        time.sleep(0.1)


# --- SQLite ------------------------------------------------------------------------------------------------


IS_ROOT = os.geteuid() == 0
NOBODY_SPECIAL = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if IS_ROOT else ()
"""Root may write to what is read-only, unless it gives that up."""


@contextmanager
def small_disk(megabytes: int = 8):
    """A disk of its own, which can be filled. Only root can have one; for others it is an ordinary folder."""
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        if not IS_ROOT:
            yield Path(folder)
            return
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "drill", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def sqlite_faults(folder: Path) -> list:
    path = folder / "register.sqlite3"

    @contextmanager
    def locked():
        with closing(apsw.Connection(str(path))) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")

    @contextmanager
    def written_to_by_somebody_else():
        with closing(apsw.Connection(str(path))) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    @contextmanager
    def missing():
        away = path.with_name("away")
        path.rename(away)
        yield
        assert not path.exists(), "an empty one was made in its place"
        away.rename(path)

    @contextmanager
    def read_only():
        path.chmod(0o400)
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        path.chmod(0o600)

    @contextmanager
    def process_stopped_while_it_writes():
        with Path(f"{path}-turn").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    @contextmanager
    def queue_unusable():
        queue = Path(f"{path}-turn")
        queue.unlink(missing_ok=True)
        queue.mkdir()
        yield
        queue.rmdir()

    @contextmanager
    def full():
        filler = folder / "filler"
        with filler.open("wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while file.write(b"\0" * size):
                        pass
                except OSError:
                    continue
        yield
        filler.unlink()

    waits = [locked, written_to_by_somebody_else, process_stopped_while_it_writes]
    return [*waits, missing, read_only, queue_unusable, *([full] if IS_ROOT else [])]


def drill_sqlite(tries: int = 10) -> list[str]:
    results = [] if IS_ROOT else ["sqlite, full: not tried, for only root can have a disk to fill"]
    with small_disk() as folder:
        faults = sqlite_faults(folder)
        for fault in faults:
            where = at(folder, f"sqlite:///{folder}/register.sqlite3", ects=tries + 1)
            with where.served(by=NOBODY_SPECIAL) as service:
                few = 1 if fault in faults[:3] else tries
                results.append("sqlite, " + drill_of(fault, where, service, few))
            for file in folder.iterdir():
                file.unlink()
    return results


# --- PostgreSQL --------------------------------------------------------------------------------------------


def drill_postgresql(tries: int = 10) -> list[str]:
    results = []
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        for number, how in enumerate(("fast", "immediate")):
            with Cluster(Path(folder) / f"server{number}").running() as cluster:
                where = at(Path(folder), cluster.address("register"), ects=tries + 1)

                @contextmanager
                def restarted():
                    cluster.stop(how)  # noqa: B023
                    yield
                    cluster.start()

                restarted.__name__ = f"stopped ({how})"
                with where.served() as service:
                    results.append("postgresql, " + drill_of(restarted, where, service, tries))
        with Cluster(Path(folder) / "unwritable").running() as cluster:
            where = at(Path(folder), cluster.address("register"), ects=tries + 1)

            def set_default(value: str) -> None:
                cluster.run(f"ALTER DATABASE register SET default_transaction_read_only = {value}")
                cluster.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'register'")

            @contextmanager
            def read_only():
                set_default("on")
                yield
                set_default("off")

            with where.served() as service:
                results.append("postgresql, " + drill_of(read_only, where, service, tries))
        with Cluster(Path(folder) / "locked").running() as cluster:
            where = at(Path(folder), cluster.address("register"), ects=2)

            @contextmanager
            def row_held_by_somebody_else():
                import psycopg

                with psycopg.connect(where.address) as other:
                    other.execute("SELECT * FROM participant FOR UPDATE")
                    yield

            with where.served() as service:
                results.append("postgresql, " + drill_of(row_held_by_somebody_else, where, service, 1))
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=10)
    arguments = parser.parse_args()
    for result in drill_sqlite(arguments.tries) + drill_postgresql(arguments.tries):
        print(result)


if __name__ == "__main__":
    main()
