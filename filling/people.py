"""ECTs and mentors at schools, with their training, their mentors and their induction. What a line says is in
person.py, how it is compared with what is known in placements.py."""

from functools import partial
from itertools import groupby
from operator import attrgetter

from domain import participants, registrations
from filling.doubles import refuse_addresses_of_others, refuse_doubles
from filling.imports import Import
from filling.kind import Kind
from filling.person import OF_THE_PERSON, PersonRow
from filling.placements import SYSTEM, Comparison, Known, Newcomer, same_placement
from models import Participant, School, Teacher

MENTOR_EVENTS = ("teacher_mentor_changed", "teacher_finishes_being_mentored")


class People(Kind[PersonRow]):
    name, title = "people", "people at schools"
    row = PersonRow
    example = """\
urn,role,trn,first_name,last_name,email,started_on,working_pattern,\
appropriate_body,mentor_trn,training_programme,lead_provider,induction_started_on
900101,mentor,9000001,Maya,Lind,maya.lind@example.org,{long_ago},,,,,,
900101,ect,9000002,Theo,Hale,theo.hale@example.org,{september},full_time,\
Beacon Teaching School Hub,9000001,provider_led,Ambition Institute,{september}
900102,ect,9000003,Iris,Vane,,{september},part_time,,,school_led,,
"""

    def key(self, row: PersonRow) -> str:
        return f"{row.trn} {row.role} {row.urn} {row.started_on}"

    def group(self, row: PersonRow) -> str:
        return row.trn

    @property
    def steps(self):
        return (self.bring_in, refuse_doubles, refuse_addresses_of_others, self.bring_in_mentors)

    def begin(self) -> None:
        registrations.lock_everybody()

    def bring_in(self, rows: list[PersonRow], report: Import) -> None:
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

    def bring_in_mentors(self, rows: list[PersonRow], report: Import) -> None:
        """Who mentors whom, once everybody is there."""
        rows = [row for row in rows if row.mentor_trn]
        if not rows:
            return
        known, mentors = Known.of(rows), mentors_of(rows)
        found = []
        for row in rows:
            ect = same_placement(row, known.placements.get(row.trn, []))
            if ect and not ect.registered_in_error_at and (mentor := mentor_for(row, ect, mentors, report)):
                found.append((row, ect, mentor))
        if new := [(ect, mentor) for row, ect, mentor in found if report.is_new(row)]:
            registrations.assign_mentors(new, SYSTEM)
        for row, ect, mentor in found:
            if not report.is_new(row):
                compare_mentor(row, ect, mentor, known, report)


def take(row: PersonRow, known: Known, report: Import) -> tuple[Newcomer, Participant] | None:
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


def agree(lines: list[PersonRow], report: Import) -> bool:
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


def mentor_for(row: PersonRow, ect: Participant, mentors: dict, report: Import) -> Participant | None:
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


def compare_mentor(row: PersonRow, ect: Participant, mentor: Participant, known: Known, report: Import) -> None:
    if mentor == ect.mentor or (ect.has_left and mentor in [each.mentor for each in ect.mentorships]):
        return
    was = Teacher.get_by_id(ect.mentor.teacher_id).trn if ect.mentor else None
    act = partial(participants.change_mentor, ect, SYSTEM, mentor_id=mentor.id)
    shown = ect.mentor.name if ect.mentor else "nobody"
    Comparison(row, ect, known, report).change({"mentor_trn": (was, row.mentor_trn)}, MENTOR_EVENTS, act, shown)
