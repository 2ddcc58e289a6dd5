"""Pages of lists: which rows are on one, what is answered, where the next one begins, and how to ask later for what has
changed."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import Response, g, request
from peewee import EnclosedNodeList, Field, Node, Value

from clock import now
from database import MomentField
from models import MOST_ID
from views.lead_provider_api import as_json, unless_known, zipped

AT_ONCE = 500
"""How many rows of a long list are looked up together."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_SECONDS = 10**11


@dataclass(frozen=True)
class Cursor:
    """Where a page ended: the sorted value of its last row and that row's id; and from when on to ask for what changed
    since then, by what those knew who told the pages so far."""

    sort: str
    value: datetime
    id: int
    since: int

    def __str__(self) -> str:
        parts = [self.sort, microseconds(self.value), self.id, self.since]
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def cursor_in(text: str) -> Cursor | None:
    """The cursor that was once given as `text`; ValueError for anything else. None for nothing at all."""
    if not text:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        sort, value, row_id, since = parts
        is_whole = all(type(each) is int for each in (value, row_id, since))
        if not is_whole or not isinstance(sort, str) or not 0 <= row_id <= MOST_ID:
            raise ValueError
        return Cursor(sort, EPOCH + timedelta(microseconds=value), row_id, microseconds(moment_of(since)))
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError):
        raise ValueError("must be taken from links.next of an answer") from None


def microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def moment_of(number: int) -> datetime:
    return EPOCH + timedelta(microseconds=number)


def in_order(rows, query, columns: dict[str, Node], key: Field):
    """These rows in the order asked for, from where the last page ended. `columns`: what may be asked for → moments."""
    column, is_descending = columns[query.sort.removeprefix("-")], query.sort.startswith("-")
    if after := query.page.after:
        place = EnclosedNodeList([column, key])
        end = EnclosedNodeList([moment_value(after.value), Value(after.id)])
        rows = rows.where(place < end if is_descending else place > end)
    order = [column, key]
    return rows.order_by(*[each.desc() for each in order] if is_descending else order)


def moment_value(at: datetime) -> Value:
    """As the database compares it with what is no column."""
    return Value(MomentField().db_value(at), converter=False)


def listing(query, rows: list[tuple[int, datetime, datetime]], told: Callable[[list], Iterable[dict]]) -> Response:
    """The answer with a page of a list: for each thing its id, the value it is sorted by and when it was updated, in
    order, and what `told` tells of some of them, by their ids. However long the page is, only a few are in memory at a
    time, and the answer as it is sent."""
    ids = [row[0] for row in rows]

    def parts() -> Iterator[str]:
        yield '{"data": ['
        for start in range(0, len(ids), AT_ONCE):
            yield (", " if start else "") + ", ".join(map(as_json, told(ids[start : start + AT_ONCE])))
        yield f'], "links": {as_json(links(query, rows))}}}'

    # Whoever has the page has links that lead at least as far back.
    known = [(row_id, updated_at) for row_id, _, updated_at in rows]
    is_full = len(rows) == query.page.limit
    return unless_known([*known, (is_full,)], lambda: zipped(parts()))


def links(query, rows: list[tuple]) -> dict[str, str | None]:
    """`next`: the next page, if this one is full. `changes`: what will have changed after the first page was told."""
    # What was stamped by a clock that is ahead is told again, once its time has come.
    since = min(moment_of(g.latest.microseconds + 1), now())
    if after := query.page.after:
        # A replica that answers this page may not have heard of what the first page's server knew.
        since = min(since, moment_of(after.since))
    asked = {name: value for name, value in request.args.items(multi=True) if name not in ("page[page]", "page[after]")}
    further = None
    if len(rows) == query.page.limit:
        cursor = Cursor(query.sort, rows[-1][1], rows[-1][0], microseconds(since))
        further = f"{request.base_url}?{urlencode(asked | {'page[after]': str(cursor)})}"
    return {"next": further, "changes": changes_since(since, request.base_url, asked)}


def changes_since(moment: datetime, address: str, asked: dict[str, str]) -> str:
    """Where a list (its `address`) tells later what has changed since then, of what was asked for."""
    since = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"{address}?{urlencode(asked | {'filter[updated_since]': since, 'sort': 'updated_at'})}"
