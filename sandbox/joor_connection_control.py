"""What people do to connections on JOOR, for tests: Data Services match or reject a new customer, a retailer connects by himself, somebody
edits a connection by hand. None of it enters the ledger.

    GET   connections          what is before Data Services
    POST  connections/match    {"customer_code": "HARB"}, with "connection_id" if it is a retailer who came by himself; or {"all": true}
    POST  connections/reject   {"customer_code": "HARB"}: there is no such retailer
    POST  connections          a retailer connects; fields as GET shows them, no code unless given, the account's first price type
    PATCH connections/{id}     fields as GET shows them
"""

from sandbox.joor_connection_record import Fields, blank, lay_over, shaped
from sandbox.joor_data_services import by_code, by_id, make_connection, new_connection, pending_rows, reject
from sandbox.joor_v2_fields import Unfit
from sandbox.joor_world import Account
from sandbox.messages import Response, json_response


def control(account: Account, method: str, path: list[str], fields: Fields) -> Response:
    """Raises ValueError for fields that make no sense."""
    match method, path:
        case "GET", []:
            return json_response({"pending": pending_rows(account)})
        case "POST", ["match"]:
            return json_response({"matched": _match(account, fields)})
        case "POST", ["reject"]:
            reject(account, _code(fields))
            return json_response({"rejected": _code(fields)})
        case "POST", []:
            return _connect(account, fields)
        case "PATCH", [connection_id] if (connection := by_id(account, connection_id)) is not None:
            _edit(account, connection, fields)
            return json_response(connection)
        case _:
            return json_response({"error": "no such connection or control path"}, 404)


def _code(fields: Fields) -> str:
    if not fields.get("customer_code"):
        raise ValueError("give a customer_code")
    return str(fields["customer_code"])


def _match(account: Account, fields: Fields) -> dict[str, str]:
    """Customer code -> id of its connection now."""
    if fields.get("all"):
        codes = [code for code, row in account.pending.items() if not row.rejected]
        return {code: str(make_connection(account, code)["customer_account_id"]) for code in codes}
    code = _code(fields)
    return {code: str(make_connection(account, code, str(fields.get("connection_id") or ""))["customer_account_id"])}


def _connect(account: Account, fields: Fields) -> Response:
    if not fields.get("customer_name"):
        raise ValueError("give the retailer a customer_name")
    first = account.record.price_types[:1]
    price_types = [
        {"price_type_label": row.label, "price_type_currency_code": row.currency, "price_type_retail_currency_code": row.retail_currency}
        for row in first
    ]
    wanted = {"price_types": price_types, **fields}
    _check(account, None, wanted)
    connection = new_connection(account)
    _edit(account, connection, wanted)
    return json_response(connection, 201)


def _edit(account: Account, connection: Fields, fields: Fields) -> None:
    _check(account, connection, fields)
    lay_over(account, connection, shaped(fields))
    if "customer_buyer_name" in fields:
        connection["customer_buyer_name"] = str(fields["customer_buyer_name"])


def _check(account: Account, own: Fields | None, fields: Fields) -> None:
    known = {*blank(), "customer_email"} - {"customer_account_id"}
    if unknown := sorted(set(fields) - known):
        raise ValueError(f"a connection has no {', '.join(unknown)}; it has {', '.join(sorted(known))}")
    try:
        shaped(fields)
    except Unfit as unfit:
        raise ValueError(str(unfit)) from unfit
    holder = by_code(account, str(fields.get("customer_code") or ""))
    if holder is not None and holder is not own:
        raise ValueError(f"customer_code {fields['customer_code']} is in use by connection {holder['customer_account_id']}")
