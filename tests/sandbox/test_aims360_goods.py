"""The pretend AIMS360's prices and changes of goods, and its size: what a catalogue is made of."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox.aims360 import Aims360
from sandbox.faults import Memory
from sandbox.server import Listener
from sandbox.stock import generate
from sandbox.stock_draw import check_digit
from tests.sandbox.aims_remote import AimsRemote

STYLE_COLORS, PRICES = "StyleColors/v1.1/StyleColors", "styles/v1.0/prices"


@pytest.fixture
def two_accounts() -> Iterator[AimsRemote]:
    memory, brand = Memory(), generate(5, styles=12, orders=0, customers=4, accounts=("us", "eu"), now=datetime.now(UTC))
    listener = Listener(Aims360(brand, memory), memory).start()
    with httpx.Client(timeout=5) as http:
        yield AimsRemote(listener.url, http, brand)
    listener.stop()


def since(aims: AimsRemote, moment: datetime) -> set[tuple[str, str]]:
    rows = aims.query(STYLE_COLORS, f"lastModifiedOn ge {moment.isoformat()}", pagesize=250)
    return {(row["style"], row["color"]) for row in rows}


# Prices


def test_every_style_colour_has_its_own_currency_first_and_another_in_steps_of_a_half(two_accounts: AimsRemote) -> None:
    aims = two_accounts
    rows = aims.rows(PRICES, pagesize=250)
    by_color: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_color.setdefault(row["styleColorID"], []).append(row)
    assert by_color.keys() == {color.id for color in aims.brand.style_colors}
    currencies = {tuple(row["currencyCode"] for row in prices) for prices in by_color.values()}
    assert currencies == {("USD", "EUR"), ("EUR", "GBP")}
    assert {row["priceLevel"] for row in rows} == {"Wholesale"}
    others = [row for prices in by_color.values() for row in prices[1:]]
    assert all(row[name] * 2 % 1 == 0 for row in others for name in ("wholesalePrice", "retailPrice"))
    own = {color.id: (float(color.wholesale), float(color.retail)) for color in aims.brand.style_colors}
    assert all((prices[0]["wholesalePrice"], prices[0]["retailPrice"]) == own[key] for key, prices in by_color.items())


def test_people_change_a_price_and_a_price_in_another_currency_stands_still(two_accounts: AimsRemote) -> None:
    aims = two_accounts
    color = aims.color()
    own, other = aims.query(PRICES, f"styleColorID eq {color.id}")
    aims.change("style_colors", style=color.style, color=color.color, wholesale="91.50", retail="230")
    assert aims.query(PRICES, f"styleColorID eq {color.id}") == [own | {"wholesalePrice": 91.5, "retailPrice": 230.0}, other]
    new = {other["currencyCode"]: None, "CAD": {"wholesale": "120.50", "retail": "300"}}
    aims.change("style_colors", style=color.style, color=color.color, prices=new)
    rows = aims.query(PRICES, f"styleColorID eq {color.id}")
    assert [(row["currencyCode"], row["wholesalePrice"]) for row in rows] == [(own["currencyCode"], 91.5), ("CAD", 120.5)]
    wrong = {"style": color.style, "color": color.color, "prices": {own["currencyCode"]: {"wholesale": 1, "retail": 2}}}
    assert aims.http.post(f"{aims.url}/_aims/style_colors", json=wrong).status_code == 400
    unreadable = {"style": color.style, "wholesale": "much"}
    assert aims.http.post(f"{aims.url}/_aims/style_colors", json=unreadable).status_code == 400


# Changes


def test_only_what_people_changed_is_found_by_its_change_time(aims: AimsRemote) -> None:
    first, second = aims.brand.style_colors[0], aims.brand.style_colors[-1]
    aims.advance(seconds=3600)
    moment = datetime.now(UTC) + timedelta(minutes=30)
    assert since(aims, moment) == set()
    aims.change("style_colors", style=first.style, color=first.color, active=False)
    assert since(aims, moment) == {(first.style, first.color)}
    aims.change("style_colors", style=second.style, description="New Name")
    named = {(color.style, color.color) for color in aims.brand.style_colors if color.style == second.style}
    assert since(aims, moment) == {(first.style, first.color)} | named
    assert {row["description"] for row in aims.query(STYLE_COLORS, f"style eq '{second.style}'")} == {"New Name"}


def test_a_colour_added_by_people_has_sizes_and_upcs_of_its_own_and_prices(aims: AimsRemote) -> None:
    color = aims.color()
    made = aims.change("add_color", style=color.style, color="NEW", color_description="New Green", wholesale="70")
    [row] = aims.query(STYLE_COLORS, f"style eq '{color.style}' and color eq 'NEW'", **{"$expand": "sizes"})
    assert (row["styleColorID"], row["styleID"], row["colorDescription"]) == (made["style_color_id"], color.style_id, "New Green")
    assert [size["sizeName"] for size in row["sizes"]] == [size.name for size in color.sizes]
    upcs = [size.upc for other in aims.brand.style_colors for size in other.sizes if size.upc]
    assert len(upcs) == len(set(upcs))
    assert {size["upc"] for size in row["sizes"]} <= set(upcs)
    assert all(upc[-1] == check_digit(upc[:-1]) for upc in upcs)
    assert aims.query(PRICES, f"styleColorID eq {made['style_color_id']}")[0]["wholesalePrice"] == 70.0
    for body, status in (({"style": color.style, "color": "NEW"}, 400), ({"style": "NONE", "color": "NEW"}, 404)):
        assert aims.http.post(f"{aims.url}/_aims/add_color", json=body).status_code == status


def test_a_style_colour_is_found_by_style_by_id_and_by_both_whatever_else_is_asked(aims: AimsRemote) -> None:
    color, other = aims.brand.style_colors[0], aims.brand.style_colors[-1]
    assert [row["color"] for row in aims.query(STYLE_COLORS, f"style eq '{color.style}' and styleColorID eq {color.id.upper()}")] == [
        color.color
    ]
    assert aims.query(STYLE_COLORS, f"style eq '{other.style}' and styleColorID eq {color.id}") == []
    aims.set(odata_extra=True)
    either = aims.query(STYLE_COLORS, f"styleColorID eq {color.id} or styleColorID eq {other.id}")
    assert {row["styleColorID"] for row in either} == {color.id, other.id}
    assert aims.query(STYLE_COLORS, f"style eq '{color.style}' and (color eq 'NONE' or styleColorID eq {color.id})")


# Size


def test_a_page_of_a_catalogue_of_five_thousand_styles_is_as_cheap_as_any() -> None:
    memory, brand = Memory(), generate(2, styles=5000, orders=0, customers=4, now=datetime.now(UTC))
    assert sum(len(color.sizes) for color in brand.style_colors) >= 100_000
    listener = Listener(Aims360(brand, memory), memory).start()
    with httpx.Client(timeout=30) as http:
        aims = AimsRemote(listener.url, http, brand)
        aims.bearer()
        begun = time.perf_counter()
        for skip in range(0, 10_000, 250):
            rows = aims.rows(STYLE_COLORS, **{"$expand": "sizes", "$count": "true", "$skip": skip, "pagesize": 250})
            assert len(rows) == 250
        pages = time.perf_counter() - begun
        for color in brand.style_colors[:200]:
            assert aims.query(STYLE_COLORS, f"style eq '{color.style}'")
    listener.stop()
    assert pages < 10
    assert time.perf_counter() - begun - pages < 10
