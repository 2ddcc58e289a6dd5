"""A line about somebody at a school beside what is known of them: whoever is new becomes a participant to register, and
what is different of those who are there becomes an act of domain/. What a school or a lead provider has changed here
since has the last word."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial

from clock import display, today
from domain import departures, participants, registrations, training
from domain.changes import RuleBroken, System
from domain.queries import participants_by_ids
from filling.imports import Import
from filling.kind import Changes
from filling.person import OUTCOMES, PersonRow
from filling.words import words_of
from models import (
    ActiveLeadProvider,
    AppropriateBody,
    ContractPeriod,
    InductionPeriod,
    Participant,
    ParticipantIdChange,
    School,
    Teacher,
    TrainingPeriod,
)
from vocabulary import TRAINING_PROGRAMMES

SYSTEM = System()
TRAINING_EVENTS = (
    "teacher_training_lead_provider_updated",
    "teacher_training_programme_updated",
    "teacher_starts_training_period",
    "teacher_withdraws_training_period",
    "teacher_defers_training_period",
    "teacher_resumes_training_period",
    "teacher_changes_schedule",
    "teacher_training_period_confirmed",
    "teacher_contract_period_put_right",
    "teacher_planned_training_put_right",
    "teacher_withdrawal_taken_back",
    "teacher_deferral_taken_back",
)

EMAIL_EVENTS = ("teacher_email_address_updated",)
PATTERN_EVENTS = ("teacher_working_pattern_updated",)
LEAVING_EVENTS = ("teacher_left_school_as_ect", "teacher_left_school_as_mentor", "teacher_stays_at_school")
BODY_EVENTS = ("teacher_appropriate_body_updated",)


@dataclass
class Known:
    """What the database has of those whom some rows are about."""

    schools: dict[str, School]
    bodies: dict[str, AppropriateBody]
    contracts: dict[str, dict[int, ActiveLeadProvider]]
    teachers: dict[str, Teacher] = field(default_factory=dict)
    placements: dict[str, list[Participant]] = field(default_factory=dict)
    """By TRN."""
    united: dict[str, str] = field(default_factory=dict)
    """The TRN of a record that has become part of another → that one’s, and since when."""

    @classmethod
    def of(cls, rows: list[PersonRow]) -> "Known":
        known = cls(
            schools={each.urn: each for each in School.select().where(School.urn << list({row.urn for row in rows}))},
            bodies={each.name.casefold(): each for each in AppropriateBody.select()},
            contracts=registrations.active_lead_providers(),
        )
        trns = list({row.trn for row in rows})
        for teacher in Teacher.select().where(Teacher.trn << trns):
            teacher.induction_periods = []
            known.teachers[teacher.trn] = teacher
        schools = {school.id: school for school in known.schools.values()}
        for each in participants_by_ids([each.id for each in placements_of(trns)]):
            teacher = known.teachers[each.teacher.trn]
            teacher.induction_periods = each.teacher.induction_periods
            each.teacher = teacher  # one for all placements of the person
            if each.school_id in schools:
                each.school = schools[each.school_id]
            known.placements.setdefault(teacher.trn, []).append(each)
        kept = Teacher.alias()
        change = ParticipantIdChange.select(Teacher.trn, kept.trn, ParticipantIdChange.changed_at)
        change = change.join(Teacher, on=Teacher.api_id == ParticipantIdChange.from_participant_id)
        change = change.join(kept, on=kept.id == ParticipantIdChange.teacher).where(Teacher.trn << trns)
        for trn, now_trn, at in change.tuples():
            known.united[trn] = f"{now_trn or 'the same person'}, as Support has said on {display(at)}"
        return known

    def reload(self, participant: Participant) -> None:
        """The participant as they are now, for the rows that come after."""
        placements = self.placements[participant.teacher.trn]
        (placements[placements.index(participant)],) = fresh = participants_by_ids([participant.id])
        fresh[0].teacher, fresh[0].school = participant.teacher, participant.school


def placements_of(trns: list[str]):
    return Participant.select(Participant.id).join(Teacher).where(Teacher.trn << trns).order_by(Participant.id)


def same_placement(row: PersonRow, placements: list[Participant]) -> Participant | None:
    """The one that this line is about: this role, at this school, from this day."""
    for each in placements:
        if (each.role, each.started_on, each.school.urn) == (row.role, row.started_on, row.urn):
            return each
    return None


# --- who is new ----------------------------------------------------------------------------------------------


class Facts:
    """What a row says, as rows of the database. What it names and nobody knows is refused."""

    def __init__(self, row: PersonRow, known: Known, report: Import):
        self.row, self.known, self.report, self.is_refused = row, known, report, False

    def refuse(self, name: str, words: str) -> None:
        self.report.refuse(self.row, name, words)
        self.is_refused = True

    def body(self, name: str) -> AppropriateBody | None:
        text = getattr(self.row, name)
        found = self.known.bodies.get(text.casefold()) if text else None
        if text and not found:
            names = sorted(body.name for body in self.known.bodies.values())
            self.refuse(name, f"an appropriate body that is here: {', '.join(names) or 'none yet'}")
        return found

    def training(self, participant: Participant) -> TrainingPeriod | None:
        row = self.row
        if not row.programme:
            return None
        period = TrainingPeriod(
            participant=participant,
            training_programme=row.programme,
            started_on=row.trained_from,
            finished_on=min(filter(None, (participant.finished_on, row.funding_ended_on)), default=None),
        )
        if row.programme == "provider_led":
            period.expression_of_interest = self.contract()
            period.schedule = row.schedule or training.standard_schedule(row.trained_from)
        if period.finished_on and period.finished_on < period.started_on:
            self.refuse("funding_ended_on", f"{period.started_on} or later: then the training began")
        return period

    def contract(self) -> ActiveLeadProvider | None:
        """The lead provider's contract in the year that the row names, or in which the training began."""
        row, by_year = self.row, self.known.contracts.get(self.row.lead_provider.casefold())
        if by_year is None:
            names = sorted(next(iter(each.values())).lead_provider.name for each in self.known.contracts.values())
            self.refuse("lead_provider", f"a lead provider that is here: {', '.join(names) or 'none yet'}")
            return None
        year = row.contract_period or year_of(by_year, row.trained_from)
        if not year and not is_in_a_contract_period(row.trained_from):
            words = f"a year: no contract period that is here has {row.trained_from} in it. Bring one in that does"
            self.refuse("contract_period", f"{words} (flask import contract-periods), then with it {row.lead_provider}")
        elif year not in by_year:
            words = f"a year in which {row.lead_provider} has a contract: {', '.join(map(str, sorted(by_year)))}"
            self.refuse("contract_period", words)
        return by_year.get(year)

    def induction(self, teacher: Teacher) -> InductionPeriod | None:
        row = self.row
        if not row.induction_started_on:
            return None
        return InductionPeriod(
            teacher=teacher,
            appropriate_body=self.body("induction_body" if row.induction_body else "appropriate_body"),
            started_on=row.induction_started_on,
            finished_on=row.induction_finished_on,
            outcome=row.induction_outcome,
        )


