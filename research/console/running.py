"""The moderator's page of one session, for the device beside the participant's: links, consent, the run sheet, what
happens on the participant's pages, notes, and the end."""

import hashlib
import uuid
from functools import lru_cache, partial
from pathlib import Path

import segno
from flask import Response, abort, current_app, flash, redirect, render_template, request, url_for
from markupsafe import Markup

from clock import display
from database import db
from domain.changes import RuleBroken
from domain.queries import participants_by_ids
from forms import Form
from models import Participant, School
from research import log, results, sandboxes, sessions
from research.console import blueprint, note_sent
from research.console.forms import ConsentForm, NoteForm, OutcomeForm, ProfileForm
from research.console.rounds import button, with_row
from research.models import Note, Session, Task, store_folder
from scenarios import HERE
from scenarios.check import Walker, check
from scenarios.scenario import scenario
from views.lead_provider_api import WORDS as API_WORDS

ACTS = {"withdraw": "Withdraw", "defer": "Defer", "resume": "Resume"}


@blueprint.get("/research/sessions/<int:row_id>")
@with_row(Session)
def session_page(session):
    return show_session(session)


def show_session(session: Session, status: int = 200, **forms):
    link = url_for("research.visit", token=session.token, _external=True)
    note = Note.get_or_none(Note.session == session, Note.key == request.args.get("note", ""))
    tasks = session.in_order
    is_busy = any(task.state in ("open", "paused") for task in tasks)
    context = {
        "session": session,
        "tasks": [run_sheet(task, is_busy) for task in tasks],
        "link": link,
        "qr": qr(link),
        "watch_link": url_for("research.watch", token=session.watch_token, _external=True),
        "code_address": url_for("research.code", _external=True),
        "people": people_in(session),
        "acts": ACTS,
        "feed": feed_of(session),
        "notes": list(session.notes.order_by(Note.id)),
        "note_key": note.key if note else str(uuid.uuid4()),
        "note_text": note.text if note else "",
        "consent_form": ConsentForm(formdata=None, data={"consent": session.consent}),
        "profile_form": ProfileForm(formdata=None, data=sandboxes.profile(session)),
        "ordinary_names": sandboxes.ordinary_names(),
        "lead_providers": sandboxes.lead_providers(),
        "outcome_forms": {},
    }
    return render_template("research/session.html", **(context | forms)), status


@lru_cache(maxsize=100)
def qr(link: str) -> Markup:
    """Takes longer to make than the rest of the page."""
    return Markup(segno.make(link, error="m").svg_inline(scale=4, border=2))  # noqa: S704 - made here


def run_sheet(task: Task, is_busy: bool = False) -> dict:
    """What the run sheet shows of a task. One is opened at a time: none while the session `is_busy` with one."""
    said = scenario(task.scenario)
    school = sandboxes.ordinary_names()["school"]
    played = f"You are {said.persona}, and work at {school}. Today is {display(said.today)}."
    return {
        "task": task,
        "can_open": task.state == "paused" or (task.state == "planned" and not is_busy),
        "can_reopen": task.state == "closed" and not is_busy and task.session.state == "running",
        "scenario": said,
        "prompts": [sandboxes.in_their_words(prompt, task.session) for prompt in (played, said.task, *said.then)],
        "judged": said.judged,
        "form": OutcomeForm(task, said.judged, formdata=None),
        "words": results.WORDS,
    }


def people_in(session: Session) -> list[tuple[int, str]]:
    """Whom the provider may do something to now: whom the task is about first, then the others at the school."""
    if session.state not in ("ready", "running"):
        return []
    task = session.task
    about = scenario(task.scenario).about
    with sandboxes.inside(task), db.connection_context():
        at_school = Participant.school == School.select(School.id).order_by(School.id).limit(1)
        people = participants_by_ids([person.id for person in Participant.select(Participant.id).where(at_school)])
        names = [(person.id, person.name) for person in people if person.last_provider_led_period]
    return sorted(names, key=lambda one: (about.index(one[1]) if one[1] in about else len(about), one[1]))


