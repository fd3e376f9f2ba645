"""v2 styles of the pretend JOOR (fact sheet 4.2 to 4.6, 10): silent jobs, destructive defaults, deletions that reach into orders."""

from typing import Any

import pytest

from tests.sandbox.joor_remote import Remote, order

JSON = {"headers": {"Content-Type": "application/json"}}
USD = {"price_label": "US Dollars", "price_currency": "USD", "price_wholesale": "110.00", "price_retail": "275.00"}
FALL = {
    "delivery_name": "Fall 1",
    "delivery_code": "F1",
    "season_name": "Fall",
    "season_year": "2031",
    "date_delivery_start": "2031-08-01",
    "date_delivery_end": "2031-08-31",
    "public": 1,
}


def record(**fields: Any) -> dict[str, Any]:
    """A style record that can be applied; 3 adds to linesheets and takes off none."""
    return {
        "style_name": "Orla Wrap Dress",
        "style_number": "W1",
        "style_identifier": "W1-ID",
        "delivery_overwrite": 3,
        "prices": [USD],
        "colors": [{"color_name": "Navy", "color_code": "NVY"}],
        "sizes": [{"size_name": "S"}, {"size_name": "M"}],
        "skus": [{"sku_color_code": "NVY", "sku_size": "S", "upc": "991"}, {"sku_color_code": "NVY", "sku_size": "M", "upc": "992"}],
        **fields,
    }


def submit(joor: Remote, *records: Any, method: str = "POST") -> int:
    """A bulk job; its number."""
    answer = joor.v2(method, "bulk-style", json={"bulk_styles": {"style": list(records)}})
    assert answer.status_code == 200
    return int(answer.json()["bulk_styles"]["bulk_styles_jobs"][0]["bulk_styles_job_id"])


def look(joor: Remote, job: int) -> dict[str, Any]:
    row = joor.v2("GET", f"bulk-style/{job}").json()["bulk_styles"]["bulk_styles_jobs"][0]
    assert isinstance(row, dict)
    return row


def bulk(joor: Remote, *records: Any) -> None:
    """Submit and look until it is finished."""
    job = submit(joor, *records)
    while look(joor, job)["status"] != "finished":
        pass


def exists(joor: Remote, identifier: str) -> bool:
    return any(row["identifier"] == identifier for row in joor.state("products")["products"])


def on_linesheet(joor: Remote, code: str) -> list[str]:
    return [row["identifier"] for row in joor.linesheet(code)["items"]]


def style(joor: Remote, path: str = "style-number/W1/W1-ID") -> dict[str, Any]:
    found = joor.v2("GET", path).json()["styles"]["styles"][0]
    assert isinstance(found, dict)
    return found


def delete(joor: Remote, path: str, **params: str) -> Any:
    return joor.v2("DELETE", path, params=params, **JSON)


# --- bulk jobs


def test_a_job_is_queued_then_started_then_finished_and_applied_only_then(joor: Remote) -> None:
    joor.set(job_delay=3)
    job = submit(joor, record(), record(style_identifier="W2-ID"))
    assert [look(joor, job)["status"] for _ in range(2)] == ["queued", "started"]
    assert not exists(joor, "W1-ID")
    done = look(joor, job)
    assert (done["status"], done["style_record_count"], done["style_record_progress"]) == ("finished", 2, 2)
    assert {"created", "modified"} <= set(done)
    assert joor.keys("product_created") == ["W1-ID", "W2-ID"]
    assert look(joor, job)["status"] == "finished"
    assert len(joor.keys("product_created")) == 2
    assert joor.v2("GET", "bulk-style/999").status_code == 404


def test_jobs_are_worked_off_in_the_order_they_came(joor: Remote) -> None:
    first = submit(joor, record(style_name="First"))
    bulk(joor, record(style_name="Second"))
    assert look(joor, first)["status"] == "finished"
    assert joor.card("W1-ID")["name"] == "Second"


