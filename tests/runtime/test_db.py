"""Engines and sessions: transactions that do not deadlock, and words for what a person can put right."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models.errors import NotPossible, SyncError, Unavailable
from runtime.db import Sessions, in_transaction, make_engine, session_factory, translate


@pytest.fixture
def url(empty_database_url: str) -> str:
    with session_factory(make_engine(empty_database_url))() as session:
        session.execute(text("CREATE TABLE thing (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, body TEXT)"))
        session.execute(text("INSERT INTO thing VALUES (1, 0, '')"))
    return empty_database_url


def run(sessions: Sessions, *statements: str) -> None:
    """All in one transaction."""
    with sessions() as session:
        for statement in statements:
            session.execute(text(statement))


def number(url: str) -> int:
    with session_factory(make_engine(url), read_only=True)() as session:
        return int(session.execute(text("SELECT n FROM thing WHERE id = 1")).scalar_one())


def test_leaving_commits_and_an_error_rolls_back(url: str) -> None:
    sessions = session_factory(make_engine(url))
    with sessions() as session:
        session.execute(text("UPDATE thing SET n = 1"))
    with pytest.raises(IntegrityError):
        run(sessions, "UPDATE thing SET n = 2", "INSERT INTO thing VALUES (1, 0, '')")
    assert number(url) == 1


def test_a_thread_knows_whether_it_has_a_session_open(url: str) -> None:
    sessions, seen = session_factory(make_engine(url)), []
    assert not in_transaction()
    with sessions():
        assert in_transaction()
        with session_factory(make_engine(url), read_only=True)():
            assert in_transaction()
        assert in_transaction()
        thread = threading.Thread(target=lambda: seen.append(in_transaction()))
        thread.start()
        thread.join()
    assert seen == [False], "another thread's session is not ours"
    with pytest.raises(KeyError), sessions():
        raise KeyError
    assert not in_transaction()


def test_read_then_write_transactions_of_many_threads_neither_deadlock_nor_lose_an_update(url: str) -> None:
    lock = " FOR UPDATE" if url.startswith("postgresql") else ""
    failures: list[Exception] = []

    def add(times: int) -> None:
        sessions = session_factory(make_engine(url))
        try:
            for _ in range(times):
                with sessions() as session:
                    n = session.execute(text(f"SELECT n FROM thing WHERE id = 1{lock}")).scalar_one()
                    session.execute(text("UPDATE thing SET n = :n WHERE id = 1"), {"n": n + 1})
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=add, args=(25,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert number(url) == 150


def test_a_read_only_session_cannot_write_and_the_next_session_can(url: str) -> None:
    engine = make_engine(url, pool_size=1)
    with pytest.raises(NotPossible, match="cannot be written"), session_factory(engine, read_only=True)() as session:
        session.execute(text("UPDATE thing SET n = 5"))
    with session_factory(engine)() as session:
        session.execute(text("UPDATE thing SET n = 6"))
    assert number(url) == 6


def test_reading_does_not_wait_for_a_writer(url: str) -> None:
    with session_factory(make_engine(url))() as writer:
        writer.execute(text("UPDATE thing SET n = 9"))
        assert number(url) == 0
    assert number(url) == 9


def test_other_errors_stay_what_they_are(url: str) -> None:
    with pytest.raises(IntegrityError), session_factory(make_engine(url))() as session:
        session.execute(text("INSERT INTO thing VALUES (1, 0, '')"))


def test_a_database_that_was_not_migrated_says_which_command_does_it(empty_database_url: str) -> None:
    sessions = session_factory(make_engine(empty_database_url))
    for statements in (["SELECT * FROM site"], ["CREATE TABLE site (id INTEGER)", "SELECT name FROM site"]):
        with pytest.raises(NotPossible, match="version of this program") as caught:
            run(sessions, *statements)
        assert caught.value.fix == ["Run: joorsync migrate"]


# ---- SQLite --------------------------------------------------------------------------------------------------------------------------


def test_sqlite_is_set_up_for_many_processes(empty_sqlite_url: str) -> None:
    with make_engine(empty_sqlite_url).connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 15000, "synchronous": 1}


def test_the_folder_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    with session_factory(make_engine(f"sqlite:///{tmp_path}/a/b/joorsync.db"))() as session:
        session.execute(text("CREATE TABLE t (a INTEGER)"))
    assert (tmp_path / "a/b/joorsync.db").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotPossible, match=r"folder of the database cannot be made: .*file"):
        make_engine(f"sqlite:///{tmp_path}/file/joorsync.db")


def test_a_full_disk_is_said_and_nothing_of_the_transaction_stays(sqlite_url: str) -> None:
    sessions = session_factory(make_engine(sqlite_url))
    with sessions() as session:
        most = session.execute(text("PRAGMA page_count")).scalar_one() + 2
    letters = [f"INSERT INTO big VALUES ('{'x' * 4000}')"] * 100
    with pytest.raises(Unavailable, match=r"disk is full") as caught:
        run(sessions, f"PRAGMA max_page_count = {most}", "CREATE TABLE big (body TEXT)", *letters)
    assert "Free space" in caught.value.fix[0]
    with session_factory(make_engine(sqlite_url))() as session:
        assert session.execute(text("SELECT count(*) FROM sqlite_master WHERE name = 'big'")).scalar() == 0


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "joorsync.db").write_bytes(b"this is a letter to a retailer, no database at all" * 50)
    with pytest.raises(NotPossible, match="damaged or is no SQLite file"):
        run(session_factory(make_engine(f"sqlite:///{tmp_path}/joorsync.db")), "SELECT 1")


def test_a_folder_in_place_of_the_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="cannot be opened"), session_factory(make_engine(f"sqlite:///{tmp_path}"))() as session:
        session.execute(text("SELECT 1"))


def test_a_file_that_may_not_be_written_is_said(sqlite_url: str) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    engine = make_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    with pytest.raises(NotPossible, match="cannot be written"), session_factory(engine)() as session:
        session.execute(text("CREATE TABLE t (a INTEGER)"))


def test_a_writer_that_never_ends_makes_others_say_busy(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.db.BUSY_SECONDS", 0)
    sessions = session_factory(make_engine(sqlite_url))
    with sessions() as first:
        first.execute(text("SELECT 1"))
        with pytest.raises(Unavailable, match="busy"), sessions() as second:
            second.execute(text("SELECT 1"))
    with sessions() as third:
        assert third.execute(text("SELECT 1")).scalar() == 1, "the engine goes on"


# ---- PostgreSQL ----------------------------------------------------------------------------------------------------------------------


def test_postgresql_bounds_every_wait_and_knows_us_by_name(postgres_url: str) -> None:
    with make_engine(postgres_url).connect() as connection:
        found = {
            name: connection.execute(text(f"SHOW {name}")).scalar()
            for name in ("application_name", "lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "TimeZone")
        }
    assert found == {
        "application_name": "joorsync",
        "lock_timeout": "30s",
        "statement_timeout": "2min",
        "idle_in_transaction_session_timeout": "5min",
        "TimeZone": "UTC",
    }


def test_postgresql_options_of_the_url_come_after_ours(postgres_url: str) -> None:
    with make_engine(f"{postgres_url}?options=-c%20lock_timeout%3D7s").connect() as connection:
        assert connection.execute(text("SHOW lock_timeout")).scalar() == "7s"
        assert connection.execute(text("SHOW TimeZone")).scalar() == "UTC"


def test_a_connection_that_the_server_dropped_is_replaced(postgres_url: str) -> None:
    engine, other = make_engine(postgres_url, pool_size=1), make_engine(postgres_url)
    with session_factory(engine)() as session:
        pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with session_factory(other)() as session:
        session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    with session_factory(engine)() as session:
        assert session.execute(text("SELECT pg_backend_pid()")).scalar_one() != pid
    with pytest.raises(Unavailable, match="cannot be reached"):
        run(session_factory(engine), "SELECT pg_terminate_backend(pg_backend_pid())", "SELECT 1")


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("53100", Unavailable, "disk is full"),
        ("25006", NotPossible, "cannot be written"),
        ("57014", Unavailable, "busy"),
        ("40P01", Unavailable, "busy"),
        ("57P01", Unavailable, "cannot be reached"),
        ("42501", NotPossible, "refuses this user"),
    ],
)
def test_postgresql_says_each_trouble(postgres_url: str, state: str, kind: type[SyncError], words: str) -> None:
    raising = text(f"DO $$ BEGIN RAISE EXCEPTION 'as the server says it' USING ERRCODE = '{state}'; END $$")
    with pytest.raises(kind, match=words), session_factory(make_engine(postgres_url))() as session:
        session.execute(raising)


def test_a_lock_that_is_held_too_long_is_said(postgres_url: str) -> None:
    with session_factory(make_engine(postgres_url))() as holder:
        holder.execute(text("LOCK TABLE site"))
        with pytest.raises(Unavailable, match="busy"):
            run(session_factory(make_engine(postgres_url)), "SET LOCAL lock_timeout = '50ms'", "SELECT * FROM site")


# ---- addresses -----------------------------------------------------------------------------------------------------------------------


def test_a_server_that_is_not_there_and_a_database_that_is_not_there(empty_postgres_url: str) -> None:
    gone = "postgresql+psycopg://joor:hunter2-secret@127.0.0.1:1/joorsync"
    with pytest.raises(Unavailable, match="cannot be reached") as caught, session_factory(make_engine(gone))() as session:
        session.execute(text("SELECT 1"))
    assert "hunter2" not in f"{caught.value} {caught.value.fix}"
    with pytest.raises(NotPossible, match="does not exist"), session_factory(make_engine(f"{empty_postgres_url}_no"))() as session:
        session.execute(text("SELECT 1"))


@pytest.mark.parametrize(
    "url", ["", "no url at all", "postgresql://joor:hunter2@host:many/db", "mysql://joor:hunter2@host/db", "oracle+cx://hunter2"]
)
def test_an_address_we_cannot_use_is_refused_without_repeating_the_password(url: str) -> None:
    with pytest.raises(NotPossible, match="DATABASE_URL") as caught:
        make_engine(url)
    assert "hunter2" not in str(caught.value)
    assert "sqlite:///" in caught.value.fix[0]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_spelling_of_postgresql_uses_our_driver(scheme: str) -> None:
    assert make_engine(f"{scheme}://joor@host/db").url.drivername == "postgresql+psycopg"


def test_a_pool_that_has_run_dry_is_said() -> None:
    words = translate(PoolTimeout("QueuePool limit of size 5 overflow 5 reached"))
    assert isinstance(words, Unavailable)
    assert "in use" in str(words)
