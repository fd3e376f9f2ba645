"""JOOR's linesheets and images over v4, and which route a site takes."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from clients.joor.client import JoorClient, V4Credentials
from clients.joor.types import ImageDraft, LinesheetDraft, LinesheetEntry
from models.errors import NotPossible, OutcomeUnknown, Rejected, Unavailable
from models.settings import ImageSettings, LinesheetSettings, StyleSettings
from tests.clients.conftest import Remote, answer
from tests.clients.joor_v4 import SITE, FakeV4, catalogue_of

FALL = LinesheetDraft("F1", "Fall 1", "FA31", "Fall", 2031, start=date(2031, 8, 1), complete=date(2031, 8, 31), minimum_window=7)
PLAIN = LinesheetDraft("IM", "Immediate")
A, B, C = (LinesheetEntry(f"S-{name}", f"10{place}", place) for place, name in enumerate("ABC", 1))


@pytest.fixture
def joor() -> FakeV4:
    return FakeV4()


@pytest.fixture
def catalogue(joor, make_http):
    return catalogue_of(joor, make_http)


def by_hand(joor: FakeV4, code: str = "F1") -> dict[str, Any]:
    """A linesheet with a style on it that a person made."""
    row = {"id": "c-9", "name": "By hand", "external_id": code, "items": [{"product_id": "900"}]}
    joor.rows["collections"]["c-9"] = row
    return row


# ---- heads ---------------------------------------------------------------------------------------------------------------------------


def test_a_new_linesheet_brings_its_season_and_its_window(joor, catalogue):
    assert catalogue.save_linesheet(FALL, None, None, doubt=False) == ("collections-1", "seasons-1")
    assert joor.posts("seasons") == [[{"name": "Fall", "year": 2031, "external_id": "FA31"}]]
    delivery = {"start_ship_date": "2031-08-01", "complete_ship_date": "2031-08-31", "minimum_shipping_window": 7}
    assert joor.posts("collections") == [[{"name": "Fall 1", "external_id": "F1", "season_id": "seasons-1", "delivery": delivery}]]


def test_an_immediate_linesheet_has_no_delivery_and_without_a_season_none_is_read(joor, catalogue):
    assert catalogue.save_linesheet(PLAIN, None, None, doubt=False) == ("collections-1", "")
    assert joor.posts() == [[{"name": "Immediate", "external_id": "IM"}]]
    assert joor.reads("seasons") == []


@pytest.mark.parametrize(
    ("season", "expected"),
    [
        ({"id": "s1", "name": "Autumn", "year": 2030, "external_id": "FA31"}, "s1"),
        ({"id": "s2", "name": "Fall", "year": "2031", "external_id": ""}, "s2"),
        ({"id": "s3", "name": "Fall", "year": 2030, "external_id": ""}, "seasons-2"),
    ],
)
def test_a_season_is_found_by_its_code_then_by_name_and_year(joor, catalogue, season, expected):
    joor.rows["seasons"]["x"] = season
    assert catalogue.save_linesheet(FALL, None, None, doubt=False)[1] == expected


@pytest.mark.parametrize("doubt", [True, False])
def test_a_linesheet_with_that_code_is_never_made_a_second_time_nor_stripped(joor, catalogue, doubt):
    row = by_hand(joor)
    assert catalogue.save_linesheet(FALL, None, None, doubt=doubt)[0] == "c-9"
    assert joor.posts("collections/bulk_create") == []
    assert row["items"] == [{"product_id": "900"}]
    assert row["name"] == "Fall 1"


def test_a_head_is_updated_with_the_explicit_action_and_no_items(joor, catalogue):
    row = by_hand(joor)
    catalogue.save_linesheet(replace(PLAIN, code="F1"), "c-9", None, doubt=False)
    ((path, body, params),) = [call for call in joor.calls if call[1] is not None]
    assert (path, params["action"]) == ("collections/bulk_update", "ADD_ITEMS")
    none = dict.fromkeys(("start_ship_date", "complete_ship_date", "cancel_date", "minimum_shipping_window"))
    assert body == [{"id": "c-9", "name": "Immediate", "delivery": none, "items": []}]
    assert row["items"] == [{"product_id": "900"}]


def test_assumed_words_of_collections_can_be_changed_by_contract(joor, make_http):
    by_hand(joor)
    joor.action_param = "items_action"
    catalogue = catalogue_of(joor, make_http, collections__action_param="items_action", collections__no_date="omit")
    catalogue.save_linesheet(replace(PLAIN, code="F1"), "c-9", None, doubt=False)
    assert joor.calls[-1] == (
        "collections/bulk_update",
        [{"id": "c-9", "name": "Immediate", "delivery": {}, "items": []}],
        {"account": "9001", "items_action": "ADD_ITEMS"},
    )


def test_duplicated_leads_to_the_linesheet_with_that_code(joor, catalogue):
    by_hand(joor)
    joor.fail["collections/bulk_create"] = lambda _: {"status": "DUPLICATED", "message": "exists"}
    joor.whole["collections"] = [answer({"data": []})]  # not shown yet
    assert catalogue.save_linesheet(FALL, None, None, doubt=False)[0] == "c-9"
    joor.whole["collections"] = [answer({"data": []})] * 2
    with pytest.raises(Rejected, match="DUPLICATED, but no linesheet has that code"):
        catalogue.save_linesheet(FALL, None, None, doubt=False)


@pytest.mark.parametrize("path", ["seasons/bulk_create", "collections/bulk_create", "collections/bulk_update"])
def test_a_refused_head_raises_in_joors_words(joor, catalogue, path):
    joor.fail[path] = lambda _: {"status": "INVALID", "message": "no such window"}
    known = "c-9" if path.endswith("update") else None
    by_hand(joor, "OTHER")
    with pytest.raises(Rejected, match="INVALID: no such window"):
        catalogue.save_linesheet(FALL, known, None, doubt=False)


@pytest.mark.parametrize("step", [httpx.ReadTimeout("x"), answer({"data": [], "errors": []})])
def test_a_linesheet_that_may_have_been_made_is_in_doubt_and_found_the_next_time(joor, catalogue, step):
    joor.whole["collections/bulk_create"] = [step]
    with pytest.raises(OutcomeUnknown):
        catalogue.save_linesheet(PLAIN, None, None, doubt=False)
    assert catalogue.save_linesheet(PLAIN, None, None, doubt=True)[0] == "collections-1"
    assert len(joor.rows["collections"]) == 1


# ---- items ---------------------------------------------------------------------------------------------------------------------------


def test_styles_are_added_and_removed_by_name_and_what_a_person_put_there_stays(joor, catalogue):
    row = by_hand(joor)
    some = replace(B, sku_ids=("k1", "k2"))
    assert catalogue.add_items(FALL, "c-9", [A, some]) == {"S-A": None, "S-B": None}
    assert row["items"] == [
        {"product_id": "900"},
        {"product_id": "101", "order_number": 1},
        {"product_id": "102", "order_number": 2, "sku_ids": ["k1", "k2"]},
    ]
    assert catalogue.remove_items(FALL, "c-9", [A]) == {"S-A": None}
    assert [item["product_id"] for item in row["items"]] == ["900", "102"]
    assert [(params["action"], body[0]["items"]) for _, body, params in joor.calls if body is not None][1] == (
        "REMOVE_ITEMS",
        [{"product_id": "101"}],
    )
    found = catalogue.linesheets()
    assert [(sheet.joor_id, sheet.code, sheet.items) for sheet in found] == [("c-9", "F1", {"900": (), "102": ("k1", "k2")})]


@pytest.mark.parametrize("shows_items", [True, False], ids=["the answer shows items", "it does not"])
@pytest.mark.parametrize("change", ["head", "add", "remove"])
def test_a_joor_that_goes_by_another_parameter_strips_nothing_for_long(joor, catalogue, change, shows_items):
    """The name of the parameter is ASSUMED; ignored, JOOR's default would take everything off that the call does not name."""
    row = by_hand(joor)
    row["items"] = [{"product_id": "900", "order_number": 7, "sku_ids": ["k9"]}, {"product_id": "101", "order_number": 1}]
    before = list(row["items"])
    joor.action_param, joor.shows_items = "mode", shows_items
    calls = {
        "head": lambda: catalogue.save_linesheet(FALL, "c-9", None, doubt=False),
        "add": lambda: catalogue.add_items(FALL, "c-9", [B]),
        "remove": lambda: catalogue.remove_items(FALL, "c-9", [A]),
    }
    with pytest.raises(NotPossible, match="were put back at once") as caught:
        calls[change]()
    assert [item for item in row["items"] if item in before] == before
    assert any("collections.action_param" in step or "action_param" in step for step in caught.value.fix)


