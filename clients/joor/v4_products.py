"""v4 products: one per style card, keyed by `product_identifier` (facts 4.1, 4.7)."""

from collections.abc import Generator, Iterator, Sequence

from clients.joor.types import JoorStyleCard, StyleDraft, TagDraft
from clients.joor.v4_answers import SILENT, Names, Row, named, text
from clients.joor.v4_calls import V4Calls
from clients.joor.v4_cards import AboutTo, Card
from clients.joor.v4_traits import Traits
from clients.jsontext import storable


def save_products(calls: V4Calls, traits: Traits, cards: Sequence[Card], about_to: AboutTo) -> Iterator[None]:
    """Create the cards without an id, update those with one. Pauses after every remote write, and at the end.

    In doubt the product list is read first, and DUPLICATED (or silence about an item) is followed by reading it: a card that is there under
    its identifier is adopted and updated. External ids and names adopt nothing (facts 4.1: they need not be unique).
    """
    unknown = [card for card in cards if card.joor_id is None]
    if any(card.doubt for card in unknown):
        _adopt(calls, unknown)
        yield
    unclear = yield from _create(calls, traits, [card for card in unknown if card.joor_id is None], about_to)
    if unclear:
        _adopt(calls, list(unclear))
        for card, words in unclear.items():
            if card.joor_id is None:
                card.refuse("product", words)
        yield
    yield from _update(calls, traits, [card for card in cards if card.alive and card.joor_id and not card.fresh and card.wants("product")])
    yield


def _create(calls: V4Calls, traits: Traits, cards: Sequence[Card], about_to: AboutTo) -> Generator[None, None, dict[Card, str]]:
    """Returns the cards that may be on JOOR already, with JOOR's words."""
    ready = _ready(traits, cards)
    if not ready:
        return {}
    about_to([card.identifier for card, _ in ready])
    bodies = [body for _, body in ready]
    what = f"creating {len(bodies)} style(s)"
    said = calls.bulk("path.products_create", bodies, [_create_names(body) for body in bodies], names_of, what, "create")
    unclear: dict[Card, str] = {}
    for place, (card, _) in enumerate(ready):
        row, words = said.rows[place], said.words[place]
        if words is None and row is not None and text(row, "id"):
            card.joor_id, card.fresh = text(row, "id"), True
            card.done("product")
        elif words is None or words == SILENT or place in said.duplicated:
            unclear[card] = words or SILENT
        else:
            card.refuse("product", words)
    yield
    return unclear


def _update(calls: V4Calls, traits: Traits, cards: Sequence[Card]) -> Iterator[None]:
    ready = []
    for card, body in _ready(traits, cards):
        if card.before is not None and body == body_of(card.before, card.before, traits, new=False):
            card.done("product")
        else:
            ready.append((card, body))
    if not ready:
        return
    bodies = [{"id": card.joor_id, **body} for card, body in ready]
    what = f"updating {len(bodies)} style(s)"
    said = calls.bulk("path.products_update", bodies, [_update_names(body) for body in bodies], names_of, what, "write")
    for (card, _), words in zip(ready, said.words, strict=True):
        if words is None:
            card.done("product")
        else:
            card.refuse("product", words)
    yield


def _ready(traits: Traits, cards: Sequence[Card]) -> list[tuple[Card, Row]]:
    """The cards with their bodies; one with a trait that JOOR has not got is refused here."""
    ready = []
    for card in cards:
        unknown = [trait.name for trait in card.draft.traits if traits.reference("product", trait.name) is None]
        if unknown:
            card.refuse("product", f"JOOR has no product trait {', '.join(unknown)}; it has {traits.listed('product')}")
        else:
            ready.append((card, body_of(card.draft, card.before, traits, new=card.joor_id is None)))
    return ready


def body_of(draft: StyleDraft, before: StyleDraft | None, traits: Traits, *, new: bool) -> Row:
    """What is empty is left out, so that what a person set on JOOR stays, except where JOOR was told it `before`.

    `external_id` is not listed for updates (facts 4.7).
    """
    body: Row = {"product_identifier": draft.identifier, "name": draft.name}
    if new:
        body["external_id"] = draft.number
    fields: Row = {
        "description": draft.description,
        "order_minimum": draft.order_minimum,
        "category_ids": list(draft.categories),
        "product_trait_values": [
            {**(traits.reference("product", trait.name) or {}), "value": trait.value, **({"external_id": trait.code} if trait.code else {})}
            for trait in draft.traits
        ],
        "tags": [_tag(tag, traits.tag_group_field) for tag in draft.tags],
    }
    had = {} if before is None else _fields_of(before)
    body.update({name: value for name, value in fields.items() if value not in ("", None, []) or had.get(name)})
    return body


def _tag(tag: TagDraft, group_field: str) -> Row:
    fields = {"name": tag.name, "value": tag.value, "code": tag.code, group_field: tag.group}
    return {name: value for name, value in fields.items() if name and value}


def _fields_of(draft: StyleDraft) -> Row:
    return {
        "description": draft.description,
        "order_minimum": draft.order_minimum,
        "category_ids": draft.categories,
        "product_trait_values": draft.traits,
        "tags": draft.tags,
    }


def _adopt(calls: V4Calls, cards: Sequence[Card]) -> None:
    wanted = {card.identifier: card for card in cards}
    for row in calls.rows("path.products", "looking up styles"):
        card = wanted.pop(text(row, "product_identifier"), None)
        if card is not None and text(row, "id"):
            card.joor_id, card.adopted = text(row, "id"), True
        if not wanted:
            return


def names_of(row: Row) -> Names:
    """The number of a style is shared by the cards of its colours, so it comes last."""
    return named(row, "id", "product_identifier", "external_id")


def _create_names(body: Row) -> Names:
    return named(body, "product_identifier", "external_id")


def _update_names(body: Row) -> Names:
    return {**named(body, "id", "product_identifier"), "product_id": text(body, "id")}


def card_of(row: Row) -> JoorStyleCard:
    """A product as JOOR shows it. Raises ValueError without an id."""
    joor_id = text(row, "id")
    if not joor_id:
        raise ValueError("a product came without an id")
    raw = storable(row)
    return JoorStyleCard(joor_id, text(row, "product_identifier"), text(row, "external_id"), text(row, "name"), raw=raw)
