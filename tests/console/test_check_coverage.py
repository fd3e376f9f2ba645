"""Coverage in percent: what is in use, and how much of it is paired, equal by code, or left out on purpose."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from console.check_coverage import Coverage, coverage
from models.catalogue import CardState, StyleCard, StyleSource
from models.customers import CustomerSource, JoorCode, JoorConnection
from models.mappings import Mapping, MappingKind
from models.sites import Site
from tests.console.conftest import Shell

NOW = datetime(2031, 3, 3, 12, 0, tzinfo=UTC)


def pair(site: Site, kind: MappingKind, joor: str, aims: str, **more: Any) -> Mapping:
    return Mapping(site_id=site.id or 0, kind=kind.value, joor_code=joor, aims_code=aims, created_at=NOW, updated_at=NOW, **more)


def customer(site: Site, account: str, **more: Any) -> CustomerSource:
    return CustomerSource(site_id=site.id or 0, account=account, aims_id=account, row={}, digest="d", read_at=NOW, **more)


def style(site: Site, number: str, **more: Any) -> StyleSource:
    return StyleSource(site_id=site.id or 0, style=number, rows=[], digest="d", read_at=NOW, **more)


def seen(site: Site, kind: MappingKind, code: str, origin: str = "order") -> JoorCode:
    return JoorCode(site_id=site.id or 0, kind=kind.value, code=code, origin=origin, seen=0 if origin == "list" else 1, last_seen_at=NOW)


@pytest.fixture
def us(shell: Shell) -> Shell:
    shell.add_site("us")
    return shell


def of(session: Session, site: Site, kind: MappingKind, **known: list[str]) -> Coverage:
    session.flush()
    return next(item for item in coverage(session, site, known) if item.kind is kind)


def test_customers_are_those_that_may_be_sent(us: Shell) -> None:
    with us.sessions() as session:
        site = session.exec(select(Site)).one()
        session.add_all([customer(site, account) for account in ("PAIRED", "EQUAL", "LEFTOUT", "NEW")])
        session.add_all([customer(site, "OLD", status="Inactive"), customer(site, "GONE", gone=True)])
        session.add(JoorConnection(site_id=site.id or 0, connection_id="9", customer_code="EQUAL", raw={}, read_at=NOW))
        session.add(pair(site, MappingKind.CUSTOMER, "J1", "PAIRED"))
        session.add(pair(site, MappingKind.CUSTOMER, "", "LEFTOUT", ignored=True))
        session.add(pair(site, MappingKind.CUSTOMER, "shipping:S1", "NEW"))
        found = of(session, site, MappingKind.CUSTOMER)
    assert (found.used, found.paired, found.equal, found.ignored, found.missing) == (4, 1, 1, 1, ["NEW"])
    assert found.words == "customers 75 % (3 of 4): NEW is missing"


def test_styles_are_covered_by_a_card_or_a_pair(us: Shell) -> None:
    with us.sessions() as session:
        site = session.exec(select(Site)).one()
        session.add_all([style(site, number) for number in ("D1", "D2", "D3")] + [style(site, "D9", active=False)])
        session.add(StyleCard(site_id=site.id or 0, identifier="D1", style="D1", state=CardState.ON_JOOR, created_at=NOW))
        session.add(StyleCard(site_id=site.id or 0, identifier="D3", style="D3", state=CardState.REMOVED, created_at=NOW))
        session.add(pair(site, MappingKind.STYLE, "X|RED", "D2|RED"))
        found = of(session, site, MappingKind.STYLE)
    assert (found.used, found.paired, found.equal, found.missing) == (3, 1, 1, ["D3"])


def test_warehouses_count_by_pairs_alone(us: Shell) -> None:
    with us.sessions() as session:
        site = session.exec(select(Site)).one()
        session.add(pair(site, MappingKind.WAREHOUSE, "NJ", "nj main"))
        found = of(session, site, MappingKind.WAREHOUSE, warehouse=["NJ MAIN", "LA"])
    assert (found.percent, found.missing) == (50, ["LA"])


def test_codes_of_joor_count_where_they_were_used_and_not_where_they_are_only_listed(us: Shell) -> None:
    with us.sessions() as session:
        site = session.exec(select(Site)).one()
        session.add_all([seen(site, MappingKind.TERM, code) for code in ("N30", "NET60", "N90", "CASH")])
        session.add(seen(site, MappingKind.TERM, "NEVER", origin="list"))
        session.add(pair(site, MappingKind.TERM, "NET60", "N60"))
        session.add(pair(site, MappingKind.TERM, "CASH", "", ignored=True))
        found = of(session, site, MappingKind.TERM, term=["N30", "N60"])
        unread = of(session, site, MappingKind.TERM)
    assert (found.used, found.paired, found.equal, found.ignored, found.missing) == (4, 1, 1, 1, ["N90"])
    assert unread.missing == ["N30", "N90"], "AIMS360 was not read: nothing counts as equal"


def test_100_percent_means_all() -> None:
    nearly = Coverage(MappingKind.STYLE, 1000, paired=999, missing=["D1"])
    assert nearly.percent == 99
    assert (
        Coverage(MappingKind.TERM, 3, paired=1, equal=2).words == "terms 100 % (3 of 3): 1 paired, 2 equal by code, 0 left out on purpose"
    )
    many = Coverage(MappingKind.TERM, 12, missing=[f"T{number}" for number in range(12)])
    assert many.words.endswith("T8, T9 and 2 more are missing")
