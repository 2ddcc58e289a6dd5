"""The induction tutor page: who it is, who it is now, and whether the reader wants emails."""

from datetime import timedelta

import pytest

from clock import clock_at, now
from domain import notices, schools
from models import School, SchoolEvent, SchoolUser
from tests.conftest import both_engines
from tests.identity import AVA, Way, issuer_of, outside_the_demo, running
from tests.reports import dump
from tests.visitor import Visitor, section

NEW = {"name": "Ola Berg", "email": "ola.berg@example.org"}
ANSWERS = {"Full name": NEW["name"], "Email address": NEW["email"]}
LINK = "Tell us who the induction tutor is now"


def st_johns() -> School:
    return School.get(urn="900001")


def at_check_answers(visitor: Visitor) -> Visitor:
    return visitor.get("/school/induction-tutor").click(LINK).submit("Continue", **ANSWERS)


# --- who it is now -------------------------------------------------------------------------------------------


def test_a_school_says_who_the_induction_tutor_is_now(naomi):
    before = st_johns().api_updated_at
    naomi.get("/school/induction-tutor").click(LINK)
    assert naomi.heading == "Who is the induction tutor at St John’s C of E Primary School now?"
    assert (naomi.values["name"], naomi.values["email"]) == ("", ""), "the former tutor’s address isn’t the new one’s"
    naomi.submit("Continue", **ANSWERS)
    assert naomi.rows == {
        "Current induction tutor": "Naomi Fletcher",
        "Current email address": "naomi.fletcher@example.org",
        "New induction tutor": "Ola Berg",
        "New email address": "ola.berg@example.org",
    }
    naomi.submit("Confirm change")
    assert naomi.heading == "You have told us the induction tutor is Ola Berg"
    assert "Naomi Fletcher, 20 April 2026" in naomi.text
    school = st_johns()
    assert (school.induction_tutor_name, school.induction_tutor_email) == tuple(NEW.values())
    assert school.api_updated_at > before, "lead providers are told"
    naomi.click("Back to the induction tutor’s details")
    assert (naomi.row("Name"), naomi.row("Email address")) == tuple(NEW.values())
    assert section(naomi, "What has changed") == [
        "20 April 2026 You changed the induction tutor from Naomi Fletcher to Ola Berg"
    ]
    event = SchoolEvent.get()
    assert event.modifications == [
        "induction_tutor_name: Naomi Fletcher → Ola Berg",
        "induction_tutor_email: naomi.fletcher@example.org → ola.berg@example.org",
    ]
    assert notices.addresses(school)[0] == NEW["email"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (None, "Ola Berg", "You told us the induction tutor is Ola Berg"),
        ("Ola Berg", "Ola Berg", "You changed the email address of the induction tutor, Ola Berg"),
    ],
)
def test_how_other_changes_are_told(naomi, old, new, told):
    School.update(induction_tutor_name=old, induction_tutor_email=old and "o@example.org").execute()
    at_check_answers(naomi).submit("Confirm change").click("Back to the induction tutor’s details")
    assert section(naomi, "What has changed") == [f"20 April 2026 {told}"]


REFUSED = [
    ("", "", ["Enter the induction tutor’s full name", "Enter the induction tutor’s email address"]),
    ("Ola Berg", "ola.berg", ["Enter an email address in the correct format, like name@example.com"]),
    ("Ola Berg", "ola,berg@example.org", ["An email address cannot have “,” in it. Check the address"]),
    ("O" * 101, "o@example.org", ["Use 100 characters or fewer"]),
    (
        "Naomi Fletcher",
        "Naomi.Fletcher@example.org",
        ["Naomi Fletcher is already recorded with this email address. Change the name or the email address"],
    ),
]


def test_what_is_refused(naomi):
    naomi.get("/school/induction-tutor/change")
    for name, email, errors in REFUSED:
        naomi.submit("Continue", 422, **{"Full name": name, "Email address": email})
        assert naomi.errors == errors
        assert naomi.values["email"] == email, "nothing is lost"


def test_answers_are_kept_until_they_are_confirmed_or_cancelled(naomi):
    check, change = "/school/induction-tutor/check-answers", "/school/induction-tutor/change"
    assert naomi.get(check).path == change, "nobody skips ahead"
    assert naomi.get("/school/induction-tutor/confirmation").path == "/school/induction-tutor"
    at_check_answers(naomi).click("Change new induction tutor")
    assert (naomi.values["name"], naomi.values["email"]) == tuple(NEW.values())
    for page in (change, check):
        at_check_answers(naomi).get(page).submit("Cancel and go back to the induction tutor’s details")
        assert naomi.path == "/school/induction-tutor"
        assert naomi.get(check).path == change


