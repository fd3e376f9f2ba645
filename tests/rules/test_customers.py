"""From an AIMS360 customer to a JOOR connection: what is sent, under which codes, and what is missing."""

from dataclasses import replace
from typing import Any

import pytest

from clients.aims360.types import Customer, Store
from clients.joor.types.customers import CodeName, ConnectionAddress, ConnectionDraft, PriceTypeName
from models.settings import CustomerSettings
from rules.customer_codes import Code, CodeTable, CustomerCodes, Label, PriceLabels, StoreCodes, StoredPair, labels_of
from rules.customers import CustomerFrame, connection_from, connection_json, draft, draft_digest, expected, is_open, meets

TERMS = {"t30": Code("NET30", "Net 30"), "t60": Code("NET60", "Net 60")}
USD = Label("US Dollars", "USD", pair=1)
HARB = Customer(
    "1", "HARB", "Harbor & Pine", "orders@harbor.example", "207-555", contact="Ada Lund", term_id="T30", currency="usd", group="Key",
    address1="9 Quay St", city="Portland", state="ME", zip_code="04101", country_id="us-id",
)  # fmt: skip
SHOP = Store("s", "1", "S1", "Store 1", "1 Main St", city="Bath", state="ME", zip_code="04530", country_id="US-ID")


def frame(**more: Any) -> CustomerFrame:
    settings = more.pop("settings", {})
    given: dict[str, Any] = {
        "terms": CodeTable(TERMS, [StoredPair("N30", "NET30", "Net 30 days", id=2)]),
        "countries": CodeTable({"us-id": Code("US", "United States")}),
        "country_rows": {"us-id": Code("US", "United States")},
        "labels": PriceLabels((USD,)),
        "site_key": "us",
    }
    return CustomerFrame(settings=CustomerSettings(**settings), **(given | more))


def gaps(customer: Customer, **more: Any) -> list[tuple[str, str]]:
    return [(gap.kind, gap.value) for gap in draft(customer, [], frame(**more)).gaps]


def labels(customer: Customer, *pairs: tuple[str, str], **settings: Any) -> list[str]:
    table = PriceLabels(
        labels_of(StoredPair(joor, aims) for joor, aims in pairs),
        settings.get("fixed_price_labels", ()),
        always_fixed=settings.get("price_labels") == "fixed",
    )
    plan = draft(customer, [], frame(labels=table, settings=settings))
    return [price.label for price in plan.draft.price_types] or [gap.value for gap in plan.gaps]


# ---- the draft -------------------------------------------------------------------------------------------------------------------------


def test_a_whole_customer() -> None:
    plan = draft(HARB, [SHOP], frame())
    assert plan.draft == ConnectionDraft(
        "HARB",
        "Harbor & Pine",
        email="orders@harbor.example",
        contact_name="Ada Lund",
        group=CodeName("Key", "Key"),
        billing=(ConnectionAddress("HARB", "Harbor & Pine", "207-555", "", "9 Quay St", "", "Portland", "ME", "04101", "US"),),
        payment_methods=(CodeName("N30", "Net 30 days"),),
        shipping=(ConnectionAddress("S1", "Store 1", "", "", "1 Main St", "", "Bath", "ME", "04530", "US"),),
        price_types=(PriceTypeName("US Dollars", "USD", "USD"),),
    )
    assert plan.gaps == ()
    assert plan.pairs == {1, 2}


def test_what_aims360_does_not_show_is_not_sent() -> None:
    plan = draft(Customer("1", "HARB", currency="USD"), [], frame())
    assert plan.draft == ConnectionDraft("HARB", "HARB", price_types=(PriceTypeName("US Dollars", "USD", "USD"),))


def test_settings_leave_parts_out() -> None:
    off = {"terms": False, "ship_vias": False, "sales_reps": False, "groups": False, "create_doors": True}
    plan = draft(replace(HARB, sales_rep_id="?", ship_via_id="?"), [], frame(settings=off, retail=False))
    assert (plan.draft.payment_methods, plan.draft.group, plan.draft.sales_rep_code, plan.gaps) == ((), None, "", ())
    assert plan.draft.create_doors
    assert plan.draft.price_types[0].retail_currency == ""


def test_closed_stores_are_left_out_and_open_ones_are_in_order() -> None:
    stores = [
        replace(SHOP, code="S3"),
        replace(SHOP, code="S2", active=False),
        replace(SHOP, code="S1", no_shipment=True),
        replace(SHOP, code="S0"),
    ]
    assert [address.code for address in draft(HARB, stores, frame()).draft.shipping] == ["S0", "S3"]


