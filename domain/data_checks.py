"""What must be true of the database at any moment, whoever did what in which order: what its own constraints can't
express, and what they do, asked once more in the same words. Each rule returns its offenders; without any, it holds.
`flask verify` asks them all, and so do the tests. What one act may change is in tests/invariants.py."""

from collections.abc import Callable

from peewee import fn

from clock import LONDON, today
from database import db
from database.triggers import NO_OVERLAP, REFUSED
from models import TABLES, Event, TrainingPeriod

RULES: list[Callable[[], list]] = []


def broken() -> dict[str, list]:
    """The rules that don't hold, by name, with their offenders: ids, never names."""
    return {rule.__name__: offenders for rule in RULES if (offenders := rule())}


def always(rule: Callable[[], list]) -> Callable[[], list]:
    RULES.append(rule)
    return rule


def rows(sql: str) -> list[tuple]:
    return list(db.execute_sql(sql).fetchall())


IN_COMMON = (
    "a.id < b.id AND a.started_on <= coalesce(b.finished_on, '9999-12-31') "
    "AND b.started_on <= coalesce(a.finished_on, '9999-12-31')"
)
UNITED = (
    "EXISTS (SELECT 1 FROM participant_id_change c JOIN teacher other ON other.api_id = c.from_participant_id "
    "WHERE other.id = e.teacher_id AND c.teacher_id = p.teacher_id)"
)
"""The event was written before two records became one."""


# --- what the database refuses, too ----------------------------------------------------------------------------
# A row is also wrong when another one that it depends on was changed, or when it was written without the triggers.


def always_none(name: str, sql: str) -> None:
    """The rule of this name of triggers.py, as one of these: this query finds nothing."""

    def rule() -> list:
        return rows(sql)

    rule.__name__ = name
    always(rule)


for each, (table, refused) in REFUSED.items():
    if each != "an_event_is_of_its_participant":  # which can change: see UNITED
        always_none(each, f"SELECT id FROM {table} this WHERE {refused.replace('NEW.', 'this.')}")

for each, (table, keys, where) in NO_OVERLAP.items():
    if table != "contract_period":  # which has no id
        both = [f"a.{key} = b.{key}" for key in keys] + [where.replace("{row}", row) for row in ("a", "b")]
        always_none(each, f"SELECT a.id, b.id FROM {table} a, {table} b WHERE {IN_COMMON} AND {' AND '.join(both)}")


@always
def checks_of_tables_hold():
    """Those that models.py gives a whole table. The offenders are told with the table and its CHECK."""
    return [
        (table._meta.table_name, check.sql, *row)
        for table in TABLES
        for check in table._meta.constraints or []
        for row in rows(
            f"SELECT {table._meta.primary_key.column_name} FROM {table._meta.table_name} "
            f"WHERE NOT {check.sql.removeprefix('CHECK ')}"
        )
    ]


# --- training ----------------------------------------------------------------------------------------------


@always
def training_never_overlaps():
    """Not with any other training of the same teacher in the same role, at whatever school."""
    return rows(
        "SELECT a.id, b.id FROM training_period a JOIN participant p ON p.id = a.participant_id "
        "JOIN participant q ON q.teacher_id = p.teacher_id AND q.role = p.role "
        f"JOIN training_period b ON b.participant_id = q.id WHERE {IN_COMMON}"
    )


@always
def only_training_that_has_begun_has_a_mark():
    return rows(
        "SELECT id FROM training_period "
        f"WHERE coalesce(withdrawn_at, deferred_at) IS NOT NULL AND started_on > '{today()}'"
    )


@always
def a_mark_ends_the_training():
    """On the day of the mark, unless it had ended before."""
    # The day in London is that of UTC or the one after it: SQL leaves so few that Python may look at each.
    period, marks = TrainingPeriod, (TrainingPeriod.withdrawn_at, TrainingPeriod.deferred_at)
    late = [period.select().where(mark.is_null(False), period.finished_on > fn.DATE(mark)) for mark in marks]
    return [
        period.id
        for period in late[0] | late[1]
        for mark in (period.withdrawn_at, period.deferred_at)
        if mark and period.finished_on > mark.astimezone(LONDON).date()
    ]


@always
def training_that_ended_was_ended_by_something():
    """By a mark, the training that followed (and may be undone with a registration in error), the last day at the
    school, or the end of a mentor's funding."""
    return rows(
        "SELECT t.id FROM training_period t JOIN participant p ON p.id = t.participant_id "
        "JOIN teacher ON teacher.id = p.teacher_id "
        "WHERE t.finished_on IS NOT NULL AND withdrawn_at IS NULL AND deferred_at IS NULL "
        "AND (p.finished_on IS NULL OR p.finished_on <> t.finished_on) "
        "AND NOT EXISTS (SELECT 1 FROM training_period later JOIN participant q ON q.id = later.participant_id "
        "WHERE q.teacher_id = p.teacher_id AND q.role = p.role AND later.started_on > t.finished_on) "
        "AND NOT EXISTS (SELECT 1 FROM participant undone WHERE undone.teacher_id = p.teacher_id "
        "AND undone.role = p.role AND undone.registered_in_error_at IS NOT NULL) "
        "AND (p.role = 'ect' OR mentor_became_ineligible_for_funding_on IS NULL)"
    )


