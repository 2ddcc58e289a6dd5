"""What may stand in a cell: types for the columns of a kind of file, each with what it allows in words. The words are
in docs/filling.md and in every refusal."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

from domain.participants import cleaned, is_email_address
from vocabulary import folded

LONGEST_NAME = 255
EARLIEST, LATEST = date(1950, 1, 1), date(2100, 12, 31)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SPREADSHEETS_FIRST_DAY = date(1899, 12, 30)


class Allowed(str):
    """What may stand in a cell, in words."""


def cell(read: Callable[[str], Any], allowed: str) -> Any:
    """A type whose values `read` makes of a cell's text. It raises ValueError for any other text, with whatever more
    can be said of it."""
    return Annotated[Any, BeforeValidator(read), Allowed(allowed)]


def allowed(field) -> str:
    """What the cells of this pydantic field may be."""
    return next(str(each) for each in field.metadata if isinstance(each, Allowed))


# --- names and addresses -------------------------------------------------------------------------------------


def name(text: str) -> str:
    text = cleaned(text)
    if "\ufffd" in text:
        raise ValueError("A letter was lost when this file was saved: ask for it again, in UTF-8")
    if (meant := misread(text)) != text:
        raise ValueError(f"It was saved in the wrong encoding. Is it {meant}?")
    if not folded(text).strip():
        raise ValueError("There is no letter in it")
    return short_enough(text)


def short_enough(text: str) -> str:
    if len(text) > LONGEST_NAME:
        raise ValueError(f"It has {len(text)} letters")
    return text


def misread(text: str) -> str:
    """What the text was before it was taken for Windows-1252 though it was UTF-8; the same text if it wasn't."""
    try:
        return text.encode("cp1252").decode() if not text.isascii() else text
    except UnicodeError:
        return text


def email(text: str) -> str:
    text = cleaned(text)
    if not is_email_address(text):
        found = re.search(r"[^\s<>:;,\"']+@[^\s<>:;,\"']+", text)
        inside = found and is_email_address(found[0]) and found[0]
        raise ValueError(f"Is it {inside}?" if inside else "")
    return short_enough(text)


Name = cell(name, f"words, up to {LONGEST_NAME} letters")
Email = cell(email, "one email address, such as ada.moss@example.org")


# --- numbers that name somebody or something -------------------------------------------------------------------


def hint_for(text: str, least: int, most: int) -> str:
    """What a spreadsheet may have done to a number of so many figures."""
    figures = re.sub(r"[.,]0+$", "", text)
    if re.search(r"[eE]\+?\d", text):
        return "A spreadsheet made a number of it and has lost its last figures: take it from where it came from"
    if figures != text and least <= len(figures) <= most and figures.isdecimal():
        return f"A spreadsheet made a number of it. Is it {figures}?"
    return ""


def trn(text: str) -> str:
    figures = re.sub(r"^(RP)|[\s/]", "", text, flags=re.IGNORECASE)
    if lost := re.fullmatch(r"([0-9]{6})([.,]0+)?", figures):
        zeros = "Spreadsheets take zeros away that stand in front"
        raise ValueError(f"{zeros}. Is it 0{lost[1]}? Make the column text before you type them")
    if not re.fullmatch(r"[0-9]{7}", figures):
        raise ValueError(hint_for(figures, 7, 7))
    return figures


def urn(text: str) -> str:
    figures = re.sub(r"\s", "", text)
    if not re.fullmatch(r"[1-9][0-9]{4,5}", figures):
        without_zeros = figures.lstrip("0")
        is_padded = figures != without_zeros and re.fullmatch(r"[1-9][0-9]{4,5}", without_zeros)
        raise ValueError(f"Is it {without_zeros}?" if is_padded else hint_for(figures, 6, 6))
    return figures


def year(text: str) -> int:
    if not re.fullmatch(r"20[2-9][0-9]", text):
        academic = re.match(r"(20[2-9][0-9])[/–-]", text)
        raise ValueError(f"Write the year in which it begins: {academic[1]}" if academic else "")
    return int(text)


