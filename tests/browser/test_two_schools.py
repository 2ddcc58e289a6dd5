"""Two schools in one browser, which has one sign-in: whatever a tab of one school does after the other has signed in,
no school's people come under the other one's name."""

from playwright.sync_api import Page, expect

from database import db
from tests.browser.pages import arrived, button, follow, link, sign_in
from tests.browser.test_failures import forget
from tests.conftest import person

LIST = "Early career teachers (ECTs)"
NAME = "Steven Taylor"


def school_of(page: Page):
    """What the header says."""
    return page.locator(".app-account__item").first


def test_a_list_that_another_tabs_sign_in_has_replaced(naomi):
    other = naomi.context.new_page()
    for act in (
        lambda: naomi.get_by_role("searchbox").fill("a"),
        lambda: link(naomi, NAME).click(),
        lambda: naomi.get_by_role("link", name="Mentors", exact=True).click(),
    ):
        sign_in(other)
        naomi.goto("/school/ects")
        sign_in(other, "David Lowe")
        act()
        expect(school_of(naomi)).to_have_text("Northbrook Academy")
        expect(naomi.locator("body")).not_to_contain_text(NAME)


def test_a_form_that_another_tabs_sign_in_has_replaced(naomi):
    follow(naomi, NAME)
    naomi.locator("main a[href*='/change-lead-provider/lead-provider']").last.click()
    arrived(naomi, f"Change lead provider for {NAME}")
    naomi.get_by_label("Teach First").check()
    sign_in(naomi, "David Lowe")
    button(naomi, "Continue").click()
    arrived(naomi, "Page not found")
    expect(school_of(naomi)).to_have_text("Northbrook Academy")


def test_back_after_another_tabs_sign_in(naomi):
    naomi.clock.install()
    follow(naomi, NAME)
    forget(naomi)
    sign_in(naomi, "David Lowe")
    naomi.go_back()
    arrived(naomi, LIST)
    expect(school_of(naomi)).to_have_text("Northbrook Academy")
    expect(naomi.locator("main")).to_contain_text("James Fox")
    expect(naomi.locator("main")).not_to_contain_text(NAME)


def test_signing_in_again_in_another_tab_loses_nothing_that_was_typed(naomi):
    with db.connection_context():
        address = f"/school/ects/{person(NAME).id}/change-name/name"
    naomi.goto(address)
    naomi.get_by_label("Full name").fill("Steven Oak")
    sign_in(naomi, "Naomi Fletcher")
    button(naomi, "Continue").click()
    expect(naomi.locator(".govuk-error-summary")).to_contain_text("This page was open for too long")
    button(naomi, "Continue").click()
    arrived(naomi, "Check and confirm: change name for Steven Taylor")
    expect(naomi.locator("main")).to_contain_text("Steven Oak")
