"""A v4 JOOR in memory, as the facts have it (1.5, 4.7, 5, 6): creates are refused as DUPLICATED, errors sit inside 2xx answers."""

import json
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx

from clients.joor.auth import V2Token
from clients.joor.contract import JoorContract
from clients.joor.types import PARTS, CardIds, CardWork, PriceDraft, Saved, SkuDraft, StyleDraft
from clients.joor.v4_catalogue import V4Catalogue
from models.settings import ImageSettings, LinesheetSettings, StyleSettings
from runtime.clock import SystemClock
from tests.clients.conftest import answer

SITE = SimpleNamespace(styles=StyleSettings(), linesheets=LinesheetSettings(), images=ImageSettings())
ALL = frozenset(PARTS)
Row = dict[str, Any]


class FakeV4:
    """`fail` maps an endpoint to a function that may give an error for an item; `whole` maps one to what comes instead of its next answers
    (an exception is raised after the call was done). `page_size` caps the pages; with 0 the parameters are ignored."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any, dict[str, str]]] = []
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in ("products", "skus", "prices", "seasons", "collections", "assets")}
        self.rows["price_types"] = {"pt-1": _type("pt-1", "US Dollars", "USD"), "pt-2": _type("pt-2", "Euro", "EUR")}
        self.rows["traits"] = {
            "t-c": {"id": "t-c", "type": "sku", "name": "Color"},
            "t-s": {"id": "t-s", "type": "sku", "name": "Size"},
            "t-d": {"id": "t-d", "type": "product", "name": "Division"},
        }
        self.fail: dict[str, Callable[[Row], Row | None]] = {}
        self.whole: dict[str, list[Any]] = {}
        self.page_size = 0
        self.needs_whole_matrix = False
        self.action_param = "action"  # what the update of collections goes by; without it everything is replaced
        self.shows_items = True

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path.removeprefix("/v4/").strip("/"), dict(request.url.params)
        body = json.loads(request.content) if request.method == "POST" else None
        self.calls.append((path, body, params))
        instead = self.whole.get(path) or [None]
        step = instead.pop(0)
        if isinstance(step, httpx.Response):
            return step
        found = self._read(path, params) if body is None else self._write(path, body, params)
        if isinstance(step, Exception):
            raise step
        return found

    # ---- what it has

    def posts(self, path: str = "") -> list[Any]:
        return [body for called, body, _ in self.calls if body is not None and called.startswith(path)]

    def reads(self, path: str) -> list[dict[str, str]]:
        return [params for called, body, params in self.calls if body is None and called == path]

    def sku(self, key: str) -> Row:
        """By external id."""
        return next(row for row in self.rows["skus"].values() if row["external_id"] == key)

    def _read(self, path: str, params: dict[str, str]) -> httpx.Response:
        rows = list(self.rows[path].values())
        for filter_by, field in (("product_ids", "product_id"), ("sku_ids", "sku_id")):
            if filter_by in params:
                rows = [row for row in rows if row[field] in params[filter_by].split(",")]
        if self.page_size:
            start = (int(params["page"]) - 1) * self.page_size
            rows = rows[start : start + self.page_size]
        return answer({"data": rows, "errors": []})

    def _write(self, path: str, items: list[Row], params: dict[str, str]) -> httpx.Response:
        data, errors = [], []
        gap = (
            self.needs_whole_matrix
            and path == "skus/bulk_create"
            and any(row["product_id"] == items[0]["product_id"] for row in self.rows["skus"].values())
        )
        short = gap and len(items) < 1 + sum(row["product_id"] == items[0]["product_id"] for row in self.rows["skus"].values())
        for item in items:
            error = (
                {"status": "ERROR", "message": "send the full list of combinations"} if short else self.fail.get(path, lambda _: None)(item)
            )
            error = error or self._duplicate(path, item)
            if error:
                errors.append(error)
            else:
                data.append(self._store(path, item, params))
        return answer({"data": data, "errors": errors})

    def _duplicate(self, path: str, item: Row) -> Row | None:
        kind, _, verb = path.partition("/")
        keys: dict[str, Callable[[Row], Any]] = {
            "products": lambda row: row["product_identifier"],
            "skus": lambda row: (row["product_id"], [(value.get("external_id"), value["value"]) for value in row["trait_values"]]),
            "prices": lambda row: (row["sku_id"], row["price_type_id"]),
        }
        if verb != "bulk_create" or kind not in keys or all(keys[kind](row) != keys[kind](item) for row in self.rows[kind].values()):
            return None
        details = {"sku_id": item["sku_id"]} if kind == "prices" else {}
        return {"status": "DUPLICATED", "message": "exists already", "details": details}

    def _store(self, path: str, item: Row, params: dict[str, str]) -> Row:
        kind, _, verb = path.partition("/")
        if verb == "bulk_update" and kind != "collections":
            kept = self.rows[kind][item["id"]]
            kept.update({name: value for name, value in item.items() if name != "trait_values"})
            for place, sent in enumerate(item.get("trait_values", [])):
                kept["trait_values"][place].update(_shown_trait(sent))
                self._spread(kept, place)
            return {"id": item["id"]}
        if kind == "collections" and verb == "bulk_update":
            return self._items(self.rows[kind][item["id"]], item, params.get(self.action_param, "REPLACE_ITEMS"))
        row = {**item, "id": f"{kind}-{len(self.rows[kind]) + 1}"}
        if kind == "skus":
            row["trait_values"] = [_shown_trait(value) for value in item["trait_values"]]
        if kind == "prices":
            row["price_type"] = self.rows["price_types"][item["price_type_id"]]
        self.rows[kind][row["id"]] = row
        return row

    def _spread(self, kept: Row, place: int) -> None:
        """A status counts for the trait value: for the colour or the size of the whole card."""
        mine = kept["trait_values"][place]
        for row in self.rows["skus"].values():
            other = row["trait_values"][place]
            if row["product_id"] == kept["product_id"] and other["value"] == mine["value"] and "status" in mine:
                other["status"] = mine["status"]

    def _items(self, kept: Row, item: Row, action: str) -> Row:
        old = {} if action == "REPLACE_ITEMS" else {row["product_id"]: row for row in kept.get("items", [])}
        for row in item.get("items", []):
            old.pop(row["product_id"], None)
            if action != "REMOVE_ITEMS":
                old[row["product_id"]] = row
        kept.update({**item, "items": list(old.values())})
        return kept if self.shows_items else {name: value for name, value in kept.items() if name != "items"}


def catalogue_of(remote: Any, make_http: Any, site: Any = SITE, **contract: str) -> V4Catalogue:
    http = make_http(remote, system="JOOR")
    token = V2Token("a-token", "Bearer", http)
    contract = {name.replace("__", "."): value for name, value in contract.items()}
    return V4Catalogue(http, token, JoorContract(contract), SystemClock(), site, account_id="9001", image_auth=token)


def style(identifier: str = "D1", colors: str = "NVY RED", sizes: str = "S M", usd: str = "110.00", **fields: Any) -> StyleDraft:
    prices = (PriceDraft("US Dollars", "USD", Decimal(usd), Decimal("275.00")), PriceDraft("Euro", "EUR", Decimal("99.50")))
    skus = tuple(
        SkuDraft(color, color.title(), size, f"99-{identifier}-{color}-{size}", color_order, size_order, prices=prices)
        for color_order, color in enumerate(colors.split(), 1)
        for size_order, size in enumerate(sizes.split(), 1)
    )
    return StyleDraft(identifier, identifier.partition("-")[0], f"Style {identifier}", skus=skus, **fields)


def new(*drafts: StyleDraft, **more: Any) -> list[CardWork]:
    return [CardWork(draft, CardIds(), ALL, **more) for draft in drafts]


class Story:
    """What a save yielded, put together: the last ids, all parts, all refusals, the order of yields and marks."""

    def __init__(self, catalogue: V4Catalogue, works: list[CardWork]) -> None:
        self.ids: dict[str, CardIds] = {}
        self.parts: dict[str, set[str]] = {}
        self.refused: dict[str, dict[str, str]] = {}
        self.adopted: set[str] = set()
        self.marked: list[list[str]] = []
        self.steps: list[list[Saved]] = []
        for work in works:
            self.parts[work.draft.identifier], self.refused[work.draft.identifier] = set(), {}
        for step in catalogue.save_styles(works, lambda identifiers: self.marked.append(list(identifiers))):
            self.steps.append(list(step))
            for saved in step:
                self._take(saved)

    def _take(self, saved: Saved) -> None:
        self.ids[saved.identifier] = saved.ids
        self.parts[saved.identifier] |= saved.parts
        self.refused[saved.identifier].update(saved.refused)
        if saved.adopted:
            self.adopted.add(saved.identifier)

    def complete(self, identifier: str) -> bool:
        return self.parts[identifier] == ALL and not self.refused[identifier]


def again(draft: StyleDraft, story: Story, *parts: str, before: Any = None, **more: Any) -> CardWork:
    return CardWork(draft, story.ids[draft.identifier], frozenset(parts or ALL), before=before, **more)


def refuse(field: str, value: str, status: str = "INVALID", message: str = "no good", **details: str) -> Callable[[Row], Row | None]:
    """An error for the item whose JSON field has that value."""
    return lambda item: {"status": status, "message": message, "details": details} if item.get(field) == value else None


def _shown_trait(value: Row) -> Row:
    """A SKU's trait as a read shows it."""
    trait = {"name": value["trait_name"]} if "trait_name" in value else {"id": value["trait_id"]}
    return {"trait": trait, **{name: item for name, item in value.items() if name not in ("trait_name", "trait_id")}}


def _type(type_id: str, name: str, currency: str) -> Row:
    return {"id": type_id, "name": name, "currency_code": currency, "retail_currency_code": currency}
