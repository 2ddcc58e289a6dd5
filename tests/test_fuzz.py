"""Anything in any field of any form, and anything in any address: never a fault of the service, and nothing of anybody
is changed. HYPOTHESIS_PROFILE=nightly tries more than ten thousand, others every night."""

import secrets
from itertools import product
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from domain import maintenance
from forms.journeys import CHECK_ANSWERS, JOURNEYS
from models import LeadProvider
from scenarios import demo
from tests.conftest import IS_NIGHTLY, person
from tests.reports import dump
from tests.test_house import rules
from tests.visitor import Visitor
from tests.walks import EACH_JOURNEY

SEED = secrets.randbelow(2**32) if IS_NIGHTLY else 0

ODD = [
    *("", " ", "\0", "null", "NaN", "-1", "0", "1e9", "9" * 5000, "²", "٣", "１", "1_0", "+3", "%00", "%s", "{0}"),
    *("'; DROP TABLE event; --", '" OR 1=1', "<script>alert(1)</script>", "{{ 7 * 7 }}", "javascript:alert(1)"),
    *("../../etc/passwd", "//evil.example", "\r\nSet-Cookie: a=b", "\u202eevil", "\ufeff", "Z̷͖a" * 200, "é", "🎓" * 300),
    *("2026-02-31", "00", "99999999999999999999", "[]", '{"a": 1}', "a" * 60_000),
]
"""What has broken a service somewhere."""

text = st.one_of(st.sampled_from(ODD), st.text(max_size=60))
raw = st.one_of(text.map(str.encode), st.binary(max_size=40))
"""As it is sent: any bytes."""

headers = st.dictionaries(
    st.sampled_from(["HX-Request", "HX-Request-Type", "HX-History-Restore-Request", "HX-Target", "Referer", "Origin"])
    | st.sampled_from(["Accept", "Accept-Encoding", "If-None-Match", "X-Forwarded-For", "X-Request-Id", "User-Agent"])
    | st.sampled_from(["Authorization", "Content-Type", "X-HTTP-Method-Override", "Range", "Cookie"]),
    st.sampled_from(
        ["true", "partial", "full", "*/*", "gzip", "text/html", "DELETE", "bytes=0-1", "session=x", "a" * 900]
    )
    | st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30),
    max_size=4,
)


def trying(examples: int, **what):
    """Runs the test inside on so many examples."""
    return lambda inside: seed(SEED)(
        settings(
            max_examples=examples * (50 if IS_NIGHTLY else 1),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )(given(**what)(inside))
    )()


def check(response) -> None:
    assert response.status_code < 500, f"{response.status}: {response.request.full_path}"
    assert b"Traceback" not in response.data
    response.close()


def encoded(fields: list[tuple[str, bytes]]) -> bytes:
    return b"&".join(f"{quote_from_bytes(name.encode())}={quote_from_bytes(value)}".encode() for name, value in fields)


@pytest.mark.parametrize("journey", JOURNEYS)
def test_anything_in_any_field(naomi, journey):
    walk = EACH_JOURNEY[journey]
    walk.begin()
    for page in [*JOURNEYS[journey].questions, CHECK_ANSWERS]:
        # As far as this page, with answers that are right.
        for address, button, answers in walk.steps():
            naomi.get(address)
            if naomi.path.endswith(f"/{page}"):
                break
            naomi.submit(button, **answers)
        naomi.get(walk.page(page))
        address, token = naomi.path, naomi.value("csrf_token")
        names = sorted({field.attrs["name"] for field in naomi.main.css("form input[name]")} - {"csrf_token"})
        names += ["school_id", "participant_id", "csrf_token", "seen", "status", "", "ü"]
        fields = st.lists(st.tuples(st.sampled_from(names), raw), max_size=6)
        before = dump()

        @trying(4, fields=fields, has_token=st.booleans(), headers=headers)
        def send(fields, has_token, headers):
            if has_token:
                fields = [("csrf_token", token.encode()), *fields]  # noqa: B023
            kind = "application/x-www-form-urlencoded"
            check(naomi.send("post", address, data=encoded(fields), content_type=kind, headers=headers))  # noqa: B023

        assert dump() == before, page


