"""Every page of every journey: the questions, "check answers" and the confirmation. The journeys themselves are a table
in forms/journeys.py; what is refused and what is done is in domain/."""

from dataclasses import dataclass

from flask import abort, g, redirect, render_template, request

from clock import now
from database import db
from domain.changes import ChangedSince, RuleBroken
from forms import Confirm
from forms.journeys import CHECK, CONFIRMATION, JOURNEYS, Journey, formdata, seen, version_in
from models import Answers, Event, Participant
from views import find_participant, journey_url, record_url, school, step_url, unsent_answer


@dataclass
class Visit:
    """One request to one page of a journey: whose record, which journey, and the answers given so far."""

    participant: Participant
    name: str
    journey: Journey
    page: str
    answers: Answers

    def to(self, page: str):
        return redirect(step_url(self.participant, self.name, page), 303)

    def show(self, status: int = 200, **context):
        """The journey's own template for the page, or the one that serves all journeys."""
        templates = [f"journeys/{self.name}/{self.page}.html", f"journeys/{self.page}.html"]
        return render_template(templates, participant=self.participant, journey=self.name, **context), status


@school.route("/<any(ects, mentors):people>/<int:participant_id>/<journey_name>/<page>", methods=["GET", "POST"])
def step(people, participant_id, journey_name, page):
    journey = JOURNEYS.get(journey_name)
    if not journey or page not in journey.pages:
        abort(404)
    # The confirmation of somebody who has left is still worth showing; nothing else of them is.
    is_after = page == CONFIRMATION or (page == CHECK and request.method == "POST")
    participant = find_participant(people, participant_id, gone=is_after, journey=journey_name)
    visit = Visit(participant, journey_name, journey, page, answers_of(participant, journey_name))
    if page == CONFIRMATION:
        return confirmation(visit)
    if page == CHECK and request.method == "POST" and is_done(visit):
        return visit.to(CONFIRMATION)
    if not journey.offered_to(participant) or participant.has_left:
        return changed(visit) if request.method == "POST" else abort(404)
    path = journey.path(participant, visit.answers.posted)
    if page == CHECK and visit.answers.event and not visit.answers.posted:
        # Another window's answers are confirmed; a button that was drawn for others asks for something else.
        return changed(visit) if request.method == "POST" else visit.to(CONFIRMATION)
    if page not in path:
        return visit.to(list(path)[-1])
    return check(visit, path) if page == CHECK else ask(visit, path)


def ask(visit: Visit, path: dict):
    """A question: shown with the answer it had, or answered and kept until the journey is confirmed."""
    question = visit.journey.questions[visit.page]
    if request.method == "GET":
        form = question(visit.participant, unsent_answer() or formdata(visit.answers.posted, visit.page))
        return visit.show(form=form, back=page_before(visit, path))
    form = question(visit.participant, request.form)
    if not form.validate():
        return visit.show(422, form=form, back=page_before(visit, path))
    posted = visit.answers.posted | {visit.page: form.posted(request.form)}
    with db.atomic():
        keep(visit.answers, posted=posted, confirmed=None, event=None)
    return visit.to(list(visit.journey.path(visit.participant, posted))[-1])


def check(visit: Visit, path: dict):
    """All answers on one page, and the button that makes them true."""
    form = Confirm()
    if request.method == "POST" and form.validate():
        return confirm(visit, path, form.seen.data or "")
    form.seen.data = seen(visit.participant, visit.answers.posted)
    return visit.show(422 if request.method == "POST" else 200, form=form, path=path, back=page_before(visit, path))


def confirm(visit: Visit, path: dict, said: str):
    """Do it, once, and only if what the page showed is still true."""
    try:
        with db.atomic():
            if said != seen(visit.participant, visit.answers.posted):
                raise ChangedSince
            event = visit.journey.finish(
                visit.participant, g.school_user, seen_version=version_in(said), **visit.journey.answers(path)
            )
            keep(visit.answers, posted={}, confirmed=said, event=event)
    except (ChangedSince, RuleBroken):
        people = f"{visit.participant.role}s"
        visit.participant = find_participant(people, visit.participant.id, gone=True, journey=visit.name)
        visit.answers = answers_of(visit.participant, visit.name)
        return visit.to(CONFIRMATION) if is_done(visit) else changed(visit)
    return visit.to(CONFIRMATION)


def is_done(visit: Visit) -> bool:
    """The same button was pressed before: what it asks for is done already."""
    return visit.answers.confirmed is not None and visit.answers.confirmed == request.form.get("seen")


def confirmation(visit: Visit):
    if not visit.answers.event:
        return redirect(journey_url(visit.participant, visit.name) or record_url(visit.participant), 303)
    return visit.show(event=visit.answers.event)


def changed(visit: Visit):
    """409: the record, or the answers in another window, changed after the page was drawn. Nothing was done."""
    version, participant = version_in(request.form.get("seen", "")), visit.participant
    events = participant.events.where(Event.version > (participant.version if version is None else version))
    can_go_on = visit.journey.offered_to(participant) and not participant.has_left
    page = list(visit.journey.path(participant, visit.answers.posted))[-1] if can_go_on else None
    return render_template(
        "errors/changed.html",
        participant=participant,
        events=events.order_by(Event.version.desc()),
        go_on=page and step_url(participant, visit.name, page),
    ), 409


def page_before(visit: Visit, path: dict) -> str:
    """Where the back link leads: the page before this one on the path, or the record."""
    pages = list(path)
    index = pages.index(visit.page)
    return step_url(visit.participant, visit.name, pages[index - 1]) if index else record_url(visit.participant)


def answers_of(participant: Participant, journey_name: str) -> Answers:
    """What came along with the participant."""
    none_yet = Answers(school_user=g.school_user, journey=journey_name, participant=participant)
    return next(iter(participant.answers), none_yet)


def keep(answers: Answers, **changes) -> None:
    """Write down the answers; whichever of two windows does so last is the one that counts."""
    changes["updated_at"] = now()
    key = {name: answers.__data__[name] for name in ("school_user", "journey", "participant")}
    Answers.insert(**key, **changes).on_conflict(
        conflict_target=[getattr(Answers, name) for name in key],
        update={getattr(Answers, name): value for name, value in changes.items()},
    ).execute()
