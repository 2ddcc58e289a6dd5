"""Several servers. Two application servers work on one PostgreSQL primary, and one browser's requests go to one and the
other in turn: a whole journey, with script and without. Lead providers' lists are read from a replica, which here is
made to stop following for a while, and then dies: nothing that providers poll for is missed, and nobody notices."""

import json
import tempfile
import threading
from contextlib import ExitStack
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path

from tests.bench.journeys import Person
from tests.bench.place import at, signed_in
from tests.bench.postgresql import Cluster
from tests.bench.visitor import Visitor
from tests.drills.failover import Renaming, until_it_follows


def drill(journeys: int = 10) -> str:
    with tempfile.TemporaryDirectory(prefix="drill-") as name, Cluster(Path(name) / "primary").running() as primary:
        replica = Cluster(Path(name) / "replica").copy_of(primary, "replica")
        where = at(Path(name), primary.address("register"), ects=2)
        replica.start()
        until_it_follows(primary)
        where.environment["REPLICA_URL"] = replica.address("register")
        try:
            with ExitStack() as stack:
                services = [stack.enter_context(where.served()) for _ in range(2)]
                people = [
                    between(services, ect, is_htmx=is_htmx)
                    for ect, is_htmx in zip(where.ects, (True, False), strict=True)
                ]
                for person in people * journeys:
                    person.journey()
                    assert not person.wrong, person.wrong
                poll = Poll(services[0].port, where.tokens[0])
                school = Renaming(services[1].port, where.ects[0], threading.Event())
                lists_lag(primary, replica, poll, school)
                both = [
                    Poll(stack.enter_context(where.served(TODAY="", REPLICA_URL=url)).port, where.tokens[0])
                    for url in ("", replica.address("register"))
                ]
                pages_of_both(replica, *both, school)
                replica.kill()
                assert school.is_done("after@example.org")
                assert "after@" in poll(), "the primary answers in the replica's place"
            assert not (found := where.faults()), found
        finally:
            replica.stop("immediate")
        return (
            f"two servers in turn for one browser: {2 * journeys} journeys; lists came from a replica while it stood "
            "still, and from the primary when it was killed; whoever had pages of both missed nothing"
        )


def between(services: list, ect: int, *, is_htmx: bool) -> Person:
    """Somebody whose every request goes to the other server."""
    visitor = signed_in(services[0].port)
    connections = cycle([Visitor(service.port).connection for service in services])
    ask = visitor._ask

    def ask_the_other(*request):
        visitor.connection = next(connections)
        return ask(*request)

    visitor._ask = ask_the_other
    return Person(visitor, [ect], is_htmx=is_htmx)


def lists_lag(primary: Cluster, replica: Cluster, poll: "Poll", school: Renaming) -> None:
    """Stop the replica's following: lists stay as they were, pages don't. When it follows again, lists catch up."""
    replica.run("SELECT pg_wal_replay_pause()")
    assert school.is_done("meanwhile@example.org")
    assert "meanwhile@" not in poll(), "the list came from the primary"
    replica.run("SELECT pg_wal_replay_resume()")
    target = primary.run("SELECT pg_current_wal_lsn()")[0][0]
    while replica.run(f"SELECT pg_last_wal_replay_lsn() < '{target}'")[0][0]:
        pass
    assert "meanwhile@" in poll(), "what was changed meanwhile is missed"


def pages_of_both(replica: Cluster, ahead: "Poll", behind: "Poll", school: Renaming) -> None:
    """A client's first page comes from a server that knows of a change, the others from one that doesn't."""
    assert "between@" not in ahead(), "it has begun its day now"
    replica.run("SELECT pg_wal_replay_pause()")
    assert school.is_done("between@example.org")
    address, server, told = "/api/v3/participants?page[per_page]=1", ahead, ""
    while address:
        page = server(address)
        told += page
        address, server = json.loads(page)["links"]["next"], behind
    assert "between@" not in told, "the other pages came from the primary"
    assert "between@" in ahead(json.loads(page)["links"]["changes"]), "what changed before those pages is missed"
    replica.run("SELECT pg_wal_replay_resume()")


class Poll:
    """Asks for a lead provider's list, as software does that wants to know what changed."""

    def __init__(self, port: int, token: str):
        self.port, self.headers = port, {"Authorization": f"Bearer {token}"}

    def __call__(self, address: str = "/api/v3/participants?page[per_page]=3000") -> str:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", address, headers=self.headers)
        told = connection.getresponse().read().decode()
        connection.close()
        return told


def main() -> None:
    print(drill())


if __name__ == "__main__":
    main()
