"""A worker is killed (kill -9) again and again while a school confirms changes. No change that was acknowledged is
missing, none is doubled, and none is half done."""

import argparse
import os
import random
import signal
import threading
import time
from contextlib import suppress
from http.client import HTTPException

from models import Event, Participant
from tests.bench.place import Place, place, signed_in
from tests.bench.service import Service
from tests.bench.visitor import Visitor

PATTERNS = ("part_time", "full_time")
PEOPLE = 8


class Confirming(threading.Thread):
    """Changes one participant's working pattern to and fro, each time by all pages of the journey, and remembers which
    changes were acknowledged."""

    def __init__(self, service: Service, participant_id: int, stop: threading.Event):
        super().__init__()
        self.service, self.stop = service, stop
        self.journey = f"/school/ects/{participant_id}/change-working-pattern"
        self.visitor = signed_in(service.port)
        self.participant_id = participant_id
        self.acknowledged = 0
        self.broken = 0
        """Requests whose answer never came."""
        self.slowest = 0.0
        """Seconds until a confirm was answered."""

    def run(self) -> None:
        for pattern in PATTERNS * 10_000:
            if self.stop.is_set():
                return
            self.until_done(pattern)
            self.acknowledged += 1

    def until_done(self, pattern: str) -> None:
        """Answer, check and confirm, and do again what failed, as somebody at a browser would."""
        while True:
            try:
                visitor = self.visitor
                visitor.get(f"{self.journey}/working-pattern")
                if visitor.path.startswith("/sign-in"):
                    self.visitor = visitor = signed_in(self.service.port)
                    continue
                visitor.post(f"{self.journey}/working-pattern", visitor.form | {"working_pattern": pattern})
                if visitor.status == 422 and "is already recorded" in visitor.text:
                    return  # it was done, though the answer didn't come
                if visitor.path.startswith("/sign-in"):
                    continue
                visitor.expect("Confirm change")
                begun = time.monotonic()
                visitor.post(f"{self.journey}/check-answers", visitor.form)
                self.slowest = max(self.slowest, time.monotonic() - begun)
                if visitor.path.endswith("confirmation"):
                    return
            except (OSError, HTTPException):
                self.broken += 1
                self.visitor = same_person(self.visitor)


def same_person(visitor: Visitor) -> Visitor:
    fresh = Visitor(visitor.connection.port)
    fresh.cookies = visitor.cookies
    return fresh


def drill(engine: str = "sqlite", confirms: int = 500, kills: int = 10**6) -> str:
    with place(engine, ects=PEOPLE) as where, where.served() as service:
        stop, chance, killed = threading.Event(), random.Random(1), 0
        people = [Confirming(service, each, stop) for each in where.ects]
        for each in people:
            each.start()
        try:
            while sum(each.acknowledged for each in people) < confirms:
                time.sleep(chance.uniform(0.1, 1))
                workers = service.processes()[1:]
                if workers and killed < kills:
                    with suppress(ProcessLookupError):
                        os.kill(chance.choice(workers), signal.SIGKILL)
                        killed += 1
        finally:
            stop.set()
            for each in people:
                each.join()
        check(where, people)
        done = sum(each.acknowledged for each in people)
        broken = sum(each.broken for each in people)
        return (
            f"{engine}: {killed} workers killed, {done} confirms acknowledged, {broken} requests cut off, "
            "0 changes lost"
        )


def check(where: Place, people: list[Confirming]) -> None:
    with where.looked_at():
        for person in people:
            participant = Participant.get_by_id(person.participant_id)
            told = [event.modifications for event in participant.events.order_by(Event.version)]
            # They start as full time, so the changes take turns if none is missing and none is there twice.
            expected = [f"working_pattern: {PATTERNS[1 - n % 2]} → {PATTERNS[n % 2]}" for n in range(len(told))]
            assert told == [[each] for each in expected], told
            assert len(told) == person.acknowledged, f"{person.acknowledged} acknowledged, {len(told)} kept"
            assert participant.working_pattern == PATTERNS[1 - len(told) % 2]
    assert not (found := where.faults()), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--confirms", type=int, default=500)
    arguments = parser.parse_args()
    for engine in ("sqlite", "postgresql"):
        print(drill(engine, arguments.confirms))


if __name__ == "__main__":
    main()
