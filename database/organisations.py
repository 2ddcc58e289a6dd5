"""Schools, lead providers and their contracts, who may sign in for them, and emails: the tables that know no teacher.
Everybody imports them from models.py, which adds the people."""

import hashlib
import uuid
from datetime import date, datetime, time

from peewee import (
    BigIntegerField,
    BooleanField,
    Check,
    DateField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
    UUIDField,
)

import vocabulary
from clock import LONDON, now, today
from database import DATES_IN_ORDER, MomentField, Table, WordsField
from vocabulary import isolated


class School(Table):
    """`api_updated_at`: when anything last changed that the API tells of the school, in whatever contract period."""

    urn = WordsField(unique=True, max_length=6)
    api_id = UUIDField(unique=True, default=uuid.uuid4)
    name = WordsField()
    induction_tutor_name = WordsField(null=True)
    induction_tutor_email = WordsField(null=True)
    created_at = MomentField(default=now)
    api_updated_at = MomentField(default=now, index=True)

    class Meta:
        indexes = ((("created_at", "id"), False),)


class SchoolUser(Table):
    """Somebody who signs in and acts for exactly one school, usually its induction tutor. `subject`: a digest of
    who they are to the provider of identities, once it has vouched for them. Who acts for two schools has two rows."""

    school = ForeignKeyField(School)
    name = WordsField()
    email = WordsField(index=True)
    subject = WordsField(null=True, max_length=64)
    signed_in_at = MomentField(null=True)
    """The last time. Whoever was here within a year is told by email what happened."""
    stopped_emails_at = MomentField(null=True)
    """When they switched those emails off."""
    new_tutor = JSONField(null=True)
    """What they have answered so far of who the induction tutor is now, until they confirm it."""

    class Meta:
        indexes = ((("school", "subject"), True),)


class SignIn(Table):
    """A school user who is signed in. Only a digest of the browser's token is kept; signing out deletes the row. How
    long it holds, and what its columns are for, is in domain/sign_ins.py."""

    digest = WordsField(unique=True, max_length=64)
    school_user = ForeignKeyField(SchoolUser)
    started_at = MomentField(default=now)
    seen_at = MomentField(null=True)
    id_token = TextField(null=True)
    unsent = JSONField(null=True)


class SchoolEvent(Table):
    """One act that was done to a school itself, in words the school may read. Never changed, never deleted."""

    event_type = WordsField()
    heading = WordsField(max_length=1000)
    created_at = MomentField(default=now)
    author_type = WordsField(*vocabulary.AUTHOR_TYPES)
    author_name = WordsField()
    school_user = ForeignKeyField(SchoolUser, null=True)
    school = ForeignKeyField(School)
    modifications = JSONField(default=list)

    def told_to(self, reader: SchoolUser | None) -> str:
        """The heading as this person reads it: what they did themselves, “you” did."""
        author = isolated(self.author_name)
        is_own = reader is not None and self.school_user_id == reader.id and self.heading.startswith(f"{author} ")
        return f"You{self.heading.removeprefix(author)}" if is_own else self.heading


class SupportUser(Table):
    """Somebody of support: they see everybody, and put right what nobody else can. `subject`: as a school user's. Who
    is let in no more keeps their row, because events say what they did. What else support has is in support/models.py.
    """

    email = WordsField(unique=True)
    name = WordsField(null=True)
    subject = WordsField(null=True, unique=True, max_length=64)
    is_allowed = BooleanField(default=True)


class LeadProvider(Table):
    """`contact_email`: where schools reach it, if it has told us."""

    name = WordsField(unique=True)
    contact_email = WordsField(null=True)


class DeliveryPartner(Table):
    name = WordsField(unique=True)
    api_id = UUIDField(unique=True, default=uuid.uuid4)
    created_at = MomentField(default=now)
    api_updated_at = MomentField(default=now)


