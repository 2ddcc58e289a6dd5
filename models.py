"""People and their training: the tables, and the facts derived from them. What else the database guarantees about them
is in database/triggers.py.

What changes them is in domain/. Dates (`…_on`) are London calendar days, both ends of a period included; moments
(`…_at`) are kept in UTC and are always timezone-aware in Python.
"""

import uuid

from peewee import BooleanField, Check, DateField, ForeignKeyField, IntegerField, JSONField, UUIDField

import vocabulary
from clock import now, today
from database import DATES_IN_ORDER, MomentField, Table, WordsField
from database.organisations import (  # noqa: F401 tables are imported from here, all of them
    ActiveLeadProvider,
    ApiToken,
    AppropriateBody,
    ContractPeriod,
    DeliveryPartner,
    DeliveryPartnership,
    LatestUpdate,
    LeadProvider,
    Message,
    Purpose,
    RequestCount,
    School,
    SchoolEvent,
    SchoolPartnership,
    SchoolUser,
    SignIn,
    SupportUser,
    digest,
)
from vocabulary import folded, isolated

MOST_ID = 2**31 - 1
"""No row has a greater one: PostgreSQL's integers end here."""


class Period:
    """A row that holds from the day it `started_on` to the day it `finished_on`, its last."""

    @property
    def has_finished(self) -> bool:
        return self.finished_on is not None and self.finished_on < today()

    @classmethod
    def not_finished(cls, day=None):
        """The same as a condition of a query, today or on that day."""
        return cls.finished_on.is_null() | (cls.finished_on >= (day or today()))


class Teacher(Table):
    """The person: one row, one TRN, whatever roles they have at whatever schools. The API's participant."""

    api_id = UUIDField(unique=True, default=uuid.uuid4)
    api_ect_training_record_id = UUIDField(unique=True, default=uuid.uuid4)
    api_mentor_training_record_id = UUIDField(unique=True, default=uuid.uuid4)
    trn = WordsField(unique=True, null=True, max_length=7)
    is_trnless = BooleanField(default=False)
    trs_first_name = WordsField(default="")
    trs_last_name = WordsField(default="")
    corrected_name = WordsField(null=True)
    folded_name = WordsField(max_length=1000)
    trs_induction_status = WordsField(*vocabulary.INDUCTION_STATUSES, null=True)
    trs_induction_start_date = DateField(null=True)
    trs_induction_completed_date = DateField(null=True)
    mentor_became_ineligible_for_funding_on = DateField(null=True)
    mentor_became_ineligible_for_funding_reason = WordsField(*vocabulary.FUNDING_END_REASONS, null=True)
    ect_became_ineligible_for_funding_on = DateField(null=True)
    ect_first_became_eligible_for_training_at = MomentField(null=True)
    mentor_first_became_eligible_for_training_at = MomentField(null=True)
    ect_payments_frozen_year = IntegerField(null=True)
    mentor_payments_frozen_year = IntegerField(null=True)
    api_updated_at = MomentField(default=now)
    api_transfers_updated_at = MomentField(default=now)
    created_at = MomentField(default=now)

    class Meta:
        constraints = [
            Check('("trn" IS NOT NULL) <> "is_trnless"'),
            Check(
                '("mentor_became_ineligible_for_funding_on" IS NULL) = '
                '("mentor_became_ineligible_for_funding_reason" IS NULL)'
            ),
        ]

    @property
    def name(self) -> str:
        """The name everybody is shown."""
        parts = (self.trs_first_name, "" if self.trs_last_name == "." else self.trs_last_name)
        return self.corrected_name or " ".join(filter(None, parts)) or "Unknown"

    def save(self, *args, **kwargs):
        self.folded_name = folded(self.name)[: Teacher.folded_name.max_length]
        return super().save(*args, **kwargs)


class ParticipantIdChange(Table):
    """Another id that lead providers once knew this person by, from before two records were found to be one person."""

    teacher = ForeignKeyField(Teacher, backref="id_changes")
    from_participant_id = UUIDField(unique=True)
    changed_at = MomentField(default=now)


STATUSES = ("leaving", "exempt", "passed", "failed", "withdrawn", "deferred", "mentor-needed", "registered")
"""What the school sees of a participant, the first that fits: Participant.status."""


