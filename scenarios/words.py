"""All that pages say, as text to be read aloud: everybody below, on every page that there is for them, and the pages
that are about nobody. For `flask scenario words`, and for the test that reads every page."""

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

from flask import Flask
from selectolax.lexbor import LexborNode as Element

import scenarios
from clock import World, entered, in_utc
from database import db
from domain.departures import report_leaving
from domain.queries import participants_for_rules
from forms.journeys import CHECK_ANSWERS, CONFIRMATION, JOURNEYS
from models import Mentorship, Participant, School, SchoolUser, TrainingPeriod
from scenarios.check import ShownPage, Walker
from scenarios.pages import ASKED, filled_in, words
from scenarios.scenario import Scenario
from scenarios.screenshots import refusals

DAY = date(2026, 4, 20)
STARTED_ON = date(2025, 9, 1)

AMBITION, TEACH_FIRST, UCL = "Ambition Institute", "Teach First", "UCL Institute of Education"
TRAINING = {"lead_provider": AMBITION, "year": 2025}
AWAITING = {"lead_provider": TEACH_FIRST, "year": 2025}
SCHOOL_LED = {"programme": "school_led"}
WITHDRAWN = {"withdrawn": {"on": date(2026, 4, 13), "reason": "other"}}
DEFERRED = {"deferred": {"on": date(2026, 3, 2), "reason": "other"}}
LEAVING, TODAY, LEFT = ({"leaving_on": day} for day in (date(2026, 7, 17), DAY, date(2026, 4, 1)))
OVER = {"training": TRAINING | {"finished_on": date(2026, 2, 27)}}
TO_COME = {"started_on": date(2026, 9, 1), "training": TRAINING | {"year": 2026}, "induction_started_on": None}

ECT = {
    "started_on": STARTED_ON,
    "mentor": "Peter Marsh",
    "appropriate_body": "Alpha Teaching School Hub",
    "induction_started_on": STARTED_ON,
    "training": TRAINING,
}
MENTOR = {"started_on": STARTED_ON, "training": TRAINING}

EVERYBODY: dict[str, dict[str, dict]] = {
    "ect": {
        "Anna Active": {},
        "Amir Awaiting": {"training": AWAITING, "induction_started_on": None},
        "Wanda Withdrawn": WITHDRAWN,
        "Wilma Withdrawnwithoutmentor": WITHDRAWN | {"mentor": None},
        "Dora Deferred": DEFERRED,
        "Dina Deferredwithoutmentor": DEFERRED | {"mentor": None},
        "Nora Nomentor": {"mentor": None},
        "Sid Schoolled": {"training": SCHOOL_LED},
        "Sonya Schoolledwithoutmentor": {"training": SCHOOL_LED, "mentor": None},
        "Olga Overtraining": OVER,
        "Tom Trainless": {"training": None, "appropriate_body": None, "induction_started_on": None},
        "Fay Future": TO_COME,
        "Lena Leaving": LEAVING,
        "Liam Leavingtoday": TODAY,
        "Lara Leavingwithdrawn": LEAVING | WITHDRAWN,
        "Luca Leavingdeferred": LEAVING | DEFERRED,
        "Ludo Leavingschoolled": LEAVING | {"training": SCHOOL_LED},
        "Lars Left": LEFT,
        "Elsa Elsewhere": {"last_day": date(2026, 7, 17)},
        "Emil Elsewherebynow": {"last_day": date(2026, 4, 1)},
        "Xena Exempt": {"induction_status": "Exempt"},
        "Xavi Exemptwithdrawn": {"induction_status": "Exempt"} | WITHDRAWN,
        "Paul Passed": {"induction_status": "Passed"},
        "Fern Failed": {"induction_status": "Failed"},
        "Rosa Resumed": WITHDRAWN | {"resumed": True},
        "Mona Mentorlater": {"mentor": None, "mentored": ("Margaret Evans", date(2026, 5, 4), None)},
        "Max Mentoruntil": {"mentor": None, "mentored": ("Margaret Evans", STARTED_ON, date(2026, 5, 22))},
    },
    "mentor": {
        "Mary Active": {"ects": 1},
        "Mike Many": {"ects": 6},
        "Mila Awaiting": {"training": AWAITING},
        "Mark Withdrawn": WITHDRAWN | {"ects": 2},
        "Mike Deferred": DEFERRED,
        "Milo Trainless": {"training": None},
        "Olaf Overtraining": OVER,
        "Cora Completed": {"funding_ended": {"on": date(2026, 2, 27), "reason": "completed_declaration_received"}},
        "Nina Notcompleted": {"funding_ended": {"on": date(2026, 2, 27), "reason": "started_not_completed"}},
        "Finn Future": {"started_on": date(2026, 9, 1), "training": None},
        "Lisa Leaving": LEAVING | {"ects": 2},
        "Lido Leavingtoday": TODAY,
        "Lola Leavingwithdrawn": LEAVING | WITHDRAWN,
        "Lenny Leavingdeferred": LEAVING | DEFERRED,
        "Louis Left": LEFT,
        "Rudi Resumed": DEFERRED | {"resumed": True},
    },
}
"""Role → name → in what the person differs from an ECT or a mentor whom nothing has happened to. The name says how."""

