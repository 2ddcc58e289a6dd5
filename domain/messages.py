"""Emails: written down in the transaction of what they tell (`write`), and sent afterwards (`send_due`) by `flask
notices send`. Which events schools are told of is in notices.py, by which means emails leave in web/emails.py.

Whoever sends a message has it for themselves for a while (LEASE). If they are killed, the next one asks the means
whether it has gone, by its reference, and otherwise sends it again: so none is lost, and at most the one that was on
its way goes twice.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from peewee import JOIN, fn

from clock import LONDON, display, now
from database import db, skip_locked
from models import Message, Notice, School
from web.emails import PROBLEMS, Means, NotSent

LEASE = timedelta(minutes=5)
"""How long a message is left to whoever began to send it. No means takes as long to answer."""
WAITS = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240)]
"""After each try in vain. The last one again and again."""
GIVEN_UP_AFTER = timedelta(days=3)
KEPT = timedelta(days=30)
"""How long messages that were sent or given up are kept, and with them whom they went to."""
FIRST_HOUR, LAST_HOUR = 7, 19
"""Between these hours in London schools get emails."""
OVERDUE = timedelta(minutes=30)
"""What is later than that, nobody sends."""
MOST_FAULTS = 10
"""As many emails as `flask check` names."""

log = logging.getLogger("service.messages")

Compose = Callable[[Message], tuple[str, str] | None]
"""The subject and the body of a message for a school, as they are now; None if there is nothing to tell any more."""


def write(address: str, subject: str, body: str) -> Message:
    """Write a message to this address: `subject` is one line of at most 255 characters, `body` plain text. Call it in
    the transaction of what it tells; it is sent within a minute or so of the commit, at any hour, and tried for three
    days. Where the deployment has no means (web.emails.means is None), it stays unsent: promise nothing there."""
    return Message.create(address=address, subject=subject, body=body)


def is_night(moment: datetime | None = None) -> bool:
    """Whether schools are left alone."""
    return not FIRST_HOUR <= (moment or now()).astimezone(LONDON).hour < LAST_HOUR


def by_day(moment: datetime) -> datetime:
    """This moment, or the morning after it where it is at night."""
    if not is_night(moment):
        return moment
    there = moment.astimezone(LONDON)
    day = there.date() + timedelta(days=there.hour >= LAST_HOUR)
    return datetime.combine(day, time(FIRST_HOUR), LONDON).astimezone(UTC)


def waiting():
    """A query of messages that are neither sent nor given up."""
    return Message.select().where(Message.sent_at.is_null(), Message.given_up_at.is_null())


def due():
    """A query of messages to be sent now."""
    query = waiting().where(Message.next_try_at <= now())
    return query.where(Message.school.is_null()) if is_night() else query


def send_due(means: Means, compose: Compose) -> Counter:
    """Send whatever is due. Gives how many were `sent`, and how many were not, by their problem."""
    outcomes: Counter = Counter()
    while (claim := claim_next(compose)) is not None:
        message, is_in_doubt = claim
        problem = problem_with(means, message, is_in_doubt)
        note_outcome(message, problem)
        outcomes[problem or "sent"] += 1
        if problem and PROBLEMS[problem].ends_run:
            break
    return outcomes


def claim_next(compose: Compose) -> tuple[Message, bool] | None:
    """The next message that is due, with its text, for whoever asks alone until its lease is over; and whether
    somebody had begun to send it before."""
    while due().exists():
        with db.atomic():
            message = skip_locked(due().order_by(Message.next_try_at, Message.id).limit(1)).first()
            if message is None:
                return None
            if message.notices is not None:
                text = compose(message)
                if text is None:
                    message.delete_instance()
                    continue
                message.subject, message.body = text
            is_in_doubt, message.is_in_doubt = message.is_in_doubt, True
            message.tries += 1
            message.next_try_at = now() + LEASE
            message.save()
            return message, is_in_doubt
    return None


def problem_with(means: Means, message: Message, is_in_doubt: bool) -> str | None:
    """Send it, unless it has gone before; why that could not be done."""
    try:
        if not (is_in_doubt and means.has_sent(message.reference)):
            means.send(message.address, message.subject, message.body, message.reference)
    except NotSent as refusal:
        return refusal.problem
    return None


def note_outcome(message: Message, problem: str | None) -> None:
    """Say in the database and in the log how a try ended: by the message's number, never to whom it was."""
    if problem is None:
        message.sent_at = now()
    elif PROBLEMS[problem].is_final or now() - message.created_at >= GIVEN_UP_AFTER:
        message.given_up_at = now()
    else:
        message.next_try_at = now() + WAITS[min(message.tries, len(WAITS)) - 1]
    # Where no answer came, it may have gone all the same.
    message.problem, message.is_in_doubt = problem, problem == "unreachable"
    with db.atomic():
        message.save()
    fields = {"message": message.id, "school": message.school_id, "tries": message.tries, "problem": problem}
    level = logging.ERROR if message.given_up_at else logging.WARNING if problem else logging.INFO
    log.log(
        level,
        "message given up" if message.given_up_at else "message not sent" if problem else "message sent",
        extra={"fields": fields},
    )


# --- is it well? -------------------------------------------------------------------------------------------


def given_up() -> list[Message]:
    """The messages that could not be delivered, of the last 30 days, the newest first, each with its school."""
    query = Message.select(Message, School).join(School, JOIN.LEFT_OUTER)
    return list(query.where(Message.given_up_at > now() - KEPT).order_by(Message.given_up_at.desc()))


def seconds_overdue() -> float:
    """For how long the email that has waited longest could have been sent. At night none can."""
    notice = Notice.select(fn.MIN(Notice.due_at)).where(Notice.settled_at.is_null()).scalar()
    message = waiting().select(fn.MIN(Message.next_try_at)).scalar()
    oldest = min((each.replace(tzinfo=UTC) for each in (notice, message) if each), default=now())
    morning = now().astimezone(LONDON).replace(hour=FIRST_HOUR, minute=0, second=0, microsecond=0)
    return 0 if is_night() else max((now() - max(oldest, morning)).total_seconds(), 0)


def figures() -> dict[str, tuple[str, float]]:
    """For monitoring: name → what it is, and how much."""
    return {
        "emails_waiting": ("Emails that are neither sent nor given up", waiting().count()),
        "emails_overdue_seconds": ("For how long an email could have been sent by now", seconds_overdue()),
        "emails_given_up": ("Emails of the last 30 days that could not be delivered", len(given_up())),
    }


def faults(means: Means) -> list[str]:
    """What is wrong with the emails, for `flask check`: in each line a school's URN at most."""
    found = []
    try:
        means.check()
    except NotSent as refusal:
        found.append(f"No email can be sent: {PROBLEMS[refusal.problem].words}.")
    if (seconds := seconds_overdue()) > OVERDUE.total_seconds():
        found.append(f"Emails have been due for {seconds // 60:.0f} minutes. Every minute, run: flask notices send")
    lost = given_up()
    for message in lost[:MOST_FAULTS]:
        to = f"for school {message.school.urn}" if message.school else "not for a school"
        words = PROBLEMS[message.problem].words
        found.append(f"An email {to} was given up on {display(message.given_up_at)}: {words}.")
    if len(lost) > MOST_FAULTS:
        found.append(f"So were {len(lost) - MOST_FAULTS} more in the last 30 days.")
    return found


def prune() -> int:
    """Delete messages that were sent or given up long ago, and say how many."""
    return Message.delete().where((Message.sent_at < now() - KEPT) | (Message.given_up_at < now() - KEPT)).execute()
