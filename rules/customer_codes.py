"""What AIMS360's codes are called on JOOR: the stored pair reversed, else an equal code that JOOR was seen to use. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

#: Keys of customer pairs that are not customer codes of JOOR (rules.order_references.customer_keys).
NOT_A_CODE = ("shipping:", "retailer:")
RETAILER = "retailer:"
#: What a gap is called where AIMS360 shows no currency of a customer.
NO_CURRENCY = "no currency"


class StoredPair(NamedTuple):
    """A row of the map. `primary`: the one that is meant where several would do; `ignored`: JOOR's code is left out on purpose."""

    joor_code: str
    aims_code: str
    joor_name: str = ""
    primary: bool = True
    ignored: bool = False
    id: int = 0


class Code(NamedTuple):
    """A row of a code table of AIMS360."""

    code: str
    name: str = ""


@dataclass(frozen=True)
class Found:
    """JOOR's code; `code` "" with a `why` is a gap, `value` then names what is missing."""

    value: str
    code: str = ""
    name: str = ""
    pair: int | None = None
    why: str = ""


class CodeTable:
    """One kind of code. `rows` are AIMS360's by id (lower case), None where AIMS360 shows no such list; `seen` are JOOR's by code."""

    def __init__(
        self,
        rows: Mapping[str, Code] | None,
        pairs: Iterable[StoredPair] = (),
        seen: Mapping[str, str] | None = None,
        *,
        what: str = "code",
    ) -> None:
        self._rows = rows
        self._seen = seen or {}
        self._what = what
        self._pairs: dict[str, list[StoredPair]] = {}
        self._ignored: set[str] = set()
        for pair in sorted(pairs):
            if pair.ignored:
                self._ignored.add(pair.joor_code)
            elif pair.joor_code and pair.aims_code:
                self._pairs.setdefault(pair.aims_code, []).append(pair)

    def by_id(self, aims_id: str) -> Found:
        """Of the row that a customer names by its id; GUIDs are compared without regard to case."""
        if self._rows is None:
            return Found(aims_id, why=f"AIMS360 shows no list of {self._what}s to tell its code")
        row = self._rows.get(aims_id.lower())
        if row is None:
            return Found(aims_id, why=f"AIMS360's list of {self._what}s does not have it")
        return self.of(row)

    def of(self, row: Code) -> Found:
        pairs = self._pairs.get(row.code, [])
        meant = [pair for pair in pairs if pair.primary] or pairs
        meant = [pair for pair in meant if pair.joor_code == row.code] or meant
        if len(meant) > 1:
            names = " and ".join(pair.joor_code for pair in meant)
            return Found(row.code, why=f"mapped to {names} of JOOR: take one out, or mark one as primary")
        if meant:
            return Found(row.code, meant[0].joor_code, meant[0].joor_name or self._seen.get(meant[0].joor_code, ""), meant[0].id)
        if row.code in self._seen and row.code not in self._ignored:
            return Found(row.code, row.code, self._seen[row.code] or row.name)
        return Found(row.code, why="JOOR's code for it is not known")


@dataclass(frozen=True)
class CustomerCode:
    """JOOR's customer code of an AIMS360 account. `paired`: JOOR was seen to have it. `problem`: why nothing can be sent, `left_out`: by a
    person's decision, `several`: until one pair is taken out. `retailer`: the connection on JOOR that it is paired with has no code yet."""

    account: str
    code: str
    pair: int | None = None
    retailer: str = ""
    problem: str = ""
    several: tuple[str, ...] = ()
    left_out: bool = False

    @property
    def paired(self) -> bool:
        return self.pair is not None


