"""How to take each journey: what to answer on each of its pages, for whom; and what its act is told. A new journey adds
a line to both and is then walked by every test of test_journeys.py, and acted with in test_edge_cases.py and
test_any_order.py."""

import datetime as days
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from clock import display
from forms.journeys import JOURNEYS
from models import LeadProvider, Participant
from tests import reports
from tests.conftest import person
from tests.visitor import Visitor


@dataclass(frozen=True)
class Walk:
    journey: str
    name: str
    answers: dict[str, dict]
    """Page → `submit`'s keywords, for the questions that the walk cares about; others get their form's example."""
    other: dict[str, dict]
    """Other answers that are right too."""
    buttons: dict[str, str] = field(default_factory=dict)
    """Page → its button, where that isn't "Continue"."""
    not_asked: tuple[str, ...] = ()
    confirm: str = "Confirm change"
    role: str = "ect"
    is_refused_empty: bool = True
    """Whether a form without an answer is an error: not where the button is the answer."""
    given: Callable[[Participant], object] | None = None
    """What has happened to the participant of the demo world before."""

    def __str__(self):
        return f"{self.journey} {self.name}"

    @property
    def participant(self) -> Participant:
        return person(self.name, self.role)

    @property
    def address(self) -> str:
        return f"/school/{self.role}s/{self.participant.id}"

    @property
    def first_page(self) -> str:
        return self.page(JOURNEYS[self.journey].pages[0])

    @property
    def has_questions(self) -> bool:
        return bool(JOURNEYS[self.journey].questions)

    def begin(self) -> None:
        if self.given:
            self.given(self.participant)

    def page(self, name: str) -> str:
        return f"{self.address}/{self.journey}/{name}"

    def answer(self, visitor: Visitor, answers: dict[str, dict] | None = None) -> Visitor:
        """From the first question to "check answers"."""
        if not self.has_questions:
            return visitor.get(self.first_page)
        for page, button, keywords in self.steps(answers):
            visitor.get(page).submit(button, **keywords)
        return visitor

    def steps(self, answers: dict[str, dict] | None = None) -> list[tuple[str, str, dict]]:
        """The address, the button and the answer of each question."""
        return [(self.page(page), button, keywords) for page, button, keywords in self.questions(answers)]

    def questions(self, answers: dict[str, dict] | None = None) -> list[tuple[str, str, dict]]:
        """The page, the button and the answer of each question."""
        given = self.answers if answers is None else answers
        asked = {page: form for page, form in JOURNEYS[self.journey].questions.items() if page not in self.not_asked}
        assert set(given) <= set(asked), f"{self.journey} doesn’t ask {set(given) - set(asked)}"
        for page, form in asked.items():
            assert page in given or form.example, f"no walk answers {page}, and {form.__name__} has no example"
        return [(page, self.buttons.get(page, "Continue"), given.get(page, asked[page].example)) for page in asked]


def shown(walk: Walk, answers: dict[str, dict] | None = None) -> list[str]:
    """These answers as "check answers" must show them."""
    texts = []
    for _, _, answer in walk.questions(answers):
        if "Day" in answer:
            texts.append(display(days.date(*(int(answer[part]) for part in ("Year", "Month", "Day")))))
        else:
            texts += answer.values()
    return texts


def choose(page: str, words: str) -> dict[str, dict]:
    return {page: {"choose": words}}


def name(name: str) -> dict[str, dict]:
    return {"name": {"Full_name": name}}


def address(email: str) -> dict[str, dict]:
    return {"email-address": {"Email_address": email}}


def leaving(day: int, month: int) -> dict[str, dict]:
    return {"leaving-date": {"Day": str(day), "Month": str(month), "Year": "2026"}}


TEACH_FIRST, UCL = choose("lead-provider", "Teach First"), choose("lead-provider", "UCL Institute of Education")
PRESSED = {"training-programme": {}}
BUTTON = {"buttons": {"training-programme": "Change training programme"}, "is_refused_empty": False}
AT_SCHOOL = {"not_asked": ("lead-provider",)} | BUTTON
PART_TIME = choose("working-pattern", "Part time")
PETER, MARGARET = choose("mentor", "Peter Marsh"), choose("mentor", "Margaret Evans")
LEAVING = {"confirm": "Confirm and continue"}
NOTHING = {"answers": {}, "other": {}, "confirm": "Confirm and continue", "is_refused_empty": False}

