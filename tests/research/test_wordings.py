"""Other wordings: what is saved is shown, their own order of questions and added ones, and what is said of mistakes."""

import shutil
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from flask import request_finished

from app import create_app
from clock import World, entered
from database import db
from forms.added import journey_mistakes
from research import sessions
from research.models import research_db, store_folder
from research.results import error_words
from scenarios.check import CheckRun, check
from scenarios.scenario import scenario
from tests.research.conftest import Window, again, begin, entries, task_of
from web import static_files, wordings

ECTS = '{% extends "ordinary/records/ects.html" %}{% block heading %}Your people{% endblock %}'


@pytest.fixture
def lay(monkeypatch, tmp_path):
    """Saves a file of a wording: `lay("mine", "status.html", "…")`."""
    monkeypatch.setattr(wordings, "MORE", [tmp_path / "wordings"])

    def saved(name: str, file: str, text: str) -> None:
        path = tmp_path / "wordings" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return saved


def test_a_wording_may_ask_in_another_order_and_ask_more(held, participant):
    session = held("S03", wordings=["reason-first"])
    window = participant(session).click("Steven Taylor")
    window.get("/school/ects/5/report-teacher-leaving/leaving-date")
    assert window.heading == "Why is Steven Taylor leaving?", "it comes first now"
    window.submit("Continue", 422)
    assert window.errors == ["Select why they are leaving"]
    window.choose("Another school").submit("Continue", Day="27", Month="3", Year="2026")
    assert window.row("Reason").startswith("Another school")
    window.submit("Confirm and continue")
    assert "You have told us that Steven Taylor left on 27 March 2026" in window.heading
    journey = "ect/report-teacher-leaving"
    shown = [page.removeprefix(f"{journey}/") for kind, page, _, _ in entries(session) if kind == "page"]
    assert shown[-5:] == ["why", "why", "leaving-date", "check-answers", "confirmation"]
    assert ("error", f"{journey}/why", "why", "missing") in entries(session)
    assert error_words("why", "missing", "reason-first") == "Select why they are leaving", "as the page says it"
    ordinary = participant(held("S03")).get("/school/ects/5/report-teacher-leaving/leaving-date")
    assert "has left or is leaving" in ordinary.heading


def test_what_is_saved_is_what_the_next_page_shows(held, participant, lay):
    lay("mine", "records/ects.html", ECTS)
    window = participant(held("S01", wordings=["mine"]))
    assert window.heading == "Your people"
    ordinary = (wordings.TEMPLATES / "status.html").read_text()
    assert "no longer train" in ordinary
    lay("mine", "status.html", ordinary.replace("no longer train", "have stopped training"))
    said = "Ambition Institute has told us they have stopped training Steven Taylor"
    assert said in window.get("/school/ects").text, "what was shown before in this wording isn't shown again"
    assert said in window.click("Steven Taylor").text


def test_what_is_saved_during_a_task_is_another_hash(held, lay):
    for ends in (sessions.pause, lambda task: sessions.close(task, lambda _: None)):
        lay("mine", "status.html", (wordings.TEMPLATES / "status.html").read_text())
        session = held("S01", wordings=["mine"])
        lay("mine", "status.html", "saved while the task is open")
        with research_db.connection_context():
            ends(task_of(session))
        assert [len(each) for each in again(session).shown.split()] == [16, 16]


MISTAKES = [
    ("[report", "It must be TOML"),
    ("[report-leaving]", "there is no journey “report-leaving”. There are change-lead-provider"),
    ('[change-name]\nquestions = ["nam"]', "“questions” is ['nam']. It must have each of name once"),
    ('[change-name.why]\nlabel = "x"', "“why”, heading must be text"),
    ("[change-name]\nwhy = 5", "“why”, heading must be text"),
    ('[change-name.why]\nheading = "x"\nchoices = "ab"', "“why”, choices must be a list of two or more texts"),
    ('[change-name.why]\nheading = "x"\nchoices = ["a", "a"]', "“why”, choices must be a list of two or more"),
    ('[change-name.why]\nheading = "x"\nchoice = ["a", "b"]', "“why”, choice is nothing that can be said of a"),
    ('[change-name.check-answers]\nheading = "x"', "“check-answers”, name is the name of a page that the"),
    ('[change-name.Why2]\nheading = "x"', "“Why2”, name must be small letters and dashes"),
    ('[change-name.data]\nheading = "x"', "“data”, name must be small letters and dashes"),
]


