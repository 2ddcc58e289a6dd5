"""One class for each question asked. A field has the name of the act's parameter that it answers; `rule` asks what the
act would ask."""

from wtforms import HiddenField, ValidationError

import participants
import training
from forms import Question
from forms.fields import ChoiceField, DateField, TextField
from models import WORKING_PATTERNS


class LeadProviderForm(Question):
    """Which lead provider is to train the person from now on?"""

    lead_provider_id = ChoiceField(coerce=int)

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **kwargs)
        field = self.lead_provider_id
        field.choices = [(provider.id, provider.name) for provider in training.offered_lead_providers(participant)]
        field.missing = f"Select the lead provider that will train {participant.name}"
        field.unknown = "Select a lead provider from the list"

    @classmethod
    def is_asked(cls, participant, answers):
        return answers.get("training_programme") != "school_led"

    def rule(self):
        training.check_lead_provider(self.participant, self.lead_provider_id.data)


class TrainingProgrammeForm(Question):
    """Shall the person go over to the other training programme? The button is the answer."""

    training_programme = HiddenField()

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **kwargs)
        self.change_to = training.other_training_programme(participant)

    def rule(self):
        training.check_training_programme(self.participant, self.training_programme.data)


class LeavingDateForm(Question):
    """When is or was the person's last day at the school?"""

    leaving_on = DateField(what="The leaving date")

    def __init__(self, participant, *args, **kwargs):
        said_before = participant.finished_on if participant.is_leaving else None
        super().__init__(participant, *args, **{"data": {"leaving_on": said_before}} | kwargs)
        self.leaving_on.missing = f"Enter the date that {participant.name} left or will leave your school"

    def rule(self):
        participants.check_leaving_on(self.participant, self.leaving_on.data)


class NameForm(Question):
    """What name shall everybody be shown?"""

    name = TextField(max_length=100)

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **{"data": {"name": participant.name}} | kwargs)
        self["name"].missing = "Enter the full name"

    def rule(self):
        participants.check_name(self.participant, self["name"].data)


class EmailAddressForm(Question):
    """Under which address is the person reached?"""

    email = TextField()

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **{"data": {"email": participant.email}} | kwargs)
        self.email.missing = f"Enter an email address for {participant.name}"

    def validate_email(self, field):
        if not participants.is_email_address(field.data):
            raise ValidationError("Enter an email address in the correct format, like name@example.com")

    def rule(self):
        participants.check_email(self.participant, self.email.data)


class WorkingPatternForm(Question):
    """Does the person work full time or part time?"""

    working_pattern = ChoiceField(
        missing="Select full time or part time",
        unknown="Select full time or part time",
        choices=[(pattern, pattern.replace("_", " ").capitalize()) for pattern in WORKING_PATTERNS],
    )

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **{"data": {"working_pattern": participant.working_pattern}} | kwargs)

    def rule(self):
        participants.check_working_pattern(self.participant, self.working_pattern.data)


class MentorForm(Question):
    """Who is to mentor the ECT from now on?"""

    mentor_id = ChoiceField(coerce=int)

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **kwargs)
        self.mentor_id.choices = [(mentor.id, mentor.name) for mentor in participants.offered_mentors(participant)]
        self.mentor_id.missing = f"Select who will mentor {participant.name}"
        self.mentor_id.unknown = "Select a mentor from the list"

    def rule(self):
        participants.check_mentor(self.participant, self.mentor_id.data)
