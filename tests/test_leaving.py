"""Reporting that somebody leaves for good, and changing the date: every error of the date, what ends and what stays,
and the words by date."""

from datetime import date, timedelta
from itertools import product

import pytest

from clock import clock_at
from domain import departures, participants, reports
from domain.changes import RuleBroken
from models import Event, LeadProvider, Mentorship, Participant, SchoolUser, TrainingPeriod
from tests.conftest import TODAY, person
from tests.given import ect, mentor, withdrawn
from tests.invariants import check_always
from tests.reports import april, given_to_teach_first, made_school_led, report, resumed

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


def leave(participant: Participant, leaving_on: date) -> Event:
    user = SchoolUser.get(school=participant.school_id)
    return departures.report_leaving(participant, user, leaving_on=leaving_on)


def leaving_page(visitor, name: str, role: str = "ect"):
    return visitor.get(f"/school/{role}s/{person(name, role).id}/report-teacher-leaving/leaving-date")


# --- the date ------------------------------------------------------------------------------------------------

MISSING = "Enter Steven Taylor’s last day at your school"
REAL = "The leaving date must be a real date, for example 31 3 2026"
SHORT_YEAR = "Enter the year of the leaving date in full, for example 2026"
BEFORE_START = "The leaving date must be after 8 September 2024, when Steven Taylor started at your school"
TOO_FAR = "The leaving date must be 20 August 2026 or earlier, because you can tell us up to 4 months ahead"


def test_a_date_is_taken_as_people_write_it(naomi):
    for month in ("7", "07", "July", "jul", "JULY", "Jul.", "July,"):
        leaving_page(naomi, "Steven Taylor").submit("Continue", Day="17", Month=month, Year="2026")
        assert "17 July 2026" in naomi.text
    for day, shown in (("1st", 1), ("3RD", 3), ("17 th", 17), ("05.", 5), ("5th.", 5), ("5,", 5)):
        leaving_page(naomi, "Steven Taylor").submit("Continue", Day=day, Month="7", Year="2026.")
        assert f"{shown} July 2026" in naomi.text


ERRORS = [
    ("", "", "", MISSING, "day month year"),
    ("", "3", "2026", "The leaving date must include a day", "day"),
    ("", "", "2026", "The leaving date must include a day and a month", "day month"),
    ("29", "2", "2025", REAL, "day month year"),
    ("0", "3", "2026", REAL, "day"),
    ("32", "3", "2026", REAL, "day"),
    ("27", "13", "2026", REAL, "month"),
    ("27", "003", "2026", REAL, "month"),
    ("27", "Marchen", "2026", REAL, "month"),
    ("27", "3", "26", SHORT_YEAR, "year"),
    ("31", "2", "26", SHORT_YEAR, "year"),
    ("27", "3", "0026", SHORT_YEAR, "year"),
    ("27", "3rd", "2026", REAL, "month"),
    ("32", "3", "26", REAL, "day year"),
    ("27", "3", "20266", REAL, "year"),
    ("x", "y", "z", REAL, "day month year"),
    ("1_0", "3", "2026", REAL, "day"),
    ("٣", "3", "2026", REAL, "day"),
    ("²", "3", "2026", REAL, "day"),
    ("-3", "3", "2026", REAL, "day"),
    ("3\0", "3", "2026", REAL, "day"),
    ("9" * 5000, "3", "2026", REAL, "day"),
    ("21", "8", "2026", TOO_FAR, "day month year"),
    ("8", "9", "2024", BEFORE_START, "day month year"),
]


def test_errors_of_the_date(naomi):
    leaving_page(naomi, "Steven Taylor")
    for day, month, year, sentence, marked in ERRORS:
        naomi.submit("Continue", 422, Day=day, Month=month, Year=year)
        assert naomi.errors == [sentence], (day, month, year)
        assert [
            box.attrs["name"].removeprefix("leaving_on-") for box in naomi.main.css(".govuk-input--error")
        ] == marked.split()
        link = naomi.main.css_first(".govuk-error-summary a").attrs["href"]
        assert link == f"#leaving_on-{marked.split()[0]}", "the summary leads to the first wrong box"
        assert naomi.main.css_first(f"input{link}")
        typed = [naomi.value(f"leaving_on-{part}") for part in ("day", "month", "year")]
        assert typed == [day.strip().replace("\0", "\ufffd"), month.strip(), year.strip()], (
            "nothing that was typed is lost"
        )


