"""A part of a page put in place by script behaves as a whole page does: title, focus, scroll, address, history, links
and buttons. Without the line of static/app.js or the attribute in a template that it is about, each check fails."""

import re
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.pages import (
    arrived,
    button,
    follow,
    hold,
    let_late_answer_in,
    link,
    press,
    refused,
    to_question,
)
from tests.browser.test_story import events

ROOT = Path(__file__).parents[2]
NAME = "Steven Taylor"
QUESTION = f"Change lead provider for {NAME}"
CHECK = f"Check and confirm: change lead provider for {NAME}"
DONE = f"You have chosen Teach First to train {NAME}"
LIST = "Early career teachers (ECTs)"


def check_swapped(page: Page, window, heading: str) -> None:
    """Shown by a swap, at its top, and read out from its heading."""
    arrived(page, heading)
    expect(page.locator("h1")).to_be_focused()
    assert page.evaluate("scrollY") == 0
    assert window.loads() == 1


def test_a_journey_there_and_back(naomi, window):
    name, question = "Gustav Brown", "Change lead provider for Gustav Brown"
    check = "Check and confirm: change lead provider for Gustav Brown"
    keep_header(naomi)
    naomi.mouse.wheel(0, 1000)
    link(naomi, name).scroll_into_view_if_needed()
    was_at = naomi.evaluate("scrollY")
    follow(naomi, name)
    check_swapped(naomi, window, name)
    link(naomi, "Change lead provider").scroll_into_view_if_needed()
    assert naomi.evaluate("scrollY") > 0
    follow(naomi, "Change lead provider", question)
    check_swapped(naomi, window, question)
    naomi.keyboard.press("Shift+Tab")
    expect(link(naomi, "Back")).to_be_focused()
    expect(naomi.locator("h1")).not_to_have_attribute("tabindex", "-1")  # it was only a place to begin
    naomi.keyboard.press("Tab")
    expect(naomi.get_by_label("Best Practice Network")).to_be_focused()
    naomi.get_by_text("What are the roles").click()
    naomi.get_by_label("Teach First").check()
    press(naomi, "Continue", check)
    check_swapped(naomi, window, check)

    asked = len(window.requests)
    naomi.go_back()
    check_restored(naomi, question, "/lead-provider")
    expect(naomi.get_by_label("Teach First")).to_be_checked()
    expect(naomi.get_by_text("runs the training sessions")).to_be_hidden()
    naomi.go_back()
    check_restored(naomi, name, "/school/ects/[0-9]+(.back=.*)?$")
    assert len(window.requests) == asked + 2, "since something was sent, they are asked for afresh"
    assert naomi.evaluate("scrollY") > 0
    naomi.go_back()
    check_restored(naomi, LIST, "/school/ects$")
    assert naomi.evaluate("scrollY") == was_at
    for _ in range(3):
        naomi.go_forward()
    check_restored(naomi, check, "/check-answers")
    press(naomi, "Confirm change", f"You have chosen Teach First to train {name}")
    check_swapped(naomi, window, f"You have chosen Teach First to train {name}")
    expect(naomi).to_have_url(re.compile("/confirmation"))
    assert naomi.evaluate("document.getAnimations().length") == 0
    assert is_same_header(naomi)


def check_restored(page: Page, heading: str, address: str) -> None:
    expect(page).to_have_url(re.compile(address))
    arrived(page, heading)
    expect(page.locator("h1")).to_be_focused()


def keep_header(page: Page) -> None:
    page.evaluate("window.was = [document.querySelector('header'), document.body, document.body.className]")


def is_same_header(page: Page) -> bool:
    """The header and body are those of before: nothing replaced them, and no whole page was loaded."""
    return page.evaluate(
        "was[0] === document.querySelector('header') && was[1] === document.body && was[2] === document.body.className"
    )


