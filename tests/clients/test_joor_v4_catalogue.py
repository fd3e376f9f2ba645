"""JOOR's catalogue over v4: few calls, errors inside 2xx answers, nothing made twice."""

import time
from dataclasses import replace
from decimal import Decimal

import pytest

from clients.joor.types import SkuDraft, TagDraft, TraitDraft
from models.errors import NotPossible, Rejected, Unavailable
from tests.clients.conftest import answer
from tests.clients.joor_v4 import FakeV4, Story, again, catalogue_of, new, refuse, style


@pytest.fixture
def joor() -> FakeV4:
    return FakeV4()


@pytest.fixture
def catalogue(joor, make_http):
    return catalogue_of(joor, make_http)


# ---- new cards -----------------------------------------------------------------------------------------------------------------------


def test_several_new_cards_are_three_writes_whatever_their_number(joor, catalogue):
    story = Story(catalogue, new(style("D1-NVY", "NVY"), style("D1-RED", "RED"), style("T2")))
    assert all(story.complete(identifier) for identifier in ("D1-NVY", "D1-RED", "T2"))
    assert [len(body) for body in joor.posts()] == [3, 8, 16]
    assert story.marked == [["D1-NVY", "D1-RED", "T2"]] * 3
    assert [sorted({part for saved in step for part in saved.parts}) for step in story.steps] == [["product"], ["skus"], ["prices"]]
    assert all(params["account"] == "9001" for _, _, params in joor.calls)
    assert not story.adopted


def test_the_bodies_are_those_of_the_guides(joor, catalogue):
    draft = style(
        "D1-NVY",
        "NVY",
        "S",
        description="Wrap dress",
        order_minimum=6,
        traits=(TraitDraft("Division", "Main", "01"), TraitDraft("Materials", "Silk")),
        categories=("101",),
        tags=(TagDraft("", "Theme", "Garden", "GAR"),),
    )
    story = Story(catalogue, new(draft))
    (product,), (sku,), (dollars, euros) = joor.posts()
    assert product == {
        "product_identifier": "D1-NVY",
        "name": "Style D1-NVY",
        "external_id": "D1",
        "description": "Wrap dress",
        "order_minimum": 6,
        "category_ids": ["101"],
        "product_trait_values": [
            {"trait_name": "Division", "value": "Main", "external_id": "01"},
            {"trait_name": "Materials", "value": "Silk"},
        ],
        "tags": [{"name": "Theme", "value": "Garden", "code": "GAR"}],
    }
    assert sku == {
        "product_id": "products-1",
        "external_id": "D1-NVY|NVY|S",
        "sku_identifier": "99-D1-NVY-NVY-S",
        "identifiers": [{"type": "upc", "value": "99-D1-NVY-NVY-S"}],
        "trait_values": [
            {"trait_name": "Color", "value": "Nvy", "external_id": "NVY", "order_nbr": 1, "status": "ACTIVE"},
            {"trait_name": "Size", "value": "S", "order_nbr": 1, "status": "ACTIVE"},
        ],
    }
    assert dollars == {"sku_id": "skus-1", "price_type_id": "pt-1", "wholesale_value": "110.00", "retail_value": "275.00"}
    assert euros == {"sku_id": "skus-1", "price_type_id": "pt-2", "wholesale_value": "99.50"}
    ids = story.ids["D1-NVY"]
    assert (ids.joor_id, ids.skus) == ("products-1", {"NVY|S": "skus-1"})
    assert ids.prices == {"NVY|S|US Dollars|USD": "prices-1", "NVY|S|Euro|EUR": "prices-2"}


