"""What lead providers report, and what the rules make of it, without HTTP.

Unless said otherwise it is about an ECT who has trained with Ambition Institute since 1 September 2025.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from clock import clock_at
from domain import reports
from domain.changes import RuleBroken
from models import LeadProvider, Mentorship, Participant, TrainingPeriod
from tests.conftest import TODAY, person
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

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
LATER_TODAY = datetime(2026, 4, 20, 14, 30, 15, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("world")


def trained(role: str = "ect", *history, **columns) -> Participant:
    participant = person_at(ST_JOHNS, role, **columns)
    train(participant)
    return live_through(participant, history)


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
    return lambda participant: Participant.update(finished_on=on).where(Participant.id == participant.id).execute()


WITHDRAWN, DEFERRED, ACTIVE = "has been withdrawn already", "has been deferred already", "is active already"
ONLY_TODAY = "changed only today. Try again tomorrow"
RETRY = "was withdrawn or deferred only today, or on a later day. Try again the day after"
ELSEWHERE, GONE = "is in training elsewhere now", "has gone from that school. Settle it with its induction tutor"
PLANNED = "has other training planned already"

REFUSED = {
    "withdrawn before": ("withdraw", [(april(13), withdrawn)], WITHDRAWN),
    "withdrawn after a pause": ("withdraw", [(april(10), deferred), (april(13), withdrawn)], WITHDRAWN),
    "withdrawn the day it was resumed": ("withdraw", [(april(13), withdrawn), (TODAY, resumed)], ONLY_TODAY),
    "deferred before": ("defer", [(april(13), deferred)], DEFERRED),
    "deferred when withdrawn": ("defer", [(april(13), withdrawn)], WITHDRAWN),
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
    "resumed when school-led": ("resume", [(april(10), deferred), (april(13), made_school_led)], ELSEWHERE),
    "withdrawn and given away today": ("resume", [(TODAY, withdrawn), (TODAY, given_to_teach_first)], ELSEWHERE),
    "resumed the day of withdrawal": ("resume", [(TODAY, withdrawn)], RETRY),
    "resumed the day of deferral": ("resume", [(TODAY, deferred)], RETRY),
    "resumed when a clock was set back": ("resume", [(TOMORROW, withdrawn)], RETRY),
    "withdrawn on their last day": ("resume", [(april(13), leaving(TODAY)), (TODAY, withdrawn)], RETRY),
    "resumed on their last day": ("resume", [(april(10), withdrawn), (april(13), leaving(TODAY))], GONE),
    "resumed when another school has them": ("resume", [(april(10), withdrawn), (april(13), end(YESTERDAY))], GONE),
    "resumed before other training": ("resume", [(april(10), withdrawn), (april(13), plan_other_training)], PLANNED),
    "resumed today before other training": ("resume", [(april(10), plan_other_training), (TODAY, withdrawn)], RETRY),
}


def test_a_report_that_does_not_fit_what_happened_is_refused():
    found = {case: refusal(act, trained("ect", *history)) for case, (act, history, _) in REFUSED.items()}
    assert found == {case: {"participant_id": sense} for case, (*_, sense) in REFUSED.items()}


@pytest.mark.parametrize("act", ["withdraw", "defer"])
def test_nobody_can_leave_training_on_its_first_day_or_before(act):
    not_yet = "has not yet trained with you for a day"
    for started_on, sense in ((TOMORROW, not_yet), (date(2026, 9, 1), not_yet), (TODAY, ONLY_TODAY)):
        participant = trained(started_on=started_on)
        assert refusal(act, participant) == {"participant_id": sense}
        assert refusal("resume", participant) == {"participant_id": ACTIVE}


GIVEN, UNKNOWN, NOT_FOR_ECTS = "must be given", "is not recognised", "is not for an ECT"
STRANGER = "is not recognised for this participant"
MENTORS_REASON = {"reason": "mentor-no-longer-being-mentor"}

ATTRIBUTES = [
    ("withdraw", {"course_identifier": None, "reason": None}, {"course_identifier": GIVEN, "reason": GIVEN}),
    ("defer", {"course_identifier": " ", "reason": "\t"}, {"course_identifier": GIVEN, "reason": GIVEN}),
    ("withdraw", {"reason": ""}, {"reason": GIVEN}),
    ("resume", {"course_identifier": None}, {"course_identifier": GIVEN}),
    ("withdraw", {"course_identifier": "npq-leading-teaching"}, {"course_identifier": STRANGER}),
    ("resume", {"course_identifier": "ECF-induction"}, {"course_identifier": STRANGER}),
    ("defer", {"course_identifier": "ecf-mentor"}, {"course_identifier": STRANGER}),
    ("withdraw", {"course_identifier": "ecf-mentor"} | MENTORS_REASON, {"course_identifier": STRANGER}),
    ("defer", {"course_identifier": "ecf", "reason": "x"}, {"course_identifier": STRANGER, "reason": UNKNOWN}),
    ("withdraw", MENTORS_REASON, {"reason": NOT_FOR_ECTS}),
    ("withdraw", {"reason": "left_teaching_profession"}, {"reason": UNKNOWN}),
    ("defer", {"reason": "long-term_sickness"}, {"reason": UNKNOWN}),
    ("withdraw", {"reason": "Other"}, {"reason": UNKNOWN}),
    ("withdraw", {"reason": "other "}, {"reason": UNKNOWN}),
    ("withdraw", {"reason": "parental-leave"}, {"reason": UNKNOWN}),
    ("defer", {"reason": "moved-school"}, {"reason": UNKNOWN}),
]


def test_what_is_said_must_be_known():
    ect = trained()
    for act, attributes, errors in ATTRIBUTES:
        found = refusal(act, ect, **attributes)
        assert (attributes, list(found.items())) == (attributes, list(errors.items()))


@pytest.mark.parametrize(
    ("act", "history", "reason", "errors"),
    [
        ("withdraw", [(april(13), withdrawn)], "x", {"reason": UNKNOWN, "participant_id": WITHDRAWN}),
        ("defer", [(april(13), deferred)], "", {"reason": GIVEN, "participant_id": DEFERRED}),
        # Whether a reason is for this role is judged last.
        ("withdraw", [(april(13), withdrawn)], MENTORS_REASON["reason"], {"participant_id": WITHDRAWN}),
        (
            *("withdraw", [(april(13), deferred), (TODAY, resumed)], MENTORS_REASON["reason"]),
            {"participant_id": ONLY_TODAY},
        ),
    ],
)
def test_the_reason_and_the_participant_can_be_wrong_together(act, history, reason, errors):
    assert list(refusal(act, trained("ect", *history), reason=reason).items()) == list(errors.items())


# --- what is allowed, and what it changes ------------------------------------------------------------------


MARKED = {
    "active": ([], TODAY),
    "leaves later": ([(april(13), leaving(april(30)))], TODAY),
    "leaves today": ([(april(13), leaving(TODAY))], TODAY),
    "left long ago": ([(april(13), leaving(april(12)))], april(12)),
    "the school chose another provider today": ([(TODAY, given_to_teach_first)], YESTERDAY),
    "the school took over": ([(april(13), made_school_led)], april(12)),
    "resumed, leaves later": (
        [(april(10), deferred), (april(13), resumed), (april(14), leaving(april(30)))],
        TODAY,
    ),
}
COLUMNS = {"withdraw": ("withdrawn_at", "withdrawal_reason"), "defer": ("deferred_at", "deferral_reason")}


@pytest.mark.parametrize("act", COLUMNS)
@pytest.mark.parametrize("case", MARKED)
def test_a_mark_ends_the_training_and_changes_nothing_else(act, case):
    history, finished_on = MARKED[case]
    before_it = trained("ect", *history)
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
    after = Participant.get_by_id(before_it.id)
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


def test_what_the_school_sees_when_a_former_provider_withdraws():
    ect = trained("ect", (april(13), given_to_teach_first), (TODAY, withdrawn))
    old, new = periods_of(ect)
    assert (old.training_status, old.finished_on) == ("withdrawn", april(12))
    assert (new.training_status, new.started_on, new.finished_on) == ("active", april(13), None)
    assert ect.training_period == new
    assert ect.training_status == "active"


def test_withdrawn_after_a_pause_keeps_both_marks_and_withdrawn_wins():
    for deferred_on, withdrawn_on in ((april(10), april(13)), (TODAY, TODAY)):
        [period] = periods_of(trained("ect", (deferred_on, deferred), (withdrawn_on, withdrawn)))
        assert period.deferred_at <= period.withdrawn_at
        assert (period.deferral_reason, period.withdrawal_reason) == ("other", "other")
        assert (period.training_status, period.finished_on) == ("withdrawn", deferred_on)


REASONS = {
    "withdraw": "left-teaching-profession moved-school switched-to-school-led changed-lead-provider other",
    "defer": "bereavement long-term-sickness parental-leave career-break other",
}


def test_every_reason():
    for act, reasons in REASONS.items():
        for reason in reasons.split():
            report(act, ect := trained(), reason=reason)
            assert getattr(periods_of(ect)[0], COLUMNS[act][1]) == reason.replace("-", "_")


RESUMED = {
    "deferred": ([(YESTERDAY, deferred)], None),
    "both": ([(april(10), deferred), (april(13), withdrawn)], None),
    "withdrawn for the second time": ([(april(1), deferred), (april(10), resumed), (april(13), withdrawn)], None),
    "leaves later": ([(april(10), leaving(april(30))), (april(13), withdrawn)], april(30)),
    "another school has them from tomorrow on": ([(april(10), withdrawn), (april(13), end(TOMORROW))], TOMORROW),
    "the other provider has withdrawn too": (
        [
            *((april(8), withdrawn), (april(9), given_to_teach_first)),
            *((april(9), confirmed), (april(10), withdrawn_by_teach_first)),
        ],
        None,
    ),
}


@pytest.mark.parametrize("case", RESUMED)
def test_resuming_opens_a_new_period_and_leaves_the_old_one_alone(case):
    history, finished_on = RESUMED[case]
    ect = trained("ect", *history)
    old = reports.latest_confirmed_period(LeadProvider.get(name=AMBITION), ect.teacher, "ect")
    old.expression_of_interest, old.schedule = old.active_lead_provider, "ecf-extended-april"
    old.save()
    before = stored()
    with clock_at(LATER_TODAY):
        event = report("resume", ect)
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
    assert after.version == event.version == ect.version + 1
    assert event.event_type == "teacher_resumes_training_period"
    assert (event.training_period_id, event.details) == (old.id, {"new_training_period_id": new.id})
    assert event.lead_provider.name == event.author_name == AMBITION


# --- who is meant ------------------------------------------------------------------------------------------


def in_both_roles() -> dict[str, Participant]:
    """An ECT who mentors somebody else at the same school, in training as both."""
    ect = trained()
    mentor = person_at(ST_JOHNS, "mentor", ect.teacher)
    train(mentor)
    Mentorship.create(ect=person_at(ST_JOHNS), mentor=mentor, started_on=date(2026, 1, 5))
    Mentorship.create(ect=ect, mentor=person("Peter Marsh", "mentor"), started_on=ect.started_on)
    return {"ect": ect, "mentor": mentor}


def test_only_the_role_that_was_named_is_touched():
    for act in ACTS:
        for role, other_role in (("ect", "mentor"), ("mentor", "ect")):
            people = in_both_roles()
            participant, other = people[role], people[other_role]
            live_through(participant, [(april(13), deferred)] if act == "resume" else [])
            before = stored()
            with clock_at(LATER_TODAY):
                report(act, participant)
            changed = [key for key, row in stored().items() if before.get(key) not in (row, None)]
            assert ("participant", participant.id) in changed
            assert {table for table, _ in changed} <= {"participant", "training_period", "teacher"}
            assert ("participant", other.id) not in changed
            assert [p.training_status for p in periods_of(other)] == ["active"]


def test_a_mentor_who_no_longer_mentors():
    mentor = in_both_roles()["mentor"]
    report("withdraw", mentor, **MENTORS_REASON)
    assert mentor.training_status == "withdrawn"
    assert len(mentor.assigned_ects) == 1, "they stay the mentor"


@pytest.mark.parametrize("role", ["ect", "mentor"])
def test_the_latest_confirmed_training_at_any_school_is_meant(role):
    teacher = person_at(ST_JOHNS, role, started_on=date(2024, 9, 2), finished_on=date(2025, 8, 31)).teacher
    former = teacher.participants.get()
    train(former, year=2024)
    present = person_at(NORTHBROOK, role, teacher)
    train(present)
    report("withdraw", present)
    assert [p.training_status for p in periods_of(former) + periods_of(present)] == ["active", "withdrawn"]


def test_training_that_was_never_confirmed_is_not_meant():
    ect = trained("ect", (april(13), given_to_teach_first))
    assert refusal("withdraw", ect, TEACH_FIRST) == {"course_identifier": STRANGER}
    assert refusal("withdraw", person("Thomas Walker")) == {"course_identifier": STRANGER}


def test_what_the_school_replaced_on_its_first_day_was_never_begun():
    """The former provider still sees the person, and is told why nothing can be reported."""
    given_to_teach_first(ect := trained(started_on=TODAY))
    assert refusal("withdraw", ect) == {
        "participant_id": "was given to another lead provider before training with you began"
    }


def test_a_mentor_in_training_at_another_school_is_not_resumed():
    """Nobody trains twice at once in the same role; only mentors can be at two schools."""
    mentor = trained("mentor", (april(10), withdrawn))
    elsewhere = train(person_at(NORTHBROOK, "mentor", mentor.teacher, april(13)), TEACH_FIRST)
    assert refusal("resume", mentor) == {"participant_id": ELSEWHERE}
    TrainingPeriod.update(finished_on=YESTERDAY).where(TrainingPeriod.id == elsewhere.id).execute()
    report("resume", mentor)


def test_an_ect_is_resumed_until_another_school_has_them():
    ect = trained("ect", (april(10), withdrawn), finished_on=april(30))
    train(person_at(NORTHBROOK, "ect", ect.teacher, date(2026, 5, 1)), TEACH_FIRST)
    report("resume", ect)
    assert periods_of(ect)[-1].finished_on == april(30)