def test_an_error_takes_the_focus_and_leads_to_the_field(naomi, window):
    to_question(naomi, NAME)
    naomi.locator(".govuk-skip-link").focus()
    naomi.keyboard.press("Enter")
    expect(naomi.locator("main")).to_be_focused()
    entries, address = naomi.evaluate("history.length"), naomi.url
    for _ in range(3):
        button(naomi, "Continue").click()
        refused(naomi)
        expect(naomi.locator(".govuk-error-summary")).to_be_focused()
        naomi.locator("h1").click()
    assert naomi.evaluate("history.length") == entries
    assert naomi.url == address
    assert window.loads() == 1
    naomi.locator(".govuk-error-summary a").click()
    expect(naomi.get_by_label("Best Practice Network")).to_be_focused()
    naomi.get_by_text("What are the roles").click()
    expect(naomi.get_by_text("runs the training sessions")).to_be_visible()
    naomi.reload()
    arrived(naomi, QUESTION)

    # Of a whole page, from whatever answers without knowing of parts, only the region is taken.
    def whole(route):
        route.continue_(headers={k: v for k, v in route.request.headers.items() if k != "hx-request-type"})

    keep_header(naomi)
    naomi.route("**/school/**", whole)
    follow(naomi, "Back", NAME)
    follow(naomi, "select a lead provider", QUESTION)
    button(naomi, "Continue").click()
    refused(naomi)
    assert len(naomi.query_selector_all("main, #page, header")) == 3
    assert is_same_header(naomi)
    assert window.loads() == 2


def test_whatever_is_pressed_twice_reloaded_or_gone_back_to_is_sent_once(naomi, window):
    naomi.clock.install()
    follow(naomi, NAME)
    naomi.goto(f"{naomi.url.partition('?')[0]}/change-lead-provider/check-answers")
    arrived(naomi, QUESTION)
    held = hold(naomi, "**/change-lead-provider/**", "POST")
    naomi.get_by_label("Teach First").check()
    press_often(naomi, "Continue", held)
    arrived(naomi, CHECK)
    button(naomi, "Confirm change").hover()
    naomi.mouse.down(click_count=2)  # the second of a double click, which falls on the page that the first one brought
    naomi.mouse.up(click_count=2)
    naomi.reload()
    arrived(naomi, CHECK)
    press_often(naomi, "Confirm change", held)
    arrived(naomi, DONE)
    with naomi.expect_response("**/confirmation**"):
        naomi.go_back()
    arrived(naomi, DONE)
    expect(naomi).to_have_url(re.compile("/confirmation"))
    naomi.reload()
    arrived(naomi, DONE)
    other = window.context.new_page()
    other.goto(naomi.url)
    arrived(other, DONE)
    follow(naomi, f"Back to {NAME}’s details", NAME)
    assert window.posts() == len(held) == 2
    assert events(NAME) == ["teacher_withdraws_training_period", "teacher_training_lead_provider_updated"]


def press_often(page: Page, text: str, held: list) -> None:
    """Twice, and again, before there is an answer."""
    button(page, text).dblclick()
    page.clock.fast_forward(1300)  # GOV.UK Frontend's own guard forgets after a second
    button(page, text).click()
    held[-1].continue_()


