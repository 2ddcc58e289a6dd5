"""How to take each journey: what to answer on each of its pages, for whom; and what its act is told. A new journey adds
a line to both and is then walked by every test of test_journeys.py, and acted with in test_edge_cases.py and
test_any_order.py."""

import datetime as days
from collections.abc import Callable
from dataclasses import dataclass, field

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
    answers: list[dict]
    """One for each question: `submit`'s keywords."""
    other: list[dict]
    """Other answers that are right too."""
    buttons: list[str] = field(default_factory=lambda: ["Continue"])
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

    def answer(self, visitor: Visitor, answers: list[dict] | None = None) -> Visitor:
        """From the first question to "check answers"."""
        if not self.has_questions:
            return visitor.get(self.first_page)
        for page, button, keywords in self.steps(answers):
            visitor.get(page).submit(button, **keywords)
        return visitor

    def steps(self, answers: list[dict] | None = None) -> list[tuple[str, str, dict]]:
        """The address, the button and the answer of each question."""
        pages = [self.page(page) for page in JOURNEYS[self.journey].questions]
        return list(zip(pages, self.buttons, answers or self.answers, strict=False))


def shown(answers: list[dict]) -> list[str]:
    """These answers as "check answers" must show them."""
    texts = []
    for answer in answers:
        if "Day" in answer:
            texts.append(display(days.date(*(int(answer[part]) for part in ("Year", "Month", "Day")))))
        else:
            texts += answer.values()
    return texts


def choose(words: str) -> list[dict]:
    return [{"choose": words}]


def date(day: int, month: int, year: int) -> list[dict]:
    return [{"Day": str(day), "Month": str(month), "Year": str(year)}]


TEACH_FIRST, UCL = choose("Teach First"), choose("UCL Institute of Education")
BUTTON = ["Change training programme"]
LEAVING = {"confirm": "Confirm and continue"}
NOTHING = {"answers": [], "other": [], "buttons": [], "confirm": "Confirm and continue", "is_refused_empty": False}

PARAMETERS = {
    "change-lead-provider": lambda: {"lead_provider_id": LeadProvider.get(name="UCL Institute of Education").id},
    "change-training-programme": lambda: {"training_programme": "school_led"},
    "not-continuing-mentor-training": dict,
    "report-teacher-leaving": lambda: {"leaving_on": days.date(2026, 5, 1)},
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
    Walk("change-training-programme", "Steven Taylor", [{}], [{}], BUTTON, is_refused_empty=False),
    Walk("change-training-programme", "Gustav Brown", [{}], [{}], BUTTON, is_refused_empty=False),
    Walk("change-training-programme", "Hannah Clarke", [{}], [{}], BUTTON, is_refused_empty=False),
    Walk(
        "change-training-programme",
        "Thomas Walker",
        [{}, *TEACH_FIRST],
        [{}, *UCL],
        [*BUTTON, "Continue"],
        is_refused_empty=False,
    ),
    Walk(
        "not-continuing-mentor-training",
        "John Doe",
        role="mentor",
        given=lambda john: reports.report("withdraw", john),
        **NOTHING,
    ),
    Walk("report-teacher-leaving", "Steven Taylor", date(27, 3, 2026), date(26, 3, 2026), **LEAVING),
    Walk("report-teacher-leaving", "Gustav Brown", date(20, 4, 2026), date(20, 5, 2026), **LEAVING),
    Walk("report-teacher-leaving", "Hannah Clarke", date(17, 7, 2026), date(16, 7, 2026), **LEAVING),
    Walk("report-teacher-leaving", "Emily Roberts", date(17, 7, 2026), date(1, 5, 2026), **LEAVING),
    Walk("report-teacher-leaving", "John Doe", date(17, 7, 2026), date(16, 7, 2026), role="mentor", **LEAVING),
    Walk("change-mentor", "Steven Taylor", choose("Peter Marsh"), choose("Margaret Evans")),
    Walk("change-mentor", "Priya Shah", choose("Peter Marsh"), choose("Margaret Evans")),
    Walk("change-name", "Priya Shah", [{"Full_name": "Priya Patel"}], [{"Full_name": "P Shah"}]),
    Walk("change-name", "John Doe", [{"Full_name": "Jon Doe"}], [{"Full_name": "J Doe"}], role="mentor"),
    Walk(
        "change-email-address",
        "Steven Taylor",
        [{"Email_address": "s.taylor@example.org"}],
        [{"Email_address": "steven@example.org"}],
    ),
    Walk(
        "change-email-address",
        "John Doe",
        [{"Email_address": "j@example.org"}],
        [{"Email_address": "jd@example.org"}],
        role="mentor",
    ),
    Walk("change-working-pattern", "Steven Taylor", choose("Part time"), choose("Part time")),
]
