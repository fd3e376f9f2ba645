"""v4 seasons and collections of the pretend JOOR (fact sheet 5): updates replace unless told otherwise, people's work included."""

from typing import Any

import pytest

from tests.sandbox.joor_remote import Remote

WINDOW = {"start_ship_date": "2031-08-01", "complete_ship_date": "2031-08-31", "cancel_date": "2031-09-15", "minimum_shipping_window": 10}


def make(joor: Remote, *product_ids: str, **fields: Any) -> str:
    """A collection of these products; its JOOR id."""
    items = [{"product_id": product_id, "order_number": number} for number, product_id in enumerate(product_ids, start=1)]
    answer = joor.write("collections/bulk_create", {"name": "Fall 1", "external_id": "F1", "items": items, **fields})
    assert answer["errors"] == []
    return str(answer["data"][0]["id"])


def items(joor: Remote, code: str = "F1") -> dict[str, list[str]]:
    return {row["identifier"]: row["skus"] for row in joor.linesheet(code)["items"]}


def sku_ids(joor: Remote, identifier: str, color: str) -> list[str]:
    return [row["id"] for row in joor.card(identifier)["skus"] if row["color_code"] == color]


def words(answer: dict[str, Any]) -> list[str]:
    return [error["message"] for error in answer["errors"]]


def test_seasons_are_made_updated_and_read(joor: Remote) -> None:
    season = joor.write("seasons/bulk_create", {"name": "Fall", "year": 2031, "external_id": "FA31"})["data"][0]
    joor.write("seasons/bulk_update", {"id": season["id"], "name": "Autumn"})
    assert joor.read("seasons") == [{"id": season["id"], "name": "Autumn", "year": 2031, "external_id": "FA31"}]
    assert words(joor.write("seasons/bulk_update", {"id": "zz", "name": "?"})) == ["Season zz not found"]
    assert "year must be an integer" in words(joor.write("seasons/bulk_create", {"name": "Fall", "year": "soon"}))[0]
    assert joor.keys("season_created") == ["FA31"]


def test_a_collection_shows_its_season_window_and_items(joor: Remote) -> None:
    season = joor.write("seasons/bulk_create", {"name": "Fall", "year": 2031, "external_id": "FA31"})["data"][0]
    make(joor, "501", season_id=season["id"], delivery=WINDOW)
    shown = joor.read("collections")[0]
    assert (shown["name"], shown["external_id"], shown["season"], shown["delivery"]) == ("Fall 1", "F1", season, WINDOW)
    assert shown["visibility"] == "OWNER"
    assert [(row["product_id"], row["order_number"], len(row["sku_ids"])) for row in shown["items"]] == [("501", 1, 4)]
    assert [row["products"] for row in joor.effects("collection_items_added")] == [["D410-ID"]]
    assert joor.linesheet("F1")["immediate"] is False


def test_a_collection_without_dates_is_immediate(joor: Remote) -> None:
    make(joor)
    assert joor.linesheet("F1")["immediate"] is True


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": ""}, "name is required"),
        ({"external_id": ""}, "external_id is required"),
        ({"season_id": "zz"}, "Season zz not found"),
        ({"delivery": {"start_ship_date": "2031-08-01"}}, "must be given together"),
        ({"delivery": {"start_ship_date": "2031-09-01", "complete_ship_date": "2031-08-31"}}, "may not be later"),
        ({"delivery": {"start_ship_date": "08/01/2031", "complete_ship_date": "2031-08-31"}}, "YYYY-MM-DD"),
        ({"items": [{"product_id": "999"}]}, "Product 999 not found"),
        ({"items": [{"product_id": "501", "sku_ids": ["zz"]}]}, "SKU zz not found on product 501"),
    ],
)
def test_a_bad_collection_fails_with_words_and_makes_nothing(joor: Remote, fields: dict[str, Any], reason: str) -> None:
    answer = joor.write("collections/bulk_create", {"name": "Fall 1", "external_id": "F1", **fields})
    assert reason in words(answer)[0]
    assert (joor.read("collections"), joor.effects()) == ([], [])


def test_a_window_may_be_one_day_long(joor: Remote) -> None:
    make(joor, delivery={"start_ship_date": "2031-08-01", "complete_ship_date": "2031-08-01"})
    assert joor.linesheet("F1")["complete"] == "2031-08-01"


def test_an_update_replaces_the_items_unless_told_otherwise_and_a_persons_item_goes_too(joor: Remote) -> None:
    collection_id = make(joor, "501")
    joor.control("POST", "_joor/us/linesheets/F1/items", json={"identifier": "T200-ID"})
    joor.write("collections/bulk_update", {"id": collection_id, "name": "Fall 1", "items": [{"product_id": "501"}]})
    assert list(items(joor)) == ["D410-ID"]
    assert [row["products"] for row in joor.effects("collection_items_removed")] == [["T200-ID"]]


def test_an_update_that_names_no_items_strips_the_linesheet_by_the_letter(joor: Remote) -> None:
    collection_id = make(joor, "501")
    joor.set(missing_items="keep")
    joor.write("collections/bulk_update", {"id": collection_id, "name": "Fall One"})
    assert list(items(joor)) == ["D410-ID"]
    joor.set(missing_items="remove")
    joor.write("collections/bulk_update", {"id": collection_id, "name": "Fall One"})
    assert items(joor) == {}