def test_empty_fields_are_not_sent_unless_joor_was_told_them_before(joor, catalogue):
    full = style(description="Old words", categories=("101",), order_minimum=2)
    story = Story(catalogue, new(full))
    bare = style()
    Story(catalogue, [again(bare, story, "product", before=full)])
    assert joor.posts("products/bulk_update") == [
        [{"id": "products-1", "product_identifier": "D1", "name": "Style D1", "description": "", "category_ids": [], "order_minimum": None}]
    ]
    Story(catalogue, [again(bare, story, "product")])
    assert joor.posts("products/bulk_update")[1] == [{"id": "products-1", "product_identifier": "D1", "name": "Style D1"}]


def test_traits_go_by_the_ids_joor_lists_when_the_contract_says_so(joor, make_http):
    catalogue = catalogue_of(joor, make_http, traits__by="id")
    good, bad = style("D1", "NVY", "S", traits=(TraitDraft("Division", "Main"),)), style("T2", traits=(TraitDraft("Colour story", "x"),))
    story = Story(catalogue, new(good, bad))
    assert joor.posts("products")[0][0]["product_trait_values"] == [{"trait_id": "t-d", "value": "Main"}]
    assert [value["trait_id"] for value in joor.posts("skus")[0][0]["trait_values"]] == ["t-c", "t-s"]
    assert story.complete("D1")
    assert story.refused["T2"] == {"product": "JOOR has no product trait Colour story; it has division"}
    assert len(joor.reads("traits")) == 2  # one reading, until a page brings nothing new
    with pytest.raises(NotPossible, match="no SKU trait 'Hue'"):
        Story(catalogue_of(joor, make_http, traits__by="id", traits__color="Hue"), new(style("T3")))


# ---- only what differs ---------------------------------------------------------------------------------------------------------------


def test_a_part_without_a_difference_costs_no_call(joor, catalogue):
    story = Story(catalogue, new(style()))
    joor.calls.clear()
    second = Story(catalogue, [again(style(), story, before=style())])
    assert second.complete("D1")
    assert joor.calls == []
    assert list(catalogue.save_styles([], lambda _: None)) == []


def test_a_price_change_sends_that_price_by_its_id(joor, catalogue):
    story = Story(catalogue, new(style()))
    joor.calls.clear()
    old = style()
    cheap = replace(old.skus[0].prices[0], wholesale=Decimal("95.00"))
    draft = replace(old, skus=(replace(old.skus[0], prices=(cheap, old.skus[0].prices[1])), *old.skus[1:]))
    second = Story(catalogue, [again(draft, story, "prices", before=old)])
    assert second.parts["D1"] == {"prices"}
    assert [(path, body) for path, body, _ in joor.calls] == [
        ("prices/bulk_update", [{"id": "prices-1", "wholesale_value": "95.00", "retail_value": "275.00"}])
    ]


def test_a_retail_price_that_is_no_more_is_taken_back_and_other_price_types_are_left_alone(joor, catalogue):
    story = Story(catalogue, new(style("D1", "NVY", "S")))
    joor.calls.clear()
    old = style("D1", "NVY", "S")
    draft = replace(old, skus=(replace(old.skus[0], prices=(replace(old.skus[0].prices[0], retail=None),)),))
    Story(catalogue, [again(draft, story, "prices", before=old)])
    assert joor.posts() == [[{"id": "prices-1", "wholesale_value": "110.00", "retail_value": None}]]


def test_a_new_upc_updates_that_sku_and_a_lost_one_is_taken_back(joor, catalogue):
    story = Story(catalogue, new(style()))
    joor.calls.clear()
    old = style()
    draft = replace(old, skus=(replace(old.skus[0], upc="77"), replace(old.skus[1], upc=None), *old.skus[2:]))
    assert Story(catalogue, [again(draft, story, "skus", before=old)]).parts["D1"] == {"skus"}
    ((first, second),) = joor.posts("skus/bulk_update")
    assert (first["id"], first["sku_identifier"], first["identifiers"]) == ("skus-1", "77", [{"type": "upc", "value": "77"}])
    assert (second["id"], second["sku_identifier"], second["identifiers"]) == ("skus-2", "", [])


