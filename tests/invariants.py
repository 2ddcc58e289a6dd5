"""What must be true of one act, whoever acts: each rule compares the database before and after it and returns its
offenders. What must be true at any moment is in domain/data_checks.py."""

from collections.abc import Callable, Iterator

from clock import today
from domain import data_checks

BETWEEN: list[Callable[["Change"], list]] = []


def check_always() -> None:
    assert not (broken := data_checks.broken()), broken


def check_between(before: dict, after: dict) -> None:
    """`before` and `after` as `tests.reports.stored` gives them."""
    change = Change(before, after)
    broken = {rule.__name__: offenders for rule in BETWEEN if (offenders := rule(change))}
    assert not broken, broken


def between(rule: Callable[["Change"], list]) -> Callable[["Change"], list]:
    BETWEEN.append(rule)
    return rule


class Change:
    """What one act did: two copies of the database, (table, key) → row, before it and after it."""

    def __init__(self, before: dict, after: dict):
        self.before, self.after = before, after

    def pairs(self, table: str) -> Iterator[tuple[dict, dict]]:
        """The rows of this table that differ, as (before, after); {} where there is no row."""
        for key in sorted(self.before.keys() | self.after.keys(), key=str):
            old, new = self.before.get(key, {}), self.after.get(key, {})
            if key[0] == table and old != new:
                yield old, new

    @property
    def events(self) -> list[dict]:
        return [new for old, new in self.pairs("event") if not old]

    @property
    def last_days(self) -> dict[int, tuple]:
        """Participants whose last day the school reported: id → (the day known before, the day known now)."""
        return {
            event["participant"]: tuple(
                stored["participant", event["participant"]]["finished_on"] for stored in (self.before, self.after)
            )
            for event in self.events
            if event["event_type"].startswith(("teacher_left_school", "teacher_stays_at_school"))
        }

    @property
    def by_support(self) -> set[int]:
        """The participants whose records support put right: what was said wrongly of them need not stay."""
        return {event["participant"] for event in self.events if event["author_type"] == "dfe_staff_user"}

    def is_put_right(self, row: dict) -> bool:
        return bool(people_of(row) & self.by_support) or row.get("id") in self.by_support

    def touched(self) -> set[int]:
        """The participants of whom anything is different now, their versions and events aside."""
        people = set()
        for old, new in self.pairs("participant"):
            if {**old, "version": 0} != {**new, "version": 0}:
                people.add(new["id"])
        for table in ("training_period", "mentorship"):
            for pair in self.pairs(table):
                people |= people_of(*pair)
        return people


@between
def events_stay(change):
    """Never changed, never deleted."""
    return [old for old, _ in change.pairs("event") if old]


@between
def every_change_has_its_event(change):
    """One for each participant whose row, training or mentorship is different, and never two for one act."""
    written = [event["participant"] for event in change.events]
    silent = change.touched() - set(written)
    return [*silent, *(person for person in set(written) if written.count(person) > 1)]


@between
def the_event_says_who_of_the_school_it_was(change):
    """By more than a name, which may change."""
    return [
        event["id"] for event in change.events if (event["author_type"] == "school_user") != bool(event["school_user"])
    ]


@between
def support_says_who_it_was_and_why(change):
    """One of the events of a correction has the reason; all of them have who did it. Nobody reads their name."""
    by_support = [event for event in change.events if event["author_type"] == "dfe_staff_user"]
    faults = [event["id"] for event in by_support if not event["support_user"] or event["author_name"] != "Support"]
    return faults or (by_support and [each for each in [by_support] if not any("reason" in e["details"] for e in each)])


@between
def new_training_has_its_event(change):
    """The event of the act that began it names it."""
    told = {event["training_period_id"] for event in change.events}
    told |= {event["details"].get("new_training_period_id") for event in change.events}
    told |= {each for event in change.events for each in event["details"].get("training_again", [])}
    return [new["id"] for old, new in change.pairs("training_period") if not old and new["id"] not in told]


