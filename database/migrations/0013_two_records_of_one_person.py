"""Two records of one person can become one: participants may go over to the record that it is found to be, and whoever
was told of the one that goes is told of the one that stays. The SQL is in the folder beside this file.

The release before this one works with it too while the new one takes its place.
"""

from pathlib import Path

import database

HERE = Path(__file__).parent / "0013"

STAYS = "(NEW.teacher_id {0} OLD.teacher_id OR NEW.role {0} OLD.role OR NEW.school_id {0} OLD.school_id)"


def up(migrator, db):
    drop(db, "participant_stays")
    engine = "postgresql" if database.is_postgresql() else "sqlite"
    for sql in (HERE / f"{engine}.sql").read_text().strip().split("\n\n"):
        db.execute_sql(sql)


def down(migrator, db):
    for name in ("participant_stays", "participant_stays_a_person", "enrolment_follows_person"):
        drop(db, name)
    if not database.is_postgresql():
        db.execute_sql(
            f'CREATE TRIGGER participant_stays BEFORE UPDATE ON "participant" WHEN {STAYS.format("IS NOT")} '
            "BEGIN SELECT RAISE(ABORT, 'participant_stays'); END"
        )
        return
    db.execute_sql(
        "CREATE FUNCTION participant_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {STAYS.format('IS DISTINCT FROM')} THEN "
        "RAISE EXCEPTION 'participant_stays' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$"
    )
    db.execute_sql(
        'CREATE TRIGGER participant_stays BEFORE UPDATE ON "participant" FOR EACH ROW EXECUTE FUNCTION participant_stays()'
    )


def drop(db, name: str) -> None:
    db.execute_sql(f"DROP TRIGGER {name}" + (' ON "participant"' if database.is_postgresql() else ""))
    if database.is_postgresql():
        db.execute_sql(f"DROP FUNCTION {name}()")
