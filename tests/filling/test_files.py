"""Files as people make them: what is read of them, and what those that can't be read are told."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from filling.files import Unreadable
from filling.imports import Import
from filling.organisations import AppropriateBodies, AppropriateBodyRow

GOOD = "name,body_type\nÉcole Panel,national\nBeacon Hub,teaching_school_hub\n"
THERE = [("École Panel", "national"), ("Beacon Hub", "teaching_school_hub")]


def saved(folder: Path, content: bytes) -> Import:
    path = folder / "bodies.csv"
    path.write_bytes(content)
    return Import(AppropriateBodies(), path)


def faults_of(done: Import) -> Iterator[tuple[int, str, str, str]]:
    with closing(done):
        done.read(lambda: None)
        yield from done.faults()


def zipped(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(name, "…")
    return packed.getvalue()


READ = {
    "UTF-8": GOOD.encode(),
    "with a byte order mark": GOOD.encode("utf-8-sig"),
    "Windows-1252": GOOD.encode("cp1252"),
    "semicolons": GOOD.replace(",", ";").encode(),
    "tabs": GOOD.replace(",", "\t").encode(),
    "the separator named": f"sep=;\n{GOOD.replace(',', ';')}".encode(),
    "Windows' ends of lines": GOOD.replace("\n", "\r\n").encode(),
    "old ends of lines": GOOD.replace("\n", "\r").encode(),
    "without an end": GOOD.rstrip().encode(),
    "all in quotes": "\n".join('"' + line.replace(",", '","') + '"' for line in GOOD.splitlines()).encode(),
    "empty lines": GOOD.replace("\n", "\n\n,\n").encode(),
    "empty columns": "\n".join(f"{line},,," for line in GOOD.splitlines()).encode(),
    "columns in another order": b"body_type,name\nnational,\xc3\x89cole Panel\nteaching_school_hub,Beacon Hub\n",
    "columns as people write them": GOOD.replace("body_type", " Body Type ").encode(),
    "values as people write them": GOOD.replace("teaching_school_hub", "Teaching school hub").encode(),
    "spaces, and what nobody sees": GOOD.replace("Beacon", "\u00a0Beacon\u200b ").encode(),
    "accents apart": GOOD.replace("É", "E\u0301").encode(),
}


@pytest.mark.parametrize("how", READ)
def test_files_as_programs_save_them(tmp_path, how):
    lines = saved(tmp_path, READ[how]).file.lines()
    rows = [AppropriateBodyRow.read(line.number, line.cells) for line in lines]
    assert [(row.name, row.body_type) for row in rows] == THERE


REFUSED = {
    "nothing": (b"", "It is empty."),
    "a mark only": (b"\xef\xbb\xbf\r\n", "It is empty."),
    "a zip": (zipped("schools.csv"), "It is a zip file. Unpack it, and bring in what was inside: schools.csv"),
    "half a zip": (zipped("schools.csv")[:40], "It is a zip file, and a broken one. Download it again"),
    "a workbook": (zipped("xl/sheet"), "It is an Excel workbook (.xlsx). Open it in a spreadsheet and save it as"),
    "OpenDocument": (zipped("mimetype"), "It is an OpenDocument file (.ods). Open it in a spreadsheet"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "It is an old Excel workbook (.xls)"),
    "a PDF": (b"%PDF-1.7\n", "It is a PDF. Ask for the same as CSV"),
    "compressed": (b"\x1f\x8b\x08", "It is compressed (gzip). Unpack it first"),
    "a page": (b"\n<!doctype html><title>Sign in", "It is a web page or XML. Perhaps a sign-in page was saved"),
    "JSON": (b'[{"name": "Beacon"}]', "It is JSON. Ask for the same as CSV"),
    "Unicode text": (GOOD.encode("utf-16"), "It is in UTF-16 (“Unicode text”). Open it"),
    "bytes": (b"name,body_type\n\0\0", "It is not text."),
    "no columns": (b"Beacon Hub,national\n", "The first line must name the columns (name, body_type, …). It has “B"),
    "a column is missing": (b"name,town\nBeacon,Leeds\n", "It lacks the column body_type. It has: name, town."),
    "a column too many": (b"name,body_type,town\n", "It has a column that nobody knows: town."),
    "a column twice": (b"name,Name,body_type\n", "It has the column name twice."),
    "two encodings": (GOOD.encode() + b"Se\xf1or,national\n", "in two encodings: line 2 is UTF-8 and line 4"),
    "no encoding": (b"name,body_type\nBeacon\x81,national\n", "Line 2 is neither UTF-8 nor Windows-1252."),
    "one line": (b"name,body_type\n" + b"a" * 2**21, "Line 2 has more than a million letters"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_such_file_is_told_what_it_is(tmp_path, what):
    content, words = REFUSED[what]
    with pytest.raises(Unreadable) as refused:
        saved(tmp_path, content)
    assert words in str(refused.value)


def test_files_that_are_not_there(flask, tmp_path):
    assert "There is no such file." in flask("import", "schools", tmp_path / "nowhere.csv", fails=True)
    assert "It is a folder." in flask("import", "schools", tmp_path, fails=True)


ROWS = {
    "cut off in the middle": (
        "Beacon Hub,national\nAlph",
        3,
        "",
        "1 cells",
        "the file ends in the middle of this line",
    ),
    "cut off in quotes": ('Beacon Hub,national\n"Alpha', 3, "", "", "Its quotes are never closed"),
    "too few cells": ("Beacon Hub\nAlpha,national\n", 2, "", "1 cells", "2 cells, as the first line has"),
    "too many cells": (
        "Beacon, the Hub,national\n",
        2,
        "",
        "3 cells",
        "A value with ',' inside needs quotes around it",
    ),
    "a quote inside": ('"Beacon "the" Hub",national\n', 2, "", "", "Inside quotes write it twice"),
    "over lines": ('"Beacon\nHub",national\n', 2, "name", "Beacon Hub", "one line. Is a quote missing at its end?"),
    "no value": ("#REF!,national\n", 2, "name", "#REF!", "what a spreadsheet writes where it has none"),
    "no room": ("Beacon,########\n", 2, "body_type", "####", "or no room to show it"),
    "nothing": (",national\n", 2, "name", "", "words, up to 255 letters. It must be filled in"),
    "no such value": ("Beacon,hub\n", 2, "body_type", "hub", "one of local_authority, national, teaching_school_hub"),
    "too long": (f"{'n' * 300},national\n", 2, "name", "nnn", "It has 300 letters"),
    "no letter": ("-,national\n", 2, "name", "-", "There is no letter in it"),
    "lost": ("\ufffdcole,national\n", 2, "name", "", "A letter was lost when this file was saved"),
    "misread": ("Ã‰cole,national\n", 2, "name", "Ã‰cole", "It was saved in the wrong encoding. Is it École?"),
    "twice": ("Beacon,national\nAlpha,national\nBEACON,national\n", 4, "", "line 2 again", "Line 2 is about the same"),
    "after an empty line": ("\n\nBeacon,hub\n", 4, "body_type", "hub", "one of"),
    "after one of several lines": ('"Beacon\nHub",national\nAlpha,hub\n', 4, "body_type", "hub", "one of"),
}


@pytest.mark.parametrize("what", ROWS)
def test_every_row_that_is_wrong_is_named_with_line_column_and_what_is_allowed(tmp_path, what):
    rows, line, column, there, allowed = ROWS[what]
    faults = list(faults_of(saved(tmp_path, f"name,body_type\n{rows}".encode())))
    assert any(told[:2] == (line, column) and there in told[2] and allowed in told[3] for told in faults), faults


def test_all_errors_are_told_and_saved_as_a_file_to_hand_back(bring, tmp_path):
    rows = "".join(f"Body {number},{'national' if number % 2 else '=1+1'}\n" for number in range(410))
    path = tmp_path / "errors.csv"
    said = bring("appropriate-bodies", f"name,body_type\n{rows}", "--errors", path, fails=True)
    assert "205 lines are not right, so nothing was changed." in said
    assert f"… and 5 more. All are in {path}" in said
    assert "By column: body_type 205." in said
    saved = path.read_text("utf-8-sig").splitlines()
    assert len(saved) == 206
    assert saved[0] == "line,column,what is there,what is allowed"
    assert saved[1] == """2,body_type,'=1+1,"one of local_authority, national, teaching_school_hub\""""


def test_a_long_file_is_not_kept_in_memory(tmp_path):
    """Six hundred lines that are all wrong."""
    rows = "".join(f"Body number {number} of this file,nothing\n" for number in range(600))
    done = saved(tmp_path, f"name,body_type\n{rows}".encode())
    tracemalloc.start()
    assert sum(1 for _ in faults_of(done)) == 600
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**17, f"{most:,} bytes"
