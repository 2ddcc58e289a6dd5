"""What emails are sent to, in tests: a server that behaves as GOV.UK Notify's API is documented, and a mail server with
TLS. Both run here, on this machine alone."""

import asyncio
import json
import ssl
import threading
import uuid
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

SERVICE_ID, SECRET = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
NOTIFY_KEY = f"tests-{SERVICE_ID}-{SECRET}"
TEMPLATE_ID = str(uuid.UUID(int=3))
PASSWORD = "correct-horse"


def error(status: int, kind: str, message: str) -> tuple[int, dict]:
    return status, {"status_code": status, "errors": [{"error": kind, "message": message}]}


REFUSALS = {
    "bad address": error(400, "ValidationError", "email_address is not a valid email address"),
    "team only": error(400, "BadRequestError", "Can’t send to this recipient using a team-only API key"),
    "trial": error(400, "BadRequestError", "Can’t send to this recipient when service is in trial mode"),
    "clock": error(403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds"),
    "rate": error(429, "RateLimitError", "Exceeded rate limit for key type live of 3000 requests per 60 seconds"),
    "day": error(429, "TooManyRequestsError", "Exceeded send limits 250000 for today"),
    "broken": error(500, "Exception", "Internal server error"),
    "away": (503, {}),
}
"""What Notify answers when it doesn't take a message, as its documentation has it."""


class Notify:
    """Takes messages, or answers as `refusal` says; `waits`: takes them and never answers."""

    def __init__(self, url: str):
        self.url = url
        self.taken: list[dict] = []
        self.asked: list[str] = []
        self.refusal: tuple[int, dict] | None = None
        self.waits: threading.Event | None = None
        self.personalisation = {"subject": {"required": True}, "body": {"required": True}}

    def answer(self, method: str, path: str, query: str, token: str, body: dict | None) -> tuple[int, dict]:
        self.asked.append(f"{method} {path}")
        try:
            assert jwt.decode(token, SECRET, algorithms=["HS256"])["iss"] == SERVICE_ID
        except jwt.InvalidTokenError:
            return error(403, "AuthError", "Invalid token: API key not found")
        if method == "GET" and path.startswith("/v2/template/"):
            if path != f"/v2/template/{TEMPLATE_ID}":
                return error(404, "NoResultFound", "No result found")
            return 200, {"id": TEMPLATE_ID, "type": "email", "personalisation": self.personalisation}
        if method == "GET":
            known = [each for each in self.taken if query == f"reference={each['reference']}"]
            return 200, {"notifications": known, "links": {}}
        if self.refusal:
            return self.refusal
        if body["template_id"] != TEMPLATE_ID:
            return error(400, "BadRequestError", "Template not found")
        self.taken.append(body)
        return 201, {"id": str(uuid.uuid4()), "reference": body["reference"]}


@contextmanager
def notify():
    """Serves it for as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            path, _, query = self.path.partition("?")
            token = self.headers["Authorization"].removeprefix("Bearer ")
            status, answer = serves.answer(self.command, path, query, token, body)
            if serves.waits and self.command == "POST":
                serves.waits.wait(30)
                return
            data = json.dumps(answer).encode()
            with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked was killed meanwhile
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - http.server's own name

        def log_message(self, *args): ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serves = Notify(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield serves
        if serves.waits:
            serves.waits.set()
        server.shutdown()
        thread.join()


class Mailbox:
    """What a mail server does with each message: `received`, or the answer in `refuses` to whoever it is to."""

    def __init__(self):
        self.received: list[tuple[str, str]] = []
        self.refuses: dict[str, str] = {}
        self.refuses_text = ""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's own name
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.refuses_text:
            return self.refuses_text
        assert server.transport.get_extra_info("ssl_object"), "without TLS"
        self.received.append((envelope.rcpt_tos[0], envelope.content.decode()))
        return "250 OK"


def certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A certificate for this name, and its key."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(made - timedelta(days=1))
        .not_valid_after(made + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@contextmanager
def mail_server(files: tuple[Path, Path], *, begins_with_tls: bool):
    """A mail server that wants TLS and a password. Gives its address, and what it received."""
    context, mailbox = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), Mailbox()
    context.load_cert_chain(*files)

    def authenticate(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"service", PASSWORD.encode()), handled=False)

    how = {"authenticator": authenticate, "auth_require_tls": False}
    if not begins_with_tls:
        how |= {"tls_context": context, "require_starttls": True, "auth_require_tls": True, "auth_required": True}
    ready, ports = threading.Event(), []

    async def serve():
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(lambda *_: None)  # what a client breaks off is its own affair
        server = await loop.create_server(
            lambda: SMTP(mailbox, hostname="localhost", loop=loop, **how),
            "localhost",
            0,
            ssl=context if begins_with_tls else None,
        )
        ports.extend([server.sockets[0].getsockname()[1], lambda: loop.call_soon_threadsafe(over.set)])
        ready.set()
        await over.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait()
    port, end = ports
    yield f"{'smtps' if begins_with_tls else 'smtp'}://service:{PASSWORD}@localhost:{port}", mailbox
    end()
    thread.join()
