"""What observers see: the run sheet and the live feed, and nothing to press."""

import uuid

from flask import abort, redirect, render_template, session, url_for

from research import sessions
from research.console import blueprint, end_page
from research.console.forms import WatchForm
from research.console.running import feed_of, run_sheet, show_feed
from research.models import Session
from views import redirect_page


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
    address = url_for("research.watch_feed", token=token)
    tasks = [run_sheet(task) for task in watched.in_order]
    return render_template("research/watch.html", session=watched, tasks=tasks, feed=feed_of(watched, address))


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


def find(token: str) -> Session:
    return Session.get_or_none(Session.watch_token == token) or abort(404)


def is_known(token: str) -> bool:
    return session.get("watching", [""])[0] == token


def note_presence(watched: Session) -> None:
    _, key, name = session["watching"]
    sessions.watch(watched, key, name)
