"""The log: what a participant's pages showed and refused, and what was changed, while a task is open and only after
consent. What may be in it is little by design: see Entry in models.py."""

from datetime import datetime

from clock import now
from models import Event
from research.models import LONGEST_NOTE, Entry, Note, Session, Task, research_db


def may_log(task: Task) -> bool:
    return task.session.is_logged and task.session.state == "running" and task.state == "open"


def write(task: Task, at: datetime, *lines: dict) -> None:
    """What happened at this moment (not by the sandbox's clock), if it may be written: meanwhile the task may have been
    closed, or all of the session deleted."""
    with research_db.atomic():
        current = (
            Task.select(Task, Session).join(Session).where(Task.id == task.id, Task.attempt == task.attempt).first()
        )
        if current and may_log(current):
            current.leave_out_idle(at)
            for line in lines:
                Entry.create(task=current, attempt=current.attempt, at_ms=current.clock_ms(at), **line)


def write_shown(task: Task, at: datetime, page: str, codes: dict[str, str]) -> None:
    """A page was shown, with these errors: field → code."""
    errors = [{"kind": "error", "page": page, "field": field, "code": code} for field, code in codes.items()]
    write(task, at, {"kind": "page", "page": page}, *errors)


def write_changes(task: Task, at: datetime) -> None:
    """What the school has changed since the log last looked: which attributes, never to what. The sandbox is open."""
    events = list(Event.select().where(Event.id > task.events_seen).order_by(Event.id))
    if not events:
        return
    is_first = (
        Task.update(events_seen=events[-1].id)
        .where(Task.id == task.id, Task.attempt == task.attempt, Task.events_seen == task.events_seen)
        .execute()
    )
    if not is_first:  # another window's request has told of them
        return
    changes = [change for event in events if event.author_type == "school_user" for change in event.modifications]
    attributes = dict.fromkeys(change.partition(":")[0] for change in changes)
    write(task, at, *({"kind": "change", "code": attribute} for attribute in attributes))


def save_note(session: Session, key: str, text: str, *, is_observers: bool = False) -> Note | None:
    """What the moderator wrote, or an observer, saved again and again under its `key` as it grows. An empty note is
    none. A moderator may change an observer's note, and no observer anybody else's."""
    text = text.strip()[:LONGEST_NOTE]
    if not session.is_logged:
        return None
    may_change = (Note.session == session) & ((Note.is_observers == is_observers) | (not is_observers))
    if not text:
        Note.delete().where(Note.key == key, may_change).execute()
        return None
    task = session.task
    is_timed = task.state in ("open", "paused")
    about = {"task": task, "attempt": task.attempt, "at_ms": task.clock_ms(now())} if is_timed else {}
    Note.insert(session=session, key=key, text=text, is_observers=is_observers, **about).on_conflict(
        conflict_target=[Note.key], update={Note.text: text}, where=may_change
    ).execute()
    return Note.get_or_none(Note.key == key, Note.session == session)


def feed(task: Task) -> list[Entry]:
    """The log of the task's last attempt, newest first."""
    return list(task.entries.where(Entry.attempt == task.attempt).order_by(Entry.id.desc()))


def happened(task: Task) -> list[tuple[str, str]]:
    """The task's last attempt, as predicates take it."""
    entries = task.entries.where(Entry.attempt == task.attempt).order_by(Entry.id)
    return [(entry.kind, entry.page if entry.kind == "page" else entry.code) for entry in entries]
