"""What whoever runs the service is told: is it well, what it logs, what it counts."""

import json
import logging

import pytest

from database import db
from models import Teacher
from tests.conftest import both_engines, person
from tests.identity import outside_the_demo
from tests.visitor import Visitor
from web import logs


@both_engines
def test_ready_when_the_database_answers_and_is_up_to_date(visitor):
    answer = visitor.send("get", "/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"database": "answers", "migrations": "applied", "writing": "possible"},
    )


def test_not_ready_without_its_migrations_or_without_any_table(visitor):
    """A database that answers may still have lost its pages."""
    db.execute_sql("PRAGMA foreign_keys = 0")
    for table in ("event", "teacher", "answers"):
        db.execute_sql(f'ALTER TABLE "{table}" RENAME TO "{table}_away"')
        answer = visitor.send("get", "/readyz")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        db.execute_sql(f'ALTER TABLE "{table}_away" RENAME TO "{table}"')
    db.execute_sql('DELETE FROM "schema_migration"')
    answer = visitor.send("get", "/readyz")
    assert (answer.status_code, answer.json["migrations"]) == (503, "missing")


def test_a_disk_nearly_full_is_said_and_people_may_still_look(visitor, monkeypatch):
    monkeypatch.setattr("domain.maintenance.LEAST_FREE", 10**18)
    answer = visitor.send("get", "/readyz")
    assert (answer.status_code, answer.json["writing"]) == (200, "disk nearly full")


def test_alive_without_any_database(visitor, monkeypatch):
    monkeypatch.setattr(db.obj, "connect", lambda **_: 1 / 0)
    assert visitor.client.get("/healthz").json == {"service": "answers"}


# --- lines ---------------------------------------------------------------------------------------------------


@pytest.fixture
def lines(caplog):
    """What is logged, as lines are written where the service is served."""
    caplog.set_level(logging.INFO)
    written = []
    handler = logging.Handler()
    handler.emit = lambda record: written.append(logs.JsonLines().format(record))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def parsed(lines: list[str], message: str) -> list[dict]:
    return [line for line in map(json.loads, lines) if line["message"] == message]


def test_a_line_says_who_asked_for_what_by_ids(naomi, lines):
    steven = person("Steven Taylor")
    naomi.get(f"/school/ects/{steven.id}?q=taylor")
    (line,) = parsed(lines, "answered")
    assert line["request"] == naomi.response.headers["X-Request-Id"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/school/ects/<int:participant_id>", 200)
    assert (line["participant_id"], line["school_user"], line["school"]) == (steven.id, 1, 1)
    assert line["queries"] == 3
    assert line["ms"] > line["query_ms"] > 0
    assert line["at"].endswith("+00:00")


def test_what_somebody_typed_is_not_logged(naomi, lines):
    for address in ("ects/Steven%20Taylor", "ects?q=steven", "../api/v3/participants/3200001", "../nowhere/steven"):
        naomi.send("get", f"/school/{address}")
    assert not any("teven" in line or "3200001" in line for line in lines)


def test_signing_in_and_out_are_logged(visitor, lines, app):
    visitor.sign_in("Naomi Fletcher").submit("Sign out")
    assert parsed(lines, "signed in")[0]["school_user"] == parsed(lines, "signed out")[0]["school_user"] == 1


def test_a_fault_is_logged_with_its_place_and_without_its_words(naomi, lines, monkeypatch):
    def fault(participant):
        raise ValueError(f"cannot show {participant.name}")

    monkeypatch.setattr("domain.queries.events_of", fault)
    naomi.get(f"/school/ects/{person('Steven Taylor').id}", 500)
    (line,) = parsed(lines, "unforeseen")
    assert line["exception"] == "ValueError"
    assert any(place.startswith("records.py:") for place in line["raised_at"])
    assert line["request"] == naomi.response.headers["X-Request-Id"]
    assert line["request"] in naomi.text, "the page says the number too"
    assert "Steven" not in "".join(lines)


@both_engines
def test_what_the_database_says_of_a_fault_quotes_no_row(naomi, lines, monkeypatch):
    """PostgreSQL's own words have the values that were refused."""
    monkeypatch.setattr("domain.queries.events_of", lambda _: Teacher.create(trn="3200001", folded_name="stolen name"))
    naomi.get(f"/school/ects/{person('Steven Taylor').id}", 500)
    assert parsed(lines, "unforeseen")[0]["exception"].startswith("IntegrityError")
    assert "3200001" not in "".join(lines)
    assert "stolen" not in "".join(lines)


def test_slow_queries_are_logged_without_their_parameters(naomi, app, lines, monkeypatch):
    monkeypatch.setitem(app.config, "SLOW_QUERY_MS", 0)
    naomi.get("/school/ects?q=taylor")
    slow = parsed(lines, "slow query")
    assert len(slow) == 3
    assert not any("taylor" in line for line in lines)


def test_nobody_writes_a_second_line(naomi, lines):
    naomi.send("get", "/x%0a%7b%22at%22:1%7d", headers={"X-Request-Id": "abc\x1b[31mdefgh"})
    logging.getLogger("service").warning("first\nsecond\x1b[31m\u2028third")
    assert all(len(line.splitlines()) == 1 and "\x1b" not in line for line in lines)


def test_only_a_proxy_gives_requests_their_number(world):
    for proxies, given in ((1, "abcdef0123456789"), (0, "abcdef0123456789"), (1, "a b"), (1, "x" * 65)):
        app = outside_the_demo("https://id.example.org", PROXIES=proxies)
        for address in ("/sign-in", "/api/v3/participants/1"):
            answer = Visitor(app).send("get", address, headers={"X-Request-Id": given})
            assert (answer.headers["X-Request-Id"] == given) is (proxies == 1 and len(given) == 16)
            assert len(answer.headers["X-Request-Id"]) == 16


# --- figures -------------------------------------------------------------------------------------------------


def test_figures_are_for_whoever_has_the_token(world, naomi):
    app = outside_the_demo("https://id.example.org", METRICS_TOKEN="of the tests")
    visitor = Visitor(app)
    visitor.get("/sign-in").get("/nowhere", 404)
    for headers in ({}, {"Authorization": "Bearer another"}, {"Authorization": "Bearer ö"}):
        assert visitor.send("get", "/metrics", headers=headers).status_code == 404
    shown = visitor.send("get", "/metrics", headers={"Authorization": "Bearer of the tests"})
    assert 'http_requests_total{method="GET",route="/sign-in",status="200"} 1.0' in shown.text
    assert 'http_requests_total{method="GET",route="none",status="404"} 1.0' in shown.text
    assert "database_slow_queries_total 0.0" in shown.text
    assert naomi.send("get", "/metrics", headers={"Authorization": "Bearer "}).status_code == 404, "switched off"
