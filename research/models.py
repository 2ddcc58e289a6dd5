"""What is kept of research: rounds, their sessions and tasks, and the log. In a database of its own, so that a reset of
a sandbox can't lose it and a purge of a sandbox can't touch it.

What the log may hold is little, and the database refuses the rest: ids of pages, fields and errors, and milliseconds.
The only calendar time that stays is a session's day; the moments kept while it runs are gone when it ends.
"""

import secrets
import uuid
from datetime import date, datetime, timedelta
from pathlib import Path

from peewee import (
    SQL,
    BooleanField,
    Check,
    DateField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    TextField,
    fn,
)
from playhouse.sqlite_ext import AutoIncrementField

from clock import now
from database import MomentField, SqliteFile, WordsField, migrate
from domain.sign_ins import Timeouts
from domain.staff import Staff
from scenarios.scenario import Scenario, ScenarioError, scenario, scenario_as

STATES = ("planned", "ready", "running", "ended", "written_up", "exported", "purging")
CONSENTS = ("given", "refused")
TASK_STATES = ("planned", "open", "paused", "closed")
OUTCOMES = ("direct", "indirect", "wrong", "gave_up", "not_reached")
SUCCESSES = OUTCOMES[:2]
KINDS = ("page", "error", "change", "provider")
LONGEST_RETENTION = 730
"""Days: two years."""
IDLE = timedelta(minutes=5)
"""Longer than anybody reads a page before they do something."""
LONGEST_NOTE = 5000
"""Characters."""
GONE = """
title = "A scenario that is no longer there"
task = "What was read out is no longer known."
persona = "Naomi Fletcher"
about = ["Steven Taylor"]
start = "ects"
direct_path = [{ page = "ects" }]
judged = ["did what was asked"]
"""
BETWEEN_TASKS = ""
"""Where a participant is who waits for a task."""

research_db = SqliteFile(
    None,
    lock_type="IMMEDIATE",
    autoconnect=False,
    # What is deleted is overwritten, and no copy of it stays in a write-ahead log.
    pragmas={"journal_mode": "delete", "synchronous": "extra", "foreign_keys": 1, "secure_delete": 1},
)
MIGRATIONS = Path(__file__).parent / "migrations"


def open_store(folder: Path) -> None:
    """Keep everything in this folder. Nothing is connected or made yet."""
    # Seconds: thirty who press a button at the same moment on a busy machine are served one after another. Said to the
    # constructor, Peewee would forget it here.
    research_db.init(str(folder / "research.sqlite3"), timeout=20)


def store_folder() -> Path:
    """The folder that everything is kept in."""
    return Path(research_db.database).parent


def kept_file(hash_: str) -> Path:
    """The scenario's file that has this hash, as it was."""
    return store_folder() / "scenarios" / f"{hash_}.toml"


def migrate_store() -> list[str]:
    """Bring the database up to date, making it if it isn't there. Returns the names of the migrations that it ran."""
    store_folder().mkdir(parents=True, exist_ok=True)
    return migrate(research_db, MIGRATIONS)


def new_token() -> str:
    return secrets.token_urlsafe(32)


class ResearchTable(Model):
    id = AutoIncrementField()
    """Never given again to another row: an old page of the console must not act on somebody else."""

    class Meta:
        database = research_db
        legacy_table_names = False


class Moderator(ResearchTable):
    name = WordsField()
    email = WordsField(unique=True)
    subject = WordsField(unique=True, null=True, max_length=64)
    """Digest of issuer and subject of whoever first signed in with this address. It is theirs alone from then on."""


class ModeratorSignIn(ResearchTable):
    """A moderator who is signed in. Only a digest of the browser's token is kept."""

    digest = WordsField(unique=True, max_length=64)
    moderator = ForeignKeyField(Moderator, on_delete="CASCADE")
    started_at = MomentField(default=now)
    seen_at = MomentField(null=True)
    """When they were last there, to a few minutes."""
    id_token = TextField(null=True)


MODERATORS = Staff(ModeratorSignIn.moderator, Timeouts(idle=timedelta(hours=2), absolute=timedelta(hours=12)))


