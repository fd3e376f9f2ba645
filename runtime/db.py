"""Engines and short transactions. SQLite (WAL) embedded, PostgreSQL for services; the same code for both."""

import contextvars
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool, StaticPool
from sqlmodel import Session

from models.errors import NotPossible, SyncError, Unavailable

Sessions = Callable[[], AbstractContextManager[Session]]

BUSY_SECONDS = 15
READ_ONLY = "joorsync_read_only"
_FORMS = ["Set DATABASE_URL to sqlite:///path/to/file.db or postgresql+psycopg://user:password@host/database"]
_PG_OPTIONS = "-c lock_timeout=30s -c statement_timeout=120s -c idle_in_transaction_session_timeout=300s -c timezone=UTC"

_open_sessions: contextvars.ContextVar[int] = contextvars.ContextVar("open_sessions", default=0)


def in_transaction() -> bool:
    """True while this thread has a session open: no remote call may be made then."""
    return _open_sessions.get() > 0


def make_engine(database_url: str, *, pool_size: int = 5) -> Engine:
    """An engine that connects when first used. Makes the folder of a SQLite file. Raises NotPossible for a URL we cannot use."""
    url = _url(database_url)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, pool_size)
    theirs = url.query.get("options", "")
    options = f"{_PG_OPTIONS} {theirs if isinstance(theirs, str) else ' '.join(theirs)}".strip()
    return create_engine(
        url.difference_update_query(["options"]),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={"application_name": "joorsync", "connect_timeout": 10, "options": options},
    )


def _url(database_url: str) -> URL:
    """The parsed URL with our driver. Its text is never repeated in an error: it may hold a password."""
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        raise NotPossible("DATABASE_URL cannot be read as a database URL", fix=_FORMS) from None
    backend = url.get_backend_name()
    if backend in ("postgresql", "postgres"):  # hosting providers hand out postgres://
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return url.set(drivername="sqlite")
    raise NotPossible(f"DATABASE_URL names {backend}, which is not supported", fix=_FORMS)


def _sqlite(url: URL, pool_size: int) -> Engine:
    connect: dict[str, Any] = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    if url.database in (None, "", ":memory:"):
        engine = create_engine(url, connect_args=connect, poolclass=StaticPool)
    else:
        _make_folder(Path(str(url.database)).parent)
        engine = create_engine(url, connect_args=connect, poolclass=QueuePool, pool_size=pool_size, max_overflow=pool_size)

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # sqlite3 would say a deferred BEGIN of its own; _begin says ours
        for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
        # IMMEDIATE takes the write lock at once: of two readers that both turn writers, one fails without waiting.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        summary = f"The folder of the database cannot be made: {folder} ({error.strerror})"
        raise NotPossible(summary, fix=["Make the folder, or name another file in DATABASE_URL."]) from None


def session_factory(engine: Engine, *, read_only: bool = False) -> Sessions:
    """`with sessions() as session:` commits on leaving and rolls back on an error. Database trouble is raised as words.

    With `read_only` a write fails, and on SQLite reading does not wait for writers: for pages and listings.
    """
    if read_only:
        engine = engine.execution_options(**{READ_ONLY: True, "postgresql_readonly": True})

    @contextmanager
    def sessions() -> Iterator[Session]:
        token = _open_sessions.set(_open_sessions.get() + 1)
        try:
            with Session(engine, expire_on_commit=False) as session:
                yield session
                session.commit()
        except SQLAlchemyError as error:
            words = translate(error)
            if words is None:
                raise
            raise words from error
        finally:
            _open_sessions.reset(token)

    return sessions


# ---- words ---------------------------------------------------------------------------------------------------------------------------

_NOT_LOST = "Nothing is lost: what was not written is tried again."


def translate(error: Exception) -> SyncError | None:
    """Words for the troubles that a person can end; None for all others (integrity errors, our own mistakes)."""
    if isinstance(error, PoolTimeout):
        return Unavailable("Every connection to the database is in use", fix=["Wait; when it lasts, run fewer threads (WORKER_THREADS)."])
    if not isinstance(error, DBAPIError):
        return None
    text = " ".join(str(error.orig).split())
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == "53100" or "disk is full" in text or "No space left" in text:
        return Unavailable(f"The database's disk is full ({text})", fix=["Free space on that disk.", _NOT_LOST])
    if state == "25006" or "readonly database" in text:
        return NotPossible(f"The database cannot be written ({text})", fix=["Give this user the right to write the file and its folder."])
    if state in ("42P01", "42703") or "no such table" in text or "no such column" in text:
        return NotPossible(f"The database is not at the version of this program ({text})", fix=["Run: joorsync migrate"])
    if "file is not a database" in text or "disk image is malformed" in text:
        return NotPossible(f"The database file is damaged or is no SQLite file ({text})", fix=["Restore it from a backup."])
    if state in ("40001", "40P01", "55P03", "57014") or "is locked" in text:
        return Unavailable(f"The database is busy ({text})", fix=["Nothing to do: this is tried again."])
    return _unreachable(error, text, state)


def _unreachable(error: DBAPIError, text: str, state: str) -> SyncError | None:
    if state == "42501" or state.startswith("28") or "authentication failed" in text or "no password supplied" in text:
        return NotPossible(f"The database refuses this user ({text})", fix=["Check user, password and rights in DATABASE_URL."])
    if state == "3D000" or ('database "' in text and "does not exist" in text):
        return NotPossible(f"The database does not exist ({text})", fix=["Create it, or correct DATABASE_URL."])
    if "unable to open database file" in text:
        return NotPossible(f"The database file cannot be opened ({text})", fix=["Check the path in DATABASE_URL and its rights."])
    lost = not state or state.startswith(("08", "53", "57"))
    if error.connection_invalidated or (isinstance(error, OperationalError) and lost):
        return Unavailable(f"The database cannot be reached ({text})", fix=["Check that the server runs and DATABASE_URL is right."])
    return None
