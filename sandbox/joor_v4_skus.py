"""v4 SKUs: reading, creating and updating them (fact sheet 4.5, 4.7). One SKU is one colour and one size of one card."""

from collections.abc import Callable
from typing import Any

from sandbox.brand import JoorSku, JoorStyle
from sandbox.joor_catalogue import SkuKey
from sandbox.joor_envelope import v4_answer, v4_error
from sandbox.joor_lines import follow_status
from sandbox.joor_sku_draft import SkuDraft, identifiers, read_draft, take_over
from sandbox.joor_v4_items import Item, Refusal, Unreadable, answer_each, checked, comma_list, error_of, items_of, objects, paged, text
from sandbox.joor_v4_products import product
from sandbox.joor_v4_sku_view import sku_shown
from sandbox.joor_world import Account, World
from sandbox.messages import Request, Response


def skus(world: World, account: Account, request: Request) -> Response:
    """GET /v4/skus, of some products or of all; products that are not there have no SKUs."""
    by_style_id = account.catalogue.by_style_id
    wanted = comma_list(request, "product_ids")
    styles = [by_style_id[style_id] for style_id in wanted if style_id in by_style_id] if wanted else account.catalogue.styles()
    rows = [(style, sku) for style in styles for sku in style.skus]
    return v4_answer([sku_shown(account, style, sku) for style, sku in paged(world, rows, request)])


def create(world: World, account: Account, request: Request) -> Response:
    """POST /v4/skus/bulk_create.

    Each item is read by itself, then each card's matrix is judged by what it has and what was sent for it, then the good items are made.
    ASSUMED: a SKU that is there already is DUPLICATED; an item refused for a reason of its own still counts as sent.
    """
    try:
        items = items_of(request)
    except Unreadable as error:
        return v4_answer([], [v4_error(str(error))], 400)
    drafts: dict[int, SkuDraft] = {}
    refused: dict[int, Refusal] = {}
    sent: dict[str, set[tuple[str, str]]] = {}  # identifier -> colours and sizes sent
    for number, item in enumerate(items):
        try:
            draft = _draft(world, account, item, sent)
            checked(world, request, item)
            drafts[number] = draft
        except Refusal as refusal:
            refused[number] = refusal
    missing = {identifier: _missing(account, identifier, pairs) for identifier, pairs in sent.items()}
    if world.choice("sku_matrix", "explicit", "auto") == "explicit":
        for number, draft in list(drafts.items()):
            if gaps := missing[draft.style.style_identifier]:
                refused[number] = _incomplete(draft.style, gaps)
                del drafts[number]
    made = [_make(world, account, draft, request.call) for draft in drafts.values()]
    if world.switches["sku_matrix"] == "auto":
        _complete(world, account, missing, request.call)
    data = [sku_shown(account, draft.style, sku) for draft, sku in zip(drafts.values(), made, strict=True)]
    return v4_answer(data, [error_of(world, refusal, items[number]) for number, refusal in sorted(refused.items())])


def _draft(world: World, account: Account, item: Any, sent: dict[str, set[tuple[str, str]]]) -> SkuDraft:
    if not isinstance(item, dict):
        raise Refusal("An item must be a JSON object")
    style = product(account, text(item, "product_id", required=True))
    draft = read_draft(style, item, color_code_required=bool(world.switches["color_code_required"]))
    pair = (draft.color.code, draft.size.value)
    if (style.style_identifier, *pair) in account.catalogue.skus or pair in sent.get(style.style_identifier, ()):
        raise Refusal(f"SKU {' '.join(pair)} of product {style.style_id} already exists", "DUPLICATED")
    sent.setdefault(style.style_identifier, set()).add(pair)
    return draft


