"""The sandbox of the lead providers' API: the day of one request, and people of one's own. In the demo, and nowhere
else."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from app import create_app
from clock import now
from database import db
from domain import data_checks
from models import ContractPeriod, LatestUpdate, LeadProvider, School, SchoolUser
from tests.conftest import TODAY, both_engines, person
from tests.reports import AMBITION, TEACH_FIRST, address, ask, attributes_of, body, codes, tell
from tests.test_documents import command_of
from tests.test_updates import told
from views.lead_provider_api.sandbox_day import HEADER

THEM = (AMBITION, TEACH_FIRST, "UCL Institute of Education")
TOMORROW = (TODAY + timedelta(1)).isoformat()


def tell_on(visitor, day: str, act: str, name: str = "Hannah Clarke"):
    participant = person(name)
    said = body(act, attributes_of(act, participant))
    return ask(visitor, "put", address(participant, act), json=said, headers={HEADER: day})


def statuses(response) -> tuple[str, str]:
    enrolment = response.json["data"]["attributes"]["ecf_enrolments"][0]
    return enrolment["training_status"], enrolment["participant_status"]


@both_engines
def test_withdrawn_today_and_resumed_tomorrow_in_one_sitting(visitor):
    assert statuses(tell(visitor, "withdraw", person("Hannah Clarke"))) == ("withdrawn", "left")
    assert codes(tell(visitor, "resume", person("Hannah Clarke"))) == ["stopped_today"]
    assert statuses(tell_on(visitor, TOMORROW, "resume")) == ("active", "active")
    today = ask(visitor, "get", address(person("Hannah Clarke")))
    assert statuses(today) == ("active", "joining"), "it is today again"
    assert statuses(ask(visitor, "get", address(person("Hannah Clarke")), headers={HEADER: TOMORROW})) == (
        "active",
        "active",
    )


def test_updated_at_is_never_in_the_future_and_a_client_misses_nothing(visitor):
    changes = ask(visitor, "get", "/api/v3/participants").json["links"]["changes"]
    tell(visitor, "withdraw", person("Hannah Clarke"))
    told_tomorrow = tell_on(visitor, TOMORROW, "resume").json["data"]
    assert told_tomorrow["attributes"]["updated_at"] == f"{TODAY}T11:00:00Z"
    latest = datetime.fromtimestamp(LatestUpdate.get().microseconds / 10**6, UTC)
    assert latest < now() + timedelta(seconds=1)
    tell(visitor, "defer", person("Gustav Brown"))
    answer = ask(visitor, "get", "?".join(urlsplit(changes)[2:4])).json
    assert told_tomorrow["id"] in [each["id"] for each in answer["data"]]


def test_limits_go_by_the_real_time(visitor):
    left = []
    for day in (None, TOMORROW, "2025-10-01T09:00:00Z", None):
        answer = ask(visitor, "get", "/api/v3/participants", headers={HEADER: day} if day else {})
        left.append(int(answer.headers["RateLimit-Remaining"]))
    assert left == list(range(left[0], left[0] - 4, -1))


def test_a_day_that_is_none_is_refused(visitor):
    for day in ("tomorrow", "2026-13-01", "1066-10-14", "9999-12-31T23:59:59Z", "2026-04-21T09:00", "1"):
        response = ask(visitor, "get", "/api/v3/participants", headers={HEADER: day})
        assert (day, response.status_code, codes(response)) == (day, 400, ["server_date_invalid"])
        assert "from 1 June 2021 to 31 May" in response.json["errors"][0]["detail"]


def test_outside_the_demo_it_is_the_real_day(visitor, app, monkeypatch):
    monkeypatch.setitem(app.config, "DEMO", False)
    tell(visitor, "withdraw", person("Hannah Clarke"))
    for day in (TOMORROW, "tomorrow"):
        assert codes(tell_on(visitor, day, "resume")) == ["stopped_today"]
    assert visitor.send("get", "/api/docs/sandbox").status_code == 404
    assert "sandbox" not in visitor.get("/api/docs").page.css_first("nav[aria-label='Guide to the API']").html


def test_outside_the_demo_there_is_no_sandbox():
    service = create_app(
        DATABASE_URL="sqlite:////nowhere/register.sqlite3",
        SECRET_KEY="0123456789abcdef" * 3,
        DEMO=False,
        TRUSTED_HOSTS=("localhost",),
        OIDC_ISSUER="https://id.example.org",
        OIDC_CLIENT_ID="x",
        OIDC_CLIENT_SECRET="y",
    )
    assert "sandbox" not in service.cli.commands
    assert not [rule for rule in service.url_map.iter_rules() if "sandbox" in rule.rule]


# --- people of one's own -----------------------------------------------------------------------------------


def reset(visitor, by: str = AMBITION) -> dict[str, dict]:
    response = ask(visitor, "post", "/api/v3/sandbox/reset", by)
    assert response.status_code == 200, response.text
    return {each["attributes"]["full_name"]: each["attributes"]["ecf_enrolments"][0] for each in response.json["data"]}


@both_engines
def test_a_provider_gets_people_of_its_own_and_nobody_elses_changes(visitor):
    before = told(visitor, *THEM)
    people = reset(visitor, TEACH_FIRST)
    assert {name: (its["training_status"], its["participant_status"]) for name, its in people.items()} == {
        "Mo Mentor": ("active", "active"),
        "Ava Active": ("active", "active"),
        "Uma Underwood": ("active", "active"),
        "Dev Deferred": ("deferred", "left"),
        "Wil Withdrawn": ("withdrawn", "left"),
        "Lea Leaving": ("active", "leaving"),
        "Joy Joining": ("active", "joining"),
    }
    after = told(visitor, *THEM)
    for key in before:
        assert after[key] == before[key], "whoever was there is as they were"
    new = {key for key in after.keys() - before.keys() if "schools" not in key[1]}
    assert {provider for provider, *_ in new} == {TEACH_FIRST}
    names = {after[key].get("full_name") for key in new if key[1] == "unfunded-mentors"}
    assert names == {"Una Unfunded"}
    assert not data_checks.broken()


def test_the_second_time_the_first_ones_leave(visitor):
    personas = SchoolUser.select().count()
    reset(visitor)
    first = {each["id"]: each for each in ask(visitor, "get", "/api/v3/participants").json["data"]}
    others = reset(visitor, TEACH_FIRST)
    again = reset(visitor)
    assert again.keys() == others.keys()
    after = {each["id"]: each for each in ask(visitor, "get", "/api/v3/participants").json["data"]}
    assert len(after) == len(first) + len(again), "nobody disappears"
    left = {
        each["attributes"]["full_name"]
        for each in after.values()
        if each["id"] in first and each["attributes"]["ecf_enrolments"][0]["participant_status"] == "left"
    }
    assert left >= {"Ava Active", "Uma Underwood", "Mo Mentor"}
    assert SchoolUser.select().count() == personas, "the page to sign in from stays as it is"
    told_others = ask(visitor, "get", "/api/v3/participants", TEACH_FIRST).json["data"]
    assert "active" in {each["attributes"]["ecf_enrolments"][0]["participant_status"] for each in told_others}
    assert not data_checks.broken()


def test_who_waits_comes_with_the_partnership(visitor):
    reset(visitor)
    year = ContractPeriod.get(ContractPeriod.started_on <= TODAY, ContractPeriod.finished_on >= TODAY).year
    schools = ask(visitor, "get", f"/api/v3/schools?filter[cohort]={year}").json["data"]
    (waiting,) = [each for each in schools if "which waits for Ambition" in each["attributes"]["name"]]
    assert waiting["attributes"]["expression_of_interest"]
    partner = ask(visitor, "get", f"/api/v3/delivery-partners?filter[cohort]={year}").json["data"][0]["id"]
    sent = {"cohort": str(year), "school_id": waiting["id"], "delivery_partner_id": partner}
    made = ask(visitor, "post", "/api/v3/partnerships", json={"data": {"type": "partnership", "attributes": sent}})
    assert made.status_code == 200, made.text
    people = ask(visitor, "get", "/api/v3/participants").json["data"]
    assert "Wes Waiting" in [each["attributes"]["full_name"] for each in people]


def test_who_has_no_contract_and_who_has_no_token(visitor):
    assert visitor.send("post", "/api/v3/sandbox/reset").status_code == 401
    closed = LeadProvider.get(name="Capita")
    response = ask(visitor, "post", "/api/v3/sandbox/reset", closed.name)
    assert (response.status_code, codes(response)) == (422, ["no_contract"])


def test_by_the_command(app, world):
    db.close()
    command = ["sandbox", "reset", "--lead-provider"]
    assert command_of(app, command[:2])[0]
    done = app.test_cli_runner().invoke(args=[*command, AMBITION])
    unknown = app.test_cli_runner().invoke(args=[*command, "Nobody"])
    db.connect(reuse_if_open=True)
    assert done.exit_code == 0, done.output
    assert "Ava Active, ect" in done.output
    assert School.get(name=f"Sandbox School 990001 of {AMBITION}")
    assert (unknown.exit_code, "There is no lead provider “Nobody”" in unknown.output) == (1, True)
