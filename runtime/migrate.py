"""Bringing a database to the version of the code, and saying which version it has."""

from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
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
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            found = _state(MigrationContext.configure(connection).get_current_revision())
            if found != "current":
                command.upgrade(_config(connection), "head")
            return found
    except DBAPIError as error:
        raise translate(error) or error from error


def downgrade(engine: Engine, revision: str) -> None:
    """To `revision` ("base" removes everything). Raises NotPossible for a revision that does not exist."""
    refuse_newer(engine)
    scripts = ScriptDirectory.from_config(_config())
    known = {script.revision for script in scripts.walk_revisions()} | {"base"}
    if revision not in known:
        raise NotPossible(f"There is no database version {revision!r}", fix=[f"Choose one of: {', '.join(sorted(known))}."])
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


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