def test_mistakes_in_a_wordings_journeys(research, lay, kept, held, participant):
    for text, says in MISTAKES:
        lay("mine", "journeys.toml", text)
        assert any(says in line for line in journey_mistakes("mine")), text
    with entered(World()):
        assert any(says in line for line in check(research, scenario("S07"), "mine", kept / "templates"))
    window = participant(held("S03", wordings=["mine"]))
    for text in ("[report", '[change-name.why]\nlabel = "x"'):
        lay("mine", "journeys.toml", text)
        window.get("/school/ects/5/report-teacher-leaving/leaving-date")
        assert "has left or is leaving" in window.heading, "pages go on as the ordinary ones"


def test_what_stands_in_braces_in_an_added_question_breaks_nothing(held, participant, lay):
    lay("mine", "journeys.toml", '[report-teacher-leaving.why]\nheading = "{x}{name}"\nerror = "{x} of {name}"')
    window = participant(held("S03", wordings=["mine"])).click("Steven Taylor")
    window.get("/school/ects/5/report-teacher-leaving/leaving-date")
    window.submit("Continue", Day="27", Month="3", Year="2026")
    assert window.heading == "{x}Steven Taylor"
    assert window.submit("Continue", 422).errors == ["{x} of Steven Taylor"]


def test_in_design_mode_the_ordinary_pages_are_live_too(research, monkeypatch, tmp_path):
    for name in ("templates", "static"):
        shutil.copytree(wordings.TEMPLATES.parent / name, tmp_path / name)
    monkeypatch.setattr(wordings, "TEMPLATES", tmp_path / "templates")
    monkeypatch.setattr(static_files, "STATIC", tmp_path / "static")
    kept_files = (static_files.files, static_files.version, static_files.smaller_file)
    for kept_file in kept_files:
        kept_file.cache_clear()
    settings = {
        "SECRET_KEY": research.config["SECRET_KEY"],
        "DATABASE_URL": f"sqlite:///{db.obj.database}",
        "DEMO": True,
    }
    window = Window(copy_context().run(create_app, **settings, DESIGN=True)).get("/accessibility")
    for file, was, becomes in (
        ("about/accessibility.html", "Accessibility statement", "How accessible this is"),
        ("page_shell.html", "Help and support", "Help"),
    ):
        page = tmp_path / "templates" / file
        assert was in window.response.text
        page.write_text(page.read_text().replace(was, becomes))
        assert becomes in window.get("/accessibility").response.text
    said = tmp_path / "templates" / "status.html"
    assert "no longer train" in window.sign_in("Naomi Fletcher").get("/school/ects").text
    said.write_text(said.read_text().replace("no longer train", "have dropped"))
    assert "have dropped" in window.get("/school/ects").text, "a card that was shown before isn't shown again"
    css = tmp_path / "static" / "app.css"
    css.write_text(css.read_text() + "/* saved */")
    style = window.get("/school/ects").page.css_first("link[rel=stylesheet]").attrs["href"]
    assert "/* saved */" in window.send("get", style).text
    for kept_file in kept_files:
        kept_file.cache_clear()


def test_a_walk_sees_only_what_its_own_requests_show(research, kept, tmp_path):
    """Somebody else's page is shown while a walker waits for its own."""
    with entered(World()):
        run = CheckRun(research, scenario("S01"), tmp_path, "", kept / "templates")
        walker, other, others = run.walker(), run.walker(), []

        def meanwhile(_app, **_):
            if not others:
                others.append(None)
                with ThreadPoolExecutor() as another:
                    others.append(another.submit(other.ask, "/school/mentors").result())

        with request_finished.connected_to(meanwhile, research):
            shown = walker.ask("/school/ects")
    assert (shown.template, others[1].template) == ("records/ects.html", "records/mentors.html")


