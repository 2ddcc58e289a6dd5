"""The moderator's page of one session, for the device beside the participant's: links, consent, the run sheet, what
happens on the participant's pages, notes, and the end."""

import hashlib
import threading
import uuid
from functools import lru_cache, partial
from pathlib import Path

import segno
from flask import Response, abort, current_app, flash, render_template, request, url_for
from markupsafe import Markup

from clock import display, now
from database import db
from domain.changes import RuleBroken
from domain.queries import participants_by_ids
from forms import Form
from models import Participant, School
from research import log, results, sandboxes, sessions
from research.console import blueprint, note_sent
from research.console.forms import ConsentForm, NoteForm, OutcomeForm, ProfileForm, SessionForm
from research.console.rounds import back, button, hindrances_told, page_of, with_row
from research.models import Note, Round, Session, Task, store_folder
from research.results import is_unconfirmed
from scenarios import HERE
from scenarios.check import Walker, check
from scenarios.scenario import ScenarioError, scenario
from views.lead_provider_api import WORDS as API_WORDS
from web import wordings

CHECKING = threading.Lock()
"""One scenario is checked at a time: of many moderators who prepare at once, all but the first find it done."""

ACTS = {"withdraw": "Withdraw", "defer": "Defer", "resume": "Resume"}


@blueprint.get("/research/sessions/<int:row_id>")
@with_row(Session)
def session_page(session):
    return show_session(session)


def show_session(session: Session, status: int = 200, of: Task | None = None, **forms):
    """The page, with one of its tasks shown at length: that `of` which a form on it is, or which the address says, or
    else the one in hand."""
    link = url_for("research.visit", token=session.link, _external=True)
    note = Note.get_or_none(Note.session == session, Note.key == request.args.get("note", ""))
    tasks = session.in_order
    is_busy = any(task.state in ("open", "paused") for task in tasks)
    unconfirmed = [task for task in tasks if session.is_over and is_unconfirmed(task)]
    in_hand = (unconfirmed or tasks)[0] if session.is_over else tasks[session.task_now]
    asked_for = of.id if of else request.args.get("task", in_hand.id, int)
    shown = next((task for task in tasks if task.id == asked_for), in_hand)
    waiting = unconfirmed if session.is_over else [task for task in tasks if task.state == "planned"]
    context = {
        "session": session,
        "tasks": [run_sheet(task) for task in tasks],
        "shown": run_sheet(shown, is_busy),
        "next_task": next_of(shown, waiting),
        "link": link,
        "qr": qr(link),
        "watch_link": url_for("research.watch", token=session.watch_token, _external=True),
        "code_address": url_for("research.code", _external=True),
        "people": people_in(session),
        "acts": ACTS,
        "feed": feed_of(session, shown=shown),
        "notes": list(session.notes.order_by(Note.id)),
        "note_key": note.key if note else str(uuid.uuid4()),
        "note_text": note.text if note else "",
        "consent_form": ConsentForm(formdata=None, data={"consent": session.consent}),
        "profile_form": ProfileForm(formdata=None, data=sandboxes.profile(session)),
        "wordings": wordings.names(),
        "day_form": SessionForm(formdata=None, data={"planned_on": session.planned_on}),
        "ordinary_names": sandboxes.ordinary_names(),
        "lead_providers": sandboxes.lead_providers(),
        "outcome_form": OutcomeForm(shown, shown.said.judged, formdata=None),
        "chosen": request.args.get("participant", 0, int),
    }
    return render_template("research/session.html", **(context | forms)), status


@lru_cache(maxsize=100)
def qr(link: str) -> Markup:
    """Takes longer to make than the rest of the page."""
    return Markup(segno.make(link, error="m").svg_inline(scale=4, border=2))  # noqa: S704 - made here


def next_of(task: Task, waiting: list[Task]) -> Task | None:
    """The first of these that comes after this task; or else the first of them."""
    others = [other for other in waiting if other.id != task.id]
    return next((other for other in others if other.position > task.position), next(iter(others), None))


def run_sheet(task: Task, is_busy: bool = False) -> dict:
    """What the run sheet shows of a task. One is opened at a time: none while the session `is_busy` with one, and none
    by anybody but the participant where there is no moderator."""
    said, is_led = task.said, task.session.is_moderated
    school = sandboxes.ordinary_names()["school"]
    played = f"You are {said.persona}, and work at {school}. Today is {display(said.today)}."
    return {
        "task": task,
        "can_open": is_led and (task.state == "paused" or (task.state == "planned" and not is_busy)),
        "first": sessions.first_to_do(task.session),
        "can_reopen": is_led and task.state == "closed" and not is_busy and task.session.state == "running",
        "scenario": said,
        "prompts": [sandboxes.in_their_words(prompt, task.session) for prompt in (played, said.task, *said.then)],
        "judged": said.judged,
        "clock_ms": task.clock_ms(now()),
        "is_unconfirmed": is_unconfirmed(task),
        "words": results.WORDS,
    }