@pytest.mark.parametrize("body", [b"nothing", b"[]", b'{"bulk_styles": {}}', b'{"bulk_styles": {"style": 3}}'])
def test_a_bulk_body_that_cannot_be_read_makes_no_job(joor: Remote, body: bytes) -> None:
    answer = joor.v2("PUT", "bulk-style", content=body, **JSON)
    assert answer.status_code == 400
    assert answer.json()["bulk_styles"]["response"]["code"] == "1"


@pytest.mark.parametrize(
    "fields",
    [
        {"prices": [{**USD, "price_label": "us dollars"}]},
        {"prices": [{**USD, "price_currency": "EUR"}]},
        {"style_number": ""},
        {"style_name": "x" * 101},
        {"style_number": "x" * 46},
        {"style_description": "x" * 501},
        {"categories": [{"category_id": "999"}]},
        {"delivery_overwrite": 5},
        {"deliveries": [{**FALL, "date_delivery_end": "2031-07-01"}]},
        {"sizes": [{"size_code": "S"}]},
    ],
)
def test_a_record_joor_does_not_like_fails_in_a_finished_job_without_a_word(joor: Remote, fields: dict[str, Any]) -> None:
    job = submit(joor, record(**fields), record(style_identifier="GOOD"))
    look(joor, job)
    done = look(joor, job)
    assert (done["status"], done["style_record_progress"]) == ("finished", 2)
    assert joor.keys("product_created") == ["GOOD"]
    assert not exists(joor, "W1-ID")


def test_records_can_be_made_to_fail_by_key_or_by_what_they_hold(joor: Remote) -> None:
    joor.set(failed_records=["W1-ID"], catalogue_errors=[{"path": "bulk-style", "match": "W2"}])
    bulk(joor, record(), record(style_identifier="W2"), record(style_identifier="W3"))
    assert joor.keys("product_created") == ["W3"]


def test_a_record_makes_a_card_with_its_matrix_and_a_price_on_every_sku(joor: Remote) -> None:
    fields = {
        "style_description": "Silk blend",
        "division": "Main",
        "division_code": "01",
        "materials": [{"material": "Silk"}],
        "categories": [{"category_id": "101"}],
        "tags": [{"tag_group": "Look", "tag_name": "Fit", "tag_value": "Slim", "tag_value_code": "SL"}],
        "colors": [{"color_name": "Navy", "color_code": "NVY"}, {"color_name": "Rust", "color_code": "RST"}],
    }
    bulk(joor, record(**fields))
    card = joor.card("W1-ID")
    assert [(row["color_code"], row["size"], row["upc"]) for row in card["skus"]] == [
        ("NVY", "S", "991"),
        ("NVY", "M", "992"),
        ("RST", "S", None),
        ("RST", "M", None),
    ]
    assert card["prices"] == {"US Dollars": {"currency": "USD", "wholesale": "110.00", "retail": "275.00"}}
    assert card["traits"]["Division"] == {"value": "Main", "external_id": "01"}
    assert (card["categories"], card["tags"][0]["value"]) == (["101"], "Slim")
    shown = style(joor)
    assert (shown["division"], shown["division_code"], shown["materials"]) == ("Main", "01", [{"material": "Silk"}])
    assert shown["prices"] == [{**USD, "price_currency_retail": "USD"}]
    assert [row["color_name"] for row in shown["colors"]] == ["Navy", "Rust"]
    assert [row["size_name"] for row in shown["sizes"]] == ["S", "M"]
    assert shown["skus"][1] == {"sku_color_code": "NVY", "sku_size": "M", "upc": "992", "inventory_available": ""}
    assert shown["deliveries"] == ""


def test_a_record_sent_again_changes_nothing_and_a_changed_one_only_what_changed(joor: Remote) -> None:
    bulk(joor, record())
    before = len(joor.effects())
    bulk(joor, record())
    assert len(joor.effects()) == before
    bulk(joor, record(prices=[{**USD, "price_wholesale": 115}], style_name="Orla Dress"))
    news = joor.effects()[before:]
    assert [(row["effect"], row["key"]) for row in news] == [
        ("product_updated", "W1-ID"),
        ("price_updated", "W1-ID|NVY|S|US Dollars"),
        ("price_updated", "W1-ID|NVY|M|US Dollars"),
    ]
    assert news[0]["changed"] == ["name"]


