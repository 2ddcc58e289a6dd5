"""The demo's world is that of its day, whatever the real one is: nothing in it was written in the future, and nobody is
told of a day that the service itself would refuse."""

from datetime import date, datetime, timedelta

import pytest

import scenarios
from clock import LONDON, clock_at, now
from database import MomentField, db, open_database
from domain import data_checks, departures
from models import TABLES, ContractPeriod, Event, Participant
from tests.conftest import TODAY, person


def in_the_future() -> list[tuple[str, str]]:
    """Which columns say that something was written later than now, or than the microseconds after it by which changes
    of one moment are told apart. Payments may be frozen, and somebody may leave, on a day to come."""
    moments = [
        (table, field)
        for table in TABLES
        for field in table._meta.sorted_fields
        if isinstance(field, MomentField) and field not in (ContractPeriod.payments_frozen_at, Event.happened_at)
    ]
    soon = now() + timedelta(seconds=1)
    return [(table.__name__, field.name) for table, field in moments if table.select().where(field > soon).exists()]


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 4, 20, 0, 0, 1, tzinfo=LONDON),
        datetime(2025, 9, 1, 9, 0, tzinfo=LONDON),
        datetime(2030, 1, 1, 9, 0, tzinfo=LONDON),
    ],
    ids=str,
)
def test_nothing_is_written_in_the_future(empty_database, tmp_path, moment):
    db.close()
    with clock_at(moment):
        path = scenarios.template(scenarios.WORLD, tmp_path, moment.date())
        db.initialize(open_database(f"sqlite:///{path}"))
        db.connect()
        assert not in_the_future()
        assert not data_checks.broken()
        assert Participant.select().exists()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_the_demo_under_a_day_of_its_own(app, empty_database, monkeypatch, engine):
    monkeypatch.setitem(app.config, "TODAY", TODAY.isoformat())
    db.close()
    with app.app_context():
        started = app.test_cli_runner().invoke(args=["start-up"])
    assert not started.exception, started.output
    db.connect()
    with clock_at(TODAY):
        emily = person("Emily Roberts")
        assert emily.finished_on == date(2026, 5, 30) <= departures.months_later(TODAY, 4)
        assert emily.status == "leaving"
        assert person("Steven Taylor").status == "withdrawn"
        assert not in_the_future()
