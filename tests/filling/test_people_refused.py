"""Lines about people that the rules refuse: what is said of each, and that nothing is written."""

import apsw

from forms.questions import LeavingDateForm
from tests.conftest import both_engines
from tests.filling.test_people import ECT, MENTOR, NORTHBROOK, SCHOOL_LED, WITHOUT_MENTOR, another, listed, people
from tests.reports import AMBITION, stored

HANNAH = WITHOUT_MENTOR | {"trn": "3200002", "first_name": "Hannah", "last_name": "Clarke"}
FUNDING_ENDED = {"funding_ended_on": "2026-01-01"}
SAME_TIME = "a mentor at the same school, at the same time."
REFUSED = [
    ([WITHOUT_MENTOR | {"urn": "999999"}], "urn", "a school that is here. Bring in schools first"),
    # Where they are already.
    (
        [WITHOUT_MENTOR, WITHOUT_MENTOR | {"urn": NORTHBROOK, "started_on": "2026-01-05"}],
        "started_on",
        "a day on which Theo Hale is not an ECT already. They are, at St John’s C of E Primary School (900001) from "
        "2025-09-01: give that a last day",
    ),
    ([HANNAH | {"urn": NORTHBROOK}], "started_on", "a day on which Hannah Clarke is not an ECT already. They are, at"),
    ([HANNAH | {"started_on": "2025-09-08"}], "started_on", "a day on which Hannah Clarke is not an ECT already"),
    ([WITHOUT_MENTOR | {"last_day": "2025-08-31"}], "last_day", "2025-09-01 or later, for that is their first day"),
    ([WITHOUT_MENTOR | {"last_day": "2026-01-05"}, MENTOR | {"trn": "9000002"}], "first_name", "the same as in line"),
    # Training.
    ([WITHOUT_MENTOR | {"lead_provider": "Teach Last"}], "lead_provider", f"a lead provider that is here: {AMBITION}"),
    ([WITHOUT_MENTOR | {"lead_provider": ""}], "lead_provider", "the lead provider’s name"),
    (
        [WITHOUT_MENTOR | {"lead_provider": "Capita"}],
        "contract_period",
        "a year in which Capita has a contract: 2021, 2022",
    ),
    (
        [WITHOUT_MENTOR | {"started_on": "2019-09-02", "induction_started_on": ""}],
        "contract_period",
        "a year: no contract period that is here has 2019-09-02 in it. Bring one in that does (flask import contract-",
    ),
    (
        [WITHOUT_MENTOR | {"lead_provider": "", "training_programme": ""}],
        "training_programme",
        "provider_led or school_led",
    ),
    ([MENTOR | SCHOOL_LED], "training_programme", "provider_led, or nothing: there is no other for mentors"),
    ([WITHOUT_MENTOR | SCHOOL_LED | {"lead_provider": AMBITION}], "lead_provider", "nothing: it is for provider_led"),
    ([WITHOUT_MENTOR | {"schedule": "ecf-replacement-april"}], "schedule", "another one: that is for mentors"),
    (
        [WITHOUT_MENTOR | {"training_started_on": "2025-08-31"}],
        "training_started_on",
        "a day on which they are at this school",
    ),
    (
        [
            MENTOR | {"lead_provider": AMBITION, "training_started_on": "2025-09-01"},
            MENTOR | {"lead_provider": "Teach First", "training_started_on": "2025-09-02"}
            | {"urn": NORTHBROOK, "started_on": "2023-09-01"},
        ],
        "training_started_on",
        "training while there is no other. At St John’s C of E Primary School there is some from 2025-09-01",
    ),
    # Their mentor.
    ([ECT | {"mentor_trn": "9000002"}], "mentor_trn", "nobody is their own mentor"),
    ([ECT], "mentor_trn", SAME_TIME),
    ([ECT, MENTOR | {"urn": NORTHBROOK}], "mentor_trn", f"{SAME_TIME} They are a mentor at Northbrook Academy."),
    ([ECT, MENTOR | {"last_day": "2024-07-19"}], "mentor_trn", f"{SAME_TIME} They are a mentor there from 2022-09-01."),
    # What is for the other role, and what belongs together.
    ([MENTOR | {"working_pattern": "full_time"}], "working_pattern", "nothing: it is for ECTs"),
    ([WITHOUT_MENTOR | FUNDING_ENDED], "funding_ended_on", "nothing: it is for mentors"),
    ([MENTOR | FUNDING_ENDED], "funding_end_reason", "a reason if there is a day"),
    # Induction.
    (
        [WITHOUT_MENTOR | {"appropriate_body": "Gamma"}],
        "appropriate_body",
        "an appropriate body that is here: Alpha Teaching School Hub, Beacon Teaching School Hub",
    ),
    (
        [WITHOUT_MENTOR | {"appropriate_body": ""}],
        "induction_body",
        "the name of the appropriate body that recorded it",
    ),
    (
        [WITHOUT_MENTOR | {"induction_outcome": "pass"}],
        "induction_finished_on",
        "a date: what has an outcome is over",
    ),
]  # fmt: skip


