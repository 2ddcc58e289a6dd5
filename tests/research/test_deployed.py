"""Research outside the demo: moderators sign in through the provider of identities, cookies are for this host alone,
and what participants do isn't in the service's own log."""

import logging
from contextlib import closing
from contextvars import copy_context
from datetime import timedelta

import pytest

from clock import clock_at, now
from database import db
from research import sessions
from research.models import research_db, store_folder
from scenarios.check import check
from scenarios.scenario import scenario
from tests.identity import AVA, Way, outside_the_demo
from tests.research.conftest import Window

pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config")


@pytest.fixture
def deployed(research, issuer):
    """The service on https://localhost, with research switched on and what the demo's moderators planned."""
    settings = {"DATABASE_URL": f"sqlite:///{db.obj.database}", "RESEARCH": str(store_folder())}
    return copy_context().run(outside_the_demo, issuer, **settings)


@pytest.fixture
def way(deployed, issuer) -> Way:
    way = Way(SecureWindow(deployed), issuer, "/research/sign-in/provider")
    way.knows("ruth", **AVA | {"email": "Ruth.Allen@example.org", "organisation": None})
    way.knows("ava", **AVA)
    return way


class SecureWindow(Window):
    def send(self, method: str, path: str, **kwargs):
        return super().send(method, path, base_url="https://localhost", **kwargs)


def test_a_moderator_signs_in_through_the_provider(way):
    window = way.visitor.get("/research")
    assert window.heading == "Sign in to the research console"
    assert window.main.css_first("a[role=button]").attrs["href"] == way.begins
    assert not window.main.css("form")
    window.post("/research/sign-in", {"person_id": "1"}, 405, token=False)
    way.sign_in("ruth")
    assert window.heading == "Rounds"
    assert "Ruth Allen" in window.text
    (cookie,) = [cookie for cookie in window.client._cookies.values() if "moderator" in cookie.key]
    assert (cookie.key, cookie.path, cookie.secure, cookie.http_only) == ("__Host-moderator", "/", True, True)
    window.submit("Sign out")
    assert window.get("/research").heading == "Sign in to the research console"


def test_who_is_no_moderator_is_told_so(way):
    window = way.sign_in("ava", status=403)
    assert window.heading == "You cannot use the research console"
    assert "you are ava.hart@example.org" in window.text
    assert window.get("/research").heading == "Sign in to the research console"
    assert window.get("/school/ects").heading == "Sign in"


def test_an_address_is_its_first_owners_alone(way, deployed, issuer):
    """Two people behind one address, as where a mailbox was passed on: only the first one is the moderator."""
    way.sign_in("ruth")
    other = Way(SecureWindow(deployed), issuer, way.begins)
    other.knows("successor", **AVA | {"email": "Ruth.Allen@example.org", "organisation": None})
    assert other.sign_in("successor", status=403).heading == "You cannot use the research console"
    way.knows("ruth", **AVA | {"email": "ruth.married@example.org", "organisation": None})
    assert Way(SecureWindow(deployed), issuer, way.begins).sign_in("ruth").heading == "Rounds"


def test_going_back_to_a_way_that_was_used(way):
    address = way.agreed(way.there(), "ruth")
    way.back(address)
    assert way.back(address).heading == "Rounds"
    way.visitor.submit("Sign out")
    assert way.back(address, 400).heading == "Sign in again"


def test_signing_out_leads_through_the_provider(way):
    """Otherwise whoever comes next would be let in without being asked who they are."""
    way.sign_in("ruth").submit("Sign out")
    assert way.visitor.heading == "You have signed out"
    assert way.visitor.response.headers["Refresh"].startswith(f"0; url={way.issuer}/oauth2/end_session?")


def test_a_moderator_is_no_school_user(way):
    assert way.sign_in("ruth").get("/school/ects").heading == "Sign in"


def test_doing_nothing_for_two_hours_ends_it_and_the_feed_is_nothing(way):
    with research_db.connection_context():
        (session,) = sessions.plan_round("Autumn round", ["S01"], sessions=1).sessions
    window, began = way.sign_in("ruth"), now()
    with clock_at(began + timedelta(minutes=119)):
        assert window.get("/research").heading == "Rounds"
    with clock_at(began + timedelta(minutes=219)):
        window.send("get", f"/research/sessions/{session.id}/feed")
    with clock_at(began + timedelta(minutes=239)):
        assert window.get("/research").heading == "Sign in to the research console"


def test_too_many_starts_are_refused(way):
    with clock_at(now()):
        answers = [way.visitor.send("get", way.begins, follow_redirects=False).status_code for _ in range(31)]
    assert answers == [302] * 30 + [429]


def test_a_participant_in_a_deployment(deployed, held, caplog):
    """Their pages work there, their cookie is for this host alone, and the service's log has no line of them."""
    session = held("S01")
    window = SecureWindow(deployed).get(f"/visit/{session.token}")
    assert "Steven Taylor" in window.cards
    (cookie,) = [cookie for cookie in window.client._cookies.values() if "visit" in cookie.key]
    assert (cookie.key, cookie.path, cookie.secure) == ("__Host-visit", "/", True)
    with caplog.at_level(logging.INFO):
        SecureWindow(deployed).get(f"/visit/{session.token}").click("Steven Taylor")
    assert not [record for record in caplog.records if record.name == "service.requests"]


def test_scenarios_are_checked_there_too(deployed):
    with closing(db):
        assert check(deployed, scenario("S07")) == []
