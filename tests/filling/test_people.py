"""People who come in by files: who is new, what has changed, what a school or a lead provider has said since, and what
goes out again."""

import csv
import io
import re
from datetime import date

from clock import clock_at
from domain import departures, participants, training
from models import Event, LeadProvider, Participant, SchoolUser, Teacher
from tests.conftest import both_engines, person
from tests.invariants import check_always
from tests.reports import AMBITION, report, stored

pytestmark = both_engines

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
    "lead_provider": AMBITION,
    "induction_started_on": "2025-09-03",
}
WITHOUT_MENTOR = ECT | {"mentor_trn": ""}
SCHOOL_LED = {"training_programme": "school_led", "lead_provider": ""}
NO_INDUCTION = {"induction_started_on": ""}


def people(*rows: dict) -> str:
    """A file of these people."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([[row.get(name, "") for name in columns] for row in rows])
    return text.getvalue()


def another(row: dict, number: int) -> dict:
    """The same line about somebody else: of each of ECT and MENTOR there are as many as numbers."""
    trns = {
        name: str(int(row[name]) + 10 * number) for name in ("trn", "mentor_trn") if row.get(name, "")[:5] == "90000"
    }
    return row | trns | {"email": f"{row['first_name']}.{row['last_name']}.{number}@example.org".lower()}


def found(trn: str, role: str = "ect") -> Participant:
    return Participant.select().join(Teacher).where(Teacher.trn == trn, Participant.role == role).get()


def naomi() -> SchoolUser:
    return SchoolUser.get(name="Naomi Fletcher")


def listed(said: str, heading: str) -> list[list[str]]:
    """The table under this heading."""
    return [
        re.split("  +", line) for line in said.partition(f"{heading}:")[2].strip().partition("\n\n")[0].splitlines()
    ]


def comes_in(bring, *rows: dict, says: str) -> str:
    """All data are right then, and the same file changes nothing more."""
    said = bring("people", people(*rows))
    assert says in said, said
    check_always()
    before = stored()
    assert f"0 new, 0 changed, {len(rows)} as they were." in bring("people", people(*rows))
    assert stored() == before
    return said


# --- who is new ------------------------------------------------------------------------------------------------


def test_people_come_in_with_training_mentor_and_induction(world, bring):
    assert listed(bring("people", people(ECT, MENTOR), "--check"), "What would change")[1:] == [
        ["2", "Theo Hale", "new"],
        ["3", "Maya Lind", "new"],
    ]
    comes_in(bring, ECT, MENTOR, says="2 new, 0 changed, 0 as they were.")
    theo = found("9000002")
    assert (theo.school.urn, str(theo.started_on), theo.email) == (ST_JOHNS, "2025-09-01", "theo.hale@example.org")
    assert theo.teacher.name == "Theo Hale"
    assert theo.mentor.teacher.trn == "9000001"
    assert theo.school_reported_appropriate_body.name == "Alpha Teaching School Hub"
    assert theo.teacher.trs_induction_status == "InProgress"
    period = theo.training_period
    assert (period.lead_provider.name, period.contract_period.year) == (AMBITION, 2025)
    assert (period.schedule, str(period.started_on)) == ("ecf-standard-september", "2025-09-01")
    assert period.is_confirmed, "Ambition Institute works with St John’s in that year"
    (event,) = theo.events
    assert (event.author_type, event.heading) == ("system", "We registered Theo Hale as an ECT at your school")


NEW = (
    (SCHOOL_LED, "school_led"),
    ({"contract_period": "2024"}, 2024),
    ({"schedule": "ecf-extended-april"}, "ecf-extended-april"),
    ({"training_started_on": "5/1/2026"}, "2026-01-05"),
    ({"lead_provider": "AMBITION INSTITUTE"}, AMBITION),
    # One that has not agreed with the school yet.
    ({"urn": NORTHBROOK, "lead_provider": "National Institute of Teaching"}, "waits"),
)


def test_training_as_the_row_says(world, bring):
    rows = [another(WITHOUT_MENTOR, number) | changes for number, (changes, _) in enumerate(NEW)]
    comes_in(bring, *rows, says=f"{len(NEW)} new")
    for row, (_, value) in zip(rows, NEW, strict=True):
        period = found(row["trn"]).training_period
        told = [period.training_programme, period.schedule, str(period.started_on)]
        if period.is_provider_led:
            told += [period.contract_period.year, period.lead_provider.name]
            told += [] if period.is_confirmed else ["waits"]
        assert value in told


def test_people_who_were_here_and_who_will_be(world, bring):
    rows = [
        MENTOR | {"last_day": "2025-07-18", "training_programme": "provider_led", "lead_provider": AMBITION}
        | {"training_started_on": "2023-09-01", "funding_ended_on": "2025-03-31"}
        | {"funding_end_reason": "completed_declaration_received"},
        WITHOUT_MENTOR | {"started_on": "2026-09-01", "contract_period": "2026"} | NO_INDUCTION,
        WITHOUT_MENTOR | {"trn": "9000003", "started_on": "2022-09-01", "last_day": "2024-07-19", "email": ""}
        | {"induction_started_on": "2022-09-01", "induction_finished_on": "2024-07-19", "induction_outcome": "pass"}
        | {"contract_period": "2023"},
        WITHOUT_MENTOR | {"trn": "9000003", "urn": NORTHBROOK, "started_on": "2024-09-01"} | NO_INDUCTION,
    ]  # fmt: skip
    comes_in(bring, *rows, says="4 new")
    assert str(found("9000001", "mentor").training_period.finished_on) == "2025-03-31"
    assert found("9000003").teacher.trs_induction_status == "Passed"


def test_somebody_known_comes_to_another_school_with_another_name(world, bring):
    bring("people", people(WITHOUT_MENTOR | {"last_day": "2026-03-31"}))
    moved = WITHOUT_MENTOR | {"urn": NORTHBROOK, "started_on": "2026-04-13", "last_name": "Hale-Ames"}
    moved |= {"lead_provider": "Teach First", "induction_finished_on": "2026-04-17", "induction_outcome": "fail"}
    comes_in(bring, moved, says="1 new, 0 changed")
    teacher = found("9000002").teacher
    assert (teacher.name, teacher.trs_induction_status) == ("Theo Hale-Ames", "Failed")


def test_two_lines_about_one_new_person_tell_of_one_induction(world, bring):
    first = WITHOUT_MENTOR | {"started_on": "2023-09-01", "last_day": "2025-07-18", "contract_period": "2023"}
    first |= {"induction_started_on": "2023-09-01"}
    second = WITHOUT_MENTOR | {"urn": NORTHBROOK, "induction_started_on": "2023-09-01"}
    second |= {"induction_finished_on": "2026-03-31", "induction_outcome": "pass"}
    comes_in(bring, first, second, says="2 new")
    (period,) = found("9000002").teacher.induction_periods
    assert (str(period.finished_on), period.outcome) == ("2026-03-31", "pass")
    two = people(another(first, 1), another(second, 1) | {"induction_started_on": "2024-01-08"})
    assert "a day that is not in another induction period. There is one from" in bring("people", two, fails=True)


def test_who_moves_leaves_in_the_same_file(world, bring):
    bring("people", people(WITHOUT_MENTOR))
    comes = WITHOUT_MENTOR | {"urn": NORTHBROOK, "started_on": "2026-04-01", "training_started_on": "2026-04-01"}
    comes_in(bring, comes, WITHOUT_MENTOR | {"last_day": "2026-03-31"}, says="1 new, 1 changed")


# --- what has changed ------------------------------------------------------------------------------------------

ALPHA, NATIONAL = "Alpha Teaching School Hub", "National Induction Panel"
UCL = "UCL Institute of Education"
CHANGES = [
    ({"email": "t.hale@example.org"}, ("email", "theo.hale.0@example.org", "t.hale@example.org"), "email address"),
    ({"working_pattern": "part time"}, ("working_pattern", "full_time", "part_time"), "working pattern to part time"),
    ({"last_name": "Hale-Ames"}, ("last_name", "Hale", "Hale-Ames"), "the name from Theo Hale to Theo Hale-Ames"),
    (
        {"appropriate_body": NATIONAL, "induction_body": ALPHA},
        ("appropriate_body", ALPHA, NATIONAL),
        f"Theo Hale’s appropriate body to {NATIONAL}",
    ),
    ({"mentor_trn": "3100001"}, ("mentor_trn", "9000041", "3100001"), "mentor from Maya Lind to John Doe"),
    ({"lead_provider": UCL}, ("lead_provider", AMBITION, UCL), f"lead provider from {AMBITION} to {UCL}"),
    (SCHOOL_LED, ("training_programme", "provider_led", "school_led"), f"from provider-led with {AMBITION} to school"),
    ({"last_day": "17/7/2026"}, ("last_day", "nothing", "2026-07-17"), "last day would be 17 July 2026"),
    (
        {"induction_finished_on": "2026-04-17", "induction_outcome": "pass"},
        ("induction_finished_on", "nothing", "2026-04-17"),
        "The national record of Theo Hale’s induction changed",
    ),
    (
        {"induction_status": "Exempt"},
        ("induction_status", "InProgress", "Exempt"),
        "The national record of Theo Hale’s",
    ),
]
"""What a later line says → the row of what changes by it, and the event."""


def test_a_later_file_brings_what_has_changed_as_acts_and_lists_it(world, bring):
    everybody = [another(row, number) for number in range(len(CHANGES)) for row in (ECT, MENTOR)]
    bring("people", people(*everybody))
    rows = [row | changes for row, (changes, *_) in zip(everybody[::2], CHANGES, strict=True)]
    checked = listed(bring("people", people(*rows), "--check"), "What would change")
    done = listed(comes_in(bring, *rows, says=f"0 new, {len(rows)} changed, 0 as they were."), "What changed")
    assert checked == done
    for line, (row, (_, cells, heading)) in enumerate(zip(rows, CHANGES, strict=True), start=2):
        assert [str(line), f"Theo {row['last_name']}", *cells] in done
        event = found(row["trn"]).events.order_by(Event.version.desc()).first()
        assert heading in event.heading
        assert (event.author_type, event.school_user) == ("system", None)
    # What a row does not say stays; and on a later day the same file changes nothing either.
    before = stored()
    needed = ("urn", "role", "trn", "first_name", "last_name", "started_on")
    assert "0 new, 0 changed" in bring("people", people(*({name: row[name] for name in needed} for row in rows)))
    with clock_at(date(2026, 9, 1)):
        assert "0 new, 0 changed" in bring("people", people(*rows))
    assert stored() == before


def test_a_mentor_comes_into_training_and_out_of_it(world, bring):
    bring("people", people(MENTOR))
    trained = MENTOR | {"lead_provider": AMBITION, "training_started_on": "2025-09-01"}
    assert "0 new, 1 changed" in bring("people", people(trained))
    ended = trained | {"funding_ended_on": "2026-03-31", "funding_end_reason": "started_not_completed"}
    comes_in(bring, ended, says="0 new, 1 changed")
    maya = found("9000001", "mentor")
    assert str(maya.training_period.finished_on) == "2026-03-31"
    assert maya.mentor_training_is_over


def withdrawn_and_chosen_anew(theo: Participant) -> None:
    report("withdraw", theo)
    training.change_training_programme(found(theo.teacher.trn), naomi(), training_programme="school_led")


HERE = [
    (
        lambda theo: participants.change_email_address(theo, naomi(), email="new@example.org"),
        ("email", "theo.hale.0@example.org", "new@example.org, as Naomi Fletcher has said on 20 April 2026"),
    ),
    (
        lambda theo: departures.report_leaving(theo, naomi(), leaving_on=date(2026, 5, 29)),
        ("last_day", "2026-07-17", "29 May 2026, as Naomi Fletcher has said on 20 April 2026"),
    ),
    (
        lambda theo: participants.change_mentor(theo, naomi(), mentor_id=person("John Doe", "mentor").id),
        ("mentor_trn", "9000021", "John Doe, as Naomi Fletcher has said on 20 April 2026"),
    ),
    (
        lambda theo: training.change_lead_provider(theo, naomi(), lead_provider_id=LeadProvider.get(name=UCL).id),
        ("lead_provider", AMBITION, f"{UCL}, as Naomi Fletcher has said on 20 April 2026"),
    ),
    (
        withdrawn_and_chosen_anew,
        ("training_programme", "provider_led", "school_led, as Naomi Fletcher has said on 20 April 2026"),
    ),
    (
        lambda theo: report("withdraw", theo),
        ("lead_provider", "Teach First", f"{AMBITION}, as {AMBITION} has said on 20 April 2026"),
    ),
]


def test_what_a_school_or_a_provider_has_changed_here_since_stays_and_that_is_said(world, bring):
    rows = [another(row, number) for number in range(len(HERE)) for row in (ECT, MENTOR)]
    bring("people", people(*rows))
    for row, (act, _) in zip(rows[::2], HERE, strict=True):
        act(found(row["trn"]))
    before = stored()
    rows[2] |= {"last_day": "2026-07-17"}
    kept = [[str(2 + 2 * number), *cells] for number, (_, cells) in enumerate(HERE)]
    # Of a withdrawal there is nothing to say, unless the file has another lead provider.
    assert listed(bring("people", people(*rows)), "Left as it is")[1:] == kept[:-1]
    rows[10] |= {"lead_provider": "Teach First"}
    assert listed(bring("people", people(*rows)), "Left as it is")[1:] == kept
    assert stored() == before


# --- and out again -------------------------------------------------------------------------------------------


def test_what_goes_out_comes_in_and_changes_nothing(world, flask, bring):
    """Cells that a spreadsheet would run come out harmless. Who has no TRN is left out and counted. Why a provider
    stopped is nobody's to read."""
    bring("people", people(MENTOR | {"first_name": "=Maya", "last_name": "-Lind"}))
    Teacher.update(trn=None, is_trnless=True).where(Teacher.trn == "3200002").execute()
    exported = {urn: flask("export", "people", "--school", urn) for urn in (ST_JOHNS, NORTHBROOK)}
    assert "'=Maya,'-Lind" in exported[ST_JOHNS]
    assert "Steven" in exported[ST_JOHNS]
    for word in ("Hannah", "changed-lead-provider", "changed_lead_provider", "parental", "withdrawn", "deferred"):
        assert word not in exported[ST_JOHNS]
    assert "1 without a TRN left out" in exported[ST_JOHNS]
    before = stored()
    for text in exported.values():
        said = bring("people", text.replace("1 without a TRN left out: a file knows people by it.\n", ""))
        assert "0 new, 0 changed" in said
        assert "Left as it is" not in said
    assert stored() == before
    assert "There is no school with the URN 999999." in flask("export", "people", "--school", "999999", fails=True)
