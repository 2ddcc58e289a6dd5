"""What keeps the house in order: which way imports go, which addresses there are and who may use them, that
fragment and page are one, that migrations make what the models describe, and the headers of every answer."""

import ast
import os
import re
from contextlib import closing
from functools import cache
from pathlib import Path

import apsw
import pytest
from flask import abort

import database
import models
import support.models
from app import ERRORS, HEADERS
from database import db, migrate, triggers
from forms.journeys import JOURNEYS
from support.corrections import CORRECTIONS
from tests.conftest import both_engines, person
from tests.reports import dump
from tests.visitor import Html
from views import ASKED_BY_ITSELF

ROOT = Path(__file__).parent.parent

# --- imports -------------------------------------------------------------------------------------------------

FOLDERS = ("database", "domain", "forms", "web", "views", "filling", "support", "scenarios", "research")
RINGS = ("clock", "settings", "vocabulary", "database", "models", "domain")


def test_the_rules_know_nothing_of_the_web():
    web = re.compile(r"^(?:from|import) (?:flask|wtforms|flask_wtf|werkzeug)\b", re.MULTILINE)
    rings = [ROOT / name for name in RINGS]
    for path in [
        file for ring in rings for file in (ring.rglob("*.py") if ring.is_dir() else [ring.with_suffix(".py")])
    ]:
        assert not web.search(path.read_text()), path


def test_templates_use_what_they_import():
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        for line in re.findall(r"{%-? from .* import (.*?) (?:with context )?-?%}", text):
            for name in line.split(", "):
                assert len(re.findall(rf"\b{name.split()[-1]}\b", text)) > 1, f"{path.name} imports {name}"


def test_no_line_of_a_template_is_longer_than_a_window():
    lines = {path: path.read_text().splitlines() for path in (ROOT / "templates").rglob("*.html")}
    assert not [f"{path.name}: {line}" for path in lines for line in lines[path] if len(line) > 150]


def test_only_one_place_asks_the_real_clock():
    asking = re.compile(r"datetime\.now\(|date\.today\(|utcnow\(|time\.time\(")
    sources = [path for path in ROOT.glob("*.py") if path.name != "run.py"]
    sources += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    sources = [path for path in sources if path.name != "example_client.py"]  # which runs elsewhere
    places = [
        f"{path.name}: {line.strip()}"
        for path in sources
        for line in path.read_text().splitlines()
        if asking.search(line)
    ]
    assert places == ["clock.py: return current_world().moment or datetime.now(UTC)"]


def test_every_python_file_says_what_is_in_it():
    for path in ROOT.glob("**/*.py"):
        if not {".venv", "node_modules"} & set(path.parts) and path.name != "__init__.py":
            assert re.match(r'(#!.*\n)?"""', path.read_text()), path


# --- addresses -----------------------------------------------------------------------------------------------

OPEN = {"assets.static", "assets.vendor", "sign_in.home", "sign_in.sign_in", "sign_in.sign_out"}
OPEN |= {"about.accessibility", "about.privacy", "outbox.outbox"}
OPEN |= {"health.alive", "health.ready", "health.metrics"}
OPEN |= {"documentation.page", "documentation.client", "documentation.openapi", "documentation.openapi_as_yaml"}
OPEN |= {"sandbox.reset_by_request"}
OPEN |= {"sign_in.to_provider", "sign_in.callback", "sign_in.signed_out", "sign_in.time_left"}


def rules(app, *, prefix: str = "") -> list:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(prefix)]


def test_every_address_belongs_to_the_school_the_api_or_everybody(app):
    others = {rule.endpoint for rule in rules(app) if not rule.endpoint.startswith(("school.", "api."))}
    assert others == OPEN


def filled(rule, participant_id: int) -> str:
    values = {"participant_id": participant_id, "people": "ects", "journey_name": "change-lead-provider"}
    values |= {"page": "lead-provider", "action": "withdraw", "name": "participants"}
    if rule.endpoint.startswith("api."):
        values |= dict.fromkeys(rule.arguments, "5f0c3a52-0000-4000-8000-000000000001")
    return re.sub(r"<(?:[^:>]*:)?([^>]+)>", lambda match: str(values[match[1]]), rule.rule)


