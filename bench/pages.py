"""What pages cost: milliseconds of CPU for each request, and bytes, beside a bare Flask application that hands out the
same pages ready-made (the floor). `python -m bench.pages`."""

import argparse
import re
import statistics
import tempfile
from pathlib import Path

import scenarios
from app import create_app
from bench.service import Service, floor, served
from bench.visitor import Visitor
from clock import clock_at
from database import db, migrate
from models import Participant, Teacher
from tests.conftest import TODAY

KEY = "only for measuring " * 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=300, help="of one kind in a round")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), arguments.rounds, arguments.requests)


def measure(folder: Path, rounds: int, requests: int) -> None:
    paths = make_world(folder / "world.sqlite3")
    environment = {"DATABASE_URL": f"sqlite:///{folder}/world.sqlite3", "DEMO": "1", "SECRET_KEY": KEY}
    environment["TODAY"] = TODAY.isoformat()
    with served("app:create_app()", **environment) as ours:
        whole, partial = signed_in(ours), signed_in(ours, is_htmx=True)
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


def make_world(path: Path) -> dict[str, str]:
    """The demo world at this path. Gives the pages to measure: name → address."""
    app = create_app(DATABASE_URL=f"sqlite:///{path}", SECRET_KEY=KEY, DEMO=True)
    migrate()
    with app.app_context(), clock_at(TODAY), db.connection_context():
        scenarios.load_world()
        steven = Participant.select().join(Teacher).where(Teacher.trs_last_name == "Taylor").get()
    db.obj.close_all()
    record = f"/school/ects/{steven.id}"
    return {"record": record, "list": "/school/ects", "question": f"{record}/change-lead-provider/lead-provider"}


def signed_in(service: Service, *, is_htmx: bool = False) -> Visitor:
    visitor = Visitor(service.port)
    visitor.get("/sign-in").expect("Naomi Fletcher")
    naomi = re.search(r'value="(\d+)"[^>]*>\s*<label[^>]*>\s*Naomi Fletcher', visitor.text)[1]
    visitor.post("/sign-in", visitor.hidden | {"school_user_id": naomi}).expect("Early career teachers (ECTs)")
    visitor.is_htmx = is_htmx
    return visitor


def cpu(service: Service, visitor: Visitor, path: str, requests: int) -> float:
    """Milliseconds of CPU for a request, on average of so many."""
    before = service.cpu()
    for _ in range(requests):
        visitor.get(path)
    visitor.expect()
    return (service.cpu() - before) * 1000 / requests


if __name__ == "__main__":
    main()
