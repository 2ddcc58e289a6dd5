"""A file is brought in: all of it, or nothing. Its rows are read and checked first, into a temporary database on disk,
so that a large file needs no more memory than a small one; then one transaction writes what is new and what has
changed."""

import csv
import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TextIO

import apsw
from peewee import DataError, IntegrityError

from database import advisory_lock, db, is_postgresql
from domain.changes import updated_at
from filling.files import CsvFile, shortened
from filling.kind import Changes, Kind, NotAllowed, Row

ROWS_AT_ONCE = 500
"""How many rows are written together."""
LOCK = "filling"
"""What is held while files are brought in, so that two never are at once."""

STAGE = """
    CREATE TABLE row (line INTEGER PRIMARY KEY, key TEXT, part TEXT, cells TEXT, outcome INTEGER DEFAULT 0);
    CREATE TABLE refused (line INTEGER, cells TEXT);
    CREATE TABLE fault (line INTEGER, title TEXT, found TEXT, allowed TEXT, UNIQUE (line, title, allowed));
    CREATE TABLE change (line INTEGER, whose TEXT, title TEXT, was TEXT, now TEXT, is_new INTEGER);
    CREATE INDEX changed ON change (line, title);
    CREATE TABLE kept (line INTEGER, title TEXT, found TEXT, reason TEXT, UNIQUE (line, title, reason));
"""
UNCHANGED, CHANGED, NEW, LEFT_OUT = range(4)


class TakenBack(Exception):
    """Nothing of it is to be kept."""


