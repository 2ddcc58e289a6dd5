"""What support puts right: each correction as a table of cases, taken through the pages, with what every school sees
and every lead provider is told before and afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from peewee import IntegrityError

from database import db
from domain import identities
from domain.data_checks import broken
from models import (
    ActiveLeadProvider,
    AppropriateBody,
    Enrolment,
    Event,
    LeadProvider,
    Mentorship,
    Participant,
    ParticipantIdChange,
    Teacher,
    TrainingPeriod,
)
from support.corrections import CORRECTIONS
from support.preview import views_of
from tests.conftest import both_engines, person
from tests.given import ADA, AWAITING, ect, mentor
from tests.reports import (
    AMBITION,
    NORTHBROOK,
    ST_JOHNS,
    TEACH_FIRST,
    ask,
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
AS_MENTOR = "St John’s C of E Primary School, mentor from 1 September 2025"
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


@both_engines
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


def ect_withdrawn() -> Participant:
    return ect((march(2), withdrawn))


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


# --- who somebody is -------------------------------------------------------------------------------------------


def trainee(school: str, name: str, started_on: date, by: str = AMBITION, finished_on: date | None = None, **columns):
    """An ECT with a record of their own, trained for as long as they are there."""
    place = person_at(school, started_on=started_on, finished_on=finished_on, email="a@example.org", **columns)
    first, last = name.split()
    teacher = Teacher.get_by_id(place.teacher_id)
    teacher.trs_first_name, teacher.trs_last_name = first, last
    teacher.save()
    train(place, by, year=2024 if started_on < date(2025, 6, 1) else 2025)
    return place


def two_records() -> tuple[Participant, Participant]:
    """Ada Moss was at Northbrook with Teach First, and is at St John's, under another TRN, with Ambition Institute."""
    there = trainee(NORTHBROOK, "Ada Moss", date(2024, 9, 2), TEACH_FIRST, date(2025, 8, 31))
    return trainee(ST_JOHNS, "Ada Moss", date(2025, 9, 1)), there


@both_engines
def test_two_records_become_one(served, engine, grace):
    here, there = two_records()
    old, kept = Teacher.get_by_id(there.teacher_id), Teacher.get_by_id(here.teacher_id)
    put_right(grace, here, "two-records", record=old.trn, is_asked_twice=False)
    there = Participant.get_by_id(there.id)
    assert there.teacher == kept
    assert not broken()
    titles = grace.get(f"/support/people/{kept.id}").main.css("h2.govuk-summary-card__title")
    assert [words(title) for title in titles] == [
        "ECT at St John’s C of E Primary School, from 1 September 2025",
        "ECT at Northbrook Academy, 2 September 2024 to 31 August 2025",
    ]
    assert grace.row("Known to lead providers before as") == str(old.api_id)
    assert grace.get(f"/support/people/{old.id}").click("the record of Ada Moss").path.endswith(f"/{kept.id}")
    # Who trained them under the other id is told of them under this one, and from which it came.
    told = ask(Visitor(served), "get", f"/api/v3/participants/{kept.api_id}", TEACH_FIRST).json["data"]["attributes"]
    assert [each["participant_type"] for each in told["ecf_enrolments"]] == ["ect"]
    (change,) = told["participant_id_changes"]
    assert (change["from_participant_id"], change["to_participant_id"]) == (str(old.api_id), str(kept.api_id))
    query = {"filter[from_participant_id]": str(old.api_id)}
    listed = ask(Visitor(served), "get", "/api/v3/participants", TEACH_FIRST, query_string=query).json["data"]
    assert [each["id"] for each in listed] == [str(kept.api_id)]
    assert ask(Visitor(served), "get", f"/api/v3/participants/{old.api_id}", TEACH_FIRST).status_code == 404
    headings = [event.heading for event in there.events]
    assert "Support put right Ada Moss’s record: they have one record now" in headings
    # What goes on is about the one record: the provider that trains them now acts on it.
    withdrawn(Participant.get_by_id(here.id))
    assert not broken()


@both_engines
def test_the_same_provider_sees_one_person(world, engine, author):
    """It trained both; and what the other record alone knows comes along."""
    there = trainee(NORTHBROOK, "Ada Moss", date(2024, 9, 2), finished_on=date(2025, 8, 31))
    here = trainee(ST_JOHNS, "Ada Moss", date(2025, 9, 1))
    trn = there.teacher.trn
    Teacher.update(trn=None, is_trnless=True).where(Teacher.id == here.teacher_id).execute()
    identities.put_right_two_records(here, author, record=trn, reason=WHY)
    assert Teacher.get_by_id(here.teacher_id).trn == trn
    assert Enrolment.select().where(Enrolment.teacher << [here.teacher_id, there.teacher_id]).count() == 1
    assert not broken()


def two_at_once() -> tuple[Participant, Participant]:
    return trainee(ST_JOHNS, "Ada Moss", date(2025, 9, 1)), trainee(NORTHBROOK, "Ada Moss", date(2025, 9, 8))


def who_mentor_each_other() -> tuple[Participant, Participant]:
    return ect(), person("Peter Marsh", "mentor")


CONTRADICTIONS = [
    (two_at_once, "Ada Moss is registered at Northbrook Academy in the same role on days when Ada Moss is registered"),
    (who_mentor_each_other, "Peter Marsh mentors Ada Moss at St John’s C of E Primary School"),
    (lambda: (ada := ect(), ada), "This is Ada Moss’s own record"),
]


