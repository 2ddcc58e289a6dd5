"""Moderators sign in: in the demo as a persona, elsewhere through the same provider of identities as school users (see
views/openid.py). Who is a moderator, `flask research add-moderator` says."""

import logging
import re
from dataclasses import replace

from flask import abort, current_app, redirect, render_template, request, url_for

from clock import OWN, current_world, entered
from database import db
from forms import Form
from forms.fields import ChoiceField, whole_number
from research import moderators
from research.console import MODERATOR, blueprint, cookie_name, set_cookie
from research.models import Moderator
from views import openid
from views.openid import NotSignedIn
from views.sign_in import OUTCOMES, outcome_page, refuse_too_many

NO_MODERATOR = (
    403,
    "You cannot use the research console",
    "{provider} told us that you are {email}. Nobody has let that address use the console yet.",
)

OF_THE_CONSOLE = re.compile(r"/research(/[\w-]+)+")
"""The addresses that signing in may lead to."""

log = logging.getLogger("service.sign_ins")


class ModeratorForm(Form):
    moderator_id = ChoiceField(coerce=whole_number)
    messages = {"missing": "Select who you are", "unknown": "Select a person from the list"}


@blueprint.route("/research/sign-in", methods=["GET", "POST"])
def sign_in():
    if not current_app.config["DEMO"]:
        return render_template("research/sign_in.html") if request.method == "GET" else abort(405)
    known = list(Moderator.select().order_by(Moderator.id))
    form = ModeratorForm()
    form.moderator_id.choices = [(moderator.id, moderator.name) for moderator in known]
    if request.method == "GET":
        return render_template("research/sign_in.html", form=form)
    chosen = {moderator.id: moderator for moderator in known}.get(form.moderator_id.data)
    form.moderator_id.is_unknown |= form.moderator_id.data is not None and not chosen
    if not form.validate():
        return render_template("research/sign_in.html", form=form), 422
    return start_sign_in(chosen, request.args.get("next", ""))


@blueprint.get("/research/sign-in/provider")
def to_provider():
    if not current_app.config["OIDC_ISSUER"]:
        abort(404)
    # Starts are counted together with those of the service's own.
    with entered(replace(current_world(), database=OWN)), db.connection_context():
        refuse_too_many("moderators’ sign-ins")
    return redirect(openid.authorization_url(request.args.get("next", ""), returns_to="research.callback"), 302)


@blueprint.get("/research/sign-in/return")
def callback():
    if not current_app.config["OIDC_ISSUER"]:
        abort(404)
    try:
        identity, next_page = openid.returned_identity(of_an_organisation=False)
    except NotSignedIn as end:
        if end.outcome == "out_of_date" and moderators.find(token_here()):
            return redirect(url_for("research.home"), 303)
        raise
    moderator = moderators.moderator_for(identity)
    if not moderator:
        raise NotSignedIn("no_moderator", email=identity.email)
    return start_sign_in(moderator, next_page)


@blueprint.errorhandler(NotSignedIn)
def not_signed_in(end: NotSignedIn):
    return outcome_page(end, "research/not_signed_in.html", OUTCOMES | {"no_moderator": NO_MODERATOR})


def start_sign_in(moderator: Moderator, next_page: str):
    """Sign this moderator in, under a new token that only their browser has, and lead to where they were."""
    response = redirect(next_page if OF_THE_CONSOLE.fullmatch(next_page) else url_for("research.home"), 303)
    token = moderators.start(moderator, instead_of=token_here())
    set_cookie(response, MODERATOR, token, moderators.TIMEOUTS.absolute)
    log.info("signed in", extra={"fields": {"moderator": moderator.id}})
    return response


@blueprint.post("/research/sign-out")
def sign_out():
    response = redirect(url_for("research.sign_in"), 303)
    if Form().validate():
        moderators.end(token_here())
        set_cookie(response, MODERATOR)
        response.headers["Clear-Site-Data"] = '"cache"'
    return response


def token_here() -> str:
    return request.cookies.get(cookie_name(MODERATOR), "")
