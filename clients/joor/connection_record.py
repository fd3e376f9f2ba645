"""A connection as bulk-connection and PUT take it, and what they would not take (facts 3.5)."""

from typing import Any

from clients.joor.contract import JoorContract
from clients.joor.types import CodeName, Connection, ConnectionAddress, ConnectionDraft

#: Longest texts, from the GET page; those of most parts of an address are not known. `customer_email` has there the length of the field
#: that GET shows it in.
_LONGEST = {
    "customer_name": 100,
    "customer_code": 50,
    "customer_alias": 150,
    "customer_email": 50,
    "customer_contact_name": 1000,
    "company_number_name": 150,
    "company_number_code": 100,
    "customer_group_name": 150,
    "customer_group_code": 100,
    "sales_rep_code": 100,
    "warehouse_name": 150,
    "warehouse_code": 100,
    "billing_code": 50,
}
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def unsendable(draft: ConnectionDraft) -> str | None:
    """Why JOOR would not take this record, in words: what is missing, then what is too long. A job tells nothing of a record that fails."""
    missing = [name for name in ("customer_code", "customer_name") if not getattr(draft, name).strip()]
    missing += [] if draft.price_types else ["price_types"]
    missing += ["price_type_label"] if any(not row.label.strip() for row in draft.price_types) else []
    missing += ["price_type_currency_code"] if any(not row.currency.strip() for row in draft.price_types) else []
    words = [f"{name} is missing" for name in missing]
    words += [
        f"{name} has {len(text)} characters, JOOR takes {_LONGEST[name]}: {text[:60]!r}"
        for name, text in dict.fromkeys(_texts(_plain(draft)))
        if len(text) > _LONGEST.get(name, len(text))
    ]
    return "; ".join(words) or None


def record_of(draft: ConnectionDraft, contract: JoorContract) -> dict[str, Any]:
    """Empty parts are left out, so that JOOR keeps what it has there. Raises ValueError for one that `unsendable` names."""
    if words := unsendable(draft):
        raise ValueError(f"customer {draft.customer_code or draft.customer_name!r} cannot be sent: {words}")
    record = _plain(draft)
    if draft.create_doors:
        for row in record.get("shipping", {}).get("shipping_addresses", []):
            row["shipping_create_doors"] = contract["bulk_connection.create_doors"]
    return record


def with_code(connection: Connection, code: str) -> dict[str, Any]:
    """The connection as GET showed it, with the code; empty parts are left out. The e-mail stands under both of its names, that of GET and
    that of requests."""
    return {**_full({"customer_email": connection.email}), **_full(connection.raw), "customer_code": code}


def _plain(draft: ConnectionDraft) -> dict[str, Any]:
    record: dict[str, Any] = _full(
        {
            "customer_code": draft.customer_code,
            "customer_name": draft.customer_name,
            "customer_alias": draft.alias,
            "customer_email": draft.email,
            "customer_contact_name": draft.contact_name,
            **_code_name(draft.company_number, "company_number"),
            **_code_name(draft.group, "customer_group"),
            "sales_rep_code": draft.sales_rep_code,
            "warehouses": [_code_name(row, "warehouse") for row in draft.warehouses],
            "buyers": [{"buyer_name": name, "buyer_email": email} for name, email in draft.buyers],
            "billing": {
                "billing_addresses": [_address(row, "billing") for row in draft.billing],
                "payment_methods": [_code_name(row, "payment_method") for row in draft.payment_methods],
            },
            "shipping": {
                "shipping_addresses": [_address(row, "shipping") for row in draft.shipping],
                "shipping_methods": [_code_name(row, "shipping_method") for row in draft.shipping_methods],
            },
            "price_types": [
                {
                    "price_type_label": row.label,
                    "price_type_currency_code": row.currency,
                    "price_type_retail_currency_code": row.retail_currency,
                }
                for row in draft.price_types
            ],
        }
    )
    return record


def _address(address: ConnectionAddress, kind: str) -> dict[str, str]:
    """A bill-to has no e-mail."""
    names = ("code", "name", "phone", "email", "address_1", "address_2", "city", "state", "postal_code", "country")
    return {f"{kind}_{name}": getattr(address, name) for name in names if (kind, name) != ("billing", "email")}


def _code_name(row: CodeName | None, kind: str) -> dict[str, str]:
    return {f"{kind}_name": row.name, f"{kind}_code": row.code} if row else {}


def _full(value: Any) -> Any:
    """Without its empty parts, however deep."""
    if isinstance(value, dict):
        return {name: inner for name, item in value.items() if (inner := _full(item)) not in _EMPTY}
    if isinstance(value, list):
        return [inner for item in value if (inner := _full(item)) not in _EMPTY]
    return value


def _texts(value: Any, name: str = "") -> list[tuple[str, str]]:
    """(field, text) of everything in a record."""
    if isinstance(value, dict):
        return [found for inner, item in value.items() for found in _texts(item, inner)]
    if isinstance(value, list):
        return [found for item in value for found in _texts(item, name)]
    return [(name, str(value))]
