"""The edge cases of the rules: what happened on which day, and what is
true afterwards. The rows of the table are histories; `refused` steps must change nothing."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count, product

import pytest

from clock import clock_at, now
from domain import participants, queries, reports, training
from domain.changes import ChangedSince, RuleBroken
from forms.journeys import JOURNEYS
from models import ActiveLeadProvider, LeadProvider, Mentorship, Participant, SchoolUser, TrainingPeriod
from tests.conftest import TODAY, person
from tests.given import SCHOOL_LED, ect, mentor
from tests.invariants import check_always, check_between
from tests.reports import (
    AMBITION,
    NORTHBROOK,
    april,
    deferred,
    given_to_teach_first,
    leaving,
    made_school_led,
    partnership_with,
    person_at,
    report,
    resumed,
    stored,
    train,
    tutor_of,
    withdrawn,
)
from tests.test_any_order import register_elsewhere
from tests.test_training import described
from tests.walks import PARAMETERS

YESTERDAY, TOMORROW, IN_MAY, LATER_IN_MAY = april(19), april(21), date(2026, 5, 1), date(2026, 5, 20)
UCL = "UCL Institute of Education"
seconds = count(1)

AMBITION_UNTIL = "Ambition Institute 01.09.25–{}".format


# --- steps, besides those of reports.py ----------------------------------------------------------------------


def refused(step: Callable) -> Callable:
    def try_it(participant: Participant) -> None:
        before = stored()
        with pytest.raises(RuleBroken):
            step(participant)
        assert stored() == before

    return try_it


def given_to_ucl(participant: Participant) -> None:
    """To a lead provider that works with the school, so that it is confirmed at once."""
    provider = LeadProvider.get(name=UCL)
    training.change_lead_provider(participant, tutor_of(participant), lead_provider_id=provider.id)


def made_provider_led(participant: Participant) -> None:
    provider = LeadProvider.get(name=UCL)
    training.change_training_programme(
        participant, tutor_of(participant), training_programme="provider_led", lead_provider_id=provider.id
    )


def by_ucl(act: str) -> Callable:
    return lambda participant: report(act, participant, UCL)


def registered_elsewhere(from_day: date) -> Callable:
    return lambda participant: register_elsewhere(participant, from_day, "Teach First")


def later_training(participant: Participant) -> None:
    """School-led training is planned from May on, after what there is."""
    TrainingPeriod.update(finished_on=IN_MAY - timedelta(days=1)).where(
        TrainingPeriod.participant == participant
    ).execute()
    TrainingPeriod.create(participant=participant, training_programme="school_led", started_on=IN_MAY)


# --- the table -----------------------------------------------------------------------------------------------

CASES = {
    # What happens and when → the training that there is then, after 1 September with Ambition, and the status.
    "withdrawn today, another provider today": (
        [(TODAY, withdrawn), (TODAY, given_to_teach_first)],
        "19.04.26 withdrawn, Teach First? 20.04.26–open: registered",
    ),
    "deferred today, another provider today": (
        [(TODAY, deferred), (TODAY, given_to_teach_first)],
        "19.04.26 deferred, Teach First? 20.04.26–open: registered",
    ),
    "withdrawn today, school-led today": (
        [(TODAY, withdrawn), (TODAY, made_school_led)],
        "19.04.26 withdrawn, school_led 20.04.26–open: registered",
    ),
    "withdrawn earlier, another provider today": (
        [(april(2), withdrawn), (TODAY, given_to_teach_first)],
        "02.04.26 withdrawn, Teach First? 20.04.26–open: registered",
    ),
    "training started today: no report before tomorrow": (
        [
            (TODAY, given_to_ucl),
            (TODAY, refused(by_ucl("withdraw"))),
            (TODAY, refused(by_ucl("defer"))),
            (TOMORROW, by_ucl("withdraw")),
        ],
        "19.04.26, UCL Institute of Education 20.04.26–21.04.26 withdrawn: withdrawn",
    ),
    "training started today: another provider takes its place": (
        [(TODAY, given_to_ucl), (TODAY, given_to_teach_first), (TOMORROW, refused(by_ucl("withdraw")))],
        "19.04.26, Teach First? 20.04.26–open: registered",
    ),
    "unconfirmed training leaves nothing for its provider": (
        [
            (april(2), given_to_teach_first),
            (TODAY, given_to_ucl),
            (TODAY, refused(lambda participant: report("withdraw", participant, "Teach First"))),
        ],
        "01.04.26, UCL Institute of Education 20.04.26–open: registered",
    ),
    "another provider, then the former one withdraws": (
        [(april(2), given_to_teach_first), (TODAY, withdrawn)],
        "01.04.26 withdrawn, Teach First? 02.04.26–open: registered",
    ),
    "withdrawn, resumed the next day": (
        [(YESTERDAY, withdrawn), (YESTERDAY, refused(resumed)), (TODAY, resumed)],
        "19.04.26 withdrawn, Ambition Institute 20.04.26–open: registered",
    ),
    "withdrawn, another provider, then resumed": (
        [(april(2), withdrawn), (YESTERDAY, given_to_teach_first), (TODAY, refused(resumed))],
        "02.04.26 withdrawn, Teach First? 19.04.26–open: registered",
    ),
    "withdrawn, other training planned, then resumed": (
        [(april(2), later_training), (april(2), withdrawn), (TODAY, refused(resumed))],
        "02.04.26 withdrawn, school_led 01.05.26–open: registered",
    ),
    "other training planned: the school changes nothing now": (
        [(april(2), later_training), (TODAY, refused(given_to_ucl)), (TODAY, refused(made_school_led))],
        "30.04.26, school_led 01.05.26–open: registered",
    ),
    "leaving, then another provider": (
        [(april(2), leaving(IN_MAY)), (TODAY, given_to_teach_first)],
        "19.04.26, Teach First? 20.04.26–01.05.26: leaving",
    ),
    "another school registers: not leaving, and the old school may still act": (
        [(april(2), registered_elsewhere(IN_MAY)), (TODAY, given_to_teach_first)],
        "19.04.26, Teach First? 20.04.26–30.04.26: registered",
    ),
    "another school registers, then a later leaving date is reported": (
        [(april(2), registered_elsewhere(IN_MAY)), (TODAY, leaving(LATER_IN_MAY))],
        "30.04.26: leaving",
    ),
    "another school registers, then an earlier leaving date is reported": (
        [(april(2), registered_elsewhere(IN_MAY)), (TODAY, leaving(april(25)))],
        "25.04.26: leaving",
    ),
    "leaving, then another school registers from an earlier day": (
        [(april(2), leaving(LATER_IN_MAY)), (TODAY, registered_elsewhere(IN_MAY))],
        "30.04.26: leaving",
    ),
    "training that began on the last day here stays when leaving is reported": (
        [(april(2), registered_elsewhere(TOMORROW)), (TODAY, given_to_ucl), (TODAY, leaving(LATER_IN_MAY))],
        "19.04.26, UCL Institute of Education 20.04.26–20.04.26: leaving",
    ),
    "leaving, then withdrawn": ([(april(2), leaving(IN_MAY)), (TODAY, withdrawn)], "20.04.26 withdrawn: leaving"),
    "withdrawn, leaving, resumed before the last day": (
        [(april(2), withdrawn), (april(3), leaving(IN_MAY)), (TODAY, resumed)],
        "02.04.26 withdrawn, Ambition Institute 20.04.26–01.05.26: leaving",
    ),
    "withdrawn, leaving, resumed on the last day": (
        [(april(2), withdrawn), (april(3), leaving(TODAY)), (TODAY, refused(resumed))],
        "02.04.26 withdrawn: leaving",
    ),
    "school-led and provider-led again on one day": (
        [(TODAY, made_school_led), (TODAY, made_provider_led)],
        "19.04.26, UCL Institute of Education 20.04.26–open: registered",
    ),
}


def test_edge_cases(world):
    """All of them in one world, day by day."""
    people = {case: ect() for case in CASES}
    steps = [(day, case, step) for case, (history, _) in CASES.items() for day, step in history]
    for day in sorted({day for day, _, _ in steps}):
        with clock_at(day):
            for case, step in [(case, step) for on, case, step in steps if on == day]:
                step(Participant.get_by_id(people[case].id))
            check_always()
    for case, (history, expected) in CASES.items():
        with clock_at(history[-1][0]):
            ada = Participant.get_by_id(people[case].id)
            assert f"{', '.join(described(ada))}: {ada.status}" == f"Ambition Institute 01.09.25–{expected}", case


def test_leaving_and_withdrawn_is_told_apart_on_record_and_card(naomi):
    ada = ect((april(2), leaving(IN_MAY)), (TODAY, withdrawn))
    naomi.get(f"/school/ects/{ada.id}")
    assert naomi.row("Status") == "Leaving school"
    assert "Ambition Institute has told us they no longer train Ada Moss" in naomi.text
    card = naomi.get("/school/ects").card("Ada Moss").text()
    assert "Leaving school" in card
    assert "Ambition Institute" not in card
    assert "Tell us whether" not in card


# --- what lead providers reported of training that never began ------------------------------------------------

COMING_ON = date(2026, 9, 1)


def by_another_schedule(provider: str) -> Callable:
    def step(participant: Participant) -> None:
        told = {
            "course_identifier": "ecf-induction" if participant.is_ect else "ecf-mentor",
            "schedule_identifier": "ecf-extended-september",
        }
        reports.change_schedule(LeadProvider.get(name=provider), participant.teacher, **told)

    return step


def test_training_that_was_scheduled_anew_becomes_school_led_before_it_begins(world):
    coming = acted(ect(started_on=COMING_ON), by_another_schedule(AMBITION))
    coming = acted(coming, made_school_led)
    assert described(coming) == ["school_led 01.09.26–open"]


def test_training_that_was_scheduled_anew_never_begins(world):
    """Margaret Evans is to be trained from September, with the ECT who comes then, and leaves in May."""
    coming = ect(training=SCHOOL_LED, mentor="Margaret Evans", started_on=COMING_ON)
    next_year = ActiveLeadProvider.get(lead_provider=LeadProvider.get(name=UCL), contract_period=COMING_ON.year)
    partnership_with(next_year, coming)
    acted(coming, made_provider_led)
    margaret = acted(person("Margaret Evans", "mentor"), by_another_schedule(UCL))
    margaret = acted(margaret, leaving(IN_MAY))
    assert described(margaret) == []


# --- ECTs and their mentors ----------------------------------------------------------------------------------


def assign(participant: Participant, new_mentor: Participant) -> None:
    participants.change_mentor(participant, tutor_of(participant), mentor_id=new_mentor.id)


def ends(*people: Participant) -> list[date | None]:
    """The last days of these ECTs' latest mentorships."""
    found = [list(person.mentorships.order_by(Mentorship.started_on))[-1] for person in people]
    return [mentorship.finished_on for mentorship in found]


