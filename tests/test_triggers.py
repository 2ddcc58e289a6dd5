"""Whoever goes round the application, by SQL, is refused by the database itself: a case for each thing that it
guarantees, and for each that it must go on allowing."""

from contextlib import suppress

from peewee import DataError, IntegrityError

from database import db, triggers
from domain import data_checks
from models import TABLES
from tests.conftest import both_engines
from tests.reports import dump

STEVEN = "(SELECT p.id FROM participant p JOIN teacher t ON t.id = teacher_id WHERE trn = '3200001')"
HANNAH = "(SELECT p.id FROM participant p JOIN teacher t ON t.id = teacher_id WHERE trn = '3200002')"
PRIYA = "(SELECT p.id FROM participant p JOIN teacher t ON t.id = teacher_id WHERE trn = '3200004')"
JOHN = "(SELECT p.id FROM participant p JOIN teacher t ON t.id = teacher_id WHERE trn = '3100001')"
ELSEWHERE = "(SELECT min(id) FROM participant WHERE school_id = 2 AND role = 'mentor')"
OPEN = f"participant_id = {HANNAH} AND finished_on IS NULL"

PARTICIPANT = "INSERT INTO participant (teacher_id, role, school_id, started_on, finished_on, version, created_at) "
TRAINING = (
    "INSERT INTO training_period (participant_id, training_programme, school_partnership_id, "
    "expression_of_interest_id, schedule, started_on, finished_on, created_at) "
)
MENTORSHIP = "INSERT INTO mentorship (ect_id, mentor_id, started_on, finished_on) "
INDUCTION = "INSERT INTO induction_period (teacher_id, appropriate_body_id, started_on, finished_on, outcome) "
EVENT = (
    "INSERT INTO event (event_type, heading, happened_at, created_at, author_type, author_name, teacher_id, school_id, "
    "participant_id, version, modifications, details, school_user_id) SELECT 'x', 'x', '2026-01-01', '2026-01-01', "
    "'school_user', 'x', {teacher}, {school}, id, {version}, '[]', '{{}}', {user} FROM participant WHERE id = "
)

