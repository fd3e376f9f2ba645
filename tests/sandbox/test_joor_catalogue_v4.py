"""v4 products, SKUs and prices of the pretend JOOR keep to the fact sheet (4.5, 4.7), traps included."""

from typing import Any

import pytest

from tests.sandbox.joor_remote import Remote, order

NAVY_S, NAVY_M = "840000000010", "840000000011"


def product(**fields: Any) -> dict[str, Any]:
    return {"name": "Orla Wrap Dress", "external_id": "W1", "product_identifier": "W1-NVY", **fields}


def sku(product_id: str, color: str, size: str, **fields: Any) -> dict[str, Any]:
    traits = [
        {"trait_name": "Color", "value": color.title(), "external_id": color, "order_nbr": 1},
        {"trait_name": "Size", "value": size, "order_nbr": 2},
    ]
    return {"product_id": product_id, "trait_values": traits, **fields}


def matrix(product_id: str, colors: str = "NVY RED", sizes: str = "S M") -> list[dict[str, Any]]:
    return [
        sku(product_id, color, size, external_id=f"{color}-{size}", identifiers=[{"type": "upc", "value": f"99{color}{size}"}])
        for color in colors.split()
        for size in sizes.split()
    ]


def words(answer: dict[str, Any]) -> list[str]:
    return [error["message"] for error in answer["errors"]]


def make(joor: Remote, **fields: Any) -> str:
    """A new product; its JOOR id."""
    return str(joor.write("products/bulk_create", product(**fields))["data"][0]["id"])


def status(joor_id: str, color_code: str, size_name: str, *, color: str = "", size: str = "") -> dict[str, Any]:
    """An update of one SKU that sets the status of its colour or its size."""
    first: dict[str, Any] = {"trait_name": "Color", "value": color_code.title(), "external_id": color_code}
    second: dict[str, Any] = {"trait_name": "Size", "value": size_name}
    first |= {"status": color} if color else {}
    second |= {"status": size} if size else {}
    return {"id": joor_id, "trait_values": [first, second]}


def sku_id(joor: Remote, identifier: str, color: str, size: str) -> str:
    rows = joor.card(identifier)["skus"]
    return next(str(row["id"]) for row in rows if (row["color_code"], row["size"]) == (color, size))


# --- what there is beforehand


def test_traits_name_exactly_one_color_and_one_size_and_the_ids_the_facts_know(joor: Remote) -> None:
    rows = {(row["type"], row["name"]): row["id"] for row in joor.read("traits")}
    assert rows["sku", "Color"] == "U0tVVHJhaXQ6U3R5bGVDb2xvcg=="
    assert rows["sku", "Size"] == "U0tVVHJhaXQ6U2l6ZQ=="
    assert rows["product", "Materials"] == "UHJvZHVjdFRyYWl0Ok1BVA=="
    assert {"Contains Fur", "Country of Origin", "Division", "Fabrication Name", "Heel Height"} <= {name for _, name in rows}


def test_price_types_and_categories_are_settings_that_can_only_be_read(joor: Remote) -> None:
    assert [(row["name"], row["currency_code"]) for row in joor.read("price_types")] == [("US Dollars", "USD"), ("Euro", "EUR")]
    assert set(joor.read("categories")[0]) == {"id", "name", "parent_name", "department"}
    assert joor.v4("POST", "price_types/bulk_create", joor.token(), json=[]).status_code == 404


def test_seeded_cards_have_ids_skus_and_a_price_in_the_accounts_own_price_type(joor: Remote) -> None:
    shown = joor.read("products")
    assert [(row["id"], row["product_identifier"], row["external_id"]) for row in shown] == [
        ("501", "D410-ID", "D410"),
        ("502", "T200-ID", "T200"),
    ]
    skus = joor.read("skus", product_ids="501")
    assert len({row["id"] for row in skus}) == 4
    assert skus[0]["identifiers"] == [{"type": "upc", "value": NAVY_S}]
    prices = joor.read("prices", sku_ids=",".join(row["id"] for row in skus))
    assert {(row["price_type"]["name"], row["wholesale_value"]) for row in prices} == {("US Dollars", "110.00")}
    assert len(prices) == 4


