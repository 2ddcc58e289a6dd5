"""Under which address schools reach a lead provider."""


def up(migrator, db):
    column = 'VARCHAR(255) CHECK (length("contact_email") <= 255)'
    db.execute_sql(f'ALTER TABLE "lead_provider" ADD COLUMN "contact_email" {column}')


def down(migrator, db):
    db.execute_sql('ALTER TABLE "lead_provider" DROP COLUMN "contact_email"')
