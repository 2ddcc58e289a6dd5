"""What pages cost: milliseconds of CPU for each request, and bytes, beside a bare Flask application that hands out the
same pages ready-made (the floor). `python -m tests.bench.pages`."""

import argparse
import statistics

from tests.bench.place import Place, place, signed_in
from tests.bench.service import Service, floor
from tests.bench.visitor import Visitor
from tests.conftest import person


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=300, help="of one kind in a round")
    arguments = parser.parse_args()
    with place() as where:
        measure(where, arguments.rounds, arguments.requests)


def measure(where: Place, rounds: int, requests: int) -> None:
    paths = addresses(where)
    with where.served() as ours:
        whole, partial = signed_in(ours.port), signed_in(ours.port)
        partial.is_htmx = True
        pages = {name: whole.get(path).expect().text for name, path in paths.items()}
        pages |= {f"{name}-htmx": partial.get(path).expect().text for name, path in paths.items()}
        with floor(pages) as ready:
            bare = Visitor(ready.port)
            bare.get("/sign-in")
            taken: dict[str, list[float]] = {}
            for _ in range(rounds):
                for name, path in paths.items():
                    taken.setdefault(f"{name} floor", []).append(cpu(ready, bare, f"/{name}", requests))
                    taken.setdefault(name, []).append(cpu(ours, whole, path, requests))
                    taken.setdefault(f"{name}-htmx floor", []).append(cpu(ready, bare, f"/{name}-htmx", requests))
                    taken.setdefault(f"{name}-htmx", []).append(cpu(ours, partial, path, requests))
            print(f"{'':24}{'floor':>12}{'ours':>12}{'ratio':>9}{'bytes':>9}")
            for name in [each for path in paths for each in (path, f"{path}-htmx")]:
                ratios = [a / b for a, b in zip(taken[name], taken[f"{name} floor"], strict=True)]
                medians = [statistics.median(taken[key]) for key in (f"{name} floor", name)]
                visitor = partial if name.endswith("htmx") else whole
                before = visitor.bytes
                visitor.get(paths[name.removesuffix("-htmx")])
                print(
                    f"{name:24}{medians[0]:>9.2f} ms{medians[1]:>9.2f} ms{statistics.median(ratios):>9.2f}"
                    f"{visitor.bytes - before:>9,}"
                )


def addresses(where: Place) -> dict[str, str]:
    """The pages to measure: name → address."""
    with where.looked_at():
        record = f"/school/ects/{person('Steven Taylor').id}"
    return {"record": record, "list": "/school/ects", "question": f"{record}/change-lead-provider/lead-provider"}


def cpu(service: Service, visitor: Visitor, path: str, requests: int) -> float:
    """Milliseconds of CPU for a request, on average of so many."""
    before = service.cpu()
    for _ in range(requests):
        visitor.get(path)
    visitor.expect()
    return (service.cpu() - before) * 1000 / requests


if __name__ == "__main__":
    main()
