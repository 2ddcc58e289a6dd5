CREATE TABLE IF NOT EXISTS "lead_provider" ("id" SERIAL NOT NULL PRIMARY KEY, "name" VARCHAR(255) NOT NULL CHECK (length("name") <= 255))

CREATE UNIQUE INDEX IF NOT EXISTS "lead_provider_name" ON "lead_provider" ("name")

CREATE TABLE IF NOT EXISTS "contract_period" ("year" INTEGER NOT NULL PRIMARY KEY CHECK ("year" >= 2020), "started_on" DATE NOT NULL, "finished_on" DATE NOT NULL, "payments_frozen_at" TIMESTAMP, CHECK ("finished_on" IS NULL OR "finished_on" >= "started_on"))

CREATE TABLE IF NOT EXISTS "active_lead_provider" ("id" SERIAL NOT NULL PRIMARY KEY, "lead_provider_id" INTEGER NOT NULL, "contract_period_id" INTEGER NOT NULL, FOREIGN KEY ("lead_provider_id") REFERENCES "lead_provider" ("id"), FOREIGN KEY ("contract_period_id") REFERENCES "contract_period" ("year"))

CREATE INDEX IF NOT EXISTS "active_lead_provider_lead_provider_id" ON "active_lead_provider" ("lead_provider_id")

CREATE INDEX IF NOT EXISTS "active_lead_provider_contract_period_id" ON "active_lead_provider" ("contract_period_id")

CREATE UNIQUE INDEX IF NOT EXISTS "active_lead_provider_lead_provider_id_contract_period_id" ON "active_lead_provider" ("lead_provider_id", "contract_period_id")

CREATE TABLE IF NOT EXISTS "school" ("id" SERIAL NOT NULL PRIMARY KEY, "urn" VARCHAR(6) NOT NULL CHECK (length("urn") <= 6), "api_id" UUID NOT NULL, "name" VARCHAR(255) NOT NULL CHECK (length("name") <= 255), "induction_tutor_name" VARCHAR(255) CHECK (length("induction_tutor_name") <= 255), "induction_tutor_email" VARCHAR(255) CHECK (length("induction_tutor_email") <= 255))

CREATE UNIQUE INDEX IF NOT EXISTS "school_urn" ON "school" ("urn")

CREATE UNIQUE INDEX IF NOT EXISTS "school_api_id" ON "school" ("api_id")

CREATE TABLE IF NOT EXISTS "school_user" ("id" SERIAL NOT NULL PRIMARY KEY, "school_id" INTEGER NOT NULL, "name" VARCHAR(255) NOT NULL CHECK (length("name") <= 255), "email" VARCHAR(255) NOT NULL CHECK (length("email") <= 255), FOREIGN KEY ("school_id") REFERENCES "school" ("id"))

CREATE INDEX IF NOT EXISTS "school_user_school_id" ON "school_user" ("school_id")

CREATE UNIQUE INDEX IF NOT EXISTS "school_user_email" ON "school_user" ("email")

CREATE TABLE IF NOT EXISTS "teacher" ("id" SERIAL NOT NULL PRIMARY KEY, "api_id" UUID NOT NULL, "api_ect_training_record_id" UUID NOT NULL, "api_mentor_training_record_id" UUID NOT NULL, "trn" VARCHAR(7) CHECK (length("trn") <= 7), "is_trnless" BOOLEAN NOT NULL, "trs_first_name" VARCHAR(255) NOT NULL CHECK (length("trs_first_name") <= 255), "trs_last_name" VARCHAR(255) NOT NULL CHECK (length("trs_last_name") <= 255), "corrected_name" VARCHAR(255) CHECK (length("corrected_name") <= 255), "folded_name" VARCHAR(1000) NOT NULL CHECK (length("folded_name") <= 1000), "trs_induction_status" VARCHAR(255) CHECK ("trs_induction_status" IN ('RequiredToComplete', 'InProgress', 'Passed', 'Failed', 'FailedInWales', 'Exempt')), "trs_induction_start_date" DATE, "trs_induction_completed_date" DATE, "mentor_became_ineligible_for_funding_on" DATE, "mentor_became_ineligible_for_funding_reason" VARCHAR(255) CHECK ("mentor_became_ineligible_for_funding_reason" IN ('completed_declaration_received', 'completed_during_early_roll_out', 'started_not_completed')), "ect_became_ineligible_for_funding_on" DATE, "ect_first_became_eligible_for_training_at" TIMESTAMP, "mentor_first_became_eligible_for_training_at" TIMESTAMP, "ect_payments_frozen_year" INTEGER, "mentor_payments_frozen_year" INTEGER, "api_updated_at" TIMESTAMP NOT NULL, "created_at" TIMESTAMP NOT NULL, CHECK (("trn" IS NOT NULL) <> "is_trnless"), CHECK (("mentor_became_ineligible_for_funding_on" IS NULL) = ("mentor_became_ineligible_for_funding_reason" IS NULL)))

