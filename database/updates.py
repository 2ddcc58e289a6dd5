"""What moves `updated_at`, as the providers' API tells it: SQL for the engine in use, part of what triggers.py
guarantees. Whoever changes something that is told, an act, an import or somebody by hand, moves what it is told of.

A change is stamped later than every change before it. The stamp comes from `latest_update`, a table of one row, which
an act moves to the present when it begins (domain/changes.py). On PostgreSQL whoever writes to one of these tables
first locks that row, so there is one change at a time, as on SQLite, and no two can wait for each other.
"""

from database import is_postgresql

TOLD = (
    *("teacher", "participant", "training_period", "mentorship", "induction_period", "participant_id_change"),
    *("school", "school_partnership", "delivery_partner", "delivery_partnership"),
)
"""The tables of which something is told."""

PERSON = (
    *("api_id", "api_ect_training_record_id", "api_mentor_training_record_id", "trn", "created_at"),
    *("trs_first_name", "trs_last_name", "corrected_name", "trs_induction_start_date", "trs_induction_completed_date"),
    *("mentor_became_ineligible_for_funding_on", "mentor_became_ineligible_for_funding_reason"),
    *("ect_became_ineligible_for_funding_on", "ect_first_became_eligible_for_training_at"),
    *("mentor_first_became_eligible_for_training_at", "ect_payments_frozen_year", "mentor_payments_frozen_year"),
)
DATES = ("started_on", "finished_on")
TRAINED = ("training_programme", "school_partnership_id", "expression_of_interest_id", "started_on")
MOVED = ("participant_id", *DATES, "school_partnership_id")
"""What of training makes a transfer another one."""
MARKS = ("withdrawn_at", "withdrawal_reason", "deferred_at", "deferral_reason")


def latest_update() -> str:
    """The stamp of the change that is being made, as SQL."""
    if is_postgresql():
        return "(SELECT timestamp 'epoch' + microseconds * interval '1 microsecond' FROM latest_update)"
    # As Python writes a moment: without a fraction where it has none.
    return (
        "(SELECT strftime('%Y-%m-%d %H:%M:%S', microseconds / 1000000, 'unixepoch') || CASE microseconds % 1000000 "
        "WHEN 0 THEN '' ELSE printf('.%06d', microseconds % 1000000) END FROM latest_update)"
    )


def updates() -> list[str]:
    """Everything that moves something."""
    person = "(SELECT teacher_id FROM participant WHERE id = {row}.participant_id)"
    persons = ", ".join(person.format(row=row) for row in ("NEW", "OLD"))
    place = "(SELECT school_id FROM participant WHERE id = {row}.participant_id)"
    unconfirmed = _and("NEW.school_partnership_id IS NULL", _differs("finished_on"))
    return [
        *_one_change_at_a_time(),
        *_on("teacher", "UPDATE", _differs(*PERSON), teacher="NEW.id"),
        *_on("participant", "INSERT", transfers="NEW.teacher_id"),
        *_on("participant", "UPDATE", _differs(*DATES), transfers="NEW.teacher_id", name="dates"),
        *_on("participant", "UPDATE", _differs("email", "working_pattern"), teacher="NEW.teacher_id"),
        *_on_each(
            "training_period",
            None,
            transfers=person,
            school_partnership="{row}.school_partnership_id",
            unless_update=True,
        ),
        *_on(
            "training_period",
            "UPDATE",
            teacher=persons,
            school_partnership="NEW.school_partnership_id, OLD.school_partnership_id",
        ),
        *_on("training_period", "UPDATE", _differs(*MOVED), transfers=persons, name="moved"),
        *_on_each("training_period", None, school=place, name="school", unless_update=True),
        *_on(
            "training_period",
            "UPDATE",
            f"({_differs(*TRAINED)} OR {unconfirmed})",
            school=place.format(row="NEW"),
            name="school",
        ),
        *_on_each("induction_period", _differs(*DATES, "outcome"), transfers="{row}.teacher_id"),
        *_on_each("participant_id_change", None, teacher="{row}.teacher_id"),
        *_on_each(
            "mentorship",
            _differs("mentor_id", *DATES),
            teacher="(SELECT teacher_id FROM participant WHERE id = {row}.ect_id)",
        ),
        *_on(
            "school",
            "UPDATE",
            _differs("urn", "name", "induction_tutor_name", "induction_tutor_email"),
            school="NEW.id",
            school_partnership="SELECT id FROM school_partnership WHERE school_id = NEW.id",
        ),
        *_on("school_partnership", "INSERT", school_partnership="NEW.id", school="NEW.school_id"),
        *_on("school_partnership", "DELETE", school="OLD.school_id"),
        *_on(
            "school_partnership",
            "UPDATE",
            _differs("delivery_partner_id"),
            school_partnership="NEW.id",
            teacher="SELECT teacher_id FROM enrolment WHERE school_partnership_id = NEW.id",
        ),
        *_on(
            "delivery_partner",
            "UPDATE",
            _differs("name"),
            delivery_partner="NEW.id",
            school_partnership="SELECT id FROM school_partnership WHERE delivery_partner_id = NEW.id",
        ),
        *_on_each("delivery_partnership", None, delivery_partner="{row}.delivery_partner_id"),
        *enrolments_follow_training(),
        *enrolments_follow_people(),
        *mentors_of_ects(),
        *stamped("event_moves_what_it_is_about", "INSERT", "event", event_moves()),
        *another_day(),
    ]


