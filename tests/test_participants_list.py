"""The list of participants through HTTP: filters, order, pages, what may be asked, and what an answer costs. And who
asks only for what has changed misses nothing."""

import gzip
import json
import shutil
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from contextvars import copy_context
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

import database
from clock import clock_at
from database import db, is_postgresql
from domain import participants, reports
from models import Enrolment, LeadProvider, Participant, ParticipantIdChange, Teacher, TrainingPeriod
from scenarios import large
from tests.conftest import TODAY, both_engines, person
from tests.provider import Poller
from tests.reports import (
    AMBITION,
    ST_JOHNS,
    TEACH_FIRST,
    address,
    ask,
    given_to_teach_first,
    leaving,
    live_through,
    made_school_led,
    person_at,
    said,
    tell,
    train,
    tutor_of,
)
from views import lead_provider_api
from views.lead_provider_api import pages

AMBITIONS = ["Alison Hughes", "Emily Roberts", "Gustav Brown", "Hannah Clarke", "John Doe", "Steven Taylor"]
"""Whom Ambition Institute has or had in confirmed training."""


def listed(visitor, query: str = "", by: str = AMBITION, status: int = 200) -> list[dict]:
    response = ask(visitor, "get", f"/api/v3/participants?{query}", by)
    assert response.status_code == status, response.text
    return response.json.get("data")


def names(visitor, query: str = "", by: str = AMBITION) -> list[str]:
    return [each["attributes"]["full_name"] for each in listed(visitor, query, by)]


# --- who is listed -----------------------------------------------------------------------------------------


@both_engines
def test_everybody_whom_the_provider_trains_or_trained(visitor):
    assert sorted(names(visitor)) == AMBITIONS
    for each in listed(visitor):
        assert each == ask(visitor, "get", f"/api/v3/participants/{each['id']}").json["data"]
    assert names(visitor, by="Capita") == []
    assert "Oliver Bennett" not in names(visitor, by=TEACH_FIRST), "it hasn't confirmed"


def test_nobody_disappears(visitor):
    """Given to another provider, made school-led or gone: whom it once trained, it goes on seeing."""
    live_through(person("Hannah Clarke"), [(TODAY, given_to_teach_first)])
    live_through(person("Gustav Brown"), [(TODAY, made_school_led)])
    live_through(person("Emily Roberts"), [(TODAY, leaving(TODAY))])
    with clock_at(TODAY + timedelta(days=30)):
        assert sorted(names(visitor)) == AMBITIONS


FILTERS = {
    "filter[cohort]=2025": ["Hannah Clarke"],
    "filter[cohort]=2024, 2025": ["Emily Roberts", "Hannah Clarke", "Steven Taylor"],
    "filter[cohort][]=2024&filter[cohort][]=2025": ["Emily Roberts", "Hannah Clarke", "Steven Taylor"],
    "filter[cohort]=2025,x,99999999999": ["Hannah Clarke"],
    "filter[cohort]=２０２５": [],
    "filter[cohort]=%20": AMBITIONS,
    "filter[training_status]=withdrawn": ["Steven Taylor"],
    "filter[training_status]=deferred": ["Gustav Brown"],
    "filter[training_status]=active": ["Alison Hughes", "Emily Roberts", "Hannah Clarke", "John Doe"],
    "filter[training_status]=WITHDRAWN": [],
    "filter[training_status]=": AMBITIONS,
    "filter[updated_since]=2026-04-20T12:00:00%2B01:00": AMBITIONS,
    "filter[updated_since]=2026-04-20T12:00:00+01:00": AMBITIONS,
    "filter[updated_since]=2026-04-20T11%253A00%253A00Z": AMBITIONS,
    "filter[updated_since]=2026-04-20t11:00:00z": AMBITIONS,
    "filter[updated_since]=2026-04-19T24:00:00Z": AMBITIONS,
    "filter[updated_since]=2026-04-20T11:59:60Z": [],
    "filter[updated_since]=2026-04-20T11:00:01Z": [],
    "filter[updated_since]=9999-12-31T23:59:59-14:00": [],
    "filter[updated_since]=9999-12-31T24:00:00Z": [],
    "filter[updated_since]=0001-01-01T00:00:00%2B14:00": AMBITIONS,
    "filter[updated_since]=": AMBITIONS,
    "filter[cohort]=2024&filter[training_status]=withdrawn": ["Steven Taylor"],
    "filter[cohort]=2025&filter[training_status]=withdrawn": [],
    "filter[from_participant_id]=": AMBITIONS,
    "filter[from_participant_id]=x": [],
    "filter[name]=Steven&other=1": AMBITIONS,
}