# --- products


def test_a_product_is_made_once_and_after_that_it_is_duplicated(joor: Remote) -> None:
    made = joor.write("products/bulk_create", product())
    assert made["errors"] == []
    assert {"id", "name", "external_id", "product_identifier"} <= set(made["data"][0])
    again = joor.write("products/bulk_create", product(), product(product_identifier="W1-RED"), product(product_identifier="W1-RED"))
    assert [row["product_identifier"] for row in again["data"]] == ["W1-RED"]
    assert [error["status"] for error in again["errors"]] == ["DUPLICATED", "DUPLICATED"]
    assert joor.keys("product_created") == ["W1-NVY", "W1-RED"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": ""}, "name is required"),
        ({"category_ids": ["101", "999"]}, "Category 999 not found"),
        ({"product_trait_values": [{"trait_name": "Weather", "value": "dry"}]}, "Trait Weather not found"),
        ({"product_identifier": "X" * 101}, "100 characters"),
        ({"order_minimum": "many"}, "order_minimum must be an integer"),
    ],
)
def test_a_bad_product_fails_alone_inside_a_200(joor: Remote, fields: dict[str, Any], reason: str) -> None:
    answer = joor.write("products/bulk_create", product(**fields), product(product_identifier="W2"))
    assert [row["product_identifier"] for row in answer["data"]] == ["W2"]
    assert reason in words(answer)[0]
    assert joor.keys("product_created") == ["W2"]


def test_an_update_by_id_changes_what_it_names_and_the_ledger_says_what_that_was(joor: Remote) -> None:
    traits = [{"trait_name": "Division", "value": "Main", "external_id": "01"}, {"trait_id": "UHJvZHVjdFRyYWl0Ok1BVA==", "value": "Silk"}]
    product_id = make(joor, product_trait_values=traits, category_ids=["101"], tags=[{"name": "Fit", "value": "Slim"}])
    answer = joor.write("products/bulk_update", {"id": product_id, "description": "Silk blend"}, {"id": "999", "name": "?"})
    assert words(answer) == ["Product 999 not found"]
    joor.write("products/bulk_update", {"id": product_id, "description": "Silk blend"})
    card = joor.card("W1-NVY")
    assert (card["name"], card["description"], card["categories"]) == ("Orla Wrap Dress", "Silk blend", ["101"])
    assert card["traits"] == {"Division": {"value": "Main", "external_id": "01"}, "Materials": {"value": "Silk", "external_id": ""}}
    assert card["tags"] == [{"name": "Fit", "value": "Slim"}]
    assert [row["changed"] for row in joor.effects("product_updated")] == [["description"], []]


def test_an_update_that_is_refused_has_changed_nothing(joor: Remote) -> None:
    product_id = make(joor)
    answer = joor.write("products/bulk_update", {"id": product_id, "name": "New", "category_ids": ["nope"]})
    assert (answer["data"], len(answer["errors"])) == ([], 1)
    assert joor.card("W1-NVY")["name"] == "Orla Wrap Dress"
    assert "cannot become" in words(joor.write("products/bulk_update", {"id": product_id, "product_identifier": "OTHER"}))[0]


def test_a_body_that_is_no_array_does_nothing_and_every_call_needs_its_account(joor: Remote) -> None:
    token = joor.token()
    assert joor.v4("POST", "products/bulk_create", token, json=product()).status_code == 400
    assert joor.v4("POST", "products/bulk_create", token, account="", json=[product()]).status_code == 400
    assert joor.v4("POST", "products/bulk_create", token, account="7002", json=[product()]).status_code == 403
    assert joor.effects() == []