ANSWERS: dict[str, list] = {
    "lead_provider_id": [TEACH_FIRST, UCL, AMBITION],
    "leaving_on": [date(2026, 4, 10), DAY, date(2026, 6, 30)],
    "mentor_id": ["Margaret Evans", "Peter Marsh"],
    "name": ["Robin Newname"],
    "email": ["robin.newname@example.org"],
    "working_pattern": ["Full time", "Part time"],
    "is_sure": ["yes"],
}
"""Field → answers of which each leads to other words."""

ABOUT_NOBODY = [
    "/school/ects",
    "/school/ects?page=2",
    "/school/ects?page=9",
    "/school/ects?q=anna",
    "/school/ects?q=nobody+at+all",
    "/school/mentors",
    "/school/mentors?q=mary",
    "/school/ects?page=all",
    "/school/ects?status=action-required",
    "/school/mentors?status=action-required",
    "/school/induction-tutor",
    "/outbox",
    "/school/ects/999999",
    "/sign-in",
    "/signed-out",
    "/accessibility",
    "/privacy",
]

SCENARIO = Scenario(
    id=scenarios.WORLD, title="", task="", persona="Naomi Fletcher", about=[], start="ects", today=DAY, direct_path=[]
)
"""Whom the walks are made by, and on which day."""


def build(folder: Path) -> Path:
    """A file with everybody at the first school of the base world."""
    file = folder / "everybody.sqlite3"
    scenarios.fresh_copy(scenarios.template(scenarios.WORLD, folder), file)
    with entered(World(file, in_utc(DAY))), db.connection_context(), db.atomic():
        school = School.select().order_by(School.id).get()
        for role, usual in (("mentor", MENTOR), ("ect", ECT)):
            for name, row in EVERYBODY[role].items():
                load(school, role, {"name": name} | usual | row)
    return file


def load(school: School, role: str, row: dict) -> None:
    trn = str(3400000 + Participant.select().count())
    row = {"trn": trn, "email": f"{trn}@example.org"} | {key: value for key, value in row.items() if value is not None}
    scenarios.load_participant(school, role, {key: value for key, value in row.items() if key != "leaving_on"})
    participant = Participant.select().order_by(Participant.id.desc()).get()
    for number in range(row.get("ects", 0)):
        name = f"Ect{number + 1} Of{row['name'].replace(' ', '').lower()}"
        load(school, "ect", {"name": name} | ECT | {"mentor": row["name"]})
    if "resumed" in row:
        scenarios.provider_acts("resume", participant)
    if "mentored" in row:
        name, started_on, finished_on = row["mentored"]
        mentors = Participant.select().where(Participant.role == "mentor")
        mentor = next(each for each in mentors if each.name == name)
        Mentorship.create(ect=participant, mentor=mentor, started_on=started_on, finished_on=finished_on)
    if "leaving_on" in row:
        (participant,) = participants_for_rules([participant.id])
        report_leaving(participant, SchoolUser.get(school=school), leaving_on=row["leaving_on"])
    if "last_day" in row:
        ends = (
            (TrainingPeriod, TrainingPeriod.participant),
            (Mentorship, Mentorship.ect),
            (Participant, Participant.id),
        )
        for table, whose in ends:
            table.update(finished_on=row["last_day"]).where(whose == participant.id).execute()


