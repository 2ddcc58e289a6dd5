"""Hashes of what a session's participant was shown. Of earlier sessions it is not known."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "session" ADD COLUMN "shown" TEXT')


def down(migrator, db):
    db.execute_sql('ALTER TABLE "session" DROP COLUMN "shown"')
