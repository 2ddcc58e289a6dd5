"""Who changed school, as lead providers are told: the one that trained the person before, and the one that does now."""

from datetime import date, timedelta

import pytest

from clock import clock_at
from domain import departures, participants
from models import InductionPeriod, Participant, School, Teacher, TrainingPeriod
from tests.conftest import TODAY, both_engines, person
from tests.reports import (
    AMBITION,
    NORTHBROOK,
    ST_JOHNS,
    TEACH_FIRST,
    april,
    ask,
    leaving,
    live_through,
    person_at,
    tell,
    train,
    tutor_of,
    withdrawn,
)

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
HOLLOW_LANE = "Hollow Lane School"


def transfers(visitor, by: str = AMBITION, query: str = "") -> dict[str, list[dict]]:
    """Participant id → their transfers."""
    response = ask(visitor, "get", f"/api/v3/participants/transfers?{query}", by)
    assert response.status_code == 200, response.text
    return {each["id"]: each["attributes"]["transfers"] for each in response.json["data"]}


def one(visitor, participant: Participant, by: str = AMBITION) -> list[dict] | None:
    response = ask(visitor, "get", f"/api/v3/participants/{participant.teacher.api_id}/transfers", by)
    if response.status_code == 404:
        return None
    assert response.json["data"]["type"] == "participant-transfer"
    told = response.json["data"]["attributes"]["transfers"]
    assert transfers(visitor, by)[response.json["data"]["id"]] == told
    return told


def staying(participant: Participant) -> None:
    departures.take_back_leaving(participant, tutor_of(participant))


def ect_who_left(on: date = YESTERDAY, role: str = "ect") -> Participant:
    participant = person_at(ST_JOHNS, role)
    train(participant)
    return live_through(participant, [(april(13), leaving(on))])


def test_somebody_left_and_nobody_knows_where_to(visitor):
    ada = ect_who_left()
    assert one(visitor, ada) == [
        {
            "training_record_id": str(ada.teacher.api_ect_training_record_id),
            "transfer_type": "unknown",
            "status": "complete",
            "leaving": {"school_urn": "900001", "provider": AMBITION, "date": "2026-04-19"},
            "joining": None,
            "created_at": "2026-04-13T11:00:00Z",
        }
    ]
    assert one(visitor, ada, TEACH_FIRST) is None
    assert str(ada.teacher.api_id) not in transfers(visitor, TEACH_FIRST)


@both_engines
@pytest.mark.parametrize(("role", "by"), [("ect", AMBITION), ("ect", TEACH_FIRST), ("mentor", TEACH_FIRST)])
def test_somebody_joined_another_school(visitor, by, role):
    ada = ect_who_left(role=role)
    there = person_at(NORTHBROOK, role, ada.teacher, TODAY)
    train(there, by)
    [transfer] = one(visitor, ada)
    assert transfer["transfer_type"] == ("new_school" if by == AMBITION else "new_provider")
    assert transfer["status"] == "complete"
    assert transfer["joining"] == {"school_urn": "900002", "provider": by, "date": "2026-04-20"}
    assert transfer["training_record_id"] == str(getattr(ada.teacher, f"api_{role}_training_record_id"))
    assert one(visitor, ada, TEACH_FIRST) == ([transfer] if by == TEACH_FIRST else None)


def test_a_transfer_is_complete_when_both_days_have_come(visitor):
    for left_on, joined_on, status in (
        (YESTERDAY, TODAY, "complete"),
        (TODAY, None, "complete"),
        (TOMORROW, None, "incomplete"),
        (YESTERDAY, TOMORROW, "incomplete"),
        (TOMORROW, date(2026, 9, 1), "incomplete"),
    ):
        ada = ect_who_left(left_on)
        if joined_on:
            train(person_at(NORTHBROOK, "ect", ada.teacher, joined_on))
        assert [(left_on, joined_on, each["status"]) for each in one(visitor, ada)] == [(left_on, joined_on, status)]


def test_a_transfer_was_made_when_the_school_first_reported_the_departure_that_holds(visitor):
    ada = ect_who_left(april(30))
    live_through(ada, [(april(14), leaving(april(28)))])
    assert [each["created_at"] for each in one(visitor, ada)] == ["2026-04-13T11:00:00Z"], "only the day has changed"
    live_through(ada, [(april(15), staying)])
    assert one(visitor, ada) is None
    live_through(ada, [(april(16), leaving(april(29)))])
    assert [each["created_at"] for each in one(visitor, ada)] == ["2026-04-16T11:00:00Z"]


