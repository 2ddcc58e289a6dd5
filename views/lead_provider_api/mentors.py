"""Unfunded mentors: whom a lead provider knows only by the `mentor_id` of its ECTs, because it doesn't train them."""

from collections.abc import Iterator

from flask import abort, g
from peewee import fn

from database import among
from models import Enrolment, MentorOfEct, Participant, Teacher
from views.lead_provider_api import api, moment, one, schemas, updated
from views.lead_provider_api.operations import ChangesQuery, operation
from views.lead_provider_api.pages import in_order, listing
from views.lead_provider_api.participants import as_id


@api.get("/unfunded-mentors")
@operation(
    "Find the mentors of your ECTs whom you do not train",
    query=ChangesQuery,
    answers=schemas.Many[schemas.UnfundedMentor],
)
def unfunded_mentors(query: ChangesQuery):
    columns = {"created_at": MentorOfEct.created_at, "updated_at": MentorOfEct.updated_at}
    rows = unfunded().select(MentorOfEct.teacher, columns[query.sort.removeprefix("-")], MentorOfEct.updated_at)
    if query.filter.updated_since:
        rows = rows.where(MentorOfEct.updated_at >= query.filter.updated_since)
    page = in_order(rows, query, columns, MentorOfEct.teacher).limit(query.page.limit).offset(query.page.offset)
    return listing(query, list(page.tuples()), unfunded_mentors_json)


@api.get("/unfunded-mentors/<mentor_id>")
@operation("See one mentor whom you do not train", answers=schemas.One[schemas.UnfundedMentor])
def unfunded_mentor(mentor_id: str):
    known = Teacher.api_id == (as_id(mentor_id) or abort(404))
    found = unfunded().join(Teacher).where(known).first() or abort(404)
    return one((found.teacher_id, found.updated_at), unfunded_mentors_json)


def unfunded():
    """The mentors of this provider's ECTs whom it doesn't see as its own participants in that role."""
    trained = Enrolment.select(1).where(
        Enrolment.lead_provider == g.lead_provider, Enrolment.teacher == MentorOfEct.teacher, Enrolment.role == "mentor"
    )
    return MentorOfEct.select().where(MentorOfEct.lead_provider == g.lead_provider, ~fn.EXISTS(trained))


def unfunded_mentors_json(teacher_ids: list[int]) -> Iterator[dict]:
    """What this provider is told of these mentors, in their order, by one query however many they are."""
    rows = (
        MentorOfEct.select(MentorOfEct, Teacher, Participant)
        .join(Teacher)
        .join_from(MentorOfEct, Participant)
        .where(MentorOfEct.lead_provider == g.lead_provider, among(MentorOfEct.teacher, teacher_ids))
    )
    found = {row.teacher_id: row for row in rows}
    for row in map(found.__getitem__, teacher_ids):
        yield {
            "id": str(row.teacher.api_id),
            "type": "unfunded-mentor",
            "attributes": {
                "full_name": row.teacher.name,
                "email": row.participant.email,
                "teacher_reference_number": row.teacher.trn,
                "created_at": moment(row.created_at),
                "updated_at": updated(row.updated_at),
            },
        }
