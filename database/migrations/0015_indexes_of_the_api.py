"""Who is on a page of the API, in the order in which they were created, an index tells by itself: it has when they were
updated, too. Each was looked up by itself for that.
"""

import database

WIDER = {  # as it was, and what it is called with one column more
    "enrolment_lead_provider_id_created_at_teacher_id_cohort__5ba34ce": (
        "enrolment_lead_provider_id_created_at_teacher_id_cohort__df9bb9d",
        '"enrolment" ("lead_provider_id", "created_at", "teacher_id", "cohort", "training_status", "is_second"',
    ),
    "mentor_of_ect_lead_provider_id_created_at_teacher_id": (
        "mentor_of_ect_lead_provider_id_created_at_teacher_id_updated_at",
        '"mentor_of_ect" ("lead_provider_id", "created_at", "teacher_id"',
    ),
}


def up(migrator, db):
    for before, (after, columns) in WIDER.items():
        db.execute_sql(f'CREATE INDEX "{after}" ON {columns}, "updated_at")')
        db.execute_sql(f'DROP INDEX "{before}"')
    # Of an index without statistics SQLite would think better than of those that have some.
    if not database.is_postgresql() and "sqlite_stat1" in db.get_tables():
        for table in ("enrolment", "mentor_of_ect"):
            db.execute_sql(f"ANALYZE {table}")


def down(migrator, db):
    for before, (after, columns) in WIDER.items():
        db.execute_sql(f'CREATE INDEX "{before}" ON {columns})')
        db.execute_sql(f'DROP INDEX "{after}"')
