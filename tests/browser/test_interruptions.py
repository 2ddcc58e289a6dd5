"""What goes wrong for real: the server is killed while it answers, the line is cut in the middle of an answer. The
service runs in a process of its own here, at the other end of a line that the test can cut."""

import os
import re
import secrets
import socket
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path

import apsw
import pytest
from playwright.sync_api import expect

from database import db
from models import Answers, Event
from tests.browser.pages import button, press, refused, to_question
from tests.conftest import TODAY, person

ROOT = Path(__file__).parents[2]
NAME = "Steven Taylor"
DONE = f"You have chosen Teach First to train {NAME}"
NO_ANSWER = re.compile("We could not reach the service")


class Service:
    """The service in a process of its own."""

    def __init__(self, database: str):
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            self.port = probe.getsockname()[1]
        settings = {"DATABASE_URL": database, "DEMO": "1", "SECRET_KEY": secrets.token_hex(32), "TODAY": str(TODAY)}
        self.environment = {**os.environ, **settings}
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "app", "run", "--port", str(self.port)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert any(b"Running on" in line for line in self.process.stderr), "the service did not start"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class Line:
    """What lies between the browser and the service. It carries everything until it is cut."""

    def __init__(self, service: Service):
        self.service, self.left = service, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                browser, _ = self.listener.accept()
                with suppress(ConnectionRefusedError):
                    service = socket.create_connection(("127.0.0.1", self.service.port))
                    threading.Thread(target=self.carry, args=(browser, service, False), daemon=True).start()
                    threading.Thread(target=self.carry, args=(service, browser, True), daemon=True).start()
                    continue
                browser.close()

    def carry(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with source, target:
            with suppress(OSError):
                while data := source.recv(65536):
                    if is_answer and self.left is not None:
                        data, self.left = data[: self.left], max(self.left - len(data), 0)
                    target.sendall(data)
                    if is_answer and self.left == 0:
                        break
            for end in (source, target):
                with suppress(OSError):  # closing alone would leave the other thread waiting, and the browser with it
                    end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def service(world) -> Service:
    db.close()
    service = Service(world)
    yield service
    service.kill()


@pytest.fixture
def line(service) -> Line:
    line = Line(service)
    yield line
    line.listener.close()


@pytest.fixture
def address(line) -> str:
    return line.address


@pytest.fixture
def database(world):
    """Another program with the same database, which can keep the service waiting."""
    with closing(apsw.Connection(world.removeprefix("sqlite:///"))) as connection:
        yield connection


def test_a_killed_server_and_a_cut_line_lose_nothing_and_do_nothing_twice(naomi, window, service, line, database):
    window.expected += ["net::ERR_", "Failed to fetch", "network error"]
    naomi.clock.install()
    to_question(naomi, NAME)
    naomi.get_by_label("Teach First").check()
    cut_off(naomi, "Continue", line)
    expect(naomi.get_by_label("Teach First")).to_be_checked()
    press(naomi, "Continue", f"Check and confirm: change lead provider for {NAME}")

    database.execute("BEGIN IMMEDIATE")  # so that it is still answering when it is killed
    with naomi.expect_request(lambda request: request.method == "POST"):
        button(naomi, "Confirm change").click()
    service.kill()
    refused(naomi, NO_ANSWER)
    database.execute("ROLLBACK")
    assert changes() == 0
    service.start()
    naomi.reload()

    cut_off(naomi, "Confirm change", line)
    assert changes() == 1, "it is made, and nobody knows: pressing the button again shows that it is"
    press(naomi, "Confirm change", DONE)
    assert changes() == 1
    with db.connection_context():
        assert not Answers.get().posted
    assert window.loads() == 2


def cut_off(page, text: str, line: Line) -> None:
    """In the middle of the answer, after its headers and a part of the page; then the line carries again."""
    line.left = 700
    button(page, text).click()
    refused(page, NO_ANSWER)
    line.left = None
    page.clock.fast_forward(1300)  # for a second, GOV.UK Frontend takes another click for a double one


def changes() -> int:
    with db.connection_context():
        events = person(NAME).events.where(Event.event_type == "teacher_training_lead_provider_updated")
        return events.count()