def back(session: Session, part: str = "") -> Response:
    return redirect(url_for("research.session_page", row_id=session.id) + part, 303)


# --- before ------------------------------------------------------------------------------------------------


@blueprint.post("/research/sessions/<int:row_id>/prepare")
@with_row(Session)
@button
def prepare(session):
    for sentence in sessions.prepare(session, scenario_problems):
        flash(sentence, "error")
    return back(session)


def scenario_problems(name: str, words: str) -> list[str]:
    """What doesn't come true of a scenario; looked up where nothing has changed since it was found to be fine."""
    said = scenario(name)
    mark = store_folder() / "checked" / hashlib.sha256(f"{name} {words} {service_fingerprint()}".encode()).hexdigest()
    if mark.exists():
        return []
    problems = check(current_app._get_current_object(), said, words, store_folder() / "templates")
    if not problems:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    return problems


def service_fingerprint() -> str:
    """Of everything that pages are made of, and of all scenarios."""
    files = service_files()
    stamps = "".join(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}" for path in sorted(files))
    return hashlib.sha256(stamps.encode()).hexdigest()


def service_files() -> list[Path]:
    root = HERE.parent
    folders = ("templates", "views", "forms", "web", "domain", "scenarios", "filling", "database")
    return [*root.glob("*.py"), *(path for name in folders for path in (root / name).rglob("*") if path.is_file())]


@blueprint.post("/research/sessions/<int:row_id>/consent")
@with_row(Session)
def consent(session):
    form = ConsentForm()
    if not form.validate():
        return show_session(session, 422, consent_form=form, form=form)
    try:
        sessions.record_consent(session, form.consent.data)
    except sessions.NotNow as refusal:
        flash(str(refusal), "error")
    return back(session)


@blueprint.get("/research/sessions/<int:row_id>/consent")
@blueprint.get("/research/sessions/<int:row_id>/profile")
@with_row(Session)
def session_again(session):
    """The page with an error on it, loaded again."""
    return back(session)


@blueprint.post("/research/sessions/<int:row_id>/profile")
@with_row(Session)
def profile(session):
    form = ProfileForm()
    if not form.validate():
        return show_session(session, 422, profile_form=form, form=form)
    try:
        sessions.save_profile(session, form.said)
        flash("The names are saved.", "done")
    except sessions.NotNow as refusal:
        flash(str(refusal), "error")
    return back(session)


@blueprint.post("/research/sessions/<int:row_id>/<any(code, links, end, write_up):act>")
@with_row(Session)
@button
def session_act(session, act):
    if act == "end":
        for task in session.in_order:
            sessions.close(task, propose)
    acts = {"code": sessions.make_code, "links": sessions.make_new_links, "end": sessions.end}
    (acts | {"write_up": sessions.write_up})[act](session)
    return back(session, "#links" if act in ("code", "links") else "")


@blueprint.route("/research/sessions/<int:row_id>/delete", methods=["GET", "POST"])
@with_row(Session)
def delete(session):
    """Consent is withdrawn, or the session won't be held. A page that asks first: it can't be undone."""
    if request.method == "POST" and Form().validate():
        sessions.purge(session)
        flash(f"Everything of {session.name} is deleted.", "done")
        return redirect(url_for("research.round_page", row_id=session.round_id), 303)
    return render_template("research/delete_session.html", session=session)


# --- during ------------------------------------------------------------------------------------------------


@blueprint.post("/research/tasks/<int:row_id>/<any(open, pause, close, reopen, reset, move):act>")
@with_row(Task)
@button
def task_act(task, act):
    acts = {"open": sessions.open_task, "pause": sessions.pause, "reopen": sessions.reopen, "reset": sessions.reset}
    acts |= {"move": sessions.move_earlier, "close": partial(sessions.close, propose=propose)}
    acts[act](task)
    return back(task.session, f"#task-{task.id}")


