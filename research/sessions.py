"""The life of a round and of a session: planned, ready, running, ended, written up, exported, purged. Each step is one
transaction, asks whether it may be taken now, and raises NotNow with a sentence for the moderator if not."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import lru_cache

from peewee import fn

from clock import now, today
from database import db
from models import Event, Participant
from research import log, sandboxes
from research.models import (
    LONGEST_RETENTION,
    MODERATORS,
    Entry,
    Round,
    Session,
    Task,
    Watcher,
    has_been_kept,
    kept_file,
    new_token,
    research_db,
    store_folder,
)
from research.results import is_unconfirmed
from scenarios import HERE, provider_acts
from web import wordings

CODE_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
CODE_LASTS = timedelta(minutes=10)
SANDBOX_LASTS = timedelta(hours=24)
DECIDED_IN = ("running", "ended", "written_up", "exported")


class NotNow(Exception):
    """The step can't be taken now; nothing was changed."""


@contextmanager
def step(session: Session, *states: str, unless: str = "This session is over."):
    """One transaction, in which the session is as it is now and in one of these states."""
    with research_db.atomic():
        current = Session.get_or_none(Session.id == session.id)
        if not current or (states and current.state not in states):
            raise NotNow(unless)
        yield current
        current.save()


# --- planning ----------------------------------------------------------------------------------------------


