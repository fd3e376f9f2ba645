"""The pretend AIMS360 over real HTTP: reads, paging, errors, and everything section 11 of its fact sheet says a simulator should show."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.aims_remote import AimsRemote

# Signing in


def test_a_password_grant_gives_a_bearer_token_that_says_nothing_of_its_expiry(aims: AimsRemote) -> None:
    answer = aims.sign_in()
    assert answer.status_code == 200
    assert list(answer.json()) == ["access_token"]
    claims = json.loads(base64.urlsafe_b64decode(answer.json()["access_token"].split(".")[1] + "=="))
    assert {"jti", "name", "Email", "iss", "iat", "eat"} == set(claims)


@pytest.mark.parametrize("field", ["client_id", "client_secret", "username", "password", "grant_type"])
def test_a_wrong_sign_in_is_refused(aims: AimsRemote, field: str) -> None:
    assert aims.sign_in(**{field: "wrong"}).status_code == 401
    assert aims.sign_in(**{field: ""}).status_code == 400


def test_a_sign_in_sent_as_json_is_refused(aims: AimsRemote) -> None:
    answer = aims.http.post(f"{aims.url}/authentication/v1/authentication/token", json=aims.form())
    assert answer.status_code == 400


@pytest.mark.parametrize("status", [401, 403])
def test_a_call_without_a_valid_token_is_refused_with_the_status_the_tenant_uses(aims: AimsRemote, status: int) -> None:
    aims.set(auth_failure_status=status)
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": aims.bearer()["Authorization"].removeprefix("Bearer ")}):
        assert aims.http.get(f"{aims.url}/codes/v1.0/currencies", headers=headers).status_code == status


def test_revoked_tokens_stop_working_and_a_new_sign_in_helps(aims: AimsRemote) -> None:
    aims.bearer()
    assert aims.change("revoke_tokens") == {"revoked": 1}
    assert aims.get("codes/v1.0/currencies").status_code == 401
    aims.tokens.clear()
    assert aims.get("codes/v1.0/currencies").status_code == 200


def test_the_token_expired_fault_revokes_the_token_used(aims: AimsRemote) -> None:
    aims.bearer()
    aims.fault(kind="token_expired", path="currencies")
    assert [aims.get("codes/v1.0/currencies").status_code for _ in range(2)] == [401, 401]


def test_an_operator_without_api_permission_gets_403(aims: AimsRemote) -> None:
    aims.set(operators_without_permission=["clerk@brand.example"])
    answer = aims.get("codes/v1.0/currencies", operator="clerk@brand.example")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "InsufficientAccountPermissions")
    assert aims.get("codes/v1.0/currencies").status_code == 200


# Errors


def test_an_error_carries_a_request_id_unless_the_switch_takes_it(aims: AimsRemote) -> None:
    error = aims.get("nowhere/v1.0/things")
    assert error.status_code == 404
    assert set(error.json()) == {"requestId", "error"}
    assert error.json()["error"]["code"] == "ResourceNotFound"
    aims.set(error_request_id=False)
    assert set(aims.get("nowhere/v1.0/things").json()) == {"error"}


def test_a_path_asked_with_another_method_is_405(aims: AimsRemote) -> None:
    assert aims.post("codes/v1.0/currencies", {}).status_code == 405


@pytest.mark.parametrize(("status", "code"), [(500, "OperationTimedOut"), (503, "ServerBusy")])
def test_server_errors_can_be_injected_in_the_words_of_the_2016_list(aims: AimsRemote, status: int, code: str) -> None:
    body = {"requestId": "r", "error": {"code": code, "message": "Try again."}}
    aims.fault(kind="status", status=status, body=body, path="StyleColors")
    answer = aims.get("StyleColors/v1.1/StyleColors")
    assert (answer.status_code, answer.json()) == (status, body)
    assert aims.get("StyleColors/v1.1/StyleColors").status_code == 200


def test_an_html_page_can_stand_where_json_should(aims: AimsRemote) -> None:
    aims.fault(kind="html", path="currencies")
    assert aims.get("codes/v1.0/currencies").headers["Content-Type"].startswith("text/html")


# OData


def test_paths_and_property_names_match_whatever_their_case(aims: AimsRemote) -> None:
    color = aims.color()
    rows = aims.query(
        "stylecolors/V1.1/STYLECOLORS", f"STYLE eq '{color.style}' and Color eq '{color.color}'", **{"$select": "stylecolorid"}
    )
    assert rows == [{"styleColorID": color.id}]


def test_a_filter_on_strings_doubles_its_quotes_and_no_match_is_an_empty_list(aims: AimsRemote) -> None:
    assert [row["customerName"] for row in aims.query("customers/v1.0/customers", "customerAccount eq 'O''HAR'")] == ["O'Hara's"]
    assert aims.query("customers/v1.0/customers", "customerAccount eq 'NOBODY'") == []


def test_guids_are_compared_bare_and_never_as_text(aims: AimsRemote) -> None:
    color = aims.color()
    assert [row["color"] for row in aims.query("StyleColors/v1.1/StyleColors", f"styleColorID eq {color.id.upper()}")] == [color.color]
    assert aims.code("StyleColors/v1.1/StyleColors", **{"$filter": f"styleColorID eq '{color.id}'"}) == "InvalidQueryParameterValue"
    assert aims.code("StyleColors/v1.1/StyleColors", **{"$filter": f"style eq {color.id}"}) == "InvalidQueryParameterValue"


def test_purchase_orders_are_read_by_their_change_time(aims: AimsRemote) -> None:
    times = sorted(order.last_modified for order in aims.brand.purchase_orders)
    since, until = times[1].isoformat(), times[-2].isoformat().replace("+00:00", "Z")
    rows = aims.query("wip/v1.0/PurchaseOrders", f"type eq 'Style' and lastModifiedOn ge {since} and lastModifiedOn le {until}")
    assert len(rows) == len(times) - 2
    assert len(aims.query("wip/v1.0/PurchaseOrders", "lastModifiedOn ge 1899-12-30T00:00:00Z")) == len(times)


def test_a_plus_sign_that_was_not_encoded_spoils_an_offset(aims: AimsRemote) -> None:
    url = f"{aims.url}/wip/v1.0/PurchaseOrders?$filter=lastModifiedOn%20ge%202026-01-01T00:00:00+00:00"
    assert aims.http.get(url, headers=aims.bearer()).status_code == 400


def test_expanded_collections_take_options_of_their_own(aims: AimsRemote) -> None:
    color = aims.color()
    name = color.sizes[1].name
    expand = f"sizes($filter=sizeName eq '{name}';$select=sizeName,upc)"
    [row] = aims.query("StyleColors/v1.1/StyleColors", f"styleColorID eq {color.id}", **{"$expand": expand, "$select": "style"})
    assert row == {"style": color.style, "sizes": [{"sizeName": name, "upc": color.sizes[1].upc}]}
    assert "sizes" not in aims.query("StyleColors/v1.1/StyleColors", f"styleColorID eq {color.id}")[0]


def test_orders_are_found_by_the_purchase_order_they_are_allocated_to(aims: AimsRemote) -> None:
    reference = next(line.wip_reference for line in aims.brand.open_orders if line.wip_reference)
    wanted = f"lineItems/any(l: l/allocations/any(a: a/wipReference eq '{reference}'))"
    [order] = aims.query("orders/v1.0/orders", wanted, **{"$expand": "lineitems($expand=allocations)"})
    allocations = [entry for line in order["lineItems"] for entry in line["allocations"]]
    assert {entry["wipReference"] for entry in allocations} == {reference}
    assert aims.query("orders/v1.0/orders", wanted.replace(str(reference), "none")) == []


@pytest.mark.parametrize(
    "params",
    [
        {"$orderby": "style"},
        {"$top": "5"},
        {"$search": "x"},
        {"$filter": "style eq 'a' or style eq 'b'"},
        {"$filter": "style ne 'a'"},
        {"$filter": "contains(style, 'a')"},
        {"$filter": "startswith(style, 'a')"},
        {"$filter": "(style eq 'a')"},
        {"$filter": "style gt 'a'"},
        {"$filter": "active eq true"},
        {"$filter": "wholesalePrice eq 85"},
        {"$filter": "lastModifiedOn eq 2026-01-01T00:00:00Z"},
    ],
)
def test_what_nobody_has_seen_aims360_understand_is_refused(aims: AimsRemote, params: dict[str, str]) -> None:
    assert aims.code("StyleColors/v1.1/StyleColors", **params) == "UnsupportedQueryParameter"
    if "$search" not in params:
        aims.set(odata_extra=True)
        assert aims.get("StyleColors/v1.1/StyleColors", **params).status_code == 200


@pytest.mark.parametrize(
    "params",
    [
        {"$filter": "style eq"},
        {"$filter": "style eq 'open"},
        {"$filter": "style eq 'a' style"},
        {"$filter": "nothing eq 'a'"},
        {"$select": "nothing"},
        {"$expand": "nothing"},
        {"$expand": "sizes($select=upc"},
        {"$count": "maybe"},
        {"$skip": "-1"},
        {"$filter": "sizes/any(s s/upc eq '1')"},
    ],
)
def test_a_malformed_query_is_refused(aims: AimsRemote, params: dict[str, str]) -> None:
    assert aims.code("StyleColors/v1.1/StyleColors", **params) == "InvalidQueryParameterValue"


def test_extra_odata_really_sorts_and_filters(aims: AimsRemote) -> None:
    aims.set(odata_extra=True)
    styles = [row["style"] for row in aims.rows("StyleColors/v1.1/StyleColors", **{"$orderby": "style desc", "$top": "3"})]
    assert styles == sorted((color.style for color in aims.brand.style_colors), reverse=True)[:3]
    inactive = aims.query("StyleColors/v1.1/StyleColors", "active ne true")
    assert len(inactive) == sum(not color.active for color in aims.brand.style_colors)


# Paging


def test_pages_cover_everything_once_and_the_last_page_still_has_a_next_link_on_a_foreign_host(aims: AimsRemote) -> None:
    seen, skip, total = [], 0, len(aims.brand.style_colors)
    while True:
        params = {"$count": "true", "pagesize": 25, "$skip": skip}
        body = aims.get("StyleColors/v1.1/StyleColors", **params).json()
        assert body["@odata.count"] == total
        assert body["@odata.context"].startswith("https://apieast1.aims360.rest/v1.0/$metadata#")
        assert body["@odata.nextLink"].startswith("https://apieast1.aims360.rest/")
        if not body["value"]:
            break
        seen += [row["styleColorID"] for row in body["value"]]
        skip += 25
    assert seen == [color.id for color in aims.brand.style_colors]


def test_the_next_link_can_be_honest(aims: AimsRemote) -> None:
    aims.set(next_link_on_last_page=False, next_link_host="")
    first = aims.get("StyleColors/v1.1/StyleColors", pagesize=len(aims.brand.style_colors) - 1).json()
    assert first["@odata.nextLink"].startswith(aims.url)
    last = aims.http.get(first["@odata.nextLink"], headers=aims.bearer()).json()
    assert [row["styleColorID"] for row in last["value"]] == [aims.brand.style_colors[-1].id]
    assert "@odata.nextLink" not in last


def test_a_page_is_as_long_as_asked_up_to_the_cap(aims: AimsRemote) -> None:
    aims.set(page_size=10, page_cap=20)
    assert len(aims.rows("StyleColors/v1.1/StyleColors")) == 10
    assert len(aims.rows("StyleColors/v1.1/StyleColors", pagesize=500)) == 20
    assert aims.code("StyleColors/v1.1/StyleColors", pagesize=0) == "OutOfRangeQueryParameterValue"


def test_a_page_has_100_rows_by_default_and_250_at_most(aims: AimsRemote) -> None:
    switches = aims.http.get(f"{aims.url}/_switches").json()
    assert (switches["page_size"], switches["page_cap"]) == (100, 250)


# Resources


def test_code_tables_give_ids_codes_and_names(aims: AimsRemote) -> None:
    brand = aims.brand
    tables = {"divisions": brand.divisions, "seasons": brand.seasons, "terms": brand.terms, "countries": brand.countries}
    for path, table in tables.items():
        stem = {"divisions": "division", "seasons": "season", "terms": "term", "countries": "country"}[path]
        rows = aims.rows(f"codes/v1.0/{path}")
        assert [(row[f"{stem}ID"], row[f"{stem}Code"], row[f"{stem}Name"]) for row in rows] == [(c.id, c.code, c.name) for c in table]
    assert [row["shipviaCode"] for row in aims.rows("codes/v1.0/shipvias")] == [code.code for code in brand.ship_vias]
    assert [row["discountReasonCode"] for row in aims.rows("codes/v1.0/discountReasons")] == [c.code for c in brand.discount_reasons]
    assert [row["orderStatusReasonID"] for row in aims.rows("codes/v1.0/orderStatusReasons")] == [c.id for c in brand.order_status_reasons]
    assert [row["salesRepCode"] for row in aims.rows("salesreps/v1.0/salesreps")] == [rep.code for rep in brand.sales_reps]


def test_the_currency_table_lists_disabled_ones_too(aims: AimsRemote) -> None:
    [franc] = aims.query("codes/v1.0/currencies", "currencyCode eq 'FRF'")
    assert franc["currencyEnabled"] is False
    assert set(franc) == {"currencyID", "currencyCode", "currencyName", "currencySymbol", "currencyEnabled"}


def test_inactive_and_no_shipment_customers_are_listed_as_such(aims: AimsRemote) -> None:
    assert {row["status"] for row in aims.rows("customers/v1.0/customers")} == {"Active", "Inactive", "No Shipment"}
    assert "Maison Noël" in {row["customerName"] for row in aims.rows("customers/v1.0/customers")}


def test_stores_are_found_by_their_customer(aims: AimsRemote) -> None:
    customer = max(aims.brand.customers, key=lambda customer: len(customer.stores))
    rows = aims.query("customers/v1.0/stores", f"customerID eq {customer.id}")
    assert [(row["customerStoreID"], row["store"], row["address1"]) for row in rows] == [
        (s.id, s.code, s.address1) for s in customer.stores
    ]


def test_a_missing_upc_is_null(aims: AimsRemote) -> None:
    upcs = [size["upc"] for row in aims.rows("StyleColors/v1.1/StyleColors", pagesize=250, **{"$expand": "sizes"}) for size in row["sizes"]]
    assert None in upcs
    assert upcs == [size.upc for color in aims.brand.style_colors for size in color.sizes]


def test_two_colours_of_one_style_can_have_different_prices(aims: AimsRemote) -> None:
    prices: dict[str, set[float]] = {}
    for row in aims.rows("StyleColors/v1.1/StyleColors", pagesize=250):
        prices.setdefault(row["style"], set()).add(row["wholesalePrice"])
    assert any(len(amounts) > 1 for amounts in prices.values())
    color = aims.color()
    price = aims.query("styles/v1.0/prices", f"styleColorID eq {color.id}")[0]
    assert (price["wholesalePrice"], price["currencyCode"]) == (float(color.wholesale), "USD")


def test_one_style_is_a_plain_object_with_its_fabric(aims: AimsRemote) -> None:
    color = aims.color()
    assert aims.get(f"styles/V1.0/style/{color.style_id}").json()["fabricContent"] == color.fabric_content
    assert aims.get("styles/V1.0/style/00000000-0000-0000-0000-000000000000").status_code == 404


def test_a_purchase_order_line_without_a_date_shows_the_empty_date(aims: AimsRemote) -> None:
    rows = aims.rows("wip/v1.0/PurchaseOrders", **{"$expand": "stylePOLines"})
    dates = [line["inWarehouseDate"] for row in rows for line in row["stylePOLines"]]
    assert dates.count("1899-12-30") == 1
    number = aims.brand.purchase_orders[0].number
    one = aims.get(f"wip/v1.0/purchaseorder/{number}").json()
    assert one["stylePOLines"] == next(row for row in rows if row["purchaseOrderNo"] == number)["stylePOLines"]
    assert aims.get("wip/v1.0/purchaseorder/99999").status_code == 404
    assert aims.rows("wip/v1.0/CutTickets") == []


def test_inventory_shows_negative_stock_and_sells_by_the_assumed_formula(aims: AimsRemote) -> None:
    key = next(key for key, stock in aims.brand.stock.items() if stock.on_hand < 0)
    [row] = aims.query("inventory/v1.0/inventory", f"styleColorID eq {key[0]} and warehouseID eq {key[2]}")
    size = next(size for size in row["sizes"] if size["sizeName"] == key[1])
    assert size["onHand"] < 0
    wanted = sum(o.quantity - o.allocated for o in aims.brand.open_orders if (o.style_color_id, o.size, o.warehouse_id) == key)
    assert size["ots"] == -wanted


# The catalogue


def test_the_catalogue_flags_every_placeholder(aims: AimsRemote) -> None:
    entries = {entry["route"]: entry for entry in aims.http.get(f"{aims.url}/_catalogue").json()["catalogue"]}
    assert not entries["GET /codes/v1.0/currencies"]["assumed"]
    assert entries["GET /inventory/v1.0/inventory"]["assumed"]
    assert "customerName" in entries["GET /customers/v1.0/customers"]["assumed_names"]
    assert {f"A-{number:02d}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13)} <= {entry["item"] for entry in entries.values()}
    assert all(entry["assumed"] for entry in entries.values() if entry["grade"] == "A")


def test_a_placeholder_can_be_taken_away(aims: AimsRemote) -> None:
    aims.set(absent_routes=["GET /inventory/v1.0/inventory"], absent_fields=["Orders.thirdPartyOrderID"])
    assert aims.get("inventory/v1.0/inventory").status_code == 404
    assert aims.code("orders/v1.0/orders", **{"$filter": "thirdPartyOrderID eq 'x'"}) == "InvalidQueryParameterValue"
    assert "thirdPartyOrderID" not in aims.rows("orders/v1.0/orders")[0]
    served = {entry["route"]: entry["served"] for entry in aims.http.get(f"{aims.url}/_catalogue").json()["catalogue"]}
    assert served["GET /inventory/v1.0/inventory"] is False


# What people do in AIMS360 meanwhile


def test_stock_changed_by_people_is_read_next(aims: AimsRemote) -> None:
    color, warehouse = aims.color(), aims.brand.warehouses[0]
    fields: dict[str, Any] = {"style": color.style, "color": color.color, "size": color.sizes[0].name, "warehouse": warehouse.name}
    aims.change("stock", **fields, on_hand=777, allocated=7, pick_tickets=1)
    [row] = aims.query("inventory/v1.0/inventory", f"styleColorID eq {color.id} and warehouseID eq {warehouse.id}")
    assert (row["sizes"][0]["onHand"], row["sizes"][0]["allocated"]) == (777, 7)
    assert [entry["pick_tickets"] for entry in aims.state("stock") if entry["on_hand"] == 777] == [1]
    assert aims.http.post(f"{aims.url}/_aims/stock", json={**fields, "warehouse": "MOON"}).status_code == 404
    assert aims.http.post(f"{aims.url}/_aims/stock", json={**fields, "on_hnd": 1}).status_code == 400


def test_a_purchase_order_can_move_and_close_and_its_change_time_follows(aims: AimsRemote) -> None:
    order = next(order for order in aims.brand.purchase_orders[1:] if order.status == "Open")
    day, before = order.lines[0].in_warehouse_date, order.last_modified
    aims.change(f"purchase_orders/{order.number}", move_days=14)
    moved = aims.get(f"wip/v1.0/purchaseorder/{order.number}").json()
    assert day is not None
    assert moved["stylePOLines"][0]["inWarehouseDate"] == str(day + timedelta(days=14))
    aims.change(f"purchase_orders/{order.number}", close=True)
    rows = aims.query("wip/v1.0/PurchaseOrders", f"lastModifiedOn ge {(before + timedelta(seconds=1)).isoformat()}")
    closed = next(row for row in rows if row["purchaseOrderNo"] == order.number)
    assert closed["status"] == "Completed"
    assert {row["open"] for row in aims.state("wip") if row["number"] == order.number} == {0}


def test_styles_customers_and_skus_can_change_and_their_change_time_follows(aims: AimsRemote) -> None:
    color, customer = aims.color(), aims.customer()
    gone, since = color.sizes[0].name, datetime.now(UTC).isoformat()
    aims.change("style_colors", style=color.style, color=color.color, active=False, wholesale="91.50")
    aims.change("remove_sku", style=color.style, color=color.color, size=gone)
    aims.change("customers", account=customer.account, status="Inactive", stores=[{"code": "0009", "country": "FR", "city": "Nîmes"}])
    aims.change("customers", account="FRESH", name="Fresh Corner Shop")
    [row] = aims.query("StyleColors/v1.1/StyleColors", f"styleColorID eq {color.id} and lastModifiedOn ge {since}", **{"$expand": "sizes"})
    assert (row["active"], row["wholesalePrice"]) == (False, 91.5)
    assert gone not in [size["sizeName"] for size in row["sizes"]]
    assert not [entry for entry in aims.state("stock") if entry["style_color_id"] == color.id and entry["size"] == gone]
    changed = aims.query("customers/v1.0/customers", f"lastModifiedOn ge {since}")
    assert {row["customerAccount"]: row["status"] for row in changed} == {customer.account: "Inactive", "FRESH": "Active"}
    assert "Nîmes" in [store["city"] for store in aims.query("customers/v1.0/stores", f"customerID eq {customer.id}")]


def test_the_pairs_people_know_can_be_asked(aims: AimsRemote) -> None:
    assert aims.http.get(f"{aims.url}/_aims/counterparts").json()["us.warehouses"]["West Coast"] == "LA"


def test_an_unknown_control_or_state_is_refused(aims: AimsRemote) -> None:
    assert aims.http.post(f"{aims.url}/_aims/nothing", json={}).status_code == 404
    assert aims.http.get(f"{aims.url}/_state", params={"what": "nothing"}).status_code == 400
    assert aims.http.get(f"{aims.url}/_state").json()["customers"] == len(aims.brand.customers)
