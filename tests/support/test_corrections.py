"""What support puts right: each correction as a table of cases, taken through the pages, with what every school sees
and every lead provider is told before and afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest

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
from support.preview import views_of
from tests.conftest import mostly_sqlite, person
from tests.given import ADA, ect, mentor
from tests.reports import (
    AMBITION,
    NORTHBROOK,
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
from tests.test_house import codes_raised
from tests.visitor import Visitor, words

ST_JOHNS_NOW = "St John’s C of E Primary School, ECT from 1 September 2025"
WHY = "Naomi Fletcher telephoned, and Ambition Institute confirmed by email"

march, april = (lambda day: date(2026, 3, day)), (lambda day: date(2026, 4, day))


def day_of(on: date) -> dict:
    return {"Day": str(on.day), "Month": str(on.month), "Year": str(on.year)}


@dataclass(frozen=True)
class Case:
    name: str
    given: Callable[[], Participant]
    correction: str
    sees: dict[tuple[str, str], tuple[str, str]]
    """(who sees, what) → (before, afterwards), of what is worth saying; `everything` else is as it was."""
    answers: tuple[dict, ...] = ()
    asks_twice: bool = True
    others: str = ""
    """Somebody else of whom something is seen otherwise."""
    told: str = ""
    """What the history of the record says afterwards."""

    def __str__(self):
        return self.name


def gave_away() -> Participant:
    """Withdrawn in error, and since then the school has chosen Teach First."""
    return ect((march(2), withdrawn), (march(20), given_to_teach_first))


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
    here = person_at(
        "St John’s C of E Primary School", teacher=Teacher.get_by_id(there.teacher_id), email="a@example.org"
    )
    train(here)
    withdrawn(here)
    return here


LAST_DAY = "last day"
GONE = ("not shown any more", "shown")

CASES = [
    Case(
        "she never left",
        lambda: ect((march(2), leaving(march(27)))),
        "not-left",
        {
            (ST_JOHNS_NOW, "record"): GONE,
            (ST_JOHNS_NOW, "status"): ("–", "registered"),
            (ST_JOHNS_NOW, "training"): ("–", "Ambition Institute, confirmed, 2025"),
            (ST_JOHNS_NOW, "mentor"): ("–", "Peter Marsh"),
            (AMBITION, "ECT participant status"): ("left", "active"),
        },
        others="Peter Marsh",
        told="they did not leave on 27 March 2026",
    ),
    Case(
        "she is not leaving",
        lambda: ect((march(2), leaving(april(30)))),
        "not-left",
        {
            (ST_JOHNS_NOW, "status"): ("leaving", "registered"),
            (ST_JOHNS_NOW, LAST_DAY): ("30 April 2026", "–"),
            (AMBITION, "ECT participant status"): ("leaving", "active"),
        },
        asks_twice=False,
        told="they are not leaving on 30 April 2026",
    ),
    Case(
        "she left on another day, which is past",
        lambda: ect((march(2), leaving(march(27)))),
        "last-day",
        {},
        (day_of(march(6)),),
        told="their last day is 6 March 2026, not 27 March 2026",
    ),
    Case(
        "she is still here, until a day to come",
        lambda: ect((march(2), leaving(march(27)))),
        "last-day",
        {
            (ST_JOHNS_NOW, "record"): GONE,
            (ST_JOHNS_NOW, "status"): ("–", "leaving"),
            (ST_JOHNS_NOW, LAST_DAY): ("–", "30 April 2026"),
            (AMBITION, "ECT participant status"): ("left", "leaving"),
        },
        (day_of(april(30)),),
        told="their last day is 30 April 2026, not 27 March 2026",
    ),
    Case(
        "she had left before the training that is recorded began",
        given_to_who_confirmed,
        "last-day",
        {
            (ST_JOHNS_NOW, "record"): GONE[::-1],
            (TEACH_FIRST, "ECT participant status"): ("active", "left"),
        },
        (day_of(march(10)),),
        told="their last day is 10 March 2026",
    ),
    Case(
        "she was withdrawn in error",
        lambda: ect((march(2), withdrawn)),
        "mark-in-error",
        {
            (ST_JOHNS_NOW, "status"): ("withdrawn", "registered"),
            (AMBITION, "ECT training status"): ("withdrawn", "active"),
            (AMBITION, "ECT participant status"): ("left", "active"),
            (AMBITION, "ECT withdrawal"): ("other, 2026-03-02T12:00:00Z", "–"),
        },
        ({"choose": "Withdrawn by Ambition Institute on 2 March 2026: other"},),
        told="Ambition Institute had not stopped training them",
    ),
    Case(
        "she was withdrawn in error, and the school has chosen another since",
        gave_away,
        "mark-in-error",
        {(AMBITION, "ECT training status"): ("withdrawn", "active")},
        ({"choose": "Withdrawn by Ambition Institute on 2 March 2026: other"},),
        told="Ambition Institute had not stopped training them",
    ),
    Case(
        "she was paused in error and is trained again",
        lambda: ect((march(2), deferred), (march(20), resumed)),
        "mark-in-error",
        {},
        ({"choose": "Deferred by Ambition Institute on 2 March 2026: other"},),
        told="Ambition Institute had not paused their training",
    ),
    Case(
        "a mentor was withdrawn in error, and the school said that they were not continuing",
        lambda: mentor((march(2), withdrawn), (march(3), not_continuing)),
        "mark-in-error",
        {(AMBITION, "mentor training status"): ("withdrawn", "active")},
        ({"choose": "Withdrawn by Ambition Institute on 2 March 2026: other"},),
        told="Ambition Institute had not stopped training them",
    ),
    Case(
        "she was withdrawn on another day",
        lambda: ect((march(2), withdrawn)),
        "mark-on-other-day",
        {
            (AMBITION, "ECT withdrawal"): ("other, 2026-03-02T12:00:00Z", "other, 2026-03-30T11:00:00Z"),
        },
        ({"choose": "Withdrawn by Ambition Institute on 2 March 2026: other"} | day_of(march(30)),),
        told="Ambition Institute stopped training them on 30 March 2026, not 2 March 2026",
    ),
    Case(
        "the withdrawal was meant for their training at the other school",
        at_two_schools,
        "mark-on-other-training",
        {
            (ST_JOHNS_NOW, "status"): ("withdrawn", "mentor needed"),
            (AMBITION, "ECT training status"): ("withdrawn", "active"),
        },
        (
            {
                "choose": "Withdrawn by Ambition Institute on 20 April 2026: other. Meant: their training as an ECT at "
                "Northbrook Academy from 6 January 2025 to 31 August 2025"
            },
        ),
        asks_twice=False,
        told="Ambition Institute had not stopped training them",
    ),
    Case(
        "she should not have been registered",
        ect,
        "registration",
        {
            (ST_JOHNS_NOW, "record"): GONE[::-1],
            (AMBITION, "ECT participant status"): ("active", "left"),
        },
        others="Peter Marsh",
        told="they should not have been registered as an ECT at your school",
    ),
    Case(
        "she is not coming",
        lambda: ect(started_on=date(2026, 9, 1), mentor=None),
        "registration",
        {("St John’s C of E Primary School, ECT from 1 September 2026", "record"): GONE[::-1]},
        asks_twice=False,
        told="they should not have been registered as an ECT at your school",
    ),
]


@mostly_sqlite
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_correction(served, engine, grace, case):
    participant = case.given()
    teacher = Teacher.get_by_id(participant.teacher_id)
    before = seen(served, teacher)
    stamps, events = updates(teacher), Event.select().count()
    grace.get(f"/support/people/{teacher.id}")
    title = CORRECTIONS[case.correction].title
    link = next(
        a for a in grace.main.css("a") if words(a).startswith(f"{title}:") and f"/{participant.id}/" in a.attrs["href"]
    )
    grace.get(link.attrs["href"])
    for answer in case.answers:
        grace.submit("Continue", **answer)
    grace.submit("Continue", 422)
    assert grace.errors == ["Enter why you are putting this right"]
    grace.submit("Continue", reason=WHY)
    foretold, written = shown_changes(grace), [words(each) for each in grace.main.css("ul.govuk-list--bullet li")]
    assert Event.select().count() == events, "nothing is done yet"
    if case.asks_twice:
        grace.submit("Put it right", 422)
        grace.submit("Put it right", is_sure="yes")
    else:
        grace.submit("Put it right")
    assert grace.heading == f"You have put {participant.name}’s record right"

    changed = differences(before, seen(served, teacher))
    of_others = {who for who, _ in foretold if who.endswith(")")}
    assert {key: both for key, both in foretold.items() if key[0] not in of_others} == changed
    assert case.others in " ".join(of_others)
    assert case.sees.items() <= changed.items()
    assert not broken()
    event = Event.select().where(Event.participant == participant).order_by(Event.version.desc()).first()
    assert event.heading.startswith(f"Support put right {participant.name}’s record: {case.told}")
    assert (event.author_name, event.author_type, event.details["reason"]) == ("Support", "dfe_staff_user", WHY)
    assert event.support_user.name == "Grace Obi"
    assert any(event.heading in line for line in written)
    # Nobody disappears from a list, and whoever sees them is told that something is new.
    assert stamps.keys() <= updates(teacher).keys()
    assert all(updates(teacher)[provider] > at for provider, at in stamps.items())
    assert grace.get(f"/support/people/{teacher.id}").text.count(WHY) == 1


def seen(app, teacher: Teacher) -> dict:
    with app.app_context():
        return views_of(Participant.get(Participant.teacher == teacher), [])


def differences(before: dict, after: dict) -> dict[tuple[str, str], tuple[str, str]]:
    return {
        (who, what.replace("_", " ")): (old, new)
        for who in before | after
        for what in before.get(who, {}) | after.get(who, {})
        if (old := before.get(who, {}).get(what, "–")) != (new := after.get(who, {}).get(what, "–"))
    }


def shown_changes(visitor: Visitor) -> dict[tuple[str, str], tuple[str, str]]:
    """What “check answers” says that changes."""
    found = {}
    for table in visitor.main.css("table"):
        for row in table.css("tbody tr"):
            what, before, after = (words(cell) for cell in row.css("th, td"))
            found[words(table.css_first("caption")), what] = (before, after)
    return found


def updates(teacher: Teacher) -> dict:
    """Lead provider → when it is told that the person was updated."""
    rows = Enrolment.select(LeadProvider.name, Enrolment.updated_at).join(LeadProvider)
    return dict(rows.where(Enrolment.teacher == teacher).tuples())


# --- what is refused -------------------------------------------------------------------------------------------


def test_there_are_words_for_every_refusal():
    for correction in CORRECTIONS.values():
        for question in correction.questions.values():
            fields = [getattr(question, name).field_class for name in question.fields()]
            codes = {code for field in fields for code in getattr(field, "codes", ())}
            codes |= {code for field, code in codes_raised() if field in question.fields()}
            assert codes <= set(question.messages), (
                f"{question.__name__} has no words for {codes - set(question.messages)}"
            )
            assert set(question.legends) == set(question.fields())


REFUSED = [
    ("last-day", ect, day_of(date(2025, 9, 1)), "The last day must be after 1 September 2025, when Ada Moss started"),
    ("last-day", ect, day_of(date(2026, 8, 21)), "The last day must be 20 August 2026 or earlier"),
    ("last-day", ect, {}, "Enter Ada Moss’s last day at the school"),
    (
        "mark-on-other-day",
        lambda: ect((march(2), withdrawn)),
        day_of(date(2025, 9, 1)),
        "The day must be after 1 September",
    ),
    (
        "mark-on-other-day",
        lambda: ect((march(2), withdrawn)),
        day_of(april(21)),
        "The day must be 20 April 2026 or earlier",
    ),
    ("mark-on-other-day", lambda: ect((march(2), withdrawn)), day_of(march(2)), "2 March 2026 is already recorded"),
]


@pytest.mark.parametrize(("correction", "given", "answer", "says"), REFUSED)
def test_what_is_refused(grace, correction, given, answer, says):
    participant = given()
    page = CORRECTIONS[correction].pages[0]
    grace.get(f"/support/placements/{participant.id}/{correction}/{page}")
    if correction.startswith("mark"):
        answer = {"choose": "Withdrawn by Ambition Institute on 2 March 2026: other"} | answer
    grace.submit("Continue", 422, **answer)
    assert any(error.startswith(says) for error in grace.errors), grace.errors


def test_what_is_not_offered_is_not_there(grace):
    ada = ect()
    for name in ("not-left", "mark-in-error", "mark-on-other-training", "mark-on-other-day"):
        grace.get(f"/support/placements/{ada.id}/{name}/{CORRECTIONS[name].pages[0]}", 404)
    grace.get(f"/support/placements/{ada.id}/nothing/reason", 404)
    grace.get(f"/support/placements/{ada.id}/not-left/nothing", 404)


# --- what others see of it ---------------------------------------------------------------------------------------


def put_right(grace, participant: Participant, correction: str, is_asked_twice: bool = True, **answers) -> None:
    """By the pages, each asked twice where it is, unless that must not be."""
    grace.get(f"/support/placements/{participant.id}/{correction}/{CORRECTIONS[correction].pages[0]}")
    if answers:
        grace.submit("Continue", **answers)
    grace.submit("Continue", reason=WHY)
    sure = {"is_sure": "yes"} if grace.main.css("[name=is_sure]") else {}
    assert is_asked_twice or not sure
    grace.submit("Put it right", **sure)


def test_the_school_reads_that_support_did_it_and_never_why(served, grace):
    ada = ect((march(2), withdrawn))
    naomi = Visitor(served).sign_in("Naomi Fletcher").get(f"/school/ects/{ada.id}")
    assert naomi.row("Status").startswith("Action required")
    put_right(grace, ada, "mark-in-error", choose="Withdrawn by Ambition Institute on 2 March 2026: other")
    naomi.get(f"/school/ects/{ada.id}")
    assert naomi.row("Status") == "Registered"
    assert "Support put right Ada Moss’s record: Ambition Institute had not stopped training them" in naomi.text
    assert WHY not in naomi.response.text
    assert "Grace Obi" not in naomi.response.text


def test_whoever_was_registered_in_error_is_nowhere(served, grace):
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


def test_whoever_was_registered_in_error_can_be_registered_elsewhere_for_the_same_days(grace):
    ada = ect()
    put_right(grace, ada, "registration")
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
    grace.submit("Continue", choose="Withdrawn by Ambition Institute on 2 March 2026: other")
    grace.submit("Continue", reason=WHY)
    resumed(Participant.get_by_id(ada.id))
    grace.submit("Put it right", 409, is_sure="yes")
    assert grace.heading == "Ada Moss’s record has changed"
    grace.click("Go back to Ada Moss’s details")
    assert grace.heading == ADA
