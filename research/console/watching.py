"""What observers see: the run sheet and the live feed. All that they can do is to note what they notice."""

import uuid

from flask import abort, redirect, render_template, session, url_for

from research import log, sessions
from research.console import blueprint, end_page
from research.console.forms import WatchForm, WatchNoteForm
from research.console.running import feed_of, run_sheet, show_feed
from research.models import Session
from views import own_database, redirect_page
from web.rate_limits import RateLimit

NOTES = RateLimit(120, 60)
"""Of all observers together: a count for each would say when a session was held."""


@blueprint.route("/research/watch/<token>", methods=["GET", "POST"])
def watch(token):
    """Asks for a name first, so that the moderator knows who is watching."""
    watched = find(token)
    if watched.is_over:
        return end_page("finished", 410)
    form = WatchForm()
    if form.is_submitted() and form.validate():
        session["watching"] = [token, str(uuid.uuid4()), form.data["name"]]
        return redirect(url_for("research.watch", token=token), 303)
    if not is_known(token):
        return render_template("research/watch_name.html", form=form), 422 if form.is_submitted() else 200
    note_presence(watched)
    return show_watch(watched)


def show_watch(watched: Session, status: int = 200, **form):
    context = {
        "session": watched,
        "tasks": [run_sheet(task) for task in watched.in_order],
        "feed": feed_of(watched, url_for("research.watch_feed", token=watched.watch_token)),
        "note_key": str(uuid.uuid4()),
        "note_form": WatchNoteForm(formdata=None),
    }
    return render_template("research/watch.html", **context | form), status


@blueprint.get("/research/watch/<token>/feed")
def watch_feed(token):
    watched = find(token)
    if watched.is_over:
        return redirect_page(url_for("research.watch", token=token))
    if not is_known(token):
        abort(404)
    note_presence(watched)
    answer = show_feed(watched, url_for("research.watch_feed", token=token))
    if not isinstance(answer, str):
        return answer
    tasks = [run_sheet(task) for task in watched.in_order]
    return answer + render_template("research/watch_sheet.html", session=watched, tasks=tasks, is_apart=True)


@blueprint.route("/research/watch/<token>/notes", methods=["GET", "POST"])
def watch_note(token):
    """Notes it; a page with an error on it, loaded again, is the page as it was."""
    watched, form = find(token), WatchNoteForm()
    if watched.is_over or not is_known(token) or not form.is_submitted():
        return redirect(url_for("research.watch", token=token), 303)
    is_saved = form.validate() and may_note(form)
    if is_saved and log.save_note(watched, form.key.data[:36], form.text.data, is_observers=True):
        return redirect(url_for("research.watch", token=token) + "#feed-title", 303)
    if is_saved:
        form.add_error("text", "not_now")
    return show_watch(watched, 422, note_form=form, form=form, note_key=form.key.data)


def may_note(form: WatchNoteForm) -> bool:
    with own_database():
        if NOTES.seconds_to_wait("observers’ notes"):
            form.add_error("text", "too_many")
    return not form.codes


def find(token: str) -> Session:
    return Session.get_or_none(Session.watch_token == token) or abort(404)


def is_known(token: str) -> bool:
    return session.get("watching", [""])[0] == token


def note_presence(watched: Session) -> None:
    _, key, name = session["watching"]
    sessions.watch(watched, key, name)
