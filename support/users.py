"""Who of support is let in, and which of them is signed in: what domain/sign_ins.py is for school users, kept apart."""

import secrets
from datetime import timedelta

from clock import now
from domain.sign_ins import PRECISION, UNFINISHED_ANSWERS_KEPT, Identity, Timeouts
from models import SupportUser, digest
from support.models import SupportAnswers, SupportSignIn

TIMEOUTS = Timeouts(idle=timedelta(hours=1), absolute=timedelta(hours=12))


def allow(email: str, name: str | None = None) -> SupportUser:
    """Let whoever has this address in."""
    told = {"is_allowed": True} | ({"name": name} if name else {})
    SupportUser.insert(email=email.lower(), **told).on_conflict(
        conflict_target=[SupportUser.email], update={getattr(SupportUser, key): value for key, value in told.items()}
    ).execute()
    return SupportUser.get(SupportUser.email == email.lower())


def disallow(email: str) -> bool:
    """Let them in no more, and sign them out. Whoever has the address next is somebody else. Gives whether they were
    let in before."""
    user = SupportUser.get_or_none(SupportUser.email == email.lower(), SupportUser.is_allowed)
    if not user:
        return False
    SupportSignIn.delete().where(SupportSignIn.support_user == user).execute()
    user.is_allowed, user.subject = False, None
    user.save()
    return True


def support_user_for(identity: Identity) -> SupportUser | None:
    """Who that is: known by their subject, or the first time by their email address. None for anybody who isn't let
    in. Their name becomes what the provider says now."""
    waiting = (SupportUser.email == identity.email.lower()) & SupportUser.subject.is_null() & SupportUser.is_allowed
    is_known = SupportUser.subject == identity.subject_digest
    if not SupportUser.get_or_none(is_known):
        SupportUser.update(subject=identity.subject_digest).where(waiting).execute()
    SupportUser.update(name=identity.name).where(is_known).execute()
    return SupportUser.get_or_none(is_known, SupportUser.is_allowed)


def find(token: str) -> SupportSignIn | None:
    """The sign-in of the browser that has this token, unless it is over or its owner isn't let in any more."""
    with_users = SupportSignIn.select(SupportSignIn, SupportUser).join(SupportUser)
    sign_in = with_users.where(SupportSignIn.digest == digest(token), SupportUser.is_allowed).first()
    return sign_in if sign_in and not TIMEOUTS.is_over(sign_in) else None


def start(user: SupportUser, *, instead_of: str, id_token: str | None = None) -> str:
    """Sign this person in, and end the browser's sign-in that there was. Gives the token, which only the browser may
    keep. What is over goes."""
    end(instead_of)
    for each in SupportSignIn.select():
        if TIMEOUTS.is_over(each):
            each.delete_instance()
    unfinished = (SupportAnswers.updated_at < now() - UNFINISHED_ANSWERS_KEPT) & SupportAnswers.event.is_null()
    SupportAnswers.delete().where(unfinished).execute()
    token = secrets.token_urlsafe(32)
    SupportSignIn.create(digest=digest(token), support_user=user, id_token=id_token)
    return token


def update_seen_at(sign_in: SupportSignIn) -> None:
    """They are still there."""
    if now() - (sign_in.seen_at or sign_in.started_at) >= PRECISION:
        sign_in.seen_at = now()
        sign_in.save(only=[SupportSignIn.seen_at])


def end(token: str) -> SupportSignIn | None:
    """Gives the sign-in that there was."""
    sign_in = SupportSignIn.get_or_none(SupportSignIn.digest == digest(token))
    if sign_in:
        sign_in.delete_instance()
    return sign_in
