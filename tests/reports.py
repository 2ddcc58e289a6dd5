"""What lead providers report and what happened before it, for the tests of the API and of the acts behind it: people to
report on, steps that happened, and one request to the API."""

from collections.abc import Callable
from datetime import date

from clock import clock_at
from domain import departures, reports, training
from models import (
    TABLES,
    ActiveLeadProvider,
    ApiToken,
    DeliveryPartner,
    Enrolment,
    Event,
    LatestUpdate,
    LeadProvider,
    MentorOfEct,
    Notice,
    Participant,
    RequestCount,
    School,
    SchoolPartnership,
    SchoolUser,
    Teacher,
    TrainingPeriod,
)
from scenarios import demo
from tests.visitor import Visitor

AMBITION, TEACH_FIRST = "Ambition Institute", "Teach First"
ST_JOHNS, NORTHBROOK = "St John’s C of E Primary School", "Northbrook Academy"
ACTS = ("withdraw", "defer", "resume")
STARTED_ON = date(2025, 9, 1)


def attributes_of(act: str, participant: Participant) -> dict[str, str]:
    """A provider's report of this participant with nothing wrong in it."""
    course = {"course_identifier": "ecf-induction" if participant.is_ect else "ecf-mentor"}
    return course if act == "resume" else {"reason": "other"} | course


def report(act: str, participant: Participant, by: str = AMBITION, **attributes) -> Event:
    provider = LeadProvider.get(name=by)
    return getattr(reports, act)(provider, participant.teacher, **attributes_of(act, participant) | attributes)


def stored() -> dict[tuple, dict]:
    """Every row that acts write: (table, key) → its columns. What the database keeps itself, whom providers see and
    when something was updated, is in test_updates.py, requests are counted whatever they do, and what is told by email
    is in test_notices.py."""
    return {
        (table._meta.table_name, row[table._meta.primary_key.name]): {
            name: value for name, value in row.items() if not name.startswith("api_") or name == "api_id"
        }
        for table in TABLES
        if table not in (Enrolment, MentorOfEct, LatestUpdate, RequestCount, ApiToken, Notice)
        for row in table.raw(f"SELECT * FROM {table._meta.table_name}").dicts()
    }


def dump(*, without: tuple[str, ...] = ("answers", "sign_in")) -> dict:
    """Everything stored but the answers and who is signed in."""
    return {key: row for key, row in stored().items() if key[0] not in without}


def changes(before: dict, after: dict) -> dict[str, set[str]]:
    """What is different: table → the columns that changed, or "added"."""
    found: dict[str, set[str]] = {}
    for key, row in after.items():
        old = before.get(key)
        changed = {name for name in row if row[name] != old[name]} if old else {"added"}
        if changed:
            assert key[0] not in found, f"two rows of {key[0]} changed"
            found[key[0]] = changed
    assert set(before) <= set(after), "rows were deleted"
    return found


# --- people in training ------------------------------------------------------------------------------------


def person_at(
    school: str, role: str = "ect", teacher: Teacher | None = None, started_on: date = STARTED_ON, **columns
) -> Participant:
    """Somebody new at this school, or somebody known in another role or at another school."""
    teacher = teacher or Teacher.create(trn=str(3300000 + Teacher.select().count()), trs_first_name="Ada")
    return Participant.create(
        teacher=teacher, role=role, school=School.get(name=school), started_on=started_on, **columns
    )


def train(participant: Participant, by: str = AMBITION, *, year: int = 2025, is_confirmed=True, **columns):
    """A training period of this participant, from their first day to their last unless `columns` say otherwise."""
    active = ActiveLeadProvider.get(lead_provider=LeadProvider.get(name=by), contract_period=year)
    return TrainingPeriod.create(
        **{
            "participant": participant,
            "training_programme": "provider_led",
            "school_partnership": partnership_with(active, participant) if is_confirmed else None,
            "expression_of_interest": None if is_confirmed else active,
            "schedule": "ecf-standard-september",
            "started_on": participant.started_on,
            "finished_on": participant.finished_on,
        }
        | columns
    )


def partnership_with(active: ActiveLeadProvider, participant: Participant) -> SchoolPartnership:
    return SchoolPartnership.get_or_create(
        school=participant.school, active_lead_provider=active, delivery_partner=DeliveryPartner.get()
    )[0]


def periods_of(participant: Participant) -> list[TrainingPeriod]:
    return list(participant.training_periods.order_by(TrainingPeriod.started_on))


# --- what happened before: steps, each taken on a day ------------------------------------------------------


def withdrawn(participant: Participant) -> None:
    report("withdraw", participant)


def deferred(participant: Participant) -> None:
    report("defer", participant)


def withdrawn_by_teach_first(participant: Participant) -> None:
    report("withdraw", participant, TEACH_FIRST)


def confirmed(participant: Participant) -> None:
    """The lead provider that the school has named confirms."""
    period = participant.training_period
    period.school_partnership = partnership_with(period.expression_of_interest, participant)
    period.save()


def resumed(participant: Participant) -> None:
    report("resume", participant)


def given_to_teach_first(participant: Participant) -> None:
    training.change_lead_provider(
        participant, tutor_of(participant), lead_provider_id=LeadProvider.get(name=TEACH_FIRST).id
    )


def made_school_led(participant: Participant) -> None:
    training.change_training_programme(participant, tutor_of(participant), training_programme="school_led")


def not_continuing(mentor: Participant) -> None:
    training.end_mentor_training(mentor, tutor_of(mentor))


def leaving(on: date) -> Callable[[Participant], None]:
    return lambda participant: departures.report_leaving(participant, tutor_of(participant), leaving_on=on)


def tutor_of(participant: Participant) -> SchoolUser:
    return SchoolUser.get(school=participant.school)


def april(day: int) -> date:
    return date(2026, 4, day)


def live_through(participant: Participant, history: list[tuple[date, Callable]]) -> Participant:
    """Take these steps, each on its day. Gives the participant as they are then."""
    for on, step in history:
        with clock_at(on):
            step(Participant.get_by_id(participant.id))
    return Participant.get_by_id(participant.id)


# --- the API -----------------------------------------------------------------------------------------------


def address(participant: Participant, act: str = "") -> str:
    return f"/api/v3/participants/{participant.teacher.api_id}" + (act and f"/{act}")


def body(act: str, attributes: dict) -> dict:
    return {"data": {"type": f"participant-{act}", "attributes": attributes}}


def token_of(visitor: Visitor, lead_provider: str) -> str:
    with visitor.client.application.app_context():
        return demo.token_of(LeadProvider.get(name=lead_provider))


def ask(visitor: Visitor, method: str, path: str, by: str = AMBITION, headers: dict | None = None, **kwargs):
    """One request with this lead provider's token. Its answer is JSON, whatever it says."""
    token = {"Authorization": f"Bearer {token_of(visitor, by)}"}
    response = visitor.send(method, path, headers=token | (headers or {}), **kwargs)
    assert response.content_type == "application/json; charset=utf-8"
    return response


def tell(visitor: Visitor, act: str, participant: Participant, by: str = AMBITION, **attributes):
    """Report this through the API, with everything in order unless `attributes` say otherwise."""
    said = body(act, attributes_of(act, participant) | attributes)
    return ask(visitor, "put", address(participant, act), by, json=said)


def said(response) -> list[tuple[str, str]]:
    """What an answer says is wrong: with what, and in which words."""
    return [(each["title"], each["detail"]) for each in response.json["errors"]]


def codes(response) -> list[str]:
    return [each["code"] for each in response.json["errors"]]
