"""A participant's way through a session without a moderator: consent, then for each task its prompt, the service's own
pages with the task above them, and how easy it was."""

from contextlib import suppress

from flask import make_response, redirect, render_template, request, session, url_for

from forms import Form
from research import sessions, unmoderated
from research.console import PARTICIPANT, arrive, blueprint, cookie_name, end_page, let_in, set_cookie, start_of
from research.console.forms import OwnConsentForm
from research.console.running import propose, run_sheet
from research.models import Session, Task, new_token


def visit_here() -> Session | None:
    """The session without a moderator that this browser is in. It may be over."""
    visit = sessions.find_by_token(request.cookies.get(cookie_name(PARTICIPANT), ""))
    return visit if visit and visit.used_link else None


def ask_consent(visit: Session):
    """What the link shows until somebody says yes or no: from then on it belongs to their browser."""
    if visit.used_link:
        is_theirs = visit.token in (session.get("browser"), request.cookies.get(cookie_name(PARTICIPANT)))
        return let_in(visit) if is_theirs else end_page("elsewhere", 403)
    if visit.state == "planned":
        return end_page("not_yet", 404)
    session.setdefault("browser", new_token())
    form = OwnConsentForm()
    if form.is_submitted() and form.validate():
        with suppress(sessions.NotNow):  # opened twice at once: now the link says to whom it belongs
            unmoderated.begin(visit, session["browser"], form.consent.data)
        return redirect(url_for("research.visit", token=visit.token), 303)
    return render_template("research/own_consent.html", form=form, visit=visit), 422 if form.is_submitted() else 200


@blueprint.route("/task", methods=["GET", "POST"])
def own_task():
    """Where the participant is between the service's pages, and what is pressed here and above those."""
    visit = visit_here()
    if not visit:
        return end_page("finished", 410)
    if visit.is_over:
        answer = make_response(end_page("finished", 200, visit))
        # For a day from now on everything can be deleted there, however long ago they agreed.
        set_cookie(answer, PARTICIPANT, visit.token, sessions.SANDBOX_LASTS)
        return answer
    if request.method == "POST":
        # What is pressed twice, or on a page of before, does nothing but lead to where things are now.
        is_now = Form().validate() and request.form.get("place") == place_of(visit.task)
        return redirect(press(visit.task) if is_now else url_for("research.own_task"), 303)
    arrive(visit.place)
    return render_template("research/own_task.html", visit=visit, task=visit.task, start=start_of(visit))


def place_of(task: Task) -> str:
    """Which task it is, at which attempt and in which state."""
    return f"{task.id}.{task.attempt}.{task.state}"


def press(task: Task) -> str:
    """Does what the pressed button says, and gives the address that it leads to."""
    pressed, ease = request.form.get("press"), request.form.get("ease", 0, int)
    with suppress(sessions.NotNow):  # meanwhile the session has ended
        if pressed == "begin":
            sessions.open_task(task)
        elif pressed == "back":
            sessions.reopen(task)
        elif pressed in ("done", "cannot"):
            unmoderated.say(task, pressed == "done", propose)
        elif pressed == "next":
            unmoderated.go_on(task, ease if 1 <= ease <= 7 else None)
    return start_of(task.session) if pressed in ("begin", "back") else url_for("research.own_task")


@blueprint.app_template_global("asked_of")
def asked_of(visit: Session) -> dict:
    """The task that the participant is in, as their pages say it."""
    tasks = visit.in_order
    task = tasks[visit.task_now]
    name = f"Task {task.position + 1} of {len(tasks)}"
    return {"name": name, "prompts": run_sheet(task)["prompts"], "place": place_of(task)}


@blueprint.route("/task/delete", methods=["GET", "POST"])
def delete_own():
    """The participant takes their consent back. A page that asks first: it can't be undone."""
    visit = visit_here()
    if request.method == "POST" and Form().validate():
        if visit:
            sessions.purge(visit)
        session.clear()
        answer = make_response(end_page("deleted", 200))
        set_cookie(answer, PARTICIPANT)
        return answer
    return render_template("research/own_delete.html", visit=visit) if visit else end_page("finished", 410)
