"""Staff: people of no school who are let in one by one, as support are. Which of them is signed in: what sign_ins.py is
for school users, kept apart."""

import secrets
from dataclasses import dataclass

from peewee import Expression, ForeignKeyField

from database import Table
from domain.sign_ins import Identity, Timeouts
from models import digest


@dataclass(frozen=True)
class Staff:
    """One kind of staff. `whose`: in the table of their sign-ins, the column that says who signed in. `let_in`: the
    condition for those who may, if not all may who have a row."""

    whose: ForeignKeyField
    timeouts: Timeouts
    let_in: Expression | bool = True

    @property
    def sign_ins(self) -> type[Table]:
        return self.whose.model

    @property
    def people(self) -> type[Table]:
        return self.whose.rel_model

    def vouched_for(self, identity: Identity) -> Table | None:
        """Who that is: known by their subject, or the first time by their email address, which nobody else can use
        then. None for whoever isn't let in."""
        people = self.people
        is_known = people.subject == identity.subject_digest
        if not people.get_or_none(is_known):
            waiting = (people.email == identity.email.lower()) & people.subject.is_null()
            people.update(subject=identity.subject_digest).where(waiting, self.let_in).execute()
        return people.get_or_none(is_known, self.let_in)

    def latest(self, token: str) -> Table | None:
        """The sign-in of the browser that has this token, unless its owner isn't let in any more. It may be over."""
        with_people = self.sign_ins.select(self.sign_ins, self.people).join(self.people)
        return with_people.where(self.sign_ins.digest == digest(token), self.let_in).first()

    def find(self, token: str) -> Table | None:
        """The same, unless it is over."""
        sign_in = self.latest(token)
        return sign_in if sign_in and not self.timeouts.is_over(sign_in) else None

    def start(self, person: Table, *, instead_of: str, id_token: str | None = None) -> str:
        """Sign this person in, and end the browser's sign-in that there was. Gives the token, which only the browser
        may keep."""
        self.end(instead_of)
        self.prune()
        token = secrets.token_urlsafe(32)
        self.sign_ins.create(digest=digest(token), id_token=id_token, **{self.whose.name: person})
        return token

    def end(self, token: str) -> Table | None:
        """Gives the sign-in that there was."""
        sign_in = self.sign_ins.get_or_none(self.sign_ins.digest == digest(token))
        if sign_in:
            sign_in.delete_instance()
        return sign_in

    def prune(self) -> None:
        """Forget the sign-ins that are over."""
        for sign_in in self.sign_ins.select():
            if self.timeouts.is_over(sign_in):
                sign_in.delete_instance()
