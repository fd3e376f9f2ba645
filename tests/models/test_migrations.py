"""The migrated schema is the models' schema, up and down, on both databases."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

import models
from models.errors import NotPossible, SyncError
from runtime import migrate
from runtime.db import make_engine


def test_a_migrated_database_is_what_the_models_say(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    assert migrate.state(engine) == "empty"
    assert migrate.upgrade(engine) == "empty"
    assert migrate.state(engine) == "current"
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    names = set(inspect(engine).get_table_names())
    assert {table.__tablename__ for table in (models.Job, models.OrderImport, models.InventoryPosition)} <= names


def test_partial_and_unique_indexes_come_with_the_migration(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    migrate.upgrade(engine)
    (pending,) = [index for index in inspect(engine).get_indexes("job") if index["name"] == "uq_job_pending"]
    assert pending["unique"]
    where = " ".join(str(value) for value in pending["dialect_options"].values())
    assert "blocked" in where
    assert "running" not in where


def test_down_removes_everything_and_up_comes_back(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    migrate.upgrade(engine)
    migrate.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    assert migrate.upgrade(engine) == "empty"


def test_two_processes_may_migrate_at_once(empty_database_url: str) -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(3)

    def work() -> None:
        try:
            engine = make_engine(empty_database_url)
            start.wait()
            migrate.upgrade(engine)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_a_database_newer_than_the_code_is_refused_with_words(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert migrate.state(engine) == "newer"
    for refused in (migrate.upgrade, migrate.require_current):
        with pytest.raises(NotPossible, match="newer") as words:
            refused(engine)
        assert "9999" in words.value.summary


def test_an_unmigrated_database_is_told_what_to_do(empty_database_url: str) -> None:
    with pytest.raises(SyncError) as words:
        migrate.require_current(make_engine(empty_database_url))
    assert "joorsync migrate" in words.value.fix[0]


def test_an_unknown_version_to_go_down_to_is_refused(database_url: str) -> None:
    with pytest.raises(NotPossible, match="no database version"):
        migrate.downgrade(make_engine(database_url), "nonsense")
