"""What a school says of itself: who its induction tutor is now, and who of its users wants emails. What it says of its
people is in participants.py."""

import hashlib
import json

from clock import now
from database import db, is_postgresql
from domain.changes import AUTHOR_TYPES, ChangedSince, RuleBroken, updated_at, who
from models import School, SchoolEvent, SchoolUser
from vocabulary import isolated


def state_of(school: School, answered: dict) -> str:
    """What a page showed that is to be confirmed: who the induction tutor is, and what was answered."""
    shown = json.dumps([school.induction_tutor_name, school.induction_tutor_email, answered], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def check_induction_tutor(school: School, name: str, email: str) -> None:
    if (name, email.lower()) == (school.induction_tutor_name, (school.induction_tutor_email or "").lower()):
        raise RuleBroken({"name": "already"}, present=isolated(name))


def change_induction_tutor(author: SchoolUser, *, name: str, email: str, seen: str) -> SchoolEvent:
    """The school has another induction tutor, or the same under another name or address: whom lead providers and we
    write to from now on. `seen`: the state that whoever acts had seen, of these answers."""
    with db.atomic():
        updated_at()
        query = School.select().where(School.id == author.school_id)
        school = (query.for_update() if is_postgresql() else query).get()
        if seen != state_of(school, {"name": name, "email": email}):
            raise ChangedSince
        check_induction_tutor(school, name, email)
        new = {"induction_tutor_name": name, "induction_tutor_email": email}
        modifications = [f"{field}: {getattr(school, field)} → {value}" for field, value in new.items()]
        heading = f"{who(author)} {_what_changed(school.induction_tutor_name, name)}"
        School.update(**new).where(School.id == school.id).execute()
        return SchoolEvent.create(
            event_type="school_induction_tutor_updated",
            heading=heading,
            author_type=AUTHOR_TYPES[SchoolUser],
            author_name=author.name,
            school_user=author,
            school=school,
            modifications=modifications,
        )


def _what_changed(old: str | None, new: str) -> str:
    if not old:
        return f"told us the induction tutor is {isolated(new)}"
    if old == new:
        return f"changed the email address of the induction tutor, {isolated(new)}"
    return f"changed the induction tutor from {isolated(old)} to {isolated(new)}"


def events_of(school: School) -> list[SchoolEvent]:
    """What was done to the school itself, newest first."""
    return list(SchoolEvent.select().where(SchoolEvent.school == school).order_by(SchoolEvent.id.desc()))


def switch_emails(school_user: SchoolUser, *, on: bool) -> None:
    """Whether this user wants to be told by email what lead providers report."""
    school_user.stopped_emails_at = None if on else now()
    school_user.save(only=[SchoolUser.stopped_emails_at])