class CustomerCodes:
    """The pair's code where an account has one, else the account itself. No two accounts have one code."""

    def __init__(self, pairs: Iterable[StoredPair] = ()) -> None:
        self._by_account: dict[str, list[StoredPair]] = {}
        self._by_code: dict[str, StoredPair] = {}
        self._retailers: dict[str, str] = {}
        for pair in sorted(pairs):
            if pair.joor_code.startswith(NOT_A_CODE):
                if pair.joor_code.startswith(RETAILER) and pair.aims_code:
                    self._retailers[pair.aims_code] = pair.joor_code.removeprefix(RETAILER)
            elif pair.joor_code:
                self._by_code[pair.joor_code] = pair
                if pair.aims_code and not pair.ignored:
                    self._by_account.setdefault(pair.aims_code, []).append(pair)

    def of(self, account: str) -> CustomerCode:
        pairs = self._by_account.get(account, [])
        meant = [pair for pair in pairs if pair.primary] or pairs
        meant = [pair for pair in meant if pair.joor_code == account] or meant
        if len(meant) > 1:
            return CustomerCode(account, account, several=tuple(pair.joor_code for pair in meant))
        if meant:
            return CustomerCode(account, meant[0].joor_code, meant[0].id)
        taken = self._by_code.get(account)
        if taken is not None and taken.ignored:
            return CustomerCode(account, account, left_out=True)
        if taken is not None:
            return CustomerCode(account, account, problem=f"JOOR's code {account} is mapped to {taken.aims_code} of AIMS360")
        return CustomerCode(account, account, retailer=self._retailers.get(account, ""))


class StoreCodes:
    """JOOR's shipping code of a store: pairs CUSTOMERCODE|SHIPPINGCODE -> ACCOUNT|STORE in reverse, else the store's own code."""

    def __init__(self, pairs: Iterable[StoredPair] = ()) -> None:
        self._of: dict[str, list[str]] = {}
        for pair in sorted(pairs):
            if not pair.ignored and pair.aims_code:
                self._of.setdefault(pair.aims_code, []).append(pair.joor_code)

    def of(self, account: str, code: str, store: str) -> str:
        start = f"{code}|"
        names = [name.removeprefix(start) for name in self._of.get(f"{account}|{store}", []) if name.startswith(start)]
        return store if store in names or not names else names[0]


@dataclass(frozen=True)
class Label:
    """A price label of JOOR with the currency and price level of AIMS360 that it shows; `level` "" says nothing of levels."""

    label: str
    currency: str
    level: str = ""
    pair: int = 0


def labels_of(pairs: Iterable[StoredPair]) -> tuple[Label, ...]:
    found = []
    for pair in sorted(pairs):
        currency, _, level = pair.aims_code.partition("/")
        if pair.joor_code and currency.strip() and not pair.ignored:
            found.append(Label(pair.joor_code, currency.strip().upper(), level.strip(), pair.id))
    return tuple(found)


@dataclass(frozen=True)
class PriceLabels:
    """Which price labels a customer sees: label and currency as on styles, to the letter (facts 3.1)."""

    labels: Sequence[Label]
    fixed: Sequence[str] = ()
    always_fixed: bool = False

    def of(self, currency: str, level: str) -> tuple[list[Label], list[tuple[str, str]]]:
        """(labels, gaps); a gap is (CURRENCY, CURRENCY/LEVEL or the label that has no pair; why)."""
        currency = currency.strip().upper()
        if self.always_fixed or (not currency and self.fixed):
            return self._fixed()
        if not currency:
            return self._only()
        same = [label for label in self.labels if label.currency == currency]
        if not same:
            return [], [(currency, f"no price label of JOOR is mapped to {currency}")]
        plain = [label for label in same if not label.level]
        if not level.strip():
            return self._one(plain or same, currency)
        exact = [label for label in same if label.level.casefold() == level.strip().casefold()]
        if not (exact or plain):
            return [], [(f"{currency}/{level.strip()}", f"no price label of JOOR is mapped to {currency} and price level {level.strip()}")]
        return self._one(exact or plain, currency)

    def _one(self, found: list[Label], currency: str) -> tuple[list[Label], list[tuple[str, str]]]:
        if len(found) == 1:
            return found, []
        return [], [(currency, f"{' and '.join(label.label for label in found)} are both mapped to {currency}")]

    def _only(self) -> tuple[list[Label], list[tuple[str, str]]]:
        if len(self.labels) == 1:
            return list(self.labels), []
        return [], [(NO_CURRENCY, "AIMS360 shows no currency of the customer, and no fixed price label is set")]

    def _fixed(self) -> tuple[list[Label], list[tuple[str, str]]]:
        known = {label.label: label for label in self.labels}
        gaps = [(name, f"the fixed price label {name!r} is not mapped to a currency") for name in self.fixed if name not in known]
        return [known[name] for name in self.fixed if name in known], gaps
