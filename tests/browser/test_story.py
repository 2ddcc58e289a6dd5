"""The story that the service is for, with script and without, by mouse and by keyboard."""

import pytest
from playwright.sync_api import Page, expect

from database import db
from models import Event
from tests.browser.pages import arrived, button, follow, press, refused
from tests.conftest import person

with_and_without_script = pytest.mark.parametrize(
    "window", [{}, {"java_script_enabled": False}], ids=["with script", "without script"], indirect=True
)


def row(page: Page, key: str):
    return page.locator("main .govuk-summary-list__row", has=page.locator("dt", has_text=key)).locator("dd").first


def events(name: str, role: str = "ect") -> list[str]:
    with db.connection_context():
        return [event.event_type for event in person(name, role).events.order_by(Event.version)]


@with_and_without_script
def test_a_provider_withdraws_an_ect_and_the_school_selects_another(naomi, report):
    report("withdraw", "Daniel Cooper", reason="changed-lead-provider")
    naomi.reload()
    card = naomi.locator(".govuk-summary-card", has=naomi.get_by_role("link", name="Daniel Cooper"))
    expect(card).to_contain_text("Action required")
    follow(naomi, "Daniel Cooper")
    expect(row(naomi, "Status")).to_contain_text("Action required")
    follow(naomi, "select a lead provider", "Change lead provider for Daniel Cooper")

    button(naomi, "Continue").click()
    refused(naomi, "Select the lead provider who will train Daniel Cooper")
    naomi.get_by_label("Teach First").check()
    press(naomi, "Continue", "Check and confirm: change lead provider for Daniel Cooper")
    follow(naomi, "Back", "Change lead provider for Daniel Cooper")
    expect(naomi.get_by_label("Teach First")).to_be_checked()
    press(naomi, "Continue", "Check and confirm: change lead provider for Daniel Cooper")
    naomi.locator("main dd").get_by_role("link", name="Change").click()
    arrived(naomi, "Change lead provider for Daniel Cooper")
    naomi.get_by_label("Ambition Institute").check()
    press(naomi, "Continue", "Check and confirm: change lead provider for Daniel Cooper")
    expect(row(naomi, "New lead provider")).to_contain_text("Ambition Institute")

    press(naomi, "Confirm change", "You have chosen Ambition Institute to train Daniel Cooper")
    follow(naomi, "Back to Daniel Cooper’s details", "Daniel Cooper")
    expect(row(naomi, "Status")).to_have_text("Registered")
    expect(row(naomi, "Lead provider")).to_contain_text("Confirmed by Ambition Institute")
    assert events("Daniel Cooper") == ["teacher_withdraws_training_period", "teacher_training_lead_provider_updated"]
