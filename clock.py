"""The world that things happen in: which database, which moment, which wording, who acts and whether it is logged. And
the clock, by which every rule about dates goes, with how a day is shown."""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")

OWN = Path()
"""The service's own database, wherever that is."""


@dataclass(frozen=True)
class World:
    """Where whatever is done happens. Without a word it is the real moment, the ordinary wording, and no database."""

    database: Path | None = None
    """OWN or another SQLite file. None: whatever asks for a database is refused. It never falls back to another."""
    moment: datetime | None = None
    """In UTC. None: the real one, which goes on."""
    wording: str = ""
    """A folder of templates/wordings/; the ordinary one has no name."""
    actor: str | None = None
    """The email address of the school user who acts without having signed in."""
    is_logged: bool = True
    """Whether the service's log has a line for each request."""
    script: str = ""
    """A file of static/ that its pages load beside the ordinary ones."""
    above: str = ""
    """A template that whole pages have above what is on them."""
    stamped_at: datetime | None = None
    """When changes are made by `updated_at`, if not at that moment."""


_world: ContextVar[World] = ContextVar("world", default=World())  # noqa: B039 - it is frozen


def current_world() -> World:
    return _world.get()


def enter(world: World) -> None:
    """What this thread does from now on happens there."""
    _world.set(world)


@contextmanager
def entered(world: World):
    """What is done inside happens there."""
    token = _world.set(world)
    try:
        yield world
    finally:
        _world.reset(token)


def clock_at(moment: datetime | date):
    """The world as it is, at this moment (a day means noon that day in London)."""
    return entered(replace(current_world(), moment=in_utc(moment)))


def in_utc(moment: datetime | date) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(12), LONDON)
    return moment.astimezone(UTC)


def now() -> datetime:
    """This moment, in UTC. The only place that asks the real clock."""
    return current_world().moment or datetime.now(UTC)


def today() -> date:
    """The London calendar day, by which every rule about dates goes."""
    return now().astimezone(LONDON).date()


def display(on: date | datetime) -> str:
    """The day as people are shown it: 8 September 2024."""
    if isinstance(on, datetime):
        on = on.astimezone(LONDON)
    return f"{on.day} {on:%B %Y}"


def display_time(moment: datetime) -> str:
    """The time of day in London as people are shown it: 7:05am, midday, 6pm."""
    there = moment.astimezone(LONDON)
    if not there.minute and not there.hour % 12:
        return "midday" if there.hour else "midnight"
    minutes = f":{there.minute:02}" if there.minute else ""
    return f"{there.hour % 12 or 12}{minutes}{'pm' if there.hour >= 12 else 'am'}"
