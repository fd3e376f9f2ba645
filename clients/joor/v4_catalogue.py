"""The v4 route of the catalogue: products, SKUs, prices, collections and assets (facts 4.7, 5, 6)."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Literal

from clients.http import Http
from clients.joor import v4_active
from clients.joor.catalogue import RouteOptions
from clients.joor.contract import JoorContract
from clients.joor.types import (
    CardIds,
    CardWork,
    ImageDraft,
    JoorLinesheet,
    JoorSku,
    JoorStyleCard,
    LinesheetDraft,
    LinesheetEntry,
    PriceDraft,
    PriceType,
    Saved,
)
from clients.joor.v2_images import send_image
from clients.joor.v4_answers import text, told
from clients.joor.v4_assets import send_urls
from clients.joor.v4_calls import V4Calls
from clients.joor.v4_cards import AboutTo, Card
from clients.joor.v4_collections import Collections
from clients.joor.v4_prices import PriceSaver, PriceTypes
from clients.joor.v4_products import card_of, save_products
from clients.joor.v4_sku_rows import SkuReader, body_names, matched
from clients.joor.v4_skus import SkuSaver
from clients.joor.v4_traits import Traits
from clients.seams import Auth
from models.errors import Rejected
from runtime.clock import Clock


class V4Catalogue:
    """See `clients.joor.catalogue.Catalogue`. `auth` is the v4 token; `image_auth` the v2 token, which images sent as bytes need.

    Creates are sent once (a lost answer is OutcomeUnknown), everything else may be repeated. Price types are asked for once per instance.
    """

    route: Literal["v4", "v2"] = "v4"

    def __init__(
        self, http: Http, auth: Auth, contract: JoorContract, clock: Clock, options: RouteOptions, *, account_id: str, image_auth: Auth
    ) -> None:
        self._http = http
        self._contract = contract
        self._options = options
        self._image_auth = image_auth
        self._calls = V4Calls(http, auth, contract, account_id)
        self._traits = Traits(self._calls)
        self._types = PriceTypes(self._calls)
        self._reader = SkuReader(contract["traits.color"], contract["traits.size"])
        self._collections = Collections(self._calls)

    @property
    def switches_single_skus(self) -> bool:
        return self._contract["skus.status_scope"] == "sku"

    # ---- styles -------------------------------------------------------------------------------------------------------------------------

    def price_types(self) -> list[PriceType] | None:
        return self._types.all()

    def save_styles(self, works: Sequence[CardWork], about_to: AboutTo) -> Iterator[Sequence[Saved]]:
        """Products, then SKUs, then prices, each of all cards: up to two calls a kind when nothing is in doubt. A part without a difference
        costs no call."""
        cards = [Card(work) for work in works]
        skus = SkuSaver(self._calls, self._traits, self._reader)
        prices = PriceSaver(self._calls, self._types)
        products = save_products(self._calls, self._traits, cards, about_to)  # a generator: the later steps see what it left
        for _ in chain(products, skus.save(cards, about_to), prices.save(cards, about_to)):
            yield from _news(cards)

    def cards(self) -> Iterator[JoorStyleCard]:
        what = "reading styles"
        for row in self._calls.rows("path.products", what):
            try:
                yield card_of(row)
            except ValueError as exc:
                raise Rejected(f"JOOR, {what}: {exc}", remote_message=str(exc)) from None

    def skus_of(self, cards: Sequence[JoorStyleCard]) -> dict[str, tuple[JoorSku, ...]]:
        found: dict[str, list[JoorSku]] = {card.joor_id: list(card.skus) for card in cards}
        asked = [card.joor_id for card in cards if not card.skus]
        for row in self._calls.rows_of("path.skus", "product_ids", asked, f"reading SKUs of {len(asked)} style(s)"):
            if (product_id := text(row, "product_id")) in found:
                found[product_id].append(self._reader.sku(row))
        return {joor_id: tuple(skus) for joor_id, skus in found.items()}

    def prices_of(self, skus: Sequence[JoorSku]) -> list[PriceDraft]:
        """The prices JOOR shows for these SKUs; several SKUs with the same price give it once. For reading back, not for sending."""
        rows = self._calls.rows_of("path.prices", "sku_ids", [sku.id for sku in skus if sku.id], f"reading prices of {len(skus)} SKU(s)")
        return list(dict.fromkeys(self._types.shown(row) for row in rows))

    def set_active(self, work: CardWork, color: str | None, size: str | None, active: bool) -> Saved:
        """Which traits are marked: see `clients.joor.v4_active.changes`. JOOR is asked which SKUs there are, hand-made ones too; nothing is
        sent when it has it so already. On success `ids` are complete and no part is claimed: the draft may say otherwise."""
        identifier, joor_id = work.draft.identifier, work.ids.joor_id
        if joor_id is None:
            return Saved(identifier, work.ids, refused={"skus": "JOOR's id of this style is not known: match the style first"})
        rows = [
            row
            for row in self._calls.rows_of("path.skus", "product_ids", [joor_id], f"reading SKUs of style {identifier}")
            if text(row, "product_id") == joor_id
        ]
        ids = CardIds(joor_id, {**work.ids.skus, **matched(work.draft, [self._reader.sku(row) for row in rows])}, work.ids.prices)
        on = {sku.color_code for sku in work.draft.skus if sku.active}
        off = frozenset(sku.color_code for sku in work.draft.skus if sku.color_code not in on) if on else frozenset()
        switch = v4_active.Switch(color, size, active, self._contract["skus.status_scope"], off)
        try:
            bodies = v4_active.changes(rows, self._reader, self._traits.of_skus(), switch)
        except v4_active.AloneRefused:
            words = (
                f"not sent: JOOR switches a whole colour or a whole size of a style, and {color} in {size} alone takes others with it. "
                "Take the whole colour or the whole size, or change this one in JOOR by hand"
            )
            return Saved(identifier, ids, refused={"skus": words})
        refused = self._switch(identifier, joor_id, bodies) if bodies else None
        return Saved(identifier, ids, refused={"skus": refused} if refused else {})

    def _switch(self, identifier: str, joor_id: str, bodies: list[dict[str, object]]) -> str | None:
        names = [body_names(joor_id, body) for body in bodies]
        what = f"setting the status of {len(bodies)} SKU(s) of style {identifier}"
        said = self._calls.bulk("path.skus_update", bodies, names, self._reader.names, what, "write")
        return (
            told((name["place"].partition("|")[2], words) for name, words in zip(names, said.words, strict=True) if words is not None)
            or None
        )

    # ---- linesheets ---------------------------------------------------------------------------------------------------------------------

    def linesheets(self) -> list[JoorLinesheet]:
        return self._collections.all()

    def save_linesheet(self, draft: LinesheetDraft, joor_id: str | None, season_id: str | None, *, doubt: bool) -> tuple[str, str]:
        """Looked up by code before it is created, in doubt or not. Raises Rejected in JOOR's words."""
        return self._collections.save(draft, joor_id, season_id)

    def add_items(self, draft: LinesheetDraft, joor_id: str, entries: Sequence[LinesheetEntry]) -> dict[str, str | None]:
        return self._collections.change_items(draft, joor_id, entries, "ADD_ITEMS")

    def remove_items(self, draft: LinesheetDraft, joor_id: str, entries: Sequence[LinesheetEntry]) -> dict[str, str | None]:
        return self._collections.change_items(draft, joor_id, entries, "REMOVE_ITEMS")

    # ---- images -------------------------------------------------------------------------------------------------------------------------

    @property
    def bulk_urls(self) -> bool:
        return True

    def send_images(self, images: Sequence[ImageDraft], *, replace: bool) -> dict[int, str | None]:
        """Addresses first, then bytes. The first style-level picture of a card clears the earlier ones, whichever way it goes."""
        urls = [(index, image) for index, image in enumerate(images) if image.url is not None]
        found = send_urls(self._calls, urls, replace=replace, most=self._options.images.batch_size)
        cleared = {image.identifier for _, image in urls if image.level == "style"}
        for index, image in enumerate(images):
            if image.url is None:
                clear = replace and image.level == "style" and image.identifier not in cleared
                found[index] = send_image(self._http, self._image_auth, self._contract, image, clear)
                if image.level == "style":
                    cleared.add(image.identifier)
        return {index: found[index] for index in sorted(found)}


def _news(cards: Sequence[Card]) -> Iterator[Sequence[Saved]]:
    found = [saved for card in cards if (saved := card.news()) is not None]
    if found:
        yield found
