"""JOOR's catalogue over v4: cards that are there already are looked up, adopted, completed; and taking things off."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from clients.joor.types import CardIds, CardWork
from models.errors import OutcomeUnknown, Rejected, Unavailable
from tests.clients.conftest import answer
from tests.clients.joor_v4 import ALL, FakeV4, Story, again, catalogue_of, new, refuse, style


@pytest.fixture
def joor() -> FakeV4:
    return FakeV4()


@pytest.fixture
def catalogue(joor, make_http):
    return catalogue_of(joor, make_http)


# ---- what is there already -----------------------------------------------------------------------------------------------------------


def test_a_duplicated_product_is_adopted_and_updated_with_its_skus_and_prices_in_the_same_pass(joor, make_http):
    Story(catalogue_of(joor, make_http), new(style("D1")))
    joor.calls.clear()
    dearer = style("D1", usd="120.00")
    story = Story(catalogue_of(joor, make_http), new(dearer, style("T2")))
    assert story.complete("D1")
    assert story.complete("T2")
    assert story.adopted == {"D1"}
    assert {
        row["wholesale_value"] for row in joor.rows["prices"].values() if row["price_type_id"] == "pt-1" and row["sku_id"] <= "skus-4"
    } == {"120.00"}
    assert [len(body) for path, body, _ in joor.calls if body and path.endswith("create")] == [2, 4, 8]
    assert (len(joor.rows["products"]), len(joor.rows["skus"]), len(joor.rows["prices"])) == (2, 8, 16)


def test_duplicated_without_that_identifier_on_joor_is_a_refusal_and_a_name_adopts_nothing(joor, catalogue):
    joor.rows["products"]["9"] = {"id": "9", "name": "Style D1", "external_id": "D1", "product_identifier": "OTHER"}
    joor.fail["products/bulk_create"] = refuse("name", "Style D1", "DUPLICATED", "external_id is in use")
    assert Story(catalogue, new(style("D1"))).refused["D1"] == {"product": "DUPLICATED: external_id is in use"}


def test_in_doubt_joor_is_looked_at_before_anything_is_created(joor, make_http):
    first = catalogue_of(joor, make_http)
    joor.whole["prices/bulk_create"] = [httpx.ReadTimeout("no answer")]
    with pytest.raises(OutcomeUnknown):
        Story(first, new(style("D1"), style("T2")))
    joor.calls.clear()
    story = Story(catalogue_of(joor, make_http), new(style("D1"), style("T2"), style("U3"), doubt=True))
    assert all(story.complete(identifier) for identifier in ("D1", "T2", "U3"))
    assert story.adopted == {"D1", "T2"}
    assert [(path, len(body)) for path, body, _ in joor.calls if body] == [
        ("products/bulk_create", 1),
        ("products/bulk_update", 2),
        ("skus/bulk_create", 4),
        ("skus/bulk_update", 8),
        ("prices/bulk_create", 8),
        ("prices/bulk_update", 16),
    ]
    assert (len(joor.rows["products"]), len(joor.rows["skus"]), len(joor.rows["prices"])) == (3, 12, 24)


@pytest.mark.parametrize("path", ["products/bulk_create", "skus/bulk_create", "prices/bulk_create"])
@pytest.mark.parametrize("trouble", [httpx.ReadTimeout("x"), answer({}, 500), answer({"odd": 1}), httpx.Response(200, content=b"<html>")])
def test_a_create_without_a_readable_answer_is_in_doubt_and_what_came_before_was_told(joor, make_http, path, trouble):
    joor.whole[path] = [trouble]
    told: list[Any] = []
    steps = catalogue_of(joor, make_http).save_styles(new(style("D1")), lambda _: told.append("mark"))
    with pytest.raises(OutcomeUnknown):
        told.extend(sorted(step[0].parts) for step in steps)
    place = ["products/bulk_create", "skus/bulk_create", "prices/bulk_create"].index(path)
    assert told == ["mark", ["product"], "mark", ["skus"], "mark"][: 2 * place + 1]
    assert len(joor.posts(path)) == 1


def test_an_update_without_an_answer_may_simply_be_repeated(joor, catalogue):
    story = Story(catalogue, new(style("D1")))
    joor.whole["products/bulk_update"] = [answer({}, 502)]
    with pytest.raises(Unavailable):
        Story(catalogue, [again(style("D1"), story)])


def test_a_call_refused_as_a_whole_raises(joor, catalogue):
    joor.whole["products/bulk_create"] = [answer({"data": [], "errors": [{"message": "The body must be an array"}]}, 400)]
    with pytest.raises(Rejected, match="must be an array"):
        Story(catalogue, new(style("D1")))


def test_hand_made_skus_are_matched_by_colour_code_else_by_name_and_sizes_to_the_letter(joor, catalogue):
    joor.rows["products"]["7"] = {"id": "7", "name": "x", "external_id": "", "product_identifier": "D1"}

    def shown(sku_id: str, color: str, code: str, size: str) -> None:
        values = [{"trait": {"name": "Color"}, "value": color, "external_id": code}, {"trait": {"name": "Size"}, "value": size}]
        joor.rows["skus"][sku_id] = {"id": sku_id, "product_id": "7", "external_id": "", "trait_values": values}

    shown("by-code", "Midnight", "NVY", "S")
    shown("by-name", "Red", "", "S")
    shown("other-code", "Red", "R2", "M")
    shown("other-size", "Nvy", "NVY", "m")
    story = Story(catalogue, new(style("D1")))
    ids = story.ids["D1"].skus
    assert (ids["NVY|S"], ids["RED|S"]) == ("by-code", "by-name")
    assert {ids["NVY|M"], ids["RED|M"]}.isdisjoint({"other-code", "other-size"})
    assert story.adopted == {"D1"}


def test_a_paired_card_without_sku_ids_is_looked_at_before_skus_are_created(joor, make_http):
    first = Story(catalogue_of(joor, make_http), new(style("D1")))
    joor.calls.clear()
    work = CardWork(style("D1"), CardIds(first.ids["D1"].joor_id), ALL)
    story = Story(catalogue_of(joor, make_http), [work])
    assert story.complete("D1")
    assert joor.posts("skus/bulk_create") == []
    assert len(joor.rows["prices"]) == 8  # DUPLICATED ones were read and updated
    assert len(joor.posts("prices/bulk_update")[0]) == 8


# ---- the matrix ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "sizes", "complete"), [("when_refused", [2, 4], True), ("always", [4], True), ("never", [2], False)])
def test_a_new_colour_goes_with_the_whole_matrix_where_joor_wants_it(joor, make_http, mode, sizes, complete):
    catalogue = catalogue_of(joor, make_http, skus__create_whole_matrix=mode)
    story = Story(catalogue, new(style("D1", "NVY")))
    joor.calls.clear()
    joor.needs_whole_matrix = True
    second = Story(catalogue, [again(style("D1", "NVY RED"), story, before=style("D1", "NVY"))])
    assert [len(body) for body in joor.posts("skus/bulk_create")] == sizes
    assert second.complete("D1") == complete
    if not complete:
        assert second.refused["D1"] == {"skus": "ERROR: send the full list of combinations (RED S, RED M)"}


def test_skus_that_joor_made_by_itself_are_found_and_told_their_keys(joor, catalogue):
    story = Story(catalogue, new(style("D1", "NVY", "S")))
    values = [{"trait_name": "Color", "value": "Red", "external_id": "RED"}, {"trait_name": "Size", "value": "S"}]
    joor.rows["skus"]["auto"] = {"id": "auto", "product_id": "products-1", "external_id": "", "trait_values": values}
    joor.fail["skus/bulk_create"] = refuse("external_id", "D1|RED|S", "DUPLICATED")
    second = Story(catalogue, [again(style("D1", "NVY RED", "S"), story, before=style("D1", "NVY", "S"))])
    assert second.complete("D1")
    assert second.ids["D1"].skus["RED|S"] == "auto"
    assert joor.rows["skus"]["auto"]["external_id"] == "D1|RED|S"


# ---- taking off ----------------------------------------------------------------------------------------------------------------------


def marked(joor) -> list[tuple[str, str | None, str | None]]:
    return [(row["id"], *(value.get("status") for value in row["trait_values"])) for body in joor.posts("skus/bulk_update") for row in body]


@pytest.mark.parametrize(
    ("color", "size", "expected"),
    [
        ("RED", None, [("skus-3", "INACTIVE", "ACTIVE"), ("skus-4", "INACTIVE", "ACTIVE")]),
        (None, "M", [("skus-2", "ACTIVE", "INACTIVE"), ("skus-4", "ACTIVE", "INACTIVE")]),
        (None, None, [(f"skus-{number}", "INACTIVE", "ACTIVE") for number in range(1, 5)]),
        ("BLK", None, []),
    ],
)
def test_a_colour_a_size_or_a_card_is_taken_off_by_its_own_trait_alone(joor, catalogue, color, size, expected):
    story = Story(catalogue, new(style("D1"), style("T2")))
    joor.calls.clear()
    saved = catalogue.set_active(again(style("D1"), story), color, size, False)
    assert (saved.refused, saved.parts) == ({}, frozenset())
    assert saved.ids == story.ids["D1"]
    assert marked(joor) == expected
    joor.calls.clear()
    assert catalogue.set_active(again(style("D1"), story), color, size, False).refused == {}
    assert joor.posts() == []  # it is so already


def test_a_single_sku_is_refused_while_its_status_may_take_others_along(joor, make_http):
    catalogue = catalogue_of(joor, make_http)
    story = Story(catalogue, new(style("D1"), style("T2", "NVY", "S M")))
    saved = catalogue.set_active(again(style("D1"), story), "RED", "M", False)
    assert "RED in M alone takes others with it" in saved.refused["skus"]
    assert joor.posts("skus/bulk_update") == []
    assert catalogue.set_active(again(style("T2", "NVY", "S M"), story), "NVY", "M", False).refused == {}
    assert marked(joor) == [("skus-6", "ACTIVE", "INACTIVE")]  # the size has no other colour
    joor.calls.clear()
    alone = catalogue_of(joor, make_http, skus__status_scope="sku")
    assert alone.set_active(again(style("D1"), story), "RED", "M", False).refused == {}
    assert marked(joor) == [("skus-4", "INACTIVE", "INACTIVE")]


def test_what_was_taken_off_is_put_back_and_nothing_else_with_it(joor, catalogue):
    story = Story(catalogue, new(style("D1", "NVY RED BLK")))
    work = again(style("D1", "NVY RED BLK"), story)
    off = replace(work, draft=replace(work.draft, skus=tuple(replace(sku, active=sku.color_code != "BLK") for sku in work.draft.skus)))
    for color, size in (("RED", None), (None, "M"), ("BLK", None)):
        catalogue.set_active(work, color, size, False)
    assert on(joor) == {"NVY|S"}
    assert catalogue.set_active(work, "NVY", "M", True).refused == {}  # no other colour has M on, so none comes back by it
    assert on(joor) == {"NVY|S", "NVY|M"}
    assert catalogue.set_active(work, None, None, False).refused == {}
    assert on(joor) == set()
    assert catalogue.set_active(off, None, None, True).refused == {}  # the draft has BLK off
    assert on(joor) == {"NVY|S", "NVY|M", "RED|S", "RED|M"}


def on(joor) -> set[str]:
    """COLOUR|SIZE of the SKUs that are on."""
    return {
        "|".join((row["trait_values"][0]["external_id"], row["trait_values"][1]["value"]))
        for row in joor.rows["skus"].values()
        if all(value["status"] == "ACTIVE" for value in row["trait_values"])
    }


def test_joors_words_about_a_status_are_given_back(joor, catalogue):
    story = Story(catalogue, new(style("D1")))
    joor.fail["skus/bulk_update"] = refuse("id", "skus-3", message="is on order 5", id="skus-3")
    saved = catalogue.set_active(again(style("D1"), story), "RED", None, False)
    assert saved.refused == {"skus": "INVALID: is on order 5 (RED|S)"}
    assert "match the style" in catalogue.set_active(CardWork(style("D1"), CardIds(), ALL), None, None, False).refused["skus"]
