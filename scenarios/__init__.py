"""Named situations to start from, each a TOML file in this folder; world.toml is the one that all others begin with.

Here a situation becomes rows, and a file that can be copied. What else a scenario says is in scenario.py; the large,
random world for measurements is in large.py.
"""

import secrets
import shutil
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import chain
from pathlib import Path
from types import MappingProxyType

from clock import LONDON, World, clock_at, entered, in_utc, now, today
from database import db, migrate
from domain import departures, reports, training
from domain.changes import System, begin_day, updated_at
from models import (
    ActiveLeadProvider,
    AppropriateBody,
    ContractPeriod,
    DeliveryPartner,
    DeliveryPartnership,
    Event,
    InductionPeriod,
    LatestUpdate,
    LeadProvider,
    Mentorship,
    Participant,
    School,
    SchoolPartnership,
    SchoolUser,
    Teacher,
    TrainingPeriod,
)
from vocabulary import folded
from web import wordings

HERE = Path(__file__).parent
WORLD = "world"


def read(name: str) -> dict:
    """What this file says now. It is everybody's: nobody changes it."""
    file = HERE / f"{name}.toml"
    return read_as(file, wordings.stamp([file]))


@cache
def read_as(file: Path, _stamp: tuple) -> dict:
    return tomllib.loads(file.read_text())


def world_of(name: str) -> dict:
    """The base world with what is different in this scenario: what it says of a person there, or a whole new person."""
    world = read(WORLD)
    school, *others = world["schools"]
    for people, differences in (read(name).get("world", {}) if name != WORLD else {}).items():
        rows = {row["name"]: row for row in school[people]}
        for person, difference in differences.items():
            rows[person] = rows.get(person, {"name": person}) | difference
        school = school | {people: list(rows.values())}
    return world | {"schools": [school, *others]}


# --- files that can be copied ------------------------------------------------------------------------------


def template(name: str, folder: Path, on: date | None = None) -> Path:
    """A SQLite file in `folder` with this scenario in it, as it is on the day `on` (its own day unless given). Made
    once, and again when anything that goes into it has changed."""
    on = on or day_of(name)
    path = folder / f"{name}-{on}-{fingerprint(name)}.sqlite3"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        build(path, name, on)
    return path


def day_of(name: str) -> date:
    """The day on which a scenario takes place."""
    return read(name).get("today", read(WORLD)["today"])


def build(path: Path, name: str, on: date, names: dict[str, str] | None = None) -> None:
    """Make this SQLite file, all at once, with organisations called by other names where `names` has them."""
    being_made = path.parent / f"{secrets.token_hex(8)}.being-made"
    being_made.touch()
    with entered(World(being_made, moment_on(on))):
        migrate()
        with db.connection_context():
            load_world(name, names or {})
            # So that the file itself tells what was done in it since.
            db.obj.pragma("user_version", Event.select().count())
    being_made.replace(path)


def moment_on(day: date) -> datetime:
    """Noon of that day, in UTC; or now, if that isn't over yet."""
    return min(in_utc(day), now()) if day == today() else in_utc(day)


def fresh_copy(of: Path, to: Path) -> None:
    """Begin anew: `to` becomes a copy of the template, all at once."""
    being_made = to.parent / f"{secrets.token_hex(8)}.being-made"
    shutil.copyfile(of, being_made)
    being_made.replace(to)


def fingerprint(name: str) -> str:
    """Of this scenario, and of everything that makes a file of it: tables, migrations and acts."""
    return wordings.hash_of(sources(name))


def sources(name: str) -> list[Path]:
    root = HERE.parent
    python = [
        *root.glob("*.py"),
        *(root / "domain").glob("*.py"),
        *(root / "web").glob("*.py"),
        *(root / "database").rglob("*.py"),
        HERE / "__init__.py",
    ]
    return python + [HERE / f"{each}.toml" for each in {WORLD, name}]


# --- rows --------------------------------------------------------------------------------------------------


def renamed(world, names: Mapping[str, str]):
    """The same with whatever is called by one of these names called by the other."""
    if isinstance(world, dict):
        return {names.get(key, key): renamed(value, names) for key, value in world.items()}
    if isinstance(world, list):
        return [renamed(value, names) for value in world]
    return names.get(world, world) if isinstance(world, str) else world


def load_world(name: str = WORLD, names: Mapping[str, str] = MappingProxyType({})) -> None:
    """Fill an empty database with the base world, or with a scenario's, called by other names."""
    world = renamed(world_of(name), names)
    with db.atomic():
        updated_at()
        begin_day(LatestUpdate.get().day)
        load_contracts(world)
        for name, body_type in world["appropriate_bodies"].items():
            AppropriateBody.create(name=name, body_type=body_type)
        for row in world["schools"]:
            load_school(row)


def load_contracts(world: dict) -> None:
    """The contract periods up to next year's, each with the lead providers that hold a contract in it."""
    closed = world["closed"]
    providers = {
        name: LeadProvider.create(name=name, contact_email=contact_email(name))
        for name in world["lead_providers"] + closed["lead_providers"]
    }
    named = dict.fromkeys(chain(*world["delivery_partners"].values()))
    partners = {name: DeliveryPartner.create(name=name) for name in named}
    for year in range(world["first_contract_year"], max(today(), world["today"]).year + 2):
        is_closed = year in closed["years"]
        period = ContractPeriod.create(
            year=year,
            started_on=date(year, 6, 1),
            finished_on=date(year + 1, 5, 31),
            payments_frozen_at=datetime.combine(closed["on"], time(), LONDON) if is_closed else None,
        )
        for name, provider in providers.items():
            if is_closed or name not in closed["lead_providers"]:
                active = ActiveLeadProvider.create(lead_provider=provider, contract_period=period)
                for partner in world["delivery_partners"].get(name, []):
                    DeliveryPartnership.create(active_lead_provider=active, delivery_partner=partners[partner])


