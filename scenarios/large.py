"""A large invented world, for measurements: as many schools as one asks for, with people in every state.

The same seed makes the same rows on the same day. What happened is written as acts write it, in bulk: that is faster.
"""

import json
import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from random import Random

from peewee import Field, JSONField, fn

from clock import LONDON, clock_at, now, today
from database import db, is_postgresql
from domain import training
from domain.changes import heading_of, next_event, updated_at, who
from domain.departures import end_of_mentorship, lead_provider_name, leaving_heading
from models import (
    ActiveLeadProvider,
    AppropriateBody,
    ContractPeriod,
    DeliveryPartner,
    DeliveryPartnership,
    Event,
    InductionPeriod,
    LeadProvider,
    Mentorship,
    Participant,
    School,
    SchoolPartnership,
    SchoolUser,
    Teacher,
    TrainingPeriod,
)
from scenarios import load_contracts, read
from scenarios.names import HUBS, school_name, some_name
from vocabulary import DEFERRAL_REASONS, FUNDING_END_REASONS, WITHDRAWAL_REASONS, folded

SCHOOLS_AT_ONCE = 50  # in one transaction
NOBODY_READS = {"is_confirmed": False, "mentor_in_training": None}  # of what is for the confirmation page

FIRST_URN, LAST_URN = 100_000, 899_999  # the named schools of the other scenarios come after them
FIRST_TRN, TRNS = 4_000_000, 6_000_000  # and their people before these

ECT_STORIES = {
    "confirmed": 44,
    "awaiting": 9,
    "school-led": 12,
    "confirmed, joining": 2,
    "confirmed, withdrawn": 4,
    "confirmed, deferred": 2.5,
    "confirmed, deferred, withdrawn": 0.5,
    "confirmed, deferred, resumed": 1.5,
    "confirmed, changed": 3,
    "confirmed, withdrawn, changed": 1,
    "confirmed, switched": 1.5,
    "confirmed, leaving": 1.5,
    "school-led, leaving": 0.3,
    "confirmed, withdrawn, leaving": 0.2,
    "confirmed, left": 7.5,
    "school-led, left": 1.5,
    "confirmed, withdrawn, left": 1,
    "confirmed, passed": 4,
    "school-led, passed": 1,
    "confirmed, failed": 1,
    "confirmed, exempt": 1,
}
"""How training began and what happened later → to how many ECTs in a hundred. Whoever started too lately for it to have
happened is spared it."""

