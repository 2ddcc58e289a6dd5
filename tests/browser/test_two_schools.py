"""Two schools in one browser, which has one sign-in: whatever a tab of one school does after the other has signed in,
no school's people come under the other one's name."""

from playwright.sync_api import Page, expect

from tests.browser.pages import arrived, button, follow, link, sign_in, to_question
from tests.browser.test_failures import forget

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


def test_a_form_and_going_back_after_another_tabs_sign_in(naomi):
    naomi.clock.install()
    to_question(naomi, NAME)
    naomi.get_by_label("Teach First").check()
    sign_in(naomi, "David Lowe")
    button(naomi, "Continue").click()
    arrived(naomi, "Page not found")
    expect(school_of(naomi)).to_have_text("Northbrook Academy")
    sign_in(naomi)
    naomi.goto("/school/ects")
    follow(naomi, NAME)
    forget(naomi)
    sign_in(naomi, "David Lowe")
    naomi.go_back()
    arrived(naomi, LIST)
    expect(school_of(naomi)).to_have_text("Northbrook Academy")
    expect(naomi.locator("main")).to_contain_text("James Fox")
    expect(naomi.locator("main")).not_to_contain_text(NAME)
