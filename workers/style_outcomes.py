"""What became of a style, in words that a merchandiser understands, and in numbers."""

from collections.abc import Sequence
from typing import Any

from models.errors import Outcome, Rejected, Synced, Unchanged
from rules.style_guard import Removal
from workers.order_pairs import quoted
from workers.style_changes import CardChanges, changes_of
from workers.style_tasks import StyleTask
from workers.sync import Context


def refusal(ctx: Context, task: StyleTask) -> Rejected | None:
    """JOOR's words for the cards it did not take; the others of the style are there."""
    refused = [(card, part, words) for card in task.cards for part, words in card.refused.items()]
    if not refused:
        return None
    card, part, words = refused[0]
    names = {"product": "the style", "skus": "the colours and sizes", "prices": "the prices"}
    more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
    by_hand = [
        f"A person made {card.identifier} on JOOR. Pair the colours it has there: "
        f'joorsync map set style "{card.identifier}|COLOUR ON JOOR" --aims "{task.source.style}|COLOUR" --site {ctx.site.key}',
        "Or delete on JOOR the colours and sizes that AIMS360 does not have",
    ]
    return Rejected(
        f"JOOR refused {names[part]} of {card.identifier}: {words}{more}",
        fix=[
            *(by_hand if part == "skus" and (card.adopted or card.by_hand) else ["Correct it in AIMS360 or in JOOR's settings"]),
            f"Then: joorsync enqueue styles --key {quoted(task.source.style)} --site {ctx.site.key}",
        ],
        field=part,
        remote_message="; ".join(dict.fromkeys(text for _, _, text in refused)),
    )


def outcome(task: StyleTask) -> Outcome:
    style, sent = task.source.style, [changes_of(card) for card in task.cards if card.needed]
    notes = "".join(f"; {note}" for note in task.notes)
    if not sent:
        words = f"JOOR has {style} as AIMS360 has it" if task.cards else f"nothing of {style} is sent"
        return Unchanged(words + notes, counts=_counts(task, sent))
    verb = "created" if all(card.is_new and not card.adopted for card in task.cards) else "updated"
    many = f" as {len(task.cards)} styles, split by colour" if task.plan.by_color and len(task.cards) > 1 else ""
    what = "" if verb == "created" else f": {', '.join(_parts(sent))}"
    extra = f"; {len(task.old)} old card(s) are taken off next" if task.old else ""
    return Synced(len(sent), f"{style} {verb} in JOOR{many}{what}{extra}{notes}", _counts(task, sent))


def _parts(sent: Sequence[CardChanges]) -> list[str]:
    skus, prices = sum(change.skus for change in sent), sum(change.prices for change in sent)
    found = [f"{skus} SKU{'s' * (skus != 1)}"] if skus else []
    found += [f"{prices} price{'s' * (prices != 1)}"] if prices else []
    return (["style"] if any(change.product for change in sent) else []) + found or ["checked, nothing differs"]


def _counts(task: StyleTask, sent: Sequence[CardChanges]) -> dict[str, int]:
    return {
        "cards": len(sent),
        "created": sum(card.is_new and not card.adopted for card in task.cards if card.needed),
        "adopted": sum(card.adopted for card in task.cards),
        "product": sum(bool(change.product) for change in sent),
        "skus": sum(change.skus for change in sent),
        "prices": sum(change.prices for change in sent),
    }


def previewed(task: StyleTask, lost: Sequence[Removal]) -> Outcome:
    found = [changes_of(card) for card in task.cards if card.needed]
    result: dict[str, Any] = {"cards": [change.as_json() for change in found], "notes": list(task.notes)}
    result |= {"rekey": {"old": list(task.old), "new": [card.identifier for card in task.cards]}} if task.old else {}
    result |= {"would_be_taken_off": [removal.key for removal in lost]} if lost else {}
    style = task.source.style
    words = f"dry run: {style} would be sent: {', '.join(_parts(found))}" if found else f"dry run: JOOR has {style} as AIMS360 has it"
    return Unchanged(words, _counts(task, found), result)
