"""What files bring after support has put something right: it stays as support said."""

from datetime import date

from domain import arrangements, corrections, data_checks, identities
from domain.departures import report_leaving
from models import AppropriateBody, Participant, Teacher
from tests.conftest import both_engines
from tests.filling.conftest import bring, deployed, flask  # noqa: F401 - fixtures
from tests.filling.test_people import ECT, MENTOR, another, found, listed, naomi, people
from tests.reports import stored


@both_engines
def test_a_file_leaves_what_support_has_put_right(world, author, bring, flask):  # noqa: F811
    rows = [another(row, number) for number in range(4) for row in (ECT, MENTOR)]
    in_error, body, left, other_trn = rows[::2]
    bring("people", people(*rows))
    corrections.put_right_registration(found(in_error["trn"]), author, reason="The wrong person")
    its = AppropriateBody.get(AppropriateBody.name != ECT["appropriate_body"]).name
    arrangements.put_right_appropriate_body(found(body["trn"]), author, appropriate_body=its, reason="A slip")
    report_leaving(found(left["trn"]), naomi(), leaving_on=date(2026, 3, 27))
    corrections.put_right_not_left(found(left["trn"]), author, reason="They never left")
    identities.put_right_trn(found(other_trn["trn"]), author, trn="7654321", reason="A slip")
    other_trn["trn"] = "7654321"
    before = stored()
    assert listed(bring("people", people(*rows)), "Left as it is")[1:] == [
        ["2", "started_on", "2025-09-01", "nobody, as Support has said on 20 April 2026"],
        ["4", "appropriate_body", ECT["appropriate_body"], f"{its}, as Support has said on 20 April 2026"],
    ]
    assert stored() == before
    assert in_error["trn"] not in flask("export", "people", "--school", ECT["urn"])
    # Whoever was registered in error can be registered from another day.
    came_later = in_error | {"started_on": "2025-10-01", "mentor_trn": ""}
    assert "1 new" in bring("people", people(came_later))
    places = Participant.select().join(Teacher).where(Teacher.trn == in_error["trn"]).order_by(Participant.started_on)
    assert [bool(place.registered_in_error_at) for place in places] == [True, False]
    assert not data_checks.broken()


def test_a_file_that_knows_two_records_of_one_person_registers_nobody_twice(world, author, bring):  # noqa: F811
    before_that = {"started_on": "2024-09-02", "last_day": "2025-08-31", "mentor_trn": "", "induction_started_on": ""}
    file = people(ECT, MENTOR, ECT | before_that | {"trn": "7654321", "email": "t.hale@example.org"})
    bring("people", file)
    identities.put_right_two_records(found(ECT["trn"]), author, record="7654321", reason="One person")
    before = stored()
    assert f"{ECT['trn']}, as Support has said on 20 April 2026" in bring("people", file)
    identities.put_right_trn(found(ECT["trn"]), author, trn="7654321", reason="That one is right")
    assert "7654321, as Support has said on 20 April 2026" in bring("people", file)
    assert len(stored()) == len(before) + 1, "but for the event of the TRN"
    assert not data_checks.broken()
