"""What lead providers report, and what the rules make of it, without HTTP.

Unless said otherwise it is about an ECT who has trained with Ambition Institute since 1 September 2025.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from clock import clock_at
from domain import reports
from domain.changes import RuleBroken
from models import LeadProvider, Mentorship, Participant, TrainingPeriod
from tests.conftest import TODAY, mostly_sqlite, person
from tests.reports import (
    ACTS,
    AMBITION,
    NORTHBROOK,
    ST_JOHNS,
    TEACH_FIRST,
    april,
    changes,
    confirmed,
    deferred,
    given_to_teach_first,
    leaving,
    live_through,
    made_school_led,
    periods_of,
    person_at,
    report,
    resumed,
    stored,
    train,
    withdrawn,
    withdrawn_by_teach_first,
)
from views.lead_provider_api import WORDS

pytestmark = mostly_sqlite

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
LATER_TODAY = datetime(2026, 4, 20, 14, 30, 15, tzinfo=UTC)


@pytest.fixture
def ect(world) -> Participant:
    participant = person_at(ST_JOHNS)
    train(participant)
    return participant


def refusal(act: str, participant: Participant, by: str = AMBITION, **attributes) -> dict[str, str]:
    """What the rules say against it, having changed nothing."""
    before = stored()
    with pytest.raises(RuleBroken) as refused, clock_at(LATER_TODAY):
        report(act, participant, by, **attributes)
    assert stored() == before
    return {name: WORDS[code] for name, code in refused.value.errors.items()}


# --- what is refused ---------------------------------------------------------------------------------------


def plan_other_training(participant: Participant) -> None:
    """School-led from 27 April on."""
    TrainingPeriod.update(finished_on=april(26)).where(
        TrainingPeriod.participant == participant, TrainingPeriod.finished_on.is_null()
    ).execute()
    TrainingPeriod.create(participant=participant, training_programme="school_led", started_on=april(27))


def end(on: date):
    """Another school's registration has set the last day here."""

    def step(participant):
        Participant.update(finished_on=on).where(Participant.id == participant.id).execute()

    return step


WITHDRAWN, DEFERRED, ACTIVE = "has been withdrawn already", "has been deferred already", "is active already"
ONLY_TODAY = "changed only today. Try again tomorrow"
RETRY = "was withdrawn or deferred only today, or on a later day. Try again the day after"
ELSEWHERE, GONE = "is in training elsewhere now", "has gone from that school. Settle it with its induction tutor"
PLANNED = "has other training planned already"