def test_answers_are_forgotten_after_a_day(naomi):
    at_check_answers(naomi)
    with clock_at(now() + timedelta(hours=25)):
        assert naomi.get("/school/induction-tutor/check-answers").path == "/school/induction-tutor/change"


@both_engines
def test_a_colleague_who_was_quicker_is_seen_first(naomi):
    at_check_answers(naomi)
    seen = schools.state_of(st_johns(), {"name": "Kim Holt", "email": "kim@example.org"})
    colleague = SchoolUser.create(school=st_johns(), name="Jo Colleague", email="jo@example.org")
    schools.change_induction_tutor(colleague, name="Kim Holt", email="kim@example.org", seen=seen)
    naomi.submit("Confirm change", 409)
    assert "We did not make your change" in naomi.text
    assert naomi.row("Current induction tutor") == "Kim Holt"
    assert SchoolEvent.select().count() == 1
    naomi.submit("Confirm change")
    assert st_johns().induction_tutor_name == "Ola Berg"


def test_pressing_twice_changes_once_and_an_older_page_nothing(naomi):
    older = at_check_answers(naomi).values
    naomi.get("/school/induction-tutor/change").submit("Continue", **ANSWERS | {"Full name": "Kim Holt"})
    naomi.post("/school/induction-tutor/check-answers", older, 409)
    assert naomi.row("New induction tutor").startswith("Kim Holt")
    assert not SchoolEvent.select().exists()
    pressed = naomi.values
    naomi.submit("Confirm change")
    before = dump()
    naomi.post("/school/induction-tutor/check-answers", pressed)
    assert naomi.heading == "You have told us the induction tutor is Kim Holt"
    assert dump() == before
    with pytest.raises(Exception, match="append-only"):
        SchoolEvent.update(heading="Nothing").execute()


def test_another_school_changes_its_own(app, naomi):
    david = Visitor(app).sign_in("David Lowe")
    at_check_answers(david).submit("Confirm change")
    assert st_johns().induction_tutor_name == "Naomi Fletcher"
    assert School.get(name="Northbrook Academy").induction_tutor_name == "Ola Berg"
    assert naomi.get("/school/induction-tutor").row("Name") == "Naomi Fletcher"
    assert section(naomi, "What has changed") == []


# --- emails --------------------------------------------------------------------------------------------------


def test_a_reader_stops_their_emails_and_starts_them_again(naomi):
    naomi.get("/school/induction-tutor")
    assert "Yours go to naomi.fletcher@example.org." in naomi.text
    naomi.submit("Stop my emails")
    assert "You stopped your emails to naomi.fletcher@example.org on 20 April 2026." in naomi.text
    assert notices.addresses(st_johns()) == []
    naomi.submit("Start my emails again")
    assert notices.addresses(st_johns()) == ["naomi.fletcher@example.org"]


def test_nobody_stops_a_colleagues_or_without_the_pages_token(naomi):
    colleague = SchoolUser.create(school=st_johns(), name="Jo", email="jo@example.org", signed_in_at=now())
    naomi.send("post", "/school/induction-tutor/emails", data={"emails": "stop"})
    assert not SchoolUser.get(name="Naomi Fletcher").stopped_emails_at
    naomi.get("/school/induction-tutor").submit("Stop my emails")
    assert notices.addresses(st_johns()) == [colleague.email]


MEANS = {
    "none": ({}, False),
    "a mail server": ({"SMTP_URL": "smtps://mail.example.org", "EMAIL_FROM": "no-reply@example.org"}, True),
}


@pytest.mark.filterwarnings("ignore:get_jwt_config")
@pytest.mark.parametrize(("given", "are_sent"), MEANS.values(), ids=MEANS)
def test_emails_are_promised_only_where_there_is_a_means(world, given, are_sent):
    with running() as server:
        way = Way(Visitor(outside_the_demo(issuer_of(server), **given)), issuer_of(server))
        way.knows("ava", **AVA)
        ava = way.sign_in("ava")
        assert ("We email your school" in ava.text) is are_sent
        assert ("Stop my emails" in ava.buttons) is are_sent
        ava.click(LINK)
        assert ("Our emails about your ECTs" in ava.text) is are_sent
        ava.submit("Continue", **ANSWERS).submit("Confirm change")
        assert ("Our emails about your ECTs" in ava.text) is are_sent
        assert ("We email you" in ava.get("/privacy").text) is are_sent
        ava.post("/school/induction-tutor/emails", {"emails": "stop"}, 404 if not are_sent else 200, token=False)
