"""An empty database outside the demo is filled by files alone. Then everything happens that the service is for: a
school signs in through a provider of identities, a lead provider agrees with it and withdraws somebody, and the school
sees it and acts."""

import json

import pytest

from clock import clock_at
from domain import data_checks
from models import Participant, Teacher
from tests.conftest import TODAY, both_engines
from tests.filling.conftest import IMPORTS
from tests.identity import AVA, Way, outside_the_demo
from tests.visitor import Visitor

# What the provider of the tests uses of Authlib is going to change its name.
pytestmark = [both_engines, pytest.mark.filterwarnings("ignore:get_jwt_config")]


def test_filled_by_files_alone(flask, bring, issuer):
    for kind in (*IMPORTS, "people"):
        bring(kind, flask("import", kind, "--example"))
    token = flask("tokens", "create", "--lead-provider", "Ambition Institute").strip()
    with clock_at(TODAY):
        service = outside_the_demo(issuer)
    # A school’s induction tutor signs in, known by the address in the file.
    school = Visitor(service)
    way = Way(school, issuer)
    organisation = {"id": "an-id", "name": "Applefield", "urn": "900101", "category": {"id": "001"}}
    nina = {"given_name": "Nina", "family_name": "Fox", "email": "nina.fox@example.org", "organisation": organisation}
    way.knows("nina", **AVA | nina)
    way.sign_in("nina", "/school/ects")
    assert "Theo Hale" in school.text
    school.click("Theo Hale")
    assert "Ambition Institute" in school.text
    assert "Awaiting confirmation" in school.text
    # The lead provider finds that the school wants it, and agrees.
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Host": "localhost"}

    def ask(method: str, path: str, kind: str = "", **attributes) -> list | dict:
        data = {"data": {"type": kind, "attributes": attributes}} if kind else None
        response = school.send(method, f"/api/v3/{path}", json=data, headers=headers)
        assert response.status_code in (200, 201), response.text
        return json.loads(response.text)["data"]

    (found,) = [each for each in ask("get", "schools?filter[cohort]=2025") if each["attributes"]["urn"] == "900101"]
    (partner, *_) = ask("get", "delivery-partners?filter[cohort]=2025")
    assert ask("get", "participants") == []
    agreed = {"cohort": "2025", "school_id": found["id"], "delivery_partner_id": partner["id"]}
    ask("post", "partnerships", "partnership", **agreed)
    (theo,) = ask("get", "participants")
    assert theo["attributes"]["full_name"] == "Theo Hale"
    assert "Confirmed by Ambition Institute" in school.get(school.path).text
    # It withdraws; the school sees it and chooses another one.
    why = {"reason": "other", "course_identifier": "ecf-induction"}
    ask("put", f"participants/{theo['id']}/withdraw", "participant-withdraw", **why)
    school.get(school.path)
    assert "Action required" in school.text
    record = school.path
    school.get(f"{record}/change-lead-provider/lead-provider")
    school.choose("Teach First", "Continue")
    school.submit("Confirm change")
    assert "Teach First" in school.text
    assert not data_checks.broken()
    assert Participant.select().join(Teacher).where(Teacher.trn == "9000002").get().status == "registered"
