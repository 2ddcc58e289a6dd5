"""The research side, where it is switched on: which sandbox each request is in, what is logged of it, and who may use
the console. The participant's own pages are in participant.py, the moderator's in rounds.py and console.py, the
observer's in watching.py.

A participant's pages are the service's ordinary ones. All that is different is decided here, before they begin: which
database, which day, which wording and which school user.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from flask import (
    Blueprint,
    Flask,
    current_app,
    g,
    redirect,
    render_template,
    request,
    session,
    template_rendered,
    url_for,
)
from peewee import PeeweeException, fn

from clock import World, current_world, now
from domain.sign_ins import update_seen_at
from forms import Form
from models import Participant, Teacher
from research import log, sandboxes, sessions
from research.console.pilot import ModeratorSignIns, show_nothing_else
from research.models import (
    BETWEEN_TASKS,
    MODERATORS,
    Session,
    Task,
    migrate_store,
    open_store,
    research_db,
    store_folder,
)
from scenarios.pages import page_id, refused_page
from views import ASKED_BY_ITSELF, cookie_name, redirect_page, set_cookie
from web import wordings

blueprint = Blueprint("research", __name__)

PARTICIPANT = "visit"
MODERATOR = "moderator"
"""The cookies' names. Each has its own, so that both can be used in one browser."""


OF_A_PARTICIPANT = tuple(f"research.{name}" for name in ("visit", "code", "follow", "own_task", "delete_own"))
"""Their ways in, and what their open pages ask. Like all that they do afterwards, these aren't in the service's own
log: it has times of day."""

OF_THE_SERVICE = ("school", "sign_in", "about")
"""The blueprints whose pages are a participant's in their sandbox; so are addresses that there aren't."""

FOLLOW = "follow.js"
"""What a participant's pages load, so that they are where their task is."""

PRIVACY = "about.privacy"
"""What the service says there of sign-ins, cookies and how long things are kept isn't so in a sandbox."""


def add_to(app: Flask) -> None:
    from research.console import designing, participant, rounds, running, watching  # noqa: F401 - they bring the routes
    from research.console.commands import commands, start_up

    open_store(Path(app.config["RESEARCH"]))
    wordings.MORE[:] = [store_folder() / "wordings"]
    app.migrations.append(migrate_store)
    app.start_ups.append(start_up)
    app.cli.add_command(commands)
    app.register_blueprint(blueprint)
    app.world_of_request = partial(world_of_request, app.world_of_request)
    app.before_request(show_instead)
    if app.config["PILOT"]:
        app.before_request(show_nothing_else)
    app.after_request(write_log)
    app.after_request(designing.let_be_framed)
    app.teardown_request(close_store)
    template_rendered.connect(remember, app)


# --- in which sandbox --------------------------------------------------------------------------------------


def world_of_request(ordinary: Callable[[], World]) -> World:
    """The world of the participant's task, or the ordinary one of the service's own pages. The console's pages, and
    those that a participant sees between tasks, have no database. The task is found by what the server knows of the
    participant's link, never by anything else that the request says."""
    if current_world().actor:
        return ordinary()  # a scenario is being walked, in the world of whoever walks it
    token = request.cookies.get(cookie_name(PARTICIPANT))
    is_theirs = request.endpoint is None or request.blueprint in OF_THE_SERVICE
    is_participant = bool(token) and is_theirs
    if not is_participant and request.blueprint != blueprint.name:
        return ordinary()
    g.has_opened_store = research_db.connect(reuse_if_open=True)
    is_logged = not is_participant and request.endpoint not in OF_A_PARTICIPANT
    none = replace(current_world(), database=None, is_logged=is_logged)
    if not is_participant:
        return none
    g.visit = sessions.find_by_token(token)
    if not g.visit or g.visit.is_over:
        return none
    if g.visit.place == BETWEEN_TASKS:
        return replace(none, script=FOLLOW)
    g.task, g.asked_at = g.visit.task, now()
    above = "" if g.visit.is_moderated else "research/own_task_above.html"
    return replace(sandboxes.world_inside(g.task), script=FOLLOW, above=above)


