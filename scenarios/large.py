"""A large invented world, for measurements: as many schools as one asks for, with people in every state.

Some schools are filled as the demo's are, and the acts themselves do what happened there, each on its day. All others
are copies of those, with other names. The same seed makes the same people on the same day.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, time, timedelta
from itertools import count as numbers_from
from operator import itemgetter
from random import Random

from peewee import Field, UUIDField, fn

from clock import LONDON, clock_at, today
from database import db, is_postgresql
from domain import departures, training
from domain.changes import RuleBroken
from models import (
    AppropriateBody,
    ContractPeriod,
    Enrolment,
    Event,
    InductionPeriod,
    MentorOfEct,
    Mentorship,
    Participant,
    School,
    SchoolPartnership,
    SchoolUser,
    Teacher,
    TrainingPeriod,
)
from scenarios import load_contracts, load_participant, load_school, provider_acts, read
from scenarios.names import HUBS, school_name, some_name
from vocabulary import DEFERRAL_REASONS, FUNDING_END_REASONS, WITHDRAWAL_REASONS, folded

ECTS_FILLED = 120  # at schools that are not copies
FIRST_URN, LAST_URN = 100_000, 899_999  # the named schools of the other scenarios come after them
FIRST_TRN, TRNS = 4_000_000, 6_000_000  # and their people before these

ECT_STORIES = {
    "confirmed": 43,
    "awaiting": 9,
    "school-led": 12,
    "confirmed, joining": 2,
    "confirmed, withdrawn": 4,
    "confirmed, deferred": 2,
    "confirmed, deferred, withdrawn": 1,
    "confirmed, deferred, resumed": 1,
    "confirmed, changed": 3,
    "confirmed, withdrawn, changed": 1,
    "confirmed, switched": 1,
    "confirmed, leaving": 2,
    "confirmed, withdrawn, leaving": 1,
    "confirmed, left": 7,
    "school-led, left": 2,
    "confirmed, withdrawn, left": 1,
    "confirmed, passed": 5,
    "school-led, passed": 1,
    "confirmed, failed": 1,
    "confirmed, exempt": 1,
}
"""How training began and what happened later → to how many ECTs in a hundred. What the rules refuse didn't happen."""

MENTOR_STORIES = {
    "untrained": 22,
    "confirmed": 40,
    "awaiting": 8,
    "confirmed, completed": 12,
    "confirmed, withdrawn": 3,
    "confirmed, withdrawn, over": 1,
    "confirmed, deferred": 3,
    "confirmed, deferred, resumed": 1,
    "confirmed, changed": 2,
    "confirmed, leaving": 2,
    "confirmed, left": 4,
    "untrained, left": 2,
}


