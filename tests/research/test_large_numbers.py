"""Numbers that no column holds, sent to the console: 404, or refused on the page, never a fault."""

from itertools import product

from tests.research.conftest import stored, task_of
from tests.test_large_numbers import TOO_LARGE, check_addresses

OF_A_TASK = {
    "ease": ["ease"],
    "provider": ["participant_id", "act"],
    "outcome": ["outcome", "judged"],
    "close": ["key"],
}
OF_A_SESSION = {"consent": ["consent"], "notes": ["key"], "profile": ["lead_provider"], "end": ["note_key"]}
QUERIES = {"": ["note"], "/feed": ["seen"]}
KNOWN = {"row_id": "1", "name": "S01", "act": "open"}


def test_in_every_address(research, moderator, held):
    session = held("S01")
    token = {"csrf_token": moderator.get(f"/research/sessions/{session.id}").value("csrf_token")}
    before = stored()
    check_addresses(research, moderator, KNOWN, prefix="research.", data=token)
    assert stored() == before


def test_in_every_query_and_form(moderator, held):
    session = held("S01")
    page, task = f"/research/sessions/{session.id}", f"/research/tasks/{task_of(session).id}"
    token = {"csrf_token": moderator.get(page).value("csrf_token")}
    for address, names in QUERIES.items():
        for name, number in product(names, TOO_LARGE):
            assert moderator.send("get", page + address, query_string={name: number}).status_code == 200
    forms = {f"{task}/{act}": names for act, names in OF_A_TASK.items()}
    forms |= {f"{page}/{act}": names for act, names in OF_A_SESSION.items()}
    forms |= {"/research/sign-in": ["person_id"], "/research/rounds/new": ["sessions", "retention_days"]}
    for (address, names), number in product(forms.items(), TOO_LARGE):
        sent = token | dict.fromkeys(names, number)
        response = moderator.send("post", address, data=sent, follow_redirects=False)
        assert response.status_code in (303, 400, 422), (address, number, response.status)
