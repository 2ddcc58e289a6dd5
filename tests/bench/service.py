"""The service as it is served, by gunicorn.conf.py, on a free port; or another application, by the same means."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


class Service:
    def __init__(self, process: subprocess.Popen, port: int):
        self.process, self.port = process, port

    def processes(self) -> list[int]:
        """The master and its workers."""
        family = [self.process.pid]
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # gone meanwhile
            if int(fields[1]) == self.process.pid:
                family.append(int(stat.parent.name))
        return family

    def cpu(self) -> float:
        """Seconds of CPU that it has used since it was started."""
        seconds = 0.0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            seconds += (int(fields[11]) + int(fields[12])) / TICKS
        return seconds

    def memory(self) -> float:
        """Megabytes of it all, what is shared counted once (PSS)."""
        lines = [
            line
            for pid in self.processes()
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            if line.startswith("Pss:")
        ]
        return sum(int(line.split()[1]) for line in lines) / 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


SERVICE = "app:create_app()"
OTHERS = ["--preload", "--worker-class", "gthread", "--workers", "2", "--threads", "8"]
OTHERS += ["--log-level", "warning", "--no-control-socket"]


@contextmanager
def served(
    app: str = SERVICE, *, root: Path = ROOT, by: tuple = (), log: Path | None = None, **environment: str
) -> Iterator[Service]:
    """Serve `module:application` (of another checkout's `root`, if that is given) with this environment on top of the
    present one, started `by` another command if there is one. What it says goes to the file `log`, or to the screen."""
    port = free_port()
    environment = {"BIND": f"127.0.0.1:{port}", "LOG_LEVEL": "WARNING"} | environment
    has_configuration = (root / "gunicorn.conf.py").exists()
    options = [
        app,
        "--bind",
        environment["BIND"],
        *OTHERS,
        *(["--config", "python:tests.bench"] if has_configuration else []),
    ]
    if app == SERVICE and has_configuration:
        options = []
    command = [*by, sys.executable, "-m", "gunicorn", *options]
    with log.open("a") if log else nullcontext() as said:
        process = subprocess.Popen(command, cwd=root, env={**os.environ, **environment}, stdout=said, stderr=said)
    try:
        wait_for(port)
        yield Service(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            process.kill()


@contextmanager
def floor(pages: dict[str, str]) -> Iterator[Service]:
    """A bare Flask application that hands out these pages: name → HTML."""
    with tempfile.TemporaryDirectory() as folder:
        for name, html in pages.items():
            (Path(folder) / f"{name}.html").write_text(html)
        with served("tests.bench.floor:app", FLOOR=folder) as service:
            yield service


def wait_for(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("it does not answer")
