"""The migrated schema is the models' schema, up and down, on both databases."""

import multiprocessing
import threading
from importlib.resources import files

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


def test_a_production_site_that_works_goes_on_working_when_the_gates_come(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    migrate.upgrade(engine)
    migrate.downgrade(engine, "0002")
    site = """INSERT INTO site (id, key, name, is_sandbox, production_open, joor_api_url, aims_api_url, style_settings, inventory_settings,
        order_settings, schedule, contract_overrides, created_at, updated_at)
        VALUES (:id, :key, '', :sandbox, :no, 'j', 'a', '{}', '{}', '{}', '{}', '{}', '2030-01-01T00:00:00.000000+00:00',
        '2030-01-01T00:00:00.000000+00:00')"""
    job = """INSERT INTO job (site_id, data_type, kind, key, dry_run, state, wanted_at, available_at, attempts, max_attempts, note, sent,
        created_at, finished_at) VALUES (:site, :type, 'any.kind', :key, :dry, 'succeeded', :at, :at, 1, 8, '', :sent, :at, :at)"""
    at = "2030-01-02T00:00:00.000000+00:00"
    with engine.begin() as connection:
        for number, (key, sandbox) in enumerate([("used", False), ("new", False), ("test", True)], start=1):
            connection.execute(text(site), {"id": number, "key": key, "sandbox": sandbox, "no": False})
        for site_id, data_type, dry, sent in [
            (1, "orders", False, 1),
            (1, "styles", True, 5),
            (1, "inventory", False, 0),
            (2, "orders", True, 1),
            (3, "orders", False, 1),
        ]:
            values = {"site": site_id, "type": data_type, "key": f"{site_id}", "dry": dry, "sent": sent, "at": at}
            connection.execute(text(job), values)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        opened = connection.execute(text("SELECT key FROM site WHERE production_open ORDER BY key")).scalars().all()
        confirmed = connection.execute(text("SELECT site_id, name FROM confirmation")).all()
    assert opened == ["used"]
    assert [tuple(row) for row in confirmed] == [(1, "first_run.orders")]


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


def migrate_in_a_process(url: str) -> str:
    return migrate.upgrade(make_engine(url))


def test_four_processes_may_migrate_at_once(empty_database_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(migrate_in_a_process, [empty_database_url] * 4, chunksize=1)
    assert sorted(found) == ["current", "current", "current", "empty"]


def test_a_migration_that_fails_leaves_nothing_behind(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(empty_database_url)

    def half(config: object, revision: str) -> None:
        upgrade(config, revision)
        raise RuntimeError("the power went out")

    upgrade = migrate.command.upgrade
    monkeypatch.setattr(migrate.command, "upgrade", half)
    with pytest.raises(RuntimeError):
        migrate.upgrade(engine)
    assert inspect(engine).get_table_names() == []
    monkeypatch.undo()
    assert migrate.upgrade(engine) == "empty"


def test_tables_that_are_not_ours_are_left_alone(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE site (letters INTEGER)"))
    with pytest.raises(NotPossible, match="holds tables but no version of joorsync: site"):
        migrate.upgrade(engine)
    assert inspect(engine).get_table_names() == ["site"]


def test_foreign_keys_are_enforced_again_after_a_migration(empty_sqlite_url: str) -> None:
    engine = make_engine(empty_sqlite_url, pool_size=1)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_every_constraint_has_a_name_so_that_a_later_migration_can_change_it(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    migrate.upgrade(engine)
    inspector = inspect(engine)
    for table in SQLModel.metadata.sorted_tables:
        found = [
            inspector.get_pk_constraint(table.name),
            *inspector.get_foreign_keys(table.name),
            *inspector.get_unique_constraints(table.name),
        ]
        wanted = {constraint.name for constraint in table.constraints}
        assert {constraint["name"] for constraint in found} == wanted
        assert None not in wanted


def test_foreign_keys_delete_and_restrict_as_the_models_say(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    migrate.upgrade(engine)
    for table in SQLModel.metadata.sorted_tables:
        found = {
            (key["constrained_columns"][0], key["referred_table"], key["options"].get("ondelete"))
            for key in inspect(engine).get_foreign_keys(table.name)
        }
        assert found == {(key.parent.name, key.column.table.name, key.ondelete) for key in table.foreign_keys}


def test_the_migrations_are_part_of_the_installed_package() -> None:
    folder = files("models") / "migrations"
    present = {path.name for path in folder.iterdir()} | {path.name for path in (folder / "versions").iterdir()}
    assert {"env.py", "script.py.mako", "0001_what_the_main_job_needs.py"} <= present