def test_once_the_mode_is_proven_answers_without_items_cost_no_further_read(joor, catalogue):
    by_hand(joor)
    joor.shows_items = False
    for entry in (A, B, C):
        assert catalogue.add_items(FALL, "c-9", [entry]) == {entry.identifier: None}
    assert len(joor.reads("collections")) == 2 * 2, "before the first change and after it; a read takes two pages"


def test_no_items_cost_no_call(joor, catalogue):
    assert catalogue.add_items(FALL, "c-9", []) == catalogue.remove_items(FALL, "c-9", []) == {}
    assert joor.calls == []


def test_one_unknown_product_does_not_keep_the_others_off(joor, catalogue):
    row = by_hand(joor)
    joor.fail["collections/bulk_update"] = lambda item: (
        {"status": "INVALID", "message": "Product 102 not found"} if any(one["product_id"] == "102" for one in item["items"]) else None
    )
    assert catalogue.add_items(FALL, "c-9", [A, B, C]) == {"S-A": None, "S-B": "INVALID: Product 102 not found", "S-C": None}
    assert [item["product_id"] for item in row["items"]] == ["900", "101", "103"]


def test_a_refusal_that_names_no_product_is_of_all(joor, catalogue):
    by_hand(joor)
    joor.fail["collections/bulk_update"] = lambda _: {"status": "CLOSED", "message": "archived"}
    assert catalogue.add_items(FALL, "c-9", [A, B]) == {"S-A": "CLOSED: archived", "S-B": "CLOSED: archived"}
    assert len(joor.posts()) == 1


