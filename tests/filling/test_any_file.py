"""Whatever a file of people says: it is refused and nothing is changed, or it comes in, the data are right, and the
same file changes nothing more. What goes out comes in again and changes nothing, and makes the same people elsewhere.

HYPOTHESIS_PROFILE=nightly tries many more, and others every night.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st

from clock import clock_at
from database import db, elsewhere, migrate
from filling.commands import as_csv, example_of
from filling.export import people_at
from filling.files import Unreadable
from filling.imports import Import
from filling.kinds import KINDS
from filling.people import People
from filling.person import PersonRow
from models import School
from scenarios import large
from tests.conftest import IS_NIGHTLY, TODAY
from tests.filling.conftest import brought_in
from tests.invariants import check_always
from tests.reports import stored

SEED = secrets.randbelow(2**32) if IS_NIGHTLY else 0
EXAMPLES = settings(
    max_examples=400 if IS_NIGHTLY else 6,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
FILES = {
    "contract-periods": "year,started_on,finished_on\n"
    + "".join(f"{year},{year}-06-01,{year + 1}-05-31\n" for year in range(2022, 2028)),
    "lead-providers": "name,years\nAmbition Institute,2022-2027\nTeach First,2024 2025\n",
    "appropriate-bodies": "name,body_type\nAlpha,national\nBeacon,local_authority\n",
    "schools": "URN,EstablishmentName,EstablishmentStatus (name),TypeOfEstablishment (name)\n"
    + "".join(f"90010{number},School {number},Open,Community school\n" for number in range(3)),
}


@pytest.fixture(autouse=True)
def as_a_command(deployed):
    """What is refused is told with the service’s settings."""
    with deployed.app_context():
        yield


@pytest.fixture(scope="module")
def templates(tmp_path_factory) -> dict[str, Path]:
    """An empty database, and one with everything that people need."""
    folder = tmp_path_factory.mktemp("templates")
    found = {"empty": folder / "empty.sqlite3", "filled": folder / "filled.sqlite3"}
    with on(found["empty"]):
        pass
    shutil.copy(found["empty"], found["filled"])
    with on(found["filled"]):
        for kind, text in FILES.items():
            assert bring(kind, text, folder)
    return found


@contextmanager
def on(file: Path) -> Iterator[None]:
    """Things are done on this database, on 20 April 2026."""
    file.touch()
    with elsewhere(file), clock_at(TODAY):
        migrate()
        with db.connection_context():
            yield


def bring(kind: str, text: str, folder: Path) -> bool:
    return brought_in(KINDS[kind](), text, folder)


def out() -> list[dict[str, str]]:
    """Each school's people as lines of a file."""
    return [row for school in School.select() for row in people_at(school)[0]]


# --- files of any people -----------------------------------------------------------------------------------------

days = st.dates(date(2022, 9, 1), date(2026, 12, 31)).map(str)


def sometimes(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), values)


TRNS = [str(9_000_000 + number) for number in range(12)]
COMMON = {
    "urn": st.sampled_from(["900100", "900101", "900102"]),
    "first_name": st.sampled_from(["Zoë", "=Ada", "'t", "Ng,"]),
    "last_name": st.sampled_from(["Ó Briain", "Moss", ".x", '"Quote"']),
    "email": sometimes(st.sampled_from(["a@example.org", "B@example.org"])),
    "started_on": days,
    "last_day": sometimes(days),
    "lead_provider": st.sampled_from(["", "Ambition Institute", "Ambition Institute", "teach first"]),
    "contract_period": sometimes(st.sampled_from(["2023", "2024", "2025"])),
    "schedule": sometimes(st.sampled_from(["ecf-standard-april", "ecf-extended-september"])),
    "training_started_on": sometimes(days),
}
ECT = COMMON | {
    "role": st.just("ect"),
    "training_programme": st.sampled_from(["provider_led", "school_led"]),
    "working_pattern": sometimes(st.sampled_from(["full_time", "Part time"])),
    "appropriate_body": sometimes(st.sampled_from(["Alpha", "beacon"])),
    "mentor_trn": sometimes(st.sampled_from(TRNS)),
    "induction_started_on": sometimes(days),
    "induction_finished_on": sometimes(days),
    "induction_outcome": st.sampled_from(["", "", "pass", "fail"]),
    "induction_body": sometimes(st.just("Alpha")),
    "induction_status": sometimes(st.sampled_from(["InProgress", "Exempt", "Passed"])),
}
MENTOR = COMMON | {
    "role": st.just("mentor"),
    "training_programme": st.just(""),
    "funding_ended_on": sometimes(days),
    "funding_end_reason": sometimes(st.just("started_not_completed")),
}
LIKELY = {"last_day": "", "contract_period": "", "schedule": "", "training_started_on": "", "funding_ended_on": ""}
LIKELY |= {"induction_finished_on": "", "induction_outcome": "", "induction_body": "", "funding_end_reason": ""}


