"""Finding people: who is in the lists, in which order, on which page and by which search, whose they are, and the way
back. What a card says of somebody's state is in test_records.py."""

import re
from datetime import date, timedelta
from itertools import product
from urllib.parse import urlencode

import pytest
from flask import url_for

from clock import clock_at
from models import Participant, School, SchoolUser, Teacher
from tests.conftest import TODAY, both_engines, person
from tests.given import ect, mentor, mentored, withdrawn
from tests.reports import april, leaving, person_at, train
from tests.visitor import Visitor, rows_of
from views import record_url, step_url

TOMORROW = TODAY + timedelta(days=1)
LONG_AGO = date(2022, 9, 1)
LIST = {"ect": "/school/ects", "mentor": "/school/mentors"}
both_roles = pytest.mark.parametrize("given", [ect, mentor])

SEARCH = "Search by name or teacher reference number (TRN)"

# --- order -----------------------------------------------------------------------------------------------------


@both_engines
def test_who_needs_something_comes_first_and_then_the_newest(naomi):
    ect((TODAY, mentored("John Doe", TOMORROW)), name="Mentored Soon", mentor=None, started_on=april(14))
    ect((TODAY, mentored("John Doe", april(1), TODAY)), name="Mentored Today", mentor=None, started_on=april(1))
    ect((TODAY, mentored("John Doe", april(1), april(19))), name="Mentored Yesterday", mentor=None, started_on=april(1))
    ect(name="Starts Later", started_on=date(2026, 9, 1), induction_started_on=None)
    ect((april(8), withdrawn), name="Withdrawn Alone", mentor=None)
    ect((april(8), withdrawn), (april(8), leaving(date(2026, 7, 17))), name="Withdrawn Leaving", started_on=LONG_AGO)
    assert naomi.get("/school/ects").cards == [
        *("Withdrawn Alone", "Steven Taylor", "Mentored Yesterday", "Priya Shah", "Starts Later", "Mentored Soon"),
        *("Oliver Bennett", "Mentored Today", "Hannah Clarke", "Thomas Walker", "Daniel Cooper", "Emily Roberts"),
        *("Gustav Brown", "Withdrawn Leaving"),
    ]
    assert naomi.heading == "Early career teachers (ECTs)"
    assert naomi.text.startswith("St John’s C of E Primary School")


@both_engines
def test_withdrawn_mentors_come_first_and_then_all_by_last_name_as_it_is_shown(naomi):
    for name in (
        "Ann de Souza",
        "Jo Smith-Jones",
        "Kim Smithers",
        "Al Smith",
        "Éva Ábel",
        "Cher .",
        "A O’Dea",
        "B Ødega",
    ):
        mentor(name=name)
    mentor((april(8), withdrawn), name="Zofia Łabędź")
    Teacher.update(corrected_name="Peter Abbott").where(Teacher.trs_last_name == "Marsh").execute()
    assert naomi.get("/school/mentors").cards == [
        *("Zofia Łabędź", "Peter Abbott", "Éva Ábel", "Cher", "Ann de Souza", "John Doe", "Margaret Evans"),
        *("Alison Hughes", "A O’Dea", "B Ødega", "Al Smith", "Jo Smith-Jones", "Kim Smithers"),
    ]
    naomi.click("list of ECTs")
    assert naomi.path == "/school/ects"


# --- search ----------------------------------------------------------------------------------------------------

ZOE = "Zoë O’Connor-Ångström"
ZERO = "\0"
FOUND = {
    "3200001": ["Steven Taylor"],
    "3200002,3200003;": ["Hannah Clarke", "Oliver Bennett"],
    "TRN:3200002": ["Hannah Clarke"],
    "320000": [],
    "3200008": [],  # at another school
    "3100001": [],  # a mentor's
    "steven": ["Steven Taylor"],
    "  TAY   ste ": ["Steven Taylor"],
    "ＳＴＥＶＥＮ": ["Steven Taylor"],
    "aylor": [],
    "zoe": [ZOE],
    "zoe\u0308": [ZOE],
    "oconnor": [ZOE],
    "o’connor-angstrom": [ZOE],
    "angstrom oconnor": [ZOE],
    "Laura": [],  # at another school
    "John Doe": [],  # a mentor
    "%": [],
    "ste%": ["Steven Taylor"],
    "'": [],
    ZERO: [],
    "\ufffd": [],
    "' OR 1=1 --": [],
}