def add_schools(count: int, seed: int, ects: int = 2) -> Iterator[int]:
    """Add so many schools with their people: at each `ects` ECTs on average, four times as many at most. Gives, after
    each transaction, how many schools it added. Goes on after the schools of an earlier call; nothing else may write to
    the database meanwhile."""
    last_urn = School.select(fn.MAX(School.urn)).where(School.urn <= str(LAST_URN)).scalar()
    urns = map(str, numbers_from(int(last_urn) + 1 if last_urn else FIRST_URN))
    random = Random(f"{seed} {last_urn}")  # noqa: S311 - no secret comes from it
    filled, copies = min(count, max(ECTS_FILLED // ects, 1)), None
    for schools in filter(None, (filled, count % filled)):
        with db.atomic():
            before = last_ids()
            _Schools(random).fill([next(urns) for _ in range(schools)], ects)
            tell_when_it_happened(before)
            copies = copies or _Copies(random, before)
        yield schools
    for _ in range(count // filled - 1):
        with db.atomic(), without_triggers():
            copies.add(urns)
        yield filled


# --- schools that the acts fill ----------------------------------------------------------------------------


class _Schools:
    def __init__(self, random: Random):
        self.random, self.today, self.world = random, today(), read("world")
        if not ContractPeriod.select().exists():
            load_contracts(self.world)
        for hub in HUBS:
            AppropriateBody.get_or_create(name=hub, defaults={"body_type": "teaching_school_hub"})
        self.contract_periods = list(ContractPeriod.select())
        self.names = other_names(random)
        self.stories = {"ect": dealt(ECT_STORIES, random), "mentor": dealt(MENTOR_STORIES, random)}
        self.year = self.today.year - (self.today.month < 9)
        terms = {  # the first Monday of each → how many of all ECTs started then
            monday(date(self.year - ago + (month < 9), month, day)): share * part
            for ago, share in ((2, 18), (1, 37), (0, 45))
            for month, day, part in ((9, 1, 75), (1, 3, 15), (4, 10, 10))
        }
        self.terms = {day: share for day, share in terms.items() if day < self.today - timedelta(7)}
        self.first_day = min(self.terms)
        self.years = range(self.contract_year(self.first_day), self.contract_year(self.today) + 1)
        self.numbers = numbers_from((Teacher.select(fn.MAX(Teacher.id)).scalar() or 0) + 1)
        self.plans: list[tuple[datetime, Callable, tuple]] = []

    def fill(self, urns: list[str], ects: int) -> None:
        for urn in urns:
            self.add(urn, sum(self.random.random() < 0.25 for _ in range(4 * ects)))
        for moment, act, details in sorted(self.plans, key=itemgetter(0)):
            with clock_at(moment), suppress(RuleBroken):
                act(*details)

    def add(self, urn: str, ects: int) -> None:
        """Two lead providers have confirmed that they train here, the usual one first; the third has yet to."""
        providers, hubs = self.random.sample(self.world["lead_providers"], 3), self.random.sample(HUBS, 2)
        tutor = next(self.names)
        row = {"urn": urn, "name": school_name(int(urn) - FIRST_URN), "mentors": [], "ects": []}
        row["users"] = [{"name": tutor, "email": email(tutor, urn)}]
        row["partnerships"] = [
            {"lead_provider": provider, "delivery_partner": hub, "years": self.years}
            for provider, hub in zip(providers[:2], hubs, strict=True)
        ]
        with clock_at(self.moment(self.first_day - timedelta(70))):
            load_school(row)
        mentors = max(ects + self.random.randint(-1, 1), ects > 0)
        for number in range(mentors):
            self.plan_mentor(urn, providers, stays=number == 0)
        for _ in range(ects):
            self.plan_ect(urn, providers, hubs[0])

    def plan_mentor(self, urn: str, providers: list[str], *, stays: bool) -> None:
        """The first one has been here for long and stays, so that every school with ECTs has a mentor."""
        began, *acts = next(self.stories["mentor"]).split(", ")
        if stays and acts[-1:] in (["leaving"], ["left"]):
            acts = []
        started_on = monday(date(self.year - self.random.randint(3 if stays else 1, 8), 9, 1))
        row = {"started_on": started_on} | self.training(providers, began, max(started_on, self.term_day(acts)))
        if acts == ["completed"]:
            ended_on = row["training"]["started_on"] + timedelta(self.random.randint(1, 50))
            row["training"]["finished_on"] = ended_on
            row["funding_ended"] = {"on": ended_on, "reason": self.random.choice(FUNDING_END_REASONS)}
        self.plan(urn, "mentor", row, acts, weeks=(5, 9))

    def plan_ect(self, urn: str, providers: list[str], body: str) -> None:
        began, *acts = next(self.stories["ect"]).split(", ")
        is_over = acts[-1:] in (["passed"], ["failed"])
        started_on = self.first_day if is_over else self.term_day(acts)
        if acts == ["joining"]:
            started_on = monday(self.today + timedelta(self.random.randint(1, 60)))
        row = {"started_on": started_on, "appropriate_body": body} | self.training(providers, began, started_on)
        row["working_pattern"] = self.random.choice(["full_time"] * 6 + ["part_time"])
        if is_over or (acts != ["joining"] and self.random.random() < 0.85):
            row["induction_started_on"] = started_on
        self.plan(urn, "ect", row, acts, weeks=(1, 4))

    def plan(self, urn: str, role: str, row: dict, acts: list[str], weeks: tuple[int, int]) -> None:
        """Somebody is registered so many weeks before their first day, and then it happens to them."""
        name, number = next(self.names), trn(next(self.numbers))
        row = {"name": name, "trn": number, "email": email(name, urn)} | row
        first_day = min(max(row["started_on"], self.first_day), self.today)
        registered_on = first_day - timedelta(days=self.random.randint(7 * weeks[0], 7 * weeks[1]))
        self.plans.append((self.moment(registered_on), self.register, (urn, role, row)))
        began_on = max(row["started_on"], row.get("training", row)["started_on"], self.first_day)
        acts = [act for act in acts if act not in ("joining", "completed")]
        # Each act at least three days after the one before.
        days = range(2, (self.today - began_on).days, 3)
        for act, days_later in zip(acts, sorted(self.random.sample(days, min(len(acts), len(days)))), strict=False):
            day = began_on + timedelta(days_later)
            last_day = min(day + timedelta(self.random.randint(-2, 20)), self.today - timedelta(1))
            if act == "leaving":
                day = max(day, self.today - timedelta(self.random.randint(1, 40)))
                last_day = self.today + timedelta(self.random.randint(0, 75))
            self.plans.append((self.moment(day), self.act, (act, number, last_day)))

    def register(self, urn: str, role: str, row: dict) -> None:
        school = School.get(urn=urn)
        if role == "ect" and self.random.random() < 0.97:
            staying = (Participant.school == school, Participant.role == "mentor", Participant.finished_on.is_null())
            mentors = Participant.select(Participant, Teacher).join(Teacher).where(*staying).order_by(Participant.id)
            row = row | {"mentor": self.random.choice(list(mentors)).teacher.name}
        load_participant(school, role, row)

    def training(self, providers: list[str], began: str, on: date) -> dict:
        usual, other, unconfirmed = providers
        provider = unconfirmed if began == "awaiting" else self.random.choice([usual] * 4 + [other])
        led = {"programme": "school_led"} if began == "school-led" else {"lead_provider": provider}
        return {} if began == "untrained" else {"training": led | {"year": self.contract_year(on), "started_on": on}}

    def act(self, act: str, number: str, last_day: date) -> None:
        participant = Participant.select().join(Teacher).where(Teacher.trn == number).get()
        tutor = SchoolUser.get(school=participant.school_id)
        match act:
            case "withdrawn":
                reasons = [each for each in WITHDRAWAL_REASONS if not (participant.is_ect and "mentor" in each)]
                provider_acts("withdraw", participant, self.random.choice(reasons).replace("_", "-"))
            case "deferred":
                provider_acts("defer", participant, self.random.choice(DEFERRAL_REASONS).replace("_", "-"))
            case "resumed":
                provider_acts("resume", participant)
            case "changed":
                chosen = self.random.choice(training.offered_lead_providers(participant))
                training.change_lead_provider(participant, tutor, lead_provider_id=chosen.id)
            case "switched":
                training.change_training_programme(participant, tutor, training_programme="school_led")
            case "over":
                training.end_mentor_training(participant, tutor)
            case "leaving" | "left":
                departures.report_leaving(participant, tutor, leaving_on=last_day)
            case "passed" | "failed" | "exempt":
                teacher = participant.teacher
                teacher.trs_induction_status = act.capitalize()
                if act != "exempt":
                    teacher.trs_induction_completed_date = today()
                    ended = {"finished_on": today(), "outcome": act.removesuffix("ed")}
                    InductionPeriod.update(ended).where(InductionPeriod.teacher == teacher).execute()
                teacher.save()

    def term_day(self, acts: list[str]) -> date:
        """One of the first days of a term; of one some time ago if something has happened since."""
        terms = {day: share for day, share in self.terms.items() if not acts or day < self.today - timedelta(60)}
        return self.random.choices(list(terms), list(terms.values()))[0] + timedelta(self.random.randint(0, 4))

    def contract_year(self, on: date) -> int:
        return next(period.year for period in self.contract_periods if period.started_on <= on <= period.finished_on)

    def moment(self, day: date) -> datetime:
        """Some time in the working day."""
        return datetime.combine(day, time(8), LONDON) + timedelta(seconds=self.random.randrange(36_000))


# --- copies of them ----------------------------------------------------------------------------------------

COPIED = (  # in an order in which they can be inserted
    *(School, SchoolUser, SchoolPartnership, Teacher, Participant),
    *(Mentorship, TrainingPeriod, InductionPeriod, Event, Enrolment, MentorOfEct),
)


class _Copies:
    """Copies of the schools that came after those ids. In a copy all ids of all tables have moved on by the same
    number, so an id in what an event says moves like any other."""

    def __init__(self, random: Random, after: dict):
        self.random, self.after, self.until = random, after, last_ids()
        self.rows = {
            table: list(table.select().where(table.id > after[table]).order_by(table.id).dicts())
            for table in (School, SchoolUser, SchoolPartnership, Teacher, Event)
        }
        names = [row["name"] for row in self.rows[SchoolUser]] + [name_of(row) for row in self.rows[Teacher]]
        self.any_name = re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)))

    def add(self, urns: Iterator[str]) -> None:
        before, names = last_ids(), other_names(self.random)
        self.moved = max(before[table] - self.after[table] for table in COPIED)
        self.names = defaultdict(lambda: next(names))
        self.urns = defaultdict(lambda: next(urns))
        for table in COPIED:
            if table in self.rows:
                table.insert_many([self.copied(table, row) for row in self.rows[table]]).execute()
            else:
                self.insert_from_select(table)
            if is_postgresql():
                sequence = fn.pg_get_serial_sequence(f'"{table._meta.table_name}"', "id")
                table.select(fn.setval(sequence, fn.MAX(table.id))).scalar()

    def insert_from_select(self, table) -> None:
        fields = table._meta.sorted_fields
        columns = {field: field + self.moved if moves(field) else field for field in fields}
        if table == Participant:
            theirs = (
                fn.REPLACE(fn.TRIM(Teacher.folded_name), " ", ".").concat("@").concat(School.urn).concat(".example.org")
            )
            both = Teacher.select(theirs).join(School, on=School.id == columns[table.school])
            columns[table.email] = both.where(Teacher.id == columns[table.teacher])
        rows = table.select(*columns.values()).where(table.id > self.after[table], table.id <= self.until[table])
        table.insert_from(rows.order_by(table.id), fields).execute()

    def copied(self, table, row: dict) -> dict:
        """A row whose copy says something else: another name, another number."""
        new = {field.name: self.told(row[field.name], field) for field in table._meta.sorted_fields}
        if table == School:
            urn = self.urns[row["id"]]
            new |= {"urn": urn, "name": school_name(int(urn) - FIRST_URN)}
            new["induction_tutor_email"] = email(new["induction_tutor_name"], urn)
        elif table == SchoolUser:
            new["email"] = email(new["name"], self.urns[row["school"]])
        elif table == Teacher:
            first_name, _, last_name = self.names[name_of(row)].partition(" ")
            new |= {"trs_first_name": first_name, "trs_last_name": last_name, "trn": trn(new["id"])}
            new["folded_name"] = folded(name_of(new))
        return new

    def told(self, value, field: Field | None = None):
        """The copy's value for a column, or in what an event says: every number in that is an id."""
        if isinstance(field, UUIDField):
            return uuid.uuid4()
        if isinstance(value, str):
            if value.startswith("training_period_id: "):
                value = re.sub(r"\d+", lambda number: str(int(number[0]) + self.moved), value)
            return self.any_name.sub(lambda name: self.names[name[0]], value)
        if isinstance(value, list):
            return [self.told(each) for each in value]
        if isinstance(value, dict):
            return {key: self.told(each) for key, each in value.items()}
        is_id = moves(field) if field else isinstance(value, int) and not isinstance(value, bool)
        return value + self.moved if is_id and value else value


