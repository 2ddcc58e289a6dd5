"""What people write to support: kept here, sent to support's own mailbox where emails can be sent, and done once
somebody of support says so. Support answers by its own mail."""

from collections.abc import Mapping
from datetime import timedelta

from clock import now
from database import db
from domain import messages
from models import School, SupportUser
from support.models import SupportQuery
from web import emails

DONE_KEPT = timedelta(days=365)
MOST_DONE = 50
"""As many of those that are done are shown."""


def ask(config: Mapping, *, school: School | None, **told: str) -> SupportQuery:
    """Keep it, and send it on in the same transaction."""
    with db.atomic():
        query = SupportQuery.create(school=school, **told)
        if emails.means(config):
            messages.write(config["SUPPORT_EMAIL"], f"Query {query.id}: register early career teachers", as_text(query))
    return query


def as_text(query: SupportQuery) -> str:
    facts = {
        "From": query.name,
        "How to reach them": query.reach,
        "School": school_of(query),
        "Page": query.page,
        "Number": query.request_number,
    }
    lines = [f"{what}: {fact}" for what, fact in facts.items() if fact]
    return "\n".join([*lines, "", query.words, ""])


def school_of(query: SupportQuery) -> str:
    """Where they sign in, or what they say."""
    return f"{query.school.name}, URN {query.school.urn}" if query.school else query.school_name


def open_ones() -> list[SupportQuery]:
    """The oldest first."""
    return list(SupportQuery.select().where(SupportQuery.done_at.is_null()).order_by(SupportQuery.id))


def done_ones() -> list[SupportQuery]:
    """The latest first, and who of support did them."""
    done = SupportQuery.select(SupportQuery, SupportUser).join(SupportUser).where(SupportQuery.done_at.is_null(False))
    return list(done.order_by(SupportQuery.done_at.desc()).limit(MOST_DONE))


def finish(query: SupportQuery, by: SupportUser) -> None:
    """It is done. Whoever said so first did it; what was done long ago goes."""
    unfinished = (SupportQuery.id == query.id) & SupportQuery.done_at.is_null()
    SupportQuery.update(done_at=now(), done_by=by).where(unfinished).execute()
    SupportQuery.delete().where(SupportQuery.done_at < now() - DONE_KEPT).execute()