def test_a_colour_added_later_costs_what_the_card_costs_and_what_is_left_out_stays(joor: Remote) -> None:
    bulk(joor, record())
    bulk(joor, record(prices=[], colors=[{"color_name": "Rust", "color_code": "RST"}], sizes=[{"size_name": "L"}]))
    card = joor.card("W1-ID")
    assert {(row["color_code"], row["size"]) for row in card["skus"]} == {(c, s) for c in ("NVY", "RST") for s in "SML"}
    assert {row["prices"]["US Dollars"]["wholesale"] for row in card["skus"]} == {"110.00"}


# --- linesheets


def test_a_delivery_makes_its_linesheet_and_season_once(joor: Remote) -> None:
    bulk(joor, record(deliveries=[FALL]), record(style_identifier="W2-ID", deliveries=[FALL]))
    sheet = joor.linesheet("F1")
    assert (sheet["name"], sheet["start"], sheet["complete"], sheet["public"], sheet["hand_made"]) == (
        "Fall 1",
        "2031-08-01",
        "2031-08-31",
        True,
        False,
    )
    assert sheet["season"] == {"name": "Fall", "year": 2031, "code": ""}
    assert on_linesheet(joor, "F1") == ["W1-ID", "W2-ID"]
    assert (joor.keys("collection_created"), joor.keys("season_created")) == (["F1"], ["Fall"])
    shown = style(joor)["deliveries"][0]
    assert {name: shown[name] for name in FALL} == {**FALL, "season_year": 2031}


def set_up_linesheets(joor: Remote) -> None:
    """W1-ID on F1 and F2, which the API made, and on MINE, which a person made."""
    bulk(joor, record(deliveries=[FALL, {**FALL, "delivery_name": "Fall 2", "delivery_code": "F2"}]))
    joor.control("POST", "_joor/us/linesheets", json={"name": "Mine", "code": "MINE", "items": ["W1-ID", "D410-ID"]})


@pytest.mark.parametrize(
    ("overwrite", "left"),
    [(None, {"F1"}), (1, {"F1"}), ("2", {"F1", "MINE"}), (3, {"F1", "F2", "MINE"}), (4, {"F2", "MINE"})],
)
def test_each_delivery_overwrite_leaves_the_style_on_its_linesheets(joor: Remote, overwrite: Any, left: set[str]) -> None:
    set_up_linesheets(joor)
    sent = record(deliveries=[FALL], delivery_overwrite=overwrite)
    if overwrite is None:
        del sent["delivery_overwrite"]
    bulk(joor, sent)
    assert {code for code in ("F1", "F2", "MINE") if "W1-ID" in on_linesheet(joor, code)} == left
    assert "D410-ID" in on_linesheet(joor, "MINE")  # other styles are not touched


def test_a_record_without_deliveries_and_without_the_field_takes_the_style_off_everything(joor: Remote) -> None:
    set_up_linesheets(joor)
    sent = record()
    del sent["delivery_overwrite"]
    bulk(joor, sent)
    assert style(joor)["deliveries"] == ""
    assert joor.keys("collection_items_removed") == ["F1", "F2", "MINE"]


def test_four_with_an_unknown_linesheet_makes_none(joor: Remote) -> None:
    bulk(joor, record(deliveries=[FALL], delivery_overwrite=4))
    assert joor.effects("collection_created") == []


def test_a_colour_exclusion_keeps_that_colour_off_that_linesheet(joor: Remote) -> None:
    colors = [{"color_name": "Navy", "color_code": "NVY"}, {"color_name": "Rust", "color_code": "RST"}]
    excluded = {**FALL, "color_exclusions": [{"color_name": "Rust", "color_code": "RST"}], "style_display_order": 4}
    bulk(joor, record(colors=colors, deliveries=[excluded]))
    item = joor.linesheet("F1")["items"][0]
    assert (item["skus"], item["order_number"], item["all_skus"]) == (["NVY|S", "NVY|M"], 4, False)
    assert style(joor)["deliveries"][0]["color_exclusions"] == [{"color_name": "Rust", "color_code": "RST"}]
    bulk(joor, record(colors=colors, deliveries=[FALL]))
    assert joor.linesheet("F1")["items"][0]["all_skus"] is True
    assert joor.effects("collection_updated")[-1]["changed_items"] == ["W1-ID"]


