"""One class for each question asked. A field has the name of the act's parameter that it answers."""

import training
from forms import Question
from forms.fields import ChoiceField


class LeadProviderForm(Question):
    """Which lead provider is to train the person from now on?"""

    lead_provider_id = ChoiceField(coerce=int)

    def __init__(self, participant, *args, **kwargs):
        super().__init__(participant, *args, **kwargs)
        field = self.lead_provider_id
        field.choices = [(provider.id, provider.name) for provider in training.offered_lead_providers(participant)]
        field.missing = f"Select the lead provider that will train {participant.name}"
        field.unknown = "Select a lead provider from the list"

    def rule(self):
        training.check_lead_provider(self.participant, self.lead_provider_id.data)
