"""Looking at JOOR orders on their way into AIMS360. What a person may do with them is in `producers.orders`."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from console.jobs import site_keys
from models.accounts import account_of, account_rule_words
from models.errors import NotPossible
from models.ledgers import OrderImport, OrderPart, OrderState
from models.settings import OrderSettings
from producers.requests import resolve_site

_LIGHT = {
    "joor_order_id",
    "state",
    "joor_status",
    "customer_name",
    "currency",
    "joor_total",
    "aims_total",
    "downloaded_at",
    "imported_at",
    "changed_at",
    "cancelled_at",
    "export_state",
    "problems",
}


def listing(session: Session, site: str, states: Sequence[str], changed: bool, limit: int) -> list[dict[str, Any]]:
    """Newest first; `changed`: only those edited or cancelled on JOOR after import. Raises NotPossible for an unknown site or state."""
    query = select(OrderImport).order_by(col(OrderImport.id).desc()).limit(limit)
    if site:
        query = query.where(OrderImport.site_id == resolve_site(session, site).id)
    if states:
        query = query.where(col(OrderImport.state).in_([_state(name) for name in states]))
    if changed:
        query = query.where(col(OrderImport.changed_at).is_not(None) | col(OrderImport.cancelled_at).is_not(None))
    keys, found = site_keys(session), session.exec(query).all()
    numbers = _numbers(session, [order.id or 0 for order in found])
    return [
        {"site": keys.get(order.site_id, ""), **order.model_dump(include=_LIGHT), "aims_orders": numbers.get(order.id or 0, [])}
        for order in found
    ]


def _state(name: str) -> str:
    try:
        return OrderState(name.strip().lower()).value
    except ValueError:
        raise NotPossible(f"There is no order state {name!r}", fix=[f"Choose one of: {', '.join(OrderState)}."]) from None


def _numbers(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for part in session.exec(select(OrderPart).where(col(OrderPart.order_import_id).in_(ids)).order_by(col(OrderPart.id))):
        if part.aims_order:
            found.setdefault(part.order_import_id, []).append(part.aims_order)
    return found


def details(session: Session, site: str, order_id: str) -> dict[str, Any]:
    """Everything about one order: parts, problems, difference, the raw order. Raises NotPossible."""
    query = select(OrderImport).where(OrderImport.joor_order_id == order_id)
    if site:
        query = query.where(OrderImport.site_id == resolve_site(session, site).id)
    found = session.exec(query).all()
    keys = site_keys(session)
    if not found:
        steps = [f"Fetch it: joorsync enqueue orders --site {site or 'KEY'} --key {order_id}"]
        raise NotPossible(f"JOOR order {order_id} is not stored{f' for site {site}' if site else ''}", fix=steps)
    if len(found) > 1:
        raise NotPossible(
            f"Several sites have an order {order_id}", fix=[f"Say which: --site {' or '.join(keys[order.site_id] for order in found)}"]
        )
    order = found[0]
    parts = session.exec(select(OrderPart).where(OrderPart.order_import_id == order.id).order_by(col(OrderPart.id))).all()
    return {
        "site": keys[order.site_id],
        **order.model_dump(exclude={"id", "site_id", "raw_digest"}),
        "customer": next((account for part in parts if (account := (part.body.get("$look_up") or {}).get("account"))), ""),
        "parts": [part.model_dump(exclude={"id", "order_import_id", "site_id", "body_digest"}) for part in parts],
    }


def account(session: Session, site: str, customer_code: str, name: str, postal_code: str) -> dict[str, str]:
    """The AIMS360 account that the site would give such a retailer ("" without a name and code), and the rule in words."""
    settings = OrderSettings.model_validate(resolve_site(session, site).order_settings)
    given = account_of(customer_code, name, postal_code, settings) if name.strip() or customer_code.strip() else ""
    return {"account": given, "rule": account_rule_words(settings)}