# --- one by one


def test_a_style_is_posted_and_put_by_itself_and_told_what_is_wrong(joor: Remote) -> None:
    made = joor.v2("POST", "style-number", json={"styles": {"style": record()}})
    assert made.json()["styles"]["styles"][0]["style_identifier"] == "W1-ID"
    changed = joor.v2("PUT", "style-number/W1/W1-ID", json={"styles": {"style": {"style_name": "Orla", "delivery_overwrite": 3}}})
    assert changed.json()["styles"]["styles"][0]["style_name"] == "Orla"
    assert joor.v2("PUT", "style-number/W1/NOPE", json={"styles": {"style": record()}}).status_code == 404
    refused = joor.v2("POST", "style-number", json={"styles": {"style": record(prices=[{**USD, "price_label": "Dollars"}])}})
    assert refused.status_code == 400
    assert "Dollars" in refused.json()["styles"]["response"]["comment"]
    assert joor.v2("POST", "style-number", json={"style": record()}).status_code == 400


def test_a_style_is_read_by_number_and_identifier_and_by_joors_id(joor: Remote) -> None:
    by_number, by_id = style(joor, "style-number/D410/D410-ID"), style(joor, "style/501")
    assert by_number == by_id
    assert (by_id["style_id"], by_id["skus"][0]["upc"]) == (501, "840000000010")
    for path in ("style-number/OTHER/D410-ID", "style-number/D410/NOPE", "style/999"):
        assert joor.v2("GET", path).status_code == 404


def test_the_stock_on_hand_shows_on_the_style(joor: Remote) -> None:
    items = [{"warehouse": name, "upc": "840000000010", "inventory": units} for name, units in (("NJ", 5), ("LA", 2))]
    joor.v2("PUT", "bulk-inventory", json={"inventory_items": items})
    assert style(joor, "style/501")["skus"][0]["inventory_available"] == 7


def test_the_list_is_paged_and_filtered_by_what_was_changed_or_made_when(joor: Remote) -> None:
    joor.advance(3600)
    bulk(joor, record())
    page = joor.v2("GET", "style", params={"count": 2}).json()["styles"]
    assert [row["style_identifier"] for row in page["styles"]] == ["D410-ID", "T200-ID"]
    assert {name: page["response"][name] for name in ("start_from", "next_start", "count")} == {
        "start_from": 0,
        "next_start": 2,
        "count": 3,
    }
    last = joor.v2("GET", "style/", params={"count": 2, "start_from": 2}).json()["styles"]
    assert ([row["style_identifier"] for row in last["styles"]], last["response"]["next_start"]) == (["W1-ID"], "")
    made = last["styles"][0]["date_created"]
    for names in (("date_start", "date_end"), ("date_created_start", "date_created_end")):
        found = joor.v2("GET", "style", params=dict.fromkeys(names, made)).json()["styles"]["styles"]
        assert [row["style_identifier"] for row in found] == ["W1-ID"]
        assert joor.v2("GET", "style", params={names[0]: made}).status_code == 400
    joor.v2("POST", "style-number", json={"styles": {"style": record(style_identifier="W9")}})
    assert joor.v2("GET", "style", params={"count": "all"}).status_code == 400


# --- deleting


def lines_of(joor: Remote, order_id: int) -> Any:
    return joor.v2("GET", f"order/{order_id}", params={"sync": "0"}).json()["orders"]["orders"][0]["line_items"]


