"""How alike two customers are, by everything but their codes. Signals that are independent are combined as independent chances. Pure.

20,000 by 20,000 is not compared pair by pair: only accounts that share an e-mail, a domain, a phone, a postal code, or the beginning of
a word of the name are looked at.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from rapidfuzz import fuzz, process

#: The chance that one signal alone means the same customer.
EMAIL, SHARED_EMAIL, PHONE, DOMAIN, SHARED_DOMAIN, POSTAL, NAME = 0.88, 0.6, 0.7, 0.65, 0.35, 0.45, 0.6
#: Names that are less alike say nothing (percent); those below _OTHER speak against it.
_NAME_FROM, _OTHER, _AGAINST = 60, 40, 0.8
_BY_NAME_FROM = 80  # found by their names alone
_FEW = 3  # accounts that share a domain and may still be one company
_MANY = 300  # accounts in one drawer: a word or domain that says nothing
_LETTERS = 4
_MOST_BY_NAME = 5
#: Words of a company's form; they make no name alike.
_FORMS = {"inc", "incorporated", "llc", "llp", "ltd", "limited", "co", "corp", "corporation", "company", "plc", "gmbh", "ag", "kg"}
_FORMS |= {"sa", "sarl", "sas", "srl", "spa", "bv", "nv", "ab", "as", "oy", "pty", "the", "and"}
#: Providers of mail for everybody: their domain says nothing. The first label, whatever the country ("yahoo.co.uk").
FREEMAIL = {"gmail", "googlemail", "yahoo", "ymail", "rocketmail", "hotmail", "outlook", "live", "msn", "aol", "icloud", "me", "mac"}
FREEMAIL |= {"gmx", "web", "mail", "email", "proton", "protonmail", "pm", "zoho", "fastmail", "hey", "yandex", "qq", "163", "126", "naver"}
FREEMAIL |= {"comcast", "verizon", "att", "sbcglobal", "bellsouth", "cox", "charter", "earthlink", "optonline", "shaw", "rogers", "telus"}
FREEMAIL |= {"orange", "wanadoo", "free", "laposte", "sfr", "libero", "virgilio", "t-online", "freenet", "btinternet", "sky", "bigpond"}


@dataclass(frozen=True)
class Traits:
    """Folded as `customer_matching.traits_of` makes them. `phones`: digits alone, seven at least."""

    name: str = ""
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    postal_codes: frozenset[str] = frozenset()

    def with_those_of(self, other: "Traits") -> "Traits":
        return replace(
            self,
            emails=self.emails | other.emails,
            phones=self.phones | other.phones,
            postal_codes=self.postal_codes | other.postal_codes,
        )

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of the name without accents and company forms, sorted."""
        plain = unicodedata.normalize("NFKD", self.name.casefold())
        plain = "".join(char for char in plain if not unicodedata.combining(char)).replace("'", "")
        words = re.findall(r"\w+", plain)
        return tuple(sorted([word for word in words if word not in _FORMS] or words))

    @cached_property
    def folded_name(self) -> str:
        return " ".join(self.words)

    @cached_property
    def domains(self) -> frozenset[str]:
        return frozenset(domain for email in self.emails if (domain := domain_of(email)).split(".")[0] not in FREEMAIL)


def domain_of(email: str) -> str:
    """ "" for what is no e-mail address."""
    before, _, domain = email.strip().rpartition("@")
    return domain if before and "." in domain else ""


class Likeness:
    """Accounts by everything that one may be found by."""

    def __init__(self, accounts: Mapping[str, Traits]) -> None:
        self._accounts = accounts
        self._names = {account: traits.folded_name for account, traits in accounts.items()}
        self._drawers: dict[tuple[str, str], list[str]] = {}
        for account, traits in accounts.items():
            for label in _labels(traits):
                self._drawers.setdefault(label, []).append(account)

    def of(self, traits: Traits) -> Iterator[tuple[str, float, str]]:
        """(account, chance from 0 to 1, why) of all that have anything in common; the words are half a sentence."""
        for account in sorted(self._candidates(traits)):
            chance, words = self._chance(traits, account)
            if words:
                yield account, chance, ", ".join(words)

    def _candidates(self, traits: Traits) -> set[str]:
        found: set[str] = set()
        for label in _labels(traits):
            drawer = self._drawers.get(label, ())
            if label[0] in ("email", "phone", "name"):
                found.update(drawer[:_MANY])
            elif label[0] in ("domain", "postal") and len(drawer) <= _MANY:
                found.update(drawer)
        return found | self._by_name(traits)

    def _by_name(self, traits: Traits) -> set[str]:
        """Those whose names are alike, among those that begin one of the two rarest words alike."""
        labels = sorted(label for label in _labels(traits) if label[0] == "word")
        drawers = [self._drawers[label] for label in labels if len(self._drawers.get(label, ())) in range(1, _MANY + 1)]
        names = {account: self._names[account] for drawer in sorted(drawers, key=len)[:2] for account in drawer}
        alike = process.extract(traits.folded_name, names, scorer=fuzz.ratio, score_cutoff=_BY_NAME_FROM, limit=_MOST_BY_NAME)
        return {account for _, _, account in alike}

    def _chance(self, traits: Traits, account: str) -> tuple[float, list[str]]:
        other = self._accounts[account]
        said = [*self._by_mail(traits, other), *_by_phone(traits, other)]
        alike = fuzz.ratio(traits.folded_name, other.folded_name) if traits.words and other.words else None
        if alike is not None and alike >= _NAME_FROM:
            words = "same name" if alike == 100 else f"names {alike:.0f} % alike"
            said.append((NAME * (alike - _NAME_FROM) / (100 - _NAME_FROM), words))
        if said and traits.postal_codes & other.postal_codes:  # a postal code alone is a whole town
            said.append((POSTAL, f"same postal code {min(traits.postal_codes & other.postal_codes)}"))
        against = 1.0
        for chance, _ in said:
            against *= 1 - chance
        words_said = [words for _, words in said]
        if said and alike is not None and alike < _OTHER:
            return (1 - against) * _AGAINST, [*words_said, f"but the names are only {alike:.0f} % alike"]
        return 1 - against, words_said

    def _by_mail(self, traits: Traits, other: Traits) -> Iterator[tuple[float, str]]:
        if shared := traits.emails & other.emails:
            holders = len(self._drawers["email", min(shared)])
            yield (EMAIL, "same e-mail") if holders == 1 else (SHARED_EMAIL, f"same e-mail as {holders} customers")
        elif domains := traits.domains & other.domains:
            domain = min(domains)
            holders = len(self._drawers["domain", domain])
            words = f"same e-mail domain {domain}"
            yield (DOMAIN, words) if holders <= _FEW else (SHARED_DOMAIN, f"{words} as {holders} customers")


def _by_phone(traits: Traits, other: Traits) -> Iterator[tuple[float, str]]:
    if any(_same_phone(one, two) for one in traits.phones for two in other.phones):
        yield PHONE, "same phone"


def _same_phone(one: str, two: str) -> bool:
    """The last seven digits, or all of up to ten that both have: country and area codes are often left out."""
    length = min(len(one), len(two), 10)
    return one[-length:] == two[-length:]


def _labels(traits: Traits) -> Iterable[tuple[str, str]]:
    yield from (("email", email) for email in traits.emails)
    yield from (("domain", domain) for domain in traits.domains)
    yield from (("phone", phone[-7:]) for phone in traits.phones)
    yield from (("postal", code) for code in traits.postal_codes)
    if traits.words:
        yield "name", traits.folded_name
    yield from {("word", word[:_LETTERS]) for word in traits.words}
