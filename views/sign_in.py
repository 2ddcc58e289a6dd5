"""Signing in and out: by a page of personas in the demo, and through a provider of identities (openid.py). Whatever
vouches for somebody ends in `start_sign_in`, and nothing else of the service knows how they signed in."""

import logging
from collections.abc import Iterable

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, session, url_for
from werkzeug.exceptions import TooManyRequests

from database import Table
from domain import sign_ins
from forms import Form
from forms.fields import ChoiceField, whole_number
from models import School, SchoolUser
from views import client_key, openid, school_page, sign_in_timeouts, this_browsers_sign_in
from views.openid import NotSignedIn
from web.rate_limits import RateLimit

blueprint = Blueprint("sign_in", __name__)

STARTS = RateLimit(30, 60)
"""For each address, which a whole trust may share."""

PERSONAS = 12
"""As many as one page can show; a large demo world has thousands."""

OUTCOMES = {
    "refused": (403, "You did not sign in", "You or {provider} stopped before you had signed in."),
    "no_cookies": (
        400,
        "Allow cookies to sign in",
        "Your browser did not send us the cookie we need to sign you in. Allow cookies for this service in the "
        "settings of your browser.",
    ),
    "out_of_date": (400, "Sign in again", "The page you came from was too old, or had been used already."),
    "no_organisation": (
        403,
        "We cannot tell which school you work for",
        "{provider} did not tell us your school. When you are asked for your organisation, select your school.",
    ),
    "unknown_school": (
        403,
        "We do not know your school",
        "{provider} told us that you work for {organisation}. This service has no school with that URN. "
        "If you work for another school too, select that one when you are asked for your organisation.",
    ),
    "no_email": (
        403,
        "We need your email address",
        "{provider} did not tell us an email address that they have checked. Check your account there.",
    ),
    "not_believed": (400, "We could not check who you are", "We could not rely on what {provider} told us."),
    "unreachable": (503, "You cannot sign in at the moment", "{provider} did not answer. Wait a few minutes."),
}
"""How signing in can end otherwise: status, heading, and what has happened. What to do then is in the template."""

log = logging.getLogger("service.sign_ins")


class PersonaForm(Form):
    """The demo's way in, as one of these people."""

    person_id = ChoiceField(coerce=whole_number)
    messages = {"missing": "Select who you want to sign in as", "unknown": "Select a person from the list"}

    def __init__(self, people: Iterable[Table]):
        super().__init__()
        self.people = {person.id: person for person in people}
        self.person_id.choices = [(person.id, person.name or person.email) for person in self.people.values()]

    def chosen(self):
        """Whom they chose, if that is one of them."""
        person = self.people.get(self.person_id.data)
        self.person_id.is_unknown |= self.person_id.data is not None and not person
        return person if self.validate() else None


@blueprint.get("/")
def home():
    return redirect(url_for("school.ects"), 302)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in():
    if not current_app.config["DEMO"]:
        return show("start") if request.method == "GET" else abort(405)
    personas = SchoolUser.select(SchoolUser, School).join(School).order_by(SchoolUser.id).limit(PERSONAS)
    form = PersonaForm(personas)
    form.person_id.hints = lambda: {persona.id: persona.school.name for persona in personas}
    if request.method == "GET":
        return show("personas", form=form)
    chosen = form.chosen()
    if not chosen:
        return show("personas", form=form), 422
    start_sign_in(chosen)
    return redirect(return_address(request.args.get("next", "")), 303)


def show(page: str, **context) -> str:
    """A way in, which says so if it is there because the last sign-in is over."""
    last = this_browsers_sign_in()
    is_over = last is not None and sign_in_timeouts().is_over(last)
    was_idle = is_over and sign_in_timeouts().can_stay(last)
    context |= {"is_over": is_over, "was_idle": was_idle, "next": request.args.get("next", "")}
    return render_template(f"sign_in/{page}.html", **context)