def contact_email(lead_provider: str) -> str:
    """An invented one, which fits the name."""
    return f"schools@{'-'.join(folded(lead_provider).split()[:2])}.example.org"


def pair(active: ActiveLeadProvider, delivery_partner: str) -> DeliveryPartner:
    """Let the two work together in that contract period."""
    partner, _ = DeliveryPartner.get_or_create(name=delivery_partner)
    DeliveryPartnership.get_or_create(active_lead_provider=active, delivery_partner=partner)
    return partner


def load_school(row: dict) -> None:
    tutor = row.get("tutor") or row["users"][0]
    school = School.create(
        urn=row["urn"], name=row["name"], induction_tutor_name=tutor["name"], induction_tutor_email=tutor["email"]
    )
    for user in row["users"]:
        SchoolUser.create(school=school, **user)
    for partnership in row["partnerships"]:
        for year in partnership["years"]:
            active = active_provider(partnership["lead_provider"], year)
            partner = pair(active, partnership["delivery_partner"])
            SchoolPartnership.create(school=school, active_lead_provider=active, delivery_partner=partner)
    for role in ("mentor", "ect"):
        for person in row[f"{role}s"]:
            load_participant(school, role, person)


def load_participant(school: School, role: str, row: dict) -> None:
    first_name, _, last_name = row["name"].partition(" ")
    ended = row.get("funding_ended", {})
    trained_from = datetime.combine(row["started_on"], time(9), LONDON)
    teacher = Teacher.create(
        trn=row["trn"],
        trs_first_name=first_name,
        trs_last_name=last_name,
        trs_induction_status=row.get("induction_status", "InProgress" if "induction_started_on" in row else None),
        mentor_became_ineligible_for_funding_on=ended.get("on"),
        mentor_became_ineligible_for_funding_reason=ended.get("reason"),
        **{f"{role}_first_became_eligible_for_training_at": min(trained_from, now())},
    )
    body = AppropriateBody.get(name=row["appropriate_body"]) if "appropriate_body" in row else None
    participant = Participant.create(
        teacher=teacher,
        role=role,
        school=school,
        started_on=row["started_on"],
        email=row["email"],
        working_pattern=row.get("working_pattern", "full_time") if role == "ect" else None,
        school_reported_appropriate_body=body,
    )
    if "induction_started_on" in row:
        InductionPeriod.create(teacher=teacher, appropriate_body=body, started_on=row["induction_started_on"])
    if row.get("mentor"):
        mentors = Participant.select(Participant, Teacher).join(Teacher).where(Participant.school == school)
        mentor = next(each for each in mentors if each.role == "mentor" and each.teacher.name == row["mentor"])
        Mentorship.create(ect=participant, mentor=mentor, started_on=max(participant.started_on, mentor.started_on))
    if "training" in row:
        load_training(participant, row["training"])
    for act, mark in (("withdraw", "withdrawn"), ("defer", "deferred")):
        # What is dated later has not happened yet.
        if row.get(mark) and row[mark]["on"] <= today():
            with clock_at(moment_on(row[mark]["on"])):
                provider_acts(act, participant, row[mark]["reason"])
    if row.get("leaving_on") and departures.can_report_leaving(participant):
        author = SchoolUser.get_or_none(school=school) or System()
        departures.report_leaving(participant, author, leaving_on=day(row["leaving_on"]))


def load_training(participant: Participant, row: dict) -> None:
    started_on = row.get("started_on", participant.started_on)
    dates = {"started_on": started_on, "finished_on": row.get("finished_on")}
    if row.get("programme") == "school_led":
        TrainingPeriod.create(participant=participant, training_programme="school_led", **dates)
        return
    active = active_provider(row["lead_provider"], row["year"])
    partnership = SchoolPartnership.get_or_none(school=participant.school_id, active_lead_provider=active)
    TrainingPeriod.create(
        participant=participant,
        training_programme="provider_led",
        school_partnership=partnership,
        expression_of_interest=None if partnership else active,
        schedule=training.standard_schedule(started_on),
        **dates,
    )


def provider_acts(act: str, participant: Participant, reason: str = "other") -> Event:
    """The lead provider that trained this person last reports something of them: `withdraw`, `defer` or `resume`.
    Raises RuleBroken where the API would refuse it."""
    period = participant.last_provider_led_period
    course = next(course for course, role in reports.COURSES.items() if role == participant.role)
    reasons = {} if act == "resume" else {"reason": reason}
    return getattr(reports, act)(period.lead_provider, participant.teacher, course_identifier=course, **reasons)


def active_provider(name: str, year: int) -> ActiveLeadProvider:
    return ActiveLeadProvider.get(
        lead_provider=LeadProvider.get(name=name), contract_period=ContractPeriod.get_by_id(year)
    )


def day(text: str | date) -> date:
    """A date, or "today + 40" for 40 days from now."""
    if isinstance(text, date):
        return text
    return today() + timedelta(days=int(text.removeprefix("today").replace(" ", "")))
