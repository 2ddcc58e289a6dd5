"""Every scenario comes true, and `scenario check` says by name when one no longer does: each fault that DfE's own
prototype had is put in on purpose."""

import re
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import apsw
import pytest

import scenarios
from clock import entered
from database import db, elsewhere
from forms.fields import DateField
from models import Answers, Participant
from research.console.running import service_files
from scenarios.check import check
from scenarios.pages import Page, filled_in
from scenarios.predicates import PREDICATES, parameters
from scenarios.scenario import Scenario, ScenarioError, scenario, scenario_ids
from tests.conftest import IS_NIGHTLY
from web import wordings

ROOT = Path(__file__).parents[2]

LEAVING = wordings.FOLDER / "as-a-question" / "journeys" / "report-teacher-leaving" / "leaving-date.html"

OF_EACH_KIND = ("S02", "S04", "S08", "S09", "S10", "S13", "S15")
"""Those on which all pages, predicates and wordings are that are on any. The others are walked in the nightly run."""


def each_and_wording() -> list[tuple[str, str]]:
    if not IS_NIGHTLY:
        return [(name, "") for name in OF_EACH_KIND] + [("S15", words) for words in scenario("S15").variants]
    return [(name, words) for name in scenario_ids() for words in ("", *scenario(name).variants)]


def test_what_was_made_or_checked_is_made_and_checked_anew_after_any_change_of_the_service():
    files = "print(*(getattr(each, '__file__', '') for each in list(sys.modules.values())), sep='|')"
    asks = f"import sys, scenarios; {files}; import app; {files}"
    answer = subprocess.run([sys.executable, "-c", asks], cwd=ROOT, capture_output=True, text=True, check=True)
    for line, known in zip(answer.stdout.splitlines(), (scenarios.sources("S01"), service_files()), strict=True):
        paths = {Path(path) for path in line.split("|")}
        ours = {path for path in paths if ROOT in path.parents and ".venv" not in path.parts}
        assert len(ours) > 10
        assert ours <= set(known)


@pytest.fixture
def come_true(sandboxes, kept):
    """What `scenario check` says of a scenario."""
    return lambda name, words="": check(sandboxes, scenario(name), words, kept / "templates")


@pytest.fixture
def sandboxes(app):
    """Databases only as the scenarios make them."""
    with elsewhere(None):
        yield app


@pytest.mark.parametrize(("name", "words"), each_and_wording())
def test_every_scenario_comes_true(come_true, name, words):
    assert come_true(name, words) == []


# --- faults put in on purpose --------------------------------------------------------------------------------


@pytest.fixture
def overlay(monkeypatch, tmp_path):
    """Lays templates over the ordinary ones: the wording `fault`."""
    monkeypatch.setattr(wordings, "FOLDER", tmp_path)

    def lay(name: str, source: str) -> None:
        file = tmp_path / "fault" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)

    return lay


@pytest.fixture
def faulty(sandboxes):
    """An app whose templates' overlays are its own."""
    overlays = sandboxes.jinja_env.__dict__.setdefault("overlays", {})
    overlays.pop("fault", None)
    yield sandboxes
    overlays.pop("fault", None)


STILL_SAID = """{{% macro status(participant) %}}
{{% for period in participant.training_periods if period.withdrawn_at %}}
{{% set was = {{"is_ect": participant.is_ect, "training_status": "withdrawn", "name": participant.name}} %}}
{{% set _ = was.update({{"training_period": {{"lead_provider": {{"name": {provider}, "contact_email": "x"}}}}}}) %}}
{{{{ provider_message(was) }}}}{{% endfor %}}"""


@pytest.mark.parametrize(
    ("name", "provider", "says"),
    [
        ("S02", '""', "not still-shown(who = Steven Taylor)"),
        ("S08", "participant.training_period.lead_provider.name", "not still-shown(who = Peter Marsh)"),
    ],
    ids=["the message stays", "the new provider is said to have withdrawn"],
)
def test_a_message_that_is_no_longer_true(come_true, faulty, overlay, name, provider, says):
    ordinary = (ROOT / "templates" / "status.html").read_text()
    begins = "{% macro status(participant) %}"
    assert begins in ordinary
    overlay("status.html", ordinary.replace(begins, STILL_SAID.format(provider=provider)))
    assert come_true(name, "fault") == [f"{name} in the wording fault: after the direct path this isn’t true: {says}"]


def test_one_store_for_everybody(come_true, monkeypatch):
    each = Scenario.world_in

    def the_same(self, path, *args):
        return each(self, path.with_name("1.sqlite3") if path.stem.isdigit() else path, *args)

    monkeypatch.setattr(Scenario, "world_in", the_same)
    assert "S01: another world shows what is done in this one" in come_true("S01")


