"""What support puts right: each correction as a table of cases, with what every school sees and every lead provider is
told before and afterwards, which is what “check answers” has foretold; and the pages."""

from datetime import date

import pytest

from domain.changes import RuleBroken
from domain.corrections import marks_of, moves_of_marks, put_right_last_day
from domain.data_checks import broken
from models import (
    ActiveLeadProvider,
    Enrolment,
    Event,
    LeadProvider,
    Mentorship,
    Participant,
    Teacher,
    TrainingPeriod,
)
from support.corrections import CORRECTIONS
from support.preview import differences, preview, views_of
from tests.conftest import TODAY, person
from tests.given import ADA, ect, mentor
from tests.reports import (
    AMBITION,
    NORTHBROOK,
    ST_JOHNS,
    TEACH_FIRST,
    deferred,
    given_to_teach_first,
    leaving,
    not_continuing,
    partnership_with,
    person_at,
    resumed,
    train,
    withdrawn,
)
from tests.visitor import Visitor, words

ST_JOHNS_NOW = "St John’s C of E Primary School, ECT from 1 September 2025"
WHY = "Naomi Fletcher telephoned, and Ambition Institute confirmed by email"

march, april = (lambda day: date(2026, 3, day)), (lambda day: date(2026, 4, day))


def day_of(on: date) -> dict:
    return {"Day": str(on.day), "Month": str(on.month), "Year": str(on.year)}


def given_to_who_confirmed() -> Participant:
    """Withdrawn, and trained by Teach First since."""
    teach_first = ActiveLeadProvider.get(lead_provider=LeadProvider.get(name=TEACH_FIRST), contract_period=2025)
    partnership_with(teach_first, person("Steven Taylor"))
    return ect((march(2), withdrawn), (march(20), given_to_teach_first))


def at_two_schools() -> Participant:
    """An ECT at Northbrook until August with the same provider that trains them here, and withdrew them here."""
    there = person_at(NORTHBROOK, started_on=date(2025, 1, 6), finished_on=date(2025, 8, 31))
    Teacher.update(trs_first_name="Ada", trs_last_name="Moss").where(Teacher.id == there.teacher_id).execute()
    train(there, year=2024)
    here = person_at(ST_JOHNS, teacher=Teacher.get_by_id(there.teacher_id), email="a@example.org")
    train(here)
    withdrawn(here)
    return here


LAST_DAY = "last day"
GONE = ("not shown any more", "shown")
NOT_STOPPED = f"{AMBITION} had not stopped training them"
NOT_REGISTERED = "they should not have been registered as an ECT at your school"

