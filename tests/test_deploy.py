"""The service as it is deployed: gunicorn by gunicorn.conf.py, and nginx before it by deploy/nginx.conf."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest

from tests.bench.service import Service, served
from tests.conftest import needs
from tests.drills.slow_clients import nginx
from tests.identity import issuer_of, running

ROOT = Path(__file__).parent.parent
TOKEN = "of-the-tests-only-" * 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("deployed")


@pytest.fixture(scope="module")
def environment(folder, sqlite_template) -> dict:
    """Of a deployment, on a copy of the demo world whose tokens are real ones."""
    path = folder / "register.sqlite3"
    shutil.copyfile(sqlite_template, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE api_token SET description = 'of a lead provider'")
    with running() as server:
        yield {
            "DATABASE_URL": f"sqlite:///{path}",
            "SECRET_KEY": "0123456789abcdef" * 4,
            "TRUSTED_HOSTS": "localhost",
            "PROXIES": "1",
            "OIDC_ISSUER": issuer_of(server),
            "OIDC_CLIENT_ID": "register-ects",
            "OIDC_CLIENT_SECRET": "of the tests",
            "METRICS_TOKEN": TOKEN,
            "LOG_LEVEL": "INFO",
        }


@pytest.fixture(scope="module")
def service(environment, folder) -> Service:
    with served(log=folder / "log", **environment) as service:
        yield service


@pytest.fixture(scope="module")
def proxy(service, folder):
    """The port of nginx before the service, and the TLS context that trusts it."""
    needs(shutil.which("nginx"), "nginx is missing: apt-get install nginx-light", "NGINX")
    with nginx(folder, service.port) as (port, trusted):
        yield port, trusted


def ask(proxy, path: str, method: str = "GET", **options):
    port, trusted = proxy
    connection = HTTPSConnection("localhost", port, timeout=30, context=trusted)
    connection.request(method, path, **options)
    answer = connection.getresponse()
    answer.text = answer.read().decode(errors="replace")
    connection.close()
    return answer


def plain(port: int, path: str, host: str = "localhost", **headers: str):
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Host": host, **headers})
    answer = connection.getresponse()
    answer.text = answer.read().decode(errors="replace")
    connection.close()
    return answer


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]


# --- behind nginx --------------------------------------------------------------------------------------------


def test_pages_come_through_the_proxy_with_all_their_headers(proxy):
    answer = ask(proxy, "/sign-in")
    assert answer.status == 200
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Server"] == "nginx"


def test_the_log_has_the_requests_number_and_not_its_query(proxy, folder):
    answer = ask(proxy, "/sign-in?next=/school/ects%3Fq=steven")
    number = answer.headers["X-Request-Id"]
    assert len(number) == 32, "the proxy gave it"
    assert any(line.get("request") == number and line["route"] == "/sign-in" for line in lines(folder))
    # nginx writes a request's line after its answer.
    assert any(number in (folder / "access.log").read_text() for _ in range(100) if ask(proxy, "/privacy"))
    assert "steven" not in (folder / "log").read_text() + (folder / "access.log").read_text()


def test_where_a_request_comes_from_is_what_the_proxy_sees(proxy):
    """Whoever says that they come from elsewhere is still stopped when they try too often."""
    statuses = set()
    for number in range(35):
        answer = ask(proxy, "/sign-in/provider", headers={"X-Forwarded-For": f"203.0.113.{number}"})
        statuses.add(answer.status)
    assert statuses == {302, 429}


def test_the_provider_is_told_the_address_that_people_use(proxy, monkeypatch):
    answer = ask(proxy, "/sign-in/provider")
    assert (
        answer.status == 429 or "redirect_uri=https%3A%2F%2Flocalhost%2Fsign-in%2Freturn" in answer.headers["Location"]
    )


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_what_is_for_whoever_runs_it_is_not_for_everybody(proxy, service, path):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert ask(proxy, path, headers=headers).status == 404
    assert plain(service.port, path, **headers).status == 200


def test_too_much_is_not_even_passed_on(proxy):
    assert ask(proxy, "/sign-out", "POST", body="a" * 70_000).status == 413


def test_without_tls_pages_lead_to_it_and_the_api_is_closed(proxy, folder):
    port = int(re.search(r"listen 127\.0\.0\.1:(\d+);\s+server_name", (folder / "nginx.conf").read_text())[1])
    page, api = plain(port, "/school/ects"), plain(port, "/api/v3/participants")
    assert (page.status, page.headers["Location"]) == (301, "https://localhost/school/ects")
    assert api.status == 403


def test_under_another_name_there_is_nothing(proxy, folder):
    port = int(re.search(r"listen 127\.0\.0\.1:(\d+) default_server", (folder / "nginx.conf").read_text())[1])
    with pytest.raises(ConnectionError):
        plain(port, "/sign-in", host="evil.example")


# --- gunicorn ------------------------------------------------------------------------------------------------


def test_figures_of_all_workers_come_together(service):
    for _ in range(12):
        plain(service.port, "/sign-in")
    shown = plain(service.port, "/metrics", Authorization=f"Bearer {TOKEN}").text
    count = re.search(r'http_requests_total\{method="GET",route="/sign-in",status="200"\} ([\d.]+)', shown)
    assert float(count[1]) >= 12


ODD_REQUESTS = {
    "two lengths": b"POST /sign-out HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": (
        b"POST /sign-out HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n"
    ),
    "an odd length": b"POST /sign-out HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\na",
    "another host": b"GET /sign-in HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "a space before the colon": b"GET /sign-in HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "a header that goes on": b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n",
    "an escape in a header": b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nX: \x1b\x00\r\n\r\n",
    "a header without end": b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    "no request": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("name", ODD_REQUESTS)
def test_a_request_that_could_be_read_in_two_ways_is_not_read(service, name):
    with socket.create_connection(("127.0.0.1", service.port), 10) as connection:
        connection.sendall(ODD_REQUESTS[name])
        status = connection.recv(12)
    assert status in (b"", *(b"HTTP/1.1 %d" % code for code in (400, 431, 501, 505))), status


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM schema_migration WHERE name LIKE '0003%'", "The database is not up to date. Run: flask migrate"),
        (
            "UPDATE api_token SET description = 'demo'",
            "The database has the demo’s tokens and people. Use another.",
        ),
        (None, "The database’s file is missing. Put it back, or make an empty one: flask migrate"),
    ],
)
def test_a_database_that_must_not_be_served_is_not(environment, folder, tmp_path, change, said):
    path = tmp_path / "register.sqlite3"
    if change:
        shutil.copyfile(folder / "register.sqlite3", path)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(change)
    settings = environment | {"DATABASE_URL": f"sqlite:///{path}", "BIND": "127.0.0.1:0", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn"], cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == ["The service can’t start on this database:", said]


def test_stopping_lets_requests_finish(environment):
    """A request that is half way when the service is told to stop is answered."""
    with served(**environment) as service:
        connection = socket.create_connection(("127.0.0.1", service.port), 30)
        connection.sendall(b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")
        time.sleep(0.2)
        service.process.send_signal(signal.SIGTERM)
        connection.sendall(b"\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        connection.close()


# --- files ---------------------------------------------------------------------------------------------------


def test_the_image_has_what_it_copies_and_no_secret():
    text = (ROOT / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+) \./$", text, re.MULTILINE):
        assert all((ROOT / name).exists() for name in line.split())
    assert "USER 10001" in text
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", "instance", ".venv", "node_modules"} <= set(ignored)


def test_the_units_start_what_there_is():
    unit = (ROOT / "deploy" / "register-ects.service").read_text()
    for command in re.findall(r"^Exec\w+=/opt/register-ects/([\S]+)", unit, re.MULTILINE):
        assert (ROOT / command).exists(), command
    for command in re.findall(r"/opt/register-ects/(\S+)", (ROOT / "deploy" / "cron").read_text()):
        assert os.access(ROOT / command, os.X_OK), command
