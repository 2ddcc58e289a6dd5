"""One line about an ECT or a mentor at a school: its columns, and what in it has to fit together."""

from collections.abc import Iterator
from datetime import date

from filling.cells import Day, Email, Name, Trn, Urn, Year, choice
from filling.kind import Row, column
from vocabulary import FUNDING_END_REASONS, INDUCTION_STATUSES, ROLES, SCHEDULES, TRAINING_PROGRAMMES, WORKING_PATTERNS

OUTCOMES = {"pass": "Passed", "fail": "Failed"}
"""An induction's outcome → the national record's word for it."""


class PersonRow(Row):
    urn: Urn = column("the school that they are or were at", required=True)
    role: choice(*ROLES) = column("what they are there. Who is both has a line for each", required=True)
    trn: Trn = column("the teacher reference number that they are known by", required=True)
    first_name: Name = column("as the national record has it", required=True)
    last_name: Name = column("as the national record has it", required=True)
    email: Email = column("where they are reached at this school")
    started_on: Day = column("their first day there", required=True)
    last_day: Day = column("their last day there, once the school has said so")
    working_pattern: choice(*WORKING_PATTERNS) = column("for ECTs")
    appropriate_body: Name = column("for ECTs: the appropriate body that the school has named")
    mentor_trn: Trn = column("for ECTs: who mentors them at this school, by a line of their own")
    training_programme: choice(*TRAINING_PROGRAMMES) = column("for ECTs needed; mentors have `provider_led` or none")
    lead_provider: Name = column("for `provider_led`: who trains them, by name")
    contract_period: Year = column("for `provider_led`. Without it, the one that has the day training started")
    schedule: choice(*SCHEDULES) = column("for `provider_led`. Without it, the standard one of that day’s season")
    training_started_on: Day = column("the first day of the training. Without it, their first day there")
    induction_started_on: Day = column("for ECTs, once an appropriate body has recorded it")
    induction_finished_on: Day = column("for ECTs, once it is over")
    induction_outcome: choice(*OUTCOMES) = column("for ECTs, once it is known")
    induction_body: Name = column("who recorded it, if that is another than `appropriate_body`")
    induction_status: choice(*INDUCTION_STATUSES) = column("for ECTs: the national record’s word for it")
    funding_ended_on: Day = column("for mentors: the day on which their funded training ended")
    funding_end_reason: choice(*FUNDING_END_REASONS) = column("for mentors: why it ended")

    @property
    def whose(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def programme(self) -> str | None:
        return self.training_programme or ("provider_led" if self.lead_provider else None)

    @property
    def trained_from(self) -> date:
        return self.training_started_on or self.started_on

    @property
    def recorded_by(self) -> str | None:
        """The appropriate body that recorded the induction."""
        return self.induction_body or self.appropriate_body

    def faults(self) -> Iterator[tuple[str, str]]:
        for name in MENTORS_ONLY if self.role == "ect" else ECTS_ONLY:
            if self.says(name):
                yield name, f"nothing: it is for {'mentors' if self.role == 'ect' else 'ECTs'}"
        if self.last_day and self.last_day < self.started_on:
            yield "last_day", f"{self.started_on} or later, for that is their first day"
        if self.mentor_trn == self.trn:
            yield "mentor_trn", "another person’s: nobody is their own mentor"
        yield from self._faults_of_training()
        yield from self._faults_of_induction()
        if self.says("funding_ended_on") != self.says("funding_end_reason"):
            yield "funding_end_reason", "a reason if there is a day, and a day if there is a reason"

    def _faults_of_training(self) -> Iterator[tuple[str, str]]:
        if self.role == "mentor" and self.programme == "school_led":
            yield "training_programme", "provider_led, or nothing: there is no other for mentors"
        if self.programme == "provider_led" and not self.lead_provider:
            yield "lead_provider", "the lead provider’s name"
        if self.programme != "provider_led":
            for name in ("lead_provider", "contract_period", "schedule"):
                if self.says(name):
                    yield name, "nothing: it is for provider_led training"
        if self.says("training_started_on") and not self.programme:
            yield "training_programme", " or ".join(TRAINING_PROGRAMMES)
        if self.trained_from < self.started_on or self.trained_from > (self.last_day or date.max):
            yield "training_started_on", "a day on which they are at this school"
        if self.schedule and ("reduced" if self.role == "mentor" else "replacement") in self.schedule:
            yield "schedule", f"another one: that is for {'ECTs' if self.role == 'mentor' else 'mentors'}"

    def _faults_of_induction(self) -> Iterator[tuple[str, str]]:
        if not self.induction_started_on:
            for name in ("induction_finished_on", "induction_outcome", "induction_body"):
                if self.says(name):
                    yield "induction_started_on", f"a date: {name} needs one"
                    return
            return
        if not self.recorded_by:
            yield "induction_body", "the name of the appropriate body that recorded it"
        if self.induction_finished_on and self.induction_finished_on < self.induction_started_on:
            yield "induction_finished_on", f"{self.induction_started_on} or later, for then it started"
        if self.induction_outcome and not self.induction_finished_on:
            yield "induction_finished_on", "a date: what has an outcome is over"


ECTS_ONLY = (
    *("working_pattern", "appropriate_body", "mentor_trn", "induction_started_on", "induction_finished_on"),
    *("induction_outcome", "induction_body", "induction_status"),
)
MENTORS_ONLY = ("funding_ended_on", "funding_end_reason")
OF_THE_PERSON = ("first_name", "last_name", "induction_status", *MENTORS_ONLY)
"""What all lines of one person have to agree on."""