REFUSED = {
    "withdrawn before": ("withdraw", [(april(13), withdrawn)], WITHDRAWN),
    "withdrawn a moment ago": ("withdraw", [(TODAY, withdrawn)], WITHDRAWN),
    "withdrawn after a pause": ("withdraw", [(april(10), deferred), (april(13), withdrawn)], WITHDRAWN),
    "withdrawn the day it was resumed": ("withdraw", [(april(13), withdrawn), (TODAY, resumed)], ONLY_TODAY),
    "deferred before": ("defer", [(april(13), deferred)], DEFERRED),
    "deferred when withdrawn": ("defer", [(april(13), withdrawn)], WITHDRAWN),
    "deferred when deferred, then withdrawn": ("defer", [(april(10), deferred), (april(13), withdrawn)], WITHDRAWN),
    "deferred when both at one moment": ("defer", [(april(13), deferred), (april(13), withdrawn)], WITHDRAWN),
    "deferred the day it was resumed": ("defer", [(april(13), deferred), (TODAY, resumed)], ONLY_TODAY),
    "resumed when active": ("resume", [], ACTIVE),
    "resumed twice": ("resume", [(april(10), deferred), (april(13), resumed)], ACTIVE),
    "resumed when the school ended it": ("resume", [(april(13), given_to_teach_first)], ACTIVE),
    "resumed with another provider": ("resume", [(april(10), withdrawn), (april(13), given_to_teach_first)], ELSEWHERE),
    "resumed with another since today": ("resume", [(april(13), withdrawn), (TODAY, given_to_teach_first)], ELSEWHERE),
    "resumed with another until today": (
        "resume",
        [(april(10), withdrawn), (april(13), given_to_teach_first), (april(14), leaving(TODAY))],
        ELSEWHERE,
    ),
    "resumed when school-led": ("resume", [(april(10), withdrawn), (april(13), made_school_led)], ELSEWHERE),
    "resumed when school-led, paused": ("resume", [(april(10), deferred), (april(13), made_school_led)], ELSEWHERE),
    "withdrawn and given away today": ("resume", [(TODAY, withdrawn), (TODAY, given_to_teach_first)], ELSEWHERE),
    "resumed the day of withdrawal": ("resume", [(TODAY, withdrawn)], RETRY),
    "resumed the day of deferral": ("resume", [(TODAY, deferred)], RETRY),
    "resumed when a clock was set back": ("resume", [(TOMORROW, withdrawn)], RETRY),
    "resumed the day of both": ("resume", [(TODAY, deferred), (TODAY, withdrawn)], RETRY),
    "withdrawn on their last day": ("resume", [(april(13), leaving(TODAY)), (TODAY, withdrawn)], RETRY),
    "resumed on their last day": ("resume", [(april(10), withdrawn), (april(13), leaving(TODAY))], GONE),
    "resumed after their last day": ("resume", [(april(10), withdrawn), (april(13), leaving(YESTERDAY))], GONE),
    "resumed when another school has them": ("resume", [(april(10), withdrawn), (april(13), end(YESTERDAY))], GONE),
    "resumed before other training": ("resume", [(april(10), withdrawn), (april(13), plan_other_training)], PLANNED),
    "resumed today before other training": ("resume", [(april(10), plan_other_training), (TODAY, withdrawn)], RETRY),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_report_that_does_not_fit_what_happened_is_refused(ect, case):
    act, history, sense = REFUSED[case]
    assert refusal(act, live_through(ect, history)) == {"participant_id": sense}


@pytest.mark.parametrize("act", ["withdraw", "defer"])
@pytest.mark.parametrize(
    ("started_on", "sense"),
    [
        (TOMORROW, "has not yet trained with you for a day"),
        (date(2026, 9, 1), "has not yet trained with you for a day"),
        (TODAY, ONLY_TODAY),
    ],
)
def test_nobody_can_leave_training_on_its_first_day_or_before(world, act, started_on, sense):
    participant = person_at(ST_JOHNS, started_on=started_on)
    train(participant)
    assert refusal(act, participant) == {"participant_id": sense}
    assert refusal("resume", participant) == {"participant_id": ACTIVE}


GIVEN, UNKNOWN, NOT_FOR_ECTS = "must be given", "is not recognised", "is not for an ECT"
STRANGER = "is not recognised for this participant"

ATTRIBUTES = {
    "nothing": ("withdraw", {"course_identifier": None, "reason": None}, {"course_identifier": GIVEN, "reason": GIVEN}),
    "empty": ("defer", {"course_identifier": "", "reason": ""}, {"course_identifier": GIVEN, "reason": GIVEN}),
    "blank": ("withdraw", {"course_identifier": " ", "reason": "\t"}, {"course_identifier": GIVEN, "reason": GIVEN}),
    "no reason": ("withdraw", {"reason": None}, {"reason": GIVEN}),
    "no course": ("withdraw", {"course_identifier": None}, {"course_identifier": GIVEN}),
    "no course to resume": ("resume", {"course_identifier": None}, {"course_identifier": GIVEN}),
    "unknown course": ("withdraw", {"course_identifier": "npq-leading-teaching"}, {"course_identifier": STRANGER}),
    "a role for a course": ("withdraw", {"course_identifier": "ect"}, {"course_identifier": STRANGER}),
    "unknown course to resume": ("resume", {"course_identifier": "ecf_induction"}, {"course_identifier": STRANGER}),
    "a course in another case": ("resume", {"course_identifier": "ECF-induction"}, {"course_identifier": STRANGER}),
    "the other role": ("defer", {"course_identifier": "ecf-mentor"}, {"course_identifier": STRANGER}),
    "the other role's reason": (
        "withdraw",
        {"course_identifier": "ecf-mentor", "reason": "mentor-no-longer-being-mentor"},
        {"course_identifier": STRANGER},
    ),
    "neither known": (
        "defer",
        {"course_identifier": "ecf", "reason": "moved-school"},
        {"course_identifier": STRANGER, "reason": UNKNOWN},
    ),
    "a mentor's reason": ("withdraw", {"reason": "mentor-no-longer-being-mentor"}, {"reason": NOT_FOR_ECTS}),
    "underscores": ("withdraw", {"reason": "left_teaching_profession"}, {"reason": UNKNOWN}),
    "underscores in a pause": ("defer", {"reason": "parental_leave"}, {"reason": UNKNOWN}),
    "half underscores": ("defer", {"reason": "long-term_sickness"}, {"reason": UNKNOWN}),
    "a reason in another case": ("withdraw", {"reason": "Other"}, {"reason": UNKNOWN}),
    "a reason with space": ("withdraw", {"reason": "other "}, {"reason": UNKNOWN}),
    "a pause's reason": ("withdraw", {"reason": "parental-leave"}, {"reason": UNKNOWN}),
    "a withdrawal's reason": ("defer", {"reason": "moved-school"}, {"reason": UNKNOWN}),
}


@pytest.mark.parametrize("case", ATTRIBUTES)
def test_what_is_said_must_be_known(ect, case):
    act, attributes, errors = ATTRIBUTES[case]
    found = refusal(act, ect, **attributes)
    assert found == errors
    assert list(found) == list(errors)


TOGETHER = {
    "no reason": ("withdraw", [(april(13), withdrawn)], None, {"reason": GIVEN, "participant_id": WITHDRAWN}),
    "unknown reason": ("withdraw", [(april(13), withdrawn)], "x", {"reason": UNKNOWN, "participant_id": WITHDRAWN}),
    "no reason for a pause": ("defer", [(april(13), deferred)], "", {"reason": GIVEN, "participant_id": DEFERRED}),
    "a pause's unknown reason": (
        "defer",
        [(april(13), withdrawn), (TODAY, resumed)],
        "x",
        {"reason": UNKNOWN, "participant_id": ONLY_TODAY},
    ),
    "a mentor's reason is judged last": (
        "withdraw",
        [(april(13), withdrawn)],
        "mentor-no-longer-being-mentor",
        {"participant_id": WITHDRAWN},
    ),
    "nor on the first day": (
        "withdraw",
        [(april(13), deferred), (TODAY, resumed)],
        "mentor-no-longer-being-mentor",
        {"participant_id": ONLY_TODAY},
    ),
}


@pytest.mark.parametrize("case", TOGETHER)
def test_the_reason_and_the_participant_can_be_wrong_together(ect, case):
    act, history, reason, errors = TOGETHER[case]
    found = refusal(act, live_through(ect, history), reason=reason)
    assert found == errors
    assert list(found) == list(errors)


# --- what is allowed, and what it changes ------------------------------------------------------------------


MARKED = {
    "active": ([], TODAY),
    "leaves later": ([(april(13), leaving(april(30)))], TODAY),
    "leaves today": ([(april(13), leaving(TODAY))], TODAY),
    "left long ago": ([(april(13), leaving(april(12)))], april(12)),
    "the school chose another provider": ([(april(13), given_to_teach_first)], april(12)),
    "the school chose another provider today": ([(TODAY, given_to_teach_first)], YESTERDAY),
    "the school took over": ([(april(13), made_school_led)], april(12)),
    "resumed after a withdrawal": ([(april(10), withdrawn), (april(13), resumed)], TODAY),
    "resumed after a pause": ([(april(10), deferred), (april(13), resumed)], TODAY),
    "resumed, leaves later": (
        [(april(10), deferred), (april(13), resumed), (april(14), leaving(april(30)))],
        TODAY,
    ),
}
COLUMNS = {"withdraw": ("withdrawn_at", "withdrawal_reason"), "defer": ("deferred_at", "deferral_reason")}


@pytest.mark.parametrize("act", COLUMNS)
@pytest.mark.parametrize("case", MARKED)
def test_a_mark_ends_the_training_and_changes_nothing_else(ect, act, case):
    history, finished_on = MARKED[case]
    before_it = live_through(ect, history)
    [period] = [p for p in periods_of(before_it) if p.school_partnership_id and p.training_status == "active"]
    old, before = period.finished_on, stored()
    with clock_at(LATER_TODAY):
        event = report(act, before_it)
    at, reason = COLUMNS[act]
    assert changes(before, stored()) == {
        "training_period": {at, reason} | ({"finished_on"} if old != finished_on else set()),
        "participant": {"version"},
        "event": {"added"},
    }
    marked = TrainingPeriod.get_by_id(period.id)
    assert (getattr(marked, at), getattr(marked, reason)) == (LATER_TODAY, "other")
    assert marked.finished_on == finished_on
    after = Participant.get_by_id(ect.id)
    assert after.teacher.api_updated_at >= LATER_TODAY
    assert after.version == event.version == before_it.version + 1
    assert (event.author_type, event.author_name, event.lead_provider.name) == ("lead_provider_api", AMBITION, AMBITION)
    assert event.happened_at == LATER_TODAY
    assert event.training_period_id == period.id
    assert event.event_type == f"teacher_{act}s_training_period"
    assert event.modifications == [
        f"{at}: None → {LATER_TODAY}",
        f"{reason}: None → other",
        f"finished_on: {old} → {finished_on}",
    ]


def test_what_the_school_sees_when_a_former_provider_withdraws(ect):
    ect = live_through(ect, [(april(13), given_to_teach_first), (TODAY, withdrawn)])
    old, new = periods_of(ect)
    assert (old.training_status, old.finished_on) == ("withdrawn", april(12))
    assert (new.training_status, new.started_on, new.finished_on) == ("active", april(13), None)
    assert ect.training_period == new
    assert ect.training_status == "active"


@pytest.mark.parametrize(
    ("history", "finished_on"),
    [([(april(10), deferred), (april(13), withdrawn)], april(10)), ([(TODAY, deferred), (TODAY, withdrawn)], TODAY)],
    ids=["later", "at the same moment"],
)
def test_withdrawn_after_a_pause_keeps_both_marks_and_withdrawn_wins(ect, history, finished_on):
    [period] = periods_of(live_through(ect, history))
    assert period.deferred_at <= period.withdrawn_at
    assert (period.deferral_reason, period.withdrawal_reason) == ("other", "other")
    assert period.training_status == "withdrawn"
    assert period.finished_on == finished_on


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("withdraw", "left-teaching-profession"),
        ("withdraw", "moved-school"),
        ("withdraw", "switched-to-school-led"),
        ("withdraw", "changed-lead-provider"),
        ("withdraw", "other"),
        ("defer", "bereavement"),
        ("defer", "long-term-sickness"),
        ("defer", "parental-leave"),
        ("defer", "career-break"),
        ("defer", "other"),
    ],
)
def test_every_reason(ect, act, reason):
    report(act, ect, reason=reason)
    assert getattr(periods_of(ect)[0], COLUMNS[act][1]) == reason.replace("-", "_")


