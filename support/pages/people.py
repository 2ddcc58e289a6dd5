"""All of one person, and one of their places at schools as that school sees it."""

from flask import abort, render_template, url_for

from models import Participant, ParticipantIdChange, Teacher
from support.corrections import CORRECTIONS
from support.pages import blueprint, log_look
from support.seen import as_the_school_sees, told_to_providers
from support.timeline import marks, places_of, timeline, training_in_words
from views.lead_provider_api.guide import pretty


@blueprint.get("/support/people/<int:teacher_id>")
def person(teacher_id):
    teacher = Teacher.get_or_none(Teacher.id == teacher_id) or abort(404)
    log_look([teacher])
    places = places_of(teacher)
    return render_template(
        "support/person.html",
        teacher=teacher,
        places=places,
        known_before=[each.from_participant_id for each in teacher.id_changes.order_by(ParticipantIdChange.id)],
        part_of=part_of(teacher),
        entries=timeline(teacher, places),
        documents={name: pretty(told) for name, told in told_to_providers(teacher).items()},
        marks=marks,
        corrections={
            place.id: {name: each for name, each in CORRECTIONS.items() if each.offered_to(place)} for place in places
        },
        correction_url=correction_url,
        training_in_words=training_in_words,
    )


def part_of(teacher: Teacher) -> Teacher | None:
    """The record that this one has become part of."""
    change = ParticipantIdChange.get_or_none(ParticipantIdChange.from_participant_id == teacher.api_id)
    return change and change.teacher


def correction_url(place: Participant, name: str) -> str:
    """Where a correction begins."""
    first = CORRECTIONS[name].pages[0]
    return url_for("support.step", participant_id=place.id, journey_name=name, page=first)


@blueprint.get("/support/placements/<int:participant_id>/as-the-school-sees-it")
def as_school(participant_id):
    participant = find_participant(participant_id)
    return render_template("support/as_school.html", participant=participant, record=as_the_school_sees(participant))


def find_participant(participant_id: int) -> Participant:
    """Anybody, with all that corrections ask; 404 if there is no such place."""
    found = Participant.get_or_none(Participant.id == participant_id) or abort(404)
    log_look([found.teacher])
    return next(place for place in places_of(found.teacher) if place.id == participant_id)
