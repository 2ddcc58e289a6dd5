"""Participants with everything that pages and acts ask of them, by one query: their training with its providers, their
mentorships, induction, and what happened to them. Facts about them are then told without asking the database again."""

import json
from collections.abc import Collection, Iterable
from functools import lru_cache

from peewee import JOIN, Cast, ModelSelect, Query, Select

from clock import today
from database import among, ids_parameter, is_postgresql
from database.rows import PreparedQuery, from_json, json_array, json_object, json_or_null
from models import (
    ActiveLeadProvider,
    Answers,
    AppropriateBody,
    ContractPeriod,
    DeliveryPartner,
    Event,
    InductionPeriod,
    LeadProvider,
    Mentorship,
    Participant,
    School,
    SchoolPartnership,
    SchoolUser,
    Teacher,
    TrainingPeriod,
)
from vocabulary import INDUCTION_IS_OVER


def participants_of_school(school: School, role: str, ids: Collection[int]) -> list[Participant]:
    """Those of these participants who are, were or will be at this school in this role, in the order of the ids."""
    return participants_in_order(ids, PARTICIPANTS_OF_SCHOOL(ids_parameter(ids), school.id, role))


def listed_at_school(school: School, role: str) -> list[tuple[str, str, str]]:
    """Who is or will be at this school in this role, ECTs as long as their induction isn't over: of each participant
    what their status and their place on the list depend on. It is JSON, as text: of them, of their training periods
    and of their mentorships as an ECT."""
    return LISTED_AT_SCHOOL.raw(school.id, role, today().isoformat())


def participants_as_text(ids: Collection[int]) -> list[str]:
    """Each participant's JSON, in the order of the ids."""
    found = dict(PARTICIPANTS_AS_TEXT.raw(ids_parameter(ids)))
    return [found[each] for each in ids if each in found]


def participants_on_journey(
    school_user: SchoolUser, journey: str, role: str, ids: Collection[int]
) -> list[Participant]:
    """Those of these participants at the user's school, with what the user has answered in this journey (`answers`, a
    list of one or none), and with all that the journeys' rules ask besides."""
    return participants_in_order(
        ids, PARTICIPANTS_ON_JOURNEY(ids_parameter(ids), school_user.school_id, role, school_user.id, journey)
    )


def locked_participants(ids: Iterable[int]) -> dict[int, Participant]:
    """These participants as they are now, by their ids. Nobody else can change them until the transaction ends."""
    ids = list(ids)
    # SQLite's transactions keep every other writer out by themselves. Elsewhere the locks come first: a query that has
    # waited for them would still tell of the training that there was before.
    if is_postgresql():
        LOCKED_IDS(ids_parameter(ids))
    return {participant.id: participant for participant in participants_for_rules(ids)}


def participants_by_ids(ids: Collection[int]) -> list[Participant]:
    return participants_in_order(ids, PARTICIPANTS_BY_IDS(ids_parameter(ids)))


def participants_for_rules(ids: Collection[int]) -> list[Participant]:
    """With all that an act of their school may depend on, but not locked."""
    return participants_in_order(ids, PARTICIPANTS_FOR_RULES(ids_parameter(ids)))


def contract_periods(participant: Participant) -> list[ContractPeriod]:
    """All of them, with the lead providers active in each. Asked once for each participant loaded."""
    if "contract_periods" not in participant.__dict__:
        ((text,),) = CONTRACT_PERIODS.raw()
        participant.contract_periods = _contract_periods_in(text)
    return participant.contract_periods


@lru_cache(4)
def _contract_periods_in(text: str) -> list[ContractPeriod]:
    """Many participants have the same, which nothing here changes."""
    return [from_json(ContractPeriod, each) for each in json.loads(text)]


def mentors_at_school_of(participant: Participant) -> list[Participant]:
    """The mentors at the participant’s school who have no last day: when they are here, and their names. Asked
    once for each participant loaded."""
    if "mentors_at_school" not in participant.__dict__:
        rows = MENTORS_AT_SCHOOL(participant.school_id)
        participant.mentors_at_school = [from_json(Participant, row) for (row,) in rows]
    return participant.mentors_at_school


