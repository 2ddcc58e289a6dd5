"""The providers' feed: clients with pages of every size make copies and keep them up to date, while schools and
providers act, on servers whose clocks differ and are set back. In the end every copy equals the whole list, field by
field."""

import argparse
import json
import random
import secrets
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from peewee import OperationalError

import clock
from clock import OWN, World, entered
from database import db, open_database, tried_again
from database.faults import kind_of
from domain import participants, partnerships, reports, training
from domain.changes import ChangedSince, RuleBroken
from models import (
    ActiveLeadProvider,
    ApiToken,
    DeliveryPartnership,
    LeadProvider,
    Participant,
    SchoolPartnership,
    SchoolUser,
    digest,
)
from tests.bench.place import Place, place

PAGES = (7, 100, 3000)
LISTS = ("participants", "participants/transfers", "unfunded-mentors", "partnerships", "schools?filter[cohort]=2025")
CLOCKS = (0, 2, -5)
"""By how many seconds the clock of each server that acts is off. The last one is set back while it acts."""


def drill(
    engine: str = "sqlite", rounds: int = 17, people: int = 1200, seconds: float = 6, per_second: int = 20
) -> str:
    """17 rounds are 102 first copies; one of 1,800 seconds is half an hour of following."""
    with place(engine, ects=people) as where, where.served(TODAY="") as service:
        lost, copies, acts, polls = run(where, service.port, rounds, seconds, per_second)
        with where.looked_at():
            deadlocks = number_of_deadlocks()
    assert not lost, lost[:5]
    assert not deadlocks, deadlocks
    return (
        f"feed, {engine}: {copies} first copies with pages of 7, 100 and 3,000 and {polls:,} requests during {acts:,} "
        f"changes ({acts / rounds / seconds:.0f} a second, {rounds} times {seconds:.0f} s), clocks off by 2 s and set "
        "back by 5 s: 0 lost, 0 told in the future, 0 deadlocks"
    )


def number_of_deadlocks() -> int:
    if not hasattr(db.obj, "replica"):
        return 0
    return db.execute_sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()[0]


def run(where: Place, port: int, rounds: int, seconds: float, per_second: int) -> tuple[list, int, int, int]:
    """What was lost, how many copies were made, how many changes there were, how many polls."""
    lost, acts, copies, polls = [], 0, 0, 0
    for _ in range(rounds):
        tokens = new_tokens(where, 2 * len(PAGES))
        clients = [kind(port, tokens.pop(), size) for size in PAGES for kind in (ByLinks, ByGreatest)]
        actors = [act_elsewhere(where, off, seconds, per_second / len(CLOCKS)) for off in CLOCKS]
        is_over = threading.Event()
        with ThreadPoolExecutor(len(clients)) as threads:
            following = [threads.submit(client.follow, is_over) for client in clients]
            try:
                acts += sum(int(actor.communicate(timeout=seconds + 120)[0] or 0) for actor in actors)
                assert not any(actor.returncode for actor in actors), "an actor failed"
                time.sleep(max(CLOCKS) + 1)  # until no server's clock is ahead of what was stamped
            finally:
                is_over.set()
            lost += [fault for future in following for fault in future.result()]
        for client in clients:
            lost += client.differences()
            polls += client.asked
        copies += len(clients)
    return lost, copies, acts, polls


def new_tokens(where: Place, number: int) -> list[str]:
    tokens = [secrets.token_hex(16) for _ in range(number)]
    with where.looked_at():
        for token in tokens:
            provider = LeadProvider.get(name="Ambition Institute")
            ApiToken.create(digest=digest(token), lead_provider=provider, description="for a drill")
    return tokens


# --- clients -------------------------------------------------------------------------------------------------


class Client:
    """`copy`: list → id → what was last told of it."""

    def __init__(self, port: int, token: str, size: int):
        self.connection, self.size, self.asked = HTTPConnection("127.0.0.1", port, timeout=60), size, 0
        self.headers = {"Authorization": f"Bearer {token}"}
        self.copy: dict[str, dict[str, dict]] = {name: {} for name in LISTS}
        self.faults: list = []

    def get(self, address: str) -> dict:
        self.asked += 1
        while True:
            try:
                self.connection.request("GET", address, headers=self.headers)
                response = self.connection.getresponse()
            except ConnectionError:  # it was idle for long
                self.connection.close()
                continue
            body = response.read()
            if response.status == 200:
                return json.loads(body)
            if response.status not in (429, 503):
                raise AssertionError((response.status, address, body))
            time.sleep(0.2)

    def keep(self, name: str, answer: dict) -> None:
        for each in answer["data"]:
            self.copy[name][each["id"]] = each
            at = datetime.fromisoformat(each["attributes"]["updated_at"])
            if at > datetime.now(UTC):
                self.faults.append(("in the future", name, each["id"], at))

    def follow(self, is_over: threading.Event) -> list:
        """Begin at any moment, and go on until everything is over, and once more."""
        time.sleep(random.uniform(0, 2))
        try:
            for name in LISTS:
                self.begin(name)
            while not is_over.wait(0.2):
                self.poll(random.choice(("participants",) * 5 + LISTS))
            for name in LISTS:
                self.poll(name)
        except AssertionError as error:
            self.faults.append(("an error", *error.args))
        return self.faults

    def address(self, name: str, **asked) -> str:
        return f"/api/v3/{name}{'&' if '?' in name else '?'}{urlencode({'page[per_page]': self.size} | asked)}"

    def differences(self) -> list:
        """Between the copy and a whole list."""
        found = []
        self.size = 3000
        for name in LISTS:
            answer = self.get(self.address(name))
            assert not answer["links"]["next"]
            whole = {each["id"]: each for each in answer["data"]}
            found += [(type(self).__name__, name, each) for each in whole if whole[each] != self.copy[name].get(each)]
        return found


