"""What is wrong with a scenario's file, each mistake in one line: the file, the line where it is known, what is there,
what may be there, and what was probably meant. What doesn't come true of a file without mistakes, check.py says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from forms.journeys import JOURNEYS
from models import STATUSES
from scenarios.predicates import PREDICATES, parameters
from vocabulary import DEFERRAL_REASONS, INDUCTION_STATUSES, TRAINING_PROGRAMMES, WITHDRAWAL_REASONS, WORKING_PATTERNS

TEXT, DAY, YEAR, YES_OR_NO = "a text", "a day", "a year", "true or false"
TEXTS, TABLE, TABLES, LISTS = "a list of texts", "a table", "a list of tables", "a list"
DAY_OR_LATER = "a day, or “today + 40”"

IS = {
    TEXT: lambda value: isinstance(value, str),
    DAY: lambda value: isinstance(value, date),
    YEAR: lambda value: isinstance(value, int),
    YES_OR_NO: lambda value: isinstance(value, bool),
    DAY_OR_LATER: lambda value: isinstance(value, date) or re.fullmatch(r"today [+-] \d+", str(value)),
    TEXTS: lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    TABLE: lambda value: isinstance(value, dict),
    TABLES: lambda value: isinstance(value, list) and all(isinstance(each, dict) for each in value),
    LISTS: lambda value: isinstance(value, list) and all(map(IS[TABLES], value)),
}
OF_PARAMETERS = {str: TEXT, date: DAY, bool: YES_OR_NO, list[str]: TEXTS}
"""The type of a predicate's parameter → what a claim must say."""
Kind = str | Sequence[str]
"""What may be said somewhere: one of those that IS has, or one of some values."""

ACTS = ("withdraw", "defer", "resume")
ROLES = ("ects", "mentors")
REQUIRED = ("title", "task", "persona", "about", "start", "direct_path")
NEW_PERSON = ("trn", "email", "started_on")
MOST_LISTED = 15


def pages() -> list[str]:
    """The ids of the pages that a step may be on."""
    of_journeys = [
        f"{role}/{name}/{page}" for role in ("ect", "mentor") for name in JOURNEYS for page in JOURNEYS[name].pages
    ]
    return ["ects", "ect", "mentors", "mentor", "induction-tutor", *of_journeys]


def codes() -> list[str]:
    """With which an answer may be refused."""
    questions = [question for journey in JOURNEYS.values() for question in journey.questions.values()]
    return sorted({code for question in questions for code in question.messages})


@dataclass
class Mistakes:
    """Those that were found in the file of this scenario, which has this text."""

    name: str
    text: str
    found: list[str] = field(default_factory=list)

    def add(self, what: str, *near: object) -> None:
        """One more: a sentence. It is in the first line that has all of what is `near`, as the file spells it."""
        lines = enumerate(self.text.splitlines(), 1)
        words = [re.compile(rf"(?<![\w-]){re.escape(str(word))}(?![\w-])") for word in near]
        number = next((number for number, line in lines if words and all(word.search(line) for word in words)), None)
        self.found.append(f"{self.name}.toml{f', line {number}' if number else ''}: {what}")

    def check(self, place: str, value: object, kind: Kind, *near: object) -> bool:
        """Whether this is what it may be; None is missing. If not, that is a mistake."""
        if IS[kind](value) if isinstance(kind, str) else value in kind:
            return True
        if isinstance(kind, str):
            self.add(f"{place} is {shown(value)}. It must be {kind}", *near)
        else:
            near = near if value is None else (value,)
            self.add(f"{place} is {shown(value)}. {may_be(kind)}{meant(value, kind)}", *near)
        return False

    def check_keys(
        self, place: str, said: dict, keys: dict[str, Kind], needed: Sequence[str] = (), near: Sequence[str] = ()
    ) -> dict:
        """Nothing may be said in this table but these `keys`, each as it may be; what is `needed` must be. Gives what
        is right."""
        for key in said:
            if key not in keys:
                self.add(
                    f"{place or 'the file'} has “{key}”. {may_be(list(keys), 'have')}{meant(key, list(keys))}", key
                )
        within = f"{place}, " if place else ""
        asked = [key for key in keys if key in said or key in needed]
        return {
            key: said[key]
            for key in asked
            if self.check(within + key, said.get(key), keys[key], *near, *[key] * (key in said))
        }


def shown(value: object) -> str:
    if value is None:
        return "missing"
    return f"“{value}”" if isinstance(value, str) else str(value) if isinstance(value, date) else repr(value)


def may_be(allowed: Sequence[str], verb: str = "be") -> str:
    listed = allowed if len(allowed) <= MOST_LISTED else [*sorted(allowed)[:MOST_LISTED], "…"]
    return f"It can {verb} {', '.join(listed)}"


def meant(value: object, allowed: Sequence[str]) -> str:
    close = get_close_matches(str(value), allowed, 1)
    return f". Did you mean “{close[0]}”?" if close else ""


