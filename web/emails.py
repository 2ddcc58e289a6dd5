"""The means by which emails leave: GOV.UK Notify, a mail server, or in the demo nothing, for they are looked at on
/outbox. What is sent to whom, and when it is tried again, is in domain/messages.py."""

import logging
import smtplib
import ssl
import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cached_property
from urllib.parse import unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

from clock import now

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
PATIENCE = 30
"""Seconds that a means may take to answer."""


@dataclass(frozen=True)
class Problem:
    """`words`: what is wrong, for whoever runs the service. `is_final`: trying again can't help. `ends_run`: no other
    message would go either."""

    words: str
    is_final: bool = False
    ends_run: bool = False


PROBLEMS = {
    "address": Problem("there is no such address", is_final=True),
    "refused": Problem("it was refused: flask check says why, unless the service is in Notify’s trial mode"),
    "template": Problem("NOTIFY_TEMPLATE_ID is not a template with ((subject)) and ((body))", ends_run=True),
    "key": Problem("the key or password is not accepted, or this machine’s clock is wrong", ends_run=True),
    "too_fast": Problem("too many messages at once", ends_run=True),
    "too_many": Problem("too many messages in a day", ends_run=True),
    "untrusted": Problem("the mail server can’t prove who it is, or speaks no TLS", ends_run=True),
    "unreachable": Problem("no answer, or one that says to come back later", ends_run=True),
}
"""Why a message wasn't sent."""


class NotSent(Exception):
    """`problem`: one of PROBLEMS. What the other side said may quote an address, so it is not kept."""

    def __init__(self, problem: str):
        self.problem = problem
        super().__init__(problem)


class Means:
    """How messages leave, for one run: by this one, not at all. Each of these may raise NotSent."""

    def send(self, address: str, subject: str, body: str, reference: uuid.UUID) -> None:
        """`body` is plain text; `reference` is the message's, the same at every try."""

    def has_sent(self, reference: uuid.UUID) -> bool:  # noqa: ARG002 - some can say
        """Whether a message that somebody began to send has gone, as far as can be known."""
        return False

    def check(self) -> None:
        """Ask, without sending anything, whether it would be taken."""

    def close(self) -> None: ...


def means(config: Mapping) -> Means | None:
    """How this deployment sends; None if it can't: then no page may promise an email."""
    if config["DEMO"]:
        return Outbox()
    if config["NOTIFY_API_KEY"]:
        return Notify(config["NOTIFY_API_KEY"], config["NOTIFY_TEMPLATE_ID"], config["NOTIFY_URL"])
    return MailServer(config["SMTP_URL"], config["EMAIL_FROM"]) if config["SMTP_URL"] else None


class Outbox(Means):
    """The demo's. Nothing leaves: what is marked as sent is shown on /outbox."""


class Notify(Means):
    """GOV.UK Notify. Its template has a subject and a body to put everything in."""

    def __init__(self, key: str, template_id: str, url: str):
        self.key, self.template_id, self.url = key, template_id, url

    @cached_property
    def client(self):
        from notifications_python_client.notifications import NotificationsAPIClient

        # It would log what Notify says, which may quote what was sent.
        logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)
        return NotificationsAPIClient(self.key, base_url=self.url, timeout=PATIENCE)

    def send(self, address: str, subject: str, body: str, reference: uuid.UUID) -> None:
        text = {"subject": subject, "body": body}
        with notify_errors():
            self.client.send_email_notification(address, self.template_id, text, str(reference))

    def has_sent(self, reference: uuid.UUID) -> bool:
        with notify_errors():
            return bool(self.client.get_all_notifications(reference=str(reference))["notifications"])

    def check(self) -> None:
        try:
            with notify_errors():
                asks_for = set(self.client.get_template(self.template_id)["personalisation"])
        except NotSent as refusal:
            raise NotSent("template" if refusal.problem in ("address", "refused") else refusal.problem) from None
        if not {"subject", "body"} <= asks_for:
            raise NotSent("template")

    def close(self) -> None:
        if "client" in self.__dict__:
            self.client.request_session.close()


