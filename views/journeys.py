"""Every page of every journey: the questions, "check answers" and the confirmation. The journeys themselves are a table
in forms/journeys.py; what is refused and what is done is in domain/."""

from dataclasses import dataclass

from flask import abort, g, redirect, render_template, request
from jinja2 import Template

from clock import now
from database import Table, db, tried_again
from database.rows import insert
from domain.changes import Author, ChangedSince, RuleBroken, act_as_seen
from domain.sign_ins import UNFINISHED_ANSWERS_KEPT, forget_unsent
from forms import Confirm, Doubt, Form
from forms.added import journeys_here
from forms.journeys import CHECK_ANSWERS, CONFIRMATION, Journey, formdata, state_token, version_in_token
from models import Answers, Event, Participant
from views import UNSENT, find_participant, record_url, school, step_url, unsent_answer

CANCEL = "cancel"
"""The name of the button that forgets the answers."""


@dataclass
class JourneyStep:
    """One request for one page of a journey: whose record, which journey, and the answers given so far."""

    participant: Participant
    name: str
    journey: Journey
    page: str
    answers: Table

    @property
    def author(self) -> Author:
        """Who acts, once the answers are confirmed."""
        return g.school_user

    def address(self, page: str) -> str:
        return step_url(self.participant, self.name, page)

    def record(self) -> str:
        """Where the journey came from and leads back to."""
        return record_url(self.participant)

    def load(self) -> None:
        """The participant, who may have left, and the answers as they are now."""
        people = f"{self.participant.role}s"
        self.participant = find_participant(people, self.participant.id, gone=True, journey=self.name)
        self.answers = answers_of(self.participant, self.name)

    def doubt(self, path: dict) -> Doubt | None:
        """What is asked once more on “check answers”."""
        return next((question.doubt for question in path.values() if question and question.doubt), None)

    @property
    def is_offered(self) -> bool:
        return self.journey.offered_to(self.participant) and not self.participant.has_left

    @property
    def is_confirmed(self) -> bool:
        """The answers were confirmed, and there are no others yet. Where nothing is asked, a new journey begins when it
        is offered again."""
        begins_anew = not self.journey.questions and self.is_offered
        return bool(self.answers.event) and not self.answers.posted and not begins_anew

    def to(self, page: str):
        return redirect(self.address(page), 303)

    def show(self, status: int = 200, **context):
        """The journey's own template for the page, or the one that serves all journeys."""
        names = [f"journeys/{self.name}/{self.page}.html", f"journeys/{self.page}.html", "journeys/question.html"]
        return self.render(names, **context), status

    def render(self, templates: list[str | Template], **context) -> str:
        return render_template(templates, participant=self.participant, journey=self.name, **context)


ADDRESS = "/<any(ects, mentors):people>/<int:participant_id>/<journey_name>/<page>"


@school.route(ADDRESS, endpoint="step", methods=["GET", "POST"])
def journey_step(people, participant_id, journey_name, page):
    journey = journeys_here().get(journey_name)
    if not journey or page not in journey.pages:
        abort(404)
    # The confirmation of somebody who has left is still worth showing; nothing else of them is.
    is_after = page == CONFIRMATION or (page == CHECK_ANSWERS and request.method == "POST")
    participant = find_participant(people, participant_id, gone=is_after, journey=journey_name)
    return serve(JourneyStep(participant, journey_name, journey, page, answers_of(participant, journey_name)))


def serve(step: JourneyStep):
    """The page that was asked for, or the one on the path that comes instead of it."""
    page, is_post = step.page, request.method == "POST"
    if page == CONFIRMATION:
        return confirmation(step)
    if is_cancelled():
        return cancel(step)
    if page == CHECK_ANSWERS and is_done(step):
        return step.to(CONFIRMATION)
    if page == CHECK_ANSWERS and step.is_confirmed:
        # Another window's answers are confirmed; a button that was drawn for others asks for something else.
        return conflict(step) if is_post else step.to(CONFIRMATION)
    if not step.is_offered:
        return conflict(step) if is_post else abort(404)
    path = step.journey.path(step.participant, step.answers.posted, until=page)
    if page not in path:
        return conflict(step) if page == CHECK_ANSWERS and is_post else step.to(list(path)[-1])
    return check_answers(step, path) if page == CHECK_ANSWERS else question_page(step, path)


def is_cancelled() -> bool:
    """Whether Cancel was pressed, now or before whoever pressed it had to sign in again."""
    if request.method == "POST":
        return CANCEL in request.form and Form().validate()
    return CANCEL in (unsent_answer() or {})


