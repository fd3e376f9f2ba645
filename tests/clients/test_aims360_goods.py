"""Reading AIMS360's goods: what changed, sizes in order, prices nobody misread, and pictures with the style they belong to."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest

from clients.aims360.client import AimsClient, AimsCredentials, Contract
from clients.aims360.images import place_in_name, style_and_color
from clients.aims360.types import ImageDocument, PriceRow, SizeRow
from models.errors import NotPossible, Rejected, Unavailable
from runtime.clock import FrozenClock
from tests.clients.conftest import Remote, answer

NOW = datetime(2031, 3, 4, 12, tzinfo=UTC)
STYLE_COLOR = {"styleColorID": "sc1", "styleID": "s1", "style": "DR-1001", "color": "NVY"}
PRICE = {"styleColorID": "sc1", "currencyCode": "USD", "priceLevel": "Wholesale", "wholesalePrice": 85.0, "retailPrice": 212.5}
DOCUMENT = {
    "documentGUID": "d1",
    "accessScope": "PUBLIC",
    "documentName": "DR-1001_NVY_2.jpg",
    "fileType": "jpg",
    "category": "Images",
    "aimsReference": "DR-1001|NVY",
    "downloadUri": "https://apieast.aims360.rest/documentmanagement/v1.0/aimsdocument/d1/tok",
    "fileSize": 48211,
    "lastUploaded": "2031-02-01T10:00:00Z",
}


@pytest.fixture
def aims(make_http):
    def build(*script: Any, **options: Any) -> tuple[AimsClient, Remote]:
        remote = Remote(*script)
        contract = Contract(options.pop("contract", None))
        http = make_http(remote, **options)
        return AimsClient(http, credentials=AimsCredentials(token="eyJ-token"), contract=contract, clock=FrozenClock(NOW)), remote

    return build


def value(*rows: dict[str, Any]) -> httpx.Response:
    return answer({"value": list(rows)})


def refused(status: int) -> httpx.Response:
    return answer({"error": {"code": "UnsupportedQueryParameter", "message": "not supported"}}, status)


# ---- style-colours -------------------------------------------------------------------------------------------------------------------


def test_what_changed_is_asked_for_in_utc_and_whole_seconds_rounded_down(aims):
    client, remote = aims(value(STYLE_COLOR))
    moment = datetime(2031, 3, 4, 13, 0, 5, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert [row.id for row in client.all_style_colors(since=moment)] == ["sc1"]
    assert remote.requests[0].url.params["$filter"] == "lastModifiedOn ge 2031-03-04T12:00:05Z"
    assert remote.requests[0].url.params["$expand"] == "sizes"
    with pytest.raises(ValueError, match="without a zone"):
        client.all_style_colors(since=datetime(2031, 3, 4))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize("status", [400, 422, 501])
def test_a_tenant_that_cannot_be_asked_what_changed_says_which_entry_is_wrong_before_any_row_is_read(aims, status):
    client, remote = aims(refused(status))
    with pytest.raises(NotPossible, match=r"a filter on lastModifiedOn .*`style_color.last_modified`, evidence A, A-12") as caught:
        client.all_style_colors(since=NOW)
    assert caught.value.field == "style_color.last_modified"
    assert len(remote.requests) == 1


def test_an_outage_is_not_taken_for_a_filter_that_is_not_understood(aims):
    with pytest.raises(Unavailable):
        aims(refused(500))[0].all_style_colors(since=NOW)


def test_without_a_time_no_filter_is_sent_and_a_refusal_is_a_refusal(aims):
    client, remote = aims(value())
    assert list(client.all_style_colors()) == []
    assert "$filter" not in remote.requests[0].url.params
    with pytest.raises(Rejected, match="not supported"):
        list(aims(refused(400))[0].all_style_colors())


def sized(*sizes: dict[str, Any]) -> dict[str, Any]:
    return {**STYLE_COLOR, "sizes": list(sizes)}


def test_sizes_stand_by_their_positions_when_all_have_one_and_as_served_otherwise(aims):
    large, small = {"sizeName": "L", "sizePosition": 3}, {"sizeName": "S", "sizePosition": 1.0}

    def sizes(*rows: dict[str, Any]) -> tuple[SizeRow, ...]:
        (found,) = aims(value(sized(*rows)))[0].style_colors("DR-1001")
        return found.sizes

    assert sizes(large, small) == (SizeRow("S", None, 1), SizeRow("L", None, 3))
    assert sizes(large, {"sizeName": "S"}) == (SizeRow("L", None, 1), SizeRow("S", None, 2))
    assert sizes(large, {"sizeName": "S", "sizePosition": "first"}) == (SizeRow("L", None, 1), SizeRow("S", None, 2))
    assert [size.name for size in sizes({**large, "sizePosition": 0}, {**small, "sizePosition": 0})] == ["L", "S"]
    assert sizes() == ()


def test_body_brand_and_origin_are_texts_and_empty_when_absent(aims):
    full = {**STYLE_COLOR, "bodyCode": "DRS", "bodyDescription": "Dresses", "brandName": "ACME", "ORIGINCOUNTRYNAME": "Portugal"}
    first, second = aims(value(full, {**STYLE_COLOR, "styleColorID": "sc2", "bodyCode": None}))[0].all_style_colors()
    assert (first.body_code, first.body_description, first.brand_name, first.origin_country) == ("DRS", "Dresses", "ACME", "Portugal")
    assert (second.body_code, second.body_description, second.brand_name, second.origin_country) == ("", "", "", "")


def test_one_style_is_a_plain_object_that_can_be_stored_and_nothing_when_there_is_none(aims):
    body = b'{"styleID": "s 1", "fabricContent": "100% Silk", "weight": 1.50}'
    client, remote = aims(httpx.Response(200, content=body))
    found = client.style_details("s/1")
    assert json.loads(json.dumps(found)) == {"styleID": "s 1", "fabricContent": "100% Silk", "weight": "1.50"}
    assert remote.requests[0].url.raw_path == b"/styles/V1.0/style/s%2F1"
    assert aims(refused(404))[0].style_details("s1") == {}
    with pytest.raises(Unavailable, match="no object"):
        aims(answer([1]))[0].style_details("s1")
    with pytest.raises(NotPossible, match=r"`path\.style`"):
        aims(refused(405))[0].style_details("s1")


# ---- prices --------------------------------------------------------------------------------------------------------------------------


def test_prices_come_all_at_once_or_for_those_asked_for_one_call_each(aims):
    usd = PriceRow("sc1", "USD", "Wholesale", Decimal("85.0"), Decimal("212.5"))
    eur = {**PRICE, "currencyCode": "EUR", "wholesalePrice": 78.5, "retailPrice": None}
    client, remote = aims(value(PRICE, eur))
    assert list(client.prices()) == [usd, PriceRow("sc1", "EUR", "Wholesale", Decimal("78.5"), None)]
    assert "$filter" not in remote.requests[0].url.params
    client, remote = aims(value(PRICE), value({**PRICE, "styleColorID": "sc2"}))
    assert [price.style_color_id for price in client.prices(["sc1", "sc2"])] == ["sc1", "sc2"]
    assert [request.url.params["$filter"] for request in remote.requests] == ["styleColorID eq sc1", "styleColorID eq sc2"]
    assert list(client.prices([])) == []
    assert len(remote.requests) == 2


def test_prices_of_others_that_an_ignored_filter_brings_are_left_out(aims):
    client, _ = aims(value(PRICE, {**PRICE, "styleColorID": "other"}))
    assert [price.style_color_id for price in client.prices(["SC1"])] == ["sc1"]


def test_a_tenant_without_price_lists_says_so_from_the_call_itself(aims):
    for question in ((), (["sc1"],)):
        with pytest.raises(NotPossible, match=r"`path.prices`, evidence A, A-13") as caught:
            aims(refused(404))[0].prices(*question)
        assert any("joorsync sites set us --contract FILE" in step for step in caught.value.fix)
    with pytest.raises(NotPossible, match=r"`price\.style_color_id`"):
        aims(refused(400))[0].prices(["sc1"])


@pytest.mark.parametrize("name", ["currencyCode", "wholesalePrice"])
def test_a_price_without_a_currency_or_under_another_name_is_never_a_price(aims, name):
    row = {key: item for key, item in PRICE.items() if key != name} | {"amount": 85.0}
    with pytest.raises(NotPossible, match=f"no field '{name}'"):
        list(aims(value(row))[0].prices())
    with pytest.raises(Rejected, match="is empty"):
        list(aims(value({**PRICE, "currencyCode": ""}))[0].prices())


def test_a_price_list_that_ignores_skip_is_noticed(aims):
    rows = [{**PRICE, "styleColorID": f"sc{number}"} for number in range(250)]
    with pytest.raises(Unavailable, match="repeats earlier rows"):
        list(aims(value(*rows))[0].prices())


# ---- images --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [value, lambda *rows: answer(list(rows))])
def test_pictures_are_read_from_an_envelope_or_a_bare_array(aims, form):
    client, remote = aims(form(DOCUMENT, {**DOCUMENT, "documentGUID": "d2", "category": "Order"}))
    (found,) = client.images()
    assert remote.requests[0].url.path == "/documentmanagement/odata/v1.0/aimsdocument"
    assert remote.requests[0].url.params["$filter"] == "category eq 'Images'"
    assert (found.id, found.name, found.reference, found.uri) == ("d1", "DR-1001_NVY_2.jpg", "DR-1001|NVY", DOCUMENT["downloadUri"])
    assert (found.size, found.uploaded, found.public) == (48211, datetime(2031, 2, 1, 10, tzinfo=UTC), True)
    assert (found.style, found.color, found.number) == ("DR-1001", "NVY", 2)


def test_a_picture_that_says_little_is_still_a_picture(aims):
    (found,) = aims(value({"documentGUID": "d1"}))[0].images()
    assert found == ImageDocument("d1", "", "")


def test_a_list_that_comes_whole_whatever_page_was_asked_for_is_read_once(aims):
    rows = [{**DOCUMENT, "documentGUID": f"d{number}"} for number in range(300)]
    client, remote = aims(answer(rows))
    assert len(list(client.images())) == 300
    assert len(remote.requests) == 1


def test_a_tenant_that_cannot_list_pictures_names_the_entry(aims):
    with pytest.raises(NotPossible, match=r"`path\.documents`, evidence P, 9\.9"):
        aims(refused(404))[0].images()
    with pytest.raises(NotPossible, match=r"`document\.category`"):
        aims(refused(400))[0].images()


def test_category_separator_and_name_are_matters_of_the_contract(aims):
    contract = {"images.category": "Style", "images.reference_separator": "-", "images.name_separator": "-"}
    row = {**DOCUMENT, "category": "style", "aimsReference": "DR-1001-NVY", "documentName": "dr-1001-nvy-12.PNG"}
    client, remote = aims(value(row), contract=contract)
    (found,) = client.images()
    assert (found.style, found.color, found.number) == ("DR-1001", "NVY", 12)
    assert remote.requests[0].url.params["$filter"] == "category eq 'Style'"


@pytest.mark.parametrize(
    ("reference", "separator", "found"),
    [
        ("DR-1001", "|", ("DR-1001", "")),
        ("DR-1001|NVY", "|", ("DR-1001", "NVY")),
        (" DR | 1001 | NVY ", "|", ("DR | 1001", "NVY")),
        ("DR-1001|", "|", ("DR-1001", "")),
        ("DR-1001|NVY", "", ("DR-1001|NVY", "")),
        ("", "|", ("", "")),
    ],
)
def test_a_reference_is_a_style_or_a_style_and_a_colour(reference, separator, found):
    assert style_and_color(reference, separator) == found


@pytest.mark.parametrize(
    ("name", "style", "color", "number"),
    [
        ("DR-1001_NVY_1.jpg", "DR-1001", "NVY", 1),
        ("dr-1001_nvy_07.JPEG", "DR-1001", "NVY", 7),
        ("DR-1001_3.png", "DR-1001", "", 3),
        ("DR-1098-B_NVY_2.jpg", "DR-1098/B", "NVY", 2),
        ("DR-1001_410.jpg", "DR-1001", "410", 0),  # a colour of digits is no place
        ("DR-1001_410_2.jpg", "DR-1001", "410", 2),
        ("DR-1001_NVY.jpg", "DR-1001", "NVY", 0),
        ("DR-1001_NVY_front.jpg", "DR-1001", "NVY", 0),
        ("DR-1001_RED_1.jpg", "DR-1001", "NVY", 0),
        ("DR-1001_NVY_1", "DR-1001", "NVY", 0),
        ("DR-1001_NVY_1234567.jpg", "DR-1001", "NVY", 0),
        ("DR-1001_NVY_².jpg", "DR-1001", "NVY", 0),
        ("_1.jpg", "", "", 0),
        ("", "DR-1001", "", 0),
    ],
)
def test_a_name_gives_a_picture_its_place_only_when_it_has_the_shape(name, style, color, number):
    assert place_in_name(name, style, color, "_") == number


PICTURE = ImageDocument("d/1", "DR-1001_NVY_2.jpg", "DR-1001|NVY", uri="https://elsewhere.example/d1", size=4)


def test_a_picture_is_fetched_from_our_own_host_with_our_token(aims):
    client, remote = aims(httpx.Response(200, content=b"\xff\xd8\xff\xd9", headers={"content-type": "image/jpeg"}))
    assert client.image_bytes(PICTURE, 100) == b"\xff\xd8\xff\xd9"
    (request,) = remote.requests
    assert (request.url.host, request.url.raw_path) == ("remote.example", b"/documentmanagement/v1.0/aimsdocument/d%2F1")
    assert (request.headers["authorization"], request.headers["accept"]) == ("Bearer eyJ-token", "*/*")


def test_a_picture_that_is_too_large_is_not_fetched_and_one_that_proves_too_large_is_not_kept(aims):
    client, remote = aims(httpx.Response(200, content=b"x" * 5_000))
    with pytest.raises(Rejected, match=r"DR-1001_NVY_2.jpg: it has 4 bytes, more than the 3"):
        client.image_bytes(PICTURE, 3)
    assert remote.requests == []
    with pytest.raises(Unavailable, match="larger than 100 bytes"):
        client.image_bytes(PICTURE, 100)


def test_a_picture_that_is_gone_is_a_matter_of_that_picture(aims):
    with pytest.raises(Rejected, match="is not there") as caught:
        aims(refused(404))[0].image_bytes(PICTURE, 100)
    assert any("path.document" in step for step in caught.value.fix)