def test_catalogue_calls_cost_what_others_cost(joor: Remote) -> None:
    joor.set(credit_size=6)
    token = joor.token()
    assert joor.v4("POST", "products/bulk_create", token, json=[product()]).status_code == 200
    assert [joor.v4("GET", "products", token).status_code for _ in range(2)] == [200, 429]


# --- SKUs


def test_a_full_matrix_is_made_and_read_back(joor: Remote) -> None:
    product_id = make(joor)
    answer = joor.write("skus/bulk_create", *matrix(product_id))
    assert answer["errors"] == []
    shown = joor.read("skus", product_ids=f"{product_id},502")
    assert len(shown) == 6
    color, size = shown[0]["trait_values"]
    assert (color["trait"]["name"], color["value"], color["external_id"], color["status"]) == ("Color", "Nvy", "NVY", "ACTIVE")
    assert (size["trait"]["name"], size["value"], size["order_nbr"]) == ("Size", "S", 2)
    assert shown[0]["identifiers"] == [{"type": "upc", "value": "99NVYS"}]
    assert joor.keys("sku_created") == ["W1-NVY|NVY|S", "W1-NVY|NVY|M", "W1-NVY|RED|S", "W1-NVY|RED|M"]


def test_a_matrix_with_a_hole_refuses_every_item_of_that_product_and_of_no_other(joor: Remote) -> None:
    first, second = make(joor), make(joor, product_identifier="W2")
    answer = joor.write("skus/bulk_create", *matrix(first)[:3], *matrix(second))
    assert {row["product_id"] for row in answer["data"]} == {second}
    assert len(answer["errors"]) == 3
    assert all("full list" in message and "RED M" in message for message in words(answer))
    assert joor.card("W1-NVY")["skus"] == []
    assert len(joor.write("skus/bulk_create", *matrix(first))["data"]) == 4


def test_the_other_reading_of_the_docs_fills_the_hole(joor: Remote) -> None:
    joor.set(sku_matrix="auto")
    product_id = make(joor)
    answer = joor.write("skus/bulk_create", *matrix(product_id)[:3])
    assert (len(answer["data"]), answer["errors"]) == (3, [])
    filled = joor.card("W1-NVY")["skus"][-1]
    assert (filled["color_code"], filled["size"], filled["upc"]) == ("RED", "M", None)
    assert [row["via"] for row in joor.effects("sku_created")] == ["v4", "v4", "v4", "sku_matrix=auto"]


def test_a_new_colour_must_come_in_every_size_the_card_has(joor: Remote) -> None:
    assert joor.write("skus/bulk_create", sku("501", "OLV", "S"))["data"] == []
    answer = joor.write("skus/bulk_create", sku("501", "OLV", "S"), sku("501", "OLV", "M"))
    assert (len(answer["data"]), answer["errors"]) == (2, [])


def test_skus_that_are_there_already_are_duplicated_and_the_new_ones_are_made(joor: Remote) -> None:
    product_id = make(joor)
    joor.write("skus/bulk_create", *matrix(product_id, "NVY"))
    answer = joor.write("skus/bulk_create", *matrix(product_id))
    assert [error["status"] for error in answer["errors"]] == ["DUPLICATED", "DUPLICATED"]
    assert len(joor.card("W1-NVY")["skus"]) == 4


def test_sizes_are_told_apart_by_case(joor: Remote) -> None:
    product_id = make(joor)
    answer = joor.write("skus/bulk_create", sku(product_id, "NVY", "Small"), sku(product_id, "NVY", "small"))
    assert (len(answer["data"]), answer["errors"]) == (2, [])


