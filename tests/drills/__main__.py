"""All drills one after the other: `python -m tests.drills`, or smaller ones with `--short`."""

import argparse
import sys
import time
from collections.abc import Iterator

from tests.drills import (
    copies,
    crowd,
    failover,
    faults,
    feed,
    filling,
    kill,
    national,
    notices,
    several,
    slow_clients,
    together,
    upgrade,
)

ENGINES = ("sqlite", "postgresql")


def full() -> Iterator[list[str]]:
    for engine in ENGINES:
        yield [kill.drill(engine)]
        yield [together.drill(engine)]
        yield [feed.drill(engine)]
        yield [upgrade.drill(engine)]
        yield [crowd.drill(engine)]
        yield [filling.drill(engine)]
        yield [notices.drill(engine), *(notices.drill(engine, without=what) for what in ("reference", "order"))]
    yield faults.drill_sqlite()
    yield faults.drill_postgresql()
    yield [failover.drill(is_synchronous=True), failover.drill(is_synchronous=False)]
    yield [several.drill()]
    yield [copies.drill()]
    yield [national.drill()]
    yield slow_clients.drill()


def short() -> Iterator[list[str]]:
    yield [kill.drill("sqlite", confirms=24, kills=6)]
    yield [together.drill("postgresql", rounds=8, presses=8)]
    yield [feed.drill("postgresql", rounds=1)]
    yield [upgrade.drill("sqlite", kills=1)]
    yield faults.drill_sqlite(tries=1)
    yield faults.drill_postgresql(tries=1)
    yield [crowd.drill("sqlite", many=24, journeys=2), crowd.drill("postgresql", many=24, journeys=2)]
    yield [failover.drill(seconds=4)]
    yield [several.drill(journeys=2)]
    yield [copies.drill(copies=2, restores=1)]
    yield [national.drill(schools=300)]
    yield [filling.drill("sqlite", kills=3, people=1_000)]
    # Its controls are for the full drills: a few kills may hit nothing by luck.
    yield [notices.drill("sqlite", many=40), notices.drill("postgresql", many=40)]
    yield slow_clients.drill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer rounds of each")
    begun = time.monotonic()
    for results in short() if parser.parse_args().short else full():
        for result in results:
            print(f"{time.monotonic() - begun:5.0f} s  {result}")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
