"""The values that attributes, filters and `sort` may have, each with what it means. What may be sent and what is told
(operations.py, schemas.py) is made from these, and so is the guide."""

from typing import Annotated, Any, Literal

from pydantic import Field

from domain.reports import COURSES
from vocabulary import (
    DEFERRAL_REASONS,
    FUNDING_END_REASONS,
    ROLES,
    SCHEDULES,
    TRAINING_STATUSES,
    WITHDRAWAL_REASONS,
    WORKING_PATTERNS,
)

MEANINGS = "x-enumDescriptions"
"""Where a schema of the document has what its values mean: a name that tools know."""


def explained(values: tuple[str, ...], meanings: dict[str, str]) -> dict[str, str]:
    """These values, in their order, as the API spells them, with what they mean. KeyError for one without a meaning."""
    return {value: meanings[value] for value in values}


def dashed(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value.replace("_", "-") for value in values)


def one_of(meanings: dict[str, str]) -> Any:
    """The type of an attribute that has one of these values."""
    return Annotated[Literal[tuple(meanings)], Field(json_schema_extra={MEANINGS: meanings})]


ROLE = explained(ROLES, {"ect": "an early career teacher", "mentor": "a mentor"})

COURSE = explained(tuple(COURSES), {"ecf-induction": "the person as an ECT", "ecf-mentor": "the person as a mentor"})

TRAINING_STATUS = explained(
    TRAINING_STATUSES,
    {
        "active": "you have not withdrawn or deferred the person, or have resumed their training since",
        "deferred": "you have paused their training",
        "withdrawn": "you have told us that you no longer train them",
    },
)

PARTICIPANT_STATUS = {
    "joining": "their training with you begins on a later day",
    "active": "they are in training with you, or have completed induction or mentor training with you",
    "leaving": "their training with you ends on a later day",
    "left": "their training with you is over or paused, or they were given to another provider before it began",
}

WITHDRAWAL_REASON = explained(
    dashed(WITHDRAWAL_REASONS),
    {
        "left-teaching-profession": "they have left teaching",
        "moved-school": "they have moved to another school",
        "mentor-no-longer-being-mentor": "they do not mentor anybody any more. For a mentor only",
        "switched-to-school-led": "their school trains them itself",
        "changed-lead-provider": "another lead provider is to train them",
        "other": "none of these",
    },
)

DEFERRAL_REASON = explained(
    dashed(DEFERRAL_REASONS),
    {
        "bereavement": "somebody close to them has died",
        "long-term-sickness": "they are ill for a long time",
        "parental-leave": "they are on maternity, paternity, adoption or shared parental leave",
        "career-break": "they are taking a break from teaching",
        "other": "none of these",
    },
)

KINDS = {
    "standard": "the usual length",
    "extended": "longer than usual",
    "reduced": "shorter than usual, for an ECT only",
    "replacement": "for a mentor only, who takes over from another mentor",
}
SCHEDULE = explained(
    SCHEDULES,
    {
        f"ecf-{kind}-{month}": f"{meaning}, starting in {month.capitalize()}"
        for kind, meaning in KINDS.items()
        for month in ("january", "april", "september")
    },
)

FUNDING_END_REASON = explained(
    FUNDING_END_REASONS,
    {
        "completed_declaration_received": "they have completed mentor training, and it was declared",
        "completed_during_early_roll_out": "they completed mentor training while the programme was being rolled out",
        "started_not_completed": "they began mentor training and did not complete it",
    },
)

WORKING_PATTERN = explained(WORKING_PATTERNS, {"full_time": "full time", "part_time": "part time"})

TRANSFER_TYPE = {
    "new_school": "another school, and the same lead provider trains them there",
    "new_provider": "another school, and another lead provider or that school itself trains them there",
    "unknown": "no other school has them in training so far",
}

TRANSFER_STATUS = {"complete": "every day that is told has come", "incomplete": "a day that is told is still to come"}

PROGRAMME_CHOICE = {
    "provider_led": "somebody there is or was in provider-led training in this cohort",
    "school_led": "whoever began training there in this cohort is trained by the school itself",
    "not_yet_known": "nobody there has been in training in this cohort",
}

SORT = {
    "created_at": "in the order in which they came to be known",
    "-created_at": "the newest first",
    "updated_at": "in the order in which they changed",
    "-updated_at": "what changed last first",
}
