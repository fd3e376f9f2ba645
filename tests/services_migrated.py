"""One migrated database of each kind per run, so that a test's own costs a copy and not a migration."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from runtime.db import make_engine
from runtime.migrate import upgrade
from tests.services_postgres import PostgresServer
from tests.services_process import new_folder


def migrate(url: str) -> None:
    """Bring a database to the newest version, as `joorsync migrate` does, and leave no connection open."""
    engine = make_engine(url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


@dataclass
class PostgresTemplate:
    """A migrated database on the run's PostgreSQL."""

    server: PostgresServer
    name: str

    @classmethod
    def make(cls, server: PostgresServer) -> "PostgresTemplate":
        """Create and migrate it. Raises what the migration raises."""
        template = cls(server, server.new_database())
        try:
            migrate(server.database_url(template.name))
        except BaseException:
            template.close()
            raise
        return template

    def close(self) -> None:
        """Drop it."""
        self.server.drop_database(self.name)


@dataclass
class SqliteTemplate:
    """A migrated SQLite file."""

    file: Path

    @classmethod
    def make(cls) -> "SqliteTemplate":
        """Create and migrate it. Raises what the migration raises."""
        template = cls(new_folder("sqlite") / "migrated.db")
        template.file.touch()
        migrate(f"sqlite:///{template.file}")
        return template

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.file.parent, ignore_errors=True)