REFUSED = {
    # --- people at schools ---
    "an ECT at two schools on one day": PARTICIPANT
    + f"SELECT teacher_id, 'ect', 2, '2020-01-01', started_on, 0, created_at FROM participant WHERE id = {HANNAH}",
    "an ECT open at two schools": PARTICIPANT
    + f"SELECT teacher_id, 'ect', 2, '2030-01-01', NULL, 0, created_at FROM participant WHERE id = {HANNAH}",
    "a mentor twice at one school on one day": PARTICIPANT
    + f"SELECT teacher_id, 'mentor', 1, '2010-01-01', started_on, 0, created_at FROM participant WHERE id = {JOHN}",
    "a mentor twice open at one school": PARTICIPANT
    + f"SELECT teacher_id, 'mentor', 1, '2030-01-01', NULL, 0, created_at FROM participant WHERE id = {JOHN}",
    "leaving before coming": f"UPDATE participant SET finished_on = '2000-01-01' WHERE id = {HANNAH}",
    "leaving without a last day": f"UPDATE participant SET reported_leaving_by_school_id = 1 WHERE id = {HANNAH}",
    "leaving reported by another school": (
        f"UPDATE participant SET reported_leaving_by_school_id = 2, finished_on = '2026-12-31' WHERE id = {HANNAH}"
    ),
    "people neither real nor invented": "INSERT INTO purpose (people) VALUES ('both')",
    "another school": f"UPDATE participant SET school_id = 2 WHERE id = {HANNAH}",
    "another person": f"UPDATE participant SET teacher_id = 1 WHERE id = {HANNAH}",
    "another role": f"UPDATE participant SET role = 'mentor' WHERE id = {HANNAH}",
    "a role that there isn't": PARTICIPANT
    + f"SELECT teacher_id, 'tutor', 2, '2010-01-01', '2010-01-02', 0, created_at FROM participant WHERE id = {HANNAH}",
    "a working pattern of a mentor": f"UPDATE participant SET working_pattern = 'full_time' WHERE id = {JOHN}",
    "a working pattern that there isn't": f"UPDATE participant SET working_pattern = 'none' WHERE id = {HANNAH}",
    "somebody at no school": PARTICIPANT
    + f"SELECT teacher_id, 'ect', 999, '2010-01-01', '2010-01-02', 0, created_at FROM participant WHERE id = {HANNAH}",
    "a TRN twice": "UPDATE teacher SET trn = '3200001' WHERE trn = '3200002'",
    "neither a TRN nor a reason": "UPDATE teacher SET trn = NULL WHERE trn = '3200002'",
    "a TRN of eight digits": "UPDATE teacher SET trn = '32000022' WHERE trn = '3200002'",
    "an end of funding without a reason": (
        "UPDATE teacher SET mentor_became_ineligible_for_funding_on = '2026-01-01' WHERE trn = '3100001'"
    ),
    "an induction status that there isn't": "UPDATE teacher SET trs_induction_status = 'Nearly' WHERE trn = '3200002'",
    "a name without end": "UPDATE teacher SET corrected_name = {long} WHERE trn = '3200002'",
    "an address of support without end": "INSERT INTO support_user (email, is_allowed) VALUES ({long}, TRUE)",
    "an email address without end": f"UPDATE participant SET email = {{long}} WHERE id = {HANNAH}",
    # --- mentors and ECTs ---
    "two mentors on one day": MENTORSHIP + f"VALUES ({HANNAH}, {JOHN}, '2026-01-01', '2026-01-02')",
    "two mentors for ever": MENTORSHIP + f"VALUES ({HANNAH}, {JOHN}, '2030-01-01', NULL)",
    "their own mentor": MENTORSHIP + f"VALUES ({JOHN}, {JOHN}, '2026-01-01', '2026-01-02')",
    "a mentor who isn't one": MENTORSHIP + f"VALUES ({PRIYA}, {HANNAH}, '2026-02-01', NULL)",
    "a mentor at another school": MENTORSHIP + f"VALUES ({PRIYA}, {ELSEWHERE}, '2026-02-01', NULL)",
    "mentored before coming": MENTORSHIP + f"VALUES ({HANNAH}, {JOHN}, '2025-08-01', '2025-08-02')",
    "mentored after leaving": f"UPDATE mentorship SET finished_on = '2025-01-01' WHERE ect_id = {HANNAH}",
    # --- training ---
    "two trainings on one day": TRAINING
    + f"VALUES ({HANNAH}, 'school_led', NULL, NULL, NULL, '2026-01-01', '2026-01-02', '2026-01-01')",
    "two open trainings": TRAINING
    + f"VALUES ({HANNAH}, 'school_led', NULL, NULL, NULL, '2030-01-01', NULL, '2026-01-01')",
    "training before coming": f"UPDATE training_period SET started_on = '2020-01-01' WHERE {OPEN}",
    "training that ends before it starts": f"UPDATE training_period SET finished_on = '2025-08-01' WHERE {OPEN}",
    "provider-led without a provider": (
        f"UPDATE training_period SET school_partnership_id = NULL, expression_of_interest_id = NULL WHERE {OPEN}"
    ),
    "provider-led without a schedule": f"UPDATE training_period SET schedule = NULL WHERE {OPEN}",
    "school-led with a provider": f"UPDATE training_period SET training_programme = 'school_led' WHERE {OPEN}",
    "a mentor in school-led training": (
        "UPDATE training_period SET training_programme = 'school_led', school_partnership_id = NULL, "
        f"expression_of_interest_id = NULL, schedule = NULL WHERE participant_id = {JOHN}"
    ),
    "a programme that there isn't": f"UPDATE training_period SET training_programme = 'none' WHERE {OPEN}",
    "a schedule that there isn't": f"UPDATE training_period SET schedule = 'ecf-standard-may' WHERE {OPEN}",
    "a mentor's schedule for an ECT": f"UPDATE training_period SET schedule = 'ecf-replacement-april' WHERE {OPEN}",
    "an ECT's schedule for a mentor": (
        f"UPDATE training_period SET schedule = 'ecf-reduced-april' WHERE participant_id = {JOHN}"
    ),
    "another school's partnership": (
        "UPDATE training_period SET expression_of_interest_id = NULL, school_partnership_id = "
        f"(SELECT min(id) FROM school_partnership WHERE school_id = 2) WHERE {OPEN}"
    ),
    "an interest in another provider than the one that confirmed": (
        "UPDATE training_period SET expression_of_interest_id = (SELECT max(id) FROM active_lead_provider) "
        f"WHERE {OPEN}"
    ),
    "a withdrawal without a reason": (
        f"UPDATE training_period SET withdrawn_at = '2026-04-01', finished_on = '2026-04-01' WHERE {OPEN}"
    ),
    "a withdrawal without an end": (
        f"UPDATE training_period SET withdrawn_at = '2026-04-01', withdrawal_reason = 'other' WHERE {OPEN}"
    ),
    "a reason that there isn't": (
        "UPDATE training_period SET withdrawn_at = '2026-04-01', finished_on = '2026-04-01', withdrawal_reason = 'x' "
        f"WHERE {OPEN}"
    ),
    "a deferral without a reason": (
        f"UPDATE training_period SET deferred_at = '2026-04-01', finished_on = '2026-04-01' WHERE {OPEN}"
    ),
    "a deferral without an end": (
        f"UPDATE training_period SET deferred_at = '2026-04-01', deferral_reason = 'other' WHERE {OPEN}"
    ),
    # --- contracts and partnerships ---
    "contract periods that overlap": "UPDATE contract_period SET finished_on = '2026-12-31' WHERE year = 2024",
    "a contract period that ends before it starts": "UPDATE contract_period SET finished_on = '2020-01-01'",
    "a contract period of another age": "INSERT INTO contract_period VALUES (1999, '1999-06-01', '2000-05-31', NULL)",
    "a partnership twice": (
        "INSERT INTO school_partnership (api_id, school_id, active_lead_provider_id, delivery_partner_id, created_at, "
        "api_updated_at) SELECT '00000000-0000-4000-8000-000000000000', school_id, active_lead_provider_id, "
        "delivery_partner_id, created_at, api_updated_at FROM school_partnership WHERE id = 1"
    ),
    "a partnership that becomes another school's": "UPDATE school_partnership SET school_id = 2 WHERE id = 1",
    "a partnership that becomes another provider's": (
        "UPDATE school_partnership SET active_lead_provider_id = active_lead_provider_id + 1 WHERE id = 1"
    ),
    "a URN twice": "UPDATE school SET urn = '900001' WHERE id = 2",
    "inductions that overlap": INDUCTION
    + f"SELECT teacher_id, 1, '2026-01-01', '2026-01-02', NULL FROM participant WHERE id = {HANNAH}",
    "an induction that ends before it starts": (
        "UPDATE induction_period SET finished_on = '2000-01-01' WHERE finished_on IS NULL"
    ),
    "an outcome without an end": "UPDATE induction_period SET outcome = 'pass' WHERE finished_on IS NULL",
    "an outcome that there isn't": "UPDATE induction_period SET outcome = 'merit', finished_on = '2027-01-01'",
    # --- what was done ---
    "an event changed": "UPDATE event SET heading = 'It never happened'",
    "an event deleted": "DELETE FROM event",
    "a version written twice": EVENT.format(teacher="teacher_id", school="school_id", version=1, user="NULL") + STEVEN,
    "an event of another school": EVENT.format(teacher="teacher_id", school=2, version=9, user="NULL") + STEVEN,
    "an event of another person": EVENT.format(teacher=1, school="school_id", version=9, user="NULL") + STEVEN,
    "an event by another school's user": EVENT.format(teacher="teacher_id", school="school_id", version=9, user=2)
    + STEVEN,
    "a school’s event by another kind of author": (
        "INSERT INTO school_event (event_type, heading, created_at, author_type, author_name, school_id, modifications)"
        " VALUES ('x', 'x', '2026-01-01', 'nobody', 'x', 1, '[]')"
    ),
    "a school told twice of one event": (
        "INSERT INTO notice (kind, event_id, school_id, due_at) SELECT 'x', id, school_id, created_at FROM event "
        "UNION ALL SELECT 'x', id, school_id, created_at FROM event"
    ),
    "a message without end": (
        "INSERT INTO message (reference, address, created_at, next_try_at, tries, is_in_doubt) "
        "VALUES ('00000000-0000-4000-8000-000000000000', {long}, '2026-01-01', '2026-01-01', 0, FALSE)"
    ),
    "somebody deleted of whom there are events": f"DELETE FROM participant WHERE id = {STEVEN}",
    "an author of another kind": (
        EVENT.format(teacher="teacher_id", school="school_id", version=9, user="NULL") + STEVEN
    ).replace("'school_user'", "'nobody'"),
    # --- who may come in ---
    "a token twice": (
        "INSERT INTO api_token SELECT 999, digest, lead_provider_id, description, created_at, last_used_at "
        "FROM api_token WHERE id = 1"
    ),
    "a sign-in of nobody": "INSERT INTO sign_in (digest, school_user_id, started_at) VALUES ('x', 999, '2026-01-01')",
    "a token's digest that is none": "INSERT INTO sign_in (digest, school_user_id, started_at) "
    "VALUES ({long}, 1, '2026-01-01')",
    "a school user twice": "INSERT INTO school_user (school_id, name, email, subject) VALUES (1, 'a', 'a', 's'), "
    "(1, 'b', 'b', 's')",
    "one journey's answers twice": "INSERT INTO answers (school_user_id, journey, participant_id, posted, updated_at) "
    "VALUES (1, 'x', 1, '{{}}', '2026-01-01'), (1, 'x', 1, '{{}}', '2026-01-01')",
}


