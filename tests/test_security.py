"""What docs/security.md promises and no other test shows; and that what it names as shown is shown."""

import os
import re
from pathlib import Path

import pytest

from clock import clock_at, now
from database import db
from filling.people import People
from models import DeliveryPartner, LeadProvider, Participant, School, SchoolUser, Teacher
from scenarios import demo
from tests.conftest import person
from tests.filling.conftest import brought_in
from tests.filling.test_people import ECT, MENTOR, people
from tests.identity import AVA, Way, issuer_of, outside_the_demo, running
from tests.reports import dump
from tests.test_house import PAGES, rules
from tests.visitor import Html, Visitor, words
from views import sign_in

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text()

# --- the page ------------------------------------------------------------------------------------------------


def test_each_line_says_what_shows_it():
    """That it is there, test_documents.py looks."""
    lines = re.findall(r"^\| \d+\.\d+\.\d+.*", PAGE, re.MULTILINE)
    assert len(lines) > 70
    assert all("`" in line.split("|")[4] for line in lines)


def rows_of(title: str) -> list[list[str]]:
    """The rows of the table under this heading."""
    table = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in table.splitlines() if row[:1] == "|"
    ]
    return rows[2:]


# --- who may do what -----------------------------------------------------------------------------------------


@pytest.fixture
def askers(app, world) -> dict:
    """Who asks → what answers a request of theirs: its status."""

    def visitor(name: str | None):
        asking = Visitor(app)
        return asking.sign_in(name) if name else asking

    def provider(name: str):
        with app.app_context():
            token = demo.token_of(LeadProvider.get(name=name))
        return {"Authorization": f"Bearer {token}"}

    visitors = {
        "nobody": visitor(None),
        "the school": visitor("Naomi Fletcher"),
        "another school": visitor("David Lowe"),
    }
    ask = {
        who: lambda method, path, each=each: each.send(method, path, follow_redirects=False)
        for who, each in visitors.items()
    }
    for who, name in (("the provider", "Ambition Institute"), ("another provider", "Teach First")):
        headers = provider(name)
        ask[who] = lambda method, path, headers=headers: visitors["nobody"].send(
            method, path, headers=headers, follow_redirects=False
        )
    return ask


def test_the_rules_of_access_are_as_the_page_says(askers, app):
    """Every address of every kind, asked by everybody."""
    table = rows_of("Who may do what")
    who, hannah = table[0], person("Hannah Clarke")
    who = ["nobody", "the school", "another school", "the provider", "another provider"]
    seen = set()
    for address, *expected in table:
        shown = address.replace("{participant}", str(hannah.id)).replace("{id}", str(hannah.teacher.api_id))
        method, _, path = shown.partition(" ")
        for asker, status in zip(who, expected, strict=True):
            response = askers[asker](method.lower(), path)
            response.close()
            assert str(response.status_code) == status, f"{address}, asked by {asker}: {response.status}"
        matched, _ = app.url_map.bind("localhost").match(path.partition("?")[0], method)
        seen.add(matched)
    missing = {rule.endpoint for rule in rules(app)} - seen - {"assets.static", "assets.vendor", "sign_in.sign_in"}
    assert missing <= {"documentation.openapi", "documentation.openapi_as_yaml"}, f"{missing} isn't in the table"


def test_nobody_reads_a_name_of_another_schools_people(askers):
    for participant in list(Participant.select().where(Participant.school != School.get(urn="900002"))):
        people = "ects" if participant.is_ect else "mentors"
        answer = askers["another school"]("get", f"/school/{people}/{participant.id}")
        assert answer.status_code == 404
        assert participant.name not in answer.text


# --- forms ---------------------------------------------------------------------------------------------------


@pytest.fixture
def question(naomi) -> str:
    return f"/school/ects/{person('Priya Shah').id}/change-working-pattern/working-pattern"


def test_a_form_without_its_own_sessions_token_is_refused(naomi, app, question):
    other = Visitor(app).sign_in("Naomi Fletcher")
    theirs, before = other.value("csrf_token"), dump()
    script = {"HX-Request": "true", "HX-Request-Type": "partial", "X-CSRFToken": "x"}
    for sent, headers in (({}, {}), ({"csrf_token": theirs}, {}), ({}, script)):
        answer = naomi.send("post", question, data={"working_pattern": "part_time"} | sent, headers=headers)
        assert answer.status_code == 422
    assert dump() == before


def test_every_form_of_the_service_asks_for_its_token(naomi, app):
    """Whatever takes a POST, but the API, whose token is another."""
    steven = person("Steven Taylor").id
    theirs = ("api.", "sandbox.")
    posting = [rule for rule in rules(app) if "POST" in rule.methods and not rule.endpoint.startswith(theirs)]
    expected = {"school.step", "sign_in.sign_in", "sign_in.sign_out", "school.switch_emails"}
    expected |= {"school.change_induction_tutor", "school.check_induction_tutor"}
    expected |= {"sign_in.time_left"}  # it only says that somebody is there, as looking at any page does
    assert {rule.endpoint for rule in posting} == expected
    naomi.get(f"/school/ects/{steven}/change-lead-provider/lead-provider").choose("Teach First")
    seen, before = naomi.value("seen"), dump()
    tutor = [f"/school/induction-tutor/{page}" for page in ("change", "check-answers", "emails")]
    sent = {"seen": seen, "person_id": SchoolUser.get(name="David Lowe").id}
    sent |= {"name": "Ola Berg", "email": "ola@example.org", "emails": "stop"}
    for address in (naomi.path, "/sign-in", "/sign-out", *tutor):
        naomi.send("post", address, data=sent)
    assert dump() == before
    assert naomi.get("/school/induction-tutor").row("Name") == "Naomi Fletcher"