def cancel(step: JourneyStep):
    """Forget the answers, and go back to the record."""
    if unsent_answer():
        forget_unsent(g.sign_in, request.args[UNSENT])
    table = type(step.answers)
    its = [getattr(table, name) == value for name, value in key_of(step.answers).items()]
    with db.atomic():
        table.delete().where(*its, table.event.is_null()).execute()
    return redirect(step.record(), 303)


def question_page(step: JourneyStep, path: dict):
    """A question, with the answer it has; a valid new answer is saved, and the next page follows."""
    question = step.journey.questions[step.page]
    if request.method == "GET":
        form = question(step.participant, unsent_answer() or formdata(step.answers.posted, step.page))
        return step.show(form=form, back=page_before(step, path))
    form = question(step.participant, request.form)
    if not form.validate():
        return step.show(422, form=form, back=page_before(step, path))
    posted = step.answers.posted | {step.page: form.posted(request.form)}
    with db.atomic():
        save_answers(step.answers, posted=posted, confirmed=None, event=None)
    valid = path | {step.page: form}
    return step.to(list(step.journey.path(step.participant, posted, valid=valid))[-1])


def check_answers(step: JourneyStep, path: dict):
    """“Check answers”: all of them on one page, and the button that confirms them."""
    form = Confirm(step.doubt(path))
    if request.method == "POST" and form.validate():
        return confirm(step, path, form.seen.data or "")
    form.seen.data = state_token(step.participant, step.answers.posted)
    return step.show(422 if request.method == "POST" else 200, form=form, path=path, back=page_before(step, path))


def confirm(step: JourneyStep, path: dict, token: str):
    """Perform the act, once, and only if the record and the answers are still those that the page showed."""

    def act() -> None:
        with db.atomic():
            if token != state_token(step.participant, step.answers.posted):
                raise ChangedSince
            event = act_as_seen(
                step.journey.act, step.participant, step.author, version_in_token(token), **step.journey.answers(path)
            )
            save_answers(step.answers, posted={}, confirmed=token, event=event)

    try:
        tried_again(act)
    except (ChangedSince, RuleBroken):
        step.load()
        return step.to(CONFIRMATION) if is_done(step) else conflict(step)
    return step.to(CONFIRMATION)


def is_done(step: JourneyStep) -> bool:
    """Whether these very answers were confirmed before: the button was pressed twice."""
    return step.answers.confirmed is not None and step.answers.confirmed == request.form.get("seen")


def confirmation(step: JourneyStep):
    if not step.answers.event:
        first = step.address(step.journey.pages[0])
        return redirect(first if step.is_offered else step.record(), 303)
    changed = [question.label for question in step.journey.questions.values()]
    return step.show(event=step.answers.event, changed=changed)


def conflict(step: JourneyStep):
    """409: the record, or the answers in another window, changed after the page was drawn. Nothing was done."""
    version, participant = version_in_token(request.form.get("seen", "")), step.participant
    events = participant.events.where(Event.version > (participant.version if version is None else version))
    page = list(step.journey.path(participant, step.answers.posted))[-1] if step.is_offered else None
    shown = step.render(
        ["errors/changed.html"],
        events=events.order_by(Event.version.desc()),
        has_events=events.exists(),
        are_answered=page == CHECK_ANSWERS,
        go_on=page and step.address(page),
        record=step.record(),
    )
    return shown, 409


def page_before(step: JourneyStep, path: dict) -> str:
    """Where the back link leads: the page before this one on the path, or the record."""
    pages = list(path)
    index = pages.index(step.page)
    return step.address(pages[index - 1]) if index else step.record()


def answers_of(participant: Participant, journey_name: str) -> Answers:
    """The saved answers, which were loaded with the participant, or an empty row if there are none of the last day."""
    for answers in participant.answers:
        if answers.event or answers.updated_at > now() - UNFINISHED_ANSWERS_KEPT:
            return answers
    return Answers(school_user=g.school_user, journey=journey_name, participant=participant)


def key_of(answers: Table) -> dict:
    """Whose answers these are, in which journey, about whom."""
    ((names, _is_unique),) = answers._meta.indexes
    return {name: answers.__data__[name] for name in names}


def save_answers(answers: Table, **changes) -> None:
    """Insert or update the row of answers. Of two windows, the last to save wins."""
    key = key_of(answers)
    insert(type(answers)(**key, **changes), unique=key)