@both_engines
def test_what_the_rules_refuse_is_said_of_each_line_and_nothing_is_written(world, bring):
    cases = [([another(row, number) for row in rows], *told) for number, (rows, *told) in enumerate(REFUSED)]
    faults = listed(bring("people", people(*(row for rows, *_ in cases for row in rows)), fails=True), "What is wrong")
    first = 2
    for rows, column, words in cases:
        of_these = [row for row in faults[1:] if int(row[0]) in range(first, first + len(rows))]
        assert any(row[1] == column and words in row[-1] for row in of_these), (words, of_these)
        first += len(rows)


LEAVING = LeavingDateForm.messages
LATER = [
    ({"last_day": "2026-12-18"}, LEAVING["too_far_ahead"].format(latest="20 August 2026")),
    ({"last_day": "2025-09-01"}, LEAVING["before_start"].format(started_on="1 September 2025", name="Theo Hale")),
    (
        {"training_started_on": "2025-09-08"},
        "2025-09-01, as is recorded. A file brings other training only by another lead provider or programme",
    ),
    ({"contract_period": "2024"}, "2025, as is recorded."),
    (
        {"lead_provider": "Teach First", "training_started_on": "2026-01-05"},
        "2026-04-20. Other training begins on the day on which it is brought in",
    ),
    (SCHOOL_LED | {"training_started_on": "2026-01-05"}, "2026-04-20. Other training begins on the day"),
    (
        {"induction_started_on": "2026-01-05"},
        "a day that is not in another induction period. There is one from 2025-09-03",
    ),
    (
        {"mentor_trn": "9000004", "last_day": "2026-07-17"},
        f"{SAME_TIME} They are a mentor there from 2026-09-01.",
    ),
    ({"email": "other@example.org"}, "Theo Hale has left, and a file changes nothing of what is over"),
]


@both_engines
def test_what_the_rules_refuse_of_people_who_are_there(world, bring):
    comes_later = MENTOR | {"trn": "9000004", "started_on": "2026-09-01"}
    there = [another(ECT, number) for number in range(len(LATER))]
    there[-1] |= {"last_day": "2026-04-17"}
    mentors = [another(MENTOR, number) for number in range(len(LATER))]
    bring("people", people(*there, *mentors, comes_later))
    before = stored()
    assert "0 new, 0 changed" in bring("people", people(*there))
    assert stored() == before
    changed = [row | changes for row, (changes, _) in zip(there, LATER, strict=True)]
    faults = listed(bring("people", people(*changed), fails=True), "What is wrong")[1:]
    for line, (_, words) in enumerate(LATER, start=2):
        (told,) = [row[-1] for row in faults if row[0] == str(line)]
        assert words in told


def test_whoever_needs_a_line_that_is_refused_is_not_refused_for_that(world, bring):
    mentors = MENTOR | {"trn": "0312345", "started_on": "soon"}, MENTOR | {"trn": "412345"}
    ects = [another(ECT, number) | {"mentor_trn": trn} for number, trn in enumerate(("0312345", "0412345"))]
    said = bring("people", people(*mentors, *ects), fails=True)
    assert "2 lines are not right" in said
    assert [(row[0], row[-1]) for row in listed(said, "Left as it is")[1:]] == [
        ("4", "line 2, which is about them, has to be right first"),
        ("5", "line 3, which is about them, has to be right first"),
    ]


def test_what_is_asked_for_each_row_is_not_looked_for_among_all(world, bring):
    """Of what is kept of a file while it comes in: with a hundred thousand rows that would take a day."""
    asked, scans, there = [], [], another(ECT, 1) | {"mentor_trn": ""}
    bring("people", people(there))

    def plan(cursor, sql, values) -> bool:
        if sql.startswith(("SELECT", "UPDATE", "DELETE")) and "= ?" in sql:
            steps = cursor.connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)
            scans.extend((sql, step) for *_, step in steps if not step.startswith("SEARCH"))
        asked.append(sql)
        return True

    def watch(connection) -> None:
        if not connection.filename:
            connection.exec_trace = plan

    apsw.connection_hooks.append(watch)
    try:
        rows = MENTOR | {"first_name": ""}, ECT, there | {"email": "another@example.org"}
        said = bring("people", people(*rows), fails=True)
    finally:
        apsw.connection_hooks.remove(watch)
    assert "line 2, which is about them, has to be right first" in said
    assert any("FROM change" in sql for sql in asked)
    assert any("FROM refused" in sql for sql in asked)
    assert scans == []