MENTOR_STORIES = {
    "untrained": 22,
    "confirmed": 40,
    "awaiting": 8,
    "confirmed, completed": 12,
    "confirmed, withdrawn": 4,
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
    world = World(chance(seed))
    while count > 0:
        with db.atomic():
            updated_at()
            rows = Rows()
            last_urn = School.select(fn.MAX(School.urn)).where(School.urn <= str(LAST_URN)).scalar()
            first = int(last_urn) - FIRST_URN + 1 if last_urn else 0
            added = min(count, SCHOOLS_AT_ONCE)
            for number in range(first, first + added):
                InventedSchool(world, rows, number, chance(seed, number)).fill(ects)
            rows.insert()
        yield added
        count -= added


class World:
    """What all schools share: the calendar, contracts and organisations. Adds what the database lacks of them."""

    def __init__(self, random: Random):
        world = read("world")
        named = sorted({partner for partners in world["delivery_partners"].values() for partner in partners})
        with db.atomic():
            for name in [*named, *HUBS]:
                DeliveryPartner.get_or_create(name=name, defaults={"api_id": some_uuid(random)})
            if not ContractPeriod.select().exists():
                load_contracts(world)
            for name, body_type in (world["appropriate_bodies"] | dict.fromkeys(HUBS, "teaching_school_hub")).items():
                AppropriateBody.get_or_create(name=name, defaults={"body_type": body_type})
        self.today = today()
        self.academic_year = self.today.year - (self.today.month < 9)
        self.terms = dict(self._terms())
        self.appropriate_bodies = list(AppropriateBody.select().order_by(AppropriateBody.id))
        self.delivery_partners = list(
            DeliveryPartner.select().where(DeliveryPartner.name << HUBS).order_by(DeliveryPartner.id)
        )
        self.contract_periods = list(ContractPeriod.select())
        contracts = ActiveLeadProvider.select(ActiveLeadProvider, LeadProvider, ContractPeriod)
        contracts = (
            contracts.join(LeadProvider).switch(ActiveLeadProvider).join(ContractPeriod).order_by(LeadProvider.id)
        )
        self.contracts = {(contract.lead_provider_id, contract.contract_period_id): contract for contract in contracts}
        with db.atomic():
            pairs = [(contract.id, partner.id) for contract in contracts for partner in self.delivery_partners]
            fields = [DeliveryPartnership.active_lead_provider, DeliveryPartnership.delivery_partner]
            DeliveryPartnership.insert_many(pairs, fields=fields).on_conflict_ignore().execute()
        year = self.contract_year(self.today)
        self.lead_providers = [contract.lead_provider for contract in contracts if contract.contract_period_id == year]

    def _terms(self) -> Iterator[tuple[date, float]]:
        """The first Mondays of the terms that began in the last three academic years, and how much of all ECTs started
        then."""
        for years_ago, share in ((2, 0.18), (1, 0.37), (0, 0.45)):
            year = self.academic_year - years_ago
            for day, part in ((date(year, 9, 1), 0.75), (date(year + 1, 1, 3), 0.15), (date(year + 1, 4, 10), 0.1)):
                if monday(day) < self.today - timedelta(7):
                    yield monday(day), share * part

    def contract_year(self, on: date) -> int:
        return next(period.year for period in self.contract_periods if period.started_on <= on <= period.finished_on)


class Rows:
    """Rows to be inserted together. They have their ids before, so that they can speak of each other."""

    TABLES = (  # in an order in which they can be inserted
        *(School, SchoolUser, SchoolPartnership, Teacher, Participant),
        *(Mentorship, TrainingPeriod, InductionPeriod, Event),
    )

    def __init__(self):
        self.rows = {table: [] for table in self.TABLES}
        self.last_id = {table: table.select(fn.MAX(table.id)).scalar() or 0 for table in self.TABLES}

    def add(self, row):
        table = type(row)
        row.id = self.last_id[table] = self.last_id[table] + 1
        self.rows[table].append(row)
        return row

    def insert(self) -> None:
        for table, rows in self.rows.items():
            fields = table._meta.sorted_fields
            # One statement for all of them: insert_many() takes longer to write its SQL than the database to run it.
            sql, _ = table.insert(dict.fromkeys(fields)).sql()
            values = ([stored(field, row.__data__.get(field.name)) for field in fields] for row in rows)
            db.cursor().executemany(sql, values)
            if rows and is_postgresql():
                sequence = fn.pg_get_serial_sequence(f'"{table._meta.table_name}"', "id")
                table.select(fn.setval(sequence, fn.MAX(table.id))).scalar()
        self.tell_when_it_happened()

    def tell_when_it_happened(self) -> None:
        """The database has stamped everything with the present. It happened in years."""
        for table in (School, SchoolPartnership, Teacher):
            columns = [name for name in ("api_updated_at", "api_transfers_updated_at") if name in table._meta.fields]
            sets = ", ".join(f"{name} = {db.param}" for name in columns)
            moments = [table.api_updated_at.db_value(row.api_updated_at) for row in self.rows[table]]
            values = [(*[at] * len(columns), row.id) for at, row in zip(moments, self.rows[table], strict=True)]
            sql = f"UPDATE {table._meta.table_name} SET {sets} WHERE id = {db.param}"  # noqa: S608 - our own names
            db.cursor().executemany(sql, values)


class InventedSchool:
    """One school while it is made up: first its people, then what happened to them, day after day."""

    def __init__(self, world: World, rows: Rows, number: int, random: Random):
        self.world, self.rows, self.random = world, rows, random
        urn, tutor = str(FIRST_URN + number), " ".join(some_name(random))
        self.school = School(urn=urn, api_id=some_uuid(random), name=school_name(number), induction_tutor_name=tutor)
        self.school.induction_tutor_email = self.email(tutor)
        rows.add(self.school)
        self.school_user = rows.add(SchoolUser(school=self.school, name=tutor, email=self.school.induction_tutor_email))
        self.appropriate_body = random.choice(world.appropriate_bodies)
        # Two lead providers have confirmed that they train here, the usual one first; the third has yet to.
        self.lead_providers = random.sample(world.lead_providers, 3)
        self.delivery_partners = dict(
            zip(self.lead_providers[:2], random.sample(world.delivery_partners, 2), strict=True)
        )
        self.partnerships: dict[int, SchoolPartnership] = {}
        self.stories: list[tuple[Participant, list[str]]] = []

    def fill(self, ects: int) -> None:
        count = sum(self.random.random() < 0.25 for _ in range(4 * ects))
        mentors_count = max(count + self.random.randint(-1, 1), count > 0)
        mentors = [self.add_mentor(is_the_first=i == 0) for i in range(mentors_count)]
        for _ in range(count):
            self.add_ect(mentors)
        # Only when everybody is there: whoever leaves must have met all that they ever meet.
        todo = [dated for participant, acts in self.stories if acts for dated in self.dated_acts(participant, acts)]
        for moment, act, *details in sorted(todo, key=itemgetter(0)):
            with clock_at(moment):
                act(self, *details)

    # --- people ---

    def add_mentor(self, *, is_the_first: bool) -> Participant:
        """The first one has been here for long and stays, so that every school with ECTs has a mentor."""
        training_began, *acts = self.pick(MENTOR_STORIES).split(", ")
        if is_the_first and acts[-1:] in (["leaving"], ["left"]):
            acts = []
        years_ago = self.random.randint(3 if is_the_first else 1, 8)
        started_on = monday(date(self.world.academic_year - years_ago, 9, 1))
        mentor = self.add_participant("mentor", started_on, training_began, max(started_on, self.term_day()))
        if "completed" in acts:
            period, teacher = mentor.training_periods[0], mentor.teacher
            period.finished_on = self.day_between(period.started_on, self.world.today)
            teacher.mentor_became_ineligible_for_funding_on = period.finished_on
            teacher.mentor_became_ineligible_for_funding_reason = self.random.choice(FUNDING_END_REASONS)
        self.stories.append((mentor, [act for act in acts if act in ACTS]))
        return mentor

    def add_ect(self, mentors: list[Participant]) -> None:
        training_began, *acts = self.pick(ECT_STORIES).split(", ")
        is_joining, outcome = "joining" in acts, {"passed": "pass", "failed": "fail"}.get(acts[-1] if acts else "")
        started_on = min(self.world.terms) if outcome else self.term_day()
        if is_joining:
            started_on = monday(self.world.today + timedelta(self.random.randint(1, 60)))
        ect = self.add_participant("ect", started_on, training_began, started_on)
        ect.working_pattern = "full_time" if self.random.random() < 0.85 else "part_time"
        if self.random.random() < 0.95:
            ect.school_reported_appropriate_body = self.appropriate_body
        if "exempt" in acts:
            ect.teacher.trs_induction_status = "Exempt"
        elif outcome or (not is_joining and self.random.random() < 0.85):
            self.add_induction(ect, outcome)
        if self.random.random() < 0.97:
            mentor = mentors[0] if is_joining else self.random.choice(mentors)
            mentorship = Mentorship(ect=ect, mentor=mentor, started_on=max(started_on, mentor.started_on))
            ect.mentorships.append(self.rows.add(mentorship))
            mentor.ect_mentorships.append(mentorship)
        self.stories.append((ect, [act for act in acts if act in ACTS]))

    def add_participant(self, role: str, started_on: date, training_began: str, trained_from: date) -> Participant:
        first_name, last_name = some_name(self.random)
        first_day = min(max(started_on, min(self.world.terms)), self.world.today)
        registered_on = first_day - timedelta(self.random.randint(1, 30))
        with clock_at(self.moment(registered_on)):
            teacher = Teacher(
                api_id=some_uuid(self.random),
                api_ect_training_record_id=some_uuid(self.random),
                api_mentor_training_record_id=some_uuid(self.random),
                trs_first_name=first_name,
                trs_last_name=last_name,
                folded_name=folded(f"{first_name} {last_name}"),
            )
            self.rows.add(teacher)
            # Not one after the other: real ones aren't in the order of anything.
            teacher.trn = str(FIRST_TRN + teacher.id * 2_654_437 % TRNS)
            participant = Participant(teacher=teacher, role=role, school=self.school, started_on=started_on)
            participant.email = self.email(teacher.name)
            self.rows.add(participant)
            participant.training_periods, participant.mentorships, participant.ect_mentorships = [], [], []
            if training_began == "school-led":
                self.train(participant, trained_from, training_programme="school_led")
            elif training_began != "untrained":
                usual, other, unconfirmed = self.lead_providers
                provider = unconfirmed if training_began == "awaiting" else self.pick({usual: 80, other: 20})
                schedule = training.standard_schedule(trained_from)
                columns = self.provider_led(provider, self.world.contract_year(trained_from), schedule)
                self.train(participant, trained_from, **columns)
                setattr(teacher, f"{role}_first_became_eligible_for_training_at", now())
        return participant

    def train(self, participant: Participant, started_on: date, **columns) -> TrainingPeriod:
        period = TrainingPeriod(participant=participant, started_on=started_on, **columns)
        participant.training_periods.append(self.rows.add(period))
        return period

    def provider_led(self, lead_provider: LeadProvider, year: int, schedule: str) -> dict:
        contract = self.world.contracts[lead_provider.id, year]
        partnership = self.partnership(contract) if lead_provider in self.delivery_partners else None
        return {
            "training_programme": "provider_led",
            "school_partnership": partnership,
            "expression_of_interest": None if partnership else contract,
            "schedule": schedule,
        }

    def partnership(self, contract: ActiveLeadProvider) -> SchoolPartnership:
        if contract.id not in self.partnerships:
            agreed_on = min(contract.contract_period.started_on + timedelta(7), self.world.today - timedelta(1))
            self.partnerships[contract.id] = self.rows.add(
                SchoolPartnership(
                    api_id=some_uuid(self.random),
                    school=self.school,
                    active_lead_provider=contract,
                    delivery_partner=self.delivery_partners[contract.lead_provider],
                    created_at=self.moment(agreed_on),
                )
            )
        return self.partnerships[contract.id]

    def add_induction(self, ect: Participant, outcome: str | None) -> None:
        """What the appropriate body recorded; with an outcome, two years of it."""
        ended_on = date(self.world.academic_year, 7, self.random.randint(10, 25)) if outcome else None
        induction = InductionPeriod(teacher=ect.teacher, finished_on=ended_on, outcome=outcome)
        induction.appropriate_body = self.appropriate_body
        induction.started_on = min(ect.started_on + timedelta(self.random.randint(0, 4)), self.world.today)
        self.rows.add(induction)
        teacher = ect.teacher
        teacher.trs_induction_status = {"pass": "Passed", "fail": "Failed", None: "InProgress"}[outcome]
        teacher.trs_induction_start_date = induction.started_on
        teacher.trs_induction_completed_date = ended_on

    # --- what happened to them ---

    def dated_acts(self, participant: Participant, acts: list[str]) -> Iterator[tuple]:
        """Each act with its moment, at least three days after the one before; none where there wasn't the time."""
        starts = [period.started_on for period in participant.training_periods]
        started_on = max(participant.started_on, min(self.world.terms), *starts)
        yesterday = self.world.today - timedelta(1)
        *acts, leaving = acts if acts[-1] in ("leaving", "left") else [*acts, None]
        latest = yesterday - timedelta(self.random.randint(0, 40) if leaving == "leaving" else 0)
        days = range(2, (latest - started_on).days, 3)
        if len(days) < len(acts):
            return
        chosen = [started_on + timedelta(n) for n in sorted(self.random.sample(days, len(acts)))]
        for act, day in zip(acts, chosen, strict=True):
            yield self.moment(day), ACTS[act], participant
        if not leaving:
            return
        met = [mentorship.started_on for mentorship in participant.mentorships + participant.ect_mentorships]
        first = max([started_on, *chosen, *met]) + timedelta(1)
        if leaving == "leaving":
            reported_on, last_day = latest, self.world.today + timedelta(self.random.randint(0, 75))
        else:
            reported_on = self.day_between(first, yesterday)
            last_day = min(max(reported_on + timedelta(self.random.randint(-20, 20)), first), yesterday)
        if first <= min(reported_on, last_day):
            yield self.moment(reported_on), InventedSchool.leave, participant, last_day

    def record(self, participant: Participant, author: SchoolUser | LeadProvider, *what: str, **told) -> None:
        self.rows.add(next_event(participant, author, *what, **told))
        participant.teacher.api_updated_at = now()

    def withdraw(self, participant: Participant) -> None:
        reasons = [reason for reason in WITHDRAWAL_REASONS if not (participant.is_ect and "mentor" in reason)]
        self._mark(participant, "teacher_withdraws_training_period", "withdrawn_at", "withdrawal_reason", reasons)

    def defer(self, participant: Participant) -> None:
        self._mark(participant, "teacher_defers_training_period", "deferred_at", "deferral_reason", DEFERRAL_REASONS)

    def _mark(self, participant: Participant, event_type: str, marked_at: str, reason: str, reasons) -> None:
        period = participant.training_period
        finished_on = min(period.finished_on or today(), today())
        columns = {marked_at: now(), reason: self.random.choice(reasons), "finished_on": finished_on}
        modifications = [f"{name}: {getattr(period, name)} → {value}" for name, value in columns.items()]
        for name, value in columns.items():
            setattr(period, name, value)
        heading = heading_of(event_type, participant, provider=period.lead_provider.name)
        self.record(participant, period.lead_provider, event_type, heading, period=period, modifications=modifications)

    def resume(self, participant: Participant) -> None:
        period, event_type = participant.training_period, "teacher_resumes_training_period"
        columns = {"school_partnership": period.school_partnership, "schedule": period.schedule}
        resumed = self.train(participant, today(), training_programme="provider_led", **columns)
        self.record(
            participant,
            period.lead_provider,
            event_type,
            heading_of(event_type, participant, provider=period.lead_provider.name),
            period=period,
            modifications=[f"training_period_id: {period.id} → {resumed.id}"],
            new_training_period_id=resumed.id,
        )

    def change_lead_provider(self, participant: Participant) -> None:
        before, old = participant.training_period, participant.training_period.lead_provider
        new = self.random.choice([provider for provider in self.lead_providers if provider != old])
        columns = self.provider_led(new, before.contract_period.year, before.schedule)
        self._change(
            participant,
            "teacher_training_lead_provider_updated",
            columns,
            {"old": old.name, "new": new.name},
            modifications=[f"lead_provider: {old.name} → {new.name}"],
            old_lead_provider=old.name,
            new_lead_provider=new.name,
            training_status=participant.training_status,
            is_confirmed=columns["school_partnership"] is not None,
        )

    def change_to_school_led(self, participant: Participant) -> None:
        words = {"old": training.programme_in_words(participant.training_period), "new": "school-led"}
        self._change(
            participant,
            "teacher_training_programme_updated",
            {"training_programme": "school_led"},
            words,
            modifications=["training_programme: {old} → {new}".format(**words)],
            training_programme="school_led",
            old_lead_provider=participant.training_period.lead_provider.name,
            new_lead_provider=None,
            training_status=participant.training_status,
            mentor_is_confirmed=False,
            **NOBODY_READS,
        )

    def _change(self, participant: Participant, event_type: str, columns: dict, words: dict, **told) -> None:
        told |= {"old_was_confirmed": participant.training_period.is_confirmed, "old_is_history": True}
        end(participant.training_period, today() - timedelta(1))
        period = self.train(participant, today(), **columns)
        heading = heading_of(event_type, participant, who=who(self.school_user), **words)
        self.record(participant, self.school_user, event_type, heading, period=period, **told)

    def leave(self, participant: Participant, last_day: date) -> None:
        participant.finished_on, participant.reported_leaving_by_school = last_day, self.school
        participant.reported_leaving_on = last_day
        for period in participant.training_periods:
            end(period, last_day)
        for mentorship in participant.mentorships + participant.ect_mentorships:
            if end(mentorship, last_day):
                other = mentorship.mentor if participant.is_ect else mentorship.ect
                self.record(other, self.school_user, **end_of_mentorship(participant, other, last_day))
        self.record(
            participant,
            self.school_user,
            f"teacher_left_school_as_{participant.role}",
            leaving_heading(participant.name, last_day, self.school_user),
            happened_at=datetime.combine(last_day, time(12), LONDON),
            modifications=[f"finished_on: None → {last_day}"],
            leaving_on=last_day.isoformat(),
            reported_on=last_day.isoformat(),
            lead_provider=lead_provider_name(participant),
            training_status=participant.training_status,
            **NOBODY_READS,
            ects=[],
        )

    # --- chance ---

    def pick(self, shares: dict):
        return self.random.choices(list(shares), list(shares.values()))[0]

    def email(self, name: str) -> str:
        return f"{'.'.join(folded(name).split())}@{self.school.urn}.example.org"

    def term_day(self) -> date:
        """One of the first days of a term."""
        return self.pick(self.world.terms) + timedelta(self.random.randint(0, 4))

    def day_between(self, first: date, last: date) -> date:
        return first + timedelta(self.random.randint(0, max((last - first).days, 0)))

    def moment(self, day: date) -> datetime:
        """Some time in the working day."""
        seconds = self.random.randrange(8 * 3600, 18 * 3600)
        return datetime.combine(day, time(seconds // 3600, seconds // 60 % 60, seconds % 60), LONDON)


ACTS = {
    "withdrawn": InventedSchool.withdraw,
    "deferred": InventedSchool.defer,
    "resumed": InventedSchool.resume,
    "changed": InventedSchool.change_lead_provider,
    "switched": InventedSchool.change_to_school_led,
    "leaving": InventedSchool.leave,
    "left": InventedSchool.leave,
}


def stored(field: Field, value):
    return json.dumps(value) if isinstance(field, JSONField) else field.db_value(value)


def end(period: TrainingPeriod | Mentorship, on: date) -> bool:
    """End the period on this day, unless it ended earlier. Returns whether that changed it."""
    goes_on = period.finished_on is None or period.finished_on > on
    if goes_on:
        period.finished_on = on
    return goes_on


def monday(day: date) -> date:
    """The first one from this day on."""
    return day + timedelta(-day.weekday() % 7)


def chance(*seed: int) -> Random:
    return Random(" ".join(map(str, seed)))  # noqa: S311 - no secret comes from it


def some_uuid(random: Random) -> uuid.UUID:
    return uuid.UUID(int=random.getrandbits(128), version=4)
