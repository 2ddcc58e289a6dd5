"""Every scenario is also a test: this walks it through the service's own pages, as the participant would, and says what
doesn't come true. Unlike the rest of this package it knows the web: it asks the app, from inside."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask, template_rendered

from clock import entered
from database import db
from forms.added import journey_mistakes, journeys_here, journeys_of
from forms.journeys import CHECK_ANSWERS
from models import Participant
from scenarios import fresh_copy, provider_acts, template
from scenarios.pages import ASKED, HIDDEN, Page, filled_in, page_id, refused_page, sent, words
from scenarios.predicates import EndState
from scenarios.scenario import Scenario, Step
from web.wordings import misplaced

NOT_OF_THE_SERVICE = re.compile(
    r"research|scenario|sandbox|moderator|observer|prototype|consent|variant|wording|\bdemo|\bdebug|clear data", re.I
)
"""What participants' pages have no word of."""

LOADS = 5
"""How often a page is opened to see that it always says the same."""


class Problem(Exception):
    """What doesn't come true, in a sentence."""


@dataclass
class ShownPage:
    """One page that the service has shown."""

    page: str
    """Its id, or `not-found`, `gone`, `changed` or `error` where it couldn't be shown."""
    about: int | None
    path: str
    status: int
    html: str
    codes: dict[str, str]
    """Field → the code of its error."""
    template: str = ""

    @cached_property
    def read(self) -> Page:
        return Page(self.html)


def address_of(app: Flask) -> str:
    """Under which the service lets itself be asked."""
    name = next(iter(app.config["TRUSTED_HOSTS"] or ["localhost"]))
    return f"https://{name.lstrip('.')}"


class Walker:
    """A school user in this scenario's world, who goes by the links and forms that are on the pages."""

    def __init__(self, app: Flask, scenario: Scenario, fresh: Path, file: Path, words: str = "", shown_names=None):
        self.app, self.scenario, self.fresh, self.file, self.words = app, scenario, fresh, file, words
        self.shown_names: dict[str, str] = shown_names or {}
        self.client = app.test_client()
        self.happened: list[tuple[str, str]] = []
        self.now: ShownPage | None = None
        self.ids: dict[str, int] = {}

    def inside(self):
        return entered(self.scenario.world_in(self.file, self.words))

    @contextmanager
    def data(self):
        with self.inside():
            db.connect()
            try:
                yield
            finally:
                db.close()

    def ask(self, path: str, data: dict | None = None) -> ShownPage:
        """Any page, by its address; nothing is remembered of it."""
        rendered, this_thread = [], threading.get_ident()

        def remember(_app, template, context, **_):
            if threading.get_ident() == this_thread:  # the others answer somebody else
                rendered.append((template.name, getattr(context.get("form"), "codes", {})))

        # With a context of its own, because whoever asks may be answering a request, or be a command.
        with self.inside(), self.app.app_context(), template_rendered.connected_to(remember, self.app):
            method = "GET" if data is None else "POST"
            response = self.client.open(
                path, base_url=address_of(self.app), method=method, data=data, follow_redirects=True
            )
        name, codes = rendered[-1] if rendered else ("", {})
        path = response.request.path
        endpoint, values = self.app.url_map.bind("").match(path, "GET")
        page = refused_page(name, response.status_code) or page_id(endpoint, values)
        return ShownPage(
            page, values.get("participant_id"), path, response.status_code, response.text, dict(codes), name
        )

    def open(self, path: str, data: dict | None = None) -> ShownPage:
        self.now = self.ask(path, data)
        self.happened.append(("page", self.now.page))
        self.happened += [("error", code) for code in self.now.codes.values()]
        return self.now

    def begin(self) -> ShownPage:
        return self.open(f"/school/{self.scenario.start}")

    def id_of(self, who: str) -> int:
        who = who or self.scenario.about[0]
        if who not in self.ids:
            with self.data():
                self.ids[who] = self.end_state().person(who).id
        return self.ids[who]

    def address_of(self, step: Step) -> str:
        """Where this step's page is. Raises Problem when no link or redirect on the present page leads there."""
        for path in (self.now.path, *self.now.read.links):
            if self.is_at(step, path):
                return path
        raise Problem(f"nothing on the page {self.now.page} leads to {step.page} of {step.who or 'whom it is about'}")

    def is_at(self, step: Step, path: str) -> bool:
        path = path.partition("?")[0].partition("#")[0]
        if not path.startswith("/school/"):
            return False
        endpoint, values = self.app.url_map.bind("").match(path, "GET")
        about = values.get("participant_id")
        return page_id(endpoint, values) == step.page and about in (None, self.id_of(step.who))

    def walk(self, path: list[Step]):
        """Take these steps, giving each with the page that it leads to, before that is answered. Raises Problem where
        there is no way on."""
        for step in path:
            if step.provider:
                self.provider_acts(step.provider, step.who)
                continue
            if self.now is None:
                self.begin()
            for unnamed in self.passed_over(step):
                yield unnamed, self.now
                self.answer(unnamed)
            address = self.address_of(step)
            if address != self.now.path:
                self.open(address)
            yield step, self.now
            if step.answers is not None:
                self.answer(step)

    def passed_over(self, step: Step) -> Iterator[Step]:
        """The questions of the step's journey that come before it and that its path doesn't name, each answered by its
        example. Raises Problem for one that has none."""
        journey = step.page.rpartition("/")[0]
        while journey and not any(map(partial(self.is_at, step), (self.now.path, *self.now.read.links))):
            way = next((path for path in self.now.read.links if f"/{journey.partition('/')[2]}/" in path), None)
            if not self.now.page.startswith(f"{journey}/") and way:
                self.open(way)
            person, name, page = [*self.now.page.split("/"), "", ""][:3]
            with self.inside():
                journeys = journeys_here()
            question = journeys[name].questions.get(page) if name in journeys else None
            if not question or f"{person}/{name}" != journey or self.now.page == step.page:
                return
            if not question.example:
                raise Problem(f"no path answers {self.now.page}, and {question.__name__} has no example")
            yield Step(page=self.now.page, who=step.who, answers=question.example)

    def answer(self, step: Step) -> None:
        """Fill in the page's form and send it."""
        before = self.now
        if not before.read.question:
            raise Problem(f"{before.page} asks nothing")
        try:
            data = filled_in(before.read.question, step.answers)
        except LookupError as problem:
            raise Problem(f"{before.page}: {problem}") from problem
        self.open(before.path, data)
        codes = list(self.now.codes.values())
        if codes != ([step.refused] if step.refused else []):
            raise Problem(f"{before.page} answers {step.answers} with {codes or 'no error'}")

    def provider_acts(self, act: str, who: str = "") -> None:
        with self.data():
            provider_acts(act, self.end_state().person(who or self.scenario.about[0]))
        self.happened.append(("provider", act))

    def end_state(self) -> EndState:
        """How it has ended so far. For use where `data` is open."""
        return EndState(self.fetch, self.report_shown_at_first, self.happened, self.shown_names)

    def fetch(self, path: str) -> Page:
        with self.elsewhere():
            return self.ask(path).read

    def report_shown_at_first(self, who: str) -> str:
        """What the pages said of the provider's report when the scenario began: the longest stretch of it without the
        provider's name or address."""
        world = self.scenario.world_in(self.fresh, self.words)
        with self.elsewhere(), entered(world), db.connection_context():
            participant = self.end_state().person(who)
            provider = participant.training_period.lead_provider
            says = self.app.jinja_env.get_template("status.html").module
            message = words(says.provider_message(participant).striptags())
        return max(message.replace(provider.contact_email, provider.name).split(words(provider.name)), key=len).strip()

    @contextmanager
    def elsewhere(self):
        """The walker's database is closed meanwhile: each connection is to one file."""
        db.close()
        try:
            yield
        finally:
            db.connect()


