CREATE TABLE "latest_update" ("id" SERIAL NOT NULL PRIMARY KEY, "microseconds" BIGINT NOT NULL)

CREATE TABLE "enrolment" ("id" SERIAL NOT NULL PRIMARY KEY, "lead_provider_id" INTEGER NOT NULL, "teacher_id" INTEGER NOT NULL, "role" VARCHAR(255) NOT NULL CHECK ("role" IN ('ect', 'mentor')), "is_second" BOOLEAN NOT NULL, "training_period_id" INTEGER, "participant_id" INTEGER NOT NULL, "school_partnership_id" INTEGER NOT NULL, "schedule" VARCHAR(255) NOT NULL CHECK ("schedule" IN ('ecf-standard-january', 'ecf-standard-april', 'ecf-standard-september', 'ecf-extended-january', 'ecf-extended-april', 'ecf-extended-september', 'ecf-reduced-january', 'ecf-reduced-april', 'ecf-reduced-september', 'ecf-replacement-january', 'ecf-replacement-april', 'ecf-replacement-september')), "cohort" INTEGER NOT NULL, "training_status" VARCHAR(255) NOT NULL CHECK ("training_status" IN ('active', 'withdrawn', 'deferred')), "created_at" TIMESTAMP NOT NULL, "updated_at" TIMESTAMP NOT NULL, "transfers_updated_at" TIMESTAMP NOT NULL, FOREIGN KEY ("lead_provider_id") REFERENCES "lead_provider" ("id"), FOREIGN KEY ("teacher_id") REFERENCES "teacher" ("id"), FOREIGN KEY ("training_period_id") REFERENCES "training_period" ("id") ON DELETE SET NULL, FOREIGN KEY ("participant_id") REFERENCES "participant" ("id"), FOREIGN KEY ("school_partnership_id") REFERENCES "school_partnership" ("id"))

CREATE INDEX "enrolment_teacher_id" ON "enrolment" ("teacher_id")

CREATE UNIQUE INDEX "enrolment_training_period_id" ON "enrolment" ("training_period_id")

CREATE INDEX "enrolment_participant_id" ON "enrolment" ("participant_id")

CREATE INDEX "enrolment_school_partnership_id" ON "enrolment" ("school_partnership_id")

CREATE UNIQUE INDEX "enrolment_lead_provider_id_teacher_id_role" ON "enrolment" ("lead_provider_id", "teacher_id", "role")

CREATE INDEX "enrolment_lead_provider_id_created_at_teacher_id_cohort__5ba34ce" ON "enrolment" ("lead_provider_id", "created_at", "teacher_id", "cohort", "training_status", "is_second")

CREATE INDEX "enrolment_lead_provider_id_updated_at_teacher_id_cohort__aeedaaa" ON "enrolment" ("lead_provider_id", "updated_at", "teacher_id", "cohort", "training_status", "is_second")

CREATE INDEX "enrolment_lead_provider_id_transfers_updated_at_teacher__9dfaa76" ON "enrolment" ("lead_provider_id", "transfers_updated_at", "teacher_id", "is_second")

CREATE TABLE "mentor_of_ect" ("id" SERIAL NOT NULL PRIMARY KEY, "lead_provider_id" INTEGER NOT NULL, "teacher_id" INTEGER NOT NULL, "participant_id" INTEGER NOT NULL, "created_at" TIMESTAMP NOT NULL, "updated_at" TIMESTAMP NOT NULL, FOREIGN KEY ("lead_provider_id") REFERENCES "lead_provider" ("id"), FOREIGN KEY ("teacher_id") REFERENCES "teacher" ("id"), FOREIGN KEY ("participant_id") REFERENCES "participant" ("id"))

CREATE INDEX "mentor_of_ect_teacher_id" ON "mentor_of_ect" ("teacher_id")

CREATE INDEX "mentor_of_ect_participant_id" ON "mentor_of_ect" ("participant_id")

CREATE UNIQUE INDEX "mentor_of_ect_lead_provider_id_teacher_id" ON "mentor_of_ect" ("lead_provider_id", "teacher_id")

