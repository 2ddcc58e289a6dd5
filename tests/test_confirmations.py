"""What confirmations say of other people and organisations: whoever is named is here and still needs something, whoever
is said to see a change does, by what the API tells them, and no heading stands above nothing."""

from datetime import date

import pytest

from models import Mentorship, Participant, Teacher, TrainingPeriod
from tests.conftest import TODAY, person
from tests.given import (
    ADA,
    AWAITING,
    SCHOOL_LED,
    deferred,
    ect,
    known_of,
    mentor,
    registered_elsewhere,
    training,
    withdrawn,
)
from tests.reports import (
    AMBITION,
    TEACH_FIRST,
    address,
    april,
    ask,
    confirmed,
    given_to_teach_first,
    leaving,
    made_school_led,
    resumed,
)

DAYS = {"past": april(13), "today": TODAY, "future": date(2026, 7, 17)}


def completed(status: str):
    return known_of(trs_induction_status=status, trs_induction_completed_date=april(1))


def report_leaving(naomi, participant: Participant, on: date) -> None:
    page = f"/school/{participant.role}s/{participant.id}/report-teacher-leaving/leaving-date"
    naomi.get(page).submit("Continue", Day=str(on.day), Month=str(on.month), Year=str(on.year))
    naomi.submit("Confirm and continue")


def seen_by(visitor, participant: Participant, by: str = AMBITION) -> dict:
    """What this lead provider is told of their training."""
    response = ask(visitor, "get", address(participant), by)
    [enrolment] = response.json["data"]["attributes"]["ecf_enrolments"] if response.status_code == 200 else [{}]
    return enrolment


def is_about_something(naomi) -> bool:
    """Whether there is more below “What happens next” than the way back."""
    return len(naomi.main.css("h2 ~ p, h2 ~ ul")) > 1


BODY = "Tell their appropriate body"
TRAINING = ("can continue training until then", "Their training at your school ended")
ECTS = {
    # The ECT → whether they are said to be in training until then, and whether an appropriate body has to know.
    "active": (lambda: ect(), True, True),
    "school-led": (lambda: ect(training=SCHOOL_LED), True, True),
    "awaiting": (lambda: ect(training=AWAITING), False, True),
    "withdrawn": (lambda: ect((april(10), withdrawn)), False, True),
    "deferred": (lambda: ect((april(10), deferred)), False, True),
    "without training": (lambda: ect(training=None), False, True),
    "training that has ended": (lambda: ect((april(10), training(finished_on=april(9)))), False, True),
    "passed": (lambda: ect((april(10), completed("Passed"))), False, False),
    "failed": (lambda: ect((april(10), completed("Failed"))), False, False),
    "failed in Wales": (lambda: ect((april(10), completed("FailedInWales"))), False, False),
    "exempt": (lambda: ect(induction="Exempt"), False, False),
    "passed, withdrawn": (lambda: ect((april(10), withdrawn), induction="Passed"), False, False),
}


@pytest.mark.parametrize("when", DAYS)
def test_an_ect_leaves(naomi, when):
    for case in ECTS if when == "future" else ("active", "awaiting", "passed", "exempt"):
        make, is_in_training, needs_body = ECTS[case]
        ada = make()
        report_leaving(naomi, ada, DAYS[when])
        assert any(words in naomi.text for words in TRAINING) is is_in_training, case
        assert (BODY in naomi.text) is needs_body, case
        is_over = "passed" in case or "failed" in case
        assert ("on your list of ECTs" in naomi.text) is not is_over, case
        if f"{AMBITION} can now see" in naomi.text:
            assert seen_by(naomi, ada)["participant_status"] in ("leaving", "left"), case
        assert is_about_something(naomi), case


MENTORS_ECTS = {
    # What is so of the ECT → whether they need a new mentor after the last day of theirs.
    "In Training": ([], True),
    "With Drawn": ([(april(10), withdrawn)], True),
    "De Ferred": ([(april(10), deferred)], True),
    "Leaving Later": ([(april(10), leaving(date(2026, 7, 18)))], True),
    "Leaving Then": ([(april(10), leaving(date(2026, 7, 17)))], False),
    "Leaving Earlier": ([(april(10), leaving(date(2026, 7, 16)))], False),
    "Long Gone": ([(april(10), leaving(april(13)))], False),
    "Registered Elsewhere": ([(april(10), registered_elsewhere(april(13)))], False),
    "Has Passed": ([(april(10), known_of(trs_induction_status="Passed"))], False),
    "Has Failed": ([(april(10), known_of(trs_induction_status="Failed"))], False),
    "Failed InWales": ([(april(10), known_of(trs_induction_status="FailedInWales"))], False),
    "Is Exempt": ([(april(10), known_of(trs_induction_status="Exempt"))], False),
}


