"""Pictures on the pretend JOOR (fact sheet 2.2, 6): v4 fetches addresses, v2 takes bytes, and both have limits."""

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.joor_fetch import fetch
from tests.sandbox.joor_remote import Remote
from tests.sandbox.pictures import JPEG, PNG, Gallery, gallery


@pytest.fixture
def shown() -> Iterator[Gallery]:
    with gallery() as opened:
        yield opened


def asset(shown: Gallery, filename: str = "a.png", path: str = "/a.png", kind: str = "image", **fields: Any) -> dict[str, Any]:
    described = {"type": kind, "filename": filename, "source_url": shown.url + path, **fields.pop("asset", {})}
    return {"product": {"id": "501"}, "asset": described, "display_order": 1, **fields}


def color_asset(shown: Gallery, color: str = "NVY", **more: Any) -> dict[str, Any]:
    value = {"trait": {"name": "color"}, "value": {"external_id": color}}
    return asset(shown, **more, sku_trait_value=value)


def words(answer: dict[str, Any]) -> list[str]:
    return [error["message"] for error in answer["errors"]]


def names(joor: Remote) -> list[str]:
    return [row["filename"] for row in joor.state("assets")["assets"]]


# --- v4


def test_a_product_asset_is_fetched_and_its_bytes_are_known_by_their_hash(joor: Remote, shown: Gallery) -> None:
    answer = joor.write("assets/products", asset(shown), asset(shown, "b.jpg", "/b.jpg"))
    assert answer["errors"] == []
    rows = joor.state("assets")["assets"]
    assert [(row["product"], row["color"], row["type"], row["filename"], row["display_order"]) for row in rows] == [
        ("D410-ID", None, "image", "a.png", 1),
        ("D410-ID", None, "image", "b.jpg", 1),
    ]
    assert [row["sha256"] for row in rows] == [hashlib.sha256(picture).hexdigest() for picture in (PNG, JPEG)]
    assert (rows[0]["source"], sorted(shown.asked)) == (f"{shown.url}/a.png", ["/a.png", "/b.jpg"])
    assert joor.keys("asset_added") == ["a.png", "b.jpg"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"path": "/nothing.png"}, "answered 404"),
        ({"path": "/page.html"}, "none of gif, jpeg, jpg, png"),
        ({"asset": {"source_url": "http://127.0.0.1:1/a.png"}}, "cannot be reached"),
        ({"asset": {"source_url": "http://images.example/a.png"}}, "cannot be reached"),
        ({"asset": {"source_url": "/styles/a.png"}}, "is no address"),
        ({"filename": "a.webp"}, "must end in one of"),
        ({"filename": "a" * 97 + ".png"}, "100 characters"),
        ({"kind": "poster"}, "asset.type must be one of"),
        ({"kind": "video", "filename": "a.mp4"}, "premium feature"),
        ({"product": {"id": "999"}}, "Product 999 not found"),
    ],
)
def test_a_bad_asset_fails_alone(joor: Remote, shown: Gallery, fields: dict[str, Any], reason: str) -> None:
    answer = joor.write("assets/products", asset(shown, **fields), asset(shown, "good.png"))
    assert reason in words(answer)[0]
    assert names(joor) == ["good.png"]


def test_a_file_over_ten_megabytes_is_refused(joor: Remote, shown: Gallery) -> None:
    shown.pictures["/big.png"] = PNG + b"x" * 10 * 1024 * 1024
    assert words(joor.write("assets/products", asset(shown, path="/big.png"))) == ["The file is larger than 10 MB"]


def test_file_names_and_external_ids_are_unique_across_the_account(joor: Remote, shown: Gallery) -> None:
    joor.write("assets/products", asset(shown, asset={"external_id": "E1"}))
    other = {"product": {"id": "502"}}
    answer = joor.write("assets/products", asset(shown, **other), asset(shown, "c.png", asset={"external_id": "E1"}, **other))
    assert words(answer) == ["filename a.png is in use; it must be unique", "asset external_id E1 is in use; it must be unique"]
    assert joor.write("assets/products", asset(shown), key="eu")["errors"] == []


