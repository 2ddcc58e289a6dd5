"""At which attempt at a task a note was written. Of earlier notes it is not known."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "note" ADD COLUMN "attempt" INTEGER')


def down(migrator, db):
    db.execute_sql('ALTER TABLE "note" DROP COLUMN "attempt"')
