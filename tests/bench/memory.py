"""How long the service takes to answer for the first time, and how much memory it needs, as the demo is served (PSS of
worker and master together), after more and more requests. `python -m tests.bench.memory`."""

import argparse
import time

from run import DEMO
from tests.bench.journeys import Person, people
from tests.bench.place import place
from tests.bench.service import Service

REQUESTS_OF_A_JOURNEY = 6
CHECKPOINTS = (1_000, 10_000, 100_000)
REQUESTS_EACH = 320
"""Of each ECT at most, so that no record grows long with what was done to it."""
ENGINES = ("sqlite", "postgresql")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=CHECKPOINTS[1], help="in all")
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    arguments = parser.parse_args()
    with place(arguments.engine, ects=max(32, arguments.requests // REQUESTS_EACH)) as where:
        print(f"{arguments.engine}: first answer after {first_answer(where):.2f} s")
        with where.served(**DEMO) as service:
            everybody = people(service, where.ects, 8, is_htmx=False)
            for number, person in enumerate(everybody):
                person.visitor.is_htmx = number % 2 == 0
            for made, megabytes in measured(service, everybody, arguments.requests):
                print(f"after {made:>8,} requests {megabytes:>6.0f} MB")


def first_answer(where) -> float:
    """Seconds from starting the server to the first page of a list: the best of three."""
    return min(started(where) for _ in range(3))


def started(where) -> float:
    begun = time.perf_counter()
    with where.served(**DEMO) as service:
        people(service, where.ects, 1, is_htmx=False)
        return time.perf_counter() - begun


def measured(service: Service, everybody: list[Person], most: int):
    """(requests made, megabytes) at each checkpoint."""
    made = 0
    for checkpoint in [each for each in CHECKPOINTS if each < most] + [most]:
        while made < checkpoint:
            for person in everybody:
                person.journey()
                assert not person.wrong, person.wrong
                # Lists and searches, too: most of what people ask for.
                person.visitor.get("/school/ects").expect()
                person.visitor.get("/school/mentors?q=doe").expect()
                made += REQUESTS_OF_A_JOURNEY + 2
        yield made, service.memory()


if __name__ == "__main__":
    main()
