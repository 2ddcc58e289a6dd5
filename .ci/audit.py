"""What the service is made of: exactly what its lists say, nothing known to be unsafe, and not for too long.

.venv/bin/python .ci/audit.py             what can be told without a network; part of every build
.venv/bin/python .ci/audit.py --strict    asks for advisories too (pip-audit, npm audit), and fails when it can't, or
                                          when the lists are old; for once a week, where there is a network
"""

import json
import re
import subprocess
import sys
import tempfile
import venv
from datetime import UTC, date, datetime
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
MOST_DAYS = 100

FLOORS = {
    "authlib": ("1.6.5", "CVE-2025-61920"),
    "certifi": ("2024.7.4", "CVE-2024-39689"),
    "cryptography": ("44.0.1", "CVE-2024-12797"),
    "gunicorn": ("23.0.0", "CVE-2024-6827"),
    "idna": ("3.7", "CVE-2024-3651"),
    "jinja2": ("3.1.6", "CVE-2025-27516"),
    "requests": ("2.32.4", "CVE-2024-47081"),
    "urllib3": ("2.5.0", "CVE-2025-50181"),
    "werkzeug": ("3.0.6", "CVE-2024-49767"),
}
"""Never again a version before these: what was mended in them."""


def pinned(*names: str) -> dict[str, str]:
    """Package → version, of these lists."""
    lines = [line for name in names for line in (ROOT / name).read_text().splitlines()]
    pins = [re.fullmatch(r"([\w.-]+)(?:\[\w+\])?==(\S+)", line) for line in lines]
    return {normal(pin[1]): pin[2] for pin in pins if pin}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def problems() -> list[str]:
    """What can be told without a network."""
    pins = pinned("requirements.txt", "requirements-dev.txt")
    installed = {normal(each.metadata["Name"]): each.version for each in distributions()}
    ours = {name: version for name, version in installed.items() if name not in ("pip", "setuptools", "wheel")}
    found = []
    for name, version in ours.items():
        if pins.get(name) != version:
            found.append(f"{name} {version} is installed, and the lists say {pins.get(name, 'nothing')}")
    found += [f"{name} {version} is listed and not installed" for name, version in pins.items() if name not in ours]
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#") and "==" not in line:
            found.append(f"{line} is not an exact version")
    for name, (floor, what) in FLOORS.items():
        if numbers(pins[name]) < numbers(floor):
            found.append(f"{name} {pins[name]} is before {floor}, which mended {what}")
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        lock = locked[f"node_modules/{name}"]
        if lock["version"] != version or not lock.get("integrity", "").startswith("sha512-"):
            found.append(f"{name} {version} has no lock")
    return found + [f"{name} has no lock" for name in locked if name and not locked[name].get("integrity")]


def age() -> int:
    """Days since the lists were last refreshed, by their own word."""
    refreshed = re.search(r"^# Refreshed on (\d{4}-\d\d-\d\d)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    return (datetime.now(UTC).date() - date.fromisoformat(refreshed[1])).days


def advisories() -> list[str]:
    """What pip-audit and npm audit say, or that they couldn't."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = f"{folder}/bin/python"
        said = subprocess.run([python, "-m", "pip", "install", "-q", "pip-audit"], capture_output=True, text=True)
        if said.returncode:
            return ["pip-audit could not be installed"]
        audit = [python, "-m", "pip_audit", "--strict", "--no-deps", "--disable-pip", "-r", ROOT / "requirements.txt"]
        said = subprocess.run(audit, capture_output=True, text=True)
        if said.returncode:
            found.append(f"pip-audit: {said.stdout}{said.stderr}"[-3000:])
    said = subprocess.run(["npm", "audit", "--omit=dev"], cwd=ROOT, capture_output=True, text=True)
    if said.returncode:
        found.append(f"npm audit: {said.stdout}{said.stderr}"[-3000:])
    return found


def main() -> None:
    is_strict = sys.argv[1:] == ["--strict"]
    found = problems() + (advisories() if is_strict else [])
    if age() > MOST_DAYS:
        say = f"The versions in requirements.txt were last looked at {age()} days ago."
        found += [say] if is_strict else []
        print(say)
    if found:
        sys.exit("\n".join(found))
    print("What the service is made of is as its lists say." + ("" if is_strict else " No advisories were asked for."))


if __name__ == "__main__":
    main()