class Participant(Period, Table):
    """A teacher in one role at one school: `ect` or `mentor`, from the day it started to its last day."""

    teacher = ForeignKeyField(Teacher, backref="participants")
    role = WordsField(*vocabulary.ROLES)
    school = ForeignKeyField(School)
    started_on = DateField()
    finished_on = DateField(null=True)
    email = WordsField(null=True)
    working_pattern = WordsField(*vocabulary.WORKING_PATTERNS, null=True)
    school_reported_appropriate_body = ForeignKeyField(AppropriateBody, null=True)
    reported_leaving_by_school = ForeignKeyField(School, null=True, backref="+")
    reported_leaving_on = DateField(null=True)
    """The day that the school reported. Another school’s registration may have made an earlier one the last."""
    registered_in_error_at = MomentField(null=True)
    """When support said that this registration should not have been. Then it counts for nothing and nobody sees it, but
    for lead providers that had been told of it: to them the person has left."""
    version = IntegerField(default=0)
    """How many times it was changed. Whoever confirms a change must have seen the version that they change."""
    created_at = MomentField(default=now)

    class Meta:
        constraints = [
            DATES_IN_ORDER,
            Check('"role" = \'ect\' OR ("working_pattern" IS NULL AND "school_reported_appropriate_body_id" IS NULL)'),
            Check('"reported_leaving_by_school_id" IS NULL OR "finished_on" IS NOT NULL'),
        ]
        indexes = ((("school", "role", "started_on"), False),)

    @property
    def name(self) -> str:
        """The teacher's, as it goes into a sentence."""
        return isolated(self.teacher.name)

    @property
    def is_ect(self) -> bool:
        return self.role == "ect"

    @property
    def has_left(self) -> bool:
        """Their last day here is over, whoever said so, or never was: the school sees them no more."""
        return self.has_finished or self.registered_in_error_at is not None

    @classmethod
    def has_not_left(cls, day=None):
        """The same as a condition of a query, today or on that day."""
        return cls.not_finished(day) & cls.registered_in_error_at.is_null()

    @property
    def leaving_is_reported(self) -> bool:
        """This school reported their last day, over or not."""
        return self.reported_leaving_by_school_id == self.school_id and self.finished_on is not None

    @property
    def is_leaving(self) -> bool:
        """This school reported that they leave, and their last day isn't over yet."""
        return self.leaving_is_reported and not self.has_left

    @property
    def training_period(self) -> "TrainingPeriod | None":
        """The one that pages speak of. ECT: the current or next, otherwise the latest. Mentor: the latest."""
        periods = list(self.training_periods)
        if len(periods) < 2:
            return periods[0] if periods else None
        periods.sort(key=lambda period: period.started_on)
        open_ones = [period for period in periods if not period.has_finished] if self.is_ect else []
        return (open_ones[:1] or periods[-1:] or [None])[0]

    @property
    def last_provider_led_period(self) -> "TrainingPeriod | None":
        periods = [period for period in self.training_periods if period.is_provider_led]
        return max(periods, key=lambda period: period.started_on, default=None)

    @property
    def training_status(self) -> str:
        """`active`, `withdrawn` or `deferred`: what the lead provider has said of the training shown."""
        return self.training_period.training_status if self.training_period else "active"

    @property
    def current_mentorships(self) -> list["Mentorship"]:
        """An ECT's mentorships of now and later, the earliest first."""
        return sorted((m for m in self.mentorships if not m.has_finished), key=lambda m: m.started_on)

    @property
    def mentor(self) -> "Participant | None":
        return self.current_mentorships[0].mentor if self.current_mentorships else None

    @property
    def assigned_ects(self) -> list["Participant"]:
        """A mentor's ECTs of now and later who have neither passed nor failed, by name."""
        ects = [mentorship.ect for mentorship in self.ect_mentorships if not mentorship.has_finished]
        still = [ect for ect in ects if ect.teacher.trs_induction_status not in ("Passed", "Failed")]
        return sorted(still, key=lambda ect: ect.teacher.folded_name)

    @property
    def mentor_training_is_over(self) -> bool:
        return self.role == "mentor" and self.teacher.mentor_became_ineligible_for_funding_on is not None

    @property
    def needs_no_induction(self) -> bool:
        """An ECT who has passed or failed, or is exempt: who needs no mentor, and no appropriate body."""
        return self.is_ect and self.teacher.trs_induction_status in (*vocabulary.INDUCTION_IS_OVER, "Exempt")

    @property
    def is_listed(self) -> bool:
        """Among the school's ECTs or mentors, as long as they are here."""
        return not self.is_ect or self.teacher.trs_induction_status not in vocabulary.INDUCTION_IS_OVER

    @property
    def is_not_continuing(self) -> bool:
        """A lead provider withdrew this mentor, and the school said that mentor training does not go on."""
        return self.training_period is not None and self.training_period.not_continued_at is not None

    @property
    def status(self) -> str:
        """What needs the school's attention most, by the precedence that docs/rules.md gives. Never stored."""
        induction = self.teacher.trs_induction_status if self.is_ect else None
        training = "active" if self.mentor_training_is_over or self.is_not_continuing else self.training_status
        if self.is_leaving:
            return "leaving"
        if induction in ("Exempt", "Passed", "Failed"):
            return induction.lower()
        if training != "active":
            return training
        return "mentor-needed" if self.is_ect and not self.current_mentorships else "registered"


