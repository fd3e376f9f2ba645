"""The generated brand is believable, repeatable, and holds every awkward case the fact sheets speak of."""

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sandbox.brand import Brand
from sandbox.stock import generate
from sandbox.stock_cases import CASES
from sandbox.stock_draw import check_digit, upc

NOW = datetime(2031, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def brand() -> Brand:
    return generate(7, now=NOW)


def orders_of(brand: Brand) -> dict[int, dict[str, Any]]:
    return {order_id: order for account in brand.accounts.values() for order_id, order in account.orders.items()}


def awkward_ids(brand: Brand) -> set[int]:
    return {order_id for ids in brand.cases.values() for order_id in ids}


def case(brand: Brand, name: str) -> dict[str, Any]:
    return orders_of(brand)[brand.cases[name][0]]


def test_the_same_arguments_give_the_same_brand() -> None:
    assert generate(3, 20, 50, 12, now=NOW) == generate(3, 20, 50, 12, now=NOW)
    assert generate(3, 20, 50, 12, now=NOW) != generate(4, 20, 50, 12, now=NOW)


def test_more_orders_do_not_change_the_styles() -> None:
    small, large = generate(3, 20, 5, 12, now=NOW), generate(3, 20, 90, 12, now=NOW)
    assert small.style_colors == large.style_colors
    assert small.stock == large.stock


def test_twenty_thousand_skus_take_a_few_seconds() -> None:
    begun = time.perf_counter()
    brand = generate(1, styles=1000, now=NOW)
    assert sum(len(color.sizes) for color in brand.style_colors) >= 20_000
    assert time.perf_counter() - begun < 10


@pytest.mark.parametrize("size", [(0, 0, 0), (1, 1, 1), (2, 9, 3), (10, 44, 8)])
@pytest.mark.parametrize("accounts", [("us",), ("us", "eu"), ("us", "eu", "uk", "ca", "jp")])
def test_a_brand_of_any_size_can_be_made(size: tuple[int, int, int], accounts: tuple[str, ...]) -> None:
    brand = generate(11, *size, accounts=accounts, now=NOW)
    assert list(brand.accounts) == list(accounts)
    assert len({color.style for color in brand.style_colors}) == size[0]
    assert len(orders_of(brand)) == (size[1] if size[0] else 0)
    codes = [code for account in brand.accounts.values() for code in account.division_codes]
    assert sorted(codes) == sorted(division.code for division in brand.divisions)


def test_a_brand_without_an_account_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one account"):
        generate(1, accounts=())


def test_upcs_end_in_a_valid_check_digit_and_are_unique_and_a_few_are_missing(brand: Brand) -> None:
    assert check_digit("03600029145") == "2"  # the textbook UPC-A
    assert len(upc(1)) == 12
    upcs = [size.upc for color in brand.style_colors for size in color.sizes]
    present = [code for code in upcs if code]
    assert all(check_digit(code[:-1]) == code[-1] for code in present)
    assert len(set(present)) == len(present)
    assert 0 < upcs.count(None) < len(upcs) / 20


def test_styles_come_in_several_colours_and_size_runs_and_some_have_a_price_per_colour(brand: Brand) -> None:
    by_style: dict[str, list[Any]] = {}
    for color in brand.style_colors:
        by_style.setdefault(color.style, []).append(color)
    assert 3 < len(brand.style_colors) / len(by_style) < 5
    runs = {tuple(size.name for size in color.sizes) for color in brand.style_colors}
    assert {("XS", "S", "M", "L", "XL"), ("36", "37", "38", "39", "40", "41", "42"), ("OS",)} <= runs
    assert any(len({color.wholesale for color in colors}) > 1 for colors in by_style.values())
    assert any(not color.active for color in brand.style_colors)
    assert {color.kind for color in brand.style_colors} > {"Inventory"}


def test_stock_is_sometimes_negative_allocated_and_pick_ticketed_but_never_promised_beyond_what_lies_there(brand: Brand) -> None:
    rows = brand.stock.values()
    assert any(row.on_hand < 0 for row in rows)
    assert any(row.pick_tickets for row in rows)
    assert any(row.allocated for row in rows)
    assert all(row.allocated + row.pick_tickets <= max(0, row.on_hand) for row in rows)


def test_allocated_stock_is_what_open_orders_were_allocated(brand: Brand) -> None:
    promised: dict[tuple[str, str, str], int] = {}
    for line in brand.open_orders:
        if line.wip_reference is None:
            key = (line.style_color_id, line.size, line.warehouse_id)
            promised[key] = promised.get(key, 0) + line.allocated
    assert {key: units for key, units in promised.items() if units} == {
        key: row.allocated for key, row in brand.stock.items() if row.allocated
    }


def test_orders_on_wip_fit_into_the_purchase_order_they_name(brand: Brand) -> None:
    by_number = {order.number: order for order in brand.purchase_orders}
    on_wip = [line for line in brand.open_orders if line.wip_reference]
    assert on_wip
    for line in on_wip:
        assert line.wip_reference
        first = by_number[line.wip_reference].lines[0]
        assert (first.style_color_id, first.warehouse_id) == (line.style_color_id, line.warehouse_id)
        assert line.allocated <= first.open_by_size[line.size]


def test_open_purchase_orders_arrive_in_the_future_and_one_line_has_no_date(brand: Brand) -> None:
    lines = [line for order in brand.purchase_orders if order.status == "Open" for line in order.lines]
    dates = [line.in_warehouse_date for line in lines]
    assert dates.count(None) == 1
    assert all(day > NOW.date() for day in dates if day)
    assert {order.status for order in brand.purchase_orders} == {"Open", "Completed", "Cancelled"}


def test_every_account_has_customers_of_every_status_and_awkward_names(brand: Brand) -> None:
    assert {customer.status for customer in brand.customers} == {"Active", "Inactive", "No Shipment"}
    assert {"Maison Noël", "Žižkov Móda", "O'Hara's"} <= {customer.name for customer in brand.customers}
    accounts = [customer.account for customer in brand.customers]
    assert len(set(accounts)) == len(accounts)
    assert all(customer.stores and customer.stores[0].active for customer in brand.customers)
    assert any(not store.active for customer in brand.customers for store in customer.stores)


def test_some_joor_names_need_a_mapping_and_some_have_none(brand: Brand) -> None:
    for key, account in brand.accounts.items():
        warehouses = brand.counterparts[f"{key}.warehouses"]
        assert any(joor != aims for joor, aims in warehouses.items())
        assert set(account.warehouses) - set(warehouses)
        assert set(warehouses.values()) <= {warehouse.name for warehouse in brand.warehouses if warehouse.active}
        terms = brand.counterparts[f"{key}.terms"]
        assert any(joor != aims for joor, aims in terms.items())
        assert {code for code, _ in account.payment_methods} - set(terms)
        assert set(terms.values()) <= {term.code for term in brand.terms}
        assert set(brand.counterparts[f"{key}.ship_vias"].values()) <= {ship_via.code for ship_via in brand.ship_vias}


def test_a_card_is_one_style_unless_its_colours_have_prices_of_their_own(brand: Brand) -> None:
    wholesale = {(color.style, color.color): color.wholesale for color in brand.style_colors}
    cards = [card for account in brand.accounts.values() for card in account.styles.values() if not card.hand_made]
    split = [card for card in cards if card.style_identifier != card.style_number]
    assert 0 < len(split) < len(cards) / 2
    assert all(len({sku.color_code for sku in card.skus}) == 1 for card in split)
    assert all(wholesale[card.style_number, sku.color_code] == card.price for card in cards for sku in card.skus)


def test_some_connections_have_no_customer_code(brand: Brand) -> None:
    for account in brand.accounts.values():
        codes = [connection["customer_code"] for connection in account.connections]
        assert "" in codes
        assert sum(bool(code) for code in codes) > len(codes) / 2


def test_about_thirty_of_two_hundred_orders_are_awkward_and_every_case_is_among_them(brand: Brand) -> None:
    assert len(orders_of(brand)) == 200
    assert 25 <= len(awkward_ids(brand)) <= 30
    assert set(brand.cases) == set(CASES)
    assert [name for name, ids in brand.cases.items() if not ids] == []


def test_plain_orders_are_importable_as_they_are(brand: Brand) -> None:
    customers = {customer.account: customer for customer in brand.customers}
    colors = {(color.style, color.color): color for color in brand.style_colors}
    divisions = {division.id: division.code for division in brand.divisions}
    plain = 0
    for key, account in brand.accounts.items():
        for order_id, order in account.orders.items():
            if order_id in awkward_ids(brand):
                continue
            plain += 1
            customer = customers[order["customer_code"]]
            assert customer.status == "Active"
            assert order["shipping_code"] in {store.code for store in customer.stores if store.active and not store.no_shipment}
            assert order["warehouse_name"] in brand.counterparts[f"{key}.warehouses"]
            assert order["payment_method_code"] in brand.counterparts[f"{key}.terms"]
            assert order["shipping_method_code"] in brand.counterparts[f"{key}.ship_vias"]
            lines = order["line_items"]
            for line in lines:
                color = colors[line["item_number"], line["item_color_code"]]
                assert Decimal(line["item_price"]) == color.wholesale
                assert [{"division_code": divisions[color.division_id]}] == [
                    {"division_code": d["division_code"]} for d in order["order_divisions"]
                ]
                assert next(size.upc or "" for size in color.sizes if size.name == line["item_size"]) == line["item_upc"]
            assert len({(line["item_number"], line["item_color_code"], line["item_size"]) for line in lines}) == len(lines)
            assert sum(Decimal(line["item_price"]) * int(line["item_quantity"]) for line in lines) == Decimal(order["order_total"])
    assert plain >= 170


def test_most_orders_are_approved_or_shipped_and_values_are_text(brand: Brand) -> None:
    types = [order["order_type"] for order in orders_of(brand).values()]
    assert set(types) == {"0", "3", "4", "5", "6"}
    assert sum(kind in "45" for kind in types) > 150
    assert all(orders_of(brand)[order_id]["order_type"] == "4" for order_id in awkward_ids(brand))
    for order in orders_of(brand).values():
        assert all(
            isinstance(value, str)
            for name, value in order.items()
            if name not in {"order_id", "order_divisions", "order_doors", "line_items"}
        )


def test_the_money_cases_say_what_their_name_says(brand: Brand) -> None:
    percent, amount, difference = case(brand, "discount_percent"), case(brand, "discount_amount"), case(brand, "price_difference")
    assert lines_total(percent) * 9 / 10 == pytest.approx(Decimal(percent["order_total"]), abs=Decimal("0.01"))
    assert lines_total(amount) - Decimal(amount["order_total"]) == Decimal(amount["order_discount"]) > 0
    assert lines_total(difference) != Decimal(difference["order_total"])
    pack = case(brand, "case_pack")["line_items"][0]
    assert Decimal(pack["item_price_extended"]) == Decimal(pack["item_price"]) * 12
    adjusted = case(brand, "price_adjustment")["line_items"][0]
    assert Decimal(adjusted["item_price_extended"]) == (Decimal(adjusted["item_price"]) - 5) * int(adjusted["item_quantity"])
    assert lines_total(case(brand, "price_adjustment")) == Decimal(case(brand, "price_adjustment")["order_total"])


def lines_total(order: dict[str, Any]) -> Decimal:
    return sum((Decimal(line["item_price_extended"]) for line in order["line_items"]), Decimal(0))


def test_the_customer_cases_say_what_their_name_says(brand: Brand) -> None:
    customers = {customer.account: customer for customer in brand.customers}
    assert case(brand, "missing_customer_code")["customer_code"] == ""
    assert case(brand, "unknown_customer_code")["customer_code"] not in customers
    assert customers[case(brand, "no_shipment_customer")["customer_code"]].status == "No Shipment"
    assert customers[case(brand, "inactive_customer")["customer_code"]].status == "Inactive"
    new = case(brand, "new_ship_to")
    assert new["shipping_address_1"] not in {store.address1 for store in customers[new["customer_code"]].stores}
    assert not case(brand, "non_ascii")["order_comments"].isascii()


def test_the_goods_cases_say_what_their_name_says(brand: Brand) -> None:
    colors = {(color.style, color.color): {size.name for size in color.sizes} for color in brand.style_colors}
    cards = {identifier: card for account in brand.accounts.values() for identifier, card in account.styles.items()}
    lines = {name: case(brand, name)["line_items"] for name in brand.cases}
    assert any(line["item_size"] not in colors[line["item_number"], line["item_color_code"]] for line in lines["unknown_size"])
    assert any((line["item_number"], line["item_color_code"]) not in colors for line in lines["unknown_style"])
    assert any(cards[line["item_style_identifier"]].deleted for line in lines["deleted_style"])
    assert not any(line["item_upc"] for line in lines["missing_upc_lines"])
    divisions = [entry["division_code"] for entry in case(brand, "two_divisions")["order_divisions"]]
    assert len(divisions) == 2
    assert any(set(divisions) <= set(account.division_codes) for account in brand.accounts.values())
    empty = case(brand, "empty_lists")
    assert (empty["order_divisions"], empty["order_doors"]) == ([], [])


def test_the_mapping_and_date_cases_say_what_their_name_says(brand: Brand) -> None:
    pairs = {joor_name for table in brand.counterparts.values() for joor_name in table}
    assert case(brand, "unmapped_term")["payment_method_code"] not in pairs
    assert case(brand, "unmapped_ship_via")["shipping_method_code"] not in pairs
    assert case(brand, "unmapped_warehouse")["warehouse_name"] not in pairs
    assert (NOW - datetime.fromisoformat(case(brand, "before_go_live")["date_approved"])).days == 400
