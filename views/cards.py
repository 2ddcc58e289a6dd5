"""Who is on a list, and the cards that it shows of them. What is made of a person for a list is made once of the JSON
that the database has of them, and kept by it: so it is never out of date, and a list that was seen before costs
little. Of everybody only the few facts are read that lists are put in order and found by; the rest of those shown."""

import json
from collections.abc import Callable, Iterable
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple

from flask import request

from clock import today
from database.rows import from_json
from domain import queries
from models import Participant, School
from vocabulary import folded
from web import wordings

MOST_KEPT = 1000
"""Facts about people, and cards, of a kilobyte or two each."""
_kept: dict[tuple, Any] = {}


def made_once(key: tuple, make: Callable, *given) -> Any:
    """What `make` makes; the key must name everything that it is made of."""
    if (made := _kept.get(key)) is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        made = _kept[key] = make(*given)
    return made


class Listed(NamedTuple):
    """Somebody on a list, with what they are counted, put in order and found by."""

    id: int
    status: str
    order: tuple
    folded_name: str
    trn: str | None


def listed(school: School, role: str) -> list[Listed]:
    """Everybody on the school's list, in its order."""
    day = today()
    rows = queries.listed_at_school(school, role)
    return sorted((made_once((*row, day), facts, *row) for row in rows), key=attrgetter("order"))


def facts(person: str, training: str, mentorships: str) -> Listed:
    lists = {"training_periods": json.loads(training), "mentorships": json.loads(mentorships)}
    participant: Any = from_json(Participant, json.loads(person) | lists)
    teacher, status = participant.teacher, participant.status
    if participant.is_ect:
        within = (bool(participant.current_mentorships), -participant.started_on.toordinal())
    else:
        within = by_last_name(participant)
    order = (status != "withdrawn", *within, participant.id)
    return Listed(participant.id, status, order, teacher.folded_name, teacher.trn)


def by_last_name(mentor: Participant) -> tuple[str, str]:
    """Puts mentors in order. A name that the school corrected doesn't say where the last name begins: its last word."""
    teacher = mentor.teacher
    last_name = "" if teacher.trs_last_name == "." else teacher.trs_last_name
    if teacher.corrected_name:
        last_name = teacher.corrected_name.split()[-1]
    return folded(last_name or teacher.name), teacher.folded_name


def cards_of(people: Iterable[Listed]) -> list[Callable]:
    """Each writes the card of one of them, with the list's template. It leads back to this page as it is."""
    texts = queries.participants_as_text([each.id for each in people])
    made_of = today(), wordings.stamp_now(), request.full_path

    def card(text: str) -> Callable:
        key = (blake2b(text.encode(), digest_size=16).digest(), *made_of)
        return lambda caller: made_once(key, lambda: caller(from_json(Participant, json.loads(text))))

    return [card(text) for text in texts]
