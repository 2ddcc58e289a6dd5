"""Wordings made in the console: a page is chosen in the state that matters, its templates are edited beside it, and
what is saved is checked meanwhile. Only in design mode: whoever edits templates can make the service do anything."""

import re
import threading
from contextvars import copy_context

from flask import abort, current_app, flash, got_request_exception, redirect, render_template, request, url_for
from jinja2 import TemplateSyntaxError, meta

from clock import World, entered
from forms import Form
from forms.fields import TextField
from research.console import blueprint
from research.models import store_folder
from scenarios.check import ShownPage, check
from scenarios.scenario import scenario, scenario_ids, scenarios_there
from scenarios.screenshots import states
from web import wordings

NOT_OURS = re.compile(r"govuk_frontend_jinja/|ordinary/|page\.html$|fragment\.html$|page_shell\.html$")
CHECKED: dict[str, tuple[tuple, list[str] | None]] = {}
"""Wording → its files' stamp, and what doesn't come true of it. None: it is being checked."""


class NewWordingForm(Form):
    name = TextField(max_length=40)
    messages = {
        "missing": "Enter a name for the wording",
        "too_long": "Use {max_length} characters or fewer",
        "letters": "Use small letters, numbers and dashes only, such as shorter-message",
        "taken": "There is a wording with this name already",
    }

    def validate(self, extra_validators=None):
        if not super().validate(extra_validators):
            return False
        name = self.name.data
        code = "" if re.fullmatch(r"[a-z][a-z0-9-]*", name) else "letters"
        code = code or ("taken" if name in wordings.names() else "")
        if code:
            self.add_error("name", code)
        return not code


class TemplateForm(Form):
    """`template`'s text in this wording."""

    messages = {"wrong": "{problem}"}
    text = TextField(max_length=60_000)


@blueprint.before_request
def only_in_design_mode():
    if request.path.startswith("/research/wordings") and not current_app.config["DESIGN"]:
        abort(404)


def own_folder():
    return store_folder() / "wordings"


@blueprint.route("/research/wordings", methods=["GET", "POST"])
def design():
    form = NewWordingForm()
    if form.is_submitted() and form.validate():
        (own_folder() / form.data["name"]).mkdir(parents=True)
        return redirect(url_for("research.design", wording=form.data["name"]), 303)
    return show_design(422 if form.is_submitted() else 200, form=form)


def show_design(status: int = 200, **context):
    """The page: which wording, which page in which state, and its templates."""
    wording = request.args.get("wording", "")
    wording = wording if wording in wordings.names() else ""
    name = request.args.get("scenario", "S01")
    name = name if name in scenario_ids() else "S01"
    shown, problem = all_states(name, wording)
    number = min(request.args.get("state", 0, int), max(len(shown) - 1, 0))
    templates = templates_of(shown[number]) if shown else []
    template = request.args.get("template", "")
    template = template if template in templates else next(iter(templates), "")
    found = {
        "wording": wording,
        "wordings": wordings.names(),
        "is_own": bool(wording) and (own_folder() / wording).is_dir(),
        "scenarios": scenarios_there()[0],
        "scenario": name,
        "states": shown,
        "state": number,
        "problem": problem,
        "templates": [
            (each, (wordings.folder_of(wording) / each).is_file() if wording else False) for each in templates
        ],
        "template": template,
        "source": source_of(template, wording) if template else "",
        "checked": checked(wording) if wording else [],
    }
    return render_template("research/design.html", **{"form": NewWordingForm(formdata=None)} | found | context), status


def all_states(name: str, wording: str) -> tuple[list[ShownPage], str]:
    """Every page and state of the scenario in this wording, as far as it can be walked; and what stopped it."""
    shown, app, problems = [], current_app._get_current_object(), []

    def note(_app, exception, **_):
        problems.append(exception)

    try:
        with entered(World()), got_request_exception.connected_to(note, app):
            shown.extend(states(app, scenario(name), wording))
    except Exception as problem:  # noqa: BLE001 - a template being written may do anything
        problems.append(problem)
    return shown, "; ".join(dict.fromkeys(f"{type(problem).__name__}: {problem}" for problem in problems))


def templates_of(page: ShownPage) -> list[str]:
    """The page's own template, and what it is made with."""
    found, to_read = [], [page.template]
    while to_read:
        name = to_read.pop(0)
        if name and name not in found and not NOT_OURS.search(name):
            found.append(name)
            to_read += referred_to(source_of(name, ""))
    return found


def referred_to(source: str) -> list[str]:
    names = meta.find_referenced_templates(current_app.jinja_env.parse(source))
    return [name for name in names if name]


def source_of(template: str, wording: str) -> str:
    own = wordings.folder_of(wording) / template if wording else None
    return (own if own and own.is_file() else wordings.TEMPLATES / template).read_text()


@blueprint.get("/research/wordings/<name>/<scenario_id>/<int:number>")
def preview(name, scenario_id, number):
    """The page itself, to be looked at beside its templates. The name of the ordinary wording is a dash here."""
    is_there = scenario_id in scenario_ids() and name in ("-", *wordings.names())
    shown, _ = all_states(scenario_id, "" if name == "-" else name) if is_there else ([], "")
    return shown[number - 1].html if number <= len(shown) else abort(404)


def let_be_framed(response):
    """The preview, by our own pages. After everybody else had their say: see app.set_up_responses."""
    if request.endpoint == "research.preview":
        response.headers["Content-Security-Policy"] = "default-src 'self'; script-src 'none'; frame-ancestors 'self'"
    return response


@blueprint.post("/research/wordings/<name>")
def save_template(name):
    template, text = request.form.get("template", ""), request.form.get("text", "").replace("\r\n", "\n")
    if not (own_folder() / name).is_dir() or not (wordings.TEMPLATES / template).is_file() or NOT_OURS.search(template):
        abort(404)
    here = {key: request.form.get(key) for key in ("scenario", "state")}
    address = url_for("research.design", wording=name, template=template, **here)
    form = Form()
    if not form.validate():
        return redirect(address, 303)
    file = own_folder() / name / template
    if "ordinary" in request.form:
        file.unlink(missing_ok=True)
        return redirect(address, 303)
    try:
        current_app.jinja_env.parse(text)
    except TemplateSyntaxError as problem:
        return unsaved(name, template, text, f"Line {problem.lineno}: {problem.message}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    checked(name)
    return redirect(address, 303)


def unsaved(name: str, template: str, text: str, problem: str):
    request.args = request.args.copy()
    request.args.update({"wording": name, "template": template} | request.form.to_dict())
    flash(f"Not saved. {problem}", "error")
    return show_design(422, source=text)


def checked(wording: str) -> list[str] | None:
    """What doesn't come true in this wording as its files are now; None as long as that is being found out."""
    stamp = wordings.stamp_of(wording)
    made_of, found = CHECKED.get(wording, (None, None))
    if made_of == stamp:
        return found
    CHECKED[wording] = (stamp, None)
    app = current_app._get_current_object()

    def look():
        with entered(World()):
            known, _ = scenarios_there()
            problems = [line for each in known for line in check(app, each, wording, store_folder() / "templates")]
        CHECKED[wording] = (stamp, problems)

    context = copy_context()
    threading.Thread(target=lambda: context.run(look), daemon=True).start()
    return None


@blueprint.get("/research/wordings/<name>/check")
def check_state(name):
    return render_template(
        "research/checked.html", wording=name, checked=checked(name) if name in wordings.names() else []
    )