def test_a_colour_that_was_added_is_created_with_its_prices_and_the_others_are_not_sent(joor, catalogue):
    story = Story(catalogue, new(style("D1", "NVY")))
    joor.calls.clear()
    second = Story(catalogue, [again(style("D1", "NVY RED"), story, "skus", "prices", before=style("D1", "NVY"))])
    assert second.parts["D1"] == {"skus", "prices"}
    assert [(path, len(body)) for path, body, _ in joor.calls if body] == [("skus/bulk_create", 2), ("prices/bulk_create", 4)]
    assert [row["external_id"] for row in joor.posts("skus")[0]] == ["D1|RED|S", "D1|RED|M"]


def test_without_knowledge_of_what_joor_was_told_everything_of_the_part_is_sent(joor, catalogue):
    story = Story(catalogue, new(style()))
    joor.calls.clear()
    Story(catalogue, [again(style(), story)])
    assert [(path, len(body)) for path, body, _ in joor.calls] == [
        ("products/bulk_update", 1),
        ("skus/bulk_update", 4),
        ("prices/bulk_update", 8),
    ]


@pytest.mark.parametrize(
    ("off", "colors", "sizes"),
    [
        ("RED|S RED|M", "ACTIVE ACTIVE INACTIVE INACTIVE", "ACTIVE ACTIVE ACTIVE ACTIVE"),
        ("NVY|M RED|M", "ACTIVE ACTIVE ACTIVE ACTIVE", "ACTIVE INACTIVE ACTIVE INACTIVE"),
        ("NVY|S NVY|M RED|S RED|M", "INACTIVE INACTIVE INACTIVE INACTIVE", "ACTIVE ACTIVE ACTIVE ACTIVE"),
        ("RED|M", "ACTIVE ACTIVE ACTIVE ACTIVE", "ACTIVE ACTIVE ACTIVE ACTIVE"),
        ("RED|S RED|M NVY|M", "ACTIVE ACTIVE INACTIVE INACTIVE", "ACTIVE INACTIVE ACTIVE INACTIVE"),
    ],
)
def test_what_is_off_is_marked_where_it_takes_nothing_else_along(joor, catalogue, off, colors, sizes):
    draft = style()
    Story(catalogue, new(replace(draft, skus=tuple(replace(sku, active=sku.key not in off.split()) for sku in draft.skus))))
    statuses = [[value["status"] for value in row["trait_values"]] for row in joor.posts("skus")[0]]
    assert [color for color, _ in statuses] == colors.split()
    assert [size for _, size in statuses] == sizes.split()


# ---- errors inside 2xx answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "details"),
    [("no good", {"product_identifier": "T2"}), ("Product 'T2-X' is no good", {}), ("no good", {}), ("no good", None)],
)
def test_a_refused_product_is_not_sent_further_and_the_others_go_on(joor, catalogue, message, details):
    wrong = "T2-X" if "T2-X" in message else "T2"
    joor.fail["products/bulk_create"] = lambda item: (
        {"status": "INVALID", "message": message, "details": details} if item["product_identifier"] == wrong else None
    )
    story = Story(catalogue, new(style("D1"), style(wrong)))
    assert story.complete("D1")
    assert story.refused[wrong] == {"product": f"INVALID: {message}"}
    assert story.parts[wrong] == set()
    assert [row["external_id"].partition("|")[0] for row in joor.posts("skus")[0]] == ["D1"] * 4


def test_a_card_with_a_refused_sku_keeps_its_other_ids_and_gets_no_prices(joor, catalogue):
    joor.fail["skus/bulk_create"] = refuse("external_id", "D1|RED|M", details_of="none")
    story = Story(catalogue, new(style("D1"), style("T2")))
    assert story.complete("T2")
    assert story.refused["D1"] == {"skus": "INVALID: no good (RED M)"}
    assert story.parts["D1"] == {"product"}
    assert sorted(story.ids["D1"].skus) == ["NVY|M", "NVY|S", "RED|S"]
    assert {row["sku_id"] for row in joor.posts("prices")[0]} == set(story.ids["T2"].skus.values())