@contextmanager
def notify_errors() -> Generator[None]:
    """Notify's errors, as it documents them, as NotSent."""
    from notifications_python_client.errors import APIError

    try:
        yield
    except APIError as error:
        # The client calls it 503 where there was no answer at all.
        raise NotSent(notify_problem(error.status_code, error.message)) from None
    except (KeyError, TypeError, ValueError, AssertionError):
        raise NotSent("unreachable") from None


def notify_problem(status: int, errors) -> str:
    """What Notify's answer means, by its status and the kinds of its `errors`, a list of {"error": kind, "message": …}.
    Its words may change. What it validates is the address: the rest of a message is the same every time."""
    told = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    kinds = {each.get("error") for each in told}
    if status == 429:
        return "too_many" if "TooManyRequestsError" in kinds else "too_fast"
    if status in (401, 403):
        return "key"
    if 400 <= status < 500:
        return "address" if "ValidationError" in kinds else "refused"
    return "unreachable"


class MailServer(Means):
    """A mail server, by SMTP over TLS: `smtps://user:password@host`, or `smtp://…` where TLS begins after the greeting.
    Without TLS only to this machine. It can't say whether a message has gone; a second one has the same Message-ID, by
    which some mail programs know it."""

    def __init__(self, url: str, sender: str):
        self.url, self.sender = urlsplit(url), sender
        self.connection: smtplib.SMTP | None = None

    def send(self, address: str, subject: str, body: str, reference: uuid.UUID) -> None:
        with smtp_errors(self):
            connection = self.connected()
            to = readable(address, allow_smtputf8=connection.has_extn("smtputf8"))
            connection.send_message(self.email(to, subject, body, reference))

    def check(self) -> None:
        with smtp_errors(self):
            self.connected().noop()

    def close(self) -> None:
        if self.connection:
            with suppress(smtplib.SMTPException, OSError):
                self.connection.quit()
            self.connection = None

    def email(self, address: str, subject: str, body: str, reference: uuid.UUID) -> EmailMessage:
        email = EmailMessage()
        email["From"], email["To"], email["Subject"] = self.sender, address, subject
        email["Date"] = format_datetime(now())
        email["Message-ID"] = f"<{reference}@{self.sender.rpartition('@')[2].strip('>')}>"
        email["Auto-Submitted"] = "auto-generated"
        email.set_content(body)
        return email

    def connected(self) -> smtplib.SMTP:
        if self.connection:
            return self.connection
        host, trusted = self.url.hostname or "", ssl.create_default_context()
        if self.url.scheme == "smtps":
            connection = smtplib.SMTP_SSL(host, self.url.port or 465, timeout=PATIENCE, context=trusted)
        else:
            connection = smtplib.SMTP(host, self.url.port or 587, timeout=PATIENCE)
        self.connection = connection
        connection.ehlo()
        if self.url.scheme == "smtp" and (connection.has_extn("starttls") or host not in THIS_MACHINE):
            connection.starttls(context=trusted)
            connection.ehlo()
        if self.url.username:
            connection.login(unquote(self.url.username), unquote(self.url.password or ""))
        return connection


def readable(address: str, *, allow_smtputf8: bool) -> str:
    """One address, as a mail server can read it that knows letters with accents, or doesn’t. For any other, smtplib
    would blame the server, take two for one, or break."""
    try:
        found = validate_email(
            address, check_deliverability=False, globally_deliverable=False, allow_smtputf8=allow_smtputf8
        )
    except EmailNotValidError:
        raise smtplib.SMTPRecipientsRefused({address: (553, b"")}) from None
    return found.ascii_email or found.normalized


@contextmanager
def smtp_errors(server: MailServer) -> Generator[None]:
    """What goes wrong with a mail server, as NotSent. The connection isn't used again."""
    try:
        yield
    except (smtplib.SMTPException, OSError, ValueError) as error:
        server.close()
        raise NotSent(smtp_problem(error)) from None


def smtp_problem(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return "address" if all(code >= 500 for code in codes) else "unreachable"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "key"
    if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        return "untrusted"
    if isinstance(error, smtplib.SMTPResponseException):
        return "refused" if error.smtp_code >= 500 else "unreachable"
    return "refused" if isinstance(error, ValueError) and not isinstance(error, OSError) else "unreachable"