# ---- images --------------------------------------------------------------------------------------------------------------------------


def image(level: Any, name: str, card: str = "S-A", **fields: Any) -> ImageDraft:
    fields.setdefault("url", f"https://cdn.example/{name}.jpg")
    return ImageDraft(card, "S", f"10{card[-1]}", level, f"{name}.jpg", **fields)


def test_addresses_go_in_one_call_a_kind(joor, catalogue):
    pictures = [image("style", "front", display_order=2), image("color", "nvy", color="NVY"), image("swatch", "sw", color="NVY")]
    assert catalogue.bulk_urls
    assert catalogue.send_images(pictures, replace=True) == {0: None, 1: None, 2: None}
    (first, styles, params), (second, colors, _) = joor.calls
    assert (first, params) == ("assets/products", {"account": "9001", "replace_all": "true"})
    asset = {"type": "image", "filename": "front.jpg", "source_url": "https://cdn.example/front.jpg"}
    assert styles == [{"product": {"id": "10A"}, "asset": asset, "display_order": 2}]
    assert second == "assets/sku_trait_values"
    value = {"trait": {"name": "color"}, "value": {"external_id": "NVY"}}
    assert [(row["sku_trait_value"], row["asset"]["type"]) for row in colors] == [(value, "image"), (value, "swatch")]


