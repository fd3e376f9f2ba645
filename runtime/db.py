"""Engines and short transactions. SQLite (WAL) embedded, PostgreSQL for services; the same code for both."""

import contextvars
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlmodel import Session

from models.errors import NotPossible, SyncError, Unavailable

Sessions = Callable[[], AbstractContextManager[Session]]

_URL_FIX = ["Use sqlite:///path/to/file.db or postgresql+psycopg://user:password@host/name."]
_open_sessions: contextvars.ContextVar[int] = contextvars.ContextVar("open_sessions", default=0)


def in_transaction() -> bool:
    """True while this thread has a session open: no remote call may be made then."""
    return _open_sessions.get() > 0


def make_engine(database_url: str, *, pool_size: int = 5) -> Engine:
    """Raises NotPossible for a URL that names no database we know. Connects lazily."""
    try:
        url = make_url(database_url)
    except ArgumentError as error:
        raise NotPossible(
            f"DATABASE_URL cannot be read: {error}", fix=["Use sqlite:///path/to/file.db or postgresql+psycopg://..."]
        ) from None
    if url.get_backend_name() == "sqlite":
        return _sqlite(database_url, url.database)
    if url.get_backend_name() == "postgresql":
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            connect_args={"application_name": "joorsync", "connect_timeout": 10, "options": "-c lock_timeout=30s"},
        )
    raise NotPossible(
        f"DATABASE_URL names {url.get_backend_name()}, which is not supported", fix=["Use sqlite:/// or postgresql+psycopg://"]
    )


def _sqlite(database_url: str, file: str | None) -> Engine:
    if file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(database_url, connect_args={"timeout": 15, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in ("journal_mode=WAL", "busy_timeout=15000", "foreign_keys=ON", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # IMMEDIATE takes the write lock at once: two readers that both turn writers would deadlock.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def session_factory(engine: Engine) -> Sessions:
    """`with sessions() as session:` commits on leaving and rolls back on an error. Database trouble is raised as words."""

    @contextmanager
    def sessions() -> Iterator[Session]:
        token = _open_sessions.set(_open_sessions.get() + 1)
        try:
            with Session(engine, expire_on_commit=False) as session:
                yield session
                session.commit()
        except DBAPIError as error:
            words = translate(error)
            if words is None:
                raise
            raise words from error
        finally:
            _open_sessions.reset(token)

    return sessions


def translate(error: DBAPIError) -> SyncError | None:
    """Words for the troubles that a person can end; None for all others (integrity errors, our own mistakes)."""
    text, state = str(error.orig).strip(), getattr(error.orig, "sqlstate", None)
    if "disk is full" in text or state == "53100":
        fix = ["Free space on the database's disk. Nothing is lost; work goes on by itself."]
        return Unavailable(f"The database's disk is full ({text})", fix=fix)
    if "readonly database" in text or state == "25006":
        fix = ["Give this user the right to write the database file and its folder."]
        return NotPossible(f"The database cannot be written ({text})", fix=fix)
    if "no such table" in text or state == "42P01":
        return NotPossible("The database is not migrated", fix=["Run: joorsync migrate"])
    if isinstance(error, OperationalError) and (error.connection_invalidated or state is None or state.startswith(("08", "57"))):
        reason = text.splitlines()[0] if text else type(error.orig).__name__
        return Unavailable(f"The database cannot be reached or is busy ({reason})", fix=["Check DATABASE_URL and the database server."])
    return None
