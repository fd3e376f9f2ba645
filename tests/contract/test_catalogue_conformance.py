"""One suite over both routes to JOOR's catalogue, against the sandbox over real HTTP. Where the two APIs differ, the test says so.

Every test makes cards of its own: the sandbox lives as long as the session.
"""

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from clients.joor.catalogue import Catalogue
from clients.joor.types import (
    PARTS,
    CardIds,
    CardWork,
    ImageDraft,
    LinesheetDraft,
    LinesheetEntry,
    Part,
    PriceDraft,
    Saved,
    SkuDraft,
    StyleDraft,
    TraitDraft,
)
from models.errors import OutcomeUnknown, SyncError, Unavailable, WaitUntil
from models.settings import ImageSettings, LinesheetSettings, StyleSettings
from tests.contract.conftest import Sandbox

QUICK = {"bulk_style.poll_first": "0.01", "bulk_style.poll_longest": "0.02"}
WRITES = {"v4": "/v4/products/bulk_create", "v2": "/v2/bulk-style"}  # the call that makes a card
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Options:
    styles: StyleSettings
    linesheets: LinesheetSettings = field(default_factory=LinesheetSettings)
    images: ImageSettings = field(default_factory=ImageSettings)


@dataclass
class Route:
    """A route, what it was told to mark, and the sandbox behind it."""

    name: str
    catalogue: Catalogue
    sandbox: Sandbox
    marked: list[str] = field(default_factory=list)

    def save(self, *works: CardWork) -> dict[str, Saved]:
        """What all yields together say of each card."""
        found: dict[str, Saved] = {}
        for many in self.catalogue.save_styles(works, self.marked.extend):
            for one in many:
                earlier = found.get(one.identifier, one)
                found[one.identifier] = replace(
                    one,
                    parts=earlier.parts | one.parts,
                    refused={**earlier.refused, **one.refused},
                    adopted=earlier.adopted or one.adopted,
                )
        return found

    def made(self, draft: StyleDraft) -> CardIds:
        saved = self.save(work(draft))[draft.identifier]
        assert (saved.refused, saved.parts) == ({}, frozenset(PARTS))
        return saved.ids

    def products(self, identifier: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.sandbox.get("joor", "/_state", what="products", account="us", identifier=identifier)["products"]
        return [row for row in listed if not row["deleted"]]

    def product(self, identifier: str) -> dict[str, Any]:
        (found,) = self.products(identifier)
        return found

    def linesheet(self, code: str) -> dict[str, Any]:
        listed = self.sandbox.get("joor", "/_state", what="linesheets", account="us")["linesheets"]
        (found,) = [row for row in listed if code in (row["code"], row["name"])]
        return dict(found)

    def assets(self, identifier: str) -> list[dict[str, Any]]:
        return [row for row in self.sandbox.get("joor", "/_state", what="assets", account="us")["assets"] if row["product"] == identifier]

    def writes(self, during: Callable[[], object]) -> list[str]:
        """The paths written to meanwhile."""
        return [call["path"] for call in self.calls(during) if call["method"] != "GET"]

    def calls(self, during: Callable[[], object]) -> list[dict[str, Any]]:
        before = max((call["seq"] for call in self.sandbox.get("joor", "/_calls")["calls"]), default=0)
        during()
        calls: list[dict[str, Any]] = self.sandbox.get("joor", "/_calls", since_seq=before)["calls"]
        return calls

    def effects(self, during: Callable[[], object]) -> list[str]:
        before = max((row["seq"] for row in self.sandbox.get("joor", "/_ledger")["effects"]), default=0)
        during()
        return [row["effect"] for row in self.sandbox.get("joor", "/_ledger", since_seq=before)["effects"]]

    def by_hand(self, path: str, **fields: Any) -> dict[str, Any]:
        made: dict[str, Any] = (
            httpx.post(f"{self.sandbox.url('joor')}/_joor/us/{path}", json=fields, trust_env=False).raise_for_status().json()
        )
        return made


@pytest.fixture(params=["v4", "v2"])
def name(request) -> str:
    return str(request.param)


@pytest.fixture
def build(name, sandbox, joor) -> Callable[..., Route]:
    def made(contract: dict[str, str] | None = None, **options: Any) -> Route:
        client = joor(with_v4=name == "v4", contract={**QUICK, **(contract or {})}, **options)
        catalogue = client.catalogue(Options(StyleSettings(route=name)))
        assert catalogue.route == name
        return Route(name, catalogue, sandbox)

    return made


@pytest.fixture
def route(build) -> Route:
    return build()


@pytest.fixture
def style() -> StyleDraft:
    return new_style()


def new_style() -> StyleDraft:
    """A style nobody has: two colours in three sizes."""
    number = next(NUMBERS)
    name = f"CS-{number}"
    skus = tuple(
        SkuDraft(code, code.title(), size, f"99{number:05}{across}{down}", across, down, prices=usd("110.00"))
        for across, code in enumerate(("NVY", "RED"), start=1)
        for down, size in enumerate(("S", "M", "L"), start=1)
    )
    return StyleDraft(name, name, f"Conformance {number}", "Made for a test", traits=(TraitDraft("Division", "Main", "01"),), skus=skus)


def usd(wholesale: str) -> tuple[PriceDraft, ...]:
    return (PriceDraft("US Dollars", "USD", Decimal(wholesale), Decimal("275.00")),)


def priced(style: StyleDraft, prices: tuple[PriceDraft, ...]) -> StyleDraft:
    return replace(style, skus=tuple(replace(sku, prices=prices) for sku in style.skus))


def work(draft: StyleDraft, ids: CardIds | None = None, parts: Sequence[Part] = PARTS, **more: Any) -> CardWork:
    return CardWork(draft, ids or CardIds(), frozenset(parts), **more)


def entry(style: StyleDraft, ids: CardIds, order: int, without: str = "") -> LinesheetEntry:
    """As both routes want it: v4 takes the SKU ids that stay, v2 the colour that goes."""
    kept = tuple(sku_id for key, sku_id in ids.skus.items() if not key.startswith(f"{without}|")) if without else ()
    return LinesheetEntry(style.identifier, ids.joor_id or "", order, kept, ((without, without.title()),) if without else (), style)


def new_sheet() -> LinesheetDraft:
    code = f"LS{next(NUMBERS)}"
    return LinesheetDraft(code, f"Sheet {code}", "FA31", "Fall", 2031, date(2031, 8, 1), date(2031, 8, 31))


def skus_shown(product: dict[str, Any]) -> set[str]:
    """COLOUR|SIZE that can be ordered."""
    return {
        f"{sku['color_code']}|{sku['size']}"
        for sku in product["skus"]
        if {sku["status"], sku["color_status"], sku["size_status"]} == {"ACTIVE"}
    }


# ---- styles --------------------------------------------------------------------------------------------------------------------------


def test_a_style_is_made_with_all_its_parts(route, style):
    saved = route.save(work(style))[style.identifier]
    assert (saved.refused, saved.parts, saved.adopted) == ({}, frozenset(PARTS), False)
    product = route.product(style.identifier)
    assert (product["id"], product["number"], product["name"]) == (saved.ids.joor_id, style.number, style.name)
    assert product["traits"]["Division"] == {"value": "Main", "external_id": "01"}
    assert skus_shown(product) == {sku.key for sku in style.skus}
    assert {sku["upc"] for sku in product["skus"]} == {sku.upc for sku in style.skus}
    assert product["prices"] == {"US Dollars": {"currency": "USD", "wholesale": "110.00", "retail": "275.00"}}
    assert set(route.marked) == {style.identifier}
    # v2 shows no ids of SKUs and prices (facts 4.3)
    assert set(saved.ids.skus) == ({sku.key for sku in style.skus} if route.name == "v4" else set())


def test_the_style_is_read_back_with_its_skus(route, style):
    ids = route.made(style)
    (card,) = [card for card in route.catalogue.cards() if card.identifier == style.identifier]
    assert (card.joor_id, card.number, card.name) == (ids.joor_id, style.number, style.name)
    skus = route.catalogue.skus_of([card])[card.joor_id]
    assert {(sku.color_code, sku.size, sku.upc) for sku in skus} == {(sku.color_code, sku.size, sku.upc) for sku in style.skus}


def test_parts_without_a_change_cost_no_call(route, style):
    ids = route.made(style)
    assert route.calls(lambda: route.save(work(style, ids, (), before=style))) == []


def test_a_price_change_sends_prices_only_and_reads_back(route, style):
    ids = route.made(style)
    dearer = priced(style, usd("120.50"))
    effects: list[str] = []
    saved: dict[str, Saved] = {}
    writes = route.writes(
        lambda: effects.extend(route.effects(lambda: saved.update(route.save(work(dearer, ids, ("prices",), before=style)))))
    )
    assert (saved[style.identifier].refused, "prices" in saved[style.identifier].parts) == ({}, True)
    # v2 has no call for prices alone: the whole record goes, once, and changes nothing else (facts 4.2)
    assert writes == (["/v4/prices/bulk_update"] if route.name == "v4" else ["/v2/bulk-style"])
    assert set(effects) == {"price_updated"}
    assert route.product(style.identifier)["prices"]["US Dollars"]["wholesale"] == "120.50"


def test_prices_of_a_type_that_is_not_ours_stay(route, style):
    ids = route.made(priced(style, (*usd("110.00"), PriceDraft("Euro", "EUR", Decimal("99.00")))))
    before = priced(style, usd("110.00"))
    route.save(work(priced(style, usd("111.00")), ids, ("prices",), before=before))
    prices = route.product(style.identifier)["prices"]
    assert (prices["US Dollars"]["wholesale"], prices["Euro"]["wholesale"]) == ("111.00", "99.00")


def test_a_colour_is_added_and_the_others_are_left(route, style):
    ids = route.made(style)
    before = {(sku["color_code"], sku["size"]): sku["id"] for sku in route.product(style.identifier)["skus"]}
    new = tuple(replace(sku, color_code="ECR", color_name="Écru", color_order=3, upc=None) for sku in style.skus[:3])
    wider = replace(style, skus=(*style.skus, *new))
    saved = route.save(work(wider, ids, ("skus", "prices"), before=style))[style.identifier]
    assert (saved.refused, {"skus", "prices"} <= saved.parts) == ({}, True)
    product = route.product(style.identifier)
    after = {(sku["color_code"], sku["size"]): sku["id"] for sku in product["skus"]}
    assert set(after) - set(before) == {("ECR", "S"), ("ECR", "M"), ("ECR", "L")}
    assert {key: after[key] for key in before} == before
    assert product["prices"]["US Dollars"]["wholesale"] == "110.00"  # of every SKU, the new ones too


def test_a_wrong_price_label_is_refused_for_that_style_alone(route, style):
    wrong = priced(new_style(), (PriceDraft("Dollars", "USD", Decimal("5.00")),))
    saved = route.save(work(style), work(wrong))
    assert (saved[style.identifier].refused, saved[style.identifier].parts) == ({}, frozenset(PARTS))
    refused = saved[wrong.identifier]
    # v4 makes the style and refuses its prices; v2 drops the record, and only looking for the style tells (facts 4.6)
    assert list(refused.refused) == (["prices"] if route.name == "v4" else ["product"])
    assert "prices" not in refused.parts
    assert all(refused.refused.values())


def test_a_style_made_by_hand_with_the_same_identifier_is_adopted(route, style):
    made = route.by_hand("styles", identifier=style.identifier, colors={"NVY": "Old navy"}, sizes=["S"], price="50.00")
    # v2 knows an adopted style by its date of creation, which JOOR tells in whole seconds
    httpx.post(f"{route.sandbox.url('joor')}/_advance", json={"seconds": 5}, trust_env=False).raise_for_status()
    saved = route.save(work(style))[style.identifier]
    assert (saved.refused, saved.parts, saved.adopted) == ({}, frozenset(PARTS), True)
    product = route.product(style.identifier)
    assert product["id"] == saved.ids.joor_id == str(made["style_id"])
    assert product["name"] == style.name
    assert skus_shown(product) == {sku.key for sku in style.skus}
    assert product["prices"]["US Dollars"]["wholesale"] == "110.00"


LOST = [
    *(("v4", f"/v4/{kind}/bulk_create", fault) for kind in ("products", "skus", "prices") for fault in ("drop_after_commit", "half_body")),
    *(("v2", "/v2/bulk-style", fault) for fault in ("drop_after_commit", "half_body")),
    ("v4", "/v4/products/bulk_create", "timeout_after_commit"),
    ("v2", "/v2/bulk-style", "timeout_after_commit"),
]


@pytest.mark.parametrize(("name", "path", "fault"), LOST)
def test_a_style_whose_answer_was_lost_is_not_made_twice(build, style, path, fault):
    route = build(timeout=1.0)
    route.sandbox.fault("joor", fault, path=path, method="POST", seconds=2.0)
    told: list[Saved] = []

    def first() -> None:
        for many in route.catalogue.save_styles([work(style)], route.marked.extend):
            told.extend(many)

    with pytest.raises((OutcomeUnknown, Unavailable)) as caught:
        first()
    # v4 creates are not repeatable; v2's bulk call is an upsert (facts 10, pitfall 10)
    assert isinstance(caught.value, OutcomeUnknown if route.name == "v4" else Unavailable)
    assert set(route.marked) == {style.identifier}
    known = told[-1].ids if told else CardIds()
    saved = route.save(work(style, known, doubt=True))[style.identifier]
    assert (saved.refused, saved.parts) == ({}, frozenset(PARTS))
    product = route.product(style.identifier)
    assert len(product["skus"]) == len(style.skus)
    assert product["prices"] == {"US Dollars": {"currency": "USD", "wholesale": "110.00", "retail": "275.00"}}


FAULTS = [
    {"kind": "html"},
    {"kind": "malformed_json"},
    {"kind": "half_body"},
    {"kind": "drop_before"},
    {"kind": "status", "status": 500, "body": "boom"},
    {"kind": "status", "status": 429, "body": "{}"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.get("status", fault["kind"])))
def test_a_call_that_fails_as_a_whole_is_a_failure_that_is_tried_again(build, style, fault):
    route = build(timeout=1.0)
    route.sandbox.fault("joor", path=WRITES[route.name], method="POST", **fault)
    with pytest.raises(SyncError) as caught:
        route.save(work(style))
    sure = route.name == "v2" or fault.get("status") == 429  # a refused call was not made (facts 2.1); a v2 call may be made again
    assert type(caught.value) is (Unavailable if sure else OutcomeUnknown)
    assert route.sandbox.account["token"] not in caught.value.summary
    assert route.save(work(style, doubt=not sure))[style.identifier].parts == frozenset(PARTS)
    assert len(route.products(style.identifier)) == 1


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.get("status", fault["kind"])))
def test_a_failing_list_is_never_taken_for_an_empty_one(build, fault):
    route = build(timeout=1.0)
    path = "/v4/products" if route.name == "v4" else "/v2/style"
    route.sandbox.fault("joor", path=path, times=-1, **fault)
    with pytest.raises(Unavailable):
        list(route.catalogue.cards())


