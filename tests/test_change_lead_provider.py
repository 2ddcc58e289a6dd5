"""The journey "change lead provider", through its pages."""

from tests.conftest import both_engines

FIRST = {
    "Steven Taylor": "has already stopped",
    "Gustav Brown": "is paused",
    "Hannah Clarke": "will stop today",
}


@both_engines
def test_the_school_selects_a_new_lead_provider_for_a_withdrawn_ect(naomi):
    naomi.get("/school/ects").click("Steven Taylor")
    assert naomi.row("Status").startswith("Action required Ambition Institute told us that it no longer trains Steven")
    naomi.click("select a lead provider")
    assert naomi.heading == "Change lead provider for Steven Taylor"
    naomi.choose("Teach First")
    assert naomi.heading == "Check and confirm change"
    assert naomi.rows == {
        "Early career teacher": "Steven Taylor",
        "Current lead provider": "Ambition Institute Training has already stopped",
        "New lead provider": "Teach First",
    }
    naomi.submit("Confirm change")
    assert naomi.heading == "Teach First chosen for Steven Taylor"
    naomi.click("Back to Steven Taylor’s details")
    assert naomi.row("Status") == "Registered"
    assert naomi.row("Lead provider") == "Teach First Awaiting confirmation by Teach First"
    assert naomi.row("Delivery partner") == "Teach First has not told us the delivery partner yet"
