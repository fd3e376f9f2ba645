"""The code lists of both systems: equal codes are paired, equal names proposed, and what a tenant does not show stops nothing."""

from typing import Any

import pytest
from sqlmodel import col, select

from clients.joor.types import PriceType
from models.audit import AuditEntry
from models.cursors import Cursor
from models.customers import JoorCode
from models.errors import NotPossible, Unavailable
from models.jobs import Job, JobKind, JobState
from models.lookups import LISTS_READ, Lookup
from models.mappings import Proposal, ProposalState
from tests.workers.pairing_hands import TENANT, Bench


@pytest.fixture
def bench(sqlite_url: str) -> Bench:
    return Bench(sqlite_url)


def lists(bench: Bench, *, dry_run: bool = False) -> Job:
    return bench.ask(JobKind.CUSTOMERS_LISTS, dry_run=dry_run)


def connect(bench: Bench, **more: Any) -> None:
    """A connection as a reading of customers left it."""
    bench.joor.show("HARB", "Harbor", **more)
    bench.customer("HARB")
    bench.ask(JobKind.CUSTOMERS_MATCH)


def codes(bench: Bench) -> dict[tuple[str, str], tuple[str, str, int]]:
    return {(row.kind, row.code): (row.name, row.origin, row.seen) for row in bench.all(JoorCode)}


def test_the_tables_of_aims360_are_remembered(bench: Bench) -> None:
    lists(bench)
    with bench.sessions() as session:
        rows = session.exec(select(Lookup.kind, Lookup.code).where(Lookup.tenant == TENANT).order_by(col(Lookup.kind))).all()
        read = session.get_one(Cursor, (1, LISTS_READ))
    assert ("currency", "USD") in rows
    assert ("sales_rep", "ANN") in rows
    assert ("warehouse", "NJ") in rows
    assert read.position == {"tenant": TENANT, "unread": {}}


def test_codes_are_collected_from_lists_connections_and_orders(bench: Bench) -> None:
    bench.joor.labels = [PriceType("1", "US Dollars", "USD")]
    connect(
        bench,
        billing={
            "payment_methods": [{"payment_method_code": "N30", "payment_method_name": "Net 30"}],
            "billing_addresses": [{"billing_country": "US"}],
        },
        sales_rep_code="ANN",
    )
    order = {"payment_method_code": "N30", "payment_method_name": "Net 30", "shipping_method_name": "Truck", "order_season_code": "F31"}
    bench.order("1", **order, warehouse_name="NJ", order_divisions=[{"division_code": "01", "division_name": "Main"}])
    bench.order("2", **order, order_currency_name="Euro", order_currency="EUR", shipping_country_iso_two="FR", shipping_country="France")
    lists(bench)
    assert codes(bench) == {
        ("price_label", "US Dollars"): ("USD", "list", 0),
        ("price_label", "Euro"): ("EUR", "order", 1),
        ("term", "N30"): ("Net 30", "connection", 3),
        ("ship_via", "Truck"): ("Truck", "name", 2),
        ("season", "F31"): ("", "order", 2),
        ("warehouse", "NJ"): ("NJ", "order", 1),
        ("division", "01"): ("Main", "order", 1),
        ("country", "FR"): ("France", "order", 1),
        ("country", "US"): ("", "connection", 1),
        ("sales_rep", "ANN"): ("", "connection", 1),
    }


def test_equal_codes_become_pairs_with_an_audit_row_per_kind(bench: Bench) -> None:
    bench.order("1", payment_method_code="N30", shipping_method_code="UPSG", warehouse_code="NJ")
    job = lists(bench)
    assert (job.state, job.note) == (JobState.SUCCEEDED, "3 pair(s) of equal codes stored (1 term, 1 ship_via, 1 warehouse)")
    assert bench.pairs("term") == {"N30": ("N30", "auto-map")}
    assert bench.pairs("warehouse") == {"NJ": ("NJ", "auto-map")}
    assert sorted(row.subject for row in bench.all(AuditEntry)) == ["us ship_via", "us term", "us warehouse"]
    assert lists(bench).note == "no new pair of equal codes"


def test_equal_names_are_proposed_and_never_stored(bench: Bench) -> None:
    bench.order("1", payment_method_code="30D", payment_method_name="net 30")
    assert "1 wait for a person: joorsync map proposals term --site us" in lists(bench).note
    assert bench.pairs("term") == {}
    (row,) = bench.all(Proposal)
    assert (row.joor_code, row.aims_code, row.score, row.why) == ("30D", "N30", 100, "equal names: 'Net 30'")


