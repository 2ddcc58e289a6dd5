"""Mentor, name, email address and working pattern: what is refused, and what a change does."""

from datetime import timedelta

import pytest

from clock import clock_at
from domain import departures, participants
from domain.changes import RuleBroken
from models import Event, Mentorship, Participant, SchoolUser, Teacher
from tests import given
from tests.conftest import TODAY, both_engines, person
from tests.words import check_words


def page(visitor, name: str, journey: str, question: str, role: str = "ect"):
    return visitor.get(f"/school/{role}s/{person(name, role).id}/{journey}/{question}")


# --- mentor ----------------------------------------------------------------------------------------------------


def assign(ect: Participant, mentor: Participant) -> Event:
    return participants.change_mentor(ect, SchoolUser.get_by_id(1), mentor_id=mentor.id)


def test_only_this_schools_mentors_who_stay_are_offered(naomi):
    peter = person("Peter Marsh", "mentor")
    departures.report_leaving(peter, SchoolUser.get_by_id(1), leaving_on=TODAY.replace(day=30))
    page(naomi, "Steven Taylor", "change-mentor", "mentor")
    assert naomi.choices == ["Alison Hughes", "Margaret Evans"], (
        "not the present one, nor who leaves, nor another school's"
    )
    naomi.post(naomi.path, {"mentor_id": peter.id}, 422)
    assert naomi.errors == ["Select a mentor from the list"]
    naomi.post(naomi.path, {"mentor_id": person("John Doe", "mentor").id}, 422)
    assert naomi.errors == ["Select a mentor other than John Doe"]
    naomi.post(naomi.path, {"mentor_id": person("Catherine Price", "mentor").id}, 422)
    assert naomi.errors == ["Select a mentor from the list"]


def test_nobody_mentors_themself(world):
    priya = person("Priya Shah")
    also = Participant.create(teacher=priya.teacher, role="mentor", school=priya.school, started_on=TODAY)
    with pytest.raises(RuleBroken):
        assign(priya, also)
    assert also not in participants.offered_mentors(priya)


def test_a_school_without_another_mentor_is_told_how_to_get_help(naomi):
    Participant.update(finished_on=TODAY).where(Participant.role == "mentor").execute()
    page(naomi, "Priya Shah", "change-mentor", "mentor")
    assert "There is no other mentor at your school to choose. Contact support" in naomi.text
    assert naomi.buttons == ["Cancel and go back to Priya Shah’s details"]


def test_a_new_mentor_takes_over_today(world):
    steven, peter = person("Steven Taylor"), person("Peter Marsh", "mentor")
    assign(steven, peter)
    old, new = Mentorship.select().where(Mentorship.ect == steven).order_by(Mentorship.started_on)
    assert (old.finished_on, new.started_on, new.finished_on) == (TODAY.replace(day=19), TODAY, None)
    assert person("Steven Taylor").mentor == peter
    both = (person("John Doe", "mentor"), peter)
    assert [who.events.order_by(Event.version.desc()).first().heading for who in both] == [
        "Naomi Fletcher assigned Peter Marsh to mentor Steven Taylor in place of John Doe",
        "Naomi Fletcher assigned Peter Marsh to mentor Steven Taylor",
    ]


@both_engines
def test_changing_the_mentor_twice_on_one_day_leaves_one_change(world):
    priya = person("Priya Shah")
    for name in ("Peter Marsh", "John Doe", "Peter Marsh"):
        assign(person("Priya Shah"), person(name, "mentor"))
    (mentorship,) = Mentorship.select().where(Mentorship.ect == priya)
    assert (mentorship.mentor, mentorship.started_on) == (person("Peter Marsh", "mentor"), TODAY)


def test_a_mentor_who_starts_later_takes_over_then(world):
    steven, margaret = person("Steven Taylor"), person("Margaret Evans", "mentor")
    start = TODAY.replace(month=5)
    Participant.update(started_on=start).where(Participant.id == margaret.id).execute()
    event = assign(steven, margaret)
    assert event.details["starts_on"] == start.isoformat()
    assert person("Steven Taylor").mentor == person("John Doe", "mentor")
    heading = person("John Doe", "mentor").events.order_by(Event.version.desc()).first().heading
    assert heading == "John Doe’s last day mentoring Steven Taylor would be 19 May 2026"
    with clock_at(start):
        assert person("Steven Taylor").mentor == margaret


