"""One migrated database of each kind per run, so that a test's own costs a copy and not a migration."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config

from tests.services_postgres import PostgresServer
from tests.services_process import new_folder

_SCRIPTS = Path(__file__).parents[1] / "models" / "migrations"


def migrate(url: str) -> None:
    """Bring a database to the newest version, as `joorsync migrate` does. Does nothing while there are no migrations."""
    if not (_SCRIPTS / "env.py").exists():
        return
    config = Config()
    config.set_main_option("script_location", "models:migrations")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")


@dataclass
class PostgresTemplate:
    """A migrated database on the run's PostgreSQL."""

    server: PostgresServer
    name: str

    @classmethod
    def make(cls, server: PostgresServer) -> "PostgresTemplate":
        """Create and migrate it. Raises what the migration raises."""
        template = cls(server, server.new_database())
        migrate(server.database_url(template.name))
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