CREATE INDEX "mentor_of_ect_lead_provider_id_created_at_teacher_id" ON "mentor_of_ect" ("lead_provider_id", "created_at", "teacher_id")

CREATE INDEX "mentor_of_ect_lead_provider_id_updated_at_teacher_id" ON "mentor_of_ect" ("lead_provider_id", "updated_at", "teacher_id")

CREATE FUNCTION one_change_at_a_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE latest_update SET microseconds = microseconds + 1 WHERE xmin <> pg_current_xact_id()::xid; RETURN NULL; END $$

CREATE TRIGGER teacher_one_change_at_a_time BEFORE INSERT OR UPDATE OR DELETE ON teacher FOR EACH STATEMENT EXECUTE FUNCTION one_change_at_a_time()

CREATE TRIGGER participant_one_change_at_a_time BEFORE INSERT OR UPDATE OR DELETE ON participant FOR EACH STATEMENT EXECUTE FUNCTION one_change_at_a_time()

CREATE TRIGGER training_period_one_change_at_a_time BEFORE INSERT OR UPDATE OR DELETE ON training_period FOR EACH STATEMENT EXECUTE FUNCTION one_change_at_a_time()

CREATE TRIGGER mentorship_one_change_at_a_time BEFORE INSERT OR UPDATE OR DELETE ON mentorship FOR EACH STATEMENT EXECUTE FUNCTION one_change_at_a_time()

CREATE TRIGGER induction_period_one_change_at_a_time BEFORE INSERT OR UPDATE OR DELETE ON induction_period FOR EACH STATEMENT EXECUTE FUNCTION one_change_at_a_time()

CREATE TRIGGER participant_id_change_one_change_at_a_time BEFORE INSERT OR UPDATE OR DELETE ON participant_id_change FOR EACH STATEMENT EXECUTE FUNCTION one_change_at_a_time()

CREATE TRIGGER school_one_change_at_a_time BEFORE INSERT OR UPDATE OR DELETE ON school FOR EACH STATEMENT EXECUTE FUNCTION one_change_at_a_time()

CREATE TRIGGER school_partnership_one_change_at_a_time BEFORE INSERT OR UPDATE OR DELETE ON school_partnership FOR EACH STATEMENT EXECUTE FUNCTION one_change_at_a_time()

CREATE TRIGGER delivery_partner_one_change_at_a_time BEFORE INSERT OR UPDATE OR DELETE ON delivery_partner FOR EACH STATEMENT EXECUTE FUNCTION one_change_at_a_time()

CREATE TRIGGER delivery_partnership_one_change_at_a_time BEFORE INSERT OR UPDATE OR DELETE ON delivery_partnership FOR EACH STATEMENT EXECUTE FUNCTION one_change_at_a_time()

CREATE FUNCTION teacher_update_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.id); RETURN NULL; END $$

CREATE TRIGGER teacher_update_is_told AFTER UPDATE ON "teacher" FOR EACH ROW WHEN (NEW.api_id IS DISTINCT FROM OLD.api_id OR NEW.api_ect_training_record_id IS DISTINCT FROM OLD.api_ect_training_record_id OR NEW.api_mentor_training_record_id IS DISTINCT FROM OLD.api_mentor_training_record_id OR NEW.trn IS DISTINCT FROM OLD.trn OR NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.trs_first_name IS DISTINCT FROM OLD.trs_first_name OR NEW.trs_last_name IS DISTINCT FROM OLD.trs_last_name OR NEW.corrected_name IS DISTINCT FROM OLD.corrected_name OR NEW.trs_induction_start_date IS DISTINCT FROM OLD.trs_induction_start_date OR NEW.trs_induction_completed_date IS DISTINCT FROM OLD.trs_induction_completed_date OR NEW.mentor_became_ineligible_for_funding_on IS DISTINCT FROM OLD.mentor_became_ineligible_for_funding_on OR NEW.mentor_became_ineligible_for_funding_reason IS DISTINCT FROM OLD.mentor_became_ineligible_for_funding_reason OR NEW.ect_became_ineligible_for_funding_on IS DISTINCT FROM OLD.ect_became_ineligible_for_funding_on OR NEW.ect_first_became_eligible_for_training_at IS DISTINCT FROM OLD.ect_first_became_eligible_for_training_at OR NEW.mentor_first_became_eligible_for_training_at IS DISTINCT FROM OLD.mentor_first_became_eligible_for_training_at OR NEW.ect_payments_frozen_year IS DISTINCT FROM OLD.ect_payments_frozen_year OR NEW.mentor_payments_frozen_year IS DISTINCT FROM OLD.mentor_payments_frozen_year) EXECUTE FUNCTION teacher_update_is_told()

