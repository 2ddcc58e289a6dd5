"""“Contact support”: a form from every page, signed in or not, kept and sent on; and support's list of queries."""

import pytest

from clock import clock_at
from models import Message
from support.models import SupportQuery
from support.pages.queries import SENT
from tests.conftest import TODAY, both_engines
from tests.support.conftest import SupportVisitor
from tests.visitor import Visitor


@pytest.fixture(autouse=True)
def nobody_has_written():
    SENT.counted.clear()


@pytest.fixture
def naomi(served) -> Visitor:
    return Visitor(served).sign_in("Naomi Fletcher")


@both_engines
def test_a_query_from_a_page(served, engine, grace, naomi):
    naomi.get("/school/mentors")
    naomi.headers = {"Referer": f"http://localhost{naomi.path}"}
    number = naomi.response.headers["X-Request-Id"]
    naomi.click("contact support")
    assert naomi.values["name"] == "Naomi Fletcher"
    assert (naomi.values["page"], naomi.values["request_number"]) == ("/school/mentors", number)
    assert "Your school: St John’s C of E Primary School" in naomi.text
    assert "support@register-ects.example.org" in naomi.text
    naomi.submit("Send to support", words="They never left.\n\nSteven is still here.")
    assert naomi.heading == "We have passed on your message"
    (query,) = SupportQuery.select()
    assert (query.school.urn, query.words) == ("900001", "They never left.\n\nSteven is still here.")
    # It is sent on, where emails can be sent.
    (message,) = Message.select()
    assert message.address == "support@register-ects.example.org"
    assert "From: Naomi Fletcher" in message.body
    assert "School: St John’s C of E Primary School, URN 900001" in message.body
    grace.get("/support/queries")
    assert grace.row("From").startswith("Naomi Fletcher, ")
    assert grace.row("What is wrong") == "They never left. Steven is still here."
    grace.submit(f"Mark query {query.id} as done")
    assert "No query is open." in grace.text
    assert grace.row("Done").endswith("Grace Obi")
    assert grace.get(f"/support?q={number}").heading == "Find somebody"


def test_a_query_of_somebody_who_is_not_signed_in(served, grace):
    visitor = Visitor(served).get("/sign-in").get("/contact-support")
    visitor.submit(
        "Send to support", name="Ann Reed", reach="01632 960000", school_name="900001", words="I cannot sign in"
    )
    assert visitor.heading == "We have passed on your message"
    grace.get("/support/queries")
    assert grace.row("School, as they say") == "900001"
    assert grace.row("From") == "Ann Reed, 01632 960000"


def test_what_is_missing_is_said_and_nothing_is_lost(served):
    visitor = Visitor(served).get("/contact-support").submit("Send to support", 422, school_name="900001")
    assert visitor.errors == [
        "Enter your name",
        "Enter an email address or telephone number where support can reach you",
        "Say what is wrong",
    ]
    assert visitor.values["school_name"] == "900001"
    visitor.submit("Send to support", 422, name="x" * 256, reach="y", words="z" * 5001)
    assert visitor.errors == [
        "Use 255 characters or fewer for your name",
        "Use 5000 characters or fewer to say what is wrong",
    ]
    assert not SupportQuery.select().exists()


def test_nobody_writes_without_end(served):
    visitor, told = Visitor(served), {"name": "Ann", "reach": "ann@example.org", "words": "Hello"}
    with clock_at(TODAY):
        told["csrf_token"] = visitor.get("/contact-support").value("csrf_token")
        for _ in range(20):
            visitor.post("/contact-support", told, token=False)
        visitor.post("/contact-support", told, 422, token=False)
    assert visitor.errors[0].startswith("You have written to support many times in 10 minutes")
    assert visitor.page.css_first("textarea").text() == "Hello"


def test_only_our_own_pages_are_filled_in_without_what_was_searched_for(served, naomi):
    visitor = Visitor(served)
    for referrer in ("https://evil.example/school/ects", "nonsense", ""):
        visitor.headers = {"Referer": referrer}
        visitor.get("/contact-support?number=<script>")
        assert (visitor.values["page"], visitor.values["request_number"]) == ("", "")
    naomi.headers = {"Referer": "http://localhost/school/ects?q=steven"}
    assert naomi.get("/contact-support").values["page"] == "/school/ects"


def test_every_page_leads_there_and_shows_the_address(served, naomi):
    for address in ("/school/ects", "/school/mentors", "/school/induction-tutor", "/school/nowhere"):
        naomi.get(address, 404 if address.endswith("nowhere") else 200)
        assert naomi.page.css("footer a[href^='/contact-support']")
        assert "support@register-ects.example.org" in naomi.page.css_first("footer").text()


def test_a_query_without_a_token_is_refused(served):
    visitor = SupportVisitor(served)
    assert visitor.send("post", "/contact-support", data={"name": "a", "reach": "b", "words": "c"}).status_code == 422
    assert not SupportQuery.select().exists()
