"""Signing in and out. In demo mode a page of personas; a provider of identities takes its place elsewhere: whatever
vouches for somebody ends in `start_sign_in`, and nothing else of the service knows how they signed in."""

import secrets

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from forms import Form
from forms.fields import ChoiceField
from models import School, SchoolUser, SignIn, digest

blueprint = Blueprint("sign_in", __name__)

PERSONAS = 12
"""As many as one page can show; a large demo world has thousands."""


class PersonaForm(Form):
    school_user_id = ChoiceField(coerce=int)
    words = {"missing": "Select who you want to sign in as", "unknown": "Select a person from the list"}


@blueprint.get("/")
def home():
    return redirect(url_for("school.ects"), 302)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in():
    if not current_app.config["DEMO"]:
        return render_template("sign_in_unavailable.html"), 503
    personas = SchoolUser.select(SchoolUser, School).join(School).order_by(SchoolUser.id).limit(PERSONAS)
    form = PersonaForm()
    form.school_user_id.choices = [(persona.id, persona.name) for persona in personas]
    if request.method == "GET":
        return render_template("sign_in.html", form=form, personas=personas)
    chosen = {persona.id: persona for persona in personas}.get(form.school_user_id.data)
    form.school_user_id.is_unknown |= form.school_user_id.data is not None and not chosen
    if not form.validate():
        return render_template("sign_in.html", form=form, personas=personas), 422
    start_sign_in(chosen)
    return redirect(return_address(request.args.get("next", "")), 303)


@blueprint.post("/sign-out")
def sign_out():
    if not Form().validate():
        return redirect(url_for("school.ects"), 303)
    SignIn.delete().where(SignIn.digest == digest(session.get("sign_in", ""))).execute()
    session.clear()
    response = redirect(url_for("sign_in.sign_in"), 303)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def start_sign_in(school_user: SchoolUser) -> None:
    """Sign this school user in, under a new token that only their browser has."""
    SignIn.delete().where(SignIn.digest == digest(session.get("sign_in", ""))).execute()
    session.clear()
    session["sign_in"] = secrets.token_urlsafe(32)
    SignIn.create(digest=digest(session["sign_in"]), school_user=school_user)


def return_address(path: str) -> str:
    """The school page at `path`, rebuilt from the route that it matches, so that it can't lead anywhere else."""
    try:
        endpoint, values = current_app.url_map.bind("").match(path, "GET")
    except (HTTPException, RequestRedirect):
        endpoint, values = None, {}
    return url_for(endpoint, **values) if endpoint and endpoint.startswith("school.") else url_for("school.ects")
