"""`updated_at` is a promise: whatever is told of changes, moves it, later than every change before; nobody whom a
provider was told of disappears; and a list leads on to the next page and to what will have changed."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from clock import clock_at, current_world, entered, now, today
from database import db
from domain import departures, participants, partnerships, reports, training
from domain.changes import begin_day
from models import (
    ActiveLeadProvider,
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
)
from tests.conftest import TODAY, both_engines, person
from tests.reports import (
    AMBITION,
    NORTHBROOK,
    ST_JOHNS,
    TEACH_FIRST,
    ask,
    person_at,
    train,
)
from views.lead_provider_api.sandbox_day import HEADER

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


def told(visitor, *names: str) -> dict[tuple, dict]:
    """Everything that these providers are told: provider, list and id → the attributes."""
    found = {}
    for provider in LeadProvider.select().where(LeadProvider.name << names):
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


def hannah() -> Participant:
    return person("Hannah Clarke")


def teach_first_id() -> int:
    return LeadProvider.get(name=TEACH_FIRST).id


def leave(name: str, role: str = "ect"):
    departures.report_leaving(person(name, role), naomi(), leaving_on=TODAY + timedelta(10))


def hannahs_partnership() -> SchoolPartnership:
    return hannah().training_periods.get().school_partnership


def pairs() -> list[DeliveryPartnership]:
    """With whom the provider of Hannah's partnership may work in its year."""
    here = DeliveryPartnership.active_lead_provider == hannahs_partnership().active_lead_provider
    return list(DeliveryPartnership.select().where(here))


def another_mentor() -> int:
    here = Participant.select().where(Participant.role == "mentor", Participant.school == school())
    return next(each.id for each in here if each != hannah().mentor and not each.finished_on)


def school() -> School:
    return School.get(urn="900001")


def create_partnership():
    teach_first = LeadProvider.get(name=TEACH_FIRST)
    paired = DeliveryPartnership.select().join(ActiveLeadProvider)
    theirs = paired.where(ActiveLeadProvider.lead_provider == teach_first, ActiveLeadProvider.contract_period == 2025)
    partner = theirs.first().delivery_partner
    partnerships.create_partnership(
        teach_first, cohort="2025", school_id=str(school().api_id), delivery_partner_id=str(partner.api_id)
    )


CHANGES = [
    [
        lambda: reports.change_schedule(
            ambition(), hannah().teacher, schedule_identifier="ecf-extended-april", **ects_course()
        ),
        lambda: reports.resume(ambition(), person("Steven Taylor").teacher, **ects_course()),
        lambda: changed(
            person("John Doe", "mentor").teacher,
            mentor_became_ineligible_for_funding_on=TODAY,
            mentor_became_ineligible_for_funding_reason="started_not_completed",
        ),
        lambda: changed(person("Emily Roberts").teacher, trn="7654321"),
        lambda: changed(person("Gustav Brown").teacher, trs_last_name="Jones"),
        lambda: changed(person("Peter Marsh", "mentor"), email="peter@example.org"),
    ],
    [
        lambda: participants.change_email_address(hannah(), naomi(), email="another@example.org"),
        lambda: train(person_at(ST_JOHNS)),
        lambda: ParticipantIdChange.create(
            teacher=person("Gustav Jones").teacher, from_participant_id="5f0c3a52-0000-4000-8000-000000000009"
        ),
        lambda: changed(person("Emily Roberts").teacher, ect_became_ineligible_for_funding_on=date(2025, 1, 1)),
    ],
    [
        lambda: participants.change_working_pattern(hannah(), naomi(), working_pattern="part_time"),
        lambda: training.change_training_programme(
            person("Thomas Walker"), naomi(), training_programme="provider_led", lead_provider_id=ambition().id
        ),
        lambda: changed(
            InductionPeriod.get(teacher=person("Steven Taylor").teacher), finished_on=TODAY, outcome="pass"
        ),
    ],
    [
        lambda: participants.change_mentor(hannah(), naomi(), mentor_id=another_mentor()),
        lambda: changed(school(), induction_tutor_name="Zoe Hall", induction_tutor_email="zoe@example.org"),
    ],
    [
        lambda: participants.change_name(hannah(), naomi(), name="Hannah Clarke-Jones"),
        lambda: leave("John Doe", "mentor"),
        lambda: changed(school(), name="St John’s"),
        lambda: changed(hannahs_partnership().delivery_partner, name="Another Hub"),
    ],
    [
        lambda: partnerships.change_delivery_partner(
            ambition(),
            hannahs_partnership(),
            delivery_partner_id=str(
                next(
                    each.delivery_partner.api_id
                    for each in pairs()
                    if each.delivery_partner != hannahs_partnership().delivery_partner
                )
            ),
        ),
        lambda: [each.delete_instance() for each in pairs()],
    ],
    [
        lambda: reports.defer(ambition(), hannah().teacher, reason="other", **ects_course()),
        lambda: leave("Oliver Bennett"),
    ],
    [
        lambda: reports.withdraw(ambition(), hannah().teacher, reason="other", **ects_course()),
        lambda: person("Oliver Bennett").training_periods.get().delete_instance(),
    ],
    [
        lambda: training.change_lead_provider(hannah(), naomi(), lead_provider_id=teach_first_id()),
        lambda: leave("Ada"),
    ],
    [create_partnership],
    [
        lambda: training.change_training_programme(hannah(), naomi(), training_programme="school_led"),
        lambda: DeliveryPartnership.create(
            active_lead_provider=ActiveLeadProvider.get(lead_provider=ambition(), contract_period=2025),
            delivery_partner=DeliveryPartner.get(),
        ),
    ],
    [
        lambda: InductionPeriod.delete().execute(),
        lambda: train(person_at(NORTHBROOK), year=2024, is_confirmed=False),
    ],
    [
        lambda: Mentorship.update(finished_on=TODAY - timedelta(1)).where(Mentorship.started_on < TODAY).execute(),
        lambda: person("Thomas Walker").training_period.delete_instance(),
    ],
]
"""What happens, by acts and by hand: each time what moves different rows."""

