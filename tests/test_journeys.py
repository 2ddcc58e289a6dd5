"""What is true of every journey, whatever it asks: it can be walked, left, resumed and repeated without losing or
doubling anything. What depends on the person is tried with every walk of walks.py, the rest with one of each
journey."""

from datetime import timedelta

import pytest

from clock import clock_at, now
from database import db
from domain import participants, reports, training
from domain.changes import RuleBroken
from forms.journeys import JOURNEYS
from models import Answers, Event, LeadProvider, SchoolUser, Teacher, TrainingPeriod
from tests.conftest import both_engines, person
from tests.reports import dump
from tests.visitor import Visitor, words
from tests.walks import EACH_JOURNEY, PARAMETERS, WALKS, Walk, each_journey, each_question, shown, walks
from tests.words import check_words

each = EACH_JOURNEY.values()
every_walk = walks(WALKS)
each_with_answers = walks([walk for walk in each if walk.has_questions])
each_choice = walks([walk for walk in each if walk.answers != walk.other])


def start(visitor: Visitor, walk: Walk) -> Visitor:
    return visitor.get(walk.first_page)


def test_every_journey_is_walked():
    assert {walk.journey for walk in WALKS} == set(PARAMETERS) == set(JOURNEYS)


@every_walk
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
def test_the_page_says_what_is_missing(naomi, walk):
    participant = walk.participant
    page = start(naomi, walk).path
    data = dict.fromkeys(fields_of(naomi), "")
    check_words(naomi.post(page, data, 422))
    assert len(naomi.errors) == 1
    assert naomi.title.startswith("Error: ")
    assert naomi.main.css_first(".govuk-form-group--error")
    assert not Answers.select().where(Answers.participant == participant).exists()


def fields_of(visitor: Visitor) -> set[str]:
    return {field.attrs["name"] for field in visitor.main.css("form input") if field.attrs["name"] != "csrf_token"}


@each_journey
def test_the_way_back_keeps_the_answers(naomi, walk):
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
    naomi.get(check)
    assert naomi.path == check, "a reload, a bookmark or another device shows the same"


@each_journey
def test_nobody_can_skip_ahead(naomi, walk):
    first = start(naomi, walk).path
    for page in ("check-answers", "confirmation"):
        naomi.get(walk.page(page))
        assert naomi.path == first
    before = dump()
    naomi.post(walk.page("check-answers"), {"seen": "0.0"}, 409)
    assert dump() == before


@each_journey
def test_an_answer_can_be_changed_before_confirming(naomi, walk):
    walk.answer(naomi)
    walk.answer(naomi, walk.other)
    for text in shown(walk, walk.other):
        assert text in naomi.text
    naomi.submit(walk.confirm)
    assert naomi.path == walk.page("confirmation")
    assert walk.participant.events.count() == walk.participant.version


@each_journey
def test_confirming_again_changes_nothing_and_shows_the_same(naomi, walk):
    walk.answer(naomi)
    check = naomi.page
    naomi.submit(walk.confirm)
    confirmed, after = naomi.text, dump()
    data = {field.attrs["name"]: field.attrs["value"] for field in check.css("main form input")}
    naomi.post(walk.page("check-answers"), data, token=False)
    assert naomi.text == confirmed
    assert dump() == after
    if not walk.participant.has_left:
        naomi.get(walk.page("check-answers"))
        assert naomi.text == confirmed, "the browser's Back shows that it is done"


@walks([walk for walk in WALKS if walk.is_refused_empty])
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
    if participant.has_left:
        return
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


@each_journey
def test_a_change_since_the_page_was_drawn_is_shown_and_nothing_is_done(naomi, walk):
    walk.answer(naomi)
    participants.change_email_address(walk.participant, SchoolUser.get_by_id(1), email="colleague@example.org")
    before = dump()
    naomi.submit(walk.confirm, 409)
    assert naomi.heading == f"{walk.name}’s record has changed"
    assert f"You changed {walk.name}’s email address" in naomi.text
    assert dump() == before
    naomi.click("Check your answers and confirm again")
    assert naomi.path == walk.page("check-answers")
    naomi.submit(walk.confirm)
    assert naomi.path == walk.page("confirmation")


@each_choice
def test_two_windows_cannot_confirm_what_the_other_one_shows(naomi, walk):
    walk.answer(naomi)
    first_window = naomi.values
    walk.answer(naomi, walk.other)
    before = dump()
    naomi.post(walk.page("check-answers"), first_window, 409, token=False)
    assert naomi.heading == f"You changed your answer about {walk.name} in another tab"
    assert dump() == before


@each_choice
def test_what_the_other_window_has_confirmed_is_not_shown_for_this_one(naomi, walk):
    walk.answer(naomi)
    first_window = naomi.values
    walk.answer(naomi, walk.other)
    naomi.submit(walk.confirm)
    before = dump()
    naomi.post(walk.page("check-answers"), first_window, 409, token=False)
    assert naomi.heading == f"{walk.participant.name}’s record has changed"
    assert dump() == before


@each_journey
def test_answers_are_kept_through_a_restart_and_a_new_sign_in(naomi, app, walk):
    walk.answer(naomi)
    naomi.submit("Sign out")
    assert naomi.heading == "Sign in to the demonstration"
    again = Visitor(app).sign_in("Naomi Fletcher").get(walk.page("check-answers"))
    assert again.path == walk.page("check-answers")


def cancel(visitor: Visitor, walk: Walk) -> Visitor:
    return visitor.submit(f"Cancel and go back to {walk.name}’s details")


@each_journey
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


