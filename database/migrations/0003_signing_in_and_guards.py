"""Whom a provider of identities vouched for, when somebody was last there, what they could not send any more, who of a
school did something, and rules between rows that the database keeps.

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

STAYS = {
    "participant": ("teacher_id", "role", "school_id"),
    "school_partnership": ("school_id", "active_lead_provider_id"),
}

ITS_PARTICIPANT = "FROM participant p WHERE p.id = NEW.participant_id"
ITS_PARTNERSHIP = "FROM school_partnership s WHERE s.id = NEW.school_partnership_id"
OUTSIDE = (
    "(NEW.started_on < {one}.started_on OR coalesce(NEW.finished_on, '9999-12-31') "
    "> coalesce({one}.finished_on, '9999-12-31'))"
)

REFUSED = {
    "leaving_is_reported_by_the_own_school": ("participant", "NEW.reported_leaving_by_school_id <> NEW.school_id"),
    "training_is_inside_the_time_at_the_school": (
        "training_period",
        f"EXISTS (SELECT 1 {ITS_PARTICIPANT} AND {OUTSIDE.format(one='p')})",
    ),
    "a_mentor_is_provider_led": (
        "training_period",
        f"NEW.training_programme = 'school_led' AND EXISTS (SELECT 1 {ITS_PARTICIPANT} AND p.role = 'mentor')",
    ),
    "a_schedule_fits_the_role": (
        "training_period",
        f"EXISTS (SELECT 1 {ITS_PARTICIPANT} AND NEW.schedule LIKE "
        "CASE p.role WHEN 'ect' THEN 'ecf-replacement-%%' ELSE 'ecf-reduced-%%' END)",
    ),
    "a_partnership_is_with_the_own_school": (
        "training_period",
        f"(SELECT s.school_id {ITS_PARTNERSHIP}) <> (SELECT p.school_id {ITS_PARTICIPANT})",
    ),
    "partnership_and_interest_agree": (
        "training_period",
        f"NEW.expression_of_interest_id <> (SELECT s.active_lead_provider_id {ITS_PARTNERSHIP})",
    ),
    "a_mentor_mentors_ects_of_the_same_school_and_not_themself": (
        "mentorship",
        "EXISTS (SELECT 1 FROM participant ect, participant mentor WHERE ect.id = NEW.ect_id "
        "AND mentor.id = NEW.mentor_id AND (ect.role <> 'ect' OR mentor.role <> 'mentor' "
        "OR ect.school_id <> mentor.school_id OR ect.teacher_id = mentor.teacher_id))",
    ),
    "mentorships_are_inside_the_time_of_both": (
        "mentorship",
        f"EXISTS (SELECT 1 FROM participant p WHERE p.id IN (NEW.ect_id, NEW.mentor_id) AND {OUTSIDE.format(one='p')})",
    ),
    "an_event_is_of_its_participant": (
        "event",
        f"EXISTS (SELECT 1 {ITS_PARTICIPANT} AND (p.school_id <> NEW.school_id OR p.teacher_id <> NEW.teacher_id))",
    ),
    "a_school_acts_for_its_own": (
        "event",
        "NEW.school_id <> (SELECT u.school_id FROM school_user u WHERE u.id = NEW.school_user_id)",
    ),
}


def up(migrator, db):
    for table, column, *types in COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {types[database.is_postgresql()]}')
    db.execute_sql('ALTER TABLE "event" ADD COLUMN "school_user_id" INTEGER REFERENCES "school_user" ("id")')
    db.execute_sql('CREATE INDEX "event_school_user_id" ON "event" ("school_user_id")')
    # One person may act for several schools: a row for each.
    db.execute_sql('DROP INDEX "school_user_email"')
    db.execute_sql('CREATE INDEX "school_user_email" ON "school_user" ("email")')
    db.execute_sql('CREATE UNIQUE INDEX "school_user_school_id_subject" ON "school_user" ("school_id", "subject")')

    for name, (table, when) in REFUSED.items():
        offenders = [row[0] for row in db.execute_sql(f'SELECT NEW.id FROM "{table}" AS NEW WHERE {when}').fetchall()]
        if offenders:
            raise SystemExit(
                f"Nothing was changed: put right first what breaks {name}, in {table} with these ids: {offenders}"
            )
        for sql in refused(table, name, when):
            db.execute_sql(sql)
    for table, columns in STAYS.items():
        for sql in never_changes(table, *columns):
            db.execute_sql(sql)


def down(migrator, db):
    triggers = {name: table for name, (table, _) in REFUSED.items()} | {f"{table}_stays": table for table in STAYS}
    for name, table in triggers.items():
        if database.is_postgresql():
            db.execute_sql(f'DROP TRIGGER {name} ON "{table}"')
            db.execute_sql(f"DROP FUNCTION {name}()")
        else:
            for ending in [""] if name.endswith("_stays") else ["_insert", "_update"]:
                db.execute_sql(f"DROP TRIGGER {name}{ending}")
    db.execute_sql('DROP INDEX "event_school_user_id"')
    db.execute_sql('ALTER TABLE "event" DROP COLUMN "school_user_id"')
    for index in ("school_user_school_id_subject", "school_user_email"):
        db.execute_sql(f'DROP INDEX "{index}"')
    db.execute_sql('CREATE UNIQUE INDEX "school_user_email" ON "school_user" ("email")')
    for table, column, *_ in reversed(COLUMNS):
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')


# --- as SQL, for both engines -------------------------------------------------------------------------------


def refused(table: str, name: str, when: str) -> list[str]:
    """No row of `table` is written for which `when` is true. It may look at other tables, and knows the row as NEW."""
    if not database.is_postgresql():
        return [
            f'CREATE TRIGGER {name}_{act.lower()} BEFORE {act} ON "{table}" '
            f"BEGIN SELECT RAISE(ABORT, '{name}') WHERE {when}; END"
            for act in ("INSERT", "UPDATE")
        ]
    return _postgresql_trigger(name, table, "INSERT OR UPDATE", f"IF {when} THEN {_postgresql_raise(name)} END IF;")


def never_changes(table: str, *columns: str) -> list[str]:
    """What these columns of a row say stays so."""
    name, differs = f"{table}_stays", "IS DISTINCT FROM" if database.is_postgresql() else "IS NOT"
    when = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns)
    if not database.is_postgresql():
        return [
            f"CREATE TRIGGER {name} BEFORE UPDATE ON \"{table}\" WHEN {when} BEGIN SELECT RAISE(ABORT, '{name}'); END"
        ]
    return _postgresql_trigger(name, table, "UPDATE", f"IF {when} THEN {_postgresql_raise(name)} END IF;")


def _postgresql_raise(name: str) -> str:
    return f"RAISE EXCEPTION '{name}' USING ERRCODE = 'check_violation';"


def _postgresql_trigger(name: str, table: str, changes: str, body: str) -> list[str]:
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$",
        f'CREATE TRIGGER {name} BEFORE {changes} ON "{table}" FOR EACH ROW EXECUTE FUNCTION {name}()',
    ]
