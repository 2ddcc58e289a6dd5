"""What every question has in common: the participant it is about, its answer, and its errors for the GOV.UK summary.
The questions themselves are in questions.py, the journeys that they make in journeys.py."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from flask import current_app, request
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField

from clock import display
from domain.changes import RuleBroken
from models import Participant

EXPIRED = "This page was open for too long. Nothing is lost. Check your answers and select the button again"
NO_COOKIES = (
    "Your browser did not send us the cookie that this page needs. Select the button again. If that does not help, "
    "allow cookies for this service in the settings of your browser"
)


def sends_no_cookie() -> bool:
    """Whether the browser blocks the cookie that every page sets, or has lost it since this page was open."""
    return current_app.config["SESSION_COOKIE_NAME"] not in request.cookies


class Form(FlaskForm):
    """A form whose errors, an expired page included, come back on the page it was sent from.

    Fields and rules refuse by a code, such as `missing`; the form has the `messages` for each code.
    """

    messages: dict[str, str] = {}
    """Code, or field and code (`words missing`) → sentence, in which {…} stands for a fact about the refusal, the
    person's {name} or the address of {support}."""

    def rule(self) -> None:
        """Raises RuleBroken for answers that are each as they should be, and still can't be taken; or adds an error for
        each, where each has facts of its own."""

    def validate(self, extra_validators=None) -> bool:
        if not super().validate(extra_validators):
            for field in self:
                if field.errors and field.name != "csrf_token":
                    self.add_error(field.name, str(field.errors[0]), **getattr(field, "facts", {}))
            return False
        try:
            self.rule()
        except RuleBroken as refusal:
            for name, code in refusal.errors.items():
                self.add_error(name, code, **refusal.facts)
        return not self.codes

    def add_error(self, field: str, code: str, /, **facts) -> None:
        """Put the sentence for this code beside the field."""
        self.codes[field] = code
        sentence = self.messages.get(f"{field} {code}") or self.messages[code]
        self[field].errors = [sentence.format(support=current_app.config["SUPPORT_EMAIL"], **facts)]

    @property
    def codes(self) -> dict[str, str]:
        """Field → the code of its error."""
        return self.__dict__.setdefault("_codes", {})

    @property
    def answers(self) -> dict:
        """Field → what was answered, in Python's types."""
        return {name: value for name, value in self.data.items() if name != "csrf_token"}

    @property
    def summary(self) -> list[dict]:
        """The error summary's list: `text`, and the `href` of the field that each error is about."""
        lines = [{"text": NO_COOKIES if sends_no_cookie() else EXPIRED}] if "csrf_token" in self.errors else []
        for field in self:
            if field.name != "csrf_token" and field.errors:
                is_shown = not isinstance(field, HiddenField)
                link = {"href": f"#{getattr(field, 'anchor', field.name)}"} if is_shown else {}
                lines.append({"text": field.errors[0]} | link)
        return lines

    def error(self, name: str) -> dict | None:
        """The error message beside this field, as the GOV.UK components take it."""
        return {"text": self[name].errors[0]} if self[name].errors else None


@dataclass(frozen=True)
class Doubt:
    """Why an answer that no rule refuses may still be a slip: asked once more on "check answers"."""

    question: str
    because: str
    yes: str
    error: str


class Question(Form):
    """One page of a journey that asks something about a participant. Its `rule` asks what the act would."""

    label = ""
    """What it asks for, as in "Change working pattern"."""
    heading = ""
    """The page's, unless a template has another. Here and in the legends {name} stands for the person's."""
    legends: ClassVar[dict[str, str]] = {}
    """Field → what its label asks. A question that has them needs no template. Without, it is what the heading asks."""
    hints: ClassVar[dict[str, str]] = {}
    """Field → what is said under its label, if anything."""
    is_kept = True
    """Whether its answer is one of the act's parameters."""
    example: ClassVar[dict[str, str]] = {}
    """An answer that is always right, in the page's words: label → what is typed, or `choose` → a radio. Scenarios and
    tests that care about other questions of the journey give it."""

    def __init__(self, participant: Participant, *args, **kwargs):
        self.participant = participant
        super().__init__(*args, **{"data": self.filled_in} | kwargs)

    @classmethod
    def fields(cls) -> list[str]:
        """The names of its fields: the act's parameters."""
        attributes = [pair for each in reversed(cls.__mro__) for pair in vars(each).items()]
        return list(dict.fromkeys(name for name, value in attributes if hasattr(value, "field_class")))

    @classmethod
    def is_asked(cls, participant: Participant, answers: dict) -> bool:
        """Whether the journey asks this, after these answers to the questions before it."""
        return True

    @property
    def filled_in(self) -> dict:
        """Field → what the page has in it before anything was answered."""
        return {}

    @property
    def current(self) -> str:
        """What is so now, as "check answers" shows it beside the answer; empty where nothing is."""
        return ""

    @property
    def shown(self) -> str:
        """The answer as "check answers" shows it."""
        return ", ".join(self[name].shown for name in self.fields())

    @property
    def doubt(self) -> Doubt | None:
        return None

    def add_error(self, field: str, code: str, /, **facts) -> None:
        shown = {fact: display(value) if isinstance(value, date) else value for fact, value in facts.items()}
        super().add_error(field, code, **{"name": self.participant.name} | shown)

    def posted(self, formdata) -> dict[str, list[str]]:
        """This question's part of what a browser sent: what is kept until the journey is confirmed."""
        names = [name for field in self for name in getattr(field, "part_names", [field.name])]
        return {name: formdata.getlist(name) for name in names if name in formdata and name != "csrf_token"}


class Confirm(Form):
    """The button on "check answers". `seen` says what the page showed: see forms.journeys.state_token. Where there is
    `doubt` about an answer, `is_sure` must be ticked."""

    seen = HiddenField()
    is_sure = BooleanField()
    messages = {"unsure": "{error}"}

    def __init__(self, doubt: Doubt | None = None):
        self.doubt = doubt
        super().__init__()

    def rule(self):
        if self.doubt and not self.is_sure.data:
            raise RuleBroken({"is_sure": "unsure"}, error=self.doubt.error)