def as_written(sql: str) -> str:
    return sql.replace("{long}", f"'{'x' * 300}'").replace("{{}}", "{}").replace("%", "%%")


def answer_to(sql: str) -> str:
    """What the database says, after which it is as it was before: "done", or why not."""
    try:
        with db.atomic() as transaction:
            db.execute_sql(as_written(sql))
            transaction.rollback()
    except IntegrityError as refusal:
        return str(refusal)
    except DataError as too_long:
        return f"too long: {too_long}"
    return "done"


ALLOWED = {
    "a mentor at two schools on one day": PARTICIPANT
    + f"SELECT teacher_id, 'mentor', 2, '2026-01-01', NULL, 0, created_at FROM participant WHERE id = {JOHN}",
    "an ECT who moves on": f"UPDATE participant SET finished_on = '2026-12-31' WHERE id = {HANNAH}",
    "training of one day": TRAINING
    + f"VALUES ({STEVEN}, 'school_led', NULL, NULL, NULL, '2026-04-20', '2026-04-20', '2026-01-01')",
    "training that goes on the day after": TRAINING
    + f"VALUES ({STEVEN}, 'school_led', NULL, NULL, NULL, '2026-04-20', NULL, '2026-01-01')",
    "a reduced schedule for an ECT": f"UPDATE training_period SET schedule = 'ecf-reduced-april' WHERE {OPEN}",
    "a partnership's other delivery partner": "UPDATE school_partnership SET delivery_partner_id = 2 WHERE id = 1",
    "the next event": EVENT.format(teacher="teacher_id", school="school_id", version=9, user=1) + STEVEN,
}


