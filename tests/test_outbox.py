"""The demo's emails: seen on /outbox before and after they are sent, and their links. What they say is in
test_notices.py."""

import time
from datetime import timedelta

import pytest
import requests

from clock import clock_at
from database import db
from domain import notices
from models import LeadProvider, Message
from scenarios import demo
from tests.bench.service import served
from tests.conftest import both_engines, person
from tests.identity import AVA, Way, issuer_of, outside_the_demo, running
from tests.reports import address, body
from tests.test_notices import MONDAY, QUARTER, all_told, happens  # noqa: F401 - a fixture
from tests.visitor import Visitor, words
from web.emails import Outbox

pytestmark = pytest.mark.usefixtures("all_told")


def withdraw_hannah(app, visitor: Visitor) -> None:
    """As the curl that the start prints."""
    with app.app_context():
        token = demo.token_of(LeadProvider.get(name="Ambition Institute"))
    attributes = {"reason": "other", "course_identifier": "ecf-induction"}
    answer = visitor.send(
        "put",
        address(person("Hannah Clarke"), "withdraw"),
        json=body("withdraw", attributes),
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200


@both_engines
def test_two_minutes_with_the_outbox(app, visitor):
    """Withdrawn by curl, the message is on /outbox, and its link opens the record."""
    assert "There are none yet" in visitor.get("/sign-in").click("See the emails to schools").text
    with clock_at(MONDAY):
        withdraw_hannah(app, visitor)
        visitor.get("/outbox")
    assert visitor.row("To") == "naomi.fletcher@example.org"
    assert visitor.row("Will be sent") == "20 April 2026 at 10:15am"
    subject = "Action required: Ambition Institute no longer trains one of your early career teachers"
    assert [words(each) for each in visitor.main.css("h2")] == [subject]
    link = next(each for each in visitor.links if "/ects/" in each)
    visitor.click(link)
    assert visitor.heading == "Sign in to the demonstration"
    visitor.choose("Naomi Fletcher", "Sign in")
    assert visitor.heading == "Hannah Clarke"
    with clock_at(MONDAY + QUARTER):
        assert notices.send(Outbox(), app.config) == {"sent": 1}
        visitor.get("/outbox")
    assert visitor.row("Sent") == "20 April 2026 at 10:15am"
    assert visitor.row("Will be sent") == ""


def test_what_happens_in_the_evening_will_be_sent_in_the_morning(visitor):
    evening, night = MONDAY.replace(hour=18, minute=50), (MONDAY + timedelta(days=1)).replace(hour=2)
    happens(evening, "withdraw", person("Hannah Clarke"))
    for moment in (evening, night):
        with clock_at(moment):
            assert visitor.get("/outbox").row("Will be sent") == "21 April 2026 at 7am"


def test_looking_changes_nothing(visitor):
    happens(MONDAY, "withdraw", person("Hannah Clarke"))
    with clock_at(MONDAY + QUARTER):
        visitor.get("/outbox").get("/outbox")
    assert not Message.select().exists()


def test_there_is_no_outbox_outside_the_demo(world):
    assert Visitor(outside_the_demo("http://localhost:1")).send("get", "/outbox").status_code == 404


@pytest.mark.filterwarnings("ignore:get_jwt_config")
def test_a_message_leads_through_the_provider_of_identities_to_the_record(world):
    """Also where the link is the first that a browser sees of the service."""
    hannah = person("Hannah Clarke")
    with running() as server:
        app = outside_the_demo(issuer_of(server))
        happens(MONDAY, "withdraw", hannah)
        with clock_at(MONDAY):
            (message,) = notices.upcoming(app.config)
        link = f"https://localhost/school/ects/{hannah.id}"
        assert link in message.body.splitlines()
        way = Way(Visitor(app), issuer_of(server))
        way.knows("ava", **AVA)
        start = way.visitor.get(link.removeprefix("https://localhost"))
        assert start.heading == "Sign in"
        (button,) = [each.attrs["href"] for each in start.main.css("a") if words(each) == "Sign in with DfE Sign-in"]
        there = way.visitor.send("get", button, follow_redirects=False).location
        assert way.back(way.agreed(there, "ava")).heading == "Hannah Clarke"


def test_the_demo_sends_beside_its_requests(world):
    """As it is served, with nothing else running."""
    happens(MONDAY, "withdraw", person("Hannah Clarke"))
    db.close()
    demo = {"DEMO": "1", "SECRET_KEY": "only for tests, and long enough", "TODAY": "2026-04-20", "DATABASE_URL": world}
    with served(**demo) as service:
        deadline = time.monotonic() + 30
        while "Sent" not in (shown := requests.get(f"http://127.0.0.1:{service.port}/outbox", timeout=10).text):
            assert time.monotonic() < deadline, shown
    assert "20 April 2026 at midday" in shown
