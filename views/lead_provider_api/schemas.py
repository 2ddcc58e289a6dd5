"""What is told: the shape of every answer, as the document about the API has it. The views make the same from the rows;
tests compare them."""

from datetime import date, datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

from vocabulary import DEFERRAL_REASONS, FUNDING_END_REASONS, SCHEDULES, TRAINING_STATUSES, WITHDRAWAL_REASONS
from vocabulary import WORKING_PATTERNS as PATTERNS

Day = date
"""A field called date would hide its own type."""

Thing = TypeVar("Thing", bound=BaseModel)


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


def dashed(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value.replace("_", "-") for value in values)


class Withdrawn(Shape):
    reason: Literal[dashed(WITHDRAWAL_REASONS)]
    date: datetime


class Deferred(Shape):
    reason: Literal[dashed(DEFERRAL_REASONS)]
    date: datetime


class EcfEnrolment(Shape):
    """Your latest confirmed training of the person in one role. An ECT’s comes before a mentor’s."""

    training_record_id: UUID = Field(description="Stays the same for a person in a role.")
    email: str | None = Field(examples=["hannah.clarke@example.org"])
    mentor_id: UUID | None = Field(description="The participant `id` of an ECT’s mentor.")
    school_urn: str = Field(examples=["900001"])
    participant_type: Literal["ect", "mentor"]
    cohort: str = Field(description="The contract period, by its year.", examples=["2025"])
    training_status: Literal[TRAINING_STATUSES] = Field(description="What you last reported.")
    participant_status: Literal["active", "joining", "leaving", "left"] = Field(
        description="By the dates; it can change with the day, without `updated_at`."
    )
    eligible_for_funding: bool | None = Field(examples=[True])
    pupil_premium_uplift: bool
    sparsity_uplift: bool
    schedule_identifier: Literal[SCHEDULES] = Field(examples=["ecf-standard-september"])
    delivery_partner_id: UUID
    withdrawal: Withdrawn | None = Field(examples=[None])
    deferral: Deferred | None = Field(examples=[None])
    created_at: datetime
    induction_end_date: date | None = Field(examples=[None])
    most_recent_induction_period_end_date: date | None = Field(examples=[None])
    overall_induction_start_date: date | None = Field(examples=["2025-09-01"])
    mentor_funding_end_date: date | None = Field(examples=[None])
    cohort_changed_after_payments_frozen: bool
    mentor_ineligible_for_funding_reason: Literal[FUNDING_END_REASONS] | None = Field(examples=[None])
    working_pattern: Literal[PATTERNS] | None


class IdChange(Shape):
    from_participant_id: UUID
    to_participant_id: UUID
    changed_at: datetime


class ParticipantAttributes(Shape):
    full_name: str = Field(examples=["Hannah Clarke"])
    teacher_reference_number: str | None = Field(examples=["3200002"])
    updated_at: datetime
    ecf_enrolments: list[EcfEnrolment] = Field(min_length=1, max_length=2)
    participant_id_changes: list[IdChange] = Field(examples=[[]])


class Leaving(Shape):
    school_urn: str = Field(examples=["900001"])
    provider: str | None = Field(examples=["Teach First"])
    date: Day = Field(examples=["2026-03-31"])


class Joining(Shape):
    school_urn: str = Field(examples=["900002"])
    provider: str | None = Field(examples=["Teach First"])
    date: Day = Field(examples=["2026-04-20"])


class Transfer(Shape):
    training_record_id: UUID
    transfer_type: Literal["new_school", "new_provider", "unknown"] = Field(
        description="`unknown` when no other school has registered the person."
    )
    status: Literal["complete", "incomplete"] = Field(description="`incomplete` while one of the dates is to come.")
    leaving: Leaving
    joining: Joining | None


class TransfersAttributes(Shape):
    updated_at: datetime
    transfers: list[Transfer] = Field(min_length=1)


class SchoolAttributes(Shape):
    name: str = Field(examples=["St John’s C of E Primary School"])
    urn: str = Field(examples=["900001"])
    cohort: str = Field(examples=["2025"])
    in_partnership: bool = Field(description="With any lead provider, for this cohort.")
    induction_programme_choice: Literal["provider_led", "school_led", "not_yet_known"]
    expression_of_interest: bool = Field(
        description="The school has named you for somebody of this cohort, or you are its partner.", examples=[True]
    )
    induction_tutor_name: str | None = Field(
        description="Given when `expression_of_interest` is true.", examples=["Naomi Fletcher"]
    )
    induction_tutor_email: str | None = Field(examples=["naomi.fletcher@example.org"])
    created_at: datetime
    updated_at: datetime


class DeliveryPartnerAttributes(Shape):
    name: str = Field(examples=["Alpha Teaching School Hub"])
    created_at: datetime
    updated_at: datetime
    cohort: list[str] = Field(description="The years in which you may work with it.", examples=[["2024", "2025"]])


class PartnershipAttributes(Shape):
    cohort: str = Field(examples=["2025"])
    urn: str = Field(examples=["900001"])
    school_id: UUID
    delivery_partner_id: UUID
    delivery_partner_name: str = Field(examples=["Alpha Teaching School Hub"])
    induction_tutor_name: str | None = Field(examples=["Naomi Fletcher"])
    induction_tutor_email: str | None = Field(examples=["naomi.fletcher@example.org"])
    participants_currently_training: int = Field(ge=0, examples=[3])
    created_at: datetime
    updated_at: datetime


class UnfundedMentorAttributes(Shape):
    full_name: str = Field(examples=["John Doe"])
    email: str | None = Field(examples=["john.doe@example.org"])
    teacher_reference_number: str | None = Field(examples=["3200003"])
    created_at: datetime
    updated_at: datetime


def thing(name: str, kind: str, attributes: type[BaseModel]) -> type[BaseModel]:
    return create_model(name, __base__=Shape, id=(UUID, ...), type=(Literal[kind], ...), attributes=(attributes, ...))


Participant = thing("Participant", "participant", ParticipantAttributes)
ParticipantTransfers = thing("ParticipantTransfers", "participant-transfer", TransfersAttributes)
UnfundedMentor = thing("UnfundedMentor", "unfunded-mentor", UnfundedMentorAttributes)
School = thing("School", "school", SchoolAttributes)
DeliveryPartner = thing("DeliveryPartner", "delivery-partner", DeliveryPartnerAttributes)
Partnership = thing("Partnership", "partnership", PartnershipAttributes)


class One(Shape, Generic[Thing]):
    data: Thing


class Links(Shape):
    next: str | None = Field(
        description="The address of the next page. Empty when this page is not full: then there is no other.",
        examples=[None],
    )
    changes: str = Field(
        description="The address to ask later, for everything that changed after the first page was made.",
        examples=[
            "https://ects.example.org/api/v3/participants?sort=updated_at&filter[updated_since]=2026-04-20T09:00:00Z"
        ],
    )


class Many(Shape, Generic[Thing]):
    data: list[Thing]
    links: Links


class Problem(Shape):
    """What is wrong: with what, in a sentence, and as a code that stays what it is."""

    title: str
    detail: str
    code: str
    meta: dict[str, str] = Field(
        {}, description="What there is already, when `code` begins with `already`: when it was made, and why."
    )


class Problems(Shape):
    errors: list[Problem] = Field(min_length=1)


class AccessDenied(Shape):
    error: Literal["access denied"]
