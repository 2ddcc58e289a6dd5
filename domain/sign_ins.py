"""Who is signed in: how that begins, how long it holds, and how it ends. Who vouches for them is another matter: the
demo's personas are in views/sign_in.py, the provider of identities is in views/openid.py."""

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import fn

from clock import now
from database import Table, advisory_lock, db, save_if_possible
from database.rows import PreparedQuery, from_json, json_object
from models import Answers, RequestCount, School, SchoolUser, SignIn, digest

PRECISION = timedelta(minutes=5)
"""How exactly it is known when somebody was last there: a page need not write each time that it is looked at."""
WARNED_BEFORE = timedelta(minutes=2)
"""How long before they are signed out somebody is told, and asked whether they are still there."""
KEPT_AFTERWARDS = timedelta(hours=24)
"""How long a sign-in that is over is remembered, with what could not be sent any more."""
UNFINISHED_ANSWERS_KEPT = timedelta(hours=24)
"""How long the answers to a journey that nobody confirmed are kept after the last one."""
LONGEST_UNSENT = 4000
"""Characters. Every answer that is asked for is shorter."""
MOST_UNSENT = 10
"""Of as many windows what could not be sent is kept."""


SIGN_IN_BY_DIGEST = PreparedQuery(
    lambda token_digest: (
        SignIn.select(json_object(SignIn, school_user=json_object(SchoolUser, school=json_object(School))))
        .join(SchoolUser)
        .join(School)
        .where(SignIn.digest == token_digest)
    )
)


@dataclass(frozen=True)
class Timeouts:
    """How long somebody may do nothing, and how long a sign-in lasts at most: of a school user, or of staff."""

    idle: timedelta
    absolute: timedelta

    def is_over(self, sign_in: Table) -> bool:
        return self.left(sign_in) <= timedelta()

    def left(self, sign_in: Table) -> timedelta:
        """How much longer the sign-in holds if nobody does anything. None is left of one that is over."""
        seen_at = sign_in.seen_at or sign_in.started_at
        return min(seen_at + self.idle, sign_in.started_at + self.absolute) - now()

    def can_stay(self, sign_in: Table) -> bool:
        """Whether it holds, or would have held, longer if they do something."""
        return self.left(sign_in) < sign_in.started_at + self.absolute - now()

    def time_left(self, sign_in: Table | None) -> dict:
        """What an open page should say of a sign-in: the `message` of templates/sign_in/time_left.html or None, how
        many `seconds` are left, and after how many to `ask_again`."""
        left = self.left(sign_in) if sign_in else timedelta()
        message, ask_again = None, left - WARNED_BEFORE
        if not sign_in or self.is_over(sign_in):
            message, ask_again = "signed-out", timedelta(minutes=1)
        elif ask_again <= timedelta():
            message, ask_again = "still-there" if self.can_stay(sign_in) else "longest", timedelta()
        return {"message": message, "seconds": left.total_seconds(), "ask_again": ask_again.total_seconds()}


@dataclass(frozen=True)
class Identity:
    """Whom the provider of identities vouches for, as the issuer and the subject by which it knows them."""

    issuer: str
    subject: str
    name: str
    email: str
    """Checked by the provider."""
    urn: str
    """Of the organisation that they act for; empty when it has none."""
    organisation: str
    """Its name."""
    id_token: str

    @property
    def subject_digest(self) -> str:
        return digest(f"{self.issuer} {self.subject}")


def school_user_for(identity: Identity) -> SchoolUser | None:
    """Who that is here: known by their subject, or the first time by their email address, or new. None when we don't
    know the school. Their name and address become what the provider says now."""
    school = School.get_or_none(School.urn == identity.urn)
    if not school:
        return None
    who = {"school": school, "subject": identity.subject_digest}
    told = {"name": identity.name, "email": identity.email}
    with db.atomic():
        waiting = SchoolUser.select(SchoolUser.id).where(
            SchoolUser.school == school,
            SchoolUser.subject.is_null(),
            fn.lower(SchoolUser.email) == identity.email.lower(),
        )
        if not SchoolUser.get_or_none(**who):
            SchoolUser.update(subject=who["subject"]).where(
                SchoolUser.id == waiting.order_by(SchoolUser.id).limit(1)
            ).execute()
        known_by = [SchoolUser.school, SchoolUser.subject]
        SchoolUser.insert(**who, **told).on_conflict(conflict_target=known_by, update=told).execute()
        return SchoolUser.get(**who)


def find(token: str) -> SignIn | None:
    """The sign-in of the browser that has this token, with its school user and school. It may be over."""
    rows = SIGN_IN_BY_DIGEST(digest(token))
    return from_json(SignIn, rows[0][0]) if rows else None


