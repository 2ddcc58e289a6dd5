"""The files that pages are made with: asked for once, compressed beforehand, and nothing but them."""

import gzip
import re
import zlib

from web import static_files

A_YEAR = "public, max-age=31536000, immutable"


def sent(visitor, path: str, **headers):
    return visitor.send("get", path, headers=headers)


def test_every_file_of_a_page_is_kept_for_a_year(visitor):
    visitor.get("/sign-in")
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', visitor.response.text)
    assert {address.rpartition("/")[2] for address in addresses} == {
        *("style.css", "app.js", "time-left.js", "htmx.esm.min.js", "govuk-frontend.min.js")
    }
    for address in addresses:
        assert f"/{static_files.version()}/" in address
        response = sent(visitor, address)
        assert (response.status_code, response.headers["Cache-Control"]) == (200, A_YEAR)
        assert "Set-Cookie" not in response.headers


def test_an_address_of_before_gives_what_there_is_now_and_is_not_kept(visitor):
    response = sent(visitor, "/static/000000000000/app.js")
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "public, no-cache")
    assert response.data == static_files.files()["app.js"]


def test_another_content_has_another_address(monkeypatch):
    before = static_files.version()
    changed = static_files.files() | {"app.js": b"// something else"}
    static_files.version.cache_clear()
    monkeypatch.setattr(static_files, "files", lambda: changed)
    assert static_files.version() != before
    static_files.version.cache_clear()


def test_files_are_compressed_for_whom_it_suits(visitor):
    path = f"/static/{static_files.version()}/style.css"
    zipped, plain = sent(visitor, path, **{"Accept-Encoding": "gzip, br"}), sent(visitor, path)
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert plain.mimetype == zipped.mimetype == "text/css"
    for unwelcome in ("gzip;q=0", "br", "agzip"):
        assert "Content-Encoding" not in sent(visitor, path, **{"Accept-Encoding": unwelcome}).headers
        assert "Content-Encoding" not in sent(visitor, "/privacy", **{"Accept-Encoding": unwelcome}).headers
    assert len(zipped.data) <= len(zlib.compress(plain.data, 6, wbits=31))


def test_fonts_and_pictures_are_where_the_stylesheet_asks_for_them(visitor):
    fonts = re.findall(r"/assets/fonts/[^)]+\.woff2", static_files.files()["style.css"].decode())
    assert fonts
    for font in fonts:
        response = sent(visitor, font, **{"Accept-Encoding": "gzip"})
        assert (response.status_code, response.mimetype) == (200, "font/woff2")
        assert response.headers["Cache-Control"] == A_YEAR
        assert "Content-Encoding" not in response.headers, "it is compressed already"
    assert sent(visitor, "/assets/images/favicon.svg").headers["Cache-Control"] == "public, max-age=86400"


ELSEWHERE = ["/static/x/nothing.css", "/static/x/../app.py", "/static/x/%2e%2e/app.py", "/assets/../../app.css"]


def test_nothing_else_is_given_away(visitor):
    for path in (*ELSEWHERE, "/static/x/vendor/.stamp"):
        assert sent(visitor, path).status_code == 404


def test_no_stylesheet_asks_how_a_phone_is_held():
    """Some people cannot turn theirs. axe is not asked: it would fetch every stylesheet again on every page."""
    for name, content in static_files.files().items():
        assert not name.endswith(".css") or b"orientation" not in content, name
