"""Which AIMS360 field becomes which JOOR field, and which prices a colour gets."""

from decimal import Decimal
from typing import Any

import pytest

from clients.aims360.types import PriceRow, StyleColor
from clients.joor.types import PriceDraft, TagDraft, TraitDraft
from models.errors import NeedsMapping, NotPossible
from models.settings import StyleSettings
from rules.style_fields import Facts, FieldRow, FieldTable
from rules.style_prices import price_table


def row(**more: Any) -> StyleColor:
    given: dict[str, Any] = {
        "description": "Orla Dress",
        "body_description": "Silk wrap dress",
        "color_description": "Navy",
        "origin_country": "Portugal",
        "wholesale_price": Decimal("110.0"),
        "retail_price": Decimal(275),
        "raw": {"userCode1": "EDIT-7", "minQty": 6, "Labels": [1]},
    }
    return StyleColor("sc-1", "s-1", "D410", "NVY", **(given | more))


def facts(**more: Any) -> Facts:
    details = more.pop("details", None)
    return Facts(row(**more), "01", "Main", "F31", "Fall 31", details)


def table(*rows: FieldRow, **more: Any) -> FieldTable:
    return FieldTable(rows, site_key="us", **more)


# ---- fields ------------------------------------------------------------------------------------------------------------------------------


def test_the_defaults_work_without_a_table() -> None:
    fields = table().product(facts())
    assert (fields.name, fields.number, fields.description) == ("Orla Dress", "D410", "Silk wrap dress")
    assert fields.traits == (TraitDraft("Country of Origin", "Portugal"), TraitDraft("Division", "Main", "01"))
    assert table().color_name(facts()) == "Navy"
    assert table().case_pack(facts()) == 1


def test_a_name_is_never_empty() -> None:
    bare = facts(description="", color_description="")
    assert (table().product(bare).name, table().color_name(bare)) == ("D410", "NVY")


def test_the_division_and_the_fabrication_are_defaults_only_where_the_site_has_them() -> None:
    names = [trait.name for trait in table(division=False).product(facts()).traits]
    assert names == ["Country of Origin"]
    fields = table(details=True).product(facts(details={"FabricContent": "100% Silk"}))
    assert TraitDraft("Fabrication Name", "100% Silk") in fields.traits
    assert table(details=True).product(facts(details={})).traits == table().product(facts()).traits


def test_sources_are_properties_of_any_case_words_constants_and_fallbacks() -> None:
    found = table(
        FieldRow("description", "USERCODE1"),
        FieldRow("order_minimum", "minqty"),
        FieldRow("category", constant="12, 14"),
        FieldRow("trait:Season", "season_name"),
        FieldRow("trait:Silhouette", "bodyCode", fallback="A-line"),
        FieldRow("trait_code:Silhouette", constant="AL"),
        FieldRow("tag:Edit/Mood", "userCode1"),
        FieldRow("case_pack", constant="4"),
    )
    fields = found.product(facts())
    assert (fields.description, fields.order_minimum, fields.categories) == ("EDIT-7", 6, ("12", "14"))
    assert TraitDraft("Season", "Fall 31") in fields.traits
    assert TraitDraft("Silhouette", "A-line", "AL") in fields.traits
    assert fields.tags == (TagDraft("Edit", "Mood", "EDIT-7"),)
    assert found.case_pack(facts()) == 4


def test_an_empty_row_switches_a_default_off() -> None:
    fields = table(FieldRow("trait:Country of Origin"), FieldRow("description")).product(facts())
    assert fields.description == ""
    assert [trait.name for trait in fields.traits] == ["Division"]


@pytest.mark.parametrize("target", ["colour", "trait:", "tag:Edit", "tag:/Mood", ""])
def test_an_unknown_target_is_refused_with_the_list(target: str) -> None:
    with pytest.raises(NotPossible, match="There is no JOOR field") as caught:
        table(FieldRow(target, constant="x"))
    assert "trait:NAME" in caught.value.fix[0]


def test_an_unknown_source_is_refused_with_what_there_is() -> None:
    with pytest.raises(NotPossible, match="taken from 'userCode9'") as caught:
        table(FieldRow("description", "userCode9", fallback="x")).product(facts())
    assert "userCode1" in caught.value.fix[0]
    with pytest.raises(NotPossible) as missing:
        table(FieldRow("description", "fabric_content")).product(facts())
    assert missing.value.fix == ['Read it: joorsync sites set us --style "details=true"']


def test_a_long_description_is_cut_and_said() -> None:
    fields = table().product(facts(body_description="x" * 501, description="y" * 101))
    assert (len(fields.description), fields.description[-1]) == (500, "…")
    assert fields.notes == ("name cut to 100 characters", "description cut to 500 characters")
    assert table().product(facts(body_description="x" * 500)).notes == ()