def acted(participant: Participant, step: Callable) -> Participant:
    """As they are after this step, a second after the one before it, which keeps to all the rules."""
    before = stored()
    with clock_at(now() + timedelta(seconds=next(seconds))):
        step(Participant.get_by_id(participant.id))
    check_between(before, stored())
    check_always()
    return Participant.get_by_id(participant.id)


def test_a_mentor_of_several_ects_leaves(world):
    peter = person("Peter Marsh", "mentor")
    leaves_first = ect((april(2), leaving(IN_MAY)), name="Leaves First")
    stays, leaves_later = ect(name="Stays Here"), ect((april(2), leaving(date(2026, 6, 1))), name="Leaves Later")
    acted(peter, leaving(LATER_IN_MAY))
    assert ends(leaves_first, stays, leaves_later) == [IN_MAY, LATER_IN_MAY, LATER_IN_MAY]
    acted(peter, leaving(date(2026, 7, 1)))
    assert ends(leaves_first, stays, leaves_later) == [IN_MAY, date(2026, 7, 1), date(2026, 6, 1)]


def test_a_mentor_who_leaves_later_than_said_does_not_take_an_ect_back(world):
    ada, peter = ect(), acted(person("Peter Marsh", "mentor"), leaving(IN_MAY))
    coming = mentor(name="Coming Soon", started_on=LATER_IN_MAY, training=None)
    acted(ada, lambda ada: assign(ada, coming))
    acted(peter, leaving(date(2026, 6, 30)))
    assert [(m.mentor.name, m.finished_on) for m in ada.mentorships.order_by(Mentorship.started_on)] == [
        ("Peter Marsh", LATER_IN_MAY - timedelta(days=1)),
        ("Coming Soon", None),
    ]


