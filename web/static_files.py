"""The files that pages are made with. They are read once, kept as they are sent, compressed beforehand, and have
addresses that change with what is in them: a browser asks for each of them once."""

import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort

from web import wordings
from web.gzip import gzipped, is_welcome

STATIC = Path(__file__).parent.parent / "static"
VENDOR_ASSETS = "vendor/assets/"
STYLES = ("vendor/govuk-frontend.min.css", "app.css")
"""Sent as one file, style.css."""

mimetypes.add_type("font/woff2", ".woff2")

A_YEAR, A_DAY = 365 * 24 * 3600, 24 * 3600

blueprint = Blueprint("assets", __name__)


@cache
def files() -> dict[str, bytes]:
    """Everything there is to be had: its name → what is in it."""
    paths = [path for path in sorted(STATIC.rglob("[!.]*")) if path.is_file()]
    found = {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in paths}
    return found | {"style.css": b"\n".join(found[name] for name in STYLES if name in found)}


@cache
def version() -> str:
    parts = (part for name, content in files().items() for part in (name.encode(), content))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def read_again() -> None:
    """Where the files are being worked on: what has been saved since they were read."""
    made_of = wordings.stamp(STATIC.glob("*.*"))
    if [made_of] != READ:
        READ[:] = [made_of]
        for kept in (files, version, smaller_file):
            kept.cache_clear()


READ: list[tuple] = []


@cache
def smaller_file(name: str) -> bytes | None:
    """The file as it is sent to whoever takes it so, if that saves anything."""
    content = files()[name]
    smaller = b"".join(gzipped([content], 9))
    return smaller if len(smaller) < 0.9 * len(content) else None


@blueprint.get("/static/<of>/<path:filename>", endpoint="static")
def static(of: str, filename: str):
    """Scripts ask for one another beside themselves, so all of one version have one folder."""
    return send(filename, f"max-age={A_YEAR}, immutable" if of == version() else "no-cache")


@blueprint.get("/assets/<path:filename>", endpoint="vendor")
def vendor(filename: str):
    """GOV.UK Frontend's stylesheet asks for its fonts and pictures here. A font's name has its version in it."""
    is_font = filename.startswith("fonts/")
    return send(VENDOR_ASSETS + filename, f"max-age={A_YEAR}, immutable" if is_font else f"max-age={A_DAY}")


def send(name: str, kept: str) -> Response:
    content = files().get(name) or abort(404)
    smaller = smaller_file(name) if is_welcome() else None
    response = Response(smaller or content, mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream")
    if smaller:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = f"public, {kept}"
    response.headers["Vary"] = "Accept-Encoding"
    return response


def add_to(app: Flask) -> None:
    app.register_blueprint(blueprint)
    if app.jinja_env.auto_reload:
        app.before_request(read_again)

    @app.url_defaults
    def of_this_version(endpoint, values):
        if endpoint == "assets.static":
            values.setdefault("of", version())
