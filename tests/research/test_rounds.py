"""Rounds: orders and wordings by turns, sessions that come to them, and their end."""

from datetime import date
from itertools import pairwise

import pytest

from research import sessions
from research.console.rounds import typed
from research.models import Round, research_db
from research.sessions import NotNow, orders
from tests.research.conftest import again, all_of, begin, left, make_ready


def test_orders_are_balanced():
    for count in (1, 2, 3, 6, 7):
        rows = orders(list(range(count)))
        assert len(rows) == count * (1 + count % 2)
        for place in range(count):
            assert len({(row[place], sum(other[place] == row[place] for other in rows)) for row in rows}) == count
        follows = [pair for row in rows for pair in pairwise(row)]
        assert {follows.count(pair) for pair in follows} <= {len(follows) // (count * (count - 1)) if count > 1 else 0}


def test_sessions_take_turns_in_orders_and_wordings(plan):
    planned = plan("S03", "S04", sessions_=8, wordings=["", "as-a-question"])
    with research_db.connection_context():
        seen = [(tuple(task.scenario for task in session.in_order), session.wording) for session in planned]
    assert len(set(seen)) == 4
    assert {seen.count(each) for each in seen} == {2}
    same = plan("S01", "S03", sessions_=2, is_rotated=False)
    with research_db.connection_context():
        assert [[task.scenario for task in session.in_order] for session in same] == [["S01", "S03"]] * 2


def test_a_task_moves_up_as_long_as_none_was_opened(plan, moderator):
    (session,) = plan("S01", "S02", "S03", is_rotated=False)
    moderator.get(f"/research/sessions/{session.id}").submit("Move up task 3")
    begin(session, "refused")
    with research_db.connection_context():
        assert [task.scenario for task in session.in_order] == ["S01", "S03", "S02"]
        with pytest.raises(NotNow):
            sessions.move_earlier(session.in_order[1])


def test_one_more_participant(plan, moderator):
    (session,) = plan("S01")
    address = f"/research/rounds/{session.round_id}"
    moderator.get(address).submit("Add a session", 422, Day="31", Month="2", Year="2026")
    assert moderator.errors == ["The date must be a real date, for example 31 3 2026"]
    moderator.submit("Add a session", Day="1", Month="3", Year="2026")
    assert "P2" in moderator.links
    assert "1 March 2026" in moderator.text


def test_each_session_has_a_day_of_its_own(plan, moderator, research):
    first, second = plan("S01", sessions_=2, planned_on=date(2026, 4, 28))
    assert (first.planned_on, second.planned_on) == (date(2026, 4, 28), None)
    page = f"/research/sessions/{second.id}"
    moderator.get(page).submit("Save the day", 422, Day="31", Month="4", Year="2026")
    assert moderator.errors == ["The date must be a real date, for example 31 3 2026"]
    moderator.get(page).submit("Save the day", Day="29", Month="4", Year="2026")
    assert again(second).planned_on == date(2026, 4, 29)


def test_a_round_closes_when_its_sessions_are_over(held, moderator):
    session = held("S01")
    moderator.get(f"/research/rounds/{session.round_id}").submit("Close the round")
    assert moderator.errors == ["End every session first, or delete those that will not be held."]
    moderator.get(f"/research/sessions/{session.id}").submit("End the session")
    moderator.get(f"/research/rounds/{session.round_id}").submit("Close the round")
    assert "Closed on" in moderator.text
    with research_db.connection_context(), pytest.raises(NotNow):
        sessions.add_session(session.round)


def test_deleting_a_round(held, participant, moderator, look_at):
    session = held("S01")
    moderator.get(f"/research/rounds/{session.round_id}").click("Delete everything of this round")
    look_at(moderator)
    look_at(moderator.submit("Delete everything of this round"))
    assert "Everything of the round “Autumn round” is deleted" in moderator.text
    assert left() == {}
    assert all_of(Round) == []


def test_a_session_that_was_ready_is_prepared_again_after_a_change(plan, moderator):
    (session,) = plan("S07", "S01")
    page, again_ = f"/research/sessions/{session.id}", "This session is no longer ready. Prepare it again."

    def prepared():
        make_ready(session)
        return moderator.get(page)

    assert again_ not in moderator.get(page).submit("Move up task 2").text, "it has not been prepared yet"
    assert again_ in prepared().submit("Move up task 2").text
    assert again_ in prepared().submit("Use this wording", Wording="as-a-question").text
    assert again_ not in prepared().text


def test_a_rounds_page_says_how_its_pictures_are_taken(plan, moderator, research, monkeypatch):
    (session,) = plan("S01")
    folder = research.config["RESEARCH"]
    said = f"RESEARCH={folder} python3 run.py flask research screenshots {session.round_id} first. It needs Playwright"
    assert said in moderator.get(f"/research/rounds/{session.round_id}").text
    monkeypatch.setitem(research.config, "DEMO", False)
    with research.app_context():
        assert typed("research purge") == "sudo -u register-ects deploy/flask research purge"


def test_preparing_says_what_does_not_come_true(plan, moderator, monkeypatch):
    (session,) = plan("S07")
    monkeypatch.setattr("research.console.running.check", lambda app, said, words, _templates: [f"{said.id}: is odd"])
    monkeypatch.setattr("research.console.running.service_fingerprint", lambda: "another service")
    moderator.get(f"/research/sessions/{session.id}").submit("Prepare")
    assert moderator.errors == ["S07: is odd"]
    assert again(session).state == "planned"
