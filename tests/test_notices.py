"""What schools are told by email: of which events, whom, when and in which words. How emails leave is in
test_emails.py."""

from datetime import UTC, datetime, timedelta

import pytest

from clock import LONDON, clock_at
from database import db
from domain import departures, messages, notices, partnerships, training
from models import DeliveryPartner, LeadProvider, Message, Notice, Participant, School, SchoolUser, Teacher
from scenarios import provider_acts
from tests.conftest import both_engines, person
from tests.given import ADA, AWAITING
from tests.given import ect as an_ect
from tests.given import mentor as a_mentor
from tests.reports import TEACH_FIRST, report, tutor_of
from tests.words import faults
from web.emails import Outbox

MONDAY = datetime(2026, 4, 20, 10, tzinfo=LONDON)
MINUTE, QUARTER, DAY = timedelta(minutes=1), timedelta(minutes=15), timedelta(days=1)
CONFIG = {"SERVICE_URL": "https://ects.example.org", "EMAIL_NAMES": False}
NAOMI, COLLEAGUE = "naomi.fletcher@example.org", "jo.colleague@example.org"

pytestmark = pytest.mark.usefixtures("all_told")


@pytest.fixture
def all_told(world):
    """What happened in the demo world before, schools know."""
    Notice.update(settled_at=datetime.now(UTC)).execute()


def send(at: datetime, **config) -> list[Message]:
    """What `flask notices send` sends at this moment."""
    before = [message.id for message in Message.select()]
    with clock_at(at):
        notices.gather()
        messages.send_due(Outbox(), lambda message: notices.compose(message, CONFIG | config))
    sent = Message.select().where(Message.sent_at.is_null(False), Message.id.not_in(before))
    return list(sent.order_by(Message.id))


def happens(at: datetime, act: str, participant, **attributes):
    with clock_at(at):
        report(act, participant, **attributes)


def select_teach_first(participant):
    offered = training.offered_lead_providers(participant)
    teach_first = next(each for each in offered if each.name == TEACH_FIRST)
    training.change_lead_provider(participant, tutor_of(participant), lead_provider_id=teach_first.id)


def confirm_teach_first():
    """Teach First trains at St John’s, and so everybody there who waits for that: Oliver Bennett and who was added."""
    partner = DeliveryPartner.select().join(partnerships.DeliveryPartnership).join(partnerships.ActiveLeadProvider)
    partner = partner.where(partnerships.ActiveLeadProvider.lead_provider == LeadProvider.get(name=TEACH_FIRST)).first()
    school = School.get(urn="900001")
    partnerships.create_partnership(
        LeadProvider.get(name=TEACH_FIRST),
        cohort="2025",
        school_id=str(school.api_id),
        delivery_partner_id=str(partner.api_id),
    )


# --- when ----------------------------------------------------------------------------------------------------


@both_engines
def test_each_school_is_told_of_its_own_a_quarter_of_an_hour_after_the_first_event_of_all_that_happened():
    northbrook = School.get(name="Northbrook Academy")
    elsewhere = next(
        each
        for each in Participant.select().where(Participant.school == northbrook)
        if each.training_period and each.training_period.is_confirmed
    )
    happens(MONDAY, "withdraw", person("Hannah Clarke"))
    with clock_at(MONDAY):
        provider_acts("defer", elsewhere)
    happens(MONDAY + 10 * MINUTE, "defer", an_ect())
    assert send(MONDAY + 14 * MINUTE) == []
    ours, theirs = sorted(send(MONDAY + QUARTER), key=lambda message: message.school.urn)
    assert (ours.address, ours.school.urn, ours.tries) == (NAOMI, "900001", 1)
    assert ours.subject == "Action required: what lead providers told us about 2 people at your school"
    assert (theirs.address, theirs.school) == (northbrook.induction_tutor_email, northbrook)
    happens(MONDAY + 16 * MINUTE, "defer", an_ect(name="Bo Lund"))
    assert send(MONDAY + 30 * MINUTE) == [], "what happens after that is another message"
    assert [each.subject.partition(" ")[0] for each in send(MONDAY + 31 * MINUTE)] == ["Ambition"]


