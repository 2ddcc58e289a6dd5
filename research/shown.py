"""What a session's participant was shown, as a hash: of everything that pages are made of, in the session's wording."""

import hashlib
from functools import lru_cache
from pathlib import Path

from web import wordings

ROOT = Path(__file__).parent.parent
CODE = ("views", "forms", "domain", "web")


def hash_of_pages(wording: str) -> str:
    """Another one as soon as any template, style, script or rule is another."""
    templates = [path for path in (ROOT / "templates").rglob("*") if not {"research", "wordings"} & set(path.parts)]
    code = [path for folder in CODE for path in (ROOT / folder).rglob("*.py")]
    own = [*wordings.folder_of(wording).rglob("*")] if wording else []
    files = [*templates, *code, *own, *ROOT.glob("*.py"), *(ROOT / "static").glob("app.*")]
    return hash_as(wordings.stamp(files))


@lru_cache(maxsize=50)
def hash_as(files: tuple) -> str:
    contents = (Path(path).read_bytes() for path, *_ in files)
    return hashlib.sha256(b"\0".join(contents)).hexdigest()[:16]
