"""Which files a round's scenarios were when they last came true: they may be changed or removed later."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "round" ADD COLUMN "files" TEXT')


def down(migrator, db):
    db.execute_sql('ALTER TABLE "round" DROP COLUMN "files"')