@pytest.mark.parametrize(("given", "expected"), [("6", 6), ("6.0", 6), ("0", None), ("", None)])
def test_units_are_whole_numbers(given: str, expected: int | None) -> None:
    assert table(FieldRow("order_minimum", constant=given)).product(facts()).order_minimum == expected


@pytest.mark.parametrize("given", ["six", "1.5", "-2"])
def test_other_units_are_refused(given: str) -> None:
    with pytest.raises(NotPossible, match="whole number of units"):
        table(FieldRow("order_minimum", constant=given)).product(facts())


# ---- prices ------------------------------------------------------------------------------------------------------------------------------

USD, EUR = ("US Dollars", "USD"), ("Euro", "EUR/Export")
EUROS = [PriceRow("SC-1", "eur", "EXPORT", Decimal("99.5"), None), PriceRow("sc-2", "EUR", "Export", Decimal(1), None)]
DOLLARS = PriceRow("sc-1", "USD", "Wholesale", Decimal(110), Decimal(275))


def prices(*pairs: tuple[str, str], rows: Any = (), goods: StyleColor | None = None, **settings: Any) -> tuple[PriceDraft, ...]:
    return price_table(pairs, StyleSettings(**settings), "us").of(goods or row(), rows)


def test_the_only_label_gets_the_prices_of_the_row() -> None:
    assert prices(USD) == (PriceDraft("US Dollars", "USD", Decimal("110.00"), Decimal("275.00")),)
    assert str(prices(USD)[0].wholesale) == "110.00"
    assert prices(USD, retail=False)[0].retail is None
    assert prices(USD, goods=row(retail_price=None))[0].retail is None
    assert prices(USD, goods=row(retail_price=Decimal(0)))[0].retail is None


def test_each_currency_takes_its_own_price_level() -> None:
    found = prices(EUR, USD, rows=[*EUROS, DOLLARS], price_source="price_list")
    assert [(price.currency, str(price.wholesale)) for price in found] == [("EUR", "99.50"), ("USD", "110.00")]


def test_only_the_wanted_currencies_are_sent() -> None:
    assert [price.currency for price in prices(EUR, USD, rows=EUROS, price_source="price_list", currencies=["EUR"])] == ["EUR"]


@pytest.mark.parametrize("amount", [None, Decimal(0), Decimal("-1")])
def test_a_price_that_would_be_zero_is_refused_with_style_colour_and_currency(amount: Decimal | None) -> None:
    with pytest.raises(NotPossible, match="Style D410, colour NVY, USD"):
        prices(USD, goods=row(wholesale_price=amount))


def test_a_missing_price_level_is_refused_naming_it() -> None:
    with pytest.raises(NotPossible, match="EUR, level Export: AIMS360 has no wholesale price"):
        prices(EUR, rows=[DOLLARS], price_source="price_list")


def test_two_different_prices_for_one_level_are_refused() -> None:
    with pytest.raises(NotPossible, match="several prices"):
        prices(USD, rows=[DOLLARS, PriceRow("sc-1", "USD", "wholesale", Decimal(120))], price_source="price_list")


def test_a_currency_that_the_rows_do_not_have_needs_the_price_list() -> None:
    with pytest.raises(NotPossible, match="EUR: the style-colours of AIMS360 have prices in USD only") as caught:
        prices(USD, EUR, base_currency="USD")
    assert "price_source=price_list" in caught.value.fix[0]


def test_two_labels_and_no_base_currency_is_a_question() -> None:
    with pytest.raises(NotPossible, match="no setting says which"):
        prices(USD, EUR)


@pytest.mark.parametrize(
    ("pairs", "settings", "currency"),
    [([], {}, "USD"), ([], {"base_currency": "gbp"}, "GBP"), ([USD], {"currencies": ["USD", "EUR"]}, "EUR")],
)
def test_a_missing_label_blocks_with_the_command(pairs: Any, settings: dict[str, Any], currency: str) -> None:
    with pytest.raises(NeedsMapping) as caught:
        prices(*pairs, **settings)
    (missing,) = caught.value.missing
    assert (missing.kind, missing.value) == ("price_label", currency)
    assert missing.fix == f'joorsync map set price-label "LABEL ON JOOR" --aims {currency} --site us'


def test_two_labels_of_one_currency_are_refused() -> None:
    with pytest.raises(NeedsMapping, match="one label per currency") as caught:
        prices(USD, ("Dollars West", "USD/West"))
    assert caught.value.missing[0].fix == 'joorsync map remove price-label "US Dollars" --site us'


def test_a_pair_that_is_no_currency_is_refused() -> None:
    with pytest.raises(NotPossible, match="not CURRENCY or CURRENCY/LEVEL"):
        prices(("US Dollars", "dollars"))