def test_it_is_said_until_when_the_former_mentor_stays(naomi):
    start = TODAY.replace(month=5)
    Participant.update(started_on=start).where(Participant.id == person("Margaret Evans", "mentor").id).execute()
    page(naomi, "Steven Taylor", "change-mentor", "mentor")
    assert "The new mentor takes over today, or on their own first day here if that is later." in naomi.text
    naomi.choose("Margaret Evans").submit("Confirm change")
    assert "Margaret Evans’s first day mentoring Steven Taylor is 20 May 2026. John Doe’s last day" in naomi.text
    assert "last day is 19 May 2026." in naomi.text
    assert "no longer" not in naomi.text


def test_a_mentor_who_starts_after_the_ect_has_left_is_refused_where_they_are_chosen(naomi):
    emily, margaret = person("Emily Roberts"), person("Margaret Evans", "mentor")
    for days, is_fine in ((0, True), (1, False)):
        start = emily.finished_on + timedelta(days=days)
        Participant.update(started_on=start).where(Participant.id == margaret.id).execute()
        page(naomi, "Emily Roberts", "change-mentor", "mentor")
        naomi.choose("Margaret Evans", status=200 if is_fine else 422)
    assert naomi.errors == ["Margaret Evans starts after Emily Roberts’s last day. Select another mentor"]


def test_a_leavers_new_mentorship_ends_with_them(world):
    emily = person("Emily Roberts")
    assign(emily, person("John Doe", "mentor"))
    assert (
        Mentorship.select().where(Mentorship.ect == emily).order_by(Mentorship.id.desc())[0].finished_on
        == emily.finished_on
    )


def test_mentors_to_choose_come_by_name_whatever_its_letters(naomi):
    for name in ("Zane Ash", "Élodie Roy", "Zara Ash", "Łucja Nowak", "Lucy Ash"):
        given.mentor(name=name)
    page(naomi, "Steven Taylor", "change-mentor", "mentor")
    others = ["Alison Hughes", "Élodie Roy", "Łucja Nowak", "Lucy Ash", "Margaret Evans", "Peter Marsh"]
    assert naomi.choices == [*others, "Zane Ash", "Zara Ash"]


# --- name, email address, working pattern ----------------------------------------------------------------------


NAMES = {
    # As it is typed → as it is shown and found.
    "  Priya \t  Patel ": "Priya Patel",
    "Zoë O’Brien-Smythe": "Zoë O’Brien-Smythe",
    "Zoe\u0308 D'Arcy": "Zoë D'Arcy",
    "نور الهدى": "نور الهدى",
    "<b>Priya</b> & Co": "<b>Priya</b> & Co",
    "x" * 100: "x" * 100,
    "\ufeffPriya\u200b Pa\u00adtel\u202c\0\u0007": "Priya Patel",
    "Pri\u200dya Shan\U000e0100kar\u3164": "Priya Shankar",
    "می\u200cخواهم": "می\u200cخواهم",
}


def test_names_that_are_fine(naomi):
    for typed, shown in NAMES.items():
        page(naomi, "Priya Shah", "change-name", "name").submit("Continue", Full_name=typed)
        naomi.post(naomi.path, naomi.values | {"is_sure": "yes"}).get(f"/school/ects/{person('Priya Shah').id}")
        assert naomi.heading == naomi.row("Name") == shown
        assert not naomi.main.css("h1 b")
        teacher = person("Priya Shah").teacher
        assert (teacher.trs_first_name, teacher.trs_last_name) == ("Priya", "Shah")
        naomi.get("/school/ects").submit("Search", **{"Search by name or teacher reference number (TRN)": shown})
        assert shown in naomi.cards


NAMES_REFUSED = [
    ("", "Enter Priya Shah’s full name"),
    ("   ", "Enter Priya Shah’s full name"),
    ("Priya Shah", "Priya Shah is already recorded. Enter another name to change it"),
    ("x" * 101, "Use 100 characters or fewer"),
    ("\u200b\ufeff", "Enter Priya Shah’s full name"),
    ("Priya\u00a0Sh\u00adah\u202c", "Priya Shah is already recorded. Enter another name to change it"),
]