def test_a_reset_that_leaves_what_was_begun(come_true, monkeypatch):
    monkeypatch.setattr("scenarios.check.fresh_copy", lambda of, to: to.exists() or scenarios.fresh_copy(of, to))
    assert come_true("S01") == ["S01: what was begun before a reset is done after it"]


def test_any_date_is_taken_and_an_answer_turns_up_on_somebody_else(come_true, monkeypatch):
    def of_anybody(participant, journey_name):
        query = Answers.select().where(Answers.journey == journey_name)
        return query.first() or Answers(school_user=1, journey=journey_name, participant=participant)

    def take(field, form):
        month, day = (int(field.parts[part] or 1) for part in ("month", "day"))
        field.data = date(2026, 3, 3) if day == 31 else date(2026, month, day)

    monkeypatch.setattr("views.journeys.answers_of", of_anybody)
    monkeypatch.setattr(DateField, "pre_validate", take)
    page, found = "ect/report-teacher-leaving/leaving-date", come_true("S05")
    assert f"S05: {page} takes nothing for an answer" in found
    assert f"S05: {page} takes 31 February for an answer" in found
    assert f"S05: what is answered on {page} is there for somebody else too" in found


def test_what_pages_must_not_say(come_true, faulty, overlay):
    """Words that aren't the service's, a motive, something else at each load; and a template that takes no place."""
    overlay("records/etc.html", "")
    for name, says in (
        ("ects", "<p>{{ range(10**9) | random }}</p><!-- DEBUG --><a href='/'>Manage your prototype, clear data</a>"),
        ("ect", "{{ participant.training_period.withdrawal_reason }}, and the headteacher knows"),
    ):
        page = f'{{% extends "ordinary/records/{name}.html" %}}{{% block none %}}{{% endblock %}}'
        overlay(f"records/{name}.html", f"{page}{{% block content %}}{{{{ super() }}}}{says}{{% endblock %}}")
    found = [line.removeprefix("S01 in the wording fault: ") for line in come_true("S01", "fault")]
    for line in (
        *(f"ects says “{words}”, which is not of the service" for words in ("DEBUG", "prototype", "clear data")),
        *(f"ect says “{fact}”, which the school isn’t told" for fact in ("changed_lead_provider", "headteacher")),
        "ects says something else when it is loaded again",
        "records/etc.html takes the place of no template",
    ):
        assert line in found


def test_a_page_that_is_gone(come_true, faulty, overlay):
    overlay("records/ect.html", '{% extends "ordinary/records/ect.html" %}{% block content %}{% endblock %}')
    found = come_true("S01", "fault")
    assert found[0] == (
        "S01 in the wording fault: nothing on the page ect leads to ect/change-lead-provider/lead-provider "
        "of whom it is about"
    )


# --- the files -----------------------------------------------------------------------------------------------


def test_the_catalogue():
    assert scenario_ids() == [f"S{number:02}" for number in range(1, len(scenario_ids()) + 1)]
    for each in map(scenario, scenario_ids()):
        assert (each.success or each.judged) != each.is_exploratory
        assert bool(each.wrong_if) == bool(each.wrong_paths)
    assert [each for each in scenario_ids() if scenario(each).is_exploratory] == ["S07"]


def test_an_unknown_scenario():
    with pytest.raises(ScenarioError, match="there is no scenario S99"):
        scenario("S99")


def test_the_guide_is_true():
    guide = (ROOT / "docs" / "research.md").read_text()
    for name, predicate in PREDICATES.items():
        says = ", ".join(f"`{parameter}`" for parameter in parameters(predicate)) or "–"
        assert f"| `{name}` | {says} | {predicate.__doc__} |" in guide
    for each in map(scenario, scenario_ids()):
        assert f"| {each.id} | {each.title} |" in guide
    assert (ROOT / "scenarios" / "S02.toml").read_text().strip() in guide, "the example is a real one"
    assert LEAVING.read_text().strip() in guide
    assert (wordings.FOLDER / "reason-first" / "journeys.toml").read_text().strip() in guide
    for picture in re.findall(r"\]\((pictures/[^)]+)\)", guide):
        assert (ROOT / "docs" / picture).stat().st_size < 200_000