def test_a_store_has_the_shipping_code_that_a_pair_says() -> None:
    pairs = StoreCodes([StoredPair("HARB|DOOR9", "HARB|S1"), StoredPair("OTHER|X", "HARB|S1")])
    assert draft(HARB, [SHOP], frame(stores=pairs)).draft.shipping[0].code == "DOOR9"
    assert draft(HARB, [replace(SHOP, code="S2")], frame(stores=pairs)).draft.shipping[0].code == "S2"


def test_a_draft_survives_being_stored() -> None:
    made = draft(HARB, [SHOP], frame()).draft
    made = replace(made, buyers=(("Ada", "ada@harbor.example"),), company_number=CodeName("7"), warehouses=(CodeName("NJ", "NJ"),))
    assert connection_from(connection_json(made)) == made
    assert draft_digest(connection_from(connection_json(made))) == draft_digest(made)


# ---- codes -----------------------------------------------------------------------------------------------------------------------------


def test_a_pair_is_meant_before_an_equal_code_and_an_equal_code_only_where_joor_uses_it() -> None:
    row = Code("NET30", "Net 30")
    assert CodeTable({}, [StoredPair("N30", "NET30")], {"NET30": ""}).of(row).code == "N30"
    assert (CodeTable({}, [], {"NET30": ""}).of(row).code, CodeTable({}, [], {"NET30": ""}).of(row).name) == ("NET30", "Net 30")
    assert CodeTable({}, [], {"net30": ""}).of(row).code == "", "codes are compared to the letter"
    assert CodeTable({}, [StoredPair("NET30", "", ignored=True)], {"NET30": ""}).of(row).code == ""


def test_of_several_codes_the_primary_one_is_meant_else_it_is_a_gap() -> None:
    row = Code("NET30")
    both = [StoredPair("A", "NET30", primary=False), StoredPair("B", "NET30", primary=True)]
    assert CodeTable({}, both).of(row).code == "B"
    neither = CodeTable({}, [StoredPair("A", "NET30"), StoredPair("B", "NET30")]).of(row)
    assert (neither.code, neither.value) == ("", "NET30")
    assert "A and B" in neither.why
    assert CodeTable({}, [StoredPair("A", "NET30"), StoredPair("NET30", "NET30")]).of(row).code == "NET30"


def test_every_gap_is_named_once_with_where_and_the_command() -> None:
    plan = draft(replace(HARB, term_id="t60", sales_rep_id="gone"), [SHOP], frame(sales_reps=CodeTable(None, what="sales rep")))
    assert [(gap.kind, gap.value) for gap in plan.gaps] == [("term", "NET60"), ("sales_rep", "gone")]
    assert plan.gaps[0].where == "customer HARB, terms (JOOR's code for it is not known)"
    assert plan.gaps[0].fix == 'joorsync map set term "CODE ON JOOR" --aims "NET60" --site us'
    assert "AIMS360 shows no list of sales reps" in plan.gaps[1].where


def test_gaps_are_left_out_with_a_note_where_the_settings_say_so() -> None:
    plan = draft(replace(HARB, term_id="t60"), [], frame(settings={"missing_pair": "leave_out"}))
    assert (plan.gaps, plan.draft.payment_methods) == ((), ())
    assert plan.notes == ("terms NET60 left out: JOOR's code for it is not known",)


def test_iso_countries_are_sent_as_they_are_and_others_need_a_pair() -> None:
    rows = {"us-id": Code("SWE", "Sweden")}
    assert gaps(HARB, countries=CodeTable(rows), country_rows=rows) == [("country", "SWE")]
    paired = frame(countries=CodeTable(rows, [StoredPair("SE", "SWE")]), country_rows=rows)
    assert draft(HARB, [], paired).draft.billing[0].country == "SE"


# ---- customer codes --------------------------------------------------------------------------------------------------------------------


def test_the_pair_says_the_customer_code_and_keys_that_are_no_codes_do_not() -> None:
    codes = CustomerCodes([StoredPair("H-1", "HARB", id=7), StoredPair("shipping:S9", "NOIR"), StoredPair("retailer:Noir/75001", "NOIR")])
    assert (codes.of("HARB").code, codes.of("HARB").paired) == ("H-1", True)
    assert (codes.of("NOIR").code, codes.of("NOIR").paired, codes.of("NOIR").retailer) == ("NOIR", False, "Noir/75001")
    assert codes.of("NEW").code == "NEW"


def test_no_two_accounts_have_one_code() -> None:
    codes = CustomerCodes([StoredPair("HARB", "NOIR", id=1), StoredPair("TEST", "", ignored=True)])
    assert codes.of("NOIR").code == "HARB"
    assert "mapped to NOIR" in codes.of("HARB").problem
    assert codes.of("TEST").left_out


