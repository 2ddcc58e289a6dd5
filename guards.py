"""What the database guarantees beyond columns, keys and CHECKs: SQL for the engine in use, built from the parts in
database.py. The tables are in models.py; a real database gets the same from the migrations."""

from database import after, append_only, db, no_overlap, one_of
from models import TABLES


def guards() -> list[str]:
    """What else the database guarantees, as SQL for the engine in use."""
    return [
        *no_overlap("contract_period"),
        *no_overlap("participant", "teacher_id", where="{row}.role = 'ect'", name="ect_no_overlap"),
        *no_overlap("participant", "teacher_id", "school_id", where="{row}.role = 'mentor'", name="mentor_no_overlap"),
        *no_overlap("training_period", "participant_id"),
        *no_overlap("mentorship", "ect_id"),
        *no_overlap("induction_period", "teacher_id"),
        *one_of("participant", "teacher_id", where="finished_on IS NULL AND role = 'ect'", name="ect_one_open"),
        *one_of(
            "participant",
            "teacher_id",
            "school_id",
            where="finished_on IS NULL AND role = 'mentor'",
            name="mentor_one_open",
        ),
        *one_of("training_period", "participant_id", where="finished_on IS NULL", name="training_period_one_open"),
        *one_of("mentorship", "ect_id", where="finished_on IS NULL", name="mentorship_one_open"),
        *one_of("induction_period", "teacher_id", where="outcome IS NOT NULL", name="induction_period_one_outcome"),
        *append_only("event"),
        *enrolments_follow_training(),
        *events_move_what_they_are_about(),
    ]


ENROLMENTS = """
    INSERT INTO enrolment (lead_provider_id, teacher_id, role, is_second, training_period_id, cohort, training_status,
        created_at, updated_at)
    SELECT lead_provider_id, teacher_id, role,
        role = 'mentor' AND count(*) OVER (PARTITION BY lead_provider_id, teacher_id) > 1,
        id, contract_period_id, training_status, created_at, api_updated_at
    FROM (
        SELECT active.lead_provider_id, participant.teacher_id, participant.role, period.id, active.contract_period_id,
            CASE
                WHEN withdrawn_at IS NULL AND deferred_at IS NULL THEN 'active'
                WHEN deferred_at IS NULL OR withdrawn_at >= deferred_at THEN 'withdrawn'
                ELSE 'deferred'
            END AS training_status,
            teacher.created_at, teacher.api_updated_at,
            row_number() OVER (
                PARTITION BY active.lead_provider_id, participant.teacher_id, participant.role
                ORDER BY period.started_on DESC, period.id DESC
            ) AS place
        FROM participant
        JOIN training_period period ON period.participant_id = participant.id
        JOIN teacher ON teacher.id = participant.teacher_id
        JOIN school_partnership partnership ON partnership.id = period.school_partnership_id
        JOIN active_lead_provider active ON active.id = partnership.active_lead_provider_id
        WHERE {which}
    ) AS seen WHERE place = 1"""
"""Fills the table for the participants `which`: the latest training period that each lead provider has confirmed."""


def enrolments_follow_training() -> list[str]:
    """The enrolments are those of the training periods, whatever changes them; and are updated when the person is."""
    changes = {
        "insert": ("INSERT", "NEW"),
        "update": ("UPDATE OF school_partnership_id, started_on, withdrawn_at, deferred_at", "NEW"),
        "delete": ("DELETE", "OLD"),
    }
    statements = []
    for name, (change, row) in changes.items():
        teacher = f"(SELECT teacher_id FROM participant WHERE id = {row}.participant_id)"
        delete = f"DELETE FROM enrolment WHERE teacher_id = {teacher}"
        insert = ENROLMENTS.format(which=f"participant.teacher_id = {teacher}")
        statements += after(f"enrolment_follows_{name}", change, "training_period", f"{delete}; {insert};")
    its = "UPDATE enrolment SET created_at = NEW.created_at, updated_at = NEW.api_updated_at WHERE teacher_id = NEW.id;"
    return statements + after("enrolment_follows_teacher", "UPDATE OF created_at, api_updated_at", "teacher", its)


def events_move_what_they_are_about() -> list[str]:
    """An event makes its participant's next version, and the API tells of a change of the person; of the school too
    when somebody's training is of another kind or another provider's."""
    body = (
        "UPDATE participant SET version = NEW.version WHERE id = NEW.participant_id; "
        "UPDATE teacher SET api_updated_at = NEW.created_at WHERE id = NEW.teacher_id; "
        "UPDATE school SET api_updated_at = NEW.created_at WHERE id = NEW.school_id AND NEW.event_type IN "
        "('teacher_training_lead_provider_updated', 'teacher_training_programme_updated', "
        "'teacher_starts_training_period', 'teacher_training_period_confirmed', 'teacher_changes_schedule');"
    )
    return after("event_moves_what_it_is_about", "INSERT", "event", body)


def create_tables() -> None:
    """Make an empty database as these models describe it. A real one is made by the migrations."""
    db.create_tables(TABLES)
    for sql in guards():
        db.execute_sql(sql)