def test_each_mentor_is_told_of_an_ect_who_left_once(world):
    ada, peter, john = ect(), person("Peter Marsh", "mentor"), person("John Doe", "mentor")
    for day, step in (
        (april(22), lambda ada: assign(ada, john)),
        (april(25), lambda ada: assign(ada, peter)),
        (april(27), leaving(TODAY)),
    ):
        with clock_at(day):
            acted(ada, step)


def test_each_mentor_is_told_of_the_mentor_who_takes_over(world):
    ada, margaret = ect(), person("Margaret Evans", "mentor")
    coming = mentor(name="Coming Soon", started_on=LATER_IN_MAY, training=None)
    acted(ada, lambda ada: assign(ada, coming))
    acted(ada, lambda ada: assign(ada, margaret))
    assert [m.mentor.name for m in ada.current_mentorships] == ["Margaret Evans"]


def test_a_mentor_who_was_replaced_meanwhile_is_not_trained(world):
    grace, (thomas,) = (
        mentor(name="Grace Page", training=None),
        queries.participants_by_ids([person("Thomas Walker").id]),
    )
    acted(thomas, lambda thomas: assign(thomas, grace))
    before = stored()
    with pytest.raises(ChangedSince):
        made_provider_led(thomas)
    assert stored() == before


def test_a_mentor_who_leaves_is_trained_until_then(world):
    ada = ect(training=SCHOOL_LED, mentor="Margaret Evans")
    acted(person("Margaret Evans", "mentor"), leaving(IN_MAY))
    acted(ada, made_provider_led)
    assert described(person("Margaret Evans", "mentor")) == ["UCL Institute of Education 20.04.26–01.05.26"]


