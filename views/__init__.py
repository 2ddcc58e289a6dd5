"""The pages of a signed-in school user. Whoever isn't signed in is sent to sign in; everybody else's participants are
404, the same as ones that don't exist. The routes are in records.py and journeys.py."""

import hmac
import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request, session, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from clock import OWN, current_world, entered
from database import db
from domain import queries, sign_ins
from forms import Form
from forms.added import journeys_here
from models import MOST_ID, Participant, School, SchoolUser, SignIn, Teacher

school = Blueprint("school", __name__, url_prefix="/school")


class RowId(IntegerConverter):
    """`<int:…>` in every address: what a row may have as its id. All else is 404."""

    regex = "[1-9][0-9]{0,9}"

    def __init__(self, url_map):
        super().__init__(url_map, max=MOST_ID)


ROLES = {"ects": "ect", "mentors": "mentor"}
"""The word in the address → the role."""

ASKED_BY_ITSELF = "school.news"
"""What an open page asks for though nobody does anything. It doesn't show that somebody is there, and when their
sign-in is over it leaves the page as it is."""

LISTS = ("school.ects", "school.mentors")

BACK = "back"
"""In an address, where the back link of the person's record leads: to a list as it was left, to another record, or to
a confirmation that names the person."""
LONGEST_BACK = 1000
"""Characters. Addresses of back links are in each other, as long as one goes from record to record."""

UNQUOTED = "!$'()*,/:;?@"
"""What may stand in an address's query as it is: url_for() leaves the same."""

UNSENT = "unsent"
"""In an address, the key of what a window could not send there because its sign-in was over."""


def cookie_name(of: str) -> str:
    """Of a cookie beside the one of school users. With this prefix a browser takes it from this host alone, and only
    over https."""
    return of if current_app.config["DEMO"] else f"__Host-{of}"


def set_cookie(response: BaseResponse, of: str, value: str = "", lasts: timedelta = timedelta()) -> None:
    """Without a value the browser forgets it."""
    response.set_cookie(
        cookie_name(of),
        value,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )


@contextmanager
def own_database():
    """The service's own database, in whatever world the page is: what is counted against limits is counted there."""
    with entered(replace(current_world(), database=OWN)):
        is_opened = db.connect(reuse_if_open=True)
        try:
            yield
        finally:
            if is_opened:
                db.close()


def client_key() -> str:
    """The internet address that asks, as something to count by."""
    return keyed_digest(request.remote_addr or "")


def keyed_digest(text: str) -> str:
    """Without the secret key nobody can tell it back."""
    return hmac.new(current_app.config["SECRET_KEY"].encode(), text.encode(), "sha256").hexdigest()


@school.before_request
def require_school_user():
    """Puts `g.school_user` and `g.school` in place, or leads to signing in and back here with nothing lost."""
    actor = current_world().actor
    sign_in = None if actor else this_browsers_sign_in()
    if actor:
        users = SchoolUser.select(SchoolUser, School).join(School)
        g.school_user = users.where(SchoolUser.email == actor).get()
    elif sign_in and not sign_in_timeouts().is_over(sign_in):
        g.sign_in, g.school_user = sign_in, sign_in.school_user
        if request.endpoint != ASKED_BY_ITSELF:
            sign_ins.update_seen_at(sign_in)
    else:
        return lead_to_signing_in(sign_in)
    g.school = g.school_user.school
    if request.headers.get("Drawn-For", drawn_for()) != drawn_for():
        # A part of a page is never put into the frame of somebody else's: this comes whole.
        return redirect_page(request.full_path.rstrip("?"))
    if sign_in and request.method == "POST" and UNSENT in request.args:
        sign_ins.forget_unsent(sign_in, request.args[UNSENT])
    return None


def drawn_for() -> str:
    """For whom this page is drawn: which school user, in which database. static/app.js tells it of the page that asks
    for a part of another."""
    return keyed_digest(f"{current_world().database} {g.school_user.id}")[:16]


def lead_to_signing_in(over: SignIn | None):
    """And back to what was asked for; what a page of ours posted after the sign-in was `over` is kept until then."""
    address = request.full_path.rstrip("?")
    if over and (answer := posted()) is not None and (key := sign_ins.keep_unsent(over, request.path, answer)):
        address = f"{request.path}?{urlencode({**request.args, UNSENT: key})}"
    return redirect_page(url_for("sign_in.sign_in", next=address))


def posted() -> dict[str, list[str]] | None:
    """What a page of ours sent with this request."""
    if request.method != "POST" or not Form().validate():
        return None
    return {name: values for name, values in request.form.to_dict(flat=False).items() if name != "csrf_token"}


def redirect_page(address: str) -> BaseResponse:
    """Redirects the whole page, whether the browser or htmx asked. A page that polls is left as it is."""
    if request.htmx and request.endpoint == ASKED_BY_ITSELF:
        return Response(status=204)
    if request.htmx or request.htmx.history_restore_request:
        # A redirect would be followed by the script, which would put the page there under this page's address.
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


