"""A pilot (`python3 run.py pilot`): moderators sign in with one password, participants come by their links, and of the
service there is nothing else. Elsewhere moderators sign in as other staff do."""

import hmac
import re

from flask import abort, current_app, g, render_template, request
from wtforms import PasswordField, ValidationError

from clock import current_world
from forms import Form
from models import digest
from research.models import Moderator
from research.sessions import purge_what_is_due
from views import own_database
from views.sign_in import refuse_too_many
from views.staff import StaffSignIn, log

PILOTING = {"moderator@example.org": "Moderator"}
"""Whoever has the password."""

THERE = ("research", "assets", "health", "about")
"""The blueprints that are there for whoever is no participant."""


class Password(PasswordField):
    def pre_validate(self, form):  # noqa: ARG002 - so WTForms calls it
        typed = re.sub(r"[\s-]", "", self.data or "").upper()
        if not typed:
            raise ValidationError("missing")
        # Of guesses as of other starts, in the service's own database.
        with own_database():
            refuse_too_many("passwords")
        if not hmac.compare_digest(digest(typed), current_app.config["PILOT"]):
            log.warning("a password was wrong")
            raise ValidationError("wrong")


class PasswordForm(Form):
    password = Password()
    messages = {
        "missing": "Enter the password",
        "wrong": "This is not the password. It is on the screen on which the pilot was started",
    }


class ModeratorSignIns(StaffSignIn):
    def sign_in(self):
        if not current_app.config["PILOT"]:
            return super().sign_in()
        form = PasswordForm()
        if form.is_submitted() and form.validate():
            purge_what_is_due()  # which nothing else does here from hour to hour
            return self.start(Moderator.get(Moderator.email << list(PILOTING)), request.args.get("next", ""))
        return render_template("research/sign_in.html", form=form), 422 if form.is_submitted() else 200


def show_nothing_else():
    """To whoever is neither a participant whose session goes on nor walks a scenario."""
    if "visit" in g or current_world().actor:
        return None
    if request.blueprint not in THERE:
        abort(404)
    return render_template("research/privacy.html") if request.endpoint == "about.privacy" else None
