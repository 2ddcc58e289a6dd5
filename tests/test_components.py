"""Our own macros write what GOV.UK Frontend's components do, but for white space."""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import needs

FIXTURES = Path(__file__).parents[1] / "node_modules/govuk-frontend/dist/govuk/components"
LEAD_PROVIDERS = [
    {"value": 1, "text": "Teach First", "checked": False},
    {"value": 2, "text": 'A & B <"Ltd">', "checked": True, "hint": {"text": "Already works with “your” school"}},
    {"value": 3, "text": "Ã", "checked": False, "hint": {"text": "<b>"}},
]


def tight(html: str) -> str:
    """Without the white space that a browser doesn't show."""
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", " ".join(html.split()))


def radios(app, options: dict) -> str:
    macro = app.jinja_env.get_template("components.html").make_module().radios
    legend = options["fieldset"]["legend"]
    error = options.get("errorMessage")
    return macro(options["name"], legend["text"], options["items"], error, legend.get("classes", ""))


def is_ours(options: dict) -> bool:
    """Whether it asks for nothing that our macro leaves out."""
    fieldset = options.get("fieldset") or {}
    return (
        set(options) <= {"name", "idPrefix", "fieldset", "errorMessage", "items"}
        and options.get("idPrefix", options["name"]) == options["name"]
        and set(fieldset) == {"legend"}
        and set(fieldset["legend"]) <= {"text", "classes"}
        and set(options.get("errorMessage") or {}) <= {"text"}
        and all(set(item) <= {"value", "text", "checked", "hint"} for item in options["items"])
    )


def test_radios_are_those_of_the_fixtures(app):
    path = FIXTURES / "radios" / "fixtures.json"
    needs(path.exists(), "GOV.UK Frontend is missing: python3 run.py set-up", "NODE_MODULES")
    fixtures = [each for each in json.loads(path.read_text())["fixtures"] if is_ours(each["options"])]
    assert {"default", "with fieldset and error message"} <= {each["name"] for each in fixtures}
    with app.test_request_context():
        for each in fixtures:
            assert tight(radios(app, each["options"])) == tight(each["html"]), each["name"]


@pytest.mark.parametrize("error", [None, {"text": "Select a “lead” <provider>"}])
@pytest.mark.parametrize("items", [LEAD_PROVIDERS, LEAD_PROVIDERS[:1]], ids=len)
def test_radios_are_those_of_the_component(app, items, error):
    legend = {"text": "Who & whom?", "classes": "govuk-fieldset__legend--m"}
    options = {"name": "lead_provider_id", "fieldset": {"legend": legend}, "items": items, "errorMessage": error}
    with app.test_request_context():
        component = app.jinja_env.get_template("govuk_frontend_jinja/components/radios/macro.html").module.govukRadios
        assert tight(radios(app, options)) == tight(component(options))


@pytest.mark.parametrize("search", ["", "Zoë", "\"><b>&'"])
def test_the_search_box_is_the_component(app, search):
    options = {"id": "q", "name": "q", "type": "search", "value": search, "autocomplete": "off"}
    options |= {"attributes": {"dir": "auto"}, "label": {"text": "Name & TRN", "classes": "govuk-label--s"}}
    with app.test_request_context():
        component = app.jinja_env.get_template("govuk_frontend_jinja/components/input/macro.html").module.govukInput
        ours = app.jinja_env.get_template("components.html").make_module().search_input
        assert tight(ours("Name & TRN", search)) == tight(component(options))