CREATE FUNCTION participant_insert_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update), api_transfers_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.teacher_id); RETURN NULL; END $$

CREATE TRIGGER participant_insert_is_told AFTER INSERT ON "participant" FOR EACH ROW EXECUTE FUNCTION participant_insert_is_told()

CREATE FUNCTION participant_update_dates_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update), api_transfers_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.teacher_id); RETURN NULL; END $$

CREATE TRIGGER participant_update_dates_is_told AFTER UPDATE ON "participant" FOR EACH ROW WHEN (NEW.started_on IS DISTINCT FROM OLD.started_on OR NEW.finished_on IS DISTINCT FROM OLD.finished_on) EXECUTE FUNCTION participant_update_dates_is_told()

CREATE FUNCTION participant_update_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.teacher_id); RETURN NULL; END $$

CREATE TRIGGER participant_update_is_told AFTER UPDATE ON "participant" FOR EACH ROW WHEN (NEW.email IS DISTINCT FROM OLD.email OR NEW.working_pattern IS DISTINCT FROM OLD.working_pattern) EXECUTE FUNCTION participant_update_is_told()

CREATE FUNCTION training_period_insert_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update), api_transfers_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN ((SELECT teacher_id FROM participant WHERE id = NEW.participant_id)); UPDATE "school_partnership" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.school_partnership_id); RETURN NULL; END $$

CREATE TRIGGER training_period_insert_is_told AFTER INSERT ON "training_period" FOR EACH ROW EXECUTE FUNCTION training_period_insert_is_told()

CREATE FUNCTION training_period_update_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update), api_transfers_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN ((SELECT teacher_id FROM participant WHERE id = NEW.participant_id), (SELECT teacher_id FROM participant WHERE id = OLD.participant_id)); UPDATE "school_partnership" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.school_partnership_id, OLD.school_partnership_id); RETURN NULL; END $$

CREATE TRIGGER training_period_update_is_told AFTER UPDATE ON "training_period" FOR EACH ROW EXECUTE FUNCTION training_period_update_is_told()

CREATE FUNCTION training_period_delete_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update), api_transfers_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN ((SELECT teacher_id FROM participant WHERE id = OLD.participant_id)); UPDATE "school_partnership" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (OLD.school_partnership_id); RETURN NULL; END $$

CREATE TRIGGER training_period_delete_is_told AFTER DELETE ON "training_period" FOR EACH ROW EXECUTE FUNCTION training_period_delete_is_told()

CREATE FUNCTION training_period_insert_school_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "school" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN ((SELECT school_id FROM participant WHERE id = NEW.participant_id)); RETURN NULL; END $$

CREATE TRIGGER training_period_insert_school_is_told AFTER INSERT ON "training_period" FOR EACH ROW EXECUTE FUNCTION training_period_insert_school_is_told()

CREATE FUNCTION training_period_delete_school_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "school" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN ((SELECT school_id FROM participant WHERE id = OLD.participant_id)); RETURN NULL; END $$

CREATE TRIGGER training_period_delete_school_is_told AFTER DELETE ON "training_period" FOR EACH ROW EXECUTE FUNCTION training_period_delete_school_is_told()

CREATE FUNCTION training_period_update_school_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "school" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN ((SELECT school_id FROM participant WHERE id = NEW.participant_id)); RETURN NULL; END $$

CREATE TRIGGER training_period_update_school_is_told AFTER UPDATE ON "training_period" FOR EACH ROW WHEN ((NEW.training_programme IS DISTINCT FROM OLD.training_programme OR NEW.school_partnership_id IS DISTINCT FROM OLD.school_partnership_id OR NEW.expression_of_interest_id IS DISTINCT FROM OLD.expression_of_interest_id OR NEW.started_on IS DISTINCT FROM OLD.started_on) OR (NEW.school_partnership_id IS NULL AND (NEW.finished_on IS DISTINCT FROM OLD.finished_on))) EXECUTE FUNCTION training_period_update_school_is_told()