def year_of(by_year: dict[int, ActiveLeadProvider], on: date) -> int | None:
    periods = [each.contract_period for each in by_year.values()]
    return next((each.year for each in periods if each.started_on <= on <= each.finished_on), None)


def is_in_a_contract_period(on: date) -> bool:
    return ContractPeriod.select().where(ContractPeriod.started_on <= on, ContractPeriod.finished_on >= on).exists()


class Newcomer(Facts):
    """A row about somebody who is not at that school in that role yet. `is_first`: nothing is known of the person."""

    is_first = False

    def participant(self) -> Participant | None:
        """Whom to register; None if the row is refused."""
        row = self.row
        participant = Participant(
            teacher=self.teacher(),
            role=row.role,
            school=self.known.schools[row.urn],
            started_on=row.started_on,
            finished_on=row.last_day,
            reported_leaving_by_school=self.known.schools[row.urn] if row.last_day else None,
            email=row.email,
            working_pattern=row.working_pattern,
            school_reported_appropriate_body=self.body("appropriate_body"),
        )
        if row.role == "ect" and not row.programme:
            self.refuse("training_programme", " or ".join(TRAINING_PROGRAMMES))
        period = self.training(participant)
        participant.training_periods = [period] if period else []
        if self.is_first:
            period = self.induction(participant.teacher)
            participant.teacher.induction_periods = [period] if period else []
        try:
            registrations.check_placement(participant, self.known.placements.get(row.trn, []))
        except RuleBroken as refusal:
            for name, words in words_of(refusal, participant):
                self.refuse(name, words)
        return None if self.is_refused else participant

    def teacher(self) -> Teacher:
        row, known = self.row, self.known.teachers.get(self.row.trn)
        if known:
            return known
        self.is_first = True
        teacher = Teacher(trn=row.trn, trs_first_name=row.first_name, trs_last_name=row.last_name)
        teacher.induction_periods = []
        teacher.mentor_became_ineligible_for_funding_on = row.funding_ended_on
        teacher.mentor_became_ineligible_for_funding_reason = row.funding_end_reason
        status = OUTCOMES.get(row.induction_outcome) or ("InProgress" if row.induction_started_on else None)
        teacher.trs_induction_status = row.induction_status or status
        self.known.teachers[row.trn] = teacher
        return teacher


