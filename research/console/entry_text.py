"""What the feed says of a line of the log: the page's own words for an error, without any fact that was in them."""

from research.console import blueprint
from research.results import error_words

CHANGES = {"finished_on": "leaving date", "email": "email address"}
"""Attributes that no question's field is named after, and what they are called."""

SHOWN = {
    "gone": "You can no longer see …’s record",
    "changed": "…’s record has changed",
    "not-found": "Page not found",
    "error": "There is a problem with the service",
}
"""The heading of what is shown where the page itself can't be."""


@blueprint.app_template_filter("entry_text")
def entry_text(entry: dict) -> str:
    """In words where there are any, else as the log has it."""
    if entry["kind"] == "page":
        return SHOWN.get(entry["page"], "")
    code = entry["code"]
    if entry["kind"] == "error":
        return error_words(entry["field"], code, entry["wording"])
    if entry["kind"] == "change":
        return CHANGES.get(code, code.replace("_", " "))
    return code