def test_a_mentor_is_trained_from_the_day_the_ect_starts_by_the_schedule_of_that_day(world):
    coming = ect(training=SCHOOL_LED, mentor="Margaret Evans", started_on=date(2026, 9, 1))
    acted(coming, made_provider_led)
    (period,) = person("Margaret Evans", "mentor").training_periods
    assert (period.started_on, period.schedule) == (date(2026, 9, 1), "ecf-standard-september")


def test_a_mentors_training_goes_on_without_the_ect(world):
    peter = person("Peter Marsh", "mentor")
    before = described(peter)
    for step in (leaving(TODAY), withdrawn):
        acted(ect(), step)
        assert described(peter) == before


def test_a_withdrawn_mentor_stays_the_mentor(world):
    ada, grace = ect(), mentor(name="Grace Page")
    ada = acted(ada, lambda ada: assign(ada, grace))
    before = ada.status, ada.version, described(ada)
    acted(grace, withdrawn)
    assert (ada.status, ada.version, described(ada)) == before
    assert Participant.get_by_id(ada.id).mentor == grace


def test_each_school_reports_the_leaving_of_its_own_mentor(world):
    here = mentor(name="Grace Page")
    there = person_at(NORTHBROOK, "mentor", here.teacher)
    acted(here, leaving(IN_MAY))
    there = Participant.get_by_id(there.id)
    assert there.finished_on is None
    assert there.status == "registered"


def test_a_mentor_who_leaves_later_than_said_is_not_trained_at_two_schools(world):
    here = mentor((april(2), leaving(IN_MAY)), name="Grace Page")
    there = person_at(NORTHBROOK, "mentor", here.teacher)
    train(there, "Teach First", started_on=IN_MAY + timedelta(days=1))
    acted(here, leaving(LATER_IN_MAY))
    assert described(here) == [AMBITION_UNTIL("01.05.26")]


# --- every act asks again ------------------------------------------------------------------------------------


def take(journey: str) -> Callable:
    return lambda participant: JOURNEYS[journey].act(participant, tutor_of(participant), **PARAMETERS[journey]())


GIVEN = {"not-continuing-mentor-training": (mentor, withdrawn), "report-staying": (ect, leaving(IN_MAY))}
"""Who may take a journey after what, where it isn’t an ECT after nothing."""


def test_the_school_changes_nothing_of_somebody_who_left(world):
    for journey in JOURNEYS:
        given, *history = GIVEN.get(journey, (ect,))
        history = [(april(1), step) for step in history]
        acted(given(*history), take(journey))
        refused(take(journey))(given(*history, (april(2), leaving(YESTERDAY)), name="Gone Away"))


def test_what_is_not_offered_to_somebody_is_refused(world):
    others = mentor(name="Grace Page"), mentor(name="Fred Untrained", training=None), ect(training=None)
    for journey, participant in product(JOURNEYS, others):
        if not JOURNEYS[journey].offered_to(participant):
            refused(take(journey))(participant)


def test_another_schools_user_changes_nothing(world):
    ada = ect()
    before = stored()
    for journey in JOURNEYS:
        with pytest.raises(PermissionError):
            JOURNEYS[journey].act(ada, SchoolUser.get(name="David Lowe"), **PARAMETERS[journey]())
    assert stored() == before
