"""docs/filling.md is followed word by word, and its tables are those of the classes that check files."""

import re
import shlex
from pathlib import Path

import pytest

from filling.guide import columns_table
from filling.kinds import KINDS
from models import Participant, SchoolUser, Teacher
from tests.conftest import both_engines

GUIDE = (Path(__file__).parents[2] / "docs" / "filling.md").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_tables_are_true(kind, flask):
    table = columns_table(KINDS[kind])
    assert f"\n\n{table}\n\n" in GUIDE, f"python3 run.py flask import {kind} --columns"
    assert flask("import", kind, "--columns") == f"{table}\n"


def test_every_kind_is_in_the_ten_minutes_in_its_order():
    assert re.findall(r"^flask import (\S+) --example", GUIDE, re.MULTILINE) == list(KINDS)


@both_engines
def test_the_ten_minutes(flask, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    lines = block.splitlines()
    assert lines[:2] == ["cd /opt/register-ects", 'flask() { sudo -u register-ects deploy/flask "$@"; }']
    for line in lines[2:]:
        command, _, target = line.partition(" > ")
        command, _, source = command.partition(" < ")
        typed = Path(source).read_text() if source else None
        said = flask(*shlex.split(command.removeprefix("flask ")), typed=typed)
        if target:
            Path(target).write_text(said)
    assert re.fullmatch(r"[0-9a-f]{32}\n", said), "a token"
    assert {teacher.name for teacher in Teacher.select()} == {"Theo Hale", "Maya Lind", "Iris Vane"}
    theo = Participant.select().join(Teacher).where(Teacher.trs_first_name == "Theo").get()
    assert theo.school.name == SchoolUser.get(name="Nina Fox").school.name == "Applefield Primary School"
    assert theo.mentor.teacher.name == "Maya Lind"