@both_engines
def test_the_database_refuses_and_allows(world):
    before = dump()
    answers = {what: answer_to(sql) for what, sql in REFUSED.items()}
    for what, answer in answers.items():
        assert answer != "done", what
        # Then the case itself would be wrong.
        assert "NOT NULL constraint" not in answer, what
        assert "null value in column" not in answer, what
    assert {what: answer_to(sql) for what, sql in ALLOWED.items()} == dict.fromkeys(ALLOWED, "done")
    assert dump() == before


def found_in(sql: str) -> dict[str, list]:
    """What the rules of the data find once this is written; nothing, if it is refused. Then it is taken back."""
    found = {}
    with suppress(IntegrityError), db.atomic() as transaction:
        db.execute_sql(as_written(sql))
        found = data_checks.broken()
        transaction.rollback()
    return found


def test_every_rule_between_rows_has_its_case(world):
    """Each is put out of force in turn; then what it refused is no longer refused, but found."""
    answers = {sql: answer_to(sql) for sql in REFUSED.values()}
    for name in triggers.REFUSED:
        with db.atomic() as transaction:
            for trigger in (f"{name}_insert", f"{name}_update"):
                db.execute_sql(f"DROP TRIGGER {trigger}")
            found_as = {"an_event_is_of_its_participant": "authors_were_allowed"}.get(name, name)
            cases = [sql for sql, answer in answers.items() if name in answer]
            assert any(found_as in found_in(sql) for sql in cases), f"nothing needs {name}"
            transaction.rollback()


def test_every_check_of_a_table_has_its_case(world):
    """Without all of them, what is no longer refused is found."""
    db.obj.pragma("ignore_check_constraints", 1)
    found = {offender[:2] for sql in REFUSED.values() for offender in found_in(sql).get("checks_of_tables_hold", [])}
    checks = {(table._meta.table_name, check.sql) for table in TABLES for check in table._meta.constraints or []}
    assert checks - found == {("mentorship", 'CHECK ("ect_id" <> "mentor_id")')}, "a trigger refuses that one first"


def test_there_is_a_case_for_every_table_that_has_rules():
    written = " ".join(REFUSED.values())
    unruled = {"delivery_partner", "delivery_partnership", "enrolment", "request_count", "participant_id_change"}
    unruled |= {"lead_provider", "active_lead_provider", "appropriate_body", "mentor_of_ect", "latest_update"}
    tables = {table._meta.table_name for table in TABLES} - unruled
    assert all(f"INTO {table} " in written or f"UPDATE {table} " in written for table in tables)