# --- who is there --------------------------------------------------------------------------------------------


class Comparison(Facts):
    """A row beside the participant that it is about: what is different becomes an act."""

    has_changed = False

    def __init__(self, row: PersonRow, participant: Participant, known: Known, report: Import):
        super().__init__(row, known, report)
        self.participant = participant

    def make(self) -> None:
        if self.participant.registered_in_error_at:
            event = registrations.last_event(self.participant, "teacher_registered_in_error")
            self.report.leave(self.row, "started_on", f"nobody, as Support has said on {display(event.created_at)}")
            return
        self.compare_person()
        if self.is_about_somebody_else:
            return
        self.compare_body()
        self.compare_training()
        self.compare_placement()
        if self.has_changed:
            self.known.reload(self.participant)

    @cached_property
    def is_about_somebody_else(self) -> bool:
        """Probably: by the name, as when a school changes it (forms/questions.py)."""
        return not participants.shares_a_word(self.participant, f"{self.row.first_name} {self.row.last_name}")

    def compare_person(self) -> None:
        """What is known of the person, wherever they are."""
        if self.is_about_somebody_else:
            known = self.participant.name
            ways = "put their own TRN in. If it is their new name, let their school change it here first"
            self.refuse("first_name", f"a name of {known}, who has that TRN. If this is somebody else, {ways}")
            return
        self.compare_name()
        self.compare_induction()
        self.compare_funding()

    def compare_placement(self) -> None:
        row, person = self.row, self.participant
        is_same = (row.email or "").casefold() == (person.email or "").casefold()
        email = None if is_same else row.email
        self.compare({"email": (person.email, email)}, participants.change_email_address, EMAIL_EVENTS, email=email)
        pattern, act = row.working_pattern, participants.change_working_pattern
        pair = {"working_pattern": (person.working_pattern, pattern)}
        self.compare(pair, act, PATTERN_EVENTS, working_pattern=pattern)
        pair = {"last_day": (person.finished_on, row.last_day)}
        self.compare(pair, departures.report_leaving, LEAVING_EVENTS, leaving_on=row.last_day)

    def compare(self, pairs: Changes, act: Callable, event_types: tuple[str, ...] = (), **parameters) -> None:
        """Where anything is told that isn't known so, do this act with these parameters. Of earlier changes those
        events tell."""
        if changes := {name: (known, told) for name, (known, told) in pairs.items() if told and known != told}:
            self.change(changes, event_types, partial(act, self.participant, SYSTEM, **parameters))

    def change(self, changes: Changes, event_types: tuple[str, ...], act: Callable, shown: str = "") -> None:
        """Do this act, unless somebody else has changed the first field here since: theirs is the last word. `shown`:
        what there is now, where that isn't what the field says."""
        name, (known, _) = next(iter(changes.items()))
        event = registrations.last_event(self.participant, *event_types) if event_types else None
        if event and event.author_type != "system":
            shown = shown or (display(known) if isinstance(known, date) else known or "nothing")
            words = f"{shown}, as {event.author_name} has said on {display(event.created_at)}"
            self.report.leave(self.row, name, words)
            return
        try:
            act()
            self.has_changed = True
            self.report.done(self.row, changes)
        except RuleBroken as refusal:
            for field_name, words in words_of(refusal, self.participant, name):
                self.refuse(field_name, words)

    def compare_name(self) -> None:
        row, teacher = self.row, self.participant.teacher
        names = {"first_name": row.first_name, "last_name": row.last_name}
        pairs = {name: (getattr(teacher, f"trs_{name}"), told) for name, told in names.items()}
        self.compare(pairs, registrations.change_recorded_name, **names)

    def compare_body(self) -> None:
        body, present = self.body("appropriate_body"), self.participant.school_reported_appropriate_body
        pair = {"appropriate_body": (present and present.name, body and body.name)}
        self.compare(pair, registrations.change_appropriate_body, BODY_EVENTS, appropriate_body=body)

    def compare_induction(self) -> None:
        row, teacher = self.row, self.participant.teacher
        told = self.induction(teacher)
        if told and told.appropriate_body_id:
            known = next((each for each in teacher.induction_periods if each.started_on == told.started_on), None)
            changes = from_to(induction_of(known), induction_of(told))
            if period := merged(known, told):
                others = [each for each in teacher.induction_periods if each is not known]
                act = partial(registrations.record_induction, self.participant, SYSTEM, period, others=others)
                self.change(changes, (), act)
                teacher.induction_periods = [*others, period]
        started = "InProgress" if told and not teacher.trs_induction_status else None
        status = row.induction_status or OUTCOMES.get(row.induction_outcome) or started
        pair = {"induction_status": (teacher.trs_induction_status, status)}
        self.compare(pair, registrations.change_induction_status, status=status)

    def compare_funding(self) -> None:
        row, teacher = self.row, self.participant.teacher
        on, reason = row.funding_ended_on, row.funding_end_reason
        pairs = {
            "funding_ended_on": (teacher.mentor_became_ineligible_for_funding_on, on),
            "funding_end_reason": (teacher.mentor_became_ineligible_for_funding_reason, reason),
        }
        self.compare(pairs, registrations.end_funding, on=on, reason=reason)

    def compare_training(self) -> None:
        row, known = self.row, self.participant.training_period
        if not row.programme:
            return
        if not known:
            period = self.training(self.participant)
            if not self.is_refused:
                act = partial(registrations.begin_training, self.participant, SYSTEM, period)
                changes = from_to({}, {"training_programme": row.programme, "lead_provider": row.lead_provider})
                self.change(changes, TRAINING_EVENTS, act)
            return
        if not (different := differences(row, known)):
            return
        told = training_of(row)
        changes = from_to(different, {name: told[name] for name in different})
        acts = {"training_programme": self.change_programme, "lead_provider": self.change_lead_provider}
        act = acts.get(next(iter(changes)), partial(self.refuse_differences, different))
        self.change(changes, TRAINING_EVENTS, act)

    def refuse_differences(self, different: dict) -> None:
        raise RuleBroken(dict.fromkeys(different, "recorded"), recorded=different)

    def change_programme(self) -> None:
        told = {"training_programme": self.row.programme}
        if self.row.programme == "provider_led":
            told["lead_provider_id"] = self.contract() and self.contract().lead_provider_id
        training.change_training_programme(self.participant, SYSTEM, **told)
        self.check_new_training()

    def change_lead_provider(self) -> None:
        contract = self.contract()
        chosen = contract.lead_provider_id if contract else 0
        training.change_lead_provider(self.participant, SYSTEM, lead_provider_id=chosen)
        self.check_new_training()

    def check_new_training(self) -> None:
        """The act has decided the day, the contract period and the schedule, by the rules. The row may not say
        otherwise."""
        (participant,) = participants_by_ids([self.participant.id])
        if different := differences(self.row, participant.training_period):
            raise RuleBroken(dict.fromkeys(different, "decided"), recorded=different, today=today())