@blueprint.get("/sign-in/provider")
def to_provider():
    """A link leads here and not a form, which may only lead to this service itself (the CSP's form-action)."""
    if not current_app.config["OIDC_ISSUER"]:
        abort(404)
    refuse_too_many("sign-ins")
    return redirect(openid.authorization_url(request.args.get("next", "")), 302)


def refuse_too_many(what: str) -> None:
    """Ends the request of an address that has begun too often. The database is open."""
    if seconds := STARTS.seconds_to_wait(f"{what} {client_key()}"):
        raise TooManyRequests(retry_after=seconds)


@blueprint.get("/sign-in/return")
def callback():
    if not current_app.config["OIDC_ISSUER"]:
        abort(404)
    identity, next_page = openid.returned_identity()
    school_user = sign_ins.school_user_for(identity)
    if not school_user:
        raise NotSignedIn("unknown_school", organisation=identity.organisation or "an organisation")
    start_sign_in(school_user, id_token=identity.id_token)
    return redirect(return_address(next_page), 303)


@blueprint.errorhandler(NotSignedIn)
def not_signed_in(end: NotSignedIn):
    last = this_browsers_sign_in()
    if end.outcome == "out_of_date" and last and not sign_in_timeouts().is_over(last):
        # The browser's Back, after signing in.
        return redirect(url_for("school.ects"), 303)
    return outcome_page(end, "sign_in/not_signed_in.html", OUTCOMES)


def outcome_page(end: NotSignedIn, template: str, outcomes: dict):
    because = type(end.__cause__).__name__ if end.__cause__ else None
    log.warning("not signed in", extra={"fields": {"outcome": end.outcome, "because": because}})
    status, heading, words = outcomes[end.outcome]
    happened = words.format(provider=current_app.config["OIDC_NAME"], **end.facts)
    return render_template(template, title=heading, happened=happened), status


@blueprint.post("/sign-out")
def sign_out():
    if not Form().validate():
        return redirect(url_for("school.ects"), 303)
    last = this_browsers_sign_in()
    session.clear()
    if last:
        last.delete_instance()
        log.info("signed out", extra={"fields": {"school_user": last.school_user_id}})
    is_demo = current_app.config["DEMO"]
    page = url_for("sign_in.sign_in" if is_demo else "sign_in.signed_out")
    response = signed_out_there_too(last) or redirect(page, 303)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def signed_out_there_too(ended: Table | None) -> Response | None:
    """A page that leads to signing out at the provider, if that vouched for whoever's sign-in this was. Not a redirect:
    a form may only lead to this service itself."""
    address = openid.end_session_url(ended.id_token) if ended and ended.id_token else None
    if not address:
        return None
    page = render_template("sign_in/signed_out.html", end_session_url=address)
    return Response(page, headers={"Refresh": f"0; url={address}"})


@blueprint.route("/sign-in/time-left", methods=["GET", "POST"])
def time_left():
    """What an open page should say of this browser's sign-in. POST says that they are still there. It needs no token:
    to look at any page says as much."""
    sign_in, timeouts = this_browsers_sign_in(), sign_in_timeouts()
    if sign_in and request.method == "POST" and not timeouts.is_over(sign_in):
        sign_ins.update_seen_at(sign_in)
        sign_in = this_browsers_sign_in()  # a database that takes no writes has not noted it
    return timeouts.time_left(sign_in)


@blueprint.get("/signed-out")
def signed_out():
    return render_template("sign_in/signed_out.html")


def start_sign_in(school_user: SchoolUser, id_token: str | None = None) -> None:
    """Sign this school user in, under a new token that only their browser has."""
    last = this_browsers_sign_in()
    session.clear()
    session["sign_in"] = sign_ins.start(school_user, id_token=id_token, instead_of=last)
    log.info("signed in", extra={"fields": {"school_user": school_user.id, "school": school_user.school_id}})


def return_address(address: str) -> str:
    """The school page at `address`, or the list of ECTs if there is none there."""
    page = school_page(address)
    return page[-1] if page else url_for("school.ects")
