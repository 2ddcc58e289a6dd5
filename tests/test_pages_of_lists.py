"""Pages of the API's lists by `links.next`: everybody is told, in whatever order and however people move meanwhile. And
what every answer says of errors and of limits."""

import threading
from contextvars import copy_context
from datetime import UTC, datetime
from itertools import chain, product
from urllib.parse import parse_qs, urlsplit

import pytest

from clock import clock_at
from database import db
from domain import participants
from models import LatestUpdate
from tests.conftest import both_engines
from tests.reports import ST_JOHNS, ask, codes, person_at, train, tutor_of
from web.rate_limits import RateLimit

LISTS = ("participants", "participants/transfers", "unfunded-mentors", "partnerships", "delivery-partners")


@pytest.fixture
def many(world):
    """Eleven ECTs more whom Ambition Institute trains."""
    people = [person_at(ST_JOHNS) for _ in range(11)]
    for ect in people:
        train(ect)
    return people


def query_of(link: str | None) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link or "").query).items()}


def pages(visitor, path: str, **query):
    """The ids on each page, one after the other, by the links."""
    while query:
        answer = ask(visitor, "get", f"/api/v3/{path}", query_string=query).json
        yield [each["id"] for each in answer["data"]]
        query = query_of(answer["links"]["next"])


@both_engines
def test_everybody_is_told_once_whatever_the_order_and_the_size(many, visitor):
    wrong = {}
    for sort, size in product(["created_at", "-created_at", "updated_at", "-updated_at"], [4, 17]):
        told = list(chain(*pages(visitor, "participants", sort=sort, **{"page[per_page]": size})))
        if not len(told) == len(set(told)) == 17:
            wrong[sort, size] = told
    assert not wrong


def test_every_list_has_links(many, visitor):
    links = {path: ask(visitor, "get", f"/api/v3/{path}").json["links"] for path in LISTS}
    assert all(each["next"] is None and "updated_since" in each["changes"] for each in links.values()), links


@both_engines
def test_who_moves_while_a_client_pages_is_told_again_and_nobody_is_left_out(many, visitor):
    told: set[str] = set()
    for number, page in enumerate(pages(visitor, "participants", sort="updated_at", **{"page[per_page]": 5})):
        told |= set(page)
        db.connect(reuse_if_open=True)
        if number < 3:
            participants.change_email_address(many[number], tutor_of(many[number]), email=f"new{number}@example.org")
    assert len(told) == 17


def test_what_changes_later_is_at_the_other_link(many, visitor):
    changes = ask(visitor, "get", "/api/v3/participants").json["links"]["changes"]
    db.connect(reuse_if_open=True)
    participants.change_email_address(many[3], tutor_of(many[3]), email="new@example.org")
    told = ask(visitor, "get", "/api/v3/participants", query_string=query_of(changes)).json["data"]
    assert str(many[3].teacher.api_id) in [each["id"] for each in told]


def test_a_cursor_that_was_never_given_is_refused(visitor):
    for cursor in ("x", "bnVsbA", "WyJjcmVhdGVkX2F0Iiwgbm93LCAxLCAyXQ", "W10"):
        response = ask(visitor, "get", "/api/v3/participants", query_string={"page[after]": cursor})
        assert (cursor, response.status_code) == (cursor, 400)
        assert "links.next" in response.json["errors"][0]["detail"]
        assert all(codes(response))


def test_a_cursor_goes_on_in_the_order_that_it_began_in(visitor):
    for path in ("participants?", "partnerships?", "schools?filter[cohort]=2025&"):
        links = ask(visitor, "get", f"/api/v3/{path}page[per_page]=1").json["links"]
        response = ask(visitor, "get", f"{'?'.join(urlsplit(links['next'])[2:4])}&sort=-created_at")
        assert response.status_code == 400
        assert response.json["errors"][0]["detail"] == "sort must be the one that page[after] was given with"


@both_engines
def test_a_character_that_no_text_has_is_refused(visitor):
    for query in (
        "participants?filter[training_status]=active%00",
        "participants?filter[updated_since]=2026-04-20T09:00:00Z%00",
        "schools?filter[cohort]=2025&filter[urn]=%00",
        "partnerships?sort=%00",
    ):
        response = ask(visitor, "get", f"/api/v3/{query}")
        assert (query, response.status_code, codes(response)) == (query, 400, ["parameter_invalid"])


def test_answers_say_how_many_requests_are_left(world, visitor):
    headers = [ask(visitor, "get", "/api/v3/partnerships").headers for _ in range(2)]
    assert headers[0]["RateLimit-Limit"] == "1000"
    assert int(headers[1]["RateLimit-Remaining"]) == int(headers[0]["RateLimit-Remaining"]) - 1
    assert 0 < int(headers[0]["RateLimit-Reset"]) <= 300


@both_engines
def test_a_limit_is_what_is_promised_for_sixteen_at_once(world):
    """Each lets in exactly as many as it says, together."""
    limit, let_in = RateLimit(400, 10**6), []

    def ask_often():
        with db.connection_context():
            let_in.extend(limit.seconds_to_wait("x") == 0 for _ in range(40))

    db.close()
    threads = [threading.Thread(target=copy_context().run, args=(ask_often,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(let_in), let_in.count(True)) == (640, 400)


def test_changes_goes_back_to_the_first_page_though_the_clock_of_who_changed_was_ahead(visitor):
    first, last = (datetime(2026, 4, 20, 12, minute, tzinfo=UTC) for minute in (0, 1))
    LatestUpdate.update(microseconds=LatestUpdate.microseconds + 10**10).execute()
    with clock_at(first):
        links = ask(visitor, "get", "/api/v3/participants?page[per_page]=1").json["links"]
    with clock_at(last):
        while links["next"]:
            links = ask(visitor, "get", "?".join(urlsplit(links["next"])[2:4])).json["links"]
    assert "updated_since%5D=2026-04-20T12%3A00%3A00.000000Z" in links["changes"]


def test_changes_goes_back_to_what_the_replica_knew_that_told_one_of_the_pages(many, visitor):
    """The first page is told by a server that knows of a change, the second by one that has not heard of it."""
    before = LatestUpdate.get().microseconds
    participants.change_email_address(many[-1], tutor_of(many[-1]), email="new@example.org")
    latest = LatestUpdate.get().microseconds
    with clock_at(datetime(2026, 4, 20, 12, tzinfo=UTC)):
        query = {"page[per_page]": "9"}
        for known in (latest, before):
            LatestUpdate.update(microseconds=known).execute()
            links = ask(visitor, "get", "/api/v3/participants", query_string=query).json["links"]
            db.connect(reuse_if_open=True)
            query = query_of(links["next"])
        assert not query
        told = ask(visitor, "get", "/api/v3/participants", query_string=query_of(links["changes"])).json["data"]
    assert [each["id"] for each in told] == [str(many[-1].teacher.api_id)]
