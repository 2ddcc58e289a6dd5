"""What the service says about itself to anybody: how accessible it is, and what it knows of people. Both are drafts for
whoever runs it: what is true of the service is there, what only they can say is marked."""

from datetime import timedelta

from flask import Blueprint, render_template

from domain import messages, sign_ins

blueprint = Blueprint("about", __name__)

NIGHTLY = timedelta(days=1)
"""How often what is kept no longer is deleted (deploy/cron)."""


@blueprint.get("/accessibility")
def accessibility():
    return render_template("about/accessibility.html")


@blueprint.get("/privacy")
def privacy():
    return render_template(
        "about/privacy.html",
        remembered=(sign_ins.KEPT_AFTERWARDS + NIGHTLY).total_seconds() // 60,
        unfinished=(sign_ins.UNFINISHED_ANSWERS_KEPT + NIGHTLY).total_seconds() // 60,
        emails_kept=messages.KEPT.days,
    )


def in_words(minutes: float) -> str:
    """2 hours, 1 hour, 90 minutes."""
    if minutes % 60:
        return f"{minutes:.0f} minutes"
    hours = int(minutes // 60)
    return f"{hours} hour{'s' if hours != 1 else ''}"
