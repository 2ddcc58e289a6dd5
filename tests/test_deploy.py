"""The service as it is deployed: gunicorn by gunicorn.conf.py, and nginx before it by deploy/nginx.conf."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_loader
from pathlib import Path

import apsw
import pytest

from tests.bench.service import Service, free_port, served
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
    """Of a deployment, on a copy of the demo world whose people count as real ones."""
    path = folder / "register.sqlite3"
    shutil.copyfile(sqlite_template, path)
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("INSERT INTO purpose (people) VALUES ('real')")
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


def test_the_provider_is_told_the_address_that_people_use_and_who_tries_too_often_is_seen_by_the_proxy(proxy):
    """Whoever says that they come from elsewhere is still stopped when they try too often: more than 30 times in a
    minute, of which there may be two here."""
    answers = [
        ask(proxy, "/sign-in/provider", headers={"X-Forwarded-For": f"203.0.113.{number}"}) for number in range(62)
    ]
    assert "redirect_uri=https%3A%2F%2Flocalhost%2Fsign-in%2Freturn" in answers[0].headers["Location"]
    assert {answer.status for answer in answers} == {302, 429}


def test_what_is_for_whoever_runs_it_is_not_for_everybody(proxy, service):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for path in ("/metrics", "/readyz"):
        assert ask(proxy, path, headers=headers).status == 404
        assert plain(service.port, path, **headers).status == 200


def test_too_much_is_not_even_passed_on_and_what_the_proxy_says_itself_has_our_headers(proxy):
    for path, form, code in (
        ("/sign-out?q=steven", "text/html", "Sorry, there is a problem"),
        ("/api/v3/participants", "application/json", '"code":"too_large"'),
    ):
        answer = ask(proxy, path, "POST", body="a" * 70_000)
        assert (answer.status, answer.headers["Content-Type"]) == (413, f"{form}; charset=utf-8")
        assert "That is too much to send at once" in answer.text
        assert code in answer.text
        for name, value in HEADERS_OF_THE_PROXY.items():
            assert answer.headers[name] == value
        assert "Retry-After" not in answer.headers


def test_an_address_of_the_api_that_is_too_long_is_refused_as_json(proxy):
    for length, status in ((8_000, 401), (9_000, 414)):
        answer = ask(proxy, f"/api/v3/participants?{'a' * length}")
        assert (answer.status, answer.headers["Content-Type"]) == (status, "application/json; charset=utf-8")
    assert json.loads(answer.text)["errors"][0]["code"] == "address_too_long"


HEADERS_OF_THE_PROXY = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Cache-Control": "no-store",
}


def test_a_service_that_is_gone_is_said_so_and_who_asks_too_often_is_too_and_the_log_names_nobody(folder, tmp_path):
    with nginx(tmp_path, free_port()) as gone:
        page = ask(gone, "/school/ects?q=steven")
        api = ask(gone, "/api/v3/participants?filter%5Bcohort%5D=steven")
        answers = [ask(gone, "/sign-in?q=steven") for _ in range(130)]
    assert (page.status, api.status) == (502, 502)
    assert page.headers["Retry-After"] == api.headers["Retry-After"] == "60"
    assert json.loads(api.text)["errors"][0]["code"] == "unavailable"
    assert {answer.headers["Retry-After"] for answer in answers if answer.status == 429} == {"60"}
    written = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert "502" in written
    assert "steven" not in written


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


def test_a_request_that_could_be_read_in_two_ways_is_not_read(service):
    for name, request in ODD_REQUESTS.items():
        with socket.create_connection(("127.0.0.1", service.port), 10) as connection:
            connection.sendall(request)
            status = connection.recv(12)
        assert status in (b"", *(b"HTTP/1.1 %d" % code for code in (400, 431, 501, 505))), (name, status)


INVENTED = "The database is a demo’s or a study’s, with invented people. Use another, or say what it is: flask people"
MISSING = "The database’s file is missing. Put it back, or make an empty one: flask migrate"


@pytest.mark.parametrize(("change", "said"), [("UPDATE purpose SET people = 'invented'", INVENTED), (None, MISSING)])
def test_a_database_that_must_not_be_served_is_not(environment, folder, tmp_path, change, said):
    path = tmp_path / "register.sqlite3"
    if change:
        shutil.copyfile(folder / "register.sqlite3", path)
        with closing(apsw.Connection(str(path))) as connection:
            connection.execute(change)
    settings = environment | {"DATABASE_URL": f"sqlite:///{path}", "BIND": "127.0.0.1:0", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn"], cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == ["The service can’t start on this database:", said]


def test_stopping_lets_requests_finish(environment):
    """A request that is half way when the service is told to stop is answered."""
    with served(**environment, WORKERS="1") as service:
        plain(service.port, "/sign-in")  # a worker that isn't there yet can't be told
        connection = socket.create_connection(("127.0.0.1", service.port), 30)
        connection.sendall(b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")
        time.sleep(0.2)
        service.process.send_signal(signal.SIGTERM)
        connection.sendall(b"\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        connection.close()


def test_what_is_stopped_leaves_everything_in_one_file(environment, folder, tmp_path):
    """Even where workers end at one moment, and each sees another that hasn't closed the file yet, or are killed."""
    path = tmp_path / "register.sqlite3"
    shutil.copyfile(folder / "register.sqlite3", path)
    with served(**environment | {"DATABASE_URL": f"sqlite:///{path}"}) as service:
        assert plain(service.port, "/readyz").status == 200
        master, *workers = service.processes()
        os.kill(master, signal.SIGSTOP)
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        assert Path(f"{path}-wal").exists()
        service.process.send_signal(signal.SIGTERM)
        os.kill(master, signal.SIGCONT)
    assert not Path(f"{path}-wal").exists()