def show_instead():
    """What a participant is shown in place of what they asked for."""
    if "visit" not in g:
        return None
    if request.blueprint == "about" and "task" not in g:
        return render_template("research/privacy.html") if request.endpoint == PRIVACY else None
    instead = page_instead(g.visit)
    if instead:
        g.pop("task", None)  # nothing of it is logged
    elif request.endpoint == PRIVACY:
        return render_template("research/privacy.html")
    return instead


def page_instead(visit: Session | None):
    """What they are shown who wait for a task, or aren't where theirs is: a page that says so, or the way to where it
    starts."""
    if not visit or visit.is_over:
        return end_page("finished", 410, visit)
    start, was, place = start_of(visit), session.get("place"), visit.place
    if request.endpoint == ASKED_BY_ITSELF and was != place:
        return redirect_page(start)
    arrive(place)
    if place == BETWEEN_TASKS and not visit.is_moderated:
        return redirect_page(url_for("research.own_task"))
    if place == BETWEEN_TASKS:
        return plain_page("research/wait.html", 200, start=start, is_first=visit.held_on is None)
    if was == BETWEEN_TASKS and request.path != start:
        return redirect_page(start)
    is_of_before = request.method == "POST" and was == place and not Form().validate()
    if is_of_before or was not in (None, BETWEEN_TASKS, place):
        return redirect_page(start) if request.htmx else plain_page("research/next_task.html", 200, start=start)
    return as_signed_out(start)


def as_signed_out(start: str):
    """What they are shown who have signed out in their sandbox. Any way of signing in leads to the start."""
    if request.endpoint == "sign_in.sign_out":
        session["signed_out"] = True
        return redirect_page(start)
    if request.blueprint == "sign_in" and request.endpoint != "sign_in.home":
        session.pop("signed_out", None)
        return redirect_page(start)
    return plain_page("research/signed_out.html", 200) if session.get("signed_out") else None


def arrive(place: str) -> None:
    """What is still open in the browser belongs to the place before, if it was at another."""
    if session.get("place") != place:
        session["place"] = place
        for mark in ("csrf_token", "signed_out"):
            session.pop(mark, None)


def let_in(visit):
    """This browser is the participant's from now on, and shows where the task begins."""
    if session.get("place") != visit.place:
        # Whoever was here before took their sign-in along; no form that they left open does anything any more.
        session.clear()
        arrive(visit.place)
    session.pop("signed_out", None)
    response = redirect(start_of(visit), 303)
    # Not only as long as the browser runs: it may be closed by mistake in the middle of a task.
    set_cookie(response, PARTICIPANT, visit.token, sessions.SANDBOX_LASTS)
    return response


def start_of(visit: Session) -> str:
    """The address at which the participant's task begins."""
    return url_for(f"school.{visit.task.said.start}")


def plain_page(template: str, status: int, **context):
    """A whole page about nothing: in a part of one, the header would go on offering what isn't there."""
    if request.htmx:
        return redirect_page(request.full_path)
    return render_template(template, **context), status


def end_page(what: str, status: int, visit: Session | None = None):
    """Why a link, or what it led to, is no more. If it was this browser's, what was kept can be deleted."""
    is_own = visit and visit.used_link and request.cookies.get(cookie_name(PARTICIPANT)) == visit.token
    can_delete = bool(is_own and visit.is_logged)
    if visit and not visit.is_moderated and visit.consent == "refused":
        what = "refused"
    elif can_delete:
        what = "done"
    return plain_page("research/end.html", status, what=what, can_delete=can_delete)


def close_store(_error) -> None:
    if g.get("has_opened_store"):
        research_db.close()


# --- what is logged ----------------------------------------------------------------------------------------


def remember(_app, template, context, **_) -> None:
    """Which template was shown last in this request, and which errors its form had."""
    g.shown = template.name, dict(getattr(context.get("form"), "codes", {}))