def test_a_refused_picture_is_named_by_its_place(joor, catalogue):
    joor.fail["assets/products"] = lambda item: (
        {"status": "INVALID", "message": "file b.jpg could not be fetched"} if item["asset"]["filename"] == "b.jpg" else None
    )
    found = catalogue.send_images([image("style", "a"), image("style", "b"), image("color", "c", color="NVY")], replace=False)
    assert found == {0: None, 1: "INVALID: file b.jpg could not be fetched", 2: None}
    assert joor.calls[0][2]["replace_all"] == "false"


@pytest.mark.parametrize(
    ("level", "replace_all", "failure"),
    [("style", True, Unavailable), ("style", False, OutcomeUnknown), ("color", True, OutcomeUnknown), ("swatch", False, Unavailable)],
)
def test_pictures_that_add_up_are_in_doubt_after_a_lost_answer(joor, catalogue, level, replace_all, failure):
    joor.whole["assets/products"] = joor.whole["assets/sku_trait_values"] = [httpx.ReadTimeout("x")]
    with pytest.raises(failure):
        catalogue.send_images([image(level, "a", color="NVY")], replace=replace_all)


def test_the_pictures_of_a_card_are_not_split_over_calls(joor, make_http):
    site = SimpleNamespace(styles=StyleSettings(), linesheets=LinesheetSettings(), images=ImageSettings(batch_size=3))
    pictures = [image("style", f"{card}{number}", f"S-{card}") for number in range(2) for card in "ABC"]
    catalogue_of(joor, make_http, site).send_images(pictures, replace=True)
    assert [[row["product"]["id"] for row in body] for body in joor.posts()] == [["10A", "10A"], ["10B", "10B"], ["10C", "10C"]]


def test_bytes_go_through_v2_one_by_one_and_only_the_first_of_a_card_clears(make_http):
    done = answer({"style_image": {"response": {"code": 0}}})
    remote = Remote(answer({"data": [{"asset": {"filename": "u.jpg"}}], "errors": []}), done)
    pictures = [
        image("style", "a", url=None, content=b"1"),
        image("style", "b", url=None, content=b"2"),
        image("style", "x", "S-B", url=None, content=b"3"),
        image("style", "u", "S-B"),
        image("color", "c", url=None, content=b"4", color="NVY"),
    ]
    assert catalogue_of(remote, make_http).send_images(pictures, replace=True) == dict.fromkeys(range(5))
    v2 = [request for request in remote.requests if request.url.path.startswith("/v2/")]
    assert [request.url.params["filename"] for request in v2] == ["a.jpg", "b.jpg", "x.jpg", "c.jpg"]
    assert [request.url.params.get("replace_existing") for request in v2] == ["true", None, None, None]
    assert catalogue_of(Remote(answer({})), make_http).send_images([], replace=True) == {}


# ---- the route -----------------------------------------------------------------------------------------------------------------------


def client(make_http, *, v4: bool) -> JoorClient:
    options: dict[str, Any] = {
        "v4": V4Credentials("c", "s-ecret", "u", "p-word"),
        "account_id": "9001",
        "auth_url": "https://atlas.example/auth/",
    }
    return JoorClient(make_http(Remote(answer({})), system="JOOR"), token="t", **(options if v4 else {}))


def site(route: str) -> Any:
    return SimpleNamespace(**{**vars(SITE), "styles": StyleSettings(route=route)})


@pytest.mark.parametrize(
    ("v4", "route", "expected"), [(True, "auto", "v4"), (True, "v4", "v4"), (True, "v2", "v2"), (False, "auto", "v2"), (False, "v2", "v2")]
)
def test_a_site_takes_the_route_its_credentials_and_its_setting_allow(make_http, v4, route, expected):
    joor, one = client(make_http, v4=v4), site(route)
    assert joor.catalogue(one).route == expected
    assert joor.catalogue(one) is joor.catalogue(one)
    assert joor.catalogue(site(route)) is not joor.catalogue(one)


def test_v4_without_credentials_tells_a_person_what_to_ask_for(make_http):
    with pytest.raises(NotPossible, match="needs v4 credentials") as caught:
        client(make_http, v4=False).catalogue(site("v4"))
    assert any("--secret joor.client_id" in step for step in caught.value.fix)
