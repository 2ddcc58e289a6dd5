"""The PostgreSQL server that people write to is killed while they confirm, and its standby takes its place. The service
finds the new one by itself. With a standby that is waited for, nothing that was acknowledged is lost."""

import argparse
import tempfile
import threading
import time
from pathlib import Path

from models import Event
from tests.bench.place import at, signed_in
from tests.bench.postgresql import Cluster
from tests.bench.visitor import Visitor

PEOPLE = 4
SYNCHRONOUS = "\nsynchronous_standby_names = 'ANY 1 (standby)'\n"


class Renaming(threading.Thread):
    """Gives one participant email address after email address, and remembers which were acknowledged and when."""

    def __init__(self, port: int, participant_id: int, stop: threading.Event):
        super().__init__()
        self.journey = f"/school/ects/{participant_id}/change-email-address"
        self.visitor: Visitor = signed_in(port)
        self.stop = stop
        self.acknowledged: list[tuple[float, str]] = []
        self.refused = 0

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            email = f"{number}@{self.journey.split('/')[3]}.example.org"
            while not self.stop.is_set() and not self.is_done(email):
                self.refused += 1
                time.sleep(0.05)

    def is_done(self, email: str) -> bool:
        visitor = self.visitor.get(f"{self.journey}/email-address")
        if visitor.status == 200:
            visitor.post(f"{self.journey}/email-address", visitor.form | {"email": email})
        if visitor.status == 200:
            visitor.post(f"{self.journey}/check-answers", visitor.form)
        if visitor.status == 200 and visitor.path.endswith("/confirmation"):
            self.acknowledged.append((time.monotonic(), email))
            return True
        # It may have been done though the answer didn't come.
        return visitor.status == 422 and "is already recorded" in visitor.text


def drill(*, is_synchronous: bool = True, seconds: float = 10) -> str:
    with tempfile.TemporaryDirectory(prefix="drill-") as name, Cluster(Path(name) / "primary").running() as primary:
        folder, standby = Path(name), Cluster(Path(name) / "standby")
        where = at(folder, primary.address("register"), PEOPLE)
        standby.copy_of(primary, "standby").start()
        if is_synchronous:
            primary.configure(SYNCHRONOUS)
            primary.run("SELECT pg_reload_conf()")
        until_it_follows(primary)
        where.environment["DATABASE_URL"] = primary.address("register", standby)
        try:
            with where.served() as service:
                stop = threading.Event()
                people = [Renaming(service.port, each, stop) for each in where.ects]
                for each in people:
                    each.start()
                time.sleep(seconds / 2)
                died = time.monotonic()
                primary.kill()
                standby.promote()
                time.sleep(seconds / 2)
                stop.set()
                for each in people:
                    each.join()
            where.address = standby.address("register")
            return judged(where, people, died, is_synchronous)
        finally:
            standby.stop("immediate")


def until_it_follows(primary: Cluster) -> None:
    for _ in range(600):
        if primary.run("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == [(1,)]:
            return
        time.sleep(0.1)
    raise RuntimeError("the standby doesn’t follow")


def judged(where, people: list[Renaming], died: float, is_synchronous: bool) -> str:
    with where.looked_at():
        events = Event.select(Event.modifications).where(Event.event_type == "teacher_email_address_updated")
        kept = {event.modifications[0].rpartition(" → ")[2] for event in events}
    acknowledged = [each for person in people for each in person.acknowledged]
    lost = [email for _, email in acknowledged if email not in kept]
    outage = min(at for at, _ in acknowledged if at > died) - max(at for at, _ in acknowledged if at <= died)
    assert not (is_synchronous and lost), lost
    assert not (found := where.faults()), found
    return (
        f"{'a standby that is waited for' if is_synchronous else 'a standby that is not waited for'}: the primary was "
        f"killed, {outage:.1f} s until the next confirm, {sum(each.refused for each in people)} refused meanwhile, "
        f"{len(acknowledged)} acknowledged, {len(lost)} lost"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    for is_synchronous in (True, False):
        print(drill(is_synchronous=is_synchronous, seconds=arguments.seconds))


if __name__ == "__main__":
    main()