CREATE UNIQUE INDEX IF NOT EXISTS "teacher_api_id" ON "teacher" ("api_id")

CREATE UNIQUE INDEX IF NOT EXISTS "teacher_api_ect_training_record_id" ON "teacher" ("api_ect_training_record_id")

CREATE UNIQUE INDEX IF NOT EXISTS "teacher_api_mentor_training_record_id" ON "teacher" ("api_mentor_training_record_id")

CREATE UNIQUE INDEX IF NOT EXISTS "teacher_trn" ON "teacher" ("trn")

CREATE TABLE IF NOT EXISTS "appropriate_body" ("id" SERIAL NOT NULL PRIMARY KEY, "name" VARCHAR(255) NOT NULL CHECK (length("name") <= 255), "body_type" VARCHAR(255) NOT NULL CHECK ("body_type" IN ('local_authority', 'national', 'teaching_school_hub')))

CREATE UNIQUE INDEX IF NOT EXISTS "appropriate_body_name" ON "appropriate_body" ("name")

CREATE TABLE IF NOT EXISTS "participant" ("id" SERIAL NOT NULL PRIMARY KEY, "teacher_id" INTEGER NOT NULL, "role" VARCHAR(255) NOT NULL CHECK ("role" IN ('ect', 'mentor')), "school_id" INTEGER NOT NULL, "started_on" DATE NOT NULL, "finished_on" DATE, "email" VARCHAR(255) CHECK (length("email") <= 255), "working_pattern" VARCHAR(255) CHECK ("working_pattern" IN ('full_time', 'part_time')), "school_reported_appropriate_body_id" INTEGER, "reported_leaving_by_school_id" INTEGER, "version" INTEGER NOT NULL, "created_at" TIMESTAMP NOT NULL, FOREIGN KEY ("teacher_id") REFERENCES "teacher" ("id"), FOREIGN KEY ("school_id") REFERENCES "school" ("id"), FOREIGN KEY ("school_reported_appropriate_body_id") REFERENCES "appropriate_body" ("id"), FOREIGN KEY ("reported_leaving_by_school_id") REFERENCES "school" ("id"), CHECK ("finished_on" IS NULL OR "finished_on" >= "started_on"), CHECK ("role" = 'ect' OR ("working_pattern" IS NULL AND "school_reported_appropriate_body_id" IS NULL)), CHECK ("reported_leaving_by_school_id" IS NULL OR "finished_on" IS NOT NULL))

CREATE INDEX IF NOT EXISTS "participant_teacher_id" ON "participant" ("teacher_id")

CREATE INDEX IF NOT EXISTS "participant_school_id" ON "participant" ("school_id")

CREATE INDEX IF NOT EXISTS "participant_school_reported_appropriate_body_id" ON "participant" ("school_reported_appropriate_body_id")

CREATE INDEX IF NOT EXISTS "participant_reported_leaving_by_school_id" ON "participant" ("reported_leaving_by_school_id")

CREATE INDEX IF NOT EXISTS "participant_school_id_role_started_on" ON "participant" ("school_id", "role", "started_on")

