"""Fixtures that every test may ask for: a broker's virtual host and a database of its own. Where the servers come from: services.py."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pika.channel
import pika.exceptions
import pytest

from tests.services import Desk, ask, lock_file, open_desk, start_rabbit
from tests.services_migrated import PostgresTemplate, SqliteTemplate
from tests.services_postgres import PostgresServer
from tests.services_rabbit import ExternalRabbit, Rabbit, RabbitServer

_DESK = pytest.StashKey[Desk]()


def pytest_configure(config: pytest.Config) -> None:
    """Open the desk in the process that started pytest; xdist's workers find it through the environment."""
    if not hasattr(config, "workerinput"):
        config.stash[_DESK] = open_desk(os.environ)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End whatever was started, also after Ctrl-C."""
    if desk := config.stash.get(_DESK, None):
        desk.close()


@pytest.fixture
def rabbit() -> Iterator[Rabbit]:
    """The run's RabbitMQ, with a virtual host that is this test's alone.

    Where AMQP_URL names a broker on which we may not make virtual hosts, the tests use the one of the URL, one test at a time, and delete
    afterwards (or purge, without the right to delete) the queues that were declared in the test's own process.
    """
    server: RabbitServer = ask("rabbitmq")
    if isinstance(server, ExternalRabbit) and not server.may_make_vhosts:
        with _taking_turns(), _queues_removed(server.given_url):
            yield Rabbit(server, server.given_url, server.given_vhost)
    else:
        vhost = server.new_vhost()
        rabbit = Rabbit(server, server.url(vhost), vhost)
        yield rabbit
        server.delete_vhost(vhost)
        rabbit.forget_users()


@pytest.fixture
def amqp_url(rabbit: Rabbit) -> str:
    """URL of this test's own virtual host (the same as `rabbit.url`)."""
    return rabbit.url


@pytest.fixture
def private_rabbit() -> Iterator[Rabbit]:
    """A broker for this test alone, to be killed, stopped and started; about six seconds to have one."""
    server = start_rabbit()
    try:
        vhost = server.new_vhost()
        yield Rabbit(server, server.url(vhost), vhost, private=True)
    finally:
        server.close()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """SQLAlchemy URL of a PostgreSQL database of this test's own, migrated to the newest version."""
    template: PostgresTemplate = ask("migrated postgresql")
    yield from _database(template.server, template.name)


@pytest.fixture
def empty_postgres_url() -> Iterator[str]:
    """SQLAlchemy URL of a PostgreSQL database of this test's own with nothing in it."""
    yield from _database(ask("postgresql"), None)


def _database(server: PostgresServer, template: str | None) -> Iterator[str]:
    name = server.new_database(template=template)
    yield server.database_url(name)
    server.drop_database(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """SQLAlchemy URL of a SQLite file of this test's own, migrated to the newest version."""
    template: SqliteTemplate = ask("migrated sqlite")
    shutil.copy(template.file, tmp_path / "joorsync.db")
    return f"sqlite:///{tmp_path}/joorsync.db"


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """SQLAlchemy URL of a SQLite file of this test's own that is not there yet."""
    return f"sqlite:///{tmp_path}/empty.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own: the test runs once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """As `database_url`, with nothing in it: for the tests of the migrations."""
    return str(request.getfixturevalue({"sqlite": "empty_sqlite_url", "postgresql": "empty_postgres_url"}[request.param]))


@contextlib.contextmanager
def _taking_turns() -> Iterator[None]:
    with lock_file().open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _queues_removed(url: str) -> Iterator[None]:
    """Note the names of the queues that this process declares, and remove them at the end."""
    declared: set[str] = set()
    declare = pika.channel.Channel.queue_declare

    def note(self: pika.channel.Channel, queue: str, *args: Any, **kwargs: Any) -> Any:
        declared.add(queue)
        return declare(self, queue, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pika.channel.Channel, "queue_declare", note)
        yield
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
        for queue in declared - {""}:
            try:
                connection.channel().queue_delete(queue)
            except pika.exceptions.ChannelClosedByBroker:
                with contextlib.suppress(pika.exceptions.ChannelClosedByBroker):
                    connection.channel().queue_purge(queue)
