"""How much each page asks of the database: so many queries, however many people and events there are. What begins or
ends a transaction, and what locks, isn't counted."""

import re
from collections import Counter
from datetime import UTC, datetime
from importlib import import_module

import apsw
import pytest
from peewee import IntegrityError

from database import db
from database.rows import insert
from domain import participants, training
from forms import Question
from models import Answers, LeadProvider, SchoolUser
from scenarios import demo
from tests.conftest import TODAY, both_engines
from tests.given import ect, mentor, withdrawn
from tests.reports import april, leaving, resumed
from tests.walks import EACH_JOURNEY, WALKS, each_journey, walks

LISTS = {"ect": "/school/ects", "mentor": "/school/mentors"}
RECORD = LIST = 3
STEP = 2
ANSWER = STEP + 1
CONFIRM = 9
NOT_A_QUERY = re.compile(
    r"(BEGIN|SAVEPOINT|RELEASE|COMMIT|ROLLBACK|SELECT pg_advisory_xact_lock|.* FOR UPDATE)", re.DOTALL
)

API_LISTS = [
    "participants",
    "unfunded-mentors",
    "participants?filter[cohort]=2025",
    "participants?sort=-updated_at",
    "participants?filter[updated_since]=2026-04-01T00:00:00Z",
    "participants?filter[training_status]=withdrawn",
    "participants/transfers",
    "schools?filter[cohort]=2025",
    "partnerships",
]


@pytest.fixture
def asked(naomi, caplog):
    """Sends a request; gives how many queries it took."""

    def asked(method: str, path: str, **kwargs) -> int:
        caplog.clear()
        with caplog.at_level("DEBUG", "peewee"):
            naomi.response = naomi.send(method, path, follow_redirects=False, **kwargs)
        assert naomi.response.status_code in (200, 303)
        written = [record.msg[0] for record in caplog.records if record.name == "peewee"]
        return len([sql for sql in written if not NOT_A_QUERY.match(sql)])

    return asked


@pytest.mark.parametrize("given", [ect, mentor])
def test_a_record_and_a_list_of_three_and_of_twenty(naomi, asked, given):
    eventful = given((april(8), withdrawn), (april(15), resumed), (TODAY, leaving(TODAY)))
    quiet = [given(name=f"Kim Quiet{number}") for number in range(3)][-1]
    list_ = LISTS[eventful.role]
    assert asked("get", f"{list_}/{quiet.id}") == asked("get", f"{list_}/{eventful.id}") == RECORD
    assert asked("get", f"{list_}?q=kim") == LIST
    for number in range(3, 20):
        given(name=f"Kim Quiet{number}")
    assert asked("get", f"{list_}?q=kim") == LIST
    assert naomi.response.text.count("Kim Quiet") >= 20


@walks([*EACH_JOURNEY.values(), *(walk for walk in WALKS if walk.role == "mentor" or "Emily" in walk.name)])
def test_a_journey(naomi, asked, walk):
    # The mentors of a school are looked up, or one who may begin training, or which lead providers there are and with
    # whom the school works already; everything else comes along.
    offered = {"change-mentor": 1, "change-lead-provider": 2, "change-training-programme": 3}.get(walk.journey, 0)
    # And of somebody who is leaving, how everything was before.
    was = int(walk.participant.is_leaving)
    for page, button, answers in walk.steps():
        assert asked("get", page) <= STEP + offered
        naomi.get(page)
        *_, sent = naomi.filled_in(button, **answers)
        assert asked("post", page, data=sent) <= ANSWER + 2 * offered + was
    check = walk.page("check-answers")
    doubted = walk.journey == "change-email-address"  # who else has it is looked up
    assert asked("get", check) <= STEP + offered + doubted + was
    *_, sent = naomi.get(check).filled_in(walk.confirm)
    assert asked("post", check, data=sent) <= CONFIRM + doubted + 2 * was + 2 * (offered > 1)
    assert naomi.response.location.endswith("confirmation")
    assert asked("get", walk.page("confirmation")) <= STEP


@pytest.fixture
def calls(monkeypatch) -> Counter:
    """Counts calls of what each answer needs: its form's check, and the lead providers or mentors that are offered."""
    counts = Counter()

    def count(owner, name: str):
        counted = getattr(owner, name)

        def counting(*args, **kwargs):
            counts[name] += 1
            return counted(*args, **kwargs)

        monkeypatch.setattr(owner, name, counting)

    count(Question, "validate")
    count(training, "offered_lead_providers")
    count(participants, "offered_mentors")
    return counts


@each_journey
def test_an_answer_is_checked_once_and_asks_once_who_is_offered(naomi, calls, walk):
    for number, (page, button, answers) in enumerate(walk.steps(), 1):
        path, _, sent = naomi.get(page).filled_in(button, **answers)
        for _ in ("the first time", "changed"):
            calls.clear()
            assert naomi.send("post", path, data=sent, follow_redirects=False).status_code == 303
            assert calls.pop("validate") == number, "with the questions before it"
            assert set(calls.values()) <= {1}


