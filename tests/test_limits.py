"""How many requests are answered in five minutes, and what is said to whoever sends more. And who holds the tokens."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import apsw
import pytest

from clock import clock_at
from database import db
from models import ApiToken, LeadProvider, RequestCount, digest
from tests.conftest import both_engines
from tests.reports import AMBITION, TEACH_FIRST, ask, said, token_of
from views.lead_provider_api import GUESSES, REQUESTS
from views.lead_provider_api.documentation import READINGS
from web.rate_limits import RateLimit

START = datetime(2026, 4, 20, 12, tzinfo=UTC)


@pytest.fixture
def few(monkeypatch):
    """Limits that a test can reach."""
    for limit in (REQUESTS, GUESSES, READINGS):
        monkeypatch.setattr(limit, "most", 3)


def test_the_limits():
    assert [(limit.most, limit.seconds) for limit in (REQUESTS, GUESSES, READINGS)] == [
        *((1000, 300), (1500, 300), (300, 300))
    ]


@both_engines
def test_all_workers_count_together(world):
    """Two of them, as two processes would: each knows of the other only what it has written down."""
    one, other = RateLimit(1000, 300), RateLimit(1000, 300)
    with clock_at(START + timedelta(seconds=60)):
        let_in = 0
        while not one.seconds_to_wait("x") and not other.seconds_to_wait("x"):
            let_in += 2
        assert 1000 <= let_in <= 1010
        assert one.seconds_to_wait("x") == 240
        assert one.seconds_to_wait("y") == 0, "somebody else"
        alone = [one.seconds_to_wait("y") == 0 for _ in range(1002)]
        assert alone.count(True) == 999
    with clock_at(START + timedelta(seconds=299.5)):
        assert one.seconds_to_wait("x") == 1
    with clock_at(START + timedelta(seconds=300)):
        assert one.seconds_to_wait("x") == other.seconds_to_wait("x") == 0
    assert RequestCount.select().count() == 2, "one row for each, whatever the window"


def test_while_somebody_reads_for_long_nobody_is_kept_out(world):
    db.execute_sql("PRAGMA busy_timeout = 1")
    with closing(apsw.Connection(world.removeprefix("sqlite:///"))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM teacher").fetchone()
        assert RateLimit(10, 300).seconds_to_wait("x") == 0


def test_few_requests_are_written_down_far_from_the_limit(world, monkeypatch):
    written = []
    limit = RateLimit(1000, 300)
    written_down = limit._written_down
    monkeypatch.setattr(limit, "_written_down", lambda key, at, new: written.append(new) or written_down(key, at, new))
    for _ in range(500):
        limit.seconds_to_wait("x")
    assert len(written) < 40
    assert sum(written) > 480


def test_too_many_requests_are_told_when_to_come_back(visitor, few):
    for _ in range(3):
        assert ask(visitor, "get", "/api/v3/participants").status_code == 200
    with clock_at(START - timedelta(minutes=1, seconds=20)):
        response = ask(visitor, "get", "/api/v3/participants")
    assert response.status_code == 200, "a new window"
    for _ in range(3):
        response = ask(visitor, "get", "/api/v3/participants")
    assert response.status_code == 200
    response = ask(visitor, "get", "/api/v3/participants")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "300"
    words = "you have sent too many requests. Wait as many seconds as Retry-After says"
    assert said(response) == [("Too Many Requests", words)]
    assert ask(visitor, "get", "/api/v3/participants", TEACH_FIRST).status_code == 200, "another token"


def test_guessing_tokens_is_limited_too(visitor, few):
    statuses = [visitor.send("get", "/api/v3/participants", headers={"Authorization": f"Bearer {n}"}) for n in range(4)]
    assert [response.status_code for response in statuses] == [401, 401, 401, 429]
    assert ask(visitor, "get", "/api/v3/participants").status_code == 200, "whoever has a token isn't kept out by it"


def test_the_documentation_is_limited_by_address(visitor, few):
    statuses = [visitor.send("get", "/api/docs").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


# --- tokens ------------------------------------------------------------------------------------------------


def run(app, *arguments: str):
    """As on the command line: the command opens its own connection."""
    db.close()
    try:
        return app.test_cli_runner().invoke(args=["tokens", *arguments])
    finally:
        db.connect(reuse_if_open=True)


def test_a_token_from_its_making_to_its_end(app, visitor):
    made = run(app, "create", "--lead-provider", TEACH_FIRST, "--description", "our new system")
    token = made.output.strip()
    assert len(token) == 32
    assert ApiToken.get(digest=digest(token)).lead_provider.name == TEACH_FIRST
    assert not ApiToken.select().where(ApiToken.digest == token).exists(), "only its digest is kept"
    listed = run(app, "list").output
    line = next(line for line in listed.splitlines() if "our new system" in line)
    assert f"{TEACH_FIRST}: our new system, never used" in line
    assert token not in listed
    headers = {"Authorization": f"Bearer {token}"}
    assert visitor.send("get", "/api/v3/participants", headers=headers).status_code == 200
    assert "our new system, last used 2026-04-20 11:00 UTC" in run(app, "list").output
    number = line.split()[0]
    assert run(app, "revoke", number).output == f"Token {number} lets nobody in any more.\n"
    assert visitor.send("get", "/api/v3/participants", headers=headers).status_code == 401
    assert ask(visitor, "get", "/api/v3/participants", TEACH_FIRST).status_code == 200, "its other token"
    again = run(app, "revoke", number)
    assert again.exit_code == 1
    assert f"There is no token {number}" in again.output


def test_a_token_is_for_a_lead_provider_that_there_is(app, visitor):
    refused = run(app, "create", "--lead-provider", "Teach Last")
    assert refused.exit_code == 1
    assert "There is no lead provider “Teach Last”" in refused.output
    assert all(provider.name in refused.output for provider in LeadProvider.select())
    assert token_of(visitor, AMBITION)
