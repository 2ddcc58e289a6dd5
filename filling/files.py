"""A CSV file that somebody made, as rows: how it is encoded, what separates its cells and which columns it has are
found out. What can't be read is refused in words that say what to do."""

import csv
import re
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
LONGEST_LINE = 2**20
"""Bytes. Whatever has no end of line for so long is no table."""
SAVE_AS_CSV = "Open it in a spreadsheet and save it as “CSV UTF-8”"
NOT_TEXT = {
    b"\xd0\xcf\x11\xe0": f"an old Excel workbook (.xls). {SAVE_AS_CSV}",
    b"%PDF": "a PDF. Ask for the same as CSV",
    b"\x1f\x8b": "compressed (gzip). Unpack it first",
    b"7z\xbc\xaf": "compressed (7-Zip). Unpack it first",
    b"SQLite format 3": "an SQLite database. Ask for the same as CSV",
    b"\xff\xfe": f"in UTF-16 (“Unicode text”). {SAVE_AS_CSV}",
    b"\xfe\xff": f"in UTF-16 (“Unicode text”). {SAVE_AS_CSV}",
    b"<": "a web page or XML. Perhaps a sign-in page was saved instead of the file: download it again",
    b"{": "JSON. Ask for the same as CSV",
    b"[": "JSON. Ask for the same as CSV",
    b"\x89PNG": "a picture. Ask for the same as CSV",
}
"""How files begin that are something else, and what they are."""
NO_VALUE = re.compile(r"#(N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!)|#{3,}")
"""What spreadsheets write for a value that they don't have, or have no room for."""


class Unreadable(Exception):
    """Why nothing can be made of the file at all, in a sentence for whoever made it."""


@dataclass
class Line:
    """One row. `cells`: column → what is there, without the empty ones. `faults`: (column or "", what is there, what
    should be)."""

    number: int
    cells: dict[str, str] = field(default_factory=dict)
    faults: list[tuple[str, str, str]] = field(default_factory=list)


class CsvFile:
    """`columns`: what the file may name in its first line. `mistaken`: as Kind has it (kind.py). Where
    `others_are_ignored` it may have more, and rows may end early: so do those of registers that somebody else makes."""

    def __init__(
        self,
        path: Path,
        columns: Collection[str],
        required: Collection[str],
        mistaken: dict[str, str],
        *,
        others_are_ignored=False,
    ):
        self.path, self.required, self.mistaken, self.others_are_ignored = path, required, mistaken, others_are_ignored
        self.known = {plain(column): column for column in columns}
        refuse_what_is_no_text(path)
        self.encoding = encoding_of(path)
        with path.open("rb") as file:
            self.size = file.seek(0, 2)
            file.seek(-1, 2)
            self.ends_in_a_line = file.read(1) not in b"\r\n"
        self.separator, self.heading, self.heading_ends = self._heading()
        self.done = 0
        """About how many bytes were read."""

    @property
    def description(self) -> str:
        encoding = "Windows-1252" if self.encoding == "cp1252" else "UTF-8"
        return f"{encoding}, separated by {SEPARATORS[self.separator]}"

    def lines(self) -> Iterator[Line]:
        """The rows below the heading, one after the other. Empty ones are passed over."""
        for (number, values), after in pairwise(with_end(self._rows(self.separator, self.heading_ends))):
            self.done += sum(map(len, values)) + len(values)
            if isinstance(values, str):
                yield Line(number, faults=[("", "", values)])
            elif any(value.strip() for value in values):
                yield self._line(number, values, is_last=after is None)

    def _line(self, number: int, values: list[str], is_last: bool) -> Line:
        line, most = Line(number), len(self.heading)
        beyond = [value for value in values[most:] if value.strip()]
        if beyond:
            told = f"{most} cells, as the first line has. A value with {self.separator!r} inside needs quotes around it"
            line.faults.append(("", f"{len(values)} cells", told))
        if len(values) < most and is_last and self.ends_in_a_line:
            line.faults.append(("", f"{len(values)} cells", f"{most} cells: the file ends in the middle of this line"))
        elif len(values) < most and not self.others_are_ignored:
            line.faults.append(("", f"{len(values)} cells", f"{most} cells, as the first line has"))
        for column, value in zip(self.heading, values, strict=False):
            text = value.strip()
            if text.startswith("'") and text[1:2] in tuple("=+-@0123456789"):
                text = text[1:].strip()  # a spreadsheet's mark that this is text
            if column and text:
                self._add(line, column, text)
        return line

    def _add(self, line: Line, column: str, text: str) -> None:
        if "\n" in text or "\r" in text:
            told = "one line. Is a quote missing at its end?"
            line.faults.append((column, shortened(text), told))
        elif NO_VALUE.fullmatch(text):
            told = "a value. That is what a spreadsheet writes where it has none, or no room to show it"
            line.faults.append((column, text, told))
        else:
            line.cells[column] = text

    def _rows(self, separator: str, after: int) -> Iterator[tuple[int, list[str] | str]]:
        """(line, values) from the line after this one on; or (line, why it can't be read)."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            for _ in range(after):
                file.readline()
            reader = csv.reader(file, delimiter=separator, strict=True)
            while True:
                number = after + reader.line_num + 1
                try:
                    yield number, next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    if "expected after" not in str(error):
                        yield number, "Its quotes are never closed: the file was cut off, or a quote is missing"
                        return
                    yield number, "A quote is in the middle of a cell. Inside quotes write it twice"

    def _heading(self) -> tuple[str, list[str], int]:
        """The separator, the columns, and the line they are in. The separator is the one that finds most of them."""
        skipped = self._named_separator()
        found = {}
        for separator in SEPARATORS:
            for number, values in self._rows(separator, skipped):
                if not isinstance(values, str) and any(value.strip() for value in values):
                    names = [self.known.get(plain(value), value.strip()) for value in values]
                    found[separator] = names, number
                    break
        best = max(found, key=lambda each: sum(name in self.known.values() for name in found[each][0]), default=",")
        names, number = found.get(best, ([], 0))
        self._check_heading(names)
        return best, [name if name in self.known.values() else "" for name in names], number

    def _named_separator(self) -> int:
        """How many lines come before the heading: some spreadsheets write `sep=;` there."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            return 1 if re.fullmatch(r"sep=.\s*", file.readline(100)) else 0

    def _check_heading(self, names: list[str]) -> None:
        known = [name for name in names if name in self.known.values()]
        others = [name for name in names if name and name not in self.known.values()]
        if others_words := [words for column, words in self.mistaken.items() if column in names]:
            raise Unreadable(others_words[0])
        if not known:
            there = shortened(" ".join(names)) or "nothing"
            wanted = listed(self.required)
            raise Unreadable(f"The first line must name the columns ({wanted}, …). It has “{there}”.")
        if missing := [column for column in self.required if column not in known]:
            raise Unreadable(f"It lacks the column {listed(missing)}. It has: {listed(names)}.")
        if twice := [name for name in dict.fromkeys(known) if known.count(name) > 1]:
            raise Unreadable(f"It has the column {listed(twice)} twice.")
        if others and not self.others_are_ignored:
            raise Unreadable(
                f"It has a column that nobody knows: {listed(others)}. Take it out, or call it what it is: "
                f"{listed([name for name in self.known.values() if name not in known]) or 'all others are there'}."
            )


