"""One class for each question asked: its field, named like the act's parameter that it answers; the words for each way
in which it can be refused; and its rule, which asks what the act would ask."""

from wtforms import HiddenField

from domain import departures, participants, training
from forms import Doubt, Question
from forms.fields import ChoiceField, DateField, EmailField, TextField, whole_number
from vocabulary import WORKING_PATTERNS, isolated


class LeadProviderForm(Question):
    """Which lead provider is to train the person from now on?"""

    label = "lead provider"
    lead_provider_id = ChoiceField(coerce=whole_number)
    messages = {
        "missing": "Select the lead provider who will train {name}",
        "unknown": "Select a lead provider from the list",
        "already": "Select a lead provider other than {lead_provider}",
        "trained_later": "{name} has more training planned. Contact support at {support} to change the plan",
        "trained_elsewhere": "{name} is in mentor training at another school, so you cannot select one here",
    }

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **kwargs)
        self.offered = training.offered_lead_providers(participant)
        self.lead_provider_id.choices = [(provider.id, provider.name) for provider in self.offered]
        self.lead_provider_id.hints = self.hints_of_choices

    def hints_of_choices(self) -> dict[int, str]:
        """What is said under those that would be confirmed at once."""
        already = training.works_with_school_already(self.participant)
        return {each: "Already works with your school" for each, _ in self.lead_provider_id.choices if each in already}

    @property
    def is_confirmed_at_once(self) -> bool:
        return self.lead_provider_id.data in self.hints_of_choices()

    @classmethod
    def is_asked(cls, participant, answers):
        return answers.get("training_programme") != "school_led"

    def rule(self):
        training.check_lead_provider(self.participant, self.lead_provider_id.data, self.offered)


class TrainingProgrammeForm(Question):
    """Shall the person go over to the other training programme? The button is the answer."""

    label = "training programme"
    training_programme = HiddenField()
    messages = {
        "changed": "{name}’s training programme has changed. Read this page again",
        "trained_later": "{name} has more training planned. Contact support at {support} to change the plan",
    }

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **kwargs)
        self.change_to = training.other_training_programme(participant)

    def rule(self):
        training.check_training_programme(self.participant, self.training_programme.data)


class LeavingDateForm(Question):
    """When is or was the person's last day at the school?"""

    label = "leaving date"
    leaving_on = DateField()
    legends = {"leaving_on": "What was, or will be, {name}’s last day at your school?"}
    hints = {"leaving_on": "For example, 31 3 2026"}
    messages = {
        "missing": "Enter {name}’s last day at your school",
        "incomplete": "The leaving date must include {parts}",
        "short_year": "Enter the year of the leaving date in full, for example 2026",
        "not_a_date": "The leaving date must be a real date, for example 31 3 2026",
        "too_far_ahead": "The leaving date must be {latest} or earlier, because you can tell us up to 4 months ahead",
        "before_start": "The leaving date must be after {started_on}, when {name} started at your school",
        "before_training": "The leaving date must be after {started_on}, when {name}’s latest training started. "
        "Contact support at {support} if they left before that",
        "already": "{leaving_on} is already recorded. Enter another date to change it",
    }

    @property
    def filled_in(self):
        return {"leaving_on": self.participant.finished_on if self.participant.is_leaving else None}

    def rule(self):
        departures.check_leaving_on(self.participant, self.leaving_on.data)


class MentorForm(Question):
    """Who is to mentor the ECT from now on?"""

    label = "mentor"
    mentor_id = ChoiceField(coerce=whole_number)
    messages = {
        "missing": "Select who will mentor {name}",
        "unknown": "Select a mentor from the list",
        "already": "Select a mentor other than {mentor}",
        "starts_too_late": "{mentor} starts after {name}’s last day. Select another mentor",
    }

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **kwargs)
        self.mentors = participants.offered_mentors(participant)
        self.mentor_id.choices = [(mentor.id, mentor.name) for mentor in self.mentors]

    @property
    def current(self):
        return self.participant.mentor.name if self.participant.mentor else "No mentor assigned"

    def rule(self):
        participants.check_mentor(self.participant, self.mentor_id.data, self.mentors)


class NameForm(Question):
    """What name shall everybody be shown?"""

    label = "name"
    heading = "Change {name}’s name"
    name = TextField(max_length=100)
    legends = {"name": "Full name"}
    messages = {
        "missing": "Enter {name}’s full name",
        "too_long": "Use {max_length} characters or fewer",
        "already": "{name} is already recorded. Enter another name to change it",
    }

    @property
    def filled_in(self):
        return {"name": self.participant.teacher.name}

    @property
    def current(self):
        return self.participant.name

    @property
    def doubt(self):
        new, old = isolated(self["name"].data), self.participant.name
        if participants.shares_a_word(self.participant, new):
            return None
        trn = f", TRN {self.participant.teacher.trn}" if self.participant.teacher.trn else ""
        return Doubt(
            question="Is this still the same person?",
            because=f"{new} and {old} have no name in common.",
            yes=f"Yes, {new} is the new name of {old}{trn}",
            error=f"Confirm that {new} is the new name of {old}, or change the name",
        )

    def rule(self):
        participants.check_name(self.participant, self["name"].data)


class EmailAddressForm(Question):
    """Under which address is the person reached?"""

    label = "email address"
    heading = "Change {name}’s email address"
    email = EmailField()
    legends = {"email": "Email address"}
    messages = {
        "missing": "Enter an email address for {name}",
        "too_long": "Use {max_length} characters or fewer",
        "not_an_address": "Enter an email address in the correct format, like name@example.com",
        "odd_letter": "An email address cannot have {letter} in it. Check the address with {name}",
        "already": "{email} is already recorded. Enter another email address to change it",
    }

    @property
    def filled_in(self):
        return {"email": self.participant.email}

    @property
    def current(self):
        return self.participant.email or "Not reported"

    @property
    def doubt(self):
        if not (others := participants.others_reached_at(self.participant, self.email.data)):
            return None
        name = self.participant.name
        return Doubt(
            question=f"Is this {name}’s own email address?",
            because=f"{' and '.join(others)} {'has' if len(others) == 1 else 'have'} the same email address.",
            yes=f"Yes, this is {name}’s email address",
            error=f"Confirm that this is {name}’s email address, or change it",
        )

    def rule(self):
        participants.check_email(self.participant, self.email.data)


class WorkingPatternForm(Question):
    """Does the person work full time or part time?"""

    label = "working pattern"
    heading = "Change {name}’s working pattern"
    working_pattern = ChoiceField(
        choices=[(pattern, participants.in_words(pattern).capitalize()) for pattern in WORKING_PATTERNS]
    )
    legends = {"working_pattern": "Does {name} work full time or part time?"}
    messages = {
        "missing": "Select full time or part time",
        "unknown": "Select full time or part time",
        "already": "{present} is already recorded. Select {other} to change it",
    }

    @property
    def filled_in(self):
        return {"working_pattern": self.participant.working_pattern}

    @property
    def current(self):
        return dict(self.working_pattern.choices).get(self.participant.working_pattern, "Not reported")

    def rule(self):
        participants.check_working_pattern(self.participant, self.working_pattern.data)
