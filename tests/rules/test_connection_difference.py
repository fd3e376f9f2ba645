"""What JOOR does not show of what it was sent; what is merely written in another manner is no difference."""

from dataclasses import replace

import pytest

from clients.joor.types import CodeName, ConnectionAddress, ConnectionDraft, PriceTypeName
from rules.connection_difference import differences

QUAY = ConnectionAddress("BILL", "Harbor & Pine", "207 555 0100", "", "9 Quay St", "", "Portland", "ME", "04101", "US")
NORTH = replace(QUAY, code="0001", name="North", email="north@harbor.example")
SOUTH = replace(QUAY, code="0002", name="South", address_1="1 Pier", city="Salem", state="MA", postal_code="01970")
USD, EUR = PriceTypeName("US Dollars", "USD", "USD"), PriceTypeName("Euro", "EUR", "EUR")
SENT = ConnectionDraft(
    "HARB",
    "Harbor & Pine",
    email="orders@harbor.example",
    group=CodeName("IND", "Independents"),
    sales_rep_code="R1",
    buyers=(("Ada Lund", "ada@harbor.example"),),
    billing=(QUAY,),
    payment_methods=(CodeName("N30", "Net 30"), CodeName("CC", "Card")),
    shipping=(NORTH, SOUTH),
    shipping_methods=(CodeName("UPSG", "UPS Ground"),),
    price_types=(USD, EUR),
    create_doors=True,
)
SHOWN = replace(SENT, create_doors=False)


def test_what_is_there_is_no_difference_and_neither_is_what_joor_has_besides():
    more = replace(
        SHOWN,
        alias="by hand",
        payment_methods=(*SHOWN.payment_methods, CodeName("COD", "Cash")),
        shipping=(*SHOWN.shipping, replace(NORTH, code="BY HAND")),
        warehouses=(CodeName("NJ", "New Jersey"),),
    )
    assert differences(SENT, SHOWN) == differences(SENT, more) == []
    assert differences(ConnectionDraft("HARB", "Harbor & Pine"), more) == []


def test_lists_may_come_in_any_order():
    turned = replace(
        SHOWN, shipping=(SOUTH, NORTH), price_types=(EUR, USD), payment_methods=(CodeName("CC", "Card"), CodeName("N30", "Net 30"))
    )
    assert differences(SENT, turned) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"customer_name": "Harbour"}, ["name: 'Harbor & Pine' was sent, JOOR shows 'Harbour'"]),
        ({"email": ""}, ["e-mail: 'orders@harbor.example' was sent, JOOR shows none"]),
        ({"sales_rep_code": "R2"}, ["sales rep: 'R1' was sent, JOOR shows 'R2'"]),
        ({"group": None}, ["customer group: 'IND' was sent, JOOR shows none"]),
        ({"buyers": ()}, ["buyer: 'ada@harbor.example' was sent, JOOR shows none"]),
        ({"payment_methods": (CodeName("N30", "Net 30"),)}, ["payment method: 'CC' was sent, JOOR shows 'N30'"]),
        ({"shipping_methods": (CodeName("upsg", "UPS Ground"),)}, ["shipping method: 'UPSG' was sent, JOOR shows 'upsg'"]),
        ({"price_types": (USD,)}, ["price type: 'Euro (EUR)' was sent, JOOR shows 'US Dollars (USD)'"]),
        (
            {"price_types": (PriceTypeName("US dollars", "USD"), EUR)},
            ["price type: 'US Dollars (USD)' was sent, JOOR shows 'US dollars (USD), Euro (EUR)'"],
        ),
        (
            {"price_types": (replace(USD, retail_currency="CAD"), EUR)},
            ["retail currency of price type US Dollars: 'USD' was sent, JOOR shows 'CAD'"],
        ),
        ({"billing": ()}, ["bill-to BILL: 'Harbor & Pine, 9 Quay St, Portland, ME, 04101, US' was sent, JOOR shows none"]),
        (
            {"shipping": (replace(NORTH, city="Bangor", postal_code="04401"), SOUTH)},
            [
                "ship-to 0001, city: 'Portland' was sent, JOOR shows 'Bangor'",
                "ship-to 0001, postal code: '04101' was sent, JOOR shows '04401'",
            ],
        ),
        (
            {"shipping": (replace(NORTH, code="STORE-N"), SOUTH)},
            [
                "ship-to 0001: 'North, 9 Quay St, Portland, ME, 04101, US' was sent, JOOR shows "
                "'STORE-N North, 9 Quay St, Portland, ME, 04101, US; 0002 South, 1 Pier, Salem, MA, 01970, US'"
            ],
        ),
    ],
)
def test_what_joor_does_not_show_is_named_with_both_values(change, words):
    assert differences(SENT, replace(SHOWN, **change)) == words


def test_several_are_told_at_once():
    found = differences(SENT, replace(SHOWN, email="other@harbor.example", shipping=(NORTH,), price_types=()))
    assert [line.partition(":")[0] for line in found] == ["e-mail", "ship-to 0002", "price type", "price type"]


@pytest.mark.parametrize(
    "change",
    [
        {"phone": "+1 (207) 555-0100"},
        {"phone": "2075550100"},
        {"phone": "555 0100"},
        {"country": "United States"},
        {"country": " us "},
        {"postal_code": "04 101"},
        {"city": "PORTLAND", "state": "me"},
        {"name": " Harbor  &  Pine "},
        {"email": "somebody@harbor.example"},  # was not sent
        {"code": ""},  # not shown, but all the rest is
    ],
)
def test_another_way_to_write_an_address_is_no_difference(change):
    assert differences(SENT, replace(SHOWN, billing=(replace(QUAY, **change),))) == []


@pytest.mark.parametrize(
    "change",
    [
        {"phone": "207 555 0199"},
        {"phone": "0100"},
        {"phone": "none"},
        {"country": "CA"},
        {"country": ""},
        {"postal_code": ""},
        {"address_1": "9 Quay Street"},
    ],
)
def test_another_address_is_a_difference(change):
    (found,) = differences(SENT, replace(SHOWN, billing=(replace(QUAY, **change),)))
    assert found.startswith("bill-to BILL, ")


def test_names_stand_for_codes_only_where_one_side_has_none():
    nameless = replace(SENT, payment_methods=(CodeName("", "net 30"),))
    assert differences(nameless, SHOWN) == []
    assert differences(SENT, replace(SHOWN, payment_methods=(CodeName("", "Net 30"), CodeName("", "CARD")))) == []
    assert differences(SENT, replace(SHOWN, group=CodeName("OTHER", "Independents")))


def test_a_retail_currency_that_joor_does_not_show_is_not_missed():
    assert differences(SENT, replace(SHOWN, price_types=(PriceTypeName("US Dollars", "USD"), EUR))) == []
