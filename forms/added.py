"""What another wording of the pages may do with a journey: put its questions in another order, and add some. What is
answered to an added question goes nowhere: it is there to be asked."""

import json
import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from typing import ClassVar

from clock import current_world
from domain.changes import RuleBroken
from forms import Question
from forms.fields import ChoiceField, TextField
from forms.journeys import JOURNEYS, Journey
from web import wordings


class AddedQuestion(Question):
    """Radios where it has choices, and one line of text where it has none."""

    is_kept = False
    field = ""
    choices: ClassVar[list[str]] = []
    messages: ClassVar[dict[str, str]] = {"too_long": "Use {max_length} characters or fewer"}

    def rule(self):
        if self.choices and self[self.field].data not in self.choices:
            raise RuleBroken({self.field: "unknown"})


def added_question(page: str, said: dict) -> type[AddedQuestion]:
    """The form of a page that a wording's journeys.toml describes: `heading`, and what else it says."""
    name, choices = page.replace("-", "_"), said.get("choices", [])
    error = said.get("error", "Select an answer" if choices else "Enter an answer")
    # Of what stands in braces only the person's name is known here.
    error = error.replace("{", "{{").replace("}", "}}").replace("{{name}}", "{name}")
    kind = ChoiceField(choices=[(each, each) for each in choices]) if choices else TextField(max_length=1000)
    about = {"field": name, "choices": choices, "heading": said["heading"]}
    about |= {"hints": {name: said["hint"]} if said.get("hint") else {}}
    about |= {"label": said.get("label", page.replace("-", " ")), "example": {name: choices[0] if choices else "Yes"}}
    messages = AddedQuestion.messages | {"missing": error, "unknown": error}
    return type("AddedQuestionForm", (AddedQuestion,), about | {name: kind, "messages": messages})


def journeys_here() -> dict[str, Journey]:
    """The journeys as they are in the present world's wording."""
    return journeys_of(current_world().wording)


def journeys_of(name: str) -> dict[str, Journey]:
    """The journeys as they are in this wording; the ordinary one has no name."""
    return JOURNEYS if not name or journey_mistakes(name) else laid_over(name, wordings.stamp_of(name))


@lru_cache(maxsize=50)
def laid_over(name: str, _stamp: tuple) -> dict[str, Journey]:
    found = dict(JOURNEYS)
    for journey, said in wordings.journeys_in(name).items():
        ordinary = JOURNEYS[journey]
        added = {page: added_question(page, about) for page, about in said.items() if page != "questions"}
        asked = ordinary.questions | added
        order = said.get("questions", list(asked))
        found[journey] = Journey({page: asked[page] for page in order}, ordinary.offered_to, ordinary.act)
    return found


def journey_mistakes(name: str) -> list[str]:
    """What is wrong with a wording's journeys.toml, in a line each. With any mistake the journeys are the ordinary
    ones."""
    return mistakes_as(name, wordings.stamp_of(name))


@lru_cache(maxsize=50)
def mistakes_as(name: str, _stamp: tuple) -> list[str]:
    file = f"{name}/{wordings.JOURNEYS_FILE}"
    try:
        said = wordings.journeys_in(name)
    except tomllib.TOMLDecodeError as problem:
        return [f"{file}: {problem}. It must be TOML"]
    found = []
    for journey, about in said.items():
        if journey not in JOURNEYS or not isinstance(about, dict):
            found.append(f"{file}: there is no journey “{journey}”. There are {', '.join(JOURNEYS)}")
            continue
        found += [f"{file}, {journey}: {what}" for what in mistakes_of(JOURNEYS[journey], about)]
    return found


def mistakes_of(ordinary: Journey, said: dict) -> list[str]:
    added = {page: about for page, about in said.items() if page != "questions"}
    asked = [*ordinary.questions, *added]
    order = said.get("questions", asked)
    found = [
        f"“{page}”, {key} {what}"
        for page, about in added.items()
        for key, what in question_mistakes(page, about, ordinary)
    ]
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(asked):
        found.append(f"“questions” is {order}. It must have each of {', '.join(asked)} once")
    return found


SAID = ("heading", "label", "hint", "error", "choices")
"""What may be said of an added question: all of it text, but for the list of its choices."""


def question_mistakes(page: str, about: object, ordinary: Journey) -> Iterator[tuple[str, str]]:
    """What is wrong with a question that is added to this journey: which part of it, and what that must be."""
    if page in ordinary.pages:
        yield "name", "is the name of a page that the journey has already"
    elif not re.fullmatch("[a-z][a-z-]{0,39}", page) or hasattr(AddedQuestion, page.replace("-", "_")):
        yield "name", "must be small letters and dashes, such as why-leaving, and no word that forms are made with"
    about = about if isinstance(about, dict) else {}
    for key, value in ({"heading": ""} | about).items():
        if key not in SAID:
            yield key, f"is nothing that can be said of a question. What can is {', '.join(SAID)}"
        elif key == "choices":
            is_list = isinstance(value, list) and all(isinstance(each, str) and each.strip() for each in value)
            if not is_list or not 2 <= len(set(value)) == len(value):
                yield key, "must be a list of two or more texts, each another one"
        elif not isinstance(value, str) or not value.strip():
            yield key, "must be text"


def as_toml(journeys: dict[str, dict]) -> str:
    """A wording's journeys.toml."""
    lines = []
    for journey, said in journeys.items():
        lines += ["", f"[{journey}]", f"questions = {json.dumps(said['questions'], ensure_ascii=False)}"]
        for page, about in said.items():
            if page != "questions":
                lines += ["", f"[{journey}.{page}]"]
                lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in about.items()]
    return "\n".join(lines[1:]) + "\n"
