"""Reading back from a sandbox account what a test scenario has sent: `joorsync certify` compares. Reads only, and never a live account."""

import io
from collections.abc import Callable
from typing import Any

from PIL import Image

from clients.joor.client import JoorClient
from clients.joor.parse import money, rows, text
from clients.joor.types import JoorStyleCard, PriceDraft
from clients.joor.v4_catalogue import V4Catalogue
from clients.pictures import MAX_PIXELS, check
from models.errors import AccessDenied, NotPossible, Rejected
from models.jobs import JobKind
from models.sites import Site
from runtime.clock import Clock
from runtime.db import Sessions
from runtime.settings import Settings
from workers.connect import Connections
from workers.sync import Context

_WRONG_TOKEN = "joorsync-certify-a-wrong-token"  # noqa: S105  # wrong on purpose
_EVERY_ORDER, _ANY_EXPORT_STATE = 8, 1  # request filters (facts 8.1)


def observe(sessions: Sessions, clock: Clock, settings: Settings, site_id: int, what: str, key: str) -> dict[str, Any]:
    """`what` is one of QUESTIONS. The answer is plain JSON. Raises NotPossible for a live account or an unknown question, and what clients
    raise."""
    with sessions() as session:
        site = session.get_one(Site, site_id)
    if not site.is_sandbox:
        raise NotPossible(
            f"Site {site.key} is a live account: test scenarios touch sandbox accounts only",
            fix=["Name its sandbox account: joorsync sites"],
        )
    if what not in QUESTIONS:
        raise NotPossible(f"There is no question {what!r}", fix=[f"Choose one of: {', '.join(QUESTIONS)}."])
    connections = Connections(sessions, clock, settings)
    try:
        return QUESTIONS[what](connections.connect(site_id, JobKind.STYLES_EXPORT).context, key)
    finally:
        connections.close()


def _access(ctx: Context, _key: str) -> dict[str, Any]:
    """The stored credentials of both systems, each used once. JOOR's calls carry Content-Type (facts 1.2)."""
    ctx.joor.orders_page(order_type=_EVERY_ORDER, export_status=_ANY_EXPORT_STATE, start_from=0, count=1)
    v4 = ctx.joor.check_v4() if ctx.joor.can_set_export_states else "no v4 credentials"
    return {"v2": "reads orders", "v4": v4, "aims360_divisions": len(list(ctx.aims.codes("division")))}


def _wrong_token(ctx: Context, _key: str) -> dict[str, Any]:
    stranger = JoorClient(ctx.joor.http, token=_WRONG_TOKEN, clock=ctx.clock, contract=ctx.joor.contract)
    try:
        stranger.orders_page(order_type=_EVERY_ORDER, export_status=_ANY_EXPORT_STATE, start_from=0, count=1)
    except AccessDenied as error:
        return {"refused": True, "summary": error.summary, "fix": list(error.fix)}
    return {"refused": False}


def _price_types(ctx: Context, _key: str) -> dict[str, Any]:
    """None where the route cannot ask (v2)."""
    found = ctx.catalogue().price_types()
    return {"price_types": None if found is None else [{"label": row.label, "currency": row.currency} for row in found]}


def _style(ctx: Context, key: str) -> dict[str, Any]:
    """By identifier: every page of JOOR's list is read, as no route can ask for one."""
    catalogue = ctx.catalogue()
    cards = [card for card in catalogue.cards() if card.identifier == key]
    if not cards:
        return {"found": 0}
    card = cards[0]
    skus = catalogue.skus_of([card])[card.joor_id]
    prices = catalogue.prices_of(skus) if isinstance(catalogue, V4Catalogue) else _v2_prices(card)
    return {
        "found": len(cards),
        "joor_id": card.joor_id,
        "number": card.number,
        "name": card.name,
        "description": text(card.raw, "description") or text(card.raw, "style_description"),
        "skus": [{"color": sku.color_code, "size": sku.size, "upc": sku.upc, "active": sku.active} for sku in skus],
        "prices": [
            {"label": row.label, "currency": row.currency, "wholesale": str(row.wholesale), "retail": str(row.retail)} for row in prices
        ],
    }


def _v2_prices(card: JoorStyleCard) -> list[PriceDraft]:
    found = []
    for row in rows(card.raw, "prices", "price"):
        wholesale = money(row, "price_wholesale")
        if wholesale is not None:
            found.append(PriceDraft(text(row, "price_label"), text(row, "price_currency"), wholesale, money(row, "price_retail")))
    return found


def _linesheet(ctx: Context, key: str) -> dict[str, Any]:
    """By code; `items` are JOOR ids of style cards."""
    found = [sheet for sheet in ctx.catalogue().linesheets() if sheet.code == key]
    if not found:
        return {"found": 0, "items": []}
    return {"found": len(found), "joor_id": found[0].joor_id, "name": found[0].name, "items": sorted(found[0].items)}


def _connection(ctx: Context, key: str) -> dict[str, Any]:
    """By customer code."""
    found = ctx.joor.connection(key)
    if found is None:
        return {"found": False}
    shown = found.shown
    labels = [[row.label, row.currency] for row in shown.price_types] if shown else None
    return {"found": True, "id": found.connection_id, "name": found.customer_name, "email": found.email, "price_types": labels}


def _picture(_ctx: Context, key: str) -> dict[str, Any]:
    """What our own check says of a picture that JOOR would not take, before any call ("too large", "wrong type")."""
    try:
        info = check(_too_large() if key == "too large" else b"%PDF-1.7 a picture in name only")
    except Rejected as error:
        return {"refused": True, "summary": error.summary, "fix": list(error.fix)}
    return {"refused": False, "format": info.format, "pixels": info.width * info.height}


def _too_large() -> bytes:
    """A small file with more pixels than anybody should unpack."""
    out = io.BytesIO()
    side = int(MAX_PIXELS**0.5) + 200
    Image.new("1", (side, side)).save(out, "PNG")
    return out.getvalue()


QUESTIONS: dict[str, Callable[[Context, str], dict[str, Any]]] = {
    "access": _access,
    "wrong token": _wrong_token,
    "price types": _price_types,
    "style": _style,
    "linesheet": _linesheet,
    "connection": _connection,
    "picture": _picture,
}
