"""The first release: every table, and what the database guarantees. The SQL is in the folder beside this file."""

import re
from pathlib import Path

import database

HERE = Path(__file__).parent / "0001"


def up(migrator, db):
    for sql in statements():
        db.execute_sql(sql)


def down(migrator, db):
    created = [re.match(r'CREATE TABLE IF NOT EXISTS "(\w+)"', sql) for sql in statements()]
    for table in reversed([each[1] for each in created if each]):
        db.execute_sql(f'DROP TABLE "{table}"')
    if database.is_postgresql():
        db.execute_sql("DROP FUNCTION event_append_only()")


def statements() -> list[str]:
    engine = "postgresql" if database.is_postgresql() else "sqlite"
    return (HERE / f"{engine}.sql").read_text().strip().split("\n\n")