def test_the_newest_click_wins_over_what_is_on_its_way_and_a_slow_answer_is_announced(naomi):
    held = hold(naomi, f"**{link(naomi, NAME).get_attribute('href')}")
    link(naomi, NAME).click()
    follow(naomi, "Hannah Clarke")
    let_late_answer_in(naomi, held)
    arrived(naomi, "Hannah Clarke")
    follow(naomi, "Change lead provider", "Change lead provider for Hannah Clarke")
    held = hold(naomi, "**/lead-provider**", "POST")
    naomi.get_by_label("Teach First").check()
    button(naomi, "Continue").click()
    naomi.go_back()
    arrived(naomi, "Hannah Clarke")
    let_late_answer_in(naomi, held)
    arrived(naomi, "Hannah Clarke")
    expect(naomi).to_have_url(re.compile("/school/ects/[0-9]+(.back=.*)?$"))
    naomi.go_back()
    arrived(naomi, LIST)

    # A slow answer is announced.
    naomi.clock.install(time=datetime(2026, 4, 20, 12, tzinfo=UTC))
    naomi.clock.pause_at(datetime(2026, 4, 20, 13, tzinfo=UTC))
    held, waiting = hold(naomi, re.compile("/school/ects/[0-9]+(.back=.*)?$")), naomi.locator(".app-waiting")
    expect(waiting).to_have_text("")
    link(naomi, NAME).click()
    naomi.clock.run_for(900)
    expect(waiting).to_have_text("")
    naomi.clock.run_for(200)
    expect(waiting).to_have_text("Loading")
    expect(waiting).to_be_in_viewport()
    expect(link(naomi, NAME)).to_be_focused()
    naomi.emulate_media(media="print")
    expect(waiting).to_be_hidden()
    naomi.emulate_media(media="screen")
    held[0].continue_()
    arrived(naomi, NAME)
    expect(waiting).to_have_text("")


def test_links_lead_where_they_would_on_a_whole_page(naomi, window):
    for key in ("Control", "Shift"):
        with window.context.expect_page() as opened:
            link(naomi, NAME).click(modifiers=[key])
        arrived(opened.value, NAME)
        arrived(naomi, LIST)
    loads = window.loads()
    link(naomi, f"Tell us if {NAME} will continue training or has left").click()
    part = naomi.get_by_role("heading", name="Training details")
    expect(part).to_be_focused()
    expect(part).to_be_in_viewport()
    expect(naomi).to_have_url(re.compile("#training-details$"))
    assert window.loads() == loads
    # Another tab of the header is another page.
    current = naomi.get_by_label("Menu").locator("[aria-current]")
    follow(naomi, "John Doe")
    expect(current).to_have_text("Mentors")
    follow(naomi, "Back", NAME)
    expect(current).to_have_text("ECTs")
    naomi.go_back()
    arrived(naomi, "John Doe")
    expect(current).to_have_text("Mentors")
    naomi.go_back()
    arrived(naomi, NAME)
    expect(current).to_have_text("ECTs")
    # The narrow header’s menu opens before and after a swap.
    naomi.set_viewport_size({"width": 320, "height": 720})
    menu, mentors = naomi.get_by_role("button", name="Menu"), naomi.get_by_role("link", name="Mentors", exact=True)
    expect(mentors).to_be_hidden()
    menu.click()
    expect(mentors).to_be_visible()
    follow(naomi, "Back", LIST)
    expect(mentors).to_be_visible()
    menu.click()
    expect(mentors).to_be_hidden()


def test_without_a_script_file_or_with_half_of_it_every_page_is_a_whole_page(naomi, window):
    window.expected += ["net::ERR_FAILED", "Unexpected end of input"]
    half = (ROOT / "static" / "app.js").read_text()[:2000]
    answers = {
        "htmx.esm.min.js": Route.abort,
        "govuk-frontend.min.js": Route.abort,
        "app.js": lambda route: route.fulfill(body=half, content_type="text/javascript"),
    }
    to_question(naomi, NAME)
    question = naomi.url
    for file, answer in answers.items():
        naomi.route(f"**/{file}", lambda route, *, answer=answer: answer(route))
        loads = window.loads()
        naomi.goto(question)
        button(naomi, "Continue").click()
        refused(naomi)
        follow(naomi, "Back", NAME)
        assert window.loads() - loads == 3, f"{file}: the question, its error and the record"
        naomi.unroute(f"**/{file}")
    naomi.route("**/app.js", lambda route: None)  # a script that never comes keeps nobody waiting
    naomi.goto("/school/ects", wait_until="commit")
    loads = window.loads()
    follow(naomi, NAME)
    assert window.loads() - loads == 1
