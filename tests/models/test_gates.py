"""Gates of going live: what keeps a production site from being written to."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlmodel import Session

from models.gates import confirmations, needs_first_run, shut
from models.golive import Confirmation
from models.jobs import DataType
from models.sites import Site
from runtime.db import make_engine, session_factory

NOW = datetime(2031, 3, 3, 9, tzinfo=UTC)


@pytest.fixture
def session(sqlite_url: str) -> Iterator[Session]:
    engine = make_engine(sqlite_url)
    with session_factory(engine)() as made:
        yield made
    engine.dispose()


def site(session: Session, key: str, **about: bool) -> Site:
    made = Site(key=key, joor_api_url="https://j", aims_api_url="https://a", created_at=NOW, updated_at=NOW, **about)
    session.add(made)
    session.flush()
    return made


def confirm(session: Session, at: Site, name: str) -> None:
    session.add(Confirmation(site_id=at.id or 0, name=name, at=NOW))
    session.flush()


def test_a_sandbox_account_has_no_gates(session: Session) -> None:
    sandbox = site(session, "us-test", is_sandbox=True)
    assert shut(session, sandbox, DataType.STYLES) == []
    assert not needs_first_run(session, sandbox, DataType.STYLES)


def test_a_new_production_site_misses_both_decisions_each_with_its_command(session: Session) -> None:
    missing = shut(session, site(session, "us"), DataType.STYLES)
    assert [(item.kind, item.value) for item in missing] == [("decision", "production:us"), ("decision", "first_run:styles")]
    assert "joorsync sites open us" in missing[0].fix
    assert "joorsync enqueue styles --site us --confirm" in missing[1].fix


def test_an_open_site_misses_the_first_run_of_each_data_type_by_itself(session: Session) -> None:
    us = site(session, "us", production_open=True)
    confirm(session, us, "first_run.styles")
    assert shut(session, us, DataType.STYLES) == []
    assert [item.value for item in shut(session, us, DataType.ORDERS)] == ["first_run:orders"]


def test_a_confirmation_of_another_site_opens_nothing(session: Session) -> None:
    us, eu = (site(session, key, production_open=True) for key in ("us", "eu"))
    confirm(session, eu, "first_run.styles")
    assert needs_first_run(session, us, DataType.STYLES)
    assert not needs_first_run(session, eu, DataType.STYLES)


def test_a_site_that_was_closed_later_is_shut_although_its_first_runs_are_confirmed(session: Session) -> None:
    us = site(session, "us", production_open=False)
    confirm(session, us, "first_run.styles")
    assert [item.value for item in shut(session, us, DataType.STYLES)] == ["production:us"]


def test_confirmations_come_by_name(session: Session) -> None:
    us = site(session, "us")
    for name in ("licence", "first_run.styles"):
        confirm(session, us, name)
    assert set(confirmations(session, us.id or 0)) == {"licence", "first_run.styles"}
    assert set(confirmations(session, us.id or 0, ["licence"])) == {"licence"}
