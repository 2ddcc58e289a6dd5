"""A scenario as researchers and tests use it: its TOML file, read and checked to say only what a scenario may say. How
its world becomes rows is in __init__.py, whether it comes true is in check.py."""

from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path

from clock import World, in_utc
from scenarios import HERE, day_of, fingerprint, read, world_of
from scenarios.predicates import PREDICATES, Claim, parameters

WORDINGS = HERE.parent / "templates" / "wordings"
ACTS = ("withdraw", "defer", "resume")


class ScenarioError(Exception):
    """What is wrong with a scenario's file, in a sentence."""


@dataclass(frozen=True)
class Step:
    """A page of a path and what is answered on it, or what the lead provider does meanwhile."""

    page: str = ""
    who: str = ""
    """Whose page it is: the first of the scenario's `about` unless said."""
    answers: dict | None = None
    refused: str = ""
    """The code of the error that the answers get."""
    provider: str = ""


@dataclass(frozen=True)
class Scenario:
    id: str
    title: str
    task: str
    """What is read out to the participant: a goal, in none of the interface's words."""
    persona: str
    """Whom the participant plays: a school user of the base world."""
    about: list[str]
    """Whom the task is about."""
    start: str
    """The page on which the task begins, one that is about nobody."""
    today: date
    direct_path: list[Step]
    world: dict = field(default_factory=dict)
    """What differs from the base world: `ects` or `mentors` → name → what is said of them."""
    then: list[str] = field(default_factory=list)
    """What is handed over or read out later, in order."""
    hidden: list[str] = field(default_factory=list)
    """Facts that must be on no page."""
    success: list[Claim] = field(default_factory=list)
    wrong_if: list[Claim] = field(default_factory=list)
    """When any of these is true and it isn't a success, the participant went wrong."""
    wrong_paths: list[list[Step]] = field(default_factory=list)
    """Ways to go wrong, to prove that they are told apart."""
    judged: list[str] = field(default_factory=list)
    """What only a person can see, as statements about the participant."""
    variants: list[str] = field(default_factory=list)
    """Other wordings to try it in: folders in templates/wordings/."""

    @property
    def is_exploratory(self) -> bool:
        """There is nothing to get right."""
        return not self.success and not self.judged

    @cached_property
    def persona_email(self) -> str:
        users = world_of(self.id)["schools"][0]["users"]
        return next(user["email"] for user in users if user["name"] == self.persona)

    def world_in(self, file: Path, wording: str = "") -> World:
        """This scenario's world in this SQLite file: on its day, with its persona, unlogged."""
        return World(file, in_utc(self.today), wording, self.persona_email, is_logged=False)

    @property
    def hash(self) -> str:
        return fingerprint(self.id)

    @cached_property
    def reasons(self) -> set[str]:
        """Why lead providers withdrew or deferred people here, as the API spells it."""
        people = [row for role in ("ects", "mentors") for row in world_of(self.id)["schools"][0][role]]
        return {row[mark]["reason"] for row in people for mark in ("withdrawn", "deferred") if row.get(mark)}


def scenario_ids() -> list[str]:
    return sorted(path.stem for path in HERE.glob("S*.toml"))


@cache
def scenario(name: str) -> Scenario:
    """The scenario of this id. Raises ScenarioError for one that isn't there or says what none may say."""
    if name not in scenario_ids():
        raise ScenarioError(f"there is no scenario {name}. There are: {', '.join(scenario_ids())}")
    said = {key: value for key, value in read(name).items() if key != "today"}
    try:
        for claims in ("success", "wrong_if"):
            said[claims] = [claim(**line) for line in said.get(claims, [])]
        said["direct_path"] = [Step(**step) for step in said["direct_path"]]
        said["wrong_paths"] = [[Step(**step) for step in path] for path in said.get("wrong_paths", [])]
        found = Scenario(id=name, today=day_of(name), **said)
        people = {row["name"] for role in ("ects", "mentors") for row in world_of(name)["schools"][0][role]}
        strangers = {who for who in found.about if who not in people}
        if strangers:
            raise ScenarioError(f"nobody is called {', '.join(strangers)}")
        unknown = {words for words in found.variants if not (WORDINGS / words).is_dir()}
        if unknown:
            there = ", ".join(sorted(path.name for path in WORDINGS.iterdir()))
            raise ScenarioError(f"there is no wording {', '.join(unknown)}. There are: {there}")
        steps = [step for path in (found.direct_path, *found.wrong_paths) for step in path]
        if any(step.provider not in ("", *ACTS) for step in steps):
            raise ScenarioError(f"a provider can only {', '.join(ACTS)}")
        return found
    except (TypeError, KeyError, ScenarioError) as problem:
        raise ScenarioError(f"{name}.toml: {problem}") from problem


def claim(holds: str, **arguments) -> Claim:
    """One line of `success` or `wrong_if`; with `not = true` it must not hold."""
    is_denied = arguments.pop("not", False)
    if holds not in PREDICATES:
        raise ScenarioError(f"there is no predicate {holds}. There are: {', '.join(PREDICATES)}")
    wanted = parameters(PREDICATES[holds])
    if set(arguments) != set(wanted):
        raise ScenarioError(f"{holds} takes {', '.join(wanted) or 'nothing'}, and not {', '.join(arguments)}")
    return Claim(holds, arguments, is_denied)