def event_moves() -> list[str]:
    """An event makes its participant's next version, and the API tells of a change of the person."""
    return [
        "UPDATE participant SET version = NEW.version WHERE id = NEW.participant_id",
        f"UPDATE teacher SET api_updated_at = {latest_update()} WHERE id = NEW.teacher_id",
    ]


def another_day() -> list[str]:
    """Another day moves what is told otherwise on it, also when days were left out or somebody set one back. Training
    has begun on its first day, and the person has left on its last. On the day after it nobody is counted as in
    training by it or waits for it, and on the day after a mentorship the ECT has another mentor or none."""
    least, most = ("LEAST", "GREATEST") if is_postgresql() else ("min", "max")
    first, last = f"{least}(OLD.day, NEW.day)", f"{most}(OLD.day, NEW.day)"
    began = f"FROM training_period WHERE started_on > {first} AND started_on <= {last}"
    left = f"FROM training_period WHERE finished_on > {first} AND finished_on <= {last}"
    over = f"finished_on >= {first} AND finished_on < {last}"
    people = f"SELECT participant_id {began} UNION SELECT participant_id {left}"
    mentored = f"SELECT ect_id FROM mentorship WHERE {over}"
    ended = f"FROM training_period WHERE {over}"
    return _on(
        "latest_update",
        "UPDATE",
        "(NEW.day <> OLD.day)",
        transfers=f"SELECT teacher_id FROM participant WHERE id IN ({people} UNION {mentored})",
        school_partnership=f"SELECT school_partnership_id {began} UNION SELECT school_partnership_id {ended}",
        school=(
            f"SELECT school_id FROM participant WHERE id IN (SELECT participant_id {ended} "
            "AND expression_of_interest_id IS NOT NULL AND school_partnership_id IS NULL)"
        ),
    )


def _and(*conditions: str) -> str:
    return f"({' AND '.join(conditions)})"


def _differs(*columns: str) -> str:
    differs = "IS DISTINCT FROM" if is_postgresql() else "IS NOT"
    return "(" + " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns) + ")"


def _on_each(table: str, differs: str | None, *, name: str = "", unless_update: bool = False, **moved) -> list[str]:
    """When a row comes, goes or changes; then both what it was about and what it is about now."""

    def of(*rows: str) -> dict[str, str]:
        return {kind: ", ".join(ids.format(row=row) for row in rows) for kind, ids in moved.items()}

    changed = [] if unless_update else _on(table, "UPDATE", differs, name=name, **of("NEW", "OLD"))
    return [
        *_on(table, "INSERT", name=name, **of("NEW")),
        *changed,
        *_on(table, "DELETE", name=name, **of("OLD")),
    ]


def _on(table: str, change: str, when: str | None = None, *, name: str = "", **moved) -> list[str]:
    """A trigger that moves `updated_at` of what is `moved`: table → ids, as SQL. `transfers` are a person's, and
    moved with the person."""
    sets = {"transfers": ("teacher", "api_updated_at = {0}, api_transfers_updated_at = {0}")}
    statements = []
    for kind, ids in moved.items():
        moved_table, columns = sets.get(kind, (kind, "api_updated_at = {0}"))
        statements.append(f'UPDATE "{moved_table}" SET {columns.format(latest_update())} WHERE id IN ({ids})')
    parts = [table, change.lower(), *([name] if name else []), "is_told"]
    return stamped("_".join(parts), change, table, statements, when)


