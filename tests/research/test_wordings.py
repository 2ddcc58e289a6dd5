"""Other wordings: what is saved is shown, their own order of questions and added ones, and what is said of mistakes."""

import shutil
from contextvars import copy_context

import pytest

from app import create_app
from clock import World, entered
from database import db
from forms.added import journey_mistakes
from scenarios.check import check
from scenarios.scenario import scenario
from tests.research.conftest import Window, entries
from web import static_files, wordings


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
    shown = [page for kind, page, _, _ in entries(session) if kind == "page"]
    assert shown[-5:] == [f"{journey}/why", *[f"{journey}/{page}" for page in ("why", "leaving-date", "check-answers")],
                          f"{journey}/confirmation"]  # fmt: skip
    assert ("error", f"{journey}/why", "why", "missing") in entries(session)
    ordinary = participant(held("S03")).get("/school/ects/5/report-teacher-leaving/leaving-date")
    assert "has left or is leaving" in ordinary.heading


def test_what_is_saved_is_what_the_next_page_shows(held, participant, lay):
    lay(
        "mine",
        "records/ects.html",
        '{% extends "ordinary/records/ects.html" %}{% block heading %}Your people{% endblock %}',
    )
    window = participant(held("S01", wordings=["mine"]))
    assert window.heading == "Your people"
    ordinary = (wordings.TEMPLATES / "status.html").read_text()
    assert "no longer train" in ordinary
    lay("mine", "status.html", ordinary.replace("no longer train", "have stopped training"))
    window.click("Steven Taylor")
    assert "Ambition Institute has told us they have stopped training Steven Taylor" in window.text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[report", "It must be TOML"),
        ("[report-leaving]", "there is no journey “report-leaving”. There are change-lead-provider"),
        ('[change-name]\nquestions = ["nam"]', "“questions” is ['nam']. It must have each of name once"),
        ('[change-name.why]\nlabel = "x"', "“why” has no heading"),
        ('[change-name.name]\nheading = "x"', "“name” is an ordinary question, and can’t be added"),
    ],
)
def test_mistakes_in_a_wordings_journeys(research, lay, kept, held, participant, text, says):
    lay("mine", "journeys.toml", text)
    assert any(says in line for line in journey_mistakes("mine"))
    with entered(World()):
        assert any(says in line for line in check(research, scenario("S07"), "mine", kept / "templates"))
    window = participant(held("S03", wordings=["mine"]))
    window.get("/school/ects/5/report-teacher-leaving/leaving-date")
    assert "has left or is leaving" in window.heading, "pages go on as the ordinary ones"


def test_in_design_mode_the_ordinary_pages_are_live_too(research, monkeypatch, tmp_path):
    for name in ("templates", "static"):
        shutil.copytree(wordings.TEMPLATES.parent / name, tmp_path / name)
    monkeypatch.setattr(wordings, "TEMPLATES", tmp_path / "templates")
    monkeypatch.setattr(static_files, "STATIC", tmp_path / "static")
    kept_files = (static_files.files, static_files.version, static_files.gzipped)
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
    css = tmp_path / "static" / "app.css"
    css.write_text(css.read_text() + "/* saved */")
    style = window.get("/accessibility").page.css_first("link[rel=stylesheet]").attrs["href"]
    assert "/* saved */" in window.send("get", style).text
    for kept_file in kept_files:
        kept_file.cache_clear()