class Mentorship(Period, Table):
    """An ECT and their mentor, both at the same school."""

    ect = ForeignKeyField(Participant, backref="mentorships")
    mentor = ForeignKeyField(Participant, backref="ect_mentorships")
    started_on = DateField()
    finished_on = DateField(null=True, index=True)

    class Meta:
        constraints = [DATES_IN_ORDER, Check('"ect_id" <> "mentor_id"')]


class TrainingPeriod(Period, Table):
    """One stretch of training. With a `school_partnership` the lead provider has confirmed it; with only an
    `expression_of_interest` the school has named a lead provider that hasn't confirmed yet."""

    participant = ForeignKeyField(Participant, backref="training_periods")
    training_programme = WordsField(*vocabulary.TRAINING_PROGRAMMES)
    school_partnership = ForeignKeyField(SchoolPartnership, null=True)
    expression_of_interest = ForeignKeyField(ActiveLeadProvider, null=True)
    schedule = WordsField(*vocabulary.SCHEDULES, null=True)
    started_on = DateField(index=True)
    finished_on = DateField(null=True, index=True)
    withdrawn_at = MomentField(null=True)
    withdrawal_reason = WordsField(*vocabulary.WITHDRAWAL_REASONS, null=True)
    deferred_at = MomentField(null=True)
    deferral_reason = WordsField(*vocabulary.DEFERRAL_REASONS, null=True)
    not_continued_at = MomentField(null=True)
    """When the school said that this mentor, whom the provider withdrew, is not going on with mentor training."""
    created_at = MomentField(default=now)

    class Meta:
        constraints = [
            DATES_IN_ORDER,
            Check(
                "CASE \"training_programme\" WHEN 'provider_led' "
                'THEN "schedule" IS NOT NULL AND ("school_partnership_id" IS NOT NULL '
                'OR "expression_of_interest_id" IS NOT NULL) '
                'ELSE "schedule" IS NULL AND "school_partnership_id" IS NULL '
                'AND "expression_of_interest_id" IS NULL END'
            ),
            Check('("withdrawn_at" IS NULL) = ("withdrawal_reason" IS NULL)'),
            Check('("deferred_at" IS NULL) = ("deferral_reason" IS NULL)'),
            Check('("withdrawn_at" IS NULL AND "deferred_at" IS NULL) OR "finished_on" IS NOT NULL'),
        ]

    @property
    def is_provider_led(self) -> bool:
        return self.training_programme == "provider_led"

    @property
    def is_confirmed(self) -> bool:
        return self.school_partnership_id is not None

    @property
    def has_started(self) -> bool:
        """Training has begun before today."""
        return self.started_on < today()

    @property
    def is_history(self) -> bool:
        """It stays when other training takes its place: not what has not begun, nor what no provider ever saw."""
        was_real = self.is_confirmed or not self.is_provider_led or self.training_status != "active"
        return self.has_started and (self.has_finished or was_real)

    @property
    def training_status(self) -> str:
        """`active`, `withdrawn` or `deferred`; the later mark wins, and withdrawn on a tie."""
        marks = [mark for mark in ((self.withdrawn_at, "withdrawn"), (self.deferred_at, "deferred")) if mark[0]]
        return max(marks)[1] if marks and self.is_provider_led else "active"

    @property
    def active_lead_provider(self) -> ActiveLeadProvider | None:
        if self.is_confirmed:
            return self.school_partnership.active_lead_provider
        return self.expression_of_interest

    @property
    def contract_period(self) -> ContractPeriod | None:
        return self.active_lead_provider and self.active_lead_provider.contract_period

    @property
    def lead_provider(self) -> LeadProvider | None:
        return self.active_lead_provider and self.active_lead_provider.lead_provider

    @property
    def delivery_partner(self) -> DeliveryPartner | None:
        return self.school_partnership.delivery_partner if self.is_confirmed else None