def moves(field: Field) -> bool:
    """Whether it holds an id of something that is copied."""
    return field.primary_key or field is Event.training_period_id or getattr(field, "rel_model", None) in COPIED


@contextmanager
def without_triggers() -> Generator[None]:
    """For the rest of this transaction, which must end here: what is copied has all that they do, and they take ten
    times as long as the rows."""
    if is_postgresql():
        switched = [f'ALTER TABLE "{table._meta.table_name}" {{}} TRIGGER USER' for table in COPIED]
        off, on = ([each.format(word) for each in switched] for word in ("DISABLE", "ENABLE"))
    else:
        triggers = db.execute_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        off, on = [f"DROP TRIGGER {name}" for name, _ in triggers], [sql for _, sql in triggers]
    for statement in off:
        db.execute_sql(statement)
    yield
    for statement in on:
        db.execute_sql(statement)


def last_ids() -> dict:
    return {table: table.select(fn.MAX(table.id)).scalar() or 0 for table in COPIED}


def tell_when_it_happened(after: dict) -> None:
    """The database has stamped everything with the present. It happened in years."""
    for table, moments in {
        School: ("api_updated_at",),
        SchoolPartnership: ("api_updated_at",),
        Teacher: ("api_updated_at", "api_transfers_updated_at"),
    }.items():
        latest = fn.COALESCE(Event.select(fn.MAX(Event.created_at)).where(Event.teacher == table.id), table.created_at)
        moment = latest if table == Teacher else table.created_at
        table.update(dict.fromkeys(moments, moment)).where(table.id > after[table]).execute()


# --- chance ------------------------------------------------------------------------------------------------


def dealt(stories: dict[str, int], random: Random) -> Iterator[str]:
    """Each as often as in a hundred people, in any order; then again."""
    while True:
        cards = [story for story, times in stories.items() for _ in range(times)]
        random.shuffle(cards)
        yield from cards


def other_names(random: Random) -> Iterator[str]:
    """Nobody's twice."""
    given = set()
    while True:
        name = " ".join(some_name(random))
        if name not in given:
            given.add(name)
            yield name


def name_of(row: dict) -> str:
    return f"{row['trs_first_name']} {row['trs_last_name']}"


def email(name: str, urn: str) -> str:
    return f"{'.'.join(folded(name).split())}@{urn}.example.org"


def trn(number: int) -> str:
    """Not one after the other: real ones aren’t in the order of anything."""
    return str(FIRST_TRN + number * 2_654_437 % TRNS)


def monday(day: date) -> date:
    """The first one from this day on."""
    return day + timedelta(-day.weekday() % 7)
