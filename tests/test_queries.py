"""How much each page asks of the database: so many queries, however many people and events there are. What begins or
ends a transaction, and what locks, isn't counted."""

import re

import pytest

from tests.conftest import TODAY, both_engines
from tests.given import ect, mentor, withdrawn
from tests.reports import april, leaving, resumed
from tests.walks import WALKS

LISTS = {"ect": "/school/ects", "mentor": "/school/mentors"}
RECORD = LIST = 3
STEP = 2
ANSWER = STEP + 1
CONFIRM = 8
NOT_A_QUERY = re.compile(
    r"(BEGIN|SAVEPOINT|RELEASE|COMMIT|ROLLBACK|SELECT pg_advisory_xact_lock|.* FOR UPDATE)", re.DOTALL
)

both_roles = pytest.mark.parametrize("given", [ect, mentor])


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


@both_roles
def test_a_record(naomi, asked, given):
    eventful = given((april(8), withdrawn), (april(15), resumed), (TODAY, leaving(TODAY)))
    list_ = LISTS[eventful.role]
    assert asked("get", f"{list_}/{given(name='Kim Quiet').id}") == asked("get", f"{list_}/{eventful.id}") == RECORD


@both_roles
def test_a_list_of_three_and_of_twenty(naomi, asked, given):
    address = LISTS[[given((april(8), withdrawn), name=f"Kim Number{number}") for number in range(3)][-1].role]
    assert asked("get", f"{address}?q=kim") == LIST
    for number in range(3, 20):
        given(name=f"Kim Number{number}")
    assert asked("get", f"{address}?q=kim") == LIST
    assert naomi.response.text.count("Kim Number") >= 20


@both_engines
@pytest.mark.parametrize("walk", WALKS, ids=str)
def test_a_journey(naomi, asked, walk):
    # The mentors of a school are looked up; everything else that may be chosen comes along.
    offered = 1 if walk.journey == "change-mentor" else 0
    for page, button, answers in walk.steps():
        assert asked("get", page) <= STEP + offered
        naomi.get(page)
        *_, sent = naomi.filled_in(button, **answers)
        assert asked("post", page, data=sent) <= ANSWER + 2 * offered
    check = walk.page("check-answers")
    assert asked("get", check) <= STEP + offered
    *_, sent = naomi.get(check).filled_in(walk.confirm)
    assert asked("post", check, data=sent) <= CONFIRM
    assert naomi.response.location.endswith("confirmation")
    assert asked("get", walk.page("confirmation")) <= STEP