class ContractPeriod(Table):
    """A contract year, named by the year in which it starts. Closed once its payments are frozen."""

    year = IntegerField(primary_key=True, constraints=[Check('"year" >= 2020')])
    started_on = DateField()
    finished_on = DateField()
    payments_frozen_at = MomentField(null=True)

    class Meta:
        constraints = [DATES_IN_ORDER]

    def is_closed(self, on: date = date.min) -> bool:
        """Now, or by the time that a later day begins."""
        moment = datetime.combine(on, time(), LONDON) if on > today() else now()
        return self.payments_frozen_at is not None and self.payments_frozen_at <= moment


class ActiveLeadProvider(Table):
    """A lead provider that holds a contract in one contract period."""

    lead_provider = ForeignKeyField(LeadProvider)
    contract_period = ForeignKeyField(ContractPeriod, backref="active_lead_providers")

    class Meta:
        indexes = ((("lead_provider", "contract_period"), True),)


class DeliveryPartnership(Table):
    """A delivery partner with which a lead provider may work in one contract period."""

    active_lead_provider = ForeignKeyField(ActiveLeadProvider)
    delivery_partner = ForeignKeyField(DeliveryPartner)

    class Meta:
        indexes = ((("active_lead_provider", "delivery_partner"), True),)


class SchoolPartnership(Table):
    """A lead provider's word that it trains at this school in this contract period, with this delivery partner."""

    api_id = UUIDField(unique=True, default=uuid.uuid4)
    school = ForeignKeyField(School)
    active_lead_provider = ForeignKeyField(ActiveLeadProvider)
    delivery_partner = ForeignKeyField(DeliveryPartner)
    created_at = MomentField(default=now)
    api_updated_at = MomentField(default=now)

    class Meta:
        indexes = ((("school", "active_lead_provider", "delivery_partner"), True),)


class AppropriateBody(Table):
    name = WordsField(unique=True)
    body_type = WordsField(*vocabulary.BODY_TYPES)


class ApiToken(Table):
    """Lets one lead provider's software in. Only a digest of the token is kept."""

    digest = WordsField(unique=True, max_length=64)
    lead_provider = ForeignKeyField(LeadProvider)
    description = WordsField()
    created_at = MomentField(default=now)
    last_used_at = MomentField(null=True)


class Message(Table):
    """An email to one address, to be sent or sent (domain/messages.py). One for a school tells its `notices` (their
    ids), and has no text until it is sent: then it says what is still so."""

    reference = UUIDField(unique=True, default=uuid.uuid4)
    address = WordsField()
    subject = WordsField(null=True)
    body = TextField(null=True)
    school = ForeignKeyField(School, null=True)
    notices = JSONField(null=True)
    created_at = MomentField(default=now)
    next_try_at = MomentField(default=now)
    tries = IntegerField(default=0)
    is_in_doubt = BooleanField(default=False)
    """Somebody began to send it, and nobody knows yet how that ended."""
    sent_at = MomentField(null=True)
    given_up_at = MomentField(null=True)
    problem = WordsField(null=True)
    """Why it could not be sent the last time: one of domain.messages.PROBLEMS."""

    class Meta:
        indexes = ((("sent_at", "given_up_at", "next_try_at"), False),)


class RequestCount(Table):
    """How many requests somebody (`key`) has made since this window began. See web/rate_limits.py."""

    key = WordsField(unique=True)
    window_started_at = MomentField()
    count = IntegerField()


class LatestUpdate(Table):
    """One row: when the last change was, of all that the API tells, in microseconds since 1970. The next one comes
    after it (domain/changes.py), whatever any clock says. And the day by which the API tells: a new one is a change."""

    microseconds = BigIntegerField()
    day = DateField()


class Purpose(Table):
    """One row: whose data these are, real people's or those that were invented for a demo or a study."""

    people = WordsField("real", "invented")


def digest(token: str) -> str:
    """What is kept of a token: its SHA-256, in hex. Tokens are long and random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