PARAMETERS = {
    "change-lead-provider": lambda: {"lead_provider_id": LeadProvider.get(name="UCL Institute of Education").id},
    "change-training-programme": lambda: {"training_programme": "school_led"},
    "not-continuing-mentor-training": dict,
    "report-teacher-leaving": lambda: {"leaving_on": days.date(2026, 5, 1)},
    "report-staying": dict,
    "change-mentor": lambda: {"mentor_id": person("John Doe", "mentor").id},
    "change-name": lambda: {"name": "Ada Lane"},
    "change-email-address": lambda: {"email": "ada.lane@example.org"},
    "change-working-pattern": lambda: {"working_pattern": "part_time"},
}
"""What each journey's act may be told of an ECT at St John's."""

WALKS = [
    Walk("change-lead-provider", "Steven Taylor", TEACH_FIRST, UCL),
    Walk("change-lead-provider", "Gustav Brown", TEACH_FIRST, UCL),
    Walk("change-lead-provider", "Hannah Clarke", TEACH_FIRST, UCL),
    Walk("change-lead-provider", "John Doe", TEACH_FIRST, UCL, role="mentor"),
    Walk("change-training-programme", "Steven Taylor", PRESSED, PRESSED, **AT_SCHOOL),
    Walk("change-training-programme", "Gustav Brown", PRESSED, PRESSED, **AT_SCHOOL),
    Walk("change-training-programme", "Hannah Clarke", PRESSED, PRESSED, **AT_SCHOOL),
    Walk("change-training-programme", "Thomas Walker", PRESSED | TEACH_FIRST, PRESSED | UCL, **BUTTON),
    Walk(
        "not-continuing-mentor-training",
        "John Doe",
        role="mentor",
        given=lambda john: reports.report("withdraw", john),
        **NOTHING,
    ),
    Walk("report-teacher-leaving", "Hannah Clarke", leaving(17, 7), leaving(16, 7), **LEAVING),
    Walk("report-teacher-leaving", "Steven Taylor", leaving(27, 3), leaving(26, 3), **LEAVING),
    Walk("report-teacher-leaving", "Gustav Brown", leaving(20, 4), leaving(20, 5), **LEAVING),
    Walk("report-teacher-leaving", "Emily Roberts", leaving(17, 7), leaving(1, 5), **LEAVING),
    Walk("report-teacher-leaving", "John Doe", leaving(17, 7), leaving(16, 7), role="mentor", **LEAVING),
    Walk("report-staying", "Emily Roberts", **NOTHING),
    Walk("change-mentor", "Steven Taylor", PETER, MARGARET),
    Walk("change-mentor", "Priya Shah", PETER, MARGARET),
    Walk("change-name", "Priya Shah", name("Priya Patel"), name("P Shah")),
    Walk("change-name", "John Doe", name("Jon Doe"), name("J Doe"), role="mentor"),
    Walk("change-email-address", "Steven Taylor", address("s.taylor@example.org"), address("steven@example.org")),
    Walk("change-email-address", "John Doe", address("j@example.org"), address("jd@example.org"), role="mentor"),
    Walk("change-working-pattern", "Steven Taylor", PART_TIME, PART_TIME),
]

EACH_JOURNEY = {
    name: max((walk for walk in WALKS if walk.journey == name), key=lambda walk: len(walk.answers)) for name in JOURNEYS
}
"""Of each journey the first walk that answers most questions: for what doesn't depend on who it is about."""


def walks(which):
    """Runs a test with each of these walks, begun, as its `walk`."""
    return pytest.mark.parametrize("walk", which, ids=str, indirect=True)


each_journey = walks(EACH_JOURNEY.values())
each_question = walks([walk for walk in EACH_JOURNEY.values() if walk.is_refused_empty])
