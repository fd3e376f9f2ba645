"""Reading a connection record of v2 before anything of it is applied, and laying it over what a connection has (fact sheet 3.5)."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from sandbox.joor_v2_fields import Record, Unfit, rows_of, text_of
from sandbox.joor_world import Account, World

Fields = dict[str, Any]
Columns = dict[str, int]  # field of a row -> its longest text, 0 for not known


def _columns(kind: str, names: str, **longest: int) -> Columns:
    return {f"{kind}_{name}": longest.get(name, 0) for name in names.split()}


ADDRESS = "code name phone address_1 address_2 city state postal_code country"
TEXTS: Columns = {
    "customer_name": 100,
    "customer_code": 50,
    "customer_alias": 150,
    "customer_contact_email": 50,
    "customer_email": 50,  # the request's word for it; its length is that of the GET page
    "customer_contact_name": 1000,
    "company_number_name": 150,
    "company_number_code": 100,
    "customer_group_name": 150,
    "customer_group_code": 100,
    "sales_rep_code": 100,
}
SHOWN_AS = {"customer_email": "customer_contact_email"}
GROUPS: dict[str, Columns] = {
    "warehouses": _columns("warehouse", "name code", name=150, code=100),
    "buyers": _columns("buyer", "name email"),
    "price_types": _columns("price_type", "label currency_code retail_currency_code"),
    "customer_locations": _columns("location", "address_id address_1 address_2 city state zip country phone"),
    "discounts": {"amount": 0, "line_item_level": 0},
}
# `shipping_create_doors` is passed over: what it does to a connection is UNKNOWN.
NODES: dict[str, dict[str, Columns]] = {
    "billing": {
        "billing_addresses": _columns("billing", ADDRESS, code=50),
        "payment_methods": _columns("payment_method", "name code"),
    },
    "shipping": {
        "shipping_addresses": _columns("shipping", f"{ADDRESS} email"),
        "shipping_methods": _columns("shipping_method", "name code"),
    },
}


def blank() -> Fields:
    """All that GET shows of a connection, empty; `customer_buyer_name` is in GET alone."""
    texts = {name: "" for name in ("customer_account_id", "customer_buyer_name", *TEXTS) if name not in SHOWN_AS}
    nodes: Fields = {node: {group: [] for group in groups} for node, groups in NODES.items()}
    return {**texts, **{group: [] for group in GROUPS}, **nodes}


def read_connection(world: World, account: Account, record: Any) -> Fields:
    """What a record says, in GET's names. What it leaves out, or gives as null (ASSUMED), is not in the answer; fields that are not in the
    fact sheet are passed over. Raises Unfit."""
    fields = shaped(record)
    if fields.get("customer_name") == "":
        raise Unfit("customer_name is required")
    _check_settings(world, account, fields)
    return fields


def shaped(record: Any) -> Fields:
    """The same without a look at the account's settings. Raises Unfit."""
    if not isinstance(record, dict):
        raise Unfit("a connection is an object")
    given = {name: value for name, value in record.items() if value is not None}
    fields: Fields = {SHOWN_AS.get(name, name): text_of(given, name, longest) for name, longest in TEXTS.items() if name in given}
    fields |= _groups(given, GROUPS)
    for node, groups in NODES.items():
        inner = given.get(node) or {}
        if not isinstance(inner, dict):
            raise Unfit(f"{node} is an object")
        if found := _groups({name: value for name, value in inner.items() if value is not None}, groups):
            fields[node] = found
    return fields


def _groups(given: Record, groups: dict[str, Columns]) -> Fields:
    return {
        name: [{column: text_of(row, column, longest) for column, longest in columns.items()} for row in rows_of(given, name)]
        for name, columns in groups.items()
        if name in given
    }


def check_new(fields: Fields) -> None:
    """What a customer JOOR does not know must have. That a name and a price type are asked for is ASSUMED from "Y" and "Y in effect".
    Raises Unfit."""
    for name in ("customer_name", "price_types"):
        if not fields.get(name):
            raise Unfit(f"{name} is required")


def _check_settings(world: World, account: Account, fields: Fields) -> None:
    """Codes and price types must exist in Order Settings (3.1). By the switch `connection_validation` one that does not makes the record
    unfit, or is itself left out; a part left with nothing is then as if it had not been sent."""
    lenient = world.choice("connection_validation", "silent", "ignore") == "ignore"
    settings, catalogue = account.record, account.catalogue

    def price_type(row: Record) -> bool:
        return catalogue.price_type(row["price_type_label"], row["price_type_currency_code"]) is not None

    rep = fields.get("sales_rep_code")
    if rep and rep not in {code for code, _, _ in settings.sales_reps}:
        if not lenient:
            raise Unfit(f"sales_rep_code {rep} does not exist in this account")
        del fields["sales_rep_code"]
    _keep_known(fields, "price_types", price_type, lenient)
    _keep_known(fields.get("billing", {}), "payment_methods", _method("payment_method", settings.payment_methods), lenient)
    _keep_known(fields.get("shipping", {}), "shipping_methods", _method("shipping_method", settings.shipping_methods), lenient)


def _method(kind: str, methods: list[tuple[str, str]]) -> Callable[[Record], bool]:
    """A method by its code, or by its name when no code is given (ASSUMED)."""
    codes, names = {code for code, _ in methods}, {name for _, name in methods}
    return lambda row: row[f"{kind}_code"] in codes if row[f"{kind}_code"] else row[f"{kind}_name"] in names


def _keep_known(owner: Fields, name: str, known: Callable[[Record], bool], lenient: bool) -> None:
    rows = owner.get(name, [])
    kept = [row for row in rows if known(row)]
    if len(kept) == len(rows):
        return
    if not lenient:
        raise Unfit(f"{name}: {next(row for row in rows if not known(row))} does not exist in this account")
    owner[name] = kept
    if not kept:
        del owner[name]


def lay_over(account: Account, connection: Fields, fields: Fields) -> list[str]:
    """Parts given replace what was there, groups as wholes; those left out stay (ASSUMED). The names of what is different now."""
    before = {name: deepcopy(connection.get(name)) for name in fields}
    for name, value in fields.items():
        connection[name] = {**(connection.get(name) or {}), **value} if name in NODES else value
    if "billing" in fields:
        _number_addresses(account, (before["billing"] or {}).get("billing_addresses") or [], connection["billing"])
    return [name for name in fields if before[name] != connection[name]]


def _number_addresses(account: Account, before: list[Record], billing: Fields) -> None:
    """GET adds `billing_address_id`; an address keeps it by its code, or by all it says when it has none (ASSUMED)."""
    ids = {_address_key(row): row["billing_address_id"] for row in before if "billing_address_id" in row}
    numbered = []
    for row in billing.get("billing_addresses", []):
        known = ids.get(_address_key(row)) or row.get("billing_address_id")
        numbered.append({**row, "billing_address_id": known or str(account.catalogue.new_number())})
    billing["billing_addresses"] = numbered


def _address_key(row: Record) -> tuple[str, ...]:
    names = NODES["billing"]["billing_addresses"]
    return (row["billing_code"],) if row.get("billing_code") else tuple(str(row.get(name, "")) for name in names)
