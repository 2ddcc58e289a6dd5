"""The lead providers’ API through HTTP: who gets in, what may be sent, and what is answered to what can be wrong. The
rules are in test_reports.py, and what is told of a participant in test_participant_json.py."""

import json
import uuid
from datetime import date, timedelta
from itertools import product

import pytest

from clock import clock_at, now
from database import db
from models import ApiToken, Participant, TrainingPeriod, digest
from tests.conftest import TODAY, person
from tests.reports import (
    ACTS,
    AMBITION,
    TEACH_FIRST,
    address,
    ask,
    attributes_of,
    body,
    codes,
    given_to_teach_first,
    leaving,
    live_through,
    said,
    stored,
    tell,
    token_of,
)

DENIED = '{"error": "access denied"}'
NO_ONE = {"title": "Resource not found", "detail": "nothing was found for this address or id", "code": "not_found"}
NOT_FOUND = {"errors": [NO_ONE]}


@pytest.fixture
def hannah(world) -> Participant:
    return person("Hannah Clarke")


# --- who gets in -------------------------------------------------------------------------------------------


def test_nobody_gets_in_without_a_token(visitor, hannah):
    token, before = token_of(visitor, AMBITION), stored()
    for authorization in (
        *(None, "", "Bearer", "Bearer ", token, f"Bearer{token}", f"Basic {token}", f"Bearer {token}x"),
        *(f"Bearer x{token}", f"Bearer {digest(token)}", "Bearer Ambition Institute", "Bearer tökén"),
    ):
        headers = {} if authorization is None else {"Authorization": authorization}
        for method, path in [("get", address(hannah)), *(("put", address(hannah, act)) for act in ACTS)]:
            response = visitor.send(method, path, headers=headers, json=body("withdraw", {}))
            assert (response.status_code, response.text) == (401, DENIED), authorization
            assert response.content_type == "application/json; charset=utf-8"
            assert response.headers["WWW-Authenticate"] == "Bearer"
    assert stored() == before


def test_the_scheme_may_be_called_bearer_or_token(visitor, hannah):
    token, answers = token_of(visitor, AMBITION), {}
    for scheme in ("Bearer {}", "Token {}", "bearer {}", "TOKEN {}", "Bearer   {}", 'Token token="{}"'):
        headers = {"Authorization": scheme.format(token)}
        answers[scheme] = ask(visitor, "get", address(hannah), headers=headers).status_code
    assert set(answers.values()) == {200}, answers


def test_who_may_read_can_when_nothing_can_be_written(visitor, hannah):
    db.obj.pragma("query_only", 1, permanent=True)
    assert ask(visitor, "get", "/api/v3/participants").status_code == 200
    assert tell(visitor, "defer", hannah).status_code == 503


def test_a_token_says_when_it_was_last_used_within_five_minutes(visitor, hannah):
    ask(visitor, "get", address(hannah))
    token = ApiToken.get(digest=digest(token_of(visitor, AMBITION)))
    for minutes, written in ((4, 0), (6, 6), (10, 6), (12, 12)):
        with clock_at(token.last_used_at + timedelta(minutes=minutes)):
            ask(visitor, "get", address(hannah))
        assert ApiToken.get_by_id(token.id).last_used_at == token.last_used_at + timedelta(minutes=written)


def test_a_lead_provider_may_have_several_tokens(visitor, hannah):
    ApiToken.create(digest=digest("another"), lead_provider=1, description="another system's")
    assert ask(visitor, "get", address(hannah), headers={"Authorization": "Bearer another"}).status_code == 200


# --- what may be sent --------------------------------------------------------------------------------------