def test_refused_prices_name_sku_and_price_type(joor, catalogue):
    joor.fail["prices/bulk_create"] = lambda item: (
        {"status": "INVALID", "message": "too dear", "details": {"sku_id": item["sku_id"]}}
        if (item["sku_id"], item["price_type_id"]) == ("skus-1", "pt-2")
        else None
    )
    story = Story(catalogue, new(style("D1"), style("T2")))
    assert story.refused["D1"] == {"prices": "INVALID: too dear (NVY S Euro EUR)"}
    assert story.complete("T2")
    assert len(story.ids["D1"].prices) == 7


@pytest.mark.parametrize("path", ["products/bulk_update", "skus/bulk_update", "prices/bulk_update"])
def test_an_update_is_refused_for_its_card_alone(joor, catalogue, path):
    story = Story(catalogue, new(style("D1"), style("T2")))
    first = next(iter(joor.rows[path.partition("/")[0]]))
    joor.fail[path] = refuse("id", first, message="locked", id=first)
    second = Story(catalogue, [again(style("D1"), story), again(style("T2"), story)])
    part = {"products": "product", "skus": "skus", "prices": "prices"}[path.partition("/")[0]]
    assert second.complete("T2")
    assert list(second.refused["D1"]) == [part]
    assert second.refused["D1"][part].startswith("INVALID: locked")
    assert part not in second.parts["D1"]


def test_an_unknown_price_type_refuses_the_prices_of_that_card_and_says_what_joor_has(joor, catalogue):
    odd = style("D1", "NVY", "S")
    odd = replace(odd, skus=(replace(odd.skus[0], prices=(replace(odd.skus[0].prices[0], label="US dollars"),)),))
    story = Story(catalogue, new(odd, style("T2")))
    assert story.refused["D1"] == {"prices": "JOOR has no price type 'US dollars' in USD; it has 'US Dollars' in USD, 'Euro' in EUR"}
    assert story.parts["D1"] == {"product", "skus"}
    assert story.complete("T2")
    joor.rows["price_types"]["pt-3"] = {"id": "pt-3", "name": "US dollars", "currency_code": "USD"}
    assert Story(catalogue, [again(odd, story, "prices")]).parts["D1"] == {"prices"}  # added by a person meanwhile


def test_words_of_joor_are_redacted(joor, catalogue):
    joor.fail["products/bulk_create"] = refuse("name", "Style D1", message="bad token a-token")
    words = Story(catalogue, new(style("D1"))).refused["D1"]["product"]
    assert "a-token" not in words
    assert words.startswith("INVALID: bad token")


def test_a_one_size_key_with_spaces_is_found_in_a_message(joor, catalogue):
    one = replace(style("D1"), skus=(SkuDraft("NVY", "Navy", "One Size"), SkuDraft("RED", "Red", "One Size")))
    joor.fail["skus/bulk_create"] = refuse("external_id", "D1|RED|One Size", message="SKU D1|RED|One Size: bad size")
    assert Story(catalogue, new(one)).refused["D1"] == {"skus": "INVALID: SKU D1|RED|One Size: bad size (RED One Size)"}


# ---- size ----------------------------------------------------------------------------------------------------------------------------


def test_a_hundred_cards_with_two_thousand_skus_and_four_thousand_prices_are_three_writes_in_linear_time(joor, make_http, monkeypatch):
    monkeypatch.setattr(joor, "_duplicate", lambda *_: None)  # the pretend JOOR looks for twins one by one
    drafts = [style(f"S{number}", "A B C D E", "XS S M L") for number in range(100)]
    started = time.monotonic()
    story = Story(catalogue_of(joor, make_http), new(*drafts))
    assert all(story.complete(draft.identifier) for draft in drafts)
    assert [len(body) for body in joor.posts()] == [100, 2000, 4000]
    joor.fail["prices/bulk_update"] = lambda item: {"status": "INVALID", "message": "closed", "details": {}}
    refused = Story(catalogue_of(joor, make_http), [again(draft, story, "prices") for draft in drafts])
    assert all(words["prices"].startswith("INVALID: closed") for words in refused.refused.values())
    assert time.monotonic() - started < 5