def partnerships_at_school_of(participant: Participant) -> set[int]:
    """The active lead providers (ids) that have a partnership with the participant’s school. Asked once for each
    participant loaded."""
    if "partnerships_at_school" not in participant.__dict__:
        participant.partnerships_at_school = {each for (each,) in PARTNERSHIPS_AT_SCHOOL(participant.school_id)}
    return participant.partnerships_at_school


def earliest_partnerships(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], SchoolPartnership]:
    """(school, active lead provider) → the earliest partnership of the two, where there is one."""
    schools, actives = (set(ids) for ids in zip(*pairs, strict=True)) if (pairs := list(pairs)) else ((), ())
    found = SchoolPartnership.select().where(
        among(SchoolPartnership.school, schools), among(SchoolPartnership.active_lead_provider, actives)
    )
    latest_first = found.order_by(SchoolPartnership.created_at.desc(), SchoolPartnership.id.desc())
    return {(each.school_id, each.active_lead_provider_id): each for each in latest_first}


def events_of(participant: Participant) -> list[Event]:
    """What happened to the participant, newest first: in which words, and when it was written down."""
    return [from_json(Event, row) for (row,) in EVENTS(participant.id)]


def training_with_providers() -> ModelSelect:
    """A query of training periods that brings lead providers and delivery partners along."""
    confirmed, interest = ActiveLeadProvider.alias(), ActiveLeadProvider.alias()
    confirmed_by, interested_in = LeadProvider.alias(), LeadProvider.alias()
    return (
        TrainingPeriod.select(
            TrainingPeriod, SchoolPartnership, confirmed, confirmed_by, DeliveryPartner, interest, interested_in
        )
        .join(SchoolPartnership, JOIN.LEFT_OUTER)
        .join(confirmed, JOIN.LEFT_OUTER, on=(SchoolPartnership.active_lead_provider == confirmed.id))
        .join(confirmed_by, JOIN.LEFT_OUTER, on=(confirmed.lead_provider == confirmed_by.id))
        .switch(SchoolPartnership)
        .join(DeliveryPartner, JOIN.LEFT_OUTER)
        .switch(TrainingPeriod)
        .join(interest, JOIN.LEFT_OUTER, on=(TrainingPeriod.expression_of_interest == interest.id))
        .join(interested_in, JOIN.LEFT_OUTER, on=(interest.lead_provider == interested_in.id))
    )


def participants_in_order(ids: Collection[int], rows: list[tuple]) -> list[Participant]:
    found = {row["id"]: row for (row,) in rows}
    return [from_json(Participant, found[each]) for each in dict.fromkeys(ids) if each in found]


# --- queries that are written once -------------------------------------------------------------------------


def active_lead_provider_json(active, provider, period):
    return json_object(active, only=("id",), lead_provider=json_object(provider), contract_period=json_object(period))


def training_periods_of(participant) -> Query:
    """A participant's training periods, with their lead providers, delivery partners and contract periods."""
    confirmed, confirmed_by, confirmed_in = (
        each.alias() for each in (ActiveLeadProvider, LeadProvider, ContractPeriod)
    )
    wanted, wanted_from, wanted_in = (each.alias() for each in (ActiveLeadProvider, LeadProvider, ContractPeriod))
    partnership = json_object(
        SchoolPartnership,
        only=("id",),
        active_lead_provider=active_lead_provider_json(confirmed, confirmed_by, confirmed_in),
        delivery_partner=json_object(DeliveryPartner, only=("id", "name")),
    )
    period = json_object(
        TrainingPeriod,
        school_partnership=json_or_null(SchoolPartnership.id, partnership),
        expression_of_interest=json_or_null(wanted.id, active_lead_provider_json(wanted, wanted_from, wanted_in)),
    )
    outer = JOIN.LEFT_OUTER
    query = (
        TrainingPeriod.select()
        .join(SchoolPartnership, outer)
        .join(confirmed, outer, on=(SchoolPartnership.active_lead_provider == confirmed.id))
        .join(confirmed_by, outer, on=(confirmed.lead_provider == confirmed_by.id))
        .join_from(confirmed, confirmed_in, outer, on=(confirmed.contract_period == confirmed_in.year))
        .join_from(SchoolPartnership, DeliveryPartner, outer)
        .join_from(TrainingPeriod, wanted, outer, on=(TrainingPeriod.expression_of_interest == wanted.id))
        .join(wanted_from, outer, on=(wanted.lead_provider == wanted_from.id))
        .join_from(wanted, wanted_in, outer, on=(wanted.contract_period == wanted_in.year))
        .where(TrainingPeriod.participant == participant)
    )
    return json_array(query, period)


