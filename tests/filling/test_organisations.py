"""Contract periods, lead providers, delivery partners, appropriate bodies, schools and school users: new ones, changed
ones, the same again, and what the rows contradict."""

from models import ActiveLeadProvider, ContractPeriod, DeliveryPartnership, LeadProvider, School, SchoolUser
from tests.conftest import both_engines
from tests.filling.conftest import IMPORTS
from tests.filling.test_people import listed
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
    "contract-periods": (
        "year,started_on,finished_on,payments_frozen_on\n2024,2024-06-01,2025-05-31,1/9/2025",
        ["2", "2024", "payments_frozen_on", "nothing", "2025-09-01"],
    ),
    "lead-providers": (
        "name,years,contact_email\nteach first,2024 2025,ects@example.org",
        ["2", "teach first", "contact_email", "teach.first@example.org", "ects@example.org"],
    ),
    "delivery-partners": (
        "name,lead_provider,years\nalpha teaching school hub,TEACH FIRST,2024-2025",
        ["2", "alpha teaching school hub", "years", "2025", "2024, 2025"],
    ),
    "appropriate-bodies": (
        "name,body_type\nNational Induction Panel,local_authority",
        ["2", "National Induction Panel", "body_type", "national", "local_authority"],
    ),
    "school-users": (
        "urn,name,email,is_induction_tutor\n900101,Nina Fox-Hall,NINA.FOX@example.org,yes",
        ["2", "Nina Fox-Hall", "is_induction_tutor", "Nina Fox", "Nina Fox-Hall"],
    ),
    "schools": (
        "URN,EstablishmentName,EstablishmentStatus (name),TypeOfEstablishment (name)\n900101,Applefield,Open,Academy",
        ["2", "Applefield", "EstablishmentName", "Applefield Primary School", "Applefield"],
    ),
}


@both_engines
def test_a_later_file_brings_what_has_changed_and_lists_it(filled, bring):
    for kind, (content, row) in CHANGED.items():
        assert row in listed(bring(kind, content, "--check"), "What would change")
        said = bring(kind, content)
        assert row in listed(said, "What changed")
        assert "0 new, 1 changed, 0 as they were." in said
        before = stored()
        assert "0 new, 0 changed, 1 as they were." in bring(kind, content)
        assert stored() == before
    assert ContractPeriod.get_by_id(2024).payments_frozen_at.isoformat() == "2025-08-31T23:00:00+00:00"
    assert DeliveryPartnership.select().count() == 4
    school = School.get(urn="900101")
    assert (school.induction_tutor_name, school.induction_tutor_email) == ("Nina Fox-Hall", "NINA.FOX@example.org")


def test_what_changes_by_a_new_line_stands_below_it_and_the_list_has_an_end(filled, bring):
    said = bring("school-users", "urn,name,email,is_induction_tutor\n900101,Ida Penn,ida.penn@example.org,yes")
    assert listed(said, "What changed")[1:] == [
        ["2", "Ida Penn", "new"],
        ["2", "Ida Penn", "is_induction_tutor", "Nina Fox", "Ida Penn"],
    ]
    said = bring("delivery-partners", "name,lead_provider,years\nBeta,Teach First,2025\nBeta,Ambition Institute,2025")
    assert "2 new, 0 changed" in said, "one of each lead provider"
    rows = "".join(f"Body {number},national\n" for number in range(1, 25))
    said = bring("appropriate-bodies", f"name,body_type\n{rows}National Induction Panel,local_authority\n", "--check")
    changes = listed(said, "What would change")
    assert "National Induction Panel" in changes[1], "what changes comes before what is new"
    assert changes[-1] == ["… and 5 more."]


def test_a_file_takes_no_address_and_no_contract_away_and_no_name_that_somebody_told_since(filled, bring):
    said = bring("lead-providers", "name,years,contact_email\nTeach First,2024,")
    assert "0 new, 0 changed" in said
    assert "2     years   2024      It also keeps 2025: a file takes no contract away" in said
    assert LeadProvider.get(name="Teach First").contact_email == "teach.first@example.org"
    assert ActiveLeadProvider.select().join(LeadProvider).where(LeadProvider.name == "Teach First").count() == 2
    SchoolUser.update(name="Nina Fox-Hall", subject="a").where(SchoolUser.email == "nina.fox@example.org").execute()
    said = bring("school-users", "urn,name,email\n900101,Nina Fox,nina.fox@example.org")
    assert "Nina Fox-Hall, as the provider of identities has told us since" in said
    assert "0 new, 0 changed, 1 as they were." in said


