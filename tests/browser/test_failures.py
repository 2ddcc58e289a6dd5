"""When the answer is wrong or doesn’t come: nothing typed is lost, the page says what is the matter, and its words,
title and address belong together."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from database import db
from models import SignIn
from tests.browser.looks import check_look
from tests.browser.pages import arrived, button, follow, link, press, refused, sign_in, to_check_answers, to_question

NAME = "Steven Taylor"
QUESTION = f"Change lead provider for {NAME}"
NO_ANSWER = re.compile("We could not reach the service")
LIST = "Early career teachers (ECTs)"
SERVICE_ERROR = "Sorry, there is a problem with the service"
BAD_GATEWAY = {"status": 502, "content_type": "text/html", "body": "<title>Proxy</title><h1>Bad gateway</h1>"}


@pytest.fixture
def offline(window):
    """Takes the window off line; the console is going to say so."""
    window.expected += ["net::ERR_INTERNET_DISCONNECTED", "Failed to fetch"]
    return lambda: window.context.set_offline(True)


@pytest.fixture
def online(window):
    return lambda: window.context.set_offline(False)


def test_a_form_without_an_answer_keeps_the_page_and_what_was_chosen(naomi, window, offline, online):
    window.expected += ["htmx:error: timeout", "502 (Bad Gateway)"]
    naomi.clock.install()
    to_question(naomi, NAME)
    button(naomi, "Continue").click()
    refused(naomi)
    naomi.get_by_label("Teach First").check()
    offline()
    press_in_vain(naomi)
    press_in_vain(naomi)
    check_look(naomi, "off line")
    online()
    answers = [lambda route: None, lambda route: route.fulfill(**BAD_GATEWAY), Route.continue_]
    naomi.route("**/lead-provider**", lambda route: answers[0](route))
    press_in_vain(naomi, seconds=61)  # no answer within a minute is as off line
    expect(naomi.locator(".app-waiting")).to_have_text("")
    del answers[0]
    press_in_vain(naomi)
    del answers[0]
    sign_in(naomi)  # the form is of an earlier session now
    with naomi.expect_response(re.compile("/lead-provider")) as answer:
        button(naomi, "Continue").click()
    assert answer.value.status == 422
    refused(naomi, re.compile("open for too long"))
    expect(naomi.get_by_label("Teach First")).to_be_checked()
    naomi.clock.fast_forward(1300)
    press(naomi, "Continue", f"Check and confirm: change lead provider for {NAME}")
    assert window.loads() == 1


def press_in_vain(page: Page, seconds: int = 0) -> None:
    page.evaluate("document.querySelectorAll('.govuk-error-summary li').forEach(said => { said.textContent = '' })")
    button(page, "Continue").click()
    page.clock.fast_forward(seconds * 1000)
    refused(page, NO_ANSWER)
    expect(page.locator(".govuk-error-summary")).to_have_count(1)
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    expect(page.get_by_label("Teach First")).to_be_checked()
    page.clock.fast_forward(1300)  # for a second, GOV.UK Frontend takes another click for a double one


def test_links_and_going_back_off_line_and_again_on_line(naomi, window, offline, online):
    naomi.clock.install()
    address = naomi.url
    offline()
    link(naomi, NAME).click()
    refused(naomi, NO_ANSWER)
    assert naomi.url == address
    online()
    naomi.reload()
    follow(naomi, NAME)
    offline()
    naomi.go_back()
    arrived(naomi, LIST)
    naomi.go_forward()
    arrived(naomi, NAME)
    forget(naomi)
    naomi.go_back()
    expect(naomi).to_have_url(re.compile("chrome-error"))
    online()
    naomi.goto(address)
    arrived(naomi, LIST)

    # A page from elsewhere in answer to a link or going back is shown as it is.
    window.expected.append("502 (Bad Gateway)")
    record = re.compile("/school/ects/[0-9]+(.back=.*)?$")
    naomi.route(record, lambda route: route.fulfill(**BAD_GATEWAY))
    link(naomi, NAME).click()
    expect(naomi).to_have_title("Proxy")
    expect(naomi).to_have_url(record)
    naomi.unroute(record)
    naomi.goto(address)
    follow(naomi, NAME)
    forget(naomi)
    naomi.route("**/school/ects", lambda route: route.fulfill(**BAD_GATEWAY))
    naomi.go_back()
    expect(naomi).to_have_title("Proxy")
    expect(naomi).to_have_url(re.compile("/school/ects$"))


def forget(page: Page) -> None:
    """Let the time pass for which pages are kept for the browser's Back."""
    page.clock.fast_forward(3 * 60 * 1000)


def test_an_error_of_the_service_is_a_page(naomi, window):
    to_check_answers(naomi, NAME)
    with db.connection_context():
        db.execute_sql("UPDATE answers SET posted = '{\"lead-provider\": 0}'")
    button(naomi, "Confirm change").click()
    check_service_error(naomi, "/check-answers")
    naomi.go_back()
    check_service_error(naomi, "/lead-provider")
    naomi.go_back()
    arrived(naomi, NAME)
    follow(naomi, "select a lead provider", SERVICE_ERROR)
    check_service_error(naomi, "/lead-provider")
    check_look(naomi, "500")
    assert window.loads() == 1


def check_service_error(page, address: str) -> None:
    arrived(page, SERVICE_ERROR)
    expect(page.locator("h1")).to_be_focused()
    expect(page).to_have_url(re.compile(address))


def test_whoever_is_not_signed_in_any_more_signs_in_and_comes_back(naomi):
    naomi.clock.install()
    for way in ("form", "link", "back"):
        naomi.goto("/school/ects")
        to_question(naomi, NAME)
        with db.connection_context():
            SignIn.delete().execute()
        if way == "form":
            naomi.get_by_label("Teach First").check()
            button(naomi, "Continue").click()
        elif way == "link":
            link(naomi, "Back").click()
        else:
            forget(naomi)
            naomi.go_back()
        arrived(naomi, "Sign in to the demonstration")
        expect(naomi).to_have_url(re.compile("/sign-in"))
        naomi.get_by_label("Naomi Fletcher").check()
        button(naomi, "Sign in").click()
        arrived(naomi, QUESTION if way == "form" else NAME)