def test_replace_all_clears_the_kinds_sent_and_frees_their_names(joor: Remote, shown: Gallery) -> None:
    joor.write("assets/products", asset(shown), asset(shown, "s.png", kind="swatch"), asset(shown, "b.png", product={"id": "502"}))
    joor.write("assets/sku_trait_values/", color_asset(shown, filename="nvy.png"))
    answer = joor.write("assets/products", asset(shown, "a.png"), asset(shown, "a2.png"), replace_all="true")
    assert answer["errors"] == []
    assert sorted(names(joor)) == ["a.png", "a2.png", "b.png", "nvy.png", "s.png"]
    assert joor.keys("asset_removed") == ["a.png"]
    assert joor.v4("POST", "assets/products", joor.token(), params={"replace_all": "maybe"}, json=[]).status_code == 400


def test_a_colour_has_one_swatch_and_shows_it_on_its_skus(joor: Remote, shown: Gallery) -> None:
    joor.write("assets/sku_trait_values/", color_asset(shown, filename="one.png", kind="swatch"), color_asset(shown, filename="look.png"))
    answer = joor.write("assets/sku_trait_values/", color_asset(shown, filename="two.png", kind="swatch"), color_asset(shown, "GRN"))
    assert words(answer) == ["Color GRN not found on product 501"]
    traits = joor.read("skus", product_ids="501")[0]["trait_values"]
    assert (traits[0]["swatch"], traits[0]["images"]) == ("two.png", ["look.png"])
    assert joor.keys("asset_removed") == ["one.png"]
    assert {row["color"] for row in joor.state("assets")["assets"]} == {"NVY"}


def test_addresses_are_taken_unseen_when_the_switch_says_so(joor: Remote, shown: Gallery) -> None:
    joor.set(asset_fetch="no")
    item = asset(shown, asset={"source_url": "https://images.example/a.png"})
    assert joor.write("assets/products", item)["errors"] == []
    assert (joor.state("assets")["assets"][0]["sha256"], shown.asked) == ("", [])


def test_a_slow_picture_holds_up_no_other_call(joor: Remote, shown: Gallery) -> None:
    shown.gate.clear()
    token, done = joor.token(), threading.Event()

    def send() -> None:
        with httpx.Client(timeout=20) as http:
            Remote(joor.url, http).v4("POST", "assets/products", token, json=[asset(shown)])
        done.set()

    sender = threading.Thread(target=send)
    sender.start()
    while not shown.asked:
        time.sleep(0.01)
    assert joor.read("products")
    assert not done.is_set()
    shown.gate.set()
    sender.join(10)
    assert names(joor) == ["a.png"]


# --- v2


def post(joor: Remote, body: bytes = JPEG, identifier: str = "D410-ID", **params: str) -> httpx.Response:
    query = {"filename": "look.jpg", "display_order": "1", **params}
    path = f"style-number/D410/{identifier}/image/"
    return joor.v2("POST", path, content=body, params=query, headers={"Content-Type": "image/jpeg"})


def shown_style(joor: Remote) -> dict[str, Any]:
    style = joor.v2("GET", "style/501").json()["styles"]["styles"][0]
    assert isinstance(style, dict)
    return style


def test_bytes_are_stored_under_a_name_of_joors_making(joor: Remote) -> None:
    answer = post(joor).json()["style_image"]
    assert answer["response"]["code"] == "0"
    stored = shown_style(joor)["images"][0]["filename"]
    assert stored.startswith("look_")
    assert stored.endswith(".jpg")
    row = joor.state("assets")["assets"][0]
    assert (row["filename"], row["stored_as"], row["sha256"], row["source"]) == (
        "look.jpg",
        stored,
        hashlib.sha256(JPEG).hexdigest(),
        "upload",
    )


