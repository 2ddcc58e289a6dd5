"""docs/filling.md is followed word by word, and its tables are those of the classes that check files."""

import re
import shlex
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from clock import clock_at
from domain import data_checks, training
from filling.commands import columns_table
from filling.kinds import KINDS
from filling.placements import SYSTEM
from models import LeadProvider, Participant, SchoolUser, Teacher

GUIDE = (Path(__file__).parents[2] / "docs" / "filling.md").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_tables_are_true(kind, flask):
    table = columns_table(KINDS[kind])
    assert f"\n\n{table}\n\n" in GUIDE, f"python3 run.py flask import {kind} --columns"
    assert flask("import", kind, "--columns") == f"{table}\n"


def test_every_kind_is_in_the_ten_minutes_in_its_order():
    assert re.findall(r"^flask import (\S+) --example", GUIDE, re.MULTILINE) == list(KINDS)


@pytest.fixture
def ten_minutes(flask, tmp_path, monkeypatch) -> Callable[[], str]:
    """Types what the guide says, and gives what was said last."""
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
        return said

    return follow


def test_the_ten_minutes(ten_minutes):
    assert re.fullmatch(r"[0-9a-f]{32}\n", ten_minutes()), "a token"
    assert {teacher.name for teacher in Teacher.select()} == {"Theo Hale", "Maya Lind", "Iris Vane"}
    theo = somebody("Theo")
    assert theo.school.name == SchoolUser.get(name="Nina Fox").school.name == "Applefield Primary School"
    assert theo.mentor.teacher.name == "Maya Lind"


def somebody(first_name: str) -> Participant:
    return Participant.select().join(Teacher).where(Teacher.trs_first_name == first_name).get()


DAYS = ["2026-05-31", "2026-06-01", "2026-08-31", "2026-09-01", "2026-11-27", "2026-12-31", "2027-01-01", "2028-02-29"]


@pytest.mark.parametrize("day", DAYS)
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
        assert not data_checks.broken()
