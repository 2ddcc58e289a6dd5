"""A change is stamped later than every change before it, and moves everything that is told of it. Nobody disappears
from a provider's list, and mentors of its ECTs can be looked up. The SQL is in the folder beside this file: what there
is from now on, and what there was before (`…_before.sql`).

The release before this one works with it too while the new one takes its place.
"""

import re
from datetime import datetime, timedelta
from pathlib import Path

import clock
import database

EPOCH = datetime.fromisoformat("1970-01-01")
HERE = Path(__file__).parent / "0004"

FILL_ENROLMENTS = """
    INSERT INTO enrolment (lead_provider_id, teacher_id, role, is_second, training_period_id, participant_id,
        school_partnership_id, schedule, cohort, training_status, created_at, updated_at, transfers_updated_at)
    SELECT old.lead_provider_id, old.teacher_id, old.role, old.is_second, old.training_period_id,
        period.participant_id, period.school_partnership_id, period.schedule, old.cohort, old.training_status,
        old.created_at, old.updated_at, old.updated_at
    FROM enrolment_before old JOIN training_period period ON period.id = old.training_period_id"""

FILL_MENTORS = """
    INSERT INTO mentor_of_ect (lead_provider_id, teacher_id, participant_id, created_at, updated_at)
    SELECT enrolment.lead_provider_id, mentor.teacher_id, max(mentor.id), teacher.created_at, '{now}'
    FROM enrolment
    JOIN mentorship ON mentorship.ect_id = enrolment.participant_id
    JOIN participant mentor ON mentor.id = mentorship.mentor_id
    JOIN teacher ON teacher.id = mentor.teacher_id
    WHERE enrolment.role = 'ect' AND (mentorship.finished_on IS NULL OR mentorship.finished_on >= '{today}')
    GROUP BY enrolment.lead_provider_id, mentor.teacher_id, teacher.created_at"""

REFILL_BEFORE = """
    INSERT INTO enrolment (lead_provider_id, teacher_id, role, is_second, training_period_id, cohort, training_status,
        created_at, updated_at)
    SELECT lead_provider_id, teacher_id, role, is_second, training_period_id, cohort, training_status, created_at,
        updated_at
    FROM enrolment_after WHERE training_period_id IS NOT NULL"""


def up(migrator, db):
    moment = clock.now().replace(tzinfo=None)
    kind = "TIMESTAMP" if database.is_postgresql() else "DATETIME"
    column = '"teacher" ADD COLUMN "api_transfers_updated_at"'
    db.execute_sql(f"ALTER TABLE {column} {kind} NOT NULL DEFAULT '{moment}'")
    db.execute_sql("UPDATE teacher SET api_transfers_updated_at = api_updated_at")
    if database.is_postgresql():
        db.execute_sql('ALTER TABLE "teacher" ALTER COLUMN "api_transfers_updated_at" DROP DEFAULT')
    drop_what_is_made_by(db, statements("_before"), keep="enrolment")
    keep_aside(db, "enrolment_before")
    made = statements()
    is_data = [not sql.startswith(("CREATE TRIGGER", "CREATE FUNCTION")) for sql in made]
    for sql in [sql for sql, first in zip(made, is_data, strict=True) if first]:
        db.execute_sql(sql)
    db.execute_sql(FILL_ENROLMENTS)
    db.execute_sql(FILL_MENTORS.format(now=moment, today=moment.date()))
    db.execute_sql("DROP TABLE enrolment_before")
    db.execute_sql(f"INSERT INTO latest_update (microseconds) VALUES ({latest(db)})")
    for sql in [sql for sql, first in zip(made, is_data, strict=True) if not first]:
        db.execute_sql(sql)


def down(migrator, db):
    drop_what_is_made_by(db, statements(), keep="enrolment")
    keep_aside(db, "enrolment_after")
    before = statements("_before")
    for sql in before[:1]:
        db.execute_sql(sql)
    db.execute_sql(REFILL_BEFORE)
    db.execute_sql("DROP TABLE enrolment_after")
    for sql in before[1:]:
        db.execute_sql(sql)
    db.execute_sql('ALTER TABLE "teacher" DROP COLUMN "api_transfers_updated_at"')


def statements(which: str = "") -> list[str]:
    engine = "postgresql" if database.is_postgresql() else "sqlite"
    return (HERE / f"{engine}{which}.sql").read_text().strip().split("\n\n")


def drop_what_is_made_by(db, made: list[str], keep: str) -> None:
    for sql in made:
        if found := re.match(r'CREATE TRIGGER (\w+) .*? ON "?(\w+)"? ', sql, re.DOTALL):
            db.execute_sql(f"DROP TRIGGER {found[1]}" + (f' ON "{found[2]}"' if database.is_postgresql() else ""))
    for sql in made:
        if found := re.match(r"CREATE FUNCTION (\w+)", sql):
            db.execute_sql(f"DROP FUNCTION {found[1]}()")
        elif found := re.match(r'CREATE (?:UNIQUE )?INDEX "(\w+)" ON "(\w+)"', sql):
            db.execute_sql(f'DROP INDEX "{found[1]}"')
    for sql in made:
        if (found := re.match(r'CREATE TABLE "(\w+)"', sql)) and found[1] != keep:
            db.execute_sql(f'DROP TABLE "{found[1]}"')


def keep_aside(db, name: str) -> None:
    """PostgreSQL keeps the names of what came with a table: they are wanted again."""
    db.execute_sql(f"CREATE TABLE {name} AS SELECT * FROM enrolment")
    db.execute_sql('DROP TABLE "enrolment"')


def latest(db) -> int:
    """When something was last told, in microseconds since 1970."""
    columns = [(table, "api_updated_at") for table in ("teacher", "school", "school_partnership", "delivery_partner")]
    moments = [db.execute_sql(f'SELECT max({column}) FROM "{table}"').fetchone()[0] for table, column in columns]
    told = [datetime.fromisoformat(str(each)) for each in moments if each]
    return (max(told, default=EPOCH) - EPOCH) // timedelta(microseconds=1)
