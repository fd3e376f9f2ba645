"""Which AIMS360 customer a retailer of JOOR is. Sure: the customer code equals the account. All else is a proposal with a score that a
person accepts: e-mail, e-mail domain, phone, name and postal code. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from models.accounts import retailer_key
from rules.customer_likeness import Likeness, Traits, domain_of

MOST = 3  # proposals per retailer
WORST = 40  # a lower score is not proposed
BY_CODE, BEST = 95, 99  # codes that differ in case alone; the best that likeness can be
TAKEN = 60  # at most, for an account that is on JOOR under another code
_SAID = 2  # others named in one sentence
_NOTHING = Traits()


@dataclass(frozen=True)
class Account:
    """One AIMS360 customer. `status`: Active, Inactive or No Shipment; `traits` of the bill-to and its ship-tos."""

    account: str
    name: str = ""
    status: str = "Active"
    traits: Traits = _NOTHING


@dataclass(frozen=True)
class Retailer:
    """One JOOR connection, or several that orders cannot tell apart (`connections`). `code` is "" for one that connected by himself."""

    code: str
    name: str = ""
    postal_code: str = ""  # of the bill-to, else of the first ship-to, as written
    traits: Traits = _NOTHING
    connections: int = 1

    @property
    def key(self) -> str:
        """What a pair is stored under: the code, else the key under which orders of that retailer look for one."""
        return self.code or retailer_key(self.name, self.postal_code)


@dataclass(frozen=True)
class Paired:
    retailer: Retailer
    account: str


@dataclass(frozen=True)
class Proposed:
    """`account` "": nothing similar was found. `name`: what AIMS360 calls it."""

    retailer: Retailer
    account: str
    score: int
    why: str
    name: str = ""


@dataclass(frozen=True)
class Matched:
    paired: tuple[Paired, ...]
    proposed: tuple[Proposed, ...]


def merged(retailers: Iterable[Retailer]) -> list[Retailer]:
    """One per key: orders of two retailers with one key mean either."""
    found: dict[str, Retailer] = {}
    for one in retailers:
        old = found.get(one.key)
        found[one.key] = replace(old, traits=old.traits.with_those_of(one.traits), connections=old.connections + 1) if old else one
    return list(found.values())


class CustomerMatcher:
    """`taken`: accounts that are paired with a JOOR customer code already -> that code."""

    def __init__(self, accounts: Iterable[Account], taken: Mapping[str, str]) -> None:
        self._accounts = {account.account: account for account in accounts}
        self._folded: dict[str, list[str]] = {}
        for code in self._accounts:
            self._folded.setdefault(_fold(code), []).append(code)
        self._taken = dict(taken)
        self._likeness = Likeness({account.account: account.traits for account in self._accounts.values()})

    def match(self, retailers: Sequence[Retailer]) -> Matched:
        """Every retailer is paired or proposed; of several proposals the best come first."""
        one_each = merged(retailers)
        paired = [Paired(one, one.code) for one in one_each if self._is_sure(one)]
        taken = self._taken | {pair.account: pair.retailer.code for pair in paired}
        sure = {pair.retailer.key for pair in paired}
        proposed = [item for one in one_each if one.key not in sure for item in self._proposals(one, taken)]
        return Matched(tuple(paired), tuple(_with_rivals(proposed)))

    def _is_sure(self, one: Retailer) -> bool:
        return bool(one.code) and one.code in self._accounts and self._taken.get(one.code, one.code) == one.code

    def _proposals(self, one: Retailer, taken: Mapping[str, str]) -> list[Proposed]:
        found = [self._worded(one, account, score, why, taken) for account, score, why in self._alike(one)]
        free = max((item.score for item in found if taken.get(item.account, one.code) == one.code), default=0)
        found = [item for item in found if taken.get(item.account, one.code) == one.code or item.score > free]
        best = sorted(found, key=lambda item: (-item.score, item.account))[:MOST]
        return best or [Proposed(one, "", 0, self._about(one) + ("none is similar" if one.code else "no AIMS360 customer is similar"))]

    def _alike(self, one: Retailer) -> Iterator[tuple[str, int, str]]:
        """(account, score, why) of everything that may be this retailer."""
        by_code = self._folded.get(_fold(one.code), []) if one.code else []
        for account in by_code:
            yield account, BY_CODE, "the code is the account" if account == one.code else "the codes differ in case alone"
        for account, likelihood, why in self._likeness.of(one.traits):
            score = min(round(likelihood * 100), BEST)
            if score >= WORST and account not in by_code:
                yield account, score, why

    def _worded(self, one: Retailer, account: str, score: int, why: str, taken: Mapping[str, str]) -> Proposed:
        found, holder = self._accounts[account], taken.get(account)
        words = [self._about(one) + why]
        if holder is not None and holder != one.code:
            score = min(score, TAKEN)
            words.append(f"{account} is on JOOR as {holder} already")
        if found.status.strip().casefold() != "active":
            words.append(f"{account} is {found.status.strip() or 'of unknown status'} in AIMS360")
        if not one.code and not one.postal_code.strip():
            words.append("JOOR shows no postal code: orders of every such retailer of that name would be meant")
        if one.connections > 1:
            words.append(f"{one.connections} retailers on JOOR have this name and postal code")
        return Proposed(one, account, score, "; ".join(words), found.name)

    def _about(self, one: Retailer) -> str:
        return f"AIMS360 has no customer {one.code}: " if one.code and not self._folded.get(_fold(one.code)) else ""


def _with_rivals(proposed: Sequence[Proposed]) -> Iterator[Proposed]:
    """Says where one account is proposed for several retailers: at most one of them is right."""
    wanted = Counter(item.account for item in proposed if item.account)
    keys: dict[str, list[str]] = {}
    for item in proposed:
        if wanted[item.account] > 1:
            keys.setdefault(item.account, []).append(item.retailer.key)
    for item in proposed:
        others = [key for key in keys.get(item.account, ()) if key != item.retailer.key]
        more = f" and {len(others) - _SAID} more" if len(others) > _SAID else ""
        words = f"; {item.account} is proposed for {', '.join(others[:_SAID])}{more}, too" if others else ""
        yield replace(item, why=item.why + words)


def traits_of(name: str, emails: Iterable[str], phones: Iterable[str], postal_codes: Iterable[str]) -> Traits:
    """What likeness compares, folded: e-mails, digits of phones, postal codes."""
    return Traits(
        name=name,
        emails=frozenset(text for email in emails if domain_of(text := _fold(email))),
        phones=frozenset(digits for phone in phones if _is_number(digits := re.sub(r"\D", "", phone))),
        postal_codes=frozenset(code for text in postal_codes if (code := _postal(text))),
    )


def _is_number(digits: str) -> bool:
    return len(digits) >= 7 and len(set(digits)) > 1


def _postal(text: str) -> str:
    """Without spaces and hyphens; of a United States ZIP+4 the ZIP."""
    code = re.sub(r"[^0-9A-Z]", "", text.upper())
    if re.fullmatch(r"\s*\d{5}-\d{4}\s*", text):
        code = code[:5]
    return code if code.strip("0") else ""


def _fold(text: str) -> str:
    return text.strip().casefold()