def test_a_mentor_leaves_and_is_staying_after_all(naomi):
    for name, (history, _) in MENTORS_ECTS.items():
        ect(*history, name=name)
    peter = person("Peter Marsh", "mentor")
    report_leaving(naomi, peter, date(2026, 7, 17))
    need_one = [link.text() for link in naomi.main.css("li a")]
    assert sorted(need_one) == sorted([*(name for name in MENTORS_ECTS if MENTORS_ECTS[name][1]), "Hannah Clarke"])
    assert "These ECTs will need a new mentor" in naomi.text
    assert not any(name in naomi.text for name in MENTORS_ECTS if name not in need_one)
    for link in [link.attrs["href"] for link in naomi.main.css("li a")]:
        assert naomi.send("get", link).status_code == 200
    naomi.get(f"/school/mentors/{peter.id}/report-staying/check-answers").submit("Confirm and continue")
    for name in MENTORS_ECTS:
        assert (f"Peter Marsh continues to mentor {name}." in naomi.text) is (name in need_one), name
    assert is_about_something(naomi)


def test_a_mentor_of_before_is_not_named(naomi):
    ada = ect()
    Mentorship.update(finished_on=april(10)).where(Mentorship.ect == ada).execute()
    report_leaving(naomi, ada, DAYS["future"])
    assert "Peter Marsh" not in naomi.text


trained_enough = known_of(
    mentor_became_ineligible_for_funding_on=april(1),
    mentor_became_ineligible_for_funding_reason="completed_declaration_received",
)
MENTORS = {
    "active": ([], True),
    "withdrawn": ([(april(10), withdrawn)], False),
    "deferred": ([(april(10), deferred)], False),
    "training that is over": ([(april(10), trained_enough)], False),
    "training that has ended": ([(april(10), training(finished_on=april(9)))], False),
}


def test_a_mentor_in_whatever_training_leaves(naomi):
    for case, when in [*((case, "future") for case in MENTORS), ("active", "past"), ("active", "today")]:
        history, is_told = MENTORS[case]
        ada = mentor(*history)
        report_leaving(naomi, ada, DAYS[when])
        assert (f"{AMBITION} can now see" in naomi.text) is is_told, case
        assert not is_told or seen_by(naomi, ada)["participant_status"] in ("leaving", "left")
        assert BODY not in naomi.text
        assert is_about_something(naomi)


STAYING = {
    "active": ([], True, True),
    "withdrawn": ([(april(10), withdrawn)], False, True),
    "passed": ([(april(10), completed("Passed"))], False, False),
    "exempt": ([(april(10), known_of(trs_induction_status="Exempt"))], True, False),
}


def test_an_ect_is_staying_after_all(naomi):
    for case, (history, is_seen, needs_body) in STAYING.items():
        ada = ect(*history, (april(13), leaving(DAYS["future"])))
        naomi.get(f"/school/ects/{ada.id}/report-staying/check-answers").submit("Confirm and continue")
        assert (f"{AMBITION} can now see that {ADA} is staying" in naomi.text) is is_seen, case
        assert ("If their appropriate body knew" in naomi.text) is needs_body, case
        assert (f"Peter Marsh continues to mentor {ADA}" in naomi.text) is needs_body, case
        assert ("on your list of ECTs" in naomi.text) is (case != "passed")
        assert "We have removed their last day" in naomi.text


# --- a lead provider makes way ---------------------------------------------------------------------------------

FORMER = {
    # What has happened → of whom it is said what they see of the change, and what they are told then.
    "trained before": ([], f"{AMBITION} can now see that they no longer train {ADA}.", AMBITION, "left"),
    "confirmed today": (
        [(TODAY, given_to_teach_first), (TODAY, confirmed)],
        f"{TEACH_FIRST} can now see that they will not train {ADA}.",
        TEACH_FIRST,
        "left",
    ),
    "not confirmed": (
        [(TODAY, given_to_teach_first)],
        f"{TEACH_FIRST} had not confirmed that they would train {ADA}. They can no longer confirm.",
        TEACH_FIRST,
        None,
    ),
    "withdrawn": ([(april(10), withdrawn)], None, AMBITION, "left"),
    "ended before": ([(april(10), training(finished_on=april(9)))], None, AMBITION, "left"),
}


