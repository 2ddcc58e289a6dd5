"""Names are found, and put in order, by the letters a to z also where a letter decomposes into none, such as ł or þ."""

import re
import unicodedata

from anyascii import anyascii
from peewee import IntegerField, Model, TextField

import database

BATCH = 10_000
UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


class Teacher(Model):
    id = IntegerField(primary_key=True)
    trs_first_name = TextField()
    trs_last_name = TextField()
    corrected_name = TextField(null=True)
    folded_name = TextField()

    class Meta:
        database = database.db
        legacy_table_names = False


def up(migrator, db):
    fold_all(by_letters)


def down(migrator, db):
    fold_all(by_marks)


def fold_all(folded) -> None:
    last = 0
    while rows := list(Teacher.select().where(Teacher.id > last).order_by(Teacher.id).limit(BATCH)):
        for teacher in rows:
            name = folded(shown(teacher))[:1000]
            if name != teacher.folded_name:
                Teacher.update(folded_name=name).where(Teacher.id == teacher.id).execute()
        last = rows[-1].id


def shown(teacher: Teacher) -> str:
    parts = (teacher.trs_first_name, "" if teacher.trs_last_name == "." else teacher.trs_last_name)
    return teacher.corrected_name or " ".join(filter(None, parts)) or "Unknown"


def by_letters(name: str) -> str:
    seen = [
        c
        for c in unicodedata.normalize("NFD", UNSEEN.sub("", name))
        if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co")
    ]
    letters = "".join(anyascii(c) or c for c in seen if not unicodedata.combining(c))
    return " " + " ".join(re.sub(r"[\W_]+", " ", re.sub("['`]", "", letters.casefold())).split())


def by_marks(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    letters = "".join(c if c.isalnum() else " " for c in plain if c not in "'’")
    return " " + " ".join(letters.split())
