"""Every page of every correction, by the engine of the schools’ journeys (views/journeys.py). The corrections
themselves are a table in support/corrections.py."""

from flask import abort, g, render_template, url_for

from clock import now
from domain.changes import Author, Support
from domain.sign_ins import UNFINISHED_ANSWERS_KEPT, is_short
from forms import Doubt
from forms.journeys import CHECK_ANSWERS, CONFIRMATION
from models import Event, Participant, SupportUser
from support.corrections import CORRECTIONS
from support.models import SupportAnswers
from support.pages import blueprint
from support.pages.people import find_participant
from support.preview import Preview, preview
from views.journeys import CANCEL, JourneyStep, save_answers, serve


class CorrectionStep(JourneyStep):
    """One request for one page of a correction."""

    preview: Preview | None = None

    @property
    def author(self) -> Author:
        return Support(g.support_user)

    @property
    def is_offered(self) -> bool:
        return self.journey.offered_to(self.participant)

    def address(self, page: str) -> str:
        return step_url(self.participant, self.name, page)

    def record(self) -> str:
        return url_for("support.person", teacher_id=self.participant.teacher_id)

    def load(self) -> None:
        self.participant = find_participant(self.participant.id)
        self.answers = answers_of(g.support_user, self.participant, self.name)

    def doubt(self, path: dict) -> Doubt | None:
        answers = self.journey.answers(path)
        self.preview = preview(self.participant, lambda: self.journey.act(self.participant, self.author, **answers))
        return super().doubt(path) or self.preview.doubt

    def show(self, status: int = 200, **context):
        page = self.page if self.page in (CHECK_ANSWERS, CONFIRMATION) else "question"
        return self.render([f"support/{page}.html"], **context), status

    def render(self, templates: list, **context) -> str:
        return render_template(
            templates,
            layout="support/page.html",
            participant=self.participant,
            correction=self.journey,
            address=self.address,
            record=self.record(),
            preview=self.preview,
            **{name: value for name, value in context.items() if name != "record"},
        )


def step_url(participant: Participant, name: str, page: str) -> str:
    return url_for("support.step", participant_id=participant.id, journey_name=name, page=page)


@blueprint.route("/support/placements/<int:participant_id>/<journey_name>/<page>", methods=["GET", "POST"])
def step(participant_id, journey_name, page):
    journey = CORRECTIONS.get(journey_name)
    if not journey or page not in journey.pages:
        abort(404)
    participant = find_participant(participant_id)
    answers = answers_of(g.support_user, participant, journey_name)
    return serve(CorrectionStep(participant, journey_name, journey, page, answers))


def keep_unsent(user: SupportUser, typed: dict, participant_id: int, journey_name: str, page: str) -> None:
    """Keep what was typed on a question and sent after the sign-in of whoever typed it was over: the question has it
    again when they have signed in."""
    journey, participant = CORRECTIONS.get(journey_name), Participant.get_or_none(Participant.id == participant_id)
    if participant and journey and page in journey.questions and CANCEL not in typed and is_short(typed):
        answers = answers_of(user, participant, journey_name)
        save_answers(answers, posted=answers.posted | {page: typed}, confirmed=None, event=None)


def answers_of(user: SupportUser, participant: Participant, name: str) -> SupportAnswers:
    """The saved answers, or an empty row if there are none of the last day."""
    its = {"support_user": user, "journey": name, "participant": participant}
    answers = SupportAnswers.get_or_none(**its)
    if answers and answers.event_id:
        answers.event = Event.get_by_id(answers.event_id)
    is_kept = answers and (answers.event_id or answers.updated_at > now() - UNFINISHED_ANSWERS_KEPT)
    return answers if is_kept else SupportAnswers(**its)
