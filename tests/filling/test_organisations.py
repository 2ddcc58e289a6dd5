"""Contract periods, lead providers, delivery partners, appropriate bodies, schools and school users: new ones, changed
ones, the same again, and what the rows contradict."""

import pytest

from models import (
    ActiveLeadProvider,
    AppropriateBody,
    ContractPeriod,
    DeliveryPartnership,
    LeadProvider,
    School,
    SchoolUser,
)
from tests.filling.conftest import IMPORTS
from tests.reports import stored


def test_examples_work_in_their_order_and_the_same_file_twice_changes_nothing(flask, bring):
    for kind in IMPORTS:
        example = flask("import", kind, "--example")
        assert "would be new" in bring(kind, example, "--check")
        assert " 0 changed" in bring(kind, example)
        before = stored()
        assert "0 new, 0 changed" in bring(kind, example)
        assert stored() == before


CHANGED = {
    "contract-periods": ("year,started_on,finished_on,payments_frozen_on\n2024,2024-06-01,2025-05-31,1/9/2025", 1),
    "lead-providers": ("name,years,contact_email\nteach first,2024,ects@example.org", 1),
    "delivery-partners": ("name,lead_provider,years\nalpha teaching school hub,TEACH FIRST,2024-2025", 1),
    "appropriate-bodies": ("name,body_type\nNational Induction Panel,local_authority", 1),
    "school-users": ("urn,name,email,is_induction_tutor\n900101,Nina Fox-Hall,NINA.FOX@example.org,yes", 1),
}


@pytest.mark.parametrize("kind", CHANGED)
def test_a_later_file_brings_what_has_changed(filled, bring, kind):
    content, changed = CHANGED[kind]
    assert f"0 new, {changed} changed, {1 - changed} as they were." in bring(kind, content)
    before = stored()
    assert "0 new, 0 changed, 1 as they were." in bring(kind, content)
    assert stored() == before


def test_what_changed_is_changed(filled, bring):
    for kind, (content, _) in CHANGED.items():
        bring(kind, content)
    assert ContractPeriod.get_by_id(2024).payments_frozen_at.isoformat() == "2025-08-31T23:00:00+00:00"
    assert {body.body_type for body in AppropriateBody.select()} == {"teaching_school_hub", "local_authority"}
    assert LeadProvider.get(name="Teach First").contact_email == "ects@example.org"
    assert DeliveryPartnership.select().count() == 4
    assert SchoolUser.get(email="nina.fox@example.org").name == "Nina Fox-Hall"
    school = School.get(urn="900101")
    assert (school.induction_tutor_name, school.induction_tutor_email) == ("Nina Fox-Hall", "NINA.FOX@example.org")


def test_a_file_without_an_address_takes_none_away(filled, bring):
    assert "0 new, 0 changed" in bring("lead-providers", "name,years,contact_email\nTeach First,2024 2025,")
    assert LeadProvider.get(name="Teach First").contact_email == "teach.first@example.org"


def test_a_file_takes_no_contract_away_and_says_so(filled, bring):
    said = bring("lead-providers", "name,years\nTeach First,2024")
    assert "2     years   2024      It also keeps 2025: a file takes no contract away" in said
    assert ActiveLeadProvider.select().join(LeadProvider).where(LeadProvider.name == "Teach First").count() == 2


