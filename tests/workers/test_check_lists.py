"""JOOR's Order Settings against AIMS360's lists: codes without a counterpart, pairs that lead nowhere, price labels to the letter."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlmodel import Session

from clients.aims360.client import AimsClient
from clients.aims360.types import CodeRow, Warehouse
from clients.joor.types import PriceType
from models.customers import CustomerSource, JoorCode
from models.errors import AccessDenied, NotPossible
from models.mappings import Mapping, MappingKind
from models.settings import InventorySettings, OrderSettings, Schedule, StyleSettings
from models.sites import Site
from runtime.db import Sessions, make_engine, session_factory
from workers.check_lists import AimsLists, order_settings, read_lists
from workers.check_probe import Probe
from workers.sync import Context, SiteView

NOW = datetime(2031, 3, 3, 12, 0, tzinfo=UTC)
US = SiteView(1, "us", "US", "tenant", (), OrderSettings(), InventorySettings(), StyleSettings(), Schedule())
LISTS = AimsLists(
    {
        "term": {"N30": ("t1", True), "N90": ("t2", True), "COD": ("t3", True), "OLD": ("t4", False)},
        "ship_via": {"UPSG": ("s1", True)},
        "warehouse": {"NJ MAIN": ("w1", True), "CLOSED": ("w2", False)},
        "currency": {"USD": ("c1", True), "EUR": ("c2", True)},
    }
)


@pytest.fixture
def sessions(sqlite_url: str) -> Iterator[Sessions]:
    engine = make_engine(sqlite_url)
    made = session_factory(engine)
    with made() as session:
        session.add(Site(id=1, key="us", joor_api_url="x", aims_api_url="x", created_at=NOW, updated_at=NOW))
    yield made
    engine.dispose()


def pair(kind: MappingKind, joor: str, aims: str, **more: Any) -> Mapping:
    return Mapping(site_id=1, kind=kind.value, joor_code=joor, aims_code=aims, created_at=NOW, updated_at=NOW, **more)


def seen(kind: MappingKind, code: str) -> JoorCode:
    return JoorCode(site_id=1, kind=kind.value, code=code, origin="order", seen=1, last_seen_at=NOW)


def customer(account: str, term: str, status: str = "Active") -> CustomerSource:
    return CustomerSource(
        site_id=1, account=account, aims_id=account, status=status, row={"term_id": term, "ship_via_id": "s1"}, digest="d", read_at=NOW
    )


def look(sessions: Sessions, *rows: Any, price_types: list[PriceType] | None = None, lists: AimsLists = LISTS) -> dict[str, Probe]:
    with sessions() as session:
        session.add_all(rows)

    def session_of() -> AbstractContextManager[Session]:
        return sessions()

    catalogue = SimpleNamespace(price_types=lambda: price_types)
    ctx = SimpleNamespace(site=US, session=session_of, catalogue=lambda: catalogue)
    return {probe.area: probe for probe in order_settings(cast(Context, ctx), lists)}


def test_terms_that_customers_use_and_joor_does_not_know_are_named_the_most_used_first(sessions: Sessions) -> None:
    rows = [customer("A", "T3"), customer("B", "t3"), customer("C", "t2"), customer("D", "t1"), customer("E", "t4", status="Inactive")]
    found = look(sessions, *rows, seen(MappingKind.TERM, "N30"))["JOOR payment methods"]
    assert (found.ok, found.open) == (True, True)
    assert "no counterpart on JOOR for COD, N90: 3 used by 4 customers; seen on JOOR: N30" in found.summary
    assert "facts 3.1" in found.summary
    assert 'joorsync map set term JOOR_CODE --aims "COD" --site us' in found.fix[1]


def test_a_pair_or_an_equal_code_or_a_code_left_out_is_a_counterpart(sessions: Sessions) -> None:
    rows = [customer("A", "t1"), customer("B", "t2"), customer("C", "t3")]
    pairs = [pair(MappingKind.TERM, "NET90", "N90"), pair(MappingKind.TERM, "", "COD", ignored=True)]
    found = look(sessions, *rows, *pairs, seen(MappingKind.TERM, "N30"))["JOOR payment methods"]
    assert (found.ok, found.open) == (True, False)
    assert found.summary.startswith("each has a counterpart: 3 used by 3 customers")


def test_a_pair_that_leads_to_a_code_aims360_does_not_have_is_wrong(sessions: Sessions) -> None:
    found = look(sessions, pair(MappingKind.TERM, "NET45", "N45"))["JOOR payment methods"]
    assert not found.ok
    assert "NET45 -> N45" in found.summary
    assert found.fix[1] == 'Or take it out: joorsync map remove term "NET45" --aims "N45" --site us'


def test_before_customers_were_read_every_usable_code_counts(sessions: Sessions) -> None:
    found = look(sessions)["JOOR payment methods"]
    assert "N30, N90, COD: all 3 of AIMS360 (customers were not read yet)" in found.summary


def test_warehouses_are_names_without_regard_to_case_and_only_active_ones_count(sessions: Sessions) -> None:
    found = look(sessions, pair(MappingKind.WAREHOUSE, "NJ", "nj main"))["JOOR warehouses"]
    assert (found.ok, found.open) == (True, False)


def test_a_list_that_aims360_does_not_have_is_told_in_its_own_words(sessions: Sessions) -> None:
    lists = AimsLists({key: value for key, value in LISTS.codes.items() if key != "term"}, {"term": NotPossible("no terms", fix=["look"])})
    found = look(sessions, lists=lists)["JOOR payment methods"]
    assert (found.ok, found.summary, list(found.fix)) == (False, "no terms", ["look"])


USD, EUR = PriceType("1", "US Dollars", "USD", "USD"), PriceType("2", "Euro", "EUR", "EUR")


@pytest.mark.parametrize(
    ("joor", "aims", "words"),
    [
        ("US Dollar", "USD", "JOOR has no price label 'US Dollar' (it has 'US Dollars', 'Euro'): labels must be equal to the letter"),
        ("US Dollars", "EUR/Wholesale", "JOOR's label 'US Dollars' is of USD, but is paired with EUR/Wholesale"),
        ("US Dollars", "GBP", "AIMS360 has no currency GBP (it has EUR, USD)"),
    ],
)
def test_a_price_label_that_is_not_joors_to_the_letter_is_wrong(sessions: Sessions, joor: str, aims: str, words: str) -> None:
    found = look(sessions, pair(MappingKind.PRICE_LABEL, joor, aims), price_types=[USD, EUR])["price labels"]
    assert not found.ok
    assert words in found.summary


def test_a_label_of_joor_without_a_pair_is_open(sessions: Sessions) -> None:
    found = look(sessions, pair(MappingKind.PRICE_LABEL, "US Dollars", "USD"), price_types=[USD, EUR])["price labels"]
    assert (found.ok, found.open) == (True, True)
    assert list(found.fix) == ['joorsync map set price-label "Euro" --aims EUR --site us']


def test_without_v4_labels_are_compared_by_eye(sessions: Sessions) -> None:
    found = look(sessions, pair(MappingKind.PRICE_LABEL, "US Dollars", "USD"))["price labels"]
    assert (found.ok, found.open) == (True, False)
    assert "by v4 only" in found.summary


class Tenant:
    def __init__(self, error: Exception) -> None:
        self.error = error
        self.calls: list[str] = []

    def codes(self, kind: str) -> list[CodeRow]:
        self.calls.append(kind)
        if kind == "ship_via":
            raise self.error
        return [CodeRow(f"{kind}1", "X", "X")]

    def warehouses(self) -> list[Warehouse]:
        self.calls.append("warehouse")
        return [Warehouse("w1", "NJ"), Warehouse("w2", "CLOSED", active=False)]


def test_an_absent_list_stops_no_other_and_a_refusal_stops_all() -> None:
    absent, refused = Tenant(NotPossible("no ship-vias")), Tenant(AccessDenied("no"))
    found = read_lists(cast(AimsClient, absent))
    assert (found.failures.keys(), found.known()["warehouse"]) == ({"ship_via"}, ["NJ"])
    assert len(absent.calls) == 8
    assert set(read_lists(cast(AimsClient, refused)).codes) == {"term"}
    assert refused.calls == ["term", "ship_via"]
