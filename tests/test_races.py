"""Two parties act on one person at the same moment. Every rule of tests/invariants.py holds afterwards, whoever comes
second is told by a rule or by "changed since", and nobody waits for ever."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import date
from functools import partial

import pytest
from peewee import Model

from database import db
from domain import corrections, departures, identities, participants, partnerships, training
from domain.changes import ChangedSince, RuleBroken, Support, act_as_seen
from models import (
    ActiveLeadProvider,
    DeliveryPartner,
    Enrolment,
    Event,
    LeadProvider,
    Mentorship,
    Participant,
    School,
    SchoolPartnership,
    SupportUser,
    Teacher,
    TrainingPeriod,
)
from tests.conftest import IS_NIGHTLY, TODAY, both_engines
from tests.given import SCHOOL_LED, ect, mentor
from tests.invariants import check_always
from tests.reports import NORTHBROOK, ST_JOHNS, deferred, person_at, report, train, tutor_of, withdrawn

ROUNDS = 200 if IS_NIGHTLY else 2
YESTERDAY, IN_MAY = date(2026, 4, 19), date(2026, 5, 15)
UCL = "UCL Institute of Education"


def at_once(*acts: Callable, meanwhile: Callable = lambda: None) -> list[Event | Exception]:
    """What becomes of acts that are done at the same moment, each on a connection of its own."""
    ready = threading.Barrier(len(acts), timeout=10)

    def do(act):
        with db.connection_context():
            ready.wait()
            try:
                return act()
            except (RuleBroken, ChangedSince) as refusal:
                return refusal

    with ThreadPoolExecutor(len(acts)) as threads:
        futures = [threads.submit(copy_context().run, do, act) for act in acts]
        meanwhile()
        return [future.result() for future in futures]


# --- what somebody does: each gives an act of this person ------------------------------------------------------


def choosing(name: str, *, as_seen: bool = False) -> Callable:
    def of(participant: Participant) -> Callable[[], Event]:
        answer = {"lead_provider_id": LeadProvider.get(name=name).id}
        who = participant, tutor_of(participant)
        if not as_seen:
            return partial(training.change_lead_provider, *who, **answer)
        return partial(act_as_seen, training.change_lead_provider, *who, participant.version, **answer)

    return of


def reporting(act: str) -> Callable:
    return lambda participant: partial(report, act, participant)


def leave(participant: Participant) -> Callable[[], Event]:
    return partial(departures.report_leaving, participant, tutor_of(participant), leaving_on=IN_MAY)


def become_provider_led(participant: Participant) -> Callable[[], Event]:
    answers = {"training_programme": "provider_led", "lead_provider_id": LeadProvider.get(name="Teach First").id}
    return partial(training.change_training_programme, participant, tutor_of(participant), **answers)


def rename(participant: Participant) -> Callable[[], Event]:
    return partial(participants.change_name, participant, tutor_of(participant), name="Ada Lane")


def by_support(act: Callable, participant: Participant, **answers) -> Callable[[], Event]:
    grace, _ = SupportUser.get_or_create(email="grace.obi@example.org")
    return partial(act, participant, Support(grace), reason="They telephoned", **answers)


def put_right_mark(participant: Participant) -> Callable[[], Event]:
    """The lead provider had not withdrawn them."""
    (mark,) = corrections.marks_of(participant.training_periods)
    return by_support(corrections.put_right_mark, participant, mark=mark.key)


put_right_registration = partial(by_support, corrections.put_right_registration)


# --- who acts, and on whom: each gives two acts, to be done at once ------------------------------------------


def on(make: Callable[[], Participant], *acts: Callable) -> Callable[[], list[Callable]]:
    """These acts of one person."""

    def both():
        participant = make()
        return [act(participant) for act in acts]

    return both


def withdrawn_ect() -> Participant:
    return ect((YESTERDAY, withdrawn))


def ect_of(a_mentor: Participant, **row) -> Participant:
    ada = ect(mentor=None, **row)
    Mentorship.create(ect=ada, mentor=a_mentor, started_on=ada.started_on)
    return ada


def mentor_leaves_and_programme():
    grace = mentor(training=None)
    return become_provider_led(ect_of(grace, training=SCHOOL_LED)), leave(grace)


def mentor_leaves_and_is_assigned():
    grace, ada = mentor(), ect()
    return leave(grace), partial(participants.change_mentor, ada, tutor_of(ada), mentor_id=grace.id)


def ect_and_mentor_leave():
    grace = mentor()
    return leave(ect_of(grace)), leave(grace)


def mentor_chosen_for_at_two_schools():
    here = mentor()
    TrainingPeriod.update(finished_on=date(2026, 3, 1)).where(TrainingPeriod.participant == here).execute()
    there = person_at(NORTHBROOK, "mentor", here.teacher)
    train(there, "Teach First", started_on=date(2026, 3, 2), finished_on=date(2026, 4, 1))
    return choosing(UCL)(here), choosing(UCL)(there)


def two_who_mentor_each_other_leave():
    """Each is an ECT at one school, mentored by the other, who is an ECT at the other school."""
    ada, grace = ect(mentor=None), person_at(NORTHBROOK, "ect")
    for one, other in ((ada, grace), (grace, ada)):
        their_mentor = person_at(one.school.name, "mentor", other.teacher)
        Mentorship.create(ect=one, mentor=their_mentor, started_on=one.started_on)
    return leave(ada), leave(grace)


def registration_in_error_and_leaving_mentor():
    grace = mentor()
    return put_right_registration(ect_of(grace)), leave(grace)


def two_records_and_withdrawal():
    """The other record is of the same person, a mentor."""
    ada, other = ect(), mentor()
    return by_support(identities.put_right_two_records, ada, record=other.teacher.trn), reporting("withdraw")(other)


def two_records_into_each_other():
    pair = ect(), mentor()
    return [
        by_support(identities.put_right_two_records, one, record=str(other.teacher.api_id))
        for one, other in (pair, pair[::-1])
    ]


def agree(partner: str = "Alpha Teaching School Hub") -> Callable[[], SchoolPartnership]:
    """Teach First confirms that it trains at St John's."""
    attributes = {
        "cohort": "2025",
        "school_id": str(School.get(name=ST_JOHNS).api_id),
        "delivery_partner_id": str(DeliveryPartner.get(name=partner).api_id),
    }
    return partial(partnerships.create_partnership, LeadProvider.get(name="Teach First"), **attributes)


