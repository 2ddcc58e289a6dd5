"""Participants: the people whom a lead provider trains or once had in confirmed training, and what it reports of
them."""

import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime

from flask import Response, abort, g
from peewee import fn

from clock import LONDON
from database import among, tried_again
from domain import reports
from models import (
    DeliveryPartner,
    Enrolment,
    InductionPeriod,
    Mentorship,
    Participant,
    ParticipantIdChange,
    School,
    SchoolPartnership,
    Teacher,
    TrainingPeriod,
)
from views.lead_provider_api import api, day, done, moment, one, schemas, updated
from views.lead_provider_api.operations import (
    ChangeOfSchedule,
    Deferral,
    ParticipantsQuery,
    Query,
    Resumption,
    UpdatedSince,
    Withdrawal,
    operation,
)
from views.lead_provider_api.pages import in_order, listing


@api.get("/participants")
@operation("Find your participants", query=ParticipantsQuery, answers=schemas.Many[schemas.Participant])
def participants(query: ParticipantsQuery):
    page = seen(query, query.filter, "updated_at").limit(query.page.limit).offset(query.page.offset)
    return listing(query, list(page), participants_json)


def seen(query: Query, wanted: UpdatedSince, updated_at: str):
    """The people whom this provider sees, each once, in the order asked for: their ids, the value that they are sorted
    by and when they were updated, which is the column `updated_at`. An index has all it takes."""
    as_ect = Enrolment.alias()
    columns = {"created_at": Enrolment.created_at, "updated_at": getattr(Enrolment, updated_at)}
    first = as_ect.select(1).where(
        as_ect.teacher == Enrolment.teacher, as_ect.role == "ect", *conditions(as_ect, wanted, updated_at)
    )
    rows = Enrolment.select(Enrolment.teacher, columns[query.sort.removeprefix("-")], columns["updated_at"])
    rows = rows.where(*conditions(Enrolment, wanted, updated_at), ~Enrolment.is_second | ~fn.EXISTS(first))
    return in_order(rows, query, columns, Enrolment.teacher).tuples()


def conditions(enrolment: type[Enrolment], wanted: UpdatedSince, updated_at: str) -> list:
    """What an enrolment must be like to be this provider's and the one that is wanted."""
    asked = wanted.model_dump()
    found = [enrolment.lead_provider == g.lead_provider]
    if asked["updated_since"]:
        found.append(getattr(enrolment, updated_at) >= asked["updated_since"])
    if asked.get("cohort") is not None:
        found.append(enrolment.cohort << asked["cohort"])
    if asked.get("training_status"):
        found.append(enrolment.training_status == asked["training_status"])
    if asked.get("from_participant_id"):
        known = ParticipantIdChange.from_participant_id == as_id(asked["from_participant_id"])
        found.append(enrolment.teacher << ParticipantIdChange.select(ParticipantIdChange.teacher).where(known))
    return found


@api.get("/participants/<participant_id>")
@operation("See one participant", answers=schemas.One[schemas.Participant])
def participant(participant_id: str):
    return told_of(teacher_of(participant_id))


def told_of(teacher: Teacher) -> Response:
    return one((teacher.id, teacher.api_updated_at), participants_json)


def teacher_of(participant_id: str) -> Teacher:
    """The person whom the API knows by this id, among those whom this provider sees; 404 for anybody else."""
    teacher = Teacher.get_or_none(Teacher.api_id == (as_id(participant_id) or abort(404)))
    if not teacher or not Enrolment.get_or_none(lead_provider=g.lead_provider, teacher=teacher):
        abort(404)
    return teacher


def as_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


# --- reports -----------------------------------------------------------------------------------------------

COURSE = {"course_identifier": ("missing", "not_theirs")}


def of_the_person(*codes: str) -> dict[str, tuple[str, ...]]:
    """What may be wrong with the person; and their school may be changing them just now, or have changed them."""
    return {"participant_id": (*codes, "given_away", "being_changed")}


