"""Wordings made in the console: a page is chosen in the state that matters, its templates are edited beside it, and
what is saved is checked meanwhile. Only in design mode: whoever edits templates can make the service do anything."""

import re
import threading
from contextvars import copy_context
from functools import lru_cache

from flask import abort, current_app, flash, got_request_exception, redirect, render_template, request, url_for
from jinja2 import TemplateSyntaxError, meta
from wtforms import StringField, TextAreaField

from clock import World, entered
from domain.changes import RuleBroken
from forms import EXPIRED, Form
from forms.added import as_toml, journey_mistakes, journeys_of, question_mistakes
from forms.fields import ChoiceField, TextField
from forms.journeys import JOURNEYS
from research.console import blueprint
from research.console.running import service_fingerprint
from research.models import store_folder
from scenarios.check import ShownPage, check
from scenarios.scenario import scenario, scenario_ids, scenarios_there
from scenarios.screenshots import states
from web import wordings

NOT_OURS = re.compile(r"govuk_frontend_jinja/|ordinary/|(page|column|fragment|page_shell)\.html$")
CHECKED: dict[str, tuple[tuple, list[str] | None]] = {}
"""Wording → what it was made of, and what doesn't come true of it. None: it is being checked."""


class NewWordingForm(Form):
    name = TextField(max_length=40)
    messages = {
        "missing": "Enter a name for the wording",
        "too_long": "Use {max_length} characters or fewer",
        "letters": "Use small letters, numbers and dashes only, such as shorter-message",
        "taken": "There is a wording with this name already",
    }

    def rule(self):
        if not re.fullmatch(r"[a-z][a-z0-9-]*", self.name.data):
            raise RuleBroken({"name": "letters"})
        if self.name.data in wordings.names():
            raise RuleBroken({"name": "taken"})


class AddedQuestionForm(Form):
    """A question that the wording adds to a journey."""

    journey = ChoiceField(choices=[(name, name.replace("-", " ").capitalize()) for name in JOURNEYS])
    called = TextField(max_length=40)
    heading = TextField(max_length=200)
    choices = TextAreaField()
    error_words = StringField()
    messages = {
        "journey missing": "Select a journey",
        "called missing": "Enter a name for the question",
        "heading missing": "Enter the question",
        "too_long": "Use {max_length} characters or fewer",
        "wrong": "This {problem}",
    }

    @property
    def said(self) -> dict:
        """What journeys.toml says of it."""
        choices = [line.strip() for line in (self.choices.data or "").splitlines() if line.strip()]
        said = {"heading": self.heading.data, "choices": choices, "error": (self.error_words.data or "").strip()}
        return {key: value for key, value in said.items() if value}

    def rule(self):
        journey = JOURNEYS.get(self.journey.data)
        if not journey:
            raise RuleBroken({"journey": "missing"})
        for part, problem in question_mistakes(self.called.data, self.said, journey):
            self.add_error("called" if part == "name" else part, "wrong", problem=problem)


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
        return redirect(
            url_for("research.design", wording=form.data["name"], scenario=request.form.get("scenario")), 303
        )
    return show_design(422, new_form=form, form=form) if form.is_submitted() else show_design()


def show_design(status: int = 200, **context):
    """The page: which wording, which page in which state, its templates, and what its journey asks."""
    asked = request.values
    wording = (request.view_args or {}).get("name", asked.get("wording", ""))
    wording = wording if wording in wordings.names() else ""
    name = asked.get("scenario", "S01")
    name = name if name in scenario_ids() else "S01"
    shown, problem = all_states(name, wording)
    number = min(asked.get("state", 0, int), max(len(shown) - 1, 0))
    if page := asked.get("page"):
        number = next((place for place, each in enumerate(shown) if each.page.endswith(f"/{page}")), number)
    templates = templates_of(shown[number]) if shown else []
    template = asked.get("template", "")
    template = template if template in templates else next(iter(templates), "")
    found = {
        "wording": wording,
        "wordings": wordings.names(),
        "is_own": is_own(wording),
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
        "journeys": journeys_of(wording),
        "journey": journey_of(shown[number:] + shown),
        "new_form": NewWordingForm(formdata=None),
        "question_form": AddedQuestionForm(formdata=None),
    }
    return render_template("research/design.html", **found | context), status