@pytest.mark.parametrize("journey", ["change-lead-provider", "change-training-programme"])
@pytest.mark.parametrize("case", FORMER)
def test_a_former_provider_sees_what_it_is_said_to_see(naomi, journey, case):
    history, told, provider, status = FORMER[case]
    ada = ect(*history)
    was = Teacher.get_by_id(ada.teacher_id).api_updated_at
    page = "lead-provider" if journey == "change-lead-provider" else "training-programme"
    naomi.get(f"/school/ects/{ada.id}/{journey}/{page}")
    assert provider == AMBITION or "will stop today" not in naomi.text
    assert (f"{TEACH_FIRST} has not confirmed yet that they will train {ADA}." in naomi.text) is (
        case == "not confirmed"
    )
    assert (f"If you change now, {TEACH_FIRST} will not train {ADA}" in naomi.text) is (case == "confirmed today")
    assert ("will see that they" in naomi.text) is (page == "lead-provider" and status == "left" and told is not None)
    if page == "lead-provider":
        naomi.choose("Education Development Trust")
    else:
        naomi.submit("Change training programme")
    naomi.submit("Confirm change")
    assert told in naomi.text if told else "can now see that they" not in naomi.text
    assert "They do not see this change" not in naomi.text
    assert seen_by(naomi, ada, provider).get("participant_status") == status
    assert Teacher.get_by_id(ada.teacher_id).api_updated_at > was


def test_school_led_training_of_somebody_who_is_still_to_come(naomi):
    ada = ect(started_on=date(2026, 9, 1), induction_started_on=None)
    naomi.get(f"/school/ects/{ada.id}/change-training-programme/training-programme")
    naomi.submit("Change training programme").submit("Confirm change")
    assert f"Your school will train {ADA} from 1 September 2026." in naomi.text


def test_nobody_tells_an_appropriate_body_of_somebody_who_has_passed(naomi):
    ada = ect(induction="Passed")
    naomi.get(f"/school/ects/{ada.id}/change-training-programme/training-programme")
    naomi.submit("Change training programme").submit("Confirm change")
    assert "appropriate body" not in naomi.text


# --- training that began today is taken back by a report that they had left -------------------------------------

TAKEN_BACK = {
    # What happened today, before they were reported as gone since 13 April → what each provider sees of them then,
    # of which of them that is said, and whether training is said to have ended that day.
    "given to a provider that has confirmed": (
        [(TODAY, given_to_teach_first), (TODAY, confirmed)],
        {AMBITION: ("active", "left"), TEACH_FIRST: ("active", "left")},
        TEACH_FIRST,
        True,
    ),
    "given to a provider that has not confirmed": (
        [(TODAY, given_to_teach_first)],
        {AMBITION: ("active", "left"), TEACH_FIRST: None},
        None,
        False,
    ),
    "made school-led": ([(TODAY, made_school_led)], {AMBITION: ("active", "left")}, None, True),
    "resumed": ([(april(10), withdrawn), (TODAY, resumed)], {AMBITION: ("withdrawn", "left")}, AMBITION, False),
}


@pytest.mark.parametrize("case", TAKEN_BACK)
def test_who_was_given_away_today_had_left_last_week(naomi, case):
    history, told, said_of, has_ended = TAKEN_BACK[case]
    ada = ect(*history)
    before = Teacher.get_by_id(ada.teacher_id).api_updated_at
    report_leaving(naomi, ada, april(13))
    assert Participant.get_by_id(ada.id).finished_on == april(13)
    assert not TrainingPeriod.select().where(TrainingPeriod.participant == ada, TrainingPeriod.started_on == TODAY)
    for provider, statuses in told.items():
        enrolment = seen_by(naomi, ada, provider)
        assert (enrolment and (enrolment["training_status"], enrolment["participant_status"])) == (statuses or {})
    assert Teacher.get_by_id(ada.teacher_id).api_updated_at > before
    for provider in told:
        assert (f"{provider} can now see that {ADA} has left" in naomi.text) is (provider == said_of), provider
    assert ("training at your school ended on 13 April 2026" in naomi.text) is has_ended
