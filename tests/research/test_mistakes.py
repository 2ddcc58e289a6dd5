"""A mistake in a scenario's file is told in one line, and disturbs nothing but that scenario."""

import shutil
import tomllib

import pytest

import scenarios
from research.models import research_db
from scenarios.mistakes import mistakes_in
from scenarios.scenario import ScenarioError, scenario, scenario_as, scenario_ids
from tests.research.conftest import change_lead_provider
from tests.research.test_scenarios import run

GOOD = (scenarios.HERE / "S02.toml").read_text()
S03 = (scenarios.HERE / "S03.toml").read_text()

CASES = {
    "no TOML": ("title = ", "title ", "line 1: Expected '=' after a key in a key/value pair. It must be TOML"),
    "a quote too few": ("train Steven instead.", 'train "Steven" instead.', None),
    "an unknown key": ("persona =", "personna =", "line 3: the file has “personna”. It can have title, task"),
    "what was meant by it": ("persona =", "personna =", "Did you mean “persona”?"),
    "a key that is missing": ('persona = "Naomi Fletcher"\n', "", "persona is missing. It can be Naomi Fletcher"),
    "a wrong kind": (
        'about = ["Steven Taylor"]',
        'about = "Steven Taylor"',
        "line 4: about is “Steven Taylor”. It must be a list",
    ),
    "a number for a title": (
        'title = "ECT withdrawn, switched to school-led"',
        "title = 7",
        "line 1: title is 7. It must be a text",
    ),
    "nothing said": (
        'about = ["Steven Taylor"]',
        "about = []",
        "line 4: about says nothing. It must be a list of texts, and not",
    ),
    "an unknown persona": (
        "Naomi Fletcher",
        "Naomi Fletchr",
        "persona is “Naomi Fletchr”. It can be Naomi Fletcher. Did you mean",
    ),
    "nobody of that name": (
        'about = ["Steven Taylor"]',
        'about = ["Steven Tailor"]',
        "line 4: about is “Steven Tailor”. It can be Steven Taylor, Gustav",
    ),
    "a start about somebody": (
        'start = "ects"',
        'start = "ect"',
        "line 5: start is “ect”. It can be ects, mentors. Did you mean “ects”?",
    ),
    "a day that is none": (
        'start = "ects"',
        'start = "ects"\ntoday = "20 April"',
        "line 6: today is “20 April”. It must be a day",
    ),
    "an unknown predicate": (
        '"school-led"',
        '"school-lead"',
        "line 9: claim 1 of success, holds is “school-lead”. It can be status, trained-by",
    ),
    "no predicate": ('holds = "still-shown", ', "", "claim 3 of success, holds is missing. It can be status"),
    "an argument too few": (
        '{ holds = "school-led", who = "Steven Taylor" }',
        '{ holds = "school-led" }',
        "claim 1 of success, who is missing. It can be Steven",
    ),
    "an argument too many": (
        '"school-led", who',
        '"school-led", on = 2026-04-20, who',
        "has “on”. It can have holds, not, who",
    ),
    "an argument of a wrong kind": (
        'who = ["Steven Taylor"] }',
        'who = "Steven Taylor" }',
        "claim 4 of success, who is “Steven Taylor”. It must be a list of texts",
    ),
    "a claim about nobody": (
        '"still-shown", who = "Steven Taylor"',
        '"still-shown", who = "Stephen Taylor"',
        "line 11: claim 3 of success, who is “Stephen Taylor”",
    ),
    "an unknown status": (
        'status = "registered"',
        'status = "registerd"',
        "line 10: claim 2 of success, status is “registerd”. It can be leaving",
    ),
    "a denial that is none": (
        "not = true",
        'not = "yes"',
        "line 11: claim 3 of success, not is “yes”. It must be true or false",
    ),
    "an unknown key in a step": (
        '{ page = "ects" },\n  { page = "ect" },\n  { page = "ect/change-t',
        '{ site = "ects" },\n  { page = "ect" },\n  { page = "ect/change-t',
        "step 1 of direct_path has “site”. It can have page, who",
    ),
    "an unknown page": (
        "training-programme/confirmation",
        "training-programme/confirmed",
        "line 21: step 5 of direct_path, page is “ect/change-training-programme/confirmed”",
    ),
    "an unknown act": (
        '{ page = "ect" },\n  { page = "ect/change-t',
        '{ provider = "withdraws" },\n  { page = "ect/change-t',
        "line 18: step 2 of direct_path, provider is “withdraws”. It can be withdraw, defer",
    ),
    "a step that is two": (
        '{ page = "ect" },\n  { page = "ect/change-t',
        '{ page = "ect", provider = "defer" },\n  { page = "ect/change-t',
        "It needs either “page” or “provider”",
    ),
    "a step about nobody": (
        '{ page = "ect" },\n  { page = "ect/change-t',
        '{ page = "ect", who = "Nobody" },\n  { page = "ect/change-t',
        "step 2 of direct_path, who is “Nobody”",
    ),
    "answers that are none": (
        'answers = {} },\n  { page = "ect/change-training-programme/check',
        'answers = 3 },\n  { page = "ect/change-training-programme/check',
        "step 3 of direct_path, answers is 3. It must be a table",
    ),
    "an unknown code": (
        'confirmation" },\n]\nwrong',
        'confirmation", answers = {}, refused = "mising" },\n]\nwrong',
        "step 5 of direct_path, refused is “mising”",
    ),
    "a path that is no list": (
        "direct_path = [",
        "direct_path = 4\nhidden_path = [",
        "direct_path is 4. It must be a list of tables",
    ),
    "an unknown group of people": (
        '[world.ects."Steven',
        '[world.pupils."Steven',
        "world has “pupils”. It can have ects, mentors",
    ),
    "a new person without a TRN": (
        '[world.ects."Steven Taylor"]',
        '[world.ects."Steven Tailor"]',
        "who is new needs trn, email, started_on. Did you mean “Steven Taylor”?",
    ),
    "an unknown fact of a person": (
        "withdrawn = {",
        "withdrawm = {",
        "world.ects.“Steven Taylor” has “withdrawm”. It can have trn",
    ),
    "an unknown reason": (
        "switched-to-school-led",
        "switched-to-school",
        "reason is “switched-to-school”. It can be left-teaching",
    ),
    "a withdrawal without a day": (
        "on = 2026-04-13, ",
        "",
        "withdrawn, on is missing. It must be a day",
    ),
    "a day in words": ("on = 2026-04-13", 'on = "13 April"', "withdrawn, on is “13 April”. It must be a day"),
    "an unknown mentor": (
        "withdrawn = {",
        'mentor = "Jon Doe"\nwithdrawn = {',
        "“Steven Taylor”, mentor is “Jon Doe”. It can be",
    ),
    "an unknown body": (
        "withdrawn = {",
        'appropriate_body = "Ours"\nwithdrawn = {',
        "appropriate_body is “Ours”. It can be Alpha Teaching School Hub",
    ),
    "an unknown lead provider": (
        "withdrawn = {",
        'training = { lead_provider = "Teach Fist", year = 2025 }\nwithdrawn = {',
        "Did you mean “Teach First”?",
    ),
    "a leaving date in words": (
        "withdrawn = {",
        'leaving_on = "soon"\nwithdrawn = {',
        "leaving_on is “soon”. It must be a day, or “today + 40”",
    ),
}


@pytest.mark.parametrize(("was", "instead", "says"), CASES.values(), ids=CASES)
def test_every_mistake_is_one_line(was, instead, says):
    assert GOOD.count(was) >= 1
    with pytest.raises(ScenarioError) as raised:
        scenario_as("S02", GOOD.replace(was, instead, 1))
    lines = str(raised.value).splitlines()
    assert any((says or "It must be TOML") in line for line in lines), lines
    assert all(line.startswith("S02.toml") for line in lines)


@pytest.mark.parametrize("name", scenario_ids())
def test_a_file_without_mistakes_has_none(name):
    text = (scenarios.HERE / f"{name}.toml").read_text()
    assert mistakes_in(name, text, tomllib.loads(text), scenarios.read(scenarios.WORLD)) == []


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
