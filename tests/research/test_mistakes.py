"""A mistake in a scenario's file is told in one line, and disturbs nothing but that scenario."""

import re
import shutil

import pytest

import scenarios
from research.models import research_db
from scenarios.scenario import ScenarioError, scenario, scenario_as
from tests.research.conftest import change_lead_provider
from tests.research.test_scenarios import run

GOOD = (scenarios.HERE / "S02.toml").read_text()
S03 = (scenarios.HERE / "S03.toml").read_text()

SPOILED = """\
title = 7
task = "Steven Taylor goes on without a lead provider."
personna = "Naomi Fletcher"
about = ["Steven Tailor"]
start = "ect"
today = "20 April"
hidden = "own staff"
wrong_paths = []
success = [
  { holds = "school-lead", who = "Steven Taylor" },
  { who = "Steven Taylor" },
  { holds = "school-led" },
  { holds = "leaves", who = "Peter Marsh", on = "soon" },
  { holds = "status", who = "Stephen Taylor", status = "registerd" },
  { holds = "still-shown", who = "Gustav Brown", not = "yes" },
  { holds = "only-changed", who = ["Hannah Clark"] },
]
direct_path = [
  { site = "ects" },
  { page = "ect/change-name/nam" },
  { page = "mentor", who = "Nobody" },
  { provider = "withdraws" },
  { page = "ect", provider = "defer" },
  { page = "mentors", answers = 3 },
  { page = "ects", refused = "mising" },
]

[world.pupils."Ola Berg"]
[world.ects."Steven Taylor"]
withdrawn = { reason = "x" }
mentor = "Jon Doe"
appropriate_body = "Ours"
training = { year = "2025" }
leaving_on = "in May"
full_time = true
[world.mentors."John Do"]
"""


TOLD = """\
, line 3: the file has “personna”. It can have title, …. Did you mean “persona”?
, line 1: title is 7. It must be a text
: persona is missing. It can be Naomi Fletcher
, line 5: start is “ect”. It can be ects, …. Did you mean “ects”?
, line 6: today is “20 April”. It must be a day
, line 7: hidden is “own staff”. It must be a list of texts
, line 8: wrong_paths says nothing. It must be a list, and not empty
, line 28: world has “pupils”. It can have ects, …
, line 36: nobody in the base world is “John Do”, and who is new needs trn, email, started_on. Did you mean “John Doe”?
, line 35: world.ects.“Steven Taylor” has “full_time”. It can have trn, …
, line 34: world.ects.“Steven Taylor”, leaving_on is “in May”. It must be a day, or “today + 40”
, line 32: world.ects.“Steven Taylor”, appropriate_body is “Ours”. It can be Alpha Teaching School Hub, …
, line 31: world.ects.“Steven Taylor”, mentor is “Jon Doe”. It can be John Doe, …. Did you mean “John Doe”?
, line 33: world.ects.“Steven Taylor”, training, year is “2025”. It must be a year
, line 30: world.ects.“Steven Taylor”, withdrawn, on is missing. It must be a day
, line 30: world.ects.“Steven Taylor”, withdrawn, reason is “x”. It can be left-teaching-profession, …
, line 4: about is “Steven Tailor”. It can be Steven Taylor, …. Did you mean “Steven Taylor”?
, line 10: claim 1 of success, holds is “school-lead”. It can be status, …. Did you mean “school-led”?
: claim 2 of success, holds is missing. It can be status, …
, line 12: claim 3 of success, who is missing. It can be Steven Taylor, …
, line 13: claim 4 of success, on is “soon”. It must be a day
, line 14: claim 5 of success, who is “Stephen Taylor”. It can be Steven Taylor, …. Did you mean “Steven Taylor”?
, line 14: claim 5 of success, status is “registerd”. It can be leaving, …. Did you mean “registered”?
, line 15: claim 6 of success, not is “yes”. It must be true or false
, line 16: claim 7 of success, who is “Hannah Clark”. It can be Steven Taylor, …. Did you mean “Hannah Clarke”?
, line 19: step 1 of direct_path has “site”. It can have page, …
, line 19: step 1 of direct_path is {'site': 'ects'}. It needs either “page” or “provider”
, line 20: step 2 of direct_path, page is “ect/change-name/nam”. It can be ect, …. Did you mean “ect/change-name/name”?
, line 21: step 3 of direct_path, who is “Nobody”. It can be Steven Taylor, …
, line 22: step 4 of direct_path, provider is “withdraws”. It can be withdraw, …. Did you mean “withdraw”?
, line 20: step 5 of direct_path is {'page': 'ect', 'provider': 'defer'}. It needs either “page” or “provider”
, line 24: step 6 of direct_path, answers is 3. It must be a table
, line 25: step 7 of direct_path, refused is “mising”. It can be already, …. Did you mean “missing”?
, line 25: step 7 of direct_path is refused, and answers nothing. It needs “answers”
"""


