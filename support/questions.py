"""What corrections ask: one class for each question, as in forms/questions.py. Every correction asks why, last."""

from clock import display
from domain import arrangements, corrections, identities
from domain.corrections import Mark, marks_of, moves_of_marks
from domain.training import programme_in_words
from forms import Question
from forms.fields import ChoiceField, DateField, TextField
from forms.questions import EmailAddressForm, NameForm
from models import Participant


class ReasonForm(Question):
    """Why is this put right?"""

    label = "reason"
    reason = TextField(max_length=500)
    legends = {"reason": "Why are you putting this right?"}
    hints = {"reason": "Who asked, and how you know. Only support sees this. It is kept."}
    messages = {"missing": "Enter why you are putting this right", "too_long": "Use {max_length} characters or fewer"}


class LastDayForm(Question):
    """When was, or will be, the person's last day at the school?"""

    label = "last day"
    last_day = DateField()
    legends = {"last_day": "What was, or will be, {name}’s last day at the school?"}
    hints = {"last_day": "For example, 31 3 2026"}
    messages = {
        "missing": "Enter {name}’s last day at the school",
        "incomplete": "The last day must include {parts}",
        "short_year": "Enter the year of the last day in full, for example 2026",
        "not_a_date": "The last day must be a real date, for example 31 3 2026",
        "too_far_ahead": "The last day must be {latest} or earlier",
        "before_start": "The last day must be after {started_on}, when {name} started at the school. If they never "
        "came, put right the registration",
        "placed_later": "The last day must be {limit} or earlier, because {name} is registered elsewhere from then",
        "already": "{last_day} is already recorded. Enter another date to change it",
    }

    @property
    def filled_in(self):
        return {"last_day": self.participant.finished_on}

    @property
    def current(self):
        return display(self.participant.finished_on) if self.participant.finished_on else "No last day"

    def rule(self):
        corrections.check_last_day(self.participant, self.last_day.data)


def in_words(mark: Mark) -> str:
    kind = {"withdrawal": "Withdrawn", "deferral": "Deferred"}[mark.kind]
    why = mark.reason.replace("_", " ")
    return f"{kind} by {mark.period.lead_provider.name} on {display(mark.on)}: {why}"


def choices_of_marks(participant: Participant) -> list[tuple[str, str]]:
    return [(mark.key, in_words(mark)) for mark in marks_of(participant.training_periods)]


class MarkForm(Question):
    """Which withdrawal or deferral was made in error?"""

    label = "withdrawal or deferral"
    mark = ChoiceField()
    legends = {"mark": "Which withdrawal or deferral was made in error?"}
    messages = {
        "missing": "Select which withdrawal or deferral was made in error",
        "unknown": "Select a withdrawal or deferral from the list",
    }

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **kwargs)
        self.mark.choices = choices_of_marks(participant)

    def rule(self):
        corrections.check_mark(self.participant, self.mark.data)


class MarkedOnForm(Question):
    """Which withdrawal or deferral was on another day, and on which?"""

    label = "right day"
    mark = ChoiceField()
    marked_on = DateField()
    legends = {"mark": "Which withdrawal or deferral?", "marked_on": "On which day did training stop or pause?"}
    hints = {"marked_on": "For example, 31 3 2026"}
    messages = {
        "missing": "Select which withdrawal or deferral, and enter its day",
        "unknown": "Select a withdrawal or deferral from the list",
        "incomplete": "The day must include {parts}",
        "short_year": "Enter the year in full, for example 2026",
        "not_a_date": "The day must be a real date, for example 31 3 2026",
        "in_future": "The day must be {today} or earlier",
        "before_training": "The day must be after {started_on}, when that training started",
        "already": "{marked_on} is already recorded. Enter another date to change it",
        "before_deferral": "The day must be after {other}, when the training was paused",
        "after_withdrawal": "The day must be before {other}, when the training was stopped",
    }

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **kwargs)
        self.mark.choices = choices_of_marks(participant)

    def rule(self):
        mark = corrections.check_mark(self.participant, self.mark.data)
        corrections.check_marked_on(mark, self.marked_on.data)


class OtherTrainingForm(Question):
    """Which training did the lead provider mean?"""

    label = "training that was meant"
    move = ChoiceField()
    legends = {"move": "Which training did the lead provider mean?"}
    messages = {"missing": "Select which training was meant", "unknown": "Select a training from the list"}

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **kwargs)
        moves = moves_of_marks(participant)
        self.move.choices = [(key, f"{in_words(mark)}. Meant: {meant(*rest)}") for key, (mark, *rest) in moves.items()]

    def rule(self):
        corrections.check_move(self.participant, self.move.data)


def meant(place: Participant, period) -> str:
    role = "an ECT" if place.is_ect else "a mentor"
    until = f"to {display(period.finished_on)}" if period.finished_on else "on"
    return f"their training as {role} at {place.school.name} from {display(period.started_on)} {until}"