CREATE FUNCTION induction_period_insert_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update), api_transfers_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.teacher_id); RETURN NULL; END $$

CREATE TRIGGER induction_period_insert_is_told AFTER INSERT ON "induction_period" FOR EACH ROW EXECUTE FUNCTION induction_period_insert_is_told()

CREATE FUNCTION induction_period_update_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update), api_transfers_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.teacher_id, OLD.teacher_id); RETURN NULL; END $$

CREATE TRIGGER induction_period_update_is_told AFTER UPDATE ON "induction_period" FOR EACH ROW WHEN (NEW.started_on IS DISTINCT FROM OLD.started_on OR NEW.finished_on IS DISTINCT FROM OLD.finished_on OR NEW.outcome IS DISTINCT FROM OLD.outcome) EXECUTE FUNCTION induction_period_update_is_told()

CREATE FUNCTION induction_period_delete_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update), api_transfers_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (OLD.teacher_id); RETURN NULL; END $$

CREATE TRIGGER induction_period_delete_is_told AFTER DELETE ON "induction_period" FOR EACH ROW EXECUTE FUNCTION induction_period_delete_is_told()

CREATE FUNCTION participant_id_change_insert_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.teacher_id); RETURN NULL; END $$

CREATE TRIGGER participant_id_change_insert_is_told AFTER INSERT ON "participant_id_change" FOR EACH ROW EXECUTE FUNCTION participant_id_change_insert_is_told()

CREATE FUNCTION participant_id_change_update_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.teacher_id, OLD.teacher_id); RETURN NULL; END $$

CREATE TRIGGER participant_id_change_update_is_told AFTER UPDATE ON "participant_id_change" FOR EACH ROW EXECUTE FUNCTION participant_id_change_update_is_told()

CREATE FUNCTION participant_id_change_delete_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (OLD.teacher_id); RETURN NULL; END $$

CREATE TRIGGER participant_id_change_delete_is_told AFTER DELETE ON "participant_id_change" FOR EACH ROW EXECUTE FUNCTION participant_id_change_delete_is_told()

CREATE FUNCTION mentorship_insert_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN ((SELECT teacher_id FROM participant WHERE id = NEW.ect_id)); RETURN NULL; END $$

CREATE TRIGGER mentorship_insert_is_told AFTER INSERT ON "mentorship" FOR EACH ROW EXECUTE FUNCTION mentorship_insert_is_told()

CREATE FUNCTION mentorship_update_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN ((SELECT teacher_id FROM participant WHERE id = NEW.ect_id), (SELECT teacher_id FROM participant WHERE id = OLD.ect_id)); RETURN NULL; END $$

CREATE TRIGGER mentorship_update_is_told AFTER UPDATE ON "mentorship" FOR EACH ROW WHEN (NEW.mentor_id IS DISTINCT FROM OLD.mentor_id OR NEW.started_on IS DISTINCT FROM OLD.started_on OR NEW.finished_on IS DISTINCT FROM OLD.finished_on) EXECUTE FUNCTION mentorship_update_is_told()

CREATE FUNCTION mentorship_delete_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN ((SELECT teacher_id FROM participant WHERE id = OLD.ect_id)); RETURN NULL; END $$

CREATE TRIGGER mentorship_delete_is_told AFTER DELETE ON "mentorship" FOR EACH ROW EXECUTE FUNCTION mentorship_delete_is_told()

CREATE FUNCTION school_update_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "school" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.id); UPDATE "school_partnership" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (SELECT id FROM school_partnership WHERE school_id = NEW.id); RETURN NULL; END $$

CREATE TRIGGER school_update_is_told AFTER UPDATE ON "school" FOR EACH ROW WHEN (NEW.urn IS DISTINCT FROM OLD.urn OR NEW.name IS DISTINCT FROM OLD.name OR NEW.induction_tutor_name IS DISTINCT FROM OLD.induction_tutor_name OR NEW.induction_tutor_email IS DISTINCT FROM OLD.induction_tutor_email) EXECUTE FUNCTION school_update_is_told()

