"""What is told: the shape of every answer, as the document about the API has it. The views make the same from the rows;
tests compare them."""

from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

from views.lead_provider_api import meanings
from views.lead_provider_api.meanings import one_of

Day = date
"""A field called date would hide its own type."""

Thing = TypeVar("Thing", bound=BaseModel)


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


def told(description: str, *example: Any, **known) -> Any:
    """An attribute: what it tells, and perhaps an example, which may be None."""
    return Field(description=description, **({"examples": [example[0]]} if example else {}), **known)


UpdatedAt = Annotated[
    datetime, told("When anything that is told here last changed. It never goes back, and is never in the future.")
]
CreatedAt = Annotated[datetime, told("When the service came to know of it.")]
Cohort = Annotated[str, told("The contract period by the year in which it begins.", "2025")]
Urn = Annotated[str, told("The unique reference number of the school.", "900001")]
TutorName = Annotated[str | None, told("The name of the school’s induction tutor.", "Naomi Fletcher")]
TutorEmail = Annotated[str | None, told("The induction tutor’s email address.", "naomi.fletcher@example.org")]
RecordId = Annotated[UUID, told("Stays the same for a person in one role, at whatever school.")]
MarkedAt = Annotated[datetime, told("When you reported it.")]


class Withdrawn(Shape):
    reason: one_of(meanings.WITHDRAWAL_REASON) = told("The reason that you gave.")
    date: MarkedAt


class Deferred(Shape):
    reason: one_of(meanings.DEFERRAL_REASON) = told("The reason that you gave.")
    date: MarkedAt


class EcfEnrolment(Shape):
    """Your latest confirmed training of the person in one role. An ECT’s comes before a mentor’s."""

    training_record_id: RecordId
    email: str | None = told("The person’s email address at that school.", "hannah.clarke@example.org")
    mentor_id: UUID | None = told(
        "Of an ECT: the `id` of their mentor now, or of the next one. It is a participant of yours, or an unfunded "
        "mentor."
    )
    school_urn: Urn
    participant_type: one_of(meanings.ROLE) = told("The role that this is about.")
    cohort: Cohort
    training_status: one_of(meanings.TRAINING_STATUS) = told("What you last reported.")
    participant_status: one_of(meanings.PARTICIPANT_STATUS) = told("Where the person is in their training with you.")
    eligible_for_funding: bool | None = told(
        "Whether their training is funded. Empty while nothing is known of that.", True
    )
    pupil_premium_uplift: bool = told("Always false: this service does not deal with uplifts.")
    sparsity_uplift: bool = told("Always false: this service does not deal with uplifts.")
    schedule_identifier: one_of(meanings.SCHEDULE) = told("The schedule of their training.", "ecf-standard-september")
    delivery_partner_id: UUID = told("The `id` of the delivery partner of your partnership with the school.")
    withdrawal: Withdrawn | None = told("When and why you withdrew them. Empty unless they are withdrawn.", None)
    deferral: Deferred | None = told("When and why you deferred them. Empty unless they are deferred.", None)
    created_at: datetime = told("When the first school registered the person in this role.")
    induction_end_date: date | None = told("Of an ECT: the day on which induction ended.", None)
    most_recent_induction_period_end_date: date | None = told(
        "Of an ECT: the last day of the latest period of induction. Empty while it goes on.", None
    )
    overall_induction_start_date: date | None = told("Of an ECT: the first day of induction.", "2025-09-01")
    mentor_funding_end_date: date | None = told("Of a mentor: the day on which funded training ended.", None)
    cohort_changed_after_payments_frozen: bool = told(
        "Whether the person was moved here from a cohort that had closed. Only they may be moved back to it."
    )
    mentor_ineligible_for_funding_reason: one_of(meanings.FUNDING_END_REASON) | None = told(
        "Of a mentor: why funded training ended.", None
    )
    working_pattern: one_of(meanings.WORKING_PATTERN) | None = told("Of an ECT: how they work.")


class IdChange(Shape):
    from_participant_id: UUID = told("The `id` that the person had before.")
    to_participant_id: UUID = told("The `id` that the person has now.")
    changed_at: datetime = told("When that was changed.")


class ParticipantAttributes(Shape):
    full_name: str = told("The name as the person’s school shows it.", "Hannah Clarke")
    teacher_reference_number: str | None = told("Seven digits.", "3200002")
    updated_at: UpdatedAt
    ecf_enrolments: list[EcfEnrolment] = told(
        "What you are told of the person in each role in which you train or trained them.", min_length=1, max_length=2
    )
    participant_id_changes: list[IdChange] = told(
        "Two records of one person that were made one: the ids that are gone.", []
    )


class Leaving(Shape):
    school_urn: Urn
    provider: str | None = told("The lead provider there. Empty if the school trained the person.", "Teach First")
    date: Day = told("The last day of training there.", "2026-03-31")


