"""Everything that is measured, one after the other, and the table of it all in RESULTS.md: `python3 run.py bench`. Each
part can be run by itself: `.venv/bin/python -m tests.bench.pages --help`."""

import argparse
import datetime
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import apsw

RESULTS = Path(__file__).parent / "RESULTS.md"

PARTS = {
    "What a page costs": ["pages"],
    "What a whole journey costs": ["journeys", "--kit"],
    "What a step costs on a slow line": ["steps"],
    "Start and memory": ["memory"],
    "Growth on SQLite": ["growth", "--sizes", "1000", "100000", "1000000"],
    "Growth on PostgreSQL": ["growth", "--engine", "postgresql"],
    "Files of the size of the country, into SQLite": ["filling"],
    "Files of the size of the country, into PostgreSQL": ["filling", "--engine", "postgresql"],
}
"""Heading in RESULTS.md → the part that prints what stands below it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "parts", nargs="*", help=f"only these, of {', '.join(sorted({each[0] for each in PARTS.values()}))}"
    )
    asked = parser.parse_args().parts
    for heading, part in PARTS.items():
        if not asked or part[0] in asked:
            print(f"\n{heading}\n", flush=True)
            keep(heading, part)


def keep(heading: str, part: list[str]) -> None:
    """Run a part, and put what it prints in the place of what it printed the last time."""
    command = [sys.executable, "-m", f"tests.bench.{part[0]}", *part[1:]]
    printed = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            if not line.startswith(("Making", "…")):
                printed.append(line)
    if process.returncode:
        sys.exit(process.returncode)
    section = f"## {heading}\n\n`python -m tests.bench.{' '.join(part)}`, {where()}.\n\n```\n{''.join(printed)}```\n"
    text = RESULTS.read_text()
    old = re.compile(rf"## {re.escape(heading)}\n.*?(?=\n## |\Z)", re.DOTALL)
    text = old.sub(lambda _: section, text) if old.search(text) else f"{text.rstrip()}\n\n{section}"
    RESULTS.write_text(text)


def where() -> str:
    """On which machine, when, and of which commit."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607
    return (
        f"{datetime.datetime.now(datetime.UTC).date()}, commit {commit.stdout.strip() or 'unknown'}, "
        f"{os.cpu_count()} cores of {platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {apsw.sqlite_lib_version()}"
    )


if __name__ == "__main__":
    main()