TOLD = (AMBITION, TEACH_FIRST)
"""Those whom the changes are about. What is stamped is the row, for all who are told of it."""


@both_engines
def test_what_changes_moves_updated_at(visitor):
    after = told(visitor, *TOLD)
    for number, together in enumerate(CHANGES):
        before, latest = after, LatestUpdate.get().microseconds
        with clock_at(LATER):
            for change in together:
                change()
            after = told(visitor, *TOLD)
        differ = [key for key in after if after[key] != before.get(key)]
        assert len({api_id for *_, api_id in differ}) >= len(together), f"{number}: something is told of each"
        assert disappeared(before, after) <= MAY_GO
        for table, column in STAMPED:
            for row in table.select():
                assert microseconds(getattr(row, column)) <= LatestUpdate.get().microseconds
        stale = [key for key in differ if key in before and not stamped_after(key, latest)]
        assert not stale, f"{number}: told otherwise, without having moved"


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


# --- the day, which changes what is told without anybody doing anything ------------------------------------------

SOON = TODAY + timedelta(10)
AFTER = SOON + timedelta(1)
LONG_AGO = date(2025, 9, 1)


def trained(role: str = "ect", **columns) -> Teacher:
    participant = person_at(ST_JOHNS, role)
    train(participant, **columns)
    return participant.teacher


def mentored(*mentorships: tuple) -> Teacher:
    """By these, one after the other: name, first and last day."""
    teacher = trained()
    for name, started_on, finished_on in mentorships:
        Mentorship.create(
            ect=teacher.participants.get(),
            mentor=person(name, "mentor"),
            started_on=started_on,
            finished_on=finished_on,
        )
    return teacher


def moves(last_day: date, first_day: date) -> Teacher:
    left = person_at(ST_JOHNS, finished_on=last_day)
    train(left)
    train(person_at(NORTHBROOK, teacher=left.teacher, started_on=first_day), TEACH_FIRST)
    return left.teacher


def in_training_by(year: int, **columns) -> SchoolPartnership:
    return train(person_at(ST_JOHNS), TEACH_FIRST, year=year, **columns).school_partnership


def waited_for() -> School:
    participant = person_at(NORTHBROOK)
    train(participant, year=2024, is_confirmed=False, finished_on=SOON)
    return participant.school