UNREADABLE = [
    *(b"", b"  ", b'{"data": ', b'{"data": "\xff\xfe"}', b"reason=other&course_identifier=ecf-induction"),
    *(
        b"null",
        b"7",
        b'"data"',
        b"[]",
        b"{}",
        b'{"errors": []}',
        b'{"data": 1}',
        b'{"data": null}',
        b'{"data": "type"}',
    ),
    *(b'{"errors": []}', b'{"data": ["type", "attributes"]}', b'{"data": %s}' % (b"9" * 5000)),
    *(b"[" * 20_000 + b"]" * 20_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
]
GOOD = '{"course_identifier": "ecf-induction", "reason": "other"}'

# ACT stands for the act, GOOD for attributes with nothing wrong in them.
MISSHAPEN = [
    '{"data": {"attributes": GOOD}}',
    '{"data": {"type": null, "attributes": GOOD}}',
    '{"data": {"type": ["participant-ACT"], "attributes": GOOD}}',
    '{"data": {"type": "participant-act", "attributes": GOOD}}',
    '{"data": {"type": "participant-ACT"}}',
    '{"data": {"type": "participant-ACT"}, "attributes": GOOD}',
    '{"data": {"type": "participant-ACT", "attributes": null}}',
    '{"data": {"type": "participant-ACT", "attributes": [GOOD]}}',
    '{"data": {"type": "participant-ACT", "attributes": "other"}}',
    '{"data": {"type": "participant-ACT", "attributes": {}}}',
    '{"data": {"type": "participant-ACT", "attributes": {"Reason": "other", "course": "x"}}}',
    '{"data": {"type": "participant-ACT", "attributes": {"course_identifier": 1}}}',
    '{"data": {"type": "participant-ACT", "attributes": {"course_identifier": ["ecf-mentor"]}}}',
    '{"data": {"type": "participant-ACT", "attributes": GOOD, "x": NaN}}',
    '{"data": {"type": "participant-ACT", "attributes": GOOD, "x": -Infinity}}',
    '{"data": {}, "data": {"type": "participant-ACT", "attributes": GOOD}}',
    '{"data": {"type": "participant-ACT", "attributes": {"reason": "other", "reason": "other", "course": "x"}}}',
]

WRONG_REASONS = ["1", "1.5", "true", "[]", '["other"]', "{}", '{"reason": "other"}', "1e999"]


def refused_as_unreadable(visitor, participant, act, data):
    response = ask(visitor, "put", address(participant, act), data=data, content_type="application/json")
    assert response.status_code == 400, data[:100]
    [error] = response.json["errors"]
    assert error["title"] == "Bad request"
    assert f"participant-{act}" in error["detail"], "says what it should be"


def test_a_body_that_is_not_json_of_this_kind(visitor, hannah):
    before = stored()
    for act, sent in product(ACTS, UNREADABLE):
        refused_as_unreadable(visitor, hannah, act, sent)
    assert stored() == before


def test_a_body_that_is_not_in_the_documented_shape(visitor, hannah):
    before = stored()
    for act, sent in product(ACTS, MISSHAPEN):
        refused_as_unreadable(visitor, hannah, act, sent.replace("ACT", act).replace("GOOD", GOOD))
    assert stored() == before


def test_a_reason_is_text(visitor, hannah):
    before = stored()
    for act, reason in product(("withdraw", "defer"), WRONG_REASONS):
        sent = json.dumps(body(act, {"course_identifier": "ecf-induction", "reason": "REASON"}))
        refused_as_unreadable(visitor, hannah, act, sent.replace('"REASON"', reason))
    assert stored() == before


def test_a_reason_may_be_any_text_but_only_known_ones_are_recognised(visitor, hannah):
    for reason in ("\ud800", "\0", "other\n", "оther", "x" * 60_000, "'#/reason'", "<b>"):
        response = tell(visitor, "withdraw", hannah, reason=reason)
        assert response.status_code == 422
        assert said(response) == [("reason", "'#/reason' is not recognised")]


def test_a_reason_is_nothing_that_resuming_knows(visitor, hannah):
    refused_as_unreadable(visitor, hannah, "resume", json.dumps(body("resume", {"reason": "other"})))


def test_a_withdrawal_is_not_sent_to_defer(visitor, hannah):
    refused_as_unreadable(visitor, hannah, "defer", json.dumps(body("withdraw", attributes_of("withdraw", hannah))))


def test_more_than_64_kilobytes_is_too_much(visitor, hannah):
    attributes = attributes_of("withdraw", hannah)
    for extra, status in ((64 * 1024, 413), (60 * 1024, 200)):
        said = body("withdraw", attributes | {"note": "x" * extra})
        response = ask(visitor, "put", address(hannah, "withdraw"), json=said)
        assert response.status_code == status
        assert status == 200 or response.json["errors"][0]["title"] == "Request Entity Too Large"


def test_what_is_not_known_is_ignored(visitor, hannah):
    attributes = attributes_of("withdraw", hannah) | {"withdrawn_at": "2020-01-01", "evidence": {"held": [1, None]}}
    said = {"data": {"id": "x", "type": "participant-withdraw", "attributes": attributes}, "meta": [], "jsonapi": {}}
    assert ask(visitor, "put", address(hannah, "withdraw"), json=said).status_code == 200
    [period] = hannah.training_periods
    assert period.withdrawn_at == now()


def test_json_is_read_whatever_it_is_called(visitor, hannah):
    """Client libraries name it in their own ways and curl calls it a form; what counts is what is in the body."""
    sent = json.dumps(body("withdraw", attributes_of("withdraw", hannah) | {"reason": "unknown"}))
    for content_type in (
        *("application/json", "application/json; charset=utf-8", "application/vnd.api+json", None),
        *("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "nonsense"),
    ):
        response = ask(visitor, "put", address(hannah, "withdraw"), data=sent, content_type=content_type)
        assert (response.status_code, codes(response)) == (422, ["unknown"]), content_type


# --- whom it may be about ----------------------------------------------------------------------------------


def test_nobody_and_nobody_of_the_providers_are_the_same(visitor, hannah):
    """Somebody else's, somebody who only may become theirs, and an id that nobody has."""
    before = stored()
    others = [
        (address(person(name, role)), by)
        for name, role, by in (
            ("Hannah Clarke", "ect", TEACH_FIRST),
            ("Steven Taylor", "ect", "Capita"),
            ("Laura Mitchell", "ect", AMBITION),
            ("John Doe", "mentor", TEACH_FIRST),
            ("Oliver Bennett", "ect", TEACH_FIRST),
            ("Thomas Walker", "ect", AMBITION),
            ("Margaret Evans", "mentor", AMBITION),
        )
    ]
    ids = ("1", "x", "%00", "%F0%9F%90%88", "null", "5f0c3a52-0000-4000-8000-00000000000", "' or 1=1 --", "9" * 300)
    others += [(f"/api/v3/participants/{each}", AMBITION) for each in (uuid.UUID(int=7), *ids)]
    for path, by in others:
        response = ask(visitor, "get", path, by)
        assert (response.status_code, response.json) == (404, NOT_FOUND), path
        for act in ACTS:
            response = ask(visitor, "put", f"{path}/{act}", by, json=body(act, attributes_of(act, hannah)))
            assert (response.status_code, response.json) == (404, NOT_FOUND), path
    assert stored() == before


def test_somebody_stays_visible_to_each_provider_that_ever_confirmed(visitor, hannah):
    live_through(hannah, [(date(2026, 4, 13), given_to_teach_first), (date(2026, 4, 14), leaving(date(2026, 4, 15)))])
    assert ask(visitor, "get", address(hannah)).json["data"]["id"] == str(hannah.teacher.api_id)
    assert ask(visitor, "get", address(hannah), TEACH_FIRST).status_code == 404, "it has not confirmed"


def test_no_filter_changes_what_one_participant_is(visitor, hannah):
    plain = ask(visitor, "get", address(hannah))
    for query in ("filter=x", "filter[training_status]=withdrawn", "sort=nonsense", "page[page]=0"):
        response = ask(visitor, "get", f"{address(hannah)}?{query}")
        assert (response.status_code, response.text) == (200, plain.text)


# --- the order of the checks -------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS)
def test_the_first_thing_that_is_wrong_is_answered(visitor, hannah, act):
    """401, then 400, then 404, then 422, whatever else is wrong."""
    if act == "resume":
        tell(visitor, "defer", hannah)
        TrainingPeriod.update(finished_on=date(2026, 4, 13)).where(TrainingPeriod.participant == hannah).execute()
    before = stored()
    for number, status in enumerate((401, 400, 404, 422, 200)):
        attributes = attributes_of(act, hannah) | ({"course_identifier": "unknown"} if number < 4 else {})
        path = address(hannah, act)
        path = path.replace(str(hannah.teacher.api_id), str(uuid.UUID(int=7))) if number < 3 else path
        sent = {"data": attributes} if number < 2 else body(act, attributes)
        response = ask(visitor, "put", path, headers={"Authorization": "Bearer x"} if number < 1 else {}, json=sent)
        assert response.status_code == status
        assert (stored() == before) == (status != 200)


def test_too_much_is_not_read_before_the_token(visitor, hannah):
    response = ask(
        visitor, "put", address(hannah, "withdraw"), headers={"Authorization": "Bearer x"}, data=b"x" * 70_000
    )
    assert response.status_code == 401


def test_everything_the_rules_refuse_is_said_at_once_in_their_order(visitor, hannah):
    assert tell(visitor, "withdraw", hannah).status_code == 200
    before = stored()
    response = tell(visitor, "withdraw", hannah, reason="left_teaching_profession")
    assert response.status_code == 422
    assert said(response) == [
        ("reason", "'#/reason' is not recognised"),
        ("participant_id", "'#/participant_id' has been withdrawn already"),
    ]
    response = tell(visitor, "defer", hannah, course_identifier=None, reason=None)
    assert response.status_code == 422
    assert said(response) == [
        ("course_identifier", "'#/course_identifier' must be given"),
        ("reason", "'#/reason' must be given"),
    ]
    assert stored() == before


def test_an_attribute_that_is_missing_is_a_rule_and_not_a_shape(visitor, hannah):
    for act, left_out in (("withdraw", "reason"), ("defer", "course_identifier")):
        attributes = {name: value for name, value in attributes_of(act, hannah).items() if name != left_out}
        response = ask(visitor, "put", address(hannah, act), json=body(act, attributes))
        assert response.status_code == 422
        assert said(response) == [(left_out, f"'#/{left_out}' must be given")]


# --- what there is -----------------------------------------------------------------------------------------


def test_a_method_or_an_address_that_there_is_not(visitor, hannah):
    before, sent = stored(), body("withdraw", attributes_of("withdraw", hannah))
    for method, act, allowed in (
        *((method, "", {"GET", "HEAD", "OPTIONS"}) for method in ("patch", "put", "post", "delete")),
        *((method, act, {"PUT", "OPTIONS"}) for method in ("patch", "get", "post", "delete") for act in ACTS),
    ):
        headers = {"X-HTTP-Method-Override": "PUT"}
        response = ask(visitor, method, address(hannah, act), headers=headers, json=sent)
        assert response.status_code == 405
        assert set(response.headers["Allow"].split(", ")) == allowed
        assert response.json["errors"][0]["title"] == "Method Not Allowed"
    of_hannah = f"participants/{hannah.teacher.api_id}"
    for path in ("", "participant", f"{of_hannah}/", f"{of_hannah}/leave", "../v2/schools"):
        for method in ("get", "put"):
            response = ask(visitor, method, f"/api/v3/{path}")
            assert (response.status_code, response.json) == (404, NOT_FOUND)
    assert stored() == before


# --- what is done ------------------------------------------------------------------------------------------


def test_withdrawn_deferred_and_resumed(visitor, hannah):
    """Each answer is the participant as they are then, and the school sees it at once."""
    naomi = visitor.sign_in("Naomi Fletcher")
    record = f"/school/ects/{hannah.id}"
    for day, act, told, seen in (
        (date(2026, 4, 20), "defer", ("deferred", "left"), "Training paused"),
        (date(2026, 4, 21), "resume", ("active", "active"), "Registered"),
        (date(2026, 4, 22), "withdraw", ("withdrawn", "left"), "Action required"),
    ):
        with clock_at(day):
            response = tell(visitor, act, hannah)
            assert response.status_code == 200
            assert response.text == ask(visitor, "get", address(hannah)).text
            [enrolment] = response.json["data"]["attributes"]["ecf_enrolments"]
            assert (enrolment["training_status"], enrolment["participant_status"]) == told
            assert naomi.get(record).row("Status").startswith(seen)
            repeated = tell(visitor, act, hannah)
            assert repeated.status_code == 422, "only reading can be repeated"
    after = Participant.get_by_id(hannah.id)
    assert after.version == after.events.count() == 3


def test_a_refusal_leaves_the_time_of_the_last_change_alone(visitor, hannah):
    with clock_at(TODAY + timedelta(days=1)):
        tell(visitor, "withdraw", hannah)
    with clock_at(TODAY + timedelta(days=2)):
        before = ask(visitor, "get", address(hannah)).text
        assert tell(visitor, "withdraw", hannah).status_code == 422
        assert ask(visitor, "get", address(hannah)).text == before