CREATE FUNCTION school_partnership_insert_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "school_partnership" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.id); UPDATE "school" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.school_id); RETURN NULL; END $$

CREATE TRIGGER school_partnership_insert_is_told AFTER INSERT ON "school_partnership" FOR EACH ROW EXECUTE FUNCTION school_partnership_insert_is_told()

CREATE FUNCTION school_partnership_delete_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "school" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (OLD.school_id); RETURN NULL; END $$

CREATE TRIGGER school_partnership_delete_is_told AFTER DELETE ON "school_partnership" FOR EACH ROW EXECUTE FUNCTION school_partnership_delete_is_told()

CREATE FUNCTION school_partnership_update_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "school_partnership" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.id); UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (SELECT teacher_id FROM enrolment WHERE school_partnership_id = NEW.id); RETURN NULL; END $$

CREATE TRIGGER school_partnership_update_is_told AFTER UPDATE ON "school_partnership" FOR EACH ROW WHEN (NEW.delivery_partner_id IS DISTINCT FROM OLD.delivery_partner_id) EXECUTE FUNCTION school_partnership_update_is_told()

CREATE FUNCTION delivery_partner_update_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "delivery_partner" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.id); UPDATE "school_partnership" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (SELECT id FROM school_partnership WHERE delivery_partner_id = NEW.id); RETURN NULL; END $$

CREATE TRIGGER delivery_partner_update_is_told AFTER UPDATE ON "delivery_partner" FOR EACH ROW WHEN (NEW.name IS DISTINCT FROM OLD.name) EXECUTE FUNCTION delivery_partner_update_is_told()

CREATE FUNCTION delivery_partnership_insert_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "delivery_partner" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.delivery_partner_id); RETURN NULL; END $$

CREATE TRIGGER delivery_partnership_insert_is_told AFTER INSERT ON "delivery_partnership" FOR EACH ROW EXECUTE FUNCTION delivery_partnership_insert_is_told()

CREATE FUNCTION delivery_partnership_update_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "delivery_partner" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (NEW.delivery_partner_id, OLD.delivery_partner_id); RETURN NULL; END $$

CREATE TRIGGER delivery_partnership_update_is_told AFTER UPDATE ON "delivery_partnership" FOR EACH ROW EXECUTE FUNCTION delivery_partnership_update_is_told()

CREATE FUNCTION delivery_partnership_delete_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "delivery_partner" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (OLD.delivery_partner_id); RETURN NULL; END $$

CREATE TRIGGER delivery_partnership_delete_is_told AFTER DELETE ON "delivery_partnership" FOR EACH ROW EXECUTE FUNCTION delivery_partnership_delete_is_told()

CREATE FUNCTION enrolment_follows_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE enrolment SET training_period_id = NULL, training_status = 'active' WHERE teacher_id = (SELECT teacher_id FROM participant WHERE id = NEW.participant_id); 
    INSERT INTO enrolment (lead_provider_id, teacher_id, role, is_second, training_period_id, participant_id,
        school_partnership_id, schedule, cohort, training_status, created_at, updated_at, transfers_updated_at)
    SELECT lead_provider_id, teacher_id, role, FALSE, id, participant_id, school_partnership_id, schedule,
        contract_period_id, training_status, created_at, api_updated_at, api_transfers_updated_at
    FROM (
        SELECT active.lead_provider_id, participant.teacher_id, participant.role, period.id, period.participant_id,
            period.school_partnership_id, period.schedule, active.contract_period_id,
            CASE
                WHEN withdrawn_at IS NULL AND deferred_at IS NULL THEN 'active'
                WHEN deferred_at IS NULL OR withdrawn_at >= deferred_at THEN 'withdrawn'
                ELSE 'deferred'
            END AS training_status,
            teacher.created_at, teacher.api_updated_at, teacher.api_transfers_updated_at,
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
    ) AS seen WHERE place = 1
    ON CONFLICT (lead_provider_id, teacher_id, role) DO UPDATE SET
        training_period_id = excluded.training_period_id, participant_id = excluded.participant_id,
        school_partnership_id = excluded.school_partnership_id, schedule = excluded.schedule,
        cohort = excluded.cohort, training_status = excluded.training_status; 
    UPDATE enrolment SET is_second = (role = 'mentor' AND EXISTS (
        SELECT 1 FROM enrolment other WHERE other.lead_provider_id = enrolment.lead_provider_id
        AND other.teacher_id = enrolment.teacher_id AND other.role = 'ect'
    )) WHERE teacher_id = (SELECT teacher_id FROM participant WHERE id = NEW.participant_id); 
    INSERT INTO mentor_of_ect (lead_provider_id, teacher_id, participant_id, created_at, updated_at)
    SELECT enrolment.lead_provider_id, mentor.teacher_id, max(mentor.id), teacher.created_at, (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update)
    FROM enrolment
    JOIN mentorship ON mentorship.ect_id = enrolment.participant_id
    JOIN participant mentor ON mentor.id = mentorship.mentor_id
    JOIN teacher ON teacher.id = mentor.teacher_id
    WHERE enrolment.role = 'ect' AND enrolment.teacher_id = (SELECT teacher_id FROM participant WHERE id = NEW.participant_id)
        AND (mentorship.finished_on IS NULL OR mentorship.finished_on >= CAST((SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) AS date))
    GROUP BY enrolment.lead_provider_id, mentor.teacher_id, teacher.created_at
    ON CONFLICT (lead_provider_id, teacher_id) DO UPDATE
        SET participant_id = excluded.participant_id, updated_at = excluded.updated_at
        WHERE mentor_of_ect.participant_id <> excluded.participant_id; RETURN NULL; END $$

CREATE TRIGGER enrolment_follows_insert AFTER INSERT ON "training_period" FOR EACH ROW EXECUTE FUNCTION enrolment_follows_insert()

CREATE FUNCTION enrolment_follows_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE enrolment SET training_period_id = NULL, training_status = 'active' WHERE teacher_id = (SELECT teacher_id FROM participant WHERE id = NEW.participant_id); 
    INSERT INTO enrolment (lead_provider_id, teacher_id, role, is_second, training_period_id, participant_id,
        school_partnership_id, schedule, cohort, training_status, created_at, updated_at, transfers_updated_at)
    SELECT lead_provider_id, teacher_id, role, FALSE, id, participant_id, school_partnership_id, schedule,
        contract_period_id, training_status, created_at, api_updated_at, api_transfers_updated_at
    FROM (
        SELECT active.lead_provider_id, participant.teacher_id, participant.role, period.id, period.participant_id,
            period.school_partnership_id, period.schedule, active.contract_period_id,
            CASE
                WHEN withdrawn_at IS NULL AND deferred_at IS NULL THEN 'active'
                WHEN deferred_at IS NULL OR withdrawn_at >= deferred_at THEN 'withdrawn'
                ELSE 'deferred'
            END AS training_status,
            teacher.created_at, teacher.api_updated_at, teacher.api_transfers_updated_at,
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
    ) AS seen WHERE place = 1
    ON CONFLICT (lead_provider_id, teacher_id, role) DO UPDATE SET
        training_period_id = excluded.training_period_id, participant_id = excluded.participant_id,
        school_partnership_id = excluded.school_partnership_id, schedule = excluded.schedule,
        cohort = excluded.cohort, training_status = excluded.training_status; 
    UPDATE enrolment SET is_second = (role = 'mentor' AND EXISTS (
        SELECT 1 FROM enrolment other WHERE other.lead_provider_id = enrolment.lead_provider_id
        AND other.teacher_id = enrolment.teacher_id AND other.role = 'ect'
    )) WHERE teacher_id = (SELECT teacher_id FROM participant WHERE id = NEW.participant_id); 
    INSERT INTO mentor_of_ect (lead_provider_id, teacher_id, participant_id, created_at, updated_at)
    SELECT enrolment.lead_provider_id, mentor.teacher_id, max(mentor.id), teacher.created_at, (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update)
    FROM enrolment
    JOIN mentorship ON mentorship.ect_id = enrolment.participant_id
    JOIN participant mentor ON mentor.id = mentorship.mentor_id
    JOIN teacher ON teacher.id = mentor.teacher_id
    WHERE enrolment.role = 'ect' AND enrolment.teacher_id = (SELECT teacher_id FROM participant WHERE id = NEW.participant_id)
        AND (mentorship.finished_on IS NULL OR mentorship.finished_on >= CAST((SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) AS date))
    GROUP BY enrolment.lead_provider_id, mentor.teacher_id, teacher.created_at
    ON CONFLICT (lead_provider_id, teacher_id) DO UPDATE
        SET participant_id = excluded.participant_id, updated_at = excluded.updated_at
        WHERE mentor_of_ect.participant_id <> excluded.participant_id; RETURN NULL; END $$

