"""What the rules say of a row that they refuse: for the acts that schools have too, in the words of their forms."""

from collections.abc import Iterator
from datetime import date

from flask import current_app

from clock import display
from domain.changes import RuleBroken
from forms.questions import (
    EmailAddressForm,
    LeadProviderForm,
    LeavingDateForm,
    MentorForm,
    TrainingProgrammeForm,
    WorkingPatternForm,
)
from models import Participant

FIELDS = {"leaving_on": "last_day", "mentor_id": "mentor_trn", "lead_provider_id": "lead_provider"}
"""An act's parameter → the field of a row, where they have other names."""
FORMS = {
    "email": EmailAddressForm,
    "working_pattern": WorkingPatternForm,
    "leaving_on": LeavingDateForm,
    "mentor_id": MentorForm,
    "lead_provider_id": LeadProviderForm,
    "training_programme": TrainingProgrammeForm,
}
MESSAGES = {
    "placed": "a day on which {name} is not {role} already. They are, at {school} ({urn}) {when}: give that a last day",
    "trained_elsewhere": "training while there is no other. At {school} there is some {when}",
    "has_left": "what is recorded. {name} has left, and a file changes nothing of what is over",
    "not_offered": "what is recorded. The rules let nobody change this for {name} now",
    "recorded": "{recorded}, as is recorded. A file brings other training only by another lead provider or programme",
    "decided": "{recorded}. Other training begins on the day on which it is brought in, and by the rules it is so",
    "overlaps": "a day that is not in another induction period. There is one {when}",
    "known": "nothing: another induction period has an outcome already",
}
"""Code → words, where no form has them."""


def words_of(refusal: RuleBroken, participant: Participant, name: str = "") -> Iterator[tuple[str, str]]:
    """(field, what should be there) for each error. `name`: the field that was being changed."""
    facts = {fact: display(value) if isinstance(value, date) else value for fact, value in refusal.facts.items()}
    facts |= {"name": participant.name, "role": "an ECT" if participant.is_ect else "a mentor"}
    facts["support"] = current_app.config["SUPPORT_EMAIL"]
    if other := facts.get("other"):
        facts["when"] = f"from {other.started_on}" + (f" to {other.finished_on}" if other.finished_on else "")
    for parameter, code in refusal.errors.items():
        field = name if parameter == "participant" else FIELDS.get(parameter, parameter)
        messages = MESSAGES | (FORMS[parameter].messages if parameter in FORMS else {})
        recorded = refusal.facts.get("recorded", {}).get(field)
        yield field, messages[code].format(**facts | {"recorded": recorded or "nothing"})