class ContractPeriodForm(Question):
    """To which contract year does the training belong, and by which schedule?"""

    label = "contract year and schedule"
    year = ChoiceField(coerce=int)
    schedule = ChoiceField()
    legends = {"year": "Which contract year is the training in?", "schedule": "Which schedule is it by?"}
    messages = {
        "missing": "Select a contract year and a schedule",
        "unknown": "Select a contract year and a schedule from the list",
        "already": "This contract year and schedule are already recorded. Select another",
    }

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **kwargs)
        period = arrangements.unconfirmed_training(participant)
        years = arrangements.contracts_of(participant, period) if period else {}
        self.year.choices = [(year, f"{year} to {year + 1}") for year in years]
        self.schedule.choices = [(each, each) for each in arrangements.schedules_for(participant)]

    @property
    def filled_in(self):
        period = arrangements.unconfirmed_training(self.participant)
        return {"year": period.contract_period.year, "schedule": period.schedule} if period else {}

    @property
    def current(self):
        period = arrangements.unconfirmed_training(self.participant)
        return f"{period.contract_period.year}, {period.schedule}"

    def rule(self):
        arrangements.check_contract_period(self.participant, self.year.data, self.schedule.data)


class PlannedTrainingForm(Question):
    """Which training is not going to begin?"""

    label = "training that does not begin"
    training_period_id = ChoiceField(coerce=int)
    legends = {"training_period_id": "Which training is not going to begin?"}
    messages = {"missing": "Select which training is not going to begin", "unknown": "Select a training from the list"}

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **kwargs)
        self.training_period_id.choices = [
            (period.id, f"From {display(period.started_on)}, {programme_in_words(period)}")
            for period in arrangements.planned_training(participant)
        ]

    def rule(self):
        arrangements.check_planned(self.participant, self.training_period_id.data)


class AppropriateBodyForm(Question):
    """Which appropriate body does the school name?"""

    label = "appropriate body"
    appropriate_body = TextField()
    legends = {"appropriate_body": "Name of the appropriate body"}
    hints = {"appropriate_body": "What an appropriate body has recorded itself stays. Only they can change that."}
    messages = {
        "missing": "Enter the name of the appropriate body",
        "too_long": "Use {max_length} characters or fewer",
        "unknown": "No appropriate body has this name. Check how they write it",
        "already": "{body} is already recorded. Enter another appropriate body to change it",
    }

    @property
    def current(self):
        body = self.participant.school_reported_appropriate_body
        return body.name if body else "Not reported"

    @property
    def shown(self):
        return arrangements.check_appropriate_body(self.participant, self.appropriate_body.data).name

    def rule(self):
        arrangements.check_appropriate_body(self.participant, self.appropriate_body.data)


class RightNameForm(NameForm):
    """What name shall everybody be shown? What a new one changes, the preview says."""

    doubt = None


class RightEmailAddressForm(EmailAddressForm):
    """Under which address is the person reached?"""

    email = TextField()


class TrnForm(Question):
    """What is the person's teacher reference number?"""

    label = "TRN"
    trn = TextField(max_length=7)
    legends = {"trn": "Teacher reference number (TRN)"}
    messages = {
        "missing": "Enter {name}’s TRN",
        "too_long": "A TRN is {max_length} digits",
        "not_a_trn": "A TRN is 7 digits",
        "already": "{trn} is already recorded. Enter another TRN to change it",
        "taken": "{other} has that TRN. If they are the same person, make one record of both",
    }

    @property
    def filled_in(self):
        return {"trn": self.participant.teacher.trn}

    @property
    def current(self):
        return self.participant.teacher.trn or "No TRN"

    def rule(self):
        identities.check_trn(self.participant, self.trn.data)


class OtherRecordForm(Question):
    """Which other record is of this person?"""

    label = "other record"
    record = TextField(max_length=36)
    legends = {"record": "TRN or API id of the other record of {name}"}
    hints = {"record": "What is in it becomes part of this record. The other one stays, empty."}
    messages = {
        "missing": "Enter the TRN or API id of the other record",
        "too_long": "A TRN is 7 digits, an API id {max_length} letters and digits",
        "unknown": "Nobody has this TRN or API id",
        "same": "This is {name}’s own record. Enter the TRN or API id of the other one",
        "merged": "There is nothing in the record of {other} any more",
        "placed_at_once": "{other} is registered at {school} in the same role on days when {name} is registered too, "
        "from {started_on}. Put right first which registration should not have been",
        "trained_at_once": "{other} is in training at {school} on days when {name} is in training too. Put right first "
        "which should not have been",
        "mentors": "{other} mentors {name} at {school}, or is mentored by them, so they are two people",
        "inductions": "The induction periods of {other} and {name} contradict each other",
    }

    @property
    def shown(self):
        other = identities.other_record(self.record.data)
        return f"{other.name}, {self.record.data}"

    def rule(self):
        identities.check_record(self.participant, self.record.data)