def test_add_items_adds_and_updates_and_leaves_the_rest(joor: Remote) -> None:
    collection_id = make(joor, "501")
    change = {"id": collection_id, "name": "Fall 1", "items": [{"product_id": "502", "order_number": 9}]}
    joor.write("collections/bulk_update", change, action="ADD_ITEMS")
    joor.write("collections/bulk_update", change, action="ADD_ITEMS")
    assert list(items(joor)) == ["D410-ID", "T200-ID"]
    assert [row["products"] for row in joor.effects("collection_items_added")] == [["D410-ID"], ["T200-ID"]]
    assert [row["changed_items"] for row in joor.effects("collection_updated")] == [[], []]
    assert joor.effects("collection_items_removed") == []


def test_a_colour_is_dropped_by_adding_the_product_with_every_other_sku(joor: Remote) -> None:
    collection_id = make(joor, "501", "502")
    red = sku_ids(joor, "D410-ID", "RED")
    change = {"id": collection_id, "name": "Fall 1", "items": [{"product_id": "501", "order_number": 1, "sku_ids": red}]}
    joor.write("collections/bulk_update", change, action="ADD_ITEMS")
    assert items(joor) == {"D410-ID": ["RED|S", "RED|M"], "T200-ID": ["BLK|S", "BLK|M"]}
    assert joor.effects("collection_updated")[0]["changed_items"] == ["D410-ID"]
    change["items"] = [{"product_id": "501", "order_number": 1}]
    joor.write("collections/bulk_update", change, action="ADD_ITEMS")
    assert len(items(joor)["D410-ID"]) == 4  # no SKUs named: all of them


def test_remove_items_removes_listed_products_only(joor: Remote) -> None:
    make(joor, "501", "502")
    change = {"external_id": "F1", "name": "Fall 1", "items": [{"product_id": "502"}]}
    joor.write("collections/bulk_update_by_external_id", change, action="REMOVE_ITEMS")
    joor.write("collections/bulk_update_by_external_id", change, action="REMOVE_ITEMS")
    assert list(items(joor)) == ["D410-ID"]
    assert [row["products"] for row in joor.effects("collection_items_removed")] == [["T200-ID"]]


def test_the_action_is_a_closed_list_and_its_name_is_a_switch(joor: Remote) -> None:
    collection_id = make(joor, "501")
    change = {"id": collection_id, "name": "Fall 1", "items": [{"product_id": "502"}]}
    refused = joor.v4("POST", "collections/bulk_update", joor.token(), params={"action": "MERGE"}, json=[change])
    assert refused.status_code == 400
    joor.set(collection_action_param="update_type")
    joor.write("collections/bulk_update", change, action="ADD_ITEMS")  # the wrong name is no name: it replaces
    assert list(items(joor)) == ["T200-ID"]
    joor.write("collections/bulk_update", {**change, "items": [{"product_id": "501"}]}, update_type="ADD_ITEMS")
    assert list(items(joor)) == ["T200-ID", "D410-ID"]


def test_an_update_changes_name_and_dates_and_an_unknown_collection_says_so(joor: Remote) -> None:
    collection_id = make(joor, "501")
    answer = joor.write(
        "collections/bulk_update",
        {"id": collection_id, "name": "Fall I", "delivery": WINDOW},
        {"id": "zz", "name": "?"},
        action="ADD_ITEMS",
    )
    assert words(answer) == ["Collection zz not found"]
    assert joor.effects("collection_updated")[0]["changed"] == ["name", "delivery"]
    by_code = joor.write("collections/bulk_update_by_external_id", {"external_id": "F9", "name": "?"}, action="ADD_ITEMS")
    assert words(by_code) == ["Collection with external_id F9 not found"]


def test_a_collection_made_twice_is_there_twice_unless_switched(joor: Remote) -> None:
    make(joor)
    make(joor)
    assert joor.keys("collection_created") == ["F1", "F1"]
    joor.set(collection_recreate="refuse")
    answer = joor.write("collections/bulk_create", {"name": "Fall 1", "external_id": "F1"})
    assert [error["status"] for error in answer["errors"]] == ["DUPLICATED"]


def test_linesheets_and_styles_made_by_people_are_marked_and_leave_no_trace_in_the_ledger(joor: Remote) -> None:
    made = joor.control(
        "POST", "_joor/us/styles", json={"identifier": "HM-1", "colors": ["MLT"], "sizes": ["S", "M"], "upcs": {"MLT|S": "77"}}
    )
    joor.control(
        "POST", "_joor/us/linesheets", json={"name": "Picks", "code": "P", "items": ["HM-1", {"identifier": "D410-ID", "skus": ["RED|S"]}]}
    )
    sheet = joor.linesheet("P")
    assert sheet["hand_made"] is True
    assert [(row["identifier"], row["skus"], row["by_hand"]) for row in sheet["items"]] == [
        ("HM-1", ["MLT|S", "MLT|M"], True),
        ("D410-ID", ["RED|S"], True),
    ]
    assert joor.control("DELETE", "_joor/us/linesheets/P/items/D410-ID")["items"] == ["HM-1"]
    card = joor.card("HM-1")
    assert (card["hand_made"], card["id"], card["skus"][0]["upc"]) == (True, str(made["style_id"]), "77")
    assert "identifier" in joor.control("POST", "_joor/us/styles", json={"identifier": "HM-1"})["error"]
    assert "no style" in joor.control("POST", "_joor/us/linesheets/P/items", json={"identifier": "nope"})["error"]
    assert joor.effects() == []


def test_an_item_added_by_hand_stays_one_when_the_api_adds_it_again(joor: Remote) -> None:
    collection_id = make(joor)
    joor.control("POST", "_joor/us/linesheets/F1/items", json={"identifier": "D410-ID"})
    change = {"id": collection_id, "name": "Fall 1", "items": [{"product_id": "501"}]}
    joor.write("collections/bulk_update", change, action="ADD_ITEMS")
    assert joor.linesheet("F1")["items"][0]["by_hand"] is True
