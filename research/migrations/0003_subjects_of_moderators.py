"""By whom a moderator was first signed in: one address can have two people behind it."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "moderator" ADD COLUMN "subject" VARCHAR(64) CHECK (length("subject") <= 64)')
    db.execute_sql('CREATE UNIQUE INDEX "moderator_subject" ON "moderator" ("subject")')


def down(migrator, db):
    db.execute_sql('DROP INDEX "moderator_subject"')
    db.execute_sql('ALTER TABLE "moderator" DROP COLUMN "subject"')