def mistakes(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        scenario_as("S02", text)
    return str(raised.value).splitlines()


def test_every_mistake_is_one_line():
    told = [re.sub(r"(It can \w+ [^,.]+),[^.]*", r"\1, …", line) for line in mistakes(SPOILED)]
    assert told == [f"S02.toml{line}" for line in TOLD.splitlines()]


def test_what_is_no_toml_is_told_by_its_line():
    for was, instead, line in (("title = ", "title ", 1), ("train Steven instead.", 'train "Steven" instead.', 2)):
        (told,) = mistakes(GOOD.replace(was, instead))
        assert told.startswith(f"S02.toml, line {line}: ")
        assert "It must be TOML" in told


@pytest.fixture
def files(monkeypatch, tmp_path):
    """A copy of the scenarios' folder, to be spoiled."""
    folder = tmp_path / "scenarios"
    shutil.copytree(scenarios.HERE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for module in ("scenarios", "scenarios.scenario", "research.sessions"):
        monkeypatch.setattr(f"{module}.HERE", folder)
    return folder


def test_a_broken_file_breaks_nothing_else(files, held, participant, moderator, research):
    session = held("S01", "S02")
    window = participant(session)
    (files / "S01.toml").write_text("title = ")
    (files / "S16.toml").write_text(GOOD.replace("persona =", "personna ="))
    change_lead_provider(window)
    page = f"/research/sessions/{session.id}"
    moderator.get(page).submit("Close task 1")
    assert "Success, directly" in moderator.text, "what was begun goes on with what it began with"
    moderator.get("/research/rounds/new")
    assert "S01.toml, line 1: " in moderator.text
    assert "S16.toml, line 3: the file has “personna”" in moderator.text
    assert "S02 ECT withdrawn, switched to school-led" in moderator.text
    moderator.get(f"/research/rounds/{session.round_id}")
    listed = run(research, "list").output
    assert "S02  ECT" in listed
    assert "S16.toml, line 3" in listed
    done = run(research, "check", "S16")
    assert done.exit_code == 1
    assert "S16.toml: persona is missing. It can be Naomi Fletcher" in done.output


def test_a_session_with_a_broken_scenario_is_not_prepared(files, plan, moderator):
    (session,) = plan("S01")
    (files / "S01.toml").write_text(S03.replace('start = "ects"', 'start = "ect"'))
    moderator.get(f"/research/sessions/{session.id}").submit("Prepare")
    assert moderator.errors == ["S01.toml, line 5: start is “ect”. It can be ects, mentors. Did you mean “ects”?"]


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "of before it was kept"])
def test_a_round_whose_scenario_was_removed_can_be_read(files, held, participant, moderator, is_kept):
    session = held("S01", "S03")
    change_lead_provider(participant(session))
    page = f"/research/sessions/{session.id}"
    moderator.get(page).submit("Close task 1")
    if not is_kept:
        with research_db.connection_context():
            type(session.round).update(files=None).execute()
    for name in ("S01", "S03"):
        (files / f"{name}.toml").unlink()
    moderator.get(page)
    title = "ECT withdrawn, changed lead provider" if is_kept else "A scenario that is no longer there"
    assert title in moderator.text
    moderator.submit("End the session")
    moderator.get(f"/research/rounds/{session.round_id}")
    assert title in moderator.response.text
    assert moderator.send("get", f"/research/rounds/{session.round_id}/map-S01.svg").status_code == 200
    token = moderator.value("csrf_token")
    exported = moderator.send("post", f"/research/rounds/{session.round_id}/export", data={"csrf_token": token})
    assert exported.mimetype == "application/zip"


def test_what_is_saved_is_what_is_read(files):
    """No restart: the next request has it."""
    assert scenario("S01").title == "ECT withdrawn, changed lead provider"
    file = files / "S01.toml"
    file.write_text(file.read_text().replace("changed lead provider", "another title", 1))
    assert scenario("S01").title == "ECT withdrawn, another title"
    before = scenarios.fingerprint("S01")
    file.write_text(file.read_text() + "\n# a remark\n")
    assert scenarios.fingerprint("S01") != before
