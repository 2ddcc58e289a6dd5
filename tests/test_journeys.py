"""What is true of every journey, whatever it asks: it can be walked, left, resumed and repeated without losing or
doubling anything. What depends on the person is tried with every walk of walks.py, the rest with one of each
journey."""

from datetime import timedelta

from clock import clock_at, now
from database import db
from domain import participants, reports, training
from domain.changes import RuleBroken
from forms.journeys import JOURNEYS
from models import Answers, Event, LeadProvider, SchoolUser, Teacher
from tests.conftest import both_engines, person
from tests.reports import dump
from tests.visitor import Visitor, words
from tests.walks import EACH_JOURNEY, PARAMETERS, WALKS, Walk, each_journey, each_question, shown, walks
from tests.words import check_words


def start(visitor: Visitor, walk: Walk) -> Visitor:
    return visitor.get(walk.first_page)


def test_every_journey_is_walked():
    assert {walk.journey for walk in WALKS} == set(PARAMETERS) == set(JOURNEYS)


@walks(WALKS)
def test_walk(naomi, walk):
    participant, before = walk.participant, dump()
    check_words(naomi.get(walk.address))
    links = [link for link in naomi.main.css("a") if f"/{walk.journey}/" in link.attrs["href"]]
    assert links, "the record leads to the journey"
    check_words(naomi.get(links[0].attrs["href"]))
    first_heading = naomi.heading
    assert f"Cancel and go back to {walk.name}’s details" in naomi.buttons
    check_words(walk.answer(naomi))
    assert naomi.path == walk.page("check-answers")
    for text in shown(walk):
        assert text in naomi.text, "every answer can be checked"
    assert dump() == before, "nothing is changed before it is confirmed"
    check_words(naomi.submit(walk.confirm))
    assert naomi.path == walk.page("confirmation")
    assert naomi.main.css_first(".govuk-panel")
    events = list(participant.events.order_by(Event.version))
    assert len(events) == walk.participant.version == participant.version + 1
    assert events[-1].author_name == "Naomi Fletcher"
    assert naomi.heading != first_heading
    # Its last link leads to a page that tells the same story.
    naomi.get([link.attrs["href"] for link in naomi.main.css("a")][-1])
    if naomi.path == walk.address:
        assert events[-1].heading.replace("Naomi Fletcher", "You", 1) in naomi.text


@each_question
def test_the_page_says_what_is_missing_and_cancel_asks_nothing(naomi, walk):
    page = start(naomi, walk).path
    empty = dict.fromkeys(fields_of(naomi), "")
    check_words(naomi.post(page, empty, 422))
    assert len(naomi.errors) == 1
    assert naomi.title.startswith("Error: ")
    assert naomi.main.css_first(".govuk-form-group--error")
    assert not Answers.select().where(Answers.participant == walk.participant).exists()
    naomi.post(page, dict.fromkeys(empty, "\0") | {"cancel": "yes"})
    assert naomi.path == walk.address


def fields_of(visitor: Visitor) -> set[str]:
    return {field.attrs["name"] for field in visitor.main.css("form input") if field.attrs["name"] != "csrf_token"}


@each_journey
def test_nobody_skips_ahead_and_no_answer_is_lost(naomi, app, walk):
    first, before = start(naomi, walk).path, dump()
    for page in ("check-answers", "confirmation"):
        assert naomi.get(walk.page(page)).path == first
    naomi.post(walk.page("check-answers"), {"seen": "0.0"}, 409)
    assert dump() == before

    # An expired page comes back with what was typed.
    _, button, answers = [*walk.questions(), ("", walk.confirm, {})][0]
    naomi.get(first).main.css_first("[name=csrf_token]").attrs["value"] = "of another day"
    naomi.submit(button, 422, **answers)
    assert naomi.errors[0].startswith("This page was open for too long")
    assert naomi.path == first
    if walk.has_questions:
        assert naomi.submit(button).path != first

    check = walk.answer(naomi).path
    for question, _, answer in reversed(walk.steps()):
        naomi.click("Back")
        assert naomi.path == question
        form = naomi.main.css_first("form").html
        for label, value in answer.items():
            if label == "choose":
                chosen = naomi.main.css_first("input[checked]")
                assert words(naomi.main.css_first(f"label[for='{chosen.id}']")) == value
            else:
                assert f'value="{value}"' in form
    naomi.click("Back")
    assert naomi.path == walk.address
    naomi.get(check).submit("Sign out")
    assert naomi.heading == "Sign in to the demonstration"
    assert Visitor(app).sign_in("Naomi Fletcher").get(check).path == check, "a reload, another device, another sign-in"
    assert dump() == before


