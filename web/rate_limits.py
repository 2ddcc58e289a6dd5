"""How many requests somebody may make in a window of time, counted for all workers together in the database.

A worker writes down what it has counted now and then, and every request when the limit is near. So nobody is stopped
too early, whatever their requests are answered by, and nobody gets further than by the few requests that other workers
have yet to write down; within one worker the last request that is let in is the one that the limit names.
"""

import math
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from peewee import EXCLUDED, Case, OperationalError

from clock import now
from database import db
from models import RequestCount


@dataclass(frozen=True)
class Counted:
    """A request that was counted: how many more there may be, and in how many seconds there may be as many again."""

    left: int
    seconds_left: int
    is_over: bool

    @property
    def seconds_to_wait(self) -> int:
        """0 while there are few enough."""
        return self.seconds_left if self.is_over else 0


class RateLimit:
    """At most `most` requests in each window of `seconds`. The windows follow on one another."""

    def __init__(self, most: int, seconds: int):
        self.most, self.seconds = most, seconds
        self.window: datetime | None = None
        self.counted: dict[str, tuple[int, int]] = {}
        """Who → how many requests all workers had made when this one last wrote, and how many it has made since."""
        self.lock = threading.Lock()

    def seconds_to_wait(self, key: str) -> int:
        """Count one more request of `key`, which says who and for what. Returns 0 while there are few enough; otherwise
        the seconds until there may be more."""
        return self.count(key).seconds_to_wait

    def count(self, key: str) -> Counted:
        """Count one more request of `key`."""
        second = now().timestamp()
        window = datetime.fromtimestamp(second - second % self.seconds, UTC)
        with self.lock:
            if window != self.window:
                self.window, self.counted = window, {}
            known, new = self.counted.get(key, (0, 0))
            new += 1
            is_due = known <= self.most and new % ((self.most - known) // 50 + 1) == 0
            # What is being written down counts already for whoever asks meanwhile.
            self.counted[key] = (known + new, 0) if is_due else (known, new)
        number = known + new
        if is_due and (written := self._written_down(key, window, new)):
            number = written
            with self.lock:
                known, others = self.counted.get(key, (0, 0)) if self.window == window else (number, 0)
                self.counted[key] = max(known, number), others
        seconds_left = math.ceil(self.seconds - second % self.seconds)
        return Counted(max(self.most - number, 0), seconds_left, number > self.most)

    def _written_down(self, key: str, window: datetime, new: int) -> int | None:
        """Add to what all workers have counted in this window: how many that makes. None if that can't be: nobody is
        kept out by it."""
        is_same = RequestCount.window_started_at == EXCLUDED.window_started_at
        before = Case(None, [(is_same, RequestCount.count)], 0)
        query = RequestCount.insert(key=key, window_started_at=window, count=new).on_conflict(
            conflict_target=[RequestCount.key],
            update={
                RequestCount.count: before + EXCLUDED.count,
                RequestCount.window_started_at: EXCLUDED.window_started_at,
            },
        )
        try:
            # Without a transaction SQLite commits while the row is fetched, where Peewee watches for no errors.
            with db.atomic():
                (row,) = query.returning(RequestCount.count).execute()
        except OperationalError:
            return None
        return row.count
