"""A lead provider's software, as small as it can be: it keeps a copy of its participants up to date by asking what has
changed."""

from collections.abc import Callable


class Poller:
    """`ask` sends a GET and gives the answer. `known`: participant id → what was last told of them."""

    def __init__(self, ask: Callable, per_page: int = 3000):
        self.ask, self.per_page = ask, per_page
        self.known: dict[str, dict] = {}
        self.since = ""

    def poll(self) -> set[str]:
        """Ask until nothing more is told. Returns the ids of those of whom something was new."""
        changed: set[str] = set()
        page = 1
        while True:
            told = self.told(page)
            changed |= {each["id"] for each in told if self.known.get(each["id"]) != each}
            self.known |= {each["id"]: each for each in told}
            latest = max([self.since, *(each["attributes"]["updated_at"] for each in told)])
            # Everything on the page may be of one second.
            page = 1 if latest > self.since else page + 1
            self.since = latest
            if len(told) < self.per_page:
                return changed

    def told(self, page: int) -> list[dict]:
        query = {
            "sort": "updated_at",
            "filter[updated_since]": self.since,
            "page[page]": page,
            "page[per_page]": self.per_page,
        }
        return self.ask("/api/v3/participants", query_string=query).json["data"]
