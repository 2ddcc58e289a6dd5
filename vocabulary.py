"""The field's words, as the database, the forms and the API all have them, and what is done to a name before it is
shown or searched. Nothing here knows a table: those are in models.py."""

import re
import unicodedata

from anyascii import anyascii

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
AUTHOR_TYPES = ("school_user", "lead_provider_api", "system", "dfe_staff_user", "appropriate_body_user")


JOINERS = "\u200c\u200d"
UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks by their category that nobody sees. What else can't be seen has a category of its own."""


def visible(text: str) -> str:
    """Without what nobody sees: controls, marks of direction, fillers. The joiners of Arabic and Indian scripts, which
    have no capitals, are seen by what they do to the letter before them."""
    kept = []
    for letter in UNSEEN.sub("", text):
        is_unseen = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") and not letter.isspace()
        joins = letter in JOINERS and kept and unicodedata.category(kept[-1]) in ("Lo", "Mc", "Mn")
        if joins or not is_unseen:
            kept.append(letter)
    return "".join(kept)


def folded(name: str) -> str:
    """How names are searched and put in order: in the letters a to z where a letter has any (ł as l, þ as th), without
    accents, case, apostrophes or what nobody sees, every word after a space."""
    marked = unicodedata.normalize("NFD", visible(name))
    letters = "".join(anyascii(c) or c for c in marked if not unicodedata.combining(c) and c not in JOINERS)
    return " " + " ".join(re.sub(r"[\W_]+", " ", re.sub("['`]", "", letters.casefold())).split())


ISOLATES = "\u2068\u2069"


def isolated(name: str) -> str:
    """The name as it goes into a sentence: written from right to left, it would turn the words around it."""
    if name.isascii():
        return name
    is_from_the_right = any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in name)
    return name.join(ISOLATES) if is_from_the_right else name