REFUSED = {
    "contract-periods": (
        """\
year,started_on,finished_on
2026,2026-05-01,2027-05-31
2027,2027-06-01,2028-06-30
2028,2028-06-01,2029-05-31
2030,2030-06-01,2029-05-31
2031,2032-06-01,2033-05-31
""",
        [
            "2  started_on  2026-05-01  days that are not in 2025, which goes from 2025-06-01 to 2026-05-31",
            "4  started_on  2028-06-01  days that are not in 2027, which goes from 2027-06-01 to 2028-06-30",
            "5  finished_on  2029-05-31  2030-06-01 or later, for that is its first day",
            "6  started_on  2032-06-01  a day in 2031",
        ],
    ),
    "lead-providers": (
        "name,years\nTeach First,2024-2026",
        ["2  years  2024-2026  years of contract periods: 2024, 2025. Without 2026"],
    ),
    "delivery-partners": (
        "name,lead_provider,years\nBeacon,Teach Last,2025\nBeacon,Teach First,2026",
        [
            "2  lead_provider  Teach Last  a lead provider: Ambition Institute, Teach First",
            "3  years  2026  years in which Teach First has a contract: 2024, 2025. Without 2026",
        ],
    ),
    "school-users": (
        """\
urn,name,email,is_induction_tutor
900999,Nina Fox,nina.fox@example.org,yes
900101,Ann,ann@example.org,yes
900101,Ben,ben@example.org,yes
900101,Cat,Ann@example.org,no
""",
        [
            "2  urn  900999  a school that is here. Bring in schools first",
            "4  is_induction_tutor  yes  no: line 3 names another one for this school",
            "5  line 3 again  one line. Line 3 is about the same: take one of the two out",
        ],
    ),
}


@both_engines
def test_what_contradicts_is_refused_and_nothing_of_the_file_is_written(filled, bring):
    for kind, (content, told) in REFUSED.items():
        said = listed(bring(kind, content, fails=True), "What is wrong")
        assert ["  ".join(row) for row in said[1:]] == told


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


@both_engines
def test_schools_come_in_when_they_are_open_change_their_names_and_go_if_nothing_is_known_of_them(bring):
    assert "2 new, 0 changed, 0 as they were, 2 left out." in bring("schools", register(ELM, OAK, ASH, YEW))
    assert "0 new, 0 changed, 2 as they were, 2 left out." in bring("schools", register(ELM, OAK, ASH, YEW))
    assert {(school.urn, school.name) for school in School.select()} == {ELM[:2], OAK[:2]}
    before = School.get(urn="900201").api_updated_at
    assert "0 new, 1 changed" in bring("schools", register((ELM[0], "Elm Park School", *ELM[2:])))
    elm = School.get(urn="900201")
    assert elm.name == "Elm Park School"
    assert elm.api_updated_at > before, "lead providers see it"
    assert "0 new, 1 changed" in bring("schools", register((*ELM[:3], "Closed", "31-03-2026"), OAK))
    assert [school.urn for school in School.select()] == ["900202"]


@both_engines
def test_a_closed_school_with_people_stays_and_that_is_said(world, bring):
    before = stored()
    said = bring("schools", register(("900001", "St John’s", "Community school", "Closed", "31-03-2026")))
    assert "St John’s C of E Primary School stays, though it closed on 2026-03-31: 12 people are" in said
    assert stored() == before


def test_only_these_types(bring):
    said = bring("schools", register(ELM, OAK, ASH), "--types", "academy converter")
    assert "1 new, 0 changed, 0 as they were, 2 left out." in said
    assert [school.urn for school in School.select()] == ["900202"]
    said = bring("schools", register(ELM, OAK), "--types", "Academy", fails=True)
    assert "Nothing in it is of the type Academy. There are: Academy converter; Community school." in said


def test_files_of_the_register_that_are_cut_off_or_mistaken(bring):
    short = HEADING + "900201,Leeds,Elm Park,Community school,Open\n900202,Leeds,Oak,Community school,Open\n"
    assert "2 new" in bring("schools", short), "rows may end early"
    assert "the file ends in the middle of this line" in bring("schools", short.rstrip(), fails=True)
    said = bring("schools", '"URN","LinkURN","LinkName","LinkType"\n20001,20002,"Elm","Other"\n', fails=True)
    assert "These are the links between establishments. Download “Establishment fields CSV”." in said
