"""What goes wrong with a database, sorted once for both engines: pages, commands, the log, `/readyz` and whoever tries
again ask here and not the drivers."""

import apsw
from peewee import OperationalError, PeeweeException

SQLITE = {
    **dict.fromkeys((apsw.SQLITE_BUSY, apsw.SQLITE_LOCKED), "busy"),
    apsw.SQLITE_FULL: "full",
    apsw.SQLITE_READONLY: "read-only",
    **dict.fromkeys((apsw.SQLITE_CANTOPEN, apsw.SQLITE_IOERR), "away"),
    apsw.SQLITE_INTERRUPT: "cancelled",
    **dict.fromkeys((apsw.SQLITE_CORRUPT, apsw.SQLITE_NOTADB), "damaged"),
}
"""By SQLite's primary result code: https://sqlite.org/rescode.html"""

POSTGRESQL = {
    **dict.fromkeys(("55P03", "53200", "53300", "53400"), "busy"),
    "53100": "full",
    "25006": "read-only",
    **dict.fromkeys(("57P01", "57P02", "57P03"), "away"),
    **dict.fromkeys(("40P01", "40001"), "deadlock"),
    **dict.fromkeys(("57014", "25P03"), "cancelled"),
}
"""By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html. Class 08 is about the connection."""

PASSING = {"busy", "full", "read-only", "away", "deadlock", "cancelled", "clock"}
"""Nothing was changed, and it may be better in a moment or when somebody has seen to it."""

WHAT_TO_DO = {
    "busy": "Somebody else is writing to the database, perhaps a file that comes in. Try again in a minute.",
    "deadlock": "Somebody else was writing at the same time. Try again.",
    "full": "The database’s disk is full. Make room on it, then try again.",
    "read-only": "The database can only be read: this is a copy of it, or its file or disk may not be written to.",
    "away": "The database can’t be reached. See whether it runs, and whether DATABASE_URL is right.",
    "cancelled": "The database stopped this because it took too long. Try again when fewer people use the service.",
    "clock": "The server’s clock is behind the latest change. Set it right, then try again.",
    "damaged": "The database’s file is damaged. Put back the last copy: docs/operations.md says how.",
    "wrong": "The database refuses it. Try flask migrate, then flask check. It says: ",
}
"""A kind of fault → what whoever types a command reads of it."""


class Fault(OperationalError):
    """One that we find ourselves, of this kind."""

    def __init__(self, kind: str, words: str):
        self.kind = kind
        super().__init__(words)


def kind_of(error: PeeweeException) -> str:
    """One of PASSING, or `damaged` or `wrong`."""
    if isinstance(error, Fault):
        return error.kind
    cause = getattr(error, "orig", None)
    if isinstance(cause, apsw.Error):
        return SQLITE.get(cause.result, "wrong")
    state = getattr(cause, "sqlstate", None)
    # The driver has no code for a server that it can't reach or has lost.
    is_away = state.startswith("08") if state else isinstance(error, OperationalError)
    return "away" if is_away else POSTGRESQL.get(state, "wrong")


def what_to_do(error: PeeweeException) -> str:
    """For whoever typed the command that it ended."""
    kind = kind_of(error)
    return WHAT_TO_DO[kind] + (str(error).splitlines()[0][:200] if kind == "wrong" else "")