CREATE TABLE IF NOT EXISTS "event" ("id" SERIAL NOT NULL PRIMARY KEY, "event_type" VARCHAR(255) NOT NULL CHECK (length("event_type") <= 255), "heading" VARCHAR(1000) NOT NULL CHECK (length("heading") <= 1000), "happened_at" TIMESTAMP NOT NULL, "created_at" TIMESTAMP NOT NULL, "author_type" VARCHAR(255) NOT NULL CHECK ("author_type" IN ('school_user', 'lead_provider_api', 'system', 'dfe_staff_user', 'appropriate_body_user')), "author_name" VARCHAR(255) NOT NULL CHECK (length("author_name") <= 255), "teacher_id" INTEGER NOT NULL, "school_id" INTEGER NOT NULL, "participant_id" INTEGER NOT NULL, "version" INTEGER NOT NULL, "lead_provider_id" INTEGER, "training_period_id" INTEGER, "modifications" JSONB NOT NULL, "details" JSONB NOT NULL, FOREIGN KEY ("teacher_id") REFERENCES "teacher" ("id"), FOREIGN KEY ("school_id") REFERENCES "school" ("id"), FOREIGN KEY ("participant_id") REFERENCES "participant" ("id"), FOREIGN KEY ("lead_provider_id") REFERENCES "lead_provider" ("id"))

CREATE INDEX IF NOT EXISTS "event_teacher_id" ON "event" ("teacher_id")

CREATE INDEX IF NOT EXISTS "event_school_id" ON "event" ("school_id")

CREATE INDEX IF NOT EXISTS "event_participant_id" ON "event" ("participant_id")

CREATE INDEX IF NOT EXISTS "event_lead_provider_id" ON "event" ("lead_provider_id")

CREATE UNIQUE INDEX IF NOT EXISTS "event_participant_id_version" ON "event" ("participant_id", "version")

CREATE TABLE IF NOT EXISTS "answers" ("id" SERIAL NOT NULL PRIMARY KEY, "school_user_id" INTEGER NOT NULL, "journey" VARCHAR(255) NOT NULL CHECK (length("journey") <= 255), "participant_id" INTEGER NOT NULL, "posted" JSONB NOT NULL, "confirmed" VARCHAR(255) CHECK (length("confirmed") <= 255), "event_id" INTEGER, "updated_at" TIMESTAMP NOT NULL, FOREIGN KEY ("school_user_id") REFERENCES "school_user" ("id"), FOREIGN KEY ("participant_id") REFERENCES "participant" ("id"), FOREIGN KEY ("event_id") REFERENCES "event" ("id"))

CREATE INDEX IF NOT EXISTS "answers_school_user_id" ON "answers" ("school_user_id")

CREATE INDEX IF NOT EXISTS "answers_participant_id" ON "answers" ("participant_id")

CREATE INDEX IF NOT EXISTS "answers_event_id" ON "answers" ("event_id")

CREATE UNIQUE INDEX IF NOT EXISTS "answers_school_user_id_journey_participant_id" ON "answers" ("school_user_id", "journey", "participant_id")

CREATE TABLE IF NOT EXISTS "api_token" ("id" SERIAL NOT NULL PRIMARY KEY, "digest" VARCHAR(64) NOT NULL CHECK (length("digest") <= 64), "lead_provider_id" INTEGER NOT NULL, "description" VARCHAR(255) NOT NULL CHECK (length("description") <= 255), "created_at" TIMESTAMP NOT NULL, "last_used_at" TIMESTAMP, FOREIGN KEY ("lead_provider_id") REFERENCES "lead_provider" ("id"))

CREATE UNIQUE INDEX IF NOT EXISTS "api_token_digest" ON "api_token" ("digest")

CREATE INDEX IF NOT EXISTS "api_token_lead_provider_id" ON "api_token" ("lead_provider_id")

CREATE TABLE IF NOT EXISTS "delivery_partner" ("id" SERIAL NOT NULL PRIMARY KEY, "name" VARCHAR(255) NOT NULL CHECK (length("name") <= 255), "api_id" UUID NOT NULL)

CREATE UNIQUE INDEX IF NOT EXISTS "delivery_partner_name" ON "delivery_partner" ("name")

CREATE UNIQUE INDEX IF NOT EXISTS "delivery_partner_api_id" ON "delivery_partner" ("api_id")

CREATE TABLE IF NOT EXISTS "induction_period" ("id" SERIAL NOT NULL PRIMARY KEY, "teacher_id" INTEGER NOT NULL, "appropriate_body_id" INTEGER NOT NULL, "started_on" DATE NOT NULL, "finished_on" DATE, "outcome" VARCHAR(255) CHECK ("outcome" IN ('pass', 'fail')), FOREIGN KEY ("teacher_id") REFERENCES "teacher" ("id"), FOREIGN KEY ("appropriate_body_id") REFERENCES "appropriate_body" ("id"), CHECK ("finished_on" IS NULL OR "finished_on" >= "started_on"), CHECK ("outcome" IS NULL OR "finished_on" IS NOT NULL))

