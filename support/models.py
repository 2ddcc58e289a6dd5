"""What support keeps besides what everybody has: who is signed in, what they are about to put right, and what people
have written to support. Who they are is in models.py, because events name them."""

from peewee import ForeignKeyField, IntegerField, JSONField, TextField

from clock import now
from database import MomentField, Table, WordsField
from models import Event, Participant, School, SchoolUser, SupportUser


class SupportSignIn(Table):
    """Somebody of support who is signed in. Only a digest of the browser's token is kept."""

    digest = WordsField(unique=True, max_length=64)
    support_user = ForeignKeyField(SupportUser)
    started_at = MomentField(default=now)
    seen_at = MomentField(null=True)
    """When they were last there, to a few minutes."""
    id_token = TextField(null=True)


class SupportAnswers(Table):
    """What somebody of support has answered so far in one correction of one participant: as models.Answers has it."""

    support_user = ForeignKeyField(SupportUser)
    journey = WordsField()
    participant = ForeignKeyField(Participant)
    posted = JSONField(default=dict)
    confirmed = WordsField(null=True)
    event = ForeignKeyField(Event, null=True)
    updated_at = MomentField(default=now)

    class Meta:
        indexes = ((("support_user", "journey", "participant"), True),)


class SupportQuery(Table):
    """What somebody has written to support. `school`: whose user was signed in; otherwise only what they say."""

    asked_at = MomentField(default=now)
    name = WordsField()
    reach = WordsField()
    """An email address or a telephone number."""
    school = ForeignKeyField(School, null=True)
    school_name = WordsField(default="")
    page = WordsField(max_length=1000, default="")
    request_number = WordsField(default="")
    words = TextField()
    done_at = MomentField(null=True)
    done_by = ForeignKeyField(SupportUser, null=True)


class SupportError(Table):
    """An error page that somebody of a school was shown: its number, which they may read out, and what they had asked
    for, by ids. What went wrong is in the log, under the same number."""

    request_number = WordsField(index=True)
    met_at = MomentField(default=now)
    status = IntegerField()
    route = WordsField(default="")
    school_user = ForeignKeyField(SchoolUser)
    participant = ForeignKeyField(Participant, null=True)


TABLES = [SupportSignIn, SupportAnswers, SupportQuery, SupportError]
