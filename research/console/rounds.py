"""The console's rounds: planned, their results, exported, closed and deleted."""

import shlex
from contextlib import contextmanager
from functools import wraps

from flask import Response, abort, current_app, flash, g, redirect, render_template, request, url_for

from clock import today
from forms import Form
from research import export, log, results, sessions
from research.console import PARTICIPANT, blueprint, cookie_name, note_sent, set_cookie
from research.console.forms import ExportForm, RoundForm, SessionForm
from research.journey_map import difference, in_words, map_of, svg
from research.models import Round, Session, Task
from scenarios.scenario import scenarios_there


def with_row(table: type):
    """Looks up the row of the address's id; gives it to the view in its place."""

    def decorator(view):
        @wraps(view)
        def looked_up(row_id, **kwargs):
            row = table.get_or_none(table.id == row_id) or abort(404)
            save_unsent_note(row)
            return view(row, **kwargs)

        return looked_up

    return decorator


def save_unsent_note(row: Round | Session | Task) -> None:
    """Saves the note that was being typed when another button was pressed, before that does what it does."""
    if "note_key" in request.form and not isinstance(row, Round) and Form().validate():
        log.save_note(row.session if isinstance(row, Task) else row, *note_sent())


def button(view):
    """A button was pressed: does what `view` does, and says on the row's page what hindered it."""

    @wraps(view)
    def done(*rows, **kwargs):
        if Form().validate():
            with hindrances_told():
                return view(*rows, **kwargs)
        else:
            flash("This page was open for too long. Try again.", "error")
        return back(*rows)

    return done


@contextmanager
def hindrances_told(place: str = ""):
    """What hinders a step is said on the page, or at this place on it."""
    try:
        yield
    except sessions.NotNow as refusal:
        flash(str(refusal), f"{place}error")


def page_of(row: Round | Session | Task | None = None) -> str:
    """The console's page on which this row is."""
    if row is None:
        return url_for("research.home")
    if isinstance(row, Round):
        return url_for("research.round_page", row_id=row.id)
    return url_for("research.session_page", row_id=row.session_id if isinstance(row, Task) else row.id)


def back(row: Round | Session | Task | None = None, part: str = ""):
    """To that page, or to a part of it."""
    return redirect(page_of(row) + part, 303)


@blueprint.get("/research")
def home():
    rounds = list(Round.select().order_by(Round.id.desc()))
    visit = sessions.find_by_token(request.cookies.get(cookie_name(PARTICIPANT), ""))
    return render_template("research/rounds.html", rounds=rounds, visit=visit, moderator=g.moderator)


@blueprint.post("/research/leave-visit")
@button
def leave_visit():
    """The participant's link was opened in this browser, and is not wanted here any more."""
    response = back()
    set_cookie(response, PARTICIPANT)
    return response


@blueprint.route("/research/rounds/new", methods=["GET", "POST"])
def new_round():
    known, wrong = scenarios_there()
    form = RoundForm(known)
    if not (form.is_submitted() and form.validate()):
        return render_template("research/new_round.html", form=form, wrong=wrong), 422 if form.is_submitted() else 200
    new = sessions.plan_round(
        form.title.data,
        form.scenarios.data,
        wordings=form.wordings.data,
        is_rotated=form.order.data == "rotated",
        retention_days=int(form.retention_days.data),
        sessions=int(form.sessions.data),
        planned_on=form.planned_on.data,
        is_moderated=not form.is_unmoderated.data,
    )
    return back(new)


@blueprint.get("/research/rounds/<int:row_id>")
@with_row(Round)
def round_page(round_):
    return show_round(round_)


def show_round(round_: Round, status: int = 200, **forms):
    found_results = results.results_of(round_)
    return render_template(
        "research/round.html",
        round=round_,
        sessions=list(round_.sessions.order_by(Session.number)),
        results=found_results,
        scenarios=[round_.scenario(name) for name in round_.scenarios],
        maps=[(result, in_words(map_of([result]))) for result in found_results if result.paths],
        differences={name: difference(of_scenario(found_results, name)) for name in round_.scenarios},
        words=results.WORDS,
        command=typed(f"research screenshots {round_.id}"),
        has_screenshots=any(export.pictures_folder(round_.id).glob("*.png")),
        **({"session_form": SessionForm(formdata=None), "export_form": ExportForm(formdata=None)} | forms),
    ), status


def typed(command: str) -> str:
    """How a `flask` command is typed where this service runs."""
    if not current_app.config["DEMO"]:
        return f"sudo -u register-ects deploy/flask {command}"
    return f"RESEARCH={shlex.quote(current_app.config['RESEARCH'])} python3 run.py flask {command}"


def of_scenario(found_results: list, name: str) -> list:
    return [result for result in found_results if result.scenario.id == name]


@blueprint.get("/research/rounds/<int:row_id>/map-<name>.svg")
@with_row(Round)
def journey_map(round_, name):
    """Of one scenario in the wording that the address asks for."""
    wording = request.args.get("wording", "")
    found = [each for each in of_scenario(results.results_of(round_), name) if each.wording == wording]
    if not found:
        abort(404)
    title = f"{name}: {found[0].scenario.title}{f', {wording}' if wording else ''}"
    drawn = svg(map_of(found), title)
    return Response(drawn, mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})


@blueprint.post("/research/rounds/<int:row_id>/sessions")
@with_row(Round)
def add_session(round_):
    form = SessionForm()
    if not form.validate():
        return show_round(round_, 422, session_form=form, form=form)
    with hindrances_told():
        sessions.add_session(round_, form.planned_on.data, is_moderated=not form.is_unmoderated.data)
    return back(round_, "#sessions")


@blueprint.get("/research/rounds/<int:row_id>/sessions")
@with_row(Round)
def round_again(round_):
    """The page with an error on it, loaded again."""
    return back(round_)


@blueprint.post("/research/rounds/<int:row_id>/export")
@with_row(Round)
@button
def export_round(round_):
    with_research_data = ExportForm().with_research_data.data
    archive = export.export(round_, with_research_data=with_research_data)
    sessions.mark_exported(round_)
    name = f"round-{round_.id}-{today()}{'-research-data' if with_research_data else ''}.zip"
    return Response(
        archive,
        mimetype="application/zip",
        headers={"Content-Disposition": f"attachment; filename={name}", "Cache-Control": "no-store"},
    )


@blueprint.post("/research/rounds/<int:row_id>/close")
@with_row(Round)
@button
def close_round(round_):
    sessions.close_round(round_)
    return back(round_)


@blueprint.route("/research/rounds/<int:row_id>/delete", methods=["GET", "POST"])
@with_row(Round)
def delete_round(round_):
    """A page that asks first: it can't be undone."""
    if request.method == "POST" and Form().validate():
        for session in round_.sessions:
            sessions.purge(session)
        round_.delete_instance()
        flash(f"Everything of the round “{round_.title}” is deleted.", "done")
        return back()
    what = "Its sessions, their logs, notes and sandboxes go."
    name = f"the round “{round_.title}”"
    return render_template("research/delete.html", name=name, short="this round", what=what, back=page_of(round_))
