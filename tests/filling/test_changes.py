"""What a file changes, or would change, is listed: which line, whose, which column, from what to what."""

import pytest

from tests.filling.test_people import ECT, MENTOR, people

CHANGES = {
    "email": ({"email": "t.hale@example.org"}, "email", "theo.hale@example.org", "t.hale@example.org"),
    "name": ({"last_name": "Hale-Ames"}, "last_name", "Hale", "Hale-Ames"),
    "body": (
        {"appropriate_body": "National Induction Panel", "induction_body": "Alpha Teaching School Hub"},
        *("appropriate_body", "Alpha Teaching School Hub", "National Induction Panel"),
    ),
    "mentor": ({"mentor_trn": "3100001"}, "mentor_trn", "9000001", "3100001"),
    "lead provider": ({"lead_provider": "Teach First"}, "lead_provider", "Ambition Institute", "Teach First"),
    "programme": (
        {"training_programme": "school_led", "lead_provider": ""},
        *("training_programme", "provider_led", "school_led"),
    ),
    "last day": ({"last_day": "17/7/2026"}, "last_day", "nothing", "2026-07-17"),
    "induction": (
        {"induction_finished_on": "2026-04-17", "induction_outcome": "pass"},
        *("induction_finished_on", "nothing", "2026-04-17"),
    ),
    "status": ({"induction_status": "Exempt"}, "induction_status", "InProgress", "Exempt"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_would_change_and_what_changed(world, bring, what):
    changes, *cells = CHANGES[what]
    bring("people", people(MENTOR, ECT))
    file = people(ECT | changes, MENTOR)
    checked = bring("people", file, "--check")
    name = "Theo Hale-Ames" if what == "name" else "Theo Hale"
    row = next(line for line in checked.split("What would change:")[1].splitlines() if f"  {cells[0]}  " in line)
    assert row.split(maxsplit=1)[0] == "2"
    assert [cell.strip() for cell in row.split("  ") if cell.strip()] == ["2", name, *cells]
    assert row in bring("people", file).split("What changed:")[1]
    assert "What changed" not in bring("people", file), "the same file again"


def test_who_is_new(world, bring):
    said = bring("people", people(ECT, MENTOR), "--check")
    assert [line.split() for line in said.splitlines() if "new" in line.split()[-1:]] == [
        ["2", "Theo", "Hale", "new"],
        ["3", "Maya", "Lind", "new"],
    ]


OTHERS = {
    "contract-periods": (
        "year,started_on,finished_on,payments_frozen_on\n2024,2024-06-01,2025-05-31,1/9/2025",
        "2     2024   payments_frozen_on  nothing  2025-09-01",
    ),
    "lead-providers": (
        "name,years,contact_email\nteach first,2024,ects@example.org",
        "2     teach first  contact_email  teach.first@example.org  ects@example.org",
    ),
    "delivery-partners": (
        "name,lead_provider,years\nalpha teaching school hub,TEACH FIRST,2024-2025",
        "2     alpha teaching school hub  years   2025  2024, 2025",
    ),
    "appropriate-bodies": (
        "name,body_type\nNational Induction Panel,local_authority",
        "2     National Induction Panel  body_type  national  local_authority",
    ),
    "school-users": (
        "urn,name,email,is_induction_tutor\n900101,Nina Fox-Hall,nina.fox@example.org,yes",
        "2     Nina Fox-Hall  is_induction_tutor  Nina Fox  Nina Fox-Hall",
    ),
    "schools": (
        "URN,EstablishmentName,EstablishmentStatus (name),TypeOfEstablishment (name)\n900101,Applefield,Open,Academy",
        "2     Applefield  EstablishmentName  Applefield Primary School  Applefield",
    ),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_kinds(filled, bring, kind):
    content, row = OTHERS[kind]
    assert row in bring(kind, content, "--check")
    assert row in bring(kind, content)


def test_what_a_new_line_changes_stands_below_it(filled, bring):
    said = bring("school-users", "urn,name,email,is_induction_tutor\n900101,Ida Penn,ida.penn@example.org,yes")
    assert [line.split() for line in said.split("What changed:")[1].splitlines()[3:5]] == [
        ["2", "Ida", "Penn", "new"],
        ["2", "Ida", "Penn", "is_induction_tutor", "Nina", "Fox", "Ida", "Penn"],
    ]


def test_a_delivery_partner_of_two_lead_providers_is_two_that_are_new(filled, bring):
    said = bring("delivery-partners", "name,lead_provider,years\nBeta,Teach First,2025\nBeta,Ambition Institute,2025")
    assert "2 new, 0 changed" in said


def test_the_list_has_an_end_and_what_changed_comes_before_what_is_new(filled, bring):
    rows = "".join(f"Body {number},national\n" for number in range(1, 25))
    said = bring("appropriate-bodies", f"name,body_type\n{rows}National Induction Panel,local_authority\n", "--check")
    listed = said.split("What would change:")[1].splitlines()
    assert "National Induction Panel" in listed[3]
    assert listed[-3].startswith("… and 5 more.")