def test_several_codes_of_one_account_are_a_gap_unless_one_is_primary_or_equal() -> None:
    two = [StoredPair("H-1", "HARB"), StoredPair("H-2", "HARB")]
    assert CustomerCodes(two).of("HARB").several == ("H-1", "H-2")
    assert gaps(HARB, customers=CustomerCodes(two)) == [("customer", "HARB")]
    assert CustomerCodes([*two, StoredPair("HARB", "HARB")]).of("HARB").code == "HARB"
    assert CustomerCodes([StoredPair("H-1", "HARB", primary=False), StoredPair("H-2", "HARB")]).of("HARB").code == "H-2"


# ---- price labels ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "level", "pairs", "found"),
    [
        ("USD", "", [("US Dollars", "USD"), ("EU Euro", "EUR")], ["US Dollars"]),
        ("EUR", "Wholesale", [("US Dollars", "USD"), ("EU Euro", "EUR")], ["EU Euro"]),
        ("GBP", "", [("US Dollars", "USD")], ["GBP"]),
        ("USD", "club", [("US Dollars", "USD"), ("Club", "USD/Club")], ["Club"]),
        ("USD", "Retail", [("US Dollars", "USD"), ("Club", "USD/Club")], ["US Dollars"]),
        ("USD", "", [("US Dollars", "USD"), ("Club", "USD/Club")], ["US Dollars"]),
        ("USD", "Retail", [("Club", "USD/Club")], ["USD/Retail"]),
        ("USD", "", [("Club", "USD/Club")], ["Club"]),
        ("USD", "", [("One", "USD"), ("Two", "USD")], ["USD"]),
        ("", "", [("US Dollars", "USD")], ["US Dollars"]),
        ("", "", [("US Dollars", "USD"), ("EU Euro", "EUR")], ["no currency"]),
    ],
)  # fmt: skip
def test_the_label_of_currency_and_price_level_or_a_gap(currency: str, level: str, pairs: list[tuple[str, str]], found: list[str]) -> None:
    assert labels(replace(HARB, currency=currency, price_level=level), *pairs) == found


def test_fixed_labels_are_for_all_or_for_those_without_a_currency() -> None:
    pairs = ("US Dollars", "USD"), ("EU Euro", "EUR")
    assert labels(HARB, *pairs, fixed_price_labels=["EU Euro"]) == ["US Dollars"]
    assert labels(replace(HARB, currency=""), *pairs, fixed_price_labels=["EU Euro"]) == ["EU Euro"]
    assert labels(HARB, *pairs, fixed_price_labels=["EU Euro", "US Dollars"], price_labels="fixed") == ["EU Euro", "US Dollars"]
    assert labels(HARB, *pairs, fixed_price_labels=["Yen"], price_labels="fixed") == ["Yen"]


def test_price_labels_are_never_left_out() -> None:
    assert gaps(replace(HARB, currency="GBP"), settings={"missing_pair": "leave_out"}) == [("price_label", "GBP")]


# ---- what counts as a change -------------------------------------------------------------------------------------------------------------


def test_pairs_and_settings_that_are_used_change_the_expectation_and_others_do_not() -> None:
    before = expected(HARB, [SHOP], frame(), "digest")
    assert expected(HARB, [SHOP], frame(), "digest") == before
    assert expected(HARB, [SHOP], frame(), "other digest") != before
    assert expected(HARB, [SHOP], frame(), "digest", gone=True) != before
    other = CodeTable(TERMS, [StoredPair("N30", "NET30", "Net 30 days", id=2), StoredPair("N60", "NET60")])
    assert expected(HARB, [SHOP], frame(terms=other), "digest") == before
    assert expected(HARB, [SHOP], frame(terms=CodeTable(TERMS, [StoredPair("X", "NET30")])), "digest") != before
    assert expected(HARB, [SHOP], frame(settings={"look_hours": 9}), "digest") == before
    assert expected(HARB, [SHOP], frame(settings={"terms": False}), "digest") != before


def test_a_closed_customer_has_no_draft_to_expect() -> None:
    closed = replace(HARB, status="No Shipment")
    assert expected(closed, [], frame(), "digest") == expected(closed, [], frame(terms=CodeTable({})), "digest")


@pytest.mark.parametrize(
    ("status", "orderable"), [("Active", True), ("active ", True), ("Inactive", False), ("No Shipment", False), ("", False)]
)
def test_only_active_customers_are_orderable(status: str, orderable: bool) -> None:
    assert is_open(replace(HARB, status=status)) is orderable


def test_fields_say_whose_customers_these_are() -> None:
    settings = CustomerSettings(fields={"division": ["WOMEN", "MEN"], "web": ["True"]})
    assert meets(replace(HARB, raw={"division": " MEN", "web": True}), settings)
    assert not meets(replace(HARB, raw={"division": "MEN"}), settings)
    assert meets(HARB, CustomerSettings())
