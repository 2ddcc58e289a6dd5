"""The school's lists, one participant's record, and who the induction tutor is."""

import re
from datetime import date
from functools import reduce
from operator import and_, or_

from flask import abort, g, redirect, render_template, request, url_for

from clock import today
from domain import queries
from models import Event, InductionPeriod, Participant, Teacher
from views import BACK, ROLES, find_participant, participants_of, record_url, school, school_page
from vocabulary import INDUCTION_IS_OVER, folded

LISTS = ("school.ects", "school.mentors")
PER_PAGE = 20
ACTION_REQUIRED = "action-required"
NEED_ACTION = ("withdrawn", "mentor-needed")
"""The statuses that ask something of the school."""
MOST_WORDS = 10
"""A database takes only so many conditions at once, and no name needs more words to be found by."""


@school.get("/")
def home():
    return redirect(url_for("school.ects"), 302)


@school.get("/ects")
def ects():
    """ECTs who are or will be here and whose induction isn't over: first whom a lead provider withdrew, then who needs
    a mentor, then the newest."""
    query = here("ect").where(
        Teacher.trs_induction_status.is_null() | Teacher.trs_induction_status.not_in(INDUCTION_IS_OVER)
    )
    newest_first = found_in("ect", query.order_by(Participant.started_on.desc(), Participant.id))
    return show_list("ects", sorted(newest_first, key=lambda ect: (ect.status != "withdrawn", bool(ect.mentor))))


@school.get("/mentors")
def mentors():
    """Mentors who are or will be here: first whom a lead provider withdrew, then by last name."""
    by_name = sorted(found_in("mentor", here("mentor")), key=by_last_name)
    return show_list("mentors", sorted(by_name, key=lambda mentor: mentor.status != "withdrawn"))


@school.get("/ects/<int:participant_id>")
def ect(participant_id):
    participant = find_participant("ects", participant_id)
    return render_template(
        "records/ect.html",
        participant=participant,
        induction=induction_of(participant),
        events=queries.events_of(participant),
        back=back_url("school.ects"),
    )


@school.get("/mentors/<int:participant_id>")
def mentor(participant_id):
    participant = find_participant("mentors", participant_id)
    return render_template(
        "records/mentor.html",
        participant=participant,
        events=queries.events_of(participant),
        back=back_url("school.mentors"),
    )


@school.get("/<any(ects, mentors):people>/<int:participant_id>/news")
def news(people, participant_id):
    """What happened `since` the version of the record that is shown; 204 when nothing did. Asked for by script, over
    and over, so it looks up one row."""
    ours = participants_of(g.school, ROLES[people]).where(Participant.id == participant_id)
    participant = ours.first() or abort(404)
    address = record_url(participant)
    if not request.htmx:
        return redirect(address, 303)
    since = request.args.get("since", participant.version, int)
    if not -1 < since < participant.version:
        return "", 204
    events = participant.events.where(Event.version > since).order_by(Event.version.desc())
    return render_template("records/news.html", participant=participant, events=events, address=address)


@school.get("/induction-tutor")
def induction_tutor():
    return render_template("records/induction_tutor.html", school=g.school)


def back_url(otherwise: str) -> str:
    """Where one came from: a list as it was left, or the record of somebody who is here; or else the usual list."""
    endpoint, values, address = school_page(request.args.get(BACK, "")) or ("", {}, "")
    role = endpoint.removeprefix("school.")
    if endpoint in LISTS or (role in ROLES.values() and is_here(role, values["participant_id"])):
        return address
    return url_for(otherwise)


def is_here(role: str, participant_id: int) -> bool:
    return here(role).where(Participant.id == participant_id).exists()


def here(role: str):
    """The school's participants in this role who haven't left."""
    return participants_of(g.school, role).where(
        Participant.finished_on.is_null() | (Participant.finished_on >= today()),
        Participant.registered_in_error_at.is_null(),
    )


def show_list(people: str, participants: list[Participant]):
    """One page of a list, of everybody or of who needs something (`status=action-required`). A page past the end is
    empty; `page=all` has all of them."""
    page = min(max(request.args.get("page", 1, int), 1), 10**6)
    everybody = len(participants)
    needing = [participant for participant in participants if participant.status in NEED_ACTION]
    is_narrowed = request.args.get("status") == ACTION_REQUIRED
    participants = needing if is_narrowed else participants
    count = len(participants)
    is_whole = request.args.get("page") == "all"
    per_page = max(count, 1) if is_whole else PER_PAGE
    return render_template(
        f"records/{people}.html",
        people=participants[(page - 1) * per_page : page * per_page],
        is_whole=is_whole,
        inductions=induction_of,
        search=searched(),
        page=page,
        pages=-(-count // per_page),
        count=count,
        everybody=everybody,
        needing=len(needing),
        kept={"q": searched() or None, "status": ACTION_REQUIRED if is_narrowed else None},
        is_empty=not everybody and not searched(),
    )


def searched() -> str:
    return request.args.get("q", "").strip()[:255]


def found_in(role: str, query) -> list[Participant]:
    """Whom the search (`q`) finds: by any TRNs in it, otherwise by the beginnings of words in the name."""
    if searched():
        trns = re.findall(r"(?<!\d)\d{7}(?!\d)", searched(), re.ASCII)
        # A space that nobody sees may have been pasted inside a word, or be the one between two.
        readings = {folded(searched()), folded(searched().replace("\u200b", " "))} - {" "}
        if trns or not readings:
            query = query.where(Teacher.trn << trns)
        else:
            query = query.where(reduce(or_, map(has_words, readings)))
    return queries.participants_of_school(g.school, role, [each.id for each in query.select(Participant.id)])


def has_words(words: str):
    """The condition that a name has words that begin like each of these."""
    return reduce(and_, [Teacher.folded_name.contains(f" {word}") for word in words.split()[:MOST_WORDS]])


def by_last_name(mentor: Participant) -> tuple[str, str]:
    """Puts mentors in order. A name that the school corrected doesn't say where the last name begins: its last word."""
    teacher = mentor.teacher
    last_name = "" if teacher.trs_last_name == "." else teacher.trs_last_name
    if teacher.corrected_name:
        last_name = teacher.corrected_name.split()[-1]
    return folded(last_name or teacher.name), teacher.folded_name


def induction_of(participant: Participant) -> dict:
    """What is known of the ECT's induction: `appropriate_body` (or None), whether that body itself recorded it
    (`is_recorded`), and the day it `started_on` (or None)."""
    periods: list[InductionPeriod] = sorted(participant.teacher.induction_periods, key=lambda p: p.started_on)
    open_one = next((period for period in periods if period.finished_on is None), None)
    last_day = participant.finished_on or date.max
    recorded = open_one if open_one and participant.started_on <= open_one.started_on <= last_day else None
    return {
        "appropriate_body": recorded.appropriate_body if recorded else participant.school_reported_appropriate_body,
        "is_recorded": recorded is not None,
        "started_on": periods[0].started_on if periods else None,
    }