def journey_of(pages: list[ShownPage]) -> str:
    """That of the first page that is in one, or none."""
    within = (part for page in pages for part in page.page.split("/")[1:2])
    return next((name for name in within if name in JOURNEYS), "")


def is_own(wording: str) -> bool:
    """Whether it was made in the console, and can be changed there."""
    return bool(wording) and (own_folder() / wording).is_dir()


def all_states(name: str, wording: str) -> tuple[list[ShownPage], str]:
    """Every page and state of the scenario in this wording, as far as it can be walked; and what stopped it."""
    return walked(name, wording, made_of(wording))


def made_of(wording: str) -> tuple:
    return wordings.stamp_of(wording), service_fingerprint()


@lru_cache(maxsize=10)
def walked(name: str, wording: str, _made_of: tuple) -> tuple[list[ShownPage], str]:
    shown, app, problems, this_thread = [], current_app._get_current_object(), [], threading.get_ident()

    def note(_app, exception, **_):
        if threading.get_ident() == this_thread:
            problems.append(exception)

    try:
        with entered(World()), got_request_exception.connected_to(note, app):
            shown.extend(states(app, scenario(name), wording, templates=store_folder() / "templates"))
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
    """The preview, by our own pages. Whatever its templates have in them, it runs no script and sends no form, so it
    can do nothing as the moderator who looks at it. After everybody else had their say: see app.set_up_responses."""
    if request.endpoint == "research.preview":
        policy = "sandbox allow-same-origin; default-src 'self'; script-src 'none'; form-action 'none'"
        response.headers["Content-Security-Policy"] = f"{policy}; frame-ancestors 'self'"
    return response


@blueprint.post("/research/wordings/<name>")
def save_template(name):
    template, text = request.form.get("template", ""), request.form.get("text", "").replace("\r\n", "\n")
    if not is_own(name) or not (wordings.TEMPLATES / template).is_file() or NOT_OURS.search(template):
        abort(404)
    if not Form().validate():
        return unsaved(EXPIRED, source=text)
    file = own_folder() / name / template
    if "ordinary" in request.form:
        file.unlink(missing_ok=True)
        return shown_again(name, template=template)
    try:
        current_app.jinja_env.parse(text)
    except TemplateSyntaxError as problem:
        return unsaved(f"Line {problem.lineno}: {problem.message}", source=text)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    checked(name)
    return shown_again(name, template=template)


@blueprint.post("/research/wordings/<name>/questions")
def change_questions(name):
    """One more in a journey, one fewer, or one before the one that it followed."""
    if not is_own(name):
        abort(404)
    form, is_new = AddedQuestionForm(), "add" in request.form
    if is_new and not form.validate():
        return show_design(422, question_form=form, form=form)
    if problems := journey_mistakes(name) or ([] if is_new or Form().validate() else [EXPIRED]):
        return unsaved(problems[0], question_form=form)
    journey, page = (form.journey.data, form.called.data) if is_new else request.form.get("of", "/").split("/")[:2]
    if journey not in JOURNEYS:
        abort(400)
    said = dict(wordings.journeys_in(name))
    about = dict(said.get(journey, {}))
    order = list(journeys_of(name)[journey].questions)
    if is_new:
        about[page] = form.said
        order.append(page)
    elif "up" in request.form and page in order[1:]:
        place = order.index(page)
        order[place - 1 : place + 1] = [page, order[place - 1]]
    elif "away" in request.form and about.pop(page, None):
        order.remove(page)
    said[journey] = about | {"questions": order}
    (own_folder() / name / wordings.JOURNEYS_FILE).write_text(as_toml(said))
    checked(name)
    return shown_again(name, page=f"{journey}/{page}")


@blueprint.get("/research/wordings/<name>")
@blueprint.get("/research/wordings/<name>/questions")
def shown_again(name, **more):
    """The page, where it was; for a page with an error on it, too, when that is loaded again."""
    kept = {key: request.form.get(key) for key in ("scenario", "state")}
    return redirect(url_for("research.design", wording=name, **kept | more), 303)


def unsaved(problem: str, **kept):
    flash(f"Not saved. {problem}", "error")
    return show_design(422, **kept)


def checked(wording: str) -> list[str] | None:
    """What doesn't come true in this wording as its files are now; None as long as that is being found out."""
    stamp = made_of(wording)
    checked_as, found = CHECKED.get(wording, (None, None))
    if checked_as == stamp:
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
