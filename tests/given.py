"""An ECT and a mentor at St John's to whom anything may have happened: loaded as the demo world's people are, then
taken through the steps of reports.py. For the tests of what the school is shown."""

from datetime import date

import scenarios
from models import Mentorship, Participant, School, Teacher, TrainingPeriod
from tests.conftest import person
from tests.reports import AMBITION, STARTED_ON, live_through, report

ADA = "Ada Moss"
TRAINING = {"lead_provider": AMBITION, "year": 2025}
AWAITING = {"lead_provider": "Teach First", "year": 2025}
SCHOOL_LED = {"programme": "school_led"}

_COMMON = {"name": ADA, "started_on": STARTED_ON, "training": TRAINING}
_ECT = {"mentor": "Peter Marsh", "appropriate_body": "Alpha Teaching School Hub", "induction_started_on": STARTED_ON}


def ect(*history, induction: str | None = None, **row) -> Participant:
    """Ada Moss, an ECT whom Peter Marsh mentors and Ambition Institute trains, after `history`: (day, step), … `row`
    says what is otherwise (None: what is missing), `induction` what the national record says of it."""
    ada = load("ect", _ECT | row)
    if induction:
        Teacher.update(trs_induction_status=induction).where(Teacher.id == ada.teacher_id).execute()
    return live_through(ada, history)


def mentor(*history, **row) -> Participant:
    """Ada Moss, a mentor without ECTs whom Ambition Institute trains, after `history`."""
    return live_through(load("mentor", row), history)


def load(role: str, row: dict) -> Participant:
    trn = str(3300000 + Teacher.select().count())
    row = {key: value for key, value in (_COMMON | {"trn": trn, "email": "a@example.org"} | row).items() if value}
    scenarios.load_participant(School.get(name="St John’s C of E Primary School"), role, row)
    return Participant.select(Participant, Teacher).join(Teacher).where(Teacher.trn == row["trn"]).get()


# --- reports, with reasons that no page may show -----------------------------------------------------------


def withdrawn(ada: Participant) -> None:
    report("withdraw", ada, reason="left-teaching-profession")


def deferred(ada: Participant) -> None:
    report("defer", ada, reason="bereavement")


# --- steps that no act takes -------------------------------------------------------------------------------


def training(**columns):
    """The training period is made to have these columns."""
    return lambda ada: TrainingPeriod.update(**columns).where(TrainingPeriod.participant == ada).execute()


def registered_elsewhere(last_day: date):
    """Another school's registration ends the time here, and all that goes on in it."""

    def step(ada: Participant) -> None:
        ada.finished_on = last_day
        ada.save()
        for table, participant in ((TrainingPeriod, TrainingPeriod.participant), (Mentorship, Mentorship.ect)):
            table.update(finished_on=last_day).where(participant == ada, table.finished_on.is_null()).execute()

    return step


def known_of(**columns):
    """What the national record says."""
    return lambda ada: Teacher.update(**columns).where(Teacher.id == ada.teacher_id).execute()


def mentored(by: str, started_on: date, finished_on: date | None = None):
    """A mentorship, besides any that there is."""

    return lambda ada: Mentorship.create(
        ect=ada, mentor=person(by, "mentor"), started_on=started_on, finished_on=finished_on
    )
