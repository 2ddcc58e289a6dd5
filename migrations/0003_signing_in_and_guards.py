"""Whom a provider of identities vouched for, when somebody was last there, what they could not send any more, and who of
a school did something.

Every new column may be empty, so the release before this one works with it too while the new one takes its place.
"""

import database

COLUMNS = [
    # table, column, type on SQLite, type on PostgreSQL
    ("school_user", "subject", *['VARCHAR(64) CHECK (length("subject") <= 64)'] * 2),
    ("sign_in", "seen_at", "DATETIME", "TIMESTAMP"),
    ("sign_in", "id_token", "TEXT", "TEXT"),
    ("sign_in", "unsent", "TEXT", "JSONB"),
]


def up(migrator, db):
    for table, column, *types in COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {types[database.is_postgresql()]}')
    db.execute_sql('ALTER TABLE "event" ADD COLUMN "school_user_id" INTEGER REFERENCES "school_user" ("id")')
    db.execute_sql('CREATE INDEX "event_school_user_id" ON "event" ("school_user_id")')
    # One person may act for several schools: a row for each.
    db.execute_sql('DROP INDEX "school_user_email"')
    db.execute_sql('CREATE INDEX "school_user_email" ON "school_user" ("email")')
    db.execute_sql('CREATE UNIQUE INDEX "school_user_school_id_subject" ON "school_user" ("school_id", "subject")')


def down(migrator, db):
    db.execute_sql('DROP INDEX "event_school_user_id"')
    db.execute_sql('ALTER TABLE "event" DROP COLUMN "school_user_id"')
    for index in ("school_user_school_id_subject", "school_user_email"):
        db.execute_sql(f'DROP INDEX "{index}"')
    db.execute_sql('CREATE UNIQUE INDEX "school_user_email" ON "school_user" ("email")')
    for table, column, *_ in reversed(COLUMNS):
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