CREATE INDEX IF NOT EXISTS "induction_period_teacher_id" ON "induction_period" ("teacher_id")

CREATE INDEX IF NOT EXISTS "induction_period_appropriate_body_id" ON "induction_period" ("appropriate_body_id")

CREATE TABLE IF NOT EXISTS "mentorship" ("id" SERIAL NOT NULL PRIMARY KEY, "ect_id" INTEGER NOT NULL, "mentor_id" INTEGER NOT NULL, "started_on" DATE NOT NULL, "finished_on" DATE, FOREIGN KEY ("ect_id") REFERENCES "participant" ("id"), FOREIGN KEY ("mentor_id") REFERENCES "participant" ("id"), CHECK ("finished_on" IS NULL OR "finished_on" >= "started_on"), CHECK ("ect_id" <> "mentor_id"))

CREATE INDEX IF NOT EXISTS "mentorship_ect_id" ON "mentorship" ("ect_id")

CREATE INDEX IF NOT EXISTS "mentorship_mentor_id" ON "mentorship" ("mentor_id")

CREATE TABLE IF NOT EXISTS "school_partnership" ("id" SERIAL NOT NULL PRIMARY KEY, "api_id" UUID NOT NULL, "school_id" INTEGER NOT NULL, "active_lead_provider_id" INTEGER NOT NULL, "delivery_partner_id" INTEGER NOT NULL, "created_at" TIMESTAMP NOT NULL, FOREIGN KEY ("school_id") REFERENCES "school" ("id"), FOREIGN KEY ("active_lead_provider_id") REFERENCES "active_lead_provider" ("id"), FOREIGN KEY ("delivery_partner_id") REFERENCES "delivery_partner" ("id"))

CREATE UNIQUE INDEX IF NOT EXISTS "school_partnership_api_id" ON "school_partnership" ("api_id")

CREATE INDEX IF NOT EXISTS "school_partnership_school_id" ON "school_partnership" ("school_id")

CREATE INDEX IF NOT EXISTS "school_partnership_active_lead_provider_id" ON "school_partnership" ("active_lead_provider_id")

CREATE INDEX IF NOT EXISTS "school_partnership_delivery_partner_id" ON "school_partnership" ("delivery_partner_id")

CREATE UNIQUE INDEX IF NOT EXISTS "school_partnership_school_id_active_lead_provider_id_del_435e230" ON "school_partnership" ("school_id", "active_lead_provider_id", "delivery_partner_id")

CREATE TABLE IF NOT EXISTS "sign_in" ("id" SERIAL NOT NULL PRIMARY KEY, "digest" VARCHAR(64) NOT NULL CHECK (length("digest") <= 64), "school_user_id" INTEGER NOT NULL, "started_at" TIMESTAMP NOT NULL, FOREIGN KEY ("school_user_id") REFERENCES "school_user" ("id"))

CREATE UNIQUE INDEX IF NOT EXISTS "sign_in_digest" ON "sign_in" ("digest")

CREATE INDEX IF NOT EXISTS "sign_in_school_user_id" ON "sign_in" ("school_user_id")

