"""Schools, delivery partners and partnerships: a lead provider finds the schools that want it and confirms, and the
school sees it."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from clock import clock_at
from models import (
    DeliveryPartner,
    DeliveryPartnership,
    Participant,
    School,
    SchoolPartnership,
    TrainingPeriod,
)
from tests.conftest import TODAY, both_engines, person
from tests.invariants import check_always
from tests.reports import (
    AMBITION,
    NORTHBROOK,
    ST_JOHNS,
    TEACH_FIRST,
    address,
    ask,
    leaving,
    live_through,
    person_at,
    said,
    stored,
    tell,
    train,
)

PROVIDER_LED = ("school_partnership", "expression_of_interest", "schedule")
UCL = "UCL Institute of Education"
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


def told(visitor, path: str, by: str = TEACH_FIRST, status: int = 200):
    """The `data` that this provider is told at this path."""
    response = ask(visitor, "get", f"/api/v3/{path}", by)
    assert response.status_code == status, response.text
    return response.json.get("data")


def school_told(visitor, name: str = ST_JOHNS, by: str = TEACH_FIRST, cohort: str = "2025") -> dict:
    api_id = School.get(name=name).api_id
    return told(visitor, f"schools/{api_id}?filter[cohort]={cohort}", by)["attributes"]


def sent(school: str = ST_JOHNS, partner: str = "Alpha Teaching School Hub", cohort="2025", **instead) -> dict:
    """The attributes of a new partnership with nothing wrong in them, but for what is `instead`."""
    return {
        "cohort": cohort,
        "school_id": str(School.get(name=school).api_id),
        "delivery_partner_id": str(DeliveryPartner.get(name=partner).api_id),
    } | instead


def propose(visitor, by: str = TEACH_FIRST, **attributes):
    body = {"data": {"type": "partnership", "attributes": sent(**attributes)}}
    return ask(visitor, "post", "/api/v3/partnerships", by, json=body)


def change(visitor, partnership_id: str, by: str = TEACH_FIRST, partner: str = "", **attributes):
    if partner:
        attributes["delivery_partner_id"] = str(DeliveryPartner.get(name=partner).api_id)
    body = {"data": {"type": "partnership", "attributes": attributes}}
    return ask(visitor, "put", f"/api/v3/partnerships/{partnership_id}", by, json=body)


NEEDS_A_MENTOR = "Action required Ada needs a mentor."


# --- the story ---------------------------------------------------------------------------------------------


@both_engines
def test_a_provider_finds_the_school_that_wants_it_confirms_and_takes_another_delivery_partner(visitor):
    naomi, oliver = visitor.sign_in("Naomi Fletcher"), person("Oliver Bennett")
    assert naomi.get(f"/school/ects/{oliver.id}").row("Lead provider") == (
        "Teach First Awaiting confirmation by Teach First"
    )
    assert school_told(visitor)["expression_of_interest"]
    assert ask(visitor, "get", address(oliver), TEACH_FIRST).status_code == 404
    response = propose(visitor)
    assert response.status_code == 200, response.text
    naomi.get(f"/school/ects/{oliver.id}")
    assert naomi.row("Lead provider") == "Teach First Confirmed by Teach First"
    assert naomi.row("Delivery partner").startswith("Alpha Teaching School Hub")
    assert "Teach First confirmed they would train Oliver Bennett, with Alpha Teaching School Hub" in naomi.text
    [enrolment] = ask(visitor, "get", address(oliver), TEACH_FIRST).json["data"]["attributes"]["ecf_enrolments"]
    assert enrolment["delivery_partner_id"] == sent()["delivery_partner_id"]
    with clock_at(TOMORROW):
        response = change(visitor, response.json["data"]["id"], partner="Beacon Teaching School Hub")
        assert response.status_code == 200
        attributes = response.json["data"]["attributes"]
        assert attributes["delivery_partner_name"] == "Beacon Teaching School Hub"
        assert (attributes["created_at"], attributes["updated_at"]) == ("2026-04-20T11:00:00Z", "2026-04-21T11:00:00Z")
        naomi = visitor.sign_in("Naomi Fletcher").get(f"/school/ects/{oliver.id}")
        assert naomi.row("Delivery partner").startswith("Beacon Teaching School Hub")
        assert "Teach First changed Oliver Bennett’s delivery partner to Beacon Teaching School Hub" in naomi.text
        participant = ask(visitor, "get", address(oliver), TEACH_FIRST).json["data"]["attributes"]
        assert participant["updated_at"] == "2026-04-21T11:00:00Z"
    check_always()


def test_what_two_providers_and_the_school_see_until_the_end(visitor):
    """One ECT from registration to departure, each step through the door that is really used."""
    david = visitor.sign_in("David Lowe")
    first_day = date(2025, 9, 1)
    ect = person_at(NORTHBROOK, started_on=first_day)
    train(ect, is_confirmed=False)

    def works_there(provider):
        propose(visitor, provider, school=NORTHBROOK, partner="Beacon Teaching School Hub")

    def seen(by):
        response = ask(visitor, "get", address(ect), by)
        if response.status_code == 404:
            return "not visible"
        [enrolment] = response.json["data"]["attributes"]["ecf_enrolments"]
        return f"{enrolment['training_status']} / {enrolment['participant_status']}"

    def select_ucl():
        david.get(f"/school/ects/{ect.id}").click("select a lead provider").choose(UCL).submit("Confirm change")

    def leave():
        david.get(f"/school/ects/{ect.id}").click("Tell us that Ada is leaving permanently")
        last_day = first_day + timedelta(days=149)
        david.submit("Continue", Day=str(last_day.day), Month=str(last_day.month), Year=str(last_day.year))
        david.submit("Confirm and continue")

    def report(act, status=200):
        assert tell(visitor, act, ect).status_code == status

    timeline = [
        (1, None, "not visible", "not visible", NEEDS_A_MENTOR),
        (10, lambda: works_there(AMBITION), "active / active", "not visible", NEEDS_A_MENTOR),
        (40, lambda: report("defer"), "deferred / left", "not visible", "Training paused"),
        (60, lambda: report("resume"), "active / active", "not visible", NEEDS_A_MENTOR),
        (90, lambda: report("withdraw"), "withdrawn / left", "not visible", "Action required Ambition"),
        (95, select_ucl, "withdrawn / left", "not visible", NEEDS_A_MENTOR),
        (96, lambda: report("resume", 422), "withdrawn / left", "not visible", NEEDS_A_MENTOR),
        (97, lambda: works_there(UCL), "withdrawn / left", "active / active", NEEDS_A_MENTOR),
        (120, leave, "withdrawn / left", "active / leaving", "Leaving school"),
        (149, None, "withdrawn / left", "active / leaving", "Leaving school"),
        (150, None, "withdrawn / left", "active / left", "Leaving school"),
        (151, None, "withdrawn / left", "active / left", None),
    ]
    for day, step, former, present, status in timeline:
        with clock_at(first_day + timedelta(days=day - 1)):
            if step:
                step()
            assert (day, seen(AMBITION), seen(UCL)) == (day, former, present)
            david.get(f"/school/ects/{ect.id}", 200 if status else 404)
            assert david.row("Status").startswith(status or ""), day
            check_always()


def test_everybody_who_waits_is_confirmed_and_nobody_else(visitor):
    waiting = [train(person_at(ST_JOHNS, role), TEACH_FIRST, is_confirmed=False) for role in ("ect", "ect", "mentor")]
    others = [
        train(person_at(ST_JOHNS), TEACH_FIRST, year=2024, is_confirmed=False),
        train(person_at(ST_JOHNS), UCL, is_confirmed=False),
        train(person_at(NORTHBROOK), AMBITION, is_confirmed=False),
    ]
    assert propose(visitor).status_code == 200
    confirmed = [TrainingPeriod.get_by_id(period.id) for period in waiting]
    assert {period.school_partnership.delivery_partner.name for period in confirmed} == {"Alpha Teaching School Hub"}
    for before, after in zip(waiting, confirmed, strict=True):
        assert (before.started_on, before.finished_on, before.schedule) == (
            *(after.started_on, after.finished_on, after.schedule),
        )
        assert [event.event_type for event in after.participant.events] == ["teacher_training_period_confirmed"]
    assert not any(TrainingPeriod.get_by_id(period.id).is_confirmed for period in others)
    check_always()


# --- what is refused ---------------------------------------------------------------------------------------

NEW = [
    ({"cohort": None}, {"cohort": "must be given"}),
    ({"cohort": "２０２５"}, {"cohort": "is not recognised"}),
    ({"cohort": "2020"}, {"cohort": "is not recognised"}),
    ({"cohort": "2026"}, {"cohort": "has not begun yet"}),
    ({"school_id": ""}, {"school_id": "must be given"}),
    ({"school_id": "5f0c3a52-0000-4000-8000-000000000001"}, {"school_id": "is not recognised"}),
    ({"school_id": "900001"}, {"school_id": "is not recognised"}),
    ({"school": NORTHBROOK}, {"school_id": "is a school with which you have a partnership for that year already"}),
    ({"delivery_partner_id": " "}, {"delivery_partner_id": "must be given"}),
    (
        {"partner": "Nobody’s Hub"},
        {"delivery_partner_id": "is not a delivery partner that you may work with in that year"},
    ),
    (
        {"cohort": None, "school_id": None, "delivery_partner_id": "x"},
        {"cohort": "must be given", "school_id": "must be given", "delivery_partner_id": "is not recognised"},
    ),
]


def test_a_partnership_that_cannot_be(visitor):
    DeliveryPartner.create(name="Nobody’s Hub")
    before = stored()
    for attributes, refused in NEW:
        response = propose(visitor, **attributes)
        assert (attributes, response.status_code) == (attributes, 422)
        assert said(response) == [(name, f"'#/{name}' {words}") for name, words in refused.items()]
    response = propose(visitor, "Capita")
    assert response.json["errors"][0]["detail"] == "'#/cohort' is a year for which you have no contract"
    assert stored() == before


def test_a_school_that_trains_everybody_of_that_year_itself(visitor):
    school = School.create(urn="900003", name="Hollow Lane School")
    train(person_at(school.name), training_programme="school_led", **dict.fromkeys(PROVIDER_LED))
    assert school_told(visitor, school.name)["induction_programme_choice"] == "school_led"
    response = propose(visitor, school=school.name)
    assert response.status_code == 422
    assert response.json["errors"][0]["detail"] == (
        "'#/school_id' is a school whose ECTs of that year are all in school-led training. Ask its induction tutor"
    )
    train(person_at(school.name), AMBITION, is_confirmed=False)
    assert propose(visitor, school=school.name).status_code == 200


# --- another delivery partner ------------------------------------------------------------------------------


def test_another_delivery_partner_that_cannot_be(visitor):
    partnership_id = propose(visitor).json["data"]["id"]
    DeliveryPartner.create(name="Nobody’s Hub")
    for attributes, words in (
        ({"delivery_partner_id": ""}, "must be given"),
        ({"delivery_partner_id": "7"}, "is not recognised"),
        ({"partner": "Nobody’s Hub"}, "is not a delivery partner that you may work with in that year"),
        ({"partner": "Alpha Teaching School Hub"}, "is the delivery partner of a partnership with this school already"),
    ):
        before = stored()
        response = change(visitor, partnership_id, **attributes)
        assert response.status_code == 422
        [error] = response.json["errors"]
        assert (error["title"], error["detail"]) == ("delivery_partner_id", f"'#/delivery_partner_id' {words}")
        assert stored() == before


def test_another_providers_partnership_is_nobodys(visitor):
    partnership = SchoolPartnership.get(school=School.get(name=ST_JOHNS))
    for path in (f"partnerships/{partnership.api_id}", "partnerships/x", f"delivery-partners/{partnership.api_id}"):
        told(visitor, path, status=404)
    assert change(visitor, str(partnership.api_id), partner="Beacon Teaching School Hub").status_code == 404


# --- what is told ------------------------------------------------------------------------------------------


def test_a_school_that_wants_the_provider_says_how_to_reach_it(visitor):
    assert school_told(visitor) == {
        "name": ST_JOHNS,
        "urn": "900001",
        "cohort": "2025",
        "in_partnership": True,
        "induction_programme_choice": "provider_led",
        "expression_of_interest": True,
        "induction_tutor_name": "Naomi Fletcher",
        "induction_tutor_email": "naomi.fletcher@example.org",
        "created_at": "2026-04-20T11:00:00Z",
        "updated_at": "2026-04-20T11:00:00Z",
    }
    other = school_told(visitor, by="National Institute of Teaching")
    assert (other["expression_of_interest"], other["induction_tutor_name"], other["induction_tutor_email"]) == (
        *(False, None, None),
    )


def test_what_a_school_has_chosen_by_year(visitor):
    told_of = [school_told(visitor, by=AMBITION, cohort=str(year)) for year in range(2021, 2027)]
    assert [each["induction_programme_choice"] for each in told_of] == [
        *("not_yet_known", "provider_led", "provider_led", "provider_led", "provider_led", "not_yet_known"),
    ]
    assert [each["in_partnership"] for each in told_of] == [False, True, True, True, True, False]


def test_interest_stays_when_it_is_confirmed_and_goes_when_the_school_chooses_again(visitor):
    oliver = person("Oliver Bennett")
    naomi = visitor.sign_in("Naomi Fletcher")
    with clock_at(TOMORROW):
        naomi.get(f"/school/ects/{oliver.id}/change-lead-provider/lead-provider").choose(UCL).submit("Confirm change")
        attributes = school_told(visitor)
        assert not attributes["expression_of_interest"]
        assert attributes["updated_at"] == "2026-04-21T11:00:00Z"
    assert school_told(visitor, NORTHBROOK)["expression_of_interest"], "it has a partnership"


@both_engines
def test_interest_goes_with_the_last_of_those_who_waited(visitor):
    Participant.update(finished_on=YESTERDAY).where(Participant.id == person("Oliver Bennett").id).execute()
    TrainingPeriod.delete().where(TrainingPeriod.participant == person("Oliver Bennett")).execute()
    assert not school_told(visitor)["expression_of_interest"]
    ada, ben = person_at(ST_JOHNS, "mentor"), person_at(ST_JOHNS)
    for each in (ada, ben):
        train(each, TEACH_FIRST, is_confirmed=False)
    assert school_told(visitor)["expression_of_interest"]
    live_through(ada, [(YESTERDAY, leaving(YESTERDAY))])
    assert school_told(visitor)["expression_of_interest"], "one still waits"
    before = School.get(name=ST_JOHNS).api_updated_at
    live_through(ben, [(TODAY, leaving(TODAY))])
    assert school_told(visitor)["expression_of_interest"], "on the last day they are still there"
    assert School.get(name=ST_JOHNS).api_updated_at > before
    with clock_at(TOMORROW):
        gone = school_told(visitor)
        listed = told(visitor, "schools?filter[cohort]=2025&filter[updated_since]=2026-04-21T00:00:00Z")
    assert (gone["expression_of_interest"], gone["induction_tutor_name"]) == (False, None)
    assert gone["updated_at"] == "2026-04-21T11:00:00Z"
    assert [each["attributes"] for each in listed] == [gone], "who follows is told"


def test_schools_are_found_by_urn_and_by_what_changed(visitor):
    def names(query):
        return [each["attributes"]["name"] for each in told(visitor, f"schools?filter[cohort]=2025&{query}")]

    assert names("") == [ST_JOHNS, NORTHBROOK]
    assert names("sort=-created_at") == [NORTHBROOK, ST_JOHNS]
    assert names("filter[urn]=900002") == [NORTHBROOK]
    assert names("filter[urn]=900009") == []
    with clock_at(TOMORROW):
        propose(visitor)
        assert names("filter[updated_since]=2026-04-21T00:00:00Z") == [ST_JOHNS]
    assert names("page[per_page]=1&page[page]=2") == [NORTHBROOK]


def test_schools_are_of_one_cohort_which_must_be_given(visitor):
    one = f"schools/{School.get(name=ST_JOHNS).api_id}"
    for cohort in ("", "2024,2025", "1999", "x"):
        assert told(visitor, f"schools?filter[cohort]={cohort}") == []
        told(visitor, f"{one}?filter[cohort]={cohort}", status=404)
    for path in ("schools", "schools?filter[urn]=1", one):
        response = ask(visitor, "get", f"/api/v3/{path}")
        assert response.status_code == 400
        assert said(response) == [("Bad parameter", "filter[cohort] must be given")]


@both_engines
def test_delivery_partners_are_those_one_may_work_with(visitor):
    def partners(query="", by=TEACH_FIRST):
        found = told(visitor, f"delivery-partners{query}", by)
        return {each["attributes"]["name"]: each["attributes"]["cohort"] for each in found}

    every_year = [str(year) for year in range(2021, 2028)]
    assert partners() == {"Alpha Teaching School Hub": every_year, "Beacon Teaching School Hub": every_year}
    assert partners(by="National Institute of Teaching") == {"Beacon Teaching School Hub": every_year}
    assert partners(by="Capita") == {}
    alpha = DeliveryPartner.get(name="Alpha Teaching School Hub")
    for paired in list(DeliveryPartnership.select().where(DeliveryPartnership.delivery_partner == alpha)):
        if paired.active_lead_provider.contract_period_id != 2024:
            paired.delete_instance()
    assert partners("?filter[cohort]=2025,x") == {"Beacon Teaching School Hub": every_year}
    assert partners("?filter[cohort]=2024")["Alpha Teaching School Hub"] == ["2024"]
    assert partners("?filter[cohort]=x") == {}
    one = told(visitor, f"delivery-partners/{alpha.api_id}")
    assert (one["type"], one["attributes"]["cohort"]) == ("delivery-partner", ["2024"])
    told(visitor, f"delivery-partners/{alpha.api_id}", "National Institute of Teaching", status=404)


def test_partnerships_are_ones_own(visitor):
    def found(query="", by=AMBITION):
        return [each["attributes"] for each in told(visitor, f"partnerships{query}", by)]

    assert [(each["cohort"], each["urn"]) for each in found()] == [
        *(("2022", "900001"), ("2023", "900001"), ("2024", "900001"), ("2025", "900001")),
    ]
    beacon, alpha = (DeliveryPartner.get(name=f"{name} Teaching School Hub").api_id for name in ("Beacon", "Alpha"))
    assert [each["cohort"] for each in found("?filter[cohort]=2023,2025&sort=-created_at")] == ["2025", "2023"]
    assert len(found(f"?filter[delivery_partner_id]={alpha},x")) == 4
    assert found(f"?filter[delivery_partner_id]={beacon}") == []
    assert found("?filter[updated_since]=2026-04-20T11:00:01Z") == []
    assert len(found("?filter[updated_since]=2026-04-20T11:00:00Z")) == 4


def test_who_is_in_training_by_a_partnership_is_counted(visitor):
    def count():
        [partnership] = told(visitor, "partnerships?filter[cohort]=2025", AMBITION)
        etag = ask(visitor, "get", f"/api/v3/partnerships/{partnership['id']}").headers["ETag"]
        return partnership["attributes"]["participants_currently_training"], etag

    before, etag = count()
    with clock_at(TOMORROW):
        tell(visitor, "withdraw", person("Hannah Clarke"))
        assert count()[0] == before - 1
        assert count()[1] != etag
        train(person_at(ST_JOHNS), started_on=TOMORROW + timedelta(days=1))
        assert count()[0] == before - 1, "who starts later isn't there yet"


SUMMER = [datetime(2026, 4, day, *at, tzinfo=UTC) for day in (20, 21, 22) for at in ((12, 0), (22, 59), (23, 1))]
"""When a day in London begins at 23:00 UTC."""
WINTER = [datetime(2027, 1, day, hour, 1, tzinfo=UTC) for day in (12, 13, 14) for hour in (0, 22, 23)]


@pytest.mark.parametrize(
    ("engine", "moments", "per_page"),
    [("postgresql", SUMMER, 1), ("sqlite", WINTER, 100)],
    indirect=["engine"],
    ids=["summer on PostgreSQL", "winter"],
)
def test_a_client_that_follows_is_told_when_a_day_begins_or_ends_training(visitor, moments, per_page):
    """Somebody else begins or ends each day. Whoever follows the links has what a whole list has, at any moment."""
    first_day = moments[0].date()
    for number in range(2):
        ect = person_at(ST_JOHNS, started_on=first_day + timedelta(1 + number))
        train(ect, year=2023 + number % 2, finished_on=first_day + timedelta(1 + number))
    path = f"/api/v3/partnerships?page[per_page]={per_page}"
    copy, greatest, following, seen = {}, {}, path, set()
    for moment in moments:
        with clock_at(moment):
            following = keep(visitor, copy, following)
            whole = {}
            keep(visitor, whole, path)
            since = max([each["attributes"]["updated_at"] for each in greatest.values()], default="")
            keep(visitor, greatest, f"{path}&sort=updated_at&filter[updated_since]={since}")
            for each in whole.values():
                assert datetime.fromisoformat(each["attributes"]["updated_at"]) <= moment
                one = ask(visitor, "get", f"/api/v3/partnerships/{each['id']}").json["data"]
                assert one == each
        assert counts(copy) == counts(greatest) == counts(whole), moment
        seen.add(str(counts(whole)))
    assert len(seen) > 2


def keep(visitor, copy: dict, path: str) -> str:
    """Put all that is told from there on into the copy. Gives where it goes on later."""
    while path:
        answer = ask(visitor, "get", path).json
        copy.update({each["id"]: each for each in answer["data"]})
        following = answer["links"]["next"]
        path = following and "?".join(urlsplit(following)[2:4])
    return "?".join(urlsplit(answer["links"]["changes"])[2:4])


def counts(copy: dict) -> dict[str, int]:
    return {api_id: each["attributes"]["participants_currently_training"] for api_id, each in copy.items()}
