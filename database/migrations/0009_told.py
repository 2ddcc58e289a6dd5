"""What schools are told by email: notices of events, messages to addresses; when users were last here, and whether they
switched the emails off. What is done to a school itself has its events, too.

Every new column may be empty, so the release before this one works with it too while the new one takes its place.
"""

import database

COLUMNS = [
    # table, column, type on SQLite, type on PostgreSQL
    ("school_user", "signed_in_at", "DATETIME", "TIMESTAMP"),
    ("school_user", "stopped_emails_at", "DATETIME", "TIMESTAMP"),
    ("school_user", "new_tutor", "TEXT", "JSONB"),
]

TYPES = [
    {"key": "INTEGER", "moment": "DATETIME", "json": "TEXT", "uuid": "TEXT", "truth": "INTEGER"},
    {"key": "SERIAL", "moment": "TIMESTAMP", "json": "JSONB", "uuid": "UUID", "truth": "BOOLEAN"},
]

AUTHOR_TYPES = "'school_user', 'lead_provider_api', 'system', 'dfe_staff_user', 'appropriate_body_user'"

TABLES = [
    """CREATE TABLE "school_event" ("id" {key} NOT NULL PRIMARY KEY, "event_type" VARCHAR(255) NOT NULL CHECK (length("event_type") <= 255), "heading" VARCHAR(1000) NOT NULL CHECK (length("heading") <= 1000), "created_at" {moment} NOT NULL, "author_type" VARCHAR(255) NOT NULL CHECK ("author_type" IN ({author_types})), "author_name" VARCHAR(255) NOT NULL CHECK (length("author_name") <= 255), "school_user_id" INTEGER, "school_id" INTEGER NOT NULL, "modifications" {json} NOT NULL, FOREIGN KEY ("school_user_id") REFERENCES "school_user" ("id"), FOREIGN KEY ("school_id") REFERENCES "school" ("id"))""",
    """CREATE INDEX "school_event_school_user_id" ON "school_event" ("school_user_id")""",
    """CREATE INDEX "school_event_school_id" ON "school_event" ("school_id")""",
    """CREATE TABLE "notice" ("id" {key} NOT NULL PRIMARY KEY, "kind" VARCHAR(255) NOT NULL CHECK (length("kind") <= 255), "event_id" INTEGER NOT NULL, "school_id" INTEGER NOT NULL, "due_at" {moment} NOT NULL, "settled_at" {moment}, FOREIGN KEY ("event_id") REFERENCES "event" ("id"), FOREIGN KEY ("school_id") REFERENCES "school" ("id"))""",
    """CREATE INDEX "notice_school_id" ON "notice" ("school_id")""",
    """CREATE UNIQUE INDEX "notice_event_id_kind" ON "notice" ("event_id", "kind")""",
    """CREATE INDEX "notice_settled_at_due_at" ON "notice" ("settled_at", "due_at")""",
    """CREATE TABLE "message" ("id" {key} NOT NULL PRIMARY KEY, "reference" {uuid} NOT NULL, "address" VARCHAR(255) NOT NULL CHECK (length("address") <= 255), "subject" VARCHAR(255) CHECK (length("subject") <= 255), "body" TEXT, "school_id" INTEGER, "notices" {json}, "created_at" {moment} NOT NULL, "next_try_at" {moment} NOT NULL, "tries" INTEGER NOT NULL, "is_in_doubt" {truth} NOT NULL, "sent_at" {moment}, "given_up_at" {moment}, "problem" VARCHAR(255) CHECK (length("problem") <= 255), FOREIGN KEY ("school_id") REFERENCES "school" ("id"))""",
    """CREATE UNIQUE INDEX "message_reference" ON "message" ("reference")""",
    """CREATE INDEX "message_school_id" ON "message" ("school_id")""",
    """CREATE INDEX "message_sent_at_given_up_at_next_try_at" ON "message" ("sent_at", "given_up_at", "next_try_at")""",
]

GUARDS = [
    [
        """CREATE TRIGGER school_event_no_update BEFORE UPDATE ON "school_event" BEGIN SELECT RAISE(ABORT, 'school_event is append-only'); END""",
        """CREATE TRIGGER school_event_no_delete BEFORE DELETE ON "school_event" BEGIN SELECT RAISE(ABORT, 'school_event is append-only'); END""",
    ],
    [
        """CREATE FUNCTION school_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'school_event is append-only' USING ERRCODE = 'check_violation'; END $$""",
        """CREATE TRIGGER school_event_append_only BEFORE UPDATE OR DELETE ON "school_event" FOR EACH ROW EXECUTE FUNCTION school_event_append_only()""",
    ],
]

LAST_SEEN = """
    UPDATE school_user SET signed_in_at = (SELECT max(started_at) FROM sign_in WHERE school_user_id = school_user.id);
    UPDATE school_user SET signed_in_at = (SELECT max(created_at) FROM event WHERE school_user_id = school_user.id)
    WHERE signed_in_at IS NULL"""


def up(migrator, db):
    engine = database.is_postgresql()
    for table, column, *types in COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {types[engine]}')
    for sql in TABLES:
        db.execute_sql(sql.format(author_types=AUTHOR_TYPES, **TYPES[engine]))
    for sql in GUARDS[engine]:
        db.execute_sql(sql)
    for sql in LAST_SEEN.split(";"):
        db.execute_sql(sql)


def down(migrator, db):
    for table in ("message", "notice", "school_event"):
        db.execute_sql(f'DROP TABLE "{table}"')
    if database.is_postgresql():
        db.execute_sql("DROP FUNCTION school_event_append_only()")
    for table, column, *_ in COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