def this_browsers_sign_in() -> SignIn | None:
    """It may be over."""
    return sign_ins.find(session.get("sign_in", ""))


def sign_in_timeouts() -> sign_ins.Timeouts:
    config = current_app.config
    return sign_ins.Timeouts(timedelta(minutes=config["IDLE_MINUTES"]), timedelta(hours=config["SIGN_IN_HOURS"]))


def ask_after() -> str:
    """In how many seconds this page asks what is left of the sign-in; nothing for whoever acts without one."""
    if "sign_in" not in g:
        return ""
    return f"{(sign_in_timeouts().left(g.sign_in) - sign_ins.WARNED_BEFORE).total_seconds():.0f}"


def unsent_answer() -> MultiDict | None:
    """What this window posted to this page when whoever posted it had to sign in again first."""
    if "sign_in" not in g or UNSENT not in request.args:
        return None
    answer = sign_ins.unsent_answer(g.sign_in, request.path, request.args[UNSENT])
    return None if answer is None else MultiDict(answer)


def find_participant(people: str, participant_id: int, *, gone: bool = False, journey: str = "") -> Participant:
    """This school's participant, with all that pages tell of them, or that a journey asks. 404 if there is none; if
    they have left, 404 with a page that says so, unless `gone` ones are wanted too."""
    who = (ROLES[people], [participant_id])
    found = (
        queries.participants_on_journey(g.school_user, journey, *who)
        if journey
        else queries.participants_of_school(g.school, *who)
    )
    if not found:
        abort(404)
    participant = found[0]
    if participant.has_left and not gone:
        abort(Response(render_template("errors/gone.html", participant=participant), 404))
    return participant


def record_url(participant: Participant, back: str | None = None) -> str:
    """The participant's record, whose back link leads to this address, or where one came from."""
    return address(record_path(participant), back or came_from(participant))


def came_from(participant: Participant) -> str | None:
    """Where the back link of the participant's record leads, for all that this page leads to: to this page, if it is a
    list; otherwise where its own leads."""
    if request.endpoint in LISTS:
        return this_page(f"{participant.role}-{participant.id}")
    return request.args.get(BACK)


def this_page(place: str = "") -> str:
    """The address of this page, and of a place on it, for the back links of those that it leads to."""
    address = request.full_path.rstrip("?")
    return (address if len(address) <= LONGEST_BACK else request.path) + (f"#{place}" if place else "")


def school_page(address: str) -> tuple[str, dict, str] | None:
    """The endpoint and the values of the school's page at this address, and the address itself, rebuilt from the route
    that it matches, so that it can't lead anywhere else."""
    if not address:  # before anything else, because most records are opened from nowhere in particular
        return None
    address, _, place = address.partition("#")
    path, _, query = address.partition("?")
    try:
        endpoint, values = current_app.url_map.bind("").match(path, "GET")
    except (HTTPException, RequestRedirect):
        return None
    if not endpoint.startswith("school."):
        return None
    query = f"?{quote(query, safe='=&+%-._~')}" if query else ""
    place = f"#{place}" if re.fullmatch(r"[\w-]+", place) else ""
    return endpoint, dict(values), url_for(endpoint, **values) + query + place


def list_url(people: str) -> str:
    """The list of `ects` or `mentors`, as it was left on the way here if it was."""
    back = request.args.get(BACK, "")
    while page := school_page(back):
        endpoint, _values, address = page
        if endpoint == f"school.{people}":
            return address
        back = dict(parse_qsl(urlsplit(back).query)).get(BACK, "")
    return f"{request.script_root}/school/{people}"


def journey_url(participant: Participant, journey: str) -> str | None:
    """Where the journey begins for this person, if they may take it."""
    journeys = journeys_here()
    if journey not in journeys or not journeys[journey].offered_to(participant):
        return None
    return step_url(participant, journey, journeys[journey].pages[0])


def step_url(participant: Participant, journey: str, page: str) -> str:
    return address(f"{record_path(participant)}/{journey}/{page}", came_from(participant))


def record_path(participant: Participant) -> str:
    # Written out, because url_for() takes a tenth of a page that has a dozen addresses.
    return f"{request.script_root}/school/{participant.role}s/{participant.id}"


def address(path: str, back: str | None) -> str:
    """With where its back link leads, as url_for() would quote it."""
    return path if back is None else f"{path}?{urlencode({BACK: back}, safe=UNQUOTED)}"


def participants_of(school: School, role: str):
    """A query for everybody who is, was or will be at this school in this role, with their names."""
    return (
        Participant.select(Participant, Teacher)
        .join(Teacher)
        .where(Participant.school == school, Participant.role == role)
    )