class Round(ResearchTable):
    """A study: the same scenarios with some participants."""

    title = WordsField()
    scenarios = JSONField()
    """Ids, in the order for everybody or of the first session."""
    wordings = JSONField()
    """Names of those compared; the ordinary one is the empty name."""
    is_rotated = BooleanField()
    """Whether sessions have the scenarios in different orders, so that none profits by its place."""
    retention_days = IntegerField(
        default=30, constraints=[Check(f'"retention_days" BETWEEN 1 AND {LONGEST_RETENTION}')]
    )
    """For how long after the round closes the log is kept."""
    closed_on = DateField(null=True)
    files = JSONField(null=True)
    """Id of a scenario → the hash of its file, as it was when it last came true. None: of before that was kept."""

    def scenario(self, name: str) -> Scenario:
        """As its file is now or, where that is gone or has mistakes, as it was."""
        try:
            return scenario(name)
        except ScenarioError:
            kept = kept_file((self.files or {}).get(name, ""))
            return scenario_as(name, kept.read_text() if kept.exists() else GONE)


class Session(ResearchTable):
    """One participant and the tasks that they were given."""

    round = ForeignKeyField(Round, backref="sessions", on_delete="CASCADE")
    number = IntegerField()
    planned_on = DateField(null=True)
    held_on = DateField(null=True)
    state = WordsField(*STATES, default="planned")
    consent = WordsField(*CONSENTS, null=True)
    wording = WordsField(default="")
    token = WordsField(unique=True, default=new_token)
    """Opens the participant's pages. In the clear, because the console shows it: what it opens is all invented."""
    watch_token = WordsField(unique=True, default=new_token)
    code = WordsField(null=True, unique=True, max_length=8)
    """Short, to be typed on another device: once, and for some minutes."""
    code_expires_at = MomentField(null=True)
    folder = WordsField(unique=True, default=lambda: uuid.uuid4().hex)
    """The name of its sandboxes' folder."""
    task_now = IntegerField(default=0)
    """The position of the task whose sandbox the participant is in."""
    shown = TextField(null=True)
    """Hashes of what the participant was shown, one for each that there was. None: of before that was kept."""
    is_moderated = BooleanField(default=True, constraints=[SQL("DEFAULT 1")])
    """Without a moderator the participant takes the tasks on their own, in the one browser that has the `token`."""
    used_link = WordsField(null=True, unique=True)
    """What the token was until that browser opened it. The link that was sent to the participant has it still."""

    class Meta:
        indexes = ((("round", "number"), True),)
        constraints = [Check("\"state\" NOT IN ('planned', 'ready') OR \"held_on\" IS NULL")]

    @property
    def name(self) -> str:
        """What the participant is called."""
        return f"P{self.number}"

    @property
    def is_logged(self) -> bool:
        return self.consent == "given"

    @property
    def is_over(self) -> bool:
        return self.state not in ("planned", "ready", "running")

    @property
    def link(self) -> str:
        """What the link that is sent to the participant has in it."""
        return self.used_link or self.token

    @property
    def in_order(self) -> list["Task"]:
        return list(self.tasks.order_by(Task.position))

    @property
    def task(self) -> "Task":
        """The one whose sandbox the participant is in."""
        return self.in_order[self.task_now]

    @property
    def place(self) -> str:
        """Where the participant is: another place with each attempt at each task, and BETWEEN_TASKS."""
        task = self.task
        is_begun = self.state == "running" and task.state in ("open", "paused")
        return f"{self.folder}.{task.position}.{task.attempt}" if is_begun else BETWEEN_TASKS


