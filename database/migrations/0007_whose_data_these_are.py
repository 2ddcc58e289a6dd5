"""Whether the people in a database are real or invented, so that no demo is ever served on real ones. Of a database that
has been used, its tokens tell."""

import database


def up(migrator, db):
    key = "SERIAL" if database.is_postgresql() else "INTEGER"
    db.execute_sql(
        f'CREATE TABLE "purpose" ("id" {key} NOT NULL PRIMARY KEY, "people" VARCHAR(255) NOT NULL '
        "CHECK (\"people\" IN ('real', 'invented')))"
    )
    db.execute_sql(
        "INSERT INTO purpose (people) SELECT CASE WHEN EXISTS (SELECT 1 FROM api_token WHERE description = 'demo') "
        "THEN 'invented' ELSE 'real' END WHERE EXISTS (SELECT 1 FROM school)"
    )


def down(migrator, db):
    db.execute_sql('DROP TABLE "purpose"')