@both_engines
def test_what_did_not_come_to_pass_is_not_told():
    with db.atomic() as transaction:
        report("withdraw", person("Hannah Clarke"))
        assert Notice.select().where(Notice.settled_at.is_null()).count() == 2
        transaction.rollback()
    assert not Notice.select().where(Notice.settled_at.is_null()).exists()


def test_a_withdrawal_and_its_resume_within_the_quarter_of_an_hour_send_nothing():
    hannah = person("Hannah Clarke")
    midnight = MONDAY.replace(hour=0) + DAY
    happens(midnight - 5 * MINUTE, "withdraw", hannah)
    happens(midnight + 5 * MINUTE, "resume", hannah)
    told = send(midnight + 7 * 60 * MINUTE)
    assert [each.subject for each in told] == []
    assert send(MONDAY + 15 * DAY) == [], "nor is anybody reminded"


UNDONE = {
    "another lead provider": (an_ect, select_teach_first),
    "school-led training": (
        an_ect,
        lambda ada: training.change_training_programme(ada, tutor_of(ada), training_programme="school_led"),
    ),
    "leaving": (
        an_ect,
        lambda ada: departures.report_leaving(ada, tutor_of(ada), leaving_on=(MONDAY + 30 * DAY).date()),
    ),
    "another lead provider for a mentor": (a_mentor, select_teach_first),
    "no more mentor training": (a_mentor, lambda ada: training.end_mentor_training(ada, tutor_of(ada))),
}


@pytest.mark.parametrize(("who", "what"), UNDONE.values(), ids=UNDONE)
def test_what_somebody_acted_on_is_not_told_and_nobody_is_reminded_of_it(who, what):
    before, after = who(name="Bo Lund"), who()
    happens(MONDAY, "withdraw", before)
    with clock_at(MONDAY + 5 * MINUTE):
        what(person("Bo Lund", before.role))
    assert send(MONDAY + QUARTER) == []
    happens(MONDAY + DAY, "withdraw", after)
    assert len(send(MONDAY + DAY + QUARTER)) == 1
    with clock_at(MONDAY + 13 * DAY):
        what(person(ADA, after.role))
    assert send(MONDAY + 14 * DAY) == send(MONDAY + 15 * DAY) == []


@both_engines
def test_one_reminder_follows_where_nobody_acted():
    happens(MONDAY, "withdraw", an_ect())
    assert len(send(MONDAY + QUARTER)) == 1
    assert send(MONDAY + 13 * DAY) == []
    (reminder,) = send(MONDAY + 14 * DAY)
    assert reminder.subject == "Reminder: Ambition Institute no longer trains one of your early career teachers"
    assert send(MONDAY + 15 * DAY) == send(MONDAY + 28 * DAY) == []


def test_nobody_is_reminded_of_who_trains_again_or_has_gone():
    ada, hannah = an_ect(), person("Hannah Clarke")
    for each in (ada, hannah):
        happens(MONDAY, "withdraw", each)
    send(MONDAY + QUARTER)
    happens(MONDAY + DAY, "resume", ada)
    assert [each.subject for each in send(MONDAY + DAY + QUARTER)] == [
        "Ambition Institute has started training one of your early career teachers again"
    ]
    with clock_at(MONDAY + 2 * DAY):
        departures.report_leaving(hannah, tutor_of(hannah), leaving_on=(MONDAY + 3 * DAY).date())
    assert send(MONDAY + 14 * DAY) == []


def test_what_is_older_than_three_days_is_not_told_any_more():
    """No means was set up until then, say."""
    happens(MONDAY, "withdraw", an_ect())
    assert send(MONDAY + 4 * DAY) == []
    assert len(send(MONDAY + 14 * DAY)) == 1, "but the reminder is"