def test_an_exhausted_quota_changes_nothing(build, style):
    build().sandbox.switch("joor", credit_quota=True, credit_size=4)
    route = build()
    with pytest.raises(Unavailable):
        route.save(work(style))
    assert route.products(style.identifier) == []


# ---- v2 jobs -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["v2"])  # v4 has no jobs
def test_a_stuck_job_is_waited_for_and_resumed_without_a_second_call(build, style):
    route = build({"bulk_style.patience": "0.1"})
    route.sandbox.switch("joor", job_delay=100_000)
    told: list[Saved] = []

    def first() -> None:
        for many in route.catalogue.save_styles([work(style)], route.marked.extend):
            told.extend(many)

    with pytest.raises(WaitUntil) as caught:
        first()
    assert timedelta(seconds=50) < caught.value.until - datetime.now(UTC) <= timedelta(seconds=60)
    (pending,) = told
    assert pending.job
    assert route.products(style.identifier) == []
    route.sandbox.switch("joor", job_delay=1)
    again = work(style, pending.ids, pending_job=pending.job, doubt=True)
    assert route.writes(lambda: route.save(again)) == []
    assert len(route.product(style.identifier)["skus"]) == len(style.skus)


@pytest.mark.parametrize("name", ["v2"])  # v4 tells what it refused
def test_a_record_that_a_job_dropped_is_found_out(route, style):
    others = [new_style() for _ in range(5)]
    ids = route.made(style)
    route.sandbox.switch("joor", failed_records=[style.identifier, others[0].identifier])
    saved = route.save(work(priced(style, usd("99.00")), ids, before=style), *(work(other) for other in others))
    assert "wholesale 'US Dollars' is USD 110.00 there, not 99.00" in saved[style.identifier].refused["prices"]
    assert "does not show the style" in saved[others[0].identifier].refused["product"]
    assert all(saved[other.identifier].parts == frozenset(PARTS) for other in others[1:])