@pytest.mark.parametrize(
    ("traits", "reason"),
    [
        ([{"trait_name": "Color", "value": "Navy", "external_id": "NVY"}], "exactly one Color and one Size"),
        ([{"trait_name": "Size", "value": "S"}] * 2, "exactly one Color and one Size"),
        ([{"trait_name": "Color", "value": "Navy"}, {"trait_name": "Size", "value": "S"}], "needs an external_id"),
        ([{"trait_name": "Color", "value": "", "external_id": "NVY"}, {"trait_name": "Size", "value": "S"}], "value is required"),
        ([{"trait_name": "Fit", "value": "Slim"}], "no SKU trait"),
        (
            [{"trait_name": "Color", "value": "Navy", "external_id": "NVY", "status": "GONE"}, {"trait_name": "Size", "value": "S"}],
            "ACTIVE",
        ),
    ],
)
def test_a_sku_has_exactly_one_colour_and_one_size(joor: Remote, traits: list[dict[str, Any]], reason: str) -> None:
    answer = joor.write("skus/bulk_create", {"product_id": "501", "trait_values": traits})
    assert answer["data"] == []
    assert reason in words(answer)[0]


def test_a_sku_is_updated_by_id_and_by_external_id(joor: Remote) -> None:
    product_id = make(joor)
    joor.write("skus/bulk_create", *matrix(product_id))
    item = {key: value for key, value in sku(product_id, "NVY", "S").items() if key != "product_id"}
    one = {
        **item,
        "id": sku_id(joor, "W1-NVY", "NVY", "S"),
        "identifiers": [{"type": "UPC", "value": "111"}, {"type": "ean", "value": "222"}],
    }
    assert joor.write("skus/bulk_update", one)["data"][0]["identifiers"] == [
        {"type": "upc", "value": "111"},
        {"type": "ean", "value": "222"},
    ]
    answer = joor.write(
        "skus/bulk_update_by_external_id", {**item, "external_id": "NVY-S", "sku_identifier": "K1"}, {**item, "external_id": "?"}
    )
    assert answer["data"][0]["sku_identifier"] == "K1"
    assert words(answer) == ["SKU with external_id ? not found"]
    assert [row["changed"] for row in joor.effects("sku_updated")] == [["identifiers"], ["sku_identifier"]]
    assert "cannot become" in words(joor.write("skus/bulk_update", {**one, "trait_values": sku(product_id, "RED", "S")["trait_values"]}))[0]
    assert words(joor.write("skus/bulk_update", {**one, "id": "zzz"})) == ["SKU zzz not found"]


def test_an_inactive_colour_leaves_all_orders_and_comes_back_when_active(joor: Remote) -> None:
    """Approved, shipped and cancelled orders included (4.5): every seeded order has one line of D410 navy S."""
    item = status(sku_id(joor, "D410-ID", "NVY", "M"), "NVY", "M", color="INACTIVE")
    joor.write("skus/bulk_update", item)
    shown = joor.v2("GET", "orders", params={"order_type": "8", "sync": "0"}).json()["orders"]["orders"]
    assert {row["order_id"]: row["line_items"] for row in shown} == dict.fromkeys(range(1, 7), "")
    assert {row["order_total"] for row in shown} == {"0.00"}
    assert [row["cancelled"] for row in joor.read("orders/sku_line_items", order_ids="3")] == [True]
    assert joor.keys("order_lines_removed") == ["1", "2", "3", "4", "5", "6"]
    assert {row["status"] for row in joor.card("D410-ID")["skus"] if row["color_code"] == "NVY"} == {"INACTIVE"}
    assert {row["status"] for row in joor.card("D410-ID")["skus"] if row["color_code"] == "RED"} == {"ACTIVE"}
    item["trait_values"][0]["status"] = "ACTIVE"
    joor.write("skus/bulk_update", item)
    back = joor.v2("GET", "order/3", params={"sync": "0"}).json()["orders"]["orders"][0]
    assert (len(back["line_items"]), back["order_total"]) == (1, "660.00")