def participant_summary_json(participant, teacher):
    """Who is what at which school."""
    names = ("id", "trs_first_name", "trs_last_name", "corrected_name", "folded_name", "trs_induction_status")
    fields = ("id", "role", "school", "started_on", "finished_on")
    return json_object(participant, only=fields, teacher=json_object(teacher, only=names))


def mentorships_of(participant, ours: str, theirs: str) -> Query:
    """The mentorships in which the participant is `ours` (ect or mentor), with `theirs` and their teacher."""
    other, teacher = Participant.alias(), Teacher.alias()
    person = participant_summary_json(other, teacher)
    row = json_object(Mentorship, only=("id", "started_on", "finished_on"), **{theirs: person})
    query = Mentorship.select().join(other, on=(getattr(Mentorship, theirs) == other.id))
    query = query.join(teacher, on=(other.teacher == teacher.id))
    return json_array(query.where(getattr(Mentorship, ours) == participant), row)


def induction_periods_of(teacher) -> Query:
    body = json_object(AppropriateBody, only=("id", "name"))
    row = json_object(InductionPeriod, only=("id", "started_on", "finished_on", "outcome"), appropriate_body=body)
    return json_array(InductionPeriod.select().join(AppropriateBody).where(InductionPeriod.teacher == teacher), row)


def placements_of(teacher) -> Query:
    """All that is known of when this person was where, and in training, but for registrations in error."""
    placement = Participant.alias()
    known = ("id", "role", "school", "started_on", "finished_on")
    row = json_object(placement, only=known, training_periods=training_periods_of(placement.id))
    counted = placement.select().where(placement.teacher == teacher, placement.registered_in_error_at.is_null())
    return json_array(counted, row)


def all_contract_periods() -> Query:
    """Of each the JSON, with the lead providers active in it, all together as text."""
    period, active, provider = (each.alias() for each in (ContractPeriod, ActiveLeadProvider, LeadProvider))
    query = active.select().join(provider, on=(active.lead_provider == provider.id))
    query = query.where(active.contract_period == period.year)
    row = json_object(active, only=("id",), lead_provider=json_object(provider))
    periods = json_array(period.select(), json_object(period, active_lead_providers=json_array(query, row)))
    return Select(columns=[Cast(periods, "text")])


def participants_json(*conditions, teacher: dict | None = None, as_text: bool = False, **besides) -> Query:
    """The participants that meet these conditions, each as one JSON object, or as id and text. `teacher` and `besides`
    say what else comes along with the teacher and with the participant."""
    body = AppropriateBody.alias()
    whole = json_object(
        Participant,
        teacher=json_object(Teacher, induction_periods=induction_periods_of(Participant.teacher), **teacher or {}),
        school_reported_appropriate_body=json_or_null(body.id, json_object(body)),
        training_periods=training_periods_of(Participant.id),
        mentorships=mentorships_of(Participant.id, "ect", "mentor"),
        ect_mentorships=mentorships_of(Participant.id, "mentor", "ect"),
        **besides,
    )
    return (
        Participant.select(*(Participant.id, whole.cast("text")) if as_text else (whole,))
        .join(Teacher)
        .join_from(Participant, body, JOIN.LEFT_OUTER, on=(Participant.school_reported_appropriate_body == body.id))
        .where(*conditions)
    )