def test_what_a_form_does_not_ask_is_ignored(naomi, question):
    """Columns that somebody would like to set."""
    priya = person("Priya Shah")
    more = {"school_id": "2", "status": "passed", "version": "99", "participant_id": "1", "role": "mentor"}
    more["teacher_id"] = "1"
    naomi.get(question).post(question, {"working_pattern": "part_time", **more}).submit("Confirm change")
    after = Participant.get_by_id(priya.id)
    assert (after.working_pattern, after.school_id, after.version) == ("part_time", priya.school_id, priya.version + 1)
    assert (after.teacher_id, after.role) == (priya.teacher_id, "ect")


# --- pages ---------------------------------------------------------------------------------------------------

ODD_NAMES = [
    '<script>alert(1)</script>"><img src=x onerror=alert(1)></title><h1>Owned</h1>',
    "' onmouseover='alert(1)",
    "{{ 7777 * 7777 }}{% include 'page.html' %}<!-- --><svg/onload=alert(1)>&lt;b&gt;&#0;",
]


def makes(html: str) -> dict:
    """What a name could have made of a page: elements that there are few of, and attributes that do something."""
    page = Html(html)
    counted = {name: len(page.css(name)) for name in ("script", "img", "svg", "title", "h1", "b", "iframe")}
    doing = [name for element in page.css("*") for name in element.attrs if name.startswith("on")]
    return counted | {"doing": doing}


@pytest.mark.parametrize("odd", ODD_NAMES)
def test_a_name_is_never_anything_but_text(naomi, odd):
    steven = person("Steven Taylor").id
    pages = [address.format(steven=steven, gustav=steven, john=person("John Doe", "mentor").id) for address in PAGES]
    pages += [f"/school/ects/{person('Hannah Clarke').id}"]
    before = {page: makes(naomi.send("get", page).text) for page in pages}
    Teacher.update(corrected_name=odd).execute()
    for table in (School, LeadProvider, DeliveryPartner):
        for row in table.select():
            table.update(name=f"{odd} {row.id}").where(table.id == row.id).execute()
    School.update(induction_tutor_name=odd, induction_tutor_email=odd).execute()
    for page in pages:
        shown = naomi.send("get", page).text
        assert makes(shown) == before[page], page
        assert "60481729" not in shown, page


def test_what_is_searched_for_is_never_anything_but_text(naomi):
    for odd in ODD_NAMES:
        naomi.get("/school/ects?q=" + odd.replace("&", "%26").replace("#", "%23"))
        assert not naomi.main.css("script, img, svg, b, [onmouseover]")
        assert odd.strip() in naomi.main.text() + naomi.value("q")


def test_templates_have_no_way_around_escaping():
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        for forbidden in ("|safe", "| safe", "autoescape", "<style", " style=", " onclick", "javascript:", "hx-on"):
            assert forbidden not in text, f"{path.name}: {forbidden}"
        for script in re.findall(r"<script[^>]*>", text):
            assert "src=" in script, path.name


def test_code_has_no_way_to_run_what_was_sent():
    forbidden = re.compile(r"render_template_string|\beval\(|\bexec\(|\bpickle\b|yaml\.load|os\.system|shell=True")
    packages = ("database", "domain", "filling", "forms", "research", "scenarios", "support", "views", "web")
    for path in [*ROOT.glob("*.py"), *(path for name in packages for path in (ROOT / name).rglob("*.py"))]:
        assert not forbidden.search(path.read_text()), path.name


# --- every answer --------------------------------------------------------------------------------------------

ANSWERS = ["/sign-in", "/school/ects", "/nowhere", "/static/app.css", "/static/nowhere", "/api/v3/participants"]
ANSWERS += ["/api/docs", "/api/v3/nowhere", "/healthz", "/readyz", "/privacy", "/assets/../app.py", "/sign-out"]


def test_no_answer_may_be_read_framed_or_guessed_at_by_another_site(naomi):
    for address in ANSWERS:
        response = naomi.send("get", address, headers={"Origin": "https://evil.example"})
        response.close()
        headers = response.headers
        assert not [name for name, _ in headers if name.lower().startswith("access-control")], address
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], address
        assert headers["X-Content-Type-Options"] == "nosniff", address
        assert headers["Referrer-Policy"] == "same-origin", address
        assert response.content_type, address
        assert response.mimetype not in ("text/html", "application/json") or "no-store" in headers["Cache-Control"]