def test_an_inactive_size_leaves_the_orders_of_every_colour_and_no_other_size(joor: Remote) -> None:
    lines = order(0)["line_items"]
    more = [*lines, {**lines[0], "item_color_code": "RED"}, {**lines[0], "item_size": "M"}]
    joor.control("PATCH", "_joor/us/orders/3", json={"line_items": more, "order_total": "1980.00"})
    joor.write("skus/bulk_update", status(sku_id(joor, "D410-ID", "NVY", "S"), "NVY", "S", size="INACTIVE"))
    shown = joor.v2("GET", "order/3", params={"sync": "0"}).json()["orders"]["orders"][0]
    assert [line["item_size"] for line in shown["line_items"]] == ["M"]
    assert shown["order_total"] == "660.00"


def test_a_status_can_be_switched_to_count_for_one_sku(joor: Remote) -> None:
    joor.set(trait_status_scope="sku")
    joor.write("skus/bulk_update", status(sku_id(joor, "D410-ID", "NVY", "M"), "NVY", "M", color="INACTIVE"))
    assert [row["status"] for row in joor.card("D410-ID")["skus"]] == ["ACTIVE", "INACTIVE", "ACTIVE", "ACTIVE"]
    assert joor.effects("order_lines_removed") == []


def test_a_line_a_person_cancelled_does_not_come_back_with_the_colour(joor: Remote) -> None:
    joor.control("PATCH", "_joor/us/orders/3", json={"line_items": [{**order(0)["line_items"][0], "_cancelled": True}]})
    item = status(sku_id(joor, "D410-ID", "NVY", "S"), "NVY", "S", color="INACTIVE")
    joor.write("skus/bulk_update", item)
    item["trait_values"][0]["status"] = "ACTIVE"
    joor.write("skus/bulk_update", item)
    assert [row["cancelled"] for row in joor.read("orders/sku_line_items", order_ids="3,4")] == [True, False]


# --- prices


def test_a_price_is_made_once_per_sku_and_price_type(joor: Remote) -> None:
    wanted = sku_id(joor, "D410-ID", "RED", "S")
    by_id = {"sku_id": wanted, "price_type_id": "pt-eur", "wholesale_value": "99.5", "retail_value": "250.00"}
    pair = {"price_type_name": "Euro", "price_type_currency_code": "EUR", "wholesale_value": "99.50"}
    answer = joor.write("prices/bulk_create", by_id, {**pair, "sku_id": sku_id(joor, "D410-ID", "RED", "M")}, {**pair, "sku_id": wanted})
    assert [(row["wholesale_value"], row["price_type"]["currency_code"]) for row in answer["data"]] == [("99.50", "EUR")] * 2
    assert [(error["status"], error["details"]["sku_id"]) for error in answer["errors"]] == [("DUPLICATED", wanted)]
    assert joor.keys("price_created") == ["D410-ID|RED|S|Euro", "D410-ID|RED|M|Euro"]


def test_a_price_is_updated_by_its_id(joor: Remote) -> None:
    wanted = sku_id(joor, "D410-ID", "RED", "S")
    price_id = joor.read("prices", sku_ids=wanted)[0]["id"]
    answer = joor.write("prices/bulk_update", {"id": price_id, "wholesale_value": "120.00"}, {"id": "zz", "wholesale_value": "1.00"})
    assert answer["data"][0]["wholesale_value"] == "120.00"
    assert words(answer) == ["Price zz not found"]
    assert joor.effects("price_updated")[0]["wholesale"] == "120.00"
    assert joor.card("D410-ID")["skus"][2]["prices"]["US Dollars"] == {"currency": "USD", "wholesale": "120.00", "retail": ""}
    assert joor.card("D410-ID")["prices"] == {}  # its SKUs no longer agree


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sku_id": "zz"}, "SKU zz not found"),
        ({"price_type_id": "pt-gbp"}, "Price type pt-gbp not found"),
        ({"price_type_id": None, "price_type_name": "us dollars", "price_type_currency_code": "USD"}, "us dollars (USD) not found"),
        ({"price_type_id": None}, "is required"),
        ({"wholesale_value": 110}, "must be a string"),
        ({"wholesale_value": "free"}, "is no number"),
        ({"wholesale_value": None}, "wholesale_value is required"),
        ({"retail_value": "-1"}, "is no price"),
    ],
)
def test_a_bad_price_fails_with_words(joor: Remote, fields: dict[str, Any], reason: str) -> None:
    good = {"sku_id": sku_id(joor, "D410-ID", "RED", "S"), "price_type_id": "pt-eur", "wholesale_value": "1.00"}
    answer = joor.write("prices/bulk_create", {**good, **fields})
    assert reason in words(answer)[0]
    assert joor.effects("price_created") == []