CREATE TABLE IF NOT EXISTS "training_period" ("id" SERIAL NOT NULL PRIMARY KEY, "participant_id" INTEGER NOT NULL, "training_programme" VARCHAR(255) NOT NULL CHECK ("training_programme" IN ('provider_led', 'school_led')), "school_partnership_id" INTEGER, "expression_of_interest_id" INTEGER, "schedule" VARCHAR(255) CHECK ("schedule" IN ('ecf-standard-january', 'ecf-standard-april', 'ecf-standard-september', 'ecf-extended-january', 'ecf-extended-april', 'ecf-extended-september', 'ecf-reduced-january', 'ecf-reduced-april', 'ecf-reduced-september', 'ecf-replacement-january', 'ecf-replacement-april', 'ecf-replacement-september')), "started_on" DATE NOT NULL, "finished_on" DATE, "withdrawn_at" TIMESTAMP, "withdrawal_reason" VARCHAR(255) CHECK ("withdrawal_reason" IN ('left_teaching_profession', 'moved_school', 'mentor_no_longer_being_mentor', 'switched_to_school_led', 'changed_lead_provider', 'other')), "deferred_at" TIMESTAMP, "deferral_reason" VARCHAR(255) CHECK ("deferral_reason" IN ('bereavement', 'long_term_sickness', 'parental_leave', 'career_break', 'other')), "created_at" TIMESTAMP NOT NULL, FOREIGN KEY ("participant_id") REFERENCES "participant" ("id"), FOREIGN KEY ("school_partnership_id") REFERENCES "school_partnership" ("id"), FOREIGN KEY ("expression_of_interest_id") REFERENCES "active_lead_provider" ("id"), CHECK ("finished_on" IS NULL OR "finished_on" >= "started_on"), CHECK (CASE "training_programme" WHEN 'provider_led' THEN "schedule" IS NOT NULL AND ("school_partnership_id" IS NOT NULL OR "expression_of_interest_id" IS NOT NULL) ELSE "schedule" IS NULL AND "school_partnership_id" IS NULL AND "expression_of_interest_id" IS NULL END), CHECK (("withdrawn_at" IS NULL) = ("withdrawal_reason" IS NULL)), CHECK (("deferred_at" IS NULL) = ("deferral_reason" IS NULL)), CHECK (("withdrawn_at" IS NULL AND "deferred_at" IS NULL) OR "finished_on" IS NOT NULL))

CREATE INDEX IF NOT EXISTS "training_period_participant_id" ON "training_period" ("participant_id")

CREATE INDEX IF NOT EXISTS "training_period_school_partnership_id" ON "training_period" ("school_partnership_id")

CREATE INDEX IF NOT EXISTS "training_period_expression_of_interest_id" ON "training_period" ("expression_of_interest_id")

ALTER TABLE "contract_period" ADD CONSTRAINT contract_period_no_overlap EXCLUDE USING gist (daterange(started_on, finished_on, '[]') WITH &&) WHERE (TRUE)

ALTER TABLE "participant" ADD CONSTRAINT ect_no_overlap EXCLUDE USING gist (int8range(teacher_id, teacher_id, '[]') WITH &&, daterange(started_on, finished_on, '[]') WITH &&) WHERE (role = 'ect')

ALTER TABLE "participant" ADD CONSTRAINT mentor_no_overlap EXCLUDE USING gist (int8range(teacher_id, teacher_id, '[]') WITH &&, int8range(school_id, school_id, '[]') WITH &&, daterange(started_on, finished_on, '[]') WITH &&) WHERE (role = 'mentor')

ALTER TABLE "training_period" ADD CONSTRAINT training_period_no_overlap EXCLUDE USING gist (int8range(participant_id, participant_id, '[]') WITH &&, daterange(started_on, finished_on, '[]') WITH &&) WHERE (TRUE)

ALTER TABLE "mentorship" ADD CONSTRAINT mentorship_no_overlap EXCLUDE USING gist (int8range(ect_id, ect_id, '[]') WITH &&, daterange(started_on, finished_on, '[]') WITH &&) WHERE (TRUE)

ALTER TABLE "induction_period" ADD CONSTRAINT induction_period_no_overlap EXCLUDE USING gist (int8range(teacher_id, teacher_id, '[]') WITH &&, daterange(started_on, finished_on, '[]') WITH &&) WHERE (TRUE)

CREATE UNIQUE INDEX ect_one_open ON "participant" (teacher_id) WHERE finished_on IS NULL AND role = 'ect'

CREATE UNIQUE INDEX mentor_one_open ON "participant" (teacher_id, school_id) WHERE finished_on IS NULL AND role = 'mentor'

CREATE UNIQUE INDEX training_period_one_open ON "training_period" (participant_id) WHERE finished_on IS NULL

CREATE UNIQUE INDEX mentorship_one_open ON "mentorship" (ect_id) WHERE finished_on IS NULL

CREATE UNIQUE INDEX induction_period_one_outcome ON "induction_period" (teacher_id) WHERE outcome IS NOT NULL

CREATE FUNCTION event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'event is append-only' USING ERRCODE = 'check_violation'; END $$

CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON "event" FOR EACH ROW EXECUTE FUNCTION event_append_only()
