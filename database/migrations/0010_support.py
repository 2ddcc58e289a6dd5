"""Support: who they are, that they are signed in, what they are about to put right and what people have written to them.
Events name who of support did something; and a registration that should not have been counts for nothing.

Every new column may be empty, so the release before this one works with it too while the new one takes its place.
"""

import database

TYPES = {
    # name, type on SQLite, type on PostgreSQL
    "{id}": ("INTEGER", "SERIAL"),
    "{moment}": ("DATETIME", "TIMESTAMP"),
    "{json}": ("TEXT", "JSONB"),
    "{boolean}": ("INTEGER", "BOOLEAN"),
}

TABLES = """
CREATE TABLE "support_user" ("id" {id} NOT NULL PRIMARY KEY, "email" VARCHAR(255) NOT NULL CHECK (length("email") <= 255), "name" VARCHAR(255) CHECK (length("name") <= 255), "subject" VARCHAR(64) CHECK (length("subject") <= 64), "is_allowed" {boolean} NOT NULL)
CREATE UNIQUE INDEX "support_user_email" ON "support_user" ("email")
CREATE UNIQUE INDEX "support_user_subject" ON "support_user" ("subject")
CREATE TABLE "support_sign_in" ("id" {id} NOT NULL PRIMARY KEY, "digest" VARCHAR(64) NOT NULL CHECK (length("digest") <= 64), "support_user_id" INTEGER NOT NULL, "started_at" {moment} NOT NULL, "seen_at" {moment}, "id_token" TEXT, FOREIGN KEY ("support_user_id") REFERENCES "support_user" ("id"))
CREATE UNIQUE INDEX "support_sign_in_digest" ON "support_sign_in" ("digest")
CREATE INDEX "support_sign_in_support_user_id" ON "support_sign_in" ("support_user_id")
CREATE TABLE "support_answers" ("id" {id} NOT NULL PRIMARY KEY, "support_user_id" INTEGER NOT NULL, "journey" VARCHAR(255) NOT NULL CHECK (length("journey") <= 255), "participant_id" INTEGER NOT NULL, "posted" {json} NOT NULL, "confirmed" VARCHAR(255) CHECK (length("confirmed") <= 255), "event_id" INTEGER, "updated_at" {moment} NOT NULL, FOREIGN KEY ("support_user_id") REFERENCES "support_user" ("id"), FOREIGN KEY ("participant_id") REFERENCES "participant" ("id"), FOREIGN KEY ("event_id") REFERENCES "event" ("id"))
CREATE INDEX "support_answers_support_user_id" ON "support_answers" ("support_user_id")
CREATE INDEX "support_answers_participant_id" ON "support_answers" ("participant_id")
CREATE INDEX "support_answers_event_id" ON "support_answers" ("event_id")
CREATE UNIQUE INDEX "support_answers_support_user_id_journey_participant_id" ON "support_answers" ("support_user_id", "journey", "participant_id")
CREATE TABLE "support_query" ("id" {id} NOT NULL PRIMARY KEY, "asked_at" {moment} NOT NULL, "name" VARCHAR(255) NOT NULL CHECK (length("name") <= 255), "reach" VARCHAR(255) NOT NULL CHECK (length("reach") <= 255), "school_id" INTEGER, "school_name" VARCHAR(255) NOT NULL CHECK (length("school_name") <= 255), "page" VARCHAR(1000) NOT NULL CHECK (length("page") <= 1000), "request_number" VARCHAR(255) NOT NULL CHECK (length("request_number") <= 255), "words" TEXT NOT NULL, "done_at" {moment}, "done_by_id" INTEGER, FOREIGN KEY ("school_id") REFERENCES "school" ("id"), FOREIGN KEY ("done_by_id") REFERENCES "support_user" ("id"))
CREATE INDEX "support_query_school_id" ON "support_query" ("school_id")
CREATE INDEX "support_query_done_by_id" ON "support_query" ("done_by_id")
CREATE TABLE "support_error" ("id" {id} NOT NULL PRIMARY KEY, "request_number" VARCHAR(255) NOT NULL CHECK (length("request_number") <= 255), "met_at" {moment} NOT NULL, "status" INTEGER NOT NULL, "route" VARCHAR(255) NOT NULL CHECK (length("route") <= 255), "school_user_id" INTEGER NOT NULL, "participant_id" INTEGER, FOREIGN KEY ("school_user_id") REFERENCES "school_user" ("id"), FOREIGN KEY ("participant_id") REFERENCES "participant" ("id"))
CREATE INDEX "support_error_request_number" ON "support_error" ("request_number")
CREATE INDEX "support_error_school_user_id" ON "support_error" ("school_user_id")
CREATE INDEX "support_error_participant_id" ON "support_error" ("participant_id")
ALTER TABLE "event" ADD COLUMN "support_user_id" INTEGER REFERENCES "support_user" ("id")
CREATE INDEX "event_support_user_id" ON "event" ("support_user_id")
ALTER TABLE "participant" ADD COLUMN "registered_in_error_at" {moment}
"""

