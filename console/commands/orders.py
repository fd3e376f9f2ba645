"""`joorsync orders`: JOOR orders on their way into AIMS360, and what a person may do with one."""

from typing import Annotated, Any

import typer

from console import orders
from console.commands.options import AnySite, AsJson, Limit, OneSite, Reason, group, process_of
from console.output import cell, document, note, say, table
from console.process import Process
from producers import orders as asking

app = group("JOOR orders: downloaded, checked, imported; remove and fetch again, differences, totals.")

States = Annotated[list[str] | None, typer.Option("--state", help="downloaded, checked, blocked, imported, refused, ...; repeatable.")]
Changed = Annotated[bool, typer.Option("--changed", help="Only those edited or cancelled on JOOR after import.")]
OrderId = Annotated[str, typer.Argument(metavar="ORDER", help="JOOR order id.")]
Part = Annotated[str, typer.Option("--part", help="Our reference of one AIMS360 order (`joorsync orders show` lists them).")]
Aims = Annotated[str, typer.Option("--aims", help="AIMS360 order number.")]
_COLUMNS = (
    "joor_order_id",
    "site",
    "state",
    "joor_status",
    "customer_name",
    "currency",
    "joor_total",
    "aims_total",
    "aims_orders",
    "export_state",
)


@app.callback()
def default(
    context: typer.Context, site: AnySite = "", state: States = None, changed: Changed = False, limit: Limit = 50, as_json: AsJson = False
) -> None:
    """List orders, newest first."""
    if context.invoked_subcommand is None:
        _list(process_of(context), site, state or [], changed, limit, as_json)


@app.command("list")
def list_orders(
    context: typer.Context, site: AnySite = "", state: States = None, changed: Changed = False, limit: Limit = 50, as_json: AsJson = False
) -> None:
    """List orders, newest first."""
    _list(process_of(context), site, state or [], changed, limit, as_json)


def _list(process: Process, site: str, states: list[str], changed: bool, limit: int, as_json: bool) -> None:
    with process.reading() as session:
        rows = orders.listing(session, site, states, changed, limit)
    if as_json:
        document(rows)
    else:
        table(rows, _COLUMNS, empty="No such orders.")


@app.command()
def show(context: typer.Context, order_id: OrderId, site: AnySite = "", as_json: AsJson = False) -> None:
    """One order: parts, what is missing, what changed on JOOR since its import."""
    process = process_of(context)
    with process.reading() as session:
        found = orders.details(session, site, order_id)
    if as_json:
        document(found)
    else:
        _story(found)


def _story(order: dict[str, Any]) -> None:
    say(f"JOOR order {order['joor_order_id']}  site {order['site']}  {order['customer_name']}  {order['joor_status']}")
    times = (f"{step} {cell(order[f'{step}_at']) or '-'}" for step in ("downloaded", "checked", "imported"))
    say(f"{order['state']}: {', '.join(times)}")
    say(f"Total on JOOR {order['currency']} {order['joor_total']}, in AIMS360 {cell(order['aims_total']) or '-'}")
    if order["customer"]:
        say(f"AIMS360 customer {order['customer']}")
    say(f"JOOR was told: {order['export_state']} {order['export_description']}".rstrip())
    for part in order["parts"]:
        made = f"AIMS360 order {part['aims_order'] or '-'}  total {part['total']}"
        say(f"  {part['reference']}  division {part['division'] or '-'}  {part['state']}  {made}")
    for problem in order["problems"] or []:
        say(f"  waits for {problem.get('kind')} {problem.get('value')!r}: {problem.get('where', '')}")
        if problem.get("fix"):
            say(f"    {problem['fix']}")
    if order["cancelled_at"]:
        say(f"Cancelled on JOOR after import, {cell(order['cancelled_at'])}: cancel it in AIMS360 too.")
    if order["difference"]:
        say(f"Changed on JOOR after import, {cell(order['changed_at'])} (never sent; edit it in AIMS360):")
        table(order["difference"], ("field", "imported", "now"))


@app.command("account-rule")
def account_rule(
    context: typer.Context,
    site: OneSite,
    name: Annotated[str, typer.Option("--name", help="Name of the retailer on JOOR.")] = "",
    postal: Annotated[str, typer.Option("--postal", help="Postal code of its bill-to, else of its ship-to.")] = "",
    code: Annotated[str, typer.Option("--code", help="Its customer code on JOOR, if it has one.")] = "",
    as_json: AsJson = False,
) -> None:
    """How the AIMS360 account of a customer made for an order comes about; with --name, the account of that retailer."""
    with process_of(context).reading() as session:
        found = orders.account(session, site, code, name, postal)
    if as_json:
        document(found)
        return
    if found["account"]:
        say(found["account"])
    say(f"{found['rule']}.")


@app.command()
def remove(context: typer.Context, order_id: OrderId, site: OneSite, reason: Reason = "") -> None:
    """Take a downloaded order out before its import; it stays out until it is fetched again."""
    process = process_of(context)
    with process.sessions() as session:
        asking.remove(session, site, order_id, process.actor, reason=reason, clock=process.clock)
    say(f"Order {order_id} is removed. To have it after all: joorsync orders fetch-again {order_id} --site {site}")


@app.command("fetch-again")
def fetch_again(context: typer.Context, order_id: OrderId, site: OneSite, reason: Reason = "") -> None:
    """Read an order from JOOR again and import it."""
    process = process_of(context)
    with process.sessions() as session:
        run = asking.fetch_again(session, site, order_id, process.actor, reason=reason, clock=process.clock)
    _goes_on(process, f"Order {order_id} will be fetched again (run {run.id}).")


app.command("fetch", hidden=True)(fetch_again)


@app.command("accept-total")
def accept_total(context: typer.Context, order_id: OrderId, site: OneSite, reason: Reason = "") -> None:
    """Import an order although its AIMS360 total differs: exactly the difference that is shown, no other."""
    process = process_of(context)
    with process.sessions() as session:
        count = asking.accept_total(session, site, order_id, process.actor, reason=reason, clock=process.clock)
    _goes_on(process, f"The difference of order {order_id} is accepted; {count} job(s) go on.")


@app.command()
def adopt(context: typer.Context, order_id: OrderId, site: OneSite, part: Part, aims: Aims, reason: Reason = "") -> None:
    """Say that an AIMS360 order is this one: it is taken as ours and never made again."""
    process = process_of(context)
    with process.sessions() as session:
        asking.adopt(session, site, order_id, part, aims, process.actor, reason=reason, clock=process.clock)
    _goes_on(process, f"{part} is AIMS360 order {aims}.")


@app.command("not-ours")
def not_ours(context: typer.Context, order_id: OrderId, site: OneSite, part: Part, aims: Aims, reason: Reason = "") -> None:
    """Say that an AIMS360 order which looks like this one is another."""
    process = process_of(context)
    with process.sessions() as session:
        asking.not_ours(session, site, order_id, part, aims, process.actor, reason=reason, clock=process.clock)
    _goes_on(process, f"AIMS360 order {aims} is not {part}.")


def _goes_on(process: Process, words: str) -> None:
    delayed = process.publish()
    say(words)
    if delayed:
        note(f"Delivery is delayed and follows by itself: {delayed}")
    elif process.settings.embedded:
        note("It is done by the next `joorsync up` or `joorsync enqueue --wait`.")
