"""What a session's participant was shown, as a hash: of everything that pages are made of, in the session's wording."""

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
    return wordings.hash_of(files)
