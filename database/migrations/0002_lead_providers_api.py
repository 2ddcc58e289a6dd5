"""What the lead providers' API tells of schools, delivery partners and partnerships, and whom each provider sees. The SQL
is in the folder beside this file."""

from pathlib import Path

import clock
import database

HERE = Path(__file__).parent / "0002"

NEW_COLUMNS = {
    "school": ["created_at", "api_updated_at"],
    "delivery_partner": ["created_at", "api_updated_at"],
    "school_partnership": ["api_updated_at"],
}
NEW_TABLES = ("request_count", "participant_id_change", "enrolment", "delivery_partnership")


def up(migrator, db):
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            add_moment(db, table, column)
    engine = "postgresql" if database.is_postgresql() else "sqlite"
    for sql in (HERE / f"{engine}.sql").read_text().strip().split("\n\n"):
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
    for table in NEW_TABLES:
        db.execute_sql(f'DROP TABLE "{table}"')
    db.execute_sql('DROP INDEX "school_api_updated_at"')
    db.execute_sql('DROP INDEX "school_created_at_id"')
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