@each_journey
def test_what_was_answered_last_is_confirmed_once_and_not_after_another_change(naomi, walk):
    walk.answer(naomi)
    walk.answer(naomi, walk.other)
    participants.change_email_address(walk.participant, SchoolUser.get_by_id(1), email="colleague@example.org")
    before = dump()
    naomi.submit(walk.confirm, 409)
    assert naomi.heading == f"{walk.name}’s record has changed"
    assert f"You changed {walk.name}’s email address" in naomi.text
    assert dump() == before
    naomi.click("Check your answers and confirm again")
    for text in shown(walk, walk.other):
        assert text in naomi.text
    data = naomi.values
    naomi.submit(walk.confirm)
    assert naomi.path == walk.page("confirmation")
    assert walk.participant.events.count() == walk.participant.version
    confirmed, after = naomi.text, dump()
    naomi.post(walk.page("check-answers"), data, token=False)
    assert naomi.text == confirmed
    if not walk.participant.has_left:
        assert naomi.get(walk.page("check-answers")).text == confirmed, "the browser's Back shows that it is done"
        naomi.post(walk.first_page, {"cancel": "yes"})
        assert naomi.get(walk.page("confirmation")).text == confirmed
    assert dump() == after


@each_question
def test_the_page_and_the_act_refuse_the_same_answer_again(app, naomi, walk):
    """Both or neither, for the same reason: the page's rule and the act's are one."""
    journey, (page, *_) = JOURNEYS[walk.journey], JOURNEYS[walk.journey].questions
    walk.answer(naomi)
    posted = Answers.get(participant=walk.participant, journey=walk.journey).posted
    with app.test_request_context():
        path = journey.path(walk.participant, posted)
    db.connect(reuse_if_open=True)
    naomi.submit(walk.confirm)
    path[page].participant = participant = walk.participant
    try:
        journey.act(participant, SchoolUser.get_by_id(1), **journey.answers(path))
    except RuleBroken as refusal:
        with app.app_context():  # sentences name the address of support
            for field, code in refusal.errors.items():
                path[page].add_error(field, code, **refusal.facts)
    refused = [line["text"] for line in path[page].summary]
    again = {name: values[0] for name, values in posted[page].items()}
    naomi.get(walk.page(page)).post(walk.page(page), again, 422 if refused else 200)
    assert naomi.errors == refused


@walks([EACH_JOURNEY["change-lead-provider"], EACH_JOURNEY["report-teacher-leaving"]])
def test_two_windows_cannot_confirm_what_the_other_one_shows(naomi, walk):
    first_window = walk.answer(naomi).values
    walk.answer(naomi, walk.other)
    before = dump()
    naomi.post(walk.page("check-answers"), first_window, 409, token=False)
    assert naomi.heading == f"You changed your answer about {walk.name} in another tab"
    cancel(naomi.get(walk.page("check-answers")), walk)
    naomi.post(walk.page("check-answers"), first_window, 409, token=False)
    assert dump() == before
    naomi.click("Answer again")
    walk.answer(naomi, walk.other).submit(walk.confirm)
    before = dump()
    naomi.post(walk.page("check-answers"), first_window, 409, token=False)
    assert naomi.heading == f"{walk.participant.name}’s record has changed"
    assert dump() == before


def cancel(visitor: Visitor, walk: Walk) -> Visitor:
    return visitor.submit(f"Cancel and go back to {walk.name}’s details")


@walks([EACH_JOURNEY[name] for name in ("change-training-programme", "not-continuing-mentor-training", "change-name")])
def test_cancel_forgets_at_once_on_every_page(naomi, walk):
    before, unanswered = dump(without=()), start(naomi, walk).values | {"csrf_token": ""}
    for page in [*JOURNEYS[walk.journey].questions, "check-answers"]:
        walk.answer(naomi)
        cancel(naomi.get(walk.page(page)), walk)
        assert naomi.path == walk.address
        assert dump(without=()) == before
        naomi.get(walk.page("check-answers"))
        assert naomi.path == walk.first_page
        assert naomi.values | {"csrf_token": ""} == unanswered


def test_cancel_needs_the_pages_token_like_every_button(naomi):
    walk = WALKS[0]
    walk.answer(naomi)
    naomi.post(walk.page("lead-provider"), {"cancel": "yes", "csrf_token": "of another day"}, 422)
    assert naomi.errors[0].startswith("This page was open for too long")
    assert Answers.get().posted
    cancel(naomi, walk)
    assert not Answers.select().exists()


@both_engines
def test_a_day_without_an_answer_forgets(naomi):
    walk = WALKS[0]
    check = walk.answer(naomi).values
    for hours, are_kept in ((23.9, True), (24, False)):
        with clock_at(now() + timedelta(hours=hours)):
            naomi.get(walk.page("check-answers"))
            assert (naomi.path == walk.page("check-answers")) is are_kept
    with clock_at(now() + timedelta(hours=24)):
        naomi.post(walk.page("check-answers"), check, 409, token=False)