def choice_and_confirmation():
    """Whoever comes first: nobody waits for a provider that has confirmed."""
    end_partnership()
    return choosing("Teach First")(ect()), agree()


def two_confirmations():
    end_partnership()
    return agree(), agree("Beacon Teaching School Hub")


def end_partnership() -> None:
    """So that another round can begin."""
    teach_first = SchoolPartnership.select().join(ActiveLeadProvider).join(LeadProvider)
    for partnership in teach_first.where(LeadProvider.name == "Teach First", SchoolPartnership.school == 1):
        TrainingPeriod.update(school_partnership=None, expression_of_interest=partnership.active_lead_provider).where(
            TrainingPeriod.school_partnership == partnership
        ).execute()
        Enrolment.delete().where(Enrolment.school_partnership == partnership).execute()
        partnership.delete_instance()


# --- one goes first, the other is told -----------------------------------------------------------------------

SEEN, UCL_SEEN = choosing("Teach First", as_seen=True), choosing(UCL, as_seen=True)
BOTH, ONE = {"done, done"}, {"done, RuleBroken", "RuleBroken, done"}
SECOND_MAY_BE_REFUSED, FIRST_MAY_BE_REFUSED = BOTH | {"done, RuleBroken"}, BOTH | {"RuleBroken, done"}