CASES = {
    "she never left": (
        lambda: ect((march(2), leaving(march(27)))),
        ("not-left", {}, "they did not leave on 27 March 2026"),
        {
            (ST_JOHNS_NOW, "record"): GONE,
            (ST_JOHNS_NOW, "status"): ("–", "registered"),
            (ST_JOHNS_NOW, "training"): ("–", "Ambition Institute, confirmed, 2025"),
            (ST_JOHNS_NOW, "mentor"): ("–", "Peter Marsh"),
            (AMBITION, "ECT participant status"): ("left", "active"),
            ("St John’s C of E Primary School, mentor from 2 September 2019 (Peter Marsh, 3100002)", "assigned ECTs"): (
                "Emily Roberts, Hannah Clarke",
                "Ada Moss, Emily Roberts, Hannah Clarke",
            ),
        },
    ),
    "she is not leaving": (
        lambda: ect((march(2), leaving(april(30)))),
        ("not-left", {}, "they are not leaving on 30 April 2026"),
        {
            (ST_JOHNS_NOW, "status"): ("leaving", "registered"),
            (ST_JOHNS_NOW, LAST_DAY): ("30 April 2026", "–"),
            (AMBITION, "ECT participant status"): ("leaving", "active"),
        },
    ),
    "she left on another day, which is past": (
        lambda: ect((march(2), leaving(march(27)))),
        ("last-day", {"last_day": date(2025, 9, 2)}, "their last day is 2 September 2025, not 27 March 2026"),
        {},
    ),
    "she is still here, until a day to come": (
        lambda: ect((march(2), leaving(march(27)))),
        ("last-day", {"last_day": date(2026, 8, 20)}, "their last day is 20 August 2026, not 27 March 2026"),
        {
            (ST_JOHNS_NOW, "record"): GONE,
            (ST_JOHNS_NOW, "status"): ("–", "leaving"),
            (ST_JOHNS_NOW, LAST_DAY): ("–", "20 August 2026"),
            (AMBITION, "ECT participant status"): ("left", "leaving"),
        },
    ),
    "she had left before the training that is recorded began": (
        given_to_who_confirmed,
        ("last-day", {"last_day": march(10)}, "their last day is 10 March 2026"),
        {(ST_JOHNS_NOW, "record"): GONE[::-1], (TEACH_FIRST, "ECT participant status"): ("active", "left")},
    ),
    "she was withdrawn in error": (
        lambda: ect((march(2), withdrawn)),
        ("mark-in-error", {}, NOT_STOPPED),
        {
            (ST_JOHNS_NOW, "status"): ("withdrawn", "registered"),
            (AMBITION, "ECT training status"): ("withdrawn", "active"),
            (AMBITION, "ECT participant status"): ("left", "active"),
            (AMBITION, "ECT withdrawal"): ("other, 2026-03-02T12:00:00Z", "–"),
        },
    ),
    "she was withdrawn in error, and the school has chosen another since": (
        lambda: ect((march(2), withdrawn), (march(20), given_to_teach_first)),
        ("mark-in-error", {}, NOT_STOPPED),
        {(AMBITION, "ECT training status"): ("withdrawn", "active")},
    ),
    "she was paused in error and is trained again": (
        lambda: ect((march(2), deferred), (march(20), resumed)),
        ("mark-in-error", {}, f"{AMBITION} had not paused their training"),
        {},
    ),
    "a mentor was withdrawn in error, and the school said that they were not continuing": (
        lambda: mentor((march(2), withdrawn), (march(3), not_continuing)),
        ("mark-in-error", {}, NOT_STOPPED),
        {(AMBITION, "mentor training status"): ("withdrawn", "active")},
    ),
    "she was withdrawn on another day": (
        lambda: ect((march(2), withdrawn)),
        (
            "mark-on-other-day",
            {"marked_on": march(30)},
            f"{AMBITION} stopped training them on 30 March 2026, not 2 March 2026",
        ),
        {(AMBITION, "ECT withdrawal"): ("other, 2026-03-02T12:00:00Z", "other, 2026-03-30T11:00:00Z")},
    ),
    "the withdrawal was meant for their training at the other school": (
        at_two_schools,
        ("mark-on-other-training", {}, NOT_STOPPED),
        {
            (ST_JOHNS_NOW, "status"): ("withdrawn", "mentor needed"),
            (AMBITION, "ECT training status"): ("withdrawn", "active"),
        },
    ),
    "she should not have been registered": (
        lambda: ect((march(2), leaving(april(30)))),
        ("registration", {}, NOT_REGISTERED),
        {(ST_JOHNS_NOW, "record"): GONE[::-1], (AMBITION, "ECT participant status"): ("leaving", "left")},
    ),
    "she is not coming": (
        lambda: ect(started_on=date(2026, 9, 1), mentor=None),
        ("registration", {}, NOT_REGISTERED),
        {("St John’s C of E Primary School, ECT from 1 September 2026", "record"): GONE[::-1]},
    ),
}
"""Given; the correction, what is answered, and what the history of the record says afterwards; and (who sees, what) →
(before, afterwards), of what is worth saying."""
NO_DAY_IS_PAST = (
    "she is not leaving",
    "she is not coming",
    "the withdrawal was meant for their training at the other school",
)
"""Where no day that is past changes, and so nothing is asked twice."""


