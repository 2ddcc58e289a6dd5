"""The first release of what is kept of research. A frozen copy, so that it never changes."""

from peewee import BooleanField, Check, DateField, ForeignKeyField, IntegerField, JSONField, Model, TextField
from playhouse.sqlite_ext import AutoIncrementField

from database import MomentField, WordsField
from research.models import research_db

STATES = ("planned", "ready", "running", "ended", "written_up", "exported", "purging")
OUTCOMES = ("direct", "indirect", "wrong", "gave_up", "not_reached")


class Frozen(Model):
    id = AutoIncrementField()

    class Meta:
        database = research_db
        legacy_table_names = False


class Moderator(Frozen):
    name = WordsField()
    email = WordsField(unique=True)


class ModeratorSignIn(Frozen):
    digest = WordsField(unique=True, max_length=64)
    moderator = ForeignKeyField(Moderator, on_delete="CASCADE")
    started_at = MomentField()
    seen_at = MomentField(null=True)


class Round(Frozen):
    title = WordsField()
    scenarios = JSONField()
    wordings = JSONField()
    is_rotated = BooleanField()
    retention_days = IntegerField(constraints=[Check('"retention_days" BETWEEN 1 AND 730')])
    closed_on = DateField(null=True)


class Session(Frozen):
    round = ForeignKeyField(Round, on_delete="CASCADE")
    number = IntegerField()
    planned_on = DateField(null=True)
    held_on = DateField(null=True)
    state = WordsField(*STATES)
    consent = WordsField("given", "refused", null=True)
    wording = WordsField()
    token = WordsField(unique=True)
    watch_token = WordsField(unique=True)
    code = WordsField(null=True, unique=True, max_length=8)
    code_expires_at = MomentField(null=True)
    folder = WordsField(unique=True)
    task_now = IntegerField()

    class Meta:
        indexes = ((("round", "number"), True),)
        constraints = [Check("\"state\" NOT IN ('planned', 'ready') OR \"held_on\" IS NULL")]


class Task(Frozen):
    session = ForeignKeyField(Session, on_delete="CASCADE")
    position = IntegerField()
    scenario = WordsField(max_length=20)
    state = WordsField("planned", "open", "paused", "closed")
    attempt = IntegerField()
    elapsed_ms = IntegerField()
    running_since = MomentField(null=True)
    events_seen = IntegerField()
    proposed = WordsField(*OUTCOMES, null=True)
    outcome = WordsField(*OUTCOMES, null=True)
    is_assisted = BooleanField(null=True)
    reason = WordsField(max_length=1000)
    judged = JSONField()
    ease = IntegerField(null=True, constraints=[Check('"ease" BETWEEN 1 AND 7')])

    class Meta:
        indexes = ((("session", "position"), True),)
        constraints = [Check('("state" = \'open\') = ("running_since" IS NOT NULL)')]


class Entry(Frozen):
    task = ForeignKeyField(Task, on_delete="CASCADE")
    attempt = IntegerField()
    at_ms = IntegerField(constraints=[Check('"at_ms" >= 0')])
    kind = WordsField("page", "error", "change", "provider")
    page = WordsField(max_length=100)
    field = WordsField(max_length=50)
    code = WordsField(max_length=50)

    class Meta:
        constraints = [
            Check("\"page\" NOT GLOB '*[^a-z/-]*'"),
            Check("\"field\" NOT GLOB '*[^a-z_]*'"),
            Check("\"code\" NOT GLOB '*[^a-z_]*'"),
        ]


class Note(Frozen):
    session = ForeignKeyField(Session, on_delete="CASCADE")
    task = ForeignKeyField(Task, null=True, on_delete="CASCADE")
    at_ms = IntegerField(null=True)
    key = WordsField(unique=True, max_length=36)
    text = TextField(constraints=[Check('length("text") <= 5000')])


class Watcher(Frozen):
    session = ForeignKeyField(Session, on_delete="CASCADE")
    key = WordsField(unique=True, max_length=36)
    name = WordsField(max_length=100)
    seen_at = MomentField()


TABLES = Frozen.__subclasses__()


def up(migrator, db):
    db.create_tables(TABLES)


def down(migrator, db):
    db.drop_tables(TABLES)
