"""The rules of the data find what is against them, and none takes longer for each row the more rows there are."""

from datetime import UTC, datetime, timedelta

from database import db
from domain import data_checks
from models import Enrolment, Participant
from tests.conftest import both_engines
from tests.given import ect, training, withdrawn
from tests.reports import april

LATE = datetime(2026, 4, 15, 23, 30, tzinfo=UTC)
"""Half past midnight in London, on the 16th."""


def marked(last_day: int):
    """Withdrawn half an hour after midnight in London, with this last day of April."""
    return training(withdrawn_at=LATE, withdrawal_reason="other", finished_on=april(last_day))


WRONG = {
    "a mark before the last day": (marked(17), {"a_mark_ends_the_training", "every_mark_has_its_event"}),
    "a mark on the last day, in London": (marked(16), {"every_mark_has_its_event"}),
    "a provider that sees another cohort": (
        lambda ada: Enrolment.update(cohort=2024).where(Enrolment.teacher == ada.teacher_id).execute(),
        {"each_provider_sees_its_latest_confirmed_training"},
    ),
    "a provider that sees nobody": (
        lambda ada: Enrolment.delete().where(Enrolment.teacher == ada.teacher_id).execute(),
        {"each_provider_sees_its_latest_confirmed_training"},
    ),
    "a mark taken away": (
        lambda ada: (withdrawn(ada), training(withdrawn_at=None, withdrawal_reason=None)(ada)),
        {"training_that_ended_was_ended_by_something"},
    ),
    "a version too many": (
        lambda ada: Participant.update(version=7).where(Participant.id == ada.id).execute(),
        {"versions_count_the_events"},
    ),
}


@both_engines
def test_what_is_wrong_is_found(world):
    ada = ect()
    assert not data_checks.broken()
    for case, (make, broken) in WRONG.items():
        with db.atomic() as transaction:
            make(ada)
            assert set(data_checks.broken()) == broken, case
            transaction.rollback()


@both_engines
def test_of_two_marks_the_later_one_counts_and_withdrawn_on_a_tie(world):
    ada = ect((april(8), withdrawn))
    withdrawn_at = ada.training_periods.get().withdrawn_at
    for minutes, status in ((-1, "withdrawn"), (0, "withdrawn"), (1, "deferred")):
        training(deferred_at=withdrawn_at + timedelta(minutes=minutes), deferral_reason="other")(ada)
        assert Enrolment.get(Enrolment.teacher == ada.teacher_id).training_status == status
        assert set(data_checks.broken()) == {"every_mark_has_its_event"}


def test_a_rule_reads_no_table_anew_for_each_row(world, caplog):
    with caplog.at_level("DEBUG", "peewee"):
        data_checks.broken()
    for sql, params in [record.msg for record in caplog.records if record.name == "peewee"]:
        plan = db.execute_sql(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()
        assert not read_again(plan), (sql, plan)


def read_again(plan: list[tuple]) -> list[str]:
    """Steps of SQLite’s plan, (id, parent, …, text), that read a whole table within a loop over another."""
    texts = {step: text for step, _, _, text in plan}
    looping = {step for step, text in texts.items() if text.startswith("CORRELATED")}
    found = []
    for _, parent, _, text in plan:
        if "AUTOMATIC" in text or (text.startswith("SCAN") and parent in looping):
            found.append(text)
        if text.startswith(("SCAN", "SEARCH")):
            looping.add(parent)
    return found