class Enrolment(Table):
    """What one lead provider sees of a person in one role: its latest confirmed training period of them, and from then
    on what it was told last, when that went to somebody else before it began (then there is no `training_period`). The
    database keeps it so by triggers (database/updates.py), so that a page of the API takes as long among a million
    people as among a few.
    `is_second`: as a mentor, when the provider sees the person as an ECT too.
    """

    lead_provider = ForeignKeyField(LeadProvider, index=False)
    teacher = ForeignKeyField(Teacher)
    role = WordsField(*vocabulary.ROLES)
    is_second = BooleanField()
    training_period = ForeignKeyField(TrainingPeriod, null=True, unique=True, on_delete="SET NULL")
    participant = ForeignKeyField(Participant)
    school_partnership = ForeignKeyField(SchoolPartnership)
    schedule = WordsField(*vocabulary.SCHEDULES)
    cohort = IntegerField()
    training_status = WordsField(*vocabulary.TRAINING_STATUSES)
    created_at = MomentField()
    updated_at = MomentField()
    transfers_updated_at = MomentField()

    class Meta:
        indexes = (
            (("lead_provider", "teacher", "role"), True),
            # The orders of the API's lists, with all that it takes to find who is on a page.
            (("lead_provider", "created_at", "teacher", "cohort", "training_status", "is_second", "updated_at"), False),
            (("lead_provider", "updated_at", "teacher", "cohort", "training_status", "is_second"), False),
            (("lead_provider", "transfers_updated_at", "teacher", "is_second"), False),
        )


class MentorOfEct(Table):
    """A mentor of whom a lead provider is, or was, told by their id alone: as the mentor of one of its ECTs.
    `participant`: them at the school of the latest one. The database keeps it so (database/updates.py)."""

    lead_provider = ForeignKeyField(LeadProvider, index=False)
    teacher = ForeignKeyField(Teacher)
    participant = ForeignKeyField(Participant)
    created_at = MomentField()
    updated_at = MomentField()

    class Meta:
        indexes = (
            (("lead_provider", "teacher"), True),
            (("lead_provider", "created_at", "teacher", "updated_at"), False),
            (("lead_provider", "updated_at", "teacher"), False),
        )


class InductionPeriod(Table):
    """What an appropriate body recorded of an ECT's statutory induction. No journey here changes it."""

    teacher = ForeignKeyField(Teacher, backref="induction_periods")
    appropriate_body = ForeignKeyField(AppropriateBody)
    started_on = DateField()
    finished_on = DateField(null=True)
    outcome = WordsField("pass", "fail", null=True)

    class Meta:
        constraints = [DATES_IN_ORDER, Check('"outcome" IS NULL OR "finished_on" IS NOT NULL')]


class Event(Table):
    """One act that was done, in words the school may read. Never changed, never deleted.

    `version` is the participant's version that the act made, so no act can be written twice. `modifications` lists
    what changed and may hold a provider's motive, which no page shows; `details` is what the confirmation page needs.
    """

    event_type = WordsField()
    heading = WordsField(max_length=1000)
    happened_at = MomentField(default=now)
    created_at = MomentField(default=now)
    author_type = WordsField(*vocabulary.AUTHOR_TYPES)
    author_name = WordsField()
    school_user = ForeignKeyField(SchoolUser, null=True)
    """Whoever of the school did it, whatever they are called by now."""
    support_user = ForeignKeyField(SupportUser, null=True)
    """Whoever of support did it. Schools and providers read only that support did."""
    teacher = ForeignKeyField(Teacher)
    school = ForeignKeyField(School)
    participant = ForeignKeyField(Participant, backref="events")
    version = IntegerField()
    lead_provider = ForeignKeyField(LeadProvider, null=True)
    training_period_id = IntegerField(null=True)
    """Not a foreign key: a training period may go, what happened to it may not."""
    modifications = JSONField(default=list)
    details = JSONField(default=dict)

    class Meta:
        indexes = ((("participant", "version"), True),)

    told_to = SchoolEvent.told_to


class Notice(Table):
    """What a school is to be told by email of one event: written down with the event, and settled when it has gone into
    a message, or is no longer so. `kind`: one of domain.notices.KINDS."""

    kind = WordsField()
    event = ForeignKeyField(Event, index=False)
    school = ForeignKeyField(School)
    due_at = MomentField()
    settled_at = MomentField(null=True)

    class Meta:
        indexes = ((("event", "kind"), True), (("settled_at", "due_at"), False))


class Answers(Table):
    """What one school user has answered so far in one journey about one participant, as they posted it.

    `confirmed` is what they had seen when they confirmed (see forms/journeys.py) and `event` what that did.
    """

    school_user = ForeignKeyField(SchoolUser)
    journey = WordsField()
    participant = ForeignKeyField(Participant, backref="answers")
    posted = JSONField(default=dict)
    confirmed = WordsField(null=True)
    event = ForeignKeyField(Event, null=True)
    updated_at = MomentField(default=now)

    class Meta:
        indexes = ((("school_user", "journey", "participant"), True),)


TABLES = Table.__subclasses__()
