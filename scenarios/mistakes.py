"""What is wrong with a scenario's file, each mistake in one line: the file, the line where it is known, what is there,
what may be there, and what was probably meant. What doesn't come true of a file without mistakes, check.py says."""

import inspect
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from forms.journeys import JOURNEYS
from models import STATUSES
from scenarios.predicates import PREDICATES, parameters
from vocabulary import DEFERRAL_REASONS, WITHDRAWAL_REASONS

ACTS = ("withdraw", "defer", "resume")
TEXT, DAY, TEXTS, TABLE, TABLES, LISTS = "a text", "a day", "a list of texts", "a table", "a list of tables", "a list"
KEYS = {
    "title": TEXT,
    "task": TEXT,
    "persona": TEXT,
    "about": TEXTS,
    "start": TEXT,
    "today": DAY,
    "world": TABLE,
    "then": TEXTS,
    "hidden": TEXTS,
    "success": TABLES,
    "wrong_if": TABLES,
    "judged": TEXTS,
    "direct_path": TABLES,
    "wrong_paths": LISTS,
}
"""What a file may say → what it must be."""
REQUIRED = ("title", "task", "persona", "about", "start", "direct_path")
NOT_EMPTY = (*REQUIRED, "wrong_paths")
STEP = ("page", "who", "answers", "refused", "provider")
STARTS = ("ects", "mentors")
TRAINING = ("programme", "lead_provider", "year", "started_on", "finished_on")
OF_A_PERSON = ("trn", "email", "started_on", "working_pattern", "appropriate_body", "mentor", "training")
OF_A_PERSON += ("induction_status", "induction_started_on", "withdrawn", "deferred", "leaving_on", "funding_ended")
NEW_PERSON = ("trn", "email", "started_on")
MARKS = {"withdrawn": WITHDRAWAL_REASONS, "deferred": DEFERRAL_REASONS}
MOST_LISTED = 15

IS = {
    TEXT: lambda value: isinstance(value, str),
    DAY: lambda value: isinstance(value, date),
    TEXTS: lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    TABLE: lambda value: isinstance(value, dict),
    TABLES: lambda value: isinstance(value, list) and all(isinstance(each, dict) for each in value),
    LISTS: lambda value: isinstance(value, list) and all(map(IS[TABLES], value)),
}
KINDS = {str: TEXT, date: DAY, bool: "true or false", list[str]: TEXTS}


def pages() -> list[str]:
    """The ids of the pages that a step may be on."""
    of_journeys = [
        f"{role}/{name}/{page}" for role in ("ect", "mentor") for name in JOURNEYS for page in JOURNEYS[name].pages
    ]
    return ["ects", "ect", "mentors", "mentor", "induction-tutor", *of_journeys]


def codes() -> set[str]:
    """With which an answer may be refused."""
    return {
        code for journey in JOURNEYS.values() for question in journey.questions.values() for code in question.messages
    }


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

    def one_of(self, place: str, value: object, allowed: Iterable[str]) -> bool:
        """Whether the value is one of these. If not, that is a mistake."""
        allowed = list(allowed)
        if value in allowed:
            return True
        self.add(f"{place} is {shown(value)}. {may_be(allowed)}{meant(value, allowed)}", value)
        return False

    def known(self, place: str, table: dict, allowed: Iterable[str]) -> None:
        """No key of the table may be any other."""
        allowed = list(allowed)
        for key in table:
            if key not in allowed:
                self.add(f"{place} has “{key}”. {may_be(allowed, 'have')}{meant(key, allowed)}", key)

    def kind(self, place: str, value: object, kind: str, near: object) -> bool:
        if IS[kind](value):
            return True
        self.add(f"{place} is {shown(value)}. It must be {kind}", near)
        return False


def shown(value: object) -> str:
    return f"“{value}”" if isinstance(value, str) else repr(value) if not isinstance(value, date) else str(value)


def may_be(allowed: list[str], verb: str = "be") -> str:
    listed = allowed if len(allowed) <= MOST_LISTED else [*sorted(allowed)[:MOST_LISTED], "…"]
    return f"It can {verb} {', '.join(listed)}"


def meant(value: object, allowed: list[str]) -> str:
    close = get_close_matches(str(value), allowed, 1)
    return f". Did you mean “{close[0]}”?" if close else ""


def mistakes_in(name: str, text: str, said: dict, base: dict) -> list[str]:
    """Of this file: its text, and what it says. `base` is the world that it starts from."""
    found = Mistakes(name, text)
    found.known("the file", said, KEYS)
    for key in REQUIRED:
        if key not in said:
            found.add(f"“{key}” is missing. It must be {KEYS[key]}")
    right = {key: said[key] for key in KEYS if key in said and found.kind(key, said[key], KEYS[key], key)}
    for key in NOT_EMPTY:
        if key in right and not right[key]:
            found.add(f"“{key}” says nothing. It must be {KEYS[key]}, and not empty", key)
    names = check_world(found, right.get("world", {}), base)
    personas = [user["name"] for user in base["schools"][0]["users"]]
    for key, allowed in (("persona", personas), ("start", STARTS), ("about", names)):
        values = right.get(key, [])
        for value in values if isinstance(values, list) else [values]:
            found.one_of(key, value, allowed)
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
    school = base["schools"][0]
    roles = ("ects", "mentors")
    names = {role: [person["name"] for person in school[role]] for role in roles}
    found.known("world", world, roles)
    for role in roles:
        people = world.get(role, {})
        if not found.kind(f"world.{role}", people, TABLE, role):
            continue
        for who, said in people.items():
            if not found.kind(f"world.{role}.“{who}”", said, TABLE, who):
                continue
            is_new = who not in names[role]
            missing = [key for key in NEW_PERSON if key not in said]
            if is_new and missing:
                near = meant(who, names[role])
                found.add(f"nobody in the base world is “{who}”, and who is new needs {', '.join(missing)}{near}", who)
            names[role] += [who] * is_new
            check_person(found, f"world.{role}.“{who}”", said, base)
    everybody = names["ects"] + names["mentors"]
    for role in roles:
        for who, said in world.get(role, {}).items() if isinstance(world.get(role), dict) else ():
            if isinstance(said, dict) and said.get("mentor"):
                found.one_of(f"the mentor of “{who}”", said["mentor"], names["mentors"])
    return everybody


