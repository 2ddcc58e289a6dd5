"""Moderators sign in: in the demo as a persona, elsewhere by whatever vouches for them. Either ends in
`start_sign_in`; who is a moderator, `flask research add-moderator` says."""

import secrets

from flask import current_app, redirect, render_template, request, url_for

from forms import Form
from forms.fields import ChoiceField
from models import digest
from research.models import Moderator, ModeratorSignIn
from views.research import MODERATOR, SIGN_IN_LASTS, blueprint


class ModeratorForm(Form):
    moderator_id = ChoiceField(coerce=int)
    words = {"missing": "Select who you are", "unknown": "Select a person from the list"}


@blueprint.route("/research/sign-in", methods=["GET", "POST"])
def sign_in():
    moderators = list(Moderator.select().order_by(Moderator.id))
    if not current_app.config["DEMO"] or not moderators:
        return render_template("research/sign_in_unavailable.html"), 503
    form = ModeratorForm()
    form.moderator_id.choices = [(moderator.id, moderator.name) for moderator in moderators]
    if request.method == "GET":
        return render_template("research/sign_in.html", form=form)
    chosen = {moderator.id: moderator for moderator in moderators}.get(form.moderator_id.data)
    form.moderator_id.is_unknown |= form.moderator_id.data is not None and not chosen
    if not form.validate():
        return render_template("research/sign_in.html", form=form), 422
    return start_sign_in(chosen)


def start_sign_in(moderator: Moderator):
    """Sign this moderator in, under a new token that only their browser has, and lead to the console."""
    token = secrets.token_urlsafe(32)
    ModeratorSignIn.create(digest=digest(token), moderator=moderator)
    response = redirect(url_for("research.home"), 303)
    response.set_cookie(
        MODERATOR,
        token,
        max_age=int(SIGN_IN_LASTS.total_seconds()),
        path="/research",
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return response


@blueprint.post("/research/sign-out")
def sign_out():
    response = redirect(url_for("research.sign_in"), 303)
    if Form().validate():
        ModeratorSignIn.delete().where(ModeratorSignIn.digest == digest(request.cookies.get(MODERATOR, ""))).execute()
        response.delete_cookie(MODERATOR, path="/research")
        response.headers["Clear-Site-Data"] = '"cache"'
    return response