@both_engines
def test_filters(visitor):
    for query, expected in FILTERS.items():
        assert (query, sorted(names(visitor, query))) == (query, expected)


def test_the_winning_status_counts_in_either_role(visitor):
    """Deferred, then withdrawn, is withdrawn. A mentor of the same person counts too."""
    gustav = person("Gustav Brown")
    tell(visitor, "withdraw", gustav)
    assert "Gustav Brown" not in names(visitor, "filter[training_status]=deferred")
    mentor = person_at(ST_JOHNS, "mentor", gustav.teacher)
    train(mentor, year=2024)
    assert "Gustav Brown" in names(visitor, "filter[training_status]=active")
    assert "Gustav Brown" in names(visitor, "filter[training_status]=withdrawn")
    assert names(visitor, "filter[cohort]=2023,2024").count("Gustav Brown") == 1


@both_engines
def test_somebody_is_found_by_an_id_of_before(visitor):
    hannah = person("Hannah Clarke")
    change = ParticipantIdChange.create(
        teacher=hannah.teacher, from_participant_id="5f0c3a52-0000-4000-8000-000000000009"
    )
    [found] = listed(visitor, "filter[from_participant_id]=5f0c3a52-0000-4000-8000-000000000009")
    assert found["id"] == str(hannah.teacher.api_id)
    assert found["attributes"]["participant_id_changes"] == [
        {
            "from_participant_id": str(change.from_participant_id),
            "to_participant_id": str(hannah.teacher.api_id),
            "changed_at": "2026-04-20T11:00:00Z",
        }
    ]
    assert listed(visitor, "filter[from_participant_id]=5f0c3a52-0000-4000-8000-000000000009", TEACH_FIRST) == []
    response = ask(visitor, "get", "/api/v3/participants/5f0c3a52-0000-4000-8000-000000000009")
    assert response.status_code == 404, "it is nobody's id any more"


# --- in which order, and how many --------------------------------------------------------------------------


@both_engines
def test_orders_and_pages(visitor):
    for number, name in enumerate(AMBITIONS):
        role = "mentor" if name in ("Alison Hughes", "John Doe") else "ect"
        moments = {
            "created_at": datetime(2026, 4, 1 + number, tzinfo=UTC),
        }
        Teacher.update(**moments).where(Teacher.id == person(name, role).teacher_id).execute()
    tell(visitor, "defer", person("Hannah Clarke"))
    assert names(visitor) == names(visitor, "sort=created_at") == AMBITIONS
    assert names(visitor, "sort=-created_at") == AMBITIONS[::-1]
    assert names(visitor, "sort=updated_at")[-1] == names(visitor, "sort=-updated_at")[0] == "Hannah Clarke"
    pages = [names(visitor, f"page[per_page]=4&page[page]={page}") for page in (1, 2, 3)]
    assert pages == [AMBITIONS[:4], AMBITIONS[4:], []]
    assert names(visitor, "page[page]=99999999999999999999999") == []
    assert names(visitor, f"page[per_page]={'9' * 30}") == AMBITIONS


WHOLE = "page[page] must be a whole number, 1 or more"
SORT = "sort must be one of created_at, -created_at, updated_at, -updated_at"
WRONG = {
    **{f"page[page]={number}": WHOLE for number in ("0", "-1", "one", "１", "1.0", "")},
    "page[per_page]=0": "page[per_page] must be a whole number, 1 or more",
    **{f"sort={order}": SORT for order in ("name", "", "created_at,updated_at")},
    "sort=created_at&sort=updated_at": "sort is given twice",
    "filter[cohort]=2024&filter[cohort]=2025": "filter[cohort] is given twice",
    **{
        f"filter[updated_since]={text}": "filter[updated_since] must be a date and time with a time zone in "
        "ISO 8601, such as 2026-04-20T09:00:00Z"
        for text in ("yesterday", "2026-04-20", "2026-04-20T09:00:00", "2026-13-20T09:00:00Z", "1745139600", "09:00Z")
    },
}


def test_what_is_not_in_the_documented_form_is_refused(visitor):
    for query, detail in WRONG.items():
        response = ask(visitor, "get", f"/api/v3/participants?{query}")
        assert (query, response.status_code) == (query, 400)
        assert said(response) == [("Bad request", detail)]
    for query in ("filter=x", "filter=", "filter[]=x", "page=2", "filter=x&filter[cohort]=2025"):
        response = ask(visitor, "get", f"/api/v3/participants?{query}")
        name = query[: query.index("=")].removesuffix("[]")
        detail = f"{name} must be given as {name}[…]=…"
        assert (query, response.status_code) == (query, 400)
        assert said(response) == [("Bad parameter", detail)]


