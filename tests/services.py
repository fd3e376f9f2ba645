"""The RabbitMQ and the PostgreSQL of a test run: where they come from, and one of each for all of its processes.

In this order: AMQP_URL / DATABASE_URL; containers, when a Docker engine answers; private servers started from installed binaries. When
none can be had the test that needs one fails and says what to install: it is never skipped.

pytest-xdist runs the tests in processes of their own, so the process that started pytest keeps a `Desk`: the first test anywhere that
needs a server asks there, it is started, and everybody gets the same one. A run of pure tests starts nothing.
"""

import contextlib
import os
import secrets
import shutil
import sys
import threading
from collections.abc import Callable, MutableMapping, Sequence
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from sqlalchemy.engine import make_url

from tests import services_docker, services_process
from tests.services_docker import DockerPostgres, DockerRabbit
from tests.services_migrated import PostgresTemplate, SqliteTemplate
from tests.services_postgres import LocalPostgres, PostgresServer
from tests.services_process import NotAtHandError, ServerFailedError, new_folder
from tests.services_rabbit import ExternalRabbit, LocalRabbit, RabbitServer

_ADDRESS, _KEY = "JOORSYNC_TESTS_DESK", "JOORSYNC_TESTS_DESK_KEY"
_ADVICE = "Install it (tests/install_services.sh says how), start Docker, or name a server of your own in {variable}."


class Startable(Protocol):
    """A kind of server that can be made from nothing."""

    @classmethod
    def create(cls) -> Self: ...
    def start(self) -> None: ...
    def close(self) -> None: ...


S = TypeVar("S", bound=Startable)


def start_first(kinds: Sequence[type[S]], variable: str) -> S:
    """Start the first kind that can be had, and say on stderr which promising one could not. Raises NotAtHandError for none."""
    reasons = []
    for kind in kinds:
        server = None
        try:
            server = kind.create()
            server.start()
        except NotAtHandError as problem:
            reasons.append(str(problem))
        except ServerFailedError as problem:
            reasons.append(str(problem))
            print(f"{problem}\n... trying the next way to have a server for the tests", file=sys.stderr)
            if server is not None:
                server.close()
        else:
            return server
    raise NotAtHandError("; ".join(reasons) + ". " + _ADVICE.format(variable=variable))


def start_rabbit() -> RabbitServer:
    """A broker of ours: a container or a private server. Raises NotAtHandError."""
    kinds: list[type[DockerRabbit | LocalRabbit]] = [DockerRabbit, LocalRabbit]
    return start_first(kinds, "AMQP_URL")


def start_postgres(url: str | None) -> PostgresServer:
    """A PostgreSQL: the given one, a container or a private server. Raises NotAtHandError."""
    if url:
        if make_url(url).get_backend_name() != "postgresql":
            raise NotAtHandError("DATABASE_URL must name a PostgreSQL for the tests: unset it to have one started")
        return PostgresServer(url)
    kinds: list[type[DockerPostgres | LocalPostgres]] = [DockerPostgres, LocalPostgres]
    return start_first(kinds, "DATABASE_URL")


class Desk:
    """Hands out the run's servers to its processes, starting each when it is first asked for."""

    def __init__(self) -> None:
        self._starters: dict[str, Callable[[], Any]] = {}
        self._servers: dict[str, Any] = {}
        self._problems: dict[str, Exception] = {}
        self._folder = new_folder("desk")
        key = secrets.token_bytes(16)
        self._listener = Listener(str(self._folder / "socket"), "AF_UNIX", authkey=key)
        os.environ[_ADDRESS], os.environ[_KEY] = str(self._folder / "socket"), key.hex()
        self._thread = threading.Thread(target=self._serve, name="tests-desk", daemon=True)
        self._thread.start()  # what it starts dies with this thread, so the thread lives for as long as the run

    def offers(self, name: str, starter: Callable[[], Any]) -> None:
        """Have a server of that name, started when it is first asked for."""
        self._starters[name] = starter

    def get(self, name: str) -> Any:
        """The server, in the desk's own thread. Raises what its first start raised, each time."""
        if name not in self._servers and name not in self._problems:
            try:
                self._servers[name] = self._starters[name]()
            except Exception as problem:
                self._problems[name] = problem
        if name in self._problems:
            raise self._problems[name]
        return self._servers[name]

    def _serve(self) -> None:
        while True:
            with contextlib.suppress(OSError, EOFError), self._listener.accept() as caller:
                name = caller.recv()
                if name == "close":
                    break
                try:
                    caller.send((self.get(name), None))
                except Exception as problem:
                    caller.send((None, f"{type(problem).__name__}: {problem}"))
        for server in reversed(self._servers.values()):
            server.close()

    def close(self) -> None:
        """End every server that was started."""
        with contextlib.suppress(OSError), _call() as line:
            line.send("close")
        self._thread.join(120)
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _call() -> Any:
    return Client(os.environ[_ADDRESS], "AF_UNIX", authkey=bytes.fromhex(os.environ[_KEY]))


def ask(name: str) -> Any:
    """The run's server of that name (open_desk lists them). Raises NotAtHandError, saying what to install."""
    with _call() as line:
        line.send(name)
        server, problem = line.recv()
    if problem:
        raise NotAtHandError(problem)
    return server


def open_desk(environment: MutableMapping[str, str]) -> Desk:
    """Sweep up after dead runs and open the desk. AMQP_URL and DATABASE_URL are taken out: no test may reach them by accident."""
    amqp_url, database_url = environment.pop("AMQP_URL", None), environment.pop("DATABASE_URL", None)
    services_process.sweep()
    services_docker.sweep()
    desk = Desk()
    desk.offers("rabbitmq", lambda: ExternalRabbit.at(amqp_url) if amqp_url else start_rabbit())
    desk.offers("postgresql", lambda: start_postgres(database_url))
    desk.offers("migrated postgresql", lambda: PostgresTemplate.make(desk.get("postgresql")))
    desk.offers("migrated sqlite", SqliteTemplate.make)
    return desk


def lock_file() -> Path:
    """A file beside the desk that the run's processes lock to take turns."""
    return Path(os.environ[_ADDRESS]).with_name("turn")