@both_engines
def test_search_for_ects(naomi):
    ect(name=ZOE)
    for search, found in FOUND.items():
        look_for(naomi.get("/school/ects"), search)
        assert sorted(naomi.cards) == found, search
        # As browsers read a zero: another sign in what was typed, and nothing in a text.
        assert naomi.value("q") == search.strip().replace(ZERO, "\ufffd")
        counted = {0: "Nobody matches", 1: "1 person matches", 2: "2 people match"}[len(found)]
        assert f"{counted} “{' '.join(search.replace(ZERO, '').split())}”." in naomi.text
    assert len(naomi.click("Show everybody").cards) == 9


SØREN, GUÐRÚN, O_BRIEN = "Łukasz Søren Đorđević", "Guðrún Þóra Guðmundsdóttir", "Ħelen Æsa O‘Brien"


TYPED = [
    ("lukasz", SØREN),
    ("soren", SØREN),
    ("dordevic", SØREN),
    ("gudrun thora gudmundsdottir", GUÐRÚN),
    *((f"o{apostrophe}brien", O_BRIEN) for apostrophe in "'’‘‛`´ʼʻ′＇"),
    ("\u200bHel\u00aden\ufeff", O_BRIEN),
    ("Helen\u200bAesa", O_BRIEN),
    ("\u202ehelen\u202c", O_BRIEN),
]


def test_search_by_letters_that_a_keyboard_has(naomi):
    for name in (SØREN, GUÐRÚN, O_BRIEN):
        ect(name=name)
    naomi.get("/school/ects")
    for search, found in TYPED:
        assert look_for(naomi, search).cards == [found], search


def test_search_for_mentors(naomi):
    for search, found in {"3100002": ["Peter Marsh"], "jo do": ["John Doe"], "Steven": [], "Catherine": []}.items():
        look_for(naomi.get("/school/mentors"), search)
        assert naomi.cards == found, search


def test_a_search_is_shown_as_it_was_typed_and_one_for_nothing_finds_everybody(naomi):
    search = '<b>"O\'Neil"</b> & {{ 7 * 7 }}'
    look_for(naomi.get("/school/ects"), search)
    assert f"Nobody matches “{search}”." in naomi.text
    assert naomi.value("q") == search
    assert not naomi.main.css("b")
    assert len(look_for(naomi, " \t ").cards) == 8
    assert "Show everybody" not in naomi.links


@both_engines
def test_no_search_breaks_the_list(naomi):
    many_words, letters_that_are_words, long = "a+" * 500, "%ef%b7%ba" * 500, "x" * 5000
    for search in ("%00%01", "%ff%fe", "%ed%a0%80", many_words, letters_that_are_words, long, "x&q=y", "&q[]=x"):
        for people in LIST.values():
            assert SEARCH in naomi.get(f"{people}?q={search}").text


# --- pages -------------------------------------------------------------------------------------------------------


def test_a_list_has_twenty_on_a_page(naomi):
    for number in range(25):
        ect(name=f"Kim Number{number}")
    seen = list(naomi.get("/school/ects").cards)
    assert len(seen) == 20
    seen += naomi.click("Next page").cards
    assert len(seen) == len(set(seen)) == 33
    look_for(naomi, "kim").click("Next page")
    assert "25 people match “kim”." in naomi.text
    assert naomi.value("q") == "kim"
    assert len(naomi.cards) == 5
    assert "Next page" not in naomi.links
    assert len(naomi.click("Previous page").cards) == 20
    assert len(naomi.click("2").cards) == 5


def test_the_whole_list_can_be_printed(naomi):
    """What the list was narrowed to stays so."""
    for number in range(25):
        mentor(name=f"Kim Mentor{number:02}")
    naomi.get("/school/mentors").click("Show all 29 people on one page, to print or save")
    assert len(naomi.cards) == len(set(naomi.cards)) == 29
    assert naomi.title.startswith("Mentors, everybody on one page – ")
    assert not any("page" in link for link in naomi.links)
    assert go_back(naomi.click("Kim Mentor03")).startswith("/school/mentors?page=all#")
    assert len(naomi.cards) == 29
    naomi.get("/school/mentors?q=kim").click("Show all 25 people on one page, to print or save")
    assert len(naomi.cards) == 25
    assert naomi.value("q") == "kim"
    assert naomi.get("/school/mentors?page=all&q=nobody+at+all").cards == []


