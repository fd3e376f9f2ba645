"""Which AIMS360 account a retailer of JOOR gets: the rule that makes one, in words too, so that a person can work it out. Pure."""

import hashlib
import re
import unicodedata

from models.settings import OrderSettings

#: Key of a retailer that has no customer code on JOOR: `retailer:NAME/POSTAL CODE`. Pairs and jobs are kept under it.
RETAILER = "retailer:"


def retailer_key(name: str, postal_code: str) -> str:
    return f"{RETAILER}{name.strip()}/{postal_code.strip()}"


def retailer_of(key: str) -> tuple[str, str]:
    """(name, postal code) of a retailer's key. Raises ValueError for another key."""
    name, slash, postal_code = key.removeprefix(RETAILER).rpartition("/")
    if not (key.startswith(RETAILER) and slash):
        raise ValueError(f"{key!r} is not the key of a retailer, for example {RETAILER}Harbor & Pine/04101")
    return name, postal_code


def account_of(customer_code: str, name: str, postal_code: str, settings: OrderSettings) -> str:
    """JOOR's customer code where there is one; else what `account_rule_words` says. The same every time, so that a customer made by an
    earlier try is found again."""
    if customer_code.strip():
        return customer_code.strip()
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    letters = re.sub(r"[^A-Z0-9]", "", plain.upper())[: settings.account_letters]
    digest = hashlib.sha256(retailer_key(name, postal_code).encode()).hexdigest()[: settings.account_digest].upper()
    return settings.account_prefix + letters + digest


def account_rule_words(settings: OrderSettings) -> str:
    """One sentence, by which anybody can work an account out."""
    parts = [f"{settings.account_prefix!r}"] if settings.account_prefix else []
    if settings.account_letters:
        parts.append(f"the first {settings.account_letters} letters or digits of the name (accents taken off, upper case)")
    parts.append(f"the first {settings.account_digest} hexadecimal digits of the SHA-256 of '{RETAILER}NAME/POSTAL CODE'")
    joined = ", then ".join(parts)
    return f"JOOR's customer code where the retailer has one, else {joined}"