FEW = {
    "latest_update",
    "contract_period",
    "active_lead_provider",
    "lead_provider",
    "delivery_partner",
    "delivery_partnership",
}
"""Tables of a few rows, whatever the country's size: to read them whole is quickest."""


def read_whole(sql: str, params, engine: str) -> set[str]:
    """The tables of which this query reads every row."""
    if engine == "sqlite":
        plan = [row[3] for row in db.execute_sql(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()]
        names = dict(re.findall(r'"(\w+)" AS "(t\d+)"', sql))
        names = {alias: table for table, alias in names.items()}
        scanned = [re.match(r"SCAN (\w+)$", step) for step in plan]
        return {names.get(each[1], each[1]) for each in scanned if each} - {"json_each", "CONSTANT"}
    # Among few rows PostgreSQL would always read them all. Forbidden to, it does where no index serves.
    plan = "\n".join(row[0] for row in db.execute_sql(f"EXPLAIN {sql}", params).fetchall())
    return set(re.findall(r"Seq Scan on (\w+)", plan))


@pytest.fixture
def queries(naomi, asked, app, caplog) -> list[tuple[str, list]]:
    """What pages and the API's lists ask: SQL, and its values."""
    steven = ect((april(8), withdrawn))
    record = f"/school/ects/{steven.id}"
    with app.app_context():
        token = demo.token_of(LeadProvider.get(name="Ambition Institute"))
    queries = []
    for path, headers in (
        *((path, {}) for path in (record, "/school/ects", "/school/ects?q=quiet", "/school/mentors")),
        *((f"{record}/change-lead-provider/{page}", {}) for page in ("lead-provider", "check-answers")),
        *((f"{record}/{page}", {}) for page in ("change-mentor/mentor", "change-training-programme/lead-provider")),
        (f"{record}/news?since=0", {"HX-Request": "true"}),
        *((f"/api/v3/{path}", {"Authorization": f"Bearer {token}"}) for path in API_LISTS),
    ):
        asked("get", path, headers=headers)
        queries += [record.msg for record in caplog.records if record.name == "peewee"]
    return [(sql, params) for sql, params in queries if sql.startswith("SELECT")]


@both_engines
def test_every_query_of_pages_and_lists_finds_its_rows_by_an_index(queries, engine):
    if engine == "postgresql":
        db.execute_sql("SET enable_seqscan = off")
    assert not {(table, sql) for sql, params in queries for table in read_whole(sql, params, engine) - FEW}


def test_a_query_that_was_asked_before_is_not_planned_again(queries):
    """SQLite can plan one anew for each value that is asked with, which takes longer than to answer it."""
    looked_up = []
    db.connection().authorizer = lambda *what: looked_up.append(what) or apsw.SQLITE_OK  # asked while it plans
    for is_known in (False, True):
        for sql, params in queries:
            db.execute_sql(sql, params).fetchall()
            assert not (is_known and looked_up), sql
        assert is_known or looked_up
        looked_up.clear()


def test_a_wider_index_comes_with_statistics_where_others_have_some(world):
    wider = import_module("database.migrations.0015_indexes_of_the_api")
    db.execute_sql("ANALYZE")
    wider.down(None, db.obj)
    wider.up(None, db.obj)
    known = {name for (name,) in db.execute_sql("SELECT idx FROM sqlite_stat1").fetchall()}
    assert {after for after, _ in wider.WIDER.values()} <= known


def test_who_is_on_a_page_of_the_api_an_index_alone_tells(queries):
    of_people = re.compile(r'SELECT .*"updated_at" FROM "(enrolment|mentor_of_ect)" .* ORDER BY')
    pages = [(sql, params) for sql, params in queries if of_people.match(sql)]
    assert len(pages) == 6
    for sql, params in pages:
        (outer, *_) = (row[3] for row in db.execute_sql(f"EXPLAIN QUERY PLAN {sql}", params).fetchall())
        assert outer.startswith("SEARCH t1 USING COVERING INDEX"), (sql, outer)


@both_engines
def test_a_row_inserted_by_sql_that_is_written_once_is_read_as_it_was(world):
    key = {"school_user": SchoolUser.get(), "journey": "change-name", "participant": ect(), "event": None}
    rows = [
        Answers(**key, posted={"name": {"name": ["Zoë “Z” O’Neil"]}}, confirmed="3.4711"),
        Answers(**key, confirmed=None, updated_at=datetime(2026, 4, 21, 7, 5, 9, 123456, UTC)),
    ]
    ids = []
    for row in rows:
        insert(row, unique=("school_user", "journey", "participant"))
        assert Answers.get().__data__ == row.__data__
        ids.append(row.id)
    assert len(set(ids)) == 1
    with pytest.raises(IntegrityError):
        insert(Answers(**key))


@both_engines
def test_rows_inserted_together_each_get_their_own_id(world):
    key = {"school_user": SchoolUser.get(), "participant": ect()}
    rows = [Answers(**key, journey=f"change-{number}") for number in range(12)]
    insert(*rows)
    assert {row.id: row.journey for row in rows} == {row.id: row.journey for row in Answers.select()}
