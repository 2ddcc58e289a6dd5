"""What the service doesn't start with, what each setting does, and what only holds outside the demo."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import request

import settings
from tests.identity import outside_the_demo
from tests.visitor import Visitor

ROOT = Path(__file__).parent.parent
KEY = "3f9a1c0e5b7d2846" * 4

DEPLOYED = {
    "SECRET_KEY": KEY,
    "DATABASE_URL": "sqlite:////nowhere/register.sqlite3",
    "TRUSTED_HOSTS": "ects.example.org",
    "OIDC_ISSUER": "https://id.example.org",
    "OIDC_CLIENT_ID": "register-ects",
    "OIDC_CLIENT_SECRET": "a secret",
}

REFUSED = [
    ({"SECRET_KEY": ""}, "SECRET_KEY is missing"),
    ({"SECRET_KEY": "changeme"}, "SECRET_KEY is too short or too simple"),
    ({"SECRET_KEY": "a" * 64}, "SECRET_KEY is too short or too simple"),
    ({"DATABASE_URL": ""}, "DATABASE_URL is missing"),
    ({"REPLICA_URL": "postgresql://follower/register"}, "REPLICA_URL is for PostgreSQL"),
    ({"DATABASE_URL": "mysql://localhost/register"}, "DATABASE_URL must begin with"),
    ({"TRUSTED_HOSTS": ""}, "TRUSTED_HOSTS is missing"),
    ({"OIDC_ISSUER": ""}, "nobody can sign in"),
    ({"OIDC_CLIENT_ID": ""}, "nobody can sign in"),
    ({"OIDC_CLIENT_SECRET": ""}, "nobody can sign in"),
    ({"OIDC_ISSUER": "http://id.example.org"}, "OIDC_ISSUER must begin with https://"),
    ({"TODAY": "2026-04-20"}, "TODAY is for the demo"),
    ({"FLASK_DEBUG": "1"}, "Debug mode is for the demo"),
    ({"DEMO": "yes"}, "DEMO must be 1 or 0"),
    ({"WORKERS": "many"}, "WORKERS must be a whole number"),
    ({"PROXIES": "-1"}, "PROXIES must be a whole number"),
    ({"LOG_LEVEL": "DEBUG"}, "LOG_LEVEL must be INFO, WARNING or ERROR"),
    ({"DEMO": "1", "PILOT": "5e88"}, "PILOT goes with DEMO and RESEARCH"),
    ({"DEMO": "1", "SECRET_KEY": ""}, "SECRET_KEY is missing"),
    ({"DEMO": "1", "TODAY": "yesterday"}, "TODAY must be a date, and it is 'yesterday'"),
]


@pytest.fixture
def problems(monkeypatch):
    """Says what is wrong with an environment."""

    def problems(environment: dict) -> list[str]:
        monkeypatch.setattr(os, "environ", environment)
        try:
            settings.load(debug=environment.get("FLASK_DEBUG") == "1")
        except SystemExit as refusal:
            return str(refusal).splitlines()[1:]
        return []

    return problems


def test_a_deployment_as_it_should_be(problems):
    assert problems(DEPLOYED) == []


def test_what_the_service_does_not_start_with(problems):
    assert problems({"DEMO": "1", "SECRET_KEY": "short"}) == [], "the demo needs only a key"
    for change, said in REFUSED:
        (found,) = problems(DEPLOYED | change)
        assert said in found, change


def test_everything_wrong_is_named_in_one_go_and_no_secret(problems):
    wrong = {"WORKERS": "many", "DEMO": "yes", "TRUSTED_HOSTS": "", "OIDC_CLIENT_SECRET": "a secret"}
    found = problems(DEPLOYED | wrong | {"SECRET_KEY": "changeme", "DATABASE_URL": "mysql://user:hunter2@host/name"})
    assert [sentence.split()[0] for sentence in found] == [
        "WORKERS",
        "DEMO",
        "DATABASE_URL",
        "SECRET_KEY",
        "TRUSTED_HOSTS",
    ]
    assert not any(secret in " ".join(found) for secret in ("changeme", "hunter2", "a secret"))


@pytest.mark.parametrize("command", [["gunicorn"], ["flask", "--app", "app", "run"]])
def test_whatever_starts_it_says_so_in_plain_lines_and_fails(command):
    environment = {"PATH": os.environ["PATH"], **DEPLOYED, "SECRET_KEY": "changeme", "TODAY": "2026-04-20"}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "The service can’t start with these settings:",
        "SECRET_KEY is too short or too simple: 32 random characters are the least.",
        "TODAY is for the demo: here it is the real day.",
    ]


def test_the_page_has_every_setting():
    assert settings.as_table() in (ROOT / "docs" / "operations.md").read_text(), "python3 run.py flask settings"


def test_every_setting_is_used_and_every_one_used_is_a_setting():
    sources = [ROOT / "app.py", ROOT / "gunicorn.conf.py", ROOT / "commands.py", *(ROOT / "domain").glob("*.py")]
    sources += [*(ROOT / "web").glob("*.py"), *(ROOT / "views").glob("*.py"), *(ROOT / "templates").rglob("*.html")]
    text = "\n".join(path.read_text() for path in sources)
    for name in settings.DEFAULTS:
        assert f'"{name}"' in text or f"config.{name}" in text, name


# --- outside the demo ----------------------------------------------------------------------------------------

ISSUER = "https://id.example.org"


@pytest.fixture
def deployed(world) -> Visitor:
    return Visitor(outside_the_demo(ISSUER))


def test_the_cookie_goes_to_this_host_alone_over_https(deployed):
    assert "Set-Cookie" not in deployed.send("get", "/sign-in").headers, "no cookie without need"
    with deployed.client.session_transaction() as session:
        session["anything"] = 1
    cookie = deployed.client.get_cookie("__Host-session")
    assert cookie.secure
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert (cookie.path, cookie.origin_only) == ("/", True)


def test_browsers_keep_to_https(deployed, visitor):
    assert "max-age=31536000" in deployed.send("get", "/sign-in").headers["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in visitor.send("get", "/sign-in").headers


def test_it_answers_only_under_its_own_names(deployed):
    for host in ("evil.example", "localhost.evil.example", "", "localhost:80@evil.example"):
        answer = deployed.send("get", "/sign-in", headers={"Host": host})
        assert (answer.status_code, answer.text) == (400, "Sorry, we cannot read that\n"), host


@pytest.mark.parametrize(("proxies", "address", "scheme"), [(0, "127.0.0.1", "http"), (1, "192.0.2.7", "https")])
def test_only_a_proxy_that_is_there_says_where_a_request_comes_from(world, proxies, address, scheme):
    app = outside_the_demo(ISSUER, PROXIES=proxies, PREFERRED_URL_SCHEME="http")
    seen = []
    app.before_request(lambda: seen.append((request.remote_addr, request.scheme, request.host)))
    headers = {"X-Forwarded-For": "203.0.113.9, 192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil"}
    Visitor(app).send("get", "/sign-in", headers=headers)
    assert seen == [(address, scheme, "localhost")]


def test_personas_are_nobody(deployed):
    deployed.get("/sign-in")
    assert "Naomi" not in deployed.text
    deployed.post("/sign-in", {"person_id": "1"}, 405, token=False)