def merged(known: InductionPeriod | None, told: InductionPeriod) -> InductionPeriod | None:
    """The induction period as it is to be saved; None if nothing is different. What a row doesn't say stays."""
    if not known:
        return told
    changes = {
        name: getattr(told, name)
        for name in ("appropriate_body_id", "finished_on", "outcome")
        if getattr(told, name) and getattr(told, name) != getattr(known, name)
    }
    if not changes:
        return None
    known.teacher, known.appropriate_body = told.teacher, told.appropriate_body
    for name in ("finished_on", "outcome"):
        setattr(known, name, getattr(told, name) or getattr(known, name))
    return known


def differences(row: PersonRow, period: TrainingPeriod) -> dict[str, object]:
    """Column of training → what is recorded, where the row says otherwise."""
    recorded = {
        "training_programme": period.training_programme,
        "lead_provider": period.lead_provider and period.lead_provider.name,
        "contract_period": period.contract_period and period.contract_period.year,
        "schedule": period.schedule,
        "training_started_on": period.started_on,
    }
    told = training_of(row)
    return {
        name: value
        for name, value in recorded.items()
        if told[name] is not None and str(told[name]).casefold() != str(value).casefold()
    }


def training_of(row: PersonRow) -> dict[str, object]:
    """Column of training → what the row says."""
    names = ("training_programme", "lead_provider", "contract_period", "schedule", "training_started_on")
    return {name: getattr(row, name) for name in names} | {"training_programme": row.programme}


def induction_of(period: InductionPeriod | None) -> dict[str, object]:
    """Column of induction → what this period says."""
    if not period:
        return {}
    return {
        "induction_started_on": period.started_on,
        "induction_finished_on": period.finished_on,
        "induction_outcome": period.outcome,
        "induction_body": period.appropriate_body.name,
    }


def from_to(known: dict[str, object], told: dict[str, object]) -> Changes:
    """What is told and is not known so."""
    return {name: (known.get(name), value) for name, value in told.items() if value and known.get(name) != value}
