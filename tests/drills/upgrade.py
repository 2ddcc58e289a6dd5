"""The release before this one serves people while the database is brought up to date; eight do that at once; it is
killed on the way. Nothing is lost, nothing is done twice, and an earlier release's data comes through whole."""

import argparse
import io
import random
import signal
import subprocess
import sys
import tarfile
import threading
import time

from database import MIGRATIONS, Runner, db
from tests.bench.place import Place, place
from tests.bench.service import ROOT, served
from tests.drills.kill import Confirming

PEOPLE = 4


def drill(engine: str = "sqlite", kills: int = 30) -> str:
    newest = sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))
    told = [eight_at_once(engine, newest[1]), killed_on_the_way(engine, newest[1], kills)]
    before = release_before(newest)
    told.append(while_serving(engine, *before) if before else "the release before isn’t in this checkout")
    return f"{engine}: " + "; ".join(told)


def go_back_to(where: Place, migration: str) -> None:
    """The database as it was before this migration, with all that was known then."""
    with where.looked_at(), db.atomic():
        Runner(db.obj, str(MIGRATIONS)).down(migration)


def migrating(where: Place) -> subprocess.Popen:
    command = [sys.executable, "-m", "flask", "--app", "app", "migrate"]
    return subprocess.Popen(
        command, cwd=ROOT, env=where.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def rows(where: Place) -> dict[str, int]:
    with where.looked_at():
        tables = ("participant", "training_period", "mentorship", "event", "teacher", "school", "answers")
        return {table: db.execute_sql(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables}


def eight_at_once(engine: str, first: str) -> str:
    with place(engine, ects=2) as where:
        before = rows(where)
        go_back_to(where, first)
        runs = [migrating(where) for _ in range(8)]
        said = [run.communicate(timeout=120)[0] for run in runs]
        assert all(run.returncode == 0 for run in runs), said
        assert sum("Applied" in each for each in said) == 1, said
        check(where, before)
        return "eight at once: one did it, seven found it done"


def killed_on_the_way(engine: str, first: str, kills: int) -> str:
    chance, cut_short = random.Random(1), 0
    with place(engine, ects=2) as where:
        before = rows(where)
        longest = 0.0
        for number in range(kills + 1):
            go_back_to(where, first)
            begun = time.monotonic()
            run = migrating(where)
            if number:  # the first is let through, to know how long it takes
                time.sleep(chance.uniform(longest / 2, longest))
                run.send_signal(signal.SIGKILL)
            run.communicate(timeout=120)
            longest = longest or time.monotonic() - begun
            cut_short += run.returncode != 0
            again = migrating(where)
            said = again.communicate(timeout=120)[0]
            assert again.returncode == 0, said
        check(where, before)
        return f"killed {cut_short} times on the way: each time the next run completed it"


def release_before(newest: list[str]) -> tuple[str, str] | None:
    """The latest commit that had the first ones of these migrations and none of the others, and the first that it
    lacked. They may have been written in another order than they are numbered in."""
    folders = ("database/migrations", "migrations")
    for commit in git("log", "--format=%H", "--", *folders).split():
        files = git("ls-tree", "-r", "--name-only", commit, "--", *folders).split()
        had = sorted(name.rpartition("/")[2].removesuffix(".py") for name in files if name.endswith(".py"))
        if had and len(had) < len(newest) and had == newest[: len(had)]:
            return commit, newest[len(had)]
    return None


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def while_serving(engine: str, commit: str, migration: str) -> str:
    with place(engine, ects=PEOPLE) as where:
        go_back_to(where, migration)
        older = where.folder / "older"
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(older, filter="data")
        guard = older / "domain" / "maintenance.py"
        # Releases that went by Python's own SQLite don't start where there is another.
        guard.write_text(guard.read_text().replace(', "apsw")', ")"))
        with served(root=older, log=where.folder / "log", **where.environment) as running:
            stop = threading.Event()
            people = [Confirming(running, each, stop) for each in where.ects]
            for each in people:
                each.start()
            try:
                time.sleep(2)
                before = sum(each.acknowledged for each in people)
                run = migrating(where)
                said = run.communicate(timeout=120)[0]
                assert run.returncode == 0, said
                during = sum(each.acknowledged for each in people)
                until(lambda: sum(each.acknowledged for each in people) > during + PEOPLE)
            finally:
                stop.set()
                for each in people:
                    each.join()
        done = sum(each.acknowledged for each in people)
        with where.served() as running:
            newer = Confirming(running, where.ects[0], threading.Event())
            newer.until_done("part_time" if people[0].acknowledged % 2 == 0 else "full_time")
        assert not (found := where.faults()), found
        return (
            f"brought up to date while the release before served: {before} confirms before, {done - before} during and "
            "after it, none lost, and this release went on from there"
        )


def until(is_so, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "nobody gets on"
        time.sleep(0.1)


def check(where: Place, before: dict[str, int]) -> None:
    assert rows(where) == before
    assert not (found := where.faults()), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    arguments = parser.parse_args()
    for engine in ("sqlite", "postgresql"):
        print(drill(engine, arguments.kills))


if __name__ == "__main__":
    main()
