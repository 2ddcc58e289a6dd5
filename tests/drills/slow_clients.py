"""Forty clients send half of a request and no more. Whoever comes next is answered as quickly as ever behind the proxy
of deploy/nginx.conf. Without it gunicorn has no thread left for them, which is why it isn't put on a network bare."""

import argparse
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPSConnection
from pathlib import Path

from tests.bench.place import place
from tests.bench.service import ROOT, free_port, wait_for

HALF = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\na"
NAME = "localhost"


def drill(clients: int = 40) -> list[str]:
    told = []
    with place("sqlite") as where, where.served(TRUSTED_HOSTS=NAME, PROXIES="1") as service:
        told.append(f"without a proxy: {slowest(service.port, clients, None)}")
        if not shutil.which("nginx"):
            return [*told, "behind nginx: not tried, nginx isn’t here"]
        with nginx(where.folder, service.port) as (port, trusted):
            answer = slowest(port, clients, trusted)
            assert "no answer" not in answer, answer
            told.append(f"behind nginx: {answer}")
    return told


def slowest(port: int, clients: int, trusted: ssl.SSLContext | None, patience: float = 8) -> str:
    """The longest of ten answers while `clients` have sent half of a request."""
    with ExitStack() as stack:
        for _ in range(clients):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            if trusted:
                connection = stack.enter_context(trusted.wrap_socket(connection, server_hostname=NAME))
            connection.sendall(HALF)
        time.sleep(0.5)
        longest = 0.0
        for _ in range(10):
            begun = time.monotonic()
            try:
                ask(port, trusted, patience)
            except OSError:
                return f"{clients} slow clients, and no answer for anybody else within {patience:.0f} s"
            longest = max(longest, time.monotonic() - begun)
        return f"{clients} slow clients, and the slowest of ten others’ answers took {longest * 1000:.0f} ms"


def ask(port: int, trusted: ssl.SSLContext | None, patience: float) -> None:
    if trusted:
        connection = HTTPSConnection(NAME, port, timeout=patience, context=trusted)
        connection.request("GET", "/sign-in")
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        answer.read()
        connection.close()
        return
    with socket.create_connection(("127.0.0.1", port), patience) as plain:
        plain.settimeout(patience)
        plain.sendall(b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert plain.recv(12) == b"HTTP/1.1 200"


@contextmanager
def nginx(folder: Path, behind: int) -> Iterator[tuple[int, ssl.SSLContext]]:
    """The proxy of deploy/nginx.conf on a free port, with a certificate of its own, before the service at `behind`."""
    port, key, certificate = free_port(), folder / "key.pem", folder / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate]
    make += ["-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    subprocess.run(make, check=True, capture_output=True)
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    for theirs, ours in {
        "unix:/run/register-ects/socket": f"127.0.0.1:{behind}",
        "ects.example.org": NAME,
        "/etc/ssl/certs/register-ects.pem": str(certificate),
        "/etc/ssl/private/register-ects.key": str(key),
        "/var/log/nginx/register-ects.log": f"{folder}/access.log",
        "/var/log/nginx/register-ects-error.log": f"{folder}/error.log",
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen 80": f"listen 127.0.0.1:{free_port()}",
    }.items():
        assert theirs in site, theirs
        site = site.replace(theirs, ours)
    frame = f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{ worker_connections 512; }}"
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = folder / "nginx.conf"
    whole.write_text(f"user root;\n{frame}\nhttp {{ {temporary}\n{site}\n}}\n")
    server = subprocess.Popen(["nginx", "-c", whole, "-e", folder / "error.log"])
    try:
        wait_for(port)
        yield port, ssl.create_default_context(cafile=certificate)
    finally:
        server.terminate()
        server.wait(20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=40)
    for told in drill(parser.parse_args().clients):
        print(told)


if __name__ == "__main__":
    main()