def test_deleting_a_style_cancels_its_lines_on_open_orders_that_were_not_exported(joor: Remote) -> None:
    """Orders 1 Notes, 2 Pending and 3 Approved lose the line; 4 Shipped, 5 Cancelled, 6 cart and 7 exported keep it (4.5)."""
    joor.control("POST", "_joor/us/orders", json={"order_id": 7, "order_type": "4"})
    joor.write("orders/bulk_update", {"id": "7", "export_status": "SUCCESS"})
    joor.control("POST", "_joor/us/linesheets", json={"name": "Mine", "code": "MINE", "items": ["D410-ID"]})
    answer = delete(joor, "style-number/D410/D410-ID").json()["styles_deleted"]
    assert answer["response"]["code"] == "0"
    assert answer["style_deleted"] == {"style_number": "D410", "style_identifier": "D410-ID"}
    assert [number for number in range(1, 8) if lines_of(joor, number) == ""] == [1, 2, 3]
    assert joor.keys("order_lines_removed") == ["1", "2", "3"]
    assert joor.keys("style_deleted") == ["D410-ID"]
    assert joor.card("D410-ID")["deleted"] is True
    assert on_linesheet(joor, "MINE") == []
    assert joor.v2("GET", "style/501").status_code == 404
    assert delete(joor, "style/501").status_code == 404


def test_deleting_a_colour_takes_that_colour_alone(joor: Remote) -> None:
    lines = order(0)["line_items"]
    joor.control("PATCH", "_joor/us/orders/3", json={"line_items": [*lines, {**lines[0], "item_color_code": "RED"}]})
    answer = delete(joor, "style/501", color_code="NVY").json()["styles_deleted"]
    assert answer["color_deleted"]["color_code"] == "NVY"
    assert [line["item_color_code"] for line in lines_of(joor, 3)] == ["RED"]
    assert {row["color_code"] for row in joor.card("D410-ID")["skus"]} == {"RED"}
    assert joor.keys("style_color_deleted") == ["D410-ID|NVY"]
    assert delete(joor, "style/501", color_code="NVY").status_code == 404


def test_deleting_a_size_takes_it_from_every_colour_and_its_stock_with_it(joor: Remote) -> None:
    joor.v2("PUT", "bulk-inventory", json={"inventory_items": [{"warehouse": "NJ", "upc": "840000000010", "inventory": 4}]})
    answer = delete(joor, "style-number/D410/D410-ID", size="S").json()["styles_deleted"]
    assert answer["size_deleted"]["size"] == "S"
    assert {row["size"] for row in joor.card("D410-ID")["skus"]} == {"M"}
    assert joor.keys("style_size_deleted") == ["D410-ID|S"]
    assert joor.state("inventory")["inventory"] == []
    refused = joor.v2("PUT", "bulk-inventory", json={"inventory_items": [{"warehouse": "NJ", "upc": "840000000010", "inventory": 4}]})
    assert refused.json()["inventory"]["inventory_log"][0]["status"] == "fail: unknown upc 840000000010"


def test_the_numbers_of_the_other_colours_stay_when_one_is_deleted(joor: Remote) -> None:
    delete(joor, "style/501", color_code="NVY")
    item = {"warehouse": "NJ", "style_id": 501, "style_color_id": 50102, "size": "S", "inventory": 3}
    joor.v2("PUT", "bulk-inventory", json={"inventory_items": [item]})
    assert joor.position("840000000020", "NJ") == 3


def test_a_deleted_identifier_is_free_again_and_its_card_is_a_new_one(joor: Remote) -> None:
    delete(joor, "style/501")
    bulk(joor, record(style_number="D410", style_identifier="D410-ID"))
    card = joor.card("D410-ID")
    assert (card["deleted"], card["id"] != "501") == (False, True)
    assert joor.keys("product_created") == ["D410-ID"]


def test_a_delete_without_content_type_is_not_processed(joor: Remote) -> None:
    assert joor.v2("DELETE", "style/501").status_code == 415
    assert joor.effects() == []


def test_both_versions_see_one_catalogue(joor: Remote) -> None:
    bulk(joor, record(deliveries=[FALL]))
    product = next(row for row in joor.read("products") if row["product_identifier"] == "W1-ID")
    skus = joor.read("skus", product_ids=product["id"])
    assert [row["identifiers"][0]["value"] for row in skus] == ["991", "992"]
    assert joor.read("collections")[0]["items"][0]["product_id"] == product["id"]
    assert joor.write("products/bulk_create", {"name": "x", "product_identifier": "W1-ID"})["errors"][0]["status"] == "DUPLICATED"
