"""Who is let in, whom they find, and what they see: all of a person, and what others see of them."""

import logging
import subprocess
import sys
from datetime import timedelta

import pytest

from app import create_app
from clock import clock_at, now
from database import db
from models import ParticipantIdChange, School, SchoolUser, SupportUser
from support import users
from support.pages import staff
from tests.conftest import both_engines, person
from tests.identity import AVA, ST_JOHNS, Way, outside_the_demo
from tests.reports import ask, report, stored
from tests.support.conftest import GRACE, SupportVisitor
from tests.test_house import rules
from tests.visitor import Visitor, section

ADDRESSES = ("/support", "/support/sign-in", "/support/people/1", "/support/schools/1")


# --- who is let in -------------------------------------------------------------------------------------------


def test_without_the_setting_no_address_answers_and_nothing_is_imported(app, naomi):
    assert not rules(app, prefix="support.")
    for address in ADDRESSES:
        naomi.get(address, 404)
    program = "import sys; from app import create_app; create_app(); print([m for m in sys.modules if m == 'support'])"
    settings = {"DEMO": "1", "SECRET_KEY": "x" * 8, "DATABASE_URL": "sqlite:///:memory:", "PATH": "/usr/bin"}
    done = subprocess.run([sys.executable, "-c", program], env=settings, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_study_is_not_for_support(capsys):
    with pytest.raises(SystemExit, match="RESEARCH and SUPPORT don’t go together"):
        create_app(DEMO=True, SECRET_KEY="x" * 8, SUPPORT=True, RESEARCH="somewhere", DATABASE_URL="sqlite:///:memory:")


def test_who_is_not_signed_in_is_led_to_signing_in_and_back(served):
    steven = person("Steven Taylor").teacher_id
    visitor = SupportVisitor(served).get(f"/support/people/{steven}")
    assert visitor.heading == "Sign in to support"
    assert visitor.choose("Grace Obi", "Sign in").heading == "Steven Taylor"
    elsewhere = SupportVisitor(served).get("/support/sign-in?next=//evil.example")
    assert elsewhere.choose("Grace Obi", "Sign in").heading == "Find somebody"


def test_a_school_finds_nothing(served):
    naomi = Visitor(served).sign_in("Naomi Fletcher")
    for rule in rules(served, prefix="support."):
        if rule.endpoint in staff.ways_in:
            continue
        address = rule.rule.replace("<int:teacher_id>", "1").replace("<int:school_id>", "1")
        address = address.replace("<int:participant_id>", "1").replace("<int:query_id>", "1")
        address = address.replace("<journey_name>", "put-right-name").replace("<page>", "name")
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            answer = naomi.send(method.lower(), address, follow_redirects=False)
            assert answer.status_code == 404, f"{method} {address}"


def test_an_open_page_is_told_what_is_left_of_a_sign_in(grace):
    def left(method: str = "get", *, after: int) -> str | None:
        with clock_at(began + timedelta(minutes=after)):
            return grace.send(method, "/support/time-left").get_json()["message"]

    began = now()
    assert left(after=57) is None
    assert left(after=59) == left(after=59) == "still-there", "to ask is not to be there"
    assert left("post", after=59) is None
    assert left(after=118) == "still-there"
    assert left(after=120) == "signed-out"


def test_whoever_signs_out_or_is_let_in_no_more_is_signed_out_at_once(grace):
    grace.submit("Sign out")
    assert grace.get("/support").heading == "Sign in to support"
    grace.choose("Grace Obi", "Sign in")
    assert users.disallow(GRACE)
    assert grace.get("/support").heading == "Sign in to support"
    assert "Grace Obi" not in grace.choices


def test_a_database_that_can_only_be_read_keeps_nobody_from_looking(grace):
    """That they are still there can’t be noted then."""
    steven = person("Steven Taylor").teacher_id
    db.obj.pragma("query_only", 1, permanent=True)
    with clock_at(now() + timedelta(minutes=6)):
        assert grace.get(f"/support/people/{steven}").heading == "Steven Taylor"


def test_commands(served):
    run = served.test_cli_runner().invoke
    assert (
        run(args=["support", "allow", "Eva.Lind@example.org"]).output == "eva.lind@example.org is let in at /support.\n"
    )
    assert "eva.lind@example.org: has not signed in yet" in run(args=["support", "list"]).output
    assert run(args=["support", "disallow", "eva.lind@example.org"]).exit_code == 0
    assert "eva.lind" not in run(args=["support", "list"]).output
    assert "is not let in" in run(args=["support", "disallow", "eva.lind@example.org"]).output
    assert "is no email address" in run(args=["support", "allow", "eva"]).output


class SecureVisitor(SupportVisitor):
    def send(self, method: str, path: str, **kwargs):
        return super().send(method, path, base_url="https://localhost", **kwargs)


@pytest.fixture
def way(world, issuer) -> Way:
    users.allow(GRACE)
    way = Way(SecureVisitor(outside_the_demo(issuer, SUPPORT=True)), issuer, "/support/sign-in/provider")
    way.knows("grace", **AVA | {"given_name": "Grace", "family_name": "Obi", "email": "Grace.Obi@example.org"})
    way.knows("ava", **AVA | {"organisation": ST_JOHNS})
    return way


@pytest.mark.filterwarnings("ignore:get_jwt_config")
class TestThroughTheProvider:
    def test_support_signs_in(self, way):
        assert way.visitor.get("/support").main.css_first("a[role=button]").attrs["href"].startswith(way.begins)
        assert way.sign_in("grace", "/support").heading == "Find somebody"
        assert "Grace Obi" in way.visitor.page.root.text()
        (cookie,) = [each for each in way.visitor.client._cookies.values() if "support" in each.key]
        assert (cookie.key, cookie.secure, cookie.http_only) == ("__Host-support", True, True)

    def test_known_by_their_subject_after_the_first_time(self, way):
        way.sign_in("grace", "/support")
        way.visitor.submit("Sign out")
        way.knows("another", **AVA | {"email": GRACE})
        way.sign_in("another", "/support", status=404)
        way.knows("grace", **AVA | {"email": "grace.married@example.org"})
        assert way.sign_in("grace", "/support").heading == "Find somebody"

    def test_who_has_not_the_role_finds_nothing(self, way):
        assert way.sign_in("ava", status=404).heading == "Page not found"


# --- finding -------------------------------------------------------------------------------------------------


def test_somebody_is_found(grace):
    steven, old = person("Steven Taylor"), "5f0c3a52-0000-4000-8000-000000000001"
    teacher = steven.teacher
    for said in ("Steven Taylor", "steven", "TAYLOR", "Stéven", teacher.trn, str(teacher.api_id), steven.email.upper()):
        assert "Steven Taylor" in grace.get("/support").submit("Search", Who_or_what=said).links, said
    assert "Steven Taylor" in grace.get(f"/support?q={teacher.api_ect_training_record_id}").links
    # By the id of another record, too.
    ParticipantIdChange.create(teacher=teacher, from_participant_id=old)
    grace.get(f"/support?q={old}").click("Steven Taylor")
    assert grace.row("Known to lead providers before as") == old


def test_a_school_is_found_with_everybody_there(grace):
    school, naomi = School.get(urn="900001"), SchoolUser.get(name="Naomi Fletcher")
    for said in ("St John's", "st johns primary", "900001", naomi.email, school.api_id):
        grace.get(f"/support?q={said}").click(school.name)
        assert {"Steven Taylor", "John Doe"} <= set(grace.links)


@both_engines
def test_what_nobody_sees_is_left_out_of_what_was_pasted(engine, grace):
    email = person("Steven Taylor").email
    assert "Steven Taylor" in grace.get(f"/support?q=%00{email}%E2%80%8B").links


def test_nobody_is_found(grace):
    for said in ("Nobody Atall", "9999999", "%", "’", "nobody@example.org"):
        assert f"Nothing was found for “{said}”" in grace.get("/support", 200).submit("Search", Who_or_what=said).text


def test_an_error_page_is_found_by_its_number(served, grace, monkeypatch):
    steven, naomi = person("Steven Taylor"), Visitor(served).sign_in("Naomi Fletcher")
    with monkeypatch.context() as patched:
        patched.setattr("domain.queries.events_of", lambda participant: 1 / 0)
        naomi.get(f"/school/ects/{steven.id}", 500)
    number = naomi.response.headers["X-Request-Id"]
    grace.get(f"/support?q={number}")
    assert grace.row("What it said") == "500"
    assert grace.row("About") == "Steven Taylor"
    assert grace.row("Who was shown it").startswith("Naomi Fletcher")


# --- seeing --------------------------------------------------------------------------------------------------


def test_every_look_is_logged_by_ids(grace, caplog):
    steven = person("Steven Taylor")
    with caplog.at_level(logging.INFO, "service.support"):
        grace.get(f"/support/people/{steven.teacher_id}")
        grace.get(f"/support/placements/{steven.id}/as-the-school-sees-it")
        grace.get("/support?q=steven taylor")
    looks = [record.fields for record in caplog.records if record.message == "looked at"]
    assert [look["teachers"] for look in looks] == [[steven.teacher_id]] * 3
    assert {look["support_user"] for look in looks} == {SupportUser.get().id}


@both_engines
def test_all_of_a_person(grace, world):
    steven = person("Steven Taylor")
    grace.get(f"/support/people/{steven.teacher_id}")
    told = section(grace, "Time line")
    period = steven.training_period
    assert any("Ambition Institute told us they had stopped training Steven Taylor" in line for line in told)
    assert any(f"withdrawal reason: nothing → {period.withdrawal_reason}" in line for line in told)
    assert any("First day as an ECT" in line for line in told)
    assert any("First day of training with Ambition Institute" in line for line in told)
    assert any("First day mentored by" in line for line in told)


def test_what_lead_providers_are_told_is_what_they_are_told(grace, served):
    import json

    hannah = person("Hannah Clarke")
    report("withdraw", hannah)
    grace.get(f"/support/people/{hannah.teacher_id}")
    (shown,) = [json.loads(each.text()) for each in grace.main.css("pre")]
    assert shown == ask(Visitor(served), "get", f"/api/v3/participants/{hannah.teacher.api_id}").json["data"]


def test_as_the_school_sees_it_and_looking_changes_nothing(grace, served):
    naomi, before = Visitor(served).sign_in("Naomi Fletcher"), stored()
    for name, role in (("Steven Taylor", "ect"), ("Emily Roberts", "ect"), ("John Doe", "mentor")):
        participant = person(name, role)
        grace.get(f"/support/people/{participant.teacher_id}").click("As St John’s C of E Primary School sees it")
        naomi.get(f"/school/{role}s/{participant.id}")
        assert grace.rows == naomi.rows
        assert naomi.text.replace("You told us", "Naomi Fletcher told us") in grace.text
        assert not grace.main.css("a, button, form, [hx-get]")
    assert stored() == before


def test_numbers_that_cannot_be_anybodys(grace):
    for number in (0, 10**6, 2**31, 2**63):
        for address in ("/support/people/{}", "/support/schools/{}", "/support/placements/{}/as-the-school-sees-it"):
            grace.get(address.format(number), 404)