KEYS = {"ect": ("teacher_id",), "mentor": ("teacher_id", "school_id")}
"""Of whose placements no two may have a day in common: role → the columns that they share."""
COUNTS = " AND {row}.registered_in_error_at IS NULL"


def up(migrator, db):
    for sql in TABLES.strip().splitlines():
        for name, types in TYPES.items():
            sql = sql.replace(name, types[database.is_postgresql()])
        db.execute_sql(sql)
    guard_placements(db, COUNTS)


def down(migrator, db):
    guard_placements(db, "")
    db.execute_sql('ALTER TABLE "participant" DROP COLUMN "registered_in_error_at"')
    db.execute_sql('DROP INDEX "event_support_user_id"')
    db.execute_sql('ALTER TABLE "event" DROP COLUMN "support_user_id"')
    for table in ("support_error", "support_query", "support_answers", "support_sign_in", "support_user"):
        db.execute_sql(f'DROP TABLE "{table}"')


def guard_placements(db, counts: str) -> None:
    """Placements that count don't overlap, in place of the guards that there are."""
    for role, keys in KEYS.items():
        name = f"{role}_no_overlap"
        if database.is_postgresql():
            db.execute_sql(f'ALTER TABLE "participant" DROP CONSTRAINT {name}')
        else:
            for change in ("insert", "update"):
                db.execute_sql(f"DROP TRIGGER {name}_{change}")
        for sql in no_overlap(name, f"{{row}}.role = '{role}'{counts}", keys):
            db.execute_sql(sql)


def no_overlap(name: str, where: str, keys: tuple[str, ...]) -> list[str]:
    if database.is_postgresql():
        same = "".join(f"int8range({key}, {key}, '[]') WITH &&, " for key in keys)
        return [
            f'ALTER TABLE "participant" ADD CONSTRAINT {name} EXCLUDE USING gist '
            f"({same}daterange(started_on, finished_on, '[]') WITH &&) WHERE ({where.replace('{row}.', '')})"
        ]
    same = "".join(f"other.{key} = NEW.{key} AND " for key in keys)
    rule = (
        f"SELECT RAISE(ABORT, '{name}') WHERE {where.replace('{row}', 'NEW')} AND EXISTS (SELECT 1 FROM \"participant\" "
        f"other WHERE {same}{where.replace('{row}', 'other')} "
        "AND other.started_on <= coalesce(NEW.finished_on, '9999-12-31') "
        "AND coalesce(other.finished_on, '9999-12-31') >= NEW.started_on"
    )
    return [
        f'CREATE TRIGGER {name}_insert BEFORE INSERT ON "participant" BEGIN {rule}); END',
        f'CREATE TRIGGER {name}_update BEFORE UPDATE ON "participant" BEGIN {rule} AND other.rowid <> NEW.rowid); END',
    ]