RACES = {
    "withdrawal and choice": (on(ect, reporting("withdraw"), SEEN), BOTH | {"done, ChangedSince"}),
    "resumption and choice": (on(withdrawn_ect, reporting("resume"), choosing("Teach First")), FIRST_MAY_BE_REFUSED),
    "two choices": (on(ect, SEEN, UCL_SEEN), {"done, ChangedSince", "ChangedSince, done"}),
    "one choice twice": (on(ect, SEEN, SEEN), ONE),
    "one withdrawal twice": (on(ect, reporting("withdraw"), reporting("withdraw")), ONE),
    "one resumption twice": (on(withdrawn_ect, reporting("resume"), reporting("resume")), ONE),
    "withdrawal and pause": (on(ect, reporting("withdraw"), reporting("defer")), SECOND_MAY_BE_REFUSED),
    "withdrawal and resumption of who is paused": (
        on(lambda: ect((YESTERDAY, deferred)), reporting("withdraw"), reporting("resume")),
        FIRST_MAY_BE_REFUSED,
    ),
    "withdrawal and choice on the first day": (
        on(lambda: ect(started_on=TODAY, induction_started_on=TODAY), reporting("withdraw"), choosing("Teach First")),
        {"RuleBroken, done"},
    ),
    "ECT leaves and programme": (
        on(lambda: ect_of(mentor(training=None), training=SCHOOL_LED), leave, become_provider_led),
        BOTH,
    ),
    "mentor leaves and programme": (mentor_leaves_and_programme, BOTH),
    "mentor leaves and is assigned": (mentor_leaves_and_is_assigned, BOTH | {"done, RuleBroken", "ChangedSince, done"}),
    "ECT and mentor leave": (ect_and_mentor_leave, BOTH),
    "mentor chosen for at two schools": (mentor_chosen_for_at_two_schools, ONE),
    "two who mentor each other leave": (two_who_mentor_each_other_leave, BOTH),
    "choice and confirmation": (choice_and_confirmation, BOTH),
    "two confirmations": (two_confirmations, ONE),
    "correction and choice": (on(withdrawn_ect, put_right_mark, SEEN), BOTH | {"done, ChangedSince"}),
    "correction and resumption": (on(withdrawn_ect, put_right_mark, reporting("resume")), SECOND_MAY_BE_REFUSED),
    "one correction twice": (on(withdrawn_ect, put_right_mark, put_right_mark), ONE),
    "registration in error and leaving mentor": (registration_in_error_and_leaving_mentor, BOTH),
    "registration in error and withdrawal": (
        on(ect, put_right_registration, reporting("withdraw")),
        SECOND_MAY_BE_REFUSED,
    ),
    "two records and withdrawal": (two_records_and_withdrawal, SECOND_MAY_BE_REFUSED),
    "two records into each other": (two_records_into_each_other, ONE),
}
"""Who acts at once, and what may become of the two."""

ON_SQLITE = [
    "withdrawal and choice",
    "two choices",
    "ECT and mentor leave",
    "two confirmations",
    "one correction twice",
]
"""There every act waits for its turn, whatever it is about."""


@both_engines
def test_two_at_once(world, engine):
    for race, (begin, outcomes) in RACES.items():
        for _ in range(ROUNDS if engine == "postgresql" or race in ON_SQLITE else 0):
            with db.atomic():
                acts = begin()
            answers = at_once(*acts)
            found = ["done" if isinstance(answer, Model) else type(answer).__name__ for answer in answers]
            assert ", ".join(found) in outcomes, race
            assert not waiting_in_vain(), race
    check_always()


def waiting_in_vain() -> list[TrainingPeriod]:
    """Training that waits for a provider that has confirmed."""
    confirmed = SchoolPartnership.alias()
    query = TrainingPeriod.select().join(Participant)
    same = (confirmed.school == Participant.school) & (
        confirmed.active_lead_provider == TrainingPeriod.expression_of_interest
    )
    return list(query.join(confirmed, on=same).where(TrainingPeriod.school_partnership.is_null()))


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("race", [ect_and_mentor_leave, mentor_leaves_and_programme])
@pytest.mark.parametrize("held", [0, 1])
def test_nobody_waits_for_what_the_other_one_holds(world, race, held):
    """Somebody else has one of the two people. Both acts come to wait for that, and neither holds the other person."""
    acts = race()
    db.begin()
    list(Participant.select().where(Participant.id == acts[held].args[0].id).for_update())

    def let_go_when_both_wait():
        for _ in range(10_000):
            if db.execute_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (2,):
                break
        db.rollback()

    answers = at_once(*acts, meanwhile=let_go_when_both_wait)
    assert all(isinstance(answer, Event) for answer in answers)
    check_always()


@both_engines
def test_a_new_name_is_not_lost(world):
    """A provider is chosen meanwhile at the other school, where the contract period has closed, which the teacher's row
    remembers."""
    for _ in range(ROUNDS):
        with db.atomic():
            here = mentor(training=None)
            there = person_at(NORTHBROOK, "mentor", here.teacher, date(2022, 9, 1))
            train(there, "Teach First", year=2022, finished_on=date(2023, 3, 1))
        renamed, chosen = at_once(rename(here), choosing(UCL)(there))
        assert (renamed.heading, chosen.event_type) == (
            "Naomi Fletcher changed the name from Ada Moss to Ada Lane",
            "teacher_training_lead_provider_updated",
        )
        teacher = Teacher.get_by_id(here.teacher_id)
        assert (teacher.name, teacher.mentor_payments_frozen_year) == ("Ada Lane", 2022)