REFUSED = {
    "periods that meet": (
        "contract-periods",
        "year,started_on,finished_on\n2026,2026-05-01,2027-05-31",
        ["started_on", "days that are not in 2025, which goes from 2025-06-01 to 2026-05-31"],
    ),
    "periods that meet in the file": (
        "contract-periods",
        "year,started_on,finished_on\n2027,2027-06-01,2028-06-30\n2028,2028-06-01,2029-05-31",
        ["3     started_on", "days that are not in 2027"],
    ),
    "an end before the start": (
        "contract-periods",
        "year,started_on,finished_on\n2026,2026-06-01,2025-05-31",
        ["finished_on  2025-05-31  a date", "2026-06-01 or later"],
    ),
    "another year": (
        "contract-periods",
        "year,started_on,finished_on\n2026,2027-06-01,2028-05-31",
        ["started_on  2027-06-01", "a day in 2026"],
    ),
    "a year without a contract period": (
        "lead-providers",
        "name,years\nTeach First,2024-2026",
        ["years   2024-2026", "years of contract periods: 2024, 2025. Without 2026"],
    ),
    "no such lead provider": (
        "delivery-partners",
        "name,lead_provider,years\nBeacon,Teach Last,2025",
        ["lead_provider  Teach Last", "a lead provider: Ambition Institute, Teach First"],
    ),
    "a year without a contract": (
        "delivery-partners",
        "name,lead_provider,years\nBeacon,Teach First,2026",
        ["years in which Teach First has a contract: 2024, 2025. Without 2026"],
    ),
    "no such school": (
        "school-users",
        "urn,name,email\n900999,Nina Fox,nina.fox@example.org",
        ["urn     900999", "a school that is here. Bring in schools first"],
    ),
    "two induction tutors": (
        "school-users",
        "urn,name,email,is_induction_tutor\n900101,A,a@example.org,yes\n900101,B,b@example.org,yes",
        ["3     is_induction_tutor  yes", "no: line 2 names another one for this school"],
    ),
    "two who are one": (
        "school-users",
        "urn,name,email\n900101,A,a@example.org\n900101,B,A@example.org",
        ["3             line 2 again"],
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_contradicts_is_refused_and_nothing_of_the_file_is_written(filled, bring, what):
    kind, content, words = REFUSED[what]
    said = bring(kind, content, fails=True)
    for word in words:
        assert word.replace("  a date", "") in said, said


# --- schools -------------------------------------------------------------------------------------------------

HEADING = (
    '"URN","LA (name)","EstablishmentName","TypeOfEstablishment (name)","EstablishmentStatus (name)","CloseDate"\n'
)
ROW = '{0},"Leeds","{1}","{2}","{3}","{4}"\n'


def register(*rows: tuple) -> bytes:
    """As the register is downloaded."""
    return (HEADING + "".join(ROW.format(*row) for row in rows)).encode("cp1252")


ELM = ("900201", "Élm Park “Primary”", "Community school", "Open", "")
OAK = ("900202", "Oak’s Academy, Leeds", "Academy converter", "Open, but proposed to close", "31-08-2026")
ASH = ("900203", "Ash School", "Community school", "Closed", "31-08-2022")
YEW = ("900204", "Yew School", "Free schools", "Proposed to open", "")


def test_open_schools_come_in_and_others_do_not(bring):
    assert "2 new, 0 changed, 0 as they were, 2 left out." in bring("schools", register(ELM, OAK, ASH, YEW))
    assert "0 new, 0 changed, 2 as they were, 2 left out." in bring("schools", register(ELM, OAK, ASH, YEW))
    assert {(school.urn, school.name) for school in School.select()} == {ELM[:2], OAK[:2]}


def test_only_these_types(bring):
    said = bring("schools", register(ELM, OAK, ASH), "--types", "academy converter")
    assert "1 new, 0 changed, 0 as they were, 2 left out." in said
    assert [school.urn for school in School.select()] == ["900202"]
    said = bring("schools", register(ELM, OAK), "--types", "Academy", fails=True)
    assert "Nothing in it is of the type Academy. There are: Academy converter; Community school." in said


def test_names_are_kept_up_to_date_and_lead_providers_see_that(bring):
    bring("schools", register(ELM))
    before = School.get().api_updated_at
    assert "0 new, 1 changed" in bring("schools", register((ELM[0], "Elm Park School", *ELM[2:])))
    assert School.get().name == "Elm Park School"
    assert School.get().api_updated_at >= before


def test_a_closed_school_goes_if_nothing_is_known_of_it(bring):
    bring("schools", register(ELM, OAK))
    assert "0 new, 1 changed" in bring("schools", register((*ELM[:3], "Closed", "31-03-2026"), OAK))
    assert [school.urn for school in School.select()] == ["900202"]


def test_a_closed_school_with_people_stays_and_that_is_said(world, bring):
    before = stored()
    said = bring("schools", register(("900001", "St John’s", "Community school", "Closed", "31-03-2026")))
    assert "St John’s C of E Primary School stays, though it closed on 2026-03-31: 12 people are" in said
    assert stored() == before


def test_rows_that_end_early_are_read_unless_the_file_ends_in_them(bring):
    short = HEADING + "900201,Leeds,Elm Park,Community school,Open\n900202,Leeds,Oak,Community school,Open\n"
    assert "2 new" in bring("schools", short)
    assert "the file ends in the middle of this line" in bring("schools", short.rstrip(), fails=True)


def test_another_file_of_the_register(bring):
    said = bring("schools", '"URN","LinkURN","LinkName","LinkType"\n20001,20002,"Elm","Other"\n', fails=True)
    assert "These are the links between establishments. Download “Establishment fields CSV”." in said


def test_a_name_that_somebody_told_since_they_signed_in_stays(filled, bring):
    SchoolUser.update(name="Nina Fox-Hall", subject="a").where(SchoolUser.email == "nina.fox@example.org").execute()
    said = bring("school-users", "urn,name,email\n900101,Nina Fox,nina.fox@example.org")
    assert "Nina Fox-Hall, as the provider of identities has told us since" in said
    assert "0 new, 0 changed, 1 as they were." in said