class Joining(Shape):
    school_urn: str = told("The unique reference number of the school.", "900002")
    provider: str | None = told("The lead provider there. Empty if the school trains the person.", "Teach First")
    date: Day = told("The first day of training there.", "2026-04-20")


class Transfer(Shape):
    training_record_id: RecordId
    transfer_type: one_of(meanings.TRANSFER_TYPE) = told("What follows.")
    status: one_of(meanings.TRANSFER_STATUS) = told("Whether it is over.")
    leaving: Leaving = told("The school that the person leaves.")
    joining: Joining | None = told("The school that trains the person next. Empty if none does so far.")
    created_at: datetime = told("When it first became known that the person leaves.")


class TransfersAttributes(Shape):
    updated_at: UpdatedAt
    transfers: list[Transfer] = told("Each change of school, from the first to the last.", min_length=1)


class SchoolAttributes(Shape):
    name: str = told("The name of the school.", "St John’s C of E Primary School")
    urn: Urn
    cohort: Cohort
    in_partnership: bool = told("Whether the school has a partnership with any lead provider in this cohort.")
    induction_programme_choice: one_of(meanings.PROGRAMME_CHOICE) = told("How the school trains people in this cohort.")
    expression_of_interest: bool = told(
        "Whether somebody is there in this cohort for whom the school has named you, or the school works with you "
        "already.",
        True,
    )
    induction_tutor_name: TutorName = told("Told only while `expression_of_interest` is true.", "Naomi Fletcher")
    induction_tutor_email: TutorEmail = told(
        "Told only while `expression_of_interest` is true.", "naomi.fletcher@example.org"
    )
    created_at: CreatedAt
    updated_at: UpdatedAt


class DeliveryPartnerAttributes(Shape):
    name: str = told("The name of the delivery partner.", "Alpha Teaching School Hub")
    created_at: CreatedAt
    updated_at: UpdatedAt
    cohort: list[str] = told("The cohorts in which you may work with them.", ["2024", "2025"])


class PartnershipAttributes(Shape):
    cohort: Cohort
    urn: Urn
    school_id: UUID = told("The `id` of the school.")
    delivery_partner_id: UUID = told("The `id` of the delivery partner.")
    delivery_partner_name: str = told("The name of the delivery partner.", "Alpha Teaching School Hub")
    induction_tutor_name: TutorName
    induction_tutor_email: TutorEmail
    participants_currently_training: int = told(
        "How many people are in training by this partnership today: neither withdrawn, deferred, over nor still to "
        "begin.",
        3,
        ge=0,
    )
    created_at: CreatedAt
    updated_at: UpdatedAt


class UnfundedMentorAttributes(Shape):
    full_name: str = told("The name as the mentor’s school shows it.", "John Doe")
    email: str | None = told("The mentor’s email address at that school.", "john.doe@example.org")
    teacher_reference_number: str | None = told("Seven digits.", "3200003")
    created_at: CreatedAt
    updated_at: UpdatedAt


def thing(name: str, kind: str, attributes: type[BaseModel]) -> type[BaseModel]:
    return create_model(
        name,
        __base__=Shape,
        id=(UUID, told("By this it is known to the API, for ever.")),
        type=(Literal[kind], told("What it is.")),
        attributes=(attributes, told("What is told of it.")),
    )


Participant = thing("Participant", "participant", ParticipantAttributes)
ParticipantTransfers = thing("ParticipantTransfers", "participant-transfer", TransfersAttributes)
UnfundedMentor = thing("UnfundedMentor", "unfunded-mentor", UnfundedMentorAttributes)
School = thing("School", "school", SchoolAttributes)
DeliveryPartner = thing("DeliveryPartner", "delivery-partner", DeliveryPartnerAttributes)
Partnership = thing("Partnership", "partnership", PartnershipAttributes)


class One(Shape, Generic[Thing]):
    data: Thing = told("What was asked for.")


class Links(Shape):
    next: str | None = Field(
        description="The address of the next page. Empty when this page is not full: then there is no other.",
        examples=[None],
    )
    changes: str = Field(
        description="The address to ask later, for everything that changed after the first page was made."
    )


class Many(Shape, Generic[Thing]):
    data: list[Thing] = told("What is on this page, in the order asked for.")
    links: Links = told("Where to go on.")


class Problem(Shape):
    """What is wrong: with what, in a sentence, and as a code that stays what it is."""

    title: str = told("The attribute that a rule refuses, or the kind of error.")
    detail: str = told("What is wrong, in a sentence for people.")
    code: str = told("What is wrong, for software: it stays what it is.")
    meta: dict[str, str] = Field(
        {}, description="What there is already, when `code` begins with `already`: when it was made, and why."
    )


class Problems(Shape):
    errors: list[Problem] = told("Everything that is wrong.", min_length=1)


class AccessDenied(Shape):
    error: Literal["access denied"] = told("There is no valid token.")