NIGHTS = {
    # London's summer time begins on 29 March 2026 and ends on 25 October. Moments in UTC.
    False: "2026-03-28T18:59 2026-03-29T06:00 2026-03-29T17:59 2026-10-24T17:59 2026-10-25T07:00 2026-10-25T18:59",
    True: "2026-03-28T19:00 2026-03-29T05:59 2026-03-29T18:00 2026-10-24T18:00 2026-10-25T00:30 2026-10-25T01:30 "
    "2026-10-25T06:59 2026-10-25T19:00",
}


def test_schools_are_left_alone_between_7_in_the_evening_and_7_in_the_morning():
    for is_night, moments in NIGHTS.items():
        for moment in moments.split():
            assert messages.is_night(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is is_night, moment


@pytest.mark.parametrize("day", [datetime(2026, 10, 24, tzinfo=LONDON), datetime(2027, 3, 27, tzinfo=LONDON)])
def test_what_happens_in_the_evening_is_told_in_the_morning_whatever_the_clocks_did(day):
    happens(day.replace(hour=18, minute=50), "withdraw", an_ect())
    morning = (day + DAY).replace(hour=7)
    assert send(day.replace(hour=19, minute=5)) == send(morning - MINUTE) == []
    assert len(send(morning)) == 1


def test_a_message_that_was_made_by_day_waits_for_the_morning_too():
    happens(MONDAY, "withdraw", an_ect())
    with clock_at(MONDAY + QUARTER):
        notices.gather()
    messages.write("support@example.org", "A question", "How?")
    assert [each.address for each in send(MONDAY.replace(hour=23))] == []
    assert Message.get(address="support@example.org").sent_at, "what isn’t for schools goes at any hour"
    assert not Message.get(address=NAOMI).sent_at
    send(MONDAY.replace(hour=7) + DAY)
    assert Message.get(address=NAOMI).sent_at


def test_what_is_no_longer_so_when_it_is_sent_is_not_sent_nor_what_a_school_does_itself():
    ada = an_ect()
    happens(MONDAY, "withdraw", ada)
    with clock_at(MONDAY + QUARTER):
        notices.gather()
        select_teach_first(person(ADA))
    assert send(MONDAY + QUARTER) == send(MONDAY + 2 * QUARTER) == []
    assert not Message.select().exists()


def test_old_messages_and_notices_are_deleted():
    happens(MONDAY, "defer", an_ect())
    assert len(send(MONDAY + QUARTER)) == 1
    with clock_at(MONDAY + 30 * DAY):
        assert (messages.prune(), notices.prune()) == (0, 0)
    with clock_at(MONDAY + 31 * DAY):
        assert (messages.prune(), notices.prune()) == (1, 1)


# --- whom ----------------------------------------------------------------------------------------------------


def colleague(**columns) -> SchoolUser:
    row = {"school": School.get(urn="900001"), "name": "Jo Colleague", "email": COLLEAGUE}
    return SchoolUser.create(**row | columns)


def told() -> list[str]:
    with clock_at(MONDAY):
        return notices.addresses(School.get(urn="900001"))


def test_the_induction_tutor_is_told_and_who_signed_in_within_a_year():
    assert told() == [NAOMI]
    colleague(signed_in_at=MONDAY - 364 * DAY)
    colleague(email="long.ago@example.org", signed_in_at=MONDAY - 366 * DAY)
    colleague(email="never@example.org")
    colleague(email="elsewhere@example.org", signed_in_at=MONDAY, school=School.get(name="Northbrook Academy"))
    SchoolUser.update(signed_in_at=MONDAY, email=NAOMI.upper()).where(SchoolUser.email == NAOMI).execute()
    assert told() == [NAOMI, COLLEAGUE], "nobody twice"


def test_who_switched_emails_off_is_not_told_whatever_they_are():
    colleague(signed_in_at=MONDAY, stopped_emails_at=MONDAY)
    assert told() == [NAOMI]
    SchoolUser.update(stopped_emails_at=MONDAY).where(SchoolUser.email == NAOMI).execute()
    assert told() == []
    happens(MONDAY, "withdraw", an_ect())
    assert send(MONDAY + QUARTER) == []


@pytest.mark.parametrize(
    "what",
    [
        lambda: SchoolUser.update(stopped_emails_at=MONDAY).execute(),
        lambda: School.update(induction_tutor_email="new@example.org").execute(),
    ],
)
def test_a_message_that_waits_is_not_sent_to_who_is_not_told_any_more(what):
    happens(MONDAY, "withdraw", an_ect())
    with clock_at(MONDAY + QUARTER):
        notices.gather()
    what()
    send(MONDAY + QUARTER)
    assert not Message.select().where(Message.address == NAOMI).exists()


def test_a_school_without_an_induction_tutor_has_its_users():
    School.update(induction_tutor_email=None).execute()
    assert told() == []
    colleague(signed_in_at=MONDAY)
    assert told() == [COLLEAGUE]


def test_signing_in_counts(visitor):
    visitor.sign_in("Naomi Fletcher")
    assert SchoolUser.get(email=NAOMI).signed_in_at


# --- which words ---------------------------------------------------------------------------------------------

SCHOOL = "St John’s C of E Primary School"
WHO = (
    "We send these emails to your school’s induction tutor. Everybody who has signed in for your school in the last "
    "year gets them too."
)
FOOTER = f"""
{WHO}

To stop these emails, or tell us who the induction tutor is now:
https://ects.example.org/school/induction-tutor

Register early career teachers
"""

TO_SELECT = {
    "ect": "Select a new lead provider, change to school-led training, or tell us they have left or are leaving.",
    "mentor": "Select a new lead provider, or tell us they are not continuing mentor training or have left.",
}
IF_NOT = (
    "If they are coming back to this training, you do not need to do anything. If they are not, tell us they have left "
    "or are leaving."
)

AN_ECT = "one of your early career teachers"
WORDS = {
    ("withdraw", "ect", False): (
        f"Action required: Ambition Institute no longer trains {AN_ECT}",
        f"Ambition Institute has told us they no longer train {AN_ECT}.",
        TO_SELECT["ect"],
    ),
    ("withdraw", "mentor", True): (
        "Action required: Ambition Institute no longer trains Ada Moss",
        "Ambition Institute has told us they no longer train Ada Moss as a mentor.",
        TO_SELECT["mentor"],
    ),
    ("defer", "ect", False): (
        f"Ambition Institute has paused training for {AN_ECT}",
        f"Ambition Institute has told us training is paused for {AN_ECT}.",
        IF_NOT,
    ),
    ("defer", "mentor", True): (
        "Ambition Institute has paused mentor training for Ada Moss",
        "Ambition Institute has told us mentor training is paused for Ada Moss.",
        IF_NOT,
    ),
}


@pytest.mark.parametrize(("case", "said"), WORDS.items(), ids=" ".join(map(str, WORDS)).split(") "))
def test_the_words_of_one_event(case, said):
    (act, role, names), (subject, happened, what_to_do) = case, said
    ada = {"ect": an_ect, "mentor": a_mentor}[role]()
    happens(MONDAY, act, ada)
    (message,) = send(MONDAY + QUARTER, EMAIL_NAMES=names)
    assert message.subject == subject
    assert (
        message.body
        == f"""For the induction tutor at {SCHOOL}

{happened}

{what_to_do}

Sign in to see the record:
https://ects.example.org/school/{role}s/{ada.id}
{FOOTER}"""
    )


def test_the_words_of_a_confirmation():
    people = [person("Oliver Bennett"), *(an_ect(training=AWAITING, name=name) for name in ("Ada Moss", "Bo Lund"))]
    with clock_at(MONDAY):
        confirm_teach_first()
    (message,) = send(MONDAY + QUARTER)
    assert message.subject == "Teach First will train 3 of your early career teachers"
    said = message.body.split("\n\n")[1:4]
    links = "\n".join(f"https://ects.example.org/school/ects/{each.id}" for each in people)
    assert said == [
        "Teach First has confirmed they will train 3 of your early career teachers.",
        "You do not need to do anything.",
        f"Sign in to see the records:\n{links}",
    ]


def test_names_are_told_up_to_five_and_many_people_are_behind_one_link():
    for number in range(notices.MOST_LINKS):
        an_ect(training=AWAITING, name=f"Ada Moss{number}")
    with clock_at(MONDAY):
        confirm_teach_first()
        told = notices.still_so(Notice.select().where(Notice.settled_at.is_null()))
    config = CONFIG | {"EMAIL_NAMES": True}
    assert notices.words("{whom}", told[:1], config) == "Oliver Bennett"
    assert notices.words("{whom}", told[1:6], config) == "Ada Moss0, Ada Moss1, Ada Moss2, Ada Moss3 and Ada Moss4"
    assert notices.words("{whom}", told[:6], config) == "6 of your early career teachers"
    (message,) = send(MONDAY + QUARTER)
    assert "Sign in to see the records:\nhttps://ects.example.org/school/ects\n" in message.body


def test_a_name_of_two_lines_makes_a_subject_of_one():
    ada = an_ect()
    Teacher.update(corrected_name="Ada\r\nBcc: Moss").where(Teacher.id == ada.teacher_id).execute()
    happens(MONDAY, "withdraw", ada)
    (message,) = send(MONDAY + QUARTER, EMAIL_NAMES=True)
    assert message.subject == "Action required: Ambition Institute no longer trains Ada Bcc: Moss"


def test_no_message_has_a_reason_an_address_or_unless_wanted_a_name():
    happens(MONDAY, "withdraw", an_ect(), reason="left-teaching-profession")
    happens(MONDAY, "defer", person("Hannah Clarke"), reason="bereavement")
    happens(MONDAY, "defer", a_mentor(name="Bo Lund"), reason="long-term-sickness")
    (message,) = send(MONDAY + QUARTER)
    for never in ("@", "profession", "bereave", "sick", "Moss", "Hannah", "Clarke", "Lund"):
        assert never not in message.subject + message.body
    assert message.body.count("Sign in to see the record:") == 3


@pytest.mark.parametrize("names", [False, True])
def test_emails_speak_as_pages_do(names):
    """Every kind, of both roles, alone and together."""
    everybody = [an_ect(), a_mentor(name="Bo Lund"), person("Hannah Clarke")]
    said = []
    for act, days in (("defer", 0), ("resume", 1), ("withdraw", 3)):
        for each in everybody:
            happens(MONDAY + days * DAY, act, each)
        said += send(MONDAY + days * DAY + QUARTER, EMAIL_NAMES=names)
    with clock_at(MONDAY + 4 * DAY):
        confirm_teach_first()
    said += [*send(MONDAY + 4 * DAY + QUARTER, EMAIL_NAMES=names), *send(MONDAY + 17 * DAY, EMAIL_NAMES=names)]
    kinds = [
        kind for message in said for kind in {each.kind for each in Notice.select().where(Notice.id << message.notices)}
    ]
    assert set(kinds) == set(notices.KINDS)
    for message in said:
        for paragraph in [message.subject, *message.body.split("\n\n")]:
            assert not faults(paragraph), paragraph


def test_reminders_of_several_days_say_which():
    midnight = MONDAY.replace(hour=0) + DAY
    happens(midnight - 5 * MINUTE, "withdraw", an_ect())
    happens(midnight + 5 * MINUTE, "withdraw", person("Hannah Clarke"))
    (reminder,) = send(midnight + 14 * DAY + 7 * 60 * MINUTE)
    assert reminder.subject == "Reminder: what lead providers told us about 2 people at your school"
    for day in ("20 April 2026", "21 April 2026"):
        assert f"stopped training one of your early career teachers on {day}." in reminder.body