def people_in(session: Session) -> list[tuple[int, str]]:
    """Whom the provider may do something to now: whom the task is about first, then the others at the school."""
    task = session.task
    if session.state != "running" or task.state not in ("open", "paused") or not session.is_moderated:
        return []
    about = task.said.about
    with sandboxes.inside(task), db.connection_context():
        at_school = Participant.school == School.select(School.id).order_by(School.id).limit(1)
        people = participants_by_ids([person.id for person in Participant.select(Participant.id).where(at_school)])
        names = [(person.id, person.name) for person in people if person.last_provider_led_period]
    return sorted(names, key=lambda one: (about.index(one[1]) if one[1] in about else len(about), one[1]))


def back_to(task: Task) -> Response:
    """The page, with this task shown."""
    session = Session.get_by_id(task.session_id)
    is_in_hand = not session.is_over and session.task.id == task.id
    return back(session, "" if is_in_hand else f"?task={task.id}")


# --- before ------------------------------------------------------------------------------------------------


@blueprint.post("/research/sessions/<int:row_id>/prepare")
@with_row(Session)
@button
def prepare(session):
    for sentence in sessions.prepare(session, scenario_problems):
        flash(sentence, "error")
    return back(session)


@blueprint.post("/research/rounds/<int:row_id>/prepare")
@with_row(Round)
@button
def prepare_all(round_):
    """Every session of the round, up to the first that can't be."""
    for session in round_.sessions.where(Session.state == "planned").order_by(Session.number):
        if found := sessions.prepare(session, scenario_problems):
            for sentence in found:
                flash(f"{session.name}: {sentence}", "error")
            break
    return back(round_)


def scenario_problems(name: str, words: str) -> list[str]:
    """What doesn't come true of a scenario; looked up where nothing has changed since it was found to be fine."""
    try:
        said = scenario(name)
    except ScenarioError as problem:
        return str(problem).splitlines()
    mark = (
        store_folder()
        / "checked"
        / hashlib.sha256(f"{name} {words} {wordings.stamp_of(words)} {service_fingerprint()}".encode()).hexdigest()
    )
    with CHECKING:
        if mark.exists():
            return []
        problems = check(current_app._get_current_object(), said, words, store_folder() / "templates")
        if not problems:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        return problems


def service_fingerprint() -> str:
    """Of everything that pages are made of, and of all scenarios."""
    return hashlib.sha256(repr(wordings.stamp(service_files())).encode()).hexdigest()


def service_files() -> list[Path]:
    root = HERE.parent
    folders = ("templates", "views", "forms", "web", "domain", "scenarios", "filling", "database")
    return [*root.glob("*.py"), *(path for name in folders for path in (root / name).rglob("*"))]


@blueprint.post("/research/sessions/<int:row_id>/day")
@with_row(Session)
@button
def day(session):
    form = SessionForm()
    if not form.validate():
        return show_session(session, 422, day_form=form, form=form)
    sessions.plan_for(session, form.planned_on.data)
    return back(session)


@blueprint.post("/research/sessions/<int:row_id>/wording")
@with_row(Session)
@button
def wording(session):
    chosen = request.form.get("wording", "")
    if chosen not in ("", *wordings.names()):
        abort(400)
    was = session.state
    sessions.put_on(session, chosen)
    say_to_prepare_again(was)
    return back(session)


@blueprint.post("/research/sessions/<int:row_id>/consent")
@with_row(Session)
def consent(session):
    form = ConsentForm()
    if not form.validate():
        return show_session(session, 422, consent_form=form, form=form)
    with hindrances_told("before "):
        sessions.record_consent(session, form.consent.data)
    return back(session)


@blueprint.get("/research/sessions/<int:row_id>/consent")
@blueprint.get("/research/sessions/<int:row_id>/profile")
@blueprint.get("/research/sessions/<int:row_id>/day")
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
    with hindrances_told("before "):
        sessions.save_profile(session, form.said)
        flash("The names are saved.", "before done")
    return back(session, "#prepared")


@blueprint.post("/research/sessions/<int:row_id>/<any(code, links, end, write_up):act>")
@with_row(Session)
@button
def session_act(session, act):
    if act == "end":
        for task in session.in_order if session.state == "running" else ():
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
        return back(session.round)
    what = "Its log, notes, outcomes and sandboxes go, and the participant’s link leads nowhere."
    name = session.name
    return render_template("research/delete.html", name=name, short=name, what=what, back=page_of(session))


# --- during ------------------------------------------------------------------------------------------------