# --- what is checked ---------------------------------------------------------------------------------------


def check(app: Flask, scenario: Scenario, words: str = "", templates: Path | None = None) -> list[str]:
    """What is wrong with the scenario in this wording (the ordinary one has no name), a sentence each. `templates` is a
    folder that keeps templates for the next time."""
    with TemporaryDirectory() as folder:
        run = CheckRun(app, scenario, Path(folder), words, templates)
        found = []
        for part in PARTS:
            try:
                found += part(run)
            except Problem as problem:
                found.append(str(problem))
    name = f"{scenario.id} in the wording {words}" if words else scenario.id
    return [f"{name}: {sentence}" for sentence in dict.fromkeys(found)]


class CheckRun:
    """Where a scenario is checked: in as many files as it takes."""

    def __init__(self, app: Flask, scenario: Scenario, folder: Path, words: str, templates: Path | None = None):
        self.app, self.scenario, self.folder, self.words = app, scenario, folder, words
        self.fresh = template(scenario.id, templates or folder)
        self.count = 0

    def walker(self) -> Walker:
        self.count += 1
        file = self.folder / f"{self.count}.sqlite3"
        fresh_copy(self.fresh, file)
        return Walker(self.app, self.scenario, self.fresh, file, self.words)


def walks_directly(run: CheckRun) -> Iterator[str]:
    """The direct path is there, its pages say and take nothing that they mustn't, and it ends well. Nothing of what is
    done is in another file, nothing of what is answered is there for somebody else."""
    scenario, walker, other, answered = run.scenario, run.walker(), run.walker(), None
    at_first = plain(other.begin())
    for _step, shown in walker.walk(scenario.direct_path):
        yield from page_faults(shown, scenario)
        yield from nonsense_taken(walker, shown)
        for unanswered in same_about_somebody_else(other, answered):
            if plain(walker.ask(unanswered.path)) != plain(unanswered):
                yield f"what is answered on {answered.page} is there for somebody else too"
        answered = shown if shown.about and shown.read.question else None
    with walker.data():
        for claim in scenario.success:
            if not claim.is_true(walker.end_state()):
                yield f"after the direct path this isn’t true: {claim}"
    with other.data():
        is_changed = bool(other.end_state().changed_by_school())
    if is_changed or plain(other.begin()) != at_first:
        yield "another world shows what is done in this one"