def start(school_user: SchoolUser, *, id_token: str | None = None, instead_of: SignIn | None = None) -> str:
    """Sign this school user in, and end the browser's sign-in that there was. Gives the token, which only the browser
    may keep. What they could not send any more comes along; what somebody else couldn't doesn't."""
    token, unsent = secrets.token_urlsafe(32), None
    if instead_of:
        unsent = instead_of.unsent if instead_of.school_user_id == school_user.id else None
        instead_of.delete_instance()
    SignIn.create(digest=digest(token), school_user=school_user, id_token=id_token, unsent=unsent)
    school_user.signed_in_at = now()
    school_user.save(only=[SchoolUser.signed_in_at])
    return token


def update_seen_at(sign_in: Table) -> None:
    """They are still there: a school user, or staff."""
    if now() - (sign_in.seen_at or sign_in.started_at) >= PRECISION:
        sign_in.seen_at = now()
        save_if_possible(sign_in, type(sign_in).seen_at)


def keep_unsent(sign_in: SignIn, path: str, answer: dict[str, list[str]]) -> str | None:
    """Keep what somebody posted to `path` after their sign-in was over, for when they have signed in again, beside what
    their other windows posted. Gives the key by which this window finds it; None if it is too long to be kept."""
    if not is_short(answer):
        return None
    key = secrets.token_hex(4)
    with changing_unsent(sign_in) as unsent:
        unsent[key] = {"path": path, "answer": answer, "at": now().isoformat()}
        for oldest in sorted(unsent, key=lambda each: unsent[each]["at"])[:-MOST_UNSENT]:
            del unsent[oldest]
    return key


def is_short(answer: dict[str, list[str]]) -> bool:
    """Whether it is kept for who has to sign in again."""
    return sum(len(name) + sum(map(len, values)) for name, values in answer.items()) <= LONGEST_UNSENT


def unsent_answer(sign_in: SignIn, path: str, key: str) -> dict[str, list[str]] | None:
    """What could not be sent to `path` from the window that has this key, within the last day."""
    kept = unsent_of(sign_in).get(key)
    is_its = kept and kept["path"] == path and datetime.fromisoformat(kept["at"]) > now() - KEPT_AFTERWARDS
    return kept["answer"] if is_its else None


def forget_unsent(sign_in: SignIn, key: str) -> None:
    """That window has sent something since."""
    if key in unsent_of(sign_in):
        with changing_unsent(sign_in) as unsent:
            unsent.pop(key, None)


def unsent_of(sign_in: SignIn) -> dict[str, dict]:
    return (sign_in.unsent or {}).get("windows", {})


@contextmanager
def changing_unsent(sign_in: SignIn):
    """Gives what is kept of each window, by its key, for a change that no other window's request gets between."""
    with db.atomic():
        advisory_lock(f"what sign-in {sign_in.id} could not send")
        unsent = unsent_of(SignIn.get_by_id(sign_in.id))
        yield unsent
        # The release before looks for one path.
        sign_in.unsent = {"path": None, "windows": unsent} if unsent else None
        sign_in.save(only=[SignIn.unsent])


def end_all(email: str | None = None) -> int:
    """Sign out everywhere: whoever has this email address, or everybody. Gives how many sign-ins that ended."""
    ended = SignIn.delete()
    if email:
        theirs = SchoolUser.select().where(fn.lower(SchoolUser.email) == email.lower())
        ended = ended.where(SignIn.school_user << theirs)
    return ended.execute()


def prune(timeouts: Timeouts) -> tuple[int, int]:
    """Delete the sign-ins that were over a day ago, or longer, and answers that nobody has confirmed for long, and give
    how many of each. Old counts of requests go too."""
    RequestCount.delete().where(RequestCount.window_started_at < now() - KEPT_AFTERWARDS).execute()
    idle_since = now() - timeouts.idle - KEPT_AFTERWARDS
    over = SignIn.started_at < now() - timeouts.absolute - KEPT_AFTERWARDS
    idle = (SignIn.seen_at < idle_since) | (SignIn.seen_at.is_null() & (SignIn.started_at < idle_since))
    forgotten = (Answers.updated_at < now() - UNFINISHED_ANSWERS_KEPT) & Answers.event.is_null()
    for user in SchoolUser.select().where(SchoolUser.new_tutor.is_null(False)):
        if datetime.fromisoformat(user.new_tutor["at"]) < now() - UNFINISHED_ANSWERS_KEPT:
            user.new_tutor = None
            user.save(only=[SchoolUser.new_tutor])
    return SignIn.delete().where(over | idle).execute(), Answers.delete().where(forgotten).execute()
