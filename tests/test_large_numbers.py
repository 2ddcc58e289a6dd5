"""Numbers that no column holds, wherever one can be sent: in every address, query, form and body. They are 404, 400 or
an error on the page, never a fault."""

from collections.abc import Iterator
from itertools import product

import pytest

from forms.journeys import CHECK_ANSWERS, JOURNEYS
from models import DeliveryPartner, LeadProvider, School
from scenarios import demo
from tests.conftest import both_engines, person
from tests.reports import AMBITION, dump
from tests.test_house import rules
from tests.visitor import Visitor
from tests.walks import EACH_JOURNEY
from views import RowId
from views.lead_provider_api.operations import TYPES

TOO_LARGE = [str(2**31), str(2**63), "9" * 5000]
NUMBERS = [*TOO_LARGE, f"-{2**63 + 1}", "1e400", "٣"]


def path_of(rule, values: dict[str, str]) -> str:
    """This rule's address with these values for its parts."""
    _host, *pieces = rule._trace
    return "".join(values[text] if is_part else text for is_part, text in pieces)


def addresses(app, known: dict[str, str], prefix: str) -> Iterator[tuple[str, set, bool]]:
    """Every address that has parts, which are as `known` but one, which is such a number; its methods; whether the part
    is a row's id."""
    for rule in rules(app, prefix=prefix):
        for part, number in product(rule.arguments, NUMBERS):
            path = path_of(rule, {name: known.get(name, "1") for name in rule.arguments} | {part: number})
            yield path, rule.methods - {"HEAD", "OPTIONS"}, isinstance(rule._converters.get(part), RowId)


def check_addresses(app, visitor: Visitor, known: dict[str, str], *, prefix: str = "", **sent) -> None:
    rows = 0
    for path, methods, is_row in addresses(app, known, prefix):
        for method in methods:
            response = visitor.send(method.lower(), path, follow_redirects=False, **sent)
            assert response.status_code < 500, (method, path)
            assert response.status_code in (404, 405) or not is_row, (method, path)
            rows += is_row
    assert rows


@pytest.fixture
def known(world) -> dict[str, str]:
    """What is right in an address."""
    words = {"people": "ects", "journey_name": "change-lead-provider", "page": "lead-provider"}
    partner, school = DeliveryPartner.select().first(), School.select().first()
    ids = {"participant_id": str(person("Steven Taylor").id), "delivery_partner_id": str(partner.api_id)}
    return words | ids | {"school_id": str(school.api_id)}


@pytest.fixture
def token(app, world) -> dict[str, str]:
    with app.app_context():
        return {"Authorization": f"Bearer {demo.token_of(LeadProvider.get(name=AMBITION))}"}


@both_engines
def test_in_every_address(naomi, app, known, token):
    naomi.get(f"/school/ects/{known['participant_id']}/change-name/name")
    before = dump()
    check_addresses(app, naomi, known, data=naomi.values, headers=token)
    assert dump() == before


OF_PAGES = [["q", "page", "status", "back", "unsent", "next", "since", "seen", "code", "state"], ["error"]]
"""Those together that a page reads together."""
FILTERS = ("delivery_partner_id", "urn", "cohort", "updated_since", "training_status", "from_participant_id")
OF_THE_API = [["sort"], ["page[page]"], ["page[per_page]"], ["page[after]"], *([f"filter[{each}]"] for each in FILTERS)]


@both_engines
def test_in_every_query(naomi, app, known, token, engine):
    # As text both engines are given the same; what fits a column is not the same.
    numbers = [*TOO_LARGE[1:], "-1"] if engine == "sqlite" else TOO_LARGE[:1]
    for rule in [rule for rule in rules(app) if "GET" in rule.methods and not rule.endpoint.startswith("assets.")]:
        path = path_of(rule, {name: known.get(name, "1") for name in rule.arguments})
        groups = OF_PAGES if not rule.endpoint.startswith("api.") else OF_THE_API if not rule.arguments else []
        for names, number in product(groups, numbers):
            asked = {"filter[cohort]": "2025"} | dict.fromkeys(names, number)
            response = naomi.send("get", path, query_string=asked, headers=token, follow_redirects=False)
            assert response.status_code < 500, (path, names, number)


ANY_TEXT = ("name", "is_sure")
"""What may hold a number as it may hold any text."""


@pytest.mark.parametrize("journey", JOURNEYS)
def test_in_every_form(naomi, journey):
    walk = EACH_JOURNEY[journey]
    walk.begin()
    walk.answer(naomi)
    before, pages = dump(), [page for page in JOURNEYS[journey].questions if page not in walk.not_asked]
    for page in [*pages, CHECK_ANSWERS]:
        form = naomi.get(walk.page(page)).values
        names = {field.attrs["name"] for field in naomi.main.css("form input[name]")} - {"csrf_token", *ANY_TEXT}
        for name, number in product(names, NUMBERS):
            response = naomi.send("post", walk.page(page), data=form | {name: number}, follow_redirects=False)
            assert response.status_code in (409, 422), (page, name, number)
    assert dump() == before


@both_engines
def test_in_every_body(naomi, app, known, token):
    person_api_id = str(person("Steven Taylor").teacher.api_id)
    before = dump()
    for rule in rules(app, prefix="api."):
        sends = app.view_functions[rule.endpoint].operation.sends
        path = path_of(rule, dict.fromkeys(rule.arguments, person_api_id))
        for name, number in product(sends.model_fields if sends else [], [*NUMBERS, *map(int, TOO_LARGE[:2]), -1]):
            body = {"data": {"type": TYPES[sends], "attributes": {name: number}}}
            response = naomi.send(min(rule.methods - {"OPTIONS"}).lower(), path, json=body, headers=token)
            assert response.status_code in (400, 404, 422), (path, name, number)
    assert dump() == before