def test_a_page_that_cannot_be_is_the_first_and_one_past_the_end_leads_back(naomi):
    for page in ("0", "-1", "abc", "", "1.5"):
        assert len(naomi.get(f"/school/ects?page={page}").cards) == 8
    for page in ("2", "99999999999999999999"):
        naomi.get(f"/school/ects?q=s&page={page}")
        assert not naomi.cards
        assert "This list has no page " in naomi.text
        naomi.click("Go to the first page")
        assert sorted(naomi.cards) == ["Priya Shah", "Steven Taylor"]
        assert naomi.value("q") == "s"


def test_a_school_that_has_nobody(visitor):
    SchoolUser.create(school=School.create(urn="900009", name="Empty School"), name="Eve Moore", email="e@example.org")
    visitor.sign_in("Eve Moore")
    for people in ("ECTs", "mentors"):
        visitor.get(f"/school/{people.lower()}")
        assert f"Your school has no {people} at the moment." in visitor.text
        assert not visitor.main.css("form")
        assert "Nobody matches" in visitor.get(f"/school/{people.lower()}?q=x").text


# --- a mentor's ECTs -----------------------------------------------------------------------------------------------


def test_the_ects_of_a_mentor(naomi):
    """Who has passed or failed is no longer named; who comes later is; nobody is whose mentorship is over."""
    for name, induction in (("Pat Passed", "Passed"), ("Fay Failed", "Failed"), ("Wyn Wales", "FailedInWales")):
        ect(name=name, mentor="Margaret Evans", induction=induction)
    ect((TODAY, mentored("Margaret Evans", TOMORROW)), name="Éva Soon", mentor=None)
    ect((TODAY, mentored("Margaret Evans", april(1), TODAY)), name="Tom Today", mentor=None)
    ect((TODAY, mentored("Margaret Evans", april(1), april(19))), name="Yves Yesterday", mentor=None)
    assigned = "Éva Soon Tom Today Wyn Wales"
    assert rows_of(naomi.get("/school/mentors").card("Margaret Evans"))["Assigned ECTs"] == assigned
    assert naomi.click("Margaret Evans").row("Assigned ECTs") == assigned


def test_a_card_names_up_to_five_ects_and_counts_more(naomi):
    names = [f"Kim Number{number}" for number in range(6)]
    for name in names[:5]:
        ect(name=name, mentor="Margaret Evans")
    assert rows_of(naomi.get("/school/mentors").card("Margaret Evans"))["Assigned ECTs"] == " ".join(names[:5])
    ect(name=names[5], mentor="Margaret Evans")
    assert rows_of(naomi.get("/school/mentors").card("Margaret Evans"))["Assigned ECTs"] == "6 assigned ECTs"
    assert naomi.click("Margaret Evans").row("Assigned ECTs") == " ".join(names)


# --- whose they are, and the way back ------------------------------------------------------------------------------


def test_addresses_that_are_written_out_are_those_of_the_routes(app, world):
    backs = (None, "", "/school/ects?q=Zoë+O’Neil&page=2#ect-5", "/school/ects?q=%22%2B~[]|;$,")
    for who, back, root in product((person("Hannah Clarke"), person("John Doe", "mentor")), backs, ("", "/under")):
        values = {"participant_id": who.id, "back": back}
        query = None if back is None else {"back": back}
        with app.test_request_context("/", query_string=query, base_url=f"http://localhost{root}"):
            assert record_url(who) == url_for(f"school.{who.role}", **values)
            steps = {"people": f"{who.role}s", "journey_name": "change-name", "page": "check-answers"}
            assert step_url(who, "change-name", "check-answers") == url_for("school.step", **values, **steps)


def test_back_leads_to_where_one_came_from(naomi):
    peter, hannah = person("Peter Marsh", "mentor").id, person("Hannah Clarke").id
    naomi.get("/school/mentors").click("Peter Marsh").click("Hannah Clarke")
    assert go_back(naomi).startswith(f"/school/mentors/{peter}?")
    assert go_back(naomi) == f"/school/mentors#mentor-{peter}"
    naomi.click("Hannah Clarke")
    assert go_back(naomi) == f"/school/mentors#mentor-{peter}"
    naomi.get("/school/ects").click("Hannah Clarke").click("Peter Marsh")
    assert go_back(naomi).startswith(f"/school/ects/{hannah}?")
    assert go_back(naomi) == f"/school/ects#ect-{hannah}"
    naomi.click("Peter Marsh")
    assert go_back(naomi) == f"/school/ects#ect-{hannah}"