def write_log(response):
    """What this page showed and refused and, if anything was sent, what it changed. The log itself knows whether it may
    be written."""
    if "task" not in g or request.endpoint == ASKED_BY_ITSELF:
        return response
    try:
        if log.may_log(g.task):
            if request.method == "POST":
                log.write_changes(g.task, g.asked_at)
            if "shown" in g and response.mimetype == "text/html":
                sessions.note_shown_as_saved(g.visit.folder, wordings.stamp_now())
                template, codes = g.shown
                page = refused_page(template, response.status_code) or id_of_page(g.task)
                log.write_shown(g.task, g.asked_at, page, codes)
    except PeeweeException as problem:  # the participant is not to be disturbed by it
        current_app.logger.error("The research log could not be written: %r", problem)
    return response


def id_of_page(task: Task) -> str:
    """The shown page's id, with a word before it if it is about somebody whom the task is not about."""
    values = request.view_args or {}
    page = page_id(request.endpoint, values)
    if "participant_id" not in values:
        return page
    name = fn.TRIM(Teacher.trs_first_name.concat(" ").concat(Teacher.trs_last_name))
    people = Participant.select().join(Teacher).where(name << task.said.about)
    is_about = people.where(Participant.id == values["participant_id"]).exists()
    return page if is_about else f"other-{page}"


# --- who may use the console -------------------------------------------------------------------------------

NO_MODERATOR = (
    403,
    "You cannot use the research console",
    "{provider} told us that you are {email}. Nobody has let that address use the console yet.",
)

moderators = ModeratorSignIns(blueprint, MODERATORS, MODERATOR, NO_MODERATOR)
moderators.add_pages()

OPEN = {"research.watch", "research.watch_feed", "research.watch_note", *moderators.ways_in, *OF_A_PARTICIPANT}
"""What needs no moderator: a participant's way in, an observer's, and signing in. All else does."""


@blueprint.before_request
def require_moderator():
    """Puts `g.moderator` in place, or leads to signing in."""
    signed_in = moderators.signed_in()
    g.moderator = signed_in and signed_in.moderator
    if signed_in and request.endpoint not in ("research.feed", "research.time_left"):
        update_seen_at(signed_in)
    return None if g.moderator or request.endpoint in OPEN else signed_out()


def signed_out():
    """Leads to signing in, and from there back to the session or to what was asked for. A note that came with this
    request stays on a page that can send it again; what an open page asks for by itself leaves the page as it is."""
    page = page_asked_for()
    sign_in = url_for("research.sign_in", next=page)
    if request.htmx and request.endpoint == "research.feed":
        shown = ("", 204) if request.args.get("seen") == "signed-out" else None
        return shown or render_template("research/feed_signed_out.html", address=request.path, sign_in=sign_in)
    if request.htmx and request.endpoint == "research.note":
        return render_template("research/note_signed_out.html", sign_in=sign_in), 422
    key, text = note_sent()
    if page and text.strip():
        context = {"sign_in": sign_in, "address": f"{page}/notes", "key": key, "text": text}
        return render_template("research/unsaved.html", **context), 422
    return redirect_page(sign_in)


def page_asked_for() -> str | None:
    """The address of the page on which this request's button or part is."""
    row_id = (request.view_args or {}).get("row_id")
    if request.path.startswith("/research/tasks/"):
        task = Task.get_or_none(Task.id == row_id)
        return task and url_for("research.session_page", row_id=task.session_id)
    if request.method == "POST" or request.endpoint == "research.feed":
        is_of_session = request.path.startswith("/research/sessions/")
        return url_for("research.session_page", row_id=row_id) if is_of_session else None
    return None if request.endpoint == "research.home" else request.path


def note_sent() -> tuple[str, str]:
    """The key and the text of the note in this request: a note's own form has it, and static/research.js puts it into
    every other form that is sent."""
    before = "" if request.endpoint == "research.note" else "note_"
    return request.form.get(f"{before}key", "")[:36], request.form.get(f"{before}text", "")
