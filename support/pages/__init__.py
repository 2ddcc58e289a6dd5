"""The pages of support, where SUPPORT is set: who may use them, and that every look at a person is logged. Finding
somebody is in search.py, all of one person in people.py, what is put right in corrections.py, and what people write to
support in queries.py."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from flask import Blueprint, Flask, Response, abort, g, request, url_for
from peewee import PeeweeException

from clock import LONDON, display, now
from domain.sign_ins import update_seen_at
from models import Participant, Teacher
from support.models import SupportError
from support.users import SUPPORT
from views import posted, redirect_page, sign_in_timeouts, this_browsers_sign_in
from views.staff import StaffSignIn

blueprint = Blueprint("support", __name__)

staff = StaffSignIn(blueprint, SUPPORT, cookie="support")
staff.add_pages()

ERRORS_KEPT = timedelta(days=30)

looks = logging.getLogger("service.support")
looks.setLevel(logging.INFO)  # whatever else is logged, these are


def add_to(app: Flask) -> None:
    from support import commands
    from support.pages import corrections, people, queries, search  # noqa: F401 - they bring the routes

    app.register_blueprint(blueprint)
    app.register_blueprint(queries.contact)
    app.start_ups.append(commands.start_up)
    app.cli.add_command(commands.commands)
    app.jinja_env.filters["moment"] = moment
    app.jinja_env.filters["lower_first"] = lambda text: text[0].lower() + text[1:]
    app.after_request(keep_number)


@blueprint.before_request
def require_support_user():
    """Puts `g.support_user` in place. Whoever is signed in to the service without this role finds nothing here; whoever
    isn't signed in at all is led to signing in."""
    signed_in = staff.signed_in()
    g.support_user = signed_in and signed_in.support_user
    if signed_in and request.endpoint != "support.time_left":
        update_seen_at(signed_in)
    if g.support_user or request.endpoint in staff.ways_in:
        return None
    of_school = this_browsers_sign_in()
    if of_school and not sign_in_timeouts().is_over(of_school):
        abort(404)
    is_page, over = request.method == "GET", SUPPORT.latest(staff.token())
    if request.endpoint == "support.step":
        from support.pages.corrections import keep_unsent  # which is made with this blueprint

        is_page = True
        if over and (typed := posted()) is not None:
            keep_unsent(over.support_user, typed, **request.view_args)
    return redirect_page(url_for("support.sign_in", next=request.full_path.rstrip("?") if is_page else None))


def moment(at: datetime) -> str:
    """Day and time, in London."""
    return f"{display(at)}, {at.astimezone(LONDON):%H:%M}"


def keep_number(response: Response) -> Response:
    """The number of an error page that somebody of a school was shown, which they may read out to support."""
    is_shown = response.status_code >= 400 and response.status_code not in (404, 409, 422)
    if is_shown and "school_user" in g and request.blueprint == "school":
        save_number(response.status_code)
    return response


def save_number(status: int) -> None:
    number = (request.view_args or {}).get("participant_id")
    try:
        SupportError.delete().where(SupportError.met_at < now() - ERRORS_KEPT).execute()
        SupportError.create(
            request_number=g.request_id,
            status=status,
            route=request.url_rule.rule if request.url_rule else "",
            school_user=g.school_user,
            participant=Participant.get_or_none(Participant.id == number),
        )
    except PeeweeException as problem:
        # Whatever the page was about went wrong already; its number is in the log.
        looks.warning("the number of an error page could not be kept: %s", type(problem).__name__)


def log_look(teachers: Collection[Teacher]) -> None:
    """Who of support was shown whom, and where, by ids."""
    ids = [teacher.id for teacher in teachers]
    facts = {"support_user": g.support_user.id, "teachers": ids, "page": request.endpoint}
    looks.info("looked at", extra={"fields": facts})