@pytest.mark.parametrize("name", ["v2"])  # a v2 price is a fact of the style (facts 4.1)
def test_colours_with_different_prices_need_a_card_each_over_v2(route, style):
    split = replace(style, skus=(*style.skus[:3], *(replace(sku, prices=usd("99.00")) for sku in style.skus[3:])))
    assert "card per colour" in route.save(work(split))[style.identifier].refused["prices"]
    assert route.products(style.identifier) == []


@pytest.mark.parametrize("nesting", ["orders.orders", "orders.order", "orders", "order"])
@pytest.mark.parametrize("name", ["v2"])
def test_every_form_of_a_v2_answer_is_read(route, style, nesting):
    switches = {"empty_list": [] if nesting == "order" else "", "last_next_start": 0 if nesting == "orders" else ""}
    route.sandbox.switch("joor", list_nesting=nesting, single_as_object=True, response_code_type="number", **switches)
    ids = route.made(style)
    assert ids.joor_id
    assert style.identifier in {card.identifier for card in route.catalogue.cards()}
    assert route.catalogue.set_active(work(style, ids), None, None, False).refused == {}


# ---- taking off ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("color", "size", "left"),
    [
        (None, "M", {"NVY|S", "NVY|L", "RED|S", "RED|L"}),
        ("RED", None, {"NVY|S", "NVY|M", "NVY|L"}),
        (None, None, set()),
    ],
)
def test_a_size_a_colour_or_a_style_is_taken_off(route, style, color, size, left):
    ids = route.made(style)
    saved = route.catalogue.set_active(work(style, ids, before=style), color, size, False)
    assert saved.refused == {}
    found = route.products(style.identifier)
    # v4 marks traits INACTIVE and the product stays; v2 deletes (facts 4.5)
    assert [skus_shown(product) for product in found] == ([left] if left or route.name == "v4" else [])
    assert route.catalogue.set_active(work(style, ids, before=style), color, size, False).refused == {}  # repeatable


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        (("RED|S", "RED|M", "RED|L"), {"NVY|S", "NVY|M", "NVY|L"}),
        (("NVY|M", "RED|M"), {"NVY|S", "NVY|L", "RED|S", "RED|L"}),
    ],
)
def test_a_colour_or_size_that_left_the_style_goes_with_the_next_save(route, style, gone, left):
    ids = route.made(style)
    less = replace(style, skus=tuple(replace(sku, active=sku.key not in gone) for sku in style.skus))
    saved = route.save(work(less, ids, ("skus",), before=style))[style.identifier]
    assert (saved.refused, "skus" in saved.parts) == ({}, True)
    assert skus_shown(route.product(style.identifier)) == left
    again = route.save(work(style, saved.ids, ("skus", "prices"), before=less))[style.identifier]
    assert again.refused == {}
    assert skus_shown(route.product(style.identifier)) == {sku.key for sku in style.skus}