class ByLinks(Client):
    """Goes where the answers lead."""

    def begin(self, name: str) -> None:
        self.changes = getattr(self, "changes", {})
        self.changes[name] = self.all_from(name, self.address(name))

    def poll(self, name: str) -> None:
        self.changes[name] = self.all_from(name, self.changes[name])

    def all_from(self, name: str, address: str | None) -> str:
        while address:
            answer = self.get(urlsplit(address)._replace(scheme="", netloc="").geturl())
            self.keep(name, answer)
            address = answer["links"]["next"]
        return answer["links"]["changes"]


class ByGreatest(Client):
    """Asks again from the greatest `updated_at` that it was told."""

    def begin(self, name: str) -> None:
        self.since = getattr(self, "since", {})
        self.since[name] = ""
        self.poll(name)

    def poll(self, name: str) -> None:
        address = self.address(name, sort="updated_at", **{"filter[updated_since]": self.since[name]})
        while address:
            answer = self.get(urlsplit(address)._replace(scheme="", netloc="").geturl())
            self.keep(name, answer)
            told = [each["attributes"]["updated_at"] for each in answer["data"]]
            self.since[name] = max([self.since[name], *told])
            address = answer["links"]["next"]


# --- who acts, each as on a server of their own ----------------------------------------------------------------


def act_elsewhere(where: Place, off: int, seconds: float, per_second: float) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "tests.drills.feed",
        "--act",
        where.address,
        str(off),
        str(seconds),
        str(per_second),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def act(address: str, off: str, seconds: str, per_second: str) -> int:
    """So many changes a second. Gives how many were made."""
    begun, done = time.monotonic(), 0
    db.initialize(open_database(address))
    with entered(World(database=OWN)), db.connection_context():
        ects = [row.id for row in Participant.select(Participant.id).where(Participant.role == "ect")]
        while (passed := time.monotonic() - begun) < float(seconds):
            # The clock that is behind is right at first: it is set back.
            is_off = int(off) > 0 or passed > float(seconds) / 2
            shift_clock(int(off) if is_off else 0)
            try:
                tried_again(lambda: something(random.choice(ects)))
                done += 1
            except (RuleBroken, ChangedSince, PermissionError, AttributeError):
                pass
            except OperationalError as error:
                if kind_of(error) != "busy":
                    raise
            time.sleep(max(0, begun + (done + 1) / float(per_second) - time.monotonic()))
    db.obj.close_all()
    return done


def shift_clock(seconds: int) -> None:
    class Shifted(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime.now(zone) + timedelta(seconds=seconds)

    clock.datetime = Shifted


def something(ect_id: int) -> None:
    """One act, of whatever kind."""
    ect = Participant.get_by_id(ect_id)
    user = SchoolUser.get(school=ect.school_id)
    ambition = LeadProvider.get(name="Ambition Institute")
    other = random.choice([provider for provider in LeadProvider.select() if provider != ambition])
    course = {"course_identifier": "ecf-induction"}
    number = random.randrange(10**6)
    acts = [
        lambda: participants.change_email_address(ect, user, email=f"a{number}@example.org"),
        lambda: participants.change_email_address(ect, user, email=f"b{number}@example.org"),
        lambda: participants.change_working_pattern(
            ect, user, working_pattern=random.choice(["full_time", "part_time"])
        ),
        lambda: reports.withdraw(ambition, ect.teacher, reason="other", **course),
        lambda: reports.defer(ambition, ect.teacher, reason="other", **course),
        lambda: training.change_lead_provider(ect, user, lead_provider_id=random.choice([ambition, other]).id),
        lambda: reports.change_schedule(
            ambition, ect.teacher, schedule_identifier=f"ecf-extended-{random.choice(['april', 'january'])}", **course
        ),
        lambda: change_delivery_partner(ambition),
    ]
    random.choice(acts)()


def change_delivery_partner(provider: LeadProvider) -> None:
    """Of all people of a partnership at once."""
    ours = SchoolPartnership.select().join(ActiveLeadProvider).where(ActiveLeadProvider.lead_provider == provider)
    # Not the one of all the drill's people: that takes seconds.
    partnership = random.choice(list(ours.where(ActiveLeadProvider.contract_period != 2025)))
    paired = DeliveryPartnership.select().where(
        DeliveryPartnership.active_lead_provider == partnership.active_lead_provider_id
    )
    partner = random.choice(list(paired)).delivery_partner
    partnerships.change_delivery_partner(provider, partnership, delivery_partner_id=str(partner.api_id))


def main() -> None:
    if sys.argv[1:2] == ["--act"]:
        print(act(*sys.argv[2:]))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=17)
    parser.add_argument("--seconds", type=float, default=6, help="that each round takes")
    parser.add_argument("--engines", nargs="+", default=["sqlite", "postgresql"])
    arguments = parser.parse_args()
    for engine in arguments.engines:
        print(drill(engine, arguments.rounds, seconds=arguments.seconds))


if __name__ == "__main__":
    main()
