"""Pieces, prices, merging: one JOOR line after another."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.joor.types import OrderLine
from models.settings import OrderSettings
from rules.order_lines import LineReference, NumberedLine, PricedLine, merge, priced_line

D = Decimal
DRESS = LineReference(style_color_id="sc-1", style="D410", color="NVY", size="M", division="01", wholesale=D("99.5"))
LINE = OrderLine(
    style_number="D410",
    style_identifier="D410-NVY",
    style_id="1",
    name="Dress",
    color="Navy",
    color_code="NVY",
    size="M",
    size_code="",
    upc="",
    unit_price=D("120.00"),
    price=D("110.00"),
    price_adjustment=D("-10.00"),
    quantity=6,
    multiplier=1,
    price_extended=D("600.00"),
)


def test_joor_price_is_the_discounted_price_with_its_adjustment():
    line = priced_line(NumberedLine(1, LINE), DRESS, OrderSettings())
    assert (line.pieces, line.price) == (6, D("100.00"))


@pytest.mark.parametrize(("rule", "price"), [("joor", D("100.00")), ("joor_unit", D("120.00")), ("aims", D("99.50"))])
def test_price_rule_chooses_whose_price(rule, price):
    assert priced_line(NumberedLine(1, LINE), DRESS, OrderSettings(price_rule=rule)).price == price


@pytest.mark.parametrize(
    ("extended", "rule", "pieces", "price"),
    [
        ("1200.00", "packs", 12, D("100.00")),  # 2 packs of 6 at 100 a piece
        ("200.00", "packs", 12, D("16.67")),  # 2 packs of 6 at 100 a pack: a piece is 16.666...
        ("200.00", "units", 2, D("100.00")),
    ],
)
def test_extended_price_says_whether_a_case_pack_is_priced_by_pack_or_by_piece(extended, rule, pieces, price):
    pack = replace(LINE, quantity=2, multiplier=6, price_extended=D(extended))
    line = priced_line(NumberedLine(1, pack), DRESS, OrderSettings(quantity_rule=rule))
    assert (line.pieces, line.price) == (pieces, price)


@pytest.mark.parametrize(
    ("extended", "rule"),
    [("1200.00", "units"), ("777.00", "packs"), ("777.00", "units"), (None, "packs"), (None, "units")],
)
def test_a_case_pack_that_cannot_be_read_is_not_guessed(extended, rule):
    pack = replace(LINE, quantity=2, multiplier=6, price_extended=D(extended) if extended else None)
    with pytest.raises(ValueError, match=r"line 3: a case pack of 6"):
        priced_line(NumberedLine(3, pack), DRESS, OrderSettings(quantity_rule=rule))


@pytest.mark.parametrize(
    ("change", "rule", "words"),
    [
        ({"quantity": -1}, "joor", "return"),
        ({"price": None}, "joor", "no price"),
        ({"price_adjustment": D("-200")}, "joor", "below zero"),
        ({"unit_price": None}, "joor_unit", "no price"),
    ],
)
def test_lines_without_pieces_or_price_say_so(change, rule, words):
    with pytest.raises(ValueError, match=words):
        priced_line(NumberedLine(1, replace(LINE, **change)), DRESS, OrderSettings(price_rule=rule))


def test_no_wholesale_price_is_a_problem_only_for_the_aims_rule():
    unpriced = replace(DRESS, wholesale=None)
    assert priced_line(NumberedLine(1, LINE), unpriced, OrderSettings()).price == D("100.00")
    with pytest.raises(ValueError, match="no wholesale price"):
        priced_line(NumberedLine(1, LINE), unpriced, OrderSettings(price_rule="aims"))


def _priced(number, color, size, pieces, price, note=""):
    return PricedLine(number, LineReference(f"sc-{color}", "D410", color, size, "01"), pieces, D(price), note)


def test_sizes_of_one_style_colour_share_a_line_and_a_repeated_size_is_summed():
    lines = [
        _priced(1, "NVY", "S", 2, "100.00", "gift"),
        _priced(2, "RED", "M", 1, "100.00"),
        _priced(3, "NVY", "M", 3, "100.0"),
        _priced(4, "NVY", "S", 4, "100.00", "gift"),
    ]
    navy, red = merge(lines, "w-1", lambda price: price)
    assert (navy.style_color_id, navy.sizes, navy.note, navy.warehouse_id) == ("sc-NVY", (("S", 6), ("M", 3)), "gift", "w-1")
    assert red.sizes == (("M", 1),)


def test_one_style_colour_at_two_prices_is_refused_naming_the_lines():
    with pytest.raises(ValueError, match=r"lines 1, 3: D410 NVY has several prices \(100.00, 90.00\)"):
        merge([_priced(1, "NVY", "S", 2, "100.00"), _priced(3, "NVY", "M", 2, "90.00")], "w", lambda price: price)


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("SML"), st.integers(1, 50)), min_size=1))
def test_merging_neither_loses_nor_makes_pieces(rows):
    prices = {"A": "10.00", "B": "20.50", "C": "0.99"}
    lines = [_priced(number, color, size, pieces, prices[color]) for number, (color, size, pieces) in enumerate(rows, 1)]
    merged = merge(lines, "w", lambda price: price)
    made = {(line.style_color_id, size): pieces for line in merged for size, pieces in line.sizes}
    wanted: dict[tuple[str, str], int] = {}
    for color, size, pieces in rows:
        wanted[f"sc-{color}", size] = wanted.get((f"sc-{color}", size), 0) + pieces
    assert made == wanted
    assert sum(line.price * n for line in merged for _, n in line.sizes) == sum(line.price * line.pieces for line in lines)
