"""A step is one round trip for htmx: what answers its POST is the next page, exactly as a GET of its address gives it,
so that Back, a reload and a bookmark show the same. Without script it stays POST, redirect, GET."""

import re

import pytest

from models import SignIn
from tests.conftest import person
from tests.reports import dump
from tests.visitor import Visitor
from tests.walks import WALKS, each_journey, each_question

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def htmx(naomi) -> Visitor:
    """A browser whose script asks for parts of pages."""
    naomi.headers = HTMX
    return naomi


def start(visitor: Visitor, walk) -> Visitor:
    return visitor.get(walk.first_page)


def step(visitor: Visitor, button: str, **answers: str) -> str:
    """Press the button. Gives the address that the browser shows then, where a GET finds the same page."""
    visitor.submit(button, **answers)
    answer = visitor.response
    address = answer.headers["HX-Push-Url"]
    visitor.get(address)
    assert visitor.path == address
    assert without_token(answer.text) == without_token(visitor.response.text)
    assert len(answer.history) == 0, "one request"
    return address


def without_token(html: str) -> str:
    return re.sub(r'(name="csrf_token" type="hidden" value=)"[^"]*"', r"\1", html)


@each_journey
def test_every_step_is_answered_with_the_next_page(htmx, walk):
    start(htmx, walk)
    for _, button, answers in walk.steps():
        step(htmx, button, **answers)
    assert htmx.path == walk.page("check-answers")
    assert step(htmx, walk.confirm) == walk.page("confirmation")
    assert htmx.main.css_first(".govuk-panel")
    assert walk.participant.version == walk.participant.events.count()


@each_question
def test_a_refused_answer_stays_where_it_is(htmx, walk):
    start(htmx, walk)
    fields = [field.attrs["name"] for field in htmx.main.css("form input") if field.attrs["name"] != "csrf_token"]
    htmx.post(htmx.path, dict.fromkeys(fields, ""), 422)
    assert "HX-Push-Url" not in htmx.response.headers
    assert htmx.errors


def test_pressing_the_button_twice_gives_the_same_page_twice(htmx):
    walk = WALKS[0]
    start(htmx, walk).submit("Continue", **walk.steps()[0][2])
    data = htmx.values
    answers = [htmx.post(walk.page("check-answers"), data, token=False).response for _ in range(2)]
    assert {answer.headers["HX-Push-Url"] for answer in answers} == {walk.page("confirmation")}
    assert answers[0].text == answers[1].text
    assert walk.participant.events.count() == walk.participant.version


def test_a_change_meanwhile_is_said_where_it_was_asked(htmx):
    walk = WALKS[0]
    start(htmx, walk).submit("Continue", **walk.steps()[0][2])
    before = dump()
    htmx.post(walk.page("check-answers"), {"seen": "0.0"}, 409)
    assert "HX-Push-Url" not in htmx.response.headers
    assert dump() == before


def test_nobody_skips_ahead_by_htmx(htmx):
    walk = WALKS[0]
    first = start(htmx, walk).path
    htmx.post(walk.page("confirmation"), {})
    assert htmx.response.headers["HX-Push-Url"] == first
    assert htmx.heading == "Change lead provider for Steven Taylor"


def test_whoever_is_not_signed_in_any_more_is_led_to_sign_in(htmx):
    walk = WALKS[0]
    data = {"csrf_token": start(htmx, walk).value("csrf_token"), "lead_provider_id": "5"}
    SignIn.delete().execute()
    response = htmx.send("post", htmx.path, data=data)
    assert (response.status_code, response.text) == (204, "")
    assert response.headers["HX-Redirect"].startswith("/sign-in?next=")


def test_what_follows_a_new_cookie_is_asked_for_by_the_browser(visitor):
    """The page after signing in is another person's, if it is anybody's, until the browser has the cookie."""
    visitor.get("/sign-in")
    data = {"csrf_token": visitor.value("csrf_token"), "person_id": "1"}
    response = visitor.send("post", "/sign-in", data=data, headers=HTMX, follow_redirects=False)
    assert response.status_code == 303


def test_without_script_it_stays_a_redirect(naomi):
    walk = WALKS[0]
    start(naomi, walk)
    data = {"csrf_token": naomi.value("csrf_token"), "lead_provider_id": "5"}
    for headers in ({}, {"HX-Request": "true", "HX-Request-Type": "full"}):
        response = naomi.send("post", naomi.path, data=data, headers=headers, follow_redirects=False)
        assert (response.status_code, response.location) == (303, walk.page("check-answers"))


def test_where_the_service_is_only_a_part_of_a_site(app, naomi):
    walk = WALKS[0]
    token = start(naomi, walk).value("csrf_token")
    response = naomi.send(
        "post",
        naomi.path,
        data={"csrf_token": token, "lead_provider_id": "5"},
        headers=HTMX,
        environ_overrides={"SCRIPT_NAME": "/register"},
    )
    assert response.headers["HX-Push-Url"] == "/register" + walk.page("check-answers")
    assert "Check and confirm: change lead provider for" in response.text


# --- two schools in one browser ------------------------------------------------------------------------------------


def drawn_for(visitor: Visitor) -> str:
    return visitor.page.css_first("#page").attributes.get("data-drawn-for") or ""


PARTS = ["/school/ects?q=taylor", "/school/mentors", "/school/induction-tutor", "/school/ects/{steven}"]
PARTS += ["/school/ects/{steven}/change-lead-provider/lead-provider", "/school/nowhere", "/school/ects/{james}"]


@pytest.mark.parametrize("ask", [HTMX, {"HX-History-Restore-Request": "true", "HX-Request-Type": "full"}], ids=str)
def test_a_part_for_the_frame_of_another_school_comes_as_a_whole_page(naomi, ask):
    parts = [part.format(steven=person("Steven Taylor").id, james=person("James Fox").id) for part in PARTS]
    frame = drawn_for(naomi.get("/school/induction-tutor"))
    for address in parts:
        assert naomi.send("get", address, headers=ask | {"Drawn-For": frame}).status_code in (200, 404)
    naomi.sign_in("David Lowe")
    for address in parts:
        for theirs in (frame, ""):  # another school's, and nobody's
            response = naomi.send("get", address, headers=ask | {"Drawn-For": theirs}, follow_redirects=False)
            if address == "/school/nowhere":
                assert "Northbrook" not in response.text
            else:
                assert (response.status_code, response.text, response.headers["HX-Redirect"]) == (204, "", address)
    naomi.sign_in("Naomi Fletcher")
    assert drawn_for(naomi.get("/school/ects")) == frame, "signing in again is no reason to load the page anew"


def test_what_another_schools_page_sends_changes_nothing_and_brings_a_whole_page(naomi):
    walk = WALKS[0]
    start(naomi, walk)
    form, frame = naomi.values | {"lead_provider_id": "5"}, drawn_for(naomi)
    naomi.sign_in("David Lowe")
    before = dump()
    response = naomi.send("post", walk.page("lead-provider"), data=form, headers=HTMX | {"Drawn-For": frame})
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, walk.page("lead-provider"))
    assert dump() == before
    naomi.get(response.headers["HX-Redirect"], 404)


def test_an_open_record_leaves_itself_alone_when_another_school_signs_in(naomi):
    address = f"/school/ects/{person('Steven Taylor').id}"
    frame = drawn_for(naomi.get(address))
    naomi.sign_in("David Lowe")
    response = naomi.send("get", f"{address}/news?since=0", headers=HTMX | {"Drawn-For": frame})
    assert (response.status_code, response.text, response.headers.get("HX-Redirect")) == (204, "", None)
