"""A file comes in while a school or a lead provider acts on the same people: both are done, one after the other, and
every rule of tests/invariants.py holds afterwards."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from functools import partial

import pytest

from database import db
from domain import participants, partnerships
from filling.imports import Import
from filling.people import People
from models import DeliveryPartner, LeadProvider, Participant, School, Teacher
from tests.conftest import both_engines
from tests.filling.test_people import ECT, MENTOR, WITHOUT_MENTOR, found, naomi, people
from tests.invariants import check_always
from tests.test_races import ROUNDS, at_once

pytestmark = both_engines


@pytest.fixture
def coming_in(tmp_path) -> Callable:
    """An act that brings these people in: gives what was refused."""

    def prepare(*rows: dict) -> Callable[[], list]:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.csv"
        path.write_text(people(*rows))

        def bring() -> list:
            with closing(Import(People(), path)) as done:
                done.read(lambda: None)
                done.write(lambda rows: None, is_check=False)
                return list(done.faults())

        return bring

    return prepare


def test_a_lead_provider_agrees_with_the_school_meanwhile(world, coming_in):
    """Whichever is first, the training is confirmed."""
    partner = DeliveryPartner.get(name="Beacon Teaching School Hub")
    agree = partial(
        partnerships.create_partnership,
        LeadProvider.get(name="National Institute of Teaching"),
        cohort="2025",
        school_id=str(School.get(urn="900002").api_id),
        delivery_partner_id=str(partner.api_id),
    )
    rows = [
        WITHOUT_MENTOR
        | {"trn": str(9_000_100 + number), "urn": "900002", "lead_provider": "National Institute of Teaching"}
        | {"email": f"theo.{number}@example.org"}
        for number in range(8)
    ]
    refused, _ = at_once(coming_in(*rows), agree)
    assert refused == []
    brought = Participant.select().join(Teacher).where(Teacher.trn << [row["trn"] for row in rows])
    assert [each.training_period.is_confirmed for each in brought] == [True] * 8
    check_always()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_school_changes_somebody_meanwhile(world, coming_in, round_):
    coming_in(MENTOR, ECT)()
    theo = found("9000002")
    file = coming_in(MENTOR, ECT | {"working_pattern": "part_time", "last_name": "Hale-Ames"})
    refused, _ = at_once(file, partial(participants.change_email_address, theo, naomi(), email="new@example.org"))
    assert refused == []
    theo = found("9000002")
    assert (theo.working_pattern, theo.email, theo.teacher.name) == ("part_time", "new@example.org", "Theo Hale-Ames")
    check_always()


class LookedAt(People):
    """Somebody looks once all rows are written, before they are there."""

    def end(self):
        with ThreadPoolExecutor(1) as thread:
            self.seen = thread.submit(copy_context().run, self.look).result()

    def look(self) -> int:
        with db.connection_context():
            return Participant.select().count()


def test_pages_can_be_looked_at_while_a_file_comes_in(world, tmp_path):
    before = Participant.select().count()
    rows = [MENTOR | {"trn": str(9_100_000 + number), "email": f"maya.{number}@example.org"} for number in range(9)]
    (tmp_path / "people.csv").write_text(people(*rows))
    kind = LookedAt()
    with closing(Import(kind, tmp_path / "people.csv")) as done:
        done.read(lambda: None)
        done.write(lambda rows: None, is_check=False)
        assert not list(done.faults())
    assert kind.seen == before
    assert Participant.select().count() == before + 9


def test_two_files_come_in_at_once(world, coming_in):
    results = at_once(coming_in(MENTOR, ECT), coming_in(MENTOR, ECT))
    assert results == [[], []]
    assert found("9000002").version == 1
    check_always()
