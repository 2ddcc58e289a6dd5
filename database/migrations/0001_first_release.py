"""The first release: every table, and what the database guarantees. A frozen copy, so that it never changes."""

from peewee import BooleanField, Check, DateField, ForeignKeyField, IntegerField, JSONField, Model, UUIDField

import database
from database import MomentField, WordsField
from database.triggers import append_only, no_overlap, one_of

ROLES = ("ect", "mentor")
TRAINING_PROGRAMMES = ("provider_led", "school_led")
WORKING_PATTERNS = ("full_time", "part_time")
BODY_TYPES = ("local_authority", "national", "teaching_school_hub")
INDUCTION_STATUSES = ("RequiredToComplete", "InProgress", "Passed", "Failed", "FailedInWales", "Exempt")
WITHDRAWAL_REASONS = (
    "left_teaching_profession",
    "moved_school",
    "mentor_no_longer_being_mentor",
    "switched_to_school_led",
    "changed_lead_provider",
    "other",
)
DEFERRAL_REASONS = ("bereavement", "long_term_sickness", "parental_leave", "career_break", "other")
FUNDING_END_REASONS = ("completed_declaration_received", "completed_during_early_roll_out", "started_not_completed")
SCHEDULES = tuple(
    f"ecf-{kind}-{month}"
    for kind in ("standard", "extended", "reduced", "replacement")
    for month in ("january", "april", "september")
)
AUTHOR_TYPES = ("school_user", "lead_provider_api", "system", "dfe_staff_user", "appropriate_body_user")
DATES_IN_ORDER = Check('"finished_on" IS NULL OR "finished_on" >= "started_on"')


class Frozen(Model):
    class Meta:
        database = database.db
        legacy_table_names = False


class School(Frozen):
    urn = WordsField(unique=True, max_length=6)
    api_id = UUIDField(unique=True)
    name = WordsField()
    induction_tutor_name = WordsField(null=True)
    induction_tutor_email = WordsField(null=True)


class SchoolUser(Frozen):
    school = ForeignKeyField(School)
    name = WordsField()
    email = WordsField(unique=True)


class SignIn(Frozen):
    digest = WordsField(unique=True, max_length=64)
    school_user = ForeignKeyField(SchoolUser)
    started_at = MomentField()


class LeadProvider(Frozen):
    name = WordsField(unique=True)


class DeliveryPartner(Frozen):
    name = WordsField(unique=True)
    api_id = UUIDField(unique=True)


class ContractPeriod(Frozen):
    year = IntegerField(primary_key=True, constraints=[Check('"year" >= 2020')])
    started_on = DateField()
    finished_on = DateField()
    payments_frozen_at = MomentField(null=True)

    class Meta:
        constraints = [DATES_IN_ORDER]


class ActiveLeadProvider(Frozen):
    lead_provider = ForeignKeyField(LeadProvider)
    contract_period = ForeignKeyField(ContractPeriod)

    class Meta:
        indexes = ((("lead_provider", "contract_period"), True),)


class SchoolPartnership(Frozen):
    api_id = UUIDField(unique=True)
    school = ForeignKeyField(School)
    active_lead_provider = ForeignKeyField(ActiveLeadProvider)
    delivery_partner = ForeignKeyField(DeliveryPartner)
    created_at = MomentField()

    class Meta:
        indexes = ((("school", "active_lead_provider", "delivery_partner"), True),)


class AppropriateBody(Frozen):
    name = WordsField(unique=True)
    body_type = WordsField(*BODY_TYPES)


class ApiToken(Frozen):
    digest = WordsField(unique=True, max_length=64)
    lead_provider = ForeignKeyField(LeadProvider)
    description = WordsField()
    created_at = MomentField()
    last_used_at = MomentField(null=True)


class Teacher(Frozen):
    api_id = UUIDField(unique=True)
    api_ect_training_record_id = UUIDField(unique=True)
    api_mentor_training_record_id = UUIDField(unique=True)
    trn = WordsField(unique=True, null=True, max_length=7)
    is_trnless = BooleanField()
    trs_first_name = WordsField()
    trs_last_name = WordsField()
    corrected_name = WordsField(null=True)
    folded_name = WordsField(max_length=1000)
    trs_induction_status = WordsField(*INDUCTION_STATUSES, null=True)
    trs_induction_start_date = DateField(null=True)
    trs_induction_completed_date = DateField(null=True)
    mentor_became_ineligible_for_funding_on = DateField(null=True)
    mentor_became_ineligible_for_funding_reason = WordsField(*FUNDING_END_REASONS, null=True)
    ect_became_ineligible_for_funding_on = DateField(null=True)
    ect_first_became_eligible_for_training_at = MomentField(null=True)
    mentor_first_became_eligible_for_training_at = MomentField(null=True)
    ect_payments_frozen_year = IntegerField(null=True)
    mentor_payments_frozen_year = IntegerField(null=True)
    api_updated_at = MomentField()
    created_at = MomentField()

    class Meta:
        constraints = [
            Check('("trn" IS NOT NULL) <> "is_trnless"'),
            Check(
                '("mentor_became_ineligible_for_funding_on" IS NULL) = ("mentor_became_ineligible_for_funding_reason" IS NULL)'
            ),
        ]