def _missing(account: Account, identifier: str, sent: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The colour x size combinations neither there nor sent."""
    pairs = sent | {(sku.color_code, sku.size) for sku in account.record.styles[identifier].skus}
    colors, sizes = dict.fromkeys(color for color, _ in sorted(pairs)), dict.fromkeys(size for _, size in sorted(pairs))
    if len(pairs) == len(colors) * len(sizes):
        return []
    return [(color, size) for color in colors for size in sizes if (color, size) not in pairs]


def _incomplete(style: JoorStyle, gaps: list[tuple[str, str]]) -> Refusal:
    named = ", ".join(" ".join(gap) for gap in gaps[:5])
    return Refusal(f"Product {style.style_id} needs the full list of its colour and size combinations; missing are {named}")


def _make(world: World, account: Account, draft: SkuDraft, call: int) -> JoorSku:
    sku = JoorSku(draft.color.code, draft.color.value, draft.size.value, draft.upc, identifiers=draft.identifiers)
    sku.external_id, sku.sku_identifier = draft.external_id or "", draft.sku_identifier or ""
    kin = draft.style.skus
    sku.color_active = next((other.color_active for other in kin if other.color_code == sku.color_code), True)
    sku.size_active = next((other.size_active for other in kin if other.size == sku.size), True)
    account.catalogue.add_sku(draft.style, sku)
    take_over(sku, draft)
    _set_status(world, account, draft, sku, call)
    world.effect("sku_created", account, name_of(draft.style, sku), upc=sku.upc, via="v4", call=call)
    return sku


def _complete(world: World, account: Account, missing: dict[str, list[tuple[str, str]]], call: int) -> None:
    """The docs' other reading: JOOR makes the combinations that were left out, without any key of the brand's."""
    for identifier, gaps in missing.items():
        style = account.record.styles[identifier]
        names = {sku.color_code: sku.color_name for sku in style.skus}
        for color, size in gaps:
            sku = JoorSku(color, names.get(color, color), size, None)
            account.catalogue.add_sku(style, sku)
            world.effect("sku_created", account, name_of(style, sku), upc=None, via="sku_matrix=auto", call=call)


def update(world: World, account: Account, request: Request) -> Response:
    """POST /v4/skus/bulk_update, by JOOR's `id`."""
    return _update(world, account, request, lambda item: text(item, "id", required=True))


def update_by_external_id(world: World, account: Account, request: Request) -> Response:
    """POST /v4/skus/bulk_update_by_external_id."""

    def found(item: Item) -> str:
        external_id = text(item, "external_id", required=True)
        if external_id not in account.catalogue.by_external_id:
            raise Refusal(f"SKU with external_id {external_id} not found")
        return account.catalogue.by_external_id[external_id]

    return _update(world, account, request, found)


def _update(world: World, account: Account, request: Request, id_of: Callable[[Item], str]) -> Response:
    before: dict[str, Item] = {}  # SKU id -> as it was when the call began: one item's status reaches the SKUs of others

    def one(item: Item) -> Item:
        sku_id = id_of(item)
        if sku_id not in account.catalogue.by_sku_id:
            raise Refusal(f"SKU {sku_id} not found")
        style, sku = account.catalogue.by_sku_id[sku_id]
        if sku_id not in before:
            before.update({other.sku_id: sku_shown(account, style, other) for other in style.skus})
        draft = read_draft(style, item, color_code_required=False, updates=sku)
        if "identifiers" in item:
            account.catalogue.set_upc(style, sku, draft.upc)
            sku.identifiers = identifiers(objects(item, "identifiers"))[1]
        if draft.external_id is not None:
            account.catalogue.set_external_id(sku, draft.external_id)
        if draft.sku_identifier is not None:
            sku.sku_identifier = draft.sku_identifier
        take_over(sku, draft)
        _set_status(world, account, draft, sku, request.call)
        style.modified = world.now()
        shown = sku_shown(account, style, sku)
        changed = [name for name, value in shown.items() if before[sku_id][name] != value]
        world.effect("sku_updated", account, name_of(style, sku), changed=changed, via="v4", call=request.call)
        return shown

    return answer_each(world, request, one)


def _set_status(world: World, account: Account, draft: SkuDraft, sku: JoorSku, call: int) -> None:
    """Status is of the colour or the size of the whole card, or by switch of this SKU alone; orders follow at once (4.5)."""
    wide = world.choice("trait_status_scope", "value", "sku") == "value"
    changed: set[SkuKey] = set()
    for other in draft.style.skus if wide else [sku]:
        was = other.active
        if draft.color.active is not None and other.color_code == sku.color_code:
            other.color_active = draft.color.active
        if draft.size.active is not None and other.size == sku.size:
            other.size_active = draft.size.active
        if other.active != was:
            changed.add((draft.style.style_identifier, other.color_code, other.size))
    follow_status(world, account, changed, call)


def name_of(style: JoorStyle, sku: JoorSku) -> str:
    """A SKU's key in the ledger."""
    return f"{style.style_identifier}|{sku.color_code}|{sku.size}"