RESUMED = {
    "withdrawn": ([(april(13), withdrawn)], None),
    "deferred": ([(YESTERDAY, deferred)], None),
    "both": ([(april(10), deferred), (april(13), withdrawn)], None),
    "withdrawn for the second time": ([(april(1), deferred), (april(10), resumed), (april(13), withdrawn)], None),
    "leaves later": ([(april(10), leaving(april(30))), (april(13), withdrawn)], april(30)),
    "leaves tomorrow": ([(april(10), withdrawn), (april(13), leaving(TOMORROW))], TOMORROW),
    "another school has them from tomorrow on": (
        [(april(10), withdrawn), (april(13), end(TOMORROW))],
        TOMORROW,
    ),
    "the other provider has withdrawn too": (
        [
            (april(8), withdrawn),
            (april(9), given_to_teach_first),
            (april(9), confirmed),
            (april(10), withdrawn_by_teach_first),
        ],
        None,
    ),
}


@pytest.mark.parametrize("case", RESUMED)
def test_resuming_opens_a_new_period_and_leaves_the_old_one_alone(ect, case):
    history, finished_on = RESUMED[case]
    before_it = live_through(ect, history)
    old = reports.latest_confirmed_period(LeadProvider.get(name=AMBITION), ect.teacher, "ect")
    old.expression_of_interest, old.schedule = old.active_lead_provider, "ecf-extended-april"
    old.save()
    before = stored()
    with clock_at(LATER_TODAY):
        event = report("resume", before_it)
    assert changes(before, stored()) == {
        "training_period": {"added"},
        "participant": {"version"},
        "event": {"added"},
    }
    new = periods_of(ect)[-1]
    assert (new.started_on, new.finished_on, new.training_status) == (TODAY, finished_on, "active")
    assert (new.training_programme, new.expression_of_interest) == ("provider_led", None)
    assert (new.school_partnership, new.schedule) == (old.school_partnership, "ecf-extended-april")
    after = Participant.get_by_id(ect.id)
    assert after.teacher.api_updated_at >= LATER_TODAY
    assert after.version == event.version == before_it.version + 1
    assert event.event_type == "teacher_resumes_training_period"
    assert (event.training_period_id, event.details) == (old.id, {"new_training_period_id": new.id})
    assert event.lead_provider.name == event.author_name == AMBITION