def test_nothing_lies_about_and_other_methods_are_refused_whatever_a_header_says(naomi):
    hidden = ("/.git/config", "/.env", "/instance/secret-key", "/static/../settings.py", "/static/", "/console")
    for path in hidden:
        naomi.get(path, 404)
    for method in ("trace", "patch", "delete"):
        assert naomi.send(method, "/school/ects").status_code == 405
    before = dump()
    naomi.send("get", "/sign-out", headers={"X-HTTP-Method-Override": "POST"})
    assert dump() == before
    assert naomi.get("/school/induction-tutor").path == "/school/induction-tutor"


def test_signing_in_is_not_for_trying_without_end(world, monkeypatch):
    monkeypatch.setattr(sign_in.STARTS, "counted", {})
    with running() as server, clock_at(now()):
        visitor = Visitor(outside_the_demo(issuer_of(server)))
        statuses = [visitor.send("get", "/sign-in/provider", follow_redirects=False).status_code for _ in range(31)]
        assert statuses == [302] * 30 + [429]
        visitor.get("/sign-in/provider", 429)
        assert 0 < int(visitor.response.headers["Retry-After"]) <= 60
        assert visitor.heading == "You have tried to sign in too often"


@pytest.mark.filterwarnings("ignore:get_jwt_config")
def test_every_page_has_the_way_out(world, app):
    with running() as server:
        way = Way(Visitor(outside_the_demo(issuer_of(server))), issuer_of(server))
        way.knows("ava", **AVA)
        visitor = way.sign_in("ava")
        steven = person("Steven Taylor").id
        for address in PAGES:
            if address.startswith("/school"):
                status = 404 if "nowhere" in address else 200
                visitor.get(address.format(steven=steven, gustav=steven, john=person("John Doe", "mentor").id), status)
                assert any("Sign out" in words(button) for button in visitor.page.css("button")) or status == 404


MADE_HERE = {".git", *re.findall(r"^/?(?:\w+/)?([\w.]+)/?$", (ROOT / ".gitignore").read_text(), re.MULTILINE)}
SECRET = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY|\b[0-9a-f]{32,}\b")
"""A key in its file's form, or as `settings.py` says to make one; tokens look like that too."""


def test_the_key_and_tokens_are_in_no_file_of_the_project():
    for folder, folders, files in os.walk(ROOT):
        folders[:] = set(folders) - MADE_HERE
        for path in (Path(folder) / name for name in files):
            assert not SECRET.search(re.sub(rb"--hash=sha256:[0-9a-f]{64}", b"", path.read_bytes())), path


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_what_is_wanted_is_locked_by_version_and_hash(name):
    wanted = re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)$", (ROOT / f"{name}.in").read_text(), re.MULTILINE)
    lock = (ROOT / f"{name}.txt").read_text().replace("\\\n", "")
    locked = re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE)
    assert set(wanted) <= set(locked), "run .ci/lock"
    assert all("--hash=sha256:" in line for line in lock.splitlines() if not line.startswith("#"))


# --- the database's own access -------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_the_services_role_can_serve_and_bring_files_in_and_nothing_else(world, engine, app, postgresql, tmp_path):
    """As docs/operations.md sets it up."""
    sql = (ROOT / "docs" / "operations.md").read_text().partition("```sql\n")[2].partition("```")[0]
    db.execute_sql("DROP OWNED BY register_ects_service") if role_exists() else None
    for statement in filter(str.strip, sql.split(";\n")):
        if not (role_exists() and "CREATE ROLE" in statement):
            db.execute_sql(statement)
    db.execute_sql("SET ROLE register_ects_service")
    refused = [
        "DROP TABLE answers",
        "ALTER TABLE school ADD COLUMN x int",
        "CREATE TABLE mine (x int)",
        "DELETE FROM event",
        "UPDATE event SET heading = ''",
        "TRUNCATE event",
        "UPDATE schema_migration SET name = 'x'",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "CREATE ROLE another",
        "COPY school TO '/tmp/x'",
    ]
    for statement in refused:
        with pytest.raises(Exception, match=r"denied|must be owner|permission|append-only"):
            db.execute_sql(statement)
    visitor = Visitor(app)
    monkeypatched = db.obj.connect
    db.obj.connect = lambda *a, **k: monkeypatched(*a, **k) and db.execute_sql("SET ROLE register_ects_service")
    try:
        visitor.sign_in("Naomi Fletcher")
        visitor.get(f"/school/ects/{person('Priya Shah').id}/change-working-pattern/working-pattern")
        visitor.choose("Part time").submit("Confirm change")
        assert visitor.path.endswith("/confirmation")
        assert visitor.send("get", "/readyz").status_code == 200
        assert db.execute_sql("SELECT current_user").fetchone() == ("register_ects_service",)
        assert brought_in(People(), people(MENTOR, ECT), tmp_path)
    finally:
        del db.obj.connect
        db.execute_sql("RESET ROLE")
        db.execute_sql("DROP OWNED BY register_ects_service")


def role_exists() -> bool:
    return bool(db.execute_sql("SELECT 1 FROM pg_roles WHERE rolname = 'register_ects_service'").fetchone())