@each_question
def test_cancel_asks_nothing_of_what_was_typed(naomi, walk):
    start(naomi, walk)
    naomi.post(naomi.path, dict.fromkeys(fields_of(naomi), "\0") | {"cancel": "yes"})
    assert naomi.path == walk.address


@each_with_answers
def test_what_another_window_has_cancelled_is_not_confirmed_and_that_is_said(naomi, walk):
    walk.answer(naomi)
    other_window = naomi.values
    cancel(naomi, walk)
    before = dump()
    naomi.get(walk.address)
    naomi.post(walk.page("check-answers"), other_window, 409, token=False)
    assert dump() == before
    naomi.click("Answer again")
    walk.answer(naomi).submit(walk.confirm)
    assert naomi.path == walk.page("confirmation")


@each_journey
def test_cancel_does_not_forget_what_was_confirmed(naomi, walk):
    walk.answer(naomi).submit(walk.confirm)
    confirmed, after = naomi.text, dump()
    if not walk.participant.has_left:
        naomi.post(walk.first_page, {"cancel": "yes"})
        assert naomi.get(walk.page("confirmation")).text == confirmed
        assert dump() == after


def test_cancel_needs_the_pages_token_like_every_button(naomi):
    walk = WALKS[0]
    walk.answer(naomi)
    naomi.post(walk.page("lead-provider"), {"cancel": "yes", "csrf_token": "of another day"}, 422)
    assert naomi.errors[0].startswith("This page was open for too long")
    assert Answers.get().posted
    cancel(naomi, walk)
    assert not Answers.select().exists()


@both_engines
@pytest.mark.parametrize(("hours", "are_kept"), [(24, False), (23.9, True)])
def test_a_day_without_an_answer_forgets(naomi, hours, are_kept):
    walk = WALKS[0]
    walk.answer(naomi)
    check = naomi.values
    with clock_at(now() + timedelta(hours=hours)):
        naomi.get(walk.page("check-answers"))
        assert (naomi.path == walk.page("check-answers")) is are_kept
        if not are_kept:
            naomi.post(walk.page("check-answers"), check, 409, token=False)


@each_journey
def test_an_expired_page_comes_back_with_what_was_typed(naomi, walk):
    start(naomi, walk)
    page, (_, button, answers) = naomi.path, [*walk.questions(), ("", walk.confirm, {})][0]
    token = naomi.main.css_first("[name=csrf_token]")
    token.attrs["value"] = "of another day"
    naomi.submit(button, 422, **answers)
    assert naomi.errors[0].startswith("This page was open for too long")
    assert naomi.path == page
    naomi.submit(button)
    assert naomi.path != page, "what was typed was still there"


@each_journey
def test_another_school_finds_nothing(visitor, walk):
    pages = [walk.page(page) for page in JOURNEYS[walk.journey].pages]
    visitor.sign_in("David Lowe")
    token = visitor.value("csrf_token")
    for page in [walk.address, *pages]:
        visitor.get(page, 404)
        assert walk.name not in visitor.page.root.text()
        before = dump()
        response = visitor.send("post", page, data={"csrf_token": token})
        assert response.status_code in (404, 405)
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
    "/school/ects/{ect}/change-lead-provider/step-1",
    "/school/ects/{ect}/change-lead-provider/leaving-date",
    "/school/ects/{ect}/change-everything/lead-provider",
    "/school/ects/{ect}/change-lead-provider",
    "/school/mentors/{ect}/change-lead-provider/lead-provider",
    "/school/ects/{mentor}/change-lead-provider/lead-provider",
    "/school/mentors/{mentor}/change-training-programme/training-programme",
    "/school/mentors/{mentor}/change-mentor/mentor",
    "/school/mentors/{mentor}/change-working-pattern/working-pattern",
    "/school/ects/999999/change-lead-provider/lead-provider",
    "/school/ects/99999999999999999999/change-lead-provider/lead-provider",
    "/school/ects/-1/change-lead-provider/lead-provider",
    "/school/ects/1%00/change-lead-provider/lead-provider",
]


def test_addresses_that_lead_nowhere(naomi):
    ids = {"ect": person("Steven Taylor").id, "mentor": person("John Doe", "mentor").id}
    for address in NOWHERE:
        naomi.get(address.format(**ids), 404)


FORGED = [
    "999",
    "0",
    "-1",
    "1e3",
    "²",
    "٣",
    "１",
    " ",
    "Teach First",
    "null",
    "5; DROP TABLE event",
    "9" * 5000,
    "\0",
    "1\0",
    "�",
]


@pytest.mark.parametrize("page", ["change-lead-provider/lead-provider", "change-mentor/mentor"])
def test_forged_choices(naomi, page):
    naomi.get(f"/school/ects/{person('Steven Taylor').id}/{page}")
    (name,), before = fields_of(naomi), dump()
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


def test_a_form_too_large(naomi):
    before = dump()
    walk = WALKS[0]
    token = start(naomi, walk).value("csrf_token")
    response = naomi.send("post", naomi.path, data={"csrf_token": token, "lead_provider_id": "1" * 1_000_000})
    assert response.status_code == 413
    assert "too much" in response.text
    assert dump() == before


def test_odd_bytes_in_a_form(naomi):
    walk = WALKS[0]
    start(naomi, walk)
    response = naomi.send(
        "post",
        naomi.path,
        data=b"lead_provider_id=%ff%fe%00&csrf_token=%ed%a0%80",
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 422
    assert not TrainingPeriod.select().where(TrainingPeriod.created_at.is_null()).exists()
