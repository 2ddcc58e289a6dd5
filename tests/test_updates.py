"""`updated_at` is a promise: whatever is told of changes, moves it, later than every change before; nobody whom a
provider was told of disappears; and a list leads on to the next page and to what will have changed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from clock import clock_at
from domain import departures, participants, partnerships, reports, training
from models import (
    DeliveryPartner,
    DeliveryPartnership,
    InductionPeriod,
    LatestUpdate,
    LeadProvider,
    Mentorship,
    Participant,
    ParticipantIdChange,
    School,
    SchoolPartnership,
    SchoolUser,
    Teacher,
    TrainingPeriod,
)
from tests.conftest import TODAY, both_engines, person
from tests.reports import (
    AMBITION,
    ST_JOHNS,
    TEACH_FIRST,
    ask,
    person_at,
    train,
)

LATER = datetime(2026, 4, 20, 12, tzinfo=UTC)
LISTS = (
    "participants",
    "participants/transfers",
    "unfunded-mentors",
    "schools?filter[cohort]=2025",
    "schools?filter[cohort]=2024",
    "delivery-partners",
    "partnerships",
)


def told(visitor) -> dict[tuple, dict]:
    """Everything that every provider is told: provider, list and id → the attributes."""
    found = {}
    for provider in LeadProvider.select().order_by(LeadProvider.name):
        for path in LISTS:
            url = f"/api/v3/{path}{'&' if '?' in path else '?'}page[per_page]=3000"
            response = ask(visitor, "get", url, provider.name)
            assert response.status_code == 200, (url, response.text)
            for each in response.json["data"]:
                found[provider.name, path, each["id"]] = each["attributes"]
    return found


# --- every field that is told, whoever changes it ------------------------------------------------------------


def naomi() -> SchoolUser:
    return SchoolUser.get(name="Naomi Fletcher")


def changed(row, **columns):
    """By hand, or by an import."""
    type(row).update(**columns).where(type(row)._meta.primary_key == row.get_id()).execute()


def ambition() -> LeadProvider:
    return LeadProvider.get(name=AMBITION)


def ects_course() -> dict:
    return {"course_identifier": "ecf-induction"}


def teach_first_id() -> int:
    return LeadProvider.get(name=TEACH_FIRST).id


def leave(name: str, role: str = "ect"):
    departures.report_leaving(person(name, role), naomi(), leaving_on=TODAY + timedelta(10))


def hannahs_partnership() -> SchoolPartnership:
    return person("Hannah Clarke").training_periods.get().school_partnership


def other_partner() -> DeliveryPartner:
    partnership = hannahs_partnership()
    active = partnership.active_lead_provider
    paired = DeliveryPartnership.select().where(DeliveryPartnership.active_lead_provider == active)
    return next(each.delivery_partner for each in paired if each.delivery_partner != partnership.delivery_partner)


def another_mentor(ect: str) -> int:
    present = Mentorship.get(ect=person(ect)).mentor_id
    here = Participant.select().where(Participant.role == "mentor", Participant.school == school())
    return next(each.id for each in here if each.id != present and not each.finished_on)


def school() -> School:
    return School.get(name=ST_JOHNS)


def create_partnership():
    active = TrainingPeriod.get(participant=person("Oliver Bennett")).expression_of_interest
    paired = DeliveryPartnership.get(active_lead_provider=active)
    partnerships.create_partnership(
        active.lead_provider,
        cohort=str(active.contract_period_id),
        school_id=str(school().api_id),
        delivery_partner_id=str(paired.delivery_partner.api_id),
    )


CHANGES = {
    "withdraw": lambda: reports.withdraw(ambition(), person("Hannah Clarke").teacher, reason="other", **ects_course()),
    "defer": lambda: reports.defer(ambition(), person("Hannah Clarke").teacher, reason="other", **ects_course()),
    "resume": lambda: reports.resume(ambition(), person("Steven Taylor").teacher, **ects_course()),
    "change schedule": lambda: reports.change_schedule(
        ambition(), person("Hannah Clarke").teacher, schedule_identifier="ecf-extended-april", **ects_course()
    ),
    "create partnership": create_partnership,
    "change delivery partner": lambda: partnerships.change_delivery_partner(
        ambition(), hannahs_partnership(), delivery_partner_id=str(other_partner().api_id)
    ),
    "change lead provider": lambda: training.change_lead_provider(
        person("Hannah Clarke"), naomi(), lead_provider_id=teach_first_id()
    ),
    "change to school-led": lambda: training.change_training_programme(
        person("Hannah Clarke"), naomi(), training_programme="school_led"
    ),
    "change to provider-led": lambda: training.change_training_programme(
        person("Thomas Walker"), naomi(), training_programme="provider_led", lead_provider_id=ambition().id
    ),
    "an ECT leaves": lambda: leave("Hannah Clarke"),
    "who was waiting leaves": lambda: leave("Oliver Bennett"),
    "a mentor leaves": lambda: leave("John Doe", "mentor"),
    "change name": lambda: participants.change_name(person("Hannah Clarke"), naomi(), name="Hannah Clarke-Jones"),
    "change email address": lambda: participants.change_email_address(
        person("Hannah Clarke"), naomi(), email="another@example.org"
    ),
    "change working pattern": lambda: participants.change_working_pattern(
        person("Hannah Clarke"), naomi(), working_pattern="part_time"
    ),
    "change mentor": lambda: participants.change_mentor(
        person("Hannah Clarke"), naomi(), mentor_id=another_mentor("Hannah Clarke")
    ),
    # What no act does: an import, support, somebody by hand.
    "a name in the national record": lambda: changed(person("Hannah Clarke").teacher, trs_last_name="Jones"),
    "a TRN": lambda: changed(person("Hannah Clarke").teacher, trn="7654321"),
    "an outcome": lambda: changed(
        InductionPeriod.get(teacher=person("Hannah Clarke").teacher), finished_on=TODAY, outcome="pass"
    ),
    "no induction any more": lambda: InductionPeriod.delete().execute(),
    "funding ends": lambda: changed(
        person("John Doe", "mentor").teacher,
        mentor_became_ineligible_for_funding_on=TODAY,
        mentor_became_ineligible_for_funding_reason="started_not_completed",
    ),
    "eligible for funding": lambda: changed(
        person("Hannah Clarke").teacher, ect_became_ineligible_for_funding_on=date(2025, 1, 1)
    ),
    "a mentor's address": lambda: changed(person("Peter Marsh", "mentor"), email="peter@example.org"),
    "an id of before": lambda: ParticipantIdChange.create(
        teacher=person("Hannah Clarke").teacher, from_participant_id="5f0c3a52-0000-4000-8000-000000000009"
    ),
    "another name of the school": lambda: changed(school(), name="St John’s"),
    "another induction tutor": lambda: changed(
        school(), induction_tutor_name="Zoe Hall", induction_tutor_email="zoe@example.org"
    ),
    "another name of a delivery partner": lambda: changed(hannahs_partnership().delivery_partner, name="New Hub"),
    "a pair more": lambda: DeliveryPartnership.get_or_create(
        active_lead_provider=hannahs_partnership().active_lead_provider,
        delivery_partner=DeliveryPartner.get_or_create(name="New Hub")[0],
    ),
    "a pair less": lambda: (
        DeliveryPartnership.delete()
        .where(DeliveryPartnership.active_lead_provider == hannahs_partnership().active_lead_provider)
        .execute()
    ),
    "training is taken back": lambda: person("Oliver Bennett").training_periods.get().delete_instance(),
    "confirmed training is taken back": lambda: person("Hannah Clarke").training_periods.get().delete_instance(),
    "a mentorship ends": lambda: Mentorship.update(finished_on=TODAY - timedelta(1)).execute(),
    "somebody new": lambda: train(person_at(ST_JOHNS)),
    "somebody new who waits": lambda: train(person_at(ST_JOHNS), "Education Development Trust", is_confirmed=False),
}


@both_engines
@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_moves_updated_at(visitor, change):
    before = told(visitor)
    latest = LatestUpdate.get().microseconds
    with clock_at(LATER):
        CHANGES[change]()
        after = told(visitor)
    assert before != after, "something is told of it"
    assert disappeared(before, after) <= MAY_GO
    for table, column in STAMPED:
        for row in table.select():
            assert microseconds(getattr(row, column)) <= LatestUpdate.get().microseconds
    stale = {
        key: sorted(name for name in after[key] if after[key][name] != before[key][name])
        for key in before.keys() & after.keys()
        if after[key] != before[key] and not stamped_after(key, latest)
    }
    assert not stale, "told otherwise, without having moved"


STAMPED = (
    (Teacher, "api_updated_at"),
    (Teacher, "api_transfers_updated_at"),
    (School, "api_updated_at"),
    (SchoolPartnership, "api_updated_at"),
    (DeliveryPartner, "api_updated_at"),
)
MAY_GO = {"delivery-partners", "unfunded-mentors"}
"""With whom a provider may work in no year any more; and mentors whom it trains itself by now."""


def disappeared(before: dict, after: dict) -> set[str]:
    return {path for _, path, _ in before.keys() - after.keys()}


def microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def stamped_after(key: tuple, latest: int) -> bool:
    _, path, api_id = key
    table, column = {
        "participants": (Teacher, "api_updated_at"),
        "participants/transfers": (Teacher, "api_transfers_updated_at"),
        "unfunded-mentors": (Teacher, "api_updated_at"),
        "delivery-partners": (DeliveryPartner, "api_updated_at"),
        "partnerships": (SchoolPartnership, "api_updated_at"),
    }.get(path, (School, "api_updated_at"))
    return microseconds(getattr(table.get(api_id=api_id), column)) > latest
