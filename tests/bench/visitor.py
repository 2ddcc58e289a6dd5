"""Somebody who uses a served application quickly, over one kept connection: with cookies, gzip, forms and, if they
like, htmx."""

import http.client
import re
import zlib
from html import unescape
from urllib.parse import urlencode, urlsplit

from scenarios.pages import Page, sent


def form(page: str) -> dict[str, str]:
    """What the question on this page sends, nobody having touched it."""
    return sent(Page(page).question)


class Visitor:
    """`is_htmx`: ask for parts of pages, as the script does. `bytes` counts those of the bodies that came."""

    def __init__(self, port: int, *, is_htmx: bool = False):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.is_htmx = is_htmx
        self.path = self.text = ""
        self.status = self.bytes = self.requests = 0

    def get(self, path: str) -> "Visitor":
        return self._ask("GET", path)

    def post(self, path: str, form: dict[str, str]) -> "Visitor":
        return self._ask("POST", path, urlencode(form))

    @property
    def title(self) -> str:
        """The page's heading, as its <title> begins."""
        return unescape(re.search("<title>(.*?) – ", self.text)[1])

    @property
    def form(self) -> dict[str, str]:
        return form(self.text)

    def _ask(self, method: str, path: str, body: str | None = None) -> "Visitor":
        headers = {"Accept-Encoding": "gzip", "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self.is_htmx:
            headers |= {"HX-Request": "true", "HX-Request-Type": "partial"}
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):  # it was idle for long
            self.connection.close()
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        content = response.read()
        self.requests += 1
        self.bytes += len(content)
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        if response.status in (302, 303):
            address = urlsplit(response.headers["Location"])
            return self._ask("GET", address.path + (f"?{address.query}" if address.query else ""))
        is_zipped = response.headers.get("Content-Encoding") == "gzip"
        self.status, self.path = response.status, response.headers.get("HX-Push-Url") or path
        self.text = (zlib.decompress(content, 31) if is_zipped else content).decode()
        return self

    def expect(self, *words: str, status: int = 200) -> "Visitor":
        missing = [each for each in words if each not in self.text]
        if self.status != status or missing:
            raise AssertionError(f"{self.path}: {self.status}, without {missing}: {self.text[:500]}")
        return self
