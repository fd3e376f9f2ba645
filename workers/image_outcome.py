"""What became of one style's pictures, in words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from models.catalogue import ImageLevel, ImageSent
from models.errors import Outcome, Rejected, Synced, SyncError, Unavailable, Unchanged
from rules.image_plan import Plan, Step, must_clear
from rules.images import Picture, Wanted

_LEVELS = {ImageLevel.STYLE: "of the style", ImageLevel.COLOR: "of colours", ImageLevel.SWATCH: "swatches"}
_SHOWN = 50


@dataclass
class Tally:
    wanted: int = 0
    kept: int = 0
    sent: Counter[ImageLevel] = field(default_factory=Counter)
    failed: list[dict[str, str]] = field(default_factory=list)
    left: list[dict[str, str]] = field(default_factory=list)
    unreached: list[tuple[Picture, Unavailable]] = field(default_factory=list)
    out_of_order: bool = False

    def plan(self, plan: Plan, doubtful: Sequence[ImageSent]) -> None:
        """After the pictures were looked into; what failed just now is counted already."""
        self.wanted += len(plan.items)
        self.kept += sum(item.step in (Step.KEPT, Step.TOUCHED) for item in plan.items)
        for row in [*plan.left, *doubtful]:
            self.left.append({"style": plan.card.identifier, "picture": row.filename, "level": row.level, "color": row.color})
        counted = {(entry["style"], entry["picture"], entry["level"], entry["color"]) for entry in self.failed}
        for item in plan.items:
            told = (plan.card.identifier, item.wanted.picture.name, item.wanted.level.value, item.wanted.color)
            if item.step == Step.REFUSED and told not in counted and item.row is not None and item.row.refused:
                self.refused(plan.card.identifier, item.wanted, item.row.refused)

    def refused(self, identifier: str, wish: Wanted, words: str) -> None:
        name = wish.picture.name or wish.picture.source
        self.failed.append({"style": identifier, "picture": name, "level": wish.level.value, "color": wish.color, "refused": words})

    def away(self, picture: Picture, error: Unavailable) -> None:
        self.unreached.append((picture, error))


def outcome_of(style: str, tally: Tally) -> Outcome | SyncError:
    sent, failed = tally.sent.total(), len({(row["picture"], row["level"], row["style"]) for row in tally.failed})
    counts = {"pictures": tally.wanted, "sent": sent, "unchanged": tally.kept, "refused": failed, "left": len(tally.left)}
    told = {"refused": tally.failed[:_SHOWN], "left": tally.left[:_SHOWN]}
    result: dict[str, Any] = {name: rows for name, rows in told.items() if rows}
    if tally.unreached:
        return _not_had(style, tally, sent)
    if failed and not sent:
        return _nothing_sent(style, tally, failed)
    words = f"{style}: {_count(sent)} sent" if sent else f"JOOR has all pictures of {style}"
    if sent:
        words += f" ({', '.join(f'{tally.sent[level]} {name}' for level, name in _LEVELS.items() if tally.sent[level])})"
    if failed:
        words += f"; {failed} cannot be sent: {_first(tally.failed)}"
    if tally.left:
        words += f"; JOOR keeps {_count(len(tally.left))} that a person has to look at there (joorsync images show {style})"
    if tally.out_of_order:
        words += "; JOOR shows them in another order, which only sending all of them again changes (--all)"
    return Synced(sent, words, counts, result or None) if sent else Unchanged(words, counts, result or None)


def _not_had(style: str, tally: Tally, sent: int) -> Unavailable:
    picture, error = tally.unreached[0]
    names = len({one.source for one, _ in tally.unreached})
    before = f"{_count(sent)} sent, " if sent else ""
    return Unavailable(
        f"{style}: {before}{_count(names)} could not be had now, first {picture.name or picture.source}: {error.summary}",
        fix=["Nothing to do at once: they are tried again by themselves.", *error.fix],
        retry_after=error.retry_after,
    )


def _nothing_sent(style: str, tally: Tally, failed: int) -> Rejected:
    return Rejected(
        f"{style}: {_count(failed)} cannot be sent, and there is nothing else to send: {_first(tally.failed)}",
        fix=[
            "Put a good picture in its place; it is offered again when it changes.",
            "If JOOR cannot open the address: joorsync sites set KEY --image urls_public=false, and the pictures themselves are sent.",
            f"See all of them: joorsync images show {style}",
            f"Offer them again as they are: joorsync enqueue images --key {style} --all",
        ],
        remote_message=tally.failed[0]["refused"],
    )


def _first(rows: Sequence[dict[str, str]]) -> str:
    return f"{rows[0]['picture']}: {rows[0]['refused']}"


def _count(number: int) -> str:
    return "1 picture" if number == 1 else f"{number:,} pictures"


def preview_of(style: str, plans: Sequence[Plan]) -> Outcome:
    """What an export would do, as far as it can be told without looking into the pictures."""
    rows = [
        {"style": plan.card.identifier, "picture": item.wanted.picture.name, "level": item.wanted.level.value, "color": item.wanted.color}
        | {"step": item.step.value}
        for plan in plans
        for item in plan.items
        if item.step in (Step.NEW, Step.CHANGED, Step.DOUBT)
    ]
    cleared = [plan.card.identifier for plan in plans if must_clear(plan)]
    counts = {"pictures": sum(len(plan.items) for plan in plans), "differences": len(rows), "sent": 0}
    result = {"first": rows[:_SHOWN], "cleared": cleared[:_SHOWN], "left": [row.filename for plan in plans for row in plan.left][:_SHOWN]}
    return Unchanged(f"dry run: {_count(len(rows))} of {style} would be looked into and sent where their content differs", counts, result)
