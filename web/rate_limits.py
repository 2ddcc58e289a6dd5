"""How many requests somebody may make in a window of time, counted for all workers together in the database.

A worker writes down what it has counted now and then, and every request when the limit is near. So nobody is stopped
too early, and nobody gets further than by the few requests that other workers have yet to write down.
"""

import math
from datetime import UTC, datetime

from peewee import EXCLUDED, Case, OperationalError

from clock import now
from models import RequestCount


class RateLimit:
    """At most `most` requests in each window of `seconds`. The windows follow on one another."""

    def __init__(self, most: int, seconds: int):
        self.most, self.seconds = most, seconds
        self.window: datetime | None = None
        self.counted: dict[str, tuple[int, int]] = {}
        """Who → how many requests all workers had made when this one last wrote, and how many it has made since."""

    def seconds_to_wait(self, key: str) -> int:
        """Count one more request of `key`, which says who and for what. Returns 0 while there are few enough; otherwise
        the seconds until there may be more."""
        second = now().timestamp()
        window = datetime.fromtimestamp(second - second % self.seconds, UTC)
        if window != self.window:
            self.window, self.counted = window, {}
        known, new = self.counted.get(key, (0, 0))
        new += 1
        if known <= self.most and new % ((self.most - known) // 50 + 1) == 0:
            known, new = self._written_down(key, new) or (known, new)
        self.counted[key] = known, new
        return math.ceil(self.seconds - second % self.seconds) if known + new > self.most else 0

    def _written_down(self, key: str, new: int) -> tuple[int, int] | None:
        """Add to what all workers have counted in this window. None if that can't be: nobody is kept out by it."""
        is_same = RequestCount.window_started_at == EXCLUDED.window_started_at
        before = Case(None, [(is_same, RequestCount.count)], 0)
        query = RequestCount.insert(key=key, window_started_at=self.window, count=new).on_conflict(
            conflict_target=[RequestCount.key],
            update={
                RequestCount.count: before + EXCLUDED.count,
                RequestCount.window_started_at: EXCLUDED.window_started_at,
            },
        )
        try:
            (row,) = query.returning(RequestCount.count).execute()
        except OperationalError:
            return None
        return row.count, 0
