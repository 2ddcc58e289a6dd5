"""The search of a list changes what is found while typing pauses: the box keeps focus and caret, how many were found is
said, and the address leads to the same."""

import re

from playwright.sync_api import Page, expect

from tests.browser.looks import check_look
from tests.browser.pages import arrived, button, follow, hold, let_late_answer_in

LIST = "Early career teachers (ECTs)"


def box(page: Page):
    return page.get_by_role("searchbox")


def said(page: Page):
    """What is read out when it changes."""
    return page.locator("#found[role=status]")


def names(page: Page):
    return page.locator(".govuk-summary-card h2")


def test_what_is_found_changes_while_typing_pauses_by_the_button_and_by_enter(naomi, window):
    naomi.evaluate("window.was = document.querySelector('#found')")
    entries = naomi.evaluate("history.length")
    box(naomi).press_sequentially("tay")
    expect(said(naomi)).to_contain_text("1 person matches “tay”.")
    expect(names(naomi)).to_have_text(["Steven Taylor"])
    expect(box(naomi)).to_be_focused()
    assert naomi.evaluate("document.activeElement.selectionStart") == 3
    expect(naomi).to_have_url(re.compile(r"/school/ects\?q=tay$"))
    check_look(naomi, "found")
    box(naomi).press_sequentially("x")
    expect(said(naomi)).to_contain_text("Nobody matches “tayx”.")
    expect(names(naomi)).to_have_count(0)
    check_look(naomi, "nobody found")
    box(naomi).fill("")
    expect(said(naomi)).to_have_text("8 people")
    expect(names(naomi)).to_have_count(8)
    assert naomi.evaluate("was === document.querySelector('#found')"), "only then is it read out"
    assert naomi.evaluate("history.length") == entries
    box(naomi).fill("tay")
    button(naomi, "Search").click()
    expect(said(naomi)).to_contain_text("1 person")
    box(naomi).fill("clarke")
    naomi.keyboard.press("Enter")
    expect(names(naomi)).to_have_text(["Hannah Clarke"])
    follow(naomi, "Show everybody", LIST)
    expect(names(naomi)).to_have_count(8)
    expect(box(naomi)).to_have_value("")
    assert window.loads() == 1


def test_the_newest_question_has_the_last_word_and_a_page_that_is_shown_meanwhile_stays(naomi):
    held = hold(naomi, "**/school/ects?q=st")
    with naomi.expect_request("**/school/ects?q=st"):
        box(naomi).press_sequentially("st")
    with naomi.expect_event("requestfailed"):  # it is not wanted any more
        box(naomi).press_sequentially("even")
    expect(said(naomi)).to_contain_text("“steven”")
    held.pop().abort()
    expect(names(naomi)).to_have_text(["Steven Taylor"])
    follow(naomi, "Steven Taylor")
    naomi.go_back()
    arrived(naomi, LIST)
    expect(box(naomi)).to_have_value("steven")
    expect(names(naomi)).to_have_text(["Steven Taylor"])
    naomi.reload()
    expect(box(naomi)).to_have_value("steven")
    expect(names(naomi)).to_have_text(["Steven Taylor"])
    box(naomi).fill("")
    expect(names(naomi)).to_have_count(8)
    held = hold(naomi, "**/school/ects?q=steven")
    with naomi.expect_request("**/school/ects?q=steven"):
        box(naomi).fill("steven")
    follow(naomi, "Hannah Clarke")
    let_late_answer_in(naomi, held)
    arrived(naomi, "Hannah Clarke")
    expect(naomi).to_have_url(re.compile(r"/school/ects/[0-9]+(.back=.*)?$"))


def test_without_an_answer_it_says_so_where_it_says_how_many(naomi, window):
    window.expected += ["net::ERR_INTERNET_DISCONNECTED", "Failed to fetch", "502 (Bad Gateway)"]
    window.context.set_offline(True)
    box(naomi).press_sequentially("tay")
    expect(said(naomi)).to_contain_text("We could not reach the service")
    expect(box(naomi)).to_be_focused()
    window.context.set_offline(False)
    button(naomi, "Search").click()
    expect(said(naomi)).to_contain_text("1 person matches")
    naomi.route("**/school/ects?q=t", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    box(naomi).fill("t")
    expect(said(naomi)).to_contain_text("We could not reach the service")
    expect(names(naomi)).to_have_text(["Steven Taylor"])
