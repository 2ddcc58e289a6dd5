"""A scenario as researchers and tests use it: its TOML file, read and checked to say only what a scenario may say. How
its world becomes rows is in __init__.py, whether it comes true is in check.py."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from clock import World, in_utc
from scenarios import HERE, WORLD, fingerprint, read, world_of
from scenarios.mistakes import mistakes_in
from scenarios.predicates import Claim
from web import wordings


class ScenarioError(Exception):
    """What is wrong with a scenario's file, a line for each mistake."""


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

    @property
    def variants(self) -> list[str]:
        """The other wordings that change a page on its direct path."""
        journeys = {step.page.split("/")[1] for step in self.direct_path if "/" in step.page}
        return [name for name in wordings.names() if wordings.is_seen(name, journeys)]

    @property
    def is_exploratory(self) -> bool:
        """There is nothing to get right."""
        return not self.success and not self.judged

    @property
    def takes_two(self) -> bool:
        """Somebody else must be there, to say what comes later or to be the lead provider."""
        return bool(self.then) or any(step.provider for step in self.direct_path)

    @cached_property
    def persona_email(self) -> str:
        users = read(WORLD)["schools"][0]["users"]
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


def scenario(name: str) -> Scenario:
    """The scenario of this id, as its file is now. Raises ScenarioError for one that isn't there or says what none may
    say, with a line for each mistake."""
    file = HERE / f"{name}.toml"
    if name not in scenario_ids():
        raise ScenarioError(f"there is no scenario {name}. There are: {', '.join(scenario_ids())}")
    return scenario_as(name, file.read_text(), wordings.stamp([HERE / f"{WORLD}.toml"]))


@lru_cache(maxsize=200)
def scenario_as(name: str, text: str, _stamp: tuple = ()) -> Scenario:
    """The scenario that a file of this text is. Raises ScenarioError."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        line = re.search(r" \(at line (\d+), column \d+\)$", str(problem))
        where = line[1] if line else len(text.splitlines())
        raise ScenarioError(
            f"{name}.toml, line {where}: {str(problem).partition(' (at ')[0]}. It must be TOML"
        ) from problem
    found = mistakes_in(name, text, said, read(WORLD))
    if found:
        raise ScenarioError("\n".join(found))
    for claims in ("success", "wrong_if"):
        said[claims] = [claim(**line) for line in said.get(claims, [])]
    said["direct_path"] = [Step(**step) for step in said["direct_path"]]
    said["wrong_paths"] = [[Step(**step) for step in path] for path in said.get("wrong_paths", [])]
    return Scenario(id=name, **({"today": read(WORLD)["today"]} | said))


def claim(holds: str, **arguments) -> Claim:
    """One line of `success` or `wrong_if`; with `not = true` it must not hold."""
    is_denied = arguments.pop("not", False)
    return Claim(holds, arguments, is_denied)


def scenarios_there(names: Iterable[str] = ()) -> tuple[list[Scenario], list[str]]:
    """Those of these names, or all, that can be read; and what is wrong with the others, a line for each mistake."""
    found, wrong = [], []
    for name in names or scenario_ids():
        try:
            found.append(scenario(name))
        except ScenarioError as problem:
            wrong += str(problem).splitlines()
    return found, wrong
