"""Finding somebody: by name, number or address; and everybody of one school."""

from flask import abort, render_template, request

from domain.participants import cleaned
from models import Participant, School, SchoolUser, Teacher
from support.pages import blueprint, log_look
from support.search import MOST_FOUND, find, with_places


@blueprint.get("/support")
def home():
    text = cleaned(request.args.get("q", ""))[:255]
    found = find(text) if text else None
    if found and found.people:
        log_look([teacher for teacher, _ in found.people])
    return render_template("support/home.html", text=text, found=found, most=MOST_FOUND)


@blueprint.get("/support/schools/<int:school_id>")
def school(school_id):
    """Who acts for a school, and everybody who is, was or will be there."""
    shown = School.get_or_none(School.id == school_id) or abort(404)
    there = Participant.select(Participant.teacher).where(Participant.school == shown)
    people = with_places(Teacher.id << there, limit=None)
    log_look([teacher for teacher, _ in people])
    users = SchoolUser.select().where(SchoolUser.school == shown).order_by(SchoolUser.name)
    return render_template("support/school.html", school=shown, users=users, people=people)