@between
def nobody_who_left_is_changed(change):
    """After the last day the school changes nothing of the person itself."""
    return [
        event["id"]
        for event in change.events
        if event["author_type"] == "school_user"
        and event["event_type"] not in ("teacher_finishes_mentoring", "teacher_finishes_being_mentored")
        and (last_day := change.before["participant", event["participant"]]["finished_on"])
        and last_day < today()
    ]


@between
def marks_stay(change):
    """Whatever follows, what a provider said, when and why stays as it was said."""
    columns = ("withdrawn_at", "withdrawal_reason", "deferred_at", "deferral_reason")
    return [
        old["id"]
        for old, new in change.pairs("training_period")
        if any(old.get(column) and old[column] != new.get(column) for column in columns)
        and not change.is_put_right(old)
    ]


@between
def what_began_stays(change):
    """Training that began is history: it isn't deleted, and only what no provider saw is rewritten, but for what its
    provider reports of it."""
    columns = {"training_programme", "school_partnership", "expression_of_interest", "schedule", "started_on"}
    reported = {
        "teacher_changes_schedule": {"school_partnership", "expression_of_interest", "schedule"},
        "teacher_training_period_confirmed": {"school_partnership"},
    }
    told = {event["participant"]: reported.get(event["event_type"], set()) for event in change.events}
    return [
        old["id"]
        for old, new in change.pairs("training_period")
        if old
        and not change.is_put_right(old)
        and (
            (
                not new
                and (old["started_on"] < today() or not is_gone_before(change, old))
                and old["started_on"] <= today()
            )
            or (
                old["started_on"] < today()
                and (old["training_programme"] == "school_led" or old["school_partnership"] or has_ended(old))
                and any(old[column] != new[column] for column in columns - told.get(old["participant"], set()))
            )
        )
    ]


@between
def an_end_that_has_passed_stays(change):
    """Unless the school says that the person had left before it."""
    return [
        (table, old["id"])
        for table in ("training_period", "mentorship")
        for old, new in change.pairs(table)
        if old
        and not change.is_put_right(old)
        and has_ended(old)
        and new.get("finished_on") != old["finished_on"]
        and not any(last_day and last_day <= old["finished_on"] for _, last_day in last_days_of(change, old))
    ]


@between
def an_end_moves_back_only_with_the_last_day(change):
    """What ended on the last day known before moves with it; nothing else goes on longer than was known."""
    return [
        (table, old["id"])
        for table in ("training_period", "mentorship")
        for old, new in change.pairs(table)
        if old
        and new
        and not change.is_put_right(old)
        and old["finished_on"]
        and (new["finished_on"] is None or new["finished_on"] > old["finished_on"])
        and not any(
            before == old["finished_on"] and (after is None or (new["finished_on"] and new["finished_on"] <= after))
            for before, after in last_days_of(change, old)
        )
    ]


@between
def the_last_day_moves_only_when_the_school_says_so(change):
    """And never beyond a day that somebody else had set."""
    return [
        old["id"]
        for old, new in change.pairs("participant")
        if old["finished_on"] != new["finished_on"]
        and new["id"] not in change.by_support
        and (
            new["id"] not in change.last_days
            or (
                old["finished_on"]
                and not old["reported_leaving_by_school"]
                and (new["finished_on"] is None or new["finished_on"] > old["finished_on"])
            )
        )
    ]


def is_gone_before(change: Change, period: dict) -> bool:
    """The school says that the person had left before this began today."""
    return any(last_day and last_day < period["started_on"] for _, last_day in last_days_of(change, period))


def people_of(*stored: dict) -> set[int]:
    """The participants that these training periods and mentorships belong to."""
    return {row[column] for row in stored for column in ("participant", "ect", "mentor") if column in row}


def has_ended(period: dict) -> bool:
    return period["finished_on"] is not None and period["finished_on"] < today()


def last_days_of(change: Change, period: dict) -> list[tuple]:
    return [days for person, days in change.last_days.items() if person in people_of(period)]
