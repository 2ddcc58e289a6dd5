"""What a whole journey costs, from the record to the confirmation, by one person and by many at once, beside six
requests to a bare Flask application (the floor) and, with --kit, the same journey in the GOV.UK Prototype Kit.
`python -m tests.bench.journeys`."""

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import cycle

from tests.bench.peer import Peer, PeersVisitor, peer
from tests.bench.place import COLLEAGUE, Place, place, signed_in
from tests.bench.service import Service, floor
from tests.bench.visitor import Visitor

PATTERNS = {"full_time": "Full time", "part_time": "Part time"}
AT_ONCE = (1, 8, 32)
ECTS_EACH = 12
"""So that no record grows long with what was done to it."""


class Person:
    """Somebody signed in who changes the working patterns of these ECTs, one after the other, again and again. `wrong`:
    journeys in which an answer wasn't what it should be."""

    def __init__(self, visitor: Visitor, ects: list[int], *, is_htmx: bool):
        self.visitor, self.ects = visitor, cycle(ects)
        self.visitor.is_htmx = is_htmx
        self.pattern, self.wrong = "full_time", Counter()

    def journey(self) -> None:
        """Record, question, answer, check, confirm, confirmation. By htmx the answer to a POST is the next page."""
        visitor, record = self.visitor, f"/school/ects/{next(self.ects)}"
        page = f"{record}/change-working-pattern/working-pattern"
        try:
            name = visitor.get(record).expect("ECT details").title.partition(",")[0]
            self.pattern = next(each for each, shown in PATTERNS.items() if shown not in visitor.text)
            visitor.get(page).expect(name)
            visitor.post(page, visitor.form | {"working_pattern": self.pattern}).expect(PATTERNS[self.pattern], name)
            visitor.post(visitor.path, visitor.form).expect("You have changed", name)
        except AssertionError as wrong:
            self.wrong[str(wrong)[:200]] += 1


class Bare:
    """Six requests to the floor, of which two are posts."""

    def __init__(self, visitor: Visitor):
        self.visitor, self.wrong = visitor, Counter()

    def journey(self) -> None:
        visitor = self.visitor
        visitor.get("/record").expect()
        visitor.get("/question").expect()
        visitor.post("/question", {"next": "/check", "answer": "part_time"}).expect()
        visitor.post("/check", {"next": "/confirmation"}).expect()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journeys", type=int, default=160, help="of each kind in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kit", action="store_true", help="beside the GOV.UK Prototype Kit, too")
    arguments = parser.parse_args()
    beside = peer() if arguments.kit else nullcontext()
    with beside as kit, place(ects=max(AT_ONCE) * ECTS_EACH) as where, where.served() as service:
        compare(where, service, kit, arguments.journeys, arguments.rounds)


def compare(where: Place, service: Service, kit: Peer | None, journeys: int, rounds: int) -> None:
    with floor(pages_of_a_journey(where, service)) as bare:
        kinds: dict[str, tuple[Service, list]] = {
            "floor": (bare, [Bare(Visitor(bare.port).get("/sign-in")) for _ in range(max(AT_ONCE))]),
            "pages": (service, people(service, where.ects, max(AT_ONCE), is_htmx=False)),
            "htmx": (service, people(service, where.ects, max(AT_ONCE), is_htmx=True)),
        }
        if kit:
            kinds["kit"] = kit, [PeersVisitor(kit.port, number) for number in range(max(AT_ONCE))]
        cost: dict[tuple, list[float]] = {}
        speed: dict[tuple, list[float]] = {}
        wrong: Counter = Counter()
        for _ in range(rounds):
            for many in AT_ONCE:
                for kind, (served, everybody) in kinds.items():
                    if served is kit:
                        kit.forget_visitors()
                    before = wrong_in(everybody)
                    took, cpu = timed(served, everybody[:many], journeys)
                    failed = wrong_in(everybody) - before
                    wrong[kind, many] += failed
                    cost.setdefault((kind, many), []).append(cpu * 1000 / journeys)
                    speed.setdefault((kind, many), []).append((journeys - failed) / took)
        print(f"{'a journey':10}{'at once':>8}{'CPU':>10}{'÷ floor':>9}", f"{'÷ kit':>7}" if kit else "", end="")
        print(f"{'whole ones a second':>21}{'bytes':>8}{'wrong':>14}")
        for kind, many in cost:
            spent, whole = statistics.median(cost[kind, many]), statistics.median(speed[kind, many])
            beside = f"{ratio(cost, kind, 'kit', many):>8.2f}" if kit else ""
            print(
                f"{kind:10}{many:>8}{spent:>7.1f} ms{ratio(cost, kind, 'floor', many):>9.2f}{beside}{whole:>21.0f}"
                f"{bytes_of(kinds[kind][1][0]):>8,}{wrong[kind, many]:>6} of {journeys * rounds}"
            )


def ratio(cost: dict[tuple, list[float]], kind: str, other: str, many: int) -> float:
    return statistics.median(a / b for a, b in zip(cost[kind, many], cost[other, many], strict=True))


def wrong_in(everybody: list) -> int:
    return sum(sum(each.wrong.values()) for each in everybody)


def people(service: Service, ects: list[int], many: int, *, is_htmx: bool) -> list[Person]:
    """So many, who share out these ECTs."""
    return [
        Person(signed_in(service.port, (COLLEAGUE, "Naomi Fletcher")[number % 2]), ects[number::many], is_htmx=is_htmx)
        for number in range(many)
    ]


def timed(service: Service, everybody: list, journeys: int) -> tuple[float, float]:
    """Seconds that so many journeys took, shared out among everybody, and seconds of the service's CPU."""
    before, started = service.cpu(), time.perf_counter()
    at_once([lambda each=each: repeated(each, journeys // len(everybody)) for each in everybody])
    return time.perf_counter() - started, service.cpu() - before


def repeated(person, times: int) -> None:
    for _ in range(times):
        person.journey()


def at_once(acts: list[Callable]) -> None:
    with ThreadPoolExecutor(len(acts)) as threads:
        for future in [threads.submit(act) for act in acts]:
            future.result()


def bytes_of(person) -> int:
    before = person.visitor.bytes
    person.journey()
    return person.visitor.bytes - before


def pages_of_a_journey(where: Place, service: Service) -> dict[str, str]:
    """The whole pages that the floor hands out: name → HTML."""
    visitor, record = signed_in(service.port), f"/school/ects/{where.ects[0]}"
    page = f"{record}/change-working-pattern/working-pattern"
    pages = {"record": visitor.get(record).text, "question": visitor.get(page).text}
    pages["check"] = visitor.post(page, visitor.form | {"working_pattern": "part_time"}).text
    pages["confirmation"] = visitor.post(visitor.path, visitor.form).text
    return pages


if __name__ == "__main__":
    main()
