"""The clock, by which every rule about dates goes, and how a day is shown. Tests and sessions may set it."""

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
_set_clock: ContextVar[datetime | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """This moment, in UTC. The only place that asks the real clock."""
    return _set_clock.get() or datetime.now(UTC)


def today() -> date:
    """The London calendar day, by which every rule about dates goes."""
    return now().astimezone(LONDON).date()


def display(on: date | datetime) -> str:
    """The day as people are shown it: 8 September 2024."""
    if isinstance(on, datetime):
        on = on.astimezone(LONDON)
    return f"{on.day} {on:%B %Y}"


@contextmanager
def clock_at(moment: datetime | date):
    """Make it `moment` (a day means noon that day in London) for everything done inside."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(12), LONDON)
    token = _set_clock.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _set_clock.reset(token)
