"""What is reported of a round: how many came to what end, where they went and where they were refused. Counts of
people, never a bare percentage, a mean or a score: so few people bear none of these."""

import math
import re
from collections import Counter
from dataclasses import dataclass, field

from forms import Question, questions
from forms.added import journeys_of
from research.models import OUTCOMES, SUCCESSES, Entry, Round, Session, Task
from scenarios.scenario import Scenario

CONFIDENCE = 1.959964
"""Standard deviations on either side that 95% lie between."""


def wilson(successes: int, count: int) -> tuple[float, float]:
    """Between which shares the true one lies with 95% confidence, by Wilson's score interval."""
    share, squared = successes / count, CONFIDENCE**2
    middle = share + squared / (2 * count)
    spread = CONFIDENCE * math.sqrt(share * (1 - share) / count + squared / (4 * count**2))
    low, high = ((middle + sign * spread) / (1 + squared / count) for sign in (-1, 1))
    return max(low, 0), min(high, 1)


@dataclass
class Result:
    """How one scenario went in one wording."""

    scenario: Scenario
    wording: str
    outcomes: Counter = field(default_factory=Counter)
    unconfirmed: int = 0
    """How many took the task, and nobody has said yet how it ended. They are in no other count of outcomes."""
    assisted: int = 0
    explored: int = 0
    """How many took an exploratory task, which has no outcome."""
    ease: list[int] = field(default_factory=list)
    errors: Counter = field(default_factory=Counter)
    """(page, field, code) → how many people met it."""
    refused_on: Counter = field(default_factory=Counter)
    """Page → how many people met any error there."""
    paths: list[list[str]] = field(default_factory=list)
    """The pages that each person came to, in order."""
    ends: Counter = field(default_factory=Counter)
    """(page, outcome) → how many people's path ended there so. The outcome is empty where none is confirmed."""

    @property
    def in_wording(self) -> str:
        return f"in the wording “{self.wording}”" if self.wording else "in the ordinary wording"

    @property
    def reached(self) -> int:
        """How many reached the task, whether or not anybody has said how it ended."""
        return self.count + self.unconfirmed + self.explored

    @property
    def count(self) -> int:
        """How many reached the task and came to a confirmed end."""
        return sum(count for outcome, count in self.outcomes.items() if outcome != "not_reached")

    @property
    def successes(self) -> int:
        return sum(self.outcomes[outcome] for outcome in SUCCESSES)

    @property
    def interval(self) -> str:
        """The Wilson interval as words, such as “44% to 97%”."""
        low, high = wilson(self.successes, self.count)
        return f"{low:.0%} to {high:.0%}"


def consented_sessions(round_: Round) -> tuple:
    """The conditions on a session of which anything is told: not of one whose deletion was cut short."""
    return Session.round == round_, Session.consent == "given", Session.state != "purging"


def results_of(round_: Round) -> list[Result]:
    """Of those who consented, each task's last attempt."""
    found = {}
    for name in round_.scenarios:
        for wording in round_.wordings:
            found[name, wording] = Result(round_.scenario(name), wording)
    tasks = Task.select(Task, Session).join(Session).where(*consented_sessions(round_)).order_by(Session.number)
    for task in tasks:
        result = found.get((task.scenario, task.session.wording))
        if result and task.session.is_over:
            add(result, task)
    return list(found.values())


def add(result: Result, task: Task) -> None:
    entries = list(task.entries.where(Entry.attempt == task.attempt).order_by(Entry.id))
    if was_never_begun(task):
        result.outcomes["not_reached"] += not result.scenario.is_exploratory
        return
    result.unconfirmed += is_unconfirmed(task)
    if task.outcome:
        result.outcomes[task.outcome] += 1
        result.assisted += bool(task.is_assisted)
    result.explored += result.scenario.is_exploratory
    result.ease += [task.ease] if task.ease else []
    errors = {(entry.page, entry.field, entry.code) for entry in entries if entry.kind == "error"}
    result.errors.update(errors)
    result.refused_on.update({page for page, _field, _code in errors})
    path = without_repeats(entry.page for entry in entries if entry.kind == "page")
    result.paths.append(path)
    result.ends.update([(path[-1], task.outcome or "")] if path else [])


def was_never_begun(task: Task) -> bool:
    return task.state == "planned" and not task.was_reset


def is_unconfirmed(task: Task) -> bool:
    """Whether the task is over, had an outcome, and nobody has said which."""
    is_done = task.state == "closed" and task.session.is_logged
    return is_done and not task.outcome and not task.said.is_exploratory


def without_repeats(pages) -> list[str]:
    """The same page shown again, because of an error or a reload, is one stay."""
    path: list[str] = []
    for page in pages:
        if path[-1:] != [page]:
            path.append(page)
    return path


def proposed(is_success: bool, is_wrong: bool, happened: list[tuple[str, str]], on_direct_path: list[str]) -> str:
    """The outcome that the machine proposes, given what the scenario's claims say and what the log has."""
    pages = [what for kind, what in happened if kind == "page"]
    if not pages:
        return "not_reached"
    if is_success:
        return "direct" if set(pages) <= set(on_direct_path) else "indirect"
    if is_wrong:
        return "wrong"
    return "gave_up"


WORDS = dict(
    zip(OUTCOMES, ("Success, directly", "Success, by a detour", "Wrong end", "Gave up", "Not reached"), strict=True)
)


FORMS = [form for form in vars(questions).values() if isinstance(form, type) and issubclass(form, Question)]
ASKED = {name: form for form in FORMS for name in form.fields()}
"""Field → the question that asks for it."""


def error_words(field: str, code: str, wording: str) -> str:
    """The page's own words for an error, without any fact that was in them. The wording may have added the question."""
    added = {
        name: form
        for each in journeys_of(wording).values()
        for form in each.questions.values()
        for name in form.fields()
    }
    form = (added | ASKED).get(field)
    sentence = form and form.messages.get(code)
    return re.sub(r"{\w+}", "…", sentence) if sentence else f"{field}: {code}"
