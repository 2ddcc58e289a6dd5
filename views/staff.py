"""How staff sign in and out (domain/staff.py): in the demo as a persona, elsewhere through the same provider of
identities as school users. Each kind has a cookie of its own beside that of school users."""

import logging
import re
from dataclasses import dataclass

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for

from database import Table
from domain.sign_ins import update_seen_at
from domain.staff import Staff
from forms import Form
from views import cookie_name, openid, own_database, set_cookie
from views.openid import NotSignedIn
from views.sign_in import OUTCOMES, PersonaForm, outcome_page, refuse_too_many, signed_out_there_too

log = logging.getLogger("service.sign_ins")


@dataclass(frozen=True)
class StaffSignIn:
    """The ways in and out of one blueprint, which is called as its addresses begin and as the folder of its templates.
    `not_let_in`: how signing in ends, as in OUTCOMES, for whoever isn't staff; without it there is nothing here for
    them."""

    blueprint: Blueprint
    staff: Staff
    cookie: str
    not_let_in: tuple[int, str, str] | None = None

    def add_pages(self) -> None:
        at, add = f"/{self.blueprint.name}", self.blueprint.add_url_rule
        add(f"{at}/sign-in", "sign_in", self.sign_in, methods=["GET", "POST"])
        add(f"{at}/sign-in/provider", "to_provider", self.to_provider)
        add(f"{at}/sign-in/return", "callback", self.callback)
        add(f"{at}/time-left", "time_left", self.time_left, methods=["GET", "POST"])
        add(f"{at}/sign-out", "sign_out", self.sign_out, methods=["POST"])
        self.blueprint.register_error_handler(NotSignedIn, self.not_signed_in)

    @property
    def ways_in(self) -> set[str]:
        """The endpoints that must let everybody in."""
        return {f"{self.blueprint.name}.{name}" for name in ("sign_in", "to_provider", "callback", "time_left")}

    def signed_in(self) -> Table | None:
        """This browser's sign-in."""
        return self.staff.find(self.token())

    def token(self) -> str:
        return request.cookies.get(cookie_name(self.cookie), "")

    def url(self, page: str) -> str:
        return url_for(f"{self.blueprint.name}.{page}")

    def sign_in(self):
        template = f"{self.blueprint.name}/sign_in.html"
        if not current_app.config["DEMO"]:
            return render_template(template) if request.method == "GET" else abort(405)
        people = self.staff.people
        form = PersonaForm(people.select().where(self.staff.let_in).order_by(people.id))
        if request.method == "GET":
            return render_template(template, form=form)
        chosen = form.chosen()
        if not chosen:
            return render_template(template, form=form), 422
        return self.start(chosen, request.args.get("next", ""))

    def to_provider(self):
        if not current_app.config["OIDC_ISSUER"]:
            abort(404)
        with own_database():  # together with the starts of the service's own sign-ins
            refuse_too_many(f"{self.blueprint.name}’s sign-ins")
        returns_to = f"{self.blueprint.name}.callback"
        return redirect(openid.authorization_url(request.args.get("next", ""), returns_to), 302)

    def callback(self):
        if not current_app.config["OIDC_ISSUER"]:
            abort(404)
        identity, next_page = openid.returned_identity(of_an_organisation=False)
        person = self.staff.vouched_for(identity)
        if not person and not self.not_let_in:
            log.warning("not let in")
            abort(404)
        if not person:
            raise NotSignedIn("not_let_in", email=identity.email)
        return self.start(person, next_page, identity.id_token)

    def not_signed_in(self, end: NotSignedIn):
        if end.outcome == "out_of_date" and self.signed_in():
            # The browser's Back, after signing in.
            return redirect(self.url("home"), 303)
        outcomes = OUTCOMES | {"not_let_in": self.not_let_in}
        return outcome_page(end, f"{self.blueprint.name}/not_signed_in.html", outcomes)

    def start(self, person: Table, next_page: str, id_token: str | None = None):
        """Sign this person in, under a new token that only their browser has, and lead to where they were."""
        is_ours = re.fullmatch(rf"/{self.blueprint.name}(/[\w-]+)*(\?[\w=&+%.-]*)?", next_page)
        response = redirect(next_page if is_ours else self.url("home"), 303)
        token = self.staff.start(person, instead_of=self.token(), id_token=id_token)
        set_cookie(response, self.cookie, token, self.staff.timeouts.absolute)
        log.info("signed in", extra={"fields": {self.staff.whose.name: person.id}})
        return response

    def time_left(self):
        """As views.sign_in.time_left."""
        sign_in = self.signed_in()
        if sign_in and request.method == "POST":
            update_seen_at(sign_in)
        return self.staff.timeouts.time_left(self.signed_in())

    def sign_out(self):
        if not Form().validate():
            return redirect(self.url("home"), 303)
        ended = self.staff.end(self.token())
        response = signed_out_there_too(ended) or redirect(self.url("sign_in"), 303)
        set_cookie(response, self.cookie)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response
