"""Answers made smaller, for browsers and programs that take them so."""

import zlib
from collections.abc import Iterable

from flask import Response, request


def is_welcome() -> bool:
    return request.accept_encodings["gzip"] > 0


def gzipped(parts: Iterable[bytes], level: int) -> list[bytes]:
    """The parts together. `level`: from 1, quick, to 9, small."""
    zipper = zlib.compressobj(level, wbits=31)
    return [*map(zipper.compress, parts), zipper.flush()]


def send_gzipped(response: Response, level: int) -> None:
    """Make this answer smaller, part by part, if whoever asked takes it so."""
    if is_welcome():
        response.response = gzipped(response.iter_encoded(), level)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response.response = list(response.iter_encoded())
    response.content_length = sum(map(len, response.response))
