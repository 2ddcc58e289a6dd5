"""What the console asks moderators and tells them."""

import pytest

from research import sessions
from research.export import SCHEMA, research_data
from research.models import Entry, Session, research_db
from scenarios.scenario import scenario
from tests.research.conftest import Window


@pytest.mark.parametrize(
    ("scenarios", "error"),
    [
        (["S01"], "No scenario that you selected has the wording “as-a-question”"),
        (
            ["S01", "S03"],
            "Not every scenario that you selected has the wording “as-a-question”. "
            "These have it: S03. These do not: S01",
        ),
        (["S03", "S04"], None),
    ],
)
def test_a_wording_is_for_the_scenarios_on_whose_path_it_changes_a_page(moderator, scenarios, error):
    moderator.get("/research/rounds/new")
    assert "as-a-question (only S03, S04, S05, S10, S12, S15)" in moderator.text
    answers = {"title": "Spring", "scenarios": scenarios, "wordings": ["", "as-a-question"], "order": "same"}
    moderator.post("/research/rounds/new", answers | {"sessions": "1", "retention_days": "30"}, 422 if error else 200)
    assert moderator.errors == ([error] if error else [])


def test_the_run_sheet_says_whom_one_plays_and_on_which_day(plan, moderator, research):
    (session,) = plan("S01")
    page = f"/research/sessions/{session.id}"
    assert "You are Naomi Fletcher, and work at St John’s C of E Primary School. Today is 20 April 2026." in (
        moderator.get(page).text
    )
    with research_db.connection_context():
        sessions.save_profile(session, {"school": "Our Own Primary"})
    assert "You are Naomi Fletcher, and work at Our Own Primary. Today is 20 April 2026." in moderator.get(page).text
    observer = Window(research).get(f"/research/watch/{session.watch_token}").submit("Watch", Your_name="Dev Patel")
    assert "Today is 20 April 2026." in observer.text


def test_the_own_lead_provider_is_one_of_those_there_are(plan, moderator):
    (session,) = plan("S01")
    moderator.get(f"/research/sessions/{session.id}")
    offered = [option.text() for option in moderator.main.css("#lead_provider option")]
    assert {"Ambition Institute", "Teach First"} < set(offered)
    moderator.post(f"/research/sessions/{session.id}/profile", {"lead_provider": "Teach first"}, 422)
    assert moderator.errors == ["Select a lead provider from the list"]
    moderator.post(f"/research/sessions/{session.id}/profile", {"lead_provider": "Teach First"})
    assert "The names are saved." in moderator.text
    assert moderator.main.css_first("#lead_provider option[selected]").text() == "Teach First"
    assert "Teach First no longer looks after" in moderator.text


def test_the_feed_has_the_pages_words(held, moderator):
    session = held("S01")
    for line, said in (
        (
            {"kind": "error", "field": "lead_provider_id", "code": "missing"},
            "Select the lead provider who will train …",
        ),
        ({"kind": "error", "field": "leaving_on", "code": "incomplete"}, "The leaving date must include …"),
        ({"kind": "error", "field": "csrf_token", "code": "old"}, "csrf_token: old"),
        ({"kind": "change", "code": "finished_on"}, "Changed leaving date"),
        ({"kind": "page", "page": "gone"}, "gone (You can no longer see …’s record)"),
        ({"kind": "page", "page": "other-ect"}, "other-ect"),
    ):
        with research_db.connection_context():
            Entry.create(task=session.in_order[0], attempt=1, at_ms=1, **line)
        assert said in moderator.get(f"/research/sessions/{session.id}").text


def test_the_export_says_what_was_judged(plan, research):
    (session,) = plan("S06")
    with research_db.connection_context():
        task = session.in_order[0]
        task.state, task.judged = "closed", [True]
        task.save()
        Session.update(state="ended", consent="given", held_on="2026-04-28").where(Session.id == session.id).execute()
        (row,) = research_data(session.round)["research-data/tasks.csv"]
    assert f"{scenario('S06').judged[0]} – yes" in row
    assert "last attempt" in SCHEMA["aggregate/paths.csv"]["people"]
    assert "last attempt" in SCHEMA["aggregate/errors.csv"]["people"]
