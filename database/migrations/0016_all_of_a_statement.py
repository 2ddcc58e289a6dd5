"""On PostgreSQL what providers see follows all teachers whom one statement changes together, not one by one: when a day
begins, that may be half of all people.

The release before this one works with it too while the new one takes its place.
"""

import database

NAME = "enrolment_follows_teacher"


def up(migrator, db):
    replace(db, TOGETHER)


def down(migrator, db):
    replace(db, ONE_BY_ONE)


def replace(db, statements):
    if database.is_postgresql():
        for sql in (f"DROP FUNCTION {NAME} CASCADE", *statements):
            db.execute_sql(sql)


TOGETHER = [
    """CREATE FUNCTION enrolment_follows_teacher() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE enrolment SET created_at = told.created_at, updated_at = told.api_updated_at, transfers_updated_at = told.api_transfers_updated_at FROM told JOIN known USING (id) WHERE teacher_id = told.id AND (told.created_at, told.api_updated_at, told.api_transfers_updated_at) IS DISTINCT FROM (known.created_at, known.api_updated_at, known.api_transfers_updated_at); UPDATE mentor_of_ect SET created_at = told.created_at, updated_at = told.api_updated_at FROM told JOIN known USING (id) WHERE teacher_id = told.id AND (told.created_at, told.api_updated_at, told.api_transfers_updated_at) IS DISTINCT FROM (known.created_at, known.api_updated_at, known.api_transfers_updated_at); RETURN NULL; END $$""",
    """CREATE TRIGGER enrolment_follows_teacher AFTER UPDATE ON "teacher" REFERENCING OLD TABLE AS known NEW TABLE AS told FOR EACH STATEMENT EXECUTE FUNCTION enrolment_follows_teacher()""",
]
ONE_BY_ONE = [
    """CREATE FUNCTION enrolment_follows_teacher() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE enrolment SET created_at = NEW.created_at, updated_at = NEW.api_updated_at, transfers_updated_at = NEW.api_transfers_updated_at WHERE teacher_id = NEW.id; UPDATE mentor_of_ect SET created_at = NEW.created_at, updated_at = NEW.api_updated_at WHERE teacher_id = NEW.id; RETURN NULL; END $$""",
    """CREATE TRIGGER enrolment_follows_teacher AFTER UPDATE ON "teacher" FOR EACH ROW WHEN (NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.api_updated_at IS DISTINCT FROM OLD.api_updated_at OR NEW.api_transfers_updated_at IS DISTINCT FROM OLD.api_transfers_updated_at) EXECUTE FUNCTION enrolment_follows_teacher()""",
]