@pytest.fixture
def designing(research, monkeypatch):
    monkeypatch.setitem(research.config, "DESIGN", True)
    monkeypatch.setattr(wordings, "MORE", [store_folder() / "wordings"])
    monkeypatch.setattr("research.console.designing.check", lambda *_: [])


PAGE = "/research/wordings"


def test_a_wording_is_made_in_the_console_and_put_on_a_session(designing, plan, moderator, participant):
    moderator.get(PAGE).submit("Make it", 422, A_new_wording="Shorter message")
    assert moderator.errors == ["Use small letters, numbers and dashes only, such as shorter-message"]
    moderator.submit("Make it", A_new_wording="shorter-message")
    moderator.get(f"{PAGE}?wording=shorter-message&scenario=S01&state=1").click("status.html")
    source = moderator.main.css_first("#text").text()
    assert "no longer train" in source
    moderator.submit("Save", 422, **{"status.html_in_this_wording": "{% if %}"})
    assert moderator.errors[0].startswith("Not saved. Line 1: ")
    assert moderator.main.css_first("#text").text() == "{% if %}", "nothing is lost"
    moderator.submit("Save", **{"status.html_in_this_wording": source.replace("no longer train", "have dropped")})
    assert "status.html (changed)" in moderator.text
    assert "scenario" in moderator.send("get", f"{PAGE}/shorter-message/check").text
    preview = moderator.send("get", moderator_preview := f"{PAGE}/shorter-message/S01/2")
    assert "have dropped" in preview.text, moderator_preview
    policy = preview.headers["Content-Security-Policy"]
    for promise in ("sandbox allow-same-origin;", "script-src 'none'", "form-action 'none'", "frame-ancestors 'self'"):
        assert promise in policy
    (session,) = plan("S01")
    page = f"/research/sessions/{session.id}"
    moderator.get(page).submit("Use this wording", Wording="shorter-message")
    window = participant(begin(session)).click("Steven Taylor")
    assert "Ambition Institute has told us they have dropped Steven Taylor" in window.text
    with research_db.connection_context():
        assert "shorter-message" in again(session).round.wordings
    file = store_folder() / "wordings" / "shorter-message" / "status.html"
    for number, said in enumerate(("never trained", "no longer know"), 2):
        file.write_text(source.replace("no longer train", said))
        assert f"they {said} Steven Taylor" in window.get(window.path).text
        assert [len(each) for each in again(session).shown.split()] == [16] * number, "each hash that was shown"