def propose(task: Task) -> str | None:
    """What the machine thinks of the task's end, by what the scenario claims of its sandbox and its pages."""
    said, happened = scenario(task.scenario), log.happened(task)
    if said.is_exploratory:
        return None
    walker = Walker(
        current_app._get_current_object(),
        said,
        sandboxes.template_of(task),
        sandboxes.file_of(task),
        task.session.wording,
        sandboxes.shown_names(task.session),
    )
    walker.happened = happened
    with walker.data():
        is_success = all(claim.is_true(walker.end_state()) for claim in said.success)
        is_wrong = any(claim.is_true(walker.end_state()) for claim in said.wrong_if)
    return results.proposed(is_success, is_wrong, happened, [step.page for step in said.direct_path])


@blueprint.post("/research/tasks/<int:row_id>/provider")
@with_row(Task)
@button
def provider(task):
    act, participant_id = request.form.get("act", ""), request.form.get("participant_id", 0, int)
    if act not in ACTS or participant_id not in dict(people_in(task.session)):
        abort(400)
    try:
        sessions.provider_act(task, act, participant_id)
    except RuleBroken as refusal:
        code = next(iter(refusal.errors.values()))
        flash(
            f"The lead provider could not do that: {dict(people_in(task.session))[participant_id]} {API_WORDS[code]}.",
            "error",
        )
    return back(task.session, f"#task-{task.id}")


@blueprint.post("/research/tasks/<int:row_id>/outcome")
@with_row(Task)
def outcome(task):
    form = OutcomeForm(task, scenario(task.scenario).judged)
    if not form.validate():
        return show_session(task.session, 422, outcome_forms={task.id: form}, form=form)
    try:
        is_so = set(form.judged.data or [])
        sessions.decide(
            task,
            form.outcome.data,
            is_assisted=form.is_assisted.data,
            judged=[place in is_so for place, _ in enumerate(form.statements)],
            reason=(form.reason.data or "").strip(),
        )
    except sessions.NotNow as refusal:
        flash(str(refusal), "error")
    return back(task.session, f"#task-{task.id}")


@blueprint.get("/research/tasks/<int:row_id>/outcome")
@with_row(Task)
def outcome_again(task):
    return back(task.session, f"#task-{task.id}")


@blueprint.post("/research/tasks/<int:row_id>/ease")
@with_row(Task)
@button
def ease(task):
    said = request.form.get("ease", 0, int)
    if 1 <= said <= 7:
        sessions.rate(task, said)
    return back(task.session, f"#task-{task.id}")


@blueprint.get("/research/sessions/<int:row_id>/feed")
@with_row(Session)
def feed(session):
    return show_feed(session, url_for("research.feed", row_id=session.id))


def show_feed(session: Session, address: str):
    """The feed, or nothing if it is what the page shows already."""
    shown = feed_of(session, address)
    return ("", 204) if shown["seen"] == request.args.get("seen") else render_template("research/feed.html", feed=shown)


def feed_of(session: Session, address: str = "") -> dict:
    """What the feed shows, and a mark by which to see that it is still the same."""
    task = session.task
    feed = {
        "address": address or url_for("research.feed", row_id=session.id),
        "is_live": session.state in ("ready", "running"),
        "is_logged": session.is_logged,
        "is_over": session.is_over,
        "scenario": task.scenario,
        "state": task.state,
        "attempt": task.attempt,
        "sheet": [(each.scenario, each.state) for each in session.in_order],
        "entries": [
            {
                "task": entry.task.position + 1,
                "at_ms": entry.at_ms,
                "kind": entry.kind,
                "page": entry.page,
                "field": entry.field,
                "code": entry.code,
            }
            for entry in log.feed(session)
        ],
        "watchers": sessions.watchers(session),
    }
    return feed | {"seen": hashlib.sha256(repr(feed).encode()).hexdigest()[:16]}


@blueprint.post("/research/sessions/<int:row_id>/notes")
@with_row(Session)
def note(session):
    form, (key, _) = NoteForm(), note_sent()
    if not form.validate():
        return ("Not saved. Select “Save note”", 422) if request.htmx else back(session, "#notes")
    saved = log.save_note(session, key, form.text.data or "")
    if request.htmx:
        return "Saved" if saved else "Nothing to save"
    return back(session, "#notes")
