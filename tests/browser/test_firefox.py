"""The same in Firefox: what a swap must do for people, which each browser could do in its own way. All of the browser
tests run there with BROWSER=firefox, but for the few that are about Chromium's ways."""

import pytest

from tests.browser import test_back, test_swaps


@pytest.mark.parametrize("browser", ["firefox"], indirect=True)
def test_there_and_back_with_what_was_typed(naomi, window):
    test_swaps.test_a_journey_there_and_back(naomi, window)
    window.requests.clear()
    naomi.goto("/school/ects")
    test_back.test_what_was_typed_is_still_there_until_it_is_sent_or_whoever_typed_it_has_signed_out(naomi, window)