# --- who is meant ------------------------------------------------------------------------------------------


@pytest.fixture
def both_roles(ect) -> dict[str, Participant]:
    """An ECT who mentors somebody else at the same school, in training as both."""
    mentor = person_at(ST_JOHNS, "mentor", ect.teacher)
    train(mentor)
    Mentorship.create(ect=person("Priya Shah"), mentor=mentor, started_on=date(2026, 1, 5))
    Mentorship.create(ect=ect, mentor=person("Peter Marsh", "mentor"), started_on=ect.started_on)
    return {"ect": ect, "mentor": mentor}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", ["ect", "mentor"])
def test_only_the_role_that_was_named_is_touched(both_roles, role, act):
    participant = both_roles[role]
    live_through(participant, [(april(13), deferred)] if act == "resume" else [])
    before = stored()
    with clock_at(LATER_TODAY):
        report(act, participant)
    changed = [key for key, row in stored().items() if before.get(key) not in (row, None)]
    assert ("participant", participant.id) in changed
    assert {table for table, _ in changed} <= {"participant", "training_period", "teacher"}
    other = both_roles[{"ect": "mentor", "mentor": "ect"}[role]]
    assert ("participant", other.id) not in changed
    assert [p.training_status for p in periods_of(other)] == ["active"]


def test_a_mentor_who_no_longer_mentors(both_roles):
    mentor = both_roles["mentor"]
    report("withdraw", mentor, reason="mentor-no-longer-being-mentor")
    assert mentor.training_status == "withdrawn"
    assert [ect.name for ect in mentor.assigned_ects] == ["Priya Shah"], "they stay the mentor"