@pytest.mark.parametrize(("given", "says"), CONTRADICTIONS)
def test_two_people_do_not_become_one(grace, given, says):
    one, other = given()
    grace.get(f"/support/placements/{one.id}/two-records/other-record")
    for said in (other.teacher.trn, str(other.teacher.api_id)):
        grace.submit("Continue", 422, record=said)
        assert grace.errors[0].startswith(says)
    grace.submit("Continue", 422, record="9999999")
    assert grace.errors == ["Nobody has this TRN or API id"]


@both_engines
def test_the_database_lets_nobody_become_somebody_else(world, engine):
    steven, hannah = person("Steven Taylor"), person("Hannah Clarke")
    with pytest.raises(IntegrityError), db.atomic():
        Participant.update(teacher=hannah.teacher).where(Participant.id == steven.id).execute()
    ParticipantIdChange.create(teacher=person("Priya Shah").teacher, from_participant_id=steven.teacher.api_id)
    with pytest.raises(IntegrityError), db.atomic():
        Participant.update(teacher=hannah.teacher).where(Participant.id == steven.id).execute()


DETAILS = [
    ("name", {"name": "Ada Lane"}, "name", "Ada Lane"),
    ("trn", {"trn": "7654321"}, "TRN", "7654321"),
    ("email-address", {"email": "ada.lane@example.org"}, "email address", "ada.lane@example.org"),
]


@pytest.mark.parametrize(("correction", "answer", "what", "now"), DETAILS)
def test_a_detail_of_whoever_has_left(served, grace, correction, answer, what, now):
    ada = ect((march(2), leaving(march(27))))
    before = seen(served, ada.teacher)
    put_right(grace, ada, correction, **answer)
    changed = differences(before, seen(served, ada.teacher))
    told = {"name": "full name", "TRN": "teacher reference number", "email address": "ECT email"}[what]
    assert changed[AMBITION, told][1] == now
    assert not broken()


WRONG_TRNS = {"123": "A TRN is 7 digits", "12345678": "A TRN is 7 digits", "３２０００００": "A TRN is 7 digits"}


def test_a_trn_that_cannot_be(grace):
    ada, steven = ect(), person("Steven Taylor")
    grace.get(f"/support/placements/{ada.id}/trn/trn")
    taken = "Steven Taylor has that TRN. If they are the same person, make one record of both"
    said = WRONG_TRNS | {steven.teacher.trn: taken}
    for trn, words_for_it in said.items():
        assert grace.submit("Continue", 422, trn=trn).errors == [words_for_it]


# --- the contract year -----------------------------------------------------------------------------------------


@both_engines
@pytest.mark.parametrize("is_known", [False, True])
def test_a_contract_year(served, engine, grace, is_known):
    ada = ect(training=AWAITING)
    if is_known:
        teach_first = ActiveLeadProvider.get(lead_provider=LeadProvider.get(name=TEACH_FIRST), contract_period=2024)
        partnership_with(teach_first, ada)
    put_right(grace, ada, "contract-year", year="2024", schedule="ecf-extended-april")
    (period,) = Participant.get_by_id(ada.id).training_periods
    assert (period.contract_period.year, period.schedule, period.is_confirmed) == (2024, "ecf-extended-april", is_known)
    assert not broken()


def test_a_contract_year_that_is_so(grace):
    ada = ect(training=AWAITING)
    grace.get(f"/support/placements/{ada.id}/contract-year/contract-year")
    grace.submit("Continue", 422)
    assert grace.errors == ["This contract year and schedule are already recorded. Select another"]
    grace.get(f"/support/placements/{person('Hannah Clarke').id}/contract-year/contract-year", 404)


# --- what is arranged --------------------------------------------------------------------------------------------


PLANNED = "From 1 September 2026, provider-led with Teach First"


@both_engines
def test_training_that_is_planned_does_not_begin(served, engine, grace):
    """The school is told to contact support when more training is planned than it can change."""
    ada = ect()
    (now,) = ada.training_periods
    now.finished_on = date(2026, 8, 31)
    now.save()
    train(ada, TEACH_FIRST, is_confirmed=False, started_on=date(2026, 9, 1))
    planned = Participant.get_by_id(ada.id).training_periods.order_by(TrainingPeriod.id.desc()).get()
    put_right(
        grace,
        ada,
        "planned-training",
        is_asked_twice=False,
        choose=PLANNED,
    )
    (period,) = Participant.get_by_id(ada.id).training_periods
    assert (period.id, period.finished_on) == (now.id, None)
    event = Event.select().order_by(Event.id.desc()).first()
    told = "their training with Teach First does not begin on 1 September 2026"
    assert event.heading == f"Support put right Ada Moss’s record: {told}"
    assert event.training_period_id == planned.id
    assert not broken()
    grace.get(f"/support/placements/{ada.id}/planned-training/training", 404)


def test_an_appropriate_body_that_the_school_names(served, grace):
    ada = ect(induction_started_on=None)
    first = f"/support/placements/{ada.id}/appropriate-body/appropriate-body"
    grace.get(first).submit("Continue", 422, appropriate_body="Nobody’s Hub")
    assert grace.errors == ["No appropriate body has this name. Check how they write it"]
    grace.submit("Continue", 422, appropriate_body="alpha teaching school hub")
    assert grace.errors[0].startswith("Alpha Teaching School Hub is already recorded.")
    body = AppropriateBody.get(AppropriateBody.name != "Alpha Teaching School Hub")
    put_right(grace, ada, "appropriate-body", is_asked_twice=False, appropriate_body=body.name.upper())
    naomi = Visitor(served).sign_in("Naomi Fletcher").get(f"/school/ects/{ada.id}")
    assert naomi.row("Appropriate body").startswith(body.name)