# --- switches


def test_any_item_can_be_made_to_fail_with_a_chosen_error(joor: Remote) -> None:
    rule = {"path": "products/bulk_create", "match": "W2", "status": "INVALID", "message": "Style tag Fit does not exist"}
    joor.set(catalogue_errors=[rule])
    answer = joor.write("products/bulk_create", product(), product(product_identifier="W2"))
    assert [row["product_identifier"] for row in answer["data"]] == ["W1-NVY"]
    assert [(error["status"], error["message"]) for error in answer["errors"]] == [("INVALID", "Style tag Fit does not exist")]
    joor.set(catalogue_errors=[])
    assert joor.write("products/bulk_create", product(product_identifier="W2"))["errors"] == []


def test_a_sku_made_to_fail_takes_no_other_sku_with_it(joor: Remote) -> None:
    product_id = make(joor)
    joor.set(catalogue_errors=[{"path": "skus/", "match": "99REDM", "status": "INVALID", "message": "no"}])
    answer = joor.write("skus/bulk_create", *matrix(product_id))
    assert (len(answer["data"]), words(answer)) == (3, ["no"])


def test_errors_can_be_switched_to_name_only_what_is_documented(joor: Remote) -> None:
    assert joor.write("products/bulk_update", {"id": "999"})["errors"][0]["details"] == {"id": "999"}
    joor.set(error_details="documented")
    assert joor.write("products/bulk_update", {"id": "999"})["errors"][0]["details"] == {}
    price = {"sku_id": sku_id(joor, "D410-ID", "RED", "S"), "price_type_id": "pt-usd", "wholesale_value": "1.00"}
    assert joor.write("prices/bulk_create", price)["errors"][0]["details"] == {"sku_id": price["sku_id"]}


def test_catalogue_reads_give_everything_or_by_switch_pages(joor: Remote) -> None:
    joor.write("products/bulk_create", *(product(product_identifier=f"P{number}") for number in range(60)))
    assert len(joor.read("products", page="2", page_size="10")) == 62
    joor.set(catalogue_paging="pages")
    assert len(joor.read("products")) == 50
    assert joor.read("products", page="2")[0]["product_identifier"] == "P48"
    assert [row["id"] for row in joor.read("skus", page="2", page_size="5")] == [joor.card("T200-ID")["skus"][1]["id"]]
    assert joor.read("products", page="9") == []


# --- what other parts of the account see of it


def test_inventory_and_orders_know_a_card_made_through_the_api(joor: Remote) -> None:
    product_id = make(joor)
    joor.write("skus/bulk_create", *matrix(product_id))
    items = [
        {"warehouse": "NJ", "upc": "99NVYS", "inventory": 5},
        {"warehouse": "NJ", "style_number": "W1", "style_identifier": "W1-NVY", "color_code": "RED", "size": "M", "inventory": 7},
    ]
    answer = joor.v2("PUT", "bulk-inventory", json={"inventory_items": items}).json()["inventory"]
    assert [row["status"] for row in answer["inventory_log"]] == ["pass", "pass"]
    assert (joor.position("99NVYS", "NJ"), joor.position("99REDM", "NJ")) == (5, 7)
    line = {**order(0)["line_items"][0], "item_style_identifier": "W1-NVY", "item_upc": "99NVYS"}
    joor.control("POST", "_joor/us/orders", json={"line_items": [line]})
    assert joor.order_ids(order_type="6", check="2") == [3, 102]