# ---- linesheets ----------------------------------------------------------------------------------------------------------------------


def sheet_of(route: Route, *entries: LinesheetEntry) -> tuple[LinesheetDraft, str]:
    sheet = new_sheet()
    joor_id, _ = route.catalogue.save_linesheet(sheet, None, None, doubt=False)
    words = route.catalogue.add_items(sheet, joor_id, entries)
    assert words == {item.identifier: None for item in entries}
    return sheet, joor_id


def items_of(linesheet: dict[str, Any]) -> dict[str, tuple[Any, bool]]:
    return {item["identifier"]: (item["order_number"], item["all_skus"]) for item in linesheet["items"]}


def test_a_linesheet_is_made_with_season_dates_and_items(route, style):
    sheet, joor_id = sheet_of(route, entry(style, route.made(style), 7))
    found = route.linesheet(sheet.code)
    assert (found["name"], found["start"], found["complete"], found["immediate"]) == (sheet.name, "2031-08-01", "2031-08-31", False)
    assert found["season"] == {"name": "Fall", "year": 2031, "code": "FA31"}
    assert items_of(found) == {style.identifier: (7, True)}
    (listed,) = [row for row in route.catalogue.linesheets() if row.code == sheet.code]
    assert (listed.joor_id, listed.name, set(listed.items)) == (joor_id, sheet.name, {route.product(style.identifier)["id"]})