def test_an_address_in_the_query_is_fetched(joor: Remote, shown: Gallery) -> None:
    assert post(joor, b"", url=f"{shown.url}/b.jpg").status_code == 200
    assert joor.state("assets")["assets"][0]["source"] == f"{shown.url}/b.jpg"
    refused = post(joor, b"", url="http://images.example/b.jpg")
    assert (refused.status_code, "cannot be reached" in refused.json()["style_image"]["response"]["comment"]) == (400, True)


@pytest.mark.parametrize(
    ("body", "params", "reason"),
    [
        (JPEG, {"filename": ""}, "filename is required"),
        (JPEG, {"filename": "x" * 66 + ".jpg"}, "69 characters"),
        (JPEG, {"display_order": "first"}, "display_order"),
        (JPEG, {"swatch": "true"}, "a swatch needs color_code"),
        (JPEG, {"color_code": "GRN"}, "colour GRN not found"),
        (b"GIF89a....", {}, "none of jpeg, png"),
        (JPEG + b"x" * 4 * 1024 * 1024, {}, "larger than 4 MB"),
        (b"", {}, "bytes or a url"),
    ],
)
def test_a_bad_image_is_refused_with_words(joor: Remote, body: bytes, params: dict[str, str], reason: str) -> None:
    answer = post(joor, body, **params)
    assert answer.status_code == 400
    assert reason in answer.json()["style_image"]["response"]["comment"]
    assert joor.effects() == []


def test_an_image_of_an_unknown_style_is_not_found(joor: Remote) -> None:
    assert post(joor, identifier="NOPE").status_code == 404


def test_a_colour_has_one_image_and_one_swatch_that_can_only_be_overwritten(joor: Remote) -> None:
    post(joor, color_code="NVY")
    post(joor, color_code="NVY", swatch="true")
    post(joor, PNG, color_code="NVY", filename="new.png")
    navy = shown_style(joor)["colors"][0]
    assert navy["color_image"].startswith("new_")
    assert navy["color_swatch"].startswith("look_")
    assert joor.keys("asset_removed") == ["look.jpg"]
    answer = joor.v2(
        "DELETE",
        "style-number/D410/D410-ID/image/",
        params={"filename": navy["color_image"]},
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400


def test_replace_existing_clears_the_styles_own_images_first(joor: Remote) -> None:
    post(joor)
    post(joor, color_code="RED")
    post(joor, PNG, filename="only.png", replace_existing="true")
    assert [row["filename"][:5] for row in shown_style(joor)["images"]] == ["only_"]
    assert len(joor.state("assets")["assets"]) == 2


def test_an_image_is_deleted_by_the_name_joor_gave_it_and_the_answer_is_a_bare_log_id(joor: Remote) -> None:
    post(joor)
    stored = shown_style(joor)["images"][0]["filename"]
    path, headers = "style-number/D410/D410-ID/image/", {"Content-Type": "application/json"}
    assert joor.v2("DELETE", path, params={"filename": "look.jpg"}, headers=headers).status_code == 404
    body = joor.v2("DELETE", path, params={"filename": stored}, headers=headers).json()["style_image_deleted"]
    assert len(body["response"]) == 36
    assert set(body["image_deleted"]) == {"style_number", "style_identifier", "upload_id"}
    assert shown_style(joor)["images"] == ""
    assert joor.keys("asset_removed") == ["look.jpg"]


def test_this_machine_may_be_called_by_its_own_name(shown: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container the pretend systems go by it."""
    port, real = shown.url.rpartition(":")[2], socket.create_connection
    monkeypatch.setattr(socket, "gethostname", lambda: "my-box")
    monkeypatch.setattr(socket, "create_connection", lambda address, *rest, **more: real(("127.0.0.1", address[1]), *rest, **more))
    assert fetch(f"http://my-box:{port}/a.png").body == PNG
    assert "cannot be reached" in fetch(f"http://other-box:{port}/a.png").problem
