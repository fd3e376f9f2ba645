"""What has to be sent so that a linesheet on JOOR has what it should, and nothing that a person put there is touched. Pure.

What a person put there before us stays as it is: its place and its colours too, also when the rule wants the card.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from rules.linesheets import Member


@dataclass(frozen=True)
class Placed:
    """What we remember of a card on this linesheet. `sure` False: a call that puts it there went out and its end was not recorded;
    JOOR did not have it before."""

    identifier: str
    joor_id: str | None
    by_hand: bool = False
    order_number: int | None = None
    excluded: tuple[str, ...] = ()
    sure: bool = True


@dataclass(frozen=True)
class Difference:
    """`add`: not on JOOR's linesheet. `change`: there with another place or other colours. `renew`: there without a colour that it should
    have again; taken off and added, since only an added card surely has all its SKUs (facts 5.2). `remove`: ours and not wanted.
    `keep`: as wanted. `by_hand`: wanted, and a person put it there. `arrived`: in `keep` or `change`, and an earlier call that was in doubt
    is seen to have got through. `forget`: remembered, not wanted and not there any more."""

    add: tuple[Member, ...] = ()
    change: tuple[Member, ...] = ()
    renew: tuple[Member, ...] = ()
    remove: tuple[Placed, ...] = ()
    keep: tuple[Member, ...] = ()
    by_hand: tuple[Member, ...] = ()
    arrived: tuple[Placed, ...] = ()
    forget: tuple[Placed, ...] = ()

    @property
    def to_send(self) -> int:
        return len(self.add) + len(self.change) + len(self.renew) + len(self.remove)


def difference(
    wanted: Sequence[Member],
    on_joor: Mapping[str, Collection[str]],
    ledger: Mapping[str, Placed],
    *,
    again: bool = False,
    shows_skus: bool = True,
) -> Difference:
    """`on_joor`: JOOR id of each card on the linesheet -> its SKU ids there. `ledger` is by identifier. `again`: what is as wanted is sent
    all the same. `shows_skus`: JOOR's SKU ids can be compared (v4)."""
    hands = tuple(member for member in wanted if _by_hand(member, on_joor, ledger))
    by_hand = {member.identifier for member in hands}
    sorts: dict[str, list[Member]] = {"add": [], "change": [], "renew": [], "keep": []}
    for member in _numbered([member for member in wanted if member.identifier not in by_hand], ledger):
        sort = _sort(member, on_joor, ledger.get(member.identifier), shows_skus)
        sorts["change" if again and sort == "keep" else sort].append(member)
    belongs = {member.identifier for member in wanted}
    others = [placed for placed in ledger.values() if placed.identifier not in belongs]
    there = [placed.joor_id in on_joor for placed in others]
    return Difference(
        **{name: tuple(listed) for name, listed in sorts.items()},
        by_hand=hands,
        remove=tuple(placed for placed, stays in zip(others, there, strict=True) if stays and not placed.by_hand),
        forget=tuple(placed for placed, stays in zip(others, there, strict=True) if not stays),
        arrived=tuple(ledger[member.identifier] for member in (*sorts["keep"], *sorts["change"]) if not ledger[member.identifier].sure),
    )


def _by_hand(member: Member, on_joor: Mapping[str, Collection[str]], ledger: Mapping[str, Placed]) -> bool:
    placed = ledger.get(member.identifier)
    return member.joor_id in on_joor and (placed is None or placed.by_hand)


def _sort(member: Member, on_joor: Mapping[str, Collection[str]], placed: Placed | None, shows_skus: bool) -> str:
    if placed is None or member.joor_id not in on_joor:
        return "add"
    if set(placed.excluded) - set(member.excluded_codes) and not member.excluded:
        return "renew"
    same = placed.order_number == member.order_number and set(placed.excluded) == set(member.excluded_codes)
    if same and member.sku_ids and shows_skus:
        same = set(member.sku_ids) == set(on_joor[member.joor_id])
    return "keep" if same else "change"


def _numbered(members: Sequence[Member], ledger: Mapping[str, Placed]) -> list[Member]:
    """Numbers that rise in display order. What JOOR was told stays wherever it can: taking one card off, or adding one at the end, changes
    no other."""
    numbered, last = [], 0
    for member in members:
        placed = ledger.get(member.identifier)
        told = placed.order_number if placed is not None and not placed.by_hand else None
        last = told if told is not None and told > last else last + 1
        numbered.append(replace(member, order_number=last))
    return numbered
