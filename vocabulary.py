"""The field's words, as the database, the forms and the API all have them, and what is done to a name before it is
shown or searched. Nothing here knows a table: those are in models.py."""

import unicodedata

ROLES = ("ect", "mentor")
TRAINING_PROGRAMMES = ("provider_led", "school_led")
WORKING_PATTERNS = ("full_time", "part_time")
BODY_TYPES = ("local_authority", "national", "teaching_school_hub")
INDUCTION_STATUSES = ("RequiredToComplete", "InProgress", "Passed", "Failed", "FailedInWales", "Exempt")
INDUCTION_IS_OVER = ("Passed", "Failed", "FailedInWales")
WITHDRAWAL_REASONS = (
    "left_teaching_profession",
    "moved_school",
    "mentor_no_longer_being_mentor",
    "switched_to_school_led",
    "changed_lead_provider",
    "other",
)
DEFERRAL_REASONS = ("bereavement", "long_term_sickness", "parental_leave", "career_break", "other")
FUNDING_END_REASONS = ("completed_declaration_received", "completed_during_early_roll_out", "started_not_completed")
SCHEDULES = tuple(
    f"ecf-{kind}-{month}"
    for kind in ("standard", "extended", "reduced", "replacement")
    for month in ("january", "april", "september")
)
TRAINING_STATUSES = ("active", "withdrawn", "deferred")
STATUSES = ("leaving", "exempt", "passed", "failed", "withdrawn", "deferred", "mentor-needed", "registered")
"""What the school sees of a participant, the first that fits: Participant.status."""
AUTHOR_TYPES = ("school_user", "lead_provider_api", "system", "dfe_staff_user", "appropriate_body_user")


def folded(name: str) -> str:
    """How names are searched: without accents, case or apostrophes, every word after a space."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    letters = "".join(c if c.isalnum() else " " for c in plain if c not in "'’")
    return " " + " ".join(letters.split())


ISOLATES = "\u2068\u2069"


def isolated(name: str) -> str:
    """The name as it goes into a sentence: written from right to left, it would turn the words around it."""
    is_from_the_right = any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in name)
    return name.join(ISOLATES) if is_from_the_right else name
