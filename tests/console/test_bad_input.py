"""Whatever is wrong around a command: a clear message, the right exit code, no traceback, nothing lost."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import event, text
from sqlmodel import func, select

from console import process as console_process
from models.jobs import Job
from runtime.db import make_engine
from tests.console.conftest import AIMS, JOOR, Said, Shell

NOWHERE_PG = "postgresql+psycopg://joorsync:CanaryPassword@127.0.0.1:1/joorsync?connect_timeout=2"
NOWHERE_MQ = "amqp://joorsync:CanaryPassword@127.0.0.1:1/%2F"


def refused(said: Said, code: int, *words: str) -> None:
    """Exit code, words and numbered steps on stderr, nothing on stdout, never a traceback or a secret."""
    assert said.code == code, said.err
    for word in words:
        assert word in said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    assert "Canary" not in said.err


@pytest.fixture
def us(shell: Shell) -> Shell:
    shell.add_site("us")
    return shell


def test_an_unknown_data_type_lists_the_known_ones(us: Shell) -> None:
    refused(us("enqueue", "stock", "--site", "us"), 2, "'stock'", "inventory")


def test_an_unknown_command_is_a_usage_error(shell: Shell) -> None:
    refused(shell("enqeue"), 2, "enqeue")


def test_a_wrong_setting_of_the_process_is_named(shell: Shell) -> None:
    refused(shell("jobs", WORKER_THREADS="many"), 2, "WORKER_THREADS", "'many'")


def test_a_database_that_cannot_be_reached(shell: Shell) -> None:
    refused(shell("jobs", DATABASE_URL=NOWHERE_PG), 3, "database cannot be reached", "1. ")


@pytest.mark.parametrize("url", ["nonsense", "mysql://root@localhost/x"])
def test_a_database_url_that_is_none(shell: Shell, url: str) -> None:
    refused(shell("jobs", DATABASE_URL=url), 2, "DATABASE_URL", "postgresql+psycopg://")


def test_with_services_a_database_that_is_not_migrated_says_what_to_run(shell: Shell, empty_sqlite_url: str) -> None:
    for command in (["sites", "add", "us", "--joor-api", JOOR, "--aims-api", AIMS], ["workers"], ["producers"], ["jobs"]):
        refused(shell(*command, DATABASE_URL=empty_sqlite_url, AMQP_URL=NOWHERE_MQ), 2, "not migrated", "1. Run: joorsync migrate")
    assert shell("migrate", DATABASE_URL=empty_sqlite_url).code == 0
    assert shell("jobs", DATABASE_URL=empty_sqlite_url).code == 0


def test_embedded_the_first_site_migrates_by_itself(shell: Shell, empty_sqlite_url: str) -> None:
    refused(shell("jobs", DATABASE_URL=empty_sqlite_url), 2, "joorsync migrate")
    said = shell("sites", "add", "us", "--joor-api", JOOR, "--aims-api", AIMS, DATABASE_URL=empty_sqlite_url)
    assert said.code == 0


def test_a_database_newer_than_the_code_is_left_alone(us: Shell) -> None:
    with us.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_from_the_future'"))
    for command in (["jobs"], ["migrate"], ["sites", "add", "eu", "--joor-api", JOOR, "--aims-api", AIMS]):
        refused(us(*command), 2, "newer", "9999_from_the_future")


def test_a_database_can_be_taken_down_only_after_a_question(us: Shell) -> None:
    assert us("migrate", "--down", "base", stdin="n\n").code == 1
    assert us("jobs").code == 0
    assert us("migrate", "--down", "base", "--yes").code == 0
    refused(us("jobs"), 2, "not migrated")
    refused(us("migrate", "--down", "nonsense", "--yes"), 2, "no database version 'nonsense'")


def test_a_key_file_of_another_database_is_named(us: Shell, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    other.write_text(Fernet.generate_key().decode())
    other.chmod(0o600)
    said = us("check", "--site", "us", JOORSYNC_KEY_FILE=str(other))
    assert said.code == 1
    assert "cannot be opened with the key from the key file" in said.out
    refused(us("keys", "rotate", JOORSYNC_KEY_FILE=str(other)), 2, "cannot be opened", "1. ")


@pytest.mark.parametrize("content", [b"not a key", b"\xff\xfe", b""])
def test_a_file_that_is_no_key(us: Shell, tmp_path: Path, content: bytes) -> None:
    wrong = tmp_path / "wrong.key"
    wrong.write_bytes(content)
    wrong.chmod(0o600)
    refused(us("sites", "set", "us", "--secret", "aims.token", stdin="Canary-x", JOORSYNC_KEY_FILE=str(wrong)), 2, "key")
    refused(us("sites", "set", "us", "--secret", "aims.token", stdin="Canary-x", JOORSYNC_KEY_FILE="/no/such.key"), 2, "/no/such.key")


def test_rotating_keys_keeps_the_secrets(us: Shell, tmp_path: Path) -> None:
    old = next(Path(us.url.removeprefix("sqlite:///")).parent.glob("*.key")).read_text().strip()
    new = Fernet.generate_key().decode()
    assert "1 credential(s)" in us("keys", "rotate", JOORSYNC_KEY=f"{new},{old}").out
    assert us("keys", "rotate", JOORSYNC_KEY=new).code == 0
    refused(us("keys", "rotate", JOORSYNC_KEY=old), 2, "cannot be opened")


def test_rabbitmq_being_down_does_not_stop_a_request(us: Shell) -> None:
    said = us("enqueue", "orders", "--site", "us", AMQP_URL=NOWHERE_MQ)
    assert said.code == 0
    assert "1 job(s) stored" in said.out
    assert "Delivery is delayed and follows by itself" in said.err
    assert "Canary" not in said.err
    with us.sessions() as session:
        assert session.exec(select(func.count()).select_from(Job)).one() == 1


@pytest.mark.parametrize("url", ["nonsense", "amqp://host:port", "amqp://127.0.0.1:1"])
def test_an_amqp_url_that_is_none_is_named_where_it_is_needed(us: Shell, url: str) -> None:
    said = us("queues", "--json", AMQP_URL=url)
    assert said.code == 3
    assert "Traceback" not in said.err
    assert us("enqueue", "orders", "--site", "us", AMQP_URL=url).code == 0, "the request is stored all the same"


def test_rabbitmq_that_cannot_be_reached_is_told_by_check_queues_and_topology(us: Shell) -> None:
    assert us("queues", AMQP_URL=NOWHERE_MQ).code == 3
    refused(us("topology", AMQP_URL=NOWHERE_MQ), 3, "RabbitMQ cannot be reached", "1. Start RabbitMQ")
    said = us("check", AMQP_URL=NOWHERE_MQ)
    assert said.code == 3
    assert "FAIL  broker: RabbitMQ cannot be reached" in said.out


@pytest.fixture
def full_disk(us: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """SQLite may not grow any more, which it reports as a full disk."""

    def cramped(url: str, **options: int) -> object:
        engine = make_engine(url, **options)

        @event.listens_for(engine, "connect")
        def _limit(connection: sqlite3.Connection, _record: object) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count={pages}")

        return engine

    monkeypatch.setattr(console_process, "make_engine", cramped)
    yield us
    monkeypatch.undo()


def test_a_full_disk_is_said_and_nothing_half_is_stored(full_disk: Shell, tmp_path: Path) -> None:
    rows = "".join(f"C{number},{'A' * 150}{number}\n" for number in range(3000))
    (tmp_path / "many.csv").write_text("joor_code,aims_code\n" + rows)
    refused(full_disk("map", "import", "customers", str(tmp_path / "many.csv"), "--site", "us"), 3, "disk is full", "1. Free space")
    assert full_disk("map", "list", "customers", "--site", "us", "--json").json == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is a Linux device")
def test_a_full_disk_under_an_export_is_said(us: Shell) -> None:
    us("map", "set", "term", "N30", "--aims", "30", "--site", "us")
    refused(us("map", "export", "terms", "/dev/full", "--site", "us"), 2, "disk is full")


def test_a_file_that_is_not_there(us: Shell) -> None:
    refused(us("map", "import", "terms", "nowhere.csv", "--site", "us"), 2, "nowhere.csv", "No such file")


def test_a_fault_of_ours_is_one_line_and_a_traceback_only_when_asked_for(us: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("console.jobs.find", broken)
    refused(us("jobs"), 1, "A fault of ours: ZeroDivisionError: a bug", "LOG_LEVEL=DEBUG")
    said = us("jobs", LOG_LEVEL="DEBUG")
    assert said.code == 1
    assert "Traceback" in said.err
    assert "in broken" in said.err


def test_settings_are_shown_without_passwords(shell: Shell) -> None:
    said = shell("settings", "--json", AMQP_URL=NOWHERE_MQ, JOORSYNC_KEY=Fernet.generate_key().decode())
    rows = {row["variable"]: row for row in said.json}
    assert rows["AMQP_URL"]["value"] == "amqp://[redacted]@127.0.0.1:1/%2F"
    assert rows["JOORSYNC_KEY"]["value"] == "[redacted]"
    assert rows["WORKER_THREADS"]["set"] is False


def test_a_key_file_made_by_itself_is_for_this_user_only(us: Shell) -> None:
    made = next(Path(us.url.removeprefix("sqlite:///")).parent.glob("*.key"))
    assert stat.S_IMODE(os.stat(made).st_mode) == 0o600