def years(text: str) -> tuple[int, ...]:
    """Such as `2023 2024` or `2021-2025`."""
    found: set[int] = set()
    for part in re.split(r"[\s,;]+", re.sub(r"\s*[-–]\s*", "-", text).strip(" ,;")):
        ends = re.fullmatch(r"(20[2-9][0-9])(?:-(20[2-9][0-9]))?", part)
        if not ends or int(ends[1]) > int(ends[2] or ends[1]):
            raise ValueError(f"“{part}” is none of that")
        found.update(range(int(ends[1]), int(ends[2] or ends[1]) + 1))
    return tuple(sorted(found))


Trn = cell(trn, "7 figures, such as 1234567")
Urn = cell(urn, "5 or 6 figures, such as 123456")
Year = cell(year, "a year in 4 figures, 2020 or later")
Years = cell(years, "years in 4 figures with spaces between, such as 2023 2024, or from – to, such as 2021-2025")


# --- days ------------------------------------------------------------------------------------------------------


def day(text: str) -> date:
    """Such as 2025-09-01, 1/9/2025 or 1 September 2025, midnight beside it or not."""
    text = re.sub(r"[T\s]+0?0:00(:00(\.0+)?)?Z?$", "", text)
    if iso := re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", text, re.ASCII):
        return real_day(int(iso[1]), int(iso[2]), int(iso[3]))
    if british := re.fullmatch(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2}|\d{4})", text, re.ASCII):
        return real_day(full_year(british[3]), int(british[2]), int(british[1]))
    words = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?[-/. ]+([A-Za-z]{3,9})\.?[-/., ]+(\d{2}|\d{4})", text, re.ASCII)
    if words and (month := words[2].lower())[:3] in MONTHS and is_month(month):
        return real_day(full_year(words[3]), MONTHS.index(month[:3]) + 1, int(words[1]))
    if re.fullmatch(r"[2-6]\d{4}(\.0+)?", text, re.ASCII):
        meant = SPREADSHEETS_FIRST_DAY + timedelta(int(float(text)))
        raise ValueError(f"A spreadsheet made a number of it. Is it {meant}? Make the column a date and save it again")
    if re.search(r"\d:\d\d", text):
        raise ValueError("Take the time of day away")
    raise ValueError("")


def is_month(word: str) -> bool:
    """`sep`, `sept` and `september`, for instance."""
    full = datetime(2000, MONTHS.index(word[:3]) + 1, 1).strftime("%B").lower()  # noqa: DTZ001 - only its name
    return full.startswith(word)


def full_year(figures: str) -> int:
    if len(figures) == 2:
        raise ValueError(f"Write the year in 4 figures: 20{figures}?")
    return int(figures)


def day_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def real_day(year: int, month: int, day: int) -> date:
    found, turned = day_or_none(year, month, day), day_or_none(year, day, month)
    if month > 12 and turned:
        raise ValueError(f"There is no month {month}. The day comes before the month: is it {turned}?")
    if not found:
        raise ValueError("There is no such day")
    if not EARLIEST <= found <= LATEST:
        raise ValueError(f"It is not between {EARLIEST.year} and {LATEST.year}")
    return found


Day = cell(day, "a date, such as 2025-09-01, 1/9/2025 or 1 September 2025")


# --- one of some values ------------------------------------------------------------------------------------------


def choice(*values: str) -> Any:
    """One of these, however it is written: `Full time` is `full_time`."""
    known = {plain_value(value): value for value in values}

    def read(text: str) -> str:
        if plain_value(text) not in known:
            raise ValueError("")
        return known[plain_value(text)]

    return cell(read, f"one of {', '.join(values)}" if len(values) > 2 else " or ".join(values))


def plain_value(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def yes_or_no(text: str) -> bool:
    found = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}
    if text.lower() not in found:
        raise ValueError("")
    return found[text.lower()]


YesNo = cell(yes_or_no, "yes or no")
