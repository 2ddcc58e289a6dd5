"""Signing in and out, how long a sign-in holds, and that nothing typed is lost when it is over."""

from datetime import timedelta

import pytest

from clock import clock_at, now
from database import db
from models import Answers, SchoolUser, SignIn, Teacher
from settings import DEFAULTS
from tests.conftest import person
from tests.reports import dump
from tests.visitor import Visitor

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture(autouse=True)
def limits(app, monkeypatch):
    for name in ("IDLE_MINUTES", "SIGN_IN_HOURS"):
        monkeypatch.setitem(app.config, name, DEFAULTS[name])


def later(**time):
    return clock_at(now() + timedelta(**time))


# --- the demo's personas -------------------------------------------------------------------------------------


def test_signing_in_needs_a_choice(visitor):
    visitor.get("/sign-in").submit("Sign in", 422)
    assert visitor.errors == ["Select who you want to sign in as"]
    visitor.post("/sign-in", {"person_id": "999"}, 422)
    assert visitor.errors == ["Select a person from the list"]


def test_signing_in_leads_back_and_nowhere_else(visitor):
    ours = ["/school/mentors", f"/school/ects/{person('Steven Taylor').id}/change-lead-provider/lead-provider"]
    theirs = ["//evil.example/school/mentors", "/\\evil.example", "\t//evil.example", "https:evil.example"]
    theirs += ["https://evil.example/school/mentors", "javascript:alert(1)"]
    nowhere = ["", "/sign-out", "/api/v3/participants/1", "/nowhere"]
    for next_page in ours + theirs + nowhere:
        visitor._open(visitor.send("get", "/sign-in", query_string={"next": next_page}), 200)
        visitor.choose("Naomi Fletcher", "Sign in")
        assert (next_page, visitor.path) == (next_page, next_page if next_page in ours else "/school/ects")


def test_signing_out_ends_it_everywhere(naomi, app):
    stolen = naomi.client.get_cookie("session").value
    naomi.get("/school/ects").submit("Sign out")
    naomi.client.set_cookie("session", stolen)
    assert naomi.send("get", "/school/ects", follow_redirects=False).status_code == 303


def test_signing_out_needs_the_pages_token(naomi):
    naomi.send("post", "/sign-out")
    naomi.get("/school/ects")
    assert naomi.path == "/school/ects"


