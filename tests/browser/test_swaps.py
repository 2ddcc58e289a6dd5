"""A part of a page put in place by script behaves as a whole page does: title, focus, scroll, address, history, links
and buttons. Without the line of static/app.js or the attribute in a template that it is about, each check fails."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import (
    arrived,
    button,
    follow,
    hold,
    let_late_answer_in,
    link,
    press,
    refused,
    to_check_answers,
    to_question,
)
from tests.browser.test_story import events

NAME = "Steven Taylor"
QUESTION = f"Change lead provider for {NAME}"


def check_swapped(page: Page, window, heading: str) -> None:
    """Shown by a swap, at its top, and read out from its heading."""
    arrived(page, heading)
    expect(page.locator("h1")).to_be_focused()
    assert page.evaluate("scrollY") == 0
    assert window.loads() == 1


def test_each_step_of_a_journey_arrives_as_a_page_does(naomi, window):
    follow(naomi, NAME)
    check_swapped(naomi, window, NAME)
    link(naomi, "select a lead provider").scroll_into_view_if_needed()
    assert naomi.evaluate("scrollY") > 0
    follow(naomi, "select a lead provider", QUESTION)
    check_swapped(naomi, window, QUESTION)
    expect(naomi).to_have_url(re.compile("/school/ects/[0-9]+/change-lead-provider/lead-provider"))
    naomi.get_by_label("Teach First").check()
    press(naomi, "Continue", f"Check and confirm: change lead provider for {NAME}")
    check_swapped(naomi, window, f"Check and confirm: change lead provider for {NAME}")
    expect(naomi).to_have_url(re.compile("/check-answers"))
    press(naomi, "Confirm change", f"You have chosen Teach First to train {NAME}")
    check_swapped(naomi, window, f"You have chosen Teach First to train {NAME}")
    expect(naomi).to_have_url(re.compile("/confirmation"))
    assert naomi.evaluate("document.getAnimations().length") == 0


def test_the_heading_is_only_a_place_to_begin(naomi):
    to_question(naomi, NAME)
    naomi.keyboard.press("Shift+Tab")
    expect(link(naomi, "Back")).to_be_focused()
    expect(naomi.locator("h1")).not_to_have_attribute("tabindex", "-1")
    naomi.keyboard.press("Tab")
    expect(link(naomi, "schools@ambition-institute.example.org")).to_be_focused()


def test_an_error_takes_the_focus_and_leads_to_the_field(naomi, window):
    to_question(naomi, NAME)
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


def test_back_and_forward(naomi, window):
    keep_header(naomi)
    naomi.mouse.wheel(0, 1000)
    link(naomi, "Gustav Brown").scroll_into_view_if_needed()
    was_at = naomi.evaluate("scrollY")
    follow(naomi, "Gustav Brown")
    link(naomi, "Change lead provider").scroll_into_view_if_needed()
    follow(naomi, "Change lead provider", "Change lead provider for Gustav Brown")
    naomi.get_by_label("Teach First").check()
    press(naomi, "Continue", "Check and confirm: change lead provider for Gustav Brown")

    naomi.go_back()
    check_restored(naomi, "Change lead provider for Gustav Brown", "/lead-provider")
    expect(naomi.get_by_label("Teach First")).to_be_checked()
    naomi.go_back()
    check_restored(naomi, "Gustav Brown", "/school/ects/[0-9]+(.back=.*)?$")
    assert naomi.evaluate("scrollY") > 0
    naomi.go_back()
    check_restored(naomi, "Early career teachers (ECTs)", "/school/ects$")
    assert naomi.evaluate("scrollY") == was_at
    for _ in range(3):
        naomi.go_forward()
    check_restored(naomi, "Check and confirm: change lead provider for Gustav Brown", "/check-answers")
    press(naomi, "Confirm change", "You have chosen Teach First to train Gustav Brown")
    assert is_same_header(naomi)
    assert window.loads() == 1


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


def test_back_after_sending_does_not_send_again(naomi, window):
    to_check_answers(naomi, NAME)
    press(naomi, "Confirm change", f"You have chosen Teach First to train {NAME}")
    with naomi.expect_response("**/confirmation**"):
        naomi.go_back()
    arrived(naomi, f"You have chosen Teach First to train {NAME}")
    expect(naomi).to_have_url(re.compile("/confirmation"))
    follow(naomi, f"Back to {NAME}’s details", NAME)
    assert window.posts() == 2
    assert events(NAME).count("teacher_training_lead_provider_updated") == 1


def test_every_step_can_be_reloaded_and_opened_by_its_address(naomi, window):
    follow(naomi, NAME)
    record = naomi.url.partition("?")[0]
    naomi.goto(f"{record}/change-lead-provider/check-answers")
    arrived(naomi, QUESTION)
    naomi.get_by_label("Teach First").check()
    press(naomi, "Continue", f"Check and confirm: change lead provider for {NAME}")
    naomi.reload()
    arrived(naomi, f"Check and confirm: change lead provider for {NAME}")
    press(naomi, "Confirm change", f"You have chosen Teach First to train {NAME}")
    naomi.reload()
    arrived(naomi, f"You have chosen Teach First to train {NAME}")
    other = window.context.new_page()
    other.goto(naomi.url)
    arrived(other, f"You have chosen Teach First to train {NAME}")


def test_the_skip_link_leads_to_the_page_that_is_shown(naomi):
    to_question(naomi, NAME)
    naomi.locator(".govuk-skip-link").focus()
    naomi.keyboard.press("Enter")
    expect(naomi.locator("main")).to_be_focused()
    entries = naomi.evaluate("history.length")
    button(naomi, "Continue").click()
    refused(naomi)
    assert naomi.evaluate("history.length") == entries


def test_a_double_click_sends_once(naomi, window):
    naomi.clock.install()
    to_question(naomi, NAME)
    naomi.get_by_label("Teach First").check()
    held = hold(naomi, "**/change-lead-provider/**", "POST")
    for text, heading in (
        ("Continue", f"Check and confirm: change lead provider for {NAME}"),
        ("Confirm change", f"You have chosen Teach First to train {NAME}"),
    ):
        button(naomi, text).dblclick()
        naomi.clock.fast_forward(1300)  # GOV.UK Frontend's own guard forgets after a second
        button(naomi, text).click()
        held[-1].continue_()
        arrived(naomi, heading)
    assert window.posts() == len(held) == 2
    assert events(NAME) == ["teacher_withdraws_training_period", "teacher_training_lead_provider_updated"]


def test_the_second_click_of_a_double_click_does_not_confirm_what_the_first_brought(naomi, window):
    to_check_answers(naomi, NAME)
    posts = window.posts()
    button(naomi, "Confirm change").hover()
    naomi.mouse.down(click_count=2)
    naomi.mouse.up(click_count=2)
    naomi.evaluate("() => new Promise(requestAnimationFrame)")
    assert window.posts() == posts
    press(naomi, "Confirm change", f"You have chosen Teach First to train {NAME}")


def test_the_newest_click_wins(naomi):
    held = hold(naomi, f"**{link(naomi, NAME).get_attribute('href')}")
    link(naomi, NAME).click()
    follow(naomi, "Hannah Clarke")
    let_late_answer_in(naomi, held)
    arrived(naomi, "Hannah Clarke")
    naomi.go_back()
    arrived(naomi, "Early career teachers (ECTs)")


def test_going_back_wins_over_a_form_on_its_way(naomi):
    to_question(naomi, NAME)
    held = hold(naomi, "**/lead-provider**", "POST")
    naomi.get_by_label("Teach First").check()
    button(naomi, "Continue").click()
    naomi.go_back()
    arrived(naomi, NAME)
    let_late_answer_in(naomi, held)
    arrived(naomi, NAME)
    expect(naomi).to_have_url(re.compile("/school/ects/[0-9]+(.back=.*)?$"))


def test_another_tab_or_window_opens_with_the_browser_s_keys(naomi, window):
    for key in ("Control", "Shift"):
        with window.context.expect_page() as opened:
            link(naomi, NAME).click(modifiers=[key])
        arrived(opened.value, NAME)
        arrived(naomi, "Early career teachers (ECTs)")


def test_a_link_to_a_part_of_a_page_leads_there(naomi, window):
    link(naomi, f"Tell us if {NAME} will continue training or has left").click()
    part = naomi.get_by_role("heading", name="Training details")
    expect(part).to_be_focused()
    expect(part).to_be_in_viewport()
    expect(naomi).to_have_url(re.compile("#training-details$"))
    assert window.loads() == 1


def test_a_link_into_another_tab_of_the_header_loads_the_page(naomi):
    current = naomi.get_by_label("Menu").locator("[aria-current]")
    follow(naomi, NAME)
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


def test_a_search_begins_at_its_first_page(naomi):
    naomi.goto("/school/ects?page=2")
    naomi.get_by_role("searchbox").fill("taylor")
    naomi.keyboard.press("Enter")
    expect(link(naomi, NAME)).to_be_visible()
    expect(naomi).to_have_url(re.compile(r"/school/ects\?q=taylor$"))


@pytest.mark.parametrize("window", [{"viewport": {"width": 320, "height": 720}}], ids=["narrow"], indirect=True)
def test_the_header_s_menu_opens_before_and_after_a_swap(naomi):
    menu, mentors = naomi.get_by_role("button", name="Menu"), naomi.get_by_role("link", name="Mentors", exact=True)
    expect(mentors).to_be_hidden()
    menu.click()
    expect(mentors).to_be_visible()
    follow(naomi, NAME)
    expect(mentors).to_be_visible()
    menu.click()
    expect(mentors).to_be_hidden()


def test_a_slow_answer_is_announced(naomi):
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


def test_a_whole_page_in_answer_is_as_good_as_a_part(naomi, window):
    """Whatever answers without knowing of parts: only the region is taken from it."""
    keep_header(naomi)

    def whole(route):
        route.continue_(headers={k: v for k, v in route.request.headers.items() if k != "hx-request-type"})

    naomi.route("**/school/**", whole)
    to_question(naomi, NAME)
    button(naomi, "Continue").click()
    refused(naomi)
    assert len(naomi.query_selector_all("main, #page, header")) == 3
    assert is_same_header(naomi)
    assert window.loads() == 1


@pytest.mark.parametrize("file", ["htmx.esm.min.js", "govuk-frontend.min.js", "app.js"])
def test_without_one_of_the_script_files_every_page_is_a_whole_page(naomi, window, file):
    window.expected.append("net::ERR_FAILED")
    window.context.route(f"**/{file}", lambda route: route.abort())
    naomi.reload()
    loads = window.loads()
    to_question(naomi, NAME)
    button(naomi, "Continue").click()
    refused(naomi)
    naomi.get_by_label("Teach First").check()
    press(naomi, "Continue", f"Check and confirm: change lead provider for {NAME}")
    assert window.loads() - loads == 5  # the record, the question, its error, the redirect and the next page