def page_faults(shown: ShownPage, scenario: Scenario) -> Iterator[str]:
    """What one page says and mustn't."""
    if shown.status not in (200, 422):
        yield f"{shown.page} answers {shown.status}"
    html = re.sub("<script>.*?</script>", "", shown.html)
    for word in set(NOT_OF_THE_SERVICE.findall(html)):
        yield f"{shown.page} says “{word}”, which is not of the service"
    motives = {motive.replace("-", "_") for motive in scenario.reasons} | scenario.reasons
    for fact in {*scenario.hidden, *(motive for motive in motives if "-" in motive or "_" in motive)}:
        if fact.casefold() in html.casefold():
            yield f"{shown.page} says “{fact}”, which the school isn’t told"
    said = [*shown.read.links.values(), *shown.read.buttons]
    told = " ".join([scenario.task, *scenario.then])
    for given in said:
        if " " in given and given not in scenario.about and given.casefold() in told.casefold():
            yield f"the task gives away “{given}”, which {shown.page} has to select"


def tells_wrong_ends(run: CheckRun) -> Iterator[str]:
    """Nothing is wrong or, where something is to be done, right from the start; each wrong path ends wrong."""
    scenario = run.scenario
    for path in ([], *scenario.wrong_paths):
        walker, name = run.walker(), f"the wrong path to {path[-1].page}" if path else "the start"
        for _step, shown in walker.walk(path):
            yield from page_faults(shown, scenario)
        with walker.data():
            is_wrong = any(claim.is_true(walker.end_state()) for claim in scenario.wrong_if)
            is_success = bool(scenario.success) and all(claim.is_true(walker.end_state()) for claim in scenario.success)
        if is_wrong != bool(path):
            yield f"{name} is {'not ' * bool(path)}told to be wrong"
        if path and is_success:
            yield f"{name} counts as a success"
    if scenario.wrong_if and not scenario.wrong_paths:
        yield "it has no wrong path to prove that a wrong end is told apart"


def nonsense_taken(walker: Walker, shown: ShownPage) -> Iterator[str]:
    """A question must be answered, and a date must be one."""
    hidden, asked = sent(shown.read.question, HIDDEN), sent(shown.read.question, ASKED)
    if asked and not walker.ask(shown.path, hidden).codes:
        yield f"{shown.page} takes nothing for an answer"
    for name in {name.removesuffix("-day") for name in asked if name.endswith("-day")}:
        date = {f"{name}-day": "31", f"{name}-month": "2", f"{name}-year": "2026"}
        if not walker.ask(shown.path, hidden | date).codes:
            yield f"{shown.page} takes 31 February for an answer"


def same_about_somebody_else(walker: Walker, answered: ShownPage | None) -> list[ShownPage]:
    """The same question about somebody else at the school, if anything was answered."""
    if not answered:
        return []
    with walker.data():
        one = Participant.get_by_id(answered.about)
        others = Participant.select().where(
            Participant.school == one.school_id, Participant.role == one.role, Participant.id != one.id
        )
        paths = [answered.path.replace(f"/{one.id}/", f"/{other.id}/") for other in others]
    return next(([shown] for shown in map(walker.ask, paths) if shown.status == 200), [])


def begins_anew(run: CheckRun) -> Iterator[str]:
    """What was begun before a reset isn't done after it."""
    walker = run.walker()
    for step, shown in walker.walk(run.scenario.direct_path):
        if shown.page.endswith(f"/{CHECK_ANSWERS}"):
            fresh_copy(run.fresh, walker.file)
            walker.answer(step)
            break
    with walker.data():
        if walker.end_state().changed_by_school():
            yield "what was begun before a reset is done after it"


def says_the_same(run: CheckRun) -> Iterator[str]:
    """The page that the link opens has one wording, however often it is loaded."""
    walker = run.walker()
    if len({plain(walker.begin()) for _ in range(LOADS)}) > 1:
        yield f"{walker.now.page} says something else when it is loaded again"


def plain(shown: ShownPage) -> str:
    """A page without what is new each time: the tokens of its forms, and in which database it was drawn."""
    return re.sub(r'(name="csrf_token"[^>]*value=|data-drawn-for=)"[^"]*"', r"\1", shown.html)


def is_another_wording(run: CheckRun) -> Iterator[str]:
    """Every template of the wording takes the place of an ordinary one, and its journeys are some."""
    mistakes = journey_mistakes(run.words) if run.words else []
    yield from mistakes
    journeys = journeys_of(run.words).items()
    pages = {f"journeys/{name}/{page}.html" for name, journey in journeys for page in journey.pages}
    for name in misplaced(run.words) if run.words and not mistakes else ():
        if name not in pages:
            yield f"{name} takes the place of no template"


PARTS = (is_another_wording, walks_directly, tells_wrong_ends, begins_anew, says_the_same)
