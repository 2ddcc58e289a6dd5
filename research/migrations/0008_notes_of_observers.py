"""Whether a note is an observer's. All earlier ones are moderators'."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "note" ADD COLUMN "is_observers" INTEGER')


def down(migrator, db):
    db.execute_sql('ALTER TABLE "note" DROP COLUMN "is_observers"')
