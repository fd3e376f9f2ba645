"""RabbitMQ and PostgreSQL in containers, when a Docker engine answers and has (or can pull) the images.

RABBITMQ_IMAGE and POSTGRES_IMAGE choose other images. Containers of runs that were killed are removed by the next run: testcontainers'
own reaper does the same where it may run, and needs an image of its own.
"""

import contextlib
import os
import secrets
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from tests.services_postgres import PostgresServer
from tests.services_process import NotAtHandError, ServerFailedError, free_port, retry_until
from tests.services_rabbit import RabbitServer

_OWNER_LABEL = "joorsync.tests.pid"


def rabbitmq_image() -> str:
    """The RabbitMQ image; it must carry the management plugin."""
    return os.environ.get("RABBITMQ_IMAGE", "rabbitmq:4-management")


def postgres_image() -> str:
    """The PostgreSQL image."""
    return os.environ.get("POSTGRES_IMAGE", "postgres:17")


@cache
def _engine() -> Any:
    try:
        engine = docker.from_env(timeout=120)
        engine.ping()
    except DockerException as problem:
        raise NotAtHandError(f"no Docker engine answers ({type(problem).__name__})") from None
    return engine


def need_image(image: str) -> None:
    """Raises NotAtHandError when no engine answers, and, saying so in other words, when the image cannot be had."""
    engine = _engine()
    try:
        engine.images.get(image)
    except DockerException:
        try:
            engine.images.pull(image)
        except DockerException as problem:
            raise ServerFailedError(f"a Docker engine answers, but the image {image} cannot be had: {problem}") from None


def sweep() -> None:
    """Remove the containers of test runs whose process is gone."""
    with contextlib.suppress(NotAtHandError, DockerException):
        for container in _engine().containers.list(all=True, filters={"label": _OWNER_LABEL}):
            if not Path(f"/proc/{container.labels[_OWNER_LABEL]}").exists():
                container.remove(force=True, v=True)


def _run(image: str, ports: dict[int, int], environment: dict[str, str]) -> tuple[DockerContainer, str]:
    """Start a container with fixed host ports (they stay when it is killed and started again); the handle and its id."""
    container = DockerContainer(image).with_kwargs(labels={_OWNER_LABEL: str(os.getpid())})
    for inside, outside in ports.items():
        container.with_bind_ports(inside, outside)
    for name, value in environment.items():
        container.with_env(name, value)
    try:
        container.start()
    except Exception as problem:
        raise ServerFailedError(f"a Docker engine answers, but a container of {image} does not start: {problem}") from None
    return container, str(container.get_wrapped_container().id)


@dataclass
class DockerRabbit(RabbitServer):
    """RabbitMQ in a container; any process that holds a copy of this can kill, stop and restart it."""

    container_id: str = ""
    _handle: DockerContainer | None = field(default=None, repr=False, compare=False)

    @classmethod
    def create(cls) -> "DockerRabbit":
        """Check that it can be had; `start` starts it. Raises NotAtHandError, ServerFailedError."""
        need_image(rabbitmq_image())
        host = os.environ.get("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")
        return cls(host, free_port(), free_port(), "tests", secrets.token_hex(8))

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_handle": None}

    @property
    def _container(self) -> Any:
        return _engine().containers.get(self.container_id)

    @property
    def pid(self) -> int:
        return int(self._container.attrs["State"]["Pid"])

    def start(self) -> None:
        """As said above. Raises ServerFailedError."""
        if self.container_id:
            self._container.start()
        else:
            environment = {"RABBITMQ_DEFAULT_USER": self.user, "RABBITMQ_DEFAULT_PASS": self.password}
            ports = {5672: self.port, 15672: self.management_port}
            self._handle, self.container_id = _run(rabbitmq_image(), ports, environment)
        retry_until(self.answer)

    def kill(self) -> None:
        container = self._container
        container.kill()
        container.wait(timeout=60)

    def stop(self) -> None:
        self._container.stop(timeout=60)

    def close(self) -> None:
        if self._handle is not None:
            self._handle.stop(force=True, delete_volume=True)

    def ctl(self, *arguments: str) -> str:
        """As said above. Raises RuntimeError with what it printed when it fails."""
        code, output = self._container.exec_run(["rabbitmqctl", *arguments])
        if code:
            raise RuntimeError(f"rabbitmqctl {' '.join(arguments)} ended with {code}: {output.decode(errors='replace')}")
        return str(output.decode())


@dataclass
class DockerPostgres(PostgresServer):
    """PostgreSQL in a container."""

    _handle: DockerContainer | None = field(default=None, repr=False, compare=False)

    @classmethod
    def create(cls) -> "DockerPostgres":
        """Check that it can be had; `start` starts it. Raises NotAtHandError, ServerFailedError."""
        need_image(postgres_image())
        host = os.environ.get("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")
        return cls(f"postgresql+psycopg://postgres:{secrets.token_hex(8)}@{host}:{free_port()}/postgres")

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_handle": None}

    def start(self) -> None:
        """Start it; returns when it answers. Raises ServerFailedError."""
        password, port = self.parts.password or "", self.parts.port or 0
        self._handle, _ = _run(postgres_image(), {5432: port}, {"POSTGRES_PASSWORD": password})
        retry_until(self.answer)

    def close(self) -> None:
        """Remove the container."""
        if self._handle is not None:
            self._handle.stop(force=True, delete_volume=True)