def test_names_that_are_refused(naomi):
    page(naomi, "Priya Shah", "change-name", "name")
    for typed, sentence in NAMES_REFUSED:
        naomi.submit("Continue", 422, Full_name=typed)
        assert naomi.errors == [sentence], typed
        assert person("Priya Shah").name == "Priya Shah"


ADDRESSES_REFUSED = [
    ("", "Enter an email address for Priya Shah"),
    ("priya.shah@example.org", "priya.shah@example.org is already recorded."),
    *(
        (typed, "Enter an email address in the correct format, like name@example.com")
        for typed in (
            "priya",
            "priya@example",
            "a..b@example.org",
            "a.@example.org",
            "a@example.o",
            "a@[127.0.0.1]",
            "a@school.local",
            "a@b@example.org",
            "a@example..org",
            "a@example.org>",
            "a" * 65 + "@example.org",
        )
    ),
    *(
        (typed, f"An email address cannot have {letter} in it. Check the address with Priya Shah")
        for typed, letter in {
            "o’neill@example.org": "“’”",
            "priya;shah@example.org": "“;”",
            '"priya"@example.org': '“"”',
            "zoë@example.org": "“ë”",
            "priya shah@example.org": "a space",
        }.items()
    ),
    ("PRIYA.Shah@Example.ORG", "priya.shah@example.org is already recorded."),
    ("a@" + "b" * 250 + ".org", "Use 255 characters or fewer"),
]


def test_email_addresses_that_are_refused(naomi):
    page(naomi, "Priya Shah", "change-email-address", "email-address")
    for typed, sentence in ADDRESSES_REFUSED:
        naomi.submit("Continue", 422, Email_address=typed)
        assert naomi.errors[0].startswith(sentence), typed


def test_email_addresses_that_are_fine(naomi):
    for typed in (
        *("p@example.org", "p.shah+ect@example.org", "o'neill@example.co.uk", " p@x.org ", "\u200bpp@x.org\ufeff"),
        *("p@münchen.example.org", "p_s!#$%&*-/=?^`{|}~@a-b.example.museum"),
    ):
        page(naomi, "Priya Shah", "change-email-address", "email-address").submit("Continue", Email_address=typed)
        naomi.submit("Confirm change").get(f"/school/ects/{person('Priya Shah').id}")
        assert naomi.row("Email address") == typed.strip(" \u200b\ufeff")


def test_browsers_are_asked_not_to_fill_in_the_readers_own(naomi):
    for journey, question in (("change-name", "name"), ("change-email-address", "email-address")):
        page(naomi, "Priya Shah", journey, question)
        assert naomi.main.css_first("input[type=text], input[type=email]").attributes["autocomplete"] == "off"


# --- asked once more -------------------------------------------------------------------------------------------


IS_DOUBTED = {
    **dict.fromkeys(("Hannah Clarke", "Stevens Tailor", "ステーヴン", "***", "Hannah O’Taylor"), True),
    **dict.fromkeys(("Steven Clarke", "Hannah Táylör", "TAYLOR", "Clarke-Taylor Hannah"), False),
}


def test_a_name_that_shares_no_word_is_asked_once_more(naomi):
    steven = person("Steven Taylor")
    for typed, is_doubted in IS_DOUBTED.items():
        Teacher.update(corrected_name=None).where(Teacher.id == steven.teacher_id).execute()
        page(naomi, "Steven Taylor", "change-name", "name").submit("Continue", Full_name=typed)
        assert bool(naomi.main.css("input[type=checkbox]")) is is_doubted
        if is_doubted:
            check_words(naomi.submit("Confirm change", 422))
            assert naomi.errors == [f"Confirm that {typed} is the new name of Steven Taylor, or change the name"]
            assert person("Steven Taylor").name == "Steven Taylor"
            naomi.choose(f"Yes, {typed} is the new name of Steven Taylor, TRN 3200001", "Confirm change")
        else:
            naomi.submit("Confirm change")
        assert naomi.path.endswith("/confirmation")
        assert person("Steven Taylor").name == typed


