"""By which means emails leave, and what becomes of one that doesn't: with a server that answers as GOV.UK Notify's
documentation says, and with a real mail server. What they say is in test_notices.py."""

import logging
import threading
from contextlib import closing
from datetime import timedelta
from email import message_from_string, policy
from itertools import pairwise

import pytest

import settings
from clock import clock_at, now
from database import db
from domain import messages
from domain.messages import GIVEN_UP_AFTER, LEASE, WAITS
from models import Message, Notice, School
from tests import mail
from tests.conftest import both_engines
from tests.identity import outside_the_demo
from tests.mail import REFUSALS, TEMPLATE_ID
from tests.test_notices import MONDAY
from web import emails
from web.emails import PROBLEMS, MailServer, NotSent

ADDRESS = "ada.moss@example.org"
pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def notify():
    with mail.notify() as server:
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return mail.certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def mail_server(request, certificate, monkeypatch):
    """A mail server whose certificate this machine trusts, and what it received."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    begins_with_tls = getattr(request, "param", True)
    with mail.mail_server(certificate, begins_with_tls=begins_with_tls) as (url, mailbox):
        yield url, mailbox


def means_of(server, key: str = mail.NOTIFY_KEY, template: str = TEMPLATE_ID):
    return emails.Notify(key, template, server.url)


def by_mail(url: str) -> MailServer:
    return MailServer(url, "Register early career teachers <no-reply@ects.example.org>")


def write() -> Message:
    return messages.write(ADDRESS, "A subject – ’quoted’", "What happened.\n\nhttps://ects.example.org/school/ects/1\n")


def send(means, after: timedelta = timedelta()) -> dict:
    """What becomes of what is due at this moment."""
    with clock_at(MONDAY + after), closing(means):
        return dict(messages.send_due(means, lambda message: None))


def again(message: Message) -> Message:
    return Message.get_by_id(message.id)


@pytest.fixture
def written(world):
    with clock_at(MONDAY):
        return write()


# --- GOV.UK Notify -------------------------------------------------------------------------------------------


def test_notify_takes_a_message(notify, written):
    assert send(means_of(notify)) == {"sent": 1}
    assert notify.taken == [
        {
            "email_address": ADDRESS,
            "template_id": TEMPLATE_ID,
            "personalisation": {"subject": written.subject, "body": written.body},
            "reference": str(written.reference),
        }
    ]
    assert again(written).sent_at == MONDAY
    assert send(means_of(notify), LEASE) == {}, "and once is enough"


ANSWERS = {
    "bad address": "address",
    "team only": "refused",
    "trial": "refused",
    "clock": "key",
    "rate": "too_fast",
    "day": "too_many",
    "broken": "unreachable",
    "away": "unreachable",
}


@pytest.mark.parametrize(("refusal", "problem"), ANSWERS.items())
def test_what_notify_refuses(notify, written, refusal, problem):
    notify.refusal = REFUSALS[refusal]
    with clock_at(MONDAY):
        write()
    is_last = PROBLEMS[problem].ends_run
    assert send(means_of(notify)) == {problem: 1 if is_last else 2}
    told = again(written)
    assert (told.problem, told.tries, told.sent_at) == (problem, 1, None)
    if PROBLEMS[problem].is_final:
        assert told.given_up_at == MONDAY
        assert send(means_of(notify), GIVEN_UP_AFTER) == {}
        return
    assert told.next_try_at == MONDAY + WAITS[0]
    notify.refusal = None
    assert send(means_of(notify), LEASE) == {"sent": 2}
    assert again(written).problem is None


def test_a_wrong_key_or_template_is_not_the_messages_fault(notify, written):
    assert ANSWERS.keys() == REFUSALS.keys(), "every documented answer is tried"
    wrong = mail.NOTIFY_KEY[:-1] + "9"
    assert send(means_of(notify, wrong)) == {"key": 1}
    assert send(means_of(notify, template=str(written.reference)), LEASE) == {"refused": 1}
    assert not again(written).given_up_at
    for means, problem in (
        (means_of(notify, wrong), "key"),
        (means_of(notify, template=mail.SERVICE_ID), "template"),
        (emails.Notify(mail.NOTIFY_KEY, TEMPLATE_ID, "http://127.0.0.1:9"), "unreachable"),
    ):
        with pytest.raises(NotSent, match=problem):
            means.check()
    means_of(notify).check()
    notify.personalisation = {"name": {"required": True}}
    with pytest.raises(NotSent, match="template"):
        means_of(notify).check()


def test_an_answer_that_never_came_is_asked_for_before_it_is_sent_again(notify, written, monkeypatch):
    monkeypatch.setattr(emails, "PATIENCE", 0.2)
    notify.waits = threading.Event()
    assert send(means_of(notify)) == {"unreachable": 1}
    assert again(written).is_in_doubt
    notify.waits.set()
    notify.waits = None
    assert send(means_of(notify), LEASE) == {"sent": 1}
    assert len(notify.taken) == 1, "it had gone"
    assert notify.asked[-1] == "GET /v2/notifications"


@pytest.mark.parametrize("was_sent", [True, False])
def test_a_sender_that_was_killed_leaves_a_message_that_is_sent_once(notify, written, was_sent):
    with clock_at(MONDAY):
        message, _ = messages.claim_next(lambda _: None)
        if was_sent:
            means_of(notify).send(message.address, message.subject, message.body, message.reference)
    assert send(means_of(notify)) == {}, "its lease isn’t over"
    assert send(means_of(notify), LEASE) == {"sent": 1}
    assert len(notify.taken) == 1


def test_nobody_is_there_or_says_nothing_that_can_be_read(notify, written):
    notify.refusal = (502, {})
    assert send(means_of(notify)) == {"unreachable": 1}
    assert send(emails.Notify(mail.NOTIFY_KEY, TEMPLATE_ID, "http://127.0.0.1:9"), LEASE) == {"unreachable": 1}
    assert send(by_mail("smtp://127.0.0.1:9"), timedelta(days=1)) == {"unreachable": 1}


def test_waits_grow_and_end_after_three_days(notify, written):
    notify.refusal = REFUSALS["broken"]
    tried, moment = [], timedelta()
    while not again(written).given_up_at:
        send(means_of(notify), moment)
        tried.append(moment)
        moment = again(written).next_try_at - MONDAY
    waits = [later - earlier for earlier, later in pairwise(tried)]
    assert waits[: len(WAITS)] == WAITS == sorted(WAITS)
    assert GIVEN_UP_AFTER <= tried[-1] < GIVEN_UP_AFTER + WAITS[-1]
    assert send(means_of(notify), timedelta(days=30)) == {}


# --- a mail server -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mail_server", [True, False], indirect=True, ids=["smtps", "smtp"])
def test_a_mail_server_takes_a_message(mail_server, written):
    url, mailbox = mail_server
    means = by_mail(url)
    means.check()
    assert send(means) == {"sent": 1}
    means.close()
    ((to, text),) = mailbox.received
    email = message_from_string(text, policy=policy.default)
    assert (to, email["To"], email["Subject"]) == (ADDRESS, ADDRESS, written.subject)
    assert email["From"] == "Register early career teachers <no-reply@ects.example.org>"
    assert email["Message-ID"] == f"<{written.reference}@ects.example.org>"
    assert email["Auto-Submitted"] == "auto-generated"
    assert email.get_content_type() == "text/plain"
    assert email.get_content().replace("\r\n", "\n") == written.body


@pytest.mark.parametrize(
    ("is_of_the_address", "answer", "problem"),
    [
        (True, "550 no such user", "address"),
        (True, "450 try later", "unreachable"),
        (False, "554 no spam", "refused"),
        (False, "451 later", "unreachable"),
    ],
)
def test_what_a_mail_server_refuses(mail_server, written, is_of_the_address, answer, problem):
    url, mailbox = mail_server
    mailbox.refuses, mailbox.refuses_text = ({ADDRESS: answer}, "") if is_of_the_address else ({}, answer)
    assert send(by_mail(url)) == {problem: 1}
    assert bool(again(written).given_up_at) is PROBLEMS[problem].is_final
    mailbox.refuses_text, mailbox.refuses = "", {}
    assert send(by_mail(url), LEASE) == ({} if PROBLEMS[problem].is_final else {"sent": 1})


def test_an_address_that_a_mail_server_cannot_read_holds_up_nobody(mail_server, written):
    """This one knows no letters with accents. What a provider of identities says may have some."""
    for address in ("zoë@example.org", "zoe@", "zoe@[", "zoe, jo@example.org"):
        with clock_at(MONDAY):
            Message.update(address=address).where(Message.id == write().id).execute()
            Message.update(address="zoe@éxample.org").where(Message.id == write().id).execute()
    assert send(by_mail(mail_server[0])) == {"address": 4, "sent": 5}, "by one connection"
    assert [to for to, _ in mail_server[1].received] == [ADDRESS, *["zoe@xn--xample-9ua.org"] * 4]


def test_a_wrong_password(mail_server, written):
    assert send(by_mail(mail_server[0].replace(mail.PASSWORD, "wrong"))) == {"key": 1}


@pytest.mark.parametrize("begins_with_tls", [True, False])
def test_a_mail_server_that_cannot_prove_who_it_is_gets_nothing(tmp_path, written, begins_with_tls):
    files = mail.certificate(tmp_path)
    with mail.mail_server(files, begins_with_tls=begins_with_tls) as (url, mailbox):
        assert send(by_mail(url)) == {"untrusted": 1}
        assert mailbox.received == []


# --- which means ---------------------------------------------------------------------------------------------

NONE = {"DEMO": False} | {
    name: settings.DEFAULTS[name] for name in ("NOTIFY_API_KEY", "NOTIFY_TEMPLATE_ID", "NOTIFY_URL")
}
NONE |= {name: settings.DEFAULTS[name] for name in ("SMTP_URL", "EMAIL_FROM")}
MEANS = {
    "none": ({}, type(None)),
    "notify": ({"NOTIFY_API_KEY": mail.NOTIFY_KEY, "SMTP_URL": "smtps://mail.example.org"}, emails.Notify),
    "smtp": ({"SMTP_URL": "smtps://mail.example.org"}, MailServer),
    "the demo, whatever is set": ({"DEMO": True, "NOTIFY_API_KEY": mail.NOTIFY_KEY}, emails.Outbox),
}


@pytest.mark.parametrize(("config", "means"), MEANS.values(), ids=MEANS)
def test_by_which_means(config, means):
    assert type(emails.means(NONE | config)) is means


# --- what whoever runs the service is told -------------------------------------------------------------------


@pytest.fixture
def run(world):
    """Runs a command of a deployment with these settings, on the database that is open."""

    def invoke(*command: str, **given):
        moment = now()
        app = outside_the_demo("http://localhost:1", **given)
        db.close()
        try:
            with clock_at(moment):
                return app.test_cli_runner().invoke(args=command).output
        finally:
            db.connect()

    return invoke


def test_check_says_what_is_wrong_with_emails(run, notify, written):
    Notice.delete().execute()
    notified = {"NOTIFY_API_KEY": mail.NOTIFY_KEY, "NOTIFY_TEMPLATE_ID": TEMPLATE_ID, "NOTIFY_URL": notify.url}
    with clock_at(MONDAY + timedelta(minutes=20)):
        output = run("check", **notified)
        assert "mail" not in output.replace("SUPPORT_EMAIL", "")
        assert "No email can be sent: the key or password is not accepted" in run(
            "check", **notified | {"NOTIFY_API_KEY": mail.NOTIFY_KEY[:-1] + "9"}
        )
    with clock_at(MONDAY + timedelta(minutes=31)):
        assert "Emails have been due for 31 minutes. Every minute, run: flask notices send" in run("check", **notified)
    with clock_at(MONDAY.replace(hour=23)):
        assert "have been due" not in run("check", **notified)
    notify.refusal = REFUSALS["bad address"]
    Message.update(school=School.get(urn="900001")).execute()
    assert send(means_of(notify)) == {"address": 1}
    with clock_at(MONDAY + timedelta(days=29)):
        output = run("check", **notified)
        assert "An email for school 900001 was given up on 20 April 2026: there is no such address." in output
        assert ADDRESS not in output
    with clock_at(MONDAY + timedelta(days=31)):
        assert "given up" not in run("check", **notified)


def test_check_names_ten_and_counts_the_others(notify):
    Notice.delete().execute()
    with clock_at(MONDAY):
        for _ in range(12):
            write()
    notify.refusal = REFUSALS["bad address"]
    send(means_of(notify))
    with clock_at(MONDAY):
        found = messages.faults(means_of(notify))
    assert len(found) == 11
    assert found[-1] == "So were 2 more in the last 30 days."


@both_engines
def test_the_figures_of_emails(notify, written):
    Notice.delete().execute()
    with clock_at(MONDAY + timedelta(minutes=5)):
        assert {name: value for name, (_, value) in messages.figures().items()} == {
            "emails_waiting": 1,
            "emails_overdue_seconds": 300,
            "emails_given_up": 0,
        }
    with clock_at(MONDAY.replace(hour=20)):
        assert messages.seconds_overdue() == 0, "at night nothing is sent"
    with clock_at(MONDAY.replace(hour=7, minute=1) + timedelta(days=1)):
        assert messages.seconds_overdue() == 60


def test_notices_send_sends_what_is_due(run, notify, written):
    notified = {"NOTIFY_API_KEY": mail.NOTIFY_KEY, "NOTIFY_TEMPLATE_ID": TEMPLATE_ID, "NOTIFY_URL": notify.url}
    with clock_at(MONDAY):
        assert run("notices", "send", **notified) == "1 sent\n"
        assert run("notices", "send", **notified) == ""
        assert "neither NOTIFY_API_KEY nor SMTP_URL is set" in run("notices", "send")


def test_nothing_that_names_anybody_is_logged(notify, written, caplog):
    """tests/conftest.py looks for everybody's names in every line; here for what a message says."""
    caplog.set_level(logging.DEBUG)
    for refusal in [*REFUSALS.values(), None]:
        notify.refusal = refusal
        messages.write(ADDRESS, "A subject", "The body")
        send(means_of(notify), timedelta(days=1))
    lines = [
        f"{record.getMessage()} {record.__dict__.get('fields')}"
        for record in caplog.records
        if record.name.startswith("service")
    ]
    assert any("message sent" in line for line in lines)
    for line in [*lines, *(each.getMessage() for each in caplog.records if not each.name.startswith("peewee"))]:
        assert not [word for word in (ADDRESS, "subject", "body", "ects/1") if word in line], line