def test_every_school_page_asks_to_sign_in(visitor, app):
    for rule in rules(app, prefix="school."):
        address = filled(rule, person("Steven Taylor").id)
        response = visitor.send("get", address, follow_redirects=False)
        assert response.status_code == 303, address
        assert response.location.startswith("/sign-in?next=")
        partial = visitor.send("get", address, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
        assert (partial.status_code, partial.text) == (204, "")
        # What a page asks by itself sends nobody away from it.
        redirect = None if rule.endpoint == ASKED_BY_ITSELF else response.location
        assert partial.headers.get("HX-Redirect") == redirect


def test_every_api_address_asks_for_a_token(visitor, app):
    for rule in rules(app, prefix="api."):
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            response = visitor.send(method.lower(), filled(rule, 1))
            assert (response.status_code, response.json) == (401, {"error": "access denied"})


def test_looking_changes_nothing(naomi, app):
    before = dump()
    for rule in rules(app):
        if "GET" in rule.methods and not rule.endpoint.startswith("assets."):
            naomi.send("get", filled(rule, person("Steven Taylor").id))
    assert dump() == before


# --- pages and fragments -------------------------------------------------------------------------------------

PAGES = [
    "/school/ects",
    "/school/ects?q=taylor",
    "/school/mentors",
    "/school/induction-tutor",
    "/school/induction-tutor/change",
    "/outbox",
    "/school/ects/{steven}",
    "/school/ects/{gustav}",
    "/school/mentors/{john}",
    "/school/ects/{steven}/change-lead-provider/lead-provider",
    "/school/ects/{steven}/report-teacher-leaving/leaving-date",
    "/school/nowhere",
    "/accessibility",
    "/privacy",
]


@pytest.fixture
def ids(world) -> dict:
    names = {"steven": "Steven Taylor", "gustav": "Gustav Brown", "thomas": "Thomas Walker"}
    return {key: person(name).id for key, name in names.items()} | {"john": person("John Doe", "mentor").id}


def test_a_fragment_is_the_page_without_its_shell(naomi, ids):
    for address in [address.format(**ids) for address in PAGES]:
        page = Html(naomi.send("get", address).text)
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
        fragment = Html(naomi.send("get", address, headers=headers).text)
        for token in [*page.css("[name=csrf_token]"), *fragment.css("[name=csrf_token]")]:
            token.attrs["value"] = "signed with the time"
        for part in ("main", "head title", ".govuk-back-link"):
            found = [[each.html.split() for each in html.css(part)] for html in (fragment, page)]
            assert found[0] == found[1], address
        assert not fragment.css("header, footer, script, link"), address


def test_going_back_in_the_browser_gets_the_whole_page(naomi):
    headers = {"HX-Request": "true", "HX-Request-Type": "full", "HX-History-Restore-Request": "true"}
    assert "<footer" in naomi.send("get", "/school/ects", headers=headers).text


def test_every_question_renders_for_everybody_it_is_offered_to(naomi):
    ours = models.Participant.school == person("Steven Taylor").school_id
    for participant in list(models.Participant.select().where(ours)):
        for name, journey in JOURNEYS.items():
            address = f"/school/{participant.role}s/{participant.id}/{name}/{journey.pages[0]}"
            naomi.get(address, 200 if journey.offered_to(participant) else 404)


def test_fields_have_the_names_of_the_acts_parameters():
    import inspect

    for journey in JOURNEYS.values():
        parameters = set(inspect.signature(journey.act).parameters)
        for question in journey.questions.values():
            assert set(question.fields()) <= parameters, f"{question.__name__} asks what {journey.act} doesn't take"


def test_the_map_of_the_journeys_is_true(app):
    runner = app.test_cli_runner()
    text = runner.invoke(args=["journeys"]).output
    for name, journey in JOURNEYS.items():
        assert f"\n{name}\n" in f"\n{text}"
        for page, question in journey.questions.items():
            assert f"  {page}: {question.__doc__}" in text
            for words_for_it in question.messages.values():
                assert words_for_it in text
    diagram = runner.invoke(args=["journeys", "--mermaid"]).output.strip()
    assert diagram.startswith("flowchart LR\n")
    for (name, journey), line in zip(JOURNEYS.items(), diagram.splitlines()[1:], strict=True):
        assert f"-->|{name}|" in line
        assert re.findall(r"\[([a-z-]+)\]", line) == ["record", *journey.pages]


@cache
def codes_raised() -> set[tuple[str, str]]:
    """Every field and code that the rules refuse by."""
    found = set()
    for module in (ROOT / "domain").glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "RuleBroken":
                found |= set(ast.literal_eval(node.args[0]).items()) if isinstance(node.args[0], ast.Dict) else set()
    return found


def test_there_are_words_for_every_refusal():
    for journey in [*JOURNEYS.values(), *CORRECTIONS.values()]:
        for question in journey.questions.values():
            fields = [getattr(question, name).field_class for name in question.fields()]
            codes = {code for field in fields for code in getattr(field, "codes", ())}
            codes |= {code for field, code in codes_raised() if field in question.fields()}
            missing = codes - set(question.messages)
            assert not missing, f"{question.__name__} has no words for {missing}"


def test_every_status_has_its_tag_and_its_place_in_the_rules():
    tags = re.findall(r'^    "([a-z-]+)": \(', (ROOT / "templates" / "status.html").read_text(), re.MULTILINE)
    assert tuple(tags) == models.STATUSES
    told = ", ".join(models.STATUSES).replace("-", " ")
    assert f"the first that fits: {told}." in (ROOT / "docs" / "rules.md").read_text()


# --- database ------------------------------------------------------------------------------------------------


def schema() -> list[str]:
    """Everything the database says of itself, a line for each thing: columns, CHECKs, keys, indexes, triggers."""
    if database.is_postgresql():
        queries = (
            "SELECT table_name, 'column', column_name, data_type, is_nullable, character_maximum_length "
            "FROM information_schema.columns WHERE table_schema = 'public'",
            "SELECT conrelid::regclass::text, 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = 'public'::regnamespace",
            "SELECT tablename, 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT tgrelid::regclass::text, 'trigger', pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
            "SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        )
        return sorted(" | ".join(map(one_line, row)) for sql in queries for row in db.execute_sql(sql).fetchall())
    rows = db.execute_sql("SELECT tbl_name, type, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    things = ((table, part) for table, kind, sql in rows for part in (parts(sql) if kind == "table" else [sql]))
    return sorted(f"{table} | {one_line(part)}" for table, part in things)


def one_line(sql) -> str:
    return " ".join(str(sql).split())


def parts(table: str) -> list[str]:
    """The columns, keys and CHECKs of a CREATE TABLE. A column that was added later stands last, with a default for
    the rows that there were."""
    inside = re.sub(r" DEFAULT '[^']*'", "", table[table.index("(") + 1 : -1])
    inside = re.sub(r'("\w+")( \w+) REFERENCES', r"\1\2, FOREIGN KEY (\1) REFERENCES", inside)
    return re.split(r', (?="|FOREIGN KEY|CHECK)', inside)


@both_engines
def test_a_migrated_database_has_the_schema_of_the_models_and_the_one_written_down(empty_database, engine):
    """`WRITE_SCHEMA=1` writes it down anew, after a migration was added."""
    db.create_tables([*models.TABLES, *support.models.TABLES])
    for sql in triggers.statements():
        db.execute_sql(sql)
    created = schema()
    for table in reversed(db.get_tables()):
        db.execute_sql(f'DROP TABLE "{table}"' + (" CASCADE" if database.is_postgresql() else ""))
    for function in [line.split(" | ")[1] for line in created if line.startswith("function")]:
        db.execute_sql(f"DROP FUNCTION {function}() CASCADE")
    db.close()
    assert migrate()
    assert migrate() == [], "a second run has nothing to do"
    db.connect()
    db.execute_sql('DROP TABLE "schema_migration"')
    migrated = schema()
    assert set(migrated) - set(created) == set(), "the migrations make this, the models don’t"
    assert set(created) - set(migrated) == set(), "the models have this, the migrations don’t make it"
    dump = ROOT / "tests" / "schema" / f"{engine}.txt"
    if os.environ.get("WRITE_SCHEMA"):
        dump.write_text("\n".join(created) + "\n")
    written = dump.read_text().splitlines()
    assert set(written) ^ set(created) == set(), "WRITE_SCHEMA=1 python3 run.py test tests/test_house.py -k schema"


@both_engines
def test_migrations_go_down_again(empty_database):
    db.close()
    migrate()
    db.connect()
    with db.atomic():
        database.Runner(db.obj, str(database.MIGRATIONS)).down("0001_first_release")
    assert db.get_tables() == ["schema_migration"]


# --- every answer --------------------------------------------------------------------------------------------


def test_headers(naomi):
    for address in ("/sign-in", "/school/ects", "/nowhere", "/static/x/app.css", "/api/v3/participants/1"):
        response = naomi.send("get", address)
        response.close()
        for name, value in HEADERS.items():
            assert response.headers[name] == value, address
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        if response.mimetype == "text/html":
            assert response.headers["Cache-Control"] == "no-store", address


def test_no_trace_of_a_stack(naomi, monkeypatch):
    """Something goes wrong in a way that nobody foresaw."""
    monkeypatch.setattr("domain.queries.events_of", lambda participant: 1 / 0)
    response = naomi.send("get", f"/school/ects/{person('Steven Taylor').id}")
    assert response.status_code == 500
    assert "ZeroDivisionError" not in response.text
    assert "Sorry, there is a problem with the service" in response.text


def test_every_error_has_a_page_in_the_services_clothes(naomi, monkeypatch):
    for code, title in ERRORS.items():
        monkeypatch.setattr("domain.queries.events_of", lambda participant, code=code: abort(code))
        naomi.get(f"/school/ects/{person('Steven Taylor').id}", code)
        assert naomi.heading == title
        assert "Anything you confirmed before is saved." in naomi.text or code == 404
        assert naomi.page.css_first("header .app-account")


def test_a_busy_database_is_said_so_and_nothing_is_lost(naomi, world):
    """Another program holds the database's lock for longer than we wait."""
    naomi.get(f"/school/ects/{person('Steven Taylor').id}/change-lead-provider/lead-provider")
    before = dump()
    db.obj.close_all()
    db.obj._timeout = 0
    with closing(apsw.Connection(world.removeprefix("sqlite:///"))) as other:
        other.execute("BEGIN EXCLUSIVE")
        naomi.choose("Teach First", status=503)
        assert naomi.response.headers["Retry-After"]
        assert "Wait a moment, then try again" in naomi.text
        naomi.get("/school/ects")
    assert dump() == before