REPORTS = {
    "withdraw": operation(
        "Withdraw a participant from training",
        sends=Withdrawal,
        answers=schemas.One[schemas.Participant],
        refusals=COURSE
        | {"reason": ("missing", "unknown", "not_for_an_ect")}
        | of_the_person("already_withdrawn", "not_started", "started_today"),
        makes={
            "training_status": "withdrawn",
            "participant_status": "left",
            "withdrawal": {"reason": "left-teaching-profession", "date": "2026-04-20T09:00:00Z"},
        },
    ),
    "defer": operation(
        "Pause a participant’s training",
        sends=Deferral,
        answers=schemas.One[schemas.Participant],
        refusals=COURSE
        | {"reason": ("missing", "unknown")}
        | of_the_person("already_deferred", "already_withdrawn", "not_started", "started_today"),
        makes={
            "training_status": "deferred",
            "participant_status": "left",
            "deferral": {"reason": "bereavement", "date": "2026-04-20T09:00:00Z"},
        },
    ),
    "resume": operation(
        "Resume a participant’s training",
        sends=Resumption,
        answers=schemas.One[schemas.Participant],
        refusals=COURSE
        | of_the_person("already_active", "trained_elsewhere", "stopped_today", "has_gone", "trained_later"),
    ),
    "change-schedule": operation(
        "Change a participant’s schedule",
        sends=ChangeOfSchedule,
        answers=schemas.One[schemas.Participant],
        refusals=COURSE
        | {
            "schedule_identifier": ("missing", "unknown", "same_schedule", "not_for_an_ect", "not_for_a_mentor"),
            "cohort": ("unknown", "no_partnership", "closed"),
        }
        | of_the_person("is_withdrawn", "is_deferred", "has_completed", "has_left", "trained_later"),
        makes={"schedule_identifier": "ecf-extended-september", "cohort": "2026"},
    ),
}


def report(act: Callable) -> Callable:
    """The view that takes a report. Its body is judged before the participant is looked for (400 before 404), and both
    before the rules (422)."""

    def view(participant_id: str, attributes: dict):
        teacher = teacher_of(participant_id)
        tried_again(lambda: act(g.lead_provider, teacher, **attributes))
        with done():
            return told_of(Teacher.get_by_id(teacher.id))

    return view


for name, described in REPORTS.items():
    act = getattr(reports, name.replace("-", "_"))
    api.add_url_rule(
        f"/participants/<participant_id>/{name}", endpoint=name, view_func=described(report(act)), methods=["PUT"]
    )


# --- what is told ------------------------------------------------------------------------------------------


def participants_json(teacher_ids: list[int]) -> Iterator[dict]:
    """What this provider is told of these people, in their order, by six queries however many they are."""
    teachers = with_inductions(teacher_ids)
    enrolments = list(enrolments_of(teacher_ids))
    mentors = mentors_of([row.participant for row in enrolments if row.role == "ect"])
    at_schools = at_schools_of(teacher_ids)
    id_changes: dict[int, list[dict]] = {}
    for change in ParticipantIdChange.select().where(among(ParticipantIdChange.teacher, teacher_ids)):
        id_changes.setdefault(change.teacher_id, []).append(
            {
                "from_participant_id": str(change.from_participant_id),
                "to_participant_id": str(teachers[change.teacher_id].api_id),
                "changed_at": moment(change.changed_at),
            }
        )
    of_teacher: dict[int, list[dict]] = {}
    for row in enrolments:
        teacher, at_school = teachers[row.teacher], at_schools[row.teacher, row.role]
        of_teacher.setdefault(row.teacher, []).append(enrolment_json(row, teacher, mentors, at_school))
    for teacher_id in teacher_ids:
        teacher = teachers[teacher_id]
        yield {
            "id": str(teacher.api_id),
            "type": "participant",
            "attributes": {
                "full_name": teacher.name,
                "teacher_reference_number": teacher.trn,
                "updated_at": updated(teacher.api_updated_at),
                "ecf_enrolments": of_teacher[teacher_id],
                "participant_id_changes": id_changes.get(teacher_id, []),
            },
        }


def with_inductions(teacher_ids: list[int]) -> dict[int, Teacher]:
    """These people by their ids, each with their induction periods from the first to the last."""
    teachers = {teacher.id: teacher for teacher in Teacher.select().where(among(Teacher.id, teacher_ids))}
    for teacher in teachers.values():
        teacher.induction_periods = []
    periods = InductionPeriod.select().where(among(InductionPeriod.teacher, teacher_ids))
    for period in periods.order_by(InductionPeriod.started_on):
        teachers[period.teacher_id].induction_periods.append(period)
    return teachers


