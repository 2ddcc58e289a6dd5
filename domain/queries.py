"""Participants with everything that pages and acts ask of them, by one query: their training with its providers, their
mentorships, induction, and what happened to them. Facts about them are then told without asking the database again."""

from collections.abc import Collection, Iterable

from peewee import (
    JOIN,
    ModelSelect,
    Query,
)

from database import among, is_postgresql, numbers
from database.rows import PreparedQuery, as_json, as_list, from_json, if_any
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


def of_school(school: School, role: str, ids: Collection[int]) -> list[Participant]:
    """Those of these participants who are, were or will be at this school in this role, in the order of the ids."""
    return in_order(ids, OF_SCHOOL(numbers(ids), school.id, role))


def on_journey(school_user: SchoolUser, journey: str, role: str, ids: Collection[int]) -> list[Participant]:
    """Those of these participants at the user's school, with what the user has answered in this journey (`answers`, a
    list of one or none), and with all that the journeys' rules ask besides."""
    return in_order(ids, ON_JOURNEY(numbers(ids), school_user.school_id, role, school_user.id, journey))


def locked(ids: Iterable[int]) -> dict[int, Participant]:
    """These participants as they are now, by their ids. Nobody else can change them until the transaction ends."""
    ids = list(ids)
    # SQLite's transactions keep every other writer out by themselves. Elsewhere the locks come first: a query that has
    # waited for them would still tell of the training that there was before.
    if is_postgresql():
        LOCKS(numbers(ids))
    return {participant.id: participant for participant in in_order(ids, BY_IDS_FOR_RULES(numbers(ids)))}


def by_ids(ids: Collection[int]) -> list[Participant]:
    return in_order(ids, BY_IDS(numbers(ids)))


def contract_periods(participant: Participant) -> list[ContractPeriod]:
    """All of them, with the lead providers active in each: as they were when the participant was loaded, if they came
    along, otherwise as they are now."""
    if "contract_periods" not in participant.__dict__:
        told = participant.__dict__.pop("contract_periods_json", None) or CONTRACT_PERIODS()[0][0]
        participant.contract_periods = [from_json(ContractPeriod, each) for each in told]
    return participant.contract_periods


def mentors_beside(participant: Participant) -> list[Participant]:
    """The mentors at the participant’s school who have no last day: when they are here, and their names. Asked
    once for each participant loaded."""
    if "mentors_beside" not in participant.__dict__:
        rows = MENTORS(participant.school_id)
        participant.mentors_beside = [from_json(Participant, told) for (told,) in rows]
    return participant.mentors_beside


def history(participant: Participant) -> list[Event]:
    """What happened to the participant, newest first: in which words, and when it was written down."""
    return [from_json(Event, told) for (told,) in HISTORY(participant.id)]


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


def in_order(ids: Collection[int], rows: list[tuple]) -> list[Participant]:
    found = {told["id"]: told for (told,) in rows}
    return [from_json(Participant, found[each]) for each in dict.fromkeys(ids) if each in found]


# --- queries that are written once -------------------------------------------------------------------------


def contract_json(active, provider, period):
    return as_json(active, only=("id",), lead_provider=as_json(provider), contract_period=as_json(period))


