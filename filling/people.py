"""ECTs and mentors at schools, with their training, their mentors and their induction. What a line says is in
person.py, how it is compared with what is known in placements.py."""

from datetime import date
from itertools import groupby
from operator import attrgetter

from clock import display, today
from domain import participants, registrations
from domain.changes import RuleBroken
from filling.doubles import refuse_doubles
from filling.kind import Kind, Report
from filling.person import OF_THE_PERSON, PersonRow
from filling.placements import SYSTEM, Comparison, Known, Newcomer, same_placement
from filling.words import words_of
from models import Participant, School, Teacher

MENTOR_EVENTS = ("teacher_mentor_changed", "teacher_finishes_being_mentored")


class People(Kind[PersonRow]):
    name, title = "people", "people at schools"
    row = PersonRow

    @classmethod
    def examples(cls) -> list[dict[str, str]]:
        this_year = date(today().year, 9, 1)
        september = this_year if this_year < today() else date(today().year - 1, 9, 1)
        return [
            {
                "urn": "900101",
                "role": "mentor",
                "trn": "9000001",
                "first_name": "Maya",
                "last_name": "Lind",
                "email": "maya.lind@example.org",
                "started_on": f"{september.year - 3}-09-01",
            },
            {
                "urn": "900101",
                "role": "ect",
                "trn": "9000002",
                "first_name": "Theo",
                "last_name": "Hale",
                "email": "theo.hale@example.org",
                "started_on": str(september),
                "working_pattern": "full_time",
                "appropriate_body": "Beacon Teaching School Hub",
                "mentor_trn": "9000001",
                "training_programme": "provider_led",
                "lead_provider": "Ambition Institute",
                "induction_started_on": str(september),
            },
            {
                "urn": "900102",
                "role": "ect",
                "trn": "9000003",
                "first_name": "Iris",
                "last_name": "Vane",
                "started_on": str(september),
                "working_pattern": "part_time",
                "training_programme": "school_led",
            },
        ]

    def key(self, row: PersonRow) -> str:
        return f"{row.trn} {row.role} {row.urn} {row.started_on}"

    def group(self, row: PersonRow) -> str:
        return row.trn

    @property
    def steps(self):
        return (self.bring_in, refuse_doubles, self.bring_in_mentors)

    def begin(self) -> None:
        registrations.lock_everybody()

    def bring_in(self, rows: list[PersonRow], report: Report) -> None:
        """People, their training and their induction: first what is different of those who are there."""
        known = Known.of(rows)
        new: list[tuple[Newcomer, Participant]] = []
        for _trn, lines in groupby(rows, key=attrgetter("trn")):
            lines = sorted(lines, key=attrgetter("started_on"))
            taken = [take(row, known, report) for row in lines] if agree(lines, report) else []
            new += filter(None, taken)
        if new:
            registrations.register([participant for _, participant in new], SYSTEM)
        for newcomer, participant in new:
            report.done(newcomer.row, is_new=True)
            if not newcomer.is_first:
                Comparison(newcomer.row, participant, known, report).compare_person()

    def bring_in_mentors(self, rows: list[PersonRow], report: Report) -> None:
        """Who mentors whom, once everybody is there."""
        rows = [row for row in rows if row.mentor_trn]
        if not rows:
            return
        ects, mentors = Known.of(rows).placements, mentors_of(rows)
        found = []
        for row in rows:
            ect = same_placement(row, ects.get(row.trn, []))
            if ect and not ect.registered_in_error_at and (mentor := mentor_for(row, ect, mentors, report)):
                found.append((row, ect, mentor))
        if new := [(ect, mentor) for row, ect, mentor in found if report.is_new(row)]:
            registrations.assign_mentors(new, SYSTEM)
        for row, ect, mentor in found:
            if not report.is_new(row):
                compare_mentor(row, ect, mentor, report)


def take(row: PersonRow, known: Known, report: Report) -> tuple[Newcomer, Participant] | None:
    """Compare the row with the participant that it is about, or make a new one of it, to be registered."""
    if row.trn in known.united:
        report.leave(row, "trn", known.united[row.trn])
    elif row.urn not in known.schools:
        report.refuse(row, "urn", "a school that is here. Bring in schools first")
    elif placement := same_placement(row, known.placements.get(row.trn, [])):
        Comparison(row, placement, known, report).make()
    elif participant := (newcomer := Newcomer(row, known, report)).participant():
        known.placements.setdefault(row.trn, []).append(participant)
        return newcomer, participant
    return None


def agree(lines: list[PersonRow], report: Report) -> bool:
    """Whether all that a file says of one person is the same in each line."""
    told: dict[str, PersonRow] = {}
    is_so = True
    for row in lines:
        for name in OF_THE_PERSON:
            first = told.setdefault(name, row) if row.says(name) else None
            if first and getattr(first, name) != getattr(row, name):
                words = f"the same as in line {first.line}, which is about the same person"
                report.refuse(row, name, f"{getattr(first, name)}: {words}")
                is_so = False
    return is_so


# --- who mentors whom ------------------------------------------------------------------------------------------


def mentors_of(rows: list[PersonRow]) -> dict[tuple[str, str], list[Participant]]:
    """(URN, TRN) → the times in which that person is or was a mentor at that school."""
    query = (
        Participant.select(Participant, Teacher, School)
        .join(Teacher)
        .switch(Participant)
        .join(School)
        .where(Participant.role == "mentor", Teacher.trn << list({row.mentor_trn for row in rows}))
        .where(Participant.registered_in_error_at.is_null())
        .order_by(Participant.started_on)
    )
    found: dict[tuple[str, str], list[Participant]] = {}
    for each in query:
        found.setdefault((each.school.urn, each.teacher.trn), []).append(each)
    return found


def mentor_for(row: PersonRow, ect: Participant, mentors: dict, report: Report) -> Participant | None:
    """Whom the row names, if they are there at the same time. If not, the row is refused."""
    candidates = mentors.get((row.urn, row.mentor_trn), [])
    mentor = next((each for each in reversed(candidates) if registrations.overlap(each, ect)), None)
    if not mentor and (line := report.refused_line("trn", row.mentor_trn)):
        report.leave(row, "mentor_trn", f"line {line}, which is about them, has to be right first")
    elif not mentor:
        elsewhere = [each.school.name for (urn, trn), rest in mentors.items() for each in rest if trn == row.mentor_trn]
        there = f" They are a mentor at {elsewhere[0]}." if elsewhere and not candidates else ""
        when = f" They are a mentor there from {candidates[0].started_on}." if candidates else ""
        report.refuse(row, "mentor_trn", f"a mentor at the same school, at the same time.{there}{when}")
    return mentor


def compare_mentor(row: PersonRow, ect: Participant, mentor: Participant, report: Report) -> None:
    if mentor == ect.mentor or (ect.has_left and mentor in [each.mentor for each in ect.mentorships]):
        return
    event = registrations.last_event(ect, *MENTOR_EVENTS)
    if event and event.author_type != "system":
        present = ect.mentor.name if ect.mentor else "nobody"
        report.leave(row, "mentor_trn", f"{present}, as {event.author_name} has said on {display(event.created_at)}")
        return
    try:
        was = Teacher.get_by_id(ect.mentor.teacher_id).trn if ect.mentor else None
        participants.change_mentor(ect, SYSTEM, mentor_id=mentor.id)
        report.done(row, {"mentor_trn": (was, row.mentor_trn)})
    except RuleBroken as refusal:
        for name, words in words_of(refusal, ect, "mentor_trn"):
            report.refuse(row, name, words)
