"""Codes, UPCs, addresses, differences, and who an AIMS360 order belongs to."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from clients.aims360.types import OrderRow, SizeRow, Store, StyleColor
from clients.joor.types import Address, Connection, ConnectionAddress, ConnectionDraft
from models.accounts import account_rule_words, retailer_key, retailer_of
from models.settings import OrderSettings, StyleSettings
from rules.order_difference import cancel_steps, change_steps, difference
from rules.order_duplicates import Lookup, judge
from rules.order_references import customer_keys, is_retailer, match_sku, new_account, pair_keys, same_upc, store_at, style_keys
from tests.rules.test_orders import a_line, an_order

NAVY = StyleColor("sc-1", "st", "D410", "NVY", sizes=(SizeRow("S", "012345678905"), SizeRow("M", "012345678912"), SizeRow("m", None)))
RED = StyleColor("sc-2", "st", "D410", "RED", sizes=(SizeRow("M", "999999999993"),))


def test_style_keys_try_the_identifier_first_and_take_the_colour_off_a_split_card():
    line = replace(a_line(), style_identifier="D410-NVY", style_number="D410X")
    assert style_keys(line, StyleSettings()) == [("D410-NVY", "NVY"), ("D410X", "NVY")]
    assert style_keys(line, StyleSettings(card="style_color")) == [("D410", "NVY"), ("D410X", "NVY")]
    assert style_keys(replace(line, style_identifier="-NVY"), StyleSettings(card="style_color"))[0] == ("-NVY", "NVY")
    assert pair_keys(replace(line, upc="84")) == ["84", "D410-NVY|NVY", "D410X|NVY", "D410-NVY", "D410X"]


def test_sizes_are_case_sensitive():
    assert match_sku(NAVY, ["M"], a_line(), [NAVY]).size == "M"
    assert match_sku(NAVY, ["m"], a_line(size="m"), [NAVY]).size == "m"
    assert match_sku(NAVY, ["XL"], a_line(size="XL"), [NAVY]).size is None


@pytest.mark.parametrize(
    ("upc", "size", "found", "words"),
    [
        ("12345678912", "M", "M", ""),  # leading zeros are spelling
        ("", "M", "M", ""),
        ("012345678905", "M", None, "belongs to D410 NVY S"),
        ("999999999993", "M", None, "belongs to D410 RED M"),
        ("111111111117", "M", None, "not known for that style"),
        ("111111111117", "m", "m", ""),  # AIMS360 has no UPC there: nothing to agree with
        ("012345678905", "m", None, "belongs to D410 NVY S"),
        ("012345678905", "Small", "S", ""),  # no such size, the UPC names the SKU
        ("999999999993", "Small", None, ""),  # but never one of another colour
    ],
)
def test_a_upc_agrees_identifies_or_speaks_against(upc, size, found, words):
    match = match_sku(NAVY, [size], replace(a_line(size=size), upc=upc), [NAVY, RED])
    assert match.size == found
    assert words in match.conflict
    assert bool(match.conflict) == bool(words)


def test_a_size_mapped_to_two_sizes_of_the_style_is_a_conflict():
    assert "several sizes" in match_sku(NAVY, ["S", "M"], a_line(), [NAVY]).conflict


def test_upcs_compare_without_leading_zeros():
    assert same_upc("0012345", "12345")
    assert not same_upc("12345", "123450")


def test_customer_keys_prefer_the_code_and_fall_back_to_what_a_person_paired():
    order = an_order(shipping=Address(code="STORE1", postal_code="04101"))
    assert customer_keys(order) == ["C-1", "shipping:STORE1"]
    assert customer_keys(replace(order, customer_code=" ", shipping=Address(code="0", postal_code="04101"))) == [
        "retailer:Harbor & Pine/04101"
    ]


def test_a_new_account_is_the_customer_code_or_derived_the_same_way_every_time():
    plain = OrderSettings()
    assert new_account(an_order(), plain) == "C-1"
    nameless = replace(an_order(), customer_code="", customer_name="Château d'Eau")
    assert new_account(nameless, plain) == new_account(nameless, plain)
    assert new_account(nameless, plain).startswith("CHAT")
    assert len(new_account(nameless, plain)) == 8
    assert new_account(replace(nameless, customer_name="Chateau deux"), plain) != new_account(nameless, plain)


@pytest.mark.parametrize(
    ("settings", "account"),
    [
        ({}, "HARBCE6E"),
        ({"account_prefix": "J-"}, "J-HARBCE6E"),
        ({"account_letters": 10, "account_digest": 6}, "HARBORPINECE6E23"),
        ({"account_letters": 0}, "CE6E"),
    ],
)
def test_prefix_letters_and_digest_of_an_account_are_the_sites_settings(settings, account):
    order = replace(an_order(), customer_code="", customer_name="Harbor & Pine", billing=Address(postal_code="04101"))
    assert new_account(order, OrderSettings(**settings)) == account


def test_the_rule_of_accounts_is_told_in_one_sentence():
    assert account_rule_words(OrderSettings()) == (
        "JOOR's customer code where the retailer has one, else the first 4 letters or digits of the name (accents taken off, upper case), "
        "then the first 4 hexadecimal digits of the SHA-256 of 'retailer:NAME/POSTAL CODE'"
    )
    assert "else 'J-', then the first 6 hex" in account_rule_words(OrderSettings(account_prefix="J-", account_letters=0, account_digest=6))


def test_a_retailers_key_gives_back_name_and_postal_code():
    assert retailer_of(retailer_key(" Bar/Foo ", "04101 ")) == ("Bar/Foo", "04101")
    for other in ("shipping:STORE1", "HARB", "retailer:nothing"):
        with pytest.raises(ValueError, match="not the key of a retailer"):
            retailer_of(other)


@pytest.mark.parametrize(
    ("name", "postal", "same"),
    [
        ("Harbor & Pine", "04101", True),
        ("HARBOR  & PINE.", "0410 1", True),
        ("Harbor & Pine", "SW1A 1AA", True),  # of a ship-to
        ("Harbor & Pine", "10001", False),
        ("Harbor & Pine", "", False),
        ("Harbor & Oak", "04101", False),
        ("", "04101", False),
    ],
)
def test_a_retailer_is_known_by_name_and_postal_code_together(name, postal, same):
    shown = ConnectionDraft(
        "", "Harbor & Pine", billing=(ConnectionAddress(postal_code="04101"),), shipping=(ConnectionAddress(postal_code="sw1a1aa"),)
    )
    assert is_retailer(Connection("c-1", "", "Harbor & Pine", "", (), shown), name, postal) is same
    assert not is_retailer(Connection("c-1", "", "Harbor & Pine", "", ()), name, postal)


PLACE = Address(name="Store 1", address_1="9 Quay St.", city="PORTLAND", region="ME", postal_code="04101")
STORE = Store("s-1", "c", "A", "Store 1", "9 quay st", "", "Portland", "ME", "04101", "us")


def test_addresses_are_equal_whole_and_normalised():
    assert store_at(PLACE, [STORE], "us") is STORE
    assert store_at(replace(PLACE, address_2="Floor 2"), [STORE], "us") is None
    assert store_at(PLACE, [STORE], "fr") is None
    twin = replace(STORE, id="s-2", name="Other")
    assert store_at(PLACE, [twin, STORE], "us") is STORE
    assert store_at(replace(PLACE, name="Third"), [twin, STORE], "us") is None


def test_equal_orders_have_no_difference_and_shipping_is_no_edit():
    order = an_order()
    later = replace(order, date_modified=datetime(2031, 4, 1, tzinfo=UTC), total=Decimal("660.0"), status="shipped")
    assert difference(order, later) == []


def test_edits_are_listed_field_by_field_and_become_steps():
    order = an_order(a_line("NVY"), a_line("RED"))
    later = replace(
        order, purchase_order="PO-89", lines=(a_line("NVY", quantity=8), a_line("BLU")), shipping=replace(order.shipping, city="Rome")
    )
    rows = {row["field"]: (row["imported"], row["now"]) for row in difference(order, later)}
    assert rows == {
        "purchase order": ("PO-88", "PO-89"),
        "ship-to city": ("", "Rome"),
        "line D410 / NVY / M: quantity": ("6", "8"),
        "line D410 / RED / M": ("6 at 110", ""),
        "line D410 / BLU / M": ("", "6 at 110"),
    }
    steps = change_steps("7700123", ["100234"], difference(order, later))
    assert steps[0] == "Open order 100234 in AIMS360 (JOOR order 7700123)."
    assert "Change line D410 / RED / M from 6 at 110 to nothing." in steps


def test_cancelling_is_a_difference_of_status():
    order = an_order()
    assert difference(order, replace(order, status="cancelled")) == [{"field": "status", "imported": "approved", "now": "cancelled"}]
    assert "100234" in cancel_steps("1", ["100234"])[1]


OURS, THEIRS, SILENT = OrderRow("1", "JOOR-7"), OrderRow("2", "JOOR-8"), OrderRow("3", None, customer_purchase_order="PO-88")


@pytest.mark.parametrize(
    ("rows", "was_sent", "spoken_for", "not_ours", "answer"),
    [
        ([], True, (), (), Lookup()),
        ([OURS, THEIRS, SILENT], True, (), (), Lookup(found="1")),
        ([THEIRS], True, (), (), Lookup()),
        ([OURS, replace(OURS, order="9")], False, (), (), Lookup(candidates=("1", "9"))),
        ([SILENT], True, (), (), Lookup(candidates=("3",))),
        ([SILENT], False, (), (), Lookup(candidates=("3",))),
        ([replace(SILENT, customer_purchase_order="PO-1")], False, (), (), Lookup()),
        ([replace(SILENT, customer_purchase_order="PO-1")], True, (), (), Lookup(candidates=("3",))),
        ([SILENT], True, ("3",), (), Lookup()),
        ([SILENT], False, (), ("3",), Lookup()),
    ],
)
def test_only_our_reference_is_ours_and_a_row_without_one_is_never_guessed(rows, was_sent, spoken_for, not_ours, answer):
    assert judge(rows, "JOOR-7", "PO-88", was_sent=was_sent, spoken_for=spoken_for, not_ours=not_ours) == answer
