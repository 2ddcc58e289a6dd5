"""Transfers: who of a lead provider's participants left a school, and which school they joined, if they have."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from flask import abort, g
from peewee import fn

from clock import today
from database import among
from domain import reports
from domain.departures import departures_reported_at
from models import (
    ActiveLeadProvider,
    Enrolment,
    LeadProvider,
    Participant,
    School,
    SchoolPartnership,
    Teacher,
    TrainingPeriod,
)
from views.lead_provider_api import api, day, moment, one, schemas, updated
from views.lead_provider_api.operations import ChangesQuery, operation
from views.lead_provider_api.pages import AT_ONCE, listing
from views.lead_provider_api.participants import seen, teacher_of, with_inductions
from vocabulary import ROLES


@api.get("/participants/transfers")
@operation(
    "Find participants who change school", query=ChangesQuery, answers=schemas.Many[schemas.ParticipantTransfers]
)
def transfers(query: ChangesQuery):
    rows = who_left(seen(query, query.filter, "transfers_updated_at"))
    page = islice(rows, query.page.offset, query.page.offset + query.page.limit)
    return listing(query, list(page), transfers_json)


@api.get("/participants/<participant_id>/transfers")
@operation("See one participant’s changes of school", answers=schemas.One[schemas.ParticipantTransfers])
def participant_transfers(participant_id: str):
    teacher = teacher_of(participant_id)
    if not any(transfers_json([teacher.id])):
        abort(404)
    return one((teacher.id, teacher.api_transfers_updated_at), transfers_json)


def who_left(people) -> Iterator[tuple]:
    """Those rows of people whose transfers this provider sees: whether it does takes more than a condition in SQL."""
    left = Participant.select(1).where(Participant.teacher == Enrolment.teacher, Participant.finished_on.is_null(False))
    rows = iter(people.where(fn.EXISTS(left)))
    while some := list(islice(rows, AT_ONCE)):
        found = transfers_of([teacher_id for teacher_id, *_ in some])
        yield from (row for row in some if row[0] in found)


def transfers_json(teacher_ids: list[int]) -> Iterator[dict]:
    """What this provider is told of the transfers of those of these people who have any, in their order."""
    teachers = {teacher.id: teacher for teacher in Teacher.select().where(among(Teacher.id, teacher_ids))}
    for teacher_id, found in transfers_of(teacher_ids).items():
        yield {
            "id": str(teachers[teacher_id].api_id),
            "type": "participant-transfer",
            "attributes": {"updated_at": updated(teachers[teacher_id].api_transfers_updated_at), "transfers": found},
        }


class Placement(NamedTuple):
    """A person in one role at one school, with their training there, and since when it is known that they leave."""

    participant: Participant
    training: list
    ending_known_at: datetime

    @property
    def latest(self):
        return self.training[-1] if self.training else None


def transfers_of(teacher_ids: list[int]) -> dict[int, list[dict]]:
    """Person → the transfers that this provider sees, by five queries however many they are. It sees those from its
    training or to it. Nobody is in it who has none."""
    teachers, placements = with_inductions(teacher_ids), placements_of(teacher_ids)
    found = {}
    for teacher_id in teacher_ids:
        told = [
            transfer_json(teachers[teacher_id], role, *both)
            for role in ROLES
            for both in transfers_in(teachers[teacher_id], role, placements.get((teacher_id, role), []))
        ]
        if told:
            found[teacher_id] = sorted(told, key=lambda transfer: transfer["leaving"]["date"])
    return found


def placements_of(teacher_ids: list[int]) -> dict[tuple[int, str], list[Placement]]:
    """Person and role → their placements at schools, and the training at each, from the first to the last."""
    by_id: dict[int, Placement] = {}
    placements: dict[tuple[int, str], list[Placement]] = {}
    participants = Participant.select(Participant, School).join(School).where(among(Participant.teacher, teacher_ids))
    participants = participants.where(Participant.registered_in_error_at.is_null())
    participants = list(participants.order_by(Participant.started_on, Participant.id))
    reported_at = departures_reported_at([participant.id for participant in participants])
    for participant in participants:
        known_at = reported_at.get(participant.id, participant.created_at)
        by_id[participant.id] = Placement(participant, [], known_at)
        placements.setdefault((participant.teacher_id, participant.role), []).append(by_id[participant.id])
    training = (
        TrainingPeriod.select(
            TrainingPeriod.participant,
            TrainingPeriod.started_on,
            TrainingPeriod.finished_on,
            ActiveLeadProvider.lead_provider,
            LeadProvider.name,
        )
        .left_outer_join(SchoolPartnership)
        .left_outer_join(ActiveLeadProvider)
        .left_outer_join(LeadProvider)
        .where(TrainingPeriod.participant << list(by_id))
        .order_by(TrainingPeriod.started_on)
    )
    for period in training.namedtuples():
        by_id[period.participant].training.append(period)
    return placements


def transfers_in(
    teacher: Teacher, role: str, placements: list[Placement]
) -> Iterator[tuple[Placement, Placement | None]]:
    """Each placement that ends or has ended, and the next one at another school with training, if any."""
    for placement in placements:
        last_day = placement.participant.finished_on
        if not last_day or not placement.latest or not placement.latest.finished_on:
            continue
        # Mentors can be at two schools at once: one where they were already isn't one that they joined.
        after = next((later for later in placements if later.participant.started_on > last_day), None)
        if after and after.participant.school_id == placement.participant.school_id:
            continue
        if not after and role == "ect" and reports.completed_on(teacher, "ect"):
            continue
        joined = after if after and after.training else None
        ours = {placement.latest.lead_provider, joined.training[0].lead_provider if joined else None}
        if g.lead_provider.id in ours:
            yield placement, joined


def transfer_json(teacher: Teacher, role: str, left: Placement, joined: Placement | None) -> dict:
    ended, begins = left.latest, joined and joined.training[0]
    is_complete = ended.finished_on <= today() and not (begins and begins.started_on > today())
    return {
        "training_record_id": str(getattr(teacher, f"api_{role}_training_record_id")),
        "transfer_type": (
            "unknown" if not begins else "new_school" if begins.lead_provider == ended.lead_provider else "new_provider"
        ),
        "status": "complete" if is_complete else "incomplete",
        "leaving": transfer_side_json(left, ended, ended.finished_on),
        "joining": transfer_side_json(joined, begins, begins.started_on) if begins else None,
        "created_at": moment(left.ending_known_at),
    }


def transfer_side_json(placement: Placement, period, on) -> dict:
    return {"school_urn": placement.participant.school.urn, "provider": period.name, "date": day(on)}
