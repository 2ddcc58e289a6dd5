"""People who come in by files: who is new, what has changed, and what the rules refuse."""

import csv
import io
from datetime import date

import pytest

from clock import clock_at
from domain import data_checks, departures, participants, training
from models import Event, LeadProvider, Participant, SchoolUser, Teacher
from tests.conftest import mostly_sqlite, person
from tests.reports import report, stored

pytestmark = mostly_sqlite

ST_JOHNS, NORTHBROOK = "900001", "900002"
MENTOR = {
    "urn": ST_JOHNS,
    "role": "mentor",
    "trn": "9000001",
    "first_name": "Maya",
    "last_name": "Lind",
    "started_on": "2022-09-01",
}
ECT = {
    "urn": ST_JOHNS,
    "role": "ect",
    "trn": "9000002",
    "first_name": "Theo",
    "last_name": "Hale",
    "email": "theo.hale@example.org",
    "started_on": "2025-09-01",
    "working_pattern": "full_time",
    "appropriate_body": "Alpha Teaching School Hub",
    "mentor_trn": "9000001",
    "training_programme": "provider_led",
    "lead_provider": "Ambition Institute",
    "induction_started_on": "2025-09-03",
}
WITHOUT_MENTOR = ECT | {"mentor_trn": ""}


def people(*rows: dict) -> str:
    """A file of these people."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([[row.get(name, "") for name in columns] for row in rows])
    return text.getvalue()


def check() -> None:
    assert not (broken := data_checks.broken()), broken


def found(trn: str, role: str = "ect") -> Participant:
    return Participant.select().join(Teacher).where(Teacher.trn == trn, Participant.role == role).get()


# --- who is new ------------------------------------------------------------------------------------------------


def test_people_come_in_with_training_mentor_and_induction(world, bring):
    assert "2 new, 0 changed, 0 as they were." in bring("people", people(ECT, MENTOR))
    theo = found("9000002")
    assert (theo.school.urn, str(theo.started_on), theo.email) == (ST_JOHNS, "2025-09-01", "theo.hale@example.org")
    assert theo.teacher.name == "Theo Hale"
    assert theo.mentor.teacher.trn == "9000001"
    assert theo.school_reported_appropriate_body.name == "Alpha Teaching School Hub"
    assert theo.teacher.trs_induction_status == "InProgress"
    period = theo.training_period
    assert (period.lead_provider.name, period.contract_period.year) == ("Ambition Institute", 2025)
    assert (period.schedule, str(period.started_on)) == ("ecf-standard-september", "2025-09-01")
    assert period.is_confirmed, "Ambition Institute works with St John’s in that year"
    (event,) = theo.events
    assert (event.author_type, event.heading) == ("system", "We registered Theo Hale as an ECT at your school")
    check()
    before = stored()
    assert "0 new, 0 changed, 2 as they were." in bring("people", people(ECT, MENTOR))
    assert stored() == before


def test_training_with_a_provider_that_has_not_agreed_yet_waits_for_it(world, bring):
    bring("people", people(WITHOUT_MENTOR | {"urn": NORTHBROOK, "lead_provider": "National Institute of Teaching"}))
    period = found("9000002").training_period
    assert not period.is_confirmed
    assert period.lead_provider.name == "National Institute of Teaching"
    check()


NEW = {
    "school-led": (ECT | {"training_programme": "school_led", "lead_provider": "", "mentor_trn": ""}, "school_led"),
    "another contract period": (WITHOUT_MENTOR | {"contract_period": "2024"}, 2024),
    "another schedule": (WITHOUT_MENTOR | {"schedule": "ecf-extended-april"}, "ecf-extended-april"),
    "training that starts later": (WITHOUT_MENTOR | {"training_started_on": "5/1/2026"}, "2026-01-05"),
    "a provider in other letters": (WITHOUT_MENTOR | {"lead_provider": "AMBITION INSTITUTE"}, "Ambition Institute"),
}


@pytest.mark.parametrize("what", NEW)
def test_training_as_the_row_says(world, bring, what):
    row, value = NEW[what]
    bring("people", people(row))
    period = found("9000002").training_period
    told = (period.training_programme, period.schedule, str(period.started_on))
    told += (period.contract_period and period.contract_period.year, period.lead_provider and period.lead_provider.name)
    assert value in told
    check()
    before = stored()
    bring("people", people(row))
    assert stored() == before


def test_people_who_were_here_and_who_will_be(world, bring):
    rows = [
        MENTOR | {"last_day": "2025-07-18", "training_programme": "provider_led", "lead_provider": "Ambition Institute"}
        | {"training_started_on": "2023-09-01", "funding_ended_on": "2025-03-31"}
        | {"funding_end_reason": "completed_declaration_received"},
        WITHOUT_MENTOR | {"started_on": "2026-09-01", "induction_started_on": "", "contract_period": "2026"},
        WITHOUT_MENTOR | {"trn": "9000003", "started_on": "2022-09-01", "last_day": "2024-07-19", "email": ""}
        | {"induction_started_on": "2022-09-01", "induction_finished_on": "2024-07-19", "induction_outcome": "pass"}
        | {"contract_period": "2023"},
        WITHOUT_MENTOR | {"trn": "9000003", "urn": NORTHBROOK, "started_on": "2024-09-01"}
        | {"induction_started_on": "", "induction_status": ""},
    ]  # fmt: skip
    assert "4 new" in bring("people", people(*rows))
    assert str(found("9000001", "mentor").training_period.finished_on) == "2025-03-31"
    assert found("9000003").teacher.trs_induction_status == "Passed"
    check()
    before = stored()
    assert "0 new, 0 changed, 4 as they were." in bring("people", people(*rows))
    assert stored() == before


def test_somebody_known_comes_to_another_school_with_another_name(world, bring):
    bring("people", people(WITHOUT_MENTOR | {"last_day": "2026-03-31"}))
    moved = WITHOUT_MENTOR | {
        "urn": NORTHBROOK,
        "started_on": "2026-04-13",
        "last_name": "Hale-Ames",
        "lead_provider": "Teach First",
    }
    moved |= {"induction_started_on": "2025-09-03", "induction_finished_on": "2026-04-17", "induction_outcome": "fail"}
    assert "1 new, 0 changed" in bring("people", people(moved))
    teacher = found("9000002").teacher
    assert (teacher.name, teacher.trs_induction_status) == ("Theo Hale-Ames", "Failed")
    check()
    before = stored()
    bring("people", people(moved))
    assert stored() == before


def test_two_lines_about_one_new_person_tell_of_one_induction(world, bring):
    first = WITHOUT_MENTOR | {"started_on": "2023-09-01", "last_day": "2025-07-18", "contract_period": "2023"}
    first |= {"induction_started_on": "2023-09-01"}
    second = WITHOUT_MENTOR | {"urn": NORTHBROOK, "induction_started_on": "2023-09-01"}
    second |= {"induction_finished_on": "2026-03-31", "induction_outcome": "pass"}
    assert "2 new" in bring("people", people(first, second))
    (period,) = found("9000002").teacher.induction_periods
    assert (str(period.finished_on), period.outcome) == ("2026-03-31", "pass")
    before = stored()
    assert "2 as they were" in bring("people", people(first, second))
    assert stored() == before
    other = {"trn": "9000003", "email": "t.hale@example.org", "induction_started_on": "2024-01-08"}
    assert "1 new" in bring("people", people(first, second | other))
    three = [
        each | {"trn": "9000004", "email": "hale@example.org"}
        for each in (first, second | {"induction_started_on": "2024-01-08"})
    ]
    assert "a day that is not in another induction period. There is one from" in bring(
        "people", people(*three), fails=True
    )


def test_who_moves_leaves_in_the_same_file(world, bring):
    bring("people", people(WITHOUT_MENTOR))
    rows = [
        WITHOUT_MENTOR | {"last_day": "2026-03-31"},
        WITHOUT_MENTOR | {"urn": NORTHBROOK, "started_on": "2026-04-01", "training_started_on": "2026-04-01"},
    ]
    assert "1 new, 1 changed" in bring("people", people(*reversed(rows)))
    check()
    before = stored()
    bring("people", people(*rows))
    assert stored() == before


# --- what has changed ------------------------------------------------------------------------------------------

CHANGES = {
    "email": ({"email": "t.hale@example.org"}, "We changed Theo Hale’s email address"),
    "working pattern": ({"working_pattern": "part time"}, "We changed Theo Hale’s working pattern to part time"),
    "name": ({"last_name": "Hale-Ames"}, "We changed the name from Theo Hale to Theo Hale-Ames"),
    "appropriate body": (
        {"appropriate_body": "National Induction Panel", "induction_body": "Alpha Teaching School Hub"},
        "We changed Theo Hale’s appropriate body to National Induction Panel",
    ),
    "mentor": ({"mentor_trn": "3100001"}, "We changed Theo Hale’s mentor from Maya Lind to John Doe"),
    "lead provider": (
        {"lead_provider": "UCL Institute of Education"},
        "We changed Theo Hale’s lead provider from Ambition Institute to UCL Institute of Education",
    ),
    "training programme": (
        {"training_programme": "school_led", "lead_provider": ""},
        "We changed Theo Hale’s training programme",
    ),
    "last day": ({"last_day": "2026-07-17"}, "We were told that Theo Hale’s last day"),
    "end of induction": (
        {"induction_finished_on": "2026-04-17", "induction_outcome": "pass"},
        "The national record of Theo Hale’s induction changed",
    ),
    "induction status": ({"induction_status": "Exempt"}, "The national record of Theo Hale’s induction changed"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_later_file_brings_what_has_changed_as_an_act(world, bring, what):
    changes, heading = CHANGES[what]
    bring("people", people(MENTOR, ECT))
    assert "0 new, 1 changed, 1 as they were." in bring("people", people(MENTOR, ECT | changes))
    event = found("9000002").events.order_by(Event.version.desc()).first()
    assert event.heading.startswith(heading)
    assert event.author_type == "system"
    check()
    before = stored()
    assert "0 new, 0 changed, 2 as they were." in bring("people", people(MENTOR, ECT | changes))
    assert stored() == before


def test_what_a_row_does_not_say_stays(world, bring):
    bring("people", people(MENTOR, ECT))
    before = stored()
    needed = {name: ECT[name] for name in ("urn", "role", "trn", "first_name", "last_name", "started_on")}
    assert "0 new, 0 changed, 1 as they were." in bring("people", people(needed))
    assert stored() == before


def test_a_mentor_comes_into_training_and_out_of_it(world, bring):
    bring("people", people(MENTOR))
    trained = MENTOR | {"lead_provider": "Ambition Institute", "training_started_on": "2025-09-01"}
    assert "0 new, 1 changed" in bring("people", people(trained))
    ended = trained | {"funding_ended_on": "2026-03-31", "funding_end_reason": "started_not_completed"}
    assert "0 new, 1 changed" in bring("people", people(ended))
    maya = found("9000001", "mentor")
    assert str(maya.training_period.finished_on) == "2026-03-31"
    assert maya.mentor_training_is_over
    check()
    before = stored()
    bring("people", people(ended))
    assert stored() == before


def naomi() -> SchoolUser:
    return SchoolUser.get(name="Naomi Fletcher")


HERE = {
    "email": (
        lambda theo: participants.change_email_address(theo, naomi(), email="new@example.org"),
        ["email", "theo.hale@example.org", "new@example.org, as Naomi Fletcher has said on 20 April 2026"],
    ),
    "last day": (
        lambda theo: departures.report_leaving(theo, naomi(), leaving_on=date(2026, 5, 29)),
        ["last_day", "2026-07-17", "29 May 2026, as Naomi Fletcher has said"],
    ),
    "mentor": (
        lambda theo: participants.change_mentor(theo, naomi(), mentor_id=person("John Doe", "mentor").id),
        ["mentor_trn", "9000001", "John Doe, as Naomi Fletcher has said"],
    ),
    "lead provider": (
        lambda theo: training.change_lead_provider(
            theo, naomi(), lead_provider_id=LeadProvider.get(name="Teach First").id
        ),
        ["lead_provider", "Ambition Institute", "Teach First, as Naomi Fletcher has said"],
    ),
    "withdrawn and chosen anew": (
        lambda theo: (
            report("withdraw", theo)
            and training.change_training_programme(found("9000002"), naomi(), training_programme="school_led")
        ),
        ["training_programme", "school_led, as Naomi Fletcher has said"],
    ),
}


@pytest.mark.parametrize("what", HERE)
def test_what_a_school_or_a_provider_has_changed_here_since_stays_and_that_is_said(world, bring, what):
    act, words = HERE[what]
    bring("people", people(MENTOR, ECT))
    act(found("9000002"))
    before = stored()
    said = bring("people", people(MENTOR, ECT | {"last_day": "2026-07-17"} if what == "last day" else ECT))
    for word in words:
        assert word in said, said
    assert stored() == before


def test_a_withdrawal_stays(world, bring):
    bring("people", people(MENTOR, ECT))
    report("withdraw", found("9000002"))
    before = stored()
    assert "0 new, 0 changed, 2 as they were." in bring("people", people(MENTOR, ECT))
    said = bring("people", people(MENTOR, ECT | {"lead_provider": "Teach First"}))
    assert "lead_provider  Teach First  Ambition Institute, as Ambition Institute has said" in said
    assert stored() == before


# --- and out again -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("urn", [ST_JOHNS, NORTHBROOK])
def test_what_goes_out_comes_in_and_changes_nothing(world, flask, bring, urn):
    exported = flask("export", "people", "--school", urn)
    before = stored()
    said = bring("people", exported)
    assert stored() == before
    assert "0 new, 0 changed" in said
    assert "Left as it is" not in said


def test_why_a_provider_stopped_is_not_in_an_export(world, flask):
    exported = flask("export", "people", "--school", ST_JOHNS)
    assert "Steven" in exported
    for word in ("changed-lead-provider", "changed_lead_provider", "parental", "withdrawn", "deferred"):
        assert word not in exported


def test_who_has_no_trn_is_left_out_and_counted(world, flask):
    Teacher.update(trn=None, is_trnless=True).where(Teacher.trn == "3200001").execute()
    said = flask("export", "people", "--school", ST_JOHNS)
    assert "1 without a TRN left out" in said
    assert "Steven" not in said


def test_cells_that_a_spreadsheet_would_run_come_out_harmless_and_in_again_as_they_were(world, flask, bring):
    bring("people", people(MENTOR | {"first_name": "=Maya", "last_name": "-Lind"}))
    exported = flask("export", "people", "--school", ST_JOHNS)
    assert "'=Maya,'-Lind" in exported
    before = stored()
    bring("people", exported)
    assert stored() == before


def test_no_such_school(world, flask):
    assert "There is no school with the URN 999999." in flask("export", "people", "--school", "999999", fails=True)


def test_what_is_brought_in_is_as_of_the_day(world, bring):
    """The same file on a later day changes nothing either."""
    file = people(MENTOR, ECT | {"last_day": "2026-05-29"})
    bring("people", file)
    before = stored()
    with clock_at(date(2026, 9, 1)):
        bring("people", file)
    assert stored() == before
