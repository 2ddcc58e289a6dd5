"""What is around every page: header, navigation and footer. Making it takes longer than all the rest of a page, and it
is the same everywhere but for a few holes. So it is made once."""

import re
from functools import cache

from flask import Flask, current_app, g, request
from markupsafe import Markup

from web import wordings

HOLE = re.compile(r"\[\[(\w+)\]\]")


def frame() -> dict[str, Markup]:
    """The pieces of the frame for this page: the one at its `start`, and what follows each hole, by its name."""
    is_signed_in = g.get("school") is not None
    # In a sandbox, going back in the browser asks for the page again, so that the log knows of it.
    is_afresh = "acting" in g
    return made(current_app._get_current_object(), is_signed_in, tab(request.path), wordings.chosen(), is_afresh)


def tab(path: str) -> str:
    """As much of an address as the navigation goes by: /school/ects, and whether the page is beneath it."""
    parts = path.split("/")
    return "/".join(parts[:3]) + ("/…" if len(parts) > 3 else "") if path.startswith("/school/") else "/"


@cache
def made(app: Flask, is_signed_in: bool, path: str, _wording: str, is_afresh: bool) -> dict[str, Markup]:
    def piece(html: str) -> Markup:
        return Markup(html)  # noqa: S704 - all of it is our own template; what people typed goes into the holes

    template = app.jinja_env.get_template("frame.html")
    html = template.render(
        is_signed_in=is_signed_in, path=path, is_afresh=is_afresh, hole=lambda name: piece(f"[[{name}]]")
    )
    start, *rest = HOLE.split(html.strip())
    return {"start": piece(start)} | {name: piece(after) for name, after in zip(rest[::2], rest[1::2], strict=True)}