def test_the_name_in_the_national_record_is_the_same_person_too(naomi):
    for name, button in (
        ("Steven Oak", "Confirm change"),
        ("S Oak", "Confirm change"),
        ("Mr Taylor", "Confirm change"),
    ):
        page(naomi, "Steven Taylor", "change-name", "name").submit("Continue", Full_name=name).submit(button)
    assert person("Steven Taylor").name == "Mr Taylor"


PETERS = "peter.marsh@example.org"


OTHERS_HAVE = {
    # The address that Priya Shah is given → who has it.
    PETERS: "Peter Marsh has",
    PETERS.upper(): "Peter Marsh has",
    "naomi.fletcher@example.org": "Naomi Fletcher has",
    "shared@example.org": "Alison Hughes and Margaret Evans have",
    "james.fox@example.org": None,
    "gone@example.org": None,
    "priya@example.org": None,
}


def test_an_address_that_somebody_else_at_the_school_has_is_asked_once_more(naomi):
    for name, role, email in [
        ("Peter Marsh", "mentor", PETERS),
        ("Alison Hughes", "mentor", "shared@example.org"),
        ("Margaret Evans", "mentor", "Shared@example.org"),
        ("James Fox", "ect", "james.fox@example.org"),  # at another school
        ("Oliver Bennett", "ect", "gone@example.org"),
    ]:
        gone = {"finished_on": TODAY - timedelta(days=1)} if email.startswith("gone") else {}
        Participant.update(email=email, **gone).where(Participant.id == person(name, role).id).execute()
    priya = person("Priya Shah")
    Participant.create(  # as a mentor she may have it
        teacher=priya.teacher, role="mentor", school=priya.school, started_on=TODAY, email="priya@example.org"
    )
    for address, others in OTHERS_HAVE.items():
        Participant.update(email="priya.shah@example.org").where(Participant.id == priya.id).execute()
        page(naomi, "Priya Shah", "change-email-address", "email-address").submit("Continue", Email_address=address)
        assert (f"{others} the same email address." in naomi.text) is bool(others), address
        if others:
            check_words(naomi.submit("Confirm change", 422))
            assert naomi.errors == ["Confirm that this is Priya Shah’s email address, or change it"]
            assert person("Priya Shah").email == "priya.shah@example.org"
            naomi.choose("Yes, this is Priya Shah’s email address", "Confirm change")
        else:
            naomi.submit("Confirm change")
        assert person("Priya Shah").email == address


def test_a_tutor_who_is_a_mentor_too_keeps_the_one_address(naomi):
    given.mentor(name="Naomi Fletcher", email="n@example.org")
    page(naomi, "Naomi Fletcher", "change-email-address", "email-address", "mentor")
    naomi.submit("Continue", Email_address="naomi.fletcher@example.org").submit("Confirm change")
    assert person("Naomi Fletcher", "mentor").email == "naomi.fletcher@example.org"


def test_working_patterns_that_are_refused(naomi):
    page(naomi, "Priya Shah", "change-working-pattern", "working-pattern")
    for posted in ({}, {"working_pattern": ""}, {"working_pattern": "full_time"}, {"working_pattern": "both"}):
        naomi.post(naomi.path, posted, 422)
        assert len(naomi.errors) == 1
    assert person("Priya Shah").working_pattern == "full_time"


def test_a_name_is_the_persons_at_every_school(world):
    peter = person("Peter Marsh", "mentor")
    there = Participant.create(
        teacher=peter.teacher, role="mentor", school=person("James Fox").school, started_on=TODAY
    )
    participants.change_name(peter, SchoolUser.get_by_id(1), name="Pete Marsh")
    assert Participant.get_by_id(there.id).name == "Pete Marsh"
    assert Teacher.get_by_id(peter.teacher_id).folded_name == " pete marsh"


def test_a_form_without_its_field_is_an_error_on_the_page(naomi):
    Participant.update(email=None).where(Participant.id == person("Priya Shah").id).execute()
    page(naomi, "Priya Shah", "change-email-address", "email-address")
    naomi.post(naomi.path, {}, 422)
    assert naomi.errors == ["Enter an email address for Priya Shah"]