def test_items_come_and_go_and_the_others_stay(route, style):
    ids, other, third = route.made(style), new_style(), new_style()
    other_ids, third_ids = route.made(other), route.made(third)
    sheet, joor_id = sheet_of(route, entry(style, ids, 1), entry(other, other_ids, 2))
    hand = route.by_hand("styles", identifier=f"HAND-{sheet.code}")["style_identifier"]
    route.by_hand(f"linesheets/{sheet.code}/items", identifier=hand, order_number=9)
    assert route.catalogue.add_items(sheet, joor_id, [entry(third, third_ids, 3)]) == {third.identifier: None}
    assert set(items_of(route.linesheet(sheet.code))) == {style.identifier, other.identifier, third.identifier, hand}
    assert route.catalogue.remove_items(sheet, joor_id, [entry(other, other_ids, 2)]) == {other.identifier: None}
    assert items_of(route.linesheet(sheet.code)) == {style.identifier: (1, True), third.identifier: (3, True), hand: (9, True)}
    assert route.catalogue.remove_items(sheet, joor_id, [entry(other, other_ids, 2)]) == {other.identifier: None}  # repeatable


def test_a_colour_is_left_out_of_one_linesheet_only(route, style):
    ids = route.made(style)
    whole, _ = sheet_of(route, entry(style, ids, 1))
    part, _ = sheet_of(route, entry(style, ids, 1, without="RED"))
    (item,) = route.linesheet(part.code)["items"]
    assert item["skus"] == ["NVY|S", "NVY|M", "NVY|L"]
    assert items_of(route.linesheet(whole.code)) == {style.identifier: (1, True)}
    assert len(skus_shown(route.product(style.identifier))) == 6


