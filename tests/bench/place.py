"""Where something is measured or drilled: a database with the demo world in it, the service on top, and people signed
in. What is measured is beside this file; drills are in drills/."""

import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import scenarios
from app import create_app
from clock import clock_at
from database import db, migrate, open_database
from domain import maintenance
from models import ApiToken, LeadProvider, Participant, School, SchoolUser, Teacher, digest
from tests.bench.postgresql import Cluster
from tests.bench.service import Service, served
from tests.bench.visitor import Visitor
from tests.conftest import TODAY

KEY = "only for drills " * 4
COLLEAGUE = "Nadia Colleague"


@dataclass
class Place:
    """A database with the demo world, where people of St John's may do things at once."""

    folder: Path
    address: str
    environment: dict[str, str]
    ects: list[int]
    """Participants of St John's whom Ambition Institute trains, added for the drill."""
    tokens: list[str]
    """Of Ambition Institute's software: several, for each may ask only so often."""

    @contextmanager
    def served(self, by: tuple = (), **environment: str) -> Iterator[Service]:
        with served(by=by, log=self.folder / "log", **self.environment | environment) as service:
            yield service

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """The database, open in this process."""
        db.initialize(open_database(self.address))
        with db.connection_context(), clock_at(TODAY):
            yield
        db.obj.close_all()

    def faults(self) -> list[str]:
        with self.looked_at():
            return maintenance.data_faults()


@contextmanager
def place(engine: str = "sqlite", ects: int = 0) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        if engine == "sqlite":
            yield at(Path(folder), f"sqlite:///{folder}/register.sqlite3", ects)
        else:
            with Cluster(Path(folder) / "server").running() as cluster:
                yield at(Path(folder), cluster.address("register"), ects)


def at(folder: Path, address: str, ects: int = 0) -> Place:
    app = create_app(DATABASE_URL=address, SECRET_KEY=KEY, DEMO=True, TODAY=TODAY)
    migrate()
    with app.app_context(), clock_at(TODAY), db.connection_context(), db.atomic():
        scenarios.load_world()
        tokens = [secrets.token_hex(16) for _ in range(8)]
        for token in tokens:
            provider = LeadProvider.get(name="Ambition Institute")
            ApiToken.create(digest=digest(token), lead_provider=provider, description="for a drill")
        school = School.get(urn="900001")
        SchoolUser.create(school=school, name=COLLEAGUE, email="nadia.colleague@example.org")
        steven = next(each for each in scenarios.read("world")["schools"][0]["ects"] if each["name"] == "Hannah Clarke")
        for number in range(ects):
            scenarios.load_participant(
                school, "ect", steven | {"name": f"Ada Drill{number}", "trn": str(4000000 + number)}
            )
        added = Participant.select().join(Teacher).where(Teacher.trs_first_name == "Ada").order_by(Participant.id)
        ids = [participant.id for participant in added]
    db.obj.close_all()
    environment = {"DATABASE_URL": address, "DEMO": "1", "SECRET_KEY": KEY, "TODAY": TODAY.isoformat()}
    return Place(folder, address, environment, ids, tokens)


def signed_in(port: int, name: str = "Naomi Fletcher") -> Visitor:
    visitor = Visitor(port)
    visitor.get("/sign-in?next=/school/induction-tutor").expect(name)
    persona = re.search(rf'value="(\d+)"[^>]*>\s*<label[^>]*>\s*{name}', visitor.text)[1]
    # The second is what the release before, which the drill of an upgrade serves, calls it.
    chosen = dict.fromkeys(("person_id", "school_user_id"), persona)
    return visitor.post(visitor.path, visitor.form | chosen).expect("Induction tutor")


def same(visitor: Visitor) -> Visitor:
    """The same browser, over another connection."""
    other = Visitor(visitor.connection.port)
    other.cookies, other.text = dict(visitor.cookies), visitor.text
    return other
