"""A school's people as the file that would bring them in: brought in again, it changes nothing."""

from database import among
from domain.queries import participants_by_ids
from models import Mentorship, Participant, School, Teacher

ROWS_AT_ONCE = 500


def people_at(school: School) -> tuple[list[dict[str, str]], int]:
    """Everybody who is, was or will be there, mentors first: column → cell. And how many have no TRN, by which a file
    would know them."""
    counted = Participant.registered_in_error_at.is_null()
    ids = [each.id for each in Participant.select(Participant.id).where(Participant.school == school, counted)]
    people = [
        person
        for start in range(0, len(ids), ROWS_AT_ONCE)
        for person in participants_by_ids(ids[start : start + ROWS_AT_ONCE])
    ]
    known = [person for person in people if person.teacher.trn]
    known.sort(key=lambda each: (each.is_ect, each.teacher.folded_name, each.teacher.trn, each.started_on))
    trns = trns_of({mentorship.mentor_id for person in known for mentorship in person.mentorships})
    return [cells(person, school, trns) for person in known], len(people) - len(known)


def trns_of(participant_ids: set[int]) -> dict[int, str]:
    query = Participant.select(Participant.id, Teacher.trn).join(Teacher).where(among(Participant.id, participant_ids))
    return dict(query.tuples())


def cells(person: Participant, school: School, trns: dict[int, str]) -> dict[str, str]:
    teacher = person.teacher
    told = {
        "urn": school.urn,
        "role": person.role,
        "trn": teacher.trn,
        "first_name": teacher.trs_first_name,
        "last_name": teacher.trs_last_name,
        "email": person.email,
        "started_on": person.started_on,
        "last_day": person.finished_on,
        "working_pattern": person.working_pattern,
        **training(person),
    }
    if person.is_ect:
        body, mentorship = person.school_reported_appropriate_body, last_mentorship(person)
        told["appropriate_body"] = body and body.name
        told["mentor_trn"] = mentorship and trns.get(mentorship.mentor_id)
        told["induction_status"] = teacher.trs_induction_status
        told |= induction(person)
    else:
        told["funding_ended_on"] = teacher.mentor_became_ineligible_for_funding_on
        told["funding_end_reason"] = teacher.mentor_became_ineligible_for_funding_reason
    return {name: "" if value is None else str(value) for name, value in told.items()}


def last_mentorship(ect: Participant) -> Mentorship | None:
    """The one of now or next; of those who have left, the last."""
    if ect.current_mentorships:
        return ect.current_mentorships[0]
    return max(ect.mentorships, key=lambda each: each.started_on, default=None) if ect.has_left else None


def training(person: Participant) -> dict:
    period = person.training_period
    if not period:
        return {}
    told = {"training_programme": period.training_programme, "training_started_on": period.started_on}
    if period.is_provider_led:
        told |= {
            "lead_provider": period.lead_provider.name,
            "contract_period": period.contract_period.year,
            "schedule": period.schedule,
        }
    return told


def induction(ect: Participant) -> dict:
    """The last induction that a body has recorded of them, wherever."""
    period = max(ect.teacher.induction_periods, key=lambda each: each.started_on, default=None)
    if not period:
        return {}
    reported = ect.school_reported_appropriate_body
    return {
        "induction_started_on": period.started_on,
        "induction_finished_on": period.finished_on,
        "induction_outcome": period.outcome,
        "induction_body": None if period.appropriate_body == reported else period.appropriate_body.name,
    }
