"""What a pretend JOOR account holds when it begins, with and without the brand's own styles, and how much it can take."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.brand import Brand
from sandbox.faults import Memory
from sandbox.joor import Joor
from sandbox.stock import generate
from sandbox.stock_joor import empty_catalogue
from tests.sandbox.joor_remote import Remote
from tests.sandbox.test_process import first_line, launch

NOW = datetime(2031, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def small() -> Brand:
    return generate(7, 12, 50, 8, now=NOW)


def test_each_account_has_its_price_types_and_one_linesheet_people_made(small: Brand) -> None:
    kinds = {key: [(row.currency, row.label) for row in account.price_types] for key, account in small.accounts.items()}
    assert kinds == {"us": [("USD", "US Dollars"), ("EUR", "Euro")], "eu": [("EUR", "Euro"), ("GBP", "British Pounds")]}
    for account in small.accounts.values():
        (sheet,) = account.linesheets
        by_hand = [account.styles[identifier].hand_made for identifier in sheet.items]
        assert sheet.hand_made
        assert by_hand == [True, True, False, False]


def test_an_empty_catalogue_keeps_what_people_made_and_the_orders_that_name_the_rest(small: Brand) -> None:
    named = {line["item_style_identifier"] for order in small.accounts["us"].orders.values() for line in order["line_items"]}
    empty_catalogue(small)
    us = small.accounts["us"]
    assert all(style.hand_made for style in us.styles.values())
    assert set(us.linesheets[0].items) == set(us.styles)
    assert named - set(us.styles)
    world = Joor(small, Memory()).world
    assert len(world.accounts["us"].catalogue.styles()) == 2


def test_the_process_prints_price_types_and_can_begin_empty() -> None:
    started = launch("--empty-catalogue")
    try:
        us = first_line(started)["accounts"]["us"]
    finally:
        started.kill()
        started.communicate(timeout=20)
    assert [(row["label"], row["currency"], row["retail_currency"]) for row in us["price_types"]] == [
        ("US Dollars", "USD", "USD"),
        ("Euro", "EUR", "EUR"),
    ]
    assert all(row["id"] for row in us["price_types"])


def test_a_thousand_cards_and_twenty_thousand_skus_are_loaded_in_seconds(joor: Remote) -> None:
    """Looking through all SKUs for each one sent would take minutes."""
    joor.set(credit_quota=False)
    begun = time.perf_counter()
    for first in range(0, 1000, 100):
        cards = [{"name": f"Style {number}", "product_identifier": f"P{number}"} for number in range(first, first + 100)]
        made = joor.write("products/bulk_create", *cards)["data"]
        skus = joor.write("skus/bulk_create", *(sku for row in made for sku in twenty_skus(row["id"])))["data"]
        prices = [{"sku_id": row["id"], "price_type_id": "pt-usd", "wholesale_value": "10.00"} for row in skus]
        assert len(joor.write("prices/bulk_create", *prices)["data"]) == 2000
    stock = [{"warehouse": "NJ", "upc": row["upc"], "inventory": 1} for row in sent_upcs(joor)]
    answer = joor.v2("PUT", "bulk-inventory", json={"inventory_items": stock}, params={"overwrite": "1"}, timeout=60)
    assert answer.json()["inventory"]["sku_count"] == 20_006
    assert joor.control("GET", "_state")["accounts"]["us"]["skus"] == 20_006
    assert len(joor.keys("price_created")) == 20_000
    assert time.perf_counter() - begun < 40


def twenty_skus(product_id: str) -> list[dict[str, Any]]:
    return [
        {
            "product_id": product_id,
            "trait_values": [{"trait_name": "Color", "value": color, "external_id": color}, {"trait_name": "Size", "value": size}],
            "identifiers": [{"type": "upc", "value": f"{product_id}-{color}-{size}"}],
        }
        for color in ("BLK", "NVY", "RST", "OLV")
        for size in ("XS", "S", "M", "L", "XL")
    ]


def sent_upcs(joor: Remote) -> list[dict[str, str]]:
    return [sku for row in joor.state("products")["products"] for sku in row["skus"]]
