"""The school's lists, and one participant's record."""

import re
from datetime import date

from flask import abort, g, redirect, render_template, request, url_for

from domain import queries
from forms.journeys import CONFIRMATION
from models import Event, InductionPeriod, Participant
from views import BACK, LISTS, ROLES, find_participant, list_url, participants_of, record_url, school, school_page
from views.cards import Listed, cards_of, listed
from vocabulary import folded

PER_PAGE = 20
ACTION_REQUIRED = "action-required"
NEED_ACTION = ("withdrawn", "mentor-needed")
"""The statuses that ask something of the school."""


@school.get("/")
def home():
    return redirect(url_for("school.ects"), 302)


@school.get("/ects")
def ects():
    """ECTs who are or will be here and whose induction isn't over: first whom a lead provider withdrew, then who needs
    a mentor, then the newest."""
    return show_list("ects")


@school.get("/mentors")
def mentors():
    """Mentors who are or will be here: first whom a lead provider withdrew, then by last name."""
    return show_list("mentors")


@school.get("/ects/<int:participant_id>")
def ect(participant_id):
    participant = find_participant("ects", participant_id)
    return render_template(
        "records/ect.html",
        participant=participant,
        induction=induction_of(participant),
        events=queries.events_of(participant),
        back=back_url("ects"),
    )


@school.get("/mentors/<int:participant_id>")
def mentor(participant_id):
    participant = find_participant("mentors", participant_id)
    return render_template(
        "records/mentor.html",
        participant=participant,
        events=queries.events_of(participant),
        back=back_url("mentors"),
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


def back_url(people: str) -> str:
    """Where one came from: a list as it was left, the record of somebody who is here, or a confirmation; or else the
    list of these people."""
    endpoint, values, address = school_page(request.args.get(BACK, "")) or ("", {}, "")
    role = endpoint.removeprefix("school.")
    if endpoint in LISTS or (role in ROLES.values() and is_here(role, values["participant_id"])):
        return address
    if values.get("page") == CONFIRMATION:
        return address
    return list_url(people)


def is_here(role: str, participant_id: int) -> bool:
    """Whether this is one of the school's participants in this role, who hasn't left."""
    ours = participants_of(g.school, role)
    return ours.where(Participant.id == participant_id, Participant.has_not_left()).exists()


def show_list(people: str):
    """One page of a list, of everybody or of who needs something (`status=action-required`). A page past the end is
    empty; `page=all` has all of them."""
    page = min(max(request.args.get("page", 1, int), 1), 10**6)
    found = found_in(ROLES[people])
    everybody = len(found)
    needing = [each for each in found if each.status in NEED_ACTION]
    is_narrowed = request.args.get("status") == ACTION_REQUIRED
    found = needing if is_narrowed else found
    count = len(found)
    is_whole = request.args.get("page") == "all"
    per_page = max(count, 1) if is_whole else PER_PAGE
    return render_template(
        f"records/{people}.html",
        cards=cards_of(found[(page - 1) * per_page : page * per_page]),
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


def found_in(role: str) -> list[Listed]:
    """Whom the search (`q`) finds: by any TRNs in it, otherwise by the beginnings of words in the name."""
    everybody = listed(g.school, role)
    if not searched():
        return everybody
    trns = re.findall(r"(?<!\d)\d{7}(?!\d)", searched(), re.ASCII)
    # A space that nobody sees may have been pasted inside a word, or be the one between two.
    readings = {folded(searched()), folded(searched().replace("\u200b", " "))} - {" "}
    if trns or not readings:
        return [each for each in everybody if each.trn in trns]
    return [each for each in everybody if any(has_words(each.folded_name, words) for words in readings)]


def has_words(name: str, words: str) -> bool:
    """Whether this folded name has words that begin like each of these."""
    return all(f" {word}" in name for word in words.split())


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