def test_radios_dates_and_text_are_filled_in_as_a_browser_would():
    page = Page(
        '<form method="post"><input type="hidden" name="t" value="1">'
        '<input type="radio" name="p" value="4" id="a"><label for="a">Teach <b>First</b></label>'
        '<input type="radio" name="p" value="5" id="b" checked><label for="b">UCL</label>'
        '<input name="on-day"><input name="on-month"><input name="on-year"><input name="name" value="x"></form>'
    )
    day = {"on-day": "", "on-month": "", "on-year": ""}
    assert filled_in(page.question, {}) == {"t": "1", "p": "5", "name": "x"} | day
    sent = filled_in(page.question, {"p": "Teach First", "on": date(2026, 3, 1), "name": "y"})
    assert sent == {"t": "1", "p": "4", "on-day": "1", "on-month": "3", "on-year": "2026", "name": "y"}


# --- templates and commands ----------------------------------------------------------------------------------


def test_a_template_is_made_once_and_copied(sandboxes, tmp_path):
    template = scenarios.template("S10", tmp_path)
    made_at = template.stat().st_mtime_ns
    assert scenarios.template("S10", tmp_path) == template
    assert template.stat().st_mtime_ns == made_at
    assert "2026-04-20" in template.name
    assert scenarios.template("S10", tmp_path, date(2026, 4, 21)) != template
    scenarios.fresh_copy(template, tmp_path / "copy.sqlite3")
    assert not list(tmp_path.glob("*being-made"))
    with entered(scenario("S10").world_in(tmp_path / "copy.sqlite3")), db.connection_context():
        statuses = {person.name: person.status for person in Participant.select()}
    assert statuses["John Doe"] == "withdrawn"
    assert statuses["Steven Taylor"] == "registered"


def run(app, *arguments: str):
    with app.app_context():
        return app.test_cli_runner().invoke(args=["scenario", *arguments])


def test_each_wording_page_and_predicate_is_tried_by_day():
    def told(names) -> set:
        found = set()
        for each in map(scenario, names):
            paths = [each.direct_path, *each.wrong_paths]
            found |= {*each.variants, *((step.page, step.provider) for path in paths for step in path)}
            found |= {(claim.holds, claim.is_denied) for claim in each.success + each.wrong_if}
        return found

    assert told(OF_EACH_KIND) == told(scenario_ids())
    assert set(scenario("S15").variants) == set(wordings.names())


def test_the_commands_list_and_check(sandboxes, monkeypatch):
    listed = run(sandboxes, "list").output
    assert "S03  ECT withdrawn, left teaching (wordings: as-a-question, reason-first)" in listed
    assert len(listed.splitlines()) == len(scenario_ids())
    done = run(sandboxes, "check", "S07")
    assert (done.output, done.exit_code) == ("S07: comes true\n", 0)
    monkeypatch.setattr("scenarios.check.check", lambda app, each, words: [f"{each.id}: is odd"])
    done = run(sandboxes, "check", "S07")
    assert done.exit_code == 1
    assert done.output.splitlines() == ["S07: is odd", "Error: 1 thing does not come true."]
    assert "there is no scenario S99" in run(sandboxes, "check", "S99").output


def test_loading_one_replaces_the_demo_even_while_it_is_used(app, world):
    address = Path(world.removeprefix("sqlite:///"))
    db.close()
    with closing(apsw.Connection(str(address))) as reader:
        reader.execute("SELECT 1 FROM teacher").fetchone()
        done = run(app, "load", "S08", "--yes")
    assert done.exit_code == 0, done.output
    assert "TODAY=2026-04-20 python3 run.py" in done.output
    db.connect(reuse_if_open=True)
    assert {person.status for person in Participant.select() if person.name == "Peter Marsh"} == {"withdrawn"}


def test_only_a_demo_on_sqlite_is_replaced(app, world, monkeypatch):
    monkeypatch.setitem(app.config, "DEMO", False)
    done = run(app, "load", "S08", "--yes")
    assert done.exit_code == 1
    assert "Only a demo on SQLite" in done.output


def test_the_guides_pictures_are_made_by_the_command(research, tmp_path, pictures):
    with research.app_context():
        arguments = ["research", "guide-screenshots", "--folder", str(tmp_path / "pictures")]
        done = research.test_cli_runner().invoke(args=arguments)
    assert done.exit_code == 0, done.output
    guide = (ROOT / "docs" / "research.md").read_text()
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == set(re.findall(r"pictures/(\w+\.png)", guide))


def test_pictures_are_the_same_each_time(sandboxes, tmp_path, pictures):
    names = []
    for folder in ("once", "again") if IS_NIGHTLY else ("once",):
        done = run(sandboxes, "screenshots", "S07", "--folder", str(tmp_path / folder))
        assert done.exit_code == 0, done.output
        names.append({path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()})
    assert names[0] == names[-1]
    assert {"S07-01-ects-320.png", "S07-02-ect-640.png", "S07-02-ect-1280.png", "S07.json"} <= set(names[0])