def enrolments_of(teacher_ids: list[int]):
    """The enrolments of these people that this provider sees, each person's as an ECT first."""
    return (
        Enrolment.select(
            Enrolment.teacher,
            Enrolment.role,
            Enrolment.cohort,
            Enrolment.training_status,
            Enrolment.schedule,
            Enrolment.participant,
            TrainingPeriod.started_on,
            TrainingPeriod.finished_on,
            TrainingPeriod.withdrawn_at,
            TrainingPeriod.withdrawal_reason,
            TrainingPeriod.deferred_at,
            TrainingPeriod.deferral_reason,
            Participant.email,
            School.urn,
            DeliveryPartner.api_id,
        )
        .left_outer_join(TrainingPeriod)
        .join_from(Enrolment, Participant)
        .join_from(Enrolment, SchoolPartnership)
        .join(School)
        .join_from(SchoolPartnership, DeliveryPartner)
        .where(Enrolment.lead_provider == g.lead_provider, among(Enrolment.teacher, teacher_ids))
        .order_by(Enrolment.role)
        .namedtuples()
    )


def mentors_of(ect_ids: list[int]) -> dict[int, uuid.UUID]:
    """ECT (the participant's own id) → the API's id of their mentor, now or next."""
    query = (
        Mentorship.select(Mentorship.ect, Teacher.api_id)
        .join(Participant, on=Mentorship.mentor)
        .join(Teacher)
        .where(among(Mentorship.ect, ect_ids), Mentorship.not_finished())
        .order_by(Mentorship.started_on.desc())
    )
    return dict(query.tuples())


def at_schools_of(teacher_ids: list[int]) -> dict[tuple[int, str], list[tuple]]:
    """Person and role → for each of their places at schools, from the first to the last: when it was written down, and
    the working pattern. Registrations in error are left out where there are others."""
    places: dict[tuple[int, str], list[tuple]] = {}
    in_error: dict[tuple[int, str], list[tuple]] = {}
    columns = (Participant.created_at, Participant.working_pattern, Participant.registered_in_error_at)
    query = (
        Participant.select(Participant.teacher, Participant.role, *columns)
        .where(among(Participant.teacher, teacher_ids))
        .order_by(Participant.started_on, Participant.id)
    )
    for teacher_id, role, *place, registered_in_error_at in query.tuples():
        kept = in_error if registered_in_error_at else places
        kept.setdefault((teacher_id, role), []).append(place)
    return in_error | places


def enrolment_json(row, teacher: Teacher, mentors: dict, at_school: list[tuple]) -> dict:
    """What the API tells of one person in one role."""
    role, is_ect = row.role, row.role == "ect"
    inductions = teacher.induction_periods if is_ect else []
    completed_on = reports.completed_on(teacher, role)
    status = row.training_status
    mentor_id = mentors.get(row.participant) if is_ect else None
    return {
        "training_record_id": str(getattr(teacher, f"api_{role}_training_record_id")),
        "email": row.email,
        "mentor_id": str(mentor_id) if mentor_id else None,
        "school_urn": row.urn,
        "participant_type": role,
        "cohort": str(row.cohort),
        "training_status": status,
        "participant_status": (
            reports.participant_status(status, row.started_on, row.finished_on, completed_on)
            if row.started_on
            else "left"
        ),
        "eligible_for_funding": is_eligible(
            getattr(teacher, f"{role}_first_became_eligible_for_training_at"),
            getattr(teacher, f"{role}_became_ineligible_for_funding_on"),
        ),
        "pupil_premium_uplift": False,
        "sparsity_uplift": False,
        "schedule_identifier": row.schedule,
        "delivery_partner_id": str(row.api_id),
        "withdrawal": mark(row.withdrawal_reason, row.withdrawn_at) if status == "withdrawn" else None,
        "deferral": mark(row.deferral_reason, row.deferred_at) if status == "deferred" else None,
        "created_at": moment(at_school[0][0]),
        "induction_end_date": day(completed_on) if is_ect else None,
        "most_recent_induction_period_end_date": day(inductions[-1].finished_on) if inductions else None,
        "overall_induction_start_date": (
            day(inductions[0].started_on if inductions else teacher.trs_induction_start_date) if is_ect else None
        ),
        "mentor_funding_end_date": None if is_ect else day(teacher.mentor_became_ineligible_for_funding_on),
        "cohort_changed_after_payments_frozen": getattr(teacher, f"{role}_payments_frozen_year") is not None,
        "mentor_ineligible_for_funding_reason": (
            None if is_ect else teacher.mentor_became_ineligible_for_funding_reason
        ),
        "working_pattern": at_school[-1][1] if is_ect else None,
    }


def is_eligible(eligible_from: datetime | None, ineligible_from: date | None) -> bool | None:
    """None when nothing is known; true when the person became eligible first or on the same day."""
    if not eligible_from:
        return False if ineligible_from else None
    return not ineligible_from or eligible_from.astimezone(LONDON).date() <= ineligible_from


def mark(reason: str, at: datetime) -> dict:
    return {"reason": reason.replace("_", "-"), "date": moment(at)}