def mistakes_in(name: str, text: str, said: dict, base: dict) -> list[str]:
    """Of this file: its text, and what it says. `base` is the world that it starts from."""
    found = Mistakes(name, text)
    keys: dict[str, Kind] = {
        "title": TEXT,
        "task": TEXT,
        "persona": [user["name"] for user in base["schools"][0]["users"]],
        "about": TEXTS,
        "start": ROLES,
        "today": DAY,
        "world": TABLE,
        "direct_path": TABLES,
        "wrong_paths": LISTS,
        **dict.fromkeys(("then", "hidden", "judged"), TEXTS),
        **dict.fromkeys(("success", "wrong_if"), TABLES),
    }
    right = found.check_keys("", said, keys, REQUIRED)
    for key in (*REQUIRED, "wrong_paths"):
        if key in right and not right[key]:
            found.add(f"{key} says nothing. It must be {keys[key]}, and not empty", key)
    names = check_world(found, right.get("world", {}), base)
    for who in right.get("about", []):
        found.check("about", who, names)
    for key in ("success", "wrong_if"):
        for number, line in enumerate(right.get(key, []), 1):
            check_claim(found, f"claim {number} of {key}", line, names, base)
    paths = {"direct_path": right.get("direct_path", [])}
    paths |= {f"wrong path {number}": path for number, path in enumerate(right.get("wrong_paths", []), 1)}
    for place, path in paths.items():
        for number, step in enumerate(path, 1):
            check_step(found, f"step {number} of {place}", step, names)
    return found.found


def check_world(found: Mistakes, world: dict, base: dict) -> list[str]:
    """The names of everybody in the world that there would be."""
    names = {role: [person["name"] for person in base["schools"][0][role]] for role in ROLES}
    people = [
        (role, who, said)
        for role, group in found.check_keys("world", world, dict.fromkeys(ROLES, TABLE)).items()
        for who, said in group.items()
        if found.check(f"world.{role}.“{who}”", said, TABLE, who)
    ]
    for role, who, said in people:
        if who not in names[role]:
            if missing := [key for key in NEW_PERSON if key not in said]:
                near = meant(who, names[role])
                found.add(f"nobody in the base world is “{who}”, and who is new needs {', '.join(missing)}{near}", who)
            names[role].append(who)
    for role, who, said in people:
        check_person(found, f"world.{role}.“{who}”", said, names["mentors"], base)
    return names["ects"] + names["mentors"]


def check_person(found: Mistakes, place: str, said: dict, mentors: list[str], base: dict) -> None:
    keys: dict[str, Kind] = {
        **dict.fromkeys(("trn", "email"), TEXT),
        **dict.fromkeys(("started_on", "induction_started_on"), DAY),
        **dict.fromkeys(("training", "withdrawn", "deferred", "funding_ended"), TABLE),
        "leaving_on": DAY_OR_LATER,
        "working_pattern": WORKING_PATTERNS,
        "appropriate_body": list(base["appropriate_bodies"]),
        "mentor": mentors,
        "induction_status": INDUCTION_STATUSES,
    }
    # `false` takes away what the base world says.
    right = found.check_keys(place, {key: value for key, value in said.items() if value is not False}, keys)
    training: dict[str, Kind] = {
        "programme": TRAINING_PROGRAMMES,
        "lead_provider": base["lead_providers"],
        "year": YEAR,
    }
    training |= dict.fromkeys(("started_on", "finished_on"), DAY)
    found.check_keys(f"{place}, training", right.get("training", {}), training)
    for mark, reasons in (("withdrawn", WITHDRAWAL_REASONS), ("deferred", DEFERRAL_REASONS)):
        marked: dict[str, Kind] = {"on": DAY, "reason": [each.replace("_", "-") for each in reasons]}
        if mark in right:
            found.check_keys(f"{place}, {mark}", right[mark], marked, list(marked), [mark])


def check_claim(found: Mistakes, place: str, line: dict, names: list[str], base: dict) -> None:
    known: dict[str, Kind] = {"who": names, "mentor": names, "lead_provider": base["lead_providers"]}
    known |= {"status": STATUSES, "page": pages(), "after": ACTS, "code": codes()}
    holds = line.get("holds")
    if not found.check(f"{place}, holds", holds, list(PREDICATES)):
        return
    takes = parameters(PREDICATES[holds])
    keys = {name: known[name] if kind is str else OF_PARAMETERS[kind] for name, kind in takes.items()}
    right = found.check_keys(place, line, {"holds": TEXT, "not": YES_OR_NO} | keys, list(takes), [holds])
    for who in right.get("who", []) if takes.get("who") == list[str] else ():
        found.check(f"{place}, who", who, names)


def check_step(found: Mistakes, place: str, step: dict, names: list[str]) -> None:
    keys: dict[str, Kind] = {"page": pages(), "who": names, "answers": TABLE, "refused": codes(), "provider": ACTS}
    found.check_keys(place, step, keys)
    if ("page" in step) == ("provider" in step):
        found.add(f"{place} is {shown(step)}. It needs either “page” or “provider”", *list(step)[:1])
    if "refused" in step and "answers" not in step:
        found.add(f"{place} is refused, and answers nothing. It needs “answers”", "refused")
