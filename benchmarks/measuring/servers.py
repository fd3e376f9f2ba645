"""The RabbitMQ and the PostgreSQL of a benchmark, had the way the tests have them: DATABASE_URL and AMQP_URL, a Docker engine, or
private servers started from installed binaries. Databases are fresh and migrated; what is made is removed again."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from models.golive import FIRST_RUN, Confirmation
from models.jobs import DataType
from models.sites import Site
from runtime.clock import SystemClock
from runtime.db import Sessions, make_engine, session_factory

ROOT = Path(__file__).parents[2]


def _tests_importable() -> None:
    """`tests` is not installed with the packages, and a program's own folder is all that Python adds by itself."""
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))


@contextlib.contextmanager
def servers() -> Iterator["Servers"]:
    """Servers, started when first asked for and ended with the block. Raises tests.services_process.NotAtHandError, saying what to
    install."""
    _tests_importable()
    from tests import services

    desk = services.open_desk(os.environ)
    try:
        yield Servers(services.ask)
    finally:
        desk.close()


class Servers:
    def __init__(self, ask: Any) -> None:
        self._ask = ask

    def database(self, kind: str) -> AbstractContextManager[str]:
        """URL of a fresh migrated database: `sqlite` or `postgresql`."""
        return self._sqlite() if kind == "sqlite" else self._postgres()

    @contextlib.contextmanager
    def _postgres(self) -> Iterator[str]:
        template = self._ask("migrated postgresql")
        name = template.server.new_database(template=template.name)
        try:
            yield template.server.database_url(name)
        finally:
            template.server.drop_database(name)

    @contextlib.contextmanager
    def _sqlite(self) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="joorsync-bench-") as folder:
            shutil.copy(self._ask("migrated sqlite").file, Path(folder, "joorsync.db"))
            yield f"sqlite:///{folder}/joorsync.db"

    @contextlib.contextmanager
    def amqp(self) -> Iterator[str]:
        """AMQP URL of a virtual host of our own, or the one that AMQP_URL names when we may not make any."""
        server = self._ask("rabbitmq")
        if not getattr(server, "may_make_vhosts", True):
            yield server.given_url
            return
        vhost = server.new_vhost()
        try:
            yield server.url(vhost)
        finally:
            server.delete_vhost(vhost)


@contextlib.contextmanager
def site(url: str, key: str = "bench") -> Iterator[tuple[Sessions, int]]:
    """One production site in this database, open and with every first run confirmed: our sessions on it and its id."""
    engine = make_engine(url)
    sessions, now = session_factory(engine), SystemClock().now()
    try:
        with sessions() as session:
            row = Site(
                key=key,
                joor_api_url="https://joor.invalid",
                aims_api_url="https://aims.invalid",
                production_open=True,
                created_at=now,
                updated_at=now,
            )
            session.add(row)
            session.flush()
            site_id = row.id or 0
            session.add_all(Confirmation(site_id=site_id, name=f"{FIRST_RUN}{data_type.value}", at=now) for data_type in DataType)
        yield sessions, site_id
    finally:
        engine.dispose()


def about_database(sessions: Sessions) -> dict[str, str]:
    """What a commit costs depends on this."""
    with sessions() as session:
        if session.get_bind().dialect.name == "sqlite":
            version = str(session.execute(text("SELECT sqlite_version()")).scalar_one())
            return {"version": version, "journal": "WAL", "synchronous": "NORMAL"}
        version = str(session.execute(text("SHOW server_version")).scalar_one())
        return {"version": version, "fsync": str(session.execute(text("SHOW fsync")).scalar_one())}