def listed_json() -> list[Cast]:
    """What Participant.status is derived from, and names by which lists are put in order and searched. Three columns,
    which takes SQLite less than one JSON object inside another."""
    names = ("id", "trn", "trs_first_name", "trs_last_name", "corrected_name", "folded_name")
    facts = ("trs_induction_status", "mentor_became_ineligible_for_funding_on")
    marks = ("training_programme", "started_on", "finished_on", "withdrawn_at", "deferred_at", "not_continued_at")
    person = json_object(
        Participant,
        only=("id", "role", "school", "started_on", "finished_on", "reported_leaving_by_school"),
        teacher=json_object(Teacher, only=(*names, *facts)),
    )
    training = TrainingPeriod.select().where(TrainingPeriod.participant == Participant.id)
    mentorships = Mentorship.select().where(Mentorship.ect == Participant.id)
    lists = (
        json_array(training, json_object(TrainingPeriod, only=marks)),
        json_array(mentorships, json_object(Mentorship, only=("started_on", "finished_on"))),
    )
    return [Cast(each, "text") for each in (person, *lists)]


PARTICIPANTS_OF_SCHOOL = PreparedQuery(
    lambda ids, school, role: participants_json(
        among(Participant.id, ids), Participant.school == school, Participant.role == role
    )
)
LISTED_AT_SCHOOL = PreparedQuery(
    lambda school, role, day: (
        Participant.select(*listed_json())
        .join(Teacher)
        .where(
            Participant.school == school,
            Participant.role == role,
            Participant.has_not_left(day),
            (Participant.role == "mentor")
            | Teacher.trs_induction_status.is_null()
            | Teacher.trs_induction_status.not_in(INDUCTION_IS_OVER),
        )
    )
)
PARTICIPANTS_AS_TEXT = PreparedQuery(lambda ids: participants_json(among(Participant.id, ids), as_text=True))
PARTICIPANTS_BY_IDS = PreparedQuery(lambda ids: participants_json(among(Participant.id, ids)))


def participants_json_for_rules(*conditions, **besides) -> Query:
    """These participants with everything that an act of their school may depend on."""
    placements = {"participants": placements_of(Participant.teacher)}
    return participants_json(*conditions, teacher=placements, **besides)


PARTICIPANTS_FOR_RULES = PreparedQuery(lambda ids: participants_json_for_rules(among(Participant.id, ids)))


def journey_query(ids, school, role, school_user, journey) -> Query:
    answers = Answers.select().where(
        Answers.school_user == school_user, Answers.journey == journey, Answers.participant == Participant.id
    )
    event = Event.alias()
    answers = answers.join(event, JOIN.LEFT_OUTER, on=(Answers.event == event.id))
    event_json = json_object(event, only=("id", "heading", "event_type", "created_at", "author_name", "details"))
    row = json_object(Answers, event=json_or_null(event.id, event_json))
    return participants_json_for_rules(
        among(Participant.id, ids),
        Participant.school == school,
        Participant.role == role,
        answers=json_array(answers, row),
    )


PARTICIPANTS_ON_JOURNEY = PreparedQuery(journey_query)
CONTRACT_PERIODS = PreparedQuery(all_contract_periods)
PARTNERSHIPS_AT_SCHOOL = PreparedQuery(
    lambda school: (
        SchoolPartnership.select(SchoolPartnership.active_lead_provider)
        .where(SchoolPartnership.school == school)
        .distinct()
    )
)
MENTORS_AT_SCHOOL = PreparedQuery(
    lambda school: (
        Participant.select(participant_summary_json(Participant, Teacher))
        .join(Teacher)
        .where(Participant.school == school, Participant.role == "mentor", Participant.finished_on.is_null())
    )
)

# With their teachers, whom other schools may be changing, and always in the same order, so that two changes can't each
# wait for what the other one holds.
LOCKED_IDS = PreparedQuery(
    lambda ids: (
        Participant.select(Participant.id)
        .join(Teacher)
        .where(among(Participant.id, ids))
        .order_by(Participant.teacher, Participant.id)
        .for_update()
    )
)

EVENTS = PreparedQuery(
    lambda participant: (
        Event.select(json_object(Event, only=("heading", "created_at", "author_name", "school_user")))
        .where(Event.participant == participant)
        .order_by(Event.version.desc())
    )
)
