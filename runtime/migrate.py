"""Bringing a database to the version of the code, and saying which version it has."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from models.errors import NotPossible, SyncError
from runtime.db import translate

State = Literal["empty", "current", "behind", "newer"]
_LOCK = 5_604_360  # any number that is ours: one migration at a time on PostgreSQL


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "models:migrations")
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def state(engine: Engine) -> State:
    """Raises Unavailable when the database cannot be reached."""
    return _state(_revision(engine))


def _revision(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        raise translate(error) or error from error


def _state(revision: str | None) -> State:
    if revision is None:
        return "empty"
    if revision == newest():
        return "current"
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return "behind" if revision in known else "newer"


def upgrade(engine: Engine) -> State:
    """To the newest version; returns the state found before. Two processes at once are safe. Raises NotPossible for a newer database."""
    refuse_newer(engine)
    with _alone(engine) as connection:
        found = _state(MigrationContext.configure(connection).get_current_revision())
        if found == "empty" and (tables := set(inspect(connection).get_table_names()) - {"alembic_version"}):
            raise NotPossible(
                f"The database holds tables but no version of joorsync: {', '.join(sorted(tables)[:5])}",
                fix=["Point DATABASE_URL at an empty database or at one that joorsync has made."],
            )
        if found != "current":
            command.upgrade(_config(connection), "head")
        return found


def downgrade(engine: Engine, revision: str) -> None:
    """To `revision` ("base" removes everything). Raises NotPossible for a revision that does not exist."""
    refuse_newer(engine)
    scripts = ScriptDirectory.from_config(_config())
    known = {script.revision for script in scripts.walk_revisions()} | {"base"}
    if revision not in known:
        raise NotPossible(f"There is no database version {revision!r}", fix=[f"Choose one of: {', '.join(sorted(known))}."])
    with _alone(engine) as connection:
        command.downgrade(_config(connection), revision)


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """One transaction that no other migration runs beside, all or nothing: SQLite's write lock, an advisory lock on PostgreSQL."""
    try:
        with engine.connect() as connection, _unchecked_keys(connection), connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SET LOCAL lock_timeout = '10min'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            yield connection
    except DBAPIError as error:
        raise translate(error) or error from error


@contextmanager
def _unchecked_keys(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying it, which its foreign keys would take for deleting; the switch works outside transactions only."""
    raw = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or raw is None:
        yield
        return
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def refuse_newer(engine: Engine) -> None:
    """Raises NotPossible when the database was migrated by a newer joorsync than this one."""
    revision = _revision(engine)
    if _state(revision) == "newer":
        raise NotPossible(
            f"The database has version {revision}, which this joorsync ({newest()}) does not know: it is newer",
            fix=["Install the newer joorsync on this machine too, or point DATABASE_URL at the right database."],
        )


def require_current(engine: Engine) -> None:
    """Raises a SyncError unless the database has exactly the version of the code."""
    refuse_newer(engine)
    found = state(engine)
    if found != "current":
        raise SyncError(f"The database is {found}: it is not at this joorsync's version", fix=["Run: joorsync migrate"])