def orders(items: list) -> list[list]:
    """Orders in which each item comes equally often in each place, and after each other one: a balanced Latin square,
    which for an odd number of items takes each order and its reverse."""
    count = len(items)
    zigzag = [(place + 1) // 2 if place % 2 else -(place // 2) % count for place in range(count)]
    rows = [[items[(place + row) % count] for place in zigzag] for row in range(count)]
    return rows if count % 2 == 0 else rows + [row[::-1] for row in rows]


def plan_round(
    title: str,
    scenarios: list[str],
    *,
    wordings: Sequence[str] = ("",),
    is_rotated: bool = True,
    retention_days: int = 30,
    sessions: int = 0,
    planned_on: date | None = None,
    is_moderated: bool = True,
) -> Round:
    with research_db.atomic():
        round_ = Round.create(
            title=title,
            scenarios=scenarios,
            wordings=list(wordings),
            is_rotated=is_rotated,
            retention_days=retention_days,
        )
        for number in range(sessions):
            add_session(round_, None if number else planned_on, is_moderated=is_moderated)
        keep_files(round_)
    return round_


def add_session(round_: Round, planned_on: date | None = None, *, is_moderated: bool = True) -> Session:
    """One more participant, with the order and the wording whose turn it is."""
    with research_db.atomic():
        if Round.get_by_id(round_.id).closed_on:
            raise NotNow("This round is closed.")
        needing = [name for name in round_.scenarios if round_.scenario(name).takes_two]
        if needing and not is_moderated:
            raise NotNow(f"{' and '.join(needing)} cannot be taken without a moderator.")
        number = max((session.number for session in round_.sessions), default=0) + 1
        rows = orders(round_.scenarios) if round_.is_rotated else [round_.scenarios]
        turn, cycle = (number - 1) % len(rows), (number - 1) // len(rows)
        # Shifted after each cycle, so that no wording always meets the same orders.
        wording = round_.wordings[(turn + cycle) % len(round_.wordings)]
        columns = {"planned_on": planned_on, "wording": wording, "is_moderated": is_moderated}
        session = Session.create(round=round_, number=number, **columns)
        for position, name in enumerate(rows[turn]):
            Task.create(session=session, position=position, scenario=name)
    return session


def move_earlier(task: Task) -> None:
    """Change places with the task before, as long as neither has been opened."""
    with step(task.session, "planned", "ready", unless="The order stays, once the first task was opened.") as session:
        session.state = "planned"  # its first sandbox may be another task's now
        tasks = session.in_order
        if task.position:
            one, other = tasks[task.position - 1 : task.position + 1]
            for moved, position in ((one, -1), (other, one.position), (one, other.position)):
                Task.update(position=position).where(Task.id == moved.id).execute()


def plan_for(session: Session, day: date | None) -> None:
    """When it is to be held."""
    with step(session, "planned", "ready", unless="The day stays, once the session has begun.") as current:
        current.planned_on = day


def put_on(session: Session, wording: str) -> None:
    """Let this session be held in this wording. It is prepared again."""
    with step(session, "planned", "ready", unless="The wording stays, once the first task was opened.") as current:
        current.wording, current.state = wording, "planned"
        wordings_ = current.round.wordings
        Round.update(wordings=wordings_ + [wording] * (wording not in wordings_)).where(
            Round.id == current.round_id
        ).execute()


def prepare(session: Session, check: Callable[[str, str], list[str]]) -> list[str]:
    """Make the first sandbox if every scenario comes true, and say what doesn't. `check` takes a scenario's id and a
    wording."""
    found = [sentence for task in session.in_order for sentence in check(task.scenario, session.wording)]
    for task in session.in_order:
        prompts = " ".join([task.said.task, *task.said.then])
        for head in sandboxes.names_left(prompts, session):
            found.append(
                f"{task.scenario}: the participant’s own names can’t be put into the prompt, which has “{head}”. "
                "Write the name in full there, or take the participant’s own out of this session"
            )
    if found:
        return found
    with step(session, "planned", "ready") as current:
        current.state = "ready"
        keep_files(current.round)
        make(current.task)
    return []


def keep_files(round_: Round) -> None:
    """Of its scenarios, as they are now."""
    files = dict(round_.files or {})
    for name in round_.scenarios:
        text = (HERE / f"{name}.toml").read_bytes() if (HERE / f"{name}.toml").exists() else b""
        if text:
            files[name] = hashlib.sha256(text).hexdigest()[:16]
            kept_file(files[name]).parent.mkdir(exist_ok=True)
            kept_file(files[name]).write_bytes(text)
    Round.update(files=files).where(Round.id == round_.id).execute()


def make(task: Task) -> None:
    sandboxes.make(task)
    skip_events(task)


def save_profile(session: Session, said: dict[str, str]) -> None:
    """What the participant's own school is called, for sandboxes that are made from now on, and for the first as long
    as no task was opened."""
    with step(session, "planned", "ready", "running") as current:
        sandboxes.save_profile(current, said)
        if current.state == "ready":
            make(current.task)


# --- links -------------------------------------------------------------------------------------------------


def find_by_token(token: str) -> Session | None:
    """The session whose participant has this link, whatever its state."""
    return Session.get_or_none(Session.token == token)


def make_code(session: Session) -> None:
    """A short code that carries the participant's link to another device, once."""
    with step(session, "ready", "running") as current:
        if not current.is_moderated:
            raise NotNow("Without a moderator the link opens in one browser only.")
        current.code = "".join(secrets.choice(CODE_LETTERS) for _ in range(8))
        current.code_expires_at = now() + CODE_LASTS


def use_code(typed: str) -> Session | None:
    """The session that this code leads to. It can be used once."""
    code = "".join(letter for letter in typed.upper() if letter in CODE_LETTERS)
    with research_db.atomic():
        session = Session.get_or_none(Session.code == code, Session.code_expires_at > now()) if code else None
        if session:
            Session.update(code=None, code_expires_at=None).where(Session.id == session.id).execute()
    return session if session and not session.is_over else None


def make_new_links(session: Session) -> None:
    """The links that were sent out lead nowhere any more."""
    with step(session, "planned", "ready", "running") as current:
        if current.used_link:
            raise NotNow("The participant has opened the link. Add another session instead.")
        current.token, current.watch_token, current.code = new_token(), new_token(), None


def watch(session: Session, key: str, name: str) -> None:
    """Somebody has the feed open."""
    if not session.is_over:
        Watcher.insert(session=session, key=key, name=name, seen_at=now()).on_conflict(
            conflict_target=[Watcher.key], update={Watcher.seen_at: now()}
        ).execute()


def watchers(session: Session) -> list[str]:
    """The names of those who had the feed open in the last moments."""
    seen = session.watchers.where(Watcher.seen_at > now() - timedelta(seconds=10)).order_by(Watcher.id)
    return [watcher.name for watcher in seen]


# --- running -----------------------------------------------------------------------------------------------


def record_consent(session: Session, consent: str) -> None:
    """`given` or `refused`. Without it nothing is logged, and everything else works."""
    with step(session, "planned", "ready", "running") as current:
        if not current.is_moderated:
            raise NotNow("Without a moderator the participants say so themselves.")
        if current.consent == "given" and consent != "given":
            raise NotNow("To take consent back, withdraw it: that deletes everything of this session.")
        current.consent = consent


def first_to_do(session: Session) -> str:
    """What must be done before a task can be opened, or nothing."""
    if session.state == "planned":
        return "Prepare this session first."
    return "" if session.consent else "Record first whether the participant consents."


def open_task(task: Task) -> None:
    """Begin the task, or go on with one that is paused."""
    unless = first_to_do(task.session) if task.session.state == "planned" else "This session is over."
    with step(task.session, "ready", "running", unless=unless) as session:
        if first := first_to_do(session):
            raise NotNow(first)
        current = Task.get_by_id(task.id)
        if current.state == "closed":
            raise NotNow("This task is closed. Reopen it to go on, or reset it to begin anew.")
        session.state, session.held_on = "running", session.held_on or today()
        go_on(session, current)


def reopen(task: Task) -> None:
    """Go on with a task that was closed too soon: in its sandbox, on its clock. How it ended is to be said again."""
    with step(task.session, "running") as session:
        current = Task.get_by_id(task.id)
        if current.state == "closed":
            go_on(session, current)
            Task.update(proposed=None, outcome=None, reason="", said_done=None).where(Task.id == task.id).execute()


def go_on(session: Session, task: Task) -> None:
    """The participant is in this task from now on, and in no other."""
    for other in session.in_order:
        if other.id != task.id and other.state in ("open", "paused"):
            raise NotNow(f"Close {other.name} first.")
    if task.state == "open":
        return
    session.task_now = task.position
    note_shown(session)
    if not sandboxes.file_of(task).exists():
        make(task)
    skip_events(task)
    Task.update(state="open", running_since=now()).where(Task.id == task.id).execute()


def pause(task: Task) -> None:
    with step(task.session, "running") as session:
        current = Task.get_by_id(task.id)
        if current.state == "open":
            stop(session, current, "paused")


def close(task: Task, propose: Callable[[Task], str | None]) -> None:
    """End the task. `propose` says what the machine thinks of its end."""
    with step(task.session, "running") as session:
        current = Task.get_by_id(task.id)
        if current.state not in ("open", "paused"):
            return
        stop(session, current, "closed")
    if task.session.is_logged:
        Task.update(proposed=propose(Task.get_by_id(task.id))).where(Task.id == task.id).execute()


def reset(task: Task) -> None:
    """Begin the task anew, in a new sandbox. What the participant has open leads to the task's start."""
    with step(task.session, "ready", "running") as session:
        current = Task.get_by_id(task.id)
        if current.position != session.task_now:
            raise NotNow("Only the task that the participant is in can be reset.")
        begin_anew(current)


def begin_anew(task: Task) -> None:
    anew = {"state": "planned", "running_since": None, "elapsed_ms": 0, "proposed": None, "outcome": None}
    anew |= {"is_assisted": None, "reason": "", "judged": [], "ease": None, "said_done": None}
    anew |= {"attempt": task.attempt + 1}
    Task.update(**anew).where(Task.id == task.id).execute()
    make(Task.get_by_id(task.id))


def note_shown(session: Session) -> None:
    """What it is shown from now on, or was until now, where that was changed meanwhile."""
    session.shown = " ".join(dict.fromkeys([*(session.shown or "").split(), hash_of_pages(session.wording)]))


@lru_cache(maxsize=1000)
def note_shown_as_saved(folder: str, _saved: tuple) -> None:
    """Of the session with this folder: once for each time that something was saved which its pages are made of."""
    with research_db.atomic():
        session = Session.get_or_none(Session.folder == folder)
        if session:
            note_shown(session)
            session.save(only=[Session.shown])


def hash_of_pages(wording: str) -> str:
    """Another one as soon as any template, style, script or rule is another."""
    root, own = HERE.parent, wordings.folder_of(wording).rglob("*") if wording else ()
    templates = [path for path in wordings.TEMPLATES.rglob("*") if not {"research", "wordings"} & set(path.parts)]
    code = [path for folder in ("views", "forms", "domain", "web") for path in (root / folder).rglob("*.py")]
    return wordings.hash_of([*templates, *code, *own, *root.glob("*.py"), *(root / "static").glob("app.*")])


def stop(session: Session, task: Task, state: str) -> None:
    note_shown(session)
    task.leave_out_idle(now())
    columns = {"state": state, "elapsed_ms": task.clock_ms(now()), "running_since": None}
    Task.update(**columns).where(Task.id == task.id).execute()


def skip_events(task: Task) -> None:
    """What was done while it was not open is not for the log."""
    with sandboxes.inside(task), db.connection_context():
        Task.update(events_seen=Event.select().count()).where(Task.id == task.id).execute()


def provider_act(task: Task, act: str, participant_id: int) -> None:
    """The lead provider withdraws, defers or resumes somebody in the sandbox, now. Raises RuleBroken as the API
    would."""
    with step(task.session, "running"):
        if Task.get_by_id(task.id).state not in ("open", "paused"):
            raise NotNow("Open the task first.")
        with sandboxes.inside(task), db.connection_context():
            provider_acts(act, Participant.get_by_id(participant_id))
        log.write(task, now(), {"kind": "provider", "code": act})


def decide(task: Task, outcome: str | None, *, is_assisted: bool, judged: list[bool], reason: str) -> None:
    """How the task ended, by the moderator's word."""
    with step(task.session, *DECIDED_IN) as session:
        current = Task.get_by_id(task.id)
        if current.state != "closed" or not session.is_logged:
            raise NotNow("Close the task first.")
        columns = {"outcome": outcome, "is_assisted": is_assisted, "judged": judged, "reason": reason}
        Task.update(**columns).where(Task.id == current.id).execute()


def rate(task: Task, ease: int) -> None:
    """How easy the participant said it was: 1, very difficult, to 7, very easy."""
    with step(task.session, *DECIDED_IN) as session:
        if session.is_logged:
            Task.update(ease=ease).where(Task.id == task.id).execute()


def end(session: Session) -> None:
    """The participant's link is dead from now on, and what they said of their school is gone."""
    with step(session, "ready", "running", unless="Only a session that is ready or running can end.") as current:
        for task in current.in_order:
            if task.state in ("open", "paused") or task.was_reset:
                stop(current, task, "closed")
        current.state, current.code, current.code_expires_at = "ended", None, None
        Watcher.delete().where(Watcher.session == current).execute()
    sandboxes.profile_file(session).unlink(missing_ok=True)


def write_up(session: Session) -> None:
    with step(session, "ended", "written_up", unless="Only a session that has ended can be written up.") as current:
        if unconfirmed := [task.name for task in current.in_order if is_unconfirmed(task)]:
            raise NotNow(f"Confirm the outcome{'s' * (len(unconfirmed) > 1)} of {' and '.join(unconfirmed)} first.")
        current.state = "written_up"


# --- the end of everything ---------------------------------------------------------------------------------


def mark_exported(round_: Round) -> None:
    """Its results are out of here: the sandboxes aren't needed any more."""
    for session in round_.sessions.where(Session.state << ("ended", "written_up", "exported")):
        Session.update(state="exported").where(Session.id == session.id).execute()
        sandboxes.remove(sandboxes.folder_of(session))


def close_round(round_: Round) -> None:
    """No more sessions. From now on the log is kept for as long as the round says."""
    with research_db.atomic():
        if any(not session.is_over for session in round_.sessions):
            raise NotNow("End every session first, or delete those that will not be held.")
        Round.update(closed_on=today()).where(Round.id == round_.id, Round.closed_on.is_null()).execute()


def purge(session: Session) -> None:
    """Leave no row and no file of this session. If this is cut short, purge_what_is_due goes on with it."""
    columns = {"state": "purging", "token": new_token(), "watch_token": new_token(), "code": None, "used_link": None}
    Session.update(**columns).where(Session.id == session.id).execute()
    sandboxes.remove(sandboxes.folder_of(session))
    Session.delete().where(Session.id == session.id).execute()


def purge_what_is_due() -> list[str]:
    """Delete what has been kept for long enough: sandboxes a day after their session's last use, sessions so many days
    after their round closed, or two years after they were held. Returns what was done, in words."""
    done = []
    for session in Session.select(Session, Round).join(Round):
        name, folder = f"{session.name} of round {session.round_id}", sandboxes.folder_of(session)
        closed_long_ago = has_been_kept(session.round.closed_on, session.round.retention_days, today())
        if session.state == "purging" or closed_long_ago or has_been_kept(session.held_on, LONGEST_RETENTION, today()):
            purge(session)
            done.append(f"deleted {name}")
        elif folder.exists() and sandboxes.last_used_at(folder) < now() - SANDBOX_LASTS:
            leave_unused(session)
            sandboxes.remove(folder)
            done.append(f"deleted the sandboxes of {name}")
    folders = {session.folder for session in Session.select(Session.folder)}
    for left in (store_folder() / "sandboxes").glob("*"):
        if left.name not in folders:
            sandboxes.remove(left)
            done.append("deleted a sandbox of no session")
    Session.update(code=None, code_expires_at=None).where(Session.code_expires_at < now()).execute()
    MODERATORS.prune()
    return done


def leave_unused(session: Session) -> None:
    """A session that was left running ends; one that was prepared and never held is as it was before. Where there is no
    moderator, that is: the link waits to be opened."""
    if session.state == "running":
        last_seen = Entry.select(fn.MAX(Entry.at_ms)).where(Entry.task == Task.id, Entry.attempt == Task.attempt)
        columns = {"state": "paused", "running_since": None, "elapsed_ms": fn.COALESCE(last_seen, Task.elapsed_ms)}
        Task.update(columns).where(Task.session == session, Task.state == "open").execute()
        end(session)
    before = {"state": "planned"}
    if not session.is_moderated:
        before = {"token": session.link, "used_link": None, "consent": None}
    Session.update(before).where(Session.id == session.id, Session.state == "ready").execute()
