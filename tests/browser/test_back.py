"""The browser's Back and Forward bring pages back as they were left, what was typed and not sent included, at once and
without asking: as a full page's would. Once something is sent (test_swaps.py), or after three minutes, they are asked
for afresh."""

import re

from playwright.sync_api import expect

from tests.browser.pages import arrived, button, follow, link, press, refused

NAME = "Steven Taylor"
LIST = "Early career teachers (ECTs)"
LEAVING = f"Tell us if {NAME} has left or is leaving your school permanently"


def test_what_was_typed_is_still_there_until_it_is_sent_or_whoever_typed_it_has_signed_out(naomi, window):
    follow(naomi, NAME)
    follow(naomi, f"Tell us that {NAME} is leaving permanently", LEAVING)
    naomi.get_by_label("Day").fill("31")
    naomi.get_by_label("Month").fill("2")
    asked = len(window.requests)
    naomi.go_back()
    arrived(naomi, NAME)
    naomi.go_forward()
    arrived(naomi, LEAVING)
    expect(naomi.locator("h1")).to_be_focused()
    assert [naomi.get_by_label(part).input_value() for part in ("Day", "Month", "Year")] == ["31", "2", ""]
    assert len(window.requests) == asked
    press(naomi, f"Cancel and go back to {NAME}’s details", NAME)
    naomi.go_back()
    arrived(naomi, LEAVING)
    for part, typed in (("Day", "31"), ("Month", "2"), ("Year", "2026")):
        expect(naomi.get_by_label(part)).to_have_value("")
        naomi.get_by_label(part).fill(typed)
    button(naomi, "Continue").click()
    refused(naomi, re.compile("must be a real date"))
    naomi.go_back()
    arrived(naomi, NAME)
    naomi.go_forward()
    refused(naomi, re.compile("must be a real date"))
    expect(naomi.locator(".govuk-error-summary")).to_be_focused()
    naomi.locator(".govuk-error-summary a").click()
    expect(naomi.get_by_label("Day")).to_be_focused()
    naomi.get_by_label("Month").fill("3")
    press(naomi, "Continue", f"Confirm that {NAME} has left your school permanently")
    for heading in (LEAVING, NAME):
        naomi.go_back()
        arrived(naomi, heading)
    follow(naomi, "Back", LIST)
    assert window.loads() == 1

    window.expected.append("Clear-Site-Data")  # Chromium notes that it did so
    other = window.context.new_page()
    other.goto("/school/ects")
    other.get_by_role("button", name="Sign out").click()
    arrived(other, "Sign in to the demonstration")
    for page in (other, naomi):
        page.go_back()
        arrived(page, "Sign in to the demonstration")
        assert NAME not in page.content()


def test_back_from_another_tab_of_the_header_and_to_the_card_where_a_journey_began(naomi):
    naomi.goto("/school/ects?status=action-required")
    link(naomi, "Assign a mentor to Priya Shah").first.click()
    naomi.get_by_label("John Doe").check()
    naomi.get_by_role("link", name="Mentors", exact=True).click()
    arrived(naomi, "Mentors")
    naomi.go_back()
    expect(naomi.get_by_label("John Doe")).to_be_checked()
    button(naomi, "Continue").click()
    button(naomi, "Confirm change").click()
    follow(naomi, "Back to Priya Shah’s details", "Priya Shah")
    follow(naomi, "Back", LIST)
    expect(naomi).to_have_url(re.compile(r"\?status=action-required#ect-\d+$"))
    for heading in ("Priya Shah", "You have assigned John Doe to mentor Priya Shah"):
        naomi.go_back()
        arrived(naomi, heading)
