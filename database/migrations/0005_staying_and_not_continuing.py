"""Which day a school reported as somebody's last, whatever else cuts it; and that a mentor whom a lead provider withdrew is
not going on with mentor training.

Every new column may be empty, so the release before this one works with it too while the new one takes its place.
"""

import database

COLUMNS = [
    # table, column, type on SQLite, type on PostgreSQL
    ("participant", "reported_leaving_on", "DATE", "DATE"),
    ("training_period", "not_continued_at", "DATETIME", "TIMESTAMP"),
]


def up(migrator, db):
    for table, column, *types in COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {types[database.is_postgresql()]}')
    db.execute_sql(
        'UPDATE "participant" SET "reported_leaving_on" = "finished_on" '
        'WHERE "reported_leaving_by_school_id" IS NOT NULL'
    )


def down(migrator, db):
    for table, column, *_ in COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
