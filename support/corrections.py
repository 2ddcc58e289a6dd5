"""What support can put right, as a table: the questions, whom it is offered for, and the act. Every correction goes on
to ask for a reason, to “check answers”, which shows what follows from it, and to a confirmation. One more is a row
here, an act in domain/ and its test."""

from collections.abc import Callable
from dataclasses import dataclass

from domain import arrangements, corrections, identities
from forms import Question
from forms.journeys import Journey
from models import Participant
from support.questions import (
    AppropriateBodyForm,
    ContractPeriodForm,
    LastDayForm,
    MarkedOnForm,
    MarkForm,
    OtherRecordForm,
    OtherTrainingForm,
    PlannedTrainingForm,
    ReasonForm,
    RightEmailAddressForm,
    RightNameForm,
    TrnForm,
)

REASON = "reason"


@dataclass(frozen=True)
class Correction(Journey):
    title: str = ""
    """What is put right, as a link says it."""


def correction(
    title: str, act: Callable, offered_to: Callable[[Participant], bool] = lambda _: True, **questions: type[Question]
) -> Correction:
    """`offered_to`: to whom, of those whose registration was no error itself; to all of them unless given."""
    asked = {page.replace("_", "-"): question for page, question in questions.items()}

    def is_offered_to(participant: Participant) -> bool:
        return not participant.registered_in_error_at and offered_to(participant)

    return Correction({**asked, REASON: ReasonForm}, is_offered_to, act, title)


CORRECTIONS = {
    "not-left": correction(
        "They have not left and are not leaving", corrections.put_right_not_left, corrections.can_put_right_not_left
    ),
    "last-day": correction(
        "Their last day is another one",
        corrections.put_right_last_day,
        corrections.can_put_right_last_day,
        last_day=LastDayForm,
    ),
    "mark-in-error": correction(
        "They were withdrawn or deferred in error", corrections.put_right_mark, corrections.has_marks, mark=MarkForm
    ),
    "mark-on-other-training": correction(
        "They were withdrawn or deferred from other training",
        corrections.put_right_training_of_mark,
        lambda participant: bool(corrections.moves_of_marks(participant)),
        training=OtherTrainingForm,
    ),
    "mark-on-other-day": correction(
        "They were withdrawn or deferred on another day",
        corrections.put_right_day_of_mark,
        corrections.has_marks,
        day=MarkedOnForm,
    ),
    "contract-year": correction(
        "Their training is in another contract year, or has another schedule",
        arrangements.put_right_contract_period,
        lambda participant: arrangements.unconfirmed_training(participant) is not None,
        contract_year=ContractPeriodForm,
    ),
    "planned-training": correction(
        "Training that is planned is not going to begin",
        arrangements.put_right_planned_training,
        lambda participant: bool(arrangements.planned_training(participant)),
        training=PlannedTrainingForm,
    ),
    "appropriate-body": correction(
        "Their appropriate body",
        arrangements.put_right_appropriate_body,
        lambda participant: participant.is_ect,
        appropriate_body=AppropriateBodyForm,
    ),
    "registration": correction("They should not have been registered here", corrections.put_right_registration),
    "two-records": correction(
        "Another record is of the same person", identities.put_right_two_records, other_record=OtherRecordForm
    ),
    "name": correction("Their name", identities.put_right_name, name=RightNameForm),
    "trn": correction("Their TRN", identities.put_right_trn, trn=TrnForm),
    "email-address": correction(
        "Their email address", identities.put_right_email_address, email_address=RightEmailAddressForm
    ),
}
