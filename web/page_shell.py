"""The page shell: header, navigation and footer. Rendering it takes longer than the rest of a page, and it is the same
everywhere but for a few holes, so it is rendered once and cached."""

import re
from functools import lru_cache

from flask import Flask, current_app, g, request
from markupsafe import Markup

from clock import current_world
from web import static_files, wordings

HOLE = re.compile(r"\[\[(\w+)\]\]")


def page_shell() -> dict[str, Markup]:
    """The HTML around this page, in pieces: `start`, then what follows each hole, by the hole’s name."""
    is_signed_in = g.get("school") is not None
    world = current_world()
    # Who acts without having signed in may do so in another world next: going back asks for the page again.
    reloads_on_back = world.actor is not None
    app = current_app._get_current_object()
    made_of = wordings.stamp_now("*.html"), static_files.version() if app.jinja_env.auto_reload else ""
    return shell_pieces(app, is_signed_in, tab(request.path), made_of, reloads_on_back, world.script, bool(world.above))


def tab(path: str) -> str:
    """The part of an address that the navigation depends on: /school/ects, with “/…” for pages below it."""
    parts = path.split("/")
    return "/".join(parts[:3]) + ("/…" if len(parts) > 3 else "") if path.startswith("/school/") else "/"


@lru_cache(maxsize=1000)
def shell_pieces(
    app: Flask, is_signed_in: bool, path: str, _made_of: tuple, reloads_on_back: bool, script: str, has_above: bool
) -> dict[str, Markup]:
    def piece(html: str) -> Markup:
        return Markup(html)  # noqa: S704 - all of it is our own template; what people typed goes into the holes

    template = app.jinja_env.get_template("page_shell.html")
    html = template.render(
        is_signed_in=is_signed_in,
        path=path,
        reloads_on_back=reloads_on_back,
        script=script,
        has_above=has_above,
        hole=lambda name: piece(f"[[{name}]]"),
    )
    start, *rest = HOLE.split(html.strip())
    return {"start": piece(start)} | {name: piece(after) for name, after in zip(rest[::2], rest[1::2], strict=True)}
