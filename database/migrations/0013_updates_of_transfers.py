"""What is told of a person's transfers was updated when their training moved, and not when its schedule or a mark did."""

import database

PERSONS = (
    "(SELECT teacher_id FROM participant WHERE id = NEW.participant_id), "
    "(SELECT teacher_id FROM participant WHERE id = OLD.participant_id)"
)
PARTNERSHIPS = (
    'UPDATE "school_partnership" SET api_updated_at = {0} '
    "WHERE id IN (NEW.school_partnership_id, OLD.school_partnership_id)"
)
PERSON = f'UPDATE "teacher" SET api_updated_at = {{0}} WHERE id IN ({PERSONS})'
TRANSFERS = f'UPDATE "teacher" SET api_updated_at = {{0}}, api_transfers_updated_at = {{0}} WHERE id IN ({PERSONS})'
MOVED = ("participant_id", "started_on", "finished_on", "school_partnership_id")

STAMPS = (
    "(SELECT strftime('%Y-%m-%d %H:%M:%S', microseconds / 1000000, 'unixepoch') || CASE microseconds % 1000000 "
    "WHEN 0 THEN '' ELSE printf('.%06d', microseconds % 1000000) END FROM latest_update)",
    "(SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update)",
)
"""The moment of a change, on SQLite and on PostgreSQL."""


def up(migrator, db):
    drop(db, "training_period_update_is_told")
    create(db, "training_period_update_is_told", [PERSON, PARTNERSHIPS])
    differs = "IS DISTINCT FROM" if database.is_postgresql() else "IS NOT"
    moved = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in MOVED)
    create(db, "training_period_update_moved_is_told", [TRANSFERS], f"WHEN ({moved}) ")


def down(migrator, db):
    for name in ("training_period_update_is_told", "training_period_update_moved_is_told"):
        drop(db, name)
    create(db, "training_period_update_is_told", [TRANSFERS, PARTNERSHIPS])


def drop(db, name):
    if database.is_postgresql():
        db.execute_sql(f"DROP FUNCTION {name} CASCADE")
    else:
        db.execute_sql(f"DROP TRIGGER {name}")


def create(db, name, statements, when=""):
    is_postgresql = database.is_postgresql()
    body = "; ".join(statement.format(STAMPS[is_postgresql]) for statement in statements)
    if is_postgresql:
        db.execute_sql(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$"
        )
        db.execute_sql(
            f'CREATE TRIGGER {name} AFTER UPDATE ON "training_period" FOR EACH ROW {when}EXECUTE FUNCTION {name}()'
        )
    else:
        db.execute_sql(
            f'CREATE TRIGGER {name} AFTER UPDATE ON "training_period" {when}BEGIN '
            f"UPDATE latest_update SET microseconds = microseconds + 1; {body}; END"
        )
