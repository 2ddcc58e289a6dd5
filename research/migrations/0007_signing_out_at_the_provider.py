"""What the provider of identities wants to be told when a moderator signs out there too."""


def up(migrator, db):
    db.execute_sql('ALTER TABLE "moderator_sign_in" ADD COLUMN "id_token" TEXT')


def down(migrator, db):
    db.execute_sql('ALTER TABLE "moderator_sign_in" DROP COLUMN "id_token"')
