"""On what terms the pretend brand's customers buy: sales rep, currency, price level, group, contact and bill-to. All drawn by themselves,
so that customers are otherwise what they were without them.

The group names the JOOR account a customer buys through ("US"), so that two sites can be told apart. Some customers are awkward on
purpose; `Brand.customer_cases` names them.
"""

from collections.abc import Callable

from sandbox.brand import Brand, Code, Customer, JoorAccount
from sandbox.stock_customers import customers_of
from sandbox.stock_draw import Draw

PRICE_LEVEL = "Wholesale"  # the level all prices of styles have
OTHER_PRICE_LEVEL = "Distributor"
UNMAPPED_REP, INACTIVE_REP = ("RV", "Remy Vogel"), ("OLD", "Former House Account")
FIRST_AWKWARD = 5  # of an account's share; those before it are what `stock_customers` says
PEOPLE = ["Ada Lund", "Björn Åsen", "Chloé Roux", "Dana Whitfield", "Emil Novák", "Farah Qureshi", ""]


def add_late_sales_reps(brand: Brand) -> None:
    """One whom JOOR does not know, and one who is inactive."""
    draw = Draw(brand.seed, "late sales reps")
    brand.sales_reps += [Code(draw.guid(), *UNMAPPED_REP), Code(draw.guid(), *INACTIVE_REP, enabled=False)]


def add_customer_terms(brand: Brand, accounts: tuple[str, ...]) -> None:
    """Each case is shown by one active customer of every account whose share is large enough. A case answers False when its account
    cannot show it."""
    draw = Draw(brand.seed, "customer terms")
    places = {customer.id: place for place, customer in enumerate(brand.customers)}
    for customer in brand.customers:
        key = accounts[places[customer.id] % len(accounts)]
        _plain(brand, draw, customer, key)
    brand.customer_cases = {name: [] for name in CASES}
    for key in accounts:
        awkward = [customer for customer in customers_of(brand, accounts, key)[FIRST_AWKWARD:] if customer.status == "Active"]
        for (name, case), customer in zip(CASES.items(), awkward, strict=False):
            if case(brand, brand.accounts[key], customer):
                brand.customer_cases[name].append(customer.account)


def _plain(brand: Brand, draw: Draw, customer: Customer, key: str) -> None:
    """A known sales rep or none, the account's own currency, the first store's address as bill-to."""
    known = [rep for rep in brand.sales_reps if rep.enabled and rep.code != UNMAPPED_REP[0]]
    customer.sales_rep_id = draw.one([*[rep.id for rep in known], None])
    customer.currency = brand.accounts[key].currency
    customer.price_level = PRICE_LEVEL
    customer.group = key.upper()
    customer.contact = draw.one(PEOPLE)
    home = customer.stores[0]
    for name in ("address1", "address2", "city", "state", "zip_code", "country_id"):
        setattr(customer, name, getattr(home, name))


def second_currency(_: Brand, account: JoorAccount, customer: Customer) -> bool:
    """The account has a price type for it beside its own."""
    customer.currency = account.price_types[-1].currency
    return len(account.price_types) > 1


def unmapped_currency(brand: Brand, account: JoorAccount, customer: Customer) -> bool:
    """The account has no price type for it."""
    known = {price_type.currency for price_type in account.price_types}
    customer.currency = next(row.code for row in reversed(brand.currencies) if row.enabled and row.code not in known)
    return True


def no_currency(_: Brand, __: JoorAccount, customer: Customer) -> bool:
    customer.currency = ""
    return True


def other_price_level(_: Brand, __: JoorAccount, customer: Customer) -> bool:
    customer.price_level = OTHER_PRICE_LEVEL
    return True


def unmapped_sales_rep(brand: Brand, _: JoorAccount, customer: Customer) -> bool:
    customer.sales_rep_id = next(rep.id for rep in brand.sales_reps if rep.code == UNMAPPED_REP[0])
    return True


def inactive_sales_rep(brand: Brand, _: JoorAccount, customer: Customer) -> bool:
    customer.sales_rep_id = next(rep.id for rep in brand.sales_reps if rep.code == INACTIVE_REP[0])
    return True


def no_bill_to(_: Brand, __: JoorAccount, customer: Customer) -> bool:
    customer.address1 = customer.address2 = customer.city = customer.state = customer.zip_code = ""
    customer.country_id = None
    return True


CASES: dict[str, Callable[[Brand, JoorAccount, Customer], bool]] = {
    case.__name__: case
    for case in (
        second_currency,
        unmapped_currency,
        no_currency,
        other_price_level,
        unmapped_sales_rep,
        inactive_sales_rep,
        no_bill_to,
    )
}
