"""What the database refuses beyond columns, keys and CHECKs, and what it does by itself (updates.py): SQL for the
engine in use. The tables are in models.py; a real database gets the same from the migrations."""

from collections.abc import Iterable

from database import is_postgresql
from database.updates import updates

COUNTS = "{row}.registered_in_error_at IS NULL"
"""Whoever was registered in error is at no school."""


NO_OVERLAP = {
    "contract_period_no_overlap": ("contract_period", (), "TRUE"),
    "ect_no_overlap": ("participant", ("teacher_id",), f"{{row}}.role = 'ect' AND {COUNTS}"),
    "mentor_no_overlap": ("participant", ("teacher_id", "school_id"), f"{{row}}.role = 'mentor' AND {COUNTS}"),
    "training_period_no_overlap": ("training_period", ("participant_id",), "TRUE"),
    "mentorship_no_overlap": ("mentorship", ("ect_id",), "TRUE"),
    "induction_period_no_overlap": ("induction_period", ("teacher_id",), "TRUE"),
}
"""Rule → table, columns and condition: no two rows that have the same in these columns, and for which the condition is
true, have a day in common."""


def statements() -> list[str]:
    """All of it, as SQL for the engine in use."""
    return [
        *(sql for name, (table, keys, where) in NO_OVERLAP.items() for sql in no_overlap(name, table, keys, where)),
        *one_of("participant", "teacher_id", where="finished_on IS NULL AND role = 'ect'", name="ect_one_open"),
        *one_of(
            "participant",
            "teacher_id",
            "school_id",
            where="finished_on IS NULL AND role = 'mentor'",
            name="mentor_one_open",
        ),
        *one_of("training_period", "participant_id", where="finished_on IS NULL", name="training_period_one_open"),
        *one_of("mentorship", "ect_id", where="finished_on IS NULL", name="mentorship_one_open"),
        *one_of("induction_period", "teacher_id", where="outcome IS NOT NULL", name="induction_period_one_outcome"),
        *append_only("event"),
        *append_only("school_event"),
        *never_changes("participant", "role", "school_id"),
        *never_changes("participant", "teacher_id", name="participant_stays_a_person", unless=UNITED),
        *never_changes("school_partnership", "school_id", "active_lead_provider_id"),
        *(sql for name, (table, when) in REFUSED.items() for sql in refused(table, name, when)),
        *updates(),
    ]


UNITED = (
    "EXISTS (SELECT 1 FROM participant_id_change c JOIN teacher other ON other.api_id = c.from_participant_id "
    "WHERE other.id = OLD.teacher_id AND c.teacher_id = NEW.teacher_id)"
)
"""The record that this was part of has been found to be one with the record that it becomes part of."""

ITS_PARTICIPANT = "FROM participant p WHERE p.id = NEW.participant_id"
ITS_PARTNERSHIP = "FROM school_partnership s WHERE s.id = NEW.school_partnership_id"
OUTSIDE = (
    "(NEW.started_on < {one}.started_on OR coalesce(NEW.finished_on, '9999-12-31') "
    "> coalesce({one}.finished_on, '9999-12-31'))"
)

REFUSED = {
    "leaving_is_reported_by_the_own_school": ("participant", "NEW.reported_leaving_by_school_id <> NEW.school_id"),
    "training_is_inside_the_time_at_the_school": (
        "training_period",
        f"EXISTS (SELECT 1 {ITS_PARTICIPANT} AND {OUTSIDE.format(one='p')})",
    ),
    "a_mentor_is_provider_led": (
        "training_period",
        f"NEW.training_programme = 'school_led' AND EXISTS (SELECT 1 {ITS_PARTICIPANT} AND p.role = 'mentor')",
    ),
    "a_schedule_fits_the_role": (
        "training_period",
        f"EXISTS (SELECT 1 {ITS_PARTICIPANT} AND NEW.schedule LIKE "
        "CASE p.role WHEN 'ect' THEN 'ecf-replacement-%%' ELSE 'ecf-reduced-%%' END)",
    ),
    "a_partnership_is_with_the_own_school": (
        "training_period",
        f"(SELECT s.school_id {ITS_PARTNERSHIP}) <> (SELECT p.school_id {ITS_PARTICIPANT})",
    ),
    "partnership_and_interest_agree": (
        "training_period",
        f"NEW.expression_of_interest_id <> (SELECT s.active_lead_provider_id {ITS_PARTNERSHIP})",
    ),
    "a_mentor_mentors_ects_of_the_same_school_and_not_themself": (
        "mentorship",
        "EXISTS (SELECT 1 FROM participant ect, participant mentor WHERE ect.id = NEW.ect_id "
        "AND mentor.id = NEW.mentor_id AND (ect.role <> 'ect' OR mentor.role <> 'mentor' "
        "OR ect.school_id <> mentor.school_id OR ect.teacher_id = mentor.teacher_id))",
    ),
    "mentorships_are_inside_the_time_of_both": (
        "mentorship",
        f"EXISTS (SELECT 1 FROM participant p WHERE p.id IN (NEW.ect_id, NEW.mentor_id) AND {OUTSIDE.format(one='p')})",
    ),
    "an_event_is_of_its_participant": (
        "event",
        f"EXISTS (SELECT 1 {ITS_PARTICIPANT} AND (p.school_id <> NEW.school_id OR p.teacher_id <> NEW.teacher_id))",
    ),
    "a_school_acts_for_its_own": (
        "event",
        "NEW.school_id <> (SELECT u.school_id FROM school_user u WHERE u.id = NEW.school_user_id)",
    ),
}
"""Rules between rows, as the row that must not be written: rule → table, and when. domain/data_checks.py asks the same
of what is there, which can also become wrong from the other side: by another last day of the participant."""