# --- what was done -----------------------------------------------------------------------------------------


@always
def each_provider_sees_its_latest_confirmed_training():
    """The enrolments, which triggers keep, are what the rules make of the training periods."""
    latest = (
        "SELECT id, lead_provider_id, teacher_id, role, participant_id, contract_period_id, training_status, schedule, "
        "created_at, api_updated_at FROM (SELECT t.id, lead_provider_id, teacher_id, role, participant_id, "
        "contract_period_id, schedule, teacher.created_at, teacher.api_updated_at, "
        "CASE WHEN withdrawn_at >= coalesce(deferred_at, withdrawn_at) THEN 'withdrawn' "
        "WHEN deferred_at IS NOT NULL THEN 'deferred' ELSE 'active' END AS training_status, row_number() OVER "
        "(PARTITION BY lead_provider_id, teacher_id, role ORDER BY t.started_on DESC, t.id DESC) AS place "
        "FROM training_period t JOIN participant p ON p.id = t.participant_id JOIN teacher ON teacher.id = teacher_id "
        "JOIN school_partnership s ON s.id = t.school_partnership_id "
        "JOIN active_lead_provider a ON a.id = s.active_lead_provider_id) AS confirmed WHERE place = 1"
    )
    kept = (
        "SELECT training_period_id, lead_provider_id, teacher_id, role, participant_id, cohort, training_status, "
        "schedule, created_at, updated_at FROM enrolment WHERE training_period_id IS NOT NULL"
    )
    return rows(f"{latest} EXCEPT {kept}") + rows(f"{kept} EXCEPT {latest}")


@always
def versions_count_the_events():
    """As many events as versions, numbered without a gap, so none is written twice."""
    return rows(
        "SELECT p.id, p.version FROM participant p LEFT JOIN event e ON e.participant_id = p.id "
        "GROUP BY p.id, p.version "
        "HAVING count(e.id) <> p.version OR coalesce(max(e.version), 0) <> p.version "
        "OR count(DISTINCT e.version) <> p.version"
    )


@always
def every_mark_has_its_event():
    """Exactly one, besides those that support has put right since."""
    return [
        (period_id, act)
        for act, kind, mark in (("withdraws", "withdrawal", "withdrawn_at"), ("defers", "deferral", "deferred_at"))
        for period_id, participant_id in rows(
            f"SELECT id, participant_id FROM training_period t WHERE {mark} IS NOT NULL "
            "AND (SELECT count(*) FROM event e "
            "WHERE e.participant_id = t.participant_id AND e.training_period_id = t.id "
            f"AND event_type = 'teacher_{act}_training_period') <> 1"
        )
        if standing(act, kind, period_id, participant_id) != 1
    ]


def standing(act: str, kind: str, period_id: int, participant_id: int) -> int:
    """How many of these reports on this training are left, after what support took back or moved."""
    count, moved = 0, f"teacher_{kind}_moved_to_other_training"
    for event in Event.select().where(Event.participant == participant_id):
        if event.training_period_id == period_id:
            count += event.event_type in (f"teacher_{act}_training_period", f"teacher_{kind}_moved_here")
            count -= event.event_type in (f"teacher_{kind}_taken_back", moved)
        count += event.event_type == moved and event.details["moved_to"] == period_id
    return count


@always
def authors_were_allowed():
    """A user of the school (which one, a_school_acts_for_its_own says), the provider that trained the participant,
    support, or the service itself. And an event is about one person.

    Training that a provider told us of may have made way since, by what the school did or another school registered:
    then the event alone still says whose it was.
    """
    return rows(
        "SELECT e.id FROM event e JOIN participant p ON p.id = e.participant_id "
        "LEFT JOIN lead_provider l ON l.id = e.lead_provider_id "
        "LEFT JOIN training_period t ON t.id = e.training_period_id AND t.participant_id = p.id "
        "LEFT JOIN school_partnership s ON s.id = t.school_partnership_id "
        "LEFT JOIN active_lead_provider a ON a.id = s.active_lead_provider_id "
        f"WHERE e.school_id <> p.school_id OR (e.teacher_id <> p.teacher_id AND NOT {UNITED}) "
        "OR author_type <> 'school_user' AND CASE author_type "
        "WHEN 'system' THEN e.school_user_id IS NOT NULL "
        "WHEN 'dfe_staff_user' THEN e.support_user_id IS NULL OR e.school_user_id IS NOT NULL "
        "ELSE coalesce(l.name, '') <> author_name "
        "OR (t.id IS NOT NULL AND coalesce(a.lead_provider_id, 0) <> l.id AND NOT EXISTS (SELECT 1 FROM event later "
        "WHERE later.participant_id = p.id AND later.version > e.version "
        "AND later.author_type IN ('school_user', 'dfe_staff_user'))) END"
    )