@blueprint.post("/research/tasks/<int:row_id>/<any(open, pause, close, reopen, reset, move):act>")
@with_row(Task)
@button
def task_act(task, act):
    if not task.session.is_moderated and act != "move":
        raise sessions.NotNow("Without a moderator the participants take the tasks on their own.")
    acts = {"open": sessions.open_task, "pause": sessions.pause, "reopen": sessions.reopen, "reset": sessions.reset}
    acts |= {"move": sessions.move_earlier, "close": partial(sessions.close, propose=propose)}
    was = task.session.state
    acts[act](task)
    if act == "move":
        say_to_prepare_again(was)
    return back_to(task)


def say_to_prepare_again(was: str) -> None:
    """After a change to a session that was in this state."""
    if was == "ready":
        flash("This session is no longer ready. Prepare it again.", "before done")


def propose(task: Task) -> str | None:
    """What the machine thinks of the task's end, by what the scenario claims of its sandbox and its pages."""
    said, happened = task.said, log.happened(task)
    if said.is_exploratory:
        return None
    walker = Walker(
        current_app._get_current_object(),
        said,
        sandboxes.fresh_file_of(task),
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
    name = dict(people_in(task.session))[participant_id]
    try:
        sessions.provider_act(task, act, participant_id)
    except RuleBroken as refusal:
        words = API_WORDS[next(iter(refusal.errors.values()))]
        flash(f"The lead provider could not do that: {name} {words}.", "provider error")
    return back(task.session, f"?participant={participant_id}#provider")


@blueprint.post("/research/tasks/<int:row_id>/outcome")
@with_row(Task)
def outcome(task):
    form = OutcomeForm(task, task.said.judged)
    if not form.validate():
        return show_session(task.session, 422, task, outcome_form=form, form=form)
    is_so = set(form.judged.data or [])
    with hindrances_told():
        sessions.decide(
            task,
            form.outcome.data,
            is_assisted=form.is_assisted.data,
            judged=[place in is_so for place, _ in enumerate(form.statements)],
            reason=(form.reason.data or "").strip(),
        )
    return back_to(task)


@blueprint.get("/research/tasks/<int:row_id>/outcome")
@with_row(Task)
def outcome_again(task):
    return back_to(task)


@blueprint.post("/research/tasks/<int:row_id>/ease")
@with_row(Task)
@button
def ease(task):
    said = request.form.get("ease", 0, int)
    if 1 <= said <= 7:
        sessions.rate(task, said)
    return back_to(task)


@blueprint.get("/research/sessions/<int:row_id>/feed")
@with_row(Session)
def feed(session):
    return show_feed(session, url_for("research.feed", row_id=session.id))


def show_feed(session: Session, address: str):
    """The feed, or nothing if it is what the page shows already."""
    shown = feed_of(session, address)
    return ("", 204) if shown["seen"] == request.args.get("seen") else render_template("research/feed.html", feed=shown)


def feed_of(session: Session, address: str = "", shown: Task | None = None) -> dict:
    """What the feed shows, and a mark by which to see that it is still the same: of the task in hand or, when the
    session is over, of the one that is `shown`."""
    task = shown if shown and session.is_over else session.task
    noted = task.notes.where(Note.is_observers, Note.attempt == task.attempt).order_by(Note.id.desc())
    happened = [{"at_ms": note.at_ms, "kind": "note", "text": note.text} for note in noted]
    happened += [
        {name: getattr(entry, name) for name in ("at_ms", "kind", "page", "field", "code")}
        | {"wording": session.wording}
        for entry in log.feed(task)
    ]
    feed = {
        "address": address or url_for("research.feed", row_id=session.id),
        "is_live": session.state in ("ready", "running"),
        "is_logged": session.is_logged,
        "scenario": task.scenario,
        "state": task.state,
        "attempt": task.attempt,
        "sheet": [(each.scenario, each.state) for each in session.in_order],
        "entries": sorted(happened, key=lambda entry: -entry["at_ms"]),
        "watchers": sessions.watchers(session),
    }
    return feed | {"seen": hashlib.sha256(repr(feed).encode()).hexdigest()[:16]}


# --- what the feed says of a line of the log -----------------------------------------------------------------

CHANGES = {"finished_on": "leaving date", "email": "email address"}
"""Attributes that no question's field is named after, and what they are called."""

SHOWN = {
    "gone": "You can no longer see …’s record",
    "changed": "…’s record has changed",
    "not-found": "Page not found",
    "error": "There is a problem with the service",
}
"""The heading of what is shown where the page itself can't be."""


@blueprint.app_template_filter("entry_text")
def entry_text(entry: dict) -> str:
    """In words where there are any, else as the log has it."""
    if entry["kind"] == "page":
        return SHOWN.get(entry["page"], "")
    code = entry["code"]
    if entry["kind"] == "error":
        return results.error_words(entry["field"], code, entry["wording"])
    if entry["kind"] == "change":
        return CHANGES.get(code, code.replace("_", " "))
    return code


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
