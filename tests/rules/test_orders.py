"""The AIMS360 order a JOOR order becomes: parts, totals, notes."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from clients.joor.types import Address, JoorOrder, OrderLine
from models.errors import NotPossible
from models.settings import OrderSettings
from rules.order_lines import LineReference, wanted_lines
from rules.orders import References, plan, reference, why_not

D = Decimal


def a_line(color="NVY", size="M", quantity=6, price="110.00", **more) -> OrderLine:
    return OrderLine(
        style_number="D410",
        style_identifier="D410",
        style_id="1",
        name="Dress",
        color="",
        color_code=color,
        size=size,
        size_code="",
        upc="",
        unit_price=D(price),
        price=D(price),
        price_adjustment=D(0),
        quantity=quantity,
        multiplier=1,
        price_extended=D(price) * quantity,
        **more,
    )


def an_order(*lines: OrderLine, **more) -> JoorOrder:
    lines = lines or (a_line(),)
    facts = {
        "order_id": "7700123",
        "status": "approved",
        "currency": "USD",
        "price_label": "US Dollars",
        "total": sum((line.price_extended or D(0) for line in lines), D(0)),
        "discount": D(0),
        "discount_percent": D(0),
        "shipping_total": D(0),
        "customer_code": "C-1",
        "customer_name": "Harbor & Pine",
        "company_name": "",
        "company_code": "",
        "purchase_order": "PO-88",
        "shipping": Address(phone="555", email="a@b.example"),
        "billing": Address(),
        "payment_method_code": "N30",
        "payment_method_name": "",
        "shipping_method_code": "",
        "shipping_method_name": "",
        "warehouse_code": "NJ",
        "warehouse_name": "",
        "divisions": (("01", "Main"),),
        "season_code": "",
        "delivery_name": "Fall 1",
        "delivery_code": "F1",
        "date_created": datetime(2031, 3, 2, tzinfo=UTC),
        "date_approved": datetime(2031, 3, 3, 9, tzinfo=UTC),
        "date_modified": None,
        "ship_start": date(2031, 8, 1),
        "ship_end": date(2031, 8, 31),
        "comments": "",
        "internal_comments": "",
        "buyer_name": "Ada",
        "sales_rep": "",
        "sales_rep_code": "",
        "lines": lines,
        "raw": {"order_comments": "Call first", "order_delivery_name": "Fall 1"},
    }
    return JoorOrder(**(facts | more))


def references_of(order: JoorOrder, divisions: dict[str, str] | None = None) -> References:
    """Every colour is a style-colour of its own; `divisions` says which division a colour belongs to."""
    chosen = divisions or {}
    lines = tuple(
        (
            row,
            LineReference(
                f"sc-{row.line.color_code}", "D410", row.line.color_code, row.line.size, chosen.get(row.line.color_code, "01"), D("50")
            ),
        )
        for row in wanted_lines(order)
    )
    return References("cust", "wh", {"01": "div-1", "02": "div-2"}, lines, term_id="term", store_id="store")


def planned(order, settings=None, divisions=None):
    return plan(order, references_of(order, divisions), settings or OrderSettings())


def test_a_plain_order_becomes_one_aims360_order_with_everything_carried():
    made = planned(an_order())
    (part,) = made.parts
    draft = part.draft
    assert (draft.reference, draft.purchase_order, draft.status) == ("JOOR-7700123", "PO-88", "Hold")
    assert (draft.entered, draft.start, draft.complete) == (date(2031, 3, 3), date(2031, 8, 1), date(2031, 8, 31))
    assert (draft.customer_id, draft.division_id, draft.term_id, draft.store_id) == ("cust", "div-1", "term", "store")
    assert [(line.style_color_id, line.price, line.sizes) for line in draft.lines] == [("sc-NVY", D("110.00"), (("M", 6),))]
    assert draft.header == {
        "notes": "Call first",
        "note1": "Fall 1",
        "buyer": "Ada",
        "phone": "555",
        "email": "a@b.example",
        "shippingInstructions": "Cancel date 2031-08-31",
    }
    assert (part.total, made.totals.aims, made.totals.reading, made.remarks) == (D("660.00"), D("660.00"), "lines", ())


def test_lines_of_two_divisions_are_split_with_stable_references_and_no_piece_lost():
    order = an_order(a_line("NVY"), a_line("RED", quantity=2, price="50.00"), a_line("NVY", "S"))
    made = planned(order, divisions={"RED": "02"})
    assert [(part.draft.reference, part.draft.division_id, part.total) for part in made.parts] == [
        ("JOOR-7700123-01", "div-1", D("1320.00")),
        ("JOOR-7700123-02", "div-2", D("100.00")),
    ]
    assert made.totals.aims == D("1420.00")


def test_several_divisions_are_refused_when_the_site_says_so():
    order = an_order(a_line("NVY"), a_line("RED"))
    with pytest.raises(NotPossible, match="several divisions") as refused:
        planned(order, OrderSettings(several_divisions="refuse"), {"RED": "02"})
    assert len(refused.value.fix) == 2


def test_lines_with_quantity_zero_are_left_out_and_an_order_of_nothing_is_refused():
    assert len(planned(an_order(a_line(), a_line("RED", quantity=0))).parts[0].draft.lines) == 1
    with pytest.raises(NotPossible, match="no lines"):
        planned(an_order(a_line(quantity=0)))


def test_a_percentage_becomes_the_net_discount():
    made = planned(an_order(discount_percent=D(10), discount=D("66.00"), total=D("594.00")))
    assert made.parts[0].draft.net_discount_percentage == D(10)
    assert (made.totals.aims, made.totals.reading) == (D("594.00"), "lines less discount")


def test_a_discount_may_be_folded_into_the_prices():
    made = planned(an_order(discount_percent=D(10), total=D("594.00")), OrderSettings(discount_rule="fold_into_price"))
    draft = made.parts[0].draft
    assert (draft.lines[0].price, draft.net_discount_percentage, made.totals.aims) == (D("99.00"), None, D("594.00"))


def test_an_amount_is_a_percentage_only_when_exactly_one():
    exact = planned(an_order(discount=D("33.00"), total=D("627.00")))
    assert (exact.parts[0].draft.net_discount_percentage, exact.totals.agree) == (D(5), True)
    inexact = planned(an_order(discount=D("20.00"), total=D("640.00")))
    assert inexact.parts[0].draft.net_discount_percentage is None
    assert not inexact.totals.agree
    assert inexact.totals.difference == D("20.00")
    assert "JOOR discount 20.00 USD is not in the prices" in inexact.parts[0].draft.header["notes"]


def test_a_discount_that_is_not_carried_never_agrees_even_when_joors_total_leaves_it_out():
    assert not planned(an_order(discount=D("20.00"), total=D("660.00"))).totals.agree


def test_percentage_and_amount_that_disagree_are_shown():
    made = planned(an_order(discount_percent=D(10), discount=D("80.00"), total=D("580.00")))
    assert not made.totals.agree
    assert "10 % and 80.00" in made.totals.words


@pytest.mark.parametrize(
    ("total", "reading"),
    [
        ("660.00", "lines"),
        ("594.00", "lines less discount"),
        ("675.00", "lines and shipping"),
        ("609.00", "lines less discount and shipping"),
        ("609.01", "lines less discount and shipping"),
        ("609.02", None),
        ("600.00", None),
    ],
)
def test_every_documented_reading_of_joors_total_agrees_and_no_other(total, reading):
    made = planned(an_order(discount_percent=D(10), shipping_total=D("15.00"), total=D(total)))
    assert made.totals.reading == reading
    assert made.totals.aims == D("594.00")
    assert any("shipping charge 15.00" in remark for remark in made.remarks)


def test_without_a_total_the_extended_prices_are_compared():
    assert planned(an_order(total=None)).totals.reading == "lines"
    lost = an_order(replace(a_line(), price_extended=None), total=None)
    assert (planned(lost).totals.agree, planned(lost).totals.difference) == (False, None)


def test_folding_that_rounds_away_money_does_not_agree():
    order = an_order(a_line(quantity=100, price="9.99"), discount_percent=D("12.5"), total=D("874.13"))
    made = planned(order, OrderSettings(discount_rule="fold_into_price"))
    assert made.totals.aims == D("874.00")  # 8.74 a piece
    assert not made.totals.agree
    assert planned(order).totals.agree


@pytest.mark.parametrize(
    "change", [{"discount_percent": D(101)}, {"discount_percent": D(-1)}, {"discount": D("660.02")}, {"discount": D(-5)}]
)
def test_discounts_outside_the_order_are_refused(change):
    with pytest.raises(NotPossible, match="discount"):
        planned(an_order(**change))


def test_two_prices_of_one_style_colour_are_refused_with_steps():
    with pytest.raises(NotPossible, match="several prices") as refused:
        planned(an_order(a_line("NVY", "S"), a_line("NVY", "M", price="90.00")))
    assert any("remove" in step for step in refused.value.fix)


def test_every_reason_of_every_line_is_named():
    with pytest.raises(NotPossible) as refused:
        planned(an_order(a_line(quantity=-1), replace(a_line("RED"), price=None)))
    assert "line 1" in refused.value.summary
    assert "line 2" in refused.value.summary


def test_notes_go_where_the_site_says_and_an_unknown_field_is_refused():
    settings = OrderSettings(notes={"order_comments": "packingNotes", "order_delivery_name": "packingNotes"}, cancel_date_note=False)
    header = planned(an_order(), settings).parts[0].draft.header
    assert header["packingNotes"] == "Call first\nFall 1"
    assert "shippingInstructions" not in header
    with pytest.raises(NotPossible, match="'note9'"):
        planned(an_order(), OrderSettings(notes={"order_comments": "note9"}))


def test_a_missing_ship_window_is_remarked():
    assert any("ship window" in remark for remark in planned(an_order(ship_end=None)).remarks)


@pytest.mark.parametrize(
    ("change", "settings", "words"),
    [
        ({}, OrderSettings(), None),
        ({"status": "shipped"}, OrderSettings(statuses="approved"), "status is shipped"),
        ({"status": "cancelled"}, OrderSettings(), "status is cancelled"),
        ({"status": "unknown"}, OrderSettings(), None),
        ({}, OrderSettings(go_live=date(2031, 3, 4)), "before go-live"),
        ({}, OrderSettings(go_live=date(2031, 3, 3)), None),
        ({"date_approved": None}, OrderSettings(go_live=date(2031, 3, 3)), "before go-live"),
    ],
)
def test_what_a_site_does_not_import(change, settings, words):
    why = why_not(an_order(**change), settings)
    assert (why is None) == (words is None)
    assert words is None or words in why


def test_references_are_stable_text():
    assert (reference("7700123"), reference("7700123", "02")) == ("JOOR-7700123", "JOOR-7700123-02")
