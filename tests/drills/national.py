"""At the size of the country people confirm while the rules are asked, a copy is made and a lead provider reads pages
of 3,000: nobody is turned away, and it says how long they waited. `python -m tests.drills.national`."""

import argparse
import http.client
import threading
import time

from domain import data_checks
from scenarios.large import add_schools
from tests.bench.place import Place, place
from tests.bench.service import Service
from tests.drills.copies import flask
from tests.drills.kill import Confirming

SCHOOLS, PEOPLE = 30_000, 4


class Reading(threading.Thread):
    """A lead provider's software, which asks for its largest page again and again."""

    def __init__(self, service: Service, token: str, stop: threading.Event):
        super().__init__()
        self.port, self.headers, self.stop, self.pages = service.port, {"Authorization": f"Bearer {token}"}, stop, 0

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.stop.wait(1):
            connection.request("GET", "/api/v3/participants?page[per_page]=3000", headers=self.headers)
            response = connection.getresponse()
            response.read()
            self.pages += response.status == http.client.OK


def drill(schools: int = SCHOOLS) -> str:
    with place(ects=PEOPLE) as where:
        with where.looked_at():
            sum(add_schools(schools, seed=1))
            spent = asked()
        with where.served() as service:
            stop = threading.Event()
            people = [Confirming(service, each, stop) for each in where.ects]
            reading = Reading(service, where.tokens[0], stop)
            for each in (*people, reading):
                each.start()
            try:
                verified = took(where, "verify")
                copied = took(where, "backup", where.folder)
                died = [each for each in people if not each.is_alive()]
            finally:
                stop.set()
                for each in (*people, reading):
                    each.join()
        slowest, done = max(each.slowest for each in people), sum(each.acknowledged for each in people)
        assert not died, "somebody got a page that says that the service is busy"
        (copy,) = where.folder.glob("register-*.gz")
        return (
            f"{schools:,} schools: all rules in {spent:.1f} s of CPU; verify in {verified:.0f} s and a backup of "
            f"{copy.stat().st_size / 1e6:.0f} MB in {copied:.0f} s, meanwhile {done} confirms, the slowest in "
            f"{slowest:.2f} s, and {reading.pages} pages of 3,000"
        )


def asked() -> float:
    """Seconds of CPU for all rules."""
    begun = time.process_time()
    assert not (broken := data_checks.broken()), broken
    return time.process_time() - begun


def took(where: Place, *command: object) -> float:
    begun = time.monotonic()
    flask(where, *command)
    return time.monotonic() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schools", type=int, default=SCHOOLS)
    print(drill(parser.parse_args().schools))


if __name__ == "__main__":
    main()
