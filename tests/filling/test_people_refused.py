"""Lines about people that the rules refuse: what is said of each, and that nothing is written."""

import pytest

from forms.questions import LeavingDateForm
from tests.filling.test_people import ECT, MENTOR, NORTHBROOK, WITHOUT_MENTOR, people
from tests.reports import stored

REFUSED = {
    "no such school": ([WITHOUT_MENTOR | {"urn": "999999"}], "urn", "a school that is here. Bring in schools first"),
    "two open placements": (
        [WITHOUT_MENTOR, WITHOUT_MENTOR | {"urn": NORTHBROOK, "started_on": "2026-01-05"}],
        "started_on",
        "a day on which Theo Hale is not an ECT already. They are, at St John’s C of E Primary School (900001) from "
        "2025-09-01: give that a last day",
    ),
    "at another school already": (
        [WITHOUT_MENTOR | {"trn": "3200002", "first_name": "Hannah", "last_name": "Clarke", "urn": NORTHBROOK}],
        "started_on",
        "a day on which Hannah Clarke is not an ECT already. They are, at St John’s",
    ),
    "another start": (
        [
            WITHOUT_MENTOR
            | {"trn": "3200002", "first_name": "Hannah", "last_name": "Clarke", "started_on": "2025-09-08"}
        ],
        "started_on",
        "a day on which Hannah Clarke is not an ECT already",
    ),
    "no such provider": (
        [WITHOUT_MENTOR | {"lead_provider": "Teach Last"}],
        "lead_provider",
        "a lead provider that is here: Ambition Institute, Best Practice Network",
    ),
    "a provider without a contract in that year": (
        [WITHOUT_MENTOR | {"lead_provider": "Capita"}],
        "contract_period",
        "a year in which Capita has a contract: 2021, 2022",
    ),
    "a day that is in no contract period": (
        [WITHOUT_MENTOR | {"started_on": "2019-09-02", "induction_started_on": ""}],
        "contract_period",
        "a year: no contract period that is here has 2019-09-02 in it. Bring one in that does (flask import contract-",
    ),
    "no provider": ([WITHOUT_MENTOR | {"lead_provider": ""}], "lead_provider", "the lead provider’s name"),
    "no programme": (
        [WITHOUT_MENTOR | {"lead_provider": "", "training_programme": ""}],
        "training_programme",
        "provider_led or school_led",
    ),
    "a school-led mentor": (
        [MENTOR | {"training_programme": "school_led"}],
        "training_programme",
        "provider_led, or nothing: there is no other for mentors",
    ),
    "a provider of school-led training": (
        [WITHOUT_MENTOR | {"training_programme": "school_led"}],
        "lead_provider",
        "nothing: it is for provider_led training",
    ),
    "a mentors' schedule": (
        [WITHOUT_MENTOR | {"schedule": "ecf-replacement-april"}],
        "schedule",
        "another one: that is for mentors",
    ),
    "training before the start": (
        [WITHOUT_MENTOR | {"training_started_on": "2025-08-31"}],
        "training_started_on",
        "a day on which they are at this school",
    ),
    "an end before the start": (
        [WITHOUT_MENTOR | {"last_day": "2025-08-31"}],
        "last_day",
        "2025-09-01 or later, for that is their first day",
    ),
    "their own mentor": ([ECT | {"mentor_trn": "9000002"}], "mentor_trn", "nobody is their own mentor"),
    "no such mentor": ([ECT], "mentor_trn", "a mentor at the same school, at the same time."),
    "a mentor of another school": (
        [ECT, MENTOR | {"urn": NORTHBROOK}],
        "mentor_trn",
        "a mentor at the same school, at the same time. They are a mentor at Northbrook Academy.",
    ),
    "a mentor of another time": (
        [ECT, MENTOR | {"last_day": "2024-07-19"}],
        "mentor_trn",
        "They are a mentor there from 2022-09-01.",
    ),
    "what is for ECTs": ([MENTOR | {"working_pattern": "full_time"}], "working_pattern", "nothing: it is for ECTs"),
    "what is for mentors": (
        [WITHOUT_MENTOR | {"funding_ended_on": "2026-01-01"}],
        "funding_ended_on",
        "nothing: it is for mentors",
    ),
    "half an end of funding": (
        [MENTOR | {"funding_ended_on": "2026-01-01"}],
        "funding_end_reason",
        "a reason if there is a day",
    ),
    "no such body": (
        [WITHOUT_MENTOR | {"appropriate_body": "Gamma"}],
        "appropriate_body",
        "an appropriate body that is here: Alpha Teaching School Hub, Beacon Teaching School Hub",
    ),
    "induction by nobody": (
        [WITHOUT_MENTOR | {"appropriate_body": ""}],
        "induction_body",
        "the name of the appropriate body that recorded it",
    ),
    "an outcome without an end": (
        [WITHOUT_MENTOR | {"induction_outcome": "pass"}],
        "induction_finished_on",
        "a date: what has an outcome is over",
    ),
    "two names of one person": (
        [WITHOUT_MENTOR | {"last_day": "2026-01-05"}, MENTOR | {"trn": "9000002"}],
        "first_name",
        "the same as in line",
    ),
    "a mentor's training at two schools": (
        [
            MENTOR | {"lead_provider": "Ambition Institute", "training_started_on": "2025-09-01"},
            MENTOR
            | {
                "urn": NORTHBROOK,
                "lead_provider": "Teach First",
                "training_started_on": "2025-09-02",
                "started_on": "2023-09-01",
            },
        ],
        "training_started_on",
        "training while there is no other. At St John’s C of E Primary School there is some from 2025-09-01",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_rules_refuse_is_said_in_their_words_and_nothing_is_written(world, bring, what):
    rows, column, words = REFUSED[what]
    said = bring("people", people(*rows), fails=True)
    line = next((line for line in said.splitlines() if words in line), said)
    assert words in line
    assert f"  {column}  " in line


LEAVING = LeavingDateForm.messages
LATER = {
    "too far ahead": ({"last_day": "2026-12-18"}, LEAVING["too_far_ahead"].format(latest="20 August 2026")),
    "before the training": (
        {"last_day": "2025-09-01"},
        LEAVING["before_start"].format(started_on="1 September 2025", name="Theo Hale"),
    ),
    "other training from another day": (
        {"training_started_on": "2025-09-08"},
        "2025-09-01, as is recorded. A file brings other training only by another lead provider or programme",
    ),
    "another contract period": ({"contract_period": "2024"}, "2025, as is recorded."),
    "another provider from another day": (
        {"lead_provider": "Teach First", "training_started_on": "2026-01-05"},
        "2026-04-20. Other training begins on the day on which it is brought in",
    ),
    "another induction": (
        {"induction_started_on": "2026-01-05"},
        "a day that is not in another induction period. There is one from 2025-09-03",
    ),
    "a mentor who starts later": (
        {"mentor_trn": "9000004"},
        "a mentor at the same school, at the same time. They are a mentor there from 2026-09-01.",
    ),
}


@pytest.mark.parametrize("what", LATER)
def test_what_the_rules_refuse_of_people_who_are_there(world, bring, what):
    changes, words = LATER[what]
    later = MENTOR | {"trn": "9000004", "started_on": "2026-09-01"}
    leaving = {"last_day": "2026-07-17"} if what == "a mentor who starts later" else {}
    bring("people", people(MENTOR, later, ECT))
    said = bring("people", people(later, ECT | leaving | changes), fails=True)
    assert words in said, said


def test_who_has_left_is_left_alone(world, bring):
    bring("people", people(MENTOR, ECT | {"last_day": "2026-04-17"}))
    before = stored()
    assert "2 as they were" in bring("people", people(MENTOR, ECT | {"last_day": "2026-04-17"}))
    assert stored() == before
    said = bring("people", people(ECT | {"last_day": "2026-04-17", "email": "other@example.org"}), fails=True)
    assert "Theo Hale has left, and a file changes nothing of what is over" in said


def test_whoever_needs_a_line_that_is_refused_is_not_refused_for_that(world, bring):
    for wrong in ({"started_on": "soon"}, {"trn": "312345"}):
        said = bring("people", people(MENTOR | {"trn": "0312345"} | wrong, ECT | {"mentor_trn": "0312345"}), fails=True)
        assert "1 line is not right" in said
        assert "3     mentor_trn  0312345   line 2, which is about them, has to be right first" in said