FINE = [("20", "8", "2026"), ("9", "9", "2024"), ("09", "09", "2024"), (" 1 ", "4", "2026")]


def test_dates_that_are_fine(naomi):
    for day, month, year in FINE:
        leaving_page(naomi, "Steven Taylor")
        # The latest training that has started must have started before the date: here it began with the placement.
        naomi.submit("Continue", Day=day, Month=month, Year=year)
        assert naomi.path.endswith("/check-answers")


def test_training_that_has_run_for_a_day_must_have_started_before_the_date(world):
    steven = person("Steven Taylor")
    with clock_at(YESTERDAY):
        given_to_teach_first(steven)
    for day in (YESTERDAY, YESTERDAY - timedelta(days=1)):
        with pytest.raises(RuleBroken, match="before_training"):
            leave(person("Steven Taylor"), day)
    leave(person("Steven Taylor"), TODAY)


def test_training_that_began_today_does_not_keep_anybody_here(world):
    """It is taken back, whoever’s act it was; what there was before it ends as it had, or with the last day."""
    last_week = TODAY - timedelta(days=7)
    for given, act in ((ect, given_to_teach_first), (ect, made_school_led), (mentor, given_to_teach_first)):
        ada = given((TODAY, act))
        leave(ada, last_week)
        assert ends(ada)["training"] == [last_week]
    for given in (ect, mentor):
        ada = given((april(8), withdrawn), (TODAY, resumed))
        leave(ada, last_week)
        assert ends(ada)["training"] == [april(8)]
    check_always()


def test_training_that_began_today_ends_with_somebody_who_leaves_today(world):
    ada = ect((TODAY, given_to_teach_first))
    leave(ada, TODAY)
    assert ends(ada)["training"] == [YESTERDAY, TODAY]


def test_whoever_is_still_to_come_has_not_left(naomi):
    for given in (ect, mentor):
        ada = given(started_on=date(2026, 9, 1), induction_started_on=None)
        naomi.get(f"/school/{ada.role}s/{ada.id}")
        assert "Ada Moss starts at your school on 1 September 2026" in naomi.text
        assert "to undo the registration" in naomi.text
        assert "Tell us that Ada Moss is leaving permanently" not in naomi.links
        naomi.get(f"/school/{ada.role}s/{ada.id}/report-teacher-leaving/leaving-date", 404)
        with pytest.raises(RuleBroken, match="not_started"):
            leave(ada, date(2026, 8, 1))
    assert departures.can_report_leaving(ect(started_on=TODAY, mentor=None))


# --- the words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "question", "panel", "next_steps"),
    [
        (
            date(2026, 3, 27),
            "Confirm that Hannah Clarke has left your school permanently",
            "You have told us that Hannah Clarke left on 27 March 2026",
            "They are no longer on your list of ECTs",
        ),
        (
            TODAY,
            "Confirm that Hannah Clarke is leaving your school permanently",
            "You have told us that Hannah Clarke is leaving today, 20 April 2026",
            "until the end of today, 20 April 2026",
        ),
        (
            date(2026, 7, 17),
            "Confirm that Hannah Clarke is leaving your school permanently",
            "You have told us that Hannah Clarke is leaving on 17 July 2026",
            "They stay on your list of ECTs until the end of 17 July 2026.",
        ),
    ],
)
def test_words_by_date(naomi, on, question, panel, next_steps):
    leaving_page(naomi, "Hannah Clarke").submit("Continue", Day=str(on.day), Month=str(on.month), Year=str(on.year))
    assert naomi.heading == question
    naomi.submit("Confirm and continue")
    assert naomi.heading == panel
    assert next_steps in naomi.text
    naomi.click("Back to ECTs")
    assert ("Hannah Clarke" in naomi.cards) is (on >= TODAY)
    naomi.get(f"/school/ects/{person('Hannah Clarke').id}", 200 if on >= TODAY else 404)
    if on >= TODAY:
        assert naomi.row("Status") == "Leaving school"
    else:
        assert "last day was 27 March 2026" in naomi.text