def test_back_leads_to_the_list_as_it_was_left(naomi):
    """Its search, its page and the person's place on it, whatever was done on the way."""
    for number in range(23):
        mentor(name=f"Kim & Ünal{number:02}")
    left = "/school/mentors?q=kim+%26+%C3%BCn&page=2"
    name = naomi.get(left).cards[2]
    kim = person(name, "mentor").id
    place = f"{left}#mentor-{kim}"
    assert naomi.page.css_first(f"#mentor-{kim} a")
    assert go_back(naomi.click(name)) == place

    naomi.click(name).click("Change name").click("Back")
    assert go_back(naomi) == place
    naomi.click(name).click("Change name").submit("Continue", Full_name="Kim Ünal").click("Back").click("Back")
    assert go_back(naomi) == place
    naomi.click(name).click("Change name").submit(f"Cancel and go back to {name}’s details")
    assert go_back(naomi) == place
    naomi.click(name).click("Change name").submit("Continue", 422, Full_name="").submit("Continue", Full_name="Kim Ü")
    naomi.submit("Confirm change").click("Back to Kim Ü’s details")
    assert go_back(naomi) == place


def test_a_journey_begun_on_a_card_leads_back_to_the_list_as_it_was_left(naomi):
    left, steven = "/school/ects?status=action-required", person("Steven Taylor").id
    for button in ("Cancel and go back to Steven Taylor’s details", "Continue"):
        naomi.get(left).click("Select a lead provider: Steven Taylor").choose("Teach First", button)
        if button == "Continue":
            naomi.submit("Confirm change").click("Back to Steven Taylor’s details")
        assert go_back(naomi) == f"{left}#ect-{steven}"
    naomi.get("/school/ects?q=shah").click("Assign a mentor to Priya Shah").choose("John Doe")
    naomi.submit("Confirm change").click("Back to Priya Shah’s details")
    assert go_back(naomi) == f"/school/ects?q=shah#ect-{person('Priya Shah').id}"


def test_whoever_has_left_leads_back_to_the_list_as_it_was_left(naomi):
    left = "/school/mentors?q=peter&page=1"
    record = naomi.get(left).click("Peter Marsh").response.request.full_path
    naomi.click("Tell us that Peter Marsh is leaving permanently").submit("Continue", Day="17", Month="4", Year="2026")
    naomi.submit("Confirm and continue").click("Back to mentors")
    assert naomi.response.request.full_path == left
    naomi.get(record, 404).click("Back to your school’s mentors")
    assert naomi.response.request.full_path == left


def test_from_a_mentor_who_leaves_to_each_of_their_ects_and_back(naomi):
    ect(name="Kim Other", mentor="Peter Marsh")
    naomi.get("/school/mentors?q=peter").click("Peter Marsh").click("Tell us that Peter Marsh is leaving permanently")
    naomi.submit("Continue", Day="17", Month="4", Year="2026").submit("Confirm and continue")
    confirmation = naomi.path
    for name in ("Hannah Clarke", "Kim Other"):
        naomi.click(name).click(f"Assign a mentor to {name}").choose("Margaret Evans").submit("Confirm change")
        assert go_back(naomi.click(f"Back to {name}’s details")).startswith(f"{confirmation}?")
    naomi.click("Back to mentors")
    assert naomi.response.request.full_path == "/school/mentors?q=peter"


def test_the_way_back_from_record_to_record_does_not_grow_for_ever(naomi):
    naomi.get("/school/ects?q=" + "hannah+" * 50).click("Hannah Clarke")
    for name in ["Peter Marsh", "Hannah Clarke"] * 10:
        naomi.click(name)
        assert len(naomi.response.request.full_path) < 4000
    go_back(naomi)
    assert naomi.heading == "Peter Marsh"


def test_back_leads_nowhere_but_to_lists_records_and_confirmations(naomi):
    steven = person("Steven Taylor").id
    for back in (
        *(
            "//example.com",
            "https://example.com/school/ects",
            "javascript:alert(1)",
            "/sign-in",
            "/api/docs",
            "ects",
            "",
        ),
        *("/school/induction-tutor", "/school/ects/1/news", "/school/ects/99999999999999999999", "/school/ects/0"),
        f"/school/ects/{steven}/change-name/name",
    ):
        assert go_back(naomi.get(f"/school/ects/{steven}?{urlencode({'back': back})}")) == "/school/ects"
    for place in ('#ect-5"onclick=x', "#<b>", '?q="><script>', "?q=%22#a b"):
        naomi.get(f"/school/ects/{steven}?{urlencode({'back': '/school/ects' + place})}")
        assert re.fullmatch(r"/school/ects(\?[\w=&+%.~-]+)?(#[\w-]+)?", go_back(naomi))