# --- what an answer costs ----------------------------------------------------------------------------------


def test_a_page_takes_as_many_queries_however_many_are_on_it(visitor, caplog):
    with clock_at(TODAY):
        list(large.add_schools(6, seed=1, ects=4))
    ask(visitor, "get", "/api/v3/participants")  # and write down that the token was used
    for path in ("participants", "participants/transfers", "schools?filter[cohort]=2025", "partnerships"):
        counts = set()
        for per_page in (1, 5, 12):
            caplog.clear()
            with caplog.at_level("DEBUG", "peewee"):
                response = ask(visitor, "get", f"/api/v3/{path}{'&' if '?' in path else '?'}page[per_page]={per_page}")
            assert len(response.json["data"]) == per_page or path != "participants"
            counts.add(sum(record.name == "peewee" for record in caplog.records))
        assert len(counts) == 1, path
        assert counts.pop() <= 18, path  # one of them asks whether a new day has been told


def test_an_answer_that_is_known_is_not_sent_again(visitor):
    hannah = person("Hannah Clarke")
    paths = ["participants", "participants?filter[cohort]=2025", address(hannah)[8:]]
    paths += ["schools?filter[cohort]=2025", "delivery-partners", "partnerships"]
    before = {}
    for path in paths:
        response = ask(visitor, "get", f"/api/v3/{path}")
        before[path] = response.headers["ETag"]
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert set(response.headers["Vary"].split(", ")) >= {"Authorization", "Accept-Encoding"}
        for known in (before[path], f'"x", {before[path]}', "*"):
            again = visitor.send(
                "get",
                f"/api/v3/{path}",
                headers={"If-None-Match": known, "Authorization": response.request.headers["Authorization"]},
            )
            assert (again.status_code, again.text) == (304, "")
            assert again.headers["ETag"] == before[path]
    with clock_at(datetime(2026, 4, 20, 12, tzinfo=UTC)):
        tell(visitor, "withdraw", hannah)
    after = {path: ask(visitor, "get", f"/api/v3/{path}").headers["ETag"] for path in paths}
    assert [path for path in paths if after[path] == before[path]] == [
        "schools?filter[cohort]=2025",
        "delivery-partners",
    ]
    with clock_at(TODAY + timedelta(days=1)):
        tomorrow = {path: ask(visitor, "get", f"/api/v3/{path}").headers["ETag"] for path in paths}
        assert not set(tomorrow.values()) & set(after.values()), "participant_status goes by the day"


