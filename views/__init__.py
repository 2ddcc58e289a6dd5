"""The pages of a signed-in school user. Whoever isn't signed in is sent to sign in; everybody else's participants are
404, the same as ones that don't exist. The routes are in records.py and journeys.py."""

from flask import Blueprint, Response, abort, g, redirect, render_template, request, session, url_for

import loading
from forms.journeys import JOURNEYS
from models import Participant, School, SchoolUser, SignIn, Teacher, digest

school = Blueprint("school", __name__, url_prefix="/school")

ACTING = "register.acting_school_user"
"""In a request's WSGI environment, where no browser can put anything: the email address of the school user who acts,
when the service is asked from inside or somebody else vouches for them."""

ROLES = {"ects": "ect", "mentors": "mentor"}
"""The word in the address → the role."""


@school.before_request
def require_school_user():
    """Puts `g.school_user` and `g.school` in place, or leads to signing in and back here."""
    if ACTING in request.environ:
        users = SchoolUser.select(SchoolUser, School).join(School)
        g.school_user = users.where(SchoolUser.email == request.environ[ACTING]).get()
        g.school = g.school_user.school
        return None
    sign_in = (
        SignIn.select(SignIn, SchoolUser, School)
        .join(SchoolUser)
        .join(School)
        .where(SignIn.digest == digest(session.get("sign_in", "")))
        .first()
    )
    if sign_in:
        g.school_user, g.school = sign_in.school_user, sign_in.school_user.school
        return None
    return lead_to(url_for("sign_in.sign_in", next=request.path))


def lead_to(address: str) -> Response:
    """Another whole page, whoever asks."""
    if request.htmx or request.htmx.history_restore_request:
        # A redirect would be followed by the script, which would put the page there under this page's address.
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


def find_participant(people: str, participant_id: int, *, gone: bool = False) -> Participant:
    """This school's participant, with all that pages tell of them. 404 if there is none; if they have left, 404 with a
    page that says so, unless `gone` ones are wanted too."""
    # PostgreSQL's integers end here; a number beyond can't be anybody's.
    found = loading.of_school(g.school, ROLES[people], [participant_id]) if participant_id < 2**31 else []
    if not found:
        abort(404)
    if found[0].has_left and not gone:
        abort(Response(render_template("errors/gone.html", participant=found[0]), 404))
    return found[0]


def record_url(participant: Participant, back_to: Participant | None = None) -> str:
    """The participant's record, whose back link leads to somebody else's when that is where one came from."""
    values = {"from": back_to.id} if back_to else {}
    return url_for(f"school.{participant.role}", participant_id=participant.id, **values)


def journey_url(participant: Participant, journey: str) -> str | None:
    """Where the journey begins for this person, if they may take it."""
    if journey not in JOURNEYS or not JOURNEYS[journey].offered_to(participant):
        return None
    return step_url(participant, journey, next(iter(JOURNEYS[journey].questions)))


def step_url(participant: Participant, journey: str, page: str) -> str:
    people = "ects" if participant.is_ect else "mentors"
    return url_for("school.step", people=people, participant_id=participant.id, journey_name=journey, page=page)


def participants_of(school: School, role: str):
    """A query for everybody who is, was or will be at this school in this role, with their names."""
    return (
        Participant.select(Participant, Teacher)
        .join(Teacher)
        .where(Participant.school == school, Participant.role == role)
    )
