"""The peer beside which journeys are measured: one of ours in the GOV.UK Prototype Kit, as a prototyper would build it
(kit/), served as the kit serves in production. It is fetched from npm the first time."""

import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.service import ROOT, Service, free_port, wait_for
from tests.bench.visitor import Visitor

VERSION = "13.20.3"
FOLDER = ROOT / "instance" / f"prototype-kit-{VERSION}"
PROTOTYPE = Path(__file__).parent / "kit"
PASSWORD = "research"
RECORD = "/ects/1"
PAGE = f"{RECORD}/change-lead-provider"
PROVIDERS = (
    *("Best Practice Network", "Education Development Trust", "National Institute of Teaching"),
    *("Teach First", "UCL Institute of Education"),
)


class Peer(Service):
    def forget_visitors(self) -> None:
        """The kit keeps a file for each session, and becomes slower with each that it has."""
        for session in (FOLDER / ".tmp" / "sessions").glob("*.json"):
            session.unlink(missing_ok=True)


@contextmanager
def peer() -> Iterator[Peer]:
    if not (FOLDER / "package.json").exists():
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        create = ["npx", "--yes", f"govuk-prototype-kit@{VERSION}", "create", "--version", VERSION, str(FOLDER)]
        subprocess.run(create, check=True, capture_output=True)
    shutil.copytree(PROTOTYPE, FOLDER / "app", dirs_exist_ok=True)
    port = free_port()
    environment = {
        **os.environ,
        "PORT": str(port),
        "PASSWORD": PASSWORD,
        "USE_HTTPS": "false",
        "NODE_ENV": "production",
    }
    quiet = subprocess.DEVNULL
    serve = ["node_modules/.bin/govuk-prototype-kit", "serve"]
    process = subprocess.Popen(serve, cwd=FOLDER, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        wait_for(port)
        yield Peer(process, port)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


class PeersVisitor:
    """Somebody new at each journey, who has typed the prototype's password already. `wrong`: journeys in which an
    answer wasn't theirs."""

    def __init__(self, port: int, number: int):
        self.visitor, self.number, self.wrong = Visitor(port), number, Counter()
        self.visitor.post("/manage-prototype/password", {"password": PASSWORD, "returnURL": RECORD})
        self.visitor.expect("Steven Taylor")
        self.password = {"authentication": self.visitor.cookies["authentication"]}

    def journey(self) -> None:
        visitor, self.number = self.visitor, self.number + 1
        visitor.cookies = dict(self.password)
        mine = PROVIDERS[self.number % len(PROVIDERS)]
        try:
            visitor.get(RECORD).expect("Steven Taylor")
            visitor.get(PAGE).expect("Select the new lead provider")
            visitor.post(PAGE, {"lead_provider": mine}).expect("Check your answers", mine)
            visitor.post(f"{PAGE}/check", {}).expect(f"{mine} chosen")
        except AssertionError as wrong:
            self.wrong[str(wrong)[:80]] += 1
