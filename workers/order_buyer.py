"""Who orders: by customer code, by a stored pair, or by a shipping code that only one customer has; else a new customer or a gap. Never by
name alone."""

from dataclasses import dataclass

from clients.aims360.types import Customer, NewCustomer
from clients.joor.types import JoorOrder
from models.accounts import RETAILER, account_rule_words
from rules.order_references import customer_keys, has_address, new_account, shipping_code
from workers.order_addresses import country_of, one_time_address
from workers.order_lookups import AimsLookups
from workers.order_pairs import Gaps, Pairs, fetch_again_command, map_command, setting_command
from workers.order_shipping_code import only_customer_with
from workers.sync import Context


@dataclass(frozen=True)
class Buyer:
    """`customer_id` is "" for one that is to be created (`new`). `key` is the JOOR code the pair is kept under; `how` the customer was
    found, in words."""

    key: str
    account: str
    customer_id: str
    customer: Customer | None = None
    new: NewCustomer | None = None
    how: str = ""

    @property
    def is_retailer(self) -> bool:
        """JOOR has no customer code for it, and a pair (or the customer about to be made) says who it is."""
        return self.key.startswith(RETAILER)

    def remarks(self, order: JoorOrder) -> tuple[str, ...]:
        """A customer found by the order's own customer code is not worth a word."""
        return (self.how,) if self.new is not None or self.key != order.customer_code.strip() else ()


def find_buyer(ctx: Context, order: JoorOrder, lookups: AimsLookups, pairs: Pairs, gaps: Gaps) -> Buyer | None:
    """By customer code (pair, else equal account), by a pair of the shipping code or of the retailer; then, where the site allows it, by a
    shipping code that is one customer's alone; else by the site's policy a new one or a gap."""
    for key in customer_keys(order):
        targets = list(dict.fromkeys(pair.aims_code for pair in pairs.of("customer", key) if pair.aims_code and not pair.ignored))
        if len(targets) > 1:
            gaps.pair("customer", key, f"customer (mapped to {' and '.join(targets)}: mark one as primary)", "ACCOUNT")
            return None
        account = targets[0] if targets else key if key == order.customer_code.strip() else None
        found = lookups.customer(account) if account else None
        if found is not None:
            return _orderable(ctx, order, key, found, _words(found.account, key, bool(targets)), gaps)
        if targets:
            gaps.pair("customer", key, f"customer (mapped to {targets[0]}, which AIMS360 does not have)", "ACCOUNT")
            return None
    if ctx.site.orders.shipping_code == "unique" and not order.customer_code.strip():
        only = only_customer_with(ctx, order, lookups)
        if only is not None:
            how = f"customer {only.account} by shipping code {shipping_code(order)}, which no other customer has"
            return _orderable(ctx, order, f"shipping:{shipping_code(order)}", only, how, gaps)
    if ctx.site.orders.new_customer == "create":
        return _new_buyer(ctx, order, lookups, pairs, gaps)
    _gap(ctx, order, gaps)
    return None


def _words(account: str, key: str, paired: bool) -> str:
    return f"customer {account} by the stored pair of {key}" if paired else f"customer {account} by its customer code"


def _gap(ctx: Context, order: JoorOrder, gaps: Gaps) -> None:
    """Two ways out: name the customer, or let the site make it; then its account is told beforehand."""
    key, settings = _own_key(order), ctx.site.orders
    account = new_account(order, settings)
    make = f"{setting_command(ctx.site.key, order.order_id, 'new_customer=create')} (its account is then {account}: "
    fix = f"{map_command('customer', key, ctx.site.key, 'ACCOUNT')}; or let it be made: {make}{account_rule_words(settings)})"
    gaps.add("customer", key, f"customer {order.customer_name}", fix)


def _own_key(order: JoorOrder) -> str:
    """Where a new pair belongs. Never under a shipping code: STORE1 may be everybody's, so such a pair is a person's free decision."""
    return next(key for key in customer_keys(order) if not key.startswith("shipping:"))


def _orderable(ctx: Context, order: JoorOrder, key: str, found: Customer, how: str, gaps: Gaps) -> Buyer | None:
    if found.status.strip().casefold() == "active":
        return Buyer(key, found.account, found.id, found, how=how)
    fix = (
        f"Set customer {found.account} to Active in AIMS360, then: {fetch_again_command(order.order_id, ctx.site.key)}; "
        f"or name another: {map_command('customer', key, ctx.site.key, 'ACCOUNT')}"
    )
    gaps.add("decision", f"customer:{found.account}", f"customer {found.account} is {found.status or 'of unknown status'} in AIMS360", fix)
    return None


def _new_buyer(ctx: Context, order: JoorOrder, lookups: AimsLookups, pairs: Pairs, gaps: Gaps) -> Buyer | None:
    """The account is derived the same way every time, so a customer made by an earlier try is found again instead of made twice."""
    key, account = _own_key(order), new_account(order, ctx.site.orders)
    how = f"{order.customer_name.strip()} is new: AIMS360 customer {account}"
    made = lookups.customer(account) if account != order.customer_code.strip() else None
    if made is not None:
        if made.name.strip().casefold() == order.customer_name.strip().casefold():
            return _orderable(ctx, order, key, made, how, gaps)
        gaps.pair("customer", key, f"customer {order.customer_name} (AIMS360's {account} is {made.name})", "ACCOUNT")
        return None
    where = order.billing if has_address(order.billing) else order.shipping
    country_id = country_of(where, lookups, pairs, gaps, "bill-to country")
    address = one_time_address(where, order.customer_name, country_id) if has_address(where) else None
    new = NewCustomer(
        account=account,
        name=order.customer_name.strip() or account,
        email=order.shipping.email,
        phone=order.billing.phone or order.shipping.phone,
        address=address,
    )
    return Buyer(key, account, "", new=new, how=how)