def test_a_card_is_put_on_a_second_linesheet_and_stays_on_the_first(route, style):
    ids = route.made(style)
    first, _ = sheet_of(route, entry(style, ids, 1))
    second, joor_id = sheet_of(route, entry(style, ids, 2))
    route.catalogue.remove_items(second, joor_id, [entry(style, ids, 2)])
    assert items_of(route.linesheet(first.code)) == {style.identifier: (1, True)}
    assert items_of(route.linesheet(second.code)) == {}


def test_a_linesheet_made_by_hand_survives_everything(route, style):
    ids, other = route.made(style), new_style()
    other_ids = route.made(other)
    by_hand = f"Buyers' picks {style.identifier}"
    route.by_hand("linesheets", name=by_hand, items=[{"identifier": style.identifier, "order_number": 4}, other.identifier])
    before = route.linesheet(by_hand)
    dearer = priced(style, usd("130.00"))
    assert route.save(work(dearer, ids, before=style), work(other, other_ids, before=other))[style.identifier].refused == {}
    sheet, joor_id = sheet_of(route, entry(dearer, ids, 1), entry(other, other_ids, 2))
    changed = replace(sheet, name=f"{sheet.name} revised", complete=date(2031, 9, 15))
    route.catalogue.save_linesheet(changed, joor_id, None, doubt=False)
    route.catalogue.add_items(changed, joor_id, [entry(dearer, ids, 5)])
    route.catalogue.remove_items(changed, joor_id, [entry(dearer, ids, 1), entry(other, other_ids, 2)])
    route.catalogue.send_images([picture(style, ids, "style", "front")], replace=True)
    assert route.linesheet(by_hand) == before
    revised = route.linesheet(sheet.code)
    assert (revised["name"], revised["complete"], revised["items"]) == (changed.name, "2031-09-15", [])
    assert route.catalogue.set_active(work(dearer, ids, before=dearer), None, "S", False).refused == {}
    after = route.linesheet(by_hand)
    assert [item["identifier"] for item in after["items"]] == [style.identifier, other.identifier]


