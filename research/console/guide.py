"""The pictures in docs/research.md: the console with an invented round in it, from planning to results."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask

from clock import clock_at
from models import digest
from research import log, sessions
from research.console import MODERATOR
from research.models import (
    Moderator,
    ModeratorSignIn,
    Session,
    Task,
    migrate_store,
    open_store,
    research_db,
    store_folder,
)
from scenarios.screenshots import camera

TEN = datetime(2026, 4, 28, 9, tzinfo=UTC)
QUESTION = "ect/change-lead-provider/lead-provider"
DIRECT = [
    (4, "ects", {}),
    (21, "ect", {}),
    (48, QUESTION, {}),
    (55, QUESTION, {"lead_provider_id": "missing"}),
    (63, "ect/change-lead-provider/check-answers", {}),
    (70, "ect/change-lead-provider/confirmation", {}),
]
"""When a participant came to which page, in seconds, and with what errors."""


def take(app: Flask, folder: Path) -> Iterator[Path]:
    """Gives each picture's file as soon as it is there. The console's own store isn't touched."""
    folder.mkdir(parents=True, exist_ok=True)
    own = store_folder()
    try:
        client = app.test_client()
        client.set_cookie(MODERATOR, "token")
        with TemporaryDirectory() as temporary, camera(client) as picture:
            open_store(Path(temporary))
            migrate_store()
            for name, path in pages():
                with app.app_context(), clock_at(TEN + timedelta(seconds=80)):
                    html = client.get(path.partition("#")[0]).text
                yield picture(path, html, folder / f"{name}.png", width=1280, height=800)
    finally:
        open_store(own)


def pages() -> Iterator[tuple[str, str]]:
    """The name of each picture and the page on it, when things have come so far."""
    with research_db.connection_context():
        ruth = Moderator.create(name="Ruth Allen", email="ruth.allen@example.org")
        # By the real clock: the browser's requests for files go by that.
        ModeratorSignIn.create(digest=digest("token"), moderator=ruth)
        round_ = sessions.plan_round("Spring round", ["S01", "S06", "S13", "S15"], sessions=4)
        for session in round_.sessions:
            Session.update(token=f"link-of-{session.name}", watch_token=f"observers-of-{session.name}").where(
                Session.id == session.id
            ).execute()
    yield "plan", "/research/rounds/new"
    with clock_at(TEN), research_db.connection_context():
        session = Session.get_by_id(1)
        sessions.prepare(session, lambda *_: [])
        sessions.record_consent(session, "given")
    yield "prepare", "/research/sessions/1"
    play(session, DIRECT)
    with clock_at(TEN + timedelta(seconds=75)), research_db.connection_context():
        log.save_note(Session.get_by_id(1), "a", "Pressed Continue before choosing")
        sessions.watch(session, "b", "Dev Patel")
    yield "run", "/research/sessions/1"
    with clock_at(TEN + timedelta(seconds=80)), research_db.connection_context():
        sessions.close(Session.get_by_id(1).in_order[0], lambda _: "direct")
    yield "outcome", "/research/sessions/1"
    detour = [(1, "ects", {}), (2, "other-ect", {}), *DIRECT]
    ends = [("direct", DIRECT), ("direct", DIRECT), ("indirect", detour), ("gave_up", DIRECT[:2])]
    for number, (outcome, path) in enumerate(ends, 1):
        hold(number, outcome, path)
    yield "results", "/research/rounds/1#results"


def hold(number: int, outcome: str, path: list) -> None:
    """The session with this number, at whose end the first scenario had this outcome."""
    with clock_at(TEN), research_db.connection_context():
        session = Session.get_by_id(number)
        if session.state == "planned":
            sessions.prepare(session, lambda *_: [])
            sessions.record_consent(session, "given")
        task = next(task for task in session.in_order if task.scenario == "S01")
    if task.state == "planned":
        play(session, path, task)
    with clock_at(TEN + timedelta(minutes=10)), research_db.connection_context():
        sessions.close(Task.get_by_id(task.id), lambda _: outcome)
        sessions.decide(Task.get_by_id(task.id), outcome, is_assisted=False, judged=[], reason="")
        sessions.rate(task, 7 - number)
        sessions.end(Session.get_by_id(number))


def play(session: Session, path: list, task: Task | None = None) -> None:
    """Open a task and write what the participant's pages would."""
    with research_db.connection_context():
        task = task or session.in_order[0]
        with clock_at(TEN):
            sessions.open_task(task)
        for seconds, page, codes in path:
            log.write_shown(Task.get_by_id(task.id), TEN + timedelta(seconds=seconds), page, codes)
