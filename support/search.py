"""Whom and what support finds by what somebody says on the telephone or writes in an email."""

import re
import uuid
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from operator import and_

from peewee import fn

from database import among
from models import Participant, ParticipantIdChange, School, SchoolUser, Teacher
from support.models import SupportError, SupportQuery
from vocabulary import folded

MOST_FOUND = 50
"""Of each kind. Whoever gets as many must say more."""
MOST_WORDS = 10

NUMBERS = re.compile(r"(?<!\w)(?:\d{6,7}|[0-9a-f]{16}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?!\w)")
"""A school’s URN, a person’s TRN, the number of an error page, an id of the API."""


@dataclass
class Found:
    """People with all their places at schools; schools; and what was written or went wrong under a number."""

    people: list[tuple[Teacher, list[Participant]]] = field(default_factory=list)
    schools: list[School] = field(default_factory=list)
    queries: list[SupportQuery] = field(default_factory=list)
    errors: list[SupportError] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.people or self.schools or self.queries or self.errors)

    @property
    def is_cut(self) -> bool:
        return MOST_FOUND in (len(self.people), len(self.schools))


def find(text: str) -> Found:
    """By TRN, URN, any id of the API, email address or number of an error page; otherwise by name."""
    if "@" in text:
        return by_email(text.strip().lower())
    if numbers := NUMBERS.findall(text.lower()):
        return by_numbers(numbers)
    return by_name(text)


def by_email(email: str) -> Found:
    people = Participant.select(Participant.teacher).where(fn.lower(Participant.email) == email)
    users = SchoolUser.select(SchoolUser.school).where(fn.lower(SchoolUser.email) == email)
    tutored = fn.lower(School.induction_tutor_email) == email
    return Found(with_places(Teacher.id << people), schools_where((School.id << users) | tutored))


def by_numbers(numbers: list[str]) -> Found:
    ids = [uuid.UUID(number) for number in numbers if len(number) == 36]
    known_before = ParticipantIdChange.select(ParticipantIdChange.teacher).where(
        ParticipantIdChange.from_participant_id << ids
    )
    is_known = Teacher.api_id << ids
    for record_id in (Teacher.api_ect_training_record_id, Teacher.api_mentor_training_record_id):
        is_known |= record_id << ids
    errors = SupportError.select(SupportError, SchoolUser).join(SchoolUser)
    return Found(
        with_places((Teacher.trn << numbers) | is_known | (Teacher.id << known_before)),
        schools_where((School.urn << numbers) | (School.api_id << ids)),
        list(SupportQuery.select().where(SupportQuery.request_number << numbers)),
        list(errors.where(SupportError.request_number << numbers)),
    )


def by_name(text: str) -> Found:
    words = folded(text).split()[:MOST_WORDS]
    if not words:
        return Found()
    begins = [f" {word}" for word in words]
    people = with_places(reduce(and_, [Teacher.folded_name.contains(word) for word in begins]))
    names = School.select(School.id, School.name).tuples()
    schools = [school for school, name in names if all(word in folded_once(name) for word in begins)]
    return Found(people, schools_where(among(School.id, schools)))


folded_once = lru_cache(100_000)(folded)
"""Schools’ names, of which there are few and which seldom change."""


def schools_where(condition) -> list[School]:
    return list(School.select().where(condition).order_by(School.name).limit(MOST_FOUND))


def with_places(condition, limit: int | None = MOST_FOUND) -> list[tuple[Teacher, list[Participant]]]:
    """These people, in order, each with every place that they have, had or will have, the latest first."""
    teachers = list(Teacher.select().where(condition).order_by(Teacher.folded_name, Teacher.id).limit(limit))
    places: dict[int, list[Participant]] = {}
    query = Participant.select(Participant, School).join(School)
    query = query.where(among(Participant.teacher, [teacher.id for teacher in teachers]))
    for place in query.order_by(Participant.started_on.desc(), Participant.id.desc()):
        places.setdefault(place.teacher_id, []).append(place)
    return [(teacher, places.get(teacher.id, [])) for teacher in teachers]