def test_a_transfer_that_a_file_brought_was_made_with_the_placement(visitor):
    ada = person_at(ST_JOHNS, finished_on=YESTERDAY)
    train(ada)
    [transfer] = one(visitor, ada)
    assert transfer["created_at"] == "2026-04-20T11:00:00Z"


def test_updated_at_is_the_transfers_own(world):
    ada = ect_who_left(april(30))

    def moves(change) -> bool:
        was = Teacher.get_by_id(ada.teacher_id).api_transfers_updated_at
        change(Participant.get_by_id(ada.id))
        return Teacher.get_by_id(ada.teacher_id).api_transfers_updated_at > was

    assert not moves(lambda ada: participants.change_working_pattern(ada, tutor_of(ada), working_pattern="part_time"))
    assert not moves(lambda ada: participants.change_email_address(ada, tutor_of(ada), email="ada@example.org"))
    assert not moves(lambda ada: participants.change_name(ada, tutor_of(ada), name="Ada Oak"))
    assert not moves(
        lambda _: (
            TrainingPeriod.update(schedule="ecf-extended-april").where(TrainingPeriod.participant == ada).execute()
        )
    )
    assert moves(leaving(april(21)))
    assert moves(staying)


def test_what_is_no_transfer(visitor):
    assert one(visitor, person("Hannah Clarke")) is None
    back = ect_who_left()
    train(person_at(ST_JOHNS, "ect", back.teacher, TODAY))
    assert one(visitor, back) is None, "the same school"
    done = ect_who_left()
    InductionPeriod.create(
        teacher=done.teacher,
        appropriate_body=1,
        started_on=date(2025, 9, 1),
        finished_on=april(17),
        outcome="pass",
    )
    assert one(visitor, done) is None, "induction is over"
    response = ask(visitor, "get", "/api/v3/participants/x/transfers")
    assert response.status_code == 404


def test_a_mentor_who_goes_on_elsewhere_has_not_joined_there(visitor):
    """They mentored at both schools already."""
    ada = ect_who_left(role="mentor")
    train(person_at(NORTHBROOK, "mentor", ada.teacher, date(2025, 10, 1)), finished_on=date(2025, 12, 1))
    [transfer] = one(visitor, ada)
    assert (transfer["transfer_type"], transfer["joining"]) == ("unknown", None)


def test_somebody_withdrawn_before_they_left(visitor):
    ada = person_at(ST_JOHNS)
    train(ada)
    ada = live_through(ada, [(april(13), withdrawn), (april(14), leaving(YESTERDAY))])
    [transfer] = one(visitor, ada)
    assert transfer["leaving"]["date"] == "2026-04-13", "the day on which training ended"


def test_training_at_the_new_school_that_is_nobodys(visitor):
    ada = ect_who_left()
    there = person_at(NORTHBROOK, "ect", ada.teacher, TODAY)
    [transfer] = one(visitor, ada)
    assert transfer["joining"] is None, "nobody trains them there yet"
    nobody = dict.fromkeys(("school_partnership", "expression_of_interest", "schedule"))
    train(there, training_programme="school_led", **nobody)
    [transfer] = one(visitor, ada)
    assert transfer["transfer_type"] == "new_provider"
    assert transfer["joining"]["provider"] is None


def test_each_move_is_told(visitor):
    School.create(urn="900003", name=HOLLOW_LANE)
    ada = ect_who_left(april(14))
    there = person_at(NORTHBROOK, "ect", ada.teacher, april(15), finished_on=april(16))
    train(there)
    train(person_at(HOLLOW_LANE, "ect", ada.teacher, april(17)))
    assert [(each["leaving"]["school_urn"], each["joining"]["school_urn"]) for each in one(visitor, ada)] == [
        *(("900001", "900002"), ("900002", "900003")),
    ]


def test_pages_and_what_has_changed(visitor):
    everybody = [ect_who_left() for _ in range(5)]
    ids = [str(ada.teacher.api_id) for ada in everybody]
    found = [key for page in (1, 2, 3) for key in transfers(visitor, query=f"page[per_page]=2&page[page]={page}")]
    assert [key for key in found if key in ids] == ids
    assert len(found) == len(set(found))
    with clock_at(TOMORROW):
        tell(visitor, "defer", everybody[2])
        train(person_at(NORTHBROOK, "ect", everybody[3].teacher, TOMORROW))
        assert list(transfers(visitor, query="filter[updated_since]=2026-04-21T00:00:00Z")) == [ids[3]]
        assert next(iter(transfers(visitor, query="sort=-updated_at"))) == ids[3]
