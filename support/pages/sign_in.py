"""Support signs in: in the demo as a persona, elsewhere through the same provider of identities as school users (see
views/openid.py). Who is let in, `flask support allow` says; to everybody else there is nothing here."""

import re

from flask import abort, current_app, make_response, redirect, render_template, request, url_for

from forms import Form
from forms.fields import ChoiceField
from models import SupportUser
from support import users
from support.pages import COOKIE, blueprint, looks, token_here
from views import openid, set_cookie
from views.openid import NotSignedIn
from views.sign_in import OUTCOMES, outcome_page, refuse_too_many

OF_SUPPORT = re.compile(r"/support(/[\w-]+)*(\?[\w=&+%.-]*)?")
"""The addresses that signing in may lead to."""


class SupportUserForm(Form):
    support_user_id = ChoiceField(coerce=int)
    messages = {"missing": "Select who you are", "unknown": "Select a person from the list"}


@blueprint.route("/support/sign-in", methods=["GET", "POST"])
def sign_in():
    if not current_app.config["DEMO"]:
        return render_template("support/sign_in.html") if request.method == "GET" else abort(405)
    known = list(SupportUser.select().where(SupportUser.is_allowed).order_by(SupportUser.id))
    form = SupportUserForm()
    form.support_user_id.choices = [(user.id, user.name or user.email) for user in known]
    if request.method == "GET":
        return render_template("support/sign_in.html", form=form)
    chosen = {user.id: user for user in known}.get(form.support_user_id.data)
    form.support_user_id.is_unknown |= form.support_user_id.data is not None and not chosen
    if not form.validate() or not chosen:
        return render_template("support/sign_in.html", form=form), 422
    return start_sign_in(chosen, request.args.get("next", ""))


@blueprint.get("/support/sign-in/provider")
def to_provider():
    if not current_app.config["OIDC_ISSUER"]:
        abort(404)
    refuse_too_many("support’s sign-ins")
    return redirect(openid.authorization_url(request.args.get("next", ""), returns_to="support.callback"), 302)


@blueprint.get("/support/sign-in/return")
def callback():
    if not current_app.config["OIDC_ISSUER"]:
        abort(404)
    try:
        identity, next_page = openid.returned_identity(of_an_organisation=False)
    except NotSignedIn as end:
        if end.outcome == "out_of_date" and users.find(token_here()):
            return redirect(url_for("support.home"), 303)
        raise
    user = users.support_user_for(identity)
    if not user:
        looks.warning("not let in")
        abort(404)
    return start_sign_in(user, next_page, identity.id_token)


@blueprint.errorhandler(NotSignedIn)
def not_signed_in(end: NotSignedIn):
    return outcome_page(end, "support/not_signed_in.html", OUTCOMES)


def start_sign_in(user: SupportUser, next_page: str, id_token: str | None = None):
    """Sign this person in, under a new token that only their browser has, and lead to where they were."""
    response = redirect(next_page if OF_SUPPORT.fullmatch(next_page) else url_for("support.home"), 303)
    token = users.start(user, instead_of=token_here(), id_token=id_token)
    set_cookie(response, COOKIE, token, users.TIMEOUTS.absolute)
    looks.info("signed in", extra={"fields": {"support_user": user.id}})
    return response


@blueprint.post("/support/sign-out")
def sign_out():
    if not Form().validate():
        return redirect(url_for("support.home"), 303)
    ended = users.end(token_here())
    address = ended and ended.id_token and openid.end_session_url(ended.id_token)
    response = redirect(url_for("support.sign_in"), 303)
    if address:
        # Not a redirect: a form may only lead to this service itself.
        response = make_response(render_template("sign_in/signed_out.html", end_session_url=address))
        response.headers["Refresh"] = f"0; url={address}"
    set_cookie(response, COOKIE)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
