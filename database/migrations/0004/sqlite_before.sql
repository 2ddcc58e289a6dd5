CREATE TABLE "enrolment" ("id" INTEGER NOT NULL PRIMARY KEY, "lead_provider_id" INTEGER NOT NULL, "teacher_id" INTEGER NOT NULL, "role" VARCHAR(255) NOT NULL CHECK ("role" IN ('ect', 'mentor')), "is_second" INTEGER NOT NULL, "training_period_id" INTEGER NOT NULL, "cohort" INTEGER NOT NULL, "training_status" VARCHAR(255) NOT NULL CHECK ("training_status" IN ('active', 'withdrawn', 'deferred')), "created_at" DATETIME NOT NULL, "updated_at" DATETIME NOT NULL, FOREIGN KEY ("lead_provider_id") REFERENCES "lead_provider" ("id"), FOREIGN KEY ("teacher_id") REFERENCES "teacher" ("id"), FOREIGN KEY ("training_period_id") REFERENCES "training_period" ("id") ON DELETE CASCADE)

CREATE INDEX "enrolment_teacher_id" ON "enrolment" ("teacher_id")

CREATE UNIQUE INDEX "enrolment_training_period_id" ON "enrolment" ("training_period_id")

CREATE UNIQUE INDEX "enrolment_lead_provider_id_teacher_id_role" ON "enrolment" ("lead_provider_id", "teacher_id", "role")

CREATE INDEX "enrolment_lead_provider_id_created_at_teacher_id_cohort__5ba34ce" ON "enrolment" ("lead_provider_id", "created_at", "teacher_id", "cohort", "training_status", "is_second")

CREATE INDEX "enrolment_lead_provider_id_updated_at_teacher_id_cohort__aeedaaa" ON "enrolment" ("lead_provider_id", "updated_at", "teacher_id", "cohort", "training_status", "is_second")

CREATE TRIGGER enrolment_follows_insert AFTER INSERT ON "training_period" BEGIN DELETE FROM enrolment WHERE teacher_id = (SELECT teacher_id FROM participant WHERE id = NEW.participant_id); 
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
        WHERE participant.teacher_id = (SELECT teacher_id FROM participant WHERE id = NEW.participant_id)
    ) AS seen WHERE place = 1; END

CREATE TRIGGER enrolment_follows_update AFTER UPDATE OF school_partnership_id, started_on, withdrawn_at, deferred_at ON "training_period" BEGIN DELETE FROM enrolment WHERE teacher_id = (SELECT teacher_id FROM participant WHERE id = NEW.participant_id); 
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
        WHERE participant.teacher_id = (SELECT teacher_id FROM participant WHERE id = NEW.participant_id)
    ) AS seen WHERE place = 1; END

CREATE TRIGGER enrolment_follows_delete AFTER DELETE ON "training_period" BEGIN DELETE FROM enrolment WHERE teacher_id = (SELECT teacher_id FROM participant WHERE id = OLD.participant_id); 
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
        WHERE participant.teacher_id = (SELECT teacher_id FROM participant WHERE id = OLD.participant_id)
    ) AS seen WHERE place = 1; END

CREATE TRIGGER enrolment_follows_teacher AFTER UPDATE OF created_at, api_updated_at ON "teacher" BEGIN UPDATE enrolment SET created_at = NEW.created_at, updated_at = NEW.api_updated_at WHERE teacher_id = NEW.id; END

CREATE TRIGGER event_moves_what_it_is_about AFTER INSERT ON "event" BEGIN UPDATE participant SET version = NEW.version WHERE id = NEW.participant_id; UPDATE teacher SET api_updated_at = NEW.created_at WHERE id = NEW.teacher_id; UPDATE school SET api_updated_at = NEW.created_at WHERE id = NEW.school_id AND NEW.event_type IN ('teacher_training_lead_provider_updated', 'teacher_training_programme_updated', 'teacher_starts_training_period', 'teacher_training_period_confirmed', 'teacher_changes_schedule'); END
