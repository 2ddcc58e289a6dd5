"""What the console asks moderators."""

import re

from wtforms import BooleanField, HiddenField, SelectMultipleField, StringField, TextAreaField, ValidationError

from domain.changes import RuleBroken
from domain.participants import cleaned
from forms import Form
from forms.fields import ChoiceField, DateField, TextField, whole_number
from research.models import CONSENTS, LONGEST_NOTE, LONGEST_RETENTION, OUTCOMES
from research.results import WORDS
from research.sandboxes import lead_providers
from scenarios.scenario import Scenario

MOST_SESSIONS = 40


DATES = {
    "incomplete": "The date must include {parts}",
    "short_year": "Enter the year in full, for example 2026",
    "not_a_date": "The date must be a real date, for example 31 3 2026",
}


class OptionalDateField(DateField):
    """A date that need not be there."""

    def pre_validate(self, form):
        if any(self.parts.values()):
            super().pre_validate(form)


class NumberField(TextField):
    """A whole number from 1 to `most`."""

    def __init__(self, most: int, **kwargs):
        super().__init__(**kwargs)
        self.facts["most"] = most

    def pre_validate(self, form):
        super().pre_validate(form)
        if not (re.fullmatch("[0-9]{1,4}", self.data) and 1 <= int(self.data) <= self.facts["most"]):
            raise ValidationError("not_a_number")


