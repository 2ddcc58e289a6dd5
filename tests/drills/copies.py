"""Backups while people confirm, each of them whole; and restores while the service runs or after it was killed, each
equal to its backup."""

import argparse
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import apsw

from tests.bench.place import Place, place
from tests.bench.service import ROOT
from tests.drills.kill import Confirming

PEOPLE = 4


def drill(copies: int = 30, restores: int = 10) -> str:
    with place("sqlite", ects=PEOPLE) as where:
        folder = where.folder / "copies"
        folder.mkdir()
        with where.served() as service:
            stop = threading.Event()
            people = [Confirming(service, each, stop) for each in where.ects]
            for each in people:
                each.start()
            try:
                for number in range(copies):
                    before = sum(each.acknowledged for each in people)
                    flask(where, "backup", folder / str(number))
                    kept = confirmed_in(folder / str(number))
                    assert kept >= before, f"{before} were acknowledged when copy {number} began, {kept} are in it"
                again = [folder / str(number) for number in range(0, copies, max(copies // restores, 1))][:restores]
                for copy in again:
                    flask(where, "restore", copy, "--yes")
            finally:
                stop.set()
                for each in people:
                    each.join()
            for process in service.processes():
                os.kill(process, signal.SIGKILL)
            # Nobody writes any more: what a restore puts back can be compared. The killed have left their log.
            path = Path(where.address.removeprefix("sqlite:///"))
            assert Path(f"{path}-wal").stat().st_size
            for copy in again:
                flask(where, "restore", copy, "--yes")
                assert contents(path) == contents(copy)
        assert not (found := where.faults()), found
        done = sum(each.acknowledged for each in people)
        with where.served() as service:
            Confirming(service, where.ects[0], threading.Event()).until_done("part_time")
        assert not Path(f"{path}-wal").exists(), "what is stopped leaves everything in one file"
        return (
            f"{copies} backups during {done} confirms, all whole, nothing acknowledged before they began missing; "
            f"{len(again)} restores into the running service and as many beside the log of a killed one, all equal to "
            "their backups"
        )


def flask(where: Place, *command: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *map(str, command)],
        cwd=ROOT,
        env=where.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def confirmed_in(copy: Path) -> int:
    with closing(apsw.Connection(str(copy))) as connection:
        query = "SELECT count(*) FROM event WHERE event_type = 'teacher_working_pattern_updated'"
        return connection.execute(query).fetchone()[0]


def contents(path: Path) -> dict[str, list[tuple]]:
    """Everything but who is signed in."""
    with closing(apsw.Connection(str(path))) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = {name: connection.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall() for name in tables}
        return rows | {"sign_in": []}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=30)
    parser.add_argument("--restores", type=int, default=10)
    arguments = parser.parse_args()
    print(drill(arguments.copies, arguments.restores))


if __name__ == "__main__":
    main()