def test_mentor_words(naomi):
    leaving_page(naomi, "John Doe", "mentor").submit("Continue", Day="17", Month="7", Year="2026")
    before = "Their last day as the mentor of these ECTs will be 17 July 2026: Gustav BrownSteven Taylor"
    assert before in naomi.text, "before they are confirmed to leave, too"
    naomi.submit("Confirm and continue")
    assert naomi.heading == "You have told us that John Doe is leaving on 17 July 2026"
    assert "These ECTs will need a new mentor after 17 July 2026: Gustav BrownSteven Taylor" in naomi.text
    assert "appropriate body" not in naomi.text
    naomi.click("Back to mentors")
    assert naomi.path == "/school/mentors"
    leave(person("Gustav Brown"), date(2026, 7, 10))
    peter = person("Peter Marsh", "mentor").id
    participants.change_mentor(person("Steven Taylor"), SchoolUser.get_by_id(1), mentor_id=peter)
    for day, month, said in (
        (9, 7, "will be 9 July 2026: Gustav Brown"),
        (18, 7, ""),
        (13, 4, "Once you confirm, they are no longer the mentor of: Gustav Brown"),
    ):
        page = f"/school/mentors/{person('John Doe', 'mentor').id}/report-teacher-leaving/leaving-date"
        naomi.get(page).submit("Continue", Day=str(day), Month=str(month), Year="2026")
        assert (said in naomi.text) if said else ("mentor of" not in naomi.text)
        assert "Steven" not in naomi.text


def test_the_ect_is_told_until_when(naomi):
    record = f"/school/ects/{person('Steven Taylor').id}"
    leave(person("John Doe", "mentor"), date(2026, 7, 17))
    assert "John Doe’s last day mentoring Steven Taylor would be 17 July 2026" in naomi.get(record).text
    leave(person("John Doe", "mentor"), date(2026, 3, 27))
    assert "John Doe’s last day mentoring Steven Taylor was 27 March 2026" in naomi.get(record).text


def test_who_needs_a_new_mentor_is_named(naomi):
    leave(person("Gustav Brown"), date(2026, 7, 17))
    tutor, john = SchoolUser.get_by_id(1), person("John Doe", "mentor")
    for name in ("Hannah Clarke", "Priya Shah"):
        participants.change_mentor(person(name), tutor, mentor_id=john.id)
    # Priya Shah’s next mentor comes before John Doe goes.
    margaret = person("Margaret Evans", "mentor")
    Participant.update(started_on=date(2026, 6, 1)).where(Participant.id == margaret.id).execute()
    participants.change_mentor(person("Priya Shah"), tutor, mentor_id=margaret.id)
    leaving_page(naomi, "John Doe", "mentor").submit("Continue", Day="17", Month="7", Year="2026")
    naomi.submit("Confirm and continue")
    named = [link.text() for link in naomi.main.css("li a")]
    assert named == ["Hannah Clarke", "Steven Taylor"], "and not who leaves on the same day"
    naomi.click("Steven Taylor")
    assert naomi.heading == "Steven Taylor"


def test_a_lead_provider_that_had_not_confirmed_is_not_said_to_know(naomi):
    emily = person("Emily Roberts")
    given_to_teach_first(emily)
    leaving_page(naomi, "Emily Roberts").submit("Continue", Day="17", Month="7", Year="2026")
    assert "Until now their last day was 30 May 2026." in naomi.text
    naomi.submit("Confirm and continue")
    assert "Teach First had not confirmed that they would train Emily Roberts." in naomi.text
    assert "can now see" not in naomi.text
    assert "can continue training" not in naomi.text


@pytest.mark.parametrize(
    ("done", "is_told"),
    [
        (None, True),
        (lambda john: report("withdraw", john), False),
        (lambda john: report("defer", john), False),
        (lambda john: leave(john, date(2026, 6, 1)), False),
        (lambda john: leave(john, date(2026, 8, 20)), False),
        (given_to_teach_first, False),
    ],
    ids=["in training", "withdrawn", "deferred", "leaving before", "leaving after", "awaited"],
)
def test_a_mentors_training_is_said_to_continue_where_it_does(naomi, done, is_told):
    if done:
        done(person("John Doe", "mentor"))
    leaving_page(naomi, "Steven Taylor").submit("Continue", Day="17", Month="7", Year="2026")
    naomi.submit("Confirm and continue")
    assert ("John Doe can continue mentor training, even if they have no other ECTs." in naomi.text) is is_told
    assert is_told or "John Doe" not in naomi.text


def test_a_mentor_who_is_not_in_training_is_not_told_of_any(naomi):
    for name in ("Margaret Evans", "Alison Hughes"):
        leaving_page(naomi, name, "mentor")
        assert "mentor training" not in naomi.text
        naomi.submit("Continue", Day="17", Month="7", Year="2026").submit("Confirm and continue")
        assert "training" not in naomi.text
        assert "can now see" not in naomi.text


def test_the_date_can_be_changed_from_the_record(naomi):
    naomi.get("/school/ects").click("Emily Roberts").click("Change Emily Roberts’s last day")
    assert naomi.heading == "Change Emily Roberts’s last day"
    assert [box.attrs["value"] for box in naomi.main.css("input[type=text]")] == ["30", "5", "2026"]
    naomi.submit("Continue", 422)
    assert naomi.errors == ["30 May 2026 is already recorded. Enter another date to change it"]
    naomi.submit("Continue", Day="12", Month="6", Year="2026").submit("Confirm and continue")
    naomi.get("/school/ects").click("Emily Roberts")
    assert "Your school told us their last day is 12 June 2026" in naomi.text
    assert "You changed Emily Roberts’s last day from 30 May 2026 to 12 June 2026" in naomi.text


# --- what ends and what stays --------------------------------------------------------------------------------


def ends(participant: Participant) -> dict:
    """The last days of the participant's placement, training and mentorships."""
    fresh = Participant.get_by_id(participant.id)
    mentorships = Mentorship.select().where((Mentorship.ect == fresh) | (Mentorship.mentor == fresh))
    return {
        "placement": fresh.finished_on,
        "training": [period.finished_on for period in fresh.training_periods.order_by(TrainingPeriod.started_on)],
        "mentorships": [mentorship.finished_on for mentorship in mentorships.order_by(Mentorship.id)],
    }


def test_everything_open_ends_that_day(world):
    for given, leaving_on in product((ect, mentor), (date(2026, 3, 27), TODAY, date(2026, 7, 17))):
        ada = given()
        event = leave(ada, leaving_on)
        mentorships = [leaving_on] if ada.is_ect else []
        assert ends(ada) == {"placement": leaving_on, "training": [leaving_on], "mentorships": mentorships}
        assert event.happened_at.date() == leaving_on
        assert event.event_type == f"teacher_left_school_as_{ada.role}"
    peter = person("Peter Marsh", "mentor")
    leave(peter, date(2026, 7, 16))
    assert date(2026, 7, 16) in ends(peter)["mentorships"]


def test_training_that_had_stopped_stays_as_it_was(world):
    steven = person("Steven Taylor")
    leave(steven, date(2026, 7, 17))
    assert ends(steven)["training"] == [date(2026, 4, 13)]
    leave(person("Steven Taylor"), date(2026, 4, 1))
    assert ends(steven)["training"] == [date(2026, 4, 1)], "before it stopped, the training ends with the placement"
    (period,) = TrainingPeriod.select().where(TrainingPeriod.participant == steven)
    assert period.withdrawn_at.date() == date(2026, 4, 13)


def test_a_changed_date_moves_what_ended_on_the_first(world):
    hannah = person("Hannah Clarke")
    for last_day in (date(2026, 7, 17), date(2026, 6, 1), date(2026, 8, 1)):
        leave(person("Hannah Clarke"), last_day)
        assert ends(hannah) == {"placement": last_day, "training": [last_day], "mentorships": [last_day]}
    assert person("Hannah Clarke").version == hannah.events.count() == 3


def test_training_that_the_provider_stopped_meanwhile_does_not_move(world):
    hannah = person("Hannah Clarke")
    leave(hannah, date(2026, 7, 17))
    reports.withdraw(
        LeadProvider.get(name="Ambition Institute"), hannah.teacher, course_identifier="ecf-induction", reason="other"
    )
    leave(person("Hannah Clarke"), date(2026, 8, 1))
    assert ends(hannah) == {"placement": date(2026, 8, 1), "training": [TODAY], "mentorships": [date(2026, 8, 1)]}


def test_a_mentor_who_leaves_is_no_longer_mentor_the_day_after(world):
    john, steven = person("John Doe", "mentor"), person("Steven Taylor")
    leave(john, TODAY)
    assert person("Steven Taylor").mentor == john
    with clock_at(TOMORROW):
        assert person("Steven Taylor").mentor is None
    assert [event.heading for event in steven.events.order_by(Event.version)][-1] == (
        "John Doe’s last day mentoring Steven Taylor would be 20 April 2026"
    )


def test_a_mentorship_ends_no_later_than_the_ect(world):
    peter, emily = person("Peter Marsh", "mentor"), person("Emily Roberts")
    leave(peter, date(2026, 7, 17))
    assert ends(emily)["mentorships"] == [date(2026, 5, 30)]
    leave(person("Emily Roberts"), date(2026, 8, 1))
    assert ends(emily)["mentorships"] == [date(2026, 7, 17)], "and no later than the mentor"


def test_mentorships_that_would_begin_later_never_do(world):
    priya, margaret = person("Priya Shah"), person("Margaret Evans", "mentor")
    Mentorship.create(ect=priya, mentor=margaret, started_on=date(2026, 6, 1))
    leave(priya, date(2026, 5, 1))
    assert ends(priya)["mentorships"] == []


def test_an_end_that_another_school_set_is_kept(world):
    hannah = person("Hannah Clarke")
    Participant.update(finished_on=date(2026, 5, 1)).where(Participant.id == hannah.id).execute()
    TrainingPeriod.update(finished_on=date(2026, 5, 1)).where(TrainingPeriod.participant == hannah).execute()
    event = leave(person("Hannah Clarke"), date(2026, 7, 17))
    fresh = person("Hannah Clarke")
    assert fresh.finished_on == date(2026, 5, 1)
    assert fresh.is_leaving
    as_it_was = {"last_day": "2026-05-01", "mentorships": [], "training": []}
    said = {"as_it_was": as_it_was, "leaving_on": "2026-05-01", "reported_on": "2026-07-17"}
    assert event.details == event.details | said


def test_the_page_says_when_another_schools_date_stands(naomi):
    hannah = person("Hannah Clarke")
    Participant.update(finished_on=date(2026, 5, 1)).where(Participant.id == hannah.id).execute()
    leaving_page(naomi, "Hannah Clarke").submit("Continue", Day="17", Month="7", Year="2026")
    assert "Their last day at your school stays 1 May 2026" in naomi.text
    naomi.submit("Confirm and continue")
    assert naomi.heading == "You have told us that Hannah Clarke is leaving on 1 May 2026"


def test_nobody_leaves_twice(world):
    hannah = person("Hannah Clarke")
    leave(hannah, YESTERDAY)
    with pytest.raises(RuleBroken, match="has_left"):
        leave(person("Hannah Clarke"), TOMORROW)
