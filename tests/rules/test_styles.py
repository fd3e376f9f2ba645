"""Which cards an AIMS360 style becomes on JOOR, and what is in them."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.aims360.types import SizeRow, StyleColor
from clients.joor.types import StyleDraft
from models.errors import NotPossible
from models.settings import StyleSettings
from rules.style_fields import FieldRow, FieldTable
from rules.style_frame import Code, Goods, KnownCard, Pair, SizeNames, StyleFrame, StylePairs
from rules.style_parts import draft_from, fingerprints, parts_of
from rules.style_prices import PriceLabel, PriceTable
from rules.styles import StylePlan, plan_style, removals

WOMEN = Code("WOMEN", "WOMEN", "Women")


def color(code: str = "NVY", sizes: Sequence[str] = ("S", "M"), *, style: str = "D410", price: str = "110.00", **more: Any) -> StyleColor:
    upcs: dict[str, str] = more.pop("upcs", {})
    rows = tuple(SizeRow(name, upcs.get(name), place) for place, name in enumerate(sizes, start=1))
    given = {"description": "Orla Dress", "color_description": code.title(), "division_id": "D-W"} | more
    return StyleColor(f"{style}/{code}", f"id-{style}", style, code, wholesale_price=Decimal(price), sizes=rows, **given)


def frame(**more: Any) -> StyleFrame:
    settings = StyleSettings(**more.pop("settings", {}))
    fields = FieldTable(tuple(more.pop("fields", ())), site_key="us")
    sizes, pairs = SizeNames(more.pop("sizes", ()), "us"), StylePairs(more.pop("pairs", ()), "us")
    prices = PriceTable((PriceLabel("US Dollars", "USD"),), "USD", settings, "us")
    return StyleFrame(settings, fields, prices, sizes, pairs, {"d-w": WOMEN}, site_key="us", **more)


def plan(*colors: StyleColor, known: Sequence[KnownCard] = (), **more: Any) -> StylePlan:
    return plan_style(Goods("D410", colors), frame(**more), known)


def only(found: StylePlan) -> StyleDraft:
    (card,) = found.cards
    return card.draft


def known(found: StylePlan, **more: Any) -> list[KnownCard]:
    return [KnownCard(card.draft.identifier, card.color, card.draft, **more) for card in found.cards]


def active(draft: StyleDraft) -> set[str]:
    return {sku.key for sku in draft.skus if sku.active}


# ---- one card or several -----------------------------------------------------------------------------------------------------------------


def test_one_card_has_all_colours_by_code_and_sizes_by_position() -> None:
    draft = only(plan(color("RED"), color("NVY")))
    assert (draft.identifier, draft.number, draft.name) == ("D410", "D410", "Orla Dress")
    assert [(sku.key, sku.color_order, sku.size_order) for sku in draft.skus] == [
        ("NVY|S", 1, 1),
        ("NVY|M", 1, 2),
        ("RED|S", 2, 1),
        ("RED|M", 2, 2),
    ]


def test_one_card_per_colour_keeps_the_style_number() -> None:
    found = plan(color("RED"), color("NVY"), settings={"card": "style_color", "identifier_separator": "_"})
    assert [(card.draft.identifier, card.draft.number, card.color) for card in found.cards] == [
        ("D410_NVY", "D410", "NVY"),
        ("D410_RED", "D410", "RED"),
    ]


def test_different_prices_split_the_style_or_refuse_it_by_setting() -> None:
    colors = (color("NVY"), color("RED", price="120.00"))
    found = plan(*colors)
    assert [card.draft.identifier for card in found.cards] == ["D410-NVY", "D410-RED"]
    assert found.by_color
    with pytest.raises(NotPossible, match=r"NVY USD 110\.00, RED USD 120\.00"):
        plan(*colors, settings={"different_prices": "refuse"})


def test_an_inactive_colour_with_another_price_splits_nothing() -> None:
    assert only(plan(color("NVY"), color("RED", price="120.00", active=False))).identifier == "D410"


def test_a_style_pair_says_under_which_identifier_it_lives() -> None:
    assert only(plan(color(), pairs=[Pair("HAND-MADE", "D410")])).identifier == "HAND-MADE"


def test_a_pair_of_a_colour_gives_it_a_card_of_its_own() -> None:
    found = plan(color("NVY"), color("RED"), pairs=[Pair("RED-DRESS", "D410|RED")])
    assert [card.draft.identifier for card in found.cards] == ["D410-NVY", "RED-DRESS"]


def test_a_pair_of_a_colour_within_a_card_gives_joors_colour_code() -> None:
    draft = only(plan(color("NVY"), pairs=[Pair("HAND-MADE", "D410"), Pair("HAND-MADE|NAVY", "D410|NVY")]))
    assert {sku.color_code for sku in draft.skus} == {"NAVY"}


def test_upc_pairs_are_the_orders_own() -> None:
    assert only(plan(color(), pairs=[Pair("840000000017", "D410|NVY|M")])).identifier == "D410"


def test_of_two_pairs_the_live_card_decides_and_otherwise_a_person() -> None:
    pairs = [Pair("ONE", "D410"), Pair("TWO", "D410")]
    assert only(plan(color(), pairs=pairs, known=[KnownCard("TWO")])).identifier == "TWO"
    with pytest.raises(NotPossible, match="ONE, TWO"):
        plan(color(), pairs=pairs)


def test_two_colours_on_one_identifier_are_refused() -> None:
    with pytest.raises(NotPossible, match="two of its cards"):
        plan(color("NVY"), color("RED"), pairs=[Pair("SAME", "D410|NVY"), Pair("SAME", "D410|RED")])


# ---- what JOOR has already ---------------------------------------------------------------------------------------------------------------


def test_cards_that_the_style_would_no_longer_have_are_named() -> None:
    whole = plan(color("NVY"), color("RED"))
    split = plan(color("NVY"), color("RED"), settings={"card": "style_color"}, known=known(whole))
    assert split.unwanted == ("D410",)
    back = plan(color("NVY"), color("RED"), known=known(split))
    assert back.unwanted == ("D410-NVY", "D410-RED")


def test_a_colour_and_a_size_that_left_stay_inactive_with_what_joor_knows_of_them() -> None:
    before = plan(color("NVY", upcs={"M": "840000000017"}), color("RED"))
    draft = only(plan(color("NVY", ["S"]), known=known(before)))
    assert active(draft) == {"NVY|S"}
    gone = next(sku for sku in draft.skus if sku.key == "NVY|M")
    assert (gone.upc, gone.prices, gone.active) == ("840000000017", before.cards[0].draft.skus[0].prices, False)


def test_a_size_that_was_renamed_takes_its_upc_along() -> None:
    before = plan(color(sizes=["M"], upcs={"M": "840000000017"}))
    draft = only(plan(color(sizes=["MED"], upcs={"MED": "840000000017"}), known=known(before)))
    assert [(sku.size, sku.upc, sku.active) for sku in draft.skus] == [("M", None, False), ("MED", "840000000017", True)]


def test_a_card_per_colour_stays_inactive_when_its_colour_left() -> None:
    settings = {"card": "style_color"}
    before = plan(color("NVY"), color("RED"), settings=settings)
    after = plan(color("NVY"), settings=settings, known=known(before))
    assert after.unwanted == ()
    assert [active(card.draft) for card in after.cards] == [{"NVY|S", "NVY|M"}, set()]


def test_what_a_person_took_off_stays_off() -> None:
    before = plan(color("NVY"), color("RED"))
    draft = only(plan(color("NVY"), color("RED"), known=known(before, off=frozenset({"RED", "NVY|M"}))))
    assert active(draft) == {"NVY|S"}


def test_removals_are_whole_colours_or_single_sizes_of_them() -> None:
    before = only(plan(color("NVY"), color("RED"), color("WHT")))
    after = only(plan(color("NVY", ["S"]), color("RED"), known=[KnownCard("D410", "", before)]))
    assert [removal.key for removal in removals(before, after)] == ["D410|NVY|M", "D410|WHT"]
    assert removals(None, after) == []
    assert removals(after, after) == []


def test_a_price_label_that_is_not_mapped_any_more_is_in_no_draft() -> None:
    old = only(plan(color("NVY"), color("RED")))
    renamed = replace(old, skus=tuple(replace(s, prices=tuple(replace(p, label="Old Label") for p in s.prices)) for s in old.skus))
    draft = only(plan(color("NVY"), known=[KnownCard("D410", "", renamed)]))
    assert {price.label for sku in draft.skus for price in sku.prices} == {"US Dollars"}


def test_a_colour_that_comes_or_goes_does_not_move_the_others() -> None:
    before = plan(color("NVY"), color("RED"))
    more = only(plan(color("BLK"), color("NVY"), color("RED"), known=known(before)))
    assert {sku.color_code: sku.color_order for sku in more.skus} == {"NVY": 1, "RED": 2, "BLK": 3}
    fewer = only(plan(color("RED"), known=known(before)))
    assert {sku.color_code: sku.color_order for sku in fewer.skus} == {"NVY": 1, "RED": 2}


def test_a_size_that_comes_takes_its_place_and_one_that_goes_moves_nothing() -> None:
    before = plan(color(sizes=["S", "L"]))

    def places(*sizes: str) -> dict[str, int]:
        return {sku.size: sku.size_order for sku in only(plan(color(sizes=sizes), known=known(before))).skus}

    assert places("S", "M", "L") == {"S": 1, "M": 2, "L": 3}
    assert places("S", "L", "XL") == {"S": 1, "L": 2, "XL": 3}
    assert places("L") == {"S": 1, "L": 2}
    assert places("XS", "L") == {"XS": 1, "L": 2, "S": 3}


# ---- sizes, UPCs, limits -----------------------------------------------------------------------------------------------------------------


def test_different_size_runs_make_one_explicit_matrix() -> None:
    draft = only(plan(color("NVY", ["S", "M", "L"]), color("RED", ["M", "L", "XL"])))
    assert list(dict.fromkeys(sku.size for sku in draft.skus)) == ["S", "M", "L", "XL"]
    assert len(draft.skus) == 8
    assert active(draft) == {"NVY|S", "NVY|M", "NVY|L", "RED|M", "RED|L", "RED|XL"}
    assert all(sku.prices == () for sku in draft.skus if not sku.active)


def test_sizes_go_by_joors_names_and_the_primary_or_same_one_of_several() -> None:
    draft = only(
        plan(color(sizes=["S", "M"]), sizes=[Pair("Small", "S"), Pair("SM", "S", primary=False), Pair("M", "M"), Pair("Med", "M")])
    )
    assert [sku.size for sku in draft.skus] == ["Small", "M"]
    with pytest.raises(NotPossible, match="'Small' and 'small'"):
        plan(color(sizes=["S"]), sizes=[Pair("Small", "S"), Pair("small", "S")])


def test_two_sizes_of_one_joor_name_are_refused() -> None:
    with pytest.raises(NotPossible, match="JOOR size 'OS'"):
        plan(color(sizes=["S", "M"]), sizes=[Pair("OS", "S"), Pair("OS", "M")])


def test_a_upc_on_two_skus_is_sent_with_neither_and_said() -> None:
    found = plan(color("NVY", upcs={"S": "012345", "M": "777"}), color("RED", upcs={"S": "12345"}))
    assert {sku.upc for sku in only(found).skus} == {None, "777"}
    assert found.notes == ("UPC 12345 is on D410 NVY S, D410 RED S: sent without it",)


@pytest.mark.parametrize(
    ("goods", "more", "words"),
    [
        (color(sizes=["A|B"]), {}, r"size 'A\|B' cannot be sent"),
        (color("N|V"), {}, r"colour 'N\|V' cannot be sent"),
        (color(sizes=["S", "S"]), {}, "size 'S' would stand for two rows"),
        (color(sizes=[]), {}, "has no sizes"),
        (color(), {"fields": [FieldRow("number", constant="N" * 46)]}, "longer than JOOR's 45"),
        (color(), {"pairs": [Pair("I" * 101, "D410")]}, "longer than JOOR's 100"),
    ],
)
def test_what_joor_cannot_take_is_refused_in_words(goods: StyleColor, more: dict[str, Any], words: str) -> None:
    with pytest.raises(NotPossible, match=words) as caught:
        plan(goods, **more)
    assert caught.value.fix


def test_a_colour_listed_twice_is_refused() -> None:
    with pytest.raises(NotPossible, match="lists colour NVY twice"):
        plan(color("NVY"), color("NVY"))


def test_a_style_without_an_active_colour_has_no_card_unless_inactive_ones_are_wanted() -> None:
    assert plan(color(active=False)).cards == ()
    assert only(plan(color(active=False), settings={"include_inactive": True})).skus[0].active


# ---- configuration -----------------------------------------------------------------------------------------------------------------------


def test_the_expected_digest_changes_with_what_shapes_the_cards_and_with_nothing_else() -> None:
    def digest(**more: Any) -> str:
        return frame(**more).expected("D410", "source", "WOMEN", "")

    plain = digest()
    assert plain == digest(settings={"rekey": "go", "batch_size": 5}) == digest(pairs=[Pair("OTHER", "D999")])
    changed = [
        digest(settings={"card": "style_color"}),
        digest(fields=[FieldRow("order_minimum", constant="6")]),
        digest(sizes=[Pair("Small", "S")]),
        digest(pairs=[Pair("HAND-MADE", "D410")]),
        frame().expected("D410", "other source", "WOMEN", ""),
    ]
    assert len({plain, *changed}) == 6


# ---- laws --------------------------------------------------------------------------------------------------------------------------------

size_runs = st.lists(st.sampled_from(["XS", "S", "M", "L", "XL", "1", "2"]), min_size=1, max_size=5, unique=True)
one_color = st.builds(
    color,
    st.sampled_from(["NVY", "RED", "WHT", "BLK"]),
    size_runs,
    price=st.sampled_from(["110.00", "120.00"]),
    active=st.booleans(),
    upcs=st.dictionaries(st.sampled_from(["S", "M", "L"]), st.sampled_from(["801", "802", "0801"])),
)
style_colors = st.lists(one_color, min_size=1, max_size=4, unique_by=lambda row: row.color)
modes = st.sampled_from(["style", "style_color"])


@given(style_colors, modes, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[StyleColor], mode: str, dice: random.Random) -> None:
    assert plan(*rows, settings={"card": mode}) == plan(*dice.sample(rows, len(rows)), settings={"card": mode})


@given(style_colors, style_colors, modes)
def test_every_card_has_each_combination_once_and_forgets_none_that_joor_has(
    earlier: list[StyleColor], rows: list[StyleColor], mode: str
) -> None:
    before = known(plan(*earlier, settings={"card": mode}))
    found = plan(*rows, settings={"card": mode}, known=before)
    had = {card.identifier: card.draft for card in before if card.draft}
    for card in found.cards:
        keys = [sku.key for sku in card.draft.skus]
        colors, sizes = {sku.color_code for sku in card.draft.skus}, {sku.size for sku in card.draft.skus}
        assert len(keys) == len(set(keys)) == len(colors) * len(sizes)
        if card.draft.identifier in had:
            assert {sku.key for sku in had[card.draft.identifier].skus} <= set(keys)


@given(style_colors, modes)
def test_what_is_active_is_exactly_what_aims360_offers(rows: list[StyleColor], mode: str) -> None:
    found = plan(*rows, settings={"card": mode})
    offered = {f"{row.color}|{size.name}" for row in rows if row.active for size in row.sizes}
    assert set().union(*(active(card.draft) for card in found.cards)) == offered


@given(style_colors, modes)
def test_planning_again_over_the_own_result_changes_nothing(rows: list[StyleColor], mode: str) -> None:
    first = plan(*rows, settings={"card": mode})
    assert plan(*rows, settings={"card": mode}, known=known(first)).cards == first.cards


@given(style_colors, modes)
def test_a_draft_put_together_from_its_parts_is_the_same(rows: list[StyleColor], mode: str) -> None:
    for card in plan(*rows, settings={"card": mode}, fields=[FieldRow("tag:Edit/Mood", constant="calm")]).cards:
        again = draft_from(parts_of(card.draft))
        assert again == card.draft
        assert fingerprints(parts_of(again)) == fingerprints(parts_of(card.draft))
