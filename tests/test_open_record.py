"""What an open record asks for now and then: what was reported since it was shown. How the page takes it is in
tests/browser/test_open_record.py."""

import pytest

from database import db
from models import SignIn
from tests.conftest import person
from tests.given import deferred, ect, mentor
from tests.reports import april
from tests.test_round_trip import HTMX
from tests.visitor import Visitor


def ask(visitor: Visitor, address: str):
    return visitor.send("get", address, headers=HTMX)


def asked_by(visitor: Visitor) -> str:
    return visitor.main.css_first("#news [hx-get]").attrs["hx-get"]


@pytest.mark.parametrize("given", [ect, mentor])
def test_nothing_new_and_something_new(naomi, given):
    ada = given()
    address = asked_by(naomi.get(f"/school/{ada.role}s/{ada.id}"))
    response = ask(naomi, address)
    assert (response.status_code, response.text) == (204, "")
    deferred(ada)
    response = ask(naomi, address)
    assert response.status_code == 200
    assert "Ada Moss’s record has changed since you opened it." in response.text
    assert "training." in response.text
    assert "bereavement" not in response.text
    assert f'href="/school/{ada.role}s/{ada.id}"' in response.text
    assert response.headers["Cache-Control"] == "no-store"


def test_only_what_is_new(naomi):
    ada = ect((april(8), deferred))
    naomi.get(f"/school/ects/{ada.id}?back=/school/mentors")
    address = asked_by(naomi)
    assert ask(naomi, address).status_code == 204
    naomi.get(f"/school/ects/{ada.id}/change-working-pattern/working-pattern").choose("Part time").submit(
        "Confirm change"
    )
    text = ask(naomi, address).text
    assert "working pattern" in text
    assert "paused" not in text
    assert f'href="/school/ects/{ada.id}?back=/school/mentors"' in text


def test_it_is_asked_for_by_two_look_ups(naomi, monkeypatch):
    """Who asks, and the participant: nothing more as long as nothing happened."""
    address = asked_by(naomi.get(f"/school/ects/{person('Steven Taylor').id}"))
    run, execute = [], db.obj.execute_sql
    monkeypatch.setattr(db.obj, "execute_sql", lambda sql, *rest: (run.append(sql), execute(sql, *rest))[1])
    assert ask(naomi, address).status_code == 204
    assert len([sql for sql in run if sql.startswith("SELECT")]) == 2


def test_odd_questions_find_nothing_new(naomi):
    for since in ("", "x", "-1", "99999999999999999999", "1.5", "9"):
        address = f"/school/ects/{person('Steven Taylor').id}/news?since={since}"
        assert (since, ask(naomi, address).status_code) == (since, 204)


def test_it_is_no_page_of_its_own(naomi):
    record = f"/school/ects/{person('Steven Taylor').id}"
    assert naomi.get(f"{record}/news?since=0").path == record


def test_nobody_else_s(naomi, visitor):
    participant_id = person("Steven Taylor").id
    for address in (f"/school/mentors/{participant_id}/news", "/school/ects/99999999999/news?since=0"):
        assert ask(naomi, address).status_code == 404
    visitor.sign_in("David Lowe")
    assert ask(visitor, f"/school/ects/{participant_id}/news?since=0").status_code == 404


def test_it_says_nothing_to_whoever_is_not_signed_in(naomi):
    SignIn.delete().execute()
    response = ask(naomi, f"/school/ects/{person('Steven Taylor').id}/news?since=0")
    assert (response.status_code, response.text) == (204, "")
    assert "HX-Redirect" not in response.headers
    assert not SignIn.select().exists()