def test_anything_as_a_form(naomi):
    """Bodies that are no form at all, or another kind of form."""
    naomi.get(f"/school/ects/{person('Steven Taylor').id}/change-name/name")
    address, token = naomi.path, naomi.value("csrf_token")
    kinds = ["multipart/form-data; boundary=x", "multipart/form-data", "application/json", "text/plain", "", "ü/é"]
    before = dump()

    @trying(10, body=st.binary(max_size=200), kind=st.sampled_from(kinds), is_form=st.booleans())
    def send(body, kind, is_form):
        if is_form:
            part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
            body = part % (b"csrf_token", token.encode()) + part % (b"name", body) + b"--x--\r\n"
        check(naomi.send("post", address, data=body, content_type=kind))

    assert dump() == before


@pytest.mark.parametrize(
    ("who", "engine"),
    [("nobody", "sqlite"), *product(["naomi", "provider"], ["sqlite", "postgresql"])],
    indirect=["engine"],
)
def test_anything_in_any_address(naomi, app, who):
    visitor = {"naomi": naomi}.get(who) or Visitor(app)
    with app.app_context():
        token = demo.token_of(LeadProvider.get(name="Ambition Institute"))
    bearer = {"Authorization": f"Bearer {token}"} if who == "provider" else {}
    before = dump()
    # A provider's own people afresh is all that needs no more than its token.
    patterns = [rule.rule for rule in rules(app) if rule.endpoint != "sandbox.reset_by_request" or not bearer]
    try_any_address(visitor, patterns, bearer, may_send_cookies=who == "nobody")
    assert dump() == before
    assert not maintenance.data_faults()


QUERIES = ["q", "page", "back", "unsent", "next", "code", "state", "error", "seen", "sort", "page[page]", "page[after]"]
QUERIES += ["filter[cohort]", "filter[urn]", "filter[training_status]", "ü"]


def try_any_address(visitor, patterns: list[str], bearer=None, *, may_send_cookies: bool = False) -> None:
    """Every method of every one of these rules, with anything in the place of their parts, in the query and in the
    headers: never a fault, and never led elsewhere."""
    ids = st.sampled_from([*map(str, range(1, 6)), str(2**31), str(2**63), "9" * 40, "-1"])
    part = st.one_of(raw, ids.map(str.encode), st.sampled_from(list(JOURNEYS)).map(str.encode))

    @trying(
        30,
        pattern=st.sampled_from(patterns),
        parts=st.lists(part, min_size=6, max_size=6),
        query=st.lists(st.tuples(st.sampled_from(QUERIES), raw), max_size=3),
        method=st.sampled_from(["get", "get", "get", "post", "put", "delete", "patch", "head", "options", "trace"]),
        headers=headers,
    )
    def send(pattern, parts, query, method, headers):
        filled = [piece if number % 2 == 0 else None for number, piece in enumerate(split(pattern))]
        given_parts = iter(parts)
        path = "".join(quote_from_bytes(next(given_parts)) if piece is None else piece for piece in filled)
        headers = {name: value for name, value in headers.items() if may_send_cookies or name != "Cookie"}
        address = path + (f"?{encoded(query).decode()}" if query else "")
        response = visitor.send(method, address[:8000], headers=headers | (bearer or {}), follow_redirects=False)
        check(response)
        location = response.headers.get("Location", "")
        assert location.startswith(("/", "http://localhost/")) or not location, location
        assert not location.startswith(("//", "/\\"))


def split(pattern: str) -> list[str]:
    """The fixed pieces of a rule and, between them, what stands for its parts."""
    pieces, rest = [], pattern
    while "<" in rest:
        before, _, rest = rest.partition("<")
        inside, _, rest = rest.partition(">")
        pieces += [before, inside]
    return [*pieces, rest]