def test_the_label_of_the_only_currency_is_proposed(bench: Bench) -> None:
    bench.joor.labels = [PriceType("1", "US Dollars", "USD"), PriceType("2", "Euro", "EUR")]
    lists(bench)
    assert bench.proposals("price_label") == [("US Dollars", "USD", "open")]


def test_with_v2_alone_labels_are_known_from_connections(bench: Bench) -> None:
    bench.joor.labels = None
    connect(bench, price_types=[{"price_type_label": "US Dollars", "price_type_currency_code": "USD"}])
    lists(bench)
    assert bench.proposals("price_label") == [("US Dollars", "USD", "open")]


def test_a_label_with_two_currencies_is_nobodys(bench: Bench) -> None:
    bench.joor.labels = [PriceType("1", "Wholesale", "USD"), PriceType("2", "Wholesale", "EUR")]
    lists(bench)
    assert bench.proposals("price_label") == []
    assert codes(bench)["price_label", "Wholesale"][0] == "USD, EUR"


def test_a_rejected_name_is_not_proposed_again(bench: Bench) -> None:
    bench.order("1", payment_method_code="30D", payment_method_name="Net 30")
    lists(bench)
    with bench.sessions() as session:
        session.exec(select(Proposal)).one().state = ProposalState.REJECTED
    lists(bench)
    assert bench.proposals("term") == [("30D", "", "open"), ("30D", "N30", "rejected")]


def test_orders_and_exports_that_waited_for_the_pair_go_on(bench: Bench) -> None:
    bench.order("1", payment_method_code="N30")
    order = bench.blocked(JobKind.ORDERS_IMPORT, "1", "term", "N30")
    export = bench.blocked(JobKind.CUSTOMERS_EXPORT, "HARB", "term", "N30")
    assert (lists(bench).counts or {})["released"] == 2
    assert (bench.job(order).state, bench.job(export).state) == (JobState.QUEUED, JobState.QUEUED)


def test_a_table_that_aims360_does_not_show_stops_nothing(bench: Bench) -> None:
    bench.order("1", payment_method_code="N30")
    bench.aims.faults.next("sales_rep", NotPossible("AIMS360 has no list of sales reps"))
    job = lists(bench)
    assert job.note == "1 pair(s) of equal codes stored (1 term); AIMS360 does not show: sales_rep"
    with bench.sessions() as session:
        position = session.get_one(Cursor, (1, LISTS_READ)).position or {}
    assert position["unread"] == {"sales_rep": "AIMS360 has no list of sales reps"}


def test_an_aims360_that_cannot_be_reached_is_tried_again(bench: Bench) -> None:
    bench.aims.faults.next("term", Unavailable("AIMS360 does not answer"))
    assert lists(bench).state == JobState.RETRYING


def test_a_code_that_is_no_longer_used_stays_known(bench: Bench) -> None:
    bench.joor.labels = [PriceType("1", "US Dollars", "USD")]
    lists(bench)
    first = bench.all(JoorCode)[0].last_seen_at
    bench.clock.advance(3600)
    bench.joor.labels = []
    lists(bench)
    (row,) = bench.all(JoorCode)
    assert (row.code, row.seen, row.last_seen_at) == ("US Dollars", 0, first)


def test_an_order_that_cannot_be_read_stops_nothing(bench: Bench) -> None:
    bench.order("1", order_total="a lot", payment_method_code="N30")
    bench.order("2", payment_method_code="N30")
    lists(bench)
    assert codes(bench) == {("term", "N30"): ("", "order", 1)}


def test_many_orders_are_read_chunk_by_chunk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.joor_codes._CHUNK", 2)
    for number in range(5):
        bench.order(str(number), payment_method_code="N30", shipping_method_code=f"S{number}")
    lists(bench)
    assert codes(bench)["term", "N30"] == ("", "order", 5)
    assert len(codes(bench)) == 6


def test_a_dry_run_stores_neither_pairs_nor_codes(bench: Bench) -> None:
    bench.order("1", payment_method_code="N30", shipping_method_code="GROUND", shipping_method_name="UPS Ground")
    job = lists(bench, dry_run=True)
    assert job.note == "dry run: 1 pair(s) of equal codes would be stored, 1 proposed"
    assert (job.result or {})["pairs"] == [{"kind": "term", "joor": "N30", "name": "", "aims360": "N30"}]
    assert (bench.pairs("term"), bench.all(Proposal), bench.all(JoorCode), bench.all(AuditEntry)) == ({}, [], [], [])