class Task(ResearchTable):
    """One scenario in one session."""

    session = ForeignKeyField(Session, backref="tasks", on_delete="CASCADE")
    position = IntegerField()
    scenario = WordsField(max_length=20)
    state = WordsField(*TASK_STATES, default="planned")
    attempt = IntegerField(default=1)
    """One more with each reset."""
    elapsed_ms = IntegerField(default=0)
    """For how long it was open, up to the last pause."""
    running_since = MomentField(null=True)
    events_seen = IntegerField(default=0)
    """How many of the sandbox's events the log has taken notice of."""
    proposed = WordsField(*OUTCOMES, null=True)
    outcome = WordsField(*OUTCOMES, null=True)
    is_assisted = BooleanField(null=True)
    reason = WordsField(default="", max_length=1000)
    """Why the outcome isn't the proposed one."""
    judged = JSONField(default=list)
    """Of each thing that only a person can see, whether it was so."""
    ease = IntegerField(null=True, constraints=[Check('"ease" BETWEEN 1 AND 7')])
    said_done = BooleanField(null=True)
    """Without a moderator: whether the participant said that they had done it, or that they could not."""

    class Meta:
        indexes = ((("session", "position"), True),)
        constraints = [Check('("state" = \'open\') = ("running_since" IS NOT NULL)')]

    @property
    def said(self) -> Scenario:
        """What its scenario says."""
        return self.session.round.scenario(self.scenario)

    @property
    def name(self) -> str:
        """What moderators call it."""
        return f"task {self.position + 1}"

    @property
    def was_reset(self) -> bool:
        """Whether it was begun, and is to be begun anew."""
        return self.state == "planned" and self.attempt > 1 and self.session.held_on is not None

    def leave_out_idle(self, at: datetime) -> None:
        """Without a moderator nobody pauses the task. Where nothing was done for so long that the participant cannot
        have been there, its clock stood still since they last did something."""
        if self.running_since and not self.session.is_moderated:
            last = self.entries.where(Entry.attempt == self.attempt).select(fn.MAX(Entry.at_ms)).scalar() or 0
            idle = timedelta(milliseconds=self.clock_ms(at) - max(last, self.elapsed_ms))
            if idle > IDLE:
                Task.update(running_since=self.running_since + idle).where(Task.id == self.id).execute()
                self.running_since += idle

    def clock_ms(self, at: datetime) -> int:
        """Milliseconds since it was opened, without pauses."""
        running = (at - self.running_since).total_seconds() if self.running_since else 0
        return self.elapsed_ms + max(int(running * 1000), 0)


def allows_only(characters: str, column: str) -> Check:
    return Check(f"\"{column}\" NOT GLOB '*[^{characters}]*'")


class Entry(ResearchTable):
    """One line of the log. It has no room for a name, a value, an address or a time of day."""

    task = ForeignKeyField(Task, backref="entries", on_delete="CASCADE")
    attempt = IntegerField()
    at_ms = IntegerField(constraints=[Check('"at_ms" >= 0')])
    kind = WordsField(*KINDS)
    page = WordsField(default="", max_length=100)
    field = WordsField(default="", max_length=50)
    code = WordsField(default="", max_length=50)
    """Of an error its code, of a change the attribute, of a provider its act."""

    class Meta:
        constraints = [allows_only("a-z/-", "page"), allows_only("a-z_", "field"), allows_only("a-z_", "code")]


class Note(ResearchTable):
    """What a moderator or an observer wrote down, and when on the task's clock."""

    session = ForeignKeyField(Session, backref="notes", on_delete="CASCADE")
    task = ForeignKeyField(Task, backref="notes", null=True, on_delete="CASCADE")
    at_ms = IntegerField(null=True)
    key = WordsField(unique=True, max_length=36)
    """Made with the empty form, so that saving again changes the same note."""
    text = TextField(constraints=[Check(f'length("text") <= {LONGEST_NOTE}')])
    attempt = IntegerField(null=True)
    """The task's, at which it was written."""
    is_observers = BooleanField(null=True, default=False)
    """None: of before observers could. Not whose: an observer's name goes when the session ends."""


class Watcher(ResearchTable):
    """An observer who has the feed open. Gone when the session ends."""

    session = ForeignKeyField(Session, backref="watchers", on_delete="CASCADE")
    key = WordsField(unique=True, max_length=36)
    name = WordsField(max_length=100)
    seen_at = MomentField(default=now)


TABLES = ResearchTable.__subclasses__()


def has_been_kept(day: date | None, days: int, today: date) -> bool:
    """So many days after that day have gone by."""
    return day is not None and (today - day).days > days