CREATE TRIGGER enrolment_follows_update AFTER UPDATE ON "training_period" FOR EACH ROW WHEN (NEW.school_partnership_id IS DISTINCT FROM OLD.school_partnership_id OR NEW.started_on IS DISTINCT FROM OLD.started_on OR NEW.schedule IS DISTINCT FROM OLD.schedule OR NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at OR NEW.deferred_at IS DISTINCT FROM OLD.deferred_at) EXECUTE FUNCTION enrolment_follows_update()

CREATE FUNCTION enrolment_follows_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE enrolment SET training_period_id = NULL, training_status = 'active' WHERE teacher_id = (SELECT teacher_id FROM participant WHERE id = OLD.participant_id); 
    INSERT INTO enrolment (lead_provider_id, teacher_id, role, is_second, training_period_id, participant_id,
        school_partnership_id, schedule, cohort, training_status, created_at, updated_at, transfers_updated_at)
    SELECT lead_provider_id, teacher_id, role, FALSE, id, participant_id, school_partnership_id, schedule,
        contract_period_id, training_status, created_at, api_updated_at, api_transfers_updated_at
    FROM (
        SELECT active.lead_provider_id, participant.teacher_id, participant.role, period.id, period.participant_id,
            period.school_partnership_id, period.schedule, active.contract_period_id,
            CASE
                WHEN withdrawn_at IS NULL AND deferred_at IS NULL THEN 'active'
                WHEN deferred_at IS NULL OR withdrawn_at >= deferred_at THEN 'withdrawn'
                ELSE 'deferred'
            END AS training_status,
            teacher.created_at, teacher.api_updated_at, teacher.api_transfers_updated_at,
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
    ) AS seen WHERE place = 1
    ON CONFLICT (lead_provider_id, teacher_id, role) DO UPDATE SET
        training_period_id = excluded.training_period_id, participant_id = excluded.participant_id,
        school_partnership_id = excluded.school_partnership_id, schedule = excluded.schedule,
        cohort = excluded.cohort, training_status = excluded.training_status; 
    UPDATE enrolment SET is_second = (role = 'mentor' AND EXISTS (
        SELECT 1 FROM enrolment other WHERE other.lead_provider_id = enrolment.lead_provider_id
        AND other.teacher_id = enrolment.teacher_id AND other.role = 'ect'
    )) WHERE teacher_id = (SELECT teacher_id FROM participant WHERE id = OLD.participant_id); 
    INSERT INTO mentor_of_ect (lead_provider_id, teacher_id, participant_id, created_at, updated_at)
    SELECT enrolment.lead_provider_id, mentor.teacher_id, max(mentor.id), teacher.created_at, (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update)
    FROM enrolment
    JOIN mentorship ON mentorship.ect_id = enrolment.participant_id
    JOIN participant mentor ON mentor.id = mentorship.mentor_id
    JOIN teacher ON teacher.id = mentor.teacher_id
    WHERE enrolment.role = 'ect' AND enrolment.teacher_id = (SELECT teacher_id FROM participant WHERE id = OLD.participant_id)
        AND (mentorship.finished_on IS NULL OR mentorship.finished_on >= CAST((SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) AS date))
    GROUP BY enrolment.lead_provider_id, mentor.teacher_id, teacher.created_at
    ON CONFLICT (lead_provider_id, teacher_id) DO UPDATE
        SET participant_id = excluded.participant_id, updated_at = excluded.updated_at
        WHERE mentor_of_ect.participant_id <> excluded.participant_id; RETURN NULL; END $$

