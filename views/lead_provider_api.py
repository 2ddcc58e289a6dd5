"""The lead providers' API, version 3: participants, and what providers report of them.

Every lookup starts from the lead provider of the token, so another provider's people are 404. Refusals of the acts in
reports.py become 422 here and nowhere else.
"""

import json
import uuid
from datetime import UTC, date, datetime, timedelta
from functools import wraps

from flask import Blueprint, Response, abort, g, request
from pydantic import BaseModel, ConfigDict, model_validator
from werkzeug.exceptions import HTTPException

import reports
from changes import RuleBroken
from clock import LONDON, now, today
from models import ApiToken, LeadProvider, Teacher, TrainingPeriod, digest

api = Blueprint("api", __name__, url_prefix="/api/v3")

LAST_USED_PRECISION = timedelta(minutes=5)

WORDS = {
    "missing": "must be given",
    "unknown": "is not recognised",
    "not_theirs": "is not recognised for this participant",
    "not_for_an_ect": "is not for an ECT",
    "already_active": "is active already",
    "already_deferred": "has been deferred already",
    "already_withdrawn": "has been withdrawn already",
    "not_started": "has not yet trained with you for a day",
    "started_today": "changed only today. Try again tomorrow",
    "stopped_today": "was withdrawn or deferred only today. Try again tomorrow",
    "trained_elsewhere": "is in training elsewhere now",
    "trained_later": "has other training planned already",
    "has_gone": "has gone from that school. Settle it with its induction tutor",
    "being_changed": "was being changed by the school. Look again",
}
"""What is said of the attribute that a rule refuses, by the rule's code."""


# --- who asks, and what they are told when something is wrong ----------------------------------------------


@api.before_request
def require_token():
    """Puts the token's lead provider in `g.lead_provider`; 401 without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    found = (
        ApiToken.select(ApiToken, LeadProvider)
        .join(LeadProvider)
        .where(ApiToken.digest == digest(token.strip()))
        .first()
    )
    if scheme.lower() not in ("bearer", "token") or not found:
        response = answer({"error": "access denied"}, 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    if found.last_used_at is None or now() - found.last_used_at > LAST_USED_PRECISION:
        found.last_used_at = now()
        found.save(only=[ApiToken.last_used_at])
    g.lead_provider = found.lead_provider
    return None


def answer(body: dict, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json; charset=utf-8")


def errors(status: int, title: str, detail: str) -> Response:
    return answer({"errors": [{"title": title, "detail": detail}]}, status)


@api.errorhandler(RuleBroken)
def refused(refusal: RuleBroken):
    details = [
        {"title": attribute, "detail": f"'#/{attribute}' {WORDS[code]}"} for attribute, code in refusal.errors.items()
    ]
    return answer({"errors": details}, 422)


def http_error(error: HTTPException) -> Response:
    """Any other error of the API, its unknown addresses included, as JSON."""
    titles = {400: "Bad request", 404: "Resource not found"}
    details = {404: "nothing was found for this address or id", 500: "something went wrong. Nothing was changed"}
    response = errors(error.code, titles.get(error.code, error.name), details.get(error.code, error.description))
    if error.code == 405:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or []))
    return response


# --- what is sent ------------------------------------------------------------------------------------------


class Attributes(BaseModel):
    """At least one known attribute must be there; unknown ones are ignored."""

    model_config = ConfigDict(strict=True)
    course_identifier: str | None = None

    @model_validator(mode="after")
    def has_something_known(self):
        if not self.model_fields_set:
            raise ValueError("attributes is empty")
        return self


class AttributesWithReason(Attributes):
    reason: str | None = None


def body_of(resource_type: str, attributes: type[Attributes]) -> dict:
    """The attributes of `{"data": {"type": resource_type, "attributes": {…}}}`; 400 for any other body.

    A body is JSON whatever its Content-Type says: libraries call it application/vnd.api+json, and curl a form.
    """
    try:
        body = json.loads(request.get_data(), object_pairs_hook=without_twins, parse_constant=refuse_constant)
        data = body["data"]
        if data["type"] != resource_type:
            raise ValueError("another type")
        return attributes.model_validate(data["attributes"]).model_dump()
    except (ValueError, KeyError, TypeError, RecursionError):
        abort(400, f"the body is not in the documented shape: data.type {resource_type!r} and data.attributes")


def without_twins(pairs: list) -> dict:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def refuse_constant(name: str):
    raise ValueError(f"{name} is not JSON")


# --- participants ------------------------------------------------------------------------------------------


def for_participant(view):
    """Looks the address's participant up among those that this lead provider has or once had in confirmed training."""

    @wraps(view)
    def found(participant_id: str, **kwargs):
        try:
            api_id = uuid.UUID(participant_id)
        except ValueError:
            abort(404)
        teacher = Teacher.get_or_none(Teacher.api_id == api_id)
        if not teacher or not any(periods_of(teacher)):
            abort(404)
        return view(teacher, **kwargs)

    return found


