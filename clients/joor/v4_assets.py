"""v4 pictures: JOOR fetches each from its address, many in one call (facts 6.2, 6.3)."""

from collections.abc import Iterator, Sequence

from clients.failures import Intent
from clients.joor.types import ImageDraft
from clients.joor.v4_answers import Names, Row, named
from clients.joor.v4_calls import V4Calls
from clients.joor.v4_cards import calls_of

Placed = tuple[int, ImageDraft]


def send_urls(calls: V4Calls, images: Sequence[Placed], *, replace: bool, most: int) -> dict[int, str | None]:
    """Per given index None or JOOR's words. `replace` clears the style-level pictures of the cards sent, so those of one card are never
    split over two calls. `external_id` is left out: it must be unique across the account, so a repeated sync would collide.

    Clearing first repeats exactly, and a colour has one swatch; other pictures add up, so a lost answer of theirs is OutcomeUnknown."""
    found: dict[int, str | None] = {}
    style = [(index, image) for index, image in images if image.level == "style"]
    color = [(index, image) for index, image in images if image.level != "style"]
    for batch in _batches(style, most):
        what, bodies = f"sending {len(batch)} style image(s)", [_product_body(image) for _, image in batch]
        intent: Intent = "write" if replace else "create"
        found |= _send(calls, "path.product_assets", batch, bodies, what, intent, replace_all="true" if replace else "false")
    trait = calls.contract["assets.color_trait"]
    for batch in _batches(color, most):
        what, bodies = f"sending {len(batch)} colour image(s)", [_color_body(image, trait) for _, image in batch]
        intent = "write" if all(image.level == "swatch" for _, image in batch) else "create"
        found |= _send(calls, "path.color_assets", batch, bodies, what, intent)
    return found


def _batches(images: Sequence[Placed], most: int) -> Iterator[list[Placed]]:
    by_card: dict[str, list[Placed]] = {}
    for index, image in images:
        by_card.setdefault(image.joor_id, []).append((index, image))
    for call in calls_of(list(by_card.items()), most):
        yield [placed for _, group in call for placed in group]


def _send(
    calls: V4Calls, path: str, batch: Sequence[Placed], bodies: Sequence[Row], what: str, intent: Intent, **params: str
) -> dict[int, str | None]:
    sent: list[Names] = [{"filename": image.filename, "product_id": image.joor_id, "external_id": image.color} for _, image in batch]
    said = calls.bulk(path, bodies, sent, _names, what, intent, **params)
    return {index: words for (index, _), words in zip(batch, said.words, strict=True)}


def _names(row: Row) -> Names:
    asset = row.get("asset")
    return named(asset if isinstance(asset, dict) else row, "filename")


def _product_body(image: ImageDraft) -> Row:
    return {"product": {"id": image.joor_id}, "asset": _asset(image, "image"), "display_order": image.display_order}


def _color_body(image: ImageDraft, trait: str) -> Row:
    value: Row = {"trait": {"name": trait}, "value": {"external_id": image.color}}
    kind = "swatch" if image.level == "swatch" else "image"
    return {"product": {"id": image.joor_id}, "sku_trait_value": value, "asset": _asset(image, kind)}


def _asset(image: ImageDraft, kind: str) -> Row:
    return {"type": kind, "filename": image.filename, "source_url": image.url}