def test_a_linesheet_whose_answer_was_lost_is_not_made_twice(build, style):
    route = build(timeout=1.0)
    sheet, ids = new_sheet(), route.made(style)
    path = "/v4/collections/bulk_create" if route.name == "v4" else "/v2/bulk-style"
    route.sandbox.fault("joor", "drop_after_commit", path=path, method="POST")

    def attempt(doubt: bool) -> None:
        joor_id, _ = route.catalogue.save_linesheet(sheet, None, None, doubt=doubt)
        assert route.catalogue.add_items(sheet, joor_id, [entry(style, ids, 1)]) == {style.identifier: None}

    with pytest.raises((OutcomeUnknown, Unavailable)):
        attempt(False)
    attempt(True)
    assert items_of(route.linesheet(sheet.code)) == {style.identifier: (1, True)}  # `linesheet` finds exactly one


# ---- images --------------------------------------------------------------------------------------------------------------------------


def picture(style: StyleDraft, ids: CardIds, level: Any, name: str, **more: Any) -> ImageDraft:
    """A few bytes that begin as a JPEG does; no two alike."""
    content = b"\xff\xd8\xff\xe0 " + f"{style.identifier} {name}".encode()
    color = "" if level == "style" else "NVY"
    made = ImageDraft(style.identifier, style.number, ids.joor_id or "", level, f"{style.identifier}_{name}.jpg", color, content=content)
    return replace(made, **more)


def kinds(assets: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """sha256 -> (type, colour)."""
    return {row["sha256"]: (row["type"], row["color"] or "") for row in assets}


def digest(image: ImageDraft) -> str:
    return hashlib.sha256(image.content or b"").hexdigest()


def test_images_arrive_as_bytes_at_all_three_levels(route, style):
    ids = route.made(style)
    images = [
        picture(style, ids, "style", "front"),
        picture(style, ids, "color", "navy"),
        picture(style, ids, "swatch", "navy-swatch"),
        picture(style, ids, "style", "back", display_order=2),
    ]
    assert route.catalogue.send_images(images, replace=False) == dict.fromkeys(range(4))
    front, navy, swatch, back = map(digest, images)
    assert kinds(route.assets(style.identifier)) == {
        front: ("image", ""),
        back: ("image", ""),
        navy: ("image", "NVY"),
        swatch: ("swatch", "NVY"),
    }
    new = picture(style, ids, "style", "new-front")
    more = picture(style, ids, "style", "new-back", display_order=2)
    assert route.catalogue.send_images([new, more], replace=True) == {0: None, 1: None}
    assert kinds(route.assets(style.identifier)) == {
        digest(new): ("image", ""),
        digest(more): ("image", ""),
        navy: ("image", "NVY"),
        swatch: ("swatch", "NVY"),
    }


def test_images_arrive_by_address_and_replace_each_other(route, style):
    route.sandbox.switch("joor", asset_fetch="no")  # taken unseen
    ids = route.made(style)

    def at(level: str, name: str, order: int = 1) -> ImageDraft:
        return picture(style, ids, level, name, content=None, url=f"https://cdn.example/{name}.jpg?v=1&w=2", display_order=order)

    images = [at("style", "front"), at("style", "back", 2), at("color", "navy"), at("swatch", "navy-swatch")]
    writes = route.writes(lambda: route.catalogue.send_images(images, replace=True))
    # v4 takes many in one call for each of its two endpoints, v2 one each (facts 6.1-6.3)
    assert len(writes) == (2 if route.catalogue.bulk_urls else 4)
    assert route.catalogue.bulk_urls == (route.name == "v4")
    assert sorted((row["type"], row["color"] or "", row["source"]) for row in route.assets(style.identifier)) == sorted(
        ("swatch" if image.level == "swatch" else "image", image.color, image.url) for image in images
    )
    assert route.catalogue.send_images([at("style", "one")], replace=True) == {0: None}
    left = [(row["type"], row["color"], row["source"]) for row in route.assets(style.identifier) if row["color"] is None]
    assert left == [("image", None, "https://cdn.example/one.jpg?v=1&w=2")]


def test_an_image_that_joor_refuses_is_told_alone(route, style):
    ids = route.made(style)
    strange = picture(style, ids, "color", "red", color="NONE")
    found = route.catalogue.send_images([strange, picture(style, ids, "style", "front")], replace=False)
    assert found[0]
    assert found[1] is None
    assert len(route.assets(style.identifier)) == 1
