"""The same in Firefox: what a swap must do for people, which each browser could do in its own way. All of the browser
tests run there with BROWSER=firefox, but for the few that are about Chromium's ways."""

import pytest

from tests.browser.test_back import test_what_was_typed_and_not_sent_is_still_there  # noqa: F401
from tests.browser.test_swaps import (  # noqa: F401
    test_back_and_forward,
    test_each_step_of_a_journey_arrives_as_a_page_does,
)

pytestmark = pytest.mark.parametrize("browser", ["firefox"], indirect=True)
