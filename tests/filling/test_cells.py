"""What may stand in a cell, as people and spreadsheets write it, and what is said of what may not."""

from datetime import date

import pytest

from filling import cells

FIRST = date(2025, 9, 1)

READ = {
    cells.day: {
        FIRST: ["2025-09-01", "1/9/2025", "01/09/2025", "1.9.2025", "1-Sep-2025", "2025-09-01T00:00:00Z", "2025/9/1"],
        date(2025, 9, 2): ["2 September 2025", "2nd Sept 2025", "02 sep 2025", "2025-09-02 00:00:00", "2/9/2025 0:00"],
        date(2024, 2, 29): ["29/2/2024", "29 February 2024"],
    },
    cells.trn: {"1234567": ["1234567", "12/34567", "RP 12/34567", "123 4567"], "0012345": ["0012345"]},
    cells.urn: {"123456": ["123456", "123 456"], "20001": ["20001"]},
    cells.year: {2025: ["2025"]},
    cells.years: {
        (2023, 2024): ["2023 2024", "2023, 2024", "2023;2024", "2024 2023 2024", "2023-2024", "2023 – 2024"],
        (2021, 2023, 2024, 2025): ["2021 2023-2025"],
    },
    cells.email: {"ada.moss@example.org": ["ada.moss@example.org", " ada.moss@example.org\u200b"]},
    cells.name: {"Zoë O’Neill-Šimić": ["Zoë  O’Neill-Šimić", "Zoe\u0308 O’Neill-S\u030cimic\u0301"], "Ng": ["Ng"]},
    cells.yes_or_no: {True: ["yes", "Y", "TRUE", "1"], False: ["no", "n", "False", "0"]},
}
CASES = [(read, text, value) for read, values in READ.items() for value, texts in values.items() for text in texts]


@pytest.mark.parametrize(("read", "text", "value"), CASES)
def test_what_is_read(read, text, value):
    assert read(text) == value


REFUSED = {
    cells.day: {
        "13/31/2025": "There is no such day",
        "9/31/2025": "There is no such day",
        "2025-31-09": "There is no such day",
        "2025-31-08": "There is no month 31. The day comes before the month: is it 2025-08-31?",
        "9/13/2025": "There is no month 13. The day comes before the month: is it 2025-09-13?",
        "31/9/2025": "There is no such day",
        "29/2/2025": "There is no such day",
        "1/9/25": "Write the year in 4 figures: 2025?",
        "1-Sep-25": "Write the year in 4 figures: 2025?",
        "45901": "A spreadsheet made a number of it. Is it 2025-09-01?",
        "45901.0": "A spreadsheet made a number of it. Is it 2025-09-01?",
        "1/9/1925": "It is not between 1950 and 2100",
        "2025-09-01 14:30": "Take the time of day away",
        "September 2025": "",
        "1 Septembre 2025": "",
        "soon": "",
        "١/٩/٢٠٢٥": "",
        "0": "",
    },
    cells.trn: {
        "9999": "",
        "12345": "",
        "123456": "Spreadsheets take zeros away that stand in front. Is it 0123456?",
        "123456.0": "Is it 0123456?",
        "12345678": "",
        "1234567.0": "A spreadsheet made a number of it. Is it 1234567?",
        "1.23E+06": "has lost its last figures",
        "１２３４５６７": "",
        "A234567": "",
    },
    cells.urn: {
        "1234": "",
        "0123456": "Is it 123456?",
        "123456.00": "Is it 123456?",
        "1234567": "",
        "1.2E+5": "has lost its last figures",
    },
    cells.year: {"25": "", "2025/26": "Write the year in which it begins: 2025", "2019": "", "2025.0": ""},
    cells.years: {"2024-2022": "“2024-2022” is none of that", "24": "“24” is none of that", "2024 to 2025": "“to” is"},
    cells.email: {
        "ada.moss": "",
        "ada@moss@example.org": "",
        "Ada Moss <ada.moss@example.org>": "Is it ada.moss@example.org?",
        "mailto:ada.moss@example.org": "Is it ada.moss@example.org?",
        "ada.moss@example.org; a.moss@example.org": "Is it ada.moss@example.org?",
        "ada.moss@example": "",
    },
    cells.name: {"123": None, "?": "There is no letter in it", "JosÃ©": "Is it José?", "Oâ€™Neill": "Is it O’Neill?"},
    cells.yes_or_no: {"maybe": "", "ja": ""},
}
WRONG = [(read, text, words) for read, texts in REFUSED.items() for text, words in texts.items() if words is not None]


@pytest.mark.parametrize(("read", "text", "words"), WRONG)
def test_what_is_refused_and_what_may_have_been_meant(read, text, words):
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - its words are looked at
        read(text)
    assert words in str(refused.value) if words else str(refused.value) == ""