def test_calls_hold_no_more_items_than_the_contract_says_and_cards_stay_whole(joor, make_http):
    Story(catalogue_of(joor, make_http, v4__items_per_call="10"), new(*(style(f"S{number}") for number in range(3))))
    assert [len(body) for body in joor.posts("skus")] == [8, 4]
    assert [len(body) for body in joor.posts("prices")] == [8, 8, 8]


# ---- reading -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("page_size", "reads"), [(0, 2), (2, 4), (5, 2)])
def test_cards_are_read_to_the_end_whether_or_not_joor_knows_pages(joor, catalogue, page_size, reads):
    for number in range(5):
        joor.rows["products"][str(number)] = {
            "id": number,
            "name": f"N{number}",
            "external_id": f"S{number}",
            "product_identifier": f"I{number}",
        }
    joor.page_size = page_size
    cards = list(catalogue.cards())
    assert [(card.joor_id, card.identifier, card.number, card.name) for card in cards] == [
        (str(n), f"I{n}", f"S{n}", f"N{n}") for n in range(5)
    ]
    assert len(joor.reads("products")) == reads


def test_skus_are_read_many_products_a_call_and_status_of_either_trait_counts(joor, make_http):
    catalogue = catalogue_of(joor, make_http, v4__ids_per_read="2")
    story = Story(catalogue, new(style("D1"), style("T2"), style("U3")))
    joor.sku("D1|RED|S")["trait_values"][0]["status"] = "INACTIVE"
    joor.sku("D1|NVY|M")["trait_values"][1]["status"] = "INACTIVE"
    joor.calls.clear()
    found = catalogue.skus_of(list(catalogue.cards()))
    assert {sku.color_code + sku.size: sku.active for sku in found[story.ids["D1"].joor_id]} == {
        "NVYS": True,
        "NVYM": False,
        "REDS": False,
        "REDM": True,
    }
    assert found[story.ids["T2"].joor_id][0].upc == "99-T2-NVY-S"
    assert [params["product_ids"] for params in joor.reads("skus")] == ["products-1,products-2"] * 2 + ["products-3"] * 2
    joor.calls.clear()
    (card, *_) = catalogue.cards()
    assert len(catalogue.skus_of([replace(card, skus=found[card.joor_id])])[card.joor_id]) == 4
    assert joor.reads("skus") == []


@pytest.mark.parametrize("body", [{"odd": []}, [], {"data": ["text"]}])
def test_a_list_of_another_shape_is_never_taken_for_an_empty_one(joor, catalogue, body):
    joor.whole["products"] = [answer(body)]
    with pytest.raises(Unavailable):
        list(catalogue.cards())


def test_errors_inside_a_read_are_a_rejection_not_an_empty_list(joor, catalogue):
    joor.whole["products"] = [answer({"data": [], "errors": [{"status": "FORBIDDEN", "message": "account"}]})]
    with pytest.raises(Rejected, match="FORBIDDEN: account"):
        list(catalogue.cards())


def test_price_types_are_asked_for_once(joor, catalogue):
    Story(catalogue, new(style("D1")))
    assert [(row.id, row.label, row.currency) for row in catalogue.price_types()] == [
        ("pt-1", "US Dollars", "USD"),
        ("pt-2", "Euro", "EUR"),
    ]
    Story(catalogue, new(style("T2")))
    assert len(joor.reads("price_types")) == 2  # one reading, until a page brings nothing new