# --- SQL for both engines ------------------------------------------------------------------------------------


def no_overlap(name: str, table: str, keys: Iterable[str], where: str) -> list[str]:
    """One of NO_OVERLAP. `where` prefixes columns with `{row}`."""
    if is_postgresql():
        # A one-number range stands for the number: it needs no extension, as "=" in a GiST index would.
        same = "".join(f"int8range({key}, {key}, '[]') WITH &&, " for key in keys)
        return [
            f'ALTER TABLE "{table}" ADD CONSTRAINT {name} EXCLUDE USING gist '
            f"({same}daterange(started_on, finished_on, '[]') WITH &&) WHERE ({where.replace('{row}.', '')})"
        ]
    same = "".join(f"other.{key} = NEW.{key} AND " for key in keys)
    rule = (
        f"SELECT RAISE(ABORT, '{name}') WHERE {where.replace('{row}', 'NEW')} AND EXISTS (SELECT 1 FROM \"{table}\" "
        f"other WHERE {same}{where.replace('{row}', 'other')} "
        "AND other.started_on <= coalesce(NEW.finished_on, '9999-12-31') "
        "AND coalesce(other.finished_on, '9999-12-31') >= NEW.started_on"
    )
    return [
        f'CREATE TRIGGER {name}_insert BEFORE INSERT ON "{table}" BEGIN {rule}); END',
        f'CREATE TRIGGER {name}_update BEFORE UPDATE ON "{table}" BEGIN {rule} AND other.rowid <> NEW.rowid); END',
    ]


def one_of(table: str, *columns: str, where: str, name: str) -> list[str]:
    """At most one row with the same `columns` among those `where`."""
    return [f'CREATE UNIQUE INDEX {name} ON "{table}" ({", ".join(columns)}) WHERE {where}']


def append_only(table: str) -> list[str]:
    """Rows may be added to `table`, never changed or deleted."""
    if not is_postgresql():
        return [
            f'CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON "{table}" '
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for act in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'check_violation'; END $$",
        f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON "{table}" '
        f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()",
    ]


def refused(table: str, name: str, when: str) -> list[str]:
    """No row of `table` is written for which `when` is true. It may look at other tables, and knows the row as NEW."""
    if not is_postgresql():
        return [
            f'CREATE TRIGGER {name}_{act.lower()} BEFORE {act} ON "{table}" '
            f"BEGIN SELECT RAISE(ABORT, '{name}') WHERE {when}; END"
            for act in ("INSERT", "UPDATE")
        ]
    return _postgresql_trigger(name, table, "INSERT OR UPDATE", f"IF {when} THEN {_postgresql_raise(name)} END IF;")


def never_changes(table: str, *columns: str, name: str = "", unless: str = "") -> list[str]:
    """What these columns of a row say stays so, `unless` this is true."""
    name, differs = name or f"{table}_stays", "IS DISTINCT FROM" if is_postgresql() else "IS NOT"
    when = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns)
    when = f"({when}) AND NOT {unless}" if unless else when
    if not is_postgresql():
        return [
            f"CREATE TRIGGER {name} BEFORE UPDATE ON \"{table}\" WHEN {when} BEGIN SELECT RAISE(ABORT, '{name}'); END"
        ]
    return _postgresql_trigger(name, table, "UPDATE", f"IF {when} THEN {_postgresql_raise(name)} END IF;")


def _postgresql_raise(name: str) -> str:
    return f"RAISE EXCEPTION '{name}' USING ERRCODE = 'check_violation';"


def _postgresql_trigger(name: str, table: str, changes: str, body: str) -> list[str]:
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$",
        f'CREATE TRIGGER {name} BEFORE {changes} ON "{table}" FOR EACH ROW EXECUTE FUNCTION {name}()',
    ]