def test_back_leads_to_no_record_that_cannot_be_seen(naomi):
    gone, steven = mentor((TODAY, leaving(TODAY))), person("Steven Taylor")
    with clock_at(TOMORROW):
        for other in (gone, person("Catherine Price", "mentor"), person("James Fox")):
            query = urlencode({"back": f"/school/{other.role}s/{other.id}"})
            assert go_back(naomi.get(f"/school/ects/{steven.id}?{query}")) == "/school/ects"


def test_a_mentor_at_two_schools_is_each_schools_own(naomi, app):
    here = mentor((TODAY, leaving(TOMORROW)))
    there = person_at("Northbrook Academy", "mentor", here.teacher)
    train(there, "Teach First", year=2024)
    naomi.get(f"/school/mentors/{here.id}")
    assert naomi.row("Status") == "Leaving school"
    assert naomi.row("Lead provider").startswith("Ambition Institute")
    naomi.get(f"/school/mentors/{there.id}", 404)
    david = Visitor(app).sign_in("David Lowe").get(f"/school/mentors/{there.id}")
    assert david.row("Status") == "Registered"
    assert david.row("Lead provider").startswith("Teach First")
    assert "Ada Moss is leaving your school" not in david.text
    assert "What has changed" not in david.text
    with clock_at(TOMORROW + timedelta(days=1)):
        naomi.get(f"/school/mentors/{here.id}", 404)
        david.get(f"/school/mentors/{there.id}")


def test_an_ect_who_is_a_mentor_too_has_two_records(naomi):
    trained = ect((april(8), withdrawn))
    mentoring = person_at(trained.school.name, "mentor", trained.teacher)
    assert naomi.get(f"/school/ects/{trained.id}").row("Status").startswith("Action required")
    assert naomi.get(f"/school/mentors/{mentoring.id}").row("Status") == "Registered"
    naomi.get(f"/school/mentors/{trained.id}", 404)
    naomi.get(f"/school/ects/{mentoring.id}", 404)


def test_anybody_elses_record_is_the_same_404_as_nobodys(naomi):
    nobody = naomi.get("/school/ects/999999", 404).text
    laura, catherine = person("Laura Mitchell"), person("Catherine Price", "mentor")
    Participant.update(finished_on=april(1)).where(Participant.id == catherine.id).execute()
    for address in (
        *(f"ects/{laura.id}", f"mentors/{laura.id}", f"mentors/{catherine.id}", "ects/0", "ects/-1", "ects/abc"),
        *("mentors/2147483647", "ects/2147483648", "mentors/99999999999999999999"),
        f"ects/{laura.id}/change-lead-provider/lead-provider",
        f"mentors/{catherine.id}/report-teacher-leaving/confirmation",
    ):
        assert naomi.get(f"/school/{address}", 404).text == nobody


# --- names ---------------------------------------------------------------------------------------------------------

NAMES = {
    "Cher .": "Cher",
    " ": "Unknown",
    "Máire Ní O’Súilleabháin": "Máire Ní O’Súilleabháin",
    "Zoe\u0308 Ångström": "Zoe\u0308 Ångström",
    "محمد الأمين": "محمد الأمين",
    "<b>Bob</b> &amp; {{7*7}}</title><script>x</script>": "<b>Bob</b> &amp; {{7*7}}</title><script>x</script>",
    "Wolfe" + "schlegelstein" * 18 + " " + "bergerdorff " * 21: "Wolfe" + "schlegelstein" * 18 + " bergerdorff" * 21,
}


@both_roles
def test_any_name_is_shown_and_found(naomi, given):
    for name, shown in NAMES.items():
        participant = given((april(8), withdrawn), name=name)
        naomi.get(LIST[participant.role]).click(shown)
        assert naomi.heading == naomi.row("Name") == shown
        assert f"no longer train {shown}" in naomi.row("Status")
        assert not naomi.page.css("main b, main script")
        look_for(naomi.get(LIST[participant.role]), shown)
        assert naomi.cards == [shown]


# --- using a list --------------------------------------------------------------------------------------------------


def look_for(visitor: Visitor, search: str) -> Visitor:
    return visitor.submit("Search", **{SEARCH: search})


def go_back(visitor: Visitor) -> str:
    """Follow the back link. Where it leads."""
    address = visitor.page.css_first(".govuk-back-link").attrs["href"]
    visitor.get(address.partition("#")[0])
    return address