def with_end(rows: Iterator) -> Iterator:
    yield from rows
    yield None


def plain(name: str) -> str:
    """A column's name without capitals, spaces and signs: `Last day` is `last_day`."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def listed(names: Collection[str]) -> str:
    return ", ".join(name for name in names if name)


def shortened(text: str, most: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def refuse_what_is_no_text(path: Path) -> None:
    if not path.is_file():
        raise Unreadable("It is a folder." if path.is_dir() else "There is no such file.")
    try:
        with path.open("rb") as file:
            begins = file.read(2**16)
    except OSError as error:
        raise Unreadable(f"It can’t be opened: {error.strerror}.") from None
    if begins.startswith(b"PK"):
        raise Unreadable(f"It is {what_is_packed(path)}.")
    text = begins.lstrip(b"\xef\xbb\xbf \t\r\n")
    for beginning, what in NOT_TEXT.items():
        if begins.startswith(beginning) or (beginning in (b"<", b"{", b"[") and text.startswith(beginning)):
            raise Unreadable(f"It is {what}.")
    if not text:
        raise Unreadable("It is empty.")
    if b"\0" in begins:
        raise Unreadable(f"It is not text. {SAVE_AS_CSV}.")


def what_is_packed(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, OSError):
        return "a zip file, and a broken one. Download it again"
    if any(name.startswith("xl/") for name in names):
        return f"an Excel workbook (.xlsx). {SAVE_AS_CSV}"
    if "mimetype" in names:
        return f"an OpenDocument file (.ods). {SAVE_AS_CSV}"
    return f"a zip file. Unpack it, and bring in what was inside: {shortened(listed(names), 100) or 'nothing'}"


def encoding_of(path: Path) -> str:
    """`utf-8-sig` or `cp1252`. Reads the whole file, for its last line may be what tells."""
    is_utf8 = is_other = 0  # the first line, counted from 1, that can be nothing else
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise Unreadable(f"Line {number} has more than a million letters: this is not a table.")
            if b"\0" in line:
                raise Unreadable(f"Line {number} is not text: the file is broken. Ask for it again.")
            if line.isascii():
                continue
            try:
                line.decode()
                is_utf8 = is_utf8 or number
            except UnicodeDecodeError:
                is_other = is_other or number
                refuse_what_is_not_windows(line, number)
    if is_utf8 and is_other:
        raise Unreadable(
            f"It is in two encodings: line {is_utf8} is UTF-8 and line {is_other} is not, so accents would be lost. "
            f"{SAVE_AS_CSV}, and look at those lines."
        )
    return "cp1252" if is_other else "utf-8-sig"


def refuse_what_is_not_windows(line: bytes, number: int) -> None:
    try:
        line.decode("cp1252")
    except UnicodeDecodeError:
        raise Unreadable(f"Line {number} is neither UTF-8 nor Windows-1252. {SAVE_AS_CSV}.") from None
