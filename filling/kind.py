"""What all kinds of file have in common: the columns, which say themselves what may stand in them, and what is done
with the rows."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from filling.cells import allowed


def column(description: str, *, title: str | None = None, required: bool = False) -> Any:
    """A column, and what it means. Its cells may be empty, or the file be without it, unless it is `required`. `title`:
    its name in the file, where that isn't the field's."""
    return Field(... if required else None, title=title, description=description)


class Row(BaseModel):
    """A row whose every cell is one that is allowed. A kind's own class has its columns."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    _line: int = PrivateAttr(0)
    _cells: dict[str, str] = PrivateAttr(default_factory=dict)
    _told: set[str] = PrivateAttr(default_factory=set)

    @property
    def line(self) -> int:
        return self._line

    @property
    def whose(self) -> str:
        """Whom or what the row is about, by name."""
        return self.name

    @classmethod
    @cache
    def titles(cls) -> dict[str, str]:
        """Column as the file names it → field."""
        return {field.title or name: name for name, field in cls.model_fields.items()}

    @classmethod
    def title(cls, name: str) -> str:
        return cls.model_fields[name].title or name

    @classmethod
    def required(cls) -> list[str]:
        return [field.title or name for name, field in cls.model_fields.items() if field.is_required()]

    @classmethod
    def read(cls, line: int, cells: dict[str, str]) -> "Row":
        """Raises NotAllowed with all that is wrong with these cells: column → text."""
        titles = cls.titles()
        try:
            row = cls.model_validate({titles[title]: text for title, text in cells.items()})
        except ValidationError as error:
            raise NotAllowed([fault_of(cls, each, cells) for each in error.errors()]) from None
        row._line, row._cells, row._told = line, cells, {titles[title] for title in cells}
        if faults := [(cls.title(name), cells.get(cls.title(name), ""), words) for name, words in row.faults()]:
            raise NotAllowed(faults)
        return row

    def says(self, *names: str) -> bool:
        """Whether any of these fields is filled in."""
        return any(name in self._told for name in names)

    def faults(self) -> Iterator[tuple[str, str]]:
        """(field, what should be there) of cells that don't fit together."""
        return iter(())


class NotAllowed(Exception):
    """`faults`: (column, what is there, what is allowed) for each cell of a row that may not be as it is."""

    def __init__(self, faults: list[tuple[str, str, str]]):
        super().__init__(faults)
        self.faults = faults


def fault_of(row: type[Row], error: dict, cells: dict[str, str]) -> tuple[str, str, str]:
    name = error["loc"][0]
    hint = "It must be filled in" if error["type"] == "missing" else str(error.get("ctx", {}).get("error", ""))
    words = ". ".join(filter(None, (allowed(row.model_fields[name]), hint)))
    return row.title(name), cells.get(row.title(name), ""), words


Changes = dict[str, tuple[object, object]]
"""Field → what it was, and what it is now."""


R = TypeVar("R", bound=Row)


class Kind(Generic[R]):
    """One kind of file. Its class is all that there is to say of it."""

    name: ClassVar[str]
    title: ClassVar[str]
    """What its rows are, in the plural."""
    row: ClassVar[type[Row]]
    example: ClassVar[str]
    """A file that can be brought in once those of the kinds before it are there, with room for the days of today."""
    others_are_ignored: ClassVar[bool] = False
    """Whether the file may have other columns, and rows that end early."""
    mistaken: ClassVar[dict[str, str]] = {}
    """A column that only another file has, for which this one is easily mistaken → what to do then."""

    def key(self, row: R) -> str:
        """What the row is known by. A file has it once."""
        raise NotImplementedError

    def group(self, row: R) -> str:  # noqa: ARG002 - kinds that need groups look at it
        """Rows with the same are brought in together, in the order of the file; groups in the order of this."""
        return ""

    @property
    def steps(self) -> tuple[Callable, ...]:
        """What is done with all rows, part by part: one step after the other."""
        return (self.bring_in,)

    def bring_in(self, rows: list[R], report) -> None:
        """`report`: the import (imports.py), which is told what is done with each row."""
        raise NotImplementedError

    def begin(self) -> None:
        """Before any row is written, in the same transaction."""

    def end(self) -> None:
        """All rows were looked at. Raises Unreadable where the file as a whole won't do."""
