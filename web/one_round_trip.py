"""What follows a POST. Views only say which page comes next, by a 303; here that becomes one round trip for htmx, which
would otherwise wait for two answers on a slow line. Without script it stays POST, redirect, GET."""

from io import BytesIO
from urllib.parse import unquote, urlsplit

from werkzeug.wrappers import Response


def in_one_round_trip(app):
    """Wraps a WSGI application: where it redirects a POST of htmx's, the answer is the page that the redirect leads to,
    exactly as a GET of its address gives it, with that address for the browser's history."""

    def answer(environ, start_response):
        if environ["REQUEST_METHOD"] != "POST" or environ.get("HTTP_HX_REQUEST_TYPE") != "partial":
            return app(environ, start_response)
        done = Response.from_app(app, environ, buffered=True)
        # A cookie must have reached the browser before the next page is asked for.
        if done.status_code != 303 or "Set-Cookie" in done.headers:
            return done(environ, start_response)
        following = get(environ, done.location)
        page = Response.from_app(app, following, buffered=True)
        if page.status_code in range(300, 400):
            return done(environ, start_response)
        if any(following[part] != environ[part] for part in ("PATH_INFO", "QUERY_STRING")):
            page.headers["HX-Push-Url"] = done.location
        return page(environ, start_response)

    return answer


def get(environ: dict, address: str) -> dict:
    """The same request, as a GET of this address."""
    url = urlsplit(address)
    return environ | {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": unquote(url.path, "latin-1").removeprefix(environ["SCRIPT_NAME"]),
        "QUERY_STRING": url.query,
        "CONTENT_LENGTH": "0",
        "wsgi.input": BytesIO(),
    }