@pytest.mark.parametrize("role", ["ect", "mentor"])
def test_the_latest_confirmed_training_at_any_school_is_meant(world, role):
    teacher = person_at(ST_JOHNS, role, started_on=date(2024, 9, 2), finished_on=date(2025, 8, 31)).teacher
    former = teacher.participants.get()
    train(former, year=2024)
    present = person_at(NORTHBROOK, role, teacher)
    train(present)
    report("withdraw", present)
    assert [p.training_status for p in periods_of(former) + periods_of(present)] == ["active", "withdrawn"]


def test_training_that_was_never_confirmed_is_not_meant(ect):
    ect = live_through(ect, [(april(13), given_to_teach_first)])
    assert refusal("withdraw", ect, TEACH_FIRST) == {"course_identifier": STRANGER}
    assert refusal("withdraw", person("Thomas Walker")) == {"course_identifier": STRANGER}


def test_what_the_school_replaced_on_its_first_day_was_never_begun(world):
    """The former provider still sees the person, and is told why nothing can be reported."""
    ect = person_at(ST_JOHNS, started_on=TODAY)
    train(ect)
    given_to_teach_first(ect)
    assert refusal("withdraw", ect) == {
        "participant_id": "was given to another lead provider before training with you began"
    }


def test_a_mentor_in_training_at_another_school_is_not_resumed(world):
    """Nobody trains twice at once in the same role (3.5); only mentors can be at two schools."""
    mentor = person_at(ST_JOHNS, "mentor")
    train(mentor)
    live_through(mentor, [(april(10), withdrawn)])
    elsewhere = train(person_at(NORTHBROOK, "mentor", mentor.teacher, april(13)), TEACH_FIRST)
    assert refusal("resume", mentor) == {"participant_id": ELSEWHERE}
    TrainingPeriod.update(finished_on=YESTERDAY).where(TrainingPeriod.id == elsewhere.id).execute()
    report("resume", mentor)


def test_an_ect_is_resumed_until_another_school_has_them(world):
    ect = person_at(ST_JOHNS, finished_on=april(30))
    train(ect)
    live_through(ect, [(april(10), withdrawn)])
    train(person_at(NORTHBROOK, "ect", ect.teacher, date(2026, 5, 1)), TEACH_FIRST)
    report("resume", ect)
    assert periods_of(ect)[-1].finished_on == april(30)
