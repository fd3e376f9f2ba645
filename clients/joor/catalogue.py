"""The seam between flows and JOOR's two APIs: flows say what should be true on JOOR, a route knows how. No flow names an endpoint.

Two routes with one behaviour (one conformance suite runs over both): `V4Catalogue` (products, SKUs, prices, collections, assets) for sites
with v4 credentials, `V2Catalogue` (`bulk-style` and its jobs, the image endpoint) for sites that hold only the API token.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, Protocol

from clients.joor.types import (
    CardWork,
    ImageDraft,
    JoorLinesheet,
    JoorSku,
    JoorStyleCard,
    LinesheetDraft,
    LinesheetEntry,
    PriceType,
    Saved,
)
from models.settings import ImageSettings, LinesheetSettings, StyleSettings


class RouteOptions(Protocol):
    """What a site says about its route (`models.settings` fields; `workers.sync.SiteView` fits)."""

    @property
    def styles(self) -> StyleSettings: ...
    @property
    def linesheets(self) -> LinesheetSettings: ...
    @property
    def images(self) -> ImageSettings: ...


class Catalogue(Protocol):
    """Failures are those of `clients.failures`. Not one method ever strips what it was not told to strip."""

    route: Literal["v4", "v2"]

    @property
    def switches_single_skus(self) -> bool:
        """Whether one size of one colour can be taken off by itself. Where not, it stays as JOOR has it."""

    def price_types(self) -> list[PriceType] | None:
        """The account's price types; None where the route cannot ask (v2)."""

    def save_styles(self, works: Sequence[CardWork], about_to: Callable[[Sequence[str]], None]) -> Iterator[Sequence[Saved]]:
        """Bring these cards up to date in as few calls as there are kinds of change, dependencies first. Yields after every remote write,
        so that ids and parts are stored before the next call. `about_to(identifiers)` is called before each call that may create something
        for these cards, so that a crash leaves a mark. A refused item fails alone; a call that fails as a whole raises.

        A card without a known id that turns out to exist (DUPLICATED) is adopted and updated. Prices of other price types are never
        touched. May raise WaitUntil while a v2 bulk job is unfinished: everything was yielded (with `job`) before.
        """

    def cards(self) -> Iterator[JoorStyleCard]:
        """Every style card of the account, page by page."""

    def skus_of(self, cards: Sequence[JoorStyleCard]) -> dict[str, tuple[JoorSku, ...]]:
        """SKUs by JOOR id of the card; no call for cards that carry their SKUs."""

    def set_active(self, work: CardWork, color: str | None, size: str | None, active: bool) -> Saved:
        """Take one colour, one size, or (neither given) the whole card off JOOR, or put it back. v4: trait status on the SKUs; v2: DELETE,
        and nothing for putting back (a later save_styles does). This edits live orders (facts 4.5): look for open orders first."""

    def linesheets(self) -> list[JoorLinesheet]:
        """Every linesheet with its items. v2 has no list of its own: made up of the cards' deliveries, `joor_id` is then the code."""

    def save_linesheet(self, draft: LinesheetDraft, joor_id: str | None, season_id: str | None, *, doubt: bool) -> tuple[str, str]:
        """Create the linesheet or bring its head up to date; items stay as they are. Returns (JOOR id, season id). `doubt`: look first
        whether an earlier create got through. v2: nothing to send (heads travel with items); returns (code, season code)."""

    def add_items(self, draft: LinesheetDraft, joor_id: str, entries: Sequence[LinesheetEntry]) -> dict[str, str | None]:
        """Put these cards on the linesheet (or bring their order and colours up to date), others stay. Per identifier None or JOOR's words.
        v4 ADD_ITEMS; v2 bulk-style with deliveries and an explicit delivery_overwrite."""

    def remove_items(self, draft: LinesheetDraft, joor_id: str, entries: Sequence[LinesheetEntry]) -> dict[str, str | None]:
        """Take these cards off the linesheet, others stay. v4 REMOVE_ITEMS; v2 delivery_overwrite 4."""

    def send_images(self, images: Sequence[ImageDraft], *, replace: bool) -> dict[int, str | None]:
        """Per index None or JOOR's words. URL images go in bulk (v4), bytes one call each (v2 image endpoint, on both routes).
        `replace`: style-level images that the cards have are cleared first, so give all of them."""

    @property
    def bulk_urls(self) -> bool:
        """Whether URL images are sent many in one call (v4)."""
