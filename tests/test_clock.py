"""Days are London's: midnight from both sides, both changes of the clocks, the ends of months, and 29 February 2028."""

from datetime import UTC, date, datetime, timedelta

import pytest

from clock import clock_at, display, today
from domain import departures, training
from domain.changes import RuleBroken
from domain.departures import months_later
from models import ContractPeriod, LeadProvider, Participant, TrainingPeriod
from tests.conftest import TODAY
from tests.given import ect
from tests.invariants import check_always
from tests.reports import deferred, given_to_teach_first, leaving, made_school_led, report, resumed, tutor_of, withdrawn
from tests.test_training import described

MIDNIGHTS = {
    # When a day begins in London → which: in winter, in summer, about both changes of the clocks, at ends of months.
    "2027-01-15T00:00Z": date(2027, 1, 15),
    "2026-06-30T23:00Z": date(2026, 7, 1),
    "2027-03-28T00:00Z": date(2027, 3, 28),
    "2027-03-28T23:00Z": date(2027, 3, 29),
    "2026-10-24T23:00Z": date(2026, 10, 25),
    "2026-10-26T00:00Z": date(2026, 10, 26),
    "2027-01-01T00:00Z": date(2027, 1, 1),
    "2027-03-01T00:00Z": date(2027, 3, 1),
    "2028-02-29T00:00Z": date(2028, 2, 29),
    "2028-03-01T00:00Z": date(2028, 3, 1),
}
FEW = ("2026-06-30T23:00Z", "2027-03-28T00:00Z", "2028-03-01T00:00Z")

few_midnights = pytest.mark.parametrize(
    ("midnight", "day"), [(datetime.fromisoformat(moment), MIDNIGHTS[moment]) for moment in FEW], ids=FEW
)
A_SECOND, A_DAY = timedelta(seconds=1), timedelta(days=1)


def test_a_day_begins_at_midnight_in_london():
    for moment, day in MIDNIGHTS.items():
        midnight = datetime.fromisoformat(moment)
        with clock_at(midnight - A_SECOND):
            assert today() == day - A_DAY
        with clock_at(midnight):
            assert today() == day
            assert display(midnight) == display(day)
        with clock_at(day):
            assert today() == day
        period = ContractPeriod(payments_frozen_at=midnight)
        with clock_at(midnight - A_SECOND):
            assert not period.is_closed()
            assert period.is_closed(day)
        with clock_at(midnight):
            assert period.is_closed()
        with clock_at(TODAY):
            assert period.is_closed(day)
            assert not period.is_closed(day - A_DAY)


def test_half_past_eleven_utc_on_30_june_is_1_july(world):
    ada = ect()
    moment = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    with clock_at(moment):
        withdrawn(ada)
        (period,) = ada.training_periods
        assert (period.finished_on, period.withdrawn_at) == (date(2026, 7, 1), moment)
        assert display(period.withdrawn_at) == "1 July 2026"


def test_months_later():
    for on, months, later in (
        (date(2026, 10, 31), 4, date(2027, 2, 28)),
        (date(2027, 10, 31), 4, date(2028, 2, 29)),
        (date(2027, 10, 28), 4, date(2028, 2, 28)),
        (date(2028, 2, 29), 4, date(2028, 6, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 8, 31), 4, date(2026, 12, 31)),
        (date(2026, 9, 1), 4, date(2027, 1, 1)),
    ):
        assert months_later(on, months) == later


def test_leaving_is_reported_up_to_29_february(world):
    ada = ect()
    with clock_at(date(2027, 10, 31)):
        with pytest.raises(RuleBroken):
            leaving(date(2028, 3, 1))(ada)
        leaving(date(2028, 2, 29))(ada)
    assert Participant.get_by_id(ada.id).finished_on == date(2028, 2, 29)


# --- the last second of a day and the first of the next ------------------------------------------------------


@few_midnights
def test_training_can_be_left_from_the_midnight_after_its_first_day(world, midnight, day):
    ucl = LeadProvider.get(name="UCL Institute of Education")
    people = {act: ect() for act in ("withdraw", "defer")}
    with clock_at(midnight - A_SECOND):
        for act, ada in people.items():
            training.change_lead_provider(ada, tutor_of(ada), lead_provider_id=ucl.id)
            with pytest.raises(RuleBroken):
                report(act, ada, ucl.name)
    with clock_at(midnight):
        for act, ada in people.items():
            report(act, ada, ucl.name)
            assert described(ada)[-1].startswith(f"{ucl.name} {day - A_DAY:%d.%m.%y}–{day:%d.%m.%y}")


@few_midnights
def test_a_change_from_midnight_ends_the_old_training_the_day_before(world, midnight, day):
    ada = ect()
    with clock_at(midnight - A_SECOND):
        withdrawn(ada)
        with pytest.raises(RuleBroken):
            resumed(ada)
    with clock_at(midnight):
        resumed(ada)
    with clock_at(day + A_DAY):
        given_to_teach_first(ada)
        assert described(ada) == [
            f"Ambition Institute 01.09.25–{day - A_DAY:%d.%m.%y} withdrawn",
            f"Ambition Institute {day:%d.%m.%y}–{day:%d.%m.%y}",
            f"Teach First? {day + A_DAY:%d.%m.%y}–open",
        ]
        check_always()


@few_midnights
def test_the_record_is_there_until_the_last_day_is_over(naomi, midnight, day):
    ada = ect()
    with clock_at(midnight - timedelta(days=9)):
        departures.report_leaving(ada, tutor_of(ada), leaving_on=day - A_DAY)
    record = f"/school/ects/{ada.id}"
    with clock_at(midnight - A_SECOND):
        assert "Leaving school" in naomi.get(record).row("Status")
        assert "Ada Moss" in naomi.get("/school/ects").cards
    with clock_at(midnight):
        assert display(day - A_DAY) in naomi.get(record, 404).text
        assert "Ada Moss" not in naomi.get("/school/ects").cards
        with pytest.raises(RuleBroken):
            made_school_led(ada)


def test_the_schedule_goes_by_the_day_in_london(world):
    for moment, schedule in (
        ("2026-05-31T22:59:59Z", "ecf-standard-april"),
        ("2026-05-31T23:00Z", "ecf-standard-september"),
        ("2026-10-31T23:59:59Z", "ecf-standard-september"),
        ("2026-11-01T00:00Z", "ecf-standard-january"),
        ("2028-02-29T23:59:59Z", "ecf-standard-january"),
        ("2028-03-01T00:00Z", "ecf-standard-april"),
    ):
        ada = ect(training={"programme": "school_led"})
        answers = {"training_programme": "provider_led", "lead_provider_id": LeadProvider.get(name="Teach First").id}
        with clock_at(datetime.fromisoformat(moment)):
            training.change_training_programme(ada, tutor_of(ada), **answers)
        assert TrainingPeriod.select().order_by(TrainingPeriod.id.desc()).get().schedule == schedule


def test_the_later_mark_wins_in_the_hour_that_there_is_twice(world):
    """On 25 October the clocks show half past one twice: 00:30 and 01:30 UTC."""
    ada = ect()
    for act, hour in ((deferred, 0), (withdrawn, 1)):
        with clock_at(datetime(2026, 10, 25, hour, 30, tzinfo=UTC)):
            act(ada)
    ada = Participant.get_by_id(ada.id)
    (period,) = ada.training_periods
    assert period.withdrawn_at - period.deferred_at == timedelta(hours=1)
    assert ada.training_status == "withdrawn"
    assert period.finished_on == date(2026, 10, 25)