class Reader:
    """Reads the pages in this app, from `file` that build made; what is confirmed goes into a copy in `folder`."""

    def __init__(self, app: Flask, file: Path, folder: Path):
        self.app, self.file, self.folder = app, file, folder

    def walker(self) -> Walker:
        copy = self.folder / "walked.sqlite3"
        scenarios.fresh_copy(self.file, copy)
        return Walker(self.app, SCENARIO, self.file, copy)

    def everything(self) -> Iterator[tuple[str, ShownPage]]:
        """Each page with whom it is about."""
        yield from (("nobody", shown) for shown in (*self.about_nobody(), *self.induction_tutor()))
        for role, people in EVERYBODY.items():
            for name in people:
                yield from ((f"{role} {name}", shown) for shown in self.about(role, name))

    def about_nobody(self) -> Iterator[ShownPage]:
        walker = self.walker()
        yield from map(walker.ask, ABOUT_NOBODY)

    def induction_tutor(self) -> Iterator[ShownPage]:
        yield from self.journey("/school/induction-tutor/change", "/school/induction-tutor")

    def about(self, role: str, name: str, journeys: Collection[str] = JOURNEYS) -> Iterator[ShownPage]:
        """The record, and every page of each of these journeys that is on it."""
        walker = self.walker()
        with walker.data():
            participant = walker.end_state().person(name)
        record = walker.ask(f"/school/{role}s/{participant.id}")
        yield record
        begins = {}
        for path in record.read.links:
            journey = path.removeprefix(f"{record.path}/").partition("/")[0]
            if journey in journeys and path.startswith(record.path):
                begins.setdefault(journey, path)
        for path in begins.values():
            yield from self.journey(path, record.path)

    def journey(self, begins_at: str, record: str) -> Iterator[ShownPage]:
        """Each of its pages once for all answers: what is asked, what is refused, what is checked, how it ends; and
        the record after the first of them."""
        seen, number, most = set(), 0, 1

        def is_new(shown: ShownPage) -> bool:
            known = len(seen)
            seen.add((shown.page, shown.read.text))
            return len(seen) > known

        while number < most:
            walker = self.walker()
            shown, path = walker.ask(begins_at), ""
            while path != shown.path:  # else nothing there can be chosen
                path, form = shown.path, shown.read.question
                choices = choices_in(form)
                answers = {name: offered[number % len(offered)] for name, offered in choices.items()}
                most = max([most, *map(len, choices.values())])
                if is_new(shown):
                    yield shown
                    yield from filter(is_new, refusals(walker, shown))
                    if number == 0 and CHECK_ANSWERS in path:  # what is said of a stale answer is said of each
                        yield from filter(is_new, [walker.ask(path, filled_in(form, {}) | {"seen": "0."})])
                if form and CONFIRMATION not in path:
                    shown = walker.ask(path, filled_in(form, answers))
            if not number:
                yield walker.ask(record)
            number += 1


def choices_in(form: Element | None) -> dict[str, list]:
    """Field of the form → those of its answers that the form takes."""
    asked = {field.attrs["name"].partition("-")[0] for field in form.css(ASKED)} if form else set()
    return {name: [each for each in ANSWERS[name] if is_taken(form, name, each)] for name in asked & set(ANSWERS)}


def is_taken(form: Element, name: str, answer) -> bool:
    try:
        return bool(filled_in(form, {name: answer}))
    except LookupError:
        return False


# --- as text ---------------------------------------------------------------------------------------------------

MARKS = {"h1": "# ", "h2": "## ", "li": "- ", "button": "[] ", "label": "o  "}
BLOCKS = {*MARKS, "p", "dt", "dd", "dl", "ul", "legend", "summary", "div", "form", "main", "strong"}
SILENT = ".govuk-warning-text__icon, .govuk-back-link, script, template, [hidden]"


def as_text(shown: ShownPage) -> str:
    """The page's title and what is read on it, a line for each block."""
    html = shown.read.html
    for element in html.css(SILENT):
        element.decompose()
    lines = [f"<{words(html.css_first('title').text())}>"]
    said: list[str] = []

    def end_line(mark: str = "") -> None:
        if line := words("".join(said)):
            lines.append(mark + line)
        said.clear()

    def read(node: Element) -> None:
        for child in node.iter(include_text=True):
            is_block = child.tag in BLOCKS or "app-hint" in (child.attributes.get("class") or "")
            if is_block:
                end_line()
            if child.tag == "-text":
                said.append(child.text())
            else:
                read(child)
            if is_block:
                end_line(MARKS.get(child.tag, ""))

    read(html.css_first("main"))
    return "\n".join(lines)
