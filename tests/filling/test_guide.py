"""docs/filling.md is followed word by word, and its tables are those of the classes that check files. An empty database
outside the demo is so filled by files alone; then everything happens that the service is for."""

import json
import re
import shlex
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from clock import clock_at
from domain import training
from filling.commands import columns_table
from filling.kinds import KINDS
from filling.placements import SYSTEM
from models import LeadProvider, Participant, SchoolUser, Teacher
from tests.conftest import TODAY, both_engines
from tests.identity import AVA, Way, outside_the_demo
from tests.invariants import check_always
from tests.visitor import Visitor

GUIDE = (Path(__file__).parents[2] / "docs" / "filling.md").read_text()


def test_the_tables_are_true(flask):
    for kind in KINDS:
        assert f"\n\n{columns_table(KINDS[kind])}\n\n" in GUIDE, f"python3 run.py flask import {kind} --columns"
    assert flask("import", "people", "--columns") == f"{columns_table(KINDS['people'])}\n"


def test_every_kind_is_in_the_ten_minutes_in_its_order():
    assert re.findall(r"^flask import (\S+) --example", GUIDE, re.MULTILINE) == list(KINDS)


@pytest.fixture
def ten_minutes(flask, tmp_path, monkeypatch) -> Callable[[], str]:
    """Types what the guide says, and gives what was said last: a token."""
    monkeypatch.chdir(tmp_path)

    def follow() -> str:
        (block,) = re.findall(r"```sh\n(cd /opt.*?)```", GUIDE, re.DOTALL)
        lines = block.splitlines()
        assert lines[:2] == ["cd /opt/register-ects", 'flask() { sudo -u register-ects deploy/flask "$@"; }']
        for line in lines[2:]:
            command, _, target = line.partition(" > ")
            command, _, source = command.partition(" < ")
            typed = Path(source).read_text() if source else None
            said = flask(*shlex.split(command.removeprefix("flask ")), typed=typed)
            if target:
                Path(target).write_text(said)
        return said.strip()

    return follow


def somebody(first_name: str) -> Participant:
    return Participant.select().join(Teacher).where(Teacher.trs_first_name == first_name).get()


@pytest.mark.parametrize("day", ["2026-05-31", "2026-06-01", "2026-09-01", "2026-09-02", "2028-02-29"])
def test_the_ten_minutes_on_any_day(ten_minutes, day):
    """Whoever is in the examples has begun, in a contract period that is here, and can be given other training."""
    with clock_at(date.fromisoformat(day)):
        ten_minutes()
        theo, teach_first = somebody("Theo"), LeadProvider.get(name="Teach First").id
        assert date.fromisoformat(day) - timedelta(366) < theo.started_on <= date.fromisoformat(day)
        assert theo.training_period.contract_period.year == theo.started_on.year
        training.change_lead_provider(theo, SYSTEM, lead_provider_id=teach_first)
        told = {"training_programme": "provider_led", "lead_provider_id": teach_first}
        training.change_training_programme(somebody("Iris"), SYSTEM, **told)
        check_always()


# What the provider of the tests uses of Authlib is going to change its name.
@pytest.mark.filterwarnings("ignore:get_jwt_config")
@both_engines
def test_the_ten_minutes_and_what_comes_then(ten_minutes, issuer):
    token = ten_minutes()
    assert {teacher.name for teacher in Teacher.select()} == {"Theo Hale", "Maya Lind", "Iris Vane"}
    theo = somebody("Theo")
    assert theo.school.name == SchoolUser.get(name="Nina Fox").school.name == "Applefield Primary School"
    assert theo.mentor.teacher.name == "Maya Lind"
    with clock_at(TODAY):
        service = outside_the_demo(issuer)
    # A school’s induction tutor signs in, known by the address in the file.
    school = Visitor(service)
    way = Way(school, issuer)
    organisation = {"id": "an-id", "name": "Applefield", "urn": "900101", "category": {"id": "001"}}
    nina = {"given_name": "Nina", "family_name": "Fox", "email": "nina.fox@example.org", "organisation": organisation}
    way.knows("nina", **AVA | nina)
    way.sign_in("nina", "/school/ects")
    school.click("Theo Hale")
    record = school.path
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
    (told,) = ask("get", "participants")
    assert told["attributes"]["full_name"] == "Theo Hale"
    assert "Confirmed by Ambition Institute" in school.get(record).text
    # It withdraws; the school sees it and chooses another one.
    why = {"reason": "other", "course_identifier": "ecf-induction"}
    ask("put", f"participants/{told['id']}/withdraw", "participant-withdraw", **why)
    assert "Action required" in school.get(record).text
    school.get(f"{record}/change-lead-provider/lead-provider")
    school.choose("Teach First", "Continue")
    school.submit("Confirm change")
    assert "Teach First" in school.text
    check_always()
    assert somebody("Theo").status == "registered"
