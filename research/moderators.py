"""Who moderates, and which of them is signed in: what domain/sign_ins.py is for school users, kept apart.
Who vouches for them is a matter of research/console/sign_in.py."""

import secrets
from datetime import timedelta

from clock import now
from domain.sign_ins import PRECISION, Identity, Timeouts
from models import digest
from research.models import Moderator, ModeratorSignIn

TIMEOUTS = Timeouts(idle=timedelta(hours=2), absolute=timedelta(hours=12))


def moderator_for(identity: Identity) -> Moderator | None:
    """Who that is: known by their subject, or the first time by their email address, which nobody else can use then."""
    if known := Moderator.get_or_none(Moderator.subject == identity.subject_digest):
        return known
    waiting = (Moderator.email == identity.email.lower()) & Moderator.subject.is_null()
    Moderator.update(subject=identity.subject_digest).where(waiting).execute()
    return Moderator.get_or_none(Moderator.subject == identity.subject_digest)


def find(token: str) -> ModeratorSignIn | None:
    """The sign-in of the browser that has this token, unless it is over."""
    with_moderators = ModeratorSignIn.select(ModeratorSignIn, Moderator).join(Moderator)
    sign_in = with_moderators.where(ModeratorSignIn.digest == digest(token)).first()
    return sign_in if sign_in and not TIMEOUTS.is_over(sign_in) else None


def start(moderator: Moderator, *, instead_of: str) -> str:
    """Sign this moderator in, and end the browser's sign-in that there was. Gives the token, which only the browser may
    keep."""
    end(instead_of)
    token = secrets.token_urlsafe(32)
    ModeratorSignIn.create(digest=digest(token), moderator=moderator)
    return token


def update_seen_at(sign_in: ModeratorSignIn) -> None:
    """They are still there."""
    if now() - (sign_in.seen_at or sign_in.started_at) >= PRECISION:
        sign_in.seen_at = now()
        sign_in.save(only=[ModeratorSignIn.seen_at])


def end(token: str) -> None:
    ModeratorSignIn.delete().where(ModeratorSignIn.digest == digest(token)).execute()


def prune() -> None:
    """Forget the sign-ins that are over."""
    for sign_in in ModeratorSignIn.select():
        if TIMEOUTS.is_over(sign_in):
            sign_in.delete_instance()