CREATE TRIGGER enrolment_follows_delete AFTER DELETE ON "training_period" FOR EACH ROW EXECUTE FUNCTION enrolment_follows_delete()

CREATE FUNCTION enrolment_follows_teacher() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE enrolment SET created_at = NEW.created_at, updated_at = NEW.api_updated_at, transfers_updated_at = NEW.api_transfers_updated_at WHERE teacher_id = NEW.id; UPDATE mentor_of_ect SET created_at = NEW.created_at, updated_at = NEW.api_updated_at WHERE teacher_id = NEW.id; RETURN NULL; END $$

CREATE TRIGGER enrolment_follows_teacher AFTER UPDATE ON "teacher" FOR EACH ROW WHEN (NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.api_updated_at IS DISTINCT FROM OLD.api_updated_at OR NEW.api_transfers_updated_at IS DISTINCT FROM OLD.api_transfers_updated_at) EXECUTE FUNCTION enrolment_follows_teacher()

CREATE FUNCTION mentor_of_ect_follows_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN 
    INSERT INTO mentor_of_ect (lead_provider_id, teacher_id, participant_id, created_at, updated_at)
    SELECT enrolment.lead_provider_id, mentor.teacher_id, max(mentor.id), teacher.created_at, (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update)
    FROM enrolment
    JOIN mentorship ON mentorship.ect_id = enrolment.participant_id
    JOIN participant mentor ON mentor.id = mentorship.mentor_id
    JOIN teacher ON teacher.id = mentor.teacher_id
    WHERE enrolment.role = 'ect' AND mentorship.id = NEW.id
        AND (mentorship.finished_on IS NULL OR mentorship.finished_on >= CAST((SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) AS date))
    GROUP BY enrolment.lead_provider_id, mentor.teacher_id, teacher.created_at
    ON CONFLICT (lead_provider_id, teacher_id) DO UPDATE
        SET participant_id = excluded.participant_id, updated_at = excluded.updated_at
        WHERE mentor_of_ect.participant_id <> excluded.participant_id; RETURN NULL; END $$

CREATE TRIGGER mentor_of_ect_follows_insert AFTER INSERT ON "mentorship" FOR EACH ROW EXECUTE FUNCTION mentor_of_ect_follows_insert()

CREATE FUNCTION mentor_of_ect_follows_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN 
    INSERT INTO mentor_of_ect (lead_provider_id, teacher_id, participant_id, created_at, updated_at)
    SELECT enrolment.lead_provider_id, mentor.teacher_id, max(mentor.id), teacher.created_at, (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update)
    FROM enrolment
    JOIN mentorship ON mentorship.ect_id = enrolment.participant_id
    JOIN participant mentor ON mentor.id = mentorship.mentor_id
    JOIN teacher ON teacher.id = mentor.teacher_id
    WHERE enrolment.role = 'ect' AND mentorship.id = NEW.id
        AND (mentorship.finished_on IS NULL OR mentorship.finished_on >= CAST((SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) AS date))
    GROUP BY enrolment.lead_provider_id, mentor.teacher_id, teacher.created_at
    ON CONFLICT (lead_provider_id, teacher_id) DO UPDATE
        SET participant_id = excluded.participant_id, updated_at = excluded.updated_at
        WHERE mentor_of_ect.participant_id <> excluded.participant_id; RETURN NULL; END $$

CREATE TRIGGER mentor_of_ect_follows_update AFTER UPDATE ON "mentorship" FOR EACH ROW WHEN (NEW.mentor_id IS DISTINCT FROM OLD.mentor_id OR NEW.started_on IS DISTINCT FROM OLD.started_on OR NEW.finished_on IS DISTINCT FROM OLD.finished_on) EXECUTE FUNCTION mentor_of_ect_follows_update()

CREATE FUNCTION event_moves_what_it_is_about() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE participant SET version = NEW.version WHERE id = NEW.participant_id; UPDATE teacher SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id = NEW.teacher_id; RETURN NULL; END $$

CREATE TRIGGER event_moves_what_it_is_about AFTER INSERT ON "event" FOR EACH ROW EXECUTE FUNCTION event_moves_what_it_is_about()
