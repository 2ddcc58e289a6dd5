"""How long files of the size of the country take to come in, and how much memory: 50,000 schools, 100,000 people.
`python -m tests.bench.filling`."""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from filling.kinds import KINDS
from filling.person import PersonRow
from scenarios.names import FIRST_NAMES, LAST_NAMES
from tests.bench.postgresql import Cluster
from tests.bench.service import ROOT

FIRST_URN, FIRST_TRN = 100_000, 1_000_000
ENVIRONMENT = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
    "TRUSTED_HOSTS": "localhost",
    "OIDC_ISSUER": "https://localhost",
    "OIDC_CLIENT_ID": "register-ects",
    "OIDC_CLIENT_SECRET": "a secret of measurements",
}
PROVIDERS = ("Ambition Institute", "Teach First", "UCL Institute of Education")
BODIES = ("Alpha Teaching School Hub", "Beacon Teaching School Hub")


def write(folder: Path, kind: str, rows: Iterator[dict], encoding: str = "utf-8") -> Path:
    path = folder / f"{kind}.csv"
    titles = list(KINDS[kind].row.titles())
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, titles, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def small_files(folder: Path) -> Iterator[Path]:
    years = ({"year": str(y), "started_on": f"{y}-06-01", "finished_on": f"{y + 1}-05-31"} for y in range(2023, 2027))
    yield write(folder, "contract-periods", years)
    yield write(folder, "lead-providers", ({"name": name, "years": "2023-2026"} for name in PROVIDERS))
    yield write(folder, "appropriate-bodies", ({"name": name, "body_type": "teaching_school_hub"} for name in BODIES))


def schools(many: int) -> Iterator[dict]:
    for number in range(many):
        yield {
            "URN": str(FIRST_URN + number),
            "EstablishmentName": f"St Measure’s School {number}",
            "EstablishmentStatus (name)": "Open",
            "TypeOfEstablishment (name)": "Community school",
        }


def people(many: int, schools: int) -> Iterator[dict]:
    """Half of them mentors, each of one ECT."""
    random = Random(1)  # noqa: S311 - no secret comes from it
    for number in range(many // 2):
        mentor, ect = FIRST_TRN + 2 * number, FIRST_TRN + 2 * number + 1
        urn = str(FIRST_URN + random.randrange(schools))
        for role, trn in (("mentor", mentor), ("ect", ect)):
            first_name, last_name = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
            year = random.choice((2023, 2024, 2025))
            row = {"urn": urn, "role": role, "trn": str(trn), "first_name": first_name, "last_name": last_name}
            row |= {"email": f"{trn}@example.org", "started_on": f"{year}-09-01"}
            if role == "ect" or random.random() < 0.5:
                row |= {"training_programme": "provider_led", "lead_provider": random.choice(PROVIDERS)}
            if role == "ect":
                row |= {"working_pattern": "full_time", "appropriate_body": random.choice(BODIES)}
                row |= {"mentor_trn": str(mentor), "induction_started_on": f"{year}-09-02"}
            yield row


def bring(address: str, kind: str, path: Path, *options: str) -> tuple[float, float, str]:
    """Seconds, megabytes at most, and how many were new, changed and as they were."""
    command = [sys.executable, "-m", "flask", "--app", "app", "import", kind, str(path), *options]
    begun = time.perf_counter()
    environment = {**os.environ, **ENVIRONMENT, "DATABASE_URL": address}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said
    return (
        time.perf_counter() - begun,
        usage.ru_maxrss / 1024,
        next(line for line in said.splitlines() if "new, " in line),
    )


def migrate(address: str) -> None:
    environment = {**os.environ, **ENVIRONMENT, "DATABASE_URL": address}
    command = [sys.executable, "-m", "flask", "--app", "app", "migrate"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def empty(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder}/register.sqlite3"
    else:
        with Cluster(folder / "server").running() as cluster:
            yield cluster.address("register")


def measured(engine: str, many_schools: int, many_people: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="filling-") as name, empty(engine, Path(name)) as address:
        folder = Path(name)
        migrate(address)
        for path in small_files(folder):
            bring(address, path.stem, path)
        files = {
            "schools": write(folder, "schools", schools(many_schools), "cp1252"),
            "people": write(folder, "people", people(many_people, many_schools)),
        }
        for what, kind, options in (
            ("new", "schools", ()),
            ("the same again", "schools", ()),
            ("only checked", "people", ("--check",)),
            ("new", "people", ()),
            ("the same again", "people", ()),
        ):
            seconds, megabytes, said = bring(address, kind, files[kind], *options)
            yield f"{engine:10}  {kind:8} {what:15} {seconds:6.1f} s {megabytes:5.0f} MB   {said}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--schools", type=int, default=50_000)
    parser.add_argument("--people", type=int, default=100_000)
    arguments = parser.parse_args()
    assert PersonRow.required()
    for line in measured(arguments.engine, arguments.schools, arguments.people):
        print(line, flush=True)


if __name__ == "__main__":
    main()
