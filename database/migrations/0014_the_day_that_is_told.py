"""The day by which the API tells is written down, so that a new one moves what it changes. What earlier days changed
without having moved it is told again: everybody of whom a day has come.

The release before this one works with it too while the new one takes its place.
"""

import clock
import database

INDEXES = {
    "training_period_started_on": '"training_period" ("started_on")',
    "training_period_finished_on": '"training_period" ("finished_on")',
    "mentorship_finished_on": '"mentorship" ("finished_on")',
}

NAME = "latest_update_update_is_told"


def up(migrator, db):
    is_postgresql = database.is_postgresql()
    for name, columns in INDEXES.items():
        db.execute_sql(f'CREATE INDEX "{name}" ON {columns}')
    db.execute_sql('ALTER TABLE "latest_update" ADD COLUMN "day" DATE NOT NULL DEFAULT \'1970-01-01\'')
    if is_postgresql:
        db.execute_sql('ALTER TABLE "latest_update" ALTER COLUMN "day" DROP DEFAULT')
        db.execute_sql("SET LOCAL statement_timeout = 0")
    for sql in POSTGRESQL if is_postgresql else SQLITE:
        db.execute_sql(sql)
    db.execute_sql(f"UPDATE latest_update SET microseconds = microseconds + 1, day = '{clock.today()}'")


def down(migrator, db):
    db.execute_sql(f"DROP FUNCTION {NAME} CASCADE" if database.is_postgresql() else f"DROP TRIGGER {NAME}")
    db.execute_sql('ALTER TABLE "latest_update" DROP COLUMN "day"')
    for name in INDEXES:
        db.execute_sql(f'DROP INDEX "{name}"')


SQLITE = [
    """CREATE TRIGGER latest_update_update_is_told AFTER UPDATE ON "latest_update" WHEN (NEW.day <> OLD.day) BEGIN UPDATE latest_update SET microseconds = microseconds + 1; UPDATE "teacher" SET api_updated_at = (SELECT strftime('%Y-%m-%d %H:%M:%S', microseconds / 1000000, 'unixepoch') || CASE microseconds % 1000000 WHEN 0 THEN '' ELSE printf('.%06d', microseconds % 1000000) END FROM latest_update), api_transfers_updated_at = (SELECT strftime('%Y-%m-%d %H:%M:%S', microseconds / 1000000, 'unixepoch') || CASE microseconds % 1000000 WHEN 0 THEN '' ELSE printf('.%06d', microseconds % 1000000) END FROM latest_update) WHERE id IN (SELECT teacher_id FROM participant WHERE id IN (SELECT participant_id FROM training_period WHERE started_on > min(OLD.day, NEW.day) AND started_on <= max(OLD.day, NEW.day) UNION SELECT participant_id FROM training_period WHERE finished_on > min(OLD.day, NEW.day) AND finished_on <= max(OLD.day, NEW.day) UNION SELECT ect_id FROM mentorship WHERE finished_on >= min(OLD.day, NEW.day) AND finished_on < max(OLD.day, NEW.day))); UPDATE "school_partnership" SET api_updated_at = (SELECT strftime('%Y-%m-%d %H:%M:%S', microseconds / 1000000, 'unixepoch') || CASE microseconds % 1000000 WHEN 0 THEN '' ELSE printf('.%06d', microseconds % 1000000) END FROM latest_update) WHERE id IN (SELECT school_partnership_id FROM training_period WHERE started_on > min(OLD.day, NEW.day) AND started_on <= max(OLD.day, NEW.day) UNION SELECT school_partnership_id FROM training_period WHERE finished_on >= min(OLD.day, NEW.day) AND finished_on < max(OLD.day, NEW.day)); UPDATE "school" SET api_updated_at = (SELECT strftime('%Y-%m-%d %H:%M:%S', microseconds / 1000000, 'unixepoch') || CASE microseconds % 1000000 WHEN 0 THEN '' ELSE printf('.%06d', microseconds % 1000000) END FROM latest_update) WHERE id IN (SELECT school_id FROM participant WHERE id IN (SELECT participant_id FROM training_period WHERE finished_on >= min(OLD.day, NEW.day) AND finished_on < max(OLD.day, NEW.day) AND expression_of_interest_id IS NOT NULL AND school_partnership_id IS NULL)); END""",
]
POSTGRESQL = [
    """CREATE FUNCTION latest_update_update_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE "teacher" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update), api_transfers_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (SELECT teacher_id FROM participant WHERE id IN (SELECT participant_id FROM training_period WHERE started_on > LEAST(OLD.day, NEW.day) AND started_on <= GREATEST(OLD.day, NEW.day) UNION SELECT participant_id FROM training_period WHERE finished_on > LEAST(OLD.day, NEW.day) AND finished_on <= GREATEST(OLD.day, NEW.day) UNION SELECT ect_id FROM mentorship WHERE finished_on >= LEAST(OLD.day, NEW.day) AND finished_on < GREATEST(OLD.day, NEW.day))); UPDATE "school_partnership" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (SELECT school_partnership_id FROM training_period WHERE started_on > LEAST(OLD.day, NEW.day) AND started_on <= GREATEST(OLD.day, NEW.day) UNION SELECT school_partnership_id FROM training_period WHERE finished_on >= LEAST(OLD.day, NEW.day) AND finished_on < GREATEST(OLD.day, NEW.day)); UPDATE "school" SET api_updated_at = (SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update) WHERE id IN (SELECT school_id FROM participant WHERE id IN (SELECT participant_id FROM training_period WHERE finished_on >= LEAST(OLD.day, NEW.day) AND finished_on < GREATEST(OLD.day, NEW.day) AND expression_of_interest_id IS NOT NULL AND school_partnership_id IS NULL)); RETURN NULL; END $$""",
    """CREATE TRIGGER latest_update_update_is_told AFTER UPDATE ON "latest_update" FOR EACH ROW WHEN (NEW.day <> OLD.day) EXECUTE FUNCTION latest_update_update_is_told()""",
]