def periods_of(teacher: Teacher) -> list[TrainingPeriod | None]:
    """The provider's latest training period for this person as an ECT and as a mentor."""
    return [reports.latest_confirmed_period(g.lead_provider, teacher, role) for role in ("ect", "mentor")]


@api.get("/participants/<participant_id>")
@for_participant
def participant(teacher):
    return answer({"data": participant_json(teacher)})


@api.put("/participants/<participant_id>/<any(withdraw, defer, resume):action>")
def report(participant_id, action):
    """The body is judged before the participant is looked for (400 before 404), and both before the rules (422)."""
    attributes = body_of(f"participant-{action}", Attributes if action == "resume" else AttributesWithReason)
    return report_on(participant_id, act=getattr(reports, action), attributes=attributes)


@for_participant
def report_on(teacher, act, attributes):
    act(g.lead_provider, teacher, **attributes)
    return answer({"data": participant_json(Teacher.get_by_id(teacher.id))})


def participant_json(teacher: Teacher) -> dict:
    return {
        "id": str(teacher.api_id),
        "type": "participant",
        "attributes": {
            "full_name": teacher.name,
            "teacher_reference_number": teacher.trn,
            "updated_at": moment(teacher.api_updated_at),
            "ecf_enrolments": [enrolment(teacher, period) for period in periods_of(teacher) if period],
            "participant_id_changes": [],
        },
    }


def enrolment(teacher: Teacher, period: TrainingPeriod) -> dict:
    """What the API tells of one person in one role."""
    participant, partnership, role = period.participant, period.school_partnership, period.participant.role
    is_ect = role == "ect"
    mentor = participant.mentor if is_ect else None
    inductions = sorted(teacher.induction_periods, key=lambda induction: induction.started_on) if is_ect else []
    at_schools = sorted((p for p in teacher.participants if p.role == role), key=lambda p: (p.started_on, p.id))
    status = period.training_status
    return {
        "training_record_id": str(getattr(teacher, f"api_{role}_training_record_id")),
        "email": participant.email,
        "mentor_id": str(mentor.teacher.api_id) if mentor else None,
        "school_urn": partnership.school.urn,
        "participant_type": role,
        "cohort": str(partnership.active_lead_provider.contract_period_id),
        "training_status": status,
        "participant_status": participant_status(teacher, period),
        "eligible_for_funding": is_eligible(
            getattr(teacher, f"{role}_first_became_eligible_for_training_at"),
            getattr(teacher, f"{role}_became_ineligible_for_funding_on"),
        ),
        "pupil_premium_uplift": False,
        "sparsity_uplift": False,
        "schedule_identifier": period.schedule,
        "delivery_partner_id": str(partnership.delivery_partner.api_id),
        "withdrawal": mark(period.withdrawal_reason, period.withdrawn_at) if status == "withdrawn" else None,
        "deferral": mark(period.deferral_reason, period.deferred_at) if status == "deferred" else None,
        "created_at": moment(at_schools[0].created_at),
        "induction_end_date": day(induction_end(teacher)) if is_ect else None,
        "most_recent_induction_period_end_date": day(inductions[-1].finished_on) if inductions else None,
        "overall_induction_start_date": (
            day(inductions[0].started_on if inductions else teacher.trs_induction_start_date) if is_ect else None
        ),
        "mentor_funding_end_date": None if is_ect else day(teacher.mentor_became_ineligible_for_funding_on),
        "cohort_changed_after_payments_frozen": getattr(teacher, f"{role}_payments_frozen_year") is not None,
        "mentor_ineligible_for_funding_reason": (
            None if is_ect else teacher.mentor_became_ineligible_for_funding_reason
        ),
        "working_pattern": at_schools[-1].working_pattern if is_ect else None,
    }


def induction_end(teacher: Teacher) -> date | None:
    outcomes = (period.finished_on for period in teacher.induction_periods if period.outcome)
    return next(outcomes, teacher.trs_induction_completed_date)


def is_eligible(eligible_from: datetime | None, ineligible_from: date | None) -> bool | None:
    """None when nothing is known; true when the person became eligible first or on the same day."""
    if not eligible_from:
        return False if ineligible_from else None
    return not ineligible_from or eligible_from.astimezone(LONDON).date() <= ineligible_from


def participant_status(teacher: Teacher, period: TrainingPeriod) -> str:
    """`joining`, `active`, `leaving` or `left`: by the date alone, so it moves without `updated_at` moving."""
    is_ect, finish = period.participant.is_ect, period.finished_on
    ended = (finish and ("leaving" if finish > today() else "left")) or None
    completed_on = induction_end(teacher) if is_ect else teacher.mentor_became_ineligible_for_funding_on
    if period.training_status != "active":
        return ended
    if completed_on and (not finish or completed_on <= finish):
        return "active"
    return ended or ("joining" if period.started_on > today() else "active")


def mark(reason: str, at) -> dict:
    return {"reason": reason.replace("_", "-"), "date": moment(at)}


def moment(at) -> str | None:
    return at and at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(on) -> str | None:
    return on and on.isoformat()
