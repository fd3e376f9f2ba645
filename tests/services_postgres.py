"""A PostgreSQL for the tests: databases of one test each, and the private server started from installed binaries."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from tests.services_process import BOOT_SECONDS, NotAtHandError, ServerFailedError, find_binary, free_port, new_folder, spawn, wait_until

_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)


@dataclass
class PostgresServer:
    """A server on which we may create databases. Plain data: it can be pickled and used by another process."""

    admin_url: str
    """SQLAlchemy URL (`postgresql+psycopg://...`) of a user with CREATEDB, on any database but the template."""

    @property
    def parts(self) -> URL:
        """The administrator's URL, taken apart."""
        return make_url(self.admin_url)

    def _execute(self, statement: str, *names: str) -> None:
        dsn = self.parts.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(dsn, autocommit=True, connect_timeout=10) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def answer(self) -> None:
        """Raises psycopg.OperationalError while it takes no connections."""
        self._execute("SELECT 1")

    def database_url(self, name: str) -> str:
        """SQLAlchemy URL of one of its databases."""
        return self.parts.set(database=name).render_as_string(hide_password=False)

    def new_database(self, *, template: str | None = None) -> str:
        """Create a database, empty or a copy; its name. Raises psycopg.errors.InsufficientPrivilege without CREATEDB."""
        name = f"joorsync_test_{secrets.token_hex(6)}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template or "template0")
        return name

    def drop_database(self, name: str) -> None:
        """Drop it, ending the connections that a test left."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def close(self) -> None:
        """End the server when it is ours."""


@dataclass
class LocalPostgres(PostgresServer):
    """PostgreSQL on 127.0.0.1. Nothing is synced to disk: what it has committed outlives a kill, not a power cut."""

    home: Path = field(default_factory=Path)
    port: int = 0
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def create(cls) -> "LocalPostgres":
        """Make the folder; `start` fills and serves it. Raises NotAtHandError."""
        if not find_binary("initdb", _FOLDERS):
            raise NotAtHandError("PostgreSQL is not installed (run tests/install_services.sh, it says what to install)")
        port, password = free_port(), secrets.token_hex(8)
        return cls(f"postgresql+psycopg://postgres:{password}@127.0.0.1:{port}/postgres", new_folder("postgresql"), port)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_child": None}

    @property
    def _user(self) -> str | None:
        """PostgreSQL refuses to run as root: then the packages' own user, else `nobody`."""
        if os.geteuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in names else "nobody"

    def start(self) -> None:
        """Make the cluster and serve it. Raises ServerFailedError."""
        initdb = find_binary("initdb", _FOLDERS) or Path("initdb")
        output, environment = self.home / "output", {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "TZ": "UTC"}
        data = self._make_cluster(initdb, output, environment)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": 300,
            "shared_buffers": "64MB",
        }
        command: list[str | Path] = [initdb.with_name("postgres"), "-D", data, *(f"-c{name}={value}" for name, value in settings.items())]
        self._child = spawn(command, output, environment, user=self._user, deathsig=signal.SIGQUIT)
        wait_until(self.answer, self._child, output)

    def _make_cluster(self, initdb: Path, output: Path, environment: dict[str, str]) -> Path:
        data, password_file = self.home / "data", self.home / "password"
        data.mkdir(mode=0o700)
        password_file.touch(mode=0o600)
        password_file.write_text(self.parts.password or "")
        if self._user:
            shutil.chown(data, self._user)
            shutil.chown(password_file, self._user)
        options: list[str | Path] = [
            "--username=postgres",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]
        making = spawn([initdb, "-D", data, *options], output, environment, user=self._user)
        if making.wait(BOOT_SECONDS) != 0:
            raise ServerFailedError(f"initdb failed:\n{output.read_text(errors='replace')[-3000:]}")
        return data

    def close(self) -> None:
        """End it and remove the folder."""
        if self._child is not None:
            self._child.send_signal(signal.SIGQUIT)
            self._child.wait(30)
        shutil.rmtree(self.home, ignore_errors=True)
