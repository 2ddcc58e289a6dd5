"""What else a record says: mentors now and later, induction, who is to know of an absence, and what has changed.
How each status looks is in test_records.py."""

from datetime import date, timedelta

import pytest

from models import Participant
from tests.conftest import TODAY
from tests.given import ADA, SCHOOL_LED, ect, mentor, mentored, withdrawn
from tests.reports import april, leaving, made_school_led, resumed
from tests.test_records import ALPHA, ASSIGN, GIVEN_UP, JULY, PAUSED, TELL_US, TOMORROW
from tests.visitor import rows_of, section


@pytest.mark.parametrize(
    ("row", "history", "expected"),
    [
        ({}, [], "Peter Marsh"),
        ({"mentor": None}, [mentored("Peter Marsh", JULY)], "Peter Marsh From 17 July 2026"),
        ({"mentor": None}, [mentored("Peter Marsh", TODAY)], "Peter Marsh"),
        (
            {"mentor": None},
            [mentored("Peter Marsh", april(1), TODAY), mentored("John Doe", TOMORROW)],
            "Peter Marsh John Doe (from 21 April 2026)",
        ),
        (
            {"mentor": None},
            [
                mentored("Margaret Evans", date(2026, 9, 1)),
                mentored("Peter Marsh", april(1), JULY),
                mentored("John Doe", JULY + timedelta(days=1), date(2026, 8, 31)),
            ],
            "Peter Marsh John Doe (from 18 July 2026) Margaret Evans (from 1 September 2026)",
        ),
        ({"mentor": None}, [mentored("Peter Marsh", april(1), april(19))], ASSIGN),
        ({"mentor": None}, [mentored("Peter Marsh", april(1), JULY)], "Peter Marsh Until 17 July 2026"),
        ({}, [leaving(JULY)], "Peter Marsh"),
    ],
)
def test_an_ects_mentors_now_and_later(naomi, row, history, expected):
    ada = ect(*[(TODAY, step) for step in history], **row)
    assert naomi.get(f"/school/ects/{ada.id}").row("Mentor") == expected
    assert rows_of(naomi.get("/school/ects").card(ADA))["Mentor"] == expected


RECORDED = "They recorded the induction. Contact them if this is wrong or you want to change appropriate body."
SUPPORT = "Contact support (support@register-ects.example.org)"
AWAITED = f"Awaiting confirmation by {ALPHA} {SUPPORT} if this is not their appropriate body."
NO_DATE = "The appropriate body has not told us yet"


@pytest.mark.parametrize(
    ("row", "body", "started"),
    [
        ({}, f"{ALPHA} {RECORDED}", "1 September 2025 Reported by an appropriate body"),
        ({"induction_started_on": None}, f"{ALPHA} {AWAITED}", NO_DATE),
        (
            {"induction_started_on": date(2024, 9, 2)},
            f"{ALPHA} {AWAITED}",
            "2 September 2024 Reported by an appropriate body",
        ),
        (
            {"induction_started_on": date(2026, 7, 17), "leaving_on": date(2026, 7, 17)},
            f"{ALPHA} {RECORDED}",
            "17 July 2026 Reported by an appropriate body",
        ),
        (
            {"induction_started_on": date(2026, 7, 18), "leaving_on": date(2026, 7, 17)},
            f"{ALPHA} {AWAITED}",
            "18 July 2026 Reported by an appropriate body",
        ),
        (
            {"induction_started_on": None, "appropriate_body": None},
            f"Not reported {SUPPORT} to tell us who they are.",
            NO_DATE,
        ),
    ],
    ids=["here", "awaiting", "before this school", "from the last day here", "after it", "not reported"],
)
def test_induction_details(naomi, row, body, started):
    """Recorded by the appropriate body is what began within the time here."""
    naomi.get(f"/school/ects/{ect(**row).id}")
    assert naomi.row("Appropriate body") == body
    assert naomi.row("Induction start date") == started


def test_the_other_rows(naomi):
    rows = naomi.get(f"/school/ects/{ect(working_pattern='part_time').id}").rows
    assert {key: rows[key] for key in ("Name", "Email address", "School start date", "Working pattern")} == {
        "Name": ADA,
        "Email address": "a@example.org",
        "School start date": "1 September 2025",
        "Working pattern": "Part time",
    }


def test_nothing_is_made_up_where_nothing_is_known(naomi):
    ada = ect(training=None, appropriate_body=None, induction_started_on=None, mentor=None)
    Participant.update(email=None, working_pattern=None).where(Participant.id == ada.id).execute()
    ada.teacher.trn, ada.teacher.is_trnless = None, True
    ada.teacher.save()
    naomi.get(f"/school/ects/{ada.id}")
    assert "TRN: not known" in naomi.text
    assert [naomi.row(key) for key in ("Email address", "Working pattern")] == ["Not reported"] * 2
    assert rows_of(naomi.get("/school/ects").card(ADA))["TRN"] == "Not known"


@pytest.mark.parametrize(
    ("given", "history", "row", "tell"),
    [
        (
            *(ect, [PAUSED], {}),
            " Tell Ambition Institute at schools@ambition-institute.example.org and their appropriate body instead.",
        ),
        (ect, [GIVEN_UP], {}, " Tell their appropriate body instead."),
        (ect, [], {"training": SCHOOL_LED}, " Tell their appropriate body instead."),
        (mentor, [GIVEN_UP], {}, ""),
        (mentor, [], {"training": None}, ""),
    ],
)
def test_who_is_to_know_of_somebody_who_comes_back_is_named(naomi, given, history, row, tell):
    ada = given(*history, **row)
    naomi.get(f"/school/{ada.role}s/{ada.id}")
    assert section(naomi, TELL_US)[1].endswith(f"such as parental leave.{tell}")


@pytest.mark.parametrize(
    ("given", "history", "told"),
    [
        (
            ect,
            [PAUSED, (april(9), withdrawn), (april(16), made_school_led)],
            [
                "16 April 2026 You changed Ada Moss’s training programme "
                "from provider-led with Ambition Institute to school-led",
                "9 April 2026 Ambition Institute told us they had stopped training Ada Moss",
                "8 April 2026 Ambition Institute told us they had paused Ada Moss’s training",
            ],
        ),
        (
            mentor,
            [PAUSED, (april(9), withdrawn), (april(16), resumed)],
            [
                "16 April 2026 Ambition Institute told us they had started training Ada Moss as a mentor again",
                "9 April 2026 Ambition Institute told us they had stopped training Ada Moss as a mentor",
                "8 April 2026 Ambition Institute told us they had paused Ada Moss’s mentor training",
            ],
        ),
    ],
)
def test_what_has_changed_newest_first_with_dates(naomi, given, history, told):
    ada = given(*history)
    naomi.get(f"/school/{ada.role}s/{ada.id}")
    assert section(naomi, "What has changed") == told
