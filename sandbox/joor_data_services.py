"""JOOR Data Services: people who find the retailer of a new customer code and make the connection (fact sheet 3.2)."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

from sandbox.joor_connection_record import Fields, blank, lay_over
from sandbox.joor_world import Account, Pending, World, iso

MATCHED_BY_HAND = "manual"


def by_code(account: Account, code: str) -> Fields | None:
    return next((row for row in account.record.connections if code and row.get("customer_code") == code), None)


def by_id(account: Account, connection_id: str) -> Fields | None:
    return next((row for row in account.record.connections if str(row.get("customer_account_id")) == connection_id), None)


def put_on_desk(world: World, account: Account, fields: Fields, call: int) -> None:
    """A new customer code. Sent again before it is matched it stays one record, with the newest data (ASSUMED)."""
    code = fields["customer_code"]
    known = account.pending.get(code)
    if known is None:
        account.pending[code] = Pending(deepcopy(fields), world.now())
    else:
        known.fields = deepcopy(fields)
    world.effect("connection_sent", account, code, again=known is not None, call=call)


def match_due(world: World) -> None:
    """With hours in the switch `customer_match`, make the connections whose time has come."""
    wanted = world.switches["customer_match"]
    if wanted == MATCHED_BY_HAND:
        return
    latest = world.now() - timedelta(hours=float(wanted))
    for account in world.accounts.values():
        for code in [code for code, row in account.pending.items() if not row.rejected and row.since <= latest]:
            make_connection(account, code)


def make_connection(account: Account, code: str, connection_id: str = "") -> Fields:
    """The connection of a pending code. It is the one that has the code already, or the one of that id (a retailer who came by himself),
    or a new one. Raises ValueError."""
    pending = account.pending.get(code)
    if pending is None or pending.rejected:
        raise ValueError(f"{code} was rejected" if pending else f"no customer {code} is pending")
    connection = by_id(account, connection_id) if connection_id else by_code(account, code)
    if connection_id and (connection is None or connection.get("customer_code") not in ("", None, code)):
        raise ValueError(f"connection {connection_id} is not there, or has a code of its own")
    if connection is None:
        connection = new_connection(account)
    lay_over(account, connection, account.pending.pop(code).fields)
    return connection


def new_connection(account: Account) -> Fields:
    """An empty one, in the account's list, with the next id."""
    highest = max((int(row["customer_account_id"]) for row in account.record.connections), default=9000)
    connection = {**blank(), "customer_account_id": str(highest + 1)}
    account.record.connections.append(connection)
    return connection


def reject(account: Account, code: str) -> None:
    """There is no such retailer: the code stays invisible whatever is sent. Raises ValueError."""
    if code not in account.pending:
        raise ValueError(f"no customer {code} is pending")
    account.pending[code].rejected = True


def pending_rows(account: Account) -> list[dict[str, Any]]:
    return [
        {"customer_code": code, "since": iso(row.since), "rejected": row.rejected, "fields": row.fields}
        for code, row in account.pending.items()
    ]
