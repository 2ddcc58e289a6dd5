"""What files bring after support has put something right: it stays as support said."""

from domain import arrangements, corrections, data_checks, identities
from domain.changes import Support
from domain.departures import report_leaving
from models import AppropriateBody, Participant, SchoolUser, SupportUser, Teacher
from tests.conftest import both_engines
from tests.filling.conftest import bring, deployed, empty, flask  # noqa: F401 - fixtures
from tests.filling.test_people import ECT, MENTOR, found, people
from tests.reports import stored


def support() -> Support:
    return Support(SupportUser.get_or_create(email="grace.obi@example.org")[0])


def test_who_was_registered_in_error_is_not_registered_again_by_the_same_file(world, bring, flask, tmp_path):  # noqa: F811
    bring("people", people(ECT, MENTOR))
    corrections.put_right_registration(found(ECT["trn"]), support(), reason="The wrong person")
    before = stored()
    said = bring("people", people(ECT, MENTOR))
    assert "nobody, as Support has said on 20 April 2026" in said
    assert stored() == before
    assert ECT["trn"] not in flask("export", "people", "--school", ECT["urn"])
    assert not data_checks.broken()


def test_they_can_be_registered_from_another_day_or_elsewhere(world, bring):  # noqa: F811
    bring("people", people(ECT, MENTOR))
    corrections.put_right_registration(found(ECT["trn"]), support(), reason="They came later")
    assert "1 new" in bring("people", people(ECT | {"started_on": "2025-10-01", "mentor_trn": ""}, MENTOR))
    teacher = Teacher.get(trn=ECT["trn"])
    places = Participant.select().where(Participant.teacher == teacher).order_by(Participant.started_on)
    assert [bool(place.registered_in_error_at) for place in places] == [True, False]
    assert not data_checks.broken()


def test_a_trn_that_was_put_right_is_the_one_by_which_a_file_knows_them(world, bring):  # noqa: F811
    bring("people", people(ECT, MENTOR))
    identities.put_right_trn(found(ECT["trn"]), support(), trn="7654321", reason="A slip")
    assert "0 new, 0 changed, 2 as they were." in bring("people", people(ECT | {"trn": "7654321"}, MENTOR))


def test_who_has_not_left_after_all_is_as_they_were(world, bring):  # noqa: F811
    bring("people", people(ECT, MENTOR))
    theo = found(ECT["trn"])
    tutor = SchoolUser.get(school=theo.school)
    report_leaving(theo, tutor, leaving_on=theo.started_on.replace(year=2026, month=3, day=27))
    corrections.put_right_not_left(found(ECT["trn"]), support(), reason="They never left")
    assert "0 new, 0 changed, 2 as they were." in bring("people", people(ECT, MENTOR))
    assert not data_checks.broken()


@both_engines
def test_an_appropriate_body_that_was_put_right_stays(world, bring):  # noqa: F811
    bring("people", people(ECT, MENTOR))
    body = AppropriateBody.get(AppropriateBody.name != ECT["appropriate_body"])
    arrangements.put_right_appropriate_body(found(ECT["trn"]), support(), appropriate_body=body.name, reason="A slip")
    assert f"{body.name}, as Support has said on 20 April 2026" in bring("people", people(ECT, MENTOR))
    assert found(ECT["trn"]).school_reported_appropriate_body == body


def test_a_file_that_knows_two_records_of_one_person_registers_nobody_twice(world, bring):  # noqa: F811
    before_that = {"started_on": "2024-09-02", "last_day": "2025-08-31", "mentor_trn": "", "induction_started_on": ""}
    file = people(ECT, MENTOR, ECT | before_that | {"trn": "7654321", "email": "t.hale@example.org"})
    bring("people", file)
    identities.put_right_two_records(found(ECT["trn"]), support(), record="7654321", reason="One person")
    before = stored()
    assert f"{ECT['trn']}, as Support has said on 20 April 2026" in bring("people", file)
    identities.put_right_trn(found(ECT["trn"]), support(), trn="7654321", reason="That one is right")
    assert "7654321, as Support has said on 20 April 2026" in bring("people", file)
    assert len(stored()) == len(before) + 1, "but for the event of the TRN"
    assert not data_checks.broken()