def test_questions_are_added_and_put_in_order_in_the_console(designing, plan, moderator, participant, look_at):
    moderator.get(f"{PAGE}?scenario=S03").submit("Make it", A_new_wording="reason-asked")
    assert moderator.main.css_first("#scenario option[selected]").attrs["value"] == "S03", "as it was chosen"
    assert moderator.main.css_first("#journey option[selected]").attrs["value"] == "report-teacher-leaving"
    moderator.get(f"{PAGE}?wording=reason-asked&scenario=S03&page=report-teacher-leaving/leaving-date")
    moderator.submit("Add the question", 422)
    assert moderator.errors == ["Select a journey", "Enter a name for the question", "Enter the question"]
    look_at(moderator)
    moderator.submit("Add the question", 422, Journey="change-name", Question="Why?", Its_name="Why leaving")
    assert moderator.errors[0].startswith("This must be small letters and dashes, such as why-leaving")
    asked = {"Journey": "report-teacher-leaving", "Question": "Why is {name} leaving?", "Its_name": "reason"}
    moderator.submit("Add the question", 422, **asked, Answers_to_choose_from="Another school")
    assert moderator.errors == ["This must be a list of two or more texts, each another one"]
    assert moderator.main.css_first("#choices").text().strip() == "Another school", "nothing is lost"
    moderator.submit("Add the question", **asked, Answers_to_choose_from="Another school\n\nSomething “else”\n")
    file = store_folder() / "wordings" / "reason-asked" / "journeys.toml"
    said = {"heading": asked["Question"], "choices": ["Another school", "Something “else”"]}
    journey = {"questions": ["leaving-date", "reason"], "reason": said}
    assert tomllib.loads(file.read_text()) == {"report-teacher-leaving": journey}
    assert "Why is Steven Taylor leaving?" in moderator.main.css_first("#state option[selected]").text(), "it is shown"
    moderator.submit("Move up reason")
    look_at(moderator)
    assert tomllib.loads(file.read_text())["report-teacher-leaving"]["questions"] == ["reason", "leaving-date"]
    assert journey_mistakes("reason-asked") == []
    (session,) = plan("S03")
    moderator.get(f"/research/sessions/{session.id}").submit("Use this wording", Wording="reason-asked")
    window = participant(begin(session)).get("/school/ects/5/report-teacher-leaving/leaving-date")
    assert window.heading == "Why is Steven Taylor leaving?", "it comes first"
    moderator.get(f"{PAGE}?wording=reason-asked&scenario=S03&page=report-teacher-leaving/reason")
    moderator.submit("Remove reason")
    assert tomllib.loads(file.read_text()) == {"report-teacher-leaving": {"questions": ["leaving-date"]}}


def test_a_file_with_mistakes_is_not_written_over(designing, moderator):
    moderator.get(PAGE).submit("Make it", A_new_wording="mine")
    file = store_folder() / "wordings" / "mine" / "journeys.toml"
    file.write_text('[change-training-programme]\nquestions = ["lead-provider"]')
    moderator.get(f"{PAGE}?wording=mine&scenario=S02&page=change-training-programme/lead-provider")
    moderator.submit("Move up lead provider", 422)
    assert moderator.errors[0].startswith("Not saved. mine/journeys.toml, change-training-programme: “questions” is")
    assert file.read_text().endswith('["lead-provider"]')


def test_a_wording_is_checked_again_when_the_ordinary_pages_are_saved(designing, moderator, monkeypatch, tmp_path):
    file = tmp_path / "templates" / "status.html"
    file.parent.mkdir()
    file.write_text("It was so.")
    monkeypatch.setattr("research.console.running.HERE", tmp_path / "scenarios")
    monkeypatch.setattr("research.console.designing.check", lambda *_: [file.read_text()])
    moderator.get(PAGE).submit("Make it", A_new_wording="mine")

    def found() -> str:
        while "Checking" in (text := moderator.send("get", f"{PAGE}/mine/check").text):
            pass
        return text

    assert "It was so." in found()
    file.write_text("Now it is different.")
    assert "Now it is different." in found()


def test_back_to_the_ordinary_one(designing, moderator):
    moderator.get(PAGE).submit("Make it", A_new_wording="mine")
    address = f"{PAGE}?wording=mine&scenario=S01&state=0&template=records/ects.html"
    moderator.get(address).submit("Save", **{"records/ects.html_in_this_wording": "{{ 1 / 0 }}"})
    assert "ZeroDivisionError" in moderator.text, "what stops the page is said"
    moderator.submit("Back to the ordinary one")
    assert "(changed)" not in moderator.text


def test_a_wording_stays_once_a_task_was_opened(held, moderator):
    session = held("S01")
    moderator.get(f"/research/sessions/{session.id}")
    moderator.post(f"/research/sessions/{session.id}/wording", {"wording": "as-a-question"})
    assert moderator.errors == ["The wording stays, once the first task was opened."]
    moderator.post(f"/research/sessions/{session.id}/wording", {"wording": "made-up"}, 400)


def test_templates_are_edited_in_design_mode_only(moderator):
    for path in (PAGE, f"{PAGE}/mine/S01/1", f"{PAGE}/mine/check"):
        moderator.get(path, 404)
    moderator.get("/research")
    moderator.post(f"{PAGE}/mine", {"template": "status.html", "text": "x"}, 404)