class ManyField(SelectMultipleField):
    """Checkboxes, from `choices`: (value, words) pairs. One or more must be chosen, unless it may be none."""

    def __init__(self, *, may_be_none: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.may_be_none = may_be_none

    def process_formdata(self, valuelist):
        try:
            self.data = [self.coerce(value) for value in valuelist]
        except ValueError:
            self.data = [None]

    def pre_validate(self, form):
        if not self.data and not self.may_be_none:
            raise ValidationError("missing")
        if not set(self.data or ()) <= {value for value, _ in self.choices}:
            raise ValidationError("unknown")


class RoundForm(Form):
    title = TextField(max_length=100)
    scenarios = ManyField()
    wordings = ManyField()
    order = ChoiceField(
        choices=[("rotated", "In turn, so that no scenario profits by its place"), ("same", "The same for everybody")]
    )
    sessions = NumberField(MOST_SESSIONS)
    planned_on = OptionalDateField()
    retention_days = NumberField(LONGEST_RETENTION)
    is_unmoderated = BooleanField()
    messages = {
        "title missing": "Enter what the round is called",
        "scenarios missing": "Select one or more scenarios",
        "wordings missing": "Select one or more wordings",
        "sessions missing": "Enter how many participants there will be",
        "retention_days missing": "Enter for how many days the log is kept",
        "missing": "Select an order",
        "too_long": "Use {max_length} characters or fewer",
        "unknown": "Select from the list",
        "in_none": "No scenario that you selected has the wording “{wording}”",
        "not_in_all": "Not every scenario that you selected has the wording “{wording}”. "
        "These have it: {having}. These do not: {without}",
        "takes_two": "{which} cannot be taken without a moderator: somebody must say something or be the lead provider "
        "in the middle of it",
        "not_a_number": "Enter a number from 1 to {most}",
    } | DATES

    def __init__(self, scenarios: list[Scenario], *args, **kwargs):
        super().__init__(*args, **{"data": {"order": "rotated", "retention_days": "30", "wordings": [""]}} | kwargs)
        self.scenarios.choices = [(each.id, f"{each.id} {each.title}") for each in scenarios]
        self.taking_two = [each.id for each in scenarios if each.takes_two]
        self.having = {}
        """Wording → the ids of the scenarios that are made for it."""
        for each in scenarios:
            for name in each.variants:
                self.having.setdefault(name, []).append(each.id)
        named = [(name, f"{name} (only {', '.join(ids)})") for name, ids in sorted(self.having.items())]
        self.wordings.choices = [("", "The ordinary wording"), *named]

    def rule(self):
        chosen = self.scenarios.data
        taking_two = [name for name in chosen if name in self.taking_two]
        if taking_two and self.is_unmoderated.data:
            raise RuleBroken({"scenarios": "takes_two"}, which=" and ".join(taking_two))
        for wording in filter(None, self.wordings.data):
            having = [name for name in chosen if name in self.having[wording]]
            without = [name for name in chosen if name not in having]
            if without:
                facts = {"having": ", ".join(having), "without": ", ".join(without)}
                code = "not_in_all" if having else "in_none"
                raise RuleBroken({"wordings": code}, wording=wording, **facts)


class SessionForm(Form):
    planned_on = OptionalDateField()
    is_unmoderated = BooleanField()
    messages = DATES


def known_consent(text: str) -> str:
    return CONSENTS[CONSENTS.index(text)]


class ConsentForm(Form):
    consent = ChoiceField(
        choices=[
            (CONSENTS[0], "Yes: log the pages, errors and changes of this session"),
            (CONSENTS[1], "No: log nothing. The session can be held all the same"),
        ],
        coerce=known_consent,
    )
    messages = {
        "missing": "Select whether the participant consents",
        "unknown": "Select whether the participant consents",
    }


class OwnConsentForm(ConsentForm):
    """As it is asked of who takes part without a moderator."""

    consent = ChoiceField(
        choices=[(CONSENTS[0], "Yes, I agree"), (CONSENTS[1], "No, I do not want to take part")], coerce=known_consent
    )
    messages = {"missing": "Select whether you agree", "unknown": "Select whether you agree"}


class ProfileForm(Form):
    """The participant's own school, so that the pages look like theirs."""

    school = StringField()
    appropriate_body = StringField()
    lead_provider = StringField()
    messages = {"too_long": "Use 100 characters or fewer", "unknown": "Select a lead provider from the list"}

    @property
    def said(self) -> dict[str, str]:
        cleaned_answers = {name: cleaned(value) for name, value in self.answers.items() if value}
        return {name: value for name, value in cleaned_answers.items() if value}

    def rule(self):
        errors = {name: "too_long" for name, value in self.said.items() if len(value) > 100}
        provider = self.said.get("lead_provider")
        if provider and "lead_provider" not in errors and provider not in lead_providers():
            errors["lead_provider"] = "unknown"
        if errors:
            raise RuleBroken(errors)


class OutcomeForm(Form):
    """How a task ended. Another outcome than the proposed one needs a reason."""

    outcome = ChoiceField(choices=[(outcome, WORDS[outcome]) for outcome in OUTCOMES])
    is_assisted = BooleanField()
    judged = ManyField(coerce=whole_number, may_be_none=True)
    reason = StringField()
    messages = {
        "missing": "Select how the task ended",
        "unknown": "Select how the task ended",
        "no_reason": "Say why the outcome is not “{proposed}”",
        "not_judged": "It is only a success if all of this was so",
        "too_long": "Use 1,000 characters or fewer",
    }

    def __init__(self, task, judged: list[str], *args, **kwargs):
        self.task, self.statements = task, judged
        is_so = [place for place, said in enumerate(task.judged) if said]
        known = {"outcome": task.outcome or task.proposed, "is_assisted": task.is_assisted, "reason": task.reason}
        super().__init__(*args, **{"data": known | {"judged": is_so}} | kwargs)
        self.judged.choices = list(enumerate(judged))
        for field in self:  # a page may have several of these
            field.anchor = f"{field.name}-{task.id}"

    def rule(self):
        outcome, proposed, errors = self.outcome.data, self.task.proposed, {}
        if outcome in OUTCOMES[:2] and len(self.judged.data or []) < len(self.statements):
            errors["judged"] = "not_judged"
        if proposed and outcome != proposed and not (self.reason.data or "").strip():
            errors["reason"] = "no_reason"
        if len(self.reason.data or "") > 1000:
            errors["reason"] = "too_long"
        if errors:
            raise RuleBroken(errors, proposed=WORDS.get(proposed))


class NoteForm(Form):
    text = TextAreaField()


class WatchForm(Form):
    name = TextField(max_length=60)
    messages = {"missing": "Enter your name", "too_long": "Use {max_length} characters or fewer"}


class WatchNoteForm(Form):
    """What an observer noticed."""

    key = HiddenField()
    text = TextAreaField()
    messages = {
        "missing": "Enter what you noticed",
        "too_long": f"Use {LONGEST_NOTE:,} characters or fewer",
        "too_many": "There were too many notes in the last minute. Wait a minute, then select “Save note” again",
        "not_now": "This note is not saved, because the participant has not consented",
    }

    def rule(self):
        text = (self.text.data or "").strip()
        if code := "missing" if not text else "too_long" if len(text) > LONGEST_NOTE else "":
            raise RuleBroken({"text": code})


class ExportForm(Form):
    with_research_data = BooleanField()