def check_person(found: Mistakes, place: str, said: dict, base: dict) -> None:
    found.known(place, said, OF_A_PERSON)
    for key in ("started_on", "induction_started_on"):
        if key in said and said[key] is not False:
            found.kind(f"{place}.{key}", said[key], DAY, key)
    if said.get("appropriate_body"):
        found.one_of(f"{place}.appropriate_body", said["appropriate_body"], base["appropriate_bodies"])
    leaving_on = said.get("leaving_on", False)
    is_day = isinstance(leaving_on, date) or re.fullmatch(r"today [+-] \d+", str(leaving_on))
    if leaving_on is not False and not is_day:
        found.add(f"{place}.leaving_on is {shown(leaving_on)}. It can be a day, or “today + 40”", "leaving_on")
    for mark, reasons in MARKS.items():
        if said.get(mark) and found.kind(f"{place}.{mark}", said[mark], TABLE, mark):
            check_mark(found, f"{place}.{mark}", said[mark], [each.replace("_", "-") for each in reasons])
    if said.get("training") and found.kind(f"{place}.training", said["training"], TABLE, "training"):
        training = said["training"]
        found.known(f"{place}.training", training, TRAINING)
        if "lead_provider" in training:
            found.one_of(f"{place}.training.lead_provider", training["lead_provider"], base["lead_providers"])


def check_mark(found: Mistakes, place: str, said: dict, reasons: list[str]) -> None:
    """When and why a lead provider withdrew or deferred somebody."""
    mark = place.rpartition(".")[2]
    found.known(place, said, ("on", "reason"))
    for key in ("on", "reason"):
        if key not in said:
            found.add(f"{place} has no “{key}”. It needs “on”, a day, and “reason”", mark)
    if "on" in said:
        found.kind(f"{place}.on", said["on"], DAY, mark)
    if "reason" in said:
        found.one_of(f"{place}.reason", said["reason"], reasons)


def check_claim(found: Mistakes, place: str, line: dict, names: list[str], base: dict) -> None:
    if "holds" not in line:
        found.add(f"{place} has no “holds”. {may_be(list(PREDICATES))}")
        return
    holds = line["holds"]
    if not found.one_of(place, holds, PREDICATES):
        return
    takes = parameters(PREDICATES[holds])
    found.known(f"{place}, {holds},", line, ("holds", "not", *takes))
    for key, kind in takes.items():
        if key not in line:
            found.add(f"{place}, {holds}, has no “{key}”. It needs {', '.join(takes)}", holds)
        elif not is_of(line[key], kind):
            found.add(f"{place}, {key}, is {shown(line[key])}. It must be {KINDS[kind]}", holds, key)
    if not isinstance(line.get("not", False), bool):
        found.add(f"{place}, not, is {shown(line['not'])}. It must be true or false", holds, "not")
    people = line.get("who", []) if isinstance(line.get("who"), list) else [line["who"]] if "who" in line else []
    for who in [*people, *([line["mentor"]] if "mentor" in line else [])]:
        found.one_of(f"{place}, who,", who, names)
    for key, allowed in (
        ("status", STATUSES),
        ("lead_provider", base["lead_providers"]),
        ("page", pages()),
        ("after", ACTS),
        ("code", sorted(codes())),
    ):
        if isinstance(line.get(key), str) and key in takes:
            found.one_of(f"{place}, {key},", line[key], allowed)


def is_of(value: object, kind: type) -> bool:
    if kind == list[str]:
        return IS[TEXTS](value)
    return isinstance(value, kind) if inspect.isclass(kind) else True


def check_step(found: Mistakes, place: str, step: dict, names: list[str]) -> None:
    found.known(place, step, STEP)
    if ("page" in step) == ("provider" in step):
        found.add(f"{place} is {shown(step)}. It needs either “page” or “provider”", *list(step)[:1])
    if "page" in step:
        found.one_of(f"the page of {place}", step["page"], pages())
    if "provider" in step:
        found.one_of(f"the provider’s act of {place}", step["provider"], ACTS)
    if "who" in step:
        found.one_of(f"who of {place}", step["who"], names)
    if "answers" in step:
        found.kind(f"answers of {place}", step["answers"], TABLE, "answers")
    if "refused" in step:
        found.one_of(f"refused of {place}", step["refused"], sorted(codes()))
        if "answers" not in step:
            found.add(f"{place} is refused, and answers nothing. It needs “answers”", "refused")