def test_a_new_sign_in_has_a_new_token(visitor):
    visitor.sign_in("Naomi Fletcher")
    before = visitor.client.get_cookie("session").value
    visitor.sign_in("David Lowe")
    visitor.client.set_cookie("session", before)
    assert visitor.send("get", "/school/ects", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("query", ["?q=zo%C3%AB%26page%3D2&page=1", "?q=a%0D%0ASet-Cookie%3Ab"])
def test_the_way_back_keeps_its_query(visitor, query):
    visitor.get(f"/school/ects{query}")
    assert visitor.heading == "Sign in to the demonstration"
    visitor.choose("Naomi Fletcher", "Sign in")
    assert visitor.path == "/school/ects"
    assert visitor.response.request.query_string == query[1:].encode()


def test_blocked_cookies_are_said_to_be_the_cause_and_nothing_else(visitor, app):
    visitor.client = app.test_client(use_cookies=False)
    visitor.get("/sign-in")
    for _ in range(2):
        visitor.choose("Naomi Fletcher", "Sign in", 422)
        assert visitor.errors[0].startswith("Your browser did not send us the cookie that this page needs.")
        assert "allow cookies for this service" in visitor.errors[0]


# --- how long it holds ---------------------------------------------------------------------------------------


def is_signed_in(visitor: Visitor) -> bool:
    return visitor.send("get", "/school/induction-tutor", follow_redirects=False).status_code == 200


@pytest.mark.parametrize(("minutes", "holds"), [(119, True), (120, False)])
def test_doing_nothing_for_two_hours_ends_it(naomi, minutes, holds):
    with later(minutes=minutes):
        assert is_signed_in(naomi) is holds


def test_who_does_something_stays_for_twelve_hours_at_most(naomi):
    for minutes in (*range(60, 12 * 60, 60), 12 * 60 - 1):
        with later(minutes=minutes):
            assert is_signed_in(naomi)
    with later(minutes=12 * 60):
        assert not is_signed_in(naomi)


def test_the_limits_are_settings(naomi, app, monkeypatch):
    monkeypatch.setitem(app.config, "IDLE_MINUTES", 10)
    with later(minutes=10):
        assert not is_signed_in(naomi)
    monkeypatch.setitem(app.config, "IDLE_MINUTES", 1000)
    monkeypatch.setitem(app.config, "SIGN_IN_HOURS", 1)
    with later(minutes=60):
        assert not is_signed_in(naomi)


def test_looking_at_pages_writes_once_in_five_minutes(naomi):
    with later(minutes=6):
        naomi.get("/school/induction-tutor")
        noted = SignIn.get().seen_at
    with later(minutes=10):
        naomi.get("/school/induction-tutor")
        assert SignIn.get().seen_at == noted
    with later(minutes=12):
        naomi.get("/school/induction-tutor")
        assert SignIn.get().seen_at > noted


def test_a_database_that_takes_no_writes_keeps_nobody_from_looking(naomi, world):
    db.execute_sql("CREATE TRIGGER full BEFORE UPDATE ON sign_in BEGIN SELECT * FROM nowhere; END")
    with later(minutes=6):
        assert is_signed_in(naomi)


def test_the_sign_in_page_says_why_one_is_there(naomi):
    text = naomi.get("/sign-in").text
    assert "We will sign you out if you are not active for 2 hours." in text
    assert "we signed you out" not in text
    for idle, longest in ((True, False), (False, True)):
        SignIn.update(
            seen_at=now() - timedelta(hours=3 * idle), started_at=now() - timedelta(hours=3 + 9 * longest)
        ).execute()
        text = naomi.get("/school/ects").text
        assert ("You were not active for 2 hours, so we signed you out." in text) is idle
        assert ("You were signed in for 12 hours, so we signed you out." in text) is longest


def time_left(visitor: Visitor, method: str = "get") -> tuple:
    told = visitor.send(method, "/sign-in/time-left").get_json()
    return told["message"], told["seconds"], told["ask_again"]


@pytest.mark.parametrize(
    ("seen", "started", "told"),
    [
        # minutes ago: what the page says, how many seconds are left, and when it asks again
        (0, 0, (None, 7200, 7080)),
        (117, 117, (None, 180, 60)),
        (118, 118, ("still-there", 120, 0)),
        (120, 120, ("signed-out", 0, 60)),
        (150, 150, ("signed-out", -1800, 60)),
        (0, 717, (None, 180, 60)),
        (118, 718, ("longest", 120, 0)),
        (118, 717, ("still-there", 120, 0)),
        (0, 720, ("signed-out", 0, 60)),
    ],
)
def test_an_open_page_is_told_what_is_left(naomi, seen, started, told):
    SignIn.update(seen_at=now() - timedelta(minutes=seen), started_at=now() - timedelta(minutes=started)).execute()
    before = dump()
    assert time_left(naomi) == told
    assert dump() == before, "to ask is not to be there"
    answered = time_left(naomi, "post")
    assert answered == ((None, 7200, 7080) if told[0] == "still-there" and started < 600 else answered)
    assert (answered[0] == "signed-out") is (told[0] == "signed-out"), "what is over stays over"


def test_a_page_asks_two_minutes_before_the_end_that_it_knows_of(naomi):
    for minutes, seconds in ((0, 7080), (3, 6900), (11 * 60 + 30, 1680)):
        SignIn.update(seen_at=None, started_at=now()).execute()
        with later(minutes=minutes):
            SignIn.update(seen_at=now() - timedelta(minutes=minutes % 60 % 30)).execute()
            naomi.get("/school/induction-tutor")
            assert int(naomi.page.css_first("#page").attrs["data-ask-after"]) == seconds


def test_who_has_signed_out_in_another_tab_is_told(naomi):
    SignIn.delete().execute()
    assert time_left(naomi)[0] == time_left(naomi, "post")[0] == "signed-out"


# --- nothing typed is lost -----------------------------------------------------------------------------------


@pytest.fixture
def question(naomi) -> Visitor:
    """A question that changes the person's name, open in the browser, to which a search led."""
    return naomi.get(f"/school/ects/{person('Priya Shah').id}/change-name/name?back=/school/ects?q%3Dshah")


def post_too_late(visitor: Visitor, name: str, headers: dict):
    """Press the button when the sign-in is over."""
    form = {"csrf_token": visitor.value("csrf_token"), "name": name}
    with later(hours=3):
        address = visitor.response.request.full_path
        return visitor.send("post", address, data=form, headers=headers, follow_redirects=False)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_what_was_sent_too_late_is_there_after_signing_in_again(question, headers):
    page = question.path
    answer = post_too_late(question, "Priya Zoë Patel", headers)
    address = answer.headers["HX-Redirect"] if headers else answer.location
    assert answer.status_code == (204 if headers else 303)
    with later(hours=3):
        question.get(address)
        assert "We have kept what you entered" in question.text
        question.choose("Naomi Fletcher", "Sign in")
        assert question.path == page
        assert question.value("name") == "Priya Zoë Patel"
        question.submit("Continue")
        assert question.row("New name") == "Priya Zoë Patel"
        assert question.response.request.args.to_dict() == {"back": "/school/ects?q=shah"}
        assert not SignIn.get().unsent, "it was sent since"


def test_what_was_sent_too_late_about_the_induction_tutor_and_emails_is_there_too(question):
    answer = post_too_late(question.get("/school/induction-tutor/change"), "Ola Berg", {})
    with later(hours=3):
        question.get(answer.location).choose("Naomi Fletcher", "Sign in")
        assert question.path == "/school/induction-tutor/change"
        assert question.value("name") == "Ola Berg"
        form = {"csrf_token": question.get("/school/induction-tutor").value("csrf_token"), "emails": "stop"}
    with later(hours=6):
        question.post("/school/induction-tutor/emails", form).choose("Naomi Fletcher", "Sign in")
        assert question.path == "/school/induction-tutor"
        assert question.submit("Stop my emails").buttons == ["Start my emails again"]


def test_what_was_sent_too_late_is_for_nobody_else_and_for_one_page(question):
    shah, taylor = (f"/school/ects/{person(name).id}/change-name/name" for name in ("Priya Shah", "Steven Taylor"))
    post_too_late(question, "Priya Patel", {})
    with later(hours=3):
        assert question.sign_in("Naomi Fletcher").get(taylor).value("name") == "Steven Taylor"
        post_too_late(question.get(shah), "Priya Patel", {})
    with later(hours=6):
        question.sign_in("David Lowe")
        assert not SignIn.get().unsent
        assert question.sign_in("Naomi Fletcher").get(shah).value("name") == "Priya Shah"


def test_what_another_sites_page_sends_too_much_and_what_nobody_sends_is_not_kept(question, app):
    """What is sent without the token of a page of ours, nobody finds in their form."""
    before = dump()
    stranger = Visitor(app).send("post", question.path, data={"name": "Ada"})
    assert stranger.status_code == 200
    assert dump() == before
    post_too_late(question, "x" * 5000, {})
    assert SignIn.get().unsent is None
    with later(hours=3):
        question.post(question.path, {"name": "Somebody Else"}, token=False)
        assert not SignIn.get().unsent


@pytest.mark.parametrize(
    ("engine", "same_page", "first_to_return"),
    [("sqlite", True, 1), ("sqlite", False, 0), ("postgresql", True, 0)],
    indirect=["engine"],
)
def test_two_windows_that_were_too_late_each_find_their_own(naomi, same_page, first_to_return):
    pages = [f"/school/ects/{person(name).id}/change-name/name" for name in ("Priya Shah", "Steven Taylor")]
    windows = [pages[0], pages[0 if same_page else 1]]
    typed, returns = ["Priya Zoë Patel", "Steven Oak"], []
    for page, name in zip(windows, typed, strict=True):
        returns.append(post_too_late(naomi.get(page), name, {}).location)
    with later(hours=3):
        for window in (first_to_return, 1 - first_to_return):
            naomi.get(returns[window]).choose("Naomi Fletcher", "Sign in")
            assert (naomi.path, naomi.value("name")) == (windows[window], typed[window])
            naomi.submit("Continue")
            assert naomi.row("New name") == typed[window]
        assert not SignIn.get().unsent


def test_no_more_windows_are_remembered_than_a_row_should_hold(naomi):
    page = naomi.get(f"/school/ects/{person('Priya Shah').id}/change-name/name")
    returns = [post_too_late(page, f"Priya {number}", {}).location for number in range(12)]
    with later(hours=3):
        for number in (0, 1, 2, 11):
            naomi.get(returns[number]).choose("Naomi Fletcher", "Sign in")
            assert naomi.value("name") == ("Priya Shah" if number < 2 else f"Priya {number}")


def test_what_was_sent_too_late_is_forgotten_after_a_day(question):
    address = post_too_late(question, "Priya Patel", {}).location
    with later(hours=3 + 24):
        question.get(address).choose("Naomi Fletcher", "Sign in")
        assert question.value("name") == "Priya Shah"


def test_cancelling_too_late_cancels(naomi):
    page = f"/school/ects/{person('Priya Shah').id}/change-name/name"
    naomi.get(page).submit("Continue", Full_name="Priya Patel").get(page)
    form = {"csrf_token": naomi.value("csrf_token"), "name": "Priya Patel", "cancel": "yes"}
    with later(hours=3):
        naomi._open(naomi.send("post", page, data=form), 200).choose("Naomi Fletcher", "Sign in")
        assert naomi.heading == "Priya Shah"
        assert not Answers.select().exists()
        assert not SignIn.get().unsent
        assert naomi.get(page).value("name") == "Priya Shah"


def test_nothing_is_done_when_the_sign_in_is_over(naomi):
    """Confirming needs whoever confirms."""
    page = f"/school/ects/{person('Priya Shah').id}/change-name"
    naomi.get(f"{page}/name").submit("Continue", Full_name="Priya Patel")
    seen = naomi.value("seen")
    form = {"csrf_token": naomi.value("csrf_token"), "seen": seen}
    with later(hours=3):
        naomi.send("post", f"{page}/check-answers", data=form)
        assert not Teacher.select().where(Teacher.corrected_name == "Priya Patel").exists()
        naomi.sign_in("Naomi Fletcher").get(f"{page}/check-answers").submit("Confirm change")
    assert Teacher.select().where(Teacher.corrected_name == "Priya Patel").exists()


# --- for whoever runs the service ----------------------------------------------------------------------------


def run(app, *command: str):
    db.close()
    try:
        return app.test_cli_runner().invoke(args=command)
    finally:
        db.connect()


def test_somebody_is_signed_out_everywhere(naomi, app):
    elsewhere = Visitor(app).sign_in("Naomi Fletcher")
    david = Visitor(app).sign_in("David Lowe")
    assert run(app, "sign-ins", "end", "--email", "Naomi.Fletcher@example.org").output == "2 ended.\n"
    assert [is_signed_in(each) for each in (naomi, elsewhere, david)] == [False, False, True]
    assert run(app, "sign-ins", "end", "--everybody").output == "1 ended.\n"
    assert not is_signed_in(david)


@pytest.mark.parametrize("options", [[], ["--email", "a@example.org", "--everybody"]])
def test_whose_sign_ins_end_must_be_said(naomi, app, options):
    assert run(app, "sign-ins", "end", *options).exit_code == 2
    assert is_signed_in(naomi)


def test_sign_ins_are_forgotten_a_day_after_they_are_over(naomi, app):
    with later(hours=25):
        Visitor(app).sign_in("David Lowe")
        assert run(app, "prune").output.startswith("0 sign-ins ")
    with later(hours=27):
        assert run(app, "prune").output.startswith("1 sign-ins ")
        assert SignIn.get().school_user == SchoolUser.get(name="David Lowe")


def test_answers_that_nobody_confirmed_are_deleted_after_a_day(naomi, app):
    """What was confirmed still says so."""
    page = f"/school/ects/{person('Priya Shah').id}"
    naomi.get(f"{page}/change-name/name").submit("Continue", Full_name="Priya Patel")
    naomi.get(f"{page}/change-working-pattern/working-pattern").choose("Part time").submit("Confirm change")
    for hours, left in ((24, 2), (24.1, 1)):
        with later(hours=hours):
            run(app, "prune")
            assert Answers.select().count() == left
    assert Answers.get().event


def test_the_privacy_page_says_within_how_long_things_are_deleted(visitor):
    """Kept for a day, and deleted in a night that may be a day off."""
    page = visitor.get("/privacy").text
    for what in (
        "these times within 48 hours of that",
        "them within 48 hours of the last one",
        "the count within 48 hours",
    ):
        assert f"delete {what}." in page