def stamped(name: str, change: str, table: str, statements: list[str], when: str | None = None) -> list[str]:
    """Does `statements` after each row's change, as part of a change that has a stamp of its own."""
    condition = f"WHEN {when} " if when else ""
    if not is_postgresql():
        body = "; ".join(["UPDATE latest_update SET microseconds = microseconds + 1", *statements])
        return [f'CREATE TRIGGER {name} AFTER {change} ON "{table}" {condition}BEGIN {body}; END']
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {'; '.join(statements)}; RETURN NULL; END $$",
        f'CREATE TRIGGER {name} AFTER {change} ON "{table}" FOR EACH ROW {condition}EXECUTE FUNCTION {name}()',
    ]


def _one_change_at_a_time() -> list[str]:
    """PostgreSQL: whoever writes to these tables locks the latest update before any row, and, unless they have done so
    in this transaction, moves it on. SQLite lets one write at a time anyway."""
    if not is_postgresql():
        return []
    name = "one_change_at_a_time"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE latest_update SET microseconds = microseconds + 1 WHERE xmin <> pg_current_xact_id()::xid; "
        "RETURN NULL; END $$",
        *(
            f"CREATE TRIGGER {table}_{name} BEFORE INSERT OR UPDATE OR DELETE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            for table in TOLD
        ),
    ]


# --- whom each provider sees -----------------------------------------------------------------------------------

ENROLMENTS = """
    INSERT INTO enrolment (lead_provider_id, teacher_id, role, is_second, training_period_id, participant_id,
        school_partnership_id, schedule, cohort, training_status, created_at, updated_at, transfers_updated_at)
    SELECT lead_provider_id, teacher_id, role, FALSE, id, participant_id, school_partnership_id, schedule,
        contract_period_id, training_status, created_at, api_updated_at, api_transfers_updated_at
    FROM (
        SELECT active.lead_provider_id, participant.teacher_id, participant.role, period.id, period.participant_id,
            period.school_partnership_id, period.schedule, active.contract_period_id,
            CASE
                WHEN withdrawn_at IS NULL AND deferred_at IS NULL THEN 'active'
                WHEN deferred_at IS NULL OR withdrawn_at >= deferred_at THEN 'withdrawn'
                ELSE 'deferred'
            END AS training_status,
            teacher.created_at, teacher.api_updated_at, teacher.api_transfers_updated_at,
            row_number() OVER (
                PARTITION BY active.lead_provider_id, participant.teacher_id, participant.role
                ORDER BY period.started_on DESC, period.id DESC
            ) AS place
        FROM participant
        JOIN training_period period ON period.participant_id = participant.id
        JOIN teacher ON teacher.id = participant.teacher_id
        JOIN school_partnership partnership ON partnership.id = period.school_partnership_id
        JOIN active_lead_provider active ON active.id = partnership.active_lead_provider_id
        WHERE {which}
    ) AS seen WHERE place = 1
    ON CONFLICT (lead_provider_id, teacher_id, role) DO UPDATE SET
        training_period_id = excluded.training_period_id, participant_id = excluded.participant_id,
        school_partnership_id = excluded.school_partnership_id, schedule = excluded.schedule,
        cohort = excluded.cohort, training_status = excluded.training_status"""
"""Fills the table for the participants `which`: the latest training period that each lead provider has confirmed."""

SECOND = """
    UPDATE enrolment SET is_second = (role = 'mentor' AND EXISTS (
        SELECT 1 FROM enrolment other WHERE other.lead_provider_id = enrolment.lead_provider_id
        AND other.teacher_id = enrolment.teacher_id AND other.role = 'ect'
    )) WHERE teacher_id = {teacher}"""

MENTORS = """
    INSERT INTO mentor_of_ect (lead_provider_id, teacher_id, participant_id, created_at, updated_at)
    SELECT enrolment.lead_provider_id, mentor.teacher_id, max(mentor.id), teacher.created_at, {latest}
    FROM enrolment
    JOIN mentorship ON mentorship.ect_id = enrolment.participant_id
    JOIN participant mentor ON mentor.id = mentorship.mentor_id
    JOIN teacher ON teacher.id = mentor.teacher_id
    WHERE enrolment.role = 'ect' AND {which}
        AND (mentorship.finished_on IS NULL OR mentorship.finished_on >= {today})
    GROUP BY enrolment.lead_provider_id, mentor.teacher_id, teacher.created_at
    ON CONFLICT (lead_provider_id, teacher_id) DO UPDATE
        SET participant_id = excluded.participant_id, updated_at = excluded.updated_at
        WHERE mentor_of_ect.participant_id <> excluded.participant_id"""
