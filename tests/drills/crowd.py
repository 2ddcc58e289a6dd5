"""A crowd at once, each with an ECT of their own and some journeys to make, as fast as they are answered: half of them
with script, half without. Nobody sees what isn't theirs, and nothing acknowledged is lost or there twice."""

import argparse
import time
from collections import Counter

from models import Event, Participant
from tests.bench.journeys import at_once, people, repeated
from tests.bench.place import place


def drill(engine: str = "sqlite", many: int = 200, journeys: int = 5) -> str:
    with place(engine, ects=many) as where, where.served() as service:
        with where.looked_at():
            before = {each.id: each.version for each in Participant.select().where(Participant.id << where.ects)}
        crowd = people(service, where.ects, many, is_htmx=False)
        for person in crowd[::2]:
            person.visitor.is_htmx = True
        started = time.perf_counter()
        at_once([lambda person=person: repeated(person, journeys) for person in crowd])
        took = time.perf_counter() - started
        wrong = sum((person.wrong for person in crowd), Counter())
        assert not wrong, wrong
        with where.looked_at():
            for person, ect in zip(crowd, where.ects, strict=True):
                now = Participant.get_by_id(ect)
                events = Event.select().where(Event.participant == ect, Event.version > before[ect]).count()
                assert now.version - before[ect] == events == journeys, ect
                assert now.working_pattern == person.pattern, ect
        assert not (found := where.faults()), found
        return (
            f"{engine}: a crowd of {many} made {journeys} journeys each, {many * journeys / took:.0f} a second: "
            "none wrong, none lost"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--journeys", type=int, default=5)
    arguments = parser.parse_args()
    for engine in ("sqlite", "postgresql"):
        print(drill(engine, arguments.people, arguments.journeys))


if __name__ == "__main__":
    main()