def test_another_release_is_not_hidden_by_what_is_known(visitor, monkeypatch, tmp_path):
    """What an answer is made of is made otherwise."""
    ours = lead_provider_api.ROOT
    for folder in ("", "domain", "views/lead_provider_api"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for path in (ours / folder).glob("*.py"):
            shutil.copy(path, tmp_path / folder)
    monkeypatch.setattr(lead_provider_api, "ROOT", tmp_path)
    first = ask(visitor, "get", "/api/v3/participants")
    known, token = first.headers["ETag"], first.request.headers["Authorization"]

    def asked_again():
        """As a service that has just started answers."""
        lead_provider_api.release.cache_clear()
        return visitor.send("get", "/api/v3/participants", headers={"Authorization": token, "If-None-Match": known})

    assert asked_again().status_code == 304
    with (tmp_path / "views/lead_provider_api/participants.py").open("a") as file:
        file.write("# changed")
    again = asked_again()
    assert (again.status_code, again.headers["ETag"] == known) == (200, False)


def test_a_long_answer_is_compressed_for_whom_it_suits(visitor):
    plain = ask(visitor, "get", "/api/v3/participants")
    zipped = ask(visitor, "get", "/api/v3/participants", headers={"Accept-Encoding": "gzip, br"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert int(zipped.headers["Content-Length"]) == len(zipped.data) < len(plain.data) / 2
    assert json.loads(plain.data)["data"]


# --- keeping up with changes -------------------------------------------------------------------------------


def test_whoever_asks_for_what_has_changed_misses_nothing(visitor):
    """The school and the provider act between the polls, several times in one second; two pollers see the same as
    somebody who asks for everything, and neither sees the other's people."""
    moment = datetime(2026, 4, 20, 12, tzinfo=UTC)
    hannah, emily, john = person("Hannah Clarke"), person("Emily Roberts"), person("John Doe", "mentor")
    provider = LeadProvider.get(name=AMBITION)
    pollers = {by: Poller(partial(ask, visitor, "get", by=by), per_page=2) for by in (AMBITION, TEACH_FIRST)}
    steps = [
        (0, lambda: reports.defer(provider, hannah.teacher, course_identifier="ecf-induction", reason="other")),
        (0, lambda: reports.withdraw(provider, john.teacher, course_identifier="ecf-mentor", reason="other")),
        (0.4, lambda: given_to_teach_first(Participant.get_by_id(emily.id))),
        (0.6, lambda: leaving(TODAY + timedelta(days=1))(Participant.get_by_id(emily.id))),
        (86_400, lambda: reports.resume(provider, hannah.teacher, course_identifier="ecf-induction")),
        (0, lambda: made_school_led(Participant.get_by_id(hannah.id))),
    ]
    with clock_at(moment):
        assert [len(poller.poll()) > 0 for poller in pollers.values()] == [True, True]
        assert [poller.poll() for poller in pollers.values()] == [set(), set()], "nothing is told twice"
    for seconds, step in steps:
        moment += timedelta(seconds=seconds)
        with clock_at(moment):
            step()
            for by, poller in pollers.items():
                poller.poll()
                everything = {each["id"]: each for each in listed(visitor, "page[per_page]=3000", by)}
                assert poller.known == everything
    assert not pollers[AMBITION].known.keys() & pollers[TEACH_FIRST].known.keys()


@both_engines
@pytest.mark.parametrize("snapshot", [database.snapshot, nullcontext])
def test_who_is_changed_while_a_list_is_told_is_lost_only_without_the_snapshot(visitor, monkeypatch, snapshot):
    """Between the first of two people and the second both are changed, the first one first."""
    first, second = person("Emily Roberts"), person("Hannah Clarke")
    poller = Poller(partial(ask, visitor, "get"))
    thread = ThreadPoolExecutor(1)

    def change_both(hour: int) -> list[Future]:
        moments = [datetime(2026, 4, 20, hour, minute, tzinfo=UTC) for minute in (1, 2)]
        acts = [(change_email_address, each, at) for each, at in zip((first, second), moments, strict=True)]
        return [thread.submit(copy_context().run, *act) for act in acts]

    def meanwhile(sql: str, seconds: float) -> None:
        if 'FROM "participant_id_change"' in sql and not changes:  # the last query about those who are told together
            changes.extend(change_both(hour=14))
            if is_postgresql() or snapshot is nullcontext:  # otherwise they wait until the list is told
                wait(changes)

    with thread, clock_at(datetime(2026, 4, 20, 15, tzinfo=UTC)):
        before, changes = change_both(hour=13), []
        wait(before)
        poller.since = "2026-04-20T13:00:00Z"
        with monkeypatch.context() as patched:
            patched.setattr(lead_provider_api, "snapshot", snapshot)
            patched.setattr(pages, "AT_ONCE", 1)
            patched.setattr(database, "on_query", meanwhile)
            poller.poll()
        assert [change.result() for change in before + changes]
        poller.poll()
        lost = {each["id"] for each in listed(visitor) if each != poller.known.get(each["id"], each)}
    assert lost == (set() if snapshot is database.snapshot else {str(first.teacher.api_id)})


def change_email_address(participant: Participant, moment: datetime) -> str:
    email = f"at{moment:%H%M}@example.org"
    with db.connection_context(), clock_at(moment):
        participants.change_email_address(participant, tutor_of(participant), email=email)
    return email


def test_enrolments_follow_whatever_changes_the_training(world):
    """Also where no act does: somebody repairs data by hand."""
    hannah = person("Hannah Clarke")
    [period] = hannah.training_periods
    [enrolment] = Enrolment.select().where(Enrolment.teacher == hannah.teacher)
    assert (enrolment.training_period, enrolment.cohort, enrolment.training_status) == (period, 2025, "active")
    marks = {"finished_on": TODAY, "withdrawn_at": datetime(2026, 4, 20, tzinfo=UTC), "withdrawal_reason": "other"}
    TrainingPeriod.update(**marks).where(TrainingPeriod.id == period.id).execute()
    assert Enrolment.get(teacher=hannah.teacher).training_status == "withdrawn"
    later = train(hannah, TEACH_FIRST, started_on=date(2026, 5, 1))
    assert Enrolment.select().where(Enrolment.teacher == hannah.teacher).count() == 2
    later.delete_instance()
    period.delete_instance()
    told = {
        (row.lead_provider.name, row.training_period, row.training_status)
        for row in Enrolment.select().where(Enrolment.teacher == hannah.teacher)
    }
    assert told == {(AMBITION, None, "active"), (TEACH_FIRST, None, "active")}, (
        "whom they were told of, they go on being told of"
    )