"""Adds the mentors of the ECTs `which`, as far as a provider is told of them: now or next."""


def mentors(which: str) -> str:
    today = f"CAST({latest_update()} AS date)" if is_postgresql() else f"date({latest_update()})"
    return MENTORS.format(latest=latest_update(), which=which, today=today)


def enrolments_anew(teacher: str) -> list[str]:
    return [
        f"UPDATE enrolment SET training_period_id = NULL, training_status = 'active' WHERE teacher_id = {teacher}",
        ENROLMENTS.format(which=f"participant.teacher_id = {teacher}"),
        SECOND.format(teacher=teacher),
        mentors(f"enrolment.teacher_id = {teacher}"),
    ]


def enrolments_follow_people() -> list[str]:
    """When two records become one, whoever was told of the one that goes is told of the one that stays."""
    body = []
    for table, role in (("enrolment", " AND own.role = enrolment.role"), ("mentor_of_ect", "")):
        same = f"own.teacher_id = NEW.teacher_id AND own.lead_provider_id = {table}.lead_provider_id{role}"
        body += [
            f"UPDATE {table} SET teacher_id = NEW.teacher_id WHERE teacher_id = OLD.teacher_id "
            f"AND NOT EXISTS (SELECT 1 FROM {table} own WHERE {same})",
            f"DELETE FROM {table} WHERE teacher_id = OLD.teacher_id",
        ]
    body += enrolments_anew("NEW.teacher_id")
    told = f"api_updated_at = {latest_update()}, api_transfers_updated_at = {latest_update()}"
    body.append(f"UPDATE teacher SET {told} WHERE id = NEW.teacher_id")
    return stamped("enrolment_follows_person", "UPDATE", "participant", body, _differs("teacher_id"))


def enrolments_follow_training() -> list[str]:
    """The enrolments are those of the training periods, whatever changes them. One whose training was given to somebody
    else before it began stays without it: whom a provider was once told of, it goes on being told of."""
    statements = []
    for change, row in {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}.items():
        body = enrolments_anew(f"(SELECT teacher_id FROM participant WHERE id = {row}.participant_id)")
        when = None
        if change == "UPDATE":
            when = _differs("school_partnership_id", "started_on", "schedule", "withdrawn_at", "deferred_at")
        statements += stamped(f"enrolment_follows_{change.lower()}", change, "training_period", body, when)
    return statements + _enrolments_follow_teachers()


def _enrolments_follow_teachers() -> list[str]:
    name, row = "enrolment_follows_teacher", "told" if is_postgresql() else "NEW"
    its = [
        f"UPDATE enrolment SET created_at = {row}.created_at, updated_at = {row}.api_updated_at, "
        f"transfers_updated_at = {row}.api_transfers_updated_at",
        f"UPDATE mentor_of_ect SET created_at = {row}.created_at, updated_at = {row}.api_updated_at",
    ]
    if not is_postgresql():
        its = [f"{statement} WHERE teacher_id = NEW.id" for statement in its]
        when = _differs("created_at", "api_updated_at", "api_transfers_updated_at")
        return stamped(name, "UPDATE", "teacher", its, when)
    # All whom one statement changes together: one by one takes twice as long when a day is half of all people's.
    known = "known.created_at, known.api_updated_at, known.api_transfers_updated_at"
    differs = f"({known.replace('known', 'told')}) IS DISTINCT FROM ({known})"
    its = [f"{each} FROM told JOIN known USING (id) WHERE teacher_id = told.id AND {differs}" for each in its]
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {'; '.join(its)}; RETURN NULL; END $$",
        f'CREATE TRIGGER {name} AFTER UPDATE ON "teacher" REFERENCING OLD TABLE AS known NEW TABLE AS told '
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]


def mentors_of_ects() -> list[str]:
    """Whoever is told as an ECT's mentor can be looked up."""
    its = [mentors("mentorship.id = NEW.id")]
    return [
        *stamped("mentor_of_ect_follows_insert", "INSERT", "mentorship", its),
        *stamped("mentor_of_ect_follows_update", "UPDATE", "mentorship", its, _differs("mentor_id", *DATES)),
    ]