@st.composite
def rows(draw) -> list[dict[str, str]]:
    """Some lines, most of which are right: what is rarely so is so in one of five."""
    found, names = [], {}
    for _ in range(draw(st.integers(1, 5))):
        columns = draw(st.sampled_from([ECT, MENTOR]))
        row = {name: draw(values) for name, values in columns.items()}
        row["trn"] = draw(st.sampled_from(TRNS))
        if draw(st.integers(0, 4)):
            row |= {name: value for name, value in LIKELY.items() if name in row}
            row["started_on"] = draw(st.sampled_from(["2024-09-02", "2025-09-01"]))
        if row.get("training_programme") == "school_led":
            row |= {"lead_provider": "", "contract_period": "", "schedule": ""}
        elif row["role"] == "ect" or not row["lead_provider"]:
            needs = {"lead_provider": row["lead_provider"] or "Ambition Institute"} if row["role"] == "ect" else {}
            row |= needs or {"contract_period": "", "schedule": "", "training_started_on": ""}
        if row.get("induction_started_on") and not row["appropriate_body"]:
            row["appropriate_body"] = "Alpha"
        mentors = [each["trn"] for each in found if each["role"] == "mentor" and each["urn"] == row["urn"]]
        if row.get("mentor_trn") and draw(st.integers(0, 5)):
            row["mentor_trn"] = draw(st.sampled_from(mentors)) if mentors else ""
        first = names.setdefault(row["trn"], row)
        row |= {name: first[name] for name in ("first_name", "last_name")}
        found.append(row)
    return found


@seed(SEED)
@EXAMPLES
@given(first=rows(), second=rows())
def test_any_file(templates, tmp_path, first, second):
    """What goes out is of all schools together: somebody may be at two."""
    file, another = tmp_path / "people.sqlite3", tmp_path / "elsewhere.sqlite3"
    for copy in (file, another):
        shutil.copy(templates["filled"], copy)
    with on(file):
        came_in = [bring_twice(as_csv(PersonRow, lines), tmp_path) for lines in (first, second)]
        assume(any(came_in))
        there, before = out(), stored()
        assert bring("people", as_csv(PersonRow, there), tmp_path)
        assert stored() == before
    if sum(came_in) == 1:  # what two files have brought is a history, of which a file has the end
        with on(another):
            assert bring("people", as_csv(PersonRow, there), tmp_path)
            assert out() == there


def bring_twice(text: str, folder: Path) -> bool:
    if not bring("people", text, folder):
        return False
    check_always()
    before = stored()
    assert bring("people", text, folder)
    assert stored() == before
    return True


# --- worlds in which anything may have happened --------------------------------------------------------------------


@seed(SEED)
@settings(EXAMPLES, max_examples=100 if IS_NIGHTLY else 2)
@given(chance=st.integers(0, 10**6), later=st.integers(0, 400))
def test_what_goes_out_of_any_world_changes_nothing(templates, tmp_path, chance, later):
    """Withdrawn, deferred, resumed, moved, changed, leaving, gone, passed: on the day itself and on later ones."""
    file = tmp_path / "world.sqlite3"
    shutil.copy(templates["empty"], file)
    with on(file):
        for _ in large.add_schools(3, chance, 6):
            pass
        with clock_at(TODAY + timedelta(days=later)):
            before = stored()
            for school in School.select():
                assert bring("people", as_csv(PersonRow, people_at(school)[0]), tmp_path)
            assert stored() == before


# --- files of any bytes --------------------------------------------------------------------------------------------

SPOILT = [
    b"\r",
    b"\n",
    b'"',
    b'""',
    b",",
    b";",
    b"\t",
    b"\0",
    b"\xef\xbb\xbf",
    b"\x81",
    "É".encode(),
    "É".encode("cp1252"),
]
SPOILT += [b"'", b"=", b"#N/A", b"45901", b"1E+06", b"sep=;\n", b" " * 50, b"\x1a", "\u2028".encode(), b"\x0b", b"\x1c"]
GOOD = {
    "people": example_of(People).encode(),
    "schools": FILES["schools"].encode("cp1252"),
    "contract-periods": FILES["contract-periods"].encode(),
}
splices = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 8), st.sampled_from(SPOILT)), max_size=6)


@seed(SEED)
@settings(EXAMPLES, max_examples=2000 if IS_NIGHTLY else 25)
@given(kind=st.sampled_from(sorted(GOOD)), cut=st.integers(0, 500), splices=splices, rubbish=st.binary(max_size=60))
def test_any_bytes(templates, tmp_path, kind, cut, splices, rubbish):
    """Each is read, or refused with words; nothing else ever comes of it."""
    file, path = tmp_path / "any.sqlite3", tmp_path / "any.csv"
    shutil.copy(templates["filled"], file)
    content = bytearray(GOOD[kind] if cut > 20 else rubbish)
    for place, length, what in splices:
        content[place : place + length] = what
    path.write_bytes(content[:cut] if cut < 300 else content)
    with on(file):
        before = stored()
        try:
            done = Import(KINDS[kind](), path)
        except Unreadable:
            return
        done.read(lambda: None)
        done.write(lambda rows: None, is_check=False)
        for line, _, _, words in done.faults():
            assert line > 0
            assert words
            assert "database" not in words
        assert stored() == before or not done.is_faulty
        done.close()
