"""What became of a linesheet, in a merchandiser's words, and the preview of a dry run."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from models.errors import Outcome, Rejected, Synced, Unchanged
from rules.linesheet_difference import Difference
from rules.linesheets import Member, head_json
from workers.linesheet_reading import Sheet

#: What is done with name, season and ship window. "adopted": JOOR had a linesheet with our code that a person had made.
Head = Literal["made", "made anew", "adopted", "changed", "same"]
SHOWN = 50
_HEAD_WORDS = {
    "made": "made on JOOR",
    "made anew": "was gone from JOOR and is made anew",
    "adopted": "found on JOOR under this code and kept from now on, with all that people put on it",
    "changed": "name, season and dates brought up to date",
}
_HEAD_PREVIEW = {
    "made": "would be made on JOOR",
    "made anew": "is gone from JOOR and would be made anew",
    "adopted": "is on JOOR under this code and would be kept from now on, with all that people put on it",
    "changed": "name, season or dates would be brought up to date",
}


def settled(sheet: Sheet) -> str:
    if not sheet.active:
        return f"{sheet.name}: retired, nothing of ours is on it"
    return _sentence(sheet.name, [f"JOOR has it as it should be, {styles(len(sheet.members.cards))}", *_missing(sheet, 0)])


def retired_and_not_there(sheet: Sheet) -> str:
    return f"{sheet.name}: retired, and JOOR does not have it"


def counts(sheet: Sheet, **more: int) -> dict[str, int]:
    return {"styles": len(sheet.members.cards), "not_on_joor": len(sheet.members.waiting), **more}


def styles(count: int) -> str:
    return f"{count:,} style{'' if count == 1 else 's'}"


def outcome(
    sheet: Sheet, diff: Difference, head: Head, done: Mapping[str, int], refused: Mapping[str, str], strangers: int, unready: int
) -> Outcome:
    """Raises Rejected when JOOR refused every card that was offered."""
    if refused and not any(done.values()):
        raise _all_refused(sheet, refused)
    by_hand = len(diff.by_hand) + strangers + _hands_aside(sheet, diff)
    said = [_HEAD_WORDS[head]] if head in _HEAD_WORDS else []
    if done["added"]:
        said.append(f"{styles(done['added'])} added")
    if done["changed"]:
        said.append(f"{done['changed']:,} with a new place or other colours")
    if done["removed"]:
        said.append(f"{done['removed']:,} taken off")
    if refused:
        said.append(f"{len(refused):,} refused by JOOR")
    sent = sum(done.values())
    if not said:
        said.append(f"JOOR has all {styles(len(sheet.members.cards))}" if sheet.active else "nothing of ours is on it")
    if not sheet.active:
        said.append("it is retired and stays on JOOR without our styles; delete it there if nobody needs it")
    if by_hand:
        said.append(f"{by_hand:,} put there by hand left as they are")
    note = _sentence(sheet.name, [*said, *_missing(sheet, unready)])
    numbers = counts(sheet, **done, refused=len(refused), by_hand=by_hand)
    result = _result(sheet, refused)
    if sent or head != "same":
        return Synced(sent + (head != "same"), note, numbers, result)
    return Unchanged(note, numbers, result)


def _hands_aside(sheet: Sheet, diff: Difference) -> int:
    """Cards put there by hand that the rule does not want and that are still there."""
    belongs = {member.identifier for member in sheet.members.cards}
    gone = {placed.identifier for placed in diff.forget}
    return sum(1 for placed in sheet.ledger.values() if placed.by_hand and placed.identifier not in belongs | gone)


def _missing(sheet: Sheet, unready: int) -> list[str]:
    said = []
    if sheet.members.waiting:
        said.append(f"{len(sheet.members.waiting):,} not on JOOR yet")
    if unready:
        said.append(f"{unready:,} wait until JOOR's ids of their SKUs are known, so that a colour can be left out")
    if sheet.members.unknown:
        said.append(f"AIMS360 has no style {', '.join(sheet.members.unknown[:3])}" + (", ..." if len(sheet.members.unknown) > 3 else ""))
    return said


def _sentence(name: str, parts: Iterable[str]) -> str:
    return f"{name}: {', '.join(parts)}"


def _result(sheet: Sheet, refused: Mapping[str, str]) -> dict[str, Any] | None:
    result: dict[str, Any] = {}
    if refused:
        result["refused"] = [{"style": identifier, "refused": answer} for identifier, answer in sorted(refused.items())[:SHOWN]]
    if sheet.members.waiting:
        result["not_on_joor"] = list(sheet.members.waiting[:SHOWN])
    if sheet.members.unknown:
        result["not_in_aims360"] = list(sheet.members.unknown[:SHOWN])
    return result or None


def _all_refused(sheet: Sheet, refused: Mapping[str, str]) -> Rejected:
    identifier, answer = next(iter(sorted(refused.items())))
    many = f"all {styles(len(refused))}" if len(refused) > 1 else "the style"
    return Rejected(
        f"JOOR refused {many} of linesheet {sheet.name}, first {identifier}",
        remote_message=answer,
        fix=[
            "Is the style on JOOR, with its colours and sizes? Export it again: joorsync enqueue styles --key STYLE",
            f"Leave one out: joorsync linesheets drop {sheet.code} STYLE",
            f"Try again: joorsync enqueue linesheets --key {sheet.code}",
        ],
    )


# ---- a dry run ---------------------------------------------------------------------------------------------------------------------------


def preview(sheet: Sheet, diff: Difference, head: Head, strangers: Mapping[str, str], unready: int) -> Outcome:
    """The difference before anything is sent. Lists show the first 50 each, `counts` are of all. `strangers`: JOOR id -> identifier."""
    by_hand = [member.identifier for member in diff.by_hand]
    by_hand += [identifier or f"JOOR id {joor_id}" for joor_id, identifier in strangers.items()]
    belongs = {member.identifier for member in sheet.members.cards} | {placed.identifier for placed in diff.forget}
    by_hand += [placed.identifier for placed in sheet.ledger.values() if placed.by_hand and placed.identifier not in belongs]
    changed = [*diff.change, *diff.renew]
    numbers = counts(
        sheet, add=len(diff.add), change=len(changed), remove=len(diff.remove), keep=len(diff.keep), by_hand=len(by_hand), unready=unready
    )
    said = [_HEAD_PREVIEW[head]] if head in _HEAD_PREVIEW else []
    said += [f"{styles(len(diff.add))} to add"] if diff.add else []
    said += [f"{len(changed):,} with a new place or other colours"] if changed else []
    said += [f"{len(diff.remove):,} to take off"] if diff.remove else []
    said += [f"{len(by_hand):,} put there by hand stay as they are"] if by_hand else []
    words = _sentence(sheet.name, [*(said or ["nothing would be sent"]), *_missing(sheet, unready)])
    result = {
        "linesheet": sheet.code,
        "head": {"action": head, "wanted": head_json(sheet.draft)},
        "add": [_shown(member) for member in diff.add[:SHOWN]],
        "change": [_shown(member) for member in changed[:SHOWN]],
        "remove": [placed.identifier for placed in diff.remove[:SHOWN]],
        "by_hand": by_hand[:SHOWN],
        "not_on_joor": list(sheet.members.waiting[:SHOWN]),
        "not_in_aims360": list(sheet.members.unknown[:SHOWN]),
    }
    return Unchanged(f"dry run: {words}", numbers, result)


def _shown(member: Member) -> dict[str, Any]:
    return {"style": member.identifier, "order": member.order_number, "without_colors": list(member.excluded_codes)}
