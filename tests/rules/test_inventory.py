"""What JOOR should hold, from what AIMS360 says."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.aims360.types import SizeRow, StockRow, StyleColor, WipRow
from models.errors import NotPossible
from models.settings import InventorySettings, StyleSettings
from rules.inventory import Book, changed_key, read_book
from rules.inventory_frame import Catalogue, Frame, WarehouseMap
from rules.inventory_quantity import Arrival, Stock, buckets, counted, shown

TODAY = date(2031, 9, 1)
NAVY_M = "840000000017"
PAIRS = {"NEW JERSEY": "NJ", "LOS ANGELES": "LA", "OUTLET": None}
NAMES = {"w-nj": "NEW JERSEY", "w-la": "LOS ANGELES", "w-out": "OUTLET", "w-tx": "TEXAS"}


def style_color(
    style: str = "D410", color: str = "NVY", sizes: Sequence[tuple[str, str | None]] = (("M", NAVY_M),), **more: Any
) -> StyleColor:
    return StyleColor(f"sc-{style}-{color}", f"s-{style}", style, color, sizes=tuple(SizeRow(name, upc) for name, upc in sizes), **more)


def stock(warehouse: str = "NEW JERSEY", style: str = "D410", color: str = "NVY", size: str = "M", **numbers: Any) -> StockRow:
    return StockRow(style, color, size, warehouse, **numbers)


def wip(on: date | None, pieces: int, warehouse: str | None = "w-nj", reference: str = "PO1", **more: Any) -> WipRow:
    given = {"style_color_id": "sc-D410-NVY", "size": "M", "x_factory_date": None, **more}
    return WipRow(reference, warehouse_id=warehouse, in_warehouse_date=on, open_quantity=pieces, **given)


def frame(catalogue: Sequence[StyleColor] = (style_color(),), **more: Any) -> Frame:
    settings = more.pop("settings", None) or InventorySettings(arithmetic="computed")
    given = {"style": StyleSettings(), "warehouses": WarehouseMap(PAIRS), "warehouse_names": NAMES, "today": TODAY, **more}
    divisions = {"d-w": "WOMEN", "d-m": "MEN"}
    return Frame(inventory=settings, catalogue=Catalogue(catalogue, divisions, {"se-f": "F31"}), **given)


def quantities(book: Book) -> dict[tuple[str, str, str], int]:
    found = [((each.warehouse, each.sku.key, each.bucket), each.quantity) for each in book.positions()]
    assert len(found) == len(dict(found))
    return dict(found)


def computed(**more: Any) -> InventorySettings:
    return InventorySettings(arithmetic="computed", **more)


# ---- immediate stock ---------------------------------------------------------------------------------------------------------------------


def test_computed_stock_is_on_hand_less_allocations_pick_tickets_and_open_orders() -> None:
    book = read_book(frame(), [stock(on_hand=50, allocated=5, pick_tickets=2, open_orders=1)])
    assert quantities(book) == {("NJ", NAVY_M, "IMMEDIATE"): 42}
    (position,) = book.positions()
    assert position.explain["steps"] == ["NEW JERSEY: on hand 50 - allocated 5 - pick tickets 2 - open orders 1 = 42"]
    assert position.explain["stock"]["NEW JERSEY"]["on_hand"] == 50


@pytest.mark.parametrize(
    ("switch", "expected"), [("subtract_allocated", 47), ("subtract_pick_tickets", 44), ("subtract_open_orders", 43), (None, 42)]
)
def test_each_switch_leaves_its_number_in(switch: str | None, expected: int) -> None:
    settings = computed(**({switch: False} if switch else {}))
    assert counted(Stock("NJ", 50, 5, 2, 1, None), settings) == expected


def test_open_to_sell_as_given_is_not_subtracted_from_again() -> None:
    given_ots = frame(settings=InventorySettings(arithmetic="given"))
    assert quantities(read_book(given_ots, [stock(on_hand=50, allocated=5, ots=44)])) == {("NJ", NAVY_M, "IMMEDIATE"): 44}


def test_a_source_without_open_to_sell_stops_with_the_way_out() -> None:
    with pytest.raises(NotPossible, match="open-to-sell") as caught:
        read_book(frame(settings=InventorySettings(arithmetic="given")), [stock(on_hand=50)])
    assert any("computed" in step for step in caught.value.fix)


def test_negative_stock_counts_as_nothing_only_while_the_switch_is_on() -> None:
    oversold = Stock("NJ", -7, 0, 0, 0, None)
    assert counted(oversold, computed()) == 0
    assert counted(oversold, computed(ignore_negative_stock=False)) == -7


def test_warehouses_of_one_joor_warehouse_are_summed_before_safety_stock() -> None:
    both = WarehouseMap({"NEW JERSEY": "EAST", "NEW YORK": "EAST"})
    rows = [stock("NEW JERSEY", on_hand=6), stock("New York ", on_hand=6)]
    book = read_book(frame(warehouses=both, settings=computed(safety_stock=5)), rows)
    assert quantities(book) == {("EAST", NAVY_M, "IMMEDIATE"): 7}


def test_an_ignored_warehouse_says_nothing_and_an_unmapped_one_is_named_with_the_command() -> None:
    book = read_book(frame(), [stock(on_hand=3), stock("OUTLET", on_hand=9), stock("TEXAS", on_hand=9)])
    assert quantities(book) == {("NJ", NAVY_M, "IMMEDIATE"): 3}
    (missing,) = book.missing("us")
    assert (missing.kind, missing.value) == ("warehouse", "TEXAS")
    assert '--aims "TEXAS" --site us' in missing.fix


def test_shaping_is_percentage_rounded_down_then_cap_then_minimum() -> None:
    settings = computed(percentage=50, cap=20, minimum_to_show=3)
    assert [shown(left, settings) for left in (5, 6, 7, 40, 41, 100)] == [0, 3, 3, 20, 20, 20]


# ---- future stock ------------------------------------------------------------------------------------------------------------------------

SEP_15, OCT_1 = date(2031, 9, 15), date(2031, 10, 1)


def test_wip_becomes_one_bucket_per_date_less_what_is_allocated() -> None:
    rows = [wip(SEP_15, 100, allocated=20), wip(SEP_15, 10, reference="PO2"), wip(OCT_1, 30)]
    book = read_book(frame(), [stock(on_hand=5)], rows)
    assert quantities(book) == {("NJ", NAVY_M, "IMMEDIATE"): 5, ("NJ", NAVY_M, "2031-09-15"): 90, ("NJ", NAVY_M, "2031-10-01"): 30}


def test_cumulative_buckets_include_immediate_stock() -> None:
    rows = [wip(SEP_15, 100), wip(OCT_1, 30)]
    book = read_book(frame(settings=computed(future_quantity="cumulative", safety_stock=2)), [stock(on_hand=5)], rows)
    assert [quantity for _, quantity in sorted(quantities(book).items())] == [103, 133, 3]


def test_pieces_that_are_short_today_come_off_the_first_arrival() -> None:
    rows = [wip(SEP_15, 10), wip(OCT_1, 30)]
    book = read_book(frame(settings=computed(safety_stock=8)), [stock(on_hand=2, open_orders=7)], rows)
    assert quantities(book) == {("NJ", NAVY_M, "IMMEDIATE"): 0, ("NJ", NAVY_M, "2031-09-15"): 0, ("NJ", NAVY_M, "2031-10-01"): 27}


def test_lead_days_and_the_choice_of_date_move_the_bucket() -> None:
    settings = computed(wip_date="ex_factory", lead_days=30, immediate=False)
    book = read_book(frame(settings=settings), [], [wip(SEP_15, 10, x_factory_date=date(2031, 9, 2))])
    assert quantities(book) == {("NJ", NAVY_M, "2031-10-02"): 10}


def test_the_horizon_day_itself_is_shown_and_the_next_is_not() -> None:
    settings = computed(horizon_days=14, immediate=False)
    rows = [wip(SEP_15, 10), wip(SEP_15 + timedelta(days=1), 10)]
    assert quantities(read_book(frame(settings=settings), [], rows)) == {("NJ", NAVY_M, "2031-09-15"): 10}


def test_overdue_undated_and_placeless_wip_is_left_out_and_reported() -> None:
    rows = [wip(TODAY, 1), wip(None, 1), wip(date(1899, 12, 30), 1), wip(SEP_15, 1, warehouse=None), wip(SEP_15, 1, style_color_id="gone")]
    book = read_book(frame(settings=computed(immediate=False)), [], rows)
    assert quantities(book) == {}
    assert book.problems.counts == {"wip_overdue": 1, "wip_without_date": 2, "wip_without_warehouse": 1, "unknown_style": 1}
    assert "D410 NVY M" in book.problems.as_json()["wip_overdue"]["examples"][0]


def test_wip_without_a_warehouse_belongs_to_the_only_one_there_is() -> None:
    only = frame(warehouse_names={"w-nj": "NEW JERSEY"}, settings=computed(immediate=False))
    assert quantities(read_book(only, [], [wip(SEP_15, 4, warehouse=None)])) == {("NJ", NAVY_M, "2031-09-15"): 4}


# ---- which SKU, and by which key ------------------------------------------------------------------------------------------------------


def test_a_sku_without_upc_is_known_by_style_identifier_colour_and_size() -> None:
    plain = style_color(sizes=(("M", None),))
    by_style = read_book(frame([plain]), [stock(on_hand=1)])
    by_color = read_book(frame([plain], style=StyleSettings(card="style_color")), [stock(on_hand=1)])
    assert list(quantities(by_style)) == [("NJ", "D410|D410|NVY|M", "IMMEDIATE")]
    assert list(quantities(by_color)) == [("NJ", "D410|D410-NVY|NVY|M", "IMMEDIATE")]


def test_a_sku_is_named_by_the_card_that_it_is_on_joor_with() -> None:
    plain = [style_color(sizes=(("M", None),)), style_color(color="RED", sizes=(("M", None),))]
    split = frame(plain, identifiers={("D410", ""): "HAND-MADE", ("D410", "RED"): "D410-RED"})
    book = read_book(split, [stock(on_hand=1), stock(color="RED", on_hand=1)])
    assert {each.sku.identifier for each in book.positions()} == {"HAND-MADE", "D410-RED"}
    assert split.identifier("D411", "NVY") == "D411"


def test_two_skus_with_one_upc_are_reported_and_neither_is_sent() -> None:
    twins = [style_color(), style_color("D411")]
    book = read_book(frame(twins), [stock(on_hand=3), stock(style="D411", on_hand=4)])
    assert quantities(book) == {}
    assert set(book.held()) == {NAVY_M}
    assert book.problems.examples["shared_upc"] == [f"UPC {NAVY_M} is on D410 NVY M, D411 NVY M"]


def test_a_sku_listed_twice_in_one_warehouse_is_not_summed() -> None:
    for rows in ([8, 3], [3, 8]):
        book = read_book(frame(), [stock(on_hand=pieces) for pieces in rows])
        assert quantities(book) == {("NJ", NAVY_M, "IMMEDIATE"): 3}
        assert book.problems.counts == {"listed_twice": 1}


def test_only_active_styles_of_the_divisions_and_seasons_are_sent() -> None:
    styles = [
        style_color("W1", division_id="d-w", season_id="se-f", sizes=()),
        style_color("M1", division_id="d-m", season_id="se-f", sizes=()),
        style_color("OLD", division_id="d-w", season_id="se-f", active=False, sizes=()),
        style_color("ODD", season_id="se-f", sizes=()),
    ]
    narrow = frame(styles, divisions=frozenset({"WOMEN"}), seasons=frozenset({"F31"}))
    book = read_book(narrow, [stock(style=each.style, on_hand=1) for each in styles])
    assert {each.sku.style for each in book.positions()} == {"W1"}
    assert book.left_out == 3
    assert book.problems.counts == {"unknown_division": 1}


def test_the_division_of_the_stock_view_serves_where_the_catalogue_has_none() -> None:
    narrow = frame([], divisions=frozenset({"WOMEN"}))
    book = read_book(narrow, [stock(on_hand=1, division="WOMEN"), stock(style="M1", on_hand=1, division="MEN")])
    assert {each.sku.style for each in book.positions()} == {"D410"}


def test_a_name_too_long_for_joor_is_reported_not_sent() -> None:
    book = read_book(frame([]), [stock(style="X" * 46, on_hand=1), stock(color=" ", on_hand=1)])
    assert quantities(book) == {}
    assert book.problems.counts == {"unusable_sku": 2}


def test_a_sku_that_got_its_upc_is_the_same_sku_but_another_upc_is_not() -> None:
    book = read_book(frame(), [stock(on_hand=1)])
    sku = ("D410", "NVY", "M")
    assert changed_key("D410|D410|NVY|M", None, sku, book) == NAVY_M
    assert changed_key("840000000099", "840000000099", sku, book) is None
    assert changed_key("D410|D410|NVY|L", None, ("D410", "NVY", "L"), book) is None


# ---- laws --------------------------------------------------------------------------------------------------------------------------------

pieces = st.integers(-50, 200)
taken = st.integers(-5, 60)
stocks = st.lists(
    st.builds(Stock, st.sampled_from(["A", "B", "C"]), pieces, taken, taken, taken, pieces), max_size=3, unique_by=lambda s: s[0]
)
arrivals = st.lists(
    st.builds(Arrival, st.dates(date(2031, 9, 2), date(2031, 9, 6)), st.sampled_from(["PO1", "PO2"]), st.integers(0, 90), taken), max_size=6
)
any_settings = st.builds(
    InventorySettings,
    arithmetic=st.sampled_from(["given", "computed"]),
    subtract_allocated=st.booleans(),
    subtract_wip_allocated=st.booleans(),
    ignore_negative_stock=st.booleans(),
    future_quantity=st.sampled_from(["arriving", "cumulative"]),
    safety_stock=st.integers(0, 30),
    percentage=st.integers(0, 100),
    cap=st.none() | st.integers(0, 80),
    minimum_to_show=st.integers(0, 10),
)


def numbers(held: Sequence[Stock], coming: Sequence[Arrival], settings: InventorySettings) -> dict[date | None, int]:
    return {bucket.on: bucket.quantity for bucket in buckets(held, coming, settings)}


@given(stocks, arrivals, any_settings)
def test_no_bucket_is_negative_over_the_cap_or_under_the_minimum(
    held: list[Stock], coming: list[Arrival], settings: InventorySettings
) -> None:
    for quantity in numbers(held, coming, settings).values():
        assert quantity == 0 or quantity >= settings.minimum_to_show
        assert 0 <= quantity <= (settings.cap if settings.cap is not None else quantity)


@given(stocks, arrivals, any_settings, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    held: list[Stock], coming: list[Arrival], settings: InventorySettings, dice: random.Random
) -> None:
    mixed, later = dice.sample(held, len(held)), dice.sample(coming, len(coming))
    assert list(buckets(held, coming, settings)) == list(buckets(mixed, later, settings))


@given(stocks.filter(bool), arrivals, any_settings, st.integers(1, 20))
def test_more_stock_never_shows_less_now_or_cumulatively(
    held: list[Stock], coming: list[Arrival], settings: InventorySettings, more: int
) -> None:
    first = held[0]
    richer = [first._replace(on_hand=first.on_hand + more, ots=(first.ots or 0) + more), *held[1:]]
    before, after = numbers(held, coming, settings), numbers(richer, coming, settings)
    compared = before if settings.future_quantity == "cumulative" else [None]
    assert all(after[on] >= before[on] for on in compared)


@given(stocks, arrivals, any_settings)
def test_arriving_numbers_add_up_to_the_last_cumulative_one(held: list[Stock], coming: list[Arrival], settings: InventorySettings) -> None:
    plain = settings.model_copy(update={"percentage": 100, "cap": None, "minimum_to_show": 0})
    arriving = numbers(held, coming, plain.model_copy(update={"future_quantity": "arriving"}))
    cumulative = numbers(held, coming, plain.model_copy(update={"future_quantity": "cumulative"}))
    last = max((on for on in cumulative if on), default=None)
    assert sum(arriving.values()) == cumulative[last]


@given(stocks, any_settings)
def test_immediate_follows_from_the_sum_over_warehouses(held: list[Stock], settings: InventorySettings) -> None:
    plain = settings.model_copy(update={"percentage": 100, "cap": None, "minimum_to_show": 0})
    total = sum(counted(each, plain) for each in held)
    assert numbers(held, [], plain)[None] == max(0, total - plain.safety_stock)


@given(stocks, any_settings, st.integers(0, 30))
def test_a_larger_safety_stock_never_shows_more(held: list[Stock], settings: InventorySettings, more: int) -> None:
    stricter = settings.model_copy(update={"safety_stock": settings.safety_stock + more})
    assert numbers(held, [], stricter)[None] <= numbers(held, [], settings)[None]


@given(st.integers(0, 500), any_settings)
def test_a_share_is_rounded_down_to_whole_pieces(left: int, settings: InventorySettings) -> None:
    share = shown(left, settings.model_copy(update={"cap": None, "minimum_to_show": 0}))
    assert share * 100 <= left * settings.percentage < (share + 1) * 100


@given(st.lists(st.tuples(st.sampled_from(sorted(PAIRS)), st.sampled_from("SML"), pieces), max_size=8), st.randoms(use_true_random=False))
def test_a_book_reads_the_same_in_any_order(rows: list[tuple[str, str, int]], dice: random.Random) -> None:
    read = [stock(warehouse, size=size, on_hand=on_hand, upc=f"8{on_hand:03}") for warehouse, size, on_hand in rows]
    plain = frame([style_color(sizes=())])
    one, other = read_book(plain, read), read_book(plain, dice.sample(read, len(read)))
    assert quantities(one) == quantities(other)
    assert [each.explain for each in one.positions()] == [each.explain for each in other.positions()]
