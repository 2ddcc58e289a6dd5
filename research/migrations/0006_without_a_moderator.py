"""Sessions that participants take without a moderator, by a link that belongs to the browser that opened it; and what
they said of each task. All earlier sessions had a moderator."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "session" ADD COLUMN "is_moderated" INTEGER NOT NULL DEFAULT 1')
    db.execute_sql('ALTER TABLE "session" ADD COLUMN "used_link" VARCHAR(255) CHECK (length("used_link") <= 255)')
    db.execute_sql('CREATE UNIQUE INDEX "session_used_link" ON "session" ("used_link")')
    db.execute_sql('ALTER TABLE "task" ADD COLUMN "said_done" INTEGER')


def down(migrator, db):
    db.execute_sql('ALTER TABLE "task" DROP COLUMN "said_done"')
    db.execute_sql('DROP INDEX "session_used_link"')
    db.execute_sql('ALTER TABLE "session" DROP COLUMN "used_link"')
    db.execute_sql('ALTER TABLE "session" DROP COLUMN "is_moderated"')