@pytest.mark.parametrize("case", CASES)
def test_a_correction(served, author, case):
    given, (name, answers, told), sees = CASES[case]
    participant = given()
    teacher = Teacher.get_by_id(participant.teacher_id)
    if name.startswith("mark-on-other-training"):
        (move,) = moves_of_marks(participant)
        answers = {"move": move}
    elif name.startswith("mark"):
        (mark,) = marks_of(participant.training_periods)
        answers = answers | {"mark": mark.key}
    with served.app_context():
        stamps, events = updates(teacher), Event.select().count()

        def do() -> Event:
            return CORRECTIONS[name].act(participant, author, **answers, reason=WHY)

        foretold = preview(participant, do)
        assert Event.select().count() == events, "nothing is done yet"
        touched = [event.participant_id for event in foretold.written]
        before = views_of(participant, touched)
        event = do()
        changes = differences(before, views_of(participant, touched))
    assert changes == foretold.changes
    assert sees.items() <= {(each.who, each.what): (each.before, each.after) for each in changes}.items()
    assert bool(foretold.past) == (case not in NO_DAY_IS_PAST)
    assert not broken()
    assert event.heading.startswith(f"Support put right {participant.name}’s record: {told}")
    assert event.heading in [each.heading for each in foretold.written]
    assert (event.author_name, event.author_type, event.details["reason"]) == ("Support", "dfe_staff_user", WHY)
    assert event.support_user.name == "Grace Obi"
    # Nobody disappears from a list, and whoever sees them is told that something is new.
    assert stamps.keys() <= updates(teacher).keys()
    assert all(updates(teacher)[provider] > at for provider, at in stamps.items())


def updates(teacher: Teacher) -> dict:
    """Lead provider → when it is told that the person was updated."""
    rows = Enrolment.select(LeadProvider.name, Enrolment.updated_at).join(LeadProvider)
    return dict(rows.where(Enrolment.teacher == teacher).tuples())


# --- the pages -------------------------------------------------------------------------------------------------


def put_right(grace, participant: Participant, correction: str, is_asked_twice: bool = True, **answers) -> None:
    """By the pages, each asked twice where it is, unless that must not be."""
    grace.get(f"/support/placements/{participant.id}/{correction}/{CORRECTIONS[correction].pages[0]}")
    if answers:
        grace.submit("Continue", **answers)
    grace.submit("Continue", reason=WHY)
    sure = {"is_sure": "yes"} if grace.main.css("[name=is_sure]") else {}
    assert is_asked_twice or not sure
    grace.submit("Put it right", **sure)


MARK = {"choose": "Withdrawn by Ambition Institute on 2 March 2026: other"}


def test_from_the_person_to_what_follows_and_what_others_read_of_it(served, grace):
    """Never why."""
    ada = ect((march(2), withdrawn))
    naomi = Visitor(served).sign_in("Naomi Fletcher").get(f"/school/ects/{ada.id}")
    assert naomi.row("Status").startswith("Action required")
    grace.get(f"/support/people/{ada.teacher_id}")
    title = CORRECTIONS["mark-in-error"].title
    link = next(a for a in grace.main.css("a") if words(a).startswith(f"{title}:") and f"/{ada.id}/" in a.attrs["href"])
    grace.get(link.attrs["href"]).submit("Continue", **MARK)
    grace.submit("Continue", 422)
    assert grace.errors == ["Enter why you are putting this right"]
    grace.submit("Continue", reason=WHY)
    tables = {words(table.css_first("caption")): table for table in grace.main.css("table")}
    status = next(row for row in tables[ST_JOHNS_NOW].css("tbody tr") if words(row.css_first("th")) == "status")
    assert [words(cell) for cell in status.css("td")] == ["withdrawn", "registered"]
    assert NOT_STOPPED in words(grace.main.css_first("ul.govuk-list--bullet li"))
    grace.submit("Put it right", 422)
    grace.submit("Put it right", is_sure="yes")
    assert grace.heading == "You have put Ada Moss’s record right"
    assert grace.get(f"/support/people/{ada.teacher_id}").text.count(WHY) == 1
    naomi.get(f"/school/ects/{ada.id}")
    assert naomi.row("Status") == "Registered"
    assert f"Support put right Ada Moss’s record: {NOT_STOPPED}" in naomi.text
    assert WHY not in naomi.response.text
    assert "Grace Obi" not in naomi.response.text


REFUSED = {
    "last-day": [
        (date(2025, 9, 1), "The last day must be after 1 September 2025, when Ada Moss started"),
        (date(2026, 8, 21), "The last day must be 20 August 2026 or earlier"),
        (None, "Enter Ada Moss’s last day at the school"),
    ],
    "mark-on-other-day": [
        (date(2025, 9, 1), "The day must be after 1 September"),
        (april(21), "The day must be 20 April 2026 or earlier"),
        (march(2), "2 March 2026 is already recorded"),
    ],
}