WITHDRAWN = {"withdrawn_at": datetime(2026, 4, 1, tzinfo=UTC), "withdrawal_reason": "other"}
BY_THE_DAY = {
    "training begins": ("participants", lambda: trained(started_on=SOON)),
    "training ends": ("participants", lambda: trained(finished_on=SOON)),
    "withdrawn training ends": ("participants", lambda: trained(finished_on=SOON, **WITHDRAWN)),
    "a mentor’s training begins": ("participants", lambda: trained("mentor", started_on=SOON)),
    "a mentor’s training ends": ("participants", lambda: trained("mentor", finished_on=SOON)),
    "a mentorship ends": ("participants", lambda: mentored(("John Doe", LONG_AGO, SOON))),
    "another mentorship follows": (
        "participants",
        lambda: mentored(("John Doe", LONG_AGO, SOON), ("Peter Marsh", AFTER, None)),
    ),
    "leaves a school": ("participants/transfers", lambda: moves(SOON, AFTER)),
    "joins another school": ("participants/transfers", lambda: moves(TODAY - timedelta(9), SOON)),
    "another in training": ("partnerships", lambda: in_training_by(2025, started_on=SOON)),
    "one less in training": ("partnerships", lambda: in_training_by(2024, finished_on=SOON)),
    "who waited has left": ("schools?filter[cohort]=2024", waited_for),
}
"""Something that has a day, `SOON` → in which list it is told, and of what."""

ON_DAYS = {"day by day": (-1, 0, 1, 2), "after a week": (-1, 7), "set back": (7, 0, -1)}


def told_otherwise(before: dict, after: dict) -> bool:
    """Beside the time of the update, which is never told to be in the future, should a day be set back."""
    return before | {"updated_at": ""} != after | {"updated_at": ""}


@pytest.mark.parametrize(
    ("engine", "days"),
    [("postgresql", "day by day"), ("sqlite", "after a week"), ("sqlite", "set back")],
    indirect=["engine"],
)
def test_what_the_day_changes_moves_updated_at(visitor, days):
    rows = {fact: (path, str(make().api_id)) for fact, (path, make) in BY_THE_DAY.items()}
    before, changed = None, set()
    for number in ON_DAYS[days]:
        latest = LatestUpdate.get().microseconds
        with clock_at(SOON + timedelta(number)):
            after = told(visitor, *TOLD)
        differ = [key for key in after if before and told_otherwise(before[key], after[key])]
        assert not [key for key in differ if not stamped_after(key, latest)], "told otherwise, without having moved"
        changed |= {(path, api_id) for _, path, api_id in differ}
        before = after
    assert not [fact for fact, row in rows.items() if row not in changed], "nothing is told of it"


def status_of(visitor, teacher: Teacher) -> str:
    answer = ask(visitor, "get", f"/api/v3/participants/{teacher.api_id}").json["data"]["attributes"]
    assert datetime.fromisoformat(answer["updated_at"]) <= now()
    return answer["ecf_enrolments"][0]["participant_status"]


@both_engines
def test_of_two_servers_at_midnight_the_one_that_is_behind_tells_what_the_other_has_begun(visitor):
    with entered(replace(current_world(), moment=None)):
        tomorrow = today() + timedelta(1)
        ada = trained(finished_on=tomorrow)
        assert (status_of(visitor, ada), LatestUpdate.get().day) == ("leaving", today())
        LatestUpdate.update(day=tomorrow).execute()
        assert (status_of(visitor, ada), LatestUpdate.get().day) == ("left", tomorrow)


@both_engines
def test_of_many_who_ask_first_on_a_day_one_begins_it(world):
    ada = trained(started_on=SOON)
    before = Teacher.get_by_id(ada.id).api_updated_at

    def begun() -> datetime:
        with db.connection_context():
            begin_day(LatestUpdate.get().day)
            return Teacher.get_by_id(ada.id).api_updated_at

    with clock_at(SOON), ThreadPoolExecutor(4) as threads:
        found = [threads.submit(copy_context().run, begun) for _ in range(4)]
    (moved,) = {each.result() for each in found}
    assert moved > before


def test_while_nothing_can_be_written_what_is_told_is_of_the_day_before(visitor):
    with entered(replace(current_world(), moment=None)):
        ada = trained(finished_on=today())
        LatestUpdate.update(day=today() - timedelta(1)).execute()
        latest = LatestUpdate.get().microseconds
        db.obj.pragma("query_only", 1, permanent=True)
        assert status_of(visitor, ada) == "leaving"
        db.obj.pragma("query_only", 0, permanent=True)
        assert status_of(visitor, ada) == "left"
        assert stamped_after(("", "participants", ada.api_id), latest)


def test_the_day_of_one_request_moves_nothing(visitor):
    emily = person("Emily Roberts")
    before = told(visitor, *TOLD), LatestUpdate.get().day
    on = {HEADER: emily.finished_on.isoformat()}
    answer = ask(visitor, "get", f"/api/v3/participants/{emily.teacher.api_id}", headers=on)
    assert answer.json["data"]["attributes"]["ecf_enrolments"][0]["participant_status"] == "left"
    assert before == (told(visitor, *TOLD), LatestUpdate.get().day)