class Participant(Frozen):
    teacher = ForeignKeyField(Teacher, backref="participants")
    role = WordsField(*ROLES)
    school = ForeignKeyField(School)
    started_on = DateField()
    finished_on = DateField(null=True)
    email = WordsField(null=True)
    working_pattern = WordsField(*WORKING_PATTERNS, null=True)
    school_reported_appropriate_body = ForeignKeyField(AppropriateBody, null=True)
    reported_leaving_by_school = ForeignKeyField(School, null=True, backref="+")
    version = IntegerField()
    created_at = MomentField()

    class Meta:
        constraints = [
            DATES_IN_ORDER,
            Check('"role" = \'ect\' OR ("working_pattern" IS NULL AND "school_reported_appropriate_body_id" IS NULL)'),
            Check('"reported_leaving_by_school_id" IS NULL OR "finished_on" IS NOT NULL'),
        ]
        indexes = ((("school", "role", "started_on"), False),)


class Mentorship(Frozen):
    ect = ForeignKeyField(Participant, backref="mentorships")
    mentor = ForeignKeyField(Participant, backref="ect_mentorships")
    started_on = DateField()
    finished_on = DateField(null=True)

    class Meta:
        constraints = [DATES_IN_ORDER, Check('"ect_id" <> "mentor_id"')]


class TrainingPeriod(Frozen):
    participant = ForeignKeyField(Participant, backref="training_periods")
    training_programme = WordsField(*TRAINING_PROGRAMMES)
    school_partnership = ForeignKeyField(SchoolPartnership, null=True)
    expression_of_interest = ForeignKeyField(ActiveLeadProvider, null=True)
    schedule = WordsField(*SCHEDULES, null=True)
    started_on = DateField()
    finished_on = DateField(null=True)
    withdrawn_at = MomentField(null=True)
    withdrawal_reason = WordsField(*WITHDRAWAL_REASONS, null=True)
    deferred_at = MomentField(null=True)
    deferral_reason = WordsField(*DEFERRAL_REASONS, null=True)
    created_at = MomentField()

    class Meta:
        constraints = [
            DATES_IN_ORDER,
            Check(
                'CASE "training_programme" WHEN \'provider_led\' THEN "schedule" IS NOT NULL AND ("school_partnership_id" IS NOT NULL OR "expression_of_interest_id" IS NOT NULL) ELSE "schedule" IS NULL AND "school_partnership_id" IS NULL AND "expression_of_interest_id" IS NULL END'
            ),
            Check('("withdrawn_at" IS NULL) = ("withdrawal_reason" IS NULL)'),
            Check('("deferred_at" IS NULL) = ("deferral_reason" IS NULL)'),
            Check('("withdrawn_at" IS NULL AND "deferred_at" IS NULL) OR "finished_on" IS NOT NULL'),
        ]


class InductionPeriod(Frozen):
    teacher = ForeignKeyField(Teacher, backref="induction_periods")
    appropriate_body = ForeignKeyField(AppropriateBody)
    started_on = DateField()
    finished_on = DateField(null=True)
    outcome = WordsField("pass", "fail", null=True)

    class Meta:
        constraints = [DATES_IN_ORDER, Check('"outcome" IS NULL OR "finished_on" IS NOT NULL')]


class Event(Frozen):
    event_type = WordsField()
    heading = WordsField(max_length=1000)
    happened_at = MomentField()
    created_at = MomentField()
    author_type = WordsField(*AUTHOR_TYPES)
    author_name = WordsField()
    teacher = ForeignKeyField(Teacher)
    school = ForeignKeyField(School)
    participant = ForeignKeyField(Participant, backref="events")
    version = IntegerField()
    lead_provider = ForeignKeyField(LeadProvider, null=True)
    training_period_id = IntegerField(null=True)
    modifications = JSONField()
    details = JSONField()

    class Meta:
        indexes = ((("participant", "version"), True),)


class Answers(Frozen):
    school_user = ForeignKeyField(SchoolUser)
    journey = WordsField()
    participant = ForeignKeyField(Participant)
    posted = JSONField()
    confirmed = WordsField(null=True)
    event = ForeignKeyField(Event, null=True)
    updated_at = MomentField()

    class Meta:
        indexes = ((("school_user", "journey", "participant"), True),)


TABLES = Frozen.__subclasses__()


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
    ]


def up(migrator, db):
    db.create_tables(TABLES)
    for sql in guards():
        db.execute_sql(sql)


def down(migrator, db):
    db.drop_tables(TABLES)
    if database.is_postgresql():
        db.execute_sql("DROP FUNCTION event_append_only()")
