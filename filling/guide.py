"""The columns of a kind of file and what may stand in them, for docs/filling.md: from the classes that check them."""

from filling.cells import allowed
from filling.kind import Kind


def columns_table(kind: type[Kind]) -> str:
    """As a Markdown table."""
    lines = ["| Column | Meaning | What may stand there | Needed |", "|---|---|---|---|"]
    for name, field in kind.row.model_fields.items():
        needed = "yes" if field.is_required() else ""
        lines.append(f"| `{kind.row.title(name)}` | {field.description} | {allowed(field)} | {needed} |")
    return "\n".join(lines)
