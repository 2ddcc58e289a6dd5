"""The journeys, as a table: which questions each asks in which order, of whom, and the act that it ends in.

Every journey goes on to "check answers" and "confirmation", so none says so. One view serves them all
(views/journeys.py).
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from werkzeug.datastructures import MultiDict

from domain import departures, participants, training
from forms import Question
from forms.questions import (
    EmailAddressForm,
    LeadProviderForm,
    LeavingDateForm,
    MentorForm,
    NameForm,
    TrainingProgrammeForm,
    WorkingPatternForm,
)
from models import Participant

CHECK_ANSWERS, CONFIRMATION = "check-answers", "confirmation"


@dataclass(frozen=True)
class Journey:
    questions: dict[str, type[Question]]
    """Page → what it asks. A journey without a question begins with its "check answers"."""
    offered_to: Callable[[Participant], bool]
    act: Callable
    """The act. Its parameters are the names of the questions' fields."""

    @property
    def pages(self) -> list[str]:
        return [*self.questions, CHECK_ANSWERS, CONFIRMATION]

    def path(
        self,
        participant: Participant,
        posted: dict,
        *,
        until: str = CHECK_ANSWERS,
        valid: Mapping[str, Question] = MappingProxyType({}),
    ) -> dict[str, Question | None]:
        """The pages that this person may be on, given the answers so far: every question with a valid answer, then the
        first without one, or "check answers" when all have one. Page → its form, filled in; None if it wasn't answered.
        It goes no further than the page `until`. `valid` has the forms that were validated already, by page."""
        path, answers = {}, {}
        for page, question in self.questions.items():
            if not question.is_asked(participant, answers):
                continue
            if page == until or page not in posted:
                return path | {page: None}
            path[page] = form = valid.get(page) or question(participant, formdata(posted, page), meta={"csrf": False})
            if page not in valid and not form.validate():
                return path
            answers |= form.answers
        return path | {CHECK_ANSWERS: None}

    def answers(self, path: dict[str, Question | None]) -> dict:
        """Everything answered on this path: the act's parameters."""
        kept = [form for form in path.values() if form and form.is_kept]
        return {name: value for form in kept for name, value in form.answers.items()}


def formdata(posted: dict, page: str) -> MultiDict | None:
    """What was posted on this page, as a form takes it; None when it wasn't answered yet."""
    return MultiDict(posted[page]) if page in posted else None


def state_token(participant: Participant, posted: dict) -> str:
    """What a "check answers" page showed: the participant's version and a digest of the answers. It travels in the
    page, so two windows can't confirm what the other one shows; forging it only skips a warning meant for oneself."""
    answers = json.dumps(posted, sort_keys=True).encode()
    return f"{participant.version}.{hashlib.sha256(answers).hexdigest()[:16]}"


def version_in_token(token: str) -> int | None:
    """The participant's version in a state token; None for text that can't be one."""
    version = token.partition(".")[0]
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None


JOURNEYS = {
    "change-lead-provider": Journey(
        questions={"lead-provider": LeadProviderForm},
        offered_to=training.can_change_lead_provider,
        act=training.change_lead_provider,
    ),
    "change-training-programme": Journey(
        questions={"training-programme": TrainingProgrammeForm, "lead-provider": LeadProviderForm},
        offered_to=training.can_change_training_programme,
        act=training.change_training_programme,
    ),
    "not-continuing-mentor-training": Journey(
        questions={},
        offered_to=training.can_end_mentor_training,
        act=training.end_mentor_training,
    ),
    "report-teacher-leaving": Journey(
        questions={"leaving-date": LeavingDateForm},
        offered_to=departures.can_report_leaving,
        act=departures.report_leaving,
    ),
    "report-staying": Journey(
        questions={},
        offered_to=lambda participant: participant.is_leaving,
        act=departures.take_back_leaving,
    ),
    "change-mentor": Journey(
        questions={"mentor": MentorForm},
        offered_to=lambda participant: participant.is_ect and not participant.has_left,
        act=participants.change_mentor,
    ),
    "change-name": Journey(
        questions={"name": NameForm},
        offered_to=lambda participant: not participant.has_left,
        act=participants.change_name,
    ),
    "change-email-address": Journey(
        questions={"email-address": EmailAddressForm},
        offered_to=lambda participant: not participant.has_left,
        act=participants.change_email_address,
    ),
    "change-working-pattern": Journey(
        questions={"working-pattern": WorkingPatternForm},
        offered_to=lambda participant: participant.is_ect and not participant.has_left,
        act=participants.change_working_pattern,
    ),
}
