CREATE TRIGGER participant_stays BEFORE UPDATE ON "participant" WHEN NEW.role IS NOT OLD.role OR NEW.school_id IS NOT OLD.school_id BEGIN SELECT RAISE(ABORT, 'participant_stays'); END

CREATE TRIGGER participant_stays_a_person BEFORE UPDATE ON "participant" WHEN (NEW.teacher_id IS NOT OLD.teacher_id) AND NOT EXISTS (SELECT 1 FROM participant_id_change c JOIN teacher other ON other.api_id = c.from_participant_id WHERE other.id = OLD.teacher_id AND c.teacher_id = NEW.teacher_id) BEGIN SELECT RAISE(ABORT, 'participant_stays_a_person'); END

CREATE TRIGGER enrolment_follows_person AFTER UPDATE ON "participant" WHEN (NEW.teacher_id IS NOT OLD.teacher_id) BEGIN UPDATE latest_update SET microseconds = microseconds + 1; UPDATE enrolment SET teacher_id = NEW.teacher_id WHERE teacher_id = OLD.teacher_id AND NOT EXISTS (SELECT 1 FROM enrolment own WHERE own.teacher_id = NEW.teacher_id AND own.lead_provider_id = enrolment.lead_provider_id AND own.role = enrolment.role); DELETE FROM enrolment WHERE teacher_id = OLD.teacher_id; UPDATE mentor_of_ect SET teacher_id = NEW.teacher_id WHERE teacher_id = OLD.teacher_id AND NOT EXISTS (SELECT 1 FROM mentor_of_ect own WHERE own.teacher_id = NEW.teacher_id AND own.lead_provider_id = mentor_of_ect.lead_provider_id); DELETE FROM mentor_of_ect WHERE teacher_id = OLD.teacher_id; UPDATE enrolment SET training_period_id = NULL, training_status = 'active' WHERE teacher_id = NEW.teacher_id; 
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
        WHERE participant.teacher_id = NEW.teacher_id
    ) AS seen WHERE place = 1
    ON CONFLICT (lead_provider_id, teacher_id, role) DO UPDATE SET
        training_period_id = excluded.training_period_id, participant_id = excluded.participant_id,
        school_partnership_id = excluded.school_partnership_id, schedule = excluded.schedule,
        cohort = excluded.cohort, training_status = excluded.training_status; 
    UPDATE enrolment SET is_second = (role = 'mentor' AND EXISTS (
        SELECT 1 FROM enrolment other WHERE other.lead_provider_id = enrolment.lead_provider_id
        AND other.teacher_id = enrolment.teacher_id AND other.role = 'ect'
    )) WHERE teacher_id = NEW.teacher_id; 
    INSERT INTO mentor_of_ect (lead_provider_id, teacher_id, participant_id, created_at, updated_at)
    SELECT enrolment.lead_provider_id, mentor.teacher_id, max(mentor.id), teacher.created_at, (SELECT strftime('%Y-%m-%d %H:%M:%S', microseconds / 1000000, 'unixepoch') || CASE microseconds % 1000000 WHEN 0 THEN '' ELSE printf('.%06d', microseconds % 1000000) END FROM latest_update)
    FROM enrolment
    JOIN mentorship ON mentorship.ect_id = enrolment.participant_id
    JOIN participant mentor ON mentor.id = mentorship.mentor_id
    JOIN teacher ON teacher.id = mentor.teacher_id
    WHERE enrolment.role = 'ect' AND enrolment.teacher_id = NEW.teacher_id
        AND (mentorship.finished_on IS NULL OR mentorship.finished_on >= date((SELECT strftime('%Y-%m-%d %H:%M:%S', microseconds / 1000000, 'unixepoch') || CASE microseconds % 1000000 WHEN 0 THEN '' ELSE printf('.%06d', microseconds % 1000000) END FROM latest_update)))
    GROUP BY enrolment.lead_provider_id, mentor.teacher_id, teacher.created_at
    ON CONFLICT (lead_provider_id, teacher_id) DO UPDATE
        SET participant_id = excluded.participant_id, updated_at = excluded.updated_at
        WHERE mentor_of_ect.participant_id <> excluded.participant_id; UPDATE teacher SET api_updated_at = (SELECT strftime('%Y-%m-%d %H:%M:%S', microseconds / 1000000, 'unixepoch') || CASE microseconds % 1000000 WHEN 0 THEN '' ELSE printf('.%06d', microseconds % 1000000) END FROM latest_update), api_transfers_updated_at = (SELECT strftime('%Y-%m-%d %H:%M:%S', microseconds / 1000000, 'unixepoch') || CASE microseconds % 1000000 WHEN 0 THEN '' ELSE printf('.%06d', microseconds % 1000000) END FROM latest_update) WHERE id = NEW.teacher_id; END