# --- files ---------------------------------------------------------------------------------------------------


def test_the_image_has_what_it_copies_and_no_secret():
    text = (ROOT / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+) \./$", text, re.MULTILINE):
        assert all((ROOT / name).exists() for name in line.split())
    assert "USER 10001" in text
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", "instance", ".venv", "node_modules", "environment"} <= set(ignored)


ENVIRONMENT = """
# A comment, and below an empty line
; another

SECRET_KEY=a&b; rm -rf $HOME `id` | tee #x
SUPPORT_EMAIL = help@example.org
OIDC_NAME="DfE Sign-in"
OIDC_SCOPES='openid email'
TODAY=
"""


def environment_file():
    loader = SourceFileLoader("deploy_flask", str(ROOT / "deploy" / "flask"))
    module = module_from_spec(spec_from_loader("deploy_flask", loader))
    loader.exec_module(module)
    return module


def test_the_environment_file_is_text_of_which_nothing_is_executed():
    """As systemd.exec(5) says of EnvironmentFile."""
    assert environment_file().settings(ENVIRONMENT) == {
        "SECRET_KEY": "a&b; rm -rf $HOME `id` | tee #x",
        "SUPPORT_EMAIL": "help@example.org",
        "OIDC_NAME": "DfE Sign-in",
        "OIDC_SCOPES": "openid email",
        "TODAY": "",
    }


def test_what_systemd_might_read_otherwise_is_refused_by_its_line():
    for line in ("NAME", "1A=b", "A=b\\", "A='b", 'A="b" c', "A=it's"):
        with pytest.raises(SystemExit, match=r"^Line 2"):
            environment_file().settings(f"A=b\n{line}\n")


def test_a_command_has_the_settings_of_the_file(tmp_path):
    file = tmp_path / "environment"
    file.write_text("SECRET_KEY=$(touch executed) & not `expanded` and long enough\n")
    command = [sys.executable, ROOT / "deploy" / "flask", "settings"]
    done = subprocess.run(
        command,
        env={"ENVIRONMENT": str(file), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert "TRUSTED_HOSTS" in done.stdout + done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["environment"]


def test_nginx_starts_without_what_debian_brings(tmp_path, proxy):
    """As operations.md says: Debian's own site goes. Left there, nginx would refuse to start."""
    assert "rm -f /etc/nginx/sites-enabled/default" in (ROOT / "docs" / "operations.md").read_text()
    ours = (ROOT / "deploy" / "nginx.conf").read_text()
    ours = re.sub(r"ssl_certificate(_key)? [^;]+;|(?<=443) ssl( http2)?", "", ours)
    (tmp_path / "ours.conf").write_text(ours.replace("/var/log/nginx", str(tmp_path)))
    (tmp_path / "default").write_text("server { listen 80 default_server; root /var/www/html; }")
    whole, start = tmp_path / "nginx.conf", f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
    for sites, is_fine in ((["ours.conf"], True), (["ours.conf", "default"], False)):
        whole.write_text(f"{start} http {{ {''.join(f'include {tmp_path}/{site}; ' for site in sites)} }}")
        done = subprocess.run([shutil.which("nginx"), "-t", "-c", whole], capture_output=True, text=True)
        assert (done.returncode == 0) is is_fine, done.stderr
    assert "duplicate default server" in done.stderr


def test_systemd_takes_the_units(tmp_path):
    needs(shutil.which("systemd-analyze"), "systemd-analyze is missing: apt-get install systemd", "SYSTEMD")
    for name in ("register-ects.service", "register-ects.socket"):
        unit = (ROOT / "deploy" / name).read_text()
        (tmp_path / name).write_text(re.sub(r"(Exec\w+)=/opt/register-ects/\S+", r"\1=/bin/true", unit))
    done = subprocess.run(
        [shutil.which("systemd-analyze"), "verify", "--man=no", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
    )
    ours = [line for line in done.stderr.splitlines() if "register-ects" in line]
    assert not ours


def test_sqlite_is_served_without_the_other_driver():
    look = "import runpy, sys; runpy.run_path('gunicorn.conf.py'); import app; print('psycopg.pq' in sys.modules)"
    environment = {**os.environ, "DATABASE_URL": "sqlite:////tmp/x.sqlite3", "DEMO": "1", "SECRET_KEY": "x" * 40}
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
    assert find_spec("psycopg.pq")


def test_there_may_be_as_many_threads_as_settings_allow():
    tasks = int(re.search(r"^TasksMax=(\d+)", (ROOT / "deploy" / "register-ects.service").read_text(), re.MULTILINE)[1])
    assert tasks >= 16 * (20 + 8), "sixteen workers of twenty threads, and each worker's own"


def test_the_units_start_what_there_is():
    unit = (ROOT / "deploy" / "register-ects.service").read_text()
    for command in re.findall(r"^Exec\w+=/opt/register-ects/([\S]+)", unit, re.MULTILINE):
        assert (ROOT / command).exists(), command
    for command in re.findall(r"/opt/register-ects/(\S+)", (ROOT / "deploy" / "cron").read_text()):
        assert os.access(ROOT / command, os.X_OK), command