def test_another_school_finds_nothing(visitor):
    for walk in EACH_JOURNEY.values():
        walk.begin()
    visitor.sign_in("David Lowe")
    token, before = visitor.value("csrf_token"), dump()
    for walk in EACH_JOURNEY.values():
        for page in [walk.address, *map(walk.page, JOURNEYS[walk.journey].pages)]:
            visitor.get(page, 404)
            assert walk.name not in visitor.page.root.text()
            assert visitor.send("post", page, data={"csrf_token": token}).status_code in (404, 405)
    assert dump() == before


def test_answers_about_one_person_never_reach_another(naomi):
    steven, _, hannah, *_ = WALKS
    steven.answer(naomi)
    start(naomi, hannah)
    assert not naomi.main.css("input[checked]")
    hannah.answer(naomi, hannah.other)
    naomi.get(steven.page("check-answers"))
    assert naomi.row("New lead provider").startswith("Teach First")
    naomi.submit("Confirm change").get(hannah.page("check-answers"))
    assert naomi.row("New lead provider").startswith("UCL Institute of Education")


def test_a_provider_that_withdraws_and_resumes_before_the_button_is_noticed_too(naomi):
    walk = WALKS[2]
    walk.answer(naomi)
    teacher = Teacher.get_by_id(walk.participant.teacher_id)
    reports.defer(
        LeadProvider.get(name="Ambition Institute"), teacher, course_identifier="ecf-induction", reason="other"
    )
    naomi.submit("Confirm change", 409)
    assert "Ambition Institute told us they had paused Hannah Clarke’s training" in naomi.text


def test_what_is_no_longer_offered_is_said_so(naomi):
    """The school made somebody school-led in another window: there is no lead provider to change any more."""
    walk = WALKS[0]
    walk.answer(naomi)
    training.change_training_programme(walk.participant, SchoolUser.get_by_id(1), training_programme="school_led")
    naomi.submit("Confirm change", 409)
    programmes = "from provider-led with Ambition Institute to school-led"
    assert f"You changed Steven Taylor’s training programme {programmes}" in naomi.text
    assert "Check your answers and confirm again" not in naomi.links
    naomi.click("Go back to Steven Taylor’s details")
    naomi.get(walk.page("lead-provider"), 404)


NOWHERE = [
    "ects/{ect}/change-lead-provider/step-1",
    "ects/{ect}/change-lead-provider/leaving-date",
    "ects/{ect}/change-everything/lead-provider",
    "ects/{ect}/change-lead-provider",
    "mentors/{ect}/change-lead-provider/lead-provider",
    "ects/{mentor}/change-lead-provider/lead-provider",
    "mentors/{mentor}/change-training-programme/training-programme",
    "mentors/{mentor}/change-mentor/mentor",
    "mentors/{mentor}/change-working-pattern/working-pattern",
    "ects/999999/change-lead-provider/lead-provider",
    "ects/-1/change-lead-provider/lead-provider",
    "ects/1%00/change-lead-provider/lead-provider",
]


def test_addresses_that_lead_nowhere(naomi):
    ids = {"ect": person("Steven Taylor").id, "mentor": person("John Doe", "mentor").id}
    for address in NOWHERE:
        naomi.get(f"/school/{address.format(**ids)}", 404)


FORGED = ["999", "0", "-1", "1e3", "²", "٣", "１", " ", "Teach First", "5; DROP TABLE event", "9" * 5000, "1\0", "�"]


def test_forged_choices(naomi):
    before = dump()
    for page in ("change-lead-provider/lead-provider", "change-mentor/mentor"):
        naomi.get(f"/school/ects/{person('Steven Taylor').id}/{page}")
        (name,) = fields_of(naomi)
        for value in FORGED:
            data = {"csrf_token": naomi.value("csrf_token"), name: value}
            status = naomi.send("post", naomi.path, data=data).status_code
            # “٣” is a three to Python: what counts is that it can only ever mean a choice that was offered.
            assert status == 422 or (status == 200 and value in ("٣", "１")), value
    assert dump() == before


def test_the_present_lead_provider_is_refused_on_the_question(naomi):
    for walk in WALKS[:4]:
        start(naomi, walk)
        assert "Ambition Institute" not in naomi.choices
        ambition = LeadProvider.get(name="Ambition Institute").id
        naomi.post(naomi.path, {"lead_provider_id": ambition}, 422)
        assert naomi.errors == ["Select a lead provider other than Ambition Institute"]


def test_a_form_too_large_or_of_odd_bytes(naomi):
    page, before = start(naomi, WALKS[0]).path, dump()
    fields = {"csrf_token": naomi.value("csrf_token"), "lead_provider_id": "1" * 1_000_000}
    response = naomi.send("post", page, data=fields)
    assert response.status_code == 413
    assert "too much" in response.text
    odd, form = b"lead_provider_id=%ff%fe%00&csrf_token=%ed%a0%80", "application/x-www-form-urlencoded"
    assert naomi.send("post", page, data=odd, content_type=form).status_code == 422
    assert dump() == before
