"""A file that is being brought in is killed (kill -9) at any moment. All of it is there, or nothing; and bringing it in
again does what was to be done."""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from clock import OWN, World, entered
from database import db, open_database
from domain import maintenance
from models import Event, Participant, Teacher
from tests.bench import filling
from tests.bench.service import ROOT

SCHOOLS = 50


def drill(engine: str = "sqlite", kills: int = 20, people: int = 4_000) -> str:
    with tempfile.TemporaryDirectory(prefix="filling-") as name, filling.empty(engine, Path(name)) as address:
        folder, chance = Path(name), random.Random(1)
        filling.migrate(address)
        for path in filling.small_files(folder):
            filling.bring(address, path.stem, path)
        filling.bring(address, "schools", filling.write(folder, "schools", filling.schools(SCHOOLS)))
        half = filling.write(folder, "people", filling.people(people // 2, SCHOOLS)).rename(folder / "half.csv")
        seconds, *_ = filling.bring(address, "people", half)
        whole = filling.write(folder, "people", filling.people(people, SCHOOLS))
        before, after, ended = counted(address), None, {"nothing": 0, "all": 0}
        for number in range(kills):
            # Later and later: while it starts, reads, writes and commits. Half of the file took so many seconds.
            killed_after(address, whole, seconds * chance.uniform(number, number + 1) / kills * 2)
            found = counted(address)
            if found != before:
                after = after or found
                assert found == after, f"{number}: {found}, neither {before} nor {after}"
                assert found[0] == people, found
            ended["nothing" if found == before else "all"] += 1
            assert not (faults := data_faults(address)), faults
            if found == after:
                break
        filling.bring(address, "people", whole)
        assert counted(address)[0] == people
        said = filling.bring(address, "people", whole)[2]
        assert said == f"0 new, 0 changed, {people:,} as they were.", said
        assert not (faults := data_faults(address)), faults
        return (
            f"{engine}: an import of {people:,} people killed {sum(ended.values())} times: {ended['nothing']} times "
            f"nothing of it was there, {ended['all']} times all"
        )


def killed_after(address: str, path: Path, seconds: float) -> None:
    environment = {**os.environ, **filling.ENVIRONMENT, "DATABASE_URL": address}
    command = [sys.executable, "-m", "flask", "--app", "app", "import", "people", str(path)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(0.2)  # a server notices a moment later


def counted(address: str) -> tuple[int, ...]:
    """How many participants, teachers and events there are."""
    return looked_at(address, lambda: tuple(table.select().count() for table in (Participant, Teacher, Event)))


def data_faults(address: str) -> list[str]:
    return looked_at(address, maintenance.data_faults)


def looked_at(address: str, look):
    db.initialize(open_database(address))
    with entered(World(OWN)), db.connection_context():
        found = look()
    db.obj.close_all()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    for engine in ("sqlite", "postgresql"):
        print(drill(engine, parser.parse_args().kills))


if __name__ == "__main__":
    main()
