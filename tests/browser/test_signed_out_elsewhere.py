"""Back, after somebody signed out in another tab: pages that were kept in memory show nobody's people."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.browser.pages import sign_in


@pytest.mark.parametrize("browser", ["chromium", "firefox"], indirect=True)
def test_back_after_signing_out_in_another_tab(browser, window: Window):
    window.expected.append("Clear-Site-Data")  # Chromium notes that it did so
    page = window.page
    sign_in(page)
    page.goto("/school/ects")
    page.get_by_role("link", name="Steven Taylor", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Steven Taylor")
    other = window.context.new_page()
    other.goto("/school/ects")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("Sign in")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sign in")
    assert "Steven Taylor" not in page.content()