def training_of(participant) -> Query:
    """A participant's training periods, with their lead providers, delivery partners and contract periods."""
    confirmed, confirmed_by, confirmed_in = (
        each.alias() for each in (ActiveLeadProvider, LeadProvider, ContractPeriod)
    )
    wanted, wanted_from, wanted_in = (each.alias() for each in (ActiveLeadProvider, LeadProvider, ContractPeriod))
    partnership = as_json(
        SchoolPartnership,
        only=("id",),
        active_lead_provider=contract_json(confirmed, confirmed_by, confirmed_in),
        delivery_partner=as_json(DeliveryPartner, only=("id", "name")),
    )
    period = as_json(
        TrainingPeriod,
        school_partnership=if_any(SchoolPartnership.id, partnership),
        expression_of_interest=if_any(wanted.id, contract_json(wanted, wanted_from, wanted_in)),
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
    return as_list(query, period)


def person_json(participant, teacher):
    """Who is what at which school."""
    names = ("id", "trs_first_name", "trs_last_name", "corrected_name", "folded_name", "trs_induction_status")
    of_school = ("id", "role", "school", "started_on", "finished_on")
    return as_json(participant, only=of_school, teacher=as_json(teacher, only=names))


def mentorships_of(participant, ours: str, theirs: str) -> Query:
    """The mentorships in which the participant is `ours` (ect or mentor), with `theirs` and their teacher."""
    other, teacher = Participant.alias(), Teacher.alias()
    person = person_json(other, teacher)
    row = as_json(Mentorship, only=("id", "started_on", "finished_on"), **{theirs: person})
    query = Mentorship.select().join(other, on=(getattr(Mentorship, theirs) == other.id))
    query = query.join(teacher, on=(other.teacher == teacher.id))
    return as_list(query.where(getattr(Mentorship, ours) == participant), row)


def inductions_of(teacher) -> Query:
    body = as_json(AppropriateBody, only=("id", "name"))
    row = as_json(InductionPeriod, only=("id", "started_on", "finished_on", "outcome"), appropriate_body=body)
    return as_list(InductionPeriod.select().join(AppropriateBody).where(InductionPeriod.teacher == teacher), row)


def placements_of(teacher) -> Query:
    """All that is known of when this person was where, and in training."""
    placement, period = Participant.alias(), TrainingPeriod.alias()
    dates = ("id", "started_on", "finished_on")
    periods = as_list(period.select().where(period.participant == placement.id), as_json(period, only=dates))
    row = as_json(placement, only=("role", "school", *dates), training_periods=periods)
    return as_list(placement.select().where(placement.teacher == teacher), row)


def all_contract_periods() -> Query:
    """Each with the lead providers active in it."""
    period, active, provider = (each.alias() for each in (ContractPeriod, ActiveLeadProvider, LeadProvider))
    query = active.select().join(provider, on=(active.lead_provider == provider.id))
    query = query.where(active.contract_period == period.year)
    row = as_json(active, only=("id",), lead_provider=as_json(provider))
    return as_list(period.select(), as_json(period, active_lead_providers=as_list(query, row)))


def everything(*conditions, teacher: dict | None = None, **besides) -> Query:
    """The participants that meet these conditions, each as one JSON object. `teacher` and `besides` say what else
    comes along with the teacher and with the participant."""
    body = AppropriateBody.alias()
    whole = as_json(
        Participant,
        teacher=as_json(Teacher, induction_periods=inductions_of(Participant.teacher), **teacher or {}),
        school_reported_appropriate_body=if_any(body.id, as_json(body)),
        training_periods=training_of(Participant.id),
        mentorships=mentorships_of(Participant.id, "ect", "mentor"),
        ect_mentorships=mentorships_of(Participant.id, "mentor", "ect"),
        **besides,
    )
    return (
        Participant.select(whole)
        .join(Teacher)
        .join_from(Participant, body, JOIN.LEFT_OUTER, on=(Participant.school_reported_appropriate_body == body.id))
        .where(*conditions)
    )


OF_SCHOOL = PreparedQuery(
    lambda ids, school, role: everything(
        among(Participant.id, ids), Participant.school == school, Participant.role == role
    )
)
BY_IDS = PreparedQuery(lambda ids: everything(among(Participant.id, ids)))


def what_rules_ask(*conditions, **besides) -> Query:
    """These participants with everything that an act of their school may depend on."""
    placements = {"participants": placements_of(Participant.teacher)}
    return everything(*conditions, teacher=placements, contract_periods_json=all_contract_periods(), **besides)


BY_IDS_FOR_RULES = PreparedQuery(lambda ids: what_rules_ask(among(Participant.id, ids)))


def build_on_journey(ids, school, role, school_user, journey) -> Query:
    answers = Answers.select().where(
        Answers.school_user == school_user, Answers.journey == journey, Answers.participant == Participant.id
    )
    event = Event.alias()
    answers = answers.join(event, JOIN.LEFT_OUTER, on=(Answers.event == event.id))
    told = as_json(event, only=("id", "heading", "event_type", "details"))
    row = as_json(Answers, event=if_any(event.id, told))
    return what_rules_ask(
        among(Participant.id, ids),
        Participant.school == school,
        Participant.role == role,
        answers=as_list(answers, row),
    )


ON_JOURNEY = PreparedQuery(build_on_journey)
CONTRACT_PERIODS = PreparedQuery(lambda: ContractPeriod.select(all_contract_periods()).limit(1))
MENTORS = PreparedQuery(
    lambda school: (
        Participant.select(person_json(Participant, Teacher))
        .join(Teacher)
        .where(Participant.school == school, Participant.role == "mentor", Participant.finished_on.is_null())
    )
)

# With their teachers, whom other schools may be changing, and always in the same order, so that two changes can't each
# wait for what the other one holds.
LOCKS = PreparedQuery(
    lambda ids: (
        Participant.select(Participant.id)
        .join(Teacher)
        .where(among(Participant.id, ids))
        .order_by(Participant.teacher, Participant.id)
        .for_update()
    )
)

HISTORY = PreparedQuery(
    lambda participant: (
        Event.select(as_json(Event, only=("heading", "created_at")))
        .where(Event.participant == participant)
        .order_by(Event.version.desc())
    )
)