class Import:
    """One file that is brought in. Tells by `counts`, `faults` and `kept` what came of it; both are in the order of the
    file. The kind tells it what it does with each row."""

    def __init__(self, kind: Kind, path: Path):
        self.kind = kind
        columns = kind.row.titles(), kind.row.required(), kind.mistaken
        self.file = CsvFile(path, *columns, others_are_ignored=kind.others_are_ignored)
        self.read_rows = 0
        self.stage = apsw.Connection("")
        self.stage.execute(f"{STAGE} BEGIN")

    def close(self) -> None:
        self.stage.close()

    # --- reading ---

    def read(self, progress: Callable[[], None]) -> None:
        """Check each row by itself, and that the file has nothing twice."""
        for line in self.file.lines():
            progress()
            self.read_rows += 1
            faults = list(line.faults)
            try:
                row = self.kind.row.read(line.number, line.cells)
            except NotAllowed as refused:
                told = {column for column, *_ in faults}
                faults += [fault for fault in refused.faults if fault[0] not in told]
            if faults:
                self._refuse(line.number, line.cells, faults)
            else:
                told = (line.number, self.kind.key(row), self.kind.group(row), json.dumps(line.cells))
                self.stage.execute("INSERT INTO row (line, key, part, cells) VALUES (?, ?, ?, ?)", told)
        self.stage.execute("CREATE INDEX by_part ON row (part, line); CREATE INDEX by_key ON row (key, line)")
        again = "SELECT line, min(line) OVER (PARTITION BY key) AS first, cells FROM row ORDER BY key"
        for line, first, cells in self.stage.execute(again):
            if line > first:
                told = f"one line. Line {first} is about the same: take one of the two out"
                self._refuse(line, json.loads(cells), [("", f"line {first} again", told)])
        self.stage.execute("DELETE FROM row WHERE line IN (SELECT line FROM refused)")

    def _refuse(self, line: int, cells: dict[str, str], faults: list[tuple[str, str, str]]) -> None:
        self.stage.execute("INSERT INTO refused VALUES (?, ?)", (line, json.dumps(cells)))
        told = [(line, title, shortened(found), words) for title, found, words in faults]
        self.stage.executemany("INSERT OR IGNORE INTO fault VALUES (?, ?, ?, ?)", told)

    # --- writing ---

    def write(self, progress: Callable[[int], None], *, is_check: bool) -> None:
        """All steps for all rows in one transaction, which is taken back if it is only to be checked, or if there is
        anything wrong with any row."""
        try:
            with db.atomic():
                # First, as every act does: whoever took these locks the other way round would wait for ever.
                updated_at()
                expect_many_rows()
                advisory_lock(LOCK)
                self.kind.begin()
                for step in self.kind.steps:
                    for groups in self._parts():
                        self._take(step, groups)
                        progress(sum(map(len, groups)))
                self.kind.end()
                if is_check or self.is_faulty:
                    raise TakenBack
        except TakenBack:
            pass

    def _parts(self) -> Iterator[list[list[Row]]]:
        """The rows, some hundred at once, in their groups, which are never divided."""
        after = ("", 0)
        while True:
            query = "SELECT part, line, cells FROM row WHERE (part, line) > (?, ?) ORDER BY part, line LIMIT ?"
            rows = self.stage.execute(query, (*after, ROWS_AT_ONCE)).fetchall()
            groups = [list(group) for _, group in groupby(rows, key=lambda row: row[0] or row[1])]
            if len(rows) == ROWS_AT_ONCE and len(groups) > 1:
                groups.pop()  # there may be more of it
            if not groups:
                return
            after = groups[-1][-1][:2]
            yield [[self.kind.row.read(line, json.loads(cells)) for _, line, cells in group] for group in groups]

    def _take(self, step: Callable, groups: list[list[Row]]) -> None:
        """One step for a part. Where the database refuses it, group by group, to find which."""
        try:
            with self._back_to_here(), db.atomic():
                step([row for group in groups for row in group], self)
        except (IntegrityError, DataError) as refusal:
            if len(groups) > 1:
                for group in groups:
                    self._take(step, [group])
            else:
                for row in groups[0]:
                    self.refuse(row, "", f"The database refuses it: {shortened(str(refusal), 200)}")

    @contextmanager
    def _back_to_here(self) -> Generator[None]:
        """What was told of rows meanwhile is forgotten when it fails."""
        self.stage.execute("SAVEPOINT part")
        try:
            yield
        except Exception:
            self.stage.execute("ROLLBACK TO part")
            raise
        finally:
            self.stage.execute("RELEASE part")

    # --- what kinds tell ---

    def done(self, row: Row, changes: Changes | None = None, *, is_new: bool = False) -> None:
        """The row was written: it is new, or something changed by it, of which what the file has columns for is
        listed."""
        outcome = NEW if is_new else CHANGED
        self.stage.execute("UPDATE row SET outcome = max(outcome, ?) WHERE line = ?", (outcome, row.line))
        told = [] if is_new else [each for each in (changes or {}).items() if each[0] in type(row).model_fields]
        listed = [(row.title(name), *map(shown, values)) for name, values in told] or [
            ("new" if is_new else "", "", "")
        ]
        rows = [(row.line, row.whose, *each, is_new) for each in listed]
        self.stage.executemany("INSERT INTO change VALUES (?, ?, ?, ?, ?, ?)", rows)

    def refuse(self, row: Row, name: str, words: str) -> None:
        """The row can't be brought in, because of this field (or ""): what should be there."""
        title = row.title(name) if name else ""
        self._refuse(row.line, row._cells, [(title, row._cells.get(title, ""), words)])

    def leave(self, row: Row, name: str, words: str) -> None:
        """What the row says of this field is left as it is, and why."""
        title = row.title(name) if name else ""
        told = (row.line, title, shortened(row._cells.get(title, "")), words)
        self.stage.execute("INSERT OR IGNORE INTO kept VALUES (?, ?, ?, ?)", told)

    def is_new(self, row: Row) -> bool:
        (outcome,) = self.stage.execute("SELECT outcome FROM row WHERE line = ?", (row.line,)).fetchone()
        return outcome == NEW

    def has_changed(self, row: Row, name: str) -> bool:
        """Whether this field of somebody who was there is another one by this row."""
        found = "SELECT 1 FROM change WHERE line = ? AND title = ? AND NOT is_new"
        return self.stage.execute(found, (row.line, row.title(name))).fetchone() is not None

    def leave_out(self, row: Row) -> None:
        """The row is about nothing that is kept here."""
        self.stage.execute("UPDATE row SET outcome = max(outcome, ?) WHERE line = ?", (LEFT_OUT, row.line))

    def refused_line(self, name: str, number: str) -> int | None:
        """The line of a row that can't be brought in and has this number in this field, zeros in front aside: who needs
        it would be refused for that alone."""
        told = f"""ltrim(json_extract(cells, '$."{self.kind.row.title(name)}"'), '0')"""
        self.stage.execute(f"CREATE INDEX IF NOT EXISTS by_{name} ON refused ({told})")
        found = f"SELECT min(line) FROM refused WHERE {told} = ltrim(?, '0')"  # noqa: S608 - titles are our own
        return self.stage.execute(found, (number,)).fetchone()[0]

    # --- what came of it ---

    @property
    def is_faulty(self) -> bool:
        return self.stage.execute("SELECT 1 FROM fault LIMIT 1").fetchone() is not None

    @property
    def rows(self) -> int:
        """How many are to be written."""
        return self.stage.execute("SELECT count(*) FROM row").fetchone()[0]

    @property
    def counts(self) -> dict[int, int]:
        """UNCHANGED, CHANGED, NEW or LEFT_OUT → how many rows."""
        return dict(self.stage.execute("SELECT outcome, count(*) FROM row GROUP BY outcome").fetchall())

    @property
    def faulty_lines(self) -> int:
        return self.stage.execute("SELECT count(DISTINCT line) FROM fault").fetchone()[0]

    @property
    def faults_by_column(self) -> dict[str, int]:
        """Column (or "" for a whole line) → how many faults, most first."""
        query = "SELECT title, count(*) FROM fault GROUP BY title ORDER BY count(*) DESC, title"
        return dict(self.stage.execute(query).fetchall())

    def faults(self) -> Iterator[tuple[int, str, str, str]]:
        """(line, column, what is there, what is allowed), all of them."""
        return self.stage.execute("SELECT * FROM fault ORDER BY line, rowid")

    def changes(self) -> Iterator[tuple[int, str, str, str, str]]:
        """(line, whose, column or `new`, what it was, what it is now), lines that are new last."""
        listed = "SELECT line, whose, title, was, now FROM change JOIN row USING (line)"
        return self.stage.execute(f"{listed} ORDER BY outcome = {NEW}, line, is_new DESC, change.rowid")

    def kept(self) -> Iterator[tuple[int, str, str, str]]:
        """(line, column, what is there, why it was left as it is)."""
        return self.stage.execute("SELECT * FROM kept ORDER BY line, rowid")

    def save_faults(self, file: TextIO) -> None:
        """As CSV to hand back."""
        writer = csv.writer(file)
        writer.writerow(["line", "column", "what is there", "what is allowed"])
        writer.writerows([safe(cell) for cell in fault] for fault in self.faults())


def shown(value: object) -> str:
    return "nothing" if value in (None, "") else shortened(str(value))


def expect_many_rows() -> None:
    """PostgreSQL doesn't know how many rows this transaction is writing, takes tables that were empty for small ones,
    and would read them from end to end for each row."""
    if is_postgresql():
        db.execute_sql("SET LOCAL enable_seqscan = off")
        db.execute_sql("SET LOCAL statement_timeout = '5min'")


def safe(cell):
    """A cell that no spreadsheet takes for a formula. Reading a file takes the mark away again (files.py)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell
