"""What the lead providers' API tells of schools, delivery partners and partnerships, and whom each provider sees."""

from peewee import BooleanField, ForeignKeyField, IntegerField, Model, UUIDField

import clock
import database
from database import MomentField, WordsField
from database.triggers import after

ROLES = ("ect", "mentor")
TRAINING_STATUSES = ("active", "withdrawn", "deferred")

NEW_COLUMNS = {
    "school": ["created_at", "api_updated_at"],
    "delivery_partner": ["created_at", "api_updated_at"],
    "school_partnership": ["api_updated_at"],
}


class Frozen(Model):
    class Meta:
        database = database.db
        legacy_table_names = False


class LeadProvider(Frozen):
    pass


class ActiveLeadProvider(Frozen):
    pass


class DeliveryPartner(Frozen):
    pass


class Teacher(Frozen):
    pass


class TrainingPeriod(Frozen):
    pass


class DeliveryPartnership(Frozen):
    active_lead_provider = ForeignKeyField(ActiveLeadProvider)
    delivery_partner = ForeignKeyField(DeliveryPartner)

    class Meta:
        indexes = ((("active_lead_provider", "delivery_partner"), True),)


class RequestCount(Frozen):
    key = WordsField(unique=True)
    window_started_at = MomentField()
    count = IntegerField()


class ParticipantIdChange(Frozen):
    teacher = ForeignKeyField(Teacher)
    from_participant_id = UUIDField(unique=True)
    changed_at = MomentField()


class Enrolment(Frozen):
    lead_provider = ForeignKeyField(LeadProvider, index=False)
    teacher = ForeignKeyField(Teacher)
    role = WordsField(*ROLES)
    is_second = BooleanField()
    training_period = ForeignKeyField(TrainingPeriod, unique=True, on_delete="CASCADE")
    cohort = IntegerField()
    training_status = WordsField(*TRAINING_STATUSES)
    created_at = MomentField()
    updated_at = MomentField()

    class Meta:
        indexes = (
            (("lead_provider", "teacher", "role"), True),
            (("lead_provider", "created_at", "teacher", "cohort", "training_status", "is_second"), False),
            (("lead_provider", "updated_at", "teacher", "cohort", "training_status", "is_second"), False),
        )


TABLES = [DeliveryPartnership, RequestCount, ParticipantIdChange, Enrolment]

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


def enrolments_follow_training() -> list[str]:
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


def events_move_what_they_are_about():
    body = (
        "UPDATE participant SET version = NEW.version WHERE id = NEW.participant_id; "
        "UPDATE teacher SET api_updated_at = NEW.created_at WHERE id = NEW.teacher_id; "
        "UPDATE school SET api_updated_at = NEW.created_at WHERE id = NEW.school_id AND NEW.event_type IN "
        "('teacher_training_lead_provider_updated', 'teacher_training_programme_updated', "
        "'teacher_starts_training_period', 'teacher_training_period_confirmed', 'teacher_changes_schedule');"
    )
    return after("event_moves_what_it_is_about", "INSERT", "event", body)


def up(migrator, db):
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            add_moment(db, table, column)
    db.execute_sql('CREATE INDEX "school_api_updated_at" ON "school" ("api_updated_at")')
    db.execute_sql('CREATE INDEX "school_created_at_id" ON "school" ("created_at", "id")')
    db.create_tables(TABLES)
    db.execute_sql(
        "INSERT INTO delivery_partnership (active_lead_provider_id, delivery_partner_id) "
        "SELECT DISTINCT active_lead_provider_id, delivery_partner_id FROM school_partnership"
    )
    db.execute_sql(ENROLMENTS.format(which="TRUE"))
    for sql in enrolments_follow_training() + events_move_what_they_are_about():
        db.execute_sql(sql)


def add_moment(db, table, column):
    """A column for moments, which for the rows that are there is now."""
    kind = "TIMESTAMP" if database.is_postgresql() else "DATETIME"
    moment = clock.now().replace(tzinfo=None)
    db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {kind} NOT NULL DEFAULT \'{moment}\'')
    if database.is_postgresql():
        db.execute_sql(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" DROP DEFAULT')


def down(migrator, db):
    triggers = {f"enrolment_follows_{change}": "training_period" for change in ("insert", "update", "delete")}
    triggers |= {"enrolment_follows_teacher": "teacher", "event_moves_what_it_is_about": "event"}
    for name, table in triggers.items():
        db.execute_sql(f"DROP TRIGGER {name}" + (f' ON "{table}"' if database.is_postgresql() else ""))
        if database.is_postgresql():
            db.execute_sql(f"DROP FUNCTION {name}()")
    db.drop_tables(TABLES)
    db.execute_sql('DROP INDEX "school_api_updated_at"')
    db.execute_sql('DROP INDEX "school_created_at_id"')
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
