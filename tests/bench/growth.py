"""How much longer things take among many people than among few: `python -m tests.bench.growth --help`.

Everything is asked through the application itself, in this process, once in each world in turn. Printed are medians,
and the ratio to the smallest world. A page of 3,000 is given for each 100 people on it: few worlds have so many.
"""

import argparse
import gzip
import json
import re
import statistics
import time
from collections.abc import Callable
from functools import cached_property
from urllib.parse import parse_qsl, quote, urlsplit

from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from clock import clock_at
from database import db, open_database
from domain import sign_ins
from models import Enrolment, LeadProvider, Participant, SchoolUser
from scenarios import demo
from tests.bench.visitor import form
from tests.bench.worlds import TODAY, postgresql_server, postgresql_world, sqlite_world
from views.lead_provider_api import REQUESTS

clock = time.process_time
SIZES = [1_000, 100_000]


class Api:
    """The API's list as one lead provider asks for it."""

    def __init__(self, app: Flask, client: FlaskClient):
        self.client = client
        with app.app_context(), db.connection_context():
            provider = LeadProvider.get(name="National Institute of Teaching")
            self.people = (
                Enrolment.select(Enrolment.teacher).where(Enrolment.lead_provider == provider).distinct().count()
            )
            self.headers = {"Authorization": f"Bearer {demo.token_of(provider)}", "Accept-Encoding": "gzip"}

    def ask(self, query: str, status: int = 200):
        response = self.client.get(f"/api/v3/participants?{query}", headers=self.headers)
        assert response.status_code == status, response.text
        return response

    @cached_property
    def asked(self) -> dict[str, tuple[Callable, int]]:
        """What is asked → how, and how many people are told of."""
        whole = min(self.people, 3000)
        last_50, last_whole = (self.last_full_page(per_page) for per_page in (50, whole))
        return {
            # Before the pages of 3,000: in a small world they are short, and leave less to whoever is asked next.
            "API, known already (304)": (self.ask_again, 50),
            "API, page of 50, the first": (lambda: self.page("", 50), 50),
            "API, page of 50, by updated_at": (lambda: self.page("sort=-updated_at", 50), 50),
            "API, page of 20, of one cohort": (lambda: self.page("filter[cohort]=2025", 20), 20),
            "API, page of 5, withdrawn": (lambda: self.page("filter[training_status]=withdrawn", 5), 5),
            "API, page of 50, the last full one": (lambda: self.page(last_50, 50), 50),
            "API, page of 3,000, the first": (lambda: self.page("", 3000, whole), whole),
            "API, page of 3,000, the last full one": (lambda: self.page(last_whole, 3000, whole), whole),
        }

    def before(self, name: str) -> None:
        pass

    def last_full_page(self, per_page: int) -> str:
        """The query for it, as `links.next` of the page before leads there."""
        before = self.people // per_page - 1
        if not before:
            return ""
        page = self.ask(f"page[per_page]={per_page}&page[page]={before}")
        further = json.loads(gzip.decompress(page.data))["links"]["next"]
        return "page[after]=" + dict(parse_qsl(urlsplit(further).query))["page[after]"]

    def page(self, query: str, per_page: int, people: int | None = None) -> None:
        response = self.ask(f"{query}&page[per_page]={per_page}")
        assert gzip.decompress(response.data).count(b'"full_name"') == (people or per_page)

    def ask_again(self) -> None:
        etag = getattr(self, "etag", None)
        if etag is None:
            self.etag = etag = self.ask("page[per_page]=50").headers["ETag"]
        response = self.client.get(
            "/api/v3/participants?page[per_page]=50", headers=self.headers | {"If-None-Match": etag}
        )
        assert response.status_code == 304


class Pages:
    """What somebody at one school asks for: in each world a school of the same size."""

    def __init__(self, app: Flask, client: FlaskClient):
        self.client = client
        with app.app_context(), db.connection_context():
            user = SchoolUser.select().order_by(SchoolUser.id).offset(3).first()
            token = sign_ins.start(user)
            active = Participant.finished_on.is_null() & (Participant.role == "ect")
            ects = Participant.select().where(active, Participant.school == user.school_id)
            # Working patterns may change whatever their training is.
            ect = next(each for each in ects.order_by(Participant.id) if each.working_pattern)
            self.last_name = ect.name.split()[-1]
        with client.session_transaction() as session:
            session["sign_in"] = token
        self.record = f"/school/ects/{ect.id}"
        self.journey = f"{self.record}/change-working-pattern"

    @property
    def asked(self) -> dict[str, tuple[Callable, int]]:
        return {
            "record": (lambda: self.get(self.record), 1),
            "list of ECTs": (lambda: self.get("/school/ects"), 1),
            "search by name": (lambda: self.get(f"/school/ects?q={quote(self.last_name)}"), 1),
            "news of an open record": (lambda: self.get(f"{self.record}/news?since=999", 204), 1),
            "confirm": (self.confirm, 1),
        }

    def before(self, name: str) -> None:
        """What comes before and isn't measured."""
        if name != "confirm":
            return
        page = self.get(f"{self.journey}/working-pattern")
        other = "part_time" if re.search(r'value="full_time" checked', page) else "full_time"
        self.get(f"{self.journey}/working-pattern", 303, form(page) | {"working_pattern": other})
        self.sent = form(self.get(f"{self.journey}/check-answers"))

    def confirm(self) -> None:
        self.get(f"{self.journey}/check-answers", 303, self.sent)

    def get(self, path: str, status: int = 200, sent: dict | None = None) -> str:
        headers = {"HX-Request": "true"} if path.partition("?")[0].endswith("/news") else {}
        response = self.client.open(path, method="POST" if sent else "GET", data=sent, headers=headers)
        assert response.status_code == status, (response.status, path)
        return response.text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="of the worlds, in participants")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    app = create_app(DATABASE_URL="sqlite:///:memory:", SECRET_KEY="only for measuring " * 3, DEMO=True)
    if arguments.engine == "sqlite":
        measure(app, {size: sqlite_world(app, size) for size in arguments.sizes}, arguments.rounds)
    else:
        with postgresql_server() as server:
            measure(app, {size: postgresql_world(app, server, size) for size in arguments.sizes}, arguments.rounds)


def measure(app: Flask, worlds: dict[int, str], rounds: int) -> None:
    taken: dict[str, dict[int, list[float]]] = {}
    databases = {size: open_database(address) for size, address in worlds.items()}
    asked = {}
    REQUESTS.most = 10**9
    with clock_at(TODAY):
        for number in range(-1, rounds):
            for size, database in databases.items():
                db.initialize(database)
                if number < 0:  # to warm up
                    asked[size] = [each(app, app.test_client()) for each in (Pages, Api)]
                for asker, name, ask, people in [(a, n, *each) for a in asked[size] for n, each in a.asked.items()]:
                    asker.before(name)
                    started = clock()
                    ask()
                    milliseconds = (clock() - started) * 1000
                    if number >= 0:
                        per = people / 100 if "3,000" in name else 1
                        taken.setdefault(name, {}).setdefault(size, []).append(milliseconds / per)
    sizes = list(worlds)
    print(f"{'':38}" + "".join(f"{size:>12,}" for size in sizes) + f"{'ratio':>9}")
    for name, by_size in taken.items():
        medians = [statistics.median(by_size[size]) for size in sizes]
        print(f"{name:38}" + "".join(f"{each:>9.1f} ms" for each in medians) + f"{medians[-1] / medians[0]:>9.2f}")


if __name__ == "__main__":
    main()