def test_what_is_refused(grace):
    ada = ect((march(2), withdrawn))
    for correction, answers in REFUSED.items():
        page = f"/support/placements/{ada.id}/{correction}/{CORRECTIONS[correction].pages[0]}"
        for day, says in answers:
            answer = day_of(day) if day else {}
            grace.get(page).submit("Continue", 422, **answer | (MARK if correction.startswith("mark") else {}))
            assert any(error.startswith(says) for error in grace.errors), grace.errors


WITHOUT_MARKS = ("mark-in-error", "mark-on-other-training", "mark-on-other-day")
NOT_OFFERED = [
    (ect, ("not-left", *WITHOUT_MARKS)),
    (lambda: ect(started_on=TODAY, mentor=None), ("last-day", "not-left", *WITHOUT_MARKS)),
    (lambda: ect(started_on=date(2026, 9, 1), mentor=None), ("last-day", "not-left", *WITHOUT_MARKS)),
    # They could not have stayed: the next day they were at the other school.
    (lambda: at_two_schools().teacher.participants.where(Participant.finished_on.is_null(False)).get(), ("not-left",)),
]


def test_what_is_not_offered_is_not_there(grace):
    for given, names in NOT_OFFERED:
        someone = given()
        for name in names:
            grace.get(f"/support/placements/{someone.id}/{name}/{CORRECTIONS[name].pages[0]}", 404)
    grace.get(f"/support/placements/{someone.id}/nothing/reason", 404)
    grace.get(f"/support/placements/{someone.id}/not-left/nothing", 404)


def test_whoever_was_registered_in_error_is_nowhere(served, grace, author):
    ada = ect()
    naomi = Visitor(served).sign_in("Naomi Fletcher")
    put_right(grace, ada, "registration")
    assert ADA not in naomi.get("/school/ects").text
    naomi.get(f"/school/ects/{ada.id}", 404)
    assert naomi.heading == "You can no longer see Ada Moss’s record"
    assert "Support put right that they were registered at your school." in naomi.text
    peter = person("Peter Marsh", "mentor")
    assert "Peter Marsh did not mentor Ada Moss" in naomi.get(f"/school/mentors/{peter.id}").text
    assert ADA not in naomi.row("Assigned ECTs")
    assert not Mentorship.select().where(Mentorship.ect == ada).exists()
    assert not TrainingPeriod.select().where(TrainingPeriod.participant == ada).exists()
    grace.get(f"/support/people/{ada.teacher_id}")
    assert "(registered in error)" in grace.text
    for name, each in CORRECTIONS.items():
        grace.get(f"/support/placements/{ada.id}/{name}/{each.pages[0]}", 404)
    with pytest.raises(RuleBroken):
        put_right_last_day(ada, author, last_day=march(27), reason=WHY)
    # They can be registered elsewhere for the same days.
    there = person_at(NORTHBROOK, teacher=Teacher.get_by_id(ada.teacher_id))
    train(there)
    assert not broken()


def test_cancel_and_change_and_pressing_twice(grace):
    ada = ect((march(2), leaving(march(27))))
    first = f"/support/placements/{ada.id}/last-day/last-day"
    check = f"/support/placements/{ada.id}/last-day/check-answers"
    grace.get(first).submit("Continue", **day_of(march(6)))
    grace.submit("Continue", reason=WHY)
    grace.click("Change last day").submit("Continue", **day_of(march(9)))
    assert grace.row("New last day") == "9 March 2026"
    grace.submit("Cancel and go back to Ada Moss’s details")
    assert grace.heading == ADA
    assert grace.get(check).heading.startswith("Their last day")
    grace.get(first).submit("Continue", **day_of(march(9)))
    grace.submit("Continue", reason=WHY)
    pressed = grace.values | {"is_sure": "yes"}
    grace.submit("Put it right", is_sure="yes")
    count = Event.select().count()
    grace.post(check, pressed)
    assert grace.heading == "You have put Ada Moss’s record right"
    assert Event.select().count() == count


def test_what_changed_meanwhile_is_said_and_nothing_is_done(grace):
    ada = ect((march(2), withdrawn))
    grace.get(f"/support/placements/{ada.id}/mark-in-error/mark")
    grace.submit("Continue", **MARK)
    grace.submit("Continue", reason=WHY)
    resumed(Participant.get_by_id(ada.id))
    grace.submit("Put it right", 409, is_sure="yes")
    assert grace.heading == "Ada Moss’s record has changed"
    grace.click("Go back to Ada Moss’s details")
    assert grace.heading == ADA
