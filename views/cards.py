"""The cards of a list, one for each person. What is made of a person for a list is made once of the JSON that the
database has of them, and kept by it: so it is never out of date, and a list that was seen before costs little."""

import json
from collections.abc import Callable
from functools import cached_property
from hashlib import blake2b
from typing import Any

from flask import request

from clock import current_world, today
from database.rows import from_json
from models import Participant
from vocabulary import folded

MOST_KEPT = 3000
"""Cards, of a kilobyte or two each, and what lists are put in order by."""
_kept: dict[tuple, Any] = {}


def made_once(key: tuple, make: Callable[[], Any]) -> Any:
    """What `make` makes; the key must name everything that it is made of."""
    if (made := _kept.get(key)) is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        made = _kept[key] = make()
    return made


class Listed:
    """Somebody on a list, with what they are counted, put in order and found by."""

    def __init__(self, text: str):
        self.text = text
        self.key = (blake2b(text.encode(), digest_size=16).digest(), today())
        self.status, self.order, self.folded_name, self.trn = made_once(self.key, self.facts)

    @cached_property
    def participant(self):
        return from_json(Participant, json.loads(self.text))

    def facts(self) -> tuple[str, tuple, str, str | None]:
        participant, teacher = self.participant, self.participant.teacher
        if participant.is_ect:
            within = (bool(participant.mentor), -participant.started_on.toordinal())
        else:
            within = by_last_name(participant)
        order = (participant.status != "withdrawn", *within, participant.id)
        return participant.status, order, teacher.folded_name, teacher.trn

    def card(self, caller: Callable):
        """As the list's template writes it. It leads back to this page as it is."""
        return made_once((*self.key, current_world().wording, request.full_path), lambda: caller(self.participant))


def by_last_name(mentor: Participant) -> tuple[str, str]:
    """Puts mentors in order. A name that the school corrected doesn't say where the last name begins: its last word."""
    teacher = mentor.teacher
    last_name = "" if teacher.trs_last_name == "." else teacher.trs_last_name
    if teacher.corrected_name:
        last_name = teacher.corrected_name.split()[-1]
    return folded(last_name or teacher.name), teacher.folded_name
